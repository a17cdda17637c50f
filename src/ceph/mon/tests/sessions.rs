//! Which monitor is spoken to, and what it tells.

use super::*;

#[test]
fn the_first_monitor_that_lets_us_in_is_kept() {
    let world = World::new(&[0, 1, 2, 3, 4], false);
    let waiting = world.authenticated();
    world.start();
    assert_eq!(world.open().len(), 3, "mon_client_hunt_parallel");
    let sessions = world.sessions();
    sessions[1].let_in(4100);
    assert!(!sessions[0].is_open() && sessions[1].is_open() && !sessions[2].is_open());
    assert_eq!(world.client.global_id(), 4100);
    let expected = [("config".to_owned(), (0, 0)), ("monmap".to_owned(), (0, 0))];
    assert_eq!(sessions[1].subscribed(), BTreeMap::from(expected));
    // Until the cluster is known nothing can be asked of it.
    assert!(waiting.lock().is_none());
    sessions[1].say(map_message(&map(1, &[0, 1, 2, 3, 4])));
    assert!(waiting.lock().take().unwrap().is_ok());
    assert!(world.authenticated().lock().take().unwrap().is_ok());
    assert_eq!(world.client.fsid(), Uuid::from_u128(77));
    assert_eq!(world.events(), ["session", "monmap 1"]);
    assert_eq!(world.client.local_addr().unwrap().nonce, 7);
    // What a loser still says is not heard.
    sessions[0].say(map_message(&map(9, &[0])));
    sessions[0].handler.ready();
    assert_eq!(world.client.monmap().epoch, 1);
}

#[test]
fn monitors_that_are_silent_give_way_to_others() {
    let world = World::new(&[0, 1, 2, 3, 4], false);
    world.start();
    let first = world.ranks();
    world.pass(3 * SECOND - Duration::from_millis(10));
    assert_eq!(world.sessions().len(), 3);
    world.pass(Duration::from_millis(20));
    let second = world.ranks();
    assert_eq!(second.len(), 2);
    assert!(second.iter().all(|rank| !first.contains(rank)));
    world.pass(3 * SECOND);
    assert_eq!(world.ranks().len(), 3, "all of them again");
}

#[test]
fn monitors_that_refuse_the_connection_are_tried_again_soon() {
    let world = World::new(&[0, 1, 2, 3], false);
    world.start();
    world.open().iter().for_each(|session| session.fail(Errno::ECONNREFUSED));
    // The fourth at once.
    let fourth = world.one();
    fourth.fail(Errno::ECONNREFUSED);
    assert!(world.open().is_empty());
    world.pass(Duration::from_millis(250));
    assert_eq!(world.open().len(), 3);
    let before = world.sessions().len();
    for _ in 0..1000 {
        world.open().iter().for_each(|session| session.fail(Errno::ECONNREFUSED));
        world.pass(Duration::from_millis(50));
    }
    // 50 seconds; no more than a round each second, once the first are over.
    assert!(world.sessions().len() - before < 4 * 52, "{}", world.sessions().len());
}

#[test]
fn a_monitor_that_was_restarted_is_found_soon_after() {
    const STEP: Duration = Duration::from_millis(10);
    for down in [0, 100, 300, 700, 1500, 2700, 5000, 20_000].map(Duration::from_millis) {
        let world = World::new(&[0], false);
        world.start();
        world.establish(&[0]).fail(Errno::ECONNRESET);
        let mut since = Duration::ZERO;
        loop {
            let open = world.open();
            if !open.is_empty() && since >= down {
                break;
            }
            open.iter().for_each(|session| session.fail(Errno::ECONNREFUSED));
            world.pass(STEP);
            since += STEP;
        }
        let late = since - down;
        assert!(late <= Duration::from_millis(210).max(down / 2).min(SECOND), "{down:?}: {late:?}");
    }
}

#[test]
fn a_refusal_is_told_when_nobody_else_lets_us_in() {
    let world = World::new(&[0, 1], false);
    let waiting = world.authenticated();
    world.start();
    let sessions = world.open();
    sessions[0].fail(Errno::EACCES);
    assert!(waiting.lock().is_none(), "the other may know better");
    sessions[1].fail(Errno::ECONNRESET);
    assert_eq!(errno(&waiting), Some(Errno::EACCES));
    // Also who asks later, until somebody else was tried.
    assert_eq!(errno(&world.authenticated()), Some(Errno::EACCES));
    world.pass(4 * SECOND);
    assert!(world.authenticated().lock().is_none());
    assert_eq!(world.open().len(), 2);
}

