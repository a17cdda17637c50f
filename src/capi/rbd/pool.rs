//! Pools as RBD sees them: preparation, statistics, namespaces, metadata and settings.

use libc::{c_char, c_int};
use parking_lot::Mutex;

use super::common::{Room, dup, free_all, names_out, ok, pairs_out, pool};
use crate::capi::buffer::{array, fill_sized_string, out, text};
use crate::capi::guard::exports;
use crate::capi::handle::{self, Handle};
use crate::capi::types::*;
use crate::conf::rbd::ListedOption;
use crate::errno::{Errno, Result};
use crate::rbd::{namespace, pool_admin, settings};
use crate::runtime::block_on;

/// What stands behind an `rbd_pool_stats_t`: questions, and where their answers go.
#[derive(Default)]
struct Questions(Mutex<Vec<(rbd_pool_stat_option_t, Answer)>>);

/// Where the caller wants an answer.
#[derive(Clone, Copy)]
struct Answer(*mut u64);

// SAFETY: the C API contract keeps the place writable until the questions are answered or ended.
unsafe impl Send for Answer {}

impl Handle for Questions {
    const TAG: [u8; 8] = *b"rbdpstat";
}

exports! {
    /// Prepares a pool for images: enables the application rbd, and checks that snapshots work.
    /// Returns 0, or -EPERM if another application uses the pool and `force` is false.
    fn rbd_pool_init(io: rados_ioctx_t, force: bool) -> c_int => {
        ok(pool_admin::init(&pool(io)?, force))
    };
    /// Makes a set of questions about a pool's images, without any yet.
    fn rbd_pool_stats_create(stats: *mut rbd_pool_stats_t) => {
        out(stats, handle::create(Questions::default()));
        Ok(())
    };
    /// Ends a set of questions.
    fn rbd_pool_stats_destroy(stats: rbd_pool_stats_t) => {
        handle::destroy::<Questions>(stats).map(drop)
    };
    /// Adds a question, RBD_POOL_STAT_OPTION_*, and where rbd_pool_stats_get() will store the
    /// answer. Returns 0, -ENOENT for an unknown question, or -EEXIST for one that was added
    /// before.
    fn rbd_pool_stats_option_add_uint64(
        stats: rbd_pool_stats_t,
        stat_option: c_int,
        stat_val: *mut u64,
    ) -> c_int => {
        let option = u32::try_from(stat_option).map_err(|_| Errno::ENOENT)?;
        if option > RBD_POOL_STAT_OPTION_TRASH_SNAPSHOTS {
            return Err(Errno::ENOENT.into());
        }
        let mut questions = handle::get::<Questions>(stats)?.0.lock();
        if questions.iter().any(|(asked, _)| *asked == option) {
            return Err(Errno::EEXIST.into());
        }
        questions.push((option, Answer(stat_val)));
        Ok(0)
    };
    /// Answers the questions. Returns 0.
    fn rbd_pool_stats_get(io: rados_ioctx_t, stats: rbd_pool_stats_t) -> c_int => {
        let questions = handle::get::<Questions>(stats)?.0.lock().clone();
        let (images, trash) = block_on(pool_admin::stats(&pool(io)?))?;
        for (question, place) in questions {
            let answer = match question {
                RBD_POOL_STAT_OPTION_IMAGES => images.images,
                RBD_POOL_STAT_OPTION_IMAGE_PROVISIONED_BYTES => images.provisioned,
                RBD_POOL_STAT_OPTION_IMAGE_MAX_PROVISIONED_BYTES => images.max_provisioned,
                RBD_POOL_STAT_OPTION_IMAGE_SNAPSHOTS => images.snapshots,
                RBD_POOL_STAT_OPTION_TRASH_IMAGES => trash.images,
                RBD_POOL_STAT_OPTION_TRASH_PROVISIONED_BYTES => trash.provisioned,
                RBD_POOL_STAT_OPTION_TRASH_MAX_PROVISIONED_BYTES => trash.max_provisioned,
                _ => trash.snapshots,
            };
            out(place.0, answer);
        }
        Ok(0)
    };

    /// Makes a namespace for images in the pool. Returns 0, -EEXIST, or -EINVAL.
    fn rbd_namespace_create(io: rados_ioctx_t, namespace_name: *const c_char) -> c_int => {
        ok(namespace::create(&pool(io)?, text(namespace_name)?))
    };
    /// Removes a namespace. Returns 0, -ENOENT, or -EBUSY if it has images.
    fn rbd_namespace_remove(io: rados_ioctx_t, namespace_name: *const c_char) -> c_int => {
        ok(namespace::remove(&pool(io)?, text(namespace_name)?))
    };
    /// Lists the pool's namespaces: names one after the other, each closed by a zero. Returns their
    /// bytes, or -ERANGE; either way the needed bytes go into `size`.
    fn rbd_namespace_list(
        io: rados_ioctx_t,
        namespace_names: *mut c_char,
        size: *mut usize,
    ) -> c_int => {
        if namespace_names.is_null() || size.is_null() {
            return Err(Errno::EINVAL.into());
        }
        let bytes = names_out(namespace_names, size, &block_on(namespace::list(&pool(io)?))?)?;
        out(size, bytes as usize);
        Ok(bytes)
    };
    /// Stores whether there is such a namespace. Returns 0.
    fn rbd_namespace_exists(
        io: rados_ioctx_t,
        namespace_name: *const c_char,
        exists: *mut bool,
    ) -> c_int => {
        let found = block_on(namespace::exists(&pool(io)?, text(namespace_name)?))?;
        out(exists, found);
        Ok(0)
    };

    /// Copies a value of the pool's metadata, with a closing zero. Returns 0, -ENOENT, or -ERANGE
    /// and the needed bytes in `val_len`.
    fn rbd_pool_metadata_get(
        io_ctx: rados_ioctx_t,
        key: *const c_char,
        value: *mut c_char,
        val_len: *mut usize,
    ) -> c_int => {
        let found = block_on(settings::pool_metadata_get(&pool(io_ctx)?, text(key)?));
        if found.is_err() {
            // Room for an empty value is asked for even so (measured on 16.2.15).
            sized_value(value, val_len, Ok(Vec::new()))?;
        }
        sized_value(value, val_len, found)
    };
    /// Sets a pair of the pool's metadata; `conf_` and the name of an option sets that for its
    /// images. Returns 0, or -EINVAL.
    fn rbd_pool_metadata_set(
        io_ctx: rados_ioctx_t,
        key: *const c_char,
        value: *const c_char,
    ) -> c_int => {
        ok(settings::pool_metadata_set(&pool(io_ctx)?, text(key)?, text(value)?))
    };
    /// Removes a pair of the pool's metadata. Returns 0, or -ENOENT.
    fn rbd_pool_metadata_remove(io_ctx: rados_ioctx_t, key: *const c_char) -> c_int => {
        ok(settings::pool_metadata_remove(&pool(io_ctx)?, text(key)?))
    };
    /// Lists pairs of the pool's metadata behind the key `start`, at most `max` or 0 for all: keys
    /// and values, each closed by a zero. Returns 0, or -ERANGE; either way the needed bytes go
    /// into the sizes.
    fn rbd_pool_metadata_list(
        io_ctx: rados_ioctx_t,
        start: *const c_char,
        max: u64,
        keys: *mut c_char,
        key_len: *mut usize,
        values: *mut c_char,
        vals_len: *mut usize,
    ) -> c_int => {
        let pairs = block_on(settings::pool_metadata_list(&pool(io_ctx)?, text(start)?, max))?;
        pairs_out((keys, key_len), (values, vals_len), &pairs)
    };
    /// Lists the options that the pool may override for its images. Returns 0, or -ERANGE; either
    /// way their number goes into `max_options`.
    fn rbd_config_pool_list(
        io_ctx: rados_ioctx_t,
        options: *mut rbd_config_option_t,
        max_options: *mut c_int,
    ) -> c_int => {
        let room = Room::new(options, max_options)?;
        room.fill_counted(&block_on(settings::list_pool(&pool(io_ctx)?))?, option_to_c)?;
        Ok(0)
    };
    /// Frees what rbd_config_pool_list() stored in the array.
    fn rbd_config_pool_list_cleanup(options: *mut rbd_config_option_t, max_options: c_int) => {
        free_options(options, max_options)
    };
}

