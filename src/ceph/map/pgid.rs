//! Placement groups by name.

use std::fmt;

use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::Result;

/// The shard of a replicated pool's group: none (`shard_id_t::NO_SHARD`).
pub const NO_SHARD: i8 = -1;

/// A placement group (`pg_t`). *Raw* while `seed` is an object's whole hash, *actual* once
/// [`super::OsdMap::fold`] has brought it below the pool's number of groups.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct PgId {
    /// Its pool.
    pub pool: i64,
    /// Its number within the pool, or an object's placement hash.
    pub seed: u32,
}

/// A placement group and the shard of it that one OSD has (`spg_t`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SpgId {
    /// The group.
    pub pg: PgId,
    /// The position in an erasure-coded pool's acting set, [`NO_SHARD`] in others.
    pub shard: i8,
}

impl fmt::Display for PgId {
    /// `1.2f`: the seed is hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:x}", self.pool, self.seed)
    }
}

impl fmt::Display for SpgId {
    /// `1.2f`, or `1.2fs3` with a shard.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shard {
            NO_SHARD => self.pg.fmt(f),
            shard => write!(f, "{}s{shard}", self.pg),
        }
    }
}

impl Encode for PgId {
    fn encode(&self, writer: &mut Writer) {
        // The last field was a preferred OSD; nobody has one any more.
        writer.u8(1).i64(self.pool).u32(self.seed).i32(-1);
    }
}

impl Decode for PgId {
    const MIN_SIZE: usize = 17;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        reader.u8(field)?;
        let id = PgId { pool: reader.i64(field)?, seed: reader.u32(field)? };
        reader.i32(field)?;
        Ok(id)
    }
}

impl Encode for SpgId {
    fn encode(&self, writer: &mut Writer) {
        writer.versioned(1, 1, |writer| {
            writer.value(&self.pg).i8(self.shard);
        });
    }
}

impl Decode for SpgId {
    const MIN_SIZE: usize = 24;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let (_, mut fields) = reader.versioned(1, field)?;
        Ok(SpgId { pg: PgId::decode(&mut fields, field)?, shard: fields.i8(field)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_read_as_ceph_writes_them() {
        let pg = PgId { pool: 1, seed: 0x2f };
        assert_eq!(pg.to_string(), "1.2f");
        assert_eq!(SpgId { pg, shard: NO_SHARD }.to_string(), "1.2f");
        let spg = SpgId { pg, shard: 3 };
        assert_eq!(spg.to_string(), "1.2fs3");
        // ceph-dencoder's form of pg_t 1.2f.
        assert_eq!(
            &Writer::of(&pg)[..],
            [1, 1, 0, 0, 0, 0, 0, 0, 0, 0x2f, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]
        );
        let bytes = Writer::of(&spg);
        assert_eq!(SpgId::decode(&mut Reader::new(&bytes), "spg").unwrap(), spg);
    }
}
