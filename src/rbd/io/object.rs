//! Writing to one object.
//!
//! ```text
//!   start: the map says what will be      (not there, and the parent has it: copy-up at once)
//!     |
//!   write: under the snap context         (if the parent has it: only if the object is there;
//!     |                                    -ENOENT: copy-up, which writes this too)
//!   written: a removal is noted in the map
//!     |
//!   end
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bitflags::bitflags;
use smallvec::{SmallVec, smallvec};

use super::cache::{Batch, Extent, Work};
use super::request::End;
use crate::cls::rbd::ObjectState;
use crate::errno::{Errno, Result};
use crate::model::{MAX_ERRNO, ObjectOp, Op, OpFlags, Payload, Reply, Step};
use crate::rbd::image::Image;
use crate::rbd::view::View;

/// What to do to a part of an object.
pub(in crate::rbd) enum WriteKind {
    Write(Payload),
    Discard(DiscardFlags),
    WriteSame(Payload),
    CompareAndWrite { compare: Payload, data: Payload, mismatch: Arc<AtomicU64> },
}

bitflags! {
    /// How to discard.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub(in crate::rbd) struct DiscardFlags: u8 {
        /// A whole object that hides one of the parent's is emptied, not removed: the parent's
        /// would show.
        const KEEP_HIDING_PARENT = 1;
        /// The caller sees to the object map.
        const NO_MAP_UPDATE = 2;
    }
}

/// How an object is discarded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Discard {
    /// All of it, and nothing is behind it.
    Remove,
    /// All of it; an empty object hides the parent's.
    CreateEmpty,
    /// From an offset to its end.
    Truncate,
    /// In the middle.
    Zero,
}

/// A write to a part of one object.
pub(super) struct ObjectWrite {
    pub(super) image: Arc<Image>,
    pub(super) view: Arc<View>,
    pub(super) object: u64,
    offset: u64,
    len: u64,
    kind: WriteKind,
    flags: OpFlags,
    /// Whether it goes out together with others to this object, if it would have to wait.
    pub(super) gathers: bool,
    /// Whether the object may exist, as far as the map tells.
    may_exist: bool,
    /// Whether an object that does not exist has to be filled from the parent.
    needs_copyup: bool,
    has_parent: bool,
    end: End,
}

impl ObjectWrite {
    /// A write to `place`: object, offset in it, bytes.
    pub(super) fn new(
        image: &Arc<Image>,
        view: &Arc<View>,
        place: (u64, u64, u64),
        kind: WriteKind,
        flags: OpFlags,
        end: End,
    ) -> Self {
        let (object, offset, len) = place;
        let layout = view.header.layout;
        // The first byte of an object is the first in the image of all its bytes.
        let has_parent = view.parent.is_some() && layout.image_offset(object, 0) < view.overlap();
        let whole = offset == 0 && len == layout.object_size();
        let no_snapshots = view.header.snap_context.snaps.is_empty();
        let compares = matches!(kind, WriteKind::CompareAndWrite { .. });
        ObjectWrite {
            image: Arc::clone(image),
            view: Arc::clone(view),
            object,
            offset,
            len,
            kind,
            flags,
            gathers: false,
            may_exist: true,
            needs_copyup: has_parent && !(whole && no_snapshots && !compares),
            has_parent,
            end,
        }
    }

    /// Starts when what is acknowledged and overlaps this was written.
    pub(super) fn start_in_turn(self) {
        Work::Write(self).start_in_turn();
    }

    pub(super) fn extent(&self) -> Extent {
        Extent::of((self.object, self.offset, self.len))
    }

    pub(super) fn start(mut self) {
        self.may_exist = self.view.may_exist(self.object);
        if !self.may_exist && self.discard().is_some() && !self.has_parent {
            return self.end.end(Ok(()));
        }
        if self.needs_copyup {
            self.keep();
        }
        let Some(map) = self.view.object_map.clone().filter(|_| self.updates_map()) else {
            return self.write();
        };
        if !self.may_exist && self.needs_copyup {
            return self.copy_up();
        }
        let (object, state) = (self.object, self.state_before());
        if !map.is_update_needed(object, state) {
            return self.write();
        }
        self.keep();
        map.update((object, object + 1), state, None, Box::new(move || self.write()));
    }

    /// Before something comes first that may take longer than the caller's call.
    pub(super) fn keep(&mut self) {
        match &mut self.kind {
            WriteKind::Write(data) | WriteKind::WriteSame(data) => data.keep(),
            WriteKind::CompareAndWrite { compare, data, .. } => {
                compare.keep();
                data.keep();
            }
            WriteKind::Discard(_) => {}
        }
    }

