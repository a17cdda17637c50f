#!/usr/bin/python3
"""python3-rados, python3-rbd: what a user without the capability for it is answered, by kind of operation.

Ours must also write one line at error level, once for a pool, which names the user; only a line that is
wrong or missing is printed.
"""

import json
import os
import pathlib
import re
import sys

import rados
import rbd
from transcript import attempt, cluster, main, new_pool, say, section

OURS = os.environ.get("CTESTS_WAY") == "cluster"
SKIPPED = 77
POOL = "ctests_caps"
ERROR = re.compile(r"^\S+ \S+ +-1 (.*)$", re.MULTILINE)


def command(handle, prefix, **arguments):
    """A monitor's answer, which must be good."""
    code, output, status = handle.mon_command(json.dumps({"prefix": prefix, **arguments}), b"")
    if code:
        raise rados.Error(f"{prefix}: {status}", code)
    return output.decode()


def user(admin, name, caps):
    """A user with these capabilities, and a keyring with its key."""
    attempt(f"{name} removed", lambda: admin.mon_command(
        json.dumps({"prefix": "auth del", "entity": name}), b"")[0])
    flat = [word for pair in caps.items() for word in pair]
    text = command(admin, "auth get-or-create", entity=name, caps=flat)
    # 20.2.4 says so before it lets the user in.
    command(admin, "auth get", entity=name)
    path = pathlib.Path(f"{name}.keyring").absolute()
    path.write_text(text, encoding="utf-8")
    return str(path)


def reading(io):
    """What needs `r`."""
    attempt("read", io.read, "object")
    attempt("stat", lambda: io.stat("object")[0])
    attempt("get xattr", io.get_xattr, "object", "key")
    attempt("xattrs", lambda: sorted(io.get_xattrs("object")))
    attempt("list", lambda: [entry.key for entry in io.list_objects() if entry.key == "object"])
    with rados.ReadOpCtx() as op:
        values, _ = io.get_omap_vals(op, "", "", 10)
        attempt("omap", io.operate_read_op, op, "object")
        attempt("omap values", lambda: sorted(values))
    attempt("snapshots", lambda: [snap.name for snap in io.list_snaps()])


def writing(io):
    """What needs `w`."""
    attempt("write", io.write, "object", b"x")
    attempt("write full", io.write_full, "object", b"xy")
    attempt("append", io.append, "object", b"z")
    attempt("truncate", io.trunc, "object", 1)
    attempt("set xattr", io.set_xattr, "object", "key", b"value")
    attempt("remove xattr", io.rm_xattr, "object", "other")
    with rados.WriteOpCtx() as op:
        io.set_omap(op, ("k",), (b"v",))
        attempt("set omap", io.operate_write_op, op, "object")
    attempt("remove", io.remove_object, "object")
    completion = io.aio_write_full("object", b"again")
    completion.wait_for_complete()
    say("aio write", completion.get_return_value())
    attempt("pool snapshot", io.create_snap, "snap")
    attempt("remove snapshot", io.remove_snap, "snap")
    attempt("self-managed snapshot", lambda: io.create_self_managed_snap() > 0)


def executing(io):
    """What needs `x` or its like: object classes, watches, notifications."""
    question = b"\x01\x01\x05\x00\x00\x00\x01\x00\x00\x00l"
    attempt("exec reading", lambda: io.execute("object", "lock", "get_info", question)[0] >= 0)
    attempt("exec of another class", lambda: io.execute("object", "hello", "say_hello", b"")[0] >= 0)
    attempt("lock", io.lock_exclusive, "object", "l", "cookie")
    attempt("unlock", io.unlock, "object", "l", "cookie")
    watch = None
    try:
        watch = io.watch("object", lambda *_: None)
        print("watch: done")
    except rados.Error as error:
        print(f"watch: raised {type(error).__name__}")
    attempt("notify", io.notify, "object", "hello", 2000)
    if watch is not None:
        watch.close()


def monitoring(handle):
    """What the monitors and the manager are asked."""
    for prefix in ["df", "status", "osd dump", "osd pool ls", "mon dump", "config dump", "auth ls", "pg dump"]:
        words = json.dumps({"prefix": prefix, "format": "json"})
        attempt(f"command {prefix}", lambda words=words: handle.mon_command(words, b"")[0])
    words = json.dumps({"prefix": "osd pool create", "pool": "ctests_not"})
    attempt("command osd pool create", lambda: handle.mon_command(words, b"")[0])
    attempt("manager command", lambda: handle.mgr_command(json.dumps({"prefix": "pg stat"}), b"")[0])
    attempt("osd command", lambda: handle.osd_command(0, json.dumps({"prefix": "version"}), b"")[0])
    attempt("create pool", handle.create_pool, "ctests_not")
    attempt("delete pool", handle.delete_pool, POOL)
    attempt("cluster stat", lambda: sorted(handle.get_cluster_stats()))
    attempt("blocklist", handle.blocklist_add, "10.255.0.1:0/1", 1)
    attempt("latest map", handle.wait_for_latest_osdmap)


