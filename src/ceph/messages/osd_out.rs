//! What steps answer: from an OSD's bytes to the model's.

use std::time::SystemTime;

use bytes::Bytes;

use super::hobject::HObject;
use crate::ceph::types::{EntityAddr, EntityName, UTime};
use crate::codec::{Decode, Reader};
use crate::errno::Result;
use crate::model::{
    CloneInfo, Name, OmapValues, Op, Out, Payload, ReadMemory, SnapId, SnapSet, WatcherInfo,
};

/// What is expected of a step's answer.
#[derive(Default)]
pub enum Expect {
    /// Nothing to be looked at.
    #[default]
    Nothing,
    /// Bytes as they are.
    Data,
    /// Bytes, into the caller's memory.
    Fill(Box<dyn ReadMemory>),
    /// Ranges and their bytes.
    Extents,
    /// Size and time.
    Stat,
    /// Names and values.
    Xattrs,
    /// Keys, and whether there are more; `max` were asked for.
    OmapKeys {
        /// Most keys.
        max: u64,
    },
    /// Entries, and whether there are more; `max` were asked for.
    Omap {
        /// Most entries.
        max: u64,
    },
    /// Who watches.
    Watchers,
    /// All versions.
    Snaps,
}

impl Expect {
    /// Of a step; takes the memory that a read fills out of it.
    #[must_use]
    pub fn of(op: &mut Op) -> Self {
        match op {
            Op::Read { into, .. } => match into.take() {
                Some(memory) => Expect::Fill(memory),
                None => Expect::Data,
            },
            Op::SparseRead { .. } => Expect::Extents,
            Op::Stat => Expect::Stat,
            Op::Checksum { .. } | Op::GetXattr(_) | Op::OmapGetHeader => Expect::Data,
            Op::Call { .. } | Op::CallNamed { .. } => Expect::Data,
            Op::GetXattrs => Expect::Xattrs,
            Op::OmapGetKeys { max, .. } => Expect::OmapKeys { max: *max },
            Op::OmapGetVals { max, .. } => Expect::Omap { max: *max },
            Op::OmapGetValsByKeys(_) => Expect::Omap { max: u64::MAX },
            Op::ListWatchers => Expect::Watchers,
            Op::ListSnaps => Expect::Snaps,
            _ => Expect::Nothing,
        }
    }

    /// Reads the output of a step that did not fail; `-EBADMSG`.
    pub fn read(self, output: Payload) -> Result<Out> {
        match self {
            Expect::Nothing => Ok(Out::None),
            Expect::Data => Ok(Out::Data(output.to_bytes())),
            Expect::Fill(memory) => Ok(fill(memory, &output)),
            // A step that was not reached answers nothing, without failing.
            _ if output.is_empty() => Ok(Out::None),
            decoded => decoded.decode(&output.to_bytes()),
        }
    }

    /// The answer of a step that failed: memory goes back to its owner.
    #[must_use]
    pub fn refuse(self) -> Out {
        match self {
            Expect::Fill(memory) => Out::Filled { memory, len: 0 },
            _ => Out::None,
        }
    }

    fn decode(self, output: &Bytes) -> Result<Out> {
        let mut reader = Reader::new(output);
        match self {
            Expect::Nothing | Expect::Data | Expect::Fill(_) => Ok(Out::None),
            Expect::Extents => {
                let extents = reader.list("sparse_read: extents")?;
                let data = piece(output, reader.bytes("sparse_read: data")?);
                Ok(Out::Extents { extents, data })
            }
            Expect::Stat => {
                let size = reader.u64("stat: size")?;
                let mtime = SystemTime::from(UTime::decode(&mut reader, "stat: mtime")?);
                Ok(Out::Stat { size, mtime })
            }
            Expect::Xattrs => Ok(Out::Xattrs(entries(output, &mut reader, "getxattrs")?)),
            Expect::OmapKeys { max } => {
                let count = reader.count(4, "omap_get_keys")?;
                let keys = (0..count).map(|_| Ok(piece(output, reader.bytes("omap_get_keys")?)));
                let keys = keys.collect::<Result<Vec<_>>>()?;
                let more = more(&mut reader, keys.len(), max)?;
                Ok(Out::OmapKeys(keys, more))
            }
            Expect::Omap { max } => {
                let entries = entries(output, &mut reader, "omap_get_vals")?;
                let more = more(&mut reader, entries.len(), max)?;
                Ok(Out::Omap(OmapValues { entries, more }))
            }
            Expect::Watchers => watchers(&mut reader).map(Out::Watchers),
            Expect::Snaps => snaps(&mut reader).map(Out::Snaps),
        }
    }
}

