/* The most that fio's rbd engine lets any library reach: in the place of librbd and librados, what that engine calls and
 * no more. A read or write is one pread or pwrite on the raw file FLOOR_FILE, inside the call; a completion is
 * two words of an array; the program is told through its eventfd as our library does it.
 *
 *   gcc -O2 -shared -fPIC -o floor.so floor.c; FLOOR_FILE=raw LD_PRELOAD=./floor.so fio --ioengine=rbd ...
 *
 * For one thread that submits and fetches, which is what a job of fio is. */
#include <errno.h>
#include <fcntl.h>
#include <rbd/librbd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than fio's depth; a power of two. */
#define MANY 1024

struct completion {
    rbd_callback_t callback;
    void *arg;
    ssize_t result;
};

static struct completion completions[MANY];
/* Completions that nobody holds. */
static struct completion *unused[MANY];
static int unused_count = -1;
/* Completed operations, as a ring; how many were completed, fetched, and told of, ever. */
static struct completion *completed[MANY];
static uint64_t done, fetched, told;
static int file = -1, event = -1;

/* One write for several, as long as the program has one to fetch that it was told of: it comes for that, and reads the
 * descriptor once for each that it fetched. */
static void news(void)
{
    uint64_t count = done - told;
    if (event < 0 || count == 0 || told > fetched)
        return;
    told = done;
    if (write(event, &count, sizeof count) != sizeof count)
        abort();
}

static int complete(rbd_completion_t c, ssize_t result)
{
    struct completion *completion = c;
    completion->result = result < 0 ? -errno : result;
    completed[done++ % MANY] = completion;
    news();
    return 0;
}

int rados_create(rados_t *cluster, const char *const id)
{
    (void)id;
    *cluster = &completions;
    return 0;
}

int rados_create2(rados_t *cluster, const char *const name, const char *const user, uint64_t flags)
{
    (void)name, (void)flags;
    return rados_create(cluster, user);
}

int rados_conf_read_file(rados_t cluster, const char *path)
{
    (void)cluster, (void)path;
    return 0;
}

int rados_connect(rados_t cluster)
{
    (void)cluster;
    return 0;
}

int rados_ioctx_create(rados_t cluster, const char *pool, rados_ioctx_t *io)
{
    (void)pool;
    *io = cluster;
    return 0;
}

void rados_ioctx_destroy(rados_ioctx_t io)
{
    (void)io;
}

void rados_shutdown(rados_t cluster)
{
    (void)cluster;
}

int rbd_open(rados_ioctx_t io, const char *name, rbd_image_t *image, const char *snap)
{
    (void)name, (void)snap;
    file = open(getenv("FLOOR_FILE"), O_RDWR | O_CLOEXEC);
    *image = io;
    return file < 0 ? -errno : 0;
}

int rbd_close(rbd_image_t image)
{
    (void)image;
    event = -1;
    return close(file);
}

int rbd_stat(rbd_image_t image, rbd_image_info_t *info, size_t size)
{
    struct stat found;
    (void)image, (void)size;
    if (fstat(file, &found) < 0)
        return -errno;
    info->size = found.st_size;
    return 0;
}

int rbd_invalidate_cache(rbd_image_t image)
{
    (void)image;
    return 0;
}

int rbd_flush(rbd_image_t image)
{
    (void)image;
    return fdatasync(file) < 0 ? -errno : 0;
}

int rbd_set_image_notification(rbd_image_t image, int fd, int type)
{
    (void)image, (void)type;
    event = fd;
    return 0;
}

int rbd_aio_create_completion(void *arg, rbd_callback_t callback, rbd_completion_t *c)
{
    struct completion *completion;
    if (unused_count < 0)
        for (unused_count = 0; unused_count < MANY; unused_count++)
            unused[unused_count] = &completions[unused_count];
    if (unused_count == 0)
        return -ENOMEM;
    completion = unused[--unused_count];
    completion->callback = callback;
    completion->arg = arg;
    *c = completion;
    return 0;
}

void rbd_aio_release(rbd_completion_t c)
{
    unused[unused_count++] = c;
}

void *rbd_aio_get_arg(rbd_completion_t c)
{
    return ((struct completion *)c)->arg;
}

ssize_t rbd_aio_get_return_value(rbd_completion_t c)
{
    return ((struct completion *)c)->result;
}

int rbd_aio_read(rbd_image_t image, uint64_t offset, size_t length, char *buffer, rbd_completion_t c)
{
    (void)image;
    return complete(c, pread(file, buffer, length, offset));
}

int rbd_aio_write(rbd_image_t image, uint64_t offset, size_t length, const char *buffer, rbd_completion_t c)
{
    (void)image;
    return complete(c, pwrite(file, buffer, length, offset));
}

int rbd_aio_flush(rbd_image_t image, rbd_completion_t c)
{
    return complete(c, rbd_flush(image));
}

/* A callback never runs in the call that submitted, so it runs here. */
int rbd_poll_io_events(rbd_image_t image, rbd_completion_t *found, int room)
{
    int count = 0;
    (void)image;
    for (; count < room && fetched < done; count++) {
        struct completion *completion = completed[fetched++ % MANY];
        completion->callback(completion, completion->arg);
        found[count] = completion;
    }
    news();
    return count;
}
