//! The network and what is connected to it.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::Faults;
use super::auth::Shared;
use super::random::Random;
use super::wire::{Arrival, End, Wire};
use crate::ceph::auth::{AuthClient, MODE_CRC};
use crate::ceph::clock::{Clock, Hand};
use crate::ceph::message::Message;
use crate::ceph::msgr2::{AuthServer, Connection, Event, Local, Target, Timeouts};
use crate::ceph::transport::{Link, Peer, SessionHandler, Transport};
use crate::ceph::types::{
    AddrKind, EntityAddr, EntityAddrs, EntityKind, EntityName, UTime, features,
};
use crate::errno::Errno;

/// A simulated daemon. Called without locks, so it may do anything with its clients.
pub(crate) trait Daemon: Send + Sync {
    /// A session with this client stands.
    fn connected(&self, _client: &Client) {}

    /// A message came.
    fn message(&self, client: &Client, message: Message);

    /// The session is over.
    fn gone(&self, _client: &Client) {}

    /// Who checks what the next client says about itself; `None` believes what the simulation and
    /// the method "none" say.
    fn auth(&self) -> Option<Box<dyn AuthServer>> {
        None
    }
}

impl<F: Fn(&Client, Message) + Send + Sync> Daemon for F {
    fn message(&self, client: &Client, message: Message) {
        self(client, message);
    }
}

/// A session as a daemon sees it.
#[derive(Clone)]
pub(crate) struct Client {
    sim: Weak<Inner>,
    wire: u64,
    /// Who it says it is.
    pub(crate) name: EntityName,
    /// The daemon's own address.
    pub(crate) at: EntityAddr,
}

impl Client {
    /// Sends a message to it.
    pub(crate) fn send(&self, message: Message) {
        self.with(|wire| {
            if let Some(connection) = &mut wire.server {
                connection.send(message);
            }
        });
    }

    /// Ends the session.
    pub(crate) fn reset(&self) {
        if let Some(sim) = self.sim.upgrade() {
            Sim(sim).reset_wires(|id, _| id == self.wire);
        }
    }

    /// Tells one session from another.
    pub(crate) fn session(&self) -> u64 {
        self.wire
    }

    fn with(&self, act: impl FnOnce(&mut Wire)) {
        if let Some(sim) = self.sim.upgrade() {
            sim.with_wire(self.wire, End::Server, act);
        }
    }
}

/// The network. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Sim(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    clock: Clock,
    hand: Hand,
}

struct State {
    random: Random,
    faults: Faults,
    timeouts: Timeouts,
    daemons: HashMap<SocketAddr, Running>,
    wires: BTreeMap<u64, Wire>,
    next_wire: u64,
    /// By time, then in the order they were made.
    arrivals: BTreeMap<(Instant, u64), (u64, End, Arrival)>,
    next_arrival: u64,
    /// Sessions opened so far.
    opened: u64,
}

struct Running {
    kind: EntityKind,
    number: i64,
    addr: EntityAddr,
    daemon: Arc<dyn Daemon>,
}

/// What is to be told once no lock is held.
enum Tell {
    Handler(Arc<dyn SessionHandler>, Event),
    Daemon(Arc<dyn Daemon>, Client, Event),
}

impl State {
    fn schedule(&mut self, wire: u64, arrivals: Vec<(Instant, End, Arrival)>) {
        for (at, end, arrival) in arrivals {
            self.next_arrival += 1;
            self.arrivals.insert((at, self.next_arrival), (wire, end, arrival));
        }
    }

    fn transmit(&mut self, id: u64, now: Instant) {
        for end in [End::Client, End::Server] {
            let Some(wire) = self.wires.get_mut(&id) else { return };
            let arrivals = wire.transmit(end, &mut self.random, &self.faults, now);
            self.schedule(id, arrivals);
        }
    }

    /// The next arrival's or timeout's time.
    fn next(&self) -> Option<Instant> {
        let arrival = self.arrivals.first_key_value().map(|((at, _), _)| *at);
        arrival.into_iter().chain(self.next_timeout()).min()
    }

    fn next_timeout(&self) -> Option<Instant> {
        let ends = self.wires.values().flat_map(|wire| [&wire.client, &wire.server]);
        ends.flatten().filter_map(Connection::poll_timeout).min()
    }
}

impl Inner {
    fn with_wire(&self, id: u64, end: End, act: impl FnOnce(&mut Wire)) {
        let now = self.clock.now();
        let mut state = self.state.lock();
        if let Some(wire) = state.wires.get_mut(&id)
            && wire.end(end).is_some()
        {
            act(wire);
            state.transmit(id, now);
        }
    }
}

