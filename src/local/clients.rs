//! The clients of a store, each with a kernel lock that dies with its process ([`Alive`]).
//!
//! ```text
//!   table client          number, address, name
//!   clients/<number>      locked as long as the client lives
//!   clients/<number>.sock where it takes notifications, once it watches something
//! ```
//!
//! Nobody has to notice a death when it happens: whoever meets a client's number (a watch, the
//! owner of a lock) asks whether its file is still locked, and clears away what a dead one left.

use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension};

use super::disk::Alive;
use super::store::{Commit, Store};
use crate::errno::{Errno, Result};

/// The first client's number. Clusters give three digits to their daemons' sessions first.
const FIRST_CLIENT: u64 = 4100;
/// Bytes that the address of a Unix socket can hold, less a NUL.
const SOCKET_PATH_MAX: usize = 107;

/// The directory of the clients' locks and sockets.
pub struct Clients {
    store: Arc<Store>,
    path: PathBuf,
    /// Keeps the directory open, so that it has a short name in `/proc/self/fd`.
    handle: File,
    mode: u32,
}

/// A live client of this process. Dropped, it is dead to the others.
pub struct Client {
    clients: Arc<Clients>,
    id: u64,
    addr: String,
    /// `None` once it left.
    alive: Mutex<Option<Alive>>,
}

impl Clients {
    /// The clients of a store.
    pub fn open(store: Arc<Store>) -> Result<Arc<Clients>> {
        let mode = fs::metadata(store.dir())?.permissions().mode() & 0o777;
        let path = store.dir().join("clients");
        match fs::DirBuilder::new().mode(mode).create(&path) {
            // The process's umask may have taken bits that the store's directory has.
            Ok(()) => fs::set_permissions(&path, fs::Permissions::from_mode(mode))?,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
        let handle = File::open(&path)?;
        Ok(Arc::new(Clients { store, path, handle, mode: mode & 0o666 }))
    }

    /// Registers a new client of this process under a number of its own.
    pub fn register(self: &Arc<Self>, name: &str) -> Result<Client> {
        self.sweep()?;
        let id = self.store.db().write_with(Commit::Lazy, next_client)?;
        let mut options = File::options();
        let file = options.read(true).write(true).create(true).truncate(false).mode(self.mode);
        let alive = Alive::lock(file.open(self.lock_path(id))?)?;
        let mut nonce = [0; 4];
        getrandom::fill(&mut nonce).map_err(|error| Errno::EIO.because(error.to_string()))?;
        let addr = format!("127.0.0.1:0/{}", u32::from_ne_bytes(nonce));
        self.store.db().write_with(Commit::Lazy, |tx| {
            let insert = "INSERT INTO client (id, addr, name) VALUES (?1, ?2, ?3)";
            Ok(tx.execute(insert, (id.cast_signed(), &addr, name))?)
        })?;
        Ok(Client { clients: Arc::clone(self), id, addr, alive: Mutex::new(Some(alive)) })
    }

    /// Whether a client lives. Also true when that cannot be found out.
    #[must_use]
    pub fn is_alive(&self, id: u64) -> bool {
        match Alive::is_locked(&self.lock_path(id)) {
            Ok(locked) => locked,
            Err(error) => error.kind() != std::io::ErrorKind::NotFound,
        }
    }

    /// Clears away what a dead client left, if it is dead. Returns whether it is.
    pub fn reap(&self, id: u64) -> Result<bool> {
        if self.is_alive(id) {
            return Ok(false);
        }
        self.store.db().write_with(Commit::Lazy, |tx| forget(tx, id))?;
        self.unlink(id);
        Ok(true)
    }

    /// Clears away what all dead clients left.
    pub fn sweep(&self) -> Result<()> {
        for id in self.store.db().read(known_clients)? {
            self.reap(id)?;
        }
        Ok(())
    }

    /// Clears away the dead among the watchers of an object, given by its row.
    pub fn reap_watchers(&self, object: i64) -> Result<()> {
        for (client, _) in self.store.db().read(|db| watchers_of(db, object))? {
            self.reap(client)?;
        }
        Ok(())
    }

    /// A path of a client's socket that fits into a socket's address.
    #[must_use]
    pub fn socket_path(&self, id: u64) -> PathBuf {
        let name = format!("{id}.sock");
        let path = self.path.join(&name);
        if path.as_os_str().len() <= SOCKET_PATH_MAX {
            return path;
        }
        Path::new("/proc/self/fd").join(self.handle.as_raw_fd().to_string()).join(name)
    }

    /// Permissions of sockets and lock files.
    #[must_use]
    pub fn file_mode(&self) -> u32 {
        self.mode
    }

    fn lock_path(&self, id: u64) -> PathBuf {
        self.path.join(id.to_string())
    }

    fn unlink(&self, id: u64) {
        // What is left is unlinked with the next dead client's sweep, or costs a directory entry.
        let _ = fs::remove_file(self.path.join(format!("{id}.sock")));
        let _ = fs::remove_file(self.lock_path(id));
    }
}

impl Client {
    /// Its number.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Its address, as blocklists take it.
    #[must_use]
    pub fn addr(&self) -> &str {
        &self.addr
    }

