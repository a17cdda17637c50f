/* librbd: snapshots, clones, children, differences. */
#include "../transcript.h"

#include <rbd/librbd.h>

#define POOL "c-rbd-snap"

static int progress(uint64_t done, uint64_t total, void *argument)
{
    *(int *)argument += done <= total;
    return 0;
}

static void list(rbd_image_t image)
{
    rbd_snap_info_t snaps[8], one[1];
    int most = 8, few = 1;
    int count = rbd_snap_list(image, snaps, &most);
    printf("%d snapshots, most %d\n", count, most);
    for (int n = 0; n < count; n++)
        printf("%s %llu\n", snaps[n].name, (unsigned long long)snaps[n].size);
    if (count > 0)
        rbd_snap_list_end(snaps);
    if (count > 1) {
        SHOW(rbd_snap_list(image, one, &few));
        SHOW(few);
    }
}

static void snapshots(rbd_image_t image)
{
    char buffer[16], name[32];
    uint64_t id, limit;
    int protect, calls = 0;
    rbd_snap_namespace_type_t type;
    struct timespec when;
    section("snapshots");
    MUST(rbd_write(image, 0, 5, "first"));
    list(image);
    SHOW(rbd_snap_create(image, "one"));
    SHOW(rbd_snap_create(image, "one"));
    MUST(rbd_write(image, 0, 6, "second"));
    SHOW(rbd_snap_create2(image, "two", RBD_SNAP_CREATE_SKIP_QUIESCE, progress, &calls));
    MUST(rbd_write(image, 0, 5, "third"));
    list(image);
    SHOW(rbd_snap_get_id(image, "two", &id));
    SHOW(rbd_snap_get_id(image, "none", &id));
    MUST(rbd_snap_get_id(image, "two", &id));
    SHOW(rbd_snap_get_name(image, id, name, &(size_t){sizeof name}));
    printf("%s\n", name);
    SHOW(rbd_snap_get_name(image, id, name, &(size_t){2}));
    SHOW(rbd_snap_get_namespace_type(image, id, &type));
    SHOW(type);
    SHOW(rbd_snap_get_timestamp(image, id, &when));
    SHOW(labs(when.tv_sec - time(NULL)) < 100);
    bool exists;
    SHOW(rbd_snap_exists(image, "two", &exists));
    SHOW(exists);
    SHOW(rbd_snap_set(image, "one"));
    SHOW(rbd_read(image, 0, 6, buffer));
    show_bytes("one", buffer, 6);
    SHOW(rbd_write(image, 0, 1, "x"));
    SHOW(rbd_snap_set_by_id(image, id));
    SHOW(rbd_read(image, 0, 6, buffer));
    show_bytes("two", buffer, 6);
    SHOW(rbd_snap_set(image, "none"));
    SHOW(rbd_snap_set(image, NULL));
    SHOW(rbd_snap_rollback_with_progress(image, "one", progress, &calls));
    SHOW(calls > 0);
    SHOW(rbd_read(image, 0, 6, buffer));
    show_bytes("rolled back", buffer, 6);
    SHOW(rbd_snap_rollback(image, "none"));
    SHOW(rbd_snap_rename(image, "two", "zwei"));
    SHOW(rbd_snap_is_protected(image, "one", &protect));
    SHOW(protect);
    SHOW(rbd_snap_protect(image, "one"));
    SHOW(rbd_snap_protect(image, "one"));
    SHOW(rbd_snap_is_protected(image, "one", &protect));
    SHOW(protect);
    SHOW(rbd_snap_remove(image, "one"));
    SHOW(rbd_snap_get_limit(image, &limit));
    SHOW(limit == UINT64_MAX);
    SHOW(rbd_snap_set_limit(image, 2));
    SHOW(rbd_snap_create(image, "three"));
    SHOW(rbd_snap_set_limit(image, UINT64_MAX));
    SHOW(rbd_snap_remove_by_id(image, id));
    SHOW(rbd_snap_remove(image, "zwei"));
    list(image);
}

