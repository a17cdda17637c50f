//! The fast path: reads, and writes and zeroes of block images into slots that are there, without
//! the database.
//!
//! ```text
//!   read:   generation even? entry of that generation -> pread -> generation the same? -> reply
//!   write:  lock the stripe -> entry of its generation, the block's slot is the head's own
//!           -> is there what must be there -> pwrite -> bit, tail and counters in the slot's
//!           record -> unlock -> reply
//! ```
//!
//! A reader takes no lock: while a transaction changes the object the generation is odd, and
//! afterwards it is another one, so what was read meanwhile is read again. A write in place is not
//! atomic for a reader that overlaps it, as on a disk; only image data is written so, see
//! [`Durability`].
//!
//! A block that the slot has not got yet is written as a whole, with what the layers below hold of
//! it, before its bit is set. So whoever dies in between leaves the old block.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use smallvec::{SmallVec, smallvec};

use super::Store;
use super::cache::{CachedChain, Entry};
use super::data::Source;
use super::execute::Job;
use super::layout::{BLOCK, OBJECT_MAX, split};
use super::shared::Counter;
use super::slots::Record;
use super::steps::repeated;
use super::txn::to_nanos;
use crate::errno::{Errno, Result};
use crate::model::{
    Durability, ObjectOp, Op, Out, Payload, ReadMemory, Reply, ReqFlags, SnapId, SnapSpec, Step,
    StepReply,
};

/// How often a read that met a change is repeated before it takes the lock.
const READ_TRIES: usize = 4;

/// How the fast path ended.
pub(super) enum Fast {
    /// Done.
    Done(Reply),
    /// The operation needs the database.
    Slow,
    /// The disk would have to be waited for.
    Wait,
}

impl Store {
    /// Tries an operation without the database. With `wait`, it may wait for the disk.
    pub(super) fn try_fast(&self, job: &mut Job, wait: bool) -> Fast {
        let done = match job.writes {
            true if may_write_fast(&job.op) => self.write_fast(job),
            false if is_plain_read(&job.op) => self.read_fast(job, wait),
            _ => return Fast::Slow,
        };
        match done {
            Ok(Some(reply)) => Fast::Done(reply),
            Ok(None) => Fast::Slow,
            Err(error) if error == Errno::EAGAIN && !wait => Fast::Wait,
            Err(error) => {
                log::error!("{}: {error}", job.op.target);
                Fast::Done(Reply::error(error.errno()))
            }
        }
    }

    /// The entry of an object for a generation that was even when this began, loaded if need be.
    fn entry(&self, job: &Job, snap: SnapId) -> Result<Arc<Entry>> {
        let (target, position, stripe) = (&job.op.target, job.position, job.stripe);
        let generation = self.shared.generation(stripe).load(Ordering::Acquire);
        if generation.is_multiple_of(2)
            && let Some(entry) = self.cached(target, position, snap, generation)
        {
            return Ok(entry);
        }
        let _held = self.lock_whole(stripe)?;
        let generation = self.shared.generation(stripe).load(Ordering::Acquire);
        self.load_entry(target, position, snap, generation)
    }

