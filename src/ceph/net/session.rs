//! The task of one session: connect, shake hands, read until it ends.

use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::futures::Notified;
use tokio::time::{self, Sleep};

use super::Handle;
use super::shared::{Shared, lost};
use crate::ceph::message::Message;
use crate::ceph::msgr2::{Connection, Event, Received, Receiver, Target};
use crate::ceph::transport::{Peer, SessionHandler};
use crate::ceph::types::EntityAddr;
use crate::errno::{Errno, Error, Result};

/// How long nothing has to come before memory of earlier long messages is given back.
const QUIET: Duration = Duration::from_secs(2);

/// A session's task.
pub(super) struct Session {
    net: Arc<Handle>,
    peer: Peer,
    handler: Arc<dyn SessionHandler>,
    shared: Arc<Shared>,
}

impl Session {
    pub(super) fn new(
        net: Arc<Handle>,
        peer: Peer,
        handler: Arc<dyn SessionHandler>,
        shared: Arc<Shared>,
    ) -> Self {
        Session { net, peer, handler, shared }
    }

    /// Runs until the session ends, and says so.
    pub(super) async fn run(self) {
        let Err(error) = self.session().await else { return };
        // Unless it was closed: then nothing more is said.
        if self.shared.end() {
            let error = error.context(&self.peer);
            log::debug!(target: "ms:5", "session ended: {error}");
            self.handler.closed(error);
        }
    }

    async fn session(&self) -> Result<()> {
        let addr = self.addr()?;
        let stream = self.unless_closed(connect(addr, &self.net.settings)).await??;
        let (mut reader, writer) = stream.into_split();
        let mut connection = self.connection(addr)?;
        self.unless_closed(self.handshake(&mut connection, &mut reader, &writer)).await??;
        self.established(connection, reader, writer).await
    }

    fn addr(&self) -> Result<EntityAddr> {
        self.peer.addrs.msgr2().copied().ok_or_else(|| {
            let what = "no address with the messenger protocol version 2 (msgr2)";
            Errno::EOPNOTSUPP.because(what)
        })
    }

    fn connection(&self, addr: EntityAddr) -> Result<Connection> {
        let auth = self.net.auth(self.peer.kind, &*self.handler)?;
        let target = Target { kind: self.peer.kind, addr };
        let timeouts = self.net.settings.timeouts;
        Ok(Connection::client(self.net.local(), target, auth, 0, timeouts, Instant::now()))
    }

    /// Waits for `work`, or for the session to be closed.
    async fn unless_closed<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        let mut work = pin!(work);
        loop {
            if self.shared.is_closed() {
                return Err(closed());
            }
            tokio::select! {
                done = &mut work => return Ok(done),
                () = self.shared.wake.notified() => {}
            }
        }
    }

    /// Exchanges frames until there is an event.
    async fn handshake(
        &self,
        connection: &mut Connection,
        reader: &mut OwnedReadHalf,
        writer: &OwnedWriteHalf,
    ) -> Result<()> {
        loop {
            flush(connection, writer).await?;
            if connection.has_event() {
                return Ok(());
            }
            let Some(deadline) = connection.poll_timeout() else {
                return Err(Errno::ECONNABORTED.into());
            };
            match time::timeout_at(deadline.into(), reader.read_buf(connection.buffer())).await {
                Err(_) => connection.handle_timeout(Instant::now()),
                Ok(Ok(0)) => connection.fault(Errno::ECONNRESET.because("closed by the peer")),
                Ok(Ok(_)) => connection.process(Instant::now()),
                Ok(Err(error)) => connection.fault(error.into()),
            }
        }
    }

    /// The handshake is over: the session stands, or there was a fault.
    async fn established(
        &self,
        mut connection: Connection,
        reader: OwnedReadHalf,
        writer: OwnedWriteHalf,
    ) -> Result<()> {
        let mut early = Vec::new();
        let mut established = None;
        while let Some(event) = connection.poll_event() {
            match event {
                Event::Ready(with) => established = Some(with),
                Event::Closed(error) | Event::Broken(error) => return Err(error),
                event => early.push(event),
            }
        }
        let (Some(with), Ok((receiver, sender))) = (established, connection.split()) else {
            return Err(Errno::EPROTO.because("the peer wants a session without loss"));
        };
        let addr = *self.net.addr.get_or_init(|| with.local_addr);
        let (peer, at, mode) = (&with.peer, &with.peer_addrs, with.mode);
        log::debug!(target: "ms:5", "session with {peer} at {at} in mode {mode}, we are {addr}");
        if !self.shared.open(sender, writer, with.features, addr)? {
            return Err(closed());
        }
        self.handler.ready();
        for event in early {
            match event {
                Event::Message(message) => self.message(message)?,
                Event::KeepaliveAck(_) => self.tell(|handler| handler.keepalive_ack())?,
                _ => {}
            }
        }
        self.read(receiver, reader).await
    }

    /// Calls the handler, unless the session was closed.
    fn tell(&self, what: impl FnOnce(&dyn SessionHandler)) -> Result<()> {
        if self.shared.is_closed() {
            return Err(closed());
        }
        what(&*self.handler);
        Ok(())
    }

    fn message(&self, message: Message) -> Result<()> {
        log::info!(target: "ms", "<== {} {message}", self.shared.peer);
        self.tell(|handler| handler.message(message))
    }

    /// Reads, and writes what a full socket has left over, until the session ends.
    async fn read(&self, mut receiver: Receiver, mut reader: OwnedReadHalf) -> Result<()> {
        let idle = self.net.settings.timeouts.idle;
        let mut active = Instant::now();
        let mut called = pin!(self.shared.wake.notified());
        let mut tick = pin!(time::sleep(QUIET));
        loop {
            // What came with the handshake's last bytes is there already.
            while let Some(received) = receiver.next()? {
                match received {
                    Received::Message(message) => self.message(message)?,
                    Received::KeepaliveAck(_) => self.tell(|handler| handler.keepalive_ack())?,
                    Received::Keepalive(stamp) => self.shared.keepalive_ack(stamp),
                    Received::Ack(_) => {}
                }
            }
            match woken(&mut reader, &mut receiver, &self.shared, called.as_mut(), tick.as_mut())
                .await
            {
                Woken::Read(read) => {
                    if read? == 0 {
                        return Err(Errno::ECONNRESET.because("closed by the peer"));
                    }
                    active = Instant::now();
                }
                Woken::Writable(result) => {
                    result?;
                    self.shared.unblock();
                }
                Woken::Called => {
                    called.set(self.shared.wake.notified());
                    if self.shared.is_closed() {
                        return Err(closed());
                    }
                    if let Some(error) = self.shared.failure() {
                        return Err(error);
                    }
                }
                Woken::Tick => {
                    if active.elapsed() >= idle {
                        return Err(Errno::ETIMEDOUT.because("idle"));
                    }
                    if active.elapsed() >= QUIET {
                        receiver.shrink();
                    }
                    tick.as_mut().reset(time::Instant::now() + QUIET);
                }
            }
        }
    }
}

