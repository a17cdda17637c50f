//! The threads of this process: as many for a hundred open images as for one.
//!
//! ```text
//!   tokio workers  (cores - 1, at least 1)  asynchronous work: image management, watches, timers
//!   disk threads   (at most 2)   commits, flushes, reads that would make a submitter wait
//!   finisher       (1)           calls back into the program
//!   oxi-watch      (1)        calls handlers of watches, which may block
//! ```
//!
//! Everything is started at first use, in a forked process for itself ([`process`]). A program's
//! callback never runs inside the call that submitted the operation: it runs on the finisher, or on
//! a thread that is waiting for that completion. May use: errno. Must not: know RADOS.

mod block_on;
mod completion;
mod finisher;
mod handlers;
mod process;

use std::cell::Cell;
use std::future::Future;

use tokio::runtime::{Builder, Handle, Runtime};

pub use block_on::block_on;
pub use completion::{Completes, Completion};
pub use finisher::{finish, flush as flush_callbacks, on_finisher};
pub use handlers::{call as call_handler, flush as flush_handlers};
pub use process::{Generation, forked};

use process::PerProcess;

/// Most threads that do blocking disk work at once.
const DISK_THREADS_MAX: usize = 2;

/// What a thread is here for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The program's own.
    Program,
    Worker,
    Finisher,
    Watches,
}

thread_local! {
    static ROLE: Cell<Role> = const { Cell::new(Role::Program) };
}

static RUNTIME: PerProcess<Option<Runtime>> = PerProcess::new(start);

fn start() -> Option<Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Builder::new_multi_thread()
        // The program's own threads do most of the work: what they submit runs on them.
        .worker_threads(cores.saturating_sub(1).max(1))
        .max_blocking_threads(DISK_THREADS_MAX)
        .thread_name("oxirados")
        .thread_stack_size(512 << 10)
        .on_thread_start(|| ROLE.set(Role::Worker))
        .enable_all()
        .build()
        .inspect_err(|error| log::error!("cannot start threads: {error}"))
        .ok()
}

/// The runtime's handle; `None` when its threads could not be started.
#[must_use]
pub fn handle() -> Option<&'static Handle> {
    RUNTIME.get().as_ref().map(Runtime::handle)
}

/// Whether the calling thread is one of this library: such a thread must not wait for what only
/// other work of the library can bring.
#[must_use]
pub fn on_own_thread() -> bool {
    ROLE.get() != Role::Program
}

/// Runs a future on the workers. Dropped with an error in the log if there are none.
pub fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    match handle() {
        Some(handle) => drop(handle.spawn(future)),
        None => log::error!("no threads: dropping asynchronous work"),
    }
}

/// Runs blocking disk work on a thread for it; on the calling one if there is none.
pub fn spawn_blocking(work: impl FnOnce() + Send + 'static) {
    match handle() {
        Some(handle) => drop(handle.spawn_blocking(work)),
        None => work(),
    }
}

#[cfg(test)]
mod tests;
