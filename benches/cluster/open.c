/* What a client costs that does nothing: the time of connect + open + close + shutdown, and with an image open its
 * resident memory and threads; threads with many images of two connections.
 * open CONF POOL IMAGE; prints JSON. */
#include <dirent.h>
#include <rbd/librbd.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 10
#define CONNECTIONS 2
#define IMAGES 20

static double wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

/* Resident memory in KiB. */
static long resident(void)
{
    char line[128];
    long kib = -1;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    if (file)
        fclose(file);
    return kib;
}

static int threads(void)
{
    int count = 0;
    DIR *directory = opendir("/proc/self/task");
    while (directory && readdir(directory))
        count++;
    if (directory)
        closedir(directory);
    return count - 2;
}

static void must(int result, const char *what)
{
    if (result < 0) {
        fprintf(stderr, "%s: %d\n", what, result);
        exit(1);
    }
}

static void connect_to(char **argv, rados_t *cluster, rados_ioctx_t *io)
{
    must(rados_create(cluster, "admin"), "create");
    must(rados_conf_read_file(*cluster, argv[1]), "configuration");
    must(rados_connect(*cluster), "connect");
    must(rados_ioctx_create(*cluster, argv[2], io), "pool");
}

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
    connect_to(argv, &cluster[0], &io[0]);
    must(rbd_open(io[0], argv[3], &image, NULL), "open");
    for (int n = 0; n < 256; n++)
        must(rbd_read(image, n * 4194304UL % (1UL << 30), sizeof block, block), "read");
    sleep(1);
    long memory = resident();
    int one = threads();
    must(rbd_close(image), "close");
    rados_ioctx_destroy(io[0]);
    rados_shutdown(cluster[0]);

    for (int n = 0; n < ROUNDS; n++) {
        double begin = wall_ms();
        connect_to(argv, &cluster[0], &io[0]);
        must(rbd_open(io[0], argv[3], &image, NULL), "open");
        must(rbd_close(image), "close");
        rados_ioctx_destroy(io[0]);
        rados_shutdown(cluster[0]);
        times[n] = wall_ms() - begin;
    }
    qsort(times, ROUNDS, sizeof times[0], compare);

    for (int c = 0; c < CONNECTIONS; c++) {
        connect_to(argv, &cluster[c], &io[c]);
        for (int n = 0; n < IMAGES; n++)
            must(rbd_open(io[c], argv[3], &many[c][n], NULL), "open");
    }
    int most = threads();
    for (int c = 0; c < CONNECTIONS; c++) {
        for (int n = 0; n < IMAGES; n++)
            must(rbd_close(many[c][n]), "close");
        rados_ioctx_destroy(io[c]);
        rados_shutdown(cluster[c]);
    }
    printf("{\"connect_open_close_ms\": %.3f, \"resident_kib\": %ld, \"threads\": %d, \"threads_40_images\": %d, "
           "\"cores\": %ld}\n",
           times[ROUNDS / 2], memory, one, most, sysconf(_SC_NPROCESSORS_ONLN));
    return 0;
}
