//! Pools and their statistics.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::ids::{PoolId, SnapId};

/// What the map of the cluster says of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolInfo {
    /// Its number.
    pub id: PoolId,
    /// Its name.
    pub name: String,
    /// Whether appends must be of whole stripes, as on an erasure-coded pool without overwrites.
    pub requires_alignment: bool,
    /// Bytes of a stripe of an erasure-coded pool; 0 on others.
    pub stripe_width: u64,
    /// Whether it is full.
    pub full: bool,
    /// The newest snapshot number given out.
    pub snap_seq: u64,
    /// Pool snapshots: number, name and time. Empty when snapshots are self-managed.
    pub snaps: BTreeMap<u64, (String, SystemTime)>,
    /// Whether clients manage the snapshots themselves.
    pub selfmanaged_snaps: bool,
    /// Applications enabled on it and their metadata.
    pub applications: BTreeMap<String, BTreeMap<String, String>>,
    /// Placement groups.
    pub pg_num: u32,
    /// The pool it is a cache for.
    pub base_tier: Option<PoolId>,
}

impl PoolInfo {
    /// The number of the pool snapshot with this name.
    #[must_use]
    pub fn snap_by_name(&self, name: &str) -> Option<SnapId> {
        self.snaps.iter().find(|(_, (n, _))| n == name).map(|(id, _)| SnapId(*id))
    }
}

/// What a pool holds and what was done to it, as `rados df` counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolStat {
    /// Bytes used, with replicas.
    pub bytes: u64,
    /// Objects.
    pub objects: u64,
    /// Clones of objects.
    pub object_clones: u64,
    /// Copies of objects, over all replicas.
    pub object_copies: u64,
    /// Objects that the first OSD of their group lacks.
    pub objects_missing: u64,
    /// Objects that no OSD has.
    pub objects_unfound: u64,
    /// Copies of objects that are missing or in the wrong place.
    pub objects_degraded: u64,
    /// Reads.
    pub reads: u64,
    /// KiB read.
    pub read_kb: u64,
    /// Writes.
    pub writes: u64,
    /// KiB written.
    pub write_kb: u64,
    /// Bytes the user stored.
    pub user_bytes: u64,
    /// Bytes that were compressed, before and after, and what they take on disks.
    pub compressed_bytes_orig: u64,
    /// See `compressed_bytes_orig`.
    pub compressed_bytes: u64,
    /// See `compressed_bytes_orig`.
    pub compressed_bytes_alloc: u64,
}

/// What the cluster has, in KiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClusterStat {
    /// KiB in all.
    pub kb: u64,
    /// KiB used.
    pub kb_used: u64,
    /// KiB free.
    pub kb_avail: u64,
    /// Objects.
    pub objects: u64,
}
