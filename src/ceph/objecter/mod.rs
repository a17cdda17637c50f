//! Operations on objects: to the OSD that has them, and again whenever that may have been in vain.
//!
//! ```text
//!   submit.rs     an operation gets a target (target.rs over view.rs), a message (request.rs) and
//!       |         a session, or waits without one
//!   session.rs    one OSD: order, backoffs (backoff.rs), connecting again
//!       |
//!   reply.rs      the answer: done, elsewhere (redirection), or once more (-EAGAIN)
//!   resend.rs     a new map: whom does it concern, what has no pool any more
//!   tick.rs       time: timeouts, pings, connecting again
//!   linger.rs     watches and notifications, which outlive sessions
//!   list.rs       listings of pools     command.rs   commands for OSDs and groups
//!   throttle.rs   bounds on what is under way
//! ```
//!
//! Locks, in the order they may be taken: `state` (shared by operations, exclusive for maps), the
//! table of lingers, a session. None is held while a link, a transport, the monitors or somebody's
//! callback is called. There is no clock: who has one calls [`Objecter::tick`]. May use: codec,
//! model, ceph::{map, message, messages, transport, types}. Must not use: sockets, monitors.

mod backoff;
mod command;
mod linger;
mod list;
mod reply;
mod request;
mod resend;
mod session;
mod submit;
mod target;
mod throttle;
mod tick;
mod view;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use parking_lot::{Mutex, RwLock};
use uuid::Uuid;

pub use self::command::CommandDone;
use self::linger::Lingers;
pub use self::linger::{NotifyDone, UnitDone, WatchDone};
pub use self::list::ListDone;
use self::session::{HOMELESS, Session};
use self::throttle::Throttle;
use self::tick::{Clock, Timing};
use self::view::MapView;
use crate::ceph::map::{CrushLocation, OsdMap};
use crate::ceph::messages::osd_op;
use crate::ceph::transport::Transport;
use crate::ceph::types::EntityAddrs;
use crate::errno::{Errno, Result};

/// Where maps of the OSDs come from: the monitors. They answer through
/// [`Objecter::handle_osdmap`].
pub trait MapSource: Send + Sync {
    /// Asks for maps from this epoch on, or for the newest whole map with 0. One answer is enough;
    /// asked again when more are wanted. Must not call back inside.
    fn subscribe_osdmap(&self, start: u32);

    /// Asks the monitors which epoch is the newest. `done` is called once, on any thread; when it
    /// is given an error it will be asked again.
    fn newest_osdmap(&self, done: Box<dyn FnOnce(Result<u32>) + Send>);
}

/// What the objecter needs of whoever runs it.
pub trait Events: Send + Sync {
    /// [`Objecter::tick`] should be called soon, whatever it said before.
    fn wake(&self);

    /// Runs work on a thread of the library that may wait: one after the other, in the order given,
    /// never inside this call. Watches' handlers are called so.
    fn defer(&self, work: Box<dyn FnOnce() + Send>);
}

/// Settings; where they have an option, it is named.
#[derive(Clone)]
pub struct ObjecterConfig {
    /// The cluster; maps of others are not heard.
    pub fsid: Uuid,
    /// `rados_osd_op_timeout`: after so long without an answer operations and commands fail with
    /// `-ETIMEDOUT`. `None` for never.
    pub op_timeout: Option<Duration>,
    /// `objecter_tick_interval`: watches are renewed and OSDs asked for signs of life so often.
    pub tick_interval: Duration,
    /// `objecter_inflight_op_bytes`; 0 for no limit.
    pub inflight_bytes: u64,
    /// `objecter_inflight_ops`; 0 for no limit.
    pub inflight_ops: u64,
    /// `osd_client_op_priority`.
    pub op_priority: u16,
    /// `crush_location`: where this client is, for reads from the nearest replica.
    pub location: CrushLocation,
    /// Who we are to the cluster, for the log.
    pub client: String,
    /// The time of day, which writes give to what they write.
    pub wall: fn() -> SystemTime,
    /// Whether the calling thread may wait for room in the throttle: threads of the program, not
    /// those of this library, whose work it is to make room.
    pub may_wait: fn() -> bool,
}

impl ObjecterConfig {
    /// The defaults of the options.
    #[must_use]
    pub fn new(fsid: Uuid) -> Self {
        ObjecterConfig {
            fsid,
            op_timeout: None,
            tick_interval: Duration::from_secs(5),
            inflight_bytes: 100 << 20,
            inflight_ops: 1024,
            op_priority: osd_op::PRIORITY,
            location: CrushLocation::default(),
            client: String::new(),
            wall: SystemTime::now,
            may_wait: || true,
        }
    }
}

