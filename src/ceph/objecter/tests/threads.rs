//! Watches from many threads at once, over OSDs that are threads too: what ThreadSanitizer looks
//! at (`make race`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;

use super::fake::Sent;
use super::history::{Change, History, POOL};
use crate::ceph::map::PgId;
use crate::ceph::message::Message;
use crate::ceph::messages::{op_code, watch_notify};
use crate::ceph::objecter::{Events, MapSource, Objecter, ObjecterConfig};
use crate::ceph::transport::{Link, Peer, SessionHandler, Transport};
use crate::ceph::types::EntityAddr;
use crate::codec::{Reader, Writer};
use crate::errno::{Errno, Result};
use crate::model::*;

/// Longer than anything takes.
const LONG: Duration = Duration::from_secs(100);
/// Each thread watches, notifies and ends the watch so often.
const ROUNDS: usize = 60;
/// What OSDs are told between one trouble and the next, so that there is time to recover.
const CALM: u64 = 25;
const NAMES: [&str; 2] = ["a", "b"];

/// One session, from the OSD's side. Its handler is called by the thread of its OSD only.
struct Wire {
    osd: usize,
    handler: Arc<dyn SessionHandler>,
    is_over: AtomicBool,
}

/// What comes to the thread of an OSD.
enum Event {
    Opened(Arc<Wire>),
    Heard(Arc<Wire>, Message),
    Say(Arc<Wire>, Message),
    Break,
    End,
}

/// What all OSDs know, as if they were one.
struct State {
    history: History,
    /// Since which map an object's group has had its primary.
    since: BTreeMap<&'static str, u32>,
    watches: BTreeMap<u64, (String, Arc<Wire>)>,
    notifications: BTreeMap<u64, Open>,
    last: u64,
}

/// A notification that some have not answered.
struct Open {
    to: Arc<Wire>,
    cookie: u64,
    waits: BTreeSet<u64>,
    acks: Vec<u64>,
}

impl State {
    fn group(&self, name: &str) -> PgId {
        let map = self.history.last();
        map.fold(map.pg_of(&Target::new(POOL, name)).unwrap())
    }

    fn acting(&self, name: &str) -> Vec<i32> {
        self.history.last().placement(self.group(name)).acting.to_vec()
    }

    /// An OSD does what it is asked, unless it is not, or no longer, the one to ask. What is said
    /// then.
    fn execute(&mut self, wire: &Arc<Wire>, sent: &Sent) -> Vec<(Arc<Wire>, Message)> {
        let name = &*sent.name;
        if self.acting(name)[0] != wire.osd as i32 || sent.epoch < self.since[name] {
            return Vec::new();
        }
        let (code, fields, data) = &sent.steps[0];
        let cookie = u64::from_le_bytes(fields[..8].try_into().unwrap());
        let (mut result, mut output, mut said) = (0, Vec::new(), Vec::new());
        match (*code, fields[16]) {
            (op_code::WATCH, 0) => {
                self.watches.remove(&cookie);
                self.answered(|_, open| open.waits.remove(&cookie), &mut said);
            }
            (op_code::WATCH, op) => match self.watches.get_mut(&cookie) {
                None if op != 3 => result = Errno::ENOTCONN.to_c(),
                _ => {
                    self.watches.insert(cookie, (sent.name.clone(), Arc::clone(wire)));
                    // What it has missed.
                    let open = self.notifications.iter().filter(|(_, o)| o.waits.contains(&cookie));
                    let event = |id: &u64| (Arc::clone(wire), event(1, cookie, *id, vec![]));
                    said.extend(open.filter(|_| op == 5).map(|(id, _)| event(id)));
                }
            },
            (op_code::NOTIFY, _) => {
                self.last += 1;
                let id = self.last;
                output.extend(id.to_le_bytes());
                let here = self.watches.iter().filter(|(_, (name, _))| *name == sent.name);
                said.extend(here.clone().map(|(c, (_, w))| (w.clone(), event(1, *c, id, vec![]))));
                let (to, waits) = (Arc::clone(wire), here.map(|(cookie, _)| *cookie).collect());
                self.notifications.insert(id, Open { to, cookie, waits, acks: Vec::new() });
            }
            (op_code::NOTIFY_ACK, _) => {
                let mut data = Reader::new(data);
                let (id, cookie) = (data.u64("id").unwrap(), data.u64("cookie").unwrap());
                assert_eq!(data.bytes("answer").unwrap(), b"yes");
                let acknowledge = |number: u64, open: &mut Open| {
                    let is_new = number == id && open.waits.remove(&cookie);
                    open.acks.extend(is_new.then_some(cookie));
                    is_new
                };
                self.answered(acknowledge, &mut said);
            }
            other => panic!("{other:?}"),
        }
        said.insert(0, (Arc::clone(wire), sent.reply(result, &[&output])));
        said
    }

