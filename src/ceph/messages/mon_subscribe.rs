//! `MMonSubscribe`: what a monitor shall tell as soon as it is new.

use std::collections::BTreeMap;

use crate::ceph::message::Message;
use crate::codec::{Encode, Writer};

/// `CEPH_MSG_MON_SUBSCRIBE`.
pub const KIND: u16 = 15;
/// `CEPH_MSG_MON_SUBSCRIBE_ACK`; monitors since Jewel send it to nobody, sessions remember.
pub const KIND_ACK: u16 = 16;

const ONETIME: u8 = 1;

/// What of one kind of news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// The first epoch wanted; 0 for the newest there is.
    pub start: u64,
    /// Once, and not for ever.
    pub once: bool,
}

impl Encode for Item {
    fn encode(&self, writer: &mut Writer) {
        writer.u64(self.start).u8(if self.once { ONETIME } else { 0 });
    }
}

/// Subscribes; an item replaces an earlier one of its name. The host's name goes into the monitor's
/// list of sessions.
#[must_use]
pub fn message(items: &BTreeMap<String, Item>, host: &str) -> Message {
    let mut front = Writer::new();
    front.map(items).bytes(host);
    Message::new(KIND, 3, 1, front.into_bytes())
}
