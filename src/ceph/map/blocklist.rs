//! Clients that may not do anything any more.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::ceph::types::{AddrKind, EntityAddr, UTime};

/// Addresses, and networks, with the time until which they stay.
#[derive(Clone, Debug, PartialEq, Default)]
pub(super) struct Blocklist {
    /// Single clients, and whole hosts where port and nonce are 0.
    pub clients: BTreeMap<EntityAddr, UTime>,
    /// Networks; the nonce is the length of the prefix. Since Quincy, and Pacific's last.
    pub networks: BTreeMap<EntityAddr, UTime>,
}

impl Blocklist {
    /// Whether a client is in it. Entries are of no certain protocol, so that of the address does
    /// not matter.
    pub(super) fn contains(&self, addr: &EntityAddr) -> bool {
        let Some(mut socket) = addr.socket else { return false };
        let listed = |addr: EntityAddr| {
            // Before Nautilus entries were of the first protocol.
            let kinds = [AddrKind::Any, AddrKind::Legacy];
            kinds.iter().any(|kind| self.clients.contains_key(&EntityAddr { kind: *kind, ..addr }))
        };
        if listed(*addr) {
            return true;
        }
        socket.set_port(0);
        listed(EntityAddr { nonce: 0, socket: Some(socket), ..*addr })
            || self.networks.keys().any(|network| within(socket.ip(), network))
    }
}

/// Whether an address is in a network.
fn within(ip: IpAddr, network: &EntityAddr) -> bool {
    let prefix = network.nonce;
    match (ip, network.socket.map(|socket| socket.ip())) {
        (IpAddr::V4(ip), Some(IpAddr::V4(net))) => {
            let mask = u32::MAX.checked_shl(32u32.saturating_sub(prefix)).unwrap_or(0);
            (ip.to_bits() ^ net.to_bits()) & mask == 0
        }
        (IpAddr::V6(ip), Some(IpAddr::V6(net))) => {
            let mask = u128::MAX.checked_shl(128u32.saturating_sub(prefix)).unwrap_or(0);
            (ip.to_bits() ^ net.to_bits()) & mask == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(text: &str, nonce: u32, kind: AddrKind) -> EntityAddr {
        EntityAddr::new(kind, text.parse().unwrap(), nonce)
    }

    #[test]
    fn a_client_its_host_and_its_network_are_found() {
        let mut list = Blocklist::default();
        let client = addr("10.0.0.1:0", 77, AddrKind::Msgr2);
        assert!(!list.contains(&client));
        list.clients.insert(addr("10.0.0.1:0", 77, AddrKind::Any), UTime::default());
        assert!(list.contains(&client));
        let other = addr("10.0.0.1:0", 78, AddrKind::Msgr2);
        assert!(!list.contains(&other));
        list.clients.insert(addr("10.0.0.1:0", 0, AddrKind::Any), UTime::default());
        assert!(list.contains(&other));
        let far = addr("10.1.2.3:5", 1, AddrKind::Legacy);
        assert!(!list.contains(&far));
        list.networks.insert(addr("10.1.0.0:0", 16, AddrKind::Any), UTime::default());
        assert!(list.contains(&far));
        assert!(!list.contains(&addr("10.2.2.3:5", 1, AddrKind::Legacy)));
        let six = addr("[fd00::5:1]:0", 1, AddrKind::Msgr2);
        assert!(!list.contains(&six));
        list.networks.insert(addr("[fd00::]:0", 64, AddrKind::Any), UTime::default());
        assert!(list.contains(&six));
        assert!(!list.contains(&addr("[fd00:0:0:1::5]:0", 1, AddrKind::Msgr2)));
    }
}
