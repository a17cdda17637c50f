//! `MWatchNotify`: an OSD tells a watcher of a notification or of the watch's end, and a notifier
//! of its notification's completion.

use bytes::Bytes;

use crate::ceph::message::Message;
use crate::codec::Reader;
use crate::errno::{Errno, Result};
use crate::model::NotifyReply;

/// `CEPH_MSG_WATCH_NOTIFY`.
pub const KIND: u16 = 44;

/// What happened (`CEPH_WATCH_EVENT_*`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WatchEvent {
    /// Somebody notifies the watchers.
    Notify = 1,
    /// All watchers have answered the notification, or it is too late for them.
    NotifyComplete = 2,
    /// The watch is over.
    Disconnect = 3,
}

/// An event at a watch or a notification of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchNotify {
    /// What happened.
    pub event: WatchEvent,
    /// Our number of the watch or notification.
    pub cookie: u64,
    /// The OSD's number of the notification.
    pub notify_id: u64,
    /// What the notifier sent, or the encoded answers.
    pub payload: Bytes,
    /// A completion's result: 0 or a negative error number.
    pub result: i32,
    /// The notifier's client number.
    pub notifier: u64,
}

impl WatchNotify {
    /// Reads a message of this kind.
    pub fn decode(message: &Message) -> Result<Self> {
        let mut front = Reader::new(&message.front);
        let version = front.u8("watch_notify: version")?;
        let event = match front.u8("watch_notify: opcode")? {
            1 => WatchEvent::Notify,
            2 => WatchEvent::NotifyComplete,
            3 => WatchEvent::Disconnect,
            _ => return Err(Errno::EBADMSG.because("watch_notify: opcode: not known")),
        };
        let cookie = front.u64("watch_notify: cookie")?;
        front.u64("watch_notify: ver")?;
        let notify_id = front.u64("watch_notify: notify_id")?;
        let mut payload = Bytes::new();
        if version >= 1 {
            let bytes = front.bytes("watch_notify: payload")?;
            if !bytes.is_empty() {
                payload = message.front.slice_ref(bytes);
            }
        }
        let result =
            if message.version >= 2 { front.i32("watch_notify: return_code")? } else { 0 };
        let notifier = if message.version >= 3 { front.u64("watch_notify: notifier")? } else { 0 };
        // The answers of a completion come as the message's data.
        if event == WatchEvent::NotifyComplete {
            payload = message.data.to_bytes();
        }
        Ok(WatchNotify { event, cookie, notify_id, payload, result, notifier })
    }

    /// The answers of a completed notification.
    pub fn answers(&self) -> Result<NotifyReply> {
        if self.payload.is_empty() {
            return Ok(NotifyReply::default());
        }
        let mut reader = Reader::new(&self.payload);
        let count = reader.count(8 + 8 + 4, "notify: acks")?;
        let one = |_| {
            let client = reader.u64("notify: client")?;
            let cookie = reader.u64("notify: cookie")?;
            let answer = reader.bytes("notify: answer")?;
            let answer = match answer {
                [] => Bytes::new(),
                answer => self.payload.slice_ref(answer),
            };
            Ok((client, cookie, answer))
        };
        let acks = (0..count).map(one).collect::<Result<_>>()?;
        Ok(NotifyReply { acks, timeouts: reader.list("notify: timeouts")? })
    }
}
