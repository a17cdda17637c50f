//! Omap entries: the steps that read them, and `rados_omap_iter_t`, what they answered.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use libc::{c_char, c_int, c_uchar, c_uint};
use parking_lot::Mutex;

use super::context::OutPtr;
use super::read_op::{add, output};
use super::steps::owned_strings;
use crate::capi::buffer;
use crate::capi::guard::guard;
use crate::capi::handle::{self, Handle};
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::model::{Op, Out};

/// What stands behind a `rados_omap_iter_t`: keys and values end with a zero byte, for C, that does
/// not count in their lengths.
pub(super) struct OmapIter {
    entries: Entries,
    next: Mutex<usize>,
}

/// Empty until the operation is done: callers take the iterator before it is (python3-rados does).
type Entries = Arc<OnceLock<Vec<(Vec<u8>, Vec<u8>)>>>;

impl Handle for OmapIter {
    const TAG: [u8; 8] = *b"omap\0\0\0\0";
}

/// A handle that iterates over what will be put into the entries.
fn iterate() -> (rados_omap_iter_t, Entries) {
    let entries = Entries::default();
    let iter = OmapIter { entries: Arc::clone(&entries), next: Mutex::new(0) };
    (handle::create(iter), entries)
}

/// The next entry: its key as a string, and its value of `*len` bytes; NULL, NULL and 0 behind the
/// last. They stay valid until `rados_omap_get_end`. Returns 0.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_omap_get_next(
    iter: rados_omap_iter_t,
    key: *mut *mut c_char,
    val: *mut *mut c_char,
    len: *mut usize,
) -> c_int {
    // SAFETY: C API contract.
    unsafe { rados_omap_get_next2(iter, key, val, std::ptr::null_mut(), len) }
}

/// Like `rados_omap_get_next` with the key's length, for keys that contain zero bytes.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_omap_get_next2(
    iter: rados_omap_iter_t,
    key: *mut *mut c_char,
    val: *mut *mut c_char,
    key_len: *mut usize,
    val_len: *mut usize,
) -> c_int {
    guard("rados_omap_get_next2", || {
        // SAFETY: C API contract.
        let iter = unsafe { handle::get::<OmapIter>(iter)? };
        let mut next = iter.next.lock();
        let entries = iter.entries.get().map(Vec::as_slice).unwrap_or_default();
        let found = entries.get(*next).map(|(key, value)| (&key[..], &value[..]));
        *next += usize::from(found.is_some());
        // Lengths without the zero byte that ends each.
        let part = |bytes: Option<&[u8]>| match bytes {
            Some(bytes) => (bytes.as_ptr().cast::<c_char>().cast_mut(), bytes.len() - 1),
            None => (std::ptr::null_mut(), 0),
        };
        let (found_key, found_key_len) = part(found.map(|(key, _)| key));
        // An empty value is null, as with Ceph's.
        let value = found.map(|(_, value)| value).filter(|value| value.len() > 1);
        let (found_value, found_value_len) = part(value);
        // SAFETY: C API contract.
        unsafe {
            buffer::out(key, found_key);
            buffer::out(val, found_value);
            buffer::out(key_len, found_key_len);
            buffer::out(val_len, found_value_len);
        }
        Ok(0)
    })
}

/// The number of entries in all.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_omap_iter_size(iter: rados_omap_iter_t) -> c_uint {
    guard("rados_omap_iter_size", || {
        // SAFETY: C API contract.
        let entries = &unsafe { handle::get::<OmapIter>(iter)? }.entries;
        Ok(entries.get().map_or(0, Vec::len) as c_uint)
    })
}

