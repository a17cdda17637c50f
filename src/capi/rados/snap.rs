//! Snapshots: of pools, and self-managed ones.

use std::future::Future;
use std::sync::Arc;

use libc::{c_char, c_int, time_t};

use super::completion::RadosCompletion;
use super::context::{Call, Context, OutPtr, status};
use super::io::seconds;
use crate::capi::buffer;
use crate::capi::guard::exports;
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::model::{Engine, Op, PoolId, SnapContext, SnapId};
use crate::runtime;

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn pool(io: rados_ioctx_t) -> Result<(Arc<dyn Engine>, PoolId)> {
    // SAFETY: the caller's contract.
    let io = unsafe { Context::of(io)? }.io();
    Ok((Arc::clone(io.engine()), io.pool()))
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn rollback_to_name(
    io: rados_ioctx_t,
    oid: *const c_char,
    snapname: *const c_char,
) -> Result<c_int> {
    // SAFETY: the caller's contract.
    unsafe {
        let name = buffer::text(snapname)?;
        let snap = Context::of(io)?.io().pool_info()?.snap_by_name(name).ok_or(Errno::ENOENT)?;
        rollback(io, oid, snap)
    }
}

/// Rolls an object back, also while the context reads a snapshot: the original does not look.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn rollback(io: rados_ioctx_t, oid: *const c_char, snap: SnapId) -> Result<c_int> {
    // SAFETY: the caller's contract.
    let (context, oid) = unsafe { (Context::of(io)?, buffer::string(oid)?) };
    let mut head = context.io();
    head.set_read_snap(SnapId::HEAD);
    let op = head.write_op(oid)?.then(Op::Rollback(snap));
    context.run(Call { op, finish: status })
}

/// Runs a future on the library's threads and completes with its result. A bad completion makes the
/// functions that return nothing do nothing, as the original does not check either.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn spawn(
    completion: rados_completion_t,
    future: impl Future<Output = Result<()>> + Send + 'static,
) -> Result<()> {
    // SAFETY: the caller's contract.
    let completion = unsafe { RadosCompletion::arm(completion)? };
    runtime::spawn(async move {
        let result = future.await.map_or_else(|error| error.to_c(), |()| 0);
        completion.complete(result, 0);
    });
    Ok(())
}

