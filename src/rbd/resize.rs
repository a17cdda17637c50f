//! Changing an image's size.
//!
//! ```text
//!   grow:    writes held: object map grows, header
//!   shrink:  objects behind the new end go, the last one is cut; writes held: header, object map
//! ```
//!
//! The order keeps what a crash leaves harmless: data behind the end of the header's size is never
//! seen again, because it is gone before the size is.

use std::sync::Arc;

use super::image::Image;
use super::io::{DiscardFlags, WriteKind};
use super::operations::{Operation, Progress};
use super::{Features, Layout, throttle};
use crate::cls::Method;
use crate::cls::rbd::object_map::MAX_OBJECTS;
use crate::cls::rbd::{ObjectState, SetSize};
use crate::errno::{Errno, Result};
use crate::model::{EngineExt, ObjectOp, Op};

impl Image {
    /// Changes the size. `-EINVAL` if it gets smaller and may not, or too large for the object map.
    pub async fn resize(
        self: &Arc<Self>,
        size: u64,
        allow_shrink: bool,
        progress: Progress,
    ) -> Result<()> {
        self.refresh_if_required().await?;
        let header = self.header();
        if header.features.contains(Features::OBJECT_MAP)
            && header.layout.object_count(size) > MAX_OBJECTS
        {
            return Err(Errno::EINVAL.because("too many objects for an object map"));
        }
        self.run(Operation::Resize { size, allow_shrink }, progress).await
    }

    /// Changes the size, being the owner of the lock.
    pub(super) async fn resize_here(
        self: &Arc<Self>,
        size: u64,
        allow_shrink: bool,
        progress: &Progress,
    ) -> Result<()> {
        self.refresh_if_required().await?;
        let old = self.header().size;
        if size < old {
            if !allow_shrink {
                return Err(Errno::EINVAL.because("shrinking is not allowed"));
            }
            self.flush_store().await?;
            self.trim(old, size, progress).await?;
        }
        if size == old {
            return Ok(());
        }
        let _held = self.block_writes().await;
        let map = self.view().object_map.clone();
        let objects = self.header().layout.object_count(size);
        if let Some(map) = map.as_ref().filter(|_| size > old) {
            map.resize(objects).await;
        }
        let op = ObjectOp::write(self.pool().header(self.id())).then(SetSize { size }.call());
        self.pool().engine.run(op).await?;
        if let Some(map) = map.filter(|_| size < old) {
            map.resize(objects).await;
        }
        self.refresh().await
    }

    /// Removes what is between two sizes: whole sets of objects, then the end of the last set.
    pub(super) async fn trim(
        self: &Arc<Self>,
        old: u64,
        new: u64,
        progress: &Progress,
    ) -> Result<()> {
        let view = self.view();
        let layout = view.header.layout;
        let sets = new.div_ceil(layout.period());
        let first = sets * layout.stripe_count();
        let end = layout.object_count(old);
        if first < end {
            if let Some(map) = &view.object_map {
                map.updated((first, end), ObjectState::Pending, Some(ObjectState::Exists)).await;
            }
            let kept = self.remove_overlapping(first, end, progress).await?;
            self.remove_objects(kept, end, progress).await?;
            if let Some(map) = &view.object_map {
                let pending = Some(ObjectState::Pending);
                map.updated((first, end), ObjectState::Nonexistent, pending).await;
            }
        }
        let boundary = (sets * layout.period()).min(old);
        if boundary > new {
            self.clean_boundary(layout, new, boundary - new).await?;
        }
        Ok(())
    }

    /// Where snapshots exist, what a clone's objects hide of the parent has to stay visible in the
    /// snapshots: those objects are discarded with copy-up. Returns the first object behind them.
    async fn remove_overlapping(
        self: &Arc<Self>,
        first: u64,
        end: u64,
        progress: &Progress,
    ) -> Result<u64> {
        let view = self.view();
        let layout = view.header.layout;
        let overlapping = layout.object_count(view.overlap());
        if overlapping <= first || view.header.snap_context.snaps.is_empty() {
            return Ok(first);
        }
        for object in first..overlapping {
            let kind = WriteKind::Discard(DiscardFlags::NO_MAP_UPDATE);
            self.write_object(object, 0, layout.object_size(), kind).await?;
            progress(object, end);
        }
        Ok(overlapping)
    }

    /// Removes data objects, several at a time.
    async fn remove_objects(&self, first: u64, end: u64, progress: &Progress) -> Result<()> {
        let view = self.view();
        let view = &view;
        let start: throttle::Start<'_> = Box::new(|object| {
            if !view.may_exist(object) {
                return None;
            }
            let target = view.header.data_object(&self.pool().namespace, object);
            let context = Arc::clone(&view.header.snap_context);
            let op = ObjectOp::write_under(target, context).then(Op::Remove);
            let removed = self.pool().engine.run_raw(op);
            Some(Box::pin(async { gone(removed.await.result) }))
        });
        throttle::run(first..end, throttle::concurrency(self), progress, start).await
    }

    async fn clean_boundary(self: &Arc<Self>, layout: Layout, off: u64, len: u64) -> Result<()> {
        for run in layout.object_runs(off, len) {
            // What begins with an object ends with it.
            let len = if run.offset == 0 { layout.object_size() } else { run.len };
            let kind = WriteKind::Discard(DiscardFlags::empty());
            self.write_object(run.object, run.offset, len, kind).await?;
        }
        Ok(())
    }

    /// What the head's map says of each object; `None` while it is not open (the lock is not held).
    #[must_use]
    pub fn object_map_states(&self) -> Option<crate::cls::rbd::ObjectMap> {
        self.view().object_map.as_ref().map(|map| map.snapshot())
    }
}

/// An object that was not there is as good as removed.
fn gone(result: i32) -> Result<()> {
    match Errno::from_c(result) {
        Some(errno) if errno != Errno::ENOENT => Err(errno.into()),
        _ => Ok(()),
    }
}
