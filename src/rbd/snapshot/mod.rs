//! Snapshots of an image.
//!
//! ```text
//!   mod       what callers ask for: checks, then Image::run
//!   create    quiesce -> block writes -> number -> header -> object map -> unblock
//!   remove    to the trash in the header -> children? -> object map -> number -> header
//!   rollback  size -> object map -> objects
//!   protect   protection, which clones of the old kind rely on
//! ```
//!
//! The lower three run where the exclusive lock is held. May use: what `rbd` may.

pub(super) mod create;
pub(super) mod protect;
pub(super) mod remove;
pub(super) mod rollback;

use std::sync::Arc;

use super::header::Snapshot;
use super::operations::Progress;
use super::{Features, Image, Operation, Pool, calls, clone, no_progress};
use crate::cls::rbd::{
    DirGetName, GroupSnapGetById, ProtectionStatus, SnapKind, SnapNamespace, SnapshotGetLimit,
    SnapshotSetLimit, names,
};
use crate::conf::Settings;
use crate::errno::{Errno, Result};
use crate::model::{PoolId, SnapId};

pub use rollback::rollback;

/// Do not ask the other clients to quiesce (`RBD_SNAP_CREATE_SKIP_QUIESCE`).
pub const SKIP_QUIESCE: u32 = 1;
/// Take the snapshot also when one of them could not (`RBD_SNAP_CREATE_IGNORE_QUIESCE_ERROR`).
pub const IGNORE_QUIESCE_ERROR: u32 = 2;

/// Unprotect it first (`RBD_SNAP_REMOVE_UNPROTECT`).
pub const REMOVE_UNPROTECT: u32 = 1;
/// Flatten its clones first (`RBD_SNAP_REMOVE_FLATTEN`).
pub const REMOVE_FLATTEN: u32 = 2;

/// The flags `rbd_snap_create` has: those of `rbd_default_snapshot_quiesce_mode`.
#[must_use]
pub fn default_create_flags(settings: &impl Settings) -> u32 {
    match settings.text("rbd_default_snapshot_quiesce_mode").as_str() {
        "skip" => SKIP_QUIESCE,
        "ignore-error" => IGNORE_QUIESCE_ERROR,
        _ => 0,
    }
}

/// The flags as clients tell them each other; `-EINVAL` for unknown ones.
pub(super) fn internal_flags(flags: u32) -> Result<u64> {
    match flags {
        0 => Ok(0),
        SKIP_QUIESCE => Ok(create::SKIP_QUIESCE),
        IGNORE_QUIESCE_ERROR => Ok(create::IGNORE_QUIESCE_ERROR),
        _ => Err(Errno::EINVAL.because("snapshot flags")),
    }
}

/// Takes a snapshot. `-EEXIST`, `-EROFS`, `-EDQUOT` beyond the limit, `-EINVAL` for unknown flags.
pub async fn create(image: &Arc<Image>, name: &str, flags: u32, progress: Progress) -> Result<()> {
    let flags = internal_flags(flags)?;
    writable(image)?;
    image.refresh_if_required().await?;
    if image.header().user_snapshot(name).is_some() {
        return Err(Errno::EEXIST.because(format!("snapshot {name}")));
    }
    let (namespace, name) = (SnapNamespace::User, name.to_owned());
    let created = image.run(Operation::SnapCreate { namespace, name, flags }, progress).await;
    // Another client, asked twice, may have taken it the first time.
    calls::unless(Errno::EEXIST, created)
}

fn writable(image: &Image) -> Result<()> {
    // Measured on 16.2.15: a handle at a snapshot may take snapshots, of the head.
    match image.was_opened_read_only() {
        true => Err(Errno::EROFS.because("the image is open read-only")),
        false => Ok(()),
    }
}

