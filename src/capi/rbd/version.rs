//! The version of the interface.

use crate::capi::buffer::out;
use crate::capi::types::{LIBRBD_VER_EXTRA, LIBRBD_VER_MAJOR, LIBRBD_VER_MINOR};
use libc::c_int;

/// Says which version of the interface this library speaks: 1.16.0.
///
/// Null pointers are skipped.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rbd_version(major: *mut c_int, minor: *mut c_int, extra: *mut c_int) {
    // SAFETY: C API contract.
    unsafe {
        out(major, LIBRBD_VER_MAJOR);
        out(minor, LIBRBD_VER_MINOR);
        out(extra, LIBRBD_VER_EXTRA);
    }
}
