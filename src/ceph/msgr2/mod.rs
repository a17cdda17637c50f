//! Ceph's messenger protocol, version 2 (`doc/dev/msgr2.rst`), without sockets and clocks.
//!
//! ```text
//!    bytes --> Incoming --> frames --> Receiver --> messages, acknowledgements
//!                              |
//!                          handshake: banner, hello, auth, signature, ident     Connection: all of
//!                              |                                                it for one driver
//!    bytes <-- Outgoing <-- frames <-- Sender <-- messages, keepalives
//! ```
//!
//! [`Connection`] takes bytes and the time, gives bytes and [`Event`]s, and plays either side. Once
//! it stands, a lossy one can be [split](Connection::split) into a [`Receiver`] and a [`Sender`]
//! that two threads use without sharing a lock. Both revisions (2.0, 2.1), both modes (checksums,
//! AES-128-GCM) and compression are spoken; the last is announced only where the options want it.
//!
//! Every byte a peer sends may be wrong: lengths are capped before anything is allocated, and what
//! does not fit ends the connection with `EBADMSG`. May use: errno, codec, model, auth, types,
//! message. Must not use: sockets, threads, locks, the clock.

mod banner;
mod compression;
mod connection;
mod control;
mod crc;
mod crypto;
#[cfg(debug_assertions)]
#[doc(hidden)]
pub mod fuzz;
mod handshake;
mod header;
mod incoming;
mod outgoing;
mod preamble;
mod receiver;
mod sender;

pub use compression::{Algorithm, Compression};
pub use connection::{Connection, Event, Timeouts};
pub use handshake::{Accept, AuthServer, Established, Local, Target};
pub use receiver::{Received, Receiver};
pub use sender::Sender;

/// How frames are laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Revision {
    /// As first released, in Nautilus.
    V2_0,
    /// As repaired against CVE-2020-1759 and its relatives.
    V2_1,
}

/// Who opened the connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Side {
    Client,
    Server,
}

/// Bytes of the first segment that travel with an encrypted preamble of revision 2.1.
const INLINE_LEN: usize = 48;

/// The code words in a frame's last part: whether its sender gave it up halfway (frames_v2.h).
const LATE_COMPLETE: u8 = 0xe;
const LATE_ABORTED: u8 = 0x1;
const LATE_MASK: u8 = 0xf;

/// Longest handshake. A real one has a few KiB.
const TRANSCRIPT_MAX: usize = 1 << 20;

#[cfg(test)]
mod tests;
