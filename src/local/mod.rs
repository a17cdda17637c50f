//! The embedded store: a cluster in a directory.

pub mod classes;
pub mod commands;
pub mod disk;
pub mod placement;
pub mod store;
