//! Making an object map anew from the objects that there are, after it was lost or the feature was
//! switched on.

use std::sync::Arc;

use parking_lot::Mutex;

use super::operations::Progress;
use super::{Features, Image, ImageFlags, Operation, calls, snapshot, throttle};
use crate::cls::rbd::{ObjectMap, ObjectMapSave, ObjectState, SetFlags};
use crate::errno::{Errno, Result};
use crate::model::{EngineExt, ObjectOp, Op, Out, SnapId, SnapSet};

/// Makes the object map of what is open anew: of the head, or of a snapshot. `-EINVAL` without the
/// feature; `-EROFS`. Progress counts data objects.
pub async fn rebuild(image: &Arc<Image>, progress: Progress) -> Result<()> {
    image.refresh_if_required().await?;
    if image.was_opened_read_only() {
        return Err(Errno::EROFS.because("the image is open read-only"));
    }
    if image.snap() == SnapId::HEAD {
        return image.run(Operation::RebuildObjectMap, progress).await;
    }
    // A snapshot does not change under anyone's hands: no lock is needed.
    execute(image, &progress).await
}

/// Makes the object map anew here and tells the other clients.
pub(super) async fn execute(image: &Arc<Image>, progress: &Progress) -> Result<()> {
    if !image.has(Features::OBJECT_MAP) {
        return Err(Errno::EINVAL.because("the image has no object map"));
    }
    let snap = image.snap();
    let (header, size) = (image.header(), image.size()?);
    let objects = header.layout.object_count(size);
    match image.view().object_map.clone().filter(|_| snap == SnapId::HEAD) {
        Some(map) => {
            if map.snapshot().len() != objects {
                map.resize(objects).await;
            }
            verify(image, objects, progress, |object, state| {
                let map = Arc::clone(&map);
                async move {
                    let before = map.get(object);
                    // A write may be about to make what is recorded as there.
                    if before != ObjectState::Exists || state != ObjectState::Nonexistent {
                        map.updated((object, object + 1), state, Some(before)).await;
                    }
                }
            })
            .await?;
        }
        None => {
            let map = Mutex::new(ObjectMap::new(objects, ObjectState::Nonexistent)?);
            verify(image, objects, progress, |object, state| {
                map.lock().set(object, state);
                async {}
            })
            .await?;
            let target = image.pool().object_map(image.id(), snap);
            let method = ObjectMapSave { map: map.into_inner() };
            calls::update(&*image.pool().engine, target, &method).await?;
        }
    }
    let mask = (ImageFlags::OBJECT_MAP_INVALID | ImageFlags::FAST_DIFF_INVALID).bits();
    let method = SetFlags { flags: 0, mask, snap_id: snap };
    calls::update(&*image.pool().engine, image.pool().header(image.id()), &method).await?;
    if let Some(map) = image.view().object_map.clone() {
        map.validated();
    }
    snapshot::changed(image).await
}

/// Finds the state of each object and passes it on.
async fn verify<F: Future<Output = ()> + Send>(
    image: &Arc<Image>,
    objects: u64,
    progress: &Progress,
    record: impl Fn(u64, ObjectState) -> F + Send + Sync,
) -> Result<()> {
    let record = &record;
    let start: throttle::Start<'_> = Box::new(|object| {
        Some(Box::pin(async move {
            record(object, state_of(image, object).await?).await;
            Ok(())
        }))
    });
    throttle::run(0..objects, throttle::concurrency(image), progress, start).await
}

async fn state_of(image: &Image, object: u64) -> Result<ObjectState> {
    let target = image.header().data_object(&image.pool().namespace, object);
    let op = ObjectOp::read_at(target, SnapId::DIR).then(Op::ListSnaps);
    match image.pool().engine.run(op).await {
        Err(error) if error == Errno::ENOENT => Ok(ObjectState::Nonexistent),
        Err(error) => Err(error),
        Ok(mut reply) => match reply.take(0) {
            Out::Snaps(set) => Ok(state_in(image, &set)),
            _ => Err(Errno::EBADMSG.because("no list of versions")),
        },
    }
}

/// The state at what is open. Clean with fast-diff, if the version is that of an older snapshot
/// too.
fn state_in(image: &Image, set: &SnapSet) -> ObjectState {
    let (header, at) = (image.header(), image.snap());
    let next_snapshot =
        |id: u64| header.snapshots.range(SnapId(id)..).next().map_or(SnapId::HEAD, |(id, _)| *id);
    for version in &set.clones {
        let (from, to) = match (version.id, version.snaps.first(), version.snaps.last()) {
            (SnapId::HEAD, ..) => (next_snapshot(set.seq + 1), SnapId::HEAD),
            (_, Some(first), Some(last)) => (next_snapshot(first.0), *last),
            _ => continue,
        };
        if to < at {
            continue;
        }
        if at < from {
            break;
        }
        return match header.features.contains(Features::FAST_DIFF) && from != at {
            true => ObjectState::ExistsClean,
            false => ObjectState::Exists,
        };
    }
    ObjectState::Nonexistent
}
