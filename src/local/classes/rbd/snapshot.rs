//! Methods of `rbd_header.<id>`: snapshots and the v2 clones of each.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::image::{require, set_op_features};
use super::keys::{self, SNAP_PREFIX, find, get, must_exist, put, remove, snap_key};
use crate::cls::UTime;
use crate::cls::rbd::*;
use crate::errno::{Errno, Result};
use crate::local::classes::{ClassContext, table::Method};
use crate::model::SnapId;

type Context<'a> = &'a mut dyn ClassContext;

pub(super) const METHODS: &[Method] = &[
    method!(reads GetSnapContext => get_snap_context),
    method!(reads SnapshotGet => snapshot_get),
    method!(changes SnapshotAdd => snapshot_add),
    method!(changes SnapshotRemove => snapshot_remove),
    method!(changes SnapshotRename => snapshot_rename),
    method!(changes SnapshotTrashAdd => snapshot_trash_add),
    method!(reads GetSnapshotName => |ctx, arg| Ok(load(ctx, arg.snap_id)?.name)),
    method!(reads GetSnapshotTimestamp => |ctx, arg| Ok(load(ctx, arg.snap_id)?.timestamp)),
    method!(reads SnapshotGetLimit => |ctx, _| limit(ctx)),
    method!(changes SnapshotSetLimit => set_limit),
    method!(reads GetProtectionStatus => get_protection_status),
    method!(changes SetProtectionStatus => set_protection_status),
    method!(changes ChildAttach => child_attach),
    method!(changes ChildDetach => child_detach),
    method!(reads ChildrenList => children_list),
];

/// The greatest number a snapshot can have (`CEPH_MAXSNAP`).
const MAX_SNAP: u64 = u64::MAX - 2;

/// All snapshots, oldest first.
pub(super) fn all(ctx: Context<'_>) -> Result<Vec<StoredSnap>> {
    keys::list(ctx, SNAP_PREFIX, "", u64::MAX)?
        .iter()
        .map(|(name, value)| keys::decode(value, name.as_bytes()))
        .collect()
}

/// Replaces what is stored of a snapshot.
pub(super) fn store(ctx: Context<'_>, snap: &StoredSnap) -> Result<()> {
    put(ctx, snap_key(snap.id), snap)
}

fn load(ctx: Context<'_>, snap_id: SnapId) -> Result<StoredSnap> {
    if snap_id == SnapId::HEAD {
        return Err(Errno::EINVAL.into());
    }
    get(ctx, snap_key(snap_id))
}

fn get_snap_context(ctx: Context<'_>, _: GetSnapContext) -> Result<SnapList> {
    let mut snaps = Vec::new();
    for (digits, _) in keys::list(ctx, SNAP_PREFIX, "", u64::MAX)? {
        snaps.push(u64::from_str_radix(&digits, 16).map_err(|_| Errno::EIO)?);
    }
    snaps.reverse();
    Ok(SnapList { seq: get(ctx, "snap_seq")?, snaps })
}

fn snapshot_get(ctx: Context<'_>, arg: SnapshotGet) -> Result<SnapshotInfo> {
    let snap = load(ctx, arg.snap_id)?;
    Ok(SnapshotInfo {
        id: snap.id,
        namespace: snap.namespace,
        name: snap.name,
        image_size: snap.image_size,
        timestamp: snap.timestamp,
        child_count: snap.child_count,
    })
}

