//! An engine in memory, in a few hundred lines without a disk: what other modules are tested on,
//! and what the embedded store is compared with.
//!
//! One lock around everything, whole objects are copied. It has pools, objects with snapshots,
//! classes, listing, watches and notifications within the process; no commands.

mod engine;
mod hold;
mod object;

pub(crate) use engine::MemoryEngine;

use std::sync::Arc;

use crate::model::{Engine, PoolId};
use crate::runtime::block_on;

/// An engine with one pool.
pub(crate) fn engine_with_pool() -> (Arc<dyn Engine>, PoolId) {
    let engine: Arc<dyn Engine> = MemoryEngine::new();
    let pool = block_on(engine.pool_create("rbd", None)).expect("a new engine has no pool");
    (engine, pool)
}
