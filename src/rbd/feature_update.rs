//! Switching features of an image on and off.

use std::sync::Arc;

use super::{Features, Image, ImageFlags, Operation, calls, create, no_progress, snapshot};
use crate::cls::rbd::{ObjectMapResize, ObjectState, SetFeatures, SetFlags};
use crate::errno::{Errno, Result};
use crate::model::SnapId;

/// Both come and go together.
const MAP_AND_DIFF: Features = Features::OBJECT_MAP.union(Features::FAST_DIFF);

/// Switches features. `-EINVAL` for features that cannot be switched, are so already, or need
/// another; `-EROFS`; `-EOPNOTSUPP` for journaling.
pub async fn update(image: &Arc<Image>, features: u64, enable: bool) -> Result<()> {
    image.refresh_if_required().await?;
    if image.is_read_only() {
        return Err(Errno::EROFS.because("the image is open read-only"));
    }
    let mut features = Features::from_bits_retain(features);
    let mut switchable = Features::MUTABLE - Features::MUTABLE_INTERNAL;
    if !enable {
        switchable |= Features::DISABLE_ONLY;
    }
    if !switchable.contains(features) {
        return Err(Errno::EINVAL.because("features that cannot be switched"));
    }
    let on = image.header().features;
    let has = |feature| features.contains(feature);
    let both = match enable {
        true => {
            (has(Features::OBJECT_MAP) && !on.contains(Features::FAST_DIFF))
                || (has(Features::FAST_DIFF) && !on.contains(Features::OBJECT_MAP))
        }
        false => has(Features::OBJECT_MAP) && on.contains(Features::FAST_DIFF),
    };
    if both {
        features |= MAP_AND_DIFF;
    }
    let wrong = if enable { features & on } else { features - on };
    if features.is_empty() || !wrong.is_empty() {
        return Err(Errno::EINVAL.because("features that are so already"));
    }
    if features.contains(Features::JOURNALING) {
        return Err(Errno::EOPNOTSUPP.because("journaling"));
    }
    image.run(Operation::UpdateFeatures { features: features.bits(), enable }, no_progress()).await
}

/// Switches features here and tells the other clients.
pub(super) async fn execute(image: &Arc<Image>, features: u64, enable: bool) -> Result<()> {
    let mut features = Features::from_bits_retain(features);
    if features.contains(Features::JOURNALING) {
        return Err(Errno::EOPNOTSUPP.because("journaling"));
    }
    let blocked = image.block_writes().await;
    let on = image.header().features;
    features = if enable { features - on } else { features & on };
    if features.intersects(MAP_AND_DIFF) {
        features |= MAP_AND_DIFF;
    }
    let switched = match enable {
        true => enable_here(image, on, features).await,
        false => disable_here(image, on, features).await,
    };
    let refreshed = image.refresh().await;
    drop(blocked);
    switched.and(refreshed)?;
    snapshot::changed(image).await
}

async fn enable_here(image: &Image, on: Features, features: Features) -> Result<()> {
    let wanted = on | features;
    let mut mask = features;
    if features.contains(Features::OBJECT_MAP) {
        if !wanted.contains(Features::EXCLUSIVE_LOCK) {
            return Err(Errno::EINVAL.because("an object map needs the exclusive lock"));
        }
        mask |= Features::EXCLUSIVE_LOCK;
        // The map is empty until it is rebuilt.
        set_flags(image, flags_of(features), true).await?;
    }
    set_features(image, wanted, mask).await?;
    match features.contains(Features::OBJECT_MAP) {
        true => create_object_maps(image).await,
        false => Ok(()),
    }
}

async fn disable_here(image: &Image, on: Features, features: Features) -> Result<()> {
    let wanted = on - features;
    let mut mask = features;
    if features.contains(Features::EXCLUSIVE_LOCK) {
        if wanted.intersects(Features::OBJECT_MAP | Features::JOURNALING) {
            return Err(Errno::EINVAL.because("a feature needs the exclusive lock"));
        }
        mask |= MAP_AND_DIFF | Features::JOURNALING;
    }
    if features.contains(Features::OBJECT_MAP) {
        let (pool, engine) = (image.pool(), &*image.pool().engine);
        for snap in versions(image) {
            calls::remove_if_there(engine, pool.object_map(image.id(), snap)).await?;
        }
    }
    match set_features(image, wanted, mask).await {
        // An OSD that does not know journaling.
        Err(error) if error == Errno::EINVAL && mask.contains(Features::JOURNALING) => {
            set_features(image, wanted, mask - Features::JOURNALING).await?;
        }
        set => set?,
    }
    set_flags(image, flags_of(features), false).await
}

fn flags_of(features: Features) -> ImageFlags {
    let mut flags = ImageFlags::empty();
    flags.set(ImageFlags::OBJECT_MAP_INVALID, features.contains(Features::OBJECT_MAP));
    flags.set(ImageFlags::FAST_DIFF_INVALID, features.contains(Features::FAST_DIFF));
    flags
}

/// The head and all snapshots.
fn versions(image: &Image) -> Vec<SnapId> {
    let header = image.header();
    std::iter::once(SnapId::HEAD).chain(header.snapshots.keys().copied()).collect()
}

async fn set_features(image: &Image, wanted: Features, mask: Features) -> Result<()> {
    let method = SetFeatures { features: wanted.bits(), mask: mask.bits() };
    calls::update(&*image.pool().engine, image.pool().header(image.id()), &method).await
}

/// Sets or clears flags of the head and all snapshots.
async fn set_flags(image: &Image, flags: ImageFlags, on: bool) -> Result<()> {
    if flags.is_empty() {
        return Ok(());
    }
    let (mask, value) = (flags.bits(), if on { flags.bits() } else { 0 });
    for snap_id in versions(image) {
        let method = SetFlags { flags: value, mask, snap_id };
        let target = image.pool().header(image.id());
        calls::update(&*image.pool().engine, target, &method).await?;
    }
    Ok(())
}

/// Makes empty maps for the head and all snapshots.
async fn create_object_maps(image: &Image) -> Result<()> {
    let header = image.header();
    let sizes = versions(image).into_iter().filter_map(|id| Some((id, header.size_at(id)?)));
    let sizes: Vec<_> = sizes.collect();
    let largest = sizes.iter().map(|(_, size)| *size).max().unwrap_or(0);
    create::validate_object_map(&header.layout, largest)?;
    for (id, size) in sizes {
        let objects = header.layout.object_count(size);
        let method = ObjectMapResize { objects, state: ObjectState::Nonexistent };
        let target = image.pool().object_map(image.id(), id);
        calls::update(&*image.pool().engine, target, &method).await?;
    }
    Ok(())
}
