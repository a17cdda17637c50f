//! Xattrs and omap of an object within a transaction.

use std::collections::BTreeMap;

use bytes::Bytes;
use rusqlite::params;

use super::before::Table;
use super::layout::XATTR_NAME_MAX;
use super::txn::Txn;
use crate::errno::{Errno, Result};
use crate::model::{CmpOp, CmpValue, OmapValues};

/// A column with bytes.
fn bytes_at(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Bytes> {
    row.get::<_, Vec<u8>>(column).map(Bytes::from)
}

fn pair(row: &rusqlite::Row<'_>) -> rusqlite::Result<(Bytes, Bytes)> {
    Ok((bytes_at(row, 0)?, bytes_at(row, 1)?))
}

/// The first key behind all keys that begin with `prefix`; `None` when there is none such.
fn behind_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != 0xff)?;
    let mut end = prefix.get(..=last)?.to_vec();
    if let Some(byte) = end.last_mut() {
        *byte += 1;
    }
    Some(end)
}

impl Txn<'_> {
    /// One xattr; `-ENODATA`, `-ENOENT`.
    pub(super) fn xattr(&self, name: &[u8]) -> Result<Bytes> {
        if let Some(value) = self.xattr_before(name) {
            return value;
        }
        self.object()?;
        self.row(Table::Xattr, name)?.ok_or_else(|| Errno::ENODATA.into())
    }

    /// All xattrs in the order of their names; `-ENOENT`.
    pub(super) fn xattrs(&self) -> Result<Vec<(Bytes, Bytes)>> {
        let mut find = self
            .db
            .prepare_cached("SELECT name, value FROM xattr WHERE body = ?1 ORDER BY name")?;
        let rows = find.query_map([self.body.as_ref().map(|body| body.id)], pair)?;
        let all = self.xattrs_before(rows.collect::<std::result::Result<_, _>>()?);
        if all.is_empty() && !self.is_stored() { Err(Errno::ENOENT.into()) } else { Ok(all) }
    }

    /// Sets an xattr, making the object; `-ENAMETOOLONG`.
    pub(super) fn set_xattr(&mut self, name: &[u8], value: &[u8]) -> Result<()> {
        if name.len() > XATTR_NAME_MAX {
            return Err(Errno::ENAMETOOLONG.into());
        }
        self.create()?;
        self.keep_xattr(name)?;
        let id = self.body()?.id;
        let mut set = self.db.prepare_cached(
            "INSERT OR REPLACE INTO xattr (body, name, value) VALUES (?1, ?2, ?3)",
        )?;
        set.execute(params![id, name, value])?;
        Ok(())
    }

    /// Removes an xattr, if there is one; `-ENOENT` without an object.
    pub(super) fn rm_xattr(&mut self, name: &[u8]) -> Result<()> {
        self.body()?;
        self.prepare_write()?;
        self.keep_xattr(name)?;
        let id = self.body()?.id;
        let mut remove =
            self.db.prepare_cached("DELETE FROM xattr WHERE body = ?1 AND name = ?2")?;
        remove.execute(params![id, name])?;
        Ok(())
    }

    /// Compares an xattr, a missing one as empty: `-ECANCELED`, `-ENOENT`. The given value stands
    /// left of the operator (measured on 16.2.15).
    pub(super) fn cmp_xattr(&self, name: &[u8], op: CmpOp, value: &CmpValue) -> Result<()> {
        let stored = match self.xattr(name) {
            Err(error) if error == Errno::ENODATA => Bytes::new(),
            stored => stored?,
        };
        let order = match value {
            CmpValue::Bytes(given) => given.cmp(&stored),
            CmpValue::U64(given) => {
                let text = std::str::from_utf8(&stored).ok().map(str::trim);
                let number: Option<u64> = match text {
                    Some("") => Some(0),
                    text => text.and_then(|text| text.parse().ok()),
                };
                given.cmp(&number.ok_or(Errno::EINVAL)?)
            }
        };
        let holds = match op {
            CmpOp::Eq => order.is_eq(),
            CmpOp::Ne => order.is_ne(),
            CmpOp::Gt => order.is_gt(),
            CmpOp::Gte => order.is_ge(),
            CmpOp::Lt => order.is_lt(),
            CmpOp::Lte => order.is_le(),
        };
        if holds { Ok(()) } else { Err(Errno::ECANCELED.into()) }
    }

    /// The omap header, empty without an object.
    pub(super) fn omap_header(&self) -> Result<Bytes> {
        if let Some(header) = self.header_before() {
            return Ok(header);
        }
        Ok(self.header_row()?.unwrap_or_default())
    }

    /// The omap header that the row has; `None` without an object.
    pub(super) fn header_row(&self) -> Result<Option<Bytes>> {
        let Some(body) = &self.body else { return Ok(None) };
        let mut find = self.db.prepare_cached("SELECT omap_header FROM body WHERE id = ?1")?;
        Ok(Some(find.query_row([body.id], |row| bytes_at(row, 0))?))
    }

    /// Sets the omap header, making the object.
    pub(super) fn omap_set_header(&mut self, header: &[u8]) -> Result<()> {
        self.create()?;
        self.keep_header()?;
        self.has_omap = true;
        let id = self.body()?.id;
        let mut set = self.db.prepare_cached("UPDATE body SET omap_header = ?2 WHERE id = ?1")?;
        set.execute(params![id, header])?;
        Ok(())
    }

    /// Omap entries in key order behind `start_after` whose keys begin with `prefix`, none without
    /// an object.
    pub(super) fn omap_list(&self, after: &[u8], prefix: &[u8], max: u64) -> Result<OmapValues> {
        let id = self.body.as_ref().map(|body| body.id);
        // Behind the empty key is behind it: no listing shows a key without letters (measured on
        // 16.2.15).
        let compare = if prefix > after { ">=" } else { ">" };
        let end = behind_prefix(prefix);
        let sql = format!(
            "SELECT key, value FROM omap WHERE body = ?1 AND key {compare} ?2
             AND (?3 IS NULL OR key < ?3) ORDER BY key LIMIT ?4"
        );
        let mut find = self.db.prepare_cached(&sql)?;
        // What an operation removed itself may have to be shown: then all rows are needed.
        let limit = if self.before.is_some() { u64::MAX } else { max.saturating_add(1) };
        let limit = limit.min(i64::MAX.cast_unsigned()).cast_signed();
        let rows = find.query_map(params![id, after.max(prefix), end, limit], pair)?;
        let mut entries: Vec<_> = rows.collect::<std::result::Result<_, _>>()?;
        if self.before.is_some() {
            let within = |key: &[u8]| key > after && key.starts_with(prefix);
            return Ok(self.list_before(OmapValues { entries, more: false }, within, max));
        }
        let more = entries.len() as u64 > max;
        entries.truncate(usize::try_from(max).unwrap_or(usize::MAX));
        Ok(OmapValues { entries, more })
    }

    /// The value of a key; `-ENOENT` also without the object.
    pub(super) fn omap_get(&self, key: &[u8]) -> Result<Bytes> {
        if let Some(value) = self.omap_before(key) {
            return value;
        }
        self.row(Table::Omap, key)?.ok_or_else(|| Errno::ENOENT.into())
    }

    /// Those of some entries that exist, in key order.
    pub(super) fn omap_get_some(&self, keys: &[Bytes]) -> Result<OmapValues> {
        let mut found = BTreeMap::new();
        for key in keys {
            match self.omap_get(key) {
                Ok(value) => drop(found.insert(key.clone(), value)),
                Err(error) if error == Errno::ENOENT => {}
                Err(error) => return Err(error),
            }
        }
        Ok(OmapValues { entries: found.into_iter().collect(), more: false })
    }

    /// Compares omap values, a missing one as empty: `-ECANCELED`, `-ENOENT`. The stored value
    /// stands left of the operator, which is one of three (measured on 16.2.15).
    pub(super) fn omap_cmp(&self, wanted: &BTreeMap<Bytes, (Bytes, CmpOp)>) -> Result<()> {
        self.body()?;
        self.check_omap_before()?;
        for (key, (given, op)) in wanted {
            let stored = match self.omap_get(key) {
                Err(error) if error == Errno::ENOENT => Bytes::new(),
                stored => stored?,
            };
            let holds = match op {
                CmpOp::Eq => stored == *given,
                CmpOp::Gt => stored > *given,
                CmpOp::Lt => stored < *given,
                _ => return Err(Errno::EINVAL.into()),
            };
            if !holds {
                return Err(Errno::ECANCELED.into());
            }
        }
        Ok(())
    }

    /// Sets omap entries, making the object.
    pub(super) fn omap_set(&mut self, entries: &[(Bytes, Bytes)]) -> Result<()> {
        self.create()?;
        if self.before.is_some() {
            entries.iter().try_for_each(|(key, _)| self.keep_omap(key))?;
        }
        self.has_omap = true;
        let id = self.body()?.id;
        let mut set = self
            .db
            .prepare_cached("INSERT OR REPLACE INTO omap (body, key, value) VALUES (?1, ?2, ?3)")?;
        for (key, value) in entries {
            set.execute(params![id, &key[..], &value[..]])?;
        }
        Ok(())
    }

    /// Removes omap entries, those that exist; `-ENOENT` without an object.
    pub(super) fn omap_rm<'k>(&mut self, keys: impl IntoIterator<Item = &'k [u8]>) -> Result<()> {
        self.body()?;
        self.prepare_write()?;
        let id = self.body()?.id;
        let db = self.db;
        let mut remove = db.prepare_cached("DELETE FROM omap WHERE body = ?1 AND key = ?2")?;
        for key in keys {
            self.keep_omap(key)?;
            remove.execute(params![id, key])?;
        }
        Ok(())
    }

    /// Removes the omap entries from `first` on and before `last`, but for those that the same
    /// operation set; `-ENOENT` without an object.
    pub(super) fn omap_rm_range(&mut self, first: &[u8], last: &[u8]) -> Result<()> {
        self.body()?;
        self.prepare_write()?;
        let id = self.body()?.id;
        if self.before.is_some() {
            let mut found = self.omap_keys_within(first, Some(last))?;
            found.retain(|key| self.was_in_omap(key));
            return self.omap_rm(found.iter().map(|key| &key[..]));
        }
        let mut remove = self
            .db
            .prepare_cached("DELETE FROM omap WHERE body = ?1 AND key >= ?2 AND key < ?3")?;
        remove.execute(params![id, first, last])?;
        Ok(())
    }

    /// Removes all omap entries and the header; `-ENOENT` without an object. Where there never were
    /// any since it was done last, it changes nothing, not even the version.
    pub(super) fn omap_clear(&mut self) -> Result<()> {
        self.body()?;
        if !self.has_omap {
            return Ok(());
        }
        self.omap_set_header(b"")?;
        self.keep_omap_range(b"", None)?;
        self.has_omap = false;
        let id = self.body()?.id;
        self.db.prepare_cached("DELETE FROM omap WHERE body = ?1")?.execute([id])?;
        Ok(())
    }
}