/// One copy, from the socket's buffers to the caller's.
fn fill(mut memory: Box<dyn ReadMemory>, output: &Payload) -> Out {
    let mut room = memory.bytes();
    let mut len = 0;
    for piece in output.pieces() {
        let fits = piece.len().min(room.len());
        let (head, tail) = room.split_at_mut(fits);
        head.copy_from_slice(piece.get(..fits).unwrap_or_default());
        len += fits;
        room = tail;
    }
    Out::Filled { memory, len }
}

/// A part of the output without copying it.
fn piece(output: &Bytes, part: &[u8]) -> Bytes {
    if part.is_empty() { Bytes::new() } else { output.slice_ref(part) }
}

fn entries(
    output: &Bytes,
    reader: &mut Reader<'_>,
    field: &'static str,
) -> Result<Vec<(Bytes, Bytes)>> {
    let count = reader.count(4 + 4, field)?;
    let entry = |_| {
        let key = piece(output, reader.bytes(field)?);
        Ok((key, piece(output, reader.bytes(field)?)))
    };
    (0..count).map(entry).collect()
}

/// OSDs that do not say whether there is more do not limit answers by themselves either.
fn more(reader: &mut Reader<'_>, count: usize, max: u64) -> Result<bool> {
    if reader.is_empty() { Ok(count as u64 == max) } else { reader.bool("omap: more") }
}

/// `obj_list_watch_response_t`.
fn watchers(reader: &mut Reader<'_>) -> Result<Vec<WatcherInfo>> {
    let (_, mut fields) = reader.versioned(1, "watchers")?;
    let count = fields.count(6, "watchers")?;
    let one = |_| {
        let (version, mut fields) = fields.versioned(2, "watcher")?;
        let name = EntityName::decode(&mut fields, "watcher: name")?;
        let cookie = fields.u64("watcher: cookie")?;
        let timeout = std::time::Duration::from_secs(fields.u32("watcher: timeout")?.into());
        let addr = match version {
            2.. => EntityAddr::decode(&mut fields, "watcher: addr")?,
            _ => EntityAddr::default(),
        };
        // As the first protocol wrote it, which is what the C API shows.
        let addr = match addr.socket {
            Some(socket) => format!("{socket}/{}", addr.nonce),
            None => format!(":/{}", addr.nonce),
        };
        Ok(WatcherInfo { addr, client: name.number, cookie, timeout })
    };
    (0..count).map(one).collect()
}

/// `obj_list_snap_response_t`.
fn snaps(reader: &mut Reader<'_>) -> Result<SnapSet> {
    let (version, mut fields) = reader.versioned(2, "snaps")?;
    let count = fields.count(6, "snaps: clones")?;
    let one = |_| {
        let (_, mut fields) = fields.versioned(1, "clone")?;
        let id = SnapId(fields.u64("clone: id")?);
        let snaps = fields.list::<u64>("clone: snaps")?.into_iter().map(SnapId).collect();
        let overlap = fields.list("clone: overlap")?;
        Ok(CloneInfo { id, snaps, overlap, size: fields.u64("clone: size")? })
    };
    let clones = (0..count).map(one).collect::<Result<_>>()?;
    let seq = if version >= 2 { fields.u64("snaps: seq")? } else { SnapId::HEAD.0 };
    Ok(SnapSet { seq, clones })
}

/// The answer to a listing of a part of a placement group (`pg_nls_response_t`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PgList {
    /// Where the listing goes on: an object, the beginning of another group, or the end of all.
    pub next: HObject,
    /// The objects.
    pub entries: Vec<PgEntry>,
}

/// An object in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PgEntry {
    /// Its namespace.
    pub namespace: Name,
    /// Its name.
    pub name: Name,
    /// Its locator key, empty for none.
    pub locator: Name,
}

impl PgList {
    /// Reads the output of a `PGNLS`.
    pub fn decode(output: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(output);
        let (_, mut fields) = reader.versioned(1, "pg_list")?;
        let next = HObject::decode(&mut fields, "pg_list: handle")?;
        let count = fields.count(3 * 4, "pg_list: entries")?;
        let one = |_| {
            Ok(PgEntry {
                namespace: Name::from(fields.bytes("pg_list: namespace")?),
                name: Name::from(fields.bytes("pg_list: object")?),
                locator: Name::from(fields.bytes("pg_list: locator")?),
            })
        };
        let entries = (0..count).map(one).collect::<Result<_>>()?;
        Ok(PgList { next, entries })
    }
}
