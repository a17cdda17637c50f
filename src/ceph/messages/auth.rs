//! `MAuth`, `MAuthReply`: tickets renewed over a session that stands. Who logs in does it in the
//! handshake.

use bytes::Bytes;

use super::paxos;
use crate::ceph::message::Message;
use crate::codec::{Decode, Reader, Writer};
use crate::errno::Result;

/// `CEPH_MSG_AUTH`.
pub const KIND: u16 = 17;
/// `CEPH_MSG_AUTH_REPLY`.
pub const KIND_REPLY: u16 = 18;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// 0 or a negative error number.
    pub result: i32,
    /// For the method.
    pub payload: Bytes,
}

/// A request of a method (`METHOD_*`), by one who has this epoch of the monitors' map.
#[must_use]
pub fn message(method: u32, payload: &[u8], monmap_epoch: u32) -> Message {
    let mut front = Writer::new();
    paxos::encode(&mut front, 0);
    front.u32(method).bytes(payload).u32(monmap_epoch);
    Message::new(KIND, 1, 0, front.into_bytes())
}

/// Reads an answer.
pub fn reply(message: &Message) -> Result<Reply> {
    let mut front = Reader::new(&message.front);
    front.u32("auth_reply: method")?;
    let result = front.i32("auth_reply: result")?;
    front.u64("auth_reply: global_id")?;
    Ok(Reply { result, payload: Bytes::decode(&mut front, "auth_reply: payload")? })
}
