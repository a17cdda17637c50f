//! A request to an image, from its admission to its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::SystemTime;

use parking_lot::Mutex;
use smallvec::{SmallVec, smallvec};

use super::IoDone;
use super::cache::{Early, Extent};
use super::object::{DiscardFlags, ObjectWrite, WriteKind};
use super::read::read_range;
use crate::cls::rbd::{ObjectState, SetAccessTimestamp, SetModifyTimestamp};
use crate::cls::{Method, UTime};
use crate::errno::{Errno, Error, Result};
use crate::model::{Durability, ObjectOp, Op, OpFlags, Payload, ReadMemory};
use crate::rbd::gate::{Ticket, Waits};
use crate::rbd::image::Image;
use crate::rbd::layout::{Layout, ObjectRun};
use crate::rbd::view::{CacheMode, View};

/// The most that is gathered with others, in bytes.
const GATHERED_BYTES: u64 = 32 << 10;

/// A request. Ends by its callback.
pub(in crate::rbd) struct Request {
    pub(super) kind: Kind,
    /// First byte of the image.
    pub(super) off: u64,
    /// Bytes.
    pub(super) len: u64,
    pub(super) flags: OpFlags,
    pub(super) done: IoDone,
}

/// What is asked for.
pub(super) enum Kind {
    Read(Box<dyn ReadMemory>),
    Write(Payload),
    Discard {
        granularity: Option<u32>,
    },
    WriteSame(Payload),
    CompareAndWrite {
        compare: Payload,
        data: Payload,
        mismatch: Arc<AtomicU64>,
    },
    Flush,
    /// Waits for what was before it.
    Settle,
}

impl Kind {
    /// For the log.
    fn name(&self) -> &'static str {
        match self {
            Kind::Read(_) => "read",
            Kind::Write(_) => "write",
            Kind::Discard { .. } => "discard",
            Kind::WriteSame(_) => "write same",
            Kind::CompareAndWrite { .. } => "compare and write",
            Kind::Flush => "flush",
            Kind::Settle => "settle",
        }
    }
}

/// The end of a request that is under way.
pub(super) struct Finish {
    pub(super) image: Arc<Image>,
    pub(super) ticket: Ticket,
    /// Until it was called, or is the cache's to call.
    pub(super) done: Option<IoDone>,
    pub(super) value: u64,
    /// What the cache knows of it, if it is acknowledged ahead.
    pub(super) early: Option<Early>,
}

impl Finish {
    fn new(image: &Arc<Image>, ticket: Ticket, done: IoDone) -> Self {
        Finish { image: Arc::clone(image), ticket, done: Some(done), value: 0, early: None }
    }
}

/// What a part of a request reports its end to.
pub(super) enum End {
    /// The part is all of it.
    Whole(Finish),
    /// One of several.
    Part(Arc<Parts>),
    /// Work of the image's own.
    Own(Ended),
}

impl End {
    pub(super) fn end(self, result: Result<()>) {
        match self {
            End::Whole(finish) => finish.end(result),
            End::Part(parts) => parts.ended(result),
            End::Own(done) => done(result),
        }
    }
}

/// Told the end of a request.
type Ended = Box<dyn FnOnce(Result<()>) + Send>;

/// Parts of a request that end on their own; the last one ends it, with the first error.
pub(super) struct Parts {
    pending: AtomicUsize,
    error: Mutex<Option<Error>>,
    done: Mutex<Option<Ended>>,
}

impl Parts {
    pub(super) fn new(count: usize, done: Ended) -> Arc<Self> {
        Arc::new(Parts {
            pending: AtomicUsize::new(count),
            error: Mutex::new(None),
            done: Mutex::new(Some(done)),
        })
    }

    pub(super) fn ended(&self, result: Result<()>) {
        if let Err(error) = result {
            self.error.lock().get_or_insert(error);
        }
        if self.pending.fetch_sub(1, Ordering::AcqRel) != 1 {
            return;
        }
        let result = self.error.lock().take().map_or(Ok(()), Err);
        let done = self.done.lock().take();
        if let Some(done) = done {
            done(result);
        }
    }
}

