//! The embedded store: a cluster in a directory.

pub mod applications;
pub mod blocklist;
pub mod classes;
pub mod clearing;
pub mod clients;
pub mod commands;
pub mod disk;
pub mod engine;
pub mod filter;
#[cfg(debug_assertions)]
#[doc(hidden)]
pub mod fuzz;
pub mod list;
pub mod pools;
pub mod registry;
pub mod services;
pub mod stats;
pub mod store;
pub mod watch;
