//! Functions of the caller's that the library calls, with the argument they get back.
//!
//! ```text
//!   C: rados_watch2(io, oid, &cookie, on_notify, on_error, arg)
//!                                        |          |      |
//!                        Callback { function, arg }  <-----+   kept, called on a thread
//! ```
//!
//! A callback runs on a thread of the library and never inside the caller's own call, so that a
//! caller may hold its locks while it submits. Progress functions of synchronous calls are the
//! exception: Ceph calls them while the caller waits, and so do we. May use: errno, guard.

use super::types::librbd_progress_fn_t;
use crate::errno::{Errno, Result};
use libc::c_void;

/// A function pointer of type `F` and the pointer that the caller wants back.
#[derive(Clone, Copy, Debug)]
pub struct Callback<F> {
    function: F,
    arg: *mut c_void,
}

// SAFETY: a C caller that hands a function and its argument to this library agrees that they are
// used on other threads: that is what the API documents. We never look at what arg points to.
unsafe impl<F: Send> Send for Callback<F> {}
// SAFETY: as above.
unsafe impl<F: Sync> Sync for Callback<F> {}

impl<F: Copy> Callback<F> {
    /// Both parts; `None` where C gave a null function, which is how it says "none".
    pub fn new(function: Option<F>, arg: *mut c_void) -> Option<Callback<F>> {
        function.map(|function| Callback { function, arg })
    }

    /// Both parts; `EINVAL` where C gave a null function.
    pub fn required(function: Option<F>, arg: *mut c_void) -> Result<Callback<F>> {
        Callback::new(function, arg).ok_or(Errno::EINVAL.because("null where a callback belongs"))
    }

    /// The function, to be called with [`arg`](Self::arg) in the place its type says.
    #[inline]
    pub fn function(&self) -> F {
        self.function
    }

    /// What the caller wants back.
    #[inline]
    pub fn arg(&self) -> *mut c_void {
        self.arg
    }
}

/// A progress function as a closure: `Err(errno)` where the caller wants to stop, never where it
/// gave none.
///
/// # Safety
/// The [C API contract](super::guard#safety): `ptr` fits `function`.
pub unsafe fn progress(
    function: librbd_progress_fn_t,
    ptr: *mut c_void,
) -> impl FnMut(u64, u64) -> Result<()> + Send {
    let callback = Callback::new(function, ptr);
    move |offset, total| {
        let Some(callback) = &callback else { return Ok(()) };
        // SAFETY: the caller's contract.
        let ret = unsafe { (callback.function())(offset, total, callback.arg()) };
        Errno::from_c(ret).map_or(Ok(()), |errno| Err(errno.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" fn stop_at_two(offset: u64, _total: u64, seen: *mut c_void) -> libc::c_int {
        // SAFETY: the test below passes a u64.
        unsafe { *seen.cast::<u64>() = offset };
        if offset == 2 { -libc::EINTR } else { 0 }
    }

    #[test]
    fn progress_stops_on_a_negative_answer() {
        let mut seen = 0u64;
        // SAFETY: seen is what stop_at_two wants and outlives the closure.
        let mut report = unsafe { progress(Some(stop_at_two), (&raw mut seen).cast()) };
        assert!(report(1, 3).is_ok());
        assert!(report(2, 3).is_err_and(|e| e == Errno::EINTR));
        drop(report);
        assert_eq!(seen, 2);
        // SAFETY: no function.
        assert!(unsafe { progress(None, std::ptr::null_mut()) }(0, 1).is_ok());
    }

    #[test]
    fn a_missing_function_is_none_or_einval() {
        type F = unsafe extern "C" fn();
        assert!(Callback::<F>::new(None, std::ptr::null_mut()).is_none());
        assert!(Callback::<F>::required(None, std::ptr::null_mut()).is_err());
    }
}
