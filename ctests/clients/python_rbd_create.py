#!/usr/bin/python3
"""python3-rbd: creating images in every form, opening, listing, renaming, removing, resizing."""

import rbd
from transcript import attempt, cluster, hide, main, new_pool, pattern, say, section

MIB = 1 << 20


def describe(ioctx, name):
    """Everything an image says about itself that does not vary."""
    with rbd.Image(ioctx, name, read_only=True) as image:
        stat = image.stat()
        hide(image.id(), f"id of {name}")
        say(f"{name}: stat", stat)
        say(f"{name}: features", (image.features(), image.op_features(), image.flags()))
        say(f"{name}: striping", (image.stripe_unit(), image.stripe_count()))
        say(f"{name}: prefix", image.block_name_prefix())
        say(f"{name}: id, name", (image.id(), image.get_name(), image.old_format()))
        say(f"{name}: data pool is the pool", image.data_pool_id() == ioctx.get_pool_id())


def creation(ioctx):
    """Sizes, orders, features, striping."""
    section("create")
    api = rbd.RBD()
    attempt("default", api.create, ioctx, "default", 10 * MIB)
    attempt("again", api.create, ioctx, "default", 10 * MIB)
    attempt("empty", api.create, ioctx, "empty", 0)
    attempt("odd size", api.create, ioctx, "odd", 12345677)
    attempt("order 20", api.create, ioctx, "order20", 10 * MIB, 20)
    attempt("order 12", api.create, ioctx, "order12", MIB, 12)
    for order in [11, 26, 65]:
        attempt(f"order {order}", api.create, ioctx, f"order{order}", MIB, order)
    attempt("layering only", api.create, ioctx, "layering", MIB, features=rbd.RBD_FEATURE_LAYERING)
    attempt("no features", api.create, ioctx, "plain", MIB, features=0)
    attempt("striped", api.create, ioctx, "striped", 10 * MIB, 20, False, 3, 65536, 4)
    attempt("striped, count 1, unit of the object", api.create, ioctx, "striped1", 10 * MIB, 20, False, 3, MIB, 1)
    for label, keywords in [
            ("unit without count", {"stripe_unit": 65536}), ("count without unit", {"stripe_count": 4}),
            ("unit too large", {"stripe_unit": 8 * MIB, "stripe_count": 2}),
            ("unit no divisor", {"stripe_unit": 3000, "stripe_count": 2}),
            ("exclusive-lock only", {"features": 4}), ("object-map without lock", {"features": 8}),
            ("fast-diff without map", {"features": 4 | 16}), ("journaling without lock", {"features": 64}),
            ("unknown feature", {"features": 1 << 40}), ("missing data pool", {"data_pool": "no such pool"})]:
        attempt(label, api.create, ioctx, "c-" + label.replace(" ", "-"), 10 * MIB, **keywords)
    attempt("no name", api.create, ioctx, "", MIB)
    attempt("a name with a slash", api.create, ioctx, "a/b@c", MIB)
    attempt("utf-8 name", api.create, ioctx, "bild-ü", MIB)
    attempt("huge", api.create, ioctx, "huge", 1 << 50)
    attempt("huge with layering only", api.create, ioctx, "huge-l", 1 << 60, features=1)
    attempt("old format", api.create, ioctx, "old", MIB, old_format=True)
    say("list", sorted(api.list(ioctx)))
    for name in ["default", "empty", "odd", "order20", "order12", "layering", "plain", "striped", "striped1"]:
        describe(ioctx, name)


def opening(ioctx):
    """Opening by name and id, read-only, at once, wrongly."""
    section("open")
    api = rbd.RBD()
    attempt("missing", rbd.Image, ioctx, "missing")
    attempt("missing snapshot", rbd.Image, ioctx, "default", "nope")
    attempt("missing id", lambda: rbd.Image(ioctx, image_id="123456789"))
    attempt("neither name nor id", rbd.Image, ioctx)
    image = rbd.Image(ioctx, "default")
    number = image.id()
    by_id = rbd.Image(ioctx, image_id=number)
    say("by id", by_id.get_name())
    by_id.close()
    attempt("closed", by_id.size)
    attempt("close again", by_id.close)
    only = rbd.Image(ioctx, "default", read_only=True)
    attempt("write to a read-only image", only.write, b"x", 0)
    attempt("resize a read-only image", only.resize, MIB)
    attempt("snapshot of a read-only image", only.create_snap, "s")
    attempt("read from it", only.read, 0, 4)
    only.close()
    opened = []
    completion = api.aio_open_image(lambda c, i: opened.append(i), ioctx, "default")
    completion.wait_for_complete_and_cb()
    say("asynchronous open", (completion.get_return_value(), opened[0].size()))
    closed = opened[0].aio_close(lambda c: None)
    closed.wait_for_complete_and_cb()
    say("asynchronous close", closed.get_return_value())
    completion = api.aio_open_image(lambda c, i: opened.append(i), ioctx, "missing")
    completion.wait_for_complete_and_cb()
    say("asynchronous open of a missing one", completion.get_return_value())
    image.close()
    listed = list(api.list2(ioctx))
    say("list with ids", sorted((entry["name"], entry["id"] == number) for entry in listed if entry["name"] == "default"))


