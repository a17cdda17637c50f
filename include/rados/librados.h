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

CEPH_RADOS_API
int rados_aio_append(rados_ioctx_t io,
                     const char *oid,
                     rados_completion_t completion,
                     const char *buf,
                     size_t len);

CEPH_RADOS_API int rados_aio_cancel(rados_ioctx_t io, rados_completion_t completion);

CEPH_RADOS_API
int rados_aio_cmpext(rados_ioctx_t io,
                     const char *o,
                     rados_completion_t completion,
                     const char *cmp_buf,
                     size_t cmp_len,
                     uint64_t off);

CEPH_RADOS_API
int rados_aio_create_completion(void *cb_arg,
                                rados_callback_t cb_complete,
                                rados_callback_t cb_safe,
                                rados_completion_t *pc);

CEPH_RADOS_API
int rados_aio_create_completion2(void *cb_arg,
                                 rados_callback_t cb_complete,
                                 rados_completion_t *pc);

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

CEPH_RADOS_API int rados_aio_flush(rados_ioctx_t io);

CEPH_RADOS_API int rados_aio_flush_async(rados_ioctx_t io, rados_completion_t completion);

CEPH_RADOS_API int rados_aio_get_return_value(rados_completion_t c);

CEPH_RADOS_API uint64_t rados_aio_get_version(rados_completion_t c);

CEPH_RADOS_API
int rados_aio_getxattr(rados_ioctx_t io,
                       const char *o,
                       rados_completion_t completion,
                       const char *name,
                       char *buf,
                       size_t len);

CEPH_RADOS_API
int rados_aio_getxattrs(rados_ioctx_t io,
                        const char *oid,
                        rados_completion_t completion,
                        rados_xattrs_iter_t *iter);

CEPH_RADOS_API
void rados_aio_ioctx_selfmanaged_snap_create(rados_ioctx_t io,
                                             rados_snap_t *snapid,
                                             rados_completion_t completion);

CEPH_RADOS_API
void rados_aio_ioctx_selfmanaged_snap_remove(rados_ioctx_t io,
                                             rados_snap_t snapid,
                                             rados_completion_t completion);

CEPH_RADOS_API int rados_aio_is_complete(rados_completion_t c);

CEPH_RADOS_API int rados_aio_is_complete_and_cb(rados_completion_t c);

CEPH_RADOS_API int rados_aio_is_safe(rados_completion_t c);

CEPH_RADOS_API int rados_aio_is_safe_and_cb(rados_completion_t c);

CEPH_RADOS_API
int rados_aio_notify(rados_ioctx_t io,
                     const char *o,
                     rados_completion_t completion,
                     const char *buf,
                     int buf_len,
                     uint64_t timeout_ms,
                     char **reply_buffer,
                     size_t *reply_buffer_len);

CEPH_RADOS_API
int rados_aio_read(rados_ioctx_t io,
                   const char *oid,
                   rados_completion_t completion,
                   char *buf,
                   size_t len,
                   uint64_t off);

CEPH_RADOS_API
int rados_aio_read_op_operate(rados_read_op_t read_op,
                              rados_ioctx_t io,
                              rados_completion_t completion,
                              const char *oid,
                              int flags);

CEPH_RADOS_API void rados_aio_release(rados_completion_t c);

CEPH_RADOS_API
int rados_aio_remove(rados_ioctx_t io,
                     const char *oid,
                     rados_completion_t completion);

CEPH_RADOS_API
int rados_aio_rmxattr(rados_ioctx_t io,
                      const char *o,
                      rados_completion_t completion,
                      const char *name);

CEPH_RADOS_API
int rados_aio_setxattr(rados_ioctx_t io,
                       const char *o,
                       rados_completion_t completion,
                       const char *name,
                       const char *buf,
                       size_t len);

CEPH_RADOS_API
int rados_aio_stat(rados_ioctx_t io,
                   const char *o,
                   rados_completion_t completion,
                   uint64_t *psize,
                   time_t *pmtime);

CEPH_RADOS_API
int rados_aio_stat2(rados_ioctx_t io,
                    const char *o,
                    rados_completion_t completion,
                    uint64_t *psize,
                    struct timespec *pmtime);

CEPH_RADOS_API
int rados_aio_unlock(rados_ioctx_t io,
                     const char *o,
                     const char *name,
                     const char *cookie,
                     rados_completion_t completion);

CEPH_RADOS_API
int rados_aio_unwatch(rados_ioctx_t io,
                      uint64_t cookie,
                      rados_completion_t completion);

