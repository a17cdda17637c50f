//! A monitor and a daemon that have the right keys and say what they like.

use std::time::Instant;

use super::key::{CryptoKey, Kind, Usage};
use super::login::Login;
use super::wire::*;
use crate::ceph::auth::{AuthClient, Secret};
use crate::ceph::types::{EntityKind, UTime};
use crate::codec::fuzz::round;
use crate::codec::{Encode, Reader, Writer};

/// What is sent without being encrypted, or found when decrypted.
pub(in crate::ceph::auth) fn objects(bytes: &[u8]) {
    round::<Challenge>(bytes);
    round::<TicketBlob>(bytes);
    round::<Authenticate>(bytes);
    round::<SessionKey>(bytes);
    round::<Authorize>(bytes);
    round::<AuthorizeReply>(bytes);
    round::<CryptoKey>(bytes);
    for key in [Kind::Aes, Kind::Aes256k].into_iter().filter_map(|kind| key_of(kind, 1)) {
        // As what somebody without the key makes of it.
        let _ = key.open::<SessionKey>(Usage::SessionKey, bytes, "sealed");
        let mut login = Login::new(key);
        let _ = login.answer(bytes, Instant::now());
        let _ = login.done(bytes, Instant::now());
    }
}

struct Raw<'a>(&'a [u8]);

impl Encode for Raw<'_> {
    fn encode(&self, writer: &mut Writer) {
        writer.raw(self.0);
    }
}

fn key_of(kind: Kind, byte: u8) -> Option<CryptoKey> {
    CryptoKey::new(kind, Secret::new(vec![byte; 32]), UTime::default()).ok()
}

fn key(byte: u8) -> Option<CryptoKey> {
    key_of(Kind::Aes, byte)
}

/// A piece of the input: its length in one byte, and its bytes.
fn piece<'a>(reader: &mut Reader<'a>) -> &'a [u8] {
    let len = usize::from(reader.u8("length").unwrap_or_default());
    let len = len.min(reader.rest().len());
    reader.take(len, "piece").unwrap_or_default()
}

/// Tickets whose sealed parts are the input's: the first is sealed with `principal`.
fn sealed_tickets(reader: &mut Reader<'_>, principal: &CryptoKey, writer: &mut Writer) {
    let count = reader.u8("count").unwrap_or_default() & 7;
    writer.u8(1).u32(count.into());
    for _ in 0..count {
        let service = reader.u8("service").unwrap_or_default();
        let good = service & 0x80 != 0;
        writer.u32((service & 0x7f).into()).u8(1);
        let session = match key(3) {
            Some(key) if good => principal.seal(
                Usage::SessionKey,
                &SessionKey { key, validity: UTime { sec: 100, nsec: 0 } },
            ),
            _ => principal.seal(Usage::SessionKey, &Raw(piece(reader))),
        };
        writer.bytes(session.unwrap_or_default());
        writer.bool(false).bytes(piece(reader));
    }
}

/// All that a monitor's answer has, sealed with the right keys.
pub(in crate::ceph::auth) fn tickets(bytes: &[u8]) {
    let mut reader = Reader::new(bytes);
    let (Some(ours), Some(session)) = (key(1), key(3)) else { return };
    let mut login = Login::new(ours.clone());
    let kind = reader.u8("kind").unwrap_or_default();
    let mut payload = Writer::new();
    payload.u16(if kind & 1 == 0 { GET_AUTH_SESSION_KEY } else { GET_PRINCIPAL_SESSION_KEY });
    payload.u32(0);
    sealed_tickets(&mut reader, &ours, &mut payload);
    let mut secret = Writer::new();
    secret
        .bytes(session.seal(Usage::ConnectionSecret, &Raw(piece(&mut reader))).unwrap_or_default());
    payload.bytes(secret.into_bytes());
    let mut extra = Writer::new();
    sealed_tickets(&mut reader, &session, &mut extra);
    payload.bytes(extra.into_bytes());
    let payload = payload.into_bytes();
    let now = Instant::now();
    if login.done(&payload, now).is_ok() {
        let _ = login.renewal(0x3f, now);
        let _ = login.renewed(&payload, now);
    }
}

/// What a daemon answers to an authorizer, sealed with the session's key.
pub(in crate::ceph::auth) fn authorizer(bytes: &[u8]) {
    let (Some(ours), Some(session)) = (key(1), key(3)) else { return };
    let mut login = Login::new(ours.clone());
    // A ticket for OSDs, besides the one for the monitors' authentication.
    let mut payload = Writer::new();
    payload.u16(GET_AUTH_SESSION_KEY).u32(0);
    let blob = Writer::of(&TicketBlob { secret_id: 1, blob: "closed".into() });
    let ticket = |service: EntityKind, principal: &CryptoKey| {
        let validity = UTime { sec: 100, nsec: 0 };
        let sealed =
            principal.seal(Usage::SessionKey, &SessionKey { key: session.clone(), validity });
        let mut writer = Writer::new();
        writer.u8(1).u32(1).u32(service as u32).u8(1).bytes(sealed.unwrap_or_default());
        writer.bool(false).bytes(&blob);
        writer.into_bytes()
    };
    payload.raw(&ticket(EntityKind::Auth, &ours)).u32(0);
    payload.bytes(ticket(EntityKind::Osd, &session));
    let now = Instant::now();
    let done = login.done(&payload.into_bytes(), now);
    assert!(done.is_ok(), "the tickets are good: {:?}", done.err());
    let Ok(mut client) = login.authorizer(EntityKind::Osd, 4123, vec![1, 2]) else {
        unreachable!("there is a ticket for OSDs")
    };
    let _ = client.request();
    let sealed = |usage: Usage| {
        let mut sealed = Writer::new();
        sealed.bytes(session.seal(usage, &Raw(bytes)).unwrap_or_default());
        sealed.into_bytes()
    };
    let _ = (client.more(bytes), client.more(&sealed(Usage::Challenge)));
    let _ = (client.done(1, 2, bytes), client.done(1, 2, &sealed(Usage::AuthorizeReply)));
}
