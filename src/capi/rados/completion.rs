//! `rados_completion_t`.

use libc::{c_int, c_void};

use super::context::Context;
use crate::capi::buffer;
use crate::capi::callback::Callback;
use crate::capi::completion::CompletionHandle;
use crate::capi::guard::{exports, guard};
use crate::capi::handle::{self, Handle, Shared};
use crate::capi::types::*;
use crate::errno::Result;
use crate::runtime::Completion;

type Function = unsafe extern "C" fn(rados_completion_t, *mut c_void);

/// What stands behind a `rados_completion_t`.
pub(super) struct RadosCompletion {
    completion: Completion,
    complete: Option<Callback<Function>>,
    safe: Option<Callback<Function>>,
}

impl Handle for RadosCompletion {
    const TAG: [u8; 8] = *b"radoscmp";
}

impl CompletionHandle for RadosCompletion {
    fn completion(&self) -> &Completion {
        &self.completion
    }

    fn call_back(&self, handle: *mut c_void) {
        for callback in [self.complete, self.safe].into_iter().flatten() {
            // SAFETY: the caller gave function and argument for this call, during which the
            // completion is kept.
            unsafe { (callback.function())(handle, callback.arg()) };
        }
    }
}

/// A completion that an operation will end.
pub(super) struct Armed(Shared<RadosCompletion>);

impl RadosCompletion {
    /// Takes the completion for an operation that was accepted: from now on its callbacks will be
    /// called.
    ///
    /// # Safety
    /// The [C API contract](crate::capi::guard#safety).
    pub(super) unsafe fn arm(completion: rados_completion_t) -> Result<Armed> {
        // SAFETY: the caller's contract.
        Ok(Armed(unsafe { handle::share(completion)? }))
    }
}

impl Armed {
    /// Ends the operation; its callbacks are queued.
    pub(super) fn complete(self, result: c_int, version: u64) {
        self.0.complete(i64::from(result), version);
    }
}

/// Makes a completion. `cb_complete` is called when the operation has been done, `cb_safe` right
/// after it; either may be NULL. Both are called on a thread of the library.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_aio_create_completion(
    cb_arg: *mut c_void,
    cb_complete: rados_callback_t,
    cb_safe: rados_callback_t,
    pc: *mut rados_completion_t,
) -> c_int {
    guard("rados_aio_create_completion", || {
        let completion = handle::create(RadosCompletion {
            completion: Completion::new(cb_complete.is_some() || cb_safe.is_some()),
            complete: Callback::new(cb_complete, cb_arg),
            safe: Callback::new(cb_safe, cb_arg),
        });
        // SAFETY: C API contract.
        unsafe { buffer::out(pc, completion) };
        Ok(0)
    })
}

/// Makes a completion. `cb_complete`, unless NULL, is called on a thread of the library when the
/// operation has been done.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_aio_create_completion2(
    cb_arg: *mut c_void,
    cb_complete: rados_callback_t,
    pc: *mut rados_completion_t,
) -> c_int {
    // SAFETY: C API contract.
    unsafe { rados_aio_create_completion(cb_arg, cb_complete, None, pc) }
}

/// Gives up a completion. Its operation goes on and its callback is still called.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_aio_release(c: rados_completion_t) {
    guard("rados_aio_release", || {
        // SAFETY: C API contract.
        unsafe { handle::release::<RadosCompletion>(c) }
    });
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn of(c: rados_completion_t) -> Result<Shared<RadosCompletion>> {
    // SAFETY: the caller's contract.
    unsafe { handle::share(c) }
}

exports! {
    /// Waits until the operation has been done. Returns 0.
    fn rados_aio_wait_for_complete(c: rados_completion_t) -> c_int => {
        of(c)?.completion.wait();
        Ok(0)
    };
    /// Waits until the operation is durable, which it is when it has been done. Returns 0.
    #[deprecated]
    fn rados_aio_wait_for_safe(c: rados_completion_t) -> c_int => {
        of(c)?.completion.wait();
        Ok(0)
    };
    /// Waits until the operation has been done and the callback has returned. Returns 0.
    fn rados_aio_wait_for_complete_and_cb(c: rados_completion_t) -> c_int => {
        of(c)?.wait_done();
        Ok(0)
    };
    /// Waits until the operation is durable and the callback has returned. Returns 0.
    #[deprecated]
    fn rados_aio_wait_for_safe_and_cb(c: rados_completion_t) -> c_int => {
        of(c)?.wait_done();
        Ok(0)
    };
    /// Whether the operation has been done.
    fn rados_aio_is_complete(c: rados_completion_t) -> c_int =>
        Ok(c_int::from(of(c)?.completion.is_complete()));
    /// Whether the operation is durable.
    fn rados_aio_is_safe(c: rados_completion_t) -> c_int =>
        Ok(c_int::from(of(c)?.completion.is_complete()));
    /// Whether the operation has been done and the callback has returned.
    fn rados_aio_is_complete_and_cb(c: rados_completion_t) -> c_int =>
        Ok(c_int::from(of(c)?.completion.is_done()));
    /// Whether the operation is durable and the callback has returned.
    fn rados_aio_is_safe_and_cb(c: rados_completion_t) -> c_int =>
        Ok(c_int::from(of(c)?.completion.is_done()));
    /// What the operation returned: bytes read, 0, or a negative error number. 0 while it is under
    /// way.
    fn rados_aio_get_return_value(c: rados_completion_t) -> c_int =>
        Ok(of(c)?.completion.result() as c_int);
    /// The version of the object that the operation read or wrote.
    fn rados_aio_get_version(c: rados_completion_t) -> u64 => Ok(of(c)?.completion.version());
}

/// Waits until all asynchronous writes of the context submitted so far are durable. Returns 0.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_aio_flush(io: rados_ioctx_t) -> c_int {
    guard("rados_aio_flush", || {
        // SAFETY: C API contract.
        unsafe { Context::share(io)? }.wait_for_writes();
        Ok(0)
    })
}

/// Completes `completion` when all asynchronous writes of the context submitted so far are durable.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_aio_flush_async(
    io: rados_ioctx_t,
    completion: rados_completion_t,
) -> c_int {
    guard("rados_aio_flush_async", || {
        // SAFETY: C API contract.
        let (io, completion) = unsafe { (Context::of(io)?, RadosCompletion::arm(completion)?) };
        io.when_writes_are_done(Box::new(move || completion.complete(0, 0)));
        Ok(0)
    })
}

/// Asks for an operation to be given up. An operation that has been handed to the store or cluster
/// is not taken back: this waits for its end and returns 0, as Ceph's does for one that is done.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_aio_cancel(
    io: rados_ioctx_t,
    completion: rados_completion_t,
) -> c_int {
    guard("rados_aio_cancel", || {
        // SAFETY: C API contract.
        let completion = unsafe {
            Context::of(io)?;
            handle::share::<RadosCompletion>(completion)?
        };
        completion.completion.wait();
        Ok(0)
    })
}
