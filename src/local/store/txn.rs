//! One object within a transaction: what its rows say, and what the operation does to it.
//!
//! ```text
//!   Txn: object row, body (the head, or a snapshot's clone), chains of layers by slot index
//!     steps (steps.rs, data.rs, attrs.rs, snaps.rs) change rows at once and stage data
//!   finish(): rows of the body and of changed slots; staged data goes to files with the commit
//! ```
//!
//! A `Txn` is used under the object's stripe lock, and with the write lock of the database if it
//! changes anything.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, params};

use super::Store;
use super::before::Before;
use super::bitmap::Bitmap;
use super::execute::Effects;
use super::layout::{BLOCK, OBJECT_MAX, SLOT};
use super::ranges::Ranges;
use super::slots::SlotState;
use crate::errno::{Errno, Result};
use crate::local::classes::Caller;
use crate::model::placement;
use crate::model::{SnapContext, Target};

/// An object's row.
#[derive(Clone, Debug)]
pub(super) struct ObjectRow {
    pub(super) id: i64,
    pub(super) head: Option<i64>,
    pub(super) snap_seq: u64,
    pub(super) version: u64,
    /// The head was removed, and what is left stays: to an OSD it is a whiteout, an object like
    /// others but for those who ask whether it is there.
    pub(super) whiteout: bool,
}

/// One version's row.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) id: i64,
    pub(super) size: u64,
    pub(super) mtime: i64,
    pub(super) version: u64,
}

/// One layer of a slot index.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) slot: u64,
    pub(super) state: SlotState,
    /// Another version has it too.
    pub(super) shared: bool,
}

/// The layers of a slot index, the top first.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    pub(super) layers: Vec<Layer>,
    /// Blocks with data in the top layer before this transaction, and those it puts there after its
    /// commit: to be overwritten only then.
    pub(super) committed: Bitmap,
    /// Blocks this transaction puts into the top layer before its commit.
    pub(super) fresh: Bitmap,
    /// The top layer's row must be written.
    pub(super) changed: bool,
    /// What is in the top layer's row may not be durable: its file is synced before the commit.
    pub(super) unsynced: bool,
}

/// Bytes on their way into a slot.
pub(super) struct Staged {
    pub(super) slot: u64,
    pub(super) off: u64,
    pub(super) bytes: Bytes,
    /// They go where nothing visible is, so before the commit; otherwise after it, with a redo row.
    pub(super) fresh: bool,
}

