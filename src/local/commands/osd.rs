//! OSDs: the one the store is, its place in the map, and the blocklist.

use std::time::Duration;

use serde_json::{Value, json};

use super::pool::all;
use super::request::{Answer, Outcome, Request, Spec};
use super::text::{self, Table};
use super::{VERSION, blocklist_add, created, mon, pool_options};
use crate::conf;
use crate::errno::Errno;
use crate::local::{blocklist, pools, stats};
use crate::model::{ClusterStat, Target, placement};

/// The OSD's address; nobody listens there.
const ADDR: &str = "127.0.0.1:6802";
/// Set in every map since Luminous.
const MAP_FLAGS: [&str; 4] =
    ["pglog_hardlimit", "purged_snapdirs", "recovery_deletes", "sortbitwise"];
const MAP_FLAGS_NUMBER: u32 = 5_799_936;
/// The rule and the profile every cluster begins with.
const RULE: &str = "replicated_rule";
const PROFILE: &str = "default";

macro_rules! spec {
    ($prefix:literal, $args:literal, $help:literal, $perm:literal, $mgr:literal, $run:path) => {
        Spec { prefix: $prefix, args: $args, help: $help, perm: $perm, mgr: $mgr, run: $run }
    };
}

pub(super) const COMMANDS: &[Spec] = &[
    spec!(
        "osd dump",
        "name=epoch,type=CephInt,range=0,req=false",
        "show the map",
        "r",
        false,
        dump
    ),
    spec!("osd stat", "", "show how the OSDs are", "r", false, stat),
    spec!("osd ls", "", "list OSDs", "r", false, ls),
    spec!("osd tree", "", "show OSDs by place", "r", false, tree),
    spec!("osd crush tree", "", "show OSDs by place", "r", false, crush_tree),
    spec!("osd df", "", "show how full OSDs are", "r", true, df),
    spec!(
        "osd metadata",
        "name=id,type=CephOsdName,req=false",
        "show what OSDs say of themselves",
        "r",
        false,
        metadata
    ),
    spec!("osd find", "name=id,type=CephOsdName", "show where an OSD is", "r", false, find),
    spec!(
        "osd map",
        "name=pool,type=CephPoolname name=object,type=CephObjectname \
        name=nspace,type=CephString,req=false",
        "show where an object is",
        "r",
        false,
        map
    ),
    spec!("osd getmaxosd", "", "show how many OSDs there may be", "r", false, max),
    spec!("osd versions", "", "show the OSDs' versions", "r", false, versions),
    spec!("osd perf", "", "show how fast OSDs are", "r", true, perf),
    spec!("osd blocked-by", "", "show what OSDs wait for", "r", true, blocked_by),
    spec!(
        "osd get-require-min-compat-client",
        "",
        "show the oldest release clients may have",
        "r",
        false,
        min_compat
    ),
    spec!("osd crush rule ls", "", "list rules", "r", false, rules),
    spec!("osd crush rule list", "", "list rules", "r", false, rules),
    spec!(
        "osd crush rule dump",
        "name=name,type=CephString,req=false",
        "show rules",
        "r",
        false,
        rule_dump
    ),
    spec!("osd crush class ls", "", "list classes of devices", "r", false, classes),
    spec!("osd erasure-code-profile ls", "", "list profiles", "r", false, profiles),
    spec!(
        "osd erasure-code-profile get",
        "name=name,type=CephString",
        "show a profile",
        "r",
        false,
        profile
    ),
    spec!("osd blocklist ls", "", "show the blocklist", "r", false, blocklist_ls),
    spec!("osd blacklist ls", "", "show the blocklist", "r", false, blocklist_ls),
    spec!(
        "osd blocklist",
        "name=blocklistop,type=CephChoices,strings=add|rm \
        name=addr,type=CephEntityAddr name=expire,type=CephFloat,range=0.0,req=false",
        "put a client on the blocklist or take it off",
        "rw",
        false,
        blocklist_change
    ),
    spec!(
        "osd blacklist",
        "name=blacklistop,type=CephChoices,strings=add|rm \
        name=addr,type=CephEntityAddr name=expire,type=CephFloat,range=0.0,req=false",
        "put a client on the blocklist or take it off",
        "rw",
        false,
        blocklist_change
    ),
    spec!("osd blocklist clear", "", "empty the blocklist", "rw", false, blocklist_clear),
    spec!("osd blacklist clear", "", "empty the blocklist", "rw", false, blocklist_clear),
    spec!(
        "pg map",
        "name=pgid,type=CephPgid",
        "show where a placement group is",
        "r",
        false,
        pg_map
    ),
];

