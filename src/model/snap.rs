//! Snapshots of objects.

use smallvec::SmallVec;

use super::ids::SnapId;

/// Which snapshots exist when an object is written: a write that meets a head older than `seq`
/// clones it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SnapContext {
    /// The newest snapshot number given out for this context, 0 for none.
    pub seq: u64,
    /// The snapshots that exist, newest first.
    pub snaps: SmallVec<[u64; 4]>,
}

impl SnapContext {
    /// No snapshots.
    #[must_use]
    pub fn none() -> Self {
        SnapContext::default()
    }

    /// Whether `snaps` descend strictly from at most `seq`, as an OSD demands (`-EINVAL`
    /// otherwise).
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.snaps.first().is_none_or(|first| *first <= self.seq)
            && self.snaps.windows(2).all(|pair| pair[0] > pair[1])
    }
}

/// All versions of one object, for `Op::ListSnaps`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SnapSet {
    /// The newest snapshot the head was written under.
    pub seq: u64,
    /// Clones, oldest first; the head, if it exists, last with id [`SnapId::HEAD`].
    pub clones: Vec<CloneInfo>,
}

/// One preserved version of an object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CloneInfo {
    /// Its id: the newest snapshot it serves, or [`SnapId::HEAD`].
    pub id: SnapId,
    /// The snapshots it serves, ascending.
    pub snaps: Vec<SnapId>,
    /// Byte ranges (offset, length) it shares with the next newer version.
    pub overlap: Vec<(u64, u64)>,
    /// Bytes.
    pub size: u64,
}
