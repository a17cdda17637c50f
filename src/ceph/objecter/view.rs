//! A map with what was computed from it.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::ceph::map::{OsdMap, PgId, Placement};
use crate::model::PoolId;

/// Most groups of a pool whose placements are remembered; monitors allow far fewer
/// (`mon_max_pool_pg_num`).
const REMEMBERED_MAX: u32 = 1 << 20;

/// Placements of one pool by group, each computed when it is first asked for.
type Placements = Box<[OnceLock<Arc<Placement>>]>;

/// A map, and the placements that were computed from it. A new map gets a new view, so that what is
/// remembered needs no check.
#[derive(Default)]
pub(super) struct MapView {
    /// `None` before the first.
    pub(super) map: Option<Arc<OsdMap>>,
    pools: BTreeMap<PoolId, OnceLock<Placements>>,
}

impl MapView {
    pub(super) fn new(map: Arc<OsdMap>) -> Self {
        let pools = map.pools().map(|(id, _)| (id, OnceLock::new())).collect();
        MapView { map: Some(map), pools }
    }

    /// The map's epoch, 0 before the first.
    pub(super) fn epoch(&self) -> u32 {
        self.map.as_ref().map_or(0, |map| map.epoch)
    }

    /// Who has an actual group.
    pub(super) fn placement(&self, map: &OsdMap, group: PgId) -> Arc<Placement> {
        let id = PoolId(group.pool);
        let compute = || Arc::new(map.placement(group));
        let pool = map.pool(id).filter(|pool| pool.pg_num <= REMEMBERED_MAX);
        let (Some(pool), Some(placements)) = (pool, self.pools.get(&id)) else {
            return compute();
        };
        let placements =
            placements.get_or_init(|| (0..pool.pg_num).map(|_| OnceLock::new()).collect());
        match placements.get(group.seed as usize) {
            Some(slot) => Arc::clone(slot.get_or_init(compute)),
            None => compute(),
        }
    }
}
