#ifndef CEPH_LIBRBD_H
#define CEPH_LIBRBD_H

/* Generated from src/capi by cbindgen: change it there, then run `make headers`. */

#include <netinet/in.h>
#if defined(__linux__)
#include <linux/types.h>
#elif defined(__FreeBSD__)
#include <sys/types.h>
#endif
#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>
#include "../rados/librados.h"
#include "features.h"

/** One number for a version, to compare with. */
#define LIBRBD_VERSION(maj, min, extra) ((maj << 16) + (min << 8) + extra)
/** The version of this interface. */
#define LIBRBD_VERSION_CODE LIBRBD_VERSION(LIBRBD_VER_MAJOR, LIBRBD_VER_MINOR, LIBRBD_VER_EXTRA)

#if __GNUC__ >= 4
#define CEPH_RBD_API __attribute__ ((visibility ("default")))
#define CEPH_RBD_DEPRECATED __attribute__((deprecated))
/* Deprecated types appear in deprecated functions. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#else
#define CEPH_RBD_API
#define CEPH_RBD_DEPRECATED
#endif

/** The mirror_uuid that stands for this cluster in a list of site statuses. */
#define RBD_MIRROR_IMAGE_STATUS_LOCAL_MIRROR_UUID ""

/** Attribute of a mirroring peer: addresses of its monitors. */
#define RBD_MIRROR_PEER_ATTRIBUTE_NAME_MON_HOST "mon_host"

/** Attribute of a mirroring peer: the user's key. */
#define RBD_MIRROR_PEER_ATTRIBUTE_NAME_KEY "key"

/** Major version of the interface, as rbd_version() answers. */
#define LIBRBD_VER_MAJOR 1

/**
 * Minor version of the interface.
 *
 * The interface of the library whose behaviour is the measure, Ceph 16.2.15. The functions of
 * later versions are there too: ask the LIBRBD_SUPPORTS_* macros, as programs do anyway, because
 * distributions backport. A higher number here would promise the later versions' behaviour.
 */
#define LIBRBD_VER_MINOR 16

/** Third part of the interface's version. */
#define LIBRBD_VER_EXTRA 0

/** rbd_aio_flush() is there. */
#define LIBRBD_SUPPORTS_AIO_FLUSH 1

/** rbd_aio_open() is there. */
#define LIBRBD_SUPPORTS_AIO_OPEN 1

/** rbd_compare_and_write() is there. */
#define LIBRBD_SUPPORTS_COMPARE_AND_WRITE 1

/** rbd_aio_compare_and_writev() is there. */
#define LIBRBD_SUPPORTS_COMPARE_AND_WRITE_IOVEC 1

/** rbd_lock_acquire() and its family are there. */
#define LIBRBD_SUPPORTS_LOCKING 1

/** rbd_invalidate_cache() is there. */
#define LIBRBD_SUPPORTS_INVALIDATE 1

/** rbd_aio_readv() and rbd_aio_writev() are there. */
#define LIBRBD_SUPPORTS_IOVEC 1

/** Always 0. */
#define LIBRBD_SUPPORTS_WATCH 0

/** rbd_writesame() is there. */
#define LIBRBD_SUPPORTS_WRITESAME 1

/** rbd_write_zeroes() is there. */
#define LIBRBD_SUPPORTS_WRITE_ZEROES 1

/** rbd_encryption_load() is there. */
#define LIBRBD_SUPPORTS_ENCRYPTION 1

/** rbd_encryption_load2() is there. */
#define LIBRBD_SUPPORTS_ENCRYPTION_LOAD2 1

/** rbd_group_snap_get_info() is there. */
#define LIBRBD_SUPPORTS_GROUP_SNAP_GET_INFO 1

/** rbd_diff_iterate3() is there. */
#define LIBRBD_SUPPORTS_DIFF_ITERATE3 1

/** Flag of an image: its object map must be rebuilt. */
#define RBD_FLAG_OBJECT_MAP_INVALID (1 << 0)

/** Flag of an image: what its object map says about changes must be rebuilt. */
#define RBD_FLAG_FAST_DIFF_INVALID (1 << 1)

/** Room for an image's name with its closing zero, in old calls. */
#define RBD_MAX_IMAGE_NAME_SIZE 96

/** Room for the prefix of an image's data objects with its closing zero, in old calls. */
#define RBD_MAX_BLOCK_NAME_SIZE 24

/** rbd_snap_create2(): do not ask the image's users to be quiet. */
#define RBD_SNAP_CREATE_SKIP_QUIESCE (1 << 0)

/** rbd_snap_create2(): go on where a user of the image could not be quiet. */
#define RBD_SNAP_CREATE_IGNORE_QUIESCE_ERROR (1 << 1)

/** rbd_snap_remove2(): unprotect the snapshot first. */
#define RBD_SNAP_REMOVE_UNPROTECT (1 << 0)

/** rbd_snap_remove2(): flatten its clones first. */
#define RBD_SNAP_REMOVE_FLATTEN (1 << 1)

/** rbd_snap_remove2(): both. */
#define RBD_SNAP_REMOVE_FORCE (RBD_SNAP_REMOVE_UNPROTECT | RBD_SNAP_REMOVE_FLATTEN)

/** Whether an image is mirrored. */
typedef enum rbd_mirror_image_state_t {
    /** It is being turned off. */
    RBD_MIRROR_IMAGE_DISABLING = 0,
    /** Yes. */
    RBD_MIRROR_IMAGE_ENABLED = 1,
    /** No. */
    RBD_MIRROR_IMAGE_DISABLED = 2,
    /** It is being set up. */
    RBD_MIRROR_IMAGE_CREATING = 3,
} rbd_mirror_image_state_t;

/** What mirroring is doing with an image. */
typedef enum rbd_mirror_image_status_state_t {
    /** Not known. */
    MIRROR_IMAGE_STATUS_STATE_UNKNOWN = 0,
    /** It failed. */
    MIRROR_IMAGE_STATUS_STATE_ERROR = 1,
    /** Copying the whole image. */
    MIRROR_IMAGE_STATUS_STATE_SYNCING = 2,
    /** Starting to follow. */
    MIRROR_IMAGE_STATUS_STATE_STARTING_REPLAY = 3,
    /** Following. */
    MIRROR_IMAGE_STATUS_STATE_REPLAYING = 4,
    /** Stopping to follow. */
    MIRROR_IMAGE_STATUS_STATE_STOPPING_REPLAY = 5,
    /** Stopped. */
    MIRROR_IMAGE_STATUS_STATE_STOPPED = 6,
} rbd_mirror_image_status_state_t;

/** How an image is mirrored. */
typedef enum rbd_mirror_image_mode_t {
    /** Through its journal. */
    RBD_MIRROR_IMAGE_MODE_JOURNAL = 0,
    /** By snapshots. */
    RBD_MIRROR_IMAGE_MODE_SNAPSHOT = 1,
} rbd_mirror_image_mode_t;

/** Where an image's setting comes from. */
typedef enum rbd_config_source_t {
    /** ceph.conf, the program, or the default. */
    RBD_CONFIG_SOURCE_CONFIG = 0,
    /** The pool. */
    RBD_CONFIG_SOURCE_POOL = 1,
    /** The image. */
    RBD_CONFIG_SOURCE_IMAGE = 2,
} rbd_config_source_t;

/** Formats of encryption. */
typedef enum rbd_encryption_format_t {
    /** LUKS, first version. */
    RBD_ENCRYPTION_FORMAT_LUKS1 = 0,
    /** LUKS, second version. */
    RBD_ENCRYPTION_FORMAT_LUKS2 = 1,
    /** Whichever of the two the image has: for loading only. */
    RBD_ENCRYPTION_FORMAT_LUKS = 2,
} rbd_encryption_format_t;

/** Who made a snapshot. */
typedef enum rbd_snap_namespace_type_t {
    /** A user. */
    RBD_SNAP_NAMESPACE_TYPE_USER = 0,
    /** A snapshot of the image's group. */
    RBD_SNAP_NAMESPACE_TYPE_GROUP = 1,
    /** It was removed but clones still need it. */
    RBD_SNAP_NAMESPACE_TYPE_TRASH = 2,
    /** Mirroring. */
    RBD_SNAP_NAMESPACE_TYPE_MIRROR = 3,
} rbd_snap_namespace_type_t;

/** Whether an image is in its group for good. */
typedef enum rbd_group_image_state_t {
    /** Yes. */
    RBD_GROUP_IMAGE_STATE_ATTACHED = 0,
    /** It is being added or removed. */
    RBD_GROUP_IMAGE_STATE_INCOMPLETE = 1,
} rbd_group_image_state_t;

/** Whether a group's snapshot is finished. */
typedef enum rbd_group_snap_state_t {
    /** Some image's snapshot is missing. */
    RBD_GROUP_SNAP_STATE_INCOMPLETE = 0,
    /** Yes. */
    RBD_GROUP_SNAP_STATE_COMPLETE = 1,
} rbd_group_snap_state_t;

/** Who made a group's snapshot. */
typedef enum rbd_group_snap_namespace_type_t {
    /** A user. */
    RBD_GROUP_SNAP_NAMESPACE_TYPE_USER = 0,
} rbd_group_snap_namespace_type_t;

/** Ways to own an image: rbd_lock_acquire(). */
typedef enum rbd_lock_mode_t {
    /** Alone, until released. */
    RBD_LOCK_MODE_EXCLUSIVE = 0,
    /** With others. Not supported by Ceph either. */
    RBD_LOCK_MODE_SHARED = 1,
    /** Alone for a short time: others wait instead of failing. */
    RBD_LOCK_MODE_EXCLUSIVE_TRANSIENT = 2,
} rbd_lock_mode_t;

/** How far a live migration is. */
typedef enum rbd_image_migration_state_t {
    /** Not known. */
    RBD_IMAGE_MIGRATION_STATE_UNKNOWN = -1,
    /** It failed. */
    RBD_IMAGE_MIGRATION_STATE_ERROR = 0,
    /** Being prepared. */
    RBD_IMAGE_MIGRATION_STATE_PREPARING = 1,
    /** Prepared. */
    RBD_IMAGE_MIGRATION_STATE_PREPARED = 2,
    /** Copying. */
    RBD_IMAGE_MIGRATION_STATE_EXECUTING = 3,
    /** Copied, not yet committed. */
    RBD_IMAGE_MIGRATION_STATE_EXECUTED = 4,
    /** Being undone. */
    RBD_IMAGE_MIGRATION_STATE_ABORTING = 5,
} rbd_image_migration_state_t;

/** Whether the images of a pool are mirrored. */
typedef enum rbd_mirror_mode_t {
    /** No. */
    RBD_MIRROR_MODE_DISABLED = 0,
    /** Those for which it is turned on. */
    RBD_MIRROR_MODE_IMAGE = 1,
    /** All those that have a journal. */
    RBD_MIRROR_MODE_POOL = 2,
    /** Prepared but turned off. */
    RBD_MIRROR_MODE_INIT_ONLY = 3,
} rbd_mirror_mode_t;

/** Which way a peer mirrors. */
typedef enum rbd_mirror_peer_direction_t {
    /** From the peer to here. */
    RBD_MIRROR_PEER_DIRECTION_RX = 0,
    /** From here to the peer. */
    RBD_MIRROR_PEER_DIRECTION_TX = 1,
    /** Both. */
    RBD_MIRROR_PEER_DIRECTION_RX_TX = 2,
} rbd_mirror_peer_direction_t;

/** What a snapshot made for mirroring is. */
typedef enum rbd_snap_mirror_state_t {
    /** Made on the original. */
    RBD_SNAP_MIRROR_STATE_PRIMARY = 0,
    /** Made when the original became a copy. */
    RBD_SNAP_MIRROR_STATE_PRIMARY_DEMOTED = 1,
    /** Made on a copy. */
    RBD_SNAP_MIRROR_STATE_NON_PRIMARY = 2,
    /** Copied from one made when the original became a copy. */
    RBD_SNAP_MIRROR_STATE_NON_PRIMARY_DEMOTED = 3,
} rbd_snap_mirror_state_t;

/** Who moved an image to the trash. */
typedef enum rbd_trash_image_source_t {
    /** A user. */
    RBD_TRASH_IMAGE_SOURCE_USER = 0,
    /** Mirroring. */
    RBD_TRASH_IMAGE_SOURCE_MIRRORING = 1,
    /** A migration. */
    RBD_TRASH_IMAGE_SOURCE_MIGRATION = 2,
    /** A removal on its way. */
    RBD_TRASH_IMAGE_SOURCE_REMOVING = 3,
    /** A user, of an image that clones still need. */
    RBD_TRASH_IMAGE_SOURCE_USER_PARENT = 4,
} rbd_trash_image_source_t;

