#!/usr/bin/python3
"""Images that two libraries use, alternately and at once: a process per side, and Ceph's own tools between them.

A scenario does things to an image by side A and by side B and knows at every moment what must be in it. Both
sides, `rbd export` and `rbd object-map check` must agree with that.
"""

import argparse
import hashlib
import itertools
import os
import random
import struct
import sys
import time
import traceback

import rbd
from sides import Failed, Side, tools
from sides.cluster import WORK, Cluster, wait_until

MIB = 1 << 20
POOL, DATA, CODED, CACHE = "interop", "interop-data", "interop-coded", "interop-cache"
ALIGNED = 65536
MAP = rbd.RBD_FEATURE_OBJECT_MAP | rbd.RBD_FEATURE_FAST_DIFF
DEFAULT = rbd.RBD_FEATURE_LAYERING | rbd.RBD_FEATURE_EXCLUSIVE_LOCK | MAP | rbd.RBD_FEATURE_DEEP_FLATTEN

SCENARIOS = {}


def scenario(function):
    """Adds a function to the list."""
    SCENARIOS[function.__name__] = function
    return function


class Truth:
    """What must be in an image and in its snapshots."""

    def __init__(self, size, seed=1):
        self.head = bytearray(size)
        self.snapshots = {}
        self.rolled_back = False
        self.random = random.Random(seed)

    def change(self, image, count=12):
        """Random writes, discards and zeroes through an open image of some side."""
        for _ in range(count):
            length = self.random.choice([1, 100, 512, 4096, 20000, 300000])
            offset = self.random.randrange(len(self.head) - length)
            kind = self.random.random()
            if kind < 0.75:
                data = self.random.randbytes(min(length, 512)) * (-(-length // 512))
                data = data[:length]
                image.write(data, offset)
            else:
                # What is not a whole granule may stay.
                offset, length = offset // ALIGNED * ALIGNED, ALIGNED
                length = min(length, len(self.head) - offset)
                data = bytes(length)
                (image.discard if kind < 0.9 else image.write_zeroes)(offset, length)
            self.head[offset:offset + length] = data
        image.flush()

    def snapshot(self, name):
        """What a snapshot holds that is made now."""
        self.snapshots[name] = bytes(self.head)

    def resize(self, size):
        """Cuts off, or adds zeros."""
        del self.head[size:]
        self.head.extend(bytes(size - len(self.head)))

    def clone(self, name):
        """The truth of a clone of a snapshot."""
        new = Truth(0, seed=self.random.random())
        new.head = bytearray(self.snapshots[name])
        return new


def agree(name, truth, *sides, maps=True):
    """All sides and the tools read what is true, at the head and at every snapshot."""
    for snapshot, wanted in [(None, bytes(truth.head)), *truth.snapshots.items()]:
        where = f"{POOL}/{name}" + (f"@{snapshot}" if snapshot else "")
        for side in sides:
            with side.image(POOL, name, snapshot=snapshot, read_only=True) as image:
                assert image.size() == len(wanted), f"{where} by {side}: {image.size()} bytes, not {len(wanted)}"
                found = side.new("worker.digest", image)
            assert found == hashlib.sha256(wanted).hexdigest(), f"{where} reads wrong by {side}"
        assert tools.digest(where) == hashlib.sha256(wanted).hexdigest(), f"{where} reads wrong by rbd export"
        if maps:
            tools.check_object_map(where, truth.rolled_back)


def create(side, name, size=12 * MIB, order=20, **more):
    """A new image, of small objects."""
    side.api.create(side.pool(POOL), name, size, order=order, **{"old_format": False, **more})
    return Truth(size, seed=name)


def features(name):
    """What `rbd info` lists."""
    return set(tools.rbd_json("info", f"{POOL}/{name}")["features"])


@scenario
def shapes(a, b):
    """Feature sets, object sizes, striping, a data pool, format 1: made by A, written by B and by A again."""
    for name, shape, mapped in [
            ("default", {}, True),
            ("plain", {"features": 1}, False),
            ("locked", {"features": 5}, False),
            ("mapped", {"features": DEFAULT & ~rbd.RBD_FEATURE_FAST_DIFF & ~MAP | rbd.RBD_FEATURE_OBJECT_MAP}, True),
            ("small", {"order": 16}, True),
            ("striped", {"order": 18, "stripe_unit": 65536, "stripe_count": 3}, True),
            ("apart", {"data_pool": DATA}, True),
            ("odd", {"size": 5 * MIB + 12345}, True),
            ("first", {"old_format": True, "order": 20}, False)]:
        if name == "first":
            shape = {"old_format": True}
        truth = create(a, name, **shape)
        for side in (a, b, a):
            with side.image(POOL, name) as image:
                truth.change(image)
        agree(name, truth, a, b, maps=mapped)
        b.api.remove(b.pool(POOL), name)


@scenario
def coded(a, b):
    """The data in an erasure-coded pool: made by A, written by B and by A, with a snapshot and a clone."""
    order = PLACE.cluster.command
    order("osd erasure-code-profile set", name=CODED, profile=["k=2", "m=1", "crush-failure-domain=osd"])
    order("osd pool create", pool=CODED, pg_num=8, pool_type="erasure", erasure_code_profile=CODED)
    order("osd pool set", pool=CODED, var="allow_ec_overwrites", val="true")
    order("osd pool application enable", pool=CODED, app="rbd")
    PLACE.checker.cluster.wait_for_latest_osdmap()
    try:
        truth = create(a, "coded", data_pool=CODED)
        changed_in_turns(a, b, "coded", truth)
        with a.image(POOL, "coded") as image:
            image.protect_snap("0")
        a.api.clone(a.pool(POOL), "coded", "0", a.pool(POOL), "coded-child", order=20, data_pool=CODED)
        clone = truth.clone("0")
        changed_in_turns(b, a, "coded-child", clone)
        with a.image(POOL, "coded-child") as image:
            for snapshot in list(clone.snapshots):
                image.remove_snap(snapshot)
            image.flatten()
        clone.snapshots.clear()
        agree("coded-child", clone, a, b)
    finally:
        PLACE.cluster.drop_pool(CODED)
        order("osd crush rule rm", name=CODED)
        order("osd erasure-code-profile rm", name=CODED)


@scenario
def cached(a, b):
    """A writeback cache before the images' pool comes and goes while both use an image in it."""
    order = PLACE.cluster.command
    truth = create(a, "cached")
    with a.image(POOL, "cached") as image:
        truth.change(image)
    PLACE.cluster.pool(CACHE)
    try:
        order("osd tier add", pool=POOL, tierpool=CACHE)
        order("osd tier cache-mode", pool=CACHE, mode="writeback")
        for var, val in (("hit_set_type", "bloom"), ("hit_set_count", "2"), ("hit_set_period", "60"),
                         ("target_max_objects", "1000")):
            order("osd pool set", pool=CACHE, var=var, val=val)
        order("osd tier set-overlay", pool=POOL, overlaypool=CACHE)
        changed_in_turns(b, a, "cached", truth)
        order("osd tier cache-mode", pool=CACHE, mode="proxy")
        with b.image(POOL, "cached") as image:
            truth.change(image)
        agree("cached", truth, a, b)
    finally:
        # What is watched stays in the cache, and what a snapshot keeps may: enough for the pools to go away.
        order("osd tier remove-overlay", pool=POOL)
        order("osd tier remove", pool=POOL, tierpool=CACHE)
        PLACE.cluster.drop_pool(CACHE)


def changed_in_turns(a, b, name, truth):
    """A, B and A again write to an image and take a snapshot each."""
    for number, side in enumerate((a, b, a)):
        with side.image(POOL, name) as image:
            truth.change(image)
            image.create_snap(str(number))
            truth.snapshot(str(number))
            truth.change(image)
    agree(name, truth, a, b)


@scenario
def headers(a, b):
    """The same image made by A and by B: the same `rbd info`, and the same keys and values in its header."""
    dumps = []
    for side in (a, b):
        name = f"header-{len(dumps)}"
        truth = create(side, name)
        with side.image(POOL, name) as image:
            truth.change(image)
            image.create_snap("one")
            image.create_snap("two")
            image.protect_snap("two")
            image.metadata_set("key", "value")
            image.set_snap_limit(5)
            image.resize(9 * MIB)
        side.api.clone(side.pool(POOL), name, "two", side.pool(POOL), f"{name}-clone")
        for made in (name, f"{name}-clone"):
            dumps.append(header(made, name))
        side.api.remove(side.pool(POOL), f"{name}-clone")
    for ours, theirs in zip(dumps[:2], dumps[2:]):
        assert ours == theirs, f"\n{ours}\n{theirs}"


def header(name, parent):
    """Info and header of an image, without what is random or a time."""
    info = tools.rbd_json("info", f"{POOL}/{name}")
    number = info["id"]
    spared = {key: value for key, value in info.items()
              if key not in ("name", "id", "block_name_prefix", "create_timestamp", "access_timestamp",
                             "modify_timestamp", "parent")}
    values = tools.omap(POOL, f"rbd_header.{number}")
    for key, value in list(values.items()):
        value = value.replace(struct.pack("<I", len(number) + 9) + b"rbd_data." + number.encode(), b"<prefix>")
        if key.endswith("_timestamp"):
            value = len(value)
        if key.startswith("snapshot_"):
            # Its number is the pool's next, and it holds a time.
            del values[key]
            key, value = "snapshot_" + str(sum(k.startswith("snapshot_x") for k in values)), len(value)
            key = key.replace("_", "_x", 1)
        if key == "snap_seq":
            value = len(value)
        if key == "parent":
            # It holds the parent's number, which is not always as long.
            value = len(value) - len(tools.rbd_json("info", f"{POOL}/{parent}")["id"])
        values[key] = value
    return [name.replace(parent, "<image>"), spared, values]


@scenario
def snapshots(a, b):
    """Snapshots made, renamed, protected, rolled back to and removed by the side that did not make them."""
    truth = create(a, "snap")
    with a.image(POOL, "snap") as image:
        truth.change(image)
        image.create_snap("by a")
        truth.snapshot("by a")
    with b.image(POOL, "snap") as image:
        truth.change(image)
        image.create_snap("by b")
        truth.snapshot("by b")
        truth.change(image)
    agree("snap", truth, a, b)
    with a.image(POOL, "snap") as image:
        image.rollback_to_snap("by b")
        truth.head[:] = truth.snapshots["by b"]
        truth.rolled_back = True
        image.rename_snap("by b", "renamed")
        truth.snapshots["renamed"] = truth.snapshots.pop("by b")
        image.protect_snap("by a")
        truth.change(image)
    agree("snap", truth, a, b)
    with b.image(POOL, "snap") as image:
        for side in (a, b):
            try:
                with side.image(POOL, "snap") as other:
                    other.remove_snap("by a")
                raise AssertionError("a protected snapshot was removed")
            except Failed as error:
                assert error.kind == "ImageBusy", error
        image.unprotect_snap("by a")
        image.remove_snap("by a")
        del truth.snapshots["by a"]
        truth.change(image)
    agree("snap", truth, a, b)
    with a.image(POOL, "snap") as image:
        image.remove_snap("renamed")
        del truth.snapshots["renamed"]
    agree("snap", truth, a, b)
    a.api.remove(a.pool(POOL), "snap")


@scenario
def clones(a, b):
    """Clones of both formats made by either side, written and flattened by the other."""
    for version, (maker, other) in itertools.product((1, 2), ((a, b), (b, a))):
        parent, name = f"parent-{version}", f"clone-{version}"
        truth = create(maker, parent)
        with maker.image(POOL, parent) as image:
            truth.change(image, 20)
            image.create_snap("s")
            truth.snapshot("s")
            if version == 1:
                image.protect_snap("s")
            truth.change(image)
        other.cluster.conf_set("rbd_default_clone_format", str(version))
        other.api.clone(other.pool(POOL), parent, "s", other.pool(POOL), name, order=20)
        clone = truth.clone("s")
        with maker.image(POOL, name) as image:
            clone.change(image)
            image.create_snap("c")
            clone.snapshot("c")
            clone.change(image)
        with other.image(POOL, name) as image:
            clone.change(image)
        agree(name, clone, a, b)
        agree(parent, truth, a, b)
        for side in (a, b):
            with side.image(POOL, parent, snapshot="s") as image:
                assert image.list_children() == [[POOL, name]], image.list_children()
            with side.image(POOL, name) as image:
                assert image.parent_info() == [POOL, parent, "s"], image.parent_info()
        # A grandchild, of what has a parent itself.
        with other.image(POOL, name) as image:
            if version == 1:
                image.protect_snap("c")
        maker.cluster.conf_set("rbd_default_clone_format", str(version))
        maker.api.clone(maker.pool(POOL), name, "c", maker.pool(POOL), "grandchild", order=20)
        grandchild = clone.clone("c")
        with other.image(POOL, "grandchild") as image:
            grandchild.change(image)
            image.flatten()
        agree("grandchild", grandchild, a, b)
        other.api.remove(other.pool(POOL), "grandchild")
        with maker.image(POOL, name) as image:
            image.flatten()
            clone.change(image)
        agree(name, clone, a, b)
        with other.image(POOL, name) as image:
            if version == 1:
                image.unprotect_snap("c")
            image.remove_snap("c")
        del clone.snapshots["c"]
        agree(name, clone, a, b)
        other.api.remove(other.pool(POOL), name)
        with maker.image(POOL, parent) as image:
            if version == 1:
                image.unprotect_snap("s")
            image.remove_snap("s")
        maker.api.remove(maker.pool(POOL), parent)
        for side in (a, b):
            side.cluster.conf_set("rbd_default_clone_format", "auto")


@scenario
def sizes(a, b):
    """Shrunk by one side, grown by the other: what was cut off does not come back."""
    truth = create(a, "size")
    for size, side in zip((12, 3, 9, 1, 20, 7), itertools.cycle((a, b))):
        with side.image(POOL, "size") as image:
            truth.change(image)
            image.resize(size * MIB + size)
            truth.resize(size * MIB + size)
            if size == 9:
                image.create_snap("middle")
                truth.snapshot("middle")
            truth.change(image)
        agree("size", truth, a, b)
    with a.image(POOL, "size") as image:
        image.remove_snap("middle")
    b.api.remove(b.pool(POOL), "size")


@scenario
def names(a, b):
    """Renamed, trashed, restored and removed by the side that did not make it; namespaces and metadata."""
    truth = create(a, "name")
    with a.image(POOL, "name") as image:
        truth.change(image)
        image.metadata_set("a", "1")
    b.api.rename(b.pool(POOL), "name", "renamed")
    with b.image(POOL, "renamed") as image:
        assert image.metadata_list() == [["a", "1"]]
        image.metadata_set("b", "2")
        image.metadata_remove("a")
    with a.image(POOL, "renamed") as image:
        assert image.metadata_list() == [["b", "2"]]
    agree("renamed", truth, a, b)
    a.api.trash_move(a.pool(POOL), "renamed", 0)
    found = b.api.trash_list(b.pool(POOL))
    assert [entry["name"] for entry in found] == ["renamed"], found
    assert tools.rbd_json("trash", "ls", POOL)[0]["name"] == "renamed"
    b.api.trash_restore(b.pool(POOL), found[0]["id"], "back")
    agree("back", truth, a, b)
    b.api.trash_move(b.pool(POOL), "back", 0)
    a.api.trash_remove(a.pool(POOL), a.api.trash_list(a.pool(POOL))[0]["id"])
    assert b.api.trash_list(b.pool(POOL)) == []
    assert tools.rbd_json("ls", POOL) == []
    a.api.namespace_create(a.pool(POOL), "space")
    assert b.api.namespace_list(b.pool(POOL)) == ["space"]
    b.api.namespace_remove(b.pool(POOL), "space")


@scenario
def differences(a, b):
    """Both sides and `rbd diff` list the same differences; export-diff and import-diff of the tool fit in."""
    truth = create(a, "diff")
    for number, side in enumerate((a, b, a)):
        with side.image(POOL, "diff") as image:
            truth.change(image)
            image.create_snap(f"s{number}")
            truth.snapshot(f"s{number}")
    for since, until in ((None, None), ("s0", None), ("s0", "s1"), ("s1", "s2"), (None, "s1")):
        for whole in (False, True):
            lists = []
            for side in (a, b):
                with side.image(POOL, "diff", snapshot=until) as image:
                    lists.append(side.new("worker.diff", image, 0, image.size(), since, True, whole))
            wanted = tools.rbd_json(
                "diff", f"{POOL}/diff" + (f"@{until}" if until else ""), *(["--from-snap", since] if since else []),
                *(["--whole-object"] if whole else []))
            wanted = [[int(d["offset"]), int(d["length"]), d["exists"] == "true"] for d in wanted]
            assert lists[0] == lists[1] == wanted, f"{since} to {until}, whole {whole}:\n{lists}\n{wanted}"
    for side in (a, b):
        create(side, "target")
        for since, until in ((None, "s0"), ("s0", "s1"), ("s1", "s2")):
            path = WORK / "interop.diff"
            path.unlink(missing_ok=True)
            tools.rbd("export-diff", f"{POOL}/diff@{until}", str(path), *(["--from-snap", since] if since else []))
            tools.rbd("import-diff", str(path), f"{POOL}/target")
        path.unlink()
        copy = Truth(0)
        copy.head, copy.snapshots = bytearray(truth.snapshots["s2"]), truth.snapshots
        agree("target", copy, a, b)
        with side.image(POOL, "target") as image:
            for snapshot in truth.snapshots:
                image.remove_snap(snapshot)
        side.api.remove(side.pool(POOL), "target")
    with b.image(POOL, "diff") as image:
        for snapshot in truth.snapshots:
            image.remove_snap(snapshot)
    b.api.remove(b.pool(POOL), "diff")


@scenario
def copies(a, b):
    """Copies, deep copies and groups made by one side and read by the other."""
    truth = create(a, "from")
    with a.image(POOL, "from") as image:
        truth.change(image)
        image.create_snap("s")
        truth.snapshot("s")
        truth.change(image)
    with b.image(POOL, "from") as image:
        image.copy(b.pool(POOL), "copy")
        image.deep_copy(b.pool(POOL), "deep")
    copy = Truth(0)
    copy.head = bytearray(truth.head)
    agree("copy", copy, a, b)
    agree("deep", truth, a, b)
    a.api.group_create(a.pool(POOL), "group")
    group = b.new("rbd.Group", b.pool(POOL), "group")
    group.add_image(b.pool(POOL), "from")
    group.create_snap("together")
    listed = [image["name"] for image in a.new("rbd.Group", a.pool(POOL), "group").list_images()]
    assert listed == ["from"], listed
    with a.image(POOL, "from") as image:
        truth.change(image)
    a.new("rbd.Group", a.pool(POOL), "group").remove_snap("together")
    b.api.group_remove(b.pool(POOL), "group")
    agree("from", truth, a, b)
    for name in ("from", "deep"):
        with b.image(POOL, name) as image:
            image.remove_snap("s")
    for name in ("from", "deep", "copy"):
        a.api.remove(a.pool(POOL), name)


@scenario
def switches(a, b):
    """Features switched off and on, and object maps rebuilt, by the other side or the tool."""
    truth = create(a, "feature")
    for side, other in ((a, b), (b, a)):
        with side.image(POOL, "feature") as image:
            truth.change(image)
            image.update_features(MAP, False)
            truth.change(image)
        assert features("feature") == {"layering", "exclusive-lock", "deep-flatten"}, features("feature")
        with other.image(POOL, "feature") as image:
            truth.change(image)
            image.update_features(MAP, True)
            assert image.flags() & (rbd.RBD_FLAG_OBJECT_MAP_INVALID | rbd.RBD_FLAG_FAST_DIFF_INVALID)
        tools.rbd("object-map", "rebuild", f"{POOL}/feature")
        agree("feature", truth, a, b)
        with other.image(POOL, "feature") as image:
            image.update_features(MAP | rbd.RBD_FEATURE_EXCLUSIVE_LOCK, False)
            truth.change(image)
        with side.image(POOL, "feature") as image:
            image.update_features(MAP | rbd.RBD_FEATURE_EXCLUSIVE_LOCK, True)
            truth.change(image)
        tools.rbd("object-map", "rebuild", f"{POOL}/feature")
        agree("feature", truth, a, b)
    b.api.remove(b.pool(POOL), "feature")


@scenario
def both_open(a, b):
    """Both have the image open: each sees what the other changes, and asks the owner of the lock for it."""
    truth = create(a, "both")
    with a.image(POOL, "both") as ours, b.image(POOL, "both") as theirs:
        for owner, other in ((ours, theirs), (theirs, ours)) * 2:
            truth.change(owner)
            assert owner.is_exclusive_lock_owner() and not other.is_exclusive_lock_owner()
            other.create_snap("asked for")
            truth.snapshot("asked for")
            wait_until("the snapshot is seen", lambda owner=owner: [
                s["name"] for s in owner.list_snaps()] == ["asked for"], 15)
            assert owner.is_exclusive_lock_owner(), "the lock moved for a snapshot"
            other.resize(len(truth.head) + MIB)
            truth.resize(len(truth.head) + MIB)
            wait_until("the size is seen", lambda owner=owner: owner.size() == len(truth.head), 15)
            truth.change(owner, 4)
            truth.change(other, 4)
            assert other.is_exclusive_lock_owner() and not owner.is_exclusive_lock_owner()
            agree("both", truth, a, b)
            owner.remove_snap("asked for")
            del truth.snapshots["asked for"]
            wait_until("no snapshot is seen", lambda other=other: other.list_snaps() == [], 15)
            other.update_features(MAP, False)
            wait_until("features are seen", lambda owner=owner: not owner.features() & MAP, 15)
            other.update_features(MAP, True)
            wait_until("features are seen", lambda owner=owner: owner.features() & MAP, 15)
            tools.rbd("object-map", "rebuild", f"{POOL}/both")
            agree("both", truth, a, b)
    a.api.remove(a.pool(POOL), "both")


@scenario
def tool_between(a, b):
    """Ceph's `rbd` manages an image whose lock A or B holds."""
    for side in (a, b):
        truth = create(side, "held")
        with side.image(POOL, "held") as image:
            truth.change(image)
            tools.rbd("snap", "create", f"{POOL}/held@tool")
            truth.snapshot("tool")
            truth.change(image)
            tools.rbd("snap", "protect", f"{POOL}/held@tool")
            tools.rbd("clone", f"{POOL}/held@tool", f"{POOL}/child")
            tools.rbd("resize", f"{POOL}/held", "--size", "10", "--allow-shrink")
            truth.resize(10 * MIB)
            wait_until("the size is seen", lambda image=image: image.size() == 10 * MIB, 15)
            assert image.is_exclusive_lock_owner()
            with side.image(POOL, "child") as child:
                copy = truth.clone("tool")
                copy.change(child)
                tools.rbd("flatten", f"{POOL}/child")
                wait_until("no parent is seen", lambda child=child: not has_parent(child), 15)
                copy.change(child)
            agree("child", copy, a, b)
            tools.rbd("rm", f"{POOL}/child")
            tools.rbd("snap", "unprotect", f"{POOL}/held@tool")
            tools.rbd("snap", "rm", f"{POOL}/held@tool")
            del truth.snapshots["tool"]
            tools.rbd("rename", f"{POOL}/held", f"{POOL}/moved")
            truth.change(image)
            assert len(tools.rbd_json("status", f"{POOL}/moved")["watchers"]) == 1
            assert len(tools.rbd_json("lock", "ls", f"{POOL}/moved")) == 1
            agree("moved", truth, a, b)
            tools.rbd("rm", f"{POOL}/moved", status=16)
        agree("moved", truth, a, b)
        tools.rbd("rm", f"{POOL}/moved")


def has_parent(image):
    """Whether it is a clone."""
    try:
        image.parent_info()
        return True
    except Failed:
        return False


@scenario
def handed_over(a, b):
    """Both write at once, each its own blocks: the lock goes to and fro, and nothing is lost."""
    for cache in ("false", "true"):
        create(a, "load", 16 * MIB)
        handovers(a, b, cache)
        tools.check_object_map(f"{POOL}/load")
        b.api.remove(b.pool(POOL), "load")


def handovers(a, b, cache):
    """One load, with a snapshot in the middle."""
    shares = [(0, 2), (1, 2)]
    for side in (a, b):
        side.cluster.conf_set("rbd_cache", cache)
    writers = [side.new("verified.ImageWriter", side.pool(POOL), "load", n + 1, share=shares[n], depth=4)
               for n, side in enumerate((a, b))]
    for writer in writers:
        writer.start()
    owners = set()
    end = time.monotonic() + float(os.environ.get("INTEROP_SECONDS", "6"))
    changes, last = 0, None
    with rbd.Image(PLACE.ioctx, "load") as image:
        while time.monotonic() < end:
            owner = [found["owner"] for found in image.lock_get_owners()]
            if owner and owner != last:
                changes, last = changes + 1, owner
                owners.add(owner[0])
            time.sleep(0.01)
    before = [writer.stats()["done"] for writer in writers]
    wait_until("both writers go on", lambda: all(
        writer.stats()["done"] > n + 20 for writer, n in zip(writers, before)), 60)
    places = [writer.stop() for writer in writers]
    for writer, side in zip(writers, (a, b)):
        stats = writer.stats()
        assert not stats["errors"] and not stats["wrong"], f"{side}: {stats}"
        print(f"    {side}, cache {cache}: {stats['done']} operations, the slowest {stats['slowest']:.1f} s")
    print(f"    the lock was seen with another owner {changes} times")
    assert len(owners) == 2, f"the lock did not move: {owners}"
    for side in (a, b, PLACE.checker):
        with side.image(POOL, "load", read_only=True) as image:
            for n in range(2):
                wrong = side.new("verified.check_image", image, n + 1, places[n], share=shares[n])
                assert not wrong, f"read by {side}, written by {(a, b)[n]}, cache {cache}: {wrong[:5]}"


@scenario
def killed_owner(a, b):
    """The owner of the lock is killed under load: the other takes over, and finds what was acknowledged."""
    for victim, survivor in ((a, b), (b, a)):
        for cache in (False, True):
            create(survivor, "orphan", 16 * MIB)
            side = Side(victim.library, {"rbd_cache": str(cache).lower()})
            PLACE.more.append(side)
            journal = WORK / "interop.journal"
            writer = side.new("verified.ImageWriter", side.pool(POOL), "orphan", 1, journal=str(journal),
                              flush_every=50)
            writer.start()
            wait_until("some operations", lambda writer=writer: writer.stats()["done"] > 500, 60)
            side.kill()
            places = survivor.new("verified.recall", str(journal), cache)
            with survivor.image(POOL, "orphan") as image:
                image.write(b"mine", 0, within=60)
                image.write(bytes(4), 0)
                # The first block was touched by that.
                wrong = survivor.new("verified.check_image", image, 1, places)
                wrong = [text for text in wrong if not text.startswith("block 0 ")]
                assert not wrong, f"killed {victim}, cache {cache}: {wrong[:5]}"
            tools.check_object_map(f"{POOL}/orphan")
            survivor.api.remove(survivor.pool(POOL), "orphan")
            journal.unlink()


class Place:
    """What all scenarios share: the cluster, and a third side on the original library."""

    def __init__(self):
        WORK.mkdir(parents=True, exist_ok=True)
        # The dead are noticed soon; who lives says so more often than usual, because a late sign of life is fatal.
        options = ["osd_client_watch_timeout=5", "objecter_tick_interval=1"]
        self.cluster = Cluster("interop", mons=1, replicas=1, shared=True, options=options)
        self.checker = Side("original")
        # Sides that a scenario started itself.
        self.more = []

    def empty(self):
        """Empty pools for a scenario."""
        for pool in (POOL, DATA):
            self.cluster.pool(pool)
        # Its map may still have the pools of before, by the same names.
        self.checker.cluster.wait_for_latest_osdmap()
        self.ioctx = self.cluster.admin.open_ioctx(POOL)

    def close(self):
        """Ends everything."""
        for pool in (POOL, DATA):
            self.cluster.drop_pool(pool)
        self.checker.close()
        self.cluster.close()


PLACE = None


def run_pair(first, second, chosen):
    """Runs scenarios with A on one library and B on another; returns how many failed."""
    failed = 0
    for name in chosen:
        begin = time.monotonic()
        sides = []
        PLACE.empty()
        try:
            sides = [Side(first), Side(second)]
            SCENARIOS[name](*sides)
            for side in sides:
                side.close()
            result = "ok"
        except Exception:  # pylint: disable=broad-except
            traceback.print_exc()
            failed += 1
            result = "FAILED"
            for side in [*sides, *PLACE.more]:
                if side.child.poll() is None:
                    side.dump()
                    side.kill()
        print(f"{first} and {second}: {name}: {result} ({time.monotonic() - begin:.1f} s)", flush=True)
    return failed


def main():
    """Parses the command line and runs."""
    global PLACE  # pylint: disable=global-statement
    parser = argparse.ArgumentParser(prog="run.sh", description=__doc__.splitlines()[0])
    parser.add_argument("a", nargs="?", choices=["original", "ours"])
    parser.add_argument("b", nargs="?", choices=["original", "ours"])
    parser.add_argument("-l", "--list", action="store_true", help="list the scenarios")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO")
    options = parser.parse_args()
    if options.list:
        for name, function in SCENARIOS.items():
            print(f"{name}: {function.__doc__}")
        return
    for name in options.scenarios:
        if name not in SCENARIOS:
            parser.error(f"no scenario {name}")
    pairs = [(options.a, options.b or options.a)] if options.a else [("ours", "original"), ("original", "ours")]
    PLACE = Place()
    try:
        failed = sum(run_pair(a, b, options.scenarios or list(SCENARIOS)) for a, b in pairs)
    finally:
        PLACE.close()
    print("all agree" if not failed else f"{failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
