//! Bounds on what is under way: bytes and operations (`objecter_inflight_op_bytes`,
//! `objecter_inflight_ops`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use parking_lot::{Condvar, Mutex};

/// Two counters with limits. A thread that may wait waits for room; one that may not, because what
/// it would wait for is its own work, goes over the limit.
pub(super) struct Throttle {
    bytes: Counter,
    ops: Counter,
    /// Threads that wait; who gives back looks at it before it takes the lock.
    waiting: AtomicU32,
    lock: Mutex<()>,
    room: Condvar,
}

struct Counter {
    used: AtomicU64,
    /// 0 for none.
    limit: u64,
}

impl Counter {
    fn new(limit: u64) -> Self {
        Counter { used: AtomicU64::new(0), limit }
    }

    fn try_take(&self, amount: u64) -> bool {
        let take = |used: u64| self.fits(used, amount).then(|| used.saturating_add(amount));
        self.used.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok()
    }

    /// What alone is more than the limit has to go at some time: when there is nothing over it.
    fn fits(&self, used: u64, amount: u64) -> bool {
        match self.limit {
            0 => true,
            limit if amount > limit => used <= limit,
            limit => used.saturating_add(amount) <= limit,
        }
    }
}

/// A place in the throttle; given back when dropped.
pub(super) struct Charge {
    throttle: Arc<Throttle>,
    bytes: u64,
}

impl Throttle {
    pub(super) fn new(bytes: u64, ops: u64) -> Arc<Self> {
        Arc::new(Throttle {
            bytes: Counter::new(bytes),
            ops: Counter::new(ops),
            waiting: AtomicU32::new(0),
            lock: Mutex::new(()),
            room: Condvar::new(),
        })
    }

    /// Takes a place for one operation of so many bytes.
    pub(super) fn take(self: &Arc<Self>, bytes: u64, may_wait: fn() -> bool) -> Charge {
        let charge = Charge { throttle: Arc::clone(self), bytes };
        if self.try_take(bytes) {
            return charge;
        }
        if !may_wait() {
            self.bytes.used.fetch_add(bytes, Ordering::SeqCst);
            self.ops.used.fetch_add(1, Ordering::SeqCst);
            return charge;
        }
        let mut lock = self.lock.lock();
        self.waiting.fetch_add(1, Ordering::SeqCst);
        while !self.try_take(bytes) {
            self.room.wait(&mut lock);
        }
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        charge
    }

    fn try_take(&self, bytes: u64) -> bool {
        if !self.bytes.try_take(bytes) {
            return false;
        }
        let taken = self.ops.try_take(1);
        if !taken {
            self.bytes.used.fetch_sub(bytes, Ordering::SeqCst);
        }
        taken
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let throttle = &self.throttle;
        throttle.bytes.used.fetch_sub(self.bytes, Ordering::SeqCst);
        throttle.ops.used.fetch_sub(1, Ordering::SeqCst);
        if throttle.waiting.load(Ordering::SeqCst) > 0 {
            // With the lock, so that nobody is between looking and waiting.
            let _lock = throttle.lock.lock();
            throttle.room.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiting_thread_gets_the_room_that_another_gives_back() {
        let throttle = Throttle::new(100, 2);
        let first = throttle.take(60, || true);
        let second = throttle.take(40, || true);
        let waiter = {
            let throttle = Arc::clone(&throttle);
            std::thread::spawn(move || drop(throttle.take(50, || true)))
        };
        while throttle.waiting.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        drop(first);
        waiter.join().unwrap();
        drop(second);
        assert_eq!(throttle.bytes.used.load(Ordering::SeqCst), 0);
        assert_eq!(throttle.ops.used.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn who_may_not_wait_goes_over_the_limit() {
        let throttle = Throttle::new(10, 1);
        let charges: Vec<_> = (0..3).map(|_| throttle.take(10, || false)).collect();
        assert_eq!(throttle.bytes.used.load(Ordering::SeqCst), 30);
        drop(charges);
        // More than the limit at once goes when nothing else is over it.
        drop(throttle.take(1000, || panic!("need not wait")));
    }
}
