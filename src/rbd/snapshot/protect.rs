//! Protecting a snapshot from removal while it has clones of the old kind.

use std::sync::Arc;

use super::changed;
use crate::cls::rbd::{GetChildren, ProtectionStatus, SetProtectionStatus};
use crate::errno::{Errno, Result};
use crate::model::{PoolId, SnapId};
use crate::rbd::{Features, Image, calls};

async fn set(image: &Image, snap_id: SnapId, status: ProtectionStatus) -> Result<()> {
    let method = SetProtectionStatus { snap_id, status };
    calls::update(&*image.pool().engine, image.pool().header(image.id()), &method).await
}

fn status(image: &Image, snap: SnapId) -> Result<ProtectionStatus> {
    if !image.has(Features::LAYERING) {
        return Err(Errno::ENOSYS.because("layering is off"));
    }
    let status = image.header().snapshots.get(&snap).map(|snap| snap.protection);
    status.ok_or_else(|| Errno::ENOENT.because(format!("snapshot {snap}")))
}

/// Protects a snapshot; `-EBUSY` if it is.
pub(in crate::rbd) async fn protect(image: &Arc<Image>, snap: SnapId) -> Result<()> {
    if status(image, snap)? == ProtectionStatus::Protected {
        return Err(Errno::EBUSY.because("the snapshot is protected"));
    }
    set(image, snap, ProtectionStatus::Protected).await?;
    changed(image).await
}

/// Ends the protection. From the first step on no clone can be made; then those that there are
/// count.
pub(in crate::rbd) async fn unprotect(image: &Arc<Image>, snap: SnapId) -> Result<()> {
    if status(image, snap)? == ProtectionStatus::Unprotected {
        return Err(Errno::EINVAL.because("the snapshot is not protected"));
    }
    set(image, snap, ProtectionStatus::Unprotecting).await?;
    let free = match no_clones(image, snap).await {
        Ok(()) => set(image, snap, ProtectionStatus::Unprotected).await,
        Err(error) => Err(error),
    };
    if free.is_err() {
        let back = set(image, snap, ProtectionStatus::Protected).await;
        if let Err(error) = back {
            log::error!(target: "rbd", "protecting snapshot {snap} again: {error}");
        }
    }
    changed(image).await?;
    free
}

/// `-EBUSY` if a pool has clones of the old kind.
async fn no_clones(image: &Image, snap: SnapId) -> Result<()> {
    let engine = &*image.pool().engine;
    engine.wait_for_latest_map().await?;
    for (id, _) in engine.pools()? {
        let clones = old_clones(image, id, snap).await?;
        if !clones.is_empty() {
            return Err(Errno::EBUSY.because("the snapshot has clones"));
        }
    }
    Ok(())
}

/// Ids of the clones of the old kind that a pool has of a snapshot. They are in the image's own
/// namespace.
pub(in crate::rbd) async fn old_clones(
    image: &Image,
    pool: PoolId,
    snap_id: SnapId,
) -> Result<Vec<String>> {
    let own = image.pool();
    let there = own.with_pool(pool).with_namespace(own.namespace.clone());
    let method = GetChildren { pool_id: own.id.0, image_id: image.id().to_owned(), snap_id };
    match calls::read(&*own.engine, there.children(), &method).await {
        Ok(clones) => Ok(clones.into_iter().collect()),
        Err(error) if error == Errno::ENOENT => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
