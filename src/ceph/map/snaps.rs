//! Sets of snapshot numbers as ranges (`snap_interval_set_t`).

use crate::codec::{Decode, Reader};
use crate::errno::Result;

/// A set of numbers: ascending ranges, each a first number and a length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapIntervals(pub Vec<(u64, u64)>);

impl SnapIntervals {
    /// Whether the number is in one of the ranges.
    #[must_use]
    pub fn contains(&self, snap: u64) -> bool {
        let after = self.0.partition_point(|(first, _)| *first <= snap);
        let range = after.checked_sub(1).and_then(|at| self.0.get(at));
        range.is_some_and(|(first, len)| snap - first < *len)
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Decode for SnapIntervals {
    const MIN_SIZE: usize = 4;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let mut ranges: Vec<(u64, u64)> = reader.list(field)?;
        // They come ascending; whoever sends others must not get wrong answers out of us.
        ranges.sort_unstable();
        Ok(SnapIntervals(ranges))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_its_first_number_and_not_the_one_behind_it() {
        let set = SnapIntervals(vec![(3, 2), (9, 1)]);
        let within: Vec<u64> = (0..12).filter(|snap| set.contains(*snap)).collect();
        assert_eq!(within, [3, 4, 9]);
    }
}
