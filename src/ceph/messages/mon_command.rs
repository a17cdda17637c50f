//! `MMonCommand`, `MMonCommandAck`: a command for the monitors, and its answer.

use bytes::Bytes;
use uuid::Uuid;

use super::paxos;
use crate::ceph::message::Message;
use crate::codec::{Reader, Writer};
use crate::errno::Result;
use crate::model::CommandReply;

/// `MSG_MON_COMMAND`.
pub const KIND: u16 = 50;
/// `MSG_MON_COMMAND_ACK`.
pub const KIND_ACK: u16 = 51;

/// A command for the monitors of a cluster: JSON texts, with input. The answer repeats the tid.
#[must_use]
pub fn message(fsid: Uuid, tid: u64, command: &[String], input: Bytes) -> Message {
    let mut front = Writer::new();
    paxos::encode(&mut front, 0);
    front.raw(fsid.as_bytes()).list(command);
    let message = Message::new(KIND, 1, 0, front.into_bytes());
    Message { tid, data: input.into(), ..message }
}

/// Reads an answer. A status need not be UTF-8.
pub fn reply(message: &Message) -> Result<CommandReply> {
    let mut front = Reader::new(&message.front);
    paxos::decode(&mut front, "mon_command_ack")?;
    let code = front.i32("mon_command_ack: code")?;
    let status = String::from_utf8_lossy(front.bytes("mon_command_ack: status")?).into_owned();
    Ok(CommandReply { code, out: message.data.to_bytes(), status })
}
