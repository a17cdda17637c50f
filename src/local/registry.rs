//! The stores this process has open: each once, however many handles use it.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

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

struct Opened {
    store: Weak<Store>,
    generation: Generation,
}

static STORES: Mutex<Option<HashMap<Key, Opened>>> = Mutex::new(None);

/// Opens the store in a directory, or finds it open. `-EOPNOTSUPP` in a child of a process that had
/// it open: SQLite goes by the parent's locks on the database then, which the child has not.
pub fn open(dir: &Path) -> Result<Arc<Store>> {
    let generation = Generation::current();
    let mut stores = STORES.lock();
    let stores = stores.get_or_insert_default();
    if let Some(opened) = key(dir).and_then(|key| stores.get(&key)) {
        if opened.generation != generation && opened.store.strong_count() > 0 {
            let what = "the store was open when this process was forked";
            return Err(Errno::EOPNOTSUPP.because(what).context(dir.display()));
        }
        if let Some(store) = opened.store.upgrade() {
            return Ok(store);
        }
    }
    let store = Store::open(dir)?;
    stores.retain(|_, opened| opened.store.strong_count() > 0);
    if let Some(key) = key(store.dir()) {
        stores.insert(key, Opened { store: Arc::downgrade(&store), generation });
    }
    Ok(store)
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
        let first = open(&path).unwrap();
        assert!(Arc::ptr_eq(&first, &open(&path).unwrap()));
        fs::remove_dir_all(&path).unwrap();
        let second = open(&path).unwrap();
        assert_ne!(first.fsid(), second.fsid());
        let fsid = second.fsid();
        drop(second);
        assert_eq!(open(&path).unwrap().fsid(), fsid);
    }
}
