//! Commands for an OSD itself, or for the primary of a placement group.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use uuid::Uuid;

use super::Objecter;
use super::request::PoolCheck;
use super::session::Session;
use super::target::{Aim, Verdict};
use super::view::MapView;
use crate::ceph::map::PgId;
use crate::ceph::message::Message;
use crate::ceph::messages::command;
use crate::ceph::messages::op_code::OsdFlags;
use crate::errno::{Errno, Error, Result};
use crate::model::{CommandReply, Name, PoolId};

/// Receives a command's answer; an error when there was none.
pub type CommandDone = Box<dyn FnOnce(Result<CommandReply>) + Send>;

/// A command under way.
pub(super) struct Command {
    fsid: Uuid,
    to: To,
    words: Vec<String>,
    input: Bytes,
    done: CommandDone,
    /// Why it has no OSD.
    missing: (Errno, &'static str),
    /// Whether an OSD or pool that our map does not have is to be believed missing.
    pub(super) check: PoolCheck,
    pub(super) deadline: Option<Instant>,
}

/// Whom a command is for.
enum To {
    Osd(i32),
    Group(Box<Aim>),
}

impl Objecter {
    /// Sends a command to an OSD. One that does not exist answers `-ENOENT`, one that is down
    /// `-ENXIO`.
    pub fn osd_command(&self, osd: i32, words: Vec<String>, input: Bytes, done: CommandDone) {
        self.send_command(To::Osd(osd), words, input, done);
    }

    /// Sends a command to the primary of a placement group, given as `pool.hex` reads.
    pub fn pg_command(&self, group: PgId, words: Vec<String>, input: Bytes, done: CommandDone) {
        let (pool, flags) = (PoolId(group.pool), OsdFlags::READ);
        let aim = Aim::of_group(pool, Name::empty(), group.seed, flags);
        self.send_command(To::Group(Box::new(aim)), words, input, done);
    }

    fn send_command(&self, to: To, words: Vec<String>, input: Bytes, done: CommandDone) {
        let missing = (Errno::ENXIO, "");
        let (fsid, check) = (self.config.fsid, PoolCheck::Asked);
        let mut command = Command { fsid, to, words, input, done, missing, check, deadline: None };
        let tid = self.next_tid();
        let mut state = self.state.write();
        if state.is_shut {
            drop(state);
            return command.fail(Errno::ESHUTDOWN);
        }
        let view = Arc::clone(&state.view);
        let osd = command.locate(&view);
        let session = Arc::clone(state.make_session(osd, self.config.op_priority));
        session.lock().add_command(tid, command);
        drop(state);
        session.pump(self);
        if osd < 0 {
            self.check_pools(vec![tid]);
        }
    }

    pub(super) fn handle_command_reply(
        &self,
        session: &Arc<Session>,
        incarnation: u64,
        message: &Message,
    ) -> Result<()> {
        let reply = command::decode_reply(message)?;
        let mut inner = session.lock();
        if !inner.is_current(incarnation) {
            return Ok(());
        }
        if reply.code == Errno::EAGAIN.to_c() {
            // It has another primary, of which a newer map will tell.
            inner.command_again(message.tid);
            drop(inner);
            session.pump(self);
            self.want_map();
            return Ok(());
        }
        let command = inner.commands.remove(&message.tid);
        drop(inner);
        if let Some(command) = command {
            (command.done)(Ok(reply));
        }
        Ok(())
    }
}

impl Command {
    pub(super) fn message(&self, tid: u64) -> Message {
        command::message(self.fsid, tid, &self.words, self.input.clone())
    }

    /// The OSD it goes to by this map; -1 when there is none.
    pub(super) fn locate(&mut self, view: &MapView) -> i32 {
        let Some(map) = &view.map else { return -1 };
        match &mut self.to {
            To::Osd(osd) if map.is_up(*osd) => *osd,
            To::Osd(osd) => {
                self.missing = match map.exists(*osd) {
                    true => (Errno::ENXIO, "osd down"),
                    false => (Errno::ENOENT, "osd dne"),
                };
                -1
            }
            To::Group(aim) => {
                self.missing = match aim.calculate(view, true) {
                    Verdict::PoolGone => (Errno::ENOENT, "pool dne"),
                    _ => (Errno::ENXIO, "osd down"),
                };
                aim.osd
            }
        }
    }

    /// Whether whom it is for is known not to be there.
    pub(super) fn is_missing(&self, epoch: u32) -> bool {
        matches!(self.check, PoolCheck::Until(until) if until <= epoch)
    }

    /// Answers that whom it is for is not there.
    pub(super) fn fail_missing(self) {
        let (errno, status) = self.missing;
        let (code, status) = (errno.to_c(), status.to_owned());
        (self.done)(Ok(CommandReply { code, out: Bytes::new(), status }));
    }

    /// Ends it without an answer.
    pub(super) fn fail(self, errno: Errno) {
        (self.done)(Err(Error::from(errno)));
    }
}
