//! Clients that may not do anything until a time, by address.
//!
//! `rbd lock break` relies on it: when [`add`] has returned, no operation of that client takes
//! effect.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::pools::{self, nanoseconds};
use super::store::Store;
use crate::errno::{Errno, Result};

/// An entry: the address and until when.
pub type Entry = (String, SystemTime);

/// An address as entries name it: `1.2.3.4` is all of `1.2.3.4:0/0`; a `v1:` or `v2:` is dropped.
pub fn normalize(addr: &str) -> Result<String> {
    let bad = || Errno::EINVAL.because(format!("unable to parse address {addr}"));
    let bare = addr.trim_start_matches("v1:").trim_start_matches("v2:").trim_start_matches("any:");
    let full = match bare.split_once('/') {
        Some(_) => bare.to_owned(),
        None if bare.contains(':') && !bare.starts_with('[') => format!("{bare}/0"),
        None => format!("{bare}:0/0"),
    };
    let (socket, nonce) = full.split_once('/').ok_or_else(bad)?;
    nonce.parse::<u32>().map_err(|_| bad())?;
    socket.parse::<std::net::SocketAddr>().map_err(|_| bad())?;
    Ok(full)
}

/// Adds an entry and ends the watches of the clients with that address. Returns until when, and the
/// watches ended, as client and cookie.
pub fn add(
    tx: &Transaction<'_>,
    addr: &str,
    expiry: Duration,
) -> Result<(SystemTime, Vec<(u64, u64)>)> {
    let until = SystemTime::now() + expiry;
    let insert = "INSERT OR REPLACE INTO blocklist (addr, until) VALUES (?1, ?2)";
    tx.execute(insert, (addr, nanoseconds(until)))?;
    let ended = {
        let mut query = tx.prepare_cached("SELECT client, cookie FROM watch WHERE addr = ?1")?;
        let number = |row: &rusqlite::Row<'_>, at| row.get::<_, i64>(at).map(i64::cast_unsigned);
        let rows = query.query_map([addr], |row| Ok((number(row, 0)?, number(row, 1)?)))?;
        rows.collect::<std::result::Result<_, _>>()?
    };
    tx.execute("DELETE FROM watch WHERE addr = ?1", [addr])?;
    pools::next_epoch(tx)?;
    Ok((until, ended))
}

/// Removes an entry. Returns whether there was one.
pub fn remove(tx: &Transaction<'_>, addr: &str) -> Result<bool> {
    let removed = tx.execute("DELETE FROM blocklist WHERE addr = ?1", [addr])? > 0;
    if removed {
        pools::next_epoch(tx)?;
    }
    Ok(removed)
}

/// Removes all entries.
pub fn clear(tx: &Transaction<'_>) -> Result<()> {
    tx.execute("DELETE FROM blocklist", [])?;
    pools::next_epoch(tx).map(drop)
}

/// All entries that count.
pub fn all(db: &Connection) -> Result<Vec<Entry>> {
    let query = "SELECT addr, until FROM blocklist WHERE until > ?1 ORDER BY addr";
    let mut query = db.prepare_cached(query)?;
    let rows = query.query_map([nanoseconds(SystemTime::now())], |row| {
        Ok((row.get(0)?, pools::time_of(row.get(1)?)))
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// Until when a client is on the blocklist.
pub fn until(db: &Connection, addr: &str) -> Result<Option<SystemTime>> {
    let host = addr.rsplit_once(':').map_or(addr, |(host, _)| host);
    let query = "SELECT max(until) FROM blocklist WHERE addr IN (?1, ?2) AND until > ?3";
    let names = (addr, format!("{host}:0/0"), nanoseconds(SystemTime::now()));
    let until: Option<Option<i64>> =
        db.prepare_cached(query)?.query_row(names, |row| row.get(0)).optional()?;
    Ok(until.flatten().map(pools::time_of))
}

/// Knows whether one client is on the blocklist, without asking the database unless the list
/// changed.
pub struct Gate {
    /// The list's generation when it was last read, and whether the client was on it; `None`
    /// before.
    known: AtomicU64,
}

/// Set in [`Gate::known`] while the client is on the list.
const BLOCKED: u64 = 1 << 63;
/// In [`Gate::known`] before the first look.
const UNKNOWN: u64 = u64::MAX;

impl Default for Gate {
    fn default() -> Self {
        Gate { known: AtomicU64::new(UNKNOWN) }
    }
}

impl Gate {
    /// `-ESHUTDOWN` for a client on the blocklist.
    pub fn check(&self, store: &Store, addr: &str) -> Result<()> {
        let generation = store.blocklist_generation() & !BLOCKED;
        if self.known.load(Ordering::Acquire) == generation {
            return Ok(());
        }
        // An entry may expire, so that who is on the list looks every time.
        let blocked = store.db().read(|db| until(db, addr))?.is_some();
        let known = if blocked { generation | BLOCKED } else { generation };
        self.known.store(known, Ordering::Release);
        if blocked { Err(Errno::ESHUTDOWN.into()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_named_as_a_monitor_names_them() {
        let same = |addr| normalize(addr).unwrap();
        assert_eq!(same("1.2.3.4:0/77"), "1.2.3.4:0/77");
        assert_eq!(same("1.2.3.4"), "1.2.3.4:0/0");
        assert_eq!(same("v1:1.2.3.6:0/9"), "1.2.3.6:0/9");
        assert!(normalize("garbage").is_err() && normalize("1.2.3.4:0/x").is_err());
    }

    #[test]
    fn an_entry_counts_until_its_time() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        store
            .db()
            .write(|tx| {
                add(tx, "1.2.3.4:0/7", Duration::from_secs(100))?;
                add(tx, "1.2.3.5:0/0", Duration::from_secs(100))?;
                add(tx, "1.2.3.6:0/1", Duration::ZERO)?;
                assert!(until(tx, "1.2.3.4:0/7")?.is_some());
                assert!(until(tx, "1.2.3.4:0/8")?.is_none());
                assert!(until(tx, "1.2.3.5:0/8")?.is_some());
                assert!(until(tx, "1.2.3.6:0/1")?.is_none());
                assert_eq!(all(tx)?.len(), 2);
                assert!(remove(tx, "1.2.3.4:0/7")? && !remove(tx, "1.2.3.4:0/7")?);
                clear(tx)?;
                assert!(all(tx)?.is_empty());
                Ok(())
            })
            .unwrap();
    }
}
