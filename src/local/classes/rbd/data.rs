//! Methods of data objects.

use bytes::Bytes;

use super::keys::optional;
use crate::cls::Method as _;
use crate::cls::rbd::*;
use crate::codec::Reader;
use crate::errno::{Errno, Result};
use crate::local::classes::ClassContext;
use crate::local::classes::table::{Method, changes};

type Context<'a> = &'a mut dyn ClassContext;

pub(super) const METHODS: &[Method] = &[
    changes(COPYUP, copyup),
    changes(SparseCopyup::NAME, sparse_copyup),
    method!(changes AssertSnapcSeq => assert_snapc_seq),
    method!(changes Sparsify => sparsify),
];

fn copyup(ctx: Context<'_>, data: &Bytes) -> Result<Bytes> {
    if optional(ctx.stat())?.is_none() {
        ctx.write(0, data.clone().into())?;
    }
    Ok(Bytes::new())
}

// Decodes by hand, to write slices of the input instead of a copy.
fn sparse_copyup(ctx: Context<'_>, input: &Bytes) -> Result<Bytes> {
    let mut reader = Reader::new(input);
    let extents = reader.map::<u64, u64>("extents").map_err(|_| Errno::EINVAL)?;
    let data = input.slice_ref(reader.bytes("data").map_err(|_| Errno::EINVAL)?);
    if optional(ctx.stat())?.is_some() {
        return Ok(Bytes::new());
    }
    if extents.is_empty() {
        ctx.create(true)?;
    }
    let mut left = data;
    for (off, len) in extents {
        let len = usize::try_from(len).ok().filter(|len| *len <= left.len());
        let piece = left.split_to(len.ok_or(Errno::EINVAL)?);
        ctx.write(off, piece.into())?;
    }
    Ok(Bytes::new())
}

fn assert_snapc_seq(ctx: Context<'_>, arg: AssertSnapcSeq) -> Result<()> {
    let greater = match optional(ctx.snap_seq())? {
        Some(seq) => arg.seq > seq,
        None => true,
    };
    match (arg.assert, greater) {
        (SnapSeqAssert::Greater, true) | (SnapSeqAssert::LessOrEqual, false) => Ok(()),
        (SnapSeqAssert::Unknown(_), _) => Err(Errno::EOPNOTSUPP.into()),
        _ => Err(Errno::ERANGE.into()),
    }
}

fn sparsify(ctx: Context<'_>, arg: Sparsify) -> Result<()> {
    let (size, _) = ctx.stat()?;
    let data = ctx.read(0, size)?;
    let runs = nonzero_runs(&data, usize::try_from(arg.block).unwrap_or(usize::MAX).max(1));
    match runs.as_slice() {
        [] if arg.remove_empty => return ctx.remove(),
        [] if data.is_empty() => return Ok(()),
        [whole] if whole.len() == data.len() => return Ok(()),
        _ => {}
    }
    ctx.truncate(0)?;
    for run in runs {
        ctx.write(run.start as u64, data.slice(run).into())?;
    }
    Ok(())
}

/// The ranges of blocks that are not all zeros, neighbours joined.
fn nonzero_runs(data: &[u8], block: usize) -> Vec<std::ops::Range<usize>> {
    let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
    let mut at = 0;
    for chunk in data.chunks(block) {
        let end = at + chunk.len();
        if chunk.iter().any(|byte| *byte != 0) {
            match runs.last_mut() {
                Some(last) if last.end == at => last.end = end,
                _ => runs.push(at..end),
            }
        }
        at = end;
    }
    runs
}
