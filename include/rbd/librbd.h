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

CEPH_RBD_API int rbd_aio_close(rbd_image_t image, rbd_completion_t c);

CEPH_RBD_API
ssize_t rbd_aio_compare_and_write(rbd_image_t image,
                                  uint64_t off,
                                  size_t len,
                                  const char *cmp_buf,
                                  const char *buf,
                                  rbd_completion_t c,
                                  uint64_t *mismatch_off,
                                  int op_flags);

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

CEPH_RBD_API
int rbd_aio_create_completion(void *cb_arg,
                              rbd_callback_t complete_cb,
                              rbd_completion_t *c);

CEPH_RBD_API int rbd_aio_discard(rbd_image_t image, uint64_t off, uint64_t len, rbd_completion_t c);

CEPH_RBD_API int rbd_aio_flush(rbd_image_t image, rbd_completion_t c);

CEPH_RBD_API void *rbd_aio_get_arg(rbd_completion_t c);

CEPH_RBD_API ssize_t rbd_aio_get_return_value(rbd_completion_t c);

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

CEPH_RBD_API
int rbd_aio_mirror_image_get_info(rbd_image_t image,
                                  struct rbd_mirror_image_info_t *mirror_image_info,
                                  size_t info_size,
                                  rbd_completion_t c);

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

CEPH_RBD_API
int rbd_aio_open(rados_ioctx_t io,
                 const char *name,
                 rbd_image_t *image,
                 const char *snap_name,
                 rbd_completion_t c);

CEPH_RBD_API
int rbd_aio_open_by_id(rados_ioctx_t io,
                       const char *id,
                       rbd_image_t *image,
                       const char *snap_name,
                       rbd_completion_t c);

CEPH_RBD_API
int rbd_aio_open_by_id_read_only(rados_ioctx_t io,
                                 const char *id,
                                 rbd_image_t *image,
                                 const char *snap_name,
                                 rbd_completion_t c);

CEPH_RBD_API
int rbd_aio_open_read_only(rados_ioctx_t io,
                           const char *name,
                           rbd_image_t *image,
                           const char *snap_name,
                           rbd_completion_t c);

CEPH_RBD_API
int rbd_aio_read(rbd_image_t image,
                 uint64_t off,
                 size_t len,
                 char *buf,
                 rbd_completion_t c);

CEPH_RBD_API
int rbd_aio_read2(rbd_image_t image,
                  uint64_t off,
                  size_t len,
                  char *buf,
                  rbd_completion_t c,
                  int op_flags);

CEPH_RBD_API
int rbd_aio_readv(rbd_image_t image,
                  const struct iovec *iov,
                  int iovcnt,
                  uint64_t off,
                  rbd_completion_t c);

CEPH_RBD_API void rbd_aio_release(rbd_completion_t c);

CEPH_RBD_API int rbd_aio_wait_for_complete(rbd_completion_t c);

CEPH_RBD_API
int rbd_aio_write(rbd_image_t image,
                  uint64_t off,
                  size_t len,
                  const char *buf,
                  rbd_completion_t c);

CEPH_RBD_API
int rbd_aio_write2(rbd_image_t image,
                   uint64_t off,
                   size_t len,
                   const char *buf,
                   rbd_completion_t c,
                   int op_flags);

CEPH_RBD_API
int rbd_aio_write_with_crc32c(rbd_image_t image,
                              uint64_t off,
                              size_t len,
                              const char *buf,
                              uint32_t precomputed_crc32c,
                              rbd_completion_t c,
                              int op_flags);

CEPH_RBD_API
int rbd_aio_write_zeroes(rbd_image_t image,
                         uint64_t off,
                         size_t len,
                         rbd_completion_t c,
                         int zero_flags,
                         int op_flags);

CEPH_RBD_API
int rbd_aio_writesame(rbd_image_t image,
                      uint64_t off,
                      size_t len,
                      const char *buf,
                      size_t data_len,
                      rbd_completion_t c,
                      int op_flags);

CEPH_RBD_API
int rbd_aio_writev(rbd_image_t image,
                   const struct iovec *iov,
                   int iovcnt,
                   uint64_t off,
                   rbd_completion_t c);

CEPH_RBD_API int rbd_break_lock(rbd_image_t image, const char *client, const char *cookie);

CEPH_RBD_API
int rbd_clone(rados_ioctx_t p_ioctx,
              const char *p_name,
              const char *p_snapname,
              rados_ioctx_t c_ioctx,
              const char *c_name,
              uint64_t features,
              int *c_order);

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

