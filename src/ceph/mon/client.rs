//! The monitor client as its owner sees it: the state, locked, and the sessions.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Instant;

use bytes::Bytes;
use parking_lot::Mutex;
use uuid::Uuid;

use super::asked::Question;
use super::config::MonConfig;
use super::events::{Done, MonEvents};
use super::monmap::MonMap;
use super::state::{Action, SessionId, State};
use super::tell::{MonTarget, Told};
use crate::ceph::auth::{Attempt, AuthClient, AuthSource, Credentials};
use crate::ceph::clock::Clock;
use crate::ceph::message::Message;
use crate::ceph::messages::mon_subscribe::Item;
use crate::ceph::messages::mon_version::Versions;
use crate::ceph::transport::{Link, SessionHandler, Transport};
use crate::ceph::types::EntityAddr;
use crate::errno::Error;
use crate::model::CommandReply;

/// A client of a cluster's monitors: one session with one of them, and another when it fails.
///
/// Everything asked is asked again over the next session until it is answered. Methods return at
/// once and may be called from any thread; who calls [`MonClient::tick`] drives it.
pub struct MonClient {
    me: Weak<MonClient>,
    clock: Clock,
    credentials: Arc<Credentials>,
    transport: Arc<dyn Transport>,
    events: Arc<dyn MonEvents>,
    /// Never held over a call of the transport, a link, the owner or who asked.
    inner: Mutex<Inner>,
    links: Mutex<HashMap<SessionId, Arc<dyn Link>>>,
}

struct Inner {
    state: State,
    /// Somebody is performing actions, and will perform what is added.
    is_busy: bool,
    /// When the owner will tick next.
    next_tick: Option<Instant>,
}

impl MonClient {
    /// A client that does nothing yet. `credentials` are also the transport's.
    #[must_use]
    pub fn new(
        config: MonConfig,
        credentials: Arc<Credentials>,
        transport: Arc<dyn Transport>,
        events: Arc<dyn MonEvents>,
    ) -> Arc<Self> {
        Arc::new_cyclic(|me| MonClient {
            me: me.clone(),
            clock: config.clock.clone(),
            credentials: credentials.clone(),
            transport,
            events,
            inner: Mutex::new(Inner {
                state: State::new(config, credentials),
                is_busy: false,
                next_tick: None,
            }),
            links: Mutex::default(),
        })
    }

    /// Begins to look for a monitor. Its map and this client's options are subscribed to.
    pub fn start(&self, now: Instant) {
        self.with(|state| state.start(now));
    }

    /// Does what is due; to be called again at the time returned, at most a second later.
    pub fn tick(&self, now: Instant) -> Instant {
        let next = self.with(|state| state.tick(now));
        self.inner.lock().next_tick = Some(next);
        next
    }

    /// Changes the settings, for what is asked and tried from now on.
    pub fn configure(&self, change: impl FnOnce(&mut MonConfig)) {
        self.with(|state| state.configure(change));
    }

    /// Tells when a session stands and the cluster is known.
    ///
    /// # Errors
    /// `EACCES` or `EPERM` when every monitor that could be reached refuses us, `EOPNOTSUPP` when
    /// none speaks msgr2, `ETIMEDOUT` after `client_mount_timeout`.
    pub fn authenticated(&self, done: Done<()>) {
        let now = self.clock.now();
        self.with(|state| state.authenticated(done, now));
    }

    /// Wants to be told of something (`osdmap`, `mgrmap`, `log-info`, ...) from an epoch on (0: the
    /// newest), once or for ever. The same name again replaces what was wanted before.
    pub fn subscribe(&self, what: &str, start: u64, once: bool) {
        self.with(|state| state.subscribe(what, Item { start, once }));
    }

    /// Wants to be told no more; what the session that stands still tells is to be ignored.
    pub fn unsubscribe(&self, what: &str) {
        self.with(|state| state.subscriptions().unwant(what));
    }

    /// What was subscribed to came up to an epoch. Needed for `osdmap` and `mgrmap`, so that the
    /// next session tells only what is newer.
    pub fn got(&self, what: &str, epoch: u64) {
        self.with(|state| state.subscriptions().got(what, epoch));
    }

    /// Sends a command: JSON texts (usually one), with input.
    ///
    /// # Errors
    /// Only when there is no answer: `ETIMEDOUT` after `rados_mon_op_timeout`, and for a particular
    /// monitor `ENOENT` if there is none such, `ENXIO` if it cannot be reached, `EACCES` if it
    /// refuses us.
    pub fn command(
        &self,
        target: MonTarget,
        command: Vec<String>,
        input: Bytes,
        done: Done<CommandReply>,
    ) {
        let now = self.clock.now();
        self.with(|state| match target {
            MonTarget::Any => state.ask(Question::Command { command, input, done }, now),
            target => state.tell(Told::Command { command, input, done }, target, now),
        });
    }

    /// Sends a message that has one answer with the same tid, which is given here: pool operations,
    /// `statfs`, statistics of pools.
    ///
    /// # Errors
    /// `ETIMEDOUT` after `rados_mon_op_timeout`.
    pub fn request(&self, message: Message, done: Done<Message>) {
        let now = self.clock.now();
        self.with(|state| state.ask(Question::Request { message, done }, now));
    }

