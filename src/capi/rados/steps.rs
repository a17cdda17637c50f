//! What read and write operations are made of: steps, and where their outputs go.

use std::collections::BTreeMap;

use bytes::Bytes;
use libc::{c_char, c_int};

use super::context::{Call, OutPtr};
use crate::capi::buffer;
use crate::capi::memory;
use crate::errno::{Errno, Error, Result};
use crate::model::{CmpOp, CmpValue, ObjectOp, Op, OpFlags, Out, Reply, ReqFlags, SnapSpec, Step};

/// Stores a step's output and return value.
pub(super) type Output = Box<dyn FnOnce(c_int, Out) + Send>;

/// Steps that were added, with what happens to their outputs.
#[derive(Default)]
pub(super) struct Steps {
    steps: Vec<(Step, Option<Output>)>,
    error: Option<Error>,
}

impl Steps {
    pub(super) fn push(&mut self, op: Op, output: Option<Output>) {
        self.steps.push((op.into(), output));
    }

    /// Remembers what makes the whole operation fail.
    pub(super) fn fail(&mut self, error: Error) {
        self.error.get_or_insert(error);
    }

    /// Sets flags of the step added last.
    pub(super) fn flag(&mut self, flags: c_int) {
        if let Some((step, _)) = self.steps.last_mut() {
            step.flags = OpFlags::from_bits_truncate(flags as u32);
        }
    }

    /// The steps as an operation; this is empty afterwards.
    pub(super) fn operate(
        &mut self,
        mut op: ObjectOp,
        flags: c_int,
    ) -> Result<Call<impl FnOnce(&mut Reply) -> c_int + Send + use<>>> {
        if let Some(error) = self.error.take() {
            self.steps.clear();
            return Err(error);
        }
        op.flags |= ReqFlags::from_bits_truncate(flags as u32);
        let mut only_reads = matches!(op.snap, SnapSpec::At(_))
            || self.steps.iter().all(|(step, _)| is_comparison(&step.op));
        let mut outputs = Vec::new();
        for (step, output) in self.steps.drain(..) {
            only_reads &= !matches!(step.op, Op::Call { .. } | Op::CallNamed { .. });
            op.steps.push(step);
            outputs.push(output);
        }
        Ok(Call { op, finish: move |reply: &mut Reply| store(outputs, only_reads, reply) })
    }
}

/// Whether a step of a write operation changes nothing and calls nothing.
fn is_comparison(op: &Op) -> bool {
    matches!(
        op,
        Op::AssertExists
            | Op::AssertVersion(_)
            | Op::CmpExt { .. }
            | Op::CmpXattr { .. }
            | Op::OmapCmp(_)
    )
}

/// Stores all outputs. What has no room for its output says so in its own return value, not in the
/// operation's (measured on 16.2.15).
///
/// An OSD that refuses an operation, a reading one of what is missing or one with a method that it
/// does not know, begins no step of it: their return values are 0 (measured on 16.2.15).
fn store(outputs: Vec<Option<Output>>, only_reads: bool, reply: &mut Reply) -> c_int {
    let refused = match Errno::from_c(reply.result) {
        Some(Errno::ENOENT) => only_reads,
        Some(Errno::EOPNOTSUPP) => true,
        _ => false,
    };
    let mut steps = std::mem::take(&mut reply.steps).into_iter();
    for output in outputs {
        let step = steps.next().filter(|_| !refused).unwrap_or_default();
        if let Some(output) = output {
            output(step.result, step.out);
        }
    }
    reply.result
}

/// An output that only stores the return value.
///
/// # Safety
/// Null, or valid for one write until the operation's end.
pub(super) unsafe fn result_to(prval: *mut c_int) -> Option<Output> {
    if prval.is_null() {
        return None;
    }
    // SAFETY: the caller's contract.
    let prval = unsafe { OutPtr::new(prval) };
    Some(Box::new(move |result, _| {
        prval.set(result);
    }))
}

/// The step that compares data.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
pub(super) unsafe fn cmpext_op(buf: *const c_char, len: usize, off: u64) -> Result<Op> {
    // SAFETY: the caller's contract.
    Ok(Op::CmpExt { off, data: unsafe { memory::copy(buf, len)? }.into() })
}

fn comparison(operator: u8) -> Result<CmpOp> {
    Ok(match operator {
        1 => CmpOp::Eq,
        2 => CmpOp::Ne,
        3 => CmpOp::Gt,
        4 => CmpOp::Gte,
        5 => CmpOp::Lt,
        6 => CmpOp::Lte,
        _ => return Err(Errno::EINVAL.because("no such comparison")),
    })
}

/// The step that compares an xattr.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
pub(super) unsafe fn cmpxattr_op(
    name: *const c_char,
    operator: u8,
    value: *const c_char,
    len: usize,
) -> Result<Op> {
    // SAFETY: the caller's contract.
    let (name, value) =
        unsafe { (Bytes::copy_from_slice(buffer::string(name)?), memory::copy(value, len)?) };
    Ok(Op::CmpXattr { name, op: comparison(operator)?, value: CmpValue::Bytes(value) })
}

/// The step that compares an omap value.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
pub(super) unsafe fn omap_cmp_op(
    key: &[u8],
    operator: u8,
    val: *const c_char,
    len: usize,
) -> Result<Op> {
    // SAFETY: the caller's contract.
    let value = unsafe { memory::copy(val, len)? };
    let entry = (Bytes::copy_from_slice(key), (value, comparison(operator)?));
    Ok(Op::OmapCmp(BTreeMap::from([entry])))
}

/// Adds the step that compares an omap value: operator, value and its length. An unknown operator
/// is -EINVAL in the step's return value too.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety), for `prval` until the operation's end.
pub(super) unsafe fn push_omap_cmp(
    steps: &mut Steps,
    key: &[u8],
    (operator, val, len): (u8, *const c_char, usize),
    prval: *mut c_int,
) -> Result<()> {
    // SAFETY: the caller's contract.
    unsafe {
        match omap_cmp_op(key, operator, val, len) {
            Ok(op) => steps.push(op, result_to(prval)),
            Err(error) => {
                OutPtr::new(prval).set(error.to_c());
                return Err(error);
            }
        }
    }
    Ok(())
}

/// Copies of an array of strings.
///
/// # Safety
/// The [C API contract](crate::capi::guard#safety).
pub(super) unsafe fn owned_strings(
    first: *const *const c_char,
    lens: Option<*const usize>,
    count: usize,
) -> Result<Vec<Bytes>> {
    // SAFETY: the caller's contract.
    let strings = unsafe { buffer::strings(first, lens, count)? };
    Ok(strings.into_iter().map(Bytes::copy_from_slice).collect())
}
