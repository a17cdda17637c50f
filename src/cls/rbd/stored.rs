//! What the class keeps in the header's omap, where that is not simply a number or a string.

use super::parent::ParentImageSpec;
use super::snapshot::{ProtectionStatus, SnapNamespace};
use crate::cls::UTime;
use crate::model::SnapId;

versioned! {
    /// A snapshot, at `snapshot_<16 hex digits>`. The form since Nautilus, which older readers
    /// refuse.
    StoredSnap (8, 8) {
        /// Its number.
        id: SnapId;
        /// Its name.
        name: String;
        /// Bytes of the image then.
        image_size: u64;
        /// Whether it can be cloned (v1) and removed.
        protection: ProtectionStatus;
        /// Flags.
        flags: u64;
        /// What it is for.
        namespace: SnapNamespace;
        /// When it was made.
        timestamp: UTime;
        /// v2 clones of it.
        child_count: u32;
        /// Bytes of it that come from the image's parent, if it has one.
        parent_overlap: Option<u64>;
    }

    /// The parent, at `parent`. The form since Nautilus.
    StoredParent (2, 2) {
        /// Its pool; -1 for none.
        pool_id: i64;
        /// Its namespace.
        pool_namespace: String;
        /// The image's id.
        image_id: String;
        /// The snapshot.
        snap_id: SnapId;
        /// Bytes of the image that come from it; `None` when only snapshots still need it.
        head_overlap: Option<u64>;
    }
}

impl StoredParent {
    /// From its parts.
    #[must_use]
    pub fn new(spec: ParentImageSpec, head_overlap: Option<u64>) -> Self {
        let ParentImageSpec { pool_id, pool_namespace, image_id, snap_id } = spec;
        StoredParent { pool_id, pool_namespace, image_id, snap_id, head_overlap }
    }

    /// Which snapshot it is.
    #[must_use]
    pub fn spec(&self) -> ParentImageSpec {
        ParentImageSpec {
            pool_id: self.pool_id,
            pool_namespace: self.pool_namespace.clone(),
            image_id: self.image_id.clone(),
            snap_id: self.snap_id,
        }
    }
}
