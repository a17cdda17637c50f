//! Picks the engine of a handle by its `mon_host`. The only file that names an engine.

use std::sync::Arc;

use crate::conf::Config;
use crate::errno::{Errno, Result};
use crate::model::Engine;

/// How `mon_host` names an embedded store.
pub const LOCAL_PREFIX: &str = "local:";

/// Connects to what `mon_host` names: `local:/dir` is an embedded store in that directory.
pub async fn connect(config: &Config) -> Result<Arc<dyn Engine>> {
    let host = config.get("mon_host")?;
    #[cfg(feature = "memory-engine")]
    if host == "memory:" {
        return Ok(crate::memory::MemoryEngine::new());
    }
    match host.strip_prefix(LOCAL_PREFIX) {
        Some(_) => Err(Errno::EOPNOTSUPP.because("embedded stores are not supported yet")),
        None => Err(Errno::EOPNOTSUPP.because("clusters are not supported yet")),
    }
}
