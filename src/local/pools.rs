//! Pools: their table, snapshots of pools, and what is told about them.
//!
//! Numbers, orders and errors are a monitor's, as measured on 16.2.15.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::clearing;
use crate::errno::{Errno, Result};
use crate::model::{PoolId, PoolInfo, SnapId};

/// Most bytes of an application's name, of a key and of a value (`mon_osd_...` has no option for
/// it).
pub const APPLICATION_LEN_MAX: usize = 128;
/// Most applications of a pool (`mon_max_pool_applications` of the monitor's code).
pub const APPLICATIONS_MAX: usize = 4;

const SNAPS_OF_POOL: i64 = 1;
const SNAPS_OF_CLIENTS: i64 = 2;

/// A pool, with what only commands ask for.
#[derive(Clone, Debug)]
pub struct Pool {
    /// What all may ask.
    pub info: PoolInfo,
    /// When it was made.
    pub created: SystemTime,
    /// The map's epoch when it last changed.
    pub last_change: u64,
    /// The map's epoch when its snapshots last changed.
    pub snap_epoch: u64,
    /// What was set by commands.
    pub options: BTreeMap<String, String>,
    /// `snap_mode` of its row.
    mode: i64,
}

impl Pool {
    /// Whether the pool has, or had, snapshots of its own.
    #[must_use]
    pub fn has_pool_snaps(&self) -> bool {
        self.mode == SNAPS_OF_POOL
    }
}

/// The map's epoch: goes up with every change that a cluster would publish.
pub fn epoch(db: &Connection) -> Result<u64> {
    let query = "SELECT value FROM meta WHERE key = 'epoch'";
    let epoch: Option<i64> = db.query_row(query, [], |row| row.get(0)).optional()?;
    Ok(epoch.map_or(1, i64::cast_unsigned))
}

/// Makes the map's epoch the next one.
pub fn next_epoch(tx: &Transaction<'_>) -> Result<u64> {
    let next = epoch(tx)? + 1;
    tx.execute("INSERT OR REPLACE INTO meta VALUES ('epoch', ?1)", [next.cast_signed()])?;
    Ok(next)
}

const COLUMNS: &str = "id, name, snap_seq, snap_mode, pg_num, created, last_change, snap_epoch, \
                       applications, options";

fn pool_of(db: &Connection, row: &Row<'_>) -> Result<Pool> {
    let id = PoolId(row.get(0)?);
    let mode: i64 = row.get(3)?;
    let applications: String = row.get(8)?;
    let options: String = row.get(9)?;
    let bad = |what: serde_json::Error| Errno::EIO.because(format!("pool {id}: {what}"));
    Ok(Pool {
        info: PoolInfo {
            id,
            name: row.get(1)?,
            requires_alignment: false,
            stripe_width: 0,
            full: false,
            snap_seq: row.get::<_, i64>(2)?.cast_unsigned(),
            snaps: snaps_of(db, id)?,
            selfmanaged_snaps: mode == SNAPS_OF_CLIENTS,
            applications: serde_json::from_str(&applications).map_err(bad)?,
            pg_num: row.get(4)?,
            base_tier: None,
        },
        created: time_of(row.get(5)?),
        last_change: row.get::<_, i64>(6)?.cast_unsigned(),
        snap_epoch: row.get::<_, i64>(7)?.cast_unsigned(),
        options: serde_json::from_str(&options).map_err(bad)?,
        mode,
    })
}

