//! Groups of images, of which snapshots can be taken at one time.
//!
//! ```text
//!   rbd_group_directory       names and ids of a pool's groups
//!   rbd_group_header.<id>     a group's images and snapshots
//!   rbd_header.<image id>     the image's group, and the image snapshots of the group's snapshots
//! ```
//!
//! An image is recorded as incomplete in the group first, so that an interruption leaves a trace.

mod snap;

pub use snap::{
    GroupSnapDetails, GroupSnapInfo, create as snap_create, details as snap_details,
    list as snap_list, remove as snap_remove, rename as snap_rename, rollback as snap_rollback,
};

use super::calls::header_changed;
use super::{Image, Pool, calls, directory};
use crate::cls::rbd::{
    DirGetId, DirGetName, GroupDirAdd, GroupDirList, GroupDirRemove, GroupDirRename,
    GroupImageList, GroupImageRemove, GroupImageSet, GroupImageSpec, GroupImageStatus,
    GroupLinkState, GroupSpec, ImageGroupAdd, ImageGroupRemove, names,
};
use crate::errno::{Errno, Result};
use crate::model::{Op, PoolId, Target};

/// The header of a group.
fn header(pool: &Pool, group_id: &str) -> Target {
    pool.target(format!("{}{group_id}", names::GROUP_HEADER))
}

fn group_directory(pool: &Pool) -> Target {
    pool.target(names::GROUP_DIRECTORY)
}

/// The id of a group; `-ENOENT`.
pub async fn id_of(pool: &Pool, name: &str) -> Result<String> {
    let method = DirGetId { name: name.to_owned() };
    calls::read(&*pool.engine, group_directory(pool), &method).await
}

async fn name_of(pool: &Pool, id: &str) -> Result<String> {
    let method = DirGetName { id: id.to_owned() };
    calls::read(&*pool.engine, group_directory(pool), &method).await
}

/// A new id for a group or a group's snapshot: this client's number and random bits, in hex.
fn new_id(pool: &Pool) -> Result<String> {
    let mut random = [0; 4];
    getrandom::fill(&mut random).map_err(|error| Errno::EIO.because(error.to_string()))?;
    Ok(format!("{:x}{:x}", pool.engine.instance_id(), u32::from_le_bytes(random) >> 1))
}

/// Makes a group; `-EEXIST`.
pub async fn create(pool: &Pool, name: &str) -> Result<()> {
    let (engine, id) = (&*pool.engine, new_id(pool)?);
    let add = GroupDirAdd { name: name.to_owned(), id: id.clone() };
    calls::update(engine, group_directory(pool), &add).await?;
    let made = calls::write(engine, header(pool, &id), [Op::Create { exclusive: true }]).await;
    if made.is_err() {
        let undo = GroupDirRemove { name: name.to_owned(), id };
        if let Err(error) = calls::update(engine, group_directory(pool), &undo).await {
            log::error!(target: "rbd", "removing group {name}, which was not made: {error}");
        }
    }
    made
}

/// Removes a group with its snapshots; its images stay. That there is none is no error.
pub async fn remove(pool: &Pool, name: &str) -> Result<()> {
    let engine = &*pool.engine;
    let id = match id_of(pool, name).await {
        Err(error) if error == Errno::ENOENT => return Ok(()),
        id => id?,
    };
    match snap::all(pool, &id).await {
        Err(error) if error == Errno::ENOENT => (),
        snaps => {
            for snap in snaps? {
                snap::remove_record(pool, &id, &snap).await?;
            }
        }
    }
    match images(pool, &id).await {
        Err(error) if error == Errno::ENOENT => (),
        images => {
            for image in images? {
                let there = pool.in_pool(PoolId(image.spec.pool_id))?;
                let gone = remove_image(pool, &id, &there, &image.spec.image_id).await;
                calls::unless(Errno::ENOENT, gone)?;
            }
        }
    }
    calls::remove_if_there(engine, header(pool, &id)).await?;
    let forget = GroupDirRemove { name: name.to_owned(), id };
    calls::unless(Errno::ENOENT, calls::update(engine, group_directory(pool), &forget).await)
}

/// Names of a pool's groups.
pub async fn list(pool: &Pool) -> Result<Vec<String>> {
    let mut all = Vec::new();
    loop {
        let start = all.last().cloned().unwrap_or_default();
        let method = GroupDirList { start, max: directory::PAGE };
        let page = match calls::read(&*pool.engine, group_directory(pool), &method).await {
            Err(error) if error == Errno::ENOENT => return Ok(all),
            page => page?,
        };
        let full = page.len() as u64 == directory::PAGE;
        all.extend(page.into_keys());
        if !full {
            return Ok(all);
        }
    }
}

/// Gives a group another name; `-ENOENT`, `-EEXIST`.
pub async fn rename(pool: &Pool, from: &str, to: &str) -> Result<()> {
    let id = id_of(pool, from).await?;
    let method = GroupDirRename { source: from.to_owned(), destination: to.to_owned(), id };
    let renamed = calls::update(&*pool.engine, group_directory(pool), &method).await;
    calls::unless(Errno::ENOENT, renamed)
}

