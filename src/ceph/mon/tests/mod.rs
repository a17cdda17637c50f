//! The monitor client against monitors that a test plays: sessions that open, answer and die when
//! the test says so, and a clock moved by hand.

mod commands;
mod logins;
mod sessions;

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
