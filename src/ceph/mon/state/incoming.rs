//! What monitors send.

use std::sync::Arc;
use std::time::Instant;

use super::{Action, Phase, Role, Session, SessionId, State, is_refusal};
use crate::ceph::message::Message;
use crate::ceph::messages::{auth, config, log as cluster_log, mon_map, mon_subscribe};
use crate::ceph::mon::monmap::MonMap;
use crate::codec::{Decode, Reader};
use crate::errno::{Errno, Result};

/// `CEPH_MSG_OSD_MAP`.
const OSD_MAP: u16 = 41;
/// `MSG_MGR_MAP`.
const MGR_MAP: u16 = 0x704;

impl State {
    pub(in crate::ceph::mon) fn message(
        &mut self,
        session: SessionId,
        message: Message,
        now: Instant,
    ) {
        let Some(Session { role, name, .. }) = self.sessions.get(&session) else { return };
        let name = name.clone();
        log::trace!(target: "monc", "mon.{name} sent {message}");
        let result = match *role {
            Role::Tell(tid) => {
                self.tell_message(tid, &message);
                Ok(())
            }
            Role::Main if self.active() == Some(session) => self.main_message(message, now),
            Role::Main => Ok(()),
        };
        if let Err(error) = result {
            log::error!(target: "monc", "mon.{name} sent what cannot be read: {error}");
            self.closed(session, error, now);
        }
    }

    pub(super) fn main_message(&mut self, message: Message, now: Instant) -> Result<()> {
        match message.kind {
            mon_map::KIND => self.monmap(&message, now)?,
            auth::KIND_REPLY => self.tickets(&message, now)?,
            config::KIND => {
                let settings = config::decode(&message)?;
                log::debug!(target: "monc:5", "{} options from the monitors", settings.len());
                self.event(move |events| events.config(settings));
            }
            cluster_log::KIND => {
                let log = cluster_log::decode(&message)?;
                self.subs.got_all("log", log.version);
                self.event(move |events| events.log(log.entries));
            }
            OSD_MAP => self.event(move |events| events.osdmap(message)),
            MGR_MAP => self.event(move |events| events.mgrmap(message)),
            mon_subscribe::KIND_ACK => {}
            kind => match self.asked.take(&message)? {
                Some(question) => self.actions.push_back(Action::Call(question.answer(message))),
                None => log::debug!(target: "monc", "message {kind} answers nothing"),
            },
        }
        Ok(())
    }

    pub(super) fn monmap(&mut self, message: &Message, now: Instant) -> Result<()> {
        let mut reader = Reader::new(mon_map::decode(message)?);
        let map = MonMap::decode(&mut reader, "monmap")?;
        if map.monitors.is_empty() {
            return Err(Errno::EBADMSG.because("monmap: no monitors"));
        }
        self.subs.got("monmap", map.epoch.into());
        let was_known = self.map.epoch > 0;
        if map.epoch == self.map.epoch {
            return Ok(());
        }
        self.hunt.map_changed();
        self.map = Arc::new(map);
        let map = self.map.clone();
        self.event(move |events| events.monmap(&map));
        let addrs = self.active().and_then(|session| self.sessions.get(&session));
        let rank = addrs.and_then(|session| self.map.rank_at(&session.addrs));
        if rank.is_none() {
            log::info!(target: "monc", "our monitor is not in the map, or by other addresses");
            self.reopen(now);
        } else if !was_known {
            self.establish(now);
        }
        Ok(())
    }

    pub(super) fn tickets(&mut self, message: &Message, now: Instant) -> Result<()> {
        let Phase::Active(active) = &mut self.phase else { return Ok(()) };
        if active.renewal_at.is_none() {
            return Ok(());
        }
        let reply = auth::reply(message)?;
        match self.credentials.renewed(reply.result, &reply.payload) {
            Ok(()) => {
                active.renewal_at = None;
                log::debug!(target: "monc:5", "tickets renewed");
            }
            Err(error) if is_refusal(&error) => {
                log::warn!(target: "monc", "logging in anew: {error}");
                self.reopen(now);
            }
            // Asked again after a while.
            Err(error) => log::warn!(target: "monc", "tickets not renewed: {error}"),
        }
        Ok(())
    }
}
