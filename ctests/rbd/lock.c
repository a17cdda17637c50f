/* librbd: advisory locks, the exclusive lock, watchers, update watches. */
#include "../transcript.h"

#include <rbd/librbd.h>
#include <stdatomic.h>

#define POOL "c-rbd-lock"

static void advisory(rbd_image_t image)
{
    char tag[64], clients[256], cookies[256], addresses[256];
    size_t tag_length = sizeof tag, clients_length = sizeof clients;
    size_t cookies_length = sizeof cookies, addresses_length = sizeof addresses, small = 1;
    int exclusive = 9;
    section("advisory");
    SHOW(rbd_list_lockers(image, &exclusive, tag, &tag_length, clients, &clients_length, cookies,
                          &cookies_length, addresses, &addresses_length));
    SHOW(rbd_lock_exclusive(image, "cookie"));
    SHOW(rbd_lock_exclusive(image, "cookie"));
    SHOW(rbd_lock_shared(image, "other", "tag"));
    tag_length = sizeof tag;
    clients_length = cookies_length = addresses_length = sizeof clients;
    SHOW(rbd_list_lockers(image, &exclusive, tag, &tag_length, clients, &clients_length, cookies,
                          &cookies_length, addresses, &addresses_length));
    printf("exclusive %d\n", exclusive);
    show_bytes("tag", tag, tag_length);
    show_bytes("cookies", cookies, cookies_length);
    SHOW(rbd_list_lockers(image, &exclusive, tag, &tag_length, clients, &small, cookies,
                          &cookies_length, addresses, &addresses_length));
    SHOW(rbd_unlock(image, "other"));
    SHOW(rbd_unlock(image, "cookie"));
    SHOW(rbd_lock_shared(image, "a", "tag"));
    SHOW(rbd_lock_shared(image, "b", "tag"));
    SHOW(rbd_lock_exclusive(image, "c"));
    SHOW(rbd_break_lock(image, "client.1", "a"));
    SHOW(rbd_break_lock(image, "nonsense", "a"));
    SHOW(rbd_unlock(image, "a"));
    SHOW(rbd_unlock(image, "b"));
}

static void automatic(rados_t cluster, rados_ioctx_t io)
{
    rbd_image_t one, two;
    rados_ioctx_t other;
    int owner, second_owner;
    char *owners[4];
    size_t count = 4;
    rbd_lock_mode_t mode;
    section("exclusive lock");
    MUST(rados_ioctx_create(cluster, POOL, &other));
    MUST(rbd_open(io, "image", &one, NULL));
    MUST(rbd_open(other, "image", &two, NULL));
    SHOW(rbd_is_exclusive_lock_owner(one, &owner));
    SHOW(owner);
    SHOW(rbd_write(one, 0, 1, "1"));
    rbd_is_exclusive_lock_owner(one, &owner);
    SHOW(owner);
    SHOW(rbd_write(two, 1, 1, "2"));
    rbd_is_exclusive_lock_owner(one, &owner);
    rbd_is_exclusive_lock_owner(two, &second_owner);
    printf("owners %d %d\n", owner, second_owner);
    SHOW(rbd_lock_get_owners(one, &mode, owners, &count));
    SHOW(count);
    SHOW(mode);
    rbd_lock_get_owners_cleanup(owners, count);
    SHOW(rbd_lock_acquire(one, RBD_LOCK_MODE_EXCLUSIVE));
    SHOW(rbd_write(two, 1, 1, "2"));
    SHOW(rbd_lock_acquire(two, RBD_LOCK_MODE_EXCLUSIVE));
    SHOW(rbd_lock_acquire(two, RBD_LOCK_MODE_SHARED));
    SHOW(rbd_snap_create(two, "asked-for"));
    bool exists = false;
    SHOW(rbd_snap_exists(one, "asked-for", &exists));
    SHOW(exists);
    SHOW(rbd_lock_release(one));
    SHOW(rbd_lock_release(one));
    SHOW(rbd_lock_acquire(two, RBD_LOCK_MODE_EXCLUSIVE));
    SHOW(rbd_lock_break(one, RBD_LOCK_MODE_EXCLUSIVE, "nobody"));
    SHOW(rbd_lock_release(two));
    MUST(rbd_snap_remove(one, "asked-for"));
    MUST(rbd_close(two));
    MUST(rbd_close(one));
    rados_ioctx_destroy(other);
}

static void updated(void *argument)
{
    atomic_fetch_add((atomic_int *)argument, 1);
}

static void watches(rados_ioctx_t io)
{
    rbd_image_t one, two;
    atomic_int calls = 0;
    uint64_t handle;
    rbd_image_watcher_t watchers[4];
    size_t count = 4, few = 0;
    section("watches");
    MUST(rbd_open(io, "image", &one, NULL));
    MUST(rbd_open(io, "image", &two, NULL));
    SHOW(rbd_watchers_list(one, watchers, &few));
    SHOW(few);
    SHOW(rbd_watchers_list(one, watchers, &count));
    SHOW(count);
    SHOW(strlen(watchers[0].addr) > 0 && watchers[0].id > 0 && watchers[0].cookie > 0);
    rbd_watchers_list_cleanup(watchers, count);
    SHOW(rbd_update_watch(one, &handle, updated, &calls));
    SHOW(rbd_resize(two, 5 * MIB));
    for (int n = 0; n < 1000 && !atomic_load(&calls); n++)
        usleep(10000);
    SHOW(atomic_load(&calls) > 0);
    uint64_t size;
    SHOW(rbd_get_size(one, &size));
    SHOW(size);
    SHOW(rbd_update_unwatch(one, handle));
    MUST(rbd_close(two));
    MUST(rbd_close(one));
}

int main(void)
{
    rados_t cluster = connect_cluster();
    rados_ioctx_t io = new_pool(cluster, POOL);
    rbd_image_t plain;
    int order = 22;
    MUST(rbd_create2(io, "plain", 4 * MIB, 1, &order));
    MUST(rbd_create2(io, "image", 8 * MIB, 61, &order));
    MUST(rbd_open(io, "plain", &plain, NULL));
    advisory(plain);
    MUST(rbd_close(plain));
    automatic(cluster, io);
    watches(io);
    finish(cluster, io, POOL);
    return 0;
}