/// The images of a group, by their place in its header.
async fn images(pool: &Pool, group_id: &str) -> Result<Vec<GroupImageStatus>> {
    let mut all: Vec<GroupImageStatus> = Vec::new();
    loop {
        let start = all.last().map_or_else(first_image, |last| last.spec.clone());
        let method = GroupImageList { start, max: directory::PAGE };
        let page = calls::read(&*pool.engine, header(pool, group_id), &method).await?;
        let full = page.len() as u64 == directory::PAGE;
        all.extend(page);
        if !full {
            return Ok(all);
        }
    }
}

/// Where a listing of images begins.
fn first_image() -> GroupImageSpec {
    GroupImageSpec { image_id: String::new(), pool_id: -1 }
}

fn link(id: &str, pool: &Pool, state: GroupLinkState) -> GroupImageSet {
    let spec = GroupImageSpec { image_id: id.to_owned(), pool_id: pool.id.0 };
    GroupImageSet { status: GroupImageStatus { spec, state } }
}

/// Puts an image into a group. `-ENOENT`; `-EEXIST` when it is in one; `-EINVAL` when they are in
/// different namespaces.
pub async fn add(group_pool: &Pool, group: &str, image_pool: &Pool, image: &str) -> Result<()> {
    same_namespace(group_pool, image_pool)?;
    let engine = &*group_pool.engine;
    let group_id = id_of(group_pool, group).await?;
    let image_id = directory::id_of(image_pool, image).await?;
    let target = header(group_pool, &group_id);
    let incomplete = link(&image_id, image_pool, GroupLinkState::Incomplete);
    calls::update(engine, target.clone(), &incomplete).await?;
    let tell = ImageGroupAdd { group: GroupSpec { pool_id: group_pool.id.0, group_id } };
    if let Err(error) = calls::update(engine, image_pool.header(&image_id), &tell).await {
        let undo = GroupImageRemove { spec: incomplete.status.spec };
        if let Err(error) = calls::update(engine, target, &undo).await {
            log::error!(target: "rbd", "group {group}: an image that was not added: {error}");
        }
        return Err(error);
    }
    header_changed(image_pool, &image_id).await;
    let attached = link(&image_id, image_pool, GroupLinkState::Attached);
    calls::update(engine, target, &attached).await
}

fn same_namespace(group_pool: &Pool, image_pool: &Pool) -> Result<()> {
    match group_pool.namespace == image_pool.namespace {
        true => Ok(()),
        false => Err(Errno::EINVAL.because("group and image in different namespaces")),
    }
}

/// Takes an image out of a group; `-ENOENT`, `-EINVAL`.
pub async fn remove_by_name(
    group_pool: &Pool,
    group: &str,
    image_pool: &Pool,
    image: &str,
) -> Result<()> {
    same_namespace(group_pool, image_pool)?;
    let group_id = id_of(group_pool, group).await?;
    let image_id = directory::id_of(image_pool, image).await?;
    remove_image(group_pool, &group_id, image_pool, &image_id).await
}

/// Takes an image with this id out of a group; `-ENOENT`.
pub async fn remove_by_id(
    group_pool: &Pool,
    group: &str,
    image_pool: &Pool,
    image_id: &str,
) -> Result<()> {
    let group_id = id_of(group_pool, group).await?;
    remove_image(group_pool, &group_id, image_pool, image_id).await
}

async fn remove_image(
    group_pool: &Pool,
    group_id: &str,
    image_pool: &Pool,
    image_id: &str,
) -> Result<()> {
    let engine = &*group_pool.engine;
    let target = header(group_pool, group_id);
    let incomplete = link(image_id, image_pool, GroupLinkState::Incomplete);
    calls::update(engine, target.clone(), &incomplete).await?;
    let group = GroupSpec { pool_id: group_pool.id.0, group_id: group_id.to_owned() };
    let tell = ImageGroupRemove { group };
    match calls::update(engine, image_pool.header(image_id), &tell).await {
        Err(error) if error == Errno::ENOENT => (),
        told => {
            told?;
            header_changed(image_pool, image_id).await;
        }
    }
    calls::update(engine, target, &GroupImageRemove { spec: incomplete.status.spec }).await
}

/// An image of a group as a listing shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupImage {
    /// Its name.
    pub name: String,
    /// Its pool.
    pub pool: PoolId,
    /// Whether it is wholly in the group.
    pub state: GroupLinkState,
}

/// The images of a group; none when there is no such group.
pub async fn list_images(pool: &Pool, group: &str) -> Result<Vec<GroupImage>> {
    let found = match id_of(pool, group).await {
        Ok(id) => images(pool, &id).await.unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    let mut all = Vec::with_capacity(found.len());
    for image in found {
        let there = pool.in_pool(PoolId(image.spec.pool_id))?;
        let name = directory::name_of(&there, &image.spec.image_id).await?;
        all.push(GroupImage { name, pool: there.id, state: image.state });
    }
    Ok(all)
}

/// The group of an image: its pool and name; `None` if it is in none.
pub async fn of_image(image: &Image) -> Result<Option<(PoolId, String)>> {
    image.refresh_if_required().await?;
    let header = image.header();
    let Some(group) = header.group.as_ref().filter(|group| group.exists()) else {
        return Ok(None);
    };
    let there = image.pool().in_pool(PoolId(group.pool_id))?;
    Ok(Some((there.id, name_of(&there, &group.group_id).await?)))
}
