//! The map of managers (`MgrMap`): which of them is active, and where.

use crate::ceph::types::EntityAddrs;
use crate::codec::{Decode, Reader};
use crate::errno::Result;

/// The version of `MgrMap` that is read here; newer ones only add to it.
const VERSION: u8 = 12;
/// From here on the map has no list of module names beside that of modules.
const VERSION_MODULES_ONCE: u8 = 6;

/// What a client has to know of the managers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MgrMap {
    /// Greater is newer.
    pub epoch: u32,
    /// Where the active one listens.
    pub addrs: EntityAddrs,
    /// The active one's number in the cluster.
    pub gid: u64,
    /// Whether it serves already.
    pub available: bool,
    /// Its name: `x` of `mgr.x`; empty when there is none.
    pub name: String,
    /// What it understands; 0 from a monitor that does not say.
    pub features: u64,
}

impl Decode for MgrMap {
    const MIN_SIZE: usize = 6;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let (version, mut body) = reader.versioned(VERSION, field)?;
        let mut map = MgrMap {
            epoch: body.u32("mgrmap epoch")?,
            addrs: EntityAddrs::decode(&mut body, "mgrmap active_addrs")?,
            gid: body.u64("mgrmap active_gid")?,
            available: body.bool("mgrmap available")?,
            name: body.string("mgrmap active_name")?,
            features: 0,
        };
        if version >= 9 {
            skip_to_features(&mut body, version)?;
            map.features = body.u64("mgrmap active_mgr_features")?;
        }
        Ok(map)
    }
}

/// Reads over standbys and modules, which are no business of a client.
fn skip_to_features(body: &mut Reader<'_>, version: u8) -> Result<()> {
    for _ in 0..body.count(8, "mgrmap standbys")? {
        body.u64("mgrmap standby")?;
        body.versioned(u8::MAX, "mgrmap standby")?;
    }
    skip_strings(body, "mgrmap modules")?;
    if version < VERSION_MODULES_ONCE {
        skip_strings(body, "mgrmap module names")?;
    }
    for _ in 0..body.count(8, "mgrmap services")? {
        body.bytes("mgrmap service")?;
        body.bytes("mgrmap service")?;
    }
    for _ in 0..body.count(6, "mgrmap available_modules")? {
        body.versioned(u8::MAX, "mgrmap available_modules")?;
    }
    body.u64("mgrmap active_change")?;
    for _ in 0..body.count(8, "mgrmap always_on_modules")? {
        body.u32("mgrmap always_on_modules")?;
        skip_strings(body, "mgrmap always_on_modules")?;
    }
    Ok(())
}

fn skip_strings(body: &mut Reader<'_>, field: &'static str) -> Result<()> {
    for _ in 0..body.count(4, field)? {
        body.bytes(field)?;
    }
    Ok(())
}
