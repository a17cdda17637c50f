#!/usr/bin/python3
"""python3-rados, python3-rbd: options that change while connected, by the program and by the monitors."""

import json
import os
import sys
import threading
import time

import rados
import rbd
from transcript import attempt, cluster, main, new_pool, say, section, wait_until

SKIPPED = 77
POOL, STUCK = "ctests_options", "ctests_options_stuck"
USER = "client.ctests-options"
UNDER_WAY = []


def command(handle, prefix, **arguments):
    """A monitor's answer, which must be good."""
    code, output, status = handle.mon_command(json.dumps({"prefix": prefix, **arguments}), b"")
    if code:
        raise rados.Error(f"{prefix}: {status}", code)
    return output.decode()


def setting(handle):
    """What may be set when."""
    section("set while connected")
    for name, value in [("rados_osd_op_timeout", "7"), ("rados_mon_op_timeout", "7"), ("client_mount_timeout", "7"),
                        ("objecter_inflight_ops", "7"), ("objecter_inflight_op_bytes", "7M"),
                        ("objecter_tick_interval", "3"), ("objecter_timeout", "3"), ("mon_client_hunt_interval", "2"),
                        ("mon_client_ping_interval", "2"), ("client_notify_timeout", "3"), ("debug_ms", "0/0"),
                        ("log_file", ""), ("log_to_stderr", "false"), ("crush_location", "host=a"),
                        ("crush_location", "nonsense"), ("mon_host", "10.0.0.1"), ("keyring", "/nowhere"), ("key", "x"),
                        ("auth_client_required", "none"), ("ms_type", "async"), ("ms_tcp_nodelay", "false"),
                        ("ms_crc_data", "false"), ("ms_client_mode", "secure"), ("osd_client_op_priority", "10"),
                        ("librados_thread_count", "1"), ("rbd_cache", "false"), ("rbd_cache_size", "1M"),
                        ("rbd_read_from_replica_policy", "balance"), ("rbd_default_order", "23"),
                        ("rbd_default_features", "3"), ("rbd_disable_zero_copy_writes", "false"), ("fsid", "x"),
                        ("no_such_option", "1"), ("rados_osd_op_timeout", "x"),
                        ("rados_osd_op_timeout", "-1"), ("objecter_inflight_ops", "0"), ("name", "client.x")]:
        attempt(f"{name}={value}", handle.conf_set, name, value)
        attempt(f"{name}", handle.conf_get, name)


def elapses(label, function, at_least, at_most):
    """Calls, and says whether it took about as long as it should."""
    begin = time.monotonic()
    attempt(label, function)
    took = time.monotonic() - begin
    say(f"{label}: in time", at_least <= took <= at_most or took)


def timeouts(handle, io):
    """An operation on a pool that has too few OSDs waits for ever, or for so long."""
    section("timeouts")
    attempt("rados_osd_op_timeout", handle.conf_set, "rados_osd_op_timeout", "1")
    elapses("write", lambda: io.write_full("object", b"x"), 0.9, 5)
    elapses("read", lambda: io.read("object"), 0.9, 5)
    attempt("none", handle.conf_set, "rados_osd_op_timeout", "0")
    completion = io.aio_write_full("object", b"x")
    time.sleep(2)
    say("without a timeout it waits", completion.is_complete())
    attempt("again", handle.conf_set, "rados_osd_op_timeout", "1")
    elapses("another", lambda: io.write_full("object", b"x"), 0.9, 5)


def in_flight():
    """How many operations may be under way is decided when connecting."""
    section("in flight")
    for label, before, after in [("set before", "2", None), ("raised after", "2", "1000"), ("set after", "1024", "2")]:
        handle = rados.Rados(conffile="", conf={"objecter_inflight_ops": before})
        handle.connect()
        handle.wait_for_latest_osdmap()
        if after:
            attempt(label, handle.conf_set, "objecter_inflight_ops", after)
        io = handle.open_ioctx(STUCK)
        done = []
        thread = threading.Thread(
            target=lambda io=io, done=done: [done.append(io.aio_write_full(f"o{n}", b"x")) for n in range(6)], daemon=True)
        thread.start()
        thread.join(1)
        say(f"{label}: submitted", len(done))
        UNDER_WAY.append((thread, io, handle))


