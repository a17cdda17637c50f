//! Variables of pools, and how pools are described.
//!
//! A store has one copy of everything and does not compress, scrub or move data; a variable that
//! would change that is refused unless it asks for what is anyway so.

use serde_json::{Map, Value, json};

use super::pool::{quota, stat};
use super::request::{Answer, Outcome, Request};
use super::text;
use crate::errno::{Errno, Result};
use crate::local::pools::{self, Pool};

/// Bit of a pool's flags for each name.
const FLAGS: &[(&str, u64)] = &[
    ("hashpspool", 1),
    ("nodelete", 1 << 4),
    ("nopgchange", 1 << 5),
    ("nosizechange", 1 << 6),
    ("write_fadvise_dontneed", 1 << 7),
    ("noscrub", 1 << 8),
    ("nodeep-scrub", 1 << 9),
];
/// The flags of pools with snapshots of clients' or of their own.
const SELFMANAGED_SNAPS: u64 = 1 << 13;
const POOL_SNAPS: u64 = 1 << 14;
const BULK: u64 = 1 << 17;

/// Flags that can be set; what they forbid is checked or never happens here anyway.
const SETTABLE_FLAGS: &[&str] =
    &["nodelete", "nopgchange", "nosizechange", "noscrub", "nodeep-scrub", "bulk"];

/// Variables that are `-ENOENT` as long as they were not set.
const OPTIONAL: &[&str] = &[
    "recovery_priority",
    "recovery_op_priority",
    "scrub_priority",
    "compression_mode",
    "compression_algorithm",
    "compression_required_ratio",
    "compression_max_blob_size",
    "compression_min_blob_size",
    "csum_type",
    "csum_max_block",
    "csum_min_block",
    "fingerprint_algorithm",
    "pg_num_min",
    "pg_num_max",
    "target_size_bytes",
    "target_size_ratio",
    "pg_autoscale_bias",
    "scrub_min_interval",
    "scrub_max_interval",
    "deep_scrub_interval",
    "dedup_tier",
    "dedup_chunk_algorithm",
    "dedup_cdc_chunk_size",
];
/// Of these, hints that something else may read: kept as they are given.
const HINTS: &[&str] = &[
    "pg_num_min",
    "pg_num_max",
    "target_size_bytes",
    "target_size_ratio",
    "pg_autoscale_bias",
    "scrub_min_interval",
    "scrub_max_interval",
    "deep_scrub_interval",
    "recovery_priority",
    "recovery_op_priority",
    "scrub_priority",
];
const TIER_ONLY: &[&str] = &[
    "hit_set_type",
    "hit_set_period",
    "hit_set_count",
    "hit_set_fpp",
    "target_max_objects",
    "target_max_bytes",
    "cache_target_full_ratio",
    "cache_target_dirty_ratio",
    "cache_target_dirty_high_ratio",
    "cache_min_flush_age",
    "cache_min_evict_age",
    "min_read_recency_for_promote",
    "min_write_recency_for_promote",
    "hit_set_grade_decay_rate",
    "hit_set_search_last_n",
];
const ERASURE_ONLY: &[&str] = &["erasure_code_profile", "allow_ec_overwrites"];
/// What `all` lists, in order.
const ALL: &[&str] = &[
    "size",
    "min_size",
    "pg_num",
    "pgp_num",
    "crush_rule",
    "hashpspool",
    "nodelete",
    "nopgchange",
    "nosizechange",
    "write_fadvise_dontneed",
    "noscrub",
    "nodeep-scrub",
    "use_gmt_hitset",
    "fast_read",
    "pg_autoscale_mode",
    "bulk",
];

fn is_on(pool: &Pool, flag: &str) -> bool {
    pool.options.get(flag).is_some_and(|value| value == "true")
}

fn autoscale_mode(pool: &Pool) -> &str {
    pool.options.get("pg_autoscale_mode").map_or("on", |mode| mode)
}

