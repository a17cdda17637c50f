//! SQLite: connections, transactions, errors.
//!
//! A commit is: pages into the log, sync, and then the shared index of the log says that it reaches
//! so far. A process that dies before the last of these leaves a transaction that nobody sees,
//! until either the next one is written over it or, if all processes go first, the log is read anew
//! and it counts. So whoever writes next *settles* it, by a commit of its own, before it does
//! anything beside the database that builds on what it found there.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::shared::{Counter, Shared};
use crate::errno::{Errno, Error, Result};
use crate::local::disk::Held;

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
/// connection, and then with other processes through a mutex in shared memory, so that the usual
/// wait is not a poll.
pub struct Db {
    path: PathBuf,
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Writer>,
    shared: OnceLock<Arc<Shared>>,
}

struct Writer {
    connection: Connection,
    commit: Commit,
}

impl Db {
    /// Opens the database, which must exist as a file (it may be empty).
    pub fn open(path: &Path) -> Result<Db> {
        let connection = connect(path)?;
        // While another process does the same, SQLite fails at once instead of calling the handler:
        // both hold the database for reading and want it for themselves.
        patiently(|| connection.pragma_update(None, "journal_mode", "wal"))?;
        connection.pragma_update(None, "synchronous", "full")?;
        Ok(Db {
            path: path.to_owned(),
            readers: Mutex::new(Vec::new()),
            writer: Mutex::new(Writer { connection, commit: Commit::Durable }),
            shared: OnceLock::new(),
        })
    }

    /// From now on, shares the memory with the store's other processes. Before anything but the
    /// tables is made.
    pub(super) fn share(&self, shared: Arc<Shared>) {
        drop(self.shared.set(shared));
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
        let turn = self.take_turn()?;
        if self.doubtful() {
            self.settle(&mut writer)?;
        }
        let transaction = writer.begin(commit)?;
        let value = body(&transaction)?;
        self.commit(transaction)?;
        drop(turn);
        Ok(value)
    }

    /// Keeps other processes from writing. Notes when the last one died while it was its turn.
    pub(super) fn take_turn(&self) -> Result<Option<Held<'_>>> {
        let Some(shared) = self.shared.get() else { return Ok(None) };
        let turn = shared.lock_writer(Duration::from_secs(BUSY_SECONDS_MAX.into()))?;
        if turn.owner_died {
            shared.counter(Counter::Doubtful).store(1, Ordering::Release);
        }
        Ok(Some(turn))
    }

    fn doubtful(&self) -> bool {
        let counter =
            |shared: &Arc<Shared>| shared.counter(Counter::Doubtful).load(Ordering::Acquire);
        self.shared.get().map(counter).is_some_and(|doubtful| doubtful != 0)
    }

    /// In its turn: writes over what a commit may have left behind the end of the log.
    fn settle(&self, writer: &mut Writer) -> Result<()> {
        let transaction = writer.begin(Commit::Durable)?;
        let count = "INSERT INTO meta (key, value) VALUES ('settled', 1)
                     ON CONFLICT (key) DO UPDATE SET value = value + 1";
        transaction.execute(count, [])?;
        transaction.commit()?;
        if let Some(shared) = self.shared.get() {
            shared.counter(Counter::Doubtful).store(0, Ordering::Release);
        }
        Ok(())
    }

    fn commit(&self, transaction: Transaction<'_>) -> Result<()> {
        let committed = transaction.commit();
        if committed.is_err()
            && let Some(shared) = self.shared.get()
        {
            shared.counter(Counter::Doubtful).store(1, Ordering::Release);
        }
        Ok(committed?)
    }
}

impl Writer {
    /// Begins a transaction that will be committed so.
    fn begin(&mut self, commit: Commit) -> Result<Transaction<'_>> {
        if self.commit != commit {
            let level = if commit == Commit::Durable { "full" } else { "normal" };
            self.connection.pragma_update(None, "synchronous", level)?;
            self.commit = commit;
        }
        Ok(Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?)
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

/// Repeats what fails because others have the database, for as long as a transaction would wait.
fn patiently<T>(mut attempt: impl FnMut() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    let limit = Instant::now() + Duration::from_secs(BUSY_SECONDS_MAX.into());
    for tries in 0.. {
        match attempt() {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && Instant::now() < limit =>
            {
                wait_for_others(tries);
            }
            result => return result,
        }
    }
    attempt()
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
        use ErrorCode as Code;
        let extended = error.sqlite_error().map(|error| error.extended_code);
        let errno = match error.sqlite_error_code() {
            Some(Code::DiskFull) => Errno::ENOSPC,
            // The memory that processes share about the database could not be made longer.
            _ if extended == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) => Errno::ENOSPC,
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

    /// How many rows a process finds that is the first to open this database after all have died.
    fn count_after_all_died(dir: &Path) -> i64 {
        let copy = tempfile::tempdir().unwrap();
        for file in ["t.db", "t.db-wal"] {
            std::fs::copy(dir.join(file), copy.path().join(file)).unwrap();
        }
        let count = "SELECT count(*) FROM t";
        let db = Connection::open(copy.path().join("t.db")).unwrap();
        db.query_row(count, [], |row| row.get(0)).unwrap()
    }

    /// Leaves what a process leaves that dies while its commit is being synced: the pages are in
    /// the log, but its index does not know of them.
    fn die_in_commit(db: &Db, dir: &Path) {
        let copy = tempfile::tempdir().unwrap();
        let log = copy.path().join("t.db-wal");
        for file in ["t.db", "t.db-wal"] {
            std::fs::copy(dir.join(file), copy.path().join(file)).unwrap();
        }
        let other = Connection::open(copy.path().join("t.db")).unwrap();
        other.execute("INSERT INTO t VALUES (1)", []).unwrap();
        std::fs::copy(log, dir.join("t.db-wal")).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| std::mem::forget(db.take_turn().unwrap()));
        });
    }

    #[test]
    fn what_came_of_a_commit_whose_process_died_is_settled_by_the_next_one() {
        let dir = tempfile::tempdir().unwrap();
        let db = database(dir.path());
        let meta = "CREATE TABLE meta (key TEXT PRIMARY KEY, value)";
        db.write(|tx| Ok(tx.execute_batch(meta)?)).unwrap();
        let shared = Arc::new(Shared::open(dir.path(), 0o600).unwrap().shared);
        db.share(shared);
        die_in_commit(&db, dir.path());
        assert_eq!((count(&db), count_after_all_died(dir.path())), (0, 1));
        // It writes nothing, but what it sees must be true for ever.
        db.write(|_| Ok(())).unwrap();
        assert_eq!((count(&db), count_after_all_died(dir.path())), (0, 0));
        assert!(!db.doubtful());
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
