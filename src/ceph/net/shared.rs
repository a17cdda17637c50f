//! What the threads that send and the task that reads have in common.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::SystemTime;

use bytes::{Buf, Bytes};
use once_cell::sync::OnceCell;
use parking_lot::Mutex;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Notify;

use crate::ceph::message::Message;
use crate::ceph::msgr2::Sender;
use crate::ceph::transport::Link;
use crate::ceph::types::{EntityAddr, UTime};
use crate::errno::{Errno, Error, Result};

/// Pieces handed to one write; the kernel takes at most 1024.
const SLICES_MAX: usize = 64;

/// A session's state that is not its task's own.
pub(super) struct Shared {
    /// Whom it is with, for the log.
    pub(super) peer: Box<str>,
    /// First of the two locks, and short: to append a message or to take what was appended.
    state: Mutex<State>,
    /// Second, held over writes: who has it writes what the others append meanwhile, so nobody
    /// waits for a socket.
    pipe: Mutex<Pipe>,
    /// Calls the task: there is something to wait for or to end for.
    pub(super) wake: Notify,
    closed: AtomicBool,
    /// The socket takes nothing more; the task waits until it does. Changes under `pipe` only.
    blocked: AtomicBool,
    features: AtomicU64,
    addr: OnceCell<EntityAddr>,
}

enum State {
    /// Messages wait, and a keepalive.
    Opening {
        queue: Vec<Message>,
        keepalive: bool,
    },
    Open(Box<Sender>),
    /// A write has failed; the task will say so.
    Failed(Error),
    Closed,
}

/// The error of a socket. However the news of a peer that hung up comes, it is the same.
pub(super) fn lost(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Errno::ECONNRESET.because("closed by the peer"),
        _ => error.into(),
    }
}

/// The socket's writing half and what was handed to it.
struct Pipe {
    socket: Option<OwnedWriteHalf>,
    batch: VecDeque<Bytes>,
}

impl Shared {
    pub(super) fn new(peer: Box<str>) -> Self {
        Shared {
            peer,
            state: Mutex::new(State::Opening { queue: Vec::new(), keepalive: false }),
            pipe: Mutex::new(Pipe { socket: None, batch: VecDeque::new() }),
            wake: Notify::new(),
            closed: AtomicBool::new(false),
            blocked: AtomicBool::new(false),
            features: AtomicU64::new(0),
            addr: OnceCell::new(),
        }
    }

    /// The session stands: sends what has waited. False when it was closed meanwhile.
    pub(super) fn open(
        &self,
        mut sender: Sender,
        socket: OwnedWriteHalf,
        features: u64,
        addr: EntityAddr,
    ) -> Result<bool> {
        self.features.store(features, Ordering::Release);
        self.addr.get_or_init(|| addr);
        self.pipe.lock().socket = Some(socket);
        let mut state = self.state.lock();
        let State::Opening { queue, keepalive } = &mut *state else { return Ok(false) };
        queue.drain(..).try_for_each(|message| sender.message(message))?;
        if *keepalive {
            sender.keepalive(SystemTime::now().into())?;
        }
        *state = State::Open(Box::new(sender));
        drop(state);
        self.flush();
        Ok(true)
    }

    /// Whether nobody wants to hear of the session any more.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// The error of a write that failed.
    pub(super) fn failure(&self) -> Option<Error> {
        match &*self.state.lock() {
            State::Failed(error) => Some(error.clone()),
            _ => None,
        }
    }

    /// Ends the session and gives the socket back. False when it had ended before.
    pub(super) fn end(&self) -> bool {
        let before = {
            let mut state = self.state.lock();
            // Under the lock: who sees it and comes here too must find the state closed.
            self.closed.store(true, Ordering::Release);
            std::mem::replace(&mut *state, State::Closed)
        };
        let ended = !matches!(before, State::Closed);
        drop(before);
        let pipe = {
            let mut pipe = self.pipe.lock();
            self.blocked.store(false, Ordering::Release);
            (pipe.socket.take(), std::mem::take(&mut pipe.batch))
        };
        drop(pipe);
        ended
    }

    fn fail(&self, error: Error) {
        let mut state = self.state.lock();
        if !matches!(*state, State::Closed) {
            *state = State::Failed(error);
            drop(state);
            self.wake.notify_one();
        }
    }

