//! Memory shared by processes through a mapped file.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A part of a file, mapped and shared with every process that maps it.
///
/// It is only accessed through atomics and process-shared mutexes: other processes change it at any
/// time.
pub struct SharedMap {
    base: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping belongs to this value until it is dropped, and all access to it goes through
// atomics and through mutexes made for sharing.
unsafe impl Send for SharedMap {}
// SAFETY: as above.
unsafe impl Sync for SharedMap {}

impl SharedMap {
    /// Maps `len` bytes of `file` from `off` on, a multiple of the page size. The file is made that
    /// long if it is shorter, and gets the disk space for them: what is new reads as zeros.
    pub fn new(file: &File, off: u64, len: usize) -> io::Result<SharedMap> {
        reserve(file, off, len as u64)?;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let (fd, off) = (file.as_raw_fd(), off.cast_signed());
        // SAFETY: a new mapping at an address the kernel chooses touches no memory of ours.
        let base =
            unsafe { libc::mmap(std::ptr::null_mut(), len, access, libc::MAP_SHARED, fd, off) };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(base.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(SharedMap { base, len })
    }

    /// The address of `size` bytes at `at`, aligned to 8.
    fn at(&self, at: usize, size: usize) -> NonNull<u8> {
        assert!(at.is_multiple_of(8) && at.checked_add(size).is_some_and(|end| end <= self.len));
        // SAFETY: within the mapping, as just checked.
        unsafe { self.base.add(at) }
    }

    /// The word at byte `at`, a multiple of 8.
    #[must_use]
    pub fn word(&self, at: usize) -> &AtomicU64 {
        // SAFETY: in bounds and aligned (`at`), alive as long as `self`; other processes use
        // atomics too.
        unsafe { self.at(at, 8).cast::<AtomicU64>().as_ref() }
    }

    /// `count` words from byte `at` on.
    #[must_use]
    pub fn words(&self, at: usize, count: usize) -> &[AtomicU64] {
        let first = self.at(at, count * 8).cast::<AtomicU64>();
        // SAFETY: as in `word`, for `count` of them.
        unsafe { std::slice::from_raw_parts(first.as_ptr(), count) }
    }

    /// The half word at byte `at`, a multiple of 8.
    #[must_use]
    pub fn half(&self, at: usize) -> &AtomicU32 {
        // SAFETY: as in `word`.
        unsafe { self.at(at, 4).cast::<AtomicU32>().as_ref() }
    }

    /// Makes a mutex at byte `at`, a multiple of 8, with `MUTEX_BYTES` of room. Nobody may use it
    /// yet.
    pub fn init_mutex(&self, at: usize) -> io::Result<()> {
        let mutex = self.at(at, MUTEX_BYTES).cast::<libc::pthread_mutex_t>().as_ptr();
        let mut attr = MaybeUninit::<libc::pthread_mutexattr_t>::uninit();
        // SAFETY: `attr` is initialised before it is used and destroyed after; `mutex` points to
        // room for a mutex that nobody uses yet.
        let code = unsafe {
            let attr = attr.as_mut_ptr();
            libc::pthread_mutexattr_init(attr);
            libc::pthread_mutexattr_setpshared(attr, libc::PTHREAD_PROCESS_SHARED);
            libc::pthread_mutexattr_setrobust(attr, libc::PTHREAD_MUTEX_ROBUST);
            let code = libc::pthread_mutex_init(mutex, attr);
            libc::pthread_mutexattr_destroy(attr);
            code
        };
        if code == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(code)) }
    }

    /// Locks the mutex at byte `at`, made by [`SharedMap::init_mutex`]. It is not recursive: a
    /// thread that holds it already waits for ever.
    pub fn lock(&self, at: usize) -> io::Result<Held<'_>> {
        let mutex = self.at(at, MUTEX_BYTES).cast::<libc::pthread_mutex_t>().as_ptr();
        // SAFETY: the mutex was initialised and stays mapped as long as `self`.
        self.locked(at, unsafe { libc::pthread_mutex_lock(mutex) })
    }

    /// As [`SharedMap::lock`], but fails with `ETIMEDOUT` after so long.
    pub fn lock_within(&self, at: usize, limit: Duration) -> io::Result<Held<'_>> {
        let mutex = self.at(at, MUTEX_BYTES).cast::<libc::pthread_mutex_t>().as_ptr();
        let until = SystemTime::now() + limit;
        let until = until.duration_since(UNIX_EPOCH).unwrap_or_default();
        let until = libc::timespec {
            tv_sec: until.as_secs().cast_signed(),
            tv_nsec: i64::from(until.subsec_nanos()),
        };
        // SAFETY: as in `lock`; the time is only read.
        self.locked(at, unsafe { libc::pthread_mutex_timedlock(mutex, &until) })
    }

    /// What a call to lock the mutex at byte `at` came to.
    fn locked(&self, at: usize, code: libc::c_int) -> io::Result<Held<'_>> {
        let mutex = self.at(at, MUTEX_BYTES).cast::<libc::pthread_mutex_t>().as_ptr();
        match code {
            0 => Ok(Held { map: self, at, owner_died: false }),
            libc::EOWNERDEAD => {
                // SAFETY: we hold it; without this nobody could ever lock it again.
                unsafe { libc::pthread_mutex_consistent(mutex) };
                Ok(Held { map: self, at, owner_died: true })
            }
            code => Err(io::Error::from_raw_os_error(code)),
        }
    }
}

/// Takes the disk space of a range, which the file then reaches to. A mapped page that gets its
/// space on the first write to it would kill the process on a full disk (`SIGBUS`).
fn reserve(file: &File, off: u64, len: u64) -> io::Result<()> {
    let (start, bytes) = (off.cast_signed(), len.cast_signed());
    loop {
        // SAFETY: no memory is passed; the descriptor is borrowed.
        if unsafe { libc::fallocate(file.as_raw_fd(), 0, start, bytes) } == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EINTR) => {}
            // A file system that cannot promise space: the file at least gets its length.
            Some(libc::EOPNOTSUPP) if file.metadata()?.len() < off + len => {
                return file.set_len(off + len);
            }
            Some(libc::EOPNOTSUPP) => return Ok(()),
            _ => return Err(error),
        }
    }
}

/// Room that a mutex takes.
const MUTEX_BYTES: usize = 40;
const _: () = assert!(size_of::<libc::pthread_mutex_t>() <= MUTEX_BYTES);

impl Drop for SharedMap {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nothing borrows from it any more.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.len) };
    }
}

/// A locked mutex. To be dropped on the thread that locked it.
pub struct Held<'a> {
    map: &'a SharedMap,
    at: usize,
    /// Whether the last holder died while it held it: what the mutex guards may be half done.
    pub owner_died: bool,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mutex = self.map.at(self.at, MUTEX_BYTES).cast::<libc::pthread_mutex_t>().as_ptr();
        // SAFETY: locked by this thread in `lock`.
        unsafe { libc::pthread_mutex_unlock(mutex) };
    }
}