/** What kind of descriptor rbd_set_image_notification() was given. */
enum {
    /** A pipe: one byte is written to it. */
    EVENT_TYPE_PIPE = 1,
    /** An eventfd: 1 is added to it. */
    EVENT_TYPE_EVENTFD = 2,
};

/** Options of rbd_image_options_set_string() and rbd_image_options_set_uint64(). */
enum {
    /** Number: format of the image, 2. */
    RBD_IMAGE_OPTION_FORMAT = 0,
    /** Number: RBD_FEATURE_*, instead of the defaults. */
    RBD_IMAGE_OPTION_FEATURES = 1,
    /** Number: logarithm to base 2 of the object size. */
    RBD_IMAGE_OPTION_ORDER = 2,
    /** Number: bytes of a stripe unit. */
    RBD_IMAGE_OPTION_STRIPE_UNIT = 3,
    /** Number: objects striped over. */
    RBD_IMAGE_OPTION_STRIPE_COUNT = 4,
    /** Number: logarithm to base 2 of the size of the journal's objects. */
    RBD_IMAGE_OPTION_JOURNAL_ORDER = 5,
    /** Number: journal objects written at a time. */
    RBD_IMAGE_OPTION_JOURNAL_SPLAY_WIDTH = 6,
    /** String: pool of the journal. */
    RBD_IMAGE_OPTION_JOURNAL_POOL = 7,
    /** Number: RBD_FEATURE_* to add to the defaults. */
    RBD_IMAGE_OPTION_FEATURES_SET = 8,
    /** Number: RBD_FEATURE_* to take from the defaults. */
    RBD_IMAGE_OPTION_FEATURES_CLEAR = 9,
    /** String: pool of the data. */
    RBD_IMAGE_OPTION_DATA_POOL = 10,
    /** Number: not 0 to make a copy independent of the parent. */
    RBD_IMAGE_OPTION_FLATTEN = 11,
    /** Number: 1 or 2. */
    RBD_IMAGE_OPTION_CLONE_FORMAT = 12,
    /** Number: rbd_mirror_image_mode_t. */
    RBD_IMAGE_OPTION_MIRROR_IMAGE_MODE = 13,
};

/** Questions of rbd_pool_stats_option_add_uint64(). Each answer is an uint64_t. */
typedef enum rbd_pool_stat_option_t {
    /** Images. */
    RBD_POOL_STAT_OPTION_IMAGES = 0,
    /** Sum of their sizes, in bytes. */
    RBD_POOL_STAT_OPTION_IMAGE_PROVISIONED_BYTES = 1,
    /** Sum of the largest sizes among each image and its snapshots. */
    RBD_POOL_STAT_OPTION_IMAGE_MAX_PROVISIONED_BYTES = 2,
    /** Snapshots of images. */
    RBD_POOL_STAT_OPTION_IMAGE_SNAPSHOTS = 3,
    /** Images in the trash. */
    RBD_POOL_STAT_OPTION_TRASH_IMAGES = 4,
    /** Sum of their sizes, in bytes. */
    RBD_POOL_STAT_OPTION_TRASH_PROVISIONED_BYTES = 5,
    /** Sum of the largest sizes among each of them and its snapshots. */
    RBD_POOL_STAT_OPTION_TRASH_MAX_PROVISIONED_BYTES = 6,
    /** Snapshots of images in the trash. */
    RBD_POOL_STAT_OPTION_TRASH_SNAPSHOTS = 7,
} rbd_pool_stat_option_t;

/** Flags of rbd_write_zeroes() and rbd_aio_write_zeroes(). */
enum {
    /** Keep the space allocated. */
    RBD_WRITE_ZEROES_FLAG_THICK_PROVISION = (1 << 0),
};

/** Flags of rbd_diff_iterate3(). */
enum {
    /** Data of the parent counts too. */
    RBD_DIFF_ITERATE_FLAG_INCLUDE_PARENT = (1 << 0),
    /** Report whole objects instead of exact extents. */
    RBD_DIFF_ITERATE_FLAG_WHOLE_OBJECT = (1 << 1),
};

/** Ciphers. */
typedef enum rbd_encryption_algorithm_t {
    /** AES in XTS mode, keys of 128 bits. */
    RBD_ENCRYPTION_ALGORITHM_AES128 = 0,
    /** AES in XTS mode, keys of 256 bits. */
    RBD_ENCRYPTION_ALGORITHM_AES256 = 1,
} rbd_encryption_algorithm_t;

/** An open image: rbd_open() and its family, rbd_close(). Any thread may use it. */
typedef void *rbd_image_t;

/** An asynchronous operation: made by rbd_aio_create_completion(), freed by rbd_aio_release(). */
typedef void *rbd_completion_t;

/** Called once when an asynchronous operation is complete, on a thread of the library. */
typedef void (*rbd_callback_t)(rbd_completion_t cb, void *arg);

/** An image's part in mirroring. */
typedef struct rbd_mirror_image_info_t {
    /** The id it has on all sites. */
    char *global_id;
    /** Whether it is mirrored. */
    enum rbd_mirror_image_state_t state;
    /** Whether it is the original. */
    bool primary;
} rbd_mirror_image_info_t;

/** What one site is doing with a mirrored image. */
typedef struct rbd_mirror_image_site_status_t {
    /** The site; RBD_MIRROR_IMAGE_STATUS_LOCAL_MIRROR_UUID for this one. */
    char *mirror_uuid;
    /** What is being done. */
    enum rbd_mirror_image_status_state_t state;
    /** The same in words. */
    char *description;
    /** When this was reported, in seconds since 1970. */
    time_t last_update;
    /** Whether the reporting daemon is alive. */
    bool up;
} rbd_mirror_image_site_status_t;

/** What all sites are doing with a mirrored image. */
typedef struct rbd_mirror_image_global_status_t {
    /** Name of the image. */
    char *name;
    /** Its part in mirroring. */
    struct rbd_mirror_image_info_t info;
    /** Elements of site_statuses. */
    uint32_t site_statuses_count;
    /** One for each site. */
    struct rbd_mirror_image_site_status_t *site_statuses;
} rbd_mirror_image_global_status_t;

/** What mirroring is doing with an image, seen from one site. */
typedef struct CEPH_RBD_DEPRECATED rbd_mirror_image_status_t {
    /** Name of the image. */
    char *name;
    /** Its part in mirroring. */
    struct rbd_mirror_image_info_t info;
    /** What is being done. */
    enum rbd_mirror_image_status_state_t state;
    /** The same in words. */
    char *description;
    /** When this was reported, in seconds since 1970. */
    time_t last_update;
    /** Whether the reporting daemon is alive. */
    bool up;
} rbd_mirror_image_status_t;

/** Options for creating, cloning and copying images: rbd_image_options_create(). */
typedef void *rbd_image_options_t;

/** A setting of an image or pool. */
typedef struct rbd_config_option_t {
    /** Its name. */
    char *name;
    /** Its value as text. */
    char *value;
    /** Where the value comes from. */
    enum rbd_config_source_t source;
} rbd_config_option_t;

/** Told how far a long operation is. A negative answer stops it, where it can be stopped. */
typedef int (*librbd_progress_fn_t)(uint64_t offset, uint64_t total, void *ptr);

/** One of the rbd_encryption_*_format_options_t, whichever fits the format given beside it. */
typedef void *rbd_encryption_options_t;

/** How to open one image of a chain of clones: rbd_encryption_load2(). */
typedef struct rbd_encryption_spec_t {
    /** Its format. */
    enum rbd_encryption_format_t format;
    /** Options of that format. */
    rbd_encryption_options_t opts;
    /** Bytes of them. */
    size_t opts_size;
} rbd_encryption_spec_t;

/** A group of images. */
typedef struct rbd_group_info_t {
    /** Its name. */
    char *name;
    /** Id of its pool. */
    int64_t pool;
} rbd_group_info_t;

/** A parent or child of an image: where it is and what it is called. */
typedef struct rbd_linked_image_spec_t {
    /** Id of its pool. */
    int64_t pool_id;
    /** Name of its pool. */
    char *pool_name;
    /** Its namespace, empty for the default one. */
    char *pool_namespace;
    /** Its id. */
    char *image_id;
    /** Its name. */
    char *image_name;
    /** Whether it is in the trash. */
    bool trash;
} rbd_linked_image_spec_t;

/** A snapshot: id, kind and name. */
typedef struct rbd_snap_spec_t {
    /** Its id. */
    uint64_t id;
    /** Who made it. */
    enum rbd_snap_namespace_type_t namespace_type;
    /** Its name. */
    char *name;
} rbd_snap_spec_t;

/** An image of a group. */
typedef struct rbd_group_image_info_t {
    /** Its name. */
    char *name;
    /** Id of its pool. */
    int64_t pool;
    /** Whether it is in for good. */
    enum rbd_group_image_state_t state;
} rbd_group_image_info_t;

/** One image's snapshot within a snapshot of its group. */
typedef struct rbd_group_image_snap_info_t {
    /** Name of the image. */
    char *image_name;
    /** Id of the image's pool. */
    int64_t pool_id;
    /** Id of the image's snapshot. */
    uint64_t snap_id;
} rbd_group_image_snap_info_t;

/** A snapshot of a group, as rbd_group_snap_list2() knows it. */
typedef struct rbd_group_snap_info2_t {
    /** Its id. */
    char *id;
    /** Its name. */
    char *name;
    /** Name of the images' snapshots. */
    char *image_snap_name;
    /** Whether it is finished. */
    enum rbd_group_snap_state_t state;
    /** Who made it. */
    enum rbd_group_snap_namespace_type_t namespace_type;
    /** Elements of image_snaps. */
    size_t image_snaps_count;
    /** One for each image. */
    struct rbd_group_image_snap_info_t *image_snaps;
} rbd_group_snap_info2_t;

/** A snapshot of a group, as rbd_group_snap_list() knows it. */
typedef struct rbd_group_snap_info_t {
    /** Its name. */
    char *name;
    /** Whether it is finished. */
    enum rbd_group_snap_state_t state;
} rbd_group_snap_info_t;

/** Id and name of an image. */
typedef struct rbd_image_spec_t {
    /** Its id. */
    char *id;
    /** Its name. */
    char *name;
} rbd_image_spec_t;

/** One clone in the answer of rbd_list_children2(). */
typedef struct rbd_child_info_t {
    /** Name of its pool. */
    const char *pool_name;
    /** Its name. */
    const char *image_name;
    /** Its id. */
    const char *image_id;
    /** Whether it is in the trash. */
    bool trash;
} rbd_child_info_t;

/** A live migration. */
typedef struct rbd_image_migration_status_t {
    /** Id of the source's pool. */
    int64_t source_pool_id;
    /** Namespace of the source. */
    char *source_pool_namespace;
    /** Name of the source. */
    char *source_image_name;
    /** Id of the source. */
    char *source_image_id;
    /** Id of the target's pool. */
    int64_t dest_pool_id;
    /** Namespace of the target. */
    char *dest_pool_namespace;
    /** Name of the target. */
    char *dest_image_name;
    /** Id of the target. */
    char *dest_image_id;
    /** How far it is. */
    enum rbd_image_migration_state_t state;
    /** The same in words. */
    char *state_description;
} rbd_image_migration_status_t;

/** A mirroring peer, as rbd_mirror_peer_list() knows it. */
typedef struct CEPH_RBD_DEPRECATED rbd_mirror_peer_t {
    /** Its id. */
    char *uuid;
    /** Name of its cluster. */
    char *cluster_name;
    /** The user that mirroring connects as. */
    char *client_name;
} rbd_mirror_peer_t;

/** A mirroring peer. */
typedef struct rbd_mirror_peer_site_t {
    /** Its id. */
    char *uuid;
    /** Which way it mirrors. */
    enum rbd_mirror_peer_direction_t direction;
    /** Name of its site. */
    char *site_name;
    /** Id of its mirroring daemon. */
    char *mirror_uuid;
    /** The user that mirroring connects as. */
    char *client_name;
    /** When it was last heard of, in seconds since 1970. */
    time_t last_seen;
} rbd_mirror_peer_site_t;

/** A set of questions about a pool's images: rbd_pool_stats_create(). */
typedef void *rbd_pool_stats_t;

/** Told that an image's header changed, or that it should be quiesced; on a thread of the library. */
typedef void (*rbd_update_callback_t)(void *arg);

