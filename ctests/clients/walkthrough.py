#!/usr/bin/python3
"""The life of a block image, start to end: what `make demo` shows, in unmodified python3-rados and python3-rbd."""

import rados
import rbd
from transcript import attempt, cluster, main, pattern, say, section

GIB = 1 << 30
POOL = "walkthrough"


def image_life(ioctx):
    """One image with a snapshot, and a clone that outlives it."""
    api = rbd.RBD()
    section("image")
    attempt("create a 4 GiB image", api.create, ioctx, "disk", 4 * GIB)
    attempt("list", api.list, ioctx)
    with rbd.Image(ioctx, "disk") as image:
        say("size", image.size())
        say("features", sorted(api.features_to_string(image.features()).split(",")))
        attempt("write", image.write, pattern(1 << 20), 5 << 20)
        say("read back", image.read(5 << 20, 1 << 20) == pattern(1 << 20))
        say("never written", image.read(GIB, 4096) == bytes(4096))

        section("snapshot")
        attempt("create a snapshot", image.create_snap, "monday")
        attempt("list snapshots", lambda: [(s["name"], s["size"]) for s in image.list_snaps()])
        attempt("protect", image.protect_snap, "monday")
        attempt("write after it", image.write, b"tuesday", 5 << 20)

    section("clone")
    attempt("clone", api.clone, ioctx, "disk", "monday", ioctx, "copy")
    with rbd.Image(ioctx, "copy") as clone:
        say("parent", clone.parent_info())
        say("reads the snapshot", clone.read(5 << 20, 1 << 20) == pattern(1 << 20))
        attempt("write to the clone", clone.write, b"clone", (5 << 20) + 100)
        expected = bytearray(pattern(1 << 20))
        expected[100:105] = b"clone"
        say("clone", clone.read(5 << 20, 1 << 20) == bytes(expected))
        attempt("flatten", clone.flatten)
        attempt("parent", clone.parent_info)
        say("clone after flatten", clone.read(5 << 20, 1 << 20) == bytes(expected))

    section("the end")
    with rbd.Image(ioctx, "disk") as image:
        say("the image has the later write", image.read(5 << 20, 7))
        attempt("unprotect", image.unprotect_snap, "monday")
        attempt("remove the snapshot", image.remove_snap, "monday")
    attempt("remove the image", api.remove, ioctx, "disk")
    attempt("remove the clone", api.remove, ioctx, "copy")
    attempt("list", api.list, ioctx)


def body():
    """The walk-through."""
    with cluster() as handle:
        section("pool")
        say("pools", [name for name in handle.list_pools() if name == POOL])
        attempt("create pool", handle.create_pool, POOL)
        say("pools", [name for name in handle.list_pools() if name == POOL])
        with handle.open_ioctx(POOL) as ioctx:
            attempt("initialise", rbd.RBD().pool_init, ioctx, False)
            image_life(ioctx)
        attempt("delete pool", handle.delete_pool, POOL)
        say("pools", [name for name in handle.list_pools() if name == POOL])
        attempt("open it", handle.open_ioctx, POOL)
    say("state", handle.state)
    say("rados version", tuple(map(int, str(rados.Rados(conffile="").version()).split("."))))


main(body)
