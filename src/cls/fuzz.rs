//! Entries for fuzzing: arguments, answers, and what is stored with objects.

use super::lock::*;
use super::rbd::*;
use super::small::*;
use super::{Method, UTime};
use crate::codec::fuzz::{Entry, round};

/// See [`crate::fuzz`].
pub const ENTRIES: &[Entry] =
    &[("cls.lock", lock), ("cls.rbd", rbd), ("cls.rbd_stored", rbd_stored), ("cls.small", small)];

/// The argument of a method and its answer.
fn method<M: Method>(bytes: &[u8]) {
    round::<M>(bytes);
    round::<M::Reply>(bytes);
}

macro_rules! methods {
    ($bytes:ident: $($name:ident),* $(,)?) => { $(method::<$name>($bytes);)* };
}

macro_rules! values {
    ($bytes:ident: $($name:ident),* $(,)?) => { $(round::<$name>($bytes);)* };
}

fn lock(bytes: &[u8]) {
    methods! { bytes:
        Lock, Unlock, BreakLock, GetInfo, ListLocks, AssertLocked, SetCookie,
    }
    values! { bytes: LockInfo, LockerId, LockerInfo, Locks }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = (EntityName::parse(text), EntityAddr::parse(text));
    }
}

fn rbd(bytes: &[u8]) {
    methods! { bytes:
        SparseCopyup, Sparsify, AssertSnapcSeq, DirGetId, DirGetName, DirList, DirAddImage,
        DirRemoveImage, DirRenameImage, DirStateAssert, DirStateSet, NamespaceAdd, NamespaceRemove,
        NamespaceList, GroupDirList, GroupDirAdd, GroupDirRemove, GroupDirRename, GroupImageSet,
        GroupImageRemove, GroupImageList, ImageGroupAdd, ImageGroupRemove, ImageGroupGet,
        GroupSnapSet, GroupSnapRemove, GroupSnapGetById, GroupSnapList, Create, GetFeatures,
        SetFeatures, GetSize, SetSize, GetObjectPrefix, GetDataPool, GetStripeUnitCount,
        SetStripeUnitCount, GetCreateTimestamp, GetAccessTimestamp, GetModifyTimestamp,
        SetAccessTimestamp, SetModifyTimestamp, GetFlags, SetFlags, GetOpFeatures, SetOpFeatures,
        GetAllFeatures, GetId, SetId, MetadataSet, MetadataRemove, MetadataGet, MetadataList,
        MigrationSet, MigrationSetState, MigrationGet, MigrationRemove, MirrorUuidGet,
        MirrorUuidSet, MirrorModeGet, MirrorModeSet, MirrorPeerList, MirrorPeerAdd,
        MirrorPeerRemove, MirrorPeerSetClient, MirrorPeerSetCluster, MirrorPeerSetDirection,
        MirrorImageList, MirrorImageGetImageId, MirrorImageGet, MirrorImageSet, MirrorImageRemove,
        ObjectMapLoad, ObjectMapSave, ObjectMapResize, ObjectMapUpdate, ObjectMapSnapAdd,
        ObjectMapSnapRemove, GetParent, SetParent, RemoveParent, ParentGet, ParentOverlapGet,
        ParentAttach, ParentDetach, AddChild, RemoveChild, GetChildren, ChildAttach, ChildDetach,
        ChildrenList, GetSnapContext, SnapshotGet, SnapshotAdd, SnapshotRemove, SnapshotRename,
        SnapshotTrashAdd, GetSnapshotName, GetSnapshotTimestamp, SnapshotGetLimit,
        SnapshotSetLimit, GetProtectionStatus, SetProtectionStatus, TrashAdd, TrashRemove,
        TrashList, TrashGet, TrashStateSet,
    }
}

fn rbd_stored(bytes: &[u8]) {
    values! { bytes:
        MirrorSnap, SnapNamespace, StoredSnap, StoredParent, GroupSnap, GroupSpec,
        GroupImageStatus, GroupImageSpec, ImageSnapSpec, ParentImageSpec, ChildImageSpec,
        MirrorPeer, MirrorImage, MigrationSpec, TrashSpec, SnapshotInfo, ObjectMap,
    }
}

fn small(bytes: &[u8]) {
    methods! { bytes:
        NumAdd, NumMul, RefGet, RefPut, RefSet, RefRead, VersionSet, VersionInc, VersionRead,
        VersionCheck,
    }
    values! { bytes: Refs, StoredRefs, ObjectVersion, UTime }
}
