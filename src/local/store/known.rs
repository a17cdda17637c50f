//! Reading objects again that were looked at before, without an operation.
//!
//! What is read so is what the fast path would read, and counted alike; wherever that would not do,
//! an operation is asked for.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Store;
use super::cache::Entry;
use super::shared::{Counter, Shared};
use crate::model::{SnapId, Target, placement};

/// An object that exists, as this process remembers it.
pub struct KnownObject {
    entry: Arc<Entry>,
    stripe: usize,
}

impl Store {
    /// An object's head, or the object at a snapshot, if this process remembers it.
    #[must_use]
    pub fn known(&self, target: &Target, snap: SnapId) -> Option<KnownObject> {
        let position = placement::position(target);
        let stripe = Shared::stripe(position);
        let generation = self.shared.generation(stripe).load(Ordering::Acquire);
        let entry = self.cached(target, position, snap, generation)?;
        (entry.exists && generation.is_multiple_of(2)).then_some(KnownObject { entry, stripe })
    }

    /// Whether an object is still as it is remembered.
    #[must_use]
    pub fn is_as_known(&self, object: &KnownObject) -> bool {
        let generation = self.shared.generation(object.stripe).load(Ordering::Acquire);
        object.entry.counts(generation, self.shared.counter(Counter::Map).load(Ordering::Acquire))
    }

    /// Fills memory from `off` on, without waiting: how many bytes there were. `None` if that does
    /// not do.
    #[must_use]
    pub fn read_known(&self, object: &KnownObject, off: u64, memory: &mut [u8]) -> Option<usize> {
        // What this caller submitted before comes first.
        if self.has_queue() || !self.is_as_known(object) {
            return None;
        }
        let KnownObject { entry, stripe } = object;
        let read = self.read_entry(entry, *stripe, (off, memory), false).ok()??;
        self.count_read(entry.pool(), read);
        Some(read)
    }
}
