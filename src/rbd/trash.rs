//! Removed images that can be restored, in `rbd_trash`.
//!
//! Every removal of an image goes through here: the image is moved to the trash, then removed from
//! it, so that a removal that was interrupted can be found and finished.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use super::directory::{PAGE, id_of};
use super::operations::Progress;
use super::{Features, Image, ImageRef, MIRRORING, OpenOptions, Pool, calls, no_progress, remove};
use crate::cls::rbd::{
    DirAddImage, DirRemoveImage, GetId, MirrorImageGet, SetId, TrashAdd, TrashGet, TrashList,
    TrashRemove, TrashSource, TrashSpec, TrashState, TrashStateSet,
};
use crate::cls::{Method, UTime};
use crate::codec::Writer;
use crate::errno::{Errno, Result};
use crate::model::Op;

/// How long other clients may take to be told.
const NOTIFY_TIMEOUT: Duration = Duration::from_secs(5);
/// What they are told: an image was added.
const NOTE_ADDED: u32 = 0;
/// An image was removed.
const NOTE_REMOVED: u32 = 1;

/// An image in the trash.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrashImage {
    /// Its id.
    pub id: String,
    /// The rest.
    pub spec: TrashSpec,
}

/// All entries, by id.
pub(super) async fn specs(pool: &Pool) -> Result<BTreeMap<String, TrashSpec>> {
    let mut all = BTreeMap::new();
    let mut start = String::new();
    loop {
        let method = TrashList { start, max: PAGE };
        let page = match calls::read(&*pool.engine, pool.trash(), &method).await {
            Err(error) if error == Errno::ENOENT => return Ok(all),
            page => page?,
        };
        let full = page.len() as u64 == PAGE;
        start = page.last_key_value().map(|(id, _)| id.clone()).unwrap_or_default();
        all.extend(page);
        if !full {
            return Ok(all);
        }
    }
}

/// Images in the trash, by id, without those whose removal was interrupted.
pub async fn list(pool: &Pool) -> Result<Vec<TrashImage>> {
    let all = specs(pool).await?.into_iter();
    let shown = all.filter(|(_, spec)| spec.source != TrashSource::Removing);
    Ok(shown.map(|(id, spec)| TrashImage { id, spec }).collect())
}

/// An image in the trash; `-ENOENT`.
pub async fn get(pool: &Pool, id: &str) -> Result<TrashSpec> {
    calls::read(&*pool.engine, pool.trash(), &TrashGet { id: id.to_owned() }).await
}

/// Moves an image to the trash, from which it cannot be removed without force before `delay` has
/// passed. `-ENOENT`; `-EBUSY` when another client keeps its lock or it is being migrated.
pub async fn move_image(pool: &Pool, name: &str, delay: Duration) -> Result<()> {
    let id = match id_of(pool, name).await {
        Err(error) if error == Errno::ENOENT => half_moved(pool, name).await?,
        id => id?,
    };
    if name.is_empty() || id.is_empty() {
        return Err(Errno::EINVAL.into());
    }
    move_id(pool, TrashSource::User, name, &id, delay).await
}

/// The id of an image whose way to the trash was interrupted.
async fn half_moved(pool: &Pool, name: &str) -> Result<String> {
    if calls::exists(&*pool.engine, pool.target(format!("{name}.rbd"))).await? {
        return Err(Errno::EOPNOTSUPP.because("an image of the old format"));
    }
    let all = specs(pool).await?;
    let this = |spec: &TrashSpec| {
        (spec.source, spec.state) == (TrashSource::User, TrashState::Moving) && spec.name == name
    };
    let found = all.into_iter().find(|(_, spec)| this(spec));
    found.map(|(id, _)| id).ok_or_else(|| Errno::ENOENT.because(format!("image {name}")))
}

/// Moves an image to the trash.
pub(super) async fn move_id(
    pool: &Pool,
    source: TrashSource,
    name: &str,
    id: &str,
    delay: Duration,
) -> Result<()> {
    let options = OpenOptions { skip_parent: true, ..OpenOptions::default() };
    match Image::open(pool.clone(), ImageRef::Id(id.to_owned()), options).await {
        Err(error) if error == Errno::ENOENT => (),
        Err(error) => return Err(error),
        Ok(image) => {
            let may = may_move(&image).await;
            close(&image).await;
            may?;
        }
    }
    let now = SystemTime::now();
    let mut spec = TrashSpec {
        source,
        name: name.to_owned(),
        deletion_time: UTime::from(now),
        deferment_end_time: UTime::from(now + delay),
        state: TrashState::Moving,
    };
    let moved = move_entry(pool, id, &spec).await;
    set_state(pool, id, TrashState::Normal, TrashState::Moving).await?;
    moved?;
    spec.state = TrashState::Normal;
    notify(pool, NOTE_ADDED, id, Some(&spec)).await;
    Ok(())
}

