//! Watching objects and notifying their watchers.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use libc::{c_char, c_int, c_void};

use super::cluster::ClusterHandle;
use super::completion::RadosCompletion;
use super::context::{Context, OutPtr};
use crate::capi::buffer;
use crate::capi::callback::Callback;
use crate::capi::guard::exports;
use crate::capi::handle;
use crate::capi::memory;
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::model::{Engine, Notification, NotifyReply, Target, WatchHandle, WatchHandler};
use crate::rados::notify;
use crate::runtime;

type Notified = unsafe extern "C" fn(*mut c_void, u64, u64, u64, *mut c_void, usize);
type Failed = unsafe extern "C" fn(*mut c_void, u64, c_int);
type OldNotified = unsafe extern "C" fn(u8, u64, *mut c_void);

/// A watch whose callbacks are the caller's; it acknowledges by itself.
struct Watcher {
    notified: Callback<Notified>,
    failed: Option<Callback<Failed>>,
}

impl WatchHandler for Watcher {
    fn notified(&self, notification: Notification) {
        let Notification { notify_id, handle, notifier, payload } = notification;
        let data = match payload.is_empty() {
            true => std::ptr::null_mut(),
            false => payload.as_ptr().cast_mut().cast(),
        };
        // SAFETY: the caller gave function and argument for this call; the data lives until it
        // returns.
        unsafe {
            (self.notified.function())(
                self.notified.arg(),
                notify_id,
                handle.0,
                notifier,
                data,
                payload.len(),
            );
        }
    }

    fn failed(&self, handle: WatchHandle, error: Errno) {
        let Some(failed) = &self.failed else { return };
        // SAFETY: the caller gave function and argument for this call.
        unsafe { (failed.function())(failed.arg(), handle.0, error.to_c()) };
    }
}

/// A watch of the old kind, which the library acknowledges after the callback.
struct OldWatcher {
    notified: Option<Callback<OldNotified>>,
    engine: Arc<dyn Engine>,
    target: Target,
}

impl WatchHandler for OldWatcher {
    fn notified(&self, notification: Notification) {
        if let Some(notified) = &self.notified {
            // SAFETY: the caller gave function and argument for this call. Opcode and version are
            // always 0 (measured on 16.2.15).
            unsafe { (notified.function())(0, 0, notified.arg()) };
        }
        let (engine, target) = (Arc::clone(&self.engine), self.target.clone());
        runtime::spawn(async move {
            let Notification { notify_id, handle, .. } = notification;
            if let Err(error) = engine.notify_ack(target, notify_id, handle, Bytes::new()).await {
                log::debug!("acknowledging a notification: {error}");
            }
        });
    }