def resizing(ioctx):
    """Growing and shrinking."""
    section("resize")
    with rbd.Image(ioctx, "default") as image:
        image.write(pattern(10 * MIB), 0)
        attempt("shrink", image.resize, 5 * MIB + 1000)
        attempt("size", image.size)
        attempt("read behind the end", image.read, 6 * MIB, 100)
        attempt("write behind the end", image.write, b"x", 6 * MIB)
        attempt("read over the end", lambda: len(image.read(5 * MIB, 5000)))
        attempt("write over the end", image.write, bytes(5000), 5 * MIB)
        image.write(pattern(10 * MIB)[5 * MIB:5 * MIB + 1000], 5 * MIB)
        attempt("grow", image.resize, 10 * MIB)
        say("what was cut off is zero", image.read(5 * MIB + 1000, 5 * MIB - 1000) == bytes(5 * MIB - 1000))
        say("the rest is there", image.read(0, 5 * MIB + 1000) == pattern(10 * MIB)[:5 * MIB + 1000])
        calls = []
        attempt("to nothing", image.resize, 0)
        attempt("back", image.resize, 10 * MIB)
        say("all zero", image.read(0, 10 * MIB) == bytes(10 * MIB))
        attempt("shrink not allowed", image.resize, MIB, False)
        attempt("size", image.size)
        attempt("too large", image.resize, 1 << 63)
        say("callbacks", calls)
    with rbd.Image(ioctx, "striped") as image:
        image.write(pattern(10 * MIB, 3), 0)
        attempt("shrink striped", image.resize, 3 * MIB + 100000)
        attempt("grow striped", image.resize, 10 * MIB)
        wanted = pattern(10 * MIB, 3)[:3 * MIB + 100000] + bytes(7 * MIB - 100000)
        say("content", image.read(0, 10 * MIB) == wanted)


def naming(ioctx):
    """Rename and remove."""
    section("rename and remove")
    api = rbd.RBD()
    attempt("rename", api.rename, ioctx, "odd", "even")
    attempt("rename missing", api.rename, ioctx, "odd", "x")
    attempt("rename onto another", api.rename, ioctx, "even", "empty")
    attempt("rename to itself", api.rename, ioctx, "even", "even")
    attempt("rename to nothing", api.rename, ioctx, "even", "")
    with rbd.Image(ioctx, "even") as image:
        attempt("rename while open", api.rename, ioctx, "even", "six")
        attempt("its name", image.get_name)
        attempt("remove while open", api.remove, ioctx, "six")
    attempt("remove missing", api.remove, ioctx, "missing")
    steps = []
    attempt("remove with progress", lambda: api.remove(ioctx, "default", lambda done, total: steps.append((done, total)) or 0))
    say("progress ended", bool(steps) and all(0 <= done <= total for done, total in steps))
    for name in sorted(api.list(ioctx)):
        if name != "old" and not name.startswith("huge-l"):
            attempt(f"remove {name}", api.remove, ioctx, name)
    say("list", sorted(api.list(ioctx)))
    left = sorted(o.key for o in ioctx.list_objects() if "huge-l" not in o.key and not o.key.startswith("rbd_"))
    say("objects left", left)


def body():
    """Everything."""
    say("features by name", rbd.RBD().features_from_string("layering,striping,exclusive-lock"))
    say("names of features", rbd.RBD().features_to_string(61))
    attempt("unknown name", rbd.RBD().features_from_string, "nothing")
    with cluster() as handle, new_pool(handle, "rbd-create", "rbd") as ioctx:
        creation(ioctx)
        opening(ioctx)
        resizing(ioctx)
        naming(ioctx)


main(body)
