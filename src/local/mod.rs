//! The embedded store: a cluster in a directory.

pub mod blocklist;
pub mod classes;
pub mod clients;
pub mod commands;
pub mod disk;
pub mod list;
pub mod placement;
pub mod pools;
pub mod store;
pub mod watch;
