//! What was asked over the session that stands and has no answer yet: asked again over the next.

use std::collections::BTreeMap;
use std::time::Instant;

use bytes::Bytes;
use uuid::Uuid;

use super::events::Done;
use crate::ceph::message::Message;
use crate::ceph::messages::mon_version::Versions;
use crate::ceph::messages::{mon_command, mon_version};
use crate::errno::{Error, Result};
use crate::model::CommandReply;

/// A question and who wants the answer.
pub(super) enum Question {
    Command { command: Vec<String>, input: Bytes, done: Done<CommandReply> },
    Version { what: String, done: Done<Versions> },
    Request { message: Message, done: Done<Message> },
}

impl Question {
    /// As it is sent to the monitors of a cluster.
    pub(super) fn message(&self, tid: u64, fsid: Uuid) -> Message {
        match self {
            Question::Command { command, input, .. } => {
                mon_command::message(fsid, tid, command, input.clone())
            }
            Question::Version { what, .. } => mon_version::message(tid, what),
            Question::Request { message, .. } => Message { tid, ..message.clone() },
        }
    }

    /// The call that tells the answer, if the message is one to such a question.
    pub(super) fn answer(self, message: Message) -> Call {
        match self {
            Question::Command { done, .. } => {
                let reply = mon_command::reply(&message);
                Box::new(move || done(reply))
            }
            Question::Version { done, .. } => {
                let versions = mon_version::reply(&message).map(|(_, versions)| versions);
                Box::new(move || done(versions))
            }
            Question::Request { done, .. } => Box::new(move || done(Ok(message))),
        }
    }

    /// The call that tells that there is none.
    pub(super) fn fail(self, error: Error) -> Call {
        match self {
            Question::Command { done, .. } => Box::new(move || done(Err(error))),
            Question::Version { done, .. } => Box::new(move || done(Err(error))),
            Question::Request { done, .. } => Box::new(move || done(Err(error))),
        }
    }
}

/// A call to make when no lock is held.
pub(super) type Call = Box<dyn FnOnce() + Send>;

/// All questions, by tid.
#[derive(Default)]
pub(super) struct Asked {
    questions: BTreeMap<u64, (Question, Option<Instant>)>,
}

impl Asked {
    pub(super) fn add(&mut self, tid: u64, question: Question, deadline: Option<Instant>) {
        self.questions.insert(tid, (question, deadline));
    }

    /// Everything, to be sent over a session.
    pub(super) fn messages(&self, fsid: Uuid) -> Vec<Message> {
        self.questions.iter().map(|(tid, (question, _))| question.message(*tid, fsid)).collect()
    }

    /// Takes the question that a message answers.
    pub(super) fn take(&mut self, message: &Message) -> Result<Option<Question>> {
        let tid = match message.kind {
            mon_version::KIND_REPLY => mon_version::reply(message)?.0,
            // An answer without a number is to the oldest command.
            mon_command::KIND_ACK if message.tid == 0 => {
                let is_command = |(_, (question, _)): &(_, &(Question, _))| {
                    matches!(question, Question::Command { .. })
                };
                self.questions.iter().find(is_command).map_or(0, |(tid, _)| *tid)
            }
            _ => message.tid,
        };
        let fits = self.questions.get(&tid).is_some_and(|(question, _)| match question {
            Question::Command { .. } => message.kind == mon_command::KIND_ACK,
            Question::Version { .. } => message.kind == mon_version::KIND_REPLY,
            Question::Request { .. } => {
                ![mon_command::KIND_ACK, mon_version::KIND_REPLY].contains(&message.kind)
            }
        });
        Ok(if fits { self.questions.remove(&tid).map(|(question, _)| question) } else { None })
    }

    /// Takes the questions whose time is up.
    pub(super) fn expired(&mut self, now: Instant) -> Vec<Question> {
        let is_over = |_: &u64, (_, deadline): &mut (Question, Option<Instant>)| {
            deadline.is_some_and(|deadline| deadline <= now)
        };
        self.questions.extract_if(.., is_over).map(|(_, (question, _))| question).collect()
    }

    /// Takes all questions.
    pub(super) fn drain(&mut self) -> Vec<Question> {
        std::mem::take(&mut self.questions).into_values().map(|(question, _)| question).collect()
    }

    /// When the first question's time is up.
    pub(super) fn due(&self) -> Option<Instant> {
        self.questions.values().filter_map(|(_, deadline)| *deadline).min()
    }
}
