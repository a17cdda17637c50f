//! Methods of `rbd_trash`.

use std::collections::BTreeMap;

use super::keys::{self, ID_PREFIX, find, get, is_valid_id, put};
use crate::cls::rbd::*;
use crate::errno::{Errno, Result};
use crate::local::classes::{ClassContext, table::Method};

type Context<'a> = &'a mut dyn ClassContext;

pub(super) const METHODS: &[Method] = &[
    method!(changes TrashAdd => add),
    method!(changes TrashRemove => remove),
    method!(reads TrashList => list),
    method!(reads TrashGet => |ctx, arg| get(ctx, key(&arg.id))),
    method!(changes TrashStateSet => state_set),
];

fn key(id: &str) -> String {
    format!("{ID_PREFIX}{id}")
}

fn add(ctx: Context<'_>, arg: TrashAdd) -> Result<()> {
    ctx.create(false)?;
    if !is_valid_id(&arg.id) {
        return Err(Errno::EINVAL.into());
    }
    if find::<TrashSpec>(ctx, key(&arg.id))?.is_some() {
        return Err(Errno::EEXIST.into());
    }
    put(ctx, key(&arg.id), &arg.spec)
}

fn remove(ctx: Context<'_>, arg: TrashRemove) -> Result<()> {
    ctx.omap_get(key(&arg.id).as_bytes())?;
    ctx.omap_rm(key(&arg.id).as_bytes())
}

fn list(ctx: Context<'_>, arg: TrashList) -> Result<BTreeMap<String, TrashSpec>> {
    keys::list(ctx, ID_PREFIX, &arg.start, arg.max)?
        .into_iter()
        .map(|(id, spec)| {
            let spec = keys::decode(&spec, id.as_bytes())?;
            Ok((id, spec))
        })
        .collect()
}

fn state_set(ctx: Context<'_>, arg: TrashStateSet) -> Result<()> {
    let mut spec: TrashSpec = get(ctx, key(&arg.id))?;
    if spec.state == arg.expect {
        spec.state = arg.state;
        put(ctx, key(&arg.id), &spec)
    } else if spec.state == arg.state {
        Ok(())
    } else {
        Err(Errno::ESTALE.because("the image is in another state"))
    }
}
