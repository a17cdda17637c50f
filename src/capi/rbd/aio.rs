//! Reading and writing, where the caller goes on and a completion says when it has been done.
//!
//! The caller's memory is filled in place until then; what is to be written is taken at once, or
//! with `rbd_disable_zero_copy_writes = false` used in place too.

use std::sync::Arc;

use bytes::BytesMut;
use libc::{c_char, c_int, iovec, ssize_t};
use parking_lot::Mutex;

use super::common::{ImageHandle, Place};
use super::completion::{Armed, arm};
use super::io::{flags, is_thick, mismatch_to};
use crate::capi::buffer::iovecs;
use crate::capi::guard::exports;
use crate::capi::handle::{self, Shared};
use crate::capi::memory::{UserMemory, borrow};
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::model::{OpFlags, Payload};
use crate::rbd::IoDone;

/// An image and the completion of a request to it.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn begin(image: rbd_image_t, c: rbd_completion_t) -> Result<(Shared<ImageHandle>, Armed)> {
    // SAFETY: the caller's contract.
    unsafe {
        let image = handle::share::<ImageHandle>(image)?;
        let completion = arm(c, Some(&image.events))?;
        Ok((image, completion))
    }
}

/// Ends a request whose success is 0: all but reads.
fn status(completion: Armed) -> IoDone {
    Box::new(move |result| completion.end(result.map(|_| 0)))
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn read(
    image: rbd_image_t,
    off: u64,
    buf: (*mut c_char, usize),
    c: rbd_completion_t,
    flags: OpFlags,
) -> Result<c_int> {
    // SAFETY: the caller's contract.
    let memory = unsafe { UserMemory::new(buf.0, buf.1)? };
    // SAFETY: as above.
    let (image, completion) = unsafe { begin(image, c)? };
    image.image.read(off, memory, flags, move |result| completion.end(result));
    Ok(0)
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety), until the completion.
unsafe fn write(
    image: rbd_image_t,
    off: u64,
    data: Payload,
    c: rbd_completion_t,
    flags: OpFlags,
) -> Result<c_int> {
    // SAFETY: the caller's contract.
    let (image, completion) = unsafe { begin(image, c)? };
    if image.image.has_zero_copy() {
        let pledge = Arc::new(Pledge::new(completion));
        let data = data.pledged(&pledge);
        let done = Box::new(move |result: Result<u64>| pledge.ended(result.map(|_| 0)));
        image.image.write(off, data, flags, done);
    } else {
        image.image.write(off, data, flags, status(completion));
    }
    Ok(0)
}

/// A completion that ends when the request has and nothing looks at the caller's memory any more:
/// a message that was sent again may still wait for its socket when the answer to the first comes.
struct Pledge {
    completion: Option<Armed>,
    result: Mutex<Result<u64>>,
}

impl Pledge {
    fn new(completion: Armed) -> Self {
        let lost = Errno::EIO.because("a request that was dropped");
        Pledge { completion: Some(completion), result: Mutex::new(Err(lost)) }
    }

    fn ended(&self, result: Result<u64>) {
        *self.result.lock() = result;
    }
}

impl Drop for Pledge {
    fn drop(&mut self) {
        if let Some(completion) = self.completion.take() {
            completion.end(self.result.lock().clone());
        }
    }
}

/// The caller's scattered buffers; `-EINVAL` for none, or for more bytes than there are.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn pieces<'a>(iov: *const iovec, iovcnt: c_int) -> Result<(&'a [iovec], usize)> {
    // SAFETY: the caller's contract.
    let pieces = unsafe { iovecs(iov, iovcnt)? };
    let mut lens = pieces.iter().map(|piece| piece.iov_len);
    let total = lens.try_fold(0usize, |sum, len| sum.checked_add(len));
    match total {
        Some(total) if !pieces.is_empty() => Ok((pieces, total)),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// The caller's scattered buffers as data to write.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety), until the completion.
unsafe fn gather(iov: *const iovec, iovcnt: c_int) -> Result<Payload> {
    // SAFETY: the caller's contract.
    let (pieces, _) = unsafe { pieces(iov, iovcnt)? };
    let mut data = Payload::new();
    for piece in pieces {
        // SAFETY: as above.
        let part = unsafe { borrow(piece.iov_base.cast(), piece.iov_len)? };
        data.append(part);
    }
    Ok(data)
}

/// Memory that one read fills before its bytes are spread over the caller's buffers.
struct Bounce {
    bytes: BytesMut,
    pieces: Vec<(Place<u8>, usize)>,
}

impl Bounce {
    /// Copies what was read to where the caller wants it.
    fn scatter(self, read: usize) {
        let mut left = self.bytes.get(..read).unwrap_or(&self.bytes);
        for (place, len) in self.pieces {
            let (part, rest) = left.split_at(len.min(left.len()));
            place.copy(part);
            left = rest;
        }
    }
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety), until the completion.
unsafe fn read_scattered(
    image: rbd_image_t,
    (iov, iovcnt): (*const iovec, c_int),
    off: u64,
    c: rbd_completion_t,
) -> Result<c_int> {
    // SAFETY: the caller's contract.
    let (pieces, total) = unsafe { pieces(iov, iovcnt)? };
    if let [one] = pieces {
        // SAFETY: as above.
        let buf = (one.iov_base.cast(), one.iov_len);
        // SAFETY: as above.
        return unsafe { read(image, off, buf, c, OpFlags::empty()) };
    }
    let mut bounce = Bounce { bytes: BytesMut::zeroed(total), pieces: Vec::new() };
    for piece in pieces {
        // SAFETY: as above.
        bounce.pieces.push((unsafe { Place::new(piece.iov_base.cast()) }, piece.iov_len));
    }
    // SAFETY: the closure below owns the bytes until the read has ended.
    let memory = unsafe { UserMemory::new(bounce.bytes.as_mut_ptr().cast(), total)? };
    // SAFETY: the caller's contract.
    let (image, completion) = unsafe { begin(image, c)? };
    image.image.read(off, memory, OpFlags::empty(), move |result| {
        if let Ok(read) = result {
            bounce.scatter(usize::try_from(read).unwrap_or(total));
        }
        completion.end(result);
    });
    Ok(0)
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety), until the completion.
unsafe fn compare(
    image: rbd_image_t,
    off: u64,
    (compare, data): (Payload, Payload),
    c: rbd_completion_t,
    (mismatch_off, flags): (*mut u64, OpFlags),
) -> Result<ssize_t> {
    // SAFETY: the caller's contract.
    let ((image, completion), place) = unsafe { (begin(image, c)?, Place::new(mismatch_off)) };
    let done = mismatch_to(place, status(completion));
    image.image.compare_and_write(off, compare, data, flags, done);
    Ok(0)
}

exports! {
    /// Starts rbd_read(). The completion's value is the bytes read.
    fn rbd_aio_read(
        image: rbd_image_t,
        off: u64,
        len: usize,
        buf: *mut c_char,
        c: rbd_completion_t,
    ) -> c_int => read(image, off, (buf, len), c, OpFlags::empty());
    /// Starts rbd_read2(). The completion's value is the bytes read.
    fn rbd_aio_read2(
        image: rbd_image_t,
        off: u64,
        len: usize,
        buf: *mut c_char,
        c: rbd_completion_t,
        op_flags: c_int,
    ) -> c_int => read(image, off, (buf, len), c, flags(op_flags));
    /// Starts to read into several buffers, one after the other. The completion's value is the
    /// bytes read. Returns 0, or -EINVAL without buffers.
    fn rbd_aio_readv(
        image: rbd_image_t,
        iov: *const iovec,
        iovcnt: c_int,
        off: u64,
        c: rbd_completion_t,
    ) -> c_int => read_scattered(image, (iov, iovcnt), off, c);
    /// Starts rbd_write(). The completion's value is 0.
    fn rbd_aio_write(
        image: rbd_image_t,
        off: u64,
        len: usize,
        buf: *const c_char,
        c: rbd_completion_t,
    ) -> c_int => write(image, off, borrow(buf, len)?, c, OpFlags::empty());
    /// Starts rbd_write2(). The completion's value is 0.
    fn rbd_aio_write2(
        image: rbd_image_t,
        off: u64,
        len: usize,
        buf: *const c_char,
        c: rbd_completion_t,
        op_flags: c_int,
    ) -> c_int => write(image, off, borrow(buf, len)?, c, flags(op_flags));
    /// Starts rbd_write2() of data whose CRC-32C the caller knows, which is of no use here. The
    /// completion's value is 0.
    fn rbd_aio_write_with_crc32c(
        image: rbd_image_t,
        off: u64,
        len: usize,
        buf: *const c_char,
        precomputed_crc32c: u32,
        c: rbd_completion_t,
        op_flags: c_int,
    ) -> c_int => {
        let _ = precomputed_crc32c;
        write(image, off, borrow(buf, len)?, c, flags(op_flags))
    };
    /// Starts to write several buffers, one after the other. The completion's value is 0. Returns
    /// 0, or -EINVAL without buffers.
    fn rbd_aio_writev(
        image: rbd_image_t,
        iov: *const iovec,
        iovcnt: c_int,
        off: u64,
        c: rbd_completion_t,
    ) -> c_int => write(image, off, gather(iov, iovcnt)?, c, OpFlags::empty());
    /// Starts rbd_discard(), of any length. The completion's value is 0.
    fn rbd_aio_discard(image: rbd_image_t, off: u64, len: u64, c: rbd_completion_t) -> c_int => {
        let (image, completion) = begin(image, c)?;
        image.image.discard(off, len, None, status(completion));
        Ok(0)
    };
    /// Starts rbd_writesame(). The completion's value is 0. Returns 0, or -EINVAL.
    fn rbd_aio_writesame(
        image: rbd_image_t,
        off: u64,
        len: usize,
        buf: *const c_char,
        data_len: usize,
        c: rbd_completion_t,
        op_flags: c_int,
    ) -> c_int => {
        if data_len == 0 || !len.is_multiple_of(data_len) {
            return Err(Errno::EINVAL.into());
        }
        let data = borrow(buf, data_len)?;
        let (image, completion) = begin(image, c)?;
        image.image.write_same(off, len as u64, data, flags(op_flags), status(completion));
        Ok(0)
    };
    /// Starts rbd_write_zeroes(). The completion's value is 0.
    fn rbd_aio_write_zeroes(
        image: rbd_image_t,
        off: u64,
        len: usize,
        c: rbd_completion_t,
        zero_flags: c_int,
        op_flags: c_int,
    ) -> c_int => {
        let (image, completion) = begin(image, c)?;
        let done = status(completion);
        match is_thick(zero_flags) {
            Ok(thick) => image.image.write_zeroes(off, len as u64, thick, flags(op_flags), done),
            Err(error) => done(Err(error)),
        }
        Ok(0)
    };
    /// Starts rbd_compare_and_write(). The completion's value is 0 or -EILSEQ.
    fn rbd_aio_compare_and_write(
        image: rbd_image_t,
        off: u64,
        len: usize,
        cmp_buf: *const c_char,
        buf: *const c_char,
        c: rbd_completion_t,
        mismatch_off: *mut u64,
        op_flags: c_int,
    ) -> ssize_t => {
        let buffers = (borrow(cmp_buf, len)?, borrow(buf, len)?);
        compare(image, off, buffers, c, (mismatch_off, flags(op_flags)))
    };
    /// Starts rbd_compare_and_write() of several buffers, one after the other. The completion's
    /// value is 0 or -EILSEQ. Returns 0, or -EINVAL for unequal lengths.
    fn rbd_aio_compare_and_writev(
        image: rbd_image_t,
        off: u64,
        cmp_iov: *const iovec,
        cmp_iovcnt: c_int,
        iov: *const iovec,
        iovcnt: c_int,
        c: rbd_completion_t,
        mismatch_off: *mut u64,
        op_flags: c_int,
    ) -> ssize_t => {
        let buffers = (gather(cmp_iov, cmp_iovcnt)?, gather(iov, iovcnt)?);
        if buffers.0.len() != buffers.1.len() {
            return Err(Errno::EINVAL.into());
        }
        compare(image, off, buffers, c, (mismatch_off, flags(op_flags)))
    };
    /// Starts rbd_flush(), behind the requests started before. The completion's value is 0.
    fn rbd_aio_flush(image: rbd_image_t, c: rbd_completion_t) -> c_int => {
        let (image, completion) = begin(image, c)?;
        image.image.flush_then(status(completion));
        Ok(0)
    };
}
