//! A client, three OSDs and a monitor over a network that delays and breaks, with OSDs that go down
//! and come back, groups that move and split: everything from a seed.
//!
//! The OSDs keep to what real ones promise: an operation of an interval that is over is dropped
//! without a word, a repeated one is answered as the first was, groups that peer keep operations or
//! ask the client to wait. Data is never lost, as if all replicas were the same.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;

use super::fake::Sent;
use super::history::{Change, History, POOL, addr_of};
use crate::ceph::map::{MapFlags, OsdMap, PgId};
use crate::ceph::message::Message;
use crate::ceph::messages::hobject::HObject;
use crate::ceph::messages::op_code::{self, OsdFlags};
use crate::ceph::messages::osd_backoff::{self, Backoff, BackoffOp};
use crate::ceph::messages::{osd_op, watch_notify};
use crate::ceph::objecter::{Events, MapSource, Objecter, ObjecterConfig};
use crate::ceph::transport::{Link, Peer, SessionHandler, Transport};
use crate::ceph::types::EntityAddr;
use crate::codec::Writer;
use crate::errno::{Errno, Result};
use crate::model::*;

const OBJECTS: u64 = 10;
const OPS: u64 = 160;
const IN_FLIGHT_MAX: usize = 12;
/// Milliseconds after which something hangs.
const PATIENCE: u64 = 20 * 60 * 1000;
const EAGAIN: i32 = -11;

/// Numbers from a seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % sides
    }

    /// Once in so many times.
    fn once_in(&mut self, times: u64) -> bool {
        self.roll(times) == 0
    }
}

type Newest = Box<dyn FnOnce(Result<u32>) + Send>;

/// What the objecter does, in order.
enum Act {
    Connect(u64, Peer, Arc<dyn SessionHandler>),
    Send(u64, Message),
    Close(u64),
    Subscribe(u32),
    Newest(Newest),
    Defer(Box<dyn FnOnce() + Send>),
    Answered(u64, Reply),
    Notified(u64),
    Lost,
}

/// Takes down what the objecter does.
#[derive(Default)]
struct Tape {
    acts: Mutex<Vec<Act>>,
    last_link: Mutex<u64>,
}

struct TapeLink(u64, Arc<Tape>);

impl Tape {
    fn push(&self, act: Act) {
        self.acts.lock().push(act);
    }
}

struct Port(Arc<Tape>);

impl Transport for Port {
    fn connect(&self, peer: Peer, handler: Arc<dyn SessionHandler>) -> Arc<dyn Link> {
        let mut last = self.0.last_link.lock();
        *last += 1;
        self.0.push(Act::Connect(*last, peer, handler));
        Arc::new(TapeLink(*last, Arc::clone(&self.0)))
    }
}

impl Link for TapeLink {
    fn send(&self, message: Message) {
        self.1.push(Act::Send(self.0, message));
    }

    fn keepalive(&self) {}

    fn close(&self) {
        self.1.push(Act::Close(self.0));
    }

    fn features(&self) -> u64 {
        u64::MAX
    }

    fn local_addr(&self) -> EntityAddr {
        EntityAddr::default()
    }
}

impl MapSource for Port {
    fn subscribe_osdmap(&self, start: u32) {
        self.0.push(Act::Subscribe(start));
    }

    fn newest_osdmap(&self, done: Newest) {
        self.0.push(Act::Newest(done));
    }
}

impl Events for Port {
    fn wake(&self) {}

    fn defer(&self, work: Box<dyn FnOnce() + Send>) {
        self.0.push(Act::Defer(work));
    }
}

impl WatchHandler for Tape {
    fn notified(&self, notification: Notification) {
        self.push(Act::Notified(notification.notify_id));
    }

    fn failed(&self, _handle: WatchHandle, _error: Errno) {
        self.push(Act::Lost);
    }
}

