//! The steps of an operation.

use bytes::Bytes;
use smallvec::SmallVec;

use super::layout::OBJECT_MAX;
use super::txn::{Txn, from_nanos};
use crate::errno::{Errno, Result};
use crate::local::classes;
use crate::model::{
    ChecksumKind, MAX_ERRNO, ObjectOp, Op, OpFlags, Out, Payload, ReqFlags, Step, StepReply,
};

/// Most omap entries in one answer, as `osd_max_omap_entries_per_request`.
const OMAP_ENTRIES_MAX: u64 = 1024;

/// Longest output of a step that changes something together with others, as
/// `osd_max_write_op_reply_len`.
const OUTPUT_MAX: usize = 64;

/// Whether a step changes the object. Fails for a class method that does not exist.
pub(super) fn writes(op: &Op) -> Result<bool> {
    Ok(match op {
        Op::Call { class, method, .. } => classes::flags(class, method)?.write,
        Op::CallNamed { class, method, .. } => classes::flags(class, method)?.write,
        Op::Create { .. }
        | Op::Write { .. }
        | Op::WriteFull(_)
        | Op::WriteSame { .. }
        | Op::Append(_)
        | Op::Zero { .. }
        | Op::Truncate(_)
        | Op::Remove
        | Op::SetXattr { .. }
        | Op::RmXattr(_)
        | Op::OmapSet(_)
        | Op::OmapSetHeader(_)
        | Op::OmapClear
        | Op::OmapRmKeys(_)
        | Op::OmapRmRange { .. }
        | Op::SetAllocHint { .. }
        | Op::Rollback(_)
        | Op::CachePin
        | Op::CacheUnpin => true,
        _ => false,
    })
}

/// Whether a step that reads stands behind one that writes; removing a range of omap entries looks
/// for them.
fn looks_back(steps: &[Step]) -> bool {
    let changes = |step: &Step| writes(&step.op).unwrap_or(false);
    let looks =
        |op: &Op| matches!(op, Op::Call { .. } | Op::CallNamed { .. } | Op::OmapRmRange { .. });
    let reads = |step: &Step| looks(&step.op) || !changes(step);
    let first = steps.iter().take(steps.len().saturating_sub(1)).position(changes);
    first.is_some_and(|first| steps.iter().skip(first + 1).any(reads))
}

/// Bytes that an operation carries.
pub(super) fn payload_len(op: &ObjectOp) -> u64 {
    let len = |step: &Step| match &step.op {
        Op::Write { data, .. }
        | Op::WriteFull(data)
        | Op::WriteSame { data, .. }
        | Op::Append(data)
        | Op::CmpExt { data, .. } => data.len(),
        Op::Call { input, .. } | Op::CallNamed { input, .. } => input.len(),
        Op::SetXattr { value, .. } => value.len(),
        Op::OmapSet(entries) => entries.iter().map(|(key, value)| key.len() + value.len()).sum(),
        _ => 0,
    };
    op.steps.iter().map(len).sum::<usize>() as u64
}

/// Whether a step that succeeds leaves the operation's result what it was, as on an OSD: a
/// comparison of xattrs makes it 1, which then is the result of such steps too.
fn keeps_result(txn: &Txn<'_>, op: &Op) -> bool {
    matches!(
        op,
        Op::Zero { off, len } if is_behind_end(txn, *off, *len)
    ) || matches!(
        op,
        Op::Stat
            | Op::AssertExists
            | Op::AssertVersion(_)
            | Op::OmapCmp(_)
            | Op::OmapGetHeader
            | Op::OmapGetKeys { .. }
            | Op::OmapGetVals { .. }
            | Op::OmapGetValsByKeys(_)
    )
}

