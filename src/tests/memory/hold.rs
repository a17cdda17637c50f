//! Holding operations back and losing watches, for tests of what goes on meanwhile.

use std::collections::VecDeque;

use super::MemoryEngine;
use crate::errno::Errno;
use crate::model::*;

/// Operations that wait until a test lets them go.
#[derive(Default)]
pub(super) struct Held {
    prefix: Option<String>,
    ops: VecDeque<(ObjectOp, Done)>,
    /// How watches are refused, and how many were.
    refusal: Option<Errno>,
    refused: usize,
}

impl MemoryEngine {
    /// From now on operations on objects whose names begin so wait, until they are let go.
    pub(crate) fn hold(&self, prefix: &str) {
        self.held.lock().prefix = Some(prefix.to_owned());
    }

    /// How many wait.
    pub(crate) fn held(&self) -> usize {
        self.held.lock().ops.len()
    }

    /// Runs the first that waits.
    pub(crate) fn let_one_go(&self) {
        let (op, done) = self.first();
        done(self.execute(op));
    }

    /// Refuses the first that waits.
    pub(crate) fn fail_one(&self, errno: Errno) {
        let (op, done) = self.first();
        done(Reply::refuse(op, errno));
    }

    /// Holds nothing back any more, and runs all that waits.
    pub(crate) fn let_all_go(&self) {
        self.held.lock().prefix = None;
        while self.held() > 0 {
            self.let_one_go();
        }
    }

    /// Loses all watches, as an OSD does that heard nothing of their client, and tells them.
    pub(crate) fn lose_watches(&self) {
        for (handle, handler) in self.take_watches() {
            handler.failed(handle, Errno::ENOTCONN);
        }
    }

    /// From now on watches are refused with an error, or not any more.
    pub(crate) fn refuse_watches(&self, how: Option<Errno>) {
        self.held.lock().refusal = how;
    }

    /// How many watches were refused.
    pub(crate) fn refused_watches(&self) -> usize {
        self.held.lock().refused
    }

    pub(super) fn watch_refusal(&self) -> Option<Errno> {
        let mut held = self.held.lock();
        held.refused += usize::from(held.refusal.is_some());
        held.refusal
    }

    pub(super) fn hold_back(&self, mut op: ObjectOp, done: Done) -> Option<(ObjectOp, Done)> {
        let mut held = self.held.lock();
        let name = String::from_utf8_lossy(op.target.name.as_bytes()).into_owned();
        if !held.prefix.as_ref().is_some_and(|prefix| name.starts_with(prefix)) {
            return Some((op, done));
        }
        op.keep();
        held.ops.push_back((op, done));
        None
    }

    fn first(&self) -> (ObjectOp, Done) {
        self.held.lock().ops.pop_front().expect("nothing waits")
    }
}