CEPH_RBD_API
int rbd_clone3(rados_ioctx_t p_ioctx,
               const char *p_name,
               const char *p_snapname,
               rados_ioctx_t c_ioctx,
               const char *c_name,
               rbd_image_options_t c_opts);

CEPH_RBD_API
int rbd_clone4(rados_ioctx_t p_ioctx,
               const char *p_name,
               uint64_t p_snap_id,
               rados_ioctx_t c_ioctx,
               const char *c_name,
               rbd_image_options_t c_opts);

CEPH_RBD_API int rbd_close(rbd_image_t image);

CEPH_RBD_API
ssize_t rbd_compare_and_write(rbd_image_t image,
                              uint64_t ofs,
                              size_t len,
                              const char *cmp_buf,
                              const char *buf,
                              uint64_t *mismatch_off,
                              int op_flags);

CEPH_RBD_API
int rbd_config_image_list(rbd_image_t image,
                          struct rbd_config_option_t *options,
                          int *max_options);

CEPH_RBD_API
void rbd_config_image_list_cleanup(struct rbd_config_option_t *options,
                                   int max_options);

CEPH_RBD_API
int rbd_config_pool_list(rados_ioctx_t io_ctx,
                         struct rbd_config_option_t *options,
                         int *max_options);

CEPH_RBD_API
void rbd_config_pool_list_cleanup(struct rbd_config_option_t *options,
                                  int max_options);

CEPH_RBD_API int rbd_copy(rbd_image_t image, rados_ioctx_t dest_io_ctx, const char *destname);

CEPH_RBD_API int rbd_copy2(rbd_image_t src, rbd_image_t dest);

CEPH_RBD_API
int rbd_copy3(rbd_image_t src,
              rados_ioctx_t dest_io_ctx,
              const char *destname,
              rbd_image_options_t dest_opts);

CEPH_RBD_API
int rbd_copy4(rbd_image_t src,
              rados_ioctx_t dest_io_ctx,
              const char *destname,
              rbd_image_options_t dest_opts,
              size_t sparse_size);

CEPH_RBD_API
int rbd_copy_with_progress(rbd_image_t image,
                           rados_ioctx_t dest_p,
                           const char *destname,
                           librbd_progress_fn_t cb,
                           void *cbdata);

CEPH_RBD_API
int rbd_copy_with_progress2(rbd_image_t src,
                            rbd_image_t dest,
                            librbd_progress_fn_t cb,
                            void *cbdata);

CEPH_RBD_API
int rbd_copy_with_progress3(rbd_image_t image,
                            rados_ioctx_t dest_p,
                            const char *destname,
                            rbd_image_options_t dest_opts,
                            librbd_progress_fn_t cb,
                            void *cbdata);

CEPH_RBD_API
int rbd_copy_with_progress4(rbd_image_t image,
                            rados_ioctx_t dest_p,
                            const char *destname,
                            rbd_image_options_t dest_opts,
                            librbd_progress_fn_t cb,
                            void *cbdata,
                            size_t sparse_size);

CEPH_RBD_API int rbd_create(rados_ioctx_t io, const char *name, uint64_t size, int *order);

CEPH_RBD_API
int rbd_create2(rados_ioctx_t io,
                const char *name,
                uint64_t size,
                uint64_t features,
                int *order);

CEPH_RBD_API
int rbd_create3(rados_ioctx_t io,
                const char *name,
                uint64_t size,
                uint64_t features,
                int *order,
                uint64_t stripe_unit,
                uint64_t stripe_count);

CEPH_RBD_API
int rbd_create4(rados_ioctx_t io,
                const char *name,
                uint64_t size,
                rbd_image_options_t opts);

CEPH_RBD_API
int rbd_deep_copy(rbd_image_t src,
                  rados_ioctx_t dest_io_ctx,
                  const char *destname,
                  rbd_image_options_t dest_opts);

CEPH_RBD_API
int rbd_deep_copy_with_progress(rbd_image_t image,
                                rados_ioctx_t dest_io_ctx,
                                const char *destname,
                                rbd_image_options_t dest_opts,
                                librbd_progress_fn_t cb,
                                void *cbdata);

CEPH_RBD_API
int rbd_diff_iterate(rbd_image_t image,
                     const char *fromsnapname,
                     uint64_t ofs,
                     uint64_t len,
                     int (*cb)(uint64_t, size_t, int, void*),
                     void *arg);

CEPH_RBD_API
int rbd_diff_iterate2(rbd_image_t image,
                      const char *fromsnapname,
                      uint64_t ofs,
                      uint64_t len,
                      uint8_t include_parent,
                      uint8_t whole_object,
                      int (*cb)(uint64_t, size_t, int, void*),
                      void *arg);

