//! Pools: make, remove, list, look up, measure, and their applications.

use std::sync::Arc;

use libc::{c_char, c_int};

use super::cluster::ClusterHandle;
use super::context::Context;
use crate::capi::buffer::{self, list};
use crate::capi::guard::exports;
use crate::capi::handle;
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::model::{Engine, EngineExt, PoolId, PoolInfo, PoolStat};
use crate::runtime;

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
pub(super) unsafe fn engine(cluster: rados_t) -> Result<Arc<dyn Engine>> {
    // SAFETY: the caller's contract.
    unsafe { handle::get::<ClusterHandle>(cluster)?.engine() }
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn create(cluster: rados_t, name: *const c_char, rule: Option<u8>) -> Result<c_int> {
    // SAFETY: the caller's contract.
    unsafe { runtime::block_on(engine(cluster)?.pool_create(buffer::text(name)?, rule))? };
    Ok(0)
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn info(io: rados_ioctx_t) -> Result<PoolInfo> {
    // SAFETY: the caller's contract.
    unsafe { Context::of(io)? }.io().pool_info()
}

/// A pool's statistics as C has them.
pub(super) fn pool_stat(stat: &PoolStat) -> rados_pool_stat_t {
    rados_pool_stat_t {
        num_bytes: stat.bytes,
        num_kb: stat.bytes.div_ceil(1024),
        num_objects: stat.objects,
        num_object_clones: stat.object_clones,
        num_object_copies: stat.object_copies,
        num_objects_missing_on_primary: stat.objects_missing,
        num_objects_unfound: stat.objects_unfound,
        num_objects_degraded: stat.objects_degraded,
        num_rd: stat.reads,
        num_rd_kb: stat.read_kb,
        num_wr: stat.writes,
        num_wr_kb: stat.write_kb,
        num_user_bytes: stat.user_bytes,
        compressed_bytes_orig: stat.compressed_bytes_orig,
        compressed_bytes: stat.compressed_bytes,
        compressed_bytes_alloc: stat.compressed_bytes_alloc,
    }
}

/// What the context's pool holds.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
pub(super) unsafe fn stat(io: rados_ioctx_t) -> Result<PoolStat> {
    // SAFETY: the caller's contract.
    let io = unsafe { Context::of(io)? }.io();
    let stats = runtime::block_on(io.engine().pool_stats(&[io.pool()]))?;
    stats.get(&io.pool()).copied().ok_or_else(|| Errno::ENOENT.into())
}

exports! {
    /// Makes a pool. Returns 0, -EEXIST.
    fn rados_pool_create(cluster: rados_t, pool_name: *const c_char) -> c_int => {
        create(cluster, pool_name, None)
    };
    /// Makes a pool. `auid` must be `CEPH_AUTH_UID_DEFAULT`, -1, else -EINVAL. Returns 0, -EEXIST.
    #[deprecated]
    fn rados_pool_create_with_auid(
        cluster: rados_t, pool_name: *const c_char, auid: u64
    ) -> c_int => {
        no_auid(auid)?;
        create(cluster, pool_name, None)
    };
    /// Makes a pool with a CRUSH rule. Returns 0, -EEXIST, -ENOENT.
    fn rados_pool_create_with_crush_rule(
        cluster: rados_t, pool_name: *const c_char, crush_rule_num: u8
    ) -> c_int => create(cluster, pool_name, Some(crush_rule_num));
    /// Makes a pool with a CRUSH rule. `auid` must be `CEPH_AUTH_UID_DEFAULT`, -1, else -EINVAL.
    #[deprecated]
    fn rados_pool_create_with_all(
        cluster: rados_t, pool_name: *const c_char, auid: u64, crush_rule_num: u8
    ) -> c_int => {
        no_auid(auid)?;
        create(cluster, pool_name, Some(crush_rule_num))
    };
    /// Removes a pool and all that is in it. Returns 0, -ENOENT, -EPERM.
    fn rados_pool_delete(cluster: rados_t, pool_name: *const c_char) -> c_int => {
        runtime::block_on(engine(cluster)?.pool_delete(buffer::text(pool_name)?))?;
        Ok(0)
    };
    /// Writes the names of all pools into `buf`, each ended by a zero byte, the whole by another;
    /// names that have no room are left out. Returns the size that holds all.
    fn rados_pool_list(cluster: rados_t, buf: *mut c_char, len: usize) -> c_int => {
        let pools = engine(cluster)?.pools()?;
        if buf.is_null() && len > 0 {
            return Err(Errno::EINVAL.into());
        }
        let room = buffer::bytes_mut(buf, len)?;
        room.fill(0);
        let (mut used, mut needed) = (0, 0);
        for (_, name) in &pools {
            let size = name.len() + 1;
            // What fits is written in order, up to the first that does not.
            if used == needed && used + size <= len {
                room[used..used + name.len()].copy_from_slice(name.as_bytes());
                used += size;
            }
            needed += size;
        }
        Ok(c_int::try_from(needed + 1).unwrap_or(c_int::MAX))
    };
    /// The number of a pool. Returns -ENOENT where there is none of this name.
    fn rados_pool_lookup(cluster: rados_t, pool_name: *const c_char) -> i64 => {
        Ok(runtime::block_on(engine(cluster)?.find_pool(buffer::text(pool_name)?))?.0)
    };
    /// Writes the name of a pool and a zero byte into `buf`. Returns its length, -ENOENT, -ERANGE.
    fn rados_pool_reverse_lookup(
        cluster: rados_t, id: i64, buf: *mut c_char, maxlen: usize
    ) -> c_int => {
        let info = runtime::block_on(engine(cluster)?.find_pool_info(PoolId(id)))?;
        Ok(buffer::fill_string(buf, maxlen, info.name.as_bytes())? as c_int)
    };
    /// The pool that a cache pool is for: the pool itself where it is none. Returns 0, -ENOENT.
    fn rados_pool_get_base_tier(cluster: rados_t, pool: i64, base_tier: *mut i64) -> c_int => {
        let info = engine(cluster)?.pool(PoolId(pool))?;
        buffer::out(base_tier, info.base_tier.map_or(pool, |base| base.0));
        Ok(0)
    };
    /// Pools have no owner any more: -EOPNOTSUPP.
    #[deprecated]
    fn rados_ioctx_pool_set_auid(io: rados_ioctx_t, auid: u64) -> c_int => {
        let _ = (io, auid);
        Err(Errno::EOPNOTSUPP.into())
    };
    /// Pools have no owner any more: -EOPNOTSUPP.
    #[deprecated]
    fn rados_ioctx_pool_get_auid(io: rados_ioctx_t, auid: *mut u64) -> c_int => {
        let _ = (io, auid);
        Err(Errno::EOPNOTSUPP.into())
    };
    /// Whether appends must be aligned, as on an erasure-coded pool.
    #[deprecated]
    fn rados_ioctx_pool_requires_alignment(io: rados_ioctx_t) -> c_int => {
        // It has no way to say that the pool is gone.
        Ok(c_int::from(info(io).is_ok_and(|info| info.requires_alignment)))
    };
    /// Whether appends must be aligned, into `*req`. Returns 0, -ENOENT.
    fn rados_ioctx_pool_requires_alignment2(io: rados_ioctx_t, req: *mut c_int) -> c_int => {
        buffer::out(req, c_int::from(info(io)?.requires_alignment));
        Ok(0)
    };
    /// Bytes of a stripe, of which appends must be multiples where they must be aligned; else 0.
    #[deprecated]
    fn rados_ioctx_pool_required_alignment(io: rados_ioctx_t) -> u64 => {
        Ok(info(io)?.stripe_width)
    };
    /// Bytes of a stripe, as above, into `*alignment`. Returns 0, -ENOENT.
    fn rados_ioctx_pool_required_alignment2(io: rados_ioctx_t, alignment: *mut u64) -> c_int => {
        buffer::out(alignment, info(io)?.stripe_width);
        Ok(0)
    };
    /// What the pool holds and what was done to it. Returns 0.
    fn rados_ioctx_pool_stat(io: rados_ioctx_t, stats: *mut rados_pool_stat_t) -> c_int => {
        buffer::out(stats, pool_stat(&stat(io)?));
        Ok(0)
    };

    /// Enables an application on the pool. Returns 0, -EPERM where it has another and `force` is 0.
    fn rados_application_enable(
        io: rados_ioctx_t, app_name: *const c_char, force: c_int
    ) -> c_int => {
        let (io, name) = (Context::of(io)?.io(), buffer::text(app_name)?);
        runtime::block_on(io.engine().application_enable(io.pool(), name, force != 0))?;
        Ok(0)
    };
    /// The applications of the pool, each ended by a zero byte; `*values_len` becomes the size.
    /// Returns 0,
    /// -ERANGE.
    fn rados_application_list(
        io: rados_ioctx_t, values: *mut c_char, values_len: *mut usize
    ) -> c_int => {
        let applications = info(io)?.applications;
        let names = list(applications.keys().map(String::as_bytes));
        buffer::check(values_len, 1)?;
        let room = *values_len;
        buffer::fill_sized(values, values_len, &names)?;
        // Where there is room, the list has an end of its own.
        if room > names.len() {
            *values.add(names.len()) = 0;
        }
        Ok(0)
    };
    /// A value of an application's metadata, with its zero byte; `*value_len` becomes the size.
    /// Returns 0,
    /// -ENOENT, -ERANGE.
    fn rados_application_metadata_get(
        io: rados_ioctx_t, app_name: *const c_char, key: *const c_char, value: *mut c_char,
        value_len: *mut usize
    ) -> c_int => {
        let (name, key) = (buffer::text(app_name)?, buffer::text(key)?);
        let applications = info(io)?.applications;
        let found = applications.get(name).and_then(|metadata| metadata.get(key));
        buffer::fill_sized_string(value, value_len, found.ok_or(Errno::ENOENT)?.as_bytes())?;
        Ok(0)
    };
    /// Sets a value of an application's metadata. Returns 0, -ENOENT.
    fn rados_application_metadata_set(
        io: rados_ioctx_t, app_name: *const c_char, key: *const c_char, value: *const c_char
    ) -> c_int => {
        let (io, name) = (Context::of(io)?.io(), buffer::text(app_name)?);
        let (key, value) = (buffer::text(key)?, buffer::text(value)?);
        runtime::block_on(io.engine().application_set(io.pool(), name, key, Some(value)))?;
        Ok(0)
    };
    /// Removes a value of an application's metadata. Returns 0, -ENOENT.
    fn rados_application_metadata_remove(
        io: rados_ioctx_t, app_name: *const c_char, key: *const c_char
    ) -> c_int => {
        let (io, name) = (Context::of(io)?.io(), buffer::text(app_name)?);
        let key = buffer::text(key)?;
        runtime::block_on(io.engine().application_set(io.pool(), name, key, None))?;
        Ok(0)
    };
    /// An application's metadata: keys and values, each ended by a zero byte; `*key_len` and
    /// `*vals_len` become the sizes. Returns 0, -ENOENT, -ERANGE.
    fn rados_application_metadata_list(
        io: rados_ioctx_t, app_name: *const c_char, keys: *mut c_char, key_len: *mut usize,
        values: *mut c_char, vals_len: *mut usize
    ) -> c_int => {
        let applications = info(io)?.applications;
        let metadata = applications.get(buffer::text(app_name)?).ok_or(Errno::ENOENT)?;
        let names = list(metadata.keys().map(String::as_bytes));
        let found = list(metadata.values().map(String::as_bytes));
        buffer::check(key_len, 1)?;
        buffer::check(vals_len, 1)?;
        // Both or none.
        if *key_len < names.len() || *vals_len < found.len() {
            (*key_len, *vals_len) = (names.len(), found.len());
            return Err(Errno::ERANGE.into());
        }
        buffer::fill_sized(keys, key_len, &names)?;
        buffer::fill_sized(values, vals_len, &found)?;
        Ok(0)
    };
}

fn no_auid(auid: u64) -> Result<()> {
    match auid {
        u64::MAX => Ok(()),
        _ => Err(Errno::EINVAL.because("pools have no owner any more")),
    }
}
