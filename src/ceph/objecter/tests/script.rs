//! One thing at a time.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;

use super::fake::{Fake, Sent, World, result};
use super::history::{Change, POOL};
use crate::ceph::map::{MapFlags, PgId, PoolFlags};
use crate::ceph::message::Message;
use crate::ceph::messages::command;
use crate::ceph::messages::hobject::HObject;
use crate::ceph::messages::op_code::{self, OsdFlags};
use crate::ceph::messages::osd_backoff::{self, Backoff, BackoffOp};
use crate::codec::Writer;
use crate::errno::{Errno, Result};
use crate::model::*;

pub(super) const SOON: Duration = Duration::from_millis(1);

pub(super) fn write(name: &str) -> ObjectOp {
    let data = Payload::from(name.as_bytes().to_vec());
    ObjectOp::write(Target::new(POOL, name)).then(Op::Append(data))
}

pub(super) fn read(name: &str) -> ObjectOp {
    ObjectOp::read(Target::new(POOL, name)).then(Op::Read { off: 0, len: 9, into: None })
}

/// Who is primary of an object, and the other that has it.
pub(super) fn osds_of(world: &World, name: &str) -> (i32, i32) {
    let map = world.history.last();
    let placement = map.placement(map.pg_of(&Target::new(POOL, name)).unwrap());
    (placement.acting_primary, placement.acting.get(1).copied().unwrap_or(-1))
}

/// Makes the other OSD of an object its primary.
pub(super) fn swap(world: &mut World, name: &str) -> (i32, i32) {
    let (old, new) = osds_of(world, name);
    let map = world.history.last();
    let seed = map.fold(map.pg_of(&Target::new(POOL, name)).unwrap()).seed;
    world.change(Change { pg_temp: vec![(seed, vec![new, old])], ..Change::default() });
    assert_eq!(osds_of(world, name), (new, old));
    (old, new)
}

#[test]
fn an_operation_waits_for_the_first_map_and_goes_to_the_primary() {
    let world = World::without_map();
    let slot = world.submit(write("a"));
    assert_eq!(world.fake.subscribed.lock()[..], [0]);
    world.objecter.handle_osdmap(world.history.first()).unwrap();
    let link = world.fake.link(osds_of(&world, "a").0);
    let sent = link.op();
    assert_eq!((sent.attempt, sent.epoch), (0, world.history.last().epoch));
    assert_eq!((&*sent.name, sent.pool, &sent.steps[0].2[..]), ("a", POOL.0, &b"a"[..]));
    assert_eq!(result(&slot), None);
    link.say(sent.reply(0, &[b""]));
    let reply = slot.lock().take().unwrap();
    assert_eq!((reply.result, reply.version), (0, sent.tid * 10));
}

#[test]
fn another_primary_is_sent_everything_again_in_order() {
    let mut world = World::new();
    let slots: Vec<_> = (0..3).map(|_| world.submit(write("a"))).collect();
    let first = world.fake.link(osds_of(&world, "a").0).ops();
    let (old, new) = swap(&mut world, "a");
    let again = world.fake.link(new).ops();
    let tids = |ops: &[Sent]| ops.iter().map(|op| op.tid).collect::<Vec<_>>();
    assert_eq!(tids(&first), tids(&again));
    assert!(again.iter().all(|op| op.attempt == 1 && op.epoch == world.history.last().epoch));
    // What the old one says does not count any more.
    world.fake.link(old).say(first[0].reply(-5, &[b""]));
    assert_eq!(result(&slots[0]), None);
    again.iter().for_each(|op| world.fake.link(new).say(op.reply(0, &[b""])));
    assert!(slots.iter().all(|slot| result(slot) == Some(0)));
    // And again nothing changes: nothing is sent.
    world.submit(read("a"));
    let sent = world.fake.link(new).op();
    world.change(Change::default());
    assert!(world.fake.link(new).ops().is_empty());
    // An answer from the wrong session, although to the right attempt.
    world.fake.link(old).say(sent.reply(0, &[b""]));
}

