//! The side that opened the connection.

use super::{
    Common, Cookies, Established, Expected, FLAG_LOSSY, Finished, Local, Opening, Target, compress,
    kind_of, secure, send_banner, take_banner,
};
use crate::ceph::auth::{AuthClient, AuthRequest};
use crate::ceph::msgr2::Side;
use crate::ceph::msgr2::compression::Algorithm;
use crate::ceph::msgr2::control::{
    self, AuthBadMethod, AuthDone, AuthReplyMore, AuthRequestMore, ClientIdent, CompressionDone,
    CompressionRequest, Control, Hello, IdentMissingFeatures, ServerIdent, SessionReconnect,
    SessionReconnectOk, SessionReset, SessionRetry, SessionRetryGlobal,
};
use crate::ceph::msgr2::incoming::{Frame, Incoming};
use crate::ceph::msgr2::outgoing::Outgoing;
use crate::ceph::msgr2::preamble::Tag;
use crate::ceph::types::{AddrKind, EntityAddr, EntityAddrs, EntityKind, EntityName};
use crate::errno::{Errno, Result};

/// Attempts that a server may answer with "again". A right one asks for one.
const ATTEMPTS_MAX: u32 = 16;

/// What the client waits for.
enum State {
    Banner,
    Hello { common: Common },
    Auth { common: Common, modes: Vec<u32> },
    Signature { common: Common, expected: Expected },
    Compression,
    ServerIdent { opening: Opening },
    Reconnected,
    Finished,
}

/// A client's handshake.
pub(crate) struct ClientHandshake {
    local: Local,
    target: Target,
    auth: Box<dyn AuthClient>,
    state: State,
    cookies: Cookies,
    /// The last message received in the session that is to be continued.
    in_seq: u64,
    global_id: u64,
    mode: u32,
    compression: Option<Algorithm>,
    attempts: u32,
}

impl ClientHandshake {
    /// Sends the banner. With a server's cookie in `cookies` the session is to be continued after
    /// the message `in_seq`.
    pub(crate) fn new(
        mut local: Local,
        target: Target,
        auth: Box<dyn AuthClient>,
        (cookies, in_seq): (Cookies, u64),
        outgoing: &mut Outgoing,
    ) -> Self {
        // The option is for OSDs; nobody else compresses.
        local.compression = local.compression.filter(|_| target.kind == EntityKind::Osd);
        send_banner(&local, outgoing);
        ClientHandshake {
            local,
            target,
            auth,
            state: State::Banner,
            cookies,
            in_seq,
            global_id: 0,
            mode: 0,
            compression: None,
            attempts: 0,
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
            let hello = Hello { kind: self.local.kind as u8, addr: self.target.addr };
            hello.send(outgoing)?;
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
            State::Hello { common } => self.hello(common, frame, outgoing)?,
            State::Auth { common, modes } => {
                self.auth(common, modes, frame, incoming, outgoing)?;
            }
            State::Signature { common, expected } => {
                expected.check(frame)?;
                if common.compression {
                    self.ask_for_compression(outgoing)?;
                } else {
                    self.open(Opening::New, outgoing)?;
                }
            }
            State::Compression => {
                self.compression(&CompressionDone::read(frame)?, incoming, outgoing)?;
                self.open(Opening::New, outgoing)?;
            }
            State::ServerIdent { opening } => return self.server_ident(opening, frame).map(Some),
            State::Reconnected => return self.reconnected(frame, outgoing),
            State::Banner | State::Finished => {
                return Err(Errno::EBADMSG.because(format!("{:?} frame too early", frame.tag)));
            }
        }
        Ok(None)
    }