    fn failed(&self, _handle: WatchHandle, _error: Errno) {}
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn target(io: rados_ioctx_t, o: *const c_char) -> Result<(Arc<dyn Engine>, Target)> {
    // SAFETY: the caller's contract.
    unsafe {
        let io = Context::of(io)?.io();
        Ok((Arc::clone(io.engine()), io.target(buffer::string(o)?)))
    }
}

/// Seconds as the API counts them: 0 is the default.
fn timeout(seconds: u32) -> Option<Duration> {
    (seconds != 0).then(|| Duration::from_secs(seconds.into()))
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn watch(
    io: rados_ioctx_t,
    o: *const c_char,
    cookie: *mut u64,
    callbacks: (rados_watchcb2_t, rados_watcherrcb_t),
    seconds: u32,
    arg: *mut c_void,
) -> Result<c_int> {
    // SAFETY: the caller's contract.
    unsafe {
        let (engine, target) = target(io, o)?;
        let handler = watcher(callbacks, arg)?;
        let handle = runtime::block_on(engine.watch(target, timeout(seconds), handler))?;
        buffer::out(cookie, handle.0);
    }
    Ok(0)
}

fn watcher(
    (notified, failed): (rados_watchcb2_t, rados_watcherrcb_t),
    arg: *mut c_void,
) -> Result<Arc<Watcher>> {
    let notified = Callback::required(notified, arg)?;
    Ok(Arc::new(Watcher { notified, failed: Callback::new(failed, arg) }))
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety), for `handle` until the completion.
unsafe fn aio_watch(
    io: rados_ioctx_t,
    o: *const c_char,
    completion: rados_completion_t,
    handle: *mut u64,
    handler: Arc<Watcher>,
    seconds: u32,
) -> Result<c_int> {
    // SAFETY: the caller's contract.
    let ((engine, target), handle) = unsafe { (target(io, o)?, OutPtr::new(handle)) };
    // SAFETY: the caller's contract.
    unsafe {
        complete_with(completion, async move {
            let watch = engine.watch(target, timeout(seconds), handler).await?;
            handle.set(watch.0);
            Ok(0)
        })
    }
}

/// Completes with what the future returns, which runs on the library's threads.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn complete_with(
    completion: rados_completion_t,
    future: impl Future<Output = Result<c_int>> + Send + 'static,
) -> Result<c_int> {
    // SAFETY: the caller's contract.
    let completion = unsafe { RadosCompletion::arm(completion)? };
    runtime::spawn(async move {
        completion.complete(future.await.unwrap_or_else(|error| error.to_c()), 0);
    });
    Ok(0)
}

/// A notification's reply: stored where the caller wants it, `-ETIMEDOUT` where somebody did not
/// answer.
fn store(
    reply: &NotifyReply,
    buf: &OutPtr<*mut c_char>,
    len: &OutPtr<usize>,
    wanted: bool,
) -> Result<c_int> {
    if wanted {
        let encoded = notify::encode(reply);
        buf.set(buffer::give(Some(&encoded))?);
        len.set(encoded.len());
    }
    match reply.timeouts.is_empty() {
        true => Ok(0),
        false => Err(Errno::ETIMEDOUT.because("not everybody acknowledged in time")),
    }
}

/// What is sent with a notification or its acknowledgement. Null is nothing, whatever the length
/// says: python3-rados passes a wild one then.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn payload(buf: *const c_char, len: c_int) -> Result<Bytes> {
    if buf.is_null() {
        return Ok(Bytes::new());
    }
    let len = usize::try_from(len).map_err(|_| Errno::EINVAL)?;
    // SAFETY: the caller's contract.
    unsafe { memory::copy(buf, len) }
}

/// The time to wait for acknowledgements: 0 is the default.
fn milliseconds(timeout_ms: u64) -> Option<Duration> {
    (timeout_ms != 0).then(|| Duration::from_millis(timeout_ms))
}

