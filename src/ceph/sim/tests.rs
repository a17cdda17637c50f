//! The simulation itself: what is sent arrives once and in order, or the session ends; and a seed
//! is a story.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;

use super::{Client, Daemon, Faults, Sim};
use crate::ceph::message::Message;
use crate::ceph::transport::{Peer, SessionHandler, Transport};
use crate::ceph::types::{EntityAddrs, EntityKind};
use crate::errno::{Errno, Error};

/// Notes what it is told.
#[derive(Default)]
struct Notes {
    got: Mutex<Vec<u64>>,
    ready: Mutex<u32>,
    closed: Mutex<Option<Error>>,
}

impl SessionHandler for Notes {
    fn ready(&self) {
        *self.ready.lock() += 1;
    }

    fn message(&self, message: Message) {
        self.got.lock().push(message.tid);
    }

    fn closed(&self, error: Error) {
        let before = self.closed.lock().replace(error);
        assert!(before.is_none(), "closed twice");
    }
}

fn osd(port: u16) -> Peer {
    Peer { kind: EntityKind::Osd, id: 3, addrs: EntityAddrs(vec![Sim::addr(port)]) }
}

fn message(tid: u64, len: usize) -> Message {
    let mut message = Message::new(42, 1, 1, Bytes::from(vec![7; 30]));
    message.tid = tid;
    message.data = vec![1; len].into();
    message
}

fn echo() -> Arc<impl Fn(&Client, Message) + Send + Sync> {
    Arc::new(|client: &Client, message: Message| client.send(message))
}

/// Sends some messages, opening another session whenever one ends, and tells the story.
fn story(seed: u64, faults: Faults) -> (Vec<Vec<u64>>, Duration) {
    let sim = Sim::new(seed);
    sim.start(Sim::addr(6800), EntityKind::Osd, 3, echo());
    sim.set_faults(faults);
    let start = sim.now();
    let mut sessions = Vec::new();
    let mut next = 0;
    while next < 40 {
        let notes = Arc::new(Notes::default());
        let link = sim.connect(osd(6800), notes.clone());
        for tid in next..40 {
            link.send(message(tid, sim.choose(5000) as usize));
        }
        while notes.closed.lock().is_none() && notes.got.lock().len() < (40 - next) as usize {
            assert!(sim.step(), "nothing more happens (seed {seed})");
        }
        let got = notes.got.lock().clone();
        let expected: Vec<u64> = (next..next + got.len() as u64).collect();
        assert_eq!(got, expected, "once and in order (seed {seed})");
        next += got.len() as u64;
        sessions.push(got);
        drop(link);
        sim.run();
    }
    (sessions, sim.now() - start)
}

#[test]
fn a_seed_is_a_story() {
    for seed in 0..10 {
        for faults in [Faults::none(), Faults::mild(), Faults::harsh()] {
            assert_eq!(story(seed, faults), story(seed, faults));
        }
    }
    assert_eq!(story(1, Faults::none()).0.len(), 1);
    assert!((0..10).any(|seed| story(seed, Faults::harsh()).0.len() > 1));
}

#[test]
fn a_daemon_that_stops_closes_its_sessions_and_refuses_new_ones() {
    let sim = Sim::new(1);
    sim.start(Sim::addr(6800), EntityKind::Osd, 3, echo());
    let notes = Arc::new(Notes::default());
    let link = sim.connect(osd(6800), notes.clone());
    sim.run();
    assert_eq!(*notes.ready.lock(), 1);
    assert_ne!(link.features(), 0);
    sim.stop(Sim::addr(6800));
    sim.run();
    assert_eq!(*notes.closed.lock().as_ref().unwrap(), Errno::ECONNRESET);
    let notes = Arc::new(Notes::default());
    let _link = sim.connect(osd(6800), notes.clone());
    assert!(notes.closed.lock().is_none(), "not inside connect");
    sim.run();
    assert_eq!(*notes.closed.lock().as_ref().unwrap(), Errno::ECONNREFUSED);
    assert_eq!(sim.opened(), 2);
}

/// Ends the session at the first message, and notes what it saw.
#[derive(Default)]
struct Rude(Mutex<Vec<String>>);

impl Daemon for Rude {
    fn connected(&self, client: &Client) {
        self.0.lock().push(format!("{} came to {}", client.name, client.at));
    }

    fn message(&self, client: &Client, _: Message) {
        client.reset();
    }

    fn gone(&self, client: &Client) {
        self.0.lock().push(format!("session {} is over", client.session()));
    }
}

#[test]
fn a_daemon_sees_sessions_come_and_go() {
    let sim = Sim::new(1);
    let rude = Arc::new(Rude::default());
    sim.start(Sim::addr(6800), EntityKind::Osd, 3, rude.clone());
    let notes = Arc::new(Notes::default());
    let link = sim.connect(osd(6800), notes.clone());
    sim.run_until(|| *notes.ready.lock() == 1);
    link.send(message(1, 1));
    sim.run();
    assert_eq!(*notes.closed.lock().as_ref().unwrap(), Errno::ECONNRESET);
    let seen = rude.0.lock();
    assert_eq!(seen[..], ["client.4123 came to v2:127.0.0.1:6800/0", "session 0 is over"]);
}

#[test]
fn time_passes_only_by_hand_and_idle_sessions_end() {
    let sim = Sim::new(1);
    sim.start(Sim::addr(6800), EntityKind::Osd, 3, echo());
    let notes = Arc::new(Notes::default());
    let _link = sim.transport().connect(osd(6800), notes.clone());
    let (clock, start) = (sim.clock(), sim.now());
    sim.advance(Duration::from_secs(890));
    assert_eq!(clock.now() - start, Duration::from_secs(890));
    assert!(notes.closed.lock().is_none());
    sim.advance(Duration::from_secs(11));
    assert_eq!(*notes.closed.lock().as_ref().unwrap(), Errno::ETIMEDOUT);
}
