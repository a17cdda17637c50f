//! Who the monitors are, before one of them told: `mon_host` in every form.
//!
//! ```text
//!   10.0.0.1                      both protocols at their default ports
//!   10.0.0.1:3300  10.0.0.1:6789  the default port says which protocol
//!   10.0.0.1:1234                 both protocols there
//!   v2:10.0.0.1  v1:10.0.0.1:99   one protocol
//!   [v2:10.0.0.1:3300,v1:...]     one monitor with all its addresses
//!   host.example.com:3300         whatever the name stands for
//! ```
//!
//! Several are separated by commas, semicolons or blanks. With no `mon_host` at all, or none in it,
//! sections of the configuration file may name monitors, and then the name service, which is asked
//! for `mon_dns_srv_name`. (`MonMap::build_initial`; cases measured on 16.2.15.)

use std::net::{IpAddr, SocketAddr};

use super::monmap::{MonInfo, MonMap};
use super::resolve::Resolver;
use crate::ceph::auth::ReadFile;
use crate::ceph::types::{AddrKind, EntityAddr, EntityAddrs};
use crate::codec::{Decode, Reader};
use crate::conf::{Address, MonitorSection, Settings};
use crate::errno::{Errno, Result};

/// Where a monitor speaks msgr2.
const PORT_MSGR2: u16 = 3300;
/// Where it speaks the first protocol.
const PORT_LEGACY: u16 = 6789;

impl MonMap {
    /// The monitors that the settings name, or else those of `sections`. `read` reads files.
    ///
    /// # Errors
    /// `EINVAL` for a `mon_host` that is neither addresses nor names that can be resolved, `ENOENT`
    /// when no monitors are named anywhere.
    pub fn initial(
        settings: &impl Settings,
        sections: &[MonitorSection],
        read: ReadFile<'_>,
        resolver: &dyn Resolver,
    ) -> Result<MonMap> {
        let mut map = MonMap::default();
        let path = settings.text("monmap");
        let overriding = settings.text("mon_host_override");
        if !overriding.is_empty() {
            map.add_hosts(hosts("mon_host_override", &overriding, resolver)?);
        } else if !path.is_empty() {
            return of_file(&path, read);
        } else {
            map.add_hosts(hosts("mon_host", &settings.text("mon_host"), resolver)?);
            if map.monitors.is_empty() {
                map.add_sections(sections);
            }
            if map.monitors.is_empty() {
                map.add_services(settings, resolver);
            }
        }
        if map.monitors.is_empty() {
            return Err(Errno::ENOENT.because("no monitors are named (option mon_host)"));
        }
        map.add_default_ports();
        Ok(map)
    }

    fn add_hosts(&mut self, hosts: Vec<Vec<EntityAddr>>) {
        for (number, addrs) in hosts.into_iter().enumerate() {
            // The original counts with letters.
            let letter = u8::try_from(number).ok().and_then(|n| b'a'.checked_add(n));
            let name = match letter.filter(u8::is_ascii_lowercase) {
                Some(letter) => format!("noname-{}", char::from(letter)),
                None => format!("noname-{number}"),
            };
            match addrs[..] {
                [addr] => self.add_ambiguous(&name, addr, 0, 0),
                _ => self.add(&name, addrs, 0, 0),
            }
        }
    }

    fn add_sections(&mut self, sections: &[MonitorSection]) {
        for section in sections {
            let MonitorSection { name, addr, priority, weight } = section;
            // The setting is older than msgr2: without a prefix it is an address of before.
            let parsed = Address::parse_start(addr, "v1:").and_then(|(addr, _)| entity_addr(addr));
            let Some(EntityAddr { kind, socket: Some(mut socket), nonce }) = parsed else {
                log::warn!(target: "monc", "unable to parse address for mon.{name}: '{addr}'");
                continue;
            };
            if socket.port() == 0 {
                socket.set_port(PORT_LEGACY);
            }
            let addr = EntityAddr { kind, socket: Some(socket), nonce };
            self.monitors.retain(|other| other.name != *name && !other.addrs.0.contains(&addr));
            self.add_ambiguous(name, addr, *priority, *weight);
        }
    }

