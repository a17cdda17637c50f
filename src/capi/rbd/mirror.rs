//! Mirroring: settings of a pool. Images are not mirrored by this library; what would need that is
//! in `missing.rs`.

use libc::{c_char, c_int};

use super::common::{Place, Room, dup, free_all, image as open, ok, pool, string_out};
use super::completion::arm;
use super::snap::sized;
use crate::capi::buffer::{array, fill_string, opt_text, out, text};
use crate::capi::guard::exports;
use crate::capi::handle;
use crate::capi::types::*;
use crate::errno::{Errno, Result};
use crate::rbd::Image;
use crate::rbd::mirror::{self, MirrorDirection, MirrorMode, MirrorPeer};
use crate::runtime::{self, block_on};

/// Bytes of a UUID as text.
const UUID_LEN: usize = 36;

/// An image's part in mirroring.
struct Info {
    global_id: String,
    state: rbd_mirror_image_state_t,
    mode: rbd_mirror_image_mode_t,
    primary: bool,
}

async fn info(image: &Image) -> Result<Info> {
    let part = mirror::of(image).await?;
    let primary = mirror::is_primary(image, &part)?;
    let (state, mode) = (part.state.to_raw().into(), part.mode.to_raw().into());
    Ok(Info { global_id: part.global_id, state, mode, primary })
}

fn info_to_c(info: &Info) -> Result<rbd_mirror_image_info_t> {
    let global_id = dup(&info.global_id)?;
    Ok(rbd_mirror_image_info_t { global_id, state: info.state, primary: info.primary })
}

fn direction(direction: rbd_mirror_peer_direction_t) -> Result<MirrorDirection> {
    let raw = u8::try_from(direction).map_err(|_| Errno::EINVAL)?;
    Ok(MirrorDirection::from_raw(raw))
}

fn site(peer: &MirrorPeer) -> Result<rbd_mirror_peer_site_t> {
    Ok(rbd_mirror_peer_site_t {
        uuid: dup(&peer.uuid)?,
        direction: peer.direction.to_raw().into(),
        site_name: dup(&peer.site_name)?,
        mirror_uuid: dup(&peer.mirror_uuid)?,
        client_name: dup(&peer.client_name)?,
        last_seen: peer.last_seen.sec.into(),
    })
}

/// Adds a peer and copies its id.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
unsafe fn add_peer(
    io: rados_ioctx_t,
    uuid: (*mut c_char, usize),
    way: rbd_mirror_peer_direction_t,
    site_name: *const c_char,
    client_name: *const c_char,
) -> Result<c_int> {
    if uuid.1 < UUID_LEN + 1 {
        return Err(Errno::E2BIG.into());
    }
    // SAFETY: the caller's contract.
    unsafe {
        let (pool, way) = (pool(io)?, direction(way)?);
        let added = mirror::add_peer(&pool, way, text(site_name)?, text(client_name)?);
        fill_string(uuid.0, uuid.1, block_on(added)?.as_bytes())?;
    }
    Ok(0)
}

