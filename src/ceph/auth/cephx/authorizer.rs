//! Opening a session with a service: a ticket, and the proof that it is ours.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;

use super::key::{CryptoKey, Usage};
use super::random;
use super::tickets::Ticket;
use super::wire::{Authorize, AuthorizeReply, Challenge};
use crate::ceph::auth::{
    AuthClient, AuthDone, AuthRequest, METHOD_CEPHX, PAYLOAD_AUTHORIZER, Secret,
};
use crate::ceph::types::EntityKind;
use crate::codec::{Reader, Writer};
use crate::errno::{Errno, Result};

/// What one connection shows to an OSD, a manager or another service with tickets.
#[derive(Debug)]
pub(in crate::ceph::auth) struct Authorizer {
    service: EntityKind,
    /// What does not change when the service asks for more.
    opening: Bytes,
    session_key: CryptoKey,
    nonce: u64,
    modes: Vec<u32>,
    /// To be set when the service does not take the ticket: it has expired by the service's clock,
    /// or the service has another key by now.
    is_refused: Arc<AtomicBool>,
}

impl Authorizer {
    pub(super) fn new(
        service: EntityKind,
        ticket: &Ticket,
        global_id: u64,
        modes: Vec<u32>,
        is_refused: Arc<AtomicBool>,
    ) -> Result<Self> {
        let mut opening = Writer::new();
        opening.u8(PAYLOAD_AUTHORIZER).u64(global_id).u32(service as u32).value(&ticket.blob);
        Ok(Authorizer {
            service,
            opening: opening.into_bytes(),
            session_key: ticket.session_key.clone(),
            nonce: random()?,
            modes,
            is_refused,
        })
    }

    pub(super) fn payload(&self, challenge_plus_one: Option<u64>) -> Result<Bytes> {
        let proof = Authorize { nonce: self.nonce, challenge_plus_one };
        let mut payload = Writer::new();
        payload.raw(&self.opening).bytes(self.session_key.seal(Usage::Authorize, &proof)?);
        Ok(payload.into_bytes())
    }
}

impl AuthClient for Authorizer {
    fn request(&mut self) -> Result<AuthRequest> {
        let modes = self.modes.clone();
        Ok(AuthRequest { method: METHOD_CEPHX, modes, payload: self.payload(None)? })
    }

    fn bad_method(
        &mut self,
        _method: u32,
        result: i32,
        allowed_methods: &[u32],
        allowed_modes: &[u32],
    ) -> Result<AuthRequest> {
        self.is_refused.store(true, Ordering::Relaxed);
        Err(Errno::EACCES.because(format!(
            "the {} does not take our ticket ({result}; methods {allowed_methods:?}, modes \
             {allowed_modes:?} would be taken)",
            self.service.text()
        )))
    }

    fn more(&mut self, payload: &[u8]) -> Result<Bytes> {
        let challenge: Challenge = self.session_key.open(Usage::Challenge, payload, "challenge")?;
        self.payload(Some(challenge.0.wrapping_add(1)))
    }

    fn done(&mut self, _global_id: u64, _mode: u32, payload: &[u8]) -> Result<AuthDone> {
        let mut reader = Reader::new(payload);
        let reply = reader.bytes("authorizer reply")?;
        let reply: AuthorizeReply =
            self.session_key.open(Usage::AuthorizeReply, reply, "authorizer reply")?;
        if reply.nonce_plus_one != self.nonce.wrapping_add(1) {
            return Err(Errno::EACCES.because("the service could not read its ticket"));
        }
        let secret = Secret::new(reply.connection_secret);
        Ok(AuthDone {
            session_key: Some(self.session_key.secret().clone()),
            connection_secret: (!secret.is_empty()).then_some(secret),
        })
    }
}
