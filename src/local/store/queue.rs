//! Operations that wait for each other: durable ones share commits.
//!
//! ```text
//!   execute() --durable, or behind one that is--> queue --> one committing thread:
//!                                                           a transaction for all that wait
//! ```
//!
//! While a commit is synced the next operations gather. An operation on a stripe with operations in
//! the queue waits behind them, so that each caller's operations on an object happen in order.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::Ordering;

use parking_lot::Mutex;

use super::Store;
use super::execute::Job;
use super::shared::Counter;
use crate::runtime;

/// After so many commits with redo rows, the rows that have been applied are deleted.
const REDO_COMMITS_MAX: u64 = 256;
/// After so many bytes in redo rows, too.
const REDO_BYTES_MAX: u64 = 16 << 20;
/// Most operations in one transaction.
const BATCH_MAX: usize = 64;

#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// Operations in the queue or in the running batch, by stripe.
    pending: HashMap<usize, u32>,
    /// There is a committing thread.
    running: bool,
}

impl Store {
    /// Queues an operation if it must be: when `durable`, or behind others on its stripe. Gives it
    /// back otherwise.
    pub(super) fn enqueue(&self, job: Job, durable: bool) -> Option<Job> {
        let mut state = self.queue.state.lock();
        if !durable && !state.pending.contains_key(&job.stripe) {
            return Some(job);
        }
        *state.pending.entry(job.stripe).or_default() += 1;
        state.jobs.push_back(job);
        if state.running {
            return None;
        }
        let Some(store) = self.this.upgrade() else { return state.jobs.pop_back() };
        state.running = true;
        drop(state);
        runtime::spawn_blocking(move || store.run_queue());
        None
    }

    /// Runs what is queued until nothing is.
    fn run_queue(&self) {
        loop {
            let mut batch = Vec::new();
            let mut state = self.queue.state.lock();
            while let Some(job) = state.jobs.pop_front() {
                let alone = !job.writes;
                if alone && !batch.is_empty() {
                    state.jobs.push_front(job);
                    break;
                }
                batch.push(job);
                if alone || batch.len() == BATCH_MAX {
                    break;
                }
            }
            if batch.is_empty() {
                state.running = false;
                return;
            }
            drop(state);
            self.run_queued(batch);
        }
    }

    /// Runs a batch: writes, or one read.
    fn run_queued(&self, batch: Vec<Job>) {
        let stripes: Vec<usize> = batch.iter().map(|job| job.stripe).collect();
        let replies = if batch.iter().all(|job| job.writes) {
            self.run_batch(batch)
        } else {
            batch.into_iter().map(|job| self.run_alone(job)).collect()
        };
        let mut state = self.queue.state.lock();
        for stripe in stripes {
            if let Some(count) = state.pending.get_mut(&stripe) {
                *count -= 1;
                if *count == 0 {
                    state.pending.remove(&stripe);
                }
            }
        }
        drop(state);
        for (done, reply) in replies {
            done(reply);
        }
        let counter = |counter| self.shared.counter(counter).load(Ordering::Acquire);
        let many = counter(Counter::Redo) >= counter(Counter::Retired) + REDO_COMMITS_MAX
            || self.redo_bytes.load(Ordering::Relaxed) >= REDO_BYTES_MAX;
        if many && let Err(error) = self.flush() {
            log::warn!("store {}: {error}", self.dir().display());
        }
    }
}