    /// The name service's. Of a host with several addresses the first counts, of the family that
    /// the cluster is said to use.
    fn add_services(&mut self, settings: &impl Settings, resolver: &dyn Resolver) {
        let service = settings.text("mon_dns_srv_name");
        let is_ipv6 = settings.bool("ms_bind_ipv6");
        let (service, domain) = service.split_once('_').unwrap_or((&service, ""));
        for record in resolver.services(service, domain).unwrap_or_default() {
            let name = record.target.split('.').next().unwrap_or_default();
            let ips = resolver.addresses(&record.target).unwrap_or_default();
            let usual = ips.iter().find(|ip| ip.is_ipv6() == is_ipv6);
            if let Some(ip) = usual.or(ips.first()) {
                let addr = EntityAddr::new(AddrKind::Any, SocketAddr::new(*ip, record.port), 0);
                self.add_ambiguous(name, addr, record.priority, record.weight);
            }
        }
    }

    /// An address whose protocol or port may be left open: one or two monitors, of which one may
    /// not be there.
    fn add_ambiguous(&mut self, name: &str, addr: EntityAddr, priority: u16, weight: u16) {
        let Some(socket) = addr.socket else { return };
        let legacy = format!("{name}-legacy");
        let mut add = |name: &str, kind, port| {
            let addr = EntityAddr { kind, socket: Some(with_port(socket, port)), ..addr };
            self.add(name, vec![addr], priority, weight);
        };
        match (addr.kind, socket.port()) {
            (AddrKind::Msgr2, 0) => add(name, AddrKind::Msgr2, PORT_MSGR2),
            (AddrKind::Legacy, 0) => add(name, AddrKind::Legacy, PORT_LEGACY),
            (AddrKind::Any, 0) => {
                add(name, AddrKind::Msgr2, PORT_MSGR2);
                add(&legacy, AddrKind::Legacy, PORT_LEGACY);
            }
            (AddrKind::Any, PORT_MSGR2) => add(name, AddrKind::Msgr2, PORT_MSGR2),
            (AddrKind::Any, PORT_LEGACY) => add(&legacy, AddrKind::Legacy, PORT_LEGACY),
            (AddrKind::Any, port) => {
                add(name, AddrKind::Msgr2, port);
                add(&legacy, AddrKind::Legacy, port);
            }
            (kind, port) => add(name, kind, port),
        }
    }

    fn add(&mut self, name: &str, addrs: Vec<EntityAddr>, priority: u16, weight: u16) {
        let addrs = EntityAddrs(addrs);
        if self.rank_at(&addrs).is_none() {
            let name = name.to_owned();
            self.monitors.push(MonInfo { name, addrs, priority, weight, ..MonInfo::default() });
        }
    }

    /// We do not speak the first protocol, with which the original learns where msgr2 is spoken.
    /// Where only default ports of the first are named, monitors most likely have the other's.
    fn add_default_ports(&mut self) {
        if self.monitors.iter().any(|monitor| monitor.addrs.msgr2().is_some()) {
            return;
        }
        log::warn!(
            target: "monc",
            "all monitors that are named (option mon_host) have addresses of the first messenger \
             protocol only, which is not spoken here; where that is port {PORT_LEGACY}, port \
             {PORT_MSGR2} is tried"
        );
        for monitor in &mut self.monitors {
            let sockets = monitor.addrs.0.iter().filter_map(|addr| addr.socket);
            let default = sockets.filter(|socket| socket.port() == PORT_LEGACY);
            let more: Vec<_> = default
                .map(|socket| EntityAddr::new(AddrKind::Msgr2, with_port(socket, PORT_MSGR2), 0))
                .collect();
            monitor.addrs.0.extend(more);
        }
    }
}

