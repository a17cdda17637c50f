//! Opening and closing images.

use std::sync::Arc;

use libc::{c_char, c_int};

use super::common::{ImageHandle, Place, pool};
use super::completion::arm;
use crate::capi::buffer::{opt_text, out, text};
use crate::capi::guard::exports;
use crate::capi::handle;
use crate::capi::types::*;
use crate::errno::Result;
use crate::rbd::{Image, ImageRef, OpenAt, OpenOptions, Pool};
use crate::runtime;

/// What to open and how.
struct Opening {
    pool: Pool,
    image: ImageRef,
    options: OpenOptions,
}

impl Opening {
    /// # Safety
    /// The [C API contract](crate::capi::guard#safety).
    unsafe fn new(
        io: rados_ioctx_t,
        image: ImageRef,
        snap_name: *const c_char,
        read_only: bool,
    ) -> Result<Self> {
        // SAFETY: the caller's contract.
        let (pool, snap) = unsafe { (pool(io)?, opt_text(snap_name)?) };
        let at = match snap {
            None | Some("") => OpenAt::Head,
            Some(name) => OpenAt::SnapName(name.to_owned()),
        };
        Ok(Opening { pool, image, options: OpenOptions { at, read_only, ..Default::default() } })
    }

    async fn open(self) -> Result<Arc<Image>> {
        Image::open(self.pool, self.image, self.options).await
    }

    /// # Safety
    /// The [C API contract](crate::capi::guard#safety).
    unsafe fn now(self, image: *mut rbd_image_t) -> Result<c_int> {
        let opened = runtime::block_on(self.open())?;
        // SAFETY: the caller's contract.
        unsafe { out(image, ImageHandle::create(opened)) };
        Ok(0)
    }

    /// # Safety
    /// The [C API contract](crate::capi::guard#safety).
    unsafe fn later(self, image: *mut rbd_image_t, c: rbd_completion_t) -> Result<c_int> {
        // SAFETY: the caller's contract.
        let (place, completion) = unsafe { (Place::new(image), arm(c, None)?) };
        runtime::spawn(async move {
            let opened = self.open().await;
            completion.end(opened.map(|image| {
                place.set(ImageHandle::create(image));
                0
            }));
        });
        Ok(0)
    }
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn by_name(name: *const c_char) -> Result<ImageRef> {
    // SAFETY: the caller's contract.
    Ok(ImageRef::Name(unsafe { text(name)? }.to_owned()))
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn by_id(id: *const c_char) -> Result<ImageRef> {
    // SAFETY: the caller's contract.
    Ok(ImageRef::Id(unsafe { text(id)? }.to_owned()))
}

exports! {
    /// Opens an image, or with `snap_name` one of its snapshots. Returns 0, or -ENOENT.
    fn rbd_open(
        io: rados_ioctx_t,
        name: *const c_char,
        image: *mut rbd_image_t,
        snap_name: *const c_char,
    ) -> c_int => Opening::new(io, by_name(name)?, snap_name, false)?.now(image);
    /// Like rbd_open(), with the image's id instead of its name.
    fn rbd_open_by_id(
        io: rados_ioctx_t,
        id: *const c_char,
        image: *mut rbd_image_t,
        snap_name: *const c_char,
    ) -> c_int => Opening::new(io, by_id(id)?, snap_name, false)?.now(image);
    /// Like rbd_open(), never to be written: other clients do not notice.
    fn rbd_open_read_only(
        io: rados_ioctx_t,
        name: *const c_char,
        image: *mut rbd_image_t,
        snap_name: *const c_char,
    ) -> c_int => Opening::new(io, by_name(name)?, snap_name, true)?.now(image);
    /// Like rbd_open_read_only(), with the image's id instead of its name.
    fn rbd_open_by_id_read_only(
        io: rados_ioctx_t,
        id: *const c_char,
        image: *mut rbd_image_t,
        snap_name: *const c_char,
    ) -> c_int => Opening::new(io, by_id(id)?, snap_name, true)?.now(image);
    /// Starts rbd_open(). `image` is stored before the completion.
    fn rbd_aio_open(
        io: rados_ioctx_t,
        name: *const c_char,
        image: *mut rbd_image_t,
        snap_name: *const c_char,
        c: rbd_completion_t,
    ) -> c_int => Opening::new(io, by_name(name)?, snap_name, false)?.later(image, c);
    /// Starts rbd_open_by_id(). `image` is stored before the completion.
    fn rbd_aio_open_by_id(
        io: rados_ioctx_t,
        id: *const c_char,
        image: *mut rbd_image_t,
        snap_name: *const c_char,
        c: rbd_completion_t,
    ) -> c_int => Opening::new(io, by_id(id)?, snap_name, false)?.later(image, c);
    /// Starts rbd_open_read_only(). `image` is stored before the completion.
    fn rbd_aio_open_read_only(
        io: rados_ioctx_t,
        name: *const c_char,
        image: *mut rbd_image_t,
        snap_name: *const c_char,
        c: rbd_completion_t,
    ) -> c_int => Opening::new(io, by_name(name)?, snap_name, true)?.later(image, c);
    /// Starts rbd_open_by_id_read_only(). `image` is stored before the completion.
    fn rbd_aio_open_by_id_read_only(
        io: rados_ioctx_t,
        id: *const c_char,
        image: *mut rbd_image_t,
        snap_name: *const c_char,
        c: rbd_completion_t,
    ) -> c_int => {
        Opening::new(io, by_id(id)?, snap_name, true)?.later(image, c)
    };
    /// Closes an image after its operations, with a flush, and ends the handle, also where it
    /// returns an error. -EINVAL in a child forked from the process that opened the image, whose
    /// it stays.
    fn rbd_close(image: rbd_image_t) -> c_int => {
        let closed = handle::destroy::<ImageHandle>(image)?;
        runtime::block_on(closed.image.close())?;
        Ok(0)
    };
    /// Starts rbd_close(). The handle must not be used any more.
    fn rbd_aio_close(image: rbd_image_t, c: rbd_completion_t) -> c_int => {
        let completion = arm(c, None)?;
        let closed = handle::destroy::<ImageHandle>(image)?;
        runtime::spawn(async move {
            let result = closed.image.close().await;
            completion.end(result.map(|()| 0));
        });
        Ok(0)
    };
}
