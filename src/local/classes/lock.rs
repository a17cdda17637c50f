//! The class `lock`: advisory locks, kept in xattrs.
//!
//! Facts: `src/cls/lock/cls_lock.cc`. A lock whose time is over counts as given up wherever it is
//! looked at, but leaves the xattr only when the lock changes.

use std::collections::btree_map::Entry;

use super::ClassContext;
use super::table::Method;
use crate::cls::UTime;
use crate::cls::lock::*;
use crate::codec::{Decode, Reader, Writer};
use crate::errno::{Errno, Result};

type Context<'a> = &'a mut dyn ClassContext;

pub(super) const METHODS: &[Method] = &[
    method!(reads AssertLocked => assert_locked),
    method!(changes Lock => lock),
    method!(changes Unlock => |ctx, arg| {
        let locker = EntityName::client(ctx.caller().client);
        release(ctx, &arg.name, LockerId { locker, cookie: arg.cookie })
    }),
    method!(changes BreakLock => |ctx, arg| {
        release(ctx, &arg.name, LockerId { locker: arg.locker, cookie: arg.cookie })
    }),
    method!(reads GetInfo => |ctx, arg| load(ctx, &arg.name)),
    method!(reads ListLocks => list_locks),
    method!(changes SetCookie => set_cookie),
];

fn xattr_name(name: &str) -> String {
    format!("{XATTR_PREFIX}{name}")
}

/// The lock without holders whose time is over; an empty one if there is none.
fn load(ctx: Context<'_>, name: &str) -> Result<LockInfo> {
    let stored = match ctx.xattr(xattr_name(name).as_bytes()) {
        Ok(stored) => stored,
        Err(error) if error == Errno::ENODATA => return Ok(LockInfo::default()),
        Err(error) => return Err(error),
    };
    let mut lock = LockInfo::decode(&mut Reader::new(&stored), "lock").map_err(|_| Errno::EIO)?;
    let now = UTime::from(ctx.now());
    lock.lockers.retain(|_, info| info.expiration.is_zero() || info.expiration >= now);
    Ok(lock)
}

fn store(ctx: Context<'_>, name: &str, lock: &LockInfo) -> Result<()> {
    ctx.set_xattr(xattr_name(name).as_bytes(), Writer::of(lock))
}

fn lock(ctx: Context<'_>, arg: Lock) -> Result<()> {
    let (may_renew, must_renew) = (arg.flags & MAY_RENEW != 0, arg.flags & MUST_RENEW != 0);
    if !arg.lock_type.is_valid() || arg.name.is_empty() || (may_renew && must_renew) {
        return Err(Errno::EINVAL.into());
    }
    let mut lock = match load(ctx, &arg.name) {
        Err(error) if error == Errno::ENOENT => LockInfo::default(),
        other => other?,
    };
    if !lock.lockers.is_empty() && lock.tag != arg.tag {
        return Err(Errno::EBUSY.because("the lock has another tag"));
    }
    let caller = ctx.caller();
    let id = LockerId { locker: EntityName::client(caller.client), cookie: arg.cookie };
    let addr = EntityAddr::parse(&caller.addr)?;
    match lock.lockers.entry(id.clone()) {
        Entry::Occupied(held) if may_renew || must_renew => drop(held.remove()),
        Entry::Occupied(_) => return Err(Errno::EEXIST.into()),
        Entry::Vacant(_) if must_renew => return Err(Errno::ENOENT.into()),
        Entry::Vacant(_) => {}
    }
    let others = !lock.lockers.is_empty();
    if others && (arg.lock_type.is_exclusive() || arg.lock_type != lock.lock_type) {
        return Err(Errno::EBUSY.into());
    }
    let expiration = match arg.duration {
        UTime::ZERO => UTime::ZERO,
        duration => UTime::from(ctx.now() + duration.to_duration()),
    };
    lock.lock_type = arg.lock_type;
    lock.tag = arg.tag;
    lock.lockers.insert(id, LockerInfo { expiration, addr, description: arg.description });
    store(ctx, &arg.name, &lock)
}

fn release(ctx: Context<'_>, name: &str, id: LockerId) -> Result<()> {
    let mut lock = load(ctx, name)?;
    lock.lockers.remove(&id).ok_or(Errno::ENOENT)?;
    match lock.lock_type {
        LockType::ExclusiveEphemeral => ctx.remove(),
        _ => store(ctx, name, &lock),
    }
}

fn list_locks(ctx: Context<'_>, _: ListLocks) -> Result<Locks> {
    let mut names = Vec::new();
    for (xattr, _) in ctx.xattrs()? {
        if let Some(name) = xattr.strip_prefix(XATTR_PREFIX.as_bytes()) {
            names.push(String::from_utf8(name.to_vec()).map_err(|_| Errno::EIO)?);
        }
    }
    Ok(Locks { names })
}

/// The lock, if the caller holds it so; `-EBUSY` otherwise.
fn held(
    ctx: Context<'_>,
    name: &str,
    lock_type: LockType,
    tag: &str,
    cookie: &str,
) -> Result<(LockInfo, LockerId)> {
    if !lock_type.is_valid() || name.is_empty() {
        return Err(Errno::EINVAL.into());
    }
    let lock = load(ctx, name)?;
    let locker = EntityName::client(ctx.caller().client);
    let id = LockerId { locker, cookie: cookie.to_owned() };
    let same = lock.lock_type == lock_type && lock.tag == tag;
    if same && lock.lockers.contains_key(&id) {
        Ok((lock, id))
    } else {
        Err(Errno::EBUSY.because("this client does not hold the lock"))
    }
}

fn assert_locked(ctx: Context<'_>, arg: AssertLocked) -> Result<()> {
    held(ctx, &arg.name, arg.lock_type, &arg.tag, &arg.cookie).map(drop)
}

fn set_cookie(ctx: Context<'_>, arg: SetCookie) -> Result<()> {
    let (mut lock, id) = held(ctx, &arg.name, arg.lock_type, &arg.tag, &arg.cookie)?;
    let renamed = LockerId { cookie: arg.new_cookie, ..id.clone() };
    if lock.lockers.contains_key(&renamed) {
        return Err(Errno::EBUSY.because("the cookie is in use"));
    }
    let info = lock.lockers.remove(&id).unwrap_or_default();
    lock.lockers.insert(renamed, info);
    store(ctx, &arg.name, &lock)
}
