mod corpus;
mod fuzz;
mod msr;
mod oracle;
mod random;
mod sketch;
mod speed;

use std::fmt::Write;

use super::*;
use crate::ceph::types::{AddrKind, EntityAddr};
use crate::errno::Errno;
use crate::model::{PoolId, SnapId, Target};

/// A set of OSDs as Ceph prints it.
fn set(osds: &[i32], primary: i32) -> String {
    let names: Vec<String> = osds.iter().map(i32::to_string).collect();
    format!("([{}], p{primary})", names.join(","))
}

/// What `osdmaptool --test-map-pgs-dump-all` prints of each group.
fn dump(map: &OsdMap) -> String {
    let mut text = String::new();
    for (PoolId(id), pool) in map.pools() {
        writeln!(text, "pool {id} pg_num {}", pool.pg_num).unwrap();
        for seed in 0..pool.pg_num {
            let pg = PgId { pool: id, seed };
            let raw = map.raw(pool, pg);
            let primary = raw.iter().copied().find(|osd| *osd != ITEM_NONE).unwrap_or(-1);
            let placed = map.placement(pg);
            let (up, acting) = (&placed.up, &placed.acting);
            let (up, acting) = (set(up, placed.up_primary), set(acting, placed.acting_primary));
            writeln!(text, "{pg} raw {} up {up} acting {acting}", set(&raw, primary)).unwrap();
        }
    }
    text
}

/// The lines about pools and groups in the tool's output.
fn groups(output: &str) -> Vec<&str> {
    output
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()) || line.starts_with("pool "))
        .collect()
}

#[test]
fn placements_are_those_that_were_measured() {
    for (map, expected) in corpus::MEASURED {
        let map = OsdMap::decode(map).unwrap();
        let ours = dump(&map);
        for (ours, expected) in ours.lines().zip(expected.lines()) {
            assert_eq!(ours, expected);
        }
        assert_eq!(&ours, expected);
    }
}

#[test]
fn updates_lead_from_each_map_to_the_next() {
    let mut last: Option<OsdMap> = None;
    for record in corpus::history() {
        match (record, last) {
            (corpus::Record::Update(bytes), Some(map)) => {
                let update = Incremental::decode(bytes).unwrap();
                let next = map.apply(&update).unwrap();
                assert_eq!((next.epoch, next.fsid), (map.epoch + 1, map.fsid));
                assert_eq!(next.apply(&update).unwrap_err(), Errno::EINVAL);
                last = Some(next);
            }
            (corpus::Record::Map(bytes), map) => {
                let full = OsdMap::decode(bytes).unwrap();
                assert!(map.is_none_or(|map| map == full), "epoch {}", full.epoch);
                last = Some(full);
            }
            (corpus::Record::Update(_), None) => panic!("an update before the first map"),
        }
    }
    assert_eq!(last.unwrap().epoch, 122);
}

#[test]
fn a_map_says_what_ceph_says_of_it() {
    // `ceph osd dump` of epoch 60.
    let map = OsdMap::decode(corpus::EPOCH_60).unwrap();
    assert_eq!((map.epoch, map.max_osd(), map.crush_version), (60, 3, 14));
    assert_eq!(map.fsid.to_string(), "46a4b1c9-1946-4f2f-9b35-c4fb8c99e377");
    assert_eq!(map.flags.bits(), 5_800_064);
    assert!(map.flags.contains(MapFlags::NOOUT | MapFlags::PGLOG_HARDLIMIT));
    assert_eq!(map.require_min_compat_client.to_string(), "luminous");
    assert_eq!(map.require_osd_release.to_string(), "pacific");
    assert_eq!(map.min_compat_client(), Release::LUMINOUS);
    assert_eq!(map.pool_by_name("ec"), Some(PoolId(4)));
    assert_eq!((map.pool_by_name("e"), map.pool_name(PoolId(5))), (None, None));
    assert_eq!(map.pool_max(), PoolId(4));
    assert!(map.is_up(1) && map.is_in(1) && !map.exists(3) && !map.exists(-1));
    assert_eq!((map.osd_weight(1), map.osd_weight(2)), (0x8000, 0x1_0000));
    let affinities = [0, 1, 2, 3].map(|osd| map.primary_affinity(osd));
    assert_eq!(affinities, [19660, 0x1_0000, 0, 0x1_0000]);
    let addrs = map.osd_addrs(2).unwrap().to_string();
    assert_eq!(addrs, "[v2:127.0.0.1:26038/26452,v1:127.0.0.1:26039/26452]");
    assert!(map.osd_addrs(3).is_none());
    let client = |text: &str, nonce| {
        map.blocklisted(&EntityAddr::new(AddrKind::Msgr2, text.parse().unwrap(), nonce))
    };
    assert!(client("10.1.2.3:0", 56) && !client("10.1.2.3:0", 55) && client("10.1.2.4:7", 1));
    assert_eq!(map.erasure_code_profile("k2m1").unwrap()["m"], "1");
}

