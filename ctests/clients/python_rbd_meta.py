#!/usr/bin/python3
"""python3-rbd: metadata and configuration of images and pools, pool statistics."""

import rbd
from transcript import attempt, cluster, main, new_pool, say, section

MIB = 1 << 20


def metadata(image):
    """Keys and values of an image."""
    section("metadata of an image")
    attempt("list", lambda: list(image.metadata_list()))
    attempt("set", image.metadata_set, "key", "value")
    attempt("set again", image.metadata_set, "key", "other value")
    attempt("empty value", image.metadata_set, "empty", "")
    attempt("utf-8", image.metadata_set, "schlüssel", "wert: ü")
    attempt("long", image.metadata_set, "long", "x" * 5000)
    attempt("get", image.metadata_get, "key")
    attempt("get empty", image.metadata_get, "empty")
    attempt("get missing", image.metadata_get, "missing")
    attempt("get long", lambda: len(image.metadata_get("long")))
    attempt("remove", image.metadata_remove, "key")
    attempt("remove again", image.metadata_remove, "key")
    image.metadata_remove("long")
    attempt("list", lambda: list(image.metadata_list()))
    for n in range(150):
        image.metadata_set(f"key{n:03}", str(n))
    names = [key for key, _ in image.metadata_list()]
    say("150 more", (len(names), names == sorted(names)))


def configuration(image, api, ioctx):
    """Options of an image override those of its pool, those the client's."""
    section("configuration")
    options = {entry["name"]: entry for entry in image.config_list()}
    say("names", sorted(options))
    say("sources", {entry["source"] for entry in options.values()})
    say("rbd_cache", options["rbd_cache"])
    attempt("get", image.config_get, "rbd_cache")
    attempt("set on the image", image.config_set, "rbd_cache", "false")
    attempt("set nonsense", image.config_set, "rbd_cache_size", "nonsense")
    attempt("set unknown", image.config_set, "rbd_nothing", "1")
    attempt("set of another kind", image.config_set, "osd_max_xattr", "1")
    attempt("get", image.config_get, "rbd_cache")
    attempt("get unset", image.config_get, "rbd_cache_size")
    attempt("metadata", lambda: [pair for pair in image.metadata_list() if "conf" in pair[0]])
    attempt("set on the pool", api.config_set, ioctx, "rbd_cache_size", "8388608")
    attempt("set nonsense on the pool", api.config_set, ioctx, "rbd_cache_size", "nonsense")
    attempt("get of the pool", api.config_get, ioctx, "rbd_cache_size")
    attempt("get unset of the pool", api.config_get, ioctx, "rbd_cache")
    say("pool", {e["name"]: (e["value"], e["source"]) for e in api.config_list(ioctx) if e["source"] != 0})
    with rbd.Image(ioctx, "image") as again:
        say("image", {e["name"]: (e["value"], e["source"]) for e in again.config_list() if e["source"] != 0})
        attempt("remove", again.config_remove, "rbd_cache")
        attempt("remove again", again.config_remove, "rbd_cache")
    attempt("remove of the pool", api.config_remove, ioctx, "rbd_cache_size")
    attempt("remove of the pool again", api.config_remove, ioctx, "rbd_cache_size")


def pool(api, ioctx):
    """Metadata and figures of a pool."""
    section("pool")
    attempt("metadata", lambda: list(api.pool_metadata_list(ioctx)))
    attempt("set", api.pool_metadata_set, ioctx, "key", "value")
    attempt("get", api.pool_metadata_get, ioctx, "key")
    attempt("get missing", api.pool_metadata_get, ioctx, "missing")
    attempt("list", lambda: list(api.pool_metadata_list(ioctx)))
    attempt("remove", api.pool_metadata_remove, ioctx, "key")
    attempt("remove again", api.pool_metadata_remove, ioctx, "key")
    attempt("statistics", api.pool_stats_get, ioctx)
    attempt("initialise", api.pool_init, ioctx, False)
    attempt("initialise by force", api.pool_init, ioctx, True)
    say("applications", ioctx.application_list())


def body():
    """Everything."""
    api = rbd.RBD()
    with cluster() as handle, new_pool(handle, "rbd-meta", "rbd") as ioctx:
        api.create(ioctx, "image", 10 * MIB)
        api.create(ioctx, "second", 20 * MIB)
        with rbd.Image(ioctx, "second") as image:
            image.create_snap("s")
            image.resize(5 * MIB)
        with rbd.Image(ioctx, "image") as image:
            metadata(image)
            configuration(image, api, ioctx)
        pool(api, ioctx)


main(body)
