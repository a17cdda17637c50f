//! What clients register themselves as, for `service dump` and `status`.

use std::collections::BTreeMap;
use std::time::SystemTime;

use rusqlite::{Connection, Transaction};

use super::clients::Client;
use super::pools::{nanoseconds, time_of};
use crate::errno::{Errno, Result};

/// A registered daemon.
#[derive(Clone, Debug)]
pub struct Service {
    /// The client's number.
    pub client: u64,
    /// What it is, such as `rbd-mirror`.
    pub service: String,
    /// Which of them it is.
    pub daemon: String,
    /// The client's address.
    pub addr: String,
    /// When it was registered.
    pub since: SystemTime,
    /// What it said of itself.
    pub metadata: BTreeMap<String, String>,
    /// Its last status.
    pub status: BTreeMap<String, String>,
    /// When it was given.
    pub updated: SystemTime,
}

/// Registers a client; `-EEXIST` the second time. It takes the place of an older daemon of that
/// name.
pub fn register(
    tx: &Transaction<'_>,
    client: &Client,
    service: &str,
    daemon: &str,
    metadata: &BTreeMap<String, String>,
) -> Result<()> {
    let id = client.id().cast_signed();
    if tx.prepare_cached("SELECT 1 FROM service WHERE client = ?1")?.exists([id])? {
        return Err(Errno::EEXIST.because("this client is a service already"));
    }
    let now = nanoseconds(SystemTime::now());
    let insert = "INSERT OR REPLACE INTO service \
                  (client, service, daemon, addr, time, metadata, status, updated) \
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6, '{}', ?5)";
    let metadata = serde_json::to_string(metadata).unwrap_or_default();
    tx.execute(insert, (id, service, daemon, client.addr(), now, metadata))?;
    Ok(())
}

/// Keeps a client's status. Nothing happens unless it is registered.
pub fn set_status(
    tx: &Transaction<'_>,
    client: &Client,
    status: &BTreeMap<String, String>,
    now: SystemTime,
) -> Result<()> {
    let update = "UPDATE service SET status = ?2, updated = ?3 WHERE client = ?1";
    let status = serde_json::to_string(status).unwrap_or_default();
    tx.execute(update, (client.id().cast_signed(), status, nanoseconds(now)))?;
    Ok(())
}

/// All of them, by service and daemon.
pub fn all(db: &Connection) -> Result<Vec<Service>> {
    let query = "SELECT client, service, daemon, addr, time, metadata, status, updated \
                 FROM service ORDER BY service, daemon";
    let mut query = db.prepare_cached(query)?;
    let map = |text: String| serde_json::from_str(&text).unwrap_or_default();
    let rows = query.query_map([], |row| {
        Ok(Service {
            client: row.get::<_, i64>(0)?.cast_unsigned(),
            service: row.get(1)?,
            daemon: row.get(2)?,
            addr: row.get(3)?,
            since: time_of(row.get(4)?),
            metadata: map(row.get(5)?),
            status: map(row.get(6)?),
            updated: time_of(row.get(7)?),
        })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}
