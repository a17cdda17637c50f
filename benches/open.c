/* What an image costs that nobody uses: CPU of open + stat + close, resident memory, threads.
 * open CONF POOL IMAGE; prints JSON. */
#include <dirent.h>
#include <rbd/librbd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define ROUNDS 200
#define IMAGES 100

static double cpu_ms(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
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

int main(int argc, char **argv)
{
    rados_t cluster;
    rados_ioctx_t io;
    rbd_image_t image, many[IMAGES];
    rbd_image_info_t info;
    if (argc != 4)
        return 2;
    must(rados_create(&cluster, "admin"), "create");
    must(rados_conf_read_file(cluster, argv[1]), "configuration");
    must(rados_connect(cluster), "connect");
    must(rados_ioctx_create(cluster, argv[2], &io), "pool");
    must(rbd_open(io, argv[3], &image, NULL), "open");
    sleep(1);
    long memory = resident();
    must(rbd_close(image), "close");
    double before = cpu_ms();
    for (int n = 0; n < ROUNDS; n++) {
        must(rbd_open(io, argv[3], &image, NULL), "open");
        must(rbd_stat(image, &info, sizeof info), "stat");
        must(rbd_close(image), "close");
    }
    double each = (cpu_ms() - before) / ROUNDS;
    for (int n = 0; n < IMAGES; n++)
        must(rbd_open(io, argv[3], &many[n], NULL), "open");
    int running = threads();
    for (int n = 0; n < IMAGES; n++)
        must(rbd_close(many[n]), "close");
    rados_ioctx_destroy(io);
    rados_shutdown(cluster);
    printf("{\"open_stat_close_cpu_ms\": %.3f, \"resident_kib\": %ld, \"threads_100_images\": %d, "
           "\"cores\": %ld}\n",
           each, memory, running, sysconf(_SC_NPROCESSORS_ONLN));
    return 0;
}
