//! The monitor.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::request::{Answer, Outcome, Request, Spec};
use super::{MON_NAME, VERSION, created, text};
use crate::errno::Result;

/// The address the store's monitor would have; nobody listens there.
const MON_ADDRS: [(&str, &str); 2] = [("v2", "127.0.0.1:3300"), ("v1", "127.0.0.1:6789")];
/// Features of monitors up to this release.
const FEATURES: [&str; 8] = [
    "kraken",
    "luminous",
    "mimic",
    "osdmap-prune",
    "nautilus",
    "octopus",
    "pacific",
    "elector-pinging",
];
/// The protocol features of a monitor of 16.2.15.
const QUORUM_FEATURES: u64 = 4_540_138_314_316_775_423;

pub(super) const COMMANDS: &[Spec] = &[
    Spec {
        prefix: "mon dump",
        args: "name=epoch,type=CephInt,range=0,req=false",
        help: "show the map of monitors",
        perm: "r",
        mgr: false,
        run: dump,
    },
    Spec {
        prefix: "mon stat",
        args: "",
        help: "show how the monitors are",
        perm: "r",
        mgr: false,
        run: stat,
    },
    Spec {
        prefix: "mon metadata",
        args: "name=id,type=CephString,req=false",
        help: "show what the monitors say of themselves",
        perm: "r",
        mgr: false,
        run: metadata,
    },
    Spec {
        prefix: "mon versions",
        args: "",
        help: "show the monitors' versions",
        perm: "r",
        mgr: false,
        run: versions,
    },
    Spec {
        prefix: "quorum_status",
        args: "",
        help: "show the quorum",
        perm: "r",
        mgr: false,
        run: quorum_status,
    },
    Spec {
        prefix: "time-sync-status",
        args: "",
        help: "show the monitors' clocks",
        perm: "r",
        mgr: false,
        run: time_sync,
    },
    Spec {
        prefix: "features",
        args: "",
        help: "show the features of who is connected",
        perm: "r",
        mgr: false,
        run: features,
    },
    Spec {
        prefix: "node ls",
        args: "name=type,type=CephChoices,strings=all|osd|mon|mds|mgr,req=false",
        help: "show which daemons run where",
        perm: "r",
        mgr: false,
        run: node_ls,
    },
    Spec {
        prefix: "log",
        args: "name=logtext,type=CephString,n=N",
        help: "write to the log",
        perm: "rw",
        mgr: false,
        run: log,
    },
];

/// For how long there has been a quorum: since the store was made, as far as anybody can tell.
pub(super) fn quorum_age(request: &Request<'_>) -> Result<Duration> {
    let made = created(request.session.store)?;
    Ok(SystemTime::now().duration_since(made).unwrap_or_default())
}

fn monmap(request: &Request<'_>) -> Result<Value> {
    let made = text::time(created(request.session.store)?).replace("+0000", "Z");
    let addrs: Vec<_> = MON_ADDRS
        .iter()
        .map(|(kind, addr)| json!({"type": kind, "addr": addr, "nonce": 0}))
        .collect();
    let legacy = format!("{}/0", MON_ADDRS[1].1);
    Ok(json!({
        "epoch": 1, "fsid": request.session.store.fsid().to_string(),
        "modified": made, "created": made, "min_mon_release": 16,
        "min_mon_release_name": "pacific", "election_strategy": 1, "disallowed_leaders: ": "",
        "stretch_mode": false, "tiebreaker_mon": "", "removed_ranks: ": "",
        "features": { "persistent": FEATURES, "optional": [] },
        "mons": [{
            "rank": 0, "name": MON_NAME, "public_addrs": { "addrvec": addrs }, "addr": legacy,
            "public_addr": legacy, "priority": 0, "weight": 0, "crush_location": "{}",
        }],
    }))
}

fn addrs() -> String {
    let addrs: Vec<_> = MON_ADDRS.iter().map(|(kind, addr)| format!("{kind}:{addr}/0")).collect();
    format!("[{}]", addrs.join(","))
}

fn dump(request: &Request<'_>) -> Outcome {
    let mut map = monmap(request)?;
    if let Value::Object(map) = &mut map {
        map.insert("quorum".into(), json!([0]));
    }
    let made = text::time(created(request.session.store)?);
    let lines = || {
        format!(
            "epoch 1\nfsid {}\nlast_changed {made}\ncreated {made}\nmin_mon_release 16 (pacific)\n\
             election_strategy: 1\n0: {} mon.{MON_NAME}\n",
            request.session.store.fsid(),
            addrs(),
        )
    };
    Ok(Answer::either(request, || map, lines).with_status("dumped monmap epoch 1"))
}