CEPH_RBD_API
int rbd_diff_iterate3(rbd_image_t image,
                      uint64_t from_snap_id,
                      uint64_t ofs,
                      uint64_t len,
                      uint32_t flags,
                      int (*cb)(uint64_t, size_t, int, void*),
                      void *arg);

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

CEPH_RBD_API int rbd_features_from_string(const char *str_features, uint64_t *features);

CEPH_RBD_API int rbd_features_to_string(uint64_t features, char *str_features, size_t *size);

CEPH_RBD_API int rbd_flatten(rbd_image_t image);

CEPH_RBD_API
int rbd_flatten_with_progress(rbd_image_t image,
                              librbd_progress_fn_t cb,
                              void *cbdata);

CEPH_RBD_API int rbd_flush(rbd_image_t image);

CEPH_RBD_API int rbd_get_access_timestamp(rbd_image_t image, struct timespec *timestamp);

CEPH_RBD_API int rbd_get_block_name_prefix(rbd_image_t image, char *prefix, size_t prefix_len);

CEPH_RBD_API int rbd_get_create_timestamp(rbd_image_t image, struct timespec *timestamp);

CEPH_RBD_API int64_t rbd_get_data_pool_id(rbd_image_t image);

CEPH_RBD_API int rbd_get_features(rbd_image_t image, uint64_t *features);

CEPH_RBD_API int rbd_get_flags(rbd_image_t image, uint64_t *flags);

CEPH_RBD_API
int rbd_get_group(rbd_image_t image,
                  struct rbd_group_info_t *group_info,
                  size_t group_info_size);

CEPH_RBD_API int rbd_get_id(rbd_image_t image, char *id, size_t id_len);

CEPH_RBD_API
int rbd_get_migration_source_spec(rbd_image_t image,
                                  char *source_spec,
                                  size_t *max_len);

CEPH_RBD_API int rbd_get_modify_timestamp(rbd_image_t image, struct timespec *timestamp);

CEPH_RBD_API int rbd_get_name(rbd_image_t image, char *name, size_t *name_len);

CEPH_RBD_API int rbd_get_old_format(rbd_image_t image, uint8_t *old);

CEPH_RBD_API int rbd_get_op_features(rbd_image_t image, uint64_t *op_features);

CEPH_RBD_API int rbd_get_overlap(rbd_image_t image, uint64_t *overlap);

CEPH_RBD_API
int rbd_get_parent(rbd_image_t image,
                   struct rbd_linked_image_spec_t *parent_image,
                   struct rbd_snap_spec_t *parent_snap);

CEPH_RBD_API
CEPH_RBD_DEPRECATED
int rbd_get_parent_info(rbd_image_t image,
                        char *parent_poolname,
                        size_t ppoolnamelen,
                        char *parent_name,
                        size_t pnamelen,
                        char *parent_snapname,
                        size_t psnapnamelen);

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

CEPH_RBD_API int rbd_get_size(rbd_image_t image, uint64_t *size);

CEPH_RBD_API int rbd_get_stripe_count(rbd_image_t image, uint64_t *stripe_count);

CEPH_RBD_API int rbd_get_stripe_unit(rbd_image_t image, uint64_t *stripe_unit);

CEPH_RBD_API int rbd_group_create(rados_ioctx_t p, const char *name);

CEPH_RBD_API
int rbd_group_get_id(rados_ioctx_t p,
                     const char *group_name,
                     char *group_id,
                     size_t *size);

CEPH_RBD_API
int rbd_group_image_add(rados_ioctx_t group_p,
                        const char *group_name,
                        rados_ioctx_t image_p,
                        const char *image_name);

CEPH_RBD_API
int rbd_group_image_list(rados_ioctx_t group_p,
                         const char *group_name,
                         struct rbd_group_image_info_t *images,
                         size_t group_image_info_size,
                         size_t *num_entries);

CEPH_RBD_API
int rbd_group_image_list_cleanup(struct rbd_group_image_info_t *images,
                                 size_t group_image_info_size,
                                 size_t num_entries);

CEPH_RBD_API
int rbd_group_image_remove(rados_ioctx_t group_p,
                           const char *group_name,
                           rados_ioctx_t image_p,
                           const char *image_name);

CEPH_RBD_API
int rbd_group_image_remove_by_id(rados_ioctx_t group_p,
                                 const char *group_name,
                                 rados_ioctx_t image_p,
                                 const char *image_id);

CEPH_RBD_API
int rbd_group_info_cleanup(struct rbd_group_info_t *group_info,
                           size_t group_info_size);

