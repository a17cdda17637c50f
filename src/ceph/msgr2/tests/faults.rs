//! Connections that are cut at any byte, and sessions that survive it.

use super::*;

/// How far both directions of a whole exchange go.
fn lengths(setup: &Setup) -> (usize, usize) {
    let mut pair = Pair::new(setup.clone());
    exchange(&mut pair);
    pair.run();
    (pair.from_client.len(), pair.from_server.len())
}

fn exchange(pair: &mut Pair) {
    for tid in 1..=3 {
        pair.client.send(message(tid, 20, 0, &[100]));
        pair.server.send(message(tid, 20, 0, &[100]));
    }
}

/// Moves what one side has to send, up to `left` bytes in all. False when there is nothing.
fn pass(from: &mut Connection, to: &mut Connection, left: &mut usize, now: Instant) -> bool {
    let bytes = take(from, usize::MAX);
    let arrive = bytes.len().min(*left);
    *left -= arrive;
    if arrive > 0 {
        give(to, &bytes[..arrive], now);
    }
    arrive > 0
}

/// Lets the client's first `there` and the server's first `back` bytes arrive.
fn run_to(pair: &mut Pair, mut there: usize, mut back: usize) {
    loop {
        let sent = pass(&mut pair.client, &mut pair.server, &mut there, pair.now);
        let answered = pass(&mut pair.server, &mut pair.client, &mut back, pair.now);
        if !sent && !answered {
            return;
        }
    }
}

fn cut(pair: &mut Pair) {
    for side in [&mut pair.client, &mut pair.server] {
        side.fault(Errno::ECONNRESET.into());
    }
}

#[test]
fn a_lossy_session_ends_with_the_first_fault_wherever_it_is() {
    let setup = Setup::new(&[MODE_CRC]);
    let (there, back) = lengths(&setup);
    for at in 0..there.max(back) {
        let mut pair = Pair::new(setup.clone());
        exchange(&mut pair);
        run_to(&mut pair, at.min(there), at.min(back));
        cut(&mut pair);
        cut(&mut pair);
        for side in [&mut pair.client, &mut pair.server] {
            let events = events(side);
            let Some((Event::Closed(error), before)) = events.split_last() else {
                panic!("{at}: {events:?}");
            };
            assert_eq!(*error, Errno::ECONNRESET);
            let tids = before.iter().filter_map(|event| match event {
                Event::Message(message) => Some(message.tid),
                _ => None,
            });
            assert!(tids.eq(1..=before.len().saturating_sub(1) as u64), "{at}: in order, once");
            side.send(message(9, 1, 1, &[1]));
            assert!(take(side, usize::MAX).is_empty(), "nothing is sent after the end");
        }
    }
}

/// A lossless pair whose connection is cut at the offsets given, one after the other, each time
/// connected again. Returns the numbers of the messages each side got.
fn survive(setup: &Setup, cuts: &[(usize, usize)]) -> [Vec<u64>; 2] {
    let mut pair = Pair::new(setup.clone());
    exchange(&mut pair);
    let mut got = [Vec::new(), Vec::new()];
    let mut note = |pair: &mut Pair| {
        for (side, got) in [&mut pair.client, &mut pair.server].into_iter().zip(&mut got) {
            for event in events(side) {
                match event {
                    Event::Message(message) => got.push(message.tid),
                    Event::Closed(error) => panic!("{error}"),
                    Event::Reset => panic!("the session was forgotten"),
                    _ => {}
                }
            }
        }
    };
    for (round, (there, back)) in cuts.iter().enumerate() {
        run_to(&mut pair, *there, *back);
        note(&mut pair);
        cut(&mut pair);
        let global_seq = round as u64 + 2;
        let target = Target { kind: TARGET, addr: addr(6800) };
        let local = Local { global_seq, ..setup.client.clone() };
        let auth = Box::new(setup.client_auth.clone());
        pair.client.reconnect(local, target, auth, pair.now);
        let auth = Box::new(setup.server_auth.clone());
        let cookie = 100 + global_seq;
        pair.server.reaccept(setup.server.clone(), addr(5000), auth, cookie, pair.now);
    }
    pair.run();
    note(&mut pair);
    got
}

#[test]
fn a_lossless_session_survives_a_cut_at_every_byte() {
    for mode in [MODE_CRC, MODE_SECURE] {
        let mut setup = Setup::new(&[mode]);
        setup.client.lossy = false;
        setup.server.lossy = false;
        let (there, back) = lengths(&setup);
        for at in 0..there {
            assert_eq!(survive(&setup, &[(at, back)]), [[1, 2, 3], [1, 2, 3]], "there {at}");
        }
        for at in 0..back {
            assert_eq!(survive(&setup, &[(there, at)]), [[1, 2, 3], [1, 2, 3]], "back {at}");
        }
        for at in (0..there).step_by(13) {
            let cuts = [(at, back), (there, at), (at / 2, at / 3), (there, back)];
            assert_eq!(survive(&setup, &cuts), [[1, 2, 3], [1, 2, 3]], "often {at}");
        }
    }
}

/// A lossless pair that stands, cut, with nothing under way.
fn broken() -> (Setup, Pair) {
    let mut setup = Setup::new(&[MODE_CRC]);
    setup.client.lossy = false;
    setup.server.lossy = false;
    let mut pair = Pair::new(setup.clone());
    exchange(&mut pair);
    pair.run();
    cut(&mut pair);
    events(&mut pair.client);
    events(&mut pair.server);
    (setup, pair)
}