/// What happens at some time.
enum Event {
    Ready(u64),
    ToOsd(u64, Message),
    ToClient(u64, Message),
    Broken(u64),
    /// The monitor tells the client.
    Maps(u32),
    Newest(Newest),
    Defer(Box<dyn FnOnce() + Send>),
    /// An OSD gets a map.
    OsdMap(i32, u32),
    /// A group is done with peering.
    Active(i32, PgId),
    Change,
    Tick,
}

struct SimLink {
    osd: i32,
    handler: Arc<dyn SessionHandler>,
    is_up: bool,
    /// The earliest time for the next message, so that none overtakes another.
    to_osd: u64,
    to_client: u64,
}

#[derive(Default)]
struct SimOsd {
    epoch: u32,
    nonce: u32,
    is_up: bool,
    /// Operations on groups that peer, or of maps it does not have yet.
    waiting: Vec<(u64, Sent)>,
    peering: BTreeSet<PgId>,
    backoffs: Vec<Held>,
}

/// A backoff of a client: until it has been acknowledged and ended, what comes is dropped.
struct Held {
    link: u64,
    backoff: Backoff,
    is_acknowledged: bool,
    is_over: bool,
}

/// What was written, as if all replicas were one.
#[derive(Default)]
struct Store {
    objects: BTreeMap<String, Vec<u64>>,
    /// Operations that were done.
    done: HashSet<u64>,
    /// Link of each watch.
    watches: BTreeMap<(String, u64), u64>,
}

struct Sim {
    dice: Dice,
    now: u64,
    start: Instant,
    serial: u64,
    events: BTreeMap<(u64, u64), Event>,
    tape: Arc<Tape>,
    objecter: Arc<Objecter>,
    history: History,
    links: HashMap<u64, SimLink>,
    osds: Vec<SimOsd>,
    store: Store,
    last_backoff: u64,
    /// From where on the client wants maps.
    wanted: Option<u32>,
    changes_left: u32,
    /// The client's operations: object and number, in order; answers; what reads have to see.
    submitted: BTreeMap<String, Vec<u64>>,
    in_flight: HashMap<u64, (String, bool, usize)>,
    acked: BTreeMap<String, usize>,
    notified: Vec<u64>,
    lost: bool,
}

/// Codes of steps that change something.
fn append(id: u64) -> Op {
    Op::Append(Payload::from(id.to_le_bytes().to_vec()))
}

impl Sim {
    fn new(seed: u64) -> Self {
        let (tape, history) = (Arc::new(Tape::default()), History::new());
        let config = ObjecterConfig::new(history.last().fsid);
        let port = Arc::new(Port(Arc::clone(&tape)));
        let objecter = Objecter::new(config, port.clone(), port.clone(), port);
        let mut sim = Sim {
            dice: Dice(seed),
            now: 0,
            start: Instant::now(),
            serial: 0,
            events: BTreeMap::new(),
            tape,
            objecter,
            links: HashMap::new(),
            osds: (0..3).map(|_| SimOsd::default()).collect(),
            store: Store::default(),
            last_backoff: 0,
            wanted: Some(0),
            changes_left: 12,
            submitted: BTreeMap::new(),
            in_flight: HashMap::new(),
            acked: BTreeMap::new(),
            notified: Vec::new(),
            lost: false,
            history,
        };
        // Addresses of our own, so that we know which process is meant.
        let up = (0..3).map(|osd| (osd, 1)).collect();
        let epoch = sim.history.change(Change { down: vec![0, 1, 2], ..Change::default() });
        let epoch = sim.history.change(Change { up, ..Change::default() }).max(epoch);
        for osd in &mut sim.osds {
            (osd.epoch, osd.nonce, osd.is_up) = (epoch, 1, true);
        }
        sim.objecter.handle_osdmap(sim.history.first()).unwrap();
        sim.later(1, Event::Change);
        sim.later(0, Event::Tick);
        sim
    }

    fn later(&mut self, delay: u64, event: Event) {
        self.serial += 1;
        self.events.insert((self.now + delay, self.serial), event);
    }

