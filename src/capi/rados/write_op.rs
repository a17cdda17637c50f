//! `rados_write_op_t`: several steps on one object that happen all together or not at all.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use libc::{c_char, c_int, time_t, timespec};
use parking_lot::Mutex;

use super::context::{Call, Context, OutPtr, start};
use super::steps::{Steps, cmpext_op, cmpxattr_op, omap_cmp_op, owned_strings, result_to};
use super::{exec, io};
use crate::capi::buffer;
use crate::capi::guard::{exports, guard};
use crate::capi::handle::{self, Handle};
use crate::capi::memory;
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::model::{Op, Reply};

/// What stands behind a `rados_write_op_t`.
pub(super) struct WriteOp(Mutex<Steps>);

impl Handle for WriteOp {
    const TAG: [u8; 8] = *b"writeop\0";
}

/// Makes an empty write operation, to be ended with `rados_release_write_op`.
#[unsafe(no_mangle)]
pub extern "C" fn rados_create_write_op() -> rados_write_op_t {
    handle::create(WriteOp(Mutex::default()))
}

/// Ends a write operation.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_release_write_op(write_op: rados_write_op_t) {
    guard("rados_release_write_op", || {
        // SAFETY: C API contract.
        unsafe { handle::destroy::<WriteOp>(write_op).map(drop) }
    });
}

const NONE: *mut c_int = std::ptr::null_mut();

