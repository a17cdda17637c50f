//! Flags of the map, of pools and of OSDs, and releases by number.

use std::fmt;

use bitflags::bitflags;

bitflags! {
    /// Flags of the whole cluster (`CEPH_OSDMAP_*`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    pub struct MapFlags: u32 {
        /// An OSD is nearly full. Set by monitors older than Mimic only.
        const NEARFULL = 1 << 0;
        /// An OSD is full: writes wait. Set by monitors before Mimic only; later ones mark pools.
        const FULL = 1 << 1;
        /// Reads wait.
        const PAUSERD = 1 << 2;
        /// Writes wait.
        const PAUSEWR = 1 << 3;
        /// Recovery waits.
        const PAUSEREC = 1 << 4;
        /// OSDs are not marked up.
        const NOUP = 1 << 5;
        /// OSDs are not marked down.
        const NODOWN = 1 << 6;
        /// OSDs are not marked out.
        const NOOUT = 1 << 7;
        /// OSDs are not marked in.
        const NOIN = 1 << 8;
        /// No backfill.
        const NOBACKFILL = 1 << 9;
        /// No recovery.
        const NORECOVER = 1 << 10;
        /// No periodic scrub.
        const NOSCRUB = 1 << 11;
        /// No periodic deep scrub.
        const NODEEP_SCRUB = 1 << 12;
        /// Cache tiers do not flush or evict.
        const NOTIERAGENT = 1 << 13;
        /// Backfill of degraded groups only.
        const NOREBALANCE = 1 << 14;
        /// Objects are sorted by their reversed hash. Always, since Jewel.
        const SORTBITWISE = 1 << 15;
        /// Before Luminous: what now is `require_osd_release`.
        const REQUIRE_JEWEL = 1 << 16;
        /// Before Luminous: what now is `require_osd_release`.
        const REQUIRE_KRAKEN = 1 << 17;
        /// Before Luminous: what now is `require_osd_release`.
        const REQUIRE_LUMINOUS = 1 << 18;
        /// Deletes are made during recovery.
        const RECOVERY_DELETES = 1 << 19;
        /// Snapsets have been converted.
        const PURGED_SNAPDIRS = 1 << 20;
        /// No trimming of snapshots.
        const NOSNAPTRIM = 1 << 21;
        /// The log of a group has a hard limit.
        const PGLOG_HARDLIMIT = 1 << 22;
        /// Numbers of groups are not changed automatically.
        const NOAUTOSCALE = 1 << 23;
        const _ = !0;
    }
}

impl MapFlags {
    /// The flags that said which release was required before there was a field for it.
    pub(super) const LEGACY_REQUIRE: MapFlags =
        MapFlags::REQUIRE_JEWEL.union(MapFlags::REQUIRE_KRAKEN).union(MapFlags::REQUIRE_LUMINOUS);
}

bitflags! {
    /// Flags of a pool (`pg_pool_t::FLAG_*`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    pub struct PoolFlags: u64 {
        /// The pool's number takes part in the placement hash, so that pools do not overlap.
        const HASHPSPOOL = 1 << 0;
        /// Full: writes wait or fail.
        const FULL = 1 << 1;
        /// Erasure-coded objects may be overwritten.
        const EC_OVERWRITES = 1 << 2;
        /// May have clones without data, being or having been behind a cache tier.
        const INCOMPLETE_CLONES = 1 << 3;
        /// May not be deleted.
        const NODELETE = 1 << 4;
        /// The numbers of groups may not be changed.
        const NOPGCHANGE = 1 << 5;
        /// The size may not be changed.
        const NOSIZECHANGE = 1 << 6;
        /// Writes are made with the hint that they will not be read soon.
        const WRITE_FADVISE_DONTNEED = 1 << 7;
        /// No periodic scrub.
        const NOSCRUB = 1 << 8;
        /// No periodic deep scrub.
        const NODEEP_SCRUB = 1 << 9;
        /// Over its quota; [`PoolFlags::FULL`] is set too.
        const FULL_QUOTA = 1 << 10;
        /// Nearly full.
        const NEARFULL = 1 << 11;
        /// Too full for backfill.
        const BACKFILLFULL = 1 << 12;
        /// Clients manage the snapshots.
        const SELFMANAGED_SNAPS = 1 << 13;
        /// The pool has snapshots itself.
        const POOL_SNAPS = 1 << 14;
        /// Its first groups are being made.
        const CREATING = 1 << 15;
        /// Every operation of a client fails with `-EIO`.
        const EIO = 1 << 16;
        /// Expected to be large.
        const BULK = 1 << 17;
        /// Crimson OSDs may have it.
        const CRIMSON = 1 << 18;
        /// Some shards are not written each time and cannot lead; since Tentacle.
        const EC_OPTIMIZATIONS = 1 << 19;
        /// Clients may read single shards.
        const CLIENT_SPLIT_READS = 1 << 20;
        /// Erasure-coded, with omap.
        const OMAP = 1 << 21;
        const _ = !0;
    }
}