/** Where a snapshot made for a group comes from. */
typedef struct rbd_snap_group_namespace_t {
    /** Id of the group's pool. */
    int64_t group_pool;
    /** Name of the group. */
    char *group_name;
    /** Name of the group's snapshot. */
    char *group_snap_name;
} rbd_snap_group_namespace_t;

/** Where a snapshot made for mirroring comes from and how far it is copied. */
typedef struct rbd_snap_mirror_namespace_t {
    /** What it is. */
    enum rbd_snap_mirror_state_t state;
    /** Strings in mirror_peer_uuids. */
    size_t mirror_peer_uuids_count;
    /** Peers that still need it: strings one after the other, each ended by a zero byte. */
    char *mirror_peer_uuids;
    /** Whether it is copied to its end. */
    bool complete;
    /** The site of the original. */
    char *primary_mirror_uuid;
    /** Its snapshot id on the original. */
    uint64_t primary_snap_id;
    /** How far the copy is, in objects. */
    uint64_t last_copied_object_number;
} rbd_snap_mirror_namespace_t;

/** What a removed snapshot that clones still need was before. */
typedef struct rbd_snap_trash_namespace_t {
    /** Who had made it. */
    enum rbd_snap_namespace_type_t original_namespace_type;
    /** Its name then. */
    char *original_name;
} rbd_snap_trash_namespace_t;

/** One snapshot in the answer of rbd_snap_list(). */
typedef struct rbd_snap_info_t {
    /** Its id. */
    uint64_t id;
    /** Size of the image then, in bytes. */
    uint64_t size;
    /** Its name. */
    const char *name;
} rbd_snap_info_t;

/** An image in the answer of rbd_stat(). */
typedef struct rbd_image_info_t {
    /** Bytes of the image. */
    uint64_t size;
    /** Bytes of one object. */
    uint64_t obj_size;
    /** Objects of a full image. */
    uint64_t num_objs;
    /** Logarithm to base 2 of obj_size. */
    int order;
    /** Prefix of the data objects' names. Deprecated: rbd_get_block_name_prefix() has room for all. */
    char block_name_prefix[24];
    /** Deprecated, always -1: rbd_get_parent(). */
    int64_t parent_pool;
    /** Deprecated, always empty: rbd_get_parent(). */
    char parent_name[96];
} rbd_image_info_t;

/** An image in the trash. */
typedef struct rbd_trash_image_info_t {
    /** Its id, which is what it is restored and removed by. */
    char *id;
    /** Its name before. */
    char *name;
    /** Who moved it. */
    enum rbd_trash_image_source_t source;
    /** When it was moved, in seconds since 1970. */
    time_t deletion_time;
    /** Until when it cannot be removed without force, in seconds since 1970. */
    time_t deferment_end_time;
} rbd_trash_image_info_t;

/** A client that has an image open. */
typedef struct rbd_image_watcher_t {
    /** Its address. */
    char *addr;
    /** Its global id. */
    int64_t id;
    /** Cookie of its watch. */
    uint64_t cookie;
} rbd_image_watcher_t;

/** Options of RBD_ENCRYPTION_FORMAT_LUKS1. */
typedef struct rbd_encryption_luks1_format_options_t {
    /** The cipher, where the image is being formatted. */
    enum rbd_encryption_algorithm_t alg;
    /** The passphrase, which may contain zero bytes. */
    const char *passphrase;
    /** Bytes of it. */
    size_t passphrase_size;
} rbd_encryption_luks1_format_options_t;

/** Options of RBD_ENCRYPTION_FORMAT_LUKS2. */
typedef struct rbd_encryption_luks2_format_options_t {
    /** The cipher, where the image is being formatted. */
    enum rbd_encryption_algorithm_t alg;
    /** The passphrase, which may contain zero bytes. */
    const char *passphrase;
    /** Bytes of it. */
    size_t passphrase_size;
} rbd_encryption_luks2_format_options_t;

/** Options of RBD_ENCRYPTION_FORMAT_LUKS. */
typedef struct rbd_encryption_luks_format_options_t {
    /** The passphrase, which may contain zero bytes. */
    const char *passphrase;
    /** Bytes of it. */
    size_t passphrase_size;
} rbd_encryption_luks_format_options_t;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/** Starts rbd_close(). The handle must not be used any more. */
CEPH_RBD_API int rbd_aio_close(rbd_image_t image, rbd_completion_t c);

/** Starts rbd_compare_and_write(). The completion's value is 0 or -EILSEQ. */
CEPH_RBD_API
ssize_t rbd_aio_compare_and_write(rbd_image_t image,
                                  uint64_t off,
                                  size_t len,
                                  const char *cmp_buf,
                                  const char *buf,
                                  rbd_completion_t c,
                                  uint64_t *mismatch_off,
                                  int op_flags);

/**
 * Starts rbd_compare_and_write() of several buffers, one after the other. The completion's
 * value is 0 or -EILSEQ. Returns 0, or -EINVAL for unequal lengths.
 */
CEPH_RBD_API
ssize_t rbd_aio_compare_and_writev(rbd_image_t image,
                                   uint64_t off,
                                   const struct iovec *cmp_iov,
                                   int cmp_iovcnt,
                                   const struct iovec *iov,
                                   int iovcnt,
                                   rbd_completion_t c,
                                   uint64_t *mismatch_off,
                                   int op_flags);

/**
 * Makes a completion. `complete_cb`, unless NULL, is called on a thread of the library when
 * the operation has been done. Returns 0.
 */
CEPH_RBD_API
int rbd_aio_create_completion(void *cb_arg,
                              rbd_callback_t complete_cb,
                              rbd_completion_t *c);

/** Starts rbd_discard(), of any length. The completion's value is 0. */
CEPH_RBD_API int rbd_aio_discard(rbd_image_t image, uint64_t off, uint64_t len, rbd_completion_t c);

/** Starts rbd_flush(), behind the requests started before. The completion's value is 0. */
CEPH_RBD_API int rbd_aio_flush(rbd_image_t image, rbd_completion_t c);

/** The argument that the completion was made with. */
CEPH_RBD_API void *rbd_aio_get_arg(rbd_completion_t c);

/** What the operation returned: bytes, 0, or a negative error number. 0 while it is under way. */
CEPH_RBD_API ssize_t rbd_aio_get_return_value(rbd_completion_t c);

/** Whether the operation has been done. */
CEPH_RBD_API int rbd_aio_is_complete(rbd_completion_t c);

CEPH_RBD_API
int rbd_aio_mirror_image_create_snapshot(rbd_image_t image,
                                         uint32_t flags,
                                         uint64_t *snap_id,
                                         rbd_completion_t c);

CEPH_RBD_API int rbd_aio_mirror_image_demote(rbd_image_t image, rbd_completion_t c);

CEPH_RBD_API
int rbd_aio_mirror_image_get_global_status(rbd_image_t image,
                                           struct rbd_mirror_image_global_status_t *mirror_global_image_status,
                                           size_t status_size,
                                           rbd_completion_t c);

/** Starts rbd_mirror_image_get_info(). Returns 0, or -ERANGE for a struct of another size. */
CEPH_RBD_API
int rbd_aio_mirror_image_get_info(rbd_image_t image,
                                  struct rbd_mirror_image_info_t *mirror_image_info,
                                  size_t info_size,
                                  rbd_completion_t c);

/** Starts rbd_mirror_image_get_mode(). */
CEPH_RBD_API
int rbd_aio_mirror_image_get_mode(rbd_image_t image,
                                  enum rbd_mirror_image_mode_t *mode,
                                  rbd_completion_t c);

CEPH_RBD_API
CEPH_RBD_DEPRECATED
int rbd_aio_mirror_image_get_status(rbd_image_t image,
                                    struct rbd_mirror_image_status_t *mirror_image_status,
                                    size_t status_size,
                                    rbd_completion_t c);

CEPH_RBD_API int rbd_aio_mirror_image_promote(rbd_image_t image, bool force, rbd_completion_t c);

/** Starts rbd_open(). `image` is stored before the completion. */
CEPH_RBD_API
int rbd_aio_open(rados_ioctx_t io,
                 const char *name,
                 rbd_image_t *image,
                 const char *snap_name,
                 rbd_completion_t c);

/** Starts rbd_open_by_id(). `image` is stored before the completion. */
CEPH_RBD_API
int rbd_aio_open_by_id(rados_ioctx_t io,
                       const char *id,
                       rbd_image_t *image,
                       const char *snap_name,
                       rbd_completion_t c);

/** Starts rbd_open_by_id_read_only(). `image` is stored before the completion. */
CEPH_RBD_API
int rbd_aio_open_by_id_read_only(rados_ioctx_t io,
                                 const char *id,
                                 rbd_image_t *image,
                                 const char *snap_name,
                                 rbd_completion_t c);

/** Starts rbd_open_read_only(). `image` is stored before the completion. */
CEPH_RBD_API
int rbd_aio_open_read_only(rados_ioctx_t io,
                           const char *name,
                           rbd_image_t *image,
                           const char *snap_name,
                           rbd_completion_t c);

/** Starts rbd_read(). The completion's value is the bytes read. */
CEPH_RBD_API
int rbd_aio_read(rbd_image_t image,
                 uint64_t off,
                 size_t len,
                 char *buf,
                 rbd_completion_t c);

/** Starts rbd_read2(). The completion's value is the bytes read. */
CEPH_RBD_API
int rbd_aio_read2(rbd_image_t image,
                  uint64_t off,
                  size_t len,
                  char *buf,
                  rbd_completion_t c,
                  int op_flags);

/**
 * Starts to read into several buffers, one after the other. The completion's value is the
 * bytes read. Returns 0, or -EINVAL without buffers.
 */
CEPH_RBD_API
int rbd_aio_readv(rbd_image_t image,
                  const struct iovec *iov,
                  int iovcnt,
                  uint64_t off,
                  rbd_completion_t c);

/** Gives up a completion. Its operation goes on and its callback is still called. */
CEPH_RBD_API void rbd_aio_release(rbd_completion_t c);

/** Waits until the operation has been done and its callback has returned. Returns 0. */
CEPH_RBD_API int rbd_aio_wait_for_complete(rbd_completion_t c);

/** Starts rbd_write(). The completion's value is 0. */
CEPH_RBD_API
int rbd_aio_write(rbd_image_t image,
                  uint64_t off,
                  size_t len,
                  const char *buf,
                  rbd_completion_t c);

/** Starts rbd_write2(). The completion's value is 0. */
CEPH_RBD_API
int rbd_aio_write2(rbd_image_t image,
                   uint64_t off,
                   size_t len,
                   const char *buf,
                   rbd_completion_t c,
                   int op_flags);

/**
 * Starts rbd_write2() of data whose CRC-32C the caller knows, which is of no use here. The
 * completion's value is 0.
 */
CEPH_RBD_API
int rbd_aio_write_with_crc32c(rbd_image_t image,
                              uint64_t off,
                              size_t len,
                              const char *buf,
                              uint32_t precomputed_crc32c,
                              rbd_completion_t c,
                              int op_flags);

/** Starts rbd_write_zeroes(). The completion's value is 0. */
CEPH_RBD_API
int rbd_aio_write_zeroes(rbd_image_t image,
                         uint64_t off,
                         size_t len,
                         rbd_completion_t c,
                         int zero_flags,
                         int op_flags);

/** Starts rbd_writesame(). The completion's value is 0. Returns 0, or -EINVAL. */
CEPH_RBD_API
int rbd_aio_writesame(rbd_image_t image,
                      uint64_t off,
                      size_t len,
                      const char *buf,
                      size_t data_len,
                      rbd_completion_t c,
                      int op_flags);

/**
 * Starts to write several buffers, one after the other. The completion's value is 0. Returns
 * 0, or -EINVAL without buffers.
 */
CEPH_RBD_API
int rbd_aio_writev(rbd_image_t image,
                   const struct iovec *iov,
                   int iovcnt,
                   uint64_t off,
                   rbd_completion_t c);

/** Ends anyone's advisory lock. Returns 0, -ENOENT, or -EINVAL for what is no client. */
CEPH_RBD_API int rbd_break_lock(rbd_image_t image, const char *client, const char *cookie);

/**
 * Makes a clone of a snapshot. Returns 0, -ENOENT, -EEXIST, or -EINVAL, also for a snapshot
 * that is not protected where it must be.
 */
CEPH_RBD_API
int rbd_clone(rados_ioctx_t p_ioctx,
              const char *p_name,
              const char *p_snapname,
              rados_ioctx_t c_ioctx,
              const char *c_name,
              uint64_t features,
              int *c_order);

