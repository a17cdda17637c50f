//! Reading a whole map (`OSDMap::encode`).
//!
//! A frame with a checksum around two versioned parts: what clients need, and what only OSDs do,
//! among which a client finds the blocklist and the releases required.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::blocklist::Blocklist;
use super::crush::{CrushMap, Osds};
use super::flags::{MapFlags, OsdState, Release};
use super::osdmap::{MAX_OSD_MAX, OsdMap, OsdTable, Upmaps};
use super::pgid::PgId;
use super::pool::Pool;
use crate::ceph::types::{EntityAddrs, UTime};
use crate::codec::{Decode, Reader};
use crate::errno::{Errno, Error, Result};
use crate::model::PoolId;

/// The frame's version; older ones had another form altogether.
const WRAPPER: u8 = 8;
/// The clients' part: 7 is Mimic's, 9 Nautilus', 10 Reef's with `upmap_primaries`.
const CLIENT: u8 = 10;
const CLIENT_MIN: u8 = 7;
/// The OSDs' part: 6 is Mimic's, 11 has blocked networks, 12 and what follows say nothing to us.
const OSD: u8 = 13;
const OSD_MIN: u8 = 6;

pub(super) fn bad(what: impl std::fmt::Display) -> Error {
    Errno::EBADMSG.because(what.to_string())
}

impl Decode for PoolId {
    const MIN_SIZE: usize = 8;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        reader.i64(field).map(PoolId)
    }
}

pub(super) fn uuid(reader: &mut Reader<'_>, field: &'static str) -> Result<Uuid> {
    let bytes = reader.take(16, field)?;
    Uuid::from_slice(bytes).map_err(|_| bad(format!("{field}: not an id")))
}

/// A list of OSDs.
pub(super) fn osds(reader: &mut Reader<'_>, field: &'static str) -> Result<Osds> {
    (0..reader.count(4, field)?).map(|_| reader.i32(field)).collect()
}

/// A map of groups to lists of OSDs.
pub(super) fn pg_osds(
    reader: &mut Reader<'_>,
    field: &'static str,
) -> Result<BTreeMap<PgId, Osds>> {
    let count = reader.count(PgId::MIN_SIZE + 4, field)?;
    (0..count).map(|_| Ok((PgId::decode(reader, field)?, osds(reader, field)?))).collect()
}

/// Opens the frame of a map or an update: its body, and whether the checksum at its end is right
/// is for [`check_crc`].
pub(super) fn unwrap<'a>(bytes: &'a [u8], field: &'static str) -> Result<Reader<'a>> {
    let mut reader = Reader::new(bytes);
    let (version, body) = reader.versioned(WRAPPER, field)?;
    if version < WRAPPER {
        return Err(bad(format!("{field}: version {version} is too old")));
    }
    Ok(body)
}

/// Compares a checksum of all bytes but its own with what is at `rest`, the reader behind both
/// parts of the body.
pub(super) fn check_crc(bytes: &[u8], rest: &mut Reader<'_>, field: &'static str) -> Result<()> {
    let behind_body = rest.rest().len();
    let said = rest.u32(field)?;
    let tail = rest.rest();
    // The body is the end of its frame; what follows the frame is not part of the map.
    let frame = bytes.get(..6 + frame_len(bytes, field)?).unwrap_or(bytes);
    let front = frame.get(..frame.len().saturating_sub(behind_body)).unwrap_or(frame);
    // Ceph's checksum begins with all bits set and inverts nothing, unlike everyone else's.
    let crc = !crc32c::crc32c_append(crc32c::crc32c(front), tail);
    match crc == said {
        true => Ok(()),
        false => Err(bad(format!("{field}: {crc:#x} and not {said:#x}"))),
    }
}

fn frame_len(bytes: &[u8], field: &'static str) -> Result<usize> {
    let mut reader = Reader::new(bytes);
    reader.u16(field)?;
    Ok(reader.u32(field)? as usize)
}

impl OsdMap {
    /// Reads a whole map and checks its checksum. `-EBADMSG` says which field is wrong.
    pub fn decode(bytes: &[u8]) -> Result<OsdMap> {
        let mut body = unwrap(bytes, "osdmap")?;
        let (version, mut client) = body.versioned(CLIENT, "osdmap client part")?;
        if version < CLIENT_MIN {
            return Err(bad(format!("osdmap client part: version {version} is too old")));
        }
        let (osd_version, mut osd) = body.versioned(OSD, "osdmap osd part")?;
        if osd_version < OSD_MIN {
            return Err(bad(format!("osdmap osd part: version {osd_version} is too old")));
        }
        check_crc(bytes, &mut body, "osdmap crc")?;
        let mut map = OsdMap::decode_client(&mut client, version)?;
        map.decode_osd(&mut osd, osd_version)?;
        Ok(map)
    }

