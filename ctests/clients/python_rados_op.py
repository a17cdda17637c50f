#!/usr/bin/python3
"""python3-rados: read and write operations, all of one or nothing of it."""

import rados
from transcript import attempt, cluster, main, new_pool, say, section


def change(ioctx, name, *steps, **keywords):
    """One write operation made of `steps`, each a function of the operation."""
    with rados.WriteOpCtx() as op:
        for step in steps:
            step(op)
        return ioctx.operate_write_op(op, name, **keywords)


def steps(ioctx):
    """Every step of a write operation."""
    section("steps")
    attempt("create exclusively", change, ioctx, "o", lambda op: op.new(rados.LIBRADOS_CREATE_EXCLUSIVE))
    attempt("again", change, ioctx, "o", lambda op: op.new(rados.LIBRADOS_CREATE_EXCLUSIVE))
    attempt("idempotently", change, ioctx, "o", lambda op: op.new(rados.LIBRADOS_CREATE_IDEMPOTENT))
    attempt("write", change, ioctx, "o", lambda op: op.write(b"0123456789"), lambda op: op.write(b"ab", 4))
    attempt("read", ioctx.read, "o")
    attempt("append", change, ioctx, "o", lambda op: op.append(b"+"), lambda op: op.append(b"-"))
    attempt("read", ioctx.read, "o")
    # python3-rados 16 passes offset and length the other way round, and an OSD dies of a length of 0.
    attempt("truncate and zero", change, ioctx, "o", lambda op: op.truncate(8), lambda op: op.zero(2, 3))
    attempt("read", ioctx.read, "o")
    attempt("zero over the end", change, ioctx, "o", lambda op: op.zero(100, 6))
    attempt("read", ioctx.read, "o")
    attempt("zero behind the end", change, ioctx, "o", lambda op: op.zero(100, 100))
    attempt("read", ioctx.read, "o")
    attempt("zero of a missing object", change, ioctx, "zeroed", lambda op: op.zero(100, 10))
    attempt("does it exist", lambda: ioctx.stat("zeroed")[0])
    attempt("writesame", change, ioctx, "o", lambda op: op.writesame(b"xy", 8, 1))
    attempt("read", ioctx.read, "o")
    attempt("write full", change, ioctx, "o", lambda op: op.write_full(b"full"))
    attempt("attributes", change, ioctx, "o", lambda op: op.set_xattr("a", b"1"), lambda op: op.set_xattr("b", b"2"),
            lambda op: op.rm_xattr("a"))
    say("attributes", sorted(ioctx.get_xattrs("o")))
    attempt("remove a missing attribute", change, ioctx, "o", lambda op: op.rm_xattr("zzz"))
    attempt("remove", change, ioctx, "o", lambda op: op.remove())
    attempt("read", ioctx.read, "o")
    attempt("remove again", change, ioctx, "o", lambda op: op.remove())
    attempt("remove and write in one", change, ioctx, "o", lambda op: op.write_full(b"x"), lambda op: op.remove(),
            lambda op: op.write_full(b"y"))
    attempt("read", ioctx.read, "o")
    attempt("an empty operation", change, ioctx, "o")
    attempt("an empty operation on a missing object", change, ioctx, "missing")
    attempt("a time of its own", change, ioctx, "timed", lambda op: op.write_full(b"x"), mtime=1234567890)
    attempt("the time", lambda: tuple(ioctx.stat("timed")[1])[:1])


def guards(ioctx):
    """A failing step undoes the whole operation."""
    section("guards")
    ioctx.write_full("g", b"before")
    ioctx.set_xattr("g", "a", b"1")
    attempt("compare fails", change, ioctx, "g", lambda op: op.write_full(b"after"), lambda op: op.set_xattr("a", b"2"),
            lambda op: op.cmpext(b"XX", 0))
    attempt("content", ioctx.read, "g")
    attempt("attribute", ioctx.get_xattr, "g", "a")
    attempt("compare succeeds", change, ioctx, "g", lambda op: op.cmpext(b"befo", 0), lambda op: op.write(b"BEFO", 0))
    attempt("content", ioctx.read, "g")
    attempt("exclusive create fails, later steps too", change, ioctx, "g", lambda op: op.new(1),
            lambda op: op.write_full(b"no"))
    attempt("content", ioctx.read, "g")
    attempt("remove of a missing one undoes the write of it", change, ioctx, "g2", lambda op: op.remove(),
            lambda op: op.write_full(b"x"))
    attempt("is it there", ioctx.read, "g2")
    attempt("too large a write undoes", change, ioctx, "g", lambda op: op.set_xattr("a", b"9"),
            lambda op: op.write(b"x", 1 << 30))
    attempt("attribute", ioctx.get_xattr, "g", "a")

    def failok(op):
        op.new(1)
        op.set_flags(rados.LIBRADOS_OP_FLAG_FAILOK)

    attempt("a failure that is allowed", change, ioctx, "g", failok, lambda op: op.write_full(b"yes"))
    attempt("content", ioctx.read, "g")


def reads(ioctx):
    """Read operations."""
    section("reads")
    ioctx.write_full("r", b"0123456789")
    with rados.ReadOpCtx() as op:
        op.cmpext(b"0123", 0)
        attempt("compare equal", ioctx.operate_read_op, op, "r")
    with rados.ReadOpCtx() as op:
        op.cmpext(b"0x23", 0)
        attempt("compare different", ioctx.operate_read_op, op, "r")
    with rados.ReadOpCtx() as op:
        attempt("empty", ioctx.operate_read_op, op, "r")
    with rados.ReadOpCtx() as op:
        attempt("empty on a missing object", ioctx.operate_read_op, op, "missing")
    with rados.ReadOpCtx() as op:
        found, code = ioctx.get_omap_vals(op, "", "", 10)
        second, _ = ioctx.get_omap_keys(op, "", 10)
        with rados.WriteOpCtx() as write:
            ioctx.set_omap(write, ("a", "b"), (b"1", b"2"))
            ioctx.operate_write_op(write, "r")
        attempt("two steps", ioctx.operate_read_op, op, "r", rados.LIBRADOS_OPERATION_BALANCE_READS)
        say("found", (list(found), [key for key, _ in second], code))


def asynchronous(ioctx):
    """The same through completions."""
    section("asynchronous")
    order = []
    with rados.WriteOpCtx() as op:
        ioctx.set_omap(op, ("k",), (b"v",))
        op.write_full(b"async")
        completion = ioctx.operate_aio_write_op(op, "a", oncomplete=lambda c: order.append(c.get_return_value()))
        completion.wait_for_complete_and_cb()
        say("write", (completion.get_return_value(), order))
    with rados.ReadOpCtx() as op:
        found, _ = ioctx.get_omap_vals(op, "", "", 10)
        completion = ioctx.operate_aio_read_op(op, "a")
        completion.wait_for_complete_and_cb()
        say("read", (completion.get_return_value(), list(found)))
    with rados.WriteOpCtx() as op:
        op.new(1)
        completion = ioctx.operate_aio_write_op(op, "a")
        completion.wait_for_complete()
        say("failing write", completion.get_return_value())
    with rados.ReadOpCtx() as op:
        completion = ioctx.operate_aio_read_op(op, "missing")
        completion.wait_for_complete()
        say("read of a missing object", completion.get_return_value())


def body():
    """Everything."""
    with cluster() as handle, new_pool(handle, "python-op") as ioctx:
        steps(ioctx)
        guards(ioctx)
        reads(ioctx)
        asynchronous(ioctx)


main(body)