/// An option and its value for the caller.
pub(super) fn option_to_c(option: &ListedOption) -> Result<rbd_config_option_t> {
    Ok(rbd_config_option_t {
        name: dup(option.name)?,
        value: dup(&option.value)?,
        source: option.source as rbd_config_source_t,
    })
}

/// Frees what [`option_to_c`] made.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
pub(super) unsafe fn free_options(options: *mut rbd_config_option_t, count: c_int) -> Result<()> {
    let count = usize::try_from(count).map_err(|_| Errno::EINVAL)?;
    // SAFETY: the caller's contract.
    unsafe {
        for option in array(options, count)? {
            free_all([option.name, option.value]);
        }
    }
    Ok(())
}

/// A value with a closing zero, or an error; the needed bytes go into `*size` only if there were
/// fewer.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
pub(super) unsafe fn sized_value(
    buf: *mut c_char,
    size: *mut usize,
    found: Result<Vec<u8>>,
) -> Result<c_int> {
    if size.is_null() {
        return Err(Errno::EINVAL.into());
    }
    let value = found?;
    // SAFETY: the caller's contract; size is not null.
    unsafe {
        let room = size.read();
        let filled = fill_sized_string(buf, size, &value);
        if filled.is_ok() {
            size.write(room);
        }
        filled?;
    }
    Ok(0)
}
