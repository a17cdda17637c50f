//! Pools.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::request::{Answer, Outcome, Request, Spec};
use super::{default_pg_num, delete_pool, pool_options, text};
use crate::errno::{Errno, Result};
use crate::local::pools::{self, Pool};
use crate::local::{applications, stats};
use crate::model::PoolId;

pub(super) const COMMANDS: &[Spec] = &[
    Spec {
        prefix: "osd pool ls",
        args: "name=detail,type=CephChoices,strings=detail,req=false",
        help: "list pools",
        perm: "r",
        mgr: false,
        run: list,
    },
    Spec {
        prefix: "osd lspools",
        args: "",
        help: "list pools",
        perm: "r",
        mgr: false,
        run: lspools,
    },
    Spec {
        prefix: "osd pool create",
        args: "name=pool,type=CephPoolname name=pg_num,type=CephInt,range=0,req=false \
               name=pgp_num,type=CephInt,range=0,req=false \
               name=pool_type,type=CephChoices,strings=replicated|erasure,req=false \
               name=erasure_code_profile,type=CephString,req=false \
               name=rule,type=CephString,req=false \
               name=expected_num_objects,type=CephInt,range=0,req=false \
               name=size,type=CephInt,range=0,req=false \
               name=pg_num_min,type=CephInt,range=0,req=false \
               name=pg_num_max,type=CephInt,range=0,req=false \
               name=autoscale_mode,type=CephChoices,strings=on|off|warn,req=false \
               name=bulk,type=CephBool,req=false",
        help: "create pool",
        perm: "rw",
        mgr: false,
        run: create,
    },
    Spec {
        prefix: "osd pool delete",
        args: DELETE_ARGS,
        help: "delete pool",
        perm: "rw",
        mgr: false,
        run: delete,
    },
    Spec {
        prefix: "osd pool rm",
        args: DELETE_ARGS,
        help: "remove pool",
        perm: "rw",
        mgr: false,
        run: delete,
    },
    Spec {
        prefix: "osd pool rename",
        args: "name=srcpool,type=CephPoolname name=destpool,type=CephPoolname",
        help: "rename a pool",
        perm: "rw",
        mgr: false,
        run: rename,
    },
    Spec {
        prefix: "osd pool get",
        args: "name=pool,type=CephPoolname name=var,type=CephString",
        help: "get a variable of a pool",
        perm: "r",
        mgr: false,
        run: pool_options::get,
    },
    Spec {
        prefix: "osd pool set",
        args: "name=pool,type=CephPoolname name=var,type=CephString name=val,type=CephString \
               name=yes_i_really_mean_it,type=CephBool,req=false",
        help: "set a variable of a pool",
        perm: "rw",
        mgr: false,
        run: pool_options::set,
    },
    Spec {
        prefix: "osd pool set-quota",
        args: "name=pool,type=CephPoolname \
               name=field,type=CephChoices,strings=max_objects|max_bytes name=val,type=CephString",
        help: "limit what a pool may hold",
        perm: "rw",
        mgr: false,
        run: pool_options::set_quota,
    },
    Spec {
        prefix: "osd pool get-quota",
        args: "name=pool,type=CephPoolname",
        help: "tell what a pool may hold",
        perm: "r",
        mgr: false,
        run: pool_options::get_quota,
    },
    Spec {
        prefix: "osd pool mksnap",
        args: "name=pool,type=CephPoolname name=snap,type=CephString",
        help: "make a snapshot of a pool",
        perm: "rw",
        mgr: false,
        run: mksnap,
    },
    Spec {
        prefix: "osd pool rmsnap",
        args: "name=pool,type=CephPoolname name=snap,type=CephString",
        help: "remove a snapshot of a pool",
        perm: "rw",
        mgr: false,
        run: rmsnap,
    },
    Spec {
        prefix: "osd pool stats",
        args: "name=pool_name,type=CephPoolname,req=false",
        help: "tell what goes on in pools",
        perm: "r",
        mgr: true,
        run: pool_stats,
    },
    Spec {
        prefix: "osd pool application enable",
        args: "name=pool,type=CephPoolname name=app,type=CephString \
               name=yes_i_really_mean_it,type=CephBool,req=false",
        help: "say what a pool is for",
        perm: "rw",
        mgr: false,
        run: application_enable,
    },
    Spec {
        prefix: "osd pool application disable",
        args: "name=pool,type=CephPoolname name=app,type=CephString \
               name=yes_i_really_mean_it,type=CephBool,req=false",
        help: "say what a pool is not for any more",
        perm: "rw",
        mgr: false,
        run: application_disable,
    },
    Spec {
        prefix: "osd pool application set",
        args: "name=pool,type=CephPoolname name=app,type=CephString name=key,type=CephString \
               name=value,type=CephString",
        help: "set metadata of an application",
        perm: "rw",
        mgr: false,
        run: application_set,
    },
    Spec {
        prefix: "osd pool application rm",
        args: "name=pool,type=CephPoolname name=app,type=CephString name=key,type=CephString",
        help: "remove metadata of an application",
        perm: "rw",
        mgr: false,
        run: application_rm,
    },
    Spec {
        prefix: "osd pool application get",
        args: "name=pool,type=CephPoolname,req=false name=app,type=CephString,req=false \
               name=key,type=CephString,req=false",
        help: "tell what pools are for",
        perm: "r",
        mgr: false,
        run: application_get,
    },
];

