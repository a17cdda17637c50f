//! The object map of an open image: which data objects exist, in memory and in the store.
//!
//! The head's map is open while the image's lock is held, and has a lock of its own
//! (`rbd_object_map.<id>`, lock `rbd_lock` without a cookie), so that what a client sends late,
//! after losing the image's lock, changes nothing. A snapshot's map is only read.
//!
//! ```text
//!   a write:    EXISTS before the data is written, if the map does not say so already
//!   a removal:  PENDING before, NONEXISTENT after
//! ```
//!
//! Updates of one object happen one after the other. An update that fails makes the map invalid (a
//! flag in the header); the write itself goes on.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use super::header::Header;
use super::{Features, ImageFlags, Pool};
use crate::cls::Method;
use crate::cls::lock::{AssertLocked, BreakLock, GetInfo, Lock, LockType, Unlock};
use crate::cls::rbd::object_map::MAX_OBJECTS;
use crate::cls::rbd::{
    ObjectMap, ObjectMapLoad, ObjectMapResize, ObjectMapSnapAdd, ObjectMapSnapRemove,
    ObjectMapUpdate, ObjectState, SetFlags, names::EXCLUSIVE_LOCK,
};
use crate::errno::{Errno, Result};
use crate::model::{EngineExt, ObjectOp, Op, SnapId, Target};

/// Most objects one update covers.
const UPDATE_MAX: u64 = 256 << 10;

/// An object map that is open.
pub(super) struct OpenMap {
    pool: Pool,
    image_id: String,
    snap: SnapId,
    fast_diff: bool,
    invalid: AtomicBool,
    state: Mutex<State>,
}

struct State {
    map: ObjectMap,
    /// Objects whose update is under way.
    busy: Vec<(u64, u64)>,
    /// Updates that wait for those.
    waiting: VecDeque<Update>,
}

/// Called when an update is done. Errors were dealt with.
pub(super) type Updated = Box<dyn FnOnce() + Send>;

struct Update {
    from: u64,
    to: u64,
    state: ObjectState,
    current: Option<ObjectState>,
    done: Updated,
}

impl OpenMap {
    /// Loads the map of the head (taking its lock) or of a snapshot. A map that is missing, damaged
    /// or too short is made invalid and taken for "everything may exist". `-EFBIG`: too many
    /// objects.
    pub(super) async fn open(
        pool: &Pool,
        image_id: &str,
        header: &Header,
        snap: SnapId,
    ) -> Result<Arc<OpenMap>> {
        let objects = header.layout.object_count(header.size_at(snap).ok_or(Errno::ENOENT)?);
        let open = OpenMap {
            pool: pool.clone(),
            image_id: image_id.to_owned(),
            snap,
            fast_diff: header.features.contains(Features::FAST_DIFF),
            invalid: AtomicBool::new(
                header.flags_at(snap).is_some_and(|f| f.contains(ImageFlags::OBJECT_MAP_INVALID)),
            ),
            state: Mutex::new(State {
                map: ObjectMap::default(),
                busy: Vec::new(),
                waiting: VecDeque::new(),
            }),
        };
        if objects > MAX_OBJECTS {
            open.invalidate(snap).await;
            return Err(Errno::EFBIG.because("too many objects for an object map"));
        }
        if snap == SnapId::HEAD {
            open.take_lock().await;
        }
        let loaded = open.load(snap).await;
        let map = match loaded {
            Ok(map) if map.len() >= objects => map,
            loaded => {
                open.repair_size(objects, &loaded).await;
                ObjectMap::new(objects, ObjectState::Exists)?
            }
        };
        open.state.lock().map = map;
        Ok(Arc::new(open))
    }

    async fn load(&self, snap: SnapId) -> Result<ObjectMap> {
        let op = ObjectOp::read(self.target(snap)).then(ObjectMapLoad {}.call());
        ObjectMapLoad::reply(&self.pool.engine.run(op).await?.take_data(0))
    }

    /// The map does not fit the image: says so in the header, and gives it its size.
    async fn repair_size(&self, objects: u64, loaded: &Result<ObjectMap>) {
        log::warn!(target: "rbd", "object map of image {} is wrong: {loaded:?}", self.image_id);
        self.invalidate(self.snap).await;
        let damaged = match loaded {
            Ok(_) => false,
            Err(error) if *error == Errno::EINVAL || *error == Errno::EBADMSG => true,
            Err(_) => return,
        };
        let mut op = self.locked_write(self.snap);
        if damaged {
            op = op.then(Op::Truncate(0));
        }
        let resize = ObjectMapResize { objects, state: ObjectState::Nonexistent };
        if let Err(error) = self.pool.engine.run(op.then(resize.call())).await {
            log::warn!(target: "rbd", "resizing the object map of {}: {error}", self.image_id);
        }
    }