/// Runs the steps until one fails that may not. Returns the result of the operation, which is the
/// last step's, and what each step answered.
pub(super) fn run(txn: &mut Txn<'_>, op: &mut ObjectOp) -> (i32, SmallVec<[StepReply; 2]>) {
    let mut replies = SmallVec::new();
    let mut result = 0;
    if looks_back(&op.steps) {
        txn.remember();
    }
    for step in &mut op.steps {
        txn.next_step();
        let keeps_result = keeps_result(txn, &step.op);
        match run_step(txn, &mut step.op) {
            Ok(mut reply) => {
                if keeps_result {
                    reply.result = result;
                }
                result = reply.result;
                replies.push(reply);
            }
            Err(error) => {
                log::debug!("{}: {error}", txn.target);
                let may_fail = step.flags.contains(OpFlags::FAILOK);
                let code = match step.op {
                    // An OSD's reading may fail then, too, and what is missing is data.
                    Op::Checksum { .. } if may_fail && error == Errno::ENOENT => Errno::EINVAL,
                    _ => error.errno(),
                };
                replies.push(StepReply { result: code.to_c(), out: Out::None });
                if !may_fail {
                    return (code.to_c(), replies);
                }
                result = 0;
            }
        }
    }
    (result, replies)
}

/// What is sent back of a write that changed something: an OSD sends no output, unless it was asked
/// to, and then only short ones. Whether they are; otherwise the result is `-EOVERFLOW`, and the
/// operation must not happen (measured on 16.2.15).
pub(super) fn limit_outputs(flags: ReqFlags, result: &mut i32, replies: &mut [StepReply]) -> bool {
    if *result < 0 {
        return true;
    }
    if !flags.contains(ReqFlags::RETURNVEC) {
        *result = 0;
        replies.iter_mut().for_each(|reply| reply.out = Out::None);
        return true;
    }
    let too_long = replies.iter_mut().filter(|reply| encoded_len(&reply.out) > OUTPUT_MAX);
    let refused = Errno(libc::EOVERFLOW).to_c();
    let refuse = |reply: &mut StepReply| *reply = StepReply { result: refused, out: Out::None };
    let fits = too_long.map(refuse).count() == 0;
    if !fits {
        *result = refused;
    }
    fits
}

/// Bytes of an output as an OSD sends it.
fn encoded_len(out: &Out) -> usize {
    let pairs = |all: &[(Bytes, Bytes)]| -> usize {
        all.iter().map(|(key, value)| 8 + key.len() + value.len()).sum()
    };
    match out {
        Out::Data(data) => data.len(),
        Out::Extents { extents, data } => 8 + 16 * extents.len() + data.len(),
        Out::Xattrs(all) => 4 + pairs(all),
        Out::OmapKeys(keys, _) => 5 + keys.iter().map(|key| 4 + key.len()).sum::<usize>(),
        Out::Omap(values) => 5 + pairs(&values.entries),
        _ => 0,
    }
}

fn run_step(txn: &mut Txn<'_>, op: &mut Op) -> Result<StepReply> {
    let out = match op {
        Op::Read { off, len, into } => read(txn, *off, *len, into)?,
        Op::CmpXattr { name, op, value } => {
            txn.cmp_xattr(name, *op, value)?;
            return Ok(StepReply { result: 1, out: Out::None });
        }
        op => match run_read_step(txn, op)? {
            Some(out) => out,
            None => {
                run_write_step(txn, op)?;
                Out::None
            }
        },
    };
    Ok(StepReply { result: 0, out })
}