fn epoch(request: &Request<'_>) -> crate::errno::Result<u64> {
    request.session.store.db().read(pools::epoch)
}

/// Addresses of the OSD in both protocols.
fn addrvec() -> Value {
    let addr = |kind: &str| json!({ "type": kind, "addr": ADDR, "nonce": 1 });
    json!({ "addrvec": [addr("v2"), addr("v1")] })
}

fn osd_line(fsid: &str) -> String {
    let addrs = format!("[v2:{ADDR}/1,v1:{ADDR}/1]");
    format!(
        "osd.0 up   in  weight 1 up_from 1 up_thru 1 down_at 0 last_clean_interval [0,0) {addrs} \
         {addrs} exists,up {fsid}\n"
    )
}

fn dump(request: &Request<'_>) -> Outcome {
    let db = request.session.store.db();
    let (pools, epoch, blocked) = (all(request)?, epoch(request)?, db.read(blocklist::all)?);
    let fsid = request.session.store.fsid().to_string();
    let made = text::time(created(request.session.store)?);
    let lines = || {
        let flags = "sortbitwise,recovery_deletes,purged_snapdirs,pglog_hardlimit";
        let mut lines = format!(
            "epoch {epoch}\nfsid {fsid}\ncreated {made}\nmodified {made}\nflags {flags}\n\
             crush_version 1\nfull_ratio 0.95\nbackfillfull_ratio 0.9\nnearfull_ratio 0.85\n\
             require_min_compat_client luminous\nmin_compat_client luminous\n\
             require_osd_release pacific\nstretch_mode_enabled false\n"
        );
        pools.iter().for_each(|pool| lines.push_str(&pool_options::line(pool)));
        lines.push_str("max_osd 1\n");
        lines.push_str(&osd_line(&fsid));
        for (addr, until) in &blocked {
            lines.push_str(&format!("blocklist {addr} expires {}\n", text::time(*until)));
        }
        lines
    };
    let value = || {
        let list: serde_json::Map<_, _> =
            blocked.iter().map(|(addr, until)| (addr.clone(), json!(text::time(*until)))).collect();
        let newest = pools.iter().map(|pool| pool.info.id.0).max().unwrap_or(0);
        let pools: Vec<_> = pools.iter().map(|p| pool_options::describe(p, false)).collect();
        json!({
            "epoch": epoch, "fsid": fsid, "created": made, "modified": made,
            "last_up_change": made, "last_in_change": made,
            "flags": "sortbitwise,recovery_deletes,purged_snapdirs,pglog_hardlimit",
            "flags_num": MAP_FLAGS_NUMBER, "flags_set": MAP_FLAGS, "crush_version": 1,
            "full_ratio": f64::from(0.95_f32), "backfillfull_ratio": f64::from(0.9_f32),
            "nearfull_ratio": f64::from(0.85_f32), "cluster_snapshot": "", "pool_max": newest,
            "max_osd": 1, "require_min_compat_client": "luminous",
            "min_compat_client": "luminous", "require_osd_release": "pacific", "pools": pools,
            "osds": [osd(&fsid)],
            "osd_xinfo": [{
                "osd": 0, "down_stamp": "0.000000", "laggy_probability": 0, "laggy_interval": 0,
                "features": 4_540_138_314_316_775_423_u64, "old_weight": 0,
                "last_purged_snaps_scrub": made, "dead_epoch": 0,
            }],
            "pg_upmap": [], "pg_upmap_items": [], "pg_temp": [], "primary_temp": [],
            "blocklist": list, "range_blocklist": {},
            "erasure_code_profiles": { PROFILE: profile_fields() },
            "removed_snaps_queue": [], "new_removed_snaps": [], "new_purged_snaps": [],
            "crush_node_flags": {}, "device_class_flags": {},
            "stretch_mode": {
                "stretch_mode_enabled": false, "stretch_bucket_count": 0,
                "degraded_stretch_mode": 0, "recovering_stretch_mode": 0,
                "stretch_mode_bucket": 0,
            },
        })
    };
    Ok(Answer::either(request, value, lines))
}

