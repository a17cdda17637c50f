/* Opens librados.so.2 and librbd.so.1 as a scripting language does, each for itself, and looks
 * whether there is one engine behind them.
 *
 *   dlopen STORE LIBRARY...      STORE: a directory for an embedded store, made here
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <rbd/librbd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GET(library, name) \
    __typeof__(name) *my_##name = (__typeof__(name) *)dlsym(library, #name); \
    if (!my_##name) { \
        fprintf(stderr, "%s\n", dlerror()); \
        return 1; \
    }

#define MUST(call) \
    do { \
        int ret = call; \
        if (ret < 0) { \
            fprintf(stderr, "%s: %s\n", #call, strerror(-ret)); \
            return 1; \
        } \
    } while (0)

static int mapped_files(const char *what)
{
    char line[1024], last[1024] = "";
    int files = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps)) {
        char *file = strchr(line, '/');
        if (file && strstr(file, what) && strcmp(file, last) != 0) {
            snprintf(last, sizeof last, "%s", file);
            files++;
        }
    }
    if (maps)
        fclose(maps);
    return files;
}

int main(int argc, char **argv)
{
    void *rados = NULL, *rbd = NULL;
    for (int i = 2; i < argc; i++) {
        void *library = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);
        if (!library) {
            fprintf(stderr, "%s\n", dlerror());
            return 1;
        }
        *(strstr(argv[i], "librbd") ? &rbd : &rados) = library;
    }
    if (mapped_files("librados.so") != 1) {
        fprintf(stderr, "librados.so.2 is there %d times\n", mapped_files("librados.so"));
        return 1;
    }
    /* What librados makes, librbd takes. Where only librbd.so.1 was opened, the names of librados
     * are those that it brings along. */
    if (!rados)
        rados = rbd;
    GET(rados, rados_create);
    GET(rados, rados_conf_set);
    GET(rados, rados_connect);
    GET(rados, rados_pool_create);
    GET(rados, rados_ioctx_create);
    GET(rados, rados_ioctx_destroy);
    GET(rados, rados_shutdown);
    GET(rbd, rbd_create);
    GET(rbd, rbd_list2);
    GET(rbd, rbd_image_spec_list_cleanup);

    char mon_host[4096];
    rados_t cluster;
    rados_ioctx_t io;
    rbd_image_spec_t images[4];
    size_t count = 4;
    int order = 0;
    snprintf(mon_host, sizeof mon_host, "local:%s", argv[1]);
    MUST(my_rados_create(&cluster, NULL));
    MUST(my_rados_conf_set(cluster, "mon_host", mon_host));
    MUST(my_rados_connect(cluster));
    MUST(my_rados_pool_create(cluster, "rbd"));
    MUST(my_rados_ioctx_create(cluster, "rbd", &io));
    MUST(my_rbd_create(io, "image", 1 << 20, &order));
    MUST(my_rbd_list2(io, images, &count));
    if (count != 1 || strcmp(images[0].name, "image") != 0) {
        fprintf(stderr, "%zu images\n", count);
        return 1;
    }
    my_rbd_image_spec_list_cleanup(images, count);
    my_rados_ioctx_destroy(io);
    my_rados_shutdown(cluster);
    return 0;
}
