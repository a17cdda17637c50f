//! The sink of the [`log`] facade, driven by Ceph's options.
//!
//! ```text
//! log::debug!(target: "objecter", ...)      target -> debug_objecter = N/M -> written if 10 <= N
//!        |
//!     log_file     if log_to_file (default true) and log_file is set (default: it is not)
//!     stderr       all of it if log_to_stderr, errors only if err_to_stderr (defaults: false)
//! ```
//!
//! So a library that nobody configured says nothing, as the original (measured on 16.2.15).
//!
//! Ceph's levels are numbers from -1 to 20. Ours stand for: error -1, warn 0, info 1, debug 10,
//! trace 20; a target that ends in a number, `objecter:5`, has that level. A target is the name of
//! a `debug_` option (`rados`, `rbd`, `objecter`, `ms`, `monc`, ...); `local`, the embedded store,
//! goes by `debug_client`; a module path of this crate goes by its folder, and another crate's by
//! `debug_none`. The `M` of `N/M`, what to keep in memory for a crash, is not used.
//!
//! What to expect of them, on a cluster, each with what lower levels have:
//!
//! * `ms`: 1 each message, with its peer, kind, tid and sizes; 5 sessions that begin and end.
//! * `objecter`: 1 sessions with OSDs that end; 5 new maps; 10 each operation and its answer, with
//!   tid, object, group, OSD and the map's epoch; 20 choices among replicas.
//! * `monc`: 1 monitors found and lost; 5 subscriptions, options, tickets; 10 which monitors are
//!   tried; 20 each message.
//! * `rados`, `rbd`: 1 connected, images opened and closed; 5 locks of images; 10 calls that
//!   failed, requests of images; 20 each call.
//!
//! A line that is not wanted costs a relaxed load and a comparison; its arguments are not even
//! computed.
//!
//! A line is Ceph's: time, thread, level, message. The time is UTC, the thread its kernel id.
//!
//! Several handles in one process share one log: the settings of the one passed to [`follow`] last,
//! that is connected last, hold, and stay after it is gone. Secrets: no message holds the value of
//! an option that is one; see [`Opt::is_secret`](super::options::Opt::is_secret).

use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI8, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use log::{Level, LevelFilter, Log, Metadata, Record};
use parking_lot::{Mutex, RwLock};

use super::config::{Config, Observer};
use super::settings::Settings;

/// The subsystems our code logs for: target, option.
const SUBSYSTEMS: [(&str, &str); 11] = [
    ("rados", "debug_rados"),
    ("rbd", "debug_rbd"),
    ("objecter", "debug_objecter"),
    ("ms", "debug_ms"),
    ("monc", "debug_monc"),
    ("local", "debug_client"),
    ("context", "debug_context"),
    ("auth", "debug_auth"),
    ("crush", "debug_crush"),
    ("mgrc", "debug_mgrc"),
    ("none", "debug_none"),
];
/// Where lines of a module go that say nothing else.
const FOLDERS: [(&str, &str); 8] = [
    ("::rbd", "rbd"),
    ("::local", "local"),
    ("::conf", "context"),
    ("::ceph::objecter", "objecter"),
    ("::ceph::net", "ms"),
    ("::ceph::msgr2", "ms"),
    ("::ceph::mon", "monc"),
    ("::ceph::auth", "auth"),
];

/// Levels and sinks: see the module.
struct Logger {
    /// `N` of each subsystem; -2 when nothing is to be written.
    levels: [AtomicI8; SUBSYSTEMS.len()],
    sinks: RwLock<Option<Arc<Sinks>>>,
}

struct Sinks {
    path: String,
    /// Times in milliseconds, not microseconds.
    is_coarse: bool,
    file: Option<File>,
    all_to_stderr: bool,
    errors_to_stderr: bool,
    prefix: String,
}

static LOGGER: Logger =
    Logger { levels: [const { AtomicI8::new(-2) }; SUBSYSTEMS.len()], sinks: RwLock::new(None) };

static FOLLOWED: Mutex<Option<Observer>> = Mutex::new(None);

