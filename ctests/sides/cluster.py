"""The cluster under a test: started, broken and watched, by cluster.sh and by commands over the original library."""

import contextlib
import json
import os
import pathlib
import subprocess
import time

import rados

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
SCRIPT = TOP / "ctests/cluster.sh"
WORK = pathlib.Path(os.environ.get("CTESTS_WORK", TOP / "target" / "ctests"))


class Cluster:
    """One of our own; with `shared`, the one of CTESTS_CLUSTER if there is one, which is left running.

    Until it is closed, sides that are started are on it. `place` tells clusters apart that run at once.
    """

    def __init__(self, name, osds=3, mons=3, replicas=2, options=(), place=0, shared=False):
        self.before = {key: os.environ.get(key) for key in ("CTESTS_CLUSTER", "CEPH_CONF")}
        self.directory = self.before["CTESTS_CLUSTER"] if shared else None
        self.ours = self.directory is None
        self.port = int(os.environ.get("CTESTS_PORT", "20100")) + 100 * place
        if self.ours:
            self.directory = str(WORK / name)
            self.script("remove")
            print(f"starting a real cluster: {mons} monitors, {osds} OSDs, {replicas} replicas", flush=True)
            self.script("start", str(osds), str(self.port), str(mons), str(replicas), *options)
        os.environ["CTESTS_CLUSTER"] = self.directory
        os.environ["CEPH_CONF"] = self.directory + "/ceph.conf"
        self.admin = rados.Rados(conffile=self.directory + "/ceph.conf")
        self.admin.connect(timeout=30)
        self.osds = sorted(self.command("osd ls"))

    def script(self, action, *args):
        """Runs cluster.sh on it."""
        subprocess.run([str(SCRIPT), action, self.directory, *args], check=True, stdout=subprocess.DEVNULL)

    def command(self, prefix, **arguments):
        """A monitor command; its output as JSON if it has any. Raises if the monitor refuses."""
        result, output, text = self.admin.mon_command(
            json.dumps({"prefix": prefix, "format": "json", **arguments}), b"")
        if result:
            raise RuntimeError(f"{prefix}: {result} {text}")
        return json.loads(output) if output.strip() else text

    def tell(self, osd, prefix, **arguments):
        """A command to an OSD."""
        result, output, text = self.admin.osd_command(osd, json.dumps({"prefix": prefix, **arguments}), b"")
        if result:
            raise RuntimeError(f"osd.{osd} {prefix}: {result} {text}")
        return output

    def pool(self, name, pg_num=16):
        """A new empty pool for images."""
        self.drop_pool(name)
        self.command("osd pool create", pool=name, pg_num=pg_num)
        self.command("osd pool application enable", pool=name, app="rbd")
        self.wait_clean()

    def drop_pool(self, name):
        """Deletes it, if it is there."""
        if self.admin.pool_exists(name):
            self.admin.delete_pool(name)

    def clean(self):
        """Whether every placement group is active and clean, and every OSD up and in."""
        status = self.command("status")
        groups, osds = status["pgmap"], status["osdmap"]
        states = {state["state_name"] for state in groups.get("pgs_by_state", [])}
        pools = sum(pool["pg_num"] for pool in self.command("osd dump")["pools"])
        return (states <= {"active+clean", "active+clean+snaptrim", "active+clean+snaptrim_wait"}
                and groups["num_pgs"] == pools and osds["num_up_osds"] == osds["num_in_osds"] == len(self.osds))

    def wait_clean(self, seconds=120):
        """Waits for that."""
        wait_until("a clean cluster", self.clean, seconds)

    def close(self):
        """Stops it if it is ours."""
        with contextlib.suppress(rados.Error):
            self.admin.shutdown()
        if self.ours:
            self.script("stop")
        for key, value in self.before.items():
            os.environ.pop(key)
            if value is not None:
                os.environ[key] = value


def wait_until(what, condition, seconds=60.0):
    """Polls until the condition holds; returns its value."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(0.1)
    return value


def peers(pid):
    """The TCP ports of loopback that a process is connected to."""
    inodes = set()
    for entry in os.scandir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            target = os.readlink(entry.path)
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    found = set()
    for line in pathlib.Path(f"/proc/{pid}/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        # 01 is an established connection.
        if fields[9] in inodes and fields[3] == "01":
            found.add(int(fields[2].split(":")[1], 16))
    return found
