//! The waist.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use super::hobject::HObject;
use super::ids::{PoolId, SnapId, Target};
use super::list::{ListPage, Listing, take_part};
use super::log::{LogHandler, LogLevel};
use super::op::ObjectOp;
use super::pool::{ClusterStat, PoolInfo, PoolStat};
use super::reply::{Done, Reply};
use super::watch::{BlocklistExpiry, NotifyReply, WatchHandle, WatchHandler};
use crate::errno::{Errno, Result};

/// Work under way whose result can be awaited. Not on the hot path, so it may be boxed.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Whom a command is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandTarget {
    /// Any monitor.
    Mon,
    /// The monitor of this name.
    MonNamed(String),
    /// The active manager.
    Mgr,
    /// The manager of this name.
    MgrNamed(String),
    /// An OSD.
    Osd(i32),
    /// A placement group, `pool.hex`.
    Pg(String),
}

/// The oldest releases that go with a cluster, as numbers: 16 is Pacific.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinCompatible {
    /// Of an OSD.
    pub osd: i8,
    /// Of a client, by what the map uses.
    pub client: i8,
    /// Of a client, by what the cluster insists on.
    pub required_client: i8,
}

/// The answer to a command. A command that fails still has output and a status sentence.
#[derive(Clone, Debug, Default)]
pub struct CommandReply {
    /// 0 or a negative error number.
    pub code: i32,
    /// The output.
    pub out: Bytes,
    /// The status sentence.
    pub status: String,
}

/// An object that exists, as an engine has it in memory.
pub trait ObjectContext: Send + Sync {
    /// Fills memory from `off` on: how many bytes there were, fewer at the object's end. `None`,
    /// with anything in the memory, when an operation has to tell: the object is not as it was,
    /// operations before this one come first, the disk would have to be waited for, something
    /// fails.
    fn read(&self, off: u64, memory: &mut [u8]) -> Option<usize>;

    /// Whether the object is still as it was.
    fn is_current(&self) -> bool;
}

/// A connected cluster: a real one, or a directory. Made by [`crate::connect`].
///
/// Futures do their first work when polled. A method that returns a value at once answers from the
/// map this client has.
pub trait Engine: Send + Sync {
    /// Runs an operation on one object; `done` gets the reply, maybe before this returns.
    /// Operations of one caller on one object take effect in the order of their submission. What
    /// is lent ([`super::Payload::keep`]) is not looked at after this returns.
    fn submit(&self, op: ObjectOp, done: Done);

    /// Makes durable what was acknowledged with [`super::Durability::OnFlush`] in a pool, by any
    /// handle of this process. `done` may be called before this returns.
    fn flush(&self, pool: PoolId, done: Box<dyn FnOnce(Result<()>) + Send>);

    /// Whether it acknowledges a write with [`super::Durability::OnFlush`] before it is durable. An
    /// image acknowledges writes ahead of an engine that does not.
    fn keeps_writes(&self) -> bool {
        false
    }

    /// Whether it has objects in memory, for reads without an operation.
    fn has_object_contexts(&self) -> bool {
        false
    }

    /// What it has in memory of an object's head, or of the object at a snapshot: `None` of one
    /// that was not looked at lately, or does not exist.
    fn object_context(&self, _target: &Target, _snap: SnapId) -> Option<Arc<dyn ObjectContext>> {
        None
    }

    /// The cluster's id.
    fn fsid(&self) -> Uuid;
    /// This client's number in the cluster.
    fn instance_id(&self) -> u64;
    /// This client's address as blocklists take it, such as `127.0.0.1:0/3141592653`.
    fn addrs(&self) -> String;

    /// All pools, by number.
    fn pools(&self) -> Result<Vec<(PoolId, String)>>;
    /// A pool by name; `-ENOENT`.
    fn pool_by_name(&self, name: &str) -> Result<PoolId>;
    /// A pool by number; `-ENOENT`.
    fn pool(&self, id: PoolId) -> Result<PoolInfo>;
    /// Waits until the map this client has is as new as the cluster's.
    fn wait_for_latest_map(&self) -> Pending<'_, ()>;

