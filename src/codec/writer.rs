//! Appending values to encoded bytes.

use std::collections::{BTreeMap, BTreeSet};

use bytes::{Bytes, BytesMut};

/// A buffer that grows by encoded values.
#[derive(Debug, Default)]
pub struct Writer {
    buf: BytesMut,
}

/// A value that can be written in Ceph's encoding.
pub trait Encode {
    /// Appends the value.
    fn encode(&self, writer: &mut Writer);
}

macro_rules! integers {
    ($($name:ident: $type:ty),*) => {
        impl Writer {
            $(
                #[doc = concat!("Appends a little-endian `", stringify!($type), "`.")]
                pub fn $name(&mut self, value: $type) -> &mut Self {
                    self.buf.extend_from_slice(&value.to_le_bytes());
                    self
                }
            )*
        }
        $(impl Encode for $type {
            fn encode(&self, writer: &mut Writer) {
                writer.$name(*self);
            }
        })*
    };
}

integers!(u8: u8, u16: u16, u32: u32, u64: u64, i8: i8, i16: i16, i32: i32, i64: i64);

impl Writer {
    /// An empty buffer.
    #[must_use]
    pub fn new() -> Self {
        Writer::default()
    }

    /// An empty buffer with room, which [`Writer::split`] gives out piece by piece.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Writer { buf: BytesMut::with_capacity(bytes) }
    }

    /// Takes what was written since the last split. The rest of the room stays for what follows,
    /// and room whose pieces are all gone is used again.
    #[must_use]
    pub fn split(&mut self) -> Bytes {
        self.buf.split().freeze()
    }

    /// Encodes one value into a buffer of its own.
    pub fn of(value: &impl Encode) -> Bytes {
        let mut writer = Writer::new();
        value.encode(&mut writer);
        writer.into_bytes()
    }

    /// The encoded bytes.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.buf.freeze()
    }

    /// Bytes written so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.buf.len()
    }

    /// Whether nothing was written yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buf.is_empty()
    }

    /// Appends bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.buf.extend_from_slice(bytes);
        self
    }

    /// Appends as many zeros.
    pub fn zeros(&mut self, count: usize) -> &mut Self {
        self.buf.resize(self.buf.len() + count, 0);
        self
    }

    /// One byte, 1 or 0.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.u8(u8::from(value))
    }

    /// Bytes or a string behind their `u32` length.
    pub fn bytes(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let bytes = bytes.as_ref();
        self.count(bytes.len()).raw(bytes)
    }

    /// A `u32` count. Saturates, since no list in memory is that long.
    pub fn count(&mut self, count: usize) -> &mut Self {
        self.u32(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// A value of a type that knows how.
    pub fn value(&mut self, value: &impl Encode) -> &mut Self {
        value.encode(self);
        self
    }

    /// A list behind its `u32` count.
    pub fn list<T: Encode>(&mut self, items: &[T]) -> &mut Self {
        self.count(items.len());
        for item in items {
            item.encode(self);
        }
        self
    }

    /// A map behind its `u32` count, in key order.
    pub fn map<K: Encode, V: Encode>(&mut self, map: &BTreeMap<K, V>) -> &mut Self {
        self.count(map.len());
        for (key, value) in map {
            key.encode(self);
            value.encode(self);
        }
        self
    }

    /// An optional value: a byte that tells whether it follows.
    pub fn option<T: Encode>(&mut self, value: Option<&T>) -> &mut Self {
        self.bool(value.is_some());
        if let Some(value) = value {
            value.encode(self);
        }
        self
    }

    /// A versioned struct: `fields` writes its fields, the length is filled in afterwards.
    pub fn versioned(
        &mut self,
        version: u8,
        oldest_reader: u8,
        fields: impl FnOnce(&mut Writer),
    ) -> &mut Self {
        self.u8(version).u8(oldest_reader).u32(0);
        let start = self.buf.len();
        fields(self);
        let len = u32::try_from(self.buf.len() - start).unwrap_or(u32::MAX);
        self.buf[start - 4..start].copy_from_slice(&len.to_le_bytes());
        self
    }
}

impl Encode for bool {
    fn encode(&self, writer: &mut Writer) {
        writer.bool(*self);
    }
}

impl Encode for str {
    fn encode(&self, writer: &mut Writer) {
        writer.bytes(self);
    }
}

impl Encode for String {
    fn encode(&self, writer: &mut Writer) {
        writer.bytes(self);
    }
}

impl Encode for Bytes {
    fn encode(&self, writer: &mut Writer) {
        writer.bytes(self);
    }
}

impl<A: Encode, B: Encode> Encode for (A, B) {
    fn encode(&self, writer: &mut Writer) {
        self.0.encode(writer);
        self.1.encode(writer);
    }
}

impl Encode for () {
    fn encode(&self, _writer: &mut Writer) {}
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, writer: &mut Writer) {
        writer.list(self);
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, writer: &mut Writer) {
        writer.option(self.as_ref());
    }
}

impl<T: Encode> Encode for BTreeSet<T> {
    fn encode(&self, writer: &mut Writer) {
        writer.count(self.len());
        self.iter().for_each(|item| item.encode(writer));
    }
}

impl<K: Encode, V: Encode> Encode for BTreeMap<K, V> {
    fn encode(&self, writer: &mut Writer) {
        writer.map(self);
    }
}
