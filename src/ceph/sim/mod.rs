//! A simulated network: sessions between the code under test and simulated daemons, with a clock
//! moved by hand and every choice made from a seed.
//!
//! ```text
//!    code under test --connect, send-->  Sim: Transport  --message-->  Daemon (the test's)
//!            ^                              |                             |
//!            +------ SessionHandler --------+------------- Client::send --+
//! ```
//!
//! Both ends of a session are real [`Connection`](crate::ceph::msgr2::Connection)s: what travels
//! are bytes, split, delayed, and cut off by resets at any of them as [`Faults`] say. Nothing
//! happens but in [`Sim::step`] and what calls it, on the calling thread, so a test that fails
//! fails again with its seed.
//!
//! ```ignore
//! let sim = Sim::new(7);
//! sim.start(osd_addr, EntityKind::Osd, 3, Arc::new(my_daemon));   // impl Daemon, or a closure
//! let objecter = Objecter::new(sim.transport(), sim.clock());
//! sim.set_faults(Faults::mild());
//! sim.run_until(|| done());                                  // or step(), run(), advance(..)
//! sim.stop(osd_addr);                                              // resets, then refuses
//! ```

pub(crate) mod auth;
mod network;
mod random;
mod tests;
mod wire;

pub(crate) use network::{Client, Daemon, Sim};
pub(crate) use random::Random;

use std::time::Duration;

/// What the network does to what travels over it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faults {
    /// Least and greatest time a chunk travels.
    pub(crate) delay: (Duration, Duration),
    /// Chunks are cut into pieces of 1 to this many bytes; 0 leaves them whole.
    pub(crate) split: usize,
    /// Of a million chunks, so many end in a reset of their connection, at any byte.
    pub(crate) resets: u32,
}

impl Faults {
    /// A millisecond of delay.
    pub(crate) fn none() -> Self {
        let delay = Duration::from_millis(1);
        Faults { delay: (delay, delay), split: 0, resets: 0 }
    }

    /// Chunks arrive at different times, in pieces; every two hundredth is the last.
    pub(crate) fn mild() -> Self {
        let delay = (Duration::from_micros(50), Duration::from_millis(20));
        Faults { delay, split: 2000, resets: 5000 }
    }

    /// Every tenth chunk is the last.
    pub(crate) fn harsh() -> Self {
        Faults { split: 0, resets: 100_000, ..Faults::mild() }
    }
}
