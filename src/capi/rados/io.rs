//! Data of one object: read, write and the like, synchronous and asynchronous.

use std::time::SystemTime;

use bytes::Bytes;
use libc::{c_char, c_int, time_t, timespec};

use super::context::{Call, Context, OutPtr, place, start, status};
use crate::capi::guard::{exports, guard};
use crate::capi::memory::{self, UserMemory};
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::model::{ChecksumKind, Op, Out, Payload, Reply};

/// Longest read: `INT_MAX / 2` bytes, else -EDOM.
const READ_MAX: usize = i32::MAX as usize / 2;
/// Longest write: `UINT_MAX / 2` bytes, else -E2BIG.
const WRITE_MAX: usize = u32::MAX as usize / 2;

fn checked(len: usize) -> Result<()> {
    if len > WRITE_MAX {
        return Err(Errno::E2BIG.because("one write is at most 2 GiB"));
    }
    Ok(())
}

/// Seconds since 1970, negative before.
pub(super) fn seconds(time: SystemTime) -> time_t {
    timespec_of(time).tv_sec
}

/// Seconds since 1970 and nanoseconds.
pub(super) fn timespec_of(time: SystemTime) -> timespec {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => {
            timespec { tv_sec: since.as_secs() as time_t, tv_nsec: i64::from(since.subsec_nanos()) }
        }
        Err(before) => timespec { tv_sec: -(before.duration().as_secs() as time_t), tv_nsec: 0 },
    }
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety), for `buf` until the operation's end.
unsafe fn read(
    io: &Context,
    oid: *const c_char,
    buf: *mut c_char,
    len: usize,
    off: u64,
) -> Result<Call<impl FnOnce(&mut Reply) -> c_int + Send + use<>>> {
    if len > READ_MAX {
        return Err(Errno::EDOM.because("one read is at most 1 GiB"));
    }
    // SAFETY: the caller's contract.
    let (op, place, memory) =
        unsafe { (io.read_op(oid)?, place(buf, len)?, UserMemory::new(buf, len)?) };
    // A length of 0 asks for everything, for which there is no room.
    let into = (len > 0).then(|| Box::new(memory) as Box<_>);
    let finish = move |reply: &mut Reply| {
        if reply.result < 0 {
            return reply.result;
        }
        match reply.take(0) {
            Out::Filled { len, .. } => len as c_int,
            Out::Data(data) => place.fill(&data),
            _ => 0,
        }
    };
    Ok(Call { op: op.then(Op::Read { off, len: len as u64, into }), finish })
}

/// Reads up to `len` bytes from `off` on into `buf`. Returns the number of bytes read, fewer than
/// `len` at the object's end; -ENOENT; -EDOM where `len` is over 1 GiB.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_read(
    io: rados_ioctx_t,
    oid: *const c_char,
    buf: *mut c_char,
    len: usize,
    off: u64,
) -> c_int {
    guard("rados_read", || {
        // SAFETY: C API contract.
        unsafe {
            let io = Context::of(io)?;
            io.run(read(io, oid, buf, len, off)?)
        }
    })
}

/// Reads like `rados_read`; `completion` gets the number of bytes read. `buf` must stay until then.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_aio_read(
    io: rados_ioctx_t,
    oid: *const c_char,
    completion: rados_completion_t,
    buf: *mut c_char,
    len: usize,
    off: u64,
) -> c_int {
    guard("rados_aio_read", || {
        // SAFETY: C API contract.
        unsafe { start(io, completion, read(Context::of(io)?, oid, buf, len, off)?) }
    })
}

/// Runs one op that changes an object, synchronously.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
pub(super) unsafe fn change(io: rados_ioctx_t, oid: *const c_char, op: Op) -> Result<c_int> {
    // SAFETY: the caller's contract.
    unsafe {
        let io = Context::of(io)?;
        io.run(Call { op: io.write_op(oid)?.then(op), finish: status })
    }
}

