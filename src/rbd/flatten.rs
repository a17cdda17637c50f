//! Making a clone independent of its parent.

use std::sync::Arc;

use super::io::WriteKind;
use super::operations::Progress;
use super::{Features, Image, Operation, calls, clone, snapshot, throttle};
use crate::cls::rbd::{ObjectState, ParentDetach, RemoveParent};
use crate::errno::{Errno, Result};
use crate::model::Payload;

/// Copies what a clone still reads from its parent and ends the tie. Progress counts data objects.
/// `-EINVAL` for an image without parent; `-EROFS`.
pub async fn flatten(image: &Arc<Image>, progress: Progress) -> Result<()> {
    image.refresh_if_required().await?;
    if image.was_opened_read_only() {
        return Err(Errno::EROFS.because("the image is open read-only"));
    }
    if image.header().parent.is_none() {
        return Err(Errno::EINVAL.because("the image has no parent"));
    }
    if image.is_read_only() {
        return Err(Errno::EROFS.because("a snapshot is open"));
    }
    let flattened = image.run(Operation::Flatten, progress).await;
    // Another client, asked twice, may have done it the first time.
    calls::unless(Errno::EINVAL, flattened)
}

/// Flattens the image here and tells the other clients.
pub(super) async fn execute(image: &Arc<Image>, progress: &Progress) -> Result<()> {
    let header = image.header();
    let Some(parent) = &header.parent else {
        return Err(Errno::EINVAL.because("the image has no parent"));
    };
    let objects = header.layout.object_count(parent.overlap);
    let view = image.view();
    let start: throttle::Start<'_> = Box::new(|object| {
        let map = view.trusted_map();
        let own = map.is_some_and(|map| map.get(object) == ObjectState::Exists);
        let nothing = WriteKind::Write(Payload::new());
        let copy = image.write_object(object, 0, 0, nothing);
        (!own).then(|| Box::pin(copy) as throttle::StepFuture<'_>)
    });
    throttle::run(0..objects, throttle::concurrency(image), progress, start).await?;

    image.refresh_if_required().await?;
    if image.has(Features::DEEP_FLATTEN) || image.header().snapshots.is_empty() {
        clone::detach_child(image).await?;
    }
    let (engine, target) = (&*image.pool().engine, image.pool().header(image.id()));
    let detached = match calls::update(engine, target.clone(), &ParentDetach {}).await {
        // An OSD from before Nautilus.
        Err(error) if error == Errno::EOPNOTSUPP => {
            calls::update(engine, target, &RemoveParent {}).await
        }
        detached => detached,
    };
    calls::unless(Errno::ENOENT, detached)?;
    snapshot::changed(image).await
}
