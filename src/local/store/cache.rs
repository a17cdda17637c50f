//! What this process remembers of objects, so that plain reads and writes need no database.
//!
//! An entry counts as long as the generation of the object's stripe is the one it was loaded under,
//! and the pools are as they were; every transaction that changes the object gives the stripe
//! another generation.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use parking_lot::RwLock;
use rusqlite::OptionalExtension;

use super::Store;
use super::data::Source;
use super::layout::SLOT;
use super::shared::Counter;
use super::slots::Record;
use super::txn::{Layer, Txn};
use crate::errno::{Errno, Result};
use crate::local::classes::Caller;
use crate::model::{PoolId, SnapId, Target};

const SHARDS: usize = 16;
/// Entries per shard, which is emptied when it is full: 64 Ki objects are 256 GiB of an image.
const SHARD_MAX: usize = 4096;

/// One version of an object: the head, or what a snapshot sees.
pub(super) struct Entry {
    target: Target,
    pub(super) generation: u64,
    map: u64,
    pub(super) exists: bool,
    /// It is the head, in a pool whose writes follow the snap context they bring.
    pub(super) writable: bool,
    /// There are clones: what is written first after the last of them is noted.
    pub(super) cloned: bool,
    pub(super) snap_seq: u64,
    /// Bytes and version, but for what records say.
    size: u64,
    version: u64,
    chains: Vec<Option<CachedChain>>,
}

/// The layers of a slot index.
pub(super) struct CachedChain {
    /// The top layer's slot and record, if it belongs to the head alone.
    pub(super) top: Option<(u64, Record)>,
    /// The layers that do not change any more, from the top.
    pub(super) frozen: Vec<Layer>,
}

impl CachedChain {
    /// Where a block is.
    pub(super) fn source(&self, block: usize) -> Source {
        if let Some((slot, record)) = &self.top {
            if record.has_data(block) {
                return Source::Slot(*slot);
            }
            if record.has_hole(block) {
                return Source::Zeros;
            }
        }
        super::data::source(&self.frozen, block)
    }

    /// Where blocks are from `first` on, and of how many before `behind` that is so; at least one.
    pub(super) fn run(&self, first: usize, behind: usize) -> (Source, usize) {
        if let Some((slot, record)) = &self.top {
            let run = record.data_run(first, behind);
            if run > 0 {
                return (Source::Slot(*slot), run);
            }
        }
        let source = self.source(first);
        let alike = (first + 1..behind).take_while(|block| self.source(*block) == source);
        (source, 1 + alike.count())
    }
}

impl Entry {
    /// The layers of a slot index, if there are any.
    pub(super) fn chain(&self, idx: u32) -> Option<&CachedChain> {
        self.chains.get(idx as usize)?.as_ref()
    }

    /// Whether it is what the store says under a generation of its stripe and a state of the pools.
    pub(super) fn counts(&self, generation: u64, map: u64) -> bool {
        self.generation == generation && self.map == map
    }

    /// The pool it is in.
    pub(super) fn pool(&self) -> PoolId {
        self.target.pool
    }

    fn tops(&self) -> impl Iterator<Item = (u64, &Record)> {
        let chains = self.chains.iter().enumerate();
        chains.filter_map(|(idx, chain)| Some((idx as u64, &chain.as_ref()?.top.as_ref()?.1)))
    }

    /// Bytes at this moment.
    pub(super) fn size(&self) -> u64 {
        let reach = |(idx, record): (u64, &Record)| match record.tail() {
            0 => 0,
            tail => idx * SLOT + tail,
        };
        self.tops().map(reach).fold(self.size, u64::max)
    }

    /// The version at this moment.
    pub(super) fn version(&self) -> u64 {
        self.tops().map(|(_, record)| record.writes()).fold(self.version, u64::wrapping_add)
    }
}

type Key = (u32, SnapId);

/// The entries.
#[derive(Default)]
pub(super) struct Cache {
    shards: [RwLock<HashMap<Key, Arc<Entry>>>; SHARDS],
}

impl Store {
    /// The entry of an object, if there is one that counts under this generation.
    pub(super) fn cached(
        &self,
        target: &Target,
        position: u32,
        snap: SnapId,
        generation: u64,
    ) -> Option<Arc<Entry>> {
        let shard = self.cache.shards[position as usize % SHARDS].read();
        let entry = shard.get(&(position, snap))?;
        let map = self.shared.counter(Counter::Map).load(Ordering::Acquire);
        (entry.counts(generation, map) && entry.target == *target).then(|| Arc::clone(entry))
    }

    /// Loads an entry. The stripe is locked and its generation is even.
    pub(super) fn load_entry(
        &self,
        target: &Target,
        position: u32,
        snap: SnapId,
        generation: u64,
    ) -> Result<Arc<Entry>> {
        let map = self.shared.counter(Counter::Map).load(Ordering::Acquire);
        let nobody = Caller { client: 0, addr: String::new() };
        let entry = self.db.read(|db| {
            let mut find = db.prepare_cached("SELECT snap_mode FROM pool WHERE id = ?1")?;
            let mode: Option<i64> = find.query_row([target.pool.0], |row| row.get(0)).optional()?;
            let mode = mode.ok_or_else(|| Errno::ENOENT.because("no such pool"))?;
            let mut txn = Txn::new(self, db, target, &nobody, SystemTime::UNIX_EPOCH);
            txn.load_object()?;
            let head = txn.load_at(snap)?;
            let mut entry = Entry {
                target: target.clone(),
                generation,
                map,
                exists: txn.exists(),
                writable: head && snap == SnapId::HEAD && mode != 1,
                cloned: false,
                snap_seq: txn.object.as_ref().map_or(0, |object| object.snap_seq),
                size: txn.size(),
                version: txn.version_before,
                chains: Vec::new(),
            };
            if let Some(object) = &txn.object {
                let mut find =
                    db.prepare_cached("SELECT EXISTS (SELECT 1 FROM clone WHERE object = ?1)")?;
                entry.cloned = find.query_row([object.id], |row| row.get(0))?;
            }
            self.take_chains(&mut entry, txn, head)?;
            Ok(entry)
        })?;
        let entry = Arc::new(entry);
        let mut shard = self.cache.shards[position as usize % SHARDS].write();
        if shard.len() >= SHARD_MAX {
            shard.clear();
        }
        shard.insert((position, snap), Arc::clone(&entry));
        Ok(entry)
    }

    fn take_chains(&self, entry: &mut Entry, txn: Txn<'_>, head: bool) -> Result<()> {
        for (idx, mut chain) in txn.chains {
            let mut top = None;
            if head && chain.layers.first().is_some_and(|layer| !layer.shared) {
                let layer = chain.layers.remove(0);
                let record = self.slots.record(layer.slot)?;
                if record.epoch() != layer.state.epoch {
                    record.store(&layer.state);
                }
                // They are counted from the record, where they go on.
                entry.version = entry.version.wrapping_sub(layer.state.writes);
                top = Some((layer.slot, record));
            }
            entry.chains.resize_with(idx as usize + 1, || None);
            entry.chains[idx as usize] = Some(CachedChain { top, frozen: chain.layers });
        }
        Ok(())
    }
}
