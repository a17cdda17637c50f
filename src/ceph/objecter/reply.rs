//! From what an OSD says to what that means.

use std::sync::Arc;

use smallvec::SmallVec;

use super::Objecter;
use super::request::Request;
use super::session::Session;
use crate::ceph::message::Message;
use crate::ceph::messages::osd_backoff::{self, Backoff, BackoffOp};
use crate::ceph::messages::osd_op_reply::{self, OsdOpReply};
use crate::ceph::messages::osd_out::Expect;
use crate::ceph::messages::{command, osd_map, watch_notify};
use crate::errno::{Errno, Result};
use crate::model::{Out, Payload, PoolId, Reply, StepReply};

impl Objecter {
    /// A message came from an OSD, over the link of this number.
    pub(super) fn handle_message(
        &self,
        session: &Arc<Session>,
        incarnation: u64,
        message: Message,
    ) {
        let kind = message.kind;
        let handled = match kind {
            osd_op_reply::KIND => {
                self.handle_reply(session, incarnation, message);
                Ok(())
            }
            osd_backoff::KIND => self.handle_backoff(session, incarnation, &message),
            watch_notify::KIND => self.handle_watch_notify(&message),
            command::KIND_REPLY => self.handle_command_reply(session, incarnation, &message),
            osd_map::KIND => self.handle_osdmap(message),
            _ => {
                log::debug!("osd.{} sent a message of kind {kind}", session.osd);
                Ok(())
            }
        };
        if let Err(error) = handled {
            log::error!("a message of kind {kind} from osd.{}: {error}", session.osd);
        }
    }

    fn handle_reply(&self, session: &Arc<Session>, incarnation: u64, message: Message) {
        let reply = OsdOpReply::decode(&message);
        let mut inner = session.lock();
        if !inner.is_current(incarnation) {
            return;
        }
        let Some(request) = inner.requests.get(&message.tid) else { return };
        if reply.as_ref().is_ok_and(|reply| !request.is_answer(reply.attempt)) {
            log::debug!("an answer to an older attempt of operation {}", message.tid);
            return;
        }
        let Some(request) = inner.requests.remove(&message.tid) else { return };
        drop(inner);
        match reply {
            Ok(reply) => self.answered(*request, reply, message.data),
            Err(error) => {
                log::error!("the answer to operation {}: {error}", message.tid);
                request.fail(Errno::EIO);
            }
        }
    }

    fn answered(&self, mut request: Request, reply: OsdOpReply, data: Payload) {
        log::debug!(target: "objecter", "answer {} to {request}", reply.result);
        if let Some(to) = reply.redirect {
            request.redirect(self.next_tid(), to);
            return self.relaunch(Box::new(request));
        }
        if reply.result == Errno::EAGAIN.to_c() {
            // A replica that may not serve; the primary can.
            request.tid = self.next_tid();
            request.aim.forget();
            return self.relaunch(Box::new(request));
        }
        if reply.result == Errno::EPERM.to_c() {
            self.refused(&request);
        }
        let (done, expects, charge) = request.into_parts();
        drop(charge);
        done(model_reply(&reply, expects, data));
    }

    /// Says once for a pool that the user may not do there what it tries.
    #[cold]
    fn refused(&self, request: &Request) {
        let pool = request.aim.pool();
        if !self.refused.lock().insert(pool) {
            return;
        }
        let map = self.map();
        let name = map.as_deref().and_then(|map| map.pool_name(PoolId(pool)));
        let (pool, client) = (name.unwrap_or_default(), &self.config.client);
        let object = match request.aim.name() {
            name if name.is_empty() => "all objects".to_owned(),
            name => format!("object {name}"),
        };
        log::error!(
            target: "objecter",
            "osd.{} does not permit {client} an operation on {object} of pool {pool}: see its osd \
             caps (ceph auth get {client})",
            request.aim.osd,
        );
    }

    fn handle_backoff(
        &self,
        session: &Arc<Session>,
        incarnation: u64,
        message: &Message,
    ) -> Result<()> {
        let backoff = Backoff::decode(message)?;
        let mut inner = session.lock();
        if !inner.is_current(incarnation) {
            return Ok(());
        }
        match backoff.op {
            BackoffOp::Block => inner.block(&backoff),
            BackoffOp::Unblock => inner.unblock(backoff.id),
            BackoffOp::AckBlock => return Err(Errno::EBADMSG.because("osd_backoff: an answer")),
        }
        drop(inner);
        session.pump(self);
        Ok(())
    }
}

/// The model's reply: the OSD's, with each step's output as the step wants it.
fn model_reply(reply: &OsdOpReply, expects: SmallVec<[Expect; 2]>, mut data: Payload) -> Reply {
    let mut result = reply.result;
    let mut steps = SmallVec::with_capacity(expects.len());
    for (at, expect) in expects.into_iter().enumerate() {
        // An OSD that failed before the first step may answer none.
        let step = reply.steps.get(at).copied();
        let output = data.split_to(step.map_or(0, |step| step.len as usize));
        let own = step.map_or(0, |step| step.result);
        // What failed as a whole has no outputs, but a comparison's is where it failed.
        let failed = own < 0 || step.is_none() || result < 0 && output.is_empty();
        steps.push(match failed {
            true => StepReply { result: own, out: expect.refuse() },
            false => decoded(expect, own, output, &mut result),
        });
    }
    Reply { result, version: reply.user_version, steps }
}

fn decoded(expect: Expect, own: i32, output: Payload, result: &mut i32) -> StepReply {
    match expect.read(output) {
        Ok(out) => StepReply { result: own, out },
        Err(error) => {
            log::error!("an OSD's output: {error}");
            *result = Errno::EIO.to_c();
            StepReply { result: Errno::EIO.to_c(), out: Out::None }
        }
    }
}
