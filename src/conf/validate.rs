//! Options whose text is checked or rewritten before it is read: debug levels and five of RBD's.

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
        "rbd_default_features" => bitmask(option.name, text, &FEATURES, DEFAULT_FEATURES),
        "rbd_qos_exclude_ops" => bitmask(option.name, text, &OPERATIONS, 0),
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

struct Bits {
    names: &'static [(&'static str, u64)],
    /// Bits a number may hold; the names may say more.
    allowed: u64,
}

const FEATURES: Bits = Bits {
    names: &[
        ("layering", 1),
        ("striping", 1 << 1),
        ("exclusive-lock", 1 << 2),
        ("object-map", 1 << 3),
        ("fast-diff", 1 << 4),
        ("deep-flatten", 1 << 5),
        ("journaling", 1 << 6),
        ("data-pool", 1 << 7),
        ("operations", 1 << 8),
        ("migrating", 1 << 9),
        ("non-primary", 1 << 10),
        ("dirty-cache", 1 << 11),
    ],
    allowed: 0xff,
};
const DEFAULT_FEATURES: u64 = 61;

const OPERATIONS: Bits = Bits {
    names: &[
        ("read", 1),
        ("write", 1 << 1),
        ("discard", 1 << 2),
        ("write_same", 1 << 3),
        ("compare_and_write", 1 << 4),
    ],
    allowed: 0x1f,
};

/// A bitmask given as a number or as names with commas; kept as a number. Names add up, so one said
/// twice counts twice.
fn bitmask<'a>(name: &str, text: &'a str, bits: &Bits, empty: u64) -> Result<Cow<'a, str>> {
    let wrong = |what: &str| Errno::EINVAL.because(format!("{name}: unknown bits in '{what}'"));
    let trimmed = text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b');
    if trimmed.is_empty() {
        return Ok(empty.to_string().into());
    }
    if let Ok(mask) = trimmed.parse::<u64>() {
        if mask & !bits.allowed != 0 {
            return Err(wrong(trimmed));
        }
        return Ok(mask.to_string().into());
    }
    let mut mask = 0u64;
    for word in trimmed.split(',') {
        let word = word.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b');
        let found = bits.names.iter().find(|(name, _)| *name == word);
        mask = mask.wrapping_add(found.ok_or_else(|| wrong(word))?.1);
    }
    Ok(mask.to_string().into())
}
