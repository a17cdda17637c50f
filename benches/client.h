/* What the programs here share: a connection, the time, and what their own process uses. */
#ifndef CLIENT_H
#define CLIENT_H

#include <dirent.h>
#include <rbd/librbd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static inline void must(int result, const char *what)
{
    if (result < 0) {
        fprintf(stderr, "%s: %d\n", what, result);
        exit(1);
    }
}

static inline void connect_to(const char *conf, const char *pool, rados_t *cluster, rados_ioctx_t *io)
{
    must(rados_create(cluster, "admin"), "create");
    must(rados_conf_read_file(*cluster, conf), "configuration");
    must(rados_connect(*cluster), "connect");
    must(rados_ioctx_create(*cluster, pool, io), "pool");
}

static inline void disconnect(rados_t cluster, rados_ioctx_t io)
{
    rados_ioctx_destroy(io);
    rados_shutdown(cluster);
}

/* Seconds since some moment. */
static inline double wall(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

/* Seconds of CPU of all threads. */
static inline double cpu(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Resident memory in KiB. */
static inline long resident(void)
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

/* How many threads this process has. */
static inline int threads(void)
{
    int count = 0;
    DIR *directory = opendir("/proc/self/task");
    while (directory && readdir(directory))
        count++;
    if (directory)
        closedir(directory);
    return count - 2;
}

#endif