/// Steps that read, and class calls; `None` for the others.
fn run_read_step(txn: &mut Txn<'_>, op: &mut Op) -> Result<Option<Out>> {
    let out = match op {
        Op::SparseRead { .. } if !txn.is_stored() => return Err(Errno::ENOENT.into()),
        Op::SparseRead { off, len } => {
            let (extents, data) = txn.read_sparsely(*off, *len)?;
            Out::Extents { extents, data }
        }
        Op::Stat => {
            let body = txn.body()?;
            Out::Stat { size: body.size, mtime: from_nanos(body.mtime) }
        }
        Op::AssertExists => {
            txn.body()?;
            Out::None
        }
        Op::AssertVersion(0) => return Err(Errno::EINVAL.into()),
        Op::AssertVersion(wanted) => match (*wanted).cmp(&txn.version_before) {
            std::cmp::Ordering::Less => return Err(Errno::ERANGE.into()),
            std::cmp::Ordering::Greater => return Err(Errno::EOVERFLOW.into()),
            std::cmp::Ordering::Equal => Out::None,
        },
        Op::CmpExt { off, data } => {
            compare(txn, *off, &data.to_bytes())?;
            Out::None
        }
        Op::Checksum { kind, init, off, len, chunk } => {
            Out::Data(checksums(txn, *kind, init, (*off, *len, *chunk))?)
        }
        Op::GetXattr(name) => Out::Data(txn.xattr(name)?),
        Op::GetXattrs => Out::Xattrs(txn.xattrs()?),
        Op::OmapGetHeader => Out::Data(txn.omap_header()?),
        Op::OmapGetKeys { start_after, max } => {
            txn.check_omap_before()?;
            let values = txn.omap_list(start_after, b"", (*max).min(OMAP_ENTRIES_MAX))?;
            let keys = values.entries.into_iter().map(|(key, _)| key).collect();
            Out::OmapKeys(keys, values.more)
        }
        Op::OmapGetVals { start_after, prefix, max } => {
            txn.check_omap_before()?;
            Out::Omap(txn.omap_list(start_after, prefix, (*max).min(OMAP_ENTRIES_MAX))?)
        }
        Op::OmapGetValsByKeys(keys) => Out::Omap(txn.omap_get_some(keys)?),
        Op::OmapCmp(wanted) => {
            txn.omap_cmp(wanted)?;
            Out::None
        }
        Op::Call { class, method, input } => Out::Data(classes::call(class, method, txn, input)?),
        Op::CallNamed { class, method, input } => {
            Out::Data(classes::call(class, method, txn, input)?)
        }
        Op::ListWatchers => {
            txn.body()?;
            Out::Watchers(txn.list_watchers()?)
        }
        Op::ListSnaps => Out::Snaps(txn.list_snaps()?),
        _ => return Ok(None),
    };
    Ok(Some(out))
}

/// Steps that change the object.
fn run_write_step(txn: &mut Txn<'_>, op: &mut Op) -> Result<()> {
    match op {
        Op::Create { exclusive } => {
            if *exclusive && txn.exists() {
                return Err(Errno::EEXIST.into());
            }
            txn.create()
        }
        Op::Write { off, data } => txn.write(*off, &data.to_bytes()),
        Op::WriteFull(data) if data.is_empty() && txn.is_empty() => Ok(()),
        Op::WriteFull(data) => txn.write_full(&data.to_bytes()),
        // Not even the object is made (measured on 16.2.15).
        Op::WriteSame { len: 0, .. } => Ok(()),
        Op::WriteSame { off, len, data } => txn.write(*off, &repeated(data, *len)?),
        Op::Append(data) => txn.write(txn.size(), &data.to_bytes()),
        Op::Zero { off, len } => zero(txn, *off, *len),
        // On an object that does not exist it does nothing (measured on 16.2.15).
        Op::Truncate(size) if txn.exists() => txn.truncate(*size),
        Op::Truncate(_) => Ok(()),
        Op::Remove => txn.remove(),
        Op::SetXattr { name, value } => txn.set_xattr(name, value),
        Op::RmXattr(name) => txn.rm_xattr(name),
        Op::OmapSet(entries) => txn.omap_set(entries),
        Op::OmapSetHeader(header) => txn.omap_set_header(header),
        Op::OmapClear => txn.omap_clear(),
        Op::OmapRmKeys(keys) => txn.omap_rm(keys.iter().map(|key| &key[..])),
        Op::OmapRmRange { first, last } => txn.omap_rm_range(first, last),
        Op::SetAllocHint { object_size, write_size, flags } => {
            txn.set_hint(*object_size, *write_size, *flags)
        }
        Op::Rollback(snap) => txn.rollback(*snap),
        // There is no cache tier.
        Op::CachePin | Op::CacheUnpin => Err(Errno::EINVAL.into()),
        _ => Err(Errno::EOPNOTSUPP.into()),
    }
}

fn read(
    txn: &Txn<'_>,
    off: u64,
    len: u64,
    into: &mut Option<Box<dyn crate::model::ReadMemory>>,
) -> Result<Out> {
    let len = if len == 0 { u64::MAX } else { len };
    let Some(mut memory) = into.take() else { return Ok(Out::Data(txn.read(off, len)?)) };
    let len = len.min(memory.bytes().len() as u64) as usize;
    let len = txn.read_into(off, &mut memory.bytes()[..len])?;
    Ok(Out::Filled { memory, len })
}

