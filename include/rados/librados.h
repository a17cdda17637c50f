#ifndef CEPH_LIBRADOS_H
#define CEPH_LIBRADOS_H

/* Generated from src/capi by cbindgen: change it there, then run `make headers`. */

#include <netinet/in.h>
#if defined(__linux__)
#include <linux/types.h>
#elif defined(__FreeBSD__)
#include <sys/types.h>
#endif
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include "rados_types.h"

/** One number for a version, to compare with. */
#define LIBRADOS_VERSION(maj, min, extra) ((maj << 16) + (min << 8) + extra)
/** The version of this interface. */
#define LIBRADOS_VERSION_CODE \
    LIBRADOS_VERSION(LIBRADOS_VER_MAJOR, LIBRADOS_VER_MINOR, LIBRADOS_VER_EXTRA)

#define CEPH_RADOS_API

#ifndef CEPH_OSD_TMAP_SET
/* Commands of the retired rados_tmap_update(). Other headers of Ceph's have them too. */
#define CEPH_OSD_TMAP_HDR 'h'
#define CEPH_OSD_TMAP_SET 's'
#define CEPH_OSD_TMAP_CREATE 'c'
#define CEPH_OSD_TMAP_RM 'r'
#endif

struct timespec;

/** Major version of the interface, as rados_version() answers. */
#define LIBRADOS_VER_MAJOR 3

/** Minor version of the interface. */
#define LIBRADOS_VER_MINOR 0

/** Third part of the interface's version. */
#define LIBRADOS_VER_EXTRA 0

/** rados_watch2() and its family are there. */
#define LIBRADOS_SUPPORTS_WATCH 1

/** rados_service_register() is there. */
#define LIBRADOS_SUPPORTS_SERVICES 1

/** rados_getaddrs() is there. */
#define LIBRADOS_SUPPORTS_GETADDRS 1

/** rados_application_metadata_get() and its family are there. */
#define LIBRADOS_SUPPORTS_APP_METADATA 1

/** Lock flag: taking a lock one has already prolongs it. */
#define LIBRADOS_LOCK_FLAG_RENEW (1u << 0)

/** Newer name of LIBRADOS_LOCK_FLAG_RENEW. */
#define LIBRADOS_LOCK_FLAG_MAY_RENEW LIBRADOS_LOCK_FLAG_RENEW

/** Lock flag: only prolong; -ENOENT where the lock is not held. */
#define LIBRADOS_LOCK_FLAG_MUST_RENEW (1u << 1)

/** rados_write_op_create(): -EEXIST where the object is there already. */
#define LIBRADOS_CREATE_EXCLUSIVE 1

/** rados_write_op_create(): an object that is there already is fine. */
#define LIBRADOS_CREATE_IDEMPOTENT 0

/** The snapshot id that means the object as it is now. */
#define LIBRADOS_SNAP_HEAD 18446744073709551614ull

/** The snapshot id that means the set of an object's snapshots. */
#define LIBRADOS_SNAP_DIR 18446744073709551615ull

/** Checksums of rados_checksum() and rados_read_op_checksum(). */
typedef enum rados_checksum_type_t {
    /** xxHash, 32 bits. */
    LIBRADOS_CHECKSUM_TYPE_XXHASH32 = 0,
    /** xxHash, 64 bits. */
    LIBRADOS_CHECKSUM_TYPE_XXHASH64 = 1,
    /** CRC-32C (Castagnoli). */
    LIBRADOS_CHECKSUM_TYPE_CRC32C = 2,
} rados_checksum_type_t;

/** Flags of one step of an operation: rados_write_op_set_flags(), rados_read_op_set_flags(). */
enum {
    /** Fail a creation where the object is there already. */
    LIBRADOS_OP_FLAG_EXCL = 1,
    /** Go on with the operation although this step failed. */
    LIBRADOS_OP_FLAG_FAILOK = 2,
    /** Advice: access is in random order. */
    LIBRADOS_OP_FLAG_FADVISE_RANDOM = 4,
    /** Advice: access is in order. */
    LIBRADOS_OP_FLAG_FADVISE_SEQUENTIAL = 8,
    /** Advice: somebody will use the data soon. */
    LIBRADOS_OP_FLAG_FADVISE_WILLNEED = 16,
    /** Advice: nobody will use the data soon. */
    LIBRADOS_OP_FLAG_FADVISE_DONTNEED = 32,
    /** Advice: this client will not use the data again. */
    LIBRADOS_OP_FLAG_FADVISE_NOCACHE = 64,
    /** Write through to stable storage. */
    LIBRADOS_OP_FLAG_FADVISE_FUA = 128,
};

/** Comparisons of rados_read_op_cmpxattr(), rados_write_op_omap_cmp() and their like. */
enum {
    /** Equal. */
    LIBRADOS_CMPXATTR_OP_EQ = 1,
    /** Not equal. */
    LIBRADOS_CMPXATTR_OP_NE = 2,
    /** Greater than. */
    LIBRADOS_CMPXATTR_OP_GT = 3,
    /** Greater than or equal. */
    LIBRADOS_CMPXATTR_OP_GTE = 4,
    /** Less than. */
    LIBRADOS_CMPXATTR_OP_LT = 5,
    /** Less than or equal. */
    LIBRADOS_CMPXATTR_OP_LTE = 6,
};

/**
 * Flags of a whole operation: rados_write_op_operate(), rados_read_op_operate() and the aio
 * forms.
 */
enum {
    /** Nothing special. */
    LIBRADOS_OPERATION_NOFLAG = 0,
    /** Read from any replica. */
    LIBRADOS_OPERATION_BALANCE_READS = 1,
    /** Read from the nearest replica. */
    LIBRADOS_OPERATION_LOCALIZE_READS = 2,
    /** Keep reads and writes of an object in the order of their submission. */
    LIBRADOS_OPERATION_ORDER_READS_WRITES = 4,
    /** Pass over a cache tier. */
    LIBRADOS_OPERATION_IGNORE_CACHE = 8,
    /** Do not wait for the object's lock. */
    LIBRADOS_OPERATION_SKIPRWLOCKS = 16,
    /** Pass over the pool's overlay. */
    LIBRADOS_OPERATION_IGNORE_OVERLAY = 32,
    /** Send although the cluster or pool is full; -EDQUOT or -ENOSPC where it takes space. */
    LIBRADOS_OPERATION_FULL_TRY = 64,
    /** Do it although the cluster or pool is full: for removals. */
    LIBRADOS_OPERATION_FULL_FORCE = 128,
    /** Act on the object itself where it is redirected to another. */
    LIBRADOS_OPERATION_IGNORE_REDIRECT = 256,
    /** -EOLDSNAPC where the write's snapshot context is older than the object's. */
    LIBRADOS_OPERATION_ORDERSNAP = 512,
    /** A write may return positive values and data. */
    LIBRADOS_OPERATION_RETURNVEC = 1024,
};

/** What an object will be used for: rados_set_alloc_hint2(), rados_write_op_set_alloc_hint2(). */
enum {
    /** Written in order. */
    LIBRADOS_ALLOC_HINT_FLAG_SEQUENTIAL_WRITE = 1,
    /** Written in random order. */
    LIBRADOS_ALLOC_HINT_FLAG_RANDOM_WRITE = 2,
    /** Read in order. */
    LIBRADOS_ALLOC_HINT_FLAG_SEQUENTIAL_READ = 4,
    /** Read in random order. */
    LIBRADOS_ALLOC_HINT_FLAG_RANDOM_READ = 8,
    /** Only appended to. */
    LIBRADOS_ALLOC_HINT_FLAG_APPEND_ONLY = 16,
    /** Never changed once written. */
    LIBRADOS_ALLOC_HINT_FLAG_IMMUTABLE = 32,
    /** Removed soon. */
    LIBRADOS_ALLOC_HINT_FLAG_SHORTLIVED = 64,
    /** Kept for long. */
    LIBRADOS_ALLOC_HINT_FLAG_LONGLIVED = 128,
    /** Compresses well. */
    LIBRADOS_ALLOC_HINT_FLAG_COMPRESSIBLE = 256,
    /** Does not compress. */
    LIBRADOS_ALLOC_HINT_FLAG_INCOMPRESSIBLE = 512,
    /** Holds a log. */
    LIBRADOS_ALLOC_HINT_FLAG_LOG = 1024,
};

/** A trace of the caller's that an operation belongs to. Never looked into. */
typedef struct blkin_trace_info blkin_trace_info;

/**
 * A pool of a cluster, with a namespace, a locator key, a snapshot to read and one to write under.
 *
 * Made by rados_ioctx_create(), ended by rados_ioctx_destroy(). Any thread may do I/O with it;
 * changing its settings while another thread uses it is the caller's to prevent.
 */
typedef void *rados_ioctx_t;

/** An asynchronous operation: made by rados_aio_create_completion2(), freed by rados_aio_release(). */
typedef void *rados_completion_t;

/** Called once when an asynchronous operation is complete, on a thread of the library. */
typedef void (*rados_callback_t)(rados_completion_t cb, void *arg);

/** A walk over an object's extended attributes: rados_getxattrs(), rados_getxattrs_next(). */
typedef void *rados_xattrs_iter_t;

/** The number of a snapshot within a pool. */
typedef uint64_t rados_snap_t;

/**
 * A list of questions about one object that are answered from one state of it.
 *
 * Made by rados_create_read_op(), filled by rados_read_op_*(), run by rados_read_op_operate(),
 * freed by rados_release_read_op(). Pointers given to the questions must stay valid until it has
 * run.
 */
typedef void *rados_read_op_t;

/**
 * Called for each notification of a watched object, on a thread of the library.
 *
 * notify_id and handle go to rados_notify_ack(), which every notification needs. data is the
 * notifier's payload and valid during the call only.
 */
