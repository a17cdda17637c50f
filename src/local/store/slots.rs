//! The slots: their bytes in the data files, and what changes in them outside transactions, in the
//! mapped file `slots`.
//!
//! A slot's record counts only while its epoch is the one of the slot's row in the database;
//! otherwise the row says everything. A transaction that changes a slot folds the record into the
//! row and raises the epoch.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};

use super::bitmap::Bitmap;
use super::layout::{BLOCK, FILE_SLOTS, SLOT, SLOTS_MAX, place};
use crate::errno::{Errno, Error, Result};
use crate::local::disk::{Disk, DiskFile, SharedMap};

const RECORD_BYTES: usize = 512;
const CHUNK_BYTES: usize = RECORD_BYTES * FILE_SLOTS as usize;

/// Data files and records.
pub(super) struct Slots {
    disk: Arc<dyn Disk>,
    files: RwLock<BTreeMap<u64, Arc<dyn DiskFile>>>,
    records: File,
    chunks: RwLock<BTreeMap<u64, Arc<SharedMap>>>,
    /// Data files written since their last sync by this process, with a count of the writes.
    dirty: Mutex<BTreeMap<u64, u64>>,
    /// A sync has failed.
    poisoned: AtomicBool,
}

/// What a slot holds, from its row or its record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct SlotState {
    pub(super) epoch: u64,
    pub(super) data: Bitmap,
    pub(super) hole: Bitmap,
    pub(super) changed: Bitmap,
    pub(super) tail: u64,
    pub(super) writes: u64,
    pub(super) mtime: i64,
}

impl SlotState {
    pub(super) fn new(epoch: u64) -> SlotState {
        let empty = Bitmap::EMPTY;
        SlotState { epoch, data: empty, hole: empty, changed: empty, tail: 0, writes: 0, mtime: 0 }
    }
}

/// A slot's record in shared memory.
pub(super) struct Record {
    chunk: Arc<SharedMap>,
    at: usize,
}

const EPOCH: usize = 0;
const TAIL: usize = 1;
const WRITES: usize = 2;
const MTIME: usize = 3;
const DATA: usize = 8;
const HOLE: usize = 24;
const CHANGED: usize = 40;
const WORDS: usize = 56;

impl Record {
    fn words(&self) -> &[AtomicU64] {
        self.chunk.words(self.at, WORDS)
    }

    fn bitmap(&self, at: usize) -> Bitmap {
        let words = self.words();
        Bitmap(std::array::from_fn(|i| words[at + i].load(Ordering::Acquire)))
    }

    pub(super) fn epoch(&self) -> u64 {
        self.words()[EPOCH].load(Ordering::Acquire)
    }

    /// What the record says. The bitmaps are read after the sums that go with them.
    pub(super) fn load(&self) -> SlotState {
        let words = self.words();
        SlotState {
            epoch: self.epoch(),
            tail: self.tail(),
            writes: words[WRITES].load(Ordering::Acquire),
            mtime: words[MTIME].load(Ordering::Acquire).cast_signed(),
            data: self.bitmap(DATA),
            hole: self.bitmap(HOLE),
            changed: self.bitmap(CHANGED),
        }
    }

    /// Whether the slot has a block.
    pub(super) fn has_data(&self, block: usize) -> bool {
        self.bit(DATA, block)
    }

    /// How many blocks the slot has from `first` on without a gap, up to `behind`.
    pub(super) fn data_run(&self, first: usize, behind: usize) -> usize {
        let words = self.words();
        let mut at = first;
        while at < behind {
            let word = words[DATA + at / 64].load(Ordering::Acquire) >> (at % 64);
            let run = word.trailing_ones() as usize;
            at += run;
            if run == 0 || !at.is_multiple_of(64) {
                break;
            }
        }
        at.min(behind) - first
    }

    /// Whether the slot says that a block is zeros.
    pub(super) fn has_hole(&self, block: usize) -> bool {
        self.bit(HOLE, block)
    }

    fn bit(&self, at: usize, block: usize) -> bool {
        self.words()[at + block / 64].load(Ordering::Acquire) >> (block % 64) & 1 == 1
    }

