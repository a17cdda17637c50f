//! Pools, objects, watches, and the trait.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::hold::Held;
use super::object::{Object, Run};
use crate::errno::{Errno, Result};
use crate::local::classes::{Caller, MethodFlags, flags};
use crate::model::*;
use crate::runtime;

type Key = (PoolId, Name, Name, Name);

#[derive(Default)]
struct World {
    pools: BTreeMap<PoolId, PoolInfo>,
    objects: BTreeMap<Key, Object>,
    version: u64,
    next: u64,
    watches: HashMap<WatchHandle, (Key, Arc<dyn WatchHandler>)>,
    notifies: HashMap<u64, mpsc::UnboundedSender<(u64, Bytes)>>,
}

/// An engine in memory.
pub(crate) struct MemoryEngine {
    world: Mutex<World>,
    caller: Caller,
    fsid: Uuid,
    pub(super) held: Mutex<Held>,
}

fn key(target: &Target) -> Key {
    let locator =
        if target.locator == target.name { Name::empty() } else { target.locator.clone() };
    (target.pool, target.namespace.clone(), target.name.clone(), locator)
}

fn method_of(op: &Op) -> Option<MethodFlags> {
    match op {
        Op::Call { class, method, .. } => flags(class, method).ok(),
        Op::CallNamed { class, method, .. } => flags(class, method).ok(),
        _ => None,
    }
}

impl MemoryEngine {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(MemoryEngine {
            world: Mutex::default(),
            caller: Caller { client: 4100, addr: "127.0.0.1:0/1".into() },
            fsid: Uuid::new_v4(),
            held: Mutex::default(),
        })
    }

    /// How many watches there are.
    pub(crate) fn watches(&self) -> usize {
        self.world.lock().watches.len()
    }

    pub(super) fn take_watches(&self) -> Vec<(WatchHandle, Arc<dyn WatchHandler>)> {
        let watches = std::mem::take(&mut self.world.lock().watches);
        watches.into_iter().map(|(handle, (_, handler))| (handle, handler)).collect()
    }

    pub(super) fn execute(&self, op: ObjectOp) -> Reply {
        let mut world = self.world.lock();
        let world = &mut *world;
        let Some(pool) = world.pools.get(&op.target.pool) else {
            return Reply::refuse(op, Errno::ENOENT);
        };
        let key = key(&op.target);
        let mut object = world.objects.get(&key).cloned().unwrap_or_default();
        let (at, context) = match &op.snap {
            SnapSpec::At(snap) => (*snap, None),
            SnapSpec::Under(context) => (SnapId::HEAD, Some(Arc::clone(context))),
        };
        let context = match (context, pool.snaps.is_empty()) {
            (Some(_), false) => Some(Arc::new(SnapContext {
                seq: pool.snap_seq,
                snaps: pool.snaps.keys().rev().copied().collect(),
            })),
            (context, _) => context,
        };
        if context.as_ref().is_some_and(|context| !context.is_valid()) {
            return Reply::error(Errno::EINVAL);
        }
        let writes = context.is_some()
            || op.steps.iter().any(|step| method_of(&step.op).is_some_and(|flags| flags.write));
        let before = object.head.as_ref().map_or(0, |head| head.version);
        if let Some(context) = &context {
            object.clone_for(context);
        } else if !writes && !object.is_seen(at) {
            return Reply::refuse(op, Errno::ENOENT);
        }
        let watchers = world
            .watches
            .iter()
            .filter(|(_, (watched, _))| *watched == key)
            .map(|(handle, _)| WatcherInfo {
                addr: self.caller.addr.clone(),
                client: self.caller.client as i64,
                cookie: handle.0,
                timeout: Duration::from_secs(30),
            })
            .collect();
        let snap = object.at(at).cloned();
        let at_snap = at != SnapId::HEAD && at != SnapId::DIR;
        let now = op.mtime.unwrap_or_else(SystemTime::now);
        let mut run =
            Run { object: &mut object, caller: &self.caller, now, watchers, before, snap, at_snap };
        let mut reply = Reply { result: 0, version: before, steps: Default::default() };
        for Step { op, flags } in op.steps {
            let (result, out) = run.step(op).unwrap_or_else(|error| (error.to_c(), Out::None));
            reply.steps.push(StepReply { result, out });
            if result < 0 && !flags.contains(OpFlags::FAILOK) {
                reply.result = result;
                return reply;
            }
            if result > 0 && !writes {
                reply.result = reply.result.max(0);
            }
        }
        if writes {
            world.version += 1;
            reply.version = world.version;
            if let Some(head) = &mut object.head {
                head.version = world.version;
                head.mtime = Some(now);
            }
            match object.head.is_none() && object.clones.is_empty() {
                true => drop(world.objects.remove(&key)),
                false => drop(world.objects.insert(key, object)),
            }
        }
        reply
    }

    fn pool_mut<T>(
        &self,
        id: PoolId,
        change: impl FnOnce(&mut PoolInfo) -> Result<T>,
    ) -> Result<T> {
        change(self.world.lock().pools.get_mut(&id).ok_or(Errno::ENOENT)?)
    }

    fn trim(&self, pool: PoolId, snap: u64) {
        let mut world = self.world.lock();
        world.objects.retain(|key, object| {
            if key.0 == pool {
                object.clones.iter_mut().for_each(|clone| clone.snaps.retain(|s| *s != snap));
                object.clones.retain(|clone| !clone.snaps.is_empty());
            }
            object.head.is_some() || !object.clones.is_empty()
        });
    }
}

