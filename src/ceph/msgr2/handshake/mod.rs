//! From the banner to a session that stands.
//!
//! ```text
//!    client                      server
//!    banner           <-->       banner            which revision
//!    Hello            <-->       Hello             who, and seen from where
//!    AuthRequest      --->
//!                     <---       AuthBadMethod     another method, or
//!                     <---       AuthReplyMore     another step, or
//!                     <---       AuthDone          the mode and its keys from here on
//!    AuthSignature    <-->       AuthSignature     nobody has changed any of that
//!    CompressionRequest ->                         if both said in their banners that they can
//!                     <---       CompressionDone   the algorithm from here on, or none
//!    ClientIdent      --->                         a new session
//!                     <---       ServerIdent       .. stands
//!    SessionReconnect --->                         an old session
//!                     <---       SessionReconnectOk / Reset / Retry / RetryGlobal / Wait
//! ```

mod client;
mod server;

pub(super) use client::ClientHandshake;
pub(super) use server::{Kept, ServerHandshake};

pub use server::{Accept, AuthServer};

use super::Revision;
use super::Side;
use super::banner::{Banner, FEATURE_COMPRESSION, FEATURE_REVISION_1};
use super::compression::{Algorithm, Compression, Compressor};
use super::control::{AuthSignature, Control, Signature};
use super::crypto;
use super::incoming::{Frame, Incoming};
use super::outgoing::Outgoing;
use crate::ceph::auth::{AuthDone, MODE_CRC, MODE_SECURE};
use crate::ceph::types::{EntityAddr, EntityAddrs, EntityKind, EntityName};
use crate::errno::{Errno, Result};

/// The session is lossy: a fault ends it (`CEPH_MSG_CONNECT_LOSSY`).
const FLAG_LOSSY: u64 = 1;

/// What all connections of one cluster handle say about this side.
#[derive(Clone, Debug)]
pub struct Local {
    /// What we are.
    pub kind: EntityKind,
    /// Which: the number of a daemon; of a client `None`, as it gets one by authenticating.
    pub number: Option<i64>,
    /// Our addresses. A client has none before a peer has told it one; see
    /// [`Established::local_addr`].
    pub addrs: EntityAddrs,
    /// Tells this process from others at the same address.
    pub nonce: u32,
    /// `CEPH_FEATURE_*` that we can do.
    pub features: u64,
    /// Of which the peer must do these.
    pub features_required: u64,
    /// Grows with every connection of the process.
    pub global_seq: u64,
    /// Whether sessions end with the first fault, as a client's do.
    pub lossy: bool,
    /// Whether segments have checksums (`ms_crc_data`).
    pub crc_data: bool,
    /// Whether to speak revision 2.1 where the peer does, as everybody should.
    pub revision_1: bool,
    /// Whether and how to compress frames, where the peer wants it too. A client asks OSDs only.
    pub compression: Option<Compression>,
}

impl Local {
    fn protocol_features(&self) -> u64 {
        let revision_1 = if self.revision_1 { FEATURE_REVISION_1 } else { 0 };
        revision_1 | if self.compression.is_some() { FEATURE_COMPRESSION } else { 0 }
    }

    /// What to compress with in this mode (`MODE_*`).
    fn compression_in(&self, mode: u32) -> Option<&Compression> {
        self.compression.as_ref().filter(|wanted| mode != MODE_SECURE || wanted.secure)
    }

    fn flags(&self) -> u64 {
        if self.lossy { FLAG_LOSSY } else { 0 }
    }
}

/// Whom a client wants to reach.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// What it must be.
    pub kind: EntityKind,
    /// The address connected to, as the peer's map has it.
    pub addr: EntityAddr,
}

/// What a handshake has established.
#[derive(Clone, Debug)]
pub struct Established {
    /// Who the peer says it is.
    pub peer: EntityName,
    /// Its addresses.
    pub peer_addrs: EntityAddrs,
    /// The features both sides have.
    pub features: u64,
    /// Our address: as others will see it in maps and blocklists.
    pub local_addr: EntityAddr,
    /// What `AUTH_DONE` said (at a client), or gave (at a server).
    pub global_id: u64,
    /// `MODE_*`.
    pub mode: u32,
    /// Whether a fault ends the session; the server decides.
    pub lossy: bool,
    /// What frames are compressed with.
    pub compression: Option<Algorithm>,
}