/// Fails with the place of the first difference; what is not there compares as zeros.
fn compare(txn: &Txn<'_>, off: u64, wanted: &Bytes) -> Result<()> {
    if wanted.len() as u64 > OBJECT_MAX {
        return Err(Errno::EINVAL.into());
    }
    let mut stored = vec![0; wanted.len()];
    let there = match txn.read(off, wanted.len() as u64) {
        Err(error) if error == Errno::ENOENT => Bytes::new(),
        there => there?,
    };
    stored[..there.len()].copy_from_slice(&there);
    match stored.iter().zip(wanted).position(|(a, b)| a != b) {
        Some(at) => Err(Errno(MAX_ERRNO.saturating_add(i32::try_from(at).unwrap_or(0))).into()),
        None => Ok(()),
    }
}

/// `len` bytes that say `data` again and again.
pub(super) fn repeated(data: &Payload, len: u64) -> Result<Bytes> {
    if data.is_empty() || !len.is_multiple_of(data.len() as u64) {
        return Err(Errno::EINVAL.into());
    }
    if len > OBJECT_MAX {
        return Err(Errno::EFBIG.into());
    }
    Ok(data.to_bytes().repeat((len / data.len() as u64) as usize).into())
}

/// Whether zeros would begin behind the end of an object that there is.
fn is_behind_end(txn: &Txn<'_>, off: u64, len: u64) -> bool {
    let limits = off < OBJECT_MAX && (1..=OBJECT_MAX).contains(&len);
    limits && off >= txn.size() && txn.object.is_some()
}

/// A zero that reaches the end cuts the object off; behind the end it does nothing, up to where an
/// object may end or not (measured on 16.2.15).
fn zero(txn: &mut Txn<'_>, off: u64, len: u64) -> Result<()> {
    if is_behind_end(txn, off, len) {
        return Ok(());
    }
    if off >= OBJECT_MAX || len > OBJECT_MAX - off {
        return Err(Errno::EFBIG.into());
    }
    if !txn.exists() || len == 0 {
        return Ok(());
    }
    if off + len >= txn.size() { txn.truncate(off) } else { txn.zero(off, len) }
}

fn checksums(
    txn: &Txn<'_>,
    kind: ChecksumKind,
    init: &Bytes,
    (off, len, chunk): (u64, u64, u64),
) -> Result<Bytes> {
    if chunk != 0 && (len == 0 || !len.is_multiple_of(chunk)) {
        return Err(Errno::EINVAL.into());
    }
    let size = txn.size();
    let len = match (off, len) {
        (0, 0) => size,
        // Not even that there are none is said.
        (off, _) if off >= size => return Ok(Bytes::new()),
        (off, len) => len.min(size - off),
    };
    if chunk != 0 && !len.is_multiple_of(chunk) {
        return Err(Errno::EINVAL.because("the object's end cuts a chunk off"));
    }
    let width = if kind == ChecksumKind::XxHash64 { 8 } else { 4 };
    let seed = init.get(..width).ok_or(Errno::EINVAL)?;
    let seed = seed.iter().rev().fold(0_u64, |seed, byte| seed << 8 | u64::from(*byte));
    let data = txn.read(off, len)?;
    if data.len() as u64 != len {
        return Err(Errno::EINVAL.because("the same operation made the object longer"));
    }
    let chunk = if chunk == 0 { data.len().max(1) } else { chunk as usize };
    let chunks = data.chunks_exact(chunk);
    let mut out = Vec::with_capacity(4 + chunks.len() * width);
    out.extend_from_slice(&(chunks.len() as u32).to_le_bytes());
    for chunk in chunks {
        match kind {
            ChecksumKind::XxHash32 => {
                let sum = twox_hash::XxHash32::oneshot(seed as u32, chunk);
                out.extend_from_slice(&sum.to_le_bytes());
            }
            ChecksumKind::XxHash64 => {
                let sum = twox_hash::XxHash64::oneshot(seed, chunk);
                out.extend_from_slice(&sum.to_le_bytes());
            }
            ChecksumKind::Crc32c => {
                // Ceph's sums are not inverted at either end.
                let sum = !crc32c::crc32c_append(!(seed as u32), chunk);
                out.extend_from_slice(&sum.to_le_bytes());
            }
        }
    }
    Ok(out.into())
}
