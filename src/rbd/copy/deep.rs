//! Copying an image with its snapshots and its tie to a parent.
//!
//! ```text
//!   make the copy (as a clone of the same parent, if it stays one)
//!     -> each snapshot: the head gets its size and parent, snapshot taken, still without data
//!     -> the head's own size and parent
//!     -> objects: each written as of each snapshot, under what existed before it
//!     -> metadata
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use super::object::{ObjectCopy, Source};
use super::{finish, open_made, take_over};
use crate::cls::rbd::{
    ObjectMapResize, ObjectState, ParentDetach, ParentImageSpec, ProtectionStatus, SetSize,
    SnapNamespace,
};
use crate::errno::{Errno, Result};
use crate::model::{PoolId, SnapId};
use crate::rbd::diff::maps::{self, DiffState, Scope};
use crate::rbd::operations::Progress;
use crate::rbd::options::{ImageOption, ImageOptions};
use crate::rbd::{
    Features, Image, ImageRef, OpenAt, OpenOptions, ParentLink, Pool, calls, clone, create,
    snapshot, throttle, trash,
};

/// The copy's version by the original's.
pub(super) type Versions = BTreeMap<SnapId, SnapId>;

/// Copies an image, as far as it is open (all of it, or up to a snapshot), to a new one. With the
/// option `flatten` the copy has no parent. Writes what was used into `options`. Errors are those
/// of [`create::create`] and [`clone::clone`]; `-EBUSY` for an image that is being migrated.
pub async fn deep_copy(
    from: &Arc<Image>,
    pool: &Pool,
    name: &str,
    options: &mut ImageOptions,
    progress: &Progress,
) -> Result<()> {
    if from.has(Features::MIGRATING) {
        return Err(Errno::EBUSY.because("the image is being migrated"));
    }
    if options.or_put(ImageOption::Format, 2) == 1 {
        return Err(Errno::EINVAL.because("a copy of the old format"));
    }
    take_over(from, options)?;
    let flatten = options.number(ImageOption::Flatten).is_some_and(|flatten| flatten > 0);
    if options.is_set(ImageOption::Flatten) {
        options.unset(ImageOption::Flatten)?;
    }
    let parent = first_parent(from).filter(|_| !flatten);
    match parent {
        None => create::create(pool, name, from.size()?, options).await?,
        Some(parent) => {
            let there = from.pool().in_pool(PoolId(parent.pool_id))?;
            let there = there.with_namespace(parent.pool_namespace.as_str());
            let snap = clone::CloneFrom::Id(parent.snap_id);
            clone::clone_id(&there, &parent.image_id, &snap, pool, name, options).await?;
        }
    }
    let to = open_made(pool, name).await?;
    let copied = lock_and_copy(from, &to, flatten, progress).await;
    finish(&to, copied).await
}

/// The parent of the oldest version.
fn first_parent(image: &Image) -> Option<ParentImageSpec> {
    let header = image.header();
    let parent = match header.snapshots.values().next() {
        Some(snap) => snap.parent.as_ref(),
        None => header.parent.as_ref(),
    };
    parent.map(|parent| parent.spec.clone())
}

async fn lock_and_copy(
    from: &Arc<Image>,
    to: &Arc<Image>,
    flatten: bool,
    progress: &Progress,
) -> Result<()> {
    if to.has(Features::EXCLUSIVE_LOCK) {
        to.acquire(true).await?;
    }
    deep_copy_into(from, to, flatten, progress).await
}

/// Copies an image into another that was made for it, whose lock is held. Progress counts data
/// objects.
pub async fn deep_copy_into(
    from: &Arc<Image>,
    to: &Arc<Image>,
    flatten: bool,
    progress: &Progress,
) -> Result<()> {
    from.settle().await;
    let versions = copy_snapshots(from, to, flatten).await?;
    if versions.is_empty() {
        return Err(Errno::EINVAL.because("nothing to copy"));
    }
    copy_objects(from, to, flatten, &versions, progress).await?;
    if let Some(map) = to.view().object_map.clone() {
        if let Some((_, last)) = versions.last_key_value().filter(|(_, to)| **to != SnapId::HEAD) {
            map.rolled_back(*last).await;
        }
        map.reload().await;
    }
    clone::copy_metadata(from.pool(), from.id(), to.pool(), to.id()).await?;
    snapshot::changed(to).await
}

