//! What was read from and written to each pool, counted as an OSD counts: steps, and KiB of data.
//!
//! ```text
//!   shm, from 2048 on: 32 entries of 64 bytes
//!     pool, or FREE, or REMOVED   reads   KiB read   writes   KiB written
//! ```
//!
//! A count costs an addition in memory that the processes of a store share: no lock, no call of the
//! system. So the numbers live as long as that memory, until the machine's next boot, where those
//! of a cluster live as long as the pool; who watches them looks at how they grow. Of more pools at
//! a time than there are entries, the later ones stay at 0.
//!
//! Used by execute.rs when an operation has succeeded, and by stats.rs.

use std::sync::atomic::{AtomicU64, Ordering};

use super::shared::Shared;
use super::{Store, steps};
use crate::model::{ObjectOp, Op, Out, PoolId, PoolStat, Reply};

/// Nobody's entry, and none behind it is anybody's.
const FREE: u64 = 0;
/// The entry of a pool that was removed.
const REMOVED: u64 = u64::MAX;

/// What an operation read and wrote.
#[derive(Default)]
struct Traffic {
    reads: u64,
    read_kb: u64,
    writes: u64,
    write_kb: u64,
}

/// Bytes as KiB that were begun.
fn kib(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(1024)
}

impl Traffic {
    fn of(op: &ObjectOp, reply: &Reply) -> Traffic {
        let mut traffic = Traffic::default();
        for (index, step) in op.steps.iter().enumerate() {
            if !steps::writes(&step.op).unwrap_or(false) {
                traffic.reads += 1;
                traffic.read_kb += match reply.steps.get(index).map(|reply| &reply.out) {
                    Some(Out::Data(data) | Out::Extents { data, .. }) => kib(data.len()),
                    Some(Out::Filled { len, .. }) => kib(*len),
                    _ => 0,
                };
                continue;
            }
            traffic.writes += 1;
            traffic.write_kb += match &step.op {
                Op::Write { data, .. } | Op::WriteFull(data) | Op::Append(data) => kib(data.len()),
                Op::WriteSame { len, .. } => len.div_ceil(1024),
                Op::OmapSet(entries) => {
                    kib(entries.iter().map(|(key, value)| key.len() + value.len()).sum())
                }
                _ => 0,
            };
        }
        traffic
    }
}

/// The words of a pool's entry; with `claim`, of a free one if it has none.
fn entry(shared: &Shared, pool: u64, claim: bool) -> Option<&[AtomicU64; 8]> {
    let entries = shared.traffic();
    let count = entries.len();
    for step in 0..count {
        let entry = entries.get((pool as usize + step) % count)?;
        let [owner, ..] = entry;
        match owner.load(Ordering::Relaxed) {
            found if found == pool => return Some(entry),
            FREE if !claim => return None,
            found @ (FREE | REMOVED) if claim => {
                let taken =
                    owner.compare_exchange(found, pool, Ordering::AcqRel, Ordering::Acquire);
                if taken.map_or_else(|other| other == pool, |_| true) {
                    return Some(entry);
                }
            }
            _ => {}
        }
    }
    None
}

impl Store {
    /// Counts an operation that has been done.
    pub(super) fn count(&self, op: &ObjectOp, reply: &Reply) {
        if reply.result >= 0 {
            self.add(op.target.pool, &Traffic::of(op, reply));
        }
    }

    /// Counts a read of so many bytes.
    pub(super) fn count_read(&self, pool: PoolId, len: usize) {
        self.add(pool, &Traffic { reads: 1, read_kb: kib(len), ..Traffic::default() });
    }

    fn add(&self, pool: PoolId, traffic: &Traffic) {
        let pool = pool.0.cast_unsigned();
        if pool == FREE {
            return;
        }
        let entry = entry(&self.shared, pool, false).or_else(|| entry(&self.shared, pool, true));
        let Some([_, reads, read_kb, writes, write_kb, ..]) = entry else { return };
        let sums = [
            (reads, traffic.reads),
            (read_kb, traffic.read_kb),
            (writes, traffic.writes),
            (write_kb, traffic.write_kb),
        ];
        for (sum, more) in sums.into_iter().filter(|(_, more)| *more > 0) {
            sum.fetch_add(more, Ordering::Relaxed);
        }
    }

    /// Puts a pool's numbers into its statistics.
    pub fn add_traffic(&self, pool: PoolId, stat: &mut PoolStat) {
        let pool = pool.0.cast_unsigned();
        let entry = entry(&self.shared, pool, false);
        let Some([_, reads, read_kb, writes, write_kb, ..]) = entry else { return };
        stat.reads = reads.load(Ordering::Relaxed);
        stat.read_kb = read_kb.load(Ordering::Relaxed);
        stat.writes = writes.load(Ordering::Relaxed);
        stat.write_kb = write_kb.load(Ordering::Relaxed);
    }

    /// Gives the entry of a removed pool to another.
    pub fn forget_traffic(&self, pool: PoolId) {
        let Some([owner, sums @ ..]) = entry(&self.shared, pool.0.cast_unsigned(), false) else {
            return;
        };
        sums.iter().for_each(|sum| sum.store(0, Ordering::Relaxed));
        owner.store(REMOVED, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(store: &Store, pool: i64) -> (u64, u64, u64, u64) {
        let mut stat = PoolStat::default();
        store.add_traffic(PoolId(pool), &mut stat);
        (stat.reads, stat.read_kb, stat.writes, stat.write_kb)
    }

    #[test]
    fn an_entry_is_found_again_and_given_on() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let add = |pool: u64| {
            let found = entry(&store.shared, pool, true)
                .map(|entry| entry[1].fetch_add(1, Ordering::Relaxed));
            found.is_some()
        };
        // As many as there are; one more has no room, and takes that of one that goes.
        let count = store.shared.traffic().len() as u64;
        assert!((1..=count).all(|pool| add(pool) && add(pool)));
        assert!(!add(count + 1));
        assert_eq!(numbers(&store, 7), (2, 0, 0, 0));
        assert_eq!(numbers(&store, count as i64 + 1), (0, 0, 0, 0));
        store.forget_traffic(PoolId(7));
        assert_eq!(numbers(&store, 7), (0, 0, 0, 0));
        assert!(add(count + 1));
        assert_eq!(numbers(&store, count as i64 + 1), (1, 0, 0, 0));
        assert_eq!(numbers(&store, 8), (2, 0, 0, 0));
    }
}
