//! Reading: the object, and where it does not exist, the parent.
//!
//! ```text
//!   map: not there --------------------v
//!   read the object -- -ENOENT --> read the parent (what overlaps; the rest is zeros)
//!        \-- what is behind the object's end is zeros
//! ```

use std::sync::Arc;

use bytes::Bytes;

use super::cache::{Extent, Work};
use super::request::{End, Parts};
use crate::errno::{Errno, Result};
use crate::model::{EngineExt, ObjectOp, Op, OpFlags, Out, ReadMemory, Reply, Step};
use crate::rbd::image::Image;
use crate::rbd::layout::ObjectExtent;
use crate::rbd::view::View;

/// Reads a range of what is open, all of which exists, into memory of its length.
pub(super) fn read_range(
    image: &Arc<Image>,
    view: &Arc<View>,
    off: u64,
    mut memory: Box<dyn ReadMemory>,
    flags: OpFlags,
    end: End,
) {
    let layout = view.header.layout;
    let len = memory.bytes().len() as u64;
    if let Some(extent) = layout.single(off, len) {
        return ObjectRead::new(image, view, extent, flags, end).start_in_turn(memory);
    }
    let extents: Vec<_> = layout.extents(off, len).collect();
    let parts = Parts::new(extents.len(), Box::new(move |result| end.end(result)));
    for extent in extents {
        // No longer than the memory, so it fits.
        let part = memory.split_to(usize::try_from(extent.len).unwrap_or(usize::MAX));
        let end = End::Part(Arc::clone(&parts));
        ObjectRead::new(image, view, extent, flags, end).start_in_turn(part);
    }
}

/// A read of a part of one object.
pub(super) struct ObjectRead {
    pub(super) image: Arc<Image>,
    view: Arc<View>,
    extent: ObjectExtent,
    flags: OpFlags,
    end: End,
}

impl ObjectRead {
    fn new(
        image: &Arc<Image>,
        view: &Arc<View>,
        extent: ObjectExtent,
        flags: OpFlags,
        end: End,
    ) -> Self {
        ObjectRead { image: Arc::clone(image), view: Arc::clone(view), extent, flags, end }
    }

    /// Starts when what is acknowledged and overlaps this was written.
    fn start_in_turn(self, memory: Box<dyn ReadMemory>) {
        Work::Read(self, memory).start_in_turn();
    }

    pub(super) fn extent(&self) -> Extent {
        Extent::of((self.extent.object, self.extent.offset, self.extent.len))
    }

    pub(super) fn start(self, memory: Box<dyn ReadMemory>) {
        let object = self.extent.object;
        if !self.view.may_exist(object) {
            return self.read_parent(memory);
        }
        let target = self.view.header.data_object(&self.image.pool().namespace, object);
        let mut op = ObjectOp::read_at(target, self.view.snap);
        op.flags = self.image.read_flags(&self.view);
        op.steps.push(Step {
            op: Op::Read { off: self.extent.offset, len: self.extent.len, into: Some(memory) },
            flags: self.flags,
        });
        let engine = Arc::clone(&self.image.pool().engine);
        engine.submit(op, Box::new(move |reply| self.advance(reply)));
    }

    /// The object was read, or does not exist.
    fn advance(self, mut reply: Reply) {
        match (Errno::from_c(reply.result), reply.take(0)) {
            (None, Out::Filled { mut memory, len }) => {
                if let Some(rest) = memory.bytes().get_mut(len..) {
                    rest.fill(0);
                }
                drop(memory);
                self.end.end(Ok(()));
            }
            (Some(Errno::ENOENT), Out::Filled { memory, .. }) => self.read_parent(memory),
            (Some(errno), _) => self.end.end(Err(errno.into())),
            (None, _) => self.end.end(Err(Errno::EIO.because("a read without an answer"))),
        }
    }

    /// The object does not exist: what overlaps the parent comes from there, the rest is zeros.
    fn read_parent(self, mut memory: Box<dyn ReadMemory>) {
        let off = self.extent.image_offset;
        let from_parent = self.view.overlap().saturating_sub(off).min(self.extent.len);
        let bytes = memory.bytes();
        // Both are within the memory's length.
        if let Some(rest) = bytes.get_mut(from_parent as usize..) {
            rest.fill(0);
        }
        let parent = self.view.parent.as_ref().map(|(parent, _)| Arc::clone(parent));
        let Some(parent) = parent.filter(|_| from_parent > 0) else {
            drop(memory);
            return self.end.end(Ok(()));
        };
        if self.view.settings.copy_on_read {
            self.image.copy_up_later(&self.view, self.extent.object);
        }
        let whole = bytes.len() as u64 == from_parent;
        let part = if whole { memory } else { memory.split_to(from_parent as usize) };
        let view = parent.view();
        let ticket = parent.gate.enter();
        let (owner, end) = (Arc::clone(&parent), self.end);
        let end = End::Own(Box::new(move |result| {
            owner.leave(ticket);
            end.end(result);
        }));
        read_range(&parent, &view, off, part, self.flags, end);
    }
}

impl Image {
    /// What is stored of a range of what is open: offset in the image and bytes, ascending. The
    /// rest reads as zeros.
    pub(in crate::rbd) async fn read_stored(
        &self,
        off: u64,
        len: u64,
    ) -> Result<Vec<(u64, Bytes)>> {
        let view = self.view();
        let mut stored = Vec::new();
        for extent in view.header.layout.extents(off, len) {
            let found = match view.may_exist(extent.object) {
                true => self.read_object_stored(&view, extent).await?,
                false => None,
            };
            match found {
                Some(found) => stored.extend(found),
                None => stored.extend(self.read_parent_stored(&view, extent).await?),
            }
        }
        stored.sort_by_key(|(at, _)| *at);
        Ok(stored)
    }

    /// `None` when the object does not exist.
    async fn read_object_stored(
        &self,
        view: &View,
        extent: ObjectExtent,
    ) -> Result<Option<Vec<(u64, Bytes)>>> {
        let target = view.header.data_object(&self.pool().namespace, extent.object);
        let step = Op::SparseRead { off: extent.offset, len: extent.len };
        let mut op = ObjectOp::read_at(target, view.snap).then(step);
        op.flags = self.read_flags(view);
        let mut reply = match self.pool().engine.run(op).await {
            Err(error) if error == Errno::ENOENT => return Ok(None),
            reply => reply?,
        };
        let Out::Extents { extents, mut data } = reply.take(0) else {
            return Err(Errno::EIO.because("a sparse read without an answer"));
        };
        let mut found = Vec::with_capacity(extents.len());
        for (at, len) in extents {
            let taken = usize::try_from(len).unwrap_or(usize::MAX).min(data.len());
            found.push((at - extent.offset + extent.image_offset, data.split_to(taken)));
        }
        Ok(Some(found))
    }

    async fn read_parent_stored(
        &self,
        view: &View,
        extent: ObjectExtent,
    ) -> Result<Vec<(u64, Bytes)>> {
        let off = extent.image_offset;
        let len = view.overlap().saturating_sub(off).min(extent.len);
        let Some((parent, _)) = view.parent.as_ref().filter(|_| len > 0) else {
            return Ok(Vec::new());
        };
        // Boxed, since the parent may have a parent.
        Box::pin(parent.read_stored(off, len)).await
    }
}
