/* librbd: every form of reading and writing an image, synchronous and asynchronous. */
#include "../transcript.h"

#include <poll.h>
#include <rbd/librbd.h>
#include <stdatomic.h>
#include <sys/eventfd.h>

#define POOL "c-rbd-io"

static char data[1 << 20], back[1 << 20];

static int visit(uint64_t offset, size_t length, const char *buffer, void *argument)
{
    (void)offset;
    size_t *total = argument;
    total[0] += length;
    total[1] += buffer ? length : 0;
    return 0;
}

static void synchronous(rbd_image_t image)
{
    uint64_t mismatch = 0;
    size_t totals[2] = {0, 0};
    section("synchronous");
    pattern(data, sizeof data, 1);
    SHOW(rbd_write(image, 3 * MIB + 500000, sizeof data, data));
    SHOW(rbd_read(image, 3 * MIB + 500000, sizeof back, back));
    SHOW(memcmp(data, back, sizeof data));
    SHOW(rbd_write2(image, 100, 5, "flags", LIBRADOS_OP_FLAG_FADVISE_DONTNEED));
    SHOW(rbd_read2(image, 100, 5, back, LIBRADOS_OP_FLAG_FADVISE_RANDOM));
    show_bytes("read2", back, 5);
    SHOW(rbd_write(image, 16 * MIB - 2, 4, "over"));
    SHOW(rbd_read(image, 16 * MIB - 2, 4, back));
    show_bytes("at the end", back, 2);
    SHOW(rbd_read(image, 17 * MIB, 4, back));
    SHOW(rbd_write(image, 17 * MIB, 4, "over"));
    SHOW(rbd_writesame(image, 1000, 8, "ab", 2, 0));
    SHOW(rbd_writesame(image, 1000, 7, "ab", 2, 0));
    SHOW(rbd_writesame(image, 8192, 4096, back, 0, 0));
    SHOW(rbd_read(image, 998, 12, back));
    show_bytes("writesame", back, 12);
    SHOW(rbd_compare_and_write(image, 1000, 8, "abababab", "12345678", &mismatch, 0));
    SHOW(rbd_compare_and_write(image, 1000, 8, "abababab", "87654321", &mismatch, 0));
    printf("mismatch at %llu\n", (unsigned long long)mismatch);
    SHOW(rbd_compare_and_write(image, 4 * MIB - 4, 8, data, data, &mismatch, 0));
    SHOW(rbd_read(image, 1000, 8, back));
    show_bytes("compare and write", back, 8);
    SHOW(rbd_discard(image, 4 * MIB, 4 * MIB));
    SHOW(rbd_read(image, 4 * MIB, 8, back));
    show_bytes("discarded", back, 8);
    SHOW(rbd_write_zeroes(image, 102, 2, 0, 0));
    SHOW(rbd_read(image, 100, 5, back));
    show_bytes("zeroes", back, 5);
    SHOW(rbd_read_iterate2(image, 0, 16 * MIB, visit, totals));
    printf("iterated over %zu, with data %d\n", totals[0], totals[1] > 0);
    SHOW(rbd_flush(image));
    SHOW(rbd_invalidate_cache(image));
    SHOW(rbd_discard(image, 20 * MIB, 1) <= 0);
}

static atomic_int called;

static void count(rbd_completion_t completion, void *argument)
{
    (void)completion;
    (void)argument;
    atomic_fetch_add(&called, 1);
}

#define RUN(call)                                                                \
    do {                                                                         \
        rbd_completion_t c;                                                      \
        MUST(rbd_aio_create_completion(NULL, count, &c));                        \
        int started = (call);                                                    \
        if (started == 0)                                                        \
            rbd_aio_wait_for_complete(c);                                        \
        printf("%s: %d %lld %d\n", #call, started,                               \
               started ? 0LL : (long long)rbd_aio_get_return_value(c),           \
               started ? 0 : rbd_aio_is_complete(c));                            \
        rbd_aio_release(c);                                                      \
    } while (0)