    fn hello(&mut self, common: Common, frame: &Frame, outgoing: &mut Outgoing) -> Result<()> {
        let hello = Hello::read(frame)?;
        let kind = kind_of(hello.kind)?;
        if kind != self.target.kind {
            return Err(Errno::EBADMSG.because(format!(
                "the peer at {} is a {}, not a {}",
                self.target.addr,
                kind.text(),
                self.target.kind.text()
            )));
        }
        if self.local.addrs.0.is_empty() {
            // As AsyncMessenger's learned_addr does: the protocol is left open, the port unknown.
            let mut addr =
                EntityAddr { kind: AddrKind::Any, nonce: self.local.nonce, ..hello.addr };
            if let Some(socket) = &mut addr.socket {
                socket.set_port(0);
            }
            self.local.addrs = EntityAddrs(vec![addr]);
        }
        let request = self.auth.request()?;
        self.request(common, request, outgoing)
    }

    fn request(
        &mut self,
        common: Common,
        AuthRequest { method, modes, payload }: AuthRequest,
        outgoing: &mut Outgoing,
    ) -> Result<()> {
        control::AuthRequest { method, modes: modes.clone(), payload }.send(outgoing)?;
        self.state = State::Auth { common, modes };
        Ok(())
    }

    fn auth(
        &mut self,
        common: Common,
        modes: Vec<u32>,
        frame: &Frame,
        incoming: &mut Incoming,
        outgoing: &mut Outgoing,
    ) -> Result<()> {
        match frame.tag {
            Tag::AuthBadMethod => {
                let bad = AuthBadMethod::read(frame)?;
                self.again()?;
                let request = self.auth.bad_method(
                    bad.method,
                    bad.result,
                    &bad.allowed_methods,
                    &bad.allowed_modes,
                )?;
                self.request(common, request, outgoing)
            }
            Tag::AuthReplyMore => {
                let more = AuthReplyMore::read(frame)?;
                self.again()?;
                let payload = self.auth.more(&more.payload)?;
                self.state = State::Auth { common, modes };
                AuthRequestMore { payload }.send(outgoing)
            }
            _ => {
                let AuthDone { global_id, mode, payload } = AuthDone::read(frame)?;
                if !modes.contains(&mode) {
                    return Err(Errno::EACCES
                        .because(format!("the peer chose mode {mode}, which was not offered")));
                }
                let done = self.auth.done(global_id, mode, &payload)?;
                (self.global_id, self.mode) = (global_id, mode);
                let expected =
                    secure(Side::Client, common.revision, mode, done, incoming, outgoing)?;
                self.state = State::Signature { common, expected };
                Ok(())
            }
        }
    }

    fn ask_for_compression(&mut self, outgoing: &mut Outgoing) -> Result<()> {
        let wanted = self.local.compression_in(self.mode);
        let algorithms = wanted.map_or(&[][..], |wanted| &wanted.algorithms);
        let algorithms = algorithms.iter().map(|algorithm| *algorithm as u32).collect();
        self.state = State::Compression;
        CompressionRequest { wanted: wanted.is_some(), algorithms }.send(outgoing)
    }

    fn compression(
        &mut self,
        done: &CompressionDone,
        incoming: &mut Incoming,
        outgoing: &mut Outgoing,
    ) -> Result<()> {
        let Some(wanted) = self.local.compression_in(self.mode).filter(|_| done.agreed) else {
            // Who was not asked to compress and says it will does not.
            return Ok(());
        };
        let algorithm = Algorithm::from_number(done.algorithm)
            .filter(|algorithm| wanted.algorithms.contains(algorithm))
            .ok_or_else(|| {
                let what = format!("compression {}, which was not offered", done.algorithm);
                Errno::EBADMSG.because(what)
            })?;
        compress(algorithm, wanted.min_size, incoming, outgoing);
        self.compression = Some(algorithm);
        Ok(())
    }

    /// Counts what a peer could go on with forever.
    fn again(&mut self) -> Result<()> {
        self.attempts += 1;
        if self.attempts > ATTEMPTS_MAX {
            return Err(Errno::EPROTO.because("the peer never has enough"));
        }
        Ok(())
    }

