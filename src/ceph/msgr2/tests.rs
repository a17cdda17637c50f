//! Two connections and a queue of bytes between them.

mod compression;
mod faults;
mod hostile;
mod recorded;

use std::io::IoSlice;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::*;
use crate::ceph::auth::{MODE_CRC, MODE_SECURE};
use crate::ceph::message::Message;
use crate::ceph::sim::auth::Shared;
use crate::ceph::types::{AddrKind, EntityAddr, EntityAddrs, EntityKind, UTime};
use crate::errno::{Errno, Error};
use crate::model::Payload;

pub(super) fn addr(port: u16) -> EntityAddr {
    EntityAddr::new(AddrKind::Msgr2, ([127, 0, 0, 1], port).into(), 0)
}

pub(super) fn client_local() -> Local {
    Local {
        kind: EntityKind::Client,
        number: None,
        addrs: EntityAddrs::default(),
        nonce: 77,
        features: 0x3f,
        features_required: 0,
        global_seq: 1,
        lossy: true,
        crc_data: true,
        revision_1: true,
        compression: None,
    }
}

pub(super) fn server_local() -> Local {
    let addrs = EntityAddrs(vec![addr(6800)]);
    let (kind, number) = (EntityKind::Osd, Some(3));
    Local { kind, number, addrs, nonce: 0, features: 0xff, ..client_local() }
}

pub(super) const TARGET: EntityKind = EntityKind::Osd;

/// How the two sides are set up.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    pub(super) client: Local,
    pub(super) server: Local,
    pub(super) client_auth: Shared,
    pub(super) server_auth: Shared,
}

impl Setup {
    pub(super) fn new(modes: &[u32]) -> Self {
        Setup {
            client: client_local(),
            server: server_local(),
            client_auth: Shared::new(9, modes),
            server_auth: Shared::new(9, &[MODE_CRC, MODE_SECURE]),
        }
    }

    /// Every revision, mode and policy.
    pub(super) fn all() -> Vec<Setup> {
        let mut all = Vec::new();
        for (revision_1, mode, lossy) in [
            (true, MODE_CRC, true),
            (true, MODE_SECURE, true),
            (false, MODE_CRC, true),
            (false, MODE_SECURE, true),
            (true, MODE_CRC, false),
            (true, MODE_SECURE, false),
        ] {
            let mut setup = Setup::new(&[mode]);
            setup.server.revision_1 = revision_1;
            setup.client.lossy = lossy;
            setup.server.lossy = lossy;
            all.push(setup);
        }
        all.extend(Setup::compressed());
        all
    }

    /// Every algorithm; of some also control frames are compressed.
    pub(super) fn compressed() -> Vec<Setup> {
        let setup = |(algorithm, mode, lossy, min_size)| {
            let mut setup = Setup::new(&[mode]);
            let wanted = Compression { algorithms: vec![algorithm], min_size, secure: true };
            for side in [&mut setup.client, &mut setup.server] {
                side.compression = Some(wanted.clone());
                side.lossy = lossy;
            }
            setup
        };
        [
            (Algorithm::Snappy, MODE_SECURE, true, 256),
            (Algorithm::Zlib, MODE_CRC, true, 256),
            (Algorithm::Zstd, MODE_CRC, true, 0),
            (Algorithm::Lz4, MODE_SECURE, false, 0),
        ]
        .map(setup)
        .into()
    }
}

/// A client, a server, and the bytes between them.
pub(super) struct Pair {
    pub(super) now: Instant,
    pub(super) client: Connection,
    pub(super) server: Connection,
    /// Everything each side has sent, for tests that replay it.
    pub(super) from_client: Vec<u8>,
    pub(super) from_server: Vec<u8>,
}

/// Takes up to `max` bytes that a connection wants to send.
pub(super) fn take(connection: &mut Connection, max: usize) -> Vec<u8> {
    let mut slices = [IoSlice::new(&[]); 8];
    let count = connection.transmit(&mut slices);
    let mut bytes: Vec<u8> = slices[..count].iter().flat_map(|s| s.iter().copied()).collect();
    bytes.truncate(max);
    connection.sent(bytes.len());
    bytes
}

pub(super) fn give(connection: &mut Connection, bytes: &[u8], now: Instant) {
    connection.buffer().extend_from_slice(bytes);
    connection.process(now);
}

impl Pair {
    pub(super) fn new(setup: Setup) -> Self {
        let now = Instant::now();
        let target = Target { kind: TARGET, addr: addr(6800) };
        let timeouts = Timeouts::default();
        let auth = Box::new(setup.client_auth.clone());
        let client = Connection::client(setup.client.clone(), target, auth, 11, timeouts, now);
        let auth = Box::new(setup.server_auth.clone());
        let server = Connection::server(setup.server.clone(), addr(5000), auth, 22, timeouts, now);
        Pair { now, client, server, from_client: vec![], from_server: vec![] }
    }