CEPH_RBD_API int rbd_group_list(rados_ioctx_t p, char *names, size_t *size);

CEPH_RBD_API int rbd_group_remove(rados_ioctx_t p, const char *name);

CEPH_RBD_API int rbd_group_rename(rados_ioctx_t p, const char *src_name, const char *dest_name);

CEPH_RBD_API
int rbd_group_snap_create(rados_ioctx_t group_p,
                          const char *group_name,
                          const char *snap_name);

CEPH_RBD_API
int rbd_group_snap_create2(rados_ioctx_t group_p,
                           const char *group_name,
                           const char *snap_name,
                           uint32_t flags);

CEPH_RBD_API
int rbd_group_snap_get_info(rados_ioctx_t group_p,
                            const char *group_name,
                            const char *snap_name,
                            struct rbd_group_snap_info2_t *group_snap);

CEPH_RBD_API void rbd_group_snap_get_info_cleanup(struct rbd_group_snap_info2_t *group_snap);

CEPH_RBD_API
int rbd_group_snap_list(rados_ioctx_t group_p,
                        const char *group_name,
                        struct rbd_group_snap_info_t *snaps,
                        size_t group_snap_info_size,
                        size_t *num_entries);

CEPH_RBD_API
int rbd_group_snap_list2(rados_ioctx_t group_p,
                         const char *group_name,
                         struct rbd_group_snap_info2_t *snaps,
                         size_t *num_entries);

CEPH_RBD_API
void rbd_group_snap_list2_cleanup(struct rbd_group_snap_info2_t *snaps,
                                  size_t num_entries);

CEPH_RBD_API
int rbd_group_snap_list_cleanup(struct rbd_group_snap_info_t *snaps,
                                size_t group_snap_info_size,
                                size_t num_entries);

CEPH_RBD_API
int rbd_group_snap_remove(rados_ioctx_t group_p,
                          const char *group_name,
                          const char *snap_name);

CEPH_RBD_API
int rbd_group_snap_rename(rados_ioctx_t group_p,
                          const char *group_name,
                          const char *old_snap_name,
                          const char *new_snap_name);

CEPH_RBD_API
int rbd_group_snap_rollback(rados_ioctx_t group_p,
                            const char *group_name,
                            const char *snap_name);

CEPH_RBD_API
int rbd_group_snap_rollback_with_progress(rados_ioctx_t group_p,
                                          const char *group_name,
                                          const char *snap_name,
                                          librbd_progress_fn_t cb,
                                          void *cbdata);

CEPH_RBD_API void rbd_image_options_clear(rbd_image_options_t opts);

CEPH_RBD_API void rbd_image_options_create(rbd_image_options_t *opts);

CEPH_RBD_API void rbd_image_options_destroy(rbd_image_options_t opts);

CEPH_RBD_API
int rbd_image_options_get_string(rbd_image_options_t opts,
                                 int optname,
                                 char *optval,
                                 size_t maxlen);

CEPH_RBD_API
int rbd_image_options_get_uint64(rbd_image_options_t opts,
                                 int optname,
                                 uint64_t *optval);

CEPH_RBD_API int rbd_image_options_is_empty(rbd_image_options_t opts);

CEPH_RBD_API int rbd_image_options_is_set(rbd_image_options_t opts, int optname, bool *is_set);

CEPH_RBD_API
int rbd_image_options_set_string(rbd_image_options_t opts,
                                 int optname,
                                 const char *optval);

CEPH_RBD_API
int rbd_image_options_set_uint64(rbd_image_options_t opts,
                                 int optname,
                                 uint64_t optval);

CEPH_RBD_API int rbd_image_options_unset(rbd_image_options_t opts, int optname);

CEPH_RBD_API void rbd_image_spec_cleanup(struct rbd_image_spec_t *image);

CEPH_RBD_API void rbd_image_spec_list_cleanup(struct rbd_image_spec_t *images, size_t num_images);

CEPH_RBD_API int rbd_invalidate_cache(rbd_image_t image);

CEPH_RBD_API int rbd_is_exclusive_lock_owner(rbd_image_t image, int *is_owner);

CEPH_RBD_API void rbd_linked_image_spec_cleanup(struct rbd_linked_image_spec_t *image);

CEPH_RBD_API
void rbd_linked_image_spec_list_cleanup(struct rbd_linked_image_spec_t *images,
                                        size_t num_images);

CEPH_RBD_API CEPH_RBD_DEPRECATED int rbd_list(rados_ioctx_t io, char *names, size_t *size);

