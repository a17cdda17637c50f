//! Opening a store: finding or making its directory and its database.

use std::fs::{self, DirBuilder, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{self, Receiver, Sender};

use parking_lot::{Mutex, RwLock};
use rusqlite::OptionalExtension;
use uuid::Uuid;

use super::cache::Cache;
use super::queue::Queue;
use super::shared::Shared;
use super::slots::Slots;
use super::{Commit, Db, Store};
use crate::errno::{Errno, Error, Result};
use crate::local::disk::{Disk, RealDisk};

/// The format this code reads and writes.
const FORMAT: i64 = 2;
/// What makes the next format of a store of the first one, and so on.
const UPGRADES: [&str; 1] = ["ALTER TABLE body ADD COLUMN has_omap INTEGER NOT NULL DEFAULT 1;
     ALTER TABLE object ADD COLUMN had_omap INTEGER NOT NULL DEFAULT 0"];
/// The metadata database within the directory.
const DB_FILE: &str = "store.db";
/// The database's tables.
const SCHEMA: &str = include_str!("../schema.sql");

/// How to open a store.
#[derive(Default)]
pub struct OpenOptions {
    disk: Option<Arc<dyn Disk>>,
}

impl OpenOptions {
    /// Keeps data elsewhere than in the directory's files, for tests.
    #[cfg(test)]
    pub(crate) fn disk(mut self, disk: Arc<dyn Disk>) -> Self {
        self.disk = Some(disk);
        self
    }

    /// Opens the store in a directory, which is made if it does not exist. See [`Store::open`].
    pub fn open(self, dir: &Path) -> Result<Arc<Store>> {
        self.open_watched(dir).map(|(store, _)| store)
    }

    /// As above; and what is disconnected when all of the store is closed.
    pub fn open_watched(self, dir: &Path) -> Result<(Arc<Store>, Receiver<()>)> {
        let (open, closed) = mpsc::channel();
        let opened = self.try_open(dir, open).map(|store| (store, closed));
        let opened = opened.map_err(|error| error.context(format!("store {}", dir.display())));
        opened.inspect_err(|error| log::error!("{error}"))
    }

    fn try_open(self, dir: &Path, open: Sender<()>) -> Result<Arc<Store>> {
        let mode = prepare_directory(dir)?;
        let dir = dir.canonicalize()?;
        let path = dir.join(DB_FILE);
        make_database_file(&path, mode & 0o666)
            .map_err(|error| Error::from(error).context(DB_FILE))?;
        let db = Db::open(&path)?;
        let fsid = match read_meta(&db)? {
            Some((FORMAT, fsid)) => fsid,
            _ => db.write_with(Commit::Durable, create_schema)?,
        };
        let data = dir.join("data");
        match fs::create_dir(&data) {
            Ok(()) => fs::set_permissions(&data, Permissions::from_mode(mode))?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
        let disk = self.disk.unwrap_or_else(|| Arc::new(RealDisk::new(data, mode & 0o666)));
        let opened = Shared::open(&dir, mode & 0o666)?;
        let shared = Arc::new(opened.shared);
        db.share(Arc::clone(&shared));
        let slots = Slots::open(&dir, mode & 0o666, disk)?;
        let store = Arc::new_cyclic(|this| Store {
            dir,
            fsid,
            db,
            shared,
            slots,
            queue: Queue::default(),
            touched: Mutex::default(),
            cleared: Mutex::default(),
            flushing: Mutex::default(),
            redo_bytes: AtomicU64::new(0),
            cache: Cache::default(),
            vetted: RwLock::default(),
            this: this.clone(),
            _open: open,
        });
        if opened.fresh {
            store.recover()?;
            store.shared.set_ready();
        }
        drop(opened.lock);
        Ok(store)
    }
}

/// Makes the directory, or makes sure that it holds a store or nothing. Returns its permissions,
/// which the files in it follow.
fn prepare_directory(dir: &Path) -> Result<u32> {
    let metadata = match fs::metadata(dir) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
            fs::metadata(dir)?
        }
        Err(error) => return Err(error.into()),
    };
    if !metadata.is_dir() {
        return Err(Errno::ENOTDIR.because("not a directory"));
    }
    if !dir.join(DB_FILE).try_exists()? {
        for entry in fs::read_dir(dir)? {
            let name = entry?.file_name();
            // Another process may be making the store at this moment.
            if name != "lost+found" && !name.to_string_lossy().starts_with(DB_FILE) {
                let text = format!("there is no store in it, but {}", name.display());
                return Err(Errno::ENOTEMPTY.because(text));
            }
        }
    }
    Ok(metadata.permissions().mode() & 0o777)
}

/// Makes the database's file, empty, unless it is there.
///
/// Under that name it is only ever opened by SQLite: whoever else closes it lets go of all locks
/// this process has on it, also those of other handles ("How To Corrupt An SQLite Database File",
/// 2.2).
fn make_database_file(path: &Path, mode: u32) -> std::io::Result<()> {
    if path.try_exists()? {
        return Ok(());
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!("-new-{}", Uuid::new_v4()));
    let new = Path::new(&name);
    drop(fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(new)?);
    let linked = fs::hard_link(new, path);
    fs::remove_file(new)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// The store's format and id; `None` when the database is still empty.
fn read_meta(db: &Db) -> Result<Option<(i64, Uuid)>> {
    db.read(|connection| {
        let tables = "SELECT count(*) FROM sqlite_schema WHERE name = 'meta'";
        if connection.query_row(tables, [], |row| row.get::<_, i64>(0))? == 0 {
            return Ok(None);
        }
        read_identity(connection).map(Some)
    })
}

fn read_identity(connection: &rusqlite::Connection) -> Result<(i64, Uuid)> {
    let value = "SELECT value FROM meta WHERE key = ?1";
    let format: i64 = connection.query_row(value, ["format"], |row| row.get(0))?;
    if format > FORMAT {
        let text = format!("made by a newer release: format {format}, this one reads {FORMAT}");
        return Err(Errno::EPROTO.because(text));
    }
    let fsid: Option<String> =
        connection.query_row(value, ["fsid"], |row| row.get(0)).optional()?;
    let fsid = fsid.as_deref().and_then(|text| Uuid::parse_str(text).ok());
    let fsid = fsid.ok_or_else(|| Errno::EIO.because("the store has no fsid"))?;
    Ok((format, fsid))
}

/// Makes the tables, or of older ones those of today, unless another process was faster.
fn create_schema(tx: &rusqlite::Transaction<'_>) -> Result<Uuid> {
    let tables = "SELECT count(*) FROM sqlite_schema WHERE name = 'meta'";
    if tx.query_row(tables, [], |row| row.get::<_, i64>(0))? > 0 {
        let (format, fsid) = read_identity(tx)?;
        let known = usize::try_from(format - 1).unwrap_or(0);
        UPGRADES.iter().skip(known).try_for_each(|upgrade| tx.execute_batch(upgrade))?;
        tx.execute("UPDATE meta SET value = ?1 WHERE key = 'format'", [FORMAT])?;
        return Ok(fsid);
    }
    let fsid = Uuid::new_v4();
    tx.execute_batch(SCHEMA)?;
    let insert = "INSERT INTO meta (key, value) VALUES (?1, ?2)";
    tx.execute(insert, ("format", FORMAT))?;
    tx.execute(insert, ("fsid", fsid.to_string()))?;
    Ok(fsid)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn a_store_is_made_once_and_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/store");
        let first = Store::open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        for file in ["store.db", "store.db-wal"] {
            let mode = fs::metadata(path.join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        assert_eq!(Store::open(&path).unwrap().fsid(), first.fsid());
    }

    fn refusal(dir: &Path) -> Error {
        Store::open(dir).err().unwrap()
    }

    #[test]
    fn what_is_no_store_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "x").unwrap();
        assert_eq!(refusal(dir.path()), Errno::ENOTEMPTY);
        assert_eq!(refusal(&dir.path().join("file")), Errno::ENOTDIR);
    }

    #[test]
    fn a_newer_format_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let newer = "UPDATE meta SET value = ?1 WHERE key = 'format'";
        store.db().write(|tx| Ok(tx.execute(newer, [FORMAT + 1])?)).unwrap();
        drop(store);
        let error = refusal(dir.path());
        assert_eq!(error, Errno::EPROTO);
        assert!(error.to_string().contains("newer release"), "{error}");
    }

    #[test]
    fn an_older_format_is_brought_up() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let older = "ALTER TABLE body DROP COLUMN has_omap;
                     ALTER TABLE object DROP COLUMN had_omap;
                     INSERT INTO body (object, size, mtime, version) VALUES (1, 0, 0, 1);
                     UPDATE meta SET value = 1 WHERE key = 'format'";
        store.db().write(|tx| Ok(tx.execute_batch(older)?)).unwrap();
        let fsid = store.fsid();
        drop(store);
        for _ in 0..2 {
            let store = Store::open(dir.path()).unwrap();
            let find = "SELECT has_omap, value FROM body, meta WHERE key = 'format'";
            let found = |db: &rusqlite::Connection| {
                Ok(db.query_row(find, [], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?)
            };
            assert_eq!(store.db().read(found).unwrap(), (1, FORMAT));
            assert_eq!(store.fsid(), fsid);
        }
    }

    #[test]
    fn two_makers_at_once_agree() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Store::open(dir.path()).unwrap().fsid();
        let (a, b) = std::thread::scope(|scope| {
            let (a, b) = (scope.spawn(open), scope.spawn(open));
            (a.join().unwrap(), b.join().unwrap())
        });
        assert_eq!(a, b);
        let files = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(files.into_iter().all(|name| !name.to_string_lossy().contains("-new-")));
    }

    /// Closing a file lets go of all locks that its process has on it. So a second handle must not
    /// close the database's file, or other processes believe that nobody has it.
    #[test]
    fn a_second_handle_leaves_the_locks_of_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let first = Store::open(dir.path()).unwrap();
        drop(Store::open(dir.path()).unwrap());
        let inode = fs::metadata(dir.path().join(DB_FILE)).unwrap().ino();
        let locks = fs::read_to_string("/proc/locks").unwrap();
        let held = |line: &str| line.contains("POSIX") && line.contains(&format!(":{inode} "));
        assert!(locks.lines().any(held), "{locks}");
        drop(first);
    }
}
