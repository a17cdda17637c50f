//! Parts of objects that are being written to, and who waits for them.
//!
//! ```text
//!   claim ---- nothing overlaps ----> claimed --give_back()--> who waited for it goes on
//!       \----- something does: no
//!   wait ----- nothing overlaps: goes on
//!       \----- something does: waits, in the order of coming
//! ```
//!
//! What comes later does not overtake what waits and overlaps. Objects are spread over several
//! locks; while nothing is claimed, none is taken.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use smallvec::SmallVec;

use crate::rbd::gate::Waits;

/// Neighbouring objects, which are written at about the same time, have different locks.
const SHARDS: usize = 16;

/// A part of an object, not empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::rbd::io) struct Extent {
    object: u64,
    offset: u64,
    end: u64,
}

impl Extent {
    /// Of an object, an offset in it and a number of bytes.
    pub(in crate::rbd::io) fn of((object, offset, len): (u64, u64, u64)) -> Self {
        Extent { object, offset, end: offset + len }
    }

    /// Bytes.
    pub(super) fn len(&self) -> u64 {
        self.end - self.offset
    }

    fn overlaps(&self, other: &Extent) -> bool {
        self.object == other.object && self.offset < other.end && other.offset < self.end
    }
}

/// What one request writes to: mostly one object.
pub(in crate::rbd::io) type Extents = SmallVec<[Extent; 1]>;

/// Who may go on now.
pub(super) type Ready<W> = SmallVec<[W; 1]>;

/// The claims on the objects of an image.
pub(super) struct Turns<W> {
    shards: [Mutex<Shard<W>>; SHARDS],
    claims: AtomicUsize,
}

struct Shard<W> {
    /// Object and offset, and the end; no two overlap.
    claimed: BTreeMap<(u64, u64), u64>,
    waiting: VecDeque<Waiting<W>>,
}

struct Waiting<W> {
    extent: Extent,
    reads: bool,
    work: W,
}

impl<W: Waits> Turns<W> {
    pub(super) fn new() -> Self {
        let shard = |_| Mutex::new(Shard { claimed: BTreeMap::new(), waiting: VecDeque::new() });
        Turns { shards: std::array::from_fn(shard), claims: AtomicUsize::new(0) }
    }

    /// Whether nothing is claimed, and so nobody waits.
    pub(super) fn is_idle(&self) -> bool {
        self.claims.load(Ordering::SeqCst) == 0
    }

    /// Claims all of these, or none. Those taken meanwhile may have let others wait: they are to go
    /// on, when this failed.
    pub(super) fn claim(&self, extents: &[Extent]) -> Result<(), Ready<W>> {
        for (at, extent) in extents.iter().enumerate() {
            self.claims.fetch_add(1, Ordering::SeqCst);
            if !self.shard(extent).lock().claim(extent) {
                self.claims.fetch_sub(1, Ordering::SeqCst);
                return Err(self.give_back(extents.get(..at).unwrap_or_default()));
            }
        }
        Ok(())
    }

    /// Gives the work back if it may go on now; keeps it until it may otherwise.
    pub(super) fn wait(&self, extent: Extent, reads: bool, mut work: W) -> Option<W> {
        if self.is_idle() {
            return Some(work);
        }
        let mut shard = self.shard(&extent).lock();
        if !shard.is_claimed(&extent) && !shard.is_waited_for(&extent, reads, usize::MAX) {
            return Some(work);
        }
        work.keep();
        shard.waiting.push_back(Waiting { extent, reads, work });
        None
    }

    /// Ends claims. Returns who may go on.
    pub(super) fn give_back(&self, extents: &[Extent]) -> Ready<W> {
        let mut ready = Ready::new();
        for extent in extents {
            let mut shard = self.shard(extent).lock();
            shard.claimed.remove(&(extent.object, extent.offset));
            shard.release(&mut ready);
            drop(shard);
            self.claims.fetch_sub(1, Ordering::SeqCst);
        }
        ready
    }

    fn shard(&self, extent: &Extent) -> &Mutex<Shard<W>> {
        // Less than `SHARDS`, so it fits and is one.
        &self.shards[(extent.object % SHARDS as u64) as usize]
    }
}

impl<W> Shard<W> {
    fn claim(&mut self, extent: &Extent) -> bool {
        let free = !self.is_claimed(extent) && !self.is_waited_for(extent, false, usize::MAX);
        if free {
            self.claimed.insert((extent.object, extent.offset), extent.end);
        }
        free
    }

    fn is_claimed(&self, extent: &Extent) -> bool {
        // Claims do not overlap, so the last to begin before the end is the last to end.
        let before = self.claimed.range(..(extent.object, extent.end)).next_back();
        before.is_some_and(|((object, _), end)| *object == extent.object && *end > extent.offset)
    }

    /// Whether one of the first `among` that wait is in the way. Reads are not in each other's.
    fn is_waited_for(&self, extent: &Extent, reads: bool, among: usize) -> bool {
        let in_the_way =
            |other: &Waiting<W>| !(reads && other.reads) && other.extent.overlaps(extent);
        self.waiting.iter().take(among).any(in_the_way)
    }

