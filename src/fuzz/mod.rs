//! Every decoder of bytes from a peer, a disk or a user, as one list of entries to be fuzzed.
//!
//! ```text
//!   ceph/msgr2/fuzz.rs, cls/fuzz.rs, conf/fuzz.rs, ...    what a module decodes: its ENTRIES
//!                      \
//!                    ENTRIES here, the one list
//!                    /                        \
//!   tests.rs  the corpus and some damage    ctests/fuzz  libFuzzer, as long as one likes
//! ```
//!
//! An entry takes any bytes. It may find them bad; it must not panic, hang or take more memory
//! than [`memory_max`]. What decodes and has an encoding must come back from it. A module's
//! `fuzz.rs` begins and ends with what it may see, so that nothing becomes public for this. In
//! builds with debug assertions only.
//!
//! May use: everything that decodes. Must not be used by anything.

pub use crate::codec::fuzz::Entry;
use crate::{ceph, cls, conf, local, rados, rbd};

const ENTRIES: &[&[Entry]] = &[
    ceph::msgr2::fuzz::ENTRIES,
    ceph::auth::fuzz::ENTRIES,
    ceph::messages::fuzz::ENTRIES,
    ceph::map::fuzz::ENTRIES,
    ceph::mon::fuzz::ENTRIES,
    cls::fuzz::ENTRIES,
    conf::fuzz::ENTRIES,
    rados::fuzz::ENTRIES,
    rbd::fuzz::ENTRIES,
    local::fuzz::ENTRIES,
];

/// All entries.
pub fn entries() -> impl Iterator<Item = Entry> {
    ENTRIES.iter().copied().flatten().copied()
}

/// The entry of this name.
#[must_use]
pub fn find(name: &str) -> Option<Entry> {
    entries().find(|(entry, _)| *entry == name)
}

/// Bytes of memory that an entry may have at one time for `len` bytes of input: a decoded value
/// is larger than its encoding, by the size of a map's nodes for a few bytes at most.
#[must_use]
pub fn memory_max(name: &str, len: usize) -> usize {
    let fixed = match name {
        // The object map of the largest image is 61 MiB; it is changed in a copy and written.
        "local.classes" => 256 << 20,
        // A store has its database's page cache.
        _ if name.starts_with("local.store") => 64 << 20,
        // A session has a buffer to read into.
        _ => 12 << 20,
    };
    fixed + 256 * len
}

#[cfg(test)]
mod tests;
