//! What the functions of an area have in common: handles, waiting, and lists in the API's forms.

use std::future::Future;
use std::sync::Arc;

use libc::{c_char, c_int, c_void};

use super::completion::Events;
use crate::capi::buffer::{give, list, out};
use crate::capi::callback::Callback;
use crate::capi::handle::{self, Handle};
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::rbd::{Image, Pool, Progress};
use crate::runtime::block_on;

/// What stands behind an `rbd_image_t`.
pub(super) struct ImageHandle {
    pub(super) image: Arc<Image>,
    pub(super) events: Arc<Events>,
}

impl Handle for ImageHandle {
    const TAG: [u8; 8] = *b"rbdimage";
    const BOUND: bool = true;
}

impl ImageHandle {
    /// A handle for C.
    pub(super) fn create(image: Arc<Image>) -> rbd_image_t {
        handle::create(ImageHandle { image, events: Arc::default() })
    }
}

/// The open image behind a handle.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
pub(super) unsafe fn image<'a>(image: rbd_image_t) -> Result<&'a Arc<Image>> {
    // SAFETY: the caller's contract.
    Ok(&unsafe { handle::get::<ImageHandle>(image)? }.image)
}

/// The pool and namespace that a context names.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
pub(super) unsafe fn pool(io: rados_ioctx_t) -> Result<Pool> {
    // SAFETY: the caller's contract.
    unsafe { crate::capi::rados::rbd_pool(io) }
}

/// Runs a call that answers nothing to its end; 0.
pub(super) fn ok(call: impl Future<Output = Result<()>>) -> Result<c_int> {
    block_on(call).map(|()| 0)
}

/// A progress function of the caller's.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety): `arg` fits `function`.
pub(super) unsafe fn progress(function: librbd_progress_fn_t, arg: *mut c_void) -> Progress {
    let Some(callback) = Callback::new(function, arg) else { return crate::rbd::no_progress() };
    Arc::new(move |done, all| {
        // SAFETY: the caller's contract.
        unsafe { (callback.function())(done, all, callback.arg()) }
    })
}

/// A pointer of the caller's that an asynchronous operation stores its answer at.
pub(super) struct Place<T>(*mut T);

// SAFETY: the C API contract keeps the place writable until the operation's completion, on any
// thread.
unsafe impl<T> Send for Place<T> {}
// SAFETY: as above; nothing is read.
unsafe impl<T> Sync for Place<T> {}

impl<T> Place<T> {
    /// # Safety
    /// The [C API contract](crate::capi::guard#safety), until the operation's completion.
    pub(super) unsafe fn new(place: *mut T) -> Self {
        Place(place)
    }

    /// Stores the answer, unless the place is null.
    pub(super) fn set(&self, value: T) {
        // SAFETY: new()'s contract.
        unsafe { out(self.0, value) }
    }
}

impl Place<u8> {
    /// Copies bytes to the place, which has room for them.
    pub(super) fn copy(&self, bytes: &[u8]) {
        if !bytes.is_empty() && !self.0.is_null() {
            // SAFETY: new()'s contract; the caller says that there is room.
            unsafe { self.0.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        }
    }
}

/// A copy of a string for the caller, who frees it.
pub(super) fn dup(text: &str) -> Result<*mut c_char> {
    give(Some(text.as_bytes()))
}

/// Frees strings that [`dup`] gave.
///
/// # Safety
/// Each is null or came from [`dup`] and is not used any more.
pub(super) unsafe fn free_all<const N: usize>(strings: [*const c_char; N]) {
    for string in strings {
        // SAFETY: the caller's contract.
        unsafe { crate::capi::buffer::free(string.cast_mut()) }
    }
}

/// A number of elements as the API passes it.
pub(super) trait Count: Copy {
    fn to_usize(self) -> usize;
    fn from_usize(count: usize) -> Self;
}

impl Count for usize {
    fn to_usize(self) -> usize {
        self
    }
    fn from_usize(count: usize) -> Self {
        count
    }
}

impl Count for c_int {
    fn to_usize(self) -> usize {
        usize::try_from(self).unwrap_or(0)
    }
    fn from_usize(count: usize) -> Self {
        c_int::try_from(count).unwrap_or(c_int::MAX)
    }
}

/// The caller's array of `*max` elements for an answer, zeroed: after an error nothing in it needs
/// to be freed.
pub(super) struct Room<T, N> {
    first: *mut T,
    max: *mut N,
    room: usize,
}

impl<T, N: Count> Room<T, N> {
    /// `-EINVAL` without a place for the number, or for elements where there is room for some.
    ///
    /// # Safety
    /// The [C API contract](crate::capi::guard#safety). `T` is a struct of the API: zeros are a
    /// value.
    pub(super) unsafe fn new(first: *mut T, max: *mut N) -> Result<Self> {
        if max.is_null() {
            return Err(Errno::EINVAL.into());
        }
        // SAFETY: not null, valid by the contract.
        let room = unsafe { max.read() }.to_usize();
        if first.is_null() && room > 0 {
            return Err(Errno::EINVAL.into());
        }
        if room > 0 {
            // SAFETY: valid for as many elements by the contract.
            unsafe { first.write_bytes(0, room) };
        }
        Ok(Room { first, max, room })
    }

