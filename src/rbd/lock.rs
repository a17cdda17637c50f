//! The exclusive lock of an image: who may write, and how clients hand it on.
//!
//! ```text
//!            first write, or rbd_lock_acquire
//!   Unlocked --------------------------------> Locked: the object map is open
//!      ^   \-- held by a live client: ask it (RequestLock), wait for ReleasedLock, try again
//!      |    \- held by a dead one (no such watcher): blocklist it, break its lock, try again
//!      \-------- RequestLock, rbd_lock_release, close: writes and operations end, flush
//! ```
//!
//! The lock is `rbd_lock` of the class `lock` on the header, exclusive, tag `internal`, cookie
//! `auto <watch>`: the watch tells whether its owner lives.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedRwLockReadGuard, RwLock};

use super::image::Image;
use super::message::{ClientId, Message};
use super::object_map::OpenMap;
use super::{Features, Pool};
use crate::cls::Method;
use crate::cls::lock::{
    AssertLocked, BreakLock, EntityName, GetInfo, Lock, LockType, SetCookie, Unlock,
};
use crate::cls::rbd::names::EXCLUSIVE_LOCK;
use crate::conf::Settings as _;
use crate::errno::{Errno, Result};
use crate::model::{
    BlocklistExpiry, EngineExt, Notification, ObjectOp, Op, Out, SnapId, WatchHandle,
};

const TAG: &str = "internal";
/// How long a peer that asked for the lock is given to take it.
const COURTESY: Duration = Duration::from_millis(100);
/// How long to wait before asking again an owner that could not answer.
const RETRY: Duration = Duration::from_secs(1);
/// How long a lost watch may take to be made again before requests that need the lock fail.
const REWATCH: Duration = Duration::from_secs(30);

/// The state of the lock.
pub(super) struct ExclusiveLock {
    /// Held while the lock changes hands. What it protects: the cookie the lock is held under.
    transition: tokio::sync::Mutex<Option<String>>,
    /// Whether the lock is held, to be read without waiting.
    held: AtomicBool,
    /// Who is known to own the lock.
    owner: Mutex<ClientId>,
    /// Signalled when a peer says that it has, or no longer has, the lock.
    peer: Notify,
    /// Held while an operation relies on the lock; taken whole to give the lock up.
    operations: Arc<RwLock<()>>,
    /// The program has taken the lock itself: it is not given up when a peer asks.
    manual: AtomicBool,
    /// The lock was last given up because a peer asked: it is let through before the lock is taken
    /// again.
    yielded: AtomicBool,
    /// The peer that last asked for the lock, if it has not taken it since.
    passed_over: Mutex<ClientId>,
}

/// Who holds an image's lock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LockOwner {
    /// The client.
    pub client: EntityName,
    /// Its cookie.
    pub cookie: String,
    /// Its address, as blocklists take it.
    pub address: String,
    handle: u64,
}

/// The lock is held at least as long as this lives.
pub(super) struct Owned {
    _operations: Option<OwnedRwLockReadGuard<()>>,
}

impl ExclusiveLock {
    pub(super) fn new() -> Self {
        ExclusiveLock {
            transition: tokio::sync::Mutex::new(None),
            held: AtomicBool::new(false),
            owner: Mutex::new(ClientId::default()),
            peer: Notify::new(),
            operations: Arc::new(RwLock::new(())),
            manual: AtomicBool::new(false),
            yielded: AtomicBool::new(false),
            passed_over: Mutex::new(ClientId::default()),
        }
    }

    pub(super) fn is_held(&self) -> bool {
        self.held.load(Ordering::Acquire)
    }

    pub(super) fn is_manual(&self) -> bool {
        self.manual.load(Ordering::Relaxed)
    }

    /// Another client says that it took the lock, or gave it up (`ClientId::default()`).
    pub(super) fn peer_owns(&self, client: ClientId) {
        if client.is_valid() {
            *self.passed_over.lock() = ClientId::default();
        }
        *self.owner.lock() = client;
        self.peer.notify_waiters();
    }

