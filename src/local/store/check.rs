//! The consistency check.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use super::Store;
use super::layout::{OBJECT_MAX, SLOT};
use super::txn::read_state;
use crate::errno::Result;

impl Store {
    /// Looks for contradictions in the store and says what they are; empty when it is sound. Blocks
    /// other transactions meanwhile.
    #[must_use]
    pub fn check(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let checked = self.db.write(|db| {
            check_slots(db, &mut faults)?;
            check_bodies(db, &mut faults)?;
            check_snaps(db, &mut faults)?;
            check_redo(db, &mut faults)
        });
        if let Err(error) = checked {
            faults.push(format!("cannot be checked: {error}"));
        }
        faults
    }
}

/// Redo rows belong to slots in use.
fn check_redo(db: &Connection, faults: &mut Vec<String>) -> Result<()> {
    let lost = "SELECT count(*) FROM redo WHERE slot NOT IN (SELECT id FROM slot)";
    let lost: i64 = db.query_row(lost, [], |row| row.get(0))?;
    if lost > 0 {
        faults.push(format!("{lost} redo rows for slots not in use"));
    }
    Ok(())
}

fn numbers(db: &Connection, sql: &str) -> Result<BTreeSet<i64>> {
    let mut find = db.prepare(sql)?;
    let rows = find.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// Each slot that was ever given out is in use by layers, with one row, or free, with one row.
fn check_slots(db: &Connection, faults: &mut Vec<String>) -> Result<()> {
    let used = numbers(db, "SELECT DISTINCT slot FROM layer")?;
    let rows = numbers(db, "SELECT id FROM slot")?;
    let free = numbers(db, "SELECT id FROM slot_free")?;
    let count: i64 =
        db.query_row("SELECT coalesce(max(value), 0) FROM meta WHERE key = 'slots'", [], |r| {
            r.get(0)
        })?;
    for slot in used.difference(&rows) {
        faults.push(format!("slot {slot} is used but has no row"));
    }
    for slot in rows.difference(&used) {
        faults.push(format!("slot {slot} has a row but nobody uses it"));
    }
    for slot in free.intersection(&used) {
        faults.push(format!("slot {slot} is used and free"));
    }
    // A hundred say enough of a count that is wrong.
    let lost = (0..count).filter(|slot| !used.contains(slot) && !free.contains(slot));
    for slot in lost.take(100) {
        faults.push(format!("slot {slot} is lost"));
    }
    for slot in used.iter().chain(&free).filter(|slot| **slot >= count) {
        faults.push(format!("slot {slot} was never given out"));
    }
    let twice =
        "SELECT count(*) FROM (SELECT 1 FROM layer GROUP BY body, slot HAVING count(*) > 1)";
    if db.query_row(twice, [], |row| row.get::<_, i64>(0))? > 0 {
        faults.push("a slot is used twice by one version".into());
    }
    Ok(())
}

/// Versions belong to objects, chains are without gaps, data lies within the object's size.
fn check_bodies(db: &Connection, faults: &mut Vec<String>) -> Result<()> {
    let heads = numbers(db, "SELECT head FROM object WHERE head IS NOT NULL")?;
    let clones = numbers(db, "SELECT body FROM clone")?;
    let bodies = numbers(db, "SELECT id FROM body")?;
    let known: BTreeSet<i64> = heads.union(&clones).copied().collect();
    for body in known.symmetric_difference(&bodies) {
        faults.push(format!("body {body} is without an object, or an object without it"));
    }
    for (table, column) in [("xattr", "body"), ("omap", "body"), ("layer", "body")] {
        let lost =
            format!("SELECT count(*) FROM {table} WHERE {column} NOT IN (SELECT id FROM body)");
        let lost: i64 = db.query_row(&lost, [], |row| row.get(0))?;
        if lost > 0 {
            faults.push(format!("{lost} rows of {table} without a body"));
        }
    }
    let mut depths: BTreeMap<(i64, i64), i64> = BTreeMap::new();
    let mut find = db.prepare(
        "SELECT l.body, l.idx, l.depth, b.size, l.slot, s.epoch, s.data, s.hole, s.changed, s.tail,
                s.writes, s.mtime
         FROM layer l JOIN body b ON b.id = l.body JOIN slot s ON s.id = l.slot
         ORDER BY l.body, l.idx, l.depth",
    )?;
    let mut rows = find.query([])?;
    while let Some(row) = rows.next()? {
        let (body, idx, depth, size): (i64, i64, i64, i64) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let state = read_state(row, 5)?;
        let next = depths.entry((body, idx)).or_default();
        if depth != *next {
            faults.push(format!("body {body}: layers of index {idx} have a gap at {next}"));
        }
        *next = depth + 1;
        if idx.cast_unsigned() >= OBJECT_MAX / SLOT {
            faults.push(format!("body {body}: index {idx} is beyond the largest object"));
        }
        let start = idx.cast_unsigned().saturating_mul(SLOT);
        let size = size.cast_unsigned().max(start.saturating_add(state.tail));
        let last = state.data.iter().last().map_or(0, |block| block as u64 * 4096 + 1);
        if depth == 0 && heads.contains(&body) && start.saturating_add(last) > size && last > 0 {
            faults.push(format!("body {body}: index {idx} has data behind the end {size}"));
        }
    }
    Ok(())
}

/// Clones belong to objects and serve snapshots, and the other way round.
fn check_snaps(db: &Connection, faults: &mut Vec<String>) -> Result<()> {
    for (what, sql) in [
        (
            "clones without an object",
            "SELECT count(*) FROM clone WHERE object NOT IN (SELECT id FROM object)",
        ),
        (
            "clones that serve no snapshot",
            "SELECT count(*) FROM clone c WHERE NOT EXISTS
             (SELECT 1 FROM clone_snap s WHERE s.object = c.object AND s.clone = c.snap)",
        ),
        (
            "served snapshots without a clone",
            "SELECT count(*) FROM clone_snap s WHERE NOT EXISTS
             (SELECT 1 FROM clone c WHERE s.object = c.object AND s.clone = c.snap)",
        ),
        (
            "objects without any version that no snapshot is older than",
            "SELECT count(*) FROM object o WHERE head IS NULL AND snap_seq = 0 AND NOT EXISTS
             (SELECT 1 FROM clone c WHERE c.object = o.id)",
        ),
        (
            "objects older than their clones",
            "SELECT count(*) FROM object o JOIN clone c ON c.object = o.id
             WHERE c.snap > o.snap_seq",
        ),
    ] {
        let count: i64 = db.query_row(sql, [], |row| row.get(0))?;
        if count > 0 {
            faults.push(format!("{count} {what}"));
        }
    }
    Ok(())
}
