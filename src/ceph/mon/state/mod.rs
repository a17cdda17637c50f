//! The monitor client without threads, sockets and locks: events in, [`Action`]s out.
//!
//! ```text
//!               +----- refused, interval over -----+
//!               v                                  |
//!   New --> Hunting: several sessions  --ready--> Active: one session  --> Shut
//!               ^                                  |
//!               +--- closed, silent, gone from the map
//! ```

mod incoming;
mod sessions;
mod tells;
mod time;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use super::asked::{Asked, Call, Question};
use super::config::MonConfig;
use super::events::{Done, MonEvents};
use super::hunt::Hunt;
use super::monmap::MonMap;
use super::subs::Subscriptions;
use super::tell::{MonTarget, Tell, Tells, Told};
use crate::ceph::auth::{Attempt, Credentials};
use crate::ceph::message::Message;
use crate::ceph::messages::mon_subscribe;
use crate::ceph::transport::Peer;
use crate::ceph::types::EntityAddrs;
use crate::errno::{Errno, Error};

/// Tells sessions of one client apart.
pub(super) type SessionId = u64;

/// A call of the owner.
pub(super) type Event = Box<dyn FnOnce(&dyn MonEvents) + Send>;

/// What is to be done when no lock is held, in this order.
pub(super) enum Action {
    Connect {
        session: SessionId,
        peer: Peer,
        attempt: Attempt,
    },
    Send {
        session: SessionId,
        message: Message,
    },
    Keepalive {
        session: SessionId,
    },
    Close {
        session: SessionId,
    },
    /// Tells the owner something.
    Event(Event),
    /// Tells who asked.
    Call(Call),
}

pub(super) struct State {
    config: MonConfig,
    credentials: Arc<Credentials>,
    map: Arc<MonMap>,
    phase: Phase,
    sessions: BTreeMap<SessionId, Session>,
    last_session: SessionId,
    last_tid: u64,
    hunt: Hunt,
    subs: Subscriptions,
    asked: Asked,
    tells: Tells,
    waiters: Vec<(Done<()>, Option<Instant>)>,
    /// Why the last session ended, for who waits for one in vain.
    last_error: Option<Error>,
    /// Why waiting is vain: all monitors that were tried refused us, or none can be tried.
    refused: Option<Error>,
    actions: VecDeque<Action>,
}

enum Phase {
    /// Not started.
    New,
    /// Sessions with some monitors are being opened; others are tried after that time.
    Hunting {
        until: Instant,
    },
    /// One session stands.
    Active(Active),
    Shut,
}

struct Active {
    session: SessionId,
    /// When the last sign of life was asked for, and when one came.
    asked_at: Instant,
    alive_at: Instant,
    /// When new tickets were asked for, if they have not come.
    renewal_at: Option<Instant>,
}

struct Session {
    role: Role,
    addrs: EntityAddrs,
    name: String,
    attempt: Attempt,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// To become, or being, the session.
    Main,
    /// For the command or ping of this tid.
    Tell(u64),
}

impl State {
    pub(super) fn new(config: MonConfig, credentials: Arc<Credentials>) -> Self {
        State {
            map: Arc::new(config.monitors.clone()),
            hunt: Hunt::new(&config),
            config,
            credentials,
            phase: Phase::New,
            sessions: BTreeMap::new(),
            last_session: 0,
            last_tid: 0,
            subs: Subscriptions::default(),
            asked: Asked::default(),
            tells: Tells::default(),
            waiters: Vec::new(),
            last_error: None,
            refused: None,
            actions: VecDeque::new(),
        }
    }

    pub(super) fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    pub(super) fn map(&self) -> &Arc<MonMap> {
        &self.map
    }

    /// The session that stands.
    pub(super) fn active(&self) -> Option<SessionId> {
        match &self.phase {
            Phase::Active(active) => Some(active.session),
            _ => None,
        }
    }

