//! Maps made up for tests, and their encoding.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::super::fuzz::seal;
use super::super::{Osds, PgId};
use crate::ceph::types::{AddrKind, EntityAddr, EntityAddrs};
use crate::codec::{Encode, Writer};

/// A map with what placement depends on; the rest is blank.
#[derive(Clone, Debug, Default)]
pub(super) struct Sketch {
    pub pools: BTreeMap<i64, PoolSketch>,
    pub states: Vec<u32>,
    pub weights: Vec<u32>,
    pub affinities: Vec<u32>,
    pub pg_temp: BTreeMap<PgId, Vec<i32>>,
    pub primary_temp: BTreeMap<PgId, i32>,
    pub upmaps: BTreeMap<PgId, Vec<i32>>,
    pub upmap_items: BTreeMap<PgId, Vec<(i32, i32)>>,
    /// Makes it a map of Reef.
    pub upmap_primaries: BTreeMap<PgId, i32>,
    pub crush: Bytes,
}

/// A pool of it.
#[derive(Clone, Debug)]
pub(super) struct PoolSketch {
    pub kind: u8,
    pub size: u8,
    pub rule: u8,
    pub pg_num: u32,
    pub pgp_num: u32,
    pub flags: u64,
    /// Shards that are never primary: makes it a pool of Tentacle.
    pub nonprimary: u64,
}

impl Sketch {
    /// As `OSDMap::encode` has it.
    pub(super) fn encode(&self) -> Bytes {
        let mut writer = Writer::new();
        writer.versioned(8, 7, |writer| {
            let version = if self.upmap_primaries.is_empty() { 9 } else { 10 };
            writer.versioned(version, 1, |writer| self.encode_client(writer, version));
            writer.versioned(9, 1, |writer| self.encode_osd(writer));
            writer.u32(0);
        });
        let mut bytes = writer.into_bytes().to_vec();
        seal(&mut bytes, 0);
        bytes.into()
    }

    fn encode_client(&self, writer: &mut Writer, version: u8) {
        writer.raw(&[7; 16]).u32(1).u64(0).u64(0).map(&self.pools);
        let names: BTreeMap<i64, String> =
            self.pools.keys().map(|id| (*id, format!("pool{id}"))).collect();
        let pool_max = self.pools.keys().last().copied().unwrap_or_default();
        writer.map(&names).i32(pool_max as i32).u32(0).i32(self.states.len() as i32);
        writer.list(&self.states).list(&self.weights);
        self.encode_addrs(writer);
        writer.map(&self.pg_temp).map(&self.primary_temp).list(&self.affinities);
        // No profiles.
        writer.bytes(&self.crush).u32(0);
        writer.map(&self.upmaps).map(&self.upmap_items);
        // crush_version, new_removed_snaps, new_purged_snaps, last_up_change, last_in_change.
        writer.u32(1).u32(0).u32(0).u64(0).u64(0);
        if version >= 10 {
            writer.map(&self.upmap_primaries);
        }
    }

    fn encode_osd(&self, writer: &mut Writer) {
        let osds = self.states.len();
        self.encode_addrs(writer);
        writer.count(osds);
        (0..osds).for_each(|_| _ = writer.u8(1).raw(&[0; 24]));
        writer.u32(0);
        self.encode_addrs(writer);
        writer.u32(0).u32(0).count(osds).raw(&vec![0; 16 * osds]).count(osds);
        (0..osds).for_each(|_| {
            _ = writer.versioned(4, 1, |w| _ = w.raw(&[0; 8 + 4 + 4 + 8 + 4 + 8 + 4]))
        });
        self.encode_addrs(writer);
        // Ratios; releases: Luminous and Pacific; removed_snaps_queue, flags of nodes and classes.
        writer.raw(&[0; 12]).u8(12).u8(16).u32(0).u32(0).u32(0);
    }

    fn encode_addrs(&self, writer: &mut Writer) {
        let addr = |osd: usize| {
            let socket = format!("127.0.0.1:{}", 6800 + osd).parse().unwrap();
            EntityAddrs(vec![EntityAddr::new(AddrKind::Msgr2, socket, 1)])
        };
        let addrs: Vec<EntityAddrs> = (0..self.states.len()).map(addr).collect();
        writer.list(&addrs);
    }
}

impl Encode for PoolSketch {
    fn encode(&self, writer: &mut Writer) {
        let version = if self.nonprimary == 0 { 29 } else { 32 };
        writer.versioned(version, 5, |writer| {
            writer.u8(self.kind).u8(self.size).u8(self.rule).u8(2);
            // lpg_num, last_change, snap_seq, snap_epoch, snaps, removed_snaps, auid.
            writer.u32(self.pg_num).u32(self.pgp_num).raw(&[0; 8 + 4 + 8 + 4 + 4 + 4 + 8]);
            // crash_replay_interval, min_size, quotas, tiers.
            writer.u64(self.flags).u32(0).u8(1).raw(&[0; 8 + 8 + 4]);
            writer.i64(-1).u8(0).i64(-1).i64(-1);
            // properties, hit_set_params of kind none, period and count, stripe_width.
            writer.u32(0).versioned(1, 1, |w| _ = w.u8(0)).raw(&[0; 4 + 4]).u32(4096);
            // Cache targets, profile, last_force_op_resend and promotion, up to hit sets' decay.
            writer.raw(&[0; 32]).u32(0).raw(&[0; 4 + 4 + 8 + 4 + 4 + 1 + 1 + 4 + 4]);
            // opts, last_force_op_resend, applications, create_time.
            writer.versioned(2, 1, |w| _ = w.u32(0)).raw(&[0; 4 + 4 + 8]);
            // Targets, pending, resend, autoscale mode, merge.
            writer.u32(self.pg_num).u32(self.pgp_num).u32(self.pg_num).raw(&[0; 8 + 4 + 1]);
            writer.versioned(1, 1, |w| {
                w.value(&PgId::default()).raw(&[0; 12 + 12 + 12]);
            });
            if version >= 32 {
                writer.bool(false);
                // Two words of seven bits a byte.
                let mut word = self.nonprimary;
                while word > 0x7f {
                    writer.u8(word as u8 | 0x80);
                    word >>= 7;
                }
                writer.u8(word as u8).u8(0);
            }
        });
    }
}

impl Encode for Osds {
    fn encode(&self, writer: &mut Writer) {
        writer.list(self);
    }
}