const DELETE_ARGS: &str = "name=pool,type=CephPoolname name=pool2,type=CephPoolname,req=false \
                           name=yes_i_really_really_mean_it,type=CephBool,req=false \
                           name=yes_i_really_really_mean_it_not_faking,type=CephBool,req=false";

/// All pools, by number.
pub(super) fn all(request: &Request<'_>) -> Result<Vec<Pool>> {
    request.session.store.db().read(pools::all)
}

fn list(request: &Request<'_>) -> Outcome {
    let pools = all(request)?;
    if request.text("detail") == "detail" {
        let details =
            || Value::Array(pools.iter().map(|p| pool_options::describe(p, true)).collect());
        let lines = || {
            let lines: String = pools.iter().map(pool_options::line).collect();
            lines + "\n"
        };
        return Ok(Answer::either(request, details, lines));
    }
    let names = || Value::Array(pools.iter().map(|p| Value::from(&*p.info.name)).collect());
    let lines = || pools.iter().map(|pool| format!("{}\n", pool.info.name)).collect();
    Ok(Answer::either(request, names, lines))
}

fn lspools(request: &Request<'_>) -> Outcome {
    let pools = all(request)?;
    let entry = |p: &Pool| json!({ "poolnum": p.info.id.0, "poolname": p.info.name });
    let entries = || Value::Array(pools.iter().map(entry).collect());
    let lines = || pools.iter().map(|p| format!("{} {}\n", p.info.id, p.info.name)).collect();
    Ok(Answer::either(request, entries, lines))
}

fn create(request: &Request<'_>) -> Outcome {
    let name = request.needed("pool")?;
    let given = request.number("pg_num")?.filter(|number| *number > 0);
    let pg_num = match given {
        Some(number) => u32::try_from(number).unwrap_or(u32::MAX),
        None => default_pg_num(request.session.config),
    };
    let max = 65536;
    if pg_num > max {
        let text = format!("'pg_num' must be greater than 0 and less than or equal to {max}");
        return Err(Errno::ERANGE.because(text));
    }
    if request.number("pgp_num")?.is_some_and(|pgp_num| pgp_num > i64::from(pg_num)) {
        let text = format!(
            "'pgp_num' must be greater than 0 and lower or equal than 'pg_num', which in this case \
             is {pg_num}"
        );
        return Err(Errno::ERANGE.because(text));
    }
    let exists =
        |name: &str| request.session.store.db().read(|db| pools::by_name(db, name)).is_ok();
    if exists(&name) {
        return Ok(Answer::said(format!("pool '{name}' already exists")));
    }
    if request.text("pool_type") == "erasure" {
        return Err(Errno::EOPNOTSUPP.because("erasure-coded pools are not supported by a store"));
    }
    let rule = request.text("rule");
    if !["", "replicated", "replicated_rule"].contains(&&*rule) {
        return Err(Errno::ENOENT.because(format!("specified rule {rule} doesn't exist")));
    }
    match request.session.store.db().write(|tx| pools::create(tx, &name, pg_num)) {
        Ok(_) => Ok(Answer::said(format!("pool '{name}' created"))),
        Err(error) if error.errno() == Errno::EEXIST => {
            Ok(Answer::said(format!("pool '{name}' already exists")))
        }
        Err(error) => Err(error),
    }
}

