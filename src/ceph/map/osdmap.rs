//! The map of the cluster and what it answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::blocklist::Blocklist;
use super::crush::{CrushMap, Osds};
use super::flags::{MapFlags, OsdState, Release};
use super::pgid::PgId;
use super::pool::Pool;
use super::snaps::SnapIntervals;
use crate::ceph::types::{EntityAddr, EntityAddrs, UTime};
use crate::model::{PoolId, Target};

/// Highest number of OSDs a map may have: some bytes of an update could ask for memory for 2³¹.
pub(super) const MAX_OSD_MAX: i32 = 1 << 20;
/// An OSD whose primary affinity is not reduced, and one that is in with its full weight.
pub(super) const FULL: u32 = 0x1_0000;

/// The map of the cluster in one epoch. It never changes: [`OsdMap::apply`] makes the next one,
/// which shares what stayed the same.
///
/// Not kept, though a map has it: the OSDs' other addresses, `osd_info`, `osd_uuid` and
/// `osd_xinfo`, the full ratios, `cluster_snapshot`, `removed_snaps_queue`, flags of crush nodes
/// and device classes, and stretch mode, which only OSDs and monitors heed.
#[derive(Clone, Debug, PartialEq)]
pub struct OsdMap {
    /// Its number.
    pub epoch: u32,
    /// The cluster's id.
    pub fsid: Uuid,
    /// When the first one was made.
    pub created: UTime,
    /// When this one was made.
    pub modified: UTime,
    /// Flags of the whole cluster.
    pub flags: MapFlags,
    /// The oldest release an OSD may have.
    pub require_osd_release: Release,
    /// The oldest release a client may have; 0 for any.
    pub require_min_compat_client: Release,
    /// How often the crush map changed.
    pub crush_version: u32,
    /// Snapshots removed in this very epoch, by pool: no snap context may name them any more.
    pub new_removed_snaps: BTreeMap<PoolId, SnapIntervals>,
    /// Snapshots purged in this very epoch, by pool.
    pub new_purged_snaps: BTreeMap<PoolId, SnapIntervals>,
    pub(super) pools: BTreeMap<PoolId, Arc<Pool>>,
    pub(super) pool_names: BTreeMap<PoolId, String>,
    pub(super) pool_max: PoolId,
    pub(super) osds: OsdTable,
    pub(super) pg_temp: Arc<BTreeMap<PgId, Osds>>,
    pub(super) primary_temp: Arc<BTreeMap<PgId, i32>>,
    pub(super) upmaps: Arc<Upmaps>,
    pub(super) crush: Arc<CrushMap>,
    pub(super) erasure_code_profiles: Arc<Profiles>,
    pub(super) blocklist: Arc<Blocklist>,
}

/// Parameters of erasure codes by the profile's name.
pub(super) type Profiles = BTreeMap<String, BTreeMap<String, String>>;

/// Each OSD's state, by number. All four lists are as long as the map's `max_osd`.
#[derive(Clone, Debug, PartialEq, Default)]
pub(super) struct OsdTable {
    pub states: Vec<OsdState>,
    /// Reweights: 0 is out, [`FULL`] in.
    pub weights: Vec<u32>,
    /// Primary affinities.
    pub affinities: Vec<u32>,
    pub addrs: Vec<Arc<EntityAddrs>>,
}

/// What overrides CRUSH for single groups.
#[derive(Clone, Debug, PartialEq, Default)]
pub(super) struct Upmaps {
    /// The whole set.
    pub sets: BTreeMap<PgId, Osds>,
    /// This one instead of that one.
    pub items: BTreeMap<PgId, Vec<(i32, i32)>>,
    /// Which one is primary; since Reef.
    pub primaries: BTreeMap<PgId, i32>,
}

impl OsdTable {
    /// Makes room for `max_osd` OSDs, or drops those beyond.
    pub(super) fn resize(&mut self, max_osd: usize) {
        self.states.resize(max_osd, OsdState::empty());
        self.weights.resize(max_osd, 0);
        self.affinities.resize(max_osd, FULL);
        // One blank address for all, rather than one each.
        let blank = Arc::default();
        self.addrs.resize(max_osd, blank);
    }
}

