//! Numbers of the things an OSD can be asked to do, and the flags of asking (`rados.h`).

use bitflags::bitflags;

/// The bit of codes that read.
const READ: u16 = 0x1000;
/// The bit of codes that write.
const WRITE: u16 = 0x2000;
const DATA: u16 = 0x0200;
const ATTR: u16 = 0x0300;
const EXEC: u16 = 0x0400;
const GROUP: u16 = 0x0500;

macro_rules! codes {
    ($($name:ident = $mode:ident | $kind:ident | $number:literal),* $(,)?) => {
        $(#[doc = concat!("`CEPH_OSD_OP_", stringify!($name), "`.")]
        pub const $name: u16 = $mode | $kind | $number;)*

        /// The name of a code, for messages.
        #[must_use]
        pub fn name(code: u16) -> &'static str {
            match code {
                $($name => stringify!($name),)*
                _ => "unknown",
            }
        }
    };
}

codes! {
    OP_READ = READ | DATA | 1, STAT = READ | DATA | 2, SPARSE_READ = READ | DATA | 5,
    NOTIFY = READ | DATA | 6, NOTIFY_ACK = READ | DATA | 7, ASSERT_VER = READ | DATA | 8,
    LIST_WATCHERS = READ | DATA | 9, LIST_SNAPS = READ | DATA | 10, OP_WRITE = WRITE | DATA | 1,
    WRITEFULL = WRITE | DATA | 2, TRUNCATE = WRITE | DATA | 3, ZERO = WRITE | DATA | 4,
    DELETE = WRITE | DATA | 5, APPEND = WRITE | DATA | 6, CREATE = WRITE | DATA | 13,
    ROLLBACK = WRITE | DATA | 14, WATCH = WRITE | DATA | 15, OMAPGETKEYS = READ | DATA | 17,
    OMAPGETVALS = READ | DATA | 18, OMAPGETHEADER = READ | DATA | 19,
    OMAPGETVALSBYKEYS = READ | DATA | 20, OMAPSETVALS = WRITE | DATA | 21,
    OMAPSETHEADER = WRITE | DATA | 22, OMAPCLEAR = WRITE | DATA | 23,
    OMAPRMKEYS = WRITE | DATA | 24, OMAP_CMP = READ | DATA | 25, CHECKSUM = READ | DATA | 31,
    CMPEXT = READ | DATA | 32, SETALLOCHINT = WRITE | DATA | 35, CACHE_PIN = WRITE | DATA | 36,
    CACHE_UNPIN = WRITE | DATA | 37, WRITESAME = WRITE | DATA | 38,
    OMAPRMKEYRANGE = WRITE | DATA | 44, GETXATTR = READ | ATTR | 1, GETXATTRS = READ | ATTR | 2,
    CMPXATTR = READ | ATTR | 3, SETXATTR = WRITE | ATTR | 1, RMXATTR = WRITE | ATTR | 4,
    CALL = READ | EXEC | 1, PGNLS = READ | GROUP | 5, PGNLS_FILTER = READ | GROUP | 6,
}

bitflags! {
    /// Flags of an operation as a whole (`CEPH_OSD_FLAG_*`).
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub struct OsdFlags: u32 {
        /// The answer is wanted (or was given) when the operation is done.
        const ACK = 0x1;
        /// The answer is wanted (or was given) when it is durable. Nobody asks for less any more.
        const ONDISK = 0x4;
        /// It was sent before.
        const RETRY = 0x8;
        /// It may read.
        const READ = 0x10;
        /// It may write.
        const WRITE = 0x20;
        /// Fail when the snap context is older than the object's.
        const ORDERSNAP = 0x40;
        /// Any replica may be read.
        const BALANCE_READS = 0x100;
        /// It is about a placement group, not an object.
        const PGOP = 0x400;
        /// The nearest replica may be read.
        const LOCALIZE_READS = 0x2000;
        /// Reads are ordered behind writes.
        const RWORDERED = 0x4000;
        /// Do not use a cache tier.
        const IGNORE_CACHE = 0x8000;
        /// Skip the OSD's read/write locks.
        const SKIPRWLOCKS = 0x1_0000;
        /// Ignore the pool's overlay.
        const IGNORE_OVERLAY = 0x2_0000;
        /// It has been redirected.
        const REDIRECTED = 0x20_0000;
        /// The absence of `REDIRECTED` means that it has not been.
        const KNOWN_REDIR = 0x40_0000;
        /// Try although full.
        const FULL_TRY = 0x80_0000;
        /// Do although full.
        const FULL_FORCE = 0x100_0000;
        /// Do not follow redirections.
        const IGNORE_REDIRECT = 0x200_0000;
        /// Answer every step with its output and value, also of writes.
        const RETURNVEC = 0x400_0000;
        /// This client knows that pools may be marked to fail with `-EIO`.
        const SUPPORTS_POOL_EIO = 0x800_0000;
        const _ = !0;
    }
}

/// What `FAILOK` is on the wire (`CEPH_OSD_OP_FLAG_FAILOK`).
pub const STEP_FAILOK: u32 = 0x2;
/// What `EXCL` is on the wire (`CEPH_OSD_OP_FLAG_EXCL`).
pub const STEP_EXCL: u32 = 0x1;
/// The flags of a step that librados passes on; `FADVISE_FUA` has no place on the wire, where its
/// bit means something else (`get_op_flags`).
pub const STEP_MASK: u32 = 0x7f;

/// Operations of watches (`CEPH_OSD_WATCH_OP_*`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WatchOp {
    /// End it.
    Unwatch = 0,
    /// Begin it.
    Watch = 3,
    /// Go on with it over a new session.
    Reconnect = 5,
    /// Show a sign of life.
    Ping = 7,
}
