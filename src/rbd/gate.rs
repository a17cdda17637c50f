//! Which requests to an image may start now, which wait, and which are under way.
//!
//! ```text
//!   request -- admitted -------------------------> under way -- leave() -->
//!        \-- something is in its way: queued --pump()--^
//! ```
//!
//! In the way of everything: the header is stale. In the way of writes: the lock is not held, or a
//! snapshot is being taken. Whoever removes the obstacle pumps the queue; the image's attendant
//! (see `image.rs`) removes those that requests themselves call for.

use std::collections::VecDeque;

use parking_lot::Mutex;
use smallvec::SmallVec;

use crate::errno::Errno;

/// What a request needs before it may start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Needs {
    /// A current header.
    Header,
    /// A current header, the lock, and that nobody holds writes back.
    ToWrite,
    /// That everything before it has started.
    Turn,
}

/// A request under way, to be given back with [`Gate::leave`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Ticket(u64);

/// What became of a request at the gate.
pub(super) enum Admission<R> {
    /// It may start.
    Start(R, Ticket),
    /// It waits. When `attend`, nobody is at work on what it waits for.
    Queued { attend: bool },
    /// The image is closed.
    Closed(R),
}

/// What may have to wait.
pub(super) trait Waits {
    /// Called before it is queued: it will outlive the call that brought it.
    fn keep(&mut self);
}

type Waiter = Box<dyn FnOnce() + Send>;

/// The gate of one image.
pub(super) struct Gate<R> {
    state: Mutex<State<R>>,
}

struct State<R> {
    /// Changes of the header heard of, and how many of them the header in hand has.
    heard: u64,
    seen: u64,
    lock_missing: bool,
    lock_missing_for_reads: bool,
    writes_held: u32,
    closed: bool,
    attended: bool,
    queue: VecDeque<(R, Needs)>,
    /// Requests under way by epoch, the oldest first; never empty. A barrier begins a new epoch.
    under_way: VecDeque<u32>,
    oldest: u64,
    barriers: Vec<(u64, Waiter)>,
}

/// What stands in the way of the requests in the queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Obstacles {
    pub(super) stale: bool,
    pub(super) lock: bool,
}

impl<R: Waits> Gate<R> {
    pub(super) fn new() -> Self {
        Gate {
            state: Mutex::new(State {
                heard: 0,
                seen: 0,
                lock_missing: false,
                lock_missing_for_reads: false,
                writes_held: 0,
                closed: false,
                attended: false,
                queue: VecDeque::new(),
                under_way: VecDeque::from([0]),
                oldest: 0,
                barriers: Vec::new(),
            }),
        }
    }

    /// Lets a request through, or queues it.
    pub(super) fn admit(&self, mut request: R, needs: Needs) -> Admission<R> {
        let mut state = self.state.lock();
        if state.closed {
            return Admission::Closed(request);
        }
        if !state.lets_through(needs) {
            let attend = !state.attended && state.obstacles_to(needs) != Obstacles::default();
            state.attended |= attend;
            request.keep();
            state.queue.push_back((request, needs));
            return Admission::Queued { attend };
        }
        Admission::Start(request, state.enter())
    }

    /// Whether nothing is in the way of a request that comes now, for one that changes nothing and
    /// ends inside its call: barriers do not wait for it.
    pub(super) fn lets_through(&self, needs: Needs) -> bool {
        self.state.lock().lets_through(needs)
    }

    /// Counts a request that needs no admission.
    pub(super) fn enter(&self) -> Ticket {
        self.state.lock().enter()
    }

    /// A request has ended. May run barriers' waiters on the calling thread.
    pub(super) fn leave(&self, ticket: Ticket) {
        let mut state = self.state.lock();
        let at = (ticket.0 - state.oldest) as usize;
        if let Some(count) = state.under_way.get_mut(at) {
            *count -= 1;
        }
        let ready = state.advance();
        drop(state);
        ready.into_iter().for_each(|waiter| waiter());
    }

    /// Calls `waiter` when every request under way now has ended: inside this call if there is
    /// none.
    pub(super) fn barrier(&self, waiter: Waiter) {
        let mut state = self.state.lock();
        let epoch = state.newest();
        state.under_way.push_back(0);
        state.barriers.push((epoch, waiter));
        let ready = state.advance();
        drop(state);
        ready.into_iter().for_each(|waiter| waiter());
    }

