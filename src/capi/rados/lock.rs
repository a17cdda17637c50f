//! Advisory locks on objects.

use std::future::Future;
use std::time::Duration;

use libc::{c_char, c_int, ssize_t, timeval};

use super::completion::RadosCompletion;
use super::context::Context;
use crate::capi::buffer::{self, list};
use crate::capi::guard::exports;
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::rados::{LockKind, Locker};
use crate::runtime;

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn duration(time: *const timeval) -> Result<Duration> {
    if time.is_null() {
        return Ok(Duration::ZERO);
    }
    // SAFETY: the caller's contract.
    let timeval { tv_sec, tv_usec } = unsafe { *time };
    // As Ceph's 32 bits of seconds have it: a negative duration is a very long one.
    let sec = u64::from(tv_sec as u32);
    match u32::try_from(tv_usec) {
        Ok(usec) if usec < 1_000_000 => Ok(Duration::new(sec, usec * 1000)),
        _ => Err(Errno::EINVAL.because("a duration that is none")),
    }
}

fn wait(future: impl Future<Output = Result<()>>) -> Result<c_int> {
    runtime::block_on(future).map(|()| 0)
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn locker<'a>(
    name: *const c_char,
    cookie: *const c_char,
    desc: *const c_char,
    time: *const timeval,
    flags: u8,
) -> Result<Locker<'a>> {
    // SAFETY: the caller's contract.
    unsafe {
        Ok(Locker {
            name: buffer::text(name)?,
            cookie: buffer::text(cookie)?,
            description: buffer::opt_text(desc)?.unwrap_or_default(),
            duration: duration(time)?,
            flags,
        })
    }
}

exports! {
    /// Takes a lock that one client and cookie can hold, for `duration` (NULL: until it is given
    /// up). `flags`: `LIBRADOS_LOCK_FLAG_*`. Returns 0, -EBUSY where others hold it, -EEXIST where
    /// this client and cookie do.
    fn rados_lock_exclusive(
        io: rados_ioctx_t, oid: *const c_char, name: *const c_char, cookie: *const c_char,
        desc: *const c_char, duration: *mut timeval, flags: u8
    ) -> c_int => {
        let lock = locker(name, cookie, desc, duration, flags)?;
        wait(Context::of(io)?.io().lock(buffer::string(oid)?, LockKind::Exclusive, lock))
    };
    /// Takes a lock that several can hold whose `tag` is the same, else as `rados_lock_exclusive`.
    fn rados_lock_shared(
        io: rados_ioctx_t, o: *const c_char, name: *const c_char, cookie: *const c_char,
        tag: *const c_char, desc: *const c_char, duration: *mut timeval, flags: u8
    ) -> c_int => {
        let lock = locker(name, cookie, desc, duration, flags)?;
        let kind = LockKind::Shared { tag: buffer::text(tag)? };
        wait(Context::of(io)?.io().lock(buffer::string(o)?, kind, lock))
    };
    /// Gives up a lock of this client. Returns 0, -ENOENT.
    fn rados_unlock(
        io: rados_ioctx_t, o: *const c_char, name: *const c_char, cookie: *const c_char
    ) -> c_int => {
        let (name, cookie) = (buffer::text(name)?, buffer::text(cookie)?);
        wait(Context::of(io)?.io().unlock(buffer::string(o)?, name, cookie))
    };
    /// Gives up a lock like `rados_unlock`.
    fn rados_aio_unlock(
        io: rados_ioctx_t, o: *const c_char, name: *const c_char, cookie: *const c_char,
        completion: rados_completion_t
    ) -> c_int => {
        let io = Context::of(io)?.io();
        let (name, cookie) = (buffer::text(name)?.to_owned(), buffer::text(cookie)?.to_owned());
        let object = crate::model::Name::from(buffer::string(o)?);
        let completion = RadosCompletion::arm(completion)?;
        runtime::spawn(async move {
            let result = io.unlock(object, &name, &cookie).await;
            completion.complete(result.map_or_else(|error| error.to_c(), |()| 0), 0);
        });
        Ok(0)
    };
    /// Ends the lock of any client, `client` as `rados_list_lockers` gives it. Returns 0, -ENOENT,
    /// -EINVAL where `client` is none.
    fn rados_break_lock(
        io: rados_ioctx_t, o: *const c_char, name: *const c_char, client: *const c_char,
        cookie: *const c_char
    ) -> c_int => {
        let (name, client) = (buffer::text(name)?, buffer::text(client)?);
        let cookie = buffer::text(cookie)?;
        wait(Context::of(io)?.io().break_lock(buffer::string(o)?, name, client, cookie))
    };
    /// Who holds a lock: `*exclusive`, and into the buffers the tag and the lists of clients,
    /// cookies and addresses, each entry ended by a zero byte. Returns the number of holders;
    /// -ERANGE where a buffer is too small, and then each `*len` is what is needed.
    fn rados_list_lockers(
        io: rados_ioctx_t, o: *const c_char, name: *const c_char, exclusive: *mut c_int,
        tag: *mut c_char, tag_len: *mut usize, clients: *mut c_char, clients_len: *mut usize,
        cookies: *mut c_char, cookies_len: *mut usize, addrs: *mut c_char, addrs_len: *mut usize
    ) -> ssize_t => {
        let (object, name) = (buffer::string(o)?, buffer::text(name)?);
        let found = runtime::block_on(Context::of(io)?.io().lockers(object, name))?;
        let column = |pick: fn(&(String, String, String)) -> &String| {
            list(found.holders.iter().map(|holder| pick(holder).as_bytes()))
        };
        let outputs = [
            (tag, tag_len, list([found.tag.as_bytes()])),
            (clients, clients_len, column(|holder| &holder.0)),
            (cookies, cookies_len, column(|holder| &holder.1)),
            (addrs, addrs_len, column(|holder| &holder.2)),
        ];
        buffer::out(exclusive, c_int::from(found.exclusive));
        let mut fits = true;
        for (_, len, value) in &outputs {
            let len = len.as_mut().ok_or(Errno::EINVAL)?;
            fits &= *len >= value.len();
            *len = value.len();
        }
        if !fits {
            return Err(Errno::ERANGE.into());
        }
        for (buf, _, value) in &outputs {
            buffer::fill(*buf, value.len(), value)?;
        }
        Ok(found.holders.len() as ssize_t)
    };
}
