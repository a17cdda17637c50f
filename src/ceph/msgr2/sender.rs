//! The half of a session that stands which gives bytes.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::slice;

use bytes::Bytes;

use super::control::{Ack, Control, Keepalive2, Keepalive2Ack};
use super::header::{self, Order};
use super::outgoing::Outgoing;
use super::preamble::Tag;
use crate::ceph::message::Message;
use crate::ceph::types::UTime;
use crate::errno::Result;

/// Encodes what we send in a session that stands. What it has to send waits, without limit, until
/// [`sent`](Self::sent) says that the socket took it.
pub struct Sender {
    pub(super) outgoing: Outgoing,
    pub(super) out_seq: u64,
    /// The last message of the peer's, which ours acknowledge.
    pub(super) in_seq: u64,
    /// What has no acknowledgement yet, where it is to be sent again after a fault.
    pub(super) kept: Option<VecDeque<(u64, Message)>>,
}

impl Sender {
    pub(super) fn new(outgoing: Outgoing) -> Self {
        Sender { outgoing, out_seq: 0, in_seq: 0, kept: None }
    }

    /// Appends a message. Its data is not copied (unless it is short, or encrypted), so it must not
    /// change before it is sent.
    pub fn message(&mut self, message: Message) -> Result<()> {
        self.encode(self.out_seq + 1, &message)?;
        self.out_seq += 1;
        if let Some(kept) = &mut self.kept {
            kept.push_back((self.out_seq, message));
        }
        Ok(())
    }

    fn encode(&mut self, seq: u64, message: &Message) -> Result<()> {
        let header = header::encode(message, Order { seq, ack_seq: self.in_seq });
        let front = slice::from_ref(&message.front);
        let middle = slice::from_ref(&message.middle);
        let later = [front, middle, message.data.pieces()];
        self.outgoing.frame(Tag::Message, &header, later)
    }

    /// Sends again what the peer has not got. After a fault, before anything else is sent.
    pub(super) fn replay(&mut self, acked: u64) -> Result<()> {
        self.acked(acked);
        let kept = self.kept.take().unwrap_or_default();
        let sent = kept.iter().try_for_each(|(seq, message)| self.encode(*seq, message));
        self.kept = Some(kept);
        sent
    }

    /// The peer has got our messages up to this one.
    pub fn acked(&mut self, seq: u64) {
        if let Some(kept) = &mut self.kept {
            while kept.pop_front_if(|(first, _)| *first <= seq).is_some() {}
        }
    }

    /// Appends the acknowledgement of the peer's messages up to this one.
    pub fn ack(&mut self, seq: u64) -> Result<()> {
        self.in_seq = seq;
        Ack { seq }.send(&mut self.outgoing)
    }

    /// Appends a question for a sign of life, which comes back with the stamp.
    pub fn keepalive(&mut self, stamp: UTime) -> Result<()> {
        Keepalive2 { stamp }.send(&mut self.outgoing)
    }

    /// Appends the answer to the peer's.
    pub fn keepalive_ack(&mut self, stamp: UTime) -> Result<()> {
        Keepalive2Ack { stamp }.send(&mut self.outgoing)
    }

    /// Whether everything was sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.outgoing.is_empty()
    }

    /// Moves all that is to be sent behind what is in `batch`, for a driver that writes without
    /// holding on to the sender.
    pub fn take(&mut self, batch: &mut VecDeque<Bytes>) {
        self.outgoing.take(batch);
    }

    /// Fills `slices` with what is to be sent next and returns how many of them were used.
    pub fn transmit<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.outgoing.transmit(slices)
    }

    /// The socket took this many bytes.
    pub fn sent(&mut self, count: usize) {
        self.outgoing.sent(count);
    }
}
