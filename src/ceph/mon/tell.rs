//! Commands for one particular monitor, and pings: each over a session of its own.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::asked::Call;
use super::events::Done;
use super::monmap::MonMap;
use super::state::SessionId;
use crate::ceph::message::Message;
use crate::ceph::messages::mon_command;
use crate::codec::{Reader, Writer};
use crate::errno::{Errno, Error, Result};
use crate::model::CommandReply;

/// `CEPH_MSG_PING`.
const PING: u16 = 2;
/// `MSG_COMMAND` and its answer: for the daemon itself, not for the cluster.
const COMMAND: u16 = 97;
const COMMAND_REPLY: u16 = 98;
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
    /// The session under way, and when it was opened.
    pub(super) session: Option<SessionId>,
    opened: Option<Instant>,
}

/// What to do about one of them.
pub(super) enum Step {
    /// Open another session.
    Open,
    /// Nothing yet.
    Wait,
}

impl Tell {
    pub(super) fn new(told: Told, target: MonTarget, deadline: Option<Instant>) -> Self {
        Tell { told, target, deadline, attempts: 0, session: None, opened: None }
    }

    /// Notes that a session was opened.
    pub(super) fn opened(&mut self, session: SessionId, now: Instant) {
        self.attempts += 1;
        self.session = Some(session);
        self.opened = Some(now);
    }

    /// Whether it is time for another session. `-ENXIO` after `retries` of them, `-ETIMEDOUT` when
    /// its time is up.
    fn step(&self, retries: u32, interval: Duration, now: Instant) -> Result<Step> {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            return Err(Errno::ETIMEDOUT.because(format!("no answer from {:?}", self.target)));
        }
        if self.opened.is_some_and(|opened| now < opened + interval) {
            return Ok(Step::Wait);
        }
        if self.attempts >= retries && matches!(self.told, Told::Command { .. }) {
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
            Told::Command { command, input, .. } => {
                let mut front = Writer::new();
                front.raw(map.fsid.as_bytes()).list(command);
                let message = Message::new(COMMAND, 1, 0, front.into_bytes());
                Message { tid, data: input.clone().into(), ..message }
            }
        }
    }

    /// Whether a message is the answer.
    pub(super) fn is_answer(&self, message: &Message) -> bool {
        match self.told {
            Told::Ping { .. } => message.kind == PING,
            Told::Command { .. } => [COMMAND_REPLY, mon_command::KIND_ACK].contains(&message.kind),
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
                let reply = if message.kind == COMMAND_REPLY {
                    command_reply(message)
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

fn command_reply(message: &Message) -> Result<CommandReply> {
    let mut front = Reader::new(&message.front);
    let code = front.i32("command_reply: code")?;
    let status = String::from_utf8_lossy(front.bytes("command_reply: status")?).into_owned();
    Ok(CommandReply { code, out: message.data.to_bytes(), status })
}

/// All of them, by tid.
#[derive(Default)]
pub(super) struct Tells {
    pub(super) list: BTreeMap<u64, Tell>,
}

impl Tells {
    /// Those for which it is time for a step: another session, or the end with an error.
    pub(super) fn steps(
        &self,
        retries: u32,
        interval: Duration,
        now: Instant,
    ) -> Vec<(u64, Result<()>)> {
        let step = |(tid, tell): (&u64, &Tell)| match tell.step(retries, interval, now) {
            Ok(Step::Wait) => None,
            Ok(Step::Open) => Some((*tid, Ok(()))),
            Err(error) => Some((*tid, Err(error))),
        };
        self.list.iter().filter_map(step).collect()
    }

    /// When the next step is due.
    pub(super) fn due(&self, interval: Duration) -> Option<Instant> {
        let times = self.list.values().flat_map(|tell| {
            [tell.deadline, tell.opened.map(|opened| opened + interval)].into_iter().flatten()
        });
        times.min()
    }
}
