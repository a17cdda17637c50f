//! Pools as the map describes them (`pg_pool_t`).

use std::collections::BTreeMap;

use super::crush::{ITEM_NONE, Osds, hash2};
use super::flags::PoolFlags;
use super::pgid::PgId;
use crate::ceph::types::UTime;
use crate::codec::{Decode, Reader};
use crate::errno::{Errno, Result};
use crate::model::{PoolId, PoolInfo, Target, placement};

/// How a pool keeps its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// Whole copies.
    Replicated = 1,
    /// Shards, with parity.
    Erasure = 3,
}

/// What a cache tier does with operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CacheMode {
    /// It is no cache.
    #[default]
    None = 0,
    /// Writes to the cache, flushed later.
    Writeback = 1,
    /// Forwards what is not cached.
    Forward = 2,
    /// Caches for reads only.
    Readonly = 3,
    /// Forwards reads, writes to the cache.
    Readforward = 4,
    /// Reads through the cache, writes to it.
    Readproxy = 5,
    /// Reads and writes through the cache.
    Proxy = 6,
}

/// A snapshot of a whole pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolSnap {
    /// When it was made.
    pub stamp: UTime,
    /// Its name.
    pub name: String,
}

/// A pool.
///
/// Not kept, though a map has it: `auid`, `crash_replay_interval`, `properties`, everything of hit
/// sets and of a cache's targets and ages, `expected_num_objects`, `use_gmt_hitset`, `create_time`,
/// `pg_autoscale_mode`, `last_pg_merge_meta` and the crush buckets of stretched pools
/// (`peering_crush_*`), which only OSDs heed, and `shard_mapping`, for reads of single shards.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// Replicated or erasure-coded.
    pub kind: PoolKind,
    /// Copies or shards.
    pub size: u8,
    /// With fewer, operations wait.
    pub min_size: u8,
    /// The rule that places it.
    pub crush_rule: u8,
    /// The hash from names to groups (`CEPH_STR_HASH_*`): 1 Linux's, 2 Jenkins'.
    pub object_hash: u8,
    /// Groups.
    pub pg_num: u32,
    /// Groups as far as placement is concerned.
    pub pgp_num: u32,
    /// Groups there will be once a merge under way is done.
    pub pg_num_pending: u32,
    /// The epoch this pool last changed in.
    pub last_change: u32,
    /// Flags.
    pub flags: PoolFlags,
    /// The newest snapshot number given out.
    pub snap_seq: u64,
    /// The epoch snapshots last changed in.
    pub snap_epoch: u32,
    /// Snapshots of the whole pool, by number.
    pub snaps: BTreeMap<u64, PoolSnap>,
    /// Bytes it may hold, 0 for no limit.
    pub quota_max_bytes: u64,
    /// Objects it may hold, 0 for no limit.
    pub quota_max_objects: u64,
    /// Cache tiers in front of it.
    pub tiers: Vec<u64>,
    /// The pool it is a tier of; -1 for none.
    pub tier_of: i64,
    /// What it does as a cache tier.
    pub cache_mode: CacheMode,
    /// Where reads go instead; -1 for here.
    pub read_tier: i64,
    /// Where writes go instead; -1 for here.
    pub write_tier: i64,
    /// Bytes of a stripe of an erasure-coded object, which appends have to be a multiple of.
    pub stripe_width: u32,
    /// The erasure code's profile.
    pub erasure_code_profile: String,
    /// Operations sent before this epoch have to be sent again, by clients of today.
    pub last_force_op_resend: u32,
    /// The same for clients of Luminous and Mimic.
    pub last_force_op_resend_prenautilus: u32,
    /// The same for clients before Luminous.
    pub last_force_op_resend_preluminous: u32,
    /// Whether the primary of an erasure-coded pool reads all shards and takes the first to answer.
    pub fast_read: bool,
    /// Shards that are never primary, a bit each, in a pool with
    /// [`PoolFlags::EC_OPTIMIZATIONS`].
    pub nonprimary_shards: u128,
    /// Options, by number (`pool_opts_t::key_t`).
    pub options: BTreeMap<i32, PoolOption>,
    /// Applications and their metadata.
    pub applications: BTreeMap<String, BTreeMap<String, String>>,
}

