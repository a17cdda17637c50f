//! What maps cost. Not compared with anything: `cargo test --release map_costs -- --ignored
//! --nocapture` prints it.

use std::time::Instant;

use super::sketch::{PoolSketch, Sketch};
use crate::ceph::map::{OsdMap, PgId, PoolFlags};
use crate::codec::Writer;

const HOSTS: i32 = 50;
const OSDS: i32 = 1000;

/// 1000 OSDs in 50 hosts, a pool of three copies and one of 8+3 shards.
fn large() -> Sketch {
    let mut writer = Writer::new();
    writer.u32(0x1_0000).i32(HOSTS + 1).u32(2).i32(OSDS);
    let mut bucket = |id: i32, kind: u16, items: Vec<i32>| {
        writer.u32(5).i32(id).u16(kind).u8(5).u8(0).u32(0).list(&items);
        items.iter().for_each(|_| _ = writer.u32(0x1_0000));
    };
    bucket(-1, 3, (0..HOSTS).map(|host| -2 - host).collect());
    let hosted = OSDS / HOSTS;
    for host in 0..HOSTS {
        bucket(-2 - host, 1, (host * hosted..(host + 1) * hosted).collect());
    }
    for (number, choose) in [(0, 6), (1, 7)] {
        writer.u32(1).u32(3).u8(number).u8(1).u16(0);
        writer.u32(1).i32(-1).i32(0).u32(choose).i32(0).i32(1).u32(4).u64(0);
    }
    // No names; Jewel's tunables.
    writer.u32(0).u32(0).u32(0).u32(0).u32(0).u32(50).u32(1).u8(1).u8(1).u32(62).u8(1);
    let pool = |kind, size, rule| PoolSketch {
        kind,
        size,
        rule,
        pg_num: 4096,
        pgp_num: 4096,
        flags: PoolFlags::HASHPSPOOL.bits(),
        nonprimary: 0,
    };
    Sketch {
        pools: [(1, pool(1, 3, 0)), (2, pool(3, 11, 1))].into(),
        states: vec![3; OSDS as usize],
        weights: vec![0x1_0000; OSDS as usize],
        crush: writer.into_bytes(),
        ..Sketch::default()
    }
}

#[test]
fn a_large_map_places_its_groups() {
    let map = OsdMap::decode(&large().encode()).unwrap();
    for seed in 0..50 {
        let copies = map.placement(PgId { pool: 1, seed });
        assert!(copies.up.len() == 3 && !copies.up.spilled());
        let shards = map.placement(PgId { pool: 2, seed });
        assert!(shards.up.len() == 11 && !shards.up.spilled());
        let mut hosts: Vec<i32> = shards.up.iter().map(|osd| osd / (OSDS / HOSTS)).collect();
        hosts.sort_unstable();
        hosts.dedup();
        assert_eq!(hosts.len(), 11);
    }
}

#[test]
#[ignore = "prints times"]
fn map_costs() {
    let bytes = large().encode();
    let begun = Instant::now();
    let mut map = OsdMap::decode(&bytes).unwrap();
    for _ in 1..100 {
        map = OsdMap::decode(&bytes).unwrap();
    }
    println!("{OSDS} OSDs: decoded in {:?}", begun.elapsed() / 100);
    for (pool, what) in [(1, "three copies"), (2, "8+3 shards")] {
        let begun = Instant::now();
        let mut sum = 0i64;
        for seed in 0..4096 {
            sum += i64::from(map.placement(PgId { pool, seed }).acting_primary);
        }
        println!("{what}: placed in {:?} ({sum})", begun.elapsed() / 4096);
    }
    let begun = Instant::now();
    let copies: Vec<OsdMap> = (0..100).map(|_| map.clone()).collect();
    println!("copied in {:?}", begun.elapsed() / copies.len() as u32);
}