bitflags! {
    /// The state of one OSD (`CEPH_OSD_*`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    pub struct OsdState: u32 {
        /// There is such an OSD.
        const EXISTS = 1 << 0;
        /// It is up.
        const UP = 1 << 1;
        /// It was marked out automatically.
        const AUTOOUT = 1 << 2;
        /// It was never marked in.
        const NEW = 1 << 3;
        /// It is full.
        const FULL = 1 << 4;
        /// It is nearly full.
        const NEARFULL = 1 << 5;
        /// It is too full for backfill.
        const BACKFILLFULL = 1 << 6;
        /// It was destroyed; its number is kept.
        const DESTROYED = 1 << 7;
        /// It is not marked up.
        const NOUP = 1 << 8;
        /// It is not marked down.
        const NODOWN = 1 << 9;
        /// It is not marked in.
        const NOIN = 1 << 10;
        /// It is not marked out.
        const NOOUT = 1 << 11;
        /// It was stopped by an administrator.
        const STOP = 1 << 12;
        const _ = !0;
    }
}

/// A release by its number: 14 is Nautilus. 0 is "not known".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Release(pub u8);

impl Release {
    /// Not known: nothing is required.
    pub const UNKNOWN: Release = Release(0);
    /// Argonaut: the first.
    pub const ARGONAUT: Release = Release(1);
    /// Dumpling.
    pub const DUMPLING: Release = Release(4);
    /// Firefly.
    pub const FIREFLY: Release = Release(6);
    /// Hammer.
    pub const HAMMER: Release = Release(8);
    /// Jewel.
    pub const JEWEL: Release = Release(10);
    /// Luminous.
    pub const LUMINOUS: Release = Release(12);
    /// Nautilus: the oldest we speak to.
    pub const NAUTILUS: Release = Release(14);
    /// Reef.
    pub const REEF: Release = Release(18);
    /// Squid.
    pub const SQUID: Release = Release(19);
    /// Tentacle.
    pub const TENTACLE: Release = Release(20);
}

/// From the first release, Argonaut, on.
const RELEASES: &[&str] = &[
    "unknown",
    "argonaut",
    "bobtail",
    "cuttlefish",
    "dumpling",
    "emperor",
    "firefly",
    "giant",
    "hammer",
    "infernalis",
    "jewel",
    "kraken",
    "luminous",
    "mimic",
    "nautilus",
    "octopus",
    "pacific",
    "quincy",
    "reef",
    "squid",
    "tentacle",
];

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match RELEASES.get(usize::from(self.0)) {
            Some(name) => f.write_str(name),
            None => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_have_their_names() {
        assert_eq!(Release::NAUTILUS.to_string(), "nautilus");
        assert_eq!(Release::TENTACLE.to_string(), "tentacle");
        assert_eq!(Release(99).to_string(), "99");
    }
}
