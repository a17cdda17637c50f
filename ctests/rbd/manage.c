/* librbd: metadata, configuration, copies, trash, namespaces, groups, pool statistics. */
#include "../transcript.h"

#include <rbd/librbd.h>

#define POOL "c-rbd-manage"

static int progress(uint64_t done, uint64_t total, void *argument)
{
    *(int *)argument += done <= total;
    return 0;
}

static void metadata(rbd_image_t image)
{
    char value[64], keys[128], values[128];
    size_t length = sizeof value, key_length = sizeof keys, value_length = sizeof values, tiny = 2;
    section("metadata");
    SHOW(rbd_metadata_set(image, "one", "1"));
    SHOW(rbd_metadata_set(image, "two", "zwei"));
    SHOW(rbd_metadata_get(image, "two", value, &length));
    printf("%s %zu\n", value, length);
    SHOW(rbd_metadata_get(image, "two", value, &tiny));
    SHOW(tiny);
    length = sizeof value;
    SHOW(rbd_metadata_get(image, "none", value, &length));
    SHOW(rbd_metadata_list(image, "", 10, keys, &key_length, values, &value_length));
    show_bytes("keys", keys, key_length);
    show_bytes("values", values, value_length);
    key_length = tiny = 2;
    SHOW(rbd_metadata_list(image, "", 10, keys, &key_length, values, &tiny));
    key_length = sizeof keys;
    value_length = sizeof values;
    SHOW(rbd_metadata_list(image, "one", 1, keys, &key_length, values, &value_length));
    show_bytes("keys", keys, key_length);
    SHOW(rbd_metadata_remove(image, "one"));
    SHOW(rbd_metadata_remove(image, "one"));
}

static void configuration(rados_ioctx_t io, rbd_image_t image)
{
    rbd_config_option_t options[256];
    int count = 1, most = 256;
    char value[64];
    size_t length = sizeof value;
    section("configuration");
    SHOW(rbd_config_image_list(image, options, &count));
    SHOW(rbd_config_image_list(image, options, &most));
    SHOW(most);
    for (int n = 0; n < most; n++)
        if (!strcmp(options[n].name, "rbd_cache"))
            printf("%s = %s from %d\n", options[n].name, options[n].value, options[n].source);
    rbd_config_image_list_cleanup(options, most);
    SHOW(rbd_pool_metadata_set(io, "key", "value"));
    SHOW(rbd_pool_metadata_get(io, "key", value, &length));
    printf("%s %zu\n", value, length);
    SHOW(rbd_pool_metadata_remove(io, "key"));
    most = 256;
    SHOW(rbd_config_pool_list(io, options, &most));
    SHOW(most);
    rbd_config_pool_list_cleanup(options, most);
}

static void copies(rados_ioctx_t io, rbd_image_t image)
{
    rbd_image_options_t options;
    rbd_image_t copy;
    char buffer[8];
    int calls = 0;
    section("copies");
    MUST(rbd_write(image, 5 * MIB, 7, "content"));
    rbd_image_options_create(&options);
    SHOW(rbd_copy(image, io, "copy"));
    SHOW(rbd_copy(image, io, "copy"));
    SHOW(rbd_copy_with_progress(image, io, "copy2", progress, &calls));
    SHOW(calls > 0);
    SHOW(rbd_copy3(image, io, "copy3", options));
    SHOW(rbd_deep_copy(image, io, "deep", options));
    SHOW(rbd_deep_copy_with_progress(image, io, "deep2", options, progress, &calls));
    rbd_image_options_destroy(options);
    MUST(rbd_open(io, "copy", &copy, NULL));
    SHOW(rbd_copy2(image, copy));
    SHOW(rbd_read(copy, 5 * MIB, 7, buffer));
    show_bytes("copy", buffer, 7);
    MUST(rbd_close(copy));
    MUST(rbd_open(io, "deep", &copy, NULL));
    SHOW(rbd_read(copy, 5 * MIB, 7, buffer));
    show_bytes("deep", buffer, 7);
    SHOW(rbd_sparsify(copy, 4096));
    MUST(rbd_close(copy));
}

