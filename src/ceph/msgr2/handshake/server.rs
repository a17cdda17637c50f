//! The side that was connected to: for tests, the simulator, and whoever builds a daemon.

use bytes::Bytes;

use super::{
    Common, Cookies, Established, Expected, FLAG_LOSSY, Finished, Local, Opening, compress,
    kind_of, secure, send_banner, take_banner,
};
use crate::ceph::auth::{AuthDone, METHOD_NONE, MODE_CRC};
use crate::ceph::msgr2::Side;
use crate::ceph::msgr2::compression::Algorithm;
use crate::ceph::msgr2::control::{
    self, AuthBadMethod, AuthReplyMore, AuthRequest, AuthRequestMore, ClientIdent, CompressionDone,
    CompressionRequest, Control, Hello, IdentMissingFeatures, ServerIdent, SessionReconnect,
    SessionReconnectOk, SessionReset, SessionRetry, SessionRetryGlobal,
};
use crate::ceph::msgr2::incoming::{Frame, Incoming};
use crate::ceph::msgr2::outgoing::Outgoing;
use crate::ceph::msgr2::preamble::Tag;
use crate::ceph::types::{EntityAddr, EntityKind, EntityName};
use crate::errno::{Errno, Result};

/// What a server makes of a client's authentication payload.
#[derive(Debug)]
pub enum Accept {
    /// Satisfied.
    Done {
        /// The client's number.
        global_id: u64,
        /// `MODE_*`, one of those offered.
        mode: u32,
        /// For the method.
        payload: Bytes,
        /// Both sides' keys.
        keys: AuthDone,
    },
    /// Another step is needed.
    More(Bytes),
    /// Not this method or not these modes, or not this client.
    Bad {
        /// A negative error number.
        result: i32,
        /// `METHOD_*` that would do.
        methods: Vec<u32>,
        /// `MODE_*` that would do.
        modes: Vec<u32>,
    },
}

/// The server's side of an authentication exchange.
pub trait AuthServer: Send {
    /// A client's first payload.
    fn request(&mut self, method: u32, modes: &[u32], payload: &[u8]) -> Accept;

    /// A further one.
    fn more(&mut self, payload: &[u8]) -> Accept;
}

/// Believes everybody.
impl AuthServer for () {
    fn request(&mut self, method: u32, modes: &[u32], _payload: &[u8]) -> Accept {
        let (methods, allowed) = (vec![METHOD_NONE], vec![MODE_CRC]);
        if method != METHOD_NONE || !modes.contains(&MODE_CRC) {
            return Accept::Bad { result: Errno::EOPNOTSUPP.to_c(), methods, modes: allowed };
        }
        let (payload, keys) = (Bytes::new(), AuthDone::default());
        Accept::Done { global_id: 4100, mode: MODE_CRC, payload, keys }
    }

    fn more(&mut self, _payload: &[u8]) -> Accept {
        Accept::Bad { result: Errno::EINVAL.to_c(), methods: vec![], modes: vec![] }
    }
}

/// What the server waits for.
enum State {
    Banner,
    Hello { common: Common },
    Auth { common: Common, more: Option<u32> },
    Signature { common: Common, expected: Expected },
    Compression,
    Ident,
    Finished,
}

/// A session that the server keeps for a client that lost its connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    pub(crate) cookies: Cookies,
    /// The last message received in it.
    pub(crate) in_seq: u64,
}

/// A server's handshake.
pub(crate) struct ServerHandshake {
    local: Local,
    /// Where the client is seen.
    seen: EntityAddr,
    auth: Box<dyn AuthServer>,
    /// What names a new session.
    cookie: u64,
    kept: Option<Kept>,
    state: State,
    client: EntityKind,
    global_id: u64,
    mode: u32,
    compression: Option<Algorithm>,
}

