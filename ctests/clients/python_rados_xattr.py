#!/usr/bin/python3
"""python3-rados: extended attributes, and the Object wrapper."""

import rados
from transcript import attempt, cluster, main, new_pool, pattern, say, section


def attributes(ioctx):
    """Set, get, list, remove."""
    section("attributes")
    attempt("get of a missing object", ioctx.get_xattr, "one", "a")
    attempt("list of a missing object", lambda: list(ioctx.get_xattrs("one")))
    attempt("set makes the object", ioctx.set_xattr, "one", "a", b"1")
    attempt("size", lambda: ioctx.stat("one")[0])
    attempt("get", ioctx.get_xattr, "one", "a")
    attempt("get missing", ioctx.get_xattr, "one", "b")
    attempt("set again", ioctx.set_xattr, "one", "a", b"\0binary\xff")
    attempt("get", ioctx.get_xattr, "one", "a")
    attempt("empty value", ioctx.set_xattr, "one", "empty", b"")
    attempt("get", ioctx.get_xattr, "one", "empty")
    attempt("name with a leading underscore", ioctx.set_xattr, "one", "_x", b"2")
    attempt("utf-8 name", ioctx.set_xattr, "one", "ü", b"3")
    say("list", sorted(ioctx.get_xattrs("one")))
    attempt("remove", ioctx.rm_xattr, "one", "a")
    attempt("remove again", ioctx.rm_xattr, "one", "a")
    attempt("remove from a missing object", ioctx.rm_xattr, "nowhere", "a")
    say("it is not there", "nowhere" not in [o.key for o in ioctx.list_objects()])
    ioctx.write_full("one", b"data")
    say("write full keeps them", sorted(ioctx.get_xattrs("one")))
    ioctx.remove_object("one")
    ioctx.write_full("one", b"data")
    say("a new object has none", sorted(ioctx.get_xattrs("one")))


def limits(ioctx):
    """Sizes of names and values."""
    section("limits")
    for size in [4096, 4097, 65536]:
        attempt(f"value of {size}", ioctx.set_xattr, "big", "v", pattern(size))
        attempt("get", ioctx.get_xattr, "big", "v")
    attempt("value of 65537", ioctx.set_xattr, "big", "v", pattern(65537))
    attempt("name of 200", ioctx.set_xattr, "big", "n" * 200, b"x")
    attempt("name of 256", ioctx.set_xattr, "big", "n" * 256, b"x")
    attempt("name of 300", ioctx.set_xattr, "big", "n" * 300, b"x")
    attempt("empty name", ioctx.set_xattr, "big", "", b"x")
    for n in range(50):
        ioctx.set_xattr("many", f"key{n:02}", b"%d" % n)
    say("50 attributes", [(name, value) for name, value in sorted(ioctx.get_xattrs("many"))][::7])


def objects(ioctx):
    """rados.Object, as listings return it."""
    section("object wrapper")
    ioctx.write_full("wrapped", b"0123456789")
    ioctx.set_xattr("wrapped", "a", b"1")
    found = [o for o in ioctx.list_objects() if o.key == "wrapped"][0]
    say("read", (found.read(4), found.read(3), found.read()))
    found.seek(2)
    say("write", found.write(b"ab"))
    found.seek(0)
    say("read", found.read())
    say("stat", found.stat()[0])
    say("attributes", list(found.get_xattrs()))
    attempt("set", found.set_xattr, "b", b"2")
    attempt("get", found.get_xattr, "b")
    attempt("remove attribute", found.rm_xattr, "b")
    attempt("remove", found.remove)
    attempt("read after remove", found.read)
    other = rados.Object(ioctx, "by-hand")
    attempt("write by hand", other.write, b"x")
    attempt("read it", ioctx.read, "by-hand")


def body():
    """Everything."""
    with cluster() as handle, new_pool(handle, "python-xattr") as ioctx:
        attributes(ioctx)
        limits(ioctx)
        objects(ioctx)


main(body)
