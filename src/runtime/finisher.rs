//! The one thread that calls back into the program, in the order things completed.
//!
//! Waking a sleeping thread costs more than a 4 KiB write. A program that waits for its completions
//! runs their callbacks itself ([`Completes::wait_done`]); then every wake-up would be in
//! vain. So the finisher watches who runs the callbacks:
//!
//! ```text
//!   awake at once: a callback wakes the thread, for programs that only get called back
//!        |  STOLEN_MIN callbacks in a row were run by waiting threads
//!        v                                             ^  a callback waited a whole nap for nobody
//!   napping: the thread looks by itself every NAP while there is traffic; nobody wakes it
//! ```
//!
//! While it naps it runs only what was there before the nap: younger callbacks are left to who
//! waits for them, who also takes them out of the queue. So a callback is late by two naps at most,
//! and only when a program changes its habit.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::process::PerProcess;
use super::{Completes, ROLE, Role};

/// Callbacks in a row run by waiting threads before the finisher begins to nap.
const STOLEN_MIN: u32 = 32;
/// How long it naps.
const NAP: Duration = Duration::from_millis(1);
/// Naps without traffic before it sleeps.
const NAPS_IDLE_MAX: u32 = 20;

/// Work that calls back into the program.
pub(super) enum Job {
    /// The callback of a completion, unless a waiting thread has run it.
    Callback(Arc<dyn Completes>),
    /// Anything else.
    Other(Box<dyn FnOnce() + Send>),
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// Jobs that have left the queue, so that each has a number.
    left: u64,
    /// Whether the thread waits to be woken.
    asleep: bool,
    /// Whether a job is running.
    running: bool,
    /// Threads that wait for the queue to drain: nothing is left to others then.
    flushing: u32,
}

struct Finisher {
    queue: Mutex<Queue>,
    work: Condvar,
    drained: Condvar,
    /// Callbacks in a row run by waiting threads.
    stolen: AtomicU32,
}

static FINISHER: PerProcess<Finisher> = PerProcess::new(start);

fn start() -> Finisher {
    let spawned = thread::Builder::new().name("oxi-finisher".into()).spawn(run);
    if let Err(error) = spawned {
        log::error!("cannot start the callback thread: {error}");
    }
    Finisher {
        queue: Mutex::new(Queue::default()),
        work: Condvar::new(),
        drained: Condvar::new(),
        stolen: AtomicU32::new(0),
    }
}

/// Queues work for the callback thread.
pub fn finish(job: Box<dyn FnOnce() + Send>) {
    push(Job::Other(job));
}

pub(super) fn push(job: Job) {
    let finisher = FINISHER.get();
    let mut queue = finisher.queue.lock();
    queue.jobs.push_back(job);
    if queue.asleep {
        queue.asleep = false;
        drop(queue);
        finisher.work.notify_one();
    }
}

/// Notes that a waiting thread has run a callback that was queued here, and forgets those at the
/// head of the queue that were run so.
pub(super) fn stolen() {
    let finisher = FINISHER.get();
    if finisher.stolen.load(Ordering::Relaxed) < STOLEN_MIN {
        finisher.stolen.fetch_add(1, Ordering::Relaxed);
    }
    let mut queue = finisher.queue.lock();
    while let Some(Job::Callback(told)) = queue.jobs.front()
        && told.completion().is_taken()
    {
        queue.jobs.pop_front();
        queue.left += 1;
    }
}

/// Whether the calling thread is the callback thread.
#[must_use]
pub fn on_finisher() -> bool {
    ROLE.get() == Role::Finisher
}

/// Waits until every callback queued so far has returned. At once on the callback thread itself,
/// where waiting would be for ever.
pub fn flush() {
    if on_finisher() {
        return;
    }
    let finisher = FINISHER.get();
    let mut queue = finisher.queue.lock();
    queue.flushing += 1;
    while queue.running || !queue.jobs.is_empty() {
        finisher.work.notify_one();
        finisher.drained.wait(&mut queue);
    }
    queue.flushing -= 1;
}

fn run() {
    ROLE.set(Role::Finisher);
    let finisher = FINISHER.get();
    let mut batch = VecDeque::new();
    let mut queue = finisher.queue.lock();
    loop {
        let count = wait_for_work(finisher, &mut queue);
        queue.running = true;
        queue.left += count as u64;
        batch.extend(queue.jobs.drain(..count));
        let run_all = || batch.drain(..).for_each(|job| run_job(finisher, job));
        MutexGuard::unlocked(&mut queue, run_all);
        queue.running = false;
        if queue.jobs.is_empty() {
            finisher.drained.notify_all();
        }
    }
}

/// Waits for jobs that are to be run here: so many at the head of the queue, at least one.
fn wait_for_work(finisher: &Finisher, queue: &mut MutexGuard<'_, Queue>) -> usize {
    let mut naps = 0;
    loop {
        let napping = finisher.stolen.load(Ordering::Relaxed) >= STOLEN_MIN;
        if napping && naps < NAPS_IDLE_MAX && queue.flushing == 0 {
            // What is there now has until the end of the nap to be run by who waits for it.
            let behind = queue.left + queue.jobs.len() as u64;
            finisher.work.wait_for(queue, NAP);
            let due = behind.saturating_sub(queue.left);
            if due > 0 {
                return usize::try_from(due).unwrap_or(usize::MAX).min(queue.jobs.len());
            }
            let traffic = queue.left + queue.jobs.len() as u64 > behind;
            naps = if traffic { 0 } else { naps + 1 };
        } else if queue.jobs.is_empty() {
            if queue.flushing > 0 {
                finisher.drained.notify_all();
            }
            queue.asleep = true;
            finisher.work.wait(queue);
            queue.asleep = false;
            naps = 0;
        } else {
            return queue.jobs.len();
        }
    }
}

fn run_job(finisher: &Finisher, job: Job) {
    match job {
        Job::Callback(told) => {
            if Arc::clone(&told).completion().run_callback(told) {
                finisher.stolen.store(0, Ordering::Relaxed);
            }
        }
        Job::Other(job) => {
            if std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).is_err() {
                log::error!("a callback panicked");
            }
        }
    }
}
