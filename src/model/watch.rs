//! Watching objects and notifying their watchers.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::errno::Errno;

/// A watch of this client, by its cookie: `rados_watch`'s handle and what watchers lists show.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct WatchHandle(pub u64);

/// A notification that arrived at a watch. To be acknowledged with [`super::Engine::notify_ack`].
#[derive(Clone, Debug)]
pub struct Notification {
    /// Number of the notification, for the acknowledgement.
    pub notify_id: u64,
    /// The watch it arrived at.
    pub handle: WatchHandle,
    /// The notifier's client number (`rados_get_instance_id`).
    pub notifier: u64,
    /// What it sent.
    pub payload: Bytes,
}

/// What a watch calls, on a thread of the library, one call at a time per watch and never inside a
/// call into the engine. A handler may call the engine but should not wait for a notification of
/// its own.
pub trait WatchHandler: Send + Sync {
    /// A notification arrived.
    fn notified(&self, notification: Notification);

    /// The watch was lost (`-ENOTCONN`: not renewed in time, the object removed or this client
    /// blocklisted); notifications may have been missed.
    fn failed(&self, handle: WatchHandle, error: Errno);
}

impl<T: WatchHandler + ?Sized> WatchHandler for Arc<T> {
    fn notified(&self, notification: Notification) {
        (**self).notified(notification);
    }

    fn failed(&self, handle: WatchHandle, error: Errno) {
        (**self).failed(handle, error);
    }
}

/// Who watches an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatcherInfo {
    /// The client's address, as `rados listwatchers` prints it, such as `127.0.0.1:0/1234`.
    pub addr: String,
    /// The client's number.
    pub client: i64,
    /// The watch's cookie.
    pub cookie: u64,
    /// After how long without a sign of life the watch is dropped.
    pub timeout: Duration,
}

/// Who answered a notification. A client may appear once for each of its watches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotifyReply {
    /// Client number, cookie and answer.
    pub acks: Vec<(u64, u64, Bytes)>,
    /// Client number and cookie of who did not answer in time; the notification then fails with
    /// `-ETIMEDOUT` although it carries the answers of the others.
    pub timeouts: Vec<(u64, u64)>,
}

/// How long a client stays on the blocklist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlocklistExpiry {
    /// As long as `mon_osd_blocklist_default_expire` says.
    Default,
    /// That long.
    After(Duration),
}
