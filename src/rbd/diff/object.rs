//! What the versions of an object say of the times between them.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use bitflags::bitflags;

use crate::errno::{Errno, Result};
use crate::model::{EngineExt, ObjectOp, Op, Out, SnapId, SnapSet};
use crate::rbd::Image;
use crate::rbd::ranges::{RangeMap, Ranges};

/// What is known of bytes at a version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::rbd) enum State {
    /// The object was not there.
    Missing,
    /// They became zeros.
    Zeroed,
    /// They were written.
    Data,
}

/// Extents by the version they changed in, and the oldest version from which the bytes can still be
/// read.
pub(in crate::rbd) type Delta = BTreeMap<(SnapId, SnapId), RangeMap<State>>;

/// What was there before the first version.
pub(in crate::rbd) const INITIAL: (SnapId, SnapId) = (SnapId(0), SnapId(0));

bitflags! {
    /// How versions are listed.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub(in crate::rbd) struct ListFlags: u8 {
        /// What a clone gets from its parent does not count.
        const NOT_FROM_PARENT = 1;
        /// An object that changed counts as a whole.
        const WHOLE_OBJECT = 2;
        /// What became zero does not count.
        const NOT_ZEROED = 4;
    }
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// What happened to ranges of an image at each of `versions` (ascending; the first is where it
/// starts).
pub(in crate::rbd) fn image_delta<'a>(
    image: &'a Arc<Image>,
    ranges: Vec<(u64, u64)>,
    versions: &'a [SnapId],
    flags: ListFlags,
) -> Boxed<'a, Delta> {
    Box::pin(async move {
        let layout = image.header().layout;
        let mut by_object: BTreeMap<u64, Ranges> = BTreeMap::new();
        for (offset, len) in &ranges {
            for extent in layout.extents(*offset, *len) {
                by_object.entry(extent.object).or_default().add(extent.offset, extent.len);
            }
        }
        let mut whole = Delta::new();
        for (object, extents) in by_object {
            for (versions, found) in object_delta(image, object, &extents, versions, flags).await? {
                let in_image = whole.entry(versions).or_default();
                for (offset, len, state) in found.iter() {
                    for (at, run) in layout.image_extents(object, offset, len) {
                        in_image.set(at, run, state);
                    }
                }
            }
        }
        Ok(whole)
    })
}

/// What happened to extents of one object at each version, in terms of the object.
async fn object_delta(
    image: &Arc<Image>,
    object: u64,
    extents: &Ranges,
    versions: &[SnapId],
    flags: ListFlags,
) -> Result<Delta> {
    let target = image.header().data_object(&image.pool().namespace, object);
    let op = ObjectOp::read_at(target, SnapId::DIR).then(Op::ListSnaps);
    let listed = match image.pool().engine.run(op).await {
        Ok(mut reply) => match reply.take(0) {
            Out::Snaps(set) => Some(set),
            _ => return Err(Errno::EBADMSG.because("no list of versions")),
        },
        Err(error) if error == Errno::ENOENT => None,
        Err(error) => return Err(error),
    };
    let object_size = image.header().layout.object_size();
    let first = versions.first().copied().unwrap_or(SnapId(0));
    let (mut delta, before) = match listed {
        None => (Delta::new(), Some(State::Missing)),
        Some(set) => {
            let (delta, begun) = between(&set, versions, extents, object_size, flags);
            let before = if first > SnapId(0) { State::Missing } else { State::Zeroed };
            (delta, (!begun).then_some(before))
        }
    };
    let unwritten = delta.is_empty();
    if let Some(state) = before.filter(|_| !flags.contains(ListFlags::NOT_ZEROED)) {
        let all = delta.entry((first, first)).or_default();
        extents.iter().for_each(|(offset, len, ())| all.set(offset, len, state));
    }
    if unwritten && first == SnapId(0) && !flags.contains(ListFlags::NOT_FROM_PARENT) {
        let parent = from_parent(image, object, extents, flags).await?;
        if !parent.is_empty() {
            delta = Delta::from([(INITIAL, parent)]);
        }
    }
    Ok(delta)
}

/// What the parent has of an object that the image itself never wrote.
async fn from_parent(
    image: &Arc<Image>,
    object: u64,
    extents: &Ranges,
    flags: ListFlags,
) -> Result<RangeMap<State>> {
    let mut found = RangeMap::default();
    let Some((parent, overlap)) = image.parent() else { return Ok(found) };
    let layout = image.header().layout;
    let mut ranges = Vec::new();
    for (offset, len, ()) in extents.iter() {
        for (at, run) in layout.image_extents(object, offset, len) {
            if at < overlap {
                ranges.push((at, run.min(overlap - at)));
            }
        }
    }
    if ranges.is_empty() {
        return Ok(found);
    }
    let versions = [SnapId(0), parent.snap()];
    let delta = image_delta(&parent, ranges, &versions, flags | ListFlags::NOT_ZEROED).await?;
    for extents in delta.values() {
        for (offset, len, state) in extents.iter() {
            for extent in layout.extents(offset, len) {
                found.set(extent.offset, extent.len, state);
            }
        }
    }
    Ok(found)
}

