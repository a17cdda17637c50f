//! The embedded store as an engine.
//!
//! ```text
//!   submit, flush ---------------------> store        objects, data, snapshots of objects
//!   pools, snapshots' numbers ---------> pools        tables of the database
//!   list ------------------------------> list
//!   watch, notify ---------------------> watch        sockets between processes
//!   who is there, blocklist -----------> clients, blocklist
//!   command ---------------------------> commands
//! ```
//!
//! Control calls are rare and short: they run on the calling thread, inside the first poll of their
//! future.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use parking_lot::Mutex;
use rusqlite::Transaction;
use uuid::Uuid;

use super::classes::Caller;
use super::clients::{self, Client, Clients};
use super::registry::{self, Lease};
use super::store::{KnownObject, Store};
use super::watch::Hub;
use super::{applications, blocklist, clearing, commands, list, pools, services, stats, watch};
use crate::conf::{Config, Value};
use crate::errno::{Errno, Result};
use crate::model::*;
use crate::runtime;

/// What a fresh cluster of 16.2.15 answers.
const RELEASES: MinCompatible = MinCompatible { osd: 16, client: 10, required_client: 12 };

/// A connection to an embedded store.
pub struct LocalEngine {
    store: Arc<Store>,
    /// Until shutdown.
    lease: Mutex<Option<Lease>>,
    client: Arc<Client>,
    caller: Arc<Caller>,
    hub: Arc<Hub>,
    access: Arc<Access>,
    config: Config,
}

/// Whether a client may do anything.
#[derive(Default)]
struct Access {
    gate: blocklist::Gate,
    is_shut: AtomicBool,
}

impl Access {
    /// `-ENOTCONN` after shutdown.
    fn connected(&self) -> Result<()> {
        if self.is_shut.load(Ordering::Acquire) { Err(Errno::ENOTCONN.into()) } else { Ok(()) }
    }

    /// As above; `-ESHUTDOWN` for a blocklisted client.
    fn check(&self, store: &Store, client: &Client) -> Result<()> {
        self.connected()?;
        self.gate.check(store, client.addr())
    }
}

/// An object that a client reads without operations.
struct ReadObject {
    store: Arc<Store>,
    client: Arc<Client>,
    access: Arc<Access>,
    object: KnownObject,
}

impl ObjectContext for ReadObject {
    fn read(&self, off: u64, memory: &mut [u8]) -> Option<usize> {
        self.access.check(&self.store, &self.client).ok()?;
        self.store.read_known(&self.object, off, memory)
    }

    fn is_current(&self) -> bool {
        self.store.is_as_known(&self.object)
    }
}

impl LocalEngine {
    /// Connects to the store in a directory, which is made if it does not exist.
    pub fn open(dir: &Path, config: &Config) -> Result<Arc<LocalEngine>> {
        let (store, lease) = registry::open(dir)?;
        let lease = Mutex::new(Some(lease));
        let clients = Clients::open(Arc::clone(&store))?;
        let client = Arc::new(clients.register(config.name().as_str())?);
        let caller = Arc::new(Caller { client: client.id(), addr: client.addr().to_owned() });
        let settings = store.db().read(|db| commands::settings_for(db, config.name()))?;
        config.set_from_monitors(settings.iter().map(|(name, value)| (&**name, &**value)));
        clearing::resume(&store)?;
        let hub = Hub::new(Arc::clone(&store), Arc::clone(&client));
        let config = config.clone();
        let access = Arc::default();
        Ok(Arc::new(LocalEngine { store, lease, client, caller, hub, access, config }))
    }

    /// Fails after shutdown, and for a blocklisted client.
    fn allowed(&self) -> Result<()> {
        self.access.check(&self.store, &self.client)
    }

    fn connected(&self) -> Result<()> {
        self.access.connected()
    }

    /// Changes the database.
    fn change<T>(&self, body: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        self.connected()?;
        let value = self.store.db().write(body)?;
        self.store.map_changed();
        Ok(value)
    }

    /// An option in seconds.
    fn seconds(&self, option: &str) -> Duration {
        match self.config.value(option) {
            Some(Value::Int(seconds)) => Duration::from_secs(seconds.max(0).cast_unsigned()),
            Some(Value::Float(seconds)) => Duration::try_from_secs_f64(seconds).unwrap_or_default(),
            _ => Duration::ZERO,
        }
    }

    /// Before a step that lists watchers: clears away the dead ones.
    fn reap_watchers(&self, target: &Target) -> Result<()> {
        match self.store.db().read(|db| watch::object_of(db, target))? {
            Some(object) => self.client.all().reap_watchers(object),
            None => Ok(()),
        }
    }

