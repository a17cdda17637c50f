use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use uuid::Uuid;

use super::*;
use crate::ceph::message::Message;
use crate::ceph::transport::{Link, Peer, SessionHandler, Transport};
use crate::ceph::types::EntityAddr;
use crate::codec::{Decode, Reader, Writer};
use crate::errno::Errno;
use crate::model::CommandReply;

/// From 16.2.15, with the smallest of its 26 modules only.
const MAP: &[u8] = include_bytes!("mgrmap_16.2.15.bin");

#[test]
fn a_monitors_map_is_read() {
    let map = MgrMap::decode(&mut Reader::new(MAP), "mgrmap").unwrap();
    assert_eq!((map.epoch, map.gid, map.available, &*map.name), (4, 4102, true, "x"));
    assert_eq!(map.addrs.to_string(), "[v2:127.0.0.1:20120/12564,v1:127.0.0.1:20121/12564]");
    assert_eq!(map.features, 0x3f01_cfbd_fffd_ffff);
}

#[test]
fn a_cut_map_is_an_error() {
    for len in 0..MAP.len() {
        assert!(MgrMap::decode(&mut Reader::new(&MAP[..len]), "mgrmap").is_err(), "{len}");
    }
}

/// One session of the simulated network.
struct Wire {
    peer: Peer,
    handler: Arc<dyn SessionHandler>,
    sent: Mutex<VecDeque<Message>>,
    closed: Mutex<bool>,
}

impl Link for Wire {
    fn send(&self, message: Message) {
        self.sent.lock().push_back(message);
    }
    fn keepalive(&self) {}
    fn close(&self) {
        *self.closed.lock() = true;
    }
    fn features(&self) -> u64 {
        0
    }
    fn local_addr(&self) -> EntityAddr {
        EntityAddr::default()
    }
}

impl Wire {
    fn next(&self) -> Message {
        self.sent.lock().pop_front().expect("a message")
    }

    fn is_silent(&self) -> bool {
        self.sent.lock().is_empty()
    }

    fn answer(&self, kind: u16, tid: u64, front: Bytes) {
        let mut message = Message::new(kind, 1, 1, front);
        message.tid = tid;
        self.handler.message(message);
    }
}

fn front(fields: impl FnOnce(&mut Writer)) -> Bytes {
    let mut writer = Writer::new();
    fields(&mut writer);
    writer.into_bytes()
}

#[derive(Default)]
struct Network(Mutex<Vec<Arc<Wire>>>);

impl Transport for Network {
    fn connect(&self, peer: Peer, handler: Arc<dyn SessionHandler>) -> Arc<dyn Link> {
        let wire = Wire { peer, handler, sent: Mutex::default(), closed: Mutex::default() };
        let wire = Arc::new(wire);
        self.0.lock().push(Arc::clone(&wire));
        wire
    }
}

struct World {
    network: Arc<Network>,
    client: Arc<MgrClient>,
    now: Instant,
}

impl World {
    fn new() -> Self {
        let network = Arc::new(Network::default());
        let config = MgrConfig {
            fsid: Uuid::from_u128(7),
            retry_interval: Duration::from_secs(1),
            command_timeout: Some(Duration::from_secs(10)),
        };
        let client = MgrClient::new(config, Arc::clone(&network) as Arc<dyn Transport>);
        World { network, client, now: Instant::now() }
    }

    /// The map from a real monitor, at an epoch and of an active manager.
    fn map(&self, epoch: u32) {
        let mut front = MAP.to_vec();
        front[6..10].copy_from_slice(&epoch.to_le_bytes());
        let message = Message::new(messages::MAP, 1, 1, front.into());
        self.client.handle_mgrmap(&message, self.now).unwrap();
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.client.tick(self.now);
    }

    fn sessions(&self) -> usize {
        self.network.0.lock().len()
    }

    fn wire(&self) -> Arc<Wire> {
        Arc::clone(self.network.0.lock().last().expect("a session"))
    }

