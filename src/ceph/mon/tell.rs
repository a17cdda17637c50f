//! Commands for one particular monitor, and pings: each over a session of its own.

use std::collections::BTreeMap;
use std::time::Instant;

use bytes::Bytes;

use super::asked::Call;
use super::config::MonConfig;
use super::events::Done;
use super::monmap::MonMap;
use super::state::SessionId;
use crate::ceph::message::Message;
use crate::ceph::messages::{command, mon_command};
use crate::codec::Reader;
use crate::errno::{Errno, Error, Result};
use crate::model::CommandReply;

/// `CEPH_MSG_PING`.
const PING: u16 = 2;
/// The first release whose monitors tell the two kinds of command apart: Octopus.
const RELEASE_OCTOPUS: u8 = 15;

/// Which monitor a command is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MonTarget {
    /// Any; the cluster answers.
    Any,
    /// The one of this name; the name may be a rank, too.
    Named(String),
    /// The one of this rank.
    Rank(usize),
}

impl MonTarget {
    /// The rank in a map. `-ENOENT` if there is none.
    pub(super) fn rank(&self, map: &MonMap) -> Result<usize> {
        let rank = match self {
            MonTarget::Any => None,
            MonTarget::Rank(rank) => Some(*rank),
            MonTarget::Named(name) => match name.parse() {
                Ok(rank) => Some(rank),
                // Monitors known by address only have made-up names.
                Err(_) => map.rank_of(name).or_else(|| map.rank_of(&format!("noname-{name}"))),
            },
        };
        rank.filter(|rank| *rank < map.monitors.len())
            .ok_or_else(|| Errno::ENOENT.because(format!("{self:?} is not in the map of monitors")))
    }
}

/// What to say there.
pub(super) enum Told {
    Command { command: Vec<String>, input: Bytes, done: Done<CommandReply> },
    Ping { done: Done<String> },
}

/// One of them.
pub(super) struct Tell {
    pub(super) told: Told,
    pub(super) target: MonTarget,
    deadline: Option<Instant>,
    attempts: u32,
    /// The session under way, and when the last one was opened.
    pub(super) session: Option<SessionId>,
    opened: Option<Instant>,
    /// Since the session stands: when a sign of life was asked for, and when one came.
    alive: Option<(Instant, Instant)>,
}

/// What to do about one of them.
pub(super) enum Step {
    /// Open another session.
    Open,
    /// Ask the session for a sign of life.
    Ping,
    /// Nothing yet.
    Wait,
}

impl Tell {
    pub(super) fn new(told: Told, target: MonTarget, deadline: Option<Instant>) -> Self {
        Tell { told, target, deadline, attempts: 0, session: None, opened: None, alive: None }
    }

    /// Notes that a session was opened.
    pub(super) fn opened(&mut self, session: SessionId, now: Instant) {
        self.attempts += 1;
        self.session = Some(session);
        self.opened = Some(now);
    }

    /// Notes that it stands.
    pub(super) fn stands(&mut self, now: Instant) {
        self.alive = Some((now, now));
    }

    /// Notes that it was asked for a sign of life.
    pub(super) fn asked(&mut self, now: Instant) {
        self.alive = self.alive.map(|(_, alive)| (now, alive));
    }

    /// Notes a sign of life.
    pub(super) fn is_alive(&mut self, now: Instant) {
        self.alive = self.alive.map(|(asked, _)| (asked, now));
    }

    /// Notes that there is no session any more.
    pub(super) fn lost(&mut self) -> Option<SessionId> {
        self.alive = None;
        self.session.take()
    }

    /// What it is time for. `-ENXIO` when it was tried often enough, `-ETIMEDOUT` when its time is
    /// up. The answer to a command may take long, if only the session lives.
    fn step(&self, config: &MonConfig, now: Instant) -> Result<Step> {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            return Err(Errno::ETIMEDOUT.because(format!("no answer from {:?}", self.target)));
        }
        if let Some((asked, alive)) = self.alive {
            let timeout = config.ping_timeout;
            if timeout.is_zero() || now <= alive + timeout {
                let is_due = now >= asked + config.ping_interval;
                return Ok(if is_due { Step::Ping } else { Step::Wait });
            }
        } else if self.opened.is_some_and(|opened| now < opened + config.hunt_interval) {
            return Ok(Step::Wait);
        }
        if self.attempts >= config.directed_retry && matches!(self.told, Told::Command { .. }) {
            return Err(Errno::ENXIO.because(format!("{:?} cannot be reached", self.target)));
        }
        Ok(Step::Open)
    }

    /// What to say once the session stands.
    pub(super) fn message(&self, tid: u64, map: &MonMap) -> Message {
        match &self.told {
            Told::Ping { .. } => Message::new(PING, 1, 0, Bytes::new()),
            Told::Command { command, input, .. } if map.min_release < RELEASE_OCTOPUS => {
                mon_command::message(map.fsid, tid, command, input.clone())
            }
            // For the daemon itself and not for the cluster.
            Told::Command { command, input, .. } => {
                command::message(map.fsid, tid, command, input.clone())
            }
        }
    }

    /// Whether a message is the answer.
    pub(super) fn is_answer(&self, message: &Message) -> bool {
        match self.told {
            Told::Ping { .. } => message.kind == PING,
            Told::Command { .. } => {
                [command::KIND_REPLY, mon_command::KIND_ACK].contains(&message.kind)
            }
        }
    }

    /// The call that tells the answer.
    pub(super) fn answer(self, message: &Message) -> Call {
        match self.told {
            Told::Ping { done } => {
                let text = Reader::new(&message.front).bytes("ping");
                let text = text.map(|text| String::from_utf8_lossy(text).into_owned());
                Box::new(move || done(text))
            }
            Told::Command { done, .. } => {
                let reply = if message.kind == command::KIND_REPLY {
                    command::decode_reply(message)
                } else {
                    mon_command::reply(message)
                };
                Box::new(move || done(reply))
            }
        }
    }

    /// The call that tells that there is none.
    pub(super) fn fail(self, error: Error) -> Call {
        match self.told {
            Told::Ping { done } => Box::new(move || done(Err(error))),
            Told::Command { done, .. } => Box::new(move || done(Err(error))),
        }
    }
}

/// All of them, by tid.
#[derive(Default)]
pub(super) struct Tells {
    pub(super) list: BTreeMap<u64, Tell>,
}

impl Tells {
    /// Those for which it is time for something.
    pub(super) fn steps(&self, config: &MonConfig, now: Instant) -> Vec<(u64, Result<Step>)> {
        let steps = self.list.iter().map(|(tid, tell)| (*tid, tell.step(config, now)));
        steps.filter(|(_, step)| !matches!(step, Ok(Step::Wait))).collect()
    }

    /// When it is time for the next of them.
    pub(super) fn due(&self, config: &MonConfig) -> Option<Instant> {
        let times = self.list.values().flat_map(|tell| {
            let step = match tell.alive {
                Some((asked, _)) => Some(asked + config.ping_interval),
                None => tell.opened.map(|opened| opened + config.hunt_interval),
            };
            [tell.deadline, step].into_iter().flatten()
        });
        times.min()
    }
}