#[test]
fn maps_are_understood_by_the_clients_that_ceph_names() {
    // osdmaptool on the cluster's history: Jewel's until the first upmap.
    let mut last = None;
    for record in corpus::history() {
        let map = match (record, last) {
            (corpus::Record::Map(bytes), _) => OsdMap::decode(bytes).unwrap(),
            (corpus::Record::Update(bytes), Some(map)) => {
                OsdMap::apply(&map, &Incremental::decode(bytes).unwrap()).unwrap()
            }
            _ => panic!("an update before the first map"),
        };
        let expected = if map.epoch < 32 { Release::JEWEL } else { Release::LUMINOUS };
        assert_eq!(map.min_compat_client(), expected, "epoch {}", map.epoch);
        last = Some(map);
    }
    let mut sketch = six(1, 2);
    let client =
        |sketch: &sketch::Sketch| OsdMap::decode(&sketch.encode()).unwrap().min_compat_client();
    assert_eq!(client(&sketch), Release::DUMPLING);
    sketch.pools.get_mut(&1).unwrap().flags = 0;
    assert_eq!(client(&sketch), Release::ARGONAUT);
    sketch.affinities = vec![0x1_0000; 5];
    assert_eq!(client(&sketch), Release::ARGONAUT);
    sketch.affinities.push(7);
    assert_eq!(client(&sketch), Release::FIREFLY);
    sketch.upmap_primaries.insert(PG, 2);
    assert_eq!(client(&sketch), Release::REEF);
}

