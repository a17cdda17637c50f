#!/usr/bin/python3
"""python3-rbd: what changed between two points, by objects and exactly."""

import rbd
from transcript import attempt, cluster, main, new_pool, pattern, say, section

MIB = 1 << 20


def difference(image, since, whole=False, parent=True, offset=0, length=None):
    """The extents of a diff, neighbours joined: how they are cut is not promised."""
    found = []
    image.diff_iterate(offset, image.size() if length is None else length, since,
                       lambda start, count, exists: found.append([start, count, exists]), parent, whole)
    joined = []
    for start, count, exists in sorted(found):
        if joined and joined[-1][2] == exists and joined[-1][0] + joined[-1][1] == start:
            joined[-1][1] += count
        else:
            joined.append([start, count, exists])
    return [tuple(extent) for extent in joined]


def history(ioctx, name):
    """An image with three snapshots, and every diff between them."""
    with rbd.Image(ioctx, name) as image:
        attempt("nothing yet", difference, image, None)
        image.write(pattern(100000, 1), 0)
        image.write(pattern(MIB, 2), 5 * MIB)
        image.create_snap("one")
        image.write(pattern(4096, 3), 8192)
        image.write(pattern(4096, 3), 9 * MIB)
        image.create_snap("two")
        image.discard(5 * MIB, MIB)
        image.write(pattern(10, 4), 3 * MIB)
        image.create_snap("three")
        image.write(pattern(4096, 5), 7 * MIB)
        image.flush()
        for whole in [False, True]:
            kind = "objects" if whole else "exact"
            for since in [None, "one", "two", "three"]:
                attempt(f"{kind} head since {since}", difference, image, since, whole)
            for snap in ["one", "two", "three"]:
                image.set_snap(snap)
                for since in [None, "one", "two"]:
                    if since is None or since < snap or (since, snap) == ("two", "three"):
                        attempt(f"{kind} {snap} since {since}", difference, image, since, whole)
            image.set_snap(None)
        attempt("a part", difference, image, "one", False, True, 4 * MIB, 4 * MIB)
        attempt("since a missing one", difference, image, "nope")
        image.set_snap("one")
        attempt("since a later one", difference, image, "two")
        image.set_snap(None)

        def stop(_offset, _length, _exists):
            raise RuntimeError("enough")

        attempt("a callback that raises", image.diff_iterate, 0, image.size(), None, stop)
        image.resize(6 * MIB)
        attempt("after shrinking", difference, image, "three")
        image.resize(12 * MIB)
        attempt("after growing", difference, image, "three")


def cloned(ioctx):
    """Diffs of a clone, with and without its parent."""
    section("clone")
    api = rbd.RBD()
    with rbd.Image(ioctx, "exact") as image:
        image.protect_snap("one")
    api.clone(ioctx, "exact", "one", ioctx, "clone", features=61)
    with rbd.Image(ioctx, "clone") as image:
        attempt("with the parent", difference, image, None)
        attempt("without the parent", difference, image, None, False, False)
        image.write(pattern(100, 7), 100)
        image.create_snap("mine")
        image.write(pattern(100, 7), 10 * MIB)
        attempt("with the parent", difference, image, None)
        attempt("without the parent", difference, image, None, False, False)
        attempt("since mine", difference, image, "mine")
        attempt("objects", difference, image, "mine", True)


def body():
    """Everything."""
    api = rbd.RBD()
    with cluster() as handle, new_pool(handle, "rbd-diff", "rbd") as ioctx:
        for name, order, features in [("exact", 20, 61), ("plain", 20, 1), ("large", 22, 61)]:
            section(name)
            api.create(ioctx, name, 12 * MIB, order, features=features)
            history(ioctx, name)
        cloned(ioctx)


main(body)
