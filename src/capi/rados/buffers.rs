//! Memory that the library gave to its caller.

use crate::capi::buffer::free;
use libc::c_char;

/// Frees memory that a rados function put into a `char **` argument. Null is fine.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_buffer_free(buf: *mut c_char) {
    // SAFETY: C API contract: the memory came from buffer::give and is not used any more.
    unsafe { free(buf) }
}
