//! Watches and notifications: what lives on an object longer than a session.
//!
//! ```text
//!   registering --answer--> registered --every tick--> ping
//!        ^                      |
//!        |                      | another primary, another interval, a new session
//!        |                      v
//!   (a notification,        reconnecting --error--> lost: the handler is told once
//!    or not registered yet)
//! ```
//!
//! A registration is an operation that is not sent again by itself: whenever its OSD may have
//! forgotten it, a new one is made here, and answers to older ones are not heard.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use smallvec::{SmallVec, smallvec};

use super::Objecter;
use super::request::{Again, Draft};
use super::session::Session;
use super::target::{Aim, Verdict};
use super::view::MapView;
use crate::ceph::message::Message;
use crate::ceph::messages::op_code::{OsdFlags, WatchOp};
use crate::ceph::messages::osd_out::Expect;
use crate::ceph::messages::osd_step::StepWriter;
use crate::ceph::messages::watch_notify::{WatchEvent, WatchNotify};
use crate::ceph::types::UTime;
use crate::errno::{Errno, Result};
use crate::model::{
    Done, Name, Notification, NotifyReply, Reply, SnapId, Target, WatchHandle, WatchHandler,
};

/// Receives a watch, once it is registered.
pub type WatchDone = Box<dyn FnOnce(Result<WatchHandle>) + Send>;
/// Receives the answers to a notification.
pub type NotifyDone = Box<dyn FnOnce(Result<NotifyReply>) + Send>;
/// Receives the outcome of something that answers nothing.
pub type UnitDone = Box<dyn FnOnce(Result<()>) + Send>;

/// All watches and notifications of a client, by their cookie.
#[derive(Default)]
pub(super) struct Lingers {
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    last: u64,
    lingers: BTreeMap<u64, Linger>,
}

struct Linger {
    aim: Aim,
    /// When it was asked for; its registrations repeat it.
    mtime: UTime,
    /// Registrations sent; answers to others than the last do not count.
    attempt: u64,
    kind: Kind,
}

enum Kind {
    Watch(Watch),
    Notify(Notify),
}

struct Watch {
    handler: Arc<dyn WatchHandler>,
    /// In seconds; 0 for the OSD's own.
    timeout: u32,
    /// Reconnections, so that the OSD can tell them apart.
    generation: u32,
    /// Until it is registered.
    begun: Option<WatchDone>,
    /// When a sign of life was last sent that was answered.
    alive: Instant,
    error: Option<Errno>,
}

struct Notify {
    timeout: u32,
    payload: Bytes,
    /// The OSD's number; not known before its answer.
    id: Option<u64>,
    done: NotifyDone,
}

/// What a registration consists of.
enum Body {
    Watch(u64, WatchOp, u32, u32),
    Notify(u64, u32, Bytes),
    Ack(u64, u64, Bytes),
}

impl Body {
    fn write(&self, steps: &mut StepWriter<'_>) {
        match self {
            Body::Watch(cookie, op, generation, timeout) => {
                steps.watch(*cookie, *op, *generation, *timeout);
            }
            Body::Notify(cookie, timeout, payload) => steps.notify(*cookie, *timeout, payload),
            Body::Ack(notify_id, cookie, payload) => {
                steps.notify_ack(*notify_id, *cookie, payload);
            }
        }
    }
}

impl Objecter {
    /// Watches an object; `-ENOENT`. `timeout`: after how long without a sign of life the OSD ends
    /// the watch, in whole seconds; `None` for what the OSD is configured to.
    pub fn watch(
        &self,
        target: Target,
        timeout: Option<Duration>,
        handler: Arc<dyn WatchHandler>,
        now: Instant,
        done: WatchDone,
    ) {
        let watch = Watch {
            handler,
            timeout: seconds(timeout.unwrap_or_default()),
            generation: 0,
            begun: Some(done),
            alive: now,
            error: None,
        };
        self.begin_linger(target, OsdFlags::WRITE, Kind::Watch(watch));
    }