CEPH_RBD_API int rbd_list2(rados_ioctx_t io, struct rbd_image_spec_t *images, size_t *max_images);

CEPH_RBD_API CEPH_RBD_DEPRECATED void rbd_list_child_cleanup(struct rbd_child_info_t *child);

CEPH_RBD_API
CEPH_RBD_DEPRECATED
ssize_t rbd_list_children(rbd_image_t image,
                          char *pools,
                          size_t *pools_len,
                          char *images,
                          size_t *images_len);

CEPH_RBD_API
CEPH_RBD_DEPRECATED
int rbd_list_children2(rbd_image_t image,
                       struct rbd_child_info_t *children,
                       int *max_children);

CEPH_RBD_API
int rbd_list_children3(rbd_image_t image,
                       struct rbd_linked_image_spec_t *images,
                       size_t *max_images);

CEPH_RBD_API
CEPH_RBD_DEPRECATED
void rbd_list_children_cleanup(struct rbd_child_info_t *children,
                               size_t num_children);

CEPH_RBD_API
int rbd_list_descendants(rbd_image_t image,
                         struct rbd_linked_image_spec_t *images,
                         size_t *max_images);

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

CEPH_RBD_API int rbd_lock_acquire(rbd_image_t image, enum rbd_lock_mode_t lock_mode);

CEPH_RBD_API
int rbd_lock_break(rbd_image_t image,
                   enum rbd_lock_mode_t lock_mode,
                   const char *lock_owner);

CEPH_RBD_API int rbd_lock_exclusive(rbd_image_t image, const char *cookie);

CEPH_RBD_API
int rbd_lock_get_owners(rbd_image_t image,
                        enum rbd_lock_mode_t *lock_mode,
                        char **lock_owners,
                        size_t *max_lock_owners);

CEPH_RBD_API void rbd_lock_get_owners_cleanup(char **lock_owners, size_t lock_owner_count);

CEPH_RBD_API int rbd_lock_release(rbd_image_t image);

CEPH_RBD_API int rbd_lock_shared(rbd_image_t image, const char *cookie, const char *tag);

CEPH_RBD_API int rbd_metadata_get(rbd_image_t image, const char *key, char *value, size_t *val_len);

CEPH_RBD_API
int rbd_metadata_list(rbd_image_t image,
                      const char *start,
                      uint64_t max,
                      char *keys,
                      size_t *key_len,
                      char *values,
                      size_t *vals_len);

CEPH_RBD_API int rbd_metadata_remove(rbd_image_t image, const char *key);

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

CEPH_RBD_API
int rbd_mirror_image_get_info(rbd_image_t image,
                              struct rbd_mirror_image_info_t *mirror_image_info,
                              size_t info_size);

CEPH_RBD_API
void rbd_mirror_image_get_info_cleanup(struct rbd_mirror_image_info_t *mirror_image_info);

CEPH_RBD_API
int rbd_mirror_image_get_instance_id(rbd_image_t image,
                                     char *instance_id,
                                     size_t *id_max_length);

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

CEPH_RBD_API
int rbd_mirror_image_info_list(rados_ioctx_t io_ctx,
                               enum rbd_mirror_image_mode_t *mode_filter,
                               const char *start_id,
                               size_t max,
                               char **image_ids,
                               enum rbd_mirror_image_mode_t *mode_entries,
                               struct rbd_mirror_image_info_t *info_entries,
                               size_t *num_entries);

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

CEPH_RBD_API int rbd_mirror_mode_get(rados_ioctx_t io_ctx, enum rbd_mirror_mode_t *mirror_mode);

CEPH_RBD_API int rbd_mirror_mode_set(rados_ioctx_t io_ctx, enum rbd_mirror_mode_t mirror_mode);

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

CEPH_RBD_API
CEPH_RBD_DEPRECATED
int rbd_mirror_peer_list(rados_ioctx_t io_ctx,
                         struct rbd_mirror_peer_t *peers,
                         int *max_peers);

CEPH_RBD_API
CEPH_RBD_DEPRECATED
void rbd_mirror_peer_list_cleanup(struct rbd_mirror_peer_t *peers,
                                  int max_peers);

CEPH_RBD_API CEPH_RBD_DEPRECATED int rbd_mirror_peer_remove(rados_ioctx_t io_ctx, const char *uuid);

CEPH_RBD_API
CEPH_RBD_DEPRECATED
int rbd_mirror_peer_set_attributes(rados_ioctx_t p,
                                   const char *uuid,
                                   const char *keys,
                                   const char *values,
                                   size_t key_value_count);

