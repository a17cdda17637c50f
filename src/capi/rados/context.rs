//! `rados_ioctx_t` and how a request goes from a wrapper to the engine and back.
//!
//! ```text
//!   wrapper --Call { op, finish }--> run():   waits, finish(reply) is the return value
//!                               \--> start(): returns 0, finish(reply) ends the completion
//! ```

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use libc::{c_char, c_int, c_uint, c_void};
use parking_lot::{Condvar, Mutex, RwLock};

use super::cluster::ClusterHandle;
use super::completion::RadosCompletion;
use crate::capi::buffer;
use crate::capi::guard::{exports, guard};
use crate::capi::handle::{self, Handle, Shared};
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::model::{Engine, EngineExt, ObjectOp, PoolId, Reply, ReqFlags};
use crate::rados::IoCtx;
use crate::runtime;

/// What stands behind a `rados_ioctx_t`.
pub(crate) struct Context {
    cluster: Shared<ClusterHandle>,
    io: RwLock<IoCtx>,
    last_version: AtomicU64,
    writes: Arc<Writes>,
}

impl Handle for Context {
    const TAG: [u8; 8] = *b"ioctx\0\0\0";
    const BOUND: bool = true;
}

/// Asynchronous writes under way, for `rados_aio_flush`.
#[derive(Default)]
struct Writes {
    state: Mutex<Pending>,
    fewer: Condvar,
}

#[derive(Default)]
struct Pending {
    next: u64,
    running: BTreeSet<u64>,
    flushes: Vec<(u64, Box<dyn FnOnce() + Send>)>,
}

impl Pending {
    /// Whether no write before `number` is running.
    fn is_past(&self, number: u64) -> bool {
        self.running.first().is_none_or(|first| *first >= number)
    }
}

impl Writes {
    fn begin(&self) -> u64 {
        let mut state = self.state.lock();
        let number = state.next;
        state.next += 1;
        state.running.insert(number);
        number
    }

    fn end(&self, number: u64) {
        let mut state = self.state.lock();
        state.running.remove(&number);
        let waiting = std::mem::take(&mut state.flushes);
        let (due, later): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|(before, _)| state.is_past(*before));
        state.flushes = later;
        drop(state);
        self.fewer.notify_all();
        due.into_iter().for_each(|(_, then)| then());
    }

    fn wait(&self) {
        let mut state = self.state.lock();
        let before = state.next;
        while !state.is_past(before) {
            self.fewer.wait(&mut state);
        }
    }

    fn when_done(&self, then: Box<dyn FnOnce() + Send>) {
        let mut state = self.state.lock();
        let before = state.next;
        if !state.is_past(before) {
            state.flushes.push((before, then));
            return;
        }
        drop(state);
        then();
    }
}

/// An operation, and what its reply means to the caller: the return value, after outputs were
/// stored.
pub(super) struct Call<F> {
    pub(super) op: ObjectOp,
    pub(super) finish: F,
}

/// For calls that answer nothing but their result.
pub(super) fn status(reply: &mut Reply) -> c_int {
    reply.result
}

impl Context {
    pub(super) fn new(cluster: Shared<ClusterHandle>, io: IoCtx) -> Self {
        Context {
            cluster,
            io: RwLock::new(io),
            last_version: AtomicU64::new(0),
            writes: Arc::default(),
        }
    }

    /// The context behind the handle.
    ///
    /// # Safety
    /// The [C API contract](crate::capi::guard#safety).
    pub(super) unsafe fn of<'a>(io: rados_ioctx_t) -> Result<&'a Context> {
        // SAFETY: the caller's contract.
        unsafe { handle::get(io) }
    }

    /// The context behind the handle with a count of its own, for what outlives the call.
    ///
    /// # Safety
    /// The [C API contract](crate::capi::guard#safety).
    pub(super) unsafe fn share(io: rados_ioctx_t) -> Result<Shared<Context>> {
        // SAFETY: the caller's contract.
        unsafe { handle::share(io) }
    }

    /// A copy of the settings as they are now.
    pub(crate) fn io(&self) -> IoCtx {
        self.io.read().clone()
    }

    pub(crate) fn engine(&self) -> Arc<dyn Engine> {
        Arc::clone(self.io.read().engine())
    }

    /// A reading operation on the named object.
    ///
    /// # Safety
    /// The [C API contract](crate::capi::guard#safety).
    pub(super) unsafe fn read_op(&self, oid: *const c_char) -> Result<ObjectOp> {
        // SAFETY: the caller's contract.
        let oid = unsafe { buffer::string(oid)? };
        Ok(self.io.read().read_op(oid))
    }

    /// A writing operation on the named object; `-EROFS` while a snapshot is read.
    ///
    /// # Safety
    /// The [C API contract](crate::capi::guard#safety).
    pub(super) unsafe fn write_op(&self, oid: *const c_char) -> Result<ObjectOp> {
        // SAFETY: the caller's contract.
        let oid = unsafe { buffer::string(oid)? };
        self.io.read().write_op(oid)
    }