/// Adds the step that `build` makes; its return value will go to `prval` unless null.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety), for `prval` until the operation's end.
unsafe fn add(
    write_op: rados_write_op_t,
    prval: *mut c_int,
    build: impl FnOnce() -> Result<Op>,
) -> Result<()> {
    // SAFETY: the caller's contract.
    let (mut steps, output) =
        unsafe { (handle::get::<WriteOp>(write_op)?.0.lock(), result_to(prval)) };
    match build() {
        Ok(op) => steps.push(op, output),
        Err(error) => {
            // SAFETY: the caller's contract.
            unsafe { OutPtr::new(prval) }.set(error.to_c());
            steps.fail(error);
        }
    }
    Ok(())
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn name_of(name: *const c_char) -> Result<Bytes> {
    // SAFETY: the caller's contract.
    Ok(Bytes::copy_from_slice(unsafe { buffer::string(name)? }))
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn pairs(
    keys: (*const *const c_char, Option<*const usize>),
    values: (*const *const c_char, *const usize),
    count: usize,
) -> Result<Op> {
    // SAFETY: the caller's contract.
    unsafe {
        let keys = owned_strings(keys.0, keys.1, count)?;
        let values = owned_strings(values.0, Some(values.1), count)?;
        Ok(Op::OmapSet(keys.into_iter().zip(values).collect()))
    }
}

exports! {
    /// The operation fails with -ENOENT unless the object exists.
    fn rados_write_op_assert_exists(write_op: rados_write_op_t) =>
        add(write_op, NONE, || Ok(Op::AssertExists));
    /// The operation fails with -ERANGE where the object's version is newer than `ver`, with
    /// -EOVERFLOW where it is older.
    fn rados_write_op_assert_version(write_op: rados_write_op_t, ver: u64) =>
        add(write_op, NONE, || Ok(Op::AssertVersion(ver)));
    /// The operation fails unless the `cmp_len` bytes from `off` on are these: `*prval` is 0, or
    /// -4095 - n where byte n of them is the first that differs.
    fn rados_write_op_cmpext(
        write_op: rados_write_op_t, cmp_buf: *const c_char, cmp_len: usize, off: u64,
        prval: *mut c_int
    ) =>
        add(write_op, prval, || cmpext_op(cmp_buf, cmp_len, off));
    /// The operation fails with -ECANCELED unless `LIBRADOS_CMPXATTR_OP_*` holds between the xattr
    /// and the value.
    fn rados_write_op_cmpxattr(
        write_op: rados_write_op_t, name: *const c_char, comparison_operator: u8,
        value: *const c_char, value_len: usize
    ) =>
        add(write_op, NONE, || cmpxattr_op(name, comparison_operator, value, value_len));
    /// The operation fails with -ECANCELED unless `LIBRADOS_CMPXATTR_OP_*` holds between the value
    /// of an omap key and the value given.
    fn rados_write_op_omap_cmp(
        write_op: rados_write_op_t, key: *const c_char, comparison_operator: u8,
        val: *const c_char, val_len: usize, prval: *mut c_int
    ) =>
        add(write_op, prval, || {
            omap_cmp_op(buffer::string(key)?, comparison_operator, val, val_len)
        });
    /// Like `rados_write_op_omap_cmp` for a key with a length.
    fn rados_write_op_omap_cmp2(
        write_op: rados_write_op_t, key: *const c_char, comparison_operator: u8,
        val: *const c_char, key_len: usize, val_len: usize, prval: *mut c_int
    ) =>
        add(write_op, prval, || {
            omap_cmp_op(buffer::bytes(key, key_len)?, comparison_operator, val, val_len)
        });
    /// Writes `len` bytes at `offset`.
    fn rados_write_op_write(
        write_op: rados_write_op_t, buffer: *const c_char, len: usize, offset: u64
    ) =>
        add(write_op, NONE, || {
            Ok(Op::Write { off: offset, data: memory::copy(buffer, len)?.into() })
        });
    /// Replaces the object's data by `len` bytes.
    fn rados_write_op_write_full(
        write_op: rados_write_op_t, buffer: *const c_char, len: usize
    ) =>
        add(write_op, NONE, || Ok(Op::WriteFull(memory::copy(buffer, len)?.into())));
    /// Writes the `data_len` bytes of `buffer` again and again until `write_len` bytes are written.
    fn rados_write_op_writesame(
        write_op: rados_write_op_t, buffer: *const c_char, data_len: usize, write_len: usize,
        offset: u64
    ) =>
        add(write_op, NONE, || {
            io::writesame(memory::copy(buffer, data_len)?.into(), write_len, offset)
        });
    /// Writes `len` bytes at the object's end.
    fn rados_write_op_append(write_op: rados_write_op_t, buffer: *const c_char, len: usize) =>
        add(write_op, NONE, || Ok(Op::Append(memory::copy(buffer, len)?.into())));
    /// Removes the object.
    fn rados_write_op_remove(write_op: rados_write_op_t) =>
        add(write_op, NONE, || Ok(Op::Remove));
    /// Sets the object's size to `offset`.
    fn rados_write_op_truncate(write_op: rados_write_op_t, offset: u64) =>
        add(write_op, NONE, || Ok(Op::Truncate(offset)));
    /// Makes `len` bytes from `offset` on read as zeros.
    fn rados_write_op_zero(write_op: rados_write_op_t, offset: u64, len: u64) =>
        add(write_op, NONE, || Ok(Op::Zero { off: offset, len }));
    /// Sets an xattr.
    fn rados_write_op_setxattr(
        write_op: rados_write_op_t, name: *const c_char, value: *const c_char, value_len: usize
    ) =>
        add(write_op, NONE, || {
            Ok(Op::SetXattr { name: name_of(name)?, value: memory::copy(value, value_len)? })
        });
    /// Removes an xattr.
    fn rados_write_op_rmxattr(write_op: rados_write_op_t, name: *const c_char) =>
        add(write_op, NONE, || Ok(Op::RmXattr(name_of(name)?)));
    /// Calls a method of an object class; `*prval` is what it returned.
    fn rados_write_op_exec(
        write_op: rados_write_op_t, cls: *const c_char, method: *const c_char,
        in_buf: *const c_char, in_len: usize, prval: *mut c_int
    ) =>
        add(write_op, prval, || exec::call_op(cls, method, in_buf, in_len));
    /// Sets `num` omap entries: keys are strings, values have the lengths of `lens`.
    fn rados_write_op_omap_set(
        write_op: rados_write_op_t, keys: *const *const c_char, vals: *const *const c_char,
        lens: *const usize, num: usize
    ) =>
        add(write_op, NONE, || pairs((keys, None), (vals, lens), num));
    /// Sets `num` omap entries: keys and values have lengths.
    fn rados_write_op_omap_set2(
        write_op: rados_write_op_t, keys: *const *const c_char, vals: *const *const c_char,
        key_lens: *const usize, val_lens: *const usize, num: usize
    ) =>
        add(write_op, NONE, || pairs((keys, Some(key_lens)), (vals, val_lens), num));
    /// Removes omap entries by key.
    fn rados_write_op_omap_rm_keys(
        write_op: rados_write_op_t, keys: *const *const c_char, keys_len: usize
    ) =>
        add(write_op, NONE, || Ok(Op::OmapRmKeys(owned_strings(keys, None, keys_len)?)));
    /// Removes omap entries by keys with lengths.
    fn rados_write_op_omap_rm_keys2(
        write_op: rados_write_op_t, keys: *const *const c_char, key_lens: *const usize,
        keys_len: usize
    ) =>
        add(write_op, NONE, || {
            Ok(Op::OmapRmKeys(owned_strings(keys, Some(key_lens), keys_len)?))
        });
    /// Removes the omap entries from `key_begin` on and before `key_end`.
    fn rados_write_op_omap_rm_range2(
        write_op: rados_write_op_t, key_begin: *const c_char, key_begin_len: usize,
        key_end: *const c_char, key_end_len: usize
    ) =>
        add(write_op, NONE, || Ok(Op::OmapRmRange {
        first: memory::copy(key_begin, key_begin_len)?,
        last: memory::copy(key_end, key_end_len)?,
    }));
    /// Removes all omap entries.
    fn rados_write_op_omap_clear(write_op: rados_write_op_t) =>
        add(write_op, NONE, || Ok(Op::OmapClear));
    /// Says how large the object and its writes will be.
    fn rados_write_op_set_alloc_hint(
        write_op: rados_write_op_t, expected_object_size: u64, expected_write_size: u64
    ) =>
        add(write_op, NONE, || Ok(Op::SetAllocHint {
            object_size: expected_object_size, write_size: expected_write_size, flags: 0,
        }));
    /// Says how large the object and its writes will be, and with `LIBRADOS_ALLOC_HINT_FLAG_*` how
    /// they are used.
    fn rados_write_op_set_alloc_hint2(
        write_op: rados_write_op_t, expected_object_size: u64, expected_write_size: u64,
        flags: u32
    ) =>
        add(write_op, NONE, || Ok(Op::SetAllocHint {
        object_size: expected_object_size, write_size: expected_write_size, flags,
    }));
}

exports! {
    /// Creates the object; with `LIBRADOS_CREATE_EXCLUSIVE` the operation fails with -EEXIST where
    /// it exists. `category` is ignored.
    fn rados_write_op_create(
        write_op: rados_write_op_t, exclusive: c_int, category: *const c_char
    ) => {
        let _ = category;
        add(write_op, NONE, || Ok(Op::Create { exclusive: exclusive != 0 }))
    };
    /// Sets `LIBRADOS_OP_FLAG_*` of the step added last.
    fn rados_write_op_set_flags(write_op: rados_write_op_t, flags: c_int) => {
        handle::get::<WriteOp>(write_op)?.0.lock().flag(flags);
        Ok(())
    };
}

/// The modification time that the caller wants, `None` for now.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn time_of<T: Copy>(
    time: *const T,
    parts: fn(T) -> (time_t, i64),
) -> Result<Option<SystemTime>> {
    if time.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's contract.
    let (seconds, nanos) = parts(unsafe { *time });
    let since = Duration::new(
        u64::try_from(seconds).map_err(|_| Errno::EINVAL.because("a time before 1970"))?,
        u32::try_from(nanos).ok().filter(|n| *n < 1_000_000_000).ok_or(Errno::EINVAL)?,
    );
    Ok(SystemTime::UNIX_EPOCH.checked_add(since))
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn operate(
    write_op: rados_write_op_t,
    io: &Context,
    oid: *const c_char,
    mtime: Option<SystemTime>,
    flags: c_int,
) -> Result<Call<impl FnOnce(&mut Reply) -> c_int + Send + use<>>> {
    // SAFETY: the caller's contract.
    let (mut op, steps) = unsafe { (io.write_op(oid)?, handle::get::<WriteOp>(write_op)?) };
    op.mtime = mtime;
    steps.0.lock().operate(op, flags)
}

fn whole(seconds: time_t) -> (time_t, i64) {
    (seconds, 0)
}

fn precise(time: timespec) -> (time_t, i64) {
    (time.tv_sec, time.tv_nsec)
}

exports! {
    /// Runs the operation, with `*mtime` as the object's modification time unless NULL. Returns 0,
    /// or the error of the step that failed; then nothing was changed. The operation is empty
    /// afterwards.
    fn rados_write_op_operate(
        write_op: rados_write_op_t, io: rados_ioctx_t, oid: *const c_char, mtime: *mut time_t,
        flags: c_int,
    ) -> c_int => {
        let (io, mtime) = (Context::of(io)?, time_of(mtime, whole)?);
        io.run(operate(write_op, io, oid, mtime, flags)?)
    };
    /// Runs the operation like `rados_write_op_operate`, with a time in nanoseconds.
    fn rados_write_op_operate2(
        write_op: rados_write_op_t, io: rados_ioctx_t, oid: *const c_char, mtime: *mut timespec,
        flags: c_int,
    ) -> c_int => {
        let (io, mtime) = (Context::of(io)?, time_of(mtime, precise)?);
        io.run(operate(write_op, io, oid, mtime, flags)?)
    };
    /// Starts what `rados_write_op_operate` runs.
    fn rados_aio_write_op_operate(
        write_op: rados_write_op_t, io: rados_ioctx_t, completion: rados_completion_t,
        oid: *const c_char, mtime: *mut time_t, flags: c_int,
    ) -> c_int => {
        let mtime = time_of(mtime, whole)?;
        start(io, completion, operate(write_op, Context::of(io)?, oid, mtime, flags)?)
    };
    /// Starts what `rados_write_op_operate2` runs.
    fn rados_aio_write_op_operate2(
        write_op: rados_write_op_t, io: rados_ioctx_t, completion: rados_completion_t,
        oid: *const c_char, mtime: *mut timespec, flags: c_int,
    ) -> c_int => {
        let mtime = time_of(mtime, precise)?;
        start(io, completion, operate(write_op, Context::of(io)?, oid, mtime, flags)?)
    };
}
