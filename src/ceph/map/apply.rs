//! Making the next map.
//!
//! The order of the changes is that of `OSDMap::apply_incremental`: a weight can bring an OSD into
//! being that the state then removes.
//!
//! The checksum of the resulting map, which an update carries, is not checked: it is one over the
//! map's encoding, and a client has no use for encoding maps, let alone with the features of the
//! monitor that made it. Neither librados nor the kernel's client does it. The update's own
//! checksum has been checked when it was read, and so has that of each whole map.

use std::sync::Arc;

use super::OsdMap;
use super::blocklist::Blocklist;
use super::crush::CrushMap;
use super::decode::{bad, max_osd};
use super::flags::{MapFlags, OsdState, Release};
use super::incremental::{Incremental, OsdPart};
use super::osdmap::{FULL, OsdTable, Upmaps};
use super::pool::Pool;
use crate::ceph::types::EntityAddrs;
use crate::errno::{Errno, Result};

impl OsdMap {
    /// The next map. `-EINVAL` when the update is for another epoch or cluster, `-EBADMSG` when it
    /// makes no sense (an OSD beyond `max_osd`, a broken crush map).
    pub fn apply(&self, update: &Incremental) -> Result<OsdMap> {
        if self.epoch.checked_add(1) != Some(update.epoch) {
            let (from, to) = (self.epoch, update.epoch);
            return Err(Errno::EINVAL.because(format!("incremental: to epoch {to}, from {from}")));
        }
        if update.fsid != self.fsid && update.epoch != 1 {
            return Err(Errno::EINVAL.because("incremental: of another cluster"));
        }
        if !update.full_map.is_empty() {
            return OsdMap::decode(&update.full_map);
        }
        let mut next = self.clone();
        next.epoch = update.epoch;
        next.fsid = update.fsid;
        next.modified = update.modified;
        if let Ok(flags) = u32::try_from(update.new_flags) {
            next.flags = MapFlags::from_bits_retain(flags);
        }
        if update.new_max_osd >= 0 {
            next.osds.resize(max_osd(update.new_max_osd)?);
        }
        next.apply_pools(update);
        next.osds.apply(update)?;
        next.apply_overrides(update);
        next.apply_osd_part(&update.osd);
        if !update.crush.is_empty() {
            next.crush = Arc::new(CrushMap::decode(&update.crush)?);
            if next.require_osd_release >= Release::LUMINOUS {
                next.crush_version = next.crush_version.wrapping_add(1);
            }
        }
        Ok(next)
    }

    fn apply_pools(&mut self, update: &Incremental) {
        if update.new_pool_max != -1 {
            self.pool_max.0 = update.new_pool_max;
        }
        for (id, pool) in &update.new_pools {
            let pool = Pool { last_change: update.epoch, ..pool.clone() };
            self.pools.insert(*id, Arc::new(pool));
        }
        self.new_removed_snaps.clone_from(&update.new_removed_snaps);
        self.new_purged_snaps.clone_from(&update.new_purged_snaps);
        for (id, name) in &update.new_pool_names {
            self.pool_names.insert(*id, name.clone());
        }
        for id in &update.old_pools {
            self.pools.remove(id);
            self.pool_names.remove(id);
        }
        if !(update.old_profiles.is_empty() && update.new_profiles.is_empty()) {
            let profiles = Arc::make_mut(&mut self.erasure_code_profiles);
            profiles.retain(|name, _| !update.old_profiles.contains(name));
            profiles.extend(update.new_profiles.clone());
        }
    }

    fn apply_overrides(&mut self, update: &Incremental) {
        if !update.new_pg_temp.is_empty() {
            let temp = Arc::make_mut(&mut self.pg_temp);
            for (pg, osds) in &update.new_pg_temp {
                match osds.is_empty() {
                    true => temp.remove(pg),
                    false => temp.insert(*pg, osds.clone()),
                };
            }
        }
        if !update.new_primary_temp.is_empty() {
            let temp = Arc::make_mut(&mut self.primary_temp);
            for (pg, osd) in &update.new_primary_temp {
                match osd {
                    -1 => temp.remove(pg),
                    osd => temp.insert(*pg, *osd),
                };
            }
        }
        let news = [
            update.new_pg_upmap.len(),
            update.new_pg_upmap_items.len(),
            update.new_pg_upmap_primary.len(),
            update.old_pg_upmap.len(),
            update.old_pg_upmap_items.len(),
            update.old_pg_upmap_primary.len(),
        ];
        if news.iter().any(|count| *count > 0) {
            Arc::make_mut(&mut self.upmaps).apply(update);
        }
    }

