//! One operation under way: where it goes, its encoded message, and who waits for its answer.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use smallvec::SmallVec;

use super::target::Aim;
use super::throttle::Charge;
use crate::ceph::message::Message;
use crate::ceph::messages::hobject::HObject;
use crate::ceph::messages::op_code::OsdFlags;
use crate::ceph::messages::osd_op::{self, OsdOp, Routing};
use crate::ceph::messages::osd_op_reply::Redirect;
use crate::ceph::messages::osd_out::Expect;
use crate::ceph::messages::osd_step::StepWriter;
use crate::ceph::types::UTime;
use crate::codec::Writer;
use crate::errno::Errno;
use crate::model::{Done, ObjectOp, Op, Payload, Reply, ReqFlags, SnapContext, SnapId, StepReply};

/// What every operation says besides its own flags: the answer is wanted when it is durable, and
/// this client knows what redirections and failing pools are.
const FLAGS_ALWAYS: OsdFlags =
    OsdFlags::ONDISK.union(OsdFlags::KNOWN_REDIR).union(OsdFlags::SUPPORTS_POOL_EIO);

/// Room that fronts, and names and small values, are encoded into; a fresh piece of memory once in
/// so many bytes instead of one for each operation.
const FRONT_ROOM: usize = 32 << 10;
const INLINE_ROOM: usize = 16 << 10;

thread_local! {
    static ROOM: RefCell<(Writer, Writer)> = RefCell::new((
        Writer::with_capacity(FRONT_ROOM),
        Writer::with_capacity(INLINE_ROOM),
    ));
}

/// What a request does when its session ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Again {
    /// It is sent again.
    Sent,
    /// It is dropped without an answer: its watch or notification begins anew by itself.
    Dropped,
}

/// Whether an operation on a pool that our map does not have is to fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum PoolCheck {
    /// Nobody has asked the monitors yet, or they could not answer.
    Unasked,
    /// They are being asked for the newest map's epoch.
    Asked,
    /// If this map does not have the pool, there is none.
    Until(u32),
}

/// An operation before it has a place.
pub(super) struct Draft {
    pub(super) aim: Aim,
    pub(super) snap: SnapId,
    pub(super) context: Option<Arc<SnapContext>>,
    pub(super) mtime: UTime,
    pub(super) expects: SmallVec<[Expect; 2]>,
    pub(super) again: Again,
    pub(super) charge: Option<Charge>,
    pub(super) done: Done,
}

/// An operation that was submitted and has no answer.
pub(super) struct Request {
    pub(super) tid: u64,
    pub(super) aim: Aim,
    front: Bytes,
    /// What `front` says.
    routing: Routing,
    /// The pool that `front`'s locator names.
    pool: i64,
    is_moved: bool,
    data: Payload,
    expects: SmallVec<[Expect; 2]>,
    pub(super) again: Again,
    /// How often it was sent.
    attempts: i32,
    /// When it fails with `-ETIMEDOUT`. Set at the first tick after its submission.
    pub(super) deadline: Option<Instant>,
    pub(super) pool_check: PoolCheck,
    /// Whether it has seen a tick, so that one that is still here at the next is late.
    pub(super) is_old: bool,
    done: Done,
    charge: Option<Charge>,
}

impl Draft {
    /// Encodes it, once its aim was calculated.
    pub(super) fn encode(
        self,
        tid: u64,
        count: usize,
        steps: impl FnOnce(&mut StepWriter<'_>),
    ) -> Box<Request> {
        let Draft { aim, snap, context, mtime, expects, again, charge, done } = self;
        let routing = routing(&aim, 0);
        let (seq, snaps) = match &context {
            Some(context) => (context.seq, &context.snaps[..]),
            None => (0, &[][..]),
        };
        let op = OsdOp {
            routing,
            mtime,
            locator: aim.locator(),
            name: aim.name().as_bytes(),
            snap,
            snap_seq: seq,
            snaps,
        };
        let (front, data) = with_room(|front, inline| {
            let mut data = Payload::new();
            op.encode(front, u16::try_from(count).unwrap_or(u16::MAX), |front| {
                let mut writer = StepWriter::new(front, inline);
                steps(&mut writer);
                data = writer.finish();
            });
            (front.split(), data)
        });
        Box::new(Request {
            tid,
            pool: aim.pool(),
            is_moved: false,
            aim,
            front,
            routing,
            data,
            expects,
            again,
            attempts: 0,
            deadline: None,
            pool_check: PoolCheck::Unasked,
            is_old: false,
            done,
            charge,
        })
    }

    /// Fails it before it began.
    pub(super) fn refuse(self, errno: Errno) {
        (self.done)(refusal(self.expects, errno));
    }
}

impl Request {
    /// The message for the next attempt.
    pub(super) fn next_message(&mut self, priority: u16) -> Message {
        let wanted = routing(&self.aim, self.attempts);
        if self.pool != self.aim.pool() || self.is_moved {
            self.pool = self.aim.pool();
            self.is_moved = false;
            let (locator, name) = (self.aim.locator(), self.aim.name().as_bytes());
            self.front = with_room(|room, _| osd_op::relocate(&self.front, &locator, name, room));
        }
        if self.routing != wanted {
            self.front = with_room(|room, _| osd_op::reroute(&self.front, &wanted, room));
            self.routing = wanted;
        }
        self.attempts += 1;
        osd_op::message(self.tid, priority, self.front.clone(), self.data.clone())
    }

