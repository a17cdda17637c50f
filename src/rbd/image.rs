//! An open image: opening, refreshing, closing. See the parts' own files for what else it does.
//!
//! The order in which locks are taken: `refreshing`, then `lock.transition`; the short ones
//! (`view`, the gate's, ...) are never held across a call into the engine or an `await`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Weak};

use parking_lot::{Mutex, RwLock};

use super::gate::{Gate, Ticket};
use super::header::{Fixed, Header};
use super::io::{Cache, Contexts, Copyup, Request};
use super::lock::ExclusiveLock;
use super::object_map::OpenMap;
use super::resolve::resolve;
use super::view::{IoSettings, View, write_context};
use super::watch::{HeaderWatch, Listener};
use super::{Features, Pool};
use crate::conf::rbd::Overlay;
use crate::errno::{Errno, Result};
use crate::model::{Pending, PoolId, ReqFlags, SnapId};

/// Which image to open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ImageRef {
    /// By its name.
    Name(String),
    /// By its id, also when it is in the trash.
    Id(String),
}

/// What of the image to open.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum OpenAt {
    /// The head.
    #[default]
    Head,
    /// A user's snapshot, by name.
    SnapName(String),
    /// Any snapshot, by number.
    SnapId(SnapId),
}

/// How to open an image.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OpenOptions {
    /// Head or snapshot.
    pub at: OpenAt,
    /// Without a watch and never written. A snapshot cannot be written either way.
    pub read_only: bool,
    /// Do not open the parent: data of a clone must then not be read. For work on headers.
    pub skip_parent: bool,
    /// Flags of every read of data, besides the configured ones.
    pub read_flags: ReqFlags,
}

/// An open image: what `rbd_image_t` stands for. Shared by requests under way, so behind an `Arc`.
pub struct Image {
    /// Itself, for requests and tasks that outlive a borrow.
    this: Weak<Image>,
    pool: Pool,
    id: String,
    name: RwLock<String>,
    options: OpenOptions,
    fixed: Fixed,
    /// One refresh at a time.
    refreshing: tokio::sync::Mutex<()>,
    view: RwLock<Arc<View>>,
    pub(super) gate: Gate<Request>,
    /// Where writes may be acknowledged before they are written.
    pub(super) cache: Option<Cache>,
    /// The engine has objects in memory, for reads at once.
    pub(super) has_contexts: bool,
    pub(super) lock: ExclusiveLock,
    pub(super) watch: HeaderWatch,
    /// Copy-ups under way, by object.
    pub(super) copyups: Mutex<HashMap<u64, Copyup>>,
    /// Whether the guest has flushed.
    pub(super) flushed: AtomicBool,
    /// When the time stamps of writes and reads were last stored, in seconds since 1970.
    pub(super) modified: AtomicU64,
    pub(super) accessed: AtomicU64,
}

