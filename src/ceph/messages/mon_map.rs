//! `MMonMap`: the map of the monitors.

use crate::ceph::message::Message;
use crate::codec::Reader;
use crate::errno::Result;

/// `CEPH_MSG_MON_MAP`.
pub const KIND: u16 = 4;

/// The encoded map.
pub fn decode(message: &Message) -> Result<&[u8]> {
    Reader::new(&message.front).bytes("mon_map")
}