typedef void (*rados_watchcb2_t)(void *arg,
                                 uint64_t notify_id,
                                 uint64_t handle,
                                 uint64_t notifier_id,
                                 void *data,
                                 size_t data_len);

/**
 * Called when a watch is broken, on a thread of the library; err says why (-ENOTCONN, -ENOENT,
 * ...).
 *
 * The watch gets no notifications any more: unwatch and watch again.
 */
typedef void (*rados_watcherrcb_t)(void *pre, uint64_t cookie, int err);

/**
 * A cluster: its configuration, and the connection once rados_connect() has succeeded.
 *
 * Made by rados_create() and its variants, ended by rados_shutdown(). Any thread may use it.
 */
#ifndef VOIDPTR_RADOS_T
#define VOIDPTR_RADOS_T
typedef void *rados_t;
#endif

/**
 * A list of changes to one object that are done all together or not at all.
 *
 * Made by rados_create_write_op(), filled by rados_write_op_*(), run by rados_write_op_operate(),
 * freed by rados_release_write_op().
 */
typedef void *rados_write_op_t;

/** The configuration of a rados_t, for another library of Ceph's. It lives as long as the rados_t. */
typedef void *rados_config_t;

/** How much the whole cluster holds. */
typedef struct rados_cluster_stat_t {
    /** Size of all devices in units of 1024 bytes. */
    uint64_t kb;
    /** Of these, used. */
    uint64_t kb_used;
    /** Of these, free. */
    uint64_t kb_avail;
    /** Objects in all pools. */
    uint64_t num_objects;
} rados_cluster_stat_t;

/** How much a pool holds and how much was done to it. */
typedef struct rados_pool_stat_t {
    /** Bytes used. */
    uint64_t num_bytes;
    /** The same in units of 1024 bytes, rounded up. */
    uint64_t num_kb;
    /** Objects. */
    uint64_t num_objects;
    /** Clones of objects that snapshots hold. */
    uint64_t num_object_clones;
    /** Objects times replicas. */
    uint64_t num_object_copies;
    /** Objects that the OSD in charge does not have. */
    uint64_t num_objects_missing_on_primary;
    /** Objects that no OSD has. */
    uint64_t num_objects_unfound;
    /** Objects with fewer replicas than they should have. */
    uint64_t num_objects_degraded;
    /** Read operations. */
    uint64_t num_rd;
    /** Units of 1024 bytes read. */
    uint64_t num_rd_kb;
    /** Write operations. */
    uint64_t num_wr;
    /** Units of 1024 bytes written. */
    uint64_t num_wr_kb;
    /**
     * Bytes as the users wrote them, before replication. The first field that programs compiled
     * before Ceph 14.2 do not have.
     */
    uint64_t num_user_bytes;
    /** Of the compressed data, the bytes it was before. */
    uint64_t compressed_bytes_orig;
    /** Of the compressed data, the bytes it is now. */
    uint64_t compressed_bytes;
    /** Of the compressed data, the bytes it occupies. */
    uint64_t compressed_bytes_alloc;
} rados_pool_stat_t;

/**
 * Called for each line of the cluster's log: rados_monitor_log(). The strings are valid during the
 * call.
 */
typedef void (*rados_log_callback_t)(void *arg,
                                     const char *line,
                                     const char *who,
                                     uint64_t sec,
                                     uint64_t nsec,
                                     uint64_t seq,
                                     const char *level,
                                     const char *msg);

/**
 * Called for each line of the cluster's log: rados_monitor_log2(). The strings are valid during
 * the call.
 */
typedef void (*rados_log_callback2_t)(void *arg,
                                      const char *line,
                                      const char *channel,
                                      const char *who,
                                      const char *name,
                                      uint64_t sec,
                                      uint64_t nsec,
                                      uint64_t seq,
                                      const char *level,
                                      const char *msg);

/** A listing of a pool's objects in progress: rados_nobjects_list_open() and its family. */
typedef void *rados_list_ctx_t;

/** A position in the listing of a pool: rados_object_list() and its family. */
typedef void *rados_object_list_cursor;

/** One object in the answer of rados_object_list(). */
typedef struct rados_object_list_item {
    /** Bytes of oid without its closing zero. */
    size_t oid_length;
    /** Name of the object. */
    char *oid;
    /** Bytes of nspace without its closing zero. */
    size_t nspace_length;
    /** Its namespace. */
    char *nspace;
    /** Bytes of locator without its closing zero. */
    size_t locator_length;
    /** Its locator key, empty where it has none. */
    char *locator;
} rados_object_list_item;

/** A walk over keys and values of an object's omap: rados_omap_get_next(). */
typedef void *rados_omap_iter_t;

/**
 * Called for each notification of an object watched with rados_watch(), on a thread of the
 * library.
 */
typedef void (*rados_watchcb_t)(uint8_t opcode, uint64_t ver, void *arg);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/** Like `rados_append`. `buf` may be used again at once. */
CEPH_RADOS_API
int rados_aio_append(rados_ioctx_t io,
                     const char *oid,
                     rados_completion_t completion,
                     const char *buf,
                     size_t len);

/**
 * Asks for an operation to be given up. An operation that has been handed to the store or cluster
 * is not taken back: this waits for its end and returns 0, as Ceph's does for one that is done.
 */
CEPH_RADOS_API int rados_aio_cancel(rados_ioctx_t io, rados_completion_t completion);

/** Compares like `rados_cmpext`. `cmp_buf` may be used again at once. */
CEPH_RADOS_API
int rados_aio_cmpext(rados_ioctx_t io,
                     const char *o,
                     rados_completion_t completion,
                     const char *cmp_buf,
                     size_t cmp_len,
                     uint64_t off);

/**
 * Makes a completion. `cb_complete` is called when the operation has been done, `cb_safe` right
 * after it; either may be NULL. Both are called on a thread of the library.
 */
CEPH_RADOS_API
int rados_aio_create_completion(void *cb_arg,
                                rados_callback_t cb_complete,
                                rados_callback_t cb_safe,
                                rados_completion_t *pc);

/**
 * Makes a completion. `cb_complete`, unless NULL, is called on a thread of the library when the
 * operation has been done.
 */
CEPH_RADOS_API
int rados_aio_create_completion2(void *cb_arg,
                                 rados_callback_t cb_complete,
                                 rados_completion_t *pc);

/**
 * Calls a method like `rados_exec`. `in_buf` may be used again at once, `buf` must stay until the
 * completion.
 */
CEPH_RADOS_API
int rados_aio_exec(rados_ioctx_t io,
                   const char *o,
                   rados_completion_t completion,
                   const char *cls,
                   const char *method,
                   const char *in_buf,
                   size_t in_len,
                   char *buf,
                   size_t out_len);

/** Waits until all asynchronous writes of the context submitted so far are durable. Returns 0. */
CEPH_RADOS_API int rados_aio_flush(rados_ioctx_t io);

/** Completes `completion` when all asynchronous writes of the context submitted so far are durable. */
CEPH_RADOS_API int rados_aio_flush_async(rados_ioctx_t io, rados_completion_t completion);

/**
 * What the operation returned: bytes read, 0, or a negative error number. 0 while it is under
 * way.
 */
CEPH_RADOS_API int rados_aio_get_return_value(rados_completion_t c);

/** The version of the object that the operation read or wrote. */
CEPH_RADOS_API uint64_t rados_aio_get_version(rados_completion_t c);

/** Gets an xattr like `rados_getxattr`; `completion` gets its length. */
CEPH_RADOS_API
int rados_aio_getxattr(rados_ioctx_t io,
                       const char *o,
                       rados_completion_t completion,
                       const char *name,
                       char *buf,
                       size_t len);

/** Gets all xattrs like `rados_getxattrs`; `*iter` is set before the completion. */
CEPH_RADOS_API
int rados_aio_getxattrs(rados_ioctx_t io,
                        const char *oid,
                        rados_completion_t completion,
                        rados_xattrs_iter_t *iter);

/** Like `rados_ioctx_selfmanaged_snap_create`; `*snapid` is stored before the completion. */
CEPH_RADOS_API
void rados_aio_ioctx_selfmanaged_snap_create(rados_ioctx_t io,
                                             rados_snap_t *snapid,
                                             rados_completion_t completion);

/** Like `rados_ioctx_selfmanaged_snap_remove`. */
CEPH_RADOS_API
void rados_aio_ioctx_selfmanaged_snap_remove(rados_ioctx_t io,
                                             rados_snap_t snapid,
                                             rados_completion_t completion);

/** Whether the operation has been done. */
CEPH_RADOS_API int rados_aio_is_complete(rados_completion_t c);

/** Whether the operation has been done and the callback has returned. */
CEPH_RADOS_API int rados_aio_is_complete_and_cb(rados_completion_t c);

/** Whether the operation is durable. */
CEPH_RADOS_API int rados_aio_is_safe(rados_completion_t c);

/** Whether the operation is durable and the callback has returned. */
CEPH_RADOS_API int rados_aio_is_safe_and_cb(rados_completion_t c);

/** Like `rados_notify2`; the answers are stored before the completion. */
CEPH_RADOS_API
int rados_aio_notify(rados_ioctx_t io,
                     const char *o,
                     rados_completion_t completion,
                     const char *buf,
                     int buf_len,
                     uint64_t timeout_ms,
                     char **reply_buffer,
                     size_t *reply_buffer_len);

/** Reads like `rados_read`; `completion` gets the number of bytes read. `buf` must stay until then. */
CEPH_RADOS_API
int rados_aio_read(rados_ioctx_t io,
                   const char *oid,
                   rados_completion_t completion,
                   char *buf,
                   size_t len,
                   uint64_t off);

/**
 * Starts the operation. Outputs are stored before the completion. The operation is empty
 * afterwards.
 */
CEPH_RADOS_API
int rados_aio_read_op_operate(rados_read_op_t read_op,
                              rados_ioctx_t io,
                              rados_completion_t completion,
                              const char *oid,
                              int flags);

