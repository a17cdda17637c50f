#!/usr/bin/python3
"""python3-rados: listing objects, in namespaces, with locators, while they change."""

import rados
from transcript import attempt, cluster, main, new_pool, say, section


def names(ioctx):
    """What a listing shows, sorted: the order is the pool's own."""
    return sorted((o.nspace, o.key, o.locator_key) for o in ioctx.list_objects())


def body():
    """Everything."""
    with cluster() as handle, new_pool(handle, "python-list") as ioctx:
        section("listing")
        say("empty", names(ioctx))
        for name in ["a", "b", "c", "ü", "with space"]:
            ioctx.write_full(name, b"x")
        say("five", names(ioctx))
        ioctx.set_namespace("space")
        say("an empty namespace", names(ioctx))
        for name in ["a", "d"]:
            ioctx.write_full(name, b"x")
        say("two there", names(ioctx))
        ioctx.set_namespace("")
        ioctx.set_locator_key("key")
        ioctx.write_full("located", b"x")
        ioctx.set_locator_key("")
        say("the default one", names(ioctx))
        ioctx.set_namespace(rados.LIBRADOS_ALL_NSPACES)
        say("all namespaces", names(ioctx))
        attempt("write in all namespaces", ioctx.write_full, "x", b"x")
        ioctx.set_namespace("")

        section("many")
        for n in range(1500):
            ioctx.aio_write_full(f"object{n:04}", b"")
        ioctx.aio_flush()
        found = [o.key for o in ioctx.list_objects()]
        say("listed once each", (len(found), len(set(found))))

        section("changes meanwhile")
        listing = ioctx.list_objects()
        seen = [next(listing).key for _ in range(3)]
        for n in range(0, 1500, 2):
            ioctx.aio_remove(f"object{n:04}")
        ioctx.aio_flush()
        seen += [o.key for o in listing]
        say("the rest is listed", {f"object{n:04}" for n in range(1, 1500, 2)} <= set(seen))
        say("nothing twice", len(seen) == len(set(seen)))
        say("now", len(names(ioctx)))
        attempt("a listing without end", next, iter([o for o in ioctx.list_objects() if o.key == "a"]))


main(body)