CEPH_RADOS_API int rados_aio_wait_for_complete(rados_completion_t c);

CEPH_RADOS_API int rados_aio_wait_for_complete_and_cb(rados_completion_t c);

CEPH_RADOS_API __attribute__((deprecated)) int rados_aio_wait_for_safe(rados_completion_t c);

CEPH_RADOS_API __attribute__((deprecated)) int rados_aio_wait_for_safe_and_cb(rados_completion_t c);

CEPH_RADOS_API
int rados_aio_watch(rados_ioctx_t io,
                    const char *o,
                    rados_completion_t completion,
                    uint64_t *handle,
                    rados_watchcb2_t watchcb,
                    rados_watcherrcb_t watcherrcb,
                    void *arg);

CEPH_RADOS_API
int rados_aio_watch2(rados_ioctx_t io,
                     const char *o,
                     rados_completion_t completion,
                     uint64_t *handle,
                     rados_watchcb2_t watchcb,
                     rados_watcherrcb_t watcherrcb,
                     uint32_t timeout,
                     void *arg);

CEPH_RADOS_API int rados_aio_watch_flush(rados_t cluster, rados_completion_t completion);

CEPH_RADOS_API
int rados_aio_write(rados_ioctx_t io,
                    const char *oid,
                    rados_completion_t completion,
                    const char *buf,
                    size_t len,
                    uint64_t off);

CEPH_RADOS_API
int rados_aio_write_full(rados_ioctx_t io,
                         const char *oid,
                         rados_completion_t completion,
                         const char *buf,
                         size_t len);

CEPH_RADOS_API
int rados_aio_write_op_operate(rados_write_op_t write_op,
                               rados_ioctx_t io,
                               rados_completion_t completion,
                               const char *oid,
                               time_t *mtime,
                               int flags);

CEPH_RADOS_API
int rados_aio_write_op_operate2(rados_write_op_t write_op,
                                rados_ioctx_t io,
                                rados_completion_t completion,
                                const char *oid,
                                struct timespec *mtime,
                                int flags);

CEPH_RADOS_API
int rados_aio_writesame(rados_ioctx_t io,
                        const char *oid,
                        rados_completion_t completion,
                        const char *buf,
                        size_t data_len,
                        size_t write_len,
                        uint64_t off);

CEPH_RADOS_API int rados_append(rados_ioctx_t io, const char *oid, const char *buf, size_t len);

CEPH_RADOS_API int rados_application_enable(rados_ioctx_t io, const char *app_name, int force);

CEPH_RADOS_API int rados_application_list(rados_ioctx_t io, char *values, size_t *values_len);

CEPH_RADOS_API
int rados_application_metadata_get(rados_ioctx_t io,
                                   const char *app_name,
                                   const char *key,
                                   char *value,
                                   size_t *value_len);

CEPH_RADOS_API
int rados_application_metadata_list(rados_ioctx_t io,
                                    const char *app_name,
                                    char *keys,
                                    size_t *key_len,
                                    char *values,
                                    size_t *vals_len);

CEPH_RADOS_API
int rados_application_metadata_remove(rados_ioctx_t io,
                                      const char *app_name,
                                      const char *key);

CEPH_RADOS_API
int rados_application_metadata_set(rados_ioctx_t io,
                                   const char *app_name,
                                   const char *key,
                                   const char *value);

CEPH_RADOS_API
__attribute__((deprecated))
int rados_blacklist_add(rados_t cluster,
                        char *client_address,
                        uint32_t expire_seconds);

CEPH_RADOS_API
int rados_blocklist_add(rados_t cluster,
                        char *client_address,
                        uint32_t expire_seconds);

CEPH_RADOS_API
int rados_break_lock(rados_ioctx_t io,
                     const char *o,
                     const char *name,
                     const char *client,
                     const char *cookie);

/** Frees memory that a rados function put into a `char **` argument. Null is fine. */
CEPH_RADOS_API void rados_buffer_free(char *buf);

CEPH_RADOS_API int rados_cache_pin(rados_ioctx_t io, const char *o);

CEPH_RADOS_API int rados_cache_unpin(rados_ioctx_t io, const char *o);

CEPH_RADOS_API rados_config_t rados_cct(rados_t cluster);

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

CEPH_RADOS_API int rados_cluster_fsid(rados_t cluster, char *buf, size_t len);

CEPH_RADOS_API int rados_cluster_stat(rados_t cluster, struct rados_cluster_stat_t *result);