fn snapshot_add(ctx: Context<'_>, arg: SnapshotAdd) -> Result<()> {
    if arg.namespace == SnapNamespace::Unknown || arg.snap_id.0 > MAX_SNAP {
        return Err(Errno::EINVAL.into());
    }
    if arg.snap_id.0 < get::<u64>(ctx, "snap_seq")? {
        return Err(Errno::ESTALE.because("another snapshot was made meanwhile"));
    }
    let image_size = get(ctx, "size")?;
    let flags = find(ctx, "flags")?.unwrap_or(0);
    let limit = limit(ctx)?;
    for (count, old) in (1..).zip(all(ctx)?) {
        if count >= limit {
            return Err(Errno::EDQUOT.because(format!("{limit} snapshots are allowed")));
        }
        if old.id == arg.snap_id || (old.name == arg.name && old.namespace == arg.namespace) {
            return Err(Errno::EEXIST.into());
        }
    }
    let parent = find::<StoredParent>(ctx, "parent")?.filter(|parent| parent.spec().exists());
    if arg.namespace.kind() == SnapKind::Trash {
        set_op_features(ctx, op_features::SNAP_TRASH, op_features::SNAP_TRASH)?;
    }
    put(ctx, "snap_seq", &arg.snap_id)?;
    let snap = StoredSnap {
        id: arg.snap_id,
        name: arg.name,
        image_size,
        protection: ProtectionStatus::Unprotected,
        flags,
        namespace: arg.namespace,
        timestamp: UTime::from(ctx.now()),
        child_count: 0,
        parent_overlap: parent.and_then(|parent| parent.head_overlap),
    };
    store(ctx, &snap)
}

fn snapshot_rename(ctx: Context<'_>, arg: SnapshotRename) -> Result<()> {
    if all(ctx)?.iter().any(|snap| snap.namespace == SnapNamespace::User && snap.name == arg.name) {
        return Err(Errno::EEXIST.into());
    }
    let mut snap: StoredSnap = get(ctx, snap_key(arg.snap_id))?;
    if snap.namespace != SnapNamespace::User {
        return Err(Errno::EINVAL.because("only a user's snapshot can be renamed"));
    }
    snap.name = arg.name;
    store(ctx, &snap)
}

fn snapshot_remove(ctx: Context<'_>, arg: SnapshotRemove) -> Result<()> {
    let snap: StoredSnap = get(ctx, snap_key(arg.snap_id))?;
    if snap.protection != ProtectionStatus::Unprotected || snap.child_count > 0 {
        return Err(Errno::EBUSY.into());
    }
    let mut others = all(ctx)?;
    others.retain(|other| other.id != arg.snap_id);
    remove(ctx, snap_key(arg.snap_id))?;

    let parent = find::<StoredParent>(ctx, "parent")?.filter(|parent| parent.spec().exists());
    let head_is_child = parent.as_ref().is_some_and(|parent| parent.head_overlap.is_some());
    let snap_is_child = others.iter().any(|other| other.parent_overlap.is_some());
    let mut unused = 0;
    if !snap_is_child && !head_is_child {
        if parent.is_some() {
            remove(ctx, "parent")?;
        }
        unused |= op_features::CLONE_CHILD;
    }
    if !others.iter().any(|other| other.namespace.kind() == SnapKind::Trash) {
        unused |= op_features::SNAP_TRASH;
    }
    if unused != 0 {
        set_op_features(ctx, 0, unused)?;
    }
    Ok(())
}

fn snapshot_trash_add(ctx: Context<'_>, arg: SnapshotTrashAdd) -> Result<()> {
    let mut snap: StoredSnap = get(ctx, snap_key(arg.snap_id))?;
    if snap.protection != ProtectionStatus::Unprotected {
        return Err(Errno::EBUSY.into());
    }
    let kind = snap.namespace.kind();
    if kind == SnapKind::Trash {
        return Err(Errno::EEXIST.into());
    }
    set_op_features(ctx, op_features::SNAP_TRASH, op_features::SNAP_TRASH)?;
    // The name becomes free; what the snapshot is called from now on just has to be no other's.
    let original_name = std::mem::replace(&mut snap.name, Uuid::new_v4().to_string());
    snap.namespace = SnapNamespace::Trash { original_name, original_kind: kind };
    store(ctx, &snap)
}

fn limit(ctx: Context<'_>) -> Result<u64> {
    Ok(find(ctx, "snap_limit")?.unwrap_or(u64::MAX))
}

