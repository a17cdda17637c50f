//! Removing an image for good.

use std::sync::Arc;
use std::time::Duration;

use super::directory::id_of;
use super::operations::Progress;
use super::{
    Features, Image, ImageRef, MIRRORING, OpenOptions, Pool, calls, clone, settings, snapshot,
    trash,
};
use crate::cls::rbd::{
    DirRemoveImage, ImageGroupGet, MirrorImageRemove, SnapNamespace, TrashSource, TrashState,
};
use crate::conf::Settings;
use crate::errno::{Errno, Error, Result};
use crate::model::{EngineExt, ObjectOp, Op, Out, SnapId};

/// `ECHILD`: only snapshots in the trash, kept for clones, are in the way.
const CHILDREN_LEFT: Errno = Errno(libc::ECHILD);

/// Removes an image: it goes to the trash first, so that an interrupted removal can be finished by
/// another call. `-ENOENT`; `-ENOTEMPTY` while it has snapshots; `-EBUSY` while someone has it
/// open; `-EMLINK` while it is in a group. Progress counts data objects.
pub async fn remove(pool: &Pool, name: &str, progress: &Progress) -> Result<()> {
    let id = match id_of(pool, name).await {
        Err(error) if error == Errno::ENOENT => return resume(pool, name, progress).await,
        id => id?,
    };
    let settings = settings::of_pool(pool).await;
    if settings.bool("rbd_move_to_trash_on_remove") {
        let delay = settings.u64("rbd_move_to_trash_on_remove_expire_seconds");
        let delay = Duration::from_secs(delay);
        return trash::move_id(pool, TrashSource::User, name, &id, delay).await;
    }
    let source = match check(pool, &id).await {
        Err(error) if error == CHILDREN_LEFT => {
            if !settings.bool("rbd_move_parent_to_trash_on_remove") {
                return Err(Errno::ENOTEMPTY.because("the image has clones"));
            }
            TrashSource::UserParent
        }
        checked => {
            calls::unless(Errno::ENOENT, checked)?;
            TrashSource::Removing
        }
    };
    trash::move_id(pool, source, name, &id, Duration::ZERO).await?;
    if source != TrashSource::Removing {
        return Ok(());
    }
    let removed = trash::remove_image(pool, &id, true, progress).await;
    if let Err(error) = &removed
        && [Errno::ENOTEMPTY, Errno::EBUSY, Errno(libc::EMLINK)].contains(&error.errno())
        && let Err(error) = trash::restore_from(pool, &[source], &id, name).await
    {
        log::error!(target: "rbd", "image {id} stays in the trash: {error}");
    }
    removed
}

/// Finishes a removal that was interrupted; `-ENOENT` if there is none.
async fn resume(pool: &Pool, name: &str, progress: &Progress) -> Result<()> {
    let all = trash::specs(pool).await?;
    let found =
        all.into_iter().find(|(_, spec)| spec.name == name && spec.source == TrashSource::Removing);
    if let Some((id, spec)) = found {
        if spec.state == TrashState::Moving {
            trash::move_id(pool, spec.source, &spec.name, &id, Duration::ZERO).await?;
        }
        return trash::remove_image(pool, &id, true, progress).await;
    }
    // A creation that was interrupted may have left the object that holds the id.
    calls::remove_if_there(&*pool.engine, pool.id_object(name)).await?;
    Err(Errno::ENOENT.because(format!("image {name}")))
}

fn for_removal() -> OpenOptions {
    OpenOptions { skip_parent: true, ..OpenOptions::default() }
}

/// Whether an image may be removed.
async fn check(pool: &Pool, id: &str) -> Result<()> {
    let image = Image::open(pool.clone(), ImageRef::Id(id.to_owned()), for_removal()).await?;
    let checked = prepare(&image, false).await;
    trash::close(&image).await;
    checked
}