/// Removes a snapshot by name, after what [`REMOVE_UNPROTECT`] and [`REMOVE_FLATTEN`] ask for.
/// `-ENOENT`; `-EBUSY` while it is protected. One that has clones of the new kind goes to the
/// trash.
pub async fn remove(image: &Arc<Image>, name: &str, flags: u32, progress: &Progress) -> Result<()> {
    image.refresh_if_required().await?;
    if flags & REMOVE_FLATTEN != 0 {
        let snap = by_name(image, name)?.id;
        clone::flatten_children(image, snap, progress).await?;
    }
    if is_protected(image, name).await? && flags & REMOVE_UNPROTECT != 0 {
        unprotect(image, name).await?;
    }
    remove_named(image, SnapNamespace::User, name).await
}

/// Removes a snapshot of any kind; `-ENOENT`, `-EBUSY`.
pub async fn remove_by_id(image: &Arc<Image>, id: SnapId) -> Result<()> {
    let snap = get(image, id).await?;
    remove_named(image, snap.namespace, &snap.name).await
}

/// Removes a snapshot; where it must, by the owner of the lock.
pub(super) async fn remove_named(
    image: &Arc<Image>,
    namespace: SnapNamespace,
    name: &str,
) -> Result<()> {
    writable(image)?;
    image.refresh_if_required().await?;
    let snap = find(image, &namespace, name)?;
    if !image.has(Features::FAST_DIFF) {
        return remove::execute_checked(image, snap.id).await;
    }
    let operation = Operation::SnapRemove { namespace, name: name.to_owned() };
    calls::unless(Errno::ENOENT, image.run(operation, no_progress()).await)
}

/// All snapshots, by number.
pub async fn list(image: &Image) -> Result<Vec<Snapshot>> {
    image.refresh_if_required().await?;
    Ok(image.header().snapshots.values().cloned().collect())
}

/// A snapshot by number; `-ENOENT`.
pub async fn get(image: &Image, id: SnapId) -> Result<Snapshot> {
    image.refresh_if_required().await?;
    let snap = image.header().snapshots.get(&id).cloned();
    snap.ok_or_else(|| Errno::ENOENT.because(format!("snapshot {id}")))
}

/// The number of a user's snapshot; `-ENOENT`.
pub async fn id_of(image: &Image, name: &str) -> Result<SnapId> {
    image.refresh_if_required().await?;
    Ok(by_name(image, name)?.id)
}

/// Whether a user's snapshot exists.
pub async fn exists(image: &Image, name: &str) -> Result<bool> {
    image.refresh_if_required().await?;
    Ok(image.header().user_snapshot(name).is_some())
}

/// A user's snapshot, as far as is known; `-ENOENT`.
pub(super) fn by_name(image: &Image, name: &str) -> Result<Snapshot> {
    let snap = image.header().user_snapshot(name).cloned();
    snap.ok_or_else(|| Errno::ENOENT.because(format!("snapshot {name}")))
}

/// A snapshot of this namespace and name, as far as is known; `-ENOENT`. Of a group's snapshots the
/// namespace alone tells.
pub(super) fn find(image: &Image, namespace: &SnapNamespace, name: &str) -> Result<Snapshot> {
    let header = image.header();
    let mut all = header.snapshots.values();
    let found = all.find(|snap| snap.name == name && snap.namespace == *namespace);
    found.cloned().ok_or_else(|| Errno::ENOENT.because(format!("snapshot {name}")))
}

/// Protects a user's snapshot, so that it can have clones of the old kind. `-EBUSY` when it is
/// protected; `-ENOSYS` without the feature layering; `-ENOENT`.
pub async fn protect(image: &Arc<Image>, name: &str) -> Result<()> {
    writable(image)?;
    if !image.has(Features::LAYERING) {
        return Err(Errno::ENOSYS.because("layering is off"));
    }
    image.refresh_if_required().await?;
    let snap = by_name(image, name)?;
    protect::protect(image, snap.id).await
}

/// Ends the protection. `-EINVAL` when it is not protected; `-EBUSY` while it has clones of the old
/// kind; `-ENOENT`.
pub async fn unprotect(image: &Arc<Image>, name: &str) -> Result<()> {
    writable(image)?;
    image.refresh_if_required().await?;
    let snap = by_name(image, name)?;
    protect::unprotect(image, snap.id).await
}

