//! The OSDs: what they do with operations, backoffs and maps.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::super::fake::Sent;
use super::super::history::POOL;
use super::{EAGAIN, Event, Sim};
use crate::ceph::map::{OsdMap, PgId};
use crate::ceph::message::Message;
use crate::ceph::messages::hobject::HObject;
use crate::ceph::messages::op_code::{self, OsdFlags};
use crate::ceph::messages::osd_backoff::{self, Backoff, BackoffOp};
use crate::ceph::messages::{osd_op, watch_notify};
use crate::codec::Writer;
use crate::errno::Errno;
use crate::model::*;

#[derive(Default)]
pub(super) struct SimOsd {
    pub(super) epoch: u32,
    pub(super) nonce: u32,
    pub(super) is_up: bool,
    /// Operations on groups that peer, or of maps it does not have yet.
    pub(super) waiting: Vec<(u64, Sent)>,
    pub(super) peering: BTreeSet<PgId>,
    pub(super) backoffs: Vec<Held>,
}

/// A backoff of a client: until it has been acknowledged and ended, what comes is dropped.
pub(super) struct Held {
    pub(super) link: u64,
    backoff: Backoff,
    is_acknowledged: bool,
    is_over: bool,
}

/// What was written, as if all replicas were one.
#[derive(Default)]
pub(super) struct Store {
    pub(super) objects: BTreeMap<String, Vec<u64>>,
    /// Operations that were done.
    done: HashSet<u64>,
    /// Link of each watch.
    watches: BTreeMap<(String, u64), u64>,
}

impl Sim {
    pub(super) fn arrive(&mut self, id: u64, message: Message) {
        let Some(link) = self.links.get(&id).filter(|link| link.is_up) else { return };
        let osd = link.osd;
        if self.dice.once_in(150) {
            return self.broken(id);
        }
        match message.kind {
            osd_op::KIND => {
                let sent = Sent::decode(&message);
                let epoch = self.osds[osd as usize].epoch;
                if sent.epoch < epoch {
                    // It tells clients that are behind.
                    let maps = self.history.updates(sent.epoch, epoch);
                    self.say(id, maps);
                }
                self.serve(osd, id, sent);
            }
            osd_backoff::KIND => {
                let answer = Backoff::decode(&message).unwrap();
                assert_eq!(answer.op, BackoffOp::AckBlock);
                for held in &mut self.osds[osd as usize].backoffs {
                    held.is_acknowledged |= held.backoff.id == answer.id;
                }
                self.end_backoffs(osd);
            }
            kind => panic!("kind {kind}"),
        }
    }

    fn map_at(&self, epoch: u32) -> &OsdMap {
        &self.history.maps[&epoch]
    }

    fn primary(&self, epoch: u32, group: PgId) -> i32 {
        self.map_at(epoch).placement(group).acting_primary
    }

    /// Since when the group has had its present primary.
    fn same_primary_since(&self, epoch: u32, group: PgId) -> u32 {
        let primary = self.primary(epoch, group);
        let pg_num = |epoch| self.map_at(epoch).pool(POOL).unwrap().pg_num;
        let first = *self.history.maps.first_key_value().unwrap().0;
        let mut since = epoch;
        while since > first
            && self.primary(since - 1, group) == primary
            && (group.seed < pg_num(since - 1))
        {
            since -= 1;
        }
        since
    }

    /// An operation is at an OSD: now, or after it had to wait.
    fn serve(&mut self, osd: i32, link: u64, sent: Sent) {
        let process = &self.osds[osd as usize];
        // Whatever its map: the client will send it again when the backoff ends.
        let blocks = |h: &Held| h.link == link && h.backoff.group.pg == sent.group.pg;
        if process.backoffs.iter().any(blocks) {
            return;
        }
        let (epoch, latest) = (process.epoch, self.history.last().epoch);
        if sent.epoch > epoch {
            return self.osds[osd as usize].waiting.push((link, sent));
        }
        let group = sent.group.pg;
        let pg_num = self.map_at(epoch).pool(POOL).unwrap().pg_num;
        let is_here = group.seed < pg_num && self.folds_to(epoch, &sent.name, group);
        if self.primary(epoch, group) != osd {
            let read = OsdFlags::READ | OsdFlags::BALANCE_READS;
            if sent.flags.contains(read) && is_here {
                // A replica that may not serve.
                let reply = sent.reply(EAGAIN, &[b""]);
                self.say(link, reply);
            }
            return;
        }
        if sent.epoch < self.same_primary_since(epoch, group) || !is_here {
            return;
        }
        // Whoever has lost the group without knowing gets nobody's consent any more.
        let is_over =
            self.same_primary_since(latest, group) > epoch || self.primary(latest, group) != osd;
        let process = &mut self.osds[osd as usize];
        if process.peering.contains(&group) || is_over {
            if self.dice.once_in(3) {
                return self.back_off(osd, link, &sent);
            }
            return process.waiting.push((link, sent));
        }
        self.execute(link, sent);
    }

