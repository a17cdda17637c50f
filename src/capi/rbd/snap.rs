//! Snapshots of an image.

use libc::{c_char, c_int, c_void, timespec};

use super::common::{Room, dup, free_all, image as open, ok, progress};
use super::info::to_timespec;
use crate::capi::buffer::{fill_sized_string, fill_string, free, give, list, opt_text, out, text};
use crate::capi::guard::exports;
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::model::SnapId;
use crate::rbd::{SnapNamespace, no_progress, snapshot};
use crate::runtime::block_on;

exports! {
    /// Takes a snapshot. Returns 0, -EEXIST, or -EROFS.
    fn rbd_snap_create(image: rbd_image_t, snapname: *const c_char) -> c_int => {
        let image = open(image)?;
        let flags = snapshot::default_create_flags(&image.config());
        ok(snapshot::create(image, text(snapname)?, flags, no_progress()))
    };
    /// Takes a snapshot with RBD_SNAP_CREATE_*, telling how far it is. Returns 0, or -EEXIST.
    fn rbd_snap_create2(
        image: rbd_image_t,
        snap_name: *const c_char,
        flags: u32,
        cb: librbd_progress_fn_t,
        cbdata: *mut c_void,
    ) -> c_int => {
        ok(snapshot::create(open(image)?, text(snap_name)?, flags, progress(cb, cbdata)))
    };
    /// Removes a snapshot. Returns 0, -ENOENT, or -EBUSY if it is protected or has clones.
    fn rbd_snap_remove(image: rbd_image_t, snapname: *const c_char) -> c_int => {
        ok(snapshot::remove(open(image)?, text(snapname)?, 0, &no_progress()))
    };
    /// Removes a snapshot with RBD_SNAP_REMOVE_*, telling how far it is. Returns 0, -ENOENT, or
    /// -EBUSY.
    fn rbd_snap_remove2(
        image: rbd_image_t,
        snap_name: *const c_char,
        flags: u32,
        cb: librbd_progress_fn_t,
        cbdata: *mut c_void,
    ) -> c_int => {
        ok(snapshot::remove(open(image)?, text(snap_name)?, flags, &progress(cb, cbdata)))
    };
    /// Removes the snapshot with this id. Returns 0, -ENOENT, or -EBUSY.
    fn rbd_snap_remove_by_id(image: rbd_image_t, snap_id: u64) -> c_int => {
        ok(snapshot::remove_by_id(open(image)?, SnapId(snap_id)))
    };
    /// Renames a snapshot. Returns 0, -ENOENT, or -EEXIST.
    fn rbd_snap_rename(
        image: rbd_image_t,
        snapname: *const c_char,
        dstsnapsname: *const c_char,
    ) -> c_int => {
        ok(snapshot::rename(open(image)?, text(snapname)?, text(dstsnapsname)?))
    };
    /// Makes the image what it was at a snapshot. Returns 0, -ENOENT, or -EROFS.
    fn rbd_snap_rollback(image: rbd_image_t, snapname: *const c_char) -> c_int => {
        ok(snapshot::rollback(open(image)?, text(snapname)?, &no_progress()))
    };
    /// Like rbd_snap_rollback(), telling how far it is.
    fn rbd_snap_rollback_with_progress(
        image: rbd_image_t,
        snapname: *const c_char,
        cb: librbd_progress_fn_t,
        cbdata: *mut c_void,
    ) -> c_int => {
        ok(snapshot::rollback(open(image)?, text(snapname)?, &progress(cb, cbdata)))
    };
    /// Lists the snapshots, and behind them one without a name. Returns their number, or -ERANGE
    /// and the needed elements in `max_snaps`.
    fn rbd_snap_list(
        image: rbd_image_t,
        snaps: *mut rbd_snap_info_t,
        max_snaps: *mut c_int,
    ) -> c_int => {
        let room = Room::new(snaps, max_snaps)?;
        let found = block_on(snapshot::list(open(image)?))?;
        let count = room.fill(&found, 1, |snap| {
            Ok(rbd_snap_info_t { id: snap.id.0, size: snap.size, name: dup(&snap.name)? })
        })?;
        Ok(count as c_int)
    };
    /// Frees what rbd_snap_list() stored in the array.
    fn rbd_snap_list_end(snaps: *mut rbd_snap_info_t) => {
        let mut snap = snaps;
        while !snap.is_null() && !(*snap).name.is_null() {
            free((*snap).name.cast_mut());
            snap = snap.add(1);
        }
        Ok(())
    };
    /// Protects a snapshot from removal, so that it can be cloned. Returns 0, -ENOENT, or -EBUSY.
    fn rbd_snap_protect(image: rbd_image_t, snap_name: *const c_char) -> c_int => {
        ok(snapshot::protect(open(image)?, text(snap_name)?))
    };
    /// Ends the protection. Returns 0, -ENOENT, -EINVAL if it is not protected, or -EBUSY if it has
    /// clones.
    fn rbd_snap_unprotect(image: rbd_image_t, snap_name: *const c_char) -> c_int => {
        ok(snapshot::unprotect(open(image)?, text(snap_name)?))
    };
    /// Stores whether a snapshot is protected. Returns 0, or -ENOENT.
    fn rbd_snap_is_protected(
        image: rbd_image_t,
        snap_name: *const c_char,
        is_protected: *mut c_int,
    ) -> c_int => {
        let found = block_on(snapshot::is_protected(open(image)?, text(snap_name)?))?;
        out(is_protected, c_int::from(found));
        Ok(0)
    };
    /// Stores how many snapshots the image may have, UINT64_MAX for any number. Returns 0.
    fn rbd_snap_get_limit(image: rbd_image_t, limit: *mut u64) -> c_int => {
        out(limit, block_on(snapshot::limit(open(image)?))?);
        Ok(0)
    };
    /// Sets how many snapshots the image may have. Returns 0, or -ERANGE if it has more.
    fn rbd_snap_set_limit(image: rbd_image_t, limit: u64) -> c_int => {
        ok(snapshot::set_limit(open(image)?, limit))
    };
    /// Stores whether there is a snapshot of this name. Returns 0.
    fn rbd_snap_exists(image: rbd_image_t, snapname: *const c_char, exists: *mut bool) -> c_int => {
        let found = block_on(snapshot::exists(open(image)?, text(snapname)?))?;
        out(exists, found);
        Ok(0)
    };
    /// Stores when a snapshot was taken. Returns 0, or -ENOENT.
    fn rbd_snap_get_timestamp(
        image: rbd_image_t,
        snap_id: u64,
        timestamp: *mut timespec,
    ) -> c_int => {
        let snap = block_on(snapshot::get(open(image)?, SnapId(snap_id)))?;
        out(timestamp, to_timespec(snap.created));
        Ok(0)
    };
    /// Reads the image at a snapshot from now on, or for NULL and an empty name as it is. Returns
    /// 0, or -ENOENT.
    fn rbd_snap_set(image: rbd_image_t, snapname: *const c_char) -> c_int => {
        let image = open(image)?;
        match opt_text(snapname)? {
            None | Some("") => ok(image.set_snap(SnapId::HEAD)),
            Some(name) => ok(async {
                image.set_snap(snapshot::id_of(image, name).await?).await
            }),
        }
    };
    /// Like rbd_snap_set(), with the id of any snapshot.
    fn rbd_snap_set_by_id(image: rbd_image_t, snap_id: u64) -> c_int => {
        ok(open(image)?.set_snap(SnapId(snap_id)))
    };
    /// Copies a snapshot's name. Returns 0, -ENOENT, or -ERANGE; the needed bytes, with the closing
    /// zero, go into `name_len`.
    fn rbd_snap_get_name(
        image: rbd_image_t,
        snap_id: u64,
        snapname: *mut c_char,
        name_len: *mut usize,
    ) -> c_int => {
        let found = block_on(snapshot::get(open(image)?, SnapId(snap_id)));
        let name = found.as_ref().map_or("", |snap| &snap.name);
        fill_sized_string(snapname, name_len, name.as_bytes())?;
        found.map(|_| 0)
    };
    /// Stores a snapshot's id. Returns 0, or -ENOENT.
    fn rbd_snap_get_id(image: rbd_image_t, snapname: *const c_char, snap_id: *mut u64) -> c_int => {
        out(snap_id, block_on(snapshot::id_of(open(image)?, text(snapname)?))?.0);
        Ok(0)
    };
    /// Stores who made a snapshot. Returns 0, or -ENOENT.
    fn rbd_snap_get_namespace_type(
        image: rbd_image_t,
        snap_id: u64,
        namespace_type: *mut rbd_snap_namespace_type_t,
    ) -> c_int => {
        let snap = block_on(snapshot::get(open(image)?, SnapId(snap_id)))?;
        out(namespace_type, snap.namespace.kind().to_raw());
        Ok(0)
    };
    /// Stores which group's snapshot this one belongs to. Returns 0, -EINVAL if none, -ENOENT, or
    /// -ERANGE for a struct of another size.
    fn rbd_snap_get_group_namespace(
        image: rbd_image_t,
        snap_id: u64,
        group_snap: *mut rbd_snap_group_namespace_t,
        group_snap_size: usize,
    ) -> c_int => {
        sized(group_snap, group_snap_size)?;
        let found = block_on(snapshot::group_namespace(open(image)?, SnapId(snap_id)))?;
        group_snap.write(rbd_snap_group_namespace_t {
            group_pool: found.pool.0,
            group_name: dup(&found.group)?,
            group_snap_name: dup(&found.snapshot)?,
        });
        Ok(0)
    };
    /// Frees what rbd_snap_get_group_namespace() stored. Returns 0.
    fn rbd_snap_group_namespace_cleanup(
        group_snap: *mut rbd_snap_group_namespace_t,
        group_snap_size: usize,
    ) -> c_int => {
        sized(group_snap, group_snap_size)?;
        free_all([(*group_snap).group_name, (*group_snap).group_snap_name]);
        Ok(0)
    };
    /// Copies the name a removed snapshot had. Returns 0, -EINVAL if it was not removed, -ENOENT,
    /// or -ERANGE.
    fn rbd_snap_get_trash_namespace(
        image: rbd_image_t,
        snap_id: u64,
        original_name: *mut c_char,
        max_length: usize,
    ) -> c_int => {
        let (name, _) = block_on(snapshot::trash_namespace(open(image)?, SnapId(snap_id)))?;
        fill_string(original_name, max_length, name.as_bytes())?;
        Ok(0)
    };
    /// Stores the name a removed snapshot had and who had made it. Returns 0, -EINVAL if it was not
    /// removed, -ENOENT, or -ERANGE for a struct of another size.
    fn rbd_snap_get_trash_namespace2(
        image: rbd_image_t,
        snap_id: u64,
        trash_snap: *mut rbd_snap_trash_namespace_t,
        trash_snap_size: usize,
    ) -> c_int => {
        sized(trash_snap, trash_snap_size)?;
        let (name, kind) = block_on(snapshot::trash_namespace(open(image)?, SnapId(snap_id)))?;
        trash_snap.write(rbd_snap_trash_namespace_t {
            original_namespace_type: kind.to_raw(),
            original_name: dup(&name)?,
        });
        Ok(0)
    };
    /// Frees what rbd_snap_get_trash_namespace2() stored. Returns 0.
    fn rbd_snap_trash_namespace_cleanup(
        trash_snap: *mut rbd_snap_trash_namespace_t,
        trash_snap_size: usize,
    ) -> c_int => {
        sized(trash_snap, trash_snap_size)?;
        free_all([(*trash_snap).original_name]);
        Ok(0)
    };
    /// Stores what mirroring keeps with a snapshot. Returns 0, -EINVAL if it is not mirroring's,
    /// -ENOENT, or -ERANGE for a struct of another size.
    fn rbd_snap_get_mirror_namespace(
        image: rbd_image_t,
        snap_id: u64,
        mirror_snap: *mut rbd_snap_mirror_namespace_t,
        mirror_snap_size: usize,
    ) -> c_int => {
        sized(mirror_snap, mirror_snap_size)?;
        let snap = block_on(snapshot::get(open(image)?, SnapId(snap_id)))?;
        let SnapNamespace::Mirror(found) = snap.namespace else {
            return Err(Errno::EINVAL.into());
        };
        let peers = list(found.mirror_peer_uuids.iter().map(|uuid| uuid.as_bytes()));
        mirror_snap.write(rbd_snap_mirror_namespace_t {
            state: found.state.to_raw().into(),
            mirror_peer_uuids_count: found.mirror_peer_uuids.len(),
            mirror_peer_uuids: give(Some(&peers))?,
            complete: found.complete,
            primary_mirror_uuid: dup(&found.primary_mirror_uuid)?,
            primary_snap_id: found.primary_snap_id.0,
            last_copied_object_number: found.last_copied_object_number,
        });
        Ok(0)
    };
    /// Frees what rbd_snap_get_mirror_namespace() stored. Returns 0.
    fn rbd_snap_mirror_namespace_cleanup(
        mirror_snap: *mut rbd_snap_mirror_namespace_t,
        mirror_snap_size: usize,
    ) -> c_int => {
        sized(mirror_snap, mirror_snap_size)?;
        free_all([(*mirror_snap).mirror_peer_uuids, (*mirror_snap).primary_mirror_uuid]);
        Ok(0)
    };
    /// Frees what was stored in the struct.
    fn rbd_snap_spec_cleanup(snap: *mut rbd_snap_spec_t) => {
        if !snap.is_null() {
            free_all([(*snap).name]);
        }
        Ok(())
    };
}

/// A struct of the caller's whose size says which version of it the caller knows.
pub(super) fn sized<T>(place: *mut T, size: usize) -> Result<()> {
    if size != size_of::<T>() {
        return Err(Errno::ERANGE.into());
    }
    if place.is_null() { Err(Errno::EINVAL.into()) } else { Ok(()) }
}
