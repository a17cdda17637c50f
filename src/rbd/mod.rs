//! RBD images: what stands behind `rbd_*`.
//!
//! ```text
//!   create list trash clone group ...       managing images: short-lived calls on header objects
//!                |
//!   Image ------ header     what rbd_header.<id> says, replaced whole by a refresh
//!     |          watch      others' notifications: refresh, hand over the lock, run for them
//!     |          lock       who may write (feature exclusive-lock)
//!     |          object_map which objects exist (feature object-map)
//!     |          parent     another Image, open at the cloned snapshot
//!     |
//!    io          ImageRequest -> ObjectRequest -> Engine::submit
//!     |
//!   layout       image offset <-> object extents, pure
//! ```
//!
//! An image in Ceph's format 2 is a header object changed through the object class `rbd`, and data
//! objects of one size; so all of this runs on any [`Engine`]. Calls that manage are `async fn`;
//! reads and writes take a callback and never wait.
//!
//! May use: model, cls, codec, conf, runtime. Must not: name an engine, use C types.

use std::sync::Arc;

use crate::conf::Config;
use crate::errno::Result;
use crate::model::{Engine, Name, PoolId, SnapId, Target};

pub mod advisory;
mod calls;
pub mod children;
pub mod clone;
pub mod copy;
pub mod create;
pub mod diff;
pub mod directory;
mod feature_names;
pub mod feature_update;
pub mod features;
pub mod flatten;
#[cfg(debug_assertions)]
#[doc(hidden)]
pub mod fuzz;
mod gate;
pub mod group;
pub mod header;
pub mod image;
mod io;
pub mod layout;
mod lock;
mod message;
pub mod metadata;
pub mod mirror;
pub mod namespace;
mod object_map;
pub mod operations;
pub mod options;
pub mod pool_admin;
mod purge;
mod ranges;
pub mod rebuild;
pub mod remove;
mod rename;
mod resize;
mod resolve;
pub mod settings;
pub mod snapshot;
pub mod sparsify;
mod throttle;
pub mod trash;
mod view;
mod watch;

pub use crate::cls::UTime;
pub use crate::cls::rbd::{SnapNamespace, TrashSpec};
pub use features::{Features, ImageFlags, OpFeatures};
pub use header::{Header, ParentLink, Snapshot};
pub use image::{Image, ImageRef, OpenAt, OpenOptions, WritesBlocked};
pub use io::{CompareDone, IoDone};
pub use layout::{Layout, ObjectExtent, ObjectRun};
pub use lock::LockOwner;
pub use operations::{Operation, Progress, no_progress};
pub use options::{ImageOption, ImageOptions};
pub use watch::{QuiesceCallbacks, UpdateCallback};

/// Where images live: a pool of a connected cluster and a namespace in it. What `rados_ioctx_t` is
/// to librbd's functions. Cheap to clone.
#[derive(Clone)]
pub struct Pool {
    /// The connection.
    pub engine: Arc<dyn Engine>,
    /// The pool.
    pub id: PoolId,
    /// The namespace, empty for the default one.
    pub namespace: Name,
    /// The connection's configuration; pools and images override it (`conf::rbd`).
    pub config: Config,
}

impl Pool {
    /// The default namespace of a pool.
    pub fn new(engine: Arc<dyn Engine>, id: PoolId, config: Config) -> Self {
        Pool { engine, id, namespace: Name::empty(), config }
    }

    /// The same pool seen through another namespace.
    #[must_use]
    pub fn with_namespace(&self, namespace: impl Into<Name>) -> Self {
        Pool { namespace: namespace.into(), ..self.clone() }
    }

    /// Another pool of the same cluster, its default namespace.
    #[must_use]
    pub fn with_pool(&self, id: PoolId) -> Self {
        Pool { id, namespace: Name::empty(), ..self.clone() }
    }

    /// The same namespace of another pool of the cluster; `-ENOENT`.
    pub fn in_pool(&self, id: PoolId) -> Result<Self> {
        self.engine.pool(id)?;
        Ok(Pool { id, ..self.clone() })
    }

    /// An object here.
    pub fn target(&self, name: impl Into<Name>) -> Target {
        Target::new(self.id, name).in_namespace(self.namespace.clone())
    }

    /// The header object of the image with this id.
    #[must_use]
    pub fn header(&self, image_id: &str) -> Target {
        self.target(format!("{HEADER_PREFIX}{image_id}"))
    }

    /// The object that holds the id of the image with this name.
    #[must_use]
    pub fn id_object(&self, image_name: &str) -> Target {
        self.target(format!("{ID_PREFIX}{image_name}"))
    }

    /// The object map of an image's head, or of one of its snapshots.
    #[must_use]
    pub fn object_map(&self, image_id: &str, snap: SnapId) -> Target {
        match snap {
            SnapId::HEAD => self.target(format!("{OBJECT_MAP_PREFIX}{image_id}")),
            SnapId(snap) => self.target(format!("{OBJECT_MAP_PREFIX}{image_id}.{snap:016x}")),
        }
    }

    /// The directory of names and ids.
    #[must_use]
    pub fn directory(&self) -> Target {
        self.target(DIRECTORY)
    }

    /// The directory of removed images that can be restored.
    #[must_use]
    pub fn trash(&self) -> Target {
        self.target(TRASH)
    }

    /// The directory of clones of the old kind, by parent.
    #[must_use]
    pub fn children(&self) -> Target {
        self.target(CHILDREN)
    }
}

#[cfg(test)]
mod client_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod watch_tests;

/// Header object names begin so; the image's id follows.
pub const HEADER_PREFIX: &str = "rbd_header.";
/// Names of objects that map a name to an id begin so; the image's name follows.
pub const ID_PREFIX: &str = "rbd_id.";
/// Data objects' prefix begins so; the image's id follows (or the metadata pool's number and the
/// id, where data is in another pool).
pub const DATA_PREFIX: &str = "rbd_data.";
/// Object map names begin so; the image's id follows, and for a snapshot a dot and 16 hex digits.
pub const OBJECT_MAP_PREFIX: &str = "rbd_object_map.";
/// Names and ids of images, both ways, in its omap.
pub const DIRECTORY: &str = "rbd_directory";
/// Removed images that can be restored, in its omap.
pub const TRASH: &str = "rbd_trash";
/// Children by parent for clones of the old kind, in its omap.
pub const CHILDREN: &str = "rbd_children";
/// Properties of the pool as RBD sees it (namespaces, pool metadata, whether it was validated).
pub const INFO: &str = "rbd_info";
/// What of the pool is mirrored, in its omap.
pub const MIRRORING: &str = "rbd_mirroring";
/// Namespaces of the pool, in its omap.
pub const NAMESPACES: &str = "rbd_namespace";

#[cfg(test)]
mod managing_tests;
