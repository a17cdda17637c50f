//! Functions of "tmap", a key-value form that Ceph removed long ago.
//!
//! No header declares them, but the library exports them in two versions, and old programs may be
//! linked to either. Ceph's LIBRADOS_14.2.0 version answers `-EOPNOTSUPP` whatever the arguments
//! (measured on
//! 16.2.15), because no OSD knows tmap any more; for the same reason ours does in both versions.
//! The second version is made when the library is linked: see `link/link.sh`.

use crate::capi::types::rados_ioctx_t;
use crate::errno::Errno;
use libc::{c_char, c_int};

/// Would return an object's tmap. `-EOPNOTSUPP`.
///
/// # Safety
/// None needed: no argument is looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_tmap_get(
    _io: rados_ioctx_t,
    _oid: *const c_char,
    _buf: *mut c_char,
    _buflen: usize,
) -> c_int {
    Errno::EOPNOTSUPP.to_c()
}

/// Would replace an object's tmap. `-EOPNOTSUPP`.
///
/// # Safety
/// None needed: no argument is looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_tmap_put(
    _io: rados_ioctx_t,
    _oid: *const c_char,
    _buf: *const c_char,
    _buflen: usize,
) -> c_int {
    Errno::EOPNOTSUPP.to_c()
}

/// Would change an object's tmap. `-EOPNOTSUPP`.
///
/// # Safety
/// None needed: no argument is looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_tmap_update(
    _io: rados_ioctx_t,
    _oid: *const c_char,
    _cmdbuf: *const c_char,
    _cmdbuflen: usize,
) -> c_int {
    Errno::EOPNOTSUPP.to_c()
}
