//! Entries for fuzzing: keys, keyrings, and what monitors and daemons answer.

use super::cephx::CryptoKey;
use super::keyring::Keyring;
use crate::codec::fuzz::Entry;

/// See [`crate::fuzz`].
pub const ENTRIES: &[Entry] = &[
    ("auth.keyring", keyring),
    ("auth.cephx_objects", super::cephx::fuzz::objects),
    ("auth.cephx_tickets", super::cephx::fuzz::tickets),
    ("auth.cephx_authorizer", super::cephx::fuzz::authorizer),
];

fn keyring(bytes: &[u8]) {
    let _ = Keyring::parse("keyring", bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = CryptoKey::from_base64(text);
    }
}