/// Logs as `config` says from now on, also when it changes. Call it when a handle connects.
///
/// In a Rust program that has installed another logger, that one stays, and this does nothing; it
/// returns false then.
pub fn follow(config: &Config) -> bool {
    if log::set_logger(&LOGGER).is_err() && !is_installed() {
        return false;
    }
    let apply = |config: &Config, changed: &[&'static str]| {
        if changed.iter().any(|name| concerns(name)) {
            LOGGER.apply(config);
        }
    };
    let observer = config.observe(&[], apply);
    // The file may have been moved away, for a new one to be begun.
    *LOGGER.sinks.write() = None;
    LOGGER.apply(config);
    let before = FOLLOWED.lock().replace(observer);
    drop(before);
    true
}

/// As [`follow`], unless some handle is followed already.
pub fn follow_first(config: &Config) {
    if FOLLOWED.lock().is_none() {
        follow(config);
    }
}

/// Whether an option is about the log.
fn concerns(option: &str) -> bool {
    ["debug_", "log_", "err_to_"].iter().any(|start| option.starts_with(start))
}

fn is_installed() -> bool {
    std::ptr::addr_eq(std::ptr::from_ref(log::logger()), &raw const LOGGER)
}

impl Logger {
    fn apply(&self, config: &Config) {
        let old = self.sinks.read().clone();
        let sinks = Sinks::open(config, old.as_deref());
        let mut most = -2;
        for ((_, option), level) in SUBSYSTEMS.iter().zip(&self.levels) {
            let number = sinks.most_verbose(debug_level(&config.text(option)));
            level.store(number, Ordering::Relaxed);
            most = most.max(number);
        }
        *self.sinks.write() = Some(Arc::new(sinks));
        // The facade's filter is the cheapest: it is one load before a message is even formed. With
        // another logger installed it would not be ours to set.
        if is_installed() {
            log::set_max_level(filter_of(most));
        }
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let (name, number) = split(metadata.target(), metadata.level());
        number <= self.levels[subsystem_of(name)].load(Ordering::Relaxed)
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let sinks = self.sinks.read().clone();
        if let Some(sinks) = sinks {
            sinks.write(split(record.target(), record.level()).1, *record.args());
        }
    }

    fn flush(&self) {}
}

impl Sinks {
    /// The sinks `config` asks for; a file that is open and still wanted is kept.
    fn open(config: &Config, old: Option<&Sinks>) -> Sinks {
        let mut path = String::new();
        if config.bool("log_to_file") {
            path = config.text("log_file");
        }
        let mut file = None;
        if let Some(old) = old.filter(|old| old.path == path) {
            file = old.file.as_ref().and_then(|file| file.try_clone().ok());
        }
        if file.is_none() && !path.is_empty() {
            let opened = OpenOptions::new().append(true).create(true).open(&path);
            if let Err(error) = &opened {
                let _ = writeln!(std::io::stderr(), "failed to open log file '{path}': {error}");
            }
            file = opened.ok();
        }
        Sinks {
            path,
            is_coarse: config.bool("log_coarse_timestamps"),
            file,
            all_to_stderr: config.bool("log_to_stderr"),
            errors_to_stderr: config.bool("err_to_stderr"),
            prefix: config.text("log_stderr_prefix"),
        }
    }

    /// What of a subsystem's level has a place to go to.
    fn most_verbose(&self, level: i8) -> i8 {
        match self {
            _ if self.file.is_some() || self.all_to_stderr => level,
            _ if self.errors_to_stderr => -1,
            _ => -2,
        }
    }

    fn write(&self, level: i8, message: fmt::Arguments<'_>) {
        let line =
            line(Timestamp { time: SystemTime::now(), is_coarse: self.is_coarse }, level, message);
        if let Some(mut file) = self.file.as_ref() {
            // One write per line, in append mode, so that lines of processes that share a file stay
            // whole. A full disk must not stop the caller.
            let _ = file.write_all(line.as_bytes());
        }
        if self.all_to_stderr || (self.errors_to_stderr && level < 0) {
            let _ = std::io::stderr().write_all(format!("{}{line}", self.prefix).as_bytes());
        }
    }
}