    /// Somebody has answered, or is gone: notifications that nobody waits for are over.
    fn answered(
        &mut self,
        mut by: impl FnMut(u64, &mut Open) -> bool,
        said: &mut Vec<(Arc<Wire>, Message)>,
    ) {
        self.notifications.retain(|id, open| {
            let is_over = by(*id, open) && open.waits.is_empty();
            if is_over {
                let mut data = Writer::new();
                data.count(open.acks.len());
                open.acks.iter().for_each(|cookie| {
                    data.u64(4711).u64(*cookie).bytes("yes");
                });
                data.u32(0);
                let data = data.into_bytes().to_vec();
                said.push((Arc::clone(&open.to), event(2, open.cookie, *id, data)));
            }
            !is_over
        });
    }
}

fn event(opcode: u8, cookie: u64, id: u64, data: Vec<u8>) -> Message {
    let mut front = Writer::new();
    front.u8(1).u8(opcode).u64(cookie).u64(0).u64(id).bytes("").i32(0).u64(4711);
    let message = Message::new(watch_notify::KIND, 3, 1, front.into_bytes());
    Message { data: data.into(), ..message }
}

/// The cluster, as the objecter sees it.
struct Cluster {
    state: Mutex<State>,
    osds: Vec<Sender<Event>>,
    deferred: Sender<Option<Box<dyn FnOnce() + Send>>>,
    /// What OSDs were told so far.
    heard: AtomicU64,
}

struct Handle(Arc<Wire>, Sender<Event>);

impl Link for Handle {
    fn send(&self, message: Message) {
        // Nobody hears it when the test is over.
        let _ = self.1.send(Event::Heard(Arc::clone(&self.0), message));
    }

    fn keepalive(&self) {}

    fn close(&self) {
        self.0.is_over.store(true, Ordering::SeqCst);
    }

    fn features(&self) -> u64 {
        u64::MAX
    }

    fn local_addr(&self) -> EntityAddr {
        EntityAddr::default()
    }
}

impl Transport for Cluster {
    fn connect(&self, peer: Peer, handler: Arc<dyn SessionHandler>) -> Arc<dyn Link> {
        let osd = peer.id as usize;
        let wire = Arc::new(Wire { osd, handler, is_over: AtomicBool::new(false) });
        let _ = self.osds[osd].send(Event::Opened(Arc::clone(&wire)));
        Arc::new(Handle(wire, self.osds[osd].clone()))
    }
}

impl MapSource for Cluster {
    // Every map is told to the objecter unasked.
    fn subscribe_osdmap(&self, _start: u32) {}

    fn newest_osdmap(&self, _done: Box<dyn FnOnce(Result<u32>) + Send>) {}
}

impl Events for Cluster {
    fn wake(&self) {}

    fn defer(&self, work: Box<dyn FnOnce() + Send>) {
        let _ = self.deferred.send(Some(work));
    }
}

impl Cluster {
    /// The thread of an OSD.
    fn serve(&self, events: &Receiver<Event>) {
        let mut wires: Vec<Arc<Wire>> = Vec::new();
        for event in events {
            match event {
                Event::Opened(wire) => {
                    wire.handler.ready();
                    wires.push(wire);
                }
                Event::Heard(wire, message) if !wire.is_over.load(Ordering::SeqCst) => {
                    self.heard.fetch_add(1, Ordering::SeqCst);
                    let said = self.state.lock().execute(&wire, &Sent::decode(&message));
                    for (wire, message) in said {
                        let _ = self.osds[wire.osd].send(Event::Say(wire, message));
                    }
                }
                Event::Say(wire, message) if !wire.is_over.load(Ordering::SeqCst) => {
                    wire.handler.message(message);
                }
                Event::Break => {
                    for wire in wires.drain(..) {
                        if !wire.is_over.swap(true, Ordering::SeqCst) {
                            wire.handler.closed(Errno::ECONNRESET.into());
                        }
                    }
                }
                Event::Heard(..) | Event::Say(..) => {}
                Event::End => return,
            }
        }
    }

