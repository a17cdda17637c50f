/* Opens librados.so.2 and librbd.so.1 as a scripting language does, each for itself, and looks whether
 * there is one engine behind them.
 *
 *   dlopen DIR LIBRARY...
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <rbd/librbd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    /* What librados makes, librbd takes: the one through its own handle, the other through the names that
     * librbd.so.1 brings along. */
    if (!rados)
        rados = rbd;
    int (*create)(rados_t *, const char *) = dlsym(rados, "rados_create");
    void (*shutdown)(rados_t) = dlsym(rados, "rados_shutdown");
    int (*list)(rados_ioctx_t, rbd_image_spec_t *, size_t *) = dlsym(rbd, "rbd_list2");
    if (!create || !shutdown || !list) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    rados_t cluster;
    int ret = create(&cluster, NULL);
    if (ret < 0) {
        fprintf(stderr, "rados_create: %s\n", strerror(-ret));
        return 1;
    }
    shutdown(cluster);
    return 0;
}
