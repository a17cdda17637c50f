//! Commands to the monitors, as JSON.

use std::time::Duration;

use serde_json::{Value, json};

use crate::ceph::map::PgId;
use crate::errno::{Errno, Result};
use crate::model::{CommandReply, PoolInfo};

/// `osd pool application enable`.
pub(super) fn application_enable(pool: &PoolInfo, application: &str, force: bool) -> String {
    let mut command = json!({
        "prefix": "osd pool application enable", "pool": pool.name, "app": application,
    });
    if force {
        command["yes_i_really_mean_it"] = Value::Bool(true);
    }
    command.to_string()
}

/// `osd pool application set` or, without a value, `rm`.
pub(super) fn application_set(
    pool: &PoolInfo,
    application: &str,
    key: &str,
    value: Option<&str>,
) -> String {
    let verb = if value.is_some() { "set" } else { "rm" };
    let mut command = json!({
        "prefix": format!("osd pool application {verb}"),
        "pool": pool.name, "app": application, "key": key,
    });
    if let Some(value) = value {
        command["value"] = value.into();
    }
    command.to_string()
}

/// `osd blocklist add`, in the spelling of before Pacific if `old`.
pub(super) fn blocklist_add(addr: &str, expiry: Option<Duration>, old: bool) -> String {
    let word = if old { "blacklist" } else { "blocklist" };
    let mut command = json!({
        "prefix": format!("osd {word}"), format!("{word}op"): "add", "addr": addr,
    });
    if let Some(expiry) = expiry {
        command["expire"] = expiry.as_secs_f64().into();
    }
    command.to_string()
}

/// A placement group as people write it: the pool's number, a dot, the group's in hexadecimal.
pub(super) fn group(text: &str) -> Result<PgId> {
    let parse = || {
        let (pool, seed) = text.split_once('.')?;
        Some(PgId { pool: pool.parse().ok()?, seed: u32::from_str_radix(seed, 16).ok()? })
    };
    parse().ok_or_else(|| Errno::EINVAL.because(format!("{text} is no placement group")))
}

/// A command's answer, an error if it failed.
pub(super) fn ok(reply: CommandReply) -> Result<CommandReply> {
    match Errno::from_c(reply.code) {
        Some(errno) if reply.status.is_empty() => Err(errno.into()),
        Some(errno) => Err(errno.because(reply.status)),
        None => Ok(reply),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_what_16_2_15_takes() {
        let after = Some(Duration::from_secs(10));
        assert_eq!(
            blocklist_add("1.2.3.4:0/5", after, false),
            r#"{"prefix":"osd blocklist","blocklistop":"add","addr":"1.2.3.4:0/5","expire":10.0}"#
        );
        assert!(blocklist_add("a", None, true).contains(r#""blacklistop":"add""#));
    }

    #[test]
    fn groups_are_read() {
        assert_eq!(group("12.1f").unwrap(), PgId { pool: 12, seed: 31 });
        for bad in ["", "1", "1.", "1.g", "x.0"] {
            assert_eq!(group(bad).unwrap_err(), Errno::EINVAL, "{bad}");
        }
    }

    #[test]
    fn a_failed_command_says_why() {
        let reply = CommandReply { code: -2, status: "no pool".into(), ..CommandReply::default() };
        assert_eq!(ok(reply).unwrap_err().to_string(), "no pool: not found (ENOENT)");
    }
}
