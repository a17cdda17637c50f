//! What is done because time passes.

use std::time::{Duration, Instant};

use super::{Action, MonConfig, Phase, Session, State};
use crate::ceph::messages::auth;
use crate::errno::Errno;

/// The next tick is never later than this: whoever ticks need not be told of new deadlines.
const TICK_MAX: Duration = Duration::from_secs(1);

impl State {
    /// Does what is due. When to tick next: no later than that.
    pub(in crate::ceph::mon) fn tick(&mut self, now: Instant) -> Instant {
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
    pub(in crate::ceph::mon) fn due(&self) -> Option<Instant> {
        let phase = match &self.phase {
            Phase::Hunting { until } => Some(*until),
            Phase::Active(active) => Some(active.asked_at + self.config.ping_interval),
            Phase::New | Phase::Shut => None,
        };
        let waiters = self.waiters.iter().filter_map(|(_, deadline)| *deadline).min();
        let tells = self.tells.due(&self.config);
        [phase, waiters, self.asked.due(), tells].into_iter().flatten().min()
    }

    pub(super) fn expire(&mut self, now: Instant) {
        for question in self.asked.expired(now) {
            let error = Errno::ETIMEDOUT.because("no answer from the monitors");
            self.actions.push_back(Action::Call(question.fail(error)));
        }
        for (tid, step) in self.tells.steps(&self.config, now) {
            self.step_tell(tid, step, now);
        }
        let is_over = |(_, deadline): &mut (_, Option<Instant>)| {
            deadline.is_some_and(|deadline| deadline <= now)
        };
        let over: Vec<_> = self.waiters.extract_if(.., is_over).collect();
        if over.is_empty() {
            return;
        }
        let mut what =
            "no monitor let us in in time (options mon_host, client_mount_timeout)".to_owned();
        match &self.last_error {
            Some(error) => what += &format!("; at last: {error}"),
            None => {
                for Session { name, addrs, .. } in self.sessions.values() {
                    what += &format!("; mon.{name} at {addrs} does not answer");
                }
            }
        }
        for (done, _) in over {
            let error = Errno::ETIMEDOUT.because(what.clone());
            self.call(move || done(Err(error)));
        }
    }

    pub(super) fn keep_alive(&mut self, now: Instant) {
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

    pub(super) fn renew_tickets(&mut self, now: Instant) {
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