    fn read_fast(&self, job: &mut Job, wait: bool) -> Result<Option<Reply>> {
        let stripe = job.stripe;
        let snap = match job.op.snap {
            SnapSpec::At(snap) => snap,
            SnapSpec::Under(_) => SnapId::HEAD,
        };
        for _ in 0..READ_TRIES {
            let entry = match self.entry(job, snap) {
                Err(error) if error == Errno::ENOENT => return Ok(None),
                entry => entry?,
            };
            let step = job.op.steps.first_mut();
            let Some(Step { op: Op::Read { off, len, into }, .. }) = step else {
                return Ok(None);
            };
            if !entry.exists {
                if self.shared.generation(stripe).load(Ordering::Acquire) != entry.generation {
                    continue;
                }
                return Ok(Some(missing(into.take())));
            }
            let len = if *len == 0 { u64::MAX } else { *len };
            let len = len.min(entry.size().saturating_sub(*off)) as usize;
            let version = entry.version();
            let mut bytes = bytes::BytesMut::new();
            let buf = match into {
                Some(memory) => {
                    let bytes = memory.bytes();
                    let len = len.min(bytes.len());
                    &mut bytes[..len]
                }
                None => {
                    bytes.resize(len, 0);
                    &mut bytes[..]
                }
            };
            let Some(len) = self.read_entry(&entry, stripe, (*off, buf), wait)? else { continue };
            let out = match into.take() {
                Some(memory) => Out::Filled { memory, len },
                None => Out::Data(bytes.split_to(len).freeze()),
            };
            return Ok(Some(reply(version, smallvec![StepReply { result: 0, out }])));
        }
        Ok(None)
    }

    /// Reads as an entry says, up to the object's end: how many bytes there were; `None` if the
    /// object has changed meanwhile.
    pub(super) fn read_entry(
        &self,
        entry: &Entry,
        stripe: usize,
        (off, buf): (u64, &mut [u8]),
        wait: bool,
    ) -> Result<Option<usize>> {
        let len = (buf.len() as u64).min(entry.size().saturating_sub(off)) as usize;
        self.fill_fast(entry, off, &mut buf[..len], wait)?;
        std::sync::atomic::fence(Ordering::Acquire);
        let generation = self.shared.generation(stripe).load(Ordering::Acquire);
        Ok((generation == entry.generation).then_some(len))
    }

    /// Fills `buf` from an object.
    fn fill_fast(&self, entry: &Entry, off: u64, buf: &mut [u8], wait: bool) -> Result<()> {
        let mut rest = buf;
        for (idx, start, len) in split(off, rest.len() as u64) {
            let (part, behind) = rest.split_at_mut(len as usize);
            rest = behind;
            match entry.chain(idx) {
                Some(chain) => self.fill_chain(chain, start, part, wait)?,
                None => part.fill(0),
            }
        }
        Ok(())
    }

    fn fill_chain(&self, chain: &CachedChain, off: u64, buf: &mut [u8], wait: bool) -> Result<()> {
        let (mut at, end) = (off, off + buf.len() as u64);
        while at < end {
            let first = at / BLOCK;
            let (source, run) = chain.run(first as usize, end.div_ceil(BLOCK) as usize);
            let next = (first + run as u64) * BLOCK;
            let part = &mut buf[(at - off) as usize..(next.min(end) - off) as usize];
            match source {
                Source::Zeros => part.fill(0),
                Source::Slot(slot) => self.slots.read(slot, at, part, !wait)?,
            }
            at = next;
        }
        Ok(())
    }

