#!/usr/bin/python3
"""python3-rbd: switching features, flags, rebuilding the object map."""

import rbd
from transcript import attempt, cluster, main, new_pool, pattern, say, section

MIB = 1 << 20


def body():
    """Everything."""
    api = rbd.RBD()
    with cluster() as handle, new_pool(handle, "rbd-features", "rbd") as ioctx:
        api.create(ioctx, "image", 10 * MIB, 20, features=rbd.RBD_FEATURE_LAYERING)
        with rbd.Image(ioctx, "image") as image:
            section("switching")
            image.write(pattern(MIB), 0)
            say("features", image.features())
            for label, bits, on in [
                    ("map without lock", rbd.RBD_FEATURE_OBJECT_MAP, True),
                    ("lock", rbd.RBD_FEATURE_EXCLUSIVE_LOCK, True),
                    ("lock again", rbd.RBD_FEATURE_EXCLUSIVE_LOCK, True),
                    ("fast-diff without map", rbd.RBD_FEATURE_FAST_DIFF, True),
                    ("map", rbd.RBD_FEATURE_OBJECT_MAP, True),
                    ("fast-diff", rbd.RBD_FEATURE_FAST_DIFF, True),
                    ("layering off", rbd.RBD_FEATURE_LAYERING, False),
                    ("striping", rbd.RBD_FEATURE_STRIPINGV2, True),
                    ("deep-flatten on", rbd.RBD_FEATURE_DEEP_FLATTEN, True),
                    ("lock off before the others", rbd.RBD_FEATURE_EXCLUSIVE_LOCK, False),
                    ("unknown", 1 << 50, True)]:
                attempt(label, image.update_features, bits, on)
                say("features, flags", (image.features(), image.flags()))
            section("object map")
            attempt("rebuild", image.rebuild_object_map)
            say("flags", image.flags())
            image.write(pattern(MIB), 5 * MIB)
            image.create_snap("s")
            say("content", image.read(5 * MIB, MIB) == pattern(MIB))
            attempt("fast-diff off", image.update_features, rbd.RBD_FEATURE_FAST_DIFF, False)
            attempt("map off", image.update_features, rbd.RBD_FEATURE_OBJECT_MAP, False)
            attempt("rebuild without map", image.rebuild_object_map)
            attempt("lock off", image.update_features, rbd.RBD_FEATURE_EXCLUSIVE_LOCK, False)
            say("features, flags", (image.features(), image.flags()))
            attempt("all on at once", image.update_features, 4 | 8 | 16, True)
            say("features, flags", (image.features(), image.flags()))
            attempt("rebuild", image.rebuild_object_map)
            say("features, flags", (image.features(), image.flags()))
            attempt("all off at once", image.update_features, 4 | 8 | 16, False)
            say("content", image.read(5 * MIB, MIB) == pattern(MIB))
            say("snapshot", [s["name"] for s in image.list_snaps()])
        with rbd.Image(ioctx, "image", read_only=True) as image:
            attempt("of a read-only image", image.update_features, 4, True)


main(body)