impl Waits for Request {
    fn keep(&mut self) {
        match &mut self.kind {
            Kind::Write(data) | Kind::WriteSame(data) => data.keep(),
            Kind::CompareAndWrite { compare, data, .. } => {
                compare.keep();
                data.keep();
            }
            Kind::Read(_) | Kind::Discard { .. } | Kind::Flush | Kind::Settle => {}
        }
    }
}

impl Request {
    /// Ends a request that never started.
    pub(in crate::rbd) fn fail(self, error: Error) {
        (self.done)(Err(error));
    }

    /// Starts a request that was admitted.
    pub(in crate::rbd) fn start(self, image: &Arc<Image>, ticket: Ticket) {
        let Request { kind, off, len, flags, done } = self;
        match kind {
            Kind::Flush => return start_flush(image, ticket, done),
            Kind::Settle => return start_settle(image, ticket, done),
            _ => {}
        }
        let mut finish = Finish::new(image, ticket, done);
        let view = image.view();
        log::debug!(target: "rbd", "image {}: {} {off}~{len}", image.id(), kind.name());
        let is_read = matches!(kind, Kind::Read(_));
        let len = match clip(&view, off, len) {
            Ok(_) if !is_read && image.is_read_only() => {
                return finish.end(Err(Errno::EROFS.because("the image is read-only")));
            }
            Ok(0) => return finish.end(Ok(())),
            Ok(len) => len,
            Err(error) => return finish.end(Err(error)),
        };
        image.update_timestamp(&view, is_read);
        finish.value = len;
        match kind {
            Kind::Read(mut memory) => {
                if memory.bytes().len() as u64 > len {
                    let wanted = usize::try_from(len).unwrap_or(usize::MAX);
                    memory = memory.split_to(wanted);
                }
                read_range(image, &view, off, memory, flags, End::Whole(finish));
            }
            Kind::Write(data) => start_write(image, &view, off, data, flags, finish),
            Kind::Discard { granularity } => {
                let granularity = granularity.unwrap_or(view.settings.discard_granularity);
                start_discard(&view, (off, len), granularity.into(), finish);
            }
            Kind::WriteSame(data) => {
                start_write_same(&view, (off, len), data, flags, finish);
            }
            Kind::CompareAndWrite { mut compare, mut data, mismatch } => {
                let Some(place) = within_a_unit(view.header.layout, off, len) else {
                    return finish.end(Err(Errno::EINVAL.because("more than a stripe unit")));
                };
                let wanted = usize::try_from(len).unwrap_or(usize::MAX);
                let (compare, data) = (compare.split_to(wanted), data.split_to(wanted));
                let kind = WriteKind::CompareAndWrite { compare, data, mismatch };
                let end = End::Whole(finish);
                ObjectWrite::new(image, &view, place, kind, flags, end).start_in_turn();
            }
            Kind::Flush | Kind::Settle => {}
        }
    }
}

/// Bytes of a request that are within what is open. Requests of no bytes are good anywhere.
pub(super) fn clip(view: &View, off: u64, len: u64) -> Result<u64> {
    let size = view.size.ok_or_else(|| Errno::ENOENT.because("the snapshot is gone"))?;
    match len {
        0 => Ok(0),
        _ if off >= size => Err(Errno::EINVAL.because("behind the end of the image")),
        _ => Ok(len.min(size - off)),
    }
}

/// The object, and the offset and length in it, of a range within one stripe unit.
fn within_a_unit(layout: Layout, off: u64, len: u64) -> Option<(u64, u64, u64)> {
    let extent = layout.single(off, len)?;
    (extent.offset % layout.stripe_unit() + len <= layout.stripe_unit()).then_some((
        extent.object,
        extent.offset,
        len,
    ))
}

fn start_flush(image: &Arc<Image>, ticket: Ticket, done: IoDone) {
    image.leave(ticket);
    image.flushed.store(true, Ordering::Relaxed);
    if image.is_read_only() {
        return done(Ok(0));
    }
    let flushing = Arc::clone(image);
    image.gate.barrier(Box::new(move || {
        let ticket = flushing.gate.enter();
        let finish = Finish::new(&flushing, ticket, done);
        let pool = flushing.header().data_pool;
        let flushed = Box::new(move |result: Result<()>| {
            let lost = finish.image.take_lost();
            finish.end(lost.and(result));
        });
        flushing.pool().engine.flush(pool, flushed);
    }));
}

