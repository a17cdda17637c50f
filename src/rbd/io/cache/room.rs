//! How much may be acknowledged and not written yet, and acknowledgements that wait for room.
//!
//! ```text
//!   take -- room ----> given when the write was sent ----------------> release, at its end
//!       \-- none: Later -- room, in turn --> given by who made it --/
//!                      \-- its own end: withdraw, given by that
//! ```

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;
use smallvec::SmallVec;

/// One counter for both: bytes, and operations above them.
const OPS_SHIFT: u32 = 40;
const BYTES: u64 = (1 << OPS_SHIFT) - 1;

/// How much may be acknowledged and not written yet. One write always may.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::rbd) struct Limits {
    pub(in crate::rbd) bytes: u64,
    /// Operations of writes that are not gathered.
    pub(in crate::rbd) ops: u64,
    /// Objects that gathered writes are under way to.
    pub(in crate::rbd) objects: usize,
}

/// What a write takes of the room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cost {
    pub(super) bytes: u64,
    /// 0 for one that is gathered.
    pub(super) ops: u64,
}

/// Acknowledgements to be given now.
pub(super) type Due<A> = SmallVec<[A; 1]>;

/// When a write is acknowledged.
#[derive(PartialEq, Eq, Debug)]
pub(in crate::rbd::io) enum Taken<A> {
    /// As soon as it was sent.
    Now(A),
    /// When there is room, if it was sent. The number is for [`Room::sent`] and [`Room::withdraw`].
    Later(u64),
}

/// What was acknowledged and is not written yet, and what waits to be.
pub(super) struct Room<A> {
    used: AtomicU64,
    /// Acknowledgements in the queue; who makes room looks at it before it takes the lock.
    waiting: AtomicUsize,
    queue: Mutex<Queue<A>>,
}

struct Queue<A> {
    next: u64,
    entries: VecDeque<Entry<A>>,
}

struct Entry<A> {
    number: u64,
    cost: Cost,
    limits: Limits,
    sent: bool,
    ack: A,
}

impl<A> Room<A> {
    pub(super) fn new() -> Self {
        Room {
            used: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            queue: Mutex::new(Queue { next: 0, entries: VecDeque::new() }),
        }
    }

    /// Room for a write, or a place in the queue.
    pub(super) fn take(&self, cost: Cost, limits: Limits, ack: A) -> Taken<A> {
        if self.waiting.load(Ordering::SeqCst) == 0 && self.try_use(cost, limits) {
            return Taken::Now(ack);
        }
        let mut queue = self.queue.lock();
        let number = queue.next;
        queue.next += 1;
        queue.entries.push_back(Entry { number, cost, limits, sent: false, ack });
        self.waiting.fetch_add(1, Ordering::SeqCst);
        Taken::Later(number)
    }

    /// A write in the queue was sent: what it was given is not looked at any more.
    pub(super) fn sent(&self, number: u64) -> Due<A> {
        let mut queue = self.queue.lock();
        // It may have ended already.
        if let Ok(at) = queue.entries.binary_search_by_key(&number, |entry| entry.number)
            && let Some(entry) = queue.entries.get_mut(at)
        {
            entry.sent = true;
        }
        // Who made room before it was sent left it to this.
        self.acknowledge(&mut queue)
    }

    /// The acknowledgement of a write that has ended, if it was not given. Otherwise its room is to
    /// be released.
    pub(super) fn withdraw(&self, number: u64) -> Option<A> {
        let mut queue = self.queue.lock();
        let at = queue.entries.binary_search_by_key(&number, |entry| entry.number).ok()?;
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        queue.entries.remove(at).map(|entry| entry.ack)
    }

    /// An acknowledged write has ended.
    pub(super) fn release(&self, cost: Cost) -> Due<A> {
        self.used.fetch_sub(cost.ops << OPS_SHIFT | cost.bytes, Ordering::SeqCst);
        match self.waiting.load(Ordering::SeqCst) {
            0 => Due::new(),
            _ => self.acknowledge(&mut self.queue.lock()),
        }
    }

