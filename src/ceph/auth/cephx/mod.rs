//! cephx, Ceph's protocol of shared keys (`doc/dev/cephx_protocol.rst`).
//!
//! ```text
//!   monitor                         client                        OSD, manager
//!      --- challenge --------------->
//!      <-- proof that we have the key   (Login::answer)
//!      --- session key, tickets ---->   (Login::done)
//!                                       ticket, nonce (Authorizer) --->
//!                                       <--- challenge
//!                                       nonce, challenge + 1 --->
//!                                       <--- nonce + 1, connection secret
//! ```
//!
//! Keys are of two kinds, AES-128 as ever and, since 20.2.4, AES-256 as Kerberos uses it
//! (`rfc8009`); a ticket's session has a key of the kind that the cluster prefers.
//!
//! Only the client's side is here. May use: codec, types, auth's seam. Must not use: sockets, the
//! clock.

mod authorizer;
#[cfg(debug_assertions)]
pub(super) mod fuzz;
mod key;
mod login;
mod rfc8009;
mod tickets;
mod wire;

pub use key::{CryptoKey, Kind};

pub(super) use login::Login;

use crate::errno::{Errno, Error, Result};

fn random() -> Result<u64> {
    getrandom::u64().map_err(no_random)
}

fn no_random(error: getrandom::Error) -> Error {
    Errno::EIO.because(format!("no random numbers: {error}"))
}

#[cfg(test)]
pub(in crate::ceph) mod tests;
