#!/usr/bin/python3
"""python3-rados: advisory locks, expiry, blocklisting, and the class that keeps the locks."""

import time

from transcript import Other, attempt, cluster, main, new_pool, say, section

POOL = "python-lock"


def locks(ioctx):
    """Exclusive and shared."""
    section("exclusive")
    attempt("lock", ioctx.lock_exclusive, "o", "lock", "cookie", "a description")
    attempt("the object exists", lambda: ioctx.stat("o")[0])
    attempt("lock again", ioctx.lock_exclusive, "o", "lock", "cookie")
    attempt("renew", ioctx.lock_exclusive, "o", "lock", "cookie", "", None, 1)
    attempt("another cookie", ioctx.lock_exclusive, "o", "lock", "other")
    attempt("shared", ioctx.lock_shared, "o", "lock", "other", "tag")
    attempt("another lock", ioctx.lock_exclusive, "o", "lock2", "cookie")
    say("attributes", sorted(name for name, _ in ioctx.get_xattrs("o")))
    attempt("unlock with a wrong cookie", ioctx.unlock, "o", "lock", "other")
    attempt("unlock", ioctx.unlock, "o", "lock", "cookie")
    attempt("unlock again", ioctx.unlock, "o", "lock", "cookie")
    attempt("unlock of a missing object", ioctx.unlock, "missing", "lock", "cookie")
    section("shared")
    attempt("first", ioctx.lock_shared, "o", "lock", "c1", "tag")
    attempt("second", ioctx.lock_shared, "o", "lock", "c2", "tag")
    attempt("another tag", ioctx.lock_shared, "o", "lock", "c3", "another")
    attempt("exclusive", ioctx.lock_exclusive, "o", "lock", "c4")
    attempt("unlock", ioctx.unlock, "o", "lock", "c1")
    attempt("unlock", ioctx.unlock, "o", "lock", "c2")
    attempt("exclusive", ioctx.lock_exclusive, "o", "lock", "c4")
    section("expiry")
    attempt("lock for a second", ioctx.lock_exclusive, "e", "lock", "c1", "", 1)
    attempt("taken", ioctx.lock_exclusive, "e", "lock", "c2")
    time.sleep(1.2)
    attempt("expired", ioctx.lock_exclusive, "e", "lock", "c2")


def processes(ioctx):
    """A lock of another process."""
    section("two processes")
    other = Other("holder")
    say("other locks", other.ask("lock"))
    attempt("lock", ioctx.lock_exclusive, "p", "lock", "cookie")
    attempt("unlock what is not ours", ioctx.unlock, "p", "lock", "cookie")
    say("other unlocks", other.ask("unlock"))
    attempt("lock", ioctx.lock_exclusive, "p", "lock", "cookie")
    say("other locks", other.ask("lock"))
    other.close()


def holder():
    """The other process."""
    with cluster() as handle, handle.open_ioctx(POOL) as ioctx:
        while True:
            try:
                line = input()
            except EOFError:
                return
            if line == "lock":
                attempt("lock", ioctx.lock_exclusive, "p", "lock", "cookie")
            else:
                attempt("unlock", ioctx.unlock, "p", "lock", "cookie")


def blocklist(ioctx):
    """A blocklisted client may no longer write."""
    section("blocklist")
    with cluster() as victim, victim.open_ioctx(POOL) as theirs:
        attempt("write", theirs.write_full, "b", b"1")
        address = victim.get_addrs()
        with cluster() as judge:
            for part in address.strip("[]").split(","):
                attempt("blocklist", judge.blocklist_add, part.split(":", 1)[1] if part[0] == "v" else part, 60)
        victim.wait_for_latest_osdmap()
        attempt("write", theirs.write_full, "b", b"2")
        attempt("read", theirs.read, "b")
    attempt("what is there", ioctx.read, "b")


def body():
    """Everything."""
    with cluster() as handle, new_pool(handle, POOL) as ioctx:
        locks(ioctx)
        processes(ioctx)
        blocklist(ioctx)


main(body, holder=holder)
