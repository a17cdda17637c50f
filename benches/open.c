/* What an image costs that nobody uses: CPU of open + stat + close, resident memory, threads.
 * open CONF POOL IMAGE; prints JSON. */
#include "client.h"

#define ROUNDS 200
#define IMAGES 100

int main(int argc, char **argv)
{
    rados_t cluster;
    rados_ioctx_t io;
    rbd_image_t image, many[IMAGES];
    rbd_image_info_t info;
    if (argc != 4)
        return 2;
    connect_to(argv[1], argv[2], &cluster, &io);
    must(rbd_open(io, argv[3], &image, NULL), "open");
    sleep(1);
    long memory = resident();
    must(rbd_close(image), "close");
    double before = cpu();
    for (int n = 0; n < ROUNDS; n++) {
        must(rbd_open(io, argv[3], &image, NULL), "open");
        must(rbd_stat(image, &info, sizeof info), "stat");
        must(rbd_close(image), "close");
    }
    double each = (cpu() - before) * 1e3 / ROUNDS;
    for (int n = 0; n < IMAGES; n++)
        must(rbd_open(io, argv[3], &many[n], NULL), "open");
    int running = threads();
    for (int n = 0; n < IMAGES; n++)
        must(rbd_close(many[n]), "close");
    disconnect(cluster, io);
    printf("{\"open_stat_close_cpu_ms\": %.3f, \"resident_kib\": %ld, \"threads_100_images\": %d, "
           "\"cores\": %ld}\n",
           each, memory, running, sysconf(_SC_NPROCESSORS_ONLN));
    return 0;
}
