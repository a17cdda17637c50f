#ifndef CEPH_RBD_FEATURES_H
#define CEPH_RBD_FEATURES_H

/* Generated from src/capi by cbindgen: change it there, then run `make headers`. */

/** Name of RBD_FEATURE_LAYERING in options and output. */
#define RBD_FEATURE_NAME_LAYERING "layering"

/** Name of RBD_FEATURE_STRIPINGV2. */
#define RBD_FEATURE_NAME_STRIPINGV2 "striping"

/** Name of RBD_FEATURE_EXCLUSIVE_LOCK. */
#define RBD_FEATURE_NAME_EXCLUSIVE_LOCK "exclusive-lock"

/** Name of RBD_FEATURE_OBJECT_MAP. */
#define RBD_FEATURE_NAME_OBJECT_MAP "object-map"

/** Name of RBD_FEATURE_FAST_DIFF. */
#define RBD_FEATURE_NAME_FAST_DIFF "fast-diff"

/** Name of RBD_FEATURE_DEEP_FLATTEN. */
#define RBD_FEATURE_NAME_DEEP_FLATTEN "deep-flatten"

/** Name of RBD_FEATURE_JOURNALING. */
#define RBD_FEATURE_NAME_JOURNALING "journaling"

/** Name of RBD_FEATURE_DATA_POOL. */
#define RBD_FEATURE_NAME_DATA_POOL "data-pool"

/** Name of RBD_FEATURE_OPERATIONS. */
#define RBD_FEATURE_NAME_OPERATIONS "operations"

/** Name of RBD_FEATURE_MIGRATING. */
#define RBD_FEATURE_NAME_MIGRATING "migrating"

/** Name of RBD_FEATURE_NON_PRIMARY. */
#define RBD_FEATURE_NAME_NON_PRIMARY "non-primary"

/** Name of RBD_FEATURE_DIRTY_CACHE. */
#define RBD_FEATURE_NAME_DIRTY_CACHE "dirty-cache"

/** Name of RBD_OPERATION_FEATURE_CLONE_PARENT in output. */
#define RBD_OPERATION_FEATURE_NAME_CLONE_PARENT "clone-parent"

/** Name of RBD_OPERATION_FEATURE_CLONE_CHILD. */
#define RBD_OPERATION_FEATURE_NAME_CLONE_CHILD "clone-child"

/** Name of RBD_OPERATION_FEATURE_GROUP. */
#define RBD_OPERATION_FEATURE_NAME_GROUP "group"

/** Name of RBD_OPERATION_FEATURE_SNAP_TRASH. */
#define RBD_OPERATION_FEATURE_NAME_SNAP_TRASH "snap-trash"

/** The image may be a clone of a parent's snapshot. */
#define RBD_FEATURE_LAYERING (1ull << 0)

/** The image's data is striped over several objects at a time. */
#define RBD_FEATURE_STRIPINGV2 (1ull << 1)

/** Only the client that holds the image's lock writes to it. */
#define RBD_FEATURE_EXCLUSIVE_LOCK (1ull << 2)

/** A bitmap says which objects of the image exist. */
#define RBD_FEATURE_OBJECT_MAP (1ull << 3)

/** The bitmap also says which objects changed since the last snapshot. */
#define RBD_FEATURE_FAST_DIFF (1ull << 4)

/** Flattening also gives the snapshots their own data. */
#define RBD_FEATURE_DEEP_FLATTEN (1ull << 5)

/** Every write is journaled first. */
#define RBD_FEATURE_JOURNALING (1ull << 6)

/** The data objects are in another pool than the header. */
#define RBD_FEATURE_DATA_POOL (1ull << 7)

/** An operation feature (`RBD_OPERATION_FEATURE_*`) is in use. */
#define RBD_FEATURE_OPERATIONS (1ull << 8)

/** The image is the source or the target of a live migration. */
#define RBD_FEATURE_MIGRATING (1ull << 9)

/** The image is the copy of a mirrored image, not to be written. */
#define RBD_FEATURE_NON_PRIMARY (1ull << 10)

/** A persistent write-back cache holds writes that the image does not have yet. */
#define RBD_FEATURE_DIRTY_CACHE (1ull << 11)

/** Features of a new image where neither the caller nor `rbd_default_features` says otherwise. */
#define RBD_FEATURES_DEFAULT ((((RBD_FEATURE_LAYERING | RBD_FEATURE_EXCLUSIVE_LOCK) | RBD_FEATURE_OBJECT_MAP) | RBD_FEATURE_FAST_DIFF) | RBD_FEATURE_DEEP_FLATTEN)