    /// Stores the items, and their number in `*max`; `-ERANGE` and the needed number there if there
    /// is too little room. `extra` elements behind them stay zero.
    pub(super) fn fill<I>(
        self,
        items: &[I],
        extra: usize,
        to_c: impl Fn(&I) -> Result<T>,
    ) -> Result<usize> {
        let needed = items.len() + extra;
        if needed > self.room {
            // SAFETY: new() checked it.
            unsafe { self.max.write(N::from_usize(needed)) };
            return Err(Errno::ERANGE.into());
        }
        for (at, item) in items.iter().enumerate() {
            // SAFETY: at is less than room.
            unsafe { self.first.add(at).write(to_c(item)?) };
        }
        Ok(items.len())
    }

    /// Like [`Room::fill`], and stores the number of items in `*max`.
    pub(super) fn fill_counted<I>(
        self,
        items: &[I],
        to_c: impl Fn(&I) -> Result<T>,
    ) -> Result<usize> {
        let max = self.max;
        let count = self.fill(items, 0, to_c)?;
        // SAFETY: new() checked it.
        unsafe { max.write(N::from_usize(count)) };
        Ok(count)
    }
}

/// Names one after the other, each closed by a zero. Returns their bytes; `-ERANGE` and the needed
/// ones in `*size` if there are fewer; `-EINVAL` for a null buffer.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
pub(super) unsafe fn names_out(
    buf: *mut c_char,
    size: *mut usize,
    names: &[impl AsRef<str>],
) -> Result<c_int> {
    if size.is_null() {
        return Err(Errno::EINVAL.into());
    }
    let joined = list(names.iter().map(|name| name.as_ref().as_bytes()));
    // SAFETY: the caller's contract; size is not null.
    unsafe {
        if size.read() < joined.len() {
            size.write(joined.len());
            return Err(Errno::ERANGE.into());
        }
        if buf.is_null() {
            return Err(Errno::EINVAL.into());
        }
        crate::capi::buffer::fill(buf, joined.len(), &joined)?;
    }
    Ok(c_int::try_from(joined.len()).unwrap_or(c_int::MAX))
}

/// A string whose needed bytes, with the closing zero, go into `*size`, whether there were enough
/// or not (`-ERANGE`).
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
pub(super) unsafe fn string_out(buf: *mut c_char, size: *mut usize, text: &str) -> Result<c_int> {
    // SAFETY: the caller's contract.
    unsafe { crate::capi::buffer::fill_sized_string(buf, size, text.as_bytes())? };
    Ok(0)
}

/// Pairs as two lists; the needed bytes of both go into the sizes.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
pub(super) unsafe fn pairs_out(
    keys: (*mut c_char, *mut usize),
    values: (*mut c_char, *mut usize),
    pairs: &[(String, Vec<u8>)],
) -> Result<c_int> {
    let all_keys = list(pairs.iter().map(|(key, _)| key.as_bytes()));
    let all_values = list(pairs.iter().map(|(_, value)| value.as_slice()));
    // SAFETY: the caller's contract. Both sizes are set before either can fail.
    unsafe {
        let first = crate::capi::buffer::fill_sized(keys.0, keys.1, &all_keys);
        let second = crate::capi::buffer::fill_sized(values.0, values.1, &all_values);
        first.and(second)?;
    }
    Ok(0)
}