/// Takes the lock for good, checks that the image may be removed and removes its snapshots in the
/// trash. With `force`, a lock that another client keeps is no obstacle.
async fn prepare(image: &Arc<Image>, force: bool) -> Result<()> {
    if image.has(Features::EXCLUSIVE_LOCK)
        && let Err(error) = image.acquire_lock().await
        && !force
    {
        return Err(Errno::EBUSY.because(format!("the lock: {error}")));
    }
    if image.has(Features::MIGRATING) {
        return Err(Errno::EBUSY.because("the image is being migrated"));
    }
    let header = image.header();
    let mut trashed = Vec::new();
    for snap in header.snapshots.values() {
        match snap.namespace {
            SnapNamespace::Trash { .. } => trashed.push(snap.id),
            SnapNamespace::Mirror(_) => (),
            _ => return Err(Errno::ENOTEMPTY.because("the image has snapshots")),
        }
    }
    check_watchers(image).await?;
    let engine = &*image.pool().engine;
    let group = calls::read(engine, image.pool().header(image.id()), &ImageGroupGet {}).await;
    let in_group = match group {
        Err(error) if error == Errno::EOPNOTSUPP => false,
        group => group?.exists(),
    };
    if in_group {
        return Err(Errno(libc::EMLINK).because("the image is in a group"));
    }
    remove_trashed(image, &trashed).await
}

/// `-EBUSY` while another client, or another handle of this one, has the image open.
async fn check_watchers(image: &Image) -> Result<()> {
    let op = ObjectOp::read(image.pool().header(image.id())).then(Op::ListWatchers);
    let mut reply = image.pool().engine.run(op).await?;
    let Out::Watchers(watchers) = reply.take(0) else { return Ok(()) };
    let own = image.watch.handle().map(|handle| handle.0);
    match watchers.iter().any(|watcher| Some(watcher.cookie) != own) {
        true => Err(Errno::EBUSY.because("someone has the image open")),
        false => Ok(()),
    }
}

async fn remove_trashed(image: &Arc<Image>, snaps: &[SnapId]) -> Result<()> {
    let mut kept = false;
    for snap in snaps {
        match snapshot::remove::execute(image, *snap).await {
            Err(error) if error == Errno::EBUSY => kept = true,
            removed => calls::unless(Errno::ENOENT, removed)?,
        }
    }
    match kept {
        true => Err(CHILDREN_LEFT.because("snapshots have clones")),
        false => Ok(()),
    }
}

/// Removes an image that is already out of the directory: its data, its tie to a parent, its
/// header, its object map.
pub(super) async fn remove_id(
    pool: &Pool,
    id: &str,
    force: bool,
    progress: &Progress,
) -> Result<()> {
    match Image::open(pool.clone(), ImageRef::Id(id.to_owned()), for_removal()).await {
        Err(error) if error == Errno::ENOENT => (),
        Err(error) => return Err(error),
        Ok(image) => {
            let emptied = empty(&image, force, progress).await;
            trash::close(&image).await;
            emptied?;
        }
    }
    let engine = &*pool.engine;
    calls::remove_if_there(engine, pool.header(id)).await?;
    calls::remove_if_there(engine, pool.object_map(id, SnapId::HEAD)).await?;
    let unmirror = MirrorImageRemove { image_id: id.to_owned() };
    match calls::update(engine, pool.target(MIRRORING), &unmirror).await {
        Err(error) if error == Errno::ENOENT || error == Errno::EOPNOTSUPP => Ok(()),
        unmirrored => unmirrored,
    }
}

async fn empty(image: &Arc<Image>, force: bool, progress: &Progress) -> Result<()> {
    let not_empty = |error: Error| match error.errno() {
        CHILDREN_LEFT => Errno::ENOTEMPTY.because("the image has clones"),
        _ => error,
    };
    prepare(image, force).await.map_err(not_empty)?;
    let size = image.header().size;
    image.trim(size, 0, progress).await?;
    clone::detach_child(image).await?;
    trash::refuse_mirrored(image.pool(), image.id()).await?;
    image.refresh().await?;
    match image.header().snapshots.is_empty() {
        true => Ok(()),
        false => Err(Errno::ENOTEMPTY.because("a snapshot was taken meanwhile")),
    }
}

/// Gives an image another name. `-ENOENT`, `-EEXIST`.
pub async fn rename(pool: &Pool, from: &str, to: &str) -> Result<()> {
    let options = OpenOptions::default();
    let image = Image::open(pool.clone(), ImageRef::Name(from.to_owned()), options).await?;
    let renamed = super::rename::rename(&image, to).await;
    trash::close(&image).await;
    renamed
}

/// Removes an image whose making failed half-way: also its name.
pub(super) async fn remove_made(pool: &Pool, name: &str, id: &str) -> Result<()> {
    let engine = &*pool.engine;
    remove_id(pool, id, false, &super::no_progress()).await?;
    calls::remove_if_there(engine, pool.id_object(name)).await?;
    let forget = DirRemoveImage { name: name.to_owned(), id: id.to_owned() };
    calls::unless(Errno::ENOENT, calls::update(engine, pool.directory(), &forget).await)
}
