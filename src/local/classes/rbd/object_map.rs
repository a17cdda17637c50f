//! Methods of `rbd_object_map.<id>`.

use bytes::Bytes;

use crate::cls::rbd::object_map::*;
use crate::codec::{Decode, Reader};
use crate::errno::{Errno, Result};
use crate::local::classes::{ClassContext, table::Method};

type Context<'a> = &'a mut dyn ClassContext;

pub(super) const METHODS: &[Method] = &[
    method!(changes ObjectMapUpdate => update),
    method!(reads ObjectMapLoad => |ctx, _| load(ctx)),
    method!(changes ObjectMapSave => |ctx, arg| save(ctx, &arg.map)),
    method!(changes ObjectMapResize => resize),
    method!(changes ObjectMapSnapAdd => snap_add),
    method!(changes ObjectMapSnapRemove => snap_remove),
];

/// The stored map; `-ENOENT` if there is none, `-EINVAL` if it or a checksum is wrong.
fn load(ctx: Context<'_>) -> Result<ObjectMap> {
    let (size, _) = ctx.stat()?;
    if size == 0 {
        return Err(Errno::ENOENT.into());
    }
    let stored = ctx.read(0, size)?;
    ObjectMap::decode(&mut Reader::new(&stored), "object map")
        .map_err(|error| Errno::EINVAL.because(error.to_string()))
}

fn save(ctx: Context<'_>, map: &ObjectMap) -> Result<()> {
    ctx.write_full(map.to_stored().into_bytes().into())
}

fn resize(ctx: Context<'_>, arg: ObjectMapResize) -> Result<()> {
    if arg.objects > MAX_OBJECTS {
        return Err(Errno::EINVAL.because("too many objects"));
    }
    let mut map = super::keys::optional(load(ctx))?.unwrap_or_default();
    if (arg.objects..map.len()).any(|object| map.get(object) != arg.state) {
        return Err(Errno::ESTALE.because("objects behind the new end exist"));
    }
    map.resize(arg.objects, arg.state)?;
    save(ctx, &map)
}

// Touches only the blocks of 4096 bytes that hold the objects, and their checksums: the map of a
// large image is megabytes, and this runs for every first write of an object.
fn update(ctx: Context<'_>, arg: ObjectMapUpdate) -> Result<()> {
    let bad = |_| Errno::EINVAL.because("the object map is damaged");
    ctx.stat()?;
    let header = ctx.read(0, HEADER_LEN as u64)?;
    let objects = parse_header(&header).map_err(bad)?;
    if arg.from >= arg.to || arg.to > objects {
        return Err(Errno::ERANGE.into());
    }
    let data_len = objects.div_ceil(4);
    let first = arg.from / OBJECTS_PER_BLOCK;
    let last = (arg.to - 1) / OBJECTS_PER_BLOCK;
    for block in first..=last {
        let at = block * BLOCK as u64;
        let len = (data_len - at).min(BLOCK as u64);
        let sum_at = HEADER_LEN as u64 + data_len + 12 + 4 * block;
        let data = ctx.read(HEADER_LEN as u64 + at, len)?;
        let stored_sum = ctx.read(sum_at, 4)?;
        if data.len() as u64 != len || stored_sum != checksum(&data).to_le_bytes().as_slice() {
            return Err(Errno::EINVAL.because("a checksum of the object map is wrong"));
        }
        let base = block * OBJECTS_PER_BLOCK;
        let mut part = ObjectMap::from_data(data.to_vec());
        let (from, to) = (arg.from.max(base) - base, arg.to - base);
        if part.update(from, to.min(OBJECTS_PER_BLOCK), arg.state, arg.current) {
            let sum = Bytes::copy_from_slice(&checksum(part.data()).to_le_bytes());
            ctx.write(HEADER_LEN as u64 + at, part.into_data().into())?;
            ctx.write(sum_at, sum.into())?;
        }
    }
    Ok(())
}

fn parse_header(header: &[u8]) -> Result<u64> {
    let mut reader = Reader::new(header);
    let header = reader.bytes("object map header")?;
    Reader::new(header).versioned(1, "object map header")?.1.u64("objects")
}

fn snap_add(ctx: Context<'_>, _: ObjectMapSnapAdd) -> Result<()> {
    let mut map = load(ctx)?;
    let len = map.len();
    if map.update_exactly(0, len, ObjectState::Exists, ObjectState::ExistsClean) {
        save(ctx, &map)?;
    }
    Ok(())
}

fn snap_remove(ctx: Context<'_>, arg: ObjectMapSnapRemove) -> Result<()> {
    let mut map = load(ctx)?;
    let mut changed = false;
    for object in 0..map.len() {
        let dirty = object >= arg.map.len() || arg.map.get(object) == ObjectState::Exists;
        if dirty && map.get(object) == ObjectState::ExistsClean {
            map.set(object, ObjectState::Exists);
            changed = true;
        }
    }
    if changed { save(ctx, &map) } else { Ok(()) }
}