    /// Signs off: to the others this client is dead. Nothing the second time.
    pub fn leave(&self) {
        let Some(alive) = self.alive.lock().take() else { return };
        let id = self.id;
        if let Err(error) = self.clients.store.db().write_with(Commit::Lazy, |tx| forget(tx, id)) {
            log::debug!("client {id} could not sign off: {error}");
        }
        self.clients.unlink(id);
        drop(alive);
    }

    /// All clients of the store.
    #[must_use]
    pub fn all(&self) -> &Arc<Clients> {
        &self.clients
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.leave();
    }
}

fn next_client(db: &rusqlite::Transaction<'_>) -> Result<u64> {
    let last = "SELECT value FROM meta WHERE key = 'client'";
    let last: Option<i64> = db.query_row(last, [], |row| row.get(0)).optional()?;
    let next = last.map_or(FIRST_CLIENT, |last| last.cast_unsigned() + 1);
    let insert = "INSERT OR REPLACE INTO meta (key, value) VALUES ('client', ?1)";
    db.execute(insert, [next.cast_signed()])?;
    Ok(next)
}

fn known_clients(db: &Connection) -> Result<Vec<u64>> {
    let mut query = db.prepare_cached("SELECT id FROM client ORDER BY id")?;
    let rows = query.query_map([], |row| row.get::<_, i64>(0))?;
    Ok(rows.map(|id| id.map(i64::cast_unsigned)).collect::<std::result::Result<_, _>>()?)
}

/// Client numbers and cookies of an object's watches, in that order.
pub fn watchers_of(db: &Connection, object: i64) -> Result<Vec<(u64, u64)>> {
    let query = "SELECT client, cookie FROM watch WHERE object = ?1 ORDER BY client, cookie";
    let mut query = db.prepare_cached(query)?;
    let number = |row: &rusqlite::Row<'_>, at| row.get::<_, i64>(at).map(i64::cast_unsigned);
    let rows = query.query_map([object], |row| Ok((number(row, 0)?, number(row, 1)?)))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

fn forget(db: &rusqlite::Transaction<'_>, id: u64) -> Result<()> {
    let id = id.cast_signed();
    db.execute("DELETE FROM watch WHERE client = ?1", [id])?;
    db.execute("DELETE FROM service WHERE client = ?1", [id])?;
    db.execute("DELETE FROM client WHERE id = ?1", [id])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> (tempfile::TempDir, Arc<Clients>) {
        let dir = tempfile::tempdir().unwrap();
        let clients = Clients::open(Store::open(dir.path()).unwrap()).unwrap();
        (dir, clients)
    }

    #[test]
    fn numbers_go_up_and_a_dropped_client_is_dead() {
        let (_dir, clients) = open();
        let first = clients.register("client.admin").unwrap();
        let second = clients.register("client.admin").unwrap();
        assert_eq!((first.id(), second.id()), (FIRST_CLIENT, FIRST_CLIENT + 1));
        assert_ne!(first.addr(), second.addr());
        assert!(clients.is_alive(first.id()) && !clients.reap(first.id()).unwrap());
        drop(first);
        assert!(!clients.is_alive(FIRST_CLIENT) && clients.is_alive(second.id()));
        assert_eq!(clients.register("client.x").unwrap().id(), FIRST_CLIENT + 2);
    }

    #[test]
    fn what_a_dead_client_left_is_cleared_away() {
        let (dir, clients) = open();
        let client = clients.register("client.admin").unwrap();
        let id = client.id();
        clients
            .store
            .db()
            .write(|tx| {
                let watch = "INSERT INTO watch VALUES (1, ?1, 7, 'a', 30), (1, 99, 8, 'b', 30)";
                Ok(tx.execute(watch, [id.cast_signed()])?)
            })
            .unwrap();
        clients.reap_watchers(1).unwrap();
        let left = || clients.store.db().read(|db| watchers_of(db, 1)).unwrap();
        // 99 never lived.
        assert_eq!(left(), [(id, 7)]);
        // A death without a chance to sign off.
        drop(client.alive.lock().take());
        clients.sweep().unwrap();
        assert_eq!(left(), []);
        assert_eq!(fs::read_dir(dir.path().join("clients")).unwrap().count(), 0);
    }

    #[test]
    fn a_deep_directory_has_a_socket_path_that_fits() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("d".repeat(120));
        let clients = Clients::open(Store::open(&deep).unwrap()).unwrap();
        let path = clients.socket_path(4100);
        assert!(path.as_os_str().len() <= SOCKET_PATH_MAX);
        std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert!(deep.join("clients/4100.sock").exists());
    }
}
