//! Zeros without the database: blocks of a slot that the head has for itself cease to be data.
//!
//! ```text
//!   a whole block:    hole bit, if a layer below has data -> data bit off
//!                     -> the next flush commits the bits, then punches the block
//!   part of a block:  zeros are written, if it has data
//! ```
//!
//! A reader looks at the data bit first, so it sees the block or zeros, never what lies below.
//! Until that flush the bytes stay where they are: after a power cut the block is what it was.

use super::Store;
use super::bitmap::Bitmap;
use super::cache::{CachedChain, Entry};
use super::data::{Source, source};
use super::layout::{BLOCK, split};
use super::slots::Record;
use crate::errno::{Errno, Result};

const ZEROS: [u8; BLOCK as usize] = [0; BLOCK as usize];

impl Store {
    /// Makes a range of an object, whose stripe is locked, read as zeros. `false`, with nothing
    /// done, if that would leave a slot empty, which is to be given back then.
    pub(super) fn zero_pieces(
        &self,
        entry: &Entry,
        stripe: usize,
        (off, len): (u64, u64),
        mtime: i64,
    ) -> Result<bool> {
        let keeps = |(idx, start, len)| entry.chain(idx).is_some_and(|c| keeps_data(c, start, len));
        if !split(off, len).all(keeps) {
            return Ok(false);
        }
        for (idx, start, len) in split(off, len) {
            let Some(chain) = entry.chain(idx) else { return Err(Errno::EIO.into()) };
            let Some((slot, record)) = &chain.top else { return Err(Errno::EIO.into()) };
            if entry.cloned {
                for block in start / BLOCK..(start + len).div_ceil(BLOCK) {
                    record.set_changed(block as usize);
                }
            }
            let cleared = self.zero_chain(chain, (*slot, record), start, start + len)?;
            record.count_write(mtime);
            self.touched.lock().insert(*slot);
            if !cleared.is_empty() {
                self.note_cleared(stripe, *slot, &cleared);
            }
        }
        Ok(true)
    }

    /// Makes a part of a slot read as zeros. Returns the blocks that ceased to be data.
    fn zero_chain(
        &self,
        chain: &CachedChain,
        (slot, record): (u64, &Record),
        start: u64,
        stop: u64,
    ) -> Result<Bitmap> {
        let mut cleared = Bitmap::EMPTY;
        let mut at = start;
        while at < stop {
            let block = (at / BLOCK) as usize;
            let next = ((at / BLOCK + 1) * BLOCK).min(stop);
            if next - at == BLOCK {
                if source(&chain.frozen, block) != Source::Zeros {
                    record.set_hole(block);
                }
                if record.clear_data(block) {
                    cleared.set(block);
                }
            } else if chain.source(block) != Source::Zeros {
                let zeros = &ZEROS[..(next - at) as usize];
                self.write_chain(chain, (slot, record), at, zeros, false)?;
            }
            at = next;
        }
        Ok(cleared)
    }

    /// Notes blocks that ceased to be data, for the flush after which they may be punched.
    pub(super) fn note_cleared(&self, stripe: usize, slot: u64, blocks: &Bitmap) {
        let mut cleared = self.cleared.lock();
        let noted = cleared.entry((stripe, slot)).or_insert(Bitmap::EMPTY);
        *noted = noted.with(blocks);
    }
}

/// Whether anything is left of a slot, or of what lies below it, without a range.
fn keeps_data(chain: &CachedChain, start: u64, len: u64) -> bool {
    let Some((_, record)) = &chain.top else { return false };
    if !chain.frozen.is_empty() {
        return true;
    }
    let mut left = record.data();
    let whole = start.div_ceil(BLOCK)..(start + len) / BLOCK;
    whole.for_each(|block| left.clear(block as usize));
    !left.is_empty()
}
