//! Proving to a daemon who we are, as the handshake of a connection sees it.
//!
//! ```text
//!   msgr2 handshake <--> AuthClient (one per connection) <-- AuthSource (one per cluster handle)
//!                           |            |
//!                       AuthNone      Credentials: policy, keyring, cephx
//! ```
//!
//! The handshake carries payloads that only the method understands; what comes out of it are the
//! keys that sign the handshake and encrypt the connection. May use: errno, codec, conf, types.
//! Must not use: sockets, msgr2, the clock.

pub mod cephx;
mod credentials;
#[cfg(debug_assertions)]
#[doc(hidden)]
pub mod fuzz;
mod keyring;
mod none;
mod policy;
mod secret;

use bytes::Bytes;

use crate::ceph::types::EntityKind;
use crate::errno::Result;

pub use credentials::{Attempt, Credentials};
pub use keyring::{Keyring, ReadFile};
pub use none::{AuthNone, AuthNoneSource};
pub use policy::Policy;
pub use secret::Secret;

/// No authentication (`CEPH_AUTH_NONE`).
pub const METHOD_NONE: u32 = 1;
/// Ceph's shared-key protocol (`CEPH_AUTH_CEPHX`).
pub const METHOD_CEPHX: u32 = 2;

/// Frames carry checksums (`CEPH_CON_MODE_CRC`).
pub const MODE_CRC: u32 = 1;
/// Frames are encrypted (`CEPH_CON_MODE_SECURE`).
pub const MODE_SECURE: u32 = 2;

/// First byte of a first payload to a daemon that is no monitor (`AUTH_MODE_AUTHORIZER`).
pub const PAYLOAD_AUTHORIZER: u8 = 1;
/// First byte of a first payload to a monitor (`AUTH_MODE_MON`).
pub const PAYLOAD_MON: u8 = 10;

/// Where connections get their [`AuthClient`]s from. No lock of it may be held over a call of
/// [`Transport::connect`](crate::ceph::transport::Transport::connect) or of a link.
pub trait AuthSource: Send + Sync {
    /// Credentials for one connection to a daemon of this kind. Called once per connection, on the
    /// thread that reads it. `-EACCES` when there are none (no ticket for this service yet).
    fn client(&self, peer: EntityKind) -> Result<Box<dyn AuthClient>>;

    /// Who we are: `client.admin`.
    fn entity_name(&self) -> String;

    /// The number the monitors gave us; 0 before the first monitor has.
    fn global_id(&self) -> u64;
}

/// One connection's side of the authentication exchange, called in the order of the frames. An
/// error ends the connection with that error.
pub trait AuthClient: Send {
    /// What to say first (`AUTH_REQUEST`).
    fn request(&mut self) -> Result<AuthRequest>;

    /// The daemon does not want `method` (`AUTH_BAD_METHOD`; `result` is a negative error number):
    /// what to say instead.
    fn bad_method(
        &mut self,
        method: u32,
        result: i32,
        allowed_methods: &[u32],
        allowed_modes: &[u32],
    ) -> Result<AuthRequest>;

    /// The daemon wants more (`AUTH_REPLY_MORE`): the answer.
    fn more(&mut self, payload: &[u8]) -> Result<Bytes>;

    /// The daemon is satisfied (`AUTH_DONE`) and will use `mode`. From a monitor `global_id` is the
    /// number it gave us, from others what they take us for.
    fn done(&mut self, global_id: u64, mode: u32, payload: &[u8]) -> Result<AuthDone>;
}

/// The first frame of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthRequest {
    /// `METHOD_*`.
    pub method: u32,
    /// `MODE_*`, the one wanted most first.
    pub modes: Vec<u32>,
    /// For the method.
    pub payload: Bytes,
}

/// What an exchange has agreed on.
#[derive(Debug, Default)]
pub struct AuthDone {
    /// Signs the handshake; `None` where the method has no keys.
    pub session_key: Option<Secret>,
    /// Key and nonces of an encrypted connection; needed in [`MODE_SECURE`] only.
    pub connection_secret: Option<Secret>,
}
