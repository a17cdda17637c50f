//! Clones: images that read from a snapshot of another image what they have not written.
//!
//! The tie is recorded on both sides. On the clone's header: the parent. On the parent's side, old
//! kind (format 1): its id in `rbd_children` of the clone's pool, and the snapshot must be
//! protected; new kind (format 2): the clone in the parent's header, and a snapshot that is removed
//! waits for its clones.

use std::sync::Arc;

use super::operations::Progress;
use super::options::{ImageOption, ImageOptions};
use super::{
    Features, Image, ImageRef, OpFeatures, OpenAt, OpenOptions, Pool, calls, create, directory,
    flatten, no_progress, remove, settings, snapshot, trash,
};
use crate::cls::UTime;
use crate::cls::rbd::{
    AddChild, ChildAttach, ChildDetach, ChildImageSpec, MetadataSet, ParentAttach, ParentImageSpec,
    ProtectionStatus, RemoveChild, SetOpFeatures, SetParent, SnapNamespace, SnapshotGet,
    TrashSource, TrashState,
};
use crate::conf::Settings;
use crate::errno::{Errno, Result};
use crate::model::{Pending, PoolId, SnapId};

/// The release from which on clients know clones of the new kind: Mimic.
const NEW_CLONES_SINCE: i8 = 13;
/// Pairs of metadata copied at a time.
const METADATA_PAGE: u64 = 128;

/// Which snapshot is cloned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CloneFrom {
    /// A user's snapshot, by name.
    Name(String),
    /// Any snapshot, by number.
    Id(SnapId),
}

/// Makes a clone of a snapshot of the image `parent_name`. Writes what was used into `options`.
///
/// Errors: `-ENOENT`; `-EEXIST`; `-EINVAL` for a snapshot that is not protected where it must be,
/// or options that do not go together; `-ENOSYS` without the feature layering or with unknown ones;
/// `-EXDEV` for a clone of the old kind in another namespace.
pub async fn clone(
    parent_pool: &Pool,
    parent_name: &str,
    from: &CloneFrom,
    pool: &Pool,
    name: &str,
    options: &mut ImageOptions,
) -> Result<()> {
    if options.is_set(ImageOption::Flatten) {
        return Err(Errno::EINVAL.because("an option of copies"));
    }
    let parent_id = directory::id_of(parent_pool, parent_name).await?;
    clone_id(parent_pool, &parent_id, from, pool, name, options).await
}

/// [`clone`] with the parent's id.
pub(super) async fn clone_id(
    parent_pool: &Pool,
    parent_id: &str,
    from: &CloneFrom,
    pool: &Pool,
    name: &str,
    options: &mut ImageOptions,
) -> Result<()> {
    let settings = settings::of_pool(pool).await;
    if options.or_put(ImageOption::Format, 2) < 2 {
        return Err(Errno::EINVAL.because("a clone of the old format"));
    }
    let features = options.number(ImageOption::Features).map(Features::from_bits_retain);
    if features.is_some_and(|features| !Features::all().contains(features)) {
        return Err(Errno::ENOSYS.because("unknown features"));
    }
    let format = clone_format(pool, &settings, options)?;
    if format == 1 && parent_pool.namespace != pool.namespace {
        return Err(Errno::EXDEV.because("the parent is in another namespace"));
    }
    if options.is_set(ImageOption::MirrorImageMode) {
        return Err(Errno::EOPNOTSUPP.because("mirroring"));
    }
    let at = match from {
        CloneFrom::Name(name) => OpenAt::SnapName(name.clone()),
        CloneFrom::Id(id) => OpenAt::SnapId(*id),
    };
    let open = OpenOptions { at, read_only: true, skip_parent: true, ..OpenOptions::default() };
    let which = ImageRef::Id(parent_id.to_owned());
    let parent = Image::open(parent_pool.clone(), which, open).await?;
    let plan = Plan { parent: &parent, features, format };
    let cloned = plan.execute(pool, &settings, name, options).await;
    trash::close(&parent).await;
    cloned
}

/// The kind of clone: 1 or 2. Decided by the option, else the configuration, which may leave it to
/// the age of the oldest client allowed.
fn clone_format(pool: &Pool, settings: &impl Settings, options: &ImageOptions) -> Result<u64> {
    if let Some(format) = options.number(ImageOption::CloneFormat) {
        return Ok(format);
    }
    match settings.text("rbd_default_clone_format").as_str() {
        "1" => Ok(1),
        "auto" => {
            let oldest = pool.engine.min_compatible()?;
            Ok(if oldest.client.max(oldest.required_client) < NEW_CLONES_SINCE { 1 } else { 2 })
        }
        _ => Ok(2),
    }
}

struct Plan<'a> {
    parent: &'a Arc<Image>,
    features: Option<Features>,
    format: u64,
}

