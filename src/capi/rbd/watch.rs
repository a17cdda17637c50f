//! Being told of changes of an image, and of snapshots about to be taken.

use std::sync::Arc;

use libc::{c_int, c_void};

use super::common::image as open;
use crate::capi::buffer::out;
use crate::capi::callback::Callback;
use crate::capi::guard::exports;
use crate::capi::types::*;
use crate::errno::Result;
use crate::rbd::QuiesceCallbacks;
use crate::runtime;

/// A function of the caller's as one of ours.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety): `arg` fits `function`, until it is not called
/// any more.
unsafe fn closure(
    function: rbd_update_callback_t,
    arg: *mut c_void,
) -> Result<Arc<dyn Fn() + Send + Sync>> {
    let callback = Callback::required(function, arg)?;
    Ok(Arc::new(move || {
        // SAFETY: the caller's contract.
        unsafe { (callback.function())(callback.arg()) };
    }))
}

exports! {
    /// Calls `watch_cb` on a thread of the library whenever the image changes, until
    /// rbd_update_unwatch(). Returns 0.
    fn rbd_update_watch(
        image: rbd_image_t,
        handle: *mut u64,
        watch_cb: rbd_update_callback_t,
        arg: *mut c_void,
    ) -> c_int => {
        let number = open(image)?.watch_updates(closure(watch_cb, arg)?);
        out(handle, number);
        Ok(0)
    };
    /// Ends it; no call begins or is under way after this. Returns 0.
    fn rbd_update_unwatch(image: rbd_image_t, handle: u64) -> c_int => {
        open(image)?.unwatch_updates(handle)?;
        runtime::flush_callbacks();
        Ok(0)
    };
    /// Calls `quiesce_cb` on a thread of the library before a snapshot is taken, which has to be
    /// answered with rbd_quiesce_complete(), and `unquiesce_cb` after it. Returns 0.
    fn rbd_quiesce_watch(
        image: rbd_image_t,
        quiesce_cb: rbd_update_callback_t,
        unquiesce_cb: rbd_update_callback_t,
        arg: *mut c_void,
        handle: *mut u64,
    ) -> c_int => {
        let callbacks = QuiesceCallbacks {
            quiesce: {
                let quiesce = closure(quiesce_cb, arg)?;
                Arc::new(move |_| quiesce())
            },
            unquiesce: closure(unquiesce_cb, arg)?,
        };
        out(handle, open(image)?.watch_quiesce(callbacks));
        Ok(0)
    };
    /// Ends it; no call begins or is under way after this. Returns 0.
    fn rbd_quiesce_unwatch(image: rbd_image_t, handle: u64) -> c_int => {
        open(image)?.unwatch_quiesce(handle)?;
        runtime::flush_callbacks();
        Ok(0)
    };
    /// Says that the program has stopped writing, or with a negative error number that it could
    /// not.
    fn rbd_quiesce_complete(image: rbd_image_t, handle: u64, r: c_int) => {
        open(image)?.quiesce_complete(handle, r);
        Ok(())
    };
}