    pub(super) fn owner(&self) -> ClientId {
        *self.owner.lock()
    }
}

impl Image {
    /// Whether this client holds the image's lock, as the header says: it may have been broken.
    pub async fn is_lock_owner(&self) -> Result<bool> {
        let cookie = self.lock.transition.lock().await.clone();
        let Some(cookie) = cookie else { return Ok(false) };
        let step = AssertLocked {
            name: EXCLUSIVE_LOCK.into(),
            lock_type: LockType::Exclusive,
            cookie,
            tag: TAG.into(),
        };
        let op = ObjectOp::read(self.pool().header(self.id())).then(step.call());
        match self.pool().engine.run(op).await {
            Err(error) if error == Errno::EBUSY || error == Errno::ENOENT => Ok(false),
            result => result.map(|_| true),
        }
    }

    /// Takes the lock for the program, which then keeps it until it releases it:
    /// `rbd_lock_acquire`. `-EINVAL` without the feature, `-EROFS` if the owner will not give it
    /// up.
    pub async fn acquire_lock(&self) -> Result<()> {
        if !self.has_lock() {
            return Err(Errno::EINVAL.because("the exclusive lock feature is not enabled"));
        }
        self.lock.manual.store(true, Ordering::Relaxed);
        self.acquire(true).await.map(drop)
    }

    /// Gives up the lock: `rbd_lock_release`. `-EINVAL` if it is not held.
    pub async fn give_up_lock(&self) -> Result<()> {
        if !self.lock.is_held() {
            return Err(Errno::EINVAL.because("not the owner of the lock"));
        }
        self.release_lock().await
    }

    /// The owner of the lock, alive or not; `-ENOENT` if there is none, `-EBUSY` if it is held in a
    /// way that is not ours, `-EINVAL` without the feature.
    pub async fn lock_owner(&self) -> Result<LockOwner> {
        if !self.has_lock() {
            return Err(Errno::EINVAL.because("the exclusive lock feature is not enabled"));
        }
        read_owner(self.pool(), self.id()).await
    }

    /// Breaks the lock of the client at this address and blocklists it: `rbd_lock_break`. `-EBUSY`
    /// if another holds it, or this client; `-ENOENT` if nobody does; `-EROFS` on a read-only
    /// image.
    pub async fn break_lock_of(&self, address: &str) -> Result<()> {
        if self.is_read_only() {
            return Err(Errno::EROFS.because("the image is read-only"));
        }
        let owner = self.lock_owner().await?;
        if self.lock.is_held() {
            return Err(Errno::EBUSY.because("this client owns the lock"));
        }
        if owner.address != address {
            return Err(Errno::EBUSY.because(format!("{} owns the lock", owner.address)));
        }
        self.break_lock(&owner, true).await
    }

    /// The lock for requests that write. `-EROFS` where the program manages the lock itself.
    pub(super) async fn acquire_for_io(&self) -> Result<()> {
        let auto = !self.lock.is_manual()
            && self.config().bool("rbd_auto_exclusive_lock_until_manual_request");
        match self.lock.is_held() || auto {
            true => self.acquire(true).await.map(drop),
            false => Err(self.not_owner()),
        }
    }

    /// Why what needs the lock fails without it.
    pub(super) fn not_owner(&self) -> crate::errno::Error {
        match self.watch.is_blocklisted() {
            true => Errno::ESHUTDOWN.because("this client is blocklisted"),
            false => Errno::EROFS.because("another client owns the lock"),
        }
    }