    /// Takes the map's own lock, breaking that of a former owner: whoever holds the image's lock is
    /// in the right.
    async fn take_lock(&self) {
        for _ in 0..2 {
            let lock = Lock {
                name: EXCLUSIVE_LOCK.into(),
                lock_type: LockType::Exclusive,
                ..Lock::default()
            };
            let op = ObjectOp::write(self.target(SnapId::HEAD)).then(lock.call());
            match self.pool.engine.run(op).await {
                Err(error) if error == Errno::EBUSY => {}
                Err(error) if error != Errno::EEXIST => {
                    log::warn!(target: "rbd", "object map lock of {}: {error}", self.image_id);
                    return;
                }
                _ => return,
            }
            if let Err(error) = self.break_lock().await {
                log::warn!(target: "rbd", "object map lock of {}: {error}", self.image_id);
            }
        }
    }

    async fn break_lock(&self) -> Result<()> {
        let info = GetInfo { name: EXCLUSIVE_LOCK.into() };
        let op = ObjectOp::read(self.target(SnapId::HEAD)).then(info.call());
        let info = GetInfo::reply(&self.pool.engine.run(op).await?.take_data(0))?;
        let mut op = ObjectOp::write(self.target(SnapId::HEAD));
        for holder in info.lockers.keys() {
            op = op.then(
                BreakLock {
                    name: EXCLUSIVE_LOCK.into(),
                    locker: holder.locker,
                    cookie: holder.cookie.clone(),
                }
                .call(),
            );
        }
        match self.pool.engine.run(op).await {
            Err(error) if error != Errno::ENOENT => Err(error),
            _ => Ok(()),
        }
    }

    /// Gives up the map's own lock. No update may be under way.
    pub(super) async fn close(&self) {
        if self.snap != SnapId::HEAD {
            return;
        }
        let unlock = Unlock { name: EXCLUSIVE_LOCK.into(), cookie: String::new() };
        let op = ObjectOp::write(self.target(SnapId::HEAD)).then(unlock.call());
        if let Err(error) = self.pool.engine.run(op).await {
            log::debug!(target: "rbd", "unlocking the object map of {}: {error}", self.image_id);
        }
    }

    fn target(&self, snap: SnapId) -> Target {
        self.pool.object_map(&self.image_id, snap)
    }

    /// A write to a map that fails unless this client still holds the head's map.
    fn locked_write(&self, snap: SnapId) -> ObjectOp {
        let op = ObjectOp::write(self.target(snap));
        if snap != SnapId::HEAD {
            return op;
        }
        let assert = AssertLocked {
            name: EXCLUSIVE_LOCK.into(),
            lock_type: LockType::Exclusive,
            ..AssertLocked::default()
        };
        op.then(assert.call())
    }

    /// Whether the map was found wrong while open.
    pub(super) fn is_invalid(&self) -> bool {
        self.invalid.load(Ordering::Relaxed)
    }

    /// The map was made anew: it can be trusted again.
    pub(super) fn validated(&self) {
        self.invalid.store(false, Ordering::Relaxed);
    }

    /// What is known of an object.
    pub(super) fn get(&self, object: u64) -> ObjectState {
        self.state.lock().map.get(object)
    }

    /// A copy of the map.
    pub(super) fn snapshot(&self) -> ObjectMap {
        self.state.lock().map.clone()
    }

    /// Says in the header that a map is not to be trusted. An error is only logged: whoever reads
    /// the map finds out as this client did.
    pub(super) async fn invalidate(&self, snap: SnapId) {
        if snap == self.snap {
            self.invalid.store(true, Ordering::Relaxed);
        }
        let mut flags = ImageFlags::OBJECT_MAP_INVALID;
        flags.set(ImageFlags::FAST_DIFF_INVALID, self.fast_diff);
        let set = SetFlags { flags: flags.bits(), mask: flags.bits(), snap_id: snap };
        let op = ObjectOp::write(self.pool.header(&self.image_id)).then(set.call());
        if let Err(error) = self.pool.engine.run(op).await {
            log::error!(target: "rbd", "invalidating the object map of {}: {error}", self.image_id);
        }
    }

