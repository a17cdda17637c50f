use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::*;

type Callback = Box<dyn FnOnce() + Send>;

/// A completion and what to call.
struct Told {
    completion: Completion,
    callback: Mutex<Option<Callback>>,
}

impl Completes for Told {
    fn completion(&self) -> &Completion {
        &self.completion
    }

    fn call_back(self: Arc<Self>) {
        let callback = self.callback.lock().take();
        callback.expect("called twice")();
    }
}

fn told(callback: impl FnOnce() + Send + 'static) -> Arc<Told> {
    let callback: Callback = Box::new(callback);
    Arc::new(Told { completion: Completion::new(true), callback: Mutex::new(Some(callback)) })
}

#[test]
fn a_callback_runs_once_and_never_inside_complete() {
    for _ in 0..200 {
        let calls = Arc::new(AtomicU32::new(0));
        let me = std::thread::current().id();
        let completing = Arc::new(AtomicU32::new(1));
        let (count, inside) = (calls.clone(), completing.clone());
        let told = told(move || {
            if std::thread::current().id() == me {
                assert_eq!(inside.load(Ordering::SeqCst), 0, "ran inside complete()");
            }
            count.fetch_add(1, Ordering::SeqCst);
        });
        told.complete(42, 7);
        completing.store(0, Ordering::SeqCst);
        told.wait_done();
        assert_eq!((told.completion.result(), told.completion.version()), (42, 7));
        flush_callbacks();
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn a_callback_may_wait_for_another_operation() {
    let second = Arc::new(Completion::new(false));
    let inner = second.clone();
    let first = told(move || {
        block_on(async { tokio::time::sleep(Duration::from_millis(1)).await });
        inner.complete(0, 0);
    });
    first.complete(0, 0);
    second.wait_done();
    first.wait_done();
    assert!(first.completion.is_done() && second.is_done());
}

#[test]
fn block_on_serves_timers_and_spawned_work() {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    spawn(async move {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let _ = sender.send(5);
    });
    assert_eq!(block_on(receiver).unwrap(), 5);
}

#[test]
fn callbacks_of_a_program_that_stops_waiting_still_run() {
    // Long enough for the finisher to leave the callbacks to who waits.
    for _ in 0..200 {
        let told = told(|| {});
        told.complete(0, 0);
        told.wait_done();
    }
    for _ in 0..20 {
        let (sender, receiver) = std::sync::mpsc::channel();
        told(move || sender.send(on_finisher()).unwrap()).complete(0, 0);
        assert!(receiver.recv_timeout(Duration::from_secs(10)).unwrap());
    }
    flush_callbacks();
}

#[test]
fn callbacks_that_were_waited_for_leave_the_queue() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let first = told(move || sender.send(()).unwrap());
    first.complete(0, 0);
    let weak = Arc::downgrade(&first);
    first.wait_done();
    receiver.recv().unwrap();
    drop(first);
    flush_callbacks();
    assert!(weak.upgrade().is_none());
}
