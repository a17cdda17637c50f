//! How much is in a store.

use rusqlite::Connection;

use super::disk::space;
use super::store::Store;
use crate::errno::Result;
use crate::model::{ClusterStat, PoolId, PoolStat};

/// What a pool holds. Clones count as objects, and of a clone only what it does not share, as an
/// OSD counts.
pub fn pool(store: &Store, db: &Connection, id: PoolId) -> Result<PoolStat> {
    let heads = "SELECT count(*), coalesce(sum(size), 0) FROM object JOIN body ON body.id = head \
                 WHERE pool = ?1";
    let pair = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
    let (heads, mut bytes) = db.prepare_cached(heads)?.query_row([id.0], pair)?;
    let query = "SELECT size, overlap FROM object JOIN clone ON clone.object = object.id \
                 JOIN body ON body.id = clone.body WHERE pool = ?1";
    let mut query = db.prepare_cached(query)?;
    let mut rows = query.query([id.0])?;
    let mut clones = 0;
    while let Some(row) = rows.next()? {
        let shared = shared_bytes(row.get_ref(1)?.as_str().unwrap_or_default());
        bytes += (row.get::<_, i64>(0)? - shared).max(0);
        clones += 1;
    }
    let objects = (heads + clones).cast_unsigned();
    let bytes = bytes.cast_unsigned();
    let mut stat = PoolStat {
        bytes,
        objects,
        object_clones: clones.cast_unsigned(),
        object_copies: objects,
        user_bytes: bytes,
        ..PoolStat::default()
    };
    store.add_traffic(id, &mut stat);
    Ok(stat)
}

/// The bytes of ranges written as `0~4096,8192~512`.
fn shared_bytes(ranges: &str) -> i64 {
    let lengths = ranges.split(',').filter_map(|range| range.split_once('~'));
    lengths.filter_map(|(_, len)| len.parse::<i64>().ok()).sum()
}

/// What the cluster has: the file system under the store.
pub fn cluster(store: &Store) -> Result<ClusterStat> {
    let space = space(store.dir())?;
    let objects = "SELECT (SELECT count(*) FROM object WHERE head IS NOT NULL) + \
                   (SELECT count(*) FROM clone)";
    let objects: i64 = store.db().read(|db| Ok(db.query_row(objects, [], |row| row.get(0))?))?;
    Ok(ClusterStat {
        kb: space.total >> 10,
        kb_used: space.total.saturating_sub(space.available) >> 10,
        kb_avail: space.available >> 10,
        objects: objects.cast_unsigned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_has_the_space_of_its_file_system() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let stat = cluster(&store).unwrap();
        assert!(stat.kb > 0 && stat.kb_avail <= stat.kb && stat.objects == 0);
        assert_eq!(shared_bytes("0~4096,8192~512"), 4608);
        assert_eq!(shared_bytes(""), 0);
    }
}
