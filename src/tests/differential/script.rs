//! Random scripts: what is done to an object.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

use crate::codec::Writer;
use crate::model::{ChecksumKind, CmpOp, CmpValue, Op, OpFlags, SnapId, Step};

/// Snapshots that a script may take.
pub(super) const SNAPS: usize = 4;
const MOVES: usize = 14;
const STEPS: usize = 5;

/// One thing that happens.
#[derive(Clone, Debug)]
pub(super) enum Move {
    /// A snapshot is taken: what is written later is written under it.
    Snapshot,
    /// An operation that reads.
    Read {
        /// Where: one of the snapshots taken, or the head.
        at: usize,
        steps: Vec<Asked>,
    },
    /// An operation that writes.
    Write {
        /// How many of the newest snapshots its context does not know.
        behind: usize,
        /// A context older than the object's is refused.
        ordered: bool,
        /// Outputs are wanted (`LIBRADOS_OPERATION_RETURNVEC`).
        outputs: bool,
        steps: Vec<Asked>,
    },
}

/// A step, and whether the operation goes on when it fails.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) what: Ask,
    pub(super) may_fail: bool,
}

/// What a step asks for, as [`Op`].
#[derive(Clone, Copy, Debug)]
pub(super) enum Ask {
    Read {
        off: u64,
        len: u64,
    },
    SparseRead {
        off: u64,
        len: u64,
    },
    Stat,
    AssertExists,
    /// That the version is the first, second... newest that was answered, or one still newer.
    AssertVersion(Option<usize>),
    CmpExt(u64, &'static str),
    Checksum {
        kind: ChecksumKind,
        off: u64,
        len: u64,
        chunk: u64,
    },
    GetXattr(&'static str),
    GetXattrs,
    CmpXattr(&'static str, CmpOp, &'static str),
    CmpXattrNumber(&'static str, CmpOp, u64),
    OmapGetHeader,
    OmapGetKeys {
        after: &'static str,
        max: u64,
    },
    OmapGetVals {
        after: &'static str,
        prefix: &'static str,
        max: u64,
    },
    OmapGetSome,
    OmapCmp(&'static str, CmpOp, &'static str),
    SayHello,
    Replay,
    Create {
        exclusive: bool,
    },
    Write(u64, &'static str),
    WriteFull(&'static str),
    WriteSame {
        off: u64,
        len: u64,
        data: &'static str,
    },
    Append(&'static str),
    Zero {
        off: u64,
        len: u64,
    },
    Truncate(u64),
    Remove,
    SetXattr(&'static str, &'static str),
    RmXattr(&'static str),
    OmapSet(&'static str, &'static str),
    OmapSetHeader(&'static str),
    OmapClear,
    OmapRm(&'static str),
    OmapRmRange(&'static str, &'static str),
    Hint,
    /// To one of the snapshots taken, the first of them if there are not so many. Without any, it
    /// asks for the size.
    Rollback(usize),
    RecordHello(&'static str),
    TurnItTo11,
    Add(&'static str),
}

type IsOne = fn(&[Asked]) -> bool;

/// Operations that are not played, and why.
pub(super) const EXCEPTIONS: &[(&str, IsOne)] = &[
    // An OSD knows the checksum of data that one step wrote whole. A step behind it that reads all
    // of the object gets what its store has, the data before the operation; it takes that for
    // damage and begins to repair it.
    ("all data read behind a step that wrote all", |steps| {
        behind(steps, Ask::writes_all, Ask::reads_data)
    }),
    // The OSD then forgets what the operation did before, also that it removed the object; or
    // keeps xattrs that the rollback brought.
    ("a removal or rollback of what the operation made", |steps| {
        let rolls = |step: &Asked| matches!(step.what, Ask::Rollback(_));
        let removes = |step: &Asked| rolls(step) || matches!(step.what, Ask::Remove);
        let Some(first) = steps.iter().position(removes) else { return false };
        let skip = if rolls(&steps[first]) { 1 } else { 2 };
        steps.iter().skip(first + skip).any(removes)
    }),
    // Of a removed object with snapshots, it is a step like others to an OSD if another one changes
    // something, and none if not.
    ("data replaced by none, and more", |steps| {
        steps.len() > 1 && steps.iter().any(|step| matches!(step.what, Ask::WriteFull("")))
    }),
    // What the rollback brought is still there when the object is given omap again.
    ("omap cleared behind a rollback", |steps| {
        behind(steps, |ask| matches!(ask, Ask::Rollback(_)), |ask| matches!(ask, Ask::OmapClear))
    }),
    // That makes the object longer, and the OSD does not know: the old checksum counts for it, and
    // the next one to read all of it finds it damaged and waits for a repair, for ever with one
    // replica (measured on 16.2.15 with its own library).
    ("a write of no bytes behind the end", |steps| {
        steps.iter().any(|step| matches!(step.what, Ask::Write(1.., "")))
    }),
    // An OSD of 16.2.15 dies of the next two; of the second where there was no object.
    ("zeros of no length", |steps| {
        steps.iter().any(|step| matches!(step.what, Ask::Zero { len: 0, .. }))
    }),
    ("keys listed behind a step that gives the object omap", |steps| {
        behind(steps, Ask::gives_omap, |ask| matches!(ask, Ask::OmapGetKeys { .. }))
    }),
];

/// Whether one step stands behind another.
fn behind(steps: &[Asked], first: fn(&Ask) -> bool, second: fn(&Ask) -> bool) -> bool {
    let at = steps.iter().position(|step| first(&step.what));
    at.is_some_and(|at| steps[at + 1..].iter().any(|step| second(&step.what)))
}

impl Ask {
    fn reads_data(&self) -> bool {
        use Ask::{Checksum, CmpExt, Read, RecordHello, Replay, SparseRead, TurnItTo11};
        matches!(self, Read { .. } | SparseRead { .. } | CmpExt(..) | Checksum { .. })
            || matches!(self, Replay | RecordHello(_) | TurnItTo11)
    }

    fn writes_all(&self) -> bool {
        use Ask::{Append, RecordHello, TurnItTo11, Write, WriteFull, WriteSame};
        matches!(self, WriteFull(_) | Write(0, _) | WriteSame { off: 0, .. } | Append(_))
            || matches!(self, RecordHello(_) | TurnItTo11)
    }

    /// Whether its output may have more than 64 bytes.
    pub(super) fn says_much(&self) -> bool {
        match self {
            // Without a length it reads all.
            Ask::Read { len, .. } | Ask::SparseRead { len, .. } => *len == 0 || *len > 32,
            _ => {
                matches!(self, Ask::GetXattrs | Ask::OmapGetVals { .. } | Ask::OmapGetSome)
                    || matches!(self, Ask::Replay)
            }
        }
    }

    fn gives_omap(&self) -> bool {
        use Ask::{Add, OmapSet, OmapSetHeader, Rollback};
        matches!(self, OmapSet(..) | OmapSetHeader(_) | Add(_) | Rollback(_))
    }

    /// The step. `snaps` are those taken, `versions` those that were answered, in order.
    pub(super) fn op(self, snaps: &[SnapId], versions: &[u64]) -> Op {
        let b = |text: &'static str| Bytes::from_static(text.as_bytes());
        let call =
            |class, method: &'static str, input| Op::Call { class, method: method.into(), input };
        match self {
            Ask::Read { off, len } => Op::Read { off, len, into: None },
            Ask::SparseRead { off, len } => Op::SparseRead { off, len },
            Ask::Stat => Op::Stat,
            Ask::AssertExists => Op::AssertExists,
            Ask::AssertVersion(None) => Op::AssertVersion(u64::MAX >> 1),
            Ask::AssertVersion(Some(nth)) => {
                Op::AssertVersion(versions.iter().rev().nth(nth).copied().unwrap_or(0))
            }
            Ask::CmpExt(off, data) => Op::CmpExt { off, data: b(data).into() },
            Ask::Checksum { kind, off, len, chunk } => {
                Op::Checksum { kind, init: b("\x01\x02\x03\x04\x05\x06\x07\x08"), off, len, chunk }
            }
            Ask::GetXattr(name) => Op::GetXattr(b(name)),
            Ask::GetXattrs => Op::GetXattrs,
            Ask::CmpXattr(name, op, value) => {
                Op::CmpXattr { name: b(name), op, value: CmpValue::Bytes(b(value)) }
            }
            Ask::CmpXattrNumber(name, op, value) => {
                Op::CmpXattr { name: b(name), op, value: CmpValue::U64(value) }
            }
            Ask::OmapGetHeader => Op::OmapGetHeader,
            Ask::OmapGetKeys { after, max } => Op::OmapGetKeys { start_after: b(after), max },
            Ask::OmapGetVals { after, prefix, max } => {
                Op::OmapGetVals { start_after: b(after), prefix: b(prefix), max }
            }
            Ask::OmapGetSome => Op::OmapGetValsByKeys(vec![b("j"), b("k"), b("no")]),
            Ask::OmapCmp(key, op, value) => Op::OmapCmp(BTreeMap::from([(b(key), (b(value), op))])),
            Ask::SayHello => call("hello", "say_hello", b("you")),
            Ask::Replay => call("hello", "replay", Bytes::new()),
            Ask::Create { exclusive } => Op::Create { exclusive },
            Ask::Write(off, data) => Op::Write { off, data: b(data).into() },
            Ask::WriteFull(data) => Op::WriteFull(b(data).into()),
            Ask::WriteSame { off, len, data } => Op::WriteSame { off, len, data: b(data).into() },
            Ask::Append(data) => Op::Append(b(data).into()),
            Ask::Zero { off, len } => Op::Zero { off, len },
            Ask::Truncate(size) => Op::Truncate(size),
            Ask::Remove => Op::Remove,
            Ask::SetXattr(name, value) => Op::SetXattr { name: b(name), value: b(value) },
            Ask::RmXattr(name) => Op::RmXattr(b(name)),
            Ask::OmapSet(key, value) => Op::OmapSet(vec![(b(key), b(value))]),
            Ask::OmapSetHeader(header) => Op::OmapSetHeader(b(header)),
            Ask::OmapClear => Op::OmapClear,
            Ask::OmapRm(key) => Op::OmapRmKeys(vec![b(key), b("no")]),
            Ask::OmapRmRange(first, last) => Op::OmapRmRange { first: b(first), last: b(last) },
            Ask::Hint => Op::SetAllocHint { object_size: 4096, write_size: 4096, flags: 0 },
            Ask::Rollback(at) => {
                let snap = snaps.get(at).or(snaps.first());
                snap.map_or(Op::Stat, |snap| Op::Rollback(*snap))
            }
            Ask::RecordHello(input) => call("hello", "record_hello", b(input)),
            Ask::TurnItTo11 => call("hello", "turn_it_to_11", Bytes::new()),
            Ask::Add(key) => {
                let input = Writer::new().bytes(key).bytes("3").split();
                call("numops", "add", input)
            }
        }
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}{}", self.what, if self.may_fail { " (may fail)" } else { "" })
    }
}

impl Asked {
    pub(super) fn step(self, snaps: &[SnapId], versions: &[u64]) -> Step {
        let flags = if self.may_fail { OpFlags::FAILOK } else { OpFlags::empty() };
        Step { op: self.what.op(snaps, versions), flags }
    }
}

/// Scripts.
pub(super) fn script() -> impl Strategy<Value = Vec<Move>> {
    let read = (0..=SNAPS, vec(asked(reading(), 4), 1..STEPS))
        .prop_map(|(at, steps)| Move::Read { at, steps });
    let mixed = prop_oneof![3 => writing(), 2 => reading()];
    let write = (prop_oneof![9 => Just(0), 1 => 1..SNAPS], any::<bool>(), any::<bool>());
    let write = (write, vec(asked(mixed, 5), 1..STEPS)).prop_map(|(how, steps)| {
        let (behind, ordered, outputs) = how;
        Move::Write { behind, ordered, outputs, steps }
    });
    vec(prop_oneof![2 => Just(Move::Snapshot), 1 => read, 6 => write], 1..MOVES)
}

/// One of so many steps may fail.
fn asked(what: impl Strategy<Value = Ask>, one_of: u32) -> impl Strategy<Value = Asked> {
    let may_fail = prop_oneof![one_of - 1 => Just(false), 1 => Just(true)];
    (what, may_fail).prop_map(|(what, may_fail)| Asked { what, may_fail })
}

/// Near the beginning, seldom around where a store's blocks meet.
fn off() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 0..12_u64, 1 => 4090..4100_u64, 1 => 8190..8200_u64]
}

fn len() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 0..9_u64, 1 => 4090..4100_u64]
}

type Strings = proptest::sample::Select<&'static str>;

fn data() -> Strings {
    select(vec!["0", "01", "abc", "0123456789", "\0\0", ""])
}

fn name() -> Strings {
    select(vec!["a", "b"])
}

fn key() -> Strings {
    select(vec!["j", "jj", "k"])
}

fn bound() -> Strings {
    select(vec!["", "a", "j", "jj", "k", "z"])
}

fn value() -> Strings {
    select(vec!["", "1", "2", "7"])
}

fn cmp() -> impl Strategy<Value = CmpOp> {
    select(vec![CmpOp::Eq, CmpOp::Ne, CmpOp::Gt, CmpOp::Gte, CmpOp::Lt, CmpOp::Lte])
}

fn kind() -> impl Strategy<Value = ChecksumKind> {
    select(vec![ChecksumKind::XxHash32, ChecksumKind::XxHash64, ChecksumKind::Crc32c])
}

fn reading() -> impl Strategy<Value = Ask> {
    let chunks = select(vec![(0, 0), (0, 4), (4, 2), (4, 3), (8, 4), (3, 0), (20, 5)]);
    let start = prop_oneof![Just(0), off()];
    let checksum = (kind(), start, chunks).prop_map(|(kind, off, (len, chunk))| Ask::Checksum {
        kind,
        off,
        len,
        chunk,
    });
    let listing = (bound(), select(vec!["", "j", "k"]), 0..4_u64)
        .prop_map(|(after, prefix, max)| Ask::OmapGetVals { after, prefix, max });
    Union::new([
        (off(), len()).prop_map(|(off, len)| Ask::Read { off, len }).boxed(),
        (off(), len()).prop_map(|(off, len)| Ask::SparseRead { off, len }).boxed(),
        Just(Ask::Stat).boxed(),
        Just(Ask::AssertExists).boxed(),
        proptest::option::of(0..3_usize).prop_map(Ask::AssertVersion).boxed(),
        (off(), data()).prop_map(|(off, data)| Ask::CmpExt(off, data)).boxed(),
        checksum.boxed(),
        name().prop_map(Ask::GetXattr).boxed(),
        Just(Ask::GetXattrs).boxed(),
        (name(), cmp(), value()).prop_map(|(name, op, v)| Ask::CmpXattr(name, op, v)).boxed(),
        (name(), cmp(), 0..3_u64)
            .prop_map(|(name, op, v)| Ask::CmpXattrNumber(name, op, v))
            .boxed(),
        Just(Ask::OmapGetHeader).boxed(),
        (bound(), 0..4_u64).prop_map(|(after, max)| Ask::OmapGetKeys { after, max }).boxed(),
        listing.boxed(),
        Just(Ask::OmapGetSome).boxed(),
        (key(), cmp(), value()).prop_map(|(key, op, v)| Ask::OmapCmp(key, op, v)).boxed(),
        Just(Ask::SayHello).boxed(),
        Just(Ask::Replay).boxed(),
    ])
}

fn writing() -> impl Strategy<Value = Ask> {
    let same = (off(), len(), select(vec!["a", "ab", "abc"]))
        .prop_map(|(off, len, data)| Ask::WriteSame { off, len, data });
    Union::new_weighted(vec![
        (1, any::<bool>().prop_map(|exclusive| Ask::Create { exclusive }).boxed()),
        (2, (off(), data()).prop_map(|(off, data)| Ask::Write(off, data)).boxed()),
        (1, data().prop_map(Ask::WriteFull).boxed()),
        (1, same.boxed()),
        (1, data().prop_map(Ask::Append).boxed()),
        (1, (off(), len()).prop_map(|(off, len)| Ask::Zero { off, len }).boxed()),
        (1, off().prop_map(Ask::Truncate).boxed()),
        (2, Just(Ask::Remove).boxed()),
        (2, (name(), value()).prop_map(|(name, v)| Ask::SetXattr(name, v)).boxed()),
        (1, name().prop_map(Ask::RmXattr).boxed()),
        (2, (key(), value()).prop_map(|(key, v)| Ask::OmapSet(key, v)).boxed()),
        (1, value().prop_map(Ask::OmapSetHeader).boxed()),
        (1, Just(Ask::OmapClear).boxed()),
        (1, key().prop_map(Ask::OmapRm).boxed()),
        (1, (bound(), bound()).prop_map(|(first, last)| Ask::OmapRmRange(first, last)).boxed()),
        (1, Just(Ask::Hint).boxed()),
        (2, (0..SNAPS).prop_map(Ask::Rollback).boxed()),
        (1, select(vec!["you", "me"]).prop_map(Ask::RecordHello).boxed()),
        (1, Just(Ask::TurnItTo11).boxed()),
        (1, key().prop_map(Ask::Add).boxed()),
    ])
}
