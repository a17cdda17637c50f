#!/usr/bin/python3
"""python3-rbd: namespaces of a pool."""

import rbd
from transcript import attempt, cluster, hide, main, new_pool, pattern, say, section

MIB = 1 << 20


def body():
    """Everything."""
    api = rbd.RBD()
    with cluster(rbd_default_clone_format="2") as handle, new_pool(handle, "rbd-namespace", "rbd") as ioctx, \
            handle.open_ioctx("rbd-namespace") as inside:
        section("namespaces")
        attempt("list", api.namespace_list, ioctx)
        attempt("create", api.namespace_create, ioctx, "one")
        attempt("again", api.namespace_create, ioctx, "one")
        attempt("create", api.namespace_create, ioctx, "two")
        attempt("no name", api.namespace_create, ioctx, "")
        say("list", sorted(api.namespace_list(ioctx)))
        attempt("exists", api.namespace_exists, ioctx, "one")
        attempt("exists not", api.namespace_exists, ioctx, "three")
        inside.set_namespace("one")
        attempt("create inside one", api.namespace_create, inside, "three")

        section("images")
        api.create(ioctx, "image", MIB)
        attempt("list inside", api.list, inside)
        attempt("create inside", api.create, inside, "image", 2 * MIB)
        attempt("create another", api.create, inside, "other", 2 * MIB)
        say("inside", sorted(api.list(inside)))
        say("outside", sorted(api.list(ioctx)))
        with rbd.Image(inside, "image") as image, rbd.Image(ioctx, "image") as outer:
            hide(image.id(), "inner id")
            image.write(b"inside", 0)
            outer.write(b"outside", 0)
            say("content", (image.read(0, 7), outer.read(0, 7), image.size(), outer.size()))
            image.write(pattern(MIB), MIB)
            image.create_snap("s")
        inside.set_namespace("four")
        attempt("create in a missing namespace", api.create, inside, "image", MIB)
        inside.set_namespace("one")

        section("clone over namespaces")
        attempt("clone to the outside", api.clone, inside, "image", "s", ioctx, "clone")
        with rbd.Image(ioctx, "clone") as clone:
            say("parent", clone.parent_info())
            spec = clone.get_parent_image_spec()
            say("specification", {key: spec[key] for key in ("pool_name", "pool_namespace", "image_name", "snap_name")})
            say("content", clone.read(MIB, MIB) == pattern(MIB))
        with rbd.Image(inside, "image", "s") as image:
            say("children", [(c["pool"], c["pool_namespace"], c["image"]) for c in image.list_children2()])
        attempt("remove the clone", api.remove, ioctx, "clone")

        with rbd.Image(inside, "image") as image:
            image.protect_snap("s")
        with cluster(rbd_default_clone_format="1") as old, old.open_ioctx("rbd-namespace") as outside:
            attempt("clone of version 1", api.clone, inside, "image", "s", outside, "clone")
        with rbd.Image(inside, "image") as image:
            image.unprotect_snap("s")

        section("the end")
        attempt("remove with images", api.namespace_remove, ioctx, "one")
        with rbd.Image(inside, "image") as image:
            image.remove_snap("s")
        for name in ["image", "other"]:
            attempt(f"remove {name}", api.remove, inside, name)
        attempt("remove", api.namespace_remove, ioctx, "one")
        attempt("again", api.namespace_remove, ioctx, "one")
        say("list", api.namespace_list(ioctx))
        say("outside", api.list(ioctx))


main(body)