    /// Makes a pool with a crush rule (`None`: the default); `-EEXIST`.
    fn pool_create<'a>(&'a self, name: &'a str, crush_rule: Option<u8>) -> Pending<'a, PoolId>;
    /// Removes a pool and all in it; `-ENOENT`.
    fn pool_delete<'a>(&'a self, name: &'a str) -> Pending<'a, ()>;
    /// What pools hold, by name.
    fn pool_stats<'a>(&'a self, pools: &'a [PoolId]) -> Pending<'a, BTreeMap<PoolId, PoolStat>>;
    /// What the cluster holds.
    fn cluster_stat(&self) -> Pending<'_, ClusterStat>;

    /// Makes a pool snapshot; `-EEXIST`, `-EINVAL` in a pool of self-managed ones.
    fn pool_snap_create<'a>(&'a self, pool: PoolId, name: &'a str) -> Pending<'a, SnapId>;
    /// Removes a pool snapshot; `-ENOENT`.
    fn pool_snap_remove<'a>(&'a self, pool: PoolId, name: &'a str) -> Pending<'a, ()>;
    /// Gives out a number for a self-managed snapshot; `-EINVAL` in a pool with pool snapshots.
    fn selfmanaged_snap_create(&self, pool: PoolId) -> Pending<'_, SnapId>;
    /// Removes a self-managed snapshot: its clones are trimmed.
    fn selfmanaged_snap_remove(&self, pool: PoolId, snap: SnapId) -> Pending<'_, ()>;

    /// Enables an application on a pool; `-EPERM` unless `force` when it has another already.
    fn application_enable<'a>(
        &'a self,
        pool: PoolId,
        application: &'a str,
        force: bool,
    ) -> Pending<'a, ()>;
    /// Sets (or with `None` removes) metadata of a pool's application.
    fn application_set<'a>(
        &'a self,
        pool: PoolId,
        application: &'a str,
        key: &'a str,
        value: Option<&'a str>,
    ) -> Pending<'a, ()>;

    /// One answer of the placement group that holds the place `from`: objects there from it on,
    /// and where the next answer begins. `-ENOENT` without the pool, `-EINVAL` for a filter that is
    /// none and for a place of another pool.
    ///
    /// The group looks at no more than `max` versions of objects, at most 1024, and takes those
    /// that are heads, in the scope and through the filter: maybe none.
    fn list<'a>(&'a self, listing: &'a Listing, from: HObject, max: usize)
    -> Pending<'a, ListPage>;

    /// Watches an object; `-ENOENT`. `timeout`: `None` for `osd_client_watch_timeout`.
    fn watch(
        &self,
        target: Target,
        timeout: Option<Duration>,
        handler: Arc<dyn WatchHandler>,
    ) -> Pending<'_, WatchHandle>;
    /// Ends a watch; no call of its handler begins after this is done, but one may be under way
    /// ([`watch_flush`](Self::watch_flush)). `-ENOTCONN` if there is none.
    fn unwatch(&self, handle: WatchHandle) -> Pending<'_, ()>;
    /// How long ago the watch was last known to be alive; `-ENOTCONN` if it was lost.
    fn watch_check(&self, handle: WatchHandle) -> Result<Duration>;
    /// Waits until every handler call for notifications that have arrived is done.
    fn watch_flush(&self) -> Pending<'_, ()>;
    /// Notifies all watchers of an object and gathers their acknowledgements. After `timeout`
    /// (`None`: `client_notify_timeout`) the reply lists who did not answer; the caller then
    /// returns `-ETIMEDOUT`.
    fn notify(
        &self,
        target: Target,
        payload: Bytes,
        timeout: Option<Duration>,
    ) -> Pending<'_, NotifyReply>;
    /// Acknowledges a notification, with an answer for the notifier.
    fn notify_ack(
        &self,
        target: Target,
        notify_id: u64,
        handle: WatchHandle,
        payload: Bytes,
    ) -> Pending<'_, ()>;

    /// Sends a command: JSON texts (usually one), with input.
    fn command(
        &self,
        target: CommandTarget,
        command: Vec<String>,
        input: Bytes,
    ) -> Pending<'_, CommandReply>;
    /// Asks the monitor of this name for a sign of life: its health and status as JSON; `-ENOENT`.
    fn ping_monitor<'a>(&'a self, name: &'a str) -> Pending<'a, Bytes>;
    /// Keeps a client, by address, from writing.
    fn blocklist_add<'a>(&'a self, addr: &'a str, expiry: BlocklistExpiry) -> Pending<'a, ()>;

    /// Tells of every line of the cluster's log at this level or above from now on, in place of
    /// whom it told before; with `None`, nobody. `-EOPNOTSUPP` where there is no such log.
    fn monitor_log(&self, watch: Option<(LogLevel, LogHandler)>) -> Result<()> {
        match watch {
            None => Ok(()),
            Some(_) => Err(Errno::EOPNOTSUPP.because("this cluster keeps no log")),
        }
    }

    /// The oldest releases that OSDs and clients of this cluster may have
    /// (`rados_get_min_compatible_*`).
    fn min_compatible(&self) -> Result<MinCompatible>;
    /// Registers this process as a service of the cluster (`rados_service_register`).
    fn service_register<'a>(
        &'a self,
        service: &'a str,
        daemon: &'a str,
        metadata: BTreeMap<String, String>,
    ) -> Pending<'a, ()>;
    /// Updates its status.
    fn service_status(&self, status: BTreeMap<String, String>) -> Pending<'_, ()>;

    /// Ends the session: watches end, later calls fail with `-ENOTCONN` (operations: `-ESHUTDOWN`).
    fn shutdown(&self) -> Pending<'_, ()>;
}

