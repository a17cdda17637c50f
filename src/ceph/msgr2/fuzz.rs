//! Entries for fuzzing: a session and a handshake at the mercy of the peer.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;

use super::banner::{self, Banner};
use super::compression::{Algorithm, Compressor};
use super::control::*;
use super::crypto::keys;
use super::incoming::Incoming;
use super::outgoing::Outgoing;
use super::preamble::{Preamble, Tag};
use super::{Connection, Event, Local, Receiver, Revision, Side, Target, Timeouts, header};
use crate::ceph::auth::{AuthNone, MODE_CRC, MODE_SECURE, Secret};
use crate::ceph::types::{AddrKind, EntityAddr, EntityAddrs, EntityKind};
use crate::codec::fuzz::Entry;
use crate::codec::{Reader, Writer};

/// See [`crate::fuzz`].
pub const ENTRIES: &[Entry] = &[
    ("msgr2.bytes", bytes),
    ("msgr2.handshake", handshake),
    ("msgr2.control", control),
    ("msgr2.crc", |input| session(input, false)),
    ("msgr2.secure", |input| session(input, true)),
    ("msgr2.compression", compression),
];

/// Most bytes that compressed ones may become here.
const PLAIN_MAX: usize = 1 << 20;

/// The input's first byte chooses an algorithm; the rest is a segment, and is also compressed.
fn compression(input: &[u8]) {
    let [number, segment @ ..] = input else { return };
    let Some(algorithm) = Algorithm::from_number(u32::from(*number & 3) + 1) else { return };
    if let Ok(plain) = algorithm.decompress(segment, PLAIN_MAX) {
        assert!(plain.len() <= PLAIN_MAX);
    }
    if let Some(compressed) = algorithm.compress(segment) {
        let plain = algorithm.decompress(&compressed, PLAIN_MAX);
        assert_eq!(plain.ok().as_deref(), Some(segment));
    }
}

/// A client that has just connected, without authentication.
fn client(revision_1: bool) -> Connection {
    let now = Instant::now();
    let addr = EntityAddr::new(AddrKind::Msgr2, ([127, 0, 0, 1], 6800).into(), 0);
    let local = Local {
        kind: EntityKind::Client,
        number: None,
        addrs: EntityAddrs::default(),
        nonce: 77,
        features: 0x3f,
        features_required: 0,
        global_seq: 1,
        lossy: true,
        crc_data: true,
        revision_1,
        compression: None,
    };
    let modes = vec![MODE_CRC, MODE_SECURE];
    let auth = AuthNone::new(EntityKind::Osd, "client.admin", 0, modes).expect("a good name");
    let target = Target { kind: EntityKind::Osd, addr };
    Connection::client(local, target, Box::new(auth), 11, Timeouts::default(), now)
}

fn give(connection: &mut Connection, bytes: &[u8]) {
    for piece in bytes.chunks(4096) {
        connection.buffer().extend_from_slice(piece);
        connection.process(Instant::now());
        while let Some(event) = connection.poll_event() {
            if matches!(event, Event::Closed(_) | Event::Broken(_)) {
                return;
            }
        }
    }
}

/// What a peer says from the first byte on, as it is.
fn bytes(input: &[u8]) {
    give(&mut client(true), input);
}

/// All that is to be sent.
fn sent(outgoing: &mut Outgoing) -> Vec<u8> {
    let mut pieces = VecDeque::new();
    outgoing.take(&mut pieces);
    pieces.iter().flat_map(|piece| piece.iter().copied()).collect()
}

/// A frame as input has it: its tag, four lengths of one byte each, the first in units of eight
/// when the highest bit of the tag is set, and as many bytes as there are of that.
fn frame(reader: &mut Reader<'_>, outgoing: &mut Outgoing) -> Option<()> {
    let first = reader.u8("tag").ok()?;
    let tag = Tag::from_number(first & 0x7f)?;
    let scale = if first & 0x80 == 0 { 1 } else { 64 };
    let mut segments: [Bytes; 4] = Default::default();
    for segment in &mut segments {
        let len = usize::from(reader.u8("length").ok()?) * scale;
        let len = len.min(reader.rest().len());
        *segment = Bytes::copy_from_slice(reader.take(len, "segment").ok()?);
    }
    let [first, a, b, c] = segments;
    outgoing.frame(tag, &first, [&[a], &[b], &[c]]).ok()
}