#[test]
fn a_session_that_ends_is_opened_again_later_and_later() {
    let mut world = World::new();
    let slot = world.submit(write("a"));
    let osd = osds_of(&world, "a").0;
    world.fake.link(osd).op();
    world.fake.link(osd).ready();
    world.fake.link(osd).fail();
    // At once, the first time.
    assert_eq!(world.fake.count(osd), 2);
    assert_eq!(world.fake.link(osd).op().attempt, 1);
    world.fake.link(osd).fail();
    assert_eq!(world.fake.count(osd), 2);
    let next = world.tick(SOON);
    assert_eq!(next, world.now + Duration::from_millis(100));
    world.tick(Duration::from_millis(99));
    assert_eq!(world.fake.count(osd), 2);
    world.tick(SOON);
    assert_eq!(world.fake.count(osd), 3);
    world.fake.link(osd).fail();
    assert_eq!(world.tick(SOON), world.now + Duration::from_millis(200));
    world.tick(Duration::from_millis(200));
    let link = world.fake.link(osd);
    let sent = link.op();
    link.ready();
    link.say(sent.reply(0, &[b""]));
    assert_eq!((world.fake.count(osd), result(&slot)), (4, Some(0)));
}

#[test]
fn an_osd_that_restarts_is_spoken_to_at_its_new_address() {
    let mut world = World::new();
    let slot = world.submit(write("a"));
    let osd = osds_of(&world, "a").0;
    let link = world.fake.link(osd);
    world.change(Change { down: vec![osd], ..Change::default() });
    assert!(link.is_closed());
    let other = osds_of(&world, "a").0;
    assert_ne!(other, osd);
    assert_eq!(world.fake.link(other).ops().len(), 1);
    world.change(Change { up: vec![(osd, 99)], ..Change::default() });
    let link = world.fake.link(osds_of(&world, "a").0);
    assert_eq!(link.peer.addrs.0[0].nonce, 99);
    let sent = link.op();
    assert_eq!(sent.attempt, 2);
    link.say(sent.reply(0, &[b""]));
    assert_eq!(result(&slot), Some(0));
}

#[test]
fn a_paused_cluster_is_sent_nothing_until_it_goes_on() {
    let mut world = World::new();
    let osd = osds_of(&world, "a").0;
    let flags = world.history.last().flags;
    let paused = (flags | MapFlags::PAUSEWR).bits();
    world.change(Change { flags: Some(paused), ..Change::default() });
    let slots = [world.submit(write("a")), world.submit(write("a"))];
    world.submit(read("a"));
    let sent = world.fake.link(osd).op();
    assert!(sent.flags.contains(OsdFlags::READ));
    world.change(Change { flags: Some(flags.bits()), ..Change::default() });
    let sent = world.fake.link(osd).ops();
    assert_eq!(sent.iter().map(|op| op.attempt).collect::<Vec<_>>(), [0, 0]);
    sent.iter().for_each(|op| world.fake.link(osd).say(op.reply(0, &[b""])));
    assert!(slots.iter().all(|slot| result(slot) == Some(0)));
}

#[test]
fn a_full_pool_holds_back_writes_but_those_that_say_so() {
    let mut world = World::new();
    let osd = osds_of(&world, "a").0;
    let usual = world.history.last().pool(POOL).unwrap().flags.bits();
    let slot = world.submit(write("a"));
    let sent = world.fake.link(osd).op();
    let full = Some(usual | PoolFlags::FULL.bits());
    world.change(Change { pool_flags: full, ..Change::default() });
    world.fake.link(osd).take();
    world.submit(write("a"));
    assert!(world.fake.link(osd).ops().is_empty());
    for (flag, on_wire) in
        [(ReqFlags::FULL_TRY, OsdFlags::FULL_TRY), (ReqFlags::FULL_FORCE, OsdFlags::FULL_FORCE)]
    {
        let mut op = write("a");
        op.flags = flag;
        world.submit(op);
        assert!(world.fake.link(osd).op().flags.contains(on_wire));
    }
    // An OSD drops what it is too full for, so that what was sent is sent again.
    world.change(Change { pool_flags: Some(usual), ..Change::default() });
    let again = world.fake.link(osd).ops();
    assert_eq!((again.len(), again[0].tid), (2, sent.tid));
    world.fake.link(osd).say(again[0].reply(0, &[b""]));
    assert_eq!(result(&slot), Some(0));
}

