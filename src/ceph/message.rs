//! A message as sessions carry it.

use bytes::Bytes;

use crate::model::Payload;

/// Priority of ordinary messages (`CEPH_MSG_PRIO_DEFAULT`).
pub const PRIORITY_DEFAULT: u16 = 127;
/// Priority of what must not wait behind data (`CEPH_MSG_PRIO_HIGH`).
pub const PRIORITY_HIGH: u16 = 196;

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

impl Message {
    /// A message of fields only.
    #[must_use]
    pub fn new(kind: u16, version: u16, compat_version: u16, front: Bytes) -> Self {
        Message { kind, version, compat_version, front, ..Message::default() }
    }
}