    /// Sends the write. Also after a copy-up that did not include it.
    pub(super) fn write(mut self) {
        let image = Arc::clone(&self.image);
        if let Some(cache) = image.cache.as_ref().filter(|_| self.gathers) {
            return cache.gather(self).into_iter().for_each(|write| send(smallvec![write]));
        }
        let mut op = self.operation();
        // What may have to be written again is kept.
        let again = self.needs_copyup;
        self.add_steps(&mut op.steps, again);
        image.pool().engine.submit(op, Box::new(move |reply| self.written(&reply)));
    }

    /// The operation, with what comes before the data.
    fn operation(&self) -> ObjectOp {
        let target = self.view.header.data_object(&self.image.pool().namespace, self.object);
        let mut op = ObjectOp::write_under(target, Arc::clone(&self.view.context));
        op.durability = self.image.durability(&self.view);
        if self.needs_copyup {
            op.steps.push(Op::AssertExists.into());
        }
        if self.wants_hint() {
            op.steps.extend(alloc_hint(&self.view));
        }
        op
    }

    fn written(self, reply: &Reply) {
        match Errno::from_c(reply.result) {
            None => self.note_removal(),
            Some(Errno::ENOENT) if self.needs_copyup => self.copy_up(),
            // Nothing was there to discard.
            Some(Errno::ENOENT) => self.note_removal(),
            Some(_) if reply.result <= -MAX_ERRNO && self.compares() => {
                self.mismatched(reply.result)
            }
            Some(errno) => self.end.end(Err(errno.into())),
        }
    }

    /// The copy-up this write was part of has ended; the write is done unless it never is part of
    /// one.
    pub(super) fn copied_up(self, result: Result<()>) {
        match result {
            Err(error) => self.end.end(Err(error)),
            Ok(()) if self.compares() => self.write(),
            Ok(()) => self.note_removal(),
        }
    }

    fn note_removal(self) {
        let map = self.view.object_map.clone().filter(|_| self.updates_map());
        match map.filter(|_| self.discard() == Some(Discard::Remove)) {
            None => self.end.end(Ok(())),
            Some(map) => {
                let pending = Some(ObjectState::Pending);
                let range = (self.object, self.object + 1);
                let end = self.end;
                let done = Box::new(move || end.end(Ok(())));
                map.update(range, ObjectState::Nonexistent, pending, done);
            }
        }
    }

    fn mismatched(self, result: i32) {
        let at = u64::from((-MAX_ERRNO - result).unsigned_abs());
        if let WriteKind::CompareAndWrite { mismatch, .. } = &self.kind {
            let layout = self.view.header.layout;
            mismatch.store(layout.image_offset(self.object, at), Ordering::Release);
        }
        self.end.end(Err(Errno::EILSEQ.into()));
    }

    fn compares(&self) -> bool {
        matches!(self.kind, WriteKind::CompareAndWrite { .. })
    }

    fn updates_map(&self) -> bool {
        let skip = DiscardFlags::NO_MAP_UPDATE;
        !matches!(self.kind, WriteKind::Discard(flags) if flags.contains(skip))
    }

    /// Whether this writes nothing: it is there for the copy-up.
    pub(super) fn is_empty(&self) -> bool {
        matches!(&self.kind, WriteKind::Write(data) if data.is_empty())
    }

    fn discard(&self) -> Option<Discard> {
        let WriteKind::Discard(flags) = self.kind else { return None };
        let object_size = self.view.header.layout.object_size();
        let whole = self.offset == 0 && self.len == object_size;
        let hides = flags.contains(DiscardFlags::KEEP_HIDING_PARENT) && self.has_parent;
        Some(match (whole, hides) {
            (true, false) => Discard::Remove,
            (true, true) if !self.needs_copyup => Discard::CreateEmpty,
            (true, true) => Discard::Truncate,
            (false, _) if self.offset + self.len == object_size => Discard::Truncate,
            (false, _) => Discard::Zero,
        })
    }

    /// What the map says while the write is under way.
    pub(super) fn state_before(&self) -> ObjectState {
        match self.discard() {
            Some(Discard::Remove) => ObjectState::Pending,
            _ => ObjectState::Exists,
        }
    }

    fn wants_hint(&self) -> bool {
        let may_create = self.view.object_map.is_none() || !self.may_exist;
        self.discard().is_none() && (may_create || self.view.settings.alloc_hint_flags != 0)
    }