#[test]
fn a_missing_pool_is_believed_when_the_newest_map_lacks_it_too() {
    let world = World::new();
    let gone = |name: &str| ObjectOp::read(Target::new(PoolId(77), name)).then(Op::Stat);
    let slot = world.submit(gone("a"));
    assert_eq!(result(&slot), None);
    world.fake.answer_newest(world.history.last().epoch);
    assert_eq!(result(&slot), Some(-2));
    // There is a newer map: it decides.
    let mut world = world;
    let slot = world.submit(gone("b"));
    let memory: Box<dyn ReadMemory> = Box::new(BytesMut::zeroed(3));
    let into = Op::Read { off: 0, len: 3, into: Some(memory) };
    let filled = world.submit(ObjectOp::read(Target::new(PoolId(77), "b")).then(into));
    world.fake.answer_newest(world.history.last().epoch + 1);
    assert_eq!(result(&slot), None);
    world.change(Change::default());
    assert_eq!(result(&slot), Some(-2));
    let out = filled.lock().take().unwrap().take(0);
    let Out::Filled { mut memory, len: 0 } = out else { panic!() };
    assert_eq!(memory.bytes().len(), 3);
    // Monitors that cannot say are asked again.
    let slot = world.submit(gone("c"));
    world.fake.newest.lock().drain(..).for_each(|done| done(Err(Errno::EAGAIN.into())));
    world.tick(Duration::from_secs(5));
    world.fake.answer_newest(1);
    assert_eq!(result(&slot), Some(-2));
}

#[test]
fn a_pool_that_is_deleted_takes_its_operations_along() {
    let mut world = World::new();
    let slot = world.submit(write("a"));
    world.change(Change { delete_pool: true, ..Change::default() });
    assert_eq!(result(&slot), Some(-2));
}

#[test]
fn a_pool_that_fails_everything_fails_everything() {
    let mut world = World::new();
    let slot = world.submit(write("a"));
    let flags = world.history.last().pool(POOL).unwrap().flags | PoolFlags::EIO;
    world.change(Change { pool_flags: Some(flags.bits()), ..Change::default() });
    assert_eq!(result(&slot), Some(-5));
    assert_eq!(result(&world.submit(read("a"))), Some(-5));
}

fn object(world: &World, name: &str) -> HObject {
    let hash = world.history.last().pg_of(&Target::new(POOL, name)).unwrap().seed;
    let (pool, snap) = (POOL.0, SnapId::HEAD);
    HObject { name: name.into(), hash, pool, snap, ..HObject::min() }
}

#[test]
fn a_backoff_holds_its_range_until_it_ends() {
    let world = World::new();
    let link = {
        world.submit(write("a"));
        world.fake.link(osds_of(&world, "a").0)
    };
    let sent = link.op();
    let (begin, end) = (object(&world, "a"), object(&world, "a"));
    let block =
        Backoff { group: sent.group, epoch: sent.epoch, op: BackoffOp::Block, id: 5, begin, end };
    link.say(block.message(63));
    let answer = link.take().remove(0);
    let answer = Backoff::decode(&answer).unwrap();
    assert_eq!(answer, Backoff { op: BackoffOp::AckBlock, ..block.clone() });
    // Held: the same object. Not held: another one of the same group.
    world.submit(read("a"));
    assert!(link.ops().is_empty());
    let names: Vec<_> = (0..200).map(|n| format!("b{n}")).collect();
    let same = |name: &&String| {
        let map = world.history.last();
        map.fold(map.pg_of(&Target::new(POOL, name.as_str())).unwrap()) == sent.group.pg
    };
    let other = names.iter().find(same).unwrap();
    world.submit(read(other));
    assert_eq!(&link.op().name, other);
    link.say(Backoff { op: BackoffOp::Unblock, ..block.clone() }.message(63));
    let again = link.ops();
    assert_eq!(again.iter().map(|op| op.attempt).collect::<Vec<_>>(), [1, 0]);
    assert!(again[0].tid == sent.tid && again[1].tid > sent.tid);
    // A session's end ends its backoffs.
    link.say(block.message(63));
    assert_eq!(link.take().remove(0).kind, osd_backoff::KIND);
    link.ready();
    link.fail();
    assert_eq!(world.fake.link(osds_of(&world, "a").0).ops().len(), 3);
}