/// What happened to extents of an object at each version, and whether anything was written before
/// the first.
fn between(
    set: &SnapSet,
    versions: &[SnapId],
    extents: &Ranges,
    object_size: u64,
    flags: ListFlags,
) -> (Delta, bool) {
    let mut delta = Delta::new();
    let mut begun = false;
    let (mut start, mut size_before) = (SnapId(0), 0);
    let first = versions.first().copied().unwrap_or(SnapId(0));
    let last = versions.last().copied().unwrap_or(SnapId::HEAD);
    for &end in versions {
        if end == start {
            continue;
        }
        let mut step = step(set, start, end);
        let whole = flags.contains(ListFlags::WHOLE_OBJECT);
        if step.unknown || (whole && !step.changed.is_empty()) {
            step.changed = Ranges::one(0, object_size);
            step.readable_at = end;
        }
        if step.unknown || (whole && step.exists) {
            step.size = object_size;
        }
        let mut written = step.changed.within(extents);
        let mut zeroed = Ranges::default();
        if step.size < size_before {
            zeroed = Ranges::one(step.size, size_before - step.size).within(extents);
            written.remove_all(&zeroed);
        }
        begun |= step.exists && start == SnapId(0) && !(written.is_empty() && zeroed.is_empty());
        size_before = step.size;
        start = end;
        if end <= first {
            continue;
        }
        if step.exists {
            add(&mut delta, (end, step.readable_at.min(last)), &written, State::Data);
        } else {
            zeroed.add_all(&written);
        }
        if !flags.contains(ListFlags::NOT_ZEROED) {
            add(&mut delta, (end, end), &zeroed, State::Zeroed);
        }
    }
    (delta, begun)
}

fn add(delta: &mut Delta, versions: (SnapId, SnapId), ranges: &Ranges, state: State) {
    if ranges.is_empty() {
        return;
    }
    let found = delta.entry(versions).or_default();
    ranges.iter().for_each(|(offset, len, ())| found.set(offset, len, state));
}

/// What happened to an object between two versions.
struct Step {
    changed: Ranges,
    /// Bytes at the end.
    size: u64,
    /// Whether it exists at the end.
    exists: bool,
    /// The newest version with the same contents as the end.
    readable_at: SnapId,
    /// The list of versions does not tell.
    unknown: bool,
}

/// Each version in the list serves the snapshots from `a` to `b`; what it does not share with the
/// next newer one changed between them.
fn step(set: &SnapSet, start: SnapId, end: SnapId) -> Step {
    let mut step = Step {
        changed: Ranges::default(),
        size: 0,
        exists: false,
        readable_at: SnapId(0),
        unknown: false,
    };
    let mut size_at_start = None;
    for (at, version) in set.clones.iter().enumerate() {
        let (a, b) = match (version.id, version.snaps.first(), version.snaps.last()) {
            (SnapId::HEAD, ..) => (SnapId(set.seq + 1), SnapId::HEAD),
            (_, Some(first), Some(last)) => (*first, *last),
            _ => {
                step.changed = Ranges::default();
                step.unknown = true;
                return step;
            }
        };
        if b < start {
            continue;
        }
        let size_at_start = *size_at_start.get_or_insert_with(|| match start < a {
            true => {
                // It was not there at the start.
                step.changed.add(0, version.size);
                0
            }
            false => version.size,
        });
        step.size = version.size;
        if end < a {
            step.exists = false;
            step.size = 0;
            step.changed = Ranges::one(0, size_at_start);
            return step;
        }
        if end <= b {
            step.exists = true;
            step.readable_at = b;
            return step;
        }
        let next = set.clones.get(at + 1).map_or(0, |next| next.size);
        let mut differs = Ranges::one(0, version.size.max(next));
        version.overlap.iter().for_each(|(offset, len)| differs.remove(*offset, *len));
        step.changed.add_all(&differs);
    }
    // It is no longer there at the end; what came and went in between is of no interest.
    step.changed = Ranges::one(0, size_at_start.unwrap_or(0));
    step.size = 0;
    step
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CloneInfo;

    fn version(id: SnapId, snaps: &[u64], overlap: &[(u64, u64)], size: u64) -> CloneInfo {
        let snaps = snaps.iter().map(|id| SnapId(*id)).collect();
        CloneInfo { id, snaps, overlap: overlap.to_vec(), size }
    }

    fn all(ranges: &Ranges) -> Vec<(u64, u64)> {
        ranges.iter().map(|(offset, len, ())| (offset, len)).collect()
    }

    #[test]
    fn a_write_between_snapshots_is_what_the_versions_do_not_share() {
        let set = SnapSet {
            seq: 4,
            clones: vec![
                version(SnapId(4), &[2, 4], &[(0, 10), (20, 80)], 100),
                version(SnapId::HEAD, &[], &[], 120),
            ],
        };
        let one = step(&set, SnapId(2), SnapId::HEAD);
        assert_eq!(all(&one.changed), [(10, 10), (100, 20)]);
        assert_eq!((one.size, one.exists, one.readable_at), (120, true, SnapId::HEAD));
        assert!(step(&set, SnapId(2), SnapId(4)).changed.is_empty());
        let begun = step(&set, SnapId(0), SnapId(2));
        assert_eq!((all(&begun.changed), begun.readable_at), (vec![(0, 100)], SnapId(4)));
        assert!(!step(&set, SnapId(0), SnapId(1)).exists);
    }

    #[test]
    fn an_object_removed_after_a_snapshot_became_zeros() {
        let set = SnapSet { seq: 4, clones: vec![version(SnapId(4), &[4], &[], 100)] };
        let extents = Ranges::one(0, 4096);
        let versions = [SnapId(4), SnapId::HEAD];
        let (delta, begun) = between(&set, &versions, &extents, 4096, ListFlags::empty());
        assert!(begun);
        let found = &delta[&(SnapId::HEAD, SnapId::HEAD)];
        assert_eq!(found.iter().collect::<Vec<_>>(), [(0, 100, State::Zeroed)]);
    }
}