/** Features a client must know to read the image. */
#define RBD_FEATURES_INCOMPATIBLE (((RBD_FEATURE_LAYERING | RBD_FEATURE_STRIPINGV2) | RBD_FEATURE_DATA_POOL) | RBD_FEATURE_DIRTY_CACHE)

/** Features a client must know to write to the image. */
#define RBD_FEATURES_RW_INCOMPATIBLE ((((((((RBD_FEATURES_INCOMPATIBLE | RBD_FEATURE_EXCLUSIVE_LOCK) | RBD_FEATURE_OBJECT_MAP) | RBD_FEATURE_FAST_DIFF) | RBD_FEATURE_DEEP_FLATTEN) | RBD_FEATURE_JOURNALING) | RBD_FEATURE_OPERATIONS) | RBD_FEATURE_MIGRATING) | RBD_FEATURE_NON_PRIMARY)

/** Every feature there is. */
#define RBD_FEATURES_ALL (((((((((((RBD_FEATURE_LAYERING | RBD_FEATURE_STRIPINGV2) | RBD_FEATURE_EXCLUSIVE_LOCK) | RBD_FEATURE_OBJECT_MAP) | RBD_FEATURE_FAST_DIFF) | RBD_FEATURE_DEEP_FLATTEN) | RBD_FEATURE_JOURNALING) | RBD_FEATURE_DATA_POOL) | RBD_FEATURE_OPERATIONS) | RBD_FEATURE_MIGRATING) | RBD_FEATURE_NON_PRIMARY) | RBD_FEATURE_DIRTY_CACHE)

/** Features that rbd_update_features() can turn on and off. */
#define RBD_FEATURES_MUTABLE (((((RBD_FEATURE_EXCLUSIVE_LOCK | RBD_FEATURE_OBJECT_MAP) | RBD_FEATURE_FAST_DIFF) | RBD_FEATURE_JOURNALING) | RBD_FEATURE_NON_PRIMARY) | RBD_FEATURE_DIRTY_CACHE)

/** Those of them that only the library itself changes. */
#define RBD_FEATURES_MUTABLE_INTERNAL (RBD_FEATURE_NON_PRIMARY | RBD_FEATURE_DIRTY_CACHE)

/** Features that can be turned off but never on. */
#define RBD_FEATURES_DISABLE_ONLY RBD_FEATURE_DEEP_FLATTEN

/** Features that only one client at a time can use for writing. */
#define RBD_FEATURES_SINGLE_CLIENT ((((RBD_FEATURE_EXCLUSIVE_LOCK | RBD_FEATURE_OBJECT_MAP) | RBD_FEATURE_FAST_DIFF) | RBD_FEATURE_JOURNALING) | RBD_FEATURE_DIRTY_CACHE)

/** Features that follow from something else and are not asked for by themselves. */
#define RBD_FEATURES_IMPLICIT_ENABLE ((((((RBD_FEATURE_STRIPINGV2 | RBD_FEATURE_DATA_POOL) | RBD_FEATURE_FAST_DIFF) | RBD_FEATURE_OPERATIONS) | RBD_FEATURE_MIGRATING) | RBD_FEATURE_NON_PRIMARY) | RBD_FEATURE_DIRTY_CACHE)

/** Features that never appear in what a user sees or sets. */
#define RBD_FEATURES_INTERNAL (RBD_FEATURE_OPERATIONS | RBD_FEATURE_MIGRATING)

/** The image has snapshots with clones of format 2. */
#define RBD_OPERATION_FEATURE_CLONE_PARENT (1ull << 0)

/** The image is a clone of format 2. */
#define RBD_OPERATION_FEATURE_CLONE_CHILD (1ull << 1)

/** The image is in a group. */
#define RBD_OPERATION_FEATURE_GROUP (1ull << 2)

/** The image has removed snapshots that clones still need. */
#define RBD_OPERATION_FEATURE_SNAP_TRASH (1ull << 3)

/** Every operation feature there is. */
#define RBD_OPERATION_FEATURES_ALL (((RBD_OPERATION_FEATURE_CLONE_PARENT | RBD_OPERATION_FEATURE_CLONE_CHILD) | RBD_OPERATION_FEATURE_GROUP) | RBD_OPERATION_FEATURE_SNAP_TRASH)

#endif  /* CEPH_RBD_FEATURES_H */