fn snaps_of(db: &Connection, pool: PoolId) -> Result<BTreeMap<u64, (String, SystemTime)>> {
    let mut query = db.prepare_cached("SELECT id, name, time FROM pool_snap WHERE pool = ?1")?;
    let rows = query.query_map([pool.0], |row| {
        Ok((row.get::<_, i64>(0)?.cast_unsigned(), (row.get(1)?, time_of(row.get(2)?))))
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// A time as it stands in the database.
#[must_use]
pub fn time_of(nanoseconds: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0))
}

/// A time for the database.
#[must_use]
pub fn nanoseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// All pools, by number.
pub fn all(db: &Connection) -> Result<Vec<Pool>> {
    let mut query = db.prepare_cached(&format!("SELECT {COLUMNS} FROM pool ORDER BY id"))?;
    let mut rows = query.query([])?;
    let mut pools = Vec::new();
    while let Some(row) = rows.next()? {
        pools.push(pool_of(db, row)?);
    }
    Ok(pools)
}

/// Numbers and names of all pools, by number.
pub fn names(db: &Connection) -> Result<Vec<(PoolId, String)>> {
    let mut query = db.prepare_cached("SELECT id, name FROM pool ORDER BY id")?;
    let rows = query.query_map([], |row| Ok((PoolId(row.get(0)?), row.get(1)?)))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// A pool by number; `-ENOENT`.
pub fn by_id(db: &Connection, id: PoolId) -> Result<Pool> {
    let mut query = db.prepare_cached(&format!("SELECT {COLUMNS} FROM pool WHERE id = ?1"))?;
    let mut rows = query.query([id.0])?;
    match rows.next()? {
        Some(row) => pool_of(db, row),
        None => Err(Errno::ENOENT.because(format!("pool {id}"))),
    }
}

/// A pool's number; `-ENOENT`.
pub fn by_name(db: &Connection, name: &str) -> Result<PoolId> {
    let mut query = db.prepare_cached("SELECT id FROM pool WHERE name = ?1")?;
    let id = query.query_row([name], |row| row.get(0)).optional()?;
    id.map(PoolId).ok_or_else(|| Errno::ENOENT.because(format!("pool '{name}'")))
}

/// Makes a pool; `-EINVAL` without a name, `-EEXIST`.
pub fn create(tx: &Transaction<'_>, name: &str, pg_num: u32) -> Result<PoolId> {
    if name.is_empty() {
        return Err(Errno::EINVAL.because("a pool without a name"));
    }
    if by_name(tx, name).is_ok() {
        return Err(Errno::EEXIST.because(format!("pool '{name}'")));
    }
    let epoch = next_epoch(tx)?.cast_signed();
    let insert = "INSERT INTO pool (name, pg_num, created, last_change) VALUES (?1, ?2, ?3, ?4)";
    tx.execute(insert, (name, pg_num, nanoseconds(SystemTime::now()), epoch))?;
    Ok(PoolId(tx.last_insert_rowid()))
}

/// Removes a pool's row and its snapshots' rows; what it holds is to be cleared away.
pub fn delete(tx: &Transaction<'_>, id: PoolId) -> Result<()> {
    next_epoch(tx)?;
    for table in ["pool_snap", "removed_snap"] {
        tx.execute(&format!("DELETE FROM {table} WHERE pool = ?1"), [id.0])?;
    }
    tx.execute("DELETE FROM pool WHERE id = ?1", [id.0])?;
    clearing::note_pool(tx, id)
}

/// Gives a pool another name; `-EEXIST`.
pub fn rename(tx: &Transaction<'_>, id: PoolId, name: &str) -> Result<()> {
    if by_name(tx, name).is_ok() {
        return Err(Errno::EEXIST.because(format!("pool '{name}'")));
    }
    tx.execute("UPDATE pool SET name = ?2 WHERE id = ?1", (id.0, name))?;
    changed(tx, id).map(drop)
}

/// Notes that a pool changed. Returns the new epoch.
pub fn changed(tx: &Transaction<'_>, id: PoolId) -> Result<u64> {
    let epoch = next_epoch(tx)?;
    let update = "UPDATE pool SET last_change = ?2 WHERE id = ?1";
    tx.execute(update, (id.0, epoch.cast_signed()))?;
    Ok(epoch)
}

fn snaps_changed(tx: &Transaction<'_>, id: PoolId, mode: i64, seq: u64) -> Result<()> {
    let epoch = changed(tx, id)?.cast_signed();
    let update = "UPDATE pool SET snap_mode = ?2, snap_seq = ?3, snap_epoch = ?4 WHERE id = ?1";
    tx.execute(update, (id.0, mode, seq.cast_signed(), epoch))?;
    Ok(())
}

/// Makes a pool snapshot; `-EEXIST`, `-EINVAL` when clients manage the pool's snapshots.
pub fn snap_create(tx: &Transaction<'_>, id: PoolId, name: &str) -> Result<SnapId> {
    let pool = by_id(tx, id)?;
    if pool.mode == SNAPS_OF_CLIENTS {
        return Err(Errno::EINVAL.because("the pool's snapshots are self-managed"));
    }
    if pool.info.snap_by_name(name).is_some() {
        return Err(Errno::EEXIST.because(format!("snapshot '{name}'")));
    }
    let snap = pool.info.snap_seq + 1;
    let insert = "INSERT INTO pool_snap (pool, id, name, time) VALUES (?1, ?2, ?3, ?4)";
    tx.execute(insert, (id.0, snap.cast_signed(), name, nanoseconds(SystemTime::now())))?;
    snaps_changed(tx, id, SNAPS_OF_POOL, snap)?;
    Ok(SnapId(snap))
}

/// Removes a pool snapshot; `-ENOENT`. A removal takes a number, too.
pub fn snap_remove(tx: &Transaction<'_>, id: PoolId, name: &str) -> Result<SnapId> {
    let pool = by_id(tx, id)?;
    let snap = pool.info.snap_by_name(name);
    let snap = snap.ok_or_else(|| Errno::ENOENT.because(format!("snapshot '{name}'")))?;
    let delete = "DELETE FROM pool_snap WHERE pool = ?1 AND id = ?2";
    tx.execute(delete, (id.0, snap.0.cast_signed()))?;
    note_removed(tx, id, snap)?;
    snaps_changed(tx, id, SNAPS_OF_POOL, pool.info.snap_seq + 1)?;
    Ok(snap)
}

/// Gives out a number for a self-managed snapshot; `-EINVAL` in a pool with pool snapshots. The
/// first number is 2: the monitor makes a pool self-managed by giving out 1 to nobody.
pub fn selfmanaged_create(tx: &Transaction<'_>, id: PoolId) -> Result<SnapId> {
    let pool = by_id(tx, id)?;
    if pool.mode == SNAPS_OF_POOL {
        return Err(Errno::EINVAL.because("the pool has pool snapshots"));
    }
    let snap = pool.info.snap_seq.max(1) + 1;
    snaps_changed(tx, id, SNAPS_OF_CLIENTS, snap)?;
    Ok(SnapId(snap))
}

/// Removes a self-managed snapshot; `None` if it was removed before. `-EINVAL` in a pool with pool
/// snapshots, `-EOPNOTSUPP` in one without snapshots, `-ENOENT` for a number not given out.
pub fn selfmanaged_remove(
    tx: &Transaction<'_>,
    id: PoolId,
    snap: SnapId,
) -> Result<Option<SnapId>> {
    let pool = by_id(tx, id)?;
    match pool.mode {
        SNAPS_OF_POOL => return Err(Errno::EINVAL.because("the pool has pool snapshots")),
        SNAPS_OF_CLIENTS => {}
        _ => return Err(Errno::EOPNOTSUPP.because("the pool has no snapshots")),
    }
    if snap.0 > pool.info.snap_seq {
        return Err(Errno::ENOENT.because(format!("snapshot {snap} was never made")));
    }
    // Numbers begin with 1: no object knows snapshot 0, and in `clearing` it would stand for the
    // pool.
    if snap.0 == 0 || !note_removed(tx, id, snap)? {
        return Ok(None);
    }
    snaps_changed(tx, id, SNAPS_OF_CLIENTS, pool.info.snap_seq + 1)?;
    Ok(Some(snap))
}

/// Whether it was news.
fn note_removed(tx: &Transaction<'_>, id: PoolId, snap: SnapId) -> Result<bool> {
    let insert = "INSERT OR IGNORE INTO removed_snap (pool, snap) VALUES (?1, ?2)";
    let is_news = tx.execute(insert, (id.0, snap.0.cast_signed()))? > 0;
    if is_news {
        clearing::note_snap(tx, id, snap)?;
    }
    Ok(is_news)
}

/// Stores a pool's applications.
pub fn set_applications(
    tx: &Transaction<'_>,
    id: PoolId,
    applications: &BTreeMap<String, BTreeMap<String, String>>,
) -> Result<()> {
    let text = serde_json::to_string(applications).unwrap_or_default();
    tx.execute("UPDATE pool SET applications = ?2 WHERE id = ?1", (id.0, text))?;
    changed(tx, id).map(drop)
}

/// Stores what commands set of a pool.
pub fn set_options(
    tx: &Transaction<'_>,
    id: PoolId,
    options: &BTreeMap<String, String>,
) -> Result<()> {
    let text = serde_json::to_string(options).unwrap_or_default();
    tx.execute("UPDATE pool SET options = ?2 WHERE id = ?1", (id.0, text))?;
    changed(tx, id).map(drop)
}

/// Sets the number of placement groups, which is only told.
pub fn set_pg_num(tx: &Transaction<'_>, id: PoolId, pg_num: u32) -> Result<()> {
    tx.execute("UPDATE pool SET pg_num = ?2 WHERE id = ?1", (id.0, pg_num))?;
    changed(tx, id).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::store::Store;

    fn run<T>(body: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let dir = tempfile::tempdir().unwrap();
        Store::open(dir.path()).unwrap().db().write(body)
    }

    #[test]
    fn numbers_of_pools_are_never_reused() {
        run(|tx| {
            assert_eq!(create(tx, "a", 8)?, PoolId(1));
            assert_eq!(create(tx, "a", 8).unwrap_err(), Errno::EEXIST);
            assert_eq!(create(tx, "", 8).unwrap_err(), Errno::EINVAL);
            delete(tx, PoolId(1))?;
            assert_eq!(by_name(tx, "a").unwrap_err(), Errno::ENOENT);
            assert_eq!(create(tx, "a", 8)?, PoolId(2));
            let pool = by_id(tx, PoolId(2))?;
            assert_eq!((pool.info.pg_num, pool.last_change), (8, epoch(tx)?));
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn pool_snapshots_take_numbers_as_a_monitor_gives_them() {
        run(|tx| {
            let pool = create(tx, "sp", 8)?;
            assert_eq!(snap_create(tx, pool, "a")?, SnapId(1));
            assert_eq!(snap_create(tx, pool, "a").unwrap_err(), Errno::EEXIST);
            assert_eq!(snap_create(tx, pool, "b")?, SnapId(2));
            assert_eq!(selfmanaged_create(tx, pool).unwrap_err(), Errno::EINVAL);
            assert_eq!(selfmanaged_remove(tx, pool, SnapId(1)).unwrap_err(), Errno::EINVAL);
            snap_remove(tx, pool, "a")?;
            assert_eq!(snap_remove(tx, pool, "a").unwrap_err(), Errno::ENOENT);
            assert_eq!(snap_create(tx, pool, "")?, SnapId(4));
            snap_remove(tx, pool, "b")?;
            assert_eq!(snap_create(tx, pool, "c")?, SnapId(6));
            let snaps = by_id(tx, pool)?.info.snaps;
            assert_eq!(snaps.keys().copied().collect::<Vec<_>>(), [4, 6]);
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn self_managed_snapshots_begin_with_2() {
        run(|tx| {
            let pool = create(tx, "sm", 8)?;
            assert_eq!(selfmanaged_remove(tx, pool, SnapId(1)).unwrap_err(), Errno::EOPNOTSUPP);
            for expected in 2..=4 {
                assert_eq!(selfmanaged_create(tx, pool)?, SnapId(expected));
            }
            assert_eq!(snap_create(tx, pool, "x").unwrap_err(), Errno::EINVAL);
            assert_eq!(snap_remove(tx, pool, "x").unwrap_err(), Errno::ENOENT);
            assert_eq!(selfmanaged_remove(tx, pool, SnapId(2))?, Some(SnapId(2)));
            assert_eq!(selfmanaged_remove(tx, pool, SnapId(0))?, None);
            assert_eq!(selfmanaged_remove(tx, pool, SnapId(2))?, None);
            assert_eq!(selfmanaged_remove(tx, pool, SnapId(99)).unwrap_err(), Errno::ENOENT);
            assert_eq!(selfmanaged_create(tx, pool)?, SnapId(6));
            assert!(by_id(tx, pool)?.info.selfmanaged_snaps);
            Ok(())
        })
        .unwrap();
    }
}