    fn command(&self, name: Option<&str>) -> Receiver<CommandReply> {
        let (sender, receiver) = channel();
        let done = Box::new(move |reply| sender.send(reply).unwrap());
        let command = vec![r#"{"prefix":"pg dump"}"#.to_owned()];
        let name = name.map(str::to_owned);
        self.client.command(name, command, Bytes::from_static(b"in"), self.now, done);
        receiver
    }

    fn register(&self) {
        let name = ServiceName { service: "rgw".into(), daemon: "a".into() };
        let metadata = BTreeMap::from([("k".to_owned(), "v".to_owned())]);
        self.client.service_register(name, metadata, self.now).unwrap();
    }
}

#[test]
fn nobody_is_called_before_there_is_something_to_say() {
    let mut world = World::new();
    world.map(4);
    world.pass(Duration::from_secs(60));
    assert_eq!(world.sessions(), 0);
}

#[test]
fn a_command_waits_for_a_manager_and_gets_its_answer() {
    let world = World::new();
    let reply = world.command(None);
    assert_eq!(world.sessions(), 0);
    world.map(4);
    let wire = world.wire();
    assert_eq!(wire.peer.addrs.to_string(), "[v2:127.0.0.1:20120/12564,v1:127.0.0.1:20121/12564]");
    let sent = wire.next();
    assert_eq!((sent.kind, &sent.data.to_bytes()[..]), (0x709, &b"in"[..]));
    assert_eq!(&sent.front[..16], &[0; 16], "a module's command has no fsid");
    wire.answer(
        0x70a,
        sent.tid,
        front(|w| {
            w.i32(-22).bytes("no");
        }),
    );
    let reply = reply.try_recv().unwrap();
    assert_eq!((reply.code, &*reply.status), (-22, "no"));
}

#[test]
fn a_command_for_a_manager_by_name_carries_the_fsid() {
    let world = World::new();
    world.map(4);
    let _reply = world.command(Some("x"));
    let sent = world.wire().next();
    assert_eq!((sent.kind, &sent.front[..16]), (97, &Uuid::from_u128(7).as_bytes()[..]));
    let reply = world.command(Some("y"));
    assert_eq!(reply.try_recv().unwrap().code, Errno::ENXIO.to_c());
}

#[test]
fn commands_are_sent_again_to_the_next_session_but_not_at_once() {
    let mut world = World::new();
    world.map(4);
    let reply = world.command(None);
    let first = world.wire();
    let tid = first.next().tid;
    first.handler.closed(Errno::ECONNRESET.into());
    world.pass(Duration::from_millis(500));
    assert_eq!(world.sessions(), 1);
    world.pass(Duration::from_millis(500));
    assert_eq!(world.sessions(), 2);
    assert_eq!(world.wire().next().tid, tid);
    // A late word of the old session says nothing.
    first.answer(
        0x70a,
        tid,
        front(|w| {
            w.i32(0).bytes("");
        }),
    );
    assert!(reply.try_recv().is_err());
    world.pass(Duration::from_secs(9));
    assert_eq!(reply.try_recv().unwrap().code, Errno::ETIMEDOUT.to_c());
}

#[test]
fn an_older_map_changes_nothing_and_a_bad_message_ends_the_session() {
    let world = World::new();
    world.map(4);
    let _reply = world.command(None);
    world.map(3);
    world.map(5);
    assert_eq!(world.sessions(), 1);
    let wire = world.wire();
    wire.answer(
        0x70a,
        1,
        front(|w| {
            w.u8(1);
        }),
    );
    assert!(*wire.closed.lock());
}

#[test]
fn a_service_opens_reports_and_leaves() {
    let mut world = World::new();
    world.map(4);
    world.register();
    let name = ServiceName { service: "rgw".into(), daemon: "a".into() };
    let again = world.client.service_register(name, BTreeMap::new(), world.now);
    assert_eq!(again.unwrap_err(), Errno::EEXIST);
    let wire = world.wire();
    let open = wire.next();
    assert_eq!((open.kind, open.version), (0x700, 3));
    assert_eq!(&open.front[..13], b"\x01\0\0\0a\x03\0\0\0rgw\x01");
    world.pass(Duration::from_secs(1));
    assert!(wire.is_silent(), "no report before the manager asks for it");

    wire.answer(
        0x701,
        0,
        front(|w| {
            w.u32(5).u32(0);
        }),
    );
    world.client.service_status(BTreeMap::from([("x".to_owned(), "y".to_owned())]));
    world.pass(Duration::from_millis(1));
    let with_status = wire.next();
    assert_eq!((with_status.kind, with_status.version), (0x702, 9));
    world.pass(Duration::from_secs(4));
    assert!(wire.is_silent());
    world.pass(Duration::from_secs(1));
    let without = wire.next();
    assert_eq!(with_status.front.len() - without.front.len(), 4 + 5 + 5);

    let (sender, left) = channel();
    world.client.leave(Box::new(move || sender.send(()).unwrap()));
    assert_eq!(wire.next().kind, 0x708);
    assert!(left.try_recv().is_err());
    wire.answer(
        0x708,
        0,
        front(|w| {
            w.bytes("a").bytes("rgw");
        }),
    );
    left.try_recv().unwrap();
    world.client.shutdown();
    assert!(*wire.closed.lock());
}

#[test]
fn after_shutdown_there_is_an_answer_for_all() {
    let world = World::new();
    let waiting = world.command(None);
    world.client.shutdown();
    assert_eq!(waiting.try_recv().unwrap().code, Errno::ENOTCONN.to_c());
    assert_eq!(world.command(None).try_recv().unwrap().code, Errno::ENOTCONN.to_c());
}