impl ServerHandshake {
    /// Sends the banner. `cookie` will name the session if it is a new one; `kept` is the earlier
    /// session with this client.
    pub(crate) fn new(
        local: Local,
        seen: EntityAddr,
        auth: Box<dyn AuthServer>,
        (cookie, kept): (u64, Option<Kept>),
        outgoing: &mut Outgoing,
    ) -> Self {
        send_banner(&local, outgoing);
        ServerHandshake {
            local,
            seen,
            auth,
            cookie,
            kept,
            state: State::Banner,
            client: EntityKind::Client,
            global_id: 0,
            mode: 0,
            compression: None,
        }
    }

    /// Takes what has come as far as it goes.
    pub(crate) fn advance(
        &mut self,
        incoming: &mut Incoming,
        outgoing: &mut Outgoing,
    ) -> Result<Option<Finished>> {
        if let State::Banner = self.state {
            let Some(common) = take_banner(&self.local, incoming, outgoing)? else {
                return Ok(None);
            };
            Hello { kind: self.local.kind as u8, addr: self.seen }.send(outgoing)?;
            self.state = State::Hello { common };
        }
        while !matches!(self.state, State::Finished) {
            let Some(frame) = incoming.frame()? else { break };
            if let Some(finished) = self.frame(&frame, incoming, outgoing)? {
                self.state = State::Finished;
                return Ok(Some(finished));
            }
        }
        Ok(None)
    }

    fn frame(
        &mut self,
        frame: &Frame,
        incoming: &mut Incoming,
        outgoing: &mut Outgoing,
    ) -> Result<Option<Finished>> {
        match std::mem::replace(&mut self.state, State::Finished) {
            State::Hello { common } => {
                self.client = kind_of(Hello::read(frame)?.kind)?;
                self.state = State::Auth { common, more: None };
            }
            State::Auth { common, more: None } => {
                let AuthRequest { method, modes, payload } = AuthRequest::read(frame)?;
                let accept = self.auth.request(method, &modes, &payload);
                self.accept(common, method, accept, incoming, outgoing)?;
            }
            State::Auth { common, more: Some(method) } => {
                let accept = self.auth.more(&AuthRequestMore::read(frame)?.payload);
                self.accept(common, method, accept, incoming, outgoing)?;
            }
            State::Signature { common, expected } => {
                expected.check(frame)?;
                self.state = if common.compression { State::Compression } else { State::Ident };
            }
            State::Compression => {
                self.compression(&CompressionRequest::read(frame)?, incoming, outgoing)?;
                self.state = State::Ident;
            }
            State::Ident if frame.tag == Tag::SessionReconnect => {
                return self.reconnect(&SessionReconnect::read(frame)?, outgoing);
            }
            State::Ident => return self.ident(ClientIdent::read(frame)?, outgoing),
            State::Banner | State::Finished => {
                return Err(Errno::EBADMSG.because(format!("{:?} frame too early", frame.tag)));
            }
        }
        Ok(None)
    }

    fn accept(
        &mut self,
        common: Common,
        method: u32,
        accept: Accept,
        incoming: &mut Incoming,
        outgoing: &mut Outgoing,
    ) -> Result<()> {
        match accept {
            Accept::Bad { result, methods: allowed_methods, modes: allowed_modes } => {
                self.state = State::Auth { common, more: None };
                AuthBadMethod { method, result, allowed_methods, allowed_modes }.send(outgoing)
            }
            Accept::More(payload) => {
                self.state = State::Auth { common, more: Some(method) };
                AuthReplyMore { payload }.send(outgoing)
            }
            Accept::Done { global_id, mode, payload, keys } => {
                control::AuthDone { global_id, mode, payload }.send(outgoing)?;
                (self.global_id, self.mode) = (global_id, mode);
                let expected =
                    secure(Side::Server, common.revision, mode, keys, incoming, outgoing)?;
                self.state = State::Signature { common, expected };
                Ok(())
            }
        }
    }

