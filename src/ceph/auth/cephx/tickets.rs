//! The tickets a client has, and when it needs others.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::key::{CryptoKey, Usage};
use super::wire::{SessionKey, TicketBlob};
use crate::ceph::types::EntityKind;
use crate::codec::{Decode, Reader};
use crate::errno::{Errno, Result};

/// A ticket, with the key of the session it opens.
#[derive(Clone, Debug)]
pub(super) struct Ticket {
    pub(super) session_key: CryptoKey,
    pub(super) blob: TicketBlob,
    /// When three quarters of its life are over; `None` if it is good for ever.
    renew_after: Option<Instant>,
}

/// A client's tickets, by service (the bits of [`EntityKind`]).
#[derive(Clone, Debug, Default)]
pub(in crate::ceph::auth) struct Tickets {
    by_service: BTreeMap<u32, Ticket>,
}

impl Tickets {
    /// The ticket of a service, expired or not: the service decides, its clock counts.
    pub(super) fn get(&self, service: EntityKind) -> Option<&Ticket> {
        self.by_service.get(&(service as u32))
    }

    /// Those of the wanted services whose ticket is missing, or is in the last quarter of its life.
    pub(super) fn needed(&self, wanted: u32, now: Instant) -> u32 {
        let is_good = |service: u32| {
            let ticket = self.by_service.get(&service);
            ticket.is_some_and(|ticket| ticket.renew_after.is_none_or(|then| now < then))
        };
        let services = (0..u32::BITS).map(|bit| 1 << bit);
        services.filter(|service| wanted & service != 0 && !is_good(*service)).sum()
    }

    /// Takes the tickets a monitor sent. Their session keys are sealed with `key`: our own, or the
    /// session key of the authentication service.
    pub(super) fn take(
        &mut self,
        reader: &mut Reader<'_>,
        key: &CryptoKey,
        now: Instant,
    ) -> Result<()> {
        reader.u8("tickets")?;
        let count = reader.u32("tickets: count")?;
        for _ in 0..count {
            let service = reader.u32("ticket: service")?;
            let old = self.by_service.get(&service);
            let ticket = Ticket::decode(reader, key, old, now)?;
            self.by_service.insert(service, ticket);
        }
        Ok(())
    }
}

impl Ticket {
    fn decode(
        reader: &mut Reader<'_>,
        key: &CryptoKey,
        old: Option<&Ticket>,
        now: Instant,
    ) -> Result<Self> {
        reader.u8("ticket")?;
        let session = reader.bytes("ticket: session key")?;
        let session: SessionKey = key.open(Usage::SessionKey, session, "session key")?;
        // Who renews a ticket gets the new one sealed with the key of the old session.
        let is_sealed = reader.bool("ticket: sealed")?;
        let bytes = reader.bytes("ticket: blob")?;
        let opened: Bytes = match (is_sealed, old) {
            (false, _) => Bytes::copy_from_slice(bytes),
            (true, Some(old)) => old.session_key.open(Usage::Ticket, bytes, "ticket")?,
            (true, None) => {
                return Err(Errno::EACCES.because("a ticket sealed with a key never given"));
            }
        };
        let blob = TicketBlob::decode(&mut Reader::new(&opened), "ticket: blob")?;
        let validity = Duration::from(session.validity);
        let renew_after = (!validity.is_zero()).then(|| now + (validity - validity / 4));
        Ok(Ticket { session_key: session.key, blob, renew_after })
    }
}