def images(io):
    """What librbd says."""
    attempt("images", rbd.RBD().list, io)
    attempt("open", lambda: rbd.Image(io, "image").close())
    attempt("open read-only", lambda: rbd.Image(io, "image", read_only=True).close())
    attempt("create image", rbd.RBD().create, io, "new", 1 << 20)
    attempt("remove image", rbd.RBD().remove, io, "new")


def check_log(name, path, is_denied):
    """Ours: lines at error level name the user, and there is one at least if anything was denied."""
    if not OURS:
        return
    lines = ERROR.findall(path.read_text(errors="replace")) if path.exists() else []
    if any(name not in line for line in lines) or bool(lines) != is_denied:
        print(f"{name}: errors in the log: {lines}")
    pools = [line for line in lines if POOL in line]
    if len(pools) > 1:
        print(f"{name}: more than one line for a pool: {pools}")


def is_kept_out(handle):
    """OSDs since 18 do not even open a session for who has no capabilities: operations wait."""
    with handle.open_ioctx(POOL) as io:
        try:
            io.read("object")
        except rados.TimedOut:
            return True
        except rados.Error:
            pass
        return False


def run(admin, name, caps, *parts):
    """Connects as a user with these capabilities and tries."""
    entity = f"client.ctests-{name}"
    section(f"{name}: {caps}")
    keyring, log = user(admin, entity, caps), pathlib.Path(f"{name}.log").absolute()
    log.unlink(missing_ok=True)
    handle = rados.Rados(name=entity, conffile="", conf={"keyring": keyring, "log_file": str(log), "rados_osd_op_timeout": "5"})
    attempt("connect", handle.connect)
    if handle.state == "connected":
        if name == "no-osd" and is_kept_out(handle):
            print("no session with OSDs")
            parts = ()
        for part in parts:
            if part is monitoring:
                part(handle)
                continue
            try:
                io = handle.open_ioctx(POOL)
            except rados.Error as error:
                print(f"open pool: raised {type(error).__name__}")
                break
            part(io)
            io.close()
        handle.shutdown()
        check_log(entity, log, name != "all")
    attempt("user removed", command, admin, "auth del", entity=entity)


def body():
    """Every user."""
    if os.environ.get("CTESTS_WAY") == "store":
        print("an embedded store has no users")
        sys.exit(SKIPPED)
    mon = {"mon": "allow r"}
    with cluster() as admin, new_pool(admin, POOL, "rbd") as io:
        rbd.RBD().create(io, "image", 1 << 20)
        io.write_full("object", b"content")
        io.set_xattr("object", "key", b"value")
        everything = [reading, executing, writing]
        run(admin, "all", {"mon": "allow *", "osd": "allow *", "mgr": "allow *"}, reading, executing)
        run(admin, "reader", {**mon, "osd": f"allow r pool={POOL}"}, *everything, images, monitoring)
        run(admin, "writer", {**mon, "osd": f"allow rw pool={POOL}"}, executing)
        run(admin, "only-writer", {**mon, "osd": f"allow w pool={POOL}"}, reading)
        run(admin, "class-reader", {**mon, "osd": f"allow class-read pool={POOL}"}, *everything)
        run(admin, "class", {**mon, "osd": "allow class hello"}, executing)
        run(admin, "elsewhere", {**mon, "osd": "allow * pool=nowhere"}, *everything, images)
        run(admin, "namespace", {**mon, "osd": f"allow * pool={POOL} namespace=ns"}, reading)
        run(admin, "prefix", {**mon, "osd": "allow r object_prefix obj"}, reading)
        run(admin, "no-osd", mon, *everything, images, monitoring)
        run(admin, "no-mon", {"osd": "allow *"}, reading)
        run(admin, "nobody", {})
        run(admin, "read-only-images", {"mon": "profile rbd", "osd": f"profile rbd-read-only pool={POOL}"}, images)
        with admin.open_ioctx(POOL) as after:
            say("the object", after.read("object"))


main(body)
