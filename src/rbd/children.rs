//! Who is a clone of an image, and whose clone it is.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use super::snapshot::protect::old_clones;
use super::{Features, Image, ImageRef, OpenOptions, Pool, calls, directory, trash};
use crate::cls::rbd::{ChildrenList, SnapKind, TrashSource};
use crate::errno::{Errno, Result};
use crate::model::{PoolId, SnapId};

/// An image that is tied to another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct LinkedImage {
    /// Its pool's name; empty if the pool is gone.
    pub pool_name: String,
    /// Its pool.
    pub pool: PoolId,
    /// Its namespace.
    pub namespace: String,
    /// Its name; empty if the pool is gone.
    pub name: String,
    /// Its id.
    pub id: String,
    /// Whether it is in the trash.
    pub trash: bool,
}

/// The snapshot that a clone reads from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParentSnap {
    /// Its number.
    pub id: SnapId,
    /// What it is for.
    pub kind: SnapKind,
    /// Its name.
    pub name: String,
}

/// The parent of an image, as it is open; `-ENOENT` if it has none.
pub async fn parent(image: &Image) -> Result<(LinkedImage, ParentSnap)> {
    image.refresh_if_required().await?;
    let none = || Errno::ENOENT.because("the image has no parent");
    let (parent, _) = image.parent().ok_or_else(none)?;
    let (pool, snap) = (parent.pool(), parent.snap());
    let header = parent.header();
    let info = header.snapshots.get(&snap).ok_or_else(none)?;
    let snap = ParentSnap { id: snap, kind: info.namespace.kind(), name: info.name.clone() };
    let trash = match trash::get(pool, parent.id()).await {
        Ok(_) => true,
        Err(error) if error == Errno::ENOENT || error == Errno::EOPNOTSUPP => false,
        Err(error) => return Err(error),
    };
    let linked = LinkedImage {
        pool_name: pool.engine.pool(pool.id)?.name,
        pool: pool.id,
        namespace: pool.namespace.to_text().into_owned(),
        name: parent.name(),
        id: parent.id().to_owned(),
        trash,
    };
    Ok((linked, snap))
}

/// The clones of the snapshot an image is open at, or of all of its snapshots.
pub async fn list(image: &Arc<Image>) -> Result<Vec<LinkedImage>> {
    descendants(image, Some(1)).await
}

/// The clones of one snapshot.
pub(super) async fn of_snapshot(image: &Arc<Image>, snap: SnapId) -> Result<Vec<LinkedImage>> {
    let mut found = Vec::new();
    of_snap(image, snap, Some(1), &mut found).await?;
    finish(image.pool(), found).await
}

/// The clones of an image, their clones, and so on down to `levels` (`None`: all).
pub async fn descendants(image: &Arc<Image>, levels: Option<usize>) -> Result<Vec<LinkedImage>> {
    image.refresh_if_required().await?;
    let mut found = Vec::new();
    of_image(image, levels, &mut found).await?;
    finish(image.pool(), found).await
}

type Found = Vec<LinkedImage>;

fn of_image<'a>(
    image: &'a Arc<Image>,
    levels: Option<usize>,
    found: &'a mut Found,
) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>> {
    Box::pin(async move {
        let snaps = match image.snap() {
            SnapId::HEAD => {
                image.header().snap_context.snaps.iter().map(|snap| SnapId(*snap)).collect()
            }
            snap => vec![snap],
        };
        for snap in snaps {
            of_snap(image, snap, levels, found).await?;
        }
        Ok(())
    })
}

async fn of_snap(
    image: &Arc<Image>,
    snap_id: SnapId,
    levels: Option<usize>,
    found: &mut Found,
) -> Result<()> {
    if levels == Some(0) || !image.has(Features::LAYERING) {
        return Ok(());
    }
    let below = levels.map(|levels| levels - 1);
    let own = image.pool();
    let mut clones = Vec::new();
    for (pool, _) in own.engine.pools()? {
        let ids = old_clones(image, pool, snap_id).await?;
        let namespace = own.namespace.to_text().into_owned();
        clones.extend(ids.into_iter().map(|id| (pool, namespace.clone(), id)));
    }
    let header = own.header(image.id());
    match calls::read(&*own.engine, header, &ChildrenList { snap_id }).await {
        Ok(new) => {
            let each = new.into_iter();
            clones.extend(each.map(|c| (PoolId(c.pool_id), c.pool_namespace, c.image_id)));
        }
        Err(error) if error == Errno::ENOENT || error == Errno::EOPNOTSUPP => (),
        Err(error) => return Err(error),
    }
    for (pool, namespace, id) in clones {
        found.push(LinkedImage {
            pool_name: String::new(),
            pool,
            namespace: namespace.clone(),
            name: String::new(),
            id: id.clone(),
            trash: false,
        });
        if below != Some(0) {
            of_clone(own, pool, &namespace, id, below, found).await?;
        }
    }
    Ok(())
}

async fn of_clone(
    near: &Pool,
    pool: PoolId,
    namespace: &str,
    id: String,
    levels: Option<usize>,
    found: &mut Found,
) -> Result<()> {
    let pool = match near.in_pool(pool) {
        Err(error) if error == Errno::ENOENT => return Ok(()),
        there => there?.with_namespace(namespace),
    };
    let options = OpenOptions { read_only: true, skip_parent: true, ..OpenOptions::default() };
    let clone = match Image::open(pool, ImageRef::Id(id), options).await {
        Err(error) if error == Errno::ENOENT => return Ok(()),
        clone => clone?,
    };
    let result = of_image(&clone, levels, found).await;
    trash::close(&clone).await;
    result
}

/// Finds the names and sorts. `-ENOENT` for a clone that is neither in a directory nor in the
/// trash.
async fn finish(near: &Pool, mut found: Found) -> Result<Found> {
    let mut known: BTreeMap<(PoolId, String), Option<Names>> = BTreeMap::new();
    for image in &mut found {
        let place = (image.pool, image.namespace.clone());
        if !known.contains_key(&place) {
            let names = match near.in_pool(image.pool) {
                Err(error) if error == Errno::ENOENT => None,
                there => Some(Names::read(&there?.with_namespace(place.1.as_str())).await?),
            };
            known.insert(place.clone(), names);
        }
        let Some(Some(names)) = known.get(&place) else { continue };
        let entry = names.by_id.get(&image.id);
        let (name, trash) = entry.ok_or_else(|| Errno::ENOENT.because("a clone has no name"))?;
        image.pool_name.clone_from(&names.pool);
        image.name.clone_from(name);
        image.trash = *trash;
    }
    found.sort();
    Ok(found)
}

/// The images of a place by id: name, and whether it is in the trash.
struct Names {
    pool: String,
    by_id: BTreeMap<String, (String, bool)>,
}

impl Names {
    async fn read(pool: &Pool) -> Result<Names> {
        let mut by_id: BTreeMap<_, _> = trash::specs(pool)
            .await?
            .into_iter()
            .map(|(id, spec)| (id, (spec.name, spec.source != TrashSource::Removing)))
            .collect();
        let listed = directory::ids_by_name(pool).await?.into_iter();
        by_id.extend(listed.map(|(name, id)| (id, (name, false))));
        Ok(Names { pool: pool.engine.pool(pool.id)?.name, by_id })
    }
}