CEPH_RADOS_API
int rados_cmpext(rados_ioctx_t io,
                 const char *o,
                 const char *cmp_buf,
                 size_t cmp_len,
                 uint64_t off);

CEPH_RADOS_API int rados_conf_get(rados_t cluster, const char *option, char *buf, size_t len);

CEPH_RADOS_API int rados_conf_parse_argv(rados_t cluster, int argc, const char **argv);

CEPH_RADOS_API
int rados_conf_parse_argv_remainder(rados_t cluster,
                                    int argc,
                                    const char **argv,
                                    const char **remargv);

CEPH_RADOS_API int rados_conf_parse_env(rados_t cluster, const char *var);

CEPH_RADOS_API int rados_conf_read_file(rados_t cluster, const char *path);

CEPH_RADOS_API int rados_conf_set(rados_t cluster, const char *option, const char *value);

CEPH_RADOS_API int rados_connect(rados_t cluster);

CEPH_RADOS_API int rados_create(rados_t *cluster, const char *id);

CEPH_RADOS_API
int rados_create2(rados_t *pcluster,
                  const char *clustername,
                  const char *name,
                  uint64_t flags);

CEPH_RADOS_API rados_read_op_t rados_create_read_op(void);

CEPH_RADOS_API int rados_create_with_context(rados_t *cluster, rados_config_t cct);

CEPH_RADOS_API rados_write_op_t rados_create_write_op(void);

CEPH_RADOS_API
int rados_decode_notify_response(char *reply_buffer,
                                 size_t reply_buffer_len,
                                 notify_ack_t **acks,
                                 size_t *nr_acks,
                                 notify_timeout_t **timeouts,
                                 size_t *nr_timeouts);

CEPH_RADOS_API
int rados_exec(rados_ioctx_t io,
               const char *oid,
               const char *cls,
               const char *method,
               const char *in_buf,
               size_t in_len,
               char *buf,
               size_t out_len);

CEPH_RADOS_API
void rados_free_notify_response(notify_ack_t *acks,
                                size_t nr_acks,
                                notify_timeout_t *timeouts);

CEPH_RADOS_API uint64_t rados_get_instance_id(rados_t cluster);

CEPH_RADOS_API uint64_t rados_get_last_version(rados_ioctx_t io);

CEPH_RADOS_API
int rados_get_min_compatible_client(rados_t cluster,
                                    int8_t *min_compat_client,
                                    int8_t *require_min_compat_client);

CEPH_RADOS_API int rados_get_min_compatible_osd(rados_t cluster, int8_t *require_osd_release);

CEPH_RADOS_API int rados_getaddrs(rados_t cluster, char **addrs);

CEPH_RADOS_API
int rados_getxattr(rados_ioctx_t io,
                   const char *o,
                   const char *name,
                   char *buf,
                   size_t len);

CEPH_RADOS_API int rados_getxattrs(rados_ioctx_t io, const char *oid, rados_xattrs_iter_t *iter);

CEPH_RADOS_API void rados_getxattrs_end(rados_xattrs_iter_t iter);

CEPH_RADOS_API
int rados_getxattrs_next(rados_xattrs_iter_t iter,
                         const char **name,
                         const char **val,
                         size_t *len);

CEPH_RADOS_API int rados_inconsistent_pg_list(rados_t cluster, int64_t pool, char *buf, size_t len);

CEPH_RADOS_API rados_config_t rados_ioctx_cct(rados_ioctx_t io);

CEPH_RADOS_API int rados_ioctx_create(rados_t cluster, const char *pool_name, rados_ioctx_t *ioctx);

CEPH_RADOS_API int rados_ioctx_create2(rados_t cluster, int64_t pool_id, rados_ioctx_t *ioctx);

CEPH_RADOS_API void rados_ioctx_destroy(rados_ioctx_t io);

CEPH_RADOS_API rados_t rados_ioctx_get_cluster(rados_ioctx_t io);

CEPH_RADOS_API int64_t rados_ioctx_get_id(rados_ioctx_t io);

CEPH_RADOS_API int rados_ioctx_get_namespace(rados_ioctx_t io, char *buf, unsigned int maxlen);

CEPH_RADOS_API int rados_ioctx_get_pool_name(rados_ioctx_t io, char *buf, unsigned int maxlen);

CEPH_RADOS_API void rados_ioctx_locator_set_key(rados_ioctx_t io, const char *key);

CEPH_RADOS_API
__attribute__((deprecated))
int rados_ioctx_pool_get_auid(rados_ioctx_t io,
                              uint64_t *auid);

