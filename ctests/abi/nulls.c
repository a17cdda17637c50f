/* Calls every function with nothing: null strings, null places, zero lengths, and as its handle
 * null or an open one of any kind, the right kind or not. None may crash or wait for ever.
 *
 *   nulls STORE < names       STORE: a directory for an embedded store, made here
 *   nulls STORE NAME HANDLE   one call, in a process of its own
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <rbd/librbd.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* More arguments than any function has: what a function does not take, it does not look at. */
typedef long (*any)(void *, long, long, long, long, long, long, long, long, long, long, long);

static const char *const handles[] = {
    "nothing", "cluster", "ioctx", "image", "completion", "write_op", "read_op", "options",
};

/* The first argument of these is no handle but memory to read, write or free, or a size: what is
 * not the right memory cannot be told from what is. */
static int first_is_handle(const char *name)
{
    static const char *const not[] = {
        "rados_aio_create_completion", "rados_aio_create_completion2", "rados_buffer_free",
        "rados_create", "rados_create2", "rados_create_with_context",
        "rados_decode_notify_response", "rados_free_notify_response", "rados_object_list_free",
        "rados_version", "rbd_aio_create_completion", "rbd_image_options_create",
        "rbd_pool_stats_create", "rbd_version",
    };
    for (size_t i = 0; i < sizeof not / sizeof *not; i++)
        if (strcmp(name, not[i]) == 0)
            return 0;
    return !strstr(name, "_cleanup") && !strstr(name, "_list_end");
}

static void must(const char *what, int ret)
{
    if (ret < 0) {
        printf("%s: %s\n", what, strerror(-ret));
        exit(2);
    }
}

static rados_ioctx_t open_pool(const char *store, rados_t *cluster)
{
    char mon_host[4096];
    rados_ioctx_t io;
    snprintf(mon_host, sizeof mon_host, "local:%s", store);
    must("rados_create", rados_create(cluster, NULL));
    must("rados_conf_set", rados_conf_set(*cluster, "mon_host", mon_host));
    must("rados_connect", rados_connect(*cluster));
    if (rados_pool_lookup(*cluster, "rbd") < 0)
        must("rados_pool_create", rados_pool_create(*cluster, "rbd"));
    must("rados_ioctx_create", rados_ioctx_create(*cluster, "rbd", &io));
    return io;
}

static void *open_handle(const char *store, const char *kind)
{
    void *cluster, *handle = NULL;
    if (strcmp(kind, "cluster") == 0)
        return open_pool(store, &cluster), cluster;
    if (strcmp(kind, "ioctx") == 0)
        return open_pool(store, &cluster);
    if (strcmp(kind, "image") == 0)
        must("rbd_open", rbd_open(open_pool(store, &cluster), "image", &handle, NULL));
    if (strcmp(kind, "completion") == 0)
        must("rados_aio_create_completion2", rados_aio_create_completion2(NULL, NULL, &handle));
    if (strcmp(kind, "write_op") == 0)
        return rados_create_write_op();
    if (strcmp(kind, "read_op") == 0)
        return rados_create_read_op();
    if (strcmp(kind, "options") == 0)
        rbd_image_options_create(&handle);
    return handle;
}

static int call(const char *store, const char *name, const char *kind)
{
    void *handle = open_handle(store, kind);
    any function = (any)dlsym(RTLD_DEFAULT, name);
    if (!function) {
        printf("%s\n", dlerror());
        return 2;
    }
    alarm(10);
    function(handle, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    _exit(0);
}

static int survives(char *self, char *store, char *name, const char *kind)
{
    extern char **environ;
    char *argv[] = { self, store, name, (char *)kind, NULL };
    pid_t child;
    int status;
    fflush(NULL);
    if (posix_spawn(&child, self, NULL, NULL, argv, environ) != 0)
        return 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 1;
    printf("%s, %s: %s\n", name, kind,
           WIFEXITED(status) ? "not called" : strsignal(WTERMSIG(status)));
    return 0;
}

int main(int argc, char **argv)
{
    char name[256];
    int failed = 0, calls = 0, order = 0;
    rados_t cluster;
    if (argc == 4)
        return call(argv[1], argv[2], argv[3]);
    if (argc != 2)
        return 2;
    rados_ioctx_t io = open_pool(argv[1], &cluster);
    must("rbd_create", rbd_create(io, "image", 1 << 20, &order));
    while (scanf("%255s", name) == 1)
        for (size_t i = 0; i < sizeof handles / sizeof *handles; i++) {
            /* For a completion that nobody started one waits for ever, also with Ceph's library. */
            int waits = strstr(name, "_wait_for_") && strcmp(handles[i], "completion") == 0;
            if (i > 0 && (waits || !first_is_handle(name)))
                continue;
            failed += !survives(argv[0], argv[1], name, handles[i]);
            calls++;
        }
    printf("%d calls, %d failures\n", calls, failed);
    return failed != 0;
}