    /// The session that stands, once the map of the cluster's monitors came: before that nothing
    /// can be asked, since questions name the cluster.
    fn established(&self) -> Option<SessionId> {
        self.active().filter(|_| self.map.epoch > 0)
    }

    pub(super) fn start(&mut self, now: Instant) {
        if !matches!(self.phase, Phase::New) {
            return;
        }
        // The options of this client come with every new session.
        self.subs.want("config", mon_subscribe::Item { start: 0, once: false });
        self.subs.want("monmap", mon_subscribe::Item { start: 0, once: false });
        self.reopen(now);
    }

    pub(super) fn configure(&mut self, change: impl FnOnce(&mut MonConfig)) {
        change(&mut self.config);
    }

    pub(super) fn shutdown(&mut self) {
        self.phase = Phase::Shut;
        let sessions: Vec<_> = self.sessions.keys().copied().collect();
        sessions.into_iter().for_each(|session| self.drop_session(session));
        let error = || Errno::ECANCELED.because("the monitor client is shut down");
        for question in self.asked.drain() {
            self.actions.push_back(Action::Call(question.fail(error())));
        }
        for tell in std::mem::take(&mut self.tells.list).into_values() {
            self.actions.push_back(Action::Call(tell.fail(error())));
        }
        self.fail_waiters(error());
    }

    /// Who waits for the first session is told.
    pub(super) fn authenticated(&mut self, done: Done<()>, now: Instant) {
        if self.established().is_some() {
            self.call(move || done(Ok(())));
        } else if let Some(error) = self.shut().or_else(|| self.refused.clone()) {
            self.call(move || done(Err(error)));
        } else {
            let timeout = self.config.mount_timeout;
            self.waiters.push((done, (!timeout.is_zero()).then(|| now + timeout)));
        }
    }

    pub(super) fn subscribe(&mut self, what: &str, item: mon_subscribe::Item) {
        self.subs.want(what, item);
        self.send_subscriptions();
    }

    pub(super) fn subscriptions(&mut self) -> &mut Subscriptions {
        &mut self.subs
    }

    pub(super) fn ask(&mut self, question: Question, now: Instant) {
        if let Some(error) = self.shut() {
            return self.actions.push_back(Action::Call(question.fail(error)));
        }
        self.last_tid += 1;
        let tid = self.last_tid;
        if let Some(session) = self.established() {
            let message = question.message(tid, self.map.fsid);
            self.actions.push_back(Action::Send { session, message });
        }
        let is_timed = !matches!(question, Question::Version { .. });
        let deadline = self.op_deadline(now).filter(|_| is_timed);
        self.asked.add(tid, question, deadline);
    }

    pub(super) fn tell(&mut self, told: Told, target: MonTarget, now: Instant) {
        let deadline = match told {
            Told::Command { .. } => self.op_deadline(now),
            Told::Ping { .. } => Some(now + self.config.ping_timeout),
        };
        let tell = Tell::new(told, target, deadline);
        if let Some(error) = self.shut() {
            return self.actions.push_back(Action::Call(tell.fail(error)));
        }
        self.last_tid += 1;
        self.tells.list.insert(self.last_tid, tell);
        self.open_tell(self.last_tid, now);
    }

    fn op_deadline(&self, now: Instant) -> Option<Instant> {
        (!self.config.op_timeout.is_zero()).then(|| now + self.config.op_timeout)
    }

    fn shut(&self) -> Option<Error> {
        matches!(self.phase, Phase::Shut)
            .then(|| Errno::ECANCELED.because("the monitor client is shut down"))
    }

    fn call(&mut self, call: impl FnOnce() + Send + 'static) {
        self.actions.push_back(Action::Call(Box::new(call)));
    }

    fn event(&mut self, event: impl FnOnce(&dyn MonEvents) + Send + 'static) {
        self.actions.push_back(Action::Event(Box::new(event)));
    }
}

/// A monitor does not want us, as opposed to not being there.
fn is_refusal(error: &Error) -> bool {
    [Errno::EACCES, Errno::EPERM].contains(&error.errno())
}
