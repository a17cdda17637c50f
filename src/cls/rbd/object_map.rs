//! Calls on `rbd_object_map.<id>` and the map itself: two bits per data object.
//!
//! ```text
//!   u32 14, version 1, oldest reader 1, u32 8, u64 objects      header, 18 bytes
//!   1 byte per 4 objects, the first in the high bits            data
//!   u32 length, u32 crc of the header (behind its length),      footer; length 0: no checksums
//!       u32 count, u32 crc of each 4096 bytes of data
//! ```
//!
//! Checksums are CRC-32C without inversion. The stored object has them, the argument of a call does
//! not.

use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::{Errno, Result};

byte_enum! {
    /// What is known of a data object.
    ObjectState: u8 {
        /// It does not exist.
        Nonexistent = 0,
        /// It may exist.
        Exists = 1,
        /// It is being removed.
        Pending = 2,
        /// It may exist and was not written since the last snapshot.
        ExistsClean = 3,
    }
}

/// Most objects a map can have.
pub const MAX_OBJECTS: u64 = 256_000_000;
/// Bytes of data under one checksum.
pub const BLOCK: usize = 4096;
/// Objects under one checksum.
pub const OBJECTS_PER_BLOCK: u64 = BLOCK as u64 * PER_BYTE;
/// Bytes before the data.
pub const HEADER_LEN: usize = 18;

const PER_BYTE: u64 = 4;

/// The state of each data object of an image or a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectMap {
    len: u64,
    data: Vec<u8>,
}

/// CRC-32C as Ceph seeds and ends it: with 0, without inversion.
#[must_use]
pub fn checksum(bytes: &[u8]) -> u32 {
    !crc32c::crc32c_append(u32::MAX, bytes)
}

impl ObjectMap {
    /// A map of `len` objects in one state; `-EINVAL` beyond [`MAX_OBJECTS`].
    pub fn new(len: u64, state: ObjectState) -> Result<Self> {
        let mut map = ObjectMap::default();
        map.resize(len, state)?;
        Ok(map)
    }

    /// Objects.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether it covers no object.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The packed states.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The state of an object; [`ObjectState::Nonexistent`] beyond the end.
    #[must_use]
    pub fn get(&self, object: u64) -> ObjectState {
        let byte = usize::try_from(object / PER_BYTE).ok().and_then(|at| self.data.get(at));
        match byte {
            Some(byte) if object < self.len => ObjectState::from_raw((byte >> shift(object)) & 3),
            _ => ObjectState::Nonexistent,
        }
    }

    /// Sets the state of an object; nothing beyond the end.
    pub fn set(&mut self, object: u64, state: ObjectState) {
        let byte = usize::try_from(object / PER_BYTE).ok().and_then(|at| self.data.get_mut(at));
        if let (Some(byte), true) = (byte, object < self.len) {
            *byte = (*byte & !(3 << shift(object))) | ((state.to_raw() & 3) << shift(object));
        }
    }

    /// Sets the state of objects `from..to` that are in state `current`, or of all of them. Returns
    /// whether any changed.
    pub fn update(
        &mut self,
        from: u64,
        to: u64,
        state: ObjectState,
        current: Option<ObjectState>,
    ) -> bool {
        let mut changed = false;
        for object in from..to.min(self.len) {
            let now = self.get(object);
            if replaces(now, state, current) {
                self.set(object, state);
                changed = true;
            }
        }
        changed
    }

    /// Changes objects `from..to` that are in exactly one state. Returns whether any changed.
    pub fn update_exactly(
        &mut self,
        from: u64,
        to: u64,
        before: ObjectState,
        after: ObjectState,
    ) -> bool {
        let mut changed = false;
        for object in from..to.min(self.len) {
            if self.get(object) == before {
                self.set(object, after);
                changed = true;
            }
        }
        changed
    }

    /// A map, or an aligned part of one, from its packed states.
    #[must_use]
    pub fn from_data(data: Vec<u8>) -> Self {
        ObjectMap { len: data.len() as u64 * PER_BYTE, data }
    }

    /// The packed states.
    #[must_use]
    pub fn into_data(self) -> Vec<u8> {
        self.data
    }

