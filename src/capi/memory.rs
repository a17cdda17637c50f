//! The caller's memory as data to write and as a place to read into, without copying it.
//!
//! May use: model. Must not: outlive the operation: an engine drops what it was given before it
//! reports the operation's end, and a caller leaves its buffer alone until then.

use bytes::Bytes;
use libc::c_char;

use super::buffer;
use crate::errno::Result;
use crate::model::{Payload, ReadMemory};

/// Memory of the caller's that stays readable until the operation ends.
struct UserBytes {
    start: *const u8,
    len: usize,
}

// SAFETY: the C API contract lets the library read the buffer on any thread until the completion.
unsafe impl Send for UserBytes {}

impl AsRef<[u8]> for UserBytes {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: borrow() checked the pointer; the C API contract keeps it readable.
        unsafe { std::slice::from_raw_parts(self.start, self.len) }
    }
}

/// The caller's buffer as a payload that borrows it.
///
/// # Safety
/// The [C API contract](super::guard#safety), and the buffer stays as it is until the operation's
/// end: for synchronous calls, and for those asynchronous ones whose documentation says so.
pub unsafe fn borrow(buf: *const c_char, len: usize) -> Result<Payload> {
    // SAFETY: the caller's contract; this checks for null and absurd lengths.
    let bytes = unsafe { buffer::bytes(buf, len)? };
    Ok(Bytes::from_owner(UserBytes { start: bytes.as_ptr(), len }).into())
}

/// A copy of the caller's buffer, for calls whose caller may reuse it at once.
///
/// # Safety
/// The [C API contract](super::guard#safety).
pub unsafe fn copy(buf: *const c_char, len: usize) -> Result<Bytes> {
    // SAFETY: the caller's contract.
    Ok(Bytes::copy_from_slice(unsafe { buffer::bytes(buf, len)? }))
}

/// Memory of the caller's that an operation may fill.
pub struct UserMemory {
    start: *mut u8,
    len: usize,
}

// SAFETY: the C API contract lets the library write the buffer on any thread until the completion;
// no two values cover the same byte, since splitting gives each byte to one of the halves.
unsafe impl Send for UserMemory {}

impl UserMemory {
    /// The caller's buffer.
    ///
    /// # Safety
    /// The [C API contract](super::guard#safety), until the operation's end.
    pub unsafe fn new(buf: *mut c_char, len: usize) -> Result<Self> {
        // SAFETY: the caller's contract; this checks for null and absurd lengths.
        let bytes = unsafe { buffer::bytes_mut(buf, len)? };
        Ok(UserMemory { start: bytes.as_mut_ptr(), len })
    }
}

impl ReadMemory for UserMemory {
    fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: new() checked the pointer; the C API contract keeps it writable, and this value
        // is the only one that covers these bytes.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.len) }
    }

    fn split_to(&mut self, at: usize) -> Box<dyn ReadMemory> {
        let at = at.min(self.len);
        let head = UserMemory { start: self.start, len: at };
        // SAFETY: at is within the buffer.
        self.start = unsafe { self.start.add(at) };
        self.len -= at;
        Box::new(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borrowed_bytes_are_the_callers() {
        let data = *b"abc";
        // SAFETY: data outlives the payload.
        let payload = unsafe { borrow(data.as_ptr().cast(), 3).unwrap() };
        assert_eq!(payload.to_bytes().as_ptr(), data.as_ptr());
        // SAFETY: null with a length is refused, with none it is empty.
        unsafe {
            assert!(borrow(std::ptr::null(), 1).is_err());
            assert!(borrow(std::ptr::null(), 0).unwrap().is_empty());
        }
    }

    #[test]
    fn halves_do_not_overlap() {
        let mut data = [0u8; 5];
        // SAFETY: data outlives both.
        let mut tail = unsafe { UserMemory::new(data.as_mut_ptr().cast(), 5).unwrap() };
        let mut head = tail.split_to(2);
        head.bytes().fill(1);
        tail.bytes().fill(2);
        assert_eq!(data, [1, 1, 2, 2, 2]);
    }
}
