//! Groups of images.

use libc::{c_char, c_int, c_void};

use super::common::{
    Room, dup, free_all, image as open, names_out, ok, pool, progress, string_out,
};
use super::snap::sized;
use crate::capi::buffer::{array, free, give_array, text};
use crate::capi::guard::exports;
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::rbd::group::{self, GroupImage, GroupSnapDetails, GroupSnapInfo};
use crate::rbd::no_progress;
use crate::runtime::block_on;

/// Like [`Room::fill_counted`] for structs whose size the caller gives; `-ERANGE` and no elements
/// for another one.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn room<T>(first: *mut T, size: usize, max: *mut usize) -> Result<Room<T, usize>> {
    if size != size_of::<T>() {
        // SAFETY: the caller's contract.
        unsafe { crate::capi::buffer::out(max, 0) };
        return Err(Errno::ERANGE.into());
    }
    // SAFETY: the caller's contract.
    unsafe { Room::new(first, max) }
}

fn image_info(image: &GroupImage) -> Result<rbd_group_image_info_t> {
    Ok(rbd_group_image_info_t {
        name: dup(&image.name)?,
        pool: image.pool.0,
        state: image.state.to_raw().into(),
    })
}

fn snap_info(snap: &GroupSnapInfo) -> Result<rbd_group_snap_info_t> {
    Ok(rbd_group_snap_info_t { name: dup(&snap.name)?, state: snap.state.to_raw().into() })
}

