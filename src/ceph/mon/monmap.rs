//! The map of the monitors.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::ceph::types::{EntityAddr, EntityAddrs, EntityName, UTime};
use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::Result;

/// The newest version of the map whose fields are known, and the oldest reader of it.
const VERSION: u8 = 9;
const COMPAT: u8 = 6;
/// The newest version of a monitor's own entry.
const INFO_VERSION: u8 = 5;
/// The first version with a length and an oldest reader in front; the ones before it have two
/// bytes of version.
const FIRST_WITH_LENGTH: u8 = 3;

/// A monitor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MonInfo {
    /// `a` of `mon.a`.
    pub name: String,
    /// Where it is.
    pub addrs: EntityAddrs,
    /// Smaller ones are tried first.
    pub priority: u16,
    /// How likely it is tried before others of the same priority.
    pub weight: u16,
    /// Where it stands, in the words of CRUSH.
    pub location: BTreeMap<String, String>,
}

/// Who the monitors are (`MonMap`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MonMap {
    /// The cluster.
    pub fsid: Uuid,
    /// Grows with each change; 0 in a map that was made of addresses.
    pub epoch: u32,
    /// Of this epoch.
    pub last_changed: UTime,
    /// Of the first.
    pub created: UTime,
    /// What the cluster needs its monitors to know, for good and for now.
    pub features: (u64, u64),
    /// In the order of their ranks.
    pub monitors: Vec<MonInfo>,
    /// The oldest release that may be among them: 16 is Pacific. 0 if the map is too old to say.
    pub min_release: u8,
    /// Ranks that went away with this epoch.
    pub removed_ranks: Vec<i32>,
    /// How they elect a leader, and who may not be it.
    pub strategy: (u8, Vec<String>),
    /// Whether the cluster is stretched over two sites, who decides between them, and who is
    /// down with its site.
    pub stretch: (bool, String, Vec<String>),
}

impl MonMap {
    /// The rank of the monitor of this name.
    #[must_use]
    pub fn rank_of(&self, name: &str) -> Option<usize> {
        self.monitors.iter().position(|monitor| monitor.name == name)
    }

    /// The rank of the monitor that has one of these addresses.
    #[must_use]
    pub fn rank_at(&self, addrs: &EntityAddrs) -> Option<usize> {
        let is_one = |monitor: &MonInfo| monitor.addrs.0.iter().any(|addr| addrs.0.contains(addr));
        self.monitors.iter().position(is_one)
    }

    fn decode_body(&mut self, version: u8, body: &mut Reader<'_>) -> Result<()> {
        self.fsid = uuid(body)?;
        self.epoch = body.u32("monmap: epoch")?;
        let mut old = Vec::new();
        if version == 1 {
            let count = body.count(EntityName::MIN_SIZE + EntityAddr::MIN_SIZE, "monmap: mons")?;
            for number in 0..count {
                EntityName::decode(body, "monmap: mon")?;
                old.push((number.to_string(), EntityAddr::decode(body, "monmap: addr")?));
            }
        } else if version < 6 {
            let map: BTreeMap<String, EntityAddr> = body.map("monmap: addrs")?;
            old.extend(map);
        }
        self.last_changed = UTime::decode(body, "monmap: last_changed")?;
        self.created = UTime::decode(body, "monmap: created")?;
        if version >= 4 {
            self.features = (features(body)?, features(body)?);
        }
        let mut infos: BTreeMap<String, MonInfo> = if version >= 5 {
            body.map("monmap: monitors")?
        } else {
            let info = |(name, addr): (String, EntityAddr)| {
                let addrs = EntityAddrs(vec![addr]);
                (name.clone(), MonInfo { name, addrs, ..MonInfo::default() })
            };
            old.into_iter().map(info).collect()
        };
        let ranks: Vec<String> = if version >= 6 {
            body.list("monmap: ranks")?
        } else {
            let mut ranks: Vec<_> = infos.iter().map(|(name, i)| (&i.addrs, name)).collect();
            ranks.sort();
            ranks.into_iter().map(|(_, name)| name.clone()).collect()
        };
        self.monitors = ranks.iter().filter_map(|name| infos.remove(name)).collect();
        if version >= 7 {
            self.min_release = body.u8("monmap: min_mon_release")?;
        }
        if version >= 8 {
            self.removed_ranks = body.list("monmap: removed_ranks")?;
            self.strategy.0 = body.u8("monmap: strategy")?;
            self.strategy.1 = body.list("monmap: disallowed_leaders")?;
        }
        if version >= 9 {
            self.stretch.0 = body.bool("monmap: stretch_mode")?;
            self.stretch.1 = body.string("monmap: tiebreaker")?;
            self.stretch.2 = body.list("monmap: marked_down")?;
        }
        Ok(())
    }
}

fn uuid(body: &mut Reader<'_>) -> Result<Uuid> {
    Ok(Uuid::from_slice(body.take(16, "monmap: fsid")?).unwrap_or_default())
}

/// `mon_feature_t`.
fn features(body: &mut Reader<'_>) -> Result<u64> {
    let (_, mut features) = body.versioned(1, "monmap: features")?;
    features.u64("monmap: features")
}

impl Decode for MonMap {
    const MIN_SIZE: usize = 2;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let mut map = MonMap::default();
        match reader.rest() {
            &[version @ 1..FIRST_WITH_LENGTH, ..] => {
                reader.u16(field)?;
                map.decode_body(version, reader)?;
            }
            _ => {
                let (version, mut body) = reader.versioned(VERSION, field)?;
                map.decode_body(version, &mut body)?;
            }
        }
        Ok(map)
    }
}

impl Encode for MonMap {
    fn encode(&self, writer: &mut Writer) {
        writer.versioned(VERSION, COMPAT, |body| {
            body.raw(self.fsid.as_bytes()).u32(self.epoch);
            body.value(&self.last_changed).value(&self.created);
            for features in [self.features.0, self.features.1] {
                body.versioned(1, 1, |body| {
                    body.u64(features);
                });
            }
            let infos = self.monitors.iter().map(|info| (&info.name, info));
            let infos: BTreeMap<_, _> = infos.collect();
            body.count(infos.len());
            for (name, info) in infos {
                body.value(name).value(info);
            }
            body.count(self.monitors.len());
            for info in &self.monitors {
                body.value(&info.name);
            }
            body.u8(self.min_release).list(&self.removed_ranks);
            body.u8(self.strategy.0).list(&self.strategy.1);
            body.bool(self.stretch.0).value(&self.stretch.1).list(&self.stretch.2);
        });
    }
}

impl Encode for MonInfo {
    fn encode(&self, writer: &mut Writer) {
        writer.versioned(INFO_VERSION, 1, |body| {
            body.value(&self.name).value(&self.addrs).u16(self.priority).u16(self.weight);
            body.map(&self.location);
        });
    }
}

impl Decode for MonInfo {
    const MIN_SIZE: usize = 6;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let (version, mut body) = reader.versioned(INFO_VERSION, field)?;
        let mut info = MonInfo {
            name: body.string("mon: name")?,
            addrs: EntityAddrs::decode(&mut body, "mon: addrs")?,
            ..MonInfo::default()
        };
        if version >= 2 {
            info.priority = body.u16("mon: priority")?;
        }
        if version >= 4 {
            info.weight = body.u16("mon: weight")?;
        }
        if version >= 5 {
            info.location = body.map("mon: crush location")?;
        }
        Ok(info)
    }
}
