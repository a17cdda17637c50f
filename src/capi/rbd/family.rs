//! Parents and clones.

use libc::{c_char, c_int, ssize_t};

use super::common::{Room, dup, free_all, image as open};
use crate::capi::buffer::{array, fill_sized, fill_string, list};
use crate::capi::guard::exports;
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::rbd::children::{self, LinkedImage};
use crate::runtime::block_on;

fn linked(image: &LinkedImage) -> Result<rbd_linked_image_spec_t> {
    Ok(rbd_linked_image_spec_t {
        pool_id: image.pool.0,
        pool_name: dup(&image.pool_name)?,
        pool_namespace: dup(&image.namespace)?,
        image_id: dup(&image.id)?,
        image_name: dup(&image.name)?,
        trash: image.trash,
    })
}

fn child(image: &LinkedImage) -> Result<rbd_child_info_t> {
    Ok(rbd_child_info_t {
        pool_name: dup(&image.pool_name)?,
        image_name: dup(&image.name)?,
        image_id: dup(&image.id)?,
        trash: image.trash,
    })
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn free_linked(first: *mut rbd_linked_image_spec_t, count: usize) -> Result<()> {
    // SAFETY: the caller's contract.
    unsafe {
        for image in array(first, count)? {
            free_all([image.pool_name, image.pool_namespace, image.image_id, image.image_name]);
        }
    }
    Ok(())
}

/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn free_children(first: *mut rbd_child_info_t, count: usize) -> Result<()> {
    // SAFETY: the caller's contract.
    unsafe {
        for child in array(first, count)? {
            free_all([child.pool_name, child.image_name, child.image_id]);
        }
    }
    Ok(())
}

/// Copies a string that the caller may not want.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn wanted(buf: *mut c_char, len: usize, text: &str) -> Result<()> {
    if !buf.is_null() {
        // SAFETY: the caller's contract.
        unsafe { fill_string(buf, len, text.as_bytes())? };
    }
    Ok(())
}

exports! {
    /// Copies pool and name of the parent and the name of the snapshot; NULL for what is not
    /// wanted. Returns 0, -ENOENT without a parent, or -ERANGE.
    #[deprecated]
    fn rbd_get_parent_info(
        image: rbd_image_t,
        parent_poolname: *mut c_char,
        ppoolnamelen: usize,
        parent_name: *mut c_char,
        pnamelen: usize,
        parent_snapname: *mut c_char,
        psnapnamelen: usize,
    ) -> c_int => {
        let (parent, snap) = block_on(children::parent(open(image)?))?;
        wanted(parent_poolname, ppoolnamelen, &parent.pool_name)?;
        wanted(parent_name, pnamelen, &parent.name)?;
        wanted(parent_snapname, psnapnamelen, &snap.name)?;
        Ok(0)
    };
    /// Like rbd_get_parent_info(), with the parent's id.
    #[deprecated]
    fn rbd_get_parent_info2(
        image: rbd_image_t,
        parent_poolname: *mut c_char,
        ppoolnamelen: usize,
        parent_name: *mut c_char,
        pnamelen: usize,
        parent_id: *mut c_char,
        pidlen: usize,
        parent_snapname: *mut c_char,
        psnapnamelen: usize,
    ) -> c_int => {
        let (parent, snap) = block_on(children::parent(open(image)?))?;
        wanted(parent_poolname, ppoolnamelen, &parent.pool_name)?;
        wanted(parent_name, pnamelen, &parent.name)?;
        wanted(parent_id, pidlen, &parent.id)?;
        wanted(parent_snapname, psnapnamelen, &snap.name)?;
        Ok(0)
    };
    /// Stores which image and snapshot the image was cloned from. Returns 0, or -ENOENT and zeros.
    fn rbd_get_parent(
        image: rbd_image_t,
        parent_image: *mut rbd_linked_image_spec_t,
        parent_snap: *mut rbd_snap_spec_t,
    ) -> c_int => {
        if parent_image.is_null() || parent_snap.is_null() {
            return Err(Errno::EINVAL.into());
        }
        parent_image.write_bytes(0, 1);
        parent_snap.write_bytes(0, 1);
        let (parent, snap) = block_on(children::parent(open(image)?))?;
        parent_image.write(linked(&parent)?);
        parent_snap.write(rbd_snap_spec_t {
            id: snap.id.0,
            namespace_type: snap.kind.to_raw(),
            name: dup(&snap.name)?,
        });
        Ok(0)
    };
    /// Frees what was stored in the struct.
    fn rbd_linked_image_spec_cleanup(image: *mut rbd_linked_image_spec_t) => free_linked(image, 1);
    /// Frees what was stored in the array.
    fn rbd_linked_image_spec_list_cleanup(
        images: *mut rbd_linked_image_spec_t,
        num_images: usize,
    ) => free_linked(images, num_images);

    /// Lists pools and names of the clones, two lists of strings one after the other, each closed
    /// by a zero. Returns the number of clones, or -ERANGE; either way the needed bytes go into the
    /// sizes.
    #[deprecated]
    fn rbd_list_children(
        image: rbd_image_t,
        pools: *mut c_char,
        pools_len: *mut usize,
        images: *mut c_char,
        images_len: *mut usize,
    ) -> ssize_t => {
        let found = block_on(children::list(open(image)?))?;
        let mut names: Vec<_> = found.iter().filter(|child| !child.trash).collect();
        names.sort_by_key(|child| (&child.pool_name, &child.name));
        names.dedup_by_key(|child| (&child.pool_name, &child.name));
        let all_pools = list(names.iter().map(|child| child.pool_name.as_bytes()));
        let all_names = list(names.iter().map(|child| child.name.as_bytes()));
        let first = fill_sized(pools, pools_len, &all_pools);
        let second = fill_sized(images, images_len, &all_names);
        first.and(second)?;
        Ok(names.len() as ssize_t)
    };
    /// Lists the clones, and behind them one without names. Returns their number, or -ERANGE and
    /// the needed elements in `max_children`.
    #[deprecated]
    fn rbd_list_children2(
        image: rbd_image_t,
        children: *mut rbd_child_info_t,
        max_children: *mut c_int,
    ) -> c_int => {
        let room = Room::new(children, max_children)?;
        Ok(room.fill(&block_on(children::list(open(image)?))?, 1, child)? as c_int)
    };
    /// Frees what was stored in the struct.
    #[deprecated]
    fn rbd_list_child_cleanup(child: *mut rbd_child_info_t) => free_children(child, 1);
    /// Frees what rbd_list_children2() stored in the array.
    #[deprecated]
    fn rbd_list_children_cleanup(children: *mut rbd_child_info_t, num_children: usize) => {
        free_children(children, num_children)
    };
    /// Lists the clones of the snapshot that is open, or of all. Returns 0, or -ERANGE; either way
    /// their number goes into `max_images`.
    fn rbd_list_children3(
        image: rbd_image_t,
        images: *mut rbd_linked_image_spec_t,
        max_images: *mut usize,
    ) -> c_int => {
        let room = Room::new(images, max_images)?;
        room.fill_counted(&block_on(children::list(open(image)?))?, linked)?;
        Ok(0)
    };
    /// Lists the clones, their clones and so on. Returns 0, or -ERANGE; either way their number
    /// goes into `max_images`.
    fn rbd_list_descendants(
        image: rbd_image_t,
        images: *mut rbd_linked_image_spec_t,
        max_images: *mut usize,
    ) -> c_int => {
        let room = Room::new(images, max_images)?;
        room.fill_counted(&block_on(children::descendants(open(image)?, None))?, linked)?;
        Ok(0)
    };
}
