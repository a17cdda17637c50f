//! Mirroring, as far as it is settings of a pool: what is mirrored, with whom. Images are not
//! mirrored by this library.

use uuid::Uuid;

use super::{Image, Pool, calls};
use crate::cls::rbd::{
    MirrorImageGet, MirrorImageList, MirrorModeGet, MirrorModeSet, MirrorPeerAdd, MirrorPeerList,
    MirrorPeerRemove, MirrorPeerSetClient, MirrorPeerSetCluster, MirrorPeerSetDirection,
    MirrorSnapState, MirrorUuidGet, MirrorUuidSet, SnapNamespace, names,
};
use crate::errno::{Errno, Result};

pub use crate::cls::rbd::{
    MirrorDirection, MirrorImage, MirrorImageMode, MirrorImageState, MirrorMode, MirrorPeer,
};

fn none<T>(found: Result<T>, instead: T) -> Result<T> {
    match found {
        Err(error) if error == Errno::ENOENT => Ok(instead),
        found => found,
    }
}

/// What of a pool is mirrored.
pub async fn mode(pool: &Pool) -> Result<MirrorMode> {
    let found = calls::read(&*pool.engine, pool.target(names::MIRRORING), &MirrorModeGet {}).await;
    none(found, MirrorMode::Disabled)
}

/// Sets what of a pool is mirrored. `-EINVAL` for an unknown mode; `-EBUSY` for ending it while
/// there are peers or images that are mirrored.
pub async fn set_mode(pool: &Pool, mode: MirrorMode) -> Result<()> {
    if matches!(mode, MirrorMode::Unknown(_)) {
        return Err(Errno::EINVAL.into());
    }
    if self::mode(pool).await? == mode {
        return Ok(());
    }
    if mode == MirrorMode::Disabled && !images(pool, "", 1).await?.is_empty() {
        return Err(Errno::EBUSY.because("images are mirrored"));
    }
    let has_uuid = none(uuid(pool).await.map(drop).map(|()| true), false)?;
    if mode != MirrorMode::Disabled && !has_uuid {
        let method = MirrorUuidSet { uuid: Uuid::new_v4().to_string() };
        calls::update(&*pool.engine, pool.target(names::MIRRORING), &method).await?;
    }
    calls::update(&*pool.engine, pool.target(names::MIRRORING), &MirrorModeSet { mode }).await
}

/// This pool's id for mirroring; `-ENOENT` while nothing is mirrored.
pub async fn uuid(pool: &Pool) -> Result<String> {
    calls::read(&*pool.engine, pool.target(names::MIRRORING), &MirrorUuidGet {}).await
}

/// The peers.
pub async fn peers(pool: &Pool) -> Result<Vec<MirrorPeer>> {
    let found = calls::read(&*pool.engine, pool.target(names::MIRRORING), &MirrorPeerList {}).await;
    none(found, Vec::new())
}

/// Adds a peer and returns its id. `-EINVAL` while nothing is mirrored, for a direction that does
/// not receive, or an empty name; `-EEXIST`.
pub async fn add_peer(
    pool: &Pool,
    direction: MirrorDirection,
    site_name: &str,
    client_name: &str,
) -> Result<String> {
    loop {
        let uuid = Uuid::new_v4().to_string();
        let peer = MirrorPeer {
            uuid: uuid.clone(),
            site_name: site_name.to_owned(),
            client_name: client_name.to_owned(),
            pool_id: -1,
            direction,
            ..MirrorPeer::default()
        };
        let method = MirrorPeerAdd { peer };
        match calls::update(&*pool.engine, pool.target(names::MIRRORING), &method).await {
            // Another peer has the id.
            Err(error) if error == Errno::ESTALE => {}
            Err(error) if error == Errno::ENOENT => return Err(Errno::EINVAL.into()),
            added => return added.map(|()| uuid),
        }
    }
}

/// Removes a peer, if it is there.
pub async fn remove_peer(pool: &Pool, uuid: &str) -> Result<()> {
    let method = MirrorPeerRemove { uuid: uuid.to_owned() };
    none(calls::update(&*pool.engine, pool.target(names::MIRRORING), &method).await, ())
}

/// Sets the user to be at a peer; `-ENOENT`.
pub async fn set_peer_client(pool: &Pool, uuid: &str, client_name: &str) -> Result<()> {
    let method = MirrorPeerSetClient { uuid: uuid.to_owned(), client_name: client_name.to_owned() };
    calls::update(&*pool.engine, pool.target(names::MIRRORING), &method).await
}

/// Renames a peer; `-ENOENT`, `-EEXIST`.
pub async fn set_peer_name(pool: &Pool, uuid: &str, site_name: &str) -> Result<()> {
    let method = MirrorPeerSetCluster { uuid: uuid.to_owned(), site_name: site_name.to_owned() };
    calls::update(&*pool.engine, pool.target(names::MIRRORING), &method).await
}

/// Sets which way a peer mirrors; `-ENOENT`.
pub async fn set_peer_direction(pool: &Pool, uuid: &str, direction: MirrorDirection) -> Result<()> {
    let method = MirrorPeerSetDirection { uuid: uuid.to_owned(), direction };
    calls::update(&*pool.engine, pool.target(names::MIRRORING), &method).await
}

/// Images that are mirrored: their id and global id, behind an id.
async fn images(pool: &Pool, start: &str, max: u64) -> Result<Vec<(String, String)>> {
    let method = MirrorImageList { start: start.to_owned(), max };
    let found = calls::read(&*pool.engine, pool.target(names::MIRRORING), &method).await;
    Ok(none(found, Default::default())?.into_iter().collect())
}

/// An image's part in mirroring; one that is disabled if it has none.
pub async fn image(pool: &Pool, image_id: &str) -> Result<MirrorImage> {
    let method = MirrorImageGet { image_id: image_id.to_owned() };
    let found = calls::read(&*pool.engine, pool.target(names::MIRRORING), &method).await;
    none(found, MirrorImage { state: MirrorImageState::Disabled, ..MirrorImage::default() })
}

/// The same of an open image.
pub async fn of(image: &Image) -> Result<MirrorImage> {
    self::image(image.pool(), image.id()).await
}

/// Whether an image that is mirrored is the original. `-EOPNOTSUPP` for one mirrored by its
/// journal.
pub fn is_primary(image: &Image, part: &MirrorImage) -> Result<bool> {
    if part.state == MirrorImageState::Disabled {
        return Ok(false);
    }
    if part.mode != MirrorImageMode::Snapshot {
        return Err(Errno::EOPNOTSUPP.because("mirroring by the journal"));
    }
    let header = image.header();
    let newest = header.snapshots.values().rev().find_map(|snap| match &snap.namespace {
        SnapNamespace::Mirror(mirror) => Some(mirror.state),
        _ => None,
    });
    Ok(newest == Some(MirrorSnapState::Primary))
}

/// Whether any image of the pool behind an id is mirrored.
pub async fn has_images(pool: &Pool, start: &str) -> Result<bool> {
    Ok(!images(pool, start, 1).await?.is_empty())
}
