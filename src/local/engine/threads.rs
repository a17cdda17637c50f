//! Two clients of one process and many threads: what ThreadSanitizer looks at (`make race`).

use std::collections::BTreeSet;
use std::sync::Weak;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::thread;

use parking_lot::Mutex;

use super::tests::{open, write};
use super::*;
use crate::runtime::block_on;

/// Longer than anything takes.
const LONG: Duration = Duration::from_secs(100);
/// Each thread watches, notifies and ends the watch so often.
const ROUNDS: usize = 25;

/// A watch's handler. Tells what should not have happened.
struct Watcher {
    engine: Weak<LocalEngine>,
    target: Target,
    is_over: AtomicBool,
    told: AtomicU64,
    wrong: Arc<Mutex<BTreeSet<String>>>,
}

impl WatchHandler for Watcher {
    fn notified(&self, notification: Notification) {
        if self.is_over.load(Ordering::SeqCst) {
            self.wrong.lock().insert("called after the end".to_owned());
        }
        self.told.fetch_add(1, Ordering::SeqCst);
        let Notification { notify_id, handle, .. } = notification;
        if let Some(engine) = self.engine.upgrade() {
            let ack = engine.notify_ack(self.target.clone(), notify_id, handle, "yes".into());
            // Refused when its client is at its end, which nobody has to wait for.
            let _ = block_on(ack);
        }
    }

    fn failed(&self, handle: WatchHandle, error: Errno) {
        self.wrong.lock().insert(format!("watch {} lost: {error}", handle.0));
    }
}

/// Clients of a store, and what went wrong with them.
struct World {
    dir: tempfile::TempDir,
    target: Target,
    wrong: Arc<Mutex<BTreeSet<String>>>,
}

impl World {
    fn new() -> (World, Arc<LocalEngine>) {
        let dir = tempfile::tempdir().unwrap();
        let engine = open(dir.path());
        let pool = block_on(engine.pool_create("p", None)).unwrap();
        let target = Target::new(pool, "o");
        write(&engine, target.clone(), b"x");
        (World { dir, target, wrong: Arc::default() }, engine)
    }

    fn watch(&self, engine: &Arc<LocalEngine>) -> (WatchHandle, Arc<Watcher>) {
        let watcher = Arc::new(Watcher {
            engine: Arc::downgrade(engine),
            target: self.target.clone(),
            is_over: AtomicBool::new(false),
            told: AtomicU64::new(0),
            wrong: Arc::clone(&self.wrong),
        });
        let handler = Arc::clone(&watcher) as Arc<dyn WatchHandler>;
        (block_on(engine.watch(self.target.clone(), None, handler)).unwrap(), watcher)
    }

    /// Who has answered. Nobody who is there, comes or goes makes it wait for its timeout.
    fn notify(&self, engine: &LocalEngine) -> Vec<u64> {
        let reply = block_on(engine.notify(self.target.clone(), "news".into(), Some(LONG)));
        let reply = reply.unwrap();
        assert_eq!(reply.timeouts, []);
        reply.acks.into_iter().map(|(_, cookie, _)| cookie).collect()
    }

    /// A watch comes and goes, and hears of everything in between.
    fn come_and_go(&self, engine: &Arc<LocalEngine>, stay: &[WatchHandle]) {
        let (handle, watcher) = self.watch(engine);
        let acks = self.notify(engine);
        for expected in stay.iter().chain([&handle]) {
            assert_eq!(acks.iter().filter(|cookie| **cookie == expected.0).count(), 1);
        }
        assert!(watcher.told.load(Ordering::SeqCst) > 0);
        block_on(engine.unwatch(handle)).unwrap();
        block_on(engine.watch_flush()).unwrap();
        watcher.is_over.store(true, Ordering::SeqCst);
    }

    /// A client connects, watches, and ends everything while others notify it.
    fn end_amid_notifications(&self) {
        let engine = open(self.dir.path());
        let (handle, watcher) = self.watch(&engine);
        let notifying = thread::spawn({
            let (engine, target) = (Arc::clone(&engine), self.target.clone());
            move || block_on(engine.notify(target, "farewell".into(), Some(LONG)))
        });
        while watcher.told.load(Ordering::SeqCst) == 0 {
            thread::yield_now();
        }
        block_on(engine.shutdown()).unwrap();
        block_on(runtime::flush_handlers());
        watcher.is_over.store(true, Ordering::SeqCst);
        assert_eq!(engine.watch_check(handle).unwrap_err(), Errno::ENOTCONN);
        if let Ok(reply) = notifying.join().unwrap() {
            assert_eq!(reply.timeouts, []);
        }
    }
}

#[test]
fn watches_come_and_go_on_many_threads_and_miss_nothing() {
    let (world, one) = World::new();
    let two = open(world.dir.path());
    let stays = [&one, &two].map(|engine| world.watch(engine));
    let stay = [stays[0].0, stays[1].0];
    let working = AtomicUsize::new(4);
    thread::scope(|scope| {
        for engine in [&one, &two, &one, &two] {
            let (world, working) = (&world, &working);
            scope.spawn(move || {
                let rounds = std::panic::AssertUnwindSafe(|| {
                    (0..ROUNDS).for_each(|_| world.come_and_go(engine, &stay));
                });
                let outcome = std::panic::catch_unwind(rounds);
                working.fetch_sub(1, Ordering::SeqCst);
                outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            });
        }
        scope.spawn(|| {
            while working.load(Ordering::SeqCst) > 0 {
                block_on(one.watch_flush()).unwrap();
                two.hub.check_all().unwrap();
                stay.iter().zip([&one, &two]).for_each(|(handle, engine)| {
                    engine.watch_check(*handle).unwrap();
                });
            }
        });
        scope.spawn(|| {
            while working.load(Ordering::SeqCst) > 0 {
                world.end_amid_notifications();
            }
        });
    });
    for ((handle, watcher), engine) in stays.iter().zip([&one, &two]) {
        assert!(watcher.told.load(Ordering::SeqCst) >= 4 * ROUNDS as u64);
        block_on(engine.unwatch(*handle)).unwrap();
    }
    assert_eq!(*world.wrong.lock(), BTreeSet::new());
}
