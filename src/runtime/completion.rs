//! Completions: what a program holds while an operation is under way.

use std::sync::Arc;

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::finisher::{self, Job};

/// A program's callback. It is called once, on the callback thread or on a thread waiting for the
/// completion.
pub type Callback = Box<dyn FnOnce() + Send>;

/// The state of an operation: its result once there is one, and whether its callback has returned.
///
/// ```text
///   pending --complete()--> complete, callback queued --> callback running --> done
///                               \-- no callback ---------------------------------^
/// ```
#[derive(Default)]
pub struct Completion {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    result: Option<i64>,
    version: u64,
    callback: Option<Callback>,
    /// The callback is in the callback thread's queue.
    queued: bool,
    /// The callback has returned, or there was none.
    done: bool,
    waiters: u32,
}

impl Completion {
    /// A pending operation.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Completion::default())
    }

    /// Sets the callback. Must come before the operation is submitted.
    pub fn set_callback(&self, callback: Callback) {
        self.state.lock().callback = Some(callback);
    }

    /// Ends the operation with its result (bytes, 0 or a negative error number). The callback, if
    /// there is one, is queued; it does not run inside this call.
    pub fn complete(self: &Arc<Self>, result: i64, version: u64) {
        self.complete_unqueued(result, version);
        self.queue_callback();
    }

    /// Ends the operation and leaves the callback to a thread that waits, or to a later
    /// [`Completion::queue_callback`].
    pub fn complete_unqueued(&self, result: i64, version: u64) {
        let mut state = self.state.lock();
        if state.result.is_some() {
            return;
        }
        state.result = Some(result);
        state.version = version;
        state.done = state.callback.is_none();
        if state.waiters > 0 {
            self.changed.notify_all();
        }
    }

    /// Queues the callback of a completed operation, if it was neither queued nor run.
    pub fn queue_callback(self: &Arc<Self>) {
        let mut state = self.state.lock();
        if state.callback.is_none() || std::mem::replace(&mut state.queued, true) {
            return;
        }
        drop(state);
        finisher::push(Job::Callback(Arc::clone(self)));
    }

    /// Runs the callback unless another thread has taken it. Whether it did.
    pub(super) fn run_callback(&self) -> bool {
        let Some(callback) = self.state.lock().callback.take() else { return false };
        self.run(callback);
        true
    }

    fn run(&self, callback: Callback) {
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(callback)).is_err() {
            log::error!("a completion callback panicked");
        }
        let mut state = self.state.lock();
        state.done = true;
        if state.waiters > 0 {
            self.changed.notify_all();
        }
    }

    /// Whether the callback has begun to run, or there is none.
    pub(super) fn is_taken(&self) -> bool {
        self.state.lock().callback.is_none()
    }

    /// Whether there is a result.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.state.lock().result.is_some()
    }

    /// Whether there is a result and the callback has returned.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state.lock().done
    }

    /// The result; 0 while there is none.
    #[must_use]
    pub fn result(&self) -> i64 {
        self.state.lock().result.unwrap_or(0)
    }

    /// The object version the operation got; 0 while there is none.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.state.lock().version
    }

    /// Waits for the result.
    pub fn wait(&self) {
        self.wait_until(&mut self.state.lock(), |state| state.result.is_some());
    }

    /// Waits for the result and the callback; a callback that nobody runs yet is run here.
    pub fn wait_done(&self) {
        let mut state = self.state.lock();
        self.wait_until(&mut state, |state| state.result.is_some());
        let Some(callback) = state.callback.take() else {
            return self.wait_until(&mut state, |state| state.done);
        };
        let queued = state.queued;
        drop(state);
        self.run(callback);
        if queued {
            finisher::stolen();
        }
    }

    fn wait_until(&self, state: &mut MutexGuard<'_, State>, condition: impl Fn(&State) -> bool) {
        while !condition(state) {
            state.waiters += 1;
            self.changed.wait(state);
            state.waiters -= 1;
        }
    }
}