    fn apply_osd_part(&mut self, part: &OsdPart) {
        let gone = [part.old_blocklist.len(), part.old_networks.len()];
        let come = [part.new_blocklist.len(), part.new_networks.len()];
        if gone.iter().chain(&come).any(|count| *count > 0) {
            Arc::make_mut(&mut self.blocklist).apply(part);
        }
        if let Some(release) = part.require_min_compat_client {
            self.require_min_compat_client = release;
        }
        if let Some(release) = part.require_osd_release {
            self.require_osd_release = release;
            self.flags_of_release();
        }
    }
}

impl Upmaps {
    fn apply(&mut self, update: &Incremental) {
        self.sets.extend(update.new_pg_upmap.iter().map(|(pg, osds)| (*pg, osds.clone())));
        self.sets.retain(|pg, _| !update.old_pg_upmap.contains(pg));
        let items = update.new_pg_upmap_items.iter();
        self.items.extend(items.map(|(pg, items)| (*pg, items.clone())));
        self.items.retain(|pg, _| !update.old_pg_upmap_items.contains(pg));
        self.primaries.extend(&update.new_pg_upmap_primary);
        self.primaries.retain(|pg, _| !update.old_pg_upmap_primary.contains(pg));
    }
}

impl Blocklist {
    fn apply(&mut self, part: &OsdPart) {
        // An address that is listed already keeps its time.
        for (addr, until) in &part.new_blocklist {
            self.clients.entry(*addr).or_insert(*until);
        }
        for addr in &part.old_blocklist {
            self.clients.remove(addr);
        }
        for (addr, until) in &part.new_networks {
            self.networks.entry(*addr).or_insert(*until);
        }
        for addr in &part.old_networks {
            self.networks.remove(addr);
        }
    }
}

/// One OSD's place in the four lists.
struct Entry<'a> {
    state: &'a mut OsdState,
    weight: &'a mut u32,
    affinity: &'a mut u32,
    addrs: &'a mut Arc<EntityAddrs>,
}

impl OsdTable {
    fn entry(&mut self, osd: i32) -> Result<Entry<'_>> {
        let beyond = || bad(format!("incremental: osd.{osd} is beyond max_osd"));
        let at = usize::try_from(osd).map_err(|_| beyond())?;
        Ok(Entry {
            state: self.states.get_mut(at).ok_or_else(beyond)?,
            weight: self.weights.get_mut(at).ok_or_else(beyond)?,
            affinity: self.affinities.get_mut(at).ok_or_else(beyond)?,
            addrs: self.addrs.get_mut(at).ok_or_else(beyond)?,
        })
    }

    fn apply(&mut self, update: &Incremental) -> Result<()> {
        for (osd, weight) in &update.new_weight {
            let entry = self.entry(*osd)?;
            *entry.weight = *weight;
            if *weight != 0 {
                entry.state.insert(OsdState::EXISTS);
                entry.state.remove(OsdState::AUTOOUT | OsdState::NEW);
            }
        }
        for (osd, affinity) in &update.new_primary_affinity {
            *self.entry(*osd)?.affinity = *affinity;
        }
        for (osd, bits) in &update.new_state {
            let entry = self.entry(*osd)?;
            let bits = match bits {
                0 => OsdState::UP,
                bits => OsdState::from_bits_retain(*bits),
            };
            if entry.state.contains(OsdState::EXISTS) && bits.contains(OsdState::EXISTS) {
                *entry.state = OsdState::empty();
                *entry.affinity = FULL;
                *entry.addrs = Arc::default();
            } else {
                entry.state.toggle(bits);
            }
        }
        for (osd, addrs) in &update.new_up_client {
            let entry = self.entry(*osd)?;
            entry.state.insert(OsdState::EXISTS | OsdState::UP);
            entry.state.remove(OsdState::STOP);
            *entry.addrs = Arc::new(addrs.clone());
        }
        Ok(())
    }
}
