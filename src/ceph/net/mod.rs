//! Sockets: sessions over TCP, for the monitor client and the objecter.
//!
//! ```text
//!    Net: Transport --connect--> Session: Link          a thread that submits: encode, write
//!                        |            |
//!                     one task     Shared: what is to be sent, the socket's writing half
//!                        |            |
//!              connect, handshake, then read: bytes to messages to the handler
//! ```
//!
//! A message is encoded and written by the thread that sends it. Replies are read, decoded and
//! handled by the task that owns the socket's reading half, on one of the runtime's workers; of
//! several that came together each is handled without waiting in between. No lock is held over a
//! write, a read or a handler, and none is shared by both directions. May use: msgr2, auth, conf,
//! runtime. Must not: decide anything about retries, targets or maps.

mod session;
mod shared;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use once_cell::sync::OnceCell;

use crate::ceph::auth::{AuthClient, AuthSource};
use crate::ceph::msgr2::{Algorithm, Compression, Local, Timeouts};
use crate::ceph::transport::{Link, Peer, SessionHandler, Transport};
use crate::ceph::types::{EntityAddr, EntityAddrs, EntityKind, features};
use crate::conf;
use crate::errno::{Errno, Result};
use crate::runtime;

use session::Session;
use shared::Shared;

/// What the configuration says about sockets.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `ms_connection_ready_timeout`, `ms_connection_idle_timeout`.
    pub timeouts: Timeouts,
    /// Small frames are sent at once (`ms_tcp_nodelay`).
    pub nodelay: bool,
    /// The socket's receive buffer in bytes, 0 for the system's choice (`ms_tcp_rcvbuf`).
    pub receive_buffer: u32,
    /// Segments have checksums (`ms_crc_data`).
    pub crc_data: bool,
    /// Revision 2.1 of the protocol is spoken where the peer does; false is for tests of 2.0.
    pub revision_1: bool,
    /// What we are: a client. Tests may be an OSD, since those compress with one another only.
    pub kind: EntityKind,
    /// Whether and how frames with OSDs are compressed (`ms_osd_compress_mode` and its kin).
    pub compression: Option<Compression>,
}

impl Default for Settings {
    fn default() -> Self {
        let timeouts = Timeouts::default();
        Settings {
            timeouts,
            nodelay: true,
            receive_buffer: 0,
            crc_data: true,
            revision_1: true,
            kind: EntityKind::Client,
            compression: None,
        }
    }
}

impl Settings {
    /// From a handle's configuration.
    #[must_use]
    pub fn from_config(config: &impl conf::Settings) -> Self {
        Settings {
            timeouts: Timeouts {
                ready: config.duration("ms_connection_ready_timeout"),
                idle: config.duration("ms_connection_idle_timeout"),
            },
            nodelay: config.bool("ms_tcp_nodelay"),
            receive_buffer: u32::try_from(config.u64("ms_tcp_rcvbuf")).unwrap_or(u32::MAX),
            crc_data: config.bool("ms_crc_data"),
            revision_1: true,
            kind: EntityKind::Client,
            compression: compression(config),
        }
    }
}

/// Options of Ceph 18; with OSDs only.
fn compression(config: &impl conf::Settings) -> Option<Compression> {
    if config.text("ms_osd_compress_mode") != "force" {
        return None;
    }
    let names = config.text("ms_osd_compression_algorithm");
    let names = names.split([';', ',', '=', ' ', '\t']).filter(|name| !name.is_empty());
    let algorithms: Vec<_> = names.filter_map(Algorithm::from_name).collect();
    (!algorithms.is_empty()).then(|| Compression {
        algorithms,
        min_size: usize::try_from(config.u64("ms_osd_compress_min_size")).unwrap_or(usize::MAX),
        secure: config.bool("ms_compress_secure"),
    })
}

/// All sessions of one cluster handle. To daemons they look like one process: one address, one
/// nonce.
pub struct Net(Arc<Handle>);

/// What sessions share.
struct Handle {
    settings: Settings,
    auth: Arc<dyn AuthSource>,
    nonce: u32,
    global_seq: AtomicU64,
    /// Our address, as the first peer saw it (`ms_learn_addr_from_peer`).
    addr: OnceCell<EntityAddr>,
}

impl Net {
    /// With credentials for sessions whose handlers bring none.
    pub fn new(settings: Settings, auth: Arc<dyn AuthSource>) -> Result<Self> {
        let mut nonce = [0; 4];
        getrandom::fill(&mut nonce).map_err(|error| Errno::EIO.because(error.to_string()))?;
        let nonce = u32::from_le_bytes(nonce);
        let (global_seq, addr) = (AtomicU64::new(0), OnceCell::new());
        Ok(Net(Arc::new(Handle { settings, auth, nonce, global_seq, addr })))
    }

    /// Our address as daemons know it; `None` before the first session stands.
    #[must_use]
    pub fn addr(&self) -> Option<EntityAddr> {
        self.0.addr.get().copied()
    }
}

impl Transport for Net {
    fn connect(&self, peer: Peer, handler: Arc<dyn SessionHandler>) -> Arc<dyn Link> {
        let shared = Arc::new(Shared::new(format!("{peer}").into()));
        let session = Session::new(self.0.clone(), peer, handler, shared.clone());
        runtime::spawn(session.run());
        Arc::new(shared::Handle(shared))
    }
}

impl Handle {
    /// How a new connection of ours presents itself.
    fn local(&self) -> Local {
        Local {
            kind: self.settings.kind,
            number: None,
            addrs: EntityAddrs(self.addr.get().copied().into_iter().collect()),
            nonce: self.nonce,
            features: features::SUPPORTED,
            features_required: features::MSG_ADDR2,
            global_seq: self.global_seq.fetch_add(1, Ordering::Relaxed) + 1,
            lossy: true,
            crc_data: self.settings.crc_data,
            revision_1: self.settings.revision_1,
            compression: self.settings.compression.clone(),
        }
    }

    fn auth(&self, peer: EntityKind, handler: &dyn SessionHandler) -> Result<Box<dyn AuthClient>> {
        handler.auth().map_or_else(|| self.auth.client(peer), Ok)
    }
}

#[cfg(test)]
mod tests;
