//! A pool as a whole: preparing it for images, and what its images add up to.

use std::pin::Pin;

use super::{Pool, calls, create, directory, settings, throttle, trash};
use crate::cls::Method;
use crate::cls::rbd::{GetSize, GetSnapContext, TrashSource};
use crate::conf::Settings;
use crate::errno::{Errno, Result};
use crate::model::{EngineExt, ObjectOp, SnapId};

/// Prepares a pool for images. `-EPERM` for a pool of another application without `force`;
/// `-EINVAL` for one that cannot hold images.
pub async fn init(pool: &Pool, force: bool) -> Result<()> {
    pool.engine.application_enable(pool.id, "rbd", force).await?;
    match settings::of_pool(pool).await.bool("rbd_validate_pool") {
        true => create::validate_pool(pool).await,
        false => Ok(()),
    }
}

/// What images add up to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ImageStats {
    /// How many there are.
    pub images: u64,
    /// Bytes of all.
    pub provisioned: u64,
    /// Bytes of all, each at its largest: now or at a snapshot.
    pub max_provisioned: u64,
    /// Snapshots of all.
    pub snapshots: u64,
}

/// What the images of a pool add up to, and those in its trash.
pub async fn stats(pool: &Pool) -> Result<(ImageStats, ImageStats)> {
    let names = directory::ids_by_name(pool).await?;
    let trash = trash::specs(pool).await?;
    let (removing, trash): (Vec<_>, Vec<_>) =
        trash.into_iter().partition(|(_, spec)| spec.source == TrashSource::Removing);
    let ids = |entries: Vec<(String, _)>| entries.into_iter().map(|(id, _)| id);
    let images = names.into_values().chain(ids(removing)).collect();
    Ok((sum(pool, images).await?, sum(pool, ids(trash).collect()).await?))
}

async fn sum(pool: &Pool, ids: Vec<String>) -> Result<ImageStats> {
    let concurrency = settings::of_pool(pool).await.u64("rbd_concurrent_management_ops");
    let concurrency = usize::try_from(concurrency).unwrap_or(usize::MAX).max(1);
    let mut sum = ImageStats { images: ids.len() as u64, ..ImageStats::default() };
    for some in ids.chunks(concurrency) {
        let each = some
            .iter()
            .map(|id| Box::pin(of_image(pool, id)) as Pin<Box<dyn Future<Output = _> + Send + '_>>);
        for one in throttle::all(each.collect()).await {
            let one: ImageStats = one?;
            sum.provisioned += one.provisioned;
            sum.max_provisioned += one.max_provisioned;
            sum.snapshots += one.snapshots;
        }
    }
    Ok(sum)
}

/// One image; nothing if it is gone.
async fn of_image(pool: &Pool, id: &str) -> Result<ImageStats> {
    loop {
        let op = ObjectOp::read(pool.header(id))
            .then(GetSize { snap_id: SnapId::HEAD }.call())
            .then(GetSnapContext {}.call());
        let mut reply = match pool.engine.run(op).await {
            Err(error) if error == Errno::ENOENT => return Ok(ImageStats::default()),
            reply => reply?,
        };
        let size = GetSize::reply(&reply.take_data(0))?.size;
        let snaps = GetSnapContext::reply(&reply.take_data(1))?.snaps;
        match largest(pool, id, size, &snaps).await {
            // A snapshot was removed meanwhile.
            Err(error) if error == Errno::ENOENT => (),
            largest => {
                return Ok(ImageStats {
                    images: 1,
                    provisioned: size,
                    max_provisioned: largest?,
                    snapshots: snaps.len() as u64,
                });
            }
        }
    }
}

async fn largest(pool: &Pool, id: &str, head: u64, snaps: &[u64]) -> Result<u64> {
    let mut largest = head;
    for snap in snaps {
        let method = GetSize { snap_id: SnapId(*snap) };
        let size = calls::read(&*pool.engine, pool.header(id), &method).await?.size;
        largest = largest.max(size);
    }
    Ok(largest)
}
