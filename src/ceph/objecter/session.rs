//! A session with one OSD: what it has been sent, what waits, and the link underneath.
//!
//! ```text
//!             connect                 ready
//!   Closed ------------> Opening ------------> Open         messages go out when there is a link,
//!      ^                    |                    |          which keeps them until it stands
//!      +--------------------+------ closed ------+
//! ```
//!
//! Links are called without the session's lock held, and in order all the same: messages wait in
//! `out`, and one thread at a time, whoever came first, takes them from there (`pump`).

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};

use super::Objecter;
use super::backoff::Backoffs;
use super::command::Command;
use super::request::{Again, Request};
use crate::ceph::message::Message;
use crate::ceph::messages::osd_backoff::{Backoff, BackoffOp};
use crate::ceph::transport::{Link, Peer, SessionHandler};
use crate::ceph::types::{EntityAddrs, EntityKind};
use crate::errno::{Errno, Error};

/// Before the second attempt to connect to an OSD that could not be reached, doubling from there.
const RECONNECT_MIN: Duration = Duration::from_millis(100);
/// At most this long between attempts.
const RECONNECT_MAX: Duration = Duration::from_secs(5);
/// An OSD that refuses us is said to once, at this attempt in a row: earlier ones may have shown a
/// ticket that expired while we slept, for which another is under way.
const REFUSALS_TOLD: u32 = 3;

/// The OSD of operations that have none.
pub(super) const HOMELESS: i32 = -1;

/// A session with an OSD, or the place for what has no OSD ([`HOMELESS`]).
pub(super) struct Session {
    pub(super) osd: i32,
    addrs: EntityAddrs,
    inner: Mutex<Inner>,
}

pub(super) struct Inner {
    link: State,
    /// Counts links, so that what an old one still says is not heard.
    incarnation: u64,
    /// Links that ended since the last that stood.
    failures: u32,
    /// By number, which is the order of submission.
    pub(super) requests: BTreeMap<u64, Box<Request>>,
    pub(super) commands: BTreeMap<u64, Command>,
    out: VecDeque<Message>,
    backoffs: Backoffs,
    is_pumping: bool,
    priority: u16,
    is_home: bool,
}

enum State {
    Closed(Wait),
    Opening,
    Open(Arc<dyn Link>),
    /// Nothing is sent any more; a link that was open is to be closed.
    Over(Option<Arc<dyn Link>>),
}

/// How long a closed session stays so.
#[derive(Clone, Copy)]
enum Wait {
    /// Until there is something to send.
    No,
    /// So long from the next tick on.
    For(Duration),
    Until(Instant),
}

/// What a pumping thread does next.
enum Move {
    Send(Arc<dyn Link>, Message),
    Connect(u64),
    Close(Arc<dyn Link>),
    Rest,
}

impl Session {
    pub(super) fn new(osd: i32, addrs: EntityAddrs, priority: u16) -> Arc<Self> {
        let inner = Mutex::new(Inner {
            link: State::Closed(Wait::No),
            incarnation: 0,
            failures: 0,
            requests: BTreeMap::new(),
            commands: BTreeMap::new(),
            out: VecDeque::new(),
            backoffs: Backoffs::default(),
            is_pumping: false,
            priority,
            is_home: osd != HOMELESS,
        });
        Arc::new(Session { osd, addrs, inner })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock()
    }

    /// Whether it is with an OSD at these addresses.
    pub(super) fn is_at(&self, addrs: Option<&EntityAddrs>) -> bool {
        addrs == Some(&self.addrs)
    }

    /// Takes a request in, and sends it unless it has to wait. [`Session::pump`] must follow,
    /// without locks held.
    pub(super) fn add(&self, request: Box<Request>) {
        self.lock().add(request);
    }

