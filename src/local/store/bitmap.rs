//! Which blocks of a slot: 1024 bits.

use super::layout::BLOCKS;

const WORDS: usize = BLOCKS / 64;

/// A set of a slot's blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Bitmap(pub(super) [u64; WORDS]);

impl Bitmap {
    pub(super) const EMPTY: Bitmap = Bitmap([0; WORDS]);

    pub(super) fn get(&self, block: usize) -> bool {
        self.0[block / 64] >> (block % 64) & 1 == 1
    }

    pub(super) fn set(&mut self, block: usize) {
        self.0[block / 64] |= 1 << (block % 64);
    }

    pub(super) fn clear(&mut self, block: usize) {
        self.0[block / 64] &= !(1 << (block % 64));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0 == [0; WORDS]
    }

    /// Blocks of both.
    pub(super) fn with(&self, other: &Bitmap) -> Bitmap {
        Bitmap(std::array::from_fn(|i| self.0[i] | other.0[i]))
    }

    /// Blocks here that are not in the other.
    pub(super) fn without(&self, other: &Bitmap) -> Bitmap {
        Bitmap(std::array::from_fn(|i| self.0[i] & !other.0[i]))
    }

    /// The blocks, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        (0..BLOCKS).filter(|block| self.get(*block))
    }

    /// Ranges of blocks (first, count), ascending.
    pub(super) fn runs(&self) -> Vec<(usize, usize)> {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for block in self.iter() {
            match runs.last_mut() {
                Some((first, count)) if *first + *count == block => *count += 1,
                _ => runs.push((block, 1)),
            }
        }
        runs
    }

    /// As stored: empty for no block, otherwise 128 bytes, the lowest block first.
    pub(super) fn to_blob(self) -> Vec<u8> {
        if self.is_empty() {
            return Vec::new();
        }
        self.0.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// From what [`Bitmap::to_blob`] made; `None` for a blob of another length.
    pub(super) fn from_blob(blob: &[u8]) -> Option<Bitmap> {
        let mut map = Bitmap::EMPTY;
        if blob.is_empty() {
            return Some(map);
        }
        let (words, rest) = blob.as_chunks::<8>();
        if words.len() != WORDS || !rest.is_empty() {
            return None;
        }
        for (word, bytes) in map.0.iter_mut().zip(words) {
            *word = u64::from_le_bytes(*bytes);
        }
        Some(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_blobs() {
        let mut map = Bitmap::EMPTY;
        assert_eq!(map.to_blob(), b"");
        [0, 63, 64, 65, 1023].into_iter().for_each(|block| map.set(block));
        assert_eq!(map.runs(), [(0, 1), (63, 3), (1023, 1)]);
        assert_eq!(Bitmap::from_blob(&map.to_blob()), Some(map));
        map.clear(64);
        assert_eq!(map.iter().count(), 4);
        assert_eq!(Bitmap::from_blob(b"short"), None);
    }
}
