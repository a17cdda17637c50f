//! Types, constants and callbacks of `rados/librados.h`.

use libc::{c_char, c_int, c_uint, c_void};

/// Major version of the interface, as rados_version() answers.
pub const LIBRADOS_VER_MAJOR: c_int = 3;
/// Minor version of the interface.
pub const LIBRADOS_VER_MINOR: c_int = 0;
/// Third part of the interface's version.
pub const LIBRADOS_VER_EXTRA: c_int = 0;

/// rados_watch2() and its family are there.
pub const LIBRADOS_SUPPORTS_WATCH: c_int = 1;
/// rados_service_register() is there.
pub const LIBRADOS_SUPPORTS_SERVICES: c_int = 1;
/// rados_getaddrs() is there.
pub const LIBRADOS_SUPPORTS_GETADDRS: c_int = 1;
/// rados_application_metadata_get() and its family are there.
pub const LIBRADOS_SUPPORTS_APP_METADATA: c_int = 1;

/// Lock flag: taking a lock one has already prolongs it.
pub const LIBRADOS_LOCK_FLAG_RENEW: c_uint = 1u32 << 0;
/// Newer name of LIBRADOS_LOCK_FLAG_RENEW.
pub const LIBRADOS_LOCK_FLAG_MAY_RENEW: c_uint = LIBRADOS_LOCK_FLAG_RENEW;
/// Lock flag: only prolong; -ENOENT where the lock is not held.
pub const LIBRADOS_LOCK_FLAG_MUST_RENEW: c_uint = 1u32 << 1;

/// rados_write_op_create(): -EEXIST where the object is there already.
pub const LIBRADOS_CREATE_EXCLUSIVE: c_int = 1;
/// rados_write_op_create(): an object that is there already is fine.
pub const LIBRADOS_CREATE_IDEMPOTENT: c_int = 0;

c_enum! {
    /// Flags of one step of an operation: rados_write_op_set_flags(), rados_read_op_set_flags().
    pub enum _: c_int {
        /// Fail a creation where the object is there already.
        LIBRADOS_OP_FLAG_EXCL = 0x1,
        /// Go on with the operation although this step failed.
        LIBRADOS_OP_FLAG_FAILOK = 0x2,
        /// Advice: access is in random order.
        LIBRADOS_OP_FLAG_FADVISE_RANDOM = 0x4,
        /// Advice: access is in order.
        LIBRADOS_OP_FLAG_FADVISE_SEQUENTIAL = 0x8,
        /// Advice: somebody will use the data soon.
        LIBRADOS_OP_FLAG_FADVISE_WILLNEED = 0x10,
        /// Advice: nobody will use the data soon.
        LIBRADOS_OP_FLAG_FADVISE_DONTNEED = 0x20,
        /// Advice: this client will not use the data again.
        LIBRADOS_OP_FLAG_FADVISE_NOCACHE = 0x40,
        /// Write through to stable storage.
        LIBRADOS_OP_FLAG_FADVISE_FUA = 0x80,
    }
}

c_enum! {
    /// Comparisons of rados_read_op_cmpxattr(), rados_write_op_omap_cmp() and their like.
    pub enum _: c_int {
        /// Equal.
        LIBRADOS_CMPXATTR_OP_EQ = 1,
        /// Not equal.
        LIBRADOS_CMPXATTR_OP_NE = 2,
        /// Greater than.
        LIBRADOS_CMPXATTR_OP_GT = 3,
        /// Greater than or equal.
        LIBRADOS_CMPXATTR_OP_GTE = 4,
        /// Less than.
        LIBRADOS_CMPXATTR_OP_LT = 5,
        /// Less than or equal.
        LIBRADOS_CMPXATTR_OP_LTE = 6,
    }
}

c_enum! {
    /// Flags of a whole operation: rados_write_op_operate(), rados_read_op_operate() and the aio
    /// forms.
    pub enum _: c_int {
        /// Nothing special.
        LIBRADOS_OPERATION_NOFLAG = 0,
        /// Read from any replica.
        LIBRADOS_OPERATION_BALANCE_READS = 1,
        /// Read from the nearest replica.
        LIBRADOS_OPERATION_LOCALIZE_READS = 2,
        /// Keep reads and writes of an object in the order of their submission.
        LIBRADOS_OPERATION_ORDER_READS_WRITES = 4,
        /// Pass over a cache tier.
        LIBRADOS_OPERATION_IGNORE_CACHE = 8,
        /// Do not wait for the object's lock.
        LIBRADOS_OPERATION_SKIPRWLOCKS = 16,
        /// Pass over the pool's overlay.
        LIBRADOS_OPERATION_IGNORE_OVERLAY = 32,
        /// Send although the cluster or pool is full; -EDQUOT or -ENOSPC where it takes space.
        LIBRADOS_OPERATION_FULL_TRY = 64,
        /// Do it although the cluster or pool is full: for removals.
        LIBRADOS_OPERATION_FULL_FORCE = 128,
        /// Act on the object itself where it is redirected to another.
        LIBRADOS_OPERATION_IGNORE_REDIRECT = 256,
        /// -EOLDSNAPC where the write's snapshot context is older than the object's.
        LIBRADOS_OPERATION_ORDERSNAP = 512,
        /// A write may return positive values and data.
        LIBRADOS_OPERATION_RETURNVEC = 1024,
    }
}

