//! Sets of byte ranges, and maps from byte ranges to what is known of them.

use std::collections::BTreeMap;

/// Byte ranges with a value each; neighbours of equal value are one range.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct RangeMap<T> {
    /// By first byte: the byte behind the last, and the value.
    ranges: BTreeMap<u64, (u64, T)>,
}

impl<T> Default for RangeMap<T> {
    fn default() -> Self {
        RangeMap { ranges: BTreeMap::new() }
    }
}

/// A set of bytes.
pub(super) type Ranges = RangeMap<()>;

impl<T: Copy + PartialEq> RangeMap<T> {
    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Offset, length and value of each range, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u64, T)> + '_ {
        self.ranges.iter().map(|(start, (end, value))| (*start, end - start, *value))
    }

    /// Gives a range a value, whatever it had.
    pub(super) fn set(&mut self, offset: u64, len: u64, value: T) {
        if len == 0 {
            return;
        }
        let (mut start, mut end) = (offset, offset + len);
        self.remove(offset, len);
        let before = self.ranges.range(..start).next_back();
        if let Some((&at, &(until, old))) = before
            && until == start
            && old == value
        {
            start = at;
        }
        if let Some(&(until, old)) = self.ranges.get(&end)
            && old == value
        {
            self.ranges.remove(&end);
            end = until;
        }
        self.ranges.insert(start, (end, value));
    }

    /// Takes a range out.
    pub(super) fn remove(&mut self, offset: u64, len: u64) {
        if len == 0 {
            return;
        }
        let end = offset + len;
        let first = self.ranges.range(..=offset).next_back().map_or(offset, |(at, _)| *at);
        let touched: Vec<_> = self.ranges.range(first..end).map(|(at, r)| (*at, *r)).collect();
        for (at, (until, value)) in touched {
            if until <= offset {
                continue;
            }
            self.ranges.remove(&at);
            if at < offset {
                self.ranges.insert(at, (offset, value));
            }
            if until > end {
                self.ranges.insert(end, (until, value));
            }
        }
    }

    /// What of it lies in `other`.
    pub(super) fn within(&self, other: &Ranges) -> RangeMap<T> {
        let mut both = RangeMap::default();
        for (offset, len, ()) in other.iter() {
            for (start, run, value) in self.in_range(offset, len) {
                both.set(start, run, value);
            }
        }
        both
    }

    /// What of it lies in a range.
    pub(super) fn in_range(&self, offset: u64, len: u64) -> Vec<(u64, u64, T)> {
        let end = offset + len;
        let first = self.ranges.range(..=offset).next_back().map_or(offset, |(at, _)| *at);
        let touched = self.ranges.range(first..end);
        let cut = touched.filter(|(_, (until, _))| *until > offset).map(|(at, (until, value))| {
            let start = (*at).max(offset);
            (start, (*until).min(end) - start, *value)
        });
        cut.collect()
    }
}

impl Ranges {
    /// One range.
    pub(super) fn one(offset: u64, len: u64) -> Ranges {
        let mut ranges = Ranges::default();
        ranges.add(offset, len);
        ranges
    }

    /// Adds a range.
    pub(super) fn add(&mut self, offset: u64, len: u64) {
        self.set(offset, len, ());
    }

    /// Adds all of another set.
    pub(super) fn add_all(&mut self, other: &Ranges) {
        other.iter().for_each(|(offset, len, ())| self.add(offset, len));
    }

    /// Takes all of another set out.
    pub(super) fn remove_all(&mut self, other: &Ranges) {
        other.iter().for_each(|(offset, len, ())| self.remove(offset, len));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bits(ranges: &Ranges) -> Vec<bool> {
        let mut bits = vec![false; 64];
        for (offset, len, ()) in ranges.iter() {
            for at in offset..offset + len {
                assert!(!std::mem::replace(&mut bits[at as usize], true));
            }
        }
        bits
    }

    proptest! {
        #[test]
        fn a_set_of_ranges_is_a_set_of_bytes(
            steps in prop::collection::vec((any::<bool>(), 0u64..50, 0u64..14), 0..30),
            other in prop::collection::vec((0u64..50, 1u64..14), 0..5),
        ) {
            let mut ranges = Ranges::default();
            let mut expected = vec![false; 64];
            for (add, offset, len) in steps {
                match add {
                    true => ranges.add(offset, len),
                    false => ranges.remove(offset, len),
                }
                (offset..offset + len).for_each(|at| expected[at as usize] = add);
            }
            prop_assert_eq!(&bits(&ranges), &expected);
            let all: Vec<_> = ranges.iter().collect();
            prop_assert!(all.windows(2).all(|w| w[0].0 + w[0].1 < w[1].0), "neighbours are one");
            let mut mask = Ranges::default();
            other.iter().for_each(|(offset, len)| mask.add(*offset, *len));
            let both: Vec<_> =
                expected.iter().zip(bits(&mask)).map(|(a, b)| *a && b).collect();
            prop_assert_eq!(bits(&ranges.within(&mask)), both);
        }
    }

    #[test]
    fn values_keep_apart_and_the_later_wins() {
        let mut map = RangeMap::default();
        map.set(0, 10, 'a');
        map.set(10, 5, 'a');
        map.set(4, 2, 'b');
        assert_eq!(map.iter().collect::<Vec<_>>(), [(0, 4, 'a'), (4, 2, 'b'), (6, 9, 'a')]);
        assert_eq!(map.in_range(5, 3), [(5, 1, 'b'), (6, 2, 'a')]);
    }
}
