//! Methods that tie a clone to its parent, and `rbd_children` of v1 clones.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::image::{require, set_op_features};
use super::keys::{find, get, must_exist, put, remove, snap_key};
use super::snapshot;
use crate::cls::rbd::*;
use crate::codec::Writer;
use crate::errno::{Errno, Result};
use crate::local::classes::{ClassContext, table::Method};
use crate::model::SnapId;

type Context<'a> = &'a mut dyn ClassContext;

pub(super) const METHODS: &[Method] = &[
    method!(reads GetParent => get_parent),
    method!(changes SetParent => set_parent),
    method!(changes RemoveParent => |ctx, _| detach(ctx, true)),
    method!(reads ParentGet => parent_get),
    method!(reads ParentOverlapGet => parent_overlap_get),
    method!(changes ParentAttach => |ctx, arg| {
        attach(ctx, StoredParent::new(arg.parent, Some(arg.overlap)), arg.reattach)
    }),
    method!(changes ParentDetach => |ctx, _| detach(ctx, false)),
    method!(changes AddChild => add_child),
    method!(changes RemoveChild => remove_child),
    method!(reads GetChildren => |ctx, arg| {
        get(ctx, children_key(arg.pool_id, &arg.image_id, arg.snap_id))
    }),
];

/// The parent, if the image can have one and has.
fn stored(ctx: Context<'_>) -> Result<Option<StoredParent>> {
    match require(ctx, features::LAYERING) {
        Ok(()) => find(ctx, "parent"),
        Err(_) => Ok(None),
    }
}

fn get_parent(ctx: Context<'_>, arg: GetParent) -> Result<Parent> {
    must_exist(ctx)?;
    let none = StoredParent::new(ParentImageSpec::none(), None);
    let mut parent = stored(ctx)?.unwrap_or_else(|| none.clone());
    if !parent.pool_namespace.is_empty() {
        return Err(Errno::EXDEV.because("the parent is in a namespace"));
    }
    if arg.snap_id != SnapId::HEAD {
        let snap = find::<StoredSnap>(ctx, snap_key(arg.snap_id))?.unwrap_or_default();
        match snap.parent_overlap {
            Some(_) if !parent.spec().exists() => return Err(Errno::EINVAL.into()),
            Some(overlap) => parent.head_overlap = Some(overlap),
            None => parent = none,
        }
    }
    Ok(Parent {
        pool_id: parent.pool_id,
        image_id: parent.image_id,
        snap_id: parent.snap_id,
        overlap: parent.head_overlap.unwrap_or(0),
    })
}

fn set_parent(ctx: Context<'_>, arg: SetParent) -> Result<()> {
    let spec = ParentImageSpec {
        pool_id: arg.pool_id,
        pool_namespace: String::new(),
        image_id: arg.image_id,
        snap_id: arg.snap_id,
    };
    attach(ctx, StoredParent::new(spec, Some(arg.overlap)), false)
}

fn parent_get(ctx: Context<'_>, _: ParentGet) -> Result<ParentImageSpec> {
    must_exist(ctx)?;
    Ok(stored(ctx)?.map_or_else(ParentImageSpec::none, |parent| parent.spec()))
}

fn parent_overlap_get(ctx: Context<'_>, arg: ParentOverlapGet) -> Result<Option<u64>> {
    if require(ctx, features::LAYERING).is_err() {
        return Ok(None);
    }
    match arg.snap_id {
        SnapId::HEAD => Ok(find::<StoredParent>(ctx, "parent")?.and_then(|p| p.head_overlap)),
        snap_id => Ok(get::<StoredSnap>(ctx, snap_key(snap_id))?.parent_overlap),
    }
}

fn attach(ctx: Context<'_>, mut parent: StoredParent, reattach: bool) -> Result<()> {
    must_exist(ctx)?;
    require(ctx, features::LAYERING)?;
    let overlap = parent.head_overlap.unwrap_or(0);
    if !parent.spec().exists() || overlap == 0 {
        return Err(Errno::EINVAL.into());
    }
    // A parent that only snapshots still need may become the head's again.
    let before: Option<StoredParent> = find(ctx, "parent")?;
    if let (Some(before), false) = (before, reattach)
        && (before.head_overlap.is_some() || before.spec() != parent.spec())
    {
        return Err(Errno::EEXIST.into());
    }
    parent.head_overlap = Some(overlap.min(get(ctx, "size")?));
    put(ctx, "parent", &parent)
}

fn detach(ctx: Context<'_>, before_nautilus: bool) -> Result<()> {
    must_exist(ctx)?;
    require(ctx, features::LAYERING)?;
    let features: u64 = get(ctx, "features")?;
    let mut parent: StoredParent = get(ctx, "parent")?;
    if before_nautilus && !parent.pool_namespace.is_empty() {
        return Err(Errno::EXDEV.because("the parent is in a namespace"));
    }
    if parent.head_overlap.is_none() {
        return Err(Errno::ENOENT.into());
    }
    let mut children = snapshot::all(ctx)?;
    children.retain(|snap| snap.parent_overlap.is_some());
    if features & features::DEEP_FLATTEN != 0 {
        for mut snap in children.drain(..) {
            snap.parent_overlap = None;
            snapshot::store(ctx, &snap)?;
        }
    }
    if children.is_empty() {
        remove(ctx, "parent")?;
        set_op_features(ctx, 0, op_features::CLONE_CHILD)
    } else {
        parent.head_overlap = None;
        put(ctx, "parent", &parent)
    }
}

/// Children of v1 clones are kept under the encoded parent itself.
fn children_key(pool_id: i64, image_id: &str, snap_id: SnapId) -> Bytes {
    let mut key = Writer::new();
    key.i64(pool_id).bytes(image_id).value(&snap_id);
    key.into_bytes()
}

fn add_child(ctx: Context<'_>, arg: AddChild) -> Result<()> {
    let key = children_key(arg.pool_id, &arg.image_id, arg.snap_id);
    let mut children: BTreeSet<String> = find(ctx, &key)?.unwrap_or_default();
    if !children.insert(arg.child_id) {
        return Err(Errno::EEXIST.into());
    }
    put(ctx, &key, &children)
}

fn remove_child(ctx: Context<'_>, arg: RemoveChild) -> Result<()> {
    let key = children_key(arg.pool_id, &arg.image_id, arg.snap_id);
    let mut children: BTreeSet<String> = get(ctx, &key)?;
    if !children.remove(&arg.child_id) {
        return Err(Errno::ENOENT.into());
    }
    if children.is_empty() { ctx.omap_rm(&key) } else { put(ctx, &key, &children) }
}
