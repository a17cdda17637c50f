//! `rados_read_op_t`: several reading steps on one object at once.
//!
//! Each function adds a step and notes where its output goes; nothing happens until the operation
//! is operated. An operation whose function was given something wrong fails as a whole with that
//! error.

use std::time::SystemTime;

use bytes::Bytes;
use libc::{c_char, c_int, time_t, timespec};
use parking_lot::Mutex;

use super::context::{Context, OutPtr, Place, place, start};
use super::steps::{Output, Steps, cmpext_op, cmpxattr_op, push_omap_cmp, result_to};
use super::{exec, io, xattr};
use crate::capi::buffer;
use crate::capi::guard::guard;
use crate::capi::handle::{self, Handle};
use crate::capi::memory::{self, UserMemory};
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::model::{Op, Out};

/// What stands behind a `rados_read_op_t`.
pub(super) struct ReadOp(Mutex<Steps>);

impl Handle for ReadOp {
    const TAG: [u8; 8] = *b"readop\0\0";
}

/// Adds what `build` makes to a read operation.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
pub(super) unsafe fn add(
    name: &'static str,
    read_op: rados_read_op_t,
    build: impl FnOnce(&mut Steps) -> Result<()>,
) {
    guard(name, || {
        // SAFETY: the caller's contract.
        let mut steps = unsafe { handle::get::<ReadOp>(read_op)? }.0.lock();
        if let Err(error) = build(&mut steps) {
            steps.fail(error.context(name));
        }
        Ok(())
    });
}

/// An output of a step that did not fail, stored by `keep`, whose error is the step's return value.
/// `keep` gets nothing for a step that was not executed: what has to be decoded is -EIO then
/// (measured on 16.2.15).
///
/// # Safety
/// `prval` is null, or valid for one write until the operation's end.
pub(super) unsafe fn output(
    prval: *mut c_int,
    keep: impl FnOnce(Out) -> c_int + Send + 'static,
) -> Option<Output> {
    // SAFETY: the caller's contract.
    let prval = unsafe { OutPtr::new(prval) };
    Some(Box::new(move |result, out| {
        let kept = if result < 0 { result } else { keep(out) };
        prval.set(if kept < 0 { kept } else { result });
    }))
}

/// Makes an empty read operation, to be ended with `rados_release_read_op`.
#[unsafe(no_mangle)]
pub extern "C" fn rados_create_read_op() -> rados_read_op_t {
    handle::create(ReadOp(Mutex::default()))
}

/// Ends a read operation.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_release_read_op(read_op: rados_read_op_t) {
    guard("rados_release_read_op", || {
        // SAFETY: C API contract.
        unsafe { handle::destroy::<ReadOp>(read_op).map(drop) }
    });
}

/// Sets `LIBRADOS_OP_FLAG_*` of the step added last.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_read_op_set_flags(read_op: rados_read_op_t, flags: c_int) {
    // SAFETY: C API contract.
    unsafe {
        add("rados_read_op_set_flags", read_op, |steps| {
            steps.flag(flags);
            Ok(())
        });
    }
}

/// The operation fails with -ENOENT unless the object exists.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_read_op_assert_exists(read_op: rados_read_op_t) {
    // SAFETY: C API contract.
    unsafe {
        add("rados_read_op_assert_exists", read_op, |steps| {
            steps.push(Op::AssertExists, None);
            Ok(())
        });
    }
}

/// The operation fails with -ERANGE where the object's version is newer than `ver`, with -EOVERFLOW
/// where it is older.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_read_op_assert_version(read_op: rados_read_op_t, ver: u64) {
    // SAFETY: C API contract.
    unsafe {
        add("rados_read_op_assert_version", read_op, |steps| {
            steps.push(Op::AssertVersion(ver), None);
            Ok(())
        });
    }
}

/// The operation fails unless the `cmp_len` bytes from `off` on are these: `*prval` is 0, or -4095
/// - n where byte n of them is the first that differs.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_read_op_cmpext(
    read_op: rados_read_op_t,
    cmp_buf: *const c_char,
    cmp_len: usize,
    off: u64,
    prval: *mut c_int,
) {
    // SAFETY: C API contract.
    unsafe {
        add("rados_read_op_cmpext", read_op, |steps| {
            steps.push(cmpext_op(cmp_buf, cmp_len, off)?, result_to(prval));
            Ok(())
        });
    }
}