    /// Changes the number of objects; new ones get `state`. `-EINVAL` beyond [`MAX_OBJECTS`].
    pub fn resize(&mut self, len: u64, state: ObjectState) -> Result<()> {
        let bytes = usize::try_from(len.div_ceil(PER_BYTE)).unwrap_or(usize::MAX);
        if len > MAX_OBJECTS {
            return Err(Errno::EINVAL.because(format!("an object map of {len} objects")));
        }
        let (old, old_bytes) = (self.len, self.data.len());
        self.len = len;
        // What is behind the last object in its byte stays as it is, as Ceph leaves it: zero in a
        // new byte.
        self.data.resize(bytes, (state.to_raw() & 3) * 0b0101_0101);
        let partial = len % PER_BYTE;
        if let (true, true, Some(last)) = (bytes > old_bytes, partial > 0, self.data.last_mut()) {
            *last = 0;
            (len - partial..len).for_each(|object| self.set(object, state));
        }
        (old..len.min(old.next_multiple_of(PER_BYTE))).for_each(|object| self.set(object, state));
        Ok(())
    }

    /// The stored form, with checksums.
    #[must_use]
    pub fn to_stored(&self) -> Writer {
        let mut writer = Writer::new();
        writer.raw(&self.header()).raw(&self.data).raw(&self.footer());
        writer
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> bytes::Bytes {
        let mut writer = Writer::new();
        writer.u32(14).versioned(1, 1, |writer| {
            writer.u64(self.len);
        });
        writer.into_bytes()
    }

    /// The footer with checksums.
    #[must_use]
    pub fn footer(&self) -> bytes::Bytes {
        let sums: Vec<u32> = self.data.chunks(BLOCK).map(checksum).collect();
        let mut writer = Writer::new();
        writer.count(8 + 4 * sums.len());
        writer.u32(checksum(self.header().get(4..).unwrap_or_default())).list(&sums);
        writer.into_bytes()
    }
}

/// Whether an update to `new` with the condition `expected` changes an object that is in state
/// `now`. One that is known clean counts as existing too.
fn replaces(now: ObjectState, new: ObjectState, expected: Option<ObjectState>) -> bool {
    let met = match expected {
        None => true,
        Some(ObjectState::Exists) => matches!(now, ObjectState::Exists | ObjectState::ExistsClean),
        Some(expected) => now == expected,
    };
    met && now != new
}

fn shift(object: u64) -> u32 {
    (3 - (object % PER_BYTE) as u32) * 2
}

impl Encode for ObjectMap {
    /// As the argument of a call: without checksums.
    fn encode(&self, writer: &mut Writer) {
        writer.raw(&self.header()).raw(&self.data).u32(0);
    }
}

impl Decode for ObjectMap {
    const MIN_SIZE: usize = HEADER_LEN + 4;

    /// With or without checksums; `-EBADMSG` if one is wrong.
    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let bad = |what| Errno::EBADMSG.because(format!("{field}: {what}"));
        let header = reader.bytes("object map header")?;
        let len = Reader::new(header).versioned(1, "object map header")?.1.u64("objects")?;
        let bytes = usize::try_from(len.div_ceil(PER_BYTE)).map_err(|_| bad("too many objects"))?;
        let data = reader.take(bytes, "object map data")?;
        let mut footer = Reader::new(reader.bytes("object map footer")?);
        if !footer.is_empty() {
            if footer.u32("header checksum")? != checksum(header) {
                return Err(bad("the header's checksum is wrong"));
            }
            let sums: Vec<u32> = footer.list("data checksums")?;
            if !data.chunks(BLOCK).map(checksum).eq(sums) {
                return Err(bad("a checksum of the data is wrong"));
            }
        }
        Ok(ObjectMap { len, data: data.to_vec() })
    }
}

calls! { "rbd":
    /// The map: `-ENOENT`.
    ObjectMapLoad = "object_map_load" {} -> ObjectMap;
    /// Replaces the map.
    ObjectMapSave = "object_map_save" { /** The map. */ map: ObjectMap } -> ();
    /// Changes the number of objects: `-ESTALE` if objects are cut off that exist, `-EINVAL` beyond
    /// [`MAX_OBJECTS`].
    ObjectMapResize = "object_map_resize" {
        /// How many.
        objects: u64,
        /// The state of new ones.
        state: ObjectState,
    } -> ();
    /// Sets the state of objects, of those in `current` state if that is given: `-ERANGE` beyond
    /// the end.
    ObjectMapUpdate = "object_map_update" {
        /// The first.
        from: u64,
        /// Behind the last.
        to: u64,
        /// From now on.
        state: ObjectState,
        /// Before.
        current: Option<ObjectState>,
    } -> ();
    /// Marks existing objects clean, when a snapshot was made.
    ObjectMapSnapAdd = "object_map_snap_add" {} -> ();
    /// Marks clean objects existing that are not clean in the map of a snapshot being removed.
    ObjectMapSnapRemove = "object_map_snap_remove" {
        /** The snapshot's map. */ map: ObjectMap
    } -> ();
}
