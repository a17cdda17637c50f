//! The notifier's side.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::hub::object_of;
use super::wire::{self, Answer, Request};
use crate::errno::{Errno, Result};
use crate::local::clients::{Client, Clients, watchers_of};
use crate::local::store::Store;
use crate::model::{NotifyReply, Target};

/// Between attempts to reach a client that lives but does not listen (any more, or yet).
const RETRY_INTERVAL: Duration = Duration::from_millis(10);
/// How long after the end of its connection a dead client is looked for: the kernel frees locks
/// after it closed the sockets.
const DEATH_MAX: Duration = Duration::from_millis(500);

/// Numbers of this process's notifications.
static NEXT_NOTIFY: AtomicU32 = AtomicU32::new(1);

/// What a client's connection reports: a cookie, and its answer if the watch is still there.
type Report = (u64, Answer);

/// Notifies all watchers of an object and gathers their answers; `-ENOENT`. Watchers whose process
/// is dead are cleared away and count as if they had never been there.
pub async fn notify(
    store: &Store,
    client: &Client,
    target: &Target,
    payload: Bytes,
    timeout: Duration,
) -> Result<NotifyReply> {
    let watchers = store.db().read(|db| {
        let object = object_of(db, target)?.ok_or(Errno::ENOENT)?;
        watchers_of(db, object)
    })?;
    let number = u64::from(NEXT_NOTIFY.fetch_add(1, Ordering::Relaxed));
    let notify_id = (client.id() & 0xffff_ffff) << 32 | number;
    let deadline = Instant::now() + timeout;
    let (sender, mut reports) = mpsc::unbounded_channel();
    let mut connections = JoinSet::new();
    for (to, cookies) in by_client(&watchers) {
        let notifier = client.id();
        let payload = payload.clone();
        let request = Request::Notify { notify_id, notifier, cookies: cookies.clone(), payload };
        let call = Call { clients: Arc::clone(client.all()), to, cookies, reports: sender.clone() };
        connections.spawn(call.run(request, deadline));
    }
    drop(sender);
    let mut open: BTreeSet<(u64, u64)> = watchers.into_iter().collect();
    let mut reply = NotifyReply::default();
    while !open.is_empty() {
        let report = tokio::time::timeout_at(deadline, reports.recv()).await;
        let Ok(Some((client, Answer { cookie, payload }))) = report else { break };
        if open.remove(&(client, cookie))
            && let Some(payload) = payload
        {
            reply.acks.push((client, cookie, payload));
        }
    }
    // As an OSD encodes them: by client, then cookie.
    reply.acks.sort_by_key(|(client, cookie, _)| (*client, *cookie));
    reply.timeouts.extend(open);
    Ok(reply)
}

/// Tells the owners of watches, given by client and cookie, that somebody ended them. Who cannot be
/// reached finds out by itself.
pub async fn disconnect(clients: &Arc<Clients>, watchers: &[(u64, u64)]) {
    for (to, cookies) in by_client(watchers) {
        let sent = async {
            let mut stream = UnixStream::connect(clients.socket_path(to)).await?;
            wire::send(&mut stream, &Request::Disconnect { cookies }.encode()).await
        };
        if let Err(error) = sent.await {
            log::debug!("client {to} was not told that its watch ended: {error}");
        }
    }
}

fn by_client(watchers: &[(u64, u64)]) -> BTreeMap<u64, Vec<u64>> {
    let mut clients: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for (client, cookie) in watchers {
        clients.entry(*client).or_default().push(*cookie);
    }
    clients
}

/// The notification of one client.
struct Call {
    clients: Arc<Clients>,
    to: u64,
    cookies: Vec<u64>,
    reports: mpsc::UnboundedSender<Report>,
}

impl Call {
    async fn run(self, request: Request, deadline: Instant) {
        match self.exchange(&request, deadline).await {
            Ok(()) => {}
            Err(error) => log::debug!("notifying client {}: {error}", self.to),
        }
        if self.died().await || Instant::now() < deadline {
            // The connection is at its end: nobody is left to answer.
            for cookie in &self.cookies {
                let _ = self.reports.send((self.to, Answer { cookie: *cookie, payload: None }));
            }
        }
    }

    /// Ends when the connection does; dropped when the notifier has what it wants.
    async fn exchange(&self, request: &Request, deadline: Instant) -> Result<()> {
        let Some(mut stream) = self.connect(deadline).await? else { return Ok(()) };
        wire::send(&mut stream, &request.encode()).await?;
        while let Some(frame) = wire::receive(&mut stream).await? {
            let _ = self.reports.send((self.to, Answer::decode(&frame)?));
        }
        Ok(())
    }

    /// Connects to the client; `None` if it is dead, or does not listen until it is too late.
    async fn connect(&self, deadline: Instant) -> Result<Option<UnixStream>> {
        let path = self.clients.socket_path(self.to);
        loop {
            let error = match UnixStream::connect(&path).await {
                Ok(stream) => return Ok(Some(stream)),
                Err(error) => error,
            };
            let may_come =
                [ErrorKind::NotFound, ErrorKind::ConnectionRefused, ErrorKind::WouldBlock];
            if !may_come.contains(&error.kind()) {
                return Err(error.into());
            }
            if !self.clients.is_alive(self.to) || Instant::now() >= deadline {
                return Ok(None);
            }
            tokio::time::sleep(RETRY_INTERVAL).await;
        }
    }

    /// Whether the client is dead; if so, what it left is cleared away.
    async fn died(&self) -> bool {
        let until = Instant::now() + DEATH_MAX;
        loop {
            match self.clients.reap(self.to) {
                Ok(true) => return true,
                Ok(false) => {}
                Err(error) => log::warn!("clearing away client {}: {error}", self.to),
            }
            if Instant::now() >= until {
                return false;
            }
            tokio::time::sleep(RETRY_INTERVAL).await;
        }
    }
}