impl Plan<'_> {
    async fn execute(
        &self,
        pool: &Pool,
        settings: &impl Settings,
        name: &str,
        options: &mut ImageOptions,
    ) -> Result<()> {
        let (header, snap) = (self.parent.header(), self.parent.snap());
        if snap == SnapId::HEAD {
            return Err(Errno::EINVAL.because("the head cannot be cloned"));
        }
        let info = header.snapshots.get(&snap).ok_or(Errno::ENOENT)?;
        if !header.features.contains(Features::LAYERING) {
            return Err(Errno::ENOSYS.because("the parent has layering off"));
        }
        if self.format == 1 && info.protection != ProtectionStatus::Protected {
            return Err(Errno::EINVAL.because("the parent snapshot is not protected"));
        }
        let features = self.features.unwrap_or(header.features);
        if !features.contains(Features::LAYERING) {
            return Err(Errno::ENOSYS.because("the clone has layering off"));
        }
        if calls::exists(&*pool.engine, pool.target(format!("{name}.rbd"))).await? {
            return Err(Errno::EEXIST.because(format!("image {name}")));
        }
        let layout = header.layout;
        options.or_put(ImageOption::Order, layout.order().into());
        options.put(ImageOption::Features, features.bits());
        options.or_put(ImageOption::StripeUnit, layout.stripe_unit());
        options.or_put(ImageOption::StripeCount, layout.stripe_count());
        let id = create::new_id(pool)?;
        let plan = create::Plan::new(pool, settings, name, &id, info.size, options)?;
        create::execute(pool, settings, plan).await?;
        let tied = self.tie(pool, &id, snap, info.size).await;
        if tied.is_err() {
            let removed = remove::remove_made(pool, name, &id).await;
            if let Err(error) = removed {
                log::error!(target: "rbd", "removing clone {name}, which was not made: {error}");
            }
        }
        tied
    }

    /// Records the tie on both sides and copies the parent's metadata.
    async fn tie(&self, pool: &Pool, id: &str, snap_id: SnapId, overlap: u64) -> Result<()> {
        let from = self.parent.pool();
        let spec = ParentImageSpec {
            pool_id: from.id.0,
            pool_namespace: utf8(from),
            image_id: self.parent.id().to_owned(),
            snap_id,
        };
        attach_parent(pool, id, spec.clone(), overlap).await?;
        match self.format {
            1 => self.add_child_v1(pool, id, snap_id).await?,
            _ => add_child_v2(from, pool, id, &spec).await?,
        }
        copy_metadata(from, self.parent.id(), pool, id).await
    }

    async fn add_child_v1(&self, pool: &Pool, id: &str, snap_id: SnapId) -> Result<()> {
        let method = AddChild {
            pool_id: self.parent.pool().id.0,
            image_id: self.parent.id().to_owned(),
            snap_id,
            child_id: id.to_owned(),
        };
        calls::update(&*pool.engine, pool.children(), &method).await?;
        // It may have lost its protection before it could be seen that it has a clone.
        self.parent.refresh().await?;
        let protection = self.parent.header().snapshots.get(&snap_id).map(|snap| snap.protection);
        match protection {
            Some(ProtectionStatus::Protected) => Ok(()),
            _ => Err(Errno::EINVAL.because("the parent snapshot is not protected any more")),
        }
    }
}

fn utf8(pool: &Pool) -> String {
    pool.namespace.to_text().into_owned()
}

/// Records the parent at the clone.
pub(super) async fn attach_parent(
    pool: &Pool,
    id: &str,
    parent: ParentImageSpec,
    overlap: u64,
) -> Result<()> {
    let (engine, header) = (&*pool.engine, pool.header(id));
    let legacy = SetParent {
        pool_id: parent.pool_id,
        image_id: parent.image_id.clone(),
        snap_id: parent.snap_id,
        overlap,
    };
    let same_namespace = parent.pool_namespace == utf8(pool);
    let method = ParentAttach { parent, overlap, reattach: false };
    match calls::update(engine, header.clone(), &method).await {
        // An OSD from before Nautilus.
        Err(error) if error == Errno::EOPNOTSUPP && same_namespace => {
            calls::update(engine, header, &legacy).await
        }
        Err(error) if error == Errno::EOPNOTSUPP => {
            Err(Errno::EXDEV.because("the parent is in another namespace"))
        }
        attached => attached,
    }
}

async fn add_child_v2(
    parent_pool: &Pool,
    pool: &Pool,
    id: &str,
    parent: &ParentImageSpec,
) -> Result<()> {
    let bit = OpFeatures::CLONE_CHILD.bits();
    let mark = SetOpFeatures { features: bit, mask: bit };
    calls::update(&*pool.engine, pool.header(id), &mark).await?;
    let method = ChildAttach { snap_id: parent.snap_id, child: child_spec(pool, id) };
    calls::update(&*pool.engine, parent_pool.header(&parent.image_id), &method).await
}

fn child_spec(pool: &Pool, id: &str) -> ChildImageSpec {
    ChildImageSpec { pool_id: pool.id.0, image_id: id.to_owned(), pool_namespace: utf8(pool) }
}

