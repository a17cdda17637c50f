//! What `rados_completion_t` and `rbd_completion_t` have in common: an operation's state and the
//! program's callback in one allocation, the handle's.
//!
//! May use: runtime. Must not: know what the operation is.

use std::sync::Arc;

use libc::c_void;

use super::handle::{Handle, Shared, Slot};
use crate::runtime::{Completes, Completion};

/// A handle that stands for an operation.
pub trait CompletionHandle: Handle {
    /// The operation's state.
    fn completion(&self) -> &Completion;

    /// Calls the program back with the handle, which is counted until this returns.
    fn call_back(&self, handle: *mut c_void);
}

impl<T: CompletionHandle> Completes for Slot<T> {
    fn completion(&self) -> &Completion {
        self.value.completion()
    }

    fn call_back(self: Arc<Self>) {
        let kept = Shared(self);
        CompletionHandle::call_back(&*kept, kept.handle());
    }
}

impl<T: CompletionHandle> Shared<T> {
    /// See [`Completes::complete`].
    pub fn complete(&self, result: i64, version: u64) {
        self.0.complete(result, version);
    }

    /// See [`Completes::queue_callback`].
    pub fn queue_callback(&self) {
        self.0.queue_callback();
    }

    /// See [`Completes::wait_done`].
    pub fn wait_done(&self) {
        self.0.wait_done();
    }
}