    fn folds_to(&self, epoch: u32, name: &str, group: PgId) -> bool {
        let map = self.map_at(epoch);
        map.fold(map.pg_of(&Target::new(POOL, name)).unwrap()) == group
    }

    fn back_off(&mut self, osd: i32, link: u64, sent: &Sent) {
        self.last_backoff += 1;
        let backoff = Backoff {
            group: sent.group,
            epoch: self.osds[osd as usize].epoch,
            op: BackoffOp::Block,
            id: self.last_backoff,
            begin: HObject::min(),
            end: HObject::max(),
        };
        // All that is here of this group from this client is forgotten.
        let process = &mut self.osds[osd as usize];
        let group = sent.group.pg;
        process.waiting.retain(|(from, sent)| *from != link || sent.group.pg != group);
        let message = backoff.message(63);
        process.backoffs.push(Held { link, backoff, is_acknowledged: false, is_over: false });
        self.say(link, message);
    }

    /// Backoffs of a group are not needed any more.
    fn release(&mut self, osd: i32, group: PgId) {
        for held in &mut self.osds[osd as usize].backoffs {
            held.is_over |= held.backoff.group.pg == group;
        }
        self.end_backoffs(osd);
    }

    fn end_backoffs(&mut self, osd: i32) {
        let mut ended = Vec::new();
        self.osds[osd as usize].backoffs.retain(|held| {
            let ends = held.is_over && held.is_acknowledged;
            if ends {
                let unblock = Backoff { op: BackoffOp::Unblock, ..held.backoff.clone() };
                ended.push((held.link, unblock));
            }
            !ends
        });
        ended.iter().for_each(|(link, unblock)| self.say(*link, unblock.message(63)));
    }

    fn execute(&mut self, link: u64, sent: Sent) {
        let (code, fields, data) = &sent.steps[0];
        let log = self.store.objects.entry(sent.name.clone()).or_default();
        let cookie = u64::from_le_bytes(fields[..8].try_into().unwrap());
        let watch = (sent.name.clone(), cookie);
        let (mut result, mut output) = (0, Vec::new());
        match *code {
            op_code::OP_READ => log.iter().for_each(|id| output.extend(id.to_le_bytes())),
            op_code::APPEND => {
                if self.store.done.insert(sent.tid) {
                    log.push(u64::from_le_bytes(data[..].try_into().unwrap()));
                }
            }
            op_code::WATCH => match fields[16] {
                3 => drop(self.store.watches.insert(watch, link)),
                5 | 7 => match self.store.watches.get_mut(&watch) {
                    Some(at) => *at = link,
                    None => result = Errno::ENOTCONN.to_c(),
                },
                op => panic!("watch op {op}"),
            },
            op_code::NOTIFY => {
                let watches = self.store.watches.clone();
                for ((name, cookie), link) in watches {
                    if name == sent.name {
                        let mut front = Writer::new();
                        front.u8(1).u8(1).u64(cookie).u64(0).u64(1).bytes("").i32(0).u64(1);
                        let bytes = front.into_bytes();
                        self.say(link, Message::new(watch_notify::KIND, 3, 1, bytes));
                    }
                }
            }
            code => panic!("code {code}"),
        }
        let reply = sent.reply(result, &[&output]);
        self.say(link, reply);
    }

    /// An OSD's map becomes newer.
    pub(super) fn osd_map(&mut self, osd: i32, epoch: u32) {
        let old = self.osds[osd as usize].epoch;
        if epoch <= old || !self.osds[osd as usize].is_up {
            return;
        }
        let seeds = self.map_at(epoch).pool(POOL).unwrap().pg_num;
        for group in (0..seeds).map(|seed| PgId { pool: POOL.0, seed }) {
            let is_new = self.same_primary_since(epoch, group) > old
                || self.map_at(old).placement(group) != self.map_at(epoch).placement(group);
            if !is_new {
                continue;
            }
            self.release(osd, group);
            if self.primary(epoch, group) == osd {
                self.osds[osd as usize].peering.insert(group);
                let delay = self.dice.roll(300);
                self.later(delay, Event::Active(osd, group));
            }
        }
        self.osds[osd as usize].epoch = epoch;
        self.serve_waiting(osd);
    }

    pub(super) fn active(&mut self, osd: i32, group: PgId) {
        self.osds[osd as usize].peering.remove(&group);
        self.release(osd, group);
        self.serve_waiting(osd);
    }

    fn serve_waiting(&mut self, osd: i32) {
        for (link, sent) in std::mem::take(&mut self.osds[osd as usize].waiting) {
            self.serve(osd, link, sent);
        }
    }
}
