//! Commands and pings for one monitor.

use std::time::Instant;

use super::{Action, Role, State, is_refusal};
use crate::ceph::message::Message;
use crate::ceph::mon::tell::{Step, Tell, Told};
use crate::errno::{Error, Result};

impl State {
    pub(super) fn open_tell(&mut self, tid: u64, now: Instant) {
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

    /// What time has brought.
    pub(super) fn step_tell(&mut self, tid: u64, step: Result<Step>, now: Instant) {
        match step {
            Err(error) => self.end_tell(tid, error),
            Ok(Step::Wait) => {}
            Ok(Step::Ping) => {
                let Some(tell) = self.tells.list.get_mut(&tid) else { return };
                tell.asked(now);
                if let Some(session) = tell.session {
                    self.actions.push_back(Action::Keepalive { session });
                }
            }
            Ok(Step::Open) => {
                let session = self.tells.list.get_mut(&tid).and_then(Tell::lost);
                session.into_iter().for_each(|session| self.drop_session(session));
                self.open_tell(tid, now);
            }
        }
    }

    pub(super) fn end_tell(&mut self, tid: u64, error: Error) {
        if let Some(tell) = self.tells.list.remove(&tid) {
            if let Some(session) = tell.session {
                self.drop_session(session);
            }
            self.actions.push_back(Action::Call(tell.fail(error)));
        }
    }

    pub(super) fn tell_closed(&mut self, tid: u64, error: Error) {
        if is_refusal(&error) {
            self.end_tell(tid, error);
        } else if let Some(tell) = self.tells.list.get_mut(&tid) {
            tell.lost();
        }
    }

    pub(super) fn tell_message(&mut self, tid: u64, message: &Message) {
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
