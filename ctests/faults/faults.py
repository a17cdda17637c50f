#!/usr/bin/python3
"""Faults of a real cluster under a verified load: no wrong data, no lost acknowledged write, no hang, no crash.

A client process (original or ours) writes blocks of an image without a cache (with FAULTS_CACHE=1: with one) and
appends records to objects. Each case breaks something under it and heals it. Then the client must go on within a bounded time, hear a notify,
have seen no error, and what another process on the original library reads must be what was acknowledged.
"""

import argparse
import contextlib
import functools
import json
import os
import sys
import time
import traceback

import rados
import rbd
from sides import Side
from sides.cluster import Cluster, peers, wait_until
from sides.verified import recall

SCALE = float(os.environ.get("FAULTS_SCALE", "1"))
CACHE = os.environ.get("FAULTS_CACHE", "0") == "1"
MIB = 1 << 20
# No operation may take longer than this, whatever is broken.
PATIENCE = 30 * max(SCALE, 1)
OPTIONS = ["osd_heartbeat_interval=1", "osd_heartbeat_grace=4", "mon_osd_min_down_reporters=1",
           "mon_lease=2", "mon_election_timeout=2", "osd_pool_default_min_size=1"]

# With FAULTS_SOCKETS=N, one of about N reads and writes of the OSDs' sockets fails, all the time.
if SOCKETS := os.environ.get("FAULTS_SOCKETS"):
    OPTIONS.append(f"osd:ms_inject_socket_failures={SOCKETS}")

CASES = {}


def case(function):
    """Adds a function to the matrix."""
    CASES[function.__name__] = function
    return function


def last(seconds):
    """How long a fault lasts."""
    time.sleep(seconds * SCALE)


class Load:
    """The client and what it writes."""

    def __init__(self, cluster, library, name):
        self.cluster, self.library, self.pool = cluster, library, f"faults-{name}"
        cluster.pool(self.pool)
        with cluster.admin.open_ioctx(self.pool) as ioctx:
            rbd.RBD().create(ioctx, "image", 64 * MIB, old_format=False)
        # The writers' own waiting for what is in flight takes up to a minute.
        self.side = Side(library, {"rbd_cache": str(CACHE).lower()}, within=90)
        self.journal = os.path.join(cluster.directory, "journal")
        self.image = self.side.new("verified.ImageWriter", self.side.pool(self.pool), "image", 1, depth=8, pace=300,
                                   journal=self.journal)
        self.logs = self.side.new("verified.LogWriter", self.side.pool(self.pool), "log.", 2, depth=8, pace=300)
        self.writers = [self.image, self.logs]
        for writer in self.writers:
            writer.start()
        self.slowest = 0.0
        self.progress()

    def stats(self):
        """What both writers say."""
        return [writer.stats() for writer in self.writers]

    def progress(self, operations=50, seconds=PATIENCE):
        """Waits until both have gone on by some operations."""
        wanted = [stats["done"] + operations for stats in self.stats()]
        wait_until(f"{operations} operations of each writer", lambda: all(
            stats["done"] >= number for stats, number in zip(self.stats(), wanted)), seconds)

    def quiet(self, seconds=PATIENCE):
        """Waits until nothing succeeds any more."""
        def still():
            before = [stats["done"] for stats in self.stats()]
            time.sleep(1)
            return before == [stats["done"] for stats in self.stats()]
        wait_until("writers that stand still", still, seconds)

    def heard(self):
        """A notify reaches the client's watch."""
        text = f"after {time.monotonic()}"
        def told():
            with contextlib.suppress(rados.Error), self.cluster.admin.open_ioctx(self.pool) as ioctx:
                ioctx.notify("log.watched", text, timeout_ms=5000)
            return self.logs.heard_of(text)
        wait_until("a notify", told, PATIENCE)

    def finish(self, errors=(), heard=True):
        """The cluster is whole again: goes on, then stops and is checked. `errors` are the errno that may be."""
        self.cluster.wait_clean()
        if not errors:
            self.progress()
        if heard:
            self.heard()
        places = [writer.stop(within=90) for writer in self.writers]
        if errors and CACHE:
            # What was acknowledged since the last flush that succeeded may be lost.
            places[0] = recall(self.journal, cached=True)
        stats = self.stats()
        self.side.close()
        self.slowest = max(stats["slowest"] for stats in stats)
        for stats_of in stats:
            assert not stats_of["wrong"], f"read back: {stats_of['wrong']}"
            if errors:
                print(f"    errors: {stats_of['errors']}")
            strange = set(stats_of["errors"]) - {str(error) for error in errors}
            assert not strange, f"errors: {stats_of['errors']}"
        self.check(*places)
        return stats

    def check(self, blocks, logs):
        """What is there is what was acknowledged, as the original library reads it."""
        checker = Side("original")
        image = checker.image(self.pool, "image")
        wrong = checker.new("verified.check_image", image, 1, blocks)
        # The lock is to be had.
        image.write(b"mine", 0)
        image.close()
        wrong += checker.new("verified.check_logs", checker.pool(self.pool), "log.", 2, logs)
        checker.close()
        assert not wrong, "\n".join(wrong[:10])
        self.cluster.drop_pool(self.pool)

    def close(self):
        """After a failure."""
        if self.side.child.poll() is None:
            self.side.kill()


