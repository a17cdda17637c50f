//! Operations that wait for each other: durable ones share commits and flushes.
//!
//! ```text
//!   execute() --durable, or behind one that is--> queue --> one committing thread:
//!                                                           a transaction for all that wait
//!      \--written in place, to be durable--> unflushed --> one flushing thread:
//!                                                           a flush for all that wait
//! ```
//!
//! While one commit or flush is synced the next operations gather. An operation on a stripe with
//! operations in the queue waits behind them, so that each caller's operations on an object happen
//! in order.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::Store;
use super::execute::{Answer, Job};
use super::shared::Counter;
use crate::model::Reply;
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
    /// Operations in the queue or in the running batch.
    waiting: AtomicUsize,
    unflushed: Mutex<Unflushed>,
}

#[derive(Default)]
struct Unflushed {
    answers: Vec<Answer>,
    /// There is a flushing thread.
    running: bool,
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
    pub(super) fn enqueue(&self, mut job: Job, durable: bool) -> Option<Job> {
        let mut state = self.queue.state.lock();
        if !durable && !state.pending.contains_key(&job.stripe) {
            return Some(job);
        }
        *state.pending.entry(job.stripe).or_default() += 1;
        self.queue.waiting.fetch_add(1, Ordering::AcqRel);
        job.op.keep();
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

    /// Whether operations wait, behind which an operation may have to wait too.
    pub(super) fn has_queue(&self) -> bool {
        self.queue.waiting.load(Ordering::Acquire) > 0
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
        let answers = if batch.iter().all(|job| job.writes) {
            self.run_batch(batch)
        } else {
            batch.into_iter().map(|job| self.run_alone(job)).collect()
        };
        let mut state = self.queue.state.lock();
        self.queue.waiting.fetch_sub(stripes.len(), Ordering::AcqRel);
        for stripe in stripes {
            if let Some(count) = state.pending.get_mut(&stripe) {
                *count -= 1;
                if *count == 0 {
                    state.pending.remove(&stripe);
                }
            }
        }
        drop(state);
        answers.into_iter().for_each(|answer| self.give(answer));
        let counter = |counter| self.shared.counter(counter).load(Ordering::Acquire);
        let many = counter(Counter::Redo) >= counter(Counter::Retired) + REDO_COMMITS_MAX
            || self.redo_bytes.load(Ordering::Relaxed) >= REDO_BYTES_MAX;
        if many && let Err(error) = self.flush() {
            log::warn!("store {}: {error}", self.dir().display());
        }
    }

    /// Gives an answer: at once, or after the next flush, on the thread that flushes.
    pub(super) fn give(&self, answer: Answer) {
        if !answer.unflushed {
            return (answer.done)(answer.reply);
        }
        let mut unflushed = self.queue.unflushed.lock();
        unflushed.answers.push(answer);
        let begins = !std::mem::replace(&mut unflushed.running, true);
        drop(unflushed);
        match self.this.upgrade() {
            Some(store) if begins => runtime::spawn_blocking(move || store.run_flushes()),
            None if begins => self.run_flushes(),
            _ => {}
        }
    }

    /// Flushes until no answer waits for it.
    fn run_flushes(&self) {
        loop {
            let mut unflushed = self.queue.unflushed.lock();
            let answers = std::mem::take(&mut unflushed.answers);
            if answers.is_empty() {
                unflushed.running = false;
                return;
            }
            drop(unflushed);
            let flushed = self.flush();
            if let Err(error) = &flushed {
                log::error!("store {}: {error}", self.dir().display());
            }
            for Answer { done, reply, .. } in answers {
                match &flushed {
                    Ok(()) => done(reply),
                    Err(error) => done(Reply::error(error.errno())),
                }
            }
        }
    }
}
