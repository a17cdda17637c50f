//! Copies of an image, and work on all of its data.

use std::sync::Arc;

use libc::{c_char, c_int, c_void};

use super::common::{image as open, ok, pool, progress};
use super::options;
use crate::capi::buffer::{opt_text, text};
use crate::capi::callback::Callback;
use crate::capi::guard::exports;
use crate::capi::types::*;
use crate::errno::Result;
use crate::model::SnapId;
use crate::rbd::diff::{self, DiffFrom, DiffRange};
use crate::rbd::{Image, ImageOptions, Progress, copy, flatten, no_progress, rebuild, sparsify};
use crate::runtime::block_on;

/// Where a copy goes and what it is called.
type Destination = (rados_ioctx_t, *const c_char);

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn copy_to(
    image: rbd_image_t,
    (io, name): Destination,
    options: &mut ImageOptions,
    sparse_size: usize,
    progress: &Progress,
) -> Result<c_int> {
    // SAFETY: the caller's contract.
    let (image, pool, name) = unsafe { (open(image)?, pool(io)?, text(name)?) };
    ok(copy::copy(image, &pool, name, options, sparse_size as u64, progress))
}

/// The same with the caller's options, into which the values that were used are written.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn copy_with(
    image: rbd_image_t,
    to: Destination,
    opts: rbd_image_options_t,
    sparse_size: usize,
    progress: &Progress,
) -> Result<c_int> {
    // SAFETY: the caller's contract.
    unsafe { options::with(opts, |opts| copy_to(image, to, opts, sparse_size, progress))? }
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn copy_data(from: rbd_image_t, to: rbd_image_t, progress: &Progress) -> Result<c_int> {
    // SAFETY: the caller's contract.
    let (from, to) = unsafe { (open(from)?, open(to)?) };
    ok(copy::copy_into(from, to, 0, progress))
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn deep_copy(
    image: rbd_image_t,
    (io, name): Destination,
    opts: rbd_image_options_t,
    progress: &Progress,
) -> Result<c_int> {
    // SAFETY: the caller's contract.
    let (image, pool, name) = unsafe { (open(image)?, pool(io)?, text(name)?) };
    // SAFETY: as above.
    unsafe { options::with(opts, |opts| ok(copy::deep_copy(image, &pool, name, opts, progress)))? }
}

/// Told offset, length and whether there is data, of each range that changed.
type OnChange = unsafe extern "C" fn(u64, usize, c_int, *mut c_void) -> c_int;

fn iterate(
    image: &Arc<Image>,
    from: &DiffFrom,
    range: DiffRange,
    callback: Callback<OnChange>,
) -> Result<c_int> {
    let mut call = |offset: u64, len: u64, exists: bool| {
        // SAFETY: the caller gave function and argument for this call, which does not return
        // before.
        unsafe { (callback.function())(offset, len as usize, exists.into(), callback.arg()) }
    };
    block_on(diff::iterate(image, from, range, &mut call))?;
    Ok(0)
}

/// The snapshot a diff starts from, by name; NULL for none.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn from_name(name: *const c_char) -> Result<DiffFrom> {
    // SAFETY: the caller's contract.
    Ok(match unsafe { opt_text(name)? } {
        None => DiffFrom::Nothing,
        Some(name) => DiffFrom::Name(name.to_owned()),
    })
}

exports! {
    /// Copies what is open to a new image. Returns 0, or -EEXIST.
    fn rbd_copy(
        image: rbd_image_t,
        dest_io_ctx: rados_ioctx_t,
        destname: *const c_char,
    ) -> c_int => {
        copy_to(image, (dest_io_ctx, destname), &mut ImageOptions::new(), 0, &no_progress())
    };
    /// Copies what is open to an open image, which is not smaller. Returns 0, or -EINVAL.
    fn rbd_copy2(src: rbd_image_t, dest: rbd_image_t) -> c_int => {
        copy_data(src, dest, &no_progress())
    };
    /// Like rbd_copy(), with options, into which the values that were used are written.
    fn rbd_copy3(
        src: rbd_image_t,
        dest_io_ctx: rados_ioctx_t,
        destname: *const c_char,
        dest_opts: rbd_image_options_t,
    ) -> c_int => copy_with(src, (dest_io_ctx, destname), dest_opts, 0, &no_progress());
    /// Like rbd_copy3(), leaving out zeros in pieces of `sparse_size` bytes.
    fn rbd_copy4(
        src: rbd_image_t,
        dest_io_ctx: rados_ioctx_t,
        destname: *const c_char,
        dest_opts: rbd_image_options_t,
        sparse_size: usize,
    ) -> c_int => {
        copy_with(src, (dest_io_ctx, destname), dest_opts, sparse_size, &no_progress())
    };
    /// Like rbd_copy(), telling how far it is.
    fn rbd_copy_with_progress(
        image: rbd_image_t,
        dest_p: rados_ioctx_t,
        destname: *const c_char,
        cb: librbd_progress_fn_t,
        cbdata: *mut c_void,
    ) -> c_int => {
        let (to, progress) = ((dest_p, destname), progress(cb, cbdata));
        copy_to(image, to, &mut ImageOptions::new(), 0, &progress)
    };
    /// Like rbd_copy2(), telling how far it is.
    fn rbd_copy_with_progress2(
        src: rbd_image_t,
        dest: rbd_image_t,
        cb: librbd_progress_fn_t,
        cbdata: *mut c_void,
    ) -> c_int => copy_data(src, dest, &progress(cb, cbdata));
    /// Like rbd_copy3(), telling how far it is.
    fn rbd_copy_with_progress3(
        image: rbd_image_t,
        dest_p: rados_ioctx_t,
        destname: *const c_char,
        dest_opts: rbd_image_options_t,
        cb: librbd_progress_fn_t,
        cbdata: *mut c_void,
    ) -> c_int => {
        copy_with(image, (dest_p, destname), dest_opts, 0, &progress(cb, cbdata))
    };
    /// Like rbd_copy4(), telling how far it is.
    fn rbd_copy_with_progress4(
        image: rbd_image_t,
        dest_p: rados_ioctx_t,
        destname: *const c_char,
        dest_opts: rbd_image_options_t,
        cb: librbd_progress_fn_t,
        cbdata: *mut c_void,
        sparse_size: usize,
    ) -> c_int => {
        copy_with(image, (dest_p, destname), dest_opts, sparse_size, &progress(cb, cbdata))
    };

    /// Copies an image with its snapshots to a new one, with options, into which the values that
    /// were used are written. Returns 0, or -EEXIST.
    fn rbd_deep_copy(
        src: rbd_image_t,
        dest_io_ctx: rados_ioctx_t,
        destname: *const c_char,
        dest_opts: rbd_image_options_t,
    ) -> c_int => deep_copy(src, (dest_io_ctx, destname), dest_opts, &no_progress());
    /// Like rbd_deep_copy(), telling how far it is.
    fn rbd_deep_copy_with_progress(
        image: rbd_image_t,
        dest_io_ctx: rados_ioctx_t,
        destname: *const c_char,
        dest_opts: rbd_image_options_t,
        cb: librbd_progress_fn_t,
        cbdata: *mut c_void,
    ) -> c_int => {
        deep_copy(image, (dest_io_ctx, destname), dest_opts, &progress(cb, cbdata))
    };

    /// Copies into a clone what it still reads from its parent, and forgets the parent. Returns 0,
    /// or -EINVAL without a parent.
    fn rbd_flatten(image: rbd_image_t) -> c_int => {
        ok(flatten::flatten(open(image)?, no_progress()))
    };
    /// Like rbd_flatten(), telling how far it is.
    fn rbd_flatten_with_progress(
        image: rbd_image_t,
        cb: librbd_progress_fn_t,
        cbdata: *mut c_void,
    ) -> c_int => ok(flatten::flatten(open(image)?, progress(cb, cbdata)));
    /// Gives back the space of zeros, in pieces of `sparse_size` bytes. Returns 0, or -EINVAL.
    fn rbd_sparsify(image: rbd_image_t, sparse_size: usize) -> c_int => {
        ok(sparsify::sparsify(open(image)?, sparse_size as u64, no_progress()))
    };
    /// Like rbd_sparsify(), telling how far it is.
    fn rbd_sparsify_with_progress(
        image: rbd_image_t,
        sparse_size: usize,
        cb: librbd_progress_fn_t,
        cbdata: *mut c_void,
    ) -> c_int => {
        ok(sparsify::sparsify(open(image)?, sparse_size as u64, progress(cb, cbdata)))
    };
    /// Finds out anew which objects exist. Returns 0, or -EINVAL without an object map.
    fn rbd_rebuild_object_map(
        image: rbd_image_t,
        cb: librbd_progress_fn_t,
        cbdata: *mut c_void,
    ) -> c_int => ok(rebuild::rebuild(open(image)?, progress(cb, cbdata)));

    /// Calls `cb` for each range that changed since a snapshot, or for NULL that was ever written:
    /// offset, bytes, whether there is data, `arg`. Returns 0, -ENOENT, -EINVAL, or what `cb`
    /// returned if that is negative.
    fn rbd_diff_iterate(
        image: rbd_image_t,
        fromsnapname: *const c_char,
        ofs: u64,
        len: u64,
        cb: Option<unsafe extern "C" fn(u64, usize, c_int, *mut c_void) -> c_int>,
        arg: *mut c_void,
    ) -> c_int => {
        let range = DiffRange { offset: ofs, len, include_parent: true, whole_object: false };
        iterate(open(image)?, &from_name(fromsnapname)?, range, Callback::required(cb, arg)?)
    };
    /// Like rbd_diff_iterate(); `include_parent`: data of the parent counts, without a snapshot to
    /// start from; `whole_object`: an object that changed counts as a whole.
    fn rbd_diff_iterate2(
        image: rbd_image_t,
        fromsnapname: *const c_char,
        ofs: u64,
        len: u64,
        include_parent: u8,
        whole_object: u8,
        cb: Option<unsafe extern "C" fn(u64, usize, c_int, *mut c_void) -> c_int>,
        arg: *mut c_void,
    ) -> c_int => {
        let (include_parent, whole_object) = (include_parent != 0, whole_object != 0);
        let range = DiffRange { offset: ofs, len, include_parent, whole_object };
        iterate(open(image)?, &from_name(fromsnapname)?, range, Callback::required(cb, arg)?)
    };
    /// Like rbd_diff_iterate2(), with a snapshot's id, 0 for none, and RBD_DIFF_ITERATE_FLAG_*.
    fn rbd_diff_iterate3(
        image: rbd_image_t,
        from_snap_id: u64,
        ofs: u64,
        len: u64,
        flags: u32,
        cb: Option<unsafe extern "C" fn(u64, usize, c_int, *mut c_void) -> c_int>,
        arg: *mut c_void,
    ) -> c_int => {
        let from = match from_snap_id {
            0 => DiffFrom::Nothing,
            id => DiffFrom::Id(SnapId(id)),
        };
        let range = DiffRange {
            offset: ofs,
            len,
            include_parent: flags & RBD_DIFF_ITERATE_FLAG_INCLUDE_PARENT as u32 != 0,
            whole_object: flags & RBD_DIFF_ITERATE_FLAG_WHOLE_OBJECT as u32 != 0,
        };
        iterate(open(image)?, &from, range, Callback::required(cb, arg)?)
    };
}
