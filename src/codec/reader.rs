//! Taking values from encoded bytes.

use std::collections::{BTreeMap, BTreeSet};

use crate::errno::{Errno, Error, Result};

/// A cursor over encoded bytes. Every method names the field it reads, for the error.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    left: &'a [u8],
}

/// A value that can be read from Ceph's encoding.
pub trait Decode: Sized {
    /// Fewest bytes an encoded value takes; caps a count before anything is allocated.
    const MIN_SIZE: usize;

    /// Reads one value; `field` names it in the error.
    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self>;
}

fn short(field: &'static str) -> Error {
    Errno::EBADMSG.because(format!("{field}: too few bytes"))
}

macro_rules! integers {
    ($($name:ident: $type:ty),*) => {
        impl<'a> Reader<'a> {
            $(
                #[doc = concat!("Reads a little-endian `", stringify!($type), "`.")]
                pub fn $name(&mut self, field: &'static str) -> Result<$type> {
                    let bytes = self.take(size_of::<$type>(), field)?;
                    Ok(<$type>::from_le_bytes(bytes.try_into().map_err(|_| short(field))?))
                }
            )*
        }
        $(impl Decode for $type {
            const MIN_SIZE: usize = size_of::<$type>();
            fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
                reader.$name(field)
            }
        })*
    };
}

integers!(u8: u8, u16: u16, u32: u32, u64: u64, i8: i8, i16: i16, i32: i32, i64: i64);

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { left: bytes }
    }

    /// What has not been read yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.left
    }

    /// Whether everything has been read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// Takes `len` bytes as they are.
    pub fn take(&mut self, len: usize, field: &'static str) -> Result<&'a [u8]> {
        let (head, tail) = self.left.split_at_checked(len).ok_or_else(|| short(field))?;
        self.left = tail;
        Ok(head)
    }

    /// A `bool`: one byte, true unless zero.
    pub fn bool(&mut self, field: &'static str) -> Result<bool> {
        Ok(self.u8(field)? != 0)
    }

    /// Bytes behind a `u32` length.
    pub fn bytes(&mut self, field: &'static str) -> Result<&'a [u8]> {
        let len = self.u32(field)? as usize;
        self.take(len, field)
    }

    /// A string behind a `u32` length that must be UTF-8.
    pub fn string(&mut self, field: &'static str) -> Result<String> {
        let bytes = self.bytes(field)?;
        let text = std::str::from_utf8(bytes)
            .map_err(|_| Errno::EBADMSG.because(format!("{field}: not UTF-8")))?;
        Ok(text.to_owned())
    }

    /// A `u32` count that announces elements of at least `min_size` bytes each.
    pub fn count(&mut self, min_size: usize, field: &'static str) -> Result<usize> {
        let count = self.u32(field)? as usize;
        if count.saturating_mul(min_size.max(1)) > self.left.len() {
            return Err(short(field));
        }
        Ok(count)
    }

    /// A list behind a `u32` count.
    pub fn list<T: Decode>(&mut self, field: &'static str) -> Result<Vec<T>> {
        let count = self.count(T::MIN_SIZE, field)?;
        (0..count).map(|_| T::decode(self, field)).collect()
    }

    /// A map behind a `u32` count.
    pub fn map<K: Decode + Ord, V: Decode>(
        &mut self,
        field: &'static str,
    ) -> Result<BTreeMap<K, V>> {
        let count = self.count(K::MIN_SIZE + V::MIN_SIZE, field)?;
        (0..count).map(|_| Ok((K::decode(self, field)?, V::decode(self, field)?))).collect()
    }

    /// An optional value: a byte that tells whether it follows.
    pub fn option<T: Decode>(&mut self, field: &'static str) -> Result<Option<T>> {
        self.bool(field)?.then(|| T::decode(self, field)).transpose()
    }

    /// Opens a versioned struct that this program reads up to version `ours`: the version it was
    /// written with, and a reader of just its fields. The rest of what a newer writer added is
    /// skipped.
    pub fn versioned(&mut self, ours: u8, field: &'static str) -> Result<(u8, Reader<'a>)> {
        let version = self.u8(field)?;
        let oldest = self.u8(field)?;
        if oldest > ours {
            return Err(Errno::EBADMSG.because(format!(
                "{field}: needs a reader of version {oldest}, this one is {ours}"
            )));
        }
        let len = self.u32(field)? as usize;
        Ok((version, Reader::new(self.take(len, field)?)))
    }

    /// Fails when anything is left.
    pub fn finish(self, field: &'static str) -> Result<()> {
        match self.left.len() {
            0 => Ok(()),
            n => Err(Errno::EBADMSG.because(format!("{field}: {n} bytes too many"))),
        }
    }
}

impl Decode for bool {
    const MIN_SIZE: usize = 1;
    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        reader.bool(field)
    }
}

impl Decode for String {
    const MIN_SIZE: usize = 4;
    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        reader.string(field)
    }
}

impl Decode for bytes::Bytes {
    const MIN_SIZE: usize = 4;
    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        Ok(bytes::Bytes::copy_from_slice(reader.bytes(field)?))
    }
}

impl<A: Decode, B: Decode> Decode for (A, B) {
    const MIN_SIZE: usize = A::MIN_SIZE + B::MIN_SIZE;
    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        Ok((A::decode(reader, field)?, B::decode(reader, field)?))
    }
}

impl Decode for () {
    const MIN_SIZE: usize = 0;
    fn decode(_reader: &mut Reader<'_>, _field: &'static str) -> Result<Self> {
        Ok(())
    }
}

impl<T: Decode> Decode for Vec<T> {
    const MIN_SIZE: usize = 4;
    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        reader.list(field)
    }
}

impl<T: Decode> Decode for Option<T> {
    const MIN_SIZE: usize = 1;
    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        reader.option(field)
    }
}

impl<T: Decode + Ord> Decode for BTreeSet<T> {
    const MIN_SIZE: usize = 4;
    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let count = reader.count(T::MIN_SIZE, field)?;
        (0..count).map(|_| T::decode(reader, field)).collect()
    }
}

impl<K: Decode + Ord, V: Decode> Decode for BTreeMap<K, V> {
    const MIN_SIZE: usize = 4;
    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        reader.map(field)
    }
}
