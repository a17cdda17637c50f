//! The monitor client against monitors that a test plays: sessions that open, answer and die when
//! the test says so, and a clock moved by hand.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use uuid::Uuid;

use super::*;
use crate::ceph::auth::cephx::tests::{Monitor, key};
use crate::ceph::auth::{Credentials, METHOD_CEPHX, METHOD_NONE, MODE_CRC, Policy};
use crate::ceph::clock::{Clock, Hand};
use crate::ceph::message::Message;
use crate::ceph::messages::mon_version::Versions;
use crate::ceph::messages::{auth, config, log as cluster_log, mon_command, mon_map};
use crate::ceph::messages::{mon_subscribe, mon_version};
use crate::ceph::transport::{Link, Peer, SessionHandler, Transport};
use crate::ceph::types::{AddrKind, EntityAddr, EntityAddrs};
use crate::codec::{Reader, Writer};
use crate::conf::{Config, EntityName};
use crate::errno::{Errno, Error, Result};
use crate::model::CommandReply;

/// Sessions that were opened, in order.
#[derive(Default)]
struct Network(Mutex<Vec<Arc<Session>>>);

struct Session {
    peer: Peer,
    handler: Arc<dyn SessionHandler>,
    sent: Mutex<Vec<Message>>,
    keepalives: Mutex<u32>,
    is_closed: Mutex<bool>,
}

struct FakeLink(Arc<Session>);

impl Transport for Network {
    fn connect(&self, peer: Peer, handler: Arc<dyn SessionHandler>) -> Arc<dyn Link> {
        let session = Arc::new(Session {
            peer,
            handler,
            sent: Mutex::default(),
            keepalives: Mutex::default(),
            is_closed: Mutex::default(),
        });
        self.0.lock().push(session.clone());
        Arc::new(FakeLink(session))
    }
}

impl Link for FakeLink {
    fn send(&self, message: Message) {
        self.0.sent.lock().push(message);
    }

    fn keepalive(&self) {
        *self.0.keepalives.lock() += 1;
    }

    fn close(&self) {
        *self.0.is_closed.lock() = true;
    }

    fn features(&self) -> u64 {
        0
    }

    fn local_addr(&self) -> EntityAddr {
        EntityAddr::new(AddrKind::Any, "127.0.0.1:0".parse().unwrap(), 7)
    }
}

impl Session {
    fn is_open(&self) -> bool {
        !*self.is_closed.lock()
    }

    /// The monitor lets us in without asking, and gives this number.
    fn let_in(&self, id: u64) {
        let mut client = self.handler.auth().unwrap();
        assert_eq!(client.request().unwrap().method, METHOD_NONE);
        client.done(id, MODE_CRC, b"").unwrap();
        self.handler.ready();
    }

    /// The monitor asks for a proof.
    fn log_in(&self, monitor: &mut Monitor, id: u64) {
        let mut client = self.handler.auth().unwrap();
        client.request().unwrap();
        let request = client.more(&monitor.challenge()).unwrap();
        client.done(id, MODE_CRC, &monitor.answer(&request).unwrap()).unwrap();
        self.handler.ready();
    }

    fn say(&self, message: Message) {
        self.handler.message(message);
    }

    fn fail(&self, errno: Errno) {
        self.handler.closed(errno.because("test"));
    }

    /// Takes what was sent of one kind.
    fn take(&self, kind: u16) -> Vec<Message> {
        self.sent.lock().extract_if(.., |message| message.kind == kind).collect()
    }

    fn subscribed(&self) -> BTreeMap<String, (u64, u8)> {
        let mut all = BTreeMap::new();
        for message in self.take(mon_subscribe::KIND) {
            let mut front = Reader::new(&message.front);
            for _ in 0..front.u32("count").unwrap() {
                let what = front.string("what").unwrap();
                all.insert(what, (front.u64("start").unwrap(), front.u8("flags").unwrap()));
            }
            assert_eq!(front.string("host").unwrap(), "here");
        }
        all
    }
}

/// What the owner was told.
#[derive(Default)]
struct Events(Mutex<Vec<String>>);

impl MonEvents for Events {
    fn osdmap(&self, message: Message) {
        self.0.lock().push(format!("osdmap {}", message.front.len()));
    }