    fn delay(&mut self) -> u64 {
        // Mostly quick, now and then not.
        if self.dice.once_in(20) { self.dice.roll(400) } else { self.dice.roll(8) }
    }

    /// Runs until everything was answered.
    fn run(&mut self, seed: u64) {
        let mut next = 0;
        let watched = Target::new(POOL, "o0");
        let tape = Arc::clone(&self.tape);
        self.submit(&mut next, Some(0), false);
        let mut is_watched = false;
        let (mut quiet_since, mut notifications) = (None, 0);
        loop {
            self.perform();
            while next < OPS && self.in_flight.len() < IN_FLIGHT_MAX {
                let is_read = self.dice.once_in(4);
                self.submit(&mut next, None, is_read);
            }
            let begun = self.acked.get("o0").is_some_and(|acked| *acked > 0);
            if begun && !is_watched {
                is_watched = true;
                let now = self.start + Duration::from_millis(self.now);
                let handler: Arc<dyn WatchHandler> = tape.clone();
                let done = Box::new(|handle: Result<WatchHandle>| assert!(handle.is_ok()));
                self.objecter.watch(watched.clone(), None, handler, now, done);
            }
            let is_quiet = self.in_flight.is_empty() && self.changes_left == 0 && next >= OPS;
            if is_quiet {
                // Whatever has happened, the watch is there or its loss was told. A notification
                // may be lost with a session; then the next arrives.
                if self.lost || !self.notified.is_empty() {
                    return;
                }
                let times = (self.now - *quiet_since.get_or_insert(self.now)) / 4000;
                assert!(times < 10, "seed {seed}: the watch is lost and nobody was told");
                if times >= notifications {
                    notifications += 1;
                    let (payload, timeout) = (Bytes::new(), Duration::from_secs(5));
                    self.objecter.notify(watched.clone(), payload, timeout, Box::new(drop));
                }
            }
            let stuck = self.now > PATIENCE;
            assert!(!stuck, "seed {seed}: no answer to {:?}", self.in_flight);
            let Some(((at, _), event)) = self.events.pop_first() else { continue };
            self.now = at;
            self.happen(event);
        }
    }

    fn submit(&mut self, next: &mut u64, object: Option<u64>, is_read: bool) {
        let name = format!("o{}", object.unwrap_or_else(|| self.dice.roll(OBJECTS)));
        let id = *next;
        *next += 1;
        let target = Target::new(POOL, name.as_str());
        let mut op = match is_read {
            true => ObjectOp::read(target).then(Op::Read { off: 0, len: 0, into: None }),
            false => ObjectOp::write(target).then(append(id)),
        };
        if is_read && self.dice.once_in(2) {
            op.flags = ReqFlags::BALANCE_READS;
        }
        if !is_read {
            self.submitted.entry(name.clone()).or_default().push(id);
        }
        let seen = self.acked.get(&name).copied().unwrap_or(0);
        self.in_flight.insert(id, (name, is_read, seen));
        let tape = Arc::clone(&self.tape);
        self.objecter.submit(op, Box::new(move |reply| tape.push(Act::Answered(id, reply))));
    }

    /// Gives what the objecter did its consequences.
    fn perform(&mut self) {
        loop {
            let acts = std::mem::take(&mut *self.tape.acts.lock());
            if acts.is_empty() {
                return;
            }
            acts.into_iter().for_each(|act| self.consequence(act));
        }
    }

