//! Snapshots of a group: one of each of its images, taken while all of them hold writes back.

use std::sync::Arc;

use super::{header, id_of, images, new_id};
use crate::cls::rbd::{
    GroupSnap, GroupSnapList, GroupSnapRemove, GroupSnapSet, GroupSnapState, ImageSnapSpec,
    SnapNamespace,
};
use crate::errno::{Errno, Result};
use crate::model::{PoolId, SnapId};
use crate::rbd::directory::{self, PAGE};
use crate::rbd::operations::Progress;
use crate::rbd::{Features, Image, ImageRef, OpenOptions, Pool, calls, snapshot, trash};

/// A snapshot of a group as a listing shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupSnapInfo {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it has all images.
    pub state: GroupSnapState,
    /// The snapshots of its images.
    pub snaps: Vec<ImageSnapSpec>,
}

/// A snapshot of a group with the names of what it consists of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupSnapDetails {
    /// The snapshot.
    pub info: GroupSnapInfo,
    /// What its images' snapshots are called.
    pub image_snap_name: String,
    /// The names of its images, in the order of their snapshots.
    pub image_names: Vec<String>,
}

/// What the snapshots of a group's images are called.
fn image_snap_name(pool: &Pool, group_id: &str, snap_id: &str) -> String {
    format!(".group.{:x}_{group_id}_{snap_id}", pool.id.0)
}

/// All snapshots of a group, by id.
pub(super) async fn all(pool: &Pool, group_id: &str) -> Result<Vec<GroupSnap>> {
    let mut all: Vec<GroupSnap> = Vec::new();
    loop {
        let start = all.last().cloned().unwrap_or_default();
        let method = GroupSnapList { start, max: PAGE };
        let page = calls::read(&*pool.engine, header(pool, group_id), &method).await?;
        let full = page.len() as u64 == PAGE;
        all.extend(page);
        if !full {
            return Ok(all);
        }
    }
}

async fn by_name(pool: &Pool, group_id: &str, name: &str) -> Result<GroupSnap> {
    let found = all(pool, group_id).await?.into_iter().find(|snap| snap.name == name);
    found.ok_or_else(|| Errno::ENOENT.because(format!("group snapshot {name}")))
}

impl From<GroupSnap> for GroupSnapInfo {
    fn from(snap: GroupSnap) -> Self {
        GroupSnapInfo { id: snap.id, name: snap.name, state: snap.state, snaps: snap.snaps }
    }
}

/// The snapshots of a group, by id; `-ENOENT`.
pub async fn list(pool: &Pool, group: &str) -> Result<Vec<GroupSnapInfo>> {
    let all = all(pool, &id_of(pool, group).await?).await?;
    Ok(all.into_iter().map(GroupSnapInfo::from).collect())
}

/// The snapshots of a group, or the one of this name, with their images' names; `-ENOENT`.
pub async fn details(
    pool: &Pool,
    group: &str,
    name: Option<&str>,
) -> Result<Vec<GroupSnapDetails>> {
    let group_id = id_of(pool, group).await?;
    let snaps = match name {
        Some(name) => vec![by_name(pool, &group_id, name).await?],
        None => all(pool, &group_id).await?,
    };
    let mut details = Vec::with_capacity(snaps.len());
    for snap in snaps {
        let mut image_names = Vec::with_capacity(snap.snaps.len());
        for image in &snap.snaps {
            let there = pool.in_pool(PoolId(image.pool))?;
            let there = there.with_namespace(pool.namespace.clone());
            image_names.push(directory::name_of(&there, &image.image_id).await?);
        }
        let image_snap_name = image_snap_name(pool, &group_id, &snap.id);
        details.push(GroupSnapDetails { info: snap.into(), image_snap_name, image_names });
    }
    Ok(details)
}

/// The images a group snapshot is about, open.
struct Members(Vec<Arc<Image>>);