CEPH_RADOS_API
__attribute__((deprecated))
uint64_t rados_ioctx_pool_required_alignment(rados_ioctx_t io);

CEPH_RADOS_API int rados_ioctx_pool_required_alignment2(rados_ioctx_t io, uint64_t *alignment);

CEPH_RADOS_API
__attribute__((deprecated))
int rados_ioctx_pool_requires_alignment(rados_ioctx_t io);

CEPH_RADOS_API int rados_ioctx_pool_requires_alignment2(rados_ioctx_t io, int *req);

CEPH_RADOS_API
__attribute__((deprecated))
int rados_ioctx_pool_set_auid(rados_ioctx_t io,
                              uint64_t auid);

CEPH_RADOS_API int rados_ioctx_pool_stat(rados_ioctx_t io, struct rados_pool_stat_t *stats);

CEPH_RADOS_API int rados_ioctx_selfmanaged_snap_create(rados_ioctx_t io, rados_snap_t *snapid);

CEPH_RADOS_API int rados_ioctx_selfmanaged_snap_remove(rados_ioctx_t io, rados_snap_t snapid);

CEPH_RADOS_API
int rados_ioctx_selfmanaged_snap_rollback(rados_ioctx_t io,
                                          const char *oid,
                                          rados_snap_t snapid);

CEPH_RADOS_API
int rados_ioctx_selfmanaged_snap_set_write_ctx(rados_ioctx_t io,
                                               rados_snap_t seq,
                                               rados_snap_t *snaps,
                                               int num_snaps);

CEPH_RADOS_API void rados_ioctx_set_namespace(rados_ioctx_t io, const char *nspace);

CEPH_RADOS_API int rados_ioctx_snap_create(rados_ioctx_t io, const char *snapname);

CEPH_RADOS_API
int rados_ioctx_snap_get_name(rados_ioctx_t io,
                              rados_snap_t id,
                              char *name,
                              int maxlen);

CEPH_RADOS_API int rados_ioctx_snap_get_stamp(rados_ioctx_t io, rados_snap_t id, time_t *t);

CEPH_RADOS_API int rados_ioctx_snap_list(rados_ioctx_t io, rados_snap_t *snaps, int maxlen);

CEPH_RADOS_API int rados_ioctx_snap_lookup(rados_ioctx_t io, const char *name, rados_snap_t *id);

CEPH_RADOS_API int rados_ioctx_snap_remove(rados_ioctx_t io, const char *snapname);

CEPH_RADOS_API
int rados_ioctx_snap_rollback(rados_ioctx_t io,
                              const char *oid,
                              const char *snapname);

CEPH_RADOS_API void rados_ioctx_snap_set_read(rados_ioctx_t io, rados_snap_t snap);

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

CEPH_RADOS_API
int rados_lock_exclusive(rados_ioctx_t io,
                         const char *oid,
                         const char *name,
                         const char *cookie,
                         const char *desc,
                         struct timeval *duration,
                         uint8_t flags);

CEPH_RADOS_API
int rados_lock_shared(rados_ioctx_t io,
                      const char *o,
                      const char *name,
                      const char *cookie,
                      const char *tag,
                      const char *desc,
                      struct timeval *duration,
                      uint8_t flags);

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

CEPH_RADOS_API
int rados_monitor_log(rados_t cluster,
                      const char *level,
                      rados_log_callback_t cb,
                      void *arg);

CEPH_RADOS_API
int rados_monitor_log2(rados_t cluster,
                       const char *level,
                       rados_log_callback2_t cb,
                       void *arg);

CEPH_RADOS_API void rados_nobjects_list_close(rados_list_ctx_t ctx);

CEPH_RADOS_API
int rados_nobjects_list_get_cursor(rados_list_ctx_t ctx,
                                   rados_object_list_cursor *cursor);

CEPH_RADOS_API uint32_t rados_nobjects_list_get_pg_hash_position(rados_list_ctx_t ctx);

CEPH_RADOS_API
int rados_nobjects_list_next(rados_list_ctx_t ctx,
                             const char **entry,
                             const char **key,
                             const char **nspace);

CEPH_RADOS_API
int rados_nobjects_list_next2(rados_list_ctx_t ctx,
                              const char **entry,
                              const char **key,
                              const char **nspace,
                              size_t *entry_size,
                              size_t *key_size,
                              size_t *nspace_size);

CEPH_RADOS_API int rados_nobjects_list_open(rados_ioctx_t io, rados_list_ctx_t *ctx);

