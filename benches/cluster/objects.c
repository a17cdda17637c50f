/* Whole objects through librados, a number of them in flight: writes, then reads of what was written.
 * objects CONF POOL SIZE DEPTH SECONDS; prints JSON. */
#include <string.h>

#include "../client.h"

#define OBJECTS 256
#define MAX_DEPTH 64

struct slot {
    char *buffer;
    rados_completion_t completion;
    int busy;
};

static void finish(struct slot *slot)
{
    if (!slot->busy)
        return;
    rados_aio_wait_for_complete(slot->completion);
    must(rados_aio_get_return_value(slot->completion), "operation");
    rados_aio_release(slot->completion);
    slot->busy = 0;
}

/* One kind of operation for a while. The slots are waited for in turn. */
static void measure(rados_ioctx_t io, struct slot *slots, int depth, size_t size, double seconds, int writing,
                    const char *name, const char *end)
{
    double begin = wall(), used = cpu();
    long count = 0;
    while (wall() - begin < seconds) {
        struct slot *slot = &slots[count % depth];
        char object[32];
        snprintf(object, sizeof object, "object.%ld", count % OBJECTS);
        finish(slot);
        must(rados_aio_create_completion2(NULL, NULL, &slot->completion), "completion");
        if (writing)
            must(rados_aio_write_full(io, object, slot->completion, slot->buffer, size), "write");
        else
            must(rados_aio_read(io, object, slot->completion, slot->buffer, size, 0), "read");
        slot->busy = 1;
        count++;
    }
    for (int n = 0; n < depth; n++)
        finish(&slots[n]);
    printf("\"%s\": {\"iops\": %.2f, \"cpu_us\": %.3f}%s", name, count / (wall() - begin),
           (cpu() - used) / count * 1e6, end);
}

int main(int argc, char **argv)
{
    rados_t cluster;
    rados_ioctx_t io;
    struct slot slots[MAX_DEPTH];
    if (argc != 6)
        return 2;
    size_t size = strtoul(argv[3], NULL, 10);
    int depth = atoi(argv[4]);
    if (depth < 1 || depth > MAX_DEPTH)
        return 2;
    connect_to(argv[1], argv[2], &cluster, &io);
    memset(slots, 0, sizeof slots);
    for (int n = 0; n < depth; n++) {
        slots[n].buffer = malloc(size);
        memset(slots[n].buffer, n + 1, size);
    }
    /* Every object is there before it is measured. */
    for (int n = 0; n < OBJECTS; n++) {
        char object[32];
        snprintf(object, sizeof object, "object.%d", n);
        must(rados_write_full(io, object, slots[0].buffer, size), "prepare");
    }
    printf("{");
    measure(io, slots, depth, size, atof(argv[5]), 1, "write", ", ");
    measure(io, slots, depth, size, atof(argv[5]), 0, "read", "}\n");
    for (int n = 0; n < depth; n++)
        free(slots[n].buffer);
    disconnect(cluster, io);
    return 0;
}
