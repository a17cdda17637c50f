//! Reading and writing an image.
//!
//! ```text
//!   Image::read -> at once, of an object that the engine has in memory; otherwise
//!   Image::write -> Request: admitted at the gate, clipped, cut into objects
//!                      -> cache: on clusters, acknowledges writes ahead, keeps what overlaps
//!                            apart, gathers what is small
//!                      -> ObjectRead | ObjectWrite: object map, the object, the parent, copy-up
//!                            -> Engine::submit
//! ```
//!
//! Nothing here waits. A request ends by its callback, which may run inside the call that submitted
//! it (where the engine answers at once) or later on a thread of the engine's; it must not block.
//! An async form of each call stands beside it for what is not in a hurry.

mod at_once;
mod cache;
mod copyup;
mod object;
mod read;
mod request;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;

pub(super) use at_once::Contexts;
pub(super) use cache::{Cache, Limits};
pub(super) use copyup::Copyup;
pub(super) use object::{DiscardFlags, WriteKind};
pub(super) use request::Request;
use request::{Kind, Parts};

use super::gate::{Admission, CLOSED, Needs};
use super::image::Image;
use crate::conf::Settings as _;
use crate::errno::{Errno, Result};
use crate::model::{OpFlags, Payload, ReadMemory};

/// How a request ends: the bytes read or written (0 for discards and flushes), or an error.
pub type IoDone = Box<dyn FnOnce(Result<u64>) + Send>;

/// How a compare-and-write ends: as others; on a mismatch with `-EILSEQ` and the offset in the
/// image of the object extent's first byte that differs.
pub type CompareDone = Box<dyn FnOnce(Result<u64>, u64) + Send>;

/// Bytes that thick zeroing repeats.
const ZERO_BLOCK: u64 = 512;

impl Image {
    /// Reads into memory from `off` on. Bytes read are fewer than the memory takes at the image's
    /// end. `-EINVAL` behind it.
    pub fn read(
        self: &Arc<Self>,
        off: u64,
        mut memory: impl ReadMemory + 'static,
        flags: OpFlags,
        done: impl FnOnce(Result<u64>) + Send + 'static,
    ) {
        if let Some(read) = self.read_at_once(off, memory.bytes()) {
            drop(memory);
            return done(Ok(read));
        }
        let len = memory.bytes().len() as u64;
        let (memory, done) = (Box::new(memory), Box::new(done));
        self.submit(Request { kind: Kind::Read(memory), off, len, flags, done }, Needs::Header);
    }

    /// Writes. What is behind the image's end is cut off. `-EINVAL` for all of it behind the end,
    /// `-EROFS`.
    pub fn write(self: &Arc<Self>, off: u64, data: Payload, flags: OpFlags, done: IoDone) {
        let len = data.len() as u64;
        self.submit(Request { kind: Kind::Write(data), off, len, flags, done }, Needs::ToWrite);
    }

    /// Discards: the range then reads as zeros, or as before where it covers less than a block of
    /// `granularity` bytes (`None`: as configured; 0: all of the range is zeroed).
    pub fn discard(self: &Arc<Self>, off: u64, len: u64, granularity: Option<u32>, done: IoDone) {
        let flags = OpFlags::empty();
        let request = Request { kind: Kind::Discard { granularity }, off, len, flags, done };
        self.submit(request, Needs::ToWrite);
    }

    /// Writes zeros: gives the space back, or with `thick` takes it.
    pub fn write_zeroes(
        self: &Arc<Self>,
        off: u64,
        len: u64,
        thick: bool,
        flags: OpFlags,
        done: IoDone,
    ) {
        if !thick {
            return self.discard(off, len, Some(0), done);
        }
        let Some(end) = off.checked_add(len) else { return done(Err(Errno::EINVAL.into())) };
        let first = off.next_multiple_of(ZERO_BLOCK);
        let last = end - end % ZERO_BLOCK;
        let zeros = |len: u64| Payload::from(vec![0; usize::try_from(len).unwrap_or(0)]);
        if last.saturating_sub(first) <= ZERO_BLOCK {
            return self.write(off, zeros(len), flags, done);
        }
        // Whole blocks repeated; what is before and behind them written.
        let parts = Parts::new(3, Box::new(move |result| done(result.map(|()| len))));
        let part = || {
            let parts = Arc::clone(&parts);
            Box::new(move |result: Result<u64>| parts.ended(result.map(drop))) as IoDone
        };
        match first - off {
            0 => parts.ended(Ok(())),
            before => self.write(off, zeros(before), flags, part()),
        }
        match end - last {
            0 => parts.ended(Ok(())),
            behind => self.write(last, zeros(behind), flags, part()),
        }
        self.write_repeated(first, last - first, zeros(ZERO_BLOCK), flags, part());
    }

    /// Writes the same bytes repeatedly; `len` must be a multiple of their number (`-EINVAL`).
    /// Zeros are discarded instead where `rbd_discard_on_zeroed_write_same` says so.
    pub fn write_same(
        self: &Arc<Self>,
        off: u64,
        len: u64,
        data: Payload,
        flags: OpFlags,
        done: IoDone,
    ) {
        if data.is_empty() || !len.is_multiple_of(data.len() as u64) {
            return done(Err(Errno::EINVAL.because("not a multiple of the data")));
        }
        let zero = data.pieces().iter().all(|piece| piece.iter().all(|byte| *byte == 0));
        if zero && self.config().bool("rbd_discard_on_zeroed_write_same") {
            return self.write_zeroes(off, len, false, flags, done);
        }
        self.write_repeated(off, len, data, flags, done);
    }