CEPH_RBD_API
CEPH_RBD_DEPRECATED
int rbd_mirror_peer_set_client(rados_ioctx_t io_ctx,
                               const char *uuid,
                               const char *client_name);

CEPH_RBD_API
CEPH_RBD_DEPRECATED
int rbd_mirror_peer_set_cluster(rados_ioctx_t io_ctx,
                                const char *uuid,
                                const char *cluster_name);

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

CEPH_RBD_API
int rbd_mirror_peer_site_list(rados_ioctx_t io_ctx,
                              struct rbd_mirror_peer_site_t *peers,
                              int *max_peers);

CEPH_RBD_API
void rbd_mirror_peer_site_list_cleanup(struct rbd_mirror_peer_site_t *peers,
                                       int max_peers);

CEPH_RBD_API int rbd_mirror_peer_site_remove(rados_ioctx_t io_ctx, const char *uuid);

CEPH_RBD_API
int rbd_mirror_peer_site_set_attributes(rados_ioctx_t p,
                                        const char *uuid,
                                        const char *keys,
                                        const char *values,
                                        size_t key_value_count);

CEPH_RBD_API
int rbd_mirror_peer_site_set_client_name(rados_ioctx_t io_ctx,
                                         const char *uuid,
                                         const char *client_name);

CEPH_RBD_API
int rbd_mirror_peer_site_set_direction(rados_ioctx_t io_ctx,
                                       const char *uuid,
                                       enum rbd_mirror_peer_direction_t direction);

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

CEPH_RBD_API int rbd_mirror_uuid_get(rados_ioctx_t io_ctx, char *uuid, size_t *max_len);

CEPH_RBD_API int rbd_namespace_create(rados_ioctx_t io, const char *namespace_name);

CEPH_RBD_API int rbd_namespace_exists(rados_ioctx_t io, const char *namespace_name, bool *exists);

CEPH_RBD_API int rbd_namespace_list(rados_ioctx_t io, char *namespace_names, size_t *size);

CEPH_RBD_API int rbd_namespace_remove(rados_ioctx_t io, const char *namespace_name);

CEPH_RBD_API
int rbd_open(rados_ioctx_t io,
             const char *name,
             rbd_image_t *image,
             const char *snap_name);

CEPH_RBD_API
int rbd_open_by_id(rados_ioctx_t io,
                   const char *id,
                   rbd_image_t *image,
                   const char *snap_name);

CEPH_RBD_API
int rbd_open_by_id_read_only(rados_ioctx_t io,
                             const char *id,
                             rbd_image_t *image,
                             const char *snap_name);

CEPH_RBD_API
int rbd_open_read_only(rados_ioctx_t io,
                       const char *name,
                       rbd_image_t *image,
                       const char *snap_name);

CEPH_RBD_API int rbd_poll_io_events(rbd_image_t image, rbd_completion_t *comps, int numcomp);

CEPH_RBD_API int rbd_pool_init(rados_ioctx_t io, bool force);

CEPH_RBD_API
int rbd_pool_metadata_get(rados_ioctx_t io_ctx,
                          const char *key,
                          char *value,
                          size_t *val_len);

CEPH_RBD_API
int rbd_pool_metadata_list(rados_ioctx_t io_ctx,
                           const char *start,
                           uint64_t max,
                           char *keys,
                           size_t *key_len,
                           char *values,
                           size_t *vals_len);

CEPH_RBD_API int rbd_pool_metadata_remove(rados_ioctx_t io_ctx, const char *key);

CEPH_RBD_API int rbd_pool_metadata_set(rados_ioctx_t io_ctx, const char *key, const char *value);

CEPH_RBD_API void rbd_pool_stats_create(rbd_pool_stats_t *stats);

CEPH_RBD_API void rbd_pool_stats_destroy(rbd_pool_stats_t stats);

CEPH_RBD_API int rbd_pool_stats_get(rados_ioctx_t io, rbd_pool_stats_t stats);

CEPH_RBD_API
int rbd_pool_stats_option_add_uint64(rbd_pool_stats_t stats,
                                     int stat_option,
                                     uint64_t *stat_val);

CEPH_RBD_API void rbd_quiesce_complete(rbd_image_t image, uint64_t handle, int r);

CEPH_RBD_API int rbd_quiesce_unwatch(rbd_image_t image, uint64_t handle);

CEPH_RBD_API
int rbd_quiesce_watch(rbd_image_t image,
                      rbd_update_callback_t quiesce_cb,
                      rbd_update_callback_t unquiesce_cb,
                      void *arg,
                      uint64_t *handle);

CEPH_RBD_API ssize_t rbd_read(rbd_image_t image, uint64_t ofs, size_t len, char *buf);

