//! A real cluster as an engine.
//!
//! ```text
//!   submit, list, watch, notify ---> objecter/    to OSDs
//!   pools, snapshots' numbers -----> monitor.rs   to the monitors, then wait for the map
//!   command -----------------------> all of them, by target
//!   services ----------------------> mgr/, with what host.rs tells of this machine
//!
//!   connect.rs   finds the cluster, proves who we are, gets the first maps
//!   hub.rs       what the parts tell each other, and the time
//! ```
//!
//! May use: ceph/*, conf, runtime, model. Here callbacks of the parts below become futures; there
//! is no protocol here.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::oneshot;
use uuid::Uuid;

use self::hub::Hub;
use self::settings::EngineConfig;
use crate::ceph::auth::{AuthSource, Credentials};
use crate::ceph::map::OsdMap;
use crate::ceph::messages::pool_op::{self, Change};
use crate::ceph::mgr::{MgrClient, ServiceName};
use crate::ceph::mon::{MonClient, MonTarget};
use crate::ceph::net::Net;
use crate::ceph::objecter::Objecter;
use crate::conf::{Config, Observer};
use crate::errno::{Errno, Result};
use crate::model::*;
use crate::runtime;

mod compat;
mod connect;
mod host;
mod hub;
mod monitor;
mod settings;
mod text;

/// Kinds of daemons of Ceph itself, as which nobody may register.
const RESERVED_SERVICES: [&str; 5] = ["osd", "mds", "client", "mon", "mgr"];

/// A connection to a real cluster.
pub struct CephEngine {
    config: EngineConfig,
    /// Has the parts follow options that change.
    _observer: Observer,
    fsid: Uuid,
    net: Arc<Net>,
    credentials: Arc<Credentials>,
    monitors: Arc<MonClient>,
    managers: Arc<MgrClient>,
    objecter: Arc<Objecter>,
    hub: Arc<Hub>,
    is_shut: AtomicBool,
}

impl CephEngine {
    /// Connects to the cluster that `mon_host` names.
    ///
    /// Errors as measured on 16.2.15: `-ENOENT` without a monitor's address, `-EINVAL` for one that
    /// cannot be understood and for a bad key, `-ETIMEDOUT` when no monitor answers within
    /// `client_mount_timeout`, `-EACCES` for a wrong or missing key and an unknown user.
    pub async fn connect(config: &Config) -> Result<Arc<CephEngine>> {
        connect::connect(config).await.map(Arc::new)
    }

    /// Asks the monitor of this name for a sign of life, without connecting; `-ENOENT`.
    pub async fn ping(config: &Config, monitor: &str) -> Result<Bytes> {
        connect::ping(config, monitor).await
    }

    /// The map this client has.
    fn map(&self) -> Result<Arc<OsdMap>> {
        self.connected()?;
        self.objecter.map().ok_or_else(|| Errno::ENOTCONN.into())
    }

    fn connected(&self) -> Result<()> {
        if self.is_shut.load(Ordering::Acquire) { Err(Errno::ENOTCONN.into()) } else { Ok(()) }
    }

    async fn change_pool(&self, pool: PoolId, change: Change) -> Result<pool_op::Reply> {
        self.connected()?;
        monitor::change_pool(self, pool, change).await
    }

    /// Ends all parts, in the order in which they lean on each other. Nothing the second time.
    fn end(&self) {
        self.is_shut.store(true, Ordering::Release);
        self.objecter.shutdown();
        self.managers.shutdown();
        self.monitors.shutdown();
        self.hub.wake_up();
    }
}

impl Drop for CephEngine {
    fn drop(&mut self) {
        self.end();
    }
}

/// The result that a part gives to a callback; `-ENOTCONN` when it drops the callback.
fn pending<T: Send + 'static>(
    start: impl FnOnce(Box<dyn FnOnce(Result<T>) + Send>),
) -> impl Future<Output = Result<T>> {
    let (sender, receiver) = oneshot::channel();
    start(Box::new(move |result| {
        // The receiver is gone when the caller stopped waiting; nobody is left to tell.
        let _ = sender.send(result);
    }));
    async { receiver.await.unwrap_or_else(|_| Err(Errno::ENOTCONN.into())) }
}

impl Engine for CephEngine {
    fn submit(&self, mut op: ObjectOp, done: Done) {
        // It may be sent later, and again.
        op.keep();
        self.objecter.submit(op, done);
    }

    /// OSDs acknowledge what is durable.
    fn flush(&self, _pool: PoolId, done: Box<dyn FnOnce(Result<()>) + Send>) {
        done(self.connected());
    }

    fn fsid(&self) -> Uuid {
        self.fsid
    }

    fn instance_id(&self) -> u64 {
        self.credentials.global_id()
    }

    fn addrs(&self) -> String {
        let addr = self.net.addr().unwrap_or_default();
        match addr.socket {
            Some(socket) => format!("{socket}/{}", addr.nonce),
            None => addr.to_string(),
        }
    }