    /// The slot has the blocks from `first` on and before `behind`: they were written.
    pub(super) fn set_data(&self, first: usize, behind: usize) {
        for block in first..behind {
            self.words()[DATA + block / 64].fetch_or(1 << (block % 64), Ordering::AcqRel);
        }
    }

    /// The slot no longer has a block. Whether it had.
    pub(super) fn clear_data(&self, block: usize) -> bool {
        let bit = 1 << (block % 64);
        self.words()[DATA + block / 64].fetch_and(!bit, Ordering::AcqRel) & bit != 0
    }

    /// Where the slot has no data it says that a block is zeros, whatever lies below.
    pub(super) fn set_hole(&self, block: usize) {
        self.words()[HOLE + block / 64].fetch_or(1 << (block % 64), Ordering::AcqRel);
    }

    /// The blocks the slot has.
    pub(super) fn data(&self) -> Bitmap {
        self.bitmap(DATA)
    }

    /// A block is about to differ from the newest clone's. Whether that is new.
    pub(super) fn set_changed(&self, block: usize) -> bool {
        let bit = 1 << (block % 64);
        let word = &self.words()[CHANGED + block / 64];
        word.load(Ordering::Acquire) & bit == 0 && word.fetch_or(bit, Ordering::AcqRel) & bit == 0
    }

    /// How far the object reaches into the slot at least.
    pub(super) fn tail(&self) -> u64 {
        self.words()[TAIL].load(Ordering::Acquire).min(SLOT)
    }

    /// Writes since the row was written.
    pub(super) fn writes(&self) -> u64 {
        self.words()[WRITES].load(Ordering::Acquire)
    }

    /// The object, of this size so far, reaches at least up to `end` in this slot, its `idx`-th.
    /// Whether that is new.
    pub(super) fn reach(&self, end: u64, idx: u32, size: u64) -> bool {
        let new = u64::from(idx) * SLOT + end > size;
        if new {
            self.words()[TAIL].fetch_max(end, Ordering::AcqRel);
        }
        new
    }

    /// Counts a write.
    pub(super) fn count_write(&self, mtime: i64) {
        self.words()[WRITES].fetch_add(1, Ordering::AcqRel);
        self.words()[MTIME].fetch_max(mtime.max(0).cast_unsigned(), Ordering::AcqRel);
    }

    /// Makes the record say what the row says. Under the object's lock; a reader that overtakes
    /// sees a record without an epoch and turns to the row.
    pub(super) fn store(&self, state: &SlotState) {
        let words = self.words();
        words[EPOCH].store(0, Ordering::Release);
        words[TAIL].store(state.tail, Ordering::Release);
        words[WRITES].store(state.writes, Ordering::Release);
        words[MTIME].store(state.mtime.cast_unsigned(), Ordering::Release);
        for (at, map) in [(DATA, &state.data), (HOLE, &state.hole), (CHANGED, &state.changed)] {
            for (word, value) in words[at..].iter().zip(map.0) {
                word.store(value, Ordering::Release);
            }
        }
        words[EPOCH].store(state.epoch, Ordering::Release);
    }
}

