//! Tickets that are renewed, and logging in anew.

use super::*;

/// One monitor, and the session in which it knows us as 4100.
fn logged_in() -> (World, Monitor, Arc<Session>) {
    let world = World::new(&[0], true);
    let mut monitor = Monitor::new(key(1));
    world.start();
    let session = world.one();
    session.log_in(&mut monitor, 4100);
    session.say(map_message(&map(1, &[0])));
    (world, monitor, session)
}

#[test]
fn tickets_are_renewed_over_the_session() {
    let (world, mut monitor, session) = logged_in();
    world.pass_alive(&session, 70);
    assert!(session.take(auth::KIND).is_empty());
    world.pass_alive(&session, 6);
    let asked = session.take(auth::KIND);
    assert_eq!(asked.len(), 1);
    // Without an answer it is asked again, not at each tick.
    world.pass_alive(&session, 4);
    assert_eq!(session.take(auth::KIND).len(), 1);
    let request = Reader::new(&asked[0].front[22..]).bytes("payload").unwrap();
    let mut reply = Writer::new();
    reply.u32(METHOD_CEPHX).i32(0).u64(4100).bytes(monitor.answer(request).unwrap()).bytes("");
    session.say(Message::new(auth::KIND_REPLY, 1, 0, reply.into_bytes()));
    world.pass_alive(&session, 20);
    assert!(session.take(auth::KIND).is_empty());
    assert_eq!(monitor.given, 8);
}

#[test]
fn who_is_not_known_as_before_logs_in_as_another() {
    let (world, mut monitor, _) = logged_in();
    let request = |session: &Session| session.handler.auth().unwrap().request().unwrap().payload;
    let asked = |session: &Session| request(session)[request(session).len() - 8..].to_vec();
    world.one().fail(Errno::ECONNRESET);
    assert_eq!(asked(&world.one()), 4100u64.to_le_bytes());
    world.one().fail(Errno::EACCES);
    assert_eq!(asked(&world.one()), 0u64.to_le_bytes());
    world.one().log_in(&mut monitor, 4200);
    assert_eq!(world.client.global_id(), 4200);
}

#[test]
fn a_refused_renewal_logs_in_anew() {
    let (world, mut monitor, session) = logged_in();
    world.pass_alive(&session, 80);
    assert!(session.is_open() && !session.take(auth::KIND).is_empty());
    let mut reply = Writer::new();
    reply.u32(METHOD_CEPHX).i32(-13).u64(4100).bytes("").bytes("");
    session.say(Message::new(auth::KIND_REPLY, 1, 0, reply.into_bytes()));
    assert!(!session.is_open());
    world.one().log_in(&mut monitor, 4100);
}
