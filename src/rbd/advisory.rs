//! Advisory locks on images (`rbd_lock_exclusive`, `rbd_lock_shared`): they stop nobody but those
//! who ask for the same lock. They share their place with the lock of the feature exclusive-lock.

use std::sync::Arc;
use std::time::Duration;

use super::{Image, calls, snapshot};
use crate::cls::UTime;
use crate::cls::lock::{BreakLock, EntityName, GetInfo, Lock, LockType, Unlock};
use crate::cls::rbd::names::EXCLUSIVE_LOCK;
use crate::conf::Settings;
use crate::errno::{Errno, Result};
use crate::model::{BlocklistExpiry, EngineExt, ObjectOp, Op, Out, WatcherInfo};

/// One who holds the lock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Locker {
    /// The client, such as `client.4123`.
    pub client: String,
    /// What it called the lock.
    pub cookie: String,
    /// Its address.
    pub address: String,
}

/// Who holds the lock of an image, and how.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Lockers {
    /// All of them.
    pub lockers: Vec<Locker>,
    /// Whether it is held by one alone.
    pub exclusive: bool,
    /// What those who share it agree on.
    pub tag: String,
}

/// Takes the lock, alone or with others of the same `tag`. `-EBUSY`; `-EEXIST` if it is held by
/// this client and cookie.
pub async fn lock(image: &Arc<Image>, exclusive: bool, cookie: &str, tag: &str) -> Result<()> {
    image.refresh_if_required().await?;
    let method = Lock {
        name: EXCLUSIVE_LOCK.to_owned(),
        lock_type: if exclusive { LockType::Exclusive } else { LockType::Shared },
        cookie: cookie.to_owned(),
        tag: tag.to_owned(),
        description: String::new(),
        duration: UTime::ZERO,
        flags: 0,
    };
    let target = image.pool().header(image.id());
    calls::update(&*image.pool().engine, target, &method).await?;
    snapshot::changed(image).await
}

/// Gives the lock up; `-ENOENT`.
pub async fn unlock(image: &Arc<Image>, cookie: &str) -> Result<()> {
    image.refresh_if_required().await?;
    let method = Unlock { name: EXCLUSIVE_LOCK.to_owned(), cookie: cookie.to_owned() };
    let target = image.pool().header(image.id());
    calls::update(&*image.pool().engine, target, &method).await?;
    snapshot::changed(image).await
}

/// Ends another client's lock and, unless configured otherwise, keeps that client from writing to
/// the cluster. `-EINVAL` for what names no client; `-ENOENT`.
pub async fn break_lock(image: &Arc<Image>, client: &str, cookie: &str) -> Result<()> {
    image.refresh_if_required().await?;
    let locker = EntityName::parse(client)?;
    let (engine, target) = (&*image.pool().engine, image.pool().header(image.id()));
    let settings = image.config();
    if settings.bool("rbd_blocklist_on_break_lock") {
        let held = calls::read(engine, target.clone(), &info()).await?;
        let mut lockers = held.lockers.iter();
        let found = lockers.find(|(id, _)| id.locker == locker);
        let (_, locker) = found.ok_or_else(|| Errno::ENOENT.because("no such locker"))?;
        let expiry = match settings.u64("rbd_blocklist_expire_seconds") {
            0 => BlocklistExpiry::Default,
            seconds => BlocklistExpiry::After(Duration::from_secs(seconds)),
        };
        engine.blocklist_add(&locker.addr.to_string(), expiry).await?;
    }
    let method = BreakLock { name: EXCLUSIVE_LOCK.to_owned(), locker, cookie: cookie.to_owned() };
    calls::update(engine, target, &method).await?;
    snapshot::changed(image).await
}

fn info() -> GetInfo {
    GetInfo { name: EXCLUSIVE_LOCK.to_owned() }
}

/// Who holds the lock.
pub async fn lockers(image: &Image) -> Result<Lockers> {
    image.refresh_if_required().await?;
    let target = image.pool().header(image.id());
    let held = calls::read(&*image.pool().engine, target, &info()).await?;
    let lockers = held.lockers.into_iter().map(|(id, info)| Locker {
        client: id.locker.to_string(),
        cookie: id.cookie,
        address: info.addr.to_string(),
    });
    Ok(Lockers {
        lockers: lockers.collect(),
        exclusive: held.lock_type == LockType::Exclusive,
        tag: held.tag,
    })
}

/// Who has the image open and watches it.
pub async fn watchers(image: &Image) -> Result<Vec<WatcherInfo>> {
    let op = ObjectOp::read(image.pool().header(image.id())).then(Op::ListWatchers);
    match image.pool().engine.run(op).await?.take(0) {
        Out::Watchers(watchers) => Ok(watchers),
        _ => Ok(Vec::new()),
    }
}
