/* librbd: creating, opening, describing, listing, resizing, renaming and removing images. */
#include "../transcript.h"

#include <rbd/librbd.h>

#define POOL "c-image"

static int progress(uint64_t done, uint64_t total, void *argument)
{
    *(int *)argument += done <= total;
    return 0;
}

static void options(rados_ioctx_t io)
{
    rbd_image_options_t options;
    uint64_t number;
    char text[64];
    bool set;
    int order = 20;
    section("options");
    rbd_image_options_create(&options);
    SHOW(rbd_image_options_is_empty(options));
    SHOW(rbd_image_options_set_uint64(options, RBD_IMAGE_OPTION_ORDER, 21));
    SHOW(rbd_image_options_set_uint64(options, RBD_IMAGE_OPTION_FEATURES, 3));
    SHOW(rbd_image_options_set_uint64(options, RBD_IMAGE_OPTION_STRIPE_UNIT, 65536));
    SHOW(rbd_image_options_set_uint64(options, RBD_IMAGE_OPTION_STRIPE_COUNT, 2));
    SHOW(rbd_image_options_set_string(options, RBD_IMAGE_OPTION_DATA_POOL, POOL));
    SHOW(rbd_image_options_set_string(options, RBD_IMAGE_OPTION_ORDER, "x"));
    SHOW(rbd_image_options_set_uint64(options, 999, 1));
    SHOW(rbd_image_options_get_uint64(options, RBD_IMAGE_OPTION_ORDER, &number));
    printf("order %llu\n", (unsigned long long)number);
    SHOW(rbd_image_options_get_string(options, RBD_IMAGE_OPTION_DATA_POOL, text, sizeof text));
    SHOW(rbd_image_options_get_uint64(options, RBD_IMAGE_OPTION_FORMAT, &number));
    SHOW(rbd_image_options_is_set(options, RBD_IMAGE_OPTION_ORDER, &set));
    SHOW(set);
    SHOW(rbd_image_options_unset(options, RBD_IMAGE_OPTION_DATA_POOL));
    SHOW(rbd_image_options_is_set(options, RBD_IMAGE_OPTION_DATA_POOL, &set));
    SHOW(set);
    SHOW(rbd_create4(io, "by-options", 10 * MIB, options));
    SHOW(rbd_create4(io, "by-options", 10 * MIB, options));
    rbd_image_options_clear(options);
    SHOW(rbd_image_options_is_empty(options));
    rbd_image_options_destroy(options);
    SHOW(rbd_create(io, "one", 10 * MIB, &order));
    order = 0;
    SHOW(rbd_create2(io, "two", 10 * MIB, 1, &order));
    printf("order %d\n", order);
    SHOW(rbd_create3(io, "three", 10 * MIB, 61, &order, 4194304, 1));
    order = 99;
    SHOW(rbd_create2(io, "bad", 10 * MIB, 1, &order));
    SHOW(rbd_create(io, "", 10 * MIB, &order));
}

static void describe(rados_ioctx_t io, const char *name)
{
    rbd_image_t image;
    rbd_image_info_t info;
    uint64_t size, features, flags, unit, count, op_features;
    uint8_t old;
    char id[64], found[64], prefix[64];
    struct timespec when;
    section(name);
    SHOW(rbd_open_read_only(io, name, &image, NULL));
    SHOW(rbd_stat(image, &info, sizeof info));
    printf("%llu %llu %llu %d parent %lld\n", (unsigned long long)info.size,
           (unsigned long long)info.obj_size, (unsigned long long)info.num_objs, info.order,
           (long long)info.parent_pool);
    SHOW(rbd_get_size(image, &size));
    SHOW(rbd_get_features(image, &features));
    SHOW(rbd_get_op_features(image, &op_features));
    SHOW(rbd_get_flags(image, &flags));
    SHOW(rbd_get_stripe_unit(image, &unit));
    SHOW(rbd_get_stripe_count(image, &count));
    SHOW(rbd_get_old_format(image, &old));
    printf("%llu %llu %llu %llu %llu %llu %d\n", (unsigned long long)size,
           (unsigned long long)features, (unsigned long long)op_features,
           (unsigned long long)flags, (unsigned long long)unit, (unsigned long long)count, old);
    SHOW(rbd_get_id(image, id, sizeof id));
    SHOW(rbd_get_id(image, id, 2));
    rbd_get_id(image, id, sizeof id);
    size_t length = sizeof found;
    SHOW(rbd_get_name(image, found, &length));
    printf("%s %zu\n", found, length);
    length = 2;
    SHOW(rbd_get_name(image, found, &length));
    SHOW(rbd_get_block_name_prefix(image, prefix, sizeof prefix));
    SHOW(!strncmp(prefix, "rbd_data.", 9) && !strcmp(prefix + 9, id));
    SHOW(rbd_get_data_pool_id(image) == rados_ioctx_get_id(io));
    SHOW(rbd_get_create_timestamp(image, &when));
    SHOW(labs(when.tv_sec - time(NULL)) < 100);
    SHOW(rbd_get_access_timestamp(image, &when));
    SHOW(rbd_get_modify_timestamp(image, &when));
    uint64_t overlap;
    SHOW(rbd_get_overlap(image, &overlap));
    SHOW(rbd_write(image, 0, 1, "x"));
    SHOW(rbd_resize(image, 1));
    SHOW(rbd_close(image));
    SHOW(rbd_open_by_id(io, id, &image, NULL));
    SHOW(rbd_close(image));
    SHOW(rbd_open_by_id_read_only(io, id, &image, NULL));
    SHOW(rbd_close(image));
}

