//! Giving back the space of zeros.

use std::sync::Arc;

use super::operations::Progress;
use super::{Features, Image, Operation, snapshot, throttle};
use crate::cls::Method;
use crate::cls::rbd::{ObjectState, Sparsify};
use crate::errno::{Errno, Result};
use crate::model::{EngineExt, ObjectOp, Op};

/// Smallest pieces looked at.
const PIECE_MIN: u64 = 4096;

/// Gives back pieces of `sparse_size` bytes that are all zeros. `-EINVAL` unless that is a power of
/// two from 4096 to an object's size; `-EROFS`. Progress counts data objects.
pub async fn sparsify(image: &Arc<Image>, sparse_size: u64, progress: Progress) -> Result<()> {
    let object_size = image.header().layout.object_size();
    if !(PIECE_MIN..=object_size).contains(&sparse_size) || !sparse_size.is_power_of_two() {
        return Err(Errno::EINVAL.because(format!("pieces of {sparse_size} bytes")));
    }
    image.run(Operation::Sparsify { sparse_size }, progress).await
}

/// Gives the space back here and tells the other clients.
pub(super) async fn execute(
    image: &Arc<Image>,
    sparse_size: u64,
    progress: &Progress,
) -> Result<()> {
    let header = image.header();
    let objects = header.layout.object_count(header.size);
    let overlap = header.parent.as_ref().map_or(0, |parent| parent.overlap);
    let hides_parent = header.layout.object_count(overlap);
    let start: throttle::Start<'_> = Box::new(|object| {
        let step = one(image, object, sparse_size, object >= hides_parent);
        throttle::may_exist(image, object).then(|| Box::pin(step) as throttle::StepFuture<'_>)
    });
    throttle::run(0..objects, throttle::concurrency(image), progress, start).await?;
    snapshot::changed(image).await
}

/// One object. Where no parent shows through, an object without data goes altogether.
async fn one(image: &Arc<Image>, object: u64, block: u64, remove_empty: bool) -> Result<()> {
    let header = image.header();
    let engine = &*image.pool().engine;
    let target = header.data_object(&image.pool().namespace, object);
    let context = Arc::clone(&header.snap_context);
    let method = Sparsify { block, remove_empty };
    let op = ObjectOp::write_under(target.clone(), context).then(method.call());
    match engine.run(op).await {
        Err(error) if error == Errno::ENOENT => return Ok(()),
        done => drop(done?),
    }
    let Some(map) = image.view().object_map.clone() else { return Ok(()) };
    if !remove_empty || !image.has(Features::OBJECT_MAP) {
        return Ok(());
    }
    let range = (object, object + 1);
    map.updated(range, ObjectState::Pending, Some(ObjectState::Exists)).await;
    let state = match engine.run(ObjectOp::read(target).then(Op::Stat)).await {
        Ok(_) => ObjectState::Exists,
        Err(error) if error == Errno::ENOENT => ObjectState::Nonexistent,
        Err(error) => return Err(error),
    };
    map.updated(range, state, Some(ObjectState::Pending)).await;
    Ok(())
}
