//! The payloads of frames that are no messages (`frames_v2.h`).

use bytes::Bytes;

use super::crypto::SIGNATURE_LEN;
use super::incoming::Frame;
use super::outgoing::Outgoing;
use super::preamble::Tag;
use crate::ceph::types::{EntityAddr, EntityAddrs, UTime};
use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::{Errno, Result};

/// A control frame: a tag and what it carries.
pub(super) trait Control: Sized {
    /// Its tag.
    const TAG: Tag;

    fn encode(&self, writer: &mut Writer);

    fn decode(reader: &mut Reader<'_>) -> Result<Self>;

    /// Appends it to what is to be sent.
    fn send(&self, outgoing: &mut Outgoing) -> Result<()> {
        let mut writer = Writer::new();
        self.encode(&mut writer);
        outgoing.control(Self::TAG, &writer.into_bytes())
    }

    /// From a frame that has its tag. A newer peer may send more than we know of.
    fn read(frame: &Frame) -> Result<Self> {
        if frame.tag != Self::TAG {
            return Err(Errno::EBADMSG.because(format!(
                "{:?} frame instead of {:?}",
                frame.tag,
                Self::TAG
            )));
        }
        Self::decode(&mut Reader::new(frame.payload()))
    }
}

macro_rules! controls {
    ($($(#[$doc:meta])* $name:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub(super) struct $name { $($(#[$field_doc])* pub(super) $field: $type,)* }

        impl Control for $name {
            const TAG: Tag = Tag::$name;

            fn encode(&self, writer: &mut Writer) {
                $(Encode::encode(&self.$field, writer);)*
            }

            fn decode(reader: &mut Reader<'_>) -> Result<Self> {
                Ok($name { $($field: Decode::decode(reader, stringify!($field))?,)* })
            }
        }
    )*};
}

controls! {
    /// Both sides, first.
    Hello {
        /// `CEPH_ENTITY_TYPE_*` of the sender.
        kind: u8,
        /// Where the sender sees the other.
        addr: EntityAddr,
    }
    /// The client's choice of a method.
    AuthRequest {
        method: u32,
        modes: Vec<u32>,
        payload: Bytes,
    }
    /// The server wants another one.
    AuthBadMethod {
        method: u32,
        result: i32,
        allowed_methods: Vec<u32>,
        allowed_modes: Vec<u32>,
    }
    /// The server's next step.
    AuthReplyMore {
        payload: Bytes,
    }
    /// The client's next step.
    AuthRequestMore {
        payload: Bytes,
    }
    /// The server is satisfied.
    AuthDone {
        global_id: u64,
        mode: u32,
        payload: Bytes,
    }
    /// Both sides: the other's handshake arrived as it was sent.
    AuthSignature {
        signature: Signature,
    }
    /// The client tells what it can do.
    CompressionRequest {
        wanted: bool,
        /// `Algorithm`s, the one wanted most first.
        algorithms: Vec<u32>,
    }
    /// The server has chosen.
    CompressionDone {
        agreed: bool,
        algorithm: u32,
    }
    /// The client opens a session.
    ClientIdent {
        addrs: EntityAddrs,
        /// Whom it wants to reach.
        target: EntityAddr,
        /// The number in its name, such as 4123 in `client.4123`.
        number: i64,
        /// Grows with every connection of the process.
        global_seq: u64,
        features_supported: u64,
        features_required: u64,
        /// `CEPH_MSG_CONNECT_*`.
        flags: u64,
        /// Names the session, unless it is lossy.
        cookie: u64,
    }
    /// The server has opened it.
    ServerIdent {
        addrs: EntityAddrs,
        number: i64,
        global_seq: u64,
        features_supported: u64,
        features_required: u64,
        flags: u64,
        cookie: u64,
    }
    /// The client lacks these.
    IdentMissingFeatures {
        features: u64,
    }
    /// The client wants to continue a session.
    SessionReconnect {
        addrs: EntityAddrs,
        client_cookie: u64,
        server_cookie: u64,
        global_seq: u64,
        /// Grows with every attempt to reconnect.
        connect_seq: u64,
        /// The last message it has got.
        message_seq: u64,
    }
    /// It cannot be continued.
    SessionReset {
        /// What was sent in it is to be forgotten.
        full: bool,
    }
    /// The attempt is older than one the server has seen.
    SessionRetry {
        connect_seq: u64,
    }
    /// The same by the process-wide number.
    SessionRetryGlobal {
        global_seq: u64,
    }
    /// It continues.
    SessionReconnectOk {
        /// The last message the server has got.
        message_seq: u64,
    }
    /// Asks for a sign of life.
    Keepalive2 {
        /// The sender's clock.
        stamp: UTime,
    }
    /// Gives it.
    Keepalive2Ack {
        /// As it was sent.
        stamp: UTime,
    }
    /// Messages up to this one have come.
    Ack {
        seq: u64,
    }
}

/// A digest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Signature(pub(super) [u8; SIGNATURE_LEN]);

impl Encode for Signature {
    fn encode(&self, writer: &mut Writer) {
        writer.raw(&self.0);
    }
}

impl Decode for Signature {
    const MIN_SIZE: usize = SIGNATURE_LEN;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let mut signature = [0; SIGNATURE_LEN];
        signature.copy_from_slice(reader.take(SIGNATURE_LEN, field)?);
        Ok(Signature(signature))
    }
}