    fn mgrmap(&self, message: Message) {
        self.0.lock().push(format!("mgrmap {}", message.front.len()));
    }

    fn config(&self, settings: BTreeMap<String, String>) {
        self.0.lock().push(format!("config {settings:?}"));
    }

    fn log(&self, entries: Vec<cluster_log::Entry>) {
        self.0.lock().push(format!("log {}", entries.len()));
    }

    fn monmap(&self, map: &Arc<MonMap>) {
        self.0.lock().push(format!("monmap {}", map.epoch));
    }

    fn session(&self) {
        self.0.lock().push("session".into());
    }
}

struct World {
    client: Arc<MonClient>,
    network: Arc<Network>,
    events: Arc<Events>,
    hand: Hand,
}

type Outcome<T> = Arc<Mutex<Option<Result<T>>>>;

fn outcome<T: Send + 'static>() -> (Done<T>, Outcome<T>) {
    let outcome = Outcome::<T>::default();
    let told = outcome.clone();
    (Box::new(move |result| assert!(told.lock().replace(result).is_none(), "told twice")), outcome)
}

fn errno<T>(outcome: &Outcome<T>) -> Option<Errno> {
    outcome.lock().as_ref()?.as_ref().err().map(Error::errno)
}

fn addrs(number: u16) -> EntityAddrs {
    let addr = |kind, port| EntityAddr::new(kind, format!("10.0.0.1:{port}").parse().unwrap(), 0);
    EntityAddrs(vec![addr(AddrKind::Msgr2, 3300 + number), addr(AddrKind::Legacy, 6789 + number)])
}

fn map(epoch: u32, numbers: &[u16]) -> MonMap {
    let info = |number: &u16| MonInfo {
        name: char::from(b'a' + *number as u8).into(),
        addrs: addrs(*number),
        ..MonInfo::default()
    };
    MonMap {
        fsid: Uuid::from_u128(77),
        epoch,
        min_release: 16,
        monitors: numbers.iter().map(info).collect(),
        ..MonMap::default()
    }
}

fn map_message(map: &MonMap) -> Message {
    let mut front = Writer::new();
    front.bytes(Writer::of(map));
    Message::new(mon_map::KIND, 1, 0, front.into_bytes())
}

fn ack(tid: u64, code: i32, status: &str) -> Message {
    let mut front = Writer::new();
    front.u64(0).i16(-1).u64(0).i32(code).bytes(status).u32(0);
    let message = Message::new(mon_command::KIND_ACK, 1, 0, front.into_bytes());
    Message { tid, data: Bytes::from_static(b"out").into(), ..message }
}

impl World {
    fn new(monitors: &[u16], cephx: bool) -> Self {
        World::with(monitors, cephx, |_| {})
    }

    fn with(monitors: &[u16], cephx: bool, change: impl FnOnce(&mut MonConfig)) -> Self {
        let (clock, hand) = Clock::by_hand(Instant::now());
        let name = EntityName::client("admin");
        let options = Config::new("ceph", name.clone());
        let mut monitors = map(0, monitors);
        monitors.fsid = Uuid::nil();
        let mut config = MonConfig::new(&options, monitors, "here", clock.clone());
        config.seed = 5;
        change(&mut config);
        let policy = Policy {
            methods: vec![if cephx { METHOD_CEPHX } else { METHOD_NONE }],
            mon_modes: vec![MODE_CRC],
            modes: vec![MODE_CRC],
        };
        let credentials = Credentials::with_key(name, cephx.then(|| key(1)), policy, clock);
        let (network, events) = (Arc::new(Network::default()), Arc::new(Events::default()));
        let client = MonClient::new(config, credentials, network.clone(), events.clone());
        World { client, network, events, hand }
    }

    fn start(&self) {
        self.client.start(self.hand.advance(Duration::ZERO));
    }

    /// Lets time pass, with a tick when each is due.
    fn pass(&self, span: Duration) {
        let mut left = span;
        let mut now = self.hand.advance(Duration::ZERO);
        loop {
            let next = self.client.tick(now);
            let step = next.saturating_duration_since(now).max(Duration::from_millis(1));
            if step > left {
                self.hand.advance(left);
                return;
            }
            left -= step;
            now = self.hand.advance(step);
        }
    }

