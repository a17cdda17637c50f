#!/usr/bin/python3
"""The format of RBD images, byte for byte: plays a script of image operations and dumps every RADOS object of
the pool after each step, in all namespaces: name, size, data, attributes, omap.

run.sh plays it with the original library on a real cluster and with ours on a store, and compares the dumps.
Only what is random or a time in both is replaced: image ids, timestamps, addresses, client numbers.
"""

import ctypes
import os
import re
import struct
import sys
import time
import zlib

import rados
import rbd

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "clients"))

from transcript import cluster, hide, main, new_pool, pattern, section  # noqa: E402

MIB = 1 << 20
POOL = "format"
# Keys whose values hold times: what is printed for them.
TIMES = {"create_timestamp", "access_timestamp", "modify_timestamp"}


class Dump:
    """Prints what changed in a pool since the last dump."""

    def __init__(self, handle, ioctx):
        self.handle = handle
        self.ioctx = ioctx
        self.ids = {}
        self.last = {}

    def learn(self, ioctx, name, label):
        """Gives the id of an image a name for the dumps."""
        raw = ioctx.read(f"rbd_id.{name}", 100)
        number = raw[4:].decode()
        self.ids[number] = label
        hide(number, label)

    def text(self, data):
        """Bytes as text with ids replaced; binary in hex around readable parts."""
        for number, label in self.ids.items():
            raw = number.encode()
            # The length of an id is random too, so it is replaced where it was written before the id.
            for before in [b"", b"rbd_data."]:
                long = before + raw
                data = data.replace(struct.pack("<I", len(long)) + long, b"<len>" + before + b"<" + label.encode() + b">")
            data = data.replace(raw, b"<" + label.encode() + b">")
        data = re.sub(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", b"<uuid>", data)
        shown = "".join(chr(b) if 32 <= b < 127 and b != 92 else f"\\x{b:02x}" for b in data)
        return shown if len(shown) < 2000 else f"{len(data)} bytes crc32={zlib.crc32(data):08x}"

    def value(self, key, data):
        """The value of an attribute or omap key, without times and client numbers."""
        if key in TIMES and len(data) == 8:
            return "<time>"
        if key.startswith(("snapshot_", "id_")):
            data = without_times(data)
        if key == "parent" and data:
            data = self.without_pool(data, 6)
        if key.startswith("snap_children_"):
            data = self.without_pool(data, 10)
        return self.text(data)

    def without_pool(self, data, place):
        """The pool's id at `place` replaced, and the length before it, which counts an image's id."""
        found, = struct.unpack("<Q", data[place:place + 8])
        pool = b"<pool>" if found == self.ioctx.get_pool_id() else b"<other>"
        return data[:place - 4] + b"<len>" + pool + data[place + 8:]

    def name(self, name):
        """A name with the ids of images in it replaced."""
        for number, label in self.ids.items():
            name = re.sub(rf"(?<![0-9a-z]){number}(?![0-9a-z])", f"<{label}>", name)
        return name

    def object(self, found):
        """All lines about one object."""
        self.ioctx.set_namespace(found.nspace)
        self.ioctx.set_locator_key(found.locator_key or "")
        try:
            size, _ = self.ioctx.stat(found.key)
        except rados.ObjectNotFound:
            self.ioctx.set_namespace(rados.LIBRADOS_ALL_NSPACES)
            self.ioctx.set_locator_key("")
            return ["only in snapshots"]
        try:
            data = b""
            while len(data) < size:
                data += self.ioctx.read(found.key, 4 * MIB, len(data))
            lines = [] if found.key.startswith("rbd_id.") else [f"size {size}"]
            if size and found.key.startswith("rbd_object_map"):
                lines.append(f"data {data.hex()}")
            elif 0 < size <= 64:
                lines.append(f"data {self.text(data)}")
            elif size:
                lines.append(f"data crc32={zlib.crc32(data):08x} nonzero {nonzero(data)}")
            lines += [f"attribute {key} = {self.value(key, value)}"
                      for key, value in sorted(self.ioctx.get_xattrs(found.key))]
            lines += sorted(f"omap {self.key(found.key, key)} = {self.value(str(key), value)}"
                            for key, value in self.omap(found.key))
        finally:
            self.ioctx.set_namespace(rados.LIBRADOS_ALL_NSPACES)
            self.ioctx.set_locator_key("")
        return lines

    def key(self, name, key):
        """An omap key; those of the list of children are binary, with a pool's id."""
        if name != "rbd_children":
            return self.name(key)
        pool, = struct.unpack("<Q", key[:8])
        return ("<pool>" if pool == self.ioctx.get_pool_id() else "<other>") + self.text(key[8:])

    def omap(self, name):
        """Keys and values of an object."""
        if name == "rbd_children":
            return binary_omap(name)
        pairs, after = [], ""
        while True:
            with rados.ReadOpCtx() as op:
                found, _ = self.ioctx.get_omap_vals(op, after, "", 500)
                self.ioctx.operate_read_op(op, name)
                chunk = [(key, value or b"") for key, value in found]
            pairs += chunk
            if len(chunk) < 500:
                return pairs
            after = chunk[-1][0]


    def settle(self):
        """Waits until the objects that only removed snapshots held are gone."""
        self.ioctx.set_namespace(rados.LIBRADOS_ALL_NSPACES)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if not any(found.key.startswith("rbd_data.") for found in self.ioctx.list_objects()):
                return
            time.sleep(0.1)

    def step(self, title):
        """Prints the objects that came, changed or went."""
        section(title)
        self.ioctx.set_namespace(rados.LIBRADOS_ALL_NSPACES)
        now = {}
        for found in self.ioctx.list_objects():
            key = f"{found.nspace}/{self.name(found.key)}"
            now[key] = self.object(found)
        for key in sorted(now):
            if self.last.get(key) != now[key]:
                print(f"{'changed' if key in self.last else 'new'} {key}")
                for line in now[key]:
                    if line not in self.last.get(key, []):
                        print(f"  {line}")
                for line in self.last.get(key, []):
                    if line not in now[key]:
                        print(f"  no more: {line}")
        for key in sorted(set(self.last) - set(now)):
            print(f"gone {key}")
        self.last = now


def binary_omap(name):
    """Keys and values of an object whose keys are no text, which python3-rados cannot read: by the C functions."""
    lib = ctypes.CDLL("librados.so.2")
    lib.rados_create_read_op.restype = ctypes.c_void_p
    handle, ioctx, iterator = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
    more, result = ctypes.c_ubyte(), ctypes.c_int()
    key, value, key_length, length = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_size_t(), ctypes.c_size_t()
    if (lib.rados_create(ctypes.byref(handle), b"admin") or lib.rados_conf_read_file(handle, None)
            or lib.rados_connect(handle) or lib.rados_ioctx_create(handle, POOL.encode(), ctypes.byref(ioctx))):
        raise RuntimeError("no connection")
    op = ctypes.c_void_p(lib.rados_create_read_op())
    lib.rados_read_op_omap_get_vals2(op, b"", b"", ctypes.c_uint64(500), ctypes.byref(iterator), ctypes.byref(more),
                                     ctypes.byref(result))
    if lib.rados_read_op_operate(op, ioctx, name.encode(), 0):
        raise RuntimeError("no such object")
    pairs = []
    while not lib.rados_omap_get_next2(iterator, ctypes.byref(key), ctypes.byref(value), ctypes.byref(key_length),
                                       ctypes.byref(length)) and key.value:
        pairs.append((ctypes.string_at(key, key_length.value), ctypes.string_at(value, length.value)))
    lib.rados_omap_get_end(iterator)
    lib.rados_release_read_op(op)
    lib.rados_ioctx_destroy(ioctx)
    lib.rados_shutdown(handle)
    return pairs


def nonzero(data):
    """The extents of 4 KiB blocks that are not all zero."""
    extents = []
    for start in range(0, len(data), 4096):
        if data[start:start + 4096].strip(b"\0"):
            if extents and extents[-1][0] + extents[-1][1] == start:
                extents[-1][1] += 4096
            else:
                extents.append([start, 4096])
    return " ".join(f"{start}~{length}" for start, length in extents)


def without_times(data):
    """Encoded data with time stamps replaced: seconds of this hour and nanoseconds after them."""
    now, found, n = time.time(), b"", 0
    while n < len(data):
        if n + 8 <= len(data):
            seconds, nanoseconds = struct.unpack("<II", data[n:n + 8])
            # A trash entry's end of deferment lies an hour ahead.
            if abs(seconds - now) < 4000 and nanoseconds < 10**9:
                found, n = found + b"<time8>", n + 8
                continue
        found, n = found + data[n:n + 1], n + 1
    return found


def play(handle, ioctx, inside):
    """The script."""
    api = rbd.RBD()
    dump = Dump(handle, handle.open_ioctx(POOL))

    def create(name, place=ioctx, label=None, **keywords):
        api.create(place, name, 10 * MIB + 1000, **keywords)
        dump.learn(place, name, label or f"id-{name}")

    api.pool_init(ioctx, False)
    dump.step("an initialised pool")
    create("default", order=20)
    dump.step("create, default features")
    create("plain", order=20, features=1)
    create("layering", order=20, features=1)
    create("none", order=20, features=0)
    create("lock", order=20, features=1 | 4)
    create("map", order=20, features=1 | 4 | 8)
    create("striped", order=20, features=3, stripe_unit=65536, stripe_count=4)
    dump.step("create, other features")
    for name in ["default", "plain", "striped"]:
        with rbd.Image(ioctx, name) as image:
            image.write(pattern(300000, 1), MIB - 5000)
            image.write(b"end", image.size() - 3)
            image.flush()
    dump.step("write")
    with rbd.Image(ioctx, "default") as image:
        image.create_snap("one")
        image.flush()
    dump.step("snapshot")
    with rbd.Image(ioctx, "default") as image:
        image.write(pattern(100, 2), MIB)
        image.discard(10 * MIB, 1000)
        image.write(b"new object", 5 * MIB)
        image.create_snap("two")
        image.protect_snap("two")
    dump.step("write, discard, second snapshot, protect")
    with rbd.Image(ioctx, "plain") as image:
        image.create_snap("one")
        image.protect_snap("one")
        image.rename_snap("one", "uno")
        image.unprotect_snap("uno")
        image.metadata_set("key", "value")
        image.metadata_set("conf_rbd_cache", "false")
        image.set_snap_limit(5)
    dump.step("rename a snapshot, unprotect, metadata, limit")
    with cluster(rbd_default_clone_format="1") as old, old.open_ioctx(POOL) as place:
        api.clone(place, "default", "two", place, "child1", features=61)
    dump.learn(ioctx, "child1", "id-child1")
    dump.step("clone, version 1")
    with cluster(rbd_default_clone_format="2") as new, new.open_ioctx(POOL) as place:
        api.clone(place, "default", "one", place, "child2", features=1)
    dump.learn(ioctx, "child2", "id-child2")
    dump.step("clone, version 2")
    for name in ["child1", "child2"]:
        with rbd.Image(ioctx, name) as image:
            image.write(b"child", MIB + 50)
    dump.step("write to the clones")
    with rbd.Image(ioctx, "default") as image:
        image.remove_snap("one")
    dump.step("remove the snapshot under a clone of version 2")
    with rbd.Image(ioctx, "default") as image:
        image.resize(3 * MIB)
    with rbd.Image(ioctx, "striped") as image:
        image.resize(3 * MIB + 5)
    dump.step("shrink")
    with rbd.Image(ioctx, "default") as image:
        image.resize(20 * MIB)
    dump.step("grow")
    api.rename(ioctx, "layering", "renamed")
    dump.step("rename")
    for name in ["child1", "child2"]:
        with rbd.Image(ioctx, name) as image:
            image.flatten()
    dump.step("flatten")
    api.trash_move(ioctx, "map", 3600)
    dump.step("trash")
    api.trash_restore(ioctx, next(number for number, label in dump.ids.items() if label == "id-map"), "map-again")
    dump.step("restore")
    with rbd.Image(ioctx, "renamed") as image:
        image.update_features(4, True)
        image.update_features(8 | 16, True)
    dump.step("features on")
    with rbd.Image(ioctx, "renamed") as image:
        image.rebuild_object_map()
        image.write(b"x", 0)
        image.update_features(16, False)
    dump.step("rebuild, features off")
    api.namespace_create(ioctx, "space")
    inside.set_namespace("space")
    create("inner", inside, order=20)
    with rbd.Image(inside, "inner") as image:
        image.write(pattern(5000, 3), 0)
        image.create_snap("s")
    dump.step("namespace")
    with rbd.Image(inside, "inner") as image:
        image.remove_snap("s")
    api.remove(inside, "inner")
    inside.set_namespace("")
    api.namespace_remove(ioctx, "space")
    dump.step("remove from the namespace, and it")
    with rbd.Image(ioctx, "default") as image:
        image.deep_copy(ioctx, "deep", order=21)
    dump.learn(ioctx, "deep", "id-deep")
    dump.step("deep copy")
    with rbd.Image(ioctx, "default") as image:
        image.rollback_to_snap("two")
    dump.step("roll back")
    for name, snaps in [("child1", []), ("child2", []), ("default", ["two"]), ("deep", ["two"]), ("plain", ["uno"]),
                        ("striped", []), ("lock", []), ("map-again", []), ("renamed", []),
                        ("none", [])]:
        with rbd.Image(ioctx, name) as image:
            for snap in snaps:
                if image.is_protected_snap(snap):
                    image.unprotect_snap(snap)
                image.remove_snap(snap)
        api.remove(ioctx, name)
    dump.settle()
    dump.step("remove everything")


def body():
    """Plays the script on a new pool."""
    with cluster() as handle, new_pool(handle, POOL) as ioctx, handle.open_ioctx(POOL) as inside:
        play(handle, ioctx, inside)


main(body)
