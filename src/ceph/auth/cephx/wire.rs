//! What cephx puts into the payloads of an authentication (`auth/cephx/CephxProtocol.h`).
//!
//! These structs have a version byte but no length, so a reader must know all of what it skips.

use bytes::Bytes;

use super::key::CryptoKey;
use crate::ceph::types::UTime;
use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::Result;

/// Log in: the ticket of the authentication service (`CEPHX_GET_AUTH_SESSION_KEY`).
pub(super) const GET_AUTH_SESSION_KEY: u16 = 0x0100;
/// Tickets of other services, for one who is logged in (`CEPHX_GET_PRINCIPAL_SESSION_KEY`).
pub(super) const GET_PRINCIPAL_SESSION_KEY: u16 = 0x0200;

/// A number the server chose, to be proved known to who has the key (`CephXServerChallenge`,
/// `CephXAuthorizeChallenge`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Challenge(pub(super) u64);

impl Encode for Challenge {
    fn encode(&self, writer: &mut Writer) {
        writer.u8(1).u64(self.0);
    }
}

impl Decode for Challenge {
    const MIN_SIZE: usize = 9;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        reader.u8(field)?;
        Ok(Challenge(reader.u64(field)?))
    }
}

/// A ticket as its service reads it; closed to us (`CephXTicketBlob`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TicketBlob {
    /// Which of the service's rotating keys it is encrypted with.
    pub(super) secret_id: u64,
    pub(super) blob: Bytes,
}

impl Encode for TicketBlob {
    fn encode(&self, writer: &mut Writer) {
        writer.u8(1).u64(self.secret_id).bytes(&self.blob);
    }
}

impl Decode for TicketBlob {
    const MIN_SIZE: usize = 13;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        reader.u8(field)?;
        Ok(TicketBlob { secret_id: reader.u64(field)?, blob: Bytes::decode(reader, field)? })
    }
}

/// The answer to the server's challenge, and what we ask for (`CephXAuthenticate`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Authenticate {
    pub(super) client_challenge: u64,
    /// What only one with our key can compute from both challenges.
    pub(super) proof: u64,
    /// The ticket we had: lets us keep our number. Blank at first.
    pub(super) old_ticket: TicketBlob,
    /// Services to get tickets for in the same exchange.
    pub(super) services: u32,
}

impl Encode for Authenticate {
    fn encode(&self, writer: &mut Writer) {
        // Version 3 promises that the old ticket is never left out.
        writer.u8(3).u64(self.client_challenge).u64(self.proof);
        writer.value(&self.old_ticket).u32(self.services);
    }
}

impl Decode for Authenticate {
    const MIN_SIZE: usize = 30;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let version = reader.u8(field)?;
        let client_challenge = reader.u64(field)?;
        let proof = reader.u64(field)?;
        let old_ticket = TicketBlob::decode(reader, field)?;
        let services = if version >= 2 { reader.u32(field)? } else { 0 };
        Ok(Authenticate { client_challenge, proof, old_ticket, services })
    }
}

/// The key of a session with a service, and how long its ticket is good (`CephXServiceTicket`).
#[derive(Clone, Debug)]
pub(super) struct SessionKey {
    pub(super) key: CryptoKey,
    /// A span; zero for no end.
    pub(super) validity: UTime,
}

impl Encode for SessionKey {
    fn encode(&self, writer: &mut Writer) {
        writer.u8(1).value(&self.key).value(&self.validity);
    }
}

impl Decode for SessionKey {
    const MIN_SIZE: usize = 21;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        reader.u8(field)?;
        let key = CryptoKey::decode(reader, field)?;
        Ok(SessionKey { key, validity: UTime::decode(reader, field)? })
    }
}

/// What proves to a service that we know the session's key (`CephXAuthorize`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Authorize {
    pub(super) nonce: u64,
    /// The service's challenge and one, once it has made one.
    pub(super) challenge_plus_one: Option<u64>,
}

impl Encode for Authorize {
    fn encode(&self, writer: &mut Writer) {
        writer.u8(2).u64(self.nonce).bool(self.challenge_plus_one.is_some());
        writer.u64(self.challenge_plus_one.unwrap_or(0));
    }
}

