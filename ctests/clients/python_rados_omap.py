#!/usr/bin/python3
"""python3-rados: omap through read and write operations."""

import rados
from transcript import attempt, cluster, main, new_pool, pattern, say, section


def put(ioctx, name, pairs):
    """Sets keys."""
    with rados.WriteOpCtx() as op:
        ioctx.set_omap(op, tuple(pairs), tuple(pairs.values()))
        return ioctx.operate_write_op(op, name)


def values(ioctx, name, after="", prefix="", most=1000):
    """Keys and values of an object."""
    with rados.ReadOpCtx() as op:
        found, _ = ioctx.get_omap_vals(op, after, prefix, most)
        ioctx.operate_read_op(op, name)
        return list(found)


def keys(ioctx, name, after="", most=1000):
    """Keys of an object."""
    with rados.ReadOpCtx() as op:
        found, _ = ioctx.get_omap_keys(op, after, most)
        ioctx.operate_read_op(op, name)
        return [key for key, _ in found]


def by_keys(ioctx, name, wanted):
    """The values of the wanted keys that exist."""
    with rados.ReadOpCtx() as op:
        found, _ = ioctx.get_omap_vals_by_keys(op, wanted)
        ioctx.operate_read_op(op, name)
        return list(found)


def change(ioctx, name, *steps):
    """One write operation made of `steps`, each a function of the operation."""
    with rados.WriteOpCtx() as op:
        for step in steps:
            step(op)
        return ioctx.operate_write_op(op, name)


def reading(ioctx):
    """Every way to read keys."""
    section("reading")
    attempt("values of a missing object", values, ioctx, "omap")
    attempt("set", put, ioctx, "omap", {"a": b"1", "b": b"2", "ba": b"\0\xff", "c": b"", "d/ü": b"5"})
    attempt("size", lambda: ioctx.stat("omap")[0])
    attempt("values", values, ioctx, "omap")
    attempt("values after b", values, ioctx, "omap", "b")
    attempt("values after a missing key", values, ioctx, "omap", "bb")
    attempt("values with prefix b", values, ioctx, "omap", "", "b")
    attempt("values with prefix b after b", values, ioctx, "omap", "b", "b")
    attempt("two values", values, ioctx, "omap", "", "", 2)
    attempt("keys", keys, ioctx, "omap")
    attempt("two keys after a", keys, ioctx, "omap", "a", 2)
    attempt("by keys", by_keys, ioctx, "omap", ("c", "a", "nothing"))
    attempt("by no keys", by_keys, ioctx, "omap", ())
    attempt("values of an object without", lambda: (ioctx.write_full("plain", b"x"), values(ioctx, "plain"))[1])


def writing(ioctx):
    """Changing keys."""
    section("writing")
    attempt("overwrite", put, ioctx, "omap", {"a": b"one"})
    attempt("remove keys", change, ioctx, "omap", lambda op: ioctx.remove_omap_keys(op, ("b", "nothing")))
    attempt("values", values, ioctx, "omap")
    attempt("remove range", change, ioctx, "omap", lambda op: ioctx.remove_omap_range2(op, "a0", "c"))
    attempt("values", values, ioctx, "omap")
    attempt("remove keys of a missing object", change, ioctx, "fresh",
            lambda op: ioctx.remove_omap_keys(op, ("b",)))
    attempt("does it exist now", lambda: ioctx.stat("fresh")[0])
    attempt("clear", change, ioctx, "omap", ioctx.clear_omap)
    attempt("values", values, ioctx, "omap")
    attempt("clear of a missing object", change, ioctx, "fresh2", ioctx.clear_omap)
    attempt("does it exist now", lambda: ioctx.stat("fresh2")[0])
    attempt("clear and set in one", change, ioctx, "omap", ioctx.clear_omap,
            lambda op: ioctx.set_omap(op, ("x",), (b"y",)))
    attempt("values", values, ioctx, "omap")
    attempt("write full keeps", lambda: (ioctx.write_full("omap", b"data"), values(ioctx, "omap"))[1])
    attempt("remove object", ioctx.remove_object, "omap")
    attempt("values", lambda: (ioctx.write_full("omap", b""), values(ioctx, "omap"))[1])
    attempt("unequal lists", change, ioctx, "omap", lambda op: ioctx.set_omap(op, ("a", "b"), (b"1",)))


def comparing(ioctx):
    """omap_cmp as a guard."""
    section("comparing")
    put(ioctx, "cmp", {"k": b"5"})
    for name, operator in [("EQ", rados.LIBRADOS_CMPXATTR_OP_EQ), ("NE", rados.LIBRADOS_CMPXATTR_OP_NE),
                           ("GT", rados.LIBRADOS_CMPXATTR_OP_GT), ("GTE", rados.LIBRADOS_CMPXATTR_OP_GTE),
                           ("LT", rados.LIBRADOS_CMPXATTR_OP_LT), ("LTE", rados.LIBRADOS_CMPXATTR_OP_LTE)]:
        for value in ["4", "5", "6", "10"]:
            attempt(f"{name} {value}", change, ioctx, "cmp", lambda op, v=value, o=operator: op.omap_cmp("k", v, o),
                    lambda op, v=value: op.write_full(v.encode()))
    attempt("content", ioctx.read, "cmp")
    attempt("missing key equals nothing", change, ioctx, "cmp", lambda op: op.omap_cmp("none", ""))
    attempt("missing key differs", change, ioctx, "cmp", lambda op: op.omap_cmp("none", "x"))
    attempt("of a missing object", change, ioctx, "cmp2", lambda op: op.omap_cmp("k", "5"), lambda op: op.new(1))


def many(ioctx):
    """More keys than one reply carries, and large values."""
    section("many")
    for start in range(0, 3000, 500):
        put(ioctx, "many", {f"key{n:05}": b"%d" % n for n in range(start, start + 500)})
    first = values(ioctx, "many", most=5000)
    say("one reply", (len(first), first[0], first[-1]))
    seen, after = [], ""
    while chunk := keys(ioctx, "many", after, 700):
        seen += chunk
        after = chunk[-1]
    say("in chunks", (len(seen), seen == sorted(seen)))
    attempt("a large value", put, ioctx, "large", {"v": pattern(300000)})
    attempt("read", values, ioctx, "large")
    attempt("a long key", put, ioctx, "large", {"k" * 3000: b"x"})
    attempt("keys", lambda: [len(key) for key in keys(ioctx, "large")])


def body():
    """Everything."""
    with cluster() as handle, new_pool(handle, "python-omap") as ioctx:
        reading(ioctx)
        writing(ioctx)
        comparing(ioctx)
        many(ioctx)


main(body)
