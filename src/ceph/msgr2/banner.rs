//! What both sides say first: which protocol, and which of its features.

use bytes::Bytes;

use crate::codec::{Reader, Writer};
use crate::errno::{Errno, Result};

/// Frames as in revision 2.1 (`CEPH_MSGR2_FEATURE_REVISION_1`).
pub(super) const FEATURE_REVISION_1: u64 = 1;
/// Frames can be compressed (`CEPH_MSGR2_FEATURE_COMPRESSION`). A peer that is not told so neither
/// waits for nor sends the frames that would agree on it (ProtocolV2.cc), which saves a round trip.
pub(super) const FEATURE_COMPRESSION: u64 = 2;

/// `ceph v2\n` and the payload's length.
pub(super) const PREFIX_LEN: usize = 10;
const PREFIX: &[u8; 8] = b"ceph v2\n";
/// How the first protocol begins: `ceph v027`.
const PREFIX_V1: &[u8; 7] = b"ceph v0";
/// Features supported and required; a longer payload is a newer one.
const PAYLOAD_MIN: usize = 16;
/// Nothing that we know of needs more.
const PAYLOAD_MAX: usize = 256;

/// The payload of a banner.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Banner {
    pub(super) supported: u64,
    pub(super) required: u64,
}

impl Banner {
    /// Ours.
    pub(super) fn ours(supported: u64) -> Self {
        Banner { supported, required: 0 }
    }

    pub(super) fn encode(self) -> Bytes {
        let mut writer = Writer::new();
        writer.raw(PREFIX).u16(PAYLOAD_MIN as u16).u64(self.supported).u64(self.required);
        writer.into_bytes()
    }

    /// Length of the payload behind the prefix, which are the first [`PREFIX_LEN`] bytes.
    pub(super) fn payload_len(prefix: &[u8]) -> Result<usize> {
        let mut reader = Reader::new(prefix);
        let name = reader.take(PREFIX.len(), "banner")?;
        if name.starts_with(PREFIX_V1) {
            return Err(Errno::EOPNOTSUPP
                .because("the peer speaks the first messenger protocol (msgr1) at this address"));
        }
        if name != PREFIX {
            return Err(Errno::EBADMSG.because("banner: the peer is no Ceph daemon"));
        }
        let len = usize::from(reader.u16("banner length")?);
        if !(PAYLOAD_MIN..=PAYLOAD_MAX).contains(&len) {
            return Err(Errno::EBADMSG.because(format!("banner: {len} bytes long")));
        }
        Ok(len)
    }

    pub(super) fn decode(payload: &[u8]) -> Result<Banner> {
        let mut reader = Reader::new(payload);
        let supported = reader.u64("features supported")?;
        Ok(Banner { supported, required: reader.u64("features required")? })
    }

    /// Fails when the peer requires what we, who said `ours`, cannot do.
    pub(super) fn check(self, ours: u64) -> Result<()> {
        match self.required & !ours {
            0 => Ok(()),
            missing => Err(Errno::EOPNOTSUPP
                .because(format!("the peer requires features {missing:#x} of the protocol"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_banner_comes_back_and_others_are_refused() {
        let bytes = Banner { supported: 3, required: 1 }.encode();
        assert_eq!(&bytes[..], b"ceph v2\n\x10\0\x03\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0");
        assert_eq!(Banner::payload_len(&bytes[..PREFIX_LEN]).unwrap(), 16);
        let banner = Banner::decode(&bytes[PREFIX_LEN..]).unwrap();
        assert_eq!(banner, Banner { supported: 3, required: 1 });
        banner.check(1).unwrap();
        assert_eq!(banner.check(2).unwrap_err(), Errno::EOPNOTSUPP);
        let v1 = Banner::payload_len(b"ceph v027\0").unwrap_err();
        assert_eq!(v1, Errno::EOPNOTSUPP);
        assert_eq!(Banner::payload_len(b"SSH-2.0-Op").unwrap_err(), Errno::EBADMSG);
        assert_eq!(Banner::payload_len(b"ceph v2\n\xff\xff").unwrap_err(), Errno::EBADMSG);
        assert_eq!(Banner::payload_len(b"ceph v2\n\x0f\0").unwrap_err(), Errno::EBADMSG);
    }
}
