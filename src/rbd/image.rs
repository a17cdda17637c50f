//! An open image.

use std::sync::Arc;

use parking_lot::RwLock;

use super::header::Header;
use super::operations::{Operation, Progress};
use super::{Features, Pool};
use crate::errno::{Errno, Result};
use crate::model::SnapId;

/// Which image to open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ImageRef {
    /// By its name.
    Name(String),
    /// By its id, also when it is in the trash.
    Id(String),
}

/// What of the image to open.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum OpenAt {
    /// The head.
    #[default]
    Head,
    /// A user's snapshot, by name.
    SnapName(String),
    /// Any snapshot, by number.
    SnapId(SnapId),
}

/// How to open an image.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OpenOptions {
    /// Head or snapshot.
    pub at: OpenAt,
    /// Without a watch and never written. A snapshot cannot be written either way.
    pub read_only: bool,
    /// Do not open the parent: data of a clone must then not be read. For work on headers.
    pub skip_parent: bool,
}

/// An open image: what `rbd_image_t` stands for. Shared by requests under way, so behind an `Arc`.
pub struct Image {
    pool: Pool,
    id: String,
    name: RwLock<String>,
    read_only: bool,
    state: RwLock<State>,
}

/// What a refresh or `set_snap` replaces.
struct State {
    header: Arc<Header>,
    snap: SnapId,
}

impl Image {
    /// Opens an image. `-ENOENT` when there is none, or no such snapshot.
    pub async fn open(_pool: Pool, _which: ImageRef, _options: OpenOptions) -> Result<Arc<Image>> {
        Err(Errno::EOPNOTSUPP.because("opening an image"))
    }

    /// Flushes, gives up the lock and ends the watch. Requests after this fail with `-ESHUTDOWN`.
    pub async fn close(&self) -> Result<()> {
        Err(Errno::EOPNOTSUPP.because("closing an image"))
    }

    /// Reads the header again. `-ENOENT` when the image is gone.
    pub async fn refresh(&self) -> Result<()> {
        Err(Errno::EOPNOTSUPP.because("refreshing an image"))
    }

    /// Reads the header again if another client has said that it changed.
    pub async fn refresh_if_required(&self) -> Result<()> {
        Err(Errno::EOPNOTSUPP.because("refreshing an image"))
    }

    /// Tells the other clients that the header changed. To be called after changing it, when this
    /// client's own view was refreshed.
    pub async fn notify_update(&self) -> Result<()> {
        Err(Errno::EOPNOTSUPP.because("notifying"))
    }

    /// Runs an operation that changes the image: here if no other client holds its lock, and by that
    /// client otherwise (which is asked over the header's watchers, as Ceph's clients do).
    pub async fn run(self: &Arc<Self>, _op: Operation, _progress: Progress) -> Result<()> {
        Err(Errno::EOPNOTSUPP.because("running an operation"))
    }

    /// Keeps writes from starting and waits for those under way, until the guard is dropped. For
    /// taking snapshots.
    pub async fn block_writes(self: &Arc<Self>) -> WritesBlocked {
        WritesBlocked {}
    }

    /// Where the header is.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The image's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The image's name.
    #[must_use]
    pub fn name(&self) -> String {
        self.name.read().clone()
    }

    /// What is known of the header now.
    #[must_use]
    pub fn header(&self) -> Arc<Header> {
        Arc::clone(&self.state.read().header)
    }

    /// The snapshot it is open at, [`SnapId::HEAD`] for the head.
    #[must_use]
    pub fn snap(&self) -> SnapId {
        self.state.read().snap
    }

    /// Whether writes fail with `-EROFS`: opened so, or at a snapshot.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.read_only || self.snap() != SnapId::HEAD
    }

    /// Whether all of these features are on.
    #[must_use]
    pub fn has(&self, features: Features) -> bool {
        self.state.read().header.features.contains(features)
    }
}

/// While this lives, writes to the image wait.
pub struct WritesBlocked {}