fn pending<'a, T: Send + 'a>(result: Result<T>) -> Pending<'a, T> {
    Box::pin(async { result })
}

fn position(namespace: &Name, locator: &Name, name: &Name) -> u32 {
    let key = if locator.is_empty() { name } else { locator };
    let mut hash = 2_166_136_261u32;
    for byte in namespace.as_bytes().iter().chain(key.as_bytes()) {
        hash = (hash ^ u32::from(*byte)).wrapping_mul(16_777_619);
    }
    hash
}

impl Engine for MemoryEngine {
    fn submit(&self, op: ObjectOp, done: Done) {
        if let Some((op, done)) = self.hold_back(op, done) {
            done(self.execute(op));
        }
    }

    fn flush(&self, _pool: PoolId, done: Box<dyn FnOnce(Result<()>) + Send>) {
        done(Ok(()));
    }

    fn fsid(&self) -> Uuid {
        self.fsid
    }

    fn instance_id(&self) -> u64 {
        self.caller.client
    }

    fn addrs(&self) -> String {
        self.caller.addr.clone()
    }

    fn pools(&self) -> Result<Vec<(PoolId, String)>> {
        Ok(self.world.lock().pools.values().map(|pool| (pool.id, pool.name.clone())).collect())
    }

    fn pool_by_name(&self, name: &str) -> Result<PoolId> {
        let world = self.world.lock();
        let found = world.pools.values().find(|pool| pool.name == name);
        Ok(found.ok_or(Errno::ENOENT)?.id)
    }

    fn pool(&self, id: PoolId) -> Result<PoolInfo> {
        Ok(self.world.lock().pools.get(&id).ok_or(Errno::ENOENT)?.clone())
    }

