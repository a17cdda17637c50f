//! Entries for fuzzing: what programs hand back to us.

use super::notify;

/// See [`crate::fuzz`].
pub const ENTRIES: &[(&str, fn(&[u8]))] = &[("rados.notify_reply", notify_reply)];

fn notify_reply(bytes: &[u8]) {
    if let Ok(reply) = notify::decode(bytes) {
        assert_eq!(notify::decode(&notify::encode(&reply)).ok(), Some(reply));
    }
}
