//! A new map: what it means for everything under way.
//!
//! Every map in a message is looked at, not only the last: an OSD that lost a group and got it back
//! has forgotten what it was sent before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::command::Command;
use super::request::{Again, PoolCheck, Request};
use super::session::Session;
use super::target::Verdict;
use super::view::MapView;
use super::{Objecter, State};
use crate::ceph::map::{Incremental, MapFlags, OsdMap, PoolFlags};
use crate::ceph::message::Message;
use crate::ceph::messages::osd_map::OsdMaps;
use crate::errno::{Errno, Result};
use crate::model::PoolId;

/// What a message of maps has brought about, to be done when no lock is held any more.
#[derive(Default)]
struct Changes {
    /// Sent again, in this order.
    resend: BTreeMap<u64, Box<Request>>,
    commands: BTreeMap<u64, Command>,
    /// Watches and notifications that begin anew.
    lingers: Vec<u64>,
    /// Watches whose pool is gone.
    lost_lingers: Vec<u64>,
    /// Failed.
    failed: Vec<(Box<Request>, Errno)>,
    failed_commands: Vec<Command>,
    /// Waiting for the monitors to confirm that there is no such pool or OSD.
    doubtful: Vec<u64>,
    /// Sessions with something to send or to close.
    pump: Vec<Arc<Session>>,
}

/// Why what has the right target is sent again all the same.
#[derive(Clone, Copy)]
struct Reasons<'a> {
    /// Maps in between were missed.
    skipped: bool,
    /// What was full, or is.
    full: &'a Full,
}

#[derive(Default)]
struct Full {
    cluster: bool,
    pools: BTreeSet<PoolId>,
}

impl Objecter {
    /// Takes a message with maps, from a monitor or an OSD. Maps older than ours are ignored.
    pub fn handle_osdmap(&self, message: Message) -> Result<()> {
        let maps = OsdMaps::decode(&message)?;
        if maps.fsid != self.config.fsid {
            log::warn!("maps of another cluster, {}", maps.fsid);
            return Ok(());
        }
        let mut changes = Changes::default();
        let mut state = self.state.write();
        if state.is_shut || maps.last() <= state.view.epoch() {
            return Ok(());
        }
        let outcome = self.apply_all(&mut state, &maps, &mut changes);
        self.settle(&mut state, &mut changes);
        let view = Arc::clone(&state.view);
        drop(state);
        self.carry_out(changes);
        self.tell_waiting(view.epoch());
        let missing = view.epoch() < maps.last() || !self.waiting.lock().is_empty();
        if missing || view.map.as_deref().is_some_and(waits_for_change) {
            self.want_map();
        }
        outcome
    }

    /// Goes from map to map as far as the message leads.
    fn apply_all(&self, state: &mut State, maps: &OsdMaps, changes: &mut Changes) -> Result<()> {
        let mut full = Full::default();
        if let Some(map) = &state.view.map {
            full.note(map);
        }
        while state.view.epoch() < maps.last() {
            let Some((next, skipped)) = next_map(state.view.map.as_deref(), maps)? else { break };
            if next.epoch <= state.view.epoch() {
                return Err(Errno::EBADMSG.because("osd_map: an epoch that goes back"));
            }
            log::debug!(target: "objecter:5", "map of the OSDs: epoch {}", next.epoch);
            full.note(&next);
            let next = Arc::new(next);
            state.view = Arc::new(state.view.next(Arc::clone(&next)));
            self.scan(state, &next, Reasons { skipped, full: &full }, changes);
        }
        Ok(())
    }

