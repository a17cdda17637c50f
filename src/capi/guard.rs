//! What stands around the body of every exported function.
//!
//! ```text
//!   C caller -> extern "C" fn -> guard() -> body: pointers to Rust values, one call, Ok(..) or ?
//!            <- -errno        <-         <- Err(Error), or a panic
//! ```
//!
//! A wrapper is five lines, written out or, where there are many alike, as a line of `exports!`:
//!
//! ```ignore
//! /// Writes `len` bytes at `off`. Returns 0, -ENOENT ..., -E2BIG where len is over 2 GiB.
//! ///
//! /// # Safety
//! /// [C API contract](super::guard#safety).
//! #[unsafe(no_mangle)]
//! pub unsafe extern "C" fn rados_write(
//!     io: rados_ioctx_t, oid: *const c_char, buf: *const c_char, len: usize, off: u64,
//! ) -> c_int {
//!     guard("rados_write", || {
//!         // SAFETY: C API contract.
//!         let (io, oid, data) = unsafe { (IoCtx::of(io)?, string(oid)?, bytes(buf, len)?) };
//!         io.write(oid, data, off)?;
//!         Ok(0)
//!     })
//! }
//! ```
//!
//! # Safety
//!
//! The *C API contract* that the `# Safety` section of every exported function and the `// SAFETY:`
//! comments in it refer to: a handle is null or one that this library returned and that has not
//! been ended; a string is null or ends with a zero byte; a buffer is null or valid for as many
//! bytes as the argument beside it says; an output pointer is null or valid for one write; all of
//! them stay so until the call returns, and for asynchronous calls until the completion. Memory
//! that a program reads or writes from another thread meanwhile is its own race, as with Ceph's
//! library.
//!
//! May use: errno. Must not: anything that knows RADOS or RBD.

use crate::errno::{Errno, Result};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

/// A type that C functions return, with the value that says failure.
pub trait Failure {
    /// The value that a function of this return type answers when it fails with `errno`: the
    /// negative number where the type is signed, otherwise zero, null or nothing.
    fn failure(errno: Errno) -> Self;
}

macro_rules! failure {
    ($($type:ty: $errno:ident => $value:expr;)*) => {
        $(impl Failure for $type {
            fn failure($errno: Errno) -> Self { $value }
        })*
    };
}

// i64 is int64_t, isize is ssize_t, u32 is unsigned int too.
failure! {
    (): _errno => ();
    i32: errno => errno.to_c();
    i64: errno => i64::from(errno.to_c());
    isize: errno => errno.to_c() as isize;
    u32: _errno => 0;
    u64: _errno => 0;
}

impl<T> Failure for *mut T {
    fn failure(_errno: Errno) -> Self {
        std::ptr::null_mut()
    }
}

/// Defines exported functions: documentation, C signature, `=>`, and a body of type `Result<return
/// type>` that runs inside [`guard`].
///
/// The body is in an `unsafe` block, whose reason is the C API contract above: what it may rely on
/// is the arguments, and it hands them to functions that ask for just that contract.
macro_rules! exports {
    ($(
        $(#[$attr:meta])* fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $ret:ty)?
        => $body:expr;
    )*) => {
        $(
            $(#[$attr])*
            ///
            /// # Safety
            /// [C API contract](crate::capi::guard#safety).
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name($($arg: $type),*) $(-> $ret)? {
                $crate::capi::guard::guard(stringify!($name), || {
                    // SAFETY: C API contract.
                    #[allow(unused_unsafe)]
                    unsafe { $body }
                })
            }
        )*
    };
}
pub(crate) use exports;

/// Runs the body of the exported function `name` and turns what comes out into what C expects.
///
/// An error becomes the failure value of the return type; it is logged at debug level, because for
/// a client -ENOENT is an answer. A panic is a bug of ours: it becomes `-EIO` (or null, zero) and
/// an error in the log, and never crosses into C. Whatever the body had locked is unlocked by then.
#[inline]
pub fn guard<T: Failure>(name: &'static str, body: impl FnOnce() -> Result<T>) -> T {
    log::trace!(target: subsystem(name), "{name}");
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => value,
        Ok(Err(error)) => {
            log::debug!(target: subsystem(name), "{name}: {error}");
            T::failure(error.errno())
        }
        Err(panic) => {
            log_panic(name, &*panic);
            T::failure(Errno::EIO)
        }
    }
}

/// Whose calls of this name are in the log.
fn subsystem(name: &str) -> &'static str {
    if name.starts_with("rbd") { "rbd" } else { "rados" }
}

/// Runs code of ours on a thread of ours, such as a completion, where a panic has nobody to go to.
pub fn contain(what: &'static str, body: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(body)) {
        log_panic(what, &*panic);
    }
}

#[cold]
fn log_panic(name: &str, panic: &(dyn Any + Send)) {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    // The log may be what panicked.
    let _ = catch_unwind(AssertUnwindSafe(|| log::error!("{name}: bug, panicked: {text}")));
}

/// Says once per process that a client called a function that is not written yet.
#[cold]
pub fn log_missing(name: &'static str, said: &AtomicBool) {
    if !said.swap(true, Ordering::Relaxed) {
        let _ = catch_unwind(|| log::warn!("{name} is not implemented: -EOPNOTSUPP"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_a_negative_number() {
        assert_eq!(guard::<i32>("f", || Err(Errno::ENOENT.into())), -libc::ENOENT);
        assert_eq!(guard::<i64>("f", || Err(Errno::ENOENT.into())), -i64::from(libc::ENOENT));
        assert_eq!(guard::<isize>("f", || Err(Errno::ERANGE.into())), -(libc::ERANGE as isize));
        assert_eq!(guard::<u64>("f", || Err(Errno::ENOENT.into())), 0);
        assert!(guard::<*mut u8>("f", || Err(Errno::ENOENT.into())).is_null());
        assert_eq!(guard("f", || Ok(7)), 7);
    }

    #[test]
    fn a_panic_is_eio_and_unlocks() {
        let lock = parking_lot::Mutex::new(());
        let ret: i32 = guard("f", || {
            let _held = lock.lock();
            panic!("on purpose");
        });
        assert_eq!(ret, -libc::EIO);
        assert!(lock.try_lock().is_some());
        contain("g", || panic!("{}", "on purpose"));
    }
}