/// Conveniences over every engine.
pub trait EngineExt: Engine {
    /// A pool by name, also one that is newer than the map this client has; `-ENOENT`.
    fn find_pool(&self, name: &str) -> impl Future<Output = Result<PoolId>> + Send {
        async move {
            match self.pool_by_name(name) {
                Err(error) if error == Errno::ENOENT => {
                    self.wait_for_latest_map().await?;
                    self.pool_by_name(name)
                }
                found => found,
            }
        }
    }

    /// What the map says of a pool, also of one that is newer than the map this client has;
    /// `-ENOENT`.
    fn find_pool_info(&self, id: PoolId) -> impl Future<Output = Result<PoolInfo>> + Send {
        async move {
            match self.pool(id) {
                Err(error) if error == Errno::ENOENT => {
                    self.wait_for_latest_map().await?;
                    self.pool(id)
                }
                found => found,
            }
        }
    }

    /// Lists objects from `from` up to `until`, `max` of them if there are so many; and where to go
    /// on. `-EINVAL` for ends in the wrong order and for a `max` of 0.
    ///
    /// As with the original library, nothing but the beginning is said to follow the end.
    fn list_range(
        &self,
        listing: &Listing,
        from: HObject,
        until: &HObject,
        max: usize,
    ) -> impl Future<Output = Result<ListPage>> + Send {
        async move {
            if max == 0 || (!until.max && from > *until) {
                return Err(Errno::EINVAL.because("a listing of nothing"));
            }
            let mut page = ListPage { entries: Vec::new(), next: from };
            if page.next.max {
                page.next = HObject::min();
                return Ok(page);
            }
            loop {
                let wanted = max - page.entries.len();
                let answer = self.list(listing, page.next, wanted).await?;
                let entries = &mut page.entries;
                page.next = take_part(entries, listing.pool, answer, until, wanted);
                if page.next == *until || page.entries.len() >= max {
                    return Ok(page);
                }
            }
        }
    }

    /// Runs an operation and awaits its reply, an error if the operation failed.
    fn run(&self, op: ObjectOp) -> impl Future<Output = Result<Reply>> + Send {
        let reply = self.run_raw(op);
        async { reply.await.ok() }
    }

    /// Runs an operation and awaits its reply, whatever it says.
    fn run_raw(&self, op: ObjectOp) -> impl Future<Output = Reply> + Send + use<Self> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.submit(
            op,
            Box::new(move |reply| {
                // The receiver is gone when the caller stopped waiting; nobody is left to tell.
                let _ = sender.send(reply);
            }),
        );
        async { receiver.await.unwrap_or_else(|_| Reply::error(Errno::ESHUTDOWN)) }
    }
}

impl<E: Engine + ?Sized> EngineExt for E {}