impl Image {
    /// Opens an image. `-ENOENT` when there is none, or no such snapshot; `-EOPNOTSUPP` for one of
    /// the old format; `-ENOSYS` for features that this library does not have.
    pub fn open(pool: Pool, which: ImageRef, options: OpenOptions) -> Pending<'static, Arc<Image>> {
        // Boxed, since the parent may have a parent.
        Box::pin(Image::open_all(pool, which, options))
    }

    async fn open_all(pool: Pool, which: ImageRef, options: OpenOptions) -> Result<Arc<Image>> {
        let (id, name) = resolve(&pool, which).await?;
        let fixed = Fixed::read(&pool, &id).await?;
        // The watch comes first, so that no change goes unheard.
        let watch = match options.read_only {
            true => None,
            false => Some(Listener::watch(&pool, &id).await?),
        };
        let read = async {
            let header = Header::read(&pool, &id, &fixed, options.read_only).await?;
            Ok((header, IoSettings::read(&pool, &id).await?))
        };
        let (header, settings) = match read.await {
            Ok(read) => read,
            Err(error) => {
                if let Some((_, handle)) = watch {
                    let _ = pool.engine.unwatch(handle).await;
                }
                return Err(error);
            }
        };
        let view = View {
            snap: SnapId::HEAD,
            size: Some(header.size),
            parent: None,
            object_map: None,
            contexts: Contexts::for_engine(&*pool.engine),
            settings: Arc::new(settings),
            context: write_context(&header),
            header: Arc::new(header),
        };
        let mode = if options.read_only { ", read-only" } else { "" };
        log::info!(target: "rbd", "opened image {id} ({name}) of pool {}{mode}", pool.id);
        let cached = !options.read_only && !pool.engine.keeps_writes();
        let cache = cached.then(Cache::new);
        let has_contexts = view.contexts.is_some();
        let image = Arc::new_cyclic(|this| Image {
            this: this.clone(),
            pool,
            id,
            name: RwLock::new(name),
            fixed,
            refreshing: tokio::sync::Mutex::new(()),
            lock: ExclusiveLock::new(),
            watch: HeaderWatch::new(watch.as_ref().map(|(_, handle)| *handle)),
            copyups: Mutex::default(),
            flushed: AtomicBool::new(false),
            modified: AtomicU64::new(view.header.modified.sec.into()),
            accessed: AtomicU64::new(view.header.accessed.sec.into()),
            view: RwLock::new(Arc::new(view)),
            gate: Gate::new(),
            cache,
            has_contexts,
            options,
        });
        if watch.is_some_and(|(listener, handle)| listener.attach(&image, handle)) {
            image.gate.mark_stale();
        }
        if let Err(error) = image.start().await {
            let _ = image.close().await;
            return Err(error);
        }
        Ok(image)
    }

    async fn start(self: &Arc<Self>) -> Result<()> {
        let header = self.header();
        let snap = match &self.options.at {
            OpenAt::Head => SnapId::HEAD,
            OpenAt::SnapId(id) => *id,
            OpenAt::SnapName(name) => {
                let snap = header.user_snapshot(name);
                snap.ok_or_else(|| Errno::ENOENT.because(format!("no snapshot {name}")))?.id
            }
        };
        self.gate.set_lock_missing(self.wants_lock(&header, snap), false);
        if self.gate.is_stale() {
            let _one = self.refreshing.lock().await;
            return self.refresh_to(snap).await;
        }
        self.show(header, self.view().settings.clone(), snap).await
    }

    /// Flushes, gives up the lock and ends the watch. Requests after this fail with `-ESHUTDOWN`.
    pub fn close(&self) -> Pending<'_, ()> {
        log::info!(target: "rbd", "closing image {}", self.id);
        // Boxed, since the parent may have a parent.
        Box::pin(self.close_all())
    }

    async fn close_all(&self) -> Result<()> {
        if self.gate.is_closed() {
            return Ok(());
        }
        // Behind whatever waits for the lock.
        self.settle().await;
        self.gate.drained().await;
        self.gate.close();
        for request in self.gate.take_all() {
            request.fail(super::gate::CLOSED.into());
        }
        self.gate.drained().await;
        let flushed = match self.is_read_only() {
            true => Ok(()),
            false => self.flush_store().await,
        };
        let released = self.release_lock().await;
        self.stop_watch().await;
        let old = {
            let mut view = self.view.write();
            let closed =
                View { parent: None, object_map: None, contexts: None, ..(**view).clone() };
            std::mem::replace(&mut *view, Arc::new(closed))
        };
        if let Some((parent, _)) = &old.parent {
            parent.close().await?;
        }
        // Nobody else will say so.
        self.take_lost().and(flushed).and(released)
    }

    /// Reads the header again. `-ENOENT` when the image is gone.
    pub async fn refresh(&self) -> Result<()> {
        let _one = self.refreshing.lock().await;
        self.refresh_to(self.snap()).await
    }

    /// Reads the header again if another client has said that it changed.
    pub async fn refresh_if_required(&self) -> Result<()> {
        if !self.gate.is_stale() {
            return Ok(());
        }
        let _one = self.refreshing.lock().await;
        if self.gate.is_stale() {
            self.refresh_to(self.snap()).await?;
        }
        // The object map may just have been switched on.
        match self.lock.is_held() {
            true => self.open_head_map().await,
            false => Ok(()),
        }
    }

    /// Changes to the head or a snapshot: `rbd_snap_set`. `-ENOENT`.
    pub async fn set_snap(&self, snap: SnapId) -> Result<()> {
        self.refresh_if_required().await?;
        if snap != SnapId::HEAD && !self.header().snapshots.contains_key(&snap) {
            return Err(Errno::ENOENT.because(format!("no snapshot {snap}")));
        }
        if snap == self.snap() {
            return Ok(());
        }
        if snap != SnapId::HEAD {
            self.gate.drained().await;
            self.release_lock().await?;
        }
        let _one = self.refreshing.lock().await;
        let view = self.view();
        // An operation may have taken the lock while a snapshot was open.
        let missing = self.wants_lock(&view.header, snap) && !self.lock.is_held();
        self.gate.set_lock_missing(missing, false);
        self.show(Arc::clone(&view.header), Arc::clone(&view.settings), snap).await
    }

    /// Reads the header and shows it. `refreshing` is held.
    async fn refresh_to(&self, snap: SnapId) -> Result<()> {
        let heard = self.gate.heard();
        let read = Header::read(&self.pool, &self.id, &self.fixed, self.options.read_only).await;
        let header = Arc::new(read?);
        let settings = Arc::new(IoSettings::read(&self.pool, &self.id).await?);
        self.show(header, settings, snap).await?;
        self.gate.refreshed(heard);
        Ok(())
    }

    /// Makes a header the one that requests see from now on. `refreshing` is held.
    async fn show(
        &self,
        header: Arc<Header>,
        settings: Arc<IoSettings>,
        snap: SnapId,
    ) -> Result<()> {
        let old = self.view();
        let parent = self.parent_for(&old, &header, snap).await?;
        let mut object_map = old.object_map.clone().filter(|_| snap == old.snap);
        if !header.features.contains(Features::OBJECT_MAP) {
            object_map = None;
        } else if object_map.is_none() && snap != SnapId::HEAD {
            // A snapshot whose map cannot be read is read without one.
            object_map = OpenMap::open(&self.pool, &self.id, &header, snap).await.ok();
        }
        let contexts = match snap == old.snap {
            true => old.contexts.clone(),
            false => Contexts::for_engine(&*self.pool.engine),
        };
        let view = View {
            contexts,
            size: header.size_at(snap),
            snap,
            parent,
            object_map,
            settings,
            context: write_context(&header),
            header,
        };
        let wanted = self.wants_lock(&view.header, snap);
        let had = self.wants_lock(&old.header, old.snap);
        self.replace_view(view);
        self.lock_feature_changed(had, wanted);
        let parent = old.parent.as_ref().map(|(image, _)| image);
        let kept = self.view().parent.as_ref().map(|(image, _)| Arc::clone(image));
        if let Some(parent) = parent
            && !kept.is_some_and(|kept| Arc::ptr_eq(&kept, parent))
        {
            // Requests under way may still read it; its own close waits for them.
            let parent = Arc::clone(parent);
            crate::runtime::spawn(async move {
                if let Err(error) = parent.close().await {
                    log::warn!(target: "rbd", "closing a parent: {error}");
                }
            });
        }
        Ok(())
    }

    /// The parent of a version of the image: the one that is open if it is still the right one.
    async fn parent_for(
        &self,
        old: &View,
        header: &Header,
        snap: SnapId,
    ) -> Result<Option<(Arc<Image>, u64)>> {
        let Some(link) = header.parent_at(snap).filter(|link| link.overlap > 0) else {
            return Ok(None);
        };
        if self.options.skip_parent {
            return Ok(None);
        }
        if let Some((parent, _)) = &old.parent
            && parent.is(link.spec.pool_id, &link.spec.image_id, link.spec.snap_id)
        {
            return Ok(Some((Arc::clone(parent), link.overlap)));
        }
        let pool = self.pool.with_pool(PoolId(link.spec.pool_id));
        let pool = pool.with_namespace(link.spec.pool_namespace.as_str());
        let options = OpenOptions {
            at: OpenAt::SnapId(link.spec.snap_id),
            read_only: true,
            skip_parent: false,
            read_flags: self.options.read_flags | old.settings.parent_read_flags,
        };
        let which = ImageRef::Id(link.spec.image_id.clone());
        let parent = Image::open(pool, which, options)
            .await
            .map_err(|error| error.context("opening the parent"))?;
        Ok(Some((parent, link.overlap)))
    }

    fn is(&self, pool: i64, image_id: &str, snap: SnapId) -> bool {
        self.pool.id == PoolId(pool) && self.id == image_id && self.snap() == snap
    }

    /// Whether writing this version of the image needs its lock.
    fn wants_lock(&self, header: &Header, snap: SnapId) -> bool {
        header.features.contains(Features::EXCLUSIVE_LOCK)
            && !self.options.read_only
            && snap == SnapId::HEAD
    }

    /// Whether the image has a lock to hold as it is open now.
    pub(super) fn has_lock(&self) -> bool {
        let view = self.view();
        self.wants_lock(&view.header, view.snap)
    }

    /// Whether the memory of an asynchronous write stays as it is until its completion, which a
    /// program promises with `rbd_disable_zero_copy_writes = false`.
    #[must_use]
    pub fn has_zero_copy(&self) -> bool {
        self.view().settings.zero_copy
    }

    /// Flags of a read of data.
    pub(super) fn read_flags(&self, view: &View) -> ReqFlags {
        let settings = &view.settings;
        // The policy for all images decides before what holds for parents or snapshots.
        match settings.read_flags.is_empty() {
            false => settings.read_flags,
            true if view.snap == SnapId::HEAD => self.options.read_flags,
            true => self.options.read_flags | settings.snap_read_flags,
        }
    }

    pub(super) fn view(&self) -> Arc<View> {
        Arc::clone(&self.view.read())
    }

    pub(super) fn replace_view(&self, view: View) {
        *self.view.write() = Arc::new(view);
    }

    /// Changes what requests see.
    pub(super) fn change_view(&self, change: impl FnOnce(&mut View)) {
        let mut current = self.view.write();
        let mut view = (**current).clone();
        change(&mut view);
        *current = Arc::new(view);
    }

    /// Itself; `None` while its last owner lets go of it.
    pub(super) fn this(&self) -> Option<Arc<Image>> {
        self.this.upgrade()
    }

    /// Keeps writes from starting and waits for those under way, until the guard is dropped. For
    /// taking snapshots.
    pub async fn block_writes(self: &Arc<Self>) -> WritesBlocked {
        self.gate.hold_writes();
        let blocked = WritesBlocked { image: Arc::clone(self) };
        self.gate.drained().await;
        blocked
    }

    /// Starts what waited at the gate and now need not.
    pub(super) fn pump(&self) {
        let Some(this) = self.this() else { return };
        for (request, ticket) in self.gate.pump() {
            request.start(&this, ticket);
        }
        if self.gate.becomes_attended() {
            crate::runtime::spawn(this.attend());
        }
    }

    /// Removes what stands in the way of requests, until there is nothing.
    pub(super) async fn attend(self: Arc<Self>) {
        loop {
            let obstacles = self.gate.obstacles();
            if obstacles.stale
                && let Err(error) = self.refresh_if_required().await
            {
                log::warn!(target: "rbd", "refreshing image {}: {error}", self.id);
                for request in self.gate.take_all() {
                    request.fail(error.clone());
                }
            } else if obstacles.lock
                && let Err(error) = self.acquire_for_io().await
            {
                for request in self.gate.take_waiting_for_lock() {
                    request.fail(error.clone());
                }
            }
            self.pump();
            if !obstacles.stale && !obstacles.lock {
                return;
            }
        }
    }

    /// Makes durable what was written so far by any request that was acknowledged.
    pub(super) async fn flush_store(&self) -> Result<()> {
        self.gate.drained().await;
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let data_pool = self.header().data_pool;
        self.pool.engine.flush(data_pool, Box::new(move |result| drop(sender.send(result))));
        receiver.await.unwrap_or_else(|_| Err(Errno::ESHUTDOWN.into()))
    }

    /// Where the header is.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Where the data is, in the image's namespace.
    #[must_use]
    pub fn data_pool(&self) -> Pool {
        Pool { id: self.header().data_pool, ..self.pool.clone() }
    }

    /// The image's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The image's name.
    #[must_use]
    pub fn name(&self) -> String {
        self.name.read().clone()
    }

    /// The image was renamed.
    pub(super) fn set_name(&self, name: &str) {
        name.clone_into(&mut self.name.write());
    }

    /// What is known of the header now.
    #[must_use]
    pub fn header(&self) -> Arc<Header> {
        Arc::clone(&self.view.read().header)
    }

    /// Bytes of what is open: the head or the snapshot. `-ENOENT` when the snapshot is gone.
    pub fn size(&self) -> Result<u64> {
        let view = self.view();
        view.size.ok_or_else(|| Errno::ENOENT.because("the snapshot is gone"))
    }

    /// The snapshot it is open at, [`SnapId::HEAD`] for the head.
    #[must_use]
    pub fn snap(&self) -> SnapId {
        self.view.read().snap
    }

    /// The parent of what is open, with the bytes that come from it.
    #[must_use]
    pub fn parent(&self) -> Option<(Arc<Image>, u64)> {
        self.view.read().parent.clone()
    }

    /// The options with the overrides of the pool and the image.
    #[must_use]
    pub fn config(&self) -> Overlay {
        self.view.read().settings.overlay.clone()
    }

    /// Whether writes fail with `-EROFS`: opened so, or at a snapshot.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.options.read_only || self.snap() != SnapId::HEAD
    }

    /// Whether it was opened without a watch, never to be written.
    #[must_use]
    pub fn was_opened_read_only(&self) -> bool {
        self.options.read_only
    }

    /// Whether all of these features are on.
    #[must_use]
    pub fn has(&self, features: Features) -> bool {
        self.view.read().has(features)
    }

    /// A request has ended.
    pub(super) fn leave(&self, ticket: Ticket) {
        self.gate.leave(ticket);
    }
}

impl Drop for Image {
    /// An image that was not closed: its watch ends, and so others may break its lock.
    fn drop(&mut self) {
        let Some(handle) = self.watch.handle() else { return };
        let engine = Arc::clone(&self.pool.engine);
        crate::runtime::spawn(async move {
            let _ = engine.unwatch(handle).await;
        });
    }
}

/// While this lives, writes to the image wait.
pub struct WritesBlocked {
    image: Arc<Image>,
}

impl Drop for WritesBlocked {
    fn drop(&mut self) {
        self.image.gate.let_writes();
        self.image.pump();
    }
}
