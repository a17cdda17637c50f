//! What a request sees of its image: one consistent picture, replaced whole.

use std::sync::Arc;

use super::header::Header;
use super::image::Image;
use super::io::{Contexts, Limits};
use super::object_map::OpenMap;
use super::{Features, ImageFlags, Pool, settings};
use crate::cls::rbd::ObjectState;
use crate::conf::Settings as _;
use crate::conf::rbd::{Overlay, Source};
use crate::errno::Result;
use crate::model::{ReqFlags, SnapContext, SnapId};

/// An image as requests that start now see it.
#[derive(Clone)]
pub(super) struct View {
    pub(super) header: Arc<Header>,
    /// The snapshot that is open, or the head.
    pub(super) snap: SnapId,
    /// Bytes of it; `None` when the snapshot is gone.
    pub(super) size: Option<u64>,
    /// The parent, with the bytes that come from it.
    pub(super) parent: Option<(Arc<Image>, u64)>,
    /// The object map of what is open: of the head only while the lock is held.
    pub(super) object_map: Option<Arc<OpenMap>>,
    /// What is known of its objects, where an engine has that.
    pub(super) contexts: Option<Arc<Contexts>>,
    /// What data is written under: without snapshots none, as Ceph's clients send it.
    pub(super) context: Arc<SnapContext>,
    pub(super) settings: Arc<IoSettings>,
}

/// What data of an image with this header is written under.
pub(super) fn write_context(header: &Header) -> Arc<SnapContext> {
    match header.snap_context.snaps.is_empty() {
        true => Arc::new(SnapContext::none()),
        false => Arc::clone(&header.snap_context),
    }
}

impl View {
    /// Whether all of these features are on.
    pub(super) fn has(&self, features: Features) -> bool {
        self.header.features.contains(features)
    }

    /// Bytes of the image that come from the parent.
    pub(super) fn overlap(&self) -> u64 {
        self.parent.as_ref().map_or(0, |(_, overlap)| *overlap)
    }

    /// Whether a data object may exist, as far as the object map tells.
    pub(super) fn may_exist(&self, object: u64) -> bool {
        self.trusted_map().is_none_or(|map| map.get(object) != ObjectState::Nonexistent)
    }

    /// The map, if what it says can be relied upon.
    pub(super) fn trusted_map(&self) -> Option<&OpenMap> {
        let flags = self.header.flags_at(self.snap)?;
        self.object_map
            .as_deref()
            .filter(|map| !flags.contains(ImageFlags::OBJECT_MAP_INVALID) && !map.is_invalid())
    }
}

/// The most objects that gathered writes are under way to: enough for OSDs to be busy, few enough
/// for writes to gather.
const GATHERED_OBJECTS: u64 = 64;

/// How writes become durable.
// The names are the cache modes' own.
#[allow(clippy::enum_variant_names)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum CacheMode {
    /// Each write is durable when it is acknowledged (no cache, or a write-through one).
    Through,
    /// As above until the first flush proves that the guest flushes; write-back then.
    ThroughUntilFlush,
    /// A flush makes durable what was written before it.
    Back,
}

/// Options that requests look at, so that they need not look them up.
#[derive(Clone, Debug)]
pub(super) struct IoSettings {
    pub(super) cache: CacheMode,
    /// What may be acknowledged and not written yet, where a flush makes durable.
    pub(super) cache_limits: Limits,
    /// `rbd_discard_granularity_bytes`, 0 without `rbd_skip_partial_discard`.
    pub(super) discard_granularity: u32,
    /// Whether writes that may create an object tell its size beforehand.
    pub(super) alloc_hint: bool,
    /// `LIBRADOS_ALLOC_HINT_FLAG_*` of those hints.
    pub(super) alloc_hint_flags: u32,
    pub(super) copy_on_read: bool,
    /// Asynchronous writes may use the caller's memory until they complete.
    pub(super) zero_copy: bool,
    /// Seconds after which a write, or a read, updates the image's time stamp; 0 for never.
    pub(super) modify_interval: u64,
    pub(super) access_interval: u64,
    pub(super) read_flags: ReqFlags,
    pub(super) parent_read_flags: ReqFlags,
    /// Of reads from a snapshot.
    pub(super) snap_read_flags: ReqFlags,
    /// The options behind these.
    pub(super) overlay: Overlay,
}

