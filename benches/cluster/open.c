/* What a client costs that does nothing: the time of connect + open + close + shutdown, and with an image open its
 * resident memory and threads; threads with many images of two connections.
 * open CONF POOL IMAGE; prints JSON. */
#include "../client.h"

#define ROUNDS 10
#define CONNECTIONS 2
#define IMAGES 20

static int compare(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
    rados_t cluster[CONNECTIONS];
    rados_ioctx_t io[CONNECTIONS];
    rbd_image_t image, many[CONNECTIONS][IMAGES];
    char block[4096];
    double times[ROUNDS];
    if (argc != 4)
        return 2;

    /* As a hypervisor has it: open, and some I/O done. */
    connect_to(argv[1], argv[2], &cluster[0], &io[0]);
    must(rbd_open(io[0], argv[3], &image, NULL), "open");
    for (int n = 0; n < 256; n++)
        must(rbd_read(image, n * 4194304UL % (1UL << 30), sizeof block, block), "read");
    sleep(1);
    long memory = resident();
    int one = threads();
    must(rbd_close(image), "close");
    disconnect(cluster[0], io[0]);

    for (int n = 0; n < ROUNDS; n++) {
        double begin = wall();
        connect_to(argv[1], argv[2], &cluster[0], &io[0]);
        must(rbd_open(io[0], argv[3], &image, NULL), "open");
        must(rbd_close(image), "close");
        disconnect(cluster[0], io[0]);
        times[n] = (wall() - begin) * 1e3;
    }
    qsort(times, ROUNDS, sizeof times[0], compare);

    for (int c = 0; c < CONNECTIONS; c++) {
        connect_to(argv[1], argv[2], &cluster[c], &io[c]);
        for (int n = 0; n < IMAGES; n++)
            must(rbd_open(io[c], argv[3], &many[c][n], NULL), "open");
    }
    int most = threads();
    for (int c = 0; c < CONNECTIONS; c++) {
        for (int n = 0; n < IMAGES; n++)
            must(rbd_close(many[c][n]), "close");
        disconnect(cluster[c], io[c]);
    }
    printf("{\"connect_open_close_ms\": %.3f, \"resident_kib\": %ld, \"threads\": %d, \"threads_40_images\": %d, "
           "\"cores\": %ld}\n",
           times[ROUNDS / 2], memory, one, most, sysconf(_SC_NPROCESSORS_ONLN));
    return 0;
}
