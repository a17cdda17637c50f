//! `MCommand`, `MCommandReply`: a command for an OSD or a manager, and its answer.

use bytes::Bytes;
use uuid::Uuid;

use crate::ceph::message::Message;
use crate::codec::{Reader, Writer};
use crate::errno::Result;
use crate::model::CommandReply;

/// `MSG_COMMAND`.
pub const KIND: u16 = 97;
/// `MSG_COMMAND_REPLY`.
pub const KIND_REPLY: u16 = 98;
const VERSION: u16 = 1;

/// A command for the daemon of a cluster: JSON texts, with input.
#[must_use]
pub fn message(fsid: Uuid, tid: u64, command: &[String], input: Bytes) -> Message {
    let mut front = Writer::new();
    front.raw(fsid.as_bytes()).list(command);
    let message = Message::new(KIND, VERSION, VERSION, front.into_bytes());
    Message { tid, data: input.into(), ..message }
}

/// Reads an answer.
pub fn decode_reply(message: &Message) -> Result<CommandReply> {
    let mut front = Reader::new(&message.front);
    let code = front.i32("command_reply: code")?;
    let status = String::from_utf8_lossy(front.bytes("command_reply: status")?).into_owned();
    Ok(CommandReply { code, out: message.data.to_bytes(), status })
}
