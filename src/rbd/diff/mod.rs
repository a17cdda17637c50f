//! What of an image changed since a snapshot, or was ever written.
//!
//! ```text
//!   mod     iterate: from the object maps if whole objects will do and they can tell,
//!           else object by object
//!   maps    what the object maps of the snapshots in between say (fast-diff)
//!   object  what the versions of one object say
//! ```

pub(super) mod maps;
pub(super) mod object;

use std::pin::Pin;
use std::sync::Arc;

use super::ranges::{RangeMap, Ranges};
use super::{Image, snapshot, throttle};
use crate::errno::{Errno, Result};
use crate::model::SnapId;
use maps::{DiffState, Scope};
use object::{Delta, ListFlags, State};

/// What a diff is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DiffRange {
    /// First byte.
    pub offset: u64,
    /// Bytes; cut at the image's end.
    pub len: u64,
    /// Whether what a clone reads from its parent counts, when there is no snapshot to start from.
    pub include_parent: bool,
    /// Whether an object that changed counts as a whole.
    pub whole_object: bool,
}

/// Told offset, length and whether there is data (or none any more), ascending. A negative return
/// ends the iteration with that error.
pub type DiffCallback<'a> = &'a mut (dyn FnMut(u64, u64, bool) -> i32 + Send);

/// Where a diff starts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DiffFrom {
    /// The empty image.
    Nothing,
    /// A user's snapshot.
    Name(String),
    /// Any snapshot.
    Id(SnapId),
}

/// Tells what changed between a snapshot and what is open. `-ENOENT`; `-EINVAL` for a snapshot
/// behind what is open, or a range that begins behind the image's end.
pub async fn iterate(
    image: &Arc<Image>,
    from: &DiffFrom,
    range: DiffRange,
    callback: DiffCallback<'_>,
) -> Result<()> {
    image.settle().await;
    image.refresh_if_required().await?;
    let size = image.size()?;
    if range.len > 0 && range.offset >= size {
        return Err(Errno::EINVAL.because("behind the end of the image"));
    }
    let len = range.len.min(size.saturating_sub(range.offset));
    let range = DiffRange { len, ..range };
    let from = match from {
        DiffFrom::Nothing => SnapId(0),
        DiffFrom::Name(name) => snapshot::by_name(image, name)?.id,
        DiffFrom::Id(id) => snapshot::get(image, *id).await?.id,
    };
    execute(image, from, range, callback).await
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

fn execute<'a>(
    image: &'a Arc<Image>,
    from: SnapId,
    range: DiffRange,
    callback: DiffCallback<'a>,
) -> Boxed<'a, ()> {
    Box::pin(async move {
        let to = image.snap();
        if from >= to {
            return match from == to {
                true => Ok(()),
                false => Err(Errno::EINVAL.because("the snapshot is newer than what is open")),
            };
        }
        if range.whole_object {
            match maps::diff(image, from, to, Scope::Ends).await {
                Ok(states) => return from_maps(image, from, range, states, callback).await,
                Err(error) => log::debug!(target: "rbd", "fast diff: {error}"),
            }
        }
        from_objects(image, from, to, range, callback).await
    })
}

/// Pieces of the range, none of which crosses a set of objects.
fn pieces(image: &Image, range: DiffRange) -> impl Iterator<Item = (u64, u64)> + use<> {
    let period = image.header().layout.period();
    let end = range.offset + range.len;
    let mut next = range.offset;
    std::iter::from_fn(move || {
        let offset = next;
        next = end.min(offset - offset % period + period);
        (offset < end).then(|| (offset, next - offset))
    })
}

fn tell(
    found: &RangeMap<bool>,
    callback: &mut (dyn FnMut(u64, u64, bool) -> i32 + Send),
) -> Result<()> {
    for (offset, len, exists) in found.iter() {
        if let Some(errno) = Errno::from_c(callback(offset, len, exists)) {
            return Err(errno.into());
        }
    }
    Ok(())
}

async fn from_maps(
    image: &Arc<Image>,
    from: SnapId,
    range: DiffRange,
    states: Vec<DiffState>,
    callback: DiffCallback<'_>,
) -> Result<()> {
    let parent = match range.include_parent && from == SnapId(0) {
        true => parent_data(image).await?,
        false => Ranges::default(),
    };
    let layout = image.header().layout;
    for (offset, len) in pieces(image, range) {
        let mut found = RangeMap::default();
        for extent in layout.extents(offset, len) {
            let object = usize::try_from(extent.object).ok().and_then(|at| states.get(at));
            match object {
                Some(DiffState::HoleUpdated) => found.set(extent.image_offset, extent.len, false),
                Some(DiffState::DataUpdated) => found.set(extent.image_offset, extent.len, true),
                Some(DiffState::Hole) => {
                    for (offset, len, ()) in parent.in_range(extent.image_offset, extent.len) {
                        found.set(offset, len, true);
                    }
                }
                Some(DiffState::Data) | None => (),
            }
        }
        tell(&found, callback)?;
    }
    Ok(())
}

/// What the parent has in the part that the image gets from it, in whole objects.
async fn parent_data(image: &Arc<Image>) -> Result<Ranges> {
    let mut data = Ranges::default();
    let Some((parent, overlap)) = image.parent().filter(|(_, overlap)| *overlap > 0) else {
        return Ok(data);
    };
    let range = DiffRange { offset: 0, len: overlap, include_parent: true, whole_object: true };
    let mut collect = |offset, len, exists| {
        if exists {
            data.add(offset, len);
        }
        0
    };
    execute(&parent, SnapId(0), range, &mut collect).await?;
    Ok(data)
}

async fn from_objects(
    image: &Arc<Image>,
    from: SnapId,
    to: SnapId,
    range: DiffRange,
    callback: DiffCallback<'_>,
) -> Result<()> {
    let mut flags = ListFlags::empty();
    flags.set(ListFlags::NOT_FROM_PARENT, !range.include_parent || from != SnapId(0));
    flags.set(ListFlags::WHOLE_OBJECT, range.whole_object);
    let ids = [from, to];
    let mut pieces = pieces(image, range);
    loop {
        let some: Vec<_> = pieces.by_ref().take(throttle::concurrency(image).max(1)).collect();
        if some.is_empty() {
            return Ok(());
        }
        let each = some.iter().map(|(offset, len)| {
            Box::pin(object::image_delta(image, vec![(*offset, *len)], &ids, flags))
                as Boxed<'_, Delta>
        });
        for delta in throttle::all(each.collect()).await {
            tell(&changes(&delta?), callback)?;
        }
    }
}

/// What changed, out of what is known of each version.
fn changes(delta: &Delta) -> RangeMap<bool> {
    let mut found = RangeMap::default();
    for (versions, extents) in delta {
        for (offset, len, state) in extents.iter() {
            match state {
                State::Missing => (),
                State::Zeroed if *versions == object::INITIAL => (),
                State::Zeroed => found.set(offset, len, false),
                State::Data => found.set(offset, len, true),
            }
        }
    }
    found
}
