/* A small client of librados, of librbd, or of both.
 *
 *   client DIR [what]    says which version the libraries are; fails if a library it uses does not
 *                        come from DIR, or from the program itself where DIR is "static"
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef USE_RBD
#include <rbd/librbd.h>
#endif
#ifdef USE_RADOS
#include <rados/librados.h>
#endif

static int from(const char *name, const char *dir, void *address)
{
    Dl_info info;
    char file[PATH_MAX], expected[PATH_MAX];
    if (strcmp(dir, "static") == 0)
        return 0;
    if (!dladdr(address, &info) || !realpath(info.dli_fname, file) || !realpath(dir, expected)) {
        fprintf(stderr, "%s: from nowhere\n", name);
        return 1;
    }
    if (strncmp(file, expected, strlen(expected)) != 0) {
        fprintf(stderr, "%s: from %s, not %s\n", name, file, expected);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    int failed = 0, major, minor, extra;
    const char *dir = argc > 1 ? argv[1] : "static";
    (void)major, (void)minor, (void)extra;
#ifdef USE_RBD
    major = minor = extra = -1;
    rbd_version(&major, &minor, &extra);
    printf("librbd %d.%d.%d\n", major, minor, extra);
    failed |= major != LIBRBD_VER_MAJOR || minor != LIBRBD_VER_MINOR || extra != LIBRBD_VER_EXTRA;
    failed |= from("rbd_version", dir, (void *)rbd_version);

    /* Arguments in registers and memory arrive: options are a value of the library's own. */
    rbd_image_options_t options = NULL;
    rbd_image_options_create(&options);
    failed |= from("rbd_image_options_create", dir, (void *)rbd_image_options_create);
    (void)options;
#endif
#ifdef USE_RADOS
    major = minor = extra = -1;
    rados_version(&major, &minor, &extra);
    printf("librados %d.%d.%d\n", major, minor, extra);
    failed |= major != LIBRADOS_VER_MAJOR || minor != LIBRADOS_VER_MINOR;
    failed |= extra != LIBRADOS_VER_EXTRA;
    failed |= from("rados_version", dir, (void *)rados_version);
    rados_buffer_free(NULL);

    rados_t cluster;
    int ret = rados_create(&cluster, NULL);
    if (ret < 0) {
        fprintf(stderr, "rados_create: %s\n", strerror(-ret));
        return 1;
    }
    rados_shutdown(cluster);
    /* Keeps a reference to a versioned name. */
    failed |= from("rados_ioctx_pool_stat", dir, (void *)rados_ioctx_pool_stat);
#endif
    return failed;
}