fn osd(fsid: &str) -> Value {
    let legacy = format!("{ADDR}/1");
    json!({
        "osd": 0, "uuid": fsid, "up": 1, "in": 1, "weight": 1, "primary_affinity": 1,
        "last_clean_begin": 0, "last_clean_end": 0, "up_from": 1, "up_thru": 1, "down_at": 0,
        "lost_at": 0, "public_addrs": addrvec(), "cluster_addrs": addrvec(),
        "heartbeat_back_addrs": addrvec(), "heartbeat_front_addrs": addrvec(),
        "public_addr": legacy, "cluster_addr": legacy, "heartbeat_back_addr": legacy,
        "heartbeat_front_addr": legacy, "state": ["exists", "up"],
    })
}

fn stat(request: &Request<'_>) -> Outcome {
    let (epoch, made) = (epoch(request)?, created(request.session.store)?);
    let age = text::span(mon::quorum_age(request)?);
    let since = made.duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
    let value = || {
        json!({
            "epoch": epoch, "num_osds": 1, "num_up_osds": 1, "osd_up_since": since.as_secs(),
            "num_in_osds": 1, "osd_in_since": since.as_secs(), "num_remapped_pgs": 0,
        })
    };
    let line = || format!("1 osds: 1 up (since {age}), 1 in (since {age}); epoch: e{epoch}\n");
    Ok(Answer::either(request, value, line))
}

fn ls(request: &Request<'_>) -> Outcome {
    Ok(Answer::either(request, || json!([0]), || "0\n".into()))
}

/// CRUSH's weight of a device is its size in TiB.
fn weight(space: &ClusterStat) -> f64 {
    let tib = space.kb as f64 / f64::from(1 << 30);
    (tib * 65536.0).floor() / 65536.0
}

fn nodes(space: &ClusterStat, is_osd_tree: bool) -> Value {
    let mut device = json!({
        "id": 0, "device_class": "hdd", "name": "osd.0", "type": "osd", "type_id": 0,
        "crush_weight": weight(space), "depth": 2, "pool_weights": {},
    });
    if is_osd_tree {
        device["exists"] = json!(1);
        device["status"] = json!("up");
        device["reweight"] = json!(1);
        device["primary_affinity"] = json!(1);
    }
    json!({
        "nodes": [
            { "id": -1, "name": "default", "type": "root", "type_id": 11, "children": [-3] },
            { "id": -3, "name": mon::host(), "type": "host", "type_id": 1, "pool_weights": {},
              "children": [0] },
            device,
        ],
        "stray": [],
    })
}

fn tree(request: &Request<'_>) -> Outcome {
    let space = stats::cluster(request.session.store)?;
    let lines = || {
        let titles = ["ID", "CLASS", "WEIGHT", "<TYPE NAME", "STATUS", "REWEIGHT", "PRI-AFF"];
        let mut table = Table::new(&titles);
        let weight = format!("{:.5}", weight(&space));
        let bucket = |id: &str, name: String| {
            [id.to_owned(), String::new(), weight.clone(), name]
                .into_iter()
                .chain([const { String::new() }; 3])
        };
        table.row(bucket("-1", "root default".into()));
        table.row(bucket("-3", format!("    host {}", mon::host())));
        let osd = ["0", "hdd", &*weight, "        osd.0", "up", "1.00000", "1.00000"];
        table.row(osd.map(str::to_owned));
        table.spell()
    };
    Ok(Answer::either(request, || nodes(&space, true), lines))
}

