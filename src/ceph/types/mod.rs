//! What many messages have in common: addresses, names of daemons and clients, times, features.

mod addr;
mod entity;
pub mod features;
mod time;

pub use addr::{AddrKind, EntityAddr, EntityAddrs};
pub use entity::{EntityKind, EntityName};
pub use time::UTime;
