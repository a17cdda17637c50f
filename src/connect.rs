//! Picks the engine of a handle by its `mon_host`. The only file that names an engine.

/// How `mon_host` names an embedded store.
pub const LOCAL_PREFIX: &str = "local:";
