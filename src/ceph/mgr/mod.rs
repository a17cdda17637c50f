//! The client of the managers: commands of their modules, and services that register themselves.
//!
//! ```text
//!   monitors --MMgrMap--> MgrClient --session--> the active manager
//!                            |  ^ configure, command reply, close
//!                            |  open, report, close: a service;  command
//!                          tick(now)
//! ```
//!
//! May use: codec, errno, model, ceph/{message, transport, types}. Must not use: sockets, threads,
//! the clock: `now` is an argument.
//!
//! Measured on 16.2.15: a command for a manager that is not the active one has no answer as long
//! as the active one stays (here it is `-ENXIO` at once); a module that is not there is `-EINVAL`
//! with "No handler found for '...'"; who has no right to a command gets `-EACCES`; a service shows
//! in `ceph service dump` some two seconds after it has opened, and its status in `ceph service
//! status` with its next report.

mod client;
mod map;
pub mod messages;

pub use client::{CommandDone, MgrClient, MgrConfig};
pub use map::MgrMap;
pub use messages::ServiceName;

#[cfg(test)]
mod tests;
