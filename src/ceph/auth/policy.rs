//! Which methods and connection modes the options allow, in order of preference.

use super::{METHOD_CEPHX, METHOD_NONE, MODE_CRC, MODE_SECURE};
use crate::ceph::types::EntityKind;
use crate::conf::Settings;

/// Methods and modes of a client. An empty list allows nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// `METHOD_*`: `auth_supported`, or else `auth_client_required`.
    pub methods: Vec<u32>,
    /// `MODE_*` with monitors and managers: `ms_mon_client_mode`.
    pub mon_modes: Vec<u32>,
    /// `MODE_*` with others: `ms_client_mode`.
    pub modes: Vec<u32>,
}

impl Policy {
    /// From the options. What is no method or mode is passed over with a line in the log.
    #[must_use]
    pub fn new(settings: &impl Settings) -> Self {
        let supported = settings.text("auth_supported");
        let option = if supported.is_empty() { "auth_client_required" } else { "auth_supported" };
        let mode = |option| list(settings, option, &[("crc", MODE_CRC), ("secure", MODE_SECURE)]);
        Policy {
            methods: list(settings, option, &[("cephx", METHOD_CEPHX), ("none", METHOD_NONE)]),
            mon_modes: mode("ms_mon_client_mode"),
            modes: mode("ms_client_mode"),
        }
    }

    /// The modes for a connection to such a peer. Who is not authenticated has no key to encrypt
    /// with.
    #[must_use]
    pub fn modes(&self, peer: EntityKind, method: u32) -> Vec<u32> {
        let modes = match peer {
            EntityKind::Mon | EntityKind::Mgr => &self.mon_modes,
            _ => &self.modes,
        };
        let usable = |mode: &&u32| method != METHOD_NONE || **mode == MODE_CRC;
        modes.iter().filter(usable).copied().collect()
    }
}

fn list(settings: &impl Settings, option: &str, known: &[(&str, u32)]) -> Vec<u32> {
    let text = settings.text(option);
    // The separators of every list option (`get_str_list`).
    let words = text.split([';', ',', '=', ' ', '\t']).filter(|word| !word.is_empty());
    let mut values = Vec::new();
    for word in words {
        match known.iter().find(|(name, _)| *name == word) {
            Some((_, value)) => values.push(*value),
            None => log::warn!(target: "auth", "{option}: {word} is not known"),
        }
    }
    if values.is_empty() {
        log::warn!(target: "auth", "{option} = {text:?} allows nothing");
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::{Config, EntityName};

    fn policy(options: &[(&str, &str)]) -> Policy {
        let config = Config::new("ceph", EntityName::client("admin"));
        for (option, value) in options {
            config.set(option, value).unwrap();
        }
        Policy::new(&config)
    }

    #[test]
    fn the_defaults_prefer_cephx_and_encrypt_with_monitors() {
        let policy = policy(&[]);
        assert_eq!(policy.methods, [METHOD_CEPHX, METHOD_NONE]);
        assert_eq!(policy.modes(EntityKind::Mon, METHOD_CEPHX), [MODE_SECURE, MODE_CRC]);
        assert_eq!(policy.modes(EntityKind::Mgr, METHOD_CEPHX), [MODE_SECURE, MODE_CRC]);
        assert_eq!(policy.modes(EntityKind::Osd, METHOD_CEPHX), [MODE_CRC, MODE_SECURE]);
        assert_eq!(policy.modes(EntityKind::Mon, METHOD_NONE), [MODE_CRC]);
    }

    #[test]
    fn lists_are_read_as_ceph_reads_them() {
        let none = policy(&[("auth_supported", "none"), ("auth_client_required", "cephx")]);
        assert_eq!(none.methods, [METHOD_NONE]);
        let odd = policy(&[("auth_client_required", "gss;none,bogus cephx")]);
        assert_eq!(odd.methods, [METHOD_NONE, METHOD_CEPHX]);
        let secure = policy(&[("ms_client_mode", "secure"), ("ms_mon_client_mode", "foo")]);
        assert_eq!(secure.modes(EntityKind::Osd, METHOD_CEPHX), [MODE_SECURE]);
        assert_eq!(secure.modes(EntityKind::Osd, METHOD_NONE), [0; 0]);
        assert_eq!(secure.modes(EntityKind::Mon, METHOD_CEPHX), [0; 0]);
    }
}