@case
def nothing(_cluster, load):
    """No fault: the load itself is sound."""
    last(2)
    load.progress()


@case
def osd_killed(cluster, load):
    """An OSD is killed and comes back."""
    cluster.script("kill", "osd.0")
    load.progress()
    last(2)
    cluster.script("restart", "osd.0")


@case
def osd_killed_at_once_back(cluster, load):
    """OSDs are killed and restarted one after the other, each before anybody knows that it is down."""
    for osd in cluster.osds:
        cluster.script("restart", f"osd.{osd}")
        load.progress()
        cluster.wait_clean()


@case
def osd_frozen(cluster, load):
    """An OSD does not answer for 8 s: longer than the others wait before they call it down."""
    cluster.script("freeze", "osd.1")
    last(8)
    cluster.script("thaw", "osd.1")


@case
def osd_frozen_shortly(cluster, load):
    """An OSD does not answer for 2 s: nobody calls it down."""
    for _ in range(2):
        cluster.script("freeze", "osd.2")
        last(2)
        cluster.script("thaw", "osd.2")
        load.progress()


@case
def monitor_killed(cluster, load):
    """The monitor that the client talks to is killed, and an OSD while it is away."""
    ours = peers(load.side.child.pid) & {cluster.port + 2 * n for n in range(3)}
    assert ours, "the client talks to no monitor"
    names = ["mon." + "abc"[(port - cluster.port) // 2] for port in ours]
    if len(names) == 3:
        names.pop()
    cluster.script("kill", names[0])
    load.progress()
    status = load.side.cluster.mon_command('{"prefix": "status", "format": "json"}', b"", within=PATIENCE)
    assert status[0] == 0 and json.loads(status[1])["quorum"], status
    cluster.script("kill", "osd.1")
    load.progress()
    cluster.script("restart", "osd.1")
    cluster.script("restart", names[0])


@case
def monitors_without_quorum(cluster, load):
    """Two of three monitors are killed: the load goes on without them, commands wait for their return."""
    cluster.script("kill", "mon.b")
    cluster.script("kill", "mon.c")
    last(2)
    load.progress()
    cluster.script("restart", "mon.b")
    status = load.side.cluster.mon_command('{"prefix": "status", "format": "json"}', b"", within=PATIENCE)
    assert status[0] == 0, status
    cluster.script("restart", "mon.c")


@case
def socket_failures(cluster, load):
    """Every OSD breaks one of about 100 reads and writes of its sockets."""
    for osd in cluster.osds:
        cluster.tell(osd, "config set", var="ms_inject_socket_failures", val=["100"])
    last(8)
    load.progress()
    for osd in cluster.osds:
        # An answer may be lost with its connection.
        wait_until("sound sockets", functools.partial(sound, cluster, osd), PATIENCE)


def sound(cluster, osd):
    """Ends the injection."""
    try:
        cluster.tell(osd, "config set", var="ms_inject_socket_failures", val=["0"])
        return True
    except (RuntimeError, rados.Error):
        return False


@case
def groups_doubled(cluster, load):
    """pg_num is doubled twice: objects move to other placement groups."""
    for number in (32, 64):
        cluster.command("osd pool set", pool=load.pool, var="pg_num", val=str(number))
        cluster.command("osd pool set", pool=load.pool, var="pgp_num", val=str(number))
        wait_until("more placement groups", lambda wanted=number: cluster.command(
            "osd pool get", pool=load.pool, var="pg_num")["pg_num"] == wanted)
        load.progress()
        cluster.wait_clean()


@case
def osd_out_and_in(cluster, load):
    """An OSD is out, its data moves, and in again."""
    cluster.command("osd out", ids=["0"])
    load.progress()
    last(3)
    cluster.command("osd in", ids=["0"])


@case
def primary_moves(cluster, load):
    """Primary affinity and a reweight: other OSDs answer for the same placement groups."""
    for osd, weight in ((0, 0.0), (1, 0.0), (0, 1.0), (1, 1.0)):
        cluster.command("osd primary-affinity", id=osd, weight=weight)
        load.progress()
    cluster.command("osd reweight", id=2, weight=0.3)
    load.progress()
    cluster.command("osd reweight", id=2, weight=1.0)


def pool_flags(cluster, pool):
    """The flags of a pool, as the monitors name them."""
    return next(p["flags_names"] for p in cluster.command("osd dump")["pools"] if p["pool_name"] == pool)


@case
def pool_at_quota(cluster, load):
    """A pool reaches its quota: writes wait, and go on when it is lifted."""
    cluster.command("osd pool set-quota", pool=load.pool, field="max_objects", val="1")
    wait_until("a full pool", lambda: "full" in pool_flags(cluster, load.pool))
    load.quiet()
    last(2)
    cluster.command("osd pool set-quota", pool=load.pool, field="max_objects", val="0")


@case
def cluster_full(cluster, load):
    """All OSDs are called full: writes wait, and go on when they are not."""
    for name, ratio in (("nearfull", 0.001), ("backfillfull", 0.002), ("full", 0.003)):
        cluster.command(f"osd set-{name}-ratio", ratio=ratio)
    try:
        wait_until("a full pool", lambda: "full" in pool_flags(cluster, load.pool))
        load.quiet()
        last(2)
    finally:
        for name, ratio in (("full", 0.95), ("backfillfull", 0.9), ("nearfull", 0.85)):
            cluster.command(f"osd set-{name}-ratio", ratio=ratio)


@case
def paused(cluster, load):
    """The flags pauserd and pausewr."""
    cluster.command("osd set", key="pause")
    load.quiet()
    cluster.command("osd unset", key="pause")


@case
def blocklisted(cluster, load):
    """The client is blocklisted: it is told so, and another one takes over what it had acknowledged."""
    with cluster.admin.open_ioctx(load.pool) as ioctx, rbd.Image(ioctx, "image") as image:
        owner = list(image.lock_get_owners())[0]["owner"]
    cluster.command("osd blocklist", blocklistop="add", addr=owner)
    wait_until("both writers' errors", lambda: all("-108" in s["errors"] or "108" in s["errors"]
                                                   for s in load.stats()), PATIENCE)
    load.finish(errors=(108, -108, "watch 108"), heard=False)
    cluster.command("osd blocklist", blocklistop="rm", addr=owner)


def tickets(library):
    """On a cluster of its own, every ticket and every rotating key lives for some seconds only."""
    cluster = Cluster("tickets", mons=1, place=1,
                      options=[*OPTIONS, "auth_service_ticket_ttl=6", "auth_mon_ticket_ttl=12"])
    load = None
    try:
        load = Load(cluster, library, "tickets")
        last(15)
        # A new connection needs a ticket that is valid now.
        cluster.script("restart", "osd.0")
        load.progress()
        cluster.wait_clean()
        last(8)
        cluster.script("restart", "osd.1")
        return load.finish(), load
    finally:
        if load:
            load.close()
        cluster.close()


def run_one(name, cluster, library):
    """Runs a case. Returns what is said about it."""
    begin = time.monotonic()
    load = None
    try:
        if name == "tickets":
            stats, load = tickets(library)
        else:
            load = Load(cluster, library, name)
            stats = CASES[name](cluster, load) or (load.finish() if name != "blocklisted" else None)
        done = "" if stats is None else f", {stats[0]['done']} and {stats[1]['done']} operations"
        result = f"ok ({time.monotonic() - begin:.0f} s{done}, the slowest {load.slowest:.1f} s)"
    except Exception:  # pylint: disable=broad-except
        traceback.print_exc()
        if load:
            print([writer.stats() for writer in load.writers] if load.side.child.poll() is None else "ended")
        result = "FAILED"
    finally:
        if load:
            load.close()
    return result


def main():
    """Parses the command line and runs."""
    parser = argparse.ArgumentParser(prog="run.sh", description=__doc__.splitlines()[0])
    parser.add_argument("library", nargs="?", choices=["original", "ours"])
    parser.add_argument("-l", "--list", action="store_true", help="list the cases")
    parser.add_argument("cases", nargs="*", metavar="CASE")
    options = parser.parse_args()
    names = [*CASES, "tickets"]
    if options.list or options.library is None:
        for name in names:
            print(f"{name}: {(CASES.get(name) or tickets).__doc__}")
        return
    for name in options.cases:
        if name not in names:
            parser.error(f"no case {name}")
    failed = 0
    chosen = options.cases or names
    cluster = None
    try:
        for name in chosen:
            if cluster is None and name != "tickets":
                cluster = Cluster("faults", options=OPTIONS)
            result = run_one(name, cluster, options.library)
            print(f"{name}: {result}", flush=True)
            if result == "FAILED":
                failed += 1
                # Whatever it left broken: the next case has a new one.
                cluster = cluster and cluster.close()
    finally:
        if cluster:
            cluster.close()
    print(f"{len(chosen) - failed} of {len(chosen)} survived")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
