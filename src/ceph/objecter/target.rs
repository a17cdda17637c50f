//! Which OSD an operation goes to, and whether a new map changes that.
//!
//! ```text
//!   pool --overlay or redirection--> pool --hash--> raw group --fold--> group --> acting OSDs
//! ```

use std::sync::Arc;

use super::view::MapView;
use crate::ceph::map::{MapFlags, NO_SHARD, OsdMap, PgId, Placement, Pool, PoolFlags, SpgId};
use crate::ceph::messages::op_code::OsdFlags;
use crate::ceph::messages::osd_op::Locator;
use crate::ceph::messages::osd_op_reply::Redirect;
use crate::model::placement::{fold, mask};
use crate::model::{Name, PoolId, Target};

/// An operation's target: what was asked for, and where the last map put it.
#[derive(Clone)]
pub(super) struct Aim {
    /// The object asked for; without a name for operations on placement groups.
    pub(super) target: Target,
    /// Where an OSD sent us instead.
    moved: Option<Box<Redirect>>,
    /// As asked for; `BALANCE_READS` and its like go away when a replica could not serve.
    pub(super) flags: OsdFlags,
    /// The placement hash: given for operations on groups, else computed once.
    hash: Option<u32>,
    /// Picks the replica of balanced reads.
    nonce: u64,

    /// The group before and after folding. Pool -1 before the first calculation.
    raw: PgId,
    pub(super) group: SpgId,
    placement: Option<Arc<Placement>>,
    /// Whom to send to; -1 when there is nobody.
    pub(super) osd: i32,
    /// The pool's figures when `placement` was taken.
    sizes: Sizes,
    /// The map it was last compared with.
    pub(super) epoch: u32,
    /// Not to be sent now: the map says that reads or writes wait.
    pub(super) paused: bool,
    used_replica: bool,
    last_force_resend: u32,
    pool_existed: bool,
    is_pool_missing: bool,
}

/// What a pool's groups depend on besides who has them.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Sizes {
    size: u8,
    min_size: u8,
    pg_num: u32,
    pg_num_pending: u32,
}

/// What a map means for an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// Nothing new.
    Stay,
    /// It has to be sent (again).
    Resend,
    /// There is no such pool in this map.
    PoolGone,
    /// The pool is marked so that everything fails with `-EIO`.
    PoolFails,
}

impl Aim {
    /// An object. `nonce` is any number that differs between operations.
    pub(super) fn object(target: Target, flags: OsdFlags, nonce: u64) -> Self {
        let nowhere = PgId { pool: -1, seed: 0 };
        Aim {
            target,
            moved: None,
            flags,
            hash: None,
            nonce,
            raw: nowhere,
            group: SpgId { pg: nowhere, shard: NO_SHARD },
            placement: None,
            osd: -1,
            sizes: Sizes::default(),
            epoch: 0,
            paused: false,
            used_replica: false,
            last_force_resend: 0,
            pool_existed: false,
            is_pool_missing: false,
        }
    }

    /// The placement group of a hash.
    pub(super) fn of_group(pool: PoolId, namespace: Name, hash: u32, flags: OsdFlags) -> Self {
        let target = Target { namespace, ..Target::new(pool, Name::empty()) };
        let flags = flags | OsdFlags::IGNORE_OVERLAY;
        Aim { hash: Some(hash), ..Aim::object(target, flags, 0) }
    }

    /// Follows an OSD's redirection.
    pub(super) fn redirect(&mut self, to: Box<Redirect>) {
        self.flags |= OsdFlags::REDIRECTED | OsdFlags::IGNORE_CACHE | OsdFlags::IGNORE_OVERLAY;
        self.moved = Some(to);
        self.hash = None;
    }

    /// Forgets where it is, so that the next calculation says to send it; to the primary.
    pub(super) fn forget(&mut self) {
        self.flags -= OsdFlags::BALANCE_READS | OsdFlags::LOCALIZE_READS;
        self.raw = PgId { pool: -1, seed: 0 };
    }

    /// The placement hash; 0 before the first calculation.
    pub(super) fn hash(&self) -> u32 {
        self.hash.unwrap_or(0)
    }

    /// The pool it goes to; -1 before the first calculation.
    pub(super) fn pool(&self) -> i64 {
        self.raw.pool
    }

    /// Whether a map has ever had its pool, so that a pool missing now was deleted.
    pub(super) fn pool_existed(&self) -> bool {
        self.pool_existed
    }

    /// Whether the last map did not have its pool; else what has no OSD waits for one.
    pub(super) fn is_pool_missing(&self) -> bool {
        self.is_pool_missing
    }