    /// Takes the lock. When a live client holds it, asks for it if `wait`, else returns `false`.
    pub(super) async fn acquire(&self, wait: bool) -> Result<bool> {
        loop {
            // Before looking, so that a release in between is not missed.
            let peer = self.lock.peer.notified();
            tokio::pin!(peer);
            peer.as_mut().enable();
            if self.lock.yielded.swap(false, Ordering::Relaxed) {
                let _ = tokio::time::timeout(COURTESY, peer).await;
                continue;
            }
            if self.gate.is_closed() {
                return Err(Errno::ESHUTDOWN.into());
            }
            // The lock bears the watch's number.
            let _ = tokio::time::timeout(REWATCH, self.watch.made()).await;
            if self.try_acquire().await? {
                return Ok(true);
            }
            if !wait {
                return Ok(false);
            }
            let client = self.client_id()?;
            let pause = match self.notify_owner(Message::RequestLock { client, force: false }).await
            {
                Ok(()) => self.pool().config.duration("client_notify_timeout"),
                // The owner is dead: see whether its lock can be broken.
                Err(error) if error == Errno::ETIMEDOUT => Duration::from_millis(10),
                Err(error) if error == Errno::EROFS => return Err(error),
                Err(_) => RETRY,
            };
            let _ = tokio::time::timeout(pause, peer).await;
        }
    }

    /// One attempt: whether the lock is held now. `false`: a live client has it.
    async fn try_acquire(&self) -> Result<bool> {
        let mut cookie = self.lock.transition.lock().await;
        if cookie.is_some() || !self.has_lock() {
            return Ok(true);
        }
        let handle = self.watch.handle().ok_or_else(|| self.not_owner())?;
        let wanted = cookie_of(handle);
        loop {
            let owner = match read_owner(self.pool(), self.id()).await {
                Err(error) if error == Errno::ENOENT => None,
                Err(error) if error == Errno::EBUSY => return Err(error),
                owner => Some(owner?),
            };
            let lock = Lock {
                name: EXCLUSIVE_LOCK.into(),
                lock_type: LockType::Exclusive,
                cookie: wanted.clone(),
                tag: TAG.into(),
                ..Lock::default()
            };
            let op = ObjectOp::write(self.pool().header(self.id())).then(lock.call());
            match self.pool().engine.run(op).await {
                Err(error) if error == Errno::EBUSY => {}
                Err(error) => return Err(error),
                Ok(_) => break,
            }
            // `None`: taken since we looked.
            if let Some(owner) = owner {
                match self.break_lock(&owner, false).await {
                    Err(error) if error == Errno::EAGAIN => return Ok(false),
                    result => result?,
                }
            }
        }
        *cookie = Some(wanted);
        if let Err(error) = self.acquired().await {
            self.unlock(&mut cookie).await;
            return Err(error);
        }
        Ok(true)
    }

    /// The lock was taken: brings the view up to date and opens the object map.
    async fn acquired(&self) -> Result<()> {
        log::debug!(target: "rbd:5", "took the lock of image {}", self.id());
        self.refresh_if_required().await?;
        self.open_head_map().await?;
        self.lock.held.store(true, Ordering::Release);
        self.gate.set_lock_missing(false, false);
        if let Ok(client) = self.client_id() {
            *self.lock.owner.lock() = client;
            self.notify_soon(Message::AcquiredLock(client));
        }
        Ok(())
    }

