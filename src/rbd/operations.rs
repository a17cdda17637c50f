//! Operations that change an image and may come from another client: the owner of an image's lock
//! runs them for those who do not hold it.
//!
//! ```text
//!   Image::run(operation) -- lock held here, or no lock feature --> execute(operation)
//!        \-- lock held by another client: notify it --> its watch --> Image::run there
//! ```

use std::sync::Arc;

use super::image::Image;
use crate::cls::rbd::SnapNamespace;
use crate::errno::{Errno, Result};
use crate::model::SnapId;

/// Told how far an operation is: done and all, in units of its own.
pub type Progress = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// No interest in progress.
#[must_use]
pub fn no_progress() -> Progress {
    Arc::new(|_, _| {})
}

/// An operation that only the owner of the lock may run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Operation {
    /// Copies what comes from the parent and forgets it.
    Flatten,
    /// Changes the size.
    Resize {
        /// Bytes.
        size: u64,
        /// Whether it may get smaller.
        allow_shrink: bool,
    },
    /// Takes a snapshot.
    SnapCreate {
        /// What for.
        namespace: SnapNamespace,
        /// Its name.
        name: String,
        /// `RBD_SNAP_CREATE_*`.
        flags: u64,
    },
    /// Removes a snapshot.
    SnapRemove {
        /// What it is for.
        namespace: SnapNamespace,
        /// Its name.
        name: String,
    },
    /// Renames a snapshot.
    SnapRename {
        /// Its number.
        id: SnapId,
        /// The new name.
        name: String,
    },
    /// Protects a snapshot.
    SnapProtect {
        /// What it is for.
        namespace: SnapNamespace,
        /// Its name.
        name: String,
    },
    /// Takes the protection away.
    SnapUnprotect {
        /// What it is for.
        namespace: SnapNamespace,
        /// Its name.
        name: String,
    },
    /// Makes the object map anew from the objects.
    RebuildObjectMap,
    /// Gives the image another name.
    Rename {
        /// The new name.
        name: String,
    },
    /// Switches features.
    UpdateFeatures {
        /// Which.
        features: u64,
        /// On or off.
        enable: bool,
    },
    /// Gives zeros back.
    Sparsify {
        /// Bytes of the pieces looked at.
        sparse_size: u64,
    },
    /// Sets metadata, or removes it.
    SetMetadata {
        /// The key.
        key: String,
        /// The value; `None` removes.
        value: Option<String>,
    },
}

/// Runs an operation here. The lock is held if the image has the feature, and stays held until this
/// returns.
pub async fn execute(_image: &Arc<Image>, operation: Operation, _: Progress) -> Result<()> {
    Err(Errno::EOPNOTSUPP.because(format!("{operation:?}")))
}
