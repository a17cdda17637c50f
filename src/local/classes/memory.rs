//! One object in memory, for tests of methods.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::{Caller, ClassContext, call};
use crate::errno::{Errno, Result};
use crate::model::{OmapValues, Payload, WatcherInfo};

/// Longest object.
const SIZE_MAX: usize = 16 << 20;

/// The object, if it exists, and the world around it; tests set the fields.
#[derive(Clone)]
pub(crate) struct MemoryObject {
    pub(crate) exists: bool,
    pub(crate) data: Vec<u8>,
    pub(crate) xattrs: BTreeMap<Bytes, Bytes>,
    pub(crate) omap: BTreeMap<Bytes, Bytes>,
    pub(crate) header: Bytes,
    pub(crate) caller: Caller,
    pub(crate) now: SystemTime,
    pub(crate) snap_seq: u64,
}

impl Default for MemoryObject {
    fn default() -> Self {
        MemoryObject {
            exists: false,
            data: Vec::new(),
            xattrs: BTreeMap::new(),
            omap: BTreeMap::new(),
            header: Bytes::new(),
            caller: Caller { client: 4123, addr: "127.0.0.1:0/99".into() },
            now: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
            snap_seq: 0,
        }
    }
}

impl MemoryObject {
    /// Runs a method as an operation of its own.
    pub(crate) fn call(&mut self, class: &str, method: &str, input: &Bytes) -> Result<Bytes> {
        call(class, method, self, input)
    }

    fn there(&self) -> Result<()> {
        if self.exists { Ok(()) } else { Err(Errno::ENOENT.into()) }
    }
}

impl ClassContext for MemoryObject {
    fn stat(&mut self) -> Result<(u64, SystemTime)> {
        self.there()?;
        Ok((self.data.len() as u64, self.now))
    }

    fn read(&mut self, off: u64, len: u64) -> Result<Bytes> {
        let size = self.data.len() as u64;
        let (from, to) = (off.min(size), off.saturating_add(len).min(size));
        Ok(Bytes::copy_from_slice(&self.data[from as usize..to as usize]))
    }

    fn extents(&mut self, off: u64, len: u64) -> Result<Vec<(u64, u64)>> {
        let bytes = self.read(off, len)?;
        Ok(if bytes.is_empty() { vec![] } else { vec![(off, bytes.len() as u64)] })
    }

    fn create(&mut self, exclusive: bool) -> Result<()> {
        if exclusive && self.exists {
            return Err(Errno::EEXIST.into());
        }
        self.exists = true;
        Ok(())
    }

    fn write(&mut self, off: u64, data: Payload) -> Result<()> {
        self.exists = true;
        let end = usize::try_from(off).ok().and_then(|off| off.checked_add(data.len()));
        let end = end.filter(|end| *end <= SIZE_MAX).ok_or(Errno::EFBIG)?;
        if self.data.len() < end {
            self.data.resize(end, 0);
        }
        self.data[off as usize..end].copy_from_slice(&data.to_bytes());
        Ok(())
    }

    fn write_full(&mut self, data: Payload) -> Result<()> {
        self.exists = true;
        self.data = data.to_bytes().to_vec();
        Ok(())
    }

    fn zero(&mut self, off: u64, len: u64) -> Result<()> {
        let size = self.data.len() as u64;
        let (from, to) = (off.min(size), off.saturating_add(len).min(size));
        self.data[from as usize..to as usize].fill(0);
        Ok(())
    }

    fn truncate(&mut self, size: u64) -> Result<()> {
        if size > SIZE_MAX as u64 {
            return Err(Errno::EFBIG.into());
        }
        if self.exists {
            self.data.resize(size as usize, 0);
        }
        Ok(())
    }

    fn remove(&mut self) -> Result<()> {
        self.there()?;
        *self = MemoryObject {
            caller: self.caller.clone(),
            now: self.now,
            snap_seq: self.snap_seq,
            ..MemoryObject::default()
        };
        Ok(())
    }

    fn xattr(&mut self, name: &[u8]) -> Result<Bytes> {
        self.there()?;
        self.xattrs.get(name).cloned().ok_or_else(|| Errno::ENODATA.into())
    }

    fn xattrs(&mut self) -> Result<Vec<(Bytes, Bytes)>> {
        self.there()?;
        Ok(self.xattrs.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    fn set_xattr(&mut self, name: &[u8], value: Bytes) -> Result<()> {
        self.exists = true;
        self.xattrs.insert(Bytes::copy_from_slice(name), value);
        Ok(())
    }

    fn rm_xattr(&mut self, name: &[u8]) -> Result<()> {
        self.there()?;
        self.xattrs.remove(name);
        Ok(())
    }

    fn omap_get(&mut self, key: &[u8]) -> Result<Bytes> {
        self.omap.get(key).cloned().ok_or_else(|| Errno::ENOENT.into())
    }

    fn omap_list(&mut self, start_after: &[u8], prefix: &[u8], max: u64) -> Result<OmapValues> {
        self.there()?;
        let mut matching = self
            .omap
            .iter()
            .filter(|(key, _)| key.as_ref() > start_after && key.starts_with(prefix));
        let entries = matching
            .by_ref()
            .take(max as usize)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        Ok(OmapValues { entries, more: matching.next().is_some() })
    }

    fn omap_set(&mut self, entries: Vec<(Bytes, Bytes)>) -> Result<()> {
        self.exists = true;
        self.omap.extend(entries);
        Ok(())
    }

    fn omap_rm(&mut self, key: &[u8]) -> Result<()> {
        self.there()?;
        self.omap.remove(key);
        Ok(())
    }

    fn omap_clear(&mut self) -> Result<()> {
        self.there()?;
        self.omap.clear();
        self.header = Bytes::new();
        Ok(())
    }

    fn omap_header(&mut self) -> Result<Bytes> {
        self.there()?;
        Ok(self.header.clone())
    }

    fn omap_set_header(&mut self, header: Bytes) -> Result<()> {
        self.exists = true;
        self.header = header;
        Ok(())
    }

    fn caller(&self) -> &Caller {
        &self.caller
    }

    fn now(&self) -> SystemTime {
        self.now
    }

    fn watchers(&mut self) -> Result<Vec<WatcherInfo>> {
        self.there()?;
        Ok(Vec::new())
    }

    fn snap_seq(&mut self) -> Result<u64> {
        self.there()?;
        Ok(self.snap_seq)
    }

    fn version(&mut self) -> u64 {
        0
    }
}
