//! The cluster's log, and what managers know of broken placement groups.

use std::ffi::CString;
use std::time::SystemTime;

use bytes::Bytes;
use libc::{c_char, c_int, c_void};

use super::pool::engine;
use crate::capi::buffer;
use crate::capi::callback::Callback;
use crate::capi::guard::exports;
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::model::{CommandTarget, LogEntry, LogHandler, LogLevel};
use crate::runtime;

type Line = unsafe extern "C" fn(
    *mut c_void,
    *const c_char,
    *const c_char,
    u64,
    u64,
    u64,
    *const c_char,
    *const c_char,
);
type Line2 = unsafe extern "C" fn(
    *mut c_void,
    *const c_char,
    *const c_char,
    *const c_char,
    *const c_char,
    u64,
    u64,
    u64,
    *const c_char,
    *const c_char,
);

/// The texts of a line as C wants them.
struct Texts {
    line: CString,
    channel: CString,
    who: CString,
    name: CString,
    level: CString,
    message: CString,
    seconds: u64,
    nanoseconds: u64,
    seq: u64,
}

impl Texts {
    fn of(entry: &LogEntry) -> Self {
        // A daemon's text has no zero bytes; one that has is cut there, as C would.
        let text = |text: &str| {
            CString::new(text.split('\0').next().unwrap_or_default()).unwrap_or_default()
        };
        let since = entry.stamp.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Texts {
            line: text(&entry.to_string()),
            channel: text(&entry.channel),
            who: text(&entry.origin),
            name: text(&entry.name),
            level: text(entry.level.tag()),
            message: text(&entry.message),
            seconds: since.as_secs(),
            nanoseconds: since.subsec_nanos().into(),
            seq: entry.seq,
        }
    }
}

fn old_style(callback: Callback<Line>) -> LogHandler {
    Box::new(move |entry| {
        let texts = Texts::of(&entry);
        // SAFETY: the caller gave function and argument for this call; the texts live until it
        // returns.
        unsafe {
            (callback.function())(
                callback.arg(),
                texts.line.as_ptr(),
                texts.who.as_ptr(),
                texts.seconds,
                texts.nanoseconds,
                texts.seq,
                texts.level.as_ptr(),
                texts.message.as_ptr(),
            );
        }
    })
}

fn new_style(callback: Callback<Line2>) -> LogHandler {
    Box::new(move |entry| {
        let texts = Texts::of(&entry);
        // SAFETY: as above.
        unsafe {
            (callback.function())(
                callback.arg(),
                texts.line.as_ptr(),
                texts.channel.as_ptr(),
                texts.who.as_ptr(),
                texts.name.as_ptr(),
                texts.seconds,
                texts.nanoseconds,
                texts.seq,
                texts.level.as_ptr(),
                texts.message.as_ptr(),
            );
        }
    })
}

/// Without a handler the level does not matter, not even whether it is one (measured on 16.2.15).
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn monitor_log(
    cluster: rados_t,
    level: *const c_char,
    handler: Option<LogHandler>,
) -> Result<c_int> {
    // SAFETY: the caller's contract.
    unsafe {
        let engine = engine(cluster)?;
        let watch = match handler {
            None => None,
            Some(handler) => {
                let level = LogLevel::parse(buffer::text(level)?);
                Some((level.ok_or(Errno::EINVAL.because("not a level of the log"))?, handler))
            }
        };
        engine.monitor_log(watch)?;
    }
    Ok(0)
}

/// The ids in the answer to `pg ls`: a list of groups, or an object that holds it.
fn group_ids(answer: &[u8]) -> Result<Vec<String>> {
    if answer.is_empty() {
        return Ok(Vec::new());
    }
    let answer: serde_json::Value = serde_json::from_slice(answer)
        .map_err(|error| Errno::EINVAL.because(format!("pg ls: {error}")))?;
    let groups = answer.as_array().or_else(|| answer.get("pg_stats")?.as_array());
    let ids = groups.into_iter().flatten().filter_map(|group| group.get("pgid")?.as_str());
    Ok(ids.map(str::to_owned).collect())
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn inconsistent(
    cluster: rados_t,
    pool: i64,
    (buf, len): (*mut c_char, usize),
) -> Result<c_int> {
    let words = serde_json::json!({
        "prefix": "pg ls", "pool": pool, "states": ["inconsistent"], "format": "json",
    });
    // SAFETY: the caller's contract.
    unsafe {
        let command = engine(cluster)?;
        let command = command.command(CommandTarget::Mgr, vec![words.to_string()], Bytes::new());
        let reply = runtime::block_on(command)?;
        if let Some(errno) = Errno::from_c(reply.code) {
            return Err(errno.because(reply.status));
        }
        let room = buffer::bytes_mut(buf, len)?;
        room.fill(0);
        let (mut used, mut needed) = (0, 1);
        for id in group_ids(&reply.out)? {
            needed += id.len() + 1;
            if let Some(place) = room.get_mut(used..used + id.len() + 1) {
                place[..id.len()].copy_from_slice(id.as_bytes());
                used += place.len();
            }
        }
        c_int::try_from(needed).map_err(|_| Errno::ERANGE.into())
    }
}

exports! {
    /// Calls `cb` for every line of the cluster's log at `level` (`debug`, `info`, `sec`, `warn` or
    /// `warning`, `err` or `error`) or above from now on, on a thread of the library, in place of
    /// any earlier callback; NULL ends that. `cb` must not call back into the library. Returns 0,
    /// -EINVAL for another level, -EOPNOTSUPP on an embedded store, which has no log.
    fn rados_monitor_log(
        cluster: rados_t, level: *const c_char, cb: rados_log_callback_t, arg: *mut c_void
    ) -> c_int => monitor_log(cluster, level, Callback::new(cb, arg).map(old_style));
    /// Like `rados_monitor_log`, with the channel and the name of who wrote the line.
    fn rados_monitor_log2(
        cluster: rados_t, level: *const c_char, cb: rados_log_callback2_t, arg: *mut c_void
    ) -> c_int => monitor_log(cluster, level, Callback::new(cb, arg).map(new_style));
    /// The placement groups of a pool whose copies differ, as strings one after the other, each
    /// closed by a zero byte, the list by another. Writes those that fit and returns how many bytes
    /// all take.
    fn rados_inconsistent_pg_list(
        cluster: rados_t, pool: i64, buf: *mut c_char, len: usize
    ) -> c_int => inconsistent(cluster, pool, (buf, len));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_found_in_both_shapes_of_the_answer() {
        let list = br#"[{"pgid":"1.0","state":"x"},{"pgid":"1.1f"}]"#;
        assert_eq!(group_ids(list).unwrap(), ["1.0", "1.1f"]);
        let object = br#"{"pg_ready":true,"pg_stats":[{"pgid":"2.a"}]}"#;
        assert_eq!(group_ids(object).unwrap(), ["2.a"]);
        assert!(group_ids(b"").unwrap().is_empty());
        assert_eq!(group_ids(b"{").unwrap_err(), Errno::EINVAL);
    }
}
