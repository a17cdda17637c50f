//! Monitor and manager commands that clients send: JSON in, text or JSON out, in the shape 16.2.15
//! gives.
//!
//! ```text
//!   {"prefix": "osd pool ls", "format": "json"}
//!        |
//!   table of each module: prefix, arguments, help, function (answers get_command_descriptions too)
//!        |
//!   fn(&Request) -> Outcome
//! ```
//!
//! The store shows itself as the smallest cluster: monitor `a`, manager `x`, `osd.0`. A command
//! that would have to do what a store cannot (a second replica, compression) is refused, never
//! answered with success. May use: pools, applications, blocklist, services, stats, the database,
//! conf, model.

mod auth;
mod config;
mod mgr;
mod mon;
mod osd;
mod pg;
mod pool;
mod pool_options;
mod request;
mod status;
mod text;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use rusqlite::OptionalExtension;
use serde_json::{Map, Value, json};

use super::blocklist;
use super::clearing;
use super::clients::{Client, Clients};
use super::pools;
use super::services;
use super::store::Store;
use super::watch;
use crate::conf::Config;
use crate::errno::{Errno, Result};
use crate::model::{CommandReply, CommandTarget, PoolId};

pub use config::settings_for;
use request::{Answer, Outcome, Request, Spec};

/// What this program says it is where a cluster says its release.
const VERSION: &str =
    "ceph version 16.2.15 (618f440892089921c3e944a991122ddc44e60516) pacific (stable)";
/// The names the store gives its monitor and manager.
const MON_NAME: &str = "a";
const MGR_NAME: &str = "x";

/// All commands.
const TABLES: &[&[Spec]] = &[
    status::COMMANDS,
    mon::COMMANDS,
    mgr::COMMANDS,
    osd::COMMANDS,
    pg::COMMANDS,
    pool::COMMANDS,
    config::COMMANDS,
    auth::COMMANDS,
];

/// Who sends commands, and to what.
#[derive(Clone, Copy)]
pub struct Session<'a> {
    /// The store.
    pub store: &'a Arc<Store>,
    /// The sender.
    pub client: &'a Client,
    /// Its configuration.
    pub config: &'a Config,
}

impl Session<'_> {
    /// Runs a command. What it says, and `-ENOENT` for a daemon that is not there, is in
    /// the reply.
    pub async fn run(
        &self,
        target: &CommandTarget,
        texts: &[String],
        input: &Bytes,
    ) -> Result<CommandReply> {
        let (found, is_mgr) = match target {
            CommandTarget::Mon => (true, false),
            CommandTarget::MonNamed(name) => (name == MON_NAME, false),
            CommandTarget::Mgr => (true, true),
            // No name in particular is that of the active one. A named manager answers for itself,
            // not for the cluster.
            CommandTarget::MgrNamed(name) if name.is_empty() || name == MGR_NAME => {
                return daemon(texts);
            }
            CommandTarget::MgrNamed(_) => (false, true),
            CommandTarget::Osd(0) => return daemon(texts),
            CommandTarget::Osd(_) => return Ok(reply(Err(Errno::ENOENT.because("osd dne")))),
            CommandTarget::Pg(pg) => {
                return match pg::check(self.store, pg) {
                    Ok(()) => daemon(texts),
                    Err(error) => Ok(reply(Err(error))),
                };
            }
        };
        if !found {
            let kind = if is_mgr { "mgr" } else { "mon" };
            return Ok(reply(Err(Errno::ENOENT.because(format!("{kind} dne")))));
        }
        let outcome = parse(texts).and_then(|args| self.dispatch(args, input, is_mgr));
        if outcome.as_ref().is_ok_and(|answer| answer.is_removal) {
            clearing::run(self.store).await?;
        }
        Ok(reply(outcome))
    }

    /// What the monitor of this name says of itself; `-ENOENT`.
    pub fn ping(&self, name: &str) -> Result<Bytes> {
        if name != MON_NAME {
            return Err(Errno::ENOENT.because(format!("there is no monitor {name}")));
        }
        let request = Request::new(*self, Map::new(), &[]);
        let value = json!({ "health": status::healthy(), "mon_status": mon::status(&request)? });
        Ok(Answer::json(&request, &value).out.into())
    }

    fn dispatch(&self, args: Map<String, Value>, input: &Bytes, is_mgr: bool) -> Outcome {
        let Some(Value::String(prefix)) = args.get("prefix").cloned() else {
            return Err(Errno::EINVAL.because("command prefix not found"));
        };
        let request = Request::new(*self, args, input);
        if prefix == "get_command_descriptions" {
            return Ok(Answer::json(&request, &descriptions(is_mgr)));
        }
        let mut all = TABLES.iter().flat_map(|table| table.iter());
        match all.find(|spec| spec.prefix == prefix && (spec.mgr || !is_mgr)) {
            Some(spec) => (spec.run)(&request),
            None if is_mgr => {
                Err(Errno::EINVAL.because(format!("No handler found for '{prefix}'")))
            }
            None => Err(Errno::EINVAL.because("command not known")),
        }
    }
}