impl Sim {
    /// A network without faults whose choices come from `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        let (clock, hand) = Clock::by_hand(Instant::now());
        let state = State {
            random: Random::new(seed),
            faults: Faults::none(),
            timeouts: Timeouts::default(),
            daemons: HashMap::new(),
            wires: BTreeMap::new(),
            next_wire: 0,
            arrivals: BTreeMap::new(),
            next_arrival: 0,
            opened: 0,
        };
        Sim(Arc::new(Inner { state: Mutex::new(state), clock, hand }))
    }

    /// The address `127.0.0.1:port` of the second protocol, nonce 0.
    pub(crate) fn addr(port: u16) -> EntityAddr {
        EntityAddr::new(AddrKind::Msgr2, ([127, 0, 0, 1], port).into(), 0)
    }

    /// The network as the code under test sees it.
    pub(crate) fn transport(&self) -> Arc<dyn Transport> {
        Arc::new(self.clone())
    }

    /// The time.
    pub(crate) fn clock(&self) -> Clock {
        self.0.clock.clone()
    }

    /// The time now.
    pub(crate) fn now(&self) -> Instant {
        self.0.clock.now()
    }

    /// What the network does from now on.
    pub(crate) fn set_faults(&self, faults: Faults) {
        self.0.state.lock().faults = faults;
    }

    /// A choice from the seed, below `end`.
    pub(crate) fn choose(&self, end: u64) -> u64 {
        self.0.state.lock().random.below(end)
    }

    /// How many sessions were opened so far.
    pub(crate) fn opened(&self) -> u64 {
        self.0.state.lock().opened
    }

    /// Starts a daemon, or another one in its place.
    pub(crate) fn start(
        &self,
        addr: EntityAddr,
        kind: EntityKind,
        number: i64,
        daemon: Arc<dyn Daemon>,
    ) {
        self.stop(addr);
        let Some(socket) = addr.socket else { return };
        self.0.state.lock().daemons.insert(socket, Running { kind, number, addr, daemon });
    }

    /// Stops a daemon: its sessions are reset, new ones refused.
    pub(crate) fn stop(&self, addr: EntityAddr) {
        if let Some(socket) = addr.socket {
            let stopped = self.0.state.lock().daemons.remove(&socket);
            drop(stopped);
        }
        self.reset(addr);
    }

    /// Resets all sessions with a daemon.
    pub(crate) fn reset(&self, addr: EntityAddr) {
        self.reset_wires(|_, wire| wire.addr.socket == addr.socket);
    }

    fn reset_wires(&self, which: impl Fn(u64, &Wire) -> bool) {
        let now = self.now();
        let state = &mut *self.0.state.lock();
        let mut resets = Vec::new();
        for (id, wire) in &mut state.wires {
            if which(*id, wire) {
                resets.push((*id, wire.reset(now)));
            }
        }
        resets.into_iter().for_each(|(id, arrivals)| state.schedule(id, arrivals));
    }

    /// Lets the next thing happen, whenever that is. False when nothing is under way.
    pub(crate) fn step(&self) -> bool {
        let Some(at) = self.0.state.lock().arrivals.first_key_value().map(|((at, _), _)| *at)
        else {
            return false;
        };
        self.step_at(at);
        true
    }

    /// Lets things happen until nothing is under way.
    pub(crate) fn run(&self) {
        while self.step() {}
    }

    /// Lets things happen until `done`. Panics when nothing is under way before that.
    #[track_caller]
    pub(crate) fn run_until(&self, mut done: impl FnMut() -> bool) {
        while !done() {
            assert!(self.step(), "nothing more happens");
        }
    }

    /// Lets the time pass, with all that happens meanwhile, timeouts of connections too.
    pub(crate) fn advance(&self, by: Duration) {
        let until = self.now() + by;
        loop {
            let next = self.0.state.lock().next().filter(|at| *at <= until);
            match next {
                Some(at) => self.step_at(at),
                None => break,
            }
        }
        self.0.hand.advance(until.saturating_duration_since(self.now()));
    }

    fn step_at(&self, at: Instant) {
        self.0.hand.advance(at.saturating_duration_since(self.now()));
        let now = self.now();
        let told = {
            let state = &mut *self.0.state.lock();
            let mut touched = Vec::new();
            match state.arrivals.first_entry() {
                Some(first) if first.key().0 <= now => {
                    let (id, end, arrival) = first.remove();
                    if let Some(wire) = state.wires.get_mut(&id) {
                        wire.arrive(end, arrival, now);
                        touched.push(id);
                    }
                }
                _ => {
                    for (id, wire) in &mut state.wires {
                        for end in [End::Client, End::Server] {
                            if let Some(connection) = wire.end(end) {
                                connection.handle_timeout(now);
                            }
                        }
                        touched.push(*id);
                    }
                }
            }
            touched.into_iter().flat_map(|id| self.collect(state, id, now)).collect::<Vec<_>>()
        };
        told.into_iter().for_each(Tell::tell);
    }

    /// Takes a wire's events, sends what it has to send, and forgets it when both ends are gone.
    fn collect(&self, state: &mut State, id: u64, now: Instant) -> Vec<Tell> {
        state.transmit(id, now);
        let Some(wire) = state.wires.get_mut(&id) else { return Vec::new() };
        let mut told = Vec::new();
        for event in wire.events(End::Client) {
            told.push(Tell::Handler(wire.handler.clone(), event));
        }
        for event in wire.events(End::Server) {
            if let (Some(daemon), Some(name)) = (&wire.daemon, wire.peer) {
                let sim = Arc::downgrade(&self.0);
                let client = Client { sim, wire: id, name, at: wire.addr };
                told.push(Tell::Daemon(daemon.clone(), client, event));
            }
        }
        // A peer that has gone is noticed by the other.
        if wire.client.is_some() != wire.server.is_some() {
            let resets = wire.reset(now);
            state.schedule(id, resets);
        } else if wire.client.is_none() {
            state.wires.remove(&id);
        }
        told
    }
}

