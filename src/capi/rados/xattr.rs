//! Xattrs of one object.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use libc::{c_char, c_int};
use parking_lot::Mutex;

use super::context::{Call, Context, OutPtr, place, start};
use super::io::{change, start_change};
use crate::capi::buffer;
use crate::capi::guard::guard;
use crate::capi::handle::{self, Handle};
use crate::capi::memory;
use crate::capi::types::*;
use crate::errno::Result;
use crate::model::{Op, Out, Reply};

/// What stands behind a `rados_xattrs_iter_t`: names end with a zero byte, for C.
pub(super) struct XattrIter {
    entries: Entries,
    next: Mutex<usize>,
}

/// Empty until the operation is done: callers take the iterator before it is.
type Entries = Arc<OnceLock<Vec<(Vec<u8>, Bytes)>>>;

impl Handle for XattrIter {
    const TAG: [u8; 8] = *b"xattrs\0\0";
}

/// A handle that iterates over the xattrs that [`keep`] will put into the entries.
pub(super) fn iterate() -> (rados_xattrs_iter_t, Entries) {
    let entries = Entries::default();
    let iter = XattrIter { entries: Arc::clone(&entries), next: Mutex::new(0) };
    (handle::create(iter), entries)
}

/// Puts the xattrs of a reply where their iterator finds them.
pub(super) fn keep(entries: &Entries, out: Out) {
    if let Out::Xattrs(found) = out {
        let found = found.into_iter().map(|(name, value)| ([&name[..], b"\0"].concat(), value));
        // Set once: the operation ends once.
        let _ = entries.set(found.collect());
    }
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety), for `buf` until the operation's end.
unsafe fn getxattr(
    io: &Context,
    oid: *const c_char,
    name: *const c_char,
    buf: *mut c_char,
    len: usize,
) -> Result<Call<impl FnOnce(&mut Reply) -> c_int + Send + use<>>> {
    // SAFETY: the caller's contract.
    let (op, name, place) = unsafe { (io.read_op(oid)?, buffer::string(name)?, place(buf, len)?) };
    let finish = move |reply: &mut Reply| match reply.result {
        result if result < 0 => result,
        _ => place.fill(&reply.take_data(0)),
    };
    Ok(Call { op: op.then(Op::GetXattr(Bytes::copy_from_slice(name))), finish })
}

/// Writes an xattr's value into `buf`. Returns its length; -ENODATA; -ERANGE where `len` is too
/// small.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_getxattr(
    io: rados_ioctx_t,
    o: *const c_char,
    name: *const c_char,
    buf: *mut c_char,
    len: usize,
) -> c_int {
    guard("rados_getxattr", || {
        // SAFETY: C API contract.
        unsafe {
            let io = Context::of(io)?;
            io.run(getxattr(io, o, name, buf, len)?)
        }
    })
}

/// Gets an xattr like `rados_getxattr`; `completion` gets its length.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_aio_getxattr(
    io: rados_ioctx_t,
    o: *const c_char,
    completion: rados_completion_t,
    name: *const c_char,
    buf: *mut c_char,
    len: usize,
) -> c_int {
    guard("rados_aio_getxattr", || {
        // SAFETY: C API contract.
        unsafe { start(io, completion, getxattr(Context::of(io)?, o, name, buf, len)?) }
    })
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn set_op(name: *const c_char, buf: *const c_char, len: usize) -> Result<Op> {
    // SAFETY: the caller's contract.
    let (name, value) =
        unsafe { (Bytes::copy_from_slice(buffer::string(name)?), memory::copy(buf, len)?) };
    Ok(Op::SetXattr { name, value })
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn remove_op(name: *const c_char) -> Result<Op> {
    // SAFETY: the caller's contract.
    Ok(Op::RmXattr(Bytes::copy_from_slice(unsafe { buffer::string(name)? })))
}

/// Sets an xattr. Creates the object. Returns 0.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_setxattr(
    io: rados_ioctx_t,
    o: *const c_char,
    name: *const c_char,
    buf: *const c_char,
    len: usize,
) -> c_int {
    // SAFETY: C API contract.
    guard("rados_setxattr", || unsafe { change(io, o, set_op(name, buf, len)?) })
}

/// Sets an xattr like `rados_setxattr`.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_aio_setxattr(
    io: rados_ioctx_t,
    o: *const c_char,
    completion: rados_completion_t,
    name: *const c_char,
    buf: *const c_char,
    len: usize,
) -> c_int {
    guard("rados_aio_setxattr", || {
        // SAFETY: C API contract.
        unsafe { start_change(io, o, completion, set_op(name, buf, len)?) }
    })
}

