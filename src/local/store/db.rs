//! SQLite: connections, transactions, errors.

use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::errno::{Errno, Error, Result};

/// Idle reading connections that are kept.
const READERS_MAX: usize = 4;
/// Prepared statements kept per connection.
const STATEMENTS_MAX: usize = 96;
/// How long a transaction waits for another process's before it fails with `-ETIMEDOUT`, in
/// seconds. A process that died holds nothing; one that was stopped may hold the database that
/// long.
const BUSY_SECONDS_MAX: u32 = 120;

/// What a commit promises.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Commit {
    /// It survives a power cut.
    Durable,
    /// It survives the death of this process, and a power cut after the next durable commit of
    /// anybody.
    Lazy,
}

/// The metadata database of a store.
///
/// Each thread that reads borrows a connection; writers of this process take turns on one
/// connection before they compete with other processes, so that the usual wait is for a mutex and
/// not a poll.
pub struct Db {
    path: PathBuf,
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Writer>,
}

struct Writer {
    connection: Connection,
    commit: Commit,
}

impl Db {
    /// Opens the database, which must exist as a file (it may be empty).
    pub fn open(path: &Path) -> Result<Db> {
        let connection = connect(path)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        Ok(Db {
            path: path.to_owned(),
            readers: Mutex::new(Vec::new()),
            writer: Mutex::new(Writer { connection, commit: Commit::Durable }),
        })
    }

    /// Runs `body` on one consistent state of the database. Does not wait for writers.
    ///
    /// Not to be called inside [`Db::write`] for what that transaction changed: it does not see it.
    pub fn read<T>(&self, body: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let connection = match self.readers.lock().pop() {
            Some(connection) => connection,
            None => connect(&self.path)?,
        };
        let result = {
            let transaction =
                Transaction::new_unchecked(&connection, TransactionBehavior::Deferred)?;
            body(&transaction)
        };
        let mut readers = self.readers.lock();
        if readers.len() < READERS_MAX {
            readers.push(connection);
        }
        result
    }

    /// Runs `body` in a transaction that is durable when this returns; an error rolls it back. Not
    /// to be nested: a second call inside `body` would wait for ever.
    pub fn write<T>(&self, body: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        self.write_with(Commit::Durable, body)
    }

    /// As [`Db::write`], with a choice of what the commit promises.
    pub fn write_with<T>(
        &self,
        commit: Commit,
        body: impl FnOnce(&Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut writer = self.writer.lock();
        if writer.commit != commit {
            let level = if commit == Commit::Durable { "full" } else { "normal" };
            writer.connection.pragma_update(None, "synchronous", level)?;
            writer.commit = commit;
        }
        let transaction =
            Transaction::new_unchecked(&writer.connection, TransactionBehavior::Immediate)?;
        let value = body(&transaction)?;
        transaction.commit()?;
        Ok(value)
    }
}

fn connect(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_handler(Some(wait_for_others))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "cache_size", -1024)?;
    connection.pragma_update(None, "journal_size_limit", 16 << 20)?;
    Ok(connection)
}

/// Called by SQLite while another process has the database: short waits first, since most
/// transactions take less than a millisecond.
fn wait_for_others(tries: i32) -> bool {
    let micros: u64 = match tries {
        0..20 => 50,
        20..100 => 200,
        _ => 1000,
    };
    std::thread::sleep(std::time::Duration::from_micros(micros));
    u32::try_from(tries).is_ok_and(|tries| tries < BUSY_SECONDS_MAX * 1000)
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        use rusqlite::ErrorCode as Code;
        let errno = match error.sqlite_error_code() {
            Some(Code::DiskFull) => Errno::ENOSPC,
            Some(Code::PermissionDenied | Code::CannotOpen) => Errno::EACCES,
            Some(Code::ReadOnly) => Errno::EROFS,
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => Errno::ETIMEDOUT,
            Some(Code::OutOfMemory) => Errno::ENOMEM,
            Some(Code::TooBig) => Errno::EFBIG,
            _ if error == rusqlite::Error::QueryReturnedNoRows => Errno::ENOENT,
            _ => Errno::EIO,
        };
        errno.because(format!("metadata database: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(dir: &Path) -> Db {
        let path = dir.join("t.db");
        std::fs::write(&path, b"").unwrap();
        let db = Db::open(&path).unwrap();
        db.write(|tx| Ok(tx.execute_batch("CREATE TABLE t(x INTEGER)")?)).unwrap();
        db
    }

    fn count(db: &Db) -> i64 {
        db.read(|c| Ok(c.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?)).unwrap()
    }

    #[test]
    fn an_error_rolls_the_transaction_back() {
        let dir = tempfile::tempdir().unwrap();
        let db = database(dir.path());
        let failed = db.write(|tx| -> Result<()> {
            tx.execute("INSERT INTO t VALUES (1)", [])?;
            Err(Errno::ECANCELED.into())
        });
        assert!(failed.is_err_and(|e| e == Errno::ECANCELED));
        assert_eq!(count(&db), 0);
        db.write_with(Commit::Lazy, |tx| Ok(tx.execute("INSERT INTO t VALUES (1)", [])?)).unwrap();
        assert_eq!(count(&db), 1);
    }

    #[test]
    fn two_handles_take_turns() {
        let dir = tempfile::tempdir().unwrap();
        let first = database(dir.path());
        let second = Db::open(&dir.path().join("t.db")).unwrap();
        std::thread::scope(|scope| {
            for db in [&first, &second] {
                scope.spawn(move || {
                    for _ in 0..100 {
                        db.write_with(Commit::Lazy, |tx| {
                            Ok(tx.execute("INSERT INTO t VALUES (1)", [])?)
                        })
                        .unwrap();
                    }
                });
            }
        });
        assert_eq!(count(&first), 200);
    }
}