    /// Waits until every request under way now has ended.
    pub(super) async fn drained(&self) {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.barrier(Box::new(move || {
            let _ = sender.send(());
        }));
        // The sender is never dropped unsent while the gate lives.
        let _ = receiver.await;
    }

    /// Takes out of the queue what may start now, each counted as under way.
    pub(super) fn pump(&self) -> Vec<(R, Ticket)> {
        let mut state = self.state.lock();
        let mut started = Vec::new();
        let mut kept = VecDeque::new();
        while let Some((request, needs)) = state.queue.pop_front() {
            let turn = needs == Needs::Header || kept.is_empty();
            if turn && state.is_clear(needs) {
                let ticket = state.enter();
                started.push((request, ticket));
            } else {
                kept.push_back((request, needs));
            }
        }
        state.queue = kept;
        started
    }

    /// Takes the requests out of the queue that wait for the lock, to fail them.
    pub(super) fn take_waiting_for_lock(&self) -> Vec<R> {
        let mut state = self.state.lock();
        let queue = std::mem::take(&mut state.queue);
        let mut failed = Vec::new();
        for (request, needs) in queue {
            match state.obstacles_to(needs).lock {
                true => failed.push(request),
                false => state.queue.push_back((request, needs)),
            }
        }
        failed
    }

    /// Takes all requests out of the queue, to fail them.
    pub(super) fn take_all(&self) -> Vec<R> {
        self.state.lock().queue.drain(..).map(|(request, _)| request).collect()
    }

    /// What the attendant must remove; when it is nothing, there is no attendant from now on.
    pub(super) fn obstacles(&self) -> Obstacles {
        let mut state = self.state.lock();
        let mut all = Obstacles::default();
        for (_, needs) in &state.queue {
            let each = state.obstacles_to(*needs);
            all.stale |= each.stale;
            all.lock |= each.lock;
        }
        if all == Obstacles::default() {
            state.attended = false;
        }
        all
    }

    /// Whether requests wait for what only an attendant removes, and there is none. The caller
    /// becomes it.
    pub(super) fn becomes_attended(&self) -> bool {
        let mut state = self.state.lock();
        let wanted = !state.attended
            && state
                .queue
                .iter()
                .any(|(_, needs)| state.obstacles_to(*needs) != Obstacles::default());
        state.attended |= wanted;
        wanted
    }

    /// The header has changed.
    pub(super) fn mark_stale(&self) {
        self.state.lock().heard += 1;
    }

    /// Changes of the header heard of so far, for [`Gate::refreshed`].
    pub(super) fn heard(&self) -> u64 {
        self.state.lock().heard
    }

    /// The header in hand was read when so many changes had been heard of.
    pub(super) fn refreshed(&self, heard: u64) {
        let mut state = self.state.lock();
        state.seen = state.seen.max(heard);
    }

    pub(super) fn is_stale(&self) -> bool {
        self.state.lock().is_stale()
    }

    /// Whether writes (and reads) have to wait for the lock.
    pub(super) fn set_lock_missing(&self, missing: bool, for_reads: bool) {
        let mut state = self.state.lock();
        state.lock_missing = missing;
        state.lock_missing_for_reads = missing && for_reads;
    }

    /// Holds writes back until [`Gate::let_writes`]; nests.
    pub(super) fn hold_writes(&self) {
        self.state.lock().writes_held += 1;
    }

    /// Ends one [`Gate::hold_writes`]. The caller pumps.
    pub(super) fn let_writes(&self) {
        let mut state = self.state.lock();
        state.writes_held = state.writes_held.saturating_sub(1);
    }

    /// Refuses every request from now on.
    pub(super) fn close(&self) {
        self.state.lock().closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state.lock().closed
    }
}

/// Why a closed image refuses.
pub(super) const CLOSED: Errno = Errno::ESHUTDOWN;

impl<R> State<R> {
    fn is_stale(&self) -> bool {
        self.seen < self.heard
    }

    fn obstacles_to(&self, needs: Needs) -> Obstacles {
        let lock = match needs {
            Needs::Header => self.lock_missing_for_reads,
            Needs::ToWrite => self.lock_missing,
            Needs::Turn => false,
        };
        Obstacles { stale: self.is_stale() && needs != Needs::Turn, lock }
    }