exports! {
    /// Makes a snapshot of the pool. Returns 0, -EEXIST, -EINVAL in a pool of self-managed
    /// snapshots.
    fn rados_ioctx_snap_create(io: rados_ioctx_t, snapname: *const c_char) -> c_int => {
        let (engine, pool) = pool(io)?;
        runtime::block_on(engine.pool_snap_create(pool, buffer::text(snapname)?))?;
        Ok(0)
    };
    /// Removes a snapshot of the pool. Returns 0, -ENOENT.
    fn rados_ioctx_snap_remove(io: rados_ioctx_t, snapname: *const c_char) -> c_int => {
        let (engine, pool) = pool(io)?;
        runtime::block_on(engine.pool_snap_remove(pool, buffer::text(snapname)?))?;
        Ok(0)
    };
    /// Makes the object what it was at a snapshot of the pool. Returns 0, -ENOENT.
    fn rados_ioctx_snap_rollback(
        io: rados_ioctx_t, oid: *const c_char, snapname: *const c_char
    ) -> c_int => rollback_to_name(io, oid, snapname);
    /// The same as `rados_ioctx_snap_rollback`, which is its newer name.
    #[deprecated]
    fn rados_rollback(
        io: rados_ioctx_t, oid: *const c_char, snapname: *const c_char
    ) -> c_int => rollback_to_name(io, oid, snapname);
    /// Writes the numbers of the pool's snapshots into `snaps`. Returns how many; -ERANGE where
    /// there are more than `maxlen`.
    fn rados_ioctx_snap_list(
        io: rados_ioctx_t, snaps: *mut rados_snap_t, maxlen: c_int
    ) -> c_int => {
        let found: Vec<u64> = Context::of(io)?.io().pool_info()?.snaps.into_keys().collect();
        if found.len() > usize::try_from(maxlen).unwrap_or(0) {
            return Err(Errno::ERANGE.into());
        }
        if snaps.is_null() && !found.is_empty() {
            return Err(Errno::EINVAL.into());
        }
        for (index, snap) in found.iter().enumerate() {
            snaps.add(index).write(*snap);
        }
        Ok(found.len() as c_int)
    };
    /// The number of a snapshot of the pool. Returns 0, -ENOENT.
    fn rados_ioctx_snap_lookup(
        io: rados_ioctx_t, name: *const c_char, id: *mut rados_snap_t
    ) -> c_int => {
        let info = Context::of(io)?.io().pool_info()?;
        let snap = info.snap_by_name(buffer::text(name)?).ok_or(Errno::ENOENT)?;
        buffer::out(id, snap.0);
        Ok(0)
    };
    /// The name of a snapshot of the pool, with its zero byte. Returns 0, -ENOENT, -ERANGE where
    /// `maxlen` is too small.
    fn rados_ioctx_snap_get_name(
        io: rados_ioctx_t, id: rados_snap_t, name: *mut c_char, maxlen: c_int
    ) -> c_int => {
        let info = Context::of(io)?.io().pool_info()?;
        let (found, _) = info.snaps.get(&id).ok_or(Errno::ENOENT)?;
        buffer::fill_string(name, usize::try_from(maxlen).unwrap_or(0), found.as_bytes())?;
        Ok(0)
    };
    /// When a snapshot of the pool was made, in seconds since 1970. Returns 0, -ENOENT.
    fn rados_ioctx_snap_get_stamp(
        io: rados_ioctx_t, id: rados_snap_t, t: *mut time_t
    ) -> c_int => {
        let info = Context::of(io)?.io().pool_info()?;
        let (_, time) = info.snaps.get(&id).ok_or(Errno::ENOENT)?;
        buffer::out(t, seconds(*time));
        Ok(0)
    };
    /// Sets the snapshot that later reads of this context see; `LIBRADOS_SNAP_HEAD` for none.
    fn rados_ioctx_snap_set_read(io: rados_ioctx_t, snap: rados_snap_t) => {
        Context::of(io)?.change(|io| {
            io.set_read_snap(SnapId(snap));
            Ok(())
        })
    };
    /// Gives out the number of a new self-managed snapshot. Returns 0, -EINVAL in a pool with pool
    /// snapshots.
    fn rados_ioctx_selfmanaged_snap_create(
        io: rados_ioctx_t, snapid: *mut rados_snap_t
    ) -> c_int => {
        let (engine, pool) = pool(io)?;
        buffer::out(snapid, runtime::block_on(engine.selfmanaged_snap_create(pool))?.0);
        Ok(0)
    };
    /// Removes a self-managed snapshot. Returns 0.
    fn rados_ioctx_selfmanaged_snap_remove(io: rados_ioctx_t, snapid: rados_snap_t) -> c_int => {
        let (engine, pool) = pool(io)?;
        runtime::block_on(engine.selfmanaged_snap_remove(pool, SnapId(snapid)))?;
        Ok(0)
    };
    /// Like `rados_ioctx_selfmanaged_snap_create`; `*snapid` is stored before the completion.
    fn rados_aio_ioctx_selfmanaged_snap_create(
        io: rados_ioctx_t, snapid: *mut rados_snap_t, completion: rados_completion_t
    ) => {
        let ((engine, pool), snapid) = (pool(io)?, OutPtr::new(snapid));
        spawn(completion, async move {
            let snap = engine.selfmanaged_snap_create(pool).await?;
            snapid.set(snap.0);
            Ok(())
        })
    };
    /// Like `rados_ioctx_selfmanaged_snap_remove`.
    fn rados_aio_ioctx_selfmanaged_snap_remove(
        io: rados_ioctx_t, snapid: rados_snap_t, completion: rados_completion_t
    ) => {
        let (engine, pool) = pool(io)?;
        spawn(completion, async move {
            engine.selfmanaged_snap_remove(pool, SnapId(snapid)).await
        })
    };
    /// Makes the object what it was at a self-managed snapshot. Returns 0.
    fn rados_ioctx_selfmanaged_snap_rollback(
        io: rados_ioctx_t, oid: *const c_char, snapid: rados_snap_t
    ) -> c_int => rollback(io, oid, SnapId(snapid));
    /// Sets the snapshots that later writes of this context are made under: the newest number given
    /// out, and those that exist, newest first. Returns 0, -EINVAL unless they descend.
    fn rados_ioctx_selfmanaged_snap_set_write_ctx(
        io: rados_ioctx_t, seq: rados_snap_t, snaps: *mut rados_snap_t, num_snaps: c_int
    ) -> c_int => {
        let count = usize::try_from(num_snaps).map_err(|_| Errno::EINVAL)?;
        let snaps = buffer::array(snaps.cast_const(), count)?.iter().copied().collect();
        Context::of(io)?.change(|io| io.set_write_context(SnapContext { seq, snaps }))?;
        Ok(0)
    };
}