static void asynchronous(rbd_image_t image)
{
    char first[3], second[5];
    struct iovec write[] = {{"vec", 3}, {"tored", 5}}, read[] = {{first, 3}, {second, 5}};
    uint64_t mismatch = 0;
    section("asynchronous");
    RUN(rbd_aio_write(image, 0, sizeof data, data, c));
    RUN(rbd_aio_read(image, 0, sizeof back, back, c));
    SHOW(memcmp(data, back, sizeof data));
    RUN(rbd_aio_write2(image, 0, 4, "four", c, 0));
    RUN(rbd_aio_read2(image, 0, 4, back, c, 0));
    show_bytes("aio_read2", back, 4);
    RUN(rbd_aio_writev(image, write, 2, 4 * MIB - 4, c));
    RUN(rbd_aio_readv(image, read, 2, 4 * MIB - 4, c));
    show_bytes("first", first, 3);
    show_bytes("second", second, 5);
    RUN(rbd_aio_discard(image, 8 * MIB, MIB, c));
    RUN(rbd_aio_writesame(image, 9 * MIB, 4096, "pattern!", 8, c, 0));
    RUN(rbd_aio_write_zeroes(image, 9 * MIB + 8, 8, c, 0, 0));
    RUN(rbd_aio_compare_and_write(image, 9 * MIB, 8, "pattern!", "replaced", c, &mismatch, 0));
    RUN(rbd_aio_compare_and_write(image, 9 * MIB, 8, "replXced", "no......", c, &mismatch, 0));
    printf("mismatch at %llu\n", (unsigned long long)mismatch);
    RUN(rbd_aio_read(image, 9 * MIB, 24, back, c));
    show_bytes("pattern", back, 24);
    RUN(rbd_aio_flush(image, c));
    RUN(rbd_aio_read(image, 100 * MIB, 4, back, c));
    RUN(rbd_aio_write(image, 100 * MIB, 4, back, c));
    RUN(rbd_aio_readv(image, read, 0, 0, c));
}

static void events(rbd_image_t image)
{
    rbd_completion_t all[64], got[64];
    int fd = eventfd(0, EFD_NONBLOCK), right = 0, total = 0;
    section("events");
    SHOW(rbd_set_image_notification(image, fd, EVENT_TYPE_EVENTFD));
    for (int n = 0; n < 64; n++) {
        MUST(rbd_aio_create_completion(&all[n], count, &all[n]));
        MUST(rbd_aio_write(image, n * 65536, 4096, data + n * 1000, all[n]));
    }
    while (total < 64) {
        struct pollfd waiting = {fd, POLLIN, 0};
        if (poll(&waiting, 1, 20000) != 1)
            break;
        uint64_t number;
        if (read(fd, &number, sizeof number) != sizeof number)
            continue;
        int found;
        while ((found = rbd_poll_io_events(image, got, 16)) > 0) {
            for (int n = 0; n < found; n++) {
                right += rbd_aio_get_return_value(got[n]) == 0 &&
                         *(rbd_completion_t *)rbd_aio_get_arg(got[n]) == got[n];
                rbd_aio_release(got[n]);
            }
            total += found;
        }
    }
    printf("%d events, %d right\n", total, right);
    for (int n = 0; n < 64; n++) {
        rbd_read(image, n * 65536, 4096, back);
        right -= !memcmp(back, data + n * 1000, 4096);
    }
    printf("%d blocks wrong\n", right);
    close(fd);
}

int main(void)
{
    rados_t cluster = connect_cluster();
    rados_ioctx_t io = new_pool(cluster, POOL);
    rbd_image_t image;
    int order = 22;
    MUST(rbd_create2(io, "image", 16 * MIB, 61, &order));
    MUST(rbd_open(io, "image", &image, NULL));
    synchronous(image);
    asynchronous(image);
    events(image);
    MUST(rbd_close(image));
    MUST(rbd_open(io, "image", &image, NULL));
    SHOW(rbd_read(image, 9 * MIB, 24, back));
    show_bytes("after reopening", back, 24);
    MUST(rbd_close(image));
    finish(cluster, io, POOL);
    return 0;
}
