//! Updates: what changed from one epoch to the next (`OSDMap::Incremental`).

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use uuid::Uuid;

use super::crush::Osds;
use super::decode::{bad, check_crc, pg_osds, unwrap, uuid};
use super::flags::Release;
use super::osdmap::Profiles;
use super::pgid::PgId;
use super::pool::Pool;
use super::snaps::SnapIntervals;
use crate::ceph::types::{EntityAddr, EntityAddrs, UTime};
use crate::codec::{Decode, Reader};
use crate::errno::Result;
use crate::model::PoolId;

/// The clients' part: 6 is Mimic's, 8 Nautilus', 9 Reef's with `upmap_primaries`.
const CLIENT: u8 = 9;
const CLIENT_MIN: u8 = 6;
/// The OSDs' part: 6 is Mimic's, 11 has blocked networks, what follows says nothing to us.
const OSD: u8 = 12;
const OSD_MIN: u8 = 6;

/// The difference between a map and the one before, for [`super::OsdMap::apply`].
///
/// Passed over are: `new_up_cluster`, `new_hb_back_up`, `new_hb_front_up`, `new_up_thru`,
/// `new_last_clean_interval`, `new_lost`, `new_uuid`, `new_xinfo`, `cluster_snapshot`, the full
/// ratios, flags of crush nodes and device classes, stretch mode and `mutate_allow_crimson`.
#[derive(Clone, Debug, PartialEq)]
pub struct Incremental {
    /// The epoch of the map it leads to.
    pub epoch: u32,
    /// The cluster's id.
    pub fsid: Uuid,
    pub(super) modified: UTime,
    /// A whole map instead of a difference; empty for none.
    pub(super) full_map: Bytes,
    /// A whole crush map; empty for none.
    pub(super) crush: Bytes,
    /// Negative: they stay.
    pub(super) new_flags: i32,
    pub(super) new_max_osd: i32,
    pub(super) new_pool_max: i64,
    pub(super) new_pools: BTreeMap<PoolId, Pool>,
    pub(super) new_pool_names: BTreeMap<PoolId, String>,
    pub(super) old_pools: BTreeSet<PoolId>,
    pub(super) new_up_client: BTreeMap<i32, EntityAddrs>,
    /// Bits to turn over; 0 means the one of being up.
    pub(super) new_state: BTreeMap<i32, u32>,
    pub(super) new_weight: BTreeMap<i32, u32>,
    /// An empty set removes.
    pub(super) new_pg_temp: BTreeMap<PgId, Osds>,
    /// -1 removes.
    pub(super) new_primary_temp: BTreeMap<PgId, i32>,
    pub(super) new_primary_affinity: BTreeMap<i32, u32>,
    pub(super) new_profiles: Profiles,
    pub(super) old_profiles: Vec<String>,
    pub(super) new_pg_upmap: BTreeMap<PgId, Osds>,
    pub(super) old_pg_upmap: BTreeSet<PgId>,
    pub(super) new_pg_upmap_items: BTreeMap<PgId, Vec<(i32, i32)>>,
    pub(super) old_pg_upmap_items: BTreeSet<PgId>,
    pub(super) new_pg_upmap_primary: BTreeMap<PgId, i32>,
    pub(super) old_pg_upmap_primary: BTreeSet<PgId>,
    pub(super) new_removed_snaps: BTreeMap<PoolId, SnapIntervals>,
    pub(super) new_purged_snaps: BTreeMap<PoolId, SnapIntervals>,
    pub(super) osd: OsdPart,
}

/// What a client needs of the OSDs' part.
#[derive(Clone, Debug, PartialEq, Default)]
pub(super) struct OsdPart {
    pub new_blocklist: BTreeMap<EntityAddr, UTime>,
    pub old_blocklist: Vec<EntityAddr>,
    pub new_networks: BTreeMap<EntityAddr, UTime>,
    pub old_networks: Vec<EntityAddr>,
    pub require_min_compat_client: Option<Release>,
    pub require_osd_release: Option<Release>,
}