    /// Moves what waits to the link, opening one if need be. Returns at once when another thread
    /// is at it, which then does this too.
    pub(super) fn pump(self: &Arc<Self>, objecter: &Objecter) {
        let mut inner = self.lock();
        if inner.is_pumping || self.osd == HOMELESS {
            return;
        }
        inner.is_pumping = true;
        loop {
            match inner.next_move() {
                Move::Send(link, message) => {
                    MutexGuard::unlocked(&mut inner, || link.send(message));
                }
                Move::Close(link) => MutexGuard::unlocked(&mut inner, || link.close()),
                Move::Connect(incarnation) => {
                    let link =
                        MutexGuard::unlocked(&mut inner, || self.connect(objecter, incarnation));
                    inner.connected(link, incarnation);
                }
                Move::Rest => break,
            }
        }
        inner.is_pumping = false;
    }

    fn connect(self: &Arc<Self>, objecter: &Objecter, incarnation: u64) -> Arc<dyn Link> {
        let (kind, id) = (EntityKind::Osd, i64::from(self.osd));
        let peer = Peer { kind, id, addrs: self.addrs.clone() };
        let handler =
            Handler { objecter: objecter.me.clone(), session: Arc::downgrade(self), incarnation };
        objecter.transport.connect(peer, Arc::new(handler))
    }

    /// Asks the OSD for a sign of life, so that a dead link is noticed.
    pub(super) fn keepalive(&self) {
        let link = match &self.lock().link {
            State::Open(link) => Arc::clone(link),
            _ => return,
        };
        link.keepalive();
    }

    /// Ends the session for good and gives out what it had. A pump must follow.
    pub(super) fn end(&self) -> (BTreeMap<u64, Box<Request>>, BTreeMap<u64, Command>) {
        let mut inner = self.lock();
        inner.incarnation += 1;
        inner.out.clear();
        let link = match std::mem::replace(&mut inner.link, State::Over(None)) {
            State::Open(link) => Some(link),
            _ => None,
        };
        inner.link = State::Over(link);
        (std::mem::take(&mut inner.requests), std::mem::take(&mut inner.commands))
    }

    /// Looks whether it is time to connect again: `Some` when it will be at that time, and a pump
    /// is due when that has come.
    pub(super) fn reconnect_at(&self, now: Instant) -> Option<Instant> {
        let mut inner = self.lock();
        let at = match inner.link {
            State::Closed(Wait::For(delay)) => now + delay,
            State::Closed(Wait::Until(at)) => at,
            _ => return None,
        };
        inner.link = State::Closed(if at <= now { Wait::No } else { Wait::Until(at) });
        Some(at)
    }

    /// A link is over. If it was the present one, what it carried waits for the next: the answer is
    /// then the number of links in a row that did not come to stand.
    fn closed(&self, incarnation: u64) -> Option<u32> {
        let mut inner = self.lock();
        if inner.incarnation != incarnation || matches!(inner.link, State::Over(_)) {
            return None;
        }
        inner.link = State::Closed(match inner.failures {
            0 => Wait::No,
            n => Wait::For((RECONNECT_MIN * (1 << (n - 1).min(10))).min(RECONNECT_MAX)),
        });
        inner.failures += 1;
        inner.incarnation += 1;
        inner.backoffs.clear();
        inner.out.clear();
        let drops = |request: &Request| request.again == Again::Dropped;
        inner.requests.retain(|_, request| !drops(request));
        inner.send_again(|_| true);
        inner.commands_again();
        Some(inner.failures)
    }
}

impl Inner {
    /// See [`Session::add`].
    pub(super) fn add(&mut self, mut request: Box<Request>) {
        if self.may_send(&request) {
            self.out.push_back(request.next_message(self.priority));
        }
        self.requests.insert(request.tid, request);
    }

    /// Takes a command in and sends it.
    pub(super) fn add_command(&mut self, tid: u64, command: Command) {
        if self.is_home {
            self.out.push_back(command.message(tid));
        }
        self.commands.insert(tid, command);
    }

    fn may_send(&self, request: &Request) -> bool {
        self.is_home && !request.aim.paused && !self.backoffs.block(request)
    }

