//! Methods of `rbd_header.<id>` and `rbd_id.<name>`: what an image is.

use super::keys::{entry, find, get, is_valid_id, must_exist, put, remove, snap_key};
use crate::cls::UTime;
use crate::cls::rbd::{features::*, *};
use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::{Errno, Result};
use crate::local::classes::{ClassContext, table::Method};
use crate::model::SnapId;

type Context<'a> = &'a mut dyn ClassContext;

pub(super) const METHODS: &[Method] = &[
    method!(changes Create => create),
    method!(reads GetFeatures => get_features),
    method!(changes SetFeatures => set_features),
    method!(reads GetSize => get_size),
    method!(changes SetSize => set_size),
    method!(reads GetObjectPrefix => |ctx, _| get(ctx, "object_prefix")),
    method!(reads GetDataPool => |ctx, _| Ok(find(ctx, "data_pool_id")?.unwrap_or(-1))),
    method!(reads GetStripeUnitCount => get_striping),
    method!(changes SetStripeUnitCount => set_striping),
    method!(reads GetCreateTimestamp => |ctx, _| timestamp(ctx, "create_timestamp")),
    method!(reads GetAccessTimestamp => |ctx, _| timestamp(ctx, "access_timestamp")),
    method!(reads GetModifyTimestamp => |ctx, _| timestamp(ctx, "modify_timestamp")),
    method!(changes SetAccessTimestamp => |ctx, _| touch(ctx, "access_timestamp")),
    method!(changes SetModifyTimestamp => |ctx, _| touch(ctx, "modify_timestamp")),
    method!(reads GetFlags => get_flags),
    method!(changes SetFlags => set_flags),
    method!(reads GetOpFeatures => |ctx, _| Ok(find(ctx, "op_features")?.unwrap_or(0))),
    method!(changes SetOpFeatures => op_features_set),
    method!(reads GetAllFeatures => |_, _| Ok(ALL)),
    method!(reads GetId => get_id),
    method!(changes SetId => set_id),
];

/// Fails with `-ENOEXEC` unless the image has the features.
pub(super) fn require(ctx: Context<'_>, needed: u64) -> Result<()> {
    match find::<u64>(ctx, "features")? {
        Some(features) if features & needed == needed => Ok(()),
        _ => Err(Errno(libc::ENOEXEC).into()),
    }
}

/// Changes operation features; the feature OPERATIONS says whether there are any.
pub(super) fn set_op_features(ctx: Context<'_>, wanted: u64, mask: u64) -> Result<()> {
    let features: u64 = get(ctx, "features")?;
    let before = find(ctx, "op_features")?.unwrap_or(0);
    let after = (before & !mask) | (wanted & mask);
    if after == before {
        return Ok(());
    }
    let with_operations = if after == 0 {
        remove(ctx, "op_features")?;
        features & !OPERATIONS
    } else {
        put(ctx, "op_features", &after)?;
        features | OPERATIONS
    };
    if with_operations != features {
        put(ctx, "features", &with_operations)?;
    }
    Ok(())
}

fn create(ctx: Context<'_>, new: Create) -> Result<()> {
    if new.features & !ALL != 0 {
        return Err(Errno::ENOSYS.into());
    }
    if new.object_prefix.is_empty() {
        return Err(Errno::EINVAL.into());
    }
    if find::<String>(ctx, "object_prefix")?.is_some() {
        return Err(Errno::EEXIST.into());
    }
    let with_data_pool = new.features & DATA_POOL != 0;
    if new.features & OPERATIONS != 0 || with_data_pool != (new.data_pool != -1) {
        return Err(Errno::EINVAL.into());
    }
    let now = UTime::from(ctx.now());
    let mut entries = vec![
        entry("size", &new.size),
        entry("order", &new.order),
        entry("features", &new.features),
        entry("object_prefix", &new.object_prefix),
        entry("snap_seq", &0u64),
        entry("create_timestamp", &now),
        entry("access_timestamp", &now),
        entry("modify_timestamp", &now),
    ];
    if with_data_pool {
        entries.push(entry("data_pool_id", &new.data_pool));
    }
    ctx.omap_set(entries)
}

fn get_features(ctx: Context<'_>, arg: GetFeatures) -> Result<Features> {
    let features = get(ctx, "features")?;
    let known = if arg.read_only { INCOMPATIBLE } else { RW_INCOMPATIBLE };
    Ok(Features { features, incompatible: features & known })
}

fn set_features(ctx: Context<'_>, arg: SetFeatures) -> Result<()> {
    let before: u64 = find(ctx, "features")?.unwrap_or(0);
    let mask = arg.mask & ALL;
    let (enabled, disabled) = (arg.features & mask, !arg.features & mask);
    if arg.mask & INTERNAL != 0
        || enabled & !MUTABLE != 0
        || disabled & !(MUTABLE | DISABLE_ONLY) != 0
    {
        return Err(Errno::EINVAL.because("a feature that cannot be changed"));
    }
    put(ctx, "features", &((before & !mask) | enabled))
}

