#!/usr/bin/python3
"""python3-rados: object data, namespaces, locators, limits, versions."""

import time

import rados
from transcript import attempt, cluster, main, new_pool, pattern, say, section

MIB = 1 << 20


def data(ioctx):
    """Every form of writing and reading."""
    section("data")
    attempt("read missing", ioctx.read, "one")
    attempt("stat missing", ioctx.stat, "one")
    attempt("remove missing", ioctx.remove_object, "one")
    attempt("truncate missing", ioctx.trunc, "fresh", 10)
    attempt("it is there", ioctx.read, "fresh")
    attempt("write", ioctx.write, "one", b"0123456789")
    attempt("read", ioctx.read, "one")
    attempt("write inside", ioctx.write, "one", b"abc", 3)
    attempt("write with a gap", ioctx.write, "one", b"end", 20)
    attempt("read", ioctx.read, "one")
    attempt("read part", ioctx.read, "one", 4, 2)
    attempt("read over the end", ioctx.read, "one", 100, 18)
    attempt("read behind the end", ioctx.read, "one", 10, 100)
    attempt("read nothing", ioctx.read, "one", 0)
    attempt("append", ioctx.append, "one", b"+more")
    attempt("append to a new one", ioctx.append, "appended", b"first")
    attempt("read", ioctx.read, "appended")
    attempt("truncate down", ioctx.trunc, "one", 5)
    attempt("truncate up", ioctx.trunc, "one", 8)
    attempt("read", ioctx.read, "one")
    attempt("size", lambda: ioctx.stat("one")[0])
    attempt("write full", ioctx.write_full, "one", b"new")
    attempt("read", ioctx.read, "one")
    attempt("write nothing", ioctx.write, "empty", b"")
    attempt("stat", lambda: ioctx.stat("empty")[0])
    attempt("write full nothing", ioctx.write_full, "empty", b"")
    attempt("stat", lambda: ioctx.stat("empty")[0])
    attempt("writesame", ioctx.writesame, "same", b"abcd", 16)
    attempt("writesame at an offset", ioctx.writesame, "same", b"xy", 4, 30)
    attempt("writesame, not a multiple", ioctx.writesame, "same", b"abc", 16)
    attempt("writesame of nothing", ioctx.writesame, "same", b"", 16)
    attempt("read", ioctx.read, "same")
    attempt("compare equal", ioctx.cmpext, "same", b"abcd", 4)
    attempt("compare different", ioctx.cmpext, "same", b"abXd", 4)
    attempt("compare behind the end", ioctx.cmpext, "same", b"\0\0", 100)
    attempt("compare zeroes behind the end", ioctx.cmpext, "same", b"a", 100)
    attempt("compare missing", ioctx.cmpext, "nowhere", b"abcd", 0)
    attempt("remove", ioctx.remove_object, "one")
    attempt("read removed", ioctx.read, "one")
    now = time.time()
    ioctx.write_full("timed", b"x")
    say("mtime is now", abs(time.mktime(ioctx.stat("timed")[1]) - now) < 60)


def limits(ioctx):
    """Where an OSD says no."""
    section("limits")
    big = pattern(3 * MIB)
    attempt("3 MiB", ioctx.write_full, "big", big)
    say("read back", ioctx.read("big", 4 * MIB) == big)
    attempt("write at 127 MiB", ioctx.write, "sparse", b"x", 127 * MIB)
    attempt("size", lambda: ioctx.stat("sparse")[0])
    say("hole", ioctx.read("sparse", 100, 50 * MIB) == bytes(100))
    attempt("write over 128 MiB", ioctx.write, "sparse", b"xy", 128 * MIB - 1)
    attempt("write at 128 MiB", ioctx.write, "sparse", b"x", 128 * MIB)
    attempt("write at 1 TiB", ioctx.write, "sparse", b"x", 1 << 40)
    attempt("truncate to 128 MiB", ioctx.trunc, "sparse", 128 * MIB)
    attempt("truncate over 128 MiB", ioctx.trunc, "sparse", 128 * MIB + 1)
    attempt("size", lambda: ioctx.stat("sparse")[0])
    attempt("longest name", ioctx.write_full, "n" * 2048, b"x")
    attempt("too long a name", ioctx.write_full, "n" * 2049, b"x")
    attempt("empty name", ioctx.write_full, "", b"x")
    attempt("a name with odd letters", ioctx.write_full, "a/b c\n%ü\\", b"odd")
    attempt("read it", ioctx.read, "a/b c\n%ü\\")
    ioctx.set_namespace("m" * 256)
    attempt("longest namespace", ioctx.write_full, "x", b"x")
    ioctx.set_namespace("m" * 257)
    attempt("too long a namespace", ioctx.write_full, "x", b"x")
    ioctx.set_namespace("")
    for name in ["sparse", "big", "n" * 2048]:
        ioctx.remove_object(name)


def places(ioctx):
    """Namespaces and locators keep objects apart."""
    section("namespaces and locators")
    ioctx.write_full("here", b"default")
    attempt("namespace", ioctx.get_namespace)
    attempt("set", ioctx.set_namespace, "other")
    attempt("namespace", ioctx.get_namespace)
    attempt("read in the other", ioctx.read, "here")
    attempt("write in the other", ioctx.write_full, "here", b"other")
    ioctx.set_namespace("")
    attempt("read in the default", ioctx.read, "here")
    attempt("locator", ioctx.get_locator_key)
    attempt("set", ioctx.set_locator_key, "key")
    attempt("locator", ioctx.get_locator_key)
    attempt("read with the locator", ioctx.read, "here")
    attempt("write with the locator", ioctx.write_full, "here", b"located")
    attempt("read with the locator", ioctx.read, "here")
    ioctx.set_locator_key("second")
    attempt("read with a second locator", ioctx.read, "here")
    ioctx.set_locator_key("")
    attempt("read without", ioctx.read, "here")
    copy = ioctx.dup()
    copy.set_namespace("other")
    attempt("a duplicate has its own namespace", copy.read, "here")
    attempt("the first keeps its own", ioctx.read, "here")
    copy.close()


def versions(ioctx):
    """The version of the last operation grows by one for each change of an object."""
    section("versions")
    ioctx.write_full("versioned", b"1")
    first = ioctx.get_last_version()
    ioctx.write_full("versioned", b"2")
    say("after a write", ioctx.get_last_version() > first)
    second = ioctx.get_last_version()
    ioctx.read("versioned")
    say("after a read", ioctx.get_last_version() == second)
    with rados.WriteOpCtx() as op:
        op.assert_version(second)
        op.write_full(b"3")
        attempt("assert the right one", ioctx.operate_write_op, op, "versioned")
    with rados.WriteOpCtx() as op:
        op.assert_version(second)
        op.write_full(b"4")
        attempt("assert an older one", ioctx.operate_write_op, op, "versioned")
    with rados.WriteOpCtx() as op:
        op.assert_version(second + 1000000)
        op.write_full(b"5")
        attempt("assert a newer one", ioctx.operate_write_op, op, "versioned")
    attempt("content", ioctx.read, "versioned")


def body():
    """Everything."""
    with cluster() as handle, new_pool(handle, "python-io") as ioctx:
        data(ioctx)
        limits(ioctx)
        places(ioctx)
        versions(ioctx)


main(body)
