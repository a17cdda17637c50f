#!/usr/bin/python3
"""python3-rados: object class methods called directly."""

import struct

import rados
from transcript import attempt, cluster, main, new_pool, say, section


def text(value):
    """A string as classes encode it: length and bytes."""
    raw = value.encode()
    return struct.pack("<I", len(raw)) + raw


def body():
    """Everything."""
    with cluster() as handle, new_pool(handle, "python-exec") as ioctx:
        section("errors")
        ioctx.write_full("o", b"x")
        attempt("unknown class", ioctx.execute, "o", "nothing", "method", b"")
        attempt("unknown method", ioctx.execute, "o", "lock", "nothing", b"")
        attempt("garbage", ioctx.execute, "o", "lock", "lock", b"garbage")
        attempt("read method on a missing object", ioctx.execute, "missing", "rbd", "get_id", b"")
        section("rbd")
        attempt("set_id of a missing object", ioctx.execute, "id", "rbd", "set_id", text("123abc"))
        for name in ["id", "id2", "op"]:
            ioctx.write_full(name, b"")
        attempt("set_id", ioctx.execute, "id", "rbd", "set_id", text("123abc"))
        attempt("set_id again", ioctx.execute, "id", "rbd", "set_id", text("123abc"))
        attempt("get_id", ioctx.execute, "id", "rbd", "get_id", b"")
        attempt("get_id into nothing", ioctx.execute, "id", "rbd", "get_id", b"", 0)
        attempt("get_id into 4 bytes", ioctx.execute, "id", "rbd", "get_id", b"", 4)
        attempt("set_id of odd letters", ioctx.execute, "id2", "rbd", "set_id", text("no-dash"))
        attempt("is it there", ioctx.read, "id2")
        attempt("dir_add_image", ioctx.execute, "dir", "rbd", "dir_add_image", text("name") + text("1"))
        attempt("dir_add_image again", ioctx.execute, "dir", "rbd", "dir_add_image", text("name") + text("2"))
        attempt("the same id", ioctx.execute, "dir", "rbd", "dir_add_image", text("other") + text("1"))
        attempt("dir_get_id", ioctx.execute, "dir", "rbd", "dir_get_id", text("name"))
        attempt("dir_get_id missing", ioctx.execute, "dir", "rbd", "dir_get_id", text("none"))
        attempt("dir_get_name", ioctx.execute, "dir", "rbd", "dir_get_name", text("1"))
        attempt("dir_list", ioctx.execute, "dir", "rbd", "dir_list", text("") + struct.pack("<Q", 10))
        attempt("dir_remove_image, wrong id", ioctx.execute, "dir", "rbd", "dir_remove_image", text("name") + text("9"))
        attempt("dir_remove_image", ioctx.execute, "dir", "rbd", "dir_remove_image", text("name") + text("1"))
        attempt("create", ioctx.execute, "header", "rbd", "create",
                struct.pack("<QBQ", 1 << 20, 22, 61) + text("rbd_data.x") + struct.pack("<q", -1))
        attempt("get_size", ioctx.execute, "header", "rbd", "get_size", struct.pack("<Q", 2**64 - 2))
        attempt("get_features", ioctx.execute, "header", "rbd", "get_features", struct.pack("<QB", 2**64 - 2, 0))
        attempt("get_snapcontext", ioctx.execute, "header", "rbd", "get_snapcontext", b"")
        attempt("set_size", ioctx.execute, "header", "rbd", "set_size", struct.pack("<Q", 12345))
        attempt("get_size", ioctx.execute, "header", "rbd", "get_size", struct.pack("<Q", 2**64 - 2))
        attempt("metadata_set", ioctx.execute, "header", "rbd", "metadata_set",
                struct.pack("<I", 1) + text("k") + text("v"))
        attempt("metadata_get", ioctx.execute, "header", "rbd", "metadata_get", text("k"))
        section("in an operation")
        with rados.WriteOpCtx() as op:
            op.execute("rbd", "set_id", text("fine"))
            op.set_xattr("a", b"1")
            attempt("with a class call", ioctx.operate_write_op, op, "op")
        attempt("get_id", ioctx.execute, "op", "rbd", "get_id", b"")
        with rados.WriteOpCtx() as op:
            op.set_xattr("a", b"2")
            op.execute("rbd", "set_id", text("second"))
            attempt("with a failing class call", ioctx.operate_write_op, op, "op")
        attempt("the attribute", ioctx.get_xattr, "op", "a")
        section("asynchronous")
        result = []
        completion = ioctx.aio_execute("op", "rbd", "get_id", b"", 100, oncomplete=lambda _, data: result.append(data))
        completion.wait_for_complete_and_cb()
        say("get_id", (completion.get_return_value(), result))
        result = []
        completion = ioctx.aio_execute("op", "no", "get_id", b"", 100, oncomplete=lambda _, data: result.append(data))
        completion.wait_for_complete_and_cb()
        say("unknown class", completion.get_return_value())


main(body)
