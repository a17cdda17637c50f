//! A transport that keeps what is sent, monitors that keep what they are asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use parking_lot::Mutex;

use super::history::History;
use crate::ceph::map::SpgId;
use crate::ceph::message::Message;
use crate::ceph::messages::op_code::OsdFlags;
use crate::ceph::messages::osd_step::STEP_SIZE;
use crate::ceph::messages::{osd_op, osd_op_reply};
use crate::ceph::objecter::{Events, MapSource, Objecter, ObjecterConfig};
use crate::ceph::transport::{Link, Peer, SessionHandler, Transport};
use crate::ceph::types::EntityAddr;
use crate::codec::{Decode, Reader, Writer};
use crate::errno::{Errno, Result};
use crate::model::{ObjectOp, Payload, Reply};

/// An operation as an OSD reads it.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) tid: u64,
    pub(super) group: SpgId,
    pub(super) epoch: u32,
    pub(super) flags: OsdFlags,
    pub(super) pool: i64,
    pub(super) name: String,
    /// Code, the 28 bytes, and data, of each step.
    pub(super) steps: Vec<(u16, Vec<u8>, Bytes)>,
    pub(super) attempt: i32,
}

impl Sent {
    pub(super) fn decode(message: &Message) -> Self {
        assert_eq!(message.kind, osd_op::KIND);
        let mut front = Reader::new(&message.front);
        let group = SpgId::decode(&mut front, "group").unwrap();
        front.u32("hash").unwrap();
        let epoch = front.u32("epoch").unwrap();
        let flags = OsdFlags::from_bits_retain(front.u32("flags").unwrap());
        front.take(27 + 24 + 4 + 8, "ids").unwrap();
        let (_, mut locator) = front.versioned(6, "locator").unwrap();
        let pool = locator.i64("pool").unwrap();
        let name = front.string("name").unwrap();
        let mut data = message.data.clone();
        let steps = (0..front.u16("count").unwrap()).map(|_| {
            let step = front.take(STEP_SIZE, "step").unwrap();
            let len = u32::from_le_bytes(step[34..].try_into().unwrap());
            let data = data.split_to(len as usize).to_bytes();
            (u16::from_le_bytes([step[0], step[1]]), step[6..34].to_vec(), data)
        });
        let steps = steps.collect();
        front.take(16, "snaps").unwrap();
        front.list::<u64>("snaps").unwrap();
        let attempt = front.i32("attempt").unwrap();
        assert_eq!(flags.contains(OsdFlags::RETRY), attempt > 0);
        Sent { tid: message.tid, group, epoch, flags, pool, name, steps, attempt }
    }

    /// An answer with a result, and outputs of as many steps.
    pub(super) fn reply(&self, result: i32, outputs: &[&[u8]]) -> Message {
        self.reply_with(result, outputs, None)
    }

    pub(super) fn reply_with(
        &self,
        result: i32,
        outputs: &[&[u8]],
        redirect: Option<(i64, &str)>,
    ) -> Message {
        let mut front = Writer::new();
        front.bytes(&self.name).value(&self.group.pg).i64(self.flags.bits().into()).i32(result);
        front.zeros(12).u32(self.epoch).count(outputs.len());
        for output in outputs {
            front.zeros(STEP_SIZE - 4).count(output.len());
        }
        front.i32(self.attempt);
        outputs.iter().for_each(|_| {
            front.i32(result);
        });
        front.zeros(12).u64(self.tid * 10).bool(redirect.is_some());
        if let Some((pool, name)) = redirect {
            front.versioned(1, 1, |fields| {
                fields.versioned(6, 3, |locator| {
                    locator.i64(pool).i32(-1).bytes("").bytes("").i64(-1);
                });
                fields.bytes(name).u32(0);
            });
        }
        front.zeros(24);
        let data = Payload::from(outputs.concat());
        let message = Message::new(osd_op_reply::KIND, 8, 2, front.into_bytes());
        Message { tid: self.tid, data, ..message }
    }
}

/// A session, from the OSD's side.
pub(super) struct FakeLink {
    pub(super) peer: Peer,
    handler: Arc<dyn SessionHandler>,
    sent: Mutex<Vec<Message>>,
    is_closed: AtomicBool,
}

impl FakeLink {
    /// Takes what was sent.
    pub(super) fn take(&self) -> Vec<Message> {
        std::mem::take(&mut self.sent.lock())
    }

    /// Takes the operations that were sent.
    pub(super) fn ops(&self) -> Vec<Sent> {
        self.take().iter().map(Sent::decode).collect()
    }

    /// Takes the one operation that was sent.
    pub(super) fn op(&self) -> Sent {
        let mut ops = self.ops();
        assert_eq!(ops.len(), 1, "{ops:?}");
        ops.remove(0)
    }