fn hosts(option: &str, text: &str, resolver: &dyn Resolver) -> Result<Vec<Vec<EntityAddr>>> {
    parse(text).or_else(|| parse(&resolve(text, resolver)?)).ok_or_else(|| {
        Errno::EINVAL.because(format!("option {option}: neither addresses nor names: {text}"))
    })
}

fn of_file(path: &str, read: ReadFile<'_>) -> Result<MonMap> {
    let bytes = read(path).map_err(|error| error.context(format!("option monmap: {path}")))?;
    MonMap::decode(&mut Reader::new(&bytes), "monmap")
        .map_err(|error| Errno::EINVAL.because(format!("option monmap: {path}: {error}")))
}

fn with_port(mut socket: SocketAddr, port: u16) -> SocketAddr {
    socket.set_port(port);
    socket
}

/// Addresses, by monitor; `None` when something is no address.
fn parse(text: &str) -> Option<Vec<Vec<EntityAddr>>> {
    let mut hosts = Vec::new();
    for mut item in text.split([' ', ';']) {
        while !item.is_empty() {
            let host = match Address::parse_start(item, "") {
                Some((addr, rest)) => {
                    item = rest;
                    vec![addr]
                }
                None => {
                    let (list, rest) = Address::parse_list_start(item)?;
                    item = rest;
                    list
                }
            };
            item = item.strip_prefix(',').unwrap_or(item);
            let host: Vec<_> = host.into_iter().filter_map(entity_addr).collect();
            if !host.is_empty() {
                hosts.push(host);
            }
        }
    }
    Some(hosts)
}

fn entity_addr(addr: Address) -> Option<EntityAddr> {
    let Address::Ip { protocol, ip, port, nonce } = addr else { return None };
    let kind = match protocol {
        "v1:" => AddrKind::Legacy,
        "v2:" => AddrKind::Msgr2,
        _ => AddrKind::Any,
    };
    Some(EntityAddr::new(kind, SocketAddr::new(ip, port), nonce))
}

