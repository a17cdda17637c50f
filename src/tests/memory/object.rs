//! One object: its head, its clones, and what steps do to it.

use std::collections::BTreeMap;
use std::time::SystemTime;

use bytes::Bytes;

use crate::errno::{Errno, Result};
use crate::local::classes::{Caller, ClassContext, call};
use crate::model::*;

/// Largest object, as `osd_max_object_size`.
const SIZE_MAX: u64 = 128 << 20;

#[derive(Clone, Default)]
pub(super) struct Version {
    pub(super) data: Vec<u8>,
    pub(super) xattrs: BTreeMap<Bytes, Bytes>,
    pub(super) omap: BTreeMap<Bytes, Bytes>,
    pub(super) header: Bytes,
    pub(super) mtime: Option<SystemTime>,
    pub(super) version: u64,
}

#[derive(Clone)]
pub(super) struct Clone_ {
    pub(super) id: u64,
    pub(super) snaps: Vec<u64>,
    pub(super) content: Version,
    /// Ranges not written since, relative to the next newer version.
    pub(super) overlap: Vec<(u64, u64)>,
}

/// An object; gone when it has neither head nor clones.
#[derive(Clone, Default)]
pub(super) struct Object {
    pub(super) head: Option<Version>,
    pub(super) seq: u64,
    pub(super) clones: Vec<Clone_>,
}

/// The state one operation sees: the object and who asks.
pub(super) struct Run<'a> {
    pub(super) object: &'a mut Object,
    pub(super) caller: &'a Caller,
    pub(super) now: SystemTime,
    pub(super) watchers: Vec<WatcherInfo>,
    pub(super) before: u64,
    /// What a read sees: a clone, or `None` for the head.
    pub(super) snap: Option<Version>,
    pub(super) at_snap: bool,
}

fn ok(out: Out) -> Result<(i32, Out)> {
    Ok((0, out))
}

fn err<T>(errno: Errno) -> Result<T> {
    Err(errno.into())
}

impl Object {
    /// Makes a clone of the head when the context is newer, as an OSD before a write.
    pub(super) fn clone_for(&mut self, context: &SnapContext) {
        let newer: Vec<u64> = context.snaps.iter().copied().filter(|s| *s > self.seq).collect();
        if let (Some(head), Some(newest)) = (&self.head, newer.first()) {
            let overlap =
                if head.data.is_empty() { vec![] } else { vec![(0, head.data.len() as u64)] };
            self.clones.push(Clone_ {
                id: *newest,
                snaps: newer.iter().rev().copied().collect(),
                content: head.clone(),
                overlap,
            });
        }
        self.seq = self.seq.max(context.seq);
    }

    /// What the object was at a snapshot.
    pub(super) fn at(&self, snap: SnapId) -> Option<&Version> {
        if snap == SnapId::HEAD || snap == SnapId::DIR {
            return self.head.as_ref();
        }
        match self.clones.iter().find(|clone| clone.id >= snap.0) {
            Some(clone) => clone.snaps.contains(&snap.0).then_some(&clone.content),
            // Written since the snapshot without a clone: it did not exist then.
            None => self.head.as_ref().filter(|_| self.seq < snap.0),
        }
    }

    fn snapset(&self) -> SnapSet {
        let mut clones: Vec<CloneInfo> = self
            .clones
            .iter()
            .map(|clone| CloneInfo {
                id: SnapId(clone.id),
                snaps: clone.snaps.iter().map(|s| SnapId(*s)).collect(),
                overlap: clone.overlap.clone(),
                size: clone.content.data.len() as u64,
            })
            .collect();
        if let Some(head) = &self.head {
            clones.push(CloneInfo {
                id: SnapId::HEAD,
                snaps: vec![],
                overlap: vec![],
                size: head.data.len() as u64,
            });
        }
        SnapSet { seq: self.seq, clones }
    }

    /// Whether there is something to read at a snapshot, or any version at all.
    pub(super) fn is_seen(&self, at: SnapId) -> bool {
        match at {
            SnapId::DIR => self.head.is_some() || !self.clones.is_empty(),
            at => self.at(at).is_some(),
        }
    }

    /// Takes a range out of what the newest clone shares with the head.
    fn written(&mut self, off: u64, len: u64) {
        let Some(clone) = self.clones.last_mut() else { return };
        let end = off + len;
        let mut kept = Vec::new();
        for (start, length) in clone.overlap.drain(..) {
            let stop = start + length;
            if start < off.min(stop) {
                kept.push((start, off.min(stop) - start));
            }
            if end.max(start) < stop {
                kept.push((end.max(start), stop - end.max(start)));
            }
        }
        clone.overlap = kept;
    }
}

