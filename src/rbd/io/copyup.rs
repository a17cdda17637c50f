//! Copy-up: filling a clone's object from the parent before its first write.
//!
//! ```text
//!   writes that find no object gather
//!     |
//!   read what the parent stores          (all zeros and nothing to write: done)
//!     |                                   later writes wait, and are sent again at the end
//!   object maps: of every snapshot, since they show the copied data too, and of the head
//!     |
//!   no snapshots:  one operation: copy, then the writes
//!   snapshots:     copy without a snap context, so that all snapshots have it; then the writes
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::object::{ObjectWrite, alloc_hint};
use crate::cls::Method;
use crate::cls::rbd::{ObjectState, SparseCopyup};
use crate::errno::{Errno, Result};
use crate::model::{EngineExt, ObjectOp, SnapContext, SnapId};
use crate::rbd::Features;
use crate::rbd::image::Image;
use crate::rbd::view::View;

/// A copy-up under way: who waits for it.
#[derive(Default)]
pub(in crate::rbd) struct Copyup {
    /// Writes that are part of it.
    writes: Vec<ObjectWrite>,
    /// Writes that came too late for that.
    late: Vec<ObjectWrite>,
    /// Whether `writes` were taken.
    closed: bool,
}

impl ObjectWrite {
    /// Makes this write part of the object's copy-up, or has it wait for the one under way.
    pub(super) fn copy_up(self) {
        let image = Arc::clone(&self.image);
        let object = self.object;
        let mut all = image.copyups.lock();
        if let Some(copyup) = all.get_mut(&object) {
            match copyup.closed {
                false => copyup.writes.push(self),
                true => copyup.late.push(self),
            }
            return;
        }
        all.insert(object, Copyup { writes: vec![self], ..Copyup::default() });
        drop(all);
        start(image, object);
    }
}

fn start(image: Arc<Image>, object: u64) {
    let ticket = image.gate.enter();
    crate::runtime::spawn(async move {
        image.copy_up(object).await;
        image.leave(ticket);
    });
}

impl Image {
    /// Copies an object up because it was read (`rbd_clone_copy_on_read`), if this client may
    /// write.
    pub(super) fn copy_up_later(self: &Arc<Self>, view: &View, object: u64) {
        let may_write = !self.was_opened_read_only() && view.snap == SnapId::HEAD;
        if !may_write || (self.has_lock() && !self.lock.is_held()) {
            return;
        }
        let mut all = self.copyups.lock();
        if all.contains_key(&object) {
            return;
        }
        all.insert(object, Copyup::default());
        drop(all);
        start(Arc::clone(self), object);
    }

    async fn copy_up(self: &Arc<Self>, object: u64) {
        let view = self.view();
        let found = self.parent_data(&view, object).await;
        let mut writes = match self.copyups.lock().get_mut(&object) {
            Some(copyup) => {
                copyup.closed = true;
                std::mem::take(&mut copyup.writes)
            }
            None => Vec::new(),
        };
        let result = match found {
            Ok(data) => self.copy_and_write(&view, object, data, &mut writes).await,
            Err(error) => Err(error),
        };
        let late = self.copyups.lock().remove(&object).map(|copyup| copyup.late);
        for write in writes {
            write.copied_up(result.clone());
        }
        // Whatever became of the copy-up, these find out for themselves.
        for write in late.unwrap_or_default() {
            write.write();
        }
    }

    /// What the parent stores of an object: offset in the object and bytes, ascending.
    async fn parent_data(&self, view: &View, object: u64) -> Result<Vec<(u64, Bytes)>> {
        let Some((parent, overlap)) = &view.parent else { return Ok(Vec::new()) };
        let layout = view.header.layout;
        let mut data = Vec::new();
        for (off, len) in layout.image_extents(object, 0, layout.object_size()) {
            let len = overlap.saturating_sub(off).min(len);
            if len == 0 {
                break;
            }
            for (at, bytes) in parent.read_stored(off, len).await? {
                data.push((layout.locate(at).1, bytes));
            }
        }
        Ok(data)
    }