fn start_settle(image: &Arc<Image>, ticket: Ticket, done: IoDone) {
    image.leave(ticket);
    image.gate.barrier(Box::new(move || done(Ok(0))));
}

fn start_write(
    image: &Arc<Image>,
    view: &Arc<View>,
    off: u64,
    mut data: Payload,
    flags: OpFlags,
    mut finish: Finish,
) {
    let layout = view.header.layout;
    if let Some(extent) = layout.single(off, finish.value) {
        let data = data.split_to(usize::try_from(finish.value).unwrap_or(usize::MAX));
        let place = (extent.object, extent.offset, extent.len);
        let kind = WriteKind::Write(data);
        let gathers = gathers(view, place);
        let taken = finish.ahead(view, off, flags, gathers, || smallvec![Extent::of(place)]);
        let mut write = ObjectWrite::new(image, view, place, kind, flags, End::Whole(finish));
        return match taken {
            None => write.start_in_turn(),
            Some(taken) => {
                write.gathers = gathers;
                write.start();
                image.sent(taken);
            }
        };
    }
    let runs = layout.object_runs(off, finish.value);
    let mut split = split_by_parts(&runs, &mut data);
    submit_runs(view, off, runs, flags, finish, |at| {
        WriteKind::Write(split.get_mut(at).map(std::mem::take).unwrap_or_default())
    });
}

/// Whether a write that is acknowledged ahead may be gathered: what is large needs no company, and
/// what changes more than the object's data goes by itself.
fn gathers(view: &View, (object, _, len): (u64, u64, u64)) -> bool {
    let is_there = || {
        let map = view.object_map.as_ref();
        map.is_none_or(|map| !map.is_update_needed(object, ObjectState::Exists))
    };
    len <= GATHERED_BYTES
        && len < view.header.layout.object_size()
        && view.parent.is_none()
        && is_there()
}

/// Cuts data in the image's order into that of each run.
fn split_by_parts(runs: &[ObjectRun], data: &mut Payload) -> Vec<Payload> {
    let mut order: Vec<(u64, u64, usize)> = Vec::new();
    for (at, run) in runs.iter().enumerate() {
        order.extend(run.parts.iter().map(|(image_offset, len)| (*image_offset, *len, at)));
    }
    order.sort_unstable();
    let mut split = vec![Payload::new(); runs.len()];
    for (_, len, at) in order {
        split[at].append(data.split_to(usize::try_from(len).unwrap_or(usize::MAX)));
    }
    split
}

/// Writes to each run; `kind` says what to the run of a number.
fn submit_runs(
    view: &Arc<View>,
    off: u64,
    runs: SmallVec<[ObjectRun; 2]>,
    flags: OpFlags,
    mut finish: Finish,
    mut kind: impl FnMut(usize) -> WriteKind,
) {
    if runs.is_empty() {
        return finish.end(Ok(()));
    }
    let image = &Arc::clone(&finish.image);
    let place = |run: &ObjectRun| (run.object, run.offset, run.len);
    let extents = || runs.iter().map(|run| Extent::of(place(run))).collect();
    let taken = finish.ahead(view, off, flags, false, extents);
    let parts = Parts::new(runs.len(), Box::new(move |result| finish.end(result)));
    for (at, run) in runs.iter().enumerate() {
        let end = End::Part(Arc::clone(&parts));
        let write = ObjectWrite::new(image, view, place(run), kind(at), flags, end);
        match taken {
            None => write.start_in_turn(),
            Some(_) => write.start(),
        }
    }
    if let Some(taken) = taken {
        image.sent(taken);
    }
}

fn start_discard(view: &Arc<View>, (off, len): (u64, u64), granularity: u64, mut finish: Finish) {
    let layout = view.header.layout;
    let mut runs = layout.object_runs(off, len);
    if granularity > 0 {
        runs.retain_mut(|run| align(run, granularity, layout));
    }
    finish.value = len;
    let kind = |_| WriteKind::Discard(DiscardFlags::KEEP_HIDING_PARENT);
    submit_runs(view, off, runs, OpFlags::empty(), finish, kind);
}