/// Starts one op that changes an object.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
pub(super) unsafe fn start_change(
    io: rados_ioctx_t,
    oid: *const c_char,
    completion: rados_completion_t,
    op: Op,
) -> Result<c_int> {
    // SAFETY: the caller's contract.
    unsafe {
        let op = Context::of(io)?.write_op(oid)?.then(op);
        start(io, completion, Call { op, finish: status })
    }
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety), until the operation's end.
unsafe fn borrowed(buf: *const c_char, len: usize) -> Result<Payload> {
    checked(len)?;
    // SAFETY: the caller's contract.
    unsafe { memory::borrow(buf, len) }
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn copied(buf: *const c_char, len: usize) -> Result<Payload> {
    checked(len)?;
    // SAFETY: the caller's contract.
    Ok(unsafe { memory::copy(buf, len)? }.into())
}

exports! {
    /// Writes `len` bytes at `off`. Returns 0; -E2BIG where `len` is over 2 GiB, -EMSGSIZE where it
    /// is over `osd_max_write_size`, -EFBIG where the object would get too large, -EROFS while the
    /// context reads a snapshot.
    fn rados_write(
        io: rados_ioctx_t, oid: *const c_char, buf: *const c_char, len: usize, off: u64
    ) -> c_int =>
        {
        let data = borrowed(buf, len)?;
        change(io, oid, Op::Write { off, data })
    };
    /// Like `rados_write`. `buf` may be used again at once.
    fn rados_aio_write(
        io: rados_ioctx_t, oid: *const c_char, completion: rados_completion_t,
        buf: *const c_char, len: usize, off: u64,
    ) -> c_int => {
        let data = copied(buf, len)?;
        start_change(io, oid, completion, Op::Write { off, data })
    };
    /// Replaces the object's data by `len` bytes. Returns 0; -E2BIG where `len` is over 2 GiB,
    /// -EMSGSIZE where it is over `osd_max_write_size`, -EROFS while the context reads a snapshot.
    fn rados_write_full(
        io: rados_ioctx_t, oid: *const c_char, buf: *const c_char, len: usize
    ) -> c_int =>
        {
        let data = borrowed(buf, len)?;
        change(io, oid, Op::WriteFull(data))
    };
    /// Like `rados_write_full`. `buf` may be used again at once.
    fn rados_aio_write_full(
        io: rados_ioctx_t, oid: *const c_char, completion: rados_completion_t,
        buf: *const c_char, len: usize,
    ) -> c_int => {
        let data = copied(buf, len)?;
        start_change(io, oid, completion, Op::WriteFull(data))
    };
    /// Writes `len` bytes at the object's end. Returns 0, or errors as `rados_write`.
    fn rados_append(
        io: rados_ioctx_t, oid: *const c_char, buf: *const c_char, len: usize
    ) -> c_int =>
        {
        let data = borrowed(buf, len)?;
        change(io, oid, Op::Append(data))
    };
    /// Like `rados_append`. `buf` may be used again at once.
    fn rados_aio_append(
        io: rados_ioctx_t, oid: *const c_char, completion: rados_completion_t,
        buf: *const c_char, len: usize,
    ) -> c_int => {
        let data = copied(buf, len)?;
        start_change(io, oid, completion, Op::Append(data))
    };
    /// Writes the `data_len` bytes of `buf` again and again until `write_len` bytes are written
    /// from `off` on. Returns 0; -EINVAL unless `write_len` is a multiple of `data_len`; or errors
    /// as `rados_write`.
    fn rados_writesame(
        io: rados_ioctx_t, oid: *const c_char, buf: *const c_char, data_len: usize,
        write_len: usize, off: u64
    ) -> c_int =>
        {
        let data = borrowed(buf, data_len)?;
        change(io, oid, writesame(data, write_len, off)?)
    };
    /// Like `rados_writesame`. `buf` may be used again at once.
    fn rados_aio_writesame(
        io: rados_ioctx_t, oid: *const c_char, completion: rados_completion_t,
        buf: *const c_char, data_len: usize,
        write_len: usize, off: u64,
    ) -> c_int => {
        let data = copied(buf, data_len)?;
        start_change(io, oid, completion, writesame(data, write_len, off)?)
    };
}

/// The op for repeated data, with the checks that Ceph makes before it sends one.
pub(super) fn writesame(data: Payload, write_len: usize, off: u64) -> Result<Op> {
    checked(write_len)?;
    if data.is_empty() || !write_len.is_multiple_of(data.len()) {
        return Err(Errno::EINVAL.because("write_len must be a multiple of data_len"));
    }
    Ok(Op::WriteSame { off, len: write_len as u64, data })
}

/// Removes an object. Returns 0, -ENOENT.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_remove(io: rados_ioctx_t, oid: *const c_char) -> c_int {
    // SAFETY: C API contract.
    guard("rados_remove", || unsafe { change(io, oid, Op::Remove) })
}

