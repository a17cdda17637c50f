#!/usr/bin/python3
"""python3-rbd: clones, with and without protection, children, copy-up, flatten."""

import rbd
from transcript import attempt, cluster, hide, main, new_pool, pattern, say, section

MIB = 1 << 20


def children(image):
    """The children in both forms of listing, without ids."""
    return (sorted(image.list_children()),
            sorted((c["pool"], c["pool_namespace"], c["image"], c["trash"]) for c in image.list_children2()))


def parent(ioctx, api):
    """An image with a snapshot to clone."""
    api.create(ioctx, "parent", 6 * MIB, 20)
    with rbd.Image(ioctx, "parent") as image:
        image.write(pattern(5 * MIB, 1), 0)
        image.create_snap("base")
        image.write(pattern(MIB, 2), 0)


def cloning(ioctx, api):
    """Making clones."""
    section("clone")
    attempt("of an unprotected snapshot", api.clone, ioctx, "parent", "base", ioctx, "child")
    attempt("of a missing snapshot", api.clone, ioctx, "parent", "nope", ioctx, "child")
    attempt("of a missing image", api.clone, ioctx, "missing", "base", ioctx, "child")
    with rbd.Image(ioctx, "parent") as image:
        image.protect_snap("base")
    attempt("onto an existing image", api.clone, ioctx, "parent", "base", ioctx, "parent")
    attempt("clone", api.clone, ioctx, "parent", "base", ioctx, "child")
    attempt("clone with options", api.clone, ioctx, "parent", "base", ioctx, "child2", 3, 21, 65536, 2)
    attempt("clone without layering", api.clone, ioctx, "parent", "base", ioctx, "child3", features=4)
    with rbd.Image(ioctx, "child") as child, rbd.Image(ioctx, "parent") as image:
        hide(image.id(), "parent's id")
        hide(child.id(), "child's id")
        say("parent", child.parent_info())
        spec = child.get_parent_image_spec()
        say("specification", {key: spec[key] for key in spec if key not in ("snap_id", "pool_id")})
        say("parent's id", child.parent_id())
        say("overlap", child.overlap())
        say("stat", sorted(child.stat()))
        say("features", (child.features(), child.op_features()))
        say("operations of the parent", image.op_features())
        attempt("parent of the parent", image.parent_info)
        attempt("specification of the parent's", image.get_parent_image_spec)
        attempt("overlap of the parent", image.overlap)
        image.set_snap("base")
        say("children", children(image))
        say("descendants", sorted(d["image"] for d in image.list_descendants()))
        image.set_snap(None)
        attempt("unprotect with children", image.unprotect_snap, "base")
        attempt("remove with children", image.remove_snap, "base")
    with rbd.Image(ioctx, "child2") as child:
        say("child2", (child.stat()["order"], child.stripe_unit(), child.stripe_count(), child.features()))


def copyup(ioctx):
    """Reading through to the parent, writing over it."""
    section("copy-up")
    base = pattern(5 * MIB, 1) + bytes(MIB)
    for name in ["child", "child2"]:
        model = bytearray(base)
        with rbd.Image(ioctx, name) as child:
            say(f"{name} reads the snapshot", child.read(0, 6 * MIB) == base)

            def put(offset, data, child=child, model=model):
                child.write(data, offset)
                model[offset:offset + len(data)] = data

            put(100, b"hello")
            put(MIB - 2, b"over")
            put(5 * MIB + 5, b"behind the data")
            child.write_zeroes(2 * MIB + 1000, 1000)
            model[2 * MIB + 1000:2 * MIB + 2000] = bytes(1000)
            child.write_zeroes(3 * MIB, MIB)
            model[3 * MIB:4 * MIB] = bytes(MIB)
            say(f"{name} after writes", child.read(0, 6 * MIB) == bytes(model))
            child.discard(4 * MIB, MIB)
            say(f"{name} after a discard", child.read(4 * MIB, MIB) == bytes(MIB))
            model[4 * MIB:5 * MIB] = bytes(MIB)
            child.create_snap("mine")
            put(2 * MIB, pattern(100, 5))
            child.set_snap("mine")
            say(f"{name} at its snapshot", child.read(2 * MIB, 100) == pattern(6 * MIB, 1)[2 * MIB:2 * MIB + 100])
            child.set_snap(None)
            child.resize(2 * MIB + 50)
            say(f"{name} overlap", child.overlap())
            child.resize(6 * MIB)
            say(f"{name} overlap after growing", child.overlap())
            model[2 * MIB + 50:] = bytes(4 * MIB - 50)
            say(f"{name} after shrinking and growing", child.read(0, 6 * MIB) == bytes(model))
            attempt(f"{name} remove snapshot", child.remove_snap, "mine")
    with rbd.Image(ioctx, "parent", "base") as image:
        say("the parent is as it was", image.read(0, 6 * MIB) == base)


