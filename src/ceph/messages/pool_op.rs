//! Changes of pools and their snapshots, by the monitors (`MPoolOp`, `MPoolOpReply`).

use bytes::Bytes;
use uuid::Uuid;

use super::paxos;
use crate::ceph::message::Message;
use crate::codec::{Decode, Reader, Writer};
use crate::errno::{Errno, Result};

/// The request (`CEPH_MSG_POOLOP`).
pub const POOL_OP: u16 = 49;
/// Its answer.
pub const POOL_OP_REPLY: u16 = 48;

/// What to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new pool, with a crush rule or the default one.
    Create {
        /// Its name.
        name: String,
        /// `None` for the default.
        crush_rule: Option<u8>,
    },
    /// The pool goes, with all in it.
    Delete,
    /// A new pool snapshot of this name.
    CreateSnap(String),
    /// A pool snapshot goes.
    DeleteSnap(String),
    /// A number for a self-managed snapshot; answered in [`Reply::data`].
    CreateUnmanagedSnap,
    /// A self-managed snapshot goes.
    DeleteUnmanagedSnap(u64),
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// 0 or a negative error number.
    pub code: i32,
    /// The map's epoch in which the change shows, or that was the reason to refuse it.
    pub epoch: u32,
    /// What the change gave.
    pub data: Bytes,
}

/// Asks for a change of a pool (0 for one that is to be made).
#[must_use]
pub fn request(fsid: Uuid, pool: i64, change: &Change) -> Message {
    let (op, name, snap) = match change {
        Change::Create { name, .. } => (0x01, &**name, 0),
        Change::Delete => (0x02, "delete", 0),
        Change::CreateSnap(name) => (0x11, &**name, 0),
        Change::DeleteSnap(name) => (0x12, &**name, 0),
        Change::CreateUnmanagedSnap => (0x21, "", 0),
        Change::DeleteUnmanagedSnap(snap) => (0x22, "", *snap),
    };
    // -1 is the default rule in create and without meaning elsewhere.
    let rule = match change {
        Change::Create { crush_rule, .. } => crush_rule.map_or(-1, i16::from),
        _ => 0,
    };
    let mut front = Writer::new();
    paxos::encode(&mut front, 0);
    front.raw(fsid.as_bytes()).u32(u32::try_from(pool).unwrap_or(u32::MAX)).u32(op);
    let (no_owner, pad) = (0, 0);
    front.u64(no_owner).u64(snap).bytes(name).u8(pad).i16(rule);
    Message::new(POOL_OP, 4, 2, front.into_bytes())
}

/// Reads the answer.
pub fn reply(message: &Message) -> Result<Reply> {
    let mut front = Reader::new(&message.front);
    paxos::decode(&mut front, "pool op reply")?;
    front.take(16, "pool op reply fsid")?;
    let code = front.i32("pool op reply code")?;
    let epoch = front.u32("pool op reply epoch")?;
    let data = front.option::<Bytes>("pool op reply data")?.unwrap_or_default();
    Ok(Reply { code, epoch, data })
}

impl Reply {
    /// The error that is the monitor's answer.
    pub fn result(&self) -> Result<()> {
        match Errno::from_c(self.code) {
            Some(errno) => Err(errno.because("the monitor refused")),
            None => Ok(()),
        }
    }

    /// The number of a new self-managed snapshot.
    pub fn snap(&self) -> Result<u64> {
        u64::decode(&mut Reader::new(&self.data), "pool op reply snap")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: i32, data: Option<&[u8]>) -> Message {
        let mut front = Writer::new();
        paxos::encode(&mut front, 3);
        front.raw(&[7; 16]).i32(code).u32(99);
        front.option(data.map(Bytes::copy_from_slice).as_ref());
        Message::new(POOL_OP_REPLY, 1, 0, front.into_bytes())
    }

    #[test]
    fn an_answer_is_an_epoch_or_an_error() {
        let answered = reply(&answer(0, Some(&5u64.to_le_bytes()))).unwrap();
        assert_eq!((answered.epoch, answered.snap().unwrap()), (99, 5));
        answered.result().unwrap();
        assert_eq!(reply(&answer(-17, None)).unwrap().result().unwrap_err(), Errno::EEXIST);
        assert!(reply(&answer(0, None)).unwrap().snap().is_err());
    }

    #[test]
    fn a_request_is_as_long_as_its_name() {
        let make = |name: &str| {
            let change = Change::Create { name: name.into(), crush_rule: None };
            request(Uuid::nil(), 0, &change).front
        };
        assert_eq!(make("").len(), 18 + 16 + 4 + 4 + 8 + 8 + 4 + 1 + 2);
        assert_eq!(make("abc").len(), make("").len() + 3);
        assert_eq!(make("abc")[make("abc").len() - 2..], (-1i16).to_le_bytes());
    }
}
