use std::sync::mpsc;

use super::*;
use crate::conf::EntityName;
use crate::runtime::block_on;

/// An engine on a store of its own, with a pool.
fn fixture() -> (tempfile::TempDir, Arc<LocalEngine>, PoolId) {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let pool = block_on(engine.pool_create("p", None)).unwrap();
    (dir, engine, pool)
}

pub(super) fn open(dir: &Path) -> Arc<LocalEngine> {
    LocalEngine::open(dir, &Config::new("ceph", EntityName::client("admin"))).unwrap()
}

pub(super) fn write(engine: &LocalEngine, target: Target, data: &'static [u8]) {
    let op = ObjectOp::write(target).then(Op::WriteFull(data.into()));
    block_on(engine.run(op)).unwrap();
}

fn remove(engine: &LocalEngine, target: Target) {
    block_on(engine.run(ObjectOp::write(target).then(Op::Remove))).unwrap();
}

pub(super) fn watchers(engine: &LocalEngine, target: &Target) -> Vec<WatcherInfo> {
    let op = ObjectOp::read(target.clone()).then(Op::ListWatchers);
    match block_on(engine.run(op)).unwrap().take(0) {
        Out::Watchers(watchers) => watchers,
        _ => panic!("no watchers"),
    }
}

/// Sends what it sees; answers with a text of its own unless it is empty.
struct Recorder {
    engine: Arc<LocalEngine>,
    target: Target,
    answer: &'static str,
    seen: mpsc::Sender<Event>,
}

#[derive(Debug, PartialEq)]
enum Event {
    Notified(u64, Bytes),
    Failed(Errno),
}

impl WatchHandler for Recorder {
    fn notified(&self, notification: Notification) {
        let Notification { notify_id, handle, notifier, payload } = notification;
        self.seen.send(Event::Notified(notifier, payload)).unwrap();
        if !self.answer.is_empty() {
            let (target, answer) =
                (self.target.clone(), Bytes::from_static(self.answer.as_bytes()));
            block_on(self.engine.notify_ack(target, notify_id, handle, answer)).unwrap();
        }
    }

    fn failed(&self, _handle: WatchHandle, error: Errno) {
        self.seen.send(Event::Failed(error)).unwrap();
    }
}

fn watch(
    engine: &Arc<LocalEngine>,
    target: &Target,
    answer: &'static str,
) -> (WatchHandle, mpsc::Receiver<Event>) {
    let (seen, events) = mpsc::channel();
    let (engine, target) = (Arc::clone(engine), target.clone());
    let recorder = Recorder { engine: Arc::clone(&engine), target: target.clone(), answer, seen };
    let handle = block_on(engine.watch(target, None, Arc::new(recorder))).unwrap();
    (handle, events)
}

const LONG: Duration = Duration::from_secs(20);

pub(super) fn notify(engine: &LocalEngine, target: &Target, timeout: Duration) -> NotifyReply {
    block_on(engine.notify(target.clone(), Bytes::from_static(b"hello"), Some(timeout))).unwrap()
}

#[test]
fn a_pool_takes_objects_and_lists_them() {
    let (dir, engine, pool) = fixture();
    assert_eq!(engine.pool_by_name("p").unwrap(), pool);
    assert_eq!(block_on(engine.pool_create("p", None)).unwrap_err(), Errno::EEXIST);
    write(&engine, Target::new(pool, "a"), b"hello");
    write(&engine, Target::new(pool, "b").at_locator("b"), b"other");
    let other = open(dir.path());
    assert_eq!(other.instance_id(), engine.instance_id() + 1);
    let read = ObjectOp::read(Target::new(pool, "b")).then(Op::Read { off: 0, len: 0, into: None });
    assert_eq!(&block_on(other.run(read)).unwrap().take_data(0)[..], b"other");
    let all = Listing { pool, scope: ListScope::All, filter: Bytes::new() };
    let end = HObject::max();
    let page = block_on(other.list_range(&all, HObject::min(), &end, 100)).unwrap();
    assert!(page.next.max);
    let names: Vec<_> = page.entries.iter().map(|e| e.name.to_text().into_owned()).collect();
    assert_eq!(names.len(), 2);
    let last = HObject::of(pool, &page.entries[1], SnapId::HEAD);
    let from = block_on(other.list_range(&all, last, &end, 1)).unwrap();
    assert_eq!(from.entries, page.entries[1..]);
    let stats = block_on(other.pool_stats(&[pool])).unwrap();
    assert_eq!((stats[&pool].objects, stats[&pool].bytes), (2, 10));
    block_on(engine.pool_delete("p")).unwrap();
    assert_eq!(other.pool_by_name("p").unwrap_err(), Errno::ENOENT);
}

#[test]
fn after_shutdown_nothing_goes() {
    let (_dir, engine, pool) = fixture();
    block_on(engine.shutdown()).unwrap();
    block_on(engine.shutdown()).unwrap();
    assert_eq!(engine.pools().unwrap_err(), Errno::ENOTCONN);
    let op = ObjectOp::write(Target::new(pool, "a")).then(Op::Create { exclusive: true });
    assert_eq!(block_on(engine.run(op)).err().unwrap(), Errno::ESHUTDOWN);
}

