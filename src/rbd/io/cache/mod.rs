//! The cache of an image on a cluster: writes are acknowledged before they are written.
//!
//! ```text
//!   write -- nothing overlaps: claims its extents -- sent -- acknowledged, when there is room
//!       \                                         \    \-- ended: an error is kept for the flush
//!        \                                         \-- small, and the object is being written to:
//!         \                                             gathered, sent with others when that ends
//!          \-- overlaps a claim, or has to be written first: waits its turn, acknowledged at
//!              its end
//!   read, compare-and-write: wait their turn
//! ```
//!
//! It is what Ceph calls write-around, its default: a write goes out as soon as it can, and is only
//! acknowledged early, once the guest has flushed (`View::cache`). So what waits for requests under
//! way at the gate (flushes, snapshots, resizing, the lock, closing) waits for all that is
//! acknowledged and not written. Small writes to an object that is being written to go out together
//! when that ends, as one operation: an OSD takes many for little more than one. The policy
//! `writeback` is done the same way: nothing read is kept.
//!
//! Measured on 16.2.15: with the OSDs stopped, what `rbd_cache_max_dirty` takes is acknowledged
//! after the first flush, also discards; not what overlaps what is under way, nor a read of it, nor
//! with `LIBRADOS_OP_FLAG_FADVISE_FUA`. A write that fails after its acknowledgement fails the next
//! flush, once. There only a flush that finds writes under way reports it, and closing does not;
//! here the next flush does, or else closing.
//!
//! An engine that itself acknowledges before it is durable ([`Engine::keeps_writes`]) has no use
//! for any of this: its images have no cache.
//!
//! [`Engine::keeps_writes`]: crate::model::Engine::keeps_writes

mod gather;
mod room;
#[cfg(test)]
mod tests;
mod turns;

use std::sync::Arc;

use parking_lot::Mutex;

use gather::{Gather, Gathers};
use room::{Cost, Due, Room};
use turns::{Ready, Turns};

pub(super) use gather::Batch;
pub(in crate::rbd) use room::Limits;
pub(super) use room::Taken;
pub(super) use turns::{Extent, Extents};

use super::IoDone;
use super::object::ObjectWrite;
use super::read::ObjectRead;
use super::request::Finish;
use crate::errno::{Error, Result};
use crate::model::{Durability, OpFlags, ReadMemory};
use crate::rbd::gate::Waits;
use crate::rbd::image::Image;
use crate::rbd::view::View;

/// The cache of one image.
pub(in crate::rbd) struct Cache {
    turns: Turns<Work>,
    room: Room<Ack>,
    gather: Gather<ObjectWrite>,
    /// The first error of a write that was acknowledged, until a flush reports it.
    lost: Mutex<Option<Error>>,
}

/// A request's callback and what it is told.
pub(super) struct Ack {
    done: IoDone,
    value: u64,
}

/// A write that is acknowledged before its end.
pub(super) struct Early {
    extents: Extents,
    off: u64,
    cost: Cost,
    /// Its number in the queue of those that wait for room.
    queued: Option<u64>,
}

/// Work on a part of an object that may have to wait.
pub(super) enum Work {
    Read(ObjectRead, Box<dyn ReadMemory>),
    Write(ObjectWrite),
}

impl Waits for Work {
    fn keep(&mut self) {
        match self {
            // Memory is the read's until it ends.
            Work::Read(..) => {}
            Work::Write(write) => write.keep(),
        }
    }
}

impl Work {
    /// Starts when what is acknowledged and overlaps this was written.
    pub(super) fn start_in_turn(self) {
        let (image, extent, reads) = match &self {
            Work::Read(read, _) => (&read.image, read.extent(), true),
            Work::Write(write) => (&write.image, write.extent(), false),
        };
        if image.cache.as_ref().is_none_or(|cache| cache.turns.is_idle()) {
            return self.start();
        }
        let image = Arc::clone(image);
        let Some(cache) = &image.cache else { return };
        if let Some(work) = cache.turns.wait(extent, reads, self) {
            work.start();
        }
    }

    fn start(self) {
        match self {
            Work::Read(read, memory) => read.start(memory),
            Work::Write(write) => write.start(),
        }
    }
}

impl Gathers for ObjectWrite {
    fn size(&self) -> u64 {
        self.extent().len()
    }

    fn goes_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.view, &other.view)
    }
}

impl Ack {
    fn give(self) {
        (self.done)(Ok(self.value));
    }
}

