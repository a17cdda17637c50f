//! Keys of cephx: how they are written down, and what is encrypted with them.

use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use ring::hmac;
use zeroize::Zeroizing;

use super::rfc8009;
use crate::ceph::auth::Secret;
use crate::ceph::types::UTime;
use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::{Errno, Result};

/// The same for every message under a key of kind aes (`CEPH_AES_IV`).
const IV: [u8; 16] = *b"cephsageyudagreg";
/// In front of whatever is encrypted, so that a wrong key is noticed (`AUTH_ENC_MAGIC`).
const MAGIC: u64 = 0xff00_9cad_8826_aa55;

/// Keyrings are written by hand, too: the padding may be missing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// How a key encrypts (`CEPH_CRYPTO_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// AES-128 in CBC mode; `aes` in commands.
    Aes = 1,
    /// AES-256 with an HMAC, as Kerberos does it; `aes256k` in commands. The only kind that
    /// clusters take which 20.2.4 or a later release has made.
    Aes256k = 2,
}

impl Kind {
    fn from_number(number: u16) -> Option<Self> {
        [Kind::Aes, Kind::Aes256k].into_iter().find(|kind| *kind as u16 == number)
    }

    /// Of a key, in bytes.
    fn key_len(self) -> usize {
        match self {
            Kind::Aes => 16,
            Kind::Aes256k => rfc8009::KEY_LEN,
        }
    }
}

/// What something is encrypted for: keys of kind aes256k open nothing that was sealed for another
/// purpose (`CEPHX_KEY_USAGE_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usage {
    /// The key of an encrypted connection to a monitor.
    ConnectionSecret = 0x03,
    /// The key of the session that a ticket opens.
    SessionKey = 0x04,
    /// A ticket, for one who renews it.
    Ticket = 0x05,
    /// The proof that a ticket is ours.
    Authorize = 0x10,
    /// A service's challenge.
    Challenge = 0x11,
    /// A service's proof that it read its ticket, with the key of an encrypted connection.
    AuthorizeReply = 0x12,
}

/// A key of a client or of a session (`CryptoKey`). May be empty, as in a keyring that names a
/// client without giving it a key; an empty one encrypts nothing.
#[derive(Clone, Debug)]
pub struct CryptoKey {
    kind: Kind,
    created: UTime,
    secret: Secret,
}

impl CryptoKey {
    /// From the bytes of a key.
    ///
    /// # Errors
    /// `EINVAL` for fewer than its kind needs.
    pub fn new(kind: Kind, secret: Secret, created: UTime) -> Result<Self> {
        if !secret.is_empty() && secret.len() < kind.key_len() {
            return Err(Errno::EINVAL.because("too few bytes for a key"));
        }
        Ok(CryptoKey { kind, created, secret })
    }

    /// From its form in keyrings and options: base64 of the encoded key. White space is ignored.
    ///
    /// # Errors
    /// `EINVAL`, with a sentence that does not show the key.
    pub fn from_base64(text: &str) -> Result<Self> {
        let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let bytes = BASE64.decode(text).map_err(|_| Errno::EINVAL.because("not base64"))?;
        let bytes = Secret::new(bytes);
        CryptoKey::decode(&mut Reader::new(bytes.expose()), "key")
            .map_err(|error| Errno::EINVAL.because(error.what().unwrap_or_default().to_owned()))
    }

    /// The bytes.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Encrypts a value together with the mark by which [`CryptoKey::open`] knows its key.
    pub(super) fn seal(&self, usage: Usage, value: &impl Encode) -> Result<Vec<u8>> {
        let mut plain = Writer::new();
        plain.u8(1).u64(MAGIC).value(value);
        let plain = plain.into_bytes();
        let key = self.key()?;
        if self.kind == Kind::Aes256k {
            let mut confounder = [0; rfc8009::CONFOUNDER_LEN];
            getrandom::fill(&mut confounder).map_err(super::no_random)?;
            return Ok(rfc8009::seal(key, usage as u32, confounder, &plain));
        }
        let cipher = cbc::Encryptor::<Aes128>::new_from_slices(key, &IV);
        let cipher = cipher.map_err(|_| Errno::EINVAL.because("a key of the wrong size"))?;
        Ok(cipher.encrypt_padded_vec::<Pkcs7>(&plain))
    }

    /// Decrypts what was sealed with this key; what a newer writer added behind the value is
    /// passed over.
    ///
    /// # Errors
    /// `EACCES` when it was sealed with another key, or is damaged.
    pub(super) fn open<T: Decode>(
        &self,
        usage: Usage,
        sealed: &[u8],
        field: &'static str,
    ) -> Result<T> {
        let wrong = || Errno::EACCES.because(format!("{field}: not encrypted with our key"));
        let key = self.key()?;
        let plain = match self.kind {
            Kind::Aes => {
                let cipher = cbc::Decryptor::<Aes128>::new_from_slices(key, &IV);
                let cipher =
                    cipher.map_err(|_| Errno::EINVAL.because("a key of the wrong size"))?;
                cipher.decrypt_padded_vec::<Pkcs7>(sealed).ok().map(Zeroizing::new)
            }
            Kind::Aes256k => rfc8009::open(key, usage as u32, sealed),
        };
        let plain = plain.ok_or_else(wrong)?;
        let mut reader = Reader::new(&plain);
        reader.u8(field)?;
        if reader.u64(field)? != MAGIC {
            return Err(wrong());
        }
        T::decode(&mut reader, field)
    }