    /// Ends a watch; when `done` is called no call of its handler begins any more, but one may be
    /// under way, which is not waited for: it may want a lock that the caller has. `-ENOTCONN` if
    /// there is none, else what the OSD says; for a watch that was lost with its object that is
    /// `-ENOENT`.
    pub fn unwatch(&self, handle: WatchHandle, done: UnitDone) {
        let linger = self.lingers.table.lock().lingers.remove(&handle.0);
        let Some(Linger { aim, kind: Kind::Watch(_), .. }) = linger else {
            return done(Err(Errno::ENOTCONN.into()));
        };
        // Also for a watch that was lost, the OSD's word counts (measured on 16.2.15: `-ENOENT`
        // when it was lost with its object).
        let ended = move |reply: Reply| done(reply.ok().map(drop));
        let aim = Aim::object(aim.target, OsdFlags::WRITE, 0);
        let body = Body::Watch(handle.0, WatchOp::Unwatch, 0, 0);
        let mtime = (self.config.wall)().into();
        self.launch_body(aim, mtime, Again::Sent, body, Box::new(ended));
    }

    /// How long ago the watch was last known to be alive; `-ENOTCONN` if it was lost.
    pub fn watch_check(&self, handle: WatchHandle, now: Instant) -> Result<Duration> {
        match self.lingers.table.lock().lingers.get(&handle.0) {
            Some(Linger { kind: Kind::Watch(watch), .. }) => match watch.error {
                Some(error) => Err(error.into()),
                None => Ok(now.saturating_duration_since(watch.alive)),
            },
            _ => Err(Errno::ENOTCONN.into()),
        }
    }

    /// Calls `done` when every handler call for what has arrived is over.
    pub fn watch_flush(&self, done: Box<dyn FnOnce() + Send>) {
        self.events.defer(done);
    }

    /// Notifies all watchers of an object and gathers their answers; `-ENOENT`. `timeout`, in whole
    /// seconds: who has not answered then is in the reply as such.
    pub fn notify(&self, target: Target, payload: Bytes, timeout: Duration, done: NotifyDone) {
        let notify = Notify { timeout: seconds(timeout), payload, id: None, done };
        self.begin_linger(target, OsdFlags::READ, Kind::Notify(notify));
    }

    /// Acknowledges a notification, with an answer for the notifier.
    pub fn notify_ack(
        &self,
        target: Target,
        notify_id: u64,
        handle: WatchHandle,
        payload: Bytes,
        done: UnitDone,
    ) {
        let body = Body::Ack(notify_id, handle.0, payload);
        let aim = Aim::object(target, OsdFlags::READ, 0);
        let done = Box::new(move |reply: Reply| done(reply.ok().map(drop)));
        self.launch_body(aim, UTime::default(), Again::Sent, body, done);
    }

    fn begin_linger(&self, target: Target, flags: OsdFlags, kind: Kind) {
        let mut target = target;
        if target.locator == target.name {
            target.locator = Name::empty();
        }
        let mut aim = Aim::object(target, flags, 0);
        let mtime = match &kind {
            Kind::Watch(_) => (self.config.wall)().into(),
            Kind::Notify(_) => UTime::default(),
        };
        let state = self.state.read();
        if state.is_shut {
            drop(state);
            return kind.fail(Errno::ESHUTDOWN);
        }
        // With the state's lock, so that a new map finds it in the table.
        aim.calculate(&state.view, true);
        let mut table = self.lingers.table.lock();
        table.last += 1;
        let id = table.last;
        table.lingers.insert(id, Linger { aim, mtime, attempt: 0, kind });
        drop(table);
        drop(state);
        self.send_linger(id);
    }

    /// Registers it, anew if need be. Not with locks held.
    pub(super) fn send_linger(&self, id: u64) {
        let mut table = self.lingers.table.lock();
        let Some(linger) = table.lingers.get_mut(&id) else { return };
        let body = match &mut linger.kind {
            Kind::Watch(watch) if watch.error.is_some() => return,
            Kind::Watch(watch) if watch.begun.is_none() => {
                watch.generation += 1;
                Body::Watch(id, WatchOp::Reconnect, watch.generation, 0)
            }
            Kind::Watch(watch) => Body::Watch(id, WatchOp::Watch, 0, watch.timeout),
            Kind::Notify(notify) => {
                notify.id = None;
                Body::Notify(id, notify.timeout, notify.payload.clone())
            }
        };
        linger.attempt += 1;
        let (aim, mtime, attempt) = (linger.aim.clone(), linger.mtime, linger.attempt);
        drop(table);
        let me = self.me.clone();
        let done = Box::new(move |reply: Reply| {
            if let Some(objecter) = me.upgrade() {
                objecter.linger_answered(id, attempt, reply);
            }
        });
        self.launch_body(aim, mtime, Again::Dropped, body, done);
    }

