//! Opaque handles: a Rust value behind the `void *` that C holds.
//!
//! ```text
//!   rados_ioctx_t ---> +--------+-----------+-------+
//!                      | tag    | count     | value |   one allocation per handle
//!                      +--------+-----------+-------+
//! ```
//!
//! The tag says which type of handle this is, so that a rados_t given where a rados_ioctx_t
//! belongs, or a null, is `-EINVAL` instead of a crash; it is wiped when the handle ends, so that
//! using an ended handle is `-EINVAL` too as long as the allocator has not used the place again;
//! and it says which process's a handle is ([`Handle::BOUND`]). Two loads and one comparison.
//!
//! A handle is counted: C holds one count from [`create`] to [`destroy`], and an operation that
//! outlives the call takes its own with [`share`]. What the two have in common is safe to drop when
//! the last is gone. May use: errno, runtime. Must not: know what is behind the handles.

use crate::errno::{Errno, Result};
use crate::runtime::Generation;
use libc::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A type that stands behind an opaque handle of the C API.
///
/// `Send + Sync` because C may use a handle on any thread.
pub trait Handle: Send + Sync + Sized + 'static {
    /// What tells this type of handle from all others: eight letters, `*b"ioctx..."` and the like.
    const TAG: [u8; 8];

    /// Whether a handle is its process's alone, because there is a connection behind it: to a child
    /// of that process it is `-EINVAL`, so that the child cannot end what is its parent's.
    const BOUND: bool = false;
}

/// What a handle points to. `repr(C)`: the tag is first whatever the type.
#[repr(C)]
pub(super) struct Slot<T> {
    tag: AtomicU64,
    pub(super) value: T,
}

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        self.tag.store(DEAD, Ordering::Relaxed);
    }
}

/// The tag of a handle that was destroyed.
const DEAD: u64 = 0xdead_dead_dead_dead;

/// Far apart for processes next to each other, and 0 for the first.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

#[inline]
fn tag<T: Handle>() -> u64 {
    let generation = if T::BOUND { Generation::current().number() } else { 0 };
    u64::from_ne_bytes(T::TAG) ^ generation.wrapping_mul(SPREAD)
}

/// Makes a handle for `value`. It lives until [`destroy`].
pub fn create<T: Handle>(value: T) -> *mut c_void {
    let slot = Arc::new(Slot { tag: AtomicU64::new(tag::<T>()), value });
    Arc::into_raw(slot).cast_mut().cast()
}

/// The slot behind a handle, or `EINVAL` for null and for a handle of another type.
///
/// # Safety
/// `handle` is null or a pointer from [`create`] of any type whose slot still has a count, or at
/// least readable memory. The result is valid until that count is given up.
#[inline]
unsafe fn slot<'a, T: Handle>(handle: *mut c_void) -> Result<&'a Slot<T>> {
    let pointer: *const Slot<T> = handle.cast_const().cast();
    if pointer.is_null() || !pointer.is_aligned() {
        return Err(Errno::EINVAL.into());
    }
    // SAFETY: the pointer is not null and aligned, the caller says that it is readable, and the tag
    // is at the same place in the slot of every type (tests: tag_comes_first).
    let found = unsafe { (*pointer.cast::<AtomicU64>()).load(Ordering::Relaxed) };
    if found != tag::<T>() {
        return Err(Errno::EINVAL.into());
    }
    // SAFETY: the tag says that this is a Slot<T>; the caller says that it is alive.
    Ok(unsafe { &*pointer })
}

/// The value behind a handle, or `EINVAL` for null and for a handle of another type.
///
/// # Safety
/// The [C API contract](super::guard#safety); the reference must not be kept after the call
/// returns.
#[inline]
pub unsafe fn get<'a, T: Handle>(handle: *mut c_void) -> Result<&'a T> {
    // SAFETY: by the C API contract the handle has its count until the call returns.
    unsafe { slot::<T>(handle) }.map(|slot| &slot.value)
}