/// What tells one session from another, kept over reconnects of one that is not lossy.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cookies {
    pub(super) client: u64,
    pub(super) server: u64,
    pub(super) connect_seq: u64,
    pub(super) peer_global_seq: u64,
}

/// How a session goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// From its beginning.
    New,
    /// From the beginning, and what was sent before is lost.
    Reset,
    /// Where it was: the peer has got our messages up to this one.
    Resumed { acked: u64 },
}

/// A handshake's end.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) established: Established,
    pub(super) cookies: Cookies,
    pub(super) opening: Opening,
}

/// What both sides' banners say.
#[derive(Clone, Copy)]
struct Common {
    revision: Revision,
    /// Whether there is to be talk of compression.
    compression: bool,
}

/// Takes the peer's banner and sets the revision both speak. `None` while it has not come.
fn take_banner(
    local: &Local,
    incoming: &mut Incoming,
    outgoing: &mut Outgoing,
) -> Result<Option<Common>> {
    let Some(theirs) = incoming.banner()? else { return Ok(None) };
    theirs.check(local.protocol_features())?;
    let both = theirs.supported & local.protocol_features();
    let revision = if both & FEATURE_REVISION_1 != 0 { Revision::V2_1 } else { Revision::V2_0 };
    incoming.set_revision(revision);
    outgoing.set_revision(revision);
    Ok(Some(Common { revision, compression: both & FEATURE_COMPRESSION != 0 }))
}

/// Both directions are from now on compressed.
fn compress(
    algorithm: Algorithm,
    min_size: usize,
    incoming: &mut Incoming,
    outgoing: &mut Outgoing,
) {
    incoming.set_compression(algorithm);
    outgoing.set_compressor(Compressor { algorithm, min_size });
}

fn send_banner(local: &Local, outgoing: &mut Outgoing) {
    outgoing.raw(&Banner::ours(local.protocol_features()).encode());
}

/// Our handshake's own digest, which the peer has to return.
struct Expected {
    key: Option<crate::ceph::auth::Secret>,
    transcript: Vec<u8>,
}

impl Expected {
    fn check(&self, frame: &Frame) -> Result<()> {
        let AuthSignature { signature: Signature(theirs) } = AuthSignature::read(frame)?;
        let ours = crypto::sign(self.key.as_ref(), &self.transcript);
        // In the same time wherever they differ.
        match ours.iter().zip(theirs).fold(0, |differ, (a, b)| differ | (a ^ b)) {
            0 => Ok(()),
            _ => Err(Errno::EACCES.because("the handshake was changed on its way")),
        }
    }
}

/// Switches to the agreed mode and signs what came. Returns what the peer has to sign.
fn secure(
    side: Side,
    revision: Revision,
    mode: u32,
    done: AuthDone,
    incoming: &mut Incoming,
    outgoing: &mut Outgoing,
) -> Result<Expected> {
    let received = incoming.take_transcript();
    let transcript = outgoing.take_transcript();
    match mode {
        MODE_CRC => {}
        MODE_SECURE => {
            let missing = || Errno::EACCES.because("encryption agreed on without a secret");
            let secret = done.connection_secret.ok_or_else(missing)?;
            let (sealer, opener) = crypto::keys(&secret, revision, side)?;
            incoming.set_opener(opener);
            outgoing.set_sealer(sealer);
        }
        _ => return Err(Errno::EOPNOTSUPP.because(format!("connection mode {mode}"))),
    }
    let signature = Signature(crypto::sign(done.session_key.as_ref(), &received));
    AuthSignature { signature }.send(outgoing)?;
    Ok(Expected { key: done.session_key, transcript })
}

fn kind_of(number: u8) -> Result<EntityKind> {
    EntityKind::from_number(number.into())
        .ok_or_else(|| Errno::EBADMSG.because(format!("hello: entity type {number}")))
}
