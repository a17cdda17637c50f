//! What object classes are told and what they answer, in both directions.
//!
//! A class runs beside an object: on an OSD of a cluster, or in [`crate::local`]. The same structs
//! serve both sides:
//!
//! ```text
//!   rbd/:   GetSize { snap_id }.call() -> Op::Call    GetSize::reply(&bytes) -> Size { order, .. }
//!   local/: GetSize decoded from the call's input       Size encoded into the call's output
//! ```
//!
//! The encodings are those of Ceph 16.2 (`src/cls/*/cls_*_client.cc`, `cls_*_types.cc`), which
//! later releases read.
//!
//! May use: codec, model, errno. Must not use: local, rbd: both import this.

#[cfg(debug_assertions)]
#[doc(hidden)]
pub mod fuzz;
#[macro_use]
mod macros;
pub mod lock;
pub mod rbd;
pub mod small;
mod time;

use std::borrow::Cow;

use bytes::Bytes;

use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::{Errno, Result};
use crate::model::{Op, SnapId};

pub use time::UTime;

/// A call of a class method: the argument, encoded as itself.
pub trait Method: Encode + Decode {
    /// The class.
    const CLASS: &'static str;
    /// The method.
    const NAME: &'static str;
    /// What it answers; `()` for nothing.
    type Reply: Encode + Decode;

    /// The step that makes the call.
    fn call(&self) -> Op {
        Op::Call { class: Self::CLASS, method: Cow::Borrowed(Self::NAME), input: Writer::of(self) }
    }

    /// The answer from a step's output; `-EBADMSG` if it does not decode.
    fn reply(output: &Bytes) -> Result<Self::Reply> {
        Self::Reply::decode(&mut Reader::new(output), Self::NAME)
    }

    /// The argument from a call's input; `-EINVAL` if it does not decode, as every class answers.
    fn argument(input: &Bytes) -> Result<Self> {
        Self::decode(&mut Reader::new(input), Self::NAME)
            .map_err(|error| Errno::EINVAL.because(error.to_string()))
    }
}

impl Encode for SnapId {
    fn encode(&self, writer: &mut Writer) {
        writer.u64(self.0);
    }
}

impl Decode for SnapId {
    const MIN_SIZE: usize = 8;
    fn decode(reader: &mut Reader<'_>, field: &'static str) -> Result<Self> {
        Ok(SnapId(reader.u64(field)?))
    }
}
