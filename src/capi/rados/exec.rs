//! Calls of object classes.

use libc::{c_char, c_int};

use super::context::{Call, Context, Place, place, start};
use crate::capi::buffer;
use crate::capi::guard::guard;
use crate::capi::memory;
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::model::{ObjectOp, Op, Reply};

/// The op that calls a class method.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
pub(super) unsafe fn call_op(
    cls: *const c_char,
    method: *const c_char,
    in_buf: *const c_char,
    in_len: usize,
) -> Result<Op> {
    // SAFETY: the caller's contract.
    unsafe {
        Ok(Op::CallNamed {
            class: buffer::text(cls)?.to_owned(),
            method: buffer::text(method)?.to_owned(),
            input: memory::copy(in_buf, in_len)?,
        })
    }
}

/// Puts the output into `place`; the return value is its length, or what the method returned where
/// it wrote nothing.
fn finish(place: Place) -> impl FnOnce(&mut Reply) -> c_int + Send {
    move |reply| {
        let result = reply.result;
        if result < 0 {
            return result;
        }
        let output = reply.take_data(0);
        match output.is_empty() {
            true => result,
            false => place.fill(&output),
        }
    }
}

/// A call is sent as a read: the class says whether the method writes.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn operation(io: &Context, oid: *const c_char, op: Op) -> Result<ObjectOp> {
    // SAFETY: the caller's contract.
    Ok(unsafe { io.read_op(oid)? }.then(op))
}

/// Calls a method of an object class. Returns the length of the output in `buf`, or what the method
/// returned where it wrote nothing; -ERANGE where `out_len` is too small; -EOPNOTSUPP where there
/// is no such method, -EPERM where the class may not be loaded.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_exec(
    io: rados_ioctx_t,
    oid: *const c_char,
    cls: *const c_char,
    method: *const c_char,
    in_buf: *const c_char,
    in_len: usize,
    buf: *mut c_char,
    out_len: usize,
) -> c_int {
    guard("rados_exec", || {
        // SAFETY: C API contract.
        unsafe {
            let io = Context::of(io)?;
            let op = operation(io, oid, call_op(cls, method, in_buf, in_len)?)?;
            io.run(Call { op, finish: finish(place_or_none(buf, out_len)?) })
        }
    })
}

/// Calls a method like `rados_exec`. `in_buf` may be used again at once, `buf` must stay until the
/// completion.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_aio_exec(
    io: rados_ioctx_t,
    o: *const c_char,
    completion: rados_completion_t,
    cls: *const c_char,
    method: *const c_char,
    in_buf: *const c_char,
    in_len: usize,
    buf: *mut c_char,
    out_len: usize,
) -> c_int {
    guard("rados_aio_exec", || {
        // SAFETY: C API contract.
        unsafe {
            let op = operation(Context::of(io)?, o, call_op(cls, method, in_buf, in_len)?)?;
            start(io, completion, Call { op, finish: finish(place_or_none(buf, out_len)?) })
        }
    })
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety) until the operation's end.
unsafe fn place_or_none(buf: *mut c_char, len: usize) -> Result<Place> {
    let len = if buf.is_null() { 0 } else { len };
    // SAFETY: the caller's contract.
    unsafe { place(buf, len) }.map_err(|_| Errno::EINVAL.into())
}