    fn launch_body(&self, aim: Aim, mtime: UTime, again: Again, body: Body, done: Done) {
        let draft = Draft {
            aim,
            snap: SnapId::HEAD,
            context: None,
            mtime,
            expects: smallvec![Expect::Data],
            again,
            charge: None,
            done,
        };
        self.launch(self.next_tid(), draft, 1, |steps| body.write(steps));
    }

    fn linger_answered(&self, id: u64, attempt: u64, mut reply: Reply) {
        let error = Errno::from_c(reply.result);
        let mut table = self.lingers.table.lock();
        let Some(linger) = table.lingers.get_mut(&id) else { return };
        if linger.attempt != attempt {
            return;
        }
        match (&mut linger.kind, error) {
            (Kind::Watch(watch), None) => {
                let begun = watch.begun.take();
                drop(table);
                if let Some(begun) = begun {
                    begun(Ok(WatchHandle(id)));
                }
            }
            (Kind::Notify(notify), None) => {
                let answer = reply.take_data(0);
                let id = answer.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
                notify.id = id;
            }
            (Kind::Watch(watch), Some(error)) if watch.begun.is_none() => {
                drop(table);
                self.lose_linger(id, error);
            }
            (_, Some(error)) => {
                let linger = table.lingers.remove(&id);
                drop(table);
                if let Some(linger) = linger {
                    linger.kind.fail(error);
                }
            }
        }
    }

    /// A watch is lost: its handler is told, once.
    pub(super) fn lose_linger(&self, id: u64, error: Errno) {
        // An object that was removed takes its watches along; whoever finds out first, it looks
        // the same.
        let error = if error == Errno::ENOENT { Errno::ENOTCONN } else { error };
        let mut table = self.lingers.table.lock();
        let Some(Linger { kind: Kind::Watch(watch), .. }) = table.lingers.get_mut(&id) else {
            return;
        };
        if watch.error.is_some() {
            return;
        }
        watch.error = Some(error);
        drop(table);
        self.defer_call(id, move |handler| handler.failed(WatchHandle(id), error));
    }

    /// Calls a watch's handler later, if there is still a watch then.
    fn defer_call(&self, id: u64, call: impl FnOnce(Arc<dyn WatchHandler>) + Send + 'static) {
        let me = self.me.clone();
        self.events.defer(Box::new(move || {
            let handler = me.upgrade().and_then(|objecter| objecter.handler_of(id));
            if let Some(handler) = handler {
                call(handler);
            }
        }));
    }

    fn handler_of(&self, id: u64) -> Option<Arc<dyn WatchHandler>> {
        match &self.lingers.table.lock().lingers.get(&id)?.kind {
            Kind::Watch(watch) => Some(Arc::clone(&watch.handler)),
            Kind::Notify(_) => None,
        }
    }

    pub(super) fn handle_watch_notify(&self, message: &Message) -> Result<()> {
        let event = WatchNotify::decode(message)?;
        let id = event.cookie;
        let mut table = self.lingers.table.lock();
        match (table.lingers.get(&id).map(|linger| &linger.kind), event.event) {
            (Some(Kind::Watch(_)), WatchEvent::Notify) => {
                drop(table);
                let notification = Notification {
                    notify_id: event.notify_id,
                    handle: WatchHandle(id),
                    notifier: event.notifier,
                    payload: event.payload,
                };
                self.defer_call(id, move |handler| handler.notified(notification));
            }
            (Some(Kind::Watch(_)), WatchEvent::Disconnect) => {
                drop(table);
                self.lose_linger(id, Errno::ENOTCONN);
            }
            (Some(Kind::Notify(notify)), WatchEvent::NotifyComplete) => {
                // A registration that was made anew is another notification.
                if notify.id.is_some_and(|known| known != event.notify_id) {
                    return Ok(());
                }
                let linger = table.lingers.remove(&id);
                drop(table);
                if let Some(Linger { kind: Kind::Notify(notify), .. }) = linger {
                    (notify.done)(outcome(&event));
                }
            }
            _ => log::debug!("an event at {id}, which is not watched"),
        }
        Ok(())
    }