    /// Sets the state of objects of the head's map, of those in `current` state if that is given.
    /// Calls `done` when that is stored: inside this call, and with `true` returned, if nothing is
    /// to be done.
    pub(super) fn update(
        self: &Arc<Self>,
        (from, to): (u64, u64),
        state: ObjectState,
        current: Option<ObjectState>,
        done: Updated,
    ) -> bool {
        let update = Update { from, to, state, current, done };
        let mut locked = self.state.lock();
        if locked.is_busy(&update) {
            locked.waiting.push_back(update);
            return false;
        }
        if !locked.is_needed(&update) {
            drop(locked);
            (update.done)();
            return true;
        }
        locked.busy.push((from, to));
        drop(locked);
        self.send(update);
        false
    }

    /// Whether [`OpenMap::update`] would do something now.
    pub(super) fn is_update_needed(&self, object: u64, state: ObjectState) -> bool {
        let locked = self.state.lock();
        locked.busy.iter().any(|(from, to)| (*from..*to).contains(&object))
            || update_changes(locked.map.get(object), state)
    }

    fn send(self: &Arc<Self>, update: Update) {
        let to = update.to.min(update.from + UPDATE_MAX).min(self.state.lock().map.len());
        let step =
            ObjectMapUpdate { from: update.from, to, state: update.state, current: update.current };
        let op = self.locked_write(SnapId::HEAD).then(step.call());
        let this = Arc::clone(self);
        self.pool.engine.submit(
            op,
            Box::new(move |reply| match Errno::from_c(reply.result) {
                None => this.stored(update, to),
                Some(errno) => {
                    log::error!(target: "rbd", "updating object map {}: {errno}", this.image_id);
                    crate::runtime::spawn(async move {
                        this.invalidate(SnapId::HEAD).await;
                        this.stored(update, to);
                    });
                }
            }),
        );
    }

    /// Objects up to `to` have their new state in the store.
    fn stored(self: &Arc<Self>, mut update: Update, to: u64) {
        let mut locked = self.state.lock();
        locked.map.update(update.from, to, update.state, update.current);
        if to < update.to.min(locked.map.len()) {
            drop(locked);
            update.from = to;
            return self.send(update);
        }
        locked.busy.retain(|(_, end)| *end != update.to);
        let waiting = std::mem::take(&mut locked.waiting);
        drop(locked);
        (update.done)();
        for next in waiting {
            self.update((next.from, next.to), next.state, next.current, next.done);
        }
    }

    /// Waits for [`OpenMap::update`].
    pub(super) async fn updated(
        self: &Arc<Self>,
        range: (u64, u64),
        state: ObjectState,
        current: Option<ObjectState>,
    ) {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let done = Box::new(move || {
            let _ = sender.send(());
        });
        self.update(range, state, current, done);
        let _ = receiver.await;
    }

    /// Sets an object's state in the map of a snapshot, in the store only.
    pub(super) async fn update_snapshot(&self, snap: SnapId, object: u64, state: ObjectState) {
        let step = ObjectMapUpdate { from: object, to: object + 1, state, current: None };
        let op = self.locked_write(snap).then(step.call());
        match self.pool.engine.run(op).await {
            Err(error) if error != Errno::ENOENT => {
                log::error!(target: "rbd", "object map {} at {snap}: {error}", self.image_id);
                self.invalidate(snap).await;
            }
            _ => {}
        }
    }

    /// Changes the number of objects; new ones do not exist.
    pub(super) async fn resize(&self, objects: u64) {
        let step = ObjectMapResize { objects, state: ObjectState::Nonexistent };
        let op = self.locked_write(SnapId::HEAD).then(step.call());
        if let Err(error) = self.pool.engine.run(op).await {
            log::error!(target: "rbd", "resizing object map {}: {error}", self.image_id);
            self.invalidate(SnapId::HEAD).await;
        }
        if let Err(error) = self.state.lock().map.resize(objects, ObjectState::Nonexistent) {
            log::error!(target: "rbd", "resizing object map {}: {error}", self.image_id);
        }
    }