/** Like rbd_clone(), striped like rbd_create3(). */
CEPH_RBD_API
int rbd_clone2(rados_ioctx_t p_ioctx,
               const char *p_name,
               const char *p_snapname,
               rados_ioctx_t c_ioctx,
               const char *c_name,
               uint64_t features,
               int *c_order,
               uint64_t stripe_unit,
               int stripe_count);

/** Makes a clone of a snapshot with options, into which the values that were used are written. */
CEPH_RBD_API
int rbd_clone3(rados_ioctx_t p_ioctx,
               const char *p_name,
               const char *p_snapname,
               rados_ioctx_t c_ioctx,
               const char *c_name,
               rbd_image_options_t c_opts);

/** Makes a clone of the snapshot with this id, also one of a group, with options. */
CEPH_RBD_API
int rbd_clone4(rados_ioctx_t p_ioctx,
               const char *p_name,
               uint64_t p_snap_id,
               rados_ioctx_t c_ioctx,
               const char *c_name,
               rbd_image_options_t c_opts);

/**
 * Closes an image after its operations, with a flush, and ends the handle, also where it
 * returns an error. -EINVAL in a child forked from the process that opened the image, whose
 * it stays.
 */
CEPH_RBD_API int rbd_close(rbd_image_t image);

/**
 * Writes if `cmp_buf` is there now. Returns the bytes written, -EILSEQ and where the first
 * difference is in `mismatch_off`, -EINVAL for a range that is not within one stripe unit.
 */
CEPH_RBD_API
ssize_t rbd_compare_and_write(rbd_image_t image,
                              uint64_t ofs,
                              size_t len,
                              const char *cmp_buf,
                              const char *buf,
                              uint64_t *mismatch_off,
                              int op_flags);

/**
 * Lists the options that the image may override. Returns 0, or -ERANGE; either way their
 * number goes into `max_options`.
 */
CEPH_RBD_API
int rbd_config_image_list(rbd_image_t image,
                          struct rbd_config_option_t *options,
                          int *max_options);

/** Frees what rbd_config_image_list() stored in the array. */
CEPH_RBD_API
void rbd_config_image_list_cleanup(struct rbd_config_option_t *options,
                                   int max_options);

/**
 * Lists the options that the pool may override for its images. Returns 0, or -ERANGE; either
 * way their number goes into `max_options`.
 */
CEPH_RBD_API
int rbd_config_pool_list(rados_ioctx_t io_ctx,
                         struct rbd_config_option_t *options,
                         int *max_options);

/** Frees what rbd_config_pool_list() stored in the array. */
CEPH_RBD_API
void rbd_config_pool_list_cleanup(struct rbd_config_option_t *options,
                                  int max_options);

/** Copies what is open to a new image. Returns 0, or -EEXIST. */
CEPH_RBD_API int rbd_copy(rbd_image_t image, rados_ioctx_t dest_io_ctx, const char *destname);

/** Copies what is open to an open image, which is not smaller. Returns 0, or -EINVAL. */
CEPH_RBD_API int rbd_copy2(rbd_image_t src, rbd_image_t dest);

/** Like rbd_copy(), with options, into which the values that were used are written. */
CEPH_RBD_API
int rbd_copy3(rbd_image_t src,
              rados_ioctx_t dest_io_ctx,
              const char *destname,
              rbd_image_options_t dest_opts);

/** Like rbd_copy3(), leaving out zeros in pieces of `sparse_size` bytes. */
CEPH_RBD_API
int rbd_copy4(rbd_image_t src,
              rados_ioctx_t dest_io_ctx,
              const char *destname,
              rbd_image_options_t dest_opts,
              size_t sparse_size);

/** Like rbd_copy(), telling how far it is. */
CEPH_RBD_API
int rbd_copy_with_progress(rbd_image_t image,
                           rados_ioctx_t dest_p,
                           const char *destname,
                           librbd_progress_fn_t cb,
                           void *cbdata);

/** Like rbd_copy2(), telling how far it is. */
CEPH_RBD_API
int rbd_copy_with_progress2(rbd_image_t src,
                            rbd_image_t dest,
                            librbd_progress_fn_t cb,
                            void *cbdata);

/** Like rbd_copy3(), telling how far it is. */
CEPH_RBD_API
int rbd_copy_with_progress3(rbd_image_t image,
                            rados_ioctx_t dest_p,
                            const char *destname,
                            rbd_image_options_t dest_opts,
                            librbd_progress_fn_t cb,
                            void *cbdata);

/** Like rbd_copy4(), telling how far it is. */
CEPH_RBD_API
int rbd_copy_with_progress4(rbd_image_t image,
                            rados_ioctx_t dest_p,
                            const char *destname,
                            rbd_image_options_t dest_opts,
                            librbd_progress_fn_t cb,
                            void *cbdata,
                            size_t sparse_size);

/**
 * Makes an image of `size` bytes with objects of 2^`order` bytes, 0 for the default, which is
 * then stored there. Returns 0, -EEXIST, -EINVAL, -EDOM.
 */
CEPH_RBD_API int rbd_create(rados_ioctx_t io, const char *name, uint64_t size, int *order);

/** Like rbd_create(), with these features. */
CEPH_RBD_API
int rbd_create2(rados_ioctx_t io,
                const char *name,
                uint64_t size,
                uint64_t features,
                int *order);

/**
 * Like rbd_create2(), striped: `stripe_unit` bytes go to an object before the next of
 * `stripe_count` objects; both 0 for the default.
 */
CEPH_RBD_API
int rbd_create3(rados_ioctx_t io,
                const char *name,
                uint64_t size,
                uint64_t features,
                int *order,
                uint64_t stripe_unit,
                uint64_t stripe_count);

/** Makes an image with options, into which the values that were used are written. */
CEPH_RBD_API
int rbd_create4(rados_ioctx_t io,
                const char *name,
                uint64_t size,
                rbd_image_options_t opts);

/**
 * Copies an image with its snapshots to a new one, with options, into which the values that
 * were used are written. Returns 0, or -EEXIST.
 */
CEPH_RBD_API
int rbd_deep_copy(rbd_image_t src,
                  rados_ioctx_t dest_io_ctx,
                  const char *destname,
                  rbd_image_options_t dest_opts);

/** Like rbd_deep_copy(), telling how far it is. */
CEPH_RBD_API
int rbd_deep_copy_with_progress(rbd_image_t image,
                                rados_ioctx_t dest_io_ctx,
                                const char *destname,
                                rbd_image_options_t dest_opts,
                                librbd_progress_fn_t cb,
                                void *cbdata);

/**
 * Calls `cb` for each range that changed since a snapshot, or for NULL that was ever written:
 * offset, bytes, whether there is data, `arg`. Returns 0, -ENOENT, -EINVAL, or what `cb`
 * returned if that is negative.
 */
CEPH_RBD_API
int rbd_diff_iterate(rbd_image_t image,
                     const char *fromsnapname,
                     uint64_t ofs,
                     uint64_t len,
                     int (*cb)(uint64_t, size_t, int, void*),
                     void *arg);

/**
 * Like rbd_diff_iterate(); `include_parent`: data of the parent counts, without a snapshot to
 * start from; `whole_object`: an object that changed counts as a whole.
 */
CEPH_RBD_API
int rbd_diff_iterate2(rbd_image_t image,
                      const char *fromsnapname,
                      uint64_t ofs,
                      uint64_t len,
                      uint8_t include_parent,
                      uint8_t whole_object,
                      int (*cb)(uint64_t, size_t, int, void*),
                      void *arg);

/** Like rbd_diff_iterate2(), with a snapshot's id, 0 for none, and RBD_DIFF_ITERATE_FLAG_*. */
CEPH_RBD_API
int rbd_diff_iterate3(rbd_image_t image,
                      uint64_t from_snap_id,
                      uint64_t ofs,
                      uint64_t len,
                      uint32_t flags,
                      int (*cb)(uint64_t, size_t, int, void*),
                      void *arg);

/**
 * Gives the space of a range back; what covers less than rbd_discard_granularity_bytes of an
 * object may be left as it is. Returns the bytes discarded, -EINVAL for 2 GiB or more, -EROFS.
 */
CEPH_RBD_API int rbd_discard(rbd_image_t image, uint64_t ofs, uint64_t len);

CEPH_RBD_API
int rbd_encryption_format(rbd_image_t image,
                          enum rbd_encryption_format_t format,
                          rbd_encryption_options_t opts,
                          size_t opts_size);

CEPH_RBD_API
int rbd_encryption_load(rbd_image_t image,
                        enum rbd_encryption_format_t format,
                        rbd_encryption_options_t opts,
                        size_t opts_size);

CEPH_RBD_API
int rbd_encryption_load2(rbd_image_t image,
                         const struct rbd_encryption_spec_t *specs,
                         size_t spec_count);

/**
 * Reads features from text: a number, or names with commas; an empty text is the default ones.
 * Returns 0, or -EINVAL where not all of it is known; what is known is stored anyway.
 */
CEPH_RBD_API int rbd_features_from_string(const char *str_features, uint64_t *features);

/**
 * Writes features as text: their names with commas. Returns 0, -EINVAL for unknown ones, or
 * -ERANGE; the needed bytes, with the closing zero, go into `size`.
 */
CEPH_RBD_API int rbd_features_to_string(uint64_t features, char *str_features, size_t *size);

/**
 * Copies into a clone what it still reads from its parent, and forgets the parent. Returns 0,
 * or -EINVAL without a parent.
 */
CEPH_RBD_API int rbd_flatten(rbd_image_t image);

/** Like rbd_flatten(), telling how far it is. */
CEPH_RBD_API
int rbd_flatten_with_progress(rbd_image_t image,
                              librbd_progress_fn_t cb,
                              void *cbdata);

/**
 * Makes durable what was written. Returns 0, or what a write has failed with that was
 * acknowledged since the last flush.
 */
CEPH_RBD_API int rbd_flush(rbd_image_t image);

/** Stores when the image was last read, as far as that is on record. Returns 0. */
CEPH_RBD_API int rbd_get_access_timestamp(rbd_image_t image, struct timespec *timestamp);

/** Copies what the names of the image's data objects begin with. Returns 0, or -ERANGE. */
CEPH_RBD_API int rbd_get_block_name_prefix(rbd_image_t image, char *prefix, size_t prefix_len);

/** Stores when the image was created. Returns 0. */
CEPH_RBD_API int rbd_get_create_timestamp(rbd_image_t image, struct timespec *timestamp);

/** The id of the pool that the image's data is in. */
CEPH_RBD_API int64_t rbd_get_data_pool_id(rbd_image_t image);

/** Stores the features. Returns 0. */
CEPH_RBD_API int rbd_get_features(rbd_image_t image, uint64_t *features);

/** Stores the flags of the image, or of the snapshot that is open. Returns 0. */
CEPH_RBD_API int rbd_get_flags(rbd_image_t image, uint64_t *flags);

/**
 * Stores the group that the image is in, with NULL for its name if it is in none. Returns 0,
 * or -ERANGE for a struct of another size.
 */
CEPH_RBD_API
int rbd_get_group(rbd_image_t image,
                  struct rbd_group_info_t *group_info,
                  size_t group_info_size);

/** Copies the image's id. Returns 0, or -ERANGE. */
CEPH_RBD_API int rbd_get_id(rbd_image_t image, char *id, size_t id_len);

CEPH_RBD_API
int rbd_get_migration_source_spec(rbd_image_t image,
                                  char *source_spec,
                                  size_t *max_len);

/** Stores when the image was last written, as far as that is on record. Returns 0. */
CEPH_RBD_API int rbd_get_modify_timestamp(rbd_image_t image, struct timespec *timestamp);

/**
 * Copies the image's name. Returns 0, or -ERANGE; the needed bytes, with the closing zero, go
 * into `name_len`.
 */
CEPH_RBD_API int rbd_get_name(rbd_image_t image, char *name, size_t *name_len);

/**
 * Stores whether the image has the format before the second one: always 0, such an image
 * cannot be opened. Returns 0.
 */
CEPH_RBD_API int rbd_get_old_format(rbd_image_t image, uint8_t *old);

/** Stores the operation features. Returns 0. */
CEPH_RBD_API int rbd_get_op_features(rbd_image_t image, uint64_t *op_features);

/** Stores how many bytes of the image come from its parent, 0 without one. Returns 0. */
CEPH_RBD_API int rbd_get_overlap(rbd_image_t image, uint64_t *overlap);

/** Stores which image and snapshot the image was cloned from. Returns 0, or -ENOENT and zeros. */
CEPH_RBD_API
int rbd_get_parent(rbd_image_t image,
                   struct rbd_linked_image_spec_t *parent_image,
                   struct rbd_snap_spec_t *parent_snap);

