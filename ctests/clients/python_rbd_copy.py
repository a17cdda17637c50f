#!/usr/bin/python3
"""python3-rbd: copy and deep copy of images."""

import rbd
from transcript import attempt, cluster, main, new_pool, pattern, say, section

MIB = 1 << 20


def body():
    """Everything."""
    api = rbd.RBD()
    with cluster() as handle, new_pool(handle, "rbd-copy", "rbd") as ioctx, \
            new_pool(handle, "rbd-copy-2", "rbd") as second:
        api.create(ioctx, "source", 5 * MIB + 12345, 20)
        with rbd.Image(ioctx, "source") as image:
            image.write(pattern(2 * MIB, 1), MIB // 2)
            image.metadata_set("owner", "me")
            image.create_snap("one")
            image.write(pattern(MIB, 2), 3 * MIB)
            image.create_snap("two")
            image.write(b"head", 0)
            whole = image.read(0, image.size())

            section("copy")
            attempt("copy", image.copy, ioctx, "copy")
            attempt("onto itself", image.copy, ioctx, "source")
            attempt("onto an existing image", image.copy, ioctx, "copy")
            attempt("to another pool with options", image.copy, second, "copy", 1 | 2, 21, 65536, 2)
            image.set_snap("one")
            attempt("of a snapshot", image.copy, ioctx, "copy-one")
            past = image.read(0, image.size())
            image.set_snap(None)

            section("deep copy")
            attempt("deep copy", image.deep_copy, ioctx, "deep")
            attempt("to another pool with options", image.deep_copy, second, "deep", features=1, order=22)
        for place, name in [(ioctx, "copy"), (second, "copy"), (ioctx, "copy-one"), (ioctx, "deep"), (second, "deep")]:
            with rbd.Image(place, name) as image:
                section(f"{name} in {place.get_pool_name()}")
                say("shape", (image.size(), image.stat()["order"], image.features(), image.stripe_unit(), image.stripe_count()))
                say("metadata", sorted(image.metadata_list()))
                say("snapshots", [(s["name"], s["size"]) for s in image.list_snaps()])
                say("content", image.read(0, image.size()) == (past if name == "copy-one" else whole))
                for snap in [s["name"] for s in image.list_snaps()]:
                    image.set_snap(snap)
                    say(f"at {snap}", (image.read(MIB // 2, 100) == pattern(100, 1), image.read(3 * MIB, 4) == pattern(4, 2),
                                       image.read(0, 4)))
                    image.set_snap(None)

        section("copies of a clone")
        with rbd.Image(ioctx, "source") as image:
            image.protect_snap("one")
        api.clone(ioctx, "source", "one", ioctx, "clone")
        with rbd.Image(ioctx, "clone") as image:
            image.write(b"clone", 100)
            wanted = image.read(0, image.size())
            attempt("copy", image.copy, ioctx, "clone-copy")
            attempt("deep copy", image.deep_copy, ioctx, "clone-deep")
        with rbd.Image(ioctx, "clone-copy") as image:
            attempt("parent of the copy", image.parent_info)
            say("content", image.read(0, image.size()) == wanted)
        with rbd.Image(ioctx, "clone-deep") as image:
            attempt("parent of the deep copy", image.parent_info)
            say("content", image.read(0, image.size()) == wanted)

        section("sparsify")
        with rbd.Image(ioctx, "source") as image:
            attempt("sparsify", image.sparsify, 65536)
            say("content", image.read(0, image.size()) == whole)


main(body)