fn quota_of(pool: &Pool, field: &str) -> u64 {
    pool.options.get(&format!("quota_{field}")).and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// A variable as JSON; `None` if there is no such one.
fn value_of(pool: &Pool, var: &str) -> Option<Value> {
    Some(match var {
        "size" | "min_size" => json!(1),
        "pg_num" | "pgp_num" => json!(pool.info.pg_num),
        "crush_rule" => json!("replicated_rule"),
        "hashpspool" | "use_gmt_hitset" => json!(true),
        "fast_read" => json!(0),
        "pg_autoscale_mode" => json!(autoscale_mode(pool)),
        "nodelete"
        | "nopgchange"
        | "nosizechange"
        | "write_fadvise_dontneed"
        | "noscrub"
        | "nodeep-scrub"
        | "bulk" => json!(is_on(pool, var)),
        _ => {
            let text = pool.options.get(var)?;
            match text.parse::<f64>() {
                Ok(number) if number.fract() == 0.0 && number.abs() < 1e15 => json!(number as i64),
                Ok(number) => json!(number),
                Err(_) => json!(text),
            }
        }
    })
}

fn spelled(var: &str, value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        // The one truth value the monitor spells as a number.
        Value::Bool(truth) if var == "use_gmt_hitset" => u8::from(*truth).to_string(),
        other => other.to_string(),
    }
}

pub(super) fn get(request: &Request<'_>) -> Outcome {
    let pool = request.pool("pool")?;
    let (var, name) = (request.text("var"), pool.info.name.clone());
    let vars = match &*var {
        "all" => ALL.to_vec(),
        var if TIER_ONLY.contains(&var) => {
            let text = format!("pool '{name}' is not a tier pool: variable not applicable");
            return Err(Errno::EACCES.because(text));
        }
        var if ERASURE_ONLY.contains(&var) => {
            let text = format!("pool '{name}' is not a erasure pool: variable not applicable");
            return Err(Errno::EACCES.because(text));
        }
        var if ALL.contains(&var) || OPTIONAL.contains(&var) => vec![var],
        _ => return Err(Errno::EINVAL.because(format!("pool '{name}': invalid variable: '{var}'"))),
    };
    let mut found = Vec::new();
    for var in vars {
        let missing =
            || Errno::ENOENT.because(format!("option '{var}' is not set on pool '{name}'"));
        found.push((var, value_of(&pool, var).ok_or_else(missing)?));
    }
    let fields = || {
        let mut fields = Map::new();
        fields.insert("pool".into(), json!(name));
        fields.insert("pool_id".into(), json!(pool.info.id.0));
        fields.extend(found.iter().map(|(var, value)| ((*var).to_owned(), value.clone())));
        Value::Object(fields)
    };
    let lines = || found.iter().map(|(var, value)| format!("{var}: {}\n", spelled(var, value)));
    Ok(Answer::either(request, fields, || lines().collect()))
}

pub(super) fn set(request: &Request<'_>) -> Outcome {
    let pool = request.pool("pool")?;
    let (var, val) = (request.text("var"), request.text("val"));
    let id = pool.info.id;
    let unchanged = |now: &str| match val == now {
        true => Ok(()),
        false => {
            let text = format!("{var} {val}: a store has {now} and cannot change it");
            Err(Errno::EOPNOTSUPP.because(text))
        }
    };
    let mut options = pool.options.clone();
    match &*var {
        "size" => unchanged("1")?,
        "min_size" => {
            if val != "1" {
                let text = "pool min_size must be between 1 and size, which is set to 1";
                return Err(Errno::EINVAL.because(text));
            }
        }
        "pg_num" | "pgp_num" => {
            if is_on(&pool, "nopgchange") {
                let text = format!(
                    "pool {var} change is disabled; you must unset nopgchange flag for \
                                    the pool first"
                );
                return Err(Errno::EPERM.because(text));
            }
            let number: u32 = val.parse().map_err(|_| bad_integer(&val))?;
            if number == 0 || number > 65536 {
                return Err(Errno::EINVAL.because("'pg_num' must be greater than 0"));
            }
            request.session.store.db().write(|tx| pools::set_pg_num(tx, id, number))?;
            return Ok(Answer::said(format!("set pool {id} {var} to {val}")));
        }
        "crush_rule" => unchanged("replicated_rule")?,
        "hashpspool" | "use_gmt_hitset" => unchanged("1")?,
        "fast_read" | "write_fadvise_dontneed" | "eio" => unchanged("0")?,
        "pg_autoscale_mode" => {
            if !["on", "off", "warn"].contains(&&*val) {
                return Err(Errno::EINVAL.because(format!("unrecognized autoscale mode '{val}'")));
            }
            options.insert(var.clone(), val.clone());
        }
        flag if SETTABLE_FLAGS.contains(&flag) => {
            let on = match &*val {
                "true" | "1" => "true",
                "false" | "0" => "false",
                _ => {
                    let text = "expecting value 'true', 'false', '0', or '1'";
                    return Err(Errno::EINVAL.because(text));
                }
            };
            options.insert(var.clone(), on.to_owned());
        }
        hint if HINTS.contains(&hint) => {
            val.parse::<f64>().map_err(|_| bad_integer(&val))?;
            options.insert(var.clone(), val.clone());
        }
        "compression_mode" => unchanged("none")?,
        "csum_type" => unchanged("none")?,
        known if OPTIONAL.contains(&known) || TIER_ONLY.contains(&known) => {
            return Err(Errno::EOPNOTSUPP.because(format!("{var}: not supported by a store")));
        }
        _ => return Err(Errno::EINVAL.because(format!("unrecognized variable '{var}'"))),
    }
    request.session.store.db().write(|tx| pools::set_options(tx, id, &options))?;
    Ok(Answer::said(format!("set pool {id} {var} to {val}")))
}