/// Takes the snapshots of users in the copy and gives its head its size.
async fn copy_snapshots(from: &Arc<Image>, to: &Arc<Image>, flatten: bool) -> Result<Versions> {
    let header = from.header();
    let end = from.snap();
    let mut versions = Versions::new();
    for snap in header.snapshots.values().filter(|snap| snap.id <= end) {
        if snap.namespace != SnapNamespace::User {
            continue;
        }
        let parent = snap.parent.as_ref().filter(|_| !flatten);
        set_head(to, snap.size, parent).await?;
        let flags = snapshot::create::SKIP_OBJECT_MAP | snapshot::create::SKIP_QUIESCE;
        let namespace = SnapNamespace::User;
        snapshot::create::execute(to, namespace.clone(), &snap.name, flags).await?;
        let taken = snapshot::find(to, &namespace, &snap.name)?.id;
        if to.has(Features::OBJECT_MAP) {
            let objects = to.header().layout.object_count(snap.size);
            let method = ObjectMapResize { objects, state: ObjectState::Nonexistent };
            let target = to.pool().object_map(to.id(), taken);
            calls::update(&*to.pool().engine, target, &method).await?;
        }
        versions.insert(snap.id, taken);
    }
    for snap in header.snapshots.values() {
        if let Some(taken) = versions.get(&snap.id)
            && snap.protection == ProtectionStatus::Protected
        {
            snapshot::protect::protect(to, *taken).await?;
        }
    }
    if end == SnapId::HEAD || !versions.contains_key(&end) {
        let parent = header.parent_at(end).filter(|_| !flatten);
        set_head(to, from.size()?, parent).await?;
        versions.insert(end, SnapId::HEAD);
        let view = to.view();
        let objects = view.header.layout.object_count(view.header.size);
        if let Some(map) = &view.object_map
            && map.snapshot().len() != objects
        {
            map.resize(objects).await;
        }
    }
    Ok(versions)
}

/// Gives the head of a copy under way the size and parent of the next version.
async fn set_head(to: &Arc<Image>, size: u64, parent: Option<&ParentLink>) -> Result<()> {
    let (pool, engine) = (to.pool(), &*to.pool().engine);
    let before = to.header();
    let mut now = before.parent.clone();
    if before.size != size {
        calls::update(engine, pool.header(to.id()), &SetSize { size }).await?;
        if let Some(parent) = &mut now {
            parent.overlap = parent.overlap.min(size);
        }
    }
    let wanted = parent.filter(|parent| parent.overlap > 0);
    if now.as_ref() != wanted {
        if now.is_some() {
            let detached = calls::update(engine, pool.header(to.id()), &ParentDetach {}).await;
            calls::unless(Errno::ENOENT, detached)?;
        }
        if let Some(parent) = wanted {
            clone::attach_parent(pool, to.id(), parent.spec.clone(), parent.overlap).await?;
        }
    }
    to.refresh().await
}

async fn copy_objects(
    from: &Arc<Image>,
    to: &Arc<Image>,
    flatten: bool,
    versions: &Versions,
    progress: &Progress,
) -> Result<()> {
    let header = from.header();
    let largest = header.snapshots.values().map(|snap| snap.size).chain([header.size]).max();
    let layout = to.header().layout;
    let objects = layout.object_count(largest.unwrap_or(0));
    let states = match flatten {
        true => None,
        false => maps::diff(from, SnapId(0), from.snap(), Scope::History).await.ok(),
    };
    let source = Source::open(from, versions.keys().copied()).await?;
    let touched = |object: u64| {
        let Some(states) = &states else { return true };
        layout.image_extents(object, 0, layout.object_size()).any(|(offset, len)| {
            header.layout.extents(offset, len).any(|extent| {
                let at = usize::try_from(extent.object).unwrap_or(usize::MAX);
                states.get(at) != Some(&DiffState::Hole)
            })
        })
    };
    let copy = ObjectCopy { source: &source, to, versions, flatten };
    let start: throttle::Start<'_> = Box::new(|object| {
        touched(object).then(|| Box::pin(copy.run(object)) as throttle::StepFuture<'_>)
    });
    let told: Progress = {
        let progress = Arc::clone(progress);
        Arc::new(move |object, all| progress(object + 1, all))
    };
    let copied = throttle::run(0..objects, throttle::concurrency(from), &told, start).await;
    source.close().await;
    copied
}

impl Source {
    /// Opens the original at each of its versions.
    async fn open(image: &Arc<Image>, versions: impl Iterator<Item = SnapId>) -> Result<Source> {
        let mut source = Source { image: Arc::clone(image), at: BTreeMap::new() };
        for version in versions {
            if version == image.snap() {
                continue;
            }
            let options = OpenOptions {
                at: OpenAt::SnapId(version),
                read_only: true,
                ..OpenOptions::default()
            };
            let which = ImageRef::Id(image.id().to_owned());
            match Image::open(image.pool().clone(), which, options).await {
                Ok(opened) => drop(source.at.insert(version, opened)),
                Err(error) => {
                    source.close().await;
                    return Err(error);
                }
            }
        }
        Ok(source)
    }

    async fn close(&self) {
        for image in self.at.values() {
            trash::close(image).await;
        }
    }
}
