//! Strings and buffers between C and Rust, in every way the API passes them.
//!
//! ```text
//!   in     string() text() opt_text()         char *, ended by a zero byte
//!          bytes() bytes_mut() iovecs()       pointer and length
//!          strings() array()                  arrays of them
//!   out    out()                              a pointer to one value, null: not wanted
//!          fill() fill_string()               the caller's buffer, -ERANGE where it is too small
//!          fill_sized() fill_list()           the same, and the needed size goes into *size
//!          give() give_string() give_array()  memory from malloc, which the caller frees
//! ```
//!
//! Ceph's functions differ in what they do when a buffer is too small: the wrapper chooses the
//! helper that does what the original was seen to do. Everything given to C comes from `malloc`,
//! because some programs call `free` where others call `rados_buffer_free`.
//!
//! All of these are unsafe in the same way: the pointers are as the
//! [C API contract](super::guard#safety) says. May use: errno. Must not: know what the bytes mean.

use crate::errno::{Errno, Result};
use libc::{c_char, c_void, iovec};
use std::ffi::CStr;

/// The bytes of a string without its closing zero; `EINVAL` for null.
///
/// Names of objects and attributes are bytes: RADOS does not ask for UTF-8.
///
/// # Safety
/// The [C API contract](super::guard#safety).
pub unsafe fn string<'a>(string: *const c_char) -> Result<&'a [u8]> {
    if string.is_null() {
        return Err(Errno::EINVAL.because("null where a string belongs"));
    }
    // SAFETY: not null; by the contract it ends with a zero byte.
    Ok(unsafe { CStr::from_ptr(string) }.to_bytes())
}

/// A string that is text; `EINVAL` for null and for what is not UTF-8.
///
/// # Safety
/// The [C API contract](super::guard#safety).
pub unsafe fn text<'a>(text: *const c_char) -> Result<&'a str> {
    // SAFETY: the caller's contract.
    let bytes = unsafe { string(text)? };
    std::str::from_utf8(bytes).map_err(|_| Errno::EINVAL.because("a name is not UTF-8"))
}

/// A string that is text, `None` for null.
///
/// # Safety
/// The [C API contract](super::guard#safety).
pub unsafe fn opt_text<'a>(string: *const c_char) -> Result<Option<&'a str>> {
    if string.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's contract.
    unsafe { text(string) }.map(Some)
}

/// The caller's input buffer; null is empty where `len` is 0 and `EINVAL` otherwise.
///
/// # Safety
/// The [C API contract](super::guard#safety).
pub unsafe fn bytes<'a>(buf: *const c_char, len: usize) -> Result<&'a [u8]> {
    // SAFETY: the caller's contract; u8 has the layout of c_char.
    unsafe { array(buf.cast(), len) }
}

/// The caller's array of `len` elements; null is empty where `len` is 0 and `EINVAL` otherwise.
///
/// # Safety
/// The [C API contract](super::guard#safety); the elements are aligned.
pub unsafe fn array<'a, T>(first: *const T, len: usize) -> Result<&'a [T]> {
    if len == 0 {
        return Ok(&[]);
    }
    check(first, len)?;
    // SAFETY: not null, not longer than memory, and valid for reads by the contract.
    Ok(unsafe { std::slice::from_raw_parts(first, len) })
}

/// The caller's output buffer; null is empty where `len` is 0 and `EINVAL` otherwise.
///
/// # Safety
/// The [C API contract](super::guard#safety). What the buffer held before may be uninitialised:
/// write only.
pub unsafe fn bytes_mut<'a>(buf: *mut c_char, len: usize) -> Result<&'a mut [u8]> {
    if len == 0 {
        return Ok(&mut []);
    }
    check(buf, len)?;
    // SAFETY: not null, not longer than memory, and valid for writes by the contract.
    Ok(unsafe { std::slice::from_raw_parts_mut(buf.cast(), len) })
}

/// The caller's scattered buffers; `EINVAL` for a negative count.
///
/// # Safety
/// The [C API contract](super::guard#safety).
pub unsafe fn iovecs<'a>(iov: *const iovec, count: libc::c_int) -> Result<&'a [iovec]> {
    let count = usize::try_from(count).map_err(|_| Errno::EINVAL)?;
    // SAFETY: the caller's contract.
    unsafe { array(iov, count) }
}

/// The caller's array of `count` strings, each ended by a zero byte or, where `lens` is given, of
/// the length that stands there.
///
/// # Safety
/// The [C API contract](super::guard#safety).
pub unsafe fn strings<'a>(
    first: *const *const c_char,
    lens: Option<*const usize>,
    count: usize,
) -> Result<Vec<&'a [u8]>> {
    // SAFETY: the caller's contract.
    unsafe {
        let pointers = array(first, count)?;
        match lens {
            None => pointers.iter().map(|&p| string(p)).collect(),
            Some(lens) => {
                pointers.iter().zip(array(lens, count)?).map(|(&p, &len)| bytes(p, len)).collect()
            }
        }
    }
}