fn bad_integer(val: &str) -> crate::errno::Error {
    Errno::EINVAL.because(format!(
        "error parsing integer value '{val}': Expected option value to be integer, got '{val}'"
    ))
}

pub(super) fn set_quota(request: &Request<'_>) -> Outcome {
    let pool = request.pool("pool")?.info;
    let (field, val) = (request.text("field"), request.text("val"));
    if field != "max_bytes" && field != "max_objects" {
        return Err(Errno::EINVAL.because(format!("unrecognized option '{field}'")));
    }
    match val.parse::<u64>() {
        Ok(0) => Ok(Answer::said(format!("set-quota {field} = 0 for pool {}", pool.name))),
        // A quota that is not kept would be worse than none.
        _ => Err(Errno::EOPNOTSUPP.because("quotas are not supported by a store")),
    }
}

pub(super) fn get_quota(request: &Request<'_>) -> Outcome {
    let pool = request.pool("pool")?;
    let held = stat(request, pool.info.id)?;
    let (objects, bytes) = (quota_of(&pool, "max_objects"), quota_of(&pool, "max_bytes"));
    let fields = || {
        json!({
            "pool_name": pool.info.name, "pool_id": pool.info.id.0,
            "quota_max_objects": objects, "current_num_objects": held.objects,
            "quota_max_bytes": bytes, "current_num_bytes": held.bytes,
        })
    };
    let lines = || {
        format!(
            "quotas for pool '{}':\n  max objects: {}\n  max bytes  : {}\n",
            pool.info.name,
            quota(objects, held.objects, false),
            quota(bytes, held.bytes, true),
        )
    };
    Ok(Answer::either(request, fields, lines))
}

fn flags(pool: &Pool) -> (u64, String) {
    let mut set: Vec<(&str, u64)> = FLAGS
        .iter()
        .copied()
        .filter(|(flag, _)| *flag == "hashpspool" || is_on(pool, flag))
        .collect();
    if pool.info.selfmanaged_snaps {
        set.push(("selfmanaged_snaps", SELFMANAGED_SNAPS));
    } else if pool.has_pool_snaps() {
        set.push(("pool_snaps", POOL_SNAPS));
    }
    if is_on(pool, "bulk") {
        set.push(("bulk", BULK));
    }
    let names: Vec<_> = set.iter().map(|(name, _)| *name).collect();
    (set.iter().map(|(_, bit)| bit).sum(), names.join(","))
}

/// A pool in a line of `osd dump`, with a line for each of its snapshots.
pub(super) fn line(pool: &Pool) -> String {
    let info = &pool.info;
    let mut line = format!(
        "pool {} '{}' replicated size 1 min_size 1 crush_rule 0 object_hash rjenkins pg_num {} \
         pgp_num {} autoscale_mode {} last_change {} flags {} stripe_width 0",
        info.id,
        info.name,
        info.pg_num,
        info.pg_num,
        autoscale_mode(pool),
        pool.last_change,
        flags(pool).1,
    );
    for (name, value) in pool.options.iter().filter(|(name, _)| HINTS.contains(&&***name)) {
        line.push_str(&format!(" {name} {value}"));
    }
    let applications: Vec<_> = info.applications.keys().cloned().collect();
    if !applications.is_empty() {
        line.push_str(&format!(" application {}", applications.join(",")));
    }
    line.push('\n');
    for (id, (name, at)) in &info.snaps {
        line.push_str(&format!("\tsnap {id} '{name}' {}\n", text::time(*at)));
    }
    line
}

