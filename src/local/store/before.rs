//! What reading steps see behind writing ones: the object as it was before the operation.
//!
//! An OSD looks for data, xattrs and omap in its store, which the running operation has not changed
//! yet; whether the object is there and how long it is, it knows with the operation's own changes
//! (measured on 16.2.15). Rows here are changed at once, so an operation that looks back keeps what
//! they were:
//!
//! ```text
//!   remember()   first step   layers of the data, existence, size
//!   keep_*()     each change  the xattr, omap entry or omap header that it changes, once
//!   Txn::read, xattr, omap_*  answer from here, but for what the running step changed itself:
//!                             methods see what they wrote
//! ```

use std::collections::BTreeMap;

use bytes::Bytes;
use rusqlite::{OptionalExtension, params};

use super::data::Seen;
use super::txn::{Chain, Txn};
use crate::errno::{Errno, Result};
use crate::model::OmapValues;

/// An entry as it was, and the step that changed it last.
struct Kept {
    value: Option<Bytes>,
    step: usize,
}

type Entries = BTreeMap<Bytes, Kept>;

/// See the module.
pub(super) struct Before {
    /// An OSD's store has the object, if only as a whiteout.
    stored: bool,
    size: u64,
    chains: BTreeMap<u32, Chain>,
    xattrs: Entries,
    omap: Entries,
    /// The omap header, once it was changed.
    header: Option<Kept>,
    /// It is another object now: it was removed, or rolled back.
    is_replaced: bool,
    step: usize,
    /// The step that changed data last.
    data_step: Option<usize>,
}

impl Before {
    /// What the rows do not tell of an entry: `None` where they do.
    fn kept<'a>(&self, entries: &'a Entries, key: &[u8]) -> Option<&'a Kept> {
        entries.get(key).filter(|kept| kept.step < self.step)
    }
}

/// Tables of entries.
#[derive(Clone, Copy)]
pub(super) enum Table {
    Xattr,
    Omap,
}