static void trash(rados_ioctx_t io)
{
    rbd_image_t image;
    rbd_trash_image_info_t info, entries[4];
    char id[64];
    size_t count = 4, few = 0;
    section("trash");
    MUST(rbd_open(io, "copy2", &image, NULL));
    MUST(rbd_get_id(image, id, sizeof id));
    MUST(rbd_close(image));
    SHOW(rbd_trash_move(io, "copy2", 1000));
    SHOW(rbd_trash_move(io, "copy2", 0));
    SHOW(rbd_trash_get(io, id, &info));
    printf("%s %d %d\n", info.name, info.source, (int)(info.deferment_end_time - info.deletion_time));
    rbd_trash_get_cleanup(&info);
    SHOW(rbd_trash_get(io, "123", &info));
    SHOW(rbd_trash_list(io, entries, &few));
    SHOW(rbd_trash_list(io, entries, &count));
    SHOW(count);
    rbd_trash_list_cleanup(entries, count);
    SHOW(rbd_trash_remove(io, id, false));
    SHOW(rbd_trash_restore(io, id, "back"));
    SHOW(rbd_trash_move(io, "back", 0));
    int calls = 0;
    SHOW(rbd_trash_remove_with_progress(io, id, false, progress, &calls));
    SHOW(calls > 0);
    SHOW(rbd_trash_purge(io, 0, -1));
}

static void namespaces(rados_ioctx_t io)
{
    char names[64];
    size_t length = sizeof names, tiny = 1;
    bool exists;
    section("namespaces");
    SHOW(rbd_namespace_create(io, "one"));
    SHOW(rbd_namespace_create(io, "one"));
    SHOW(rbd_namespace_create(io, "two"));
    SHOW(rbd_namespace_exists(io, "one", &exists));
    SHOW(exists);
    SHOW(rbd_namespace_list(io, names, &length));
    show_bytes("names", names, length);
    SHOW(rbd_namespace_list(io, names, &tiny));
    SHOW(tiny);
    SHOW(rbd_namespace_remove(io, "one"));
    SHOW(rbd_namespace_remove(io, "one"));
    SHOW(rbd_namespace_remove(io, "two"));
}

static void groups(rados_ioctx_t io)
{
    char names[64];
    size_t length = sizeof names, count = 4;
    rbd_group_image_info_t images[4];
    rbd_group_snap_info_t snaps[4];
    rbd_group_info_t info;
    rbd_image_t image;
    section("groups");
    SHOW(rbd_group_create(io, "g"));
    SHOW(rbd_group_create(io, "g"));
    SHOW(rbd_group_rename(io, "g", "h"));
    SHOW(rbd_group_list(io, names, &length));
    show_bytes("groups", names, strlen(names) + 1);
    SHOW(rbd_group_image_add(io, "h", io, "copy"));
    SHOW(rbd_group_image_list(io, "h", images, sizeof images[0], &count));
    for (size_t n = 0; n < count; n++)
        printf("%s %d\n", images[n].name, images[n].state);
    rbd_group_image_list_cleanup(images, sizeof images[0], count);
    MUST(rbd_open(io, "copy", &image, NULL));
    SHOW(rbd_get_group(image, &info, sizeof info));
    printf("%s\n", info.name);
    rbd_group_info_cleanup(&info, sizeof info);
    MUST(rbd_close(image));
    SHOW(rbd_group_snap_create(io, "h", "s"));
    SHOW(rbd_group_snap_rename(io, "h", "s", "t"));
    count = 4;
    SHOW(rbd_group_snap_list(io, "h", snaps, sizeof snaps[0], &count));
    for (size_t n = 0; n < count; n++)
        printf("%s %d\n", snaps[n].name, snaps[n].state);
    rbd_group_snap_list_cleanup(snaps, sizeof snaps[0], count);
    SHOW(rbd_group_snap_rollback(io, "h", "t"));
    SHOW(rbd_group_snap_remove(io, "h", "t"));
    SHOW(rbd_group_image_remove(io, "h", io, "copy"));
    SHOW(rbd_group_remove(io, "h"));
}

static void statistics(rados_ioctx_t io)
{
    rbd_pool_stats_t stats;
    uint64_t images = 0, bytes = 0;
    section("statistics");
    rbd_pool_stats_create(&stats);
    SHOW(rbd_pool_stats_option_add_uint64(stats, RBD_POOL_STAT_OPTION_IMAGES, &images));
    SHOW(rbd_pool_stats_option_add_uint64(stats, RBD_POOL_STAT_OPTION_IMAGE_PROVISIONED_BYTES, &bytes));
    SHOW(rbd_pool_stats_get(io, stats));
    printf("%llu images, %llu bytes\n", (unsigned long long)images, (unsigned long long)bytes);
    rbd_pool_stats_destroy(stats);
}

int main(void)
{
    rados_t cluster = connect_cluster();
    rados_ioctx_t io = new_pool(cluster, POOL);
    rbd_image_t image;
    int order = 22;
    MUST(rbd_create2(io, "image", 8 * MIB, 61, &order));
    MUST(rbd_open(io, "image", &image, NULL));
    metadata(image);
    configuration(io, image);
    copies(io, image);
    MUST(rbd_close(image));
    trash(io);
    namespaces(io);
    groups(io);
    statistics(io);
    finish(cluster, io, POOL);
    return 0;
}