impl Members {
    async fn open(pool: &Pool, ids: impl Iterator<Item = (i64, &str)>) -> Result<Members> {
        let mut members = Members(Vec::new());
        for (pool_id, id) in ids {
            let opened = match pool.in_pool(PoolId(pool_id)) {
                Ok(there) => {
                    let which = ImageRef::Id(id.to_owned());
                    Image::open(there, which, OpenOptions::default()).await
                }
                Err(error) => Err(error),
            };
            match opened {
                Ok(image) => members.0.push(image),
                Err(error) => {
                    members.close().await;
                    return Err(error);
                }
            }
        }
        Ok(members)
    }

    async fn close(&self) {
        for image in &self.0 {
            trash::close(image).await;
        }
    }

    /// Takes the lock of each.
    async fn lock(&self) -> Result<()> {
        for image in &self.0 {
            if image.has(Features::EXCLUSIVE_LOCK) {
                image.acquire(true).await?;
            }
        }
        Ok(())
    }

    /// Asks the clients of each to hold still. Returns what to let them go on with.
    async fn quiesce(&self) -> (Vec<(Arc<Image>, u64)>, Result<()>) {
        let mut held = Vec::new();
        for image in &self.0 {
            let (request, quiesced) = image.quiesce_all().await;
            held.push((Arc::clone(image), request));
            if quiesced.is_err() {
                return (held, quiesced);
            }
        }
        (held, Ok(()))
    }
}

async fn resume(held: Vec<(Arc<Image>, u64)>) {
    for (image, request) in held {
        if let Err(error) = image.resume_all(request).await {
            log::warn!(target: "rbd", "letting clients of {} go on: {error}", image.id());
        }
    }
}

/// Takes a snapshot of a group. `-ENOENT`, `-EEXIST`, `-EINVAL` for unknown flags.
pub async fn create(pool: &Pool, group: &str, name: &str, flags: u32) -> Result<()> {
    snapshot::internal_flags(flags)?;
    let group_id = id_of(pool, group).await?;
    let images = images(pool, &group_id).await?;
    let mut record = GroupSnap {
        id: new_id(pool)?,
        name: name.to_owned(),
        state: GroupSnapState::Incomplete,
        snaps: Vec::new(),
    };
    for image in &images {
        let (pool, image_id) = (image.spec.pool_id, image.spec.image_id.clone());
        record.snaps.push(ImageSnapSpec { pool, image_id, snap_id: SnapId(0) });
    }
    store(pool, &group_id, &record).await?;
    let ids = images.iter().map(|image| (image.spec.pool_id, image.spec.image_id.as_str()));
    let members = match Members::open(pool, ids).await {
        Ok(members) => members,
        Err(error) => {
            forget(pool, &group_id, &record.id).await;
            return Err(error);
        }
    };
    let taken = take(pool, &group_id, &members, &mut record, flags).await;
    if taken.is_err() {
        forget(pool, &group_id, &record.id).await;
    }
    members.close().await;
    taken
}

async fn store(pool: &Pool, group_id: &str, record: &GroupSnap) -> Result<()> {
    let method = GroupSnapSet { snapshot: record.clone() };
    calls::update(&*pool.engine, header(pool, group_id), &method).await
}

async fn forget(pool: &Pool, group_id: &str, id: &str) {
    let method = GroupSnapRemove { id: id.to_owned() };
    if let Err(error) = calls::update(&*pool.engine, header(pool, group_id), &method).await {
        log::error!(target: "rbd", "record of group snapshot {id}: {error}");
    }
}

async fn take(
    pool: &Pool,
    group_id: &str,
    members: &Members,
    record: &mut GroupSnap,
    flags: u32,
) -> Result<()> {
    let mut held = Vec::new();
    if flags & snapshot::SKIP_QUIESCE == 0 {
        let (asked, result) = members.quiesce().await;
        held = asked;
        if let Err(error) = result
            && flags & snapshot::IGNORE_QUIESCE_ERROR == 0
        {
            resume(held).await;
            return Err(error);
        }
    }
    let taken = take_each(pool, group_id, members, record).await;
    resume(held).await;
    taken
}

