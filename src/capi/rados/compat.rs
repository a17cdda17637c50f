//! The older twins of four functions, which programs linked before Ceph 14.2 and `dlsym()` get.
//!
//! A library may define a name in several versions. These four are in the base version, hidden: a
//! new link chooses the one of LIBRADOS_14.2.0. The linker renames `oxirados_base_NAME` to that
//! (`link/link.sh`). They are in a section of their own: functions of one section that do the same
//! get one address from the compiler, and the linker takes two versions at one address for one.

use super::{rados_ioctx_pool_stat, rados_tmap_get, rados_tmap_put, rados_tmap_update};
use crate::capi::guard::guard;
use crate::capi::types::{rados_ioctx_t, rados_pool_stat_t};
use crate::errno::Errno;
use libc::{c_char, c_int};
use std::mem::{MaybeUninit, offset_of};

/// Bytes of the struct before Ceph 14.2: the fields from num_user_bytes on were not there. Measured
/// on
/// 16.2.15: the base version writes bytes 0 to 95 and no more.
const OLD_SIZE: usize = offset_of!(rados_pool_stat_t, num_user_bytes);

#[unsafe(export_name = "oxirados_base_rados_ioctx_pool_stat")]
#[unsafe(link_section = ".text.oxirados_base")]
unsafe extern "C" fn old_ioctx_pool_stat(
    io: rados_ioctx_t,
    stats: *mut rados_pool_stat_t,
) -> c_int {
    guard("rados_ioctx_pool_stat", || {
        if stats.is_null() {
            return Err(Errno::EINVAL.into());
        }
        let mut full = MaybeUninit::<rados_pool_stat_t>::zeroed();
        // SAFETY: C API contract; the old struct is valid for OLD_SIZE bytes, full for more than
        // that.
        unsafe {
            let ret = rados_ioctx_pool_stat(io, full.as_mut_ptr());
            if ret >= 0 {
                stats.cast::<u8>().copy_from_nonoverlapping(full.as_ptr().cast(), OLD_SIZE);
            }
            Ok(ret)
        }
    })
}

#[unsafe(export_name = "oxirados_base_rados_tmap_get")]
#[unsafe(link_section = ".text.oxirados_base")]
unsafe extern "C" fn old_tmap_get(
    io: rados_ioctx_t,
    oid: *const c_char,
    buf: *mut c_char,
    buflen: usize,
) -> c_int {
    // SAFETY: none needed.
    unsafe { rados_tmap_get(io, oid, buf, buflen) }
}

#[unsafe(export_name = "oxirados_base_rados_tmap_put")]
#[unsafe(link_section = ".text.oxirados_base")]
unsafe extern "C" fn old_tmap_put(
    io: rados_ioctx_t,
    oid: *const c_char,
    buf: *const c_char,
    buflen: usize,
) -> c_int {
    // SAFETY: none needed.
    unsafe { rados_tmap_put(io, oid, buf, buflen) }
}

#[unsafe(export_name = "oxirados_base_rados_tmap_update")]
#[unsafe(link_section = ".text.oxirados_base")]
unsafe extern "C" fn old_tmap_update(
    io: rados_ioctx_t,
    oid: *const c_char,
    cmdbuf: *const c_char,
    cmdbuflen: usize,
) -> c_int {
    // SAFETY: none needed.
    unsafe { rados_tmap_update(io, oid, cmdbuf, cmdbuflen) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_old_struct_has_96_bytes() {
        assert_eq!(super::OLD_SIZE, 96);
    }
}
