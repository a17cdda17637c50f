//! The embedded store: objects in a directory, for several processes at once, none of which can
//! harm it by dying.
//!
//! ```text
//!   store.db      SQLite: everything but data (see schema.sql)
//!   data/NNNN     sparse files of 4 MiB slots: data
//!   shm, slots    memory shared by the processes: locks, what was written without a transaction
//! ```
//!
//! May use: disk, classes (to run class methods), placement, model, errno, runtime. Must not use:
//! engine, commands.

mod attrs;
mod before;
mod bitmap;
mod cache;
mod check;
mod context;
mod data;
mod db;
mod execute;
mod fast;
mod flush;
#[cfg(debug_assertions)]
pub(super) mod fuzz;
mod known;
mod layout;
mod open;
mod queue;
mod ranges;
mod recovery;
mod shared;
mod slots;
mod snaps;
mod steps;
mod traffic;
mod trim;
mod txn;
mod zero;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Weak};

use parking_lot::{Mutex, RwLock};
use rusqlite::OptionalExtension;
use uuid::Uuid;

pub use db::{Commit, Db};
pub use known::KnownObject;
pub use open::OpenOptions;

use crate::errno::Result;
use bitmap::Bitmap;
use shared::{Counter, STRIPES, Shared};
use slots::Slots;

/// An open store.
pub struct Store {
    dir: PathBuf,
    fsid: Uuid,
    db: Db,
    shared: Arc<Shared>,
    slots: Slots,
    queue: queue::Queue,
    /// Slots whose records have changed since the last flush.
    touched: Mutex<BTreeSet<u64>>,
    /// Blocks that ceased to be data since the last flush, by stripe and slot.
    cleared: Mutex<BTreeMap<(usize, u64), Bitmap>>,
    flushing: Mutex<()>,
    /// Bytes this process put into redo rows since its last flush.
    redo_bytes: AtomicU64,
    cache: cache::Cache,
    /// Clients that are not on the blocklist, and for which state of it that is known.
    vetted: RwLock<BTreeMap<u64, u64>>,
    this: Weak<Store>,
    /// The last to go.
    _open: Sender<()>,
}

impl Store {
    /// Opens the store in a directory, which is made if it does not exist.
    ///
    /// `-ENOTDIR`: not a directory; `-ENOTEMPTY`: a directory with other things in it; `-EPROTO`: a
    /// store of a newer format; `-EACCES`.
    pub fn open(dir: &Path) -> Result<Arc<Store>> {
        OpenOptions::default().open(dir)
    }

    /// As [`Store::open`]; and what is disconnected when all of the store is closed.
    pub fn open_watched(dir: &Path) -> Result<(Arc<Store>, Receiver<()>)> {
        OpenOptions::default().open_watched(dir)
    }

    /// The metadata database, for what other modules keep in it.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Where it is.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Its id, given when it was made.
    #[must_use]
    pub fn fsid(&self) -> Uuid {
        self.fsid
    }

    /// Another number whenever the blocklist has changed; see [`Store::blocklist_changed`].
    #[must_use]
    pub fn blocklist_generation(&self) -> u64 {
        self.shared.counter(Counter::Blocklist).load(Ordering::Acquire)
    }

    /// Says that the blocklist has changed, behind the commit of the change. When this returns,
    /// what a client now on it had begun has ended.
    pub fn blocklist_changed(&self) -> Result<()> {
        self.shared.counter(Counter::Blocklist).fetch_add(1, Ordering::AcqRel);
        // A write in place looks at the counter with its stripe locked.
        for stripe in 0..STRIPES {
            drop(self.shared.lock(stripe)?);
        }
        Ok(())
    }

    /// Tells every process that a pool's way of taking snapshots has changed. To be called
    /// after the change was committed.
    pub fn map_changed(&self) {
        self.shared.counter(Counter::Map).fetch_add(1, Ordering::AcqRel);
    }

    /// A number from the `meta` table, 0 if there is none.
    fn meta_number(&self, db: &rusqlite::Connection, key: &str) -> Result<i64> {
        let mut find = db.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
        Ok(find.query_row([key], |row| row.get(0)).optional()?.unwrap_or(0))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Err(error) = self.flush() {
            log::error!("store {}: {error}", self.dir.display());
        }
    }
}

#[cfg(test)]
mod tests;