/// `EINVAL` for null, and for more elements than fit into memory.
pub fn check<T>(first: *const T, len: usize) -> Result<()> {
    if first.is_null() {
        return Err(Errno::EINVAL.because("null where a buffer belongs"));
    }
    match len.checked_mul(size_of::<T>()) {
        Some(size) if isize::try_from(size).is_ok() => Ok(()),
        _ => Err(Errno::EINVAL.because("a length is over the size of memory")),
    }
}

/// Stores one value where the caller wants it; null: it does not.
///
/// # Safety
/// The [C API contract](super::guard#safety).
pub unsafe fn out<T>(place: *mut T, value: T) {
    if !place.is_null() {
        // SAFETY: not null, and valid for a write by the contract. write: what was there is not
        // dropped.
        unsafe { place.write(value) }
    }
}

/// Copies bytes into the caller's buffer; `ERANGE` (and nothing copied) where it is too small.
///
/// Returns their number.
///
/// # Safety
/// The [C API contract](super::guard#safety).
pub unsafe fn fill(buf: *mut c_char, len: usize, value: &[u8]) -> Result<usize> {
    if value.len() > len {
        return Err(Errno::ERANGE.into());
    }
    if !value.is_empty() {
        check(buf, len)?;
        // SAFETY: not null, valid for len >= value.len() bytes by the contract, and not memory of
        // ours.
        unsafe { buf.copy_from_nonoverlapping(value.as_ptr().cast(), value.len()) };
    }
    Ok(value.len())
}

/// Copies a string and a closing zero into the caller's buffer; `ERANGE` where it is too small.
///
/// Returns the length without the zero.
///
/// # Safety
/// The [C API contract](super::guard#safety).
pub unsafe fn fill_string(buf: *mut c_char, len: usize, value: &[u8]) -> Result<usize> {
    if value.len() >= len {
        return Err(Errno::ERANGE.into());
    }
    // SAFETY: the caller's contract; fill checked that there is room, and >= above that there is
    // one more.
    unsafe {
        check(buf, len)?;
        fill(buf, len, value)?;
        buf.add(value.len()).write(0);
    }
    Ok(value.len())
}

/// Like [`fill`], where `*size` is the buffer's size on entry and the needed size after.
///
/// # Safety
/// The [C API contract](super::guard#safety).
pub unsafe fn fill_sized(buf: *mut c_char, size: *mut usize, value: &[u8]) -> Result<usize> {
    check(size, 1)?;
    // SAFETY: the caller's contract; size is not null.
    unsafe {
        let room = size.replace(value.len());
        fill(buf, room, value)
    }
}

/// Like [`fill_sized`] for a string with its closing zero, which counts in `*size`.
///
/// # Safety
/// The [C API contract](super::guard#safety).
pub unsafe fn fill_sized_string(buf: *mut c_char, size: *mut usize, value: &[u8]) -> Result<usize> {
    // SAFETY: the caller's contract.
    unsafe { fill_sized(buf, size, &list([value])) }
}

/// A list as the C API writes it: strings one after the other, each closed by a zero byte.
pub fn list<'a>(strings: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut joined = Vec::new();
    for string in strings {
        joined.extend_from_slice(string);
        joined.push(0);
    }
    joined
}

/// Memory from `malloc` that holds `value` and a zero byte after it; null for `None`.
///
/// The caller of the C function frees it, with `free` or a function of ours that calls it.
pub fn give(value: Option<&[u8]>) -> Result<*mut c_char> {
    let Some(value) = value else { return Ok(std::ptr::null_mut()) };
    // SAFETY: malloc has no precondition; the copy and the zero stay within what it was asked for.
    unsafe {
        let memory: *mut c_char = libc::malloc(value.len() + 1).cast();
        if memory.is_null() {
            return Err(Errno::ENOMEM.into());
        }
        memory.copy_from_nonoverlapping(value.as_ptr().cast(), value.len());
        memory.add(value.len()).write(0);
        Ok(memory)
    }
}

/// Gives the caller a buffer and its length, as `char **buf, size_t *len`; null, 0 where it is
/// empty.
///
/// # Safety
/// The [C API contract](super::guard#safety).
pub unsafe fn give_sized(buf: *mut *mut c_char, len: *mut usize, value: &[u8]) -> Result<()> {
    let memory = if buf.is_null() { None } else { Some(value).filter(|v| !v.is_empty()) };
    // SAFETY: the caller's contract.
    unsafe {
        out(buf, give(memory)?);
        out(len, value.len());
    }
    Ok(())
}