/// Removes an xattr. Returns 0, also where there is no such xattr; -ENOENT without an object.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_rmxattr(
    io: rados_ioctx_t,
    o: *const c_char,
    name: *const c_char,
) -> c_int {
    // SAFETY: C API contract.
    guard("rados_rmxattr", || unsafe { change(io, o, remove_op(name)?) })
}

/// Removes an xattr like `rados_rmxattr`.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_aio_rmxattr(
    io: rados_ioctx_t,
    o: *const c_char,
    completion: rados_completion_t,
    name: *const c_char,
) -> c_int {
    // SAFETY: C API contract.
    guard("rados_aio_rmxattr", || unsafe { start_change(io, o, completion, remove_op(name)?) })
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety), for `iter` until the operation's end.
unsafe fn getxattrs(
    io: &Context,
    oid: *const c_char,
    iter: *mut rados_xattrs_iter_t,
) -> Result<Call<impl FnOnce(&mut Reply) -> c_int + Send + use<>>> {
    // SAFETY: the caller's contract.
    let (op, iter) = unsafe { (io.read_op(oid)?, OutPtr::new(iter)) };
    let finish = move |reply: &mut Reply| {
        if reply.result >= 0 {
            let (handle, entries) = iterate();
            keep(&entries, reply.take(0));
            iter.set(handle);
        }
        reply.result.min(0)
    };
    Ok(Call { op: op.then(Op::GetXattrs), finish })
}

/// Gets all xattrs, to be read with `rados_getxattrs_next` and ended with `rados_getxattrs_end`.
/// Returns 0, -ENOENT.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_getxattrs(
    io: rados_ioctx_t,
    oid: *const c_char,
    iter: *mut rados_xattrs_iter_t,
) -> c_int {
    guard("rados_getxattrs", || {
        // SAFETY: C API contract.
        unsafe {
            let io = Context::of(io)?;
            io.run(getxattrs(io, oid, iter)?)
        }
    })
}

/// Gets all xattrs like `rados_getxattrs`; `*iter` is set before the completion.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_aio_getxattrs(
    io: rados_ioctx_t,
    oid: *const c_char,
    completion: rados_completion_t,
    iter: *mut rados_xattrs_iter_t,
) -> c_int {
    guard("rados_aio_getxattrs", || {
        // SAFETY: C API contract.
        unsafe { start(io, completion, getxattrs(Context::of(io)?, oid, iter)?) }
    })
}

/// The next xattr: its name, and its value of `*len` bytes; NULL, NULL and 0 behind the last. They
/// stay valid until `rados_getxattrs_end`. Returns 0.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_getxattrs_next(
    iter: rados_xattrs_iter_t,
    name: *mut *const c_char,
    val: *mut *const c_char,
    len: *mut usize,
) -> c_int {
    guard("rados_getxattrs_next", || {
        // SAFETY: C API contract.
        let iter = unsafe { handle::get::<XattrIter>(iter)? };
        let mut next = iter.next.lock();
        let entries = iter.entries.get().map(Vec::as_slice).unwrap_or_default();
        let (found_name, found) = match entries.get(*next) {
            Some((name, value)) => (name.as_ptr().cast(), &value[..]),
            None => (std::ptr::null(), &[][..]),
        };
        *next += 1;
        let value = if found.is_empty() { std::ptr::null() } else { found.as_ptr() };
        // SAFETY: C API contract.
        unsafe {
            buffer::out(name, found_name);
            buffer::out(val, value.cast::<c_char>());
            buffer::out(len, found.len());
        }
        Ok(0)
    })
}

/// Ends an iteration.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_getxattrs_end(iter: rados_xattrs_iter_t) {
    guard("rados_getxattrs_end", || {
        // SAFETY: C API contract.
        unsafe { handle::destroy::<XattrIter>(iter).map(drop) }
    });
}