/// The operation fails with -ECANCELED unless `LIBRADOS_CMPXATTR_OP_*` holds between the xattr and
/// the value.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_read_op_cmpxattr(
    read_op: rados_read_op_t,
    name: *const c_char,
    comparison_operator: u8,
    value: *const c_char,
    value_len: usize,
) {
    // SAFETY: C API contract.
    unsafe {
        add("rados_read_op_cmpxattr", read_op, |steps| {
            steps.push(cmpxattr_op(name, comparison_operator, value, value_len)?, None);
            Ok(())
        });
    }
}

/// The operation fails with -ECANCELED unless `LIBRADOS_CMPXATTR_OP_*` holds between the value of
/// an omap key and the value given.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_read_op_omap_cmp(
    read_op: rados_read_op_t,
    key: *const c_char,
    comparison_operator: u8,
    val: *const c_char,
    val_len: usize,
    prval: *mut c_int,
) {
    // SAFETY: C API contract.
    unsafe {
        add("rados_read_op_omap_cmp", read_op, |steps| {
            push_omap_cmp(steps, buffer::string(key)?, (comparison_operator, val, val_len), prval)
        });
    }
}

/// Like `rados_read_op_omap_cmp` for a key with a length.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_read_op_omap_cmp2(
    read_op: rados_read_op_t,
    key: *const c_char,
    comparison_operator: u8,
    val: *const c_char,
    key_len: usize,
    val_len: usize,
    prval: *mut c_int,
) {
    // SAFETY: C API contract.
    unsafe {
        add("rados_read_op_omap_cmp2", read_op, |steps| {
            push_omap_cmp(
                steps,
                buffer::bytes(key, key_len)?,
                (comparison_operator, val, val_len),
                prval,
            )
        });
    }
}

/// Reads up to `len` bytes from `offset` on into `buffer`. `*bytes_read` is the number of bytes
/// read, `*prval` 0 or an error.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_read_op_read(
    read_op: rados_read_op_t,
    offset: u64,
    len: usize,
    buffer: *mut c_char,
    bytes_read: *mut usize,
    prval: *mut c_int,
) {
    // SAFETY: C API contract.
    unsafe {
        add("rados_read_op_read", read_op, |steps| {
            let place = place(buffer, len)?;
            let memory = UserMemory::new(buffer, len)?;
            let bytes_read = OutPtr::new(bytes_read);
            let into = (len > 0).then(|| Box::new(memory) as Box<_>);
            let keep = move |out| {
                let read = match out {
                    Out::Filled { len, .. } => len as c_int,
                    Out::Data(data) => place.fill(&data),
                    _ => 0,
                };
                bytes_read.set(usize::try_from(read).unwrap_or(0));
                read
            };
            steps.push(Op::Read { off: offset, len: len as u64, into }, output(prval, keep));
            Ok(())
        });
    }
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety) until the operation's end.
unsafe fn add_stat<T: 'static>(
    name: &'static str,
    read_op: rados_read_op_t,
    psize: *mut u64,
    pmtime: *mut T,
    prval: *mut c_int,
    convert: fn(SystemTime) -> T,
) {
    // SAFETY: the caller's contract.
    unsafe {
        let (psize, pmtime) = (OutPtr::new(psize), OutPtr::new(pmtime));
        let keep = move |out| {
            let Out::Stat { size, mtime } = out else { return Errno::EIO.to_c() };
            psize.set(size);
            pmtime.set(convert(mtime));
            0
        };
        add(name, read_op, |steps| {
            steps.push(Op::Stat, output(prval, keep));
            Ok(())
        });
    }
}

/// Gets size in bytes and modification time in seconds.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_read_op_stat(
    read_op: rados_read_op_t,
    psize: *mut u64,
    pmtime: *mut time_t,
    prval: *mut c_int,
) {
    // SAFETY: C API contract.
    unsafe { add_stat("rados_read_op_stat", read_op, psize, pmtime, prval, io::seconds) }
}

/// Gets size in bytes and modification time in nanoseconds.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_read_op_stat2(
    read_op: rados_read_op_t,
    psize: *mut u64,
    pmtime: *mut timespec,
    prval: *mut c_int,
) {
    // SAFETY: C API contract.
    unsafe { add_stat("rados_read_op_stat2", read_op, psize, pmtime, prval, io::timespec_of) }
}

