#ifndef CEPH_RADOS_TYPES_H
#define CEPH_RADOS_TYPES_H

/* Generated from src/capi by cbindgen: change it there, then run `make headers`. */

#include <stdint.h>

/** The namespace that stands for all of them, for rados_ioctx_set_namespace() before listing
 objects. */
#define LIBRADOS_ALL_NSPACES "\001"

/** One client that watches an object: an element of the list a watcher query returns. */
typedef struct obj_watch_t {
    /** Address of the client, as text, ended by a zero byte. */
    char addr[256];
    /** Global id of the client. */
    int64_t watcher_id;
    /** The number that tells the watches of one client on one object apart. */
    uint64_t cookie;
    /** Seconds without a sign of life after which the watch is dropped. */
    uint32_t timeout_seconds;
} obj_watch_t;

/** One acknowledgement of a notification, as rados_decode_notify_response() returns it. */
typedef struct notify_ack_t {
    /** Global id of the client that answered. */
    uint64_t notifier_id;
    /** Cookie of its watch. */
    uint64_t cookie;
    /** What it answered; null where payload_len is 0. */
    char *payload;
    /** Bytes of payload. */
    uint64_t payload_len;
} notify_ack_t;

/** One watcher that did not acknowledge a notification in time. */
typedef struct notify_timeout_t {
    /** Global id of the client. */
    uint64_t notifier_id;
    /** Cookie of its watch. */
    uint64_t cookie;
} notify_timeout_t;

#endif  /* CEPH_RADOS_TYPES_H */
