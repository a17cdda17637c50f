//! Files: a small trait, so that crashes and full disks are ordinary tests, and memory shared
//! between processes.
//!
//! ```text
//!   Disk ---- RealDisk                 DiskFile: read_at write_at punch sync_data size
//!        \--- FaultyDisk (tests)
//!   SharedMap: a mapped file with atomics and mutexes that survive the death of their holder
//!   Alive: a file that is locked as long as its process lives
//! ```
//!
//! All `unsafe` of the store is here. May use: errno. Must not use: anything else of ours.
#![allow(unsafe_code)]

mod alive;
#[cfg(test)]
mod faulty;
mod real;
mod shared;
mod space;

use std::io;
use std::sync::Arc;

pub use alive::Alive;
#[cfg(test)]
pub(crate) use faulty::{Fault, FaultyDisk};
pub use real::{RealDisk, boot_id};
pub use shared::{Held, SharedMap};
pub use space::{Space, space};

/// Opens files by name.
pub trait Disk: Send + Sync {
    /// Opens a file for reading and writing; it is made if it does not exist.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;
}

/// An open file. Offsets and lengths are bytes.
pub trait DiskFile: Send + Sync {
    /// Reads at most `buf.len()` bytes; fewer only at the end of the file, where 0 is returned.
    fn read_at(&self, buf: &mut [u8], off: u64) -> io::Result<usize>;
    /// Reads what the page cache holds; `WouldBlock` when the disk would be needed.
    fn read_cached_at(&self, buf: &mut [u8], off: u64) -> io::Result<usize>;
    /// Writes; may write less than all.
    fn write_at(&self, buf: &[u8], off: u64) -> io::Result<usize>;
    /// Makes a range read as zeros and returns its space; the file keeps its length.
    fn punch(&self, off: u64, len: u64) -> io::Result<()>;
    /// Makes everything written so far survive a power cut.
    fn sync_data(&self) -> io::Result<()>;
    /// Bytes up to the end of the file.
    fn size(&self) -> io::Result<u64>;
}

impl dyn DiskFile {
    /// Fills `buf`; what lies behind the file's end reads as zeros. With `cached`, `WouldBlock`
    /// when the disk would be needed.
    pub fn fill_at(&self, mut buf: &mut [u8], mut off: u64, cached: bool) -> io::Result<()> {
        while !buf.is_empty() {
            let read = if cached { self.read_cached_at(buf, off) } else { self.read_at(buf, off) };
            match read {
                Ok(0) => {
                    buf.fill(0);
                    break;
                }
                Ok(n) => {
                    buf = &mut buf[n..];
                    off += n as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes all of `buf`.
    pub fn write_all_at(&self, mut buf: &[u8], mut off: u64) -> io::Result<()> {
        while !buf.is_empty() {
            match self.write_at(buf, off) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => {
                    buf = &buf[n..];
                    off += n as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
