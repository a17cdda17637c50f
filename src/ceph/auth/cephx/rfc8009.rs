//! The encryption of keys of the kind aes256k: Kerberos' aes256-cts-hmac-sha384-192 (RFC 8009).
//!
//! ```text
//!   key --+-- KDF(usage, 0xAA) --> Ke --> AES-256 in CBC mode with ciphertext stealing (CS3)
//!         +-- KDF(usage, 0x55) --> Ki --> HMAC-SHA-384, its first 24 bytes
//!
//!   sealed = encrypted (16 random bytes, plain text), HMAC (16 zeros, encrypted)
//! ```

use aes::Aes256;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use cts::{CbcCs3, Decrypt, Encrypt, KeyIvInit};
use ring::hmac;
use zeroize::Zeroizing;

/// Of a key, in bytes.
pub(super) const KEY_LEN: usize = 32;
/// Random bytes in front of what is encrypted: a block.
pub(super) const CONFOUNDER_LEN: usize = 16;
/// Of the HMAC behind it.
const TAG_LEN: usize = 24;
/// The state that every message begins with.
const IV: [u8; 16] = [0; 16];

/// The keys for one usage.
struct Derived {
    encryption: Zeroizing<[u8; KEY_LEN]>,
    integrity: hmac::Key,
}

impl Derived {
    fn new(key: &[u8], usage: u32) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA384, key);
        // KDF-HMAC-SHA2 with a single round: its counter, the label, a zero, the length in bits.
        let derive = |kind: u8, len: usize| {
            let mut round = hmac::Context::with_key(&key);
            round.update(&1u32.to_be_bytes());
            round.update(&usage.to_be_bytes());
            round.update(&[kind, 0]);
            round.update(&(len as u32 * 8).to_be_bytes());
            round.sign()
        };
        let mut encryption = Zeroizing::new([0; KEY_LEN]);
        let longer = derive(0xaa, KEY_LEN);
        encryption.iter_mut().zip(longer.as_ref()).for_each(|(to, from)| *to = *from);
        let longer = derive(0x55, TAG_LEN);
        let (integrity, _) = longer.as_ref().split_at(TAG_LEN);
        Derived { encryption, integrity: hmac::Key::new(hmac::HMAC_SHA384, integrity) }
    }

    fn tag(&self, encrypted: &[u8]) -> hmac::Tag {
        let mut tag = hmac::Context::with_key(&self.integrity);
        tag.update(&IV);
        tag.update(encrypted);
        tag.sign()
    }
}

/// Encrypts `plain` with `key` for one usage. The confounder is random, and never used again.
pub(super) fn seal(
    key: &[u8],
    usage: u32,
    confounder: [u8; CONFOUNDER_LEN],
    plain: &[u8],
) -> Vec<u8> {
    let derived = Derived::new(key, usage);
    let mut sealed = Vec::with_capacity(CONFOUNDER_LEN + plain.len() + TAG_LEN);
    sealed.extend_from_slice(&confounder);
    sealed.extend_from_slice(plain);
    match <&mut [u8; CONFOUNDER_LEN]>::try_from(&mut sealed[..]) {
        // A single block has none to steal from.
        Ok(block) => Aes256::new((&*derived.encryption).into()).encrypt_block(block.into()),
        Err(_) => {
            let cipher = CbcCs3::<Aes256>::new((&*derived.encryption).into(), &IV.into());
            // Fails for less than a block only.
            _ = cipher.encrypt(&mut sealed);
        }
    }
    let tag = derived.tag(&sealed);
    sealed.extend(tag.as_ref().iter().take(TAG_LEN));
    sealed
}

/// Decrypts what [`seal`] made; `None` if another key or usage did, or it is damaged.
pub(super) fn open(key: &[u8], usage: u32, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let derived = Derived::new(key, usage);
    let (encrypted, tag) = sealed.split_at_checked(sealed.len().checked_sub(TAG_LEN)?)?;
    let expected = derived.tag(encrypted);
    // In the same time wherever they differ.
    let differ = expected.as_ref().iter().zip(tag).fold(0, |differ, (a, b)| differ | (a ^ b));
    if differ != 0 || encrypted.len() < CONFOUNDER_LEN {
        return None;
    }
    let mut plain = Zeroizing::new(encrypted.to_vec());
    match <&mut [u8; CONFOUNDER_LEN]>::try_from(&mut plain[..]) {
        Ok(block) => Aes256::new((&*derived.encryption).into()).decrypt_block(block.into()),
        Err(_) => {
            let cipher = CbcCs3::<Aes256>::new((&*derived.encryption).into(), &IV.into());
            cipher.decrypt(&mut plain).ok()?;
        }
    }
    plain.drain(..CONFOUNDER_LEN);
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ceph::auth::cephx::tests::unhex;

    /// RFC 8009, appendix A.
    const KEY: &str = "6D404D37FAF79F9DF0D33568D320669800EB4836472EA8A026D16B7182460C52";
    const USAGE: u32 = 2;
    /// Confounder, plain text, encrypted, HMAC.
    const VECTORS: [[&str; 4]; 4] = [
        [
            "F764E9FA15C276478B2C7D0C4E5F58E4",
            "",
            "41F53FA5BFE7026D91FAF9BE959195A0",
            "58707273A96A40F0A01960621AC612748B9BBFBE7EB4CE3C",
        ],
        [
            "B80D3251C1F6471494256FFE712D0B9A",
            "000102030405",
            "4ED7B37C2BCAC8F74F23C1CF07E62BC7B75FB3F637B9",
            "F559C7F664F69EAB7B6092237526EA0D1F61CB20D69D10F2",
        ],
        [
            "53BF8A0D105265D4E276428624CE5E63",
            "000102030405060708090A0B0C0D0E0F",
            "BC47FFEC7998EB91E8115CF8D19DAC4BBBE2E163E87DD37F49BECA92027764F6",
            "8CF51F14D798C2273F35DF574D1F932E40C4FF255B36A266",
        ],
        [
            "763E65367E864F02F55153C7E3B58AF1",
            "000102030405060708090A0B0C0D0E0F1011121314",
            "40013E2DF58E8751957D2878BCD2D6FE101CCFD556CB1EAE79DB3C3EE86429F2B2A602AC86",
            "FEF6ECB647D6295FAE077A1FEB517508D2C16B4192E01F62",
        ],
    ];

    #[test]
    fn the_vectors_of_rfc_8009_are_sealed_and_opened() {
        let key = unhex(KEY);
        let derived = Derived::new(&key, USAGE);
        let encryption = "56AB22BEE63D82D7BC5227F6773F8EA7A5EB1C825160C38312980C442E5C7E49";
        assert_eq!(derived.encryption[..], unhex(encryption));
        for [confounder, plain, encrypted, tag] in VECTORS {
            let confounder = unhex(confounder).try_into().unwrap();
            let (plain, sealed) = (unhex(plain), unhex(&format!("{encrypted}{tag}")));
            assert_eq!(seal(&key, USAGE, confounder, &plain), sealed);
            assert_eq!(*open(&key, USAGE, &sealed).unwrap(), plain);
        }
    }

    #[test]
    fn nothing_else_is_opened() {
        let key = unhex(KEY);
        let sealed = seal(&key, USAGE, [7; 16], b"sixteen bytes or so");
        assert!(open(&key, USAGE + 1, &sealed).is_none());
        assert!(open(&unhex(&KEY.replace('4', "5")), USAGE, &sealed).is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(open(&key, USAGE, &changed).is_none(), "{at}");
            assert!(open(&key, USAGE, &sealed[..at]).is_none(), "{at}");
        }
    }
}
