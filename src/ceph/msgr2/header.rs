//! The first segment of a message's frame (`ceph_msg_header2`).

use bytes::{BufMut, Bytes};

use crate::ceph::message::{Message, PRIORITY_DEFAULT};
use crate::codec::Reader;
use crate::errno::{Errno, Result};
use crate::model::Payload;

/// Bytes of a header.
pub(super) const HEADER_LEN: usize = 41;
/// The message is complete, and has no checksums besides its frame's (`CEPH_MSG_FOOTER_*`).
const FLAGS: u8 = 1 | 2;

/// What a session adds to a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Order {
    /// Its number in the session, from 1.
    pub(super) seq: u64,
    /// The last message its sender has got.
    pub(super) ack_seq: u64,
}

/// The header of a message.
pub(super) fn encode(message: &Message, order: Order) -> [u8; HEADER_LEN] {
    let priority = if message.priority == 0 { PRIORITY_DEFAULT } else { message.priority };
    let mut header = [0; HEADER_LEN];
    let mut rest = &mut header[..];
    rest.put_u64_le(order.seq);
    rest.put_u64_le(message.tid);
    rest.put_u16_le(message.kind);
    rest.put_u16_le(priority);
    rest.put_u16_le(message.version);
    // No padding before the data.
    rest.put_u32_le(0);
    rest.put_u16_le(message.data_off);
    rest.put_u64_le(order.ack_seq);
    rest.put_u8(FLAGS);
    rest.put_u16_le(message.compat_version);
    header
}

/// A message from the segments of its frame.
pub(super) fn decode(segments: [Bytes; 4]) -> Result<(Message, Order)> {
    let [header, front, middle, data] = segments;
    if header.len() != HEADER_LEN {
        return Err(Errno::EBADMSG.because(format!("message header: {} bytes", header.len())));
    }
    let mut reader = Reader::new(&header);
    let seq = reader.u64("seq")?;
    let tid = reader.u64("tid")?;
    let kind = reader.u16("type")?;
    let priority = reader.u16("priority")?;
    let version = reader.u16("version")?;
    reader.u32("data_pre_padding_len")?;
    let data_off = reader.u16("data_off")?;
    let ack_seq = reader.u64("ack_seq")?;
    reader.u8("flags")?;
    let compat_version = reader.u16("compat_version")?;
    let data = Payload::from(data);
    let message =
        Message { kind, version, compat_version, priority, tid, front, middle, data, data_off };
    Ok((message, Order { seq, ack_seq }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_comes_back() {
        let mut message = Message::new(42, 8, 4, Bytes::from_static(b"front"));
        message.tid = 77;
        message.data_off = 512;
        let order = Order { seq: 3, ack_seq: 2 };
        let header = encode(&message, order);
        assert_eq!(header.len(), HEADER_LEN);
        let header = Bytes::copy_from_slice(&header);
        let segments = [header, message.front.clone(), Bytes::new(), Bytes::from_static(b"data")];
        let (back, its) = decode(segments).unwrap();
        assert_eq!(its, order);
        assert_eq!((back.kind, back.version, back.compat_version, back.tid), (42, 8, 4, 77));
        assert_eq!((back.priority, back.data_off), (PRIORITY_DEFAULT, 512));
        assert_eq!((&back.front[..], back.data.len()), (&b"front"[..], 4));
    }

    #[test]
    fn a_header_of_another_length_is_refused() {
        let segments = [Bytes::from_static(&[0; 40]), Bytes::new(), Bytes::new(), Bytes::new()];
        assert_eq!(decode(segments).unwrap_err(), Errno::EBADMSG);
    }
}
