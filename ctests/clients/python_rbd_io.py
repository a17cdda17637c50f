#!/usr/bin/python3
"""python3-rbd: reading and writing in every form, with every feature set and several cache settings."""

import rbd
from transcript import attempt, cluster, main, new_pool, pattern, say, section

MIB = 1 << 20


def forms(ioctx, name):
    """One image, every form of I/O; a copy in memory says what is right."""
    size = 9 * MIB + 512
    model = bytearray(size)
    with rbd.Image(ioctx, name) as image:
        def put(offset, data):
            image.write(data, offset)
            model[offset:offset + len(data)] = data

        say("read unwritten", image.read(0, size) == bytes(size))
        attempt("write", image.write, pattern(5000, 1), 1000)
        model[1000:6000] = pattern(5000, 1)
        put(0, b"first")
        put(size - 3, b"end")
        put(MIB - 100, pattern(2 * MIB, 2))  # over objects
        put(4 * MIB - 1, b"ab")
        say("content", image.read(0, size) == bytes(model))
        say("small reads", all(image.read(o, n) == bytes(model[o:o + n])
                               for o, n in [(0, 1), (999, 2), (MIB - 1, 2), (4 * MIB - 1, 3), (size - 1, 1)]))
        attempt("write nothing", image.write, b"", 0)
        attempt("read nothing", image.read, 0, 0)
        attempt("read over the end", lambda: len(image.read(size - 10, 100)))
        attempt("write over the end", image.write, pattern(100), size - 10)
        model[size - 10:] = image.read(size - 10, 10)
        attempt("read behind the end", image.read, size + 1, 1)
        attempt("write with flags", image.write, b"flag", 100, 32)
        model[100:104] = b"flag"
        attempt("read with flags", image.read, 100, 4, 16)
        for offset, length in [(2000, 1000), (MIB, MIB), (3 * MIB + 5, 2 * MIB), (size - 1000, 1000)]:
            attempt(f"discard {offset}~{length}", image.discard, offset, length)
        attempt("discard over the end", image.discard, size - 10, 100)
        after = image.read(0, size)
        say("whole objects are discarded", after[4 * MIB:5 * MIB] == bytes(MIB) if name == "order20" else None)
        say("discarded or as before", all(a in (0, b) for a, b in zip(after, model)))
        model[:] = after
        for offset, length in [(100, 50), (MIB - 10, 20), (5 * MIB, 3 * MIB), (size - 7, 7)]:
            attempt(f"write zeroes {offset}~{length}", image.write_zeroes, offset, length)
            model[offset:offset + length] = bytes(length)
        attempt("write zeroes, thick", image.write_zeroes, 8 * MIB, 65536, rbd.RBD_WRITE_ZEROES_FLAG_THICK_PROVISION)
        model[8 * MIB:8 * MIB + 65536] = bytes(65536)
        attempt("write zeroes, unknown flag", image.write_zeroes, 0, 512, 8)
        say("content", image.read(0, size) == bytes(model))
        attempt("flush", image.flush)
        attempt("invalidate", image.invalidate_cache)
        say("content from the store", image.read(0, size) == bytes(model))
        put(12345, pattern(54321, 9))
    with rbd.Image(ioctx, name, read_only=True) as image:
        say("content after reopening", image.read(0, size) == bytes(model))


def times(ioctx):
    """The three timestamps."""
    section("timestamps")
    with rbd.Image(ioctx, "order20") as image:
        say("ordered", image.create_timestamp() <= image.modify_timestamp())
        say("types", {type(t).__name__ for t in
                      [image.create_timestamp(), image.modify_timestamp(), image.access_timestamp()]})


def cached(handle):
    """The same data under every cache setting, seen by a second opener after a flush."""
    for cache, through in [("true", "true"), ("true", "false"), ("false", "false")]:
        section(f"rbd_cache={cache} rbd_cache_writethrough_until_flush={through}")
        with cluster(rbd_cache=cache, rbd_cache_writethrough_until_flush=through) as own, \
                own.open_ioctx("rbd-io") as ioctx, handle.open_ioctx("rbd-io") as others:
            rbd.RBD().create(ioctx, "cached", 4 * MIB, features=1)
            with rbd.Image(ioctx, "cached") as image, rbd.Image(others, "cached", read_only=True) as reader:
                image.write(b"one", 0)
                if through == "true" or cache == "false":
                    say("seen before a flush", reader.read(0, 3))
                image.flush()
                reader.invalidate_cache()
                say("seen after a flush", reader.read(0, 3))
                image.write(b"two", 0)
                say("own read", image.read(0, 3))
                image.flush()
                reader.invalidate_cache()
                say("seen", reader.read(0, 3))
                image.write(b"three", 0)
            with rbd.Image(others, "cached", read_only=True) as reader:
                say("seen after a close", reader.read(0, 5))
            rbd.RBD().remove(ioctx, "cached")


def body():
    """Everything."""
    api = rbd.RBD()
    size = 9 * MIB + 512
    with cluster() as handle, new_pool(handle, "rbd-io", "rbd") as ioctx:
        api.create(ioctx, "default", size)
        api.create(ioctx, "order20", size, 20)
        api.create(ioctx, "plain", size, features=1)
        api.create(ioctx, "striped", size, 21, False, 61 | 2, 16384, 3)
        for name in ["default", "order20", "plain", "striped"]:
            section(name)
            forms(ioctx, name)
        times(ioctx)
        cached(handle)


main(body)
