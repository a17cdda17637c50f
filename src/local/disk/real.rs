//! Files of a directory.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Arc;

use super::{Disk, DiskFile};

/// Most bytes given to the kernel in one write, whose multiples no write crosses. The page cache
/// keeps what one write brought in one folio, and each later write to a part of it costs ext4 time
/// in proportion to the folio: with folios of 1 MiB a 4 KiB write takes 24 us, with these 8 us.
/// Smaller ones make 4 KiB reads dearer (at 64 KiB by half), and larger writes.
const FOLIO: u64 = 256 << 10;

/// The files of one directory.
pub struct RealDisk {
    dir: PathBuf,
    mode: u32,
}

impl RealDisk {
    /// Files in `dir`, new ones with these permissions.
    #[must_use]
    pub fn new(dir: PathBuf, mode: u32) -> Self {
        RealDisk { dir, mode }
    }
}

impl Disk for RealDisk {
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(self.mode);
        Ok(Arc::new(RealFile(options.open(self.dir.join(name))?)))
    }
}

struct RealFile(File);

impl DiskFile for RealFile {
    fn read_at(&self, buf: &mut [u8], off: u64) -> io::Result<usize> {
        self.0.read_at(buf, off)
    }

    fn read_cached_at(&self, buf: &mut [u8], off: u64) -> io::Result<usize> {
        let iov = libc::iovec { iov_base: buf.as_mut_ptr().cast(), iov_len: buf.len() };
        let fd = self.0.as_raw_fd();
        // Not by preadv2(): that is a place where a thread may be cancelled, which is prepared for
        // anew in every call of a process with threads. Nor through a mapping of the file, where a
        // failing disk would be SIGBUS and no error.
        let (low, high) = (off as libc::c_ulong, (off >> 32) as libc::c_ulong);
        let (call, flags) = (libc::SYS_preadv2, libc::RWF_NOWAIT);
        // SAFETY: the one iovec describes `buf`, which is borrowed mutably for the call. The offset
        // is in two words, the second of which counts where words have 32 bits.
        let read = unsafe { libc::syscall(call, fd, &raw const iov, 1usize, low, high, flags) };
        match usize::try_from(read) {
            Ok(n) => Ok(n),
            Err(_) => {
                let error = io::Error::last_os_error();
                // File systems without the flag just read.
                if error.raw_os_error() == Some(libc::EOPNOTSUPP) {
                    return self.0.read_at(buf, off);
                }
                Err(error)
            }
        }
    }

    fn write_at(&self, buf: &[u8], off: u64) -> io::Result<usize> {
        let max = FOLIO - off % FOLIO;
        let len = usize::try_from(max).map_or(buf.len(), |max| buf.len().min(max));
        self.0.write_at(&buf[..len], off)
    }

    fn punch(&self, off: u64, len: u64) -> io::Result<()> {
        let mode = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
        let (start, bytes) = (off.cast_signed(), len.cast_signed());
        // SAFETY: no memory is passed; the descriptor is ours.
        if unsafe { libc::fallocate(self.0.as_raw_fd(), mode, start, bytes) } == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.raw_os_error() != Some(libc::EOPNOTSUPP) {
            return Err(error);
        }
        // File systems without holes keep the space, but nobody reads the old bytes.
        let end = (off + len).min(self.size()?);
        let zeros = vec![0; 1 << 16];
        let mut at = off;
        while at < end {
            let n = (end - at).min(zeros.len() as u64);
            (self as &dyn DiskFile).write_all_at(&zeros[..n as usize], at)?;
            at += n;
        }
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }
}

/// The id of this boot of the machine: memory shared through mapped files is only what it was while
/// it stays the same.
pub fn boot_id() -> io::Result<[u8; 16]> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    let id = uuid::Uuid::parse_str(text.trim()).map_err(io::Error::other)?;
    Ok(id.into_bytes())
}