/** Gives up a completion. Its operation goes on and its callback is still called. */
CEPH_RADOS_API void rados_aio_release(rados_completion_t c);

/** Removes an object like `rados_remove`. */
CEPH_RADOS_API
int rados_aio_remove(rados_ioctx_t io,
                     const char *oid,
                     rados_completion_t completion);

/** Removes an xattr like `rados_rmxattr`. */
CEPH_RADOS_API
int rados_aio_rmxattr(rados_ioctx_t io,
                      const char *o,
                      rados_completion_t completion,
                      const char *name);

/** Sets an xattr like `rados_setxattr`. */
CEPH_RADOS_API
int rados_aio_setxattr(rados_ioctx_t io,
                       const char *o,
                       rados_completion_t completion,
                       const char *name,
                       const char *buf,
                       size_t len);

/** Like `rados_stat`; the outputs are stored before the completion. */
CEPH_RADOS_API
int rados_aio_stat(rados_ioctx_t io,
                   const char *o,
                   rados_completion_t completion,
                   uint64_t *psize,
                   time_t *pmtime);

/** Like `rados_stat2`; the outputs are stored before the completion. */
CEPH_RADOS_API
int rados_aio_stat2(rados_ioctx_t io,
                    const char *o,
                    rados_completion_t completion,
                    uint64_t *psize,
                    struct timespec *pmtime);

/** Gives up a lock like `rados_unlock`. */
CEPH_RADOS_API
int rados_aio_unlock(rados_ioctx_t io,
                     const char *o,
                     const char *name,
                     const char *cookie,
                     rados_completion_t completion);

/** Ends a watch like `rados_unwatch2`. */
CEPH_RADOS_API
int rados_aio_unwatch(rados_ioctx_t io,
                      uint64_t cookie,
                      rados_completion_t completion);

/** Waits until the operation has been done. Returns 0. */
CEPH_RADOS_API int rados_aio_wait_for_complete(rados_completion_t c);

/** Waits until the operation has been done and the callback has returned. Returns 0. */
CEPH_RADOS_API int rados_aio_wait_for_complete_and_cb(rados_completion_t c);

/** Waits until the operation is durable, which it is when it has been done. Returns 0. */
CEPH_RADOS_API __attribute__((deprecated)) int rados_aio_wait_for_safe(rados_completion_t c);

/** Waits until the operation is durable and the callback has returned. Returns 0. */
CEPH_RADOS_API __attribute__((deprecated)) int rados_aio_wait_for_safe_and_cb(rados_completion_t c);

/** Like `rados_watch2`; `*handle` is stored before the completion. */
CEPH_RADOS_API
int rados_aio_watch(rados_ioctx_t io,
                    const char *o,
                    rados_completion_t completion,
                    uint64_t *handle,
                    rados_watchcb2_t watchcb,
                    rados_watcherrcb_t watcherrcb,
                    void *arg);

/** Like `rados_watch3`; `*handle` is stored before the completion. */
CEPH_RADOS_API
int rados_aio_watch2(rados_ioctx_t io,
                     const char *o,
                     rados_completion_t completion,
                     uint64_t *handle,
                     rados_watchcb2_t watchcb,
                     rados_watcherrcb_t watcherrcb,
                     uint32_t timeout,
                     void *arg);

/** Completes when the callbacks of all notifications that have arrived have returned. */
CEPH_RADOS_API int rados_aio_watch_flush(rados_t cluster, rados_completion_t completion);

/** Like `rados_write`. `buf` may be used again at once. */
CEPH_RADOS_API
int rados_aio_write(rados_ioctx_t io,
                    const char *oid,
                    rados_completion_t completion,
                    const char *buf,
                    size_t len,
                    uint64_t off);

/** Like `rados_write_full`. `buf` may be used again at once. */
CEPH_RADOS_API
int rados_aio_write_full(rados_ioctx_t io,
                         const char *oid,
                         rados_completion_t completion,
                         const char *buf,
                         size_t len);

/** Starts what `rados_write_op_operate` runs. */
CEPH_RADOS_API
int rados_aio_write_op_operate(rados_write_op_t write_op,
                               rados_ioctx_t io,
                               rados_completion_t completion,
                               const char *oid,
                               time_t *mtime,
                               int flags);

/** Starts what `rados_write_op_operate2` runs. */
CEPH_RADOS_API
int rados_aio_write_op_operate2(rados_write_op_t write_op,
                                rados_ioctx_t io,
                                rados_completion_t completion,
                                const char *oid,
                                struct timespec *mtime,
                                int flags);

/** Like `rados_writesame`. `buf` may be used again at once. */
CEPH_RADOS_API
int rados_aio_writesame(rados_ioctx_t io,
                        const char *oid,
                        rados_completion_t completion,
                        const char *buf,
                        size_t data_len,
                        size_t write_len,
                        uint64_t off);

/** Writes `len` bytes at the object's end. Returns 0, or errors as `rados_write`. */
CEPH_RADOS_API int rados_append(rados_ioctx_t io, const char *oid, const char *buf, size_t len);

/** Enables an application on the pool. Returns 0, -EPERM where it has another and `force` is 0. */
CEPH_RADOS_API int rados_application_enable(rados_ioctx_t io, const char *app_name, int force);

/**
 * The applications of the pool, each ended by a zero byte; `*values_len` becomes the size.
 * Returns 0,
 * -ERANGE.
 */
CEPH_RADOS_API int rados_application_list(rados_ioctx_t io, char *values, size_t *values_len);

/**
 * A value of an application's metadata, with its zero byte; `*value_len` becomes the size.
 * Returns 0,
 * -ENOENT, -ERANGE.
 */
CEPH_RADOS_API
int rados_application_metadata_get(rados_ioctx_t io,
                                   const char *app_name,
                                   const char *key,
                                   char *value,
                                   size_t *value_len);

/**
 * An application's metadata: keys and values, each ended by a zero byte; `*key_len` and
 * `*vals_len` become the sizes. Returns 0, -ENOENT, -ERANGE.
 */
CEPH_RADOS_API
int rados_application_metadata_list(rados_ioctx_t io,
                                    const char *app_name,
                                    char *keys,
                                    size_t *key_len,
                                    char *values,
                                    size_t *vals_len);

/** Removes a value of an application's metadata. Returns 0, -ENOENT. */
CEPH_RADOS_API
int rados_application_metadata_remove(rados_ioctx_t io,
                                      const char *app_name,
                                      const char *key);

/** Sets a value of an application's metadata. Returns 0, -ENOENT. */
CEPH_RADOS_API
int rados_application_metadata_set(rados_ioctx_t io,
                                   const char *app_name,
                                   const char *key,
                                   const char *value);

/** The old name of `rados_blocklist_add`. */
CEPH_RADOS_API
__attribute__((deprecated))
int rados_blacklist_add(rados_t cluster,
                        char *client_address,
                        uint32_t expire_seconds);

/**
 * Keeps a client, by address, from using the cluster for `expire_seconds` (0: the default).
 * Returns 0, -EINVAL for what is no address.
 */
CEPH_RADOS_API
int rados_blocklist_add(rados_t cluster,
                        char *client_address,
                        uint32_t expire_seconds);

/**
 * Ends the lock of any client, `client` as `rados_list_lockers` gives it. Returns 0, -ENOENT,
 * -EINVAL where `client` is none.
 */
CEPH_RADOS_API
int rados_break_lock(rados_ioctx_t io,
                     const char *o,
                     const char *name,
                     const char *client,
                     const char *cookie);

/** Frees memory that a rados function put into a `char **` argument. Null is fine. */
CEPH_RADOS_API void rados_buffer_free(char *buf);

/** Keeps the object in the cache tier, where there is one. */
CEPH_RADOS_API int rados_cache_pin(rados_ioctx_t io, const char *o);

/** Ends what `rados_cache_pin` began. */
CEPH_RADOS_API int rados_cache_unpin(rados_ioctx_t io, const char *o);

/** The configuration of a cluster handle, for `rados_create_with_context`. */
CEPH_RADOS_API rados_config_t rados_cct(rados_t cluster);

/**
 * Checksums of each `chunk_size` bytes of the `len` bytes from `off` on. `pchecksum` gets a 32-bit
 * count and the checksums, little-endian. Returns 0; -EINVAL for an initial value of the wrong
 * width; -ERANGE where `checksum_len` is too small.
 */
CEPH_RADOS_API
int rados_checksum(rados_ioctx_t io,
                   const char *oid,
                   enum rados_checksum_type_t type,
                   const char *init_value,
                   size_t init_value_len,
                   size_t len,
                   uint64_t off,
                   size_t chunk_size,
                   char *pchecksum,
                   size_t checksum_len);

/**
 * Writes the cluster's id as text and a zero byte into `buf`. Returns its length, 36; -ERANGE
 * where `len` is not more than that.
 */
CEPH_RADOS_API int rados_cluster_fsid(rados_t cluster, char *buf, size_t len);

/** What the cluster has and holds, in KiB. Returns 0. */
CEPH_RADOS_API int rados_cluster_stat(rados_t cluster, struct rados_cluster_stat_t *result);

/**
 * Compares `cmp_len` bytes from `off` on. Returns 0 where they are equal, -4095 - n where they
 * differ first at byte n of them.
 */
CEPH_RADOS_API
int rados_cmpext(rados_ioctx_t io,
                 const char *o,
                 const char *cmp_buf,
                 size_t cmp_len,
                 uint64_t off);

/**
 * Writes an option's value and a zero byte into `buf`. Returns 0, -ENOENT, -ENAMETOOLONG where
 * `len` is too small.
 */
CEPH_RADOS_API int rados_conf_get(rados_t cluster, const char *option, char *buf, size_t len);