exports! {
    /// Stores what of the pool is mirrored. Returns 0.
    fn rbd_mirror_mode_get(io_ctx: rados_ioctx_t, mirror_mode: *mut rbd_mirror_mode_t) -> c_int => {
        let mode = block_on(mirror::mode(&pool(io_ctx)?))?;
        out(mirror_mode, mode.to_raw());
        Ok(0)
    };
    /// Sets what of the pool is mirrored. Returns 0, -EINVAL, or -EBUSY for ending it while there
    /// are peers or images that are mirrored.
    fn rbd_mirror_mode_set(io_ctx: rados_ioctx_t, mirror_mode: rbd_mirror_mode_t) -> c_int => {
        ok(mirror::set_mode(&pool(io_ctx)?, MirrorMode::from_raw(mirror_mode)))
    };
    /// Copies the pool's id for mirroring. Returns 0, -ENOENT while nothing is mirrored, or
    /// -ERANGE; the needed bytes, with the closing zero, go into `max_len`.
    fn rbd_mirror_uuid_get(
        io_ctx: rados_ioctx_t,
        uuid: *mut c_char,
        max_len: *mut usize,
    ) -> c_int => string_out(uuid, max_len, &block_on(mirror::uuid(&pool(io_ctx)?))?);

    /// Adds a peer and copies its id. Returns 0, -EINVAL while nothing is mirrored, -EEXIST, or
    /// -E2BIG for less than 37 bytes.
    fn rbd_mirror_peer_site_add(
        io_ctx: rados_ioctx_t,
        uuid: *mut c_char,
        uuid_max_length: usize,
        direction: rbd_mirror_peer_direction_t,
        site_name: *const c_char,
        client_name: *const c_char,
    ) -> c_int => {
        add_peer(io_ctx, (uuid, uuid_max_length), direction, site_name, client_name)
    };
    /// Like rbd_mirror_peer_site_add(), for both directions.
    #[deprecated]
    fn rbd_mirror_peer_add(
        io_ctx: rados_ioctx_t,
        uuid: *mut c_char,
        uuid_max_length: usize,
        cluster_name: *const c_char,
        client_name: *const c_char,
    ) -> c_int => {
        let both = RBD_MIRROR_PEER_DIRECTION_RX_TX;
        add_peer(io_ctx, (uuid, uuid_max_length), both, cluster_name, client_name)
    };
    /// Removes a peer. Returns 0.
    fn rbd_mirror_peer_site_remove(io_ctx: rados_ioctx_t, uuid: *const c_char) -> c_int => {
        ok(mirror::remove_peer(&pool(io_ctx)?, text(uuid)?))
    };
    /// Removes a peer. Returns 0.
    #[deprecated]
    fn rbd_mirror_peer_remove(io_ctx: rados_ioctx_t, uuid: *const c_char) -> c_int => {
        ok(mirror::remove_peer(&pool(io_ctx)?, text(uuid)?))
    };
    /// Lists the peers. Returns 0, or -ERANGE; either way their number goes into `max_peers`.
    fn rbd_mirror_peer_site_list(
        io_ctx: rados_ioctx_t,
        peers: *mut rbd_mirror_peer_site_t,
        max_peers: *mut c_int,
    ) -> c_int => {
        let room = Room::new(peers, max_peers)?;
        room.fill_counted(&block_on(mirror::peers(&pool(io_ctx)?))?, site)?;
        Ok(0)
    };
    /// Frees what rbd_mirror_peer_site_list() stored in the array.
    fn rbd_mirror_peer_site_list_cleanup(peers: *mut rbd_mirror_peer_site_t, max_peers: c_int) => {
        for peer in array(peers, usize::try_from(max_peers).unwrap_or(0))? {
            free_all([peer.uuid, peer.site_name, peer.mirror_uuid, peer.client_name]);
        }
        Ok(())
    };
    /// Lists the peers. Returns 0, or -ERANGE; either way their number goes into `max_peers`.
    #[deprecated]
    fn rbd_mirror_peer_list(
        io_ctx: rados_ioctx_t,
        peers: *mut rbd_mirror_peer_t,
        max_peers: *mut c_int,
    ) -> c_int => {
        let room = Room::new(peers, max_peers)?;
        room.fill_counted(&block_on(mirror::peers(&pool(io_ctx)?))?, |peer| {
            Ok(rbd_mirror_peer_t {
                uuid: dup(&peer.uuid)?,
                cluster_name: dup(&peer.site_name)?,
                client_name: dup(&peer.client_name)?,
            })
        })?;
        Ok(0)
    };
    /// Frees what rbd_mirror_peer_list() stored in the array.
    #[deprecated]
    fn rbd_mirror_peer_list_cleanup(peers: *mut rbd_mirror_peer_t, max_peers: c_int) => {
        for peer in array(peers, usize::try_from(max_peers).unwrap_or(0))? {
            free_all([peer.uuid, peer.cluster_name, peer.client_name]);
        }
        Ok(())
    };
    /// Sets the user that mirroring connects to a peer as. Returns 0, or -ENOENT.
    fn rbd_mirror_peer_site_set_client_name(
        io_ctx: rados_ioctx_t,
        uuid: *const c_char,
        client_name: *const c_char,
    ) -> c_int => {
        ok(mirror::set_peer_client(&pool(io_ctx)?, text(uuid)?, text(client_name)?))
    };
    /// Sets the user that mirroring connects to a peer as. Returns 0, or -ENOENT.
    #[deprecated]
    fn rbd_mirror_peer_set_client(
        io_ctx: rados_ioctx_t,
        uuid: *const c_char,
        client_name: *const c_char,
    ) -> c_int => {
        ok(mirror::set_peer_client(&pool(io_ctx)?, text(uuid)?, text(client_name)?))
    };
    /// Renames a peer. Returns 0, -ENOENT, or -EEXIST.
    fn rbd_mirror_peer_site_set_name(
        io_ctx: rados_ioctx_t,
        uuid: *const c_char,
        site_name: *const c_char,
    ) -> c_int => {
        ok(mirror::set_peer_name(&pool(io_ctx)?, text(uuid)?, text(site_name)?))
    };
    /// Renames a peer. Returns 0, -ENOENT, or -EEXIST.
    #[deprecated]
    fn rbd_mirror_peer_set_cluster(
        io_ctx: rados_ioctx_t,
        uuid: *const c_char,
        cluster_name: *const c_char,
    ) -> c_int => {
        ok(mirror::set_peer_name(&pool(io_ctx)?, text(uuid)?, text(cluster_name)?))
    };
    /// Sets which way a peer mirrors. Returns 0, or -ENOENT.
    fn rbd_mirror_peer_site_set_direction(
        io_ctx: rados_ioctx_t,
        uuid: *const c_char,
        direction: rbd_mirror_peer_direction_t,
    ) -> c_int => {
        let way = self::direction(direction)?;
        ok(mirror::set_peer_direction(&pool(io_ctx)?, text(uuid)?, way))
    };

    /// Stores the image's part in mirroring. Returns 0, or -ERANGE for a struct of another size.
    fn rbd_mirror_image_get_info(
        image: rbd_image_t,
        mirror_image_info: *mut rbd_mirror_image_info_t,
        info_size: usize,
    ) -> c_int => {
        sized(mirror_image_info, info_size)?;
        mirror_image_info.write(info_to_c(&block_on(info(open(image)?))?)?);
        Ok(0)
    };
    /// Starts rbd_mirror_image_get_info(). Returns 0, or -ERANGE for a struct of another size.
    fn rbd_aio_mirror_image_get_info(
        image: rbd_image_t,
        mirror_image_info: *mut rbd_mirror_image_info_t,
        info_size: usize,
        c: rbd_completion_t,
    ) -> c_int => {
        sized(mirror_image_info, info_size)?;
        let image = handle::share::<super::common::ImageHandle>(image)?;
        let (place, completion) = (Place::new(mirror_image_info), arm(c, Some(&image.events))?);
        runtime::spawn(async move {
            let found = info(&image.image).await.and_then(|info| info_to_c(&info));
            completion.end(found.map(|info| {
                place.set(info);
                0
            }));
        });
        Ok(0)
    };
    /// Frees what rbd_mirror_image_get_info() stored.
    fn rbd_mirror_image_get_info_cleanup(mirror_image_info: *mut rbd_mirror_image_info_t) => {
        if !mirror_image_info.is_null() {
            free_all([(*mirror_image_info).global_id]);
        }
        Ok(())
    };
    /// Stores how the image is mirrored. Returns 0.
    fn rbd_mirror_image_get_mode(
        image: rbd_image_t,
        mode: *mut rbd_mirror_image_mode_t,
    ) -> c_int => {
        out(mode, block_on(info(open(image)?))?.mode);
        Ok(0)
    };
    /// Starts rbd_mirror_image_get_mode().
    fn rbd_aio_mirror_image_get_mode(
        image: rbd_image_t,
        mode: *mut rbd_mirror_image_mode_t,
        c: rbd_completion_t,
    ) -> c_int => {
        let image = handle::share::<super::common::ImageHandle>(image)?;
        let (place, completion) = (Place::new(mode), arm(c, Some(&image.events))?);
        runtime::spawn(async move {
            let found = info(&image.image).await;
            completion.end(found.map(|info| {
                place.set(info.mode);
                0
            }));
        });
        Ok(0)
    };
    /// Lists images that are mirrored, behind an id. Returns 0, or -EOPNOTSUPP where there are
    /// some.
    fn rbd_mirror_image_info_list(
        io_ctx: rados_ioctx_t,
        mode_filter: *mut rbd_mirror_image_mode_t,
        start_id: *const c_char,
        max: usize,
        image_ids: *mut *mut c_char,
        mode_entries: *mut rbd_mirror_image_mode_t,
        info_entries: *mut rbd_mirror_image_info_t,
        num_entries: *mut usize,
    ) -> c_int => {
        let _ = (mode_filter, max, image_ids, mode_entries, info_entries);
        let (pool, start) = (pool(io_ctx)?, opt_text(start_id)?.unwrap_or(""));
        if block_on(mirror::has_images(&pool, start))? {
            return Err(Errno::EOPNOTSUPP.into());
        }
        out(num_entries, 0);
        Ok(0)
    };
    /// Frees what rbd_mirror_image_info_list() stored in the arrays.
    fn rbd_mirror_image_info_list_cleanup(
        image_ids: *mut *mut c_char,
        info_entries: *mut rbd_mirror_image_info_t,
        num_entries: usize,
    ) => {
        for id in array(image_ids, num_entries)? {
            free_all([*id]);
        }
        for info in array(info_entries, num_entries)? {
            free_all([info.global_id]);
        }
        Ok(())
    };
}