    /// How new the monitors' `osdmap` (`mgrmap`, ...) is. There is no timeout.
    pub fn newest_version(&self, what: &str, done: Done<Versions>) {
        let now = self.clock.now();
        let what = what.to_owned();
        self.with(|state| state.ask(Question::Version { what, done }, now));
    }

    /// Asks one monitor, by name, for its view of itself: JSON. Needs no session, so it may be used
    /// without [`MonClient::start`].
    ///
    /// # Errors
    /// `ENOENT` if there is none such, `ETIMEDOUT` after `mon_client_ping_timeout`, `EACCES` if it
    /// refuses us.
    pub fn ping(&self, name: &str, done: Done<String>) {
        let now = self.clock.now();
        let target = MonTarget::Named(name.to_owned());
        self.with(|state| state.tell(Told::Ping { done }, target, now));
    }

    /// Ends the session. What was asked fails with `ECANCELED`, also later.
    pub fn shutdown(&self) {
        self.with(State::shutdown);
    }

    /// The newest map of the monitors; its epoch is 0 as long as it is made of addresses.
    #[must_use]
    pub fn monmap(&self) -> Arc<MonMap> {
        self.inner.lock().state.map().clone()
    }

    /// The cluster's id; nil before a monitor told.
    #[must_use]
    pub fn fsid(&self) -> Uuid {
        self.inner.lock().state.map().fsid
    }

    /// This client's number in the cluster; 0 before a monitor gave it.
    #[must_use]
    pub fn global_id(&self) -> u64 {
        self.credentials.global_id()
    }

    /// This side's address in the session that stands.
    #[must_use]
    pub fn local_addr(&self) -> Option<EntityAddr> {
        let session = self.inner.lock().state.active()?;
        let link = self.links.lock().get(&session).cloned()?;
        Some(link.local_addr())
    }

    /// Changes the state and performs what it wants done.
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let (value, earlier) = {
            let mut inner = self.inner.lock();
            let value = change(&mut inner.state);
            let (due, next) = (inner.state.due(), inner.next_tick);
            let earlier = due.filter(|due| next.is_some_and(|next| *due < next));
            inner.next_tick = earlier.or(next);
            (value, earlier)
        };
        self.perform();
        if let Some(due) = earlier {
            self.events.rearm(due);
        }
        value
    }

    /// Performs actions in their order. One thread at a time does; others leave theirs to it.
    fn perform(&self) {
        let mut busy = {
            let mut inner = self.inner.lock();
            if std::mem::replace(&mut inner.is_busy, true) {
                return;
            }
            Busy { client: self, is_over: false }
        };
        while let Some(action) = busy.next() {
            self.act(action);
        }
    }

    fn act(&self, action: Action) {
        match action {
            Action::Connect { session, peer, attempt } => {
                let handler = Handler { client: self.me.clone(), session, attempt };
                let link = self.transport.connect(peer, Arc::new(handler));
                self.links.lock().insert(session, link);
            }
            Action::Send { session, message } => {
                log::trace!(target: "monc", "asking our monitor: {message}");
                if let Some(link) = self.link(session) {
                    link.send(message);
                }
            }
            Action::Keepalive { session } => {
                if let Some(link) = self.link(session) {
                    link.keepalive();
                }
            }
            Action::Close { session } => {
                let link = self.links.lock().remove(&session);
                if let Some(link) = link {
                    link.close();
                }
            }
            Action::Event(event) => event(&*self.events),
            Action::Call(call) => call(),
        }
    }

    fn link(&self, session: SessionId) -> Option<Arc<dyn Link>> {
        self.links.lock().get(&session).cloned()
    }
}

/// The right to perform actions. Given back when there are none, also if one of them panics.
struct Busy<'a> {
    client: &'a MonClient,
    is_over: bool,
}

impl Busy<'_> {
    fn next(&mut self) -> Option<Action> {
        let mut inner = self.client.inner.lock();
        let action = inner.state.next_action();
        if action.is_none() {
            inner.is_busy = false;
            self.is_over = true;
        }
        action
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.client.inner.lock().is_busy = false;
        }
    }
}

/// One session's ear.
struct Handler {
    client: Weak<MonClient>,
    session: SessionId,
    attempt: Attempt,
}

impl Handler {
    fn tell(&self, event: impl FnOnce(&mut State, Instant)) {
        if let Some(client) = self.client.upgrade() {
            let now = client.clock.now();
            client.with(|state| event(state, now));
        }
    }
}

impl SessionHandler for Handler {
    fn auth(&self) -> Option<Box<dyn AuthClient>> {
        Some(self.attempt.client())
    }

    fn ready(&self) {
        self.tell(|state, now| state.ready(self.session, now));
    }

    fn message(&self, message: Message) {
        self.tell(|state, now| state.message(self.session, message, now));
    }

    fn keepalive_ack(&self) {
        self.tell(|state, now| state.keepalive_ack(self.session, now));
    }

    fn closed(&self, error: Error) {
        self.tell(|state, now| state.closed(self.session, error, now));
    }
}