    /// The reply's receiver, which tells the watchers of an object that was removed.
    fn telling_watchers(&self, target: &Target, done: Done) -> Done {
        let watchers = self.store.db().read(|db| {
            let object = watch::object_of(db, target)?;
            object.map_or(Ok(Vec::new()), |object| clients::watchers_of(db, object))
        });
        let watchers = watchers.unwrap_or_default();
        if watchers.is_empty() {
            return done;
        }
        let clients = Arc::clone(self.client.all());
        Box::new(move |reply| {
            if reply.result >= 0 {
                runtime::spawn(async move { watch::disconnect(&clients, &watchers).await });
            }
            done(reply);
        })
    }
}

impl Engine for LocalEngine {
    fn submit(&self, mut op: ObjectOp, mut done: Done) {
        if self.connected().is_err() {
            return done(Reply::error(Errno::ESHUTDOWN));
        }
        if let Err(error) = self.access.gate.check(&self.store, self.client.addr()) {
            return done(Reply::error(error.errno()));
        }
        if !op.target.locator.is_empty() {
            op.target = placement::canonical(&op.target).into_owned();
        }
        for step in &op.steps {
            match step.op {
                Op::ListWatchers => {
                    if let Err(error) = self.reap_watchers(&op.target) {
                        log::warn!("clearing away dead watchers of {}: {error}", op.target);
                    }
                }
                Op::Remove => done = self.telling_watchers(&op.target, done),
                _ => {}
            }
        }
        self.store.execute(&self.caller, op, done);
    }

    fn flush(&self, _pool: PoolId, done: Box<dyn FnOnce(Result<()>) + Send>) {
        if let Err(error) = self.connected() {
            return done(Err(error));
        }
        let store = Arc::clone(&self.store);
        runtime::spawn_blocking(move || done(store.flush()));
    }

    fn keeps_writes(&self) -> bool {
        // The page cache does.
        true
    }

    fn has_object_contexts(&self) -> bool {
        true
    }

    fn object_context(&self, target: &Target, snap: SnapId) -> Option<Arc<dyn ObjectContext>> {
        let object = self.store.known(target, snap)?;
        let (store, client) = (Arc::clone(&self.store), Arc::clone(&self.client));
        Some(Arc::new(ReadObject { store, client, access: Arc::clone(&self.access), object }))
    }

    fn fsid(&self) -> Uuid {
        self.store.fsid()
    }

    fn instance_id(&self) -> u64 {
        self.client.id()
    }

    fn addrs(&self) -> String {
        self.client.addr().to_owned()
    }

    fn pools(&self) -> Result<Vec<(PoolId, String)>> {
        self.connected()?;
        self.store.db().read(pools::names)
    }

    fn pool_by_name(&self, name: &str) -> Result<PoolId> {
        self.connected()?;
        self.store.db().read(|db| pools::by_name(db, name))
    }

    fn pool(&self, id: PoolId) -> Result<PoolInfo> {
        self.connected()?;
        self.store.db().read(|db| pools::by_id(db, id)).map(|pool| pool.info)
    }

