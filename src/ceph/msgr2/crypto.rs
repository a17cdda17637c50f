//! Encryption of frames: AES-128-GCM with keys and nonces from the connection's secret.

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::preamble::PREAMBLE_LEN;
use super::{Revision, Side};
use crate::ceph::auth::Secret;
use crate::codec::Reader;
use crate::errno::{Errno, Result};

/// Bytes of an authentication tag.
pub(super) const TAG_LEN: usize = 16;
/// What lengths are padded to.
pub(super) const BLOCK_LEN: usize = 16;
const KEY_LEN: usize = 16;
const NONCE_LEN: usize = 12;

/// `len` rounded up to whole blocks.
pub(super) fn padded(len: usize) -> usize {
    len.next_multiple_of(BLOCK_LEN)
}

/// Numbers that are used once. Revision 2.1 counts in the last eight bytes, 2.0 in the first four,
/// which a busy connection can use up: then it ends instead of using a number twice.
struct Nonces {
    revision: Revision,
    initial: [u8; NONCE_LEN],
    next: [u8; NONCE_LEN],
    used_any: bool,
}

impl Nonces {
    fn new(revision: Revision, initial: [u8; NONCE_LEN]) -> Self {
        Nonces { revision, initial, next: initial, used_any: false }
    }

    fn peek(&self) -> Nonce {
        Nonce::assume_unique_for_key(self.next)
    }

    fn take(&mut self) -> Result<Nonce> {
        if self.used_any && self.next == self.initial {
            return Err(Errno::ECONNABORTED.because("all nonces of the connection are used up"));
        }
        self.used_any = true;
        let nonce = self.peek();
        match self.revision {
            Revision::V2_0 => {
                let [a, b, c, d, ..] = self.next;
                let count = u32::from_le_bytes([a, b, c, d]).wrapping_add(1);
                self.next.iter_mut().zip(count.to_le_bytes()).for_each(|(n, c)| *n = c);
            }
            Revision::V2_1 => {
                let [_, _, _, _, count @ ..] = self.next;
                let count = u64::from_le_bytes(count).wrapping_add(1);
                self.next.iter_mut().skip(4).zip(count.to_le_bytes()).for_each(|(n, c)| *n = c);
            }
        }
        Ok(nonce)
    }
}

/// Encrypts what we send.
pub(super) struct Sealer {
    key: LessSafeKey,
    nonces: Nonces,
}

impl Sealer {
    /// Encrypts in place; the tag is to follow.
    pub(super) fn seal(&mut self, bytes: &mut [u8]) -> Result<[u8; TAG_LEN]> {
        let nonce = self.nonces.take()?;
        let tag = self.key.seal_in_place_separate_tag(nonce, Aad::empty(), bytes);
        let tag = tag.map_err(|_| Errno::EOVERFLOW.because("a frame too long to encrypt"))?;
        let mut bytes = [0; TAG_LEN];
        bytes.copy_from_slice(tag.as_ref());
        Ok(bytes)
    }
}

/// Decrypts what comes.
pub(super) struct Opener {
    key: LessSafeKey,
    nonces: Nonces,
}

impl Opener {
    /// Decrypts in place `bytes` with their tag at the end; fails unless the peer wrote them.
    pub(super) fn open(&mut self, bytes: &mut [u8]) -> Result<()> {
        let nonce = self.nonces.take()?;
        match self.key.open_in_place(nonce, Aad::empty(), bytes) {
            Ok(_) => Ok(()),
            Err(_) => Err(Errno::EBADMSG.because("frame: wrong authentication tag")),
        }
    }

    /// What the preamble at the start of what will be opened next says, not yet authenticated:
    /// revision 2.0 leaves no other way to learn how long the frame is.
    pub(super) fn peek(&self, sealed: &[u8; PREAMBLE_LEN]) -> Result<[u8; PREAMBLE_LEN]> {
        // Encrypting zeros gives the key stream. Nothing of this leaves the process.
        let mut plain = [0; PREAMBLE_LEN];
        let nonce = self.nonces.peek();
        let tag = self.key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut plain);
        let _ = tag.map_err(|_| Errno::EIO.because("cannot decrypt a preamble"))?;
        plain.iter_mut().zip(sealed).for_each(|(plain, sealed)| *plain ^= sealed);
        Ok(plain)
    }
}