/** Applies command line arguments. Returns 0, -EINVAL. */
CEPH_RADOS_API int rados_conf_parse_argv(rados_t cluster, int argc, const char **argv);

/**
 * Applies command line arguments; `remargv`, `argc` long, gets those that are not ours, and
 * NULL behind them. Returns 0, -EINVAL.
 */
CEPH_RADOS_API
int rados_conf_parse_argv_remainder(rados_t cluster,
                                    int argc,
                                    const char **argv,
                                    const char **remargv);

/** Applies the arguments in an environment variable; NULL: `CEPH_ARGS`. Returns 0. */
CEPH_RADOS_API int rados_conf_parse_env(rados_t cluster, const char *var);

/**
 * Reads a configuration file, or a list of them separated by commas of which the first that
 * exists is read; NULL: `$CEPH_CONF`, else the usual places. Returns 0, -ENOENT, -EINVAL where
 * it does not parse.
 */
CEPH_RADOS_API int rados_conf_read_file(rados_t cluster, const char *path);

/** Sets an option. Returns 0, -ENOENT for an option there is not, -EINVAL for a bad value. */
CEPH_RADOS_API int rados_conf_set(rados_t cluster, const char *option, const char *value);

/**
 * Connects to the cluster that the configuration names: `mon_host`. Returns 0; -EISCONN;
 * -ENOENT where it names none.
 *
 * A connection is its process's. A child forked from that process uses neither it nor its
 * contexts and images, and may connect for itself; to an embedded store only if its parent
 * did not have that store open: -EOPNOTSUPP.
 */
CEPH_RADOS_API int rados_connect(rados_t cluster);

/** Makes a cluster handle for the client `client.<id>`; NULL: `client.admin`. Returns 0. */
CEPH_RADOS_API int rados_create(rados_t *cluster, const char *id);

/**
 * Makes a cluster handle for the client `name`, such as `client.admin`, of the cluster
 * `clustername`; NULL: `client.admin` of `ceph`. Returns 0, -EINVAL where `name` is none.
 */
CEPH_RADOS_API
int rados_create2(rados_t *pcluster,
                  const char *clustername,
                  const char *name,
                  uint64_t flags);

/** Makes an empty read operation, to be ended with `rados_release_read_op`. */
CEPH_RADOS_API rados_read_op_t rados_create_read_op(void);

/**
 * Makes a cluster handle with the configuration of another, from `rados_cct`. A context of
 * Ceph's own libceph-common, which rbd-fuse passes, cannot be read here: the configuration
 * file and the environment that it was made from are. Returns 0, -EINVAL for NULL.
 */
CEPH_RADOS_API int rados_create_with_context(rados_t *cluster, rados_config_t cct);

/** Makes an empty write operation, to be ended with `rados_release_write_op`. */
CEPH_RADOS_API rados_write_op_t rados_create_write_op(void);

/**
 * Takes apart what `rados_notify2` answered: who acknowledged, with answers, and who did not.
 * To be freed with `rados_free_notify_response`. Returns 0, -EINVAL for what is no such
 * answer.
 */
CEPH_RADOS_API
int rados_decode_notify_response(char *reply_buffer,
                                 size_t reply_buffer_len,
                                 notify_ack_t **acks,
                                 size_t *nr_acks,
                                 notify_timeout_t **timeouts,
                                 size_t *nr_timeouts);

/**
 * Calls a method of an object class. Returns the length of the output in `buf`, or what the method
 * returned where it wrote nothing; -ERANGE where `out_len` is too small; -EOPNOTSUPP where there
 * is no such method, -EPERM where the class may not be loaded.
 */
CEPH_RADOS_API
int rados_exec(rados_ioctx_t io,
               const char *oid,
               const char *cls,
               const char *method,
               const char *in_buf,
               size_t in_len,
               char *buf,
               size_t out_len);

/** Frees what `rados_decode_notify_response` gave. */
CEPH_RADOS_API
void rados_free_notify_response(notify_ack_t *acks,
                                size_t nr_acks,
                                notify_timeout_t *timeouts);

/** The number of this client in the cluster; 0 while it is not connected. */
CEPH_RADOS_API uint64_t rados_get_instance_id(rados_t cluster);

/** The version of the object that the context's last synchronous operation read or wrote. */
CEPH_RADOS_API uint64_t rados_get_last_version(rados_ioctx_t io);

/**
 * The oldest release, as a number, that clients of the cluster may have, and the one it
 * insists on. Returns 0.
 */
CEPH_RADOS_API
int rados_get_min_compatible_client(rados_t cluster,
                                    int8_t *min_compat_client,
                                    int8_t *require_min_compat_client);

/** The oldest release, as a number, that OSDs of the cluster may have. Returns 0. */
CEPH_RADOS_API int rados_get_min_compatible_osd(rados_t cluster, int8_t *require_osd_release);

/** `*addrs` becomes this client's address, to be freed with `rados_buffer_free`. Returns 0. */
CEPH_RADOS_API int rados_getaddrs(rados_t cluster, char **addrs);

/**
 * Writes an xattr's value into `buf`. Returns its length; -ENODATA; -ERANGE where `len` is too
 * small.
 */
CEPH_RADOS_API
int rados_getxattr(rados_ioctx_t io,
                   const char *o,
                   const char *name,
                   char *buf,
                   size_t len);

/**
 * Gets all xattrs, to be read with `rados_getxattrs_next` and ended with `rados_getxattrs_end`.
 * Returns 0, -ENOENT.
 */
CEPH_RADOS_API int rados_getxattrs(rados_ioctx_t io, const char *oid, rados_xattrs_iter_t *iter);

/** Ends an iteration. */
CEPH_RADOS_API void rados_getxattrs_end(rados_xattrs_iter_t iter);

/**
 * The next xattr: its name, and its value of `*len` bytes; NULL, NULL and 0 behind the last. They
 * stay valid until `rados_getxattrs_end`. Returns 0.
 */
CEPH_RADOS_API
int rados_getxattrs_next(rados_xattrs_iter_t iter,
                         const char **name,
                         const char **val,
                         size_t *len);

/**
 * The placement groups of a pool whose copies differ, as strings one after the other, each
 * closed by a zero byte, the list by another. Writes those that fit and returns how many bytes
 * all take.
 */
CEPH_RADOS_API int rados_inconsistent_pg_list(rados_t cluster, int64_t pool, char *buf, size_t len);

/** The configuration of the context's cluster handle, to be used as `rados_cct`'s. */
CEPH_RADOS_API rados_config_t rados_ioctx_cct(rados_ioctx_t io);

/** Opens a pool by name. Returns 0, -ENOENT, or -ENOTCONN before `rados_connect`. */
CEPH_RADOS_API int rados_ioctx_create(rados_t cluster, const char *pool_name, rados_ioctx_t *ioctx);

/** Opens a pool by number. Returns 0, -ENOENT, or -ENOTCONN before `rados_connect`. */
CEPH_RADOS_API int rados_ioctx_create2(rados_t cluster, int64_t pool_id, rados_ioctx_t *ioctx);

/** Ends an I/O context. Operations under way go on. */
CEPH_RADOS_API void rados_ioctx_destroy(rados_ioctx_t io);

/** The cluster handle that the context was made from; NULL for a bad context. */
CEPH_RADOS_API rados_t rados_ioctx_get_cluster(rados_ioctx_t io);

/** The pool's number. */
CEPH_RADOS_API int64_t rados_ioctx_get_id(rados_ioctx_t io);

/**
 * Writes the context's namespace and a zero byte into `buf`. Returns its length, or -ERANGE where
 * `maxlen` is not more than that.
 */
CEPH_RADOS_API int rados_ioctx_get_namespace(rados_ioctx_t io, char *buf, unsigned int maxlen);

/**
 * Writes the pool's name and a zero byte into `buf`. Returns the name's length, or -ERANGE where
 * `maxlen` is not more than that.
 */
CEPH_RADOS_API int rados_ioctx_get_pool_name(rados_ioctx_t io, char *buf, unsigned int maxlen);

/** Sets the locator key of later operations; NULL for none. */
CEPH_RADOS_API void rados_ioctx_locator_set_key(rados_ioctx_t io, const char *key);

/** Pools have no owner any more: -EOPNOTSUPP. */
CEPH_RADOS_API
__attribute__((deprecated))
int rados_ioctx_pool_get_auid(rados_ioctx_t io,
                              uint64_t *auid);

/** Bytes of a stripe, of which appends must be multiples where they must be aligned; else 0. */
CEPH_RADOS_API
__attribute__((deprecated))
uint64_t rados_ioctx_pool_required_alignment(rados_ioctx_t io);

/** Bytes of a stripe, as above, into `*alignment`. Returns 0, -ENOENT. */
CEPH_RADOS_API int rados_ioctx_pool_required_alignment2(rados_ioctx_t io, uint64_t *alignment);

/** Whether appends must be aligned, as on an erasure-coded pool. */
CEPH_RADOS_API
__attribute__((deprecated))
int rados_ioctx_pool_requires_alignment(rados_ioctx_t io);

/** Whether appends must be aligned, into `*req`. Returns 0, -ENOENT. */
CEPH_RADOS_API int rados_ioctx_pool_requires_alignment2(rados_ioctx_t io, int *req);

/** Pools have no owner any more: -EOPNOTSUPP. */
CEPH_RADOS_API
__attribute__((deprecated))
int rados_ioctx_pool_set_auid(rados_ioctx_t io,
                              uint64_t auid);

/** What the pool holds and what was done to it. Returns 0. */
CEPH_RADOS_API int rados_ioctx_pool_stat(rados_ioctx_t io, struct rados_pool_stat_t *stats);

/**
 * Gives out the number of a new self-managed snapshot. Returns 0, -EINVAL in a pool with pool
 * snapshots.
 */
CEPH_RADOS_API int rados_ioctx_selfmanaged_snap_create(rados_ioctx_t io, rados_snap_t *snapid);

