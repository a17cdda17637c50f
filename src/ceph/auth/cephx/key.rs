//! Keys of cephx: how they are written down, and what is encrypted with them.

use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use crate::ceph::auth::Secret;
use crate::ceph::types::UTime;
use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::{Errno, Result};

/// The only kind of key clusters up to Tentacle hand to clients (`CEPH_CRYPTO_AES`).
const TYPE_AES: u16 = 1;
const KEY_LEN: usize = 16;
/// The same for every message (`CEPH_AES_IV`).
const IV: [u8; 16] = *b"cephsageyudagreg";
/// In front of whatever is encrypted, so that a wrong key is noticed (`AUTH_ENC_MAGIC`).
const MAGIC: u64 = 0xff00_9cad_8826_aa55;

/// Keyrings are written by hand, too: the padding may be missing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A key for AES-128, of a client or of a session (`CryptoKey`). May be empty, as in a keyring that
/// names a client without giving it a key; an empty one encrypts nothing.
#[derive(Clone, Debug)]
pub struct CryptoKey {
    created: UTime,
    secret: Secret,
}

impl CryptoKey {
    /// From the bytes of a key, 16 of them.
    ///
    /// # Errors
    /// `EINVAL` for fewer.
    pub fn new(secret: Secret, created: UTime) -> Result<Self> {
        if !secret.is_empty() && secret.len() < KEY_LEN {
            return Err(Errno::EINVAL.because("a key has fewer than 16 bytes"));
        }
        Ok(CryptoKey { created, secret })
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
    pub(super) fn seal(&self, value: &impl Encode) -> Result<Vec<u8>> {
        let mut plain = Writer::new();
        plain.u8(1).u64(MAGIC).value(value);
        let cipher = cbc::Encryptor::<Aes128>::new_from_slices(self.key()?, &IV);
        let cipher = cipher.map_err(|_| Errno::EINVAL.because("a key of the wrong size"))?;
        Ok(cipher.encrypt_padded_vec::<Pkcs7>(&plain.into_bytes()))
    }

    /// Decrypts what was sealed with this key; what a newer writer added behind the value is
    /// passed over.
    ///
    /// # Errors
    /// `EACCES` when it was sealed with another key, or is damaged.
    pub(super) fn open<T: Decode>(&self, sealed: &[u8], field: &'static str) -> Result<T> {
        let wrong = || Errno::EACCES.because(format!("{field}: not encrypted with our key"));
        let cipher = cbc::Decryptor::<Aes128>::new_from_slices(self.key()?, &IV);
        let cipher = cipher.map_err(|_| Errno::EINVAL.because("a key of the wrong size"))?;
        let plain = cipher.decrypt_padded_vec::<Pkcs7>(sealed).map_err(|_| wrong())?;
        let plain = Secret::new(plain);
        let mut reader = Reader::new(plain.expose());
        reader.u8(field)?;
        if reader.u64(field)? != MAGIC {
            return Err(wrong());
        }
        T::decode(&mut reader, field)
    }

    /// A longer key is used as far as the cipher reads it, as the original does.
    fn key(&self) -> Result<&[u8]> {
        let secret = self.secret.expose();
        secret.get(..KEY_LEN).ok_or_else(|| Errno::EACCES.because("an empty key"))
    }
}

impl Encode for CryptoKey {
    fn encode(&self, writer: &mut Writer) {
        let len = u16::try_from(self.secret.len()).unwrap_or(0);
        writer.u16(if len > 0 { TYPE_AES } else { 0 }).value(&self.created);
        writer.u16(len).raw(self.secret.expose());
    }
}

impl Decode for CryptoKey {
    const MIN_SIZE: usize = 12;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let kind = reader.u16(field)?;
        let created = UTime::decode(reader, field)?;
        let len = reader.u16(field)?;
        let secret = Secret::from(reader.take(len.into(), field)?);
        if !secret.is_empty() && (kind != TYPE_AES || secret.len() < KEY_LEN) {
            let what = format!("{field}: a key of type {kind} with {len} bytes, not AES-128");
            return Err(Errno::EBADMSG.because(what));
        }
        Ok(CryptoKey { created, secret })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> CryptoKey {
        CryptoKey::new(Secret::new(vec![byte; 16]), UTime::default()).unwrap()
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
        let sealed = key(7).seal(&text).unwrap();
        assert_eq!(sealed.len() % 16, 0);
        assert_eq!(key(7).open::<String>(&sealed, "text").unwrap(), text);
        assert_eq!(key(8).open::<String>(&sealed, "text").unwrap_err(), Errno::EACCES);
        assert!(key(7).open::<String>(&sealed[..15], "text").is_err());
        assert!(key(7).open::<String>(&[], "text").is_err());
        let empty = CryptoKey::new(Secret::new(vec![]), UTime::default()).unwrap();
        assert_eq!(empty.seal(&text).unwrap_err(), Errno::EACCES);
    }
}