    /// Moves bytes in chunks that `chunk` chooses, until there are none.
    pub(super) fn run_in(&mut self, mut chunk: impl FnMut() -> usize) {
        loop {
            let there = take(&mut self.client, chunk());
            self.from_client.extend_from_slice(&there);
            if !there.is_empty() {
                give(&mut self.server, &there, self.now);
            }
            let back = take(&mut self.server, chunk());
            self.from_server.extend_from_slice(&back);
            if !back.is_empty() {
                give(&mut self.client, &back, self.now);
            }
            if there.is_empty() && back.is_empty() {
                return;
            }
        }
    }

    pub(super) fn run(&mut self) {
        self.run_in(|| usize::MAX);
    }
}

pub(super) fn events(connection: &mut Connection) -> Vec<Event> {
    std::iter::from_fn(|| connection.poll_event()).collect()
}

pub(super) fn ready(events: &[Event]) -> &Established {
    match events.iter().find_map(|e| if let Event::Ready(e) = e { Some(e) } else { None }) {
        Some(established) => established,
        None => panic!("not ready: {events:?}"),
    }
}

pub(super) fn fault(events: &[Event]) -> &Error {
    let error = events.iter().find_map(|e| match e {
        Event::Closed(error) | Event::Broken(error) => Some(error),
        _ => None,
    });
    error.unwrap_or_else(|| panic!("no fault: {events:?}"))
}

pub(super) fn messages(events: Vec<Event>) -> Vec<Message> {
    events
        .into_iter()
        .filter_map(|e| if let Event::Message(message) = e { Some(message) } else { None })
        .collect()
}

/// A message with parts of these lengths.
pub(super) fn message(tid: u64, front: usize, middle: usize, data: &[usize]) -> Message {
    let fill = |len: usize| Bytes::from(vec![tid as u8; len]);
    let mut message = Message::new(42, 2, 1, fill(front));
    message.tid = tid;
    message.middle = fill(middle);
    let mut payload = Payload::new();
    data.iter().for_each(|len| payload.push(fill(*len)));
    message.data = payload;
    message
}

fn same(a: &Message, b: &Message) -> bool {
    (a.kind, a.tid, a.version, a.compat_version) == (b.kind, b.tid, b.version, b.compat_version)
        && a.front == b.front
        && a.middle == b.middle
        && a.data.to_bytes() == b.data.to_bytes()
}

#[test]
fn a_session_stands_and_carries_messages_in_every_mode() {
    for setup in Setup::all() {
        let mut pair = Pair::new(setup.clone());
        pair.client.send(message(1, 10, 0, &[]));
        pair.run();
        let server_events = events(&mut pair.server);
        let at_client = events(&mut pair.client);
        let established = ready(&at_client);
        assert_eq!(established.peer.to_string(), "osd.3", "{setup:?}");
        assert_eq!(established.features, 0x3f);
        assert_eq!(established.local_addr.to_string(), "any:127.0.0.1:0/77");
        assert_eq!(established.global_id, 4123);
        assert_eq!(established.lossy, setup.server.lossy);
        let wanted = setup.client.compression.as_ref();
        assert_eq!(established.compression, wanted.map(|wanted| wanted.algorithms[0]));
        assert_eq!(ready(&server_events).peer.to_string(), "client.4123");
        assert_eq!(messages(server_events).len(), 1);
        let sent = [
            message(2, 0, 0, &[]),
            message(3, 1, 0, &[4096]),
            message(4, 2000, 3, &[1, 5000, 16, 1024]),
            message(5, 0, 0, &[1]),
            message(6, 0, 17, &[]),
            message(7, 32, 48, &[100_000]),
        ];
        sent.iter().for_each(|m| pair.server.send(m.clone()));
        sent.iter().for_each(|m| pair.client.send(m.clone()));
        pair.run();
        for side in [&mut pair.client, &mut pair.server] {
            let got = messages(events(side));
            assert_eq!(got.len(), sent.len());
            assert!(got.iter().zip(&sent).all(|(a, b)| same(a, b)), "{setup:?}");
        }
        pair.client.keepalive(UTime { sec: 5, nsec: 6 });
        pair.run();
        let acks = events(&mut pair.client);
        assert!(matches!(acks[..], [Event::KeepaliveAck(UTime { sec: 5, nsec: 6 })]));
    }
}

#[test]
fn chunks_of_any_size_are_the_same() {
    for setup in Setup::all() {
        for size in [1, 2, 3, 7, 16, 31, 33, 100, 4096] {
            let mut pair = Pair::new(setup.clone());
            pair.client.send(message(1, 100, 3, &[5000]));
            pair.run_in(|| size);
            let got = messages(events(&mut pair.server));
            assert!(same(&got[0], &message(1, 100, 3, &[5000])), "{size} {setup:?}");
        }
    }
}

#[test]
fn a_peer_that_says_nothing_is_given_up() {
    let mut pair = Pair::new(Setup::new(&[MODE_CRC]));
    let deadline = pair.client.poll_timeout().unwrap();
    assert_eq!(deadline, pair.now + Duration::from_secs(10));
    pair.client.handle_timeout(deadline - Duration::from_millis(1));
    assert!(events(&mut pair.client).is_empty());
    pair.client.handle_timeout(deadline);
    assert_eq!(*fault(&events(&mut pair.client)), Errno::ETIMEDOUT);
    assert!(pair.client.poll_timeout().is_none());
}
