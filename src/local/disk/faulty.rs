//! A disk in memory that fails when told to, and forgets at a power cut what was not synced.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Disk, DiskFile};

const PAGE: u64 = 4096;

type Page = Box<[u8; PAGE as usize]>;

/// What goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fault {
    /// How many writes, syncs and punches go well before.
    pub(crate) after: u64,
    /// The error number.
    pub(crate) errno: i32,
    /// All later ones fail too.
    pub(crate) for_ever: bool,
}

/// See the module.
#[derive(Clone, Default)]
pub(crate) struct FaultyDisk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    files: HashMap<String, Pages>,
    calls: u64,
    fault: Option<Fault>,
    hit: bool,
    /// Longest write that is done in one call.
    write_max: Option<usize>,
}

#[derive(Default, Clone)]
struct Pages {
    live: BTreeMap<u64, Page>,
    /// What pages written since the last sync held before; `None`: nothing.
    before: BTreeMap<u64, Option<Page>>,
}

impl FaultyDisk {
    /// Lets calls from now on fail so.
    pub(crate) fn set_fault(&self, fault: Option<Fault>) {
        let mut state = self.0.lock();
        (state.calls, state.fault, state.hit) = (0, fault, false);
    }

    /// Whether the fault has happened.
    pub(crate) fn was_hit(&self) -> bool {
        self.0.lock().hit
    }

    /// Lets each call write only so many bytes.
    pub(crate) fn set_write_max(&self, max: usize) {
        self.0.lock().write_max = Some(max);
    }

    /// The disk after a power cut: of each page written since the last sync, `keep` decides whether
    /// the new content reached the disk.
    pub(crate) fn after_power_cut(&self, mut keep: impl FnMut() -> bool) -> FaultyDisk {
        let mut files = self.0.lock().files.clone();
        for file in files.values_mut() {
            for (page, before) in std::mem::take(&mut file.before) {
                if keep() {
                    continue;
                }
                match before {
                    Some(bytes) => drop(file.live.insert(page, bytes)),
                    None => drop(file.live.remove(&page)),
                }
            }
        }
        FaultyDisk(Arc::new(Mutex::new(State { files, ..State::default() })))
    }
}

impl State {
    fn call(&mut self) -> io::Result<()> {
        let Some(fault) = self.fault else { return Ok(()) };
        self.calls += 1;
        let fails = self.calls == fault.after + 1 || (fault.for_ever && self.calls > fault.after);
        self.hit |= fails;
        if fails { Err(io::Error::from_raw_os_error(fault.errno)) } else { Ok(()) }
    }
}

impl Disk for FaultyDisk {
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.0.lock().files.entry(name.into()).or_default();
        Ok(Arc::new(FaultyFile { disk: self.clone(), name: name.into() }))
    }
}

struct FaultyFile {
    disk: FaultyDisk,
    name: String,
}

impl FaultyFile {
    fn with<T>(&self, body: impl FnOnce(&mut Pages) -> T) -> io::Result<T> {
        let mut state = self.disk.0.lock();
        state.files.get_mut(&self.name).map(body).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl DiskFile for FaultyFile {
    fn read_at(&self, buf: &mut [u8], off: u64) -> io::Result<usize> {
        let (page, start) = (off / PAGE, (off % PAGE) as usize);
        let n = buf.len().min(PAGE as usize - start);
        self.with(|pages| {
            match pages.live.get(&page) {
                Some(bytes) => buf[..n].copy_from_slice(&bytes[start..start + n]),
                None => buf[..n].fill(0),
            }
            n
        })
    }

    fn read_cached_at(&self, buf: &mut [u8], off: u64) -> io::Result<usize> {
        self.read_at(buf, off)
    }

    fn write_at(&self, buf: &[u8], off: u64) -> io::Result<usize> {
        let max = {
            let mut state = self.disk.0.lock();
            state.call()?;
            state.write_max.unwrap_or(usize::MAX)
        };
        let buf = &buf[..buf.len().min(max)];
        let mut done = 0;
        while done < buf.len() {
            let at = off + done as u64;
            let (page, start) = (at / PAGE, (at % PAGE) as usize);
            let n = (buf.len() - done).min(PAGE as usize - start);
            self.with(|pages| {
                let old = pages.live.get(&page).cloned();
                let mut bytes = old.clone().unwrap_or_else(|| Box::new([0; PAGE as usize]));
                bytes[start..start + n].copy_from_slice(&buf[done..done + n]);
                pages.before.entry(page).or_insert(old);
                pages.live.insert(page, bytes);
            })?;
            done += n;
        }
        Ok(done)
    }

    fn punch(&self, off: u64, len: u64) -> io::Result<()> {
        self.disk.0.lock().call()?;
        // It may reach the disk at any time, so the worst is at once.
        self.with(|pages| {
            for page in off / PAGE..(off + len) / PAGE {
                pages.live.remove(&page);
                pages.before.remove(&page);
            }
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.0.lock().call()?;
        self.with(|pages| pages.before.clear())
    }

    fn size(&self) -> io::Result<u64> {
        self.with(|pages| pages.live.last_key_value().map_or(0, |(page, _)| (page + 1) * PAGE))
    }
}
