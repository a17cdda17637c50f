//! Types shared by the C and the C++ interface of Ceph's librados: `rados/rados_types.h`.

use libc::c_char;

/// One client that watches an object: an element of the list a watcher query returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct obj_watch_t {
    /// Address of the client, as text, ended by a zero byte.
    pub addr: [c_char; 256],
    /// Global id of the client.
    pub watcher_id: i64,
    /// The number that tells the watches of one client on one object apart.
    pub cookie: u64,
    /// Seconds without a sign of life after which the watch is dropped.
    pub timeout_seconds: u32,
}

/// One acknowledgement of a notification, as rados_decode_notify_response() returns it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct notify_ack_t {
    /// Global id of the client that answered.
    pub notifier_id: u64,
    /// Cookie of its watch.
    pub cookie: u64,
    /// What it answered; null where payload_len is 0.
    pub payload: *mut c_char,
    /// Bytes of payload.
    pub payload_len: u64,
}

/// One watcher that did not acknowledge a notification in time.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct notify_timeout_t {
    /// Global id of the client.
    pub notifier_id: u64,
    /// Cookie of its watch.
    pub cookie: u64,
}

/// The namespace that stands for all of them, for rados_ioctx_set_namespace() before listing
/// objects.
pub const LIBRADOS_ALL_NSPACES: &str = "\u{1}";