/// Copies all metadata of an image but what librbd keeps there for itself.
pub(super) async fn copy_metadata(
    from: &Pool,
    from_id: &str,
    to: &Pool,
    to_id: &str,
) -> Result<()> {
    let mut last = String::new();
    loop {
        let header = from.header(from_id);
        let page = settings::list(&*from.engine, &header, &last, METADATA_PAGE, false).await?;
        let full = page.len() as u64 >= METADATA_PAGE;
        let Some((key, _)) = page.last() else { return Ok(()) };
        last.clone_from(key);
        let pairs = page.into_iter().map(|(key, value)| (key, value.into())).collect();
        calls::update(&*to.engine, to.header(to_id), &MetadataSet { pairs }).await?;
        if !full {
            return Ok(());
        }
    }
}

/// Ends an image's being a clone on the parent's side. A parent's snapshot in the trash that has
/// lost its last clone is removed, and so is a parent that waited for that in the trash.
pub(super) fn detach_child(image: &Arc<Image>) -> Pending<'_, ()> {
    // Boxed, since the parent may itself be a clone.
    Box::pin(detach(image))
}

async fn detach(image: &Arc<Image>) -> Result<()> {
    let (pool, header) = (image.pool(), image.header());
    let oldest = header.snapshots.values().next();
    let parent = match oldest {
        Some(snap) => snap.parent.as_ref(),
        None => header.parent.as_ref(),
    };
    let Some(spec) = parent.map(|parent| parent.spec.clone()) else { return Ok(()) };
    if !header.op_features.contains(OpFeatures::CLONE_CHILD) {
        let method = RemoveChild {
            pool_id: spec.pool_id,
            image_id: spec.image_id,
            snap_id: spec.snap_id,
            child_id: image.id().to_owned(),
        };
        let removed = calls::update(&*pool.engine, pool.children(), &method).await;
        return calls::unless(Errno::ENOENT, removed);
    }
    let parent_pool = match pool.in_pool(PoolId(spec.pool_id)) {
        Err(error) if error == Errno::ENOENT => return Ok(()),
        there => there?.with_namespace(spec.pool_namespace.as_str()),
    };
    let target = parent_pool.header(&spec.image_id);
    let method = ChildDetach { snap_id: spec.snap_id, child: child_spec(pool, image.id()) };
    let detached = calls::update(&*pool.engine, target.clone(), &method).await;
    calls::unless(Errno::ENOENT, detached)?;
    let snap = calls::read(&*pool.engine, target, &SnapshotGet { snap_id: spec.snap_id }).await;
    let unused = snap.is_ok_and(|snap| {
        matches!(snap.namespace, SnapNamespace::Trash { .. }) && snap.child_count == 0
    });
    if unused && let Err(error) = remove_unused(&parent_pool, &spec).await {
        // The clone is free of it; the rest can be done again by removing the parent.
        log::error!(target: "rbd", "snapshot {} of the parent: {error}", spec.snap_id);
    }
    Ok(())
}

async fn remove_unused(pool: &Pool, spec: &ParentImageSpec) -> Result<()> {
    let options = OpenOptions { skip_parent: true, ..OpenOptions::default() };
    let parent = Image::open(pool.clone(), ImageRef::Id(spec.image_id.clone()), options).await?;
    let removed = snapshot::remove_by_id(&parent, spec.snap_id).await;
    let empty = parent.header().snapshots.is_empty();
    trash::close(&parent).await;
    calls::unless(Errno::ENOENT, removed)?;
    if !empty {
        return Ok(());
    }
    let entry = match trash::get(pool, &spec.image_id).await {
        Err(error) if error == Errno::ENOENT => return Ok(()),
        entry => entry?,
    };
    let due = entry.source == TrashSource::UserParent
        && entry.state == TrashState::Normal
        && entry.deferment_end_time <= UTime::from(std::time::SystemTime::now());
    match due {
        true => trash::remove_entry(pool, &spec.image_id, false, &no_progress()).await,
        false => Ok(()),
    }
}

/// Flattens all clones of a snapshot. `-EBUSY` for one that has snapshots and not the feature
/// deep-flatten. Progress counts clones.
pub(super) async fn flatten_children(
    image: &Arc<Image>,
    snap: SnapId,
    progress: &Progress,
) -> Result<()> {
    let clones = super::children::of_snapshot(image, snap).await?;
    let all = clones.len() as u64;
    for (done, clone) in clones.into_iter().enumerate() {
        let pool = image.pool().in_pool(clone.pool)?.with_namespace(clone.namespace.as_str());
        let options = OpenOptions::default();
        let child = Image::open(pool, ImageRef::Id(clone.id), options).await?;
        let tied = !child.has(Features::DEEP_FLATTEN) && !child.header().snapshots.is_empty();
        let flattened = match tied {
            true => Err(Errno::EBUSY.because("a clone has snapshots that need the parent")),
            false => flatten::flatten(&child, no_progress()).await,
        };
        trash::close(&child).await;
        flattened?;
        progress(done as u64 + 1, all);
    }
    Ok(())
}