/// The same text with addresses in the place of names; `None` when one cannot be resolved.
fn resolve(text: &str, resolver: &dyn Resolver) -> Option<String> {
    let mut addrs = Vec::new();
    for word in text.split([',', ';', ' ']).filter(|word| !word.is_empty()) {
        // Of a name with several colons in it only `[...]:port` can have a port.
        let (host, port) = match (word.split_once(':'), word.rsplit_once("]:")) {
            (Some((host, port)), _) if !port.contains(':') => (host, port),
            (_, Some((host, port))) => (host, port),
            _ => (word, ""),
        };
        let host = host.strip_prefix('[').unwrap_or(host);
        let host = host.strip_suffix(']').unwrap_or(host);
        let port = match port.parse::<u64>() {
            // As getaddrinfo(3) has it: the name service reads what is no port to us, and takes
            // the last 16 bits of a number (measured on 16.2.15).
            Ok(number) => format!(":{}", number & u64::from(u16::MAX)),
            Err(_) if port.is_empty() => String::new(),
            Err(_) => return None,
        };
        for ip in resolver.addresses(host).ok().filter(|ips| !ips.is_empty())? {
            addrs.push(match ip {
                IpAddr::V4(ip) => format!("{ip}{port}"),
                IpAddr::V6(ip) => format!("[{ip}]{port}"),
            });
        }
    }
    (!addrs.is_empty()).then(|| addrs.join(","))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::resolve::Service;
    use super::*;
    use crate::conf::{Config, EntityName};

    /// A name service with a few names.
    struct Names;

    impl Resolver for Names {
        fn addresses(&self, host: &str) -> Result<Vec<IpAddr>> {
            match host {
                "one" => Ok(vec!["10.0.0.1".parse().unwrap()]),
                "two.example.com" => {
                    Ok(vec!["10.0.0.2".parse().unwrap(), "fd00::2".parse().unwrap()])
                }
                ip => Ok(vec![ip.parse().map_err(|_| Errno::ENOENT)?]),
            }
        }

        fn services(&self, service: &str, domain: &str) -> Result<Vec<Service>> {
            let record = |target: &str, priority| Service {
                target: target.to_owned(),
                priority,
                weight: 5,
                port: 3300,
            };
            match (service, domain) {
                ("ceph-mon", "") => Ok(vec![record("one", 10), record("two.example.com", 20)]),
                ("mons", "example.com") => Ok(vec![record("one", 1)]),
                _ => Err(Errno::ENOENT.into()),
            }
        }
    }

    fn initial(options: &[(&str, &str)]) -> Result<MonMap> {
        let config = Config::new("ceph", EntityName::client("admin"));
        for (option, value) in options {
            config.set(option, value).unwrap();
        }
        MonMap::initial(&config, &[], &|_| Err(Errno::ENOENT.into()), &Names)
    }

    fn of_sections(mon_host: &str, text: &str) -> Result<String> {
        let config = Config::new("ceph", EntityName::client("admin"));
        config.read_text("/ceph.conf", text.as_bytes()).unwrap();
        config.set("mon_host", mon_host).unwrap();
        config.set("mon_dns_srv_name", "nothing").unwrap();
        let read = |_: &str| Err(Errno::ENOENT.into());
        let map = MonMap::initial(&config, &config.monitors(), &read, &Names)?;
        let monitors = map.monitors.iter().map(|m| format!("{}={}", m.name, m.addrs));
        Ok(monitors.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn sections_are_heard_when_mon_host_names_nobody() {
        let text = "[mon.a]\nmon addr = v2:10.0.0.1:77 x\n[mon.b]\nmon addr = any:10.0.0.2:78\n\
                    [mon.c]\nmon addr = 10.0.0.3\n[mon.d]\nmon addr = one\n";
        let all = "a=v2:10.0.0.1:77/0 b=v2:10.0.0.2:78/0 b-legacy=v1:10.0.0.2:78/0 \
                   c=v1:10.0.0.3:6789/0";
        assert_eq!(of_sections("", text).unwrap(), all);
        assert_eq!(of_sections(" ", text).unwrap(), all);
        assert_eq!(of_sections("v2:10.0.0.9:1", text).unwrap(), "noname-a=v2:10.0.0.9:1/0");
        let twice = "[mon.a]\nmon addr = v2:10.0.0.1\n[mon.b]\nmon addr = v2:10.0.0.1:6789\n";
        assert_eq!(of_sections("", twice).unwrap(), "b=v2:10.0.0.1:6789/0");
        let list = "[mon.a]\nmon addr = [v2:10.0.0.1:1,v1:10.0.0.1:2]\n";
        assert_eq!(of_sections("", list).unwrap_err(), Errno::ENOENT);
    }

    fn hosts(text: &str) -> String {
        let map = initial(&[("mon_host", text)]).unwrap();
        let monitors = map.monitors.iter();
        let monitors = monitors.map(|m| format!("{}={}", m.name.replace("noname-", ""), m.addrs));
        monitors.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_form_of_mon_host_is_read() {
        let both = "a=v2:10.0.0.1:3300/0 a-legacy=v1:10.0.0.1:6789/0";
        assert_eq!(hosts("10.0.0.1"), both);
        assert_eq!(hosts("one"), both);
        assert_eq!(hosts("10.0.0.1:3300"), "a=v2:10.0.0.1:3300/0");
        assert_eq!(hosts("v2:10.0.0.1"), "a=v2:10.0.0.1:3300/0");
        assert_eq!(hosts("one:3300"), "a=v2:10.0.0.1:3300/0");
        assert_eq!(hosts("10.0.0.1:77"), "a=v2:10.0.0.1:77/0 a-legacy=v1:10.0.0.1:77/0");
        assert_eq!(hosts("v1:10.0.0.1:77,v2:[fd00::1]:8"), "a=v1:10.0.0.1:77/0 b=v2:[fd00::1]:8/0");
        assert_eq!(
            hosts("[v2:127.0.0.1:20100,v1:127.0.0.1:20101],[v2:[::1]:1,v1:[::1]:2];10.0.0.3:3300"),
            "a=[v2:127.0.0.1:20100/0,v1:127.0.0.1:20101/0] b=[v2:[::1]:1/0,v1:[::1]:2/0] \
             c=v2:10.0.0.3:3300/0"
        );
        assert_eq!(hosts("[fd00::1]:3300 fd00::2"), {
            "a=v2:[fd00::1]:3300/0 b=v2:[fd00::2]:3300/0 b-legacy=v1:[fd00::2]:6789/0"
        });
        assert_eq!(hosts("two.example.com:3300, one:3300"), {
            "a=v2:10.0.0.2:3300/0 b=v2:[fd00::2]:3300/0 c=v2:10.0.0.1:3300/0"
        });
        assert_eq!(hosts("10.0.0.1:3300,10.0.0.1:3300"), "a=v2:10.0.0.1:3300/0");
        assert_eq!(hosts("one:99999"), "a=v2:10.0.0.1:34463/0 a-legacy=v1:10.0.0.1:34463/0");
        assert_eq!(hosts("10.0.0.1:99999"), hosts("one:99999"));
    }

    #[test]
    fn default_ports_of_the_first_protocol_are_tried_as_msgr2_s() {
        assert_eq!(hosts("10.0.0.1:6789"), "a-legacy=[v1:10.0.0.1:6789/0,v2:10.0.0.1:3300/0]");
        assert_eq!(hosts("v1:10.0.0.1:77"), "a=v1:10.0.0.1:77/0");
        let mixed = "a-legacy=v1:10.0.0.1:6789/0 b=v2:10.0.0.2:3300/0";
        assert_eq!(hosts("10.0.0.1:6789,10.0.0.2:3300"), mixed);
    }

    #[test]
    fn what_is_wrong_fails_as_on_16_2_15() {
        for bad in [
            "no.such.host.invalid",
            "[[[",
            "10.0.0.1 foo",
            "[v2:1.2.3.4",
            "v2:one:3300",
            ",",
            "one:port",
        ] {
            assert_eq!(initial(&[("mon_host", bad)]).unwrap_err(), Errno::EINVAL, "{bad}");
        }
        let nothing = [("mon_dns_srv_name", "nothing")];
        assert_eq!(initial(&nothing).unwrap_err(), Errno::ENOENT);
        let blank = [("mon_host", " ; "), ("mon_dns_srv_name", "nothing")];
        assert_eq!(initial(&blank).unwrap_err(), Errno::ENOENT);
        assert_eq!(initial(&[("monmap", "/nope")]).unwrap_err(), Errno::ENOENT);
    }

    #[test]
    fn the_name_service_knows_monitors_when_nobody_else_does() {
        let map = initial(&[]).unwrap();
        assert_eq!(map.monitors[0].name, "one");
        assert_eq!(map.monitors[0].priority, 10);
        // Measured on 16.2.15 (ctests/dns): of several addresses one counts.
        assert_eq!(map.monitors[1].addrs.to_string(), "v2:10.0.0.2:3300/0");
        assert_eq!(map.monitors[1].weight, 5);
        assert_eq!(map.monitors.len(), 2);
        let map = initial(&[("ms_bind_ipv6", "true")]).unwrap();
        assert_eq!(map.monitors[0].addrs.to_string(), "v2:10.0.0.1:3300/0");
        assert_eq!(map.monitors[1].addrs.to_string(), "v2:[fd00::2]:3300/0");
        assert_eq!(initial(&[("mon_dns_srv_name", "mons_example.com")]).unwrap().monitors.len(), 1);
        let overridden = initial(&[("mon_host", "10.0.0.1"), ("mon_host_override", "v2:10.0.0.9")]);
        assert_eq!(overridden.unwrap().monitors[0].addrs.to_string(), "v2:10.0.0.9:3300/0");
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "[\\]\\[v12:.,; 0-9a-f/-]{0,40}") {
            _ = initial(&[("mon_host", &text)]);
        }
    }
}
