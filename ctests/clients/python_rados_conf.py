#!/usr/bin/python3
"""python3-rados: configuration, connection states, cluster information, versions."""

import os
import tempfile

import rados
from transcript import attempt, cluster, hide, main, say, section


def options(handle):
    """Options in their textual forms: defaults, and what setting them does."""
    section("defaults of client options")
    for name in ["rbd_cache", "rbd_cache_size", "rbd_cache_max_dirty", "rbd_cache_max_dirty_age",
                 "rbd_cache_writethrough_until_flush", "rbd_default_features", "rbd_default_order",
                 "rbd_default_format", "rbd_default_stripe_unit", "rbd_default_stripe_count",
                 "rbd_concurrent_management_ops", "rbd_default_clone_format", "rbd_skip_partial_discard",
                 "rbd_read_from_replica_policy", "rbd_default_map_options", "rbd_balance_parent_reads",
                 "rados_osd_op_timeout", "rados_mon_op_timeout", "client_mount_timeout", "osd_max_xattrs",
                 "objecter_inflight_ops", "objecter_inflight_op_bytes", "ms_type", "auth_supported",
                 "debug_rados", "debug_ms", "log_max_recent", "name", "cluster", "no_such_option",
                 "osd_pool_default_type", "mon_pg_warn_max_object_skew"]:
        attempt(name, handle.conf_get, name)
    section("setting")
    for name, value in [("rbd_cache", "false"), ("rbd_cache", "0"), ("rbd_cache", "yes"), ("rbd_cache", "maybe"),
                        ("rbd_cache_size", "64M"), ("rbd_cache_size", "0x1000"), ("rbd_cache_size", "-1"),
                        ("rbd_cache_size", "1.5"), ("rbd-cache-size", "4K"), ("rbd cache size", "8192"),
                        ("rbd_default_order", "23"), ("rbd_default_order", "x"),
                        ("rbd_cache_max_dirty_age", "2.5"), ("rbd_default_features", "3"),
                        ("rbd_default_features", "layering,striping"), ("rbd_default_features", "nothing"),
                        ("debug_rados", "5/10"), ("debug_rados", "7"), ("debug_rados", "x"),
                        ("rados_osd_op_timeout", "10"), ("client_mount_timeout", "3m"),
                        ("rbd_cache_policy", "writeback"), ("rbd_cache_policy", "nowhere"),
                        ("keyring", "/nowhere/$name"), ("log_file", "/dev/null"), ("no_such_option", "1")]:
        attempt(f"set {name}={value}", handle.conf_set, name, value)
        attempt(f"get {name}", handle.conf_get, name)


def files():
    """ceph.conf: sections, comments, spellings, variables, continuation, errors."""
    section("files")
    text = """
; a comment
# another
[global]
    rbd cache = false   # trailing comment
    rbd-default-order = 24
    log_file = /tmp/$cluster-$name.log
    keyring = "/quoted/place" ; trailing
    rbd_default_map_options = a\\
b
[client]
rbd_cache_size = 1M
rbd_concurrent_management_ops=3
[client.admin]
rbd_concurrent_management_ops = 4
[client.other]
rbd_concurrent_management_ops = 5
[osd]
rbd_cache_size = 2M
"""
    names = ["rbd_cache", "rbd_default_order", "log_file", "keyring", "rbd_default_map_options",
             "rbd_cache_size", "rbd_concurrent_management_ops"]
    # A file's name is the cluster's name, if that is not given.
    with open("venus.conf", "w", encoding="utf-8") as conf:
        conf.write(text)
        conf.flush()
        for user in ["admin", "other", "third"]:
            handle = rados.Rados(conffile=conf.name, rados_id=user)
            for name in names:
                attempt(f"{user} {name}", handle.conf_get, name)
        handle = rados.Rados(name="client.other", clustername="moon", conffile=conf.name)
        attempt("log_file with cluster moon", handle.conf_get, "log_file")
    for label, text in [("no section", "rbd_cache = false\n"), ("unclosed section", "[global\nrbd_cache = false\n"),
                        ("no value", "[global]\nrbd_cache\n"), ("empty", ""),
                        ("unknown option", "[global]\nno_such = 1\n"),
                        ("bad value", "[global]\nrbd_default_order = many\n")]:
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
            conf.write(text)
            conf.flush()
            handle = rados.Rados()
            attempt(label, handle.conf_read_file, conf.name)
            attempt(f"{label}: rbd_cache", handle.conf_get, "rbd_cache")
    handle = rados.Rados()
    attempt("no such file", handle.conf_read_file, "/nowhere/ceph.conf")
    attempt("constructor, no such file", rados.Rados, conffile="/nowhere/ceph.conf")
    attempt("constructor, unknown option", rados.Rados, conf={"no_such_option": "1"})
    attempt("constructor, two names", rados.Rados, rados_id="a", name="client.b")


def arguments():
    """Options in argument vectors and in CEPH_ARGS."""
    section("arguments")
    handle = rados.Rados()
    attempt("argv", handle.conf_parse_argv,
            ["prog", "--rbd-cache=false", "--rbd_cache_size", "12345", "left", "--unknown", "--rbd-default-order", "21"])
    for name in ["rbd_cache", "rbd_cache_size", "rbd_default_order"]:
        attempt(name, handle.conf_get, name)
    os.environ["CTESTS_ARGS"] = "--rbd-concurrent-management-ops 7 --rbd-cache=true"
    attempt("environment", handle.conf_parse_env, "CTESTS_ARGS")
    attempt("rbd_concurrent_management_ops", handle.conf_get, "rbd_concurrent_management_ops")
    attempt("rbd_cache", handle.conf_get, "rbd_cache")
    attempt("unset variable", handle.conf_parse_env, "CTESTS_UNSET")
    attempt("bad value", handle.conf_parse_argv, ["prog", "--rbd-default-order=many"])


def states():
    """What may be called in which state."""
    section("states")
    handle = rados.Rados(conffile="")
    say("state", handle.state)
    attempt("fsid before connect", handle.get_fsid)
    attempt("pools before connect", handle.list_pools)
    attempt("connect", handle.connect, 30)
    say("state", handle.state)
    attempt("connect again", handle.connect)
    attempt("conf_set while connected", handle.conf_set, "rbd_cache", "false")
    attempt("mon_host while connected", handle.conf_set, "mon_host", "127.0.0.1:1")
    attempt("shutdown", handle.shutdown)
    say("state", handle.state)
    attempt("pools after shutdown", handle.list_pools)
    attempt("connect after shutdown", handle.connect)
    nobody = rados.Rados(conf={"mon_host": ""})
    attempt("no mon_host", nobody.connect)


def body():
    """Everything."""
    with cluster() as handle:
        section("cluster")
        fsid = handle.get_fsid()
        say("fsid length", (len(fsid), fsid.count("-")))
        say("fsid", fsid)
        with cluster() as second:
            say("same fsid", second.get_fsid() == fsid)
            say("own instance", second.get_instance_id() != handle.get_instance_id())
        say("stat keys", sorted(handle.get_cluster_stats()))
        say("stat values are numbers", all(v >= 0 for v in handle.get_cluster_stats().values()))
        attempt("wait for latest map", handle.wait_for_latest_osdmap)
        hide(handle.get_addrs(), "addresses")
        say("addresses are known", bool(handle.get_addrs()))
        say("fsid by option", handle.conf_get("fsid") == fsid)
    options(rados.Rados())
    files()
    arguments()
    states()


main(body)
