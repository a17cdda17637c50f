//! The stores this process has open: each once, however many handles use it.
//!
//! ```text
//!   open() -> lease, store --client shuts down: lease ends--> threads still at work let go
//!                                                                \-> closed
//! ```
//!
//! A child cannot use a store that was open when it was forked. So a fork waits for stores that are
//! only open because some thread has not let go of them yet.

use std::cell::Cell;
use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};

use super::store::Store;
use crate::errno::{Errno, Result};
use crate::runtime::Generation;

/// The directory, and device and inode of the directory and its database, so that a store made anew
/// in the same place is another one.
#[derive(PartialEq, Eq, Hash, Clone)]
struct Key {
    dir: PathBuf,
    inodes: [(u64, u64); 2],
}

/// How long what is about to be closed is waited for.
const CLOSING_MAX: Duration = Duration::from_secs(1);

/// That a client of this process uses a store, until it shuts down.
pub struct Lease(#[allow(dead_code)] Arc<()>);

struct Opened {
    store: Weak<Store>,
    lease: Weak<()>,
    /// Disconnected when all of the store is closed.
    closed: Receiver<()>,
    /// It was waited for in vain.
    lingers: bool,
    generation: Generation,
}

impl Opened {
    fn is_closed(&self) -> bool {
        self.closed.try_recv() == Err(TryRecvError::Disconnected)
    }

    /// Waits until the threads that are at work on it have let go of it.
    fn wait_closed(&mut self) {
        if !self.lingers {
            let waited = self.closed.recv_timeout(CLOSING_MAX);
            self.lingers = waited == Err(RecvTimeoutError::Timeout);
        }
    }
}

type Stores = Option<HashMap<Key, Opened>>;

static STORES: Mutex<Stores> = Mutex::new(None);

thread_local! {
    /// Held while this thread forks, so that a child finds it whole and free.
    static HELD: Cell<Option<MutexGuard<'static, Stores>>> = const { Cell::new(None) };
}

/// Opens the store in a directory, or finds it open. `-EOPNOTSUPP` in a child of a process that had
/// it open: SQLite goes by the parent's locks on the database then, which the child has not.
pub fn open(dir: &Path) -> Result<(Arc<Store>, Lease)> {
    let generation = Generation::current();
    let mut stores = STORES.lock();
    let stores = stores.get_or_insert_default();
    if let Some(opened) = key(dir).and_then(|key| stores.get_mut(&key)) {
        if opened.generation != generation && !opened.is_closed() {
            let what = "the store was open when this process was forked";
            return Err(Errno::EOPNOTSUPP.because(what).context(dir.display()));
        }
        if let Some(store) = opened.store.upgrade() {
            let lease = opened.lease.upgrade().unwrap_or_default();
            opened.lease = Arc::downgrade(&lease);
            opened.lingers = false;
            return Ok((store, Lease(lease)));
        }
        opened.wait_closed();
    }
    let (store, closed) = Store::open_watched(dir)?;
    stores.retain(|_, opened| !opened.is_closed());
    let lease = Arc::new(());
    if let Some(key) = key(store.dir()) {
        let (store, lease) = (Arc::downgrade(&store), Arc::downgrade(&lease));
        stores.insert(key, Opened { store, lease, closed, lingers: false, generation });
    }
    Ok((store, Lease(lease)))
}

/// To be called before a fork, on the thread that forks. Waits a little for stores that no client
/// uses any more; nobody opens one until [`after_fork`].
pub fn before_fork() {
    // In vain if this thread was interrupted while it opened one, by a signal's handler that forks.
    let Some(mut stores) = STORES.try_lock_for(CLOSING_MAX) else { return };
    let all = stores.iter_mut().flat_map(HashMap::values_mut);
    let ours = all.filter(|opened| opened.generation == Generation::current());
    ours.filter(|opened| opened.lease.strong_count() == 0).for_each(Opened::wait_closed);
    // A thread at its end holds nothing.
    let _ = HELD.try_with(|held| held.set(Some(stores)));
}

/// To be called after a fork, on the thread that forked, in both processes.
pub fn after_fork() {
    drop(HELD.try_with(Cell::take));
}

/// `None` when there is no store.
fn key(dir: &Path) -> Option<Key> {
    let dir = dir.canonicalize().ok()?;
    let inode = |path: &Path| fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
    let inodes = [inode(&dir)?, inode(&dir.join("store.db"))?];
    Some(Key { dir, inodes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_open_once_and_one_made_anew_is_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        let (first, _lease) = open(&path).unwrap();
        assert!(Arc::ptr_eq(&first, &open(&path).unwrap().0));
        fs::remove_dir_all(&path).unwrap();
        let (second, _lease) = open(&path).unwrap();
        assert_ne!(first.fsid(), second.fsid());
        let fsid = second.fsid();
        drop(second);
        assert_eq!(open(&path).unwrap().0.fsid(), fsid);
    }

    fn is_closed(dir: &Path) -> bool {
        let stores = STORES.lock();
        // What is closed may have been forgotten.
        let opened = stores.as_ref().and_then(|all| all.get(&key(dir)?));
        opened.is_none_or(Opened::is_closed)
    }

    #[test]
    fn a_fork_waits_for_threads_that_let_go_and_not_for_clients() {
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..20 {
            let (store, lease) = open(dir.path()).unwrap();
            before_fork();
            after_fork();
            assert!(!is_closed(dir.path()));
            let (sender, told) = std::sync::mpsc::channel();
            let thread = std::thread::spawn(move || {
                told.recv().unwrap();
                drop(store);
            });
            drop(lease);
            sender.send(()).unwrap();
            before_fork();
            after_fork();
            assert!(is_closed(dir.path()));
            thread.join().unwrap();
        }
    }
}