/// Why a session's task goes on.
enum Woken {
    /// So many bytes were read; 0 is the end.
    Read(io::Result<usize>),
    /// The socket takes more.
    Writable(io::Result<()>),
    /// Another thread has something to say.
    Called,
    Tick,
}

/// Waits for whatever comes first. One future for all, as this is once per wakeup.
async fn woken(
    reader: &mut OwnedReadHalf,
    receiver: &mut Receiver,
    shared: &Shared,
    mut called: Pin<&mut Notified<'_>>,
    mut tick: Pin<&mut Sleep>,
) -> Woken {
    poll_fn(|context| {
        // Before reading: a peer that never stops sending must not keep us from it.
        if shared.is_blocked() {
            let stream: &TcpStream = (*reader).as_ref();
            if let Poll::Ready(result) = stream.poll_write_ready(context) {
                return Poll::Ready(Woken::Writable(result));
            }
        }
        if let Poll::Ready(read) = pin!(reader.read_buf(receiver.buffer())).poll(context) {
            return Poll::Ready(Woken::Read(read));
        }
        if called.as_mut().poll(context).is_ready() {
            return Poll::Ready(Woken::Called);
        }
        tick.as_mut().poll(context).map(|()| Woken::Tick)
    })
    .await
}

/// Writes all that a handshake has to send.
async fn flush(connection: &mut Connection, writer: &OwnedWriteHalf) -> Result<()> {
    loop {
        let mut slices = [IoSlice::new(&[]); 4];
        let count = connection.transmit(&mut slices);
        if count == 0 {
            return Ok(());
        }
        match writer.try_write_vectored(slices.get(..count).unwrap_or_default()) {
            Ok(written) => connection.sent(written),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => writer.writable().await?,
            Err(error) => return Err(lost(error)),
        }
    }
}

/// Ends the task of a session that was closed; nobody is told.
fn closed() -> Error {
    Errno::ESHUTDOWN.into()
}

async fn connect(addr: EntityAddr, settings: &super::Settings) -> Result<TcpStream> {
    let target = addr.socket.ok_or(Errno::EINVAL)?;
    let socket = if target.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    if settings.receive_buffer > 0 {
        socket.set_recv_buffer_size(settings.receive_buffer)?;
    }
    socket.set_nodelay(settings.nodelay)?;
    match time::timeout(settings.timeouts.ready, socket.connect(target)).await {
        Ok(stream) => Ok(stream?),
        Err(_) => Err(Errno::ETIMEDOUT.because("the peer does not answer")),
    }
}