    /// Appends by `append` to an open session and writes.
    fn append(&self, append: impl FnOnce(&mut Sender) -> Result<()>) {
        let appended = match &mut *self.state.lock() {
            State::Open(sender) => append(sender),
            _ => return,
        };
        match appended {
            Ok(()) => self.flush(),
            Err(error) => self.fail(error),
        }
    }

    /// Answers a peer's keepalive.
    pub(super) fn keepalive_ack(&self, stamp: UTime) {
        self.append(|sender| sender.keepalive_ack(stamp));
    }

    /// Whether the task has to wait for the socket to take more.
    pub(super) fn is_blocked(&self) -> bool {
        self.blocked.load(Ordering::Acquire)
    }

    /// The socket takes more.
    pub(super) fn unblock(&self) {
        {
            let _pipe = self.pipe.lock();
            self.blocked.store(false, Ordering::Release);
        }
        self.flush();
    }

    /// Writes what is there, unless somebody else is writing, who will then write this too.
    fn flush(&self) {
        loop {
            let Some(mut pipe) = self.pipe.try_lock() else { return };
            if self.is_blocked() {
                return;
            }
            match self.write(&mut pipe) {
                Ok(true) => {}
                Ok(false) => {
                    drop(pipe);
                    self.wake.notify_one();
                    return;
                }
                Err(error) => {
                    drop(pipe);
                    return self.fail(error);
                }
            }
            drop(pipe);
            // What was appended after the last look and before the unlocking has nobody to write
            // it, if its thread found the pipe locked.
            if !self.has_more() {
                return;
            }
        }
    }

    fn has_more(&self) -> bool {
        matches!(&*self.state.lock(), State::Open(sender) if !sender.is_empty())
    }

    /// Writes until there is nothing more (true) or the socket takes no more (false).
    fn write(&self, pipe: &mut Pipe) -> Result<bool> {
        loop {
            if pipe.batch.is_empty() {
                match &mut *self.state.lock() {
                    State::Open(sender) => sender.take(&mut pipe.batch),
                    _ => return Ok(true),
                }
            }
            let (Some(socket), false) = (&pipe.socket, pipe.batch.is_empty()) else {
                return Ok(true);
            };
            let mut slices = [IoSlice::new(&[]); SLICES_MAX];
            let filled = slices.iter_mut().zip(&pipe.batch);
            let count = filled.map(|(slice, piece)| *slice = IoSlice::new(piece)).count();
            match socket.try_write_vectored(slices.get(..count).unwrap_or_default()) {
                Ok(0) => return Err(Errno::EPIPE.because("the socket takes nothing")),
                Ok(written) => pipe.sent(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.blocked.store(true, Ordering::Release);
                    return Ok(false);
                }
                Err(error) => return Err(lost(error)),
            }
        }
    }
}

impl Pipe {
    fn sent(&mut self, mut count: usize) {
        while let Some(first) = self.batch.front_mut() {
            if first.len() > count {
                return first.advance(count);
            }
            count -= first.len();
            self.batch.pop_front();
        }
    }
}

/// What whoever opened the session holds. The task does not, so that dropping it ends the session.
pub(super) struct Handle(pub(super) Arc<Shared>);

impl Link for Handle {
    fn send(&self, message: Message) {
        log::info!(target: "ms", "--> {} {message}", self.0.peer);
        let appended = match &mut *self.0.state.lock() {
            State::Open(sender) => sender.message(message),
            State::Opening { queue, .. } => return queue.push(message),
            State::Failed(_) | State::Closed => return,
        };
        match appended {
            Ok(()) => self.0.flush(),
            Err(error) => self.0.fail(error),
        }
    }

    fn keepalive(&self) {
        if let State::Opening { keepalive, .. } = &mut *self.0.state.lock() {
            *keepalive = true;
            return;
        }
        self.0.append(|sender| sender.keepalive(SystemTime::now().into()));
    }

    fn close(&self) {
        if self.0.end() {
            self.0.wake.notify_one();
        }
    }

    fn features(&self) -> u64 {
        self.0.features.load(Ordering::Acquire)
    }

    fn local_addr(&self) -> EntityAddr {
        self.0.addr.get().copied().unwrap_or_default()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.close();
    }
}
