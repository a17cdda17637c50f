//! Numbers, times and tables in words, as monitors write them.

use std::time::Duration;

pub(super) use crate::model::stamp as time;

/// Bytes, such as `871 MiB`.
pub(super) fn bytes(value: u64) -> String {
    const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let (number, unit) = scaled(value, 1024);
    format!("{number} {}", UNITS[unit])
}

/// A count, such as `1.2k`.
pub(super) fn count(value: u64) -> String {
    const UNITS: [&str; 7] = ["", "k", "M", "G", "T", "P", "E"];
    let (number, unit) = scaled(value, 1000);
    format!("{number}{}", UNITS[unit])
}

/// The number in the largest unit it reaches, in at most three characters where it is not exact.
fn scaled(value: u64, base: u64) -> (String, usize) {
    let (mut unit, mut size) = (0, 1u64);
    while unit < 6 && value / size >= base {
        size *= base;
        unit += 1;
    }
    if value.is_multiple_of(size) {
        return ((value / size).to_string(), unit);
    }
    let number = value as f64 / size as f64;
    let text = format!("{number:.1}");
    (if text.len() <= 3 { text } else { format!("{number:.0}") }, unit)
}

/// A time span, such as `5m`.
pub(super) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7200 => format!("{}m", seconds / 60),
        7200..172_800 => format!("{}h", seconds / 3600),
        172_800..1_209_600 => format!("{}d", seconds / 86_400),
        _ => format!("{}w", seconds / 604_800),
    }
}

/// A table: cells right or left in columns as wide as their widest cell, two spaces apart.
pub(super) struct Table {
    columns: Vec<(&'static str, bool)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Columns by title; those that begin with `<` are flush left.
    pub(super) fn new(titles: &[&'static str]) -> Table {
        let column = |title: &&'static str| match title.strip_prefix('<') {
            Some(title) => (title, true),
            None => (*title, false),
        };
        Table { columns: titles.iter().map(column).collect(), rows: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub(super) fn spell(&self) -> String {
        let titles: Vec<_> = self.columns.iter().map(|(title, _)| (*title).to_owned()).collect();
        let all = || std::iter::once(&titles).chain(&self.rows);
        let width = |at: usize| all().filter_map(|row| row.get(at)).map(String::len).max();
        let widths: Vec<_> = (0..titles.len()).map(|at| width(at).unwrap_or(0)).collect();
        let mut text = String::new();
        for row in all() {
            let cells = row.iter().zip(&widths).zip(&self.columns);
            let cells = cells.map(|((cell, width), (_, left))| {
                if *left { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
            });
            text.push_str(&cells.collect::<Vec<_>>().join("  "));
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    #[test]
    fn numbers_and_times_read_as_monitors_write_them() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(32_212_254_720), "30 GiB");
        assert_eq!(bytes(914_059_264), "872 MiB");
        assert_eq!(bytes(10_432_688_128), "9.7 GiB");
        assert_eq!(bytes(10 << 20), "10 MiB");
        assert_eq!((count(12), count(1200)), ("12".into(), "1.2k".into()));
        let at = SystemTime::UNIX_EPOCH + Duration::new(1_795_235_668, 535_105_000);
        assert_eq!(time(at), "2026-11-21T04:34:28.535105+0000");
        let leap = SystemTime::UNIX_EPOCH + Duration::from_secs(951_782_400);
        assert_eq!(time(leap), "2000-02-29T00:00:00.000000+0000");
        assert_eq!(span(Duration::from_secs(330)), "5m");
    }

    #[test]
    fn a_table_is_as_wide_as_its_cells() {
        let mut table = Table::new(&["ID", "<NAME", "SIZE"]);
        table.row(["1".into(), "a long name".into(), "9".into()]);
        assert_eq!(table.spell(), "ID  NAME         SIZE\n 1  a long name     9\n");
    }
}
