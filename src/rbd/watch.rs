//! The watch on an image's header, and what its notifications start.
//!
//! Every client that may write watches. A notification is acknowledged at once with nothing, but
//! for the client it is meant for: the lock's owner answers with a result; an operation it runs for
//! another ends with a notification of its own (Complete).

use std::collections::HashMap;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use super::Pool;
use super::image::Image;
use super::message::{ClientId, Message, RequestId, Response};
use super::operations::{Operation, Progress};
use crate::codec::{Decode, Reader, Writer};
use crate::conf::Settings as _;
use crate::errno::{Errno, Result};
use crate::model::{Notification, Target, WatchHandle, WatchHandler};

/// The operation has to be asked for again: its runner is not, or no longer, the owner of the lock.
pub(super) const ERESTART: Errno = Errno(libc::ERESTART);
/// How long a notification's acknowledgements are waited for (the clients' own constant).
const NOTIFY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the results of others' operations are kept, in case they ask again.
const RESULTS_KEPT: Duration = Duration::from_secs(600);
/// How long to wait before a lost watch is tried again.
const REWATCH: Duration = Duration::from_secs(1);

/// Called when the header has changed. On the callback thread.
pub type UpdateCallback = Arc<dyn Fn() + Send + Sync>;

/// A program's pair of callbacks around a snapshot: the first has to be answered with
/// [`Image::quiesce_complete`]. On the callback thread.
#[derive(Clone)]
pub struct QuiesceCallbacks {
    /// Stop writing, then answer; gets the watcher's number.
    pub quiesce: Arc<dyn Fn(u64) + Send + Sync>,
    /// Go on.
    pub unquiesce: UpdateCallback,
}

/// The watch and what depends on it.
pub(super) struct HeaderWatch {
    /// 0 while there is none.
    handle: AtomicU64,
    blocklisted: AtomicBool,
    /// No watch is made any more: the image is closed or gone, or the client on the blocklist.
    stopped: AtomicBool,
    /// There is a watch again, or never will be.
    settled: Notify,
    /// Operations this client has asked the owner to run.
    asked: Mutex<HashMap<RequestId, Asked>>,
    /// Operations run for others: `None` while under way.
    served: Mutex<HashMap<RequestId, Option<(i32, Instant)>>>,
    updates: Mutex<HashMap<u64, UpdateCallback>>,
    quiesces: Mutex<HashMap<u64, Quiesce>>,
    numbers: AtomicU64,
}

struct Asked {
    progress: Progress,
    /// Signals that there is progress, or the end.
    events: tokio::sync::mpsc::UnboundedSender<Event>,
}

struct Quiesce {
    callbacks: QuiesceCallbacks,
    answer: Option<oneshot::Sender<i32>>,
}

/// What is heard of an operation that another client runs.
pub(super) enum Event {
    Progress,
    Ended(i32),
}

/// Receives the notifications of a header, also before there is an image for them.
pub(super) struct Listener {
    pool: Pool,
    target: Target,
    image: OnceLock<Weak<Image>>,
    /// Something arrived before there was an image.
    early: AtomicBool,
}

impl WatchHandler for Listener {
    fn notified(&self, notification: Notification) {
        match self.image.get() {
            Some(image) => {
                if let Some(image) = image.upgrade() {
                    image.notified(notification);
                }
            }
            None => {
                self.early.store(true, Ordering::Release);
                acknowledge(&self.pool, self.target.clone(), &notification, None);
            }
        }
    }

    fn failed(&self, handle: WatchHandle, error: Errno) {
        match self.image.get().and_then(Weak::upgrade) {
            Some(image) => image.watch_failed(handle, error),
            None => self.early.store(true, Ordering::Release),
        }
    }
}

impl Listener {
    /// Watches a header.
    pub(super) async fn watch(pool: &Pool, id: &str) -> Result<(Arc<Listener>, WatchHandle)> {
        let target = pool.header(id);
        let listener = Arc::new(Listener {
            pool: pool.clone(),
            target: target.clone(),
            image: OnceLock::new(),
            early: AtomicBool::new(false),
        });
        let handler = Arc::clone(&listener) as Arc<dyn WatchHandler>;
        let handle = pool.engine.watch(target, None, handler).await?;
        Ok((listener, handle))
    }