/**
 * Copies pool and name of the parent and the name of the snapshot; NULL for what is not
 * wanted. Returns 0, -ENOENT without a parent, or -ERANGE.
 */
CEPH_RBD_API
CEPH_RBD_DEPRECATED
int rbd_get_parent_info(rbd_image_t image,
                        char *parent_poolname,
                        size_t ppoolnamelen,
                        char *parent_name,
                        size_t pnamelen,
                        char *parent_snapname,
                        size_t psnapnamelen);

/** Like rbd_get_parent_info(), with the parent's id. */
CEPH_RBD_API
CEPH_RBD_DEPRECATED
int rbd_get_parent_info2(rbd_image_t image,
                         char *parent_poolname,
                         size_t ppoolnamelen,
                         char *parent_name,
                         size_t pnamelen,
                         char *parent_id,
                         size_t pidlen,
                         char *parent_snapname,
                         size_t psnapnamelen);

/** Stores the size in bytes, of the snapshot if one is open. Returns 0. */
CEPH_RBD_API int rbd_get_size(rbd_image_t image, uint64_t *size);

/** Stores the number of objects in a stripe. Returns 0. */
CEPH_RBD_API int rbd_get_stripe_count(rbd_image_t image, uint64_t *stripe_count);

/** Stores the bytes of a stripe unit. Returns 0. */
CEPH_RBD_API int rbd_get_stripe_unit(rbd_image_t image, uint64_t *stripe_unit);

/** Makes a group. Returns 0, or -EEXIST. */
CEPH_RBD_API int rbd_group_create(rados_ioctx_t p, const char *name);

/**
 * Copies a group's id. Returns 0, -ENOENT, or -ERANGE; the needed bytes, with the closing
 * zero, go into `size`.
 */
CEPH_RBD_API
int rbd_group_get_id(rados_ioctx_t p,
                     const char *group_name,
                     char *group_id,
                     size_t *size);

/** Adds an image to a group. Returns 0, -ENOENT, or -EEXIST if it is in another group. */
CEPH_RBD_API
int rbd_group_image_add(rados_ioctx_t group_p,
                        const char *group_name,
                        rados_ioctx_t image_p,
                        const char *image_name);

/**
 * Lists the images of a group, none if there is no such group. Returns their number, or
 * -ERANGE; either way it goes into `num_entries`.
 */
CEPH_RBD_API
int rbd_group_image_list(rados_ioctx_t group_p,
                         const char *group_name,
                         struct rbd_group_image_info_t *images,
                         size_t group_image_info_size,
                         size_t *num_entries);

/** Frees what rbd_group_image_list() stored in the array. Returns 0. */
CEPH_RBD_API
int rbd_group_image_list_cleanup(struct rbd_group_image_info_t *images,
                                 size_t group_image_info_size,
                                 size_t num_entries);

/** Removes an image from a group. Returns 0, or -ENOENT. */
CEPH_RBD_API
int rbd_group_image_remove(rados_ioctx_t group_p,
                           const char *group_name,
                           rados_ioctx_t image_p,
                           const char *image_name);

/** Removes an image, given by its id, from a group. Returns 0, or -ENOENT. */
CEPH_RBD_API
int rbd_group_image_remove_by_id(rados_ioctx_t group_p,
                                 const char *group_name,
                                 rados_ioctx_t image_p,
                                 const char *image_id);

/** Frees what rbd_get_group() stored. Returns 0. */
CEPH_RBD_API
int rbd_group_info_cleanup(struct rbd_group_info_t *group_info,
                           size_t group_info_size);

/**
 * Lists the groups of the pool: names one after the other, each closed by a zero. Returns
 * their bytes, or -ERANGE and the needed ones in `size`.
 */
CEPH_RBD_API int rbd_group_list(rados_ioctx_t p, char *names, size_t *size);

/** Removes a group and its snapshots; its images stay. Returns 0, or -ENOENT. */
CEPH_RBD_API int rbd_group_remove(rados_ioctx_t p, const char *name);

/** Renames a group. Returns 0, -ENOENT, or -EEXIST. */
CEPH_RBD_API int rbd_group_rename(rados_ioctx_t p, const char *src_name, const char *dest_name);

/** Takes a snapshot of all images of a group. Returns 0, -ENOENT, or -EEXIST. */
CEPH_RBD_API
int rbd_group_snap_create(rados_ioctx_t group_p,
                          const char *group_name,
                          const char *snap_name);

/** Like rbd_group_snap_create(), with RBD_SNAP_CREATE_*. */
CEPH_RBD_API
int rbd_group_snap_create2(rados_ioctx_t group_p,
                           const char *group_name,
                           const char *snap_name,
                           uint32_t flags);

/** Stores what is known of one snapshot of a group. Returns 0, or -ENOENT. */
CEPH_RBD_API
int rbd_group_snap_get_info(rados_ioctx_t group_p,
                            const char *group_name,
                            const char *snap_name,
                            struct rbd_group_snap_info2_t *group_snap);

/** Frees what rbd_group_snap_get_info() stored. */
CEPH_RBD_API void rbd_group_snap_get_info_cleanup(struct rbd_group_snap_info2_t *group_snap);

/**
 * Lists the snapshots of a group, none if there is no such group. Returns their number, or
 * -ERANGE; either way it goes into `num_entries`.
 */
CEPH_RBD_API
int rbd_group_snap_list(rados_ioctx_t group_p,
                        const char *group_name,
                        struct rbd_group_snap_info_t *snaps,
                        size_t group_snap_info_size,
                        size_t *num_entries);

/**
 * Lists the snapshots of a group with the snapshots of its images. Returns 0, -ENOENT, or
 * -ERANGE; either way their number goes into `num_entries`.
 */
CEPH_RBD_API
int rbd_group_snap_list2(rados_ioctx_t group_p,
                         const char *group_name,
                         struct rbd_group_snap_info2_t *snaps,
                         size_t *num_entries);

/** Frees what rbd_group_snap_list2() stored in the array. */
CEPH_RBD_API
void rbd_group_snap_list2_cleanup(struct rbd_group_snap_info2_t *snaps,
                                  size_t num_entries);

/** Frees what rbd_group_snap_list() stored in the array. Returns 0. */
CEPH_RBD_API
int rbd_group_snap_list_cleanup(struct rbd_group_snap_info_t *snaps,
                                size_t group_snap_info_size,
                                size_t num_entries);

/** Removes a group's snapshot. Returns 0, or -ENOENT. */
CEPH_RBD_API
int rbd_group_snap_remove(rados_ioctx_t group_p,
                          const char *group_name,
                          const char *snap_name);

/** Renames a group's snapshot. Returns 0, -ENOENT, or -EEXIST. */
CEPH_RBD_API
int rbd_group_snap_rename(rados_ioctx_t group_p,
                          const char *group_name,
                          const char *old_snap_name,
                          const char *new_snap_name);

/** Makes all images of a group what they were at a snapshot. Returns 0, or -ENOENT. */
CEPH_RBD_API
int rbd_group_snap_rollback(rados_ioctx_t group_p,
                            const char *group_name,
                            const char *snap_name);

/** Like rbd_group_snap_rollback(), telling how far it is. */
CEPH_RBD_API
int rbd_group_snap_rollback_with_progress(rados_ioctx_t group_p,
                                          const char *group_name,
                                          const char *snap_name,
                                          librbd_progress_fn_t cb,
                                          void *cbdata);

/** Unsets all options. */
CEPH_RBD_API void rbd_image_options_clear(rbd_image_options_t opts);

/** Makes a set of options, all unset. */
CEPH_RBD_API void rbd_image_options_create(rbd_image_options_t *opts);

/** Ends a set of options. */
CEPH_RBD_API void rbd_image_options_destroy(rbd_image_options_t opts);

/**
 * Copies the text that an option is set to. Returns 0, -EINVAL for another kind of option,
 * -ENOENT for one that is not set, -E2BIG.
 */
CEPH_RBD_API
int rbd_image_options_get_string(rbd_image_options_t opts,
                                 int optname,
                                 char *optval,
                                 size_t maxlen);

/**
 * Stores the number that an option is set to. Returns 0, -EINVAL for another kind of option,
 * -ENOENT for one that is not set.
 */
CEPH_RBD_API
int rbd_image_options_get_uint64(rbd_image_options_t opts,
                                 int optname,
                                 uint64_t *optval);

/** Whether no option is set. */
CEPH_RBD_API int rbd_image_options_is_empty(rbd_image_options_t opts);

/** Stores whether an option is set. Returns 0, or -EINVAL. */
CEPH_RBD_API int rbd_image_options_is_set(rbd_image_options_t opts, int optname, bool *is_set);

/** Sets an option whose value is text. Returns 0, or -EINVAL. */
CEPH_RBD_API
int rbd_image_options_set_string(rbd_image_options_t opts,
                                 int optname,
                                 const char *optval);

/** Sets an option whose value is a number. Returns 0, or -EINVAL. */
CEPH_RBD_API
int rbd_image_options_set_uint64(rbd_image_options_t opts,
                                 int optname,
                                 uint64_t optval);

/** Unsets an option. Returns 0, -EINVAL, or -ENOENT if it was not set. */
CEPH_RBD_API int rbd_image_options_unset(rbd_image_options_t opts, int optname);

/** Frees what was stored in the struct. */
CEPH_RBD_API void rbd_image_spec_cleanup(struct rbd_image_spec_t *image);

/** Frees what rbd_list2() stored in the array. */
CEPH_RBD_API void rbd_image_spec_list_cleanup(struct rbd_image_spec_t *images, size_t num_images);

/**
 * Drops cached data, of which there is none but the system's; what was written is made
 * durable. Returns 0.
 */
CEPH_RBD_API int rbd_invalidate_cache(rbd_image_t image);

/** Stores whether this client holds the exclusive lock. Returns 0. */
CEPH_RBD_API int rbd_is_exclusive_lock_owner(rbd_image_t image, int *is_owner);

/** Frees what was stored in the struct. */
CEPH_RBD_API void rbd_linked_image_spec_cleanup(struct rbd_linked_image_spec_t *image);

/** Frees what was stored in the array. */
CEPH_RBD_API
void rbd_linked_image_spec_list_cleanup(struct rbd_linked_image_spec_t *images,
                                        size_t num_images);

/**
 * Lists the images of the pool: names one after the other, each closed by a zero. Returns
 * their bytes, or -ERANGE and the needed ones in `size`.
 */
CEPH_RBD_API CEPH_RBD_DEPRECATED int rbd_list(rados_ioctx_t io, char *names, size_t *size);

/**
 * Lists the images of the pool. Returns 0, or -ERANGE; either way their number goes into
 * `max_images`.
 */
CEPH_RBD_API int rbd_list2(rados_ioctx_t io, struct rbd_image_spec_t *images, size_t *max_images);

/** Frees what was stored in the struct. */
CEPH_RBD_API CEPH_RBD_DEPRECATED void rbd_list_child_cleanup(struct rbd_child_info_t *child);

/**
 * Lists pools and names of the clones, two lists of strings one after the other, each closed
 * by a zero. Returns the number of clones, or -ERANGE; either way the needed bytes go into the
 * sizes.
 */
CEPH_RBD_API
CEPH_RBD_DEPRECATED
ssize_t rbd_list_children(rbd_image_t image,
                          char *pools,
                          size_t *pools_len,
                          char *images,
                          size_t *images_len);

/**
 * Lists the clones, and behind them one without names. Returns their number, or -ERANGE and
 * the needed elements in `max_children`.
 */
CEPH_RBD_API
CEPH_RBD_DEPRECATED
int rbd_list_children2(rbd_image_t image,
                       struct rbd_child_info_t *children,
                       int *max_children);

/**
 * Lists the clones of the snapshot that is open, or of all. Returns 0, or -ERANGE; either way
 * their number goes into `max_images`.
 */
CEPH_RBD_API
int rbd_list_children3(rbd_image_t image,
                       struct rbd_linked_image_spec_t *images,
                       size_t *max_images);

/** Frees what rbd_list_children2() stored in the array. */
CEPH_RBD_API
CEPH_RBD_DEPRECATED
void rbd_list_children_cleanup(struct rbd_child_info_t *children,
                               size_t num_children);

/**
 * Lists the clones, their clones and so on. Returns 0, or -ERANGE; either way their number
 * goes into `max_images`.
 */
CEPH_RBD_API
int rbd_list_descendants(rbd_image_t image,
                         struct rbd_linked_image_spec_t *images,
                         size_t *max_images);

