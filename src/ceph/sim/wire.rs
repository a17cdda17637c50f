//! One simulated TCP connection.

use std::io::IoSlice;
use std::sync::Arc;
use std::time::Instant;

use super::Faults;
use super::random::Random;
use crate::ceph::msgr2::{Connection, Event};
use crate::ceph::transport::SessionHandler;
use crate::ceph::types::{EntityAddr, EntityName};
use crate::errno::Errno;

use super::network::Daemon;

/// The two ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    Client,
    Server,
}

impl End {
    fn other(self) -> End {
        match self {
            End::Client => End::Server,
            End::Server => End::Client,
        }
    }
}

/// What arrives at an end.
#[derive(Debug)]
pub(super) enum Arrival {
    Bytes(Vec<u8>),
    /// The connection is cut: this end notices now.
    Reset,
}

pub(super) struct Wire {
    pub(super) addr: EntityAddr,
    pub(super) client: Option<Connection>,
    pub(super) server: Option<Connection>,
    pub(super) handler: Arc<dyn SessionHandler>,
    pub(super) daemon: Option<Arc<dyn Daemon>>,
    /// What the handshake has told each end.
    pub(super) features: u64,
    pub(super) local_addr: EntityAddr,
    pub(super) peer: Option<EntityName>,
    /// Nothing more is written to it.
    cut: bool,
    /// When the last chunk arrives at each end: later ones do not overtake it.
    last: [Instant; 2],
}

impl Wire {
    pub(super) fn new(
        addr: EntityAddr,
        client: Option<Connection>,
        server: Option<Connection>,
        handler: Arc<dyn SessionHandler>,
        daemon: Option<Arc<dyn Daemon>>,
        now: Instant,
    ) -> Self {
        let (features, local_addr, peer) = (0, EntityAddr::default(), None);
        let (cut, last) = (false, [now; 2]);
        Wire { addr, client, server, handler, daemon, features, local_addr, peer, cut, last }
    }

    pub(super) fn end(&mut self, end: End) -> Option<&mut Connection> {
        match end {
            End::Client => self.client.as_mut(),
            End::Server => self.server.as_mut(),
        }
    }

    /// Takes what arrives at an end.
    pub(super) fn arrive(&mut self, end: End, arrival: Arrival, now: Instant) {
        let Some(connection) = self.end(end) else { return };
        match arrival {
            Arrival::Bytes(bytes) => {
                connection.buffer().extend_from_slice(&bytes);
                connection.process(now);
            }
            Arrival::Reset => connection.fault(Errno::ECONNRESET.because("reset")),
        }
    }

    /// Takes the events of an end.
    pub(super) fn events(&mut self, end: End) -> Vec<Event> {
        let Some(connection) = self.end(end) else { return Vec::new() };
        let events: Vec<Event> = std::iter::from_fn(|| connection.poll_event()).collect();
        for event in &events {
            if let (End::Client, Event::Ready(established)) = (end, event) {
                self.features = established.features;
                self.local_addr = established.local_addr;
            }
            if let (End::Server, Event::Ready(established)) = (end, event) {
                self.peer = Some(established.peer);
            }
            if let Event::Closed(_) = event {
                match end {
                    End::Client => self.client = None,
                    End::Server => self.server = None,
                }
            }
        }
        events
    }

    /// The connection is cut. Both ends will notice, once.
    pub(super) fn reset(&mut self, now: Instant) -> Vec<(Instant, End, Arrival)> {
        if std::mem::replace(&mut self.cut, true) {
            return Vec::new();
        }
        [End::Client, End::Server].map(|end| (self.arrival(end, now), end, Arrival::Reset)).into()
    }

    fn arrival(&mut self, end: End, at: Instant) -> Instant {
        let last = &mut self.last[end as usize];
        *last = at.max(*last);
        *last
    }

    /// Takes what an end wants to send and says what of it arrives when.
    pub(super) fn transmit(
        &mut self,
        end: End,
        random: &mut Random,
        faults: &Faults,
        now: Instant,
    ) -> Vec<(Instant, End, Arrival)> {
        let Some(connection) = self.end(end) else { return Vec::new() };
        let mut bytes = Vec::new();
        loop {
            let mut slices = [IoSlice::new(&[]); 16];
            let count = connection.transmit(&mut slices);
            if count == 0 {
                break;
            }
            let before = bytes.len();
            slices[..count].iter().for_each(|slice| bytes.extend_from_slice(slice));
            connection.sent(bytes.len() - before);
        }
        let mut arrivals = Vec::new();
        let mut rest = &bytes[..];
        while !rest.is_empty() && !self.cut {
            let most = if faults.split > 0 { faults.split.min(rest.len()) } else { rest.len() };
            let len = if faults.split > 0 { 1 + random.below(most as u64) as usize } else { most };
            let (mut chunk, later) = rest.split_at(len);
            rest = later;
            let (least, greatest) = faults.delay;
            let spread = (greatest - least).as_nanos() as u64;
            let delay = least + std::time::Duration::from_nanos(random.below(spread + 1));
            let reset = random.happens(faults.resets);
            if reset {
                chunk = &chunk[..random.below(len as u64) as usize];
            }
            let other = end.other();
            let at = self.arrival(other, now + delay);
            arrivals.push((at, other, Arrival::Bytes(chunk.to_vec())));
            if reset {
                arrivals.extend(self.reset(now + delay));
            }
        }
        arrivals
    }
}