    /// From now on notifications go to an image. Whether it has missed any.
    pub(super) fn attach(&self, image: &Arc<Image>, handle: WatchHandle) -> bool {
        let _ = self.image.set(Arc::downgrade(image));
        // It may have been lost while there was no image to tell.
        if let Err(error) = self.pool.engine.watch_check(handle) {
            image.watch_failed(handle, error.errno());
        }
        self.early.load(Ordering::Acquire)
    }
}

fn acknowledge(pool: &Pool, target: Target, notification: &Notification, answer: Option<i32>) {
    let payload = answer.map_or_else(Bytes::new, |result| Writer::of(&Response(result)));
    let engine = Arc::clone(&pool.engine);
    let (id, handle) = (notification.notify_id, notification.handle);
    crate::runtime::spawn(async move {
        if let Err(error) = engine.notify_ack(target, id, handle, payload).await {
            log::debug!(target: "rbd", "acknowledging a notification: {error}");
        }
    });
}

impl HeaderWatch {
    /// A watch under this handle; `None` for images that are opened without.
    pub(super) fn new(handle: Option<WatchHandle>) -> Self {
        HeaderWatch {
            handle: AtomicU64::new(handle.map_or(0, |handle| handle.0)),
            blocklisted: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            settled: Notify::new(),
            asked: Mutex::default(),
            served: Mutex::default(),
            updates: Mutex::default(),
            quiesces: Mutex::default(),
            numbers: AtomicU64::new(1),
        }
    }

    pub(super) fn handle(&self) -> Option<WatchHandle> {
        match self.handle.load(Ordering::Acquire) {
            0 => None,
            handle => Some(WatchHandle(handle)),
        }
    }

    /// Waits while there is no watch and one will be made.
    pub(super) async fn made(&self) {
        loop {
            let mut settled = pin!(self.settled.notified());
            settled.as_mut().enable();
            if self.handle().is_some() || self.stopped.load(Ordering::SeqCst) {
                return;
            }
            settled.await;
        }
    }

    fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.settled.notify_waiters();
    }

    pub(super) fn is_blocklisted(&self) -> bool {
        self.blocklisted.load(Ordering::Relaxed)
    }

    fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }
}

impl Image {
    pub(super) async fn stop_watch(&self) {
        self.watch.stop();
        self.watch.asked.lock().clear();
        let handle = self.watch.handle.swap(0, Ordering::SeqCst);
        if handle != 0
            && let Err(error) = self.pool().engine.unwatch(WatchHandle(handle)).await
        {
            log::debug!(target: "rbd", "ending the watch on {}: {error}", self.id());
        }
    }

    fn watch_failed(&self, handle: WatchHandle, error: Errno) {
        log::warn!(target: "rbd", "lost the watch on image {}: {error}", self.id());
        let lost =
            self.watch.handle.compare_exchange(handle.0, 0, Ordering::AcqRel, Ordering::Relaxed);
        if let (Ok(_), Some(this)) = (lost, self.this()) {
            crate::runtime::spawn(this.watch_again());
        }
    }

    /// Registers a lost watch anew and tells what depends on it.
    async fn watch_again(self: Arc<Self>) {
        loop {
            if self.watch.stopped.load(Ordering::Relaxed) {
                return;
            }
            match Listener::watch(self.pool(), self.id()).await {
                Ok((listener, handle)) => {
                    self.watch.handle.store(handle.0, Ordering::SeqCst);
                    self.watch.settled.notify_waiters();
                    // Whoever closed the image meanwhile saw no watch, or else this sees that.
                    if self.watch.stopped.load(Ordering::SeqCst) {
                        return self.stop_watch().await;
                    }
                    listener.attach(&self, handle);
                    break;
                }
                Err(error) if error == Errno::ENOENT => return self.watch.stop(),
                Err(error) if error == Errno::ESHUTDOWN => {
                    self.watch.blocklisted.store(true, Ordering::Relaxed);
                    return self.watch.stop();
                }
                Err(error) => {
                    log::debug!(target: "rbd", "watching image {} again: {error}", self.id());
                }
            }
            tokio::time::sleep(REWATCH).await;
        }
        // Notifications may have been missed.
        self.header_changed();
        if let Some(handle) = self.watch.handle()
            && let Err(error) = self.rewatched(handle).await
        {
            log::warn!(target: "rbd", "lock of image {} after a lost watch: {error}", self.id());
            if let Err(error) = self.release_lock().await {
                log::warn!(target: "rbd", "releasing the lock: {error}");
            }
        }
    }