    fn wait_for_latest_map(&self) -> Pending<'_, ()> {
        pending(Ok(()))
    }

    fn pool_create<'a>(&'a self, name: &'a str, _rule: Option<u8>) -> Pending<'a, PoolId> {
        if self.pool_by_name(name).is_ok() {
            return pending(Err(Errno::EEXIST.into()));
        }
        let mut world = self.world.lock();
        let id = PoolId(world.pools.keys().last().map_or(1, |last| last.0 + 1));
        world.pools.insert(
            id,
            PoolInfo {
                id,
                name: name.to_owned(),
                requires_alignment: false,
                stripe_width: 0,
                full: false,
                snap_seq: 0,
                snaps: BTreeMap::new(),
                selfmanaged_snaps: false,
                applications: BTreeMap::new(),
                pg_num: 32,
                base_tier: None,
            },
        );
        pending(Ok(id))
    }

    fn pool_delete<'a>(&'a self, name: &'a str) -> Pending<'a, ()> {
        pending(self.pool_by_name(name).map(|id| {
            let mut world = self.world.lock();
            world.pools.remove(&id);
            world.objects.retain(|key, _| key.0 != id);
        }))
    }

    fn pool_stats<'a>(&'a self, pools: &'a [PoolId]) -> Pending<'a, BTreeMap<PoolId, PoolStat>> {
        let world = self.world.lock();
        let stats = pools.iter().map(|pool| {
            let mut stat = PoolStat::default();
            for (_, object) in world.objects.iter().filter(|(key, _)| key.0 == *pool) {
                stat.objects += 1 + object.clones.len() as u64;
                stat.bytes += object.head.as_ref().map_or(0, |head| head.data.len() as u64);
            }
            (*pool, stat)
        });
        pending(Ok(stats.collect()))
    }

    fn cluster_stat(&self) -> Pending<'_, ClusterStat> {
        let objects = self.world.lock().objects.len() as u64;
        pending(Ok(ClusterStat { kb: 1 << 30, kb_used: 0, kb_avail: 1 << 30, objects }))
    }

    fn pool_snap_create<'a>(&'a self, pool: PoolId, name: &'a str) -> Pending<'a, SnapId> {
        pending(self.pool_mut(pool, |pool| {
            if pool.selfmanaged_snaps {
                return Err(Errno::EINVAL.into());
            }
            if pool.snap_by_name(name).is_some() {
                return Err(Errno::EEXIST.into());
            }
            pool.snap_seq += 1;
            pool.snaps.insert(pool.snap_seq, (name.to_owned(), SystemTime::now()));
            Ok(SnapId(pool.snap_seq))
        }))
    }

    fn pool_snap_remove<'a>(&'a self, pool: PoolId, name: &'a str) -> Pending<'a, ()> {
        let removed = self.pool_mut(pool, |pool| {
            let snap = pool.snap_by_name(name).ok_or(Errno::ENOENT)?;
            pool.snaps.remove(&snap.0);
            Ok(snap.0)
        });
        pending(removed.map(|snap| self.trim(pool, snap)))
    }

    fn selfmanaged_snap_create(&self, pool: PoolId) -> Pending<'_, SnapId> {
        pending(self.pool_mut(pool, |pool| {
            if !pool.snaps.is_empty() {
                return Err(Errno::EINVAL.into());
            }
            pool.selfmanaged_snaps = true;
            pool.snap_seq += 1;
            Ok(SnapId(pool.snap_seq))
        }))
    }

    fn selfmanaged_snap_remove(&self, pool: PoolId, snap: SnapId) -> Pending<'_, ()> {
        self.trim(pool, snap.0);
        pending(Ok(()))
    }

    fn application_enable<'a>(
        &'a self,
        pool: PoolId,
        application: &'a str,
        force: bool,
    ) -> Pending<'a, ()> {
        pending(self.pool_mut(pool, |pool| {
            if !pool.applications.is_empty()
                && !pool.applications.contains_key(application)
                && !force
            {
                return Err(Errno::EPERM.into());
            }
            pool.applications.entry(application.to_owned()).or_default();
            Ok(())
        }))
    }

    fn application_set<'a>(
        &'a self,
        pool: PoolId,
        application: &'a str,
        key: &'a str,
        value: Option<&'a str>,
    ) -> Pending<'a, ()> {
        pending(self.pool_mut(pool, |pool| {
            let metadata = pool.applications.get_mut(application).ok_or(Errno::ENOENT)?;
            match value {
                Some(value) => drop(metadata.insert(key.to_owned(), value.to_owned())),
                None => drop(metadata.remove(key).ok_or(Errno::ENOENT)?),
            }
            Ok(())
        }))
    }

    fn list<'a>(
        &'a self,
        listing: &'a Listing,
        from: HObject,
        max: usize,
    ) -> Pending<'a, ListPage> {
        let world = self.world.lock();
        let mut found: Vec<(HObject, ListEntry)> = world
            .objects
            .iter()
            .filter(|(key, object)| key.0 == listing.pool && object.head.is_some())
            .filter(|(key, _)| match &listing.scope {
                ListScope::All => true,
                ListScope::Namespace(namespace) => key.1 == *namespace,
            })
            .map(|((pool, namespace, name, locator), _)| {
                let hash = position(namespace, locator, name);
                let (namespace, locator) = (namespace.clone(), locator.clone());
                let entry = ListEntry { namespace, locator, name: name.clone(), hash };
                (HObject::of(*pool, &entry, SnapId::HEAD), entry)
            })
            .filter(|(at, _)| *at >= from)
            .collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let next = found.get(max).map_or(HObject::max(), |(at, _)| at.clone());
        let entries = found.into_iter().take(max).map(|(_, entry)| entry).collect();
        pending(Ok(ListPage { entries, next }))
    }

    fn watch(
        &self,
        target: Target,
        _timeout: Option<Duration>,
        handler: Arc<dyn WatchHandler>,
    ) -> Pending<'_, WatchHandle> {
        if let Some(errno) = self.watch_refusal() {
            return pending(Err(errno.into()));
        }
        let key = key(&target);
        let mut world = self.world.lock();
        if world.objects.get(&key).is_none_or(|object| object.head.is_none()) {
            return pending(Err(Errno::ENOENT.into()));
        }
        world.next += 1;
        let handle = WatchHandle(world.next);
        world.watches.insert(handle, (key, handler));
        pending(Ok(handle))
    }

    fn unwatch(&self, handle: WatchHandle) -> Pending<'_, ()> {
        let found = self.world.lock().watches.remove(&handle);
        pending(found.map(drop).ok_or_else(|| Errno::ENOTCONN.into()))
    }

    fn watch_check(&self, handle: WatchHandle) -> Result<Duration> {
        match self.world.lock().watches.contains_key(&handle) {
            true => Ok(Duration::ZERO),
            false => Err(Errno::ENOTCONN.into()),
        }
    }

    fn watch_flush(&self) -> Pending<'_, ()> {
        pending(Ok(()))
    }

    fn notify(
        &self,
        target: Target,
        payload: Bytes,
        timeout: Option<Duration>,
    ) -> Pending<'_, NotifyReply> {
        Box::pin(async move {
            let (sender, mut acks) = mpsc::unbounded_channel();
            let (notify_id, handlers) = {
                let mut world = self.world.lock();
                let key = key(&target);
                if !world.objects.contains_key(&key) {
                    return Err(Errno::ENOENT.into());
                }
                world.next += 1;
                let id = world.next;
                world.notifies.insert(id, sender);
                let watches = world.watches.iter().filter(|(_, (watched, _))| *watched == key);
                let handlers: Vec<_> =
                    watches.map(|(handle, (_, handler))| (*handle, Arc::clone(handler))).collect();
                (id, handlers)
            };
            let mut waiting: Vec<u64> = Vec::new();
            for (handle, handler) in handlers {
                waiting.push(handle.0);
                let (notifier, payload) = (self.caller.client, payload.clone());
                runtime::spawn(async move {
                    handler.notified(Notification { notify_id, handle, notifier, payload });
                });
            }
            let mut reply = NotifyReply::default();
            let deadline = tokio::time::Instant::now() + timeout.unwrap_or(Duration::from_secs(10));
            while !waiting.is_empty() {
                match tokio::time::timeout_at(deadline, acks.recv()).await {
                    Ok(Some((cookie, answer))) => {
                        waiting.retain(|waiter| *waiter != cookie);
                        reply.acks.push((self.caller.client, cookie, answer));
                    }
                    _ => break,
                }
            }
            self.world.lock().notifies.remove(&notify_id);
            reply.timeouts = waiting.into_iter().map(|c| (self.caller.client, c)).collect();
            Ok(reply)
        })
    }

    fn notify_ack(
        &self,
        _target: Target,
        notify_id: u64,
        handle: WatchHandle,
        payload: Bytes,
    ) -> Pending<'_, ()> {
        if let Some(sender) = self.world.lock().notifies.get(&notify_id) {
            let _ = sender.send((handle.0, payload));
        }
        pending(Ok(()))
    }

    fn command(
        &self,
        _target: CommandTarget,
        _command: Vec<String>,
        _input: Bytes,
    ) -> Pending<'_, CommandReply> {
        pending(Err(Errno::EOPNOTSUPP.into()))
    }

    fn ping_monitor<'a>(&'a self, _name: &'a str) -> Pending<'a, Bytes> {
        pending(Err(Errno::EOPNOTSUPP.into()))
    }

    fn blocklist_add<'a>(&'a self, _addr: &'a str, _expiry: BlocklistExpiry) -> Pending<'a, ()> {
        pending(Ok(()))
    }

    fn min_compatible(&self) -> Result<crate::model::MinCompatible> {
        Ok(crate::model::MinCompatible { osd: 16, client: 10, required_client: 12 })
    }

    fn service_register<'a>(
        &'a self,
        _service: &'a str,
        _daemon: &'a str,
        _metadata: BTreeMap<String, String>,
    ) -> Pending<'a, ()> {
        pending(Ok(()))
    }

    fn service_status(&self, _status: BTreeMap<String, String>) -> Pending<'_, ()> {
        pending(Ok(()))
    }

    fn shutdown(&self) -> Pending<'_, ()> {
        self.world.lock().watches.clear();
        pending(Ok(()))
    }
}
