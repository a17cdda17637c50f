//! `MOSDBackoff`: an OSD that cannot serve a range of objects yet says so, and later that it can.

use super::hobject::HObject;
use crate::ceph::map::SpgId;
use crate::ceph::message::Message;
use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::{Errno, Result};

/// `CEPH_MSG_OSD_BACKOFF`.
pub const KIND: u16 = 61;
const VERSION: u16 = 1;

/// What is said (`CEPH_OSD_BACKOFF_OP_*`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BackoffOp {
    /// The OSD: send nothing for these objects; what was sent is forgotten.
    Block = 1,
    /// The client: understood.
    AckBlock = 2,
    /// The OSD: send again.
    Unblock = 3,
}

/// A range of objects of a placement group: from `begin` up to `end`, or one object when the two
/// are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The group.
    pub group: SpgId,
    /// The map's epoch it was said at; the client's answer repeats it.
    pub epoch: u32,
    /// What is said.
    pub op: BackoffOp,
    /// Its number in this session.
    pub id: u64,
    /// The first object.
    pub begin: HObject,
    /// Behind the last object.
    pub end: HObject,
}

impl Backoff {
    /// Reads a message of this kind.
    pub fn decode(message: &Message) -> Result<Self> {
        let mut front = Reader::new(&message.front);
        Ok(Backoff {
            group: SpgId::decode(&mut front, "osd_backoff: pgid")?,
            epoch: front.u32("osd_backoff: epoch")?,
            op: match front.u8("osd_backoff: op")? {
                1 => BackoffOp::Block,
                2 => BackoffOp::AckBlock,
                3 => BackoffOp::Unblock,
                _ => return Err(Errno::EBADMSG.because("osd_backoff: op: not known")),
            },
            id: front.u64("osd_backoff: id")?,
            begin: HObject::decode(&mut front, "osd_backoff: begin")?,
            end: HObject::decode(&mut front, "osd_backoff: end")?,
        })
    }

    /// As a message. `priority` must be that of operations, so that it does not overtake any.
    #[must_use]
    pub fn message(&self, priority: u16) -> Message {
        Message { priority, ..Message::new(KIND, VERSION, VERSION, Writer::of(self)) }
    }
}

impl Encode for Backoff {
    fn encode(&self, writer: &mut Writer) {
        writer.value(&self.group).u32(self.epoch).u8(self.op as u8).u64(self.id);
        writer.value(&self.begin).value(&self.end);
    }
}