/// A pool as JSON: of `osd pool ls detail`, or of `osd dump`, which names two fields otherwise.
pub(super) fn describe(pool: &Pool, in_list: bool) -> Value {
    let info = &pool.info;
    let mut fields = Map::new();
    let number = if in_list { "pool_id" } else { "pool" };
    fields.insert(number.into(), json!(info.id.0));
    let (bits, names) = flags(pool);
    let snap = |(id, snap): (&u64, &(String, std::time::SystemTime))| {
        let (name, at) = snap;
        json!({ "snapid": id, "stamp": text::time(*at), "name": name })
    };
    let snaps: Vec<_> = info.snaps.iter().map(snap).collect();
    let mode = if pool.has_pool_snaps() { "pool" } else { "selfmanaged" };
    let hints = pool.options.keys().filter(|name| HINTS.contains(&&***name));
    let options: Map<String, Value> =
        hints.filter_map(|name| Some((name.clone(), value_of(pool, name)?))).collect();
    let rest = json!({
        "pool_name": info.name, "create_time": text::time(pool.created),
        "flags": bits, "flags_names": names, "type": 1, "size": 1, "min_size": 1, "crush_rule": 0,
        "peering_crush_bucket_count": 0, "peering_crush_bucket_target": 0,
        "peering_crush_bucket_barrier": 0, "peering_crush_bucket_mandatory_member": i32::MAX,
        "object_hash": 2, "pg_autoscale_mode": autoscale_mode(pool),
        "pg_num": info.pg_num, "pg_placement_num": info.pg_num,
        "pg_placement_num_target": info.pg_num, "pg_num_target": info.pg_num,
        "pg_num_pending": info.pg_num,
        "last_pg_merge_meta": {
            "source_pgid": "0.0", "ready_epoch": 0, "last_epoch_started": 0,
            "last_epoch_clean": 0, "source_version": "0'0", "target_version": "0'0",
        },
        "last_change": pool.last_change.to_string(), "last_force_op_resend": "0",
        "last_force_op_resend_prenautilus": "0", "last_force_op_resend_preluminous": "0",
        "auid": 0, "snap_mode": mode, "snap_seq": info.snap_seq, "snap_epoch": pool.snap_epoch,
        "pool_snaps": snaps, "removed_snaps": "[]",
        "quota_max_bytes": quota_of(pool, "max_bytes"),
        "quota_max_objects": quota_of(pool, "max_objects"),
    });
    let tiers = json!({
        "tiers": [], "tier_of": -1, "read_tier": -1, "write_tier": -1, "cache_mode": "none",
        "target_max_bytes": 0, "target_max_objects": 0, "cache_target_dirty_ratio_micro": 400_000,
        "cache_target_dirty_high_ratio_micro": 600_000,
        "cache_target_full_ratio_micro": 800_000, "cache_min_flush_age": 0,
        "cache_min_evict_age": 0, "erasure_code_profile": "", "hit_set_params": { "type": "none" },
        "hit_set_period": 0, "hit_set_count": 0, "use_gmt_hitset": true,
        "min_read_recency_for_promote": 0, "min_write_recency_for_promote": 0,
        "hit_set_grade_decay_rate": 0, "hit_set_search_last_n": 0, "grade_table": [],
        "stripe_width": 0, "expected_num_objects": 0, "fast_read": false, "options": options,
        "application_metadata": info.applications,
    });
    for part in [rest, tiers] {
        if let Value::Object(part) = part {
            fields.extend(part);
        }
    }
    Value::Object(fields)
}

/// Whether a pool may be removed.
pub(super) fn may_delete(pool: &Pool) -> Result<()> {
    match is_on(pool, "nodelete") {
        false => Ok(()),
        true => Err(Errno::EPERM
            .because("pool deletion is disabled; you must unset nodelete flag for the pool first")),
    }
}