/// Memory from `malloc` that holds `values`; null where there are none.
pub fn give_array<T: Copy>(values: &[T]) -> Result<*mut T> {
    if values.is_empty() {
        return Ok(std::ptr::null_mut());
    }
    // SAFETY: malloc has no precondition and aligns for every type of the API; the copy stays
    // within.
    unsafe {
        let memory: *mut T = libc::malloc(size_of_val(values)).cast();
        if memory.is_null() {
            return Err(Errno::ENOMEM.into());
        }
        memory.copy_from_nonoverlapping(values.as_ptr(), values.len());
        Ok(memory)
    }
}

/// Frees what `give*` gave, or does nothing for null.
///
/// # Safety
/// `memory` is null or came from `give*` (or any `malloc`) and is not used any more.
pub unsafe fn free<T>(memory: *mut T) {
    // SAFETY: the caller's contract.
    unsafe { libc::free(memory.cast::<c_void>()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr::{null, null_mut};

    // SAFETY (all of them): pointers to locals, with their true lengths, or null.

    #[test]
    fn input_checks_null() {
        // SAFETY: above.
        unsafe {
            assert_eq!(string(c"name".as_ptr()).unwrap(), b"name");
            assert!(string(null()).is_err_and(|e| e == Errno::EINVAL));
            assert!(text(c"\xff".as_ptr()).is_err_and(|e| e == Errno::EINVAL));
            assert_eq!(opt_text(null()).unwrap(), None);
            assert_eq!(bytes(null(), 0).unwrap(), b"");
            assert!(bytes(null(), 1).is_err());
            assert!(bytes(c"x".as_ptr(), usize::MAX).is_err());
            assert!(iovecs(null(), -1).is_err());
        }
    }

    #[test]
    fn arrays_of_strings_with_and_without_lengths() {
        let pointers = [c"ab".as_ptr()];
        let c_with_zero = [c"ab".as_ptr(), b"c\0d".as_ptr().cast()];
        // SAFETY: above.
        unsafe {
            assert_eq!(strings(pointers.as_ptr(), None, 1).unwrap(), [b"ab"]);
            let lens = [1, 3];
            let found = strings(c_with_zero.as_ptr(), Some(lens.as_ptr()), 2).unwrap();
            assert_eq!(found, [b"a".as_slice(), b"c\0d"]);
        }
    }

    #[test]
    fn a_small_buffer_is_erange_and_untouched() {
        let mut buf = [7 as c_char; 4];
        // SAFETY: above.
        unsafe {
            assert!(fill(buf.as_mut_ptr(), 4, b"12345").is_err_and(|e| e == Errno::ERANGE));
            assert!(fill_string(buf.as_mut_ptr(), 4, b"1234").is_err_and(|e| e == Errno::ERANGE));
            assert_eq!(buf, [7; 4]);
            assert_eq!(fill_string(buf.as_mut_ptr(), 4, b"123").unwrap(), 3);
            assert_eq!(bytes(buf.as_ptr(), 4).unwrap(), b"123\0");
            assert!(fill(null_mut(), 4, b"1").is_err_and(|e| e == Errno::EINVAL));
            assert_eq!(fill(null_mut(), 0, b"").unwrap(), 0);
        }
    }

    #[test]
    fn sized_output_says_what_it_needs() {
        let mut buf = [0 as c_char; 8];
        let mut size = 2;
        // SAFETY: above.
        unsafe {
            let names = list([b"a".as_slice(), b"bc"]);
            assert!(fill_sized(buf.as_mut_ptr(), &mut size, &names).is_err());
            assert_eq!(size, 5);
            assert_eq!(fill_sized(buf.as_mut_ptr(), &mut size, &names).unwrap(), 5);
            assert_eq!(bytes(buf.as_ptr(), 5).unwrap(), b"a\0bc\0");
            size = 3;
            assert!(fill_sized_string(buf.as_mut_ptr(), &mut size, b"abc").is_err());
            assert_eq!(size, 4);
            assert!(fill_sized(buf.as_mut_ptr(), null_mut(), b"").is_err());
        }
    }

    #[test]
    fn given_memory_is_closed_by_a_zero() {
        let (mut buf, mut len) = (null_mut(), 0);
        // SAFETY: above; each memory is freed once.
        unsafe {
            give_sized(&mut buf, &mut len, b"ab").unwrap();
            assert_eq!((string(buf).unwrap(), len), (b"ab".as_slice(), 2));
            free(buf);
            give_sized(&mut buf, &mut len, b"").unwrap();
            assert!(buf.is_null() && len == 0);
            give_sized(null_mut(), &mut len, b"abc").unwrap();
            assert_eq!(len, 3);
            let numbers = give_array(&[1u64, 2]).unwrap();
            assert_eq!(array(numbers, 2).unwrap(), [1, 2]);
            free(numbers);
            assert!(give(None).unwrap().is_null());
        }
    }
}