impl Tell {
    fn tell(self) {
        match self {
            Tell::Handler(handler, event) => match event {
                Event::Ready(_) => handler.ready(),
                Event::Message(message) => handler.message(message),
                Event::KeepaliveAck(_) => handler.keepalive_ack(),
                Event::Closed(error) => handler.closed(error),
                Event::Broken(_) | Event::Reset => {}
            },
            Tell::Daemon(daemon, client, event) => match event {
                Event::Ready(_) => daemon.connected(&client),
                Event::Message(message) => daemon.message(&client, message),
                Event::Closed(_) => daemon.gone(&client),
                Event::KeepaliveAck(_) | Event::Broken(_) | Event::Reset => {}
            },
        }
    }
}

fn local(kind: EntityKind, number: Option<i64>, addrs: Vec<EntityAddr>) -> Local {
    Local {
        kind,
        number,
        addrs: EntityAddrs(addrs),
        nonce: 77,
        features: features::SUPPORTED,
        features_required: 0,
        global_seq: 1,
        lossy: true,
        crc_data: true,
        revision_1: true,
        compression: None,
    }
}

impl Transport for Sim {
    fn connect(&self, peer: Peer, handler: Arc<dyn SessionHandler>) -> Arc<dyn Link> {
        let now = self.now();
        let own = handler.auth();
        let state = &mut *self.0.state.lock();
        let addr = peer.addrs.msgr2().copied().unwrap_or_default();
        let running = addr.socket.and_then(|socket| state.daemons.get(&socket));
        let auth_server: Box<dyn AuthServer> = match running.and_then(|r| r.daemon.auth()) {
            Some(auth) => auth,
            None if own.is_some() => Box::new(()),
            None => Box::new(Shared::new(1, &[MODE_CRC])),
        };
        let auth: Box<dyn AuthClient> =
            own.unwrap_or_else(|| Box::new(Shared::new(1, &[MODE_CRC])));
        let target = Target { kind: peer.kind, addr };
        let us = local(EntityKind::Client, None, Vec::new());
        let mut client = Connection::client(us, target, auth, 0, state.timeouts, now);
        let mut server = None;
        match running {
            None => client.fault(Errno::ECONNREFUSED.because("nobody is there")),
            Some(Running { kind, number, addr, .. }) => {
                let them = local(*kind, Some(*number), vec![*addr]);
                let seen = Sim::addr(5000);
                // It is the client that gives up, as with daemons, which wait longer.
                let timeouts = Timeouts { idle: state.timeouts.idle * 10, ..state.timeouts };
                server = Some(Connection::server(them, seen, auth_server, 0, timeouts, now));
            }
        }
        let daemon = running.map(|running| running.daemon.clone());
        let id = state.next_wire;
        state.next_wire += 1;
        state.opened += 1;
        let mut wire = Wire::new(addr, Some(client), server, handler, daemon, now);
        let refused = wire.server.is_none().then(|| wire.reset(now + state.faults.delay.0));
        state.wires.insert(id, wire);
        match refused {
            Some(arrivals) => state.schedule(id, arrivals),
            None => state.transmit(id, now),
        }
        Arc::new(SimLink { sim: Arc::downgrade(&self.0), wire: id })
    }
}

struct SimLink {
    sim: Weak<Inner>,
    wire: u64,
}

impl SimLink {
    fn with(&self, act: impl FnOnce(&mut Wire)) {
        if let Some(sim) = self.sim.upgrade() {
            sim.with_wire(self.wire, End::Client, act);
        }
    }
}

impl Link for SimLink {
    fn send(&self, message: Message) {
        self.with(|wire| {
            if let Some(connection) = &mut wire.client {
                connection.send(message);
            }
        });
    }

    fn keepalive(&self) {
        self.with(|wire| {
            if let Some(connection) = &mut wire.client {
                connection.keepalive(UTime::default());
            }
        });
    }

    fn close(&self) {
        let Some(sim) = self.sim.upgrade() else { return };
        let now = sim.clock.now();
        let state = &mut *sim.state.lock();
        if let Some(wire) = state.wires.get_mut(&self.wire)
            && wire.client.take().is_some()
        {
            let resets = wire.reset(now + state.faults.delay.0);
            state.schedule(self.wire, resets);
        }
    }

    fn features(&self) -> u64 {
        let mut features = 0;
        self.with(|wire| features = wire.features);
        features
    }

    fn local_addr(&self) -> EntityAddr {
        let mut addr = EntityAddr::default();
        self.with(|wire| addr = wire.local_addr);
        addr
    }
}

impl Drop for SimLink {
    fn drop(&mut self) {
        self.close();
    }
}