fn delete(request: &Request<'_>) -> Outcome {
    let name = request.needed("pool")?;
    let Ok(pool) = request.pool("pool") else {
        return Ok(Answer::said(format!("pool '{name}' does not exist")));
    };
    let confirmed = request.is_set("yes_i_really_really_mean_it")
        || request.is_set("yes_i_really_really_mean_it_not_faking");
    if !confirmed || request.text("pool2") != name {
        let text = format!(
            "WARNING: this will *PERMANENTLY DESTROY* all data stored in pool {name}.  If you are \
             *ABSOLUTELY CERTAIN* that is what you want, pass the pool name *twice*, followed by \
             --yes-i-really-really-mean-it."
        );
        return Err(Errno::EPERM.because(text));
    }
    delete_pool(request.session.store, pool.info.id)?;
    Ok(Answer::removed(format!("pool '{name}' removed")))
}

fn rename(request: &Request<'_>) -> Outcome {
    let (from, to) = (request.needed("srcpool")?, request.needed("destpool")?);
    request.session.store.db().write(|tx| {
        let source = pools::by_name(tx, &from);
        let target = pools::by_name(tx, &to);
        match (source, target) {
            (Ok(id), Err(_)) => {
                pools::rename(tx, id, &to)?;
                Ok(Answer::said(format!("pool '{from}' renamed to '{to}'")))
            }
            (Ok(_), Ok(_)) => Err(Errno::EEXIST.because(format!("pool '{to}' already exists"))),
            (Err(_), Ok(_)) => Ok(Answer::said(format!(
                "pool '{from}' does not exist; pool '{to}' does -- assuming successful rename"
            ))),
            (Err(_), Err(_)) => Err(Errno::ENOENT.because(format!("unrecognized pool '{from}'"))),
        }
    })
}

fn mksnap(request: &Request<'_>) -> Outcome {
    let (pool, snap) = (request.pool("pool")?.info, request.text("snap"));
    let name = &pool.name;
    match request.session.store.db().write(|tx| pools::snap_create(tx, pool.id, &snap)) {
        Ok(_) => {
            request.session.store.map_changed();
            Ok(Answer::said(format!("created pool {name} snap {snap}")))
        }
        Err(error) if error.errno() == Errno::EEXIST => {
            Ok(Answer::said(format!("pool {name} snap {snap} already exists")))
        }
        Err(error) if error.errno() == Errno::EINVAL => {
            let text = format!("pool {name} is in unmanaged snaps mode");
            Err(Errno::EINVAL.because(text))
        }
        Err(error) => Err(error),
    }
}

fn rmsnap(request: &Request<'_>) -> Outcome {
    let (pool, snap) = (request.pool("pool")?.info, request.text("snap"));
    let name = &pool.name;
    if pool.selfmanaged_snaps {
        let text = format!("pool {name} is in unmanaged snaps mode");
        return Err(Errno::EINVAL.because(text));
    }
    match request.session.store.db().write(|tx| pools::snap_remove(tx, pool.id, &snap)) {
        Ok(_) => {
            request.session.store.map_changed();
            Ok(Answer::removed(format!("removed pool {name} snap {snap}")))
        }
        Err(error) if error.errno() == Errno::ENOENT => {
            Ok(Answer::said(format!("pool {name} snap {snap} does not exist")))
        }
        Err(error) => Err(error),
    }
}

fn pool_stats(request: &Request<'_>) -> Outcome {
    let pools = match request.has("pool_name") {
        true => vec![request.pool("pool_name")?],
        false => all(request)?,
    };
    let entry = |pool: &Pool| {
        json!({
            "pool_name": pool.info.name, "pool_id": pool.info.id.0,
            "recovery": {}, "recovery_rate": {}, "client_io_rate": {},
        })
    };
    let entries = || Value::Array(pools.iter().map(entry).collect());
    let line = |pool: &Pool| {
        format!("pool {} id {}\n  nothing is going on\n\n", pool.info.name, pool.info.id)
    };
    Ok(Answer::either(request, entries, || pools.iter().map(line).collect()))
}