/// A counted reference to the value behind a handle, for what goes on after the call returns.
pub struct Shared<T: Handle>(pub(super) Arc<Slot<T>>);

impl<T: Handle> std::ops::Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T: Handle> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared(Arc::clone(&self.0))
    }
}

/// Like [`get`], with a count of its own.
///
/// # Safety
/// The [C API contract](super::guard#safety).
pub unsafe fn share<T: Handle>(handle: *mut c_void) -> Result<Shared<T>> {
    // SAFETY: as for get; the slot came from Arc::into_raw in create, and C's count is still there.
    unsafe {
        let slot: *const Slot<T> = slot::<T>(handle)?;
        Arc::increment_strong_count(slot);
        Ok(Shared(Arc::from_raw(slot)))
    }
}

/// Ends a handle: C's count is given to the caller, and the handle is `EINVAL` from now on.
///
/// Of several threads that end one handle at once, one succeeds.
///
/// # Safety
/// The [C API contract](super::guard#safety).
pub unsafe fn destroy<T: Handle>(handle: *mut c_void) -> Result<Shared<T>> {
    // SAFETY: as for get. The exchange lets exactly one caller take C's count.
    unsafe {
        let slot = slot::<T>(handle)?;
        slot.tag
            .compare_exchange(tag::<T>(), DEAD, Ordering::Relaxed, Ordering::Relaxed)
            .map_err(|_| Errno::EINVAL)?;
        Ok(Shared(Arc::from_raw(slot)))
    }
}

/// Gives up C's count but leaves the handle usable as long as the library has a count of its own.
///
/// For completions: C may release one before it is complete, and its callback still gets the handle
/// and asks it for the result, as with Ceph's.
///
/// # Safety
/// The [C API contract](super::guard#safety). Not twice for one handle.
pub unsafe fn release<T: Handle>(handle: *mut c_void) -> Result<()> {
    // SAFETY: as for get; C's count, which it gives up here, came from Arc::into_raw in create.
    unsafe {
        let slot: *const Slot<T> = slot::<T>(handle)?;
        drop(Arc::from_raw(slot));
    }
    Ok(())
}

impl<T: Handle> Shared<T> {
    /// The handle as C knows it.
    #[must_use]
    pub fn handle(&self) -> *mut c_void {
        Arc::as_ptr(&self.0).cast_mut().cast()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    struct Ship(Arc<AtomicUsize>);
    impl Handle for Ship {
        const TAG: [u8; 8] = *b"ship....";
    }
    impl Drop for Ship {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    #[repr(align(64))]
    struct Boat(u8);
    impl Handle for Boat {
        const TAG: [u8; 8] = *b"boat....";
    }

    #[test]
    fn tag_comes_first() {
        assert_eq!(std::mem::offset_of!(Slot<Ship>, tag), 0);
        assert_eq!(std::mem::offset_of!(Slot<Boat>, tag), 0);
    }

    #[test]
    fn null_and_other_handles_are_einval() {
        let boat = create(Boat(7));
        // SAFETY: null, or the handle just made.
        unsafe {
            assert_eq!(get::<Boat>(boat).unwrap().0, 7);
            assert!(get::<Ship>(boat).is_err_and(|e| e == Errno::EINVAL));
            assert!(get::<Ship>(std::ptr::null_mut()).is_err());
            assert!(get::<Ship>(boat.byte_add(1)).is_err());
            destroy::<Boat>(boat).unwrap();
        }
    }

    #[test]
    fn the_value_lives_until_the_last_count() {
        let dropped = Arc::new(AtomicUsize::new(0));
        let ship = create(Ship(dropped.clone()));
        // SAFETY: the handle just made; `running` keeps the slot readable after destroy.
        unsafe {
            let running = share::<Ship>(ship).unwrap();
            drop(destroy::<Ship>(ship).unwrap());
            assert!(get::<Ship>(ship).is_err(), "ended");
            assert!(destroy::<Ship>(ship).is_err(), "ended twice");
            assert_eq!(dropped.load(Ordering::Relaxed), 0);
            drop(running);
        }
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
    }
}