    /// This client, as others know it. `-ENOTCONN` without a watch.
    pub(super) fn client_id(&self) -> Result<ClientId> {
        let handle = self.watch.handle().ok_or(Errno::ENOTCONN)?;
        Ok(ClientId { gid: self.pool().engine.instance_id(), handle: handle.0 })
    }

    fn is_me(&self, client: ClientId) -> bool {
        self.client_id().is_ok_and(|me| me == client)
    }

    /// Tells the other clients that the header changed. To be called after changing it; the view of
    /// this client is refreshed before its next request.
    pub async fn notify_update(&self) -> Result<()> {
        self.gate.mark_stale();
        match self.notify_all(Message::HeaderUpdate).await {
            // A client that does not answer must not make the change fail.
            Err(error) if error == Errno::ETIMEDOUT || error == Errno::ENOENT => Ok(()),
            result => result.map(drop),
        }
    }

    /// Notifies all clients, this one included; their answers. `-ETIMEDOUT` only if nobody
    /// answered.
    pub(super) async fn notify_all(&self, message: Message) -> Result<Vec<Bytes>> {
        let target = self.pool().header(self.id());
        let payload = Writer::of(&message);
        let reply = self.pool().engine.notify(target, payload, Some(NOTIFY_TIMEOUT)).await?;
        if reply.acks.is_empty() && !reply.timeouts.is_empty() {
            return Err(Errno::ETIMEDOUT.into());
        }
        Ok(reply.acks.into_iter().map(|(_, _, answer)| answer).filter(|a| !a.is_empty()).collect())
    }

    /// Notifies without waiting.
    pub(super) fn notify_soon(&self, message: Message) {
        let Some(this) = self.this() else { return };
        crate::runtime::spawn(async move {
            if let Err(error) = this.notify_all(message).await {
                log::debug!(target: "rbd", "notifying clients of {}: {error}", this.id());
            }
        });
    }

    /// Notifies the owner of the lock, which alone answers. `-ETIMEDOUT`: there is none.
    pub(super) async fn notify_owner(&self, message: Message) -> Result<()> {
        let answers = self.notify_all(message).await?;
        let [answer] = answers.as_slice() else {
            return Err(match answers.len() {
                0 => Errno::ETIMEDOUT.because("nobody owns the lock"),
                _ => Errno::EINVAL.because("two clients say that they own the lock"),
            });
        };
        let Response(result) = Response::decode(&mut Reader::new(answer), "response")?;
        Errno::from_c(result).map_or(Ok(()), |errno| Err(errno.into()))
    }

    /// Has the owner of the lock run an operation. `-EOPNOTSUPP` if it cannot; `-ETIMEDOUT` and
    /// [`ERESTART`] if it is no longer there or no longer the owner.
    pub(super) async fn ask_owner(&self, operation: Operation, progress: Progress) -> Result<()> {
        let request = RequestId { client: self.client_id()?, number: self.watch.number() };
        let (events, mut heard) = tokio::sync::mpsc::unbounded_channel();
        self.watch.asked.lock().insert(request, Asked { progress, events });
        let result = self.await_owner(Message::Run { request, operation }, &mut heard).await;
        self.watch.asked.lock().remove(&request);
        result
    }

    async fn await_owner(
        &self,
        message: Message,
        heard: &mut tokio::sync::mpsc::UnboundedReceiver<Event>,
    ) -> Result<()> {
        self.notify_owner(message).await?;
        let patience = self.config().duration("rbd_request_timed_out_seconds");
        loop {
            match tokio::time::timeout(patience, heard.recv()).await {
                Err(_) => return Err(Errno::ETIMEDOUT.because("the owner fell silent")),
                Ok(None) => return Err(ERESTART.because("the lock changed hands")),
                Ok(Some(Event::Progress)) => {}
                Ok(Some(Event::Ended(result))) => {
                    return Errno::from_c(result).map_or(Ok(()), |errno| Err(errno.into()));
                }
            }
        }
    }

