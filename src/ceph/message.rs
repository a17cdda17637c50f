//! A message as sessions carry it.

use std::fmt;

use bytes::Bytes;

use crate::model::Payload;

/// Priority of ordinary messages (`CEPH_MSG_PRIO_DEFAULT`).
pub const PRIORITY_DEFAULT: u16 = 127;
/// Priority of what must not wait behind data (`CEPH_MSG_PRIO_HIGH`).
pub const PRIORITY_HIGH: u16 = 196;

/// The names of what clients send and are sent (`Message.h`).
const KINDS: &[(u16, &str)] = &[
    (4, "mon_map"),
    (13, "statfs"),
    (14, "statfs_reply"),
    (15, "mon_subscribe"),
    (16, "mon_subscribe_ack"),
    (17, "auth"),
    (18, "auth_reply"),
    (19, "mon_get_version"),
    (20, "mon_get_version_reply"),
    (41, "osd_map"),
    (42, "osd_op"),
    (43, "osd_op_reply"),
    (44, "watch_notify"),
    (48, "pool_op_reply"),
    (49, "pool_op"),
    (50, "mon_command"),
    (51, "mon_command_ack"),
    (52, "log"),
    (58, "get_pool_stats"),
    (59, "get_pool_stats_reply"),
    (61, "osd_backoff"),
    (62, "config"),
    (97, "command"),
    (98, "command_reply"),
    (0x700, "mgr_open"),
    (0x701, "mgr_configure"),
    (0x702, "mgr_report"),
    (0x704, "mgr_map"),
    (0x708, "mgr_close"),
    (0x709, "mgr_command"),
    (0x70a, "mgr_command_reply"),
];

/// A message: its header's fields that mean something to its reader, and its three parts.
///
/// Sequence numbers and acknowledgements belong to the session, not to the message.
#[derive(Clone, Debug, Default)]
pub struct Message {
    /// What it is (`CEPH_MSG_*`, `MSG_*`).
    pub kind: u16,
    /// The version its parts are encoded in.
    pub version: u16,
    /// The oldest version a reader must know.
    pub compat_version: u16,
    /// Greater goes first; 0 is sent as [`PRIORITY_DEFAULT`].
    pub priority: u16,
    /// The transaction it belongs to, which its answer repeats.
    pub tid: u64,
    /// The encoded fields.
    pub front: Bytes,
    /// Rarely used.
    pub middle: Bytes,
    /// Bulk data, kept apart so that it need not be copied.
    pub data: Payload,
    /// Where in its page the data begins (`data_off`): a hint for the receiver's alignment.
    pub data_off: u16,
}

impl fmt::Display for Message {
    /// What it is and how large: `osd_op tid 12 (140+0+4096 bytes)`. Its content may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match KINDS.iter().find(|(kind, _)| *kind == self.kind) {
            Some((_, name)) => f.write_str(name)?,
            None => write!(f, "message {:#x}", self.kind)?,
        }
        let (front, middle, data) = (self.front.len(), self.middle.len(), self.data.len());
        write!(f, " tid {} ({front}+{middle}+{data} bytes)", self.tid)
    }
}

impl Message {
    /// A message of fields only.
    #[must_use]
    pub fn new(kind: u16, version: u16, compat_version: u16, front: Bytes) -> Self {
        Message { kind, version, compat_version, front, ..Message::default() }
    }
}
