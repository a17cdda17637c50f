//! The session with the active manager and what is said in it.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use uuid::Uuid;

use super::map::MgrMap;
use super::messages::{self, ServiceName};
use crate::ceph::message::Message;
use crate::ceph::messages::command;
use crate::ceph::transport::{Link, Peer, SessionHandler, Transport};
use crate::ceph::types::{EntityKind, features};
use crate::codec::{Decode, Reader};
use crate::errno::{Errno, Error, Result};
use crate::model::CommandReply;

/// Receives the answer to a command, once.
pub type CommandDone = Box<dyn FnOnce(CommandReply) + Send>;

/// What a [`MgrClient`] has to be told.
#[derive(Clone, Debug)]
pub struct MgrConfig {
    /// The cluster.
    pub fsid: Uuid,
    /// How long after an attempt to connect the next one may be (`mgr_connect_retry_interval`).
    pub retry_interval: Duration,
    /// After how long a command fails with `-ETIMEDOUT` (`rados_mon_op_timeout`); `None`: never.
    pub command_timeout: Option<Duration>,
}

/// A client of the active manager.
///
/// There is a session only once there is something to say: most clients never talk to a manager.
pub struct MgrClient {
    config: MgrConfig,
    command_timeout: Mutex<Option<Duration>>,
    transport: Arc<dyn Transport>,
    me: Weak<MgrClient>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    map: MgrMap,
    session: Option<Session>,
    /// Sessions opened so far: tells a late word of an old session from the present one's.
    sessions: u64,
    connected_at: Option<Instant>,
    commands: BTreeMap<u64, Command>,
    last_tid: u64,
    service: Option<Service>,
    /// Told when the manager has taken note that the service left.
    leaving: Option<Box<dyn FnOnce() + Send>>,
    is_shut: bool,
}

struct Session {
    number: u64,
    peer: Peer,
    /// `None` while [`Transport::connect`] is under way.
    link: Option<Arc<dyn Link>>,
    /// Said before there was a link.
    waiting: Vec<Message>,
    report_period: Duration,
    next_report: Option<Instant>,
}

struct Command {
    /// The manager it is for; `None` for a module of whichever is active.
    name: Option<String>,
    command: Vec<String>,
    input: Bytes,
    deadline: Option<Instant>,
    done: CommandDone,
}

struct Service {
    name: ServiceName,
    metadata: BTreeMap<String, String>,
    status: BTreeMap<String, String>,
    status_changed: bool,
}

/// What is left to be done once the lock is free.
enum Todo {
    Connect(u64, Peer),
    Send(Arc<dyn Link>, Message),
    Close(Arc<dyn Link>),
    Answer(CommandDone, CommandReply),
    Left(Box<dyn FnOnce() + Send>),
}

/// The ear of one session.
struct Ear {
    client: Weak<MgrClient>,
    session: u64,
}

impl MgrClient {
    /// A client that knows no manager yet.
    #[must_use]
    pub fn new(config: MgrConfig, transport: Arc<dyn Transport>) -> Arc<Self> {
        Arc::new_cyclic(|me| MgrClient {
            command_timeout: Mutex::new(config.command_timeout),
            config,
            transport,
            me: Weak::clone(me),
            state: Mutex::default(),
        })
    }

    /// A map came from a monitor (`MMgrMap`); returns its epoch. The session follows the active
    /// manager.
    pub fn handle_mgrmap(&self, message: &Message, now: Instant) -> Result<u32> {
        let map = MgrMap::decode(&mut Reader::new(&message.front), "mgrmap")?;
        let epoch = map.epoch;
        self.change(|state, todo| {
            if map.epoch <= state.map.epoch {
                return;
            }
            log::debug!(target: "mgrc", "mgrmap {}: active is mgr.{}", map.epoch, map.name);
            state.map = map;
            let current = state.session.as_ref().map(|session| &session.peer.addrs);
            if current.is_some_and(|addrs| *addrs != state.map.addrs || !state.map.available) {
                state.end_session(todo);
            }
            self.connect_if_needed(state, now, todo);
        });
        Ok(epoch)
    }

    /// Takes another `rados_mon_op_timeout`, for the commands to come.
    pub fn set_command_timeout(&self, timeout: Option<Duration>) {
        *self.command_timeout.lock() = timeout;
    }

