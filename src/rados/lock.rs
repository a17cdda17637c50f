//! Advisory locks on objects, kept by the class `lock` beside the object.

use std::time::{Duration, SystemTime};

use super::ioctx::IoCtx;
use crate::cls::Method;
use crate::cls::lock::{BreakLock, EntityName, GetInfo, Lock, LockType, Unlock};
use crate::errno::Result;
use crate::model::{EngineExt, Name};

/// How a lock is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind<'a> {
    /// By one client and cookie.
    Exclusive,
    /// By several whose tags are equal.
    Shared {
        /// The tag.
        tag: &'a str,
    },
}

/// A lock to be taken.
#[derive(Clone, Copy, Debug)]
pub struct Locker<'a> {
    /// The lock's name.
    pub name: &'a str,
    /// Tells apart the lockers of one client.
    pub cookie: &'a str,
    /// For people.
    pub description: &'a str,
    /// After which time the lock ends by itself; zero for never.
    pub duration: Duration,
    /// [`crate::cls::lock::MAY_RENEW`] or [`crate::cls::lock::MUST_RENEW`], or 0.
    pub flags: u8,
}

/// Who holds a lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lockers {
    /// Whether one client holds it alone.
    pub exclusive: bool,
    /// The tag of a shared lock.
    pub tag: String,
    /// Client (`client.4123`), cookie, and address of each holder.
    pub holders: Vec<(String, String, String)>,
}

impl IoCtx {
    /// Takes a lock; `-EBUSY` when others hold it, `-EEXIST` when this client and cookie do.
    pub async fn lock(
        &self,
        object: impl Into<Name>,
        kind: LockKind<'_>,
        lock: Locker<'_>,
    ) -> Result<()> {
        let (lock_type, tag) = match kind {
            LockKind::Exclusive => (LockType::Exclusive, ""),
            LockKind::Shared { tag } => (LockType::Shared, tag),
        };
        let call = Lock {
            name: lock.name.to_owned(),
            lock_type,
            cookie: lock.cookie.to_owned(),
            tag: tag.to_owned(),
            description: lock.description.to_owned(),
            duration: lock.duration.into(),
            flags: lock.flags,
        };
        self.change(object, call.call()).await
    }

    /// Gives up a lock of this client; `-ENOENT`.
    pub async fn unlock(&self, object: impl Into<Name>, name: &str, cookie: &str) -> Result<()> {
        let call = Unlock { name: name.to_owned(), cookie: cookie.to_owned() };
        self.change(object, call.call()).await
    }

    /// Ends the lock of any client, given as `client.4123`; `-ENOENT`, `-EINVAL` for what is no
    /// client.
    pub async fn break_lock(
        &self,
        object: impl Into<Name>,
        name: &str,
        client: &str,
        cookie: &str,
    ) -> Result<()> {
        let locker = EntityName::parse(client)?;
        let call = BreakLock { name: name.to_owned(), locker, cookie: cookie.to_owned() };
        self.change(object, call.call()).await
    }

    /// Who holds a lock; nobody when it was never taken.
    pub async fn lockers(&self, object: impl Into<Name>, name: &str) -> Result<Lockers> {
        let op = self.read_op(object).then(GetInfo { name: name.to_owned() }.call());
        let info = GetInfo::reply(&self.engine().run(op).await?.take_data(0))?;
        let now = SystemTime::now();
        let holders = info.lockers.into_iter().filter(|(_, about)| {
            about.expiration.is_zero() || about.expiration.to_system_time() > now
        });
        Ok(Lockers {
            exclusive: info.lock_type.is_exclusive(),
            tag: info.tag,
            holders: holders
                .map(|(id, about)| (id.locker.to_string(), id.cookie, about.addr.to_string()))
                .collect(),
        })
    }
}
