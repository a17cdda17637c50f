//! One client's watches: their handlers, and the socket at which notifications arrive.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::wire::{self, Answer, Request};
use crate::errno::{Errno, Result};
use crate::local::clients::Client;
use crate::local::store::{Commit, Store};
use crate::model::placement;
use crate::model::{Notification, Target, WatchHandle, WatchHandler};
use crate::runtime;

/// How often a client makes sure that its watches are still there, as an objecter pings
/// (`objecter_tick_interval`).
const CHECK_INTERVAL: Duration = Duration::from_secs(5);

/// Cookies of all watches of this process, so that a cookie names one watch in it.
static NEXT_COOKIE: AtomicU64 = AtomicU64::new(1);

/// One client's watches.
pub struct Hub {
    store: Arc<Store>,
    client: Arc<Client>,
    state: Mutex<State>,
    /// Held while the socket is opened, so that it is opened once.
    opening: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    watches: HashMap<u64, Watch>,
    /// Where to send the acknowledgement of a notification, by its number and the watch's cookie.
    expected: HashMap<(u64, u64), mpsc::UnboundedSender<Answer>>,
    tasks: Vec<AbortHandle>,
    is_listening: bool,
    is_closed: bool,
}

#[derive(Clone)]
struct Watch {
    target: Target,
    /// The object's row.
    object: i64,
    handler: Arc<dyn WatchHandler>,
    /// When it was last known to be there.
    seen: Instant,
    /// It was lost, and its handler was or will be told so.
    is_lost: bool,
}

impl Hub {
    /// No watches yet.
    #[must_use]
    pub fn new(store: Arc<Store>, client: Arc<Client>) -> Arc<Hub> {
        Arc::new(Hub {
            store,
            client,
            state: Mutex::default(),
            opening: tokio::sync::Mutex::new(()),
        })
    }

