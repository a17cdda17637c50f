//! The version of the interface.

use crate::capi::buffer::out;
use crate::capi::types::{LIBRADOS_VER_EXTRA, LIBRADOS_VER_MAJOR, LIBRADOS_VER_MINOR};
use libc::c_int;

/// Says which version of the interface this library speaks: 3.0.0, as all of Ceph 16 to 20.
///
/// Null pointers are skipped.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_version(major: *mut c_int, minor: *mut c_int, extra: *mut c_int) {
    // SAFETY: C API contract.
    unsafe {
        out(major, LIBRADOS_VER_MAJOR);
        out(minor, LIBRADOS_VER_MINOR);
        out(extra, LIBRADOS_VER_EXTRA);
    }
}