#[test]
fn a_timeout_that_is_set_later_counts_for_what_is_asked_later() {
    let world = World::new(&[0], false);
    world.start();
    let session = world.establish(&[0]);
    let before = world.command(MonTarget::Any);
    world.client.configure(|config| config.op_timeout = 4 * SECOND);
    let after = world.command(MonTarget::Any);
    world.pass_alive(&session, 5);
    assert_eq!(errno(&after), Some(Errno::ETIMEDOUT));
    assert!(before.lock().is_none());
}

#[test]
fn waiting_for_a_session_ends_with_client_mount_timeout() {
    let world = World::with(&[0], false, |config| config.mount_timeout = 4 * SECOND);
    let waiting = world.authenticated();
    world.start();
    world.pass(4 * SECOND - Duration::from_millis(1));
    assert!(waiting.lock().is_none());
    world.pass(Duration::from_millis(2));
    assert_eq!(errno(&waiting), Some(Errno::ETIMEDOUT));
}

#[test]
fn monitors_without_msgr2_are_told_of_at_once() {
    let world = World::with(&[0], false, |config| {
        config.monitors.monitors[0].addrs.0.remove(0);
    });
    let before = world.authenticated();
    world.start();
    assert_eq!(errno(&before), Some(Errno::EOPNOTSUPP));
    assert_eq!(errno(&world.authenticated()), Some(Errno::EOPNOTSUPP));
    assert!(world.sessions().is_empty());
    world.pass(10 * SECOND);
}

#[test]
fn priorities_and_weights_decide_who_is_tried() {
    let world = World::with(&[0, 1, 2, 3], false, |config| {
        config.hunt_parallel = 1;
        for (rank, priority) in [(0, 2), (1, 1), (2, 1), (3, 2)] {
            config.monitors.monitors[rank].priority = priority;
        }
        config.monitors.monitors[2].weight = 10;
    });
    world.start();
    let mut order = Vec::new();
    for _ in 0..4 {
        let session = world.one();
        order.push(session.peer.id);
        session.fail(Errno::ECONNREFUSED);
    }
    assert_eq!(order[..2], [2, 1]);
    order.sort_unstable();
    assert_eq!(order, [0, 1, 2, 3]);
}

#[test]
fn a_lost_session_is_replaced_and_everything_is_asked_again() {
    let world = World::new(&[0, 1, 2], false);
    world.start();
    let first = world.establish(&[0, 1, 2]);
    world.client.subscribe("osdmap", 0, false);
    world.client.subscribe("mgrmap", 5, true);
    let subscribed = first.subscribed();
    assert_eq!((subscribed["osdmap"], subscribed["mgrmap"]), ((0, 0), (5, 1)));
    world.client.got("osdmap", 40);
    world.client.got("mgrmap", 5);
    let command = world.command(MonTarget::Any);
    let (done, version) = outcome::<Versions>();
    world.client.newest_version("osdmap", done);
    let (done, request) = outcome::<Message>();
    world.client.request(Message::new(13, 2, 1, Bytes::from_static(b"statfs")), done);
    let asked = |session: &Session| {
        let kinds = [mon_command::KIND, mon_version::KIND, 13];
        kinds.map(|kind| session.take(kind).iter().map(|message| message.tid).collect::<Vec<_>>())
    };
    let before = asked(&first);
    assert!(before.iter().all(|tids| tids.len() == 1));

    first.fail(Errno::ECONNRESET);
    assert_eq!(world.open().len(), 3, "hunting again");
    let second = world.open()[0].clone();
    second.let_in(4100);
    let subscribed = second.subscribed();
    assert_eq!(subscribed["osdmap"], (41, 0));
    assert_eq!(subscribed["monmap"], (2, 0));
    assert!(!subscribed.contains_key("mgrmap"), "came, and was wanted once");
    assert_eq!(asked(&second), before);

    second.say(ack(before[0][0], -22, "no"));
    let reply = command.lock().take().unwrap().unwrap();
    assert_eq!((reply.code, &*reply.status, &reply.out[..]), (-22, "no", &b"out"[..]));
    let mut front = Writer::new();
    front.u64(before[2][0] - 1).u64(41).u64(1);
    second.say(Message::new(mon_version::KIND_REPLY, 2, 0, front.into_bytes()));
    let versions = version.lock().take().unwrap().unwrap();
    assert_eq!(versions, Versions { newest: 41, oldest: 1 });
    let mut reply = Message::new(14, 1, 0, Bytes::from_static(b"answer"));
    reply.tid = before[2][0];
    second.say(reply.clone());
    assert_eq!(request.lock().take().unwrap().unwrap().front, "answer");
    // An answer that comes twice is to nobody.
    second.say(reply);
    assert!(world.events().contains(&"session".to_owned()));
}

#[test]
fn a_silent_session_is_given_up() {
    let world = World::new(&[0, 1], false);
    world.start();
    let first = world.establish(&[0, 1]);
    world.pass_alive(&first, 60);
    assert!(first.is_open());
    assert_eq!(*first.keepalives.lock(), 6);
    world.pass(41 * SECOND);
    assert!(!first.is_open(), "mon_client_ping_timeout");
    assert!(!world.open().is_empty());
}