#[test]
fn a_replica_that_may_not_serve_leaves_it_to_the_primary() {
    let mut names = (0..100).map(|n| format!("o{n}"));
    let world = World::new();
    // Some of them go to a replica.
    let (name, slot, replica) = names
        .find_map(|name| {
            let mut op = read(&name);
            op.flags = ReqFlags::BALANCE_READS;
            let (primary, replica) = osds_of(&world, &name);
            let slot = world.submit(op);
            let osds = [0, 1, 2].into_iter().filter(|osd| world.fake.count(*osd) > 0);
            let sent = osds
                .flat_map(|osd| world.fake.link(osd).ops().into_iter().map(move |op| (osd, op)));
            let (osd, sent) = sent.last().unwrap();
            assert!(osd == primary || osd == replica);
            (osd == replica).then_some((name, slot, sent))
        })
        .unwrap();
    let (primary, other) = osds_of(&world, &name);
    world.fake.link(other).say(replica.reply(-11, &[b""]));
    let sent = world.fake.link(primary).op();
    assert!(!sent.flags.contains(OsdFlags::BALANCE_READS) && sent.tid > replica.tid);
    world.fake.link(primary).say(sent.reply(0, &[b"data"]));
    assert_eq!(&slot.lock().take().unwrap().take_data(0)[..], b"data");
}

#[test]
fn a_redirection_is_followed() {
    let world = World::new();
    let slot = world.submit(write("a"));
    let link = world.fake.link(osds_of(&world, "a").0);
    let sent = link.op();
    link.say(sent.reply_with(0, &[b""], Some((POOL.0, "elsewhere"))));
    let link = world.fake.link(osds_of(&world, "elsewhere").0);
    let moved = link.op();
    assert_eq!((&*moved.name, moved.steps, moved.attempt), ("elsewhere", sent.steps, 1));
    let flags = OsdFlags::REDIRECTED | OsdFlags::IGNORE_OVERLAY | OsdFlags::IGNORE_CACHE;
    assert!(moved.flags.contains(flags) && moved.tid > sent.tid);
    let map = world.history.last();
    let there = map.fold(map.pg_of(&Target::new(POOL, "elsewhere")).unwrap());
    assert_eq!(moved.group.pg, there);
    let again = Sent { steps: vec![], ..moved };
    link.say(again.reply(0, &[b""]));
    assert_eq!(result(&slot), Some(0));
}

#[test]
fn groups_that_split_are_sent_everything_again() {
    let mut world = World::new();
    let mut slots = Vec::new();
    for n in 0..40 {
        slots.push(world.submit(write(&format!("o{n}"))));
    }
    (0..3).for_each(|osd| drop(world.fake.link(osd).take()));
    world.change(Change { pg_num: Some(32), ..Change::default() });
    let mut again: Vec<_> =
        (0..3).flat_map(|osd| world.fake.link(osd).ops()).map(|op| op.tid).collect();
    again.sort_unstable();
    assert_eq!(again.len(), 40, "each once: {again:?}");
}

#[test]
fn what_has_no_answer_in_time_fails() {
    let timeout = Duration::from_secs(8);
    let mut world = World::with(|config| config.op_timeout = Some(timeout));
    world.objecter.handle_osdmap(world.history.first()).unwrap();
    let slot = world.submit(write("a"));
    assert_eq!(world.tick(SOON), world.now + Duration::from_secs(1));
    world.tick(Duration::from_secs(7));
    assert_eq!(result(&slot), None);
    world.tick(Duration::from_secs(1));
    assert_eq!(result(&slot), Some(-110));
    // Its answer, when it comes after all, is nobody's.
    let link = world.fake.link(osds_of(&world, "a").0);
    link.say(link.op().reply(0, &[b""]));
}

#[test]
fn a_timeout_that_is_set_later_counts_from_then_on() {
    let mut world = World::with(|config| config.op_timeout = None);
    world.objecter.handle_osdmap(world.history.first()).unwrap();
    let slot = world.submit(write("a"));
    world.tick(Duration::from_secs(100));
    assert_eq!(result(&slot), None);
    world.objecter.set_timing(Some(Duration::from_secs(2)), Duration::from_secs(5));
    let next = world.tick(SOON);
    assert_eq!(next, world.now + Duration::from_millis(250), "looked at in time");
    world.tick(Duration::from_secs(1));
    assert_eq!(result(&slot), None);
    world.tick(Duration::from_secs(1));
    assert_eq!(result(&slot), Some(-110));
    world.objecter.set_timing(None, Duration::from_secs(5));
    let slot = world.submit(write("a"));
    world.tick(Duration::from_secs(100));
    assert_eq!(result(&slot), None);
}

