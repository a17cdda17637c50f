//! Images in the trash.

use std::time::Duration;

use super::common::{Room, dup, free_all, ok, pool, progress};
use crate::capi::buffer::{array, text};
use crate::capi::guard::exports;
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::rbd::{TrashSpec, no_progress, trash};
use crate::runtime::block_on;
use libc::{c_char, c_int, c_void, time_t};

fn info(id: &str, spec: &TrashSpec) -> Result<rbd_trash_image_info_t> {
    Ok(rbd_trash_image_info_t {
        id: dup(id)?,
        name: dup(&spec.name)?,
        source: spec.source.to_raw().into(),
        deletion_time: spec.deletion_time.sec.into(),
        deferment_end_time: spec.deferment_end_time.sec.into(),
    })
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn free_infos(first: *mut rbd_trash_image_info_t, count: usize) -> Result<()> {
    // SAFETY: the caller's contract.
    unsafe {
        for info in array(first, count)? {
            free_all([info.id, info.name]);
        }
    }
    Ok(())
}

fn purge(expire: time_t, threshold: f32) -> trash::Purge {
    trash::Purge { expire, threshold }
}

exports! {
    /// Moves an image to the trash, where it cannot be removed without force for `delay` seconds.
    /// Returns 0, -ENOENT, or -EBUSY if it is open.
    fn rbd_trash_move(io: rados_ioctx_t, name: *const c_char, delay: u64) -> c_int => {
        ok(trash::move_image(&pool(io)?, text(name)?, Duration::from_secs(delay)))
    };
    /// Stores what is known of an image in the trash. Returns 0, or -ENOENT.
    fn rbd_trash_get(
        io: rados_ioctx_t,
        id: *const c_char,
        info: *mut rbd_trash_image_info_t,
    ) -> c_int => {
        let (pool, id) = (pool(io)?, text(id)?);
        let spec = block_on(trash::get(&pool, id))?;
        if info.is_null() {
            return Err(Errno::EINVAL.into());
        }
        info.write(self::info(id, &spec)?);
        Ok(0)
    };
    /// Frees what rbd_trash_get() stored in the struct.
    fn rbd_trash_get_cleanup(info: *mut rbd_trash_image_info_t) => free_infos(info, 1);
    /// Lists the images in the trash. Returns their number, or -ERANGE; either way it goes into
    /// `num_entries`.
    fn rbd_trash_list(
        io: rados_ioctx_t,
        trash_entries: *mut rbd_trash_image_info_t,
        num_entries: *mut usize,
    ) -> c_int => {
        let room = Room::new(trash_entries, num_entries)?;
        let images = block_on(trash::list(&pool(io)?))?;
        let count = room.fill_counted(&images, |image| info(&image.id, &image.spec))?;
        Ok(c_int::try_from(count).unwrap_or(c_int::MAX))
    };
    /// Frees what rbd_trash_list() stored in the array.
    fn rbd_trash_list_cleanup(trash_entries: *mut rbd_trash_image_info_t, num_entries: usize) => {
        free_infos(trash_entries, num_entries)
    };
    /// Removes from the trash images whose time is over at `expire_ts`, in seconds since 1970; with
    /// a `threshold` other than -1, only until the pool is used to that part of its room. Returns
    /// 0.
    fn rbd_trash_purge(io: rados_ioctx_t, expire_ts: time_t, threshold: f32) -> c_int => {
        ok(trash::purge(&pool(io)?, purge(expire_ts, threshold), &no_progress()))
    };
    /// Like rbd_trash_purge(), telling how far it is.
    fn rbd_trash_purge_with_progress(
        io: rados_ioctx_t,
        expire_ts: time_t,
        threshold: f32,
        cb: librbd_progress_fn_t,
        cbdata: *mut c_void,
    ) -> c_int => {
        ok(trash::purge(&pool(io)?, purge(expire_ts, threshold), &progress(cb, cbdata)))
    };
    /// Removes an image from the trash for good. Returns 0, -ENOENT, or -EPERM before its time is
    /// over, unless `force`.
    fn rbd_trash_remove(io: rados_ioctx_t, id: *const c_char, force: bool) -> c_int => {
        ok(trash::remove_image(&pool(io)?, text(id)?, force, &no_progress()))
    };
    /// Like rbd_trash_remove(), telling how far it is.
    fn rbd_trash_remove_with_progress(
        io: rados_ioctx_t,
        id: *const c_char,
        force: bool,
        cb: librbd_progress_fn_t,
        cbdata: *mut c_void,
    ) -> c_int => {
        ok(trash::remove_image(&pool(io)?, text(id)?, force, &progress(cb, cbdata)))
    };
    /// Makes an image of one in the trash again, with the name it had if `name` is empty. Returns
    /// 0, -ENOENT, or -EEXIST.
    fn rbd_trash_restore(io: rados_ioctx_t, id: *const c_char, name: *const c_char) -> c_int => {
        ok(trash::restore(&pool(io)?, text(id)?, text(name)?))
    };
}
