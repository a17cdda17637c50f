//! Taking a snapshot, where the lock is held.

use std::sync::Arc;

use super::changed;
use crate::cls::rbd::{SnapNamespace, SnapshotAdd};
use crate::errno::{Errno, Result};
use crate::model::SnapId;
use crate::rbd::{Image, calls};

/// Do not write an object map for it: the caller will.
pub(in crate::rbd) const SKIP_OBJECT_MAP: u64 = 1;
/// Do not ask clients to quiesce.
pub(in crate::rbd) const SKIP_QUIESCE: u64 = 2;
/// Go on although one could not.
pub(in crate::rbd) const IGNORE_QUIESCE_ERROR: u64 = 4;

/// Takes a snapshot here.
pub(in crate::rbd) async fn execute(
    image: &Arc<Image>,
    namespace: SnapNamespace,
    name: &str,
    flags: u64,
) -> Result<()> {
    let taken = |snap: &crate::rbd::Snapshot| snap.name == name && snap.namespace == namespace;
    if image.header().snapshots.values().any(taken) {
        return Err(Errno::EEXIST.because(format!("snapshot {name}")));
    }
    if flags & SKIP_QUIESCE != 0 {
        return take(image, namespace, name, flags).await;
    }
    let (request, quiesced) = image.quiesce_all().await;
    let taken = match quiesced {
        Err(error) if flags & IGNORE_QUIESCE_ERROR == 0 => Err(error),
        _ => take(image, namespace, name, flags).await,
    };
    // Programs that stopped go on, also where another one refused (measured on 16.2.15).
    if let Err(error) = image.resume_all(request).await {
        log::warn!(target: "rbd", "letting clients go on after a snapshot: {error}");
    }
    taken
}

async fn take(image: &Arc<Image>, namespace: SnapNamespace, name: &str, flags: u64) -> Result<()> {
    let blocked = image.block_writes().await;
    let snap = add(image, namespace, name).await?;
    let map = image.view().object_map.clone();
    if let Some(map) = map.filter(|_| flags & SKIP_OBJECT_MAP == 0) {
        map.snapshot_added(snap).await;
    }
    // Writes must go under the new snapshot from the first on.
    let refreshed = image.refresh().await;
    drop(blocked);
    refreshed?;
    changed(image).await
}

/// Gets a number and adds the snapshot to the header.
async fn add(image: &Image, namespace: SnapNamespace, name: &str) -> Result<SnapId> {
    let engine = &*image.pool().engine;
    let data_pool = image.header().data_pool;
    loop {
        let snap_id = engine.selfmanaged_snap_create(data_pool).await?;
        let method = SnapshotAdd { name: name.to_owned(), snap_id, namespace: namespace.clone() };
        match calls::update(engine, image.pool().header(image.id()), &method).await {
            Ok(()) => return Ok(snap_id),
            // Someone else's newer number is in the header already.
            Err(error) if error == Errno::ESTALE => (),
            Err(error) => {
                if let Err(error) = engine.selfmanaged_snap_remove(data_pool, snap_id).await {
                    log::error!(target: "rbd", "giving back snapshot number {snap_id}: {error}");
                }
                return Err(error);
            }
        }
    }
}