/// Removes an object like `rados_remove`.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_aio_remove(
    io: rados_ioctx_t,
    oid: *const c_char,
    completion: rados_completion_t,
) -> c_int {
    // SAFETY: C API contract.
    guard("rados_aio_remove", || unsafe { start_change(io, oid, completion, Op::Remove) })
}

/// Sets the object's size; what is added reads as zeros. Returns 0.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_trunc(io: rados_ioctx_t, oid: *const c_char, size: u64) -> c_int {
    // SAFETY: C API contract.
    guard("rados_trunc", || unsafe { change(io, oid, Op::Truncate(size)) })
}

/// Says how large the object and its writes will be. Creates the object. Returns 0.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_set_alloc_hint(
    io: rados_ioctx_t,
    o: *const c_char,
    expected_object_size: u64,
    expected_write_size: u64,
) -> c_int {
    // SAFETY: C API contract.
    unsafe { rados_set_alloc_hint2(io, o, expected_object_size, expected_write_size, 0) }
}

/// Says how large the object and its writes will be, and with `LIBRADOS_ALLOC_HINT_FLAG_*` how they
/// are used. Creates the object. Returns 0.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_set_alloc_hint2(
    io: rados_ioctx_t,
    o: *const c_char,
    expected_object_size: u64,
    expected_write_size: u64,
    flags: u32,
) -> c_int {
    let op = Op::SetAllocHint {
        object_size: expected_object_size,
        write_size: expected_write_size,
        flags,
    };
    // SAFETY: C API contract.
    guard("rados_set_alloc_hint2", || unsafe { change(io, o, op) })
}

/// Keeps the object in the cache tier, where there is one.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_cache_pin(io: rados_ioctx_t, o: *const c_char) -> c_int {
    // SAFETY: C API contract.
    guard("rados_cache_pin", || unsafe { change(io, o, Op::CachePin) })
}

/// Ends what `rados_cache_pin` began.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_cache_unpin(io: rados_ioctx_t, o: *const c_char) -> c_int {
    // SAFETY: C API contract.
    guard("rados_cache_unpin", || unsafe { change(io, o, Op::CacheUnpin) })
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety), for the output pointer until the operation's
/// end.
unsafe fn stat<T: 'static>(
    io: &Context,
    oid: *const c_char,
    psize: *mut u64,
    pmtime: *mut T,
    convert: fn(SystemTime) -> T,
) -> Result<Call<impl FnOnce(&mut Reply) -> c_int + Send + use<T>>> {
    // SAFETY: the caller's contract.
    let (op, psize, pmtime) =
        unsafe { (io.read_op(oid)?, OutPtr::new(psize), OutPtr::new(pmtime)) };
    let finish = move |reply: &mut Reply| {
        if let Out::Stat { size, mtime } = reply.take(0) {
            psize.set(size);
            pmtime.set(convert(mtime));
        }
        reply.result
    };
    Ok(Call { op: op.then(Op::Stat), finish })
}