/// The two directions of a connection encrypted with `secret`: the key, then the nonces of what
/// the client receives, then of what it sends (crypto_onwire.cc).
pub(super) fn keys(secret: &Secret, revision: Revision, side: Side) -> Result<(Sealer, Opener)> {
    let mut reader = Reader::new(secret.expose());
    let key = reader.take(KEY_LEN, "connection secret")?;
    let mut nonces = || -> Result<Nonces> {
        let mut initial = [0; NONCE_LEN];
        initial.copy_from_slice(reader.take(NONCE_LEN, "connection secret")?);
        Ok(Nonces::new(revision, initial))
    };
    let (to_client, to_server) = (nonces()?, nonces()?);
    let (tx, rx) = match side {
        Side::Client => (to_server, to_client),
        Side::Server => (to_client, to_server),
    };
    let key = || match UnboundKey::new(&AES_128_GCM, key) {
        Ok(key) => Ok(LessSafeKey::new(key)),
        Err(_) => Err(Errno::EINVAL.because("connection secret: no key")),
    };
    Ok((Sealer { key: key()?, nonces: tx }, Opener { key: key()?, nonces: rx }))
}

/// Bytes of a signature.
pub(super) const SIGNATURE_LEN: usize = 32;

/// HMAC-SHA-256 of the handshake so far; zeros where the method of authentication has no key.
pub(super) fn sign(key: Option<&Secret>, transcript: &[u8]) -> [u8; SIGNATURE_LEN] {
    let mut signature = [0; SIGNATURE_LEN];
    if let Some(key) = key {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key.expose());
        signature.copy_from_slice(ring::hmac::sign(&key, transcript).as_ref());
    }
    signature
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(revision: Revision) -> (Sealer, Opener) {
        let secret = Secret::new((0..64).collect());
        let (sealer, _) = keys(&secret, revision, Side::Client).unwrap();
        let (_, opener) = keys(&secret, revision, Side::Server).unwrap();
        (sealer, opener)
    }

    #[test]
    fn what_one_side_seals_the_other_opens_in_order() {
        for revision in [Revision::V2_0, Revision::V2_1] {
            let (mut sealer, mut opener) = pair(revision);
            for round in 0..300_u32 {
                let mut bytes = vec![round as u8; 48];
                let tag = sealer.seal(&mut bytes).unwrap();
                let mut head = [0; PREAMBLE_LEN];
                head.copy_from_slice(&bytes[..PREAMBLE_LEN]);
                assert_eq!(opener.peek(&head).unwrap(), [round as u8; PREAMBLE_LEN]);
                bytes.extend_from_slice(&tag);
                opener.open(&mut bytes).unwrap();
                assert_eq!(&bytes[..48], [round as u8; 48]);
            }
            let mut bytes = vec![0; 32];
            assert_eq!(opener.open(&mut bytes).unwrap_err(), Errno::EBADMSG);
        }
    }

    #[test]
    fn no_nonce_is_used_twice() {
        let mut nonces = Nonces::new(Revision::V2_0, [0xff; NONCE_LEN]);
        nonces.take().unwrap();
        let [first @ .., _, _, _, _, _, _, _, _] = nonces.next;
        assert_eq!(first, [0; 4], "counts in the first four bytes, wrapping");
        nonces.next = nonces.initial;
        assert!(nonces.take().is_err());
        let mut nonces = Nonces::new(Revision::V2_1, [0xff; NONCE_LEN]);
        nonces.take().unwrap();
        assert_eq!(nonces.next, [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_short_secret_is_refused() {
        let secret = Secret::new(vec![1; 39]);
        assert!(keys(&secret, Revision::V2_1, Side::Client).is_err());
    }
}
