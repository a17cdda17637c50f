//! Snapshots of an object: cloning before the first write after a snapshot, reading at one, rolling
//! back, listing.
//!
//! A clone shares all layers with the head it was made of; the head's next write then puts a new
//! layer on top. So a snapshot costs rows, not data.

use rusqlite::{Connection, OptionalExtension, params};

use super::ranges::Ranges;
use super::txn::{Body, ObjectRow, Txn, block_ranges, size_of};
use crate::errno::{Errno, Result};
use crate::model::{CloneInfo, SnapContext, SnapId, SnapSet};

/// A clone's row.
#[derive(Clone, Debug)]
pub(super) struct CloneRow {
    pub(super) snap: u64,
    pub(super) body: i64,
    pub(super) overlap: Ranges,
}

/// An object's clones, oldest first.
pub(super) fn clones(db: &Connection, object: i64) -> Result<Vec<CloneRow>> {
    let mut find =
        db.prepare_cached("SELECT snap, body, overlap FROM clone WHERE object = ?1 ORDER BY snap")?;
    let mut rows = find.query([object])?;
    let mut clones = Vec::new();
    while let Some(row) = rows.next()? {
        let overlap = row.get_ref(2)?.as_str().ok().and_then(Ranges::parse);
        clones.push(CloneRow {
            snap: row.get::<_, i64>(0)?.cast_unsigned(),
            body: row.get(1)?,
            overlap: overlap
                .ok_or_else(|| Errno::EIO.because("a clone's overlap is not legible"))?,
        });
    }
    Ok(clones)
}