/// The value of a pool's option.
#[derive(Clone, Debug, PartialEq)]
pub enum PoolOption {
    /// Text.
    Text(String),
    /// A number.
    Int(i64),
    /// A fraction.
    Double(f64),
}

/// [`Pool::object_hash`] of pools of the very first days.
const HASH_LINUX: u8 = 1;
/// The newest encoding known here, Tentacle's; newer ones only append.
const VERSION: u8 = 32;
/// Mimic's, the oldest that a cluster we speak to has.
const VERSION_MIN: u8 = 27;

impl Pool {
    /// Whether it is erasure-coded.
    #[must_use]
    pub fn is_erasure(&self) -> bool {
        self.kind == PoolKind::Erasure
    }

    /// Whether appends have to be of whole stripes.
    #[must_use]
    pub fn requires_alignment(&self) -> bool {
        self.is_erasure() && !self.flags.contains(PoolFlags::EC_OVERWRITES)
    }

    /// The placement hash of an object: of its locator, or else its name, in its namespace.
    #[must_use]
    pub fn hash(&self, target: &Target) -> u32 {
        let (namespace, locator) = (target.namespace.as_bytes(), target.locator.as_bytes());
        let name = target.name.as_bytes();
        match self.object_hash {
            HASH_LINUX if locator.is_empty() => hash_linux(namespace, name),
            HASH_LINUX => hash_linux(namespace, locator),
            _ => placement::hash(namespace, locator, name),
        }
    }

    /// The group of a raw one: its number brought below the pool's number of groups.
    #[must_use]
    pub fn fold(&self, raw: PgId) -> PgId {
        PgId { seed: placement::fold(raw.seed, self.pg_num), ..raw }
    }

    /// Whether the OSD with this shard may lead a group.
    pub(super) fn may_be_primary(&self, shard: i8) -> bool {
        // The bits are 0 in pools of other kinds.
        let bit = u32::try_from(shard).ok().and_then(|shard| 1u128.checked_shl(shard));
        bit.is_some_and(|bit| self.nonprimary_shards & bit == 0)
    }

    /// A temporary set with each OSD at the place of its shard. In an optimized erasure-coded pool
    /// the map lists those that may lead first, so that clients of old choose one of them.
    pub(super) fn shards_in_order(&self, listed: Osds) -> Osds {
        if !self.flags.contains(PoolFlags::EC_OPTIMIZATIONS) || self.nonprimary_shards == 0 {
            return listed;
        }
        let shards = || (0..i8::MAX).take(listed.len());
        let able = shards().filter(|shard| self.may_be_primary(*shard));
        let unable = shards().filter(|shard| !self.may_be_primary(*shard));
        let mut ordered = Osds::from_elem(ITEM_NONE, listed.len());
        for (osd, shard) in listed.iter().zip(able.chain(unable)) {
            if let Some(place) = usize::try_from(shard).ok().and_then(|at| ordered.get_mut(at)) {
                *place = *osd;
            }
        }
        ordered
    }

    /// What CRUSH places a group by (`raw_pg_to_pps`).
    pub(super) fn placement_seed(&self, pg: PgId) -> u32 {
        let seed = placement::fold(pg.seed, self.pgp_num);
        // The hash and the sum take the pool's number in 32 bits.
        let pool = pg.pool as u32;
        match self.flags.contains(PoolFlags::HASHPSPOOL) {
            true => hash2(seed, pool),
            false => seed.wrapping_add(pool),
        }
    }

    /// What programs are told of it.
    #[must_use]
    pub fn info(&self, id: PoolId, name: &str) -> PoolInfo {
        let snaps = self.snaps.iter().map(|(id, s)| (*id, (s.name.clone(), s.stamp.into())));
        PoolInfo {
            id,
            name: name.to_owned(),
            requires_alignment: self.requires_alignment(),
            stripe_width: self.stripe_width.into(),
            full: self.flags.contains(PoolFlags::FULL),
            snap_seq: self.snap_seq,
            snaps: snaps.collect(),
            selfmanaged_snaps: self.flags.contains(PoolFlags::SELFMANAGED_SNAPS),
            applications: self.applications.clone(),
            pg_num: self.pg_num,
            base_tier: (self.tier_of >= 0).then_some(PoolId(self.tier_of)),
        }
    }