    fn decode_client(reader: &mut Reader<'_>, version: u8) -> Result<OsdMap> {
        let fsid = uuid(reader, "osdmap fsid")?;
        let epoch = reader.u32("osdmap epoch")?;
        let created = UTime::decode(reader, "osdmap created")?;
        let modified = UTime::decode(reader, "osdmap modified")?;
        let pools: BTreeMap<PoolId, Pool> = reader.map("osdmap pools")?;
        let pool_names = reader.map("osdmap pool_name")?;
        let pool_max = PoolId(reader.i32("osdmap pool_max")?.into());
        let flags = MapFlags::from_bits_retain(reader.u32("osdmap flags")?);
        let max_osd = max_osd(reader.i32("osdmap max_osd")?)?;
        let states: Vec<u32> = reader.list("osdmap osd_state")?;
        let weights = reader.list("osdmap osd_weight")?;
        let addrs: Vec<EntityAddrs> = reader.list("osdmap client_addrs")?;
        let pg_temp = Arc::new(pg_osds(reader, "osdmap pg_temp")?);
        let primary_temp = Arc::new(reader.map("osdmap primary_temp")?);
        let affinities = reader.list("osdmap primary_affinity")?;
        let mut osds = OsdTable {
            states: states.into_iter().map(OsdState::from_bits_retain).collect(),
            weights,
            affinities,
            addrs: addrs.into_iter().map(Arc::new).collect(),
        };
        osds.resize(max_osd);
        let crush = Arc::new(CrushMap::decode(reader.bytes("osdmap crush")?)?);
        let erasure_code_profiles = Arc::new(reader.map("osdmap erasure_code_profiles")?);
        let mut upmaps = Upmaps {
            sets: pg_osds(reader, "osdmap pg_upmap")?,
            items: reader.map("osdmap pg_upmap_items")?,
            primaries: BTreeMap::new(),
        };
        let crush_version = reader.u32("osdmap crush_version")?;
        let new_removed_snaps = reader.map("osdmap new_removed_snaps")?;
        let new_purged_snaps = reader.map("osdmap new_purged_snaps")?;
        if version >= 9 {
            // last_up_change, last_in_change.
            reader.take(16, "osdmap last_up_change")?;
        }
        if version >= 10 {
            upmaps.primaries = reader.map("osdmap pg_upmap_primaries")?;
        }
        Ok(OsdMap {
            epoch,
            fsid,
            created,
            modified,
            flags,
            require_osd_release: Release::UNKNOWN,
            require_min_compat_client: Release::UNKNOWN,
            crush_version,
            new_removed_snaps,
            new_purged_snaps,
            pools: pools.into_iter().map(|(id, pool)| (id, Arc::new(pool))).collect(),
            pool_names,
            pool_max,
            osds,
            pg_temp,
            primary_temp,
            upmaps: Arc::new(upmaps),
            crush,
            erasure_code_profiles,
            blocklist: Arc::default(),
        })
    }

    fn decode_osd(&mut self, reader: &mut Reader<'_>, version: u8) -> Result<()> {
        let skip_addrs = |reader: &mut Reader<'_>, field| -> Result<()> {
            (0..reader.count(1, field)?)
                .try_for_each(|_| EntityAddrs::decode(reader, field).map(drop))
        };
        skip_addrs(reader, "osdmap hb_back_addrs")?;
        // osd_info has a version and six epochs each.
        let infos = reader.count(25, "osdmap osd_info")?;
        reader.take(infos * 25, "osdmap osd_info")?;
        let clients = reader.map("osdmap blocklist")?;
        skip_addrs(reader, "osdmap cluster_addrs")?;
        reader.u32("osdmap cluster_snapshot_epoch")?;
        reader.bytes("osdmap cluster_snapshot")?;
        let uuids = reader.count(16, "osdmap osd_uuid")?;
        reader.take(uuids * 16, "osdmap osd_uuid")?;
        for _ in 0..reader.count(6, "osdmap osd_xinfo")? {
            reader.versioned(u8::MAX, "osdmap osd_xinfo")?;
        }
        skip_addrs(reader, "osdmap hb_front_addrs")?;
        // nearfull, full and backfillfull ratio.
        reader.take(12, "osdmap full_ratio")?;
        self.require_min_compat_client = Release(reader.u8("osdmap require_min_compat_client")?);
        self.require_osd_release = Release(reader.u8("osdmap require_osd_release")?);
        self.flags_of_release();
        let mut networks = BTreeMap::new();
        if version >= 11 {
            reader.map::<PoolId, super::SnapIntervals>("osdmap removed_snaps_queue")?;
            reader.map::<i32, u32>("osdmap crush_node_flags")?;
            reader.map::<i32, u32>("osdmap device_class_flags")?;
            // Stretch mode: whether it is on, and four numbers.
            reader.take(1 + 4 * 4, "osdmap stretch_mode")?;
            networks = reader.map("osdmap range_blocklist")?;
        }
        self.blocklist = Arc::new(Blocklist { clients, networks });
        Ok(())
    }

    /// Flags that a release implies and those it has replaced.
    pub(super) fn flags_of_release(&mut self) {
        if self.require_osd_release >= Release::LUMINOUS {
            self.flags.remove(MapFlags::LEGACY_REQUIRE);
            self.flags.insert(MapFlags::RECOVERY_DELETES);
        }
        if self.require_osd_release >= Release::NAUTILUS {
            self.flags.insert(MapFlags::PGLOG_HARDLIMIT);
        }
    }
}

/// Checks a number of OSDs.
pub(super) fn max_osd(value: i32) -> Result<usize> {
    match usize::try_from(value) {
        Ok(count) if value <= MAX_OSD_MAX => Ok(count),
        _ => Err(bad(format!("osdmap max_osd: {value}"))),
    }
}