fn subsystem_of(target: &str) -> usize {
    if let Some(at) = SUBSYSTEMS.iter().position(|(name, _)| *name == target) {
        return at;
    }
    let name = match target.strip_prefix("oxirados") {
        Some(path) => FOLDERS.iter().find(|(folder, _)| path.starts_with(folder)),
        None => Some(&("", "none")),
    };
    let name = name.map_or("rados", |(_, name)| name);
    SUBSYSTEMS.iter().position(|(other, _)| *other == name).unwrap_or(0)
}

/// A target without its level, and the number of the level.
fn split(target: &str, level: Level) -> (&str, i8) {
    let own = target.rsplit_once(':').and_then(|(name, number)| Some((name, number.parse().ok()?)));
    own.unwrap_or((target, number_of(level)))
}

fn number_of(level: Level) -> i8 {
    match level {
        Level::Error => -1,
        Level::Warn => 0,
        Level::Info => 1,
        Level::Debug => 10,
        Level::Trace => 20,
    }
}

fn filter_of(number: i8) -> LevelFilter {
    match number {
        11.. => LevelFilter::Trace,
        2.. => LevelFilter::Debug,
        1 => LevelFilter::Info,
        0 => LevelFilter::Warn,
        -1 => LevelFilter::Error,
        _ => LevelFilter::Off,
    }
}

/// `N` of `N/M`.
fn debug_level(text: &str) -> i8 {
    let number = text.trim_start().split('/').next().unwrap_or("");
    number.trim().parse().unwrap_or(0)
}

fn line(now: Timestamp, level: i8, message: fmt::Arguments<'_>) -> String {
    let mut line = String::with_capacity(128);
    let thread = THREAD.with(|thread| *thread);
    // Writing to a string cannot fail.
    let _ = writeln!(line, "{now} {thread} {level:2} {message}");
    line
}

thread_local! {
    static THREAD: u32 = thread_id().unwrap_or(0);
}

/// The kernel's id of this thread: what `ps -L` and `perf` show.
fn thread_id() -> Option<u32> {
    let link = std::fs::read_link("/proc/thread-self").ok()?;
    link.file_name()?.to_str()?.parse().ok()
}

/// `2026-11-21T04:09:08.036203+0000`, or `.036` when coarse, which is Ceph's default.
struct Timestamp {
    time: SystemTime,
    is_coarse: bool,
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        match self.is_coarse {
            true => write!(f, ".{:03}+0000", since.subsec_millis()),
            false => write!(f, ".{:06}+0000", since.subsec_micros()),
        }
    }
}