    fn start(reader: &mut Reader<'_>) -> Result<Self> {
        let kind = match reader.u8("pool type")? {
            1 => PoolKind::Replicated,
            3 => PoolKind::Erasure,
            other => return Err(Errno::EBADMSG.because(format!("pool type: {other}"))),
        };
        let size = reader.u8("pool size")?;
        let crush_rule = reader.u8("pool crush_rule")?;
        let object_hash = reader.u8("pool object_hash")?;
        let pg_num = reader.u32("pool pg_num")?;
        let pgp_num = reader.u32("pool pgp_num")?;
        // Numbers of localized groups, gone long ago.
        reader.u64("pool lpg_num")?;
        Ok(Pool {
            kind,
            size,
            min_size: 0,
            crush_rule,
            object_hash,
            pg_num,
            pgp_num,
            pg_num_pending: pg_num,
            last_change: reader.u32("pool last_change")?,
            flags: PoolFlags::empty(),
            snap_seq: reader.u64("pool snap_seq")?,
            snap_epoch: reader.u32("pool snap_epoch")?,
            snaps: reader.map("pool snaps")?,
            quota_max_bytes: 0,
            quota_max_objects: 0,
            tiers: Vec::new(),
            tier_of: -1,
            cache_mode: CacheMode::None,
            read_tier: -1,
            write_tier: -1,
            stripe_width: 0,
            erasure_code_profile: String::new(),
            last_force_op_resend: 0,
            last_force_op_resend_prenautilus: 0,
            last_force_op_resend_preluminous: 0,
            fast_read: false,
            nonprimary_shards: 0,
            options: BTreeMap::new(),
            applications: BTreeMap::new(),
        })
    }

    fn middle(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        let removed: Vec<(u64, u64)> = reader.list("pool removed_snaps")?;
        reader.u64("pool auid")?;
        self.flags = PoolFlags::from_bits_retain(reader.u64("pool flags")?);
        let either = PoolFlags::SELFMANAGED_SNAPS | PoolFlags::POOL_SNAPS;
        if self.snap_seq > 0 && !self.flags.intersects(either) {
            // A pool of before Mimic: which kind it has shows in what was removed.
            self.flags |= match removed.is_empty() {
                true => PoolFlags::POOL_SNAPS,
                false => PoolFlags::SELFMANAGED_SNAPS,
            };
        }
        reader.u32("pool crash_replay_interval")?;
        self.min_size = reader.u8("pool min_size")?;
        self.quota_max_bytes = reader.u64("pool quota_max_bytes")?;
        self.quota_max_objects = reader.u64("pool quota_max_objects")?;
        self.tiers = reader.list("pool tiers")?;
        self.tier_of = reader.i64("pool tier_of")?;
        self.cache_mode = match reader.u8("pool cache_mode")? {
            1 => CacheMode::Writeback,
            2 => CacheMode::Forward,
            3 => CacheMode::Readonly,
            4 => CacheMode::Readforward,
            5 => CacheMode::Readproxy,
            6 => CacheMode::Proxy,
            _ => CacheMode::None,
        };
        self.read_tier = reader.i64("pool read_tier")?;
        self.write_tier = reader.i64("pool write_tier")?;
        reader.map::<String, String>("pool properties")?;
        reader.versioned(1, "pool hit_set_params")?;
        // hit_set_period, hit_set_count.
        reader.take(8, "pool hit_set")?;
        self.stripe_width = reader.u32("pool stripe_width")?;
        // target_max_bytes, target_max_objects, cache_target_dirty_ratio_micro,
        // cache_target_full_ratio_micro, cache_min_flush_age, cache_min_evict_age.
        reader.take(32, "pool cache targets")?;
        self.erasure_code_profile = reader.string("pool erasure_code_profile")?;
        Ok(())
    }