    /// Watches an object; `-ENOENT`.
    pub async fn watch(
        self: &Arc<Self>,
        target: Target,
        timeout: Duration,
        handler: Arc<dyn WatchHandler>,
    ) -> Result<WatchHandle> {
        self.listen().await?;
        let cookie = NEXT_COOKIE.fetch_add(1, Ordering::Relaxed);
        let (id, addr) = (self.client.id().cast_signed(), self.client.addr());
        let seconds = i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX);
        // The handler is there before the row is: a notification may come at once.
        let watch = Watch { target, object: 0, handler, seen: Instant::now(), is_lost: false };
        let target = watch.target.clone();
        {
            let mut state = self.state.lock();
            if state.is_closed {
                return Err(Errno::ENOTCONN.into());
            }
            state.watches.insert(cookie, watch);
        }
        let inserted = self.store.db().write_with(Commit::Lazy, |tx| {
            let object = object_of(tx, &target)?.ok_or(Errno::ENOENT)?;
            let insert = "INSERT INTO watch (object, client, cookie, addr, timeout) \
                          VALUES (?1, ?2, ?3, ?4, ?5)";
            tx.execute(insert, (object, id, cookie.cast_signed(), addr, seconds))?;
            Ok(object)
        });
        let mut state = self.state.lock();
        match inserted {
            Ok(object) => {
                if let Some(watch) = state.watches.get_mut(&cookie) {
                    watch.object = object;
                }
                Ok(WatchHandle(cookie))
            }
            Err(error) => {
                state.watches.remove(&cookie);
                Err(error.context(format!("watch {target}")))
            }
        }
    }

    /// Ends a watch. `-ENOENT` if its object is gone, as an OSD answers.
    pub fn unwatch(&self, handle: WatchHandle) -> Result<()> {
        let watch = {
            let mut state = self.state.lock();
            let watch = state.watches.remove(&handle.0).ok_or(Errno::ENOTCONN)?;
            state.answer_for(handle.0);
            watch
        };
        let id = self.client.id().cast_signed();
        self.store.db().write_with(Commit::Lazy, |tx| {
            let delete = "DELETE FROM watch WHERE object = ?1 AND client = ?2 AND cookie = ?3";
            tx.execute(delete, (watch.object, id, handle.0.cast_signed()))?;
            object_of(tx, &watch.target)?.ok_or(Errno::ENOENT)?;
            Ok(())
        })
    }

    /// Since when a watch is not known to be there; `-ENOTCONN` if it was lost.
    pub fn check(&self, handle: WatchHandle) -> Result<Duration> {
        let state = self.state.lock();
        let watch = state.watches.get(&handle.0).ok_or(Errno::ENOTCONN)?;
        if watch.is_lost { Err(Errno::ENOTCONN.into()) } else { Ok(watch.seen.elapsed()) }
    }

    /// Acknowledges a notification. One that nobody waits for any more is none the worse.
    pub fn acknowledge(&self, notify_id: u64, handle: WatchHandle, payload: Bytes) {
        let expected = self.state.lock().expected.remove(&(notify_id, handle.0));
        if let Some(answers) = expected {
            // The notifier may have stopped waiting.
            let _ = answers.send(Answer { cookie: handle.0, payload: Some(payload) });
        }
    }

    /// Ends all watches, without telling their handlers.
    pub fn close(&self) {
        let mut state = self.state.lock();
        state.is_closed = true;
        state.watches.clear();
        // Nobody is left to answer, and notifiers need not wait for that until their time is over.
        for ((_, cookie), answers) in state.expected.drain() {
            let _ = answers.send(Answer { cookie, payload: None });
        }
        state.tasks.drain(..).for_each(|task| task.abort());
    }

    /// Makes sure that every watch is still in the database; tells those that are not.
    pub fn check_all(self: &Arc<Self>) -> Result<()> {
        let mine: Vec<_> = {
            let state = self.state.lock();
            let known = state.watches.iter().filter(|(_, w)| !w.is_lost && w.object != 0);
            known.map(|(cookie, watch)| (*cookie, watch.object)).collect()
        };
        let id = self.client.id().cast_signed();
        let now = Instant::now();
        let missing = self.store.db().read(|db| {
            let query = "SELECT 1 FROM watch JOIN object ON object.id = watch.object \
                         WHERE watch.object = ?1 AND client = ?2 AND cookie = ?3 \
                         AND head IS NOT NULL";
            let mut query = db.prepare_cached(query)?;
            let mut missing = Vec::new();
            for (cookie, object) in &mine {
                if !query.exists((object, id, cookie.cast_signed()))? {
                    missing.push(*cookie);
                }
            }
            Ok(missing)
        })?;
        {
            let mut state = self.state.lock();
            for (cookie, _) in &mine {
                if let Some(watch) = state.watches.get_mut(cookie) {
                    watch.seen = now;
                }
            }
        }
        self.lose(&missing);
        Ok(())
    }

    /// Tells watches that they are lost.
    pub fn lose(self: &Arc<Self>, cookies: &[u64]) {
        for cookie in cookies {
            let mut state = self.state.lock();
            state.answer_for(*cookie);
            let Some(watch) = state.watches.get_mut(cookie).filter(|watch| !watch.is_lost) else {
                continue;
            };
            watch.is_lost = true;
            let (hub, handler) = (Arc::clone(self), Arc::clone(&watch.handler));
            let cookie = *cookie;
            runtime::call_handler(Box::new(move || {
                if hub.state.lock().watches.contains_key(&cookie) {
                    handler.failed(WatchHandle(cookie), Errno::ENOTCONN);
                }
            }));
        }
    }

    /// Opens the socket unless it is open.
    async fn listen(self: &Arc<Self>) -> Result<()> {
        let _opening = self.opening.lock().await;
        {
            let state = self.state.lock();
            if state.is_closed {
                return Err(Errno::ENOTCONN.into());
            }
            if state.is_listening {
                return Ok(());
            }
        }
        let path = self.client.all().socket_path(self.client.id());
        let doing = || format!("socket for notifications {}", path.display());
        let failed = |error| crate::errno::Error::from(error).context(doing());
        let listener = UnixListener::bind(&path).map_err(failed)?;
        let mode = fs::Permissions::from_mode(self.client.all().file_mode());
        fs::set_permissions(&path, mode)?;
        let accepting = tokio::spawn(accept(Arc::downgrade(self), listener));
        let checking = tokio::spawn(keep_checking(Arc::downgrade(self)));
        let mut state = self.state.lock();
        if state.is_closed {
            accepting.abort();
            checking.abort();
            return Err(Errno::ENOTCONN.into());
        }
        state.is_listening = true;
        state.tasks.extend([accepting.abort_handle(), checking.abort_handle()]);
        Ok(())
    }

    /// Serves one notifier until it closes the connection.
    async fn serve(self: Arc<Self>, mut stream: UnixStream) -> Result<()> {
        let Some(frame) = wire::receive(&mut stream).await? else { return Ok(()) };
        let (notify_id, notifier, cookies, payload) = match Request::decode(&frame)? {
            Request::Disconnect { cookies } => {
                self.lose(&cookies);
                return Ok(());
            }
            Request::Notify { notify_id, notifier, cookies, payload } => {
                (notify_id, notifier, cookies, payload)
            }
        };
        let (sender, mut answers) = mpsc::unbounded_channel();
        for cookie in &cookies {
            let handle = WatchHandle(*cookie);
            let payload = payload.clone();
            self.deliver(Notification { notify_id, handle, notifier, payload }, &sender);
        }
        drop(sender);
        let (mut reading, mut writing) = stream.split();
        let forward = async {
            while let Some(answer) = answers.recv().await {
                wire::send(&mut writing, &answer.encode()).await?;
            }
            std::future::pending::<Result<()>>().await
        };
        let closed = wire::receive(&mut reading);
        let served = tokio::select! {
            failed = forward => failed,
            end = closed => end.map(drop),
        };
        let mut state = self.state.lock();
        for cookie in cookies {
            state.expected.remove(&(notify_id, cookie));
        }
        served
    }

    /// Hands a notification to its watch, on the thread of watches.
    fn deliver(
        self: &Arc<Self>,
        notification: Notification,
        answers: &mpsc::UnboundedSender<Answer>,
    ) {
        let cookie = notification.handle.0;
        let mut state = self.state.lock();
        let handler = match state.watches.get(&cookie) {
            Some(watch) if !watch.is_lost => Arc::clone(&watch.handler),
            _ => {
                let _ = answers.send(Answer { cookie, payload: None });
                return;
            }
        };
        state.expected.insert((notification.notify_id, cookie), answers.clone());
        drop(state);
        let hub = Arc::clone(self);
        runtime::call_handler(Box::new(move || {
            let is_watching = hub.state.lock().watches.contains_key(&cookie);
            if is_watching {
                handler.notified(notification);
            }
        }));
    }
}

