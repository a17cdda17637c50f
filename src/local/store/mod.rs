//! The embedded store: objects in a directory, for several processes at once, none of which can
//! harm it by dying.
//!
//! ```text
//!   store.db      SQLite: everything but data (see schema.sql)
//!   data/NNNN     sparse files of 4 MiB slots: data
//! ```
//!
//! May use: disk, classes (to run class methods), model, errno, runtime. Must not use: engine,
//! commands.

mod db;
mod open;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;

pub use db::{Commit, Db};
pub use open::OpenOptions;

use crate::errno::Result;

/// An open store.
pub struct Store {
    dir: PathBuf,
    fsid: Uuid,
    db: Db,
}

impl Store {
    /// Opens the store in a directory, which is made if it does not exist.
    ///
    /// `-ENOTDIR`: not a directory; `-ENOTEMPTY`: a directory with other things in it; `-EPROTO`: a
    /// store of a newer format; `-EACCES`.
    pub fn open(dir: &Path) -> Result<Arc<Store>> {
        OpenOptions::default().open(dir)
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
}
