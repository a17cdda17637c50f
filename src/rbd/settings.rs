//! Configuration with the overrides a pool keeps for its images, and the metadata they are part of.

use super::{INFO, Pool, calls};
use crate::cls::rbd::{MetadataGet, MetadataList, MetadataRemove, MetadataSet};
use crate::conf::rbd::{ListedOption, METADATA_PREFIX, Overlay, Source, check_override};
use crate::errno::{Errno, Result};
use crate::model::{Engine, Target};

/// Keys read at a time, as the original reads them.
const PAGE: u64 = 64;
/// Metadata of the original's own use begins so.
const INTERNAL_PREFIX: &str = ".rbd";

/// Metadata: key and value, by key.
pub type Metadata = Vec<(String, Vec<u8>)>;

/// Metadata of an object behind the key `start`, at most `max` pairs (0: all).
pub(super) async fn list(
    engine: &dyn Engine,
    target: &Target,
    start: &str,
    max: u64,
    internal: bool,
) -> Result<Metadata> {
    let mut all = Metadata::new();
    let mut last = start.to_owned();
    loop {
        let wanted = match max {
            0 => PAGE,
            max => PAGE.min(max - all.len() as u64),
        };
        let method = MetadataList { start: last.clone(), max: wanted };
        let page = match calls::read(engine, target.clone(), &method).await {
            Err(error) if error == Errno::ENOENT || error == Errno::EOPNOTSUPP => return Ok(all),
            page => page?,
        };
        let count = page.len() as u64;
        for (key, value) in page {
            last.clone_from(&key);
            if internal || !key.starts_with(INTERNAL_PREFIX) {
                all.push((key, value.to_vec()));
            }
        }
        if count < wanted || (max > 0 && all.len() as u64 >= max) {
            return Ok(all);
        }
    }
}

/// The configuration with the pool's overrides. Overrides that cannot be read are left out, as the
/// original does.
pub async fn of_pool(pool: &Pool) -> Overlay {
    let mut overlay = Overlay::new(&pool.config);
    match overrides(pool).await {
        Ok(metadata) => overlay.apply(Source::Pool, text(&metadata)),
        Err(error) => log::warn!(target: "rbd", "pool overrides: {error}"),
    }
    overlay
}

/// Options a pool may override, with the values that hold for its images.
pub async fn list_pool(pool: &Pool) -> Result<Vec<ListedOption>> {
    let mut overlay = Overlay::new(&pool.config);
    overlay.apply(Source::Pool, text(&overrides(pool).await?));
    Ok(overlay.list_pool())
}

/// Options an image may override, with the values that hold for the image with this id.
pub(super) async fn list_image(pool: &Pool, image_id: &str) -> Result<Vec<ListedOption>> {
    let mut overlay = Overlay::new(&pool.config);
    overlay.apply(Source::Pool, text(&overrides(pool).await?));
    let own = list(&*pool.engine, &pool.header(image_id), METADATA_PREFIX, 0, false).await?;
    overlay.apply(Source::Image, text(&own));
    Ok(overlay.list_image())
}

/// The overrides among the metadata of a pool.
pub(super) async fn overrides(pool: &Pool) -> Result<Metadata> {
    overrides_of(pool, &info(pool)).await
}

/// The overrides among the metadata of the image with this id.
pub(super) async fn image_overrides(pool: &Pool, image_id: &str) -> Result<Metadata> {
    overrides_of(pool, &pool.header(image_id)).await
}

async fn overrides_of(pool: &Pool, target: &Target) -> Result<Metadata> {
    let mut all = list(&*pool.engine, target, METADATA_PREFIX, 0, true).await?;
    all.retain(|(key, _)| key.starts_with(METADATA_PREFIX));
    Ok(all)
}

/// Pairs whose value is text, for [`Overlay::apply`].
pub(super) fn text(metadata: &Metadata) -> impl Iterator<Item = (&str, &str)> {
    metadata.iter().filter_map(|(key, value)| Some((&**key, std::str::from_utf8(value).ok()?)))
}

/// `rbd_info` of the default namespace, where overrides are kept.
fn info(pool: &Pool) -> Target {
    pool.with_namespace("").target(INFO)
}

/// A value of a pool's metadata; `-ENOENT`.
pub async fn pool_metadata_get(pool: &Pool, key: &str) -> Result<Vec<u8>> {
    let method = MetadataGet { key: key.to_owned() };
    Ok(calls::read(&*pool.engine, pool.target(INFO), &method).await?.to_vec())
}

/// Sets metadata of a pool; `-EINVAL` for an override of an option that a pool cannot override, or
/// with a value that it does not take.
pub async fn pool_metadata_set(pool: &Pool, key: &str, value: &str) -> Result<()> {
    check_override(Source::Pool, key, value)?;
    let pairs = [(key.to_owned(), value.as_bytes().to_vec().into())].into();
    calls::update(&*pool.engine, pool.target(INFO), &MetadataSet { pairs }).await?;
    tell_override(pool, key).await;
    Ok(())
}

/// Removes metadata of a pool; `-ENOENT`.
pub async fn pool_metadata_remove(pool: &Pool, key: &str) -> Result<()> {
    pool_metadata_get(pool, key).await?;
    let method = MetadataRemove { key: key.to_owned() };
    calls::update(&*pool.engine, pool.target(INFO), &method).await?;
    tell_override(pool, key).await;
    Ok(())
}

/// Metadata of a pool behind the key `start`, at most `max` pairs (0: all).
pub async fn pool_metadata_list(pool: &Pool, start: &str, max: u64) -> Result<Metadata> {
    list(&*pool.engine, &pool.target(INFO), start, max, true).await
}

/// Has every client with an open image look at the pool's overrides again: they watch an option of
/// the cluster for that. Its failure is no failure of the change.
async fn tell_override(pool: &Pool, key: &str) {
    if !key.starts_with(METADATA_PREFIX) {
        return;
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let command = serde_json::json!({
        "prefix": "config set",
        "who": "global",
        "name": "rbd_config_pool_override_update_timestamp",
        "value": now.unwrap_or_default().as_secs().to_string(),
    });
    let target = crate::model::CommandTarget::Mon;
    let command = vec![command.to_string()];
    if let Err(error) = pool.engine.command(target, command, bytes::Bytes::new()).await {
        log::warn!(target: "rbd", "telling others of a changed pool override: {error}");
    }
}
