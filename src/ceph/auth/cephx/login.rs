//! Logging in at a monitor: its challenge, our proof, its tickets. And later, over the session
//! that stands, asking for new ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use bytes::Bytes;

use super::authorizer::Authorizer;
use super::key::{CryptoKey, Usage};
use super::random;
use super::tickets::Tickets;
use super::wire::{
    Authenticate, Challenge, GET_AUTH_SESSION_KEY, GET_PRINCIPAL_SESSION_KEY, TicketBlob,
};
use crate::ceph::auth::{AuthDone, Secret};
use crate::ceph::types::EntityKind;
use crate::codec::{Decode, Reader, Writer};
use crate::errno::{Errno, Result};

/// What a client of RADOS has tickets for. That of the authentication service is the one by which
/// it renews the others.
const WANTED: u32 = EntityKind::Auth as u32
    | EntityKind::Mon as u32
    | EntityKind::Osd as u32
    | EntityKind::Mgr as u32;

/// What one client has of cephx: its key, and what a monitor gave it. A clone is a second attempt
/// that does not touch the first.
#[derive(Clone, Debug)]
pub(in crate::ceph::auth) struct Login {
    key: CryptoKey,
    /// Of the monitor; it holds as long as the session.
    server_challenge: u64,
    tickets: Tickets,
    /// Set by the connection whose ticket was refused, of which the time says that it is good.
    is_refused: Arc<AtomicBool>,
}

impl Login {
    /// Without tickets.
    pub(in crate::ceph::auth) fn new(key: CryptoKey) -> Self {
        Login { key, server_challenge: 0, tickets: Tickets::default(), is_refused: Arc::default() }
    }

    /// Whether there is a ticket to show, and with it a right to the number we had.
    #[cfg(test)]
    pub(in crate::ceph::auth) fn has_ticket(&self) -> bool {
        self.tickets.get(EntityKind::Auth).is_some()
    }

    /// Opens one connection to a service. `-EACCES` when there is no ticket for it.
    pub(in crate::ceph::auth) fn authorizer(
        &self,
        service: EntityKind,
        global_id: u64,
        modes: Vec<u32>,
    ) -> Result<Authorizer> {
        let ticket = self.tickets.get(service).ok_or_else(|| {
            Errno::EACCES.because(format!("no ticket for the {} yet", service.text()))
        })?;
        Authorizer::new(service, ticket, global_id, modes, self.is_refused.clone())
    }

    /// Answers the monitor's challenge.
    pub(in crate::ceph::auth) fn answer(&mut self, payload: &[u8], now: Instant) -> Result<Bytes> {
        let mut reader = Reader::new(payload);
        Challenge(self.server_challenge) = Challenge::decode(&mut reader, "challenge")?;
        // The ticket that is shown is replaced, however long it would still be good.
        self.authenticate(self.tickets.needed(WANTED, now) | EntityKind::Auth as u32)
    }

    /// Takes the tickets and the keys of the connection (`AUTH_DONE`).
    pub(in crate::ceph::auth) fn done(&mut self, payload: &[u8], now: Instant) -> Result<AuthDone> {
        let (session_key, connection_secret) = self.take(payload, now)?;
        Ok(AuthDone { session_key: Some(session_key.secret().clone()), connection_secret })
    }

    /// What to ask a monitor for over the session that stands (`MAuth`); `None` when every ticket
    /// is good for a while.
    pub(in crate::ceph::auth) fn renewal(
        &self,
        global_id: u64,
        now: Instant,
    ) -> Result<Option<Bytes>> {
        let mut needed = self.tickets.needed(WANTED, now);
        if self.is_refused.load(Ordering::Relaxed) {
            needed = WANTED;
        }
        if needed & EntityKind::Auth as u32 != 0 {
            return self.authenticate(needed).map(Some);
        }
        // A cluster that is being upgraded may have no ticket for a manager: asking for nothing
        // else would go on for ever.
        if needed == 0 || needed == EntityKind::Mgr as u32 {
            return Ok(None);
        }
        let authorizer = self.authorizer(EntityKind::Auth, global_id, Vec::new())?;
        let mut request = Writer::new();
        request.u16(GET_PRINCIPAL_SESSION_KEY).raw(&authorizer.payload(None)?);
        // CephXServiceTicketRequest
        request.u8(1).u32(needed);
        Ok(Some(request.into_bytes()))
    }

    /// Takes the answer to [`Login::renewal`].
    pub(in crate::ceph::auth) fn renewed(&mut self, payload: &[u8], now: Instant) -> Result<()> {
        self.take(payload, now).map(drop)
    }

    fn authenticate(&self, services: u32) -> Result<Bytes> {
        let client_challenge = random()?;
        let old = self.tickets.get(EntityKind::Auth);
        let authenticate = Authenticate {
            client_challenge,
            proof: self.key.proof(self.server_challenge, client_challenge)?,
            old_ticket: old.map_or_else(TicketBlob::default, |ticket| ticket.blob.clone()),
            services,
        };
        let mut request = Writer::new();
        request.u16(GET_AUTH_SESSION_KEY).value(&authenticate);
        Ok(request.into_bytes())
    }

    /// An answer with tickets. What it gives counts only if all of it can be read.
    fn take(&mut self, payload: &[u8], now: Instant) -> Result<(CryptoKey, Option<Secret>)> {
        let mut reader = Reader::new(payload);
        let kind = reader.u16("response: type")?;
        let status = reader.u32("response: status")?.cast_signed();
        if let Some(errno) = Errno::from_c(status) {
            return Err(errno.because("the monitor gives no tickets"));
        }
        let mut tickets = self.tickets.clone();
        match kind {
            GET_AUTH_SESSION_KEY => tickets.take(&mut reader, &self.key, now)?,
            GET_PRINCIPAL_SESSION_KEY => {
                tickets.take(&mut reader, &session_key(&self.tickets)?, now)?;
            }
            _ => return Err(Errno::EBADMSG.because(format!("response: type {kind:#x}"))),
        }
        let session_key = session_key(&tickets)?;
        let mut connection_secret = None;
        // Monitors since Nautilus give all in one answer.
        if kind == GET_AUTH_SESSION_KEY && !reader.is_empty() {
            let sealed = reader.bytes("connection secret")?;
            let extra = reader.bytes("tickets")?;
            if !sealed.is_empty() {
                let sealed = Reader::new(sealed).bytes("connection secret")?;
                let secret: Bytes =
                    session_key.open(Usage::ConnectionSecret, sealed, "connection secret")?;
                connection_secret = (!secret.is_empty()).then(|| Secret::from(&secret[..]));
            }
            if !extra.is_empty() {
                tickets.take(&mut Reader::new(extra), &session_key, now)?;
            }
        }
        self.tickets = tickets;
        self.is_refused.store(false, Ordering::Relaxed);
        Ok((session_key, connection_secret))
    }
}

fn session_key(tickets: &Tickets) -> Result<CryptoKey> {
    let ticket = tickets.get(EntityKind::Auth);
    let ticket = ticket.ok_or_else(|| Errno::EACCES.because("the monitor gave no ticket"))?;
    Ok(ticket.session_key.clone())
}
