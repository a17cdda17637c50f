//! Feature bits of RBD images and their names: `rbd/features.h`.

/// The image may be a clone of a parent's snapshot.
pub const RBD_FEATURE_LAYERING: u64 = 1u64 << 0;
/// The image's data is striped over several objects at a time.
pub const RBD_FEATURE_STRIPINGV2: u64 = 1u64 << 1;
/// Only the client that holds the image's lock writes to it.
pub const RBD_FEATURE_EXCLUSIVE_LOCK: u64 = 1u64 << 2;
/// A bitmap says which objects of the image exist.
pub const RBD_FEATURE_OBJECT_MAP: u64 = 1u64 << 3;
/// The bitmap also says which objects changed since the last snapshot.
pub const RBD_FEATURE_FAST_DIFF: u64 = 1u64 << 4;
/// Flattening also gives the snapshots their own data.
pub const RBD_FEATURE_DEEP_FLATTEN: u64 = 1u64 << 5;
/// Every write is journaled first.
pub const RBD_FEATURE_JOURNALING: u64 = 1u64 << 6;
/// The data objects are in another pool than the header.
pub const RBD_FEATURE_DATA_POOL: u64 = 1u64 << 7;
/// An operation feature (`RBD_OPERATION_FEATURE_*`) is in use.
pub const RBD_FEATURE_OPERATIONS: u64 = 1u64 << 8;
/// The image is the source or the target of a live migration.
pub const RBD_FEATURE_MIGRATING: u64 = 1u64 << 9;
/// The image is the copy of a mirrored image, not to be written.
pub const RBD_FEATURE_NON_PRIMARY: u64 = 1u64 << 10;
/// A persistent write-back cache holds writes that the image does not have yet.
pub const RBD_FEATURE_DIRTY_CACHE: u64 = 1u64 << 11;

/// Features of a new image where neither the caller nor `rbd_default_features` says otherwise.
pub const RBD_FEATURES_DEFAULT: u64 = RBD_FEATURE_LAYERING
    | RBD_FEATURE_EXCLUSIVE_LOCK
    | RBD_FEATURE_OBJECT_MAP
    | RBD_FEATURE_FAST_DIFF
    | RBD_FEATURE_DEEP_FLATTEN;

/// Name of RBD_FEATURE_LAYERING in options and output.
pub const RBD_FEATURE_NAME_LAYERING: &str = "layering";
/// Name of RBD_FEATURE_STRIPINGV2.
pub const RBD_FEATURE_NAME_STRIPINGV2: &str = "striping";
/// Name of RBD_FEATURE_EXCLUSIVE_LOCK.
pub const RBD_FEATURE_NAME_EXCLUSIVE_LOCK: &str = "exclusive-lock";
/// Name of RBD_FEATURE_OBJECT_MAP.
pub const RBD_FEATURE_NAME_OBJECT_MAP: &str = "object-map";
/// Name of RBD_FEATURE_FAST_DIFF.
pub const RBD_FEATURE_NAME_FAST_DIFF: &str = "fast-diff";
/// Name of RBD_FEATURE_DEEP_FLATTEN.
pub const RBD_FEATURE_NAME_DEEP_FLATTEN: &str = "deep-flatten";
/// Name of RBD_FEATURE_JOURNALING.
pub const RBD_FEATURE_NAME_JOURNALING: &str = "journaling";
/// Name of RBD_FEATURE_DATA_POOL.
pub const RBD_FEATURE_NAME_DATA_POOL: &str = "data-pool";
/// Name of RBD_FEATURE_OPERATIONS.
pub const RBD_FEATURE_NAME_OPERATIONS: &str = "operations";
/// Name of RBD_FEATURE_MIGRATING.
pub const RBD_FEATURE_NAME_MIGRATING: &str = "migrating";
/// Name of RBD_FEATURE_NON_PRIMARY.
pub const RBD_FEATURE_NAME_NON_PRIMARY: &str = "non-primary";
/// Name of RBD_FEATURE_DIRTY_CACHE.
pub const RBD_FEATURE_NAME_DIRTY_CACHE: &str = "dirty-cache";

/// Features a client must know to read the image.
pub const RBD_FEATURES_INCOMPATIBLE: u64 =
    RBD_FEATURE_LAYERING | RBD_FEATURE_STRIPINGV2 | RBD_FEATURE_DATA_POOL | RBD_FEATURE_DIRTY_CACHE;