    pub(super) fn say(&self, message: Message) {
        self.handler.message(message);
    }

    pub(super) fn ready(&self) {
        self.handler.ready();
    }

    pub(super) fn fail(&self) {
        self.handler.closed(Errno::ECONNRESET.into());
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }
}

struct Handle(Arc<FakeLink>);

impl Link for Handle {
    fn send(&self, message: Message) {
        self.0.sent.lock().push(message);
    }

    fn keepalive(&self) {}

    fn close(&self) {
        self.0.is_closed.store(true, Ordering::SeqCst);
    }

    fn features(&self) -> u64 {
        u64::MAX
    }

    fn local_addr(&self) -> EntityAddr {
        EntityAddr::default()
    }
}

type Newest = Box<dyn FnOnce(Result<u32>) + Send>;

/// The world around an objecter.
#[derive(Default)]
pub(super) struct Fake {
    links: Mutex<Vec<Arc<FakeLink>>>,
    pub(super) subscribed: Mutex<Vec<u32>>,
    pub(super) newest: Mutex<Vec<Newest>>,
    pub(super) deferred: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
}

impl Transport for Fake {
    fn connect(&self, peer: Peer, handler: Arc<dyn SessionHandler>) -> Arc<dyn Link> {
        let (sent, is_closed) = (Mutex::default(), AtomicBool::new(false));
        let link = Arc::new(FakeLink { peer, handler, sent, is_closed });
        self.links.lock().push(Arc::clone(&link));
        Arc::new(Handle(link))
    }
}

impl MapSource for Fake {
    fn subscribe_osdmap(&self, start: u32) {
        self.subscribed.lock().push(start);
    }

    fn newest_osdmap(&self, done: Newest) {
        self.newest.lock().push(done);
    }
}

impl Events for Fake {
    fn wake(&self) {}

    fn defer(&self, work: Box<dyn FnOnce() + Send>) {
        self.deferred.lock().push(work);
    }
}

impl Fake {
    /// The last session with an OSD.
    pub(super) fn link(&self, osd: i32) -> Arc<FakeLink> {
        let links = self.links.lock();
        let link = links.iter().rev().find(|link| link.peer.id == i64::from(osd));
        Arc::clone(link.expect("no session"))
    }

    /// Sessions opened with an OSD so far.
    pub(super) fn count(&self, osd: i32) -> usize {
        self.links.lock().iter().filter(|link| link.peer.id == i64::from(osd)).count()
    }

    /// Runs what was left for later.
    pub(super) fn run_deferred(&self) {
        let work = std::mem::take(&mut *self.deferred.lock());
        work.into_iter().for_each(|work| work());
    }

    /// Answers everyone who asked for the newest epoch.
    pub(super) fn answer_newest(&self, epoch: u32) {
        let asked = std::mem::take(&mut *self.newest.lock());
        asked.into_iter().for_each(|done| done(Ok(epoch)));
    }
}

/// An objecter in it, with a history of maps.
pub(super) struct World {
    pub(super) fake: Arc<Fake>,
    pub(super) history: History,
    pub(super) objecter: Arc<Objecter>,
    pub(super) now: Instant,
}

/// Where a reply arrives.
pub(super) type Slot = Arc<Mutex<Option<Reply>>>;

impl World {
    pub(super) fn without_map() -> Self {
        World::with(|_| {})
    }

    pub(super) fn with(set: impl FnOnce(&mut ObjecterConfig)) -> Self {
        let (fake, history) = (Arc::new(Fake::default()), History::new());
        let mut config = ObjecterConfig::new(history.last().fsid);
        config.wall = || SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        set(&mut config);
        let (transport, maps, events) = (fake.clone(), fake.clone(), fake.clone());
        let objecter = Objecter::new(config, transport, maps, events);
        World { fake, history, objecter, now: Instant::now() }
    }

    pub(super) fn new() -> Self {
        let world = World::without_map();
        world.objecter.handle_osdmap(world.history.first()).unwrap();
        world
    }

    pub(super) fn submit(&self, op: ObjectOp) -> Slot {
        let slot = Slot::default();
        let reply = Arc::clone(&slot);
        self.objecter.submit(
            op,
            Box::new(move |got| assert!(reply.lock().replace(got).is_none(), "two replies")),
        );
        slot
    }

    /// Changes the map and tells the objecter.
    pub(super) fn change(&mut self, change: super::history::Change) {
        let epoch = self.history.change(change);
        self.objecter.handle_osdmap(self.history.updates(epoch - 1, epoch)).unwrap();
    }

    pub(super) fn tick(&mut self, later: Duration) -> Instant {
        self.now += later;
        self.objecter.tick(self.now)
    }
}

/// A reply's result, if there is one.
pub(super) fn result(slot: &Slot) -> Option<i32> {
    slot.lock().as_ref().map(|reply| reply.result)
}
