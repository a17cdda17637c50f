//! cephx against a monitor and an OSD of our own, which have the server's side of the protocol.

use std::time::{Duration, Instant};

use bytes::Bytes;
use proptest::prelude::*;

use super::key::{CryptoKey, Kind, Usage};
use super::login::Login;
use super::wire::{
    Authenticate, Authorize, AuthorizeReply, Challenge, GET_AUTH_SESSION_KEY,
    GET_PRINCIPAL_SESSION_KEY, SessionKey, TicketBlob,
};
use crate::ceph::auth::{AuthClient, METHOD_CEPHX, MODE_CRC, MODE_SECURE, Secret};
use crate::ceph::types::{EntityKind, UTime};
use crate::codec::{Decode, Reader, Writer};
use crate::errno::{Errno, Result};

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks_exact(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

const KINDS: [Kind; 2] = [Kind::Aes, Kind::Aes256k];

/// A client's key, of the kind that other tests need not know of.
pub(crate) fn key(byte: u8) -> CryptoKey {
    key_of(Kind::Aes256k, byte)
}

fn key_of(kind: Kind, byte: u8) -> CryptoKey {
    CryptoKey::new(kind, Secret::new(vec![byte; 32]), UTime::default()).unwrap()
}

/// The key of the session with a service.
fn session_key(kind: Kind, service: u32) -> CryptoKey {
    key_of(kind, 0x80 | service as u8)
}

/// A monitor. Its tickets are good for a hundred seconds.
#[derive(Clone, Debug)]
pub(crate) struct Monitor {
    /// Of the client.
    pub(crate) key: CryptoKey,
    /// Of the sessions' keys.
    kind: Kind,
    pub(crate) challenge: u64,
    pub(crate) connection_secret: Vec<u8>,
    /// How many tickets it gave.
    pub(crate) given: u64,
}

impl Monitor {
    pub(crate) fn new(key: CryptoKey) -> Self {
        let kind = Kind::Aes256k;
        Monitor { key, kind, challenge: 77, connection_secret: vec![9; 64], given: 0 }
    }

    /// Where the client's key is of the same kind as the sessions'.
    fn of(kind: Kind) -> Self {
        Monitor { kind, ..Monitor::new(key_of(kind, 1)) }
    }

    pub(crate) fn challenge(&self) -> Bytes {
        Writer::of(&Challenge(self.challenge))
    }

    fn tickets(&mut self, services: u32, principal: &CryptoKey, old: Option<&CryptoKey>) -> Bytes {
        let services: Vec<u32> = (0..8).map(|bit| 1 << bit).filter(|s| services & s != 0).collect();
        let mut writer = Writer::new();
        writer.u8(1).u32(services.len() as u32);
        for service in services {
            self.given += 1;
            let validity = UTime { sec: 100, nsec: 0 };
            let session = SessionKey { key: session_key(self.kind, service), validity };
            let blob = Writer::of(&TicketBlob { secret_id: self.given, blob: "closed".into() });
            let sealed = principal.seal(Usage::SessionKey, &session).unwrap();
            writer.u32(service).u8(1).bytes(sealed);
            match old {
                Some(old) => writer.bool(true).bytes(old.seal(Usage::Ticket, &blob).unwrap()),
                None => writer.bool(false).bytes(&blob),
            };
        }
        writer.into_bytes()
    }

    /// Answers a request; `-EACCES` when the proof is wrong.
    pub(crate) fn answer(&mut self, request: &[u8]) -> Result<Bytes> {
        let mut reader = Reader::new(request);
        let kind = reader.u16("type")?;
        let mut reply = Writer::new();
        reply.u16(kind).u32(0);
        match kind {
            GET_AUTH_SESSION_KEY => {
                let request = Authenticate::decode(&mut reader, "authenticate")?;
                reader.finish("authenticate")?;
                let expected = self.key.proof(self.challenge, request.client_challenge)?;
                if request.proof != expected {
                    return Err(Errno::EACCES.into());
                }
                let auth = EntityKind::Auth as u32;
                let session = session_key(self.kind, auth);
                let old = (!request.old_ticket.blob.is_empty()).then_some(&session);
                reply.raw(&self.tickets(auth, &self.key.clone(), old));
                let mut secret = Writer::new();
                let clear = Bytes::from(self.connection_secret.clone());
                secret.bytes(session.seal(Usage::ConnectionSecret, &clear)?);
                reply.bytes(secret.into_bytes());
                reply.bytes(self.tickets(request.services & !auth, &session, None));
            }
            GET_PRINCIPAL_SESSION_KEY => {
                let session = session_key(self.kind, EntityKind::Auth as u32);
                authorize(&mut reader, &session)?;
                reader.u8("request")?;
                let services = reader.u32("services")?;
                reader.finish("request")?;
                reply.raw(&self.tickets(services, &session, None));
            }
            _ => return Err(Errno::EINVAL.into()),
        }
        Ok(reply.into_bytes())
    }
}

/// A service's view of an authorizer: the number it names and the proof.
fn authorize(reader: &mut Reader<'_>, session: &CryptoKey) -> Result<(u64, Authorize)> {
    assert_eq!(reader.u8("mode")?, 1);
    let global_id = reader.u64("global id")?;
    reader.u32("service")?;
    TicketBlob::decode(reader, "ticket")?;
    Ok((global_id, session.open(Usage::Authorize, reader.bytes("proof")?, "proof")?))
}

fn logged_in(monitor: &mut Monitor, now: Instant) -> Login {
    let mut login = Login::new(monitor.key.clone());
    let request = login.answer(&monitor.challenge(), now).unwrap();
    let done = login.done(&monitor.answer(&request).unwrap(), now).unwrap();
    let session = session_key(monitor.kind, 32);
    assert_eq!(done.session_key.unwrap().expose(), session.secret().expose());
    assert_eq!(done.connection_secret.unwrap().expose(), [9; 64]);
    login
}

#[test]
fn one_exchange_gives_every_ticket() {
    let now = Instant::now();
    // An upgraded cluster has old keys for clients and new ones for sessions, or the other way.
    for (client, session) in KINDS.into_iter().flat_map(|kind| KINDS.map(|other| (kind, other))) {
        let mut monitor = Monitor { kind: session, ..Monitor::of(client) };
        let login = logged_in(&mut monitor, now);
        assert_eq!(monitor.given, 4);
        assert!(login.has_ticket());
        assert_eq!(login.renewal(7, now + Duration::from_secs(74)).unwrap(), None);
    }
}

#[test]
fn a_wrong_key_is_noticed_on_both_sides() {
    let now = Instant::now();
    let other_kind = (key_of(Kind::Aes, 1), key_of(Kind::Aes256k, 1));
    let same_kind = KINDS.map(|kind| (key_of(kind, 1), key_of(kind, 2)));
    for (ours, theirs) in same_kind.into_iter().chain([other_kind]) {
        let mut monitor = Monitor::new(theirs.clone());
        let mut login = Login::new(ours);
        let request = login.answer(&monitor.challenge(), now).unwrap();
        assert_eq!(monitor.answer(&request).unwrap_err(), Errno::EACCES);
        // A monitor that does not know our key cannot give us tickets either.
        let mut honest = Login::new(theirs);
        let request = honest.answer(&monitor.challenge(), now).unwrap();
        let reply = monitor.answer(&request).unwrap();
        assert_eq!(login.done(&reply, now).unwrap_err(), Errno::EACCES);
        assert!(!login.has_ticket());
    }
}

#[test]
fn tickets_are_renewed_in_their_last_quarter_and_sealed_with_the_old_key() {
    let start = Instant::now();
    for kind in KINDS {
        let mut monitor = Monitor::of(kind);
        let mut login = logged_in(&mut monitor, start);
        let late = start + Duration::from_secs(75);
        let request = login.renewal(7, late).unwrap().unwrap();
        login.renewed(&monitor.answer(&request).unwrap(), late).unwrap();
        assert_eq!(monitor.given, 8);
        assert_eq!(login.renewal(7, late).unwrap(), None);
    }
}

#[test]
fn an_old_monitor_gives_services_tickets_when_asked_again() {
    let now = Instant::now();
    let mut monitor = Monitor::new(key(1));
    let mut login = Login::new(key(1));
    login.answer(&monitor.challenge(), now).unwrap();
    let mut reply = Writer::new();
    reply.u16(GET_AUTH_SESSION_KEY).u32(0).raw(&monitor.tickets(32, &key(1), None));
    let done = login.done(&reply.into_bytes(), now).unwrap();
    assert!(done.connection_secret.is_none());
    assert_eq!(login.authorizer(EntityKind::Osd, 7, vec![]).unwrap_err(), Errno::EACCES);
    let request = login.renewal(7, now).unwrap().unwrap();
    login.renewed(&monitor.answer(&request).unwrap(), now).unwrap();
    login.authorizer(EntityKind::Osd, 7, vec![]).unwrap();
}

#[test]
fn a_service_is_shown_a_ticket_and_proved_to_have_read_it() {
    KINDS.into_iter().for_each(shows_a_ticket);
}

fn shows_a_ticket(kind: Kind) {
    let mut monitor = Monitor::of(kind);
    let login = logged_in(&mut monitor, Instant::now());
    let mut client = login.authorizer(EntityKind::Osd, 4100, vec![MODE_SECURE, MODE_CRC]).unwrap();
    let session = session_key(kind, EntityKind::Osd as u32);

    let request = client.request().unwrap();
    assert_eq!((request.method, &request.modes[..]), (METHOD_CEPHX, &[MODE_SECURE, MODE_CRC][..]));
    let (global_id, first) = authorize(&mut Reader::new(&request.payload), &session).unwrap();
    assert_eq!((global_id, first.challenge_plus_one), (4100, None));

    let challenge = session.seal(Usage::Challenge, &Challenge(u64::MAX)).unwrap();
    let answer = client.more(&challenge).unwrap();
    let (_, second) = authorize(&mut Reader::new(&answer), &session).unwrap();
    assert_eq!((second.nonce, second.challenge_plus_one), (first.nonce, Some(0)));

    let reply = |nonce_plus_one, secret: &[u8]| {
        let reply = AuthorizeReply { nonce_plus_one, connection_secret: secret.to_vec() };
        let mut payload = Writer::new();
        payload.bytes(session.seal(Usage::AuthorizeReply, &reply).unwrap());
        payload.into_bytes()
    };
    let wrong = reply(first.nonce, b"");
    assert_eq!(client.done(0, MODE_CRC, &wrong).unwrap_err(), Errno::EACCES);
    let right = reply(first.nonce.wrapping_add(1), &[3; 64]);
    let done = client.done(0, MODE_SECURE, &right).unwrap();
    assert_eq!(done.connection_secret.unwrap().expose(), [3; 64]);
    assert_eq!(done.session_key.unwrap().expose(), session.secret().expose());
    assert_eq!(client.bad_method(2, -13, &[2], &[1]).unwrap_err(), Errno::EACCES);
}

/// Changed, cut and random payloads are errors or are read; nothing panics, and nothing of a
/// payload that is refused counts.
fn survives(mutate: impl Fn(&mut Vec<u8>)) {
    KINDS.into_iter().for_each(|kind| survives_with(kind, &mutate));
}

fn survives_with(kind: Kind, mutate: impl Fn(&mut Vec<u8>)) {
    let now = Instant::now();
    let mut monitor = Monitor::of(kind);
    let mut login = Login::new(monitor.key.clone());
    let request = login.answer(&monitor.challenge(), now).unwrap();
    let mut reply = monitor.answer(&request).unwrap().to_vec();
    mutate(&mut reply);
    if login.done(&reply, now).is_err() {
        assert!(!login.has_ticket());
    }
    let mut challenge = monitor.challenge().to_vec();
    mutate(&mut challenge);
    _ = login.answer(&challenge, now);
    let login = logged_in(&mut monitor, now);
    let mut client = login.authorizer(EntityKind::Osd, 1, vec![]).unwrap();
    let mut challenge = session_key(kind, 4).seal(Usage::Challenge, &Challenge(5)).unwrap();
    mutate(&mut challenge);
    _ = client.more(&challenge);
    let reply = AuthorizeReply { nonce_plus_one: 1, connection_secret: vec![1; 64] };
    let mut payload = Writer::new();
    payload.bytes(session_key(kind, 4).seal(Usage::AuthorizeReply, &reply).unwrap());
    let mut payload = payload.into_bytes().to_vec();
    mutate(&mut payload);
    assert!(client.done(1, 1, &payload).is_err());
}

proptest! {
    #[test]
    fn changed_payloads_do_no_harm(changes: Vec<(prop::sample::Index, u8)>) {
        survives(|bytes| for (at, value) in &changes {
            let at = at.index(bytes.len());
            bytes[at] ^= value;
        });
    }

    #[test]
    fn cut_payloads_do_no_harm(at: prop::sample::Index) {
        survives(|bytes| bytes.truncate(at.index(bytes.len())));
    }

    #[test]
    fn random_payloads_do_no_harm(random: Vec<u8>) {
        survives(|bytes| bytes.clone_from(&random));
    }
}