    /// Writes into slots the head has for itself; `None` if there is one that it has not.
    fn write_fast(&self, job: &Job) -> Result<Option<Reply>> {
        let SnapSpec::Under(context) = &job.op.snap else { return Ok(None) };
        let Some(step) = data_step(&job.op) else { return Ok(None) };
        let (off, len) = step.range();
        if len == 0 || off >= OBJECT_MAX || len > OBJECT_MAX - off {
            return Ok(None);
        }
        let blocklist = self.shared.counter(Counter::Blocklist).load(Ordering::Acquire);
        if self.vetted.read().get(&job.caller.client) != Some(&blocklist) {
            return Ok(None);
        }
        let position = job.position;
        let held = self.shared.lock(job.stripe)?;
        let generation = self.shared.generation(job.stripe).load(Ordering::Acquire);
        if !generation.is_multiple_of(2)
            || self.shared.counter(Counter::Blocklist).load(Ordering::Acquire) != blocklist
        {
            return Ok(None);
        }
        let entry = match self.cached(&job.op.target, position, SnapId::HEAD, generation) {
            Some(entry) => entry,
            None => match self.load_entry(&job.op.target, position, SnapId::HEAD, generation) {
                Err(error) if error == Errno::ENOENT => return Ok(None),
                entry => entry?,
            },
        };
        let fits = match step.change {
            Change::Replace(_) => len >= entry.size(),
            // One that reaches the end cuts the object off.
            Change::Zero(..) => off + len < entry.size(),
            Change::Write(..) | Change::Same(..) => true,
        };
        if !entry.exists || !entry.writable || !fits || context.seq > entry.snap_seq {
            return Ok(None);
        }
        let own = |idx| entry.chain(idx).is_some_and(|chain| chain.top.is_some());
        if !split(off, len).all(|(idx, _, _)| own(idx)) {
            return Ok(None);
        }
        if let Some((off, wanted)) = step.expects
            && !self.holds(&entry, off, wanted)?
        {
            // Where it differs is told by way of the database.
            return Ok(None);
        }
        let mtime = to_nanos(job.op.mtime.unwrap_or_else(SystemTime::now));
        match step.change {
            Change::Write(_, payload) | Change::Replace(payload) => {
                self.write_pieces(&entry, off, payload, mtime)?;
            }
            Change::Same(_, len, payload) => {
                let Ok(bytes) = repeated(payload, len) else { return Ok(None) };
                self.write_pieces(&entry, off, &bytes.into(), mtime)?;
            }
            Change::Zero(..) => {
                if !self.zero_pieces(&entry, job.stripe, (off, len), mtime)? {
                    return Ok(None);
                }
            }
        }
        let version = entry.version();
        drop(held);
        Ok(Some(reply(version, SmallVec::new())))
    }

    /// Whether an object's bytes are these; what is not there is zeros.
    fn holds(&self, entry: &Entry, off: u64, wanted: &Payload) -> Result<bool> {
        let mut there = vec![0; wanted.len()];
        self.fill_fast(entry, off, &mut there, true)?;
        let mut there = &there[..];
        Ok(wanted.pieces().iter().all(|piece| there.split_off(..piece.len()) == Some(&piece[..])))
    }

    fn write_pieces(&self, entry: &Entry, off: u64, payload: &Payload, mtime: i64) -> Result<()> {
        let mut at = off;
        for piece in payload.pieces() {
            let mut rest = &piece[..];
            for (idx, start, len) in split(at, rest.len() as u64) {
                let (part, behind) = rest.split_at(len as usize);
                rest = behind;
                let Some(chain) = entry.chain(idx) else { return Err(Errno::EIO.into()) };
                let Some((slot, record)) = &chain.top else { return Err(Errno::EIO.into()) };
                let grown = self.write_chain(chain, (*slot, record), start, part, entry.cloned)?;
                let reaches = record.reach(start + len, idx, entry.size());
                record.count_write(mtime);
                if grown || reaches {
                    self.touched.lock().insert(*slot);
                }
            }
            at += piece.len() as u64;
        }
        Ok(())
    }