impl IoSettings {
    /// Reads the overrides of the pool and the image, and the options under them.
    pub(super) async fn read(pool: &Pool, id: &str) -> Result<IoSettings> {
        let mut overlay = Overlay::new(&pool.config);
        let of_pool = settings::overrides(pool).await?;
        overlay.apply(Source::Pool, settings::text(&of_pool));
        let of_image = settings::image_overrides(pool, id).await?;
        overlay.apply(Source::Image, settings::text(&of_image));
        Ok(IoSettings::new(overlay))
    }

    /// From options.
    pub(super) fn new(overlay: Overlay) -> IoSettings {
        let o = &overlay;
        let cache = match (o.bool("rbd_cache"), o.bool("rbd_cache_writethrough_until_flush")) {
            (false, _) => CacheMode::Through,
            _ if o.text("rbd_cache_policy") == "writethrough" => CacheMode::Through,
            _ if o.u64("rbd_cache_max_dirty") == 0 => CacheMode::Through,
            (true, true) => CacheMode::ThroughUntilFlush,
            (true, false) => CacheMode::Back,
        };
        let granularity = match o.bool("rbd_skip_partial_discard") {
            true => u32::try_from(o.u64("rbd_discard_granularity_bytes")).unwrap_or(u32::MAX),
            false => 0,
        };
        let alloc_hint_flags = match o.text("rbd_compression_hint").as_str() {
            "compressible" => 1 << 8,
            "incompressible" => 1 << 9,
            _ => 0,
        };
        let read_flags = match o.text("rbd_read_from_replica_policy").as_str() {
            "balance" => ReqFlags::BALANCE_READS,
            "localize" => ReqFlags::LOCALIZE_READS,
            _ => ReqFlags::empty(),
        };
        let from_replicas =
            |balance: &str, localize: &str| match (o.bool(balance), o.bool(localize)) {
                (true, _) => ReqFlags::BALANCE_READS,
                (_, true) => ReqFlags::LOCALIZE_READS,
                _ => ReqFlags::empty(),
            };
        let parent_read_flags =
            from_replicas("rbd_balance_parent_reads", "rbd_localize_parent_reads");
        let snap_read_flags = from_replicas("rbd_balance_snap_reads", "rbd_localize_snap_reads");
        IoSettings {
            cache,
            cache_limits: cache_limits(o),
            discard_granularity: granularity,
            alloc_hint: o.bool("rbd_enable_alloc_hint"),
            alloc_hint_flags,
            copy_on_read: o.bool("rbd_clone_copy_on_read"),
            // What is cached outlives the completion.
            zero_copy: !o.bool("rbd_disable_zero_copy_writes") && !o.bool("rbd_cache"),
            modify_interval: o.u64("rbd_mtime_update_interval"),
            access_interval: o.u64("rbd_atime_update_interval"),
            read_flags,
            parent_read_flags,
            snap_read_flags,
            overlay,
        }
    }
}

/// `rbd_cache_max_dirty`, and so many operations that a program never waits inside the call that
/// would be one too many for `objecter_inflight_ops`: it has acknowledgements to wait for.
fn cache_limits(options: &Overlay) -> Limits {
    let (ops, objects) = match options.u64("objecter_inflight_ops") {
        0 => (u64::MAX, GATHERED_OBJECTS),
        ops => (ops / 2, GATHERED_OBJECTS.min(ops / 4).max(1)),
    };
    let objects = usize::try_from(objects).unwrap_or(1);
    Limits { bytes: options.u64("rbd_cache_max_dirty"), ops, objects }
}
