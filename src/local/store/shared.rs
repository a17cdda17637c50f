//! What the processes of a store share in memory: the mapped file `shm`.
//!
//! ```text
//!   0      magic, boot id, device, inode     valid for this boot and this file only
//!   64     ready, counters
//!   1024   mutex of those who write to the database
//!   2048   what was read from and written to pools, 64 bytes each: see traffic.rs
//!   4096   stripes, 64 bytes each: mutex (40), generation (8)
//! ```
//!
//! An object belongs to the stripe its placement hash selects. The stripe's generation is odd while
//! a transaction changes one of its objects, and another number afterwards; it is changed only by
//! the holder of the stripe's mutex. Everything here is worthless after a reboot and is then made
//! anew.

use std::fs::File;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::errno::Result;
use crate::local::disk::{Held, SharedMap, boot_id};

const MAGIC: u64 = u64::from_le_bytes(*b"oxishm02");
pub(super) const STRIPES: usize = 16384;
const STRIPE_BYTES: usize = 64;
const STRIPES_AT: usize = 4096;
const WRITER_AT: usize = 1024;
const TRAFFIC_AT: usize = 2048;
const LEN: usize = STRIPES_AT + STRIPES * STRIPE_BYTES;
const GENERATION_AT: usize = 48;

/// Counters after the header, by byte offset.
#[derive(Clone, Copy)]
pub(super) enum Counter {
    /// Commits that are not yet durable were made since this was equal to `Synced`.
    Lazy = 128,
    /// See `Lazy`.
    Synced = 192,
    /// Redo rows were committed (goes up).
    Redo = 256,
    /// The value of `Redo` when redo rows were last deleted.
    Retired = 320,
    /// A pool's way of taking snapshots changed (goes up).
    Map = 384,
    /// The blocklist changed (goes up).
    Blocklist = 448,
    /// 1: a commit failed or its process died, and what came of it is not settled; see
    /// [`super::db`].
    Doubtful = 512,
}

/// The mapped file.
pub(super) struct Shared {
    map: SharedMap,
}

/// Who opened the file, and what is to be done first.
pub(super) struct Opened {
    pub(super) shared: Shared,
    /// The memory was made anew: what the last boot left in the store must be recovered, and then
    /// [`Shared::set_ready`] called. Others wait.
    pub(super) fresh: bool,
    /// Held while `fresh`.
    pub(super) lock: File,
}

impl Shared {
    /// Opens `shm` in the store's directory. Waits while another process recovers.
    pub(super) fn open(dir: &Path, mode: u32) -> Result<Opened> {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false).mode(mode);
        let path = dir.join("shm");
        let lock = options.open(&path)?;
        lock.lock()?;
        let file = options.open(&path)?;
        let metadata = file.metadata()?;
        let boot = boot_id()?;
        let (low, high) = boot.split_at(8);
        let word = |bytes: &[u8]| bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        let identity = [MAGIC, word(low), word(high), metadata.dev(), metadata.ino()];
        let sized = metadata.len() == LEN as u64;
        if !sized {
            file.set_len(0)?;
        }
        let map = SharedMap::new(&file, 0, LEN)?;
        let shared = Shared { map };
        let header = || shared.map.words(0, identity.len());
        let valid =
            sized && header().iter().zip(identity).all(|(w, i)| w.load(Ordering::Acquire) == i);
        let fresh = !valid || shared.ready().load(Ordering::Acquire) == 0;
        if !valid {
            for at in (0..STRIPES_AT).step_by(8) {
                shared.map.word(at).store(0, Ordering::Release);
            }
            shared.map.init_mutex(WRITER_AT)?;
            for stripe in 0..STRIPES {
                let at = STRIPES_AT + stripe * STRIPE_BYTES;
                shared.map.init_mutex(at)?;
                shared.map.word(at + GENERATION_AT).store(2, Ordering::Release);
            }
            for (word, value) in header().iter().zip(identity).rev() {
                word.store(value, Ordering::Release);
            }
        }
        Ok(Opened { shared, fresh, lock })
    }

    fn ready(&self) -> &AtomicU64 {
        self.map.word(64)
    }

    /// Recovery is done.
    pub(super) fn set_ready(&self) {
        self.ready().store(1, Ordering::Release);
    }

    /// A counter.
    pub(super) fn counter(&self, counter: Counter) -> &AtomicU64 {
        self.map.word(counter as usize)
    }

    /// The entries of pools' traffic, of eight words each.
    pub(super) fn traffic(&self) -> &[[AtomicU64; 8]] {
        self.map.words(TRAFFIC_AT, (STRIPES_AT - TRAFFIC_AT) / 8).as_chunks().0
    }

    /// The stripe of an object, by its place in listings.
    pub(super) fn stripe(position: u32) -> usize {
        // The reversed hash has the hash's low bits on top; both ends are equally good.
        position as usize % STRIPES
    }

    /// A stripe's generation.
    pub(super) fn generation(&self, stripe: usize) -> &AtomicU64 {
        self.map.word(STRIPES_AT + stripe * STRIPE_BYTES + GENERATION_AT)
    }

    /// Locks out others who write to the database; `-ETIMEDOUT` when that takes longer.
    pub(super) fn lock_writer(&self, limit: Duration) -> Result<Held<'_>> {
        Ok(self.map.lock_within(WRITER_AT, limit)?)
    }

    /// Locks a stripe. Whoever wants several must hold the database's write lock.
    pub(super) fn lock(&self, stripe: usize) -> Result<Held<'_>> {
        Ok(self.map.lock(STRIPES_AT + stripe * STRIPE_BYTES)?)
    }
}