impl Run<'_> {
    fn seen(&self) -> Result<&Version> {
        let found = if self.at_snap { self.snap.as_ref() } else { self.object.head.as_ref() };
        found.ok_or_else(|| Errno::ENOENT.into())
    }

    fn head(&mut self) -> &mut Version {
        self.object.head.get_or_insert_with(Version::default)
    }

    fn slice(&self, off: u64, len: u64) -> Result<Bytes> {
        let data = &self.seen()?.data;
        let from = (off as usize).min(data.len());
        let to = (off.saturating_add(len) as usize).min(data.len());
        Ok(Bytes::copy_from_slice(&data[from..to.max(from)]))
    }

    fn put(&mut self, off: u64, data: &[u8]) -> Result<()> {
        let end = off.checked_add(data.len() as u64).filter(|end| *end <= SIZE_MAX);
        let end = end.ok_or(Errno::EFBIG)? as usize;
        self.object.written(off, data.len() as u64);
        let head = self.head();
        if head.data.len() < end {
            head.data.resize(end, 0);
        }
        head.data[off as usize..end].copy_from_slice(data);
        Ok(())
    }

    fn compare(op: CmpOp, stored: &[u8], given: &CmpValue) -> Result<bool> {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let order = match given {
            CmpValue::Bytes(given) => stored.cmp(&given[..]),
            CmpValue::U64(given) => {
                let text = std::str::from_utf8(stored).unwrap_or_default();
                let number =
                    if text.is_empty() { 0 } else { text.parse().map_err(|_| Errno::EINVAL)? };
                u64::cmp(&number, given)
            }
        };
        Ok(match op {
            CmpOp::Eq => order == Equal,
            CmpOp::Ne => order != Equal,
            CmpOp::Gt => order == Greater,
            CmpOp::Gte => order != Less,
            CmpOp::Lt => order == Less,
            CmpOp::Lte => order != Greater,
        })
    }

    pub(super) fn step(&mut self, op: Op) -> Result<(i32, Out)> {
        match op {
            Op::Read { off, len, into } => {
                let len = if len == 0 { u64::MAX } else { len };
                let data = self.slice(off, len)?;
                ok(match into {
                    Some(mut memory) => {
                        memory.bytes()[..data.len()].copy_from_slice(&data);
                        Out::Filled { memory, len: data.len() }
                    }
                    None => Out::Data(data),
                })
            }
            Op::SparseRead { off, len } => {
                let data = self.slice(off, len)?;
                let extents = if data.is_empty() { vec![] } else { vec![(off, data.len() as u64)] };
                ok(Out::Extents { extents, data })
            }
            Op::Stat => {
                let (size, mtime) = ClassContext::stat(self)?;
                ok(Out::Stat { size, mtime })
            }
            Op::AssertExists => self.seen().map(|_| (0, Out::None)),
            Op::AssertVersion(version) => match self.seen()?.version.cmp(&version) {
                std::cmp::Ordering::Less => err(Errno::EOVERFLOW),
                std::cmp::Ordering::Greater => err(Errno::ERANGE),
                std::cmp::Ordering::Equal => ok(Out::None),
            },
            Op::CmpExt { off, data } => {
                let found = match self.seen() {
                    Ok(_) => self.slice(off, data.len() as u64)?,
                    Err(_) => Bytes::new(),
                };
                let wanted = data.to_bytes();
                let at = |n: usize| found.get(n).copied().unwrap_or(0);
                match (0..wanted.len()).find(|n| wanted[*n] != at(*n)) {
                    Some(n) => Ok((-MAX_ERRNO - n as i32, Out::None)),
                    None => ok(Out::None),
                }
            }
            Op::GetXattr(name) => ok(Out::Data(self.xattr(&name)?)),
            Op::GetXattrs => ok(Out::Xattrs(self.xattrs()?)),
            Op::CmpXattr { name, op, value } => {
                let stored = match self.seen() {
                    Ok(seen) => seen.xattrs.get(&name).cloned().unwrap_or_default(),
                    Err(_) => Bytes::new(),
                };
                if Self::compare(op, &stored, &value)? {
                    Ok((1, Out::None))
                } else {
                    err(Errno::ECANCELED)
                }
            }
            Op::OmapGetHeader => ok(Out::Data(self.seen()?.header.clone())),
            Op::OmapGetKeys { start_after, max } => {
                let found = self.omap_list(&start_after, b"", max)?;
                ok(Out::OmapKeys(found.entries.into_iter().map(|e| e.0).collect(), found.more))
            }
            Op::OmapGetVals { start_after, prefix, max } => {
                ok(Out::Omap(self.omap_list(&start_after, &prefix, max)?))
            }
            Op::OmapGetValsByKeys(keys) => {
                let seen = self.seen()?;
                let entries: BTreeMap<_, _> = keys
                    .into_iter()
                    .filter_map(|key| Some((key.clone(), seen.omap.get(&key)?.clone())))
                    .collect();
                ok(Out::Omap(OmapValues { entries: entries.into_iter().collect(), more: false }))
            }
            Op::OmapCmp(wanted) => {
                let seen = self.seen()?;
                for (key, (value, op)) in wanted {
                    if !matches!(op, CmpOp::Eq | CmpOp::Lt | CmpOp::Gt) {
                        return err(Errno::EINVAL);
                    }
                    let stored = seen.omap.get(&key).cloned().unwrap_or_default();
                    if !Self::compare(op, &stored, &CmpValue::Bytes(value))? {
                        return err(Errno::ECANCELED);
                    }
                }
                ok(Out::None)
            }
            Op::Call { class, method, input } => {
                let out = call(class, &method, self, &input)?;
                ok(Out::Data(out))
            }
            Op::CallNamed { class, method, input } => {
                let out = call(&class, &method, self, &input)?;
                ok(Out::Data(out))
            }
            Op::ListWatchers => ok(Out::Watchers(self.watchers.clone())),
            Op::ListSnaps => ok(Out::Snaps(self.object.snapset())),
            other => self.change(other),
        }
    }

    fn change(&mut self, op: Op) -> Result<(i32, Out)> {
        match op {
            Op::Create { exclusive } => ClassContext::create(self, exclusive)?,
            Op::Write { off, data } => self.put(off, &data.to_bytes())?,
            Op::WriteFull(data) => ClassContext::write_full(self, data)?,
            Op::WriteSame { off, len, data } => {
                let data = data.to_bytes().repeat((len / data.len().max(1) as u64) as usize);
                self.put(off, &data)?;
            }
            Op::Append(data) => {
                let end = self.head().data.len() as u64;
                self.put(end, &data.to_bytes())?;
            }
            // A zero up to the end makes the object shorter, as on an OSD.
            Op::Zero { off, len } => match self.object.head.as_ref().map(|head| head.data.len()) {
                Some(size) if off < size as u64 && off.saturating_add(len) >= size as u64 => {
                    ClassContext::truncate(self, off)?;
                }
                _ => ClassContext::zero(self, off, len)?,
            },
            Op::Truncate(size) => ClassContext::truncate(self, size)?,
            Op::Remove => ClassContext::remove(self)?,
            Op::SetXattr { name, value } => self.set_xattr(&name, value)?,
            Op::RmXattr(name) => {
                self.rm_xattr(&name)?;
            }
            Op::OmapSet(entries) => self.omap_set(entries)?,
            Op::OmapSetHeader(header) => self.omap_set_header(header)?,
            Op::OmapClear => self.omap_clear()?,
            Op::OmapRmKeys(keys) => {
                self.seen()?;
                keys.iter().for_each(|key| drop(self.head().omap.remove(key)));
            }
            Op::OmapRmRange { first, last } => {
                self.seen()?;
                self.head().omap.retain(|key, _| *key < first || *key >= last);
            }
            Op::SetAllocHint { .. } => drop(self.head()),
            Op::Rollback(snap) => match self.object.at(snap).cloned() {
                Some(version) => self.object.head = Some(version),
                None => self.object.head = None,
            },
            Op::CachePin | Op::CacheUnpin => return err(Errno::EINVAL),
            _ => return err(Errno::EOPNOTSUPP),
        }
        ok(Out::None)
    }
}

