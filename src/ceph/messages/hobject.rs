//! Objects as OSDs order them (`hobject_t`), on the wire.

use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::Result;
pub use crate::model::HObject;
use crate::model::{Name, SnapId};

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

    #[test]
    fn objects_come_back() {
        let some = HObject { hash: 77, pool: 2, snap: SnapId::HEAD, ..HObject::min() };
        for object in [HObject::min(), HObject::max(), HObject { name: "n".into(), ..some }] {
            let bytes = Writer::of(&object);
            let mut reader = Reader::new(&bytes);
            assert_eq!(HObject::decode(&mut reader, "object").unwrap(), object);
            reader.finish("object").unwrap();
        }
    }
}
