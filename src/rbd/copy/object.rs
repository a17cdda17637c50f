//! One object of a deep copy: what the original had of it at each version, written in the same
//! order.
//!
//! Writing version by version, each under the snapshots before it, makes the store keep the same
//! history for the copy: an object that did not change between two snapshots is stored once.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use smallvec::SmallVec;

use super::deep::Versions;
use crate::cls::rbd::ObjectState;
use crate::errno::{Errno, Result};
use crate::model::{EngineExt, ObjectOp, Op, SnapContext, SnapId};
use crate::rbd::diff::object::{self, Delta, INITIAL, ListFlags, State};
use crate::rbd::ranges::Ranges;
use crate::rbd::{Features, Image};

/// The original, open at each version that is copied.
pub(super) struct Source {
    /// As the caller has it open: the newest version.
    pub(super) image: Arc<Image>,
    /// The older ones.
    pub(super) at: BTreeMap<SnapId, Arc<Image>>,
}

impl Source {
    fn at(&self, version: SnapId) -> &Arc<Image> {
        self.at.get(&version).unwrap_or(&self.image)
    }
}

/// What every object's copy needs.
pub(super) struct ObjectCopy<'a> {
    pub(super) source: &'a Source,
    pub(super) to: &'a Arc<Image>,
    pub(super) versions: &'a Versions,
    pub(super) flatten: bool,
}

/// What a version writes to an object.
#[derive(Default)]
struct Changes {
    /// Offset in the object and bytes.
    data: Vec<(u64, Bytes)>,
    /// What becomes zero, in terms of the object.
    zero: Ranges,
}

/// An object of the copy as it grows.
#[derive(Default)]
struct Made {
    exists: bool,
    size: u64,
}