    fn pools(&self) -> Result<Vec<(PoolId, String)>> {
        let map = self.map()?;
        let name = |id| map.pool_name(id).unwrap_or_default().to_owned();
        Ok(map.pools().map(|(id, _)| (id, name(id))).collect())
    }

    fn pool_by_name(&self, name: &str) -> Result<PoolId> {
        self.map()?.pool_by_name(name).ok_or_else(|| Errno::ENOENT.into())
    }

    fn pool(&self, id: PoolId) -> Result<PoolInfo> {
        let map = self.map()?;
        let pool = map.pool(id).ok_or(Errno::ENOENT)?;
        Ok(pool.info(id, map.pool_name(id).unwrap_or_default()))
    }

    fn wait_for_latest_map(&self) -> Pending<'_, ()> {
        Box::pin(monitor::latest_map(self))
    }

    fn pool_create<'a>(&'a self, name: &'a str, crush_rule: Option<u8>) -> Pending<'a, PoolId> {
        Box::pin(async move {
            if name.is_empty() {
                return Err(Errno::EINVAL.because("a pool has a name"));
            }
            if self.pool_by_name(name).is_ok() {
                return Err(Errno::EEXIST.into());
            }
            let change = Change::Create { name: name.to_owned(), crush_rule };
            self.change_pool(PoolId(0), change).await?;
            self.pool_by_name(name)
        })
    }

    fn pool_delete<'a>(&'a self, name: &'a str) -> Pending<'a, ()> {
        Box::pin(async move {
            let pool = self.pool_by_name(name)?;
            self.change_pool(pool, Change::Delete).await.map(drop)
        })
    }

    fn pool_stats<'a>(&'a self, pools: &'a [PoolId]) -> Pending<'a, BTreeMap<PoolId, PoolStat>> {
        Box::pin(monitor::pool_stats(self, pools))
    }

    fn cluster_stat(&self) -> Pending<'_, ClusterStat> {
        Box::pin(monitor::cluster_stat(self))
    }

    fn pool_snap_create<'a>(&'a self, pool: PoolId, name: &'a str) -> Pending<'a, SnapId> {
        Box::pin(async move {
            if self.pool(pool)?.snap_by_name(name).is_some() {
                return Err(Errno::EEXIST.into());
            }
            self.change_pool(pool, Change::CreateSnap(name.to_owned())).await?;
            self.pool(pool)?.snap_by_name(name).ok_or_else(|| Errno::ENOENT.into())
        })
    }

    fn pool_snap_remove<'a>(&'a self, pool: PoolId, name: &'a str) -> Pending<'a, ()> {
        Box::pin(async move {
            if self.pool(pool)?.snap_by_name(name).is_none() {
                return Err(Errno::ENOENT.into());
            }
            self.change_pool(pool, Change::DeleteSnap(name.to_owned())).await.map(drop)
        })
    }

    fn selfmanaged_snap_create(&self, pool: PoolId) -> Pending<'_, SnapId> {
        Box::pin(async move {
            let reply = self.change_pool(pool, Change::CreateUnmanagedSnap).await?;
            reply.snap().map(SnapId)
        })
    }

    fn selfmanaged_snap_remove(&self, pool: PoolId, snap: SnapId) -> Pending<'_, ()> {
        Box::pin(async move {
            self.change_pool(pool, Change::DeleteUnmanagedSnap(snap.0)).await.map(drop)
        })
    }

    fn application_enable<'a>(
        &'a self,
        pool: PoolId,
        application: &'a str,
        force: bool,
    ) -> Pending<'a, ()> {
        Box::pin(async move {
            let command = text::application_enable(&self.pool(pool)?, application, force);
            monitor::run(self, command).await?;
            self.wait_for_latest_map().await
        })
    }

    fn application_set<'a>(
        &'a self,
        pool: PoolId,
        application: &'a str,
        key: &'a str,
        value: Option<&'a str>,
    ) -> Pending<'a, ()> {
        Box::pin(async move {
            let command = text::application_set(&self.pool(pool)?, application, key, value);
            monitor::run(self, command).await?;
            self.wait_for_latest_map().await
        })
    }

    fn list<'a>(
        &'a self,
        listing: &'a Listing,
        from: HObject,
        max: usize,
    ) -> Pending<'a, ListPage> {
        Box::pin(async move { pending(|done| self.objecter.list(listing, from, max, done)).await })
    }

    fn watch(
        &self,
        target: Target,
        timeout: Option<Duration>,
        handler: Arc<dyn WatchHandler>,
    ) -> Pending<'_, WatchHandle> {
        Box::pin(async move {
            let now = Instant::now();
            pending(|done| self.objecter.watch(target, timeout, handler, now, done)).await
        })
    }

    fn unwatch(&self, handle: WatchHandle) -> Pending<'_, ()> {
        Box::pin(async move { pending(|done| self.objecter.unwatch(handle, done)).await })
    }

    fn watch_check(&self, handle: WatchHandle) -> Result<Duration> {
        self.objecter.watch_check(handle, Instant::now())
    }

    fn watch_flush(&self) -> Pending<'_, ()> {
        Box::pin(async {
            runtime::flush_handlers().await;
            Ok(())
        })
    }

    fn notify(
        &self,
        target: Target,
        payload: Bytes,
        timeout: Option<Duration>,
    ) -> Pending<'_, NotifyReply> {
        Box::pin(async move {
            let timeout = timeout.unwrap_or(self.config.notify_timeout());
            pending(|done| self.objecter.notify(target, payload, timeout, done)).await
        })
    }

    fn notify_ack(
        &self,
        target: Target,
        notify_id: u64,
        handle: WatchHandle,
        payload: Bytes,
    ) -> Pending<'_, ()> {
        Box::pin(async move {
            // Nobody waits for the OSD's answer, and a handler that did would come second to the
            // notifier whom it answers.
            let done = Box::new(|answered: Result<()>| {
                if let Err(error) = answered {
                    log::debug!(target: "objecter", "acknowledging a notification: {error}");
                }
            });
            self.objecter.notify_ack(target, notify_id, handle, payload, done);
            Ok(())
        })
    }

    fn command(
        &self,
        target: CommandTarget,
        command: Vec<String>,
        input: Bytes,
    ) -> Pending<'_, CommandReply> {
        Box::pin(async move {
            self.connected()?;
            let mon = |target| monitor::command(self, target, command.clone(), input.clone());
            match target {
                CommandTarget::Mon => mon(MonTarget::Any).await,
                CommandTarget::MonNamed(name) => mon(MonTarget::Named(name)).await,
                CommandTarget::Mgr => self.manager_command(None, command, input).await,
                CommandTarget::MgrNamed(name) => {
                    self.manager_command(Some(name), command, input).await
                }
                CommandTarget::Osd(osd) => {
                    pending(|done| self.objecter.osd_command(osd, command, input, done)).await
                }
                CommandTarget::Pg(group) => {
                    let group = text::group(&group)?;
                    pending(|done| self.objecter.pg_command(group, command, input, done)).await
                }
            }
        })
    }

    fn ping_monitor<'a>(&'a self, name: &'a str) -> Pending<'a, Bytes> {
        Box::pin(
            async move { pending(|done| self.monitors.ping(name, done)).await.map(Bytes::from) },
        )
    }

    fn blocklist_add<'a>(&'a self, addr: &'a str, expiry: BlocklistExpiry) -> Pending<'a, ()> {
        Box::pin(async move {
            let expiry = match expiry {
                BlocklistExpiry::Default => None,
                BlocklistExpiry::After(time) => Some(time),
            };
            let added = monitor::run(self, text::blocklist_add(addr, expiry, false)).await;
            match added {
                // A monitor of before Pacific knows it by another word.
                Err(error) if error == Errno::EINVAL => {
                    monitor::run(self, text::blocklist_add(addr, expiry, true)).await?;
                }
                added => drop(added?),
            }
            self.wait_for_latest_map().await
        })
    }

    fn monitor_log(&self, watch: Option<(LogLevel, LogHandler)>) -> Result<()> {
        self.connected()?;
        self.hub.set_log(watch)
    }

    fn min_compatible(&self) -> Result<MinCompatible> {
        let map = self.map()?;
        Ok(compat::of(&map))
    }

    fn service_register<'a>(
        &'a self,
        service: &'a str,
        daemon: &'a str,
        metadata: BTreeMap<String, String>,
    ) -> Pending<'a, ()> {
        Box::pin(async move {
            if service.is_empty() || daemon.is_empty() || RESERVED_SERVICES.contains(&service) {
                return Err(Errno::EINVAL.because(format!("{service}.{daemon} is no service")));
            }
            let mut about = host::describe();
            about.extend(metadata);
            let name = ServiceName { service: service.to_owned(), daemon: daemon.to_owned() };
            self.managers.service_register(name, about, Instant::now())
        })
    }

    fn service_status(&self, status: BTreeMap<String, String>) -> Pending<'_, ()> {
        Box::pin(async move {
            self.connected()?;
            self.managers.service_status(status);
            Ok(())
        })
    }

    fn shutdown(&self) -> Pending<'_, ()> {
        Box::pin(async {
            if self.is_shut.swap(true, Ordering::AcqRel) {
                return Ok(());
            }
            self.watch_flush().await?;
            let left = pending(|done| self.managers.leave(Box::new(move || done(Ok(())))));
            // A manager that does not answer forgets the service by itself, later.
            let _ = tokio::time::timeout(self.config.leave_timeout(), left).await;
            self.end();
            Ok(())
        })
    }
}

impl CephEngine {
    async fn manager_command(
        &self,
        name: Option<String>,
        command: Vec<String>,
        input: Bytes,
    ) -> Result<CommandReply> {
        let now = Instant::now();
        let done = |done: Box<dyn FnOnce(Result<CommandReply>) + Send>| {
            let done = Box::new(move |reply| done(Ok(reply)));
            self.managers.command(name, command, input, now, done);
        };
        pending(done).await
    }
}
