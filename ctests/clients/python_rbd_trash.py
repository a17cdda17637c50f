#!/usr/bin/python3
"""python3-rbd: the trash of a pool."""

import datetime

import rbd
from transcript import attempt, cluster, hide, main, new_pool, say, section

MIB = 1 << 20


def listing(api, ioctx):
    """The trash without times."""
    return sorted((entry["name"], entry["id"], entry["source"]) for entry in api.trash_list(ioctx))


def body():
    """Everything."""
    api = rbd.RBD()
    with cluster() as handle, new_pool(handle, "rbd-trash", "rbd") as ioctx:
        ids = {}
        for name in ["a", "b", "c", "d"]:
            api.create(ioctx, name, MIB)
            with rbd.Image(ioctx, name) as image:
                image.write(name.encode(), 0)
                ids[name] = hide(image.id(), f"id of {name}")
        section("move and restore")
        say("empty", listing(api, ioctx))
        attempt("move missing", api.trash_move, ioctx, "missing")
        attempt("move", api.trash_move, ioctx, "a")
        attempt("move again", api.trash_move, ioctx, "a")
        attempt("move with a delay", api.trash_move, ioctx, "b", 3600)
        say("trash", listing(api, ioctx))
        say("images", sorted(api.list(ioctx)))
        attempt("open by name", rbd.Image, ioctx, "a")
        with rbd.Image(ioctx, image_id=ids["a"], read_only=True) as image:
            say("open by id", (image.read(0, 1), image.get_name()))
        entry = api.trash_get(ioctx, ids["b"])
        say("entry", {key: entry[key] for key in ("id", "name", "source")})
        delay = entry["deferment_end_time"] - entry["deletion_time"]
        say("delay", round(delay.total_seconds()))
        attempt("entry of a missing one", api.trash_get, ioctx, "123456")
        attempt("restore", api.trash_restore, ioctx, ids["a"], "")
        attempt("restore again", api.trash_restore, ioctx, ids["a"], "a")
        attempt("restore onto an existing name", api.trash_restore, ioctx, ids["b"], "c")
        attempt("restore under a new name", api.trash_restore, ioctx, ids["b"], "bb")
        say("images", sorted(api.list(ioctx)))
        with rbd.Image(ioctx, "bb") as image:
            say("content", image.read(0, 1))
            attempt("move while open", api.trash_move, ioctx, "bb")

        section("remove")
        attempt("move with a delay", api.trash_move, ioctx, "c", 3600)
        attempt("remove before its time", api.trash_remove, ioctx, ids["c"])
        attempt("remove by force", api.trash_remove, ioctx, ids["c"], True)
        attempt("remove again", api.trash_remove, ioctx, ids["c"], True)
        with rbd.Image(ioctx, "d") as image:
            image.create_snap("s")
        attempt("move with a snapshot", api.trash_move, ioctx, "d")
        attempt("remove with a snapshot", api.trash_remove, ioctx, ids["d"])
        attempt("restore", api.trash_restore, ioctx, ids["d"], "d")
        with rbd.Image(ioctx, "d") as image:
            image.remove_snap("s")
        steps = []
        attempt("move", api.trash_move, ioctx, "d")
        attempt("remove", api.trash_remove, ioctx, ids["d"], False, lambda done, total: steps.append(total) or 0)
        say("trash", listing(api, ioctx))

        section("purge")
        attempt("move", api.trash_move, ioctx, "a")
        attempt("purge", api.trash_purge, ioctx)
        say("trash", listing(api, ioctx))
        api.create(ioctx, "e", MIB)
        attempt("move with a delay", api.trash_move, ioctx, "e", 3600)
        attempt("purge", api.trash_purge, ioctx)
        say("trash", [name for name, _, _ in listing(api, ioctx)])
        attempt("purge by time", api.trash_purge, ioctx, datetime.datetime.utcnow() + datetime.timedelta(hours=2))
        say("trash", [name for name, _, _ in listing(api, ioctx)])
        say("images", sorted(api.list(ioctx)))
        say("objects left", sorted(o.key for o in ioctx.list_objects() if ids["a"] in o.key or ids["c"] in o.key))


main(body)