/// Computes checksums as `rados_checksum`.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_read_op_checksum(
    read_op: rados_read_op_t,
    r#type: rados_checksum_type_t,
    init_value: *const c_char,
    init_value_len: usize,
    offset: u64,
    len: usize,
    chunk_size: usize,
    pchecksum: *mut c_char,
    checksum_len: usize,
    prval: *mut c_int,
) {
    // SAFETY: C API contract.
    unsafe {
        add("rados_read_op_checksum", read_op, |steps| {
            let init = memory::copy(init_value, init_value_len)?;
            let kind = io::checksum_kind(r#type, init);
            if let Err(error) = &kind {
                OutPtr::new(prval).set(error.to_c());
            }
            let (kind, init) = kind?;
            let place = place(pchecksum, checksum_len)?;
            let (len, chunk) = (len as u64, chunk_size as u64);
            let op = Op::Checksum { kind, init, off: offset, len, chunk };
            steps.push(op, output(prval, move |out| fill(&place, &out)));
            Ok(())
        });
    }
}

fn fill(place: &Place, out: &Out) -> c_int {
    match out {
        Out::Data(data) => place.fill(data),
        _ => 0,
    }
}

/// Calls a method of an object class. `*out_buf` becomes its output of `*out_len` bytes, to be
/// freed with `rados_buffer_free`.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_read_op_exec(
    read_op: rados_read_op_t,
    cls: *const c_char,
    method: *const c_char,
    in_buf: *const c_char,
    in_len: usize,
    out_buf: *mut *mut c_char,
    out_len: *mut usize,
    prval: *mut c_int,
) {
    // SAFETY: C API contract.
    unsafe {
        add("rados_read_op_exec", read_op, |steps| {
            let (out_buf, out_len) = (OutPtr::new(out_buf), OutPtr::new(out_len));
            let keep = move |out| {
                let data = if let Out::Data(data) = out { data } else { Bytes::new() };
                let memory = match buffer::give((!data.is_empty()).then_some(&data[..])) {
                    Ok(memory) => memory,
                    Err(error) => return error.to_c(),
                };
                out_buf.set(memory);
                out_len.set(data.len());
                0
            };
            steps.push(exec::call_op(cls, method, in_buf, in_len)?, output(prval, keep));
            Ok(())
        });
    }
}

/// Calls a method of an object class. Its output goes into `out_buf`, its length into `*used_len`;
/// `*prval` is -ERANGE where `out_len` is too small.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_read_op_exec_user_buf(
    read_op: rados_read_op_t,
    cls: *const c_char,
    method: *const c_char,
    in_buf: *const c_char,
    in_len: usize,
    out_buf: *mut c_char,
    out_len: usize,
    used_len: *mut usize,
    prval: *mut c_int,
) {
    // SAFETY: C API contract.
    unsafe {
        add("rados_read_op_exec_user_buf", read_op, |steps| {
            let (place, used_len) = (place(out_buf, out_len)?, OutPtr::new(used_len));
            let keep = move |out| {
                let used = fill(&place, &out);
                used_len.set(usize::try_from(used).unwrap_or(0));
                used
            };
            steps.push(exec::call_op(cls, method, in_buf, in_len)?, output(prval, keep));
            Ok(())
        });
    }
}

/// Gets all xattrs: `*iter` is set at once, and has them when the operation is done, to be read
/// with `rados_getxattrs_next`.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_read_op_getxattrs(
    read_op: rados_read_op_t,
    iter: *mut rados_xattrs_iter_t,
    prval: *mut c_int,
) {
    // SAFETY: C API contract.
    unsafe {
        add("rados_read_op_getxattrs", read_op, |steps| {
            let (handle, entries) = xattr::iterate();
            buffer::out(iter, handle);
            let keep = move |out| {
                let decoded = matches!(out, Out::Xattrs(_));
                xattr::keep(&entries, out);
                if decoded { 0 } else { Errno::EIO.to_c() }
            };
            steps.push(Op::GetXattrs, output(prval, keep));
            Ok(())
        });
    }
}

/// Runs the operation. Returns 0 or more, or the error of the step that failed. The operation is
/// empty afterwards.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_read_op_operate(
    read_op: rados_read_op_t,
    io: rados_ioctx_t,
    oid: *const c_char,
    flags: c_int,
) -> c_int {
    guard("rados_read_op_operate", || {
        // SAFETY: C API contract.
        unsafe {
            let (io, steps) = (Context::of(io)?, handle::get::<ReadOp>(read_op)?);
            let call = steps.0.lock().operate(io.read_op(oid)?, flags)?;
            io.run(call)
        }
    })
}

/// Starts the operation. Outputs are stored before the completion. The operation is empty
/// afterwards.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_aio_read_op_operate(
    read_op: rados_read_op_t,
    io: rados_ioctx_t,
    completion: rados_completion_t,
    oid: *const c_char,
    flags: c_int,
) -> c_int {
    guard("rados_aio_read_op_operate", || {
        // SAFETY: C API contract.
        unsafe {
            let (context, steps) = (Context::of(io)?, handle::get::<ReadOp>(read_op)?);
            let call = steps.0.lock().operate(context.read_op(oid)?, flags)?;
            start(io, completion, call)
        }
    })
}
