//! The half of a session that stands which takes bytes.

use bytes::BytesMut;

use super::control::{Ack, Control, Keepalive2, Keepalive2Ack};
use super::header;
use super::incoming::Incoming;
use super::preamble::Tag;
use crate::ceph::message::Message;
use crate::ceph::types::UTime;
use crate::errno::{Errno, Result};

/// What a peer sends in a session.
#[derive(Debug)]
pub enum Received {
    /// A message.
    Message(Message),
    /// A question for a sign of life, to be answered with the same stamp.
    Keepalive(UTime),
    /// The answer to ours.
    KeepaliveAck(UTime),
    /// It has got our messages up to this one.
    Ack(u64),
}

/// Takes what a peer sends in a session that stands. Read into [`buffer`](Self::buffer), then call
/// [`next`](Self::next) until it has nothing more; an error is the end of the session.
pub struct Receiver {
    pub(super) incoming: Incoming,
    pub(super) in_seq: u64,
    /// From the last message's header.
    acked: Option<u64>,
}

impl Receiver {
    pub(super) fn new(incoming: Incoming) -> Self {
        Receiver { incoming, in_seq: 0, acked: None }
    }

    /// Where to append what was read. There is room for the rest of the current frame.
    pub fn buffer(&mut self) -> &mut BytesMut {
        self.incoming.buffer()
    }

    /// Gives back memory of earlier long messages. For when nothing has come for a while.
    pub fn shrink(&mut self) {
        self.incoming.shrink();
    }

    /// The number of the last message.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        self.in_seq
    }

    /// The next thing that has come as a whole. Bulk data is a part of what was read, not a copy.
    #[expect(clippy::should_implement_trait, reason = "an iterator would end for good")]
    pub fn next(&mut self) -> Result<Option<Received>> {
        if let Some(seq) = self.acked.take() {
            return Ok(Some(Received::Ack(seq)));
        }
        while let Some(frame) = self.incoming.frame()? {
            return Ok(Some(match frame.tag {
                Tag::Message => {
                    let (message, order) = header::decode(frame.segments)?;
                    if order.seq <= self.in_seq {
                        log::info!("message {} has come before", order.seq);
                        continue;
                    }
                    self.in_seq = order.seq;
                    self.acked = (order.ack_seq > 0).then_some(order.ack_seq);
                    Received::Message(message)
                }
                Tag::Keepalive2 => Received::Keepalive(Keepalive2::read(&frame)?.stamp),
                Tag::Keepalive2Ack => Received::KeepaliveAck(Keepalive2Ack::read(&frame)?.stamp),
                Tag::Ack => Received::Ack(Ack::read(&frame)?.seq),
                tag => {
                    return Err(Errno::EBADMSG.because(format!("{tag:?} frame in a session")));
                }
            }));
        }
        Ok(None)
    }
}