    /// Runs the call and waits for it.
    pub(super) fn run<F: FnOnce(&mut Reply) -> c_int>(&self, call: Call<F>) -> Result<c_int> {
        if call.op.steps.is_empty() {
            // An OSD refuses it; the original does not even ask.
            return Ok(0);
        }
        let mut reply = runtime::block_on(self.engine().run_raw(call.op));
        self.last_version.store(reply.version, Ordering::Relaxed);
        Ok((call.finish)(&mut reply))
    }

    /// Changes settings, which later operations use.
    pub(super) fn change(&self, change: impl FnOnce(&mut IoCtx) -> Result<()>) -> Result<()> {
        change(&mut self.io.write())
    }

    pub(super) fn wait_for_writes(&self) {
        self.writes.wait();
    }

    pub(super) fn when_writes_are_done(&self, then: Box<dyn FnOnce() + Send>) {
        self.writes.when_done(then);
    }
}

/// The pool and namespace of a context, as RBD's functions take them.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
pub(crate) unsafe fn rbd_pool(io: rados_ioctx_t) -> Result<crate::rbd::Pool> {
    // SAFETY: the caller's contract.
    let context = unsafe { Context::of(io)? };
    let (io, config) = (context.io(), context.cluster.config().clone());
    let pool = crate::rbd::Pool::new(Arc::clone(io.engine()), io.pool(), config);
    Ok(pool.with_namespace(io.namespace().clone()))
}

/// Starts the call; its end completes `completion`.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
pub(super) unsafe fn start<F>(
    io: rados_ioctx_t,
    completion: rados_completion_t,
    call: Call<F>,
) -> Result<c_int>
where
    F: FnOnce(&mut Reply) -> c_int + Send + 'static,
{
    // SAFETY: the caller's contract.
    let (io, completion) = unsafe { (Context::share(io)?, RadosCompletion::arm(completion)?) };
    let writes = call.op.is_write().then(|| Arc::clone(&io.writes));
    let number = writes.as_ref().map(|writes| writes.begin());
    let finish = call.finish;
    io.engine().submit(
        call.op,
        Box::new(move |mut reply| {
            let result = finish(&mut reply);
            completion.complete(result, reply.version);
            if let (Some(writes), Some(number)) = (writes, number) {
                writes.end(number);
            }
        }),
    );
    Ok(0)
}

/// Opens a pool by name. Returns 0, -ENOENT, or -ENOTCONN before `rados_connect`.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_ioctx_create(
    cluster: rados_t,
    pool_name: *const c_char,
    ioctx: *mut rados_ioctx_t,
) -> c_int {
    guard("rados_ioctx_create", || {
        // SAFETY: C API contract.
        let (cluster, name) =
            unsafe { (handle::share::<ClusterHandle>(cluster)?, buffer::text(pool_name)?) };
        let engine = cluster.engine()?;
        let pool = runtime::block_on(engine.find_pool(name))?;
        let io = handle::create(Context::new(cluster, IoCtx::new(engine, pool)?));
        // SAFETY: C API contract.
        unsafe { buffer::out(ioctx, io) };
        Ok(0)
    })
}

/// Opens a pool by number. Returns 0, -ENOENT, or -ENOTCONN before `rados_connect`.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_ioctx_create2(
    cluster: rados_t,
    pool_id: i64,
    ioctx: *mut rados_ioctx_t,
) -> c_int {
    guard("rados_ioctx_create2", || {
        // SAFETY: C API contract.
        let cluster = unsafe { handle::share::<ClusterHandle>(cluster)? };
        let engine = cluster.engine()?;
        let pool = runtime::block_on(engine.find_pool_info(PoolId(pool_id)))?.id;
        let io = handle::create(Context::new(cluster, IoCtx::new(engine, pool)?));
        // SAFETY: C API contract.
        unsafe { buffer::out(ioctx, io) };
        Ok(0)
    })
}

/// Ends an I/O context. Operations under way go on.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_ioctx_destroy(io: rados_ioctx_t) {
    guard("rados_ioctx_destroy", || {
        // SAFETY: C API contract.
        unsafe { handle::destroy::<Context>(io).map(drop) }
    });
}

/// The cluster handle that the context was made from; NULL for a bad context.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_ioctx_get_cluster(io: rados_ioctx_t) -> rados_t {
    guard("rados_ioctx_get_cluster", || {
        // SAFETY: C API contract.
        Ok(unsafe { Context::of(io)? }.cluster.handle())
    })
}

/// The configuration of the context's cluster handle, to be used as `rados_cct`'s.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_ioctx_cct(io: rados_ioctx_t) -> rados_config_t {
    guard("rados_ioctx_cct", || {
        // SAFETY: C API contract.
        Ok(unsafe { Context::of(io)? }.cluster.config_handle())
    })
}

/// The pool's number.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_ioctx_get_id(io: rados_ioctx_t) -> i64 {
    guard("rados_ioctx_get_id", || {
        // SAFETY: C API contract.
        Ok(unsafe { Context::of(io)? }.io.read().pool().0)
    })
}

