//! Bytes that are wrong.

use proptest::prelude::*;

use super::*;
use crate::ceph::msgr2::preamble::{Preamble, Tag};
use crate::ceph::sim::Random;

/// Both sides' bytes of an exchange of messages.
fn recorded(setup: &Setup) -> (Vec<u8>, Vec<u8>) {
    let mut pair = Pair::new(setup.clone());
    for tid in 1..=3 {
        pair.client.send(message(tid, 20, 0, &[300]));
        pair.server.send(message(tid, 20, 0, &[300]));
    }
    pair.run();
    (pair.from_client, pair.from_server)
}

/// Gives bytes to a new client, wrong as they may be, and returns what it makes of them.
fn client_of(setup: &Setup, bytes: &[u8]) -> Vec<Event> {
    let mut pair = Pair::new(setup.clone());
    give(&mut pair.client, bytes, pair.now);
    events(&mut pair.client)
}

fn server_of(setup: &Setup, bytes: &[u8]) -> Vec<Event> {
    let mut pair = Pair::new(setup.clone());
    give(&mut pair.server, bytes, pair.now);
    events(&mut pair.server)
}

/// No message may be another than those that were sent, or come out of order. One may be missing:
/// revision 2.0 has no checksum over the byte that gives a frame up, and frames with checksums can
/// be left out as a whole; a signature over every frame is what the secure mode is for.
fn harmless(events: &[Event]) {
    let mut last = 0;
    for event in events {
        if let Event::Message(got) = event {
            assert!(got.tid > last && got.tid <= 3, "{}", got.tid);
            assert!(same(got, &message(got.tid, 20, 0, &[300])), "a message that was never sent");
            last = got.tid;
        }
    }
}

#[test]
fn a_recorded_exchange_is_the_same_again() {
    for setup in Setup::all() {
        let (from_client, from_server) = recorded(&setup);
        assert_eq!(messages(client_of(&setup, &from_server)).len(), 3, "{setup:?}");
        assert_eq!(messages(server_of(&setup, &from_client)).len(), 3);
    }
}

#[test]
fn a_changed_byte_is_noticed_or_does_no_harm() {
    for setup in Setup::all() {
        let (from_client, from_server) = recorded(&setup);
        for (bytes, run) in
            [(from_server, client_of as fn(&Setup, &[u8]) -> Vec<Event>), (from_client, server_of)]
        {
            for at in 0..bytes.len() {
                for change in [1, 0x80, 0xff] {
                    let mut bytes = bytes.clone();
                    bytes[at] ^= change;
                    harmless(&run(&setup, &bytes));
                }
            }
        }
    }
}

#[test]
fn a_change_before_the_signature_never_leads_to_a_session() {
    // All but the client's AuthSignature and what follows it is signed by the one or the other.
    let setup = Setup::new(&[MODE_CRC]);
    let (from_client, _) = recorded(&setup);
    let handshake = from_client.windows(2).position(|two| two == [7, 1]).unwrap();
    for at in 0..handshake {
        let mut pair = Pair::new(setup.clone());
        let mut passed = 0;
        loop {
            let mut there = take(&mut pair.client, usize::MAX);
            if (passed..passed + there.len()).contains(&at) {
                there[at - passed] ^= 0x10;
            }
            passed += there.len();
            let back = {
                give(&mut pair.server, &there, pair.now);
                take(&mut pair.server, usize::MAX)
            };
            give(&mut pair.client, &back, pair.now);
            if there.is_empty() && back.is_empty() {
                break;
            }
        }
        let events = events(&mut pair.client);
        assert!(!events.iter().any(|e| matches!(e, Event::Ready(_))), "byte {at}: {events:?}");
    }
}

#[test]
fn bytes_left_out_put_in_or_repeated_do_no_harm() {
    for setup in Setup::all() {
        let (from_client, from_server) = recorded(&setup);
        let mut random = Random::new(5);
        for _ in 0..3000 {
            let client = random.below(2) == 0;
            let mut bytes = if client { from_server.clone() } else { from_client.clone() };
            for _ in 0..=random.below(3) {
                let at = random.below(bytes.len() as u64) as usize;
                let len = random.below(40).min((bytes.len() - at) as u64) as usize;
                match random.below(4) {
                    0 => drop(bytes.drain(at..at + len)),
                    1 => bytes[at..at + len].fill(random.next() as u8),
                    2 => bytes.truncate(at + 1),
                    _ => {
                        let again = bytes[at..at + len].to_vec();
                        bytes.splice(at..at, again);
                    }
                }
            }
            harmless(&if client { client_of(&setup, &bytes) } else { server_of(&setup, &bytes) });
        }
    }
}

/// Puts frames after an open session's bytes.
fn after_open(setup: &Setup, frames: &[u8]) -> (Vec<Event>, usize) {
    let mut pair = Pair::new(setup.clone());
    pair.run();
    ready(&events(&mut pair.client));
    give(&mut pair.client, frames, pair.now);
    let room = pair.client.buffer().capacity();
    (events(&mut pair.client), room)
}