fn crush_tree(request: &Request<'_>) -> Outcome {
    let space = stats::cluster(request.session.store)?;
    let lines = || {
        let mut table = Table::new(&["ID", "CLASS", "WEIGHT", "<TYPE NAME"]);
        let weight = format!("{:.5}", weight(&space));
        let host = format!("    host {}", mon::host());
        let rows = [("-1", "", "root default"), ("-3", "", &*host), ("0", "hdd", "        osd.0")];
        for (id, class, name) in rows {
            table.row([id, class, &*weight, name].map(str::to_owned));
        }
        table.spell()
    };
    Ok(Answer::either(request, || nodes(&space, false), lines))
}

fn df(request: &Request<'_>) -> Outcome {
    let space = stats::cluster(request.session.store)?;
    let pgs: u32 = all(request)?.iter().map(|pool| pool.info.pg_num).sum();
    let full = if space.kb == 0 { 0.0 } else { 100.0 * space.kb_used as f64 / space.kb as f64 };
    let value = || {
        let mut tree = nodes(&space, false);
        let mut device = tree["nodes"][2].take();
        let fields = json!({
            "reweight": 1, "kb": space.kb, "kb_used": space.kb_used,
            "kb_used_data": space.kb_used, "kb_used_omap": 0, "kb_used_meta": 0,
            "kb_avail": space.kb_avail, "utilization": full, "var": 1, "pgs": pgs, "status": "up",
        });
        if let (Value::Object(device), Value::Object(fields)) = (&mut device, fields) {
            device.extend(fields);
        }
        json!({
            "nodes": [device], "stray": [],
            "summary": {
                "total_kb": space.kb, "total_kb_used": space.kb_used,
                "total_kb_used_data": space.kb_used, "total_kb_used_omap": 0,
                "total_kb_used_meta": 0, "total_kb_avail": space.kb_avail,
                "average_utilization": full, "min_var": 1, "max_var": 1, "dev": 0,
            },
        })
    };
    let lines = || {
        let titles = [
            "ID", "CLASS", "WEIGHT", "REWEIGHT", "SIZE", "RAW USE", "DATA", "OMAP", "META",
            "AVAIL", "%USE", "VAR", "PGS", "STATUS",
        ];
        let mut table = Table::new(&titles);
        let [size, used, free] =
            [space.kb, space.kb_used, space.kb_avail].map(|kb| text::bytes(kb << 10));
        let used_percent = format!("{full:.2}");
        let usage = [size, used.clone(), used, "0 B".into(), "0 B".into(), free, used_percent];
        let own =
            ["0".to_owned(), "hdd".into(), format!("{:.5}", weight(&space)), "1.00000".into()];
        let rest = ["1.00".to_owned(), pgs.to_string(), "up".into()];
        table.row(own.into_iter().chain(usage.clone()).chain(rest));
        let total = ["", "", "", "TOTAL"].map(str::to_owned);
        table.row(total.into_iter().chain(usage).chain([const { String::new() }; 3]));
        table.spell() + "MIN/MAX VAR: 1.00/1.00  STDDEV: 0\n"
    };
    Ok(Answer::either(request, value, lines))
}

/// Refuses any OSD but 0.
fn only_osd(request: &Request<'_>) -> crate::errno::Result<()> {
    let id = request.text("id");
    match id.trim_start_matches("osd.") {
        "0" => Ok(()),
        other => Err(Errno::ENOENT.because(format!("osd.{other} does not exist"))),
    }
}

