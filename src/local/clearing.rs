//! Clearing away what removed pools and snapshots held.
//!
//! The removal itself is one transaction that leaves a row in `clearing`; the work behind it can be
//! long, is done in batches, and is taken up again by the next client if its process dies.

use std::sync::Arc;

use rusqlite::Transaction;
use tokio::sync::oneshot;

use super::store::Store;
use crate::errno::{Errno, Result};
use crate::model::{PoolId, SnapId};
use crate::runtime;

/// Stands for the whole pool where a snapshot's number is expected: snapshots begin with 1.
const WHOLE_POOL: SnapId = SnapId(0);

/// Notes in the transaction of its removal that a snapshot's clones are to be cleared away.
pub fn note_snap(tx: &Transaction<'_>, pool: PoolId, snap: SnapId) -> Result<()> {
    let insert = "INSERT OR IGNORE INTO clearing (pool, snap) VALUES (?1, ?2)";
    tx.execute(insert, (pool.0, snap.0.cast_signed()))?;
    Ok(())
}

/// Notes in the transaction of its removal that a pool's objects are to be cleared away.
pub fn note_pool(tx: &Transaction<'_>, pool: PoolId) -> Result<()> {
    tx.execute("DELETE FROM clearing WHERE pool = ?1", [pool.0])?;
    note_snap(tx, pool, WHOLE_POOL)
}

/// Does all that is noted, on a thread for blocking work.
pub async fn run(store: &Arc<Store>) -> Result<()> {
    let (sender, receiver) = oneshot::channel();
    let store = Arc::clone(store);
    runtime::spawn_blocking(move || {
        let _ = sender.send(clear_all(&store));
    });
    receiver.await.map_err(|_| Errno::ESHUTDOWN)?
}

/// Does in the background what a process that died left to be done.
pub fn resume(store: &Arc<Store>) -> Result<()> {
    if noted(store)?.is_empty() {
        return Ok(());
    }
    let store = Arc::clone(store);
    runtime::spawn_blocking(move || {
        if let Err(error) = clear_all(&store) {
            log::error!("clearing away what was removed: {error}");
        }
    });
    Ok(())
}

fn noted(store: &Store) -> Result<Vec<(PoolId, SnapId)>> {
    store.db().read(|db| {
        let mut query = db.prepare_cached("SELECT pool, snap FROM clearing ORDER BY pool, snap")?;
        let rows = query.query_map([], |row| {
            Ok((PoolId(row.get(0)?), SnapId(row.get::<_, i64>(1)?.cast_unsigned())))
        })?;
        Ok(rows.collect::<std::result::Result<_, _>>()?)
    })
}

/// Two may do this at once: each takes what the other has left.
fn clear_all(store: &Store) -> Result<()> {
    for (pool, snap) in noted(store)? {
        match snap {
            WHOLE_POOL => store.purge_pool(pool)?,
            snap => store.trim_snap(pool, snap)?,
        }
        store.db().write(|tx| {
            let delete = "DELETE FROM clearing WHERE pool = ?1 AND snap = ?2";
            Ok(tx.execute(delete, (pool.0, snap.0.cast_signed()))?)
        })?;
    }
    Ok(())
}
