//! Maps, one after the other: a recorded one of three OSDs and a pool, and changes to it.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::ceph::map::{Incremental, OsdMap, PgId};
use crate::ceph::message::Message;
use crate::ceph::messages::osd_map;
use crate::ceph::types::{AddrKind, EntityAddr, EntityAddrs};
use crate::codec::Writer;
use crate::model::PoolId;

/// Of 16.2.15: OSDs 0 to 2, a replicated pool of two copies and 16 groups.
const BASE: &[u8] = include_bytes!("osdmap_16.2.15.bin");

/// The pool of the recorded map.
pub(super) const POOL: PoolId = PoolId(2);

/// Bits of an OSD's state.
const UP: u32 = 2;
/// Where a pool's fields are, from the beginning of its encoding.
const PG_NUM_AT: usize = 6 + 4;
const PGP_NUM_AT: usize = PG_NUM_AT + 4;
const FLAGS_AT: usize = 6 + 52;

/// What changes from one map to the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Change {
    pub(super) down: Vec<i32>,
    /// With the nonce of its new address.
    pub(super) up: Vec<(i32, u32)>,
    pub(super) weights: Vec<(i32, u32)>,
    pub(super) flags: Option<u32>,
    pub(super) pg_temp: Vec<(u32, Vec<i32>)>,
    pub(super) pg_num: Option<u32>,
    pub(super) pool_flags: Option<u64>,
    pub(super) delete_pool: bool,
}

/// All maps there have been.
pub(super) struct History {
    pub(super) maps: BTreeMap<u32, OsdMap>,
    updates: BTreeMap<u32, Bytes>,
    pool: Vec<u8>,
}

/// The address of an OSD's process.
pub(super) fn addr_of(osd: i32, nonce: u32) -> EntityAddrs {
    let socket = format!("10.0.0.{}:6800", osd + 1).parse().unwrap();
    EntityAddrs(vec![EntityAddr::new(AddrKind::Msgr2, socket, nonce)])
}

impl History {
    pub(super) fn new() -> Self {
        let base = OsdMap::decode(BASE).unwrap();
        assert!((0..3).all(|osd| base.is_up(osd)) && base.pool(POOL).is_some());
        // An encoded pool begins with its version, and then its length, kind, size, ...
        let is_pool = |bytes: &[u8]| bytes[1] == 5 && bytes[6..10] == [1, 2, 0, 2];
        let find = |at: &usize| is_pool(&BASE[*at..]) && BASE[at + PG_NUM_AT] == 16;
        let at = (0..BASE.len() - 64).find(find).unwrap();
        let len = u32::from_le_bytes(BASE[at + 2..at + 6].try_into().unwrap()) as usize;
        let pool = BASE[at..at + 6 + len].to_vec();
        let maps = BTreeMap::from([(base.epoch, base)]);
        History { maps, updates: BTreeMap::new(), pool }
    }

    pub(super) fn last(&self) -> &OsdMap {
        self.maps.last_key_value().unwrap().1
    }

    /// The next map.
    pub(super) fn change(&mut self, change: Change) -> u32 {
        let last = self.last();
        let epoch = last.epoch + 1;
        let bytes = self.encode(epoch, &change);
        let last = self.last();
        let next = last.apply(&Incremental::decode(&bytes).unwrap()).unwrap();
        self.updates.insert(epoch, bytes);
        self.maps.insert(epoch, next);
        epoch
    }

