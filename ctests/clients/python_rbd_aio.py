#!/usr/bin/python3
"""python3-rbd: asynchronous I/O on images, hundreds of requests at once."""

import random
import threading

import rbd
from transcript import cluster, main, new_pool, pattern, say, section

MIB = 1 << 20


def calls(image):
    """Every asynchronous call once."""
    section("calls")
    own = threading.get_ident()
    starting = []
    within = []

    def run(label, start):
        result = []

        def done(*args):
            # A thread that waits for a completion may run its callback; one that starts may not.
            if starting and threading.get_ident() == own:
                within.append(label)
            result.extend(args[1:])
        starting.append(label)
        completion = start(done)
        starting.clear()
        completion.wait_for_complete_and_cb()
        say(label, (completion.get_return_value(), result))

    run("write", lambda d: image.aio_write(pattern(10000), 100, d))
    run("read", lambda d: image.aio_read(0, 10200, d))
    run("read unwritten", lambda d: image.aio_read(5 * MIB, 10, d))
    run("read over the end", lambda d: image.aio_read(image.size() - 10, 10, d))
    run("write with flags", lambda d: image.aio_write(b"flags", 0, d, 32))
    run("discard", lambda d: image.aio_discard(100, 50, d))
    run("write zeroes", lambda d: image.aio_write_zeroes(200, 50, d))
    run("flush", image.aio_flush)
    run("read", lambda d: image.aio_read(0, 300, d))
    say("callbacks within the call that starts", within)


def scattered(image):
    """Writes of all sizes at places that do not overlap, in any order, with flushes between them."""
    section("scattered")
    chooser = random.Random(7)
    model = bytearray(image.read(0, 4 * MIB))
    places = list(range(0, 4 * MIB, 20000))
    chooser.shuffle(places)
    completions = []
    for n, offset in enumerate(places):
        data = pattern(min(chooser.randrange(1, 20000), 4 * MIB - offset), n)
        model[offset:offset + len(data)] = data
        completions.append(image.aio_write(data, offset, lambda _: None))
        if n % 50 == 0:
            completions.append(image.aio_flush(lambda _: None))
    for completion in completions:
        completion.wait_for_complete_and_cb()
    say("results", {c.get_return_value() for c in completions})
    say("content", image.read(0, 4 * MIB) == bytes(model))


def depth(image):
    """Hundreds of reads in flight."""
    section("depth")
    blocks = {}
    for n in range(512):
        image.aio_write(pattern(4096, n), n * 8192, lambda _: None)
    image.flush()
    completions = [image.aio_read(n * 8192, 4096, lambda _, data, n=n: blocks.update({n: data})) for n in range(512)]
    for completion in completions:
        completion.wait_for_complete_and_cb()
    say("all right", blocks == {n: pattern(4096, n) for n in range(512)})


def inside(image):
    """A callback may start the next request."""
    section("inside a callback")
    finished = threading.Event()
    seen = []

    def next_one(n):
        def done(completion):
            seen.append(completion.get_return_value())
            if n < 20:
                image.aio_write(b"%d" % n, n, next_one(n + 1))
            else:
                finished.set()
        return done

    image.aio_write(b"0", 0, next_one(1))
    say("chain of 20", (finished.wait(30), seen == [0] * 20))


def body():
    """Everything."""
    with cluster() as handle, new_pool(handle, "rbd-aio", "rbd") as ioctx:
        for name, features in [("default", 61), ("plain", 1)]:
            section(name)
            rbd.RBD().create(ioctx, name, 10 * MIB, features=features)
            with rbd.Image(ioctx, name) as image:
                calls(image)
                scattered(image)
                depth(image)
                inside(image)


main(body)
