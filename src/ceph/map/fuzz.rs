//! Entries for fuzzing: maps, and every question they are asked.

use super::crush::CrushMap;
use super::{Incremental, OsdMap};
use crate::codec::fuzz::Entry;
use crate::model::{PoolId, Target};

/// See [`crate::fuzz`].
pub const ENTRIES: &[Entry] = &[
    ("map.osdmap", |bytes| _ = osdmap(&sealed(bytes, 0))),
    ("map.osdmap_unsealed", |bytes| _ = osdmap(bytes)),
    ("map.incremental", |bytes| _ = incremental(&sealed(bytes, 4))),
    ("map.crush", crush),
];

/// The first of the recorded maps that `incremental` changes.
const FIRST: &[u8] = include_bytes!("../../tests/corpus/osdmap/epoch-60.osdmap");

/// With the right checksum, which has `behind` bytes behind it, as whoever makes a wrong map
/// would give it.
fn sealed(bytes: &[u8], behind: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if bytes.len() >= behind + 4 {
        seal(&mut bytes, behind);
    }
    bytes
}

/// Puts the right checksum before the last `behind` bytes.
pub(super) fn seal(bytes: &mut [u8], behind: usize) {
    let at = bytes.len() - behind - 4;
    let crc = !crc32c::crc32c_append(crc32c::crc32c(&bytes[..at]), &bytes[at + 4..]);
    bytes[at..at + 4].copy_from_slice(&crc.to_le_bytes());
}

/// Asks a map, if the bytes are one, all there is to ask.
pub(super) fn osdmap(bytes: &[u8]) -> bool {
    let Ok(map) = OsdMap::decode(bytes) else { return false };
    ask(&map);
    true
}

fn ask(map: &OsdMap) {
    let pools: Vec<PoolId> = map.pools().map(|(id, _)| id).take(4).collect();
    for id in pools {
        let target = Target::new(id, "object");
        let Some(raw) = map.pg_of(&target) else { continue };
        let placed = map.placement(raw);
        let spg = map.primary_shard(map.fold(raw), &placed);
        assert!(placed.acting.len() <= 255 && spg.pg.pool == id.0);
        for osd in placed.up.iter().chain(&placed.acting) {
            let _ = (map.is_up(*osd), map.osd_addrs(*osd), map.primary_affinity(*osd));
        }
    }
    let _ = map.min_compat_client();
}

/// Applies an update, if the bytes are one, to a map.
pub(super) fn apply(map: &OsdMap, bytes: &[u8]) -> bool {
    let Ok(update) = Incremental::decode(bytes) else { return false };
    let Ok(map) = map.apply(&update) else { return false };
    ask(&map);
    true
}

/// An update is of a certain epoch of a certain cluster.
fn incremental(bytes: &[u8]) -> bool {
    let (Ok(mut map), Ok(update)) = (OsdMap::decode(FIRST), Incremental::decode(bytes)) else {
        return false;
    };
    map.fsid = update.fsid;
    map.epoch = update.epoch.wrapping_sub(1);
    apply(&map, bytes)
}

fn crush(bytes: &[u8]) {
    let Ok(map) = CrushMap::decode(bytes) else { return };
    let weights = [0x1_0000, 0x8000, 0, 0x1_0000];
    for rule in 0..4 {
        for (x, size) in [(0, 3), (0xffff_ffff, 4), (77, 1), (1, 40)] {
            let placed = map.place(rule, x, size, &weights, 1);
            assert!(placed.len() <= size);
        }
    }
}
