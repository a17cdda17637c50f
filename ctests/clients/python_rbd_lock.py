#!/usr/bin/python3
"""python3-rbd: advisory locks, the exclusive lock between two processes, watchers."""

import rbd
from transcript import Other, attempt, cluster, main, new_pool, say, section, wait_until

MIB = 1 << 20
POOL = "rbd-lock"


def lockers(image):
    """The advisory lock without client ids."""
    found = image.list_lockers()
    if not found:
        return found
    return (found["tag"], found["exclusive"], sorted(cookie for _, cookie, _ in found["lockers"]))


def advisory(ioctx):
    """Locks that only those heed who ask."""
    section("advisory")
    with rbd.Image(ioctx, "plain") as image:
        say("none", lockers(image))
        attempt("exclusive", image.lock_exclusive, "cookie")
        attempt("again", image.lock_exclusive, "cookie")
        attempt("another", image.lock_exclusive, "other")
        attempt("shared", image.lock_shared, "c", "tag")
        say("lockers", lockers(image))
        attempt("writing is allowed", image.write, b"x", 0)
        attempt("unlock with a wrong cookie", image.unlock, "other")
        attempt("unlock", image.unlock, "cookie")
        attempt("shared", image.lock_shared, "c1", "tag")
        attempt("shared", image.lock_shared, "c2", "tag")
        attempt("another tag", image.lock_shared, "c3", "else")
        say("lockers", lockers(image))
        for cookie in ["c1", "c2"]:
            attempt("unlock", image.unlock, cookie)
        # Breaking a lock blocks its owner, so that has to be another client.
        with cluster() as victim, victim.open_ioctx(POOL) as theirs:
            other = rbd.Image(theirs, "plain", read_only=True)
            attempt("their lock", other.lock_exclusive, "theirs")
            client = image.list_lockers()["lockers"][0]
            attempt("break", image.break_lock, client[0], client[1])
            attempt("break again", image.break_lock, client[0], client[1])
            say("lockers", lockers(image))
            attempt("they read", other.read, 0, 1)
            attempt("they close", other.close)


def automatic(ioctx):
    """The exclusive lock: taken at the first write, kept until another asks."""
    section("exclusive lock, one process")
    with rbd.Image(ioctx, "image") as image:
        say("owner after opening", image.is_exclusive_lock_owner())
        image.read(0, 10)
        say("owner after a read", image.is_exclusive_lock_owner())
        image.write(b"x", 0)
        say("owner after a write", image.is_exclusive_lock_owner())
        say("owners", [owner["mode"] for owner in image.lock_get_owners()])
        attempt("release", image.lock_release)
        say("owner", image.is_exclusive_lock_owner())
        say("owners", [owner["mode"] for owner in image.lock_get_owners()])
        attempt("acquire", image.lock_acquire, rbd.RBD_LOCK_MODE_EXCLUSIVE)
        say("owner", image.is_exclusive_lock_owner())
        attempt("acquire again", image.lock_acquire, rbd.RBD_LOCK_MODE_EXCLUSIVE)
        attempt("acquire shared", image.lock_acquire, rbd.RBD_LOCK_MODE_SHARED)
        attempt("advisory lock beside it", image.lock_exclusive, "cookie")
        attempt("release", image.lock_release)
        attempt("release again", image.lock_release)
    with rbd.Image(ioctx, "plain") as image:
        attempt("of an image without the feature", image.lock_acquire, rbd.RBD_LOCK_MODE_EXCLUSIVE)
        attempt("owners", lambda: list(image.lock_get_owners()))


def cooperative(ioctx):
    """Two processes write in turn: the lock goes to who needs it."""
    section("two processes")
    other = Other("writer")
    with rbd.Image(ioctx, "image") as image:
        say("other writes", other.ask("write 0"))
        say("other is owner", other.ask("owner"))
        image.write(b"mine", 4096)
        say("owner", image.is_exclusive_lock_owner())
        say("other is owner", other.ask("owner"))
        say("other writes", other.ask("write 8192"))
        say("owner", image.is_exclusive_lock_owner())
        say("all is there", (image.read(0, 6), image.read(4096, 4), image.read(8192, 6)))
        say("other resizes", other.ask("resize"))
        wait_until("the new size is seen", lambda: image.size() == 5 * MIB)
        say("other makes a snapshot", other.ask("snap"))
        wait_until("the snapshot is seen", lambda: image.snap_exists("theirs"))
        attempt("resize", image.resize, 4 * MIB)
        say("other sees", other.ask("size"))
        image.write(b"again", 0)
        attempt("snapshot of ours", image.create_snap, "ours")
        say("other removes a snapshot", other.ask("unsnap"))
        wait_until("its end is seen", lambda: not image.snap_exists("theirs"))
        attempt("the requests left the lock where it was", image.is_exclusive_lock_owner)

        section("held on purpose")
        say("other acquires", other.ask("acquire"))
        attempt("acquire", image.lock_acquire, rbd.RBD_LOCK_MODE_EXCLUSIVE)
        attempt("write", image.write, b"x", 0)
        attempt("resize by request", image.resize, 3 * MIB)
        say("other releases", other.ask("release"))
        attempt("acquire", image.lock_acquire, rbd.RBD_LOCK_MODE_EXCLUSIVE)
        attempt("release", image.lock_release)

        section("killed owner")
        say("other acquires", other.ask("acquire"))
        owners = list(image.lock_get_owners())
        say("one owner", len(owners))
        other.kill()
        attempt("break", image.lock_break, rbd.RBD_LOCK_MODE_EXCLUSIVE, owners[0]["owner"])
        attempt("write", image.write, b"after the kill", 0)
        attempt("read", image.read, 0, 14)


def writer():
    """The other process: does what it is told."""
    with cluster() as handle, handle.open_ioctx(POOL) as ioctx, rbd.Image(ioctx, "image") as image:
        while True:
            try:
                word, *rest = input().split()
            except EOFError:
                return
            if word == "write":
                attempt("write", image.write, b"theirs", int(rest[0]))
            elif word == "owner":
                attempt("owner", image.is_exclusive_lock_owner)
            elif word == "resize":
                attempt("resize", image.resize, 5 * MIB)
            elif word == "size":
                wait_until("4 MiB", lambda: image.size() == 4 * MIB)
            elif word == "snap":
                attempt("snap", image.create_snap, "theirs")
            elif word == "unsnap":
                attempt("unsnap", image.remove_snap, "theirs")
            elif word == "acquire":
                attempt("acquire", image.lock_acquire, rbd.RBD_LOCK_MODE_EXCLUSIVE)
            elif word == "release":
                attempt("release", image.lock_release)


def watchers(ioctx):
    """Who has an image open."""
    section("watchers")
    with rbd.Image(ioctx, "plain") as image:
        say("own", len(list(image.watchers_list())))
        say("keys", sorted(list(image.watchers_list())[0]))
        with rbd.Image(ioctx, "plain"):
            say("two", len(list(image.watchers_list())))
        with rbd.Image(ioctx, "plain", read_only=True):
            say("with a reader", len(list(image.watchers_list())))
        say("one", len(list(image.watchers_list())))


def body():
    """Everything."""
    api = rbd.RBD()
    with cluster() as handle, new_pool(handle, POOL, "rbd") as ioctx:
        api.create(ioctx, "image", 8 * MIB)
        api.create(ioctx, "plain", 8 * MIB, features=1)
        advisory(ioctx)
        automatic(ioctx)
        cooperative(ioctx)
        watchers(ioctx)


main(body, writer=writer)