    fn notified(self: &Arc<Self>, notification: Notification) {
        let message = match notification.payload.is_empty() {
            // How clients before Hammer say it.
            true => Ok(Message::HeaderUpdate),
            false => Message::decode(&mut Reader::new(&notification.payload), "notification"),
        };
        let message = match message {
            Ok(message) => message,
            Err(error) => {
                log::error!(target: "rbd", "notification for image {}: {error}", self.id());
                return self.acknowledge(&notification, None);
            }
        };
        log::trace!(target: "rbd", "image {}: {message:?}", self.id());
        let answer = match message {
            Message::HeaderUpdate => {
                self.header_changed();
                return self.acknowledge_after_callbacks(notification, Some(0));
            }
            Message::AcquiredLock(client) => {
                self.owner_changed(client);
                None
            }
            Message::ReleasedLock(client) => {
                if !self.is_me(client) {
                    self.owner_changed(ClientId::default());
                }
                None
            }
            Message::RequestLock { client, .. } if self.lock.is_held() && !self.is_me(client) => {
                return self.lock_requested(client, notification);
            }
            Message::RequestLock { .. } => None,
            Message::Progress { request, done, all } => {
                if let Some(asked) = self.watch.asked.lock().get(&request) {
                    let _ = asked.events.send(Event::Progress);
                    let progress = Arc::clone(&asked.progress);
                    crate::runtime::finish(Box::new(move || {
                        progress(done, all);
                    }));
                }
                None
            }
            Message::Complete { request, result } => {
                if let Some(asked) = self.watch.asked.lock().get(&request) {
                    let _ = asked.events.send(Event::Ended(result));
                }
                None
            }
            Message::Run { request, operation } => self.serve(request, operation),
            Message::Quiesce(_) => return self.quiesce(notification),
            Message::Unquiesce(_) => return self.unquiesce(notification),
            Message::Unknown(_) => self.lock.is_held().then(|| Errno::EOPNOTSUPP.to_c()),
        };
        self.acknowledge(&notification, answer);
    }

    pub(super) fn acknowledge(&self, notification: &Notification, answer: Option<i32>) {
        acknowledge(self.pool(), self.pool().header(self.id()), notification, answer);
    }

    /// The header has changed: the next request reads it first, and programs that asked are told.
    pub(super) fn header_changed(&self) {
        self.gate.mark_stale();
        let callbacks: Vec<_> = self.watch.updates.lock().values().cloned().collect();
        for callback in callbacks {
            crate::runtime::finish(Box::new(move || callback()));
        }
    }

    /// Acknowledges behind the callbacks queued before.
    fn acknowledge_after_callbacks(
        self: &Arc<Self>,
        notification: Notification,
        answer: Option<i32>,
    ) {
        let this = Arc::clone(self);
        crate::runtime::finish(Box::new(move || this.acknowledge(&notification, answer)));
    }

    /// Another client took the lock or gave it up: what the former owner was asked for has to be
    /// asked again.
    fn owner_changed(&self, client: ClientId) {
        let former = self.lock.owner();
        if self.is_me(client) || (self.lock.is_held() && !client.is_valid()) {
            return;
        }
        self.lock.peer_owns(client);
        if client != former {
            self.watch.asked.lock().clear();
        }
    }

    /// Runs an operation for another client. What to answer; `None` if this client is not the
    /// owner.
    fn serve(self: &Arc<Self>, request: RequestId, operation: Operation) -> Option<i32> {
        if !self.lock.is_held() {
            return None;
        }
        if self.client_id().is_ok_and(|me| me == request.client) {
            // Asked of a former owner, and now this client is the owner: it runs it as its own.
            return Some(ERESTART.to_c());
        }
        let mut served = self.watch.served.lock();
        served.retain(|_, end| end.is_none_or(|(_, when)| when.elapsed() < RESULTS_KEPT));
        match served.get(&request) {
            Some(None) => return Some(0),
            Some(Some((result, _))) if request != RequestId::default() => return Some(*result),
            _ => {}
        }
        served.insert(request, None);
        drop(served);
        let this = Arc::clone(self);
        crate::runtime::spawn(async move {
            let teller = Arc::clone(&this);
            let progress: Progress = Arc::new(move |done, all| {
                teller.notify_soon(Message::Progress { request, done, all });
                0
            });
            let result = match this.run(operation, progress).await {
                Ok(()) => 0,
                Err(error) => error.to_c(),
            };
            this.watch.served.lock().insert(request, Some((result, Instant::now())));
            while let Err(error) = this.notify_all(Message::Complete { request, result }).await {
                if error != Errno::ETIMEDOUT || this.watch.handle().is_none() {
                    break;
                }
            }
        });
        Some(0)
    }

