#!/usr/bin/python3
"""python3-rbd: groups of images and their snapshots."""

import rbd
from transcript import attempt, cluster, main, new_pool, say, section

MIB = 1 << 20


def body():
    """Everything."""
    api = rbd.RBD()
    with cluster() as handle, new_pool(handle, "rbd-group", "rbd") as ioctx:
        for name in ["a", "b"]:
            api.create(ioctx, name, 4 * MIB)
            with rbd.Image(ioctx, name) as image:
                image.write(name.encode() * 100, 0)
        section("groups")
        attempt("list", api.group_list, ioctx)
        attempt("create", api.group_create, ioctx, "g")
        attempt("again", api.group_create, ioctx, "g")
        attempt("create", api.group_create, ioctx, "h")
        attempt("list", lambda: sorted(api.group_list(ioctx)))
        attempt("rename", api.group_rename, ioctx, "h", "i")
        attempt("rename missing", api.group_rename, ioctx, "h", "j")
        attempt("remove", api.group_remove, ioctx, "i")
        attempt("remove again", api.group_remove, ioctx, "i")
        section("images")
        group = rbd.Group(ioctx, "g")
        attempt("list", lambda: list(group.list_images()))
        attempt("add", group.add_image, ioctx, "a")
        attempt("add", group.add_image, ioctx, "b")
        attempt("add again", group.add_image, ioctx, "a")
        attempt("add missing", group.add_image, ioctx, "missing")
        attempt("list", lambda: sorted((i["name"], i["state"]) for i in group.list_images()))
        with rbd.Image(ioctx, "a") as image:
            say("its group", image.group()["name"])
            say("operations", image.op_features())
        attempt("remove an image of a group", api.remove, ioctx, "a")
        section("snapshots")
        attempt("create", group.create_snap, "s1")
        attempt("again", group.create_snap, "s1")
        attempt("list", lambda: [(s["name"], s["state"]) for s in group.list_snaps()])
        with rbd.Image(ioctx, "a") as image:
            snaps = list(image.list_snaps())
            say("of an image", [(s["namespace"], {k: v for k, v in image.snap_get_group_namespace(s["id"]).items()
                                                 if k in ("group_name", "name", "snap_name")}) for s in snaps])
            image.write(b"changed", 0)
        attempt("rename", group.rename_snap, "s1", "s2")
        attempt("roll back", group.rollback_to_snap, "s2")
        with rbd.Image(ioctx, "a") as image:
            say("content", image.read(0, 7))
        attempt("remove", group.remove_snap, "s2")
        attempt("again", group.remove_snap, "s2")
        attempt("take an image out", group.remove_image, ioctx, "a")
        attempt("again", group.remove_image, ioctx, "a")
        attempt("remove the group", api.group_remove, ioctx, "g")
        with rbd.Image(ioctx, "b") as image:
            say("operations", image.op_features())


main(body)
