//! Picks the engine of a handle by its `mon_host`. The only file that names an engine.

use std::path::Path;
use std::sync::Arc;

use crate::ceph::engine::CephEngine;
use crate::conf::Config;
use crate::errno::{Errno, Result};
use crate::local::engine::LocalEngine;
use crate::model::Engine;

/// How `mon_host` names an embedded store.
pub const LOCAL_PREFIX: &str = "local:";

/// Connects to what `mon_host` names: `local:/dir` is an embedded store in that directory, anything
/// else are the monitors of a cluster.
///
/// Errors as of either engine; `-ENOENT` when nothing is named anywhere, as the original.
pub async fn connect(config: &Config) -> Result<Arc<dyn Engine>> {
    let host = config.get("mon_host")?;
    let host = host.trim();
    if let Some(dir) = host.strip_prefix(LOCAL_PREFIX) {
        if dir.is_empty() {
            return refuse(Errno::EINVAL, "mon_host: local: without a directory".into());
        }
        return Ok(LocalEngine::open(Path::new(dir), config)?);
    }
    Ok(CephEngine::connect(config).await?)
}

fn refuse(errno: Errno, text: String) -> Result<Arc<dyn Engine>> {
    log::error!("{text}");
    Err(errno.because(text))
}