/**
 * Lists who holds advisory locks: clients, cookies and addresses, three lists of strings one
 * after the other, each closed by a zero. Returns their number, or -ERANGE; either way the
 * needed bytes go into the sizes.
 */
CEPH_RBD_API
ssize_t rbd_list_lockers(rbd_image_t image,
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
 * Takes the exclusive lock until rbd_lock_release(): its owner is asked for it. Returns 0,
 * -EINVAL without the feature, -EROFS, or -EOPNOTSUPP for another mode than
 * RBD_LOCK_MODE_EXCLUSIVE.
 */
CEPH_RBD_API int rbd_lock_acquire(rbd_image_t image, enum rbd_lock_mode_t lock_mode);

/**
 * Takes the exclusive lock from its owner, which is put on the blocklist. Returns 0, -EBUSY if
 * somebody else holds it, or -ENOENT.
 */
CEPH_RBD_API
int rbd_lock_break(rbd_image_t image,
                   enum rbd_lock_mode_t lock_mode,
                   const char *lock_owner);

/** Takes an advisory lock alone. Returns 0, -EEXIST if this client holds it, or -EBUSY. */
CEPH_RBD_API int rbd_lock_exclusive(rbd_image_t image, const char *cookie);

/**
 * Lists the owners of the exclusive lock, at most one: its address. Returns 0, -ENOENT if
 * nobody holds it, or -ERANGE; either way their number goes into `max_lock_owners`.
 */
CEPH_RBD_API
int rbd_lock_get_owners(rbd_image_t image,
                        enum rbd_lock_mode_t *lock_mode,
                        char **lock_owners,
                        size_t *max_lock_owners);

/** Frees what rbd_lock_get_owners() stored in the array. */
CEPH_RBD_API void rbd_lock_get_owners_cleanup(char **lock_owners, size_t lock_owner_count);

/** Gives up the exclusive lock. Returns 0, or -EINVAL if this client does not hold it. */
CEPH_RBD_API int rbd_lock_release(rbd_image_t image);

/** Takes an advisory lock with others that give the same tag. Returns 0, -EEXIST, or -EBUSY. */
CEPH_RBD_API int rbd_lock_shared(rbd_image_t image, const char *cookie, const char *tag);

/**
 * Copies a value of the image's metadata, with a closing zero. Returns 0, -ENOENT, or -ERANGE
 * and the needed bytes in `val_len`.
 */
CEPH_RBD_API int rbd_metadata_get(rbd_image_t image, const char *key, char *value, size_t *val_len);

/**
 * Lists pairs of the image's metadata behind the key `start`, at most `max` or 0 for all: keys
 * and values, each closed by a zero. Returns 0, or -ERANGE; either way the needed bytes go
 * into the sizes.
 */
CEPH_RBD_API
int rbd_metadata_list(rbd_image_t image,
                      const char *start,
                      uint64_t max,
                      char *keys,
                      size_t *key_len,
                      char *values,
                      size_t *vals_len);

/** Removes a pair of the image's metadata. Returns 0, -EROFS, or -ENOENT. */
CEPH_RBD_API int rbd_metadata_remove(rbd_image_t image, const char *key);

/**
 * Sets a pair of the image's metadata; `conf_` and the name of an option sets that for it.
 * Returns 0, -EROFS, or -EINVAL.
 */
CEPH_RBD_API int rbd_metadata_set(rbd_image_t image, const char *key, const char *value);

CEPH_RBD_API int rbd_migration_abort(rados_ioctx_t ioctx, const char *image_name);

CEPH_RBD_API
int rbd_migration_abort_with_progress(rados_ioctx_t ioctx,
                                      const char *image_name,
                                      librbd_progress_fn_t cb,
                                      void *cbdata);

CEPH_RBD_API int rbd_migration_commit(rados_ioctx_t ioctx, const char *image_name);

CEPH_RBD_API
int rbd_migration_commit_with_progress(rados_ioctx_t ioctx,
                                       const char *image_name,
                                       librbd_progress_fn_t cb,
                                       void *cbdata);

CEPH_RBD_API int rbd_migration_execute(rados_ioctx_t ioctx, const char *image_name);

CEPH_RBD_API
int rbd_migration_execute_with_progress(rados_ioctx_t ioctx,
                                        const char *image_name,
                                        librbd_progress_fn_t cb,
                                        void *cbdata);

CEPH_RBD_API
int rbd_migration_prepare(rados_ioctx_t ioctx,
                          const char *image_name,
                          rados_ioctx_t dest_ioctx,
                          const char *dest_image_name,
                          rbd_image_options_t opts);

CEPH_RBD_API
int rbd_migration_prepare_import(const char *source_spec,
                                 rados_ioctx_t dest_ioctx,
                                 const char *dest_image_name,
                                 rbd_image_options_t opts);

CEPH_RBD_API
int rbd_migration_status(rados_ioctx_t ioctx,
                         const char *image_name,
                         struct rbd_image_migration_status_t *status,
                         size_t status_size);

CEPH_RBD_API void rbd_migration_status_cleanup(struct rbd_image_migration_status_t *status);

CEPH_RBD_API int rbd_mirror_image_create_snapshot(rbd_image_t image, uint64_t *snap_id);

CEPH_RBD_API
int rbd_mirror_image_create_snapshot2(rbd_image_t image,
                                      uint32_t flags,
                                      uint64_t *snap_id);

CEPH_RBD_API int rbd_mirror_image_demote(rbd_image_t image);

CEPH_RBD_API int rbd_mirror_image_disable(rbd_image_t image, bool force);

CEPH_RBD_API CEPH_RBD_DEPRECATED int rbd_mirror_image_enable(rbd_image_t image);

CEPH_RBD_API int rbd_mirror_image_enable2(rbd_image_t image, enum rbd_mirror_image_mode_t mode);

CEPH_RBD_API
int rbd_mirror_image_get_global_status(rbd_image_t image,
                                       struct rbd_mirror_image_global_status_t *mirror_image_global_status,
                                       size_t status_size);

/** Stores the image's part in mirroring. Returns 0, or -ERANGE for a struct of another size. */
CEPH_RBD_API
int rbd_mirror_image_get_info(rbd_image_t image,
                              struct rbd_mirror_image_info_t *mirror_image_info,
                              size_t info_size);

/** Frees what rbd_mirror_image_get_info() stored. */
CEPH_RBD_API
void rbd_mirror_image_get_info_cleanup(struct rbd_mirror_image_info_t *mirror_image_info);

CEPH_RBD_API
int rbd_mirror_image_get_instance_id(rbd_image_t image,
                                     char *instance_id,
                                     size_t *id_max_length);

/** Stores how the image is mirrored. Returns 0. */
CEPH_RBD_API int rbd_mirror_image_get_mode(rbd_image_t image, enum rbd_mirror_image_mode_t *mode);

CEPH_RBD_API
CEPH_RBD_DEPRECATED
int rbd_mirror_image_get_status(rbd_image_t image,
                                struct rbd_mirror_image_status_t *mirror_image_status,
                                size_t status_size);

CEPH_RBD_API
void rbd_mirror_image_global_status_cleanup(struct rbd_mirror_image_global_status_t *mirror_image_global_status);

CEPH_RBD_API
int rbd_mirror_image_global_status_list(rados_ioctx_t io_ctx,
                                        const char *start_id,
                                        size_t max,
                                        char **image_ids,
                                        struct rbd_mirror_image_global_status_t *images,
                                        size_t *len);

CEPH_RBD_API
void rbd_mirror_image_global_status_list_cleanup(char **image_ids,
                                                 struct rbd_mirror_image_global_status_t *images,
                                                 size_t len);

/**
 * Lists images that are mirrored, behind an id. Returns 0, or -EOPNOTSUPP where there are
 * some.
 */
CEPH_RBD_API
int rbd_mirror_image_info_list(rados_ioctx_t io_ctx,
                               enum rbd_mirror_image_mode_t *mode_filter,
                               const char *start_id,
                               size_t max,
                               char **image_ids,
                               enum rbd_mirror_image_mode_t *mode_entries,
                               struct rbd_mirror_image_info_t *info_entries,
                               size_t *num_entries);

/** Frees what rbd_mirror_image_info_list() stored in the arrays. */
CEPH_RBD_API
void rbd_mirror_image_info_list_cleanup(char **image_ids,
                                        struct rbd_mirror_image_info_t *info_entries,
                                        size_t num_entries);

CEPH_RBD_API
int rbd_mirror_image_instance_id_list(rados_ioctx_t io_ctx,
                                      const char *start_id,
                                      size_t max,
                                      char **image_ids,
                                      char **instance_ids,
                                      size_t *len);

CEPH_RBD_API
void rbd_mirror_image_instance_id_list_cleanup(char **image_ids,
                                               char **instance_ids,
                                               size_t len);

CEPH_RBD_API int rbd_mirror_image_promote(rbd_image_t image, bool force);

CEPH_RBD_API int rbd_mirror_image_resync(rbd_image_t image);

CEPH_RBD_API
CEPH_RBD_DEPRECATED
int rbd_mirror_image_status_list(rados_ioctx_t io_ctx,
                                 const char *start_id,
                                 size_t max,
                                 char **image_ids,
                                 struct rbd_mirror_image_status_t *images,
                                 size_t *len);

CEPH_RBD_API
CEPH_RBD_DEPRECATED
void rbd_mirror_image_status_list_cleanup(char **image_ids,
                                          struct rbd_mirror_image_status_t *images,
                                          size_t len);

CEPH_RBD_API
int rbd_mirror_image_status_summary(rados_ioctx_t io_ctx,
                                    enum rbd_mirror_image_status_state_t *states,
                                    int *counts,
                                    size_t *maxlen);

/** Stores what of the pool is mirrored. Returns 0. */
CEPH_RBD_API int rbd_mirror_mode_get(rados_ioctx_t io_ctx, enum rbd_mirror_mode_t *mirror_mode);

/**
 * Sets what of the pool is mirrored. Returns 0, -EINVAL, or -EBUSY for ending it while there
 * are peers or images that are mirrored.
 */
CEPH_RBD_API int rbd_mirror_mode_set(rados_ioctx_t io_ctx, enum rbd_mirror_mode_t mirror_mode);

/** Like rbd_mirror_peer_site_add(), for both directions. */
CEPH_RBD_API
CEPH_RBD_DEPRECATED
int rbd_mirror_peer_add(rados_ioctx_t io_ctx,
                        char *uuid,
                        size_t uuid_max_length,
                        const char *cluster_name,
                        const char *client_name);

CEPH_RBD_API
int rbd_mirror_peer_bootstrap_create(rados_ioctx_t io_ctx,
                                     char *token,
                                     size_t *max_len);

CEPH_RBD_API
int rbd_mirror_peer_bootstrap_import(rados_ioctx_t io_ctx,
                                     enum rbd_mirror_peer_direction_t direction,
                                     const char *token);

CEPH_RBD_API
CEPH_RBD_DEPRECATED
int rbd_mirror_peer_get_attributes(rados_ioctx_t p,
                                   const char *uuid,
                                   char *keys,
                                   size_t *max_key_len,
                                   char *values,
                                   size_t *max_value_len,
                                   size_t *key_value_count);

/** Lists the peers. Returns 0, or -ERANGE; either way their number goes into `max_peers`. */
CEPH_RBD_API
CEPH_RBD_DEPRECATED
int rbd_mirror_peer_list(rados_ioctx_t io_ctx,
                         struct rbd_mirror_peer_t *peers,
                         int *max_peers);

/** Frees what rbd_mirror_peer_list() stored in the array. */
CEPH_RBD_API
CEPH_RBD_DEPRECATED
void rbd_mirror_peer_list_cleanup(struct rbd_mirror_peer_t *peers,
                                  int max_peers);

/** Removes a peer. Returns 0. */
CEPH_RBD_API CEPH_RBD_DEPRECATED int rbd_mirror_peer_remove(rados_ioctx_t io_ctx, const char *uuid);

CEPH_RBD_API
CEPH_RBD_DEPRECATED
int rbd_mirror_peer_set_attributes(rados_ioctx_t p,
                                   const char *uuid,
                                   const char *keys,
                                   const char *values,
                                   size_t key_value_count);

/** Sets the user that mirroring connects to a peer as. Returns 0, or -ENOENT. */
CEPH_RBD_API
CEPH_RBD_DEPRECATED
int rbd_mirror_peer_set_client(rados_ioctx_t io_ctx,
                               const char *uuid,
                               const char *client_name);

/** Renames a peer. Returns 0, -ENOENT, or -EEXIST. */
CEPH_RBD_API
CEPH_RBD_DEPRECATED
int rbd_mirror_peer_set_cluster(rados_ioctx_t io_ctx,
                                const char *uuid,
                                const char *cluster_name);

/**
 * Adds a peer and copies its id. Returns 0, -EINVAL while nothing is mirrored, -EEXIST, or
 * -E2BIG for less than 37 bytes.
 */
CEPH_RBD_API
int rbd_mirror_peer_site_add(rados_ioctx_t io_ctx,
                             char *uuid,
                             size_t uuid_max_length,
                             enum rbd_mirror_peer_direction_t direction,
                             const char *site_name,
                             const char *client_name);

CEPH_RBD_API
int rbd_mirror_peer_site_get_attributes(rados_ioctx_t p,
                                        const char *uuid,
                                        char *keys,
                                        size_t *max_key_len,
                                        char *values,
                                        size_t *max_value_len,
                                        size_t *key_value_count);

/** Lists the peers. Returns 0, or -ERANGE; either way their number goes into `max_peers`. */
CEPH_RBD_API
int rbd_mirror_peer_site_list(rados_ioctx_t io_ctx,
                              struct rbd_mirror_peer_site_t *peers,
                              int *max_peers);

/** Frees what rbd_mirror_peer_site_list() stored in the array. */
CEPH_RBD_API
void rbd_mirror_peer_site_list_cleanup(struct rbd_mirror_peer_site_t *peers,
                                       int max_peers);

/** Removes a peer. Returns 0. */
CEPH_RBD_API int rbd_mirror_peer_site_remove(rados_ioctx_t io_ctx, const char *uuid);

CEPH_RBD_API
int rbd_mirror_peer_site_set_attributes(rados_ioctx_t p,
                                        const char *uuid,
                                        const char *keys,
                                        const char *values,
                                        size_t key_value_count);

/** Sets the user that mirroring connects to a peer as. Returns 0, or -ENOENT. */
CEPH_RBD_API
int rbd_mirror_peer_site_set_client_name(rados_ioctx_t io_ctx,
                                         const char *uuid,
                                         const char *client_name);

/** Sets which way a peer mirrors. Returns 0, or -ENOENT. */
CEPH_RBD_API
int rbd_mirror_peer_site_set_direction(rados_ioctx_t io_ctx,
                                       const char *uuid,
                                       enum rbd_mirror_peer_direction_t direction);

/** Renames a peer. Returns 0, -ENOENT, or -EEXIST. */
CEPH_RBD_API
int rbd_mirror_peer_site_set_name(rados_ioctx_t io_ctx,
                                  const char *uuid,
                                  const char *site_name);

CEPH_RBD_API
int rbd_mirror_remote_namespace_get(rados_ioctx_t io_ctx,
                                    char *remote_namespace,
                                    size_t *max_len);

CEPH_RBD_API
int rbd_mirror_remote_namespace_set(rados_ioctx_t io_ctx,
                                    const char *remote_namespace);

CEPH_RBD_API int rbd_mirror_site_name_get(rados_t cluster, char *name, size_t *max_len);

CEPH_RBD_API int rbd_mirror_site_name_set(rados_t cluster, const char *name);

/**
 * Copies the pool's id for mirroring. Returns 0, -ENOENT while nothing is mirrored, or
 * -ERANGE; the needed bytes, with the closing zero, go into `max_len`.
 */
CEPH_RBD_API int rbd_mirror_uuid_get(rados_ioctx_t io_ctx, char *uuid, size_t *max_len);

/** Makes a namespace for images in the pool. Returns 0, -EEXIST, or -EINVAL. */
CEPH_RBD_API int rbd_namespace_create(rados_ioctx_t io, const char *namespace_name);

/** Stores whether there is such a namespace. Returns 0. */
CEPH_RBD_API int rbd_namespace_exists(rados_ioctx_t io, const char *namespace_name, bool *exists);

/**
 * Lists the pool's namespaces: names one after the other, each closed by a zero. Returns their
 * bytes, or -ERANGE; either way the needed bytes go into `size`.
 */
CEPH_RBD_API int rbd_namespace_list(rados_ioctx_t io, char *namespace_names, size_t *size);

/** Removes a namespace. Returns 0, -ENOENT, or -EBUSY if it has images. */
CEPH_RBD_API int rbd_namespace_remove(rados_ioctx_t io, const char *namespace_name);

/** Opens an image, or with `snap_name` one of its snapshots. Returns 0, or -ENOENT. */
CEPH_RBD_API
int rbd_open(rados_ioctx_t io,
             const char *name,
             rbd_image_t *image,
             const char *snap_name);

/** Like rbd_open(), with the image's id instead of its name. */
CEPH_RBD_API
int rbd_open_by_id(rados_ioctx_t io,
                   const char *id,
                   rbd_image_t *image,
                   const char *snap_name);

/** Like rbd_open_read_only(), with the image's id instead of its name. */
CEPH_RBD_API
int rbd_open_by_id_read_only(rados_ioctx_t io,
                             const char *id,
                             rbd_image_t *image,
                             const char *snap_name);

/** Like rbd_open(), never to be written: other clients do not notice. */
CEPH_RBD_API
int rbd_open_read_only(rados_ioctx_t io,
                       const char *name,
                       rbd_image_t *image,
                       const char *snap_name);

/**
 * Fetches completed operations, at most `numcomp` of them, without waiting for more. Their
 * callbacks have returned, or are called here. Returns how many.
 */
CEPH_RBD_API int rbd_poll_io_events(rbd_image_t image, rbd_completion_t *comps, int numcomp);

/**
 * Prepares a pool for images: enables the application rbd, and checks that snapshots work.
 * Returns 0, or -EPERM if another application uses the pool and `force` is false.
 */
CEPH_RBD_API int rbd_pool_init(rados_ioctx_t io, bool force);

/**
 * Copies a value of the pool's metadata, with a closing zero. Returns 0, -ENOENT, or -ERANGE
 * and the needed bytes in `val_len`.
 */
CEPH_RBD_API
int rbd_pool_metadata_get(rados_ioctx_t io_ctx,
                          const char *key,
                          char *value,
                          size_t *val_len);

/**
 * Lists pairs of the pool's metadata behind the key `start`, at most `max` or 0 for all: keys
 * and values, each closed by a zero. Returns 0, or -ERANGE; either way the needed bytes go
 * into the sizes.
 */
CEPH_RBD_API
int rbd_pool_metadata_list(rados_ioctx_t io_ctx,
                           const char *start,
                           uint64_t max,
                           char *keys,
                           size_t *key_len,
                           char *values,
                           size_t *vals_len);

/** Removes a pair of the pool's metadata. Returns 0, or -ENOENT. */
CEPH_RBD_API int rbd_pool_metadata_remove(rados_ioctx_t io_ctx, const char *key);

/**
 * Sets a pair of the pool's metadata; `conf_` and the name of an option sets that for its
 * images. Returns 0, or -EINVAL.
 */
CEPH_RBD_API int rbd_pool_metadata_set(rados_ioctx_t io_ctx, const char *key, const char *value);

/** Makes a set of questions about a pool's images, without any yet. */
CEPH_RBD_API void rbd_pool_stats_create(rbd_pool_stats_t *stats);

/** Ends a set of questions. */
CEPH_RBD_API void rbd_pool_stats_destroy(rbd_pool_stats_t stats);

/** Answers the questions. Returns 0. */
CEPH_RBD_API int rbd_pool_stats_get(rados_ioctx_t io, rbd_pool_stats_t stats);

/**
 * Adds a question, RBD_POOL_STAT_OPTION_*, and where rbd_pool_stats_get() will store the
 * answer. Returns 0, -ENOENT for an unknown question, or -EEXIST for one that was added
 * before.
 */
CEPH_RBD_API
int rbd_pool_stats_option_add_uint64(rbd_pool_stats_t stats,
                                     int stat_option,
                                     uint64_t *stat_val);

/**
 * Says that the program has stopped writing, or with a negative error number that it could
 * not.
 */
CEPH_RBD_API void rbd_quiesce_complete(rbd_image_t image, uint64_t handle, int r);

/** Ends it; no call begins or is under way after this. Returns 0. */
CEPH_RBD_API int rbd_quiesce_unwatch(rbd_image_t image, uint64_t handle);

/**
 * Calls `quiesce_cb` on a thread of the library before a snapshot is taken, which has to be
 * answered with rbd_quiesce_complete(), and `unquiesce_cb` after it. Returns 0.
 */
CEPH_RBD_API
int rbd_quiesce_watch(rbd_image_t image,
                      rbd_update_callback_t quiesce_cb,
                      rbd_update_callback_t unquiesce_cb,
                      void *arg,
                      uint64_t *handle);

/** Reads. Returns the bytes read, fewer at the image's end, or -EINVAL behind it. */
CEPH_RBD_API ssize_t rbd_read(rbd_image_t image, uint64_t ofs, size_t len, char *buf);

/** Reads with LIBRADOS_OP_FLAG_FADVISE_*. */
CEPH_RBD_API
ssize_t rbd_read2(rbd_image_t image,
                  uint64_t ofs,
                  size_t len,
                  char *buf,
                  int op_flags);

/**
 * Reads a range and hands it to `cb` part by part: the part's place in the range, its bytes,
 * the data. Returns the bytes read, or what `cb` returned if that is negative.
 */
CEPH_RBD_API
int64_t rbd_read_iterate(rbd_image_t image,
                         uint64_t ofs,
                         size_t len,
                         int (*cb)(uint64_t, size_t, const char*, void*),
                         void *arg);

/** Like rbd_read_iterate(), but returns 0. */
CEPH_RBD_API
int rbd_read_iterate2(rbd_image_t image,
                      uint64_t ofs,
                      uint64_t len,
                      int (*cb)(uint64_t, size_t, const char*, void*),
                      void *arg);

/** Finds out anew which objects exist. Returns 0, or -EINVAL without an object map. */
CEPH_RBD_API int rbd_rebuild_object_map(rbd_image_t image, librbd_progress_fn_t cb, void *cbdata);

/**
 * Removes an image. Returns 0, -ENOENT, -ENOTEMPTY if it has snapshots, or -EBUSY if it is
 * open.
 */
CEPH_RBD_API int rbd_remove(rados_ioctx_t io, const char *name);

/** Like rbd_remove(), telling how far it is. */
CEPH_RBD_API
int rbd_remove_with_progress(rados_ioctx_t io,
                             const char *name,
                             librbd_progress_fn_t cb,
                             void *cbdata);

/** Renames an image. Returns 0, -ENOENT, or -EEXIST. */
CEPH_RBD_API int rbd_rename(rados_ioctx_t src_io_ctx, const char *srcname, const char *destname);

/** Changes the size. Returns 0. */
CEPH_RBD_API int rbd_resize(rbd_image_t image, uint64_t size);

/**
 * Changes the size, telling how far it is; to a smaller one only if `allow_shrink`, -EINVAL
 * otherwise. Returns 0.
 */
CEPH_RBD_API
int rbd_resize2(rbd_image_t image,
                uint64_t size,
                bool allow_shrink,
                librbd_progress_fn_t cb,
                void *cbdata);

/** Changes the size, telling how far it is. Returns 0. */
CEPH_RBD_API
int rbd_resize_with_progress(rbd_image_t image,
                             uint64_t size,
                             librbd_progress_fn_t cb,
                             void *cbdata);

/**
 * Asks to be told through a descriptor when an asynchronous operation of the image has been
 * done: EVENT_TYPE_PIPE or EVENT_TYPE_EVENTFD. The operations are then fetched with
 * rbd_poll_io_events(). Returns 0, or -EINVAL for another type or the second time.
 */
CEPH_RBD_API int rbd_set_image_notification(rbd_image_t image, int fd, int type);

/** Takes a snapshot. Returns 0, -EEXIST, or -EROFS. */
CEPH_RBD_API int rbd_snap_create(rbd_image_t image, const char *snapname);

/** Takes a snapshot with RBD_SNAP_CREATE_*, telling how far it is. Returns 0, or -EEXIST. */
CEPH_RBD_API
int rbd_snap_create2(rbd_image_t image,
                     const char *snap_name,
                     uint32_t flags,
                     librbd_progress_fn_t cb,
                     void *cbdata);

/** Stores whether there is a snapshot of this name. Returns 0. */
CEPH_RBD_API int rbd_snap_exists(rbd_image_t image, const char *snapname, bool *exists);

/**
 * Stores which group's snapshot this one belongs to. Returns 0, -EINVAL if none, -ENOENT, or
 * -ERANGE for a struct of another size.
 */
CEPH_RBD_API
int rbd_snap_get_group_namespace(rbd_image_t image,
                                 uint64_t snap_id,
                                 struct rbd_snap_group_namespace_t *group_snap,
                                 size_t group_snap_size);

/** Stores a snapshot's id. Returns 0, or -ENOENT. */
CEPH_RBD_API int rbd_snap_get_id(rbd_image_t image, const char *snapname, uint64_t *snap_id);

/** Stores how many snapshots the image may have, UINT64_MAX for any number. Returns 0. */
CEPH_RBD_API int rbd_snap_get_limit(rbd_image_t image, uint64_t *limit);

/**
 * Stores what mirroring keeps with a snapshot. Returns 0, -EINVAL if it is not mirroring's,
 * -ENOENT, or -ERANGE for a struct of another size.
 */
CEPH_RBD_API
int rbd_snap_get_mirror_namespace(rbd_image_t image,
                                  uint64_t snap_id,
                                  struct rbd_snap_mirror_namespace_t *mirror_snap,
                                  size_t mirror_snap_size);

/**
 * Copies a snapshot's name. Returns 0, -ENOENT, or -ERANGE; the needed bytes, with the closing
 * zero, go into `name_len`.
 */
CEPH_RBD_API
int rbd_snap_get_name(rbd_image_t image,
                      uint64_t snap_id,
                      char *snapname,
                      size_t *name_len);

/** Stores who made a snapshot. Returns 0, or -ENOENT. */
CEPH_RBD_API
int rbd_snap_get_namespace_type(rbd_image_t image,
                                uint64_t snap_id,
                                enum rbd_snap_namespace_type_t *namespace_type);

/** Stores when a snapshot was taken. Returns 0, or -ENOENT. */
CEPH_RBD_API
int rbd_snap_get_timestamp(rbd_image_t image,
                           uint64_t snap_id,
                           struct timespec *timestamp);

/**
 * Copies the name a removed snapshot had. Returns 0, -EINVAL if it was not removed, -ENOENT,
 * or -ERANGE.
 */
CEPH_RBD_API
int rbd_snap_get_trash_namespace(rbd_image_t image,
                                 uint64_t snap_id,
                                 char *original_name,
                                 size_t max_length);

/**
 * Stores the name a removed snapshot had and who had made it. Returns 0, -EINVAL if it was not
 * removed, -ENOENT, or -ERANGE for a struct of another size.
 */
CEPH_RBD_API
int rbd_snap_get_trash_namespace2(rbd_image_t image,
                                  uint64_t snap_id,
                                  struct rbd_snap_trash_namespace_t *trash_snap,
                                  size_t trash_snap_size);

/** Frees what rbd_snap_get_group_namespace() stored. Returns 0. */
CEPH_RBD_API
int rbd_snap_group_namespace_cleanup(struct rbd_snap_group_namespace_t *group_snap,
                                     size_t group_snap_size);

/** Stores whether a snapshot is protected. Returns 0, or -ENOENT. */
CEPH_RBD_API int rbd_snap_is_protected(rbd_image_t image, const char *snap_name, int *is_protected);

/**
 * Lists the snapshots, and behind them one without a name. Returns their number, or -ERANGE
 * and the needed elements in `max_snaps`.
 */
CEPH_RBD_API int rbd_snap_list(rbd_image_t image, struct rbd_snap_info_t *snaps, int *max_snaps);

/** Frees what rbd_snap_list() stored in the array. */
CEPH_RBD_API void rbd_snap_list_end(struct rbd_snap_info_t *snaps);

/** Frees what rbd_snap_get_mirror_namespace() stored. Returns 0. */
CEPH_RBD_API
int rbd_snap_mirror_namespace_cleanup(struct rbd_snap_mirror_namespace_t *mirror_snap,
                                      size_t mirror_snap_size);

/** Protects a snapshot from removal, so that it can be cloned. Returns 0, -ENOENT, or -EBUSY. */
CEPH_RBD_API int rbd_snap_protect(rbd_image_t image, const char *snap_name);

/** Removes a snapshot. Returns 0, -ENOENT, or -EBUSY if it is protected or has clones. */
CEPH_RBD_API int rbd_snap_remove(rbd_image_t image, const char *snapname);

/**
 * Removes a snapshot with RBD_SNAP_REMOVE_*, telling how far it is. Returns 0, -ENOENT, or
 * -EBUSY.
 */
CEPH_RBD_API
int rbd_snap_remove2(rbd_image_t image,
                     const char *snap_name,
                     uint32_t flags,
                     librbd_progress_fn_t cb,
                     void *cbdata);

/** Removes the snapshot with this id. Returns 0, -ENOENT, or -EBUSY. */
CEPH_RBD_API int rbd_snap_remove_by_id(rbd_image_t image, uint64_t snap_id);

/** Renames a snapshot. Returns 0, -ENOENT, or -EEXIST. */
CEPH_RBD_API int rbd_snap_rename(rbd_image_t image, const char *snapname, const char *dstsnapsname);

/** Makes the image what it was at a snapshot. Returns 0, -ENOENT, or -EROFS. */
CEPH_RBD_API int rbd_snap_rollback(rbd_image_t image, const char *snapname);

/** Like rbd_snap_rollback(), telling how far it is. */
CEPH_RBD_API
int rbd_snap_rollback_with_progress(rbd_image_t image,
                                    const char *snapname,
                                    librbd_progress_fn_t cb,
                                    void *cbdata);

/**
 * Reads the image at a snapshot from now on, or for NULL and an empty name as it is. Returns
 * 0, or -ENOENT.
 */
CEPH_RBD_API int rbd_snap_set(rbd_image_t image, const char *snapname);

/** Like rbd_snap_set(), with the id of any snapshot. */
CEPH_RBD_API int rbd_snap_set_by_id(rbd_image_t image, uint64_t snap_id);

/** Sets how many snapshots the image may have. Returns 0, or -ERANGE if it has more. */
CEPH_RBD_API int rbd_snap_set_limit(rbd_image_t image, uint64_t limit);

/** Frees what was stored in the struct. */
CEPH_RBD_API void rbd_snap_spec_cleanup(struct rbd_snap_spec_t *snap);

/** Frees what rbd_snap_get_trash_namespace2() stored. Returns 0. */
CEPH_RBD_API
int rbd_snap_trash_namespace_cleanup(struct rbd_snap_trash_namespace_t *trash_snap,
                                     size_t trash_snap_size);

/**
 * Ends the protection. Returns 0, -ENOENT, -EINVAL if it is not protected, or -EBUSY if it has
 * clones.
 */
CEPH_RBD_API int rbd_snap_unprotect(rbd_image_t image, const char *snap_name);

/** Gives back the space of zeros, in pieces of `sparse_size` bytes. Returns 0, or -EINVAL. */
CEPH_RBD_API int rbd_sparsify(rbd_image_t image, size_t sparse_size);

/** Like rbd_sparsify(), telling how far it is. */
CEPH_RBD_API
int rbd_sparsify_with_progress(rbd_image_t image,
                               size_t sparse_size,
                               librbd_progress_fn_t cb,
                               void *cbdata);

/** Stores size and layout of the image. Returns 0. */
CEPH_RBD_API int rbd_stat(rbd_image_t image, struct rbd_image_info_t *info, size_t infosize);

/** Stores what is known of an image in the trash. Returns 0, or -ENOENT. */
CEPH_RBD_API
int rbd_trash_get(rados_ioctx_t io,
                  const char *id,
                  struct rbd_trash_image_info_t *info);

/** Frees what rbd_trash_get() stored in the struct. */
CEPH_RBD_API void rbd_trash_get_cleanup(struct rbd_trash_image_info_t *info);

/**
 * Lists the images in the trash. Returns their number, or -ERANGE; either way it goes into
 * `num_entries`.
 */
CEPH_RBD_API
int rbd_trash_list(rados_ioctx_t io,
                   struct rbd_trash_image_info_t *trash_entries,
                   size_t *num_entries);

/** Frees what rbd_trash_list() stored in the array. */
CEPH_RBD_API
void rbd_trash_list_cleanup(struct rbd_trash_image_info_t *trash_entries,
                            size_t num_entries);

/**
 * Moves an image to the trash, where it cannot be removed without force for `delay` seconds.
 * Returns 0, -ENOENT, or -EBUSY if it is open.
 */
CEPH_RBD_API int rbd_trash_move(rados_ioctx_t io, const char *name, uint64_t delay);

/**
 * Removes from the trash images whose time is over at `expire_ts`, in seconds since 1970; with
 * a `threshold` other than -1, only until the pool is used to that part of its room. Returns
 * 0.
 */
CEPH_RBD_API int rbd_trash_purge(rados_ioctx_t io, time_t expire_ts, float threshold);

/** Like rbd_trash_purge(), telling how far it is. */
CEPH_RBD_API
int rbd_trash_purge_with_progress(rados_ioctx_t io,
                                  time_t expire_ts,
                                  float threshold,
                                  librbd_progress_fn_t cb,
                                  void *cbdata);

/**
 * Removes an image from the trash for good. Returns 0, -ENOENT, or -EPERM before its time is
 * over, unless `force`.
 */
CEPH_RBD_API int rbd_trash_remove(rados_ioctx_t io, const char *id, bool force);

/** Like rbd_trash_remove(), telling how far it is. */
CEPH_RBD_API
int rbd_trash_remove_with_progress(rados_ioctx_t io,
                                   const char *id,
                                   bool force,
                                   librbd_progress_fn_t cb,
                                   void *cbdata);

/**
 * Makes an image of one in the trash again, with the name it had if `name` is empty. Returns
 * 0, -ENOENT, or -EEXIST.
 */
CEPH_RBD_API int rbd_trash_restore(rados_ioctx_t io, const char *id, const char *name);

/** Gives up an advisory lock. Returns 0, or -ENOENT. */
CEPH_RBD_API int rbd_unlock(rbd_image_t image, const char *cookie);

/** Turns features on, or off if `enabled` is 0. Returns 0, or -EINVAL. */
CEPH_RBD_API int rbd_update_features(rbd_image_t image, uint64_t features, uint8_t enabled);

/** Ends it; no call begins or is under way after this. Returns 0. */
CEPH_RBD_API int rbd_update_unwatch(rbd_image_t image, uint64_t handle);

/**
 * Calls `watch_cb` on a thread of the library whenever the image changes, until
 * rbd_update_unwatch(). Returns 0.
 */
CEPH_RBD_API
int rbd_update_watch(rbd_image_t image,
                     uint64_t *handle,
                     rbd_update_callback_t watch_cb,
                     void *arg);

/**
 * Says which version of the interface this library speaks: 1.16.0.
 *
 * Null pointers are skipped.
 */
CEPH_RBD_API void rbd_version(int *major, int *minor, int *extra);

/**
 * Lists the clients that have the image open for writing. Returns 0, or -ERANGE; either way
 * their number goes into `max_watchers`.
 */
CEPH_RBD_API
int rbd_watchers_list(rbd_image_t image,
                      struct rbd_image_watcher_t *watchers,
                      size_t *max_watchers);

/** Frees what rbd_watchers_list() stored in the array. */
CEPH_RBD_API
void rbd_watchers_list_cleanup(struct rbd_image_watcher_t *watchers,
                               size_t num_watchers);

/** Writes. Returns the bytes written, fewer at the image's end; -EINVAL behind it, -EROFS. */
CEPH_RBD_API ssize_t rbd_write(rbd_image_t image, uint64_t ofs, size_t len, const char *buf);

/** Writes with LIBRADOS_OP_FLAG_FADVISE_*. */
CEPH_RBD_API
ssize_t rbd_write2(rbd_image_t image,
                   uint64_t ofs,
                   size_t len,
                   const char *buf,
                   int op_flags);

/**
 * Makes a range read as zeros, all of it; RBD_WRITE_ZEROES_FLAG_THICK_PROVISION keeps the
 * space. Returns the bytes written, -EINVAL, -EROFS.
 */
CEPH_RBD_API
ssize_t rbd_write_zeroes(rbd_image_t image,
                         uint64_t ofs,
                         size_t len,
                         int zero_flags,
                         int op_flags);

/**
 * Writes the same `data_len` bytes repeatedly; `len` is a multiple of them. Returns the bytes
 * written, -EINVAL, -EROFS.
 */
CEPH_RBD_API
ssize_t rbd_writesame(rbd_image_t image,
                      uint64_t ofs,
                      size_t len,
                      const char *buf,
                      size_t data_len,
                      int op_flags);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* CEPH_LIBRBD_H */

#if __GNUC__ >= 4
#pragma GCC diagnostic pop
#endif