fn parse(texts: &[String]) -> Result<Map<String, Value>> {
    let text = texts.concat();
    match serde_json::from_str(&text) {
        Ok(Value::Object(args)) => Ok(args),
        Ok(_) => Err(Errno::EINVAL.because(format!("not JSON object {text}"))),
        Err(_) => Err(Errno::EINVAL.because(format!("unparseable JSON {text}"))),
    }
}

fn reply(outcome: Outcome) -> CommandReply {
    match outcome {
        Ok(Answer { out, status, .. }) => CommandReply { code: 0, out: out.into(), status },
        Err(error) => {
            let status = error.what().map(str::to_owned);
            let number = error.errno();
            let status = status.unwrap_or_else(|| format!("({}) {}", number.0, number.text()));
            CommandReply { code: error.to_c(), out: Bytes::new(), status }
        }
    }
}

/// Commands that a daemon answers for itself: an OSD, also of a placement group, and a manager.
fn daemon(texts: &[String]) -> Result<CommandReply> {
    let outcome = parse(texts).and_then(|args| match args.get("prefix").and_then(Value::as_str) {
        Some("version") => {
            let text =
                json!({ "version": "16.2.15", "release": "pacific", "release_type": "stable" });
            Ok(Answer::plain(text.to_string()))
        }
        _ => Err(Errno::EINVAL.because("command not known")),
    });
    Ok(reply(outcome))
}

/// What `get_command_descriptions` tells: for the `ceph` program, which builds its command line
/// from it.
fn descriptions(is_mgr: bool) -> Value {
    let all = TABLES.iter().flat_map(|table| table.iter());
    let told = all.filter(|spec| !is_mgr || spec.mgr).enumerate();
    let described = told.map(|(number, spec)| (format!("cmd{number:03}"), spec.describe()));
    Value::Object(described.collect())
}

/// Removes a pool; `-EPERM` while its `nodelete` is set. What it held is to be cleared away.
pub fn delete_pool(store: &Store, id: PoolId) -> Result<()> {
    store.db().write(|tx| {
        pool_options::may_delete(&pools::by_id(tx, id)?)?;
        pools::delete(tx, id)
    })?;
    store.map_changed();
    store.forget_traffic(id);
    Ok(())
}

/// Puts a client on the blocklist and tells its watches that they ended. Returns until when.
pub fn blocklist_add(
    store: &Arc<Store>,
    clients: &Arc<Clients>,
    addr: &str,
    expiry: Duration,
) -> Result<SystemTime> {
    let (until, ended) = store.db().write(|tx| blocklist::add(tx, addr, expiry))?;
    store.blocklist_changed()?;
    let clients = Arc::clone(clients);
    crate::runtime::spawn(async move { watch::disconnect(&clients, &ended).await });
    Ok(until)
}

/// When the store was made.
fn created(store: &Store) -> Result<SystemTime> {
    let query = "SELECT value FROM meta WHERE key = 'created'";
    let made: Option<i64> =
        store.db().read(|db| Ok(db.query_row(query, [], |row| row.get(0)).optional()?))?;
    let database = || std::fs::metadata(store.dir().join("store.db"))?.created();
    match made {
        Some(made) => Ok(pools::time_of(made)),
        None => Ok(database().unwrap_or(SystemTime::UNIX_EPOCH)),
    }
}

/// The registered services as `service dump` and `status` show them.
fn service_map(store: &Store) -> Result<Value> {
    let (services, epoch) = store.db().read(|db| Ok((services::all(db)?, pools::epoch(db)?)))?;
    let modified = services.iter().map(|service| service.since).max();
    let mut map = Map::new();
    for service in services {
        let entry =
            map.entry(service.service).or_insert_with(|| json!({ "daemons": { "summary": "" } }));
        let metadata: BTreeMap<String, String> = mon::about()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .chain(service.metadata)
            .collect();
        entry["daemons"][service.daemon] = json!({
            "start_epoch": epoch, "start_stamp": text::time(service.since),
            "gid": service.client, "addr": service.addr, "metadata": metadata,
            "task_status": {},
        });
    }
    let modified = text::time(modified.unwrap_or(SystemTime::UNIX_EPOCH));
    Ok(json!({ "epoch": epoch, "modified": modified, "services": map }))
}

/// `osd_pool_default_pg_num`.
#[must_use]
pub fn default_pg_num(config: &Config) -> u32 {
    match config.value("osd_pool_default_pg_num") {
        Some(crate::conf::Value::Uint(number)) => u32::try_from(number).unwrap_or(u32::MAX),
        _ => 32,
    }
}

#[cfg(test)]
mod tests;