    /// Until it is told to stop: time passes, primaries change, sessions break.
    fn trouble(&self, objecter: &Objecter, stop: &Receiver<()>) {
        let (mut now, mut calm_until, mut turn) = (Instant::now(), 0, 0);
        while stop.recv_timeout(Duration::from_millis(1)) == Err(RecvTimeoutError::Timeout) {
            now += Duration::from_millis(200);
            objecter.tick(now);
            let heard = self.heard.load(Ordering::SeqCst);
            if heard < calm_until {
                continue;
            }
            calm_until = heard + CALM;
            turn += 1;
            if turn % 3 == 0 {
                let _ = self.osds[turn / 3 % 3].send(Event::Break);
                continue;
            }
            let mut state = self.state.lock();
            let name = NAMES[turn % NAMES.len()];
            let (seed, mut acting) = (state.group(name).seed, state.acting(name));
            acting.reverse();
            let pg_temp = vec![(seed, acting)];
            let epoch = state.history.change(Change { pg_temp, ..Change::default() });
            for name in NAMES {
                if state.group(name).seed == seed {
                    state.since.insert(name, epoch);
                }
            }
            let maps = state.history.updates(epoch - 1, epoch);
            drop(state);
            objecter.handle_osdmap(maps).unwrap();
        }
    }
}

/// A watch's handler. Tells what should not have happened.
struct Watcher {
    objecter: Weak<Objecter>,
    target: Target,
    is_over: AtomicBool,
    told: AtomicU64,
    wrong: Arc<Mutex<BTreeSet<String>>>,
}

impl Watcher {
    fn check(&self, what: &str) {
        if self.is_over.load(Ordering::SeqCst) {
            self.wrong.lock().insert(format!("{what} after the end"));
        }
    }
}

impl WatchHandler for Watcher {
    fn notified(&self, notification: Notification) {
        self.check("begun");
        self.told.fetch_add(1, Ordering::SeqCst);
        let Notification { notify_id, handle, .. } = notification;
        if let Some(objecter) = self.objecter.upgrade() {
            let (target, answer) = (self.target.clone(), Bytes::from_static(b"yes"));
            objecter.notify_ack(target, notify_id, handle, answer, Box::new(drop));
        }
        thread::yield_now();
        self.check("under way");
    }

    fn failed(&self, handle: WatchHandle, error: Errno) {
        self.wrong.lock().insert(format!("watch {} lost: {error}", handle.0));
    }
}

/// What a part says at its end; it must say something.
fn wait<T: Send + 'static>(start: impl FnOnce(Box<dyn FnOnce(T) + Send>)) -> T {
    let (sender, receiver) = mpsc::channel();
    // Nobody else listens: a second call would be noticed as one of a box that is gone.
    start(Box::new(move |outcome| sender.send(outcome).unwrap()));
    receiver.recv_timeout(LONG).expect("no outcome")
}

/// Who uses the objecter.
#[derive(Clone)]
struct Client {
    objecter: Arc<Objecter>,
    wrong: Arc<Mutex<BTreeSet<String>>>,
}

impl Client {
    fn watch(&self, name: &str) -> Result<(WatchHandle, Arc<Watcher>)> {
        let target = Target::new(POOL, name);
        let watcher = Arc::new(Watcher {
            objecter: Arc::downgrade(&self.objecter),
            target: target.clone(),
            is_over: AtomicBool::new(false),
            told: AtomicU64::new(0),
            wrong: Arc::clone(&self.wrong),
        });
        let handler = Arc::clone(&watcher) as Arc<dyn WatchHandler>;
        let now = Instant::now();
        let handle = wait(|done| self.objecter.watch(target, None, handler, now, done))?;
        Ok((handle, watcher))
    }

    fn unwatch(&self, handle: WatchHandle, watcher: &Watcher) -> Result<()> {
        let ended = wait(|done| self.objecter.unwatch(handle, done));
        // One call may still be under way.
        wait(|done| self.objecter.watch_flush(Box::new(|| done(()))));
        watcher.is_over.store(true, Ordering::SeqCst);
        ended
    }

    /// The cookies of those that have answered.
    fn notify(&self, name: &str) -> Result<Vec<u64>> {
        let (target, payload) = (Target::new(POOL, name), Bytes::from_static(b"news"));
        let reply: Result<NotifyReply> =
            wait(|done| self.objecter.notify(target, payload, LONG, done));
        let reply = reply?;
        assert!(reply.timeouts.is_empty());
        Ok(reply.acks.into_iter().map(|(_, cookie, _)| cookie).collect())
    }

