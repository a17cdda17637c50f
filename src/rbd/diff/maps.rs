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

/// What counts of an object that came and went between two versions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::rbd) enum Scope {
    /// Nothing: for what differs between the two.
    Ends,
    /// All: for a copy of the versions in between too.
    History,
}

/// What happened to each object between two versions (0: none yet). `-EINVAL` where the maps cannot
/// tell.
pub(in crate::rbd) async fn diff(
    image: &Image,
    from: SnapId,
    to: SnapId,
    scope: Scope,
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
    let mut begun = from == SnapId(0);
    for version in versions {
        let Some(map) = load(image, version, version == from || version == to).await? else {
            continue;
        };
        match begun {
            // What appears now appears for those who look at it.
            true => apply(&mut states, &map, scope == Scope::History || version == to),
            false => states = (0..map.len()).map(|object| at_start(map.get(object))).collect(),
        }
        begun = true;
    }
    Ok(states)
}

fn at_start(state: ObjectState) -> DiffState {
    match state {
        ObjectState::Nonexistent => Hole,
        _ => Data,
    }
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

/// Adds what the next version's map says. `fills`: whether an object that was not there and is now
/// counts.
fn apply(states: &mut Vec<DiffState>, map: &ObjectMap, fills: bool) {
    let all = states.len().max(usize::try_from(map.len()).unwrap_or(usize::MAX));
    states.resize(all, Hole);
    for (object, state) in states.iter_mut().enumerate() {
        let object = object as u64;
        let now = match object < map.len() {
            true => map.get(object),
            false => ObjectState::Nonexistent,
        };
        *state = match (*state, now) {
            (Hole | HoleUpdated, ObjectState::Nonexistent) => *state,
            (Hole, _) if !fills => Hole,
            (Data | DataUpdated, ObjectState::Nonexistent) => HoleUpdated,
            (Data, ObjectState::ExistsClean) => Data,
            _ => DataUpdated,
        };
    }
}
