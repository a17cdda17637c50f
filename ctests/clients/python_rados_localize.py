#!/usr/bin/python3
"""python3-rados, python3-rbd: which OSD reads are served by, counted by the OSDs themselves.

Moves OSDs to hosts of its own, so it needs a cluster of its own: see ctests/README.md.
"""

import json
import os
import sys

import rados
import rbd
from transcript import attempt, cluster, main, say, section, wait_until

SKIPPED = 77
POOL = "ctests_localize"
READS = 20
BALANCE, LOCALIZE = 1, 2


def command(handle, prefix, **arguments):
    """A monitor's answer, which must be good."""
    code, output, status = handle.mon_command(json.dumps({"prefix": prefix, **arguments}), b"")
    if code:
        raise rados.Error(f"{prefix}: {status}", code)
    return output.decode()


def counts(handle, osds):
    """How many operations each OSD has done that read."""
    def of(osd):
        code, output, status = handle.osd_command(osd, json.dumps({"prefix": "perf dump", "logger": "osd"}), b"")
        if code:
            raise rados.Error(f"perf dump: {status}", code)
        return json.loads(output)["osd"]["op_r"]
    return {osd: of(osd) for osd in osds}


def served(label, admin, osds, roles, read):
    """Reads often, and prints which of the group's OSDs did it, by its role."""
    before = counts(admin, osds)
    for _ in range(READS):
        read()
    after = counts(admin, osds)
    did = {roles.get(osd, "other"): after[osd] - before[osd] for osd in osds if after[osd] - before[osd] >= READS // 10}
    say(label, "both" if len(did) > 1 else sorted(did))


def settle(io):
    """A replica serves what it knows all have; it learns that with the next writes to the group."""
    for number in range(4):
        io.write_full("other", str(number).encode())


def acting(admin, name, pool=POOL):
    """The OSDs that have an object, the primary first."""
    return json.loads(command(admin, "osd map", pool=pool, object=name, format="json"))["acting"]


def reader(io, name, flag):
    """Reads an object by an operation with this flag."""
    def read():
        with rados.ReadOpCtx() as op:
            # Kept: the original writes there when it is answered.
            values = io.get_omap_vals(op, "", "", 1)
            io.operate_read_op(op, name, flag)
            del values
    return read


def move(handle, location):
    """Sets it twice, written otherwise: as chance will have it, the original follows one change late."""
    handle.conf_set("crush_location", location)
    handle.conf_set("crush_location", f" {location}")


def objects(admin, osds, hosts):
    """LOCALIZE_READS and BALANCE_READS of an operation."""
    section("operations")
    primary, replica = acting(admin, "object")
    roles = {primary: "primary", replica: "replica"}
    near, far = hosts[replica], hosts[primary]
    for label, location in [("none", ""), ("the replica's host", f"host={near}"), ("the primary's host", f"host={far}"),
                            ("the root of both", "root=default"), ("both hosts", f"host={near} host={far}"),
                            ("its host and the root", f"root=default;host={near}"), ("its host in another type", f"rack={near}"),
                            ("a rack of the replica", f"rack=r-{near}"), ("elsewhere", "host=nowhere"), ("nonsense", "nonsense")]:
        with cluster(crush_location=location) as handle, handle.open_ioctx(POOL) as io:
            served(f"localized, {label}", admin, osds, roles, reader(io, "object", LOCALIZE))
    with cluster(crush_location=f"host={near}") as handle, handle.open_ioctx(POOL) as io:
        served("without a flag", admin, osds, roles, reader(io, "object", 0))
        served("balanced", admin, osds, roles, reader(io, "object", BALANCE))
        attempt("another place", move, handle, f"host={far}")
        served("localized, another place", admin, osds, roles, reader(io, "object", LOCALIZE))
        attempt("nonsense", handle.conf_set, "crush_location", "host=")
        served("localized, after nonsense", admin, osds, roles, reader(io, "object", LOCALIZE))
        attempt("back", move, handle, f"host={near}")
        served("localized, back", admin, osds, roles, reader(io, "object", LOCALIZE))
        completion = io.aio_write("object", b"new content")
        completion.wait_for_complete()
        say("a write goes through", completion.get_return_value())


def images(admin, osds, hosts):
    """rbd_read_from_replica_policy and its kin."""
    section("images")
    with cluster() as handle, handle.open_ioctx(POOL) as io:
        rbd.RBD().create(io, "image", 1 << 22)
        with rbd.Image(io, "image") as image:
            image.write(b"x" * (1 << 16), 0)
            data = image.block_name_prefix() + ".0000000000000000"
            image.create_snap("snap")
            image.protect_snap("snap")
        rbd.RBD().clone(io, "image", "snap", io, "clone", rbd.RBD_FEATURE_LAYERING)
        settle(io)
        primary, replica = acting(admin, data)
        roles, place = {primary: "primary", replica: "replica"}, f"host={hosts[replica]}"
    for label, name, snap, options in [
            ("default", "image", None, {}),
            ("localize", "image", None, {"rbd_read_from_replica_policy": "localize"}),
            ("balance", "image", None, {"rbd_read_from_replica_policy": "balance"}),
            ("localize snapshots, head", "image", None, {"rbd_localize_snap_reads": "true"}),
            ("localize snapshots", "image", "snap", {"rbd_localize_snap_reads": "true"}),
            ("balance snapshots", "image", "snap", {"rbd_balance_snap_reads": "true", "rbd_localize_snap_reads": "true"}),
            ("clone", "clone", None, {}),
            ("localize parents", "clone", None, {"rbd_localize_parent_reads": "true"}),
            ("balance parents", "clone", None, {"rbd_balance_parent_reads": "true"})]:
        with cluster(crush_location=place, rbd_cache="false", **options) as handle, handle.open_ioctx(POOL) as io:
            with rbd.Image(io, name, snapshot=snap, read_only=True) as image:
                served(label, admin, osds, roles, lambda image=image: image.read(0, 4096))
    with cluster() as handle, handle.open_ioctx(POOL) as io:
        rbd.RBD().remove(io, "clone")
        with rbd.Image(io, "image") as image:
            image.unprotect_snap("snap")
            image.remove_snap("snap")
        rbd.RBD().remove(io, "image")


def is_clean(admin):
    """Whether every group of the pool has its replicas."""
    state = json.loads(command(admin, "status", format="json"))["pgmap"]
    return all(group["state_name"] == "active+clean" for group in state["pgs_by_state"])


def body():
    """Everything."""
    if os.environ.get("CTESTS_WAY") == "store" or not os.environ.get("CTESTS_OWN_CLUSTER"):
        print("needs a cluster of its own")
        sys.exit(SKIPPED)
    with cluster() as admin:
        osds = sorted(json.loads(command(admin, "osd ls", format="json")))
        hosts = {osd: f"ctests-h{osd}" for osd in osds}
        for osd, host in hosts.items():
            command(admin, "osd crush add-bucket", name=f"r-{host}", type="rack")
            command(admin, "osd crush add-bucket", name=host, type="host")
            command(admin, "osd crush move", name=f"r-{host}", args=["root=default"])
            command(admin, "osd crush move", name=host, args=[f"rack=r-{host}"])
            command(admin, "osd crush set", id=osd, weight=1.0, args=[f"host={host}"])
        if admin.pool_exists(POOL):
            admin.delete_pool(POOL)
        # One group, so that every write is news to it.
        command(admin, "osd pool create", pool=POOL, pg_num=1, pgp_num=1)
        command(admin, "osd pool set", pool=POOL, var="size", val="2")
        with admin.open_ioctx(POOL) as io:
            io.application_enable("rbd")
            wait_until("clean", lambda: is_clean(admin), 60)
            io.write_full("object", b"content")
            settle(io)
            objects(admin, osds, hosts)
            images(admin, osds, hosts)
        admin.delete_pool(POOL)


main(body)
