//! What happens to the cluster: OSDs that die and come back, groups that move and split.

use super::super::history::{Change, POOL};
use super::osd::SimOsd;
use super::{Event, Sim};
use crate::ceph::map::MapFlags;

impl Sim {
    /// Something happens to the cluster.
    pub(super) fn change(&mut self) {
        let mut change = Change::default();
        let osd = self.dice.roll(3) as i32;
        let process = &mut self.osds[osd as usize];
        let is_last = self.changes_left <= 3;
        if !process.is_up || is_last && !self.osds.iter().all(|osd| osd.is_up) {
            let osd = self.osds.iter().position(|osd| !osd.is_up).unwrap();
            let process = &mut self.osds[osd];
            process.is_up = true;
            process.nonce += 1;
            change.up.push((osd as i32, process.nonce));
        } else {
            match self.dice.roll(if is_last { 5 } else { 8 }) {
                0 => change.weights.push((osd, self.dice.roll(2) as u32 * 0x1_0000)),
                1 => {
                    let osds = [[0, 1], [1, 2], [2, 0], [1, 0]];
                    let osds = osds[self.dice.roll(4) as usize].to_vec();
                    change.pg_temp.push((self.dice.roll(16) as u32, osds));
                }
                2 => change.pg_num = Some(16 + self.dice.roll(17) as u32),
                3 => {
                    let flags = self.history.last().flags;
                    change.flags = Some((flags ^ MapFlags::PAUSEWR).bits());
                }
                4 => {}
                _ => {
                    self.kill(osd);
                    change.down.push(osd);
                }
            }
        }
        if change.pg_num.is_some_and(|n| n < self.history.last().pool(POOL).unwrap().pg_num) {
            change.pg_num = None;
        }
        if self.changes_left <= 1 {
            // In the end nothing is paused, and every group has somebody.
            change.flags = Some((self.history.last().flags - MapFlags::PAUSEWR).bits());
            change.weights = (0..3).map(|osd| (osd, 0x1_0000)).collect();
        }
        self.publish(change);
        let is_up = self.osds.iter().all(|osd| osd.is_up);
        self.changes_left -= u32::from(self.changes_left > 1 || is_up);
        if self.changes_left > 0 {
            let delay = self.dice.roll(2500);
            self.later(delay, Event::Change);
        }
    }

    fn kill(&mut self, osd: i32) {
        let nonce = self.osds[osd as usize].nonce;
        self.osds[osd as usize] = SimOsd { nonce, ..SimOsd::default() };
        let links: Vec<_> = self.links.iter().filter(|(_, l)| l.osd == osd).map(|l| *l.0).collect();
        for id in links {
            let delay = self.delay();
            self.links.get_mut(&id).unwrap().is_up = false;
            self.later(delay, Event::Broken(id));
        }
    }

    fn publish(&mut self, change: Change) {
        let up = change.up.clone();
        let epoch = self.history.change(change);
        for osd in 0..3 {
            match up.iter().any(|(other, _)| *other == osd) {
                // It starts with the map it is up in; it has no operations yet.
                true => {
                    self.osds[osd as usize].epoch = epoch - 1;
                    self.osd_map(osd, epoch);
                }
                false => {
                    let delay = self.dice.roll(300);
                    self.later(delay, Event::OsdMap(osd, epoch));
                }
            }
        }
        if let Some(start) = self.wanted {
            let delay = self.delay();
            self.later(delay, Event::Maps(start));
        }
    }
}