CEPH_RADOS_API uint32_t rados_nobjects_list_seek(rados_list_ctx_t ctx, uint32_t pos);

CEPH_RADOS_API
uint32_t rados_nobjects_list_seek_cursor(rados_list_ctx_t ctx,
                                         rados_object_list_cursor cursor);

CEPH_RADOS_API
__attribute__((deprecated))
int rados_notify(rados_ioctx_t io,
                 const char *o,
                 uint64_t ver,
                 const char *buf,
                 int buf_len);

CEPH_RADOS_API
int rados_notify2(rados_ioctx_t io,
                  const char *o,
                  const char *buf,
                  int buf_len,
                  uint64_t timeout_ms,
                  char **reply_buffer,
                  size_t *reply_buffer_len);

CEPH_RADOS_API
int rados_notify_ack(rados_ioctx_t io,
                     const char *o,
                     uint64_t notify_id,
                     uint64_t cookie,
                     const char *buf,
                     int buf_len);

CEPH_RADOS_API
int rados_object_list(rados_ioctx_t io,
                      rados_object_list_cursor start,
                      rados_object_list_cursor finish,
                      size_t result_size,
                      const char *filter_buf,
                      size_t filter_buf_len,
                      struct rados_object_list_item *results,
                      rados_object_list_cursor *next);

CEPH_RADOS_API rados_object_list_cursor rados_object_list_begin(rados_ioctx_t io);

CEPH_RADOS_API
int rados_object_list_cursor_cmp(rados_ioctx_t io,
                                 rados_object_list_cursor lhs,
                                 rados_object_list_cursor rhs);

CEPH_RADOS_API void rados_object_list_cursor_free(rados_ioctx_t io, rados_object_list_cursor cur);

CEPH_RADOS_API rados_object_list_cursor rados_object_list_end(rados_ioctx_t io);

CEPH_RADOS_API
void rados_object_list_free(size_t result_size,
                            struct rados_object_list_item *results);

CEPH_RADOS_API int rados_object_list_is_end(rados_ioctx_t io, rados_object_list_cursor cur);

CEPH_RADOS_API
void rados_object_list_slice(rados_ioctx_t io,
                             rados_object_list_cursor start,
                             rados_object_list_cursor finish,
                             size_t n,
                             size_t m,
                             rados_object_list_cursor *split_start,
                             rados_object_list_cursor *split_finish);

CEPH_RADOS_API __attribute__((deprecated)) void rados_objects_list_close(rados_list_ctx_t ctx);

CEPH_RADOS_API
__attribute__((deprecated))
uint32_t rados_objects_list_get_pg_hash_position(rados_list_ctx_t ctx);

CEPH_RADOS_API
__attribute__((deprecated))
int rados_objects_list_next(rados_list_ctx_t ctx,
                            const char **entry,
                            const char **key);

CEPH_RADOS_API
__attribute__((deprecated))
int rados_objects_list_open(rados_ioctx_t io,
                            rados_list_ctx_t *ctx);

CEPH_RADOS_API
__attribute__((deprecated))
uint32_t rados_objects_list_seek(rados_list_ctx_t ctx,
                                 uint32_t pos);

CEPH_RADOS_API void rados_omap_get_end(rados_omap_iter_t iter);

CEPH_RADOS_API int rados_omap_get_next(rados_omap_iter_t iter, char **key, char **val, size_t *len);

CEPH_RADOS_API
int rados_omap_get_next2(rados_omap_iter_t iter,
                         char **key,
                         char **val,
                         size_t *key_len,
                         size_t *val_len);

CEPH_RADOS_API unsigned int rados_omap_iter_size(rados_omap_iter_t iter);

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

CEPH_RADOS_API
int rados_ping_monitor(rados_t cluster,
                       const char *mon_id,
                       char **outstr,
                       size_t *outstrlen);

CEPH_RADOS_API int rados_pool_create(rados_t cluster, const char *pool_name);

CEPH_RADOS_API
__attribute__((deprecated))
int rados_pool_create_with_all(rados_t cluster,
                               const char *pool_name,
                               uint64_t auid,
                               uint8_t crush_rule_num);

CEPH_RADOS_API
__attribute__((deprecated))
int rados_pool_create_with_auid(rados_t cluster,
                                const char *pool_name,
                                uint64_t auid);

CEPH_RADOS_API
int rados_pool_create_with_crush_rule(rados_t cluster,
                                      const char *pool_name,
                                      uint8_t crush_rule_num);

CEPH_RADOS_API int rados_pool_delete(rados_t cluster, const char *pool_name);