#[test]
fn every_watch_is_notified_and_answers_come_in_order() {
    let (dir, engine, pool) = fixture();
    let (target, other) = (Target::new(pool, "o"), open(dir.path()));
    assert_eq!(
        block_on(engine.notify(target.clone(), Bytes::new(), None)).unwrap_err(),
        Errno::ENOENT
    );
    write(&engine, target.clone(), b"x");
    assert_eq!(notify(&engine, &target, LONG), NotifyReply::default());
    let (first, seen) = watch(&engine, &target, "one");
    let (second, also) = watch(&engine, &target, "two");
    let (third, third_seen) = watch(&other, &target, "three");
    let reply = notify(&other, &target, LONG);
    let (me, they) = (engine.instance_id(), other.instance_id());
    let ack = |client, handle: WatchHandle, text: &'static str| {
        (client, handle.0, Bytes::from_static(text.as_bytes()))
    };
    let expected = [ack(me, first, "one"), ack(me, second, "two"), ack(they, third, "three")];
    assert_eq!((reply.acks.as_slice(), reply.timeouts.as_slice()), (&expected[..], &[][..]));
    for events in [&seen, &also, &third_seen] {
        assert_eq!(events.recv().unwrap(), Event::Notified(they, Bytes::from_static(b"hello")));
    }
    let found = watchers(&other, &target);
    let cookies: Vec<_> = found.iter().map(|w| (w.client.cast_unsigned(), w.cookie)).collect();
    assert_eq!(cookies, [(me, first.0), (me, second.0), (they, third.0)]);
    assert_eq!((&found[2].addr, found[2].timeout.as_secs()), (&other.addrs(), 30));
    block_on(engine.unwatch(first)).unwrap();
    assert_eq!(notify(&engine, &target, LONG).acks, expected[1..]);
    assert_eq!(engine.watch_check(first).unwrap_err(), Errno::ENOTCONN);
    assert!(engine.watch_check(second).unwrap() < LONG);
    block_on(engine.shutdown()).unwrap();
    assert_eq!(notify(&other, &target, LONG).acks, expected[2..]);
}

#[test]
fn who_does_not_answer_is_named_after_the_timeout() {
    let (_dir, engine, pool) = fixture();
    let target = Target::new(pool, "o");
    write(&engine, target.clone(), b"x");
    let (silent, _unanswered) = watch(&engine, &target, "");
    let (answers, _seen) = watch(&engine, &target, "yes");
    let reply = notify(&engine, &target, Duration::from_secs(1));
    let me = engine.instance_id();
    assert_eq!(reply.acks, [(me, answers.0, Bytes::from_static(b"yes"))]);
    assert_eq!(reply.timeouts, [(me, silent.0)]);
}

#[test]
fn the_end_of_an_object_is_the_end_of_its_watches() {
    let (dir, engine, pool) = fixture();
    let target = Target::new(pool, "o");
    write(&engine, target.clone(), b"x");
    let (handle, events) = watch(&engine, &target, "x");
    remove(&open(dir.path()), target.clone());
    assert_eq!(events.recv_timeout(LONG).unwrap(), Event::Failed(Errno::ENOTCONN));
    assert_eq!(engine.watch_check(handle).unwrap_err(), Errno::ENOTCONN);
    assert_eq!(block_on(engine.unwatch(handle)).unwrap_err(), Errno::ENOENT);
    write(&engine, target.clone(), b"again");
    assert!(watchers(&engine, &target).is_empty());
}

#[test]
fn a_blocklisted_client_can_do_nothing() {
    let (dir, engine, pool) = fixture();
    let (target, other) = (Target::new(pool, "o"), open(dir.path()));
    write(&engine, target.clone(), b"x");
    let (_, events) = watch(&engine, &target, "x");
    let expiry = BlocklistExpiry::After(Duration::from_secs(100));
    block_on(other.blocklist_add(&engine.addrs(), expiry)).unwrap();
    let op = ObjectOp::write(target.clone()).then(Op::WriteFull(Bytes::from_static(b"y").into()));
    assert_eq!(block_on(engine.run(op)).err().unwrap(), Errno::ESHUTDOWN);
    let read = ObjectOp::read(target.clone()).then(Op::Read { off: 0, len: 0, into: None });
    assert_eq!(block_on(engine.run(read)).err().unwrap(), Errno::ESHUTDOWN);
    assert_eq!(events.recv_timeout(LONG).unwrap(), Event::Failed(Errno::ENOTCONN));
    let again = engine.notify(target.clone(), Bytes::new(), None);
    assert_eq!(block_on(again).unwrap_err(), Errno::ESHUTDOWN);
    assert!(watchers(&other, &target).is_empty());
}

