//! Operations on one object.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use bitflags::bitflags;
use bytes::Bytes;
use smallvec::SmallVec;

use super::buffer::{Payload, ReadMemory};
use super::ids::{SnapId, Target};
use super::snap::SnapContext;

bitflags! {
    /// Flags of one step (`LIBRADOS_OP_FLAG_*`).
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub struct OpFlags: u32 {
        /// Creation fails if the object exists.
        const EXCL = 0x1;
        /// This step may fail without failing the operation.
        const FAILOK = 0x2;
        /// Access is random.
        const FADVISE_RANDOM = 0x4;
        /// Access is sequential.
        const FADVISE_SEQUENTIAL = 0x8;
        /// The data will be used soon.
        const FADVISE_WILLNEED = 0x10;
        /// The data will not be used soon.
        const FADVISE_DONTNEED = 0x20;
        /// The data will not be used again by this client.
        const FADVISE_NOCACHE = 0x40;
        /// Force unit access.
        const FADVISE_FUA = 0x80;
    }
}

bitflags! {
    /// Flags of a whole operation (`LIBRADOS_OPERATION_*`).
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub struct ReqFlags: u32 {
        /// Read from any replica.
        const BALANCE_READS = 0x1;
        /// Read from the nearest replica.
        const LOCALIZE_READS = 0x2;
        /// Order reads behind writes.
        const ORDER_READS_WRITES = 0x4;
        /// Do not use a cache tier.
        const IGNORE_CACHE = 0x8;
        /// Skip the OSD's read/write locks.
        const SKIPRWLOCKS = 0x10;
        /// Ignore the pool's cache overlay.
        const IGNORE_OVERLAY = 0x20;
        /// Send although the pool or cluster is full; the OSD may answer `-ENOSPC`.
        const FULL_TRY = 0x40;
        /// Send although the pool or cluster is full; for deletions.
        const FULL_FORCE = 0x80;
        /// Ignore redirects.
        const IGNORE_REDIRECT = 0x100;
        /// Fail with `-EOLDSNAPC` when the snap context is older than the object's.
        const ORDERSNAP = 0x200;
        /// Return the output and return value of every step also for writes.
        const RETURNVEC = 0x400;
    }
}

/// What an acknowledgement promises. An OSD always gives [`Durability::OnAck`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Durability {
    /// When the reply arrives, the operation survives a power cut; after a crash in the middle it
    /// has happened wholly or not at all.
    #[default]
    OnAck,
    /// Durable as with `OnAck`, but a data write that a crash interrupts may be there in part, as
    /// on a disk: engines may then write in place. For block images with a write-through cache.
    InPlace,
    /// Durable after the next [`super::Engine::flush`]; an acknowledged operation survives the
    /// death of the process but not a power cut. Data may tear as with `InPlace`. For block images
    /// with a write-back cache.
    OnFlush,
}

/// What an operation reads at or writes under.
#[derive(Clone, Debug)]
pub enum SnapSpec {
    /// Reads the object as it was at this snapshot; [`SnapId::HEAD`] for now.
    At(SnapId),
    /// Writes the head under this context.
    Under(Arc<SnapContext>),
}

/// Steps on one object that happen atomically, with what is needed to run them.
pub struct ObjectOp {
    /// The object.
    pub target: Target,
    /// The snapshot read or the context written under.
    pub snap: SnapSpec,
    /// Flags of the whole operation.
    pub flags: ReqFlags,
    /// What the acknowledgement promises.
    pub durability: Durability,
    /// The modification time to set instead of now.
    pub mtime: Option<SystemTime>,
    /// The steps, in order.
    pub steps: SmallVec<[Step; 2]>,
}

/// One op with its flags.
pub struct Step {
    /// What to do.
    pub op: Op,
    /// How.
    pub flags: OpFlags,
}

impl From<Op> for Step {
    fn from(op: Op) -> Self {
        Step { op, flags: OpFlags::empty() }
    }
}

impl ObjectOp {
    /// Copies data that is lent, for who holds on to the operation ([`Payload::keep`]).
    pub fn keep(&mut self) {
        for step in &mut self.steps {
            match &mut step.op {
                Op::Write { data, .. }
                | Op::WriteFull(data)
                | Op::WriteSame { data, .. }
                | Op::Append(data)
                | Op::CmpExt { data, .. } => data.keep(),
                _ => {}
            }
        }
    }