/// Cuts a run down to whole blocks; `false` when nothing is left. With blocks as large as objects,
/// the tail of an object may go without its head.
fn align(run: &mut ObjectRun, granularity: u64, layout: Layout) -> bool {
    let object_size = layout.object_size();
    let granularity = granularity.min(object_size);
    let end = run.offset + run.len;
    if granularity == object_size && end == object_size {
        return true;
    }
    let first = run.offset.next_multiple_of(granularity);
    let last = end - end % granularity;
    run.offset = first;
    run.len = last.saturating_sub(first);
    run.len > 0
}

fn start_write_same(
    view: &Arc<View>,
    (off, len): (u64, u64),
    mut data: Payload,
    flags: OpFlags,
    finish: Finish,
) {
    // What is made of the pattern is not known to be lent. It is short.
    data.keep();
    let runs = view.header.layout.object_runs(off, len);
    let pattern = data.len() as u64;
    let kinds: Vec<WriteKind> = runs
        .iter()
        .map(|run| {
            let whole = |(at, len): &(u64, u64)| {
                (at - off).is_multiple_of(pattern) && len.is_multiple_of(pattern)
            };
            match run.parts.iter().all(whole) {
                true => WriteKind::WriteSame(data.clone()),
                false => WriteKind::Write(repeat(&data, run, off)),
            }
        })
        .collect();
    let mut kinds = kinds.into_iter();
    let empty = || WriteKind::Write(Payload::new());
    submit_runs(view, off, runs, flags, finish, |_| kinds.next().unwrap_or_else(empty));
}

/// The bytes a pattern that begins at `off` has in a run, where the run cuts it.
fn repeat(data: &Payload, run: &ObjectRun, off: u64) -> Payload {
    let pattern = data.to_bytes();
    let len = pattern.len() as u64;
    let mut payload = Payload::new();
    for (at, part) in &run.parts {
        let mut next = *at - off;
        let end = next + part;
        while next < end {
            let first = next % len;
            let last = len.min(first + end - next);
            // Both are within the pattern, whose length is a `usize`.
            payload.push(pattern.slice(first as usize..last as usize));
            next += last - first;
        }
    }
    payload
}

impl Image {
    /// Writes to one object without admission: for work of the image's own, whose caller holds the
    /// lock.
    pub(in crate::rbd) async fn write_object(
        self: &Arc<Self>,
        object: u64,
        offset: u64,
        len: u64,
        kind: WriteKind,
    ) -> Result<()> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let end = End::Own(Box::new(move |result| drop(sender.send(result))));
        let place = (object, offset, len);
        let view = self.view();
        ObjectWrite::new(self, &view, place, kind, OpFlags::empty(), end).start();
        receiver.await.unwrap_or_else(|_| Err(Errno::ESHUTDOWN.into()))
    }

    /// What a write's acknowledgement promises now.
    pub(super) fn durability(&self, view: &View) -> Durability {
        match view.settings.cache {
            CacheMode::Back => Durability::OnFlush,
            CacheMode::ThroughUntilFlush if self.flushed.load(Ordering::Relaxed) => {
                Durability::OnFlush
            }
            _ => Durability::InPlace,
        }
    }

    /// Stores when the image was last written, or read, if that was long enough ago.
    pub(super) fn update_timestamp(self: &Arc<Self>, view: &View, is_read: bool) {
        let (interval, last) = match is_read {
            true => (view.settings.access_interval, &self.accessed),
            false => (view.settings.modify_interval, &self.modified),
        };
        if interval == 0 || self.is_read_only() && !is_read {
            return;
        }
        let now = u64::from(UTime::from(SystemTime::now()).sec);
        let before = last.load(Ordering::Relaxed);
        if now < before + interval
            || last.compare_exchange(before, now, Ordering::Relaxed, Ordering::Relaxed).is_err()
        {
            return;
        }
        let step: Op = match is_read {
            true => SetAccessTimestamp {}.call(),
            false => SetModifyTimestamp {}.call(),
        };
        let op = ObjectOp::write(self.pool().header(self.id())).then(step);
        let ticket = self.gate.enter();
        let image = Arc::clone(self);
        // Nobody waits for it, and an error (a client without the right to write) does not matter.
        self.pool().engine.submit(op, Box::new(move |_| image.leave(ticket)));
    }
}
