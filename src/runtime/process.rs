//! Which process this is: a fork copies memory, but none of the threads.
//!
//! ```text
//!   parent   generation 0   threads, sessions, stores
//!      | fork
//!   child    generation 1   threads of its own at first use; what it got from generation 0 is
//!                           never touched: neither used nor ended
//! ```
//!
//! So a child may connect for itself while its parent is connected, as with the original. What it
//! must not do is talk on the parent's sockets or end the parent's locks: everything that belongs
//! to a process keeps its [`Generation`] and is asked for it.

use std::sync::atomic::{AtomicU64, Ordering};

use once_cell::sync::OnceCell;

use super::{ROLE, Role};

/// Forks between the process that loaded the library and this one.
static FORKS: AtomicU64 = AtomicU64::new(0);

/// A process, as told from those it was forked from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Generation(u64);

impl Generation {
    /// That of the calling process. One load.
    #[must_use]
    #[inline]
    pub fn current() -> Self {
        Generation(FORKS.load(Ordering::Relaxed))
    }

    /// As a number that differs between processes and is 0 in the first.
    #[must_use]
    #[inline]
    pub fn number(self) -> u64 {
        self.0
    }
}

/// The calling process was just forked; on its only thread. Does nothing that a signal handler may
/// not do.
pub fn forked() {
    FORKS.fetch_add(1, Ordering::Relaxed);
    ROLE.set(Role::Program);
}

/// A value that every process makes for itself, at first use. A child's does not end its parent's.
pub(super) struct PerProcess<T: 'static> {
    start: fn() -> T,
    value: OnceCell<T>,
    child: OnceCell<Box<PerProcess<T>>>,
}

impl<T> PerProcess<T> {
    pub(super) const fn new(start: fn() -> T) -> Self {
        PerProcess { start, value: OnceCell::new(), child: OnceCell::new() }
    }

    /// The calling process's.
    pub(super) fn get(&'static self) -> &'static T {
        let mut own = self;
        for _ in 0..Generation::current().number() {
            own = own.child.get_or_init(|| Box::new(PerProcess::new(self.start)));
        }
        own.value.get_or_init(self.start)
    }
}
