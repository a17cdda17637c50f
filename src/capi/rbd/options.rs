//! `rbd_image_options_t`.

use libc::{c_char, c_int};
use parking_lot::Mutex;

use crate::capi::buffer::{fill_string, out, text};
use crate::capi::guard::exports;
use crate::capi::handle::{self, Handle};
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::rbd::{ImageOption, ImageOptions};

/// What stands behind an `rbd_image_options_t`.
pub(super) struct OptionsHandle(Mutex<ImageOptions>);

impl Handle for OptionsHandle {
    const TAG: [u8; 8] = *b"rbdopts\0";
}

/// Runs a call on a copy of the caller's options and stores what it made of them.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
pub(super) unsafe fn with<T>(
    opts: rbd_image_options_t,
    call: impl FnOnce(&mut ImageOptions) -> T,
) -> Result<T> {
    // SAFETY: the caller's contract.
    let handle = unsafe { handle::get::<OptionsHandle>(opts)? };
    let mut options = handle.0.lock().clone();
    let answer = call(&mut options);
    *handle.0.lock() = options;
    Ok(answer)
}

exports! {
    /// Makes a set of options, all unset.
    fn rbd_image_options_create(opts: *mut rbd_image_options_t) => {
        out(opts, handle::create(OptionsHandle(Mutex::new(ImageOptions::new()))));
        Ok(())
    };
    /// Ends a set of options.
    fn rbd_image_options_destroy(opts: rbd_image_options_t) => {
        handle::destroy::<OptionsHandle>(opts).map(drop)
    };
    /// Sets an option whose value is text. Returns 0, or -EINVAL.
    fn rbd_image_options_set_string(
        opts: rbd_image_options_t,
        optname: c_int,
        optval: *const c_char,
    ) -> c_int => {
        let value = text(optval)?;
        with(opts, |options| options.set_text(ImageOption::from_c(optname)?, value))??;
        Ok(0)
    };
    /// Sets an option whose value is a number. Returns 0, or -EINVAL.
    fn rbd_image_options_set_uint64(
        opts: rbd_image_options_t,
        optname: c_int,
        optval: u64,
    ) -> c_int => {
        with(opts, |options| options.set_number(ImageOption::from_c(optname)?, optval))??;
        Ok(0)
    };
    /// Copies the text that an option is set to. Returns 0, -EINVAL for another kind of option,
    /// -ENOENT for one that is not set, -E2BIG.
    fn rbd_image_options_get_string(
        opts: rbd_image_options_t,
        optname: c_int,
        optval: *mut c_char,
        maxlen: usize,
    ) -> c_int => {
        let get = |options: &mut ImageOptions| -> Result<String> {
            Ok(options.get_text(ImageOption::from_c(optname)?)?.to_owned())
        };
        let mut value = with(opts, get)??.into_bytes();
        // All of the buffer is written, as by strncpy (measured on 16.2.15).
        if value.len() < maxlen {
            value.resize(maxlen - 1, 0);
        }
        fill_string(optval, maxlen, &value).map_err(|_| Errno::E2BIG)?;
        Ok(0)
    };
    /// Stores the number that an option is set to. Returns 0, -EINVAL for another kind of option,
    /// -ENOENT for one that is not set.
    fn rbd_image_options_get_uint64(
        opts: rbd_image_options_t,
        optname: c_int,
        optval: *mut u64,
    ) -> c_int => {
        let get = |options: &mut ImageOptions| options.get_number(ImageOption::from_c(optname)?);
        out(optval, with(opts, get)??);
        Ok(0)
    };
    /// Stores whether an option is set. Returns 0, or -EINVAL.
    fn rbd_image_options_is_set(
        opts: rbd_image_options_t,
        optname: c_int,
        is_set: *mut bool,
    ) -> c_int => {
        let option = ImageOption::from_c(optname)?;
        out(is_set, with(opts, |options| options.is_set(option))?);
        Ok(0)
    };
    /// Unsets an option. Returns 0, -EINVAL, or -ENOENT if it was not set.
    fn rbd_image_options_unset(opts: rbd_image_options_t, optname: c_int) -> c_int => {
        with(opts, |options| options.unset(ImageOption::from_c(optname)?))??;
        Ok(0)
    };
    /// Unsets all options.
    fn rbd_image_options_clear(opts: rbd_image_options_t) => with(opts, ImageOptions::clear);
    /// Whether no option is set.
    fn rbd_image_options_is_empty(opts: rbd_image_options_t) -> c_int => {
        with(opts, |options| c_int::from(options.is_empty()))
    };
}
