//! Images of a pool: list, create, clone, remove, rename.

use libc::{c_char, c_int, c_void};

use super::common::{Room, dup, free_all, names_out, ok, pool, progress};
use super::options;
use crate::capi::buffer::{array, text};
use crate::capi::guard::exports;
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::model::SnapId;
use crate::rbd::clone::{CloneFrom, clone};
use crate::rbd::create::create;
use crate::rbd::{ImageOption, ImageOptions};
use crate::rbd::{directory, no_progress, remove};
use crate::runtime::block_on;

/// The object size, as the caller's logarithm to base 2, which the call changes to what was used.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn with_order(
    order: *mut c_int,
    mut options: ImageOptions,
    call: impl FnOnce(&mut ImageOptions) -> Result<()>,
) -> Result<c_int> {
    if order.is_null() {
        return Err(Errno::EINVAL.into());
    }
    // SAFETY: not null, valid by the contract.
    let wanted = unsafe { order.read() };
    options.set_number(ImageOption::Order, i64::from(wanted) as u64)?;
    let result = call(&mut options);
    let used = options.number(ImageOption::Order).and_then(|order| c_int::try_from(order).ok());
    // SAFETY: as above.
    unsafe { order.write(used.unwrap_or(wanted)) };
    result.map(|()| 0)
}

/// What rbd_create2() and rbd_create3() say of an image.
fn layout(features: u64, stripe_unit: u64, stripe_count: u64) -> ImageOptions {
    striped(features, stripe_unit, stripe_count).with(ImageOption::Format, 2)
}

/// What rbd_clone() and rbd_clone2() say of an image.
fn striped(features: u64, stripe_unit: u64, stripe_count: u64) -> ImageOptions {
    ImageOptions::new()
        .with(ImageOption::Features, features)
        .with(ImageOption::StripeUnit, stripe_unit)
        .with(ImageOption::StripeCount, stripe_count)
}

/// A parent's snapshot and the clone's place and name.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn clone_of(
    parent: (rados_ioctx_t, *const c_char),
    snap: CloneFrom,
    child: (rados_ioctx_t, *const c_char),
    options: &mut ImageOptions,
) -> Result<()> {
    // SAFETY: the caller's contract.
    unsafe {
        let (parent_pool, parent_name) = (pool(parent.0)?, text(parent.1)?);
        let (child_pool, child_name) = (pool(child.0)?, text(child.1)?);
        block_on(clone(&parent_pool, parent_name, &snap, &child_pool, child_name, options))
    }
}

