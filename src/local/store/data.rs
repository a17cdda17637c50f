//! Data of an object within a transaction: reading through layers, writing, zeroing, truncating.
//!
//! A block is read from the first layer, from the top, that has it; a layer may say that it is
//! zeros. Bytes behind the object's end within a block that exists are always zeros.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use rusqlite::{OptionalExtension, params};

use super::bitmap::Bitmap;
use super::execute::Effects;
use super::layout::{BLOCK, BLOCKS, OBJECT_MAX, SLOT, split};
use super::slots::SlotState;
use super::txn::{Chain, Layer, Staged, Txn, new_epoch};
use crate::errno::{Errno, Result};

/// A chain that would get longer is merged into one layer.
const LAYERS_MAX: usize = 8;
/// A replacement of at least this many bytes goes into a new slot: written once, instead of to the
/// redo table first.
const REPLACE_MIN: u64 = 128 << 10;

/// Where a block's bytes are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    /// Nowhere: zeros.
    Zeros,
    /// In this slot.
    Slot(u64),
}

/// Finds a block in the layers.
pub(super) fn source(layers: &[Layer], block: usize) -> Source {
    for layer in layers {
        if layer.state.data.get(block) {
            return Source::Slot(layer.slot);
        }
        if layer.state.hole.get(block) {
            break;
        }
    }
    Source::Zeros
}

/// Splits a range within a slot index into runs of blocks with the same source: (source, offset in
/// the slot, length).
pub(super) fn runs(layers: &[Layer], off: u64, len: u64) -> Vec<(Source, u64, u64)> {
    let mut runs: Vec<(Source, u64, u64)> = Vec::new();
    let (mut at, end) = (off, off + len);
    while at < end {
        let block = (at / BLOCK) as usize;
        let next = ((block as u64 + 1) * BLOCK).min(end);
        let source = source(layers, block);
        match runs.last_mut() {
            Some((last, _, n)) if *last == source => *n += next - at,
            _ => runs.push((source, at, next - at)),
        }
        at = next;
    }
    runs
}

/// Data as a step sees it.
pub(super) struct Seen<'a> {
    pub(super) chains: &'a BTreeMap<u32, Chain>,
    pub(super) size: u64,
    /// Bytes that are on their way into the layers.
    pub(super) staged: &'a [Staged],
    /// There is an object to be read.
    pub(super) exists: bool,
}

impl Seen<'_> {
    /// Ranges (offset, length) with data within a range.
    fn extents(&self, off: u64, end: u64) -> Vec<(u64, u64)> {
        let mut extents: Vec<(u64, u64)> = Vec::new();
        for (idx, start, len) in split(off, end.saturating_sub(off)) {
            let Some(chain) = self.chains.get(&idx) else { continue };
            for (source, at, n) in runs(&chain.layers, start, len) {
                if source == Source::Zeros {
                    continue;
                }
                let at = u64::from(idx) * SLOT + at;
                match extents.last_mut() {
                    Some((first, count)) if *first + *count == at => *count += n,
                    _ => extents.push((at, n)),
                }
            }
        }
        extents
    }
}

