//! Picks the engine of a handle by its `mon_host`. The only file that names an engine.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

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
    match store(config)? {
        Some(dir) => Ok(LocalEngine::open(&dir, config)?),
        None => Ok(CephEngine::connect(config).await?),
    }
}

/// Asks the monitor of this name for a sign of life, without connecting; `-ENOENT`.
pub async fn ping_monitor(config: &Config, name: &str) -> Result<Bytes> {
    match store(config)? {
        None => CephEngine::ping(config, name).await,
        // A store is its own monitor.
        Some(dir) => {
            let engine = LocalEngine::open(&dir, config)?;
            let answer = engine.ping_monitor(name).await;
            engine.shutdown().await?;
            answer
        }
    }
}

/// To be called before a fork of the process, on the thread that forks.
pub fn before_fork() {
    crate::local::registry::before_fork();
}

/// To be called after a fork, on the thread that forked, in both processes: in the child behind
/// [`crate::runtime::forked`].
pub fn after_fork() {
    crate::local::registry::after_fork();
}

/// The directory of the embedded store that `mon_host` names, if it names one.
fn store(config: &Config) -> Result<Option<PathBuf>> {
    let host = config.get("mon_host")?;
    // libvirt ends each of its hosts with a comma.
    let host = host.trim_end_matches([',', ';', ' ', '\t']).trim_start();
    match host.strip_prefix(LOCAL_PREFIX) {
        Some("") => Err(Errno::EINVAL.because("mon_host: local: without a directory")),
        dir => Ok(dir.map(PathBuf::from)),
    }
}
