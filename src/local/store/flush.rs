//! Making durable what was acknowledged before, and giving space back.
//!
//! A flush syncs the data files first and then commits which blocks hold that data, so that after a
//! power cut no block is believed to be where it is not. Redo rows are deleted only when what they
//! say has been synced in its place, and before the flush is acknowledged: replayed later, they
//! would undo newer writes.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use rusqlite::{Connection, params};

use super::bitmap::Bitmap;
use super::layout::{BLOCK, SLOT, place};
use super::shared::{Counter, STRIPES, Shared};
use super::slots::SlotState;
use super::txn::read_state;
use super::{Commit, Store};
use crate::errno::{Errno, Result};

/// Slots returned to the file system in one transaction.
const RECLAIM_BATCH: i64 = 32;

/// A redo row that has been applied.
struct Applied {
    id: i64,
    slot: u64,
}

impl Store {
    /// Makes everything durable that this process was told was written.
    pub fn flush(&self) -> Result<()> {
        // One at a time: a second one must not find nothing left to do while the first is at it.
        let _alone = self.flushing.lock();
        let touched = std::mem::take(&mut *self.touched.lock());
        let cleared = std::mem::take(&mut *self.cleared.lock());
        let flushed = self.try_flush(&touched);
        if flushed.is_err() {
            self.touched.lock().extend(touched);
            let noted = |((stripe, slot), blocks)| self.note_cleared(stripe, slot, &blocks);
            cleared.into_iter().for_each(noted);
            return flushed;
        }
        for ((stripe, slot), blocks) in cleared {
            self.punch(stripe, slot, blocks)?;
        }
        Ok(())
    }

    fn try_flush(&self, touched: &BTreeSet<u64>) -> Result<()> {
        let counter = |counter| self.shared.counter(counter).load(Ordering::Acquire);
        self.redo_bytes.store(0, Ordering::Relaxed);
        let (redo, lazy) = (counter(Counter::Redo), counter(Counter::Lazy));
        let (applied, all) =
            if redo == counter(Counter::Retired) { (Vec::new(), true) } else { self.applied()? };
        // States before the sync: every block in them is in the page cache already.
        let mut states: Vec<(u64, SlotState)> = Vec::with_capacity(touched.len());
        for slot in touched {
            states.push((*slot, self.slots.record(*slot)?.load()));
        }
        let mut files: BTreeSet<u64> = self.slots.dirty().into_iter().collect();
        files.extend(applied.iter().map(|row| place(row.slot).0));
        files.extend(touched.iter().map(|slot| place(*slot).0));
        self.slots.sync(files)?;
        let nothing = states.is_empty() && applied.is_empty() && lazy == counter(Counter::Synced);
        if nothing && (redo == counter(Counter::Retired) || !self.has_freed()?) {
            return Ok(());
        }
        self.db.write(|db| {
            states.iter().try_for_each(|(slot, state)| keep_state(db, *slot, state))?;
            let mut delete = db.prepare_cached("DELETE FROM redo WHERE id = ?1")?;
            for row in &applied {
                delete.execute([row.id])?;
            }
            // What was freed is durably free with this commit, which must write something to count.
            db.prepare_cached("UPDATE slot_free SET punched = 2 WHERE punched = 0")?.execute([])?;
            let count = "INSERT INTO meta (key, value) VALUES ('flushes', 1)
                         ON CONFLICT (key) DO UPDATE SET value = value + 1";
            db.prepare_cached(count)?.execute([])?;
            Ok(())
        })?;
        self.shared.counter(Counter::Synced).fetch_max(lazy, Ordering::AcqRel);
        if all {
            self.shared.counter(Counter::Retired).fetch_max(redo, Ordering::AcqRel);
        }
        self.reclaim()
    }

    /// Whether there are slots to be returned to the file system.
    fn has_freed(&self) -> Result<bool> {
        let freed = "SELECT EXISTS (SELECT 1 FROM slot_free WHERE punched = 0)";
        self.db.read(|db| Ok(db.prepare_cached(freed)?.query_row([], |row| row.get(0))?))
    }

