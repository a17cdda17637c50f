//! Images on an engine in memory.

mod copies;
mod life;
mod pools;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::{Image, ImageOptions, ImageRef, OpenAt, OpenOptions, Pool, create};
use crate::conf::{Config, EntityName};
use crate::model::{EngineExt, HObject, ListScope, Listing};
use crate::runtime::block_on;
use crate::tests::memory::engine_with_pool;

pub(super) const MIB: u64 = 1 << 20;

/// A new cluster's pool.
pub(super) fn pool() -> Pool {
    let (engine, id) = engine_with_pool();
    Pool::new(engine, id, Config::new("ceph", EntityName::default()))
}

pub(super) fn open(pool: &Pool, name: &str) -> Arc<Image> {
    let which = ImageRef::Name(name.to_owned());
    block_on(Image::open(pool.clone(), which, OpenOptions::default())).unwrap()
}

pub(super) fn open_at(pool: &Pool, name: &str, snap: &str) -> Arc<Image> {
    let which = ImageRef::Name(name.to_owned());
    let options = OpenOptions {
        at: OpenAt::SnapName(snap.to_owned()),
        read_only: true,
        ..OpenOptions::default()
    };
    block_on(Image::open(pool.clone(), which, options)).unwrap()
}

pub(super) fn close(image: &Image) {
    block_on(image.close()).unwrap();
}

/// Makes an image with default options.
pub(super) fn make(pool: &Pool, name: &str, size: u64) {
    block_on(create::create(pool, name, size, &mut ImageOptions::new())).unwrap();
}

/// The first bytes from `offset` on.
pub(super) fn read(image: &Arc<Image>, offset: u64, len: usize) -> Vec<u8> {
    block_on(image.read_at(offset, len)).unwrap().to_vec()
}

pub(super) fn write(image: &Arc<Image>, offset: u64, data: &[u8]) {
    block_on(image.write_at(offset, data.to_vec())).unwrap();
}

/// Names of all objects of all namespaces, ids replaced by `#` and the order in which they appear.
pub(super) fn objects(pool: &Pool) -> Vec<String> {
    let listing = Listing { pool: pool.id, scope: ListScope::All, filter: Bytes::new() };
    let end = HObject::max();
    let listed = pool.engine.list_range(&listing, HObject::min(), &end, 10_000);
    let entries = block_on(listed).unwrap().entries;
    let mut names: Vec<_> = entries.iter().map(|e| format!("{}/{}", e.namespace, e.name)).collect();
    names.sort();
    names
}

/// How many objects have names that begin so, by what follows the last slash.
pub(super) fn count(pool: &Pool) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for name in objects(pool) {
        let name = name.rsplit('/').next().unwrap_or_default();
        let kind = name.split('.').next().unwrap_or_default();
        *counts.entry(kind.to_owned()).or_default() += 1;
    }
    counts
}
