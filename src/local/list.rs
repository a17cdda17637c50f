//! Listing the objects of a pool, in answers as OSDs give them: each of one placement group.
//!
//! ```text
//!   objects (rows, and a clone for each preserved version) from a place up to the group's end
//!     at most `max` of them are looked at: heads, of the scope, through the filter are the answer
//!     the next one, or else the next group, is where the next answer begins
//! ```
//!
//! So programs that look at positions and cursors see those of a cluster.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::filter::Filter;
use crate::errno::{Errno, Result};
use crate::model::{
    HObject, ListEntry, ListPage, ListScope, Listing, Name, PoolId, SnapId, placement,
};

/// At most so many versions of objects are looked at for an answer (`osd_max_pgls`).
const PAGE_MAX: usize = 1024;
/// Where OSDs keep what they noted of accesses (`osd_hit_set_namespace`): never listed.
const INTERNAL: &[u8] = b".ceph-internal";

/// A version of an object that a listing passes.
struct Version {
    entry: ListEntry,
    snap: SnapId,
    /// Its row, if it is the head and exists.
    head: Option<i64>,
}

/// See [`crate::model::Engine::list`], for a pool of so many groups.
pub fn page(
    db: &Connection,
    listing: &Listing,
    groups: u32,
    from: &HObject,
    max: usize,
) -> Result<ListPage> {
    let filter = Filter::parse(&listing.filter)?;
    let group = placement::fold(from.hash, groups);
    let start = HObject { snap: SnapId(0), ..HObject::at_hash(listing.pool, group) };
    let behind = placement::group_end(group, groups);
    let end = behind.map_or(HObject::max(), |hash| HObject::at_hash(listing.pool, hash));
    if (*from >= end && !from.max) || (*from < start && *from != HObject::min()) {
        return Err(Errno::EINVAL.because("a place outside of its group"));
    }
    let max = max.min(PAGE_MAX);
    let mut versions = versions(db, listing.pool, from, behind, max + 1)?;
    let next = versions.get(max).map(|next| HObject::of(listing.pool, &next.entry, next.snap));
    versions.truncate(max);
    let mut entries = Vec::new();
    for Version { entry, snap, head } in versions {
        let wanted = match &listing.scope {
            ListScope::All => true,
            ListScope::Namespace(namespace) => *namespace == entry.namespace,
        };
        let shown = wanted && snap == SnapId::HEAD && entry.namespace.as_bytes() != INTERNAL;
        if shown && filter.as_ref().map_or(Ok(true), |filter| filter.takes(db, head))? {
            entries.push(entry);
        }
    }
    Ok(ListPage { entries, next: next.unwrap_or(end) })
}

/// Versions of objects from a place's object on, before a hash, at least `count` from the place on
/// if there are so many. An object of which only clones remain has a head all the same, as on an
/// OSD (measured on 16.2.15).
fn versions(
    db: &Connection,
    pool: PoolId,
    from: &HObject,
    behind: Option<u32>,
    count: usize,
) -> Result<Vec<Version>> {
    let mut sql = String::from(
        "SELECT o.position, o.namespace, o.locator, o.name, o.head, o.id, c.snap
         FROM object o LEFT JOIN clone c ON c.object = o.id WHERE o.pool = ?1",
    );
    let mut values = vec![Value::Integer(pool.0)];
    // Within one hash the key is nearly always the same, so that it does not matter that an OSD
    // compares it before the name.
    if from.name.is_empty() {
        sql.push_str(" AND o.position >= ?2");
        values.push(Value::Integer(from.hash.reverse_bits().into()));
    } else {
        sql.push_str(" AND (o.position, o.namespace, o.name, o.locator) >= (?2, ?3, ?4, ?5)");
        values.push(Value::Integer(from.hash.reverse_bits().into()));
        let names = [&from.namespace, &from.name, &from.key];
        values.extend(names.map(|name| Value::Blob(name.as_bytes().to_vec())));
    }
    if let Some(hash) = behind {
        sql.push_str(&format!(" AND o.position < ?{}", values.len() + 1));
        values.push(Value::Integer(hash.reverse_bits().into()));
    }
    sql.push_str(" ORDER BY o.position, o.namespace, o.name, o.locator, c.snap");
    let mut query = db.prepare_cached(&sql)?;
    let mut rows = query.query(params_from_iter(values))?;
    let mut found: Vec<Version> = Vec::new();
    let mut pass = |version: Version| {
        // The first object's older versions may lie before the place.
        if HObject::of(pool, &version.entry, version.snap) >= *from {
            found.push(version);
        }
        found.len()
    };
    // The object whose clones are passed, to be followed by its head.
    let mut passing: Option<(i64, Version)> = None;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(5)?;
        if passing.as_ref().is_none_or(|(passed, _)| *passed != id) {
            let before = passing.replace((id, head(row)?));
            if before.is_some_and(|(_, head)| pass(head) >= count) {
                return Ok(found);
            }
        }
        if let (Some(snap), Some((_, head))) = (row.get::<_, Option<i64>>(6)?, &passing) {
            let (entry, snap) = (head.entry.clone(), SnapId(snap.cast_unsigned()));
            pass(Version { entry, snap, head: None });
        }
    }
    if let Some((_, head)) = passing {
        pass(head);
    }
    Ok(found)
}

