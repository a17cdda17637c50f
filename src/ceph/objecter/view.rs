//! A map with what was computed from it.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::ceph::map::{CrushLocation, OsdMap, PgId, Placement};
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
    /// Where this client is in the hierarchy.
    location: Arc<CrushLocation>,
    /// How far OSDs are from there; computed when a localized read first asks.
    distances: OnceLock<BTreeMap<i32, i32>>,
}

impl MapView {
    pub(super) fn new(map: Option<Arc<OsdMap>>, location: Arc<CrushLocation>) -> Self {
        let ids = map.iter().flat_map(|map| map.pools());
        let pools = ids.map(|(id, _)| (id, OnceLock::new())).collect();
        MapView { map, pools, location, distances: OnceLock::new() }
    }

    /// The view from the same place of another map.
    pub(super) fn next(&self, map: Arc<OsdMap>) -> Self {
        MapView::new(Some(map), Arc::clone(&self.location))
    }

    /// The same map from another place.
    pub(super) fn from(&self, location: CrushLocation) -> Self {
        MapView::new(self.map.clone(), Arc::new(location))
    }

    /// How far an OSD is, if it has anything in common with where we are.
    pub(super) fn distance(&self, map: &OsdMap, osd: i32) -> Option<i32> {
        let distances = self.distances.get_or_init(|| map.crush().distances(&self.location));
        distances.get(&osd).copied()
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
