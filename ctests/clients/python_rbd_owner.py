#!/usr/bin/python3
"""python3-rbd: managing an image whose exclusive lock another process holds: its owner does the work."""

import rbd
from transcript import Other, attempt, cluster, main, new_pool, say, section, wait_until

MIB = 1 << 20
POOL = "rbd-owner"
MAP = rbd.RBD_FEATURE_OBJECT_MAP | rbd.RBD_FEATURE_FAST_DIFF


def writer():
    """The other process: writes, so that it owns the lock, and says what it sees."""
    with cluster() as handle, handle.open_ioctx(POOL) as ioctx, rbd.Image(ioctx, "image") as image:
        while True:
            try:
                word = input()
            except EOFError:
                return
            if word == "write":
                attempt("write", image.write, b"theirs", 0)
            elif word == "owner":
                attempt("owner", image.is_exclusive_lock_owner)
            elif word == "see":
                say("sees", (image.size(), sorted(s["name"] for s in image.list_snaps()), image.features()))


def managed(api, ioctx, image, other):
    """What does not need the lock here."""
    section("by request")
    attempt("snapshot", image.create_snap, "one")
    attempt("again", image.create_snap, "one")
    attempt("resize", image.resize, 12 * MIB)
    attempt("resize with nothing to do", image.resize, 12 * MIB)
    attempt("metadata", image.metadata_set, "key", "value")
    attempt("metadata away", image.metadata_remove, "key")
    attempt("protect", image.protect_snap, "one")
    attempt("rename snapshot", image.rename_snap, "one", "two")
    attempt("remove protected", image.remove_snap, "two")
    attempt("unprotect", image.unprotect_snap, "two")
    attempt("another snapshot", image.create_snap, "three")
    attempt("remove snapshot", image.remove_snap, "three")
    attempt("sparsify", image.sparsify, 65536)
    attempt("flatten without parent", image.flatten)
    attempt("rename", api.rename, ioctx, "image", "renamed")
    attempt("rename back", api.rename, ioctx, "renamed", "image")
    say("other", other.ask("see"))
    say("other", other.ask("owner"))

    section("features by request")
    attempt("object map off", image.update_features, MAP, False)
    attempt("off again", image.update_features, MAP, False)
    attempt("object map on", image.update_features, MAP, True)
    say("flags", image.flags())
    say("other", other.ask("see"))
    say("other", other.ask("write"))


def needs_the_lock(api, ioctx, image, other):
    """What the original does itself, asking for the lock if it must."""
    section("itself")
    attempt("remove while open", api.remove, ioctx, "image")
    attempt("snapshot limit", image.set_snap_limit, 3)
    say("limit", image.get_snap_limit())
    say("other writes", other.ask("write"))
    attempt("roll back under the other's lock", image.rollback_to_snap, "two")
    say("owner", image.is_exclusive_lock_owner())
    image.write(b"mine", 0)
    attempt("roll back", image.rollback_to_snap, "two")
    say("content", image.read(0, 6))
    say("other", other.ask("see"))
    say("other writes", other.ask("write"))
    wait_until("it is read", lambda: image.read(0, 6) == b"theirs")


def clones(api, ioctx):
    """Flattening a clone that another process writes."""
    section("a clone")
    with rbd.Image(ioctx, "parent") as parent:
        parent.write(b"parent", 0)
        parent.write(b"parent", 5 * MIB)
        parent.create_snap("snap")
        parent.protect_snap("snap")
    api.clone(ioctx, "parent", "snap", ioctx, "image")
    other = Other("writer")
    with rbd.Image(ioctx, "image") as image:
        say("other writes", other.ask("write"))
        attempt("flatten", image.flatten)
        attempt("parent", image.parent_info)
        say("content", (image.read(0, 6), image.read(5 * MIB, 6)))
        say("other is owner", other.ask("owner"))
    other.close()
    with rbd.Image(ioctx, "parent") as parent:
        attempt("unprotect", parent.unprotect_snap, "snap")
        attempt("remove the snapshot", parent.remove_snap, "snap")
    attempt("remove", api.remove, ioctx, "image")
    attempt("remove", api.remove, ioctx, "parent")


def body():
    """Everything."""
    api = rbd.RBD()
    with cluster() as handle, new_pool(handle, POOL, "rbd") as ioctx:
        api.create(ioctx, "image", 8 * MIB)
        api.create(ioctx, "parent", 8 * MIB)
        other = Other("writer")
        with rbd.Image(ioctx, "image") as image:
            say("other writes", other.ask("write"))
            managed(api, ioctx, image, other)
            needs_the_lock(api, ioctx, image, other)
        other.close()
        with rbd.Image(ioctx, "image") as image:
            attempt("remove the snapshot", image.remove_snap, "two")
        attempt("remove", api.remove, ioctx, "image")
        clones(api, ioctx)
        say("left", api.list(ioctx))


main(body, writer=writer)