impl Staged {
    /// What of them does not lie between two places of the slot.
    pub(super) fn outside(self, start: u64, stop: u64) -> Vec<Staged> {
        let end = self.off + self.bytes.len() as u64;
        let part = |from: u64, to: u64| {
            let bytes = || self.bytes.slice((from - self.off) as usize..(to - self.off) as usize);
            (from < to).then(|| Staged { off: from, bytes: bytes(), ..self })
        };
        [part(self.off, end.min(start)), part(self.off.max(stop), end)]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// See the module.
pub(super) struct Txn<'a> {
    pub(super) store: &'a Store,
    pub(super) db: &'a Connection,
    pub(super) target: &'a Target,
    pub(super) caller: &'a Caller,
    pub(super) now: SystemTime,
    /// What writes happen under; `None` in a reading operation.
    pub(super) context: Option<SnapContext>,
    pub(super) object: Option<ObjectRow>,
    /// The object's row as it was before the operation.
    pub(super) found: Option<ObjectRow>,
    pub(super) body: Option<Body>,
    pub(super) chains: BTreeMap<u32, Chain>,
    pub(super) staged: Vec<Staged>,
    /// What earlier operations of the same transaction left.
    pub(super) earlier: Option<&'a Effects>,
    /// The commit will not be durable.
    pub(super) lazy: bool,
    /// Data was taken away.
    pub(super) takes: bool,
    /// Slots that must be synced before the commit, with those of chains that are not.
    pub(super) unsynced: Vec<u64>,
    /// Slots that were given back.
    pub(super) freed: Vec<u64>,
    /// Blocks that ceased to be data, by slot: their space goes back.
    pub(super) cleared: Vec<(u64, Bitmap)>,
    /// What the operation changed of the data, for the overlap of the newest clone.
    pub(super) modified: Ranges,
    /// The version before the operation, 0 without an object.
    pub(super) version_before: u64,
    /// `prepare_write` was called.
    pub(super) writing: bool,
    /// It was given omap, which was not cleared since; that it was removed does not count where
    /// something is left of it, as on an OSD.
    pub(super) has_omap: bool,
    /// What was there before, in an operation whose steps look back.
    pub(super) before: Option<Box<Before>>,
    /// Slots whose rows were made or changed: their records are to be stored after the commit.
    pub(super) records: Vec<(u64, SlotState)>,
}

/// Nanoseconds since 1970, as stored.
pub(super) fn to_nanos(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// From nanoseconds since 1970.
pub(super) fn from_nanos(nanos: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(nanos.max(0).cast_unsigned())
}

impl<'a> Txn<'a> {
    pub(super) fn new(
        store: &'a Store,
        db: &'a Connection,
        target: &'a Target,
        caller: &'a Caller,
        now: SystemTime,
    ) -> Txn<'a> {
        Txn {
            store,
            db,
            target,
            caller,
            now,
            context: None,
            object: None,
            found: None,
            body: None,
            chains: BTreeMap::new(),
            staged: Vec::new(),
            earlier: None,
            lazy: false,
            takes: false,
            unsynced: Vec::new(),
            freed: Vec::new(),
            cleared: Vec::new(),
            modified: Ranges::default(),
            version_before: 0,
            writing: false,
            has_omap: false,
            before: None,
            records: Vec::new(),
        }
    }

    /// Finds the object's row.
    pub(super) fn load_object(&mut self) -> Result<()> {
        let mut find = self.db.prepare_cached(
            "SELECT id, head, snap_seq, version, had_omap FROM object WHERE pool = ?1
             AND position = ?2 AND namespace = ?3 AND name = ?4 AND locator = ?5",
        )?;
        let key = params![
            self.target.pool.0,
            placement::position(self.target),
            self.target.namespace.as_bytes(),
            self.target.name.as_bytes(),
            self.target.locator.as_bytes(),
        ];
        self.object = find
            .query_row(key, |row| {
                let head: Option<i64> = row.get(1)?;
                self.has_omap = row.get(4)?;
                Ok(ObjectRow {
                    id: row.get(0)?,
                    head,
                    whiteout: head.is_none(),
                    snap_seq: row.get::<_, i64>(2)?.cast_unsigned(),
                    version: row.get::<_, i64>(3)?.cast_unsigned(),
                })
            })
            .optional()?;
        self.found.clone_from(&self.object);
        Ok(())
    }

    /// Loads the head, if there is one, with what was written to it outside transactions.
    pub(super) fn load_head(&mut self) -> Result<()> {
        let Some(object) = &self.object else { return Ok(()) };
        let Some(head) = object.head else {
            self.version_before = object.version;
            return Ok(());
        };
        self.load_body(head, true)?;
        self.version_before = self.body.as_ref().map_or(0, |body| body.version);
        Ok(())
    }

    /// Loads a version. `head`: its top layers may have been written to outside transactions.
    pub(super) fn load_body(&mut self, id: i64, head: bool) -> Result<()> {
        let mut find = self
            .db
            .prepare_cached("SELECT size, mtime, version, has_omap FROM body WHERE id = ?1")?;
        let mut body = find.query_row([id], |row| {
            self.has_omap = row.get(3)?;
            Ok(Body {
                id,
                size: row.get::<_, i64>(0)?.cast_unsigned(),
                mtime: row.get(1)?,
                version: row.get::<_, i64>(2)?.cast_unsigned(),
            })
        })?;
        size_of(body.size.cast_signed())?;
        self.chains = self.load_chains(id)?;
        if head {
            for (idx, chain) in &mut self.chains {
                let Some(top) = chain.layers.first_mut() else { continue };
                if top.shared {
                    continue;
                }
                // Of a block that was cleared outside transactions the row still says that it is
                // data: until that is committed, nothing may be put there before a commit.
                let in_row = top.state.data;
                fold(self.store, *idx, top, &mut body, &mut chain.unsynced)?;
                let earlier = self.earlier.and_then(|effects| effects.committed(top.slot));
                chain.committed = earlier.unwrap_or(top.state.data.with(&in_row));
            }
        }
        self.body = Some(body);
        Ok(())
    }

    pub(super) fn load_chains(&self, body: i64) -> Result<BTreeMap<u32, Chain>> {
        let mut chains: BTreeMap<u32, Chain> = BTreeMap::new();
        let mut find = self.db.prepare_cached(
            "SELECT l.idx, s.id, s.epoch, s.data, s.hole, s.changed, s.tail, s.writes, s.mtime,
                    EXISTS (SELECT 1 FROM layer o WHERE o.slot = l.slot AND o.body <> l.body)
             FROM layer l JOIN slot s ON s.id = l.slot WHERE l.body = ?1 ORDER BY l.idx, l.depth",
        )?;
        let mut rows = find.query([body])?;
        while let Some(row) = rows.next()? {
            let state = read_state(row, 2)?;
            let layer =
                Layer { slot: row.get::<_, i64>(1)?.cast_unsigned(), state, shared: row.get(9)? };
            let idx = row.get(0)?;
            if u64::from(idx) * SLOT >= OBJECT_MAX {
                return Err(Errno::EIO.because(format!("body {body} has a layer at {idx}")));
            }
            let chain = chains.entry(idx).or_insert_with(|| Chain {
                layers: Vec::new(),
                committed: layer.state.data,
                fresh: Bitmap::EMPTY,
                changed: false,
                unsynced: false,
            });
            chain.layers.push(layer);
        }
        Ok(chains)
    }

    /// Whether the addressed version exists.
    pub(super) fn exists(&self) -> bool {
        self.body.is_some()
    }

    /// Whether replacing all data by none changes nothing: there is an object, or a whiteout that
    /// the operation has not touched, without data (measured on 16.2.15).
    pub(super) fn is_empty(&self) -> bool {
        let whiteout = self.object.as_ref().is_some_and(|object| object.whiteout);
        self.size() == 0 && (self.exists() || whiteout && !self.writing)
    }

    /// Bytes of the addressed version, 0 without one.
    pub(super) fn size(&self) -> u64 {
        self.body.as_ref().map_or(0, |body| body.size)
    }

    /// The object's row; `-ENOENT`.
    pub(super) fn object(&self) -> Result<&ObjectRow> {
        self.object.as_ref().ok_or_else(|| Errno::ENOENT.into())
    }

    /// The addressed version; `-ENOENT`.
    pub(super) fn body(&self) -> Result<&Body> {
        self.body.as_ref().ok_or_else(|| Errno::ENOENT.into())
    }

    /// The addressed version, to be changed; `-ENOENT`.
    pub(super) fn body_mut(&mut self) -> Result<&mut Body> {
        self.body.as_mut().ok_or_else(|| Errno::ENOENT.into())
    }

    /// Before the first change: clones the head if the snap context says so. Called by every step
    /// that changes something.
    pub(super) fn prepare_write(&mut self) -> Result<()> {
        if self.writing {
            return Ok(());
        }
        if self.context.is_none() {
            return Err(Errno::EINVAL.because("a change in a reading operation"));
        }
        self.writing = true;
        self.make_writeable()
    }

    /// Before a change that makes the object if it does not exist.
    pub(super) fn create(&mut self) -> Result<()> {
        self.prepare_write()?;
        if self.body.is_some() {
            return Ok(());
        }
        let seq = self.context.as_ref().map_or(0, |context| context.seq);
        let object = match &self.object {
            Some(object) => object.clone(),
            None => self.insert_object(seq)?,
        };
        let mut insert = self.db.prepare_cached(
            "INSERT INTO body (object, size, mtime, version) VALUES (?1, 0, ?2, ?3)",
        )?;
        let id =
            insert.insert(params![object.id, to_nanos(self.now), object.version.cast_signed()])?;
        let mut set = self.db.prepare_cached("UPDATE object SET head = ?2 WHERE id = ?1")?;
        set.execute([object.id, id])?;
        self.body = Some(Body { id, size: 0, mtime: to_nanos(self.now), version: object.version });
        self.object = Some(ObjectRow { head: Some(id), whiteout: false, ..object });
        Ok(())
    }

    /// A row for an object that has none. Its version continues behind those of removed objects, so
    /// that a version never comes back under the same name.
    fn insert_object(&self, snap_seq: u64) -> Result<ObjectRow> {
        let mut insert = self.db.prepare_cached(
            "INSERT INTO object (pool, position, namespace, locator, name, snap_seq, version)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        let version = self.store.meta_number(self.db, "version")?;
        let id = insert.insert(params![
            self.target.pool.0,
            placement::position(self.target),
            self.target.namespace.as_bytes(),
            self.target.locator.as_bytes(),
            self.target.name.as_bytes(),
            snap_seq.cast_signed(),
            version,
        ])?;
        let version = version.cast_unsigned();
        Ok(ObjectRow { id, head: None, snap_seq, version, whiteout: false })
    }

    /// Whether the operation changed anything. An object that it made and removed again is none, as
    /// on an OSD.
    pub(super) fn is_changed(&self) -> bool {
        let left = self.object.as_ref().is_some_and(|object| object.whiteout || self.exists());
        self.writing && (self.found.is_some() || left)
    }

    /// Writes what is left to be written of rows. Returns the object's new version, or the old one
    /// if nothing changed.
    pub(super) fn finish(&mut self) -> Result<u64> {
        let Some(object) = &self.object else { return Ok(self.version_before) };
        let (id, whiteout) = (object.id, object.whiteout);
        if !self.is_changed() {
            if self.found.is_none() {
                self.delete_row(id)?;
            }
            return Ok(self.version_before);
        }
        let before = object.version.max(self.version_before);
        let version = before + 1;
        self.note_modified()?;
        if let Some(body) = &mut self.body {
            body.version = version;
            let mut update = self.db.prepare_cached(
                "UPDATE body SET size = ?2, mtime = ?3, version = ?4, has_omap = ?5 WHERE id = ?1",
            )?;
            let (size, version) = (body.size.cast_signed(), version.cast_signed());
            let mtime = to_nanos(self.now);
            update.execute([body.id, size, mtime, version, i64::from(self.has_omap)])?;
            self.write_slot_rows()?;
            let mut update =
                self.db.prepare_cached("UPDATE object SET version = ?2 WHERE id = ?1")?;
            update.execute([id, version])?;
        } else {
            self.end_without_head(id, whiteout, version)?;
        }
        Ok(version)
    }

    /// The head is gone: so is the object, or a whiteout stays.
    fn end_without_head(&self, id: i64, whiteout: bool, version: u64) -> Result<()> {
        if !whiteout {
            self.delete_row(id)?;
            self.db.prepare_cached("DELETE FROM watch WHERE object = ?1")?.execute([id])?;
            let raise = "INSERT INTO meta (key, value) VALUES ('version', ?1)
                         ON CONFLICT (key) DO UPDATE SET value = max(value, ?1)";
            self.db.prepare_cached(raise)?.execute([version.cast_signed()])?;
            return Ok(());
        }
        let mut update = self.db.prepare_cached(
            "UPDATE object SET version = ?2, head = NULL, had_omap = ?3 WHERE id = ?1",
        )?;
        update.execute([id, version.cast_signed(), i64::from(self.has_omap)])?;
        Ok(())
    }

    fn delete_row(&self, id: i64) -> Result<()> {
        self.db.prepare_cached("DELETE FROM object WHERE id = ?1")?.execute([id])?;
        Ok(())
    }

    /// Rows of top layers that changed, and of those with counts that are now in the body's row.
    pub(super) fn write_slot_rows(&mut self) -> Result<()> {
        for chain in self.chains.values_mut() {
            let Some(top) = chain.layers.first_mut().filter(|top| !top.shared) else { continue };
            if !chain.changed {
                continue;
            }
            top.state.epoch = new_epoch()?;
            let mut row = top.state.clone();
            if self.lazy && !self.takes {
                // Nothing syncs these blocks before the row may become durable: only the record
                // has them until a flush.
                row.data = row.data.without(&chain.fresh);
            } else if self.lazy && !chain.fresh.is_empty() {
                // Without them there would be nothing, for a block that always was something.
                self.unsynced.push(top.slot);
            }
            write_state(self.db, top.slot, &row)?;
            self.records.push((top.slot, top.state.clone()));
            chain.changed = false;
        }
        Ok(())
    }
}

/// Takes over what was written to a head's top layer outside transactions.
fn fold(
    store: &Store,
    idx: u32,
    top: &mut Layer,
    body: &mut Body,
    unsynced: &mut bool,
) -> Result<()> {
    let record = store.slots.record(top.slot)?.load();
    if record.epoch == top.state.epoch {
        *unsynced = record.data != top.state.data;
        top.state = record;
    }
    if top.state.tail > 0 {
        body.size = body.size.max(u64::from(idx) * SLOT + top.state.tail);
    }
    body.version = body.version.wrapping_add(top.state.writes);
    body.mtime = body.mtime.max(top.state.mtime);
    Ok(())
}

/// An object's size as a row has it; `-EIO` for one that no object has.
pub(super) fn size_of(size: i64) -> Result<u64> {
    let size = size.cast_unsigned();
    if size > OBJECT_MAX {
        return Err(Errno::EIO.because(format!("an object of {size} bytes")));
    }
    Ok(size)
}

/// A number no record has yet: records count only while theirs is the row's.
pub(super) fn new_epoch() -> Result<u64> {
    let random = getrandom::u64().map_err(|e| Errno::EIO.because(format!("random: {e}")))?;
    Ok(random >> 1 | 1)
}

/// A slot's state from seven columns.
pub(super) fn read_state(row: &rusqlite::Row<'_>, first: usize) -> Result<SlotState> {
    let number = |column: usize| row.get::<_, i64>(first + column);
    let bitmap = |column: usize| -> Result<Bitmap> {
        let blob = row.get_ref(first + column)?.as_blob().unwrap_or_default();
        Bitmap::from_blob(blob)
            .ok_or_else(|| Errno::EIO.because("a slot's bitmap has a wrong length"))
    };
    Ok(SlotState {
        epoch: number(0)?.cast_unsigned(),
        data: bitmap(1)?,
        hole: bitmap(2)?,
        changed: bitmap(3)?,
        tail: number(4)?.cast_unsigned().min(SLOT),
        writes: number(5)?.cast_unsigned(),
        mtime: number(6)?,
    })
}

/// Writes a slot's row.
pub(super) fn write_state(db: &Connection, slot: u64, state: &SlotState) -> Result<()> {
    let mut write = db.prepare_cached(
        "INSERT INTO slot (id, epoch, data, hole, changed, tail, writes, mtime)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (id) DO UPDATE SET epoch = ?2, data = ?3, hole = ?4, changed = ?5, tail = ?6,
                                        writes = ?7, mtime = ?8",
    )?;
    write.execute(params![
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

/// Blocks as byte ranges of the object.
pub(super) fn block_ranges(idx: u32, blocks: &Bitmap) -> Ranges {
    let base = u64::from(idx) * SLOT;
    let mut ranges = Ranges::default();
    for (first, count) in blocks.runs() {
        let start = base + first as u64 * BLOCK;
        ranges.insert(start, start + count as u64 * BLOCK);
    }
    ranges
}