/// Features a client must know to write to the image.
pub const RBD_FEATURES_RW_INCOMPATIBLE: u64 = RBD_FEATURES_INCOMPATIBLE
    | RBD_FEATURE_EXCLUSIVE_LOCK
    | RBD_FEATURE_OBJECT_MAP
    | RBD_FEATURE_FAST_DIFF
    | RBD_FEATURE_DEEP_FLATTEN
    | RBD_FEATURE_JOURNALING
    | RBD_FEATURE_OPERATIONS
    | RBD_FEATURE_MIGRATING
    | RBD_FEATURE_NON_PRIMARY;
/// Every feature there is.
pub const RBD_FEATURES_ALL: u64 = RBD_FEATURE_LAYERING
    | RBD_FEATURE_STRIPINGV2
    | RBD_FEATURE_EXCLUSIVE_LOCK
    | RBD_FEATURE_OBJECT_MAP
    | RBD_FEATURE_FAST_DIFF
    | RBD_FEATURE_DEEP_FLATTEN
    | RBD_FEATURE_JOURNALING
    | RBD_FEATURE_DATA_POOL
    | RBD_FEATURE_OPERATIONS
    | RBD_FEATURE_MIGRATING
    | RBD_FEATURE_NON_PRIMARY
    | RBD_FEATURE_DIRTY_CACHE;
/// Features that rbd_update_features() can turn on and off.
pub const RBD_FEATURES_MUTABLE: u64 = RBD_FEATURE_EXCLUSIVE_LOCK
    | RBD_FEATURE_OBJECT_MAP
    | RBD_FEATURE_FAST_DIFF
    | RBD_FEATURE_JOURNALING
    | RBD_FEATURE_NON_PRIMARY
    | RBD_FEATURE_DIRTY_CACHE;
/// Those of them that only the library itself changes.
pub const RBD_FEATURES_MUTABLE_INTERNAL: u64 = RBD_FEATURE_NON_PRIMARY | RBD_FEATURE_DIRTY_CACHE;
/// Features that can be turned off but never on.
pub const RBD_FEATURES_DISABLE_ONLY: u64 = RBD_FEATURE_DEEP_FLATTEN;
/// Features that only one client at a time can use for writing.
pub const RBD_FEATURES_SINGLE_CLIENT: u64 = RBD_FEATURE_EXCLUSIVE_LOCK
    | RBD_FEATURE_OBJECT_MAP
    | RBD_FEATURE_FAST_DIFF
    | RBD_FEATURE_JOURNALING
    | RBD_FEATURE_DIRTY_CACHE;
/// Features that follow from something else and are not asked for by themselves.
pub const RBD_FEATURES_IMPLICIT_ENABLE: u64 = RBD_FEATURE_STRIPINGV2
    | RBD_FEATURE_DATA_POOL
    | RBD_FEATURE_FAST_DIFF
    | RBD_FEATURE_OPERATIONS
    | RBD_FEATURE_MIGRATING
    | RBD_FEATURE_NON_PRIMARY
    | RBD_FEATURE_DIRTY_CACHE;
/// Features that never appear in what a user sees or sets.
pub const RBD_FEATURES_INTERNAL: u64 = RBD_FEATURE_OPERATIONS | RBD_FEATURE_MIGRATING;

/// The image has snapshots with clones of format 2.
pub const RBD_OPERATION_FEATURE_CLONE_PARENT: u64 = 1u64 << 0;
/// The image is a clone of format 2.
pub const RBD_OPERATION_FEATURE_CLONE_CHILD: u64 = 1u64 << 1;
/// The image is in a group.
pub const RBD_OPERATION_FEATURE_GROUP: u64 = 1u64 << 2;
/// The image has removed snapshots that clones still need.
pub const RBD_OPERATION_FEATURE_SNAP_TRASH: u64 = 1u64 << 3;

/// Name of RBD_OPERATION_FEATURE_CLONE_PARENT in output.
pub const RBD_OPERATION_FEATURE_NAME_CLONE_PARENT: &str = "clone-parent";
/// Name of RBD_OPERATION_FEATURE_CLONE_CHILD.
pub const RBD_OPERATION_FEATURE_NAME_CLONE_CHILD: &str = "clone-child";
/// Name of RBD_OPERATION_FEATURE_GROUP.
pub const RBD_OPERATION_FEATURE_NAME_GROUP: &str = "group";
/// Name of RBD_OPERATION_FEATURE_SNAP_TRASH.
pub const RBD_OPERATION_FEATURE_NAME_SNAP_TRASH: &str = "snap-trash";

/// Every operation feature there is.
pub const RBD_OPERATION_FEATURES_ALL: u64 = RBD_OPERATION_FEATURE_CLONE_PARENT
    | RBD_OPERATION_FEATURE_CLONE_CHILD
    | RBD_OPERATION_FEATURE_GROUP
    | RBD_OPERATION_FEATURE_SNAP_TRASH;
