//! Features as text.

use libc::{c_char, c_int};

use super::common::string_out;
use crate::capi::buffer::{out, text};
use crate::capi::guard::exports;
use crate::errno::Errno;
use crate::rbd::Features;

exports! {
    /// Writes features as text: their names with commas. Returns 0, -EINVAL for unknown ones, or
    /// -ERANGE; the needed bytes, with the closing zero, go into `size`.
    fn rbd_features_to_string(
        features: u64,
        str_features: *mut c_char,
        size: *mut usize,
    ) -> c_int => match Features::from_bits_retain(features).names() {
        (names, false) => string_out(str_features, size, &names),
        (_, true) => Err(Errno::EINVAL.because("an unknown feature")),
    };
    /// Reads features from text: a number, or names with commas; an empty text is the default ones.
    /// Returns 0, or -EINVAL where not all of it is known; what is known is stored anyway.
    fn rbd_features_from_string(str_features: *const c_char, features: *mut u64) -> c_int => {
        let (known, ignored) = Features::parse(text(str_features)?);
        out(features, known.bits());
        if ignored.is_empty() { Ok(0) } else { Err(Errno::EINVAL.into()) }
    };
}