exports! {
    /// Size in bytes and time of the last modification in seconds. Returns 0, -ENOENT.
    fn rados_stat(
        io: rados_ioctx_t, o: *const c_char, psize: *mut u64, pmtime: *mut time_t
    ) -> c_int =>
        {
        let io = Context::of(io)?;
        io.run(stat(io, o, psize, pmtime, seconds)?)
    };
    /// Like `rados_stat`; the outputs are stored before the completion.
    fn rados_aio_stat(
        io: rados_ioctx_t, o: *const c_char, completion: rados_completion_t, psize: *mut u64,
        pmtime: *mut time_t,
    ) -> c_int => {
        start(io, completion, stat(Context::of(io)?, o, psize, pmtime, seconds)?)
    };
    /// Size in bytes and time of the last modification in nanoseconds. Returns 0, -ENOENT.
    fn rados_stat2(
        io: rados_ioctx_t, o: *const c_char, psize: *mut u64, pmtime: *mut timespec
    ) -> c_int =>
        {
        let io = Context::of(io)?;
        io.run(stat(io, o, psize, pmtime, timespec_of)?)
    };
    /// Like `rados_stat2`; the outputs are stored before the completion.
    fn rados_aio_stat2(
        io: rados_ioctx_t, o: *const c_char, completion: rados_completion_t, psize: *mut u64,
        pmtime: *mut timespec,
    ) -> c_int => {
        start(io, completion, stat(Context::of(io)?, o, psize, pmtime, timespec_of)?)
    };
}

/// Compares `cmp_len` bytes from `off` on. Returns 0 where they are equal, -4095 - n where they
/// differ first at byte n of them.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_cmpext(
    io: rados_ioctx_t,
    o: *const c_char,
    cmp_buf: *const c_char,
    cmp_len: usize,
    off: u64,
) -> c_int {
    guard("rados_cmpext", || {
        // SAFETY: C API contract.
        unsafe {
            let io = Context::of(io)?;
            let op = io.read_op(o)?.then(Op::CmpExt { off, data: borrowed(cmp_buf, cmp_len)? });
            io.run(Call { op, finish: status })
        }
    })
}

/// Compares like `rados_cmpext`. `cmp_buf` may be used again at once.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_aio_cmpext(
    io: rados_ioctx_t,
    o: *const c_char,
    completion: rados_completion_t,
    cmp_buf: *const c_char,
    cmp_len: usize,
    off: u64,
) -> c_int {
    guard("rados_aio_cmpext", || {
        // SAFETY: C API contract.
        unsafe {
            let data = copied(cmp_buf, cmp_len)?;
            let op = Context::of(io)?.read_op(o)?.then(Op::CmpExt { off, data });
            start(io, completion, Call { op, finish: status })
        }
    })
}

/// The kind of checksum and its initial value, which must have the checksum's width.
pub(super) fn checksum_kind(
    kind: rados_checksum_type_t,
    init: Bytes,
) -> Result<(ChecksumKind, Bytes)> {
    let (kind, width) = match kind {
        LIBRADOS_CHECKSUM_TYPE_XXHASH32 => (ChecksumKind::XxHash32, 4),
        LIBRADOS_CHECKSUM_TYPE_XXHASH64 => (ChecksumKind::XxHash64, 8),
        LIBRADOS_CHECKSUM_TYPE_CRC32C => (ChecksumKind::Crc32c, 4),
        _ => return Err(Errno::EINVAL.because("no such checksum")),
    };
    if init.len() != width {
        return Err(Errno::EINVAL.because("the initial value must be as wide as the checksum"));
    }
    Ok((kind, init))
}

/// Checksums of each `chunk_size` bytes of the `len` bytes from `off` on. `pchecksum` gets a 32-bit
/// count and the checksums, little-endian. Returns 0; -EINVAL for an initial value of the wrong
/// width; -ERANGE where `checksum_len` is too small.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_checksum(
    io: rados_ioctx_t,
    oid: *const c_char,
    r#type: rados_checksum_type_t,
    init_value: *const c_char,
    init_value_len: usize,
    len: usize,
    off: u64,
    chunk_size: usize,
    pchecksum: *mut c_char,
    checksum_len: usize,
) -> c_int {
    guard("rados_checksum", || {
        // SAFETY: C API contract.
        unsafe {
            let io = Context::of(io)?;
            let (kind, init) = checksum_kind(r#type, memory::copy(init_value, init_value_len)?)?;
            let place = place(pchecksum, checksum_len)?;
            let (len, chunk) = (len as u64, chunk_size as u64);
            let op = io.read_op(oid)?.then(Op::Checksum { kind, init, off, len, chunk });
            let finish = |reply: &mut Reply| match reply.result {
                result if result < 0 => result,
                _ => place.fill(&reply.take_data(0)).min(0),
            };
            io.run(Call { op, finish })
        }
    })
}