    /// A session ended: what lived on it begins anew, and a map may tell why it ended.
    pub(super) fn session_ended(&self, session: &Arc<Session>) {
        for id in self.lingers_at(session.osd) {
            self.send_linger(id);
        }
        session.pump(self);
        self.events.wake();
        self.want_map();
    }

    /// Those that live on an OSD.
    pub(super) fn lingers_at(&self, osd: i32) -> Vec<u64> {
        let table = self.lingers.table.lock();
        let here = table.lingers.iter().filter(|(_, linger)| linger.aim.osd == osd);
        here.map(|(id, _)| *id).collect()
    }

    /// Looks at all with the eyes of a new map: which to register anew, and which are lost.
    pub(super) fn scan_lingers(&self, view: &MapView, skipped: bool) -> (Vec<u64>, Vec<u64>) {
        let (mut again, mut lost) = (Vec::new(), Vec::new());
        for (id, linger) in &mut self.lingers.table.lock().lingers {
            match linger.aim.calculate(view, true) {
                Verdict::Stay if !skipped => {}
                Verdict::Stay | Verdict::Resend => again.push(*id),
                // Unless it is registered, its registration fails by itself.
                Verdict::PoolGone | Verdict::PoolFails => lost.push(*id),
            }
        }
        (again, lost)
    }

    /// Shows signs of life for all watches.
    pub(super) fn ping_watches(&self, now: Instant) {
        let table = self.lingers.table.lock();
        let mut pings = Vec::new();
        for (id, linger) in &table.lingers {
            if let Kind::Watch(watch) = &linger.kind
                && watch.begun.is_none()
                && watch.error.is_none()
            {
                pings.push((*id, linger.aim.clone(), watch.generation));
            }
        }
        drop(table);
        for (id, aim, generation) in pings {
            let me = self.me.clone();
            let done = Box::new(move |reply: Reply| {
                if let Some(objecter) = me.upgrade() {
                    objecter.ping_answered(id, generation, now, reply.result);
                }
            });
            let body = Body::Watch(id, WatchOp::Ping, generation, 0);
            self.launch_body(aim, UTime::default(), Again::Dropped, body, done);
        }
    }

    fn ping_answered(&self, id: u64, generation: u32, sent: Instant, result: i32) {
        let mut table = self.lingers.table.lock();
        let Some(Linger { kind: Kind::Watch(watch), .. }) = table.lingers.get_mut(&id) else {
            return;
        };
        if watch.generation != generation {
            return;
        }
        match Errno::from_c(result) {
            None => watch.alive = watch.alive.max(sent),
            Some(error) => {
                drop(table);
                self.lose_linger(id, error);
            }
        }
    }

    /// Ends all, without telling the OSDs.
    pub(super) fn end_lingers(&self) {
        let lingers = std::mem::take(&mut self.lingers.table.lock().lingers);
        lingers.into_values().for_each(|linger| linger.kind.fail(Errno::ESHUTDOWN));
    }

    /// OSDs with watches or notifications.
    pub(super) fn lingering_osds(&self) -> SmallVec<[i32; 8]> {
        let table = self.lingers.table.lock();
        table.lingers.values().map(|linger| linger.aim.osd).collect()
    }
}

impl Kind {
    /// Tells whoever waits for it to begin.
    fn fail(self, error: Errno) {
        match self {
            Kind::Watch(Watch { begun: Some(begun), .. }) => begun(Err(error.into())),
            Kind::Watch(_) => {}
            Kind::Notify(notify) => (notify.done)(Err(error.into())),
        }
    }
}

/// A notification that some did not answer in time has answers all the same.
fn outcome(event: &WatchNotify) -> Result<NotifyReply> {
    match Errno::from_c(event.result) {
        None | Some(Errno::ETIMEDOUT) => event.answers(),
        Some(errno) => Err(errno.into()),
    }
}

fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}