CEPH_RBD_API
ssize_t rbd_read2(rbd_image_t image,
                  uint64_t ofs,
                  size_t len,
                  char *buf,
                  int op_flags);

CEPH_RBD_API
int64_t rbd_read_iterate(rbd_image_t image,
                         uint64_t ofs,
                         size_t len,
                         int (*cb)(uint64_t, size_t, const char*, void*),
                         void *arg);

CEPH_RBD_API
int rbd_read_iterate2(rbd_image_t image,
                      uint64_t ofs,
                      uint64_t len,
                      int (*cb)(uint64_t, size_t, const char*, void*),
                      void *arg);

CEPH_RBD_API int rbd_rebuild_object_map(rbd_image_t image, librbd_progress_fn_t cb, void *cbdata);

CEPH_RBD_API int rbd_remove(rados_ioctx_t io, const char *name);

CEPH_RBD_API
int rbd_remove_with_progress(rados_ioctx_t io,
                             const char *name,
                             librbd_progress_fn_t cb,
                             void *cbdata);

CEPH_RBD_API int rbd_rename(rados_ioctx_t src_io_ctx, const char *srcname, const char *destname);

CEPH_RBD_API int rbd_resize(rbd_image_t image, uint64_t size);

CEPH_RBD_API
int rbd_resize2(rbd_image_t image,
                uint64_t size,
                bool allow_shrink,
                librbd_progress_fn_t cb,
                void *cbdata);

CEPH_RBD_API
int rbd_resize_with_progress(rbd_image_t image,
                             uint64_t size,
                             librbd_progress_fn_t cb,
                             void *cbdata);

CEPH_RBD_API int rbd_set_image_notification(rbd_image_t image, int fd, int type);

CEPH_RBD_API int rbd_snap_create(rbd_image_t image, const char *snapname);

CEPH_RBD_API
int rbd_snap_create2(rbd_image_t image,
                     const char *snap_name,
                     uint32_t flags,
                     librbd_progress_fn_t cb,
                     void *cbdata);

CEPH_RBD_API int rbd_snap_exists(rbd_image_t image, const char *snapname, bool *exists);

CEPH_RBD_API
int rbd_snap_get_group_namespace(rbd_image_t image,
                                 uint64_t snap_id,
                                 struct rbd_snap_group_namespace_t *group_snap,
                                 size_t group_snap_size);

CEPH_RBD_API int rbd_snap_get_id(rbd_image_t image, const char *snapname, uint64_t *snap_id);

CEPH_RBD_API int rbd_snap_get_limit(rbd_image_t image, uint64_t *limit);

CEPH_RBD_API
int rbd_snap_get_mirror_namespace(rbd_image_t image,
                                  uint64_t snap_id,
                                  struct rbd_snap_mirror_namespace_t *mirror_snap,
                                  size_t mirror_snap_size);

CEPH_RBD_API
int rbd_snap_get_name(rbd_image_t image,
                      uint64_t snap_id,
                      char *snapname,
                      size_t *name_len);

CEPH_RBD_API
int rbd_snap_get_namespace_type(rbd_image_t image,
                                uint64_t snap_id,
                                enum rbd_snap_namespace_type_t *namespace_type);

CEPH_RBD_API
int rbd_snap_get_timestamp(rbd_image_t image,
                           uint64_t snap_id,
                           struct timespec *timestamp);

CEPH_RBD_API
int rbd_snap_get_trash_namespace(rbd_image_t image,
                                 uint64_t snap_id,
                                 char *original_name,
                                 size_t max_length);

CEPH_RBD_API
int rbd_snap_get_trash_namespace2(rbd_image_t image,
                                  uint64_t snap_id,
                                  struct rbd_snap_trash_namespace_t *trash_snap,
                                  size_t trash_snap_size);

CEPH_RBD_API
int rbd_snap_group_namespace_cleanup(struct rbd_snap_group_namespace_t *group_snap,
                                     size_t group_snap_size);

CEPH_RBD_API int rbd_snap_is_protected(rbd_image_t image, const char *snap_name, int *is_protected);

CEPH_RBD_API int rbd_snap_list(rbd_image_t image, struct rbd_snap_info_t *snaps, int *max_snaps);

CEPH_RBD_API void rbd_snap_list_end(struct rbd_snap_info_t *snaps);

CEPH_RBD_API
int rbd_snap_mirror_namespace_cleanup(struct rbd_snap_mirror_namespace_t *mirror_snap,
                                      size_t mirror_snap_size);