c_enum! {
    /// What an object will be used for: rados_set_alloc_hint2(), rados_write_op_set_alloc_hint2().
    pub enum _: c_int {
        /// Written in order.
        LIBRADOS_ALLOC_HINT_FLAG_SEQUENTIAL_WRITE = 1,
        /// Written in random order.
        LIBRADOS_ALLOC_HINT_FLAG_RANDOM_WRITE = 2,
        /// Read in order.
        LIBRADOS_ALLOC_HINT_FLAG_SEQUENTIAL_READ = 4,
        /// Read in random order.
        LIBRADOS_ALLOC_HINT_FLAG_RANDOM_READ = 8,
        /// Only appended to.
        LIBRADOS_ALLOC_HINT_FLAG_APPEND_ONLY = 16,
        /// Never changed once written.
        LIBRADOS_ALLOC_HINT_FLAG_IMMUTABLE = 32,
        /// Removed soon.
        LIBRADOS_ALLOC_HINT_FLAG_SHORTLIVED = 64,
        /// Kept for long.
        LIBRADOS_ALLOC_HINT_FLAG_LONGLIVED = 128,
        /// Compresses well.
        LIBRADOS_ALLOC_HINT_FLAG_COMPRESSIBLE = 256,
        /// Does not compress.
        LIBRADOS_ALLOC_HINT_FLAG_INCOMPRESSIBLE = 512,
        /// Holds a log.
        LIBRADOS_ALLOC_HINT_FLAG_LOG = 1024,
    }
}

c_enum! {
    /// Checksums of rados_checksum() and rados_read_op_checksum().
    pub enum rados_checksum_type_t: c_uint {
        /// xxHash, 32 bits.
        LIBRADOS_CHECKSUM_TYPE_XXHASH32 = 0,
        /// xxHash, 64 bits.
        LIBRADOS_CHECKSUM_TYPE_XXHASH64 = 1,
        /// CRC-32C (Castagnoli).
        LIBRADOS_CHECKSUM_TYPE_CRC32C = 2,
    }
}

/// The snapshot id that means the object as it is now.
pub const LIBRADOS_SNAP_HEAD: u64 = 0xffff_ffff_ffff_fffeu64;
/// The snapshot id that means the set of an object's snapshots.
pub const LIBRADOS_SNAP_DIR: u64 = 0xffff_ffff_ffff_ffffu64;

/// A cluster: its configuration, and the connection once rados_connect() has succeeded.
///
/// Made by rados_create() and its variants, ended by rados_shutdown(). Any thread may use it.
pub type rados_t = *mut c_void;

/// The configuration of a rados_t, for another library of Ceph's. It lives as long as the rados_t.
pub type rados_config_t = *mut c_void;

/// A pool of a cluster, with a namespace, a locator key, a snapshot to read and one to write under.
///
/// Made by rados_ioctx_create(), ended by rados_ioctx_destroy(). Any thread may do I/O with it;
/// changing its settings while another thread uses it is the caller's to prevent.
pub type rados_ioctx_t = *mut c_void;

/// A listing of a pool's objects in progress: rados_nobjects_list_open() and its family.
pub type rados_list_ctx_t = *mut c_void;

/// A position in the listing of a pool: rados_object_list() and its family.
pub type rados_object_list_cursor = *mut c_void;

/// One object in the answer of rados_object_list().
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rados_object_list_item {
    /// Bytes of oid without its closing zero.
    pub oid_length: usize,
    /// Name of the object.
    pub oid: *mut c_char,
    /// Bytes of nspace without its closing zero.
    pub nspace_length: usize,
    /// Its namespace.
    pub nspace: *mut c_char,
    /// Bytes of locator without its closing zero.
    pub locator_length: usize,
    /// Its locator key, empty where it has none.
    pub locator: *mut c_char,
}

/// The number of a snapshot within a pool.
pub type rados_snap_t = u64;

/// A walk over an object's extended attributes: rados_getxattrs(), rados_getxattrs_next().
pub type rados_xattrs_iter_t = *mut c_void;

