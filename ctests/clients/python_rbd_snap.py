#!/usr/bin/python3
"""python3-rbd: snapshots of images."""

import datetime

import rbd
from transcript import attempt, cluster, main, new_pool, pattern, say, section

MIB = 1 << 20


def listing(image):
    """Names, sizes, protection."""
    return [(s["name"], s["size"], image.is_protected_snap(s["name"])) for s in image.list_snaps()]


def basics(ioctx, name):
    """Create, read, roll back, rename, remove."""
    with rbd.Image(ioctx, name) as image:
        image.write(pattern(3 * MIB, 1), 0)
        attempt("create", image.create_snap, "one")
        attempt("again", image.create_snap, "one")
        image.write(pattern(MIB, 2), MIB)
        attempt("create", image.create_snap, "two")
        image.discard(0, MIB)
        image.resize(2 * MIB)
        attempt("create", image.create_snap, "three")
        image.resize(8 * MIB)
        ids = [s["id"] for s in image.list_snaps()]
        say("ids grow", ids == sorted(ids))
        say("list", listing(image))
        say("id and name", image.snap_get_name(image.snap_get_id("two")))
        attempt("id of a missing one", image.snap_get_id, "nope")
        attempt("name of a missing one", image.snap_get_name, 99999)
        attempt("exists", image.snap_exists, "two")
        attempt("exists not", image.snap_exists, "nope")
        age = datetime.datetime.utcnow() - image.get_snap_timestamp(image.snap_get_id("two"))
        say("time is now", abs(age.total_seconds()) < 100)
        say("namespace type", image.snap_get_namespace_type(image.snap_get_id("two")))

        attempt("set", image.set_snap, "one")
        say("size", image.size())
        say("content", image.read(0, 3 * MIB) == pattern(3 * MIB, 1))
        attempt("write at a snapshot", image.write, b"x", 0)
        attempt("set", image.set_snap, "three")
        say("size", image.size())
        attempt("set a missing one", image.set_snap, "nope")
        attempt("set none", image.set_snap, None)
        attempt("set by id", image.set_snap_by_id, image.snap_get_id("two"))
        say("content", image.read(MIB, MIB) == pattern(MIB, 2))
        attempt("set by id none", image.set_snap_by_id, None)
    with rbd.Image(ioctx, name, "two") as image:
        say("opened at two", image.read(0, 2 * MIB) == pattern(MIB, 1) + pattern(MIB, 2))
        attempt("write", image.write, b"x", 0)
        attempt("snapshot", image.create_snap, "x")

    with rbd.Image(ioctx, name) as image:
        attempt("roll back to one", image.rollback_to_snap, "one")
        say("size", image.size())
        say("content", image.read(0, 3 * MIB) == pattern(3 * MIB, 1))
        attempt("roll back to three", image.rollback_to_snap, "three")
        say("content", (image.size(), image.read(0, 2 * MIB) == bytes(MIB) + pattern(MIB, 2)))
        attempt("roll back to a missing one", image.rollback_to_snap, "nope")
        attempt("rename", image.rename_snap, "two", "zwei")
        attempt("rename missing", image.rename_snap, "two", "x")
        attempt("rename onto another", image.rename_snap, "zwei", "one")
        say("list", listing(image))


def removal(ioctx, name):
    """Protection and removal."""
    with rbd.Image(ioctx, name) as image:
        attempt("protect", image.protect_snap, "one")
        attempt("again", image.protect_snap, "one")
        attempt("protect missing", image.protect_snap, "nope")
        attempt("is protected", image.is_protected_snap, "one")
        attempt("is protected, missing", image.is_protected_snap, "nope")
        attempt("remove protected", image.remove_snap, "one")
        attempt("unprotect", image.unprotect_snap, "one")
        attempt("again", image.unprotect_snap, "one")
        attempt("unprotect missing", image.unprotect_snap, "nope")
    attempt("remove an image with snapshots", rbd.RBD().remove, ioctx, name)
    with rbd.Image(ioctx, name) as image:
        attempt("remove", image.remove_snap, "one")
        attempt("again", image.remove_snap, "one")
        attempt("remove by id", image.remove_snap_by_id, image.snap_get_id("zwei"))
        attempt("remove by id, missing", image.remove_snap_by_id, 99999)
        image.protect_snap("three")
        attempt("remove with force", image.remove_snap2, "three", rbd.RBD_SNAP_REMOVE_FORCE)
        say("list", listing(image))
        say("content", image.read(0, 2 * MIB) == bytes(MIB) + pattern(MIB, 2))


def limits(ioctx, name):
    """The limit on the number of snapshots."""
    with rbd.Image(ioctx, name) as image:
        say("no limit", image.get_snap_limit() == 2**64 - 1)
        attempt("limit", image.set_snap_limit, 2)
        attempt("get", image.get_snap_limit)
        for n in range(3):
            attempt(f"create {n}", image.create_snap, f"s{n}")
        attempt("no limit", image.remove_snap_limit)
        attempt("create", image.create_snap, "s3")
        attempt("limit below", image.set_snap_limit, 1)
        for snap in list(image.list_snaps()):
            image.remove_snap(snap["name"])


def many(ioctx, name):
    """Each of twenty snapshots keeps its own picture."""
    with rbd.Image(ioctx, name) as image:
        image.resize(MIB)
        image.write(bytes(MIB), 0)
        for n in range(20):
            image.write(pattern(30000, n), n * 40000 % (MIB - 30000))
            image.create_snap(f"s{n:02}")
        model, right = bytearray(MIB), []
        for n in range(20):
            offset = n * 40000 % (MIB - 30000)
            model[offset:offset + 30000] = pattern(30000, n)
            image.set_snap(f"s{n:02}")
            right.append(image.read(0, MIB) == bytes(model))
        image.set_snap(None)
        say("pictures", right)
        for n in range(0, 20, 2):
            image.remove_snap(f"s{n:02}")
        image.set_snap("s07")
        model = bytearray(MIB)
        for n in range(8):
            offset = n * 40000 % (MIB - 30000)
            model[offset:offset + 30000] = pattern(30000, n)
        say("s07 is still right", image.read(0, MIB) == bytes(model))


def body():
    """Everything."""
    with cluster() as handle, new_pool(handle, "rbd-snap", "rbd") as ioctx:
        for name, order, features in [("default", 22, 61), ("plain", 20, 1)]:
            rbd.RBD().create(ioctx, name, 3 * MIB, order, features=features)
            for part in [basics, removal, limits, many]:
                section(f"{name}: {part.__doc__}")
                part(ioctx, name)


main(body)
