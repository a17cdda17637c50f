//! Objects as OSDs order them (`hobject_t`): backoffs block ranges of them, listings return them.

use std::cmp::Ordering;

use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::Result;
use crate::model::{Name, SnapId};

/// One version of an object, or a place between objects.
///
/// The order is that of a pool's listing: by the bit-reversed hash, then namespace, locator or else
/// name, name, and snapshot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HObject {
    /// The locator key; empty when there is none or when it is the name.
    pub key: Name,
    /// Its name.
    pub name: Name,
    /// Which version.
    pub snap: SnapId,
    /// Its placement hash.
    pub hash: u32,
    /// Behind every object of every pool; all other fields are as in [`HObject::min`].
    pub max: bool,
    /// Its namespace.
    pub namespace: Name,
    /// Its pool.
    pub pool: i64,
}

impl HObject {
    /// Before every object.
    #[must_use]
    pub fn min() -> Self {
        HObject {
            key: Name::empty(),
            name: Name::empty(),
            snap: SnapId(0),
            hash: 0,
            max: false,
            namespace: Name::empty(),
            pool: i64::MIN,
        }
    }

    /// Behind every object.
    #[must_use]
    pub fn max() -> Self {
        HObject { max: true, ..HObject::min() }
    }

    /// What takes part in placement.
    #[must_use]
    pub fn effective_key(&self) -> &Name {
        if self.key.is_empty() { &self.name } else { &self.key }
    }

    /// Whether it lies in the range, from its beginning up to its end; a range without extent is
    /// the one object it begins and ends with.
    #[must_use]
    pub fn is_within(&self, begin: &HObject, end: &HObject) -> bool {
        self == begin || (self > begin && self < end)
    }
}

impl Ord for HObject {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_key = || {
            if self.key.is_empty() && other.key.is_empty() {
                return Ordering::Equal;
            }
            self.effective_key().cmp(other.effective_key())
        };
        self.max
            .cmp(&other.max)
            .then_with(|| self.pool.cmp(&other.pool))
            .then_with(|| self.hash.reverse_bits().cmp(&other.hash.reverse_bits()))
            .then_with(|| self.namespace.cmp(&other.namespace))
            .then_with(by_key)
            .then_with(|| self.name.cmp(&other.name))
            .then_with(|| self.snap.cmp(&other.snap))
    }
}

impl PartialOrd for HObject {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Encode for HObject {
    fn encode(&self, writer: &mut Writer) {
        writer.versioned(4, 3, |writer| {
            writer.bytes(&self.key).bytes(&self.name).u64(self.snap.0).u32(self.hash);
            writer.bool(self.max).bytes(&self.namespace).i64(self.pool);
        });
    }
}

impl Decode for HObject {
    const MIN_SIZE: usize = 6;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let (_, mut fields) = reader.versioned(4, field)?;
        let object = HObject {
            key: Name::from(fields.bytes(field)?),
            name: Name::from(fields.bytes(field)?),
            snap: SnapId(fields.u64(field)?),
            hash: fields.u32(field)?,
            max: fields.bool(field)?,
            namespace: Name::from(fields.bytes(field)?),
            pool: fields.i64(field)?,
        };
        // Whatever else is said of the maximum says nothing.
        Ok(if object.max { HObject::max() } else { object })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(hash: u32, name: &str) -> HObject {
        HObject { name: name.into(), hash, pool: 2, snap: SnapId::HEAD, ..HObject::min() }
    }

    #[test]
    fn objects_come_in_the_order_of_their_reversed_hash() {
        let keyed = HObject { key: "b".into(), ..object(1, "z") };
        let ordered = [
            HObject::min(),
            object(0, "z"),
            object(2, "a"),
            object(1, "a"),
            keyed.clone(),
            object(1, "c"),
            HObject { namespace: "n".into(), ..object(1, "a") },
            HObject { pool: 3, ..object(0, "") },
            HObject::max(),
        ];
        assert!(ordered.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(keyed.is_within(&object(1, "a"), &object(1, "c")));
        assert!(!keyed.is_within(&object(1, "a"), &keyed));
        assert!(keyed.is_within(&keyed, &keyed));
    }

    #[test]
    fn objects_come_back() {
        for object in [HObject::min(), HObject::max(), object(77, "name")] {
            let bytes = Writer::of(&object);
            let mut reader = Reader::new(&bytes);
            assert_eq!(HObject::decode(&mut reader, "object").unwrap(), object);
            reader.finish("object").unwrap();
        }
    }
}