    fn is_clear(&self, needs: Needs) -> bool {
        self.obstacles_to(needs) == Obstacles::default()
            && (needs != Needs::ToWrite || self.writes_held == 0)
    }

    /// Whether a request that comes now need not wait.
    fn lets_through(&self, needs: Needs) -> bool {
        !self.closed && self.is_clear(needs) && (needs == Needs::Header || self.queue.is_empty())
    }

    fn newest(&self) -> u64 {
        self.oldest + self.under_way.len() as u64 - 1
    }

    fn enter(&mut self) -> Ticket {
        if let Some(count) = self.under_way.back_mut() {
            *count += 1;
        }
        Ticket(self.newest())
    }

    /// Forgets epochs that have ended; returns the waiters of their barriers.
    fn advance(&mut self) -> SmallVec<[Waiter; 1]> {
        while self.under_way.len() > 1 && self.under_way.front() == Some(&0) {
            self.under_way.pop_front();
            self.oldest += 1;
        }
        let mut ready = SmallVec::new();
        let mut at = 0;
        while at < self.barriers.len() {
            if self.barriers[at].0 < self.oldest {
                ready.push(self.barriers.remove(at).1);
            } else {
                at += 1;
            }
        }
        ready
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    impl Waits for u32 {
        fn keep(&mut self) {}
    }

    fn start(gate: &Gate<u32>, request: u32, needs: Needs) -> Option<Ticket> {
        match gate.admit(request, needs) {
            Admission::Start(_, ticket) => Some(ticket),
            _ => None,
        }
    }

    #[test]
    fn a_barrier_waits_for_what_was_before_it_only() {
        let gate = Gate::new();
        let before = start(&gate, 1, Needs::ToWrite).unwrap();
        let hit = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&hit);
        gate.barrier(Box::new(move || seen.store(true, Ordering::Relaxed)));
        let after = start(&gate, 2, Needs::ToWrite).unwrap();
        assert_ne!(before, after);
        assert!(!hit.load(Ordering::Relaxed));
        gate.leave(before);
        assert!(hit.load(Ordering::Relaxed));
        gate.leave(after);
        let again = Arc::clone(&hit);
        gate.barrier(Box::new(move || again.store(false, Ordering::Relaxed)));
        assert!(!hit.load(Ordering::Relaxed), "nothing under way: called at once");
    }

    #[test]
    fn writes_wait_in_order_and_reads_pass() {
        let gate = Gate::new();
        gate.set_lock_missing(true, false);
        assert!(matches!(gate.admit(1, Needs::ToWrite), Admission::Queued { attend: true }));
        assert!(matches!(gate.admit(2, Needs::ToWrite), Admission::Queued { attend: false }));
        assert!(start(&gate, 3, Needs::Header).is_some());
        assert!(matches!(gate.admit(4, Needs::Turn), Admission::Queued { .. }));
        assert!(gate.obstacles().lock);
        assert!(gate.pump().is_empty(), "a flush does not overtake writes");
        gate.set_lock_missing(false, false);
        assert_eq!(gate.pump().into_iter().map(|(r, _)| r).collect::<Vec<_>>(), [1, 2, 4]);
        assert_eq!(gate.obstacles(), Obstacles::default());
    }

    #[test]
    fn held_writes_need_no_attendant() {
        let gate = Gate::new();
        gate.hold_writes();
        gate.hold_writes();
        assert!(matches!(gate.admit(1, Needs::ToWrite), Admission::Queued { attend: false }));
        gate.let_writes();
        assert!(gate.pump().is_empty());
        gate.let_writes();
        assert_eq!(gate.pump().len(), 1);
    }

    #[test]
    fn a_stale_header_stops_everything_but_flushes() {
        let gate = Gate::new();
        gate.mark_stale();
        assert!(start(&gate, 1, Needs::Turn).is_some());
        assert!(matches!(gate.admit(2, Needs::Header), Admission::Queued { attend: true }));
        gate.set_lock_missing(true, false);
        assert!(matches!(gate.admit(3, Needs::ToWrite), Admission::Queued { .. }));
        assert_eq!(gate.obstacles(), Obstacles { stale: true, lock: true });
        assert_eq!(gate.take_waiting_for_lock(), [3]);
        gate.refreshed(gate.heard());
        assert_eq!(gate.pump().len(), 1);
        gate.close();
        assert!(matches!(gate.admit(5, Needs::Header), Admission::Closed(5)));
    }
}