async fn take_each(
    pool: &Pool,
    group_id: &str,
    members: &Members,
    record: &mut GroupSnap,
) -> Result<()> {
    members.lock().await?;
    let namespace = SnapNamespace::Group {
        pool: pool.id.0,
        group_id: group_id.to_owned(),
        snapshot_id: record.id.clone(),
    };
    let name = image_snap_name(pool, group_id, &record.id);
    let mut failed = None;
    for (image, spec) in members.0.iter().zip(&mut record.snaps) {
        let skip = snapshot::create::SKIP_QUIESCE;
        let taken = snapshot::create::execute(image, namespace.clone(), &name, skip).await;
        match taken.and_then(|()| snapshot::find(image, &namespace, &name)) {
            Ok(snap) => spec.snap_id = snap.id,
            Err(error) => failed = Some(error),
        }
    }
    if failed.is_none() {
        record.state = GroupSnapState::Complete;
        failed = store(pool, group_id, record).await.err();
    }
    let Some(error) = failed else { return Ok(()) };
    for image in &members.0 {
        if let Err(error) = remove_one(image, &namespace).await {
            log::error!(target: "rbd", "snapshot of image {}: {error}", image.id());
        }
    }
    Err(error)
}

/// Removes an image's part of a group snapshot, if it has one.
async fn remove_one(image: &Arc<Image>, namespace: &SnapNamespace) -> Result<()> {
    let header = image.header();
    let Some(snap) = header.snapshots.values().find(|snap| snap.namespace == *namespace) else {
        return Ok(());
    };
    let removed = snapshot::remove_named(image, namespace.clone(), &snap.name).await;
    calls::unless(Errno::ENOENT, removed)
}

/// Removes a snapshot of a group; `-ENOENT`.
pub async fn remove(pool: &Pool, group: &str, name: &str) -> Result<()> {
    let group_id = id_of(pool, group).await?;
    let record = by_name(pool, &group_id, name).await?;
    remove_record(pool, &group_id, &record).await
}

fn namespace_of(pool: &Pool, group_id: &str, record: &GroupSnap) -> SnapNamespace {
    SnapNamespace::Group {
        pool: pool.id.0,
        group_id: group_id.to_owned(),
        snapshot_id: record.id.clone(),
    }
}

fn ids(record: &GroupSnap) -> impl Iterator<Item = (i64, &str)> {
    record.snaps.iter().map(|snap| (snap.pool, snap.image_id.as_str()))
}

pub(super) async fn remove_record(pool: &Pool, group_id: &str, record: &GroupSnap) -> Result<()> {
    let members = Members::open(pool, ids(record)).await?;
    let namespace = namespace_of(pool, group_id, record);
    let mut removed = Ok(());
    for image in &members.0 {
        removed = removed.and(remove_one(image, &namespace).await);
    }
    members.close().await;
    removed?;
    let method = GroupSnapRemove { id: record.id.clone() };
    calls::update(&*pool.engine, header(pool, group_id), &method).await
}

/// Gives a snapshot of a group another name; `-ENOENT`; `-EEXIST`.
pub async fn rename(pool: &Pool, group: &str, from: &str, to: &str) -> Result<()> {
    if from == to {
        return Err(Errno::EEXIST.because("the name it has"));
    }
    let group_id = id_of(pool, group).await?;
    let mut record = by_name(pool, &group_id, from).await?;
    to.clone_into(&mut record.name);
    store(pool, &group_id, &record).await
}

/// Makes all images of a group what they were at a snapshot of the group; `-ENOENT`.
pub async fn rollback(pool: &Pool, group: &str, name: &str, progress: &Progress) -> Result<()> {
    let group_id = id_of(pool, group).await?;
    let record = by_name(pool, &group_id, name).await?;
    let members = Members::open(pool, ids(&record)).await?;
    let namespace = namespace_of(pool, &group_id, &record);
    let mut result = members.lock().await;
    if result.is_ok() {
        for image in &members.0 {
            let header = image.header();
            let part = header.snapshots.values().find(|snap| snap.namespace == namespace);
            if let Some(snap) = part {
                let rolled = snapshot::rollback::execute(image, snap.id, progress).await;
                result = result.and(calls::unless(Errno::ENOENT, rolled));
            }
        }
    }
    members.close().await;
    result
}
