#!/usr/bin/python3
"""python3-rados: asynchronous calls, their completions and callbacks."""

import threading

from transcript import attempt, cluster, main, new_pool, pattern, say, section


class Waiter:
    """A callback that remembers what it was called with and on which thread."""

    def __init__(self):
        self.event = threading.Event()
        self.args = None
        self.own_thread = None

    def __call__(self, completion, *args):
        self.args = (completion.get_return_value(), *args)
        self.own_thread = threading.get_ident()
        self.event.set()

    def wait(self):
        """The arguments, once it was called."""
        return self.args if self.event.wait(30) else "no call"


def calls(ioctx):
    """Every asynchronous call once."""
    section("calls")
    steps = [
        ("write", lambda w: ioctx.aio_write("a", b"0123456789", 0, oncomplete=w)),
        ("write at 5", lambda w: ioctx.aio_write("a", b"abc", 5, oncomplete=w)),
        ("append", lambda w: ioctx.aio_append("a", b"+", oncomplete=w)),
        ("read", lambda w: ioctx.aio_read("a", 100, 0, w)),
        ("read part", lambda w: ioctx.aio_read("a", 3, 4, w)),
        ("read behind", lambda w: ioctx.aio_read("a", 3, 400, w)),
        ("read missing", lambda w: ioctx.aio_read("missing", 3, 0, w)),
        ("write full", lambda w: ioctx.aio_write_full("a", b"abcdef", oncomplete=w)),
        ("writesame", lambda w: ioctx.aio_writesame("a", b"xy", 4, 1, w)),
        ("compare", lambda w: ioctx.aio_cmpext("a", b"xy", 1, w)),
        ("compare different", lambda w: ioctx.aio_cmpext("a", b"xx", 1, w)),
        ("set attribute", lambda w: ioctx.aio_setxattr("a", "k", b"v", w)),
        ("remove attribute", lambda w: ioctx.aio_rmxattr("a", "k", w)),
        ("remove", lambda w: ioctx.aio_remove("a", oncomplete=w)),
        ("remove again", lambda w: ioctx.aio_remove("a", oncomplete=w)),
    ]
    for name, start in steps:
        waiter = Waiter()
        completion = start(waiter)
        completion.wait_for_complete()
        result = waiter.wait()
        if result[0] == 0 and len(result) == 2:
            result = (0, "nothing")  # python3-rados shows memory it never wrote
        say(name, (result, completion.is_complete(), completion.get_return_value()))
        if waiter.own_thread == threading.get_ident():
            say("the callback ran on the caller's thread", name)
    ioctx.write_full("s", b"12345")
    waiter = Waiter()
    ioctx.aio_stat("s", waiter).wait_for_complete()
    say("stat", (waiter.wait()[0], waiter.args[1], type(waiter.args[2]).__name__))
    waiter = Waiter()
    ioctx.aio_stat("missing", waiter).wait_for_complete()
    say("stat missing", waiter.wait())
    completion = ioctx.aio_write("safe", b"x", 0)
    completion.wait_for_safe()
    say("safe", completion.is_safe())
    completion = ioctx.aio_write("nobody", b"x")
    completion.wait_for_complete_and_cb()
    say("without a callback", completion.get_return_value())


def order(ioctx):
    """Operations on one object keep their order; a flush waits for all."""
    section("order")
    done = []
    for n in range(200):
        ioctx.aio_append("log", b"%03d," % n, oncomplete=lambda _, n=n: done.append(n))
    attempt("flush", ioctx.aio_flush)
    say("all written in order", ioctx.read("log", 8192) == b"".join(b"%03d," % n for n in range(200)))
    ending = threading.Event()
    ioctx.aio_read("log", 1, 0, lambda *_: ending.set()).wait_for_complete()
    ending.wait(30)
    say("callbacks", (len(done), sorted(done) == list(range(200))))
    # A read after writes in flight sees them, on the same object.
    completions = [ioctx.aio_write("seen", pattern(4096, n), 0) for n in range(20)]
    waiter = Waiter()
    ioctx.aio_read("seen", 4096, 0, waiter)
    say("a read sees the last write", waiter.wait()[1] == pattern(4096, 19))
    say("results", {c.get_return_value() for c in completions if c.wait_for_complete() is None or True})


def many_objects(ioctx):
    """Hundreds in flight."""
    section("many")
    completions = [ioctx.aio_write_full(f"m{n}", pattern(1000, n)) for n in range(300)]
    for completion in completions:
        completion.wait_for_complete()
    say("results", {c.get_return_value() for c in completions})
    found = {}
    completions = [ioctx.aio_read(f"m{n}", 2000, 0, lambda _, data, n=n: found.update({n: data}))
                   for n in range(300)]
    for completion in completions:
        completion.wait_for_complete_and_cb()
    say("all read", found == {n: pattern(1000, n) for n in range(300)})


def inside(ioctx):
    """A callback may call the library."""
    section("inside a callback")
    waiter = Waiter()
    ioctx.aio_write_full("first", b"1", oncomplete=lambda _: ioctx.aio_write_full("second", b"2", oncomplete=waiter))
    say("chained", waiter.wait())
    attempt("second", ioctx.read, "second")


def body():
    """Everything."""
    with cluster() as handle, new_pool(handle, "python-aio") as ioctx:
        calls(ioctx)
        order(ioctx)
        many_objects(ioctx)
        inside(ioctx)


main(body)
