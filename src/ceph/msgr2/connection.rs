//! A connection as one thing: handshake, session, reconnects, timeouts.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::time::{Duration, Instant};

use bytes::BytesMut;

use super::handshake::{
    AuthServer, ClientHandshake, Cookies, Established, Finished, Kept, Local, Opening,
    ServerHandshake, Target,
};
use super::incoming::Incoming;
use super::outgoing::Outgoing;
use super::receiver::{Received, Receiver};
use super::sender::Sender;
use crate::ceph::auth::AuthClient;
use crate::ceph::message::Message;
use crate::ceph::types::{EntityAddr, UTime};
use crate::errno::{Errno, Error, Result};

/// What a connection tells its driver.
#[derive(Debug)]
pub enum Event {
    /// The session stands. Again after each reconnect.
    Ready(Established),
    /// A message came.
    Message(Message),
    /// A keepalive was answered.
    KeepaliveAck(UTime),
    /// The peer has forgotten the session: what was sent and not answered is lost.
    Reset,
    /// A fault. The session waits for [`Connection::reconnect`] or [`Connection::reaccept`].
    Broken(Error),
    /// The end.
    Closed(Error),
}

/// How long a connection waits.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For the handshake (`ms_connection_ready_timeout`).
    pub ready: Duration,
    /// For anything at all (`ms_connection_idle_timeout`).
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts { ready: Duration::from_secs(10), idle: Duration::from_secs(900) }
    }
}

enum Phase {
    Client(Box<ClientHandshake>),
    Server(Box<ServerHandshake>),
    Open,
    Broken,
    Closed,
}

/// One connection, or, unless it is lossy, one session over several connections.
///
/// A driver appends what it reads to [`buffer`](Self::buffer) and calls
/// [`process`](Self::process), then takes all [events](Self::poll_event); sends what
/// [`transmit`](Self::transmit) gives whenever it has called anything; and calls
/// [`handle_timeout`](Self::handle_timeout) when the time [`poll_timeout`](Self::poll_timeout)
/// gives has come.
pub struct Connection {
    phase: Phase,
    receiver: Receiver,
    sender: Sender,
    /// Messages from before the session stood.
    queue: VecDeque<Message>,
    /// A keepalive from before it stood.
    keepalive: Option<UTime>,
    events: VecDeque<Event>,
    timeouts: Timeouts,
    /// When the handshake began, or when the peer last said anything.
    active: Instant,
    lossy: bool,
    crc_data: bool,
    pub(super) cookies: Cookies,
    /// Of the session so far.
    established: Option<Established>,
}

impl Connection {
    fn new(local: &Local, timeouts: Timeouts, now: Instant) -> Self {
        Connection {
            phase: Phase::Closed,
            receiver: Receiver::new(Incoming::new(local.crc_data)),
            sender: Sender::new(Outgoing::new(local.crc_data)),
            queue: VecDeque::new(),
            keepalive: None,
            events: VecDeque::new(),
            timeouts,
            active: now,
            lossy: local.lossy,
            crc_data: local.crc_data,
            cookies: Cookies::default(),
            established: None,
        }
    }

    /// The side that opens a connection, once it is connected. `cookie` names the session, unless
    /// it is lossy: a random number but 0.
    #[must_use]
    pub fn client(
        local: Local,
        target: Target,
        auth: Box<dyn AuthClient>,
        cookie: u64,
        timeouts: Timeouts,
        now: Instant,
    ) -> Self {
        let mut this = Connection::new(&local, timeouts, now);
        this.cookies.client = if local.lossy { 0 } else { cookie };
        this.connect(local, target, auth);
        this
    }

    /// The side that was connected to, from `seen`. `cookie` is as in [`client`](Self::client).
    #[must_use]
    pub fn server(
        local: Local,
        seen: EntityAddr,
        auth: Box<dyn AuthServer>,
        cookie: u64,
        timeouts: Timeouts,
        now: Instant,
    ) -> Self {
        let mut this = Connection::new(&local, timeouts, now);
        let outgoing = &mut this.sender.outgoing;
        let handshake = ServerHandshake::new(local, seen, auth, (cookie, None), outgoing);
        this.phase = Phase::Server(Box::new(handshake));
        this
    }

    fn connect(&mut self, local: Local, target: Target, auth: Box<dyn AuthClient>) {
        let session = (self.cookies, self.receiver.in_seq);
        let outgoing = &mut self.sender.outgoing;
        let handshake = ClientHandshake::new(local, target, auth, session, outgoing);
        self.phase = Phase::Client(Box::new(handshake));
    }

    /// Continues a broken session over a new connection. `local.global_seq` must have grown.
    pub fn reconnect(
        &mut self,
        local: Local,
        target: Target,
        auth: Box<dyn AuthClient>,
        now: Instant,
    ) {
        if self.cookies.server != 0 {
            self.cookies.connect_seq += 1;
        }
        self.active = now;
        self.connect(local, target, auth);
    }

    /// Lets a client continue a broken session over a new connection. `cookie` is for the session
    /// that follows if it does not.
    pub fn reaccept(
        &mut self,
        local: Local,
        seen: EntityAddr,
        auth: Box<dyn AuthServer>,
        cookie: u64,
        now: Instant,
    ) {
        let in_seq = self.receiver.in_seq;
        let kept = (self.cookies.client != 0).then_some(Kept { cookies: self.cookies, in_seq });
        self.active = now;
        let outgoing = &mut self.sender.outgoing;
        let handshake = ServerHandshake::new(local, seen, auth, (cookie, kept), outgoing);
        self.phase = Phase::Server(Box::new(handshake));
    }

    /// Where to append what was read.
    pub fn buffer(&mut self) -> &mut BytesMut {
        self.receiver.buffer()
    }