    /// Sends requests again, in the order of their submission.
    fn send_again(&mut self, which: impl Fn(&Request) -> bool) {
        let mut requests = std::mem::take(&mut self.requests);
        for request in requests.values_mut().filter(|request| which(request)) {
            if self.may_send(request) {
                self.out.push_back(request.next_message(self.priority));
            }
        }
        self.requests = requests;
    }

    fn commands_again(&mut self) {
        let messages = self.commands.iter().map(|(tid, command)| command.message(*tid));
        self.out.extend(messages);
    }

    /// Sends one command again.
    pub(super) fn command_again(&mut self, tid: u64) {
        if let Some(command) = self.commands.get(&tid) {
            self.out.push_back(command.message(tid));
        }
    }

    /// A range is blocked: says so to the OSD, which waits for that before it forgets the range.
    pub(super) fn block(&mut self, backoff: &Backoff) {
        self.backoffs.begin(backoff);
        let answer = Backoff { op: BackoffOp::AckBlock, ..backoff.clone() };
        self.out.push_back(answer.message(self.priority));
    }

    /// A range is free again: what the OSD forgot is sent again.
    pub(super) fn unblock(&mut self, id: u64) {
        if let Some(held) = self.backoffs.end(id) {
            self.send_again(held);
        }
    }

    /// Whether what a link of this number says still counts.
    pub(super) fn is_current(&self, incarnation: u64) -> bool {
        self.incarnation == incarnation
    }

    fn next_move(&mut self) -> Move {
        match &mut self.link {
            State::Over(link) => link.take().map_or(Move::Rest, Move::Close),
            State::Open(link) => match self.out.pop_front() {
                Some(message) => Move::Send(Arc::clone(link), message),
                None => Move::Rest,
            },
            State::Closed(Wait::No) if !self.out.is_empty() => {
                self.link = State::Opening;
                Move::Connect(self.incarnation)
            }
            State::Closed(_) | State::Opening => Move::Rest,
        }
    }

    fn connected(&mut self, link: Arc<dyn Link>, incarnation: u64) {
        match self.link {
            State::Opening if self.incarnation == incarnation => self.link = State::Open(link),
            State::Over(_) => self.link = State::Over(Some(link)),
            // It ended before we knew it.
            _ => {}
        }
    }
}

/// What a link tells, with the number of that link.
struct Handler {
    objecter: Weak<Objecter>,
    session: Weak<Session>,
    incarnation: u64,
}

impl Handler {
    fn both(&self) -> Option<(Arc<Objecter>, Arc<Session>)> {
        Some((self.objecter.upgrade()?, self.session.upgrade()?))
    }
}

impl SessionHandler for Handler {
    fn ready(&self) {
        if let Some(session) = self.session.upgrade() {
            let mut inner = session.lock();
            if inner.is_current(self.incarnation) {
                inner.failures = 0;
            }
        }
    }

    fn message(&self, message: Message) {
        if let Some((objecter, session)) = self.both() {
            objecter.handle_message(&session, self.incarnation, message);
        }
    }

    fn closed(&self, error: Error) {
        let Some((objecter, session)) = self.both() else { return };
        let Some(failures) = session.closed(self.incarnation) else { return };
        let refused = [Errno::EACCES, Errno::EPERM, Errno::EOPNOTSUPP];
        match failures == REFUSALS_TOLD && refused.contains(&error.errno()) {
            true => tell_refusal(session.osd, &objecter.config.client, &error),
            false => log::info!("session with osd.{} ended: {error}", session.osd),
        }
        objecter.session_ended(&session);
    }
}

/// Says what an OSD refuses, and where to look. Since 18 it also keeps out who has no caps for it.
#[cold]
fn tell_refusal(osd: i32, client: &str, error: &Error) {
    let hint = match error.errno() {
        Errno::EACCES => format!(
            "; see the osd caps of {client} (ceph auth get {client}), and whether the clocks of \
             osd.{osd} and the monitors are further apart than tickets live \
             (auth_service_ticket_ttl)"
        ),
        _ => String::new(),
    };
    log::error!(target: "objecter", "osd.{osd} opens no session for {client}: {error}{hint}");
}
