//! What changed between two versions of an image, from the object maps of all in between.

use crate::cls::rbd::{ObjectMap, ObjectMapLoad, ObjectState};
use crate::errno::{Errno, Result};
use crate::model::SnapId;
use crate::rbd::{Features, Image, ImageFlags, calls};

/// What happened to an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::rbd) enum DiffState {
    /// Not there at either end.
    Hole,
    /// There at both ends, and the same.
    Data,
    /// Gone.
    HoleUpdated,
    /// Written.
    DataUpdated,
}

use DiffState::{Data, DataUpdated, Hole, HoleUpdated};

/// What happened to each object between two versions (0: none yet). `-EINVAL` where the maps cannot
/// tell.
pub(in crate::rbd) async fn diff(
    image: &Image,
    from: SnapId,
    to: SnapId,
) -> Result<Vec<DiffState>> {
    let header = image.header();
    let between = header.snapshots.keys().copied().filter(|id| *id > from && *id < to);
    let mut versions: Vec<SnapId> = Vec::new();
    if from != SnapId(0) {
        versions.push(from);
    }
    versions.extend(between);
    versions.push(to);

    let mut states = Vec::new();
    let mut begun = false;
    for version in versions {
        let Some(map) = load(image, version, version == from || version == to).await? else {
            continue;
        };
        apply(&mut states, &map, from == SnapId(0), begun);
        begun = true;
    }
    Ok(states)
}

/// The map of a version, with as many objects as it has bytes for. `None` for one in between that
/// is gone.
async fn load(image: &Image, version: SnapId, needed: bool) -> Result<Option<ObjectMap>> {
    let header = image.header();
    let unsure = |what: &'static str| Errno::EINVAL.because(what);
    if !header.features.contains(Features::FAST_DIFF) {
        return Err(unsure("fast-diff is off"));
    }
    let (Some(size), Some(flags)) = (header.size_at(version), header.flags_at(version)) else {
        return match needed {
            true => Err(Errno::ENOENT.because(format!("snapshot {version}"))),
            false => Ok(None),
        };
    };
    if flags.contains(ImageFlags::FAST_DIFF_INVALID) {
        return Err(unsure("an object map is not to be trusted"));
    }
    let target = image.pool().object_map(image.id(), version);
    let mut map = match calls::read(&*image.pool().engine, target, &ObjectMapLoad {}).await {
        Err(error) if error == Errno::ENOENT && !needed => return Ok(None),
        map => map?,
    };
    let objects = header.layout.object_count(size);
    if map.len() < objects {
        return Err(unsure("an object map is too small"));
    }
    map.resize(objects, ObjectState::Nonexistent)?;
    Ok(Some(map))
}

/// Adds what the next version's map says. `from_nothing`: everything that is there was written;
/// `begun`: this is not the first version.
fn apply(states: &mut Vec<DiffState>, map: &ObjectMap, from_nothing: bool, begun: bool) {
    let before = states.len();
    let all = before.max(usize::try_from(map.len()).unwrap_or(usize::MAX));
    for at in 0..all {
        let object = at as u64;
        let now = match object < map.len() {
            true => map.get(object),
            false => ObjectState::Nonexistent,
        };
        match states.get_mut(at) {
            Some(state) => *state = next(*state, now),
            None => states.push(match now {
                ObjectState::Nonexistent => Hole,
                _ if from_nothing => DataUpdated,
                ObjectState::ExistsClean => Data,
                _ if begun => DataUpdated,
                _ => Data,
            }),
        }
    }
}

fn next(before: DiffState, now: ObjectState) -> DiffState {
    match (now, before) {
        (ObjectState::Nonexistent, Hole | HoleUpdated) => before,
        (ObjectState::Nonexistent, _) => HoleUpdated,
        (ObjectState::ExistsClean, Data | DataUpdated) => before,
        _ => DataUpdated,
    }
}
