//! The thread that calls handlers of watches.
//!
//! It is not the one that calls completions back: a handler may block for long, and the completion
//! of the very notification it blocks must still come, with a timeout (measured on 16.2.15).

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::process::PerProcess;
use super::{ROLE, Role};

type Call = Box<dyn FnOnce() + Send>;

static CALLS: PerProcess<Mutex<Sender<Call>>> = PerProcess::new(start);

fn start() -> Mutex<Sender<Call>> {
    let (sender, calls) = mpsc::channel();
    let spawned = thread::Builder::new().name("oxi-watch".into()).spawn(move || run(&calls));
    if let Err(error) = spawned {
        log::error!("cannot start the thread of watches: {error}");
    }
    Mutex::new(sender)
}

/// Queues a call of a handler. It may wait and block, which keeps only other handlers from being
/// called.
pub fn call(call: Call) {
    if CALLS.get().lock().send(call).is_err() {
        log::error!("no thread of watches: a notification is dropped");
    }
}

/// Waits until every call queued so far has returned. At once inside such a call, where waiting
/// would be for ever.
pub async fn flush() {
    if ROLE.get() == Role::Watches {
        return;
    }
    let (sender, receiver) = oneshot::channel();
    call(Box::new(move || {
        let _ = sender.send(());
    }));
    // Without a thread there is nothing to wait for.
    let _ = receiver.await;
}

fn run(calls: &Receiver<Call>) {
    ROLE.set(Role::Watches);
    for call in calls {
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).is_err() {
            log::error!("a handler of a watch panicked");
        }
    }
}
