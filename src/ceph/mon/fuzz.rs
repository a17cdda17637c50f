//! Entries for fuzzing: what says who the monitors are.

use std::net::IpAddr;

use super::dns;
use super::monmap::{MonInfo, MonMap};
use super::resolve::{Conf, Resolver, Service};
use crate::codec::fuzz::{Entry, round};
use crate::conf::{MonitorSection, Settings, Value};
use crate::errno::{Errno, Result};

/// See [`crate::fuzz`].
pub const ENTRIES: &[Entry] = &[("mon.monmap", monmap), ("mon.dns", dns), ("mon.hosts", hosts)];

fn monmap(bytes: &[u8]) {
    round::<MonMap>(bytes);
    round::<MonInfo>(bytes);
}

/// The answer to whatever question.
fn dns(bytes: &[u8]) {
    let id = bytes.first_chunk().map_or(0, |id| u16::from_be_bytes(*id));
    let _ = dns::answer(id, bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Conf::parse(text);
        let _ = dns::question(id, text);
    }
}

/// A name service that knows every other name.
struct Odd;

impl Resolver for Odd {
    fn addresses(&self, name: &str) -> Result<Vec<IpAddr>> {
        match name.len() % 2 {
            1 => Ok(vec![[127, 0, 0, 1].into(), IpAddr::from([0; 16])]),
            _ => Err(Errno::ENOENT.into()),
        }
    }

    fn services(&self, service: &str, domain: &str) -> Result<Vec<Service>> {
        let target = format!("{service}.{domain}");
        Ok(vec![Service { target, priority: 1, weight: 2, port: 3300 }])
    }
}

/// An option that names monitors, or the services that do; by the name service IPv4 is wanted.
struct Said<'a>(&'static str, &'a str);

impl Settings for Said<'_> {
    fn typed(&self, name: &str) -> Option<Value> {
        match name {
            "ms_bind_ipv6" => Some(Value::Bool(false)),
            _ => Some(Value::Text(if name == self.0 { self.1 } else { "" }.into())),
        }
    }
}

fn hosts(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let section = MonitorSection { name: "a".into(), addr: text.into(), priority: 1, weight: 2 };
    let sections = [section];
    let monmap = |_: &str| Ok(bytes.to_vec());
    for option in ["mon_host", "mon_host_override", "monmap", "mon_dns_srv_name"] {
        let _ = MonMap::initial(&Said(option, text), &sections, &monmap, &Odd);
    }
}