impl Slots {
    pub(super) fn open(dir: &Path, mode: u32, disk: Arc<dyn Disk>) -> Result<Slots> {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false).mode(mode);
        Ok(Slots {
            disk,
            files: RwLock::default(),
            records: options.open(dir.join("slots"))?,
            chunks: RwLock::default(),
            dirty: Mutex::default(),
            poisoned: AtomicBool::new(false),
        })
    }

    /// Forgets all records: every row counts again. While nobody else has the store open.
    pub(super) fn forget_records(&self) -> Result<()> {
        Ok(self.records.set_len(0)?)
    }

    /// The record of a slot.
    pub(super) fn record(&self, slot: u64) -> Result<Record> {
        within(slot, 0, 0)?;
        let (number, at) = (slot / FILE_SLOTS, (slot % FILE_SLOTS) as usize * RECORD_BYTES);
        let known = self.chunks.read().get(&number).cloned();
        if let Some(chunk) = known {
            return Ok(Record { chunk, at });
        }
        let mut chunks = self.chunks.write();
        let off = number * CHUNK_BYTES as u64;
        // Two processes may do so at once: both only ever make the file longer, under its lock.
        self.records.lock()?;
        let mapped = SharedMap::new(&self.records, off, CHUNK_BYTES);
        self.records.unlock()?;
        let chunk = Arc::new(mapped.map_err(|e| Error::from(e).context("records of slots"))?);
        chunks.insert(number, Arc::clone(&chunk));
        Ok(Record { chunk, at })
    }

    fn file(&self, number: u64) -> Result<Arc<dyn DiskFile>> {
        if let Some(file) = self.files.read().get(&number) {
            return Ok(Arc::clone(file));
        }
        let mut files = self.files.write();
        if let Some(file) = files.get(&number) {
            return Ok(Arc::clone(file));
        }
        let name = format!("{number:04}");
        let open = self.disk.open(&name).map_err(|e| Error::from(e).context(name));
        let file = open?;
        files.insert(number, Arc::clone(&file));
        Ok(file)
    }

    /// Fills `buf` from a slot. With `cached`, `-EAGAIN` when the disk would be needed.
    pub(super) fn read(&self, slot: u64, off: u64, buf: &mut [u8], cached: bool) -> Result<()> {
        let (number, base) = within(slot, off, buf.len() as u64)?;
        match self.file(number)?.fill_at(buf, base + off, cached) {
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => Err(Errno::EAGAIN.into()),
            result => result.map_err(|e| Error::from(e).context(format!("reading slot {slot}"))),
        }
    }

    /// Writes into a slot.
    pub(super) fn write(&self, slot: u64, off: u64, bytes: &[u8]) -> Result<()> {
        let (number, base) = within(slot, off, bytes.len() as u64)?;
        let file = self.file(number)?;
        *self.dirty.lock().entry(number).or_default() += 1;
        let written = file.write_all_at(bytes, base + off);
        written.map_err(|e| Error::from(e).context(format!("writing slot {slot}")))
    }

    /// Returns the space of a range of a slot to the file system; it reads as zeros.
    pub(super) fn punch(&self, slot: u64, off: u64, len: u64) -> Result<()> {
        debug_assert!(off.is_multiple_of(BLOCK));
        let (number, base) = within(slot, off, len)?;
        let punched = self.file(number)?.punch(base + off, len);
        punched.map_err(|e| Error::from(e).context(format!("punching slot {slot}")))
    }

    /// Makes what this process wrote into the slots of some data files durable (and what others
    /// wrote into them before this call).
    pub(super) fn sync(&self, numbers: impl IntoIterator<Item = u64>) -> Result<()> {
        for number in numbers {
            let writes = self.dirty.lock().get(&number).copied();
            if self.poisoned.load(Ordering::Acquire) {
                return Err(Errno::EIO.because("an earlier sync failed; what it lost is unknown"));
            }
            if let Err(error) = self.file(number)?.sync_data() {
                // The kernel drops what it could not write and reports it once: a later sync that
                // succeeds would mean nothing.
                self.poisoned.store(true, Ordering::Release);
                return Err(Error::from(error).context(format!("syncing data file {number:04}")));
            }
            // Not before: whoever finds the file clean must be able to rely on it.
            let mut dirty = self.dirty.lock();
            if dirty.get(&number).copied() == writes {
                dirty.remove(&number);
            }
        }
        Ok(())
    }

    /// Data files this process has written since their last sync.
    pub(super) fn dirty(&self) -> Vec<u64> {
        self.dirty.lock().keys().copied().collect()
    }
}

/// The data file of a slot and where the slot begins in it; `-EIO` for bytes that no slot has, as
/// a database that somebody changed may name them: they would be another's.
fn within(slot: u64, off: u64, len: u64) -> Result<(u64, u64)> {
    if slot >= SLOTS_MAX || off.checked_add(len).is_none_or(|end| end > SLOT) {
        return Err(Errno::EIO.because(format!("slot {slot} has no bytes {off}~{len}")));
    }
    Ok(place(slot))
}