/// Runs a change of a pool's applications.
fn change<T>(
    request: &Request<'_>,
    body: impl FnOnce(&rusqlite::Transaction<'_>, PoolId) -> Result<T>,
) -> Result<(String, T)> {
    let info = request.pool("pool")?.info;
    let value = request.session.store.db().write(|tx| body(tx, info.id))?;
    Ok((info.name, value))
}

fn application_enable(request: &Request<'_>) -> Outcome {
    let (app, force) = (request.text("app"), request.is_set("yes_i_really_mean_it"));
    let (pool, ()) = change(request, |tx, id| applications::enable(tx, id, &app, force))?;
    Ok(Answer::said(format!("enabled application '{app}' on pool '{pool}'")))
}

fn application_disable(request: &Request<'_>) -> Outcome {
    let app = request.text("app");
    request.pool("pool")?;
    if !request.is_set("yes_i_really_mean_it") {
        let text = "Are you SURE? Disabling an application within a pool might result in loss of \
                    application functionality; pass --yes-i-really-mean-it to proceed anyway";
        return Err(Errno::EPERM.because(text));
    }
    let (pool, was) = change(request, |tx, id| applications::disable(tx, id, &app))?;
    Ok(Answer::said(match was {
        true => format!("disable application '{app}' on pool '{pool}'"),
        false => format!("application '{app}' is not enabled on pool '{pool}'"),
    }))
}

fn application_set(request: &Request<'_>) -> Outcome {
    let (app, key, value) = (request.text("app"), request.text("key"), request.text("value"));
    let (pool, ()) = change(request, |tx, id| applications::set(tx, id, &app, &key, &value))?;
    Ok(Answer::said(format!("set application '{app}' key '{key}' to '{value}' on pool '{pool}'")))
}

fn application_rm(request: &Request<'_>) -> Outcome {
    let (app, key) = (request.text("app"), request.text("key"));
    let (pool, was) = change(request, |tx, id| applications::remove(tx, id, &app, &key))?;
    Ok(Answer::said(match was {
        true => format!("removed application '{app}' key '{key}' on pool '{pool}'"),
        false => format!("application '{app}' on pool '{pool}' does not have key '{key}'"),
    }))
}

fn application_get(request: &Request<'_>) -> Outcome {
    type Applications = BTreeMap<String, BTreeMap<String, String>>;
    if !request.has("pool") {
        let all: Vec<(String, Applications)> =
            all(request)?.into_iter().map(|p| (p.info.name, p.info.applications)).collect();
        let all = all.into_iter().map(|(name, applications)| (name, json!(applications)));
        return Ok(Answer::json(request, &Value::Object(all.collect())));
    }
    let info = request.pool("pool")?.info;
    if !request.has("app") {
        return Ok(Answer::json(request, &json!(info.applications)));
    }
    let (app, pool) = (request.text("app"), &info.name);
    let missing = || Errno::ENOENT.because(format!("pool '{pool}' has no application '{app}'"));
    let notes = info.applications.get(&app).ok_or_else(missing)?;
    if !request.has("key") {
        return Ok(Answer::json(request, &json!(notes)));
    }
    let key = request.text("key");
    let missing = || {
        let text = format!("application '{app}' on pool '{pool}' does not have key '{key}'");
        Errno::ENOENT.because(text)
    };
    // A value is told as it is, whatever format was asked for.
    Ok(Answer::plain(format!("{}\n", notes.get(&key).ok_or_else(missing)?)))
}

/// What a pool holds, for `df` and quotas.
pub(super) fn stat(request: &Request<'_>, id: PoolId) -> Result<crate::model::PoolStat> {
    let store = request.session.store;
    store.db().read(|db| stats::pool(store, db, id))
}

/// A quota in words.
pub(super) fn quota(limit: u64, now: u64, is_bytes: bool) -> String {
    let spell = |value| match is_bytes {
        true => text::bytes(value),
        false => format!("{} objects", text::count(value)),
    };
    let what = if is_bytes { "bytes" } else { "objects" };
    let current = match is_bytes {
        true => format!("{now} bytes"),
        false => format!("{} objects", text::count(now)),
    };
    match limit {
        0 => "N/A".into(),
        _ => format!("{}  (current num {what}: {current})", spell(limit)),
    }
}
