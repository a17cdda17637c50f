//! What the header object of an image says, as of one refresh.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use super::features::{Features, ImageFlags, OpFeatures};
use super::layout::Layout;
use crate::model::{Name, PoolId, SnapContext};

/// A header, never changed: a refresh makes a new one.
#[derive(Clone, Debug)]
pub struct Header {
    /// Bytes of the head.
    pub size: u64,
    /// How the image is cut into objects.
    pub layout: Layout,
    /// What a client must know.
    pub features: Features,
    /// What is wrong with the head.
    pub flags: ImageFlags,
    /// Features of operations in use.
    pub op_features: OpFeatures,
    /// Data objects are called this, a dot and 16 hex digits.
    pub object_prefix: String,
    /// Where data objects are: mostly the header's own pool.
    pub data_pool: PoolId,
    /// The parent of the head.
    pub parent: Option<ParentLink>,
    /// The parent's identity also where the head no longer uses it but a snapshot does.
    pub parent_spec: Option<ParentSpec>,
    /// Snapshots by number.
    pub snapshots: BTreeMap<u64, Snapshot>,
    /// What data objects are written under.
    pub snap_context: Arc<SnapContext>,
    /// The group the image is in: pool and id.
    pub group: Option<(PoolId, String)>,
    /// Settings of the image (`conf_` metadata without the prefix), over those of its pool.
    pub settings: BTreeMap<String, String>,
    /// When it was made.
    pub created: SystemTime,
    /// When it was last read, as far as that is recorded.
    pub accessed: SystemTime,
    /// When it was last written, as far as that is recorded.
    pub modified: SystemTime,
}

/// Which snapshot of which image another is a clone of.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub struct ParentSpec {
    /// The parent's pool.
    pub pool: PoolId,
    /// Its namespace.
    pub namespace: Name,
    /// Its id.
    pub image_id: String,
    /// Its snapshot.
    pub snap_id: u64,
}

/// A parent in use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParentLink {
    /// Which.
    pub spec: ParentSpec,
    /// Only the first so many bytes of the child come from it.
    pub overlap: u64,
}

/// What a snapshot is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SnapNamespace {
    /// A user's own.
    User,
    /// A member of a group's snapshot.
    Group {
        /// The group's pool.
        pool: PoolId,
        /// The group's id.
        group_id: String,
        /// The group snapshot's id.
        snap_id: String,
    },
    /// Removed, but clones still need it.
    Trash {
        /// What it was called.
        original_name: String,
    },
    /// Any other, by its number.
    Other(u32),
}

/// Whether a snapshot is protected from removal, so that clones of the old kind may be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protection {
    /// No.
    Unprotected,
    /// Not any more in a moment: children are being looked for.
    Unprotecting,
    /// Yes.
    Protected,
}

/// A snapshot of an image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// Its number in the data pool.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub namespace: SnapNamespace,
    /// Bytes.
    pub size: u64,
    /// Its parent: never another than the head's, but it may be in use longer.
    pub parent: Option<ParentLink>,
    /// Whether it is protected from removal.
    pub protection: Protection,
    /// What is wrong with it.
    pub flags: ImageFlags,
    /// When it was taken.
    pub created: SystemTime,
    /// Clones of the new kind it has.
    pub child_count: u32,
}

impl Header {
    /// The size of the head or of a snapshot; `None` for a snapshot that does not exist.
    #[must_use]
    pub fn size_at(&self, snap: Option<u64>) -> Option<u64> {
        match snap {
            None => Some(self.size),
            Some(id) => self.snapshots.get(&id).map(|snap| snap.size),
        }
    }

    /// The parent of the head or of a snapshot.
    #[must_use]
    pub fn parent_at(&self, snap: Option<u64>) -> Option<&ParentLink> {
        match snap {
            None => self.parent.as_ref(),
            Some(id) => self.snapshots.get(&id).and_then(|snap| snap.parent.as_ref()),
        }
    }

    /// The flags of the head or of a snapshot.
    #[must_use]
    pub fn flags_at(&self, snap: Option<u64>) -> Option<ImageFlags> {
        match snap {
            None => Some(self.flags),
            Some(id) => self.snapshots.get(&id).map(|snap| snap.flags),
        }
    }

    /// A snapshot made by a user, by name.
    #[must_use]
    pub fn user_snapshot(&self, name: &str) -> Option<&Snapshot> {
        self.snapshots
            .values()
            .find(|snap| snap.name == name && snap.namespace == SnapNamespace::User)
    }
}
