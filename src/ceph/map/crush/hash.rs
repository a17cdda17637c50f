//! Jenkins' 32-bit mix over one to five words (`CRUSH_HASH_RJENKINS1`).
//!
//! The only hash CRUSH maps have; a map that names another gets 0 from all of Ceph, and from us.

/// The number of the hash in buckets and pools.
pub(super) const RJENKINS1: u8 = 0;

const SEED: u32 = 1_315_423_911;
const X: u32 = 231_232;
const Y: u32 = 1_232;

/// The three words a mix works on.
fn mix(a: &mut u32, b: &mut u32, c: &mut u32) {
    let step = |x: &mut u32, y: u32, z: u32, shifted: u32| {
        *x = x.wrapping_sub(y).wrapping_sub(z) ^ shifted;
    };
    step(a, *b, *c, *c >> 13);
    step(b, *c, *a, *a << 8);
    step(c, *a, *b, *b >> 13);
    step(a, *b, *c, *c >> 12);
    step(b, *c, *a, *a << 16);
    step(c, *a, *b, *b >> 5);
    step(a, *b, *c, *c >> 3);
    step(b, *c, *a, *a << 10);
    step(c, *a, *b, *b >> 15);
}

/// Of two words.
#[must_use]
pub(in crate::ceph::map) fn hash2(mut a: u32, mut b: u32) -> u32 {
    let (mut x, mut y, mut hash) = (X, Y, SEED ^ a ^ b);
    mix(&mut a, &mut b, &mut hash);
    mix(&mut x, &mut a, &mut hash);
    mix(&mut b, &mut y, &mut hash);
    hash
}

/// Of three words.
#[must_use]
pub(super) fn hash3(mut a: u32, mut b: u32, mut c: u32) -> u32 {
    let (mut x, mut y, mut hash) = (X, Y, SEED ^ a ^ b ^ c);
    mix(&mut a, &mut b, &mut hash);
    mix(&mut c, &mut x, &mut hash);
    mix(&mut y, &mut a, &mut hash);
    mix(&mut b, &mut x, &mut hash);
    mix(&mut y, &mut c, &mut hash);
    hash
}

/// Of four words.
#[must_use]
pub(super) fn hash4(mut a: u32, mut b: u32, mut c: u32, mut d: u32) -> u32 {
    let (mut x, mut y, mut hash) = (X, Y, SEED ^ a ^ b ^ c ^ d);
    mix(&mut a, &mut b, &mut hash);
    mix(&mut c, &mut d, &mut hash);
    mix(&mut a, &mut x, &mut hash);
    mix(&mut y, &mut b, &mut hash);
    mix(&mut c, &mut x, &mut hash);
    mix(&mut y, &mut d, &mut hash);
    hash
}
