//! The cluster's log.

use std::fmt;
use std::time::SystemTime;

/// How bad it is, as the log orders it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LogLevel {
    /// For who looks for a fault.
    Debug,
    /// All is well.
    Info,
    /// About security.
    Sec,
    /// Something needs attention.
    Warn,
    /// Something failed.
    Error,
}

impl LogLevel {
    /// From the word that `rados_monitor_log` takes.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "debug" => Some(LogLevel::Debug),
            "info" => Some(LogLevel::Info),
            "sec" => Some(LogLevel::Sec),
            "warn" | "warning" => Some(LogLevel::Warn),
            "err" | "error" => Some(LogLevel::Error),
            _ => None,
        }
    }

    /// As a line of the log shows it.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            LogLevel::Debug => "[DBG]",
            LogLevel::Info => "[INF]",
            LogLevel::Sec => "[SEC]",
            LogLevel::Warn => "[WRN]",
            LogLevel::Error => "[ERR]",
        }
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// One line of the cluster's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// When.
    pub stamp: SystemTime,
    /// `cluster`, `audit`, ...
    pub channel: String,
    /// Who wrote it, such as `mon.a`.
    pub name: String,
    /// Who wrote it, by rank and addresses.
    pub origin: String,
    /// Its number among its writer's.
    pub seq: u64,
    /// How bad it is.
    pub level: LogLevel,
    /// What it says.
    pub message: String,
}

impl fmt::Display for LogEntry {
    /// As `ceph -w` shows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", stamp(self.stamp), self.name, self.level, self.message)
    }
}

/// A time as Ceph writes it, such as `2026-11-21T04:34:28.535105+0000`.
#[must_use]
pub fn stamp(at: SystemTime) -> String {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let (days, rest) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    let micros = since.subsec_micros();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}+0000")
}

/// Year, month and day of a number of days since 1970-01-01.
fn civil(days: u64) -> (u64, u64, u64) {
    // Years are counted from a March, so that the leap day is the last of its year.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let (month, january) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + january, month, date)
}

/// Gets lines of the log, in order, on a thread of the library.
pub type LogHandler = Box<dyn Fn(LogEntry) + Send + Sync>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_the_words_the_api_knows() {
        for word in ["debug", "info", "sec", "warn", "err"] {
            assert!(LogLevel::parse(word).is_some(), "{word}");
        }
        assert_eq!(LogLevel::parse("warning"), LogLevel::parse("warn"));
        assert_eq!(LogLevel::parse("Warn"), None);
        assert_eq!(LogLevel::Error.to_string(), "[ERR]");
    }
}
