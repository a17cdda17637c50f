//! Entries for fuzzing: files, arguments, values.

use super::{Address, ConfFile, Config, EntityName, Value, options};

/// As `codec::fuzz::Entry`, which is out of reach here.
type Entry = (&'static str, fn(&[u8]));

/// See [`crate::fuzz`].
pub const ENTRIES: &[Entry] = &[
    ("conf.file", file),
    ("conf.values", values),
    ("conf.arguments", arguments),
    ("conf.from_monitors", from_monitors),
    ("conf.address", address),
];

fn config() -> Config {
    Config::new("ceph", EntityName::client("admin"))
}

/// Asks for every option that was set, which expands it.
fn ask(config: &Config) {
    for setting in config.changed() {
        let _ = config.get(setting.name);
    }
}

fn file(bytes: &[u8]) {
    let _ = ConfFile::parse(bytes);
    let config = config();
    let _ = config.read_text("ceph.conf", bytes);
    ask(&config);
}

/// The input's first byte chooses an option, the rest is its value.
fn values(bytes: &[u8]) {
    let [which, text @ ..] = bytes else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let all: Vec<_> = options::all().collect();
    // Every kind of value, and some option by its number.
    let picked = all.iter().skip(usize::from(*which)).step_by(256).take(1);
    let mut kinds = Vec::new();
    let each = all.iter().filter(|option| {
        let new = !kinds.contains(&option.kind);
        kinds.push(option.kind);
        new
    });
    for option in each.chain(picked) {
        if let Ok(value) = Value::parse(option, text) {
            let written = value.to_string();
            assert!(Value::parse(option, &written).is_ok(), "{}: {written}", option.name);
        }
    }
}

fn arguments(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let list: Vec<&str> = text.split('\n').collect();
    // Key files are read, whatever they are.
    if list.iter().any(|word| word.starts_with("--keyfile") || word.starts_with("-K")) {
        return;
    }
    let config = config();
    let _ = config.parse_argv(&list);
    ask(&config);
}

fn from_monitors(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let config = config();
    config.set_from_monitors(text.lines().filter_map(|line| line.split_once('=')));
    ask(&config);
    config.set_from_monitors([]);
}

fn address(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = EntityName::parse(text);
    if let Some(address) = Address::parse(text) {
        assert!(Address::parse(&address.to_string()).is_some(), "{address}");
    }
    let _ = (Address::parse_list(text), Address::parse_list_start(text));
}