    /// The first algorithm on the client's list that is on ours.
    fn compression(
        &mut self,
        request: &CompressionRequest,
        incoming: &mut Incoming,
        outgoing: &mut Outgoing,
    ) -> Result<()> {
        let wanted = self.local.compression_in(self.mode).filter(|_| request.wanted);
        let chosen = wanted.and_then(|wanted| {
            let known = request.algorithms.iter().filter_map(|n| Algorithm::from_number(*n));
            let mut both = known.filter(|algorithm| wanted.algorithms.contains(algorithm));
            both.next().map(|algorithm| (algorithm, wanted.min_size))
        });
        let algorithm = chosen.map_or(0, |(algorithm, _)| algorithm as u32);
        CompressionDone { agreed: chosen.is_some(), algorithm }.send(outgoing)?;
        if let Some((algorithm, min_size)) = chosen {
            compress(algorithm, min_size, incoming, outgoing);
            self.compression = Some(algorithm);
        }
        Ok(())
    }

    fn ident(&mut self, ident: ClientIdent, outgoing: &mut Outgoing) -> Result<Option<Finished>> {
        if !self.local.addrs.0.contains(&ident.target) {
            return Err(Errno::EBADMSG.because(format!("the client wants {}", ident.target)));
        }
        let missing = self.local.features_required & !ident.features_supported;
        if missing != 0 {
            self.state = State::Ident;
            IdentMissingFeatures { features: missing }.send(outgoing)?;
            return Ok(None);
        }
        let lossy = self.local.lossy;
        let cookie = if lossy { 0 } else { self.cookie };
        ServerIdent {
            addrs: self.local.addrs.clone(),
            number: self.local.number.unwrap_or(-1),
            global_seq: self.local.global_seq,
            features_supported: self.local.features,
            features_required: self.local.features_required,
            flags: if lossy { FLAG_LOSSY } else { 0 },
            cookie,
        }
        .send(outgoing)?;
        // The client that lost our answer begins again with its cookie; another cookie is a client
        // that has forgotten the session.
        let opening = match self.kept {
            Some(kept) if kept.cookies.client != ident.cookie => Opening::Reset,
            _ => Opening::New,
        };
        let cookies = Cookies {
            client: ident.cookie,
            server: cookie,
            connect_seq: 0,
            peer_global_seq: ident.global_seq,
        };
        let peer = EntityName { kind: self.client, number: ident.number };
        let features = ident.features_supported & self.local.features;
        Ok(Some(self.finished(peer, ident.addrs, features, cookies, opening)))
    }

    fn reconnect(
        &mut self,
        wanted: &SessionReconnect,
        outgoing: &mut Outgoing,
    ) -> Result<Option<Finished>> {
        self.state = State::Ident;
        let kept = match self.kept {
            Some(kept) if kept.cookies.client == wanted.client_cookie => kept,
            _ => {
                SessionReset { full: true }.send(outgoing)?;
                return Ok(None);
            }
        };
        if kept.cookies.peer_global_seq > wanted.global_seq {
            let global_seq = kept.cookies.peer_global_seq;
            SessionRetryGlobal { global_seq }.send(outgoing)?;
            return Ok(None);
        }
        if kept.cookies.connect_seq > wanted.connect_seq {
            let connect_seq = kept.cookies.connect_seq;
            SessionRetry { connect_seq }.send(outgoing)?;
            return Ok(None);
        }
        SessionReconnectOk { message_seq: kept.in_seq }.send(outgoing)?;
        let cookies = Cookies {
            connect_seq: wanted.connect_seq,
            peer_global_seq: wanted.global_seq,
            ..kept.cookies
        };
        let peer = EntityName { kind: self.client, number: -1 };
        let opening = Opening::Resumed { acked: wanted.message_seq };
        Ok(Some(self.finished(peer, wanted.addrs.clone(), self.local.features, cookies, opening)))
    }

    fn finished(
        &self,
        peer: EntityName,
        peer_addrs: crate::ceph::types::EntityAddrs,
        features: u64,
        cookies: Cookies,
        opening: Opening,
    ) -> Finished {
        let local_addr = self.local.addrs.0.first().copied().unwrap_or_default();
        let established = Established {
            peer,
            peer_addrs,
            features,
            local_addr,
            global_id: self.global_id,
            mode: self.mode,
            lossy: self.local.lossy,
            compression: self.compression,
        };
        Finished { established, cookies, opening }
    }
}