    /// Whether an answer is to the last attempt; old OSDs do not say which they answer.
    pub(super) fn is_answer(&self, attempt: i32) -> bool {
        attempt < 0 || attempt == self.attempts - 1
    }

    /// Follows a redirection, under a number of its own.
    pub(super) fn redirect(&mut self, tid: u64, to: Box<Redirect>) {
        self.tid = tid;
        self.is_moved = true;
        self.aim.redirect(to);
    }

    /// The object, as OSDs order them.
    pub(super) fn object(&self) -> HObject {
        let locator = self.aim.locator();
        HObject {
            key: locator.key.into(),
            name: self.aim.name().clone(),
            snap: SnapId::HEAD,
            hash: self.aim.hash(),
            max: false,
            namespace: locator.namespace.into(),
            pool: locator.pool,
        }
    }

    /// Answers it with an error of the whole.
    pub(super) fn fail(self, errno: Errno) {
        (self.done)(refusal(self.expects, errno));
    }

    /// Whoever waits, what they expect of each step, and the place in the throttle.
    pub(super) fn into_parts(self) -> (Done, SmallVec<[Expect; 2]>, Option<Charge>) {
        (self.done, self.expects, self.charge)
    }
}

impl fmt::Display for Request {
    /// Which operation, where to: `op 12 on object of 3 (3.7) to osd.1, flags 0x24`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tid, aim) = (self.tid, &self.aim);
        write!(f, "op {tid} on {} ({}) ", aim.name(), aim.group)?;
        match aim.osd {
            ..0 => f.write_str("without an OSD")?,
            osd => write!(f, "to osd.{osd}")?,
        }
        if aim.paused {
            f.write_str(", paused")?;
        }
        write!(f, ", flags {:#x}", aim.flags.bits())
    }
}

fn with_room<T>(encode: impl FnOnce(&mut Writer, &mut Writer) -> T) -> T {
    ROOM.with_borrow_mut(|(front, inline)| encode(front, inline))
}

fn routing(aim: &Aim, attempt: i32) -> Routing {
    let (group, hash, epoch) = (aim.group, aim.hash(), aim.epoch);
    Routing { group, hash, epoch, flags: aim.flags | FLAGS_ALWAYS, attempt }
}

/// The answer to an operation that failed as a whole: memory given with it comes back.
fn refusal(expects: SmallVec<[Expect; 2]>, errno: Errno) -> Reply {
    let mut reply = Reply::error(errno);
    let refused = |expect: Expect| StepReply { result: errno.to_c(), out: expect.refuse() };
    reply.steps.extend(expects.into_iter().map(refused));
    reply
}

/// The flags of an operation on the wire.
pub(super) fn osd_flags(op: &ObjectOp) -> OsdFlags {
    const TABLE: &[(ReqFlags, OsdFlags)] = &[
        (ReqFlags::BALANCE_READS, OsdFlags::BALANCE_READS),
        (ReqFlags::LOCALIZE_READS, OsdFlags::LOCALIZE_READS),
        (ReqFlags::ORDER_READS_WRITES, OsdFlags::RWORDERED),
        (ReqFlags::IGNORE_CACHE, OsdFlags::IGNORE_CACHE),
        (ReqFlags::SKIPRWLOCKS, OsdFlags::SKIPRWLOCKS),
        (ReqFlags::IGNORE_OVERLAY, OsdFlags::IGNORE_OVERLAY),
        (ReqFlags::FULL_TRY, OsdFlags::FULL_TRY),
        (ReqFlags::FULL_FORCE, OsdFlags::FULL_FORCE),
        (ReqFlags::IGNORE_REDIRECT, OsdFlags::IGNORE_REDIRECT),
        (ReqFlags::ORDERSNAP, OsdFlags::ORDERSNAP),
        (ReqFlags::RETURNVEC, OsdFlags::RETURNVEC),
    ];
    let kind = if op.is_write() { OsdFlags::WRITE } else { OsdFlags::READ };
    if op.flags.is_empty() {
        return kind;
    }
    let set = TABLE.iter().filter(|(flag, _)| op.flags.contains(*flag));
    set.fold(kind, |flags, (_, on_wire)| flags | *on_wire)
}

/// What an operation counts in the throttle: bytes written, asked for, or named
/// (`Objecter::calc_op_budget`).
pub(super) fn budget(op: &ObjectOp) -> u64 {
    let lens = |pairs: &[(Bytes, Bytes)]| {
        pairs.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>()
    };
    let one = |op: &Op| match op {
        Op::Read { len, .. } | Op::SparseRead { len, .. } => *len,
        Op::CmpExt { data, .. }
        | Op::Write { data, .. }
        | Op::WriteFull(data)
        | Op::WriteSame { data, .. }
        | Op::Append(data) => data.len() as u64,
        Op::GetXattr(name) | Op::RmXattr(name) => name.len() as u64,
        Op::SetXattr { name, value } => (name.len() + value.len()) as u64,
        Op::OmapSet(entries) => lens(entries) as u64,
        Op::OmapSetHeader(header) => header.len() as u64,
        _ => 0,
    };
    let sum = op.steps.iter().map(|step| one(&step.op)).fold(0, u64::saturating_add);
    // A length that no object has is not waited for.
    sum.min(i64::MAX as u64)
}