def flattening(ioctx, api):
    """Cutting a clone loose."""
    section("flatten")
    with rbd.Image(ioctx, "child") as child:
        before = child.read(0, 6 * MIB)
        child.create_snap("before")
        steps = []
        attempt("flatten", child.flatten, lambda done, total: steps.append((done, total)) or 0)
        say("progress", bool(steps) and all(0 <= done <= total for done, total in steps))
        say("content", child.read(0, 6 * MIB) == before)
        attempt("parent", child.parent_info)
        attempt("again", child.flatten)
        child.set_snap("before")
        say("at the snapshot", child.read(0, 6 * MIB) == before)
        attempt("parent of the snapshot", child.parent_info)
        child.set_snap(None)
        child.remove_snap("before")
    with rbd.Image(ioctx, "parent") as image:
        image.set_snap("base")
        say("children", children(image))
        image.set_snap(None)
    attempt("remove a clone", api.remove, ioctx, "child2")
    attempt("remove the other", api.remove, ioctx, "child3")
    with rbd.Image(ioctx, "parent") as image:
        attempt("unprotect", image.unprotect_snap, "base")
        attempt("remove the snapshot", image.remove_snap, "base")
    attempt("remove the parent", api.remove, ioctx, "parent")
    attempt("remove the child", api.remove, ioctx, "child")
    say("list", api.list(ioctx))


def version_two(ioctx, api):
    """Clones that need no protection: a removed snapshot stays in the trash until they are gone."""
    section("clones of version 2")
    parent(ioctx, api)
    attempt("clone an unprotected snapshot", api.clone, ioctx, "parent", "base", ioctx, "child")
    with rbd.Image(ioctx, "parent") as image, rbd.Image(ioctx, "child") as child:
        hide(image.id(), "parent's id")
        hide(child.id(), "child's id")
        say("operations", (image.op_features(), child.op_features()))
        say("content", child.read(0, 5 * MIB) == pattern(5 * MIB, 1))
        image.set_snap("base")
        say("children", children(image))
        image.set_snap(None)
        attempt("remove the snapshot", image.remove_snap, "base")
        left = list(image.list_snaps())
        say("snapshots", [(s["namespace"], s["size"]) for s in left])
        say("trash", [(image.snap_get_namespace_type(s["id"]), image.snap_get_trash_namespace(s["id"]).get("original_name"))
                      for s in left])
        say("parent", (child.parent_info()[0], child.parent_info()[1]))
        say("content", child.read(0, 5 * MIB) == pattern(5 * MIB, 1))
        attempt("flatten", child.flatten)
        say("content", child.read(0, 5 * MIB) == pattern(5 * MIB, 1))
        say("snapshots", list(image.list_snaps()))
        say("operations", (image.op_features(), child.op_features()))
    api.remove(ioctx, "child")
    api.remove(ioctx, "parent")


def chain(ioctx, api):
    """A clone of a clone of a clone."""
    section("chain")
    api.create(ioctx, "g0", 4 * MIB, 20)
    with rbd.Image(ioctx, "g0") as image:
        image.write(pattern(4 * MIB, 10), 0)
    for n in range(3):
        with rbd.Image(ioctx, f"g{n}") as image:
            image.create_snap("s")
            image.protect_snap("s")
        api.clone(ioctx, f"g{n}", "s", ioctx, f"g{n + 1}")
        with rbd.Image(ioctx, f"g{n + 1}") as image:
            image.write(pattern(MIB // 2, 11 + n), n * MIB)
    model = bytearray(pattern(4 * MIB, 10))
    for n in range(3):
        model[n * MIB:n * MIB + MIB // 2] = pattern(MIB // 2, 11 + n)
    with rbd.Image(ioctx, "g3") as image:
        say("the last sees all", image.read(0, 4 * MIB) == bytes(model))
    with rbd.Image(ioctx, "g0", "s") as image:
        say("descendants", sorted(d["image"] for d in image.list_descendants()))
    with rbd.Image(ioctx, "g2") as image:
        attempt("flatten the middle", image.flatten)
    with rbd.Image(ioctx, "g3") as image:
        say("the last still sees all", image.read(0, 4 * MIB) == bytes(model))


def body():
    """Everything."""
    api = rbd.RBD()
    with cluster(rbd_default_clone_format="1") as handle, new_pool(handle, "rbd-clone", "rbd") as ioctx:
        parent(ioctx, api)
        cloning(ioctx, api)
        copyup(ioctx)
        flattening(ioctx, api)
        chain(ioctx, api)
    with cluster(rbd_default_clone_format="2") as handle, new_pool(handle, "rbd-clone", "rbd") as ioctx:
        version_two(ioctx, api)


main(body)
