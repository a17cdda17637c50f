//! The client of the monitors: which of them, what they tell, and what they are asked.
//!
//! ```text
//!   MonClient   what the owner calls; locks, links, and nothing else
//!      |
//!    state      events in, actions out: hunting --> a session --> another session
//!      |-- hunt     which monitors next, how long to wait       monmap, hosts   who they are
//!      |-- subs     what they shall tell
//!      |-- asked    questions, asked again until answered
//!      +-- tell     questions to one particular monitor, each over its own session
//! ```
//!
//! Several monitors are tried at once; the first that lets us in is kept, and with it the number
//! and the tickets it gave. May use: codec, conf, errno, model, ceph/{auth, clock, message,
//! messages, transport, types}. Must not use: sockets (except `resolve`), threads, the clock.

mod asked;
mod client;
mod config;
mod dns;
mod events;
#[cfg(debug_assertions)]
#[doc(hidden)]
pub mod fuzz;
mod hosts;
mod hunt;
mod monmap;
mod resolve;
mod state;
mod subs;
mod tell;

pub use client::MonClient;
pub use config::MonConfig;
pub use events::{Done, MonEvents};
pub use monmap::{MonInfo, MonMap};
pub use resolve::{Resolver, Service, SystemResolver};
pub use tell::MonTarget;

#[cfg(test)]
mod tests;