    /// Takes out who may go on, in the order of coming.
    fn release(&mut self, ready: &mut Ready<W>) {
        let mut at = 0;
        while let Some(first) = self.waiting.get(at) {
            let blocked = self.is_claimed(&first.extent)
                || self.is_waited_for(&first.extent, first.reads, at);
            if blocked {
                at += 1;
            } else {
                ready.extend(self.waiting.remove(at).map(|waiting| waiting.work));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part(object: u64, offset: u64, end: u64) -> Extent {
        Extent { object, offset, end }
    }

    fn claim(turns: &Turns<u32>, extents: &[Extent]) -> bool {
        turns.claim(extents).is_ok()
    }

    #[test]
    fn what_overlaps_waits_and_what_does_not_goes() {
        let turns = Turns::new();
        assert!(turns.is_idle());
        assert_eq!(turns.wait(part(1, 0, 10), false, 1), Some(1));
        assert!(claim(&turns, &[part(1, 10, 20)]));
        assert!(!claim(&turns, &[part(1, 19, 21)]));
        assert!(!claim(&turns, &[part(1, 0, 11)]));
        assert!(!claim(&turns, &[part(1, 12, 13)]));
        assert!(!claim(&turns, &[part(1, 0, 30)]));
        assert_eq!(turns.wait(part(1, 0, 10), true, 2), Some(2));
        assert_eq!(turns.wait(part(1, 20, 30), true, 3), Some(3));
        // Another object behind the same lock.
        assert_eq!(turns.wait(part(1 + SHARDS as u64, 10, 20), true, 4), Some(4));
        assert_eq!(turns.wait(part(1, 19, 20), true, 5), None);
        assert!(claim(&turns, &[part(1, 0, 10), part(2, 0, 10)]));
        assert_eq!(turns.give_back(&[part(1, 10, 20)])[..], [5]);
        assert!(turns.give_back(&[part(1, 0, 10), part(2, 0, 10)]).is_empty());
        assert!(turns.is_idle());
    }

    #[test]
    fn who_waits_is_not_overtaken() {
        let turns = Turns::new();
        assert!(claim(&turns, &[part(0, 0, 10)]));
        assert_eq!(turns.wait(part(0, 5, 20), false, 1), None);
        assert!(!claim(&turns, &[part(0, 15, 30)]), "a write waits for a part of it");
        assert_eq!(turns.wait(part(0, 15, 16), true, 2), None);
        assert_eq!(turns.wait(part(0, 15, 16), true, 3), None);
        assert_eq!(turns.wait(part(0, 25, 30), false, 4), Some(4));
        assert_eq!(turns.give_back(&[part(0, 0, 10)])[..], [1, 2, 3]);
    }

    #[test]
    fn a_claim_that_fails_claims_nothing() {
        let turns = Turns::new();
        assert!(claim(&turns, &[part(1, 0, 1)]));
        assert!(!claim(&turns, &[part(0, 0, 1), part(1, 0, 1), part(2, 0, 1)]));
        assert!(claim(&turns, &[part(0, 0, 1), part(2, 0, 1)]));
    }

    proptest! {
        /// Whatever comes and ends in which order: overlapping work is under way one at a time and
        /// in the order of coming, and nothing waits for ever.
        #[test]
        fn overlapping_work_keeps_its_order(
            steps in prop::collection::vec((0u64..3, 0u64..12, 1u64..5, any::<bool>()), 1..60),
            ends in prop::collection::vec(any::<prop::sample::Index>(), 60),
        ) {
            let turns: Turns<u32> = Turns::new();
            let mut claimed: Vec<(u32, Extent)> = Vec::new();
            let mut waiting: Vec<(u32, Extent)> = Vec::new();
            let mut ends = ends.into_iter();
            for (number, (object, offset, len, writes)) in (0u32..).zip(steps) {
                let extent = part(object * SHARDS as u64, offset, offset + len);
                let blocks = |all: &[(u32, Extent)]| all.iter().any(|(_, e)| e.overlaps(&extent));
                let blocked = blocks(&claimed) || blocks(&waiting);
                if writes && claim(&turns, &[extent]) {
                    prop_assert!(!blocked);
                    claimed.push((number, extent));
                } else if turns.wait(extent, false, number).is_none() {
                    prop_assert!(blocked);
                    waiting.push((number, extent));
                }
                if claimed.len() > 4 {
                    let at = ends.next().unwrap().index(claimed.len());
                    finish(&turns, &mut claimed, &mut waiting, at);
                }
            }
            while !claimed.is_empty() {
                finish(&turns, &mut claimed, &mut waiting, 0);
            }
            prop_assert!(waiting.is_empty());
            prop_assert!(turns.is_idle());
        }
    }

    /// Ends a claim; what goes on must be just what nothing is in the way of.
    fn finish(
        turns: &Turns<u32>,
        claimed: &mut Vec<(u32, Extent)>,
        waiting: &mut Vec<(u32, Extent)>,
        at: usize,
    ) {
        let (_, extent) = claimed.remove(at);
        let mut expected = Vec::new();
        let mut kept: Vec<(u32, Extent)> = Vec::new();
        for (number, extent) in waiting.drain(..) {
            let blocks = |all: &[(u32, Extent)]| all.iter().any(|(_, e)| e.overlaps(&extent));
            match blocks(claimed) || blocks(&kept) {
                true => kept.push((number, extent)),
                false => expected.push(number),
            }
        }
        *waiting = kept;
        assert_eq!(turns.give_back(&[extent]).to_vec(), expected);
    }
}
