//! What an open image is: answers from its header, read again if another client changed it.

use std::sync::Arc;

use libc::{c_char, c_int, c_void, timespec};

use super::common::{image as open, ok, progress, string_out};
use crate::capi::buffer::{fill_string, out};
use crate::capi::guard::exports;
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::rbd::{Image, UTime, feature_update, no_progress};
use crate::runtime::block_on;

/// The image, with a header that is up to date.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn fresh<'a>(handle: rbd_image_t) -> Result<&'a Arc<Image>> {
    // SAFETY: the caller's contract.
    let image = unsafe { open(handle)? };
    block_on(image.refresh_if_required())?;
    Ok(image)
}

pub(super) fn to_timespec(time: UTime) -> timespec {
    timespec { tv_sec: time.sec.into(), tv_nsec: time.nsec.into() }
}

fn stat(image: &Image) -> Result<rbd_image_info_t> {
    let (header, size) = (image.header(), image.size()?);
    let mut info = rbd_image_info_t {
        size,
        obj_size: header.layout.object_size(),
        num_objs: header.layout.object_count(size),
        order: header.layout.order().into(),
        block_name_prefix: [0; 24],
        parent_pool: -1,
        parent_name: [0; 96],
    };
    // Cut off where there is too little room, but always closed by a zero.
    let room = info.block_name_prefix.len() - 1;
    for (to, from) in info.block_name_prefix[..room].iter_mut().zip(header.object_prefix.bytes()) {
        *to = from as c_char;
    }
    Ok(info)
}

exports! {
    /// Stores size and layout of the image. Returns 0.
    fn rbd_stat(image: rbd_image_t, info: *mut rbd_image_info_t, infosize: usize) -> c_int => {
        let _ = infosize;
        let found = stat(fresh(image)?)?;
        out(info, found);
        Ok(0)
    };
    /// Stores whether the image has the format before the second one: always 0, such an image
    /// cannot be opened. Returns 0.
    fn rbd_get_old_format(image: rbd_image_t, old: *mut u8) -> c_int => {
        fresh(image)?;
        out(old, 0);
        Ok(0)
    };
    /// Stores the size in bytes, of the snapshot if one is open. Returns 0.
    fn rbd_get_size(image: rbd_image_t, size: *mut u64) -> c_int => {
        let found = fresh(image)?.size()?;
        out(size, found);
        Ok(0)
    };
    /// Stores the features. Returns 0.
    fn rbd_get_features(image: rbd_image_t, features: *mut u64) -> c_int => {
        let found = fresh(image)?.header().features.bits();
        out(features, found);
        Ok(0)
    };
    /// Turns features on, or off if `enabled` is 0. Returns 0, or -EINVAL.
    fn rbd_update_features(image: rbd_image_t, features: u64, enabled: u8) -> c_int => {
        ok(feature_update::update(open(image)?, features, enabled != 0))
    };
    /// Stores the operation features. Returns 0.
    fn rbd_get_op_features(image: rbd_image_t, op_features: *mut u64) -> c_int => {
        let found = fresh(image)?.header().op_features.bits();
        out(op_features, found);
        Ok(0)
    };
    /// Stores the bytes of a stripe unit. Returns 0.
    fn rbd_get_stripe_unit(image: rbd_image_t, stripe_unit: *mut u64) -> c_int => {
        let found = open(image)?.header().layout.stripe_unit();
        out(stripe_unit, found);
        Ok(0)
    };
    /// Stores the number of objects in a stripe. Returns 0.
    fn rbd_get_stripe_count(image: rbd_image_t, stripe_count: *mut u64) -> c_int => {
        let found = open(image)?.header().layout.stripe_count();
        out(stripe_count, found);
        Ok(0)
    };
    /// Stores when the image was created. Returns 0.
    fn rbd_get_create_timestamp(image: rbd_image_t, timestamp: *mut timespec) -> c_int => {
        let found = open(image)?.header().created;
        out(timestamp, to_timespec(found));
        Ok(0)
    };
    /// Stores when the image was last read, as far as that is on record. Returns 0.
    fn rbd_get_access_timestamp(image: rbd_image_t, timestamp: *mut timespec) -> c_int => {
        let found = open(image)?.header().accessed;
        out(timestamp, to_timespec(found));
        Ok(0)
    };
    /// Stores when the image was last written, as far as that is on record. Returns 0.
    fn rbd_get_modify_timestamp(image: rbd_image_t, timestamp: *mut timespec) -> c_int => {
        let found = open(image)?.header().modified;
        out(timestamp, to_timespec(found));
        Ok(0)
    };
    /// Stores how many bytes of the image come from its parent, 0 without one. Returns 0.
    fn rbd_get_overlap(image: rbd_image_t, overlap: *mut u64) -> c_int => {
        let image = fresh(image)?;
        let link = image.header().parent_at(image.snap()).map_or(0, |link| link.overlap);
        out(overlap, link);
        Ok(0)
    };
    /// Copies the image's name. Returns 0, or -ERANGE; the needed bytes, with the closing zero, go
    /// into `name_len`.
    fn rbd_get_name(image: rbd_image_t, name: *mut c_char, name_len: *mut usize) -> c_int => {
        string_out(name, name_len, &open(image)?.name())
    };
    /// Copies the image's id. Returns 0, or -ERANGE.
    fn rbd_get_id(image: rbd_image_t, id: *mut c_char, id_len: usize) -> c_int => {
        fill_string(id, id_len, open(image)?.id().as_bytes())?;
        Ok(0)
    };
    /// Copies what the names of the image's data objects begin with. Returns 0, or -ERANGE.
    fn rbd_get_block_name_prefix(
        image: rbd_image_t,
        prefix: *mut c_char,
        prefix_len: usize,
    ) -> c_int => {
        let found = open(image)?.header();
        fill_string(prefix, prefix_len, found.object_prefix.as_bytes())?;
        Ok(0)
    };
    /// The id of the pool that the image's data is in.
    fn rbd_get_data_pool_id(image: rbd_image_t) -> i64 => Ok(open(image)?.header().data_pool.0);
    /// Stores the flags of the image, or of the snapshot that is open. Returns 0.
    fn rbd_get_flags(image: rbd_image_t, flags: *mut u64) -> c_int => {
        let image = fresh(image)?;
        let found = image.header().flags_at(image.snap()).ok_or(Errno::ENOENT)?;
        out(flags, found.bits());
        Ok(0)
    };
    /// Changes the size. Returns 0.
    fn rbd_resize(image: rbd_image_t, size: u64) -> c_int => {
        ok(open(image)?.resize(size, true, no_progress()))
    };
    /// Changes the size, telling how far it is; to a smaller one only if `allow_shrink`, -EINVAL
    /// otherwise. Returns 0.
    fn rbd_resize2(
        image: rbd_image_t,
        size: u64,
        allow_shrink: bool,
        cb: librbd_progress_fn_t,
        cbdata: *mut c_void,
    ) -> c_int => {
        let image = open(image)?;
        ok(image.resize(size, allow_shrink, progress(cb, cbdata)))
    };
    /// Changes the size, telling how far it is. Returns 0.
    fn rbd_resize_with_progress(
        image: rbd_image_t,
        size: u64,
        cb: librbd_progress_fn_t,
        cbdata: *mut c_void,
    ) -> c_int => {
        ok(open(image)?.resize(size, true, progress(cb, cbdata)))
    };
}