/// Sends operations to OSDs. Made once per connected cluster; shared by all threads.
pub struct Objecter {
    me: Weak<Objecter>,
    config: ObjecterConfig,
    transport: Arc<dyn Transport>,
    maps: Arc<dyn MapSource>,
    events: Arc<dyn Events>,
    state: RwLock<State>,
    lingers: Lingers,
    clock: Clock,
    throttle: Arc<Throttle>,
    last_tid: AtomicU64,
    /// Who waits for a map, by its epoch.
    waiting: Mutex<BTreeMap<u32, Vec<MapDone>>>,
    timing: Mutex<Timing>,
    /// Pools of which a refusal was told in the log.
    refused: Mutex<BTreeSet<i64>>,
}

/// Told that a map is there, or that it will never be.
type MapDone = Box<dyn FnOnce(Result<()>) + Send>;

struct State {
    view: Arc<MapView>,
    sessions: BTreeMap<i32, Arc<Session>>,
    /// Holds what has no OSD.
    homeless: Arc<Session>,
    is_shut: bool,
}

impl Objecter {
    /// An objecter without a map; operations wait until the first comes to
    /// [`Objecter::handle_osdmap`], which the caller has to ask the monitors for.
    #[must_use]
    pub fn new(
        config: ObjecterConfig,
        transport: Arc<dyn Transport>,
        maps: Arc<dyn MapSource>,
        events: Arc<dyn Events>,
    ) -> Arc<Self> {
        let view = MapView::default().from(config.location.clone());
        let state = RwLock::new(State {
            view: Arc::new(view),
            sessions: BTreeMap::new(),
            homeless: Session::new(HOMELESS, EntityAddrs::default(), config.op_priority),
            is_shut: false,
        });
        Arc::new_cyclic(|me| Objecter {
            me: Weak::clone(me),
            transport,
            maps,
            events,
            state,
            lingers: Lingers::default(),
            clock: Clock::default(),
            throttle: Throttle::new(config.inflight_bytes, config.inflight_ops),
            last_tid: AtomicU64::new(0),
            waiting: Mutex::default(),
            timing: Mutex::new(Timing::of(&config)),
            refused: Mutex::default(),
            config,
        })
    }

    /// Takes another `crush_location`; what is under way stays where it is.
    pub fn set_location(&self, location: CrushLocation) {
        let mut state = self.state.write();
        state.view = Arc::new(state.view.from(location));
    }

    /// Takes another `rados_osd_op_timeout` and `objecter_tick_interval`, from the next tick on.
    pub fn set_timing(&self, op_timeout: Option<Duration>, tick_interval: Duration) {
        *self.timing.lock() = Timing { op_timeout, tick_interval };
        self.events.wake();
    }

    /// The map operations are placed by; `None` before the first.
    #[must_use]
    pub fn map(&self) -> Option<Arc<OsdMap>> {
        self.state.read().view.map.clone()
    }

    /// Calls `done` when the map is of this epoch or a later one, maybe inside this call;
    /// `-ESHUTDOWN` if that does not come any more.
    pub fn wait_for_map(&self, epoch: u32, done: Box<dyn FnOnce(Result<()>) + Send>) {
        let state = self.state.read();
        if state.is_shut {
            drop(state);
            return done(Err(Errno::ESHUTDOWN.into()));
        }
        if state.view.epoch() >= epoch {
            drop(state);
            return done(Ok(()));
        }
        // A map that comes now finds it in the list: it needs the state's lock.
        self.waiting.lock().entry(epoch).or_default().push(done);
        drop(state);
        self.want_map();
    }

    /// Ends everything: what is under way fails with `-ESHUTDOWN`, as does what follows.
    pub fn shutdown(&self) {
        let mut state = self.state.write();
        state.is_shut = true;
        let mut sessions: Vec<_> = std::mem::take(&mut state.sessions).into_values().collect();
        sessions.push(Arc::clone(&state.homeless));
        drop(state);
        for session in sessions {
            let (requests, commands) = session.end();
            session.pump(self);
            requests.into_values().for_each(|request| request.fail(Errno::ESHUTDOWN));
            commands.into_values().for_each(|command| command.fail(Errno::ESHUTDOWN));
        }
        self.end_lingers();
        let waiting = std::mem::take(&mut *self.waiting.lock());
        waiting.into_values().flatten().for_each(|done| done(Err(Errno::ESHUTDOWN.into())));
    }

    fn next_tid(&self) -> u64 {
        self.last_tid.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Asks for maps newer than ours. Not with locks held.
    fn want_map(&self) {
        let epoch = self.state.read().view.epoch();
        self.maps.subscribe_osdmap(if epoch == 0 { 0 } else { epoch + 1 });
    }
}