fn stat(request: &Request<'_>) -> Outcome {
    let value = || {
        json!({
            "epoch": 1, "min_mon_release_name": "pacific", "num_mons": 1, "leader": MON_NAME,
            "quorum": [{ "rank": 0, "name": MON_NAME }],
        })
    };
    let line = || {
        format!(
            "e1: 1 mons at {{{MON_NAME}={}}} removed_ranks: {{}}, election epoch 3, leader 0 \
             {MON_NAME}, quorum 0 {MON_NAME}\n",
            addrs()
        )
    };
    Ok(Answer::either(request, value, line))
}

/// What every daemon says of itself.
pub(super) fn about() -> Vec<(&'static str, String)> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    vec![
        ("arch", std::env::consts::ARCH.into()),
        ("ceph_release", "pacific".into()),
        ("ceph_version", VERSION.into()),
        ("ceph_version_short", "16.2.15".into()),
        ("hostname", host()),
        ("kernel_description", read("/proc/sys/kernel/version")),
        ("kernel_version", read("/proc/sys/kernel/osrelease")),
        ("os", "Linux".into()),
    ]
}

/// The name of this machine.
pub(super) fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned()
}

fn metadata(request: &Request<'_>) -> Outcome {
    let mut daemon = serde_json::Map::new();
    daemon.insert("name".into(), json!(MON_NAME));
    daemon.insert("addrs".into(), json!(addrs()));
    daemon.extend(about().into_iter().map(|(name, value)| (name.to_owned(), json!(value))));
    let daemon = Value::Object(daemon);
    let value = if request.has("id") { daemon } else { json!([daemon]) };
    Ok(Answer::json(request, &value))
}

fn versions(request: &Request<'_>) -> Outcome {
    Ok(Answer::json(request, &json!({ VERSION: 1 })))
}

fn quorum_status(request: &Request<'_>) -> Outcome {
    let value = json!({
        "election_epoch": 3, "quorum": [0], "quorum_names": [MON_NAME],
        "quorum_leader_name": MON_NAME, "quorum_age": quorum_age(request)?.as_secs(),
        "features": { "quorum_con": QUORUM_FEATURES.to_string(), "quorum_mon": FEATURES },
        "monmap": monmap(request)?,
    });
    // In one line unless line breaks are asked for.
    if request.text("format") == "json-pretty" {
        return Ok(Answer::json(request, &value));
    }
    Ok(Answer::plain(format!("{value}\n")))
}

/// What the monitor says of itself.
pub(super) fn status(request: &Request<'_>) -> Result<Value> {
    Ok(json!({
        "name": MON_NAME, "rank": 0, "state": "leader", "election_epoch": 3, "quorum": [0],
        "quorum_age": quorum_age(request)?.as_secs(),
        "features": { "quorum_con": QUORUM_FEATURES.to_string(), "quorum_mon": FEATURES },
        "outside_quorum": [], "extra_probe_peers": [], "sync_provider": [],
        "monmap": monmap(request)?,
    }))
}

fn time_sync(request: &Request<'_>) -> Outcome {
    let checks = json!({ "epoch": 3, "round": 0, "round_status": "finished" });
    Ok(Answer::json(request, &json!({ "timechecks": checks })))
}

fn features(request: &Request<'_>) -> Outcome {
    let clients = "SELECT count(*) FROM client";
    let clients: i64 =
        request.session.store.db().read(|db| Ok(db.query_row(clients, [], |row| row.get(0))?))?;
    let group = |count: i64| {
        let features = format!("{QUORUM_FEATURES:#x}");
        json!([{ "features": features, "release": "luminous", "num": count }])
    };
    let value =
        json!({ "mon": group(1), "osd": group(1), "client": group(clients), "mgr": group(1) });
    Ok(Answer::json(request, &value))
}

fn node_ls(request: &Request<'_>) -> Outcome {
    let host = host();
    let all = json!({
        "mon": { &host: [MON_NAME] }, "osd": { &host: [0] }, "mgr": { &host: [super::MGR_NAME] },
    });
    let kind = request.text("type");
    let value = if ["", "all"].contains(&&*kind) { &all } else { &all[&*kind] };
    Ok(Answer::json(request, value))
}

fn log(request: &Request<'_>) -> Outcome {
    let text = request.list("logtext")?.join(" ");
    log::info!("client.{}: {text}", request.session.client.id());
    Ok(Answer::default())
}