    /// Opens the head's object map if the image has one and it is not open.
    pub(super) async fn open_head_map(&self) -> Result<()> {
        let view = self.view();
        if !view.has(Features::OBJECT_MAP) || view.object_map.is_some() {
            return Ok(());
        }
        match OpenMap::open(self.pool(), self.id(), &view.header, SnapId::HEAD).await {
            Ok(map) => self.change_view(|view| view.object_map = Some(map)),
            Err(error) if error == Errno::EFBIG => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Gives up the lock if it is held: ends writes and operations, makes durable what was written,
    /// closes the object map, and tells the others.
    pub(super) async fn release_lock(&self) -> Result<()> {
        let mut cookie = self.lock.transition.lock().await;
        if cookie.is_none() {
            return Ok(());
        }
        log::debug!(target: "rbd:5", "giving up the lock of image {}", self.id());
        self.gate.set_lock_missing(self.has_lock(), false);
        let _none = self.lock.operations.write().await;
        self.gate.drained().await;
        if let Err(error) = self.flush_store().await {
            log::error!(target: "rbd", "flushing image {}: {error}", self.id());
        }
        let map = self.view().object_map.clone();
        self.change_view(|view| {
            if view.snap == SnapId::HEAD {
                view.object_map = None;
            }
        });
        if let Some(map) = map {
            map.close().await;
        }
        self.unlock(&mut cookie).await;
        if let Ok(client) = self.client_id() {
            *self.lock.owner.lock() = ClientId::default();
            // Heard by all before this client may take the lock again.
            let _ = self.notify_all(Message::ReleasedLock(client)).await;
        }
        drop(cookie);
        self.pump();
        Ok(())
    }

    async fn unlock(&self, cookie: &mut Option<String>) {
        self.lock.held.store(false, Ordering::Release);
        let Some(cookie) = cookie.take() else { return };
        let unlock = Unlock { name: EXCLUSIVE_LOCK.into(), cookie };
        let op = ObjectOp::write(self.pool().header(self.id())).then(unlock.call());
        if let Err(error) = self.pool().engine.run(op).await
            && error != Errno::ENOENT
        {
            log::warn!(target: "rbd", "unlocking image {}: {error}", self.id());
        }
    }

    /// Keeps the lock from being given up while an operation runs. `None` when it is not held.
    pub(super) async fn own(&self) -> Option<Owned> {
        if !self.has_lock() {
            return Some(Owned { _operations: None });
        }
        let operations = Arc::clone(&self.lock.operations).read_owned().await;
        self.lock.is_held().then_some(Owned { _operations: Some(operations) })
    }

    /// Breaks a lock unless its owner lives (`-EAGAIN`; not asked with `force`), after blocklisting
    /// it.
    async fn break_lock(&self, owner: &LockOwner, force: bool) -> Result<()> {
        let header = self.pool().header(self.id());
        let op = ObjectOp::read(header.clone()).then(Op::ListWatchers);
        let Out::Watchers(watchers) = self.pool().engine.run(op).await?.take(0) else {
            return Err(Errno::EBADMSG.because("no list of watchers"));
        };
        let alive = |w: &crate::model::WatcherInfo| {
            w.cookie == owner.handle && bare(&w.addr) == bare(&owner.address)
        };
        if !force && watchers.iter().any(alive) {
            return Err(Errno::EAGAIN.because("the owner of the lock is alive"));
        }
        match self.lock_owner().await {
            Err(error) if error == Errno::ENOENT => return Ok(()),
            Err(error) if error != Errno::EBUSY => return Err(error),
            Ok(now) if now == *owner => {}
            _ => return Err(Errno::EAGAIN.because("the lock has another owner by now")),
        }
        let config = self.config();
        if config.bool("rbd_blocklist_on_break_lock") {
            if owner.client == EntityName::client(self.pool().engine.instance_id()) {
                return Err(Errno::EINVAL.because("this client's own lock"));
            }
            let expiry = match config.u64("rbd_blocklist_expire_seconds") {
                0 => BlocklistExpiry::Default,
                seconds => BlocklistExpiry::After(Duration::from_secs(seconds)),
            };
            let engine = &self.pool().engine;
            engine.blocklist_add(bare(&owner.address), expiry).await?;
            engine.wait_for_latest_map().await?;
        }
        log::info!(target: "rbd", "breaking the lock of {} on {}", owner.address, self.id());
        let step = BreakLock {
            name: EXCLUSIVE_LOCK.into(),
            locker: owner.client,
            cookie: owner.cookie.clone(),
        };
        match self.pool().engine.run(ObjectOp::write(header).then(step.call())).await {
            Err(error) if error != Errno::ENOENT => Err(error),
            _ => Ok(()),
        }
    }

    /// The watch was registered anew: the lock's cookie has to name it.
    pub(super) async fn rewatched(&self, handle: WatchHandle) -> Result<()> {
        let mut cookie = self.lock.transition.lock().await;
        let Some(old) = cookie.clone() else { return Ok(()) };
        let new = cookie_of(handle);
        let step = SetCookie {
            name: EXCLUSIVE_LOCK.into(),
            lock_type: LockType::Exclusive,
            cookie: old,
            tag: TAG.into(),
            new_cookie: new.clone(),
        };
        let op = ObjectOp::write(self.pool().header(self.id())).then(step.call());
        self.pool().engine.run(op).await?;
        *cookie = Some(new);
        if let Ok(client) = self.client_id() {
            *self.lock.owner.lock() = client;
            self.notify_soon(Message::AcquiredLock(client));
        }
        Ok(())
    }

    /// The lock feature was switched while the image is open.
    pub(super) fn lock_feature_changed(&self, had: bool, has: bool) {
        if had == has {
            return;
        }
        self.gate.set_lock_missing(has && !self.lock.is_held(), false);
        if let (false, true, Some(this)) = (has, self.lock.is_held(), self.this()) {
            crate::runtime::spawn(async move {
                // Another change may have come first, after which the lock is wanted again.
                if !this.has_lock()
                    && let Err(error) = this.release_lock().await
                {
                    log::warn!(target: "rbd", "releasing the lock: {error}");
                }
            });
        }
    }

    /// A peer asks for the lock: it is answered, with 0 when the lock will be given up and `-EROFS`
    /// when not.
    ///
    /// One that asks again may not hear that the lock is given up for it: Ceph's own clients do not
    /// while they close an image with unwritten data (measured on 16.2.15). It is answered like
    /// somebody who asks when nobody has the lock, and when that is so: then it tries by itself.
    pub(super) fn lock_requested(&self, client: ClientId, notification: Notification) {
        let Some(this) = self.this() else { return self.acknowledge(&notification, None) };
        if self.lock.is_manual() {
            return self.acknowledge(&notification, Some(Errno::EROFS.to_c()));
        }
        self.lock.yielded.store(true, Ordering::Relaxed);
        let hears = std::mem::replace(&mut *self.lock.passed_over.lock(), client) != client;
        if hears {
            self.acknowledge(&notification, Some(0));
        }
        crate::runtime::spawn(async move {
            if let Err(error) = this.release_lock().await {
                log::warn!(target: "rbd", "handing over the lock: {error}");
            }
            if !hears {
                this.acknowledge(&notification, None);
            }
        });
    }
}

/// Reads who holds the lock. `-ENOENT`: nobody; `-EBUSY`: someone, but not in our way.
async fn read_owner(pool: &Pool, image_id: &str) -> Result<LockOwner> {
    let step = GetInfo { name: EXCLUSIVE_LOCK.into() };
    let op = ObjectOp::read(pool.header(image_id)).then(step.call());
    let info = GetInfo::reply(&pool.engine.run(op).await?.take_data(0))?;
    let Some((id, locker)) = info.lockers.first_key_value() else {
        return Err(Errno::ENOENT.because("nobody holds the lock"));
    };
    let foreign = || Errno::EBUSY.because("the lock is held by something else");
    if info.tag != TAG || !info.lock_type.is_exclusive() || locker.addr.socket.is_none() {
        return Err(foreign());
    }
    let handle = id.cookie.strip_prefix("auto ").and_then(|handle| handle.parse().ok());
    Ok(LockOwner {
        client: id.locker,
        cookie: id.cookie.clone(),
        address: bare(&locker.addr.to_string()).to_owned(),
        handle: handle.ok_or_else(foreign)?,
    })
}

fn cookie_of(handle: WatchHandle) -> String {
    format!("auto {}", handle.0)
}

/// An address without the kind that newer clients put before it.
fn bare(address: &str) -> &str {
    ["v1:", "v2:", "any:"].iter().find_map(|kind| address.strip_prefix(kind)).unwrap_or(address)
}