fn get_size(ctx: Context<'_>, arg: GetSize) -> Result<Size> {
    let order = get(ctx, "order")?;
    let size = match arg.snap_id {
        SnapId::HEAD => get(ctx, "size")?,
        snap_id => get::<StoredSnap>(ctx, snap_key(snap_id))?.image_size,
    };
    Ok(Size { order, size })
}

fn set_size(ctx: Context<'_>, arg: SetSize) -> Result<()> {
    let before: u64 = get(ctx, "size")?;
    put(ctx, "size", &arg.size)?;
    if arg.size >= before {
        return Ok(());
    }
    // What is cut off does not come from the parent any more, even if the image grows again.
    let Some(mut parent) = find::<StoredParent>(ctx, "parent")? else { return Ok(()) };
    if parent.spec().exists() && parent.head_overlap > Some(arg.size) {
        parent.head_overlap = Some(arg.size);
        put(ctx, "parent", &parent)?;
    }
    Ok(())
}

fn get_striping(ctx: Context<'_>, _: GetStripeUnitCount) -> Result<Striping> {
    must_exist(ctx)?;
    require(ctx, STRIPINGV2)?;
    let unit = match find(ctx, "stripe_unit")? {
        Some(unit) => unit,
        None => object_size(get(ctx, "order").map_err(|_| Errno::EIO)?),
    };
    Ok(Striping { unit, count: find(ctx, "stripe_count")?.unwrap_or(1) })
}

fn set_striping(ctx: Context<'_>, arg: SetStripeUnitCount) -> Result<()> {
    if arg.unit == 0 || arg.count == 0 {
        return Err(Errno::EINVAL.into());
    }
    must_exist(ctx)?;
    require(ctx, STRIPINGV2)?;
    if !object_size(get(ctx, "order")?).is_multiple_of(arg.unit) {
        return Err(Errno::EINVAL.because("the stripe unit does not divide the object size"));
    }
    ctx.omap_set(vec![entry("stripe_unit", &arg.unit), entry("stripe_count", &arg.count)])
}

fn object_size(order: u8) -> u64 {
    1u64.checked_shl(order.into()).unwrap_or(0)
}

fn timestamp(ctx: Context<'_>, key: &str) -> Result<UTime> {
    Ok(find(ctx, key)?.unwrap_or_default())
}

fn touch(ctx: Context<'_>, key: &str) -> Result<()> {
    must_exist(ctx)?;
    let now = UTime::from(ctx.now());
    put(ctx, key, &now)
}

fn get_flags(ctx: Context<'_>, arg: GetFlags) -> Result<u64> {
    match arg.snap_id {
        SnapId::HEAD => Ok(find(ctx, "flags")?.unwrap_or(0)),
        snap_id => Ok(get::<StoredSnap>(ctx, snap_key(snap_id))?.flags),
    }
}

fn set_flags(ctx: Context<'_>, arg: SetFlags) -> Result<()> {
    let change = |before: u64| (before & !arg.mask) | (arg.flags & arg.mask);
    match arg.snap_id {
        SnapId::HEAD => {
            let before = find(ctx, "flags")?.unwrap_or(0);
            put(ctx, "flags", &change(before))
        }
        snap_id => {
            let mut snap: StoredSnap = get(ctx, snap_key(snap_id))?;
            snap.flags = change(snap.flags);
            put(ctx, snap_key(snap_id), &snap)
        }
    }
}

fn op_features_set(ctx: Context<'_>, arg: SetOpFeatures) -> Result<()> {
    if arg.mask & !op_features::ALL != 0 {
        return Err(Errno::EINVAL.because("an unknown operation feature"));
    }
    set_op_features(ctx, arg.features, arg.mask)
}

fn get_id(ctx: Context<'_>, _: GetId) -> Result<String> {
    let (size, _) = ctx.stat()?;
    if size == 0 {
        return Err(Errno::ENOENT.into());
    }
    let stored = ctx.read(0, size)?;
    let id = String::decode(&mut Reader::new(&stored), "image id");
    Ok(id.map_err(|_| Errno::EIO)?)
}

fn set_id(ctx: Context<'_>, arg: SetId) -> Result<()> {
    let (size, _) = ctx.stat()?;
    if !is_valid_id(&arg.id) {
        return Err(Errno::EINVAL.because("an id is letters and digits"));
    }
    if size != 0 {
        return Err(Errno::EEXIST.into());
    }
    let mut writer = Writer::new();
    arg.id.encode(&mut writer);
    ctx.write(0, writer.into_bytes().into())
}