    /// Where it is, for the wire.
    pub(super) fn locator(&self) -> Locator<'_> {
        let pool = self.raw.pool;
        match &self.moved {
            Some(to) => {
                let (key, namespace) = (to.key.as_bytes(), to.namespace.as_bytes());
                Locator { pool, key, namespace, hash: None }
            }
            None => {
                let namespace = self.target.namespace.as_bytes();
                let hash = self.hash.filter(|_| self.target.name.is_empty());
                Locator { pool, key: self.target.locator.as_bytes(), namespace, hash }
            }
        }
    }

    /// The object's name where it is.
    pub(super) fn name(&self) -> &Name {
        self.moved.as_ref().and_then(|to| to.name.as_ref()).unwrap_or(&self.target.name)
    }

    /// Compares it with a map. With `any_change`, every change of the group's OSDs counts, not
    /// only another primary: a watch lives on all of them.
    pub(super) fn calculate(&mut self, view: &MapView, any_change: bool) -> Verdict {
        // Without a map there is nobody to send to.
        let Some(map) = view.map.as_deref() else { return Verdict::Stay };
        self.epoch = map.epoch;
        let Some(base) = map.pool(self.target.pool) else { return self.pool_gone() };
        if base.flags.contains(PoolFlags::EIO) {
            return Verdict::PoolFails;
        }
        let forced = self.is_resend_forced(map.epoch, base.last_force_op_resend);
        let id = self.destination(base);
        let Some(pool) = map.pool(id) else { return self.pool_gone() };
        self.pool_existed = true;
        self.is_pool_missing = false;

        let raw = PgId { pool: id.0, seed: self.seed(pool) };
        let group = pool.fold(raw);
        let placement = view.placement(map, group);
        let sizes = Sizes::of(pool);
        let should_pause = self.should_pause(map, base);
        let unpaused = self.paused && !should_pause;
        self.paused = should_pause;

        let previous = fold(raw.seed, self.sizes.pg_num);
        let regrouped =
            self.sizes.pg_num != 0 && is_split_or_merged(previous, self.sizes.pg_num, sizes.pg_num);
        let old = self.placement.as_deref();
        let forced = forced
            || any_change
                && (old != Some(&*placement)
                    || sizes != self.sizes && self.sizes.is_new_interval(&sizes, previous));
        let moved = raw != self.raw || is_moved(old, &placement, self.used_replica || any_change);
        if moved || regrouped || forced {
            self.raw = raw;
            self.sizes = sizes;
            self.group = map.primary_shard(group, &placement);
            self.choose(pool, &placement, |osd| view.distance(map, osd));
            self.placement = Some(placement);
        }
        if moved || regrouped || forced || unpaused { Verdict::Resend } else { Verdict::Stay }
    }

    fn pool_gone(&mut self) -> Verdict {
        self.osd = -1;
        self.is_pool_missing = true;
        Verdict::PoolGone
    }

    /// A pool may say that at one epoch everything is to be sent again.
    fn is_resend_forced(&mut self, epoch: u32, forced_at: u32) -> bool {
        if epoch != forced_at {
            return false;
        }
        let forced = self.last_force_resend < forced_at;
        self.last_force_resend = forced_at;
        forced
    }

    /// The pool it goes to: another one when there is a cache in front, or an OSD said so.
    fn destination(&self, base: &Pool) -> PoolId {
        if let Some(to) = &self.moved {
            return PoolId(to.pool);
        }
        let mut id = self.target.pool;
        if self.flags.contains(OsdFlags::IGNORE_OVERLAY) {
            return id;
        }
        if self.flags.contains(OsdFlags::READ) && base.read_tier >= 0 {
            id = PoolId(base.read_tier);
        }
        if self.flags.contains(OsdFlags::WRITE) && base.write_tier >= 0 {
            id = PoolId(base.write_tier);
        }
        id
    }

    fn seed(&mut self, pool: &Pool) -> u32 {
        let (moved, target) = (&self.moved, &self.target);
        *self.hash.get_or_insert_with(|| match moved {
            None => pool.hash(target),
            Some(to) => pool.hash(&Target {
                pool: PoolId(to.pool),
                namespace: to.namespace.clone(),
                locator: to.key.clone(),
                name: to.name.clone().unwrap_or_else(|| target.name.clone()),
            }),
        })
    }

    fn should_pause(&self, map: &OsdMap, pool: &Pool) -> bool {
        let full = || map.flags.contains(MapFlags::FULL) || pool.flags.contains(PoolFlags::FULL);
        let reads = self.flags.contains(OsdFlags::READ) && map.flags.contains(MapFlags::PAUSERD);
        let writes = self.flags.contains(OsdFlags::WRITE)
            && (map.flags.contains(MapFlags::PAUSEWR) || self.respects_full() && full());
        reads || writes
    }

    /// Whether it waits while its pool is full.
    pub(super) fn respects_full(&self) -> bool {
        self.flags.intersects(OsdFlags::WRITE | OsdFlags::RWORDERED)
            && !self.flags.intersects(OsdFlags::FULL_TRY | OsdFlags::FULL_FORCE)
    }

    /// Chooses among those that have the group.
    fn choose(
        &mut self,
        pool: &Pool,
        placement: &Placement,
        distance: impl Fn(i32) -> Option<i32>,
    ) {
        self.osd = placement.acting_primary;
        let acting = &placement.acting;
        let may_spread =
            !self.flags.contains(OsdFlags::WRITE) && !pool.is_erasure() && acting.len() > 1;
        if may_spread && self.flags.contains(OsdFlags::BALANCE_READS) {
            let at = scatter(self.nonce) as usize % acting.len();
            self.osd = acting.get(at).copied().unwrap_or(self.osd);
        } else if may_spread && self.flags.contains(OsdFlags::LOCALIZE_READS) {
            self.osd = nearest(acting, distance).unwrap_or(self.osd);
        }
        self.used_replica = self.osd != placement.acting_primary;
        if self.used_replica {
            log::trace!(target: "objecter", "osd.{} instead of {acting:?}", self.osd);
        }
    }
}