static void clones(rados_ioctx_t io, rbd_image_t image)
{
    rbd_image_options_t options;
    rbd_image_t clone;
    rbd_linked_image_spec_t parent, *children;
    rbd_snap_spec_t snap;
    char buffer[16], pools[64], images[64], parent_pool[64], parent_name[64], parent_snap[64];
    size_t pools_length = sizeof pools, images_length = sizeof images, count = 0;
    int order = 0, calls = 0;
    uint64_t overlap;
    section("clones");
    rbd_image_options_create(&options);
    SHOW(rbd_clone(io, "image", "one", io, "clone", 1, &order));
    SHOW(rbd_clone2(io, "image", "one", io, "clone2", 61, &order, 0, 0));
    SHOW(rbd_clone3(io, "image", "one", io, "clone3", options));
    SHOW(rbd_clone3(io, "image", "one", io, "clone3", options));
    SHOW(rbd_clone3(io, "image", "none", io, "clone4", options));
    rbd_image_options_destroy(options);
    MUST(rbd_open(io, "clone", &clone, NULL));
    SHOW(rbd_read(clone, 0, 6, buffer));
    show_bytes("clone", buffer, 6);
    SHOW(rbd_get_parent(clone, &parent, &snap));
    printf("%s %s %s %s\n", parent.pool_name, parent.pool_namespace, parent.image_name, snap.name);
    rbd_linked_image_spec_cleanup(&parent);
    rbd_snap_spec_cleanup(&snap);
    SHOW(rbd_get_parent_info(clone, parent_pool, sizeof parent_pool, parent_name,
                             sizeof parent_name, parent_snap, sizeof parent_snap));
    printf("%s %s %s\n", parent_pool, parent_name, parent_snap);
    SHOW(rbd_get_parent_info(clone, parent_pool, 2, parent_name, sizeof parent_name, parent_snap,
                             sizeof parent_snap));
    SHOW(rbd_get_parent(image, &parent, &snap));
    SHOW(rbd_get_overlap(clone, &overlap));
    SHOW(overlap);
    MUST(rbd_snap_set(image, "one"));
    SHOW(rbd_list_children(image, pools, &pools_length, images, &images_length));
    show_bytes("images", images, images_length);
    pools_length = 2;
    SHOW(rbd_list_children(image, pools, &pools_length, images, &images_length));
    SHOW(rbd_list_children3(image, NULL, &count));
    children = calloc(count, sizeof *children);
    SHOW(rbd_list_children3(image, children, &count));
    for (size_t n = 0; n < count; n++)
        printf("%s %s %d\n", children[n].pool_name, children[n].image_name, children[n].trash);
    rbd_linked_image_spec_list_cleanup(children, count);
    free(children);
    MUST(rbd_snap_set(image, NULL));
    SHOW(rbd_snap_unprotect(image, "one"));
    MUST(rbd_write(clone, 1, 1, "C"));
    SHOW(rbd_flatten_with_progress(clone, progress, &calls));
    SHOW(calls > 0);
    SHOW(rbd_read(clone, 0, 6, buffer));
    show_bytes("flattened", buffer, 6);
    SHOW(rbd_flatten(clone));
    MUST(rbd_close(clone));
    SHOW(rbd_remove(io, "clone"));
    SHOW(rbd_remove(io, "clone2"));
    SHOW(rbd_remove(io, "clone3"));
    SHOW(rbd_snap_unprotect(image, "one"));
    SHOW(rbd_snap_unprotect(image, "one"));
}

static int changed(uint64_t offset, size_t length, int exists, void *argument)
{
    (void)argument;
    printf("%llu~%zu %d\n", (unsigned long long)offset, length, exists);
    return 0;
}

static void differences(rbd_image_t image)
{
    uint64_t id;
    section("differences");
    MUST(rbd_write(image, 2 * MIB, 4, "diff"));
    MUST(rbd_write(image, 5 * MIB, 4, "diff"));
    SHOW(rbd_diff_iterate(image, "one", 0, 8 * MIB, changed, NULL));
    SHOW(rbd_diff_iterate2(image, "one", 0, 8 * MIB, 1, 0, changed, NULL));
    SHOW(rbd_diff_iterate2(image, "one", 0, 8 * MIB, 1, 1, changed, NULL));
    SHOW(rbd_diff_iterate2(image, NULL, 4 * MIB, 4 * MIB, 0, 1, changed, NULL));
    SHOW(rbd_diff_iterate2(image, "none", 0, 8 * MIB, 1, 1, changed, NULL));
    MUST(rbd_snap_get_id(image, "one", &id));
    SHOW(rbd_snap_remove2(image, "one", RBD_SNAP_REMOVE_FORCE, (librbd_progress_fn_t)progress, &(int){0}));
    list(image);
}

int main(void)
{
    rados_t cluster = connect_cluster();
    rados_ioctx_t io = new_pool(cluster, POOL);
    rbd_image_t image;
    int order = 20;
    MUST(rbd_create2(io, "image", 8 * MIB, 61, &order));
    MUST(rbd_open(io, "image", &image, NULL));
    snapshots(image);
    clones(io, image);
    differences(image);
    MUST(rbd_close(image));
    finish(cluster, io, POOL);
    return 0;
}