fn snap_details(snap: &GroupSnapDetails) -> Result<rbd_group_snap_info2_t> {
    let mut images = Vec::with_capacity(snap.image_names.len());
    for (image, name) in snap.info.snaps.iter().zip(&snap.image_names) {
        images.push(rbd_group_image_snap_info_t {
            image_name: dup(name)?,
            pool_id: image.pool,
            snap_id: image.snap_id.0,
        });
    }
    Ok(rbd_group_snap_info2_t {
        id: dup(&snap.info.id)?,
        name: dup(&snap.info.name)?,
        image_snap_name: dup(&snap.image_snap_name)?,
        state: snap.info.state.to_raw().into(),
        namespace_type: RBD_GROUP_SNAP_NAMESPACE_TYPE_USER,
        image_snaps_count: images.len(),
        image_snaps: give_array(&images)?,
    })
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn free_details(first: *mut rbd_group_snap_info2_t, count: usize) -> Result<()> {
    // SAFETY: the caller's contract.
    unsafe {
        for snap in array(first, count)? {
            for image in array(snap.image_snaps, snap.image_snaps_count)? {
                free_all([image.image_name]);
            }
            free(snap.image_snaps);
            free_all([snap.id, snap.name, snap.image_snap_name]);
        }
    }
    Ok(())
}

/// `-ERANGE` for a struct of another size.
fn same_size<T>(_: *mut T, size: usize) -> Result<()> {
    if size == size_of::<T>() { Ok(()) } else { Err(Errno::ERANGE.into()) }
}

exports! {
    /// Makes a group. Returns 0, or -EEXIST.
    fn rbd_group_create(p: rados_ioctx_t, name: *const c_char) -> c_int => {
        ok(group::create(&pool(p)?, text(name)?))
    };
    /// Removes a group and its snapshots; its images stay. Returns 0, or -ENOENT.
    fn rbd_group_remove(p: rados_ioctx_t, name: *const c_char) -> c_int => {
        ok(group::remove(&pool(p)?, text(name)?))
    };
    /// Lists the groups of the pool: names one after the other, each closed by a zero. Returns
    /// their bytes, or -ERANGE and the needed ones in `size`.
    fn rbd_group_list(p: rados_ioctx_t, names: *mut c_char, size: *mut usize) -> c_int => {
        names_out(names, size, &block_on(group::list(&pool(p)?))?)
    };
    /// Renames a group. Returns 0, -ENOENT, or -EEXIST.
    fn rbd_group_rename(
        p: rados_ioctx_t,
        src_name: *const c_char,
        dest_name: *const c_char,
    ) -> c_int => ok(group::rename(&pool(p)?, text(src_name)?, text(dest_name)?));
    /// Copies a group's id. Returns 0, -ENOENT, or -ERANGE; the needed bytes, with the closing
    /// zero, go into `size`.
    fn rbd_group_get_id(
        p: rados_ioctx_t,
        group_name: *const c_char,
        group_id: *mut c_char,
        size: *mut usize,
    ) -> c_int => {
        let id = block_on(group::id_of(&pool(p)?, text(group_name)?))?;
        string_out(group_id, size, &id)
    };
    /// Adds an image to a group. Returns 0, -ENOENT, or -EEXIST if it is in another group.
    fn rbd_group_image_add(
        group_p: rados_ioctx_t,
        group_name: *const c_char,
        image_p: rados_ioctx_t,
        image_name: *const c_char,
    ) -> c_int => {
        let (group_pool, image_pool) = (pool(group_p)?, pool(image_p)?);
        ok(group::add(&group_pool, text(group_name)?, &image_pool, text(image_name)?))
    };
    /// Removes an image from a group. Returns 0, or -ENOENT.
    fn rbd_group_image_remove(
        group_p: rados_ioctx_t,
        group_name: *const c_char,
        image_p: rados_ioctx_t,
        image_name: *const c_char,
    ) -> c_int => {
        let (group_pool, image_pool) = (pool(group_p)?, pool(image_p)?);
        ok(group::remove_by_name(&group_pool, text(group_name)?, &image_pool, text(image_name)?))
    };
    /// Removes an image, given by its id, from a group. Returns 0, or -ENOENT.
    fn rbd_group_image_remove_by_id(
        group_p: rados_ioctx_t,
        group_name: *const c_char,
        image_p: rados_ioctx_t,
        image_id: *const c_char,
    ) -> c_int => {
        let (group_pool, image_pool) = (pool(group_p)?, pool(image_p)?);
        ok(group::remove_by_id(&group_pool, text(group_name)?, &image_pool, text(image_id)?))
    };
    /// Lists the images of a group, none if there is no such group. Returns their number, or
    /// -ERANGE; either way it goes into `num_entries`.
    fn rbd_group_image_list(
        group_p: rados_ioctx_t,
        group_name: *const c_char,
        images: *mut rbd_group_image_info_t,
        group_image_info_size: usize,
        num_entries: *mut usize,
    ) -> c_int => {
        let room = room(images, group_image_info_size, num_entries)?;
        let found = block_on(group::list_images(&pool(group_p)?, text(group_name)?))?;
        Ok(room.fill_counted(&found, image_info)? as c_int)
    };
    /// Frees what rbd_group_image_list() stored in the array. Returns 0.
    fn rbd_group_image_list_cleanup(
        images: *mut rbd_group_image_info_t,
        group_image_info_size: usize,
        num_entries: usize,
    ) -> c_int => {
        same_size(images, group_image_info_size)?;
        for image in array(images, num_entries)? {
            free_all([image.name]);
        }
        Ok(0)
    };
    /// Stores the group that the image is in, with NULL for its name if it is in none. Returns 0,
    /// or -ERANGE for a struct of another size.
    fn rbd_get_group(
        image: rbd_image_t,
        group_info: *mut rbd_group_info_t,
        group_info_size: usize,
    ) -> c_int => {
        sized(group_info, group_info_size)?;
        group_info.write(rbd_group_info_t { name: std::ptr::null_mut(), pool: -1 });
        let found = block_on(group::of_image(open(image)?))?;
        let (pool, name) = found.map_or((-1, String::new()), |(pool, name)| (pool.0, name));
        group_info.write(rbd_group_info_t { name: dup(&name)?, pool });
        Ok(0)
    };
    /// Frees what rbd_get_group() stored. Returns 0.
    fn rbd_group_info_cleanup(
        group_info: *mut rbd_group_info_t,
        group_info_size: usize,
    ) -> c_int => {
        sized(group_info, group_info_size)?;
        free_all([(*group_info).name]);
        Ok(0)
    };

    /// Takes a snapshot of all images of a group. Returns 0, -ENOENT, or -EEXIST.
    fn rbd_group_snap_create(
        group_p: rados_ioctx_t,
        group_name: *const c_char,
        snap_name: *const c_char,
    ) -> c_int => {
        ok(group::snap_create(&pool(group_p)?, text(group_name)?, text(snap_name)?, 0))
    };
    /// Like rbd_group_snap_create(), with RBD_SNAP_CREATE_*.
    fn rbd_group_snap_create2(
        group_p: rados_ioctx_t,
        group_name: *const c_char,
        snap_name: *const c_char,
        flags: u32,
    ) -> c_int => {
        ok(group::snap_create(&pool(group_p)?, text(group_name)?, text(snap_name)?, flags))
    };
    /// Removes a group's snapshot. Returns 0, or -ENOENT.
    fn rbd_group_snap_remove(
        group_p: rados_ioctx_t,
        group_name: *const c_char,
        snap_name: *const c_char,
    ) -> c_int => {
        ok(group::snap_remove(&pool(group_p)?, text(group_name)?, text(snap_name)?))
    };
    /// Renames a group's snapshot. Returns 0, -ENOENT, or -EEXIST.
    fn rbd_group_snap_rename(
        group_p: rados_ioctx_t,
        group_name: *const c_char,
        old_snap_name: *const c_char,
        new_snap_name: *const c_char,
    ) -> c_int => {
        let (group, pool) = (text(group_name)?, pool(group_p)?);
        ok(group::snap_rename(&pool, group, text(old_snap_name)?, text(new_snap_name)?))
    };
    /// Makes all images of a group what they were at a snapshot. Returns 0, or -ENOENT.
    fn rbd_group_snap_rollback(
        group_p: rados_ioctx_t,
        group_name: *const c_char,
        snap_name: *const c_char,
    ) -> c_int => {
        let (group, snap) = (text(group_name)?, text(snap_name)?);
        ok(group::snap_rollback(&pool(group_p)?, group, snap, &no_progress()))
    };
    /// Like rbd_group_snap_rollback(), telling how far it is.
    fn rbd_group_snap_rollback_with_progress(
        group_p: rados_ioctx_t,
        group_name: *const c_char,
        snap_name: *const c_char,
        cb: librbd_progress_fn_t,
        cbdata: *mut c_void,
    ) -> c_int => {
        let (group, snap) = (text(group_name)?, text(snap_name)?);
        ok(group::snap_rollback(&pool(group_p)?, group, snap, &progress(cb, cbdata)))
    };
    /// Lists the snapshots of a group, none if there is no such group. Returns their number, or
    /// -ERANGE; either way it goes into `num_entries`.
    fn rbd_group_snap_list(
        group_p: rados_ioctx_t,
        group_name: *const c_char,
        snaps: *mut rbd_group_snap_info_t,
        group_snap_info_size: usize,
        num_entries: *mut usize,
    ) -> c_int => {
        let room = room(snaps, group_snap_info_size, num_entries)?;
        let found = match block_on(group::snap_list(&pool(group_p)?, text(group_name)?)) {
            Err(error) if error == Errno::ENOENT => Vec::new(),
            found => found?,
        };
        Ok(room.fill_counted(&found, snap_info)? as c_int)
    };
    /// Frees what rbd_group_snap_list() stored in the array. Returns 0.
    fn rbd_group_snap_list_cleanup(
        snaps: *mut rbd_group_snap_info_t,
        group_snap_info_size: usize,
        num_entries: usize,
    ) -> c_int => {
        same_size(snaps, group_snap_info_size)?;
        for snap in array(snaps, num_entries)? {
            free_all([snap.name]);
        }
        Ok(0)
    };
    /// Lists the snapshots of a group with the snapshots of its images. Returns 0, -ENOENT, or
    /// -ERANGE; either way their number goes into `num_entries`.
    fn rbd_group_snap_list2(
        group_p: rados_ioctx_t,
        group_name: *const c_char,
        snaps: *mut rbd_group_snap_info2_t,
        num_entries: *mut usize,
    ) -> c_int => {
        let room = Room::new(snaps, num_entries)?;
        let found = block_on(group::snap_details(&pool(group_p)?, text(group_name)?, None))?;
        room.fill_counted(&found, snap_details)?;
        Ok(0)
    };
    /// Frees what rbd_group_snap_list2() stored in the array.
    fn rbd_group_snap_list2_cleanup(snaps: *mut rbd_group_snap_info2_t, num_entries: usize) => {
        free_details(snaps, num_entries)
    };
    /// Stores what is known of one snapshot of a group. Returns 0, or -ENOENT.
    fn rbd_group_snap_get_info(
        group_p: rados_ioctx_t,
        group_name: *const c_char,
        snap_name: *const c_char,
        group_snap: *mut rbd_group_snap_info2_t,
    ) -> c_int => {
        let (pool, name) = (pool(group_p)?, text(snap_name)?);
        let found = block_on(group::snap_details(&pool, text(group_name)?, Some(name)))?;
        let found = found.first().ok_or(Errno::ENOENT)?;
        if group_snap.is_null() {
            return Err(Errno::EINVAL.into());
        }
        group_snap.write(snap_details(found)?);
        Ok(0)
    };
    /// Frees what rbd_group_snap_get_info() stored.
    fn rbd_group_snap_get_info_cleanup(group_snap: *mut rbd_group_snap_info2_t) => {
        free_details(group_snap, 1)
    };
}
