//! `MOSDOp`: an operation, from a client to the primary OSD of a placement group.
//!
//! ```text
//!   front:  routing: group, hash, epoch, flags        fixed places, differs from try to try
//!           request id, trace                         of the client's number; unused
//!           client_inc, mtime, locator, name
//!           u16 n, n x 38 bytes                       see osd_step.rs
//!           snapshot, snap context
//!           attempt, features                         fixed places from the end
//!   data:   what the steps carry, one behind the other
//! ```

use bytes::Bytes;

use super::op_code::OsdFlags;
use crate::ceph::map::SpgId;
use crate::ceph::message::Message;
use crate::ceph::types::UTime;
use crate::codec::{Encode, Reader, Writer};
use crate::errno::Error;
use crate::model::{Payload, SnapId};

/// `CEPH_MSG_OSD_OP`.
pub const KIND: u16 = 42;
const VERSION: u16 = 8;
const COMPAT_VERSION: u16 = 3;
/// What `osd_client_op_priority` is unless configured otherwise.
pub const PRIORITY: u16 = 63;

/// What this client understands in answers, as 16.2.15 says it.
pub const FEATURES: u64 = 0x3f01_cfbd_fffd_ffff;

/// Bytes of the part that differs from try to try.
const ROUTING_SIZE: usize = 24 + 4 + 4 + 4;
/// Bytes from the attempt to the end.
const TAIL_SIZE: usize = 4 + 8;

/// Where the locator begins: behind routing, request id, trace, incarnation and time.
const LOCATOR_AT: usize = ROUTING_SIZE + (6 + 21) + 24 + 4 + 8;

/// Whereto an operation is sent, and how often it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Routing {
    /// The actual placement group and its shard.
    pub group: SpgId,
    /// The object's placement hash.
    pub hash: u32,
    /// The map's epoch it was placed by.
    pub epoch: u32,
    /// Of the operation; `RETRY` is added from the second attempt on.
    pub flags: OsdFlags,
    /// From 0; the answer repeats it.
    pub attempt: i32,
}

/// Where an object is meant to be (`object_locator_t`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Locator<'a> {
    /// The pool.
    pub pool: i64,
    /// What takes the name's part in placement; empty for none.
    pub key: &'a [u8],
    /// The namespace.
    pub namespace: &'a [u8],
    /// Instead of a name: the placement hash, of operations on placement groups.
    pub hash: Option<u32>,
}

/// An operation without its steps.
#[derive(Clone, Copy, Debug)]
pub struct OsdOp<'a> {
    /// Whereto.
    pub routing: Routing,
    /// The modification time of what it writes; 0 for reads.
    pub mtime: UTime,
    /// Where.
    pub locator: Locator<'a>,
    /// The object; empty for operations on placement groups.
    pub name: &'a [u8],
    /// What it reads at; [`SnapId::HEAD`] of writes.
    pub snap: SnapId,
    /// The newest snapshot of the context it writes under.
    pub snap_seq: u64,
    /// The snapshots of that context, newest first.
    pub snaps: &'a [u64],
}

impl Routing {
    fn encode_head(&self, writer: &mut Writer) {
        let retry = if self.attempt > 0 { OsdFlags::RETRY } else { OsdFlags::empty() };
        writer.value(&self.group).u32(self.hash).u32(self.epoch).u32((self.flags | retry).bits());
    }

    fn encode_tail(&self, writer: &mut Writer) {
        writer.i32(self.attempt).u64(FEATURES);
    }
}

impl Encode for Locator<'_> {
    fn encode(&self, writer: &mut Writer) {
        // A reader from before hashes must not take one for a name.
        let oldest = if self.hash.is_some() { 6 } else { 3 };
        writer.versioned(6, oldest, |writer| {
            // No OSD is preferred any more.
            writer.i64(self.pool).i32(-1).bytes(self.key).bytes(self.namespace);
            writer.i64(self.hash.map_or(-1, i64::from));
        });
    }
}

impl OsdOp<'_> {
    /// Writes the front; `steps` writes `count` steps.
    pub fn encode(&self, writer: &mut Writer, count: u16, steps: impl FnOnce(&mut Writer)) {
        self.routing.encode_head(writer);
        // The request id is the sender and the message's number when it says nothing itself, and
        // there is no trace (`osd_reqid_t`, `blkin_trace_info`).
        writer.versioned(2, 2, |writer| {
            writer.zeros(1 + 8 + 8 + 4);
        });
        writer.zeros(3 * 8);
        // The client's incarnation, for clients that restart under the same number.
        writer.i32(0).value(&self.mtime).value(&self.locator).bytes(self.name).u16(count);
        steps(writer);
        writer.u64(self.snap.0).u64(self.snap_seq).count(self.snaps.len());
        for snap in self.snaps {
            writer.u64(*snap);
        }
        self.routing.encode_tail(writer);
    }
}

/// An encoded front with another routing. Only for fronts that [`OsdOp::encode`] made.
#[must_use]
pub fn reroute(front: &[u8], routing: &Routing, writer: &mut Writer) -> Bytes {
    let middle = front.get(ROUTING_SIZE..front.len().saturating_sub(TAIL_SIZE)).unwrap_or(&[]);
    routing.encode_head(writer);
    writer.raw(middle);
    routing.encode_tail(writer);
    writer.split()
}

/// An encoded front of an operation that goes to another place. Only for fronts that
/// [`OsdOp::encode`] made.
#[must_use]
pub fn relocate(front: &[u8], locator: &Locator<'_>, name: &[u8], writer: &mut Writer) -> Bytes {
    let mut old = Reader::new(front);
    let replaced = (|| {
        let before = old.take(LOCATOR_AT, "osd_op")?;
        old.versioned(6, "osd_op: locator")?;
        old.bytes("osd_op: name")?;
        writer.raw(before).value(locator).bytes(name).raw(old.rest());
        Ok::<_, Error>(writer.split())
    })();
    replaced.unwrap_or_else(|_| Bytes::copy_from_slice(front))
}

/// The message around a front and its data.
#[must_use]
pub fn message(tid: u64, priority: u16, front: Bytes, data: Payload) -> Message {
    Message { tid, priority, data, ..Message::new(KIND, VERSION, COMPAT_VERSION, front) }
}
