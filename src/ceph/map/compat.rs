//! How new a client has to be for a map.

use super::osdmap::FULL;
use super::{OsdMap, PoolFlags, Release};

impl OsdMap {
    /// The oldest release whose clients understand all that this map uses, as `ceph osd dump` shows
    /// it as `min_compat_client`.
    #[must_use]
    pub fn min_compat_client(&self) -> Release {
        let rules = self.pools().map(|(_, pool)| i32::from(pool.crush_rule));
        let mut oldest = self.crush.min_client(rules);
        if !self.upmaps.primaries.is_empty() {
            oldest = oldest.max(Release::REEF);
        }
        if !self.upmaps.sets.is_empty() || !self.upmaps.items.is_empty() {
            oldest = oldest.max(Release::LUMINOUS);
        }
        for (_, pool) in self.pools() {
            if !pool.tiers.is_empty() || pool.tier_of >= 0 {
                oldest = oldest.max(Release::FIREFLY);
            }
            if pool.flags.contains(PoolFlags::HASHPSPOOL) {
                oldest = oldest.max(Release::DUMPLING);
            }
        }
        if self.osds.affinities.iter().any(|affinity| *affinity != FULL) {
            oldest = oldest.max(Release::FIREFLY);
        }
        oldest
    }
}