impl State {
    /// Answers for a watch that is gone whatever notifiers still wait for.
    fn answer_for(&mut self, gone: u64) {
        self.expected.retain(|(_, cookie), answers| {
            if *cookie == gone {
                let _ = answers.send(Answer { cookie: gone, payload: None });
            }
            *cookie != gone
        });
    }
}

/// The row of an object that exists.
pub fn object_of(db: &Connection, target: &Target) -> Result<Option<i64>> {
    let target = placement::canonical(target);
    let query = "SELECT id FROM object WHERE pool = ?1 AND position = ?2 AND namespace = ?3 \
                 AND name = ?4 AND locator = ?5 AND head IS NOT NULL";
    let [namespace, name, locator] =
        [&target.namespace, &target.name, &target.locator].map(|name| name.as_bytes());
    let key = (target.pool.0, placement::position(&target), namespace, name, locator);
    Ok(db.prepare_cached(query)?.query_row(key, |row| row.get(0)).optional()?)
}

async fn accept(hub: Weak<Hub>, listener: UnixListener) {
    loop {
        let accepted = listener.accept().await;
        let Some(hub) = hub.upgrade() else { return };
        match accepted {
            Ok((stream, _)) => {
                tokio::spawn(async move {
                    if let Err(error) = hub.serve(stream).await {
                        log::debug!("serving a notifier: {error}");
                    }
                });
            }
            Err(error) => {
                // Too many open files, most likely: the notifier waits in the socket's queue.
                log::warn!("taking notifications: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn keep_checking(hub: Weak<Hub>) {
    loop {
        tokio::time::sleep(CHECK_INTERVAL).await;
        let Some(hub) = hub.upgrade() else { return };
        if let Err(error) = hub.check_all() {
            log::warn!("checking watches: {error}");
        }
    }
}
