//! Daemons and clients (`entity_name_t`, `CEPH_ENTITY_TYPE_*`).

use std::fmt;

use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::{Errno, Result};

/// What a daemon or client is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum EntityKind {
    /// A monitor.
    Mon = 1,
    /// A metadata server of CephFS.
    Mds = 2,
    /// An object storage daemon.
    Osd = 4,
    /// A client.
    Client = 8,
    /// A manager.
    Mgr = 16,
    /// The authentication service itself, the owner of the first ticket.
    Auth = 32,
}

impl EntityKind {
    const ALL: [EntityKind; 6] = [
        EntityKind::Mon,
        EntityKind::Mds,
        EntityKind::Osd,
        EntityKind::Client,
        EntityKind::Mgr,
        EntityKind::Auth,
    ];

    /// From its number.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        EntityKind::ALL.into_iter().find(|kind| *kind as u32 == number)
    }

    /// From its text, as in [`EntityKind::text`].
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        EntityKind::ALL.into_iter().find(|kind| kind.text() == text)
    }

    /// As it stands before the dot in `client.admin`.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            EntityKind::Mon => "mon",
            EntityKind::Mds => "mds",
            EntityKind::Osd => "osd",
            EntityKind::Client => "client",
            EntityKind::Mgr => "mgr",
            EntityKind::Auth => "auth",
        }
    }
}

/// A running daemon or client: `osd.3`, `client.4123`. A number of -1 is "not known yet".
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct EntityName {
    /// What it is.
    pub kind: EntityKind,
    /// Which.
    pub number: i64,
}

impl fmt::Display for EntityName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            ..0 => write!(f, "{}.?", self.kind.text()),
            number => write!(f, "{}.{number}", self.kind.text()),
        }
    }
}

impl Encode for EntityName {
    fn encode(&self, writer: &mut Writer) {
        writer.u8(self.kind as u8).i64(self.number);
    }
}

impl Decode for EntityName {
    const MIN_SIZE: usize = 9;

    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        let kind = reader.u8(field)?;
        let kind = EntityKind::from_number(kind.into())
            .ok_or_else(|| Errno::EBADMSG.because(format!("{field}: entity type {kind}")))?;
        Ok(EntityName { kind, number: reader.i64(field)? })
    }
}
