//! CRC-32C as Ceph computes it: without the inversions before and after.

/// What an empty segment's checksum is, and where those of segments start.
pub(super) const START: u32 = u32::MAX;

/// Continues `crc` over `bytes`.
pub(super) fn update(crc: u32, bytes: &[u8]) -> u32 {
    !crc32c::crc32c_append(!crc, bytes)
}

/// The checksum of a segment.
pub(super) fn segment(bytes: &[u8]) -> u32 {
    update(START, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_ceph_hold() {
        // test/common/test_crc32c.cc
        assert_eq!(update(0, b"foo bar baz"), 4119623852);
        assert_eq!(update(1234, b"foo bar baz"), 881700046);
        assert_eq!(segment(b""), u32::MAX);
        assert_eq!(update(segment(b"foo "), b"bar baz"), segment(b"foo bar baz"));
    }
}
