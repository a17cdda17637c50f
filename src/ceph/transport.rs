//! Sessions with daemons, as the monitor client and the objecter see them.
//!
//! `net` implements these over sockets, tests over a simulated network.

use std::fmt;
use std::sync::Arc;

use crate::ceph::auth::AuthClient;
use crate::ceph::message::Message;
use crate::ceph::types::{EntityAddr, EntityAddrs, EntityKind};
use crate::errno::Error;

/// Whom to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// What it is.
    pub kind: EntityKind,
    /// Its number or rank, for messages in the log; -1 when unknown.
    pub id: i64,
    /// Its addresses as its map has them; the msgr2 one is used.
    pub addrs: EntityAddrs,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} at {}", self.kind.text(), self.id, self.addrs)
    }
}

/// Opens sessions.
pub trait Transport: Send + Sync {
    /// Begins a session and returns at once. The handler is called on a thread of the library,
    /// never inside this call or inside a method of [`Link`], and never twice at a time.
    ///
    /// Sessions of a client are lossy: the first fault ends them ([`SessionHandler::closed`]), and
    /// whoever opened it opens another and sends again what had no answer.
    fn connect(&self, peer: Peer, handler: Arc<dyn SessionHandler>) -> Arc<dyn Link>;
}

/// One session. Dropping the last reference closes it.
pub trait Link: Send + Sync {
    /// Sends behind what was sent before; before the session stands, keeps the message until it
    /// does. Never blocks: what the socket does not take is buffered. Does nothing when closed.
    fn send(&self, message: Message);

    /// Asks the peer for a sign of life; [`SessionHandler::keepalive_ack`] tells of it.
    fn keepalive(&self);

    /// Ends the session; its handler is not called any more after a call that is under way.
    fn close(&self);

    /// The features both sides have; 0 until the session stands.
    fn features(&self) -> u64;

    /// This side's address, as the peer will show it to others (blank until the session stands).
    fn local_addr(&self) -> EntityAddr;
}

/// What a session tells whoever opened it. No lock that a method takes may be held over a call of
/// [`Transport::connect`] or [`Link`].
pub trait SessionHandler: Send + Sync {
    /// Credentials of this session's own; `None` for those the transport has. The transport asks
    /// once per session, before it asks its [`AuthSource`](crate::ceph::auth::AuthSource). Of
    /// several monitors hunted at a time each gives its own number and tickets, and only those of
    /// the one that is kept may count.
    fn auth(&self) -> Option<Box<dyn AuthClient>> {
        None
    }

    /// It stands: authenticated, features exchanged.
    fn ready(&self);

    /// A message came.
    fn message(&self, message: Message);

    /// A keepalive was answered.
    fn keepalive_ack(&self) {}

    /// It is over, by a fault or by refusal; nothing follows. `-EACCES` and `-EPERM` mean that the
    /// peer refused who we are; `-EOPNOTSUPP` that no common method, mode or protocol was found.
    fn closed(&self, error: Error);
}
