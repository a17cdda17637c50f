//! Pairs of keys and values that users keep with an image, some of which override options.

use std::sync::Arc;

use super::settings::{self, Metadata};
use super::{Image, Operation, calls, no_progress, snapshot};
use crate::cls::rbd::{MetadataGet, MetadataRemove, MetadataSet};
use crate::conf::rbd::{ListedOption, METADATA_PREFIX, Source, check_override};
use crate::errno::{Errno, Result};

/// A value; `-ENOENT`.
pub async fn get(image: &Image, key: &str) -> Result<Vec<u8>> {
    image.refresh_if_required().await?;
    let method = MetadataGet { key: key.to_owned() };
    let target = image.pool().header(image.id());
    Ok(calls::read(&*image.pool().engine, target, &method).await?.to_vec())
}

/// Pairs behind the key `start`, at most `max` (0: all).
pub async fn list(image: &Image, start: &str, max: u64) -> Result<Metadata> {
    image.refresh_if_required().await?;
    let target = image.pool().header(image.id());
    settings::list(&*image.pool().engine, &target, start, max, true).await
}

/// Options an image may override, with the values that hold for this one.
pub async fn list_config(image: &Image) -> Result<Vec<ListedOption>> {
    settings::list_image(image.pool(), image.id()).await
}

/// Sets a value. `-EINVAL` for an override of an option that an image cannot override, or with a
/// value that it does not take; `-EROFS`.
pub async fn set(image: &Arc<Image>, key: &str, value: &str) -> Result<()> {
    check_override(Source::Image, key, value)?;
    writable(image).await?;
    let operation = Operation::SetMetadata { key: key.to_owned(), value: Some(value.to_owned()) };
    image.run(operation, no_progress()).await?;
    apply(image, key).await
}

/// Removes a pair; `-ENOENT`, `-EROFS`.
pub async fn remove(image: &Arc<Image>, key: &str) -> Result<()> {
    image.refresh_if_required().await?;
    if !image.was_opened_read_only() {
        // Looked for first, also where a snapshot is open (measured on 16.2.15).
        get(image, key).await?;
    }
    writable(image).await?;
    let operation = Operation::SetMetadata { key: key.to_owned(), value: None };
    calls::unless(Errno::ENOENT, image.run(operation, no_progress()).await)?;
    apply(image, key).await
}

async fn writable(image: &Arc<Image>) -> Result<()> {
    image.refresh_if_required().await?;
    match image.is_read_only() {
        true => Err(Errno::EROFS.because("the image is open read-only")),
        false => Ok(()),
    }
}

/// Has an override take effect at once.
async fn apply(image: &Arc<Image>, key: &str) -> Result<()> {
    match key.starts_with(METADATA_PREFIX) {
        true => image.refresh_if_required().await,
        false => Ok(()),
    }
}

/// Sets or removes a pair here and tells the other clients.
pub(super) async fn execute(image: &Arc<Image>, key: &str, value: Option<&str>) -> Result<()> {
    let (engine, target) = (&*image.pool().engine, image.pool().header(image.id()));
    match value {
        Some(value) => {
            let pairs = [(key.to_owned(), value.as_bytes().to_vec().into())].into();
            calls::update(engine, target, &MetadataSet { pairs }).await?;
        }
        None => {
            let method = MetadataRemove { key: key.to_owned() };
            calls::update(engine, target, &method).await?;
        }
    }
    snapshot::changed(image).await
}
