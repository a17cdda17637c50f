//! `[mon.a]` sections: monitors as old configuration files name them.

use super::expand::{Expander, Scope};
use super::file::ConfFile;
use super::number;

/// A monitor that a section of the configuration file names (`mon addr`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonitorSection {
    /// The monitor's name: `a` of `[mon.a]`.
    pub name: String,
    /// Its address, as it stands there.
    pub addr: String,
    /// `mon priority`: smaller ones are tried first.
    pub priority: u16,
    /// `mon weight`: how likely before others of the same priority.
    pub weight: u16,
}

/// The monitors of a file, by name. One whose section, `[mon]` and `[global]` have no `mon addr`,
/// or whose numbers are none, is passed over (`MonMap::init_with_config_file`; measured on
/// 16.2.15).
pub(super) fn of_file(file: &ConfFile, scope: &impl Scope) -> Vec<MonitorSection> {
    let names = file.sections().filter_map(|(section, _)| section.strip_prefix("mon."));
    let mut monitors = Vec::new();
    for name in names.filter(|name| !name.is_empty()) {
        let section = format!("mon.{name}");
        let visible = file.visible(&[&section, "mon", "global"]);
        let Some(addr) = visible.get("mon_addr") else {
            log::info!(target: "monc", "failed to get an address for mon.{name}");
            continue;
        };
        let number = |key: &str| match visible.get(key) {
            None => Some(0),
            // As `stoul` reads it, and what of it fits.
            Some(text) if text.starts_with(|c: char| c.is_ascii_digit()) => {
                Some(u16::try_from(number::leading(text).0 & 0xffff).unwrap_or(0))
            }
            Some(text) => {
                log::warn!(target: "monc", "unable to parse {key} for mon.{name}: '{text}'");
                None
            }
        };
        let (Some(priority), Some(weight)) = (number("mon_priority"), number("mon_weight")) else {
            continue;
        };
        let addr = Expander::new(scope).text(addr, None);
        monitors.push(MonitorSection { name: name.to_owned(), addr, priority, weight });
    }
    monitors
}

#[cfg(test)]
mod tests {
    use crate::conf::{Config, EntityName};

    #[test]
    fn sections_name_monitors_as_on_16_2_15() {
        let config = Config::new("ceph", EntityName::default());
        let text = "[mon.b]\nmon addr = 10.0.0.2:77\nmon priority = 3\nmon weight = 7x\n[mon.]\n\
                    mon addr = 10.0.0.9\n[mon.a]\nhost = x\n[mon.c]\nmon addr = 10.0.0.3\n\
                    mon priority = many\n[mon]\nmon_addr = $host:1\n[global]\nhost = 10.0.0.1\n";
        config.read_text("/x/ceph.conf", text.as_bytes()).unwrap();
        let found = config.monitors();
        let names: Vec<_> = found.iter().map(|m| (&*m.name, &*m.addr)).collect();
        assert_eq!(names, [("a", "10.0.0.1:1"), ("b", "10.0.0.2:77")]);
        assert_eq!((found[1].priority, found[1].weight), (3, 7));
        config.read_text("/x/ceph.conf", b"[mon]\nmon addr = 10.0.0.1\n").unwrap();
        assert!(config.monitors().is_empty(), "the last file counts, and needs a section");
    }
}