    /// Looks at everything under way with the eyes of a new map.
    fn scan(&self, state: &mut State, map: &OsdMap, reasons: Reasons<'_>, changes: &mut Changes) {
        let view = Arc::clone(&state.view);
        for request in changes.resend.values_mut() {
            request.aim.calculate(&view, false);
        }
        let (again, lost) = self.scan_lingers(&view, reasons.skipped);
        changes.lingers.extend(again);
        changes.lost_lingers.extend(lost);
        scan_session(&state.homeless, &view, reasons, changes);
        let mut over = Vec::new();
        for (osd, session) in &state.sessions {
            scan_session(session, &view, reasons, changes);
            if !map.is_up(*osd) || !session.is_at(map.osd_addrs(*osd)) {
                over.push(*osd);
            }
        }
        for osd in over {
            let Some(session) = state.sessions.remove(&osd) else { continue };
            let (requests, commands) = session.end();
            changes.lingers.extend(self.lingers_at(osd));
            changes.pump.push(session);
            let sent = requests.into_iter().filter(|(_, r)| r.again == Again::Sent);
            changes.resend.extend(sent);
            changes.commands.extend(commands);
        }
    }

    /// Gives what is to be sent again its session, in the order of submission.
    fn settle(&self, state: &mut State, changes: &mut Changes) {
        let (view, priority) = (Arc::clone(&state.view), self.config.op_priority);
        for (_, mut request) in std::mem::take(&mut changes.resend) {
            match request.aim.calculate(&view, false) {
                Verdict::PoolFails => {
                    changes.failed.push((request, Errno::EIO));
                    continue;
                }
                Verdict::PoolGone => {
                    if let Some(request) = doubt(request, view.epoch(), changes) {
                        state.homeless.add(request);
                    }
                    continue;
                }
                Verdict::Stay | Verdict::Resend => {}
            }
            let session = state.make_session(request.aim.osd, priority);
            session.add(request);
            changes.pump.push(Arc::clone(session));
        }
        for (tid, mut command) in std::mem::take(&mut changes.commands) {
            let osd = command.locate(&view);
            if osd < 0 {
                changes.doubtful.push(tid);
            }
            let session = state.make_session(osd, priority);
            session.lock().add_command(tid, command);
            changes.pump.push(Arc::clone(session));
        }
    }

    fn carry_out(&self, changes: Changes) {
        let mut pumped = Vec::new();
        for session in changes.pump {
            // Most are there once for each of their operations.
            if !pumped.iter().any(|other| Arc::ptr_eq(other, &session)) {
                session.pump(self);
                pumped.push(session);
            }
        }
        for (request, errno) in changes.failed {
            request.fail(errno);
        }
        for command in changes.failed_commands {
            command.fail_missing();
        }
        for linger in changes.lingers {
            self.send_linger(linger);
        }
        for linger in changes.lost_lingers {
            self.lose_linger(linger, Errno::ENOTCONN);
        }
        if !changes.doubtful.is_empty() {
            self.check_pools(changes.doubtful);
        }
    }

    fn tell_waiting(&self, epoch: u32) {
        let mut waiting = self.waiting.lock();
        let later = waiting.split_off(&(epoch + 1));
        let told = std::mem::replace(&mut *waiting, later);
        drop(waiting);
        told.into_values().flatten().for_each(|done| done(Ok(())));
    }

    /// Asks the monitors for the newest epoch, to know whether what our map does not have exists.
    /// Not with locks held.
    pub(super) fn check_pools(&self, tids: Vec<u64>) {
        let me = self.me.clone();
        self.maps.newest_osdmap(Box::new(move |newest| {
            if let Some(objecter) = me.upgrade() {
                objecter.pools_checked(&tids, newest);
            }
        }));
    }

    fn pools_checked(&self, tids: &[u64], newest: Result<u32>) {
        let state = self.state.read();
        let epoch = state.view.epoch();
        let mut failed = Vec::new();
        let mut failed_commands = Vec::new();
        let mut inner = state.homeless.lock();
        for tid in tids {
            let check = match &newest {
                Ok(newest) => PoolCheck::Until(*newest),
                Err(_) => PoolCheck::Unasked,
            };
            let is_over = matches!(check, PoolCheck::Until(until) if until <= epoch);
            if let Some(request) = inner.requests.get_mut(tid) {
                request.pool_check = check;
                if is_over && request.aim.is_pool_missing() {
                    failed.extend(inner.requests.remove(tid));
                }
            }
            if let Some(command) = inner.commands.get_mut(tid) {
                command.check = check;
                if is_over {
                    failed_commands.extend(inner.commands.remove(tid));
                }
            }
        }
        drop(inner);
        drop(state);
        failed.into_iter().for_each(|request| request.fail(Errno::ENOENT));
        failed_commands.into_iter().for_each(Command::fail_missing);
        if newest.is_ok_and(|newest| newest > epoch) {
            self.want_map();
        }
    }
}

