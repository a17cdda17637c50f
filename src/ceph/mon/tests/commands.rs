//! Commands, also for one monitor, and signs of life.

use super::*;

#[test]
fn a_command_for_one_monitor_has_its_own_session() {
    let world = World::new(&[0, 1, 2], false);
    world.start();
    let main = world.establish(&[0, 1, 2]);
    let command = world.command(MonTarget::Named("c".into()));
    let apart = world.open().into_iter().find(|s| !Arc::ptr_eq(s, &main)).unwrap();
    assert_eq!(apart.peer.addrs, addrs(2));
    apart.let_in(9999);
    assert_eq!(world.client.global_id(), 4100, "not the session that counts");
    let sent = apart.take(97);
    assert_eq!(sent.len(), 1);
    let mut reply = Writer::new();
    reply.i32(0).bytes("fine");
    let reply = Message::new(98, 1, 0, reply.into_bytes());
    apart.say(Message { tid: sent[0].tid, ..reply });
    assert_eq!(command.lock().take().unwrap().unwrap().status, "fine");
    assert!(!apart.is_open() && main.is_open());
    assert_eq!(errno(&world.command(MonTarget::Named("z".into()))), Some(Errno::ENOENT));
    assert_eq!(errno(&world.command(MonTarget::Rank(3))), Some(Errno::ENOENT));
    // A rank may be spelled as a name.
    assert!(world.command(MonTarget::Named("1".into())).lock().is_none());
}

#[test]
fn a_monitor_that_cannot_be_reached_is_tried_twice() {
    let world = World::new(&[0, 1], false);
    world.start();
    let main = world.establish(&[0, 1]);
    let others = || world.open().into_iter().filter(|s| !Arc::ptr_eq(s, &main)).collect::<Vec<_>>();
    let command = world.command(MonTarget::Rank(1));
    others()[0].fail(Errno::ECONNREFUSED);
    assert!(others().is_empty());
    world.pass(3 * SECOND + Duration::from_millis(1));
    assert_eq!(others().len(), 1);
    assert!(command.lock().is_none());
    world.pass(3 * SECOND + Duration::from_millis(1));
    assert_eq!(errno(&command), Some(Errno::ENXIO));
    assert!(others().is_empty());
    let refused = world.command(MonTarget::Rank(1));
    others()[0].fail(Errno::EACCES);
    assert_eq!(errno(&refused), Some(Errno::EACCES));
}

#[test]
fn a_command_may_take_long_if_only_the_monitor_lives() {
    let world = World::new(&[0, 1], false);
    world.start();
    let main = world.establish(&[0, 1]);
    let command = world.command(MonTarget::Rank(1));
    let apart = world.open().into_iter().find(|s| !Arc::ptr_eq(s, &main)).unwrap();
    apart.let_in(1);
    for _ in 0..100 {
        world.pass(SECOND);
        main.handler.keepalive_ack();
        apart.handler.keepalive_ack();
    }
    assert!(command.lock().is_none() && apart.is_open());
    assert_eq!(apart.take(97).len(), 1);
    world.pass_alive(&main, 45);
    assert!(!apart.is_open(), "silent for mon_client_ping_timeout");
    world.pass_alive(&main, 5);
    assert_eq!(errno(&command), Some(Errno::ENXIO));
}

#[test]
fn old_monitors_are_told_commands_as_any_monitor_is() {
    let world = World::new(&[0], false);
    world.start();
    world.open()[0].let_in(4100);
    let mut nautilus = map(1, &[0]);
    nautilus.min_release = 14;
    let main = world.one();
    main.say(map_message(&nautilus));
    let command = world.command(MonTarget::Rank(0));
    let apart = world.open().into_iter().find(|s| !Arc::ptr_eq(s, &main)).unwrap();
    apart.let_in(1);
    apart.say(ack(apart.take(mon_command::KIND)[0].tid, 0, ""));
    assert!(command.lock().take().unwrap().is_ok());
}

#[test]
fn a_ping_needs_no_session_and_times_out() {
    let world = World::new(&[0], false);
    let (done, pong) = outcome::<String>();
    world.client.ping("a", done);
    let session = world.one();
    session.let_in(5);
    assert_eq!(session.take(2).len(), 1);
    let mut front = Writer::new();
    front.bytes("{}");
    session.say(Message::new(2, 1, 0, front.into_bytes()));
    assert_eq!(pong.lock().take().unwrap().unwrap(), "{}");
    let (done, silent) = outcome::<String>();
    world.client.ping("a", done);
    world.pass(30 * SECOND + Duration::from_millis(1));
    assert_eq!(errno(&silent), Some(Errno::ETIMEDOUT));
    let (done, unknown) = outcome::<String>();
    world.client.ping("x", done);
    assert_eq!(errno(&unknown), Some(Errno::ENOENT));
}
