//! Entries for fuzzing: what programs hand back to us.

use super::notify;
use crate::codec::fuzz::Entry;

/// See [`crate::fuzz`].
pub const ENTRIES: &[Entry] = &[("rados.notify_reply", notify_reply)];

fn notify_reply(bytes: &[u8]) {
    if let Ok(reply) = notify::decode(bytes) {
        assert_eq!(notify::decode(&notify::encode(&reply)).ok(), Some(reply));
    }
}
