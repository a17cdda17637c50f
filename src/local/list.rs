//! Listing the objects of a pool, in the order of their placement hash.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::errno::Result;
use crate::model::{ListCursor, ListEntry, ListPage, ListScope, Name, PoolId};

/// At most this many objects per page, whatever is asked for: a page is one read transaction.
const PAGE_MAX: usize = 10_000;

/// Lists objects that exist from `from` up to `until`, at most `max` of them.
pub fn page(
    db: &Connection,
    pool: PoolId,
    scope: &ListScope,
    from: &ListCursor,
    until: &ListCursor,
    max: usize,
) -> Result<ListPage> {
    let max = max.clamp(1, PAGE_MAX);
    // Also those of which only snapshots remain, as an OSD does (measured).
    let mut sql =
        String::from("SELECT position, namespace, locator, name FROM object WHERE pool = ?");
    let mut values = vec![Value::Integer(pool.0)];
    bound(&mut sql, &mut values, ">=", from);
    if !until.is_end() {
        bound(&mut sql, &mut values, "<", until);
    }
    if let ListScope::Namespace(namespace) = scope {
        sql.push_str(" AND namespace = ?");
        values.push(Value::Blob(namespace.as_bytes().to_vec()));
    }
    // One more than asked for says where the next page begins.
    sql.push_str(" ORDER BY position, namespace, name, locator LIMIT ?");
    values.push(Value::Integer(i64::try_from(max + 1).unwrap_or(i64::MAX)));

    let mut query = db.prepare_cached(&sql)?;
    let mut rows = query.query(params_from_iter(values))?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let name =
            |at| -> Result<Name> { Ok(Name::from(row.get_ref(at)?.as_blob().unwrap_or(b""))) };
        let entry = ListEntry {
            namespace: name(1)?,
            locator: name(2)?,
            name: name(3)?,
            hash: row.get::<_, u32>(0)?.reverse_bits(),
        };
        if entries.len() == max {
            return Ok(ListPage { entries, next: at(&entry) });
        }
        entries.push(entry);
    }
    Ok(ListPage { entries, next: until.clone() })
}

/// The cursor that begins at an object.
#[must_use]
pub fn at(entry: &ListEntry) -> ListCursor {
    let key = if entry.locator.is_empty() { &entry.name } else { &entry.locator };
    ListCursor {
        hash: u64::from(entry.hash.reverse_bits()),
        object: Some((entry.namespace.clone(), key.clone(), entry.name.clone())),
    }
}

/// Adds the condition that an object's place compares so with a cursor's.
fn bound(sql: &mut String, values: &mut Vec<Value>, comparison: &str, cursor: &ListCursor) {
    let hash = Value::Integer(i64::try_from(cursor.hash).unwrap_or(i64::MAX));
    let Some((namespace, key, name)) = &cursor.object else {
        sql.push_str(&format!(" AND position {comparison} ?"));
        values.push(hash);
        return;
    };
    // The index's order; the row value is compared by it. Within one hash the key is nearly always
    // the same, so that it does not matter that a cluster compares it before the name.
    sql.push_str(&format!(" AND (position, namespace, name, locator) {comparison} (?, ?, ?, ?)"));
    let locator = if key == name { &Name::empty() } else { key };
    values.push(hash);
    values.extend([namespace, name, locator].map(|n| Value::Blob(n.as_bytes().to_vec())));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

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

    fn walk(store: &Store, scope: &ListScope, until: &ListCursor, max: usize) -> Vec<ListEntry> {
        let mut all = Vec::new();
        let mut from = ListCursor::begin();
        while from != *until {
            let page = store.db().read(|db| page(db, PoolId(1), scope, &from, until, max)).unwrap();
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
        let end = ListCursor::end();
        for max in [1, 2, 7, 100] {
            let all = walk(&store, &ListScope::All, &end, max);
            assert_eq!(all.len(), 80);
            let positions: Vec<_> = all.iter().map(|e| e.hash.reverse_bits()).collect();
            assert!(positions.is_sorted());
            let distinct: BTreeSet<_> = all.iter().map(|e| (&e.namespace, &e.name)).collect();
            assert_eq!(distinct.len(), 80);
        }
        let default = ListScope::Namespace(Name::empty());
        assert_eq!(walk(&store, &default, &end, 3).len(), 71);
        assert_eq!(walk(&store, &ListScope::Namespace("ns".into()), &end, 3).len(), 9);
        let half = ListCursor { hash: 1 << 31, object: None };
        let first = walk(&store, &ListScope::All, &half, 5);
        assert!(first.iter().all(|e| e.hash & 1 == 0) && !first.is_empty() && first.len() < 80);
    }
}
