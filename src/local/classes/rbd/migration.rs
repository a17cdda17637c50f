//! Methods of an image that is migrating. Images of format 1 have no class here.

use super::keys::{find, get, optional, put, remove};
use crate::cls::rbd::{features::MIGRATING, *};
use crate::errno::{Errno, Result};
use crate::local::classes::{ClassContext, table::Method};

type Context<'a> = &'a mut dyn ClassContext;

pub(super) const METHODS: &[Method] = &[
    method!(changes MigrationSet => set),
    method!(changes MigrationSetState => set_state),
    method!(reads MigrationGet => |ctx, _| stored(ctx)),
    method!(changes MigrationRemove => clear),
];

const KEY: &str = "migration";

fn stored(ctx: Context<'_>) -> Result<MigrationSpec> {
    match features(ctx)? & MIGRATING {
        0 => Err(Errno::EINVAL.because("the image is not migrating")),
        _ => get(ctx, KEY),
    }
}

/// The image's features; `-ENXIO` for what is no image of format 2.
fn features(ctx: Context<'_>) -> Result<u64> {
    Ok(find(ctx, "features")?.ok_or(Errno::ENXIO)?)
}

fn set(ctx: Context<'_>, arg: MigrationSet) -> Result<()> {
    if optional(ctx.omap_get(KEY.as_bytes()))?.is_some() {
        return Err(Errno::EEXIST.into());
    }
    let features = features(ctx)?;
    // A destination is created with the feature already on.
    if features & MIGRATING == 0 {
        put(ctx, "features", &(features | MIGRATING))?;
    } else if arg.spec.header != MigrationHeader::Destination {
        return Err(Errno::EEXIST.into());
    }
    put(ctx, KEY, &arg.spec)
}

fn set_state(ctx: Context<'_>, arg: MigrationSetState) -> Result<()> {
    let mut spec = stored(ctx)?;
    spec.state = arg.state;
    spec.state_description = arg.description;
    put(ctx, KEY, &spec)
}

fn clear(ctx: Context<'_>, _: MigrationRemove) -> Result<()> {
    remove(ctx, KEY)?;
    let features = features(ctx)?;
    if features & MIGRATING != 0 {
        put(ctx, "features", &(features & !MIGRATING))?;
    }
    Ok(())
}
