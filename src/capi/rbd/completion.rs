//! `rbd_completion_t`, and telling a program's event loop about completed ones.

use std::collections::VecDeque;
use std::sync::Arc;

use libc::{c_int, c_void, ssize_t};
use parking_lot::Mutex;

use super::common::ImageHandle;
use crate::capi::buffer::out;
use crate::capi::callback::Callback;
use crate::capi::guard::exports;
use crate::capi::handle::{self, Handle, Shared};
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::runtime::Completion;

type Function = unsafe extern "C" fn(rbd_completion_t, *mut c_void);

/// What stands behind an `rbd_completion_t`.
pub(super) struct CompletionHandle {
    completion: Arc<Completion>,
    callback: Option<Callback<Function>>,
    arg: Callback<()>,
}

impl Handle for CompletionHandle {
    const TAG: [u8; 8] = *b"rbdaiocb";
}

/// A completion that an operation will end.
pub(super) struct Armed {
    completion: Shared<CompletionHandle>,
    events: Option<Arc<Events>>,
}

/// Takes a completion for an operation on an image that was accepted.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
pub(super) unsafe fn arm(c: rbd_completion_t, events: Option<&Arc<Events>>) -> Result<Armed> {
    // SAFETY: the caller's contract.
    let shared = unsafe { handle::share::<CompletionHandle>(c)? };
    let events = events.filter(|events| events.is_wanted()).cloned();
    if let Some(callback) = shared.callback {
        let kept = shared.clone();
        shared.completion.set_callback(Box::new(move || {
            // SAFETY: the caller gave function and argument for this call; `kept` keeps the
            // completion alive until it returns.
            unsafe { (callback.function())(kept.handle(), callback.arg()) };
        }));
    }
    Ok(Armed { completion: shared, events })
}

impl Armed {
    /// Ends the operation: bytes, 0 or a negative error number.
    pub(super) fn complete(self, result: i64) {
        let Armed { completion, events } = self;
        completion.completion.complete(result, 0);
        if let Some(events) = events {
            events.push(completion);
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
#[derive(Default)]
pub(super) struct Events {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The descriptor and its kind.
    notified: Option<(c_int, c_int)>,
    completed: VecDeque<Shared<CompletionHandle>>,
}

impl Events {
    fn is_wanted(&self) -> bool {
        self.state.lock().notified.is_some()
    }

    fn push(&self, completion: Shared<CompletionHandle>) {
        let mut state = self.state.lock();
        state.completed.push_back(completion);
        let Some((fd, kind)) = state.notified else { return };
        drop(state);
        let one = 1u64.to_ne_bytes();
        let bytes: &[u8] = if kind == EVENT_TYPE_EVENTFD { &one } else { b"i" };
        // SAFETY: the bytes are there; the descriptor is the caller's, who keeps it open as long as
        // the image. A full pipe wakes its reader anyway.
        unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
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
        let completion = handle::create(CompletionHandle {
            completion: Completion::new(),
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
        let completion = Arc::clone(&of(c)?.completion);
        completion.wait_done();
        Ok(0)
    };
    /// What the operation returned: bytes, 0, or a negative error number. 0 while it is under way.
    fn rbd_aio_get_return_value(c: rbd_completion_t) -> ssize_t => {
        Ok(ssize_t::try_from(of(c)?.completion.result()).unwrap_or(ssize_t::MAX))
    };
    /// The argument that the completion was made with.
    fn rbd_aio_get_arg(c: rbd_completion_t) -> *mut c_void => Ok(of(c)?.arg.arg());
    /// Gives up a completion. Its operation goes on and its callback is still called.
    fn rbd_aio_release(c: rbd_completion_t) => handle::release::<CompletionHandle>(c);
    /// Asks to be told through a descriptor when an asynchronous operation of the image has been
    /// done: EVENT_TYPE_PIPE or EVENT_TYPE_EVENTFD. The operations are then fetched with
    /// rbd_poll_io_events(). Returns 0, or -EINVAL for another type or the second time.
    fn rbd_set_image_notification(image: rbd_image_t, fd: c_int, r#type: c_int) -> c_int => {
        let mut state = handle::get::<ImageHandle>(image)?.events.state.lock();
        let known = matches!(r#type, EVENT_TYPE_PIPE | EVENT_TYPE_EVENTFD);
        if !known || state.notified.is_some() {
            return Err(Errno::EINVAL.into());
        }
        state.notified = Some((fd, r#type));
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
        let fetched: Vec<_> = {
            let mut state = events.state.lock();
            let count = room.min(state.completed.len());
            state.completed.drain(..count).collect()
        };
        for (at, completion) in fetched.iter().enumerate() {
            completion.completion.wait_done();
            comps.add(at).write(completion.handle());
        }
        Ok(fetched.len() as c_int)
    };
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn of<'a>(c: rbd_completion_t) -> Result<&'a CompletionHandle> {
    // SAFETY: the caller's contract.
    unsafe { handle::get(c) }
}
