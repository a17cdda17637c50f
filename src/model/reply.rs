//! What comes back.

use bytes::Bytes;
use smallvec::SmallVec;
use std::time::SystemTime;

use super::buffer::ReadMemory;
use super::op::{ObjectOp, Op};
use super::snap::SnapSet;
use super::watch::WatcherInfo;
use crate::errno::{Errno, Error, Result};

/// A `CmpExt` mismatch at offset `n` is reported as `-MAX_ERRNO - n` (`MAX_ERRNO` of the OSD).
pub const MAX_ERRNO: i32 = 4095;

/// Receives the reply, once. An engine may call it inside `submit`, on the submitting thread, or
/// later on a thread of its own; so nothing may hold a lock across `submit` that the receiver
/// takes.
pub type Done = Box<dyn FnOnce(Reply) + Send>;

/// The reply to an operation.
pub struct Reply {
    /// 0 or more, or a negative error number: of the first step that failed, or of the whole
    /// operation.
    pub result: i32,
    /// The object's version: after a write the one it got, after a read the one read.
    pub version: u64,
    /// One per step, in order. Behind a step that failed they are empty; may be fewer than steps
    /// when the operation failed before it began.
    pub steps: SmallVec<[StepReply; 2]>,
}

/// The reply to one step.
#[derive(Default)]
pub struct StepReply {
    /// 0 or more, or a negative error number.
    pub result: i32,
    /// What it answered.
    pub out: Out,
}

/// What a step answered.
#[derive(Default)]
pub enum Out {
    /// Nothing.
    #[default]
    None,
    /// Bytes.
    Data(Bytes),
    /// The caller's memory, of which the first `len` bytes were filled. Also with an error: see
    /// [`Reply::refuse`].
    Filled {
        /// The memory given with the op.
        memory: Box<dyn ReadMemory>,
        /// Bytes read.
        len: usize,
    },
    /// Allocated ranges (offset, length), ascending, and their bytes one behind the other.
    Extents {
        /// The ranges.
        extents: Vec<(u64, u64)>,
        /// Their bytes.
        data: Bytes,
    },
    /// Size and modification time.
    Stat {
        /// Bytes.
        size: u64,
        /// Last modification.
        mtime: SystemTime,
    },
    /// Xattrs by name, ascending.
    Xattrs(Vec<(Bytes, Bytes)>),
    /// Omap keys, ascending, and whether there are more.
    OmapKeys(Vec<Bytes>, bool),
    /// Omap entries.
    Omap(OmapValues),
    /// Watchers.
    Watchers(Vec<WatcherInfo>),
    /// All versions.
    Snaps(SnapSet),
}

/// Omap entries in key order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OmapValues {
    /// Key and value.
    pub entries: Vec<(Bytes, Bytes)>,
    /// Whether the limit cut the answer.
    pub more: bool,
}

impl Reply {
    /// A reply that says only that the operation failed.
    #[must_use]
    pub fn error(errno: Errno) -> Self {
        Reply { result: errno.to_c(), version: 0, steps: SmallVec::new() }
    }

    /// The reply to an operation that fails before its first step. Memory given with reads comes
    /// back, since whoever reads an object that does not exist mostly goes on to fill it otherwise.
    #[must_use]
    pub fn refuse(op: ObjectOp, errno: Errno) -> Self {
        let mut reply = Reply::error(errno);
        for step in op.steps {
            let mut out = Out::None;
            if let Op::Read { into: Some(memory), .. } = step.op {
                out = Out::Filled { memory, len: 0 };
            }
            reply.steps.push(StepReply { result: errno.to_c(), out });
        }
        reply
    }

    /// The reply unless it is an error.
    pub fn ok(self) -> Result<Self> {
        match Errno::from_c(self.result) {
            Some(errno) => Err(Error::from(errno)),
            None => Ok(self),
        }
    }

    /// Takes the answer of a step; [`Out::None`] where there is none.
    #[must_use]
    pub fn take(&mut self, step: usize) -> Out {
        self.steps.get_mut(step).map(|reply| std::mem::take(&mut reply.out)).unwrap_or_default()
    }

    /// Takes the bytes a step answered; empty where there are none.
    #[must_use]
    pub fn take_data(&mut self, step: usize) -> Bytes {
        match self.take(step) {
            Out::Data(data) => data,
            _ => Bytes::new(),
        }
    }
}
