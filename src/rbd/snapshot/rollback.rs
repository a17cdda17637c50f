//! Making the head what it was at a snapshot.

use std::sync::Arc;

use super::{changed, find};
use crate::cls::rbd::{ObjectMap, ObjectMapLoad, ObjectState, SnapNamespace};
use crate::errno::{Errno, Result};
use crate::model::{EngineExt, ObjectOp, Op, SnapId};
use crate::rbd::operations::Progress;
use crate::rbd::{Features, Image, ImageFlags, calls, throttle};

/// Makes the head what it was at a user's snapshot. Progress counts data objects. `-ENOENT`;
/// `-EROFS` for an image open read-only, or when another client keeps the lock.
pub async fn rollback(image: &Arc<Image>, name: &str, progress: &Progress) -> Result<()> {
    image.refresh_if_required().await?;
    if image.is_read_only() {
        return Err(Errno::EROFS.because("the image is open read-only"));
    }
    let snap = find(image, &SnapNamespace::User, name)?;
    if image.has(Features::EXCLUSIVE_LOCK) {
        try_lock(image).await?;
    }
    let Some(_owned) = image.own().await else { return Err(image.not_owner()) };
    execute(image, snap.id, progress).await
}

/// Takes the lock unless another client keeps it (`-EROFS`).
async fn try_lock(image: &Image) -> Result<()> {
    match image.acquire(false).await? {
        true => Ok(()),
        false => Err(image.not_owner()),
    }
}

/// Makes the head what it was at a snapshot. Where the lock is held.
pub(in crate::rbd) async fn execute(
    image: &Arc<Image>,
    snap: SnapId,
    progress: &Progress,
) -> Result<()> {
    let blocked = image.block_writes().await;
    let header = image.header();
    let size = header.size_at(snap);
    let size = size.ok_or_else(|| Errno::ENOENT.because(format!("snapshot {snap}")))?;
    let objects_before = header.layout.object_count(header.size);
    if header.size != size {
        image.resize_here(size, true, &crate::rbd::no_progress()).await?;
    }
    let map = snapshot_map(image, snap).await;
    // In memory the head's map stays what it was until all is done: objects that neither the head
    // nor the snapshot has are left out.
    let head = image.view().object_map.clone();
    if let Some(head) = &head {
        head.rolled_back(snap).await;
    }
    let rolled = rollback_objects(image, snap, objects_before, map, progress).await;
    if let Some(head) = &head {
        head.reload().await;
    }
    rolled?;
    drop(blocked);
    changed(image).await
}

/// The snapshot's object map, if there is one to be trusted.
async fn snapshot_map(image: &Image, snap: SnapId) -> Option<ObjectMap> {
    let view = image.view();
    view.object_map.as_ref()?;
    if view.header.flags_at(snap)?.contains(ImageFlags::OBJECT_MAP_INVALID) {
        return None;
    }
    let target = image.pool().object_map(image.id(), snap);
    calls::read(&*image.pool().engine, target, &ObjectMapLoad {}).await.ok()
}

async fn rollback_objects(
    image: &Arc<Image>,
    snap: SnapId,
    objects_before: u64,
    map: Option<ObjectMap>,
    progress: &Progress,
) -> Result<()> {
    let header = image.header();
    let objects = header.layout.object_count(header.size);
    let neither_has = |object: u64| match &map {
        Some(map) if object < objects_before => {
            !throttle::may_exist(image, object)
                && (object >= map.len() || map.get(object) == ObjectState::Nonexistent)
        }
        _ => false,
    };
    let start: throttle::Start<'_> = Box::new(|object| {
        if neither_has(object) {
            return None;
        }
        let target = header.data_object(&image.pool().namespace, object);
        let context = Arc::clone(&header.snap_context);
        let op = ObjectOp::write_under(target, context).then(Op::Rollback(snap));
        Some(Box::pin(async { image.pool().engine.run(op).await.map(drop) }))
    });
    throttle::run(0..objects, throttle::concurrency(image), progress, start).await
}
