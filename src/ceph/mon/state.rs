//! The monitor client without threads, sockets and locks: events in, [`Action`]s out.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::asked::{Asked, Call, Question};
use super::config::MonConfig;
use super::events::{Done, MonEvents};
use super::hunt::Hunt;
use super::monmap::MonMap;
use super::subs::Subscriptions;
use super::tell::{MonTarget, Tell, Tells, Told};
use crate::ceph::auth::{Attempt, Credentials};
use crate::ceph::message::Message;
use crate::ceph::messages::{auth, config, log as cluster_log, mon_map, mon_subscribe};
use crate::ceph::transport::Peer;
use crate::ceph::types::{EntityAddrs, EntityKind};
use crate::codec::{Decode, Reader};
use crate::errno::{Errno, Error, Result};

/// Tells sessions of one client apart.
pub(super) type SessionId = u64;

/// `CEPH_MSG_OSD_MAP`.
const OSD_MAP: u16 = 41;
/// `MSG_MGR_MAP`.
const MGR_MAP: u16 = 0x704;
/// The next tick is never later than this: whoever ticks need not be told of new deadlines.
const TICK_MAX: Duration = Duration::from_secs(1);

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
    Event(Box<dyn FnOnce(&dyn MonEvents) + Send>),
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
        } else if let Some(error) = self.shut() {
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

/// Sessions.
impl State {
    /// Gives up the session, or the ones being opened, and tries other monitors.
    fn reopen(&mut self, now: Instant) {
        let is_main = |(_, session): &(&_, &Session)| session.role == Role::Main;
        let old: Vec<_> = self.sessions.iter().filter(is_main).map(|(id, _)| *id).collect();
        old.into_iter().for_each(|session| self.drop_session(session));
        self.hunt.begin(&self.config);
        self.phase = Phase::Hunting { until: now + self.hunt.interval(&self.config) };
        self.try_next();
    }

    fn try_next(&mut self) {
        let ranks = self.hunt.next(&self.map, &self.config);
        if ranks.is_empty() {
            let what = "no monitor has a msgr2 address (option mon_host)";
            self.fail_waiters(Errno::EOPNOTSUPP.because(what));
        }
        for rank in ranks {
            let attempt = self.credentials.attempt();
            self.open(rank, Role::Main, attempt);
        }
    }

    fn open(&mut self, rank: usize, role: Role, attempt: Attempt) -> SessionId {
        self.last_session += 1;
        let session = self.last_session;
        let Some(info) = self.map.monitors.get(rank) else { return session };
        let (addrs, name) = (info.addrs.clone(), info.name.clone());
        let id = i64::try_from(rank).unwrap_or(-1);
        let peer = Peer { kind: EntityKind::Mon, id, addrs: addrs.clone() };
        log::debug!(target: "monc", "trying mon.{name} at {addrs}");
        let connect = Action::Connect { session, peer, attempt: attempt.clone() };
        self.actions.push_back(connect);
        self.sessions.insert(session, Session { role, addrs, name, attempt });
        session
    }

    fn drop_session(&mut self, session: SessionId) {
        if self.sessions.remove(&session).is_some() {
            self.actions.push_back(Action::Close { session });
        }
    }

    pub(super) fn ready(&mut self, session: SessionId, now: Instant) {
        let Some(Session { role, attempt, name, .. }) = self.sessions.get(&session) else { return };
        match (*role, &self.phase) {
            (Role::Tell(tid), _) => {
                if let Some(tell) = self.tells.list.get(&tid) {
                    let message = tell.message(tid, &self.map);
                    self.actions.push_back(Action::Send { session, message });
                }
            }
            (Role::Main, Phase::Hunting { .. }) => {
                if let Err(error) = self.credentials.adopt(attempt) {
                    return self.closed(session, error, now);
                }
                log::info!(target: "monc", "found mon.{name}");
                self.found(session, now);
            }
            (Role::Main, _) => self.drop_session(session),
        }
    }

    fn found(&mut self, session: SessionId, now: Instant) {
        let is_other = |(id, other): &(&_, &Session)| **id != session && other.role == Role::Main;
        let others: Vec<_> = self.sessions.iter().filter(is_other).map(|(id, _)| *id).collect();
        others.into_iter().for_each(|other| self.drop_session(other));
        self.hunt.calm(&self.config);
        self.phase =
            Phase::Active(Active { session, asked_at: now, alive_at: now, renewal_at: None });
        self.subs.reload();
        self.send_subscriptions();
        self.event(|events| events.session());
        if self.map.epoch > 0 {
            self.establish(now);
        }
    }

    /// The session stands and the cluster is known.
    fn establish(&mut self, now: Instant) {
        let Some(session) = self.established() else { return };
        for message in self.asked.messages(self.map.fsid) {
            self.actions.push_back(Action::Send { session, message });
        }
        for (done, _) in std::mem::take(&mut self.waiters) {
            self.call(move || done(Ok(())));
        }
        for tid in self.tells.list.keys().copied().collect::<Vec<_>>() {
            self.open_tell(tid, now);
        }
        self.renew_tickets(now);
    }

    fn send_subscriptions(&mut self) {
        let Some(session) = self.active() else { return };
        let items = self.subs.unsent();
        if !items.is_empty() {
            let message = mon_subscribe::message(&items, &self.config.host);
            self.actions.push_back(Action::Send { session, message });
        }
    }

    pub(super) fn keepalive_ack(&mut self, session: SessionId, now: Instant) {
        if let Phase::Active(active) = &mut self.phase
            && active.session == session
        {
            active.alive_at = now;
        }
    }

    pub(super) fn closed(&mut self, session: SessionId, error: Error, now: Instant) {
        let Some(Session { role, name, attempt, .. }) = self.sessions.get(&session) else { return };
        let (role, is_return) = (*role, attempt.is_return());
        log::info!(target: "monc", "session with mon.{name} closed: {error}");
        self.drop_session(session);
        match role {
            Role::Tell(tid) => self.tell_closed(tid, error),
            Role::Main if self.active() == Some(session) => self.reopen(now),
            Role::Main => self.hunted_closed(error, is_return, now),
        }
    }

    /// A session was not even opened.
    fn hunted_closed(&mut self, error: Error, is_return: bool, now: Instant) {
        let is_refusal = is_refusal(&error);
        if is_refusal && is_return && self.credentials.forget() {
            // Who was away for long comes back with a ticket that nobody can read any more.
            log::warn!(target: "monc", "not known as before, logging in as another: {error}");
            return self.reopen(now);
        }
        // A refusal by one monitor says more than that another cannot be reached.
        if is_refusal || !self.last_error.as_ref().is_some_and(is_refusal_ref) {
            self.last_error = Some(error);
        }
        if self.sessions.values().any(|session| session.role == Role::Main) {
            return;
        }
        let Phase::Hunting { until } = &mut self.phase else { return };
        if let Some(error) = self.last_error.take_if(|error| is_refusal_ref(error)) {
            log::error!(target: "monc", "{error}");
            self.fail_waiters(error);
        } else if self.hunt.has_untried(&self.map) {
            self.try_next();
        } else {
            *until = (*until).min(now + self.hunt.retry(&self.config));
        }
    }

    fn fail_waiters(&mut self, error: Error) {
        for (done, _) in std::mem::take(&mut self.waiters) {
            let error = error.clone();
            self.call(move || done(Err(error)));
        }
    }
}

fn is_refusal(error: &Error) -> bool {
    [Errno::EACCES, Errno::EPERM].contains(&error.errno())
}

fn is_refusal_ref(error: &Error) -> bool {
    is_refusal(error)
}

/// Messages.
impl State {
    pub(super) fn message(&mut self, session: SessionId, message: Message, now: Instant) {
        let Some(Session { role, name, .. }) = self.sessions.get(&session) else { return };
        let name = name.clone();
        let result = match *role {
            Role::Tell(tid) => {
                self.tell_message(tid, &message);
                Ok(())
            }
            Role::Main if self.active() == Some(session) => self.main_message(message, now),
            Role::Main => Ok(()),
        };
        if let Err(error) = result {
            log::error!(target: "monc", "mon.{name} sent what cannot be read: {error}");
            self.closed(session, error, now);
        }
    }

    fn main_message(&mut self, message: Message, now: Instant) -> Result<()> {
        match message.kind {
            mon_map::KIND => self.monmap(&message, now)?,
            auth::KIND_REPLY => self.tickets(&message, now)?,
            config::KIND => {
                let settings = config::decode(&message)?;
                self.event(move |events| events.config(settings));
            }
            cluster_log::KIND => {
                let log = cluster_log::decode(&message)?;
                self.subs.got_all("log", log.version);
                self.event(move |events| events.log(log.entries));
            }
            OSD_MAP => self.event(move |events| events.osdmap(message)),
            MGR_MAP => self.event(move |events| events.mgrmap(message)),
            mon_subscribe::KIND_ACK => {}
            kind => match self.asked.take(&message)? {
                Some(question) => self.actions.push_back(Action::Call(question.answer(message))),
                None => log::debug!(target: "monc", "message {kind} answers nothing"),
            },
        }
        Ok(())
    }

    fn monmap(&mut self, message: &Message, now: Instant) -> Result<()> {
        let mut reader = Reader::new(mon_map::decode(message)?);
        let map = MonMap::decode(&mut reader, "monmap")?;
        if map.monitors.is_empty() {
            return Err(Errno::EBADMSG.because("monmap: no monitors"));
        }
        self.subs.got("monmap", map.epoch.into());
        let was_known = self.map.epoch > 0;
        if map.epoch == self.map.epoch {
            return Ok(());
        }
        self.hunt.map_changed();
        self.map = Arc::new(map);
        let map = self.map.clone();
        self.event(move |events| events.monmap(&map));
        let addrs = self.active().and_then(|session| self.sessions.get(&session));
        let rank = addrs.and_then(|session| self.map.rank_at(&session.addrs));
        if rank.is_none() {
            log::info!(target: "monc", "our monitor is not in the map any more, or by another address");
            self.reopen(now);
        } else if !was_known {
            self.establish(now);
        }
        Ok(())
    }

    fn tickets(&mut self, message: &Message, now: Instant) -> Result<()> {
        let Phase::Active(active) = &mut self.phase else { return Ok(()) };
        if active.renewal_at.is_none() {
            return Ok(());
        }
        let reply = auth::reply(message)?;
        match self.credentials.renewed(reply.result, &reply.payload) {
            Ok(()) => active.renewal_at = None,
            Err(error) if is_refusal(&error) => {
                log::warn!(target: "monc", "logging in anew: {error}");
                self.reopen(now);
            }
            // Asked again after a while.
            Err(error) => log::warn!(target: "monc", "tickets not renewed: {error}"),
        }
        Ok(())
    }
}

/// Commands for one monitor.
impl State {
    fn open_tell(&mut self, tid: u64, now: Instant) {
        let Some(tell) = self.tells.list.get_mut(&tid) else { return };
        let needs_cluster = matches!(tell.told, Told::Command { .. });
        if tell.session.is_some() || needs_cluster && self.map.epoch == 0 {
            return;
        }
        match tell.target.rank(&self.map) {
            Err(error) => self.end_tell(tid, error),
            Ok(rank) => {
                let attempt = self.credentials.attempt_apart();
                let session = self.open(rank, Role::Tell(tid), attempt);
                if let Some(tell) = self.tells.list.get_mut(&tid) {
                    tell.opened(session, now);
                }
            }
        }
    }

    fn end_tell(&mut self, tid: u64, error: Error) {
        if let Some(tell) = self.tells.list.remove(&tid) {
            if let Some(session) = tell.session {
                self.drop_session(session);
            }
            self.actions.push_back(Action::Call(tell.fail(error)));
        }
    }

    fn tell_closed(&mut self, tid: u64, error: Error) {
        if is_refusal(&error) {
            self.end_tell(tid, error);
        } else if let Some(tell) = self.tells.list.get_mut(&tid) {
            tell.session = None;
        }
    }

    fn tell_message(&mut self, tid: u64, message: &Message) {
        if !self.tells.list.get(&tid).is_some_and(|tell| tell.is_answer(message)) {
            return;
        }
        if let Some(tell) = self.tells.list.remove(&tid) {
            if let Some(session) = tell.session {
                self.drop_session(session);
            }
            self.actions.push_back(Action::Call(tell.answer(message)));
        }
    }
}

/// Time.
impl State {
    /// Does what is due. When to tick next: no later than that.
    pub(super) fn tick(&mut self, now: Instant) -> Instant {
        self.expire(now);
        match &self.phase {
            Phase::Hunting { until } if *until <= now => {
                log::info!(target: "monc", "continuing hunt");
                self.reopen(now);
            }
            Phase::Active(_) => {
                self.keep_alive(now);
                self.renew_tickets(now);
            }
            _ => {}
        }
        self.due().map_or(now + TICK_MAX, |due| due.clamp(now, now + TICK_MAX))
    }

    /// When something is to be done next, if nothing happens before.
    pub(super) fn due(&self) -> Option<Instant> {
        let phase = match &self.phase {
            Phase::Hunting { until } => Some(*until),
            Phase::Active(active) => Some(active.asked_at + self.config.ping_interval),
            Phase::New | Phase::Shut => None,
        };
        let waiters = self.waiters.iter().filter_map(|(_, deadline)| *deadline).min();
        let tells = self.tells.due(self.config.hunt_interval);
        [phase, waiters, self.asked.due(), tells].into_iter().flatten().min()
    }

    fn expire(&mut self, now: Instant) {
        for question in self.asked.expired(now) {
            let error = Errno::ETIMEDOUT.because("no answer from the monitors");
            self.actions.push_back(Action::Call(question.fail(error)));
        }
        let (retries, interval) = (self.config.directed_retry, self.config.hunt_interval);
        for (tid, step) in self.tells.steps(retries, interval, now) {
            match step {
                Err(error) => self.end_tell(tid, error),
                Ok(()) => {
                    let session = self.tells.list.get_mut(&tid).and_then(|t| t.session.take());
                    session.into_iter().for_each(|session| self.drop_session(session));
                    self.open_tell(tid, now);
                }
            }
        }
        let is_over = |(_, deadline): &mut (_, Option<Instant>)| {
            deadline.is_some_and(|deadline| deadline <= now)
        };
        let over: Vec<_> = self.waiters.extract_if(.., is_over).collect();
        if over.is_empty() {
            return;
        }
        let why = self.last_error.as_ref().map(ToString::to_string).unwrap_or_default();
        let what =
            format!("no monitor answered in time (options mon_host, client_mount_timeout) {why}");
        log::error!(target: "monc", "{what}");
        for (done, _) in over {
            let error = Errno::ETIMEDOUT.because(what.clone());
            self.call(move || done(Err(error)));
        }
    }

    fn keep_alive(&mut self, now: Instant) {
        let MonConfig { ping_interval, ping_timeout, .. } = self.config;
        let Phase::Active(active) = &mut self.phase else { return };
        if now < active.asked_at + ping_interval {
            return;
        }
        if !ping_timeout.is_zero() && now > active.alive_at + ping_timeout {
            log::warn!(target: "monc", "no sign of life from our monitor, trying others");
            return self.reopen(now);
        }
        active.asked_at = now;
        let session = active.session;
        self.actions.push_back(Action::Keepalive { session });
        self.hunt.calm(&self.config);
    }

    fn renew_tickets(&mut self, now: Instant) {
        let interval = self.config.hunt_interval;
        let Phase::Active(active) = &mut self.phase else { return };
        if active.renewal_at.is_some_and(|then| now < then + interval) {
            return;
        }
        match self.credentials.renewal() {
            Ok(None) => {}
            Ok(Some((method, payload))) => {
                active.renewal_at = Some(now);
                let message = auth::message(method, &payload, self.map.epoch);
                let session = active.session;
                self.actions.push_back(Action::Send { session, message });
            }
            Err(error) => {
                active.renewal_at = Some(now);
                log::error!(target: "monc", "cannot renew tickets: {error}");
            }
        }
    }
}
