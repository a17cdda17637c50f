//! Options whose text is checked or rewritten before it is read: debug levels and four of RBD's.

use std::borrow::Cow;

use super::number;
use super::options::{Kind, Opt};
use crate::errno::{Errno, Result};

/// The text an option keeps for the text it was given.
///
/// # Errors
/// `EINVAL` for a value it does not take, `ERANGE` for a debug level beyond 0 to 99.
pub(super) fn normalize<'a>(option: &Opt, text: &'a str) -> Result<Cow<'a, str>> {
    if option.kind == Kind::DebugLevel {
        return debug_level(option.name, text);
    }
    match option.name {
        // A pool that cannot be one is replaced, not refused.
        "rbd_default_pool" if text.is_empty() || names_no_pool(text) => Ok("rbd".into()),
        "rbd_default_data_pool" if names_no_pool(text) => Ok("".into()),
        "rbd_default_features" => features(option.name, text),
        "rbd_discard_granularity_bytes" => {
            let is_power = number::unsigned(text).is_ok_and(|n| n == 0 || n.is_power_of_two());
            let wrong = || Errno::EINVAL.because(format!("{}: no power of two", option.name));
            if is_power { Ok(text.into()) } else { Err(wrong()) }
        }
        _ => Ok(text.into()),
    }
}

fn names_no_pool(text: &str) -> bool {
    text.contains(['@', '/'])
}

/// `N` becomes `N/N`; `N/M` stays, and so does whatever follows it.
fn debug_level<'a>(name: &str, text: &'a str) -> Result<Cow<'a, str>> {
    let out_of_range = |n: i32| !(0..=99).contains(&n);
    let bad = |errno: Errno| Err(errno.because(format!("{name}: '{text}' is not N or N/M")));
    let (log, rest) = number::leading(text);
    if rest.len() == text.len() {
        return bad(Errno::EINVAL);
    }
    if out_of_range(log) {
        return bad(Errno::ERANGE);
    }
    let gather = rest.strip_prefix('/').map(|after| (number::leading(after), after));
    match gather {
        Some(((gather, rest), after)) if rest.len() != after.len() => {
            if out_of_range(gather) {
                bad(Errno::ERANGE)
            } else {
                Ok(text.into())
            }
        }
        _ => Ok(format!("{log}/{log}").into()),
    }
}

/// The names of an image's features; the place in the list is the bit.
const FEATURES: [&str; 12] = [
    "layering",
    "striping",
    "exclusive-lock",
    "object-map",
    "fast-diff",
    "deep-flatten",
    "journaling",
    "data-pool",
    "operations",
    "migrating",
    "non-primary",
    "dirty-cache",
];
/// Bits a number may hold; the names may say more.
const PUBLIC_FEATURES: u64 = 0xff;
const DEFAULT_FEATURES: u64 = 61;

/// Features given as a bit mask or as names with commas; kept as a bit mask. Names add up, so one
/// said twice counts twice.
fn features<'a>(name: &str, text: &'a str) -> Result<Cow<'a, str>> {
    let wrong = |what: &str| Errno::EINVAL.because(format!("{name}: unknown feature '{what}'"));
    let space = |c: char| c.is_ascii_whitespace() || c == '\x0b';
    let trimmed = text.trim_matches(space);
    if trimmed.is_empty() {
        return Ok(DEFAULT_FEATURES.to_string().into());
    }
    let number = if trimmed == "-0" { "0" } else { trimmed };
    if let Ok(mask) = number.parse::<u64>() {
        let public = mask & !PUBLIC_FEATURES == 0;
        return if public { Ok(mask.to_string().into()) } else { Err(wrong(trimmed)) };
    }
    let mut mask = 0u64;
    for word in trimmed.split(',').map(|word| word.trim_matches(space)) {
        let bit = FEATURES.iter().position(|name| *name == word).ok_or_else(|| wrong(word))?;
        mask = mask.wrapping_add(1 << bit);
    }
    Ok(mask.to_string().into())
}
