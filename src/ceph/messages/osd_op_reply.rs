//! `MOSDOpReply`: what an OSD answers to an operation.

use smallvec::SmallVec;

use super::op_code::OsdFlags;
use super::osd_step::STEP_SIZE;
use crate::ceph::map::PgId;
use crate::ceph::message::Message;
use crate::codec::{Decode, Reader};
use crate::errno::{Errno, Result};
use crate::model::Name;

/// `CEPH_MSG_OSD_OPREPLY`.
pub const KIND: u16 = 43;
/// The oldest version peers of ours send.
const VERSION_MIN: u16 = 6;
/// From here on a redirection is announced by a byte.
const VERSION_REDIRECT_FLAG: u16 = 7;
/// Where a step has the length of its output.
const STEP_LEN_AT: usize = STEP_SIZE - 4;

/// The answer; outputs are in the message's data, one behind the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OsdOpReply {
    /// The placement group.
    pub group: PgId,
    /// Of the operation, with `ONDISK` or `ACK` for what is acknowledged.
    pub flags: OsdFlags,
    /// Of the whole operation: 0 or more, or a negative error number.
    pub result: i32,
    /// The OSD's map.
    pub epoch: u32,
    /// The attempt it answers; negative when the OSD does not say.
    pub attempt: i32,
    /// Result and length of output, step by step.
    pub steps: SmallVec<[StepResult; 2]>,
    /// The object's version, as users see it.
    pub user_version: u64,
    /// Where the object is instead; then nothing has been done.
    pub redirect: Option<Box<Redirect>>,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepResult {
    /// 0 or more, or a negative error number.
    pub result: i32,
    /// Bytes of output.
    pub len: u32,
}

/// Another place for an operation (`request_redirect_t`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// The pool.
    pub pool: i64,
    /// The locator key, empty for none.
    pub key: Name,
    /// The namespace.
    pub namespace: Name,
    /// The object's name there, when it is another.
    pub name: Option<Name>,
}

impl OsdOpReply {
    /// Reads the front of a message of this kind.
    pub fn decode(message: &Message) -> Result<Self> {
        if message.version < VERSION_MIN {
            let what = format!("osd_op_reply: version {} of an old OSD", message.version);
            return Err(Errno::EBADMSG.because(what));
        }
        let mut front = Reader::new(&message.front);
        front.bytes("osd_op_reply: oid")?;
        let group = PgId::decode(&mut front, "osd_op_reply: pgid")?;
        let flags = front.i64("osd_op_reply: flags")?;
        let result = front.i32("osd_op_reply: result")?;
        skip_version(&mut front, "osd_op_reply: bad_replay_version")?;
        let epoch = front.u32("osd_op_reply: epoch")?;
        // Each step comes with its result, further behind.
        let count = front.count(STEP_SIZE + 4, "osd_op_reply: ops")?;
        let mut steps: SmallVec<[StepResult; 2]> = SmallVec::with_capacity(count);
        for _ in 0..count {
            let mut step = Reader::new(front.take(STEP_SIZE, "osd_op_reply: op")?);
            step.take(STEP_LEN_AT, "osd_op_reply: op")?;
            steps.push(StepResult { result: 0, len: step.u32("osd_op_reply: payload_len")? });
        }
        let attempt = front.i32("osd_op_reply: retry_attempt")?;
        for step in &mut steps {
            step.result = front.i32("osd_op_reply: rval")?;
        }
        skip_version(&mut front, "osd_op_reply: replay_version")?;
        let user_version = front.u64("osd_op_reply: user_version")?;
        let has_redirect =
            message.version < VERSION_REDIRECT_FLAG || front.bool("osd_op_reply: do_redirect")?;
        let redirect = if has_redirect { Redirect::decode(&mut front)? } else { None };
        // A trace may follow; nobody here follows it.
        let flags = OsdFlags::from_bits_retain(flags as u32);
        Ok(OsdOpReply { group, flags, result, epoch, attempt, steps, user_version, redirect })
    }
}

impl Redirect {
    /// `None` is a redirection to nowhere, which old versions send for none.
    fn decode(front: &mut Reader<'_>) -> Result<Option<Box<Self>>> {
        let (_, mut fields) = front.versioned(1, "redirect")?;
        let (_, mut locator) = fields.versioned(6, "redirect: locator")?;
        let pool = locator.i64("redirect: pool")?;
        locator.i32("redirect: preferred")?;
        let key = Name::from(locator.bytes("redirect: key")?);
        let namespace = Name::from(locator.bytes("redirect: namespace")?);
        let name = Name::from(fields.bytes("redirect: object")?);
        fields.bytes("redirect: instructions")?;
        if pool < 0 && name.is_empty() {
            return Ok(None);
        }
        let name = (!name.is_empty()).then_some(name);
        Ok(Some(Box::new(Redirect { pool, key, namespace, name })))
    }
}

/// A version of an object in its group's log (`eversion_t`).
fn skip_version(front: &mut Reader<'_>, field: &'static str) -> Result<()> {
    front.take(8 + 4, field).map(drop)
}
