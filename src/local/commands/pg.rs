//! Placement groups, which a store has in name only: all are active and clean, on its one OSD.

use serde_json::{Value, json};

use super::request::{Answer, Outcome, Request, Spec};
use super::text::Table;
use crate::errno::{Errno, Result};
use crate::local::pools;
use crate::local::store::Store;
use crate::model::PoolId;

pub(super) const COMMANDS: &[Spec] = &[Spec {
    prefix: "pg ls",
    args: "name=pool,type=CephInt,req=false name=states,type=CephString,n=N,req=false",
    help: "list placement groups of a pool that are in all of some states",
    perm: "r",
    mgr: true,
    run: list,
}];

/// The states of every placement group of a store.
const STATES: [&str; 2] = ["active", "clean"];

fn list(request: &Request<'_>) -> Outcome {
    let states = if request.has("states") { request.list("states")? } else { Vec::new() };
    let wanted = request.number("pool")?.map(PoolId);
    let db = request.session.store.db();
    let mut found: Vec<String> = Vec::new();
    if states.iter().all(|state| STATES.contains(&state.as_str()) || state == "all") {
        for pool in db.read(pools::all)? {
            if wanted.is_none_or(|id| id == pool.info.id) {
                found.extend((0..pool.info.pg_num).map(|pg| format!("{}.{pg:x}", pool.info.id)));
            }
        }
    }
    if let Some(id) = wanted {
        db.read(|db| pools::by_id(db, id))
            .map_err(|_| Errno::ENOENT.because(format!("pool {id} does not exist")))?;
    }
    let value = || {
        let stats: Vec<Value> = found.iter().map(|pg| stat(pg)).collect();
        json!({ "pg_ready": true, "pg_stats": stats })
    };
    let lines = || {
        let mut table = Table::new(&["PG", "STATE", "UP", "ACTING"]);
        for pg in &found {
            table.row([pg.as_str(), "active+clean", "[0]p0", "[0]p0"].map(str::to_owned));
        }
        table.spell()
    };
    Ok(Answer::either(request, value, lines))
}

fn stat(pg: &str) -> Value {
    json!({
        "pgid": pg, "state": STATES.join("+"), "up": [0], "acting": [0], "up_primary": 0,
        "acting_primary": 0,
    })
}

/// Whether `text` is a placement group, `pool.hex`: `-EINVAL`, and `-ENOENT` for one that is not
/// there.
pub(super) fn check(store: &Store, text: &str) -> Result<()> {
    let parts = text.split_once('.');
    let parsed = parts.and_then(|(pool, hash)| {
        Some((pool.parse::<i64>().ok()?, u32::from_str_radix(hash, 16).ok()?))
    });
    let Some((pool, hash)) = parsed else {
        return Err(Errno::EINVAL.because(format!("no placement group is called {text}")));
    };
    let pool = store.db().read(|db| pools::by_id(db, PoolId(pool)));
    match pool {
        Ok(pool) if hash < pool.info.pg_num => Ok(()),
        _ => Err(Errno::ENOENT.because("pgid not available")),
    }
}
