//! The one thread that calls back into the program, in the order things completed.

use std::cell::Cell;
use std::collections::VecDeque;
use std::thread;

use once_cell::sync::Lazy;
use parking_lot::{Condvar, Mutex};

/// Work that calls back into the program.
type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// Whether the thread waits for a signal.
    idle: bool,
    /// Whether a job is running.
    running: bool,
}

struct Finisher {
    queue: Mutex<Queue>,
    work: Condvar,
    drained: Condvar,
}

thread_local! {
    static ON_FINISHER: Cell<bool> = const { Cell::new(false) };
}

static FINISHER: Lazy<Finisher> = Lazy::new(|| {
    let spawned = thread::Builder::new().name("oxi-finisher".into()).spawn(run);
    if let Err(error) = spawned {
        log::error!("cannot start the callback thread: {error}");
    }
    Finisher { queue: Mutex::new(Queue::default()), work: Condvar::new(), drained: Condvar::new() }
});

/// Queues work for the callback thread.
pub fn finish(job: Box<dyn FnOnce() + Send>) {
    let mut queue = FINISHER.queue.lock();
    queue.jobs.push_back(job);
    if queue.idle {
        queue.idle = false;
        drop(queue);
        FINISHER.work.notify_one();
    }
}

/// Whether the calling thread is the callback thread.
#[must_use]
pub fn on_finisher() -> bool {
    ON_FINISHER.get()
}

/// Waits until every callback queued so far has returned. At once on the callback thread itself,
/// where waiting would be for ever.
pub fn flush() {
    if on_finisher() {
        return;
    }
    let mut queue = FINISHER.queue.lock();
    while queue.running || !queue.jobs.is_empty() {
        FINISHER.drained.wait(&mut queue);
    }
}

fn run() {
    ON_FINISHER.set(true);
    let mut batch = VecDeque::new();
    loop {
        let mut queue = FINISHER.queue.lock();
        queue.running = false;
        while queue.jobs.is_empty() {
            FINISHER.drained.notify_all();
            queue.idle = true;
            FINISHER.work.wait(&mut queue);
        }
        queue.idle = false;
        queue.running = true;
        std::mem::swap(&mut batch, &mut queue.jobs);
        drop(queue);
        for job in batch.drain(..) {
            if std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).is_err() {
                log::error!("a callback panicked");
            }
        }
    }
}