CEPH_RADOS_API int rados_pool_get_base_tier(rados_t cluster, int64_t pool, int64_t *base_tier);

CEPH_RADOS_API int rados_pool_list(rados_t cluster, char *buf, size_t len);

CEPH_RADOS_API int64_t rados_pool_lookup(rados_t cluster, const char *pool_name);

CEPH_RADOS_API int rados_pool_reverse_lookup(rados_t cluster, int64_t id, char *buf, size_t maxlen);

CEPH_RADOS_API
int rados_read(rados_ioctx_t io,
               const char *oid,
               char *buf,
               size_t len,
               uint64_t off);

CEPH_RADOS_API void rados_read_op_assert_exists(rados_read_op_t read_op);

CEPH_RADOS_API void rados_read_op_assert_version(rados_read_op_t read_op, uint64_t ver);

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

CEPH_RADOS_API
void rados_read_op_cmpext(rados_read_op_t read_op,
                          const char *cmp_buf,
                          size_t cmp_len,
                          uint64_t off,
                          int *prval);

CEPH_RADOS_API
void rados_read_op_cmpxattr(rados_read_op_t read_op,
                            const char *name,
                            uint8_t comparison_operator,
                            const char *value,
                            size_t value_len);

CEPH_RADOS_API
void rados_read_op_exec(rados_read_op_t read_op,
                        const char *cls,
                        const char *method,
                        const char *in_buf,
                        size_t in_len,
                        char **out_buf,
                        size_t *out_len,
                        int *prval);

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

CEPH_RADOS_API
void rados_read_op_getxattrs(rados_read_op_t read_op,
                             rados_xattrs_iter_t *iter,
                             int *prval);

CEPH_RADOS_API
void rados_read_op_omap_cmp(rados_read_op_t read_op,
                            const char *key,
                            uint8_t comparison_operator,
                            const char *val,
                            size_t val_len,
                            int *prval);

CEPH_RADOS_API
void rados_read_op_omap_cmp2(rados_read_op_t read_op,
                             const char *key,
                             uint8_t comparison_operator,
                             const char *val,
                             size_t key_len,
                             size_t val_len,
                             int *prval);

CEPH_RADOS_API
__attribute__((deprecated))
void rados_read_op_omap_get_keys(rados_read_op_t read_op,
                                 const char *start_after,
                                 uint64_t max_return,
                                 rados_omap_iter_t *iter,
                                 int *prval);

CEPH_RADOS_API
void rados_read_op_omap_get_keys2(rados_read_op_t read_op,
                                  const char *start_after,
                                  uint64_t max_return,
                                  rados_omap_iter_t *iter,
                                  unsigned char *pmore,
                                  int *prval);

CEPH_RADOS_API
__attribute__((deprecated))
void rados_read_op_omap_get_vals(rados_read_op_t read_op,
                                 const char *start_after,
                                 const char *filter_prefix,
                                 uint64_t max_return,
                                 rados_omap_iter_t *iter,
                                 int *prval);

CEPH_RADOS_API
void rados_read_op_omap_get_vals2(rados_read_op_t read_op,
                                  const char *start_after,
                                  const char *filter_prefix,
                                  uint64_t max_return,
                                  rados_omap_iter_t *iter,
                                  unsigned char *pmore,
                                  int *prval);

CEPH_RADOS_API
void rados_read_op_omap_get_vals_by_keys(rados_read_op_t read_op,
                                         const char *const *keys,
                                         size_t keys_len,
                                         rados_omap_iter_t *iter,
                                         int *prval);

CEPH_RADOS_API
void rados_read_op_omap_get_vals_by_keys2(rados_read_op_t read_op,
                                          const char *const *keys,
                                          size_t num_keys,
                                          const size_t *key_lens,
                                          rados_omap_iter_t *iter,
                                          int *prval);

CEPH_RADOS_API
int rados_read_op_operate(rados_read_op_t read_op,
                          rados_ioctx_t io,
                          const char *oid,
                          int flags);

CEPH_RADOS_API
void rados_read_op_read(rados_read_op_t read_op,
                        uint64_t offset,
                        size_t len,
                        char *buffer,
                        size_t *bytes_read,
                        int *prval);

CEPH_RADOS_API void rados_read_op_set_flags(rados_read_op_t read_op, int flags);

CEPH_RADOS_API
void rados_read_op_stat(rados_read_op_t read_op,
                        uint64_t *psize,
                        time_t *pmtime,
                        int *prval);

