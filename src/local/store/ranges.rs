//! Sets of byte ranges.

use std::collections::BTreeMap;
use std::fmt;

/// A set of bytes of an object as ranges that neither touch nor overlap.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Ranges(BTreeMap<u64, u64>);

impl Ranges {
    /// The bytes from `start` on and before `end`.
    pub(super) fn of(start: u64, end: u64) -> Ranges {
        let mut ranges = Ranges::default();
        ranges.insert(start, end);
        ranges
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the bytes from `start` on and before `end`.
    pub(super) fn insert(&mut self, mut start: u64, mut end: u64) {
        if start >= end {
            return;
        }
        let touched: Vec<(u64, u64)> = self
            .0
            .range(..=end)
            .rev()
            .take_while(|(_, stop)| **stop >= start)
            .map(|(first, stop)| (*first, *stop))
            .collect();
        for (first, stop) in touched {
            self.0.remove(&first);
            start = start.min(first);
            end = end.max(stop);
        }
        self.0.insert(start, end);
    }

    /// Takes the bytes from `start` on and before `end` out.
    pub(super) fn remove(&mut self, start: u64, end: u64) {
        if start >= end {
            return;
        }
        let touched: Vec<(u64, u64)> = self
            .0
            .range(..end)
            .rev()
            .take_while(|(_, stop)| **stop > start)
            .map(|(first, stop)| (*first, *stop))
            .collect();
        for (first, stop) in touched {
            self.0.remove(&first);
            if first < start {
                self.0.insert(first, start);
            }
            if stop > end {
                self.0.insert(end, stop);
            }
        }
    }

    pub(super) fn remove_all(&mut self, other: &Ranges) {
        other.iter().for_each(|(start, end)| self.remove(start, end));
    }

    /// Bytes in both.
    pub(super) fn and(&self, other: &Ranges) -> Ranges {
        let mut missing = self.clone();
        missing.remove_all(other);
        let mut both = self.clone();
        both.remove_all(&missing);
        both
    }

    /// Start and end of each range, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.0.iter().map(|(start, end)| (*start, *end))
    }

    /// Reads what `Display` wrote; `None` if it did not.
    pub(super) fn parse(text: &str) -> Option<Ranges> {
        let mut ranges = Ranges::default();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (start, len) = part.split_once('~')?;
            let (start, len): (u64, u64) = (start.parse().ok()?, len.parse().ok()?);
            ranges.insert(start, start.checked_add(len)?);
        }
        Some(ranges)
    }
}

impl fmt::Display for Ranges {
    /// `start~length` of each, with commas.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (start, end)) in self.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{start}~{}", end - start)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_join_split_and_come_back_from_text() {
        let mut ranges = Ranges::of(0, 10);
        ranges.insert(20, 30);
        ranges.insert(10, 12);
        assert_eq!(ranges.to_string(), "0~12,20~10");
        ranges.remove(5, 25);
        assert_eq!(ranges.to_string(), "0~5,25~5");
        ranges.insert(3, 40);
        assert_eq!(ranges.to_string(), "0~40");
        let mut other = Ranges::of(30, 50);
        other.insert(1, 2);
        assert_eq!(ranges.and(&other).to_string(), "1~1,30~10");
        assert_eq!(Ranges::parse("1~1,30~10"), Some(ranges.and(&other)));
        assert_eq!(Ranges::parse("1-3"), None);
        ranges.remove(7, 7);
        assert_eq!(ranges, Ranges::of(0, 40));
    }
}
