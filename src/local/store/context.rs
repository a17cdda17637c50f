//! The object as class methods see it.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use rusqlite::params;

use super::txn::{Txn, from_nanos};
use crate::errno::{Errno, Result};
use crate::local::classes::{Caller, ClassContext};
use crate::model::{OmapValues, Payload, WatcherInfo};

impl Txn<'_> {
    /// Who watches the object.
    pub(super) fn list_watchers(&self) -> Result<Vec<WatcherInfo>> {
        let Some(object) = &self.object else { return Ok(Vec::new()) };
        let mut find = self.db.prepare_cached(
            "SELECT addr, client, cookie, timeout FROM watch WHERE object = ?1
             ORDER BY client, cookie",
        )?;
        let rows = find.query_map([object.id], |row| {
            let timeout: i64 = row.get(3)?;
            Ok(WatcherInfo {
                addr: row.get(0)?,
                client: row.get(1)?,
                cookie: row.get::<_, i64>(2)?.cast_unsigned(),
                timeout: Duration::from_secs(timeout.max(0).cast_unsigned()),
            })
        })?;
        Ok(rows.collect::<std::result::Result<_, _>>()?)
    }

    /// Notes how the object will be used, making it.
    pub(super) fn set_hint(&mut self, object_size: u64, write_size: u64, flags: u32) -> Result<()> {
        self.create()?;
        let id = self.body()?.id;
        let mut set = self.db.prepare_cached(
            "UPDATE body SET hint_object = ?2, hint_write = ?3, hint_flags = ?4 WHERE id = ?1",
        )?;
        set.execute(params![id, object_size.cast_signed(), write_size.cast_signed(), flags])?;
        Ok(())
    }
}

impl ClassContext for Txn<'_> {
    fn stat(&mut self) -> Result<(u64, SystemTime)> {
        let body = self.body()?;
        Ok((body.size, from_nanos(body.mtime)))
    }

    fn read(&mut self, off: u64, len: u64) -> Result<Bytes> {
        Txn::read(self, off, len)
    }

    fn extents(&mut self, off: u64, len: u64) -> Result<Vec<(u64, u64)>> {
        self.body()?;
        Ok(Txn::extents(self, off, len))
    }

    fn create(&mut self, exclusive: bool) -> Result<()> {
        if exclusive && self.exists() {
            return Err(Errno::EEXIST.into());
        }
        Txn::create(self)
    }

    fn write(&mut self, off: u64, data: Payload) -> Result<()> {
        Txn::write(self, off, &data.to_bytes())
    }

    fn write_full(&mut self, data: Payload) -> Result<()> {
        Txn::write_full(self, &data.to_bytes())
    }

    fn zero(&mut self, off: u64, len: u64) -> Result<()> {
        Txn::zero(self, off, len)
    }

    fn truncate(&mut self, size: u64) -> Result<()> {
        Txn::create(self)?;
        Txn::truncate(self, size)
    }

    fn remove(&mut self) -> Result<()> {
        Txn::remove(self)
    }

    fn xattr(&mut self, name: &[u8]) -> Result<Bytes> {
        match Txn::xattr(self, name) {
            Err(error) if error == Errno::ENOENT => Err(Errno::ENODATA.into()),
            value => value,
        }
    }

    fn xattrs(&mut self) -> Result<Vec<(Bytes, Bytes)>> {
        Txn::xattrs(self)
    }

    fn set_xattr(&mut self, name: &[u8], value: Bytes) -> Result<()> {
        Txn::set_xattr(self, name, &value)
    }

    fn rm_xattr(&mut self, name: &[u8]) -> Result<()> {
        Txn::create(self)?;
        Txn::rm_xattr(self, name)
    }

    fn omap_get(&mut self, key: &[u8]) -> Result<Bytes> {
        Txn::omap_get(self, key)
    }

    fn omap_list(&mut self, start_after: &[u8], prefix: &[u8], max: u64) -> Result<OmapValues> {
        Txn::omap_list(self, start_after, prefix, max)
    }

    fn omap_set(&mut self, entries: Vec<(Bytes, Bytes)>) -> Result<()> {
        Txn::omap_set(self, &entries)
    }

    fn omap_rm(&mut self, key: &[u8]) -> Result<()> {
        Txn::create(self)?;
        Txn::omap_rm(self, [key])
    }

    fn omap_clear(&mut self) -> Result<()> {
        Txn::create(self)?;
        Txn::omap_clear(self)
    }

    fn omap_header(&mut self) -> Result<Bytes> {
        Txn::omap_header(self)
    }

    fn omap_set_header(&mut self, header: Bytes) -> Result<()> {
        Txn::omap_set_header(self, &header)
    }

    fn caller(&self) -> &Caller {
        self.caller
    }

    fn now(&self) -> SystemTime {
        self.now
    }

    fn watchers(&mut self) -> Result<Vec<WatcherInfo>> {
        self.list_watchers()
    }

    fn snap_seq(&mut self) -> Result<u64> {
        Ok(self.object.as_ref().map_or(0, |object| object.snap_seq))
    }

    fn version(&mut self) -> u64 {
        self.version_before
    }
}