    fn acknowledge(&self, queue: &mut Queue<A>) -> Due<A> {
        let mut due = Due::new();
        while let Some(first) = queue.entries.front() {
            if !first.sent || !self.try_use(first.cost, first.limits) {
                break;
            }
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            due.extend(queue.entries.pop_front().map(|entry| entry.ack));
        }
        due
    }

    fn try_use(&self, cost: Cost, limits: Limits) -> bool {
        let fits = |used: u64| {
            let bytes = (used & BYTES) + cost.bytes;
            let ops = (used >> OPS_SHIFT) + cost.ops;
            let room = used == 0 || (bytes <= limits.bytes.min(BYTES) && ops <= limits.ops);
            (room && cost.bytes <= BYTES).then(|| used + (cost.ops << OPS_SHIFT | cost.bytes))
        };
        self.used.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fits).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { bytes: 100, ops: 3, objects: 1 };

    fn one(bytes: u64) -> Cost {
        Cost { bytes, ops: 1 }
    }

    #[test]
    fn gathered_writes_are_not_counted() {
        let room = Room::new();
        let gathered = Cost { bytes: 10, ops: 0 };
        for n in 0..10 {
            assert_eq!(room.take(gathered, LIMITS, n), Taken::Now(n));
        }
        assert_eq!(room.take(gathered, LIMITS, 10), Taken::Later(0), "but their bytes are");
        assert!(room.sent(0).is_empty());
        assert_eq!(room.release(gathered)[..], [10]);
    }

    #[test]
    fn one_always_has_room_and_more_up_to_the_limit() {
        let room = Room::new();
        assert_eq!(room.take(one(1000), LIMITS, 1), Taken::Now(1));
        assert_eq!(room.take(one(1), LIMITS, 2), Taken::Later(0));
        assert!(room.sent(0).is_empty());
        assert_eq!(room.release(one(1000))[..], [2]);
        assert_eq!(room.take(one(99), LIMITS, 3), Taken::Now(3));
        assert_eq!(room.take(one(0), LIMITS, 4), Taken::Now(4));
        assert_eq!(room.take(one(0), LIMITS, 5), Taken::Later(1), "too many");
        assert_eq!(room.withdraw(1), Some(5));
        assert_eq!(room.withdraw(1), None);
    }

    #[test]
    fn acknowledgements_that_wait_are_given_in_turn() {
        let room = Room::new();
        assert_eq!(room.take(one(90), LIMITS, 1), Taken::Now(1));
        assert_eq!(room.take(one(60), LIMITS, 2), Taken::Later(0));
        assert_eq!(room.take(one(1), LIMITS, 3), Taken::Later(1), "does not overtake");
        assert_eq!(room.take(one(1), LIMITS, 4), Taken::Later(2));
        assert!(room.sent(1).is_empty());
        // There is room, but the first was not sent yet.
        assert!(room.release(one(90)).is_empty());
        assert_eq!(room.sent(0)[..], [2, 3]);
        assert_eq!(room.sent(2)[..], [4]);
        assert_eq!(room.withdraw(0), None, "it was given");
        assert!(room.release(one(60)).is_empty());
    }

    #[test]
    fn a_write_that_ends_in_the_queue_makes_way() {
        let room = Room::new();
        assert_eq!(room.take(one(100), LIMITS, 1), Taken::Now(1));
        assert_eq!(room.take(one(10), LIMITS, 2), Taken::Later(0));
        assert_eq!(room.take(one(10), LIMITS, 3), Taken::Later(1));
        assert_eq!(room.withdraw(0), Some(2));
        assert!(room.sent(0).is_empty(), "after its end");
        assert!(room.sent(1).is_empty());
        assert_eq!(room.release(one(100))[..], [3]);
        assert_eq!(room.withdraw(1), None);
    }
}