fn reconnect(setup: &Setup, pair: &mut Pair, global_seq: u64) {
    let target = Target { kind: TARGET, addr: addr(6800) };
    let local = Local { global_seq, ..setup.client.clone() };
    pair.client.reconnect(local, target, Box::new(setup.client_auth.clone()), pair.now);
}

#[test]
fn a_server_that_forgot_the_session_resets_it() {
    let (setup, mut pair) = broken();
    // Kept until it is known that the peer has lost it: then it is lost.
    pair.client.send(message(4, 1, 0, &[]));
    reconnect(&setup, &mut pair, 2);
    let fresh = Pair::new(setup.clone());
    pair.server = fresh.server;
    pair.run();
    let told = events(&mut pair.client);
    assert!(matches!(told[..], [Event::Reset, Event::Ready(_)]), "{told:?}");
    pair.client.send(message(5, 1, 0, &[]));
    pair.run();
    let got = messages(events(&mut pair.server));
    assert_eq!(got.iter().map(|m| m.tid).collect::<Vec<_>>(), [5]);
}

#[test]
fn a_client_that_forgot_the_session_resets_it() {
    let (setup, mut pair) = broken();
    let auth = Box::new(setup.server_auth.clone());
    pair.server.reaccept(setup.server.clone(), addr(5000), auth, 33, pair.now);
    let target = Target { kind: TARGET, addr: addr(6800) };
    let auth = Box::new(setup.client_auth.clone());
    let local = setup.client.clone();
    pair.client = Connection::client(local, target, auth, 12, Timeouts::default(), pair.now);
    pair.run();
    let told = events(&mut pair.server);
    assert!(matches!(told[..], [Event::Reset, Event::Ready(_)]), "{told:?}");
    ready(&events(&mut pair.client));
}

#[test]
fn a_stale_attempt_is_told_to_count_on() {
    // The process-wide number went back.
    let (setup, mut pair) = broken();
    let auth = Box::new(setup.server_auth.clone());
    pair.server.reaccept(setup.server.clone(), addr(5000), auth, 33, pair.now);
    reconnect(&setup, &mut pair, 0);
    pair.run();
    ready(&events(&mut pair.client));
    // The attempt's number did: the server has seen one that the client has forgotten.
    let (setup, mut pair) = broken();
    pair.server.cookies.connect_seq = 7;
    let auth = Box::new(setup.server_auth.clone());
    pair.server.reaccept(setup.server.clone(), addr(5000), auth, 33, pair.now);
    reconnect(&setup, &mut pair, 2);
    pair.run();
    ready(&events(&mut pair.client));
    assert_eq!((pair.client.cookies.connect_seq, pair.server.cookies.connect_seq), (8, 8));
}

#[test]
fn what_the_peer_lacks_or_is_not_ends_the_handshake() {
    let refused = |change: &dyn Fn(&mut Setup)| {
        let mut setup = Setup::new(&[MODE_CRC, MODE_SECURE]);
        change(&mut setup);
        let mut pair = Pair::new(setup);
        pair.run();
        fault(&events(&mut pair.client)).clone()
    };
    let error = refused(&|setup| setup.server.features_required = 1 << 9);
    assert_eq!(error, Errno::EOPNOTSUPP);
    assert!(error.to_string().contains("0x200"), "{error}");
    let error = refused(&|setup| setup.server.kind = EntityKind::Mds);
    assert!(error.to_string().contains("is a mds, not a osd"), "{error}");
    let error = refused(&|setup| setup.server_auth.modes = vec![5]);
    assert_eq!(error, Errno::EOPNOTSUPP);
    let error = refused(&|setup| setup.client_auth.seed = 10);
    assert!(error == Errno::EACCES || error == Errno::EBADMSG, "{error}");
}

#[test]
fn a_server_with_another_address_or_mode_is_not_believed() {
    // The server answers as another process: it would have to be asked for by that address.
    let mut pair = Pair::new(Setup::new(&[MODE_CRC]));
    let elsewhere = EntityAddr { nonce: 5, ..addr(6800) };
    let mut local = server_local();
    local.addrs = EntityAddrs(vec![addr(6800)]);
    let target = Target { kind: TARGET, addr: elsewhere };
    let auth = Box::new(Shared::new(9, &[MODE_CRC]));
    pair.client =
        Connection::client(client_local(), target, auth, 0, Timeouts::default(), pair.now);
    pair.run();
    assert_eq!(*fault(&events(&mut pair.server)), Errno::EBADMSG);

    // It chooses a mode that was not offered.
    struct Downgrade;
    impl AuthServer for Downgrade {
        fn request(&mut self, _: u32, _: &[u32], _: &[u8]) -> Accept {
            let (payload, keys) = (Bytes::new(), crate::ceph::auth::AuthDone::default());
            Accept::Done { global_id: 1, mode: MODE_CRC, payload, keys }
        }

        fn more(&mut self, _: &[u8]) -> Accept {
            unreachable!()
        }
    }
    let mut pair = Pair::new(Setup::new(&[MODE_SECURE]));
    let (auth, timeouts) = (Box::new(Downgrade), Timeouts::default());
    pair.server = Connection::server(server_local(), addr(5000), auth, 1, timeouts, pair.now);
    pair.run();
    assert_eq!(*fault(&events(&mut pair.client)), Errno::EACCES);
}
