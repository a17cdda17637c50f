//! Removing a snapshot, where the lock is held if that matters.

use std::sync::Arc;

use super::changed;
use crate::cls::rbd::{
    ChildDetach, ChildImageSpec, ChildrenList, ProtectionStatus, SnapNamespace, SnapshotGet,
    SnapshotRemove, SnapshotTrashAdd,
};
use crate::errno::{Errno, Result};
use crate::model::{PoolId, SnapId};
use crate::rbd::{Image, calls, clone};

/// Removes a snapshot that is not protected (`-EBUSY`), and tells the other clients.
pub(in crate::rbd) async fn execute_checked(image: &Arc<Image>, snap: SnapId) -> Result<()> {
    let protection = image.header().snapshots.get(&snap).map(|snap| snap.protection);
    match protection {
        None => return Err(Errno::ENOENT.because(format!("snapshot {snap}"))),
        Some(ProtectionStatus::Unprotected) => (),
        Some(_) => return Err(Errno::EBUSY.because("the snapshot is protected")),
    }
    execute(image, snap).await?;
    changed(image).await
}

/// Removes a snapshot. One that has clones stays in the trash of the header; `-EBUSY` if it is
/// there already.
pub(in crate::rbd) async fn execute(image: &Arc<Image>, snap: SnapId) -> Result<()> {
    let (pool, engine) = (image.pool(), &*image.pool().engine);
    let header = image.header();
    let Some(info) = header.snapshots.get(&snap) else {
        return Err(Errno::ENOENT.because(format!("snapshot {snap}")));
    };
    let trashed = !matches!(info.namespace, SnapNamespace::Trash { .. });
    if trashed {
        let method = SnapshotTrashAdd { snap_id: snap };
        let added = calls::update(engine, pool.header(image.id()), &method).await;
        calls::unless(Errno::EEXIST, added)?;
    }
    let now = SnapshotGet { snap_id: snap };
    let now = calls::read(engine, pool.header(image.id()), &now).await?;
    let attached = now.child_count > 0 && clones_left(image, snap).await?;
    detach_parent_of(image, snap).await?;
    if attached {
        return match trashed {
            true => image.refresh().await,
            false => Err(Errno::EBUSY.because("the snapshot has clones")),
        };
    }
    if let Some(map) = image.view().object_map.clone() {
        let next = header.snapshots.range(snap..).nth(1).map_or(SnapId::HEAD, |(id, _)| *id);
        map.snapshot_removed(snap, next, info.flags).await?;
    }
    let released = engine.selfmanaged_snap_remove(header.data_pool, snap).await;
    calls::unless(Errno::ENOENT, released)?;
    let method = SnapshotRemove { snap_id: snap };
    calls::update(engine, pool.header(image.id()), &method).await?;
    image.refresh().await
}

/// Whether clones of a snapshot are left, when those whose pool is gone are struck out.
async fn clones_left(image: &Image, snap_id: SnapId) -> Result<bool> {
    let (pool, engine) = (image.pool(), &*image.pool().engine);
    loop {
        let method = ChildrenList { snap_id };
        let clones = match calls::read(engine, pool.header(image.id()), &method).await {
            Err(error) if error == Errno::ENOENT => return Ok(false),
            clones => clones?,
        };
        let gone = |clone: &&ChildImageSpec| match engine.pool(PoolId(clone.pool_id)) {
            Err(error) => error == Errno::ENOENT,
            Ok(_) => false,
        };
        let Some(stale) = clones.iter().find(gone) else { return Ok(!clones.is_empty()) };
        let method = ChildDetach { snap_id, child: stale.clone() };
        let detached = calls::update(engine, pool.header(image.id()), &method).await;
        calls::unless(Errno::ENOENT, detached)?;
    }
}

/// Ends the image's being a clone, if this snapshot was the last that needed the parent.
async fn detach_parent_of(image: &Arc<Image>, snap: SnapId) -> Result<()> {
    let header = image.header();
    let spec = |id: &SnapId| header.parent_at(*id).map(|parent| &parent.spec);
    let Some(own) = spec(&snap) else { return Ok(()) };
    let used_by_head = header.parent.as_ref().is_some_and(|parent| parent.spec == *own);
    let used = header.snapshots.keys().any(|other| *other != snap && spec(other) == Some(own));
    match used_by_head || used {
        true => Ok(()),
        false => clone::detach_child(image).await,
    }
}
