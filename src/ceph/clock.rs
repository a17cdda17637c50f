//! The time for those who are called without it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Tells what time it is. Sessions call their handlers without saying so; everything behind a
/// handler gets `now` as an argument. Clones tell the same time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Instant + Send + Sync>);

/// Sets the clock that [`Clock::by_hand`] gave.
#[derive(Clone, Debug)]
pub struct Hand(Arc<Mutex<Instant>>);

impl Clock {
    /// The system's.
    #[must_use]
    pub fn system() -> Self {
        Clock(Arc::new(Instant::now))
    }

    /// One that stands still until it is moved, for tests and simulations.
    #[must_use]
    pub fn by_hand(start: Instant) -> (Self, Hand) {
        let time = Arc::new(Mutex::new(start));
        let hand = Hand(time.clone());
        (Clock(Arc::new(move || *time.lock())), hand)
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Instant {
        (self.0)()
    }
}

impl Hand {
    /// Moves the clock on and says what time it is then.
    pub fn advance(&self, by: Duration) -> Instant {
        let mut time = self.0.lock();
        *time += by;
        *time
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
