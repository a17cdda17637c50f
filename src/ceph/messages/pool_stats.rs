//! What pools hold (`MGetPoolStats`, `MGetPoolStatsReply`).

use std::collections::BTreeMap;

use uuid::Uuid;

use super::paxos;
use crate::ceph::message::Message;
use crate::codec::{Reader, Writer};
use crate::errno::Result;
use crate::model::PoolStat;

/// The request (`MSG_GETPOOLSTATS`).
pub const GET_POOL_STATS: u16 = 58;
/// Its answer.
pub const GET_POOL_STATS_REPLY: u16 = 59;

/// The newest version of `pool_stat_t` whose fields are known.
const VERSION: u8 = 7;
/// Bytes of `object_stat_sum_t` between writes and misplaced objects: errors, recovery, tiers.
const BEFORE_MISPLACED: usize = 10 * 8;
/// Bytes between what hit sets take and what omaps take: tiering (four numbers of them short),
/// pinned, missing, old snapsets, large omaps, manifests.
const BEFORE_OMAP: usize = 5 * 8 + 4 * 4 + 5 * 8;
/// From this version of `object_stat_sum_t` on, bytes in omaps are counted.
const VERSION_OMAP: u8 = 19;

/// Asks for pools by name.
#[must_use]
pub fn request(fsid: Uuid, pools: &[String]) -> Message {
    let mut front = Writer::new();
    paxos::encode(&mut front, 0);
    front.raw(fsid.as_bytes()).list(pools);
    Message::new(GET_POOL_STATS, 1, 0, front.into_bytes())
}

/// The answer, by pool name.
pub fn reply(message: &Message) -> Result<BTreeMap<String, PoolStat>> {
    let mut front = Reader::new(&message.front);
    paxos::decode(&mut front, "pool stats")?;
    front.take(16, "pool stats fsid")?;
    let count = front.count(4 + 6, "pool stats")?;
    let mut raw = Vec::with_capacity(count);
    for _ in 0..count {
        raw.push((front.string("pool stats name")?, Raw::decode(&mut front)?));
    }
    // The OSDs' own counts of each pool, or else sums over its placement groups.
    let per_pool = message.version >= 2 && front.bool("pool stats per_pool")?;
    Ok(raw.into_iter().map(|(name, stat)| (name, stat.told(per_pool))).collect())
}

/// `pool_stat_t`, as far as it is told.
#[derive(Default)]
struct Raw {
    stat: PoolStat,
    /// Bytes by placement groups, without and in omaps.
    bytes: u64,
    omap_bytes: u64,
    /// Bytes by the OSDs' stores: allocated for data, stored, allocated for omaps.
    allocated: u64,
    stored: u64,
    omap_allocated: u64,
}

impl Raw {
    fn decode(front: &mut Reader<'_>) -> Result<Self> {
        let (version, mut body) = front.versioned(VERSION, "pool_stat_t")?;
        let mut raw = Raw::default();
        let (_, mut collection) = body.versioned(2, "object_stat_collection_t")?;
        raw.decode_sum(&mut collection)?;
        let (log_sizes, replicas) = (16, 8);
        body.take(log_sizes, "pool_stat_t log_size")?;
        if version >= 7 {
            body.take(replicas, "pool_stat_t up")?;
            raw.decode_store(&mut body)?;
        }
        Ok(raw)
    }

    fn decode_sum(&mut self, collection: &mut Reader<'_>) -> Result<()> {
        let (version, mut body) = collection.versioned(u8::MAX, "object_stat_sum_t")?;
        let mut next = || body.u64("object_stat_sum_t");
        let bytes = next()?;
        self.stat.objects = next()?;
        self.stat.object_clones = next()?;
        self.stat.object_copies = next()?;
        self.stat.objects_missing = next()?;
        let degraded = next()?;
        self.stat.objects_unfound = next()?;
        self.stat.reads = next()?;
        self.stat.read_kb = next()?;
        self.stat.writes = next()?;
        self.stat.write_kb = next()?;
        body.take(BEFORE_MISPLACED, "object_stat_sum_t")?;
        self.stat.objects_degraded = degraded.wrapping_add(body.u64("misplaced")?);
        self.bytes = bytes.wrapping_add(body.u64("hit set bytes")?);
        if version >= VERSION_OMAP {
            body.take(BEFORE_OMAP, "object_stat_sum_t")?;
            self.omap_bytes = body.u64("object_stat_sum_t omap_bytes")?;
        }
        Ok(())
    }

    fn decode_store(&mut self, body: &mut Reader<'_>) -> Result<()> {
        let (_, mut store) = body.versioned(u8::MAX, "store_statfs_t")?;
        for field in ["store_statfs_t total", "available", "internally_reserved"] {
            store.u64(field)?;
        }
        self.allocated = store.u64("store_statfs_t allocated")?;
        self.stored = store.u64("store_statfs_t data_stored")?;
        self.stat.compressed_bytes = store.u64("store_statfs_t data_compressed")?;
        self.stat.compressed_bytes_alloc = store.u64("store_statfs_t compressed_allocated")?;
        self.stat.compressed_bytes_orig = store.u64("store_statfs_t compressed_original")?;
        self.omap_allocated = store.u64("store_statfs_t omap_allocated")?;
        Ok(())
    }

    fn told(self, per_pool: bool) -> PoolStat {
        let (bytes, user_bytes) = if per_pool {
            let omap = self.omap_allocated;
            (self.allocated.wrapping_add(omap), self.stored.wrapping_add(omap))
        } else {
            let all = self.bytes.wrapping_add(self.omap_bytes);
            (all, all)
        };
        PoolStat { bytes, user_bytes, ..self.stat }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As 16.2.15 writes it: each number is its place in the list, from 1.
    fn pool_stat(version: u8) -> Writer {
        let mut number = 0;
        let mut numbers = |writer: &mut Writer, count: u64| {
            for _ in 0..count {
                number += 1;
                writer.u64(number);
            }
        };
        let mut writer = Writer::new();
        writer.versioned(version, 5, |body| {
            body.versioned(2, 2, |stats| {
                stats.versioned(20, 14, |sum| {
                    numbers(sum, 28);
                    sum.u64(0).u64(0);
                    numbers(sum, 8);
                });
                stats.u32(0);
            });
            body.u64(0).u64(0).u32(2).u32(2);
            if version >= 7 {
                body.versioned(1, 1, |store| numbers(store, 10)).u32(1);
            }
        });
        writer
    }

    fn answer(version: u8, per_pool: bool) -> PoolStat {
        let mut front = Writer::new();
        paxos::encode(&mut front, 1);
        front.raw(&[0; 16]).u32(1).bytes("p").raw(&pool_stat(version).into_bytes());
        front.bool(per_pool);
        let message = Message::new(GET_POOL_STATS_REPLY, 2, 1, front.into_bytes());
        reply(&message).unwrap()["p"]
    }

    #[test]
    fn pools_are_counted_by_stores_or_by_placement_groups() {
        let by_store = answer(7, true);
        assert_eq!((by_store.objects, by_store.object_clones, by_store.write_kb), (2, 3, 11));
        assert_eq!((by_store.objects_degraded, by_store.objects_unfound), (6 + 22, 7));
        let first = 36;
        assert_eq!(by_store.bytes, (first + 4) + (first + 9));
        assert_eq!(by_store.user_bytes, (first + 5) + (first + 9));
        assert_eq!(by_store.compressed_bytes_orig, first + 8);
        let by_pg = answer(6, false);
        assert_eq!((by_pg.bytes, by_pg.user_bytes), (1 + 23 + 34, 1 + 23 + 34));
    }
}
