//! The caller's memory as data to write and as a place to read into, without copying it.
//!
//! May use: model. Must not: outlive the operation. Memory to read into is left alone by the caller
//! until the operation's end. Data to write is only lent for the call, also for asynchronous calls:
//! the original copies it unless `rbd_disable_zero_copy_writes` is false, and callers rely on that
//! (python3-rbd's `aio_write` lets go of the bytes when it returns). With that option it is pledged
//! until the completion ([`Payload::pledged`]).

use bytes::Bytes;
use libc::c_char;

use super::buffer;
use crate::errno::Result;
use crate::model::{Payload, ReadMemory};

/// Memory of the caller's that stays readable until the call ends; it is not looked at later.
struct UserBytes {
    start: *const u8,
    len: usize,
}

// SAFETY: the C API contract lets the library read the buffer on any thread during the call, and
// who holds on to a lent payload for longer copies it.
unsafe impl Send for UserBytes {}

impl AsRef<[u8]> for UserBytes {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: borrow() checked the pointer; the C API contract keeps it readable.
        unsafe { std::slice::from_raw_parts(self.start, self.len) }
    }
}

/// The caller's buffer as a payload that is lent.
///
/// # Safety
/// The [C API contract](super::guard#safety).
pub unsafe fn borrow(buf: *const c_char, len: usize) -> Result<Payload> {
    // SAFETY: the caller's contract; this checks for null and absurd lengths.
    let bytes = unsafe { buffer::bytes(buf, len)? };
    Ok(Payload::lent(Bytes::from_owner(UserBytes { start: bytes.as_ptr(), len })))
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
        let mut payload = unsafe { borrow(data.as_ptr().cast(), 3).unwrap() };
        assert_eq!(payload.to_bytes().as_ptr(), data.as_ptr());
        payload.keep();
        assert_ne!(payload.to_bytes().as_ptr(), data.as_ptr());
        assert_eq!(payload.to_bytes(), &data[..]);
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
