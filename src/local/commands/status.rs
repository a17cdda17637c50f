//! How the cluster is.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::mon::quorum_age;
use super::pool::{all, stat};
use super::request::{Answer, Outcome, Request, Spec};
use super::text::{self, Table};
use super::{MGR_NAME, MON_NAME, VERSION, service_map};
use crate::errno::Result;
use crate::local::pools::{self, Pool};
use crate::local::stats;
use crate::model::{ClusterStat, PoolStat};

pub(super) const COMMANDS: &[Spec] = &[
    Spec {
        prefix: "status",
        args: "",
        help: "show how the cluster is",
        perm: "r",
        mgr: false,
        run: status,
    },
    Spec {
        prefix: "health",
        args: "name=detail,type=CephChoices,strings=detail,req=false",
        help: "show the cluster's health",
        perm: "r",
        mgr: false,
        run: health,
    },
    Spec {
        prefix: "df",
        args: "name=detail,type=CephChoices,strings=detail,req=false",
        help: "show how full the cluster is",
        perm: "r",
        mgr: false,
        run: df,
    },
    Spec {
        prefix: "fsid",
        args: "",
        help: "show the cluster's id",
        perm: "r",
        mgr: false,
        run: fsid,
    },
    Spec {
        prefix: "version",
        args: "",
        help: "show the monitor's version",
        perm: "r",
        mgr: false,
        run: version,
    },
    Spec {
        prefix: "versions",
        args: "",
        help: "show the daemons' versions",
        perm: "r",
        mgr: false,
        run: versions,
    },
    Spec {
        prefix: "pg stat",
        args: "",
        help: "show how the placement groups are",
        perm: "r",
        mgr: true,
        run: pg_stat,
    },
    Spec {
        prefix: "service dump",
        args: "",
        help: "show the registered services",
        perm: "r",
        mgr: false,
        run: service_dump,
    },
    Spec {
        prefix: "service status",
        args: "",
        help: "show the status of the registered services",
        perm: "r",
        mgr: true,
        run: service_status,
    },
];

/// Pools, what they hold, and the room there is.
struct Usage {
    pools: Vec<(Pool, PoolStat)>,
    cluster: ClusterStat,
    epoch: u64,
}

impl Usage {
    fn read(request: &Request<'_>) -> Result<Usage> {
        let pools: Result<Vec<_>> = all(request)?
            .into_iter()
            .map(|pool| Ok((stat(request, pool.info.id)?, pool)))
            .collect();
        Ok(Usage {
            pools: pools?.into_iter().map(|(stat, pool)| (pool, stat)).collect(),
            cluster: stats::cluster(request.session.store)?,
            epoch: request.session.store.db().read(pools::epoch)?,
        })
    }

    fn pgs(&self) -> u32 {
        self.pools.iter().map(|(pool, _)| pool.info.pg_num).sum()
    }

    fn objects(&self) -> u64 {
        self.pools.iter().map(|(_, stat)| stat.objects).sum()
    }

    fn data(&self) -> u64 {
        self.pools.iter().map(|(_, stat)| stat.bytes).sum()
    }

    fn total(&self) -> u64 {
        self.cluster.kb << 10
    }

    fn used(&self) -> u64 {
        self.cluster.kb_used << 10
    }

    fn free(&self) -> u64 {
        self.cluster.kb_avail << 10
    }

    fn room(&self) -> String {
        let [used, free, total] = [self.used(), self.free(), self.total()].map(text::bytes);
        format!("{used} used, {free} / {total} avail")
    }

    fn states(&self) -> String {
        match self.pgs() {
            0 => String::new(),
            pgs => format!("{pgs} active+clean"),
        }
    }
}