    async fn copy_and_write(
        &self,
        view: &View,
        object: u64,
        mut data: Vec<(u64, Bytes)>,
        writes: &mut [ObjectWrite],
    ) -> Result<()> {
        let is_zero = data.iter().all(|(_, bytes)| bytes.iter().all(|byte| *byte == 0));
        let only_read = writes.is_empty();
        if is_zero && !only_read && writes.iter().all(ObjectWrite::is_empty) {
            return Ok(());
        }
        let snapshots = !view.header.snap_context.snaps.is_empty();
        let apart = only_read || (snapshots && !is_zero);
        let last = writes.last().map(ObjectWrite::state_before);
        self.update_maps(view, object, is_zero, last).await;
        if is_zero {
            data.clear();
        } else if !only_read && !snapshots {
            writes.iter().filter_map(ObjectWrite::overwrites).for_each(|gap| cut(&mut data, gap));
        }
        let target = view.header.data_object(&self.pool().namespace, object);
        let mut copy = ObjectOp::write_under(target.clone(), Arc::new(SnapContext::none()));
        let mut write = ObjectOp::write_under(target, Arc::clone(&view.context));
        let durability = self.durability(view);
        (copy.durability, write.durability) = (durability, durability);
        let steps = if apart { &mut copy.steps } else { &mut write.steps };
        steps.push(sparse_copyup(&data).call().into());
        steps.extend(alloc_hint(view));
        writes.iter_mut().for_each(|each| each.add_copyup_steps(&mut write.steps));
        let engine = &self.pool().engine;
        // Both are sent before either is awaited; the engine keeps their order.
        let copied = (!copy.steps.is_empty()).then(|| engine.run_raw(copy));
        let written = (!write.steps.is_empty()).then(|| engine.run_raw(write));
        let mut result = 0;
        if let Some(copied) = copied {
            result = copied.await.result.min(result);
        }
        if let Some(written) = written {
            let written = written.await.result;
            result = if result < 0 { result } else { written.min(0) };
        }
        match Errno::from_c(result) {
            Some(errno) if errno != Errno::ENOENT => Err(errno.into()),
            _ => Ok(()),
        }
    }

    /// Notes in the maps that the object exists. The first snapshot has what is copied as new data,
    /// later ones have it from there. `written`: what the last write makes of the head's object.
    async fn update_maps(
        &self,
        view: &View,
        object: u64,
        is_zero: bool,
        written: Option<ObjectState>,
    ) {
        let Some(map) = view.object_map.clone() else { return };
        let fast_diff = view.has(Features::FAST_DIFF);
        let snaps = &view.header.snap_context.snaps;
        if !is_zero {
            for (at, snap) in snaps.iter().rev().enumerate() {
                let state = match fast_diff && at > 0 {
                    true => ObjectState::ExistsClean,
                    false => ObjectState::Exists,
                };
                map.update_snapshot(SnapId(*snap), object, state).await;
            }
        }
        let head = match written {
            Some(state) => state,
            None if fast_diff && !is_zero && !snaps.is_empty() => ObjectState::ExistsClean,
            None => ObjectState::Exists,
        };
        map.updated((object, object + 1), head, None).await;
    }
}

fn sparse_copyup(data: &[(u64, Bytes)]) -> SparseCopyup {
    let mut extents = BTreeMap::new();
    let mut all = BytesMut::new();
    for (off, bytes) in data {
        extents.insert(*off, bytes.len() as u64);
        all.extend_from_slice(bytes);
    }
    SparseCopyup { extents, data: all.freeze() }
}

/// Takes a range out of the data.
fn cut(data: &mut Vec<(u64, Bytes)>, (from, len): (u64, u64)) {
    let to = from + len;
    let mut kept = Vec::with_capacity(data.len() + 1);
    for (off, bytes) in data.drain(..) {
        let end = off + bytes.len() as u64;
        // The offsets into `bytes` are within its length, which is a `usize`.
        if off < from {
            kept.push((off, bytes.slice(..(from.min(end) - off) as usize)));
        }
        if end > to {
            let first = to.max(off);
            kept.push((first, bytes.slice((first - off) as usize..)));
        }
    }
    *data = kept;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_overwritten_is_not_copied() {
        let whole = || vec![(10, Bytes::from_static(b"abcdefghij"))];
        let cut_out = |gap| {
            let mut data = whole();
            cut(&mut data, gap);
            data
        };
        assert_eq!(cut_out((0, 10)), whole());
        assert_eq!(cut_out((5, 100)), []);
        assert_eq!(cut_out((0, 12)), [(12, Bytes::from_static(b"cdefghij"))]);
        assert_eq!(
            cut_out((12, 3)),
            [(10, Bytes::from_static(b"ab")), (15, Bytes::from_static(b"fghij"))]
        );
    }
}
