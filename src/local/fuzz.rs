//! Entries for fuzzing: a store's files, the methods of classes, commands.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;

use super::classes::memory::MemoryObject;
use super::engine::LocalEngine;
use crate::codec::Reader;
use crate::codec::fuzz::Entry;
use crate::conf::{Config, EntityName};
use crate::errno::Result;
use crate::model::{CommandTarget, Engine};
use crate::runtime::block_on;

/// See [`crate::fuzz`].
pub const ENTRIES: &[Entry] = &[
    ("local.wire", super::watch::fuzz::wire),
    ("local.classes", classes),
    ("local.commands", commands),
    ("local.store_values", super::store::fuzz::values),
    ("local.store_rows", super::store::fuzz::rows),
];

/// A directory in memory where there is one, that is there as long as this value.
pub(super) struct Scratch(pub(super) PathBuf);

static NEXT: AtomicU64 = AtomicU64::new(0);

impl Scratch {
    pub(super) fn new() -> Result<Scratch> {
        let path = Scratch::numbered(NEXT.fetch_add(1, Ordering::Relaxed));
        std::fs::create_dir_all(&path)?;
        Ok(Scratch(path))
    }

    fn numbered(number: u64) -> PathBuf {
        let shm = PathBuf::from("/dev/shm");
        let parent = if shm.is_dir() { shm } else { std::env::temp_dir() };
        parent.join(format!("oxirados-fuzz-{}-{number}", std::process::id()))
    }
}

/// Removes what entries keep from one input to the next. They are not to be called again.
#[cfg(test)]
pub fn clear() {
    for number in 0..NEXT.load(Ordering::Relaxed) {
        let _ = std::fs::remove_dir_all(Scratch::numbered(number));
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Pieces with their length in one byte.
fn piece<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let len = usize::from(reader.u8("length").ok()?).min(reader.rest().len());
    reader.take(len, "piece").ok()
}

/// Calls of methods on one object; between them somebody writes to it what no method would.
fn classes(bytes: &[u8]) {
    const CLASSES: [&str; 5] = ["rbd", "lock", "refcount", "version", "numops"];
    let mut object = MemoryObject::default();
    let mut reader = Reader::new(bytes);
    for _ in 0..16 {
        let Ok(kind) = reader.u8("kind") else { return };
        let (Some(name), Some(value)) = (piece(&mut reader), piece(&mut reader)) else { return };
        let value = Bytes::copy_from_slice(value);
        let key = Bytes::copy_from_slice(name);
        match kind {
            0x80 => drop(object.omap.insert(key, value)),
            0x81 => drop(object.xattrs.insert(key, value)),
            0x82 => object.data = value.to_vec(),
            0x83 => object.header = value,
            _ => {
                let class = CLASSES.get(usize::from(kind) % CLASSES.len()).unwrap_or(&"rbd");
                if let Ok(method) = std::str::from_utf8(name) {
                    // What a method did before it failed is undone.
                    let before = object.clone();
                    if object.call(class, method, &value).is_err() {
                        object = before;
                    }
                }
            }
        }
        object.exists |= kind >= 0x80;
    }
}

/// A store, and how many commands it is still to take.
struct Commanded {
    engine: Arc<LocalEngine>,
    left: u32,
    _dir: Scratch,
}

/// A command to a monitor or the manager, in JSON; on a store that has seen some others.
fn commands(bytes: &[u8]) {
    static STORE: Mutex<Option<Commanded>> = Mutex::new(None);
    let mut store = STORE.lock();
    if store.as_ref().is_none_or(|store| store.left == 0) {
        *store = None;
        let config = Config::new("ceph", EntityName::client("admin"));
        let Ok(dir) = Scratch::new() else { return };
        let Ok(engine) = LocalEngine::open(&dir.0, &config) else { return };
        *store = Some(Commanded { engine, left: 500, _dir: dir });
    }
    let Some(store) = store.as_mut() else { return };
    store.left -= 1;
    let text = String::from_utf8_lossy(bytes).into_owned();
    for target in [CommandTarget::Mon, CommandTarget::Mgr] {
        let command = store.engine.command(target, vec![text.clone()], Bytes::from_static(b"in"));
        let _ = block_on(command);
    }
}