    fn consequence(&mut self, act: Act) {
        match act {
            Act::Connect(id, peer, handler) => {
                let osd = peer.id as i32;
                let process = &self.osds[osd as usize];
                let is_up = process.is_up && peer.addrs == addr_of(osd, process.nonce);
                let at = self.now + 1;
                let link = SimLink { osd, handler, is_up, to_osd: at, to_client: at };
                self.links.insert(id, link);
                let delay = self.delay();
                self.later(delay, if is_up { Event::Ready(id) } else { Event::Broken(id) });
            }
            Act::Send(id, message) => {
                let delay = self.delay();
                let Some(link) = self.links.get_mut(&id).filter(|link| link.is_up) else { return };
                link.to_osd = link.to_osd.max(self.now + delay);
                let delay = link.to_osd - self.now;
                self.later(delay, Event::ToOsd(id, message));
            }
            Act::Close(id) => drop(self.links.remove(&id)),
            Act::Subscribe(start) => {
                self.wanted = Some(start);
                let delay = self.delay();
                self.later(delay, Event::Maps(start));
            }
            Act::Newest(done) => {
                let delay = self.delay();
                self.later(delay, Event::Newest(done));
            }
            Act::Defer(work) => self.later(1, Event::Defer(work)),
            Act::Answered(id, reply) => self.answered(id, reply),
            Act::Notified(id) => self.notified.push(id),
            Act::Lost => self.lost = true,
        }
    }

