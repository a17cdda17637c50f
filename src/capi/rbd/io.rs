//! Reading and writing, where the caller waits.

use std::sync::Arc;

use libc::{c_char, c_int, c_void, ssize_t};

use super::common::{image as open, ok};
use crate::capi::callback::Callback;
use crate::capi::guard::exports;
use crate::capi::memory::{UserMemory, borrow};
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::model::OpFlags;
use crate::rbd::{Image, IoDone};
use crate::runtime::{Completes, Completion, block_on};

/// LIBRADOS_OP_FLAG_* of a call; unknown ones are ignored.
pub(super) fn flags(op_flags: c_int) -> OpFlags {
    OpFlags::from_bits_truncate(op_flags as u32)
}

/// Whether zeros are to take space, by the flags of a call; `-EINVAL` for unknown ones.
pub(super) fn is_thick(zero_flags: c_int) -> Result<bool> {
    match zero_flags {
        0 => Ok(false),
        RBD_WRITE_ZEROES_FLAG_THICK_PROVISION => Ok(true),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// Submits a request and waits for its end.
fn wait(submit: impl FnOnce(IoDone)) -> Result<u64> {
    let completion = Arc::new(Completion::new(false));
    let ending = Arc::clone(&completion);
    submit(Box::new(move |result| {
        ending.complete(result.map_or_else(|error| error.to_c().into(), |count| count as i64), 0);
    }));
    completion.wait();
    let result = completion.result();
    match u64::try_from(result) {
        Ok(count) => Ok(count),
        Err(_) => Err(Errno(i32::try_from(-result).unwrap_or(Errno::EIO.0)).into()),
    }
}

/// A count of bytes as C gets it.
fn count(bytes: u64) -> ssize_t {
    ssize_t::try_from(bytes).unwrap_or(ssize_t::MAX)
}

/// How much of a range is within the image, which is what calls that change one return.
fn within(image: &Image, off: u64, len: u64) -> Result<ssize_t> {
    Ok(count(len.min(image.size()?.saturating_sub(off))))
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn read(
    image: rbd_image_t,
    ofs: u64,
    buf: (*mut c_char, usize),
    flags: OpFlags,
) -> Result<ssize_t> {
    // SAFETY: the caller's contract.
    let (image, memory) = unsafe { (open(image)?, UserMemory::new(buf.0, buf.1)?) };
    wait(|done| image.read(ofs, memory, flags, done)).map(count)
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn write(
    image: rbd_image_t,
    ofs: u64,
    buf: (*const c_char, usize),
    flags: OpFlags,
) -> Result<ssize_t> {
    // SAFETY: the caller's contract; this waits for the end.
    let (image, data) = unsafe { (open(image)?, borrow(buf.0, buf.1)?) };
    wait(|done| image.write(ofs, data, flags, done)).map(count)
}

/// A function of the caller's that gets data: offset in what is read, bytes, where they are, its
/// argument.
type OnData = unsafe extern "C" fn(u64, usize, *const c_char, *mut c_void) -> c_int;

/// Reads a range in parts of the stripe period and hands each to the caller. Bytes read.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn iterate(
    image: rbd_image_t,
    ofs: u64,
    len: u64,
    callback: Callback<OnData>,
) -> Result<u64> {
    // SAFETY: the caller's contract.
    let image = unsafe { open(image)? };
    block_on(image.refresh_if_required())?;
    let (size, period) = (image.size()?, image.header().layout.period().max(1));
    if ofs >= size && len > 0 {
        return Err(Errno::EINVAL.into());
    }
    let end = ofs.saturating_add(len).min(size);
    let mut at = ofs;
    while at < end {
        let part = (period - at % period).min(end - at);
        let part = usize::try_from(part).map_err(|_| Errno::EINVAL)?;
        let data = block_on(image.read_at(at, part))?;
        if data.is_empty() {
            break;
        }
        let pointer = data.as_ptr().cast();
        // SAFETY: the caller gave function and argument for this call; the data lives until it
        // returns.
        let ret = unsafe { (callback.function())(at - ofs, data.len(), pointer, callback.arg()) };
        if let Some(errno) = Errno::from_c(ret) {
            return Err(errno.into());
        }
        at += data.len() as u64;
    }
    Ok(at - ofs)
}

exports! {
    /// Reads. Returns the bytes read, fewer at the image's end, or -EINVAL behind it.
    fn rbd_read(image: rbd_image_t, ofs: u64, len: usize, buf: *mut c_char) -> ssize_t => {
        read(image, ofs, (buf, len), OpFlags::empty())
    };
    /// Reads with LIBRADOS_OP_FLAG_FADVISE_*.
    fn rbd_read2(
        image: rbd_image_t,
        ofs: u64,
        len: usize,
        buf: *mut c_char,
        op_flags: c_int,
    ) -> ssize_t => read(image, ofs, (buf, len), flags(op_flags));
    /// Reads a range and hands it to `cb` part by part: the part's place in the range, its bytes,
    /// the data. Returns the bytes read, or what `cb` returned if that is negative.
    fn rbd_read_iterate(
        image: rbd_image_t,
        ofs: u64,
        len: usize,
        cb: Option<unsafe extern "C" fn(u64, usize, *const c_char, *mut c_void) -> c_int>,
        arg: *mut c_void,
    ) -> i64 => {
        let read = iterate(image, ofs, len as u64, Callback::required(cb, arg)?)?;
        Ok(i64::try_from(read).unwrap_or(i64::MAX))
    };
    /// Like rbd_read_iterate(), but returns 0.
    fn rbd_read_iterate2(
        image: rbd_image_t,
        ofs: u64,
        len: u64,
        cb: Option<unsafe extern "C" fn(u64, usize, *const c_char, *mut c_void) -> c_int>,
        arg: *mut c_void,
    ) -> c_int => {
        iterate(image, ofs, len, Callback::required(cb, arg)?)?;
        Ok(0)
    };
    /// Writes. Returns the bytes written, fewer at the image's end; -EINVAL behind it, -EROFS.
    fn rbd_write(image: rbd_image_t, ofs: u64, len: usize, buf: *const c_char) -> ssize_t => {
        write(image, ofs, (buf, len), OpFlags::empty())
    };
    /// Writes with LIBRADOS_OP_FLAG_FADVISE_*.
    fn rbd_write2(
        image: rbd_image_t,
        ofs: u64,
        len: usize,
        buf: *const c_char,
        op_flags: c_int,
    ) -> ssize_t => write(image, ofs, (buf, len), flags(op_flags));
    /// Gives the space of a range back; what covers less than rbd_discard_granularity_bytes of an
    /// object may be left as it is. Returns the bytes discarded, -EINVAL for 2 GiB or more, -EROFS.
    fn rbd_discard(image: rbd_image_t, ofs: u64, len: u64) -> c_int => {
        if c_int::try_from(len).is_err() {
            return Err(Errno::EINVAL.into());
        }
        let image = open(image)?;
        wait(|done| image.discard(ofs, len, None, done))?;
        Ok(within(image, ofs, len)? as c_int)
    };
    /// Writes the same `data_len` bytes repeatedly; `len` is a multiple of them. Returns the bytes
    /// written, -EINVAL, -EROFS.
    fn rbd_writesame(
        image: rbd_image_t,
        ofs: u64,
        len: usize,
        buf: *const c_char,
        data_len: usize,
        op_flags: c_int,
    ) -> ssize_t => {
        let fits = c_int::try_from(len).is_ok();
        if !fits || data_len == 0 || !len.is_multiple_of(data_len) {
            return Err(Errno::EINVAL.into());
        }
        let (image, data) = (open(image)?, borrow(buf, data_len)?);
        wait(|done| image.write_same(ofs, len as u64, data, flags(op_flags), done))?;
        within(image, ofs, len as u64)
    };
    /// Makes a range read as zeros, all of it; RBD_WRITE_ZEROES_FLAG_THICK_PROVISION keeps the
    /// space. Returns the bytes written, -EINVAL, -EROFS.
    fn rbd_write_zeroes(
        image: rbd_image_t,
        ofs: u64,
        len: usize,
        zero_flags: c_int,
        op_flags: c_int,
    ) -> ssize_t => {
        let (image, thick) = (open(image)?, is_thick(zero_flags)?);
        wait(|done| image.write_zeroes(ofs, len as u64, thick, flags(op_flags), done))?;
        within(image, ofs, len as u64)
    };
    /// Writes if `cmp_buf` is there now. Returns the bytes written, -EILSEQ and where the first
    /// difference is in `mismatch_off`, -EINVAL for a range that is not within one stripe unit.
    fn rbd_compare_and_write(
        image: rbd_image_t,
        ofs: u64,
        len: usize,
        cmp_buf: *const c_char,
        buf: *const c_char,
        mismatch_off: *mut u64,
        op_flags: c_int,
    ) -> ssize_t => {
        let (image, compare, data) = (open(image)?, borrow(cmp_buf, len)?, borrow(buf, len)?);
        let place = super::common::Place::new(mismatch_off);
        wait(|done| {
            let done = mismatch_to(place, done);
            image.compare_and_write(ofs, compare, data, flags(op_flags), done);
        })?;
        within(image, ofs, len as u64)
    };
    /// Makes durable what was written. Returns 0, or what a write has failed with that was
    /// acknowledged since the last flush.
    fn rbd_flush(image: rbd_image_t) -> c_int => ok(open(image)?.flush());
    /// Drops cached data, of which there is none but the system's; what was written is made
    /// durable. Returns 0.
    fn rbd_invalidate_cache(image: rbd_image_t) -> c_int => ok(open(image)?.invalidate_cache());
}

/// Ends a compare-and-write, storing where the first difference is.
pub(super) fn mismatch_to(
    place: super::common::Place<u64>,
    done: IoDone,
) -> crate::rbd::CompareDone {
    Box::new(move |result, offset| {
        if result.as_ref().is_err_and(|error| *error == Errno::EILSEQ) {
            place.set(offset);
        }
        done(result);
    })
}