    /// What only one with the key can compute of the monitor's challenge and ours
    /// (`cephx_calc_client_server_challenge`).
    pub(super) fn proof(&self, server: u64, client: u64) -> Result<u64> {
        let bytes = match self.kind {
            Kind::Aes => {
                // The length in front is part of what is folded; there is no usage to tell.
                let mut sealed = Writer::new();
                sealed.bytes(self.seal(Usage::Authorize, &(server, client))?);
                sealed.into_bytes()
            }
            Kind::Aes256k => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, self.key()?);
                let tag = hmac::sign(&key, &Writer::of(&(server, client)));
                Bytes::copy_from_slice(tag.as_ref())
            }
        };
        let words = bytes.chunks_exact(8).filter_map(|word| word.try_into().ok());
        Ok(words.fold(0, |folded, word| folded ^ u64::from_le_bytes(word)))
    }

    /// A longer key is used as far as the cipher reads it, as the original does.
    fn key(&self) -> Result<&[u8]> {
        let secret = self.secret.expose();
        let key = match self.kind {
            Kind::Aes => secret.get(..self.kind.key_len()),
            Kind::Aes256k => (!secret.is_empty()).then_some(secret),
        };
        key.ok_or_else(|| Errno::EACCES.because("an empty key"))
    }
}

impl Encode for CryptoKey {
    fn encode(&self, writer: &mut Writer) {
        let len = u16::try_from(self.secret.len()).unwrap_or(0);
        writer.u16(if len > 0 { self.kind as u16 } else { 0 }).value(&self.created);
        writer.u16(len).raw(self.secret.expose());
    }
}

impl Decode for CryptoKey {
    const MIN_SIZE: usize = 12;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let number = reader.u16(field)?;
        let created = UTime::decode(reader, field)?;
        let len = reader.u16(field)?;
        let secret = Secret::from(reader.take(len.into(), field)?);
        let kind = Kind::from_number(number);
        match kind.filter(|kind| secret.len() >= kind.key_len()) {
            Some(kind) => Ok(CryptoKey { kind, created, secret }),
            None if secret.is_empty() => Ok(CryptoKey { kind: Kind::Aes, created, secret }),
            None => {
                let what = format!("{field}: a key of type {number} with {len} bytes");
                Err(Errno::EBADMSG.because(what))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(kind: Kind, byte: u8) -> CryptoKey {
        CryptoKey::new(kind, Secret::new(vec![byte; kind.key_len()]), UTime::default()).unwrap()
    }

    #[test]
    fn a_key_is_read_from_base64_and_never_printed() {
        let text = " AQDFNHRg0jmsNBAAVS6PWbDs6zZ87hVqLG4V7Q==\n";
        let key = CryptoKey::from_base64(text).unwrap();
        assert_eq!(key.created, UTime { sec: 0x6074_34c5, nsec: 0x34ac_39d2 });
        assert_eq!(key.secret.expose()[..4], [0x55, 0x2e, 0x8f, 0x59]);
        assert_eq!(BASE64.encode(Writer::of(&key)), text.trim());
        assert!(!format!("{key:?}").contains("55"));
        // Measured on 16.2.15: all three are refused.
        for bad in [
            "AAAA",
            "zzz",
            "AQC1XAFrt0SoMwgAAAAAAAAAAAA=",
            "CQC1XAFrt0SoMxAAbnx+PfjcjNKTY4SZ91Y21Q==",
        ] {
            assert_eq!(CryptoKey::from_base64(bad).unwrap_err(), Errno::EINVAL, "{bad}");
        }
        assert!(CryptoKey::from_base64("AQAAAAAAAAAAAAAA").unwrap().secret.is_empty());
    }

    #[test]
    fn what_is_sealed_is_opened_with_the_same_key_only() {
        let text = "0123456789abcdef".repeat(3);
        for kind in [Kind::Aes, Kind::Aes256k] {
            let (ours, other) = (key(kind, 7), key(kind, 8));
            let sealed = ours.seal(Usage::Ticket, &text).unwrap();
            let open =
                |key: &CryptoKey, sealed: &[u8]| key.open::<String>(Usage::Ticket, sealed, "text");
            assert_eq!(open(&ours, &sealed).unwrap(), text);
            assert_eq!(open(&other, &sealed).unwrap_err(), Errno::EACCES);
            assert!(open(&ours, &sealed[..15]).is_err());
            assert!(open(&ours, &[]).is_err());
            let empty = CryptoKey::new(kind, Secret::new(vec![]), UTime::default()).unwrap();
            assert_eq!(empty.seal(Usage::Ticket, &text).unwrap_err(), Errno::EACCES);
            assert_eq!(empty.proof(1, 2).unwrap_err(), Errno::EACCES);
        }
        let sealed = key(Kind::Aes256k, 7).seal(Usage::Ticket, &text).unwrap();
        let other_usage = key(Kind::Aes256k, 7).open::<String>(Usage::Authorize, &sealed, "text");
        assert_eq!(other_usage.unwrap_err(), Errno::EACCES);
        assert_ne!(sealed, key(Kind::Aes256k, 7).seal(Usage::Ticket, &text).unwrap());
    }
}