#[test]
fn an_object_in_memory_tells_what_an_operation_would() {
    let (dir, engine, pool) = fixture();
    let (target, other) = (Target::new(pool, "o"), open(dir.path()));
    let context = || engine.object_context(&target, SnapId::HEAD);
    let told = |context: &Arc<dyn ObjectContext>| {
        let mut memory = [0; 4];
        context.read(1, &mut memory).map(|len| memory[..len].to_vec())
    };
    let read = || {
        let read = ObjectOp::read(target.clone()).then(Op::Read { off: 0, len: 0, into: None });
        block_on(engine.run(read)).map(|mut reply| reply.take_data(0))
    };
    read().unwrap_err();
    assert!(context().is_none(), "it does not exist");
    write(&engine, target.clone(), b"before");
    for round in 0..20 {
        read().unwrap();
        let before = context().unwrap();
        assert_eq!(told(&before), Some(b"efor".to_vec()), "round {round}");
        let (sender, receiver) = mpsc::channel();
        let write =
            ObjectOp::write(target.clone()).then(Op::WriteFull(Bytes::from_static(b"now").into()));
        engine.submit(write, Box::new(move |reply| sender.send(reply).unwrap()));
        // Behind the write, whether that has happened or not.
        assert_eq!(told(&before), None, "round {round}");
        assert_eq!(receiver.recv_timeout(LONG).unwrap().result, 0);
        assert!(!before.is_current() && told(&before).is_none());
        read().unwrap();
        let now = context().unwrap();
        assert_eq!(told(&now), Some(b"ow".to_vec()));
        // Another client's write too.
        self::write(&other, target.clone(), b"before");
        assert!(!now.is_current() && told(&now).is_none());
    }
    read().unwrap();
    let last = context().unwrap();
    let expiry = BlocklistExpiry::After(Duration::from_secs(100));
    block_on(other.blocklist_add(&engine.addrs(), expiry)).unwrap();
    assert!(last.is_current() && told(&last).is_none(), "blocklisted");
    let context = other.object_context(&target, SnapId::HEAD).unwrap();
    assert!(told(&context).is_some());
    block_on(other.shutdown()).unwrap();
    assert_eq!(told(&context), None, "shut down");
}

#[test]
fn removed_snapshots_and_pools_leave_nothing() {
    let (dir, engine, pool) = fixture();
    let target = Target::new(pool, "o");
    write(&engine, target.clone(), b"before");
    let snap = block_on(engine.selfmanaged_snap_create(pool)).unwrap();
    let context = SnapContext { seq: snap.0, snaps: [snap.0].into_iter().collect() };
    let op = ObjectOp::write_under(target.clone(), Arc::new(context));
    let op = op.then(Op::WriteFull(Bytes::from_static(b"after").into()));
    block_on(engine.run(op)).unwrap();
    let clones = || block_on(engine.pool_stats(&[pool])).unwrap()[&pool].object_clones;
    assert_eq!(clones(), 1);
    block_on(engine.selfmanaged_snap_remove(pool, snap)).unwrap();
    assert_eq!(clones(), 0);
    block_on(engine.pool_delete("p")).unwrap();
    let rows = "SELECT count(*) FROM object UNION ALL SELECT count(*) FROM clearing";
    let rows = engine.store.db().read(|db| {
        let mut query = db.prepare(rows)?;
        let rows = query.query_map([], |row| row.get::<_, i64>(0))?;
        Ok(rows.collect::<std::result::Result<Vec<_>, _>>()?)
    });
    assert_eq!(rows.unwrap(), [0, 0]);
    let op = ObjectOp::write(target).then(Op::Create { exclusive: false });
    assert_eq!(block_on(open(dir.path()).run(op)).err().unwrap(), Errno::ENOENT);
    assert_eq!(engine.store.check(), Vec::<String>::new());
}

/// Blocks until it is let go.
struct Blocker(parking_lot::Mutex<mpsc::Receiver<()>>);

impl WatchHandler for Blocker {
    fn notified(&self, _notification: Notification) {
        let _ = self.0.lock().recv_timeout(LONG);
    }

    fn failed(&self, _handle: WatchHandle, _error: Errno) {}
}

#[test]
fn a_handler_that_blocks_does_not_keep_completions_from_their_callbacks() {
    let (_dir, engine, pool) = fixture();
    let target = Target::new(pool, "o");
    write(&engine, target.clone(), b"x");
    let (let_go, waits) = mpsc::channel();
    let blocker = Arc::new(Blocker(parking_lot::Mutex::new(waits)));
    block_on(engine.watch(target.clone(), None, blocker)).unwrap();
    assert_eq!(notify(&engine, &target, Duration::from_millis(100)).timeouts.len(), 1);
    let (sender, receiver) = mpsc::channel();
    crate::runtime::finish(Box::new(move || sender.send(()).unwrap()));
    receiver.recv_timeout(LONG / 2).unwrap();
    let_go.send(()).unwrap();
    block_on(engine.watch_flush()).unwrap();
}