    /// Takes what was appended to the buffer; then there may be events and something to send.
    pub fn process(&mut self, now: Instant) {
        self.active = now;
        if let Err(error) = self.advance() {
            self.fault(error);
        }
    }

    /// The connection is lost: the socket said so, or the driver.
    pub fn fault(&mut self, error: Error) {
        match self.phase {
            Phase::Closed | Phase::Broken => {}
            _ if self.lossy => {
                self.close();
                self.events.push_back(Event::Closed(error));
            }
            _ => {
                self.phase = Phase::Broken;
                self.receiver.incoming = Incoming::new(self.crc_data);
                self.sender.outgoing = Outgoing::new(self.crc_data);
                self.events.push_back(Event::Broken(error));
            }
        }
    }

    /// Ends the session. Nothing follows but the events that there are.
    pub fn close(&mut self) {
        self.phase = Phase::Closed;
        self.queue.clear();
        self.sender = Sender::new(Outgoing::new(self.crc_data));
    }

    /// Sends a message as soon as the session stands. Does nothing when closed.
    pub fn send(&mut self, message: Message) {
        match self.phase {
            Phase::Open => {
                if let Err(error) = self.sender.message(message) {
                    self.fault(error);
                }
            }
            Phase::Closed => {}
            _ => self.queue.push_back(message),
        }
    }

    /// Asks for a sign of life as soon as the session stands.
    pub fn keepalive(&mut self, stamp: UTime) {
        match self.phase {
            Phase::Open => {
                if let Err(error) = self.sender.keepalive(stamp) {
                    self.fault(error);
                }
            }
            Phase::Closed => {}
            _ => self.keepalive = Some(stamp),
        }
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Whether there is an event.
    #[must_use]
    pub fn has_event(&self) -> bool {
        !self.events.is_empty()
    }

    /// Fills `slices` with what is to be sent next and returns how many of them were used.
    pub fn transmit<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.sender.transmit(slices)
    }

    /// The socket took this many bytes.
    pub fn sent(&mut self, count: usize) {
        self.sender.sent(count);
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called; ask again after any call.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.phase {
            Phase::Client(_) | Phase::Server(_) => Some(self.active + self.timeouts.ready),
            Phase::Open => Some(self.active + self.timeouts.idle),
            Phase::Broken | Phase::Closed => None,
        }
    }

    /// Ends a connection whose peer has said nothing for too long.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_some_and(|deadline| deadline <= now) {
            let what = if let Phase::Open = self.phase { "is idle" } else { "does not answer" };
            self.fault(Errno::ETIMEDOUT.because(format!("the peer {what}")));
        }
    }

    /// The two halves of a lossy session that stands, for two threads; the connection itself when
    /// it is not that. Take the events before.
    pub fn split(self) -> std::result::Result<(Receiver, Sender), Box<Connection>> {
        match self.phase {
            Phase::Open if self.lossy => Ok((self.receiver, self.sender)),
            _ => Err(Box::new(self)),
        }
    }

    fn advance(&mut self) -> Result<()> {
        let (incoming, outgoing) = (&mut self.receiver.incoming, &mut self.sender.outgoing);
        let finished = match &mut self.phase {
            Phase::Client(handshake) => handshake.advance(incoming, outgoing)?,
            Phase::Server(handshake) => handshake.advance(incoming, outgoing)?,
            Phase::Open => None,
            Phase::Broken | Phase::Closed => return Ok(()),
        };
        if let Some(finished) = finished {
            self.open(finished)?;
        }
        if let Phase::Open = self.phase {
            self.received()?;
        }
        Ok(())
    }

    /// The handshake is over.
    fn open(&mut self, finished: Finished) -> Result<()> {
        let Finished { mut established, cookies, opening } = finished;
        self.lossy = established.lossy;
        self.cookies = cookies;
        self.phase = Phase::Open;
        let kept = self.sender.kept.take().unwrap_or_default();
        self.sender.kept = (!self.lossy).then(VecDeque::new);
        match opening {
            Opening::Resumed { acked } => {
                // A reconnect says no more than that it is one.
                if let Some(before) = self.established.take() {
                    let Established { peer, peer_addrs, features, .. } = before;
                    established = Established { peer, peer_addrs, features, ..established };
                }
                self.sender.kept = Some(kept);
                self.sender.replay(acked)?;
            }
            Opening::New => {
                kept.into_iter().rev().for_each(|(_, message)| self.queue.push_front(message));
                self.begin();
            }
            Opening::Reset => {
                self.queue.clear();
                self.events.push_back(Event::Reset);
                self.begin();
            }
        }
        self.established = Some(established.clone());
        self.events.push_back(Event::Ready(established));
        for message in std::mem::take(&mut self.queue) {
            self.sender.message(message)?;
        }
        match self.keepalive.take() {
            Some(stamp) => self.sender.keepalive(stamp),
            None => Ok(()),
        }
    }

    /// Both directions count from the start.
    fn begin(&mut self) {
        self.receiver.in_seq = 0;
        self.sender.in_seq = 0;
        self.sender.out_seq = 0;
    }

    fn received(&mut self) -> Result<()> {
        let before = self.receiver.last_seq();
        while let Some(received) = self.receiver.next()? {
            match received {
                Received::Message(message) => self.events.push_back(Event::Message(message)),
                Received::Keepalive(stamp) => self.sender.keepalive_ack(stamp)?,
                Received::KeepaliveAck(stamp) => self.events.push_back(Event::KeepaliveAck(stamp)),
                Received::Ack(seq) => self.sender.acked(seq),
            }
        }
        let seq = self.receiver.last_seq();
        if seq > before {
            self.sender.in_seq = seq;
            if !self.lossy {
                self.sender.ack(seq)?;
            }
        }
        Ok(())
    }
}