impl Txn<'_> {
    /// Fills `buf` from these layers, with bytes on their way into them; holes and what is behind
    /// the end read as zeros.
    fn fill_layers(
        &self,
        chains: &BTreeMap<u32, Chain>,
        off: u64,
        buf: &mut [u8],
        staged: &[Staged],
    ) -> Result<()> {
        let mut rest = buf;
        for (idx, start, len) in split(off, rest.len() as u64) {
            let (part, behind) = rest.split_at_mut(len as usize);
            rest = behind;
            match chains.get(&idx) {
                Some(chain) => self.fill_staged(&chain.layers, start, part, staged)?,
                None => part.fill(0),
            }
        }
        Ok(())
    }

    /// Fills `buf` from layers, with what this transaction has staged.
    fn fill_from(&self, layers: &[Layer], off: u64, buf: &mut [u8]) -> Result<()> {
        self.fill_staged(layers, off, buf, &self.staged)
    }

    fn fill_staged(
        &self,
        layers: &[Layer],
        off: u64,
        buf: &mut [u8],
        staged: &[Staged],
    ) -> Result<()> {
        for (source, start, len) in runs(layers, off, buf.len() as u64) {
            let part = &mut buf[(start - off) as usize..][..len as usize];
            let Source::Slot(slot) = source else {
                part.fill(0);
                continue;
            };
            self.store.slots.read(slot, start, part, false)?;
            let earlier = self.earlier.into_iter().flat_map(Effects::staged);
            for staged in earlier.chain(staged).filter(|staged| staged.slot == slot) {
                overlay(part, start, staged);
            }
        }
        Ok(())
    }

    /// The bytes from `off` on, at most `len` of them; fewer at the end. `-ENOENT` where an OSD's
    /// store has no object to read what there should be.
    pub(super) fn read(&self, off: u64, len: u64) -> Result<Bytes> {
        let len = len.min(self.size().saturating_sub(off));
        let mut bytes = BytesMut::zeroed(len as usize);
        let read = self.read_into(off, &mut bytes)?;
        bytes.truncate(read);
        Ok(bytes.freeze())
    }

    /// The same into memory. How many bytes.
    pub(super) fn read_into(&self, off: u64, memory: &mut [u8]) -> Result<usize> {
        let seen = self.seen();
        let len = (memory.len() as u64).min(self.size().saturating_sub(off));
        if len > 0 && !seen.exists {
            return Err(Errno::ENOENT.into());
        }
        let read = len.min(seen.size.saturating_sub(off)) as usize;
        self.fill_layers(seen.chains, off, &mut memory[..read], seen.staged)?;
        Ok(read)
    }

    /// Ranges (offset, length) with data within a range, up to the end of the object.
    pub(super) fn extents(&self, off: u64, len: u64) -> Vec<(u64, u64)> {
        let seen = self.seen();
        seen.extents(off, off.saturating_add(len).min(seen.size))
    }

    /// Ranges with data within a range, and their bytes one behind the other. The store knows of
    /// blocks, an OSD of bytes: zeros at the end of a block that is data in part, before a hole,
    /// are left out, so that copies of an object are as long as there.
    pub(super) fn read_sparsely(&self, off: u64, len: u64) -> Result<(Vec<(u64, u64)>, Bytes)> {
        let seen = self.seen();
        let end = off.saturating_add(len).min(seen.size);
        let mut extents = seen.extents(off, end);
        let mut data = BytesMut::new();
        for (off, len) in &mut extents {
            let mut bytes = vec![0; *len as usize];
            self.fill_layers(seen.chains, *off, &mut bytes, seen.staged)?;
            if *off + *len < end {
                let block = bytes.iter().rev().take(BLOCK as usize);
                let zeros = block.take_while(|byte| **byte == 0).count() as u64;
                *len -= if zeros < BLOCK { zeros } else { 0 };
            }
            data.extend_from_slice(&bytes[..*len as usize]);
        }
        Ok((extents, data.freeze()))
    }

    /// Writes, making the object if need be. Without bytes it still reaches up to `off`.
    pub(super) fn write(&mut self, off: u64, bytes: &Bytes) -> Result<()> {
        let len = bytes.len() as u64;
        if off >= OBJECT_MAX || len > OBJECT_MAX - off {
            return Err(Errno::EFBIG.into());
        }
        self.create()?;
        self.keep_data();
        let mut done = 0;
        for (idx, start, n) in split(off, len) {
            self.put(idx, start, bytes.slice(done..done + n as usize))?;
            done += n as usize;
        }
        self.modified.insert(off, off + len);
        self.grow(off + len)
    }

    fn grow(&mut self, size: u64) -> Result<()> {
        let body = self.body_mut()?;
        let old = body.size;
        body.size = old.max(size);
        if size > old {
            self.modified.insert(old, size);
        }
        Ok(())
    }

    /// Replaces all data.
    pub(super) fn write_full(&mut self, bytes: &Bytes) -> Result<()> {
        let len = bytes.len() as u64;
        if len > OBJECT_MAX {
            return Err(Errno::EFBIG.into());
        }
        self.create()?;
        self.keep_data();
        if len >= REPLACE_MIN {
            self.truncate_existing(0)?;
        }
        self.write(0, bytes)?;
        self.truncate_existing(len)
    }

    /// Makes a range read as zeros up to the object's end, which stays where it is.
    pub(super) fn zero(&mut self, off: u64, len: u64) -> Result<()> {
        self.prepare_write()?;
        self.keep_data();
        let end = off.saturating_add(len).min(self.size());
        if off >= end {
            return Ok(());
        }
        self.modified.insert(off, end);
        let size = self.size();
        for (idx, start, n) in split(off, end - off) {
            // A block with the object's end in it is whole when it is zeroed up to that end.
            let border = u64::from(idx) * SLOT + start + n;
            self.zero_in(idx, start, start + n, border == size)?;
        }
        Ok(())
    }

    /// Zeros from `start` on and before `stop` in a slot index; `last`: there is nothing behind
    /// `stop`.
    fn zero_in(&mut self, idx: u32, start: u64, stop: u64, last: bool) -> Result<()> {
        let first = start.next_multiple_of(BLOCK);
        let behind = if last { stop.next_multiple_of(BLOCK) } else { stop / BLOCK * BLOCK };
        if first >= behind {
            return self.zero_bytes(idx, start, stop);
        }
        self.zero_bytes(idx, start, first)?;
        self.clear(idx, (first / BLOCK) as usize, (behind / BLOCK) as usize)?;
        self.zero_bytes(idx, behind.min(stop), stop)
    }

    /// Writes zeros where there is data; the range lies in one block, or in two.
    fn zero_bytes(&mut self, idx: u32, start: u64, stop: u64) -> Result<()> {
        let Some(chain) = self.chains.get(&idx).filter(|_| start < stop) else { return Ok(()) };
        for (source, at, n) in runs(&chain.layers, start, stop - start) {
            if source != Source::Zeros {
                self.put(idx, at, Bytes::from(vec![0; n as usize]))?;
            }
        }
        Ok(())
    }

    /// Sets the size.
    pub(super) fn truncate(&mut self, size: u64) -> Result<()> {
        if size >= OBJECT_MAX {
            return Err(Errno::EFBIG.into());
        }
        self.prepare_write()?;
        self.keep_data();
        self.truncate_existing(size)
    }

    fn truncate_existing(&mut self, size: u64) -> Result<()> {
        let old = self.size();
        if size >= old {
            return self.grow(size);
        }
        self.modified.insert(size, old);
        let keep = size.div_ceil(SLOT) as u32;
        let beyond: Vec<u32> = self.chains.range(keep..).map(|(idx, _)| *idx).collect();
        beyond.into_iter().try_for_each(|idx| self.drop_chain(idx))?;
        if !size.is_multiple_of(SLOT) {
            self.zero_in((size / SLOT) as u32, size % SLOT, SLOT, true)?;
        }
        self.body_mut()?.size = size;
        Ok(())
    }

    /// Makes whole blocks read as zeros.
    fn clear(&mut self, idx: u32, first: usize, behind: usize) -> Result<()> {
        let Some(chain) = self.chains.get(&idx) else { return Ok(()) };
        if (first..behind).all(|block| source(&chain.layers, block) == Source::Zeros) {
            return Ok(());
        }
        self.takes = true;
        let chain = self.writable(idx)?;
        chain.changed = true;
        let Some((top, lower)) = chain.layers.split_first_mut() else { return Ok(()) };
        let slot = top.slot;
        let mut cleared = Bitmap::EMPTY;
        for block in first..behind {
            if top.state.data.get(block) {
                cleared.set(block);
            }
            top.state.data.clear(block);
            if source(lower, block) != Source::Zeros {
                top.state.hole.set(block);
            }
        }
        // Without any data left, the space goes back as a whole.
        let empty = lower.is_empty() && top.state.data.is_empty();
        self.unstage(slot, first as u64 * BLOCK, behind as u64 * BLOCK);
        if empty {
            return self.drop_chain(idx);
        }
        self.cleared.push((slot, cleared));
        Ok(())
    }

    /// Forgets what earlier steps put between two places of a slot, so that it is never seen.
    fn unstage(&mut self, slot: u64, start: u64, stop: u64) {
        let staged = std::mem::take(&mut self.staged).into_iter();
        let keep = |staged: Staged| match staged.slot == slot {
            true => staged.outside(start, stop),
            false => vec![staged],
        };
        self.staged = staged.flat_map(keep).collect();
    }

    /// Puts bytes into a slot index.
    fn put(&mut self, idx: u32, off: u64, bytes: Bytes) -> Result<()> {
        self.writable(idx)?;
        let end = off + bytes.len() as u64;
        let mut at = off;
        while at < end {
            let Some(chain) = self.chains.get(&idx) else { return Err(Errno::EIO.into()) };
            let n = same_kind(chain, at, end);
            let piece = bytes.slice((at - off) as usize..(at - off + n) as usize);
            self.put_run(idx, at, piece)?;
            at += n;
        }
        Ok(())
    }

    /// Puts bytes over blocks of one kind: see [`same_kind`].
    fn put_run(&mut self, idx: u32, at: u64, piece: Bytes) -> Result<()> {
        let Some(chain) = self.chains.get(&idx) else { return Err(Errno::EIO.into()) };
        let Some(top) = chain.layers.first() else { return Err(Errno::EIO.into()) };
        let (slot, block) = (top.slot, (at / BLOCK) as usize);
        let fresh = !chain.committed.get(block);
        if top.state.data.get(block) {
            self.put_later(idx, slot, at, piece);
            return Ok(());
        }
        let start = block as u64 * BLOCK;
        let whole = at == start && (piece.len() as u64).is_multiple_of(BLOCK);
        let bytes = if whole {
            piece
        } else {
            let mut copy = BytesMut::zeroed(BLOCK as usize);
            self.fill_from(&chain.layers, start, &mut copy)?;
            copy[(at - start) as usize..][..piece.len()].copy_from_slice(&piece);
            copy.freeze()
        };
        let blocks = bytes.len() as u64 / BLOCK;
        self.staged.push(Staged { slot, off: start, bytes, fresh });
        let Some(chain) = self.chains.get_mut(&idx) else { return Err(Errno::EIO.into()) };
        chain.changed = true;
        if let Some(top) = chain.layers.first_mut() {
            for block in block..block + blocks as usize {
                top.state.data.set(block);
                if fresh {
                    chain.fresh.set(block);
                }
            }
        }
        Ok(())
    }

    /// Puts bytes over what the top layer has, behind the commit. What comes over them must come
    /// later still, also if the block is cleared first.
    fn put_later(&mut self, idx: u32, slot: u64, off: u64, bytes: Bytes) {
        if let Some(chain) = self.chains.get_mut(&idx) {
            let behind = (off + bytes.len() as u64).div_ceil(BLOCK);
            (off / BLOCK..behind).for_each(|block| chain.committed.set(block as usize));
        }
        self.staged.push(Staged { slot, off, bytes, fresh: false });
    }

    /// A slot index's chain with a top layer that belongs to the head alone.
    pub(super) fn writable(&mut self, idx: u32) -> Result<&mut Chain> {
        let layers = match self.chains.get(&idx) {
            Some(chain) if chain.layers.first().is_some_and(|top| !top.shared) => 0,
            Some(chain) => chain.layers.len().max(1),
            None => 1,
        };
        if layers > 0 {
            self.push_layer(idx)?;
        }
        if layers >= LAYERS_MAX {
            self.merge(idx)?;
        }
        self.chains.get_mut(&idx).ok_or_else(|| Errno::EIO.into())
    }

    /// Lays a new slot on top.
    fn push_layer(&mut self, idx: u32) -> Result<()> {
        let slot = self.allocate()?;
        let body = self.body()?.id;
        // From below, so that no two rows have the same depth at any time.
        let depth = self.chains.get(&idx).map_or(0, |chain| chain.layers.len());
        let mut deeper = self.db.prepare_cached(
            "UPDATE layer SET depth = depth + 1 WHERE body = ?1 AND idx = ?2 AND depth = ?3",
        )?;
        for depth in (0..depth).rev() {
            deeper.execute(params![body, idx, depth as i64])?;
        }
        let mut insert = self
            .db
            .prepare_cached("INSERT INTO layer (body, idx, depth, slot) VALUES (?1, ?2, 0, ?3)")?;
        insert.execute(params![body, idx, slot.cast_signed()])?;
        let chain = self.chains.entry(idx).or_insert_with(|| Chain {
            layers: Vec::new(),
            committed: Bitmap::EMPTY,
            fresh: Bitmap::EMPTY,
            changed: true,
            unsynced: false,
        });
        let state = SlotState::new(new_epoch()?);
        chain.layers.insert(0, Layer { slot, state, shared: false });
        chain.committed = Bitmap::EMPTY;
        chain.fresh = Bitmap::EMPTY;
        chain.changed = true;
        Ok(())
    }

    /// Copies what is visible of the lower layers into the top one and lets go of them.
    fn merge(&mut self, idx: u32) -> Result<()> {
        let Some(chain) = self.chains.get(&idx) else { return Ok(()) };
        let Some((top, lower)) = chain.layers.split_first() else { return Ok(()) };
        let mut copied = top.state.data;
        let mut copies = Vec::new();
        for (source, start, len) in runs(lower, 0, SLOT) {
            let blocks = (start / BLOCK) as usize..((start + len) / BLOCK) as usize;
            let own = |block: usize| top.state.data.get(block) || top.state.hole.get(block);
            let mut missing = blocks.filter(|block| source != Source::Zeros && !own(*block));
            let mut next = missing.next();
            while let Some(first) = next {
                // As many as lie behind each other and are treated alike.
                let fresh = !chain.committed.get(first);
                let mut behind = first;
                while next == Some(behind) && chain.committed.get(behind) != fresh {
                    copied.set(behind);
                    behind += 1;
                    next = missing.next();
                }
                let off = first as u64 * BLOCK;
                let mut bytes = BytesMut::zeroed((behind - first) * BLOCK as usize);
                self.fill_from(lower, off, &mut bytes)?;
                copies.push(Staged { slot: top.slot, off, bytes: bytes.freeze(), fresh });
            }
        }
        let gone: Vec<u64> = lower.iter().map(|layer| layer.slot).collect();
        self.staged.append(&mut copies);
        let body = self.body()?.id;
        let mut delete = self
            .db
            .prepare_cached("DELETE FROM layer WHERE body = ?1 AND idx = ?2 AND depth > 0")?;
        delete.execute(params![body, idx])?;
        if let Some(chain) = self.chains.get_mut(&idx) {
            chain.layers.truncate(1);
            chain.changed = true;
            // Without the lower layers, nothing but the copy has it.
            chain.unsynced = true;
            chain.fresh = Bitmap::EMPTY;
            if let Some(top) = chain.layers.first_mut() {
                top.state.data = copied;
                top.state.hole = Bitmap::EMPTY;
            }
        }
        gone.into_iter().try_for_each(|slot| self.free_if_unused(slot))
    }

    /// Lets go of all layers of a slot index.
    pub(super) fn drop_chain(&mut self, idx: u32) -> Result<()> {
        let Some(chain) = self.chains.remove(&idx) else { return Ok(()) };
        self.takes = true;
        let body = self.body()?.id;
        let mut delete =
            self.db.prepare_cached("DELETE FROM layer WHERE body = ?1 AND idx = ?2")?;
        delete.execute(params![body, idx])?;
        for layer in &chain.layers {
            self.free_if_unused(layer.slot)?;
        }
        Ok(())
    }

    /// Takes a slot that nobody uses.
    fn allocate(&self) -> Result<u64> {
        let mut find = self
            .db
            .prepare_cached("SELECT id FROM slot_free WHERE punched = 1 ORDER BY id LIMIT 1")?;
        if let Some(id) = find.query_row([], |row| row.get::<_, i64>(0)).optional()? {
            self.db.prepare_cached("DELETE FROM slot_free WHERE id = ?1")?.execute([id])?;
            return Ok(id.cast_unsigned());
        }
        let raise = "INSERT INTO meta (key, value) VALUES ('slots', 1)
                     ON CONFLICT (key) DO UPDATE SET value = value + 1 RETURNING value";
        let count: i64 = self.db.prepare_cached(raise)?.query_row([], |row| row.get(0))?;
        Ok((count - 1).cast_unsigned())
    }

    /// Gives a slot back if no version has it any more.
    pub(super) fn free_if_unused(&mut self, slot: u64) -> Result<()> {
        if free_if_unused(self.db, slot)? {
            self.staged.retain(|staged| staged.slot != slot);
            self.records.retain(|(id, _)| *id != slot);
            self.freed.push(slot);
        }
        Ok(())
    }
}