    /// Runs a command: of a module, or, with `name`, of the manager that is called so (empty: of
    /// the active one, whatever it is called). `done` gets the manager's answer, `-ENXIO` when that
    /// manager is not the active one, `-ETIMEDOUT`.
    pub fn command(
        &self,
        name: Option<String>,
        command: Vec<String>,
        input: Bytes,
        now: Instant,
        done: CommandDone,
    ) {
        let deadline = self.command_timeout.lock().map(|timeout| now + timeout);
        let command = Command { name, command, input, deadline, done };
        self.change(|state, todo| {
            if state.is_shut {
                return todo.push(Todo::Answer(command.done, failure(Errno::ENOTCONN, "")));
            }
            state.last_tid += 1;
            let tid = state.last_tid;
            state.commands.insert(tid, command);
            if state.session.is_some() {
                self.send_command(state, tid, todo);
            } else {
                self.connect_if_needed(state, now, todo);
            }
        });
    }

    /// Introduces this process as a service; `-EEXIST` the second time.
    pub fn service_register(
        &self,
        name: ServiceName,
        metadata: BTreeMap<String, String>,
        now: Instant,
    ) -> Result<()> {
        self.change(|state, todo| {
            if state.service.is_some() {
                return Err(Errno::EEXIST.because("this client is a service already"));
            }
            let open = messages::open(&name, &metadata);
            let status = BTreeMap::new();
            state.service = Some(Service { name, metadata, status, status_changed: true });
            match state.session {
                Some(_) => state.send(open, todo),
                None => self.connect_if_needed(state, now, todo),
            }
            Ok(())
        })
    }

    /// Replaces the status of the service; it goes out with the next report. Nothing happens
    /// unless there is a service.
    pub fn service_status(&self, status: BTreeMap<String, String>) {
        if let Some(service) = &mut self.state.lock().service {
            service.status = status;
            service.status_changed = true;
        }
    }

    /// Takes the service's leave; `left` is called when the manager has taken note, at once when
    /// there is nothing to take leave of. May never be called: put a limit to the wait.
    pub fn leave(&self, left: Box<dyn FnOnce() + Send>) {
        self.change(|state, todo| {
            match state.service.take() {
                Some(service) if state.session.is_some() => {
                    state.leaving = Some(left);
                    state.send(messages::close(&service.name), todo);
                }
                _ => todo.push(Todo::Left(left)),
            };
        });
    }

    /// What is due by now: reports, another attempt to connect, commands that took too long. To be
    /// called a few times a second.
    pub fn tick(&self, now: Instant) {
        self.change(|state, todo| {
            let late: Vec<u64> = state
                .commands
                .iter()
                .filter(|(_, command)| command.deadline.is_some_and(|deadline| deadline <= now))
                .map(|(tid, _)| *tid)
                .collect();
            for tid in late {
                if let Some(command) = state.commands.remove(&tid) {
                    todo.push(Todo::Answer(command.done, failure(Errno::ETIMEDOUT, "")));
                }
            }
            self.connect_if_needed(state, now, todo);
            state.report(now, todo);
        });
    }

    /// Ends the session; commands without an answer fail with `-ENOTCONN`.
    pub fn shutdown(&self) {
        self.change(|state, todo| {
            state.is_shut = true;
            state.service = None;
            state.end_session(todo);
            todo.extend(state.leaving.take().map(Todo::Left));
            for (_, command) in std::mem::take(&mut state.commands) {
                todo.push(Todo::Answer(command.done, failure(Errno::ENOTCONN, "")));
            }
        });
    }

    /// Changes the state under the lock, then does what came of it without.
    fn change<T>(&self, change: impl FnOnce(&mut State, &mut Vec<Todo>) -> T) -> T {
        let mut todo = Vec::new();
        let value = change(&mut self.state.lock(), &mut todo);
        for step in todo {
            match step {
                Todo::Connect(number, peer) => self.connect(number, peer),
                Todo::Send(link, message) => link.send(message),
                Todo::Close(link) => link.close(),
                Todo::Answer(done, reply) => done(reply),
                Todo::Left(left) => left(),
            }
        }
        value
    }

    fn connect_if_needed(&self, state: &mut State, now: Instant, todo: &mut Vec<Todo>) {
        let wanted = state.service.is_some() || !state.commands.is_empty();
        let may = |at| now >= at + self.config.retry_interval;
        if state.is_shut
            || state.session.is_some()
            || !wanted
            || !state.map.available
            || !state.connected_at.is_none_or(may)
        {
            return;
        }
        state.connected_at = Some(now);
        state.sessions += 1;
        let gid = state.map.gid.try_into().unwrap_or(-1);
        let peer = Peer { kind: EntityKind::Mgr, id: gid, addrs: state.map.addrs.clone() };
        state.session = Some(Session {
            number: state.sessions,
            peer: peer.clone(),
            link: None,
            waiting: Vec::new(),
            report_period: Duration::ZERO,
            next_report: None,
        });
        if let Some(service) = &mut state.service {
            service.status_changed = true;
            let open = messages::open(&service.name, &service.metadata);
            state.send(open, todo);
        }
        let tids: Vec<u64> = state.commands.keys().copied().collect();
        for tid in tids {
            self.send_command(state, tid, todo);
        }
        todo.push(Todo::Connect(state.sessions, peer));
    }