/// Closes an image that is no longer needed.
pub(super) async fn close(image: &Image) {
    if let Err(error) = image.close().await {
        log::error!(target: "rbd", "closing image {}: {error}", image.id());
    }
}

async fn may_move(image: &std::sync::Arc<Image>) -> Result<()> {
    refuse_mirrored(image.pool(), image.id()).await?;
    if image.has(Features::EXCLUSIVE_LOCK) {
        image.acquire(true).await.map_err(|error| Errno::EBUSY.because(error.to_string()))?;
    }
    match image.has(Features::MIGRATING) {
        true => Err(Errno::EBUSY.because("the image is being migrated")),
        false => Ok(()),
    }
}

/// `-EOPNOTSUPP` for an image that is mirrored, since mirroring would have to be ended first.
pub(super) async fn refuse_mirrored(pool: &Pool, id: &str) -> Result<()> {
    let method = MirrorImageGet { image_id: id.to_owned() };
    match calls::read(&*pool.engine, pool.target(MIRRORING), &method).await {
        Err(error) if error == Errno::ENOENT => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(Errno::EOPNOTSUPP.because("the image is mirrored")),
    }
}

async fn move_entry(pool: &Pool, id: &str, spec: &TrashSpec) -> Result<()> {
    let engine = &*pool.engine;
    let add = TrashAdd { id: id.to_owned(), spec: spec.clone() };
    calls::unless(Errno::EEXIST, calls::update(engine, pool.trash(), &add).await)?;
    calls::remove_if_there(engine, pool.id_object(&spec.name)).await?;
    let forget = DirRemoveImage { name: spec.name.clone(), id: id.to_owned() };
    calls::unless(Errno::ENOENT, calls::update(engine, pool.directory(), &forget).await)
}

async fn set_state(pool: &Pool, id: &str, state: TrashState, expect: TrashState) -> Result<()> {
    let method = TrashStateSet { id: id.to_owned(), state, expect };
    let set = calls::update(&*pool.engine, pool.trash(), &method).await;
    calls::unless(Errno::EOPNOTSUPP, set)
}

/// Takes an image out of the trash, under its old name (`new_name` empty) or another. `-ENOENT`;
/// `-EEXIST` when the name is taken; `-EBUSY` while something else happens to it.
pub async fn restore(pool: &Pool, id: &str, new_name: &str) -> Result<()> {
    let sources = [TrashSource::User, TrashSource::Mirroring, TrashSource::UserParent];
    restore_from(pool, &sources, id, new_name).await
}

/// [`restore`] for an image that got there in one of these ways; `-EINVAL` for another.
pub(super) async fn restore_from(
    pool: &Pool,
    sources: &[TrashSource],
    id: &str,
    new_name: &str,
) -> Result<()> {
    let engine = &*pool.engine;
    let spec = get(pool, id).await?;
    if !sources.contains(&spec.source) {
        return Err(Errno::EINVAL.because("the image came to the trash in another way"));
    }
    if !matches!(spec.state, TrashState::Normal | TrashState::Restoring) {
        return Err(Errno::EBUSY.because("the image is being moved or removed"));
    }
    set_state(pool, id, TrashState::Restoring, TrashState::Normal).await?;
    let name = if new_name.is_empty() { spec.name.as_str() } else { new_name };
    if let Err(error) = take_name(pool, name, id).await {
        let back = set_state(pool, id, TrashState::Normal, TrashState::Restoring).await;
        if let Err(error) = back {
            log::error!(target: "rbd", "image {id} stays in the trash: {error}");
        }
        return Err(error);
    }
    let add = DirAddImage { name: name.to_owned(), id: id.to_owned() };
    calls::unless(Errno::EEXIST, calls::update(engine, pool.directory(), &add).await)?;
    let forget = TrashRemove { id: id.to_owned() };
    calls::unless(Errno::ENOENT, calls::update(engine, pool.trash(), &forget).await)?;
    notify(pool, NOTE_REMOVED, id, None).await;
    Ok(())
}

/// Makes the id object of a name, unless it is this image's already; `-EEXIST` if it is another's.
async fn take_name(pool: &Pool, name: &str, id: &str) -> Result<()> {
    let target = pool.id_object(name);
    match calls::read(&*pool.engine, target.clone(), &GetId {}).await {
        Ok(existing) if existing == id => Ok(()),
        Ok(_) => Err(Errno::EEXIST.because(format!("image {name}"))),
        Err(error) if error == Errno::ENOENT => {
            let steps = [Op::Create { exclusive: true }, SetId { id: id.to_owned() }.call()];
            calls::write(&*pool.engine, target, steps).await
        }
        Err(error) => Err(error),
    }
}

