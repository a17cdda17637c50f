//! Waiting for a future on the calling thread.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

thread_local! {
    static WAKER: Waker = Waker::from(Arc::new(Unpark(thread::current())));
}

/// Runs a future to its end on the calling thread, which may be any: also one that is inside a
/// callback of this library. Timers and sockets inside the future are served by the workers.
///
/// Not to be called on a worker from a future: it would keep that worker from its other work.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let _timers = super::handle().map(tokio::runtime::Handle::enter);
    let mut future = pin!(future);
    let waker = WAKER.try_with(Waker::clone).unwrap_or_else(|_| {
        // This thread is ending and its own waker is gone.
        Waker::from(Arc::new(Unpark(thread::current())))
    });
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        thread::park();
    }
}