fn status(request: &Request<'_>) -> Outcome {
    let usage = Usage::read(request)?;
    let services = service_map(request.session.store)?;
    let age = quorum_age(request)?;
    let fsid = request.session.store.fsid();
    let since = age.as_secs();
    let value = || {
        let up = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let up = up.as_secs().saturating_sub(since);
        json!({
            "fsid": fsid.to_string(),
            "health": healthy(),
            "election_epoch": 3, "quorum": [0], "quorum_names": [MON_NAME], "quorum_age": since,
            "monmap": { "epoch": 1, "min_mon_release_name": "pacific", "num_mons": 1 },
            "osdmap": {
                "epoch": usage.epoch, "num_osds": 1, "num_up_osds": 1, "osd_up_since": up,
                "num_in_osds": 1, "osd_in_since": up, "num_remapped_pgs": 0,
            },
            "pgmap": {
                "pgs_by_state": pgs_by_state(&usage, "state_name", "count"),
                "num_pgs": usage.pgs(), "num_pools": usage.pools.len(),
                "num_objects": usage.objects(), "data_bytes": usage.data(),
                "bytes_used": usage.used(), "bytes_avail": usage.free(),
                "bytes_total": usage.total(),
            },
            "fsmap": { "epoch": 1, "by_rank": [], "up:standby": 0 },
            "mgrmap": {
                "available": true, "num_standbys": 0, "modules": [], "services": {},
            },
            "servicemap": services, "progress_events": {},
        })
    };
    let lines = || {
        let age = text::span(age);
        format!(
            "  cluster:\n    id:     {fsid}\n    health: HEALTH_OK\n \n  services:\n    \
             mon: 1 daemons, quorum {MON_NAME} (age {age})\n    \
             mgr: {MGR_NAME}(active, since {age})\n    \
             osd: 1 osds: 1 up (since {age}), 1 in (since {age})\n{} \n  data:\n    \
             pools:   {} pools, {} pgs\n    objects: {} objects, {}\n    usage:   {}\n    \
             pgs:     {}\n \n",
            registered(&services),
            usage.pools.len(),
            usage.pgs(),
            text::count(usage.objects()),
            text::bytes(usage.data()),
            usage.room(),
            usage.states(),
        )
    };
    Ok(Answer::either(request, value, lines))
}

/// Lines for registered services.
fn registered(services: &Value) -> String {
    let Some(Value::Object(services)) = services.get("services") else { return String::new() };
    let line = |(name, service): (&String, &Value)| {
        let daemons = service.get("daemons").and_then(Value::as_object);
        // The summary stands among the daemons.
        let count = daemons.map_or(0, |daemons| daemons.len().saturating_sub(1));
        let plural = if count == 1 { "" } else { "s" };
        format!("    {name}: {count} daemon{plural} active (1 hosts)\n")
    };
    services.iter().map(line).collect()
}

fn pgs_by_state(usage: &Usage, name: &str, count: &str) -> Value {
    match usage.pgs() {
        0 => json!([]),
        pgs => json!([{ name: "active+clean", count: pgs }]),
    }
}

/// A store is well as long as it answers.
pub(super) fn healthy() -> Value {
    json!({ "status": "HEALTH_OK", "checks": {}, "mutes": [] })
}

fn health(request: &Request<'_>) -> Outcome {
    Ok(Answer::either(request, healthy, || "HEALTH_OK\n".into()))
}

