/* Uses every struct, enum, macro, handle and callback type of the public headers and prints sizes,
 * offsets, values and signedness. Compiled with Ceph's headers and with ours, it must print the
 * same. With -DNEWER it uses what came after Ceph 16.2.15; types.newer is what 20.2.4 prints. */
#include <rbd/librbd.h>
#include <stddef.h>
#include <stdio.h>

#define STRUCT(type) printf("struct " #type " %zu %zu\n", sizeof(type), _Alignof(type))
#define FIELD(type, field) \
    printf("  ." #field " %zu %zu\n", offsetof(type, field), sizeof(((type *)0)->field))
#define TYPE(type) \
    printf("type " #type " %zu %s\n", sizeof(type), (type)-1 < (type)1 ? "signed" : "unsigned")
#define HANDLE(type) \
    printf("handle " #type " %zu %d\n", sizeof(type), (type)&answer == (void *)&answer)
#define VALUE(name) \
    printf(#name " %lld %zu %s\n", (long long)(name), sizeof(name), \
           (__typeof__(name))-1 < 1 ? "signed" : "unsigned")
#define CALLBACK(type) \
    do { \
        type of = a_##type; \
        printf("callback " #type " %zu %d\n", sizeof of, of == a_##type); \
    } while (0)
#define STRING(name) printf(#name " \"%s\" %zu\n", name, sizeof(name))

static void a_rados_callback_t(rados_completion_t cb, void *arg)
{
    (void)cb; (void)arg;
}

static void a_rados_watchcb_t(uint8_t opcode, uint64_t ver, void *arg)
{
    (void)opcode; (void)ver; (void)arg;
}

static void a_rados_watchcb2_t(void *arg, uint64_t notify_id, uint64_t handle, uint64_t
    notifier_id, void *data, size_t data_len)
{
    (void)arg; (void)notify_id; (void)handle; (void)notifier_id; (void)data; (void)data_len;
}

static void a_rados_watcherrcb_t(void *pre, uint64_t cookie, int err)
{
    (void)pre; (void)cookie; (void)err;
}

static void a_rados_log_callback_t(void *arg, const char *line, const char *who, uint64_t sec,
    uint64_t nsec, uint64_t seq, const char *level, const char *msg)
{
    (void)arg; (void)line; (void)who; (void)sec; (void)nsec; (void)seq; (void)level;
    (void)msg;
}

static void a_rados_log_callback2_t(void *arg, const char *line, const char *channel, const char
    *who, const char *name, uint64_t sec, uint64_t nsec, uint64_t seq, const char *level, const
    char *msg)
{
    (void)arg; (void)line; (void)channel; (void)who; (void)name; (void)sec; (void)nsec;
    (void)seq; (void)level; (void)msg;
}

static void a_rbd_callback_t(rbd_completion_t cb, void *arg)
{
    (void)cb; (void)arg;
}

static int a_librbd_progress_fn_t(uint64_t offset, uint64_t total, void *ptr)
{
    (void)offset; (void)total; (void)ptr; return 0;
}

static void a_rbd_update_callback_t(void *arg)
{
    (void)arg;
}


CEPH_RADOS_API void with_rados_api(struct blkin_trace_info *info);
CEPH_RBD_API void with_rbd_api(int (*cb)(uint64_t, size_t, const char *, void *))
    CEPH_RBD_DEPRECATED;

static void structs_and_values(void)
{
    int answer = 42;

    STRUCT(struct obj_watch_t);
    FIELD(struct obj_watch_t, addr);
    FIELD(struct obj_watch_t, watcher_id);
    FIELD(struct obj_watch_t, cookie);
    FIELD(struct obj_watch_t, timeout_seconds);
    STRUCT(struct notify_ack_t);
    FIELD(struct notify_ack_t, notifier_id);
    FIELD(struct notify_ack_t, cookie);
    FIELD(struct notify_ack_t, payload);
    FIELD(struct notify_ack_t, payload_len);
    STRUCT(struct notify_timeout_t);
    FIELD(struct notify_timeout_t, notifier_id);
    FIELD(struct notify_timeout_t, cookie);
    STRUCT(rados_object_list_item);
    FIELD(rados_object_list_item, oid_length);
    FIELD(rados_object_list_item, oid);
    FIELD(rados_object_list_item, nspace_length);
    FIELD(rados_object_list_item, nspace);
    FIELD(rados_object_list_item, locator_length);
    FIELD(rados_object_list_item, locator);
    STRUCT(struct rados_pool_stat_t);
    FIELD(struct rados_pool_stat_t, num_bytes);
    FIELD(struct rados_pool_stat_t, num_kb);
    FIELD(struct rados_pool_stat_t, num_objects);
    FIELD(struct rados_pool_stat_t, num_object_clones);
    FIELD(struct rados_pool_stat_t, num_object_copies);
    FIELD(struct rados_pool_stat_t, num_objects_missing_on_primary);
    FIELD(struct rados_pool_stat_t, num_objects_unfound);
    FIELD(struct rados_pool_stat_t, num_objects_degraded);
    FIELD(struct rados_pool_stat_t, num_rd);
    FIELD(struct rados_pool_stat_t, num_rd_kb);
    FIELD(struct rados_pool_stat_t, num_wr);
    FIELD(struct rados_pool_stat_t, num_wr_kb);
    FIELD(struct rados_pool_stat_t, num_user_bytes);
    FIELD(struct rados_pool_stat_t, compressed_bytes_orig);
    FIELD(struct rados_pool_stat_t, compressed_bytes);
    FIELD(struct rados_pool_stat_t, compressed_bytes_alloc);
    STRUCT(struct rados_cluster_stat_t);
    FIELD(struct rados_cluster_stat_t, kb);
    FIELD(struct rados_cluster_stat_t, kb_used);
    FIELD(struct rados_cluster_stat_t, kb_avail);
    FIELD(struct rados_cluster_stat_t, num_objects);
    STRUCT(rbd_image_spec_t);
    FIELD(rbd_image_spec_t, id);
    FIELD(rbd_image_spec_t, name);
    STRUCT(rbd_linked_image_spec_t);
    FIELD(rbd_linked_image_spec_t, pool_id);
    FIELD(rbd_linked_image_spec_t, pool_name);
    FIELD(rbd_linked_image_spec_t, pool_namespace);
    FIELD(rbd_linked_image_spec_t, image_id);
    FIELD(rbd_linked_image_spec_t, image_name);
    FIELD(rbd_linked_image_spec_t, trash);
    STRUCT(rbd_snap_spec_t);
    FIELD(rbd_snap_spec_t, id);
    FIELD(rbd_snap_spec_t, namespace_type);
    FIELD(rbd_snap_spec_t, name);
    STRUCT(rbd_snap_info_t);
    FIELD(rbd_snap_info_t, id);
    FIELD(rbd_snap_info_t, size);
    FIELD(rbd_snap_info_t, name);
    STRUCT(rbd_child_info_t);
    FIELD(rbd_child_info_t, pool_name);
    FIELD(rbd_child_info_t, image_name);
    FIELD(rbd_child_info_t, image_id);
    FIELD(rbd_child_info_t, trash);
    STRUCT(rbd_image_info_t);
    FIELD(rbd_image_info_t, size);
    FIELD(rbd_image_info_t, obj_size);
    FIELD(rbd_image_info_t, num_objs);
    FIELD(rbd_image_info_t, order);
    FIELD(rbd_image_info_t, block_name_prefix);
    FIELD(rbd_image_info_t, parent_pool);
    FIELD(rbd_image_info_t, parent_name);
    STRUCT(rbd_mirror_peer_t);
    FIELD(rbd_mirror_peer_t, uuid);
    FIELD(rbd_mirror_peer_t, cluster_name);
    FIELD(rbd_mirror_peer_t, client_name);
    STRUCT(rbd_mirror_peer_site_t);
    FIELD(rbd_mirror_peer_site_t, uuid);
    FIELD(rbd_mirror_peer_site_t, direction);
    FIELD(rbd_mirror_peer_site_t, site_name);
    FIELD(rbd_mirror_peer_site_t, mirror_uuid);
    FIELD(rbd_mirror_peer_site_t, client_name);
    FIELD(rbd_mirror_peer_site_t, last_seen);
    STRUCT(rbd_mirror_image_info_t);
    FIELD(rbd_mirror_image_info_t, global_id);
    FIELD(rbd_mirror_image_info_t, state);
    FIELD(rbd_mirror_image_info_t, primary);
    STRUCT(rbd_mirror_image_status_t);
    FIELD(rbd_mirror_image_status_t, name);
    FIELD(rbd_mirror_image_status_t, info);
    FIELD(rbd_mirror_image_status_t, state);
    FIELD(rbd_mirror_image_status_t, description);
    FIELD(rbd_mirror_image_status_t, last_update);
    FIELD(rbd_mirror_image_status_t, up);
    STRUCT(rbd_mirror_image_site_status_t);
    FIELD(rbd_mirror_image_site_status_t, mirror_uuid);
    FIELD(rbd_mirror_image_site_status_t, state);
    FIELD(rbd_mirror_image_site_status_t, description);
    FIELD(rbd_mirror_image_site_status_t, last_update);
    FIELD(rbd_mirror_image_site_status_t, up);
    STRUCT(rbd_mirror_image_global_status_t);
    FIELD(rbd_mirror_image_global_status_t, name);
    FIELD(rbd_mirror_image_global_status_t, info);
    FIELD(rbd_mirror_image_global_status_t, site_statuses_count);
    FIELD(rbd_mirror_image_global_status_t, site_statuses);
    STRUCT(rbd_group_image_info_t);
    FIELD(rbd_group_image_info_t, name);
    FIELD(rbd_group_image_info_t, pool);
    FIELD(rbd_group_image_info_t, state);
    STRUCT(rbd_group_info_t);
    FIELD(rbd_group_info_t, name);
    FIELD(rbd_group_info_t, pool);
    STRUCT(rbd_group_snap_info_t);
    FIELD(rbd_group_snap_info_t, name);
    FIELD(rbd_group_snap_info_t, state);
    STRUCT(rbd_snap_group_namespace_t);
    FIELD(rbd_snap_group_namespace_t, group_pool);
    FIELD(rbd_snap_group_namespace_t, group_name);
    FIELD(rbd_snap_group_namespace_t, group_snap_name);
    STRUCT(rbd_snap_mirror_namespace_t);
    FIELD(rbd_snap_mirror_namespace_t, state);
    FIELD(rbd_snap_mirror_namespace_t, mirror_peer_uuids_count);
    FIELD(rbd_snap_mirror_namespace_t, mirror_peer_uuids);
    FIELD(rbd_snap_mirror_namespace_t, complete);
    FIELD(rbd_snap_mirror_namespace_t, primary_mirror_uuid);
    FIELD(rbd_snap_mirror_namespace_t, primary_snap_id);
    FIELD(rbd_snap_mirror_namespace_t, last_copied_object_number);
    STRUCT(rbd_trash_image_info_t);
    FIELD(rbd_trash_image_info_t, id);
    FIELD(rbd_trash_image_info_t, name);
    FIELD(rbd_trash_image_info_t, source);
    FIELD(rbd_trash_image_info_t, deletion_time);
    FIELD(rbd_trash_image_info_t, deferment_end_time);
    STRUCT(rbd_image_watcher_t);
    FIELD(rbd_image_watcher_t, addr);
    FIELD(rbd_image_watcher_t, id);
    FIELD(rbd_image_watcher_t, cookie);
    STRUCT(rbd_image_migration_status_t);
    FIELD(rbd_image_migration_status_t, source_pool_id);
    FIELD(rbd_image_migration_status_t, source_pool_namespace);
    FIELD(rbd_image_migration_status_t, source_image_name);
    FIELD(rbd_image_migration_status_t, source_image_id);
    FIELD(rbd_image_migration_status_t, dest_pool_id);
    FIELD(rbd_image_migration_status_t, dest_pool_namespace);
    FIELD(rbd_image_migration_status_t, dest_image_name);
    FIELD(rbd_image_migration_status_t, dest_image_id);
    FIELD(rbd_image_migration_status_t, state);
    FIELD(rbd_image_migration_status_t, state_description);
    STRUCT(rbd_config_option_t);
    FIELD(rbd_config_option_t, name);
    FIELD(rbd_config_option_t, value);
    FIELD(rbd_config_option_t, source);
    STRUCT(rbd_encryption_luks1_format_options_t);
    FIELD(rbd_encryption_luks1_format_options_t, alg);
    FIELD(rbd_encryption_luks1_format_options_t, passphrase);
    FIELD(rbd_encryption_luks1_format_options_t, passphrase_size);
    STRUCT(rbd_encryption_luks2_format_options_t);
    FIELD(rbd_encryption_luks2_format_options_t, alg);
    FIELD(rbd_encryption_luks2_format_options_t, passphrase);
    FIELD(rbd_encryption_luks2_format_options_t, passphrase_size);
    VALUE(LIBRADOS_OP_FLAG_EXCL);
    VALUE(LIBRADOS_OP_FLAG_FAILOK);
    VALUE(LIBRADOS_OP_FLAG_FADVISE_RANDOM);
    VALUE(LIBRADOS_OP_FLAG_FADVISE_SEQUENTIAL);
    VALUE(LIBRADOS_OP_FLAG_FADVISE_WILLNEED);
    VALUE(LIBRADOS_OP_FLAG_FADVISE_DONTNEED);
    VALUE(LIBRADOS_OP_FLAG_FADVISE_NOCACHE);
    VALUE(LIBRADOS_OP_FLAG_FADVISE_FUA);
    VALUE(LIBRADOS_CMPXATTR_OP_EQ);
    VALUE(LIBRADOS_CMPXATTR_OP_NE);
    VALUE(LIBRADOS_CMPXATTR_OP_GT);
    VALUE(LIBRADOS_CMPXATTR_OP_GTE);
    VALUE(LIBRADOS_CMPXATTR_OP_LT);
    VALUE(LIBRADOS_CMPXATTR_OP_LTE);
    VALUE(LIBRADOS_OPERATION_NOFLAG);
    VALUE(LIBRADOS_OPERATION_BALANCE_READS);
    VALUE(LIBRADOS_OPERATION_LOCALIZE_READS);
    VALUE(LIBRADOS_OPERATION_ORDER_READS_WRITES);
    VALUE(LIBRADOS_OPERATION_IGNORE_CACHE);
    VALUE(LIBRADOS_OPERATION_SKIPRWLOCKS);
    VALUE(LIBRADOS_OPERATION_IGNORE_OVERLAY);
    VALUE(LIBRADOS_OPERATION_FULL_TRY);
    VALUE(LIBRADOS_OPERATION_FULL_FORCE);
    VALUE(LIBRADOS_OPERATION_IGNORE_REDIRECT);
    VALUE(LIBRADOS_OPERATION_ORDERSNAP);
    VALUE(LIBRADOS_OPERATION_RETURNVEC);
    VALUE(LIBRADOS_ALLOC_HINT_FLAG_SEQUENTIAL_WRITE);
    VALUE(LIBRADOS_ALLOC_HINT_FLAG_RANDOM_WRITE);
    VALUE(LIBRADOS_ALLOC_HINT_FLAG_SEQUENTIAL_READ);
    VALUE(LIBRADOS_ALLOC_HINT_FLAG_RANDOM_READ);
    VALUE(LIBRADOS_ALLOC_HINT_FLAG_APPEND_ONLY);
    VALUE(LIBRADOS_ALLOC_HINT_FLAG_IMMUTABLE);
    VALUE(LIBRADOS_ALLOC_HINT_FLAG_SHORTLIVED);
    VALUE(LIBRADOS_ALLOC_HINT_FLAG_LONGLIVED);
    VALUE(LIBRADOS_ALLOC_HINT_FLAG_COMPRESSIBLE);
    VALUE(LIBRADOS_ALLOC_HINT_FLAG_INCOMPRESSIBLE);
    TYPE(rados_checksum_type_t);
    VALUE(LIBRADOS_CHECKSUM_TYPE_XXHASH32);
    VALUE(LIBRADOS_CHECKSUM_TYPE_XXHASH64);
    VALUE(LIBRADOS_CHECKSUM_TYPE_CRC32C);
    TYPE(rbd_snap_namespace_type_t);
    VALUE(RBD_SNAP_NAMESPACE_TYPE_USER);
    VALUE(RBD_SNAP_NAMESPACE_TYPE_GROUP);
    VALUE(RBD_SNAP_NAMESPACE_TYPE_TRASH);
    VALUE(RBD_SNAP_NAMESPACE_TYPE_MIRROR);
    VALUE(EVENT_TYPE_PIPE);
    VALUE(EVENT_TYPE_EVENTFD);
    TYPE(rbd_mirror_mode_t);
    VALUE(RBD_MIRROR_MODE_DISABLED);
    VALUE(RBD_MIRROR_MODE_IMAGE);
    VALUE(RBD_MIRROR_MODE_POOL);
    TYPE(rbd_mirror_peer_direction_t);
    VALUE(RBD_MIRROR_PEER_DIRECTION_RX);
    VALUE(RBD_MIRROR_PEER_DIRECTION_TX);
    VALUE(RBD_MIRROR_PEER_DIRECTION_RX_TX);
    TYPE(rbd_mirror_image_mode_t);
    VALUE(RBD_MIRROR_IMAGE_MODE_JOURNAL);
    VALUE(RBD_MIRROR_IMAGE_MODE_SNAPSHOT);
    TYPE(rbd_mirror_image_state_t);
    VALUE(RBD_MIRROR_IMAGE_DISABLING);
    VALUE(RBD_MIRROR_IMAGE_ENABLED);
    VALUE(RBD_MIRROR_IMAGE_DISABLED);
    TYPE(rbd_mirror_image_status_state_t);
    VALUE(MIRROR_IMAGE_STATUS_STATE_UNKNOWN);
    VALUE(MIRROR_IMAGE_STATUS_STATE_ERROR);
    VALUE(MIRROR_IMAGE_STATUS_STATE_SYNCING);
    VALUE(MIRROR_IMAGE_STATUS_STATE_STARTING_REPLAY);
    VALUE(MIRROR_IMAGE_STATUS_STATE_REPLAYING);
    VALUE(MIRROR_IMAGE_STATUS_STATE_STOPPING_REPLAY);
    VALUE(MIRROR_IMAGE_STATUS_STATE_STOPPED);
    TYPE(rbd_group_image_state_t);
    VALUE(RBD_GROUP_IMAGE_STATE_ATTACHED);
    VALUE(RBD_GROUP_IMAGE_STATE_INCOMPLETE);
    TYPE(rbd_group_snap_state_t);
    VALUE(RBD_GROUP_SNAP_STATE_INCOMPLETE);
    VALUE(RBD_GROUP_SNAP_STATE_COMPLETE);
    TYPE(rbd_snap_mirror_state_t);
    VALUE(RBD_SNAP_MIRROR_STATE_PRIMARY);
    VALUE(RBD_SNAP_MIRROR_STATE_PRIMARY_DEMOTED);
    VALUE(RBD_SNAP_MIRROR_STATE_NON_PRIMARY);
    VALUE(RBD_SNAP_MIRROR_STATE_NON_PRIMARY_DEMOTED);
    TYPE(rbd_lock_mode_t);
    VALUE(RBD_LOCK_MODE_EXCLUSIVE);
    VALUE(RBD_LOCK_MODE_SHARED);
    VALUE(RBD_IMAGE_OPTION_FORMAT);
    VALUE(RBD_IMAGE_OPTION_FEATURES);
    VALUE(RBD_IMAGE_OPTION_ORDER);
    VALUE(RBD_IMAGE_OPTION_STRIPE_UNIT);
    VALUE(RBD_IMAGE_OPTION_STRIPE_COUNT);
    VALUE(RBD_IMAGE_OPTION_JOURNAL_ORDER);
    VALUE(RBD_IMAGE_OPTION_JOURNAL_SPLAY_WIDTH);
    VALUE(RBD_IMAGE_OPTION_JOURNAL_POOL);
    VALUE(RBD_IMAGE_OPTION_FEATURES_SET);
    VALUE(RBD_IMAGE_OPTION_FEATURES_CLEAR);
    VALUE(RBD_IMAGE_OPTION_DATA_POOL);
    VALUE(RBD_IMAGE_OPTION_FLATTEN);
    VALUE(RBD_IMAGE_OPTION_CLONE_FORMAT);
    VALUE(RBD_IMAGE_OPTION_MIRROR_IMAGE_MODE);
    TYPE(rbd_trash_image_source_t);
    VALUE(RBD_TRASH_IMAGE_SOURCE_USER);
    VALUE(RBD_TRASH_IMAGE_SOURCE_MIRRORING);
    VALUE(RBD_TRASH_IMAGE_SOURCE_MIGRATION);
    VALUE(RBD_TRASH_IMAGE_SOURCE_REMOVING);
    VALUE(RBD_TRASH_IMAGE_SOURCE_USER_PARENT);
    TYPE(rbd_image_migration_state_t);
    VALUE(RBD_IMAGE_MIGRATION_STATE_UNKNOWN);
    VALUE(RBD_IMAGE_MIGRATION_STATE_ERROR);
    VALUE(RBD_IMAGE_MIGRATION_STATE_PREPARING);
    VALUE(RBD_IMAGE_MIGRATION_STATE_PREPARED);
    VALUE(RBD_IMAGE_MIGRATION_STATE_EXECUTING);
    VALUE(RBD_IMAGE_MIGRATION_STATE_EXECUTED);
    VALUE(RBD_IMAGE_MIGRATION_STATE_ABORTING);
    TYPE(rbd_config_source_t);
    VALUE(RBD_CONFIG_SOURCE_CONFIG);
    VALUE(RBD_CONFIG_SOURCE_POOL);
    VALUE(RBD_CONFIG_SOURCE_IMAGE);
    TYPE(rbd_pool_stat_option_t);
    VALUE(RBD_POOL_STAT_OPTION_IMAGES);
    VALUE(RBD_POOL_STAT_OPTION_IMAGE_PROVISIONED_BYTES);
    VALUE(RBD_POOL_STAT_OPTION_IMAGE_MAX_PROVISIONED_BYTES);
    VALUE(RBD_POOL_STAT_OPTION_IMAGE_SNAPSHOTS);
    VALUE(RBD_POOL_STAT_OPTION_TRASH_IMAGES);
    VALUE(RBD_POOL_STAT_OPTION_TRASH_PROVISIONED_BYTES);
    VALUE(RBD_POOL_STAT_OPTION_TRASH_MAX_PROVISIONED_BYTES);
    VALUE(RBD_POOL_STAT_OPTION_TRASH_SNAPSHOTS);
    VALUE(RBD_WRITE_ZEROES_FLAG_THICK_PROVISION);
    TYPE(rbd_encryption_format_t);
    VALUE(RBD_ENCRYPTION_FORMAT_LUKS1);
    VALUE(RBD_ENCRYPTION_FORMAT_LUKS2);
    TYPE(rbd_encryption_algorithm_t);
    VALUE(RBD_ENCRYPTION_ALGORITHM_AES128);
    VALUE(RBD_ENCRYPTION_ALGORITHM_AES256);
    STRING(LIBRADOS_ALL_NSPACES);
    VALUE(CEPH_OSD_TMAP_HDR);
    VALUE(CEPH_OSD_TMAP_SET);
    VALUE(CEPH_OSD_TMAP_CREATE);
    VALUE(CEPH_OSD_TMAP_RM);
    VALUE(LIBRADOS_VER_MAJOR);
    VALUE(LIBRADOS_VER_MINOR);
    VALUE(LIBRADOS_VER_EXTRA);
    VALUE(LIBRADOS_VERSION_CODE);
    VALUE(LIBRADOS_SUPPORTS_WATCH);
    VALUE(LIBRADOS_SUPPORTS_SERVICES);
    VALUE(LIBRADOS_SUPPORTS_GETADDRS);
    VALUE(LIBRADOS_SUPPORTS_APP_METADATA);
    VALUE(LIBRADOS_LOCK_FLAG_RENEW);
    VALUE(LIBRADOS_LOCK_FLAG_MAY_RENEW);
    VALUE(LIBRADOS_LOCK_FLAG_MUST_RENEW);
    VALUE(LIBRADOS_CREATE_EXCLUSIVE);
    VALUE(LIBRADOS_CREATE_IDEMPOTENT);
    VALUE(LIBRADOS_SNAP_HEAD);
    VALUE(LIBRADOS_SNAP_DIR);
    VALUE(RBD_FEATURE_LAYERING);
    VALUE(RBD_FEATURE_STRIPINGV2);
    VALUE(RBD_FEATURE_EXCLUSIVE_LOCK);
    VALUE(RBD_FEATURE_OBJECT_MAP);
    VALUE(RBD_FEATURE_FAST_DIFF);
    VALUE(RBD_FEATURE_DEEP_FLATTEN);
    VALUE(RBD_FEATURE_JOURNALING);
    VALUE(RBD_FEATURE_DATA_POOL);
    VALUE(RBD_FEATURE_OPERATIONS);
    VALUE(RBD_FEATURE_MIGRATING);
    VALUE(RBD_FEATURE_NON_PRIMARY);
    VALUE(RBD_FEATURE_DIRTY_CACHE);
    VALUE(RBD_FEATURES_DEFAULT);
    STRING(RBD_FEATURE_NAME_LAYERING);
    STRING(RBD_FEATURE_NAME_STRIPINGV2);
    STRING(RBD_FEATURE_NAME_EXCLUSIVE_LOCK);
    STRING(RBD_FEATURE_NAME_OBJECT_MAP);
    STRING(RBD_FEATURE_NAME_FAST_DIFF);
    STRING(RBD_FEATURE_NAME_DEEP_FLATTEN);
    STRING(RBD_FEATURE_NAME_JOURNALING);
    STRING(RBD_FEATURE_NAME_DATA_POOL);
    STRING(RBD_FEATURE_NAME_OPERATIONS);
    STRING(RBD_FEATURE_NAME_MIGRATING);
    STRING(RBD_FEATURE_NAME_NON_PRIMARY);
    STRING(RBD_FEATURE_NAME_DIRTY_CACHE);
    VALUE(RBD_FEATURES_INCOMPATIBLE);
    VALUE(RBD_FEATURES_RW_INCOMPATIBLE);
    VALUE(RBD_FEATURES_ALL);
    VALUE(RBD_FEATURES_MUTABLE);
    VALUE(RBD_FEATURES_MUTABLE_INTERNAL);
    VALUE(RBD_FEATURES_DISABLE_ONLY);
    VALUE(RBD_FEATURES_SINGLE_CLIENT);
    VALUE(RBD_FEATURES_IMPLICIT_ENABLE);
    VALUE(RBD_FEATURES_INTERNAL);
    VALUE(RBD_OPERATION_FEATURE_CLONE_PARENT);
    VALUE(RBD_OPERATION_FEATURE_CLONE_CHILD);
    VALUE(RBD_OPERATION_FEATURE_GROUP);
    VALUE(RBD_OPERATION_FEATURE_SNAP_TRASH);
    STRING(RBD_OPERATION_FEATURE_NAME_CLONE_PARENT);
    STRING(RBD_OPERATION_FEATURE_NAME_CLONE_CHILD);
    STRING(RBD_OPERATION_FEATURE_NAME_GROUP);
    STRING(RBD_OPERATION_FEATURE_NAME_SNAP_TRASH);
    VALUE(RBD_OPERATION_FEATURES_ALL);
    VALUE(LIBRBD_VER_MAJOR);
    VALUE(LIBRBD_VER_MINOR);
    VALUE(LIBRBD_VER_EXTRA);
    VALUE(LIBRBD_VERSION_CODE);
    VALUE(LIBRBD_SUPPORTS_AIO_FLUSH);
    VALUE(LIBRBD_SUPPORTS_AIO_OPEN);
    VALUE(LIBRBD_SUPPORTS_COMPARE_AND_WRITE);
    VALUE(LIBRBD_SUPPORTS_LOCKING);
    VALUE(LIBRBD_SUPPORTS_INVALIDATE);
    VALUE(LIBRBD_SUPPORTS_IOVEC);
    VALUE(LIBRBD_SUPPORTS_WATCH);
    VALUE(LIBRBD_SUPPORTS_WRITESAME);
    VALUE(LIBRBD_SUPPORTS_WRITE_ZEROES);
    VALUE(LIBRBD_SUPPORTS_ENCRYPTION);
    VALUE(RBD_FLAG_OBJECT_MAP_INVALID);
    VALUE(RBD_FLAG_FAST_DIFF_INVALID);
    STRING(RBD_MIRROR_IMAGE_STATUS_LOCAL_MIRROR_UUID);
    VALUE(RBD_MAX_IMAGE_NAME_SIZE);
    VALUE(RBD_MAX_BLOCK_NAME_SIZE);
    VALUE(RBD_SNAP_CREATE_SKIP_QUIESCE);
    VALUE(RBD_SNAP_CREATE_IGNORE_QUIESCE_ERROR);
    VALUE(RBD_SNAP_REMOVE_UNPROTECT);
    VALUE(RBD_SNAP_REMOVE_FLATTEN);
    VALUE(RBD_SNAP_REMOVE_FORCE);
    STRING(RBD_MIRROR_PEER_ATTRIBUTE_NAME_MON_HOST);
    STRING(RBD_MIRROR_PEER_ATTRIBUTE_NAME_KEY);
    HANDLE(rados_t);
    HANDLE(rados_config_t);
    HANDLE(rados_ioctx_t);
    HANDLE(rados_list_ctx_t);
    HANDLE(rados_object_list_cursor);
    TYPE(rados_snap_t);
    HANDLE(rados_xattrs_iter_t);
    HANDLE(rados_omap_iter_t);
    HANDLE(rados_write_op_t);
    HANDLE(rados_read_op_t);
    HANDLE(rados_completion_t);
    HANDLE(rbd_image_t);
    HANDLE(rbd_image_options_t);
    HANDLE(rbd_pool_stats_t);
    HANDLE(rbd_completion_t);
    HANDLE(rbd_encryption_options_t);
}

static void the_rest(void)
{
    CALLBACK(rados_callback_t);
    CALLBACK(rados_watchcb_t);
    CALLBACK(rados_watchcb2_t);
    CALLBACK(rados_watcherrcb_t);
    CALLBACK(rados_log_callback_t);
    CALLBACK(rados_log_callback2_t);
    CALLBACK(rbd_callback_t);
    CALLBACK(librbd_progress_fn_t);
    CALLBACK(rbd_update_callback_t);
    printf("LIBRADOS_VERSION %d\n", LIBRADOS_VERSION(3, 2, 1));
    printf("LIBRBD_VERSION %d\n", LIBRBD_VERSION(3, 2, 1));
#if LIBRADOS_VERSION_CODE < LIBRADOS_VERSION(3, 0, 0) || \
    LIBRBD_VERSION_CODE < LIBRBD_VERSION(1, 16, 0)
    printf("too old\n");
#endif
#if defined(VOIDPTR_RADOS_T) && defined(CEPH_LIBRADOS_H) && defined(CEPH_LIBRBD_H) && \
    defined(CEPH_RADOS_TYPES_H) && defined(CEPH_RBD_FEATURES_H)
    printf("guards\n");
#endif
}

#ifdef NEWER
static void newer(void)
{
    STRUCT(rbd_encryption_spec_t);
    FIELD(rbd_encryption_spec_t, format);
    FIELD(rbd_encryption_spec_t, opts);
    FIELD(rbd_encryption_spec_t, opts_size);
    STRUCT(rbd_encryption_luks_format_options_t);
    FIELD(rbd_encryption_luks_format_options_t, passphrase);
    FIELD(rbd_encryption_luks_format_options_t, passphrase_size);
    STRUCT(rbd_group_image_snap_info_t);
    FIELD(rbd_group_image_snap_info_t, image_name);
    FIELD(rbd_group_image_snap_info_t, pool_id);
    FIELD(rbd_group_image_snap_info_t, snap_id);
    STRUCT(rbd_group_snap_info2_t);
    FIELD(rbd_group_snap_info2_t, id);
    FIELD(rbd_group_snap_info2_t, name);
    FIELD(rbd_group_snap_info2_t, image_snap_name);
    FIELD(rbd_group_snap_info2_t, state);
    FIELD(rbd_group_snap_info2_t, namespace_type);
    FIELD(rbd_group_snap_info2_t, image_snaps_count);
    FIELD(rbd_group_snap_info2_t, image_snaps);
    STRUCT(rbd_snap_trash_namespace_t);
    FIELD(rbd_snap_trash_namespace_t, original_namespace_type);
    FIELD(rbd_snap_trash_namespace_t, original_name);
    VALUE(LIBRADOS_ALLOC_HINT_FLAG_LOG);
    VALUE(RBD_MIRROR_MODE_INIT_ONLY);
    VALUE(RBD_MIRROR_IMAGE_CREATING);
    TYPE(rbd_group_snap_namespace_type_t);
    VALUE(RBD_GROUP_SNAP_NAMESPACE_TYPE_USER);
    VALUE(RBD_LOCK_MODE_EXCLUSIVE_TRANSIENT);
    VALUE(RBD_DIFF_ITERATE_FLAG_INCLUDE_PARENT);
    VALUE(RBD_DIFF_ITERATE_FLAG_WHOLE_OBJECT);
    VALUE(RBD_ENCRYPTION_FORMAT_LUKS);
    VALUE(LIBRBD_SUPPORTS_COMPARE_AND_WRITE_IOVEC);
    VALUE(LIBRBD_SUPPORTS_ENCRYPTION_LOAD2);
    VALUE(LIBRBD_SUPPORTS_GROUP_SNAP_GET_INFO);
    VALUE(LIBRBD_SUPPORTS_DIFF_ITERATE3);
}
#endif

int main(void)
{
#ifdef NEWER
    newer();
#else
    structs_and_values();
    the_rest();
#endif
    return 0;
}