    /// An operation that reads the head, without steps yet.
    #[must_use]
    pub fn read(target: Target) -> Self {
        ObjectOp::read_at(target, SnapId::HEAD)
    }

    /// An operation that reads at a snapshot, without steps yet.
    #[must_use]
    pub fn read_at(target: Target, snap: SnapId) -> Self {
        ObjectOp {
            target,
            snap: SnapSpec::At(snap),
            flags: ReqFlags::empty(),
            durability: Durability::OnAck,
            mtime: None,
            steps: SmallVec::new(),
        }
    }

    /// An operation that writes without snapshots, without steps yet.
    #[must_use]
    pub fn write(target: Target) -> Self {
        ObjectOp::write_under(target, Arc::new(SnapContext::none()))
    }

    /// An operation that writes under a snap context, without steps yet.
    #[must_use]
    pub fn write_under(target: Target, context: Arc<SnapContext>) -> Self {
        ObjectOp { snap: SnapSpec::Under(context), ..ObjectOp::read(target) }
    }

    /// The same with one more step.
    #[must_use]
    pub fn then(mut self, step: impl Into<Step>) -> Self {
        self.steps.push(step.into());
        self
    }

    /// Whether any step changes the object (class calls as they were submitted: under a snap
    /// context).
    #[must_use]
    pub fn is_write(&self) -> bool {
        matches!(self.snap, SnapSpec::Under(_))
    }
}

/// How a comparison is made: `stored OP given` must hold or the operation fails with `-ECANCELED`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CmpOp {
    /// Equal.
    Eq = 1,
    /// Not equal.
    Ne = 2,
    /// Greater.
    Gt = 3,
    /// Greater or equal.
    Gte = 4,
    /// Less.
    Lt = 5,
    /// Less or equal.
    Lte = 6,
}

/// What is compared with: bytes, or a number that the stored value spells in decimal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CmpValue {
    /// Byte-wise, as C's `strcmp` on values with lengths.
    Bytes(Bytes),
    /// As unsigned numbers.
    U64(u64),
}

/// Checksums an OSD computes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChecksumKind {
    /// xxHash, 32 bits.
    XxHash32,
    /// xxHash, 64 bits.
    XxHash64,
    /// CRC-32C.
    Crc32c,
}