CEPH_RADOS_API
void rados_read_op_stat2(rados_read_op_t read_op,
                         uint64_t *psize,
                         struct timespec *pmtime,
                         int *prval);

CEPH_RADOS_API void rados_release_read_op(rados_read_op_t read_op);

CEPH_RADOS_API void rados_release_write_op(rados_write_op_t write_op);

CEPH_RADOS_API int rados_remove(rados_ioctx_t io, const char *oid);

CEPH_RADOS_API int rados_rmxattr(rados_ioctx_t io, const char *o, const char *name);

CEPH_RADOS_API
__attribute__((deprecated))
int rados_rollback(rados_ioctx_t io,
                   const char *oid,
                   const char *snapname);

CEPH_RADOS_API
int rados_service_register(rados_t cluster,
                           const char *service,
                           const char *daemon,
                           const char *metadata_dict);

CEPH_RADOS_API int rados_service_update_status(rados_t cluster, const char *status_dict);

CEPH_RADOS_API
int rados_set_alloc_hint(rados_ioctx_t io,
                         const char *o,
                         uint64_t expected_object_size,
                         uint64_t expected_write_size);

CEPH_RADOS_API
int rados_set_alloc_hint2(rados_ioctx_t io,
                          const char *o,
                          uint64_t expected_object_size,
                          uint64_t expected_write_size,
                          uint32_t flags);

CEPH_RADOS_API __attribute__((deprecated)) void rados_set_osdmap_full_try(rados_ioctx_t io);

CEPH_RADOS_API void rados_set_pool_full_try(rados_ioctx_t io);

CEPH_RADOS_API
int rados_setxattr(rados_ioctx_t io,
                   const char *o,
                   const char *name,
                   const char *buf,
                   size_t len);

CEPH_RADOS_API void rados_shutdown(rados_t cluster);

CEPH_RADOS_API int rados_stat(rados_ioctx_t io, const char *o, uint64_t *psize, time_t *pmtime);

CEPH_RADOS_API
int rados_stat2(rados_ioctx_t io,
                const char *o,
                uint64_t *psize,
                struct timespec *pmtime);

CEPH_RADOS_API int rados_trunc(rados_ioctx_t io, const char *oid, uint64_t size);

CEPH_RADOS_API
int rados_unlock(rados_ioctx_t io,
                 const char *o,
                 const char *name,
                 const char *cookie);

CEPH_RADOS_API __attribute__((deprecated)) void rados_unset_osdmap_full_try(rados_ioctx_t io);

CEPH_RADOS_API void rados_unset_pool_full_try(rados_ioctx_t io);

CEPH_RADOS_API
__attribute__((deprecated))
int rados_unwatch(rados_ioctx_t io,
                  const char *o,
                  uint64_t cookie);

CEPH_RADOS_API int rados_unwatch2(rados_ioctx_t io, uint64_t cookie);

/**
 * Says which version of the interface this library speaks: 3.0.0, as all of Ceph 16 to 20.
 *
 * Null pointers are skipped.
 */
CEPH_RADOS_API void rados_version(int *major, int *minor, int *extra);

CEPH_RADOS_API int rados_wait_for_latest_osdmap(rados_t cluster);

CEPH_RADOS_API
__attribute__((deprecated))
int rados_watch(rados_ioctx_t io,
                const char *o,
                uint64_t ver,
                uint64_t *cookie,
                rados_watchcb_t watchcb,
                void *arg);

CEPH_RADOS_API
int rados_watch2(rados_ioctx_t io,
                 const char *o,
                 uint64_t *cookie,
                 rados_watchcb2_t watchcb,
                 rados_watcherrcb_t watcherrcb,
                 void *arg);

CEPH_RADOS_API
int rados_watch3(rados_ioctx_t io,
                 const char *o,
                 uint64_t *cookie,
                 rados_watchcb2_t watchcb,
                 rados_watcherrcb_t watcherrcb,
                 uint32_t timeout,
                 void *arg);

CEPH_RADOS_API int rados_watch_check(rados_ioctx_t io, uint64_t cookie);

CEPH_RADOS_API int rados_watch_flush(rados_t cluster);

CEPH_RADOS_API
int rados_write(rados_ioctx_t io,
                const char *oid,
                const char *buf,
                size_t len,
                uint64_t off);

CEPH_RADOS_API int rados_write_full(rados_ioctx_t io, const char *oid, const char *buf, size_t len);

CEPH_RADOS_API
void rados_write_op_append(rados_write_op_t write_op,
                           const char *buffer,
                           size_t len);