/// The map after this one that the message has, and whether some in between are missing. `None`
/// when the message does not lead on.
fn next_map(map: Option<&OsdMap>, maps: &OsdMaps) -> Result<Option<(OsdMap, bool)>> {
    let Some(map) = map else {
        // Without a map, only the newest is of interest.
        let newest = maps.fulls.last_key_value();
        return newest.map(|(_, bytes)| Ok((OsdMap::decode(bytes)?, false))).transpose();
    };
    let wanted = map.epoch.saturating_add(1);
    if let Some(update) = maps.incrementals.get(&wanted) {
        return Ok(Some((map.apply(&Incremental::decode(update)?)?, false)));
    }
    let Some((epoch, bytes)) = maps.fulls.range(wanted..).next() else { return Ok(None) };
    let skipped = *epoch != wanted;
    // A map in between can still be had: better to ask for it than to send everything again.
    if skipped && wanted >= maps.oldest {
        return Ok(None);
    }
    Ok(Some((OsdMap::decode(bytes)?, skipped)))
}

impl Full {
    fn note(&mut self, map: &OsdMap) {
        self.cluster |= map.flags.contains(MapFlags::FULL);
        let full = map.pools().filter(|(_, pool)| pool.flags.contains(PoolFlags::FULL));
        self.pools.extend(full.map(|(id, _)| id));
    }
}

/// Whether something is paused, so that the next map is of interest.
fn waits_for_change(map: &OsdMap) -> bool {
    map.flags.intersects(MapFlags::FULL | MapFlags::PAUSERD | MapFlags::PAUSEWR)
        || map.pools().any(|(_, pool)| pool.flags.contains(PoolFlags::FULL))
}

fn scan_session(session: &Session, view: &MapView, reasons: Reasons<'_>, changes: &mut Changes) {
    let mut inner = session.lock();
    for (tid, mut request) in std::mem::take(&mut inner.requests) {
        let verdict = request.aim.calculate(view, false);
        let full = reasons.full.cluster || reasons.full.pools.contains(&request.aim.target.pool);
        let verdict = match verdict {
            Verdict::Stay if reasons.skipped || full && request.aim.respects_full() => {
                Verdict::Resend
            }
            other => other,
        };
        match verdict {
            Verdict::Stay => drop(inner.requests.insert(tid, request)),
            Verdict::Resend if request.again == Again::Dropped => {}
            Verdict::Resend => drop(changes.resend.insert(tid, request)),
            Verdict::PoolFails => changes.failed.push((request, Errno::EIO)),
            Verdict::PoolGone => drop(changes.resend.insert(tid, request)),
        }
    }
    for (tid, mut command) in std::mem::take(&mut inner.commands) {
        let osd = command.locate(view);
        if osd == session.osd && osd >= 0 && !reasons.skipped {
            inner.commands.insert(tid, command);
        } else if osd < 0 && command.is_missing(view.epoch()) {
            changes.failed_commands.push(command);
        } else {
            changes.commands.insert(tid, command);
        }
    }
}

/// What to do with a request whose pool a map does not have: `None` if it failed.
fn doubt(mut request: Box<Request>, epoch: u32, changes: &mut Changes) -> Option<Box<Request>> {
    let is_gone = match request.pool_check {
        // It was there before: nothing to confirm.
        _ if request.aim.pool_existed() => true,
        PoolCheck::Until(until) => until <= epoch,
        PoolCheck::Asked => false,
        PoolCheck::Unasked => {
            request.pool_check = PoolCheck::Asked;
            changes.doubtful.push(request.tid);
            false
        }
    };
    if is_gone {
        changes.failed.push((request, Errno::ENOENT));
        return None;
    }
    Some(request)
}
