//! The options Ceph knows: what they are called, of what type they are, what they are by default.
//!
//! The table is `options.tsv`, compiled in as text, sorted by name and searched where it lies:
//! nothing is parsed or allocated before it is asked for, so 1808 options cost no memory until
//! touched. Its columns, tab-separated, trailing empty ones left out:
//!
//! ```text
//! name  type  default  minimum  maximum  flags  permitted|values
//! ```
//!
//! Types and flags: see [`Kind`] and [`Opt`]. All of it was measured on 16.2.15: names and defaults
//! by reading each option through `librados`, types, bounds and permitted values by `ceph config
//! help`, the flags `r`, `p` and `i` by trying each option on a connected handle and in `rbd
//! config` lists. Defaults are those of a library client, which differ from a daemon's in
//! `log_to_stderr`.

/// What an option's value is, and so how its text is read and printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `true`, `false` or an integer, of which 0 is false.
    Bool,
    /// A signed integer; suffixes K M G T P E are powers of 1000.
    Int,
    /// An unsigned integer below 2^63; suffixes as for [`Kind::Int`].
    Uint,
    /// A floating point number, printed with six decimals.
    Float,
    /// Any text; metavariables in it are expanded when it is read.
    Str,
    /// The level of a `debug_*` option: `N` or `N/M`, what to log and what to gather in memory.
    DebugLevel,
    /// A number of bytes; suffixes K M G T P E (also Ki, KB, ...) are powers of 1024.
    Size,
    /// Seconds; accepts units, such as `2h 30m`.
    Seconds,
    /// Milliseconds.
    Millis,
    /// One address.
    Addr,
    /// One address or a bracketed list of them.
    Addrs,
    /// A UUID.
    Uuid,
}

/// One option Ceph knows.
#[derive(Clone, Copy, Debug)]
pub struct Opt {
    /// Its name, with underscores.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Its default for a library client, as text, metavariables not expanded.
    pub default: &'static str,
    minimum: &'static str,
    maximum: &'static str,
    flags: &'static str,
    permitted: &'static str,
}

impl Opt {
    /// The smallest value allowed, as text.
    #[must_use]
    pub fn minimum(&self) -> Option<&'static str> {
        (!self.minimum.is_empty()).then_some(self.minimum)
    }

    /// The largest value allowed, as text.
    #[must_use]
    pub fn maximum(&self) -> Option<&'static str> {
        (!self.maximum.is_empty()).then_some(self.maximum)
    }

    /// The only values allowed, when they are listed; for options of [`Kind::Str`].
    #[must_use]
    pub fn permitted(&self) -> Option<impl Iterator<Item = &'static str> + use<>> {
        (!self.permitted.is_empty()).then(|| self.permitted.split('|'))
    }

    /// Whether a connected handle may still change it (flag `r`).
    #[must_use]
    pub fn changes_at_runtime(&self) -> bool {
        self.flags.contains('r')
    }

    /// Whether the monitors' configuration database must not set it (flag `n`).
    #[must_use]
    pub fn local_only(&self) -> bool {
        self.flags.contains('n')
    }

    /// Whether a pool may override it, and `rbd config pool list` shows it (flag `p`).
    #[must_use]
    pub fn per_pool(&self) -> bool {
        self.flags.contains('p')
    }

    /// Whether an image may override it, and `rbd config image list` shows it (flag `i`).
    #[must_use]
    pub fn per_image(&self) -> bool {
        self.flags.contains('i')
    }

    /// Whether its value is a secret, which no log line or debug print may show.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.name == "key"
            || ["password", "_secret", "secret_key", "encryption_key", "encryption_keys", "_token"]
                .iter()
                .any(|end| self.name.ends_with(end))
    }
}

static TABLE: &str = include_str!("options.tsv");

/// Options of later releases that are heeded here, as the table has them; their defaults were read
/// from OSDs of 18.2.7. [`all`] leaves them out, as it lists what 16.2.15 does.
static LATER: &str = "\
ms_compress_secure\tbool\tfalse\t\t\tr
ms_osd_compress_min_size\tuint\t1024\t\t\tr
ms_osd_compress_mode\tstr\tnone\t\t\tr\tnone|force
ms_osd_compression_algorithm\tstr\tsnappy\t\t\tr";

/// The option of this exact name.
#[must_use]
pub fn find(name: &str) -> Option<Opt> {
    search(TABLE, name).or_else(|| search(LATER, name))
}

fn search(lines: &'static str, name: &str) -> Option<Opt> {
    let table = lines.as_bytes();
    let (mut low, mut high) = (0, table.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start = table[..middle].iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        let end = table[middle..].iter().position(|&b| b == b'\n').map_or(high, |at| middle + at);
        let line = &lines[start..end];
        let at = line.find('\t').unwrap_or(line.len());
        match line[..at].cmp(name) {
            std::cmp::Ordering::Equal => return parse_line(line),
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    None
}

/// Every option, by name.
pub fn all() -> impl Iterator<Item = Opt> {
    TABLE.lines().filter_map(parse_line)
}

/// A key as files, arguments and `rados_conf_set` spell it, in the table's spelling: without white
/// space at its ends, and with an underscore for each run of it inside. `-` stays: only arguments
/// take it for an underscore, and they say so themselves.
pub(crate) fn normalize(key: &str) -> String {
    let space = |c: char| c.is_ascii_whitespace() || c == '\x0b';
    key.split(space).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_")
}

fn parse_line(line: &'static str) -> Option<Opt> {
    let mut columns = line.split('\t');
    let name = columns.next()?;
    let kind = match columns.next()? {
        "bool" => Kind::Bool,
        "int" => Kind::Int,
        "uint" => Kind::Uint,
        "float" => Kind::Float,
        "str" => Kind::Str,
        "level" => Kind::DebugLevel,
        "size" => Kind::Size,
        "secs" => Kind::Seconds,
        "millisecs" => Kind::Millis,
        "addr" => Kind::Addr,
        "addrvec" => Kind::Addrs,
        "uuid" => Kind::Uuid,
        _ => return None,
    };
    let mut next = || columns.next().unwrap_or("");
    let (default, minimum, maximum, flags, permitted) = (next(), next(), next(), next(), next());
    Some(Opt { name, kind, default, minimum, maximum, flags, permitted })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_found_by_its_name() {
        let names: Vec<_> = all().map(|option| option.name).collect();
        assert_eq!(names.len(), TABLE.lines().count());
        assert_eq!(names.len(), 1808);
        assert!(names.is_sorted());
        for name in names {
            assert_eq!(find(name).unwrap().name, name);
        }
    }

    #[test]
    fn later_options_are_found_and_not_listed() {
        let later: Vec<_> = LATER.lines().filter_map(parse_line).collect();
        assert_eq!(later.len(), 4);
        assert!(later.is_sorted_by_key(|option| option.name));
        for option in later {
            assert_eq!(find(option.name).unwrap().default, option.default);
            assert!(all().all(|other| other.name != option.name));
        }
        let mode = find("ms_osd_compress_mode").unwrap();
        assert_eq!(mode.permitted().unwrap().collect::<Vec<_>>(), ["none", "force"]);
    }

    #[test]
    fn other_names_are_not_found() {
        for name in ["", "a", "rbd_cach", "rbd_cache_", "zzz", "mon-host", "\n", "\t"] {
            assert!(find(name).is_none(), "{name:?}");
        }
    }

    #[test]
    fn keys_are_spelled_with_underscores() {
        assert_eq!(normalize("  mon \t host "), "mon_host");
        assert_eq!(normalize("mon-host"), "mon-host");
        assert_eq!(normalize(" \n"), "");
    }
}