fn index(osd: i32) -> usize {
    // No list is that long, so that a hole or a negative number is no OSD.
    usize::try_from(osd).unwrap_or(usize::MAX)
}

impl OsdMap {
    /// A pool by number.
    #[must_use]
    pub fn pool(&self, id: PoolId) -> Option<&Pool> {
        self.pools.get(&id).map(Arc::as_ref)
    }

    /// All pools, by number.
    pub fn pools(&self) -> impl Iterator<Item = (PoolId, &Pool)> {
        self.pools.iter().map(|(id, pool)| (*id, pool.as_ref()))
    }

    /// A pool's name.
    #[must_use]
    pub fn pool_name(&self, id: PoolId) -> Option<&str> {
        self.pool_names.get(&id).map(String::as_str)
    }

    /// A pool's number by its name. Looks at each pool: for opening one, not for each operation.
    #[must_use]
    pub fn pool_by_name(&self, name: &str) -> Option<PoolId> {
        self.pool_names.iter().find(|(_, n)| *n == name).map(|(id, _)| *id)
    }

    /// The highest number a pool was ever given: one up to it that is missing was deleted.
    #[must_use]
    pub fn pool_max(&self) -> PoolId {
        self.pool_max
    }

    /// OSDs have numbers below this.
    #[must_use]
    pub fn max_osd(&self) -> i32 {
        i32::try_from(self.osds.states.len()).unwrap_or(i32::MAX)
    }

    /// An OSD's state, empty for one that does not exist.
    #[must_use]
    pub fn osd_state(&self, osd: i32) -> OsdState {
        self.osds.states.get(index(osd)).copied().unwrap_or_default()
    }

    /// Whether there is such an OSD.
    #[must_use]
    pub fn exists(&self, osd: i32) -> bool {
        self.osd_state(osd).contains(OsdState::EXISTS)
    }

    /// Whether an OSD is up.
    #[must_use]
    pub fn is_up(&self, osd: i32) -> bool {
        self.osd_state(osd).contains(OsdState::EXISTS | OsdState::UP)
    }

    /// Whether an OSD is in: CRUSH may choose it.
    #[must_use]
    pub fn is_in(&self, osd: i32) -> bool {
        self.exists(osd) && self.osd_weight(osd) != 0
    }

    /// An OSD's reweight: 0 is out, 65536 in, those between get a part of their groups.
    #[must_use]
    pub fn osd_weight(&self, osd: i32) -> u32 {
        self.osds.weights.get(index(osd)).copied().unwrap_or_default()
    }

    /// An OSD's primary affinity: 65536 unless it was reduced.
    #[must_use]
    pub fn primary_affinity(&self, osd: i32) -> u32 {
        self.osds.affinities.get(index(osd)).copied().unwrap_or(FULL)
    }

    /// Where clients reach an OSD; `None` for one that does not exist or never was up.
    #[must_use]
    pub fn osd_addrs(&self, osd: i32) -> Option<&EntityAddrs> {
        let addrs = self.osds.addrs.get(index(osd)).filter(|addrs| !addrs.0.is_empty());
        addrs.filter(|_| self.exists(osd)).map(Arc::as_ref)
    }

    /// Whether a client with this address may not do anything any more.
    #[must_use]
    pub fn blocklisted(&self, addr: &EntityAddr) -> bool {
        self.blocklist.contains(addr)
    }

    /// The hierarchy.
    #[must_use]
    pub fn crush(&self) -> &CrushMap {
        &self.crush
    }

    /// The parameters of an erasure code.
    #[must_use]
    pub fn erasure_code_profile(&self, name: &str) -> Option<&BTreeMap<String, String>> {
        self.erasure_code_profiles.get(name)
    }

    /// The raw group of an object: its hash is the seed. `None` without the pool.
    #[must_use]
    pub fn pg_of(&self, target: &Target) -> Option<PgId> {
        let seed = self.pool(target.pool)?.hash(target);
        Some(PgId { pool: target.pool.0, seed })
    }

    /// The actual group of a raw one; an unknown pool's stays as it is.
    #[must_use]
    pub fn fold(&self, raw: PgId) -> PgId {
        self.pool(PoolId(raw.pool)).map_or(raw, |pool| pool.fold(raw))
    }
}