    /// Asks for the session.
    fn open(&mut self, opening: Opening, outgoing: &mut Outgoing) -> Result<()> {
        if self.cookies.server != 0 {
            self.state = State::Reconnected;
            return SessionReconnect {
                addrs: self.local.addrs.clone(),
                client_cookie: self.cookies.client,
                server_cookie: self.cookies.server,
                global_seq: self.local.global_seq,
                connect_seq: self.cookies.connect_seq,
                message_seq: self.in_seq,
            }
            .send(outgoing);
        }
        self.state = State::ServerIdent { opening };
        ClientIdent {
            addrs: self.local.addrs.clone(),
            target: self.target.addr,
            number: self.number(),
            global_seq: self.local.global_seq,
            features_supported: self.local.features,
            features_required: self.local.features_required,
            flags: self.local.flags(),
            cookie: self.cookies.client,
        }
        .send(outgoing)
    }

    fn number(&self) -> i64 {
        match (self.local.number, i64::try_from(self.global_id)) {
            (Some(number), _) => number,
            (None, Ok(number @ 1..)) => number,
            (None, _) => -1,
        }
    }

    fn server_ident(&mut self, opening: Opening, frame: &Frame) -> Result<Finished> {
        match frame.tag {
            Tag::IdentMissingFeatures => {
                let IdentMissingFeatures { features } = IdentMissingFeatures::read(frame)?;
                return Err(Errno::EOPNOTSUPP.because(format!(
                    "the peer requires features that we do not have, {features:#x}: see `ceph \
                     features` and `ceph osd get-require-min-compat-client`"
                )));
            }
            Tag::Wait => return Err(lost_race()),
            _ => {}
        }
        let ident = ServerIdent::read(frame)?;
        if !ident.addrs.0.contains(&self.target.addr) {
            return Err(Errno::ECONNREFUSED
                .because(format!("{} is now {}: another process", self.target.addr, ident.addrs)));
        }
        self.cookies.server = ident.cookie;
        self.cookies.peer_global_seq = ident.global_seq;
        let lossy = ident.flags & FLAG_LOSSY != 0;
        let features = ident.features_supported & self.local.features;
        let peer = EntityName { kind: self.target.kind, number: ident.number };
        Ok(self.finished(peer, ident.addrs, features, lossy, opening))
    }

    fn reconnected(&mut self, frame: &Frame, outgoing: &mut Outgoing) -> Result<Option<Finished>> {
        match frame.tag {
            Tag::SessionReset => {
                let reset = SessionReset::read(frame)?;
                self.cookies = Cookies { client: self.cookies.client, ..Cookies::default() };
                self.in_seq = 0;
                self.open(if reset.full { Opening::Reset } else { Opening::New }, outgoing)?;
            }
            Tag::SessionRetry => {
                self.again()?;
                self.cookies.connect_seq = SessionRetry::read(frame)?.connect_seq.saturating_add(1);
                self.open(Opening::New, outgoing)?;
            }
            Tag::SessionRetryGlobal => {
                self.again()?;
                self.local.global_seq =
                    SessionRetryGlobal::read(frame)?.global_seq.saturating_add(1);
                self.open(Opening::New, outgoing)?;
            }
            Tag::Wait => return Err(lost_race()),
            _ => {
                let SessionReconnectOk { message_seq: acked } = SessionReconnectOk::read(frame)?;
                let peer = EntityName { kind: self.target.kind, number: -1 };
                let addrs = EntityAddrs(vec![self.target.addr]);
                let opening = Opening::Resumed { acked };
                return Ok(Some(self.finished(peer, addrs, self.local.features, false, opening)));
            }
        }
        Ok(None)
    }

    fn finished(
        &self,
        peer: EntityName,
        peer_addrs: EntityAddrs,
        features: u64,
        lossy: bool,
        opening: Opening,
    ) -> Finished {
        let local_addr = self.local.addrs.0.first().copied().unwrap_or_default();
        let (global_id, mode, compression) = (self.global_id, self.mode, self.compression);
        let established = Established {
            peer,
            peer_addrs,
            features,
            local_addr,
            global_id,
            mode,
            lossy,
            compression,
        };
        Finished { established, cookies: self.cookies, opening }
    }
}

fn lost_race() -> crate::errno::Error {
    Errno::EAGAIN.because("the peer is connecting to us at the same time")
}