    /// [`World::pass`] with a session that answers.
    fn pass_alive(&self, session: &Session, seconds: u32) {
        for _ in 0..seconds {
            self.pass(SECOND);
            session.handler.keepalive_ack();
        }
    }

    fn sessions(&self) -> Vec<Arc<Session>> {
        self.network.0.lock().clone()
    }

    /// Sessions that are open.
    fn open(&self) -> Vec<Arc<Session>> {
        self.sessions().into_iter().filter(|session| session.is_open()).collect()
    }

    /// The only one.
    fn one(&self) -> Arc<Session> {
        let open = self.open();
        assert_eq!(open.len(), 1);
        open[0].clone()
    }

    /// Lets the first open session in and tells it the map.
    fn establish(&self, monitors: &[u16]) -> Arc<Session> {
        self.open()[0].let_in(4100);
        let session = self.one();
        session.say(map_message(&map(1, monitors)));
        session
    }

    fn events(&self) -> Vec<String> {
        std::mem::take(&mut self.events.0.lock())
    }

    fn ranks(&self) -> Vec<i64> {
        let mut ranks: Vec<_> = self.open().iter().map(|session| session.peer.id).collect();
        ranks.sort_unstable();
        ranks
    }

    fn command(&self, target: MonTarget) -> Outcome<CommandReply> {
        let (done, outcome) = outcome();
        self.client.command(target, vec!["{}".into()], Bytes::new(), done);
        outcome
    }