    /// Gives a new snapshot its map, a copy of the head's; with fast-diff the head is clean then.
    /// Writes are held back by the caller.
    pub(super) async fn snapshot_added(&self, snap: SnapId) {
        if let Err(error) = self.copy_map(SnapId::HEAD, snap).await {
            log::error!(target: "rbd", "object map of {} for {snap}: {error}", self.image_id);
            self.invalidate(SnapId::HEAD).await;
            return;
        }
        if !self.fast_diff {
            return;
        }
        let op = self.locked_write(SnapId::HEAD).then(ObjectMapSnapAdd {}.call());
        if let Err(error) = self.pool.engine.run(op).await {
            log::error!(target: "rbd", "object map of {} for {snap}: {error}", self.image_id);
            self.invalidate(SnapId::HEAD).await;
        }
        let mut locked = self.state.lock();
        let all = locked.map.len();
        locked.map.update(0, all, ObjectState::ExistsClean, Some(ObjectState::Exists));
    }

    async fn copy_map(&self, from: SnapId, to: SnapId) -> Result<()> {
        let read = ObjectOp::read(self.target(from)).then(Op::Read { off: 0, len: 0, into: None });
        let stored = self.pool.engine.run(read).await?.take_data(0);
        let op = self.locked_write(to).then(Op::WriteFull(stored.into()));
        self.pool.engine.run(op).await.map(drop)
    }

    /// A snapshot is being removed: what changed in it counts as changed in `next`, the version
    /// behind it (with fast-diff); then its map goes. `flags` are the snapshot's.
    pub(super) async fn snapshot_removed(
        &self,
        snap: SnapId,
        next: SnapId,
        flags: ImageFlags,
    ) -> Result<()> {
        if self.fast_diff {
            let map = match self.load(snap).await {
                Err(error) if error == Errno::ENOENT => return Ok(()),
                Err(_) => None,
                Ok(_) if flags.contains(ImageFlags::OBJECT_MAP_INVALID) => None,
                Ok(map) => Some(map),
            };
            match map {
                Some(map) => self.merge_into(next, map).await,
                None => self.invalidate(next).await,
            }
        }
        let op = ObjectOp::write(self.target(snap)).then(Op::Remove);
        match self.pool.engine.run(op).await {
            Err(error) if error != Errno::ENOENT => Err(error),
            _ => Ok(()),
        }
    }

    async fn merge_into(&self, next: SnapId, map: ObjectMap) {
        let step = ObjectMapSnapRemove { map: map.clone() };
        let op = self.locked_write(next).then(step.call());
        match self.pool.engine.run(op).await {
            Err(error) if error != Errno::ENOENT => return self.invalidate(next).await,
            _ => {}
        }
        if next != self.snap || next != SnapId::HEAD {
            return;
        }
        let mut locked = self.state.lock();
        for object in 0..locked.map.len() {
            let was_dirty = object >= map.len() || map.get(object) == ObjectState::Exists;
            if was_dirty && locked.map.get(object) == ObjectState::ExistsClean {
                locked.map.set(object, ObjectState::Exists);
            }
        }
    }

    /// Makes the head's map a copy of a snapshot's in the store. The caller opens the map anew.
    pub(super) async fn rolled_back(&self, snap: SnapId) {
        if let Err(error) = self.copy_map(snap, SnapId::HEAD).await {
            log::error!(target: "rbd", "object map {} back to {snap}: {error}", self.image_id);
            self.invalidate(snap).await;
            self.invalidate(SnapId::HEAD).await;
        }
    }

    /// Reads the head's map again, after it was replaced in the store.
    pub(super) async fn reload(&self) {
        match self.load(self.snap).await {
            Ok(map) => self.state.lock().map = map,
            Err(error) => {
                log::error!(target: "rbd", "object map {}: {error}", self.image_id);
                self.invalidate(self.snap).await;
            }
        }
    }
}

/// Whether an object's state changes: a removal begins only for what exists and ends only what has
/// begun.
fn update_changes(now: ObjectState, new: ObjectState) -> bool {
    match new {
        _ if now == new => false,
        ObjectState::Pending => now != ObjectState::Nonexistent,
        ObjectState::Nonexistent => now == ObjectState::Pending,
        _ => true,
    }
}

impl State {
    fn is_busy(&self, update: &Update) -> bool {
        self.busy.iter().any(|(from, to)| *from < update.to && update.from < *to)
    }

    fn is_needed(&self, update: &Update) -> bool {
        (update.from..update.to.min(self.map.len()))
            .any(|object| update_changes(self.map.get(object), update.state))
    }
}