CEPH_RBD_API int rbd_snap_protect(rbd_image_t image, const char *snap_name);

CEPH_RBD_API int rbd_snap_remove(rbd_image_t image, const char *snapname);

CEPH_RBD_API
int rbd_snap_remove2(rbd_image_t image,
                     const char *snap_name,
                     uint32_t flags,
                     librbd_progress_fn_t cb,
                     void *cbdata);

CEPH_RBD_API int rbd_snap_remove_by_id(rbd_image_t image, uint64_t snap_id);

CEPH_RBD_API int rbd_snap_rename(rbd_image_t image, const char *snapname, const char *dstsnapsname);

CEPH_RBD_API int rbd_snap_rollback(rbd_image_t image, const char *snapname);

CEPH_RBD_API
int rbd_snap_rollback_with_progress(rbd_image_t image,
                                    const char *snapname,
                                    librbd_progress_fn_t cb,
                                    void *cbdata);

CEPH_RBD_API int rbd_snap_set(rbd_image_t image, const char *snapname);

CEPH_RBD_API int rbd_snap_set_by_id(rbd_image_t image, uint64_t snap_id);

CEPH_RBD_API int rbd_snap_set_limit(rbd_image_t image, uint64_t limit);

CEPH_RBD_API void rbd_snap_spec_cleanup(struct rbd_snap_spec_t *snap);

CEPH_RBD_API
int rbd_snap_trash_namespace_cleanup(struct rbd_snap_trash_namespace_t *trash_snap,
                                     size_t trash_snap_size);

CEPH_RBD_API int rbd_snap_unprotect(rbd_image_t image, const char *snap_name);

CEPH_RBD_API int rbd_sparsify(rbd_image_t image, size_t sparse_size);

CEPH_RBD_API
int rbd_sparsify_with_progress(rbd_image_t image,
                               size_t sparse_size,
                               librbd_progress_fn_t cb,
                               void *cbdata);

CEPH_RBD_API int rbd_stat(rbd_image_t image, struct rbd_image_info_t *info, size_t infosize);

CEPH_RBD_API
int rbd_trash_get(rados_ioctx_t io,
                  const char *id,
                  struct rbd_trash_image_info_t *info);

CEPH_RBD_API void rbd_trash_get_cleanup(struct rbd_trash_image_info_t *info);

CEPH_RBD_API
int rbd_trash_list(rados_ioctx_t io,
                   struct rbd_trash_image_info_t *trash_entries,
                   size_t *num_entries);

CEPH_RBD_API
void rbd_trash_list_cleanup(struct rbd_trash_image_info_t *trash_entries,
                            size_t num_entries);

CEPH_RBD_API int rbd_trash_move(rados_ioctx_t io, const char *name, uint64_t delay);

CEPH_RBD_API int rbd_trash_purge(rados_ioctx_t io, time_t expire_ts, float threshold);

CEPH_RBD_API
int rbd_trash_purge_with_progress(rados_ioctx_t io,
                                  time_t expire_ts,
                                  float threshold,
                                  librbd_progress_fn_t cb,
                                  void *cbdata);

CEPH_RBD_API int rbd_trash_remove(rados_ioctx_t io, const char *id, bool force);

CEPH_RBD_API
int rbd_trash_remove_with_progress(rados_ioctx_t io,
                                   const char *id,
                                   bool force,
                                   librbd_progress_fn_t cb,
                                   void *cbdata);

CEPH_RBD_API int rbd_trash_restore(rados_ioctx_t io, const char *id, const char *name);

CEPH_RBD_API int rbd_unlock(rbd_image_t image, const char *cookie);

CEPH_RBD_API int rbd_update_features(rbd_image_t image, uint64_t features, uint8_t enabled);

CEPH_RBD_API int rbd_update_unwatch(rbd_image_t image, uint64_t handle);

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

CEPH_RBD_API
int rbd_watchers_list(rbd_image_t image,
                      struct rbd_image_watcher_t *watchers,
                      size_t *max_watchers);

CEPH_RBD_API
void rbd_watchers_list_cleanup(struct rbd_image_watcher_t *watchers,
                               size_t num_watchers);

CEPH_RBD_API ssize_t rbd_write(rbd_image_t image, uint64_t ofs, size_t len, const char *buf);

CEPH_RBD_API
ssize_t rbd_write2(rbd_image_t image,
                   uint64_t ofs,
                   size_t len,
                   const char *buf,
                   int op_flags);

CEPH_RBD_API
ssize_t rbd_write_zeroes(rbd_image_t image,
                         uint64_t ofs,
                         size_t len,
                         int zero_flags,
                         int op_flags);

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