#[test]
fn commands_time_out_and_versions_do_not() {
    let world = World::with(&[0], false, |config| config.op_timeout = 5 * SECOND);
    world.start();
    let session = world.establish(&[0]);
    let command = world.command(MonTarget::Any);
    let (done, version) = outcome::<Versions>();
    world.client.newest_version("osdmap", done);
    world.pass(4 * SECOND);
    assert!(command.lock().is_none());
    world.pass(SECOND + Duration::from_millis(1));
    assert_eq!(errno(&command), Some(Errno::ETIMEDOUT));
    assert!(version.lock().is_none());
    session.say(ack(session.take(mon_command::KIND)[0].tid, 0, "late"));
}

#[test]
fn what_monitors_tell_reaches_the_owner() {
    let world = World::new(&[0], false);
    world.start();
    let session = world.establish(&[0]);
    world.client.subscribe("log-info", 0, false);
    world.events();
    session.say(Message::new(41, 4, 3, Bytes::from_static(b"1234")));
    session.say(Message::new(0x704, 1, 1, Bytes::from_static(b"12")));
    let mut settings = Writer::new();
    settings.u32(1).bytes("debug_ms").bytes("1");
    session.say(Message::new(config::KIND, 1, 1, settings.into_bytes()));
    let mut log = Writer::new();
    log.u64(30).i16(-1).u64(0).raw(&[0; 16]).u32(0);
    session.say(Message::new(cluster_log::KIND, 1, 0, log.into_bytes()));
    let told = world.events();
    assert_eq!(told, ["osdmap 4", "mgrmap 2", "config {\"debug_ms\": \"1\"}", "log 0"]);
    session.fail(Errno::ECONNRESET);
    world.one().let_in(4100);
    assert_eq!(world.one().subscribed()["log-info"], (31, 0));
    world.client.unsubscribe("log-info");
    world.one().fail(Errno::ECONNRESET);
    world.one().let_in(4100);
    assert!(!world.one().subscribed().contains_key("log-info"));
}

#[test]
fn a_monitor_that_left_the_map_is_left() {
    let world = World::new(&[0, 1], false);
    world.start();
    let first = world.establish(&[0, 1]);
    let left = (first.peer.id ^ 1) as u16;
    first.say(map_message(&map(2, &[left, 5])));
    assert!(!first.is_open());
    let open = world.open();
    assert_eq!(open.len(), 2);
    assert!(open.iter().any(|session| session.peer.addrs == addrs(5)));
    // The same map again changes nothing.
    open[0].let_in(4100);
    open[0].say(map_message(&map(2, &[left, 5])));
    assert!(open[0].is_open());
}

#[test]
fn bytes_that_cannot_be_read_end_the_session() {
    for kind in [mon_map::KIND, config::KIND, cluster_log::KIND, mon_version::KIND_REPLY] {
        let world = World::new(&[0], false);
        world.start();
        let session = world.establish(&[0]);
        session.say(Message::new(kind, 1, 0, Bytes::from_static(b"\xff\xff\xff\xff")));
        assert!(!session.is_open(), "{kind}");
        assert!(world.one().peer.id == 0);
    }
    let world = World::new(&[0], false);
    world.start();
    let session = world.establish(&[0]);
    session.say(map_message(&map(2, &[])));
    assert!(!session.is_open());
}

#[test]
fn sessions_lost_in_a_row_are_replaced_more_slowly() {
    let world = World::new(&[0, 1], false);
    world.start();
    world.establish(&[0, 1]);
    // Each loss makes the hunt interval longer, up to ten times.
    for _ in 0..3 {
        let open = world.open();
        open[0].fail(Errno::ECONNRESET);
        world.open()[0].let_in(4100);
    }
    world.one().fail(Errno::ECONNRESET);
    let before = world.sessions().len();
    world.pass(4 * SECOND);
    assert_eq!(world.sessions().len(), before, "1.5 intervals");
    world.pass(SECOND);
    assert_eq!(world.sessions().len(), before + 2);
}

#[test]
fn shutting_down_tells_everybody() {
    let world = World::new(&[0], false);
    let waiting = world.authenticated();
    world.start();
    let command = world.command(MonTarget::Any);
    let tell = world.command(MonTarget::Rank(0));
    world.client.shutdown();
    for outcome in [&command, &tell, &world.command(MonTarget::Any)] {
        assert_eq!(errno(outcome), Some(Errno::ECANCELED));
    }
    assert_eq!(errno(&waiting), Some(Errno::ECANCELED));
    assert!(world.open().is_empty());
    world.pass(10 * SECOND);
    assert!(world.open().is_empty());
}