impl Txn<'_> {
    /// Keeps what the operation changes from now on.
    pub(super) fn remember(&mut self) {
        self.before = Some(Box::new(Before {
            stored: self.object.is_some(),
            size: self.size(),
            chains: self.chains.clone(),
            xattrs: Entries::new(),
            omap: Entries::new(),
            header: None,
            is_replaced: false,
            step: 0,
            data_step: None,
        }));
    }

    /// The next step begins.
    pub(super) fn next_step(&mut self) {
        if let Some(before) = &mut self.before {
            before.step += 1;
        }
    }

    /// Data is about to be changed.
    pub(super) fn keep_data(&mut self) {
        if let Some(before) = &mut self.before {
            before.data_step = Some(before.step);
        }
    }

    /// An xattr is about to be changed.
    pub(super) fn keep_xattr(&mut self, name: &[u8]) -> Result<()> {
        self.keep(Table::Xattr, name)
    }

    /// An omap entry is about to be changed.
    pub(super) fn keep_omap(&mut self, key: &[u8]) -> Result<()> {
        self.keep(Table::Omap, key)
    }

    fn keep(&mut self, table: Table, key: &[u8]) -> Result<()> {
        let Some(before) = &self.before else { return Ok(()) };
        let (step, entries) = match table {
            Table::Xattr => (before.step, &before.xattrs),
            Table::Omap => (before.step, &before.omap),
        };
        let value = match entries.get(key) {
            Some(kept) => kept.value.clone(),
            None if !before.stored => None,
            None => self.row(table, key)?,
        };
        let Some(before) = &mut self.before else { return Ok(()) };
        let entries = match table {
            Table::Xattr => &mut before.xattrs,
            Table::Omap => &mut before.omap,
        };
        entries.insert(Bytes::copy_from_slice(key), Kept { value, step });
        Ok(())
    }

    /// The omap header is about to be changed.
    pub(super) fn keep_header(&mut self) -> Result<()> {
        let Some(before) = &self.before else { return Ok(()) };
        let (step, kept) = (before.step, before.header.as_ref().map(|kept| kept.value.clone()));
        let value = match kept {
            Some(value) => value,
            None if !before.stored => None,
            None => self.header_row()?,
        };
        if let Some(before) = &mut self.before {
            before.header = Some(Kept { value, step });
        }
        Ok(())
    }

    /// What a row tells of an entry.
    pub(super) fn row(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>> {
        let Some(body) = &self.body else { return Ok(None) };
        let mut find = self.db.prepare_cached(match table {
            Table::Xattr => "SELECT value FROM xattr WHERE body = ?1 AND name = ?2",
            Table::Omap => "SELECT value FROM omap WHERE body = ?1 AND key = ?2",
        })?;
        let value = find.query_row(params![body.id, key], |row| row.get::<_, Vec<u8>>(0));
        Ok(value.optional()?.map(Bytes::from))
    }

    /// Omap entries from `first` on and before `last` (`None`: all of them) are about to go.
    pub(super) fn keep_omap_range(&mut self, first: &[u8], last: Option<&[u8]>) -> Result<()> {
        if self.before.is_none() {
            return Ok(());
        }
        let keys = self.omap_keys_within(first, last)?;
        keys.iter().try_for_each(|key| self.keep_omap(key))
    }

    /// Keys of omap entries that rows tell, from `first` on and before `last`.
    pub(super) fn omap_keys_within(
        &self,
        first: &[u8],
        last: Option<&[u8]>,
    ) -> Result<Vec<Vec<u8>>> {
        let Some(body) = &self.body else { return Ok(Vec::new()) };
        let mut find = self.db.prepare_cached(
            "SELECT key FROM omap WHERE body = ?1 AND key >= ?2 AND (?3 IS NULL OR key < ?3)",
        )?;
        let rows = find.query_map(params![body.id, first, last], |row| row.get(0))?;
        Ok(rows.collect::<std::result::Result<_, _>>()?)
    }

    /// The whole object is about to go.
    pub(super) fn keep_all(&mut self) -> Result<()> {
        if self.before.is_none() {
            return Ok(());
        }
        self.keep_data();
        self.keep_xattrs_of(self.body()?.id)?;
        self.keep_omap_range(b"", None)?;
        self.keep_header()?;
        if let Some(before) = &mut self.before {
            before.is_replaced = true;
        }
        Ok(())
    }

    /// The whole object is about to become what another version is.
    pub(super) fn keep_for(&mut self, version: i64) -> Result<()> {
        if self.before.is_none() {
            return Ok(());
        }
        self.keep_all()?;
        self.keep_xattrs_of(version)?;
        let keys = self.names("SELECT key FROM omap WHERE body = ?1", version)?;
        keys.iter().try_for_each(|key| self.keep_omap(key))
    }

    fn keep_xattrs_of(&mut self, version: i64) -> Result<()> {
        let names = self.names("SELECT name FROM xattr WHERE body = ?1", version)?;
        names.iter().try_for_each(|name| self.keep_xattr(name))
    }

    /// The names that a query finds of a version.
    fn names(&self, sql: &str, version: i64) -> Result<Vec<Vec<u8>>> {
        let mut find = self.db.prepare_cached(sql)?;
        let rows = find.query_map([version], |row| row.get(0))?;
        Ok(rows.collect::<std::result::Result<_, _>>()?)
    }

    /// Whether removing a range of omap entries finds this one: only what an OSD's store has of the
    /// object, not what the operation set (measured on 16.2.15).
    pub(super) fn was_in_omap(&self, key: &[u8]) -> bool {
        let Some(before) = &self.before else { return true };
        let kept = before.omap.get(key);
        before.stored && !before.is_replaced && kept.is_none_or(|kept| kept.value.is_some())
    }

    /// An omap header that the row does not tell.
    pub(super) fn header_before(&self) -> Option<Bytes> {
        let before = self.before.as_ref()?;
        let kept = before.header.as_ref().filter(|kept| kept.step < before.step)?;
        Some(kept.value.clone().filter(|_| self.has_omap).unwrap_or_default())
    }

    /// Xattrs that rows tell become what a reading step sees.
    pub(super) fn xattrs_before(&self, rows: Vec<(Bytes, Bytes)>) -> Vec<(Bytes, Bytes)> {
        let Some(before) = &self.before else { return rows };
        let own = |kept: &Kept| kept.step == before.step;
        let mut seen = rows;
        seen.retain(|(name, _)| before.xattrs.get(name).map_or(before.stored, own));
        for (name, kept) in before.xattrs.iter().filter(|(_, kept)| !own(kept)) {
            seen.extend(kept.value.iter().map(|value| (name.clone(), value.clone())));
        }
        seen.sort();
        seen
    }

    /// An xattr that rows do not tell; `-ENODATA`, and `-ENOENT` where there was no object.
    pub(super) fn xattr_before(&self, name: &[u8]) -> Option<Result<Bytes>> {
        let before = self.before.as_ref()?;
        if before.xattrs.get(name).is_some_and(|kept| kept.step == before.step) {
            return None;
        }
        if !before.stored {
            return Some(Err(Errno::ENOENT.into()));
        }
        let kept = before.kept(&before.xattrs, name)?;
        Some(kept.value.clone().ok_or_else(|| Errno::ENODATA.into()))
    }

    /// An omap value that rows do not tell; `-ENOENT`.
    pub(super) fn omap_before(&self, key: &[u8]) -> Option<Result<Bytes>> {
        let before = self.before.as_ref()?;
        if before.omap.get(key).is_some_and(|kept| kept.step == before.step) {
            return None;
        }
        if !self.has_omap || !before.stored {
            return Some(Err(Errno::ENOENT.into()));
        }
        let kept = before.kept(&before.omap, key)?;
        Some(kept.value.clone().ok_or_else(|| Errno::ENOENT.into()))
    }

    /// `-ENOENT` where an OSD would look for omap entries of an object that its store does not have
    /// yet.
    pub(super) fn check_omap_before(&self) -> Result<()> {
        match &self.before {
            Some(before) if self.has_omap && !before.stored => Err(Errno::ENOENT.into()),
            _ => Ok(()),
        }
    }

    /// Entries that rows tell, within a listing's bounds and without a limit, become what a reading
    /// step sees.
    pub(super) fn list_before(
        &self,
        rows: OmapValues,
        within: impl Fn(&[u8]) -> bool,
        max: u64,
    ) -> OmapValues {
        let Some(before) = &self.before else { return rows };
        let own = |key: &[u8]| before.omap.get(key).is_some_and(|kept| kept.step == before.step);
        let shown = self.has_omap && before.stored;
        let untouched = |key: &[u8]| shown && !before.omap.contains_key(key);
        let mut entries = rows.entries;
        entries.retain(|(key, _)| own(key) || untouched(key));
        for (key, kept) in before.omap.iter().filter(|(key, _)| shown && within(key) && !own(key)) {
            entries.extend(kept.value.iter().map(|value| (key.clone(), value.clone())));
        }
        entries.sort();
        let more = entries.len() as u64 > max;
        entries.truncate(usize::try_from(max).unwrap_or(usize::MAX));
        OmapValues { entries, more }
    }

    /// Whether an OSD's store has the object: as it is, or as a whiteout.
    pub(super) fn is_stored(&self) -> bool {
        self.before.as_ref().map_or(self.object.is_some(), |before| before.stored)
    }

    /// Data that a reading step sees.
    pub(super) fn seen(&self) -> Seen<'_> {
        match &self.before {
            Some(before) if before.data_step.is_some_and(|changed| changed != before.step) => {
                let Before { chains, size, stored, .. } = &**before;
                Seen { chains, size: *size, staged: &[], exists: *stored }
            }
            _ => {
                let (chains, staged) = (&self.chains, &self.staged);
                Seen { chains, size: self.size(), staged, exists: true }
            }
        }
    }
}