fn df(request: &Request<'_>) -> Outcome {
    let usage = Usage::read(request)?;
    let detail = request.text("detail") == "detail";
    Ok(Answer::either(request, || df_value(&usage, detail), || df_text(&usage)))
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn df_value(usage: &Usage, detail: bool) -> Value {
    let (total, used, free) = (usage.total(), usage.used(), usage.free());
    let raw = json!({
        "total_bytes": total, "total_avail_bytes": free, "total_used_bytes": used,
        "total_used_raw_bytes": used, "total_used_raw_ratio": ratio(used, total),
    });
    let mut stats = raw.clone();
    if let Value::Object(stats) = &mut stats {
        for name in ["num_osds", "num_per_pool_osds", "num_per_pool_omap_osds"] {
            stats.insert(name.into(), json!(1));
        }
    }
    let pool = |(pool, stat): &(Pool, PoolStat)| {
        let kb = stat.bytes.div_ceil(1024);
        let full = ratio(stat.bytes, stat.bytes + free);
        let brief = json!({
            "stored": stat.user_bytes, "objects": stat.objects, "kb_used": kb,
            "bytes_used": stat.bytes, "percent_used": full, "max_avail": free,
        });
        let whole = json!({
            "stored": stat.user_bytes, "stored_data": stat.user_bytes, "stored_omap": 0,
            "objects": stat.objects, "kb_used": kb, "bytes_used": stat.bytes,
            "data_bytes_used": stat.bytes, "omap_bytes_used": 0, "percent_used": full,
            "max_avail": free, "quota_objects": 0, "quota_bytes": 0, "dirty": 0,
            "rd": stat.reads, "rd_bytes": stat.read_kb << 10, "wr": stat.writes,
            "wr_bytes": stat.write_kb << 10, "compress_bytes_used": 0,
            "compress_under_bytes": 0, "stored_raw": stat.bytes, "avail_raw": free,
        });
        let stats = if detail { whole } else { brief };
        json!({ "name": pool.info.name, "id": pool.info.id.0, "stats": stats })
    };
    let pools: Vec<_> = usage.pools.iter().map(pool).collect();
    json!({ "stats": stats, "stats_by_class": { "hdd": raw }, "pools": pools })
}

fn df_text(usage: &Usage) -> String {
    let mut raw = Table::new(&["<CLASS", "SIZE", "AVAIL", "USED", "RAW USED", "%RAW USED"]);
    let percent = |ratio: f64| match ratio {
        0.0 => "0".to_owned(),
        ratio => format!("{:.2}", ratio * 100.0),
    };
    for class in ["hdd", "TOTAL"] {
        let [total, free, used] = [usage.total(), usage.free(), usage.used()].map(text::bytes);
        let full = percent(ratio(usage.used(), usage.total()));
        raw.row([class.into(), total, free, used.clone(), used, full]);
    }
    let titles = ["<POOL", "ID", "PGS", "STORED", "OBJECTS", "USED", "%USED", "MAX AVAIL"];
    let mut pools = Table::new(&titles);
    for (pool, stat) in &usage.pools {
        pools.row([
            pool.info.name.clone(),
            pool.info.id.to_string(),
            pool.info.pg_num.to_string(),
            text::bytes(stat.user_bytes),
            text::count(stat.objects),
            text::bytes(stat.bytes),
            percent(ratio(stat.bytes, stat.bytes + usage.free())),
            text::bytes(usage.free()),
        ]);
    }
    format!("--- RAW STORAGE ---\n{} \n--- POOLS ---\n{}", raw.spell(), pools.spell())
}

fn fsid(request: &Request<'_>) -> Outcome {
    let fsid = request.session.store.fsid().to_string();
    Ok(Answer::either(request, || json!({ "fsid": fsid }), || format!("{fsid}\n")))
}

fn version(request: &Request<'_>) -> Outcome {
    Ok(Answer::either(request, || json!({ "version": VERSION }), || format!("{VERSION}\n")))
}

fn versions(request: &Request<'_>) -> Outcome {
    let of = |count: u32| json!({ VERSION: count });
    let value = json!({
        "mon": of(1), "mgr": of(1), "osd": of(1), "mds": {}, "overall": of(3),
    });
    Ok(Answer::json(request, &value))
}

fn pg_stat(request: &Request<'_>) -> Outcome {
    let usage = Usage::read(request)?;
    let value = || {
        json!({ "pg_ready": true, "pg_summary": {
            "num_pg_by_state": pgs_by_state(&usage, "name", "num"), "num_pgs": usage.pgs(),
            "num_bytes": usage.data(), "total_bytes": usage.total(),
            "total_avail_bytes": usage.free(), "total_used_bytes": usage.used(),
            "total_used_raw_bytes": usage.used(),
        } })
    };
    let line = || {
        let data = text::bytes(usage.data());
        format!("{} pgs: {}; {data} data, {}\n", usage.pgs(), usage.states(), usage.room())
    };
    Ok(Answer::either(request, value, line))
}

fn service_dump(request: &Request<'_>) -> Outcome {
    Ok(Answer::json(request, &service_map(request.session.store)?))
}

fn service_status(request: &Request<'_>) -> Outcome {
    let services = request.session.store.db().read(crate::local::services::all)?;
    let mut by_service = serde_json::Map::new();
    for service in services {
        let status = json!({
            "status_stamp": text::time(service.updated),
            "last_beacon": text::time(service.updated),
            "status": service.status,
        });
        let daemons = by_service.entry(service.service).or_insert_with(|| json!({}));
        if let Value::Object(daemons) = daemons {
            daemons.insert(service.daemon, status);
        }
    }
    Ok(Answer::json(request, &Value::Object(by_service)))
}
