//! The first 32 bytes of a frame: what it is and how long its segments are.

use bytes::BufMut;

use super::crc;
use crate::codec::Reader;
use crate::errno::{Errno, Error, Result};

/// Segments a frame can have.
pub(super) const SEGMENTS_MAX: usize = 4;
/// Bytes of a preamble.
pub(super) const PREAMBLE_LEN: usize = 32;
/// Of which are covered by the checksum in the last four.
const CHECKED_LEN: usize = 28;
/// The segments are compressed (`FRAME_EARLY_DATA_COMPRESSED`).
const FLAG_COMPRESSED: u8 = 1;

const DATA_ALIGNMENT: u16 = 4096;
const ALIGNMENT: u16 = 8;

macro_rules! tags {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        /// What a frame is.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(super) enum Tag {
            $(#[doc = $text] $name = $number,)*
        }

        impl Tag {
            pub(super) fn from_number(number: u8) -> Option<Tag> {
                match number { $($number => Some(Tag::$name),)* _ => None }
            }
        }
    };
}

// frames_v2.h
tags! {
    Hello = 1, "Who is speaking, and where the other is seen from.";
    AuthRequest = 2, "Client: a method and its first payload.";
    AuthBadMethod = 3, "Server: not this method.";
    AuthReplyMore = 4, "Server: a further payload.";
    AuthRequestMore = 5, "Client: a further payload.";
    AuthDone = 6, "Server: authenticated; the mode from here on.";
    AuthSignature = 7, "A keyed digest of all that came before.";
    ClientIdent = 8, "Client: a new session.";
    ServerIdent = 9, "Server: it stands.";
    IdentMissingFeatures = 10, "Server: not without these features.";
    SessionReconnect = 11, "Client: continue a session.";
    SessionReset = 12, "Server: that session is gone.";
    SessionRetry = 13, "Server: with a newer attempt's number.";
    SessionRetryGlobal = 14, "Server: with a newer process-wide number.";
    SessionReconnectOk = 15, "Server: it continues.";
    Wait = 16, "Server: the connection in the other direction wins.";
    Message = 17, "A message.";
    Keepalive2 = 18, "Is anyone there?";
    Keepalive2Ack = 19, "Someone is.";
    Ack = 20, "Messages up to this one have come.";
    CompressionRequest = 21, "Client: which compression it can do.";
    CompressionDone = 22, "Server: the one from here on, if any.";
}

/// Longest payload of a frame that is no message. The largest known are cephx tickets, a few KiB.
const CONTROL_MAX: u32 = 1 << 20;
/// Longest header, front, middle and data of a message. A front may be a map of a large cluster,
/// data is as long as an object (`osd_max_object_size`, 128 MiB unless raised).
const MESSAGE_MAX: [u32; SEGMENTS_MAX] = [64, 256 << 20, 64 << 20, 1 << 30];

/// What a preamble says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Preamble {
    pub(super) tag: Tag,
    /// How many of `lens` are sent; the last of them is 0 only when it is the only one.
    pub(super) segments: usize,
    pub(super) lens: [u32; SEGMENTS_MAX],
    /// Whether these are the lengths of compressed segments.
    pub(super) is_compressed: bool,
}

/// Longest compressed segment of which `cap` bytes can come: every algorithm adds less to what it
/// cannot compress.
fn compressed_cap(cap: u32) -> u32 {
    cap + cap / 4 + 1024
}

fn bad(what: impl std::fmt::Display) -> Error {
    Errno::EBADMSG.because(format!("preamble: {what}"))
}

impl Preamble {
    /// Of a frame with segments of these lengths; empty ones at the end are not sent.
    pub(super) fn new(tag: Tag, lens: [u32; SEGMENTS_MAX]) -> Self {
        let segments = lens.iter().rposition(|len| *len > 0).map_or(1, |last| last + 1);
        Preamble { tag, segments, lens, is_compressed: false }
    }

    pub(super) fn encode(&self) -> [u8; PREAMBLE_LEN] {
        let mut bytes = [0; PREAMBLE_LEN];
        let (checked, sum) = bytes.split_at_mut(CHECKED_LEN);
        let mut rest = &mut *checked;
        rest.put_u8(self.tag as u8);
        rest.put_u8(self.segments as u8);
        for (at, len) in self.lens.iter().enumerate() {
            let alignment = match at {
                _ if at >= self.segments => 0,
                3 => DATA_ALIGNMENT,
                _ => ALIGNMENT,
            };
            rest.put_u32_le(*len);
            rest.put_u16_le(alignment);
        }
        rest.put_u8(if self.is_compressed { FLAG_COMPRESSED } else { 0 });
        sum.copy_from_slice(&crc::update(0, checked).to_le_bytes());
        bytes
    }