CEPH_RADOS_API void rados_write_op_assert_exists(rados_write_op_t write_op);

CEPH_RADOS_API void rados_write_op_assert_version(rados_write_op_t write_op, uint64_t ver);

CEPH_RADOS_API
void rados_write_op_cmpext(rados_write_op_t write_op,
                           const char *cmp_buf,
                           size_t cmp_len,
                           uint64_t off,
                           int *prval);

CEPH_RADOS_API
void rados_write_op_cmpxattr(rados_write_op_t write_op,
                             const char *name,
                             uint8_t comparison_operator,
                             const char *value,
                             size_t value_len);

CEPH_RADOS_API
void rados_write_op_create(rados_write_op_t write_op,
                           int exclusive,
                           const char *category);

CEPH_RADOS_API
void rados_write_op_exec(rados_write_op_t write_op,
                         const char *cls,
                         const char *method,
                         const char *in_buf,
                         size_t in_len,
                         int *prval);

CEPH_RADOS_API void rados_write_op_omap_clear(rados_write_op_t write_op);

CEPH_RADOS_API
void rados_write_op_omap_cmp(rados_write_op_t write_op,
                             const char *key,
                             uint8_t comparison_operator,
                             const char *val,
                             size_t val_len,
                             int *prval);

CEPH_RADOS_API
void rados_write_op_omap_cmp2(rados_write_op_t write_op,
                              const char *key,
                              uint8_t comparison_operator,
                              const char *val,
                              size_t key_len,
                              size_t val_len,
                              int *prval);

CEPH_RADOS_API
void rados_write_op_omap_rm_keys(rados_write_op_t write_op,
                                 const char *const *keys,
                                 size_t keys_len);

CEPH_RADOS_API
void rados_write_op_omap_rm_keys2(rados_write_op_t write_op,
                                  const char *const *keys,
                                  const size_t *key_lens,
                                  size_t keys_len);

CEPH_RADOS_API
void rados_write_op_omap_rm_range2(rados_write_op_t write_op,
                                   const char *key_begin,
                                   size_t key_begin_len,
                                   const char *key_end,
                                   size_t key_end_len);

CEPH_RADOS_API
void rados_write_op_omap_set(rados_write_op_t write_op,
                             const char *const *keys,
                             const char *const *vals,
                             const size_t *lens,
                             size_t num);

CEPH_RADOS_API
void rados_write_op_omap_set2(rados_write_op_t write_op,
                              const char *const *keys,
                              const char *const *vals,
                              const size_t *key_lens,
                              const size_t *val_lens,
                              size_t num);

CEPH_RADOS_API
int rados_write_op_operate(rados_write_op_t write_op,
                           rados_ioctx_t io,
                           const char *oid,
                           time_t *mtime,
                           int flags);

CEPH_RADOS_API
int rados_write_op_operate2(rados_write_op_t write_op,
                            rados_ioctx_t io,
                            const char *oid,
                            struct timespec *mtime,
                            int flags);

CEPH_RADOS_API void rados_write_op_remove(rados_write_op_t write_op);

CEPH_RADOS_API void rados_write_op_rmxattr(rados_write_op_t write_op, const char *name);

CEPH_RADOS_API
void rados_write_op_set_alloc_hint(rados_write_op_t write_op,
                                   uint64_t expected_object_size,
                                   uint64_t expected_write_size);

CEPH_RADOS_API
void rados_write_op_set_alloc_hint2(rados_write_op_t write_op,
                                    uint64_t expected_object_size,
                                    uint64_t expected_write_size,
                                    uint32_t flags);

CEPH_RADOS_API void rados_write_op_set_flags(rados_write_op_t write_op, int flags);

CEPH_RADOS_API
void rados_write_op_setxattr(rados_write_op_t write_op,
                             const char *name,
                             const char *value,
                             size_t value_len);

CEPH_RADOS_API void rados_write_op_truncate(rados_write_op_t write_op, uint64_t offset);

CEPH_RADOS_API
void rados_write_op_write(rados_write_op_t write_op,
                          const char *buffer,
                          size_t len,
                          uint64_t offset);

CEPH_RADOS_API
void rados_write_op_write_full(rados_write_op_t write_op,
                               const char *buffer,
                               size_t len);

CEPH_RADOS_API
void rados_write_op_writesame(rados_write_op_t write_op,
                              const char *buffer,
                              size_t data_len,
                              size_t write_len,
                              uint64_t offset);

CEPH_RADOS_API void rados_write_op_zero(rados_write_op_t write_op, uint64_t offset, uint64_t len);

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
