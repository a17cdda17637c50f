//! What a service tells of the machine it runs on, as Ceph's own services do.

use std::collections::BTreeMap;
use std::fs;

/// Lines of `/etc/os-release` and what they are called in a service's metadata.
const DISTRO: [(&str, &str); 3] =
    [("ID", "distro"), ("PRETTY_NAME", "distro_description"), ("VERSION_ID", "distro_version")];
/// Variables that tell of a container.
const CONTAINER: [(&str, &str); 3] = [
    ("POD_NAME", "pod_name"),
    ("CONTAINER_NAME", "container_name"),
    ("CONTAINER_IMAGE", "container_image"),
];

/// Version, kernel, memory, processor, distribution and container, by the names that `ceph service
/// dump` of 16.2.15 shows. What cannot be found out is left out.
pub(super) fn describe() -> BTreeMap<String, String> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let mut found = BTreeMap::new();
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() {
            found.insert(name.to_owned(), value.to_owned());
        }
    };
    let version = env!("CARGO_PKG_VERSION");
    add("ceph_version", &format!("oxirados version {version}"));
    add("ceph_version_short", version);
    for (file, name) in [
        ("ostype", "os"),
        ("osrelease", "kernel_version"),
        ("version", "kernel_description"),
        ("hostname", "hostname"),
    ] {
        add(name, read(&format!("/proc/sys/kernel/{file}")).trim());
    }
    add("arch", std::env::consts::ARCH);
    let memory = read("/proc/meminfo");
    for (field, name) in [("MemTotal", "mem_total_kb"), ("SwapTotal", "mem_swap_kb")] {
        let value = field_of(&memory, field, ':').trim_end_matches("kB");
        add(name, value.trim());
    }
    add("cpu", field_of(&read("/proc/cpuinfo"), "model name", ':'));
    let release = read("/etc/os-release");
    for (field, name) in DISTRO {
        add(name, field_of(&release, field, '=').trim_matches('"'));
    }
    for (variable, name) in CONTAINER {
        add(name, &std::env::var(variable).unwrap_or_default());
    }
    found
}

/// The value behind a name at the beginning of a line.
fn field_of<'a>(text: &'a str, field: &str, separator: char) -> &'a str {
    let mut values = text.lines().filter_map(|line| {
        let (name, value) = line.split_once(separator)?;
        (name.trim() == field).then_some(value.trim())
    });
    values.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let text = "MemTotal:   12 kB\nSwapTotal: 3 kB\n";
        assert_eq!(field_of(text, "MemTotal", ':'), "12 kB");
        assert_eq!(field_of(text, "Total", ':'), "");
    }

    #[test]
    fn a_machine_has_a_kernel_and_memory() {
        let found = describe();
        assert_eq!(found.get("os").map(String::as_str), Some("Linux"));
        assert!(found["mem_total_kb"].parse::<u64>().unwrap() > 0);
    }
}