impl Sizes {
    fn of(pool: &Pool) -> Self {
        Sizes {
            size: pool.size,
            min_size: pool.min_size,
            pg_num: pool.pg_num,
            pg_num_pending: pool.pg_num_pending,
        }
    }

    /// Whether a group goes through peering because of these changes
    /// (`PastIntervals::is_new_interval`).
    fn is_new_interval(&self, new: &Sizes, seed: u32) -> bool {
        let merging =
            |from: u32, to: u32| is_merge_source(seed, from, to) || is_merge_target(seed, from, to);
        (self.size, self.min_size) != (new.size, new.min_size)
            || is_split_or_merged(seed, self.pg_num, new.pg_num)
            || merging(self.pg_num_pending, new.pg_num_pending)
            || merging(new.pg_num_pending, self.pg_num_pending)
    }
}

/// The nearest OSD, the first of several; OSDs without a distance are farther than all others, and
/// the first of them, the primary, is taken if there is none else.
fn nearest(acting: &[i32], distance: impl Fn(i32) -> Option<i32>) -> Option<i32> {
    let far = |osd: &i32| distance(*osd).map_or((true, 0), |distance| (false, distance));
    acting.iter().copied().min_by_key(far)
}

/// Spreads consecutive numbers (the finalizer of splitmix64).
fn scatter(nonce: u64) -> u64 {
    let mixed = (nonce ^ nonce >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb) >> 33
}

/// Whether operations must go elsewhere, or again because what was sent is forgotten.
fn is_moved(old: Option<&Placement>, new: &Placement, any_change: bool) -> bool {
    let Some(old) = old else { return !new.acting.is_empty() };
    match (old.acting.is_empty(), new.acting.is_empty()) {
        (true, true) => false,
        (false, false) => {
            let place = |p: &Placement| p.acting.iter().position(|osd| *osd == p.acting_primary);
            old.acting_primary != new.acting_primary
                || place(old) != place(new)
                || any_change && old.acting != new.acting
        }
        _ => true,
    }
}

fn is_split_or_merged(seed: u32, old: u32, new: u32) -> bool {
    is_split(seed, old, new) || is_merge_source(seed, old, new) || is_merge_target(seed, old, new)
}

/// Whether a group gives objects to new ones.
fn is_split(seed: u32, old: u32, new: u32) -> bool {
    let (old_mask, child_of) = (mask(old), |step: u32| seed.checked_add(step));
    // If it has any children, the first is half a cycle further, or a whole one.
    let firsts = [child_of(old_mask / 2 + 1), child_of(old_mask).and_then(|c| c.checked_add(1))];
    let is_child = |child: u32| (old..new).contains(&child) && fold(child, old) == seed;
    seed < old && firsts.into_iter().flatten().any(is_child)
}

/// Whether a group goes away.
fn is_merge_source(seed: u32, old: u32, new: u32) -> bool {
    seed < old && seed >= new
}

/// Whether a group gets the objects of others that go away.
fn is_merge_target(seed: u32, old: u32, new: u32) -> bool {
    seed < new && is_split(seed, new, old)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_the_first_of_the_least_distance() {
        let nearest_of = |distances: [Option<i32>; 3]| {
            nearest(&[7, 8, 9], |osd| distances[usize::try_from(osd - 7).unwrap()])
        };
        assert_eq!(nearest_of([Some(3), Some(1), Some(1)]), Some(8));
        assert_eq!(nearest_of([Some(1), Some(1), Some(1)]), Some(7));
        assert_eq!(nearest_of([None, Some(11), Some(3)]), Some(9));
        assert_eq!(nearest_of([Some(11), None, None]), Some(7));
        assert_eq!(nearest_of([None; 3]), Some(7));
        assert_eq!(nearest(&[], |_| None), None);
    }

    #[test]
    fn splits_and_merges_are_seen() {
        for old in 1..40 {
            for new in 1..80 {
                for seed in 0..80 {
                    let children = (old..new).filter(|child| fold(*child, old) == seed).count();
                    let split = seed < old && children > 0;
                    assert_eq!(is_split(seed, old, new), split, "{seed} of {old} to {new}");
                }
            }
        }
        assert!(is_merge_source(5, 8, 4) && is_merge_target(1, 8, 4));
        assert!(!is_split_or_merged(1, 8, 8));
    }
}
