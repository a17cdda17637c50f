//! `MOSDMap`: maps of the OSDs, from a monitor or from an OSD that noticed that we are behind.

use std::collections::BTreeMap;

use bytes::Bytes;
use uuid::Uuid;

use crate::ceph::message::Message;
use crate::codec::Reader;
use crate::errno::{Errno, Result};

/// `CEPH_MSG_OSD_MAP`.
pub const KIND: u16 = 41;
/// The oldest version peers of ours send.
const VERSION_MIN: u16 = 2;

/// Several maps by epoch, each encoded as a whole or as what changed since the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OsdMaps {
    /// The cluster they are of.
    pub fsid: Uuid,
    /// What changed.
    pub incrementals: BTreeMap<u32, Bytes>,
    /// Whole maps.
    pub fulls: BTreeMap<u32, Bytes>,
    /// The oldest epoch that can be had.
    pub oldest: u32,
    /// The newest epoch there is.
    pub newest: u32,
}

impl OsdMaps {
    /// Reads a message of this kind.
    pub fn decode(message: &Message) -> Result<Self> {
        if message.version < VERSION_MIN {
            return Err(Errno::EBADMSG.because("osd_map: a version not known"));
        }
        let mut front = Reader::new(&message.front);
        let fsid = Uuid::from_slice(front.take(16, "osd_map: fsid")?).unwrap_or_default();
        let incrementals = maps(message, &mut front, "osd_map: incremental maps")?;
        let fulls = maps(message, &mut front, "osd_map: maps")?;
        let oldest = front.u32("osd_map: oldest")?;
        let newest = front.u32("osd_map: newest")?;
        // Removed snapshots of a gap may follow; OSDs alone made use of them.
        Ok(OsdMaps { fsid, incrementals, fulls, oldest, newest })
    }

    /// The newest epoch in it; 0 when it is empty.
    #[must_use]
    pub fn last(&self) -> u32 {
        let last = |maps: &BTreeMap<u32, Bytes>| maps.keys().next_back().copied().unwrap_or(0);
        last(&self.incrementals).max(last(&self.fulls))
    }
}

fn maps(
    message: &Message,
    front: &mut Reader<'_>,
    field: &'static str,
) -> Result<BTreeMap<u32, Bytes>> {
    let count = front.count(4 + 4, field)?;
    let one = |_| {
        let epoch = front.u32(field)?;
        let bytes = front.bytes(field)?;
        let bytes = if bytes.is_empty() { Bytes::new() } else { message.front.slice_ref(bytes) };
        Ok((epoch, bytes))
    };
    (0..count).map(one).collect()
}