#[test]
fn memory_is_filled_and_comes_back() {
    let world = World::new();
    let into = |len| -> Option<Box<dyn ReadMemory>> { Some(Box::new(BytesMut::zeroed(len))) };
    let op = ObjectOp::read(Target::new(POOL, "a"))
        .then(Op::Read { off: 0, len: 4, into: into(4) })
        .then(Op::Stat)
        .then(Op::Read { off: 9, len: 4, into: into(4) });
    let slot = world.submit(op);
    let link = world.fake.link(osds_of(&world, "a").0);
    link.say(link.op().reply(0, &[b"abc", &[7; 16], b"toolong"]));
    let mut reply = slot.lock().take().unwrap();
    let Out::Filled { mut memory, len: 3 } = reply.take(0) else { panic!() };
    assert_eq!(memory.bytes(), b"abc\0");
    assert!(matches!(reply.take(1), Out::Stat { .. }));
    assert!(matches!(reply.take(2), Out::Filled { len: 4, .. }));
    // An output that cannot be read fails, as librados lets it.
    let slot = world.submit(ObjectOp::read(Target::new(POOL, "a")).then(Op::GetXattrs));
    link.say(link.op().reply(0, &[&[9, 9, 9, 9]]));
    assert_eq!(result(&slot), Some(-5));
    // As does an answer that cannot.
    let slot = world.submit(read("a"));
    let mut nonsense = link.op().reply(0, &[b"x"]);
    nonsense.front = nonsense.front.slice(..40);
    link.say(nonsense);
    assert_eq!(result(&slot), Some(-5));
}

#[test]
fn nothing_to_do_is_an_error() {
    let world = World::new();
    assert_eq!(result(&world.submit(ObjectOp::read(Target::new(POOL, "a")))), Some(-22));
}

#[test]
fn a_shutdown_answers_everyone() {
    let world = World::new();
    let slot = world.submit(write("a"));
    let link = world.fake.link(osds_of(&world, "a").0);
    let told = Arc::new(Mutex::new(None));
    let tell = Arc::clone(&told);
    world.objecter.wait_for_map(u32::MAX, Box::new(move |r| *tell.lock() = Some(r.is_err())));
    world.objecter.shutdown();
    assert_eq!((result(&slot), *told.lock()), (Some(-108), Some(true)));
    assert!(link.is_closed());
    assert_eq!(result(&world.submit(write("a"))), Some(-108));
}

/// Where an outcome arrives.
pub(super) type Outcome<T> = (Arc<Mutex<Option<T>>>, Box<dyn FnOnce(T) + Send>);

pub(super) fn slot<T: Send + 'static>() -> Outcome<T> {
    let slot = Arc::new(Mutex::new(None));
    let fill = Arc::clone(&slot);
    (slot, Box::new(move |value| *fill.lock() = Some(value)))
}

fn command_reply(tid: u64, code: i32) -> Message {
    let mut front = Writer::new();
    front.i32(code).bytes("fine");
    let message = Message::new(command::KIND_REPLY, 1, 1, front.into_bytes());
    Message { tid, data: Bytes::from_static(b"out").into(), ..message }
}

#[test]
fn commands_reach_their_osd_or_fail() {
    let mut world = World::new();
    let send = |fake: &Fake, world: &World, osd| {
        let (answer, done) = slot::<Result<CommandReply>>();
        world.objecter.osd_command(osd, vec!["{}".into()], Bytes::new(), done);
        fake.answer_newest(world.history.last().epoch);
        answer
    };
    let answer = send(&world.fake, &world, 1);
    let link = world.fake.link(1);
    let sent = link.take().remove(0);
    link.say(command_reply(sent.tid, -11));
    let again = link.take().remove(0);
    assert_eq!((again.tid, again.front.clone()), (sent.tid, sent.front));
    link.say(command_reply(sent.tid, 0));
    let reply = answer.lock().take().unwrap().unwrap();
    assert_eq!((reply.code, &reply.out[..], &*reply.status), (0, &b"out"[..], "fine"));
    let reply = |answer: Arc<Mutex<Option<Result<CommandReply>>>>| {
        let reply = answer.lock().take().unwrap().unwrap();
        (reply.code, reply.status)
    };
    let missing = send(&world.fake, &world, 9);
    assert_eq!(reply(missing), (-2, "osd dne".to_owned()));
    let waiting = send(&world.fake, &world, 1);
    world.change(Change { down: vec![1], ..Change::default() });
    world.fake.answer_newest(world.history.last().epoch);
    assert_eq!(reply(waiting), (-6, "osd down".to_owned()));
    let (answer, done) = slot::<Result<CommandReply>>();
    let group = PgId { pool: POOL.0, seed: 3 };
    world.objecter.pg_command(group, vec!["{}".into()], Bytes::new(), done);
    let primary = world.history.last().placement(group).acting_primary;
    let link = world.fake.link(primary);
    link.say(command_reply(link.take().remove(0).tid, 0));
    assert_eq!(reply(answer).0, 0);
}