static void listing(rados_ioctx_t io)
{
    char names[256], tiny[4];
    size_t length = sizeof names, small = sizeof tiny, count = 8, few = 1;
    rbd_image_spec_t specs[8];
    section("list");
    int found = rbd_list(io, names, &length);
    show_bytes("names", names, found < 0 ? 0 : found);
    SHOW(length);
    SHOW(rbd_list(io, tiny, &small));
    SHOW(small);
    SHOW(rbd_list2(io, specs, &few));
    SHOW(few);
    SHOW(rbd_list2(io, specs, &count));
    for (size_t n = 0; n < count; n++)
        printf("%s %d\n", specs[n].name, strlen(specs[n].id) > 4);
    rbd_image_spec_list_cleanup(specs, count);
}

static void changes(rados_ioctx_t io)
{
    rbd_image_t image, second;
    int calls = 0;
    uint64_t size;
    section("changes");
    MUST(rbd_open(io, "one", &image, NULL));
    SHOW(rbd_resize(image, 3 * MIB));
    SHOW(rbd_resize_with_progress(image, 20 * MIB, progress, &calls));
    SHOW(rbd_resize2(image, 2 * MIB, false, progress, &calls));
    SHOW(rbd_resize2(image, 2 * MIB, true, progress, &calls));
    SHOW(calls > 0);
    SHOW(rbd_rename(io, "one", "uno"));
    SHOW(rbd_rename(io, "one", "uno"));
    SHOW(rbd_rename(io, "uno", "two"));
    MUST(rbd_open(io, "uno", &second, NULL));
    SHOW(rbd_get_size(second, &size));
    SHOW(size);
    SHOW(rbd_close(second));
    SHOW(rbd_remove(io, "uno"));
    SHOW(rbd_close(image));
    calls = 0;
    SHOW(rbd_remove_with_progress(io, "uno", progress, &calls));
    SHOW(calls > 0);
    SHOW(rbd_remove(io, "uno"));
    SHOW(rbd_open(io, "uno", &image, NULL));
    SHOW(rbd_open(io, "two", &image, "no-snapshot"));
    MUST(rbd_open(io, "two", &image, NULL));
    SHOW(rbd_update_features(image, RBD_FEATURE_EXCLUSIVE_LOCK, 1));
    SHOW(rbd_update_features(image, RBD_FEATURE_OBJECT_MAP, 1));
    SHOW(rbd_rebuild_object_map(image, progress, &calls));
    uint64_t flags;
    SHOW(rbd_get_flags(image, &flags));
    SHOW(flags);
    SHOW(rbd_close(image));
    int major, minor, extra;
    rbd_version(&major, &minor, &extra);
    SHOW(major == 1 && minor >= 16);
}

static void opened(rbd_completion_t completion, void *argument)
{
    *(int *)argument = (int)rbd_aio_get_return_value(completion);
}

static void asynchronous(rados_ioctx_t io)
{
    rbd_image_t image;
    rbd_completion_t completion;
    int result = 99;
    section("asynchronous");
    MUST(rbd_aio_create_completion(&result, opened, &completion));
    SHOW(rbd_aio_open(io, "two", &image, NULL, completion));
    rbd_aio_wait_for_complete(completion);
    SHOW(rbd_aio_get_return_value(completion));
    rbd_aio_release(completion);
    MUST(rbd_aio_create_completion(NULL, NULL, &completion));
    SHOW(rbd_aio_close(image, completion));
    rbd_aio_wait_for_complete(completion);
    SHOW(rbd_aio_get_return_value(completion));
    rbd_aio_release(completion);
    MUST(rbd_aio_create_completion(NULL, NULL, &completion));
    SHOW(rbd_aio_open_read_only(io, "none", &image, NULL, completion));
    rbd_aio_wait_for_complete(completion);
    SHOW(rbd_aio_get_return_value(completion));
    rbd_aio_release(completion);
}

int main(void)
{
    rados_t cluster = connect_cluster();
    rados_ioctx_t io = new_pool(cluster, POOL);
    SHOW(rbd_pool_init(io, false));
    options(io);
    describe(io, "by-options");
    describe(io, "one");
    describe(io, "three");
    listing(io);
    changes(io);
    asynchronous(io);
    finish(cluster, io, POOL);
    return 0;
}
