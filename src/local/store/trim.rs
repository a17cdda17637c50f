//! Removing what snapshots and pools held.

use rusqlite::{Connection, OptionalExtension, params};

use super::data::free_if_unused;
use super::execute::{Effects, Stripes};
use super::shared::Shared;
use super::snaps::{clones, set_overlap};
use super::{Commit, Store};
use crate::errno::Result;
use crate::model::{PoolId, SnapId};

/// Objects treated in one transaction.
const BATCH: usize = 64;

/// An object to be treated: its row's id and its place in listings.
type Found = (i64, u32);

impl Store {
    /// Trims the clones that only this snapshot needs. The snapshot must be in `removed_snap`
    /// already; if this is interrupted, calling it again continues.
    pub fn trim_snap(&self, pool: PoolId, snap: SnapId) -> Result<()> {
        let find = "SELECT o.id, o.position FROM clone_snap s JOIN object o ON o.id = s.object
                    WHERE s.pool = ?1 AND s.snap = ?2 LIMIT ?3";
        let key = (pool.0, snap.0.cast_signed(), BATCH as i64);
        self.in_batches(
            |db| found(db, find, params![key.0, key.1, key.2]),
            |db, object| trim_object(db, pool, snap.0, object),
        )
    }

    /// Removes all objects and clones of a pool. The pool's row must be gone already, so that none
    /// is made meanwhile; if this is interrupted, calling it again continues.
    pub fn purge_pool(&self, pool: PoolId) -> Result<()> {
        let find = "SELECT id, position FROM object WHERE pool = ?1 LIMIT ?2";
        self.in_batches(|db| found(db, find, params![pool.0, BATCH as i64]), remove_object)
    }

    /// Repeats, until nothing is found: finds objects and treats them in one transaction, with
    /// their stripes locked.
    fn in_batches(
        &self,
        find: impl Fn(&Connection) -> Result<Vec<Found>>,
        treat: impl Fn(&Connection, i64) -> Result<()>,
    ) -> Result<()> {
        loop {
            let mut stripes = Stripes::new(&self.shared);
            let count = self.db.write_with(Commit::Lazy, |db| {
                let objects = find(db)?;
                for (object, position) in &objects {
                    stripes.take(self, Shared::stripe(*position))?;
                    treat(db, *object)?;
                }
                Ok(objects.len())
            });
            stripes.unfinished = count.is_err();
            let count = count?;
            self.after_commit(Commit::Lazy, &Effects::default())?;
            if count == 0 {
                break;
            }
        }
        self.flush()
    }
}

fn found(db: &Connection, sql: &str, key: impl rusqlite::Params) -> Result<Vec<Found>> {
    let mut find = db.prepare_cached(sql)?;
    let rows = find.query_map(key, |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// An object does not need a snapshot any more.
fn trim_object(db: &Connection, pool: PoolId, snap: u64, object: i64) -> Result<()> {
    let mut serving = db.prepare_cached(
        "DELETE FROM clone_snap WHERE pool = ?1 AND snap = ?2 AND object = ?3 RETURNING clone",
    )?;
    let clone: Option<i64> = serving
        .query_row(params![pool.0, snap.cast_signed(), object], |row| row.get(0))
        .optional()?;
    let Some(clone) = clone else { return Ok(()) };
    let mut others = db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM clone_snap WHERE object = ?1 AND clone = ?2)",
    )?;
    if others.query_row([object, clone], |row| row.get::<_, bool>(0))? {
        return Ok(());
    }
    let all = clones(db, object)?;
    let Some(at) = all.iter().position(|row| row.snap == clone.cast_unsigned()) else {
        return Ok(());
    };
    if let Some(older) = at.checked_sub(1).and_then(|older| all.get(older)) {
        set_overlap(db, object, older.snap, &older.overlap.and(&all[at].overlap))?;
    }
    db.prepare_cached("DELETE FROM clone WHERE object = ?1 AND snap = ?2")?
        .execute([object, clone])?;
    remove_body(db, all[at].body)?;
    if all.len() == 1 {
        let mut delete = db.prepare_cached("DELETE FROM object WHERE id = ?1 AND head IS NULL")?;
        delete.execute([object])?;
    }
    Ok(())
}

/// Removes an object with all its versions.
fn remove_object(db: &Connection, object: i64) -> Result<()> {
    let mut find = db.prepare_cached("SELECT id FROM body WHERE object = ?1")?;
    let rows = find.query_map([object], |row| row.get(0))?;
    let bodies: Vec<i64> = rows.collect::<std::result::Result<_, _>>()?;
    bodies.into_iter().try_for_each(|body| remove_body(db, body))?;
    for delete in [
        "DELETE FROM clone WHERE object = ?1",
        "DELETE FROM clone_snap WHERE object = ?1",
        "DELETE FROM watch WHERE object = ?1",
        "DELETE FROM object WHERE id = ?1",
    ] {
        db.prepare_cached(delete)?.execute([object])?;
    }
    Ok(())
}

/// Removes a version with its xattrs, omap entries and layers.
fn remove_body(db: &Connection, body: i64) -> Result<()> {
    let mut find = db.prepare_cached("SELECT slot FROM layer WHERE body = ?1")?;
    let rows = find.query_map([body], |row| row.get::<_, i64>(0))?;
    let slots: Vec<i64> = rows.collect::<std::result::Result<_, _>>()?;
    for delete in [
        "DELETE FROM layer WHERE body = ?1",
        "DELETE FROM xattr WHERE body = ?1",
        "DELETE FROM omap WHERE body = ?1",
        "DELETE FROM body WHERE id = ?1",
    ] {
        db.prepare_cached(delete)?.execute([body])?;
    }
    for slot in slots {
        free_if_unused(db, slot.cast_unsigned())?;
    }
    Ok(())
}