/** Removes a self-managed snapshot. Returns 0. */
CEPH_RADOS_API int rados_ioctx_selfmanaged_snap_remove(rados_ioctx_t io, rados_snap_t snapid);

/** Makes the object what it was at a self-managed snapshot. Returns 0. */
CEPH_RADOS_API
int rados_ioctx_selfmanaged_snap_rollback(rados_ioctx_t io,
                                          const char *oid,
                                          rados_snap_t snapid);

/**
 * Sets the snapshots that later writes of this context are made under: the newest number given
 * out, and those that exist, newest first. Returns 0, -EINVAL unless they descend.
 */
CEPH_RADOS_API
int rados_ioctx_selfmanaged_snap_set_write_ctx(rados_ioctx_t io,
                                               rados_snap_t seq,
                                               rados_snap_t *snaps,
                                               int num_snaps);

/**
 * Sets the namespace of later operations; NULL or "" is the default one,
 * `LIBRADOS_ALL_NSPACES` all of them, for listing.
 */
CEPH_RADOS_API void rados_ioctx_set_namespace(rados_ioctx_t io, const char *nspace);

/**
 * Makes a snapshot of the pool. Returns 0, -EEXIST, -EINVAL in a pool of self-managed
 * snapshots.
 */
CEPH_RADOS_API int rados_ioctx_snap_create(rados_ioctx_t io, const char *snapname);

/**
 * The name of a snapshot of the pool, with its zero byte. Returns 0, -ENOENT, -ERANGE where
 * `maxlen` is too small.
 */
CEPH_RADOS_API
int rados_ioctx_snap_get_name(rados_ioctx_t io,
                              rados_snap_t id,
                              char *name,
                              int maxlen);

/** When a snapshot of the pool was made, in seconds since 1970. Returns 0, -ENOENT. */
CEPH_RADOS_API int rados_ioctx_snap_get_stamp(rados_ioctx_t io, rados_snap_t id, time_t *t);

/**
 * Writes the numbers of the pool's snapshots into `snaps`. Returns how many; -ERANGE where
 * there are more than `maxlen`.
 */
CEPH_RADOS_API int rados_ioctx_snap_list(rados_ioctx_t io, rados_snap_t *snaps, int maxlen);

/** The number of a snapshot of the pool. Returns 0, -ENOENT. */
CEPH_RADOS_API int rados_ioctx_snap_lookup(rados_ioctx_t io, const char *name, rados_snap_t *id);

/** Removes a snapshot of the pool. Returns 0, -ENOENT. */
CEPH_RADOS_API int rados_ioctx_snap_remove(rados_ioctx_t io, const char *snapname);

/** Makes the object what it was at a snapshot of the pool. Returns 0, -ENOENT. */
CEPH_RADOS_API
int rados_ioctx_snap_rollback(rados_ioctx_t io,
                              const char *oid,
                              const char *snapname);

/** Sets the snapshot that later reads of this context see; `LIBRADOS_SNAP_HEAD` for none. */
CEPH_RADOS_API void rados_ioctx_snap_set_read(rados_ioctx_t io, rados_snap_t snap);

/**
 * Who holds a lock: `*exclusive`, and into the buffers the tag and the lists of clients,
 * cookies and addresses, each entry ended by a zero byte. Returns the number of holders;
 * -ERANGE where a buffer is too small, and then each `*len` is what is needed.
 */
CEPH_RADOS_API
ssize_t rados_list_lockers(rados_ioctx_t io,
                           const char *o,
                           const char *name,
                           int *exclusive,
                           char *tag,
                           size_t *tag_len,
                           char *clients,
                           size_t *clients_len,
                           char *cookies,
                           size_t *cookies_len,
                           char *addrs,
                           size_t *addrs_len);

/**
 * Takes a lock that one client and cookie can hold, for `duration` (NULL: until it is given
 * up). `flags`: `LIBRADOS_LOCK_FLAG_*`. Returns 0, -EBUSY where others hold it, -EEXIST where
 * this client and cookie do.
 */
CEPH_RADOS_API
int rados_lock_exclusive(rados_ioctx_t io,
                         const char *oid,
                         const char *name,
                         const char *cookie,
                         const char *desc,
                         struct timeval *duration,
                         uint8_t flags);

/** Takes a lock that several can hold whose `tag` is the same, else as `rados_lock_exclusive`. */
CEPH_RADOS_API
int rados_lock_shared(rados_ioctx_t io,
                      const char *o,
                      const char *name,
                      const char *cookie,
                      const char *tag,
                      const char *desc,
                      struct timeval *duration,
                      uint8_t flags);

/** Like `rados_mon_command`, to the active manager. */
CEPH_RADOS_API
int rados_mgr_command(rados_t cluster,
                      const char **cmd,
                      size_t cmdlen,
                      const char *inbuf,
                      size_t inbuflen,
                      char **outbuf,
                      size_t *outbuflen,
                      char **outs,
                      size_t *outslen);

/** Like `rados_mgr_command`, to the manager of this name. */
CEPH_RADOS_API
int rados_mgr_command_target(rados_t cluster,
                             const char *name,
                             const char **cmd,
                             size_t cmdlen,
                             const char *inbuf,
                             size_t inbuflen,
                             char **outbuf,
                             size_t *outbuflen,
                             char **outs,
                             size_t *outslen);

/**
 * Sends a command, JSON in `cmd[0]`, with input, to a monitor. `*outbuf` becomes the output
 * and `*outs` the status sentence, to be freed with `rados_buffer_free`. Returns what the
 * command did.
 */
CEPH_RADOS_API
int rados_mon_command(rados_t cluster,
                      const char **cmd,
                      size_t cmdlen,
                      const char *inbuf,
                      size_t inbuflen,
                      char **outbuf,
                      size_t *outbuflen,
                      char **outs,
                      size_t *outslen);

/** Like `rados_mon_command`, to the monitor of this name. */
CEPH_RADOS_API
int rados_mon_command_target(rados_t cluster,
                             const char *name,
                             const char **cmd,
                             size_t cmdlen,
                             const char *inbuf,
                             size_t inbuflen,
                             char **outbuf,
                             size_t *outbuflen,
                             char **outs,
                             size_t *outslen);

/**
 * Calls `cb` for every line of the cluster's log at `level` (`debug`, `info`, `sec`, `warn` or
 * `warning`, `err` or `error`) or above from now on, on a thread of the library, in place of
 * any earlier callback; NULL ends that. `cb` must not call back into the library. Returns 0,
 * -EINVAL for another level, -EOPNOTSUPP on an embedded store, which has no log.
 */
CEPH_RADOS_API
int rados_monitor_log(rados_t cluster,
                      const char *level,
                      rados_log_callback_t cb,
                      void *arg);

/** Like `rados_monitor_log`, with the channel and the name of who wrote the line. */
CEPH_RADOS_API
int rados_monitor_log2(rados_t cluster,
                       const char *level,
                       rados_log_callback2_t cb,
                       void *arg);

/** Ends a listing. */
CEPH_RADOS_API void rados_nobjects_list_close(rados_list_ctx_t ctx);

/**
 * A cursor at the object given out last, to be freed with `rados_object_list_cursor_free`.
 * Returns 0.
 */
CEPH_RADOS_API
int rados_nobjects_list_get_cursor(rados_list_ctx_t ctx,
                                   rados_object_list_cursor *cursor);

/**
 * The placement hash from which on the listing will ask for more, 0 behind the last: not that
 * of the last object given out.
 */
CEPH_RADOS_API uint32_t rados_nobjects_list_get_pg_hash_position(rados_list_ctx_t ctx);

/**
 * The next object: its name, its locator (NULL for none) and its namespace, valid until the
 * next call. Returns 0, -ENOENT behind the last.
 */
CEPH_RADOS_API
int rados_nobjects_list_next(rados_list_ctx_t ctx,
                             const char **entry,
                             const char **key,
                             const char **nspace);

/** Like `rados_nobjects_list_next`, with lengths. */
CEPH_RADOS_API
int rados_nobjects_list_next2(rados_list_ctx_t ctx,
                              const char **entry,
                              const char **key,
                              const char **nspace,
                              size_t *entry_size,
                              size_t *key_size,
                              size_t *nspace_size);

/** Begins a listing of the pool's objects in the context's namespace. Returns 0. */
CEPH_RADOS_API int rados_nobjects_list_open(rados_ioctx_t io, rados_list_ctx_t *ctx);

/** Moves the listing to a placement hash. Returns `pos`. */
CEPH_RADOS_API uint32_t rados_nobjects_list_seek(rados_list_ctx_t ctx, uint32_t pos);

/** Moves the listing to a cursor. Returns the number of the placement group where it is. */
CEPH_RADOS_API
uint32_t rados_nobjects_list_seek_cursor(rados_list_ctx_t ctx,
                                         rados_object_list_cursor cursor);

/**
 * Notifies the watchers of an object and waits for their acknowledgements. `ver` is ignored.
 * Returns 0, -ENOENT, -ETIMEDOUT.
 */
CEPH_RADOS_API
__attribute__((deprecated))
int rados_notify(rados_ioctx_t io,
                 const char *o,
                 uint64_t ver,
                 const char *buf,
                 int buf_len);

/**
 * Notifies the watchers of an object and waits up to `timeout_ms` (0: the default) for their
 * acknowledgements. `*reply_buffer`, unless NULL, becomes their answers, for
 * `rados_decode_notify_response`, to be freed with `rados_buffer_free`. Returns 0; -ENOENT;
 * -ETIMEDOUT where somebody did not answer, with the answers of the others.
 */
CEPH_RADOS_API
int rados_notify2(rados_ioctx_t io,
                  const char *o,
                  const char *buf,
                  int buf_len,
                  uint64_t timeout_ms,
                  char **reply_buffer,
                  size_t *reply_buffer_len);