    fn authenticated(&self) -> Outcome<()> {
        let (done, outcome) = outcome();
        self.client.authenticated(done);
        outcome
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn the_first_monitor_that_lets_us_in_is_kept() {
    let world = World::new(&[0, 1, 2, 3, 4], false);
    let waiting = world.authenticated();
    world.start();
    assert_eq!(world.open().len(), 3, "mon_client_hunt_parallel");
    let sessions = world.sessions();
    sessions[1].let_in(4100);
    assert!(!sessions[0].is_open() && sessions[1].is_open() && !sessions[2].is_open());
    assert_eq!(world.client.global_id(), 4100);
    let expected = [("config".to_owned(), (0, 0)), ("monmap".to_owned(), (0, 0))];
    assert_eq!(sessions[1].subscribed(), BTreeMap::from(expected));
    // Until the cluster is known nothing can be asked of it.
    assert!(waiting.lock().is_none());
    sessions[1].say(map_message(&map(1, &[0, 1, 2, 3, 4])));
    assert!(waiting.lock().take().unwrap().is_ok());
    assert!(world.authenticated().lock().take().unwrap().is_ok());
    assert_eq!(world.client.fsid(), Uuid::from_u128(77));
    assert_eq!(world.events(), ["session", "monmap 1"]);
    assert_eq!(world.client.local_addr().unwrap().nonce, 7);
    // What a loser still says is not heard.
    sessions[0].say(map_message(&map(9, &[0])));
    sessions[0].handler.ready();
    assert_eq!(world.client.monmap().epoch, 1);
}

#[test]
fn monitors_that_are_silent_give_way_to_others() {
    let world = World::new(&[0, 1, 2, 3, 4], false);
    world.start();
    let first = world.ranks();
    world.pass(3 * SECOND - Duration::from_millis(10));
    assert_eq!(world.sessions().len(), 3);
    world.pass(Duration::from_millis(20));
    let second = world.ranks();
    assert_eq!(second.len(), 2);
    assert!(second.iter().all(|rank| !first.contains(rank)));
    world.pass(3 * SECOND);
    assert_eq!(world.ranks().len(), 3, "all of them again");
}

#[test]
fn monitors_that_refuse_the_connection_are_tried_again_soon() {
    let world = World::new(&[0, 1, 2, 3], false);
    world.start();
    world.open().iter().for_each(|session| session.fail(Errno::ECONNREFUSED));
    // The fourth at once.
    let fourth = world.one();
    fourth.fail(Errno::ECONNREFUSED);
    assert!(world.open().is_empty());
    world.pass(Duration::from_millis(250));
    assert_eq!(world.open().len(), 3);
    let before = world.sessions().len();
    for _ in 0..1000 {
        world.open().iter().for_each(|session| session.fail(Errno::ECONNREFUSED));
        world.pass(Duration::from_millis(50));
    }
    // 50 seconds; no more than a round each second, once the first are over.
    assert!(world.sessions().len() - before < 4 * 52, "{}", world.sessions().len());
}

#[test]
fn a_monitor_that_was_restarted_is_found_soon_after() {
    const STEP: Duration = Duration::from_millis(10);
    for down in [0, 100, 300, 700, 1500, 2700, 5000, 20_000].map(Duration::from_millis) {
        let world = World::new(&[0], false);
        world.start();
        world.establish(&[0]).fail(Errno::ECONNRESET);
        let mut since = Duration::ZERO;
        loop {
            let open = world.open();
            if !open.is_empty() && since >= down {
                break;
            }
            open.iter().for_each(|session| session.fail(Errno::ECONNREFUSED));
            world.pass(STEP);
            since += STEP;
        }
        let late = since - down;
        assert!(late <= Duration::from_millis(210).max(down / 2).min(SECOND), "{down:?}: {late:?}");
    }
}

#[test]
fn a_refusal_is_told_when_nobody_else_lets_us_in() {
    let world = World::new(&[0, 1], false);
    let waiting = world.authenticated();
    world.start();
    let sessions = world.open();
    sessions[0].fail(Errno::EACCES);
    assert!(waiting.lock().is_none(), "the other may know better");
    sessions[1].fail(Errno::ECONNRESET);
    assert_eq!(errno(&waiting), Some(Errno::EACCES));
    // Also who asks later, until somebody else was tried.
    assert_eq!(errno(&world.authenticated()), Some(Errno::EACCES));
    world.pass(4 * SECOND);
    assert!(world.authenticated().lock().is_none());
    assert_eq!(world.open().len(), 2);
}

#[test]
fn a_timeout_that_is_set_later_counts_for_what_is_asked_later() {
    let world = World::new(&[0], false);
    world.start();
    let session = world.establish(&[0]);
    let before = world.command(MonTarget::Any);
    world.client.configure(|config| config.op_timeout = 4 * SECOND);
    let after = world.command(MonTarget::Any);
    world.pass_alive(&session, 5);
    assert_eq!(errno(&after), Some(Errno::ETIMEDOUT));
    assert!(before.lock().is_none());
}

#[test]
fn waiting_for_a_session_ends_with_client_mount_timeout() {
    let world = World::with(&[0], false, |config| config.mount_timeout = 4 * SECOND);
    let waiting = world.authenticated();
    world.start();
    world.pass(4 * SECOND - Duration::from_millis(1));
    assert!(waiting.lock().is_none());
    world.pass(Duration::from_millis(2));
    assert_eq!(errno(&waiting), Some(Errno::ETIMEDOUT));
}

#[test]
fn monitors_without_msgr2_are_told_of_at_once() {
    let world = World::with(&[0], false, |config| {
        config.monitors.monitors[0].addrs.0.remove(0);
    });
    let before = world.authenticated();
    world.start();
    assert_eq!(errno(&before), Some(Errno::EOPNOTSUPP));
    assert_eq!(errno(&world.authenticated()), Some(Errno::EOPNOTSUPP));
    assert!(world.sessions().is_empty());
    world.pass(10 * SECOND);
}

#[test]
fn priorities_and_weights_decide_who_is_tried() {
    let world = World::with(&[0, 1, 2, 3], false, |config| {
        config.hunt_parallel = 1;
        for (rank, priority) in [(0, 2), (1, 1), (2, 1), (3, 2)] {
            config.monitors.monitors[rank].priority = priority;
        }
        config.monitors.monitors[2].weight = 10;
    });
    world.start();
    let mut order = Vec::new();
    for _ in 0..4 {
        let session = world.one();
        order.push(session.peer.id);
        session.fail(Errno::ECONNREFUSED);
    }
    assert_eq!(order[..2], [2, 1]);
    order.sort_unstable();
    assert_eq!(order, [0, 1, 2, 3]);
}

#[test]
fn a_lost_session_is_replaced_and_everything_is_asked_again() {
    let world = World::new(&[0, 1, 2], false);
    world.start();
    let first = world.establish(&[0, 1, 2]);
    world.client.subscribe("osdmap", 0, false);
    world.client.subscribe("mgrmap", 5, true);
    let subscribed = first.subscribed();
    assert_eq!((subscribed["osdmap"], subscribed["mgrmap"]), ((0, 0), (5, 1)));
    world.client.got("osdmap", 40);
    world.client.got("mgrmap", 5);
    let command = world.command(MonTarget::Any);
    let (done, version) = outcome::<Versions>();
    world.client.newest_version("osdmap", done);
    let (done, request) = outcome::<Message>();
    world.client.request(Message::new(13, 2, 1, Bytes::from_static(b"statfs")), done);
    let asked = |session: &Session| {
        let kinds = [mon_command::KIND, mon_version::KIND, 13];
        kinds.map(|kind| session.take(kind).iter().map(|message| message.tid).collect::<Vec<_>>())
    };
    let before = asked(&first);
    assert!(before.iter().all(|tids| tids.len() == 1));

    first.fail(Errno::ECONNRESET);
    assert_eq!(world.open().len(), 3, "hunting again");
    let second = world.open()[0].clone();
    second.let_in(4100);
    let subscribed = second.subscribed();
    assert_eq!(subscribed["osdmap"], (41, 0));
    assert_eq!(subscribed["monmap"], (2, 0));
    assert!(!subscribed.contains_key("mgrmap"), "came, and was wanted once");
    assert_eq!(asked(&second), before);

    second.say(ack(before[0][0], -22, "no"));
    let reply = command.lock().take().unwrap().unwrap();
    assert_eq!((reply.code, &*reply.status, &reply.out[..]), (-22, "no", &b"out"[..]));
    let mut front = Writer::new();
    front.u64(before[2][0] - 1).u64(41).u64(1);
    second.say(Message::new(mon_version::KIND_REPLY, 2, 0, front.into_bytes()));
    let versions = version.lock().take().unwrap().unwrap();
    assert_eq!(versions, Versions { newest: 41, oldest: 1 });
    let mut reply = Message::new(14, 1, 0, Bytes::from_static(b"answer"));
    reply.tid = before[2][0];
    second.say(reply.clone());
    assert_eq!(request.lock().take().unwrap().unwrap().front, "answer");
    // An answer that comes twice is to nobody.
    second.say(reply);
    assert!(world.events().contains(&"session".to_owned()));
}

#[test]
fn a_silent_session_is_given_up() {
    let world = World::new(&[0, 1], false);
    world.start();
    let first = world.establish(&[0, 1]);
    world.pass_alive(&first, 60);
    assert!(first.is_open());
    assert_eq!(*first.keepalives.lock(), 6);
    world.pass(41 * SECOND);
    assert!(!first.is_open(), "mon_client_ping_timeout");
    assert!(!world.open().is_empty());
}

#[test]
fn commands_time_out_and_versions_do_not() {
    let world = World::with(&[0], false, |config| config.op_timeout = 5 * SECOND);
    world.start();
    let session = world.establish(&[0]);
    let command = world.command(MonTarget::Any);
    let (done, version) = outcome::<Versions>();
    world.client.newest_version("osdmap", done);
    world.pass(4 * SECOND);
    assert!(command.lock().is_none());
    world.pass(SECOND + Duration::from_millis(1));
    assert_eq!(errno(&command), Some(Errno::ETIMEDOUT));
    assert!(version.lock().is_none());
    session.say(ack(session.take(mon_command::KIND)[0].tid, 0, "late"));
}

#[test]
fn what_monitors_tell_reaches_the_owner() {
    let world = World::new(&[0], false);
    world.start();
    let session = world.establish(&[0]);
    world.client.subscribe("log-info", 0, false);
    world.events();
    session.say(Message::new(41, 4, 3, Bytes::from_static(b"1234")));
    session.say(Message::new(0x704, 1, 1, Bytes::from_static(b"12")));
    let mut settings = Writer::new();
    settings.u32(1).bytes("debug_ms").bytes("1");
    session.say(Message::new(config::KIND, 1, 1, settings.into_bytes()));
    let mut log = Writer::new();
    log.u64(30).i16(-1).u64(0).raw(&[0; 16]).u32(0);
    session.say(Message::new(cluster_log::KIND, 1, 0, log.into_bytes()));
    let told = world.events();
    assert_eq!(told, ["osdmap 4", "mgrmap 2", "config {\"debug_ms\": \"1\"}", "log 0"]);
    session.fail(Errno::ECONNRESET);
    world.one().let_in(4100);
    assert_eq!(world.one().subscribed()["log-info"], (31, 0));
    world.client.unsubscribe("log-info");
    world.one().fail(Errno::ECONNRESET);
    world.one().let_in(4100);
    assert!(!world.one().subscribed().contains_key("log-info"));
}

#[test]
fn a_monitor_that_left_the_map_is_left() {
    let world = World::new(&[0, 1], false);
    world.start();
    let first = world.establish(&[0, 1]);
    let left = (first.peer.id ^ 1) as u16;
    first.say(map_message(&map(2, &[left, 5])));
    assert!(!first.is_open());
    let open = world.open();
    assert_eq!(open.len(), 2);
    assert!(open.iter().any(|session| session.peer.addrs == addrs(5)));
    // The same map again changes nothing.
    open[0].let_in(4100);
    open[0].say(map_message(&map(2, &[left, 5])));
    assert!(open[0].is_open());
}

#[test]
fn bytes_that_cannot_be_read_end_the_session() {
    for kind in [mon_map::KIND, config::KIND, cluster_log::KIND, mon_version::KIND_REPLY] {
        let world = World::new(&[0], false);
        world.start();
        let session = world.establish(&[0]);
        session.say(Message::new(kind, 1, 0, Bytes::from_static(b"\xff\xff\xff\xff")));
        assert!(!session.is_open(), "{kind}");
        assert!(world.one().peer.id == 0);
    }
    let world = World::new(&[0], false);
    world.start();
    let session = world.establish(&[0]);
    session.say(map_message(&map(2, &[])));
    assert!(!session.is_open());
}

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

#[test]
fn tickets_are_renewed_over_the_session() {
    let world = World::new(&[0], true);
    let mut monitor = Monitor::new(key(1));
    world.start();
    let session = world.one();
    session.log_in(&mut monitor, 4100);
    session.say(map_message(&map(1, &[0])));
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
    let world = World::new(&[0], true);
    let mut monitor = Monitor::new(key(1));
    world.start();
    world.one().log_in(&mut monitor, 4100);
    world.one().say(map_message(&map(1, &[0])));
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
    let world = World::new(&[0], true);
    let mut monitor = Monitor::new(key(1));
    world.start();
    let session = world.one();
    session.log_in(&mut monitor, 4100);
    session.say(map_message(&map(1, &[0])));
    world.pass_alive(&session, 80);
    assert!(session.is_open() && !session.take(auth::KIND).is_empty());
    let mut reply = Writer::new();
    reply.u32(METHOD_CEPHX).i32(-13).u64(4100).bytes("").bytes("");
    session.say(Message::new(auth::KIND_REPLY, 1, 0, reply.into_bytes()));
    assert!(!session.is_open());
    world.one().log_in(&mut monitor, 4100);
}

#[test]
fn shutting_down_tells_everybody() {
    let world = World::new(&[0], false);
    let waiting = world.authenticated();
    world.start();
    let command = world.command(MonTarget::Any);
    let tell = world.command(MonTarget::Rank(0));
    world.client.shutdown();
    for outcome in [&command, &tell, &world.command(MonTarget::Any)] {
        assert_eq!(errno(outcome), Some(Errno::ECANCELED));
    }
    assert_eq!(errno(&waiting), Some(Errno::ECANCELED));
    assert!(world.open().is_empty());
    world.pass(10 * SECOND);
    assert!(world.open().is_empty());
}

#[test]
fn sessions_lost_in_a_row_are_replaced_more_slowly() {
    let world = World::new(&[0, 1], false);
    world.start();
    world.establish(&[0, 1]);
    // Each loss makes the hunt interval longer, up to ten times.
    for _ in 0..3 {
        let open = world.open();
        open[0].fail(Errno::ECONNRESET);
        world.open()[0].let_in(4100);
    }
    world.one().fail(Errno::ECONNRESET);
    let before = world.sessions().len();
    world.pass(4 * SECOND);
    assert_eq!(world.sessions().len(), before, "1.5 intervals");
    world.pass(SECOND);
    assert_eq!(world.sessions().len(), before + 2);
}