#[test]
fn pools_are_what_ceph_says_of_them() {
    let map = OsdMap::decode(corpus::EPOCH_60).unwrap();
    let pool = |id| map.pool(PoolId(id)).unwrap();
    assert_eq!(map.pools().map(|(id, _)| id.0).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let first = pool(1);
    assert_eq!((first.kind, first.size, first.min_size), (PoolKind::Replicated, 2, 1));
    let limits: Vec<_> = first.options.values().collect();
    assert_eq!(limits, [&PoolOption::Int(1), &PoolOption::Int(32)]);
    let info = pool(2).info(PoolId(2), "a");
    assert_eq!((info.snap_seq, info.full, info.selfmanaged_snaps), (3, false, false));
    assert_eq!(info.snap_by_name("s2"), Some(SnapId(2)));
    assert_eq!(info.applications["rbd"]["k"], "v");
    assert_eq!((info.requires_alignment, info.stripe_width), (false, 0));
    let ec = pool(4);
    assert!(ec.is_erasure() && ec.flags.contains(PoolFlags::EC_OVERWRITES));
    assert_eq!((ec.stripe_width, ec.erasure_code_profile.as_str()), (8192, "k2m1"));
    assert_eq!((ec.size, ec.min_size, ec.pg_num, ec.pgp_num, ec.crush_rule), (3, 2, 8, 8, 1));
    // With its flag taken away it wants appends of whole stripes.
    let mut strict = ec.clone();
    strict.flags.remove(PoolFlags::EC_OVERWRITES);
    assert_eq!((ec.requires_alignment(), strict.requires_alignment()), (false, true));
    // It has stripes all the same, and says so to programs that ask how long they are.
    assert_eq!(ec.info(PoolId(4), "ec").stripe_width, 8192);
}

#[test]
fn objects_are_in_the_groups_of_ceph_osd_map() {
    // `ceph osd map` and osdmaptool of 16.2.15.
    let map = OsdMap::decode(corpus::EPOCH_60).unwrap();
    let group = |target: Target| {
        let raw = map.pg_of(&target).unwrap();
        (raw.to_string(), map.fold(raw).to_string())
    };
    let of = |pool, name: &str| Target::new(PoolId(pool), name);
    assert_eq!(group(of(3, "foo")), ("3.7fc1f406".into(), "3.6".into()));
    assert_eq!(group(of(2, "foo")), ("2.7fc1f406".into(), "2.6".into()));
    assert_eq!(group(of(3, "bar")), ("3.efe6384b".into(), "3.b".into()));
    assert_eq!(group(of(3, "bar").at_locator("foo")).1, "3.6");
    assert_eq!(group(of(3, "foo").in_namespace("ns")).0, "3.ac17f0b6");
    assert!(map.pg_of(&of(9, "foo")).is_none());
}

/// A map of six OSDs in one pool, whose groups CRUSH places on the first ones.
fn six(kind: u8, size: u8) -> sketch::Sketch {
    let mut writer = crate::codec::Writer::new();
    // No buckets, one rule, six devices: it takes and emits each of them.
    writer.u32(0x1_0000).u32(0).u32(1).i32(6).u32(1).u32(12).u8(0).u8(kind).u16(0);
    (0..6).for_each(|osd| _ = writer.u32(1).i32(osd).i32(0).u32(4).u64(0));
    writer.u32(0).u32(0).u32(0);
    let pool = sketch::PoolSketch {
        kind,
        size,
        rule: 0,
        pg_num: 4,
        pgp_num: 4,
        flags: PoolFlags::HASHPSPOOL.bits(),
        nonprimary: 0,
    };
    sketch::Sketch {
        pools: [(1, pool)].into(),
        states: vec![3; 6],
        weights: vec![0x1_0000; 6],
        crush: writer.into_bytes(),
        ..sketch::Sketch::default()
    }
}

const PG: PgId = PgId { pool: 1, seed: 2 };

#[test]
fn a_primary_of_its_own_changes_places() {
    let mut sketch = six(1, 3);
    sketch.upmap_primaries.insert(PG, 2);
    let place = |sketch: &sketch::Sketch| OsdMap::decode(&sketch.encode()).unwrap().placement(PG);
    assert_eq!(place(&sketch).up.as_slice(), [2, 1, 0]);
    assert_eq!(place(&sketch).acting_primary, 2);
    // Not one that does not have the group, or is out.
    sketch.upmap_primaries.insert(PG, 4);
    assert_eq!(place(&sketch).up.as_slice(), [0, 1, 2]);
    sketch.upmap_primaries.insert(PG, 1);
    assert_eq!(place(&sketch).up.as_slice(), [1, 0, 2]);
    sketch.upmap_primaries.insert(PG, 99);
    assert_eq!(place(&sketch).up.as_slice(), [0, 1, 2]);
}

#[test]
fn an_optimized_pools_temporary_set_is_put_in_order() {
    // The example in Tentacle's OSDMap.cc: 4+2, data shards but the first cannot lead.
    let mut sketch = six(3, 6);
    let pool = sketch.pools.get_mut(&1).unwrap();
    pool.flags |= PoolFlags::EC_OPTIMIZATIONS.bits();
    pool.nonprimary = 0b1110;
    sketch.states = vec![3; 11];
    sketch.weights = vec![0x1_0000; 11];
    sketch.pg_temp.insert(PG, vec![ITEM_NONE, 9, 10, 6, 7, 8]);
    let map = OsdMap::decode(&sketch.encode()).unwrap();
    assert_eq!(map.pool(PoolId(1)).unwrap().nonprimary_shards, 0b1110);
    let placed = map.placement(PG);
    assert_eq!(placed.acting.as_slice(), [ITEM_NONE, 6, 7, 8, 9, 10]);
    assert_eq!(placed.acting_primary, 9);
    assert_eq!(map.primary_shard(PG, &placed), SpgId { pg: PG, shard: 4 });
    // An OSD with two shards leads by the one that can.
    sketch.pg_temp.insert(PG, vec![ITEM_NONE, 9, 10, 9, 7, 8]);
    let map = OsdMap::decode(&sketch.encode()).unwrap();
    let placed = map.placement(PG);
    assert_eq!(placed.acting.as_slice(), [ITEM_NONE, 9, 7, 8, 9, 10]);
    assert_eq!(map.primary_shard(PG, &placed).shard, 4);
}

#[test]
fn a_replicated_group_has_no_shards() {
    let map = OsdMap::decode(&six(1, 2).encode()).unwrap();
    assert_eq!(map.primary_shard(PG, &map.placement(PG)), SpgId { pg: PG, shard: NO_SHARD });
    let map = OsdMap::decode(&six(3, 2).encode()).unwrap();
    assert_eq!(map.primary_shard(PG, &map.placement(PG)), SpgId { pg: PG, shard: 0 });
}

#[test]
fn a_damaged_map_is_refused_by_its_checksum() {
    let mut bytes = six(1, 2).encode().to_vec();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let error = OsdMap::decode(&bytes).unwrap_err();
    assert!(error.what().unwrap().starts_with("osdmap crc"), "{error}");
}
