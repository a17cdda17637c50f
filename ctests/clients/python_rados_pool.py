#!/usr/bin/python3
"""python3-rados: pools, I/O contexts, statistics, application metadata."""

import rados
from transcript import attempt, cluster, hide, main, new_pool, say, section, wait_until

NAMES = ["pool-a", "pool-b", "pool c", "pool-ü"]


def mine(handle):
    """The pools of this script that exist."""
    return sorted(name for name in handle.list_pools() if name in NAMES)


def pools(handle):
    """Create, find, delete."""
    section("pools")
    for name in NAMES:
        attempt(f"create {name}", handle.create_pool, name)
    say("list", mine(handle))
    attempt("create again", handle.create_pool, "pool-a")
    attempt("create without a name", handle.create_pool, "")
    attempt("exists", handle.pool_exists, "pool-b")
    attempt("exists not", handle.pool_exists, "pool-z")
    number = handle.pool_lookup("pool-b")
    hide(number, "pool-b id")
    attempt("lookup", handle.pool_lookup, "pool-b")
    attempt("lookup not", handle.pool_lookup, "pool-z")
    attempt("reverse lookup", handle.pool_reverse_lookup, number)
    attempt("reverse lookup not", handle.pool_reverse_lookup, 99999)
    say("ids differ", len({handle.pool_lookup(name) for name in NAMES}) == len(NAMES))
    attempt("base tier", handle.get_pool_base_tier, number)
    with handle.open_ioctx("pool-b") as ioctx:
        attempt("id", ioctx.get_pool_id)
        attempt("name", ioctx.get_pool_name)
        attempt("alignment", ioctx.alignment)
        ioctx.write_full("object", b"content")
        with handle.open_ioctx2(number) as second:
            attempt("read by id", second.read, "object")
    attempt("open by a wrong id", handle.open_ioctx2, 99999)
    attempt("open by a wrong name", handle.open_ioctx, "pool-z")
    attempt("delete with objects", handle.delete_pool, "pool-b")
    attempt("delete again", handle.delete_pool, "pool-b")
    attempt("reverse lookup of a deleted pool", handle.pool_reverse_lookup, number)
    attempt("create again", handle.create_pool, "pool-b")
    say("a new id", handle.pool_lookup("pool-b") > number)
    with handle.open_ioctx("pool-b") as ioctx:
        say("empty", [o.key for o in ioctx.list_objects()])
    for name in NAMES:
        attempt(f"delete {name}", handle.delete_pool, name)
    say("list", mine(handle))


def context_after_deletion(handle):
    """An open context whose pool goes away."""
    section("a pool deleted under an open context")
    handle.create_pool("pool-a")
    ioctx = handle.open_ioctx("pool-a")
    ioctx.write_full("object", b"x")
    handle.delete_pool("pool-a")
    handle.wait_for_latest_osdmap()
    attempt("write", ioctx.write_full, "object", b"y")
    attempt("read", ioctx.read, "object")
    attempt("name", ioctx.get_pool_name)
    ioctx.close()
    attempt("use after close", ioctx.read, "object")
    attempt("close again", ioctx.close)


def statistics(handle):
    """Counters of a pool."""
    section("statistics")
    with new_pool(handle, "pool-a") as ioctx:
        say("keys", sorted(ioctx.get_stats()))
        for n in range(5):
            ioctx.write_full(f"object{n}", b"x" * 4096)
        wait_until("5 objects counted", lambda: ioctx.get_stats()["num_objects"] == 5, 30)
        say("bytes", ioctx.get_stats()["num_bytes"])


def applications(handle):
    """Application tags and their metadata."""
    section("applications")
    with new_pool(handle, "pool-a") as ioctx:
        attempt("list", ioctx.application_list)
        attempt("enable rbd", ioctx.application_enable, "rbd")
        attempt("enable rbd again", ioctx.application_enable, "rbd")
        attempt("enable a second", ioctx.application_enable, "mine")
        attempt("enable a second by force", ioctx.application_enable, "mine", True)
        say("list", sorted(ioctx.application_list()))
        attempt("set", ioctx.application_metadata_set, "rbd", "key", "value")
        attempt("set another", ioctx.application_metadata_set, "rbd", "other", "")
        attempt("set for an unknown one", ioctx.application_metadata_set, "unknown", "key", "value")
        attempt("get", ioctx.application_metadata_get, "rbd", "key")
        attempt("get missing", ioctx.application_metadata_get, "rbd", "missing")
        attempt("get from an unknown one", ioctx.application_metadata_get, "unknown", "key")
        attempt("metadata", ioctx.application_metadata_list, "rbd")
        attempt("metadata of an empty one", ioctx.application_metadata_list, "mine")
        attempt("metadata of an unknown one", ioctx.application_metadata_list, "unknown")
        attempt("remove", ioctx.application_metadata_remove, "rbd", "key")
        attempt("remove again", ioctx.application_metadata_remove, "rbd", "key")
        attempt("metadata", ioctx.application_metadata_list, "rbd")


def body():
    """Everything."""
    with cluster() as handle:
        for name in mine(handle):
            handle.delete_pool(name)
        pools(handle)
        context_after_deletion(handle)
        statistics(handle)
        applications(handle)
    attempt("open after shutdown", handle.open_ioctx, "pool-a")
    say("errors are of one family", issubclass(rados.ObjectNotFound, rados.OSError))


main(body)
