//! Watches and notifications, one thing at a time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;

use super::fake::{Sent, World};
use super::history::POOL;
use super::script::{SOON, osds_of, slot, swap};
use crate::ceph::message::Message;
use crate::ceph::messages::{op_code, watch_notify};
use crate::codec::Writer;
use crate::errno::{Errno, Result};
use crate::model::*;

/// Keeps what a watch is told.
#[derive(Default)]
struct Told {
    notified: Mutex<Vec<Notification>>,
    failed: Mutex<Vec<Errno>>,
}

impl WatchHandler for Told {
    fn notified(&self, notification: Notification) {
        self.notified.lock().push(notification);
    }

    fn failed(&self, _handle: WatchHandle, error: Errno) {
        self.failed.lock().push(error);
    }
}

fn watch_step(sent: &Sent) -> (u64, u8, u32) {
    let (code, fields, _) = &sent.steps[0];
    assert_eq!(*code, op_code::WATCH);
    let cookie = u64::from_le_bytes(fields[..8].try_into().unwrap());
    (cookie, fields[16], u32::from_le_bytes(fields[17..21].try_into().unwrap()))
}

fn event(opcode: u8, cookie: u64, id: u64, result: i32, data: Vec<u8>) -> Message {
    let mut front = Writer::new();
    front.u8(1).u8(opcode).u64(cookie).u64(0).u64(id).bytes("hello").i32(result).u64(4711);
    let message = Message::new(watch_notify::KIND, 3, 1, front.into_bytes());
    Message { data: data.into(), ..message }
}

/// A watch that is registered.
fn watch(world: &World, told: &Arc<Told>) -> WatchHandle {
    let (handle, done) = slot::<Result<WatchHandle>>();
    let target = Target::new(POOL, "a");
    world.objecter.watch(target, None, told.clone(), world.now, done);
    let link = world.fake.link(osds_of(world, "a").0);
    let sent = link.op();
    assert_eq!(watch_step(&sent), (1, 3, 0));
    link.say(sent.reply(0, &[b""]));
    let handle = handle.lock().take();
    handle.unwrap().unwrap()
}

#[test]
fn a_watch_lives_on_over_sessions_and_primaries() {
    let mut world = World::new();
    let told = Arc::new(Told::default());
    let handle = watch(&world, &told);
    // It is renewed.
    world.tick(SOON);
    let link = world.fake.link(osds_of(&world, "a").0);
    let ping = link.op();
    assert_eq!(watch_step(&ping), (1, 7, 0));
    let later = world.now + Duration::from_secs(3);
    let age = |world: &World| world.objecter.watch_check(handle, later).unwrap();
    assert_eq!(age(&world), Duration::from_secs(3) + SOON);
    link.say(ping.reply(0, &[b""]));
    assert_eq!(age(&world), Duration::from_secs(3));
    // Over a new session.
    link.ready();
    link.fail();
    let link = world.fake.link(osds_of(&world, "a").0);
    let sent = link.op();
    assert_eq!(watch_step(&sent), (1, 5, 1));
    // With another primary, also before that was answered.
    let (_, new) = swap(&mut world, "a");
    let sent = world.fake.link(new).op();
    assert_eq!(watch_step(&sent), (1, 5, 2));
    world.fake.link(new).say(sent.reply(0, &[b""]));
    // A notification arrives, later.
    world.fake.link(new).say(event(1, 1, 55, 0, vec![]));
    assert!(told.notified.lock().is_empty());
    world.fake.run_deferred();
    let notified = told.notified.lock().pop().unwrap();
    assert_eq!((notified.notify_id, notified.notifier), (55, 4711));
    assert_eq!((&notified.payload[..], notified.handle), (&b"hello"[..], handle));
    assert!(told.failed.lock().is_empty());
    // Nothing arrives at one that has ended, even what was there before.
    world.fake.link(new).say(event(1, 1, 56, 0, vec![]));
    let (ended, done) = slot::<Result<()>>();
    world.objecter.unwatch(handle, done);
    let sent = world.fake.link(new).op();
    assert_eq!(watch_step(&sent), (1, 0, 0));
    world.fake.link(new).say(sent.reply(0, &[b""]));
    // Whoever ends it does not wait for calls of handlers, which may wait for them.
    assert!(ended.lock().take().unwrap().is_ok());
    world.fake.run_deferred();
    assert!(told.notified.lock().is_empty());
    assert_eq!(world.objecter.watch_check(handle, later).unwrap_err(), Errno::ENOTCONN);
}

