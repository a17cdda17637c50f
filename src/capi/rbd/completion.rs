//! `rbd_completion_t`, and telling a program's event loop about completed ones.
//!
//! A program that asked to be told through a descriptor mostly fetches its completions, and what
//! fetches them runs their callbacks:
//!
//! ```text
//!   done -- the program fetches --> completed --rbd_poll_io_events()--> callback, handed out
//!    \                                  \-- not fetched within PATIENCE: it fetches no more
//!     \- it does not -----------------------> the callback thread
//! ```

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use libc::{c_int, c_void, ssize_t};
use parking_lot::Mutex;
use smallvec::SmallVec;

use super::common::ImageHandle;
use crate::capi::buffer::out;
use crate::capi::callback::Callback;
use crate::capi::completion::CompletionHandle;
use crate::capi::guard::exports;
use crate::capi::handle::{self, Handle, Shared};
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::runtime::{self, Completion};

/// How long callbacks are left to a program that fetches its completions.
const PATIENCE: Duration = Duration::from_millis(10);

type Function = unsafe extern "C" fn(rbd_completion_t, *mut c_void);

/// What stands behind an `rbd_completion_t`.
pub(super) struct RbdCompletion {
    completion: Completion,
    callback: Option<Callback<Function>>,
    arg: Callback<()>,
}

impl Handle for RbdCompletion {
    const TAG: [u8; 8] = *b"rbdaiocb";
}

impl CompletionHandle for RbdCompletion {
    fn completion(&self) -> &Completion {
        &self.completion
    }

    fn call_back(&self, handle: *mut c_void) {
        if let Some(callback) = &self.callback {
            // SAFETY: the caller gave function and argument for this call, during which the
            // completion is kept.
            unsafe { (callback.function())(handle, callback.arg()) };
        }
    }
}

/// A completion that an operation will end.
pub(super) struct Armed {
    completion: Shared<RbdCompletion>,
    events: Option<Arc<Events>>,
}

/// Takes a completion for an operation on an image that was accepted.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
pub(super) unsafe fn arm(c: rbd_completion_t, events: Option<&Arc<Events>>) -> Result<Armed> {
    // SAFETY: the caller's contract.
    let completion = unsafe { handle::share(c)? };
    let events = events.filter(|events| events.is_wanted()).cloned();
    Ok(Armed { completion, events })
}

impl Armed {
    /// Ends the operation: bytes, 0 or a negative error number.
    pub(super) fn complete(self, result: i64) {
        let Armed { completion, events } = self;
        match events {
            None => completion.complete(result, 0),
            Some(events) => {
                completion.completion.complete_unqueued(result, 0);
                events.push(completion);
            }
        }
    }

    /// Ends the operation with a count or an error.
    pub(super) fn end(self, result: Result<u64>) {
        self.complete(match result {
            Ok(count) => i64::try_from(count).unwrap_or(i64::MAX),
            Err(error) => {
                log::debug!("asynchronous operation: {error}");
                error.to_c().into()
            }
        });
    }
}

/// Completed operations of an image that a program wants to fetch after it was told through a
/// descriptor.
///
/// An eventfd counts them, and what it counts is never more than what was completed. While a
/// program fetches, it may be less: as long as the descriptor speaks of an operation that is not
/// fetched, the program comes, and the others are counted when that one is fetched, all with one
/// write.
#[derive(Default)]
pub(super) struct Events {
    /// The descriptor and its kind.
    notified: OnceLock<(c_int, c_int)>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    completed: VecDeque<Shared<RbdCompletion>>,
    /// How many were fetched, ever.
    fetched: u64,
    /// How many the program was told of, ever.
    told: u64,
    /// The program fetches: callbacks are left to that.
    fetches: bool,
    /// Somebody looks whether it still does.
    attended: bool,
}

impl State {
    /// The number of the next one to be completed.
    fn next(&self) -> u64 {
        self.fetched + self.completed.len() as u64
    }

    /// What to tell the program now, if anything. To be told without the lock.
    fn news(&mut self, (fd, kind): (c_int, c_int)) -> Option<News> {
        let comes = self.fetches && kind == EVENT_TYPE_EVENTFD && self.told > self.fetched;
        let count = self.next() - self.told;
        if comes || count == 0 {
            return None;
        }
        self.told += count;
        Some(News { fd, kind, count })
    }
}

/// That operations were completed, for a program's descriptor.
struct News {
    fd: c_int,
    kind: c_int,
    count: u64,
}