/// Gives a slot back if no version has it any more; whether it did.
pub(super) fn free_if_unused(db: &rusqlite::Connection, slot: u64) -> Result<bool> {
    let id = slot.cast_signed();
    let mut used = db.prepare_cached("SELECT EXISTS (SELECT 1 FROM layer WHERE slot = ?1)")?;
    if used.query_row([id], |row| row.get::<_, bool>(0))? {
        return Ok(false);
    }
    db.prepare_cached("DELETE FROM slot WHERE id = ?1")?.execute([id])?;
    db.prepare_cached("DELETE FROM redo WHERE slot = ?1")?.execute([id])?;
    db.prepare_cached("INSERT INTO slot_free (id, punched) VALUES (?1, 0)")?.execute([id])?;
    Ok(true)
}

/// How many bytes from `at` on, before `end`, lie in blocks that are treated alike: blocks with
/// data, or whole blocks without, committed or not; or else one block that is covered in part.
fn same_kind(chain: &Chain, at: u64, end: u64) -> u64 {
    let Some(top) = chain.layers.first() else { return end - at };
    let first = (at / BLOCK) as usize;
    let kind = |block: usize| (top.state.data.get(block), chain.committed.get(block));
    let (here, whole) = (kind(first), at.is_multiple_of(BLOCK) && end - at >= BLOCK);
    if !here.0 && !whole {
        return ((first as u64 + 1) * BLOCK).min(end) - at;
    }
    let mut block = first + 1;
    while block < BLOCKS && block as u64 * BLOCK < end && kind(block) == here {
        if !here.0 && (block as u64 + 1) * BLOCK > end {
            break;
        }
        block += 1;
    }
    (block as u64 * BLOCK).min(end) - at
}

/// Lays staged bytes over `buf`, which begins at `start` of the same slot.
fn overlay(buf: &mut [u8], start: u64, staged: &Staged) {
    let (end, until) = (start + buf.len() as u64, staged.off + staged.bytes.len() as u64);
    let (from, to) = (start.max(staged.off), end.min(until));
    if from < to {
        let bytes = &staged.bytes[(from - staged.off) as usize..(to - staged.off) as usize];
        buf[(from - start) as usize..(to - start) as usize].copy_from_slice(bytes);
    }
}
