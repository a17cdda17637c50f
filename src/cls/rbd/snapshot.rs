//! Calls on `rbd_header.<id>`: the image's snapshots.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::super::UTime;
use super::image::SnapList;
use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::Result;
use crate::model::SnapId;

byte_enum! {
    /// Whether a snapshot can be cloned (v1) and removed.
    ProtectionStatus: u8 {
        /// It can be removed.
        Unprotected = 0,
        /// It is being looked at for children.
        Unprotecting = 1,
        /// It can be cloned.
        Protected = 2,
    }

    /// What made a snapshot (`rbd_snap_namespace_type_t`).
    SnapKind: u32 {
        /// A user.
        User = 0,
        /// A snapshot of a group.
        Group = 1,
        /// It was removed but still has clones.
        Trash = 2,
        /// Mirroring.
        Mirror = 3,
    }

    /// What a mirroring snapshot is.
    MirrorSnapState: u8 {
        /// Of the primary image.
        Primary = 0,
        /// Of the primary image, when it was demoted.
        PrimaryDemoted = 1,
        /// A copy.
        NonPrimary = 2,
        /// A copy of a demotion.
        NonPrimaryDemoted = 3,
    }
}

/// What a snapshot is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SnapNamespace {
    /// A user's.
    #[default]
    User,
    /// Part of a group's.
    Group {
        /// The group's pool.
        pool: i64,
        /// The group's id.
        group_id: String,
        /// The group snapshot's id.
        snapshot_id: String,
    },
    /// Removed, kept for its clones.
    Trash {
        /// What it was called.
        original_name: String,
        /// What it was.
        original_kind: SnapKind,
    },
    /// Mirroring's.
    Mirror(MirrorSnap),
    /// Of a later release.
    Unknown,
}

plain! {
    /// What mirroring keeps with a snapshot.
    MirrorSnap {
        /// What it is.
        state: MirrorSnapState,
        /// Whether it is all there.
        complete: bool,
        /// Who still needs it.
        mirror_peer_uuids: BTreeSet<String>,
        /// Where the primary is.
        primary_mirror_uuid: String,
        /// The primary's snapshot.
        primary_snap_id: SnapId,
        /// Objects copied so far.
        last_copied_object_number: u64,
        /// Local snapshots by the primary's.
        snap_seqs: BTreeMap<SnapId, SnapId>,
    }
}

impl SnapNamespace {
    /// What made it.
    #[must_use]
    pub fn kind(&self) -> SnapKind {
        match self {
            SnapNamespace::User => SnapKind::User,
            SnapNamespace::Group { .. } => SnapKind::Group,
            SnapNamespace::Trash { .. } => SnapKind::Trash,
            SnapNamespace::Mirror(_) => SnapKind::Mirror,
            SnapNamespace::Unknown => SnapKind::Unknown(u32::MAX),
        }
    }
}

impl Encode for SnapNamespace {
    fn encode(&self, writer: &mut Writer) {
        writer.versioned(1, 1, |writer| {
            writer.value(&self.kind());
            match self {
                SnapNamespace::User | SnapNamespace::Unknown => {}
                SnapNamespace::Group { pool, group_id, snapshot_id } => {
                    writer.i64(*pool).bytes(group_id).bytes(snapshot_id);
                }
                SnapNamespace::Trash { original_name, original_kind } => {
                    writer.bytes(original_name).value(original_kind);
                }
                SnapNamespace::Mirror(mirror) => {
                    writer.value(mirror);
                }
            }
        });
    }
}

impl Decode for SnapNamespace {
    const MIN_SIZE: usize = 10;
    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let (_, mut fields) = reader.versioned(1, field)?;
        Ok(match SnapKind::decode(&mut fields, field)? {
            SnapKind::User => SnapNamespace::User,
            SnapKind::Group => SnapNamespace::Group {
                pool: fields.i64("group pool")?,
                group_id: fields.string("group id")?,
                snapshot_id: fields.string("group snapshot id")?,
            },
            SnapKind::Trash => SnapNamespace::Trash {
                original_name: fields.string("original name")?,
                original_kind: SnapKind::decode(&mut fields, "original kind")?,
            },
            SnapKind::Mirror => SnapNamespace::Mirror(MirrorSnap::decode(&mut fields, field)?),
            SnapKind::Unknown(_) => SnapNamespace::Unknown,
        })
    }
}

versioned! {
    /// Reply of [`SnapshotGet`].
    SnapshotInfo (1, 1) {
        /// Its number.
        id: SnapId;
        /// What it is for.
        namespace: SnapNamespace;
        /// Its name.
        name: String;
        /// Bytes of the image then.
        image_size: u64;
        /// When it was made.
        timestamp: UTime;
        /// v2 clones of it.
        child_count: u32;
    }
}

calls! { "rbd":
    /// The snapshots that exist, for writing.
    GetSnapContext = "get_snapcontext" {} -> SnapList;
    /// A snapshot: `-ENOENT`.
    SnapshotGet = "snapshot_get" { /** Its number. */ snap_id: SnapId } -> SnapshotInfo;
    /// Adds a snapshot: `-EEXIST` for a name or number that is there, `-ESTALE` for an old number,
    /// `-EDQUOT` beyond the limit.
    SnapshotAdd = "snapshot_add" {
        /// Its name.
        name: String,
        /// Its number.
        snap_id: SnapId,
        /// What it is for.
        namespace: SnapNamespace,
    } -> ();
    /// Removes a snapshot: `-ENOENT`, `-EBUSY` if it is protected or has children.
    SnapshotRemove = "snapshot_remove" { /** Its number. */ snap_id: SnapId } -> ();
    /// Renames a snapshot: `-ENOENT`, `-EEXIST`.
    SnapshotRename = "snapshot_rename" {
        /// Its number.
        snap_id: SnapId,
        /// Its name from now on.
        name: String,
    } -> ();
    /// Makes a snapshot one of the trash; its name becomes a random id.
    SnapshotTrashAdd = "snapshot_trash_add" { /** Its number. */ snap_id: SnapId } -> ();
    /// A snapshot's name: `-ENOENT`.
    GetSnapshotName = "get_snapshot_name" { /** Its number. */ snap_id: SnapId } -> String;
    /// When a snapshot was made: `-ENOENT`.
    GetSnapshotTimestamp = "get_snapshot_timestamp" { /** Its number. */ snap_id: SnapId } -> UTime;
    /// Most snapshots allowed, `u64::MAX` for any number.
    SnapshotGetLimit = "snapshot_get_limit" {} -> u64;
    /// Sets the most snapshots allowed: `-ERANGE` if there are more.
    SnapshotSetLimit = "snapshot_set_limit" { /** How many. */ limit: u64 } -> ();
    /// Whether a snapshot is protected: `-ENOENT`.
    GetProtectionStatus = "get_protection_status" {
        /** Its number. */ snap_id: SnapId
    } -> ProtectionStatus;
    /// Protects a snapshot, or not: `-ENOENT`, `-ENOEXEC` without the feature LAYERING.
    SetProtectionStatus = "set_protection_status" {
        /// Its number.
        snap_id: SnapId,
        /// From now on.
        status: ProtectionStatus,
    } -> ();
}