impl ObjectCopy<'_> {
    /// Copies what the original has where the copy has this object.
    pub(super) async fn run(&self, object: u64) -> Result<()> {
        let layout = self.to.header().layout;
        let extents: Vec<_> = layout.image_extents(object, 0, layout.object_size()).collect();
        let mut steps: Vec<SnapId> = vec![SnapId(0)];
        steps.extend(self.versions.keys());
        let flags = ListFlags::NOT_FROM_PARENT;
        let delta = object::image_delta(&self.source.image, extents.clone(), &steps, flags).await?;

        let mut hides_parent = self.source.image.parent().is_some() && !self.flatten;
        let from_parent = self.parent_ranges(&delta);
        let mut made = Made::default();
        let mut written = Vec::new();
        for (at, (&from, &to)) in self.versions.iter().enumerate() {
            let exists_there = object < self.objects_at(to);
            if !exists_there {
                if made.exists {
                    written.push((to, self.gone()));
                    made = Made::default();
                }
                continue;
            }
            hides_parent = hides_parent && self.shows_parent(object, to);
            let parent = if at == 0 { from_parent.clone() } else { Ranges::default() };
            let changes = self.changes(from, &delta, &parent, hides_parent && at == 0).await?;
            let ops = Self::steps(&changes, &mut made, hides_parent);
            let changed = !ops.is_empty();
            if changed {
                written.push((to, ops));
            }
            if made.exists {
                self.record(object, to, changed).await;
            }
        }
        for (version, ops) in written {
            self.write(object, version, ops).await?;
        }
        Ok(())
    }

    fn objects_at(&self, version: SnapId) -> u64 {
        let header = self.to.header();
        header.size_at(version).map_or(0, |size| header.layout.object_count(size))
    }

    /// Whether the parent of a version of the copy would show in an object that does not exist.
    fn shows_parent(&self, object: u64, version: SnapId) -> bool {
        let header = self.to.header();
        let overlap = header.parent_at(version).map_or(0, |parent| parent.overlap);
        header.layout.image_offset(object, 0) < overlap
    }

    /// What of the parent belongs to the first version: all of it for a copy without parent;
    /// otherwise what an object that has data by now showed before it had.
    fn parent_ranges(&self, delta: &Delta) -> Ranges {
        let mut ranges = Ranges::default();
        let oldest = self.versions.keys().next().map(|version| self.source.at(*version));
        let Some(overlap) = oldest.and_then(|image| image.parent()).map(|(_, overlap)| overlap)
        else {
            return ranges;
        };
        let states = || delta.values().flat_map(|found| found.iter().map(|(_, _, s)| s));
        if !self.flatten && states().all(|state| state == State::Missing) {
            return ranges;
        }
        for (offset, len, state) in delta.get(&INITIAL).iter().flat_map(|found| found.iter()) {
            if state == State::Missing && offset < overlap {
                ranges.add(offset, len.min(overlap - offset));
            }
        }
        ranges
    }

    /// What changed in a version, read from the original. `parent`: ranges of the image to read
    /// besides.
    async fn changes(
        &self,
        version: SnapId,
        delta: &Delta,
        parent: &Ranges,
        zeros_hide: bool,
    ) -> Result<Changes> {
        let mut read = parent.clone();
        let mut zero = Ranges::default();
        for (versions, found) in delta {
            let hides = *versions == INITIAL && zeros_hide;
            if versions.0 != version && !hides {
                continue;
            }
            for (offset, len, state) in found.iter() {
                match state {
                    State::Data => read.add(offset, len),
                    State::Zeroed => zero.add(offset, len),
                    State::Missing => (),
                }
            }
        }
        let layout = self.to.header().layout;
        let mut changes = Changes::default();
        let mut stored = Ranges::default();
        for (offset, len, ()) in read.iter() {
            for (at, mut data) in self.source.at(version).read_stored(offset, len).await? {
                // No more than was asked for: what is behind may not be of this version.
                let room = (offset + len).saturating_sub(at);
                data.truncate(usize::try_from(room).unwrap_or(usize::MAX));
                stored.add(at, data.len() as u64);
                for extent in layout.extents(at, data.len() as u64) {
                    let start = usize::try_from(extent.image_offset - at).unwrap_or(0);
                    let end = start + usize::try_from(extent.len).unwrap_or(0);
                    changes.data.push((extent.offset, data.slice(start..end)));
                }
            }
        }
        // What was written and is not stored was written as zeros.
        zero.add_all(&read);
        zero.remove_all(&stored);
        for (offset, len, ()) in zero.iter() {
            for extent in layout.extents(offset, len) {
                changes.zero.add(extent.offset, extent.len);
            }
        }
        changes.data.sort_by_key(|(offset, _)| *offset);
        Ok(changes)
    }

    /// The steps that make the changes, and what the object is then.
    fn steps(changes: &Changes, made: &mut Made, hides_parent: bool) -> Vec<Op> {
        let size_before = made.size;
        let mut ops = Vec::new();
        for (off, data) in &changes.data {
            made.exists = true;
            made.size = made.size.max(off + data.len() as u64);
            ops.push(Op::Write { off: *off, data: data.clone().into() });
        }
        let all: Vec<_> = changes.zero.iter().collect();
        for (offset, len, ()) in all {
            if offset + len < made.size {
                ops.push(Op::Zero { off: offset, len });
                made.exists = true;
                continue;
            }
            if (offset == 0 && hides_parent) || offset < size_before {
                match (offset, hides_parent) {
                    (0, true) => {
                        ops.push(Op::Create { exclusive: false });
                        ops.push(Op::Truncate(0));
                    }
                    (0, false) => ops.push(Op::Remove),
                    _ => ops.push(Op::Truncate(offset)),
                }
                made.exists = offset > 0 || hides_parent;
            }
            made.size = made.size.min(offset);
        }
        ops
    }

    /// The steps that end an object that the image became too small for. The original leaves an
    /// empty one where a parent was (measured).
    fn gone(&self) -> Vec<Op> {
        match self.source.image.parent().is_some() && !self.flatten {
            true => vec![Op::Create { exclusive: false }, Op::Truncate(0)],
            false => vec![Op::Remove],
        }
    }

    /// Notes in the object map of a version that the object exists.
    async fn record(&self, object: u64, version: SnapId, changed: bool) {
        let Some(map) = self.to.view().object_map.clone() else { return };
        let state = match changed || !self.to.has(Features::FAST_DIFF) {
            true => ObjectState::Exists,
            false => ObjectState::ExistsClean,
        };
        match version {
            SnapId::HEAD => map.updated((object, object + 1), state, None).await,
            snap => map.update_snapshot(snap, object, state).await,
        }
    }

    async fn write(&self, object: u64, version: SnapId, ops: Vec<Op>) -> Result<()> {
        let older =
            self.versions.values().rev().filter(|to| **to < version && **to != SnapId::HEAD);
        let snaps: SmallVec<_> = older.map(|to| to.0).collect();
        let context = SnapContext { seq: snaps.first().copied().unwrap_or(0), snaps };
        let target = self.to.header().data_object(&self.to.pool().namespace, object);
        let op =
            ops.into_iter().fold(ObjectOp::write_under(target, Arc::new(context)), ObjectOp::then);
        match self.to.pool().engine.run(op).await {
            Err(error) if error == Errno::ENOENT => Ok(()),
            done => done.map(drop),
        }
    }
}