impl News {
    fn tell(self) {
        let count = self.count.to_ne_bytes();
        // One byte each, but a program that left so many in its pipe is told already.
        let each = [b'i'; 64];
        let bytes: &[u8] = match self.kind {
            EVENT_TYPE_EVENTFD => &count,
            _ => &each[..each.len().min(self.count as usize)],
        };
        // SAFETY: the bytes are there; the descriptor is the caller's, who keeps it open as long as
        // the image. A full pipe wakes its reader anyway.
        unsafe { libc::write(self.fd, bytes.as_ptr().cast(), bytes.len()) };
    }
}

impl Events {
    fn is_wanted(&self) -> bool {
        self.notified.get().is_some()
    }

    /// Changes the state and tells the program what is new by that.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock();
        let changed = change(&mut state);
        let news = self.notified.get().and_then(|notified| state.news(*notified));
        drop(state);
        if let Some(news) = news {
            news.tell();
        }
        changed
    }

    /// A completed operation whose callback is not queued.
    fn push(self: Arc<Self>, completion: Shared<RbdCompletion>) {
        let unattended = self.change(|state| {
            if !state.fetches {
                completion.queue_callback();
            }
            state.completed.push_back(completion);
            let begin = state.fetches && !std::mem::replace(&mut state.attended, true);
            begin.then(|| state.next())
        });
        if let Some(behind) = unattended {
            runtime::spawn(attend(Arc::downgrade(&self), behind));
        }
    }

    /// At most `count` completed operations, the oldest first.
    fn fetch(&self, count: usize) -> SmallVec<[Shared<RbdCompletion>; 16]> {
        self.change(|state| {
            let count = count.min(state.completed.len());
            state.fetches = true;
            state.fetched += count as u64;
            state.completed.drain(..count).collect()
        })
    }

    /// Queues the callbacks if operations before the `behind`-th were not fetched. Otherwise the
    /// number to look for the next time; `None` when nobody has to look.
    fn look(&self, behind: u64) -> Option<u64> {
        self.change(|state| {
            if state.fetched < behind {
                state.fetches = false;
                state.completed.iter().for_each(Shared::queue_callback);
            }
            state.attended = state.fetches && !state.completed.is_empty();
            state.attended.then(|| state.next())
        })
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        // The image is closed: nobody can fetch them any more.
        let completed = &self.state.get_mut().completed;
        completed.iter().for_each(Shared::queue_callback);
    }
}

/// Looks from time to time whether what was completed is fetched, until there is nothing.
async fn attend(events: Weak<Events>, mut behind: u64) {
    loop {
        tokio::time::sleep(PATIENCE).await;
        let Some(next) = events.upgrade().and_then(|events| events.look(behind)) else { return };
        behind = next;
    }
}

