//! Sessions: looking for one, keeping it, losing it.

use std::time::Instant;

use super::{Action, Active, Phase, Role, Session, SessionId, State, is_refusal};
use crate::ceph::auth::Attempt;
use crate::ceph::messages::mon_subscribe;
use crate::ceph::transport::Peer;
use crate::ceph::types::EntityKind;
use crate::errno::{Errno, Error};

impl State {
    /// Gives up the session, or the ones being opened, and tries other monitors.
    pub(super) fn reopen(&mut self, now: Instant) {
        let is_main = |(_, session): &(&_, &Session)| session.role == Role::Main;
        let old: Vec<_> = self.sessions.iter().filter(is_main).map(|(id, _)| *id).collect();
        old.into_iter().for_each(|session| self.drop_session(session));
        self.hunt.begin(&self.config);
        self.phase = Phase::Hunting { until: now + self.hunt.interval(&self.config) };
        self.try_next();
    }

    pub(super) fn try_next(&mut self) {
        self.refused = None;
        let ranks = self.hunt.next(&self.map, &self.config);
        if ranks.is_empty() {
            let what = "no monitor has a msgr2 address, usually of port 3300 (option mon_host)";
            self.refuse(Errno::EOPNOTSUPP.because(what));
        }
        for rank in ranks {
            let attempt = self.credentials.attempt();
            self.open(rank, Role::Main, attempt);
        }
    }

    pub(super) fn open(&mut self, rank: usize, role: Role, attempt: Attempt) -> SessionId {
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

    pub(super) fn drop_session(&mut self, session: SessionId) {
        if self.sessions.remove(&session).is_some() {
            self.actions.push_back(Action::Close { session });
        }
    }

    pub(in crate::ceph::mon) fn ready(&mut self, session: SessionId, now: Instant) {
        let Some(Session { role, attempt, name, .. }) = self.sessions.get(&session) else { return };
        match (*role, &self.phase) {
            (Role::Tell(tid), _) => {
                if let Some(tell) = self.tells.list.get_mut(&tid) {
                    tell.stands(now);
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

    pub(super) fn found(&mut self, session: SessionId, now: Instant) {
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
    pub(super) fn establish(&mut self, now: Instant) {
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

    pub(super) fn send_subscriptions(&mut self) {
        let Some(session) = self.active() else { return };
        let items = self.subs.unsent();
        if !items.is_empty() {
            let names: Vec<_> = items.iter().map(|(what, item)| (what, item.start)).collect();
            log::debug!(target: "monc:5", "subscribing to {names:?}");
            let message = mon_subscribe::message(&items, &self.config.host);
            self.actions.push_back(Action::Send { session, message });
        }
    }

    pub(in crate::ceph::mon) fn keepalive_ack(&mut self, session: SessionId, now: Instant) {
        match (self.sessions.get(&session).map(|session| session.role), &mut self.phase) {
            (Some(Role::Tell(tid)), _) => {
                if let Some(tell) = self.tells.list.get_mut(&tid) {
                    tell.is_alive(now);
                }
            }
            (_, Phase::Active(active)) if active.session == session => active.alive_at = now,
            _ => {}
        }
    }

    pub(in crate::ceph::mon) fn closed(&mut self, session: SessionId, error: Error, now: Instant) {
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
    pub(super) fn hunted_closed(&mut self, error: Error, is_return: bool, now: Instant) {
        let refuses = is_refusal(&error);
        if refuses && is_return && self.credentials.forget() {
            // Who was away for long comes back with a ticket that nobody can read any more.
            log::warn!(target: "monc", "not known as before, logging in as another: {error}");
            return self.reopen(now);
        }
        // A refusal by one monitor says more than that another cannot be reached.
        if refuses || !self.last_error.as_ref().is_some_and(is_refusal) {
            self.last_error = Some(error);
        }
        if self.sessions.values().any(|session| session.role == Role::Main) {
            return;
        }
        let Phase::Hunting { until } = &mut self.phase else { return };
        if let Some(error) = self.last_error.take_if(|error| is_refusal(error)) {
            self.refuse(error);
        } else if self.hunt.has_untried(&self.map) {
            self.try_next();
        } else {
            *until = (*until).min(now + self.hunt.retry(&self.config));
        }
    }

    /// Who waits, or will, is told; the hunt goes on with its interval.
    pub(super) fn refuse(&mut self, error: Error) {
        if self.waiters.is_empty() {
            // Whoever waits for the first session says so.
            log::error!(target: "monc", "{error}");
        }
        self.fail_waiters(error.clone());
        self.refused = Some(error);
    }

    pub(super) fn fail_waiters(&mut self, error: Error) {
        for (done, _) in std::mem::take(&mut self.waiters) {
            let error = error.clone();
            self.call(move || done(Err(error)));
        }
    }
}
