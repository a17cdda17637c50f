//! From a group to the OSDs that have it.
//!
//! ```text
//!   CRUSH ──> raw ──upmap──> raw ──down OSDs out──> up ──primary affinity──> up, up primary
//!                                                       ──pg_temp, primary_temp──> acting
//! ```

use super::crush::{ITEM_NONE, Osds, hash2};
use super::osdmap::{FULL, OsdMap};
use super::pgid::{NO_SHARD, PgId, SpgId};
use super::pool::Pool;
use crate::model::PoolId;

/// Who has a group.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Placement {
    /// Who should have it. In an erasure-coded pool the position is the shard and a missing OSD is
    /// [`ITEM_NONE`]; in a replicated one missing OSDs are left out.
    pub up: Osds,
    /// The first among them; -1 for none.
    pub up_primary: i32,
    /// Who has it at the moment, in the same form.
    pub acting: Osds,
    /// Whom operations go to; -1 for none.
    pub acting_primary: i32,
}

impl Placement {
    /// Nobody: there is no such pool.
    fn nobody() -> Self {
        Placement { up_primary: -1, acting_primary: -1, ..Placement::default() }
    }
}

impl OsdMap {
    /// Who has a group, raw or actual. Costs some thousand instructions and, up to twelve OSDs, no
    /// allocation; whoever asks for each operation should remember the answer for the epoch.
    #[must_use]
    pub fn placement(&self, pg: PgId) -> Placement {
        let Some(pool) = self.pool(PoolId(pg.pool)) else { return Placement::nobody() };
        let pg = pool.fold(pg);
        let mut up = self.raw(pool, pg);
        self.apply_upmap(pg, &mut up);
        self.drop_unless(pool, &mut up, |osd| self.is_up(osd));
        let up_primary = self.apply_primary_affinity(pool, pg, &mut up);
        let (acting, acting_primary) = self.acting(pool, pg, &up, up_primary);
        Placement { up, up_primary, acting, acting_primary }
    }

    /// The shard of an actual group that its acting primary has: what operations are addressed to.
    #[must_use]
    pub fn primary_shard(&self, pg: PgId, placement: &Placement) -> SpgId {
        let pool = self.pool(PoolId(pg.pool)).filter(|pool| pool.is_erasure());
        let shard = pool.and_then(|pool| {
            let of_primary = |shard: &i8| {
                let osd = usize::try_from(*shard).ok().and_then(|at| placement.acting.get(at));
                osd == Some(&placement.acting_primary)
            };
            // In a damaged group one OSD may have two shards: it leads by one that can.
            let able = (0..i8::MAX).filter(of_primary).find(|shard| pool.may_be_primary(*shard));
            able.or_else(|| (0..i8::MAX).find(of_primary))
        });
        SpgId { pg, shard: shard.unwrap_or(NO_SHARD) }
    }

    /// Whom CRUSH chooses for a group, without those that do not exist.
    pub(super) fn raw(&self, pool: &Pool, pg: PgId) -> Osds {
        let (rule, size) = (i32::from(pool.crush_rule), usize::from(pool.size));
        let seed = pool.placement_seed(pg);
        let mut raw = self.crush.place(rule, seed, size, &self.osds.weights, pg.pool);
        self.drop_unless(pool, &mut raw, |osd| self.exists(osd));
        raw
    }

    /// Drops OSDs from a set: with a hole where the position is the shard.
    fn drop_unless(&self, pool: &Pool, osds: &mut Osds, keep: impl Fn(i32) -> bool) {
        if pool.is_erasure() {
            osds.iter_mut().filter(|osd| !keep(**osd)).for_each(|osd| *osd = ITEM_NONE);
        } else {
            osds.retain(|osd| keep(*osd));
        }
    }

    /// Whether an OSD is marked out, so that no override may lead to it.
    fn is_marked_out(&self, osd: i32) -> bool {
        (0..self.max_osd()).contains(&osd) && self.osd_weight(osd) == 0
    }

    fn apply_upmap(&self, pg: PgId, raw: &mut Osds) {
        if let Some(set) = self.upmaps.sets.get(&pg) {
            if set.iter().any(|osd| self.is_marked_out(*osd)) {
                return;
            }
            raw.clone_from(set);
        }
        self.apply_upmap_items(pg, raw);
        let Some(primary) = self.upmaps.primaries.get(&pg) else { return };
        if (0..self.max_osd()).contains(primary)
            && !self.is_marked_out(*primary)
            && let Some(at) = raw.iter().position(|osd| osd == primary)
        {
            raw.swap(0, at);
        }
    }

    fn apply_upmap_items(&self, pg: PgId, raw: &mut Osds) {
        for (from, to) in self.upmaps.items.get(&pg).into_iter().flatten() {
            if raw.contains(to) || self.is_marked_out(*to) {
                continue;
            }
            if let Some(osd) = raw.iter_mut().find(|osd| **osd == *from) {
                *osd = *to;
            }
        }
    }

    /// Chooses the primary: each OSD refuses with a probability of its affinity's. In a replicated
    /// pool it moves to the front.
    fn apply_primary_affinity(&self, pool: &Pool, pg: PgId, osds: &mut Osds) -> i32 {
        let present = |osd: &i32| *osd != ITEM_NONE;
        let first = osds.iter().copied().find(present).unwrap_or(-1);
        if osds.iter().filter(|osd| present(osd)).all(|osd| self.primary_affinity(*osd) == FULL) {
            return first;
        }
        let seed = pool.placement_seed(pg);
        let accepts = |osd: &i32| {
            let affinity = self.primary_affinity(*osd);
            affinity >= FULL || hash2(seed, *osd as u32) >> 16 < affinity
        };
        let chosen = osds.iter().position(|osd| present(osd) && accepts(osd));
        // When all refuse it is the first.
        let Some(at) = chosen.or_else(|| osds.iter().position(present)) else { return first };
        if !pool.is_erasure()
            && let Some(front) = osds.get_mut(..=at)
        {
            front.rotate_right(1);
            return osds.first().copied().unwrap_or(first);
        }
        osds.get(at).copied().unwrap_or(first)
    }

    /// Who acts for a group while those that should have it catch up.
    fn acting(&self, pool: &Pool, pg: PgId, up: &Osds, up_primary: i32) -> (Osds, i32) {
        let mut temp = self.pg_temp.get(&pg).cloned().unwrap_or_default();
        self.drop_unless(pool, &mut temp, |osd| self.is_up(osd));
        let primary = self.primary_temp.get(&pg).copied();
        let first = || temp.iter().copied().find(|osd| *osd != ITEM_NONE).unwrap_or(-1);
        let primary = primary.unwrap_or_else(first);
        match temp.is_empty() {
            true if primary == -1 => (up.clone(), up_primary),
            true => (up.clone(), primary),
            false => (pool.shards_in_order(temp), primary),
        }
    }
}