exports! {
    /// Makes a completion. `complete_cb`, unless NULL, is called on a thread of the library when
    /// the operation has been done. Returns 0.
    fn rbd_aio_create_completion(
        cb_arg: *mut c_void,
        complete_cb: rbd_callback_t,
        c: *mut rbd_completion_t,
    ) -> c_int => {
        let completion = handle::create(RbdCompletion {
            completion: Completion::new(complete_cb.is_some()),
            callback: Callback::new(complete_cb, cb_arg),
            arg: Callback::required(Some(()), cb_arg)?,
        });
        out(c, completion);
        Ok(0)
    };
    /// Whether the operation has been done.
    fn rbd_aio_is_complete(c: rbd_completion_t) -> c_int => {
        Ok(c_int::from(of(c)?.completion.is_complete()))
    };
    /// Waits until the operation has been done and its callback has returned. Returns 0.
    fn rbd_aio_wait_for_complete(c: rbd_completion_t) -> c_int => {
        handle::share::<RbdCompletion>(c)?.wait_done();
        Ok(0)
    };
    /// What the operation returned: bytes, 0, or a negative error number. 0 while it is under way.
    fn rbd_aio_get_return_value(c: rbd_completion_t) -> ssize_t => {
        Ok(ssize_t::try_from(of(c)?.completion.result()).unwrap_or(ssize_t::MAX))
    };
    /// The argument that the completion was made with.
    fn rbd_aio_get_arg(c: rbd_completion_t) -> *mut c_void => Ok(of(c)?.arg.arg());
    /// Gives up a completion. Its operation goes on and its callback is still called.
    fn rbd_aio_release(c: rbd_completion_t) => handle::release::<RbdCompletion>(c);
    /// Asks to be told through a descriptor when an asynchronous operation of the image has been
    /// done: EVENT_TYPE_PIPE or EVENT_TYPE_EVENTFD. The operations are then fetched with
    /// rbd_poll_io_events(). Returns 0, or -EINVAL for another type or the second time.
    fn rbd_set_image_notification(image: rbd_image_t, fd: c_int, r#type: c_int) -> c_int => {
        let events = &handle::get::<ImageHandle>(image)?.events;
        let known = matches!(r#type, EVENT_TYPE_PIPE | EVENT_TYPE_EVENTFD);
        if !known || events.notified.set((fd, r#type)).is_err() {
            return Err(Errno::EINVAL.into());
        }
        Ok(0)
    };
    /// Fetches completed operations, at most `numcomp` of them, without waiting for more. Their
    /// callbacks have returned, or are called here. Returns how many.
    fn rbd_poll_io_events(
        image: rbd_image_t,
        comps: *mut rbd_completion_t,
        numcomp: c_int,
    ) -> c_int => {
        let events = &handle::get::<ImageHandle>(image)?.events;
        let room = usize::try_from(numcomp).map_err(|_| Errno::EINVAL)?;
        let fetched = events.fetch(room);
        for (at, completion) in fetched.iter().enumerate() {
            completion.wait_done();
            comps.add(at).write(completion.handle());
        }
        Ok(fetched.len() as c_int)
    };
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn of<'a>(c: rbd_completion_t) -> Result<&'a RbdCompletion> {
    // SAFETY: the caller's contract.
    unsafe { handle::get(c) }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    unsafe extern "C" fn tell(c: rbd_completion_t, arg: *mut c_void) {
        // SAFETY: the test gave its sender, which outlives all callbacks.
        let sender = unsafe { &*arg.cast_const().cast::<Sender<usize>>() };
        sender.send(c.addr()).unwrap();
    }

    #[test]
    fn callbacks_run_whether_the_program_fetches_or_not() {
        let (sender, called) = channel::<usize>();
        let arg = (&raw const sender).cast_mut().cast();
        let events = Arc::new(Events::default());
        // SAFETY: an eventfd of its own for each call.
        let fd = unsafe { libc::eventfd(0, libc::EFD_SEMAPHORE | libc::EFD_NONBLOCK) };
        events.notified.set((fd, EVENT_TYPE_EVENTFD)).unwrap();
        let complete = |events: &Arc<Events>| {
            let mut c: rbd_completion_t = std::ptr::null_mut();
            // SAFETY: the completion just made.
            unsafe {
                assert_eq!(rbd_aio_create_completion(arg, Some(tell), &raw mut c), 0);
                arm(c, Some(events)).unwrap().complete(0);
            }
            c
        };
        let timeout = Duration::from_secs(30);
        // It has not fetched anything yet, and then it does: the callback is left to it.
        assert_eq!(complete(&events).addr(), called.recv_timeout(timeout).unwrap());
        assert_eq!(events.fetch(8).len(), 1);
        let second = complete(&events);
        let fetched = events.fetch(8);
        assert_eq!(fetched.len(), 1);
        fetched[0].wait_done();
        assert_eq!(second.addr(), called.recv_timeout(timeout).unwrap());
        // It stops fetching: the callbacks run all the same, once each.
        let late = [complete(&events), complete(&events)].map(|c| c.addr());
        assert_eq!(late, [(); 2].map(|()| called.recv_timeout(timeout).unwrap()));
        assert_eq!(complete(&events).addr(), called.recv_timeout(timeout).unwrap());
        assert_eq!(events.fetch(8).len(), 3);
        runtime::flush_callbacks();
        assert!(called.try_recv().is_err());
        let mut told = [0; 8];
        // SAFETY: the descriptor made above, and room for the eight bytes that are read.
        let reads = (0..6).map(|_| unsafe { libc::read(fd, told.as_mut_ptr().cast(), 8) });
        assert_eq!(reads.collect::<Vec<_>>(), [8, 8, 8, 8, 8, -1]);
        // While it fetches, and nobody has begun to doubt that, it is told of the next one, and of
        // the others when it has that.
        events.state.lock().attended = true;
        let read = |told: &mut [u8; 8]| {
            // SAFETY: the descriptor made above, and room for the eight bytes that are read.
            unsafe { libc::read(fd, told.as_mut_ptr().cast(), 8) }
        };
        for _ in 0..4 {
            complete(&events);
        }
        assert_eq!([read(&mut told), read(&mut told)], [8, -1]);
        let first = events.fetch(1);
        first[0].wait_done();
        called.recv_timeout(timeout).unwrap();
        assert_eq!([(); 4].map(|()| read(&mut told)), [8, 8, 8, -1]);
        for completion in events.fetch(8) {
            completion.wait_done();
            called.recv_timeout(timeout).unwrap();
        }
        events.state.lock().attended = false;
        // What is left when the image is closed runs too.
        let third = complete(&events);
        drop(events);
        assert_eq!(third.addr(), called.recv_timeout(timeout).unwrap());
        // It has said so, but may not have let go of the sender.
        runtime::flush_callbacks();
        // SAFETY: as above.
        unsafe { libc::close(fd) };
    }
}