/// Removes an image that is in the trash. `-EPERM` before its time unless `force`; `-EBUSY` while
/// something else happens to it or it is open; `-ENOTEMPTY` while it has snapshots.
pub async fn remove_image(pool: &Pool, id: &str, force: bool, progress: &Progress) -> Result<()> {
    let spec = get(pool, id).await?;
    if UTime::from(SystemTime::now()) < spec.deferment_end_time && !force {
        return Err(Errno::EPERM.because("the image is not to be removed yet"));
    }
    match spec.state {
        TrashState::Moving => return Err(UNCLEAN.because("the image is half in the trash")),
        TrashState::Normal | TrashState::Removing => (),
        _ => return Err(Errno::EBUSY.because("the image is being restored")),
    }
    remove_entry(pool, id, force, progress).await?;
    notify(pool, NOTE_REMOVED, id, None).await;
    Ok(())
}

/// `EUCLEAN`: a move to the trash was interrupted and has to be repeated.
const UNCLEAN: Errno = Errno(libc::EUCLEAN);

/// Removes an image and its entry.
pub(super) async fn remove_entry(
    pool: &Pool,
    id: &str,
    force: bool,
    progress: &Progress,
) -> Result<()> {
    set_state(pool, id, TrashState::Removing, TrashState::Normal).await?;
    if let Err(error) = remove::remove_id(pool, id, force, progress).await {
        if let Err(error) = set_state(pool, id, TrashState::Normal, TrashState::Removing).await {
            log::error!(target: "rbd", "image {id} in the trash: {error}");
        }
        return Err(error);
    }
    let forget = TrashRemove { id: id.to_owned() };
    if let Err(error) = calls::update(&*pool.engine, pool.trash(), &forget).await {
        log::error!(target: "rbd", "trash entry of image {id}: {error}");
    }
    Ok(())
}

/// Which images [`purge`] removes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Purge {
    /// Those whose time ends before this (seconds since 1970; 0: now).
    pub expire: i64,
    /// As many, the oldest first, as brings the pool's usage below this part of its space (0 to 1;
    /// -1: not asked for).
    pub threshold: f32,
}

/// Removes images that a user moved to the trash. `-EINVAL` for a threshold out of range.
pub async fn purge(pool: &Pool, which: Purge, progress: &Progress) -> Result<()> {
    let entries: Vec<_> = list(pool).await?.into_iter().filter(is_users).collect();
    let mut chosen = BTreeSet::new();
    if which.threshold != -1.0 {
        if !(0.0..=1.0).contains(&which.threshold) {
            return Err(Errno::EINVAL.because("threshold"));
        }
        chosen = super::purge::until_below(pool, &entries, f64::from(which.threshold)).await?;
        if chosen.is_empty() {
            return Ok(());
        }
    }
    let now = i64::from(UTime::from(SystemTime::now()).sec);
    let expire = if which.expire == 0 { now } else { which.expire };
    let over = entries.iter().filter(|e| expire >= i64::from(e.spec.deferment_end_time.sec));
    chosen.extend(over.map(|entry| entry.id.clone()));
    remove_all(pool, chosen, progress).await
}

fn is_users(entry: &TrashImage) -> bool {
    matches!(entry.spec.source, TrashSource::User | TrashSource::UserParent)
}

/// Removes images again and again while that makes progress: removing a clone may free its parent.
async fn remove_all(pool: &Pool, mut left: BTreeSet<String>, progress: &Progress) -> Result<()> {
    let all = left.len() as u64;
    let mut done = 0;
    let later = [Errno::ENOTEMPTY, Errno::EBUSY, Errno(libc::EMLINK), UNCLEAN];
    loop {
        let mut failure = None;
        let mut advanced = false;
        for id in left.clone() {
            match remove_image(pool, &id, true, &no_progress()).await {
                Err(error) if later.contains(&error.errno()) => {
                    failure.get_or_insert(error);
                    continue;
                }
                removed => calls::unless(Errno::ENOENT, removed)?,
            }
            left.remove(&id);
            done += 1;
            advanced = true;
            progress(done, all);
        }
        match failure {
            None => return Ok(()),
            Some(error) if !advanced => return Err(error),
            Some(_) => (),
        }
    }
}

/// Tells those who watch the trash, which mirroring does. Nobody watching is no failure.
async fn notify(pool: &Pool, note: u32, id: &str, spec: Option<&TrashSpec>) {
    let mut writer = Writer::new();
    writer.versioned(1, 1, |writer| {
        writer.u32(note).bytes(id);
        if let Some(spec) = spec {
            writer.value(spec);
        }
    });
    let payload = writer.into_bytes();
    let told = pool.engine.notify(pool.trash(), payload, Some(NOTIFY_TIMEOUT)).await;
    if let Err(error) = told {
        log::debug!(target: "rbd", "telling of a change in the trash: {error}");
    }
}