    fn send_command(&self, state: &mut State, tid: u64, todo: &mut Vec<Todo>) {
        let Some(asked) = state.commands.get(&tid) else { return };
        let (kind, fsid) = match &asked.name {
            Some(name) if !name.is_empty() && *name != state.map.name => {
                if let Some(asked) = state.commands.remove(&tid) {
                    let text = format!("the active manager is {}", state.map.name);
                    todo.push(Todo::Answer(asked.done, failure(Errno::ENXIO, &text)));
                }
                return;
            }
            // A zero fsid says that it is for a module and not for the daemon.
            Some(_) => (command::KIND, self.config.fsid),
            None if has(state.map.features, features::SERVER_OCTOPUS) => {
                (messages::MGR_COMMAND, Uuid::nil())
            }
            None => (command::KIND, Uuid::nil()),
        };
        let message = command::message(fsid, tid, &asked.command, asked.input.clone());
        let message = Message { kind, ..message };
        state.send(message, todo);
    }

    fn connect(&self, number: u64, peer: Peer) {
        let ear = Arc::new(Ear { client: Weak::clone(&self.me), session: number });
        let link = self.transport.connect(peer, ear);
        self.change(|state, todo| match &mut state.session {
            Some(session) if session.number == number => {
                let waiting = std::mem::take(&mut session.waiting);
                session.link = Some(Arc::clone(&link));
                todo.extend(waiting.into_iter().map(|m| Todo::Send(Arc::clone(&link), m)));
            }
            _ => todo.push(Todo::Close(link)),
        });
    }

    fn handle(&self, message: &Message, state: &mut State, todo: &mut Vec<Todo>) -> Result<()> {
        match message.kind {
            messages::CONFIGURE => {
                let period = Duration::from_secs(messages::report_period(message)?.into());
                if let Some(session) = &mut state.session {
                    session.report_period = period;
                }
            }
            command::KIND_REPLY | messages::MGR_COMMAND_REPLY => {
                let reply = command::decode_reply(message)?;
                if let Some(command) = state.commands.remove(&message.tid) {
                    todo.push(Todo::Answer(command.done, reply));
                }
            }
            messages::CLOSE => todo.extend(state.leaving.take().map(Todo::Left)),
            other => log::debug!(target: "mgrc", "message {other:#x} is not for a client"),
        }
        Ok(())
    }
}

impl State {
    /// Sends in the session there is; keeps it for the link while there is none yet.
    fn send(&mut self, message: Message, todo: &mut Vec<Todo>) {
        match &mut self.session {
            Some(Session { link: Some(link), .. }) => {
                todo.push(Todo::Send(Arc::clone(link), message));
            }
            Some(session) => session.waiting.push(message),
            None => {}
        }
    }

    fn end_session(&mut self, todo: &mut Vec<Todo>) {
        if let Some(Session { link: Some(link), .. }) = self.session.take() {
            todo.push(Todo::Close(link));
        }
    }

    /// A report, if the manager wants one by now.
    fn report(&mut self, now: Instant, todo: &mut Vec<Todo>) {
        let (Some(service), Some(session)) = (&mut self.service, &mut self.session) else { return };
        let is_due = session.next_report.is_none_or(|at| at <= now);
        if session.report_period.is_zero() || !is_due {
            return;
        }
        session.next_report = Some(now + session.report_period);
        let status = std::mem::take(&mut service.status_changed).then_some(&service.status);
        let report = messages::report(&service.name, status);
        self.send(report, todo);
    }
}

impl SessionHandler for Ear {
    fn ready(&self) {}

    fn message(&self, message: Message) {
        let Some(client) = self.client.upgrade() else { return };
        client.change(|state, todo| {
            if state.session.as_ref().is_none_or(|session| session.number != self.session) {
                return;
            }
            if let Err(error) = client.handle(&message, state, todo) {
                log::error!(target: "mgrc", "bad message from {}: {error}", state.map.name);
                state.end_session(todo);
            }
        });
    }

    fn closed(&self, error: Error) {
        let Some(client) = self.client.upgrade() else { return };
        client.change(|state, todo| {
            if state.session.as_ref().is_some_and(|session| session.number == self.session) {
                log::debug!(target: "mgrc", "session with mgr.{} over: {error}", state.map.name);
                state.session = None;
                todo.extend(state.leaving.take().map(Todo::Left));
            }
        });
    }
}

fn has(features: u64, wanted: u64) -> bool {
    features & wanted == wanted
}

fn failure(errno: Errno, status: &str) -> CommandReply {
    CommandReply { code: errno.to_c(), status: status.to_owned(), ..CommandReply::default() }
}
