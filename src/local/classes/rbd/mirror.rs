//! Methods of `rbd_mirroring`.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::keys::{self, find, get, optional, put, remove};
use crate::cls::rbd::*;
use crate::errno::{Errno, Result};
use crate::local::classes::{ClassContext, table::Method};

type Context<'a> = &'a mut dyn ClassContext;

pub(super) const METHODS: &[Method] = &[
    method!(reads MirrorUuidGet => |ctx, _| uuid(ctx)),
    method!(changes MirrorUuidSet => uuid_set),
    method!(reads MirrorModeGet => |ctx, _| get(ctx, MODE)),
    method!(changes MirrorModeSet => mode_set),
    method!(reads MirrorPeerList => |ctx, _| peers(ctx)),
    method!(changes MirrorPeerAdd => peer_add),
    method!(changes MirrorPeerRemove => |ctx, arg| remove(ctx, peer_key(&arg.uuid))),
    method!(changes MirrorPeerSetClient => |ctx, arg| {
        let peer: MirrorPeer = get(ctx, peer_key(&arg.uuid))?;
        put(ctx, peer_key(&arg.uuid), &MirrorPeer { client_name: arg.client_name, ..peer })
    }),
    method!(changes MirrorPeerSetCluster => peer_set_cluster),
    method!(changes MirrorPeerSetDirection => |ctx, arg| {
        let peer: MirrorPeer = get(ctx, peer_key(&arg.uuid))?;
        put(ctx, peer_key(&arg.uuid), &MirrorPeer { direction: arg.direction, ..peer })
    }),
    method!(reads MirrorImageList => image_list),
    method!(reads MirrorImageGetImageId => |ctx, arg| get(ctx, global_key(&arg.global_id))),
    method!(reads MirrorImageGet => |ctx, arg| get(ctx, image_key(&arg.image_id))),
    method!(changes MirrorImageSet => image_set),
    method!(changes MirrorImageRemove => image_remove),
];

const UUID: &str = "mirror_uuid";
const MODE: &str = "mirror_mode";
const PEER_PREFIX: &str = "mirror_peer_";
const IMAGE_PREFIX: &str = "image_";

fn peer_key(uuid: &str) -> String {
    format!("{PEER_PREFIX}{uuid}")
}

fn image_key(image_id: &str) -> String {
    format!("{IMAGE_PREFIX}{image_id}")
}

fn global_key(global_id: &str) -> String {
    format!("global_{global_id}")
}

// Unlike other strings, the id is stored without its length.
fn uuid(ctx: Context<'_>) -> Result<String> {
    let stored = ctx.omap_get(UUID.as_bytes())?;
    String::from_utf8(stored.to_vec()).map_err(|_| Errno::EIO.into())
}

fn enabled(ctx: Context<'_>) -> Result<bool> {
    Ok(find::<MirrorMode>(ctx, MODE)?.is_some_and(|mode| mode != MirrorMode::Disabled))
}

fn uuid_set(ctx: Context<'_>, arg: MirrorUuidSet) -> Result<()> {
    if arg.uuid.is_empty() || enabled(ctx)? {
        return Err(Errno::EINVAL.into());
    }
    ctx.omap_set(vec![(Bytes::from(UUID), Bytes::from(arg.uuid))])
}

fn mode_set(ctx: Context<'_>, arg: MirrorModeSet) -> Result<()> {
    match arg.mode {
        MirrorMode::Unknown(_) => Err(Errno::EINVAL.into()),
        MirrorMode::Disabled if !peers(ctx)?.is_empty() => Err(Errno::EBUSY.into()),
        MirrorMode::Disabled => {
            remove(ctx, MODE)?;
            remove(ctx, UUID)
        }
        MirrorMode::Image | MirrorMode::Pool => {
            optional(uuid(ctx))?.ok_or(Errno::EINVAL)?;
            put(ctx, MODE, &arg.mode)
        }
    }
}

fn peers(ctx: Context<'_>) -> Result<Vec<MirrorPeer>> {
    keys::list(ctx, PEER_PREFIX, "", u64::MAX)?
        .iter()
        .map(|(uuid, peer)| keys::decode(peer, uuid.as_bytes()))
        .collect()
}

fn peer_add(ctx: Context<'_>, arg: MirrorPeerAdd) -> Result<()> {
    let new = arg.peer;
    let complete = !new.uuid.is_empty() && !new.site_name.is_empty();
    let receives = matches!(new.direction, MirrorDirection::Receive | MirrorDirection::Both);
    if !enabled(ctx)? || !complete || !receives || new.client_name.is_empty() {
        return Err(Errno::EINVAL.into());
    }
    if uuid(ctx)? == new.uuid {
        return Err(Errno::EINVAL.because("the peer is this pool"));
    }
    for peer in peers(ctx)? {
        if peer.uuid == new.uuid {
            return Err(Errno::ESTALE.into());
        }
        let same_mirror = !new.mirror_uuid.is_empty() && peer.mirror_uuid == new.mirror_uuid;
        if peer.site_name == new.site_name || same_mirror {
            return Err(Errno::EEXIST.into());
        }
    }
    put(ctx, peer_key(&new.uuid), &new)
}

fn peer_set_cluster(ctx: Context<'_>, arg: MirrorPeerSetCluster) -> Result<()> {
    let all = peers(ctx)?;
    if all.iter().any(|peer| peer.uuid != arg.uuid && peer.site_name == arg.site_name) {
        return Err(Errno::EEXIST.into());
    }
    let mut peer = all.into_iter().find(|peer| peer.uuid == arg.uuid).ok_or(Errno::ENOENT)?;
    peer.site_name = arg.site_name;
    put(ctx, peer_key(&arg.uuid), &peer)
}

fn image_list(ctx: Context<'_>, arg: MirrorImageList) -> Result<BTreeMap<String, String>> {
    keys::list(ctx, IMAGE_PREFIX, &arg.start, arg.max)?
        .into_iter()
        .map(|(id, image)| {
            let image: MirrorImage = keys::decode(&image, id.as_bytes())?;
            Ok((id, image.global_id))
        })
        .collect()
}

fn image_set(ctx: Context<'_>, arg: MirrorImageSet) -> Result<()> {
    let global_key = global_key(&arg.image.global_id);
    match find::<MirrorImage>(ctx, image_key(&arg.image_id))? {
        Some(before) if before.global_id != arg.image.global_id => {
            return Err(Errno::EINVAL.because("the global id cannot change"));
        }
        Some(_) => {}
        None if find::<String>(ctx, &global_key)?.is_some() => return Err(Errno::EEXIST.into()),
        // It was removed while it was being disabled.
        None if arg.image.state == MirrorImageState::Disabling => {
            return Err(Errno::ENOENT.into());
        }
        None => {}
    }
    put(ctx, image_key(&arg.image_id), &arg.image)?;
    put(ctx, global_key, &arg.image_id)
}

fn image_remove(ctx: Context<'_>, arg: MirrorImageRemove) -> Result<()> {
    let image: MirrorImage = get(ctx, image_key(&arg.image_id))?;
    if image.state != MirrorImageState::Disabling {
        return Err(Errno::EBUSY.into());
    }
    remove(ctx, image_key(&arg.image_id))?;
    remove(ctx, global_key(&image.global_id))?;
    remove(ctx, format!("status_global_{}", image.global_id))?;
    let remote = format!("remote_status_global_{}_", image.global_id);
    for (uuid, _) in keys::list(ctx, &remote, "", u64::MAX)? {
        remove(ctx, format!("{remote}{uuid}"))?;
    }
    Ok(())
}