    fn encode(&mut self, epoch: u32, change: &Change) -> Bytes {
        if let Some(pg_num) = change.pg_num {
            self.pool[PG_NUM_AT..][..4].copy_from_slice(&pg_num.to_le_bytes());
            self.pool[PGP_NUM_AT..][..4].copy_from_slice(&pg_num.to_le_bytes());
        }
        if let Some(flags) = change.pool_flags {
            self.pool[FLAGS_AT..][..8].copy_from_slice(&flags.to_le_bytes());
        }
        let new_pools = change.pg_num.is_some() || change.pool_flags.is_some();
        let mut writer = Writer::new();
        writer.versioned(8, 7, |body| {
            body.versioned(8, 1, |client| {
                client.raw(self.last().fsid.as_bytes()).u32(epoch).u64(0).i64(-1);
                client.i32(change.flags.map_or(-1, |flags| flags as i32));
                client.bytes("").bytes("").i32(-1).count(usize::from(new_pools));
                if new_pools {
                    client.i64(POOL.0).raw(&self.pool);
                }
                client.count(0).count(usize::from(change.delete_pool));
                if change.delete_pool {
                    client.i64(POOL.0);
                }
                client.count(change.up.len());
                for (osd, nonce) in &change.up {
                    client.i32(*osd).value(&addr_of(*osd, *nonce));
                }
                client.count(change.down.len());
                for osd in &change.down {
                    client.i32(*osd).u32(UP);
                }
                client.list(&change.weights.iter().map(|w| Pair(w.0, w.1)).collect::<Vec<_>>());
                client.count(change.pg_temp.len());
                for (seed, osds) in &change.pg_temp {
                    client.value(&PgId { pool: POOL.0, seed: *seed }).list(osds);
                }
                // Primaries, affinities, profiles twice, upmaps four times, snapshots twice.
                client.zeros(10 * 4);
                client.u64(0).u64(0);
            });
            body.versioned(6, 1, |osd| {
                osd.zeros(12 * 4);
                osd.raw(&[0; 2]).u64(0).raw(&[0; 12]).i8(-1).i8(-1);
            });
            // The checksum is behind both parts; and of the map this leads to, which is not kept.
            body.u32(0).u32(0);
        });
        let mut bytes = writer.into_bytes().to_vec();
        let at = bytes.len() - 8;
        let crc = !crc32c::crc32c_append(crc32c::crc32c(&bytes[..at]), &bytes[at + 4..]);
        bytes[at..at + 4].copy_from_slice(&crc.to_le_bytes());
        bytes.into()
    }

    /// The first map, whole.
    pub(super) fn first(&self) -> Message {
        let epoch = *self.maps.first_key_value().unwrap().0;
        self.message(&[], &[(epoch, Bytes::from_static(BASE))])
    }

    /// What leads from one epoch up to another.
    pub(super) fn updates(&self, from: u32, to: u32) -> Message {
        let updates: Vec<_> =
            self.updates.range(from + 1..=to).map(|(e, b)| (*e, b.clone())).collect();
        self.message(&updates, &[])
    }

    fn message(&self, updates: &[(u32, Bytes)], fulls: &[(u32, Bytes)]) -> Message {
        let mut front = Writer::new();
        front.raw(self.last().fsid.as_bytes()).list(updates).list(fulls);
        front.u32(1).u32(self.last().epoch).u32(0);
        Message::new(osd_map::KIND, 4, 3, front.into_bytes())
    }
}

struct Pair(i32, u32);

impl crate::codec::Encode for Pair {
    fn encode(&self, writer: &mut Writer) {
        writer.i32(self.0).u32(self.1);
    }
}

#[test]
fn changes_are_what_they_say() {
    let mut history = History::new();
    let first = history.last().epoch;
    let full = 1 << 1;
    history.change(Change { down: vec![1], flags: Some(1 << 3), ..Change::default() });
    assert!(!history.last().is_up(1) && history.last().is_up(0));
    history.change(Change { up: vec![(1, 77)], pg_num: Some(32), ..Change::default() });
    assert!(history.last().is_up(1));
    assert_eq!(history.last().osd_addrs(1), Some(&addr_of(1, 77)));
    assert_eq!(history.last().pool(POOL).unwrap().pg_num, 32);
    history.change(Change { pool_flags: Some(1 | full), ..Change::default() });
    assert_eq!(history.last().pool(POOL).unwrap().flags.bits(), 1 | full);
    let pg = PgId { pool: POOL.0, seed: 3 };
    let osds = history.last().placement(pg).acting;
    let swapped = vec![osds[1], osds[0]];
    history.change(Change { pg_temp: vec![(3, swapped.clone())], ..Change::default() });
    assert_eq!(history.last().placement(pg).acting_primary, swapped[0]);
    history.change(Change { delete_pool: true, ..Change::default() });
    assert!(history.last().pool(POOL).is_none());
    assert_eq!(history.last().epoch, first + 5);
}
