#!/usr/bin/python3
"""python3-rados: watch and notify, in one process and across two, with acknowledgements and timeouts."""

import sys
import threading

from transcript import Other, attempt, cluster, main, new_pool, say, section, wait_until

POOL = "python-watch"


class Watcher:
    """A watch callback that remembers its calls and answers with bytes or text."""

    def __init__(self, answer=None):
        self.answer = answer
        self.calls = []
        self.thread = None

    def __call__(self, notify_id, notifier, watch_id, data):
        self.calls.append(data)
        self.thread = threading.get_ident()
        return self.answer


def one_process(ioctx):
    """Watch and notify on the same connection."""
    section("one process")
    attempt("watch a missing object", ioctx.watch, "missing", Watcher())
    ioctx.write_full("o", b"x")
    attempt("notify nobody", ioctx.notify, "o", "hello")
    attempt("notify a missing object", ioctx.notify, "missing", "hello")
    watcher = Watcher(b"pong")
    watch = ioctx.watch("o", watcher)
    say("watch has an id", watch.get_id() > 0)
    say("check", watch.check().total_seconds() < 30)
    attempt("notify", ioctx.notify, "o", "ping")
    say("called", watcher.calls)
    say("on another thread", watcher.thread != threading.get_ident())
    attempt("notify without a message", ioctx.notify, "o")
    say("called", watcher.calls)
    second = Watcher(b"2")
    again = ioctx.watch("o", second)
    attempt("notify two", ioctx.notify, "o", "both")
    say("calls", (watcher.calls[-1], second.calls))
    attempt("close one", again.close)
    attempt("notify one", ioctx.notify, "o", "one")
    say("calls", (watcher.calls[-1], second.calls))
    attempt("close", watch.close)
    attempt("close again", watch.close)
    attempt("notify nobody", ioctx.notify, "o", "gone")
    say("calls", len(watcher.calls))


def replies(ioctx):
    """Notify with answers."""
    section("replies")
    done = threading.Event()
    result = {}

    def on_notify(_completion, code, acks, timeouts):
        result["code"] = code
        result["acks"] = sorted((data for _, _, data in acks or []), key=str)
        result["timeouts"] = len(timeouts or [])
        done.set()

    def notify(message, timeout_ms=5000):
        done.clear()
        ioctx.aio_notify("o", on_notify, message, timeout_ms)
        done.wait(30)
        return dict(result)

    attempt("nobody", notify, "hello")
    first = ioctx.watch("o", Watcher(b"one"))
    second = ioctx.watch("o", Watcher(b"two"))
    third = ioctx.watch("o", Watcher())
    attempt("three", notify, "hello")
    release = threading.Event()
    slow = ioctx.watch("o", lambda *_: release.wait(10) and None)
    attempt("one does not answer", notify, "hello", 1000)
    release.set()
    for watch in [first, second, third, slow]:
        watch.close()
    other = Other("watch")
    say("other", other.hear())
    attempt("another process", notify, "hello")
    say("other heard", other.hear())
    attempt("ask it to stop", other.close)
    attempt("nobody", notify, "hello")


def removed(ioctx):
    """What happens to a watch when its object goes, and when its owner dies."""
    section("ends")
    errors = []
    ioctx.write_full("doomed", b"x")
    watch = ioctx.watch("doomed", Watcher(), lambda *args: errors.append(args[-1]))
    attempt("remove a watched object", ioctx.remove_object, "doomed")
    wait_until("the watch hears of it", lambda: errors)
    say("errors", errors[:1])
    attempt("check", watch.check)
    attempt("close", watch.close)


def watch_role():
    """The other process: watches until its input ends."""
    with cluster() as handle, handle.open_ioctx(POOL) as ioctx:
        def heard(_notify, _notifier, _watch, data):
            print("heard", data)
            return b"from afar"
        watch = ioctx.watch("o", heard)
        print("watching")
        sys.stdin.read()
        watch.close()


def body():
    """Everything."""
    with cluster() as handle, new_pool(handle, POOL) as ioctx:
        one_process(ioctx)
        replies(ioctx)
        removed(ioctx)


main(body, watch=watch_role)
