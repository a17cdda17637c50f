/* Calls every function with nothing: null handles, null strings, null places, zero lengths. And
 * once more with a rados_t in first place. None may crash or wait for ever.
 *
 *   nulls < names
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <rbd/librbd.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* More arguments than any function has: what a function does not take, it does not look at. */
typedef long (*any)(void *, long, long, long, long, long, long, long, long, long, long, long);

static int survives(const char *name, any function, void *first, const char *what)
{
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(10);
        function(first, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        _exit(0);
    }
    waitpid(child, &status, 0);
    if (WIFEXITED(status))
        return 1;
    printf("%s with %s: %s\n", name, what, strsignal(WTERMSIG(status)));
    return 0;
}

/* These take memory that the caller owns: what is no such memory cannot be told. */
static const char *const takes_memory[] = {
    "rados_buffer_free", "rbd_image_spec_cleanup", "rbd_linked_image_spec_cleanup",
    "rbd_mirror_image_get_info_cleanup", "rbd_mirror_image_global_status_cleanup",
    "rbd_group_info_cleanup", "rbd_group_snap_get_info_cleanup", "rbd_snap_group_namespace_cleanup",
    "rbd_snap_mirror_namespace_cleanup", "rbd_snap_trash_namespace_cleanup",
    "rbd_trash_get_cleanup", "rbd_migration_status_cleanup", "rbd_namespace_list_cleanup",
};

/* And so do functions that write through their first argument. */
static int wants_handle(const char *name)
{
    static const char *const not[] = {
        "rados_create", "rados_create2", "rados_create_with_context", "rados_version",
        "rbd_version", "rados_aio_create_completion", "rados_aio_create_completion2",
        "rbd_aio_create_completion",
        "rbd_image_options_create", "rbd_pool_stats_create", "rados_free_notify_response",
        "rados_decode_notify_response", "rados_inconsistent_pg_list",
    };
    for (size_t i = 0; i < sizeof not / sizeof *not; i++)
        if (strcmp(name, not[i]) == 0)
            return 0;
    for (size_t i = 0; i < sizeof takes_memory / sizeof *takes_memory; i++)
        if (strcmp(name, takes_memory[i]) == 0)
            return 0;
    return !strstr(name, "_cleanup") && !strstr(name, "_list_end") && !strstr(name, "_free");
}

int main(void)
{
    char name[256];
    int failed = 0, count = 0;
    void *rbd = dlopen("librbd.so.1", RTLD_NOW | RTLD_GLOBAL);
    void *rados = dlopen("librados.so.2", RTLD_NOW | RTLD_GLOBAL);
    if (!rbd || !rados) {
        printf("%s\n", dlerror());
        return 1;
    }
    void *other = NULL;
    int (*create)(rados_t *, const char *) = dlsym(rados, "rados_create");
    int (*set)(rados_t, const char *, const char *) = dlsym(rados, "rados_conf_set");
    if (create(&other, NULL) < 0 || set(other, "client_mount_timeout", "5") < 0) {
        printf("rados_create failed\n");
        return 1;
    }
    while (scanf("%255s", name) == 1) {
        any function = (any)dlsym(strncmp(name, "rbd_", 4) == 0 ? rbd : rados, name);
        if (!function) {
            printf("%s\n", dlerror());
            return 1;
        }
        failed += !survives(name, function, NULL, "nothing");
        if (wants_handle(name))
            failed += !survives(name, function, other, "a rados_t");
        count++;
    }
    printf("%d functions, %d failures\n", count, failed);
    return failed != 0;
}
