//! What reading steps see behind writing ones: the object as it was before the operation.
//!
//! An OSD looks for data, xattrs and omap in its store, which the running operation has not changed
//! yet; whether the object is there and how long it is, it knows with the operation's own changes
//! (measured on 16.2.15). Rows here are changed at once, so an operation that looks back keeps what
//! they were:
//!
//! ```text
//!   remember()   first step   layers of the data, existence, size
//!   keep_*()     each change  the xattr or omap entry that it changes, once
//!   Txn::read, xattr, omap_*  answer from here, but for what the running step changed itself:
//!                             methods see what they wrote
//! ```
//!
//! The omap header is not kept: nothing that compares can ask for it.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use rusqlite::{OptionalExtension, params};

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
    exists: bool,
    size: u64,
    chains: BTreeMap<u32, Chain>,
    xattrs: Entries,
    omap: Entries,
    /// An OSD would look for omap entries: the object has not lost all of them.
    has_omap: bool,
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

/// Tables of entries, as [`Txn::keep`] needs to know them.
#[derive(Clone, Copy)]
enum Table {
    Xattr,
    Omap,
}

impl Txn<'_> {
    /// Keeps what the operation changes from now on.
    pub(super) fn remember(&mut self) {
        let exists = self.exists();
        self.before = Some(Box::new(Before {
            exists,
            size: self.size(),
            chains: self.chains.clone(),
            xattrs: Entries::new(),
            omap: Entries::new(),
            has_omap: exists,
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
            None if !before.exists => None,
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

    fn row(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>> {
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
        let Some(body) = self.body.as_ref().filter(|_| self.before.is_some()) else {
            return Ok(());
        };
        let keys: Vec<Vec<u8>> = {
            let mut find = self.db.prepare_cached(
                "SELECT key FROM omap WHERE body = ?1 AND key >= ?2 AND (?3 IS NULL OR key < ?3)",
            )?;
            let rows = find.query_map(params![body.id, first, last], |row| row.get(0))?;
            rows.collect::<std::result::Result<_, _>>()?
        };
        keys.iter().try_for_each(|key| self.keep_omap(key))
    }

    /// The object has omap entries now, or none any more.
    pub(super) fn keep_has_omap(&mut self, has_omap: bool) {
        if let Some(before) = &mut self.before {
            before.has_omap = has_omap;
        }
    }

    /// The whole object is about to go.
    pub(super) fn keep_all(&mut self) -> Result<()> {
        if self.before.is_none() {
            return Ok(());
        }
        self.keep_data();
        for (name, _) in self.xattrs()? {
            self.keep_xattr(&name)?;
        }
        self.keep_omap_range(b"", None)?;
        self.keep_has_omap(false);
        Ok(())
    }

    /// An xattr that rows do not tell; `-ENODATA`, and `-ENOENT` where there was no object.
    pub(super) fn xattr_before(&self, name: &[u8]) -> Option<Result<Bytes>> {
        let before = self.before.as_ref()?;
        if before.xattrs.get(name).is_some_and(|kept| kept.step == before.step) {
            return None;
        }
        if !before.exists {
            return Some(Err(Errno::ENOENT.into()));
        }
        match before.kept(&before.xattrs, name) {
            Some(kept) => Some(kept.value.clone().ok_or_else(|| Errno::ENODATA.into())),
            None if self.body.is_none() => Some(Err(Errno::ENODATA.into())),
            None => None,
        }
    }

    /// An omap value that rows do not tell; `-ENOENT`.
    pub(super) fn omap_before(&self, key: &[u8]) -> Option<Result<Bytes>> {
        let before = self.before.as_ref()?;
        if before.omap.get(key).is_some_and(|kept| kept.step == before.step) {
            return None;
        }
        if !before.has_omap || !before.exists {
            return Some(Err(Errno::ENOENT.into()));
        }
        let kept = before.kept(&before.omap, key)?;
        Some(kept.value.clone().ok_or_else(|| Errno::ENOENT.into()))
    }

    /// `-ENOENT` where an OSD would look for omap entries of an object that its store does not have
    /// yet.
    pub(super) fn check_omap_before(&self) -> Result<()> {
        match &self.before {
            Some(before) if before.has_omap && !before.exists => Err(Errno::ENOENT.into()),
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
        let shown = before.has_omap && before.exists;
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

    /// Data that a reading step sees, unless it is the data as it is now: at most as long as the
    /// object is now; `-ENOENT` where there was none.
    pub(super) fn read_before(&self, off: u64, len: u64) -> Option<Result<Bytes>> {
        let before = self.before.as_ref()?;
        let changed = before.data_step?;
        if changed == before.step {
            return None;
        }
        let end = off.saturating_add(len).min(self.size());
        if end > off && !before.exists {
            return Some(Err(Errno::ENOENT.into()));
        }
        let mut bytes = BytesMut::zeroed(end.min(before.size).saturating_sub(off) as usize);
        let filled = self.fill_layers(&before.chains, off, &mut bytes, &[]);
        Some(filled.map(|()| bytes.freeze()))
    }
}
