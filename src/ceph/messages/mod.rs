//! Messages of daemons and clients, one file each: from and to the bytes of [`super::message`].
//!
//! Between a client and the monitors:
//!
//! ```text
//!   mon_map        who the monitors are        mon_subscribe  what to be told of
//!   mon_command    commands                    mon_version    how new a map is
//!   auth           tickets renewed             config         options set for this client
//!   log            the cluster's log           paxos          what some of these begin with
//!   pool_op        changes of pools            pool_stats, statfs   what they hold
//! ```
//!
//! What an OSD is asked:
//!
//! ```text
//!   osd_op         the operation ----- osd_step   its steps ----- op_code   their numbers
//!   osd_op_reply   the answer -------- osd_out    what the steps answered
//!   osd_backoff    wait, go on         watch_notify   events at watches      hobject   ranges
//!   osd_map        maps                command    for the daemon itself
//! ```
//!
//! Decoders take what any peer may send: they fail with `-EBADMSG` and name the field. Encoders
//! write what 16.2.15 writes. May use: codec, model, ceph::{map, message, types}. Must not use:
//! whoever sends them.

pub mod auth;
pub mod command;
pub mod config;
#[cfg(debug_assertions)]
#[doc(hidden)]
pub mod fuzz;
pub mod hobject;
pub mod log;
pub mod mon_command;
pub mod mon_map;
pub mod mon_subscribe;
pub mod mon_version;
pub mod op_code;
pub mod osd_backoff;
pub mod osd_map;
pub mod osd_op;
pub mod osd_op_reply;
pub mod osd_out;
pub mod osd_step;
mod paxos;
pub mod pool_op;
pub mod pool_stats;
pub mod statfs;
pub mod watch_notify;

#[cfg(test)]
mod mon_tests;
#[cfg(test)]
mod osd_tests;
