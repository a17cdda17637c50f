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
    pub(in crate::rbd) ops: u64,
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
    len: u64,
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

    /// Room for a write of so many bytes, or a place in the queue.
    pub(super) fn take(&self, len: u64, limits: Limits, ack: A) -> Taken<A> {
        if self.waiting.load(Ordering::SeqCst) == 0 && self.try_use(len, limits) {
            return Taken::Now(ack);
        }
        let mut queue = self.queue.lock();
        let number = queue.next;
        queue.next += 1;
        queue.entries.push_back(Entry { number, len, limits, sent: false, ack });
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

    /// An acknowledged write of so many bytes has ended.
    pub(super) fn release(&self, len: u64) -> Due<A> {
        self.used.fetch_sub(1 << OPS_SHIFT | len, Ordering::SeqCst);
        match self.waiting.load(Ordering::SeqCst) {
            0 => Due::new(),
            _ => self.acknowledge(&mut self.queue.lock()),
        }
    }

    fn acknowledge(&self, queue: &mut Queue<A>) -> Due<A> {
        let mut due = Due::new();
        while let Some(first) = queue.entries.front() {
            if !first.sent || !self.try_use(first.len, first.limits) {
                break;
            }
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            due.extend(queue.entries.pop_front().map(|entry| entry.ack));
        }
        due
    }

    fn try_use(&self, len: u64, limits: Limits) -> bool {
        let fits = |used: u64| {
            let (bytes, ops) = (used & BYTES, used >> OPS_SHIFT);
            let room = ops == 0 || (bytes + len <= limits.bytes.min(BYTES) && ops < limits.ops);
            (room && len <= BYTES).then(|| used + (1 << OPS_SHIFT | len))
        };
        self.used.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fits).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { bytes: 100, ops: 3 };

    #[test]
    fn one_always_has_room_and_more_up_to_the_limit() {
        let room = Room::new();
        assert_eq!(room.take(1000, LIMITS, 1), Taken::Now(1));
        assert_eq!(room.take(1, LIMITS, 2), Taken::Later(0));
        assert!(room.sent(0).is_empty());
        assert_eq!(room.release(1000)[..], [2]);
        assert_eq!(room.take(99, LIMITS, 3), Taken::Now(3));
        assert_eq!(room.take(0, LIMITS, 4), Taken::Now(4));
        assert_eq!(room.take(0, LIMITS, 5), Taken::Later(1), "too many");
        assert_eq!(room.withdraw(1), Some(5));
        assert_eq!(room.withdraw(1), None);
    }

    #[test]
    fn acknowledgements_that_wait_are_given_in_turn() {
        let room = Room::new();
        assert_eq!(room.take(90, LIMITS, 1), Taken::Now(1));
        assert_eq!(room.take(60, LIMITS, 2), Taken::Later(0));
        assert_eq!(room.take(1, LIMITS, 3), Taken::Later(1), "does not overtake");
        assert_eq!(room.take(1, LIMITS, 4), Taken::Later(2));
        assert!(room.sent(1).is_empty());
        // There is room, but the first was not sent yet.
        assert!(room.release(90).is_empty());
        assert_eq!(room.sent(0)[..], [2, 3]);
        assert_eq!(room.sent(2)[..], [4]);
        assert_eq!(room.withdraw(0), None, "it was given");
        assert!(room.release(60).is_empty());
    }

    #[test]
    fn a_write_that_ends_in_the_queue_makes_way() {
        let room = Room::new();
        assert_eq!(room.take(100, LIMITS, 1), Taken::Now(1));
        assert_eq!(room.take(10, LIMITS, 2), Taken::Later(0));
        assert_eq!(room.take(10, LIMITS, 3), Taken::Later(1));
        assert_eq!(room.withdraw(0), Some(2));
        assert!(room.sent(0).is_empty(), "after its end");
        assert!(room.sent(1).is_empty());
        assert_eq!(room.release(100)[..], [3]);
        assert_eq!(room.withdraw(1), None);
    }
}