    /// Returns the space of blocks that durably ceased to be data, unless they are data again. What
    /// a process that died did not come to punch stays allocated until the slot is free.
    fn punch(&self, stripe: usize, slot: u64, blocks: Bitmap) -> Result<()> {
        let _held = self.lock_whole(stripe)?;
        let Some(row) = self.db.read(|db| row_under(db, slot, stripe))? else { return Ok(()) };
        let record = self.slots.record(slot)?.load();
        let data = if record.epoch == row.epoch { record.data } else { row.data };
        for (first, count) in blocks.without(&data).runs() {
            self.slots.punch(slot, first as u64 * BLOCK, count as u64 * BLOCK)?;
        }
        Ok(())
    }

    /// Redo rows that were applied, which are those of stripes whose generation has moved on, and
    /// whether that is all there are.
    fn applied(&self) -> Result<(Vec<Applied>, bool)> {
        self.db.read(|db| {
            let mut find = db.prepare_cached("SELECT id, slot, stripe, gen FROM redo")?;
            let mut rows = find.query([])?;
            let (mut applied, mut all) = (Vec::new(), true);
            while let Some(row) = rows.next()? {
                let (stripe, generation): (i64, i64) = (row.get(2)?, row.get(3)?);
                let stripe = usize::try_from(stripe).ok().filter(|stripe| *stripe < STRIPES);
                let stripe = stripe.ok_or_else(|| Errno::EIO.because("a redo row's stripe"))?;
                let present = self.shared.generation(stripe).load(Ordering::Acquire);
                if present == generation.cast_unsigned() {
                    all = false;
                } else {
                    let slot = row.get::<_, i64>(1)?.cast_unsigned();
                    applied.push(Applied { id: row.get(0)?, slot });
                }
            }
            Ok((applied, all))
        })
    }

    /// Returns the space of slots that are durably free to the file system and lets them be used
    /// again.
    pub(super) fn reclaim(&self) -> Result<()> {
        let waiting = "SELECT EXISTS (SELECT 1 FROM slot_free WHERE punched = 2)";
        let waiting =
            |db: &Connection| Ok(db.prepare_cached(waiting)?.query_row([], |r| r.get(0))?);
        while self.db.read(waiting)? {
            // With the write lock: nobody may take and fill a slot between punching and marking it.
            self.db.write_with(Commit::Lazy, |db| {
                let mut find = db.prepare_cached(
                    "SELECT id FROM slot_free WHERE punched = 2 ORDER BY id LIMIT ?1",
                )?;
                let rows = find.query_map([RECLAIM_BATCH], |row| row.get(0))?;
                let ids: Vec<i64> = rows.collect::<std::result::Result<_, _>>()?;
                let mut mark =
                    db.prepare_cached("UPDATE slot_free SET punched = 1 WHERE id = ?1")?;
                for id in ids {
                    self.slots.punch(id.cast_unsigned(), 0, SLOT)?;
                    mark.execute([id])?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// A slot's row, if the slot belongs to an object of this stripe, whose lock then keeps it so. A
/// slot that was freed meanwhile may have been given to any object: whoever writes to that one
/// puts the bytes of a block in place before any row or record says that the block is there.
fn row_under(db: &Connection, slot: u64, stripe: usize) -> Result<Option<SlotState>> {
    let mut find = db.prepare_cached(
        "SELECT o.position, s.epoch, s.data, s.hole, s.changed, s.tail, s.writes, s.mtime
         FROM slot s JOIN layer l ON l.slot = s.id JOIN body b ON b.id = l.body
              JOIN object o ON o.id = b.object
         WHERE s.id = ?1 LIMIT 1",
    )?;
    let mut rows = find.query([slot.cast_signed()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    if Shared::stripe(row.get(0)?) != stripe {
        return Ok(None);
    }
    read_state(row, 1).map(Some)
}

/// Writes a slot's state into its row, unless a transaction has done so meanwhile.
fn keep_state(db: &Connection, slot: u64, state: &SlotState) -> Result<()> {
    let mut update = db.prepare_cached(
        "UPDATE slot SET data = ?3, hole = ?4, changed = ?5, tail = ?6, writes = ?7, mtime = ?8
         WHERE id = ?1 AND epoch = ?2",
    )?;
    update.execute(params![
        slot.cast_signed(),
        state.epoch.cast_signed(),
        state.data.to_blob(),
        state.hole.to_blob(),
        state.changed.to_blob(),
        state.tail.cast_signed(),
        state.writes.cast_signed(),
        state.mtime,
    ])?;
    Ok(())
}
