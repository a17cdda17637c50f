//! `MMonGetVersion`, `MMonGetVersionReply`: how new the monitors' maps are.

use crate::ceph::message::Message;
use crate::codec::{Reader, Writer};
use crate::errno::Result;

/// `CEPH_MSG_MON_GET_VERSION`.
pub const KIND: u16 = 19;
/// `CEPH_MSG_MON_GET_VERSION_REPLY`.
pub const KIND_REPLY: u16 = 20;

/// What a monitor has of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// The newest epoch.
    pub newest: u64,
    /// The oldest epoch; 0 if an old monitor does not tell.
    pub oldest: u64,
}

/// Asks about `osdmap`, `mgrmap`, ...; the answer repeats the handle.
#[must_use]
pub fn message(handle: u64, what: &str) -> Message {
    let mut front = Writer::new();
    front.u64(handle).bytes(what);
    Message::new(KIND, 1, 0, front.into_bytes())
}

/// Reads an answer: the handle and what was asked.
pub fn reply(message: &Message) -> Result<(u64, Versions)> {
    let mut front = Reader::new(&message.front);
    let handle = front.u64("get_version_reply: handle")?;
    let newest = front.u64("get_version_reply: newest")?;
    let has_oldest = message.version >= 2;
    let oldest = if has_oldest { front.u64("get_version_reply: oldest")? } else { 0 };
    Ok((handle, Versions { newest, oldest }))
}
