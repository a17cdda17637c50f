//! Files that are locked as long as a process lives.
//!
//! The locks are POSIX record locks, because a fork does not copy them: a child that outlives its
//! parent does not keep the parent's files locked, as it would with locks of open files. They have
//! two habits to live with. A process does not see its own, and closing any descriptor of a file
//! ends the process's lock on it: so a process never opens a file again that it has locked, but
//! remembers which ones those are. (A program that copies the directory of a store it is connected
//! to opens them, and is dead to the others from then on.)

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use parking_lot::Mutex;

/// Device and inode of the files that this process has locked.
static OWN: Mutex<BTreeSet<(u64, u64)>> = Mutex::new(BTreeSet::new());

/// A file that is locked until this is dropped or the process ends, however it ends.
pub struct Alive {
    inode: (u64, u64),
    /// Closed after the inode was forgotten: no other file has its number before.
    file: File,
}

impl Alive {
    /// Locks a file, opened for writing, that nobody else locks: `WouldBlock`.
    pub fn lock(file: File) -> io::Result<Self> {
        let inode = inode(&file.metadata()?);
        OWN.lock().insert(inode);
        let alive = Alive { inode, file };
        let mut lock = whole_file(libc::F_WRLCK);
        record_lock(&alive.file, libc::F_SETLK, &mut lock)?;
        Ok(alive)
    }

    /// Whether the file at this path is locked by this process or another; `NotFound`.
    pub fn is_locked(path: &Path) -> io::Result<bool> {
        // Under the lock: a file that this process is about to lock must not be opened here.
        let own = OWN.lock();
        if own.contains(&inode(&fs::metadata(path)?)) {
            return Ok(true);
        }
        let mut lock = whole_file(libc::F_WRLCK);
        record_lock(&File::options().read(true).open(path)?, libc::F_GETLK, &mut lock)?;
        Ok(i32::from(lock.l_type) != libc::F_UNLCK)
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        OWN.lock().remove(&self.inode);
    }
}

fn inode(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

/// A lock of bytes 0 to the end, wherever that is.
fn whole_file(kind: libc::c_int) -> libc::flock {
    libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    }
}

fn record_lock(file: &File, command: libc::c_int, lock: &mut libc::flock) -> io::Result<()> {
    // SAFETY: the descriptor is open, and for these commands the argument is a `flock`, which the
    // call reads and may write.
    match unsafe { libc::fcntl(file.as_raw_fd(), command, lock) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_locked_until_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("4100");
        assert_eq!(Alive::is_locked(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
        let alive = Alive::lock(File::create(&path).unwrap()).unwrap();
        // The second time too: looking has not ended it.
        assert!(Alive::is_locked(&path).unwrap() && Alive::is_locked(&path).unwrap());
        drop(alive);
        assert!(!Alive::is_locked(&path).unwrap());
    }
}