/** Acknowledges a notification, with an answer for the notifier. Returns 0. */
CEPH_RADOS_API
int rados_notify_ack(rados_ioctx_t io,
                     const char *o,
                     uint64_t notify_id,
                     uint64_t cookie,
                     const char *buf,
                     int buf_len);

/**
 * Lists objects from `start` up to `finish`, at most `result_size`, into `results`, to be freed
 * with `rados_object_list_free`; `*next` is moved behind them. `filter_buf` takes those through
 * that a filter of the OSDs does: its encoded name (`plain`, or `class.filter`) and what it wants,
 * for `plain` the name of an xattr behind `_` and its value. Returns how many; -EINVAL for a
 * `result_size` of 0, ends in the wrong order or a filter that there is not.
 */
CEPH_RADOS_API
int rados_object_list(rados_ioctx_t io,
                      rados_object_list_cursor start,
                      rados_object_list_cursor finish,
                      size_t result_size,
                      const char *filter_buf,
                      size_t filter_buf_len,
                      struct rados_object_list_item *results,
                      rados_object_list_cursor *next);

/** A cursor before the first object, to be freed with `rados_object_list_cursor_free`. */
CEPH_RADOS_API rados_object_list_cursor rados_object_list_begin(rados_ioctx_t io);

/** Compares two cursors: -1, 0 or 1. */
CEPH_RADOS_API
int rados_object_list_cursor_cmp(rados_ioctx_t io,
                                 rados_object_list_cursor lhs,
                                 rados_object_list_cursor rhs);

/** Frees a cursor. */
CEPH_RADOS_API void rados_object_list_cursor_free(rados_ioctx_t io, rados_object_list_cursor cur);

/** A cursor behind the last object, to be freed with `rados_object_list_cursor_free`. */
CEPH_RADOS_API rados_object_list_cursor rados_object_list_end(rados_ioctx_t io);

/** Frees what `rados_object_list` wrote into `results`. */
CEPH_RADOS_API
void rados_object_list_free(size_t result_size,
                            struct rados_object_list_item *results);

/** Whether the cursor is behind the last object. */
CEPH_RADOS_API int rados_object_list_is_end(rados_ioctx_t io, rados_object_list_cursor cur);

/**
 * Cuts what lies between two cursors into `m` parts and moves the split cursors around part
 * `n`.
 */
CEPH_RADOS_API
void rados_object_list_slice(rados_ioctx_t io,
                             rados_object_list_cursor start,
                             rados_object_list_cursor finish,
                             size_t n,
                             size_t m,
                             rados_object_list_cursor *split_start,
                             rados_object_list_cursor *split_finish);

/** Ends nothing. */
CEPH_RADOS_API __attribute__((deprecated)) void rados_objects_list_close(rados_list_ctx_t ctx);

/** Always 0. */
CEPH_RADOS_API
__attribute__((deprecated))
uint32_t rados_objects_list_get_pg_hash_position(rados_list_ctx_t ctx);

/** Finds nothing, as `rados_objects_list_open` begins nothing. Returns -EOPNOTSUPP. */
CEPH_RADOS_API
__attribute__((deprecated))
int rados_objects_list_next(rados_list_ctx_t ctx,
                            const char **entry,
                            const char **key);

/** Begins nothing: use `rados_nobjects_list_open`. Returns -EOPNOTSUPP, as Ceph's does. */
CEPH_RADOS_API
__attribute__((deprecated))
int rados_objects_list_open(rados_ioctx_t io,
                            rados_list_ctx_t *ctx);

/** Always 0. */
CEPH_RADOS_API
__attribute__((deprecated))
uint32_t rados_objects_list_seek(rados_list_ctx_t ctx,
                                 uint32_t pos);

/** Ends an iteration. */
CEPH_RADOS_API void rados_omap_get_end(rados_omap_iter_t iter);

/**
 * The next entry: its key as a string, and its value of `*len` bytes; NULL, NULL and 0 behind the
 * last. They stay valid until `rados_omap_get_end`. Returns 0.
 */
CEPH_RADOS_API int rados_omap_get_next(rados_omap_iter_t iter, char **key, char **val, size_t *len);

/** Like `rados_omap_get_next` with the key's length, for keys that contain zero bytes. */
CEPH_RADOS_API
int rados_omap_get_next2(rados_omap_iter_t iter,
                         char **key,
                         char **val,
                         size_t *key_len,
                         size_t *val_len);

/** The number of entries in all. */
CEPH_RADOS_API unsigned int rados_omap_iter_size(rados_omap_iter_t iter);

/** Like `rados_mon_command`, to an OSD. */
CEPH_RADOS_API
int rados_osd_command(rados_t cluster,
                      int osdid,
                      const char **cmd,
                      size_t cmdlen,
                      const char *inbuf,
                      size_t inbuflen,
                      char **outbuf,
                      size_t *outbuflen,
                      char **outs,
                      size_t *outslen);

/** Like `rados_mon_command`, to a placement group, `pool.hex`. */
CEPH_RADOS_API
int rados_pg_command(rados_t cluster,
                     const char *pgstr,
                     const char **cmd,
                     size_t cmdlen,
                     const char *inbuf,
                     size_t inbuflen,
                     char **outbuf,
                     size_t *outbuflen,
                     char **outs,
                     size_t *outslen);

/**
 * Asks the monitor of this name for a sign of life. `*outstr` becomes its answer, to be freed
 * with `rados_buffer_free`. Returns 0, -ENOENT where there is none of this name.
 */
CEPH_RADOS_API
int rados_ping_monitor(rados_t cluster,
                       const char *mon_id,
                       char **outstr,
                       size_t *outstrlen);

/** Makes a pool. Returns 0, -EEXIST. */
CEPH_RADOS_API int rados_pool_create(rados_t cluster, const char *pool_name);

/** Makes a pool with a CRUSH rule. `auid` must be `CEPH_AUTH_UID_DEFAULT`, -1, else -EINVAL. */
CEPH_RADOS_API
__attribute__((deprecated))
int rados_pool_create_with_all(rados_t cluster,
                               const char *pool_name,
                               uint64_t auid,
                               uint8_t crush_rule_num);

/** Makes a pool. `auid` must be `CEPH_AUTH_UID_DEFAULT`, -1, else -EINVAL. Returns 0, -EEXIST. */
CEPH_RADOS_API
__attribute__((deprecated))
int rados_pool_create_with_auid(rados_t cluster,
                                const char *pool_name,
                                uint64_t auid);

/** Makes a pool with a CRUSH rule. Returns 0, -EEXIST, -ENOENT. */
CEPH_RADOS_API
int rados_pool_create_with_crush_rule(rados_t cluster,
                                      const char *pool_name,
                                      uint8_t crush_rule_num);

/** Removes a pool and all that is in it. Returns 0, -ENOENT, -EPERM. */
CEPH_RADOS_API int rados_pool_delete(rados_t cluster, const char *pool_name);

/** The pool that a cache pool is for: the pool itself where it is none. Returns 0, -ENOENT. */
CEPH_RADOS_API int rados_pool_get_base_tier(rados_t cluster, int64_t pool, int64_t *base_tier);

/**
 * Writes the names of all pools into `buf`, each ended by a zero byte, the whole by another;
 * names that have no room are left out. Returns the size that holds all.
 */
CEPH_RADOS_API int rados_pool_list(rados_t cluster, char *buf, size_t len);

/** The number of a pool. Returns -ENOENT where there is none of this name. */
CEPH_RADOS_API int64_t rados_pool_lookup(rados_t cluster, const char *pool_name);

/** Writes the name of a pool and a zero byte into `buf`. Returns its length, -ENOENT, -ERANGE. */
CEPH_RADOS_API int rados_pool_reverse_lookup(rados_t cluster, int64_t id, char *buf, size_t maxlen);

/**
 * Reads up to `len` bytes from `off` on into `buf`. Returns the number of bytes read, fewer than
 * `len` at the object's end; -ENOENT; -EDOM where `len` is over 1 GiB.
 */
CEPH_RADOS_API
int rados_read(rados_ioctx_t io,
               const char *oid,
               char *buf,
               size_t len,
               uint64_t off);

/** The operation fails with -ENOENT unless the object exists. */
CEPH_RADOS_API void rados_read_op_assert_exists(rados_read_op_t read_op);

/**
 * The operation fails with -ERANGE where the object's version is newer than `ver`, with -EOVERFLOW
 * where it is older.
 */
CEPH_RADOS_API void rados_read_op_assert_version(rados_read_op_t read_op, uint64_t ver);

/** Computes checksums as `rados_checksum`. */
CEPH_RADOS_API
void rados_read_op_checksum(rados_read_op_t read_op,
                            enum rados_checksum_type_t type,
                            const char *init_value,
                            size_t init_value_len,
                            uint64_t offset,
                            size_t len,
                            size_t chunk_size,
                            char *pchecksum,
                            size_t checksum_len,
                            int *prval);

/**
 * The operation fails unless the `cmp_len` bytes from `off` on are these: `*prval` is 0, or -4095
 * - n where byte n of them is the first that differs.
 */
CEPH_RADOS_API
void rados_read_op_cmpext(rados_read_op_t read_op,
                          const char *cmp_buf,
                          size_t cmp_len,
                          uint64_t off,
                          int *prval);

/**
 * The operation fails with -ECANCELED unless `LIBRADOS_CMPXATTR_OP_*` holds between the xattr and
 * the value.
 */
CEPH_RADOS_API
void rados_read_op_cmpxattr(rados_read_op_t read_op,
                            const char *name,
                            uint8_t comparison_operator,
                            const char *value,
                            size_t value_len);

/**
 * Calls a method of an object class. `*out_buf` becomes its output of `*out_len` bytes, to be
 * freed with `rados_buffer_free`.
 */