exports! {
    /// Lists the images of the pool: names one after the other, each closed by a zero. Returns
    /// their bytes, or -ERANGE and the needed ones in `size`.
    #[deprecated]
    fn rbd_list(io: rados_ioctx_t, names: *mut c_char, size: *mut usize) -> c_int => {
        names_out(names, size, &block_on(directory::list_names(&pool(io)?))?)
    };
    /// Lists the images of the pool. Returns 0, or -ERANGE; either way their number goes into
    /// `max_images`.
    fn rbd_list2(
        io: rados_ioctx_t,
        images: *mut rbd_image_spec_t,
        max_images: *mut usize,
    ) -> c_int => {
        let room = Room::new(images, max_images)?;
        room.fill_counted(&block_on(directory::list(&pool(io)?))?, |spec| {
            Ok(rbd_image_spec_t { id: dup(&spec.id)?, name: dup(&spec.name)? })
        })?;
        Ok(0)
    };
    /// Frees what was stored in the struct.
    fn rbd_image_spec_cleanup(image: *mut rbd_image_spec_t) => free_specs(image, 1);
    /// Frees what rbd_list2() stored in the array.
    fn rbd_image_spec_list_cleanup(images: *mut rbd_image_spec_t, num_images: usize) => {
        free_specs(images, num_images)
    };

    /// Makes an image of `size` bytes with objects of 2^`order` bytes, 0 for the default, which is
    /// then stored there. Returns 0, -EEXIST, -EINVAL, -EDOM.
    fn rbd_create(
        io: rados_ioctx_t,
        name: *const c_char,
        size: u64,
        order: *mut c_int,
    ) -> c_int => {
        let (pool, name) = (pool(io)?, text(name)?);
        with_order(order, ImageOptions::new(), |options| {
            block_on(create(&pool, name, size, options))
        })
    };
    /// Like rbd_create(), with these features.
    fn rbd_create2(
        io: rados_ioctx_t,
        name: *const c_char,
        size: u64,
        features: u64,
        order: *mut c_int,
    ) -> c_int => {
        let (pool, name) = (pool(io)?, text(name)?);
        with_order(order, layout(features, 0, 0), |options| {
            block_on(create(&pool, name, size, options))
        })
    };
    /// Like rbd_create2(), striped: `stripe_unit` bytes go to an object before the next of
    /// `stripe_count` objects; both 0 for the default.
    fn rbd_create3(
        io: rados_ioctx_t,
        name: *const c_char,
        size: u64,
        features: u64,
        order: *mut c_int,
        stripe_unit: u64,
        stripe_count: u64,
    ) -> c_int => {
        let (pool, name) = (pool(io)?, text(name)?);
        with_order(order, layout(features, stripe_unit, stripe_count), |options| {
            block_on(create(&pool, name, size, options))
        })
    };
    /// Makes an image with options, into which the values that were used are written.
    fn rbd_create4(
        io: rados_ioctx_t,
        name: *const c_char,
        size: u64,
        opts: rbd_image_options_t,
    ) -> c_int => {
        let (pool, name) = (pool(io)?, text(name)?);
        options::with(opts, |options| block_on(create(&pool, name, size, options)))??;
        Ok(0)
    };

    /// Makes a clone of a snapshot. Returns 0, -ENOENT, -EEXIST, or -EINVAL, also for a snapshot
    /// that is not protected where it must be.
    fn rbd_clone(
        p_ioctx: rados_ioctx_t,
        p_name: *const c_char,
        p_snapname: *const c_char,
        c_ioctx: rados_ioctx_t,
        c_name: *const c_char,
        features: u64,
        c_order: *mut c_int,
    ) -> c_int => {
        let snap = CloneFrom::Name(text(p_snapname)?.to_owned());
        with_order(c_order, striped(features, 0, 0), |options| {
            clone_of((p_ioctx, p_name), snap, (c_ioctx, c_name), options)
        })
    };
    /// Like rbd_clone(), striped like rbd_create3().
    fn rbd_clone2(
        p_ioctx: rados_ioctx_t,
        p_name: *const c_char,
        p_snapname: *const c_char,
        c_ioctx: rados_ioctx_t,
        c_name: *const c_char,
        features: u64,
        c_order: *mut c_int,
        stripe_unit: u64,
        stripe_count: c_int,
    ) -> c_int => {
        let snap = CloneFrom::Name(text(p_snapname)?.to_owned());
        let stripe_count = i64::from(stripe_count) as u64;
        with_order(c_order, striped(features, stripe_unit, stripe_count), |options| {
            clone_of((p_ioctx, p_name), snap, (c_ioctx, c_name), options)
        })
    };
    /// Makes a clone of a snapshot with options, into which the values that were used are written.
    fn rbd_clone3(
        p_ioctx: rados_ioctx_t,
        p_name: *const c_char,
        p_snapname: *const c_char,
        c_ioctx: rados_ioctx_t,
        c_name: *const c_char,
        c_opts: rbd_image_options_t,
    ) -> c_int => {
        let snap = CloneFrom::Name(text(p_snapname)?.to_owned());
        options::with(c_opts, |options| {
            clone_of((p_ioctx, p_name), snap, (c_ioctx, c_name), options)
        })??;
        Ok(0)
    };
    /// Makes a clone of the snapshot with this id, also one of a group, with options.
    fn rbd_clone4(
        p_ioctx: rados_ioctx_t,
        p_name: *const c_char,
        p_snap_id: u64,
        c_ioctx: rados_ioctx_t,
        c_name: *const c_char,
        c_opts: rbd_image_options_t,
    ) -> c_int => {
        let snap = CloneFrom::Id(SnapId(p_snap_id));
        options::with(c_opts, |options| {
            clone_of((p_ioctx, p_name), snap, (c_ioctx, c_name), options)
        })??;
        Ok(0)
    };

    /// Removes an image. Returns 0, -ENOENT, -ENOTEMPTY if it has snapshots, or -EBUSY if it is
    /// open.
    fn rbd_remove(io: rados_ioctx_t, name: *const c_char) -> c_int => {
        ok(remove::remove(&pool(io)?, text(name)?, &no_progress()))
    };
    /// Like rbd_remove(), telling how far it is.
    fn rbd_remove_with_progress(
        io: rados_ioctx_t,
        name: *const c_char,
        cb: librbd_progress_fn_t,
        cbdata: *mut c_void,
    ) -> c_int => {
        ok(remove::remove(&pool(io)?, text(name)?, &progress(cb, cbdata)))
    };
    /// Renames an image. Returns 0, -ENOENT, or -EEXIST.
    fn rbd_rename(
        src_io_ctx: rados_ioctx_t,
        srcname: *const c_char,
        destname: *const c_char,
    ) -> c_int => {
        ok(remove::rename(&pool(src_io_ctx)?, text(srcname)?, text(destname)?))
    };
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn free_specs(first: *mut rbd_image_spec_t, count: usize) -> Result<()> {
    // SAFETY: the caller's contract.
    unsafe {
        for spec in array(first, count)? {
            free_all([spec.id, spec.name]);
        }
    }
    Ok(())
}