#[test]
fn a_listing_asks_the_group_of_its_place() {
    let world = World::new();
    let mut listing = Listing { pool: POOL, scope: ListScope::All, filter: Bytes::new() };
    let answer = |code: u16, next: &HObject, names: &[&str]| {
        let osd = (0..3).find(|osd| {
            world.fake.count(*osd) > 0 && {
                let pending = world.fake.link(*osd).ops();
                let Some(sent) = pending.first() else { return false };
                assert_eq!(sent.steps[0].0, code);
                let mut list = Writer::new();
                list.versioned(1, 1, |list| {
                    list.value(next).count(names.len());
                    for name in names {
                        list.bytes("").bytes(name).bytes("");
                    }
                });
                world.fake.link(*osd).say(sent.reply(1, &[&list.into_bytes()]));
                true
            }
        });
        assert!(osd.is_some(), "nobody was asked");
    };
    let (page, done) = slot::<Result<ListPage>>();
    world.objecter.list(&listing, HObject::min(), 2, done);
    answer(op_code::PGNLS, &HObject::at_hash(POOL, 8), &["x", "y"]);
    let got = page.lock().take().unwrap().unwrap();
    let names: Vec<_> = got.entries.iter().map(|entry| entry.name.to_text()).collect();
    assert_eq!(
        (names, got.next.clone()),
        (vec!["x".into(), "y".into()], HObject::at_hash(POOL, 8))
    );
    // An answer that would go on for ever, and a filter.
    let (page, done) = slot::<Result<ListPage>>();
    listing.filter = Bytes::from_static(b"\x05\0\0\0plain");
    world.objecter.list(&listing, got.next.clone(), 9, done);
    answer(op_code::PGNLS_FILTER, &got.next, &[]);
    assert_eq!(page.lock().take().unwrap().unwrap_err(), Errno::EBADMSG);
    let (page, done) = slot::<Result<ListPage>>();
    world.objecter.list(&Listing { pool: PoolId(99), ..listing }, HObject::min(), 9, done);
    world.fake.answer_newest(1);
    assert_eq!(page.lock().take().unwrap().unwrap_err(), Errno::ENOENT);
}

#[test]
fn maps_may_come_late_twice_or_with_gaps() {
    let mut world = World::new();
    let first = world.history.last().epoch;
    world.submit(write("a"));
    let (old, _) = osds_of(&world, "a");
    world.fake.link(old).op();
    for _ in 0..3 {
        world.history.change(Change::default());
    }
    // Not the next one: it is asked for.
    world.fake.subscribed.lock().clear();
    world.objecter.handle_osdmap(world.history.updates(first + 1, first + 3)).unwrap();
    assert_eq!(world.objecter.map().unwrap().epoch, first);
    assert_eq!(world.fake.subscribed.lock()[..], [first + 1]);
    let (told, done) = slot::<Result<()>>();
    world.objecter.wait_for_map(first + 2, done);
    world.objecter.handle_osdmap(world.history.updates(first, first + 2)).unwrap();
    assert!(told.lock().take().unwrap().is_ok());
    world.objecter.handle_osdmap(world.history.updates(first, first + 1)).unwrap();
    assert_eq!(world.objecter.map().unwrap().epoch, first + 2);
    assert!(world.fake.link(old).ops().is_empty());
    let mut foreign = world.history.updates(first + 2, first + 3);
    let mut front = foreign.front.to_vec();
    front[0] ^= 1;
    foreign.front = front.into();
    world.objecter.handle_osdmap(foreign).unwrap();
    assert_eq!(world.objecter.map().unwrap().epoch, first + 2);
}

#[test]
fn an_object_without_an_osd_waits_for_one() {
    let mut world = World::new();
    world.change(Change { down: vec![0, 1, 2], ..Change::default() });
    let slot = world.submit(write("a"));
    world.tick(Duration::from_secs(5));
    // Whatever the newest map is: the pool is there.
    world.fake.answer_newest(1);
    assert_eq!(result(&slot), None);
    world.change(Change { up: vec![(2, 7)], ..Change::default() });
    let link = world.fake.link(2);
    link.say(link.op().reply(0, &[b""]));
    assert_eq!(result(&slot), Some(0));
}