exports! {
    /// Watches an object in the old way: `watchcb` is called for each notification, which is then
    /// acknowledged. `ver` is ignored. Returns 0, -ENOENT.
    #[deprecated]
    fn rados_watch(
        io: rados_ioctx_t, o: *const c_char, ver: u64, cookie: *mut u64, watchcb: rados_watchcb_t,
        arg: *mut c_void
    ) -> c_int => {
        let _ = ver;
        let (engine, target) = target(io, o)?;
        let notified = Callback::new(watchcb, arg);
        let handler =
            OldWatcher { notified, engine: Arc::clone(&engine), target: target.clone() };
        let handle = runtime::block_on(engine.watch(target, None, Arc::new(handler)))?;
        buffer::out(cookie, handle.0);
        Ok(0)
    };
    /// Watches an object. `watchcb` is called for each notification, on a thread of the library,
    /// and answers it with `rados_notify_ack`; `watcherrcb` when the watch is lost. Returns 0,
    /// -ENOENT.
    fn rados_watch2(
        io: rados_ioctx_t, o: *const c_char, cookie: *mut u64, watchcb: rados_watchcb2_t,
        watcherrcb: rados_watcherrcb_t, arg: *mut c_void
    ) -> c_int => watch(io, o, cookie, (watchcb, watcherrcb), 0, arg);
    /// Like `rados_watch2`; without a sign of life for `timeout` seconds (0: the default) the watch
    /// is dropped.
    fn rados_watch3(
        io: rados_ioctx_t, o: *const c_char, cookie: *mut u64, watchcb: rados_watchcb2_t,
        watcherrcb: rados_watcherrcb_t, timeout: u32, arg: *mut c_void
    ) -> c_int => watch(io, o, cookie, (watchcb, watcherrcb), timeout, arg);
    /// Like `rados_watch2`; `*handle` is stored before the completion.
    fn rados_aio_watch(
        io: rados_ioctx_t, o: *const c_char, completion: rados_completion_t, handle: *mut u64,
        watchcb: rados_watchcb2_t, watcherrcb: rados_watcherrcb_t, arg: *mut c_void
    ) -> c_int => aio_watch(io, o, completion, handle, watcher((watchcb, watcherrcb), arg)?, 0);
    /// Like `rados_watch3`; `*handle` is stored before the completion.
    fn rados_aio_watch2(
        io: rados_ioctx_t, o: *const c_char, completion: rados_completion_t, handle: *mut u64,
        watchcb: rados_watchcb2_t, watcherrcb: rados_watcherrcb_t, timeout: u32, arg: *mut c_void
    ) -> c_int => {
        aio_watch(io, o, completion, handle, watcher((watchcb, watcherrcb), arg)?, timeout)
    };
    /// How many milliseconds ago the watch was known to be alive; -ENOTCONN when it was lost.
    fn rados_watch_check(io: rados_ioctx_t, cookie: u64) -> c_int => {
        let age = Context::of(io)?.engine().watch_check(WatchHandle(cookie))?;
        Ok(c_int::try_from(age.as_millis()).unwrap_or(c_int::MAX))
    };
    /// Ends a watch. Returns 0.
    #[deprecated]
    fn rados_unwatch(io: rados_ioctx_t, o: *const c_char, cookie: u64) -> c_int => {
        let _ = o;
        runtime::block_on(Context::of(io)?.engine().unwatch(WatchHandle(cookie)))?;
        Ok(0)
    };
    /// Ends a watch. None of its callbacks is called any more when this returns, but one may be
    /// running: `rados_watch_flush` waits for that. Returns 0.
    fn rados_unwatch2(io: rados_ioctx_t, cookie: u64) -> c_int => {
        runtime::block_on(Context::of(io)?.engine().unwatch(WatchHandle(cookie)))?;
        Ok(0)
    };
    /// Ends a watch like `rados_unwatch2`.
    fn rados_aio_unwatch(
        io: rados_ioctx_t, cookie: u64, completion: rados_completion_t
    ) -> c_int => {
        let engine = Context::of(io)?.engine();
        complete_with(completion, async move {
            engine.unwatch(WatchHandle(cookie)).await.map(|()| 0)
        })
    };
    /// Notifies the watchers of an object and waits for their acknowledgements. `ver` is ignored.
    /// Returns 0, -ENOENT, -ETIMEDOUT.
    #[deprecated]
    fn rados_notify(
        io: rados_ioctx_t, o: *const c_char, ver: u64, buf: *const c_char, buf_len: c_int
    ) -> c_int => {
        let _ = ver;
        let (engine, target) = target(io, o)?;
        let payload = payload(buf, buf_len)?;
        let reply = runtime::block_on(engine.notify(target, payload, None))?;
        store(&reply, &OutPtr::new(std::ptr::null_mut()), &OutPtr::new(std::ptr::null_mut()), false)
    };
    /// Notifies the watchers of an object and waits up to `timeout_ms` (0: the default) for their
    /// acknowledgements. `*reply_buffer`, unless NULL, becomes their answers, for
    /// `rados_decode_notify_response`, to be freed with `rados_buffer_free`. Returns 0; -ENOENT;
    /// -ETIMEDOUT where somebody did not answer, with the answers of the others.
    fn rados_notify2(
        io: rados_ioctx_t, o: *const c_char, buf: *const c_char, buf_len: c_int, timeout_ms: u64,
        reply_buffer: *mut *mut c_char, reply_buffer_len: *mut usize
    ) -> c_int => {
        let (engine, target) = target(io, o)?;
        let payload = payload(buf, buf_len)?;
        let (to, len) = (OutPtr::new(reply_buffer), OutPtr::new(reply_buffer_len));
        to.set(std::ptr::null_mut());
        len.set(0);
        let reply = runtime::block_on(engine.notify(target, payload, milliseconds(timeout_ms)))?;
        store(&reply, &to, &len, !reply_buffer.is_null())
    };
    /// Like `rados_notify2`; the answers are stored before the completion.
    fn rados_aio_notify(
        io: rados_ioctx_t, o: *const c_char, completion: rados_completion_t, buf: *const c_char,
        buf_len: c_int, timeout_ms: u64, reply_buffer: *mut *mut c_char,
        reply_buffer_len: *mut usize
    ) -> c_int => {
        let (engine, target) = target(io, o)?;
        let payload = payload(buf, buf_len)?;
        let (to, len) = (OutPtr::new(reply_buffer), OutPtr::new(reply_buffer_len));
        let wanted = !reply_buffer.is_null();
        to.set(std::ptr::null_mut());
        len.set(0);
        complete_with(completion, async move {
            let reply = engine.notify(target, payload, milliseconds(timeout_ms)).await?;
            store(&reply, &to, &len, wanted)
        })
    };
    /// Acknowledges a notification, with an answer for the notifier. Returns 0.
    fn rados_notify_ack(
        io: rados_ioctx_t, o: *const c_char, notify_id: u64, cookie: u64, buf: *const c_char,
        buf_len: c_int
    ) -> c_int => {
        let (engine, target) = target(io, o)?;
        let payload = payload(buf, buf_len)?;
        let ack = engine.notify_ack(target, notify_id, WatchHandle(cookie), payload);
        runtime::block_on(ack)?;
        Ok(0)
    };
    /// Waits until the callbacks of all notifications that have arrived have returned. Returns 0.
    fn rados_watch_flush(cluster: rados_t) -> c_int => {
        let engine = handle::get::<ClusterHandle>(cluster)?.engine()?;
        runtime::block_on(engine.watch_flush())?;
        Ok(0)
    };
    /// Completes when the callbacks of all notifications that have arrived have returned.
    fn rados_aio_watch_flush(cluster: rados_t, completion: rados_completion_t) -> c_int => {
        let engine = handle::get::<ClusterHandle>(cluster)?.engine()?;
        complete_with(completion, async move { engine.watch_flush().await.map(|()| 0) })
    };
    /// Takes apart what `rados_notify2` answered: who acknowledged, with answers, and who did not.
    /// To be freed with `rados_free_notify_response`. Returns 0, -EINVAL for what is no such
    /// answer.
    fn rados_decode_notify_response(
        reply_buffer: *mut c_char, reply_buffer_len: usize, acks: *mut *mut notify_ack_t,
        nr_acks: *mut usize, timeouts: *mut *mut notify_timeout_t, nr_timeouts: *mut usize
    ) -> c_int => {
        let reply = buffer::bytes(reply_buffer, reply_buffer_len)?;
        let NotifyReply { acks: found, timeouts: silent } = notify::decode(reply)?;
        let mut given = Vec::with_capacity(found.len());
        for (notifier_id, cookie, payload) in found {
            let memory = buffer::give((!payload.is_empty()).then_some(&payload[..]))?;
            given.push(notify_ack_t {
                notifier_id, cookie, payload: memory, payload_len: payload.len() as u64,
            });
        }
        let silent: Vec<_> = silent
            .into_iter()
            .map(|(notifier_id, cookie)| notify_timeout_t { notifier_id, cookie })
            .collect();
        buffer::out(acks, buffer::give_array(&given)?);
        buffer::out(nr_acks, given.len());
        buffer::out(timeouts, buffer::give_array(&silent)?);
        buffer::out(nr_timeouts, silent.len());
        Ok(0)
    };
    /// Frees what `rados_decode_notify_response` gave.
    fn rados_free_notify_response(
        acks: *mut notify_ack_t, nr_acks: usize, timeouts: *mut notify_timeout_t
    ) => {
        if !acks.is_null() {
            for index in 0..nr_acks {
                buffer::free((*acks.add(index)).payload);
            }
            buffer::free(acks);
        }
        if !timeouts.is_null() {
            buffer::free(timeouts);
        }
        Ok(())
    };
}