    /// Writes into one slot. Whether the record says more than before.
    pub(super) fn write_chain(
        &self,
        chain: &CachedChain,
        (slot, record): (u64, &Record),
        off: u64,
        bytes: &[u8],
        cloned: bool,
    ) -> Result<bool> {
        let (first, last) = (off / BLOCK, (off + bytes.len() as u64 - 1) / BLOCK);
        let mut grown = false;
        if cloned {
            (first..=last).for_each(|block| grown |= record.set_changed(block as usize));
        }
        let behind = last as usize + 1;
        if record.data_run(first as usize, behind) == behind - first as usize {
            self.slots.write(slot, off, bytes)?;
            return Ok(grown);
        }
        let mut at = off;
        let end = off + bytes.len() as u64;
        while at < end {
            let block = at / BLOCK;
            let stop = ((block + 1) * BLOCK).min(end);
            let had = record.has_data(block as usize);
            // As many blocks as are treated alike: with data, or whole and without.
            let mut until = stop;
            let whole = |from: u64, to: u64| from.is_multiple_of(BLOCK) && to - from == BLOCK;
            if had || whole(at, stop) {
                while until < end && record.has_data((until / BLOCK) as usize) == had {
                    let next = (until + BLOCK).min(end);
                    if !had && !whole(until, next) {
                        break;
                    }
                    until = next;
                }
            }
            let part = &bytes[(at - off) as usize..(until - off) as usize];
            if had || (at.is_multiple_of(BLOCK) && until.is_multiple_of(BLOCK)) {
                self.slots.write(slot, at, part)?;
            } else {
                let mut copy = [0; BLOCK as usize];
                self.fill_chain(chain, block * BLOCK, &mut copy, true)?;
                copy[(at - block * BLOCK) as usize..][..part.len()].copy_from_slice(part);
                self.slots.write(slot, block * BLOCK, &copy)?;
            }
            if !had {
                record.set_data(block as usize, until.div_ceil(BLOCK) as usize);
            }
            at = until;
        }
        Ok(true)
    }
}

/// The reply of a read that finds nothing, with the memory given back.
fn missing(memory: Option<Box<dyn ReadMemory>>) -> Reply {
    let result = Errno::ENOENT.to_c();
    let out = memory.map_or(Out::None, |memory| Out::Filled { memory, len: 0 });
    Reply { result, version: 0, steps: smallvec![StepReply { result, out }] }
}

fn reply(version: u64, steps: SmallVec<[StepReply; 2]>) -> Reply {
    Reply { result: 0, version, steps }
}

/// Whether an operation is one read of the head or a snapshot.
fn is_plain_read(op: &ObjectOp) -> bool {
    matches!(op.steps.as_slice(), [Step { op: Op::Read { .. }, .. }])
}

/// Whether an operation is a write of an image's data, by its looks.
fn may_write_fast(op: &ObjectOp) -> bool {
    op.durability != Durability::OnAck && data_step(op).is_some()
}

/// What the one step of an operation does that changes data.
enum Change<'a> {
    /// Offset and bytes.
    Write(u64, &'a Payload),
    /// The bytes replace all that is there.
    Replace(&'a Payload),
    /// Offset and length, and what is written there again and again.
    Same(u64, u64, &'a Payload),
    /// Offset and length.
    Zero(u64, u64),
}

/// An operation on an image's data.
struct DataStep<'a> {
    change: Change<'a>,
    /// Offset, and bytes that must be there.
    expects: Option<(u64, &'a Payload)>,
}

impl DataStep<'_> {
    /// Offset and length of what it changes.
    fn range(&self) -> (u64, u64) {
        match self.change {
            Change::Write(off, data) => (off, data.len() as u64),
            Change::Replace(data) => (0, data.len() as u64),
            Change::Same(off, len, _) | Change::Zero(off, len) => (off, len),
        }
    }
}

/// The one step that changes data, and the comparison before it; `None` if there are others but
/// those that are fulfilled by an object that exists.
fn data_step(op: &ObjectOp) -> Option<DataStep<'_>> {
    let (last, before) = op.steps.split_last()?;
    if op.flags.intersects(ReqFlags::ORDERSNAP | ReqFlags::RETURNVEC) {
        return None;
    }
    let mut expects = None;
    for step in before {
        match &step.op {
            Op::AssertExists | Op::SetAllocHint { .. } => {}
            Op::CmpExt { off, data } if expects.is_none() => expects = Some((*off, data)),
            _ => return None,
        }
    }
    let change = match &last.op {
        Op::Write { off, data } => Change::Write(*off, data),
        Op::WriteFull(data) => Change::Replace(data),
        Op::WriteSame { off, len, data } => Change::Same(*off, *len, data),
        Op::Zero { off, len } => Change::Zero(*off, *len),
        _ => return None,
    };
    Some(DataStep { change, expects })
}