impl ClassContext for Run<'_> {
    fn stat(&mut self) -> Result<(u64, SystemTime)> {
        let seen = self.seen()?;
        Ok((seen.data.len() as u64, seen.mtime.unwrap_or(self.now)))
    }

    fn read(&mut self, off: u64, len: u64) -> Result<Bytes> {
        if self.seen().is_err() { Ok(Bytes::new()) } else { self.slice(off, len) }
    }

    fn extents(&mut self, off: u64, len: u64) -> Result<Vec<(u64, u64)>> {
        let data = ClassContext::read(self, off, len)?;
        Ok(if data.is_empty() { vec![] } else { vec![(off, data.len() as u64)] })
    }

    fn create(&mut self, exclusive: bool) -> Result<()> {
        if exclusive && self.object.head.is_some() {
            return err(Errno::EEXIST);
        }
        self.head();
        Ok(())
    }

    fn write(&mut self, off: u64, data: Payload) -> Result<()> {
        self.put(off, &data.to_bytes())
    }

    fn write_full(&mut self, data: Payload) -> Result<()> {
        let data = data.to_bytes();
        if data.len() as u64 > SIZE_MAX {
            return err(Errno::EFBIG);
        }
        let old = self.head().data.len() as u64;
        self.object.written(0, old.max(data.len() as u64));
        self.head().data = data.to_vec();
        Ok(())
    }

    fn zero(&mut self, off: u64, len: u64) -> Result<()> {
        let Some(head) = &mut self.object.head else { return Ok(()) };
        let size = head.data.len() as u64;
        let (from, to) = (off.min(size), off.saturating_add(len).min(size));
        head.data[from as usize..to as usize].fill(0);
        self.object.written(off, to - from);
        Ok(())
    }

    fn truncate(&mut self, size: u64) -> Result<()> {
        if size > SIZE_MAX {
            return err(Errno::EFBIG);
        }
        let Some(head) = &mut self.object.head else { return Ok(()) };
        let old = head.data.len() as u64;
        head.data.resize(size as usize, 0);
        self.object.written(size, old.saturating_sub(size));
        Ok(())
    }

    fn remove(&mut self) -> Result<()> {
        let head = self.object.head.take().ok_or(Errno::ENOENT)?;
        self.object.written(0, head.data.len() as u64);
        Ok(())
    }

    fn xattr(&mut self, name: &[u8]) -> Result<Bytes> {
        self.seen()?.xattrs.get(name).cloned().ok_or_else(|| Errno::ENODATA.into())
    }

    fn xattrs(&mut self) -> Result<Vec<(Bytes, Bytes)>> {
        let seen = self.seen()?;
        Ok(seen.xattrs.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    fn set_xattr(&mut self, name: &[u8], value: Bytes) -> Result<()> {
        self.head().xattrs.insert(Bytes::copy_from_slice(name), value);
        Ok(())
    }

    fn rm_xattr(&mut self, name: &[u8]) -> Result<()> {
        self.seen()?;
        self.head().xattrs.remove(name);
        Ok(())
    }

    fn omap_get(&mut self, key: &[u8]) -> Result<Bytes> {
        self.seen()?.omap.get(key).cloned().ok_or_else(|| Errno::ENOENT.into())
    }

    fn omap_list(&mut self, start_after: &[u8], prefix: &[u8], max: u64) -> Result<OmapValues> {
        let seen = self.seen()?;
        let mut found = seen
            .omap
            .iter()
            .filter(|(key, _)| &key[..] > start_after || start_after.is_empty())
            .filter(|(key, _)| key.starts_with(prefix));
        let mut entries = Vec::new();
        while (entries.len() as u64) < max {
            let Some((key, value)) = found.next() else { break };
            entries.push((key.clone(), value.clone()));
        }
        Ok(OmapValues { entries, more: found.next().is_some() })
    }

    fn omap_set(&mut self, entries: Vec<(Bytes, Bytes)>) -> Result<()> {
        self.head().omap.extend(entries);
        Ok(())
    }

    fn omap_rm(&mut self, key: &[u8]) -> Result<()> {
        self.seen()?;
        self.head().omap.remove(key);
        Ok(())
    }

    fn omap_clear(&mut self) -> Result<()> {
        self.seen()?;
        let head = self.head();
        head.omap.clear();
        head.header = Bytes::new();
        Ok(())
    }

    fn omap_header(&mut self) -> Result<Bytes> {
        Ok(self.seen()?.header.clone())
    }

    fn omap_set_header(&mut self, header: Bytes) -> Result<()> {
        self.head().header = header;
        Ok(())
    }

    fn caller(&self) -> &Caller {
        self.caller
    }

    fn now(&self) -> SystemTime {
        self.now
    }

    fn watchers(&mut self) -> Result<Vec<WatcherInfo>> {
        Ok(self.watchers.clone())
    }

    fn snap_seq(&mut self) -> Result<u64> {
        self.seen()?;
        Ok(self.object.seq)
    }

    fn version(&mut self) -> u64 {
        self.before
    }
}