    /// The part of the object this overwrites whatever is there, for a copy-up to leave out.
    pub(super) fn overwrites(&self) -> Option<(u64, u64)> {
        (!self.compares() && self.len > 0).then_some((self.offset, self.len))
    }

    /// Appends what this does to an operation of a copy-up. A comparison is not part of one, since
    /// it would not see what is copied.
    pub(super) fn add_copyup_steps(&mut self, steps: &mut SmallVec<[Step; 2]>) {
        if !self.compares() {
            self.add_steps(steps, true);
        }
    }

    fn add_steps(&mut self, steps: &mut SmallVec<[Step; 2]>, keep: bool) {
        let flags = self.flags;
        let mut push = |op| steps.push(Step { op, flags });
        let take = |data: &mut Payload| match keep {
            true => data.clone(),
            false => std::mem::take(data),
        };
        let off = self.offset;
        let whole = off == 0 && self.len == self.view.header.layout.object_size();
        let write = |data| match whole {
            true => Op::WriteFull(data),
            false => Op::Write { off, data },
        };
        let discard = self.discard();
        match &mut self.kind {
            WriteKind::Write(data) => push(write(take(data))),
            WriteKind::WriteSame(data) => {
                push(Op::WriteSame { off, len: self.len, data: take(data) });
            }
            WriteKind::CompareAndWrite { compare, data, .. } => {
                push(Op::CmpExt { off, data: take(compare) });
                push(write(take(data)));
            }
            WriteKind::Discard(_) => match discard {
                Some(Discard::Remove) => push(Op::Remove),
                Some(Discard::CreateEmpty) => {
                    push(Op::Create { exclusive: false });
                    push(Op::Truncate(off));
                }
                Some(Discard::Truncate) => push(Op::Truncate(off)),
                Some(Discard::Zero) => push(Op::Zero { off, len: self.len }),
                None => {}
            },
        }
    }
}

/// Sends writes that were gathered, to one object and under one view, and then those after them.
fn send(mut writes: Batch<ObjectWrite>) {
    writes.sort_unstable_by_key(|write| write.offset);
    let Some(mut op) = writes.first().map(ObjectWrite::operation) else { return };
    for write in &mut writes {
        let mut steps = SmallVec::new();
        write.add_steps(&mut steps, false);
        steps.into_iter().for_each(|step| push_joined(&mut op.steps, step));
    }
    let Some(image) = writes.first().map(|write| Arc::clone(&write.image)) else { return };
    let done = move |reply: Reply| {
        let next = writes.first().and_then(|first| {
            let cache = first.image.cache.as_ref()?;
            cache.gathered(&first.view, first.object)
        });
        next.into_iter().for_each(send);
        writes.into_iter().for_each(|write| write.written(&reply));
    };
    image.pool().engine.submit(op, Box::new(done));
}

/// Appends a step; what continues the write before it becomes part of that.
fn push_joined(steps: &mut SmallVec<[Step; 2]>, step: Step) {
    match (steps.last_mut(), step) {
        (
            Some(Step { op: Op::Write { off: before, data: all }, flags: same }),
            Step { op: Op::Write { off, data }, flags },
        ) if *same == flags && *before + all.len() as u64 == off => all.append(data),
        (_, step) => steps.push(step),
    }
}

/// The step that tells how large the object will be.
pub(super) fn alloc_hint(view: &View) -> Option<Step> {
    let size = view.header.layout.object_size();
    let flags = view.settings.alloc_hint_flags;
    let hint = |size| Op::SetAllocHint { object_size: size, write_size: size, flags }.into();
    match (view.settings.alloc_hint, flags) {
        (true, _) => Some(hint(size)),
        (false, 0) => None,
        (false, _) => Some(hint(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_continues_a_write_is_part_of_it() {
        let write = |off, data: &'static str, flags| Step {
            op: Op::Write { off, data: bytes::Bytes::from(data).into() },
            flags,
        };
        let none = OpFlags::empty();
        let mut steps: SmallVec<[Step; 2]> = SmallVec::new();
        for step in [
            write(0, "ab", none),
            write(2, "cd", none),
            write(5, "e", none),
            write(6, "f", OpFlags::FADVISE_RANDOM),
            write(7, "g", none),
        ] {
            push_joined(&mut steps, step);
        }
        let parts = steps.iter().map(|step| match &step.op {
            Op::Write { off, data } => (*off, data.to_bytes()),
            _ => panic!("another step"),
        });
        let expected = [(0, "abcd"), (5, "e"), (6, "f"), (7, "g")];
        assert_eq!(parts.collect::<Vec<_>>(), expected.map(|(off, data)| (off, data.into())));
    }
}
