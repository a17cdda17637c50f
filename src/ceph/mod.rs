//! The engine over the wire: a client of real Ceph clusters.
//!
//! ```text
//!   engine.rs      impl Engine: an operation to the objecter, a pool change to the monitors
//!      |                |
//!   objecter/        mon/         which OSD, resend, watches      which monitor, maps, commands
//!      |      map/      |         where an object is
//!      |   messages/    |         one file per message
//!      +-- transport.rs +         sessions as traits: what the two above talk through
//!             |
//!   net/           sockets and timers, nothing else
//!      |
//!   msgr2/  auth/  frames and sessions, cephx: bytes and time in, bytes and events out
//! ```
//!
//! Everything but `net` and `engine.rs` does no I/O and has no clock: `now` is an argument. It may
//! take locks, but never holds one while it calls a handler. May use: errno, codec, conf, model,
//! cls, runtime. Must not use: local, rbd.

pub mod auth;
pub mod clock;
pub mod engine;
pub mod map;
pub mod message;
pub mod messages;
pub mod mgr;
pub mod mon;
pub mod msgr2;
pub mod net;
pub mod objecter;
#[cfg(test)]
pub(crate) mod sim;
pub mod transport;
pub mod types;
