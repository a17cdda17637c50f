//! What the objecter does, taken down in order.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::ceph::message::Message;
use crate::ceph::objecter::{Events, MapSource};
use crate::ceph::transport::{Link, Peer, SessionHandler, Transport};
use crate::ceph::types::EntityAddr;
use crate::errno::{Errno, Result};
use crate::model::*;

pub(super) type Newest = Box<dyn FnOnce(Result<u32>) + Send>;

/// What the objecter does, in order.
pub(super) enum Act {
    Connect(u64, Peer, Arc<dyn SessionHandler>),
    Send(u64, Message),
    Close(u64),
    Subscribe(u32),
    Newest(Newest),
    Defer(Box<dyn FnOnce() + Send>),
    Answered(u64, Reply),
    Notified(u64),
    Lost,
}

/// Takes down what the objecter does.
#[derive(Default)]
pub(super) struct Tape {
    pub(super) acts: Mutex<Vec<Act>>,
    last_link: Mutex<u64>,
}

struct TapeLink(u64, Arc<Tape>);

impl Tape {
    pub(super) fn push(&self, act: Act) {
        self.acts.lock().push(act);
    }
}

pub(super) struct Port(pub(super) Arc<Tape>);

impl Transport for Port {
    fn connect(&self, peer: Peer, handler: Arc<dyn SessionHandler>) -> Arc<dyn Link> {
        let mut last = self.0.last_link.lock();
        *last += 1;
        self.0.push(Act::Connect(*last, peer, handler));
        Arc::new(TapeLink(*last, Arc::clone(&self.0)))
    }
}

impl Link for TapeLink {
    fn send(&self, message: Message) {
        self.1.push(Act::Send(self.0, message));
    }

    fn keepalive(&self) {}

    fn close(&self) {
        self.1.push(Act::Close(self.0));
    }

    fn features(&self) -> u64 {
        u64::MAX
    }

    fn local_addr(&self) -> EntityAddr {
        EntityAddr::default()
    }
}

impl MapSource for Port {
    fn subscribe_osdmap(&self, start: u32) {
        self.0.push(Act::Subscribe(start));
    }

    fn newest_osdmap(&self, done: Newest) {
        self.0.push(Act::Newest(done));
    }
}

impl Events for Port {
    fn wake(&self) {}

    fn defer(&self, work: Box<dyn FnOnce() + Send>) {
        self.0.push(Act::Defer(work));
    }
}

impl WatchHandler for Tape {
    fn notified(&self, notification: Notification) {
        self.push(Act::Notified(notification.notify_id));
    }

    fn failed(&self, _handle: WatchHandle, _error: Errno) {
        self.push(Act::Lost);
    }
}
