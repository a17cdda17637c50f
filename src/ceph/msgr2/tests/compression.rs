//! Compression: who agrees on it, what is compressed, and bytes that are wrong.

use proptest::prelude::*;

use super::*;
use crate::ceph::msgr2::preamble::{Preamble, Tag};

const ALL: [Algorithm; 4] = [Algorithm::Snappy, Algorithm::Zlib, Algorithm::Zstd, Algorithm::Lz4];

fn wanted(algorithms: &[Algorithm]) -> Option<Compression> {
    Some(Compression { algorithms: algorithms.to_vec(), min_size: 1024, secure: false })
}

/// What both sides say they have agreed on.
fn agreed(setup: Setup) -> Option<Algorithm> {
    let mut pair = Pair::new(setup);
    pair.run();
    let (at_client, at_server) = (events(&mut pair.client), events(&mut pair.server));
    assert_eq!(ready(&at_client).compression, ready(&at_server).compression);
    ready(&at_client).compression
}

#[test]
fn the_client_s_first_choice_that_the_server_has_is_taken() {
    use Algorithm::{Lz4, Snappy, Zlib, Zstd};
    for (client, server, both) in [
        (wanted(&ALL), wanted(&ALL), Some(Snappy)),
        (wanted(&[Lz4, Zstd]), wanted(&[Zlib, Zstd, Lz4]), Some(Lz4)),
        (wanted(&[Zstd]), wanted(&[Zlib]), None),
        (wanted(&[Zstd]), None, None),
        (None, wanted(&[Zlib]), None),
    ] {
        let mut setup = Setup::new(&[MODE_CRC]);
        (setup.client.compression, setup.server.compression) = (client, server);
        assert_eq!(agreed(setup.clone()), both);
        // Unless both say so, not what is encrypted.
        setup.client_auth = Shared::new(9, &[MODE_SECURE]);
        assert_eq!(agreed(setup.clone()), None);
        for side in [&mut setup.client, &mut setup.server] {
            side.compression.iter_mut().for_each(|wanted| wanted.secure = true);
        }
        assert_eq!(agreed(setup), both);
    }
}

#[test]
fn nobody_but_an_osd_is_asked() {
    let mut setup = Setup::new(&[MODE_CRC]);
    setup.client.compression = wanted(&ALL);
    setup.server.compression = wanted(&ALL);
    setup.server.kind = EntityKind::Mgr;
    let mut pair = Pair::new(setup);
    let target = Target { kind: EntityKind::Mgr, addr: addr(6800) };
    let local = Local { compression: wanted(&ALL), ..client_local() };
    let auth = Box::new(Shared::new(9, &[MODE_CRC]));
    pair.client = Connection::client(local, target, auth, 11, Timeouts::default(), pair.now);
    pair.run();
    assert_eq!(ready(&events(&mut pair.client)).compression, None);
}

#[test]
fn short_frames_are_sent_as_they_are_and_long_ones_shrink() {
    for algorithm in ALL {
        let mut setup = Setup::new(&[MODE_CRC]);
        setup.client.compression = wanted(&[algorithm]);
        setup.server.compression = wanted(&[algorithm]);
        let mut pair = Pair::new(setup);
        pair.run();
        let mut sent = |data: usize| {
            pair.client.send(message(1, 10, 0, &[data]));
            let before = pair.from_client.len();
            pair.run();
            pair.from_client.len() - before
        };
        assert!(sent(900) > 900, "{algorithm:?}");
        assert!(sent(10_000) < 1000, "{algorithm:?}");
        assert_eq!(messages(events(&mut pair.server)).len(), 2);
    }
}

#[test]
fn what_nobody_agreed_on_ends_the_connection() {
    let mut pair = Pair::new(Setup::new(&[MODE_CRC]));
    pair.run();
    events(&mut pair.client);
    let mut preamble = Preamble::new(Tag::Keepalive2, [12, 0, 0, 0]);
    preamble.is_compressed = true;
    give(&mut pair.client, &preamble.encode(), pair.now);
    let told = events(&mut pair.client);
    assert!(fault(&told).to_string().contains("nobody agreed"), "{told:?}");
}

/// Bytes that compress, and some that do not.
fn sample(len: usize) -> Vec<u8> {
    let mut random = crate::ceph::sim::Random::new(len as u64);
    (0..len).map(|at| if at % 5 < 3 { b'a' } else { random.below(256) as u8 }).collect()
}

fn compressed(algorithm: Algorithm, plain: &[u8]) -> Bytes {
    algorithm.compress(plain).unwrap()
}