CEPH_RADOS_API
void rados_read_op_exec(rados_read_op_t read_op,
                        const char *cls,
                        const char *method,
                        const char *in_buf,
                        size_t in_len,
                        char **out_buf,
                        size_t *out_len,
                        int *prval);

/**
 * Calls a method of an object class. Its output goes into `out_buf`, its length into `*used_len`;
 * `*prval` is -ERANGE where `out_len` is too small.
 */
CEPH_RADOS_API
void rados_read_op_exec_user_buf(rados_read_op_t read_op,
                                 const char *cls,
                                 const char *method,
                                 const char *in_buf,
                                 size_t in_len,
                                 char *out_buf,
                                 size_t out_len,
                                 size_t *used_len,
                                 int *prval);

/**
 * Gets all xattrs: `*iter` is set at once, and has them when the operation is done, to be read
 * with `rados_getxattrs_next`.
 */
CEPH_RADOS_API
void rados_read_op_getxattrs(rados_read_op_t read_op,
                             rados_xattrs_iter_t *iter,
                             int *prval);

/**
 * The operation fails with -ECANCELED unless `LIBRADOS_CMPXATTR_OP_*` holds between the value of
 * an omap key and the value given.
 */
CEPH_RADOS_API
void rados_read_op_omap_cmp(rados_read_op_t read_op,
                            const char *key,
                            uint8_t comparison_operator,
                            const char *val,
                            size_t val_len,
                            int *prval);

/** Like `rados_read_op_omap_cmp` for a key with a length. */
CEPH_RADOS_API
void rados_read_op_omap_cmp2(rados_read_op_t read_op,
                             const char *key,
                             uint8_t comparison_operator,
                             const char *val,
                             size_t key_len,
                             size_t val_len,
                             int *prval);

/** Gets omap keys behind `start_after`, at most `max_return`, without their values. */
CEPH_RADOS_API
__attribute__((deprecated))
void rados_read_op_omap_get_keys(rados_read_op_t read_op,
                                 const char *start_after,
                                 uint64_t max_return,
                                 rados_omap_iter_t *iter,
                                 int *prval);

/** Like `rados_read_op_omap_get_keys`; `*pmore` tells whether there are more. */
CEPH_RADOS_API
void rados_read_op_omap_get_keys2(rados_read_op_t read_op,
                                  const char *start_after,
                                  uint64_t max_return,
                                  rados_omap_iter_t *iter,
                                  unsigned char *pmore,
                                  int *prval);

/**
 * Gets omap entries behind `start_after` whose keys begin with `filter_prefix`, at most
 * `max_return`.
 */
CEPH_RADOS_API
__attribute__((deprecated))
void rados_read_op_omap_get_vals(rados_read_op_t read_op,
                                 const char *start_after,
                                 const char *filter_prefix,
                                 uint64_t max_return,
                                 rados_omap_iter_t *iter,
                                 int *prval);

/** Like `rados_read_op_omap_get_vals`; `*pmore` tells whether there are more. */
CEPH_RADOS_API
void rados_read_op_omap_get_vals2(rados_read_op_t read_op,
                                  const char *start_after,
                                  const char *filter_prefix,
                                  uint64_t max_return,
                                  rados_omap_iter_t *iter,
                                  unsigned char *pmore,
                                  int *prval);

/** Gets the omap entries of `keys_len` keys; those that do not exist are left out. */
CEPH_RADOS_API
void rados_read_op_omap_get_vals_by_keys(rados_read_op_t read_op,
                                         const char *const *keys,
                                         size_t keys_len,
                                         rados_omap_iter_t *iter,
                                         int *prval);

/** Like `rados_read_op_omap_get_vals_by_keys` for keys with lengths. */
CEPH_RADOS_API
void rados_read_op_omap_get_vals_by_keys2(rados_read_op_t read_op,
                                          const char *const *keys,
                                          size_t num_keys,
                                          const size_t *key_lens,
                                          rados_omap_iter_t *iter,
                                          int *prval);

/**
 * Runs the operation. Returns 0 or more, or the error of the step that failed. The operation is
 * empty afterwards.
 */
CEPH_RADOS_API
int rados_read_op_operate(rados_read_op_t read_op,
                          rados_ioctx_t io,
                          const char *oid,
                          int flags);

/**
 * Reads up to `len` bytes from `offset` on into `buffer`. `*bytes_read` is the number of bytes
 * read, `*prval` 0 or an error.
 */
CEPH_RADOS_API
void rados_read_op_read(rados_read_op_t read_op,
                        uint64_t offset,
                        size_t len,
                        char *buffer,
                        size_t *bytes_read,
                        int *prval);

/** Sets `LIBRADOS_OP_FLAG_*` of the step added last. */
CEPH_RADOS_API void rados_read_op_set_flags(rados_read_op_t read_op, int flags);

/** Gets size in bytes and modification time in seconds. */
CEPH_RADOS_API
void rados_read_op_stat(rados_read_op_t read_op,
                        uint64_t *psize,
                        time_t *pmtime,
                        int *prval);

/** Gets size in bytes and modification time in nanoseconds. */
CEPH_RADOS_API
void rados_read_op_stat2(rados_read_op_t read_op,
                         uint64_t *psize,
                         struct timespec *pmtime,
                         int *prval);

/** Ends a read operation. */
CEPH_RADOS_API void rados_release_read_op(rados_read_op_t read_op);

/** Ends a write operation. */
CEPH_RADOS_API void rados_release_write_op(rados_write_op_t write_op);

/** Removes an object. Returns 0, -ENOENT. */
CEPH_RADOS_API int rados_remove(rados_ioctx_t io, const char *oid);

/** Removes an xattr. Returns 0, also where there is no such xattr; -ENOENT without an object. */
CEPH_RADOS_API int rados_rmxattr(rados_ioctx_t io, const char *o, const char *name);

/** The same as `rados_ioctx_snap_rollback`, which is its newer name. */
CEPH_RADOS_API
__attribute__((deprecated))
int rados_rollback(rados_ioctx_t io,
                   const char *oid,
                   const char *snapname);

/**
 * Registers this process as a service of the cluster, with metadata: keys and values in turn,
 * each ended by a zero byte, the whole by another. Before or after `rados_connect`, once.
 * Returns 0,
 * -EEXIST.
 */
CEPH_RADOS_API
int rados_service_register(rados_t cluster,
                           const char *service,
                           const char *daemon,
                           const char *metadata_dict);

/** Updates the status of the service, a dict as `rados_service_register` takes it. Returns 0. */
CEPH_RADOS_API int rados_service_update_status(rados_t cluster, const char *status_dict);

/** Says how large the object and its writes will be. Creates the object. Returns 0. */
CEPH_RADOS_API
int rados_set_alloc_hint(rados_ioctx_t io,
                         const char *o,
                         uint64_t expected_object_size,
                         uint64_t expected_write_size);

/**
 * Says how large the object and its writes will be, and with `LIBRADOS_ALLOC_HINT_FLAG_*` how they
 * are used. Creates the object. Returns 0.
 */
CEPH_RADOS_API
int rados_set_alloc_hint2(rados_ioctx_t io,
                          const char *o,
                          uint64_t expected_object_size,
                          uint64_t expected_write_size,
                          uint32_t flags);

/** Lets later writes try although the cluster is full. */
CEPH_RADOS_API __attribute__((deprecated)) void rados_set_osdmap_full_try(rados_ioctx_t io);

/** Lets later writes try although the pool is full. */
CEPH_RADOS_API void rados_set_pool_full_try(rados_ioctx_t io);

/** Sets an xattr. Creates the object. Returns 0. */
CEPH_RADOS_API
int rados_setxattr(rados_ioctx_t io,
                   const char *o,
                   const char *name,
                   const char *buf,
                   size_t len);

/**
 * Ends a cluster handle. Its I/O contexts must have been destroyed. Does nothing to a
 * connection of the process that this one was forked from.
 */
CEPH_RADOS_API void rados_shutdown(rados_t cluster);

/** Size in bytes and time of the last modification in seconds. Returns 0, -ENOENT. */
CEPH_RADOS_API int rados_stat(rados_ioctx_t io, const char *o, uint64_t *psize, time_t *pmtime);

/** Size in bytes and time of the last modification in nanoseconds. Returns 0, -ENOENT. */
CEPH_RADOS_API
int rados_stat2(rados_ioctx_t io,
                const char *o,
                uint64_t *psize,
                struct timespec *pmtime);

/** Sets the object's size; what is added reads as zeros. Returns 0. */
CEPH_RADOS_API int rados_trunc(rados_ioctx_t io, const char *oid, uint64_t size);

/** Gives up a lock of this client. Returns 0, -ENOENT. */
CEPH_RADOS_API
int rados_unlock(rados_ioctx_t io,
                 const char *o,
                 const char *name,
                 const char *cookie);

/** Ends what `rados_set_osdmap_full_try` began. */
CEPH_RADOS_API __attribute__((deprecated)) void rados_unset_osdmap_full_try(rados_ioctx_t io);

/** Ends what `rados_set_pool_full_try` began. */
CEPH_RADOS_API void rados_unset_pool_full_try(rados_ioctx_t io);

/** Ends a watch. Returns 0. */
CEPH_RADOS_API
__attribute__((deprecated))
int rados_unwatch(rados_ioctx_t io,
                  const char *o,
                  uint64_t cookie);

/**
 * Ends a watch. None of its callbacks is called any more when this returns, but one may be
 * running: `rados_watch_flush` waits for that. Returns 0.
 */
CEPH_RADOS_API int rados_unwatch2(rados_ioctx_t io, uint64_t cookie);

/**
 * Says which version of the interface this library speaks: 3.0.0, as all of Ceph 16 to 20.
 *
 * Null pointers are skipped.
 */
CEPH_RADOS_API void rados_version(int *major, int *minor, int *extra);