fn set_limit(ctx: Context<'_>, arg: SnapshotSetLimit) -> Result<()> {
    if arg.limit == u64::MAX {
        return ctx.omap_rm(b"snap_limit");
    }
    must_exist(ctx)?;
    if (all(ctx)?.len() as u64) > arg.limit {
        return Err(Errno::ERANGE.because("there are more snapshots"));
    }
    put(ctx, "snap_limit", &arg.limit)
}

fn get_protection_status(ctx: Context<'_>, arg: GetProtectionStatus) -> Result<ProtectionStatus> {
    must_exist(ctx)?;
    match load(ctx, arg.snap_id)?.protection {
        ProtectionStatus::Unknown(_) => Err(Errno::EIO.into()),
        known => Ok(known),
    }
}

fn set_protection_status(ctx: Context<'_>, arg: SetProtectionStatus) -> Result<()> {
    must_exist(ctx)?;
    require(ctx, features::LAYERING)?;
    if matches!(arg.status, ProtectionStatus::Unknown(_)) {
        return Err(Errno::EINVAL.into());
    }
    let mut snap = load(ctx, arg.snap_id)?;
    snap.protection = arg.status;
    store(ctx, &snap)
}

fn children_key(snap_id: SnapId) -> String {
    format!("snap_children_{:016x}", snap_id.0)
}

/// The order in which children are stored: pool, namespace, image.
fn child_order(child: &ChildImageSpec) -> (i64, &str, &str) {
    (child.pool_id, &child.pool_namespace, &child.image_id)
}

fn children(ctx: Context<'_>, snap_id: SnapId) -> Result<Vec<ChildImageSpec>> {
    Ok(find(ctx, children_key(snap_id))?.unwrap_or_default())
}

fn child_attach(ctx: Context<'_>, arg: ChildAttach) -> Result<()> {
    let mut snap: StoredSnap = get(ctx, snap_key(arg.snap_id))?;
    if snap.namespace.kind() == SnapKind::Trash {
        return Err(Errno::ENOENT.because("the snapshot was removed"));
    }
    let mut children = children(ctx, arg.snap_id)?;
    if children.contains(&arg.child) {
        return Err(Errno::EEXIST.into());
    }
    children.push(arg.child);
    children.sort_by(|a, b| child_order(a).cmp(&child_order(b)));
    put(ctx, children_key(arg.snap_id), &children)?;
    snap.child_count += 1;
    store(ctx, &snap)?;
    set_op_features(ctx, op_features::CLONE_PARENT, op_features::CLONE_PARENT)
}

fn child_detach(ctx: Context<'_>, arg: ChildDetach) -> Result<()> {
    let mut snap: StoredSnap = get(ctx, snap_key(arg.snap_id))?;
    let mut children = children(ctx, arg.snap_id)?;
    if snap.child_count as usize != children.len() {
        return Err(Errno::EINVAL.because("the count of children is wrong"));
    }
    children.retain(|child| *child != arg.child);
    if snap.child_count as usize == children.len() {
        return Err(Errno::ENOENT.into());
    }
    if children.is_empty() {
        remove(ctx, children_key(arg.snap_id))?;
    } else {
        put(ctx, children_key(arg.snap_id), &children)?;
    }
    snap.child_count -= 1;
    let parents: BTreeSet<SnapId> =
        all(ctx)?.iter().filter(|other| other.child_count > 0).map(|other| other.id).collect();
    store(ctx, &snap)?;
    if snap.child_count == 0 && parents.iter().all(|parent| *parent == arg.snap_id) {
        set_op_features(ctx, 0, op_features::CLONE_PARENT)?;
    }
    Ok(())
}

fn children_list(ctx: Context<'_>, arg: ChildrenList) -> Result<Vec<ChildImageSpec>> {
    get::<StoredSnap>(ctx, snap_key(arg.snap_id))?;
    get(ctx, children_key(arg.snap_id))
}