    fn answered(&mut self, id: u64, mut reply: Reply) {
        let (name, is_read, seen) = self.in_flight.remove(&id).expect("answered twice");
        if !is_read {
            assert_eq!(reply.result, 0, "operation {id}");
            *self.acked.entry(name).or_default() += 1;
            return;
        }
        let data = reply.take_data(0);
        let read: Vec<u64> =
            data.chunks(8).map(|id| u64::from_le_bytes(id.try_into().unwrap())).collect();
        assert!(read.len() >= seen, "{name}: acknowledged writes are missing");
        let written = self.submitted.get(&name).map_or(&[][..], Vec::as_slice);
        assert!(written.starts_with(&read), "{name}: {read:?}");
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Ready(id) => self.with_handler(id, |handler| handler.ready()),
            Event::Broken(id) => self.broken(id),
            Event::ToOsd(id, message) => self.arrive(id, message),
            Event::ToClient(id, message) => {
                if self.dice.once_in(150) {
                    return self.broken(id);
                }
                self.with_handler(id, |handler| handler.message(message));
            }
            Event::Maps(start) => {
                let last = self.history.last().epoch;
                if self.wanted == Some(start) && start <= last {
                    self.wanted = None;
                    let first = *self.history.maps.first_key_value().unwrap().0;
                    let from = start.max(first + 1) - 1;
                    let message = match start {
                        0 => self.history.first(),
                        _ => self.history.updates(from, last),
                    };
                    self.objecter.handle_osdmap(message).unwrap();
                }
            }
            Event::Newest(done) => done(Ok(self.history.last().epoch)),
            Event::Defer(work) => work(),
            Event::OsdMap(osd, epoch) => self.osd_map(osd, epoch),
            Event::Active(osd, group) => self.active(osd, group),
            Event::Change => self.change(),
            Event::Tick => {
                let now = self.start + Duration::from_millis(self.now);
                let next = self.objecter.tick(now);
                let delay = (next - now).as_millis() as u64;
                self.later(delay.clamp(1, 1000), Event::Tick);
            }
        }
    }

    fn with_handler(&mut self, id: u64, call: impl FnOnce(&dyn SessionHandler)) {
        let handler = self.links.get(&id).filter(|link| link.is_up).map(|l| l.handler.clone());
        if let Some(handler) = handler {
            call(&*handler);
        }
    }

    fn broken(&mut self, id: u64) {
        if let Some(link) = self.links.remove(&id) {
            for osd in &mut self.osds {
                osd.backoffs.retain(|held| held.link != id);
            }
            link.handler.closed(Errno::ECONNRESET.into());
        }
    }

    fn say(&mut self, id: u64, message: Message) {
        let delay = self.delay();
        let Some(link) = self.links.get_mut(&id).filter(|link| link.is_up) else { return };
        link.to_client = link.to_client.max(self.now + delay);
        let delay = link.to_client - self.now;
        self.later(delay, Event::ToClient(id, message));
    }

    fn arrive(&mut self, id: u64, message: Message) {
        let Some(link) = self.links.get(&id).filter(|link| link.is_up) else { return };
        let osd = link.osd;
        if self.dice.once_in(150) {
            return self.broken(id);
        }
        match message.kind {
            osd_op::KIND => {
                let sent = Sent::decode(&message);
                let epoch = self.osds[osd as usize].epoch;
                if sent.epoch < epoch {
                    // It tells clients that are behind.
                    let maps = self.history.updates(sent.epoch, epoch);
                    self.say(id, maps);
                }
                self.serve(osd, id, sent);
            }
            osd_backoff::KIND => {
                let answer = Backoff::decode(&message).unwrap();
                assert_eq!(answer.op, BackoffOp::AckBlock);
                for held in &mut self.osds[osd as usize].backoffs {
                    held.is_acknowledged |= held.backoff.id == answer.id;
                }
                self.end_backoffs(osd);
            }
            kind => panic!("kind {kind}"),
        }
    }

    fn map_at(&self, epoch: u32) -> &OsdMap {
        &self.history.maps[&epoch]
    }

    fn primary(&self, epoch: u32, group: PgId) -> i32 {
        self.map_at(epoch).placement(group).acting_primary
    }

    /// Since when the group has had its present primary.
    fn same_primary_since(&self, epoch: u32, group: PgId) -> u32 {
        let primary = self.primary(epoch, group);
        let pg_num = |epoch| self.map_at(epoch).pool(POOL).unwrap().pg_num;
        let first = *self.history.maps.first_key_value().unwrap().0;
        let mut since = epoch;
        while since > first
            && self.primary(since - 1, group) == primary
            && (group.seed < pg_num(since - 1))
        {
            since -= 1;
        }
        since
    }

    /// An operation is at an OSD: now, or after it had to wait.
    fn serve(&mut self, osd: i32, link: u64, sent: Sent) {
        let process = &self.osds[osd as usize];
        // Whatever its map: the client will send it again when the backoff ends.
        let blocks = |h: &Held| h.link == link && h.backoff.group.pg == sent.group.pg;
        if process.backoffs.iter().any(blocks) {
            return;
        }
        let (epoch, latest) = (process.epoch, self.history.last().epoch);
        if sent.epoch > epoch {
            return self.osds[osd as usize].waiting.push((link, sent));
        }
        let group = sent.group.pg;
        let pg_num = self.map_at(epoch).pool(POOL).unwrap().pg_num;
        let is_here = group.seed < pg_num && self.folds_to(epoch, &sent.name, group);
        if self.primary(epoch, group) != osd {
            let read = OsdFlags::READ | OsdFlags::BALANCE_READS;
            if sent.flags.contains(read) && is_here {
                // A replica that may not serve.
                let reply = sent.reply(EAGAIN, &[b""]);
                self.say(link, reply);
            }
            return;
        }
        if sent.epoch < self.same_primary_since(epoch, group) || !is_here {
            return;
        }
        // Whoever has lost the group without knowing gets nobody's consent any more.
        let is_over =
            self.same_primary_since(latest, group) > epoch || self.primary(latest, group) != osd;
        let process = &mut self.osds[osd as usize];
        if process.peering.contains(&group) || is_over {
            if self.dice.once_in(3) {
                return self.back_off(osd, link, &sent);
            }
            return process.waiting.push((link, sent));
        }
        self.execute(link, sent);
    }

    fn folds_to(&self, epoch: u32, name: &str, group: PgId) -> bool {
        let map = self.map_at(epoch);
        map.fold(map.pg_of(&Target::new(POOL, name)).unwrap()) == group
    }

    fn back_off(&mut self, osd: i32, link: u64, sent: &Sent) {
        self.last_backoff += 1;
        let backoff = Backoff {
            group: sent.group,
            epoch: self.osds[osd as usize].epoch,
            op: BackoffOp::Block,
            id: self.last_backoff,
            begin: HObject::min(),
            end: HObject::max(),
        };
        // All that is here of this group from this client is forgotten.
        let process = &mut self.osds[osd as usize];
        let group = sent.group.pg;
        process.waiting.retain(|(from, sent)| *from != link || sent.group.pg != group);
        let message = backoff.message(63);
        process.backoffs.push(Held { link, backoff, is_acknowledged: false, is_over: false });
        self.say(link, message);
    }

    /// Backoffs of a group are not needed any more.
    fn release(&mut self, osd: i32, group: PgId) {
        for held in &mut self.osds[osd as usize].backoffs {
            held.is_over |= held.backoff.group.pg == group;
        }
        self.end_backoffs(osd);
    }

    fn end_backoffs(&mut self, osd: i32) {
        let mut ended = Vec::new();
        self.osds[osd as usize].backoffs.retain(|held| {
            let ends = held.is_over && held.is_acknowledged;
            if ends {
                let unblock = Backoff { op: BackoffOp::Unblock, ..held.backoff.clone() };
                ended.push((held.link, unblock));
            }
            !ends
        });
        ended.iter().for_each(|(link, unblock)| self.say(*link, unblock.message(63)));
    }

    fn execute(&mut self, link: u64, sent: Sent) {
        let (code, fields, data) = &sent.steps[0];
        let log = self.store.objects.entry(sent.name.clone()).or_default();
        let cookie = u64::from_le_bytes(fields[..8].try_into().unwrap());
        let watch = (sent.name.clone(), cookie);
        let (mut result, mut output) = (0, Vec::new());
        match *code {
            op_code::OP_READ => log.iter().for_each(|id| output.extend(id.to_le_bytes())),
            op_code::APPEND => {
                if self.store.done.insert(sent.tid) {
                    log.push(u64::from_le_bytes(data[..].try_into().unwrap()));
                }
            }
            op_code::WATCH => match fields[16] {
                3 => drop(self.store.watches.insert(watch, link)),
                5 | 7 => match self.store.watches.get_mut(&watch) {
                    Some(at) => *at = link,
                    None => result = Errno::ENOTCONN.to_c(),
                },
                op => panic!("watch op {op}"),
            },
            op_code::NOTIFY => {
                let watches = self.store.watches.clone();
                for ((name, cookie), link) in watches {
                    if name == sent.name {
                        let mut front = Writer::new();
                        front.u8(1).u8(1).u64(cookie).u64(0).u64(1).bytes("").i32(0).u64(1);
                        let bytes = front.into_bytes();
                        self.say(link, Message::new(watch_notify::KIND, 3, 1, bytes));
                    }
                }
            }
            code => panic!("code {code}"),
        }
        let reply = sent.reply(result, &[&output]);
        self.say(link, reply);
    }

    /// An OSD's map becomes newer.
    fn osd_map(&mut self, osd: i32, epoch: u32) {
        let old = self.osds[osd as usize].epoch;
        if epoch <= old || !self.osds[osd as usize].is_up {
            return;
        }
        let seeds = self.map_at(epoch).pool(POOL).unwrap().pg_num;
        for group in (0..seeds).map(|seed| PgId { pool: POOL.0, seed }) {
            let is_new = self.same_primary_since(epoch, group) > old
                || self.map_at(old).placement(group) != self.map_at(epoch).placement(group);
            if !is_new {
                continue;
            }
            self.release(osd, group);
            if self.primary(epoch, group) == osd {
                self.osds[osd as usize].peering.insert(group);
                let delay = self.dice.roll(300);
                self.later(delay, Event::Active(osd, group));
            }
        }
        self.osds[osd as usize].epoch = epoch;
        self.serve_waiting(osd);
    }

    fn active(&mut self, osd: i32, group: PgId) {
        self.osds[osd as usize].peering.remove(&group);
        self.release(osd, group);
        self.serve_waiting(osd);
    }

    fn serve_waiting(&mut self, osd: i32) {
        for (link, sent) in std::mem::take(&mut self.osds[osd as usize].waiting) {
            self.serve(osd, link, sent);
        }
    }

    /// Something happens to the cluster.
    fn change(&mut self) {
        let mut change = Change::default();
        let osd = self.dice.roll(3) as i32;
        let process = &mut self.osds[osd as usize];
        let is_last = self.changes_left <= 3;
        if !process.is_up || is_last && !self.osds.iter().all(|osd| osd.is_up) {
            let osd = self.osds.iter().position(|osd| !osd.is_up).unwrap();
            let process = &mut self.osds[osd];
            process.is_up = true;
            process.nonce += 1;
            change.up.push((osd as i32, process.nonce));
        } else {
            match self.dice.roll(if is_last { 5 } else { 8 }) {
                0 => change.weights.push((osd, self.dice.roll(2) as u32 * 0x1_0000)),
                1 => {
                    let osds = [[0, 1], [1, 2], [2, 0], [1, 0]];
                    let osds = osds[self.dice.roll(4) as usize].to_vec();
                    change.pg_temp.push((self.dice.roll(16) as u32, osds));
                }
                2 => change.pg_num = Some(16 + self.dice.roll(17) as u32),
                3 => {
                    let flags = self.history.last().flags;
                    change.flags = Some((flags ^ MapFlags::PAUSEWR).bits());
                }
                4 => {}
                _ => {
                    self.kill(osd);
                    change.down.push(osd);
                }
            }
        }
        if change.pg_num.is_some_and(|n| n < self.history.last().pool(POOL).unwrap().pg_num) {
            change.pg_num = None;
        }
        if self.changes_left <= 1 {
            // In the end nothing is paused, and every group has somebody.
            change.flags = Some((self.history.last().flags - MapFlags::PAUSEWR).bits());
            change.weights = (0..3).map(|osd| (osd, 0x1_0000)).collect();
        }
        self.publish(change);
        let is_up = self.osds.iter().all(|osd| osd.is_up);
        self.changes_left -= u32::from(self.changes_left > 1 || is_up);
        if self.changes_left > 0 {
            let delay = self.dice.roll(2500);
            self.later(delay, Event::Change);
        }
    }

    fn kill(&mut self, osd: i32) {
        let nonce = self.osds[osd as usize].nonce;
        self.osds[osd as usize] = SimOsd { nonce, ..SimOsd::default() };
        let links: Vec<_> = self.links.iter().filter(|(_, l)| l.osd == osd).map(|l| *l.0).collect();
        for id in links {
            let delay = self.delay();
            self.links.get_mut(&id).unwrap().is_up = false;
            self.later(delay, Event::Broken(id));
        }
    }

    fn publish(&mut self, change: Change) {
        let up = change.up.clone();
        let epoch = self.history.change(change);
        for osd in 0..3 {
            match up.iter().any(|(other, _)| *other == osd) {
                // It starts with the map it is up in; it has no operations yet.
                true => {
                    self.osds[osd as usize].epoch = epoch - 1;
                    self.osd_map(osd, epoch);
                }
                false => {
                    let delay = self.dice.roll(300);
                    self.later(delay, Event::OsdMap(osd, epoch));
                }
            }
        }
        if let Some(start) = self.wanted {
            let delay = self.delay();
            self.later(delay, Event::Maps(start));
        }
    }
}

/// Runs seeds; the number of one that fails is in what it panics with.
fn run(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let outcome = std::panic::catch_unwind(|| {
            let mut sim = Sim::new(seed);
            sim.run(seed);
            for (name, written) in &sim.submitted {
                assert_eq!(sim.store.objects.get(name), Some(written), "{name}");
            }
        });
        assert!(outcome.is_ok(), "seed {seed} failed");
    }
}

#[test]
fn nothing_is_lost_doubled_or_reordered() {
    run(0..60);
}

/// For a long night: as many seeds as `SIM_SEEDS` says.
#[test]
#[ignore = "takes as long as one likes"]
fn nothing_is_lost_doubled_or_reordered_in_many_seeds() {
    let seeds = std::env::var("SIM_SEEDS").ok().and_then(|text| text.parse().ok());
    run(0..seeds.unwrap_or(10_000));
}