    fn end(&mut self, reader: &mut Reader<'_>, version: u8) -> Result<()> {
        self.last_force_op_resend_preluminous = reader.u32("pool last_force_op_resend")?;
        // min_read_recency_for_promote, expected_num_objects, cache_target_dirty_high_ratio_micro,
        // min_write_recency_for_promote, use_gmt_hitset.
        reader.take(4 + 8 + 4 + 4 + 1, "pool cache settings")?;
        self.fast_read = reader.bool("pool fast_read")?;
        // hit_set_grade_decay_rate, hit_set_search_last_n.
        reader.take(8, "pool hit_set")?;
        self.options = decode_options(reader)?;
        self.last_force_op_resend_prenautilus = reader.u32("pool last_force_op_resend")?;
        self.applications = reader.map("pool application_metadata")?;
        UTime::decode(reader, "pool create_time")?;
        self.last_force_op_resend = self.last_force_op_resend_prenautilus;
        if version >= 28 {
            // pg_num_target, pgp_num_target.
            reader.take(8, "pool pg_num_target")?;
            self.pg_num_pending = reader.u32("pool pg_num_pending")?;
            // Where last_pg_merge_meta was for a while.
            reader.take(8, "pool pg_num_dec")?;
            self.last_force_op_resend = reader.u32("pool last_force_op_resend")?;
            reader.u8("pool pg_autoscale_mode")?;
        }
        if version >= 29 {
            reader.versioned(1, "pool last_pg_merge_meta")?;
        }
        if version == 30 || version >= 31 && reader.bool("pool peering_crush")? {
            reader.take(16, "pool peering_crush")?;
        }
        if version >= 32 {
            let [low, high] = [varint(reader)?, varint(reader)?].map(u128::from);
            self.nonprimary_shards = high << 64 | low;
        }
        Ok(())
    }
}

/// The hash of Linux' directory cache, over a namespace, a separator and a key.
fn hash_linux(namespace: &[u8], key: &[u8]) -> u32 {
    let separator = [0x1f; 1];
    let separator = if namespace.is_empty() { &[][..] } else { &separator };
    namespace.iter().chain(separator).chain(key).fold(0u32, |hash, byte| {
        let byte = u32::from(*byte);
        hash.wrapping_add(byte << 4).wrapping_add(byte >> 4).wrapping_mul(11)
    })
}

/// Seven bits a byte, the lowest first, the eighth says that more follow (`denc_varint`).
fn varint(reader: &mut Reader<'_>) -> Result<u64> {
    const FIELD: &str = "pool nonprimary_shards";
    let mut value = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let byte = reader.u8(FIELD)?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Errno::EBADMSG.because(format!("{FIELD}: a number too long")))
}

fn decode_options(reader: &mut Reader<'_>) -> Result<BTreeMap<i32, PoolOption>> {
    const FIELD: &str = "pool opts";
    let (version, mut fields) = reader.versioned(2, FIELD)?;
    let mut options = BTreeMap::new();
    for _ in 0..fields.count(12, FIELD)? {
        let key = fields.i32(FIELD)?;
        let value = match fields.i32(FIELD)? {
            0 => PoolOption::Text(fields.string(FIELD)?),
            1 if version >= 2 => PoolOption::Int(fields.i64(FIELD)?),
            1 => PoolOption::Int(fields.i32(FIELD)?.into()),
            2 => PoolOption::Double(f64::from_bits(fields.u64(FIELD)?)),
            other => return Err(Errno::EBADMSG.because(format!("pool opts: type {other}"))),
        };
        options.insert(key, value);
    }
    Ok(options)
}

impl Decode for Pool {
    const MIN_SIZE: usize = 6;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let (version, mut fields) = reader.versioned(VERSION, field)?;
        if version < VERSION_MIN {
            return Err(Errno::EBADMSG.because(format!("{field}: version {version} is too old")));
        }
        let mut pool = Pool::start(&mut fields)?;
        pool.middle(&mut fields)?;
        pool.end(&mut fields, version)?;
        Ok(pool)
    }
}

impl Decode for PoolSnap {
    const MIN_SIZE: usize = 6;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let (_, mut fields) = reader.versioned(2, field)?;
        fields.u64(field)?;
        Ok(PoolSnap { stamp: UTime::decode(&mut fields, field)?, name: fields.string(field)? })
    }
}
