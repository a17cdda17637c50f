//! The placement hash: in which order a pool's objects are listed.
//!
//! On a cluster the hash decides the placement group; a listing goes through the hash space with
//! the bits of the hash reversed, so that splitting a group keeps each part in one piece. Programs
//! see the order, and may store positions; so the embedded store keeps both as they are on a
//! cluster.

use std::borrow::Cow;

use crate::model::Target;

/// Separates a namespace from the key in what is hashed.
const NAMESPACE_SEPARATOR: u8 = 0x1f;
const GOLDEN_RATIO: u32 = 0x9e37_79b9;

/// The hash of an object: of its locator, or else its name, in its namespace.
#[must_use]
pub fn hash(namespace: &[u8], locator: &[u8], name: &[u8]) -> u32 {
    let key = if locator.is_empty() { name } else { locator };
    if namespace.is_empty() {
        return rjenkins(key);
    }
    let mut text = Vec::with_capacity(namespace.len() + 1 + key.len());
    text.extend_from_slice(namespace);
    text.push(NAMESPACE_SEPARATOR);
    text.extend_from_slice(key);
    rjenkins(&text)
}

/// Where an object stands in the listing of its pool: its hash, bits reversed.
#[must_use]
pub fn position(target: &Target) -> u32 {
    let (namespace, locator) = (target.namespace.as_bytes(), target.locator.as_bytes());
    hash(namespace, locator, target.name.as_bytes()).reverse_bits()
}

/// The object's identity: a locator that is the object's name says nothing and is dropped, as an
/// OSD does.
#[must_use]
pub fn canonical(target: &Target) -> Cow<'_, Target> {
    if target.locator.is_empty() || target.locator != target.name {
        return Cow::Borrowed(target);
    }
    let mut target = target.clone();
    target.locator = crate::model::Name::empty();
    Cow::Owned(target)
}

/// Brings a hash below `count`, so that few values move when `count` grows (`ceph_stable_mod`): the
/// placement group of a hash where there are so many.
#[must_use]
pub fn fold(hash: u32, count: u32) -> u32 {
    let mask = mask(count);
    match hash & mask {
        low if low < count => low,
        _ => hash & mask >> 1,
    }
}

/// The smallest 2ⁿ − 1 that is at least `count` − 1.
#[must_use]
pub fn mask(count: u32) -> u32 {
    // A pool without groups does not exist; 0 must not overflow.
    u32::MAX.checked_shr(count.saturating_sub(1).leading_zeros()).unwrap_or(0)
}

/// The first hash behind those of a group, of `count`, in the order of listings; `None` behind the
/// last. A group's hashes are those whose lowest bits are its number.
#[must_use]
pub fn group_end(group: u32, count: u32) -> Option<u32> {
    let mask = mask(count);
    let highest = mask & !(mask >> 1);
    // The group that would have this one's upper half may not be there.
    let fixed = if group | highest < count { mask } else { mask >> 1 };
    (group | !fixed).reverse_bits().checked_add(1).map(u32::reverse_bits)
}

/// Jenkins' 1996 hash of a byte string (`CEPH_STR_HASH_RJENKINS`).
#[must_use]
pub fn rjenkins(bytes: &[u8]) -> u32 {
    let mut state = [GOLDEN_RATIO, GOLDEN_RATIO, 0];
    let mut chunks = bytes.chunks_exact(12);
    for chunk in &mut chunks {
        for (word, bytes) in state.iter_mut().zip(chunk.chunks_exact(4)) {
            *word = word.wrapping_add(little_endian(bytes));
        }
        mix(&mut state);
    }
    // The last word's lowest byte belongs to the length.
    let tail = chunks.remainder();
    let (low, high) = tail.split_at(tail.len().min(8));
    for (word, bytes) in state.iter_mut().zip(low.chunks(4)) {
        *word = word.wrapping_add(little_endian(bytes));
    }
    state[2] = state[2].wrapping_add(little_endian(high) << 8);
    state[2] = state[2].wrapping_add(bytes.len() as u32);
    mix(&mut state);
    state[2]
}

fn little_endian(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

fn mix([a, b, c]: &mut [u32; 3]) {
    let step = |x: &mut u32, y: u32, z: u32, shifted: fn(u32) -> u32| {
        *x = x.wrapping_sub(y).wrapping_sub(z) ^ shifted(z);
    };
    step(a, *b, *c, |z| z >> 13);
    step(b, *c, *a, |z| z << 8);
    step(c, *a, *b, |z| z >> 13);
    step(a, *b, *c, |z| z >> 12);
    step(b, *c, *a, |z| z << 16);
    step(c, *a, *b, |z| z >> 5);
    step(a, *b, *c, |z| z >> 3);
    step(b, *c, *a, |z| z << 10);
    step(c, *a, *b, |z| z >> 15);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PoolId;

    #[test]
    fn hashes_are_those_of_a_cluster() {
        // `ceph osd map` on 16.2.15.
        assert_eq!(hash(b"", b"", b"foo"), 0x7fc1_f406);
        assert_eq!(hash(b"ns", b"", b"foo"), 0xac17_f0b6);
        assert_eq!(hash(b"", b"foo", b"bar"), 0x7fc1_f406);
        for (name, expected) in MEASURED {
            assert_eq!(hash(b"", b"", name.as_bytes()), *expected, "{name}");
        }
    }

    #[test]
    fn a_hash_has_the_group_a_cluster_gives_it() {
        for (count, expected) in [(0, 0), (1, 0), (2, 1), (3, 3), (4, 3), (12, 15), (123, 127)] {
            assert_eq!(mask(count), expected, "{count}");
        }
        assert_eq!(mask(u32::MAX), u32::MAX);
        // 12 groups: 12..16 go where they were when there were 8.
        assert_eq!([11, 12, 15, 0x1b].map(|hash| fold(hash, 12)), [11, 4, 7, 11]);
        assert_eq!([fold(77, 1), fold(77, 0), fold(7, u32::MAX)], [0, 0, 7]);
        // `ceph osd map` of pools with 16 and 32 groups.
        assert_eq!(fold(0x7fc1_f406, 16), 6);
        assert_eq!(fold(0xac17_f0b6, 32), 0x16);
    }

    #[test]
    fn groups_lie_one_after_the_other() {
        for count in [1, 2, 3, 5, 8, 12, 100] {
            let (mut group, mut seen) = (0, 1);
            while let Some(next) = group_end(group, count) {
                let last = (next.reverse_bits() - 1).reverse_bits();
                assert_eq!(fold(last, count), group, "{count}");
                group = fold(next, count);
                assert_eq!(group, next, "{count}");
                seen += 1;
            }
            assert_eq!(seen, count);
        }
    }

    #[test]
    fn a_locator_that_is_the_name_is_none() {
        let plain = Target::new(PoolId(1), "foo");
        assert_eq!(*canonical(&plain.clone().at_locator("foo")), plain);
        let other = plain.clone().at_locator("fo");
        assert_eq!(*canonical(&other), other);
        assert_eq!(position(&plain), 0x7fc1_f406u32.reverse_bits());
    }

    const MEASURED: &[(&str, u32)] = &[];
}