fn metadata(request: &Request<'_>) -> Outcome {
    let mut daemon = serde_json::Map::new();
    daemon.insert("id".into(), json!(0));
    daemon.extend(mon::about().into_iter().map(|(name, value)| (name.to_owned(), json!(value))));
    let dir = request.session.store.dir().to_string_lossy();
    daemon.insert("osd_data".into(), json!(dir));
    daemon.insert("osd_objectstore".into(), json!("oxirados"));
    let daemon = Value::Object(daemon);
    if request.has("id") {
        only_osd(request)?;
        return Ok(Answer::json(request, &daemon));
    }
    Ok(Answer::json(request, &json!([daemon])))
}

fn find(request: &Request<'_>) -> Outcome {
    only_osd(request)?;
    let value = json!({
        "osd": 0, "addrs": addrvec(), "osd_fsid": request.session.store.fsid().to_string(),
        "host": mon::host(), "crush_location": { "host": mon::host(), "root": "default" },
    });
    Ok(Answer::json(request, &value))
}

fn map(request: &Request<'_>) -> Outcome {
    let (pool, object) = (request.text("pool"), request.text("object"));
    let db = request.session.store.db();
    let id = db.read(|db| pools::by_name(db, &pool));
    let id = id.map_err(|_| Errno::ENOENT.because(format!("pool {pool} does not exist")))?;
    let info = db.read(|db| pools::by_id(db, id))?.info;
    let namespace = request.text("nspace");
    let target = Target::new(id, &*object).in_namespace(&*namespace);
    let hash = placement::position(&target).reverse_bits();
    let pg = placement::fold(hash, info.pg_num);
    let name = if namespace.is_empty() { object } else { format!("{namespace}/{object}") };
    let epoch = epoch(request)?;
    let value = || {
        json!({
            "epoch": epoch, "pool": pool, "pool_id": id.0, "objname": name,
            "raw_pgid": format!("{id}.{hash:x}"), "pgid": format!("{id}.{pg:x}"), "up": [0],
            "up_primary": 0, "acting": [0], "acting_primary": 0,
        })
    };
    let line = || {
        format!(
            "osdmap e{epoch} pool '{pool}' ({id}) object '{name}' -> pg {id}.{hash:x} \
             ({id}.{pg:x}) -> up ([0], p0) acting ([0], p0)\n"
        )
    };
    Ok(Answer::either(request, value, line))
}

fn max(request: &Request<'_>) -> Outcome {
    let epoch = epoch(request)?;
    let value = || json!({ "epoch": epoch, "max_osd": 1 });
    Ok(Answer::either(request, value, || format!("max_osd = 1 in epoch {epoch}\n")))
}

fn versions(request: &Request<'_>) -> Outcome {
    Ok(Answer::json(request, &json!({ VERSION: 1 })))
}

fn perf(request: &Request<'_>) -> Outcome {
    let none = json!({
        "commit_latency_ms": 0, "apply_latency_ms": 0, "commit_latency_ns": 0,
        "apply_latency_ns": 0,
    });
    let infos = json!({ "osd_perf_infos": [{ "id": 0, "perf_stats": none }] });
    let value = || json!({ "pg_ready": true, "osdstats": infos });
    let lines = || {
        let mut table = Table::new(&["osd", "commit_latency(ms)", "apply_latency(ms)"]);
        table.row(["0", "0", "0"].map(str::to_owned));
        table.spell()
    };
    Ok(Answer::either(request, value, lines))
}

fn blocked_by(request: &Request<'_>) -> Outcome {
    let value = || json!({ "pg_ready": true, "osd_blocked_by": { "osd_blocked_by_infos": [] } });
    Ok(Answer::either(request, value, || "osd  num_blocked\n".into()))
}

fn min_compat(_request: &Request<'_>) -> Outcome {
    Ok(Answer::plain("luminous\n"))
}

fn rules(request: &Request<'_>) -> Outcome {
    Ok(Answer::either(request, || json!([RULE]), || format!("{RULE}\n")))
}