    /// Calls `callback` whenever the header changes, until [`Image::unwatch_updates`].
    pub fn watch_updates(&self, callback: UpdateCallback) -> u64 {
        let number = self.watch.number();
        self.watch.updates.lock().insert(number, callback);
        number
    }

    /// Ends it; the callback is not called after this. `-ENOENT`.
    pub fn unwatch_updates(&self, number: u64) -> Result<()> {
        let known = self.watch.updates.lock().remove(&number);
        known.ok_or_else(|| Errno::ENOENT.because("no such watcher"))?;
        crate::runtime::flush_callbacks();
        Ok(())
    }

    /// Has the program called around snapshots.
    pub fn watch_quiesce(&self, callbacks: QuiesceCallbacks) -> u64 {
        let number = self.watch.number();
        self.watch.quiesces.lock().insert(number, Quiesce { callbacks, answer: None });
        number
    }

    /// Ends it. `-ENOENT`.
    pub fn unwatch_quiesce(&self, number: u64) -> Result<()> {
        let known = self.watch.quiesces.lock().remove(&number);
        known.map(drop).ok_or_else(|| Errno::ENOENT.because("no such watcher"))
    }

    /// The program has stopped writing, or could not (a negative error number).
    pub fn quiesce_complete(&self, number: u64, result: i32) {
        let answer = self.watch.quiesces.lock().get_mut(&number).and_then(|q| q.answer.take());
        if let Some(answer) = answer {
            let _ = answer.send(result);
        }
    }

    /// Asks all clients' programs to stop writing, before a snapshot; whatever comes of it, to be
    /// followed by [`Image::resume_all`]. Fails as a program's answer says, or with `-ETIMEDOUT`.
    pub async fn quiesce_all(&self) -> (u64, Result<()>) {
        let number = self.watch.number();
        (number, self.ask_to_quiesce(number).await)
    }

    async fn ask_to_quiesce(&self, number: u64) -> Result<()> {
        let request = RequestId { client: self.client_id()?, number };
        for answer in self.notify_all(Message::Quiesce(request)).await? {
            let Response(result) = Response::decode(&mut Reader::new(&answer), "response")?;
            if let Some(errno) = Errno::from_c(result)
                && errno != Errno::EOPNOTSUPP
            {
                return Err(errno.into());
            }
        }
        Ok(())
    }

    /// Lets them go on.
    pub async fn resume_all(&self, number: u64) -> Result<()> {
        let request = RequestId { client: self.client_id()?, number };
        self.notify_all(Message::Unquiesce(request)).await.map(drop)
    }

    fn quiesce(self: &Arc<Self>, notification: Notification) {
        let mut answers = Vec::new();
        for (number, quiesce) in self.watch.quiesces.lock().iter_mut() {
            let (sender, receiver) = oneshot::channel();
            quiesce.answer = Some(sender);
            answers.push(receiver);
            let (callback, number) = (Arc::clone(&quiesce.callbacks.quiesce), *number);
            crate::runtime::finish(Box::new(move || callback(number)));
        }
        if answers.is_empty() {
            return self.acknowledge(&notification, Some(Errno::EOPNOTSUPP.to_c()));
        }
        let this = Arc::clone(self);
        crate::runtime::spawn(async move {
            let mut result = 0;
            for answer in answers {
                result = answer.await.unwrap_or(0).min(result);
            }
            this.acknowledge(&notification, Some(result));
        });
    }

    fn unquiesce(self: &Arc<Self>, notification: Notification) {
        let all: Vec<_> = self
            .watch
            .quiesces
            .lock()
            .values()
            .map(|q| Arc::clone(&q.callbacks.unquiesce))
            .collect();
        if all.is_empty() {
            return self.acknowledge(&notification, None);
        }
        for callback in all {
            crate::runtime::finish(Box::new(move || callback()));
        }
        self.acknowledge_after_callbacks(notification, None);
    }
}