/// Ends an iteration.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_omap_get_end(iter: rados_omap_iter_t) {
    guard("rados_omap_get_end", || {
        // SAFETY: C API contract.
        unsafe { handle::destroy::<OmapIter>(iter).map(drop) }
    });
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety) until the operation's end.
unsafe fn add_omap(
    name: &'static str,
    read_op: rados_read_op_t,
    op: Result<Op>,
    iter: *mut rados_omap_iter_t,
    pmore: *mut c_uchar,
    prval: *mut c_int,
) {
    // SAFETY: the caller's contract.
    unsafe {
        let (handle, kept) = iterate();
        buffer::out(iter, handle);
        let pmore = OutPtr::new(pmore);
        pmore.set(0);
        let keep = move |out| {
            let decoded = !matches!(out, Out::None);
            let (entries, more) = match out {
                Out::Omap(found) => (found.entries, found.more),
                Out::OmapKeys(keys, more) => {
                    (keys.into_iter().map(|key| (key, Bytes::new())).collect(), more)
                }
                _ => (Vec::new(), false),
            };
            let ended = |bytes: Bytes| [&bytes[..], b"\0"].concat();
            let entries = entries.into_iter().map(|(key, value)| (ended(key), ended(value)));
            // Set once: the operation ends once.
            let _ = kept.set(entries.collect());
            pmore.set(c_uchar::from(more));
            if decoded { 0 } else { Errno::EIO.to_c() }
        };
        add(name, read_op, |steps| {
            steps.push(op?, output(prval, keep));
            Ok(())
        });
    }
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn optional(string: *const c_char) -> Result<Bytes> {
    if string.is_null() {
        return Ok(Bytes::new());
    }
    // SAFETY: the caller's contract.
    Ok(Bytes::copy_from_slice(unsafe { buffer::string(string)? }))
}

/// Gets omap keys behind `start_after`, at most `max_return`, without their values.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[deprecated]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_read_op_omap_get_keys(
    read_op: rados_read_op_t,
    start_after: *const c_char,
    max_return: u64,
    iter: *mut rados_omap_iter_t,
    prval: *mut c_int,
) {
    let no = std::ptr::null_mut();
    // SAFETY: C API contract.
    unsafe { rados_read_op_omap_get_keys2(read_op, start_after, max_return, iter, no, prval) }
}

/// Like `rados_read_op_omap_get_keys`; `*pmore` tells whether there are more.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_read_op_omap_get_keys2(
    read_op: rados_read_op_t,
    start_after: *const c_char,
    max_return: u64,
    iter: *mut rados_omap_iter_t,
    pmore: *mut c_uchar,
    prval: *mut c_int,
) {
    // SAFETY: C API contract.
    unsafe {
        let op = optional(start_after)
            .map(|start_after| Op::OmapGetKeys { start_after, max: max_return });
        add_omap("rados_read_op_omap_get_keys", read_op, op, iter, pmore, prval);
    }
}

/// Gets omap entries behind `start_after` whose keys begin with `filter_prefix`, at most
/// `max_return`.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[deprecated]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_read_op_omap_get_vals(
    read_op: rados_read_op_t,
    start_after: *const c_char,
    filter_prefix: *const c_char,
    max_return: u64,
    iter: *mut rados_omap_iter_t,
    prval: *mut c_int,
) {
    let (prefix, no) = (filter_prefix, std::ptr::null_mut());
    // SAFETY: C API contract.
    unsafe {
        rados_read_op_omap_get_vals2(read_op, start_after, prefix, max_return, iter, no, prval)
    }
}

/// Like `rados_read_op_omap_get_vals`; `*pmore` tells whether there are more.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_read_op_omap_get_vals2(
    read_op: rados_read_op_t,
    start_after: *const c_char,
    filter_prefix: *const c_char,
    max_return: u64,
    iter: *mut rados_omap_iter_t,
    pmore: *mut c_uchar,
    prval: *mut c_int,
) {
    // SAFETY: C API contract.
    unsafe {
        let op = optional(start_after).and_then(|start_after| {
            let prefix = optional(filter_prefix)?;
            Ok(Op::OmapGetVals { start_after, prefix, max: max_return })
        });
        add_omap("rados_read_op_omap_get_vals", read_op, op, iter, pmore, prval);
    }
}

/// Gets the omap entries of `keys_len` keys; those that do not exist are left out.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_read_op_omap_get_vals_by_keys(
    read_op: rados_read_op_t,
    keys: *const *const c_char,
    keys_len: usize,
    iter: *mut rados_omap_iter_t,
    prval: *mut c_int,
) {
    // SAFETY: C API contract.
    unsafe {
        let op = owned_strings(keys, None, keys_len).map(Op::OmapGetValsByKeys);
        let no = std::ptr::null_mut();
        add_omap("rados_read_op_omap_get_vals_by_keys", read_op, op, iter, no, prval);
    }
}

/// Like `rados_read_op_omap_get_vals_by_keys` for keys with lengths.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_read_op_omap_get_vals_by_keys2(
    read_op: rados_read_op_t,
    keys: *const *const c_char,
    num_keys: usize,
    key_lens: *const usize,
    iter: *mut rados_omap_iter_t,
    prval: *mut c_int,
) {
    // SAFETY: C API contract.
    unsafe {
        let op = owned_strings(keys, Some(key_lens), num_keys).map(Op::OmapGetValsByKeys);
        let no = std::ptr::null_mut();
        add_omap("rados_read_op_omap_get_vals_by_keys2", read_op, op, iter, no, prval);
    }
}