#[test]
fn a_length_is_not_allocated_before_its_bytes_come() {
    let setup = Setup::new(&[MODE_CRC]);
    let long = Preamble::new(Tag::Message, [41, 0, 0, 1 << 30]).encode();
    let (events, room) = after_open(&setup, &long);
    assert!(events.is_empty());
    assert!(room < 9 << 20, "{room}");
    let longer = Preamble::new(Tag::Message, [41, 0, 0, (1 << 30) + 1]).encode();
    assert_eq!(*fault(&after_open(&setup, &longer).0), Errno::EBADMSG);
    // In a handshake, where anybody may call, there is little to be had.
    let mut pair = Pair::new(setup);
    give(&mut pair.server, b"ceph v2\n\x10\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", pair.now);
    let hello = Preamble::new(Tag::Hello, [1 << 20, 0, 0, 0]).encode();
    give(&mut pair.server, &hello, pair.now);
    assert!(pair.server.buffer().capacity() < 2 << 20);
    for _ in 0..40 {
        give(&mut pair.server, &[0; 32 << 10], pair.now);
    }
    assert_eq!(*fault(&events_of(&mut pair.server)), Errno::EBADMSG);
}

fn events_of(connection: &mut Connection) -> Vec<Event> {
    events(connection)
}

#[test]
fn a_frame_given_up_halfway_is_passed_over() {
    let setup = Setup::new(&[MODE_CRC]);
    let mut pair = Pair::new(setup.clone());
    pair.run();
    pair.server.send(message(1, 20, 0, &[300]));
    let mut bytes = take(&mut pair.server, usize::MAX);
    let first = bytes.len();
    pair.server.send(message(2, 20, 0, &[300]));
    bytes.extend(take(&mut pair.server, usize::MAX));
    // The epilogue: late_status, three checksums.
    assert_eq!(bytes[first - 13], 0xe);
    bytes[first - 13] = 0x1;
    events(&mut pair.client);
    give(&mut pair.client, &bytes, pair.now);
    assert_eq!(messages(events(&mut pair.client))[0].tid, 2);
    bytes[first - 13] = 0x3;
    assert_eq!(*fault(&after_open(&setup, &bytes).0), Errno::EBADMSG);
}

#[test]
fn frames_of_a_handshake_in_a_session_are_refused() {
    let setup = Setup::new(&[MODE_CRC]);
    for tag in [Tag::Hello, Tag::AuthDone, Tag::ServerIdent, Tag::SessionReset, Tag::Wait] {
        let mut frame = Preamble::new(tag, [0; 4]).encode().to_vec();
        assert_eq!(*fault(&after_open(&setup, &frame).0), Errno::EBADMSG, "{tag:?}");
        // And a message before there is a session.
        frame = Preamble::new(Tag::Message, [41, 0, 0, 0]).encode().to_vec();
        frame.extend_from_slice(&[0; 41]);
        frame.extend_from_slice(&crc::segment(&[0; 41]).to_le_bytes());
        let banner = b"ceph v2\n\x10\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        let bytes = [&banner[..], &frame[..]].concat();
        assert_eq!(*fault(&server_of(&setup, &bytes)), Errno::EBADMSG);
        assert_eq!(*fault(&client_of(&setup, &bytes)), Errno::EBADMSG);
    }
}

#[test]
fn an_endless_handshake_is_ended() {
    struct Never;
    impl AuthServer for Never {
        fn request(&mut self, _: u32, _: &[u32], _: &[u8]) -> Accept {
            Accept::More(Bytes::from_static(b"again"))
        }

        fn more(&mut self, _: &[u8]) -> Accept {
            Accept::More(Bytes::from_static(b"again"))
        }
    }
    let mut pair = Pair::new(Setup::new(&[MODE_CRC]));
    let (auth, timeouts) = (Box::new(Never), Timeouts::default());
    pair.server = Connection::server(server_local(), addr(5000), auth, 1, timeouts, pair.now);
    pair.run();
    assert_eq!(*fault(&events(&mut pair.client)), Errno::EPROTO);
}

proptest! {
    #[test]
    fn noise_does_no_harm(
        noise in proptest::collection::vec(any::<u8>(), 0..400),
        at in 0..700_usize,
    ) {
        for setup in Setup::all() {
            let (from_client, from_server) = recorded(&setup);
            let start = at.min(from_server.len());
            harmless(&client_of(&setup, &[&from_server[..start], &noise].concat()));
            let start = at.min(from_client.len());
            harmless(&server_of(&setup, &[&from_client[..start], &noise].concat()));
        }
    }

    #[test]
    fn any_chunks_are_the_same(sizes in proptest::collection::vec(1..3000_usize, 1..20)) {
        for setup in Setup::all() {
            let mut pair = Pair::new(setup);
            pair.client.send(message(1, 100, 3, &[5000]));
            let mut sizes = sizes.iter().cycle();
            pair.run_in(|| *sizes.next().unwrap());
            let got = messages(events(&mut pair.server));
            prop_assert!(same(&got[0], &message(1, 100, 3, &[5000])));
        }
    }
}