    fn wait_for_latest_map(&self) -> Pending<'_, ()> {
        Box::pin(async { self.connected() })
    }

    fn pool_create<'a>(&'a self, name: &'a str, crush_rule: Option<u8>) -> Pending<'a, PoolId> {
        Box::pin(async move {
            // The only rule there is.
            if crush_rule.is_some_and(|rule| rule != 0) {
                return Err(Errno::ENOENT.because("no such crush rule"));
            }
            let pg_num = commands::default_pg_num(&self.config);
            self.change(|tx| pools::create(tx, name, pg_num))
        })
    }

    fn pool_delete<'a>(&'a self, name: &'a str) -> Pending<'a, ()> {
        Box::pin(async move {
            let id = self.pool_by_name(name)?;
            commands::delete_pool(&self.store, id)?;
            clearing::run(&self.store).await
        })
    }

    fn pool_stats<'a>(&'a self, pools: &'a [PoolId]) -> Pending<'a, BTreeMap<PoolId, PoolStat>> {
        Box::pin(async move {
            self.connected()?;
            self.store.db().read(|db| {
                pools.iter().map(|id| Ok((*id, stats::pool(&self.store, db, *id)?))).collect()
            })
        })
    }

    fn cluster_stat(&self) -> Pending<'_, ClusterStat> {
        Box::pin(async {
            self.connected()?;
            stats::cluster(&self.store)
        })
    }

    fn pool_snap_create<'a>(&'a self, pool: PoolId, name: &'a str) -> Pending<'a, SnapId> {
        Box::pin(async move { self.change(|tx| pools::snap_create(tx, pool, name)) })
    }

    fn pool_snap_remove<'a>(&'a self, pool: PoolId, name: &'a str) -> Pending<'a, ()> {
        Box::pin(async move {
            self.change(|tx| pools::snap_remove(tx, pool, name))?;
            clearing::run(&self.store).await
        })
    }

    fn selfmanaged_snap_create(&self, pool: PoolId) -> Pending<'_, SnapId> {
        Box::pin(async move { self.change(|tx| pools::selfmanaged_create(tx, pool)) })
    }

    fn selfmanaged_snap_remove(&self, pool: PoolId, snap: SnapId) -> Pending<'_, ()> {
        Box::pin(async move {
            match self.change(|tx| pools::selfmanaged_remove(tx, pool, snap))? {
                Some(_) => clearing::run(&self.store).await,
                None => Ok(()),
            }
        })
    }

    fn application_enable<'a>(
        &'a self,
        pool: PoolId,
        application: &'a str,
        force: bool,
    ) -> Pending<'a, ()> {
        Box::pin(
            async move { self.change(|tx| applications::enable(tx, pool, application, force)) },
        )
    }

    fn application_set<'a>(
        &'a self,
        pool: PoolId,
        application: &'a str,
        key: &'a str,
        value: Option<&'a str>,
    ) -> Pending<'a, ()> {
        Box::pin(async move {
            self.change(|tx| match value {
                Some(value) => applications::set(tx, pool, application, key, value),
                None => applications::remove(tx, pool, application, key).map(drop),
            })
        })
    }

    fn list<'a>(
        &'a self,
        listing: &'a Listing,
        from: HObject,
        max: usize,
    ) -> Pending<'a, ListPage> {
        Box::pin(async move {
            self.allowed()?;
            self.store.db().read(|db| {
                let pool = pools::by_id(db, listing.pool)?;
                list::page(db, listing, pool.info.pg_num, &from, max)
            })
        })
    }

    fn watch(
        &self,
        target: Target,
        timeout: Option<Duration>,
        handler: Arc<dyn WatchHandler>,
    ) -> Pending<'_, WatchHandle> {
        Box::pin(async move {
            self.allowed()?;
            let timeout = timeout.unwrap_or_else(|| self.seconds("osd_client_watch_timeout"));
            self.hub.watch(target, timeout, handler).await
        })
    }

    fn unwatch(&self, handle: WatchHandle) -> Pending<'_, ()> {
        Box::pin(async move {
            let ended = self.hub.unwatch(handle);
            self.allowed()?;
            ended
        })
    }

    fn watch_check(&self, handle: WatchHandle) -> Result<Duration> {
        self.connected()?;
        self.hub.check(handle)
    }

    fn watch_flush(&self) -> Pending<'_, ()> {
        Box::pin(async {
            self.connected()?;
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
            self.allowed()?;
            let timeout = timeout.unwrap_or_else(|| self.seconds("client_notify_timeout"));
            watch::notify(&self.store, &self.client, &target, payload, timeout).await
        })
    }

    fn notify_ack(
        &self,
        _target: Target,
        notify_id: u64,
        handle: WatchHandle,
        payload: Bytes,
    ) -> Pending<'_, ()> {
        Box::pin(async move {
            self.connected()?;
            self.hub.acknowledge(notify_id, handle, payload);
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
            let (store, client, config) = (&self.store, &*self.client, &self.config);
            commands::Session { store, client, config }.run(&target, &command, &input).await
        })
    }

    fn ping_monitor<'a>(&'a self, name: &'a str) -> Pending<'a, Bytes> {
        Box::pin(async move {
            self.connected()?;
            let (store, client, config) = (&self.store, &*self.client, &self.config);
            commands::Session { store, client, config }.ping(name)
        })
    }

    fn blocklist_add<'a>(&'a self, addr: &'a str, expiry: BlocklistExpiry) -> Pending<'a, ()> {
        Box::pin(async move {
            self.connected()?;
            let expiry = match expiry {
                BlocklistExpiry::Default => self.seconds("mon_osd_blocklist_default_expire"),
                BlocklistExpiry::After(time) => time,
            };
            let addr = blocklist::normalize(addr)?;
            commands::blocklist_add(&self.store, self.client.all(), &addr, expiry).map(drop)
        })
    }

    fn min_compatible(&self) -> Result<MinCompatible> {
        self.connected().map(|()| RELEASES)
    }

    fn service_register<'a>(
        &'a self,
        service: &'a str,
        daemon: &'a str,
        metadata: BTreeMap<String, String>,
    ) -> Pending<'a, ()> {
        Box::pin(async move {
            self.change(|tx| services::register(tx, &self.client, service, daemon, &metadata))
        })
    }

    fn service_status(&self, status: BTreeMap<String, String>) -> Pending<'_, ()> {
        Box::pin(async move {
            self.change(|tx| services::set_status(tx, &self.client, &status, SystemTime::now()))
        })
    }

    fn shutdown(&self) -> Pending<'_, ()> {
        Box::pin(async {
            if self.access.is_shut.swap(true, Ordering::AcqRel) {
                return Ok(());
            }
            self.hub.close();
            self.client.leave();
            drop(self.lease.lock().take());
            let (sender, receiver) = tokio::sync::oneshot::channel();
            let store = Arc::clone(&self.store);
            // What was acknowledged before a flush is durable when this has returned.
            runtime::spawn_blocking(move || {
                let flushed = store.flush();
                drop(store);
                let _ = sender.send(flushed);
            });
            receiver.await.unwrap_or(Ok(()))
        })
    }
}

#[cfg(test)]
mod processes;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod threads;
