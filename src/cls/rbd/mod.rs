//! The class `rbd`: the metadata of block images.
//!
//! Which object each group of methods belongs to:
//!
//! ```text
//!   rbd_directory        directory   names and ids of images          (also rbd_group_directory)
//!   rbd_id.<name>        image       GetId, SetId
//!   rbd_header.<id>      image, snapshot, parent, metadata, migration
//!   rbd_object_map.<id>  object_map  which data objects exist         (.<snap> for a snapshot's)
//!   rbd_data.<id>.<no>   data        copy-up into a clone
//!   rbd_children         parent      children of v1 clones
//!   rbd_trash, rbd_namespace, rbd_info, rbd_mirroring, rbd_group_header.<id>
//! ```

mod data;
mod directory;
mod group;
mod image;
mod metadata;
mod migration;
mod mirror;
pub mod object_map;
mod parent;
mod snapshot;
mod stored;
mod trash;

pub use data::*;
pub use directory::*;
pub use group::*;
pub use image::*;
pub use metadata::*;
pub use migration::*;
pub use mirror::*;
pub use object_map::{
    ObjectMap, ObjectMapLoad, ObjectMapResize, ObjectMapSave, ObjectMapSnapAdd,
    ObjectMapSnapRemove, ObjectMapUpdate, ObjectState,
};
pub use parent::*;
pub use snapshot::*;
pub use stored::*;
pub use trash::*;

/// Object names and name prefixes.
pub mod names {
    /// Names and ids of a pool's images.
    pub const DIRECTORY: &str = "rbd_directory";
    /// Behind it an image's name: holds the image's id.
    pub const ID: &str = "rbd_id.";
    /// Behind it an image's id: the image's metadata.
    pub const HEADER: &str = "rbd_header.";
    /// Behind it an image's id, and `.<snapshot, 16 hex digits>`: which data objects exist.
    pub const OBJECT_MAP: &str = "rbd_object_map.";
    /// Behind it an image's id and `.<number, 16 hex digits>`: the data.
    pub const DATA: &str = "rbd_data.";
    /// Children of v1 clones in this pool, by parent snapshot.
    pub const CHILDREN: &str = "rbd_children";
    /// Images in the trash.
    pub const TRASH: &str = "rbd_trash";
    /// The namespaces of a pool.
    pub const NAMESPACE: &str = "rbd_namespace";
    /// Made when a pool is initialised.
    pub const INFO: &str = "rbd_info";
    /// Mirroring settings of a pool.
    pub const MIRRORING: &str = "rbd_mirroring";
    /// Names and ids of a pool's groups.
    pub const GROUP_DIRECTORY: &str = "rbd_group_directory";
    /// Behind it a group's id: its images and snapshots.
    pub const GROUP_HEADER: &str = "rbd_group_header.";
    /// Tasks of the manager.
    pub const TASK: &str = "rbd_task";
    /// The advisory lock on the header that makes an image exclusive.
    pub const EXCLUSIVE_LOCK: &str = "rbd_lock";
}

/// Features of an image (`RBD_FEATURE_*`).
pub mod features {
    /// Can be a clone.
    pub const LAYERING: u64 = 1 << 0;
    /// Striped other than object by object.
    pub const STRIPINGV2: u64 = 1 << 1;
    /// One client writes at a time.
    pub const EXCLUSIVE_LOCK: u64 = 1 << 2;
    /// Which data objects exist is on record.
    pub const OBJECT_MAP: u64 = 1 << 3;
    /// So is which changed since the last snapshot.
    pub const FAST_DIFF: u64 = 1 << 4;
    /// Flattening covers snapshots.
    pub const DEEP_FLATTEN: u64 = 1 << 5;
    /// Changes are journaled.
    pub const JOURNALING: u64 = 1 << 6;
    /// Data is in another pool.
    pub const DATA_POOL: u64 = 1 << 7;
    /// Operations that older clients do not know are in effect: [`super::GetOpFeatures`].
    pub const OPERATIONS: u64 = 1 << 8;
    /// The image is migrating.
    pub const MIGRATING: u64 = 1 << 9;
    /// Opened by a client that leaves trimming to others.
    pub const NON_PRIMARY: u64 = 1 << 10;
    /// The client's cache may be ahead of the image.
    pub const DIRTY_CACHE: u64 = 1 << 11;

    /// Features an image can have.
    pub const ALL: u64 = (1 << 12) - 1;
    /// Features that a client must know to open the image at all.
    pub const INCOMPATIBLE: u64 = LAYERING | STRIPINGV2 | DATA_POOL | DIRTY_CACHE;
    /// Features that a client must know to write the image.
    pub const RW_INCOMPATIBLE: u64 = INCOMPATIBLE
        | EXCLUSIVE_LOCK
        | OBJECT_MAP
        | FAST_DIFF
        | DEEP_FLATTEN
        | JOURNALING
        | OPERATIONS
        | MIGRATING
        | NON_PRIMARY;
    /// Features that can be enabled and disabled later.
    pub const MUTABLE: u64 =
        EXCLUSIVE_LOCK | OBJECT_MAP | FAST_DIFF | JOURNALING | NON_PRIMARY | DIRTY_CACHE;
    /// Features that can be disabled later but not enabled.
    pub const DISABLE_ONLY: u64 = DEEP_FLATTEN;
    /// Features that clients set by themselves.
    pub const INTERNAL: u64 = OPERATIONS | MIGRATING;
}

/// Operation features (`RBD_OPERATION_FEATURE_*`).
pub mod op_features {
    /// It is the parent of a v2 clone.
    pub const CLONE_PARENT: u64 = 1 << 0;
    /// It is a v2 clone.
    pub const CLONE_CHILD: u64 = 1 << 1;
    /// It is in a group.
    pub const GROUP: u64 = 1 << 2;
    /// It has snapshots in the trash.
    pub const SNAP_TRASH: u64 = 1 << 3;
    /// All of them.
    pub const ALL: u64 = CLONE_PARENT | CLONE_CHILD | GROUP | SNAP_TRASH;
}

/// Flags of an image or a snapshot (`RBD_FLAG_*`).
pub mod flags {
    /// The object map cannot be trusted.
    pub const OBJECT_MAP_INVALID: u64 = 1 << 0;
    /// Nor can what it says of changes.
    pub const FAST_DIFF_INVALID: u64 = 1 << 1;
}