def from_monitors(admin):
    """Options that the monitors set while we are connected."""
    section("from the monitors")
    command(admin, "config set", who=USER, name="rbd_default_order", value="21")
    text = command(admin, "auth get-or-create", entity=USER, caps=["mon", "allow r", "osd", "allow *"])
    with open("keyring", "w", encoding="utf-8") as keyring:
        keyring.write(text)
    handle = rados.Rados(name=USER, conffile="", conf={"keyring": os.path.abspath("keyring")})
    handle.connect()

    def is_now(name, value):
        return lambda: handle.conf_get(name) == value

    say("at connecting", handle.conf_get("rbd_default_order"))
    command(admin, "config set", who=USER, name="rados_osd_op_timeout", value="1")
    wait_until("a timeout", is_now("rados_osd_op_timeout", "1"))
    # When the next is here, the one before is not only to be seen but followed too.
    command(admin, "config set", who=USER, name="rbd_default_order", value="23")
    wait_until("changed", is_now("rbd_default_order", "23"))
    with handle.open_ioctx(STUCK) as io:
        elapses("write", lambda: io.write_full("object", b"x"), 0.9, 5)
    command(admin, "config rm", who=USER, name="rbd_default_order")
    wait_until("removed", is_now("rbd_default_order", "22"))
    attempt("set here", handle.conf_set, "rbd_default_order", "24")
    command(admin, "config set", who=USER, name="rbd_default_order", value="21")
    command(admin, "config set", who=USER, name="rados_mon_op_timeout", value="9")
    wait_until("the next arrived", is_now("rados_mon_op_timeout", "9"))
    say("what is set here stays", handle.conf_get("rbd_default_order"))
    with handle.open_ioctx(POOL) as io:
        rbd.RBD().create(io, "of order 24", 1 << 25)
        with rbd.Image(io, "of order 24") as image:
            say("order", image.stat()["order"])
    handle.shutdown()


def images(handle, io):
    """Options of images count for what is opened after."""
    section("images")
    rbd.RBD().create(io, "image", 1 << 22)
    with rbd.Image(io, "image") as image:
        options = lambda: {o["name"]: o["value"] for o in image.config_list()}
        say("before", options()["rbd_cache_size"])
        attempt("set", handle.conf_set, "rbd_cache_size", "16777216")
        say("after", options()["rbd_cache_size"])
        image.metadata_set("conf_rbd_cache_size", "8388608")
        say("of the image", options()["rbd_cache_size"])
    with rbd.Image(io, "image") as image:
        say("opened again", {o["name"]: o["value"] for o in image.config_list()}["rbd_cache_size"])


def body():
    """Everything."""
    if os.environ.get("CTESTS_WAY") == "store":
        print("an embedded store has neither OSDs nor monitors")
        sys.exit(SKIPPED)
    with cluster() as admin, new_pool(admin, POOL, "rbd") as io:
        with cluster() as handle:
            setting(handle)
        if admin.pool_exists(STUCK):
            admin.delete_pool(STUCK)
        admin.create_pool(STUCK)
        try:
            # More replicas than there are OSDs: nothing can be written.
            command(admin, "osd pool set", pool=STUCK, var="size", val="9")
            command(admin, "osd pool set", pool=STUCK, var="min_size", val="9")
            with cluster() as handle:
                handle.wait_for_latest_osdmap()
                stuck = handle.open_ioctx(STUCK)
                timeouts(handle, stuck)
            in_flight()
            from_monitors(admin)
        finally:
            for name in ["rbd_default_order", "rados_osd_op_timeout", "rados_mon_op_timeout"]:
                command(admin, "config rm", who=USER, name=name)
            admin.mon_command(json.dumps({"prefix": "auth del", "entity": USER}), b"")
            admin.delete_pool(STUCK)
        # What waited for the pool fails without it.
        for thread, io, handle in UNDER_WAY:
            thread.join()
            io.close()
            handle.shutdown()
        with cluster() as handle, handle.open_ioctx(POOL) as io:
            images(handle, io)


main(body)