    fn write_repeated(
        self: &Arc<Self>,
        off: u64,
        len: u64,
        data: Payload,
        flags: OpFlags,
        done: IoDone,
    ) {
        self.submit(Request { kind: Kind::WriteSame(data), off, len, flags, done }, Needs::ToWrite);
    }

    /// Writes `data` if `compare` is there now. Within one stripe unit of one object (`-EINVAL`).
    pub fn compare_and_write(
        self: &Arc<Self>,
        off: u64,
        compare: Payload,
        data: Payload,
        flags: OpFlags,
        done: CompareDone,
    ) {
        if compare.len() != data.len() {
            return done(Err(Errno::EINVAL.because("unequal lengths")), 0);
        }
        let len = data.len() as u64;
        let mismatch = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&mismatch);
        let done: IoDone = Box::new(move |result| done(result, seen.load(Ordering::Acquire)));
        let kind = Kind::CompareAndWrite { compare, data, mismatch };
        self.submit(Request { kind, off, len, flags, done }, Needs::ToWrite);
    }

    /// Makes durable what requests before this have written. Fails with what became of a write that
    /// was acknowledged ahead, once.
    pub fn flush_then(self: &Arc<Self>, done: IoDone) {
        let flags = OpFlags::empty();
        self.submit(Request { kind: Kind::Flush, off: 0, len: 0, flags, done }, Needs::Turn);
    }

    fn submit(self: &Arc<Self>, request: Request, needs: Needs) {
        match self.gate.admit(request, needs) {
            Admission::Start(request, ticket) => request.start(self, ticket),
            Admission::Queued { attend: false } => {}
            Admission::Queued { attend: true } => {
                crate::runtime::spawn(Arc::clone(self).attend());
            }
            Admission::Closed(request) => request.fail(CLOSED.into()),
        }
    }

    /// Drops cached data, of which there is none but the system's, and makes durable what was
    /// written. It is not the guest's flush: writes are not acknowledged ahead because of it, and
    /// it does not report those that failed (measured on 16.2.15).
    pub async fn invalidate_cache(&self) -> Result<()> {
        self.settle().await;
        match self.is_read_only() {
            true => Ok(()),
            false => self.flush_store().await,
        }
    }

    /// Waits until requests before this have ended, also those that were acknowledged ahead. What
    /// became of them is for a flush to say.
    pub(super) async fn settle(&self) {
        let Some(this) = self.this() else { return };
        let flags = OpFlags::empty();
        let _ = wait(|done| {
            this.submit(Request { kind: Kind::Settle, off: 0, len: 0, flags, done }, Needs::Turn);
        })
        .await;
    }

    /// Reads a range; less at the image's end.
    pub async fn read_at(self: &Arc<Self>, off: u64, len: usize) -> Result<Bytes> {
        let lent = Lent::new(len);
        let read = wait(|done| self.read(off, lent.memory(), OpFlags::empty(), done)).await?;
        let mut bytes = lent.take();
        bytes.truncate(usize::try_from(read).unwrap_or(len));
        Ok(bytes.freeze())
    }

    /// Writes; the bytes written.
    pub async fn write_at(self: &Arc<Self>, off: u64, data: impl Into<Payload>) -> Result<u64> {
        let data = data.into();
        wait(|done| self.write(off, data, OpFlags::empty(), done)).await
    }

    /// Discards as configured.
    pub async fn discard_at(self: &Arc<Self>, off: u64, len: u64) -> Result<()> {
        wait(|done| self.discard(off, len, None, done)).await.map(drop)
    }

    /// Makes durable what was written.
    pub async fn flush(&self) -> Result<()> {
        let Some(this) = self.this() else { return Err(CLOSED.into()) };
        wait(|done| this.flush_then(done)).await.map(drop)
    }
}

/// Awaits a request that ends by a callback.
async fn wait(submit: impl FnOnce(IoDone)) -> Result<u64> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    submit(Box::new(move |result| drop(sender.send(result))));
    receiver.await.unwrap_or_else(|_| Err(CLOSED.into()))
}

/// Memory lent to a read, which comes back in parts, in any order, when the read drops them.
struct Lent {
    parts: Arc<Mutex<Vec<BytesMut>>>,
    len: usize,
}

struct LentMemory {
    bytes: BytesMut,
    parts: Arc<Mutex<Vec<BytesMut>>>,
}

impl Lent {
    fn new(len: usize) -> Self {
        Lent { parts: Arc::default(), len }
    }

    fn memory(&self) -> Box<dyn ReadMemory> {
        let bytes = BytesMut::zeroed(self.len);
        Box::new(LentMemory { bytes, parts: Arc::clone(&self.parts) })
    }

    /// The memory, when the read has ended.
    fn take(&self) -> BytesMut {
        let mut parts = std::mem::take(&mut *self.parts.lock());
        parts.sort_by_key(|part| part.as_ptr());
        // Parts of one allocation that are next to each other are joined without copying.
        let joined = parts.into_iter().reduce(|mut before, part| {
            before.unsplit(part);
            before
        });
        joined.unwrap_or_default()
    }
}

impl ReadMemory for LentMemory {
    fn bytes(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    fn split_to(&mut self, at: usize) -> Box<dyn ReadMemory> {
        let bytes = self.bytes.split_to(at);
        Box::new(LentMemory { bytes, parts: Arc::clone(&self.parts) })
    }
}

impl Drop for LentMemory {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        if !bytes.is_empty() {
            self.parts.lock().push(bytes);
        }
    }
}