/// The date of a day since 1970-01-01. Years start in March here, so that the leap day is the last.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::conf::EntityName;

    fn logger() -> Logger {
        let levels = [const { AtomicI8::new(-2) }; SUBSYSTEMS.len()];
        Logger { levels, sinks: RwLock::new(None) }
    }

    fn enabled(logger: &Logger, target: &str, level: Level) -> bool {
        logger.enabled(&Metadata::builder().target(target).level(level).build())
    }

    fn say(logger: &Logger, target: &str, level: Level, message: &str) {
        let metadata = Metadata::builder().target(target).level(level).build();
        logger.log(&Record::builder().metadata(metadata).args(format_args!("{message}")).build());
    }

    #[test]
    fn a_library_nobody_configured_says_nothing() {
        let logger = logger();
        logger.apply(&Config::new("ceph", EntityName::default()));
        assert!(!enabled(&logger, "rados", Level::Error));
    }

    #[test]
    fn a_file_gets_what_the_subsystem_s_level_admits() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("client.admin.log");
        let config = Config::new("ceph", EntityName::default());
        let name = directory.path().join("$name.log");
        config.set("log_file", name.to_str().unwrap()).unwrap();
        config.set("debug_objecter", "10").unwrap();
        let logger = logger();
        logger.apply(&config);
        say(&logger, "objecter", Level::Debug, "shown");
        say(&logger, "objecter", Level::Trace, "hidden");
        say(&logger, "ms", Level::Info, "hidden");
        say(&logger, "ms", Level::Warn, "shown");
        config.set("debug_ms", "1").unwrap();
        logger.apply(&config);
        say(&logger, "ms", Level::Info, "shown");
        say(&logger, "oxirados::local::store", Level::Error, "shown");
        say(&logger, "mio::poll", Level::Info, "hidden");
        config.set("debug_objecter", "5").unwrap();
        logger.apply(&config);
        say(&logger, "objecter:5", Level::Debug, "shown");
        say(&logger, "oxirados::ceph::objecter::reply", Level::Debug, "hidden");
        say(&logger, "oxirados::ceph::net", Level::Info, "shown");
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = text.lines().map(|line| line.splitn(3, ' ').nth(2).unwrap()).collect();
        assert_eq!(lines, ["10 shown", " 0 shown", " 1 shown", "-1 shown", " 5 shown", " 1 shown"]);
    }

    #[test]
    fn the_facade_s_filter_admits_no_more_than_is_wanted() {
        // It is what a line that is not wanted costs: one relaxed load.
        let filters = [-2, -1, 0, 1, 2, 5, 10, 11, 20].map(filter_of);
        use LevelFilter::{Debug, Error, Info, Off, Trace, Warn};
        assert_eq!(filters, [Off, Error, Warn, Info, Debug, Debug, Debug, Trace, Trace]);
        assert_eq!(split("objecter:5", Level::Debug), ("objecter", 5));
        assert_eq!(split("oxirados::rbd::io", Level::Trace), ("oxirados::rbd::io", 20));
    }

    #[test]
    fn errors_alone_can_go_to_stderr() {
        let config = Config::new("ceph", EntityName::default());
        config.set("err_to_stderr", "true").unwrap();
        config.set("debug_rbd", "20").unwrap();
        let logger = logger();
        logger.apply(&config);
        assert!(enabled(&logger, "rbd", Level::Error));
        assert!(!enabled(&logger, "rbd", Level::Warn));
    }

    #[test]
    fn a_line_is_ceph_s() {
        let time = UNIX_EPOCH + Duration::new(1_795_234_148, 36_203_999);
        let coarse = Timestamp { time, is_coarse: true };
        assert_eq!(coarse.to_string(), "2026-11-21T04:09:08.036+0000");
        let now = Timestamp { time, is_coarse: false };
        let text = line(now, -1, format_args!("auth: no"));
        let (time, rest) = text.split_once(' ').unwrap();
        assert_eq!(time, "2026-11-21T04:09:08.036203+0000");
        assert!(rest.ends_with(" -1 auth: no\n"));
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(11_017), (2000, 3, 1));
    }

    #[test]
    fn the_handle_followed_last_decides_and_its_changes_count() {
        let directory = tempfile::tempdir().unwrap();
        let config = |name: &str| {
            let config = Config::new("ceph", EntityName::default());
            config.set("log_file", directory.path().join(name).to_str().unwrap()).unwrap();
            config
        };
        // Other tests of this process may log too: what is looked for is only said here.
        let read = |name: &str| std::fs::read_to_string(directory.path().join(name)).unwrap();
        let (first, second) = (config("first"), config("second"));
        assert!(follow(&first));
        log::warn!(target: "monc", "one fish");
        log::info!(target: "monc", "no fish");
        assert!(follow(&second));
        second.set("debug_monc", "1").unwrap();
        first.set("log_to_stderr", "true").unwrap();
        log::info!(target: "monc", "two fish");
        let log = |name: &str| directory.path().join(name);
        std::fs::rename(log("second"), log("rotated")).unwrap();
        assert!(follow(&second));
        log::info!(target: "monc", "blue fish");
        assert!(read("second").contains("blue fish") && !read("second").contains("two fish"));
        std::fs::rename(log("rotated"), log("second")).unwrap();
        second.set("log_file", "").unwrap();
        log::warn!(target: "monc", "red fish");
        assert!(read("first").contains(" 0 one fish\n"));
        assert!(!read("first").contains("no fish") && !read("first").contains("two fish"));
        assert!(read("second").contains(" 1 two fish\n") && !read("second").contains("red fish"));
    }
}