#[test]
fn a_segment_comes_back_and_is_never_longer_than_it_may_be() {
    for algorithm in ALL {
        for len in [1, 2, 15, 41, 64, 1000, 4096, 65_535, 65_536, 300_000] {
            let plain = sample(len);
            let segment = compressed(algorithm, &plain);
            assert!(segment.len() <= len + len / 4 + 1024, "{algorithm:?} {len}");
            assert_eq!(algorithm.decompress(&segment, len).unwrap(), plain, "{algorithm:?} {len}");
            let short = algorithm.decompress(&segment, len - 1).unwrap_err();
            assert_eq!(short, Errno::EBADMSG, "{algorithm:?} {len}");
        }
        assert_eq!(algorithm.decompress(&[], 10).unwrap(), b"");
        // Zeros shrink the most, and must still be believed.
        let zeros = vec![0; 4 << 20];
        let segment = compressed(algorithm, &zeros);
        assert!(algorithm.decompress(&segment, zeros.len()).unwrap() == zeros, "{algorithm:?}");
    }
}

/// The text that the libraries of Debian's Ceph were given, as Ceph calls them; LZ4 got it in two
/// pieces, of which the second copies from the first.
#[test]
fn what_the_original_s_libraries_compress_is_read() {
    let text: String = (0..200).map(|n| format!("object {} of a pool\n", n * n)).collect();
    let mut read = 0;
    for line in include_str!("compressed.txt").lines() {
        let (name, hex) = line.split_once(' ').unwrap();
        let segment = crate::ceph::auth::cephx::tests::unhex(hex);
        let plain = Algorithm::from_name(name).unwrap().decompress(&segment, 1 << 20).unwrap();
        assert!(plain == text.as_bytes(), "{name}");
        read += 1;
    }
    assert_eq!(read, ALL.len());
}

#[test]
fn blocks_of_lz4_may_copy_from_the_ones_before() {
    // "abcdefgh", then a copy of those eight bytes and five more, as a literal "hgfed".
    let first = [0x80, b'a', b'b', b'c', b'd', b'e', b'f', b'g', b'h'];
    let second = [0x04, 8, 0, 0x50, b'h', b'g', b'f', b'e', b'd'];
    let mut segment = crate::codec::Writer::new();
    segment.u32(2).u32(8).u32(9).u32(13).u32(9).raw(&first).raw(&second);
    let segment = segment.into_bytes();
    let plain = Algorithm::Lz4.decompress(&segment, 100).unwrap();
    assert_eq!(plain, b"abcdefghabcdefghhgfed");
    assert!(Algorithm::Lz4.decompress(&segment, 20).is_err());
    assert!(Algorithm::Lz4.decompress(&segment[..segment.len() - 1], 100).is_err());
}

#[test]
fn a_length_that_cannot_be_true_takes_no_memory() {
    let lengths = |bytes: &[u8]| [bytes, &[0; 16]].concat();
    // Snappy: a varint; zstd and lz4: u32.
    let claims = [
        (Algorithm::Snappy, lengths(&[0xff, 0xff, 0xff, 0xff, 0x03])),
        (Algorithm::Zstd, lengths(&[0xff, 0xff, 0xff, 0x3f])),
        (Algorithm::Lz4, lengths(&[1, 0, 0, 0, 0xff, 0xff, 0xff, 0x3f])),
        (Algorithm::Lz4, lengths(&[0xff, 0xff, 0xff, 0xff])),
    ];
    for (algorithm, bytes) in claims {
        let error = algorithm.decompress(&bytes, 1 << 30).unwrap_err();
        assert_eq!(error, Errno::EBADMSG, "{algorithm:?}");
    }
}

/// The entry for a fuzzer: the first byte chooses the algorithm.
fn fuzz_segment(bytes: &[u8]) -> bool {
    let Some((first, segment)) = bytes.split_first() else { return false };
    let algorithm = ALL[usize::from(*first) % ALL.len()];
    let max = 100_000;
    algorithm.decompress(segment, max).is_ok_and(|plain| {
        assert!(plain.len() <= max);
        true
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn random_segments_do_no_harm(bytes: Vec<u8>) {
        fuzz_segment(&bytes);
    }

    #[test]
    fn changed_segments_do_no_harm(
        which in 0..4u8,
        len in 1..3000usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut: Option<prop::sample::Index>,
    ) {
        let segment = compressed(ALL[usize::from(which)], &sample(len));
        let mut bytes = [&[which], &segment[..]].concat();
        for (at, value) in changes {
            let at = 1 + at.index(bytes.len() - 1);
            bytes[at] ^= value;
        }
        if let Some(cut) = cut {
            bytes.truncate(1 + cut.index(bytes.len() - 1));
        }
        fuzz_segment(&bytes);
    }
}