impl Decode for Authorize {
    const MIN_SIZE: usize = 9;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let version = reader.u8(field)?;
        let nonce = reader.u64(field)?;
        if version < 2 {
            return Ok(Authorize { nonce, challenge_plus_one: None });
        }
        let has_challenge = reader.bool(field)?;
        let challenge = reader.u64(field)?;
        Ok(Authorize { nonce, challenge_plus_one: has_challenge.then_some(challenge) })
    }
}

/// What proves to us that the service could read its ticket (`CephXAuthorizeReply`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AuthorizeReply {
    pub(super) nonce_plus_one: u64,
    /// For an encrypted connection; empty otherwise.
    pub(super) connection_secret: Vec<u8>,
}

impl Encode for AuthorizeReply {
    fn encode(&self, writer: &mut Writer) {
        let version = if self.connection_secret.is_empty() { 1 } else { 2 };
        writer.u8(version).u64(self.nonce_plus_one);
        if version >= 2 {
            writer.bytes(&self.connection_secret);
        }
    }
}

impl Decode for AuthorizeReply {
    const MIN_SIZE: usize = 9;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let version = reader.u8(field)?;
        let nonce_plus_one = reader.u64(field)?;
        let connection_secret =
            if version >= 2 { reader.bytes(field)?.to_vec() } else { Vec::new() };
        Ok(AuthorizeReply { nonce_plus_one, connection_secret })
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;
    use crate::ceph::auth::cephx::tests::unhex;

    /// Objects of ceph-object-corpus, 16.2.0 and 20.3.0: read whole and written the same.
    fn round<T: Encode + Decode + Debug>(hex: &str) -> T {
        let bytes = unhex(hex);
        let mut reader = Reader::new(&bytes);
        let value = T::decode(&mut reader, "object").unwrap();
        reader.finish("object").unwrap();
        assert_eq!(Writer::of(&value), bytes, "{value:?}");
        for len in 0..bytes.len() {
            assert!(T::decode(&mut Reader::new(&bytes[..len]), "object").is_err(), "{len}");
        }
        value
    }

    #[test]
    fn objects_of_real_clusters_are_read_and_written() {
        round::<Challenge>("01ba29bde611eaa508");
        round::<CryptoKey>("0100c5347460d239ac341000552e8f59b0eceb367cee156a2c6e15ed");
        let authenticate = round::<Authenticate>(
            "031a549b7917e6dcb87939a0bebb7903200100000000000000000000000035000000",
        );
        assert_eq!(authenticate.services, 0x35);
        let first = round::<Authorize>("025e5f628a6e910f8b000000000000000000");
        assert_eq!(first.challenge_plus_one, None);
        let second = round::<Authorize>("024c0e60cb2782b52501ca00cd246853ac9c");
        assert_eq!(second.challenge_plus_one, Some(0x9cac_5368_24cd_00ca));
        round::<AuthorizeReply>("01e75cfb9485268735");
        let secure = round::<AuthorizeReply>(
            "02dd6c5535e2afa59840000000729a728c31992fbcc069391dddb5bdb2558b574bfa05206a54fd3cc68062\
             39d433e3b17aff1ae6fb4d195ac3b6dca0f776c87235d28f1d21b03793352574f5f3",
        );
        assert_eq!(secure.connection_secret.len(), 64);
        let session = round::<SessionKey>(
            "01010023cb2669369de7331000232b12397e9156b4f935c4b39cff24af80f4030000000000",
        );
        assert_eq!(session.validity.sec, 72 * 3600);
        let ticket = round::<TicketBlob>(
            "010200000000000000600000000db64c318e78d49d3e76f2fbd5f960b51a5cbe2a379870a4242cd854c8d3\
             066878d6382c5f29db3ff3803cf47a04d2217f1be8b7a92b41d93b7054d890fc11ed489669d0d92b09365e\
             e49f73363752d024a63e61671de86e36791acf738bdbda",
        );
        assert_eq!((ticket.secret_id, ticket.blob.len()), (2, 96));
    }
}