/** Waits until this client knows the newest map. Returns 0. */
CEPH_RADOS_API int rados_wait_for_latest_osdmap(rados_t cluster);

/**
 * Watches an object in the old way: `watchcb` is called for each notification, which is then
 * acknowledged. `ver` is ignored. Returns 0, -ENOENT.
 */
CEPH_RADOS_API
__attribute__((deprecated))
int rados_watch(rados_ioctx_t io,
                const char *o,
                uint64_t ver,
                uint64_t *cookie,
                rados_watchcb_t watchcb,
                void *arg);

/**
 * Watches an object. `watchcb` is called for each notification, on a thread of the library,
 * and answers it with `rados_notify_ack`; `watcherrcb` when the watch is lost. Returns 0,
 * -ENOENT.
 */
CEPH_RADOS_API
int rados_watch2(rados_ioctx_t io,
                 const char *o,
                 uint64_t *cookie,
                 rados_watchcb2_t watchcb,
                 rados_watcherrcb_t watcherrcb,
                 void *arg);

/**
 * Like `rados_watch2`; without a sign of life for `timeout` seconds (0: the default) the watch
 * is dropped.
 */
CEPH_RADOS_API
int rados_watch3(rados_ioctx_t io,
                 const char *o,
                 uint64_t *cookie,
                 rados_watchcb2_t watchcb,
                 rados_watcherrcb_t watcherrcb,
                 uint32_t timeout,
                 void *arg);

/** How many milliseconds ago the watch was known to be alive; -ENOTCONN when it was lost. */
CEPH_RADOS_API int rados_watch_check(rados_ioctx_t io, uint64_t cookie);

/** Waits until the callbacks of all notifications that have arrived have returned. Returns 0. */
CEPH_RADOS_API int rados_watch_flush(rados_t cluster);

/**
 * Writes `len` bytes at `off`. Returns 0; -E2BIG where `len` is over 2 GiB, -EMSGSIZE where it
 * is over `osd_max_write_size`, -EFBIG where the object would get too large, -EROFS while the
 * context reads a snapshot.
 */
CEPH_RADOS_API
int rados_write(rados_ioctx_t io,
                const char *oid,
                const char *buf,
                size_t len,
                uint64_t off);

/**
 * Replaces the object's data by `len` bytes. Returns 0; -E2BIG where `len` is over 2 GiB,
 * -EMSGSIZE where it is over `osd_max_write_size`, -EROFS while the context reads a snapshot.
 */
CEPH_RADOS_API int rados_write_full(rados_ioctx_t io, const char *oid, const char *buf, size_t len);

/** Writes `len` bytes at the object's end. */
CEPH_RADOS_API
void rados_write_op_append(rados_write_op_t write_op,
                           const char *buffer,
                           size_t len);

/** The operation fails with -ENOENT unless the object exists. */
CEPH_RADOS_API void rados_write_op_assert_exists(rados_write_op_t write_op);

/**
 * The operation fails with -ERANGE where the object's version is newer than `ver`, with
 * -EOVERFLOW where it is older.
 */
CEPH_RADOS_API void rados_write_op_assert_version(rados_write_op_t write_op, uint64_t ver);

/**
 * The operation fails unless the `cmp_len` bytes from `off` on are these: `*prval` is 0, or
 * -4095 - n where byte n of them is the first that differs.
 */
CEPH_RADOS_API
void rados_write_op_cmpext(rados_write_op_t write_op,
                           const char *cmp_buf,
                           size_t cmp_len,
                           uint64_t off,
                           int *prval);

/**
 * The operation fails with -ECANCELED unless `LIBRADOS_CMPXATTR_OP_*` holds between the xattr
 * and the value.
 */
CEPH_RADOS_API
void rados_write_op_cmpxattr(rados_write_op_t write_op,
                             const char *name,
                             uint8_t comparison_operator,
                             const char *value,
                             size_t value_len);

/**
 * Creates the object; with `LIBRADOS_CREATE_EXCLUSIVE` the operation fails with -EEXIST where
 * it exists. `category` is ignored.
 */
CEPH_RADOS_API
void rados_write_op_create(rados_write_op_t write_op,
                           int exclusive,
                           const char *category);

/** Calls a method of an object class; `*prval` is what it returned. */
CEPH_RADOS_API
void rados_write_op_exec(rados_write_op_t write_op,
                         const char *cls,
                         const char *method,
                         const char *in_buf,
                         size_t in_len,
                         int *prval);

/** Removes all omap entries. */
CEPH_RADOS_API void rados_write_op_omap_clear(rados_write_op_t write_op);

/**
 * The operation fails with -ECANCELED unless `LIBRADOS_CMPXATTR_OP_*` holds between the value
 * of an omap key and the value given.
 */
CEPH_RADOS_API
void rados_write_op_omap_cmp(rados_write_op_t write_op,
                             const char *key,
                             uint8_t comparison_operator,
                             const char *val,
                             size_t val_len,
                             int *prval);

/** Like `rados_write_op_omap_cmp` for a key with a length. */
CEPH_RADOS_API
void rados_write_op_omap_cmp2(rados_write_op_t write_op,
                              const char *key,
                              uint8_t comparison_operator,
                              const char *val,
                              size_t key_len,
                              size_t val_len,
                              int *prval);

/** Removes omap entries by key. */
CEPH_RADOS_API
void rados_write_op_omap_rm_keys(rados_write_op_t write_op,
                                 const char *const *keys,
                                 size_t keys_len);

/** Removes omap entries by keys with lengths. */
CEPH_RADOS_API
void rados_write_op_omap_rm_keys2(rados_write_op_t write_op,
                                  const char *const *keys,
                                  const size_t *key_lens,
                                  size_t keys_len);

/** Removes the omap entries from `key_begin` on and before `key_end`. */
CEPH_RADOS_API
void rados_write_op_omap_rm_range2(rados_write_op_t write_op,
                                   const char *key_begin,
                                   size_t key_begin_len,
                                   const char *key_end,
                                   size_t key_end_len);

/** Sets `num` omap entries: keys are strings, values have the lengths of `lens`. */
CEPH_RADOS_API
void rados_write_op_omap_set(rados_write_op_t write_op,
                             const char *const *keys,
                             const char *const *vals,
                             const size_t *lens,
                             size_t num);

/** Sets `num` omap entries: keys and values have lengths. */
CEPH_RADOS_API
void rados_write_op_omap_set2(rados_write_op_t write_op,
                              const char *const *keys,
                              const char *const *vals,
                              const size_t *key_lens,
                              const size_t *val_lens,
                              size_t num);

/**
 * Runs the operation, with `*mtime` as the object's modification time unless NULL. Returns 0,
 * or the error of the step that failed; then nothing was changed. The operation is empty
 * afterwards.
 */
CEPH_RADOS_API
int rados_write_op_operate(rados_write_op_t write_op,
                           rados_ioctx_t io,
                           const char *oid,
                           time_t *mtime,
                           int flags);

/** Runs the operation like `rados_write_op_operate`, with a time in nanoseconds. */
CEPH_RADOS_API
int rados_write_op_operate2(rados_write_op_t write_op,
                            rados_ioctx_t io,
                            const char *oid,
                            struct timespec *mtime,
                            int flags);

/** Removes the object. */
CEPH_RADOS_API void rados_write_op_remove(rados_write_op_t write_op);

/** Removes an xattr. */
CEPH_RADOS_API void rados_write_op_rmxattr(rados_write_op_t write_op, const char *name);

/** Says how large the object and its writes will be. */
CEPH_RADOS_API
void rados_write_op_set_alloc_hint(rados_write_op_t write_op,
                                   uint64_t expected_object_size,
                                   uint64_t expected_write_size);

/**
 * Says how large the object and its writes will be, and with `LIBRADOS_ALLOC_HINT_FLAG_*` how
 * they are used.
 */
CEPH_RADOS_API
void rados_write_op_set_alloc_hint2(rados_write_op_t write_op,
                                    uint64_t expected_object_size,
                                    uint64_t expected_write_size,
                                    uint32_t flags);

/** Sets `LIBRADOS_OP_FLAG_*` of the step added last. */
CEPH_RADOS_API void rados_write_op_set_flags(rados_write_op_t write_op, int flags);

/** Sets an xattr. */
CEPH_RADOS_API
void rados_write_op_setxattr(rados_write_op_t write_op,
                             const char *name,
                             const char *value,
                             size_t value_len);

/** Sets the object's size to `offset`. */
CEPH_RADOS_API void rados_write_op_truncate(rados_write_op_t write_op, uint64_t offset);

/** Writes `len` bytes at `offset`. */
CEPH_RADOS_API
void rados_write_op_write(rados_write_op_t write_op,
                          const char *buffer,
                          size_t len,
                          uint64_t offset);

/** Replaces the object's data by `len` bytes. */
CEPH_RADOS_API
void rados_write_op_write_full(rados_write_op_t write_op,
                               const char *buffer,
                               size_t len);

/** Writes the `data_len` bytes of `buffer` again and again until `write_len` bytes are written. */
CEPH_RADOS_API
void rados_write_op_writesame(rados_write_op_t write_op,
                              const char *buffer,
                              size_t data_len,
                              size_t write_len,
                              uint64_t offset);

/** Makes `len` bytes from `offset` on read as zeros. */
CEPH_RADOS_API void rados_write_op_zero(rados_write_op_t write_op, uint64_t offset, uint64_t len);

/**
 * Writes the `data_len` bytes of `buf` again and again until `write_len` bytes are written
 * from `off` on. Returns 0; -EINVAL unless `write_len` is a multiple of `data_len`; or errors
 * as `rados_write`.
 */
CEPH_RADOS_API
int rados_writesame(rados_ioctx_t io,
                    const char *oid,
                    const char *buf,
                    size_t data_len,
                    size_t write_len,
                    uint64_t off);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* CEPH_LIBRADOS_H */
