#!/usr/bin/python3
"""python3-rados: pool snapshots and self-managed snapshots."""

import datetime

from rados import LIBRADOS_SNAP_HEAD
from transcript import attempt, cluster, hide, main, new_pool, pattern, say, section


def pool_snapshots(ioctx):
    """Snapshots of the whole pool by name."""
    section("pool snapshots")
    attempt("list", lambda: [s.name for s in ioctx.list_snaps()])
    ioctx.write_full("o", b"first")
    ioctx.set_xattr("o", "a", b"1")
    attempt("create", ioctx.create_snap, "one")
    attempt("create again", ioctx.create_snap, "one")
    ioctx.write_full("o", b"second version")
    ioctx.set_xattr("o", "a", b"2")
    ioctx.write_full("later", b"x")
    attempt("create a second", ioctx.create_snap, "two")
    ioctx.remove_object("o")
    snaps = {s.name: s for s in ioctx.list_snaps()}
    say("list", sorted(snaps))
    say("ids grow", snaps["one"].snap_id < snaps["two"].snap_id)
    age = datetime.datetime.now() - snaps["one"].get_timestamp()
    say("time is now", abs(age.total_seconds()) < 100)
    say("lookup", ioctx.lookup_snap("one").snap_id == snaps["one"].snap_id)
    attempt("lookup missing", ioctx.lookup_snap, "three")
    for name in ["one", "two"]:
        ioctx.set_read(snaps[name].snap_id)
        attempt(f"o at {name}", ioctx.read, "o")
        attempt(f"size at {name}", lambda: ioctx.stat("o")[0])
        attempt(f"attribute at {name}", ioctx.get_xattr, "o", "a")
        attempt(f"later at {name}", ioctx.read, "later")
        attempt(f"write at {name}", ioctx.write_full, "o", b"no")
        attempt(f"objects at {name}", lambda: sorted(o.key for o in ioctx.list_objects()))
    ioctx.set_read(LIBRADOS_SNAP_HEAD)
    attempt("o now", ioctx.read, "o")
    attempt("roll back", ioctx.snap_rollback, "o", "one")
    attempt("o now", ioctx.read, "o")
    attempt("attribute", ioctx.get_xattr, "o", "a")
    attempt("roll back what was not there", ioctx.snap_rollback, "later", "one")
    attempt("later now", ioctx.read, "later")
    attempt("roll back to a missing snapshot", ioctx.snap_rollback, "o", "three")
    attempt("remove", ioctx.remove_snap, "one")
    attempt("remove again", ioctx.remove_snap, "one")
    attempt("self-managed in this pool", ioctx.create_self_managed_snap)
    attempt("remove", ioctx.remove_snap, "two")
    say("list", [s.name for s in ioctx.list_snaps()])


def self_managed(ioctx):
    """Snapshots whose context the client keeps."""
    section("self-managed snapshots")
    ioctx.write_full("o", pattern(8192, 1))
    one = hide(ioctx.create_self_managed_snap(), "one")
    attempt("write context", ioctx.set_self_managed_snap_write, [one])
    ioctx.write("o", b"second", 100)
    ioctx.write_full("born", b"x")
    two = hide(ioctx.create_self_managed_snap(), "two")
    say("ids grow", two > one)
    attempt("write context, wrong order", ioctx.set_self_managed_snap_write, [one, two])
    attempt("write context", ioctx.set_self_managed_snap_write, [two, one])
    ioctx.trunc("o", 50)
    ioctx.remove_object("born")
    for name, snap in [("one", one), ("two", two)]:
        ioctx.set_read(snap)
        attempt(f"o at {name}", ioctx.read, "o")
        attempt(f"born at {name}", ioctx.read, "born")
    ioctx.set_read(LIBRADOS_SNAP_HEAD)
    attempt("o now", ioctx.read, "o")
    attempt("born now", ioctx.read, "born")
    attempt("roll back to two", ioctx.rollback_self_managed_snap, "o", two)
    say("o now", ioctx.read("o") == pattern(8192, 1)[:100] + b"second" + pattern(8192, 1)[106:])
    attempt("roll back to one", ioctx.rollback_self_managed_snap, "o", one)
    say("o now", ioctx.read("o") == pattern(8192, 1))
    attempt("roll back to a snapshot before its birth", ioctx.rollback_self_managed_snap, "born", one)
    attempt("born now", ioctx.read, "born")
    attempt("remove two", ioctx.remove_self_managed_snap, two)
    attempt("remove one", ioctx.remove_self_managed_snap, one)
    attempt("pool snapshot in this pool", ioctx.create_snap, "name")
    attempt("write context of nothing", ioctx.set_self_managed_snap_write, [])
    attempt("a write after", ioctx.write_full, "o", b"after")


def body():
    """Everything."""
    with cluster() as handle:
        with new_pool(handle, "python-snap") as ioctx:
            pool_snapshots(ioctx)
        with new_pool(handle, "python-snap") as ioctx:
            self_managed(ioctx)


main(body)