impl Cache {
    pub(in crate::rbd) fn new() -> Self {
        Cache {
            turns: Turns::new(),
            room: Room::new(),
            gather: Gather::new(),
            lost: Mutex::new(None),
        }
    }

    /// A small write that was taken on ahead. Gives it back if it is to be sent now, by itself.
    pub(super) fn gather(&self, mut write: ObjectWrite) -> Option<ObjectWrite> {
        // It would be copied to be sent, too.
        write.keep();
        let limit = write.view.settings.cache_limits.objects;
        self.gather.enter(write.object, write, limit)
    }

    /// What is to be sent now that small writes to an object have ended.
    pub(super) fn gathered(&self, view: &View, object: u64) -> Option<Batch<ObjectWrite>> {
        self.gather.leave(object, view.settings.cache_limits.objects)
    }

    /// The first error of a write that was acknowledged, since this was last asked.
    pub(in crate::rbd) fn take_lost(&self) -> Result<()> {
        self.lost.lock().take().map_or(Ok(()), Err)
    }

    /// A write of which [`Finish::ahead`] told was sent.
    pub(super) fn sent(&self, taken: Taken<Ack>) {
        match taken {
            Taken::Now(ack) => ack.give(),
            Taken::Later(number) => give(self.room.sent(number)),
        }
    }

    fn ended(&self, image: &Image, early: Early, result: Result<()>) -> Ready<Work> {
        let ready = self.turns.give_back(&early.extents);
        if let Some(ack) = early.queued.and_then(|number| self.room.withdraw(number)) {
            (ack.done)(result.map(|()| ack.value));
            return ready;
        }
        if let Err(error) = result {
            self.note_lost(image, &early, error);
        }
        give(self.room.release(early.cost));
        ready
    }

    fn note_lost(&self, image: &Image, early: &Early, error: Error) {
        let mut lost = self.lost.lock();
        // One line until the next flush; many writes fail for one reason.
        if lost.is_none() {
            log::error!(
                target: "rbd",
                "image {}: {} bytes at {} were acknowledged and could not be written: {error}",
                image.name(), early.cost.bytes, early.off
            );
            *lost = Some(error);
        }
    }
}

fn give(due: Due<Ack>) {
    due.into_iter().for_each(Ack::give);
}

impl Finish {
    /// Takes on a write that may be acknowledged before its end: it is then to be started at once,
    /// and [`Cache::sent`] told what this returns. `None`: it is to be started in turn. `gathers`:
    /// it does not become an operation of its own when there are many.
    pub(super) fn ahead(
        &mut self,
        view: &View,
        off: u64,
        flags: OpFlags,
        gathers: bool,
        extents: impl FnOnce() -> Extents,
    ) -> Option<Taken<Ack>> {
        let cache = self.image.cache.as_ref()?;
        let limits = view.settings.cache_limits;
        if self.image.durability(view) != Durability::OnFlush
            || flags.contains(OpFlags::FADVISE_FUA)
            || self.value > limits.bytes
        {
            return None;
        }
        let extents = extents();
        if let Err(ready) = cache.turns.claim(&extents) {
            ready.into_iter().for_each(Work::start);
            return None;
        }
        let cost = Cost { bytes: self.value, ops: u64::from(!gathers) };
        let ack = Ack { done: self.done.take()?, value: self.value };
        let taken = cache.room.take(cost, limits, ack);
        let queued = match &taken {
            Taken::Now(_) => None,
            Taken::Later(number) => Some(*number),
        };
        self.early = Some(Early { extents, off, cost, queued });
        Some(taken)
    }

    /// Tells the callback, if it was not told ahead, and lets go who waited for this.
    pub(super) fn end(mut self, result: Result<()>) {
        let mut ready = Ready::new();
        match (self.early.take(), &self.image.cache, self.done.take()) {
            (Some(early), Some(cache), _) => ready = cache.ended(&self.image, early, result),
            (_, _, Some(done)) => done(result.map(|()| self.value)),
            _ => {}
        }
        self.image.leave(self.ticket);
        ready.into_iter().for_each(Work::start);
    }
}

impl Image {
    /// A write that was taken on ahead was sent.
    pub(super) fn sent(&self, taken: Taken<Ack>) {
        if let Some(cache) = &self.cache {
            cache.sent(taken);
        }
    }

    /// What writes that were acknowledged have failed with, if no flush has said so yet.
    pub(in crate::rbd) fn take_lost(&self) -> Result<()> {
        self.cache.as_ref().map_or(Ok(()), Cache::take_lost)
    }
}
