//! Completions: what a program holds while an operation is under way.

use std::sync::Arc;

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::finisher::{self, Job};

/// What stands behind what a program holds: the state of its operation, and whom to call back. The
/// callback is called once, on the callback thread or on a thread waiting for the completion.
pub trait Completes: Send + Sync + 'static {
    /// The operation's state.
    fn completion(&self) -> &Completion;

    /// Calls the program back. Not called unless the completion was made for a callback.
    fn call_back(self: Arc<Self>);

    /// Ends the operation with its result (bytes, 0 or a negative error number). The callback, if
    /// there is one, is queued; it does not run inside this call.
    fn complete(self: &Arc<Self>, result: i64, version: u64)
    where
        Self: Sized,
    {
        self.completion().complete_unqueued(result, version);
        self.queue_callback();
    }

    /// Queues the callback of a completed operation, if it was neither queued nor run.
    fn queue_callback(self: &Arc<Self>)
    where
        Self: Sized,
    {
        if self.completion().begins_queuing() {
            let this: Arc<Self> = Arc::clone(self);
            finisher::push(Job::Callback(this));
        }
    }

    /// Waits for the result and the callback; a callback that nobody runs yet is run here.
    fn wait_done(self: &Arc<Self>)
    where
        Self: Sized,
    {
        let completion = self.completion();
        if let Some(queued) = completion.wait_for_callback() {
            let this: Arc<Self> = Arc::clone(self);
            completion.run(this);
            if queued {
                finisher::stolen();
            }
        }
    }
}

/// One that calls nobody back.
impl Completes for Completion {
    fn completion(&self) -> &Completion {
        self
    }

    fn call_back(self: Arc<Self>) {}
}

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
    /// There is a callback that has not begun to run.
    callback: bool,
    /// The callback is in the callback thread's queue.
    queued: bool,
    /// The callback has returned, or there was none.
    done: bool,
    waiters: u32,
}

impl Completion {
    /// That of a pending operation, whose end is told by a callback or not.
    #[must_use]
    pub fn new(callback: bool) -> Self {
        let state = Mutex::new(State { callback, ..State::default() });
        Completion { state, changed: Condvar::new() }
    }

    /// Ends the operation and leaves the callback to a thread that waits, or to a later
    /// [`Completes::queue_callback`].
    pub fn complete_unqueued(&self, result: i64, version: u64) {
        let mut state = self.state.lock();
        if state.result.is_some() {
            return;
        }
        state.result = Some(result);
        state.version = version;
        state.done = !state.callback;
        if state.waiters > 0 {
            self.changed.notify_all();
        }
    }

    /// Whether the callback is to be queued now.
    fn begins_queuing(&self) -> bool {
        let mut state = self.state.lock();
        state.callback && !std::mem::replace(&mut state.queued, true)
    }

    /// Takes the callback; runs it unless another thread has taken it. Whether it did.
    pub(super) fn run_callback(&self, told: Arc<dyn Completes>) -> bool {
        let mine = std::mem::take(&mut self.state.lock().callback);
        if mine {
            self.run(told);
        }
        mine
    }

    fn run(&self, told: Arc<dyn Completes>) {
        let call = std::panic::AssertUnwindSafe(|| told.call_back());
        if std::panic::catch_unwind(call).is_err() {
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
        !self.state.lock().callback
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

    /// Waits for the result, and for the callback if another thread runs it. Otherwise takes it for
    /// the caller to run, and says whether it is queued.
    fn wait_for_callback(&self) -> Option<bool> {
        let mut state = self.state.lock();
        self.wait_until(&mut state, |state| state.result.is_some());
        if std::mem::take(&mut state.callback) {
            return Some(state.queued);
        }
        self.wait_until(&mut state, |state| state.done);
        None
    }

    fn wait_until(&self, state: &mut MutexGuard<'_, State>, condition: impl Fn(&State) -> bool) {
        while !condition(state) {
            state.waiters += 1;
            self.changed.wait(state);
            state.waiters -= 1;
        }
    }
}
