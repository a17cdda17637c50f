//! Methods of `rbd_group_header.<id>` and of images for the way back to their group.

use bytes::Bytes;

use super::image::set_op_features;
use super::keys::{self, find, get, optional, put};
use crate::cls::rbd::*;
use crate::errno::{Errno, Result};
use crate::local::classes::{ClassContext, table::Method};

type Context<'a> = &'a mut dyn ClassContext;

pub(super) const METHODS: &[Method] = &[
    method!(changes GroupImageSet => |ctx, arg| {
        let key = image_key(&arg.status.spec);
        put(ctx, format!("{IMAGE_PREFIX}{key}"), &arg.status.state)
    }),
    method!(changes GroupImageRemove => |ctx, arg| {
        ctx.omap_rm(format!("{IMAGE_PREFIX}{}", image_key(&arg.spec)).as_bytes())
    }),
    method!(reads GroupImageList => image_list),
    method!(changes ImageGroupAdd => image_group_add),
    method!(changes ImageGroupRemove => image_group_remove),
    method!(reads ImageGroupGet => |ctx, _| {
        Ok(find(ctx, GROUP_REF)?.unwrap_or_else(GroupSpec::none))
    }),
    method!(changes GroupSnapSet => snap_set),
    method!(changes GroupSnapRemove => |ctx, arg| {
        ctx.omap_rm(format!("{}{}", keys::SNAP_PREFIX, arg.id).as_bytes())
    }),
    method!(reads GroupSnapGetById => |ctx, arg| {
        get(ctx, format!("{}{}", keys::SNAP_PREFIX, arg.id))
    }),
    method!(reads GroupSnapList => |ctx, arg| snaps(ctx, &arg.start.id, arg.max)),
];

const IMAGE_PREFIX: &str = "image_";
const GROUP_REF: &str = "rbd_group_ref";

/// What follows [`IMAGE_PREFIX`]; empty for no image, which is before all.
fn image_key(spec: &GroupImageSpec) -> String {
    match spec.pool_id {
        -1 => String::new(),
        pool_id => format!("{pool_id:016x}_{}", spec.image_id),
    }
}

fn image_list(ctx: Context<'_>, arg: GroupImageList) -> Result<Vec<GroupImageStatus>> {
    keys::list(ctx, IMAGE_PREFIX, &image_key(&arg.start), arg.max)?
        .into_iter()
        .map(|(key, state)| image_status(&key, &state).ok_or_else(|| Errno::EIO.into()))
        .collect()
}

fn image_status(key: &str, state: &Bytes) -> Option<GroupImageStatus> {
    let (pool_id, image_id) = key.split_once('_')?;
    let pool_id = i64::from_str_radix(pool_id, 16).ok()?;
    let state = GroupLinkState::from_raw(*state.first()?);
    Some(GroupImageStatus {
        spec: GroupImageSpec { image_id: image_id.to_owned(), pool_id },
        state,
    })
}

fn image_group_add(ctx: Context<'_>, arg: ImageGroupAdd) -> Result<()> {
    match find::<GroupSpec>(ctx, GROUP_REF)? {
        Some(before) if before == arg.group => Ok(()),
        Some(_) => Err(Errno::EEXIST.because("the image is in another group")),
        None => {
            set_op_features(ctx, op_features::GROUP, op_features::GROUP)?;
            put(ctx, GROUP_REF, &arg.group)
        }
    }
}

fn image_group_remove(ctx: Context<'_>, arg: ImageGroupRemove) -> Result<()> {
    if get::<GroupSpec>(ctx, GROUP_REF)? != arg.group {
        return Err(Errno::EBADF.because("the image is in another group"));
    }
    ctx.omap_rm(GROUP_REF.as_bytes())?;
    set_op_features(ctx, 0, op_features::GROUP)
}

fn snaps(ctx: Context<'_>, start: &str, max: u64) -> Result<Vec<GroupSnap>> {
    keys::list(ctx, keys::SNAP_PREFIX, start, max)?
        .iter()
        .map(|(id, snap)| keys::decode(snap, id.as_bytes()))
        .collect()
}

fn snap_set(ctx: Context<'_>, arg: GroupSnapSet) -> Result<()> {
    let snap = arg.snapshot;
    if snap.name.is_empty() || snap.id.is_empty() {
        return Err(Errno::EINVAL.into());
    }
    let others = snaps(ctx, "", u64::MAX)?;
    if others.iter().any(|other| other.name == snap.name && other.id != snap.id) {
        return Err(Errno::EEXIST.into());
    }
    let key = format!("{}{}", keys::SNAP_PREFIX, snap.id);
    let begins = snap.state == GroupSnapState::Incomplete;
    if begins && optional(ctx.omap_get(key.as_bytes()))?.is_some() {
        return Err(Errno::EEXIST.into());
    }
    put(ctx, key, &snap)
}