/// A walk over keys and values of an object's omap: rados_omap_get_next().
pub type rados_omap_iter_t = *mut c_void;

/// How much a pool holds and how much was done to it.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct rados_pool_stat_t {
    /// Bytes used.
    pub num_bytes: u64,
    /// The same in units of 1024 bytes, rounded up.
    pub num_kb: u64,
    /// Objects.
    pub num_objects: u64,
    /// Clones of objects that snapshots hold.
    pub num_object_clones: u64,
    /// Objects times replicas.
    pub num_object_copies: u64,
    /// Objects that the OSD in charge does not have.
    pub num_objects_missing_on_primary: u64,
    /// Objects that no OSD has.
    pub num_objects_unfound: u64,
    /// Objects with fewer replicas than they should have.
    pub num_objects_degraded: u64,
    /// Read operations.
    pub num_rd: u64,
    /// Units of 1024 bytes read.
    pub num_rd_kb: u64,
    /// Write operations.
    pub num_wr: u64,
    /// Units of 1024 bytes written.
    pub num_wr_kb: u64,
    /// Bytes as the users wrote them, before replication. The first field that programs compiled
    /// before Ceph 14.2 do not have.
    pub num_user_bytes: u64,
    /// Of the compressed data, the bytes it was before.
    pub compressed_bytes_orig: u64,
    /// Of the compressed data, the bytes it is now.
    pub compressed_bytes: u64,
    /// Of the compressed data, the bytes it occupies.
    pub compressed_bytes_alloc: u64,
}

/// How much the whole cluster holds.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct rados_cluster_stat_t {
    /// Size of all devices in units of 1024 bytes.
    pub kb: u64,
    /// Of these, used.
    pub kb_used: u64,
    /// Of these, free.
    pub kb_avail: u64,
    /// Objects in all pools.
    pub num_objects: u64,
}

/// A list of changes to one object that are done all together or not at all.
///
/// Made by rados_create_write_op(), filled by rados_write_op_*(), run by rados_write_op_operate(),
/// freed by rados_release_write_op().
pub type rados_write_op_t = *mut c_void;

/// A list of questions about one object that are answered from one state of it.
///
/// Made by rados_create_read_op(), filled by rados_read_op_*(), run by rados_read_op_operate(),
/// freed by rados_release_read_op(). Pointers given to the questions must stay valid until it has
/// run.
pub type rados_read_op_t = *mut c_void;

/// An asynchronous operation: made by rados_aio_create_completion2(), freed by rados_aio_release().
pub type rados_completion_t = *mut c_void;

/// A trace of the caller's that an operation belongs to. Never looked into.
#[repr(C)]
pub struct blkin_trace_info {
    _opaque: [u8; 0],
}

/// Called once when an asynchronous operation is complete, on a thread of the library.
pub type rados_callback_t = Option<unsafe extern "C" fn(cb: rados_completion_t, arg: *mut c_void)>;

/// Called for each notification of an object watched with rados_watch(), on a thread of the
/// library.
pub type rados_watchcb_t = Option<unsafe extern "C" fn(opcode: u8, ver: u64, arg: *mut c_void)>;

/// Called for each notification of a watched object, on a thread of the library.
///
/// notify_id and handle go to rados_notify_ack(), which every notification needs. data is the
/// notifier's payload and valid during the call only.
pub type rados_watchcb2_t = Option<
    unsafe extern "C" fn(
        arg: *mut c_void,
        notify_id: u64,
        handle: u64,
        notifier_id: u64,
        data: *mut c_void,
        data_len: usize,
    ),
>;

/// Called when a watch is broken, on a thread of the library; err says why (-ENOTCONN, -ENOENT,
/// ...).
///
/// The watch gets no notifications any more: unwatch and watch again.
pub type rados_watcherrcb_t =
    Option<unsafe extern "C" fn(pre: *mut c_void, cookie: u64, err: c_int)>;

/// Called for each line of the cluster's log: rados_monitor_log(). The strings are valid during the
/// call.
pub type rados_log_callback_t = Option<
    unsafe extern "C" fn(
        arg: *mut c_void,
        line: *const c_char,
        who: *const c_char,
        sec: u64,
        nsec: u64,
        seq: u64,
        level: *const c_char,
        msg: *const c_char,
    ),
>;

/// Called for each line of the cluster's log: rados_monitor_log2(). The strings are valid during
/// the call.
pub type rados_log_callback2_t = Option<
    unsafe extern "C" fn(
        arg: *mut c_void,
        line: *const c_char,
        channel: *const c_char,
        who: *const c_char,
        name: *const c_char,
        sec: u64,
        nsec: u64,
        seq: u64,
        level: *const c_char,
        msg: *const c_char,
    ),
>;
