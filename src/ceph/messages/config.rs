//! `MConfig`: the options that the monitors' database sets for this client.

use std::collections::BTreeMap;

use crate::ceph::message::Message;
use crate::codec::Reader;
use crate::errno::Result;

/// `MSG_CONFIG`.
pub const KIND: u16 = 62;

/// Reads all of them: what is not among them is not set.
pub fn decode(message: &Message) -> Result<BTreeMap<String, String>> {
    Reader::new(&message.front).map("config")
}