fn rule_dump(request: &Request<'_>) -> Outcome {
    let rule = json!({
        "rule_id": 0, "rule_name": RULE, "ruleset": 0, "type": 1, "min_size": 1, "max_size": 10,
        "steps": [
            { "op": "take", "item": -1, "item_name": "default" },
            { "op": "choose_firstn", "num": 0, "type": "osd" },
            { "op": "emit" },
        ],
    });
    match &*request.text("name") {
        "" => Ok(Answer::json(request, &json!([rule]))),
        RULE => Ok(Answer::json(request, &rule)),
        name => Err(Errno::ENOENT.because(format!("unknown crush rule '{name}'"))),
    }
}

fn classes(request: &Request<'_>) -> Outcome {
    Ok(Answer::json(request, &json!(["hdd"])))
}

fn profiles(request: &Request<'_>) -> Outcome {
    Ok(Answer::either(request, || json!([PROFILE]), || format!("{PROFILE}\n")))
}

fn profile_fields() -> Value {
    json!({ "k": "2", "m": "2", "plugin": "jerasure", "technique": "reed_sol_van" })
}

fn profile(request: &Request<'_>) -> Outcome {
    let name = request.text("name");
    if name != PROFILE {
        return Err(Errno::ENOENT.because(format!("unknown erasure code profile '{name}'")));
    }
    let lines = || "k=2\nm=2\nplugin=jerasure\ntechnique=reed_sol_van\n".into();
    Ok(Answer::either(request, profile_fields, lines))
}

fn blocklist_ls(request: &Request<'_>) -> Outcome {
    let all = request.session.store.db().read(blocklist::all)?;
    let status = format!("listed {} entries", all.len());
    let lines = || all.iter().map(|(addr, until)| format!("{addr} {}\n", text::time(*until)));
    if !request.wants_json() {
        return Ok(Answer::plain(lines().collect::<String>()).with_status(status));
    }
    let entry =
        |(addr, until): &blocklist::Entry| json!({"addr": addr, "until": text::time(*until)});
    let entries = Value::Array(all.iter().map(entry).collect());
    // The monitor puts the list of ranges right behind it, as a second text.
    let mut answer = Answer::json(request, &entries).with_status(status);
    answer.out.pop();
    answer.out.extend_from_slice(b"[]");
    Ok(answer)
}

fn blocklist_change(request: &Request<'_>) -> Outcome {
    let session = &request.session;
    let addr = request.text("addr");
    let addr = blocklist::normalize(&addr)?;
    let op = format!("{}{}", request.text("blocklistop"), request.text("blacklistop"));
    match &*op {
        "add" => {
            let seconds = match (request.float("expire")?, session.config.value(EXPIRE)) {
                (Some(seconds), _) | (None, Some(conf::Value::Float(seconds))) => seconds,
                _ => 3600.0,
            };
            let expiry = Duration::try_from_secs_f64(seconds).unwrap_or_default();
            let until = blocklist_add(session.store, session.client.all(), &addr, expiry)?;
            let until = text::time(until);
            Ok(Answer::said(format!("blocklisting {addr} until {until} ({seconds} sec)")))
        }
        "rm" => {
            let was = session.store.db().write(|tx| blocklist::remove(tx, &addr))?;
            session.store.blocklist_changed()?;
            Ok(Answer::said(match was {
                true => format!("un-blocklisting {addr}"),
                false => format!("{addr} isn't blocklisted"),
            }))
        }
        _ => Ok(Answer::default()),
    }
}

/// How long an entry counts unless it is said.
const EXPIRE: &str = "mon_osd_blocklist_default_expire";

fn blocklist_clear(request: &Request<'_>) -> Outcome {
    request.session.store.db().write(blocklist::clear)?;
    request.session.store.blocklist_changed()?;
    Ok(Answer::said(" removed all blocklist entries"))
}

fn pg_map(request: &Request<'_>) -> Outcome {
    let (pgid, epoch) = (request.text("pgid"), epoch(request)?);
    let value =
        || json!({ "epoch": epoch, "raw_pgid": pgid, "pgid": pgid, "up": [0], "acting": [0] });
    let line = || format!("osdmap e{epoch} pg {pgid} ({pgid}) -> up [0] acting [0]\n");
    Ok(Answer::either(request, value, line))
}