/// One thing to do to an object. Offsets and lengths are bytes; names of xattrs and omap keys are
/// bytes.
pub enum Op {
    /// Reads; answers [`super::Out::Data`], or [`super::Out::Filled`] when `into` is given. Short
    /// at the object's end. A length of 0 reads to the end. When it fails with `-ENOENT`, the
    /// memory comes back all the same.
    Read {
        /// First byte.
        off: u64,
        /// Most bytes.
        len: u64,
        /// Memory to read into, at least `len` long.
        into: Option<Box<dyn ReadMemory>>,
    },
    /// Reads only what is allocated; answers [`super::Out::Extents`].
    SparseRead {
        /// First byte.
        off: u64,
        /// Most bytes.
        len: u64,
    },
    /// Size and modification time; answers [`super::Out::Stat`]. Fails with `-ENOENT`.
    Stat,
    /// Fails with `-ENOENT` unless the object exists.
    AssertExists,
    /// Fails with `-ERANGE` if the object's version is newer than this, `-EOVERFLOW` if older
    /// (measured on 16.2.15).
    AssertVersion(u64),
    /// Fails with `-MAX_ERRNO - mismatch offset` unless the bytes from `off` on are these; what
    /// lies beyond the end compares as zeros.
    CmpExt {
        /// First byte.
        off: u64,
        /// What must be there.
        data: Payload,
    },
    /// Checksums of each chunk; answers [`super::Out::Data`]: `u32` count, then the sums,
    /// little-endian.
    Checksum {
        /// Which.
        kind: ChecksumKind,
        /// The initial value, encoded in the sum's width.
        init: Bytes,
        /// First byte.
        off: u64,
        /// Bytes, 0 for all.
        len: u64,
        /// Bytes per sum, 0 for one sum of all.
        chunk: u64,
    },
    /// One xattr; answers [`super::Out::Data`], fails with `-ENODATA`.
    GetXattr(Bytes),
    /// All xattrs; answers [`super::Out::Xattrs`].
    GetXattrs,
    /// Compares an xattr.
    CmpXattr {
        /// Which.
        name: Bytes,
        /// How.
        op: CmpOp,
        /// With what.
        value: CmpValue,
    },
    /// The omap header; answers [`super::Out::Data`].
    OmapGetHeader,
    /// Omap keys in order; answers [`super::Out::OmapKeys`].
    OmapGetKeys {
        /// Only keys behind this one.
        start_after: Bytes,
        /// Most keys.
        max: u64,
    },
    /// Omap entries in order; answers [`super::Out::Omap`].
    OmapGetVals {
        /// Only keys behind this one.
        start_after: Bytes,
        /// Only keys that begin so.
        prefix: Bytes,
        /// Most entries.
        max: u64,
    },
    /// The omap entries of these keys that exist; answers [`super::Out::Omap`].
    OmapGetValsByKeys(Vec<Bytes>),
    /// Compares omap values; a missing key compares as empty. Only equal, less and greater are
    /// known, others are `-EINVAL` (measured on 16.2.15).
    OmapCmp(BTreeMap<Bytes, (Bytes, CmpOp)>),
    /// Calls a method of an object class; answers [`super::Out::Data`].
    Call {
        /// The class, such as `rbd`.
        class: &'static str,
        /// Its method.
        method: std::borrow::Cow<'static, str>,
        /// The encoded argument.
        input: Bytes,
    },
    /// Calls a method of a class whose name is not known here.
    CallNamed {
        /// The class.
        class: String,
        /// Its method.
        method: String,
        /// The encoded argument.
        input: Bytes,
    },
    /// Who watches; answers [`super::Out::Watchers`].
    ListWatchers,
    /// All versions; answers [`super::Out::Snaps`]. Read at [`SnapId::DIR`].
    ListSnaps,

    /// Creates the object; with `exclusive`, fails with `-EEXIST` if it is there.
    Create {
        /// Whether it must not exist.
        exclusive: bool,
    },
    /// Writes.
    Write {
        /// First byte.
        off: u64,
        /// What.
        data: Payload,
    },
    /// Replaces all data.
    WriteFull(Payload),
    /// Writes the same bytes repeatedly; `len` is a multiple of their length.
    WriteSame {
        /// First byte.
        off: u64,
        /// Bytes in all.
        len: u64,
        /// What is repeated.
        data: Payload,
    },
    /// Writes at the end.
    Append(Payload),
    /// Makes a range read as zeros. Does not extend the object.
    Zero {
        /// First byte.
        off: u64,
        /// Bytes.
        len: u64,
    },
    /// Sets the size.
    Truncate(u64),
    /// Removes the object; fails with `-ENOENT`.
    Remove,
    /// Sets an xattr.
    SetXattr {
        /// Which.
        name: Bytes,
        /// To what.
        value: Bytes,
    },
    /// Removes an xattr; no error if it is not there (measured on 16.2.15).
    RmXattr(Bytes),
    /// Sets omap entries.
    OmapSet(Vec<(Bytes, Bytes)>),
    /// Sets the omap header.
    OmapSetHeader(Bytes),
    /// Removes all omap entries and the header.
    OmapClear,
    /// Removes omap entries.
    OmapRmKeys(Vec<Bytes>),
    /// Removes the omap entries from `first` on and before `last`.
    OmapRmRange {
        /// First key removed.
        first: Bytes,
        /// First key kept.
        last: Bytes,
    },
    /// Says how the object will be used. Creates it if it does not exist.
    SetAllocHint {
        /// Bytes it will have.
        object_size: u64,
        /// Bytes of a typical write.
        write_size: u64,
        /// `LIBRADOS_ALLOC_HINT_FLAG_*`.
        flags: u32,
    },
    /// Makes the head what it was at a snapshot.
    Rollback(SnapId),
    /// Pins the object in a cache tier.
    CachePin,
    /// Unpins it.
    CacheUnpin,
}
