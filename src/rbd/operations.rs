//! Operations that change an image and may come from another client: the owner of an image's lock
//! runs them for those who do not hold it.
//!
//! ```text
//!   Image::run(operation) -- lock held here, or no lock feature --> execute(operation)
//!        \-- lock held by another client: notify it --> its watch --> Image::run there
//! ```

use std::sync::Arc;

use super::image::Image;
use super::watch::ERESTART;
use super::{feature_update, flatten, metadata, rebuild, rename, snapshot, sparsify};
use crate::cls::rbd::SnapNamespace;
use crate::errno::{Errno, Result};
use crate::model::SnapId;

/// Told how far an operation is: done and all, in units of its own. A negative return ends the
/// operation with that error, where it runs in this process and can be ended.
pub type Progress = Arc<dyn Fn(u64, u64) -> i32 + Send + Sync>;

/// No interest in progress.
#[must_use]
pub fn no_progress() -> Progress {
    Arc::new(|_, _| 0)
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

impl Operation {
    /// Whether a handle that is open at a snapshot may ask for it: what concerns snapshots, not
    /// data.
    fn is_allowed_at_snapshot(&self) -> bool {
        !matches!(
            self,
            Operation::Flatten
                | Operation::Resize { .. }
                | Operation::RebuildObjectMap
                | Operation::UpdateFeatures { .. }
                | Operation::Sparsify { .. }
                | Operation::SetMetadata { .. }
        )
    }

    /// The error that says that it had been done before. When the owner dies or changes while it
    /// runs the operation, it is asked for again and may find that.
    fn done_before(&self) -> Option<Errno> {
        match self {
            Operation::SnapCreate { .. }
            | Operation::SnapRename { .. }
            | Operation::Rename { .. } => Some(Errno::EEXIST),
            Operation::SnapRemove { .. } => Some(Errno::ENOENT),
            Operation::SnapProtect { .. } => Some(Errno::EBUSY),
            Operation::SnapUnprotect { .. } | Operation::Flatten => Some(Errno::EINVAL),
            _ => None,
        }
    }
}

impl Image {
    /// Runs an operation that changes the image: here if no other client holds its lock, and by
    /// that client otherwise (which is asked over the header's watchers, as Ceph's clients do).
    /// `-EROFS` on a read-only image, or if the lock is needed and cannot be had.
    ///
    /// Not to be called from within an operation: the lock waits for operations to end before it is
    /// given up, and lets no new one begin meanwhile.
    pub async fn run(self: &Arc<Self>, operation: Operation, progress: Progress) -> Result<()> {
        let mut insist = false;
        let mut again = false;
        loop {
            self.refresh_if_required().await?;
            let at_snapshot = self.is_read_only() && !operation.is_allowed_at_snapshot();
            if self.was_opened_read_only() || at_snapshot {
                return Err(Errno::EROFS.because("the image is read-only"));
            }
            if let Some(_owned) = self.own().await {
                let result = execute(self, operation.clone(), Arc::clone(&progress)).await;
                return ignore(result, operation.done_before().filter(|_| again));
            }
            match self.acquire(insist).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) if error == Errno::ESHUTDOWN => return Err(error),
                Err(_) => return Err(self.not_owner()),
            }
            again = true;
            match self.ask_owner(operation.clone(), Arc::clone(&progress)).await {
                // The owner does not know how: do it here.
                Err(error) if error == Errno::EOPNOTSUPP => insist = true,
                Err(error) if error == Errno::ETIMEDOUT || error == ERESTART => {}
                result => {
                    self.header_changed();
                    return ignore(result, operation.done_before());
                }
            }
        }
    }
}

fn ignore(result: Result<()>, errno: Option<Errno>) -> Result<()> {
    match result {
        Err(error) if Some(error.errno()) == errno => Ok(()),
        result => result,
    }
}

/// Runs an operation here. The lock is held if the image has the feature, and stays held until this
/// returns.
pub async fn execute(image: &Arc<Image>, operation: Operation, progress: Progress) -> Result<()> {
    match operation {
        Operation::Flatten => flatten::execute(image, &progress).await,
        Operation::Resize { size, allow_shrink } => {
            image.resize_here(size, allow_shrink, &progress).await?;
            image.notify_update().await
        }
        Operation::SnapCreate { namespace, name, flags } => {
            snapshot::create::execute(image, namespace, &name, flags).await
        }
        Operation::SnapRemove { namespace, name } => {
            let snap = snapshot::find(image, &namespace, &name)?;
            snapshot::remove::execute_checked(image, snap.id).await
        }
        Operation::SnapRename { id, name } => snapshot::rename_id(image, id, &name).await,
        Operation::SnapProtect { namespace, name } => {
            let snap = snapshot::find(image, &namespace, &name)?;
            snapshot::protect::protect(image, snap.id).await
        }
        Operation::SnapUnprotect { namespace, name } => {
            let snap = snapshot::find(image, &namespace, &name)?;
            snapshot::protect::unprotect(image, snap.id).await
        }
        Operation::RebuildObjectMap => rebuild::execute(image, &progress).await,
        Operation::Rename { name } => rename::execute(image, &name).await,
        Operation::UpdateFeatures { features, enable } => {
            feature_update::execute(image, features, enable).await
        }
        Operation::Sparsify { sparse_size } => {
            sparsify::execute(image, sparse_size, &progress).await
        }
        Operation::SetMetadata { key, value } => {
            metadata::execute(image, &key, value.as_deref()).await
        }
    }
}