    /// Checks everything, so that whoever allocates by it cannot be made to take too much.
    pub(super) fn decode(bytes: &[u8]) -> Result<Preamble> {
        let mut reader = Reader::new(bytes);
        let checked = Reader::new(bytes).take(CHECKED_LEN, "preamble")?;
        let number = reader.u8("tag")?;
        let segments = usize::from(reader.u8("number of segments")?);
        let mut lens = [0; SEGMENTS_MAX];
        for len in &mut lens {
            *len = reader.u32("segment length")?;
            reader.u16("segment alignment")?;
        }
        let flags = reader.u8("flags")?;
        reader.u8("reserved")?;
        if reader.u32("preamble checksum")? != crc::update(0, checked) {
            return Err(bad("wrong checksum"));
        }
        let tag = Tag::from_number(number).ok_or_else(|| bad(format_args!("tag {number}")))?;
        let sent = match lens.split_at_checked(segments) {
            Some((sent, rest)) if rest.iter().all(|len| *len == 0) => sent,
            _ => return Err(bad(format_args!("{segments} segments of {lens:?}"))),
        };
        match sent {
            [] => return Err(bad("no segment")),
            [_] => {}
            [.., last] if *last == 0 => return Err(bad("last segment empty")),
            _ if tag != Tag::Message => return Err(bad("a control frame of many segments")),
            _ => {}
        }
        let is_compressed = flags & FLAG_COMPRESSED != 0;
        let preamble = Preamble { tag, segments, lens, is_compressed };
        let cap_of = |cap| if is_compressed { compressed_cap(cap) } else { cap };
        let too_long = |(len, cap): &(&u32, u32)| **len > cap_of(*cap);
        if let Some((len, _)) = lens.iter().zip(preamble.caps()).find(too_long) {
            return Err(bad(format_args!("{tag:?} with a segment of {len} bytes")));
        }
        Ok(preamble)
    }

    /// The longest segments that such a frame may have, once they are decompressed.
    pub(super) fn caps(&self) -> [u32; SEGMENTS_MAX] {
        if self.tag == Tag::Message { MESSAGE_MAX } else { [CONTROL_MAX; SEGMENTS_MAX] }
    }

    /// The lengths of the segments that are sent, behind the first.
    pub(super) fn later(&self) -> impl Iterator<Item = usize> + '_ {
        self.lens.iter().take(self.segments).skip(1).map(|len| *len as usize)
    }

    /// The length of the first segment.
    pub(super) fn first(&self) -> usize {
        let [first, ..] = self.lens;
        first as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(bytes: &mut [u8; PREAMBLE_LEN]) {
        let (checked, sum) = bytes.split_at_mut(CHECKED_LEN);
        sum.copy_from_slice(&crc::update(0, checked).to_le_bytes());
    }

    #[test]
    fn preambles_come_back() {
        for lens in [[0; 4], [41, 0, 0, 0], [41, 7, 0, 0], [41, 0, 0, 1 << 20], [9, 1, 2, 3]] {
            let preamble = Preamble::new(Tag::Message, lens);
            assert_eq!(Preamble::decode(&preamble.encode()).unwrap(), preamble);
        }
        assert_eq!(Preamble::new(Tag::Wait, [0; 4]).segments, 1);
        assert_eq!(Preamble::new(Tag::Message, [41, 0, 0, 5]).segments, 4);
    }

    #[test]
    fn a_flipped_bit_is_noticed() {
        let good = Preamble::new(Tag::Message, [41, 7, 0, 4096]).encode();
        for bit in 0..PREAMBLE_LEN * 8 {
            let mut bytes = good;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Preamble::decode(&bytes).unwrap_err(), Errno::EBADMSG, "bit {bit}");
        }
    }

    #[test]
    fn what_must_not_be_believed_is_refused() {
        let good = Preamble::new(Tag::Message, [41, 7, 0, 4096]).encode();
        let change = |at: usize, value: &[u8]| {
            let mut bytes = good;
            bytes[at..at + value.len()].copy_from_slice(value);
            sum(&mut bytes);
            Preamble::decode(&bytes)
        };
        change(0, &[17]).unwrap();
        assert!(change(0, &[23]).is_err(), "unknown tag");
        assert!(change(0, &[1]).is_err(), "control frame of four segments");
        assert!(change(1, &[0]).is_err(), "no segment");
        assert!(change(1, &[5]).is_err(), "five segments");
        assert!(change(1, &[3]).is_err(), "a length behind the last segment");
        assert!(change(2, &[65, 0, 0, 0]).is_err(), "long header");
        assert!(change(8, &[0xff; 4]).is_err(), "long front");
        assert!(change(20, &[0; 4]).is_err(), "last segment empty");
        assert!(change(20, &[0, 0, 0, 0x41]).is_err(), "long data");
        assert!(change(26, &[1]).unwrap().is_compressed);
        // A header of 41 bytes takes more when it is compressed; not a lot more.
        let compressed = |header: u32| {
            let mut preamble = Preamble::new(Tag::Message, [header, 0, 0, 4096]);
            preamble.is_compressed = true;
            Preamble::decode(&preamble.encode())
        };
        assert_eq!(compressed(64 + 512).unwrap().lens, [64 + 512, 0, 0, 4096]);
        assert!(compressed(64 + 2048).is_err(), "long compressed header");
    }
}