    /// Watches come and go, and everybody who is there hears of everything.
    fn come_and_go(&self, name: &str, stays: WatchHandle) {
        for _ in 0..ROUNDS {
            let (handle, watcher) = self.watch(name).unwrap();
            let acks = self.notify(name).unwrap();
            for expected in [stays, handle] {
                assert_eq!(acks.iter().filter(|cookie| **cookie == expected.0).count(), 1);
            }
            assert!(watcher.told.load(Ordering::SeqCst) > 0);
            self.unwatch(handle, &watcher).unwrap();
        }
    }

    /// The same until the end of everything, which must not be the end of an answer.
    fn until_the_end(&self, name: &str) {
        let outcome = || -> Result<()> {
            loop {
                let (handle, watcher) = self.watch(name)?;
                self.notify(name)?;
                self.unwatch(handle, &watcher)?;
            }
        };
        let error = outcome().unwrap_err();
        assert!([Errno::ESHUTDOWN, Errno::ENOTCONN].contains(&error.errno()), "{error}");
    }
}

/// Starts the threads of a cluster, runs the test, and ends them.
fn with_cluster(test: impl FnOnce(&Client)) {
    let history = History::new();
    let first = history.first();
    let mut config = ObjecterConfig::new(history.last().fsid);
    config.may_wait = || false;
    let since = NAMES.into_iter().map(|name| (name, 0)).collect();
    let (watches, notifications) = (BTreeMap::new(), BTreeMap::new());
    let state = Mutex::new(State { history, since, watches, notifications, last: 0 });
    let (osds, events): (Vec<_>, Vec<_>) = (0..3).map(|_| mpsc::channel()).unzip();
    let (deferred, work) = mpsc::channel::<Option<Box<dyn FnOnce() + Send>>>();
    let cluster = Arc::new(Cluster { state, osds, deferred, heard: AtomicU64::new(0) });
    let objecter = Objecter::new(config, cluster.clone(), cluster.clone(), cluster.clone());
    objecter.handle_osdmap(first).unwrap();
    let client = Client { objecter: Arc::clone(&objecter), wrong: Arc::default() };
    thread::scope(|scope| {
        for events in events {
            let cluster = Arc::clone(&cluster);
            scope.spawn(move || cluster.serve(&events));
        }
        scope.spawn(move || work.into_iter().map_while(|work| work).for_each(|work| work()));
        let (stop, stopped) = mpsc::channel();
        let (troubled, shared) = (Arc::clone(&cluster), Arc::clone(&objecter));
        scope.spawn(move || troubled.trouble(&shared, &stopped));
        // The threads end however the test does.
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| test(&client)));
        drop(stop);
        cluster.osds.iter().for_each(|osd| osd.send(Event::End).unwrap());
        cluster.deferred.send(None).unwrap();
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
    assert_eq!(*client.wrong.lock(), BTreeSet::new());
}

#[test]
fn watches_come_and_go_on_many_threads_and_miss_nothing() {
    with_cluster(|client| {
        let stay = NAMES.map(|name| client.watch(name).unwrap());
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let working: Vec<_> = (0..4)
                .map(|n| (NAMES[n % NAMES.len()], stay[n % NAMES.len()].0))
                .map(|(name, stays)| scope.spawn(move || client.come_and_go(name, stays)))
                .collect();
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    wait(|done| client.objecter.watch_flush(Box::new(move || done(()))));
                    for (handle, _) in &stay {
                        client.objecter.watch_check(*handle, Instant::now()).unwrap();
                    }
                }
            });
            let ended: Vec<_> = working.into_iter().map(|thread| thread.join()).collect();
            done.store(true, Ordering::SeqCst);
            assert!(ended.iter().all(std::result::Result::is_ok));
        });
        for (handle, watcher) in &stay {
            assert!(watcher.told.load(Ordering::SeqCst) >= 2 * ROUNDS as u64);
            client.unwatch(*handle, watcher).unwrap();
        }
    });
}

#[test]
fn an_end_amid_watches_leaves_nobody_waiting() {
    with_cluster(|client| {
        let (_, stays) = client.watch(NAMES[0]).unwrap();
        thread::scope(|scope| {
            for name in [NAMES[0], NAMES[1], NAMES[0]] {
                scope.spawn(move || client.until_the_end(name));
            }
            while stays.told.load(Ordering::SeqCst) < ROUNDS as u64 {
                wait(|done| client.objecter.watch_flush(Box::new(move || done(()))));
            }
            client.objecter.shutdown();
        });
        wait(|done| client.objecter.watch_flush(Box::new(move || done(()))));
        stays.is_over.store(true, Ordering::SeqCst);
        assert_eq!(client.watch(NAMES[0]).err().unwrap(), Errno::ESHUTDOWN);
    });
}
