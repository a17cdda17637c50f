//! What a [`MonClient`](super::MonClient) tells its owner.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::monmap::MonMap;
use crate::ceph::message::Message;
use crate::ceph::messages::log::Entry;

/// Receives the result of something asked of the monitors, once. Called with no lock held, one call
/// at a time per client, on a thread that reads a socket or ticks, or inside the call that asked;
/// so it must not wait for anything the monitors have to answer.
pub type Done<T> = Box<dyn FnOnce(crate::errno::Result<T>) + Send>;

/// What monitors tell without being asked each time. Called as [`Done`] is, in the order in which
/// it came.
pub trait MonEvents: Send + Sync {
    /// OSD maps (`CEPH_MSG_OSD_MAP`), full or incremental. Whoever takes them says how far they
    /// reach by [`MonClient::got`](super::MonClient::got).
    fn osdmap(&self, message: Message);

    /// The map of the managers (`MSG_MGR_MAP`); [`MonClient::got`](super::MonClient::got) likewise.
    fn mgrmap(&self, message: Message);

    /// The options set for this client by the monitors' database: all of them, each time.
    fn config(&self, settings: BTreeMap<String, String>);

    /// Entries of the cluster's log, for a subscription such as `log-info`.
    fn log(&self, entries: Vec<Entry>) {
        drop(entries);
    }

    /// The monitors changed.
    fn monmap(&self, map: &Arc<MonMap>) {
        let _ = map;
    }

    /// A session stands, the first or another. What was asked and not answered is sent again by
    /// itself.
    fn session(&self) {}

    /// The next tick is wanted earlier than the last one said. Who ticks each second anyway may
    /// leave it.
    fn rearm(&self, at: Instant) {
        let _ = at;
    }
}