/// Turns one byte of what was made, for what the checksums and tags are to find.
fn damage(reader: &mut Reader<'_>, bytes: &mut [u8]) {
    let (Ok(at), Ok(change)) = (reader.u16("at"), reader.u8("change")) else { return };
    let at = usize::from(at);
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= change;
    }
}

/// A peer whose frames have the right checksums, until something is damaged.
fn handshake(input: &[u8]) {
    let mut reader = Reader::new(input);
    let flags = reader.u8("flags").unwrap_or_default();
    let mut outgoing = Outgoing::new(true);
    outgoing.raw(&Banner::ours(u64::from(flags & 1 == 0)).encode());
    if flags & 1 == 0 {
        outgoing.set_revision(Revision::V2_1);
    }
    for _ in 0..flags >> 4 {
        if frame(&mut reader, &mut outgoing).is_none() {
            break;
        }
    }
    let mut bytes = sent(&mut outgoing);
    if flags & 2 != 0 {
        damage(&mut reader, &mut bytes);
    }
    give(&mut client(true), &bytes);
}

/// A peer in a session that stands.
fn session(input: &[u8], secure: bool) {
    let mut reader = Reader::new(input);
    let flags = reader.u8("flags").unwrap_or_default();
    let revision = if flags & 1 == 0 { Revision::V2_1 } else { Revision::V2_0 };
    let (mut outgoing, mut incoming) = (Outgoing::new(true), Incoming::new(true));
    outgoing.set_revision(revision);
    incoming.set_revision(revision);
    outgoing.take_transcript();
    incoming.take_transcript();
    if flags & 8 != 0
        && let Some(algorithm) = Algorithm::from_number(u32::from(flags >> 2 & 3) + 1)
    {
        incoming.set_compression(algorithm);
        outgoing.set_compressor(Compressor { algorithm, min_size: 8 });
    }
    if secure {
        let secret = Secret::new((0..64).collect());
        let (sealer, _) = keys(&secret, revision, Side::Server).expect("a long secret");
        let (_, opener) = keys(&secret, revision, Side::Client).expect("a long secret");
        outgoing.set_sealer(sealer);
        incoming.set_opener(opener);
    }
    for _ in 0..flags >> 4 {
        if frame(&mut reader, &mut outgoing).is_none() {
            break;
        }
    }
    let mut bytes = sent(&mut outgoing);
    if flags & 2 != 0 {
        damage(&mut reader, &mut bytes);
    }
    let mut receiver = Receiver::new(incoming);
    for piece in bytes.chunks(1 + usize::from(flags >> 2 & 3) * 100) {
        receiver.buffer().extend_from_slice(piece);
        while let Ok(Some(_)) = receiver.next() {}
    }
}

/// What a control frame has is what it has when it is written again.
fn round<C: Control + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    if let Ok(control) = C::decode(&mut Reader::new(bytes)) {
        let mut writer = Writer::new();
        control.encode(&mut writer);
        let again = C::decode(&mut Reader::new(&writer.into_bytes()));
        assert_eq!(again.ok(), Some(control));
    }
}

/// The payloads of all frames, and the header of messages.
fn control(input: &[u8]) {
    round::<Hello>(input);
    round::<AuthRequest>(input);
    round::<AuthBadMethod>(input);
    round::<AuthReplyMore>(input);
    round::<AuthRequestMore>(input);
    round::<AuthDone>(input);
    round::<AuthSignature>(input);
    round::<CompressionRequest>(input);
    round::<CompressionDone>(input);
    round::<ClientIdent>(input);
    round::<ServerIdent>(input);
    round::<IdentMissingFeatures>(input);
    round::<SessionReconnect>(input);
    round::<SessionReset>(input);
    round::<SessionRetry>(input);
    round::<SessionRetryGlobal>(input);
    round::<SessionReconnectOk>(input);
    round::<Keepalive2>(input);
    round::<Keepalive2Ack>(input);
    round::<Ack>(input);
    let _ = Banner::decode(input);
    let _ = banner::Banner::payload_len(input);
    let _ = Preamble::decode(input);
    let empty = Bytes::new();
    let _ = header::decode([Bytes::copy_from_slice(input), empty.clone(), empty.clone(), empty]);
}
