//! The manager: only what clients ask to find it.

use serde_json::{Value, json};

use super::request::{Answer, Outcome, Request, Spec};
use super::{MGR_NAME, VERSION, created, mon, text};
use crate::errno::Errno;

pub(super) const COMMANDS: &[Spec] = &[
    Spec {
        prefix: "mgr dump",
        args: "name=epoch,type=CephInt,range=0,req=false",
        help: "show the map of managers",
        perm: "r",
        mgr: false,
        run: dump,
    },
    Spec {
        prefix: "mgr stat",
        args: "",
        help: "show how the managers are",
        perm: "r",
        mgr: false,
        run: stat,
    },
    Spec {
        prefix: "mgr services",
        args: "",
        help: "show what managers offer",
        perm: "r",
        mgr: false,
        run: services,
    },
    Spec {
        prefix: "mgr module ls",
        args: "",
        help: "show the managers' modules",
        perm: "r",
        mgr: false,
        run: modules,
    },
    Spec {
        prefix: "mgr module enable",
        args: "name=module,type=CephString name=force,type=CephChoices,strings=--force,req=false",
        help: "enable a module",
        perm: "rw",
        mgr: false,
        run: enable,
    },
    Spec {
        prefix: "mgr metadata",
        args: "name=who,type=CephString,req=false",
        help: "show what the managers say of themselves",
        perm: "r",
        mgr: false,
        run: metadata,
    },
    Spec {
        prefix: "mgr versions",
        args: "",
        help: "show the managers' versions",
        perm: "r",
        mgr: false,
        run: versions,
    },
    Spec {
        prefix: "balancer status",
        args: "",
        help: "show what the balancer does",
        perm: "r",
        mgr: true,
        run: balancer,
    },
];

fn dump(request: &Request<'_>) -> Outcome {
    let addr = |kind: &str| json!({ "type": kind, "addr": "127.0.0.1:6800", "nonce": 1 });
    let since = text::time(created(request.session.store)?);
    let value = json!({
        "epoch": 1, "active_gid": 4099, "active_name": MGR_NAME,
        "active_addrs": { "addrvec": [addr("v2"), addr("v1")] },
        "active_addr": "127.0.0.1:6800/1", "active_change": since,
        "active_mgr_features": 4_540_138_314_316_775_423_u64, "available": true, "standbys": [],
        "modules": [], "available_modules": [], "services": {}, "always_on_modules": {},
    });
    Ok(Answer::json(request, &value))
}

fn stat(request: &Request<'_>) -> Outcome {
    let value = json!({ "epoch": 1, "available": true, "active_name": MGR_NAME, "num_standby": 0 });
    Ok(Answer::json(request, &value))
}

fn services(request: &Request<'_>) -> Outcome {
    Ok(Answer::json(request, &json!({})))
}

fn modules(request: &Request<'_>) -> Outcome {
    let value = json!({ "always_on_modules": [], "enabled_modules": [], "disabled_modules": [] });
    Ok(Answer::json(request, &value))
}

fn enable(request: &Request<'_>) -> Outcome {
    let module = request.needed("module")?;
    let text = format!(
        "all mgr daemons do not support module '{module}', pass --force to force enablement"
    );
    Err(Errno::ENOENT.because(text))
}

fn metadata(request: &Request<'_>) -> Outcome {
    let mut daemon = serde_json::Map::new();
    daemon.insert("name".into(), json!(MGR_NAME));
    daemon.extend(mon::about().into_iter().map(|(name, value)| (name.to_owned(), json!(value))));
    let daemon = Value::Object(daemon);
    let value = if request.has("who") { daemon } else { json!([daemon]) };
    Ok(Answer::json(request, &value))
}

fn versions(request: &Request<'_>) -> Outcome {
    Ok(Answer::json(request, &json!({ VERSION: 1 })))
}

fn balancer(request: &Request<'_>) -> Outcome {
    let value = json!({
        "active": false, "last_optimize_duration": "", "last_optimize_started": "",
        "mode": "none", "no_optimization_needed": true, "optimize_result": "", "plans": [],
    });
    Ok(Answer::json(request, &value))
}
