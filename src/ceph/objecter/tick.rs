//! What happens because time passes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::command::Command;
use super::request::{PoolCheck, Request};
use super::session::{Inner, Session};
use super::{Objecter, ObjecterConfig};
use crate::errno::Errno;

/// With a timeout, operations are looked at this many times during it.
const LOOKS_PER_TIMEOUT: u32 = 8;
/// But not more often than this.
const LOOK_MIN: Duration = Duration::from_millis(50);

/// Settings that count from one tick to the next.
#[derive(Clone, Copy)]
pub(super) struct Timing {
    pub(super) op_timeout: Option<Duration>,
    pub(super) tick_interval: Duration,
}

impl Timing {
    pub(super) fn of(config: &ObjecterConfig) -> Self {
        Timing { op_timeout: config.op_timeout, tick_interval: config.tick_interval }
    }
}

/// When what comes regularly is due.
#[derive(Default)]
pub(super) struct Clock {
    beat: Mutex<Option<Instant>>,
}

/// What a look at a session found.
#[derive(Default)]
struct Found {
    expired: Vec<Request>,
    expired_commands: Vec<Command>,
    /// Requests on a pool that nobody has asked the monitors about.
    unasked: Vec<u64>,
    /// Whether something waits for long.
    is_late: bool,
}

impl Objecter {
    /// Does what is due at `now`, and says when to be called again. Late calls make timeouts late,
    /// nothing else.
    pub fn tick(&self, now: Instant) -> Instant {
        let timing = *self.timing.lock();
        let look = Look { now, is_beat: self.is_beat(now, timing), timing };
        let is_beat = look.is_beat;
        let state = self.state.read();
        let homeless = Arc::clone(&state.homeless);
        let sessions: Vec<_> = state.sessions.values().cloned().collect();
        drop(state);
        let mut next = now + timing.tick_interval;
        let mut found = Found::default();
        for session in &sessions {
            found.is_late |= self.look_at(session, look, &mut next, &mut found);
        }
        look.into(&mut homeless.lock(), &mut found);
        let wants_map = found.is_late || !homeless.lock().requests.is_empty();
        if is_beat {
            self.ping_watches(now);
            let lingering = self.lingering_osds();
            for session in sessions.iter().filter(|session| lingering.contains(&session.osd)) {
                session.keepalive();
            }
            if wants_map || !lingering.is_empty() {
                self.want_map();
            }
        }
        if !found.unasked.is_empty() {
            self.check_pools(found.unasked);
        }
        found.expired.into_iter().for_each(|request| request.fail(Errno::ETIMEDOUT));
        found.expired_commands.into_iter().for_each(|command| command.fail(Errno::ETIMEDOUT));
        if let Some(timeout) = timing.op_timeout {
            next = next.min(now + (timeout / LOOKS_PER_TIMEOUT).max(LOOK_MIN));
        }
        next
    }

    /// Whether what comes once in a `tick_interval` is due.
    fn is_beat(&self, now: Instant, timing: Timing) -> bool {
        let mut beat = self.clock.beat.lock();
        let is_due = beat.is_none_or(|at| at <= now);
        if is_due {
            *beat = Some(now + timing.tick_interval);
        }
        is_due
    }

    /// Whether something of the session is late; then the OSD is asked for a sign of life.
    fn look_at(
        &self,
        session: &Arc<Session>,
        look: Look,
        next: &mut Instant,
        found: &mut Found,
    ) -> bool {
        if let Some(at) = session.reconnect_at(look.now) {
            match at <= look.now {
                true => session.pump(self),
                false => *next = (*next).min(at),
            }
        }
        let mut here = Found::default();
        look.into(&mut session.lock(), &mut here);
        if here.is_late {
            session.keepalive();
        }
        found.expired.append(&mut here.expired);
        found.expired_commands.append(&mut here.expired_commands);
        here.is_late
    }
}

/// A look at what is under way.
#[derive(Clone, Copy)]
struct Look {
    now: Instant,
    is_beat: bool,
    timing: Timing,
}

impl Look {
    fn into(self, inner: &mut Inner, found: &mut Found) {
        let Look { now, is_beat, timing } = self;
        let mut expired = Vec::new();
        for (tid, request) in &mut inner.requests {
            if let Some(timeout) = timing.op_timeout
                && *request.deadline.get_or_insert(now + timeout) <= now
            {
                expired.push(*tid);
            }
            if is_beat {
                found.is_late |= request.is_old;
                request.is_old = true;
                let is_unasked = request.pool_check == PoolCheck::Unasked;
                if is_unasked && request.aim.is_pool_missing() {
                    found.unasked.push(*tid);
                }
            }
        }
        let requests = &mut inner.requests;
        found.expired.extend(expired.iter().filter_map(|tid| Some(*requests.remove(tid)?)));
        expired.clear();
        for (tid, command) in &mut inner.commands {
            found.is_late |= is_beat;
            if let Some(timeout) = timing.op_timeout
                && *command.deadline.get_or_insert(now + timeout) <= now
            {
                expired.push(*tid);
            }
        }
        let commands = &mut inner.commands;
        found.expired_commands.extend(expired.iter().filter_map(|tid| commands.remove(tid)));
    }
}
