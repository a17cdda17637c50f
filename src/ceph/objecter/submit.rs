//! From an operation to a session.

use std::sync::Arc;

use parking_lot::RwLockReadGuard;

use super::request::{Again, Draft, PoolCheck, Request, budget, osd_flags};
use super::session::Session;
use super::target::{Aim, Verdict};
use super::{Objecter, State};
use crate::ceph::messages::osd_out::Expect;
use crate::ceph::messages::osd_step::StepWriter;
use crate::ceph::types::UTime;
use crate::errno::Errno;
use crate::model::{Done, Name, ObjectOp, Reply, SnapId, SnapSpec};

impl Objecter {
    /// Runs an operation; `done` gets the reply, on a thread of the transport's, or inside this
    /// call when the operation cannot even begin. Operations on one object take effect in the
    /// order of their submission.
    ///
    /// Waits while too much is under way, on threads that may ([`super::ObjecterConfig`]).
    pub fn submit(&self, mut op: ObjectOp, done: Done) {
        if op.steps.is_empty() {
            // As an OSD answers it, without asking one.
            return done(Reply::error(Errno::EINVAL));
        }
        let charge = self.throttle.take(budget(&op), self.config.may_wait);
        let expects = op.steps.iter_mut().map(|step| Expect::of(&mut step.op)).collect();
        let flags = osd_flags(&op);
        if op.target.locator == op.target.name {
            // It says nothing, and an OSD would take it for part of another name.
            op.target.locator = Name::empty();
        }
        let (snap, context, mtime) = match op.snap {
            SnapSpec::At(snap) => (snap, None, UTime::default()),
            SnapSpec::Under(context) => {
                let mtime = op.mtime.unwrap_or_else(self.config.wall);
                (SnapId::HEAD, Some(context), UTime::from(mtime))
            }
        };
        let steps = op.steps;
        let tid = self.next_tid();
        let draft = Draft {
            aim: Aim::object(op.target, flags, tid),
            snap,
            context,
            mtime,
            expects,
            again: Again::Sent,
            charge: Some(charge),
            done,
        };
        self.launch(tid, draft, steps.len(), |writer| {
            steps.iter().for_each(|step| writer.push(step));
        });
    }

    /// Gives a draft its target and sends it.
    pub(super) fn launch(
        &self,
        tid: u64,
        mut draft: Draft,
        count: usize,
        steps: impl FnOnce(&mut StepWriter<'_>),
    ) {
        let state = self.state.read();
        if state.is_shut {
            drop(state);
            return draft.refuse(Errno::ESHUTDOWN);
        }
        let verdict = draft.aim.calculate(&state.view, false);
        let request = draft.encode(tid, count, steps);
        self.place(state, request, verdict);
    }

    /// Puts a request that no session has yet where its target says.
    pub(super) fn relaunch(&self, mut request: Box<Request>) {
        let state = self.state.read();
        if state.is_shut {
            drop(state);
            return request.fail(Errno::ESHUTDOWN);
        }
        let verdict = request.aim.calculate(&state.view, false);
        self.place(state, request, verdict);
    }

    fn place<'a>(
        &'a self,
        mut state: RwLockReadGuard<'a, State>,
        mut request: Box<Request>,
        mut verdict: Verdict,
    ) {
        if verdict == Verdict::PoolFails {
            drop(state);
            return request.fail(Errno::EIO);
        }
        let session = loop {
            if let Some(session) = state.session(request.aim.osd) {
                break Arc::clone(session);
            }
            drop(state);
            self.open_session(request.aim.osd);
            state = self.state.read();
            if state.is_shut {
                drop(state);
                return request.fail(Errno::ESHUTDOWN);
            }
            // The map may have changed in between.
            verdict = request.aim.calculate(&state.view, false);
            if verdict == Verdict::PoolFails {
                drop(state);
                return request.fail(Errno::EIO);
            }
        };
        let (tid, is_waiting) = (request.tid, request.aim.paused || request.aim.osd < 0);
        if verdict == Verdict::PoolGone {
            request.pool_check = PoolCheck::Asked;
        }
        log::debug!(target: "objecter", "{request} epoch {}", state.view.epoch());
        // With the state's lock, so that a new map finds the request in its session.
        session.add(request);
        drop(state);
        session.pump(self);
        if is_waiting {
            self.want_map();
        }
        if verdict == Verdict::PoolGone {
            self.check_pools(vec![tid]);
        }
    }

    /// Makes the session of an OSD, if it is up and there is none.
    fn open_session(&self, osd: i32) {
        let mut state = self.state.write();
        state.make_session(osd, self.config.op_priority);
    }
}

impl State {
    /// The session of an OSD; the place of what has none with -1.
    pub(super) fn session(&self, osd: i32) -> Option<&Arc<Session>> {
        if osd < 0 { Some(&self.homeless) } else { self.sessions.get(&osd) }
    }

    /// The same, made if it is not there.
    pub(super) fn make_session(&mut self, osd: i32, priority: u16) -> &Arc<Session> {
        if osd < 0 {
            return &self.homeless;
        }
        let addrs = self.view.map.as_ref().and_then(|map| map.osd_addrs(osd).cloned());
        let addrs = addrs.unwrap_or_default();
        self.sessions.entry(osd).or_insert_with(|| Session::new(osd, addrs, priority))
    }
}