/// The snapshots a clone serves, ascending.
pub(super) fn snaps_of(db: &Connection, object: i64, clone: u64) -> Result<Vec<SnapId>> {
    let mut find = db.prepare_cached(
        "SELECT snap FROM clone_snap WHERE object = ?1 AND clone = ?2 ORDER BY snap",
    )?;
    let rows = find.query_map([object, clone.cast_signed()], |row| {
        Ok(SnapId(row.get::<_, i64>(0)?.cast_unsigned()))
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

pub(super) fn set_overlap(db: &Connection, object: i64, snap: u64, overlap: &Ranges) -> Result<()> {
    let mut update =
        db.prepare_cached("UPDATE clone SET overlap = ?3 WHERE object = ?1 AND snap = ?2")?;
    update.execute(params![object, snap.cast_signed(), overlap.to_string()])?;
    Ok(())
}

impl Txn<'_> {
    /// Loads the version a snapshot sees, if there was one. Whether it is the head.
    pub(super) fn load_at(&mut self, snap: SnapId) -> Result<bool> {
        match self.version_at(self.object.as_ref(), snap)? {
            Some(None) => {
                self.load_head()?;
                Ok(true)
            }
            Some(Some(body)) => {
                self.load_body(body, false)?;
                self.version_before = self.body.as_ref().map_or(0, |body| body.version);
                Ok(false)
            }
            None => Ok(false),
        }
    }

    /// The version of an object that a snapshot sees: `Some(None)` is the head (which may not
    /// exist), `Some(Some(body))` a clone.
    fn version_at(&self, object: Option<&ObjectRow>, snap: SnapId) -> Result<Option<Option<i64>>> {
        let Some(object) = object else { return Ok(None) };
        if snap == SnapId::HEAD || snap == SnapId::DIR {
            return Ok(Some(None));
        }
        let pool = self.target.pool.0;
        let mut removed =
            self.db.prepare_cached("SELECT 1 FROM removed_snap WHERE pool = ?1 AND snap = ?2")?;
        if removed.exists([pool, snap.0.cast_signed()])? {
            return Ok(None);
        }
        if snap.0 > object.snap_seq {
            return Ok(Some(None));
        }
        let mut find = self.db.prepare_cached(
            "SELECT snap, body FROM clone WHERE object = ?1 AND snap >= ?2 LIMIT 1",
        )?;
        let clone: Option<(i64, i64)> = find
            .query_row([object.id, snap.0.cast_signed()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((clone, body)) = clone else { return Ok(None) };
        let first = snaps_of(self.db, object.id, clone.cast_unsigned())?.first().copied();
        Ok((first <= Some(snap)).then_some(Some(body)))
    }

    /// Before the first change: takes what was written outside transactions into the rows, and
    /// keeps the head as a clone if there is a snapshot that it has not been kept for.
    pub(super) fn make_writeable(&mut self) -> Result<()> {
        self.settle()?;
        let context = self.context.clone().unwrap_or_default();
        let Some(object) = self.object.clone().filter(|object| context.seq > object.snap_seq)
        else {
            return Ok(());
        };
        let newer: Vec<u64> =
            context.snaps.iter().copied().filter(|snap| *snap > object.snap_seq).collect();
        if self.body.is_some() && !newer.is_empty() {
            self.clone_head(object.id, &context, &newer)?;
        }
        let mut update = self.db.prepare_cached("UPDATE object SET snap_seq = ?2 WHERE id = ?1")?;
        update.execute([object.id, context.seq.cast_signed()])?;
        if let Some(object) = &mut self.object {
            object.snap_seq = context.seq;
        }
        Ok(())
    }

    /// Moves what the records of the head's slots count into the rows.
    fn settle(&mut self) -> Result<()> {
        let mut changed = Ranges::default();
        for (idx, chain) in &mut self.chains {
            let Some(top) = chain.layers.first_mut().filter(|top| !top.shared) else { continue };
            let state = &mut top.state;
            for (start, end) in block_ranges(*idx, &state.changed).iter() {
                changed.insert(start, end);
            }
            let counted = state.writes > 0 || state.tail > 0 || !state.changed.is_empty();
            chain.changed |= chain.unsynced || counted;
            (state.writes, state.tail, state.mtime) = (0, 0, 0);
            state.changed = super::bitmap::Bitmap::EMPTY;
        }
        let size = self.size();
        for (start, end) in changed.iter() {
            self.modified.insert(start, end.min(size));
        }
        self.note_modified()
    }

    /// Takes what was modified out of the newest clone's overlap.
    pub(super) fn note_modified(&mut self) -> Result<()> {
        let modified = std::mem::take(&mut self.modified);
        let Some(object) = self.object.as_ref().filter(|_| !modified.is_empty()) else {
            return Ok(());
        };
        let Some(mut newest) = clones(self.db, object.id)?.pop() else { return Ok(()) };
        let before = newest.overlap.clone();
        newest.overlap.remove_all(&modified);
        if newest.overlap != before {
            set_overlap(self.db, object.id, newest.snap, &newest.overlap)?;
        }
        Ok(())
    }

    /// Keeps the head as a clone for these snapshots.
    fn clone_head(&mut self, object: i64, context: &SnapContext, newer: &[u64]) -> Result<()> {
        self.write_slot_rows()?;
        let head = self.body()?.clone();
        let mut insert = self.db.prepare_cached(
            "INSERT INTO body (object, size, mtime, version, omap_header, hint_object, hint_write,
                               hint_flags, has_omap)
             SELECT object, ?2, ?3, ?4, omap_header, hint_object, hint_write, hint_flags, has_omap
             FROM body WHERE id = ?1",
        )?;
        let (size, version) = (head.size.cast_signed(), head.version.cast_signed());
        let clone = insert.insert(params![head.id, size, head.mtime, version])?;
        self.copy_rows(head.id, clone)?;
        let overlap = Ranges::of(0, head.size).to_string();
        let seq = context.seq.cast_signed();
        self.db
            .prepare_cached(
                "INSERT INTO clone (object, snap, body, overlap) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![object, seq, clone, overlap])?;
        let mut serve = self.db.prepare_cached(
            "INSERT INTO clone_snap (pool, snap, object, clone) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for snap in newer {
            serve.execute(params![self.target.pool.0, snap.cast_signed(), object, seq])?;
        }
        for chain in self.chains.values_mut() {
            if chain.unsynced {
                // Also if the head does not keep them.
                self.unsynced.extend(chain.layers.iter().map(|layer| layer.slot));
            }
            chain.layers.iter_mut().for_each(|layer| layer.shared = true);
        }
        Ok(())
    }

    /// Gives a version the xattrs, omap entries and layers of another.
    fn copy_rows(&self, from: i64, to: i64) -> Result<()> {
        for copy in [
            "INSERT INTO xattr (body, name, value)
             SELECT ?2, name, value FROM xattr WHERE body = ?1",
            "INSERT INTO omap (body, key, value) SELECT ?2, key, value FROM omap WHERE body = ?1",
            "INSERT INTO layer (body, idx, depth, slot)
             SELECT ?2, idx, depth, slot FROM layer WHERE body = ?1",
        ] {
            self.db.prepare_cached(copy)?.execute([from, to])?;
        }
        Ok(())
    }

    /// Whether something stays when the head is removed: clones, or that there is a snapshot that
    /// the object was not there for.
    fn leaves_whiteout(&self) -> Result<bool> {
        let known = self.found.as_ref().map_or(0, |found| found.snap_seq);
        let newest = self.context.as_ref().and_then(|context| context.snaps.first().copied());
        if newest.is_some_and(|newest| newest > known) {
            return Ok(true);
        }
        let Some(object) = &self.object else { return Ok(false) };
        Ok(!clones(self.db, object.id)?.is_empty())
    }

    /// Removes the head; its clones stay. `-ENOENT`.
    pub(super) fn remove(&mut self) -> Result<()> {
        let whiteout = self.leaves_whiteout()?;
        match &mut self.object {
            Some(object) if object.whiteout && !whiteout => {
                object.whiteout = false;
                return self.prepare_write();
            }
            Some(_) if self.body.is_some() => {}
            _ => return Err(Errno::ENOENT.into()),
        }
        self.prepare_write()?;
        self.keep_all()?;
        let size = self.size();
        self.modified.insert(0, size);
        self.clear_rows()?;
        let id = self.body()?.id;
        self.db.prepare_cached("DELETE FROM body WHERE id = ?1")?.execute([id])?;
        let object = self.object()?.id;
        self.db.prepare_cached("UPDATE object SET head = NULL WHERE id = ?1")?.execute([object])?;
        self.body = None;
        if let Some(object) = &mut self.object {
            object.version = object.version.max(self.version_before);
            (object.head, object.whiteout) = (None, whiteout);
        }
        Ok(())
    }

    /// Removes the head's xattrs, omap entries and layers.
    fn clear_rows(&mut self) -> Result<()> {
        let id = self.body()?.id;
        let all: Vec<u32> = self.chains.keys().copied().collect();
        all.into_iter().try_for_each(|idx| self.drop_chain(idx))?;
        self.db.prepare_cached("DELETE FROM xattr WHERE body = ?1")?.execute([id])?;
        self.db.prepare_cached("DELETE FROM omap WHERE body = ?1")?.execute([id])?;
        Ok(())
    }

    /// Makes the head what it was at a snapshot: also gone, if it was not there then; `-EBUSY` if
    /// that is watched. Which version it was is told by the snapshots before this operation.
    pub(super) fn rollback(&mut self, snap: SnapId) -> Result<()> {
        let found = self.found.clone();
        let from = match self.version_at(found.as_ref(), snap)? {
            Some(Some(body)) => body,
            // The head of before the operation: what the operation did to it stays.
            Some(None) if found.is_some_and(|found| found.head.is_some()) => {
                return self.prepare_write();
            }
            _ if !self.list_watchers()?.is_empty() => return Err(Errno::EBUSY.into()),
            _ => match self.remove() {
                Err(error) if error == Errno::ENOENT => return Ok(()),
                removed => return removed,
            },
        };
        self.prepare_write()?;
        let object = self.object()?.id;
        let clones = clones(self.db, object)?;
        let mut shared = Ranges::of(0, u64::MAX);
        for clone in clones.iter().skip_while(|clone| clone.body != from) {
            shared = shared.and(&clone.overlap);
        }
        self.create()?;
        self.keep_for(from)?;
        let old = self.size();
        self.clear_rows()?;
        let head = self.body()?.id;
        self.copy_rows(from, head)?;
        let copy = "UPDATE body SET (size, omap_header, hint_object, hint_write, hint_flags) =
                    (SELECT size, omap_header, hint_object, hint_write, hint_flags FROM body
                     WHERE id = ?2) WHERE id = ?1";
        self.db.prepare_cached(copy)?.execute([head, from])?;
        let read = "SELECT size, has_omap FROM body WHERE id = ?1";
        let (size, has_omap): (i64, bool) = self
            .db
            .prepare_cached(read)?
            .query_row([from], |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.has_omap = has_omap;
        self.chains = self.load_chains(head)?;
        let body = self.body_mut()?;
        *body = Body { size: size_of(size)?, ..body.clone() };
        let mut modified = Ranges::of(0, old.max(body.size));
        modified.remove_all(&shared);
        modified.iter().for_each(|(start, end)| self.modified.insert(start, end));
        Ok(())
    }

    /// All versions; `-ENOENT` when there is none.
    pub(super) fn list_snaps(&self) -> Result<SnapSet> {
        let object = self.object()?;
        let mut set = SnapSet { seq: object.snap_seq, clones: Vec::new() };
        let mut rows = clones(self.db, object.id)?;
        if let (Some(newest), Some(_)) = (rows.last_mut(), &self.body) {
            for (idx, chain) in &self.chains {
                let Some(top) = chain.layers.first().filter(|top| !top.shared) else { continue };
                newest.overlap.remove_all(&block_ranges(*idx, &top.state.changed));
            }
        }
        for row in rows {
            let mut find = self.db.prepare_cached("SELECT size FROM body WHERE id = ?1")?;
            let size: i64 = find.query_row([row.body], |row| row.get(0))?;
            set.clones.push(CloneInfo {
                id: SnapId(row.snap),
                snaps: snaps_of(self.db, object.id, row.snap)?,
                overlap: row.overlap.iter().map(|(start, end)| (start, end - start)).collect(),
                size: size_of(size)?,
            });
        }
        if let Some(body) = &self.body {
            let (overlap, snaps) = (Vec::new(), Vec::new());
            set.clones.push(CloneInfo { id: SnapId::HEAD, snaps, overlap, size: body.size });
        }
        Ok(set)
    }

    /// The context that counts: a pool with pool snapshots has one of its own; snapshots that were
    /// removed are not cloned for; one older than the object's changes nothing.
    pub(super) fn effective_context(&self, given: &SnapContext) -> Result<SnapContext> {
        let pool = self.target.pool.0;
        let mut find =
            self.db.prepare_cached("SELECT snap_mode, snap_seq FROM pool WHERE id = ?1")?;
        let (mode, seq): (i64, i64) = find
            .query_row([pool], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?
            .ok_or_else(|| Errno::ENOENT.because(format!("pool {pool}")))?;
        if mode == 1 {
            let mut find = self
                .db
                .prepare_cached("SELECT id FROM pool_snap WHERE pool = ?1 ORDER BY id DESC")?;
            let snaps = find.query_map([pool], |row| Ok(row.get::<_, i64>(0)?.cast_unsigned()))?;
            let snaps = snaps.collect::<std::result::Result<_, _>>()?;
            return Ok(SnapContext { seq: seq.cast_unsigned(), snaps });
        }
        let mut context = given.clone();
        if !context.snaps.is_empty() {
            let mut removed = self
                .db
                .prepare_cached("SELECT 1 FROM removed_snap WHERE pool = ?1 AND snap = ?2")?;
            let mut kept = smallvec::SmallVec::new();
            for snap in &context.snaps {
                if !removed.exists([pool, snap.cast_signed()])? {
                    kept.push(*snap);
                }
            }
            context.snaps = kept;
        }
        Ok(context)
    }
}
