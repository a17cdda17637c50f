//! What the monitors are asked: changes of pools, statistics, commands.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use super::{CephEngine, pending, text};
use crate::ceph::messages::pool_op::{self, Change};
use crate::ceph::messages::{pool_stats as stats, statfs};
use crate::ceph::mon::MonTarget;
use crate::errno::{Errno, Result};
use crate::model::{ClusterStat, CommandReply, PoolId, PoolStat};

/// Changes a pool, and waits until the change shows in the map this client has: also when it was
/// refused, so that whoever asks why sees what the monitor saw.
pub(super) async fn change_pool(
    engine: &CephEngine,
    pool: PoolId,
    change: Change,
) -> Result<pool_op::Reply> {
    let request = pool_op::request(engine.fsid, pool.0, &change);
    let answer = pending(|done| engine.monitors.request(request, done)).await?;
    let reply = pool_op::reply(&answer)?;
    wait_for_map(engine, reply.epoch).await?;
    reply.result().inspect_err(|error| refused(engine, error.to_c()))?;
    Ok(reply)
}

/// Waits until the map this client has is as new as the monitors'.
pub(super) async fn latest_map(engine: &CephEngine) -> Result<()> {
    engine.connected()?;
    let versions = pending(|done| engine.monitors.newest_version("osdmap", done)).await?;
    wait_for_map(engine, u32::try_from(versions.newest).unwrap_or(u32::MAX)).await
}

async fn wait_for_map(engine: &CephEngine, epoch: u32) -> Result<()> {
    let waiting = pending(|done| engine.objecter.wait_for_map(epoch, done));
    within(engine.config.mon_timeout(), "a newer map of the OSDs", waiting).await
}

/// With a limit of time, if there is one; `what` is waited for.
pub(super) async fn within<T>(
    limit: Option<Duration>,
    what: &'static str,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    match limit {
        None => work.await,
        Some(limit) => tokio::time::timeout(limit, work)
            .await
            .unwrap_or_else(|_| Err(Errno::ETIMEDOUT.because(format!("no monitor sent {what}")))),
    }
}

/// What pools hold, by name at the monitors and by number here; unknown pools are left out.
pub(super) async fn pool_stats(
    engine: &CephEngine,
    pools: &[PoolId],
) -> Result<BTreeMap<PoolId, PoolStat>> {
    let map = engine.map()?;
    let name = |id: &PoolId| map.pool_name(*id).map(str::to_owned);
    let names: BTreeMap<String, PoolId> =
        pools.iter().filter_map(|id| Some((name(id)?, *id))).collect();
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let asked: Vec<String> = names.keys().cloned().collect();
    let request = stats::request(engine.fsid, &asked);
    let answer = pending(|done| engine.monitors.request(request, done)).await?;
    let mut told = stats::reply(&answer)?;
    // A pool of which the managers know nothing yet is left out; it holds nothing.
    Ok(names.into_iter().map(|(name, id)| (id, told.remove(&name).unwrap_or_default())).collect())
}

/// What the cluster holds.
pub(super) async fn cluster_stat(engine: &CephEngine) -> Result<ClusterStat> {
    engine.connected()?;
    let request = statfs::request(engine.fsid);
    statfs::reply(&pending(|done| engine.monitors.request(request, done)).await?)
}

/// Sends a command.
pub(super) async fn command(
    engine: &CephEngine,
    target: MonTarget,
    command: Vec<String>,
    input: Bytes,
) -> Result<CommandReply> {
    let named = target != MonTarget::Any;
    let answer = pending(|done| engine.monitors.command(target, command, input, done)).await;
    match answer {
        // The words that the original has for it.
        Err(error) if named && error == Errno::ENOENT => {
            let status = "mon dne".to_owned();
            Ok(CommandReply { code: error.to_c(), status, ..CommandReply::default() })
        }
        answer => answer.inspect(|reply| refused(engine, reply.code)),
    }
}

/// Says so when the monitors do not let the user do what it asks for.
fn refused(engine: &CephEngine, code: i32) {
    if [Errno::EACCES, Errno::EPERM].map(Errno::to_c).contains(&code) {
        let client = engine.config.client();
        log::error!(
            target: "monc",
            "the monitors do not permit {client} what it asks for ({code}): see its mon caps (ceph \
             auth get {client})"
        );
    }
}

/// Runs a command that must succeed.
pub(super) async fn run(engine: &CephEngine, json: String) -> Result<CommandReply> {
    engine.connected()?;
    text::ok(command(engine, MonTarget::Any, vec![json], Bytes::new()).await?)
}