/// Whether a user's snapshot is protected, or in the course of losing its protection; `-ENOENT`.
pub async fn is_protected(image: &Image, name: &str) -> Result<bool> {
    image.refresh_if_required().await?;
    Ok(by_name(image, name)?.protection != ProtectionStatus::Unprotected)
}

/// Renames a user's snapshot; `-ENOENT`, `-EEXIST`.
pub async fn rename(image: &Arc<Image>, from: &str, to: &str) -> Result<()> {
    writable(image)?;
    image.refresh_if_required().await?;
    let snap = by_name(image, from)?;
    rename_id(image, snap.id, to).await
}

/// Renames a snapshot here.
pub(super) async fn rename_id(image: &Arc<Image>, id: SnapId, to: &str) -> Result<()> {
    if image.header().user_snapshot(to).is_some() {
        return Err(Errno::EEXIST.because(format!("snapshot {to}")));
    }
    let method = crate::cls::rbd::SnapshotRename { snap_id: id, name: to.to_owned() };
    calls::update(&*image.pool().engine, image.pool().header(image.id()), &method).await?;
    changed(image).await
}

/// The most snapshots the image may have; `u64::MAX` for any number.
pub async fn limit(image: &Image) -> Result<u64> {
    let header = image.pool().header(image.id());
    match calls::read(&*image.pool().engine, header, &SnapshotGetLimit {}).await {
        Err(error) if error == Errno::EOPNOTSUPP => Ok(u64::MAX),
        limit => limit,
    }
}

/// Sets the most snapshots the image may have; `-ERANGE` when it has more.
pub async fn set_limit(image: &Arc<Image>, limit: u64) -> Result<()> {
    writable(image)?;
    image.refresh_if_required().await?;
    if image.has(Features::EXCLUSIVE_LOCK) {
        image.acquire(true).await?;
    }
    let header = image.pool().header(image.id());
    calls::update(&*image.pool().engine, header, &SnapshotSetLimit { limit }).await
}

/// Reads the header again after changing it and tells the other clients. Their not answering in
/// time, or the image being gone, is no failure.
pub(super) async fn changed(image: &Arc<Image>) -> Result<()> {
    image.refresh().await?;
    match image.notify_update().await {
        Err(error) if error == Errno::ETIMEDOUT || error == Errno::ENOENT => Ok(()),
        told => told,
    }
}

/// The group snapshot that a snapshot is part of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupNamespace {
    /// The group's pool.
    pub pool: PoolId,
    /// The group's name.
    pub group: String,
    /// The group snapshot's name.
    pub snapshot: String,
}

/// The group snapshot that a snapshot is part of; `-EINVAL` for one of another kind, `-ENOENT`.
pub async fn group_namespace(image: &Image, id: SnapId) -> Result<GroupNamespace> {
    let snap = get(image, id).await?;
    let SnapNamespace::Group { pool, group_id, snapshot_id } = snap.namespace else {
        return Err(Errno::EINVAL.because("not part of a group snapshot"));
    };
    let groups: Pool = image.pool().in_pool(PoolId(pool))?;
    let engine = &*groups.engine;
    let directory = groups.target(names::GROUP_DIRECTORY);
    let group = calls::read(engine, directory, &DirGetName { id: group_id.clone() }).await?;
    let header = groups.target(format!("{}{group_id}", names::GROUP_HEADER));
    let snapshot = calls::read(engine, header, &GroupSnapGetById { id: snapshot_id }).await?;
    Ok(GroupNamespace { pool: groups.id, group, snapshot: snapshot.name })
}

/// What a snapshot in the trash was called, and of what kind it was; `-EINVAL` for one of another
/// kind, `-ENOENT`.
pub async fn trash_namespace(image: &Image, id: SnapId) -> Result<(String, SnapKind)> {
    match get(image, id).await?.namespace {
        SnapNamespace::Trash { original_name, original_kind } => Ok((original_name, original_kind)),
        _ => Err(Errno::EINVAL.because("not a snapshot in the trash")),
    }
}
