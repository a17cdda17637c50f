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
//! Only the client's side is here. May use: codec, types, auth's seam. Must not use: sockets, the
//! clock.

mod authorizer;
mod key;
mod login;
mod tickets;
mod wire;

pub use key::CryptoKey;

pub(super) use login::Login;

use crate::errno::{Errno, Result};

fn random() -> Result<u64> {
    getrandom::u64().map_err(|error| Errno::EIO.because(format!("no random numbers: {error}")))
}

#[cfg(test)]
pub(in crate::ceph) mod tests;