/// Writes the pool's name and a zero byte into `buf`. Returns the name's length, or -ERANGE where
/// `maxlen` is not more than that.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_ioctx_get_pool_name(
    io: rados_ioctx_t,
    buf: *mut c_char,
    maxlen: c_uint,
) -> c_int {
    guard("rados_ioctx_get_pool_name", || {
        // SAFETY: C API contract.
        let info = unsafe { Context::of(io)? }.io().pool_info()?;
        // SAFETY: C API contract.
        let len = unsafe { buffer::fill_string(buf, maxlen as usize, info.name.as_bytes())? };
        Ok(len as c_int)
    })
}

/// Writes the context's namespace and a zero byte into `buf`. Returns its length, or -ERANGE where
/// `maxlen` is not more than that.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_ioctx_get_namespace(
    io: rados_ioctx_t,
    buf: *mut c_char,
    maxlen: c_uint,
) -> c_int {
    guard("rados_ioctx_get_namespace", || {
        // SAFETY: C API contract.
        let io = unsafe { Context::of(io)? }.io();
        // SAFETY: C API contract.
        let len = unsafe { buffer::fill_string(buf, maxlen as usize, io.namespace().as_bytes())? };
        Ok(len as c_int)
    })
}

exports! {
    /// Sets the namespace of later operations; NULL or "" is the default one,
    /// `LIBRADOS_ALL_NSPACES` all of them, for listing.
    fn rados_ioctx_set_namespace(io: rados_ioctx_t, nspace: *const c_char) => {
        let namespace = if nspace.is_null() { b"" } else { buffer::string(nspace)? };
        Context::of(io)?.change(|io| {
            io.set_namespace(namespace);
            Ok(())
        })
    };
    /// Sets the locator key of later operations; NULL for none.
    fn rados_ioctx_locator_set_key(io: rados_ioctx_t, key: *const c_char) => {
        let locator = if key.is_null() { b"" } else { buffer::string(key)? };
        Context::of(io)?.change(|io| {
            io.set_locator(locator);
            Ok(())
        })
    };
    /// Lets later writes try although the cluster is full.
    #[deprecated]
    fn rados_set_osdmap_full_try(io: rados_ioctx_t) => full_try(io, true);
    /// Ends what `rados_set_osdmap_full_try` began.
    #[deprecated]
    fn rados_unset_osdmap_full_try(io: rados_ioctx_t) => full_try(io, false);
    /// Lets later writes try although the pool is full.
    fn rados_set_pool_full_try(io: rados_ioctx_t) => full_try(io, true);
    /// Ends what `rados_set_pool_full_try` began.
    fn rados_unset_pool_full_try(io: rados_ioctx_t) => full_try(io, false);
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn full_try(io: rados_ioctx_t, on: bool) -> Result<()> {
    // SAFETY: the caller's contract.
    unsafe { Context::of(io)? }.io.write().set_flags(ReqFlags::FULL_TRY, on);
    Ok(())
}

/// The version of the object that the context's last synchronous operation read or wrote.
///
/// # Safety
/// [C API contract](crate::capi::guard#safety).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rados_get_last_version(io: rados_ioctx_t) -> u64 {
    guard("rados_get_last_version", || {
        // SAFETY: C API contract.
        Ok(unsafe { Context::of(io)? }.last_version.load(Ordering::Relaxed))
    })
}

/// Memory that a read fills, with the address kept for the return value.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety) until the operation's end.
pub(super) unsafe fn place(buf: *mut c_char, len: usize) -> Result<Place> {
    // SAFETY: the caller's contract.
    unsafe { buffer::bytes_mut(buf, len)? };
    Ok(Place { buf: buf.cast(), len })
}

/// A buffer of the caller's that a reply is copied into.
pub(super) struct Place {
    buf: *mut c_void,
    len: usize,
}

// SAFETY: the C API contract lets the library write the buffer on any thread until the completion.
unsafe impl Send for Place {}

impl Place {
    /// Copies `value` in. Its length, or `-ERANGE` where there is no room.
    pub(super) fn fill(&self, value: &[u8]) -> c_int {
        // SAFETY: place() checked it; the C API contract keeps it writable.
        let filled = unsafe { buffer::fill(self.buf.cast(), self.len, value) };
        match filled {
            Ok(len) => c_int::try_from(len).unwrap_or(Errno::E2BIG.to_c()),
            Err(error) => error.to_c(),
        }
    }
}

/// A pointer of the caller's that the library stores through when an operation ends.
pub(super) struct OutPtr<T>(*mut T);

// SAFETY: as for Place.
unsafe impl<T> Send for OutPtr<T> {}

impl<T> OutPtr<T> {
    /// # Safety
    /// Null, or valid for one write until the operation's end.
    pub(super) unsafe fn new(place: *mut T) -> Self {
        OutPtr(place)
    }

    /// Stores the value unless the caller gave null.
    pub(super) fn set(&self, value: T) {
        // SAFETY: new()'s contract.
        unsafe { buffer::out(self.0, value) };
    }
}