#[test]
fn a_lost_watch_is_told_once() {
    let mut world = World::new();
    let told = Arc::new(Told::default());
    let handle = watch(&world, &told);
    let (_, new) = swap(&mut world, "a");
    let link = world.fake.link(new);
    let sent = link.op();
    // The object is not there any more.
    link.say(sent.reply(-2, &[b""]));
    link.say(event(3, 1, 0, 0, vec![]));
    world.fake.run_deferred();
    assert_eq!(told.failed.lock()[..], [Errno::ENOTCONN]);
    let check = world.objecter.watch_check(handle, world.now);
    assert_eq!(check.unwrap_err(), Errno::ENOTCONN);
    // Nor is it renewed.
    world.tick(Duration::from_secs(5));
    assert!(link.ops().is_empty());
    let (ended, done) = slot::<Result<()>>();
    world.objecter.unwatch(handle, done);
    link.say(link.op().reply(-2, &[b""]));
    assert_eq!(ended.lock().take().unwrap().unwrap_err(), Errno::ENOENT);
    // A watch on nothing never begins.
    let (handle, done) = slot::<Result<WatchHandle>>();
    world.objecter.watch(Target::new(POOL, "a"), None, told.clone(), world.now, done);
    link.say(link.op().reply(-2, &[b""]));
    assert_eq!(handle.lock().take().unwrap().unwrap_err(), Errno::ENOENT);
}

fn notify(world: &World) -> Arc<Mutex<Option<Result<NotifyReply>>>> {
    let (answer, done) = slot();
    let target = Target::new(POOL, "a");
    let payload = Bytes::from_static(b"news");
    world.objecter.notify(target, payload, Duration::from_secs(7), done);
    answer
}

#[test]
fn a_notification_gathers_its_answers() {
    let mut world = World::new();
    let answer = notify(&world);
    let link = world.fake.link(osds_of(&world, "a").0);
    let sent = link.op();
    assert_eq!(&sent.steps[0].2[..], b"\x01\0\0\0\x07\0\0\0\x04\0\0\0news");
    link.say(sent.reply(0, &[&77u64.to_le_bytes()]));
    let mut data = Writer::new();
    data.u32(1).u64(10).u64(1).bytes("yes").u32(1).u64(11).u64(2);
    let data = data.into_bytes().to_vec();
    // Of a notification that was given up.
    link.say(event(2, 1, 76, 0, vec![]));
    assert!(answer.lock().is_none());
    link.say(event(2, 1, 77, -110, data));
    let got = answer.lock().take().unwrap().unwrap();
    assert_eq!(got.acks, [(10, 1, Bytes::from_static(b"yes"))]);
    assert_eq!(got.timeouts, [(11, 2)]);
    // It is made anew when its OSD is another, and fails as a whole.
    let answer = notify(&world);
    assert_eq!(link.ops().len(), 1);
    let (_, new) = swap(&mut world, "a");
    let link = world.fake.link(new);
    link.say(link.op().reply(-2, &[b""]));
    assert_eq!(answer.lock().take().unwrap().unwrap_err(), Errno::ENOENT);
    let (acked, done) = slot::<Result<()>>();
    let (target, payload) = (Target::new(POOL, "a"), Bytes::from_static(b"me too"));
    world.objecter.notify_ack(target, 5, WatchHandle(3), payload, done);
    let sent = link.op();
    assert_eq!(&sent.steps[0].2[..8], 5u64.to_le_bytes());
    assert!(sent.steps[0].2.ends_with(b"me too"));
    link.say(sent.reply(0, &[b""]));
    assert!(acked.lock().take().unwrap().is_ok());
}