impl Incremental {
    /// Reads an update and checks its checksum. `-EBADMSG` says which field is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Incremental> {
        let mut body = unwrap(bytes, "incremental")?;
        let (version, mut client) = body.versioned(CLIENT, "incremental client part")?;
        if version < CLIENT_MIN {
            return Err(bad(format!("incremental client part: version {version} is too old")));
        }
        let (osd_version, mut osd) = body.versioned(OSD, "incremental osd part")?;
        if osd_version < OSD_MIN {
            return Err(bad(format!("incremental osd part: version {osd_version} is too old")));
        }
        check_crc(bytes, &mut body, "incremental crc")?;
        let mut update = Incremental::decode_client(&mut client, version)?;
        update.osd = OsdPart::decode(&mut osd, osd_version)?;
        Ok(update)
    }

    fn decode_client(reader: &mut Reader<'_>, version: u8) -> Result<Incremental> {
        Ok(Incremental {
            fsid: uuid(reader, "incremental fsid")?,
            epoch: reader.u32("incremental epoch")?,
            modified: UTime::decode(reader, "incremental modified")?,
            new_pool_max: reader.i64("incremental new_pool_max")?,
            new_flags: reader.i32("incremental new_flags")?,
            full_map: Bytes::decode(reader, "incremental fullmap")?,
            crush: Bytes::decode(reader, "incremental crush")?,
            new_max_osd: reader.i32("incremental new_max_osd")?,
            new_pools: reader.map("incremental new_pools")?,
            new_pool_names: reader.map("incremental new_pool_names")?,
            old_pools: BTreeSet::decode(reader, "incremental old_pools")?,
            new_up_client: reader.map("incremental new_up_client")?,
            new_state: reader.map("incremental new_state")?,
            new_weight: reader.map("incremental new_weight")?,
            new_pg_temp: pg_osds(reader, "incremental new_pg_temp")?,
            new_primary_temp: reader.map("incremental new_primary_temp")?,
            new_primary_affinity: reader.map("incremental new_primary_affinity")?,
            new_profiles: reader.map("incremental new_erasure_code_profiles")?,
            old_profiles: reader.list("incremental old_erasure_code_profiles")?,
            new_pg_upmap: pg_osds(reader, "incremental new_pg_upmap")?,
            old_pg_upmap: BTreeSet::decode(reader, "incremental old_pg_upmap")?,
            new_pg_upmap_items: reader.map("incremental new_pg_upmap_items")?,
            old_pg_upmap_items: BTreeSet::decode(reader, "incremental old_pg_upmap_items")?,
            new_removed_snaps: reader.map("incremental new_removed_snaps")?,
            new_purged_snaps: reader.map("incremental new_purged_snaps")?,
            new_pg_upmap_primary: if version >= 9 {
                // new_last_up_change, new_last_in_change.
                reader.take(16, "incremental new_last_up_change")?;
                reader.map("incremental new_pg_upmap_primary")?
            } else {
                BTreeMap::new()
            },
            old_pg_upmap_primary: if version >= 9 {
                BTreeSet::decode(reader, "incremental old_pg_upmap_primary")?
            } else {
                BTreeSet::new()
            },
            osd: OsdPart::default(),
        })
    }
}

impl OsdPart {
    fn decode(reader: &mut Reader<'_>, version: u8) -> Result<OsdPart> {
        let skip_addrs = |reader: &mut Reader<'_>, field| -> Result<()> {
            reader.map::<i32, EntityAddrs>(field).map(drop)
        };
        skip_addrs(reader, "incremental new_hb_back_up")?;
        reader.map::<i32, u32>("incremental new_up_thru")?;
        reader.map::<i32, (u32, u32)>("incremental new_last_clean_interval")?;
        reader.map::<i32, u32>("incremental new_lost")?;
        let new_blocklist = reader.map("incremental new_blocklist")?;
        let old_blocklist = reader.list("incremental old_blocklist")?;
        skip_addrs(reader, "incremental new_up_cluster")?;
        reader.bytes("incremental cluster_snapshot")?;
        let uuids = reader.count(20, "incremental new_uuid")?;
        reader.take(uuids * 20, "incremental new_uuid")?;
        for _ in 0..reader.count(10, "incremental new_xinfo")? {
            reader.i32("incremental new_xinfo")?;
            reader.versioned(u8::MAX, "incremental new_xinfo")?;
        }
        skip_addrs(reader, "incremental new_hb_front_up")?;
        // The features it was encoded with; nearfull, full and backfillfull ratio.
        reader.take(8 + 12, "incremental encode_features")?;
        let mut part = OsdPart {
            new_blocklist,
            old_blocklist,
            require_min_compat_client: release(reader.i8("incremental min_compat_client")?),
            require_osd_release: release(reader.i8("incremental require_osd_release")?),
            ..OsdPart::default()
        };
        // 0 changes nothing here, other than of the OSDs' release.
        part.require_min_compat_client.take_if(|release| *release == Release::UNKNOWN);
        if version >= 11 {
            reader.map::<i32, u32>("incremental new_crush_node_flags")?;
            reader.map::<i32, u32>("incremental new_device_class_flags")?;
            // Stretch mode: whether it changes, four numbers, whether it is on.
            reader.take(1 + 4 * 4 + 1, "incremental stretch_mode")?;
            part.new_networks = reader.map("incremental new_range_blocklist")?;
            part.old_networks = reader.list("incremental old_range_blocklist")?;
        }
        Ok(part)
    }
}

/// A release; negative for "it stays".
fn release(number: i8) -> Option<Release> {
    u8::try_from(number).ok().map(Release)
}
