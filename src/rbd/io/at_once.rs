//! Reading inside the call that asks, without an operation: objects that the engine has in memory.
//!
//! ```text
//!   Image::read -> admitted? within one object? its context here, or had from the engine?
//!                    -> ObjectContext::read -> done
//!       \-- whatever does not hold: a Request, which waits, splits, asks the parent
//! ```

use std::sync::Arc;

use parking_lot::RwLock;

use super::request::clip;
use crate::model::{Engine, ObjectContext};
use crate::rbd::gate::Needs;
use crate::rbd::image::Image;
use crate::rbd::view::View;

/// Contexts of an image's first so many objects are kept: 256 GiB at 4 MiB each, in a table of up
/// to 1 MiB, as many as the embedded store remembers.
const KEPT_MAX: usize = 1 << 16;

/// The contexts of an image's objects, of the head or at a snapshot, by object number.
#[derive(Default)]
pub(in crate::rbd) struct Contexts {
    kept: RwLock<Vec<Option<Arc<dyn ObjectContext>>>>,
}

impl Contexts {
    /// For an image of an engine that has contexts.
    pub(in crate::rbd) fn for_engine(engine: &dyn Engine) -> Option<Arc<Contexts>> {
        engine.has_object_contexts().then(Arc::default)
    }

    fn get(&self, object: usize) -> Option<Arc<dyn ObjectContext>> {
        self.kept.read().get(object)?.clone()
    }

    fn put(&self, object: usize, context: Option<Arc<dyn ObjectContext>>) {
        let mut kept = self.kept.write();
        if kept.len() <= object {
            kept.resize_with(object + 1, || None);
        }
        kept[object] = context;
    }
}

impl Image {
    /// Reads from `off` on if that can be done at once; bytes read.
    pub(in crate::rbd) fn read_at_once(
        self: &Arc<Self>,
        off: u64,
        memory: &mut [u8],
    ) -> Option<u64> {
        if !self.has_contexts || !self.gate.lets_through(Needs::Header) {
            return None;
        }
        let view = self.view();
        let read = self.read_context(&view, off, memory)?;
        log::debug!(target: "rbd", "image {}: read {off}~{read}", self.id());
        self.update_timestamp(&view, true);
        Some(read)
    }

    fn read_context(&self, view: &View, off: u64, memory: &mut [u8]) -> Option<u64> {
        let contexts = view.contexts.as_ref()?;
        let len = clip(view, off, memory.len() as u64).ok().filter(|len| *len > 0)?;
        let extent = view.header.layout.single(off, len)?;
        let at = usize::try_from(extent.object).ok().filter(|at| *at < KEPT_MAX)?;
        if !view.may_exist(extent.object) {
            return None;
        }
        // No more than the memory's length.
        let memory = memory.get_mut(..len as usize)?;
        let mut read = None;
        let kept = contexts.get(at);
        if let Some(context) = &kept {
            read = context.read(extent.offset, memory);
            if read.is_none() && context.is_current() {
                return None;
            }
        }
        if read.is_none() {
            let target = view.header.data_object(&self.pool().namespace, extent.object);
            let context = self.pool().engine.object_context(&target, view.snap);
            if context.is_none() && kept.is_none() {
                return None;
            }
            contexts.put(at, context.clone());
            read = context?.read(extent.offset, memory);
        }
        memory.get_mut(read?..)?.fill(0);
        Some(len)
    }
}