fn head(row: &Row<'_>) -> Result<Version> {
    let name = |at| -> Result<Name> { Ok(Name::from(row.get_ref(at)?.as_blob().unwrap_or(b""))) };
    let entry = ListEntry {
        namespace: name(1)?,
        locator: name(2)?,
        name: name(3)?,
        hash: row.get::<_, u32>(0)?.reverse_bits(),
    };
    Ok(Version { entry, snap: SnapId::HEAD, head: row.get(4)? })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use bytes::Bytes;

    use super::*;
    use crate::local::store::Store;
    use crate::model::Target;
    use crate::model::placement;

    fn store_with(targets: &[Target]) -> (tempfile::TempDir, std::sync::Arc<Store>) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let insert = "INSERT INTO object (pool, position, namespace, locator, name, head, \
                      snap_seq, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 1)";
        store
            .db()
            .write(|tx| {
                for target in targets {
                    let head = (!target.name.as_bytes().starts_with(b"gone")).then_some(1);
                    let names = [&target.namespace, &target.locator, &target.name];
                    let [namespace, locator, name] = names.map(|n| n.as_bytes());
                    let position = placement::position(target);
                    tx.execute(insert, (target.pool.0, position, namespace, locator, name, head))?;
                }
                Ok(())
            })
            .unwrap();
        (dir, store)
    }

    fn walk(store: &Store, scope: ListScope, groups: u32, max: usize) -> Vec<ListEntry> {
        let listing = Listing { pool: PoolId(1), scope, filter: Bytes::new() };
        let mut all = Vec::new();
        let mut from = HObject::min();
        while !from.max {
            let page = store.db().read(|db| page(db, &listing, groups, &from, max)).unwrap();
            assert!(page.entries.len() <= max && page.next > from);
            all.extend(page.entries);
            from = page.next;
        }
        all
    }

    #[test]
    fn pages_of_any_size_list_each_object_once_in_order() {
        let pool = PoolId(1);
        let mut targets: Vec<_> = (0..50).map(|n| Target::new(pool, format!("o{n}"))).collect();
        targets.extend((0..20).map(|n| Target::new(pool, format!("l{n}")).at_locator("same")));
        targets.extend((0..9).map(|n| Target::new(pool, format!("o{n}")).in_namespace("ns")));
        // Only its snapshots are left; a cluster lists it all the same (measured on 16.2.15).
        targets.push(Target::new(pool, "gone"));
        targets.push(Target::new(PoolId(2), "elsewhere"));
        let (_dir, store) = store_with(&targets);
        for (groups, max) in [(1, 1), (5, 2), (32, 7), (12, 100)] {
            let all = walk(&store, ListScope::All, groups, max);
            assert_eq!(all.len(), 80);
            let positions: Vec<_> = all.iter().map(|e| e.hash.reverse_bits()).collect();
            assert!(positions.is_sorted());
            let distinct: BTreeSet<_> = all.iter().map(|e| (&e.namespace, &e.name)).collect();
            assert_eq!(distinct.len(), 80);
        }
        assert_eq!(walk(&store, ListScope::Namespace(Name::empty()), 5, 3).len(), 71);
        assert_eq!(walk(&store, ListScope::Namespace("ns".into()), 5, 3).len(), 9);
    }

    #[test]
    fn an_answer_is_of_one_group_and_counts_what_it_does_not_show() {
        let pool = PoolId(1);
        let targets: Vec<_> = (0..50).map(|n| Target::new(pool, format!("o{n}"))).collect();
        let (_dir, store) = store_with(&targets);
        let list = |space: &str, from: &HObject, max| {
            let scope = ListScope::Namespace(space.into());
            let listing = Listing { pool, scope, filter: Bytes::new() };
            store.db().read(|db| page(db, &listing, 4, from, max))
        };
        // Group 0 of 4 is followed by group 2.
        let whole = list("", &HObject::min(), 1000).unwrap();
        assert!(whole.entries.iter().all(|entry| entry.hash & 3 == 0));
        assert_eq!(whole.next, HObject::at_hash(pool, 2));
        let exact = list("", &HObject::min(), whole.entries.len()).unwrap();
        assert_eq!(exact.next, whole.next);
        let none = list("other", &HObject::min(), 2).unwrap();
        let third = HObject::of(pool, &whole.entries[2], SnapId::HEAD);
        assert_eq!((none.entries.len(), none.next), (0, third.clone()));
        assert_eq!(list("", &third, 1).unwrap().entries[0], whole.entries[2]);
        let elsewhere = HObject { pool: 2, ..third };
        assert_eq!(list("", &elsewhere, 1).unwrap_err(), Errno::EINVAL);
    }
}
