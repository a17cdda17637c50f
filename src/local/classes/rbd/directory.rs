//! Methods of `rbd_directory`, `rbd_group_directory` and `rbd_namespace`, and metadata pairs.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::keys::{
    self, ID_PREFIX, NAME_PREFIX, entry, find, get, is_valid_id, must_exist, optional, put,
};
use crate::cls::rbd::*;
use crate::errno::{Errno, Result};
use crate::local::classes::{ClassContext, table::Method};

type Context<'a> = &'a mut dyn ClassContext;

pub(super) const METHODS: &[Method] = &[
    method!(reads DirGetId => |ctx, arg| get(ctx, name_key(&arg.name))),
    method!(reads DirGetName => |ctx, arg| get(ctx, id_key(&arg.id))),
    method!(reads DirList => |ctx, arg| names(ctx, &arg.start, arg.max)),
    method!(changes DirAddImage => |ctx, arg| add(ctx, &arg.name, &arg.id)),
    method!(changes DirRemoveImage => |ctx, arg| remove(ctx, &arg.name, &arg.id)),
    method!(changes DirRenameImage => |ctx, arg| {
        rename(ctx, &arg.source, &arg.destination, &arg.id)
    }),
    method!(reads DirStateAssert => state_assert),
    method!(changes DirStateSet => state_set),
    method!(reads GroupDirList => |ctx, arg| names(ctx, &arg.start, arg.max)),
    method!(changes GroupDirAdd => |ctx, arg| add(ctx, &arg.name, &arg.id)),
    method!(changes GroupDirRemove => |ctx, arg| remove(ctx, &arg.name, &arg.id)),
    method!(changes GroupDirRename => |ctx, arg| {
        rename(ctx, &arg.source, &arg.destination, &arg.id)
    }),
    method!(changes NamespaceAdd => namespace_add),
    method!(changes NamespaceRemove => namespace_remove),
    method!(reads NamespaceList => namespace_list),
    method!(reads MetadataGet => |ctx, arg| ctx.omap_get(metadata_key(&arg.key).as_bytes())),
    method!(changes MetadataSet => metadata_set),
    method!(changes MetadataRemove => |ctx, arg| ctx.omap_rm(metadata_key(&arg.key).as_bytes())),
    method!(reads MetadataList => metadata_list),
];

fn name_key(name: &str) -> String {
    format!("{NAME_PREFIX}{name}")
}

fn id_key(id: &str) -> String {
    format!("{ID_PREFIX}{id}")
}

fn names(ctx: Context<'_>, start: &str, max: u64) -> Result<BTreeMap<String, String>> {
    keys::list(ctx, NAME_PREFIX, start, max)?
        .into_iter()
        .map(|(name, id)| {
            let id = keys::decode(&id, name.as_bytes())?;
            Ok((name, id))
        })
        .collect()
}

fn add(ctx: Context<'_>, name: &str, id: &str) -> Result<()> {
    ctx.create(false)?;
    check_name(ctx, name, id)?;
    if find::<String>(ctx, id_key(id))?.is_some() {
        return Err(Errno::EBADF.because("the id is another image's"));
    }
    ctx.omap_set(pair(name, id))
}

fn check_name(ctx: Context<'_>, name: &str, id: &str) -> Result<()> {
    if name.is_empty() || !is_valid_id(id) {
        return Err(Errno::EINVAL.into());
    }
    match find::<String>(ctx, name_key(name))? {
        Some(_) => Err(Errno::EEXIST.into()),
        None => Ok(()),
    }
}

fn check_pair(ctx: Context<'_>, name: &str, id: &str) -> Result<()> {
    let stored_id: String = get(ctx, name_key(name))?;
    let stored_name: String = get(ctx, id_key(id))?;
    if stored_id == id && stored_name == name {
        Ok(())
    } else {
        Err(Errno::ESTALE.because("it was renamed meanwhile"))
    }
}

fn pair(name: &str, id: &str) -> Vec<(Bytes, Bytes)> {
    vec![entry(name_key(name), &id.to_owned()), entry(id_key(id), &name.to_owned())]
}

fn remove(ctx: Context<'_>, name: &str, id: &str) -> Result<()> {
    check_pair(ctx, name, id)?;
    ctx.omap_rm(name_key(name).as_bytes())?;
    ctx.omap_rm(id_key(id).as_bytes())
}

fn rename(ctx: Context<'_>, source: &str, destination: &str, id: &str) -> Result<()> {
    check_pair(ctx, source, id)?;
    // Also for the name it has: an OSD does not see its own removal yet when it looks.
    check_name(ctx, destination, id)?;
    ctx.omap_rm(name_key(source).as_bytes())?;
    ctx.omap_set(pair(destination, id))
}

fn state_assert(ctx: Context<'_>, arg: DirStateAssert) -> Result<()> {
    match get::<DirectoryState>(ctx, "state")? == arg.state {
        true => Ok(()),
        false => Err(Errno::ENOENT.because("the directory is in another state")),
    }
}

fn state_set(ctx: Context<'_>, arg: DirStateSet) -> Result<()> {
    match arg.state {
        DirectoryState::Ready => {}
        DirectoryState::AddDisabled => {
            must_exist(ctx)?;
            if !keys::list(ctx, NAME_PREFIX, "", 1)?.is_empty() {
                return Err(Errno::EBUSY.because("there are images"));
            }
        }
        DirectoryState::Unknown(_) => return Err(Errno::EINVAL.into()),
    }
    put(ctx, "state", &arg.state)
}

fn namespace_add(ctx: Context<'_>, arg: NamespaceAdd) -> Result<()> {
    let key = name_key(&arg.name);
    if optional(ctx.omap_get(key.as_bytes()))?.is_some() {
        return Err(Errno::EEXIST.into());
    }
    ctx.omap_set(vec![(key.into(), Bytes::new())])
}

fn namespace_remove(ctx: Context<'_>, arg: NamespaceRemove) -> Result<()> {
    let key = name_key(&arg.name);
    ctx.omap_get(key.as_bytes())?;
    ctx.omap_rm(key.as_bytes())
}

fn namespace_list(ctx: Context<'_>, arg: NamespaceList) -> Result<Vec<String>> {
    let found = keys::list(ctx, NAME_PREFIX, &arg.start, arg.max)?;
    Ok(found.into_iter().map(|(name, _)| name).collect())
}

const METADATA_PREFIX: &str = "metadata_";
/// How many pairs a list without a limit returns.
const METADATA_PAGE: u64 = 64;

fn metadata_key(key: &str) -> String {
    format!("{METADATA_PREFIX}{key}")
}

fn metadata_set(ctx: Context<'_>, arg: MetadataSet) -> Result<()> {
    let pairs = arg.pairs.into_iter();
    ctx.omap_set(pairs.map(|(key, value)| (metadata_key(&key).into(), value)).collect())
}

fn metadata_list(ctx: Context<'_>, arg: MetadataList) -> Result<BTreeMap<String, Bytes>> {
    let max = if arg.max == 0 { METADATA_PAGE } else { arg.max };
    Ok(keys::list(ctx, METADATA_PREFIX, &arg.start, max)?.into_iter().collect())
}
