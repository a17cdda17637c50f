//! Feature bits of images, the flags of a head or snapshot, and the features of operations in use.

use bitflags::bitflags;

bitflags! {
    /// What an image needs a client to know (`RBD_FEATURE_*`). Unknown bits are kept.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub struct Features: u64 {
        /// It may have a parent.
        const LAYERING = 1 << 0;
        /// Its data is striped over several objects at a time.
        const STRIPINGV2 = 1 << 1;
        /// Only the owner of its lock writes.
        const EXCLUSIVE_LOCK = 1 << 2;
        /// A map says which objects exist.
        const OBJECT_MAP = 1 << 3;
        /// The map also says what changed since the last snapshot.
        const FAST_DIFF = 1 << 4;
        /// Flattening also gives snapshots their own data.
        const DEEP_FLATTEN = 1 << 5;
        /// Every write is journaled first.
        const JOURNALING = 1 << 6;
        /// Data objects are in another pool.
        const DATA_POOL = 1 << 7;
        /// An [`OpFeatures`] is in use.
        const OPERATIONS = 1 << 8;
        /// It is being migrated.
        const MIGRATING = 1 << 9;
        /// It is a mirror's copy.
        const NON_PRIMARY = 1 << 10;
        /// A persistent cache holds writes it does not have.
        const DIRTY_CACHE = 1 << 11;
    }
}

bitflags! {
    /// What is known to be wrong with a head or snapshot (`RBD_FLAG_*`).
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub struct ImageFlags: u64 {
        /// The object map may lie.
        const OBJECT_MAP_INVALID = 1 << 0;
        /// Its account of changes may lie.
        const FAST_DIFF_INVALID = 1 << 1;
    }
}

bitflags! {
    /// Operations whose traces are in the image (`RBD_OPERATION_FEATURE_*`). Unknown bits are kept.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub struct OpFeatures: u64 {
        /// It has clones of the new kind.
        const CLONE_PARENT = 1 << 0;
        /// It is a clone of the new kind.
        const CLONE_CHILD = 1 << 1;
        /// It is in a group.
        const GROUP = 1 << 2;
        /// It has snapshots in the trash.
        const SNAP_TRASH = 1 << 3;
    }
}

impl Features {
    /// Those that this crate can open for writing.
    pub const SUPPORTED: Features = Features::LAYERING
        .union(Features::STRIPINGV2)
        .union(Features::EXCLUSIVE_LOCK)
        .union(Features::OBJECT_MAP)
        .union(Features::FAST_DIFF)
        .union(Features::DEEP_FLATTEN)
        .union(Features::DATA_POOL)
        .union(Features::OPERATIONS);
}
