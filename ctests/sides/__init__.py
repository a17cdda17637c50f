"""Two libraries in one test: a process per side, on the original libraries or on ours, called as if it were here.

    a, b = Side("ours"), Side("original")
    image = a.new("rbd.Image", a.pool("p"), "image")     an object that lives in a's process
    image.write(b"x", 0)                                 runs there; bytes and results come back

The process that imports this is on the original libraries always: the cluster is steered by them, and what the
tests believe is what Ceph says. Every call has an end: a side that does not answer in time is a `Hang`.
"""

import base64
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
WAYS = {"original": "original", "ours": "cluster"}


class Failed(Exception):
    """A call that raised on the other side: the class of the exception, its errno if it had one."""

    def __init__(self, kind, number, text):
        super().__init__(f"{kind}: {text}")
        self.kind = kind
        self.errno = number


class Hang(Exception):
    """A call that did not come back."""


class Died(Exception):
    """A side whose process ended."""


class Remote:
    """An object of a side's process. Its methods are called there."""

    def __init__(self, side, number):
        self._side = side
        self._number = number

    def __getattr__(self, name):
        def method(*args, within=None, **keywords):
            return self._side.call(self._number, name, args, keywords, within)
        return method

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Side:
    """A process on one of the libraries."""

    def __init__(self, library, conf=None, within=60.0):
        self.library = library
        self.within = within
        # What it says when it fails goes to our own standard error.
        self.child = subprocess.Popen(
            [str(TOP / "ctests/way.sh"), WAYS[library], "/usr/bin/python3", "-u", "-B", str(HERE / "worker.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ, PYTHONPATH=str(HERE)))
        self.lines = []
        self.arrived = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()
        self.cluster = self.new("worker.connect", conf or {})
        self.api = self.new("rbd.RBD")

    def __str__(self):
        return self.library

    def _read(self):
        """Collects the lines of answers, so that waiting for one can have an end."""
        for line in self.child.stdout:
            with self.arrived:
                self.lines.append(line)
                self.arrived.notify()
        with self.arrived:
            self.lines.append("")
            self.arrived.notify()

    def new(self, name, *args, **keywords):
        """Calls a function or class of the modules there, such as rbd.Image."""
        return self.call(None, name, args, keywords, None)

    def pool(self, name):
        """An I/O context."""
        return self.cluster.open_ioctx(name)

    def image(self, pool, name, **keywords):
        """An open image, of a pool by its name."""
        return self.new("rbd.Image", self.pool(pool), name, **keywords)

    def start(self, on, name, args, keywords):
        """Sends a call. Its answer is fetched with `finish`; one at a time."""
        request = {"on": on, "name": name, "args": [pack(a) for a in args],
                   "keywords": {k: pack(v) for k, v in keywords.items()}}
        try:
            self.child.stdin.write(json.dumps(request) + "\n")
            self.child.stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise Died(f"{self.library} ended: {self.child.wait()}") from error

    def finish(self, what, within=None):
        """The answer to the last call."""
        within = within or self.within
        with self.arrived:
            if not self.arrived.wait_for(lambda: self.lines, within):
                self.dump()
                raise Hang(f"{self.library}: {what} did not end within {within:g} s")
            line = self.lines.pop(0)
        if not line:
            raise Died(f"{self.library} ended in {what}: {self.child.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(*answer["error"])
        return self.unpack(answer["result"])

    def call(self, on, name, args, keywords, within):
        """Calls and waits."""
        self.start(on, name, args, keywords)
        return self.finish(name, within)

    def unpack(self, value):
        """A value as it came over the pipe."""
        if isinstance(value, list):
            return [self.unpack(v) for v in value]
        if isinstance(value, dict):
            if "bytes" in value:
                return base64.b64decode(value["bytes"])
            if "object" in value:
                return Remote(self, value["object"])
            return {k: self.unpack(v) for k, v in value["dict"]}
        return value

    def dump(self):
        """Has the process say on standard error where its threads are."""
        self.child.send_signal(signal.SIGUSR1)
        if subprocess.run(["which", "gdb"], stdout=subprocess.DEVNULL, check=False).returncode == 0:
            time.sleep(1)
            subprocess.run(["gdb", "-p", str(self.child.pid), "-batch", "-ex", "thread apply all bt 12"],
                           stdout=2, stderr=subprocess.DEVNULL, check=False)

    def kill(self):
        """SIGKILL."""
        self.child.kill()
        self.child.wait()

    def close(self):
        """Ends the process in an orderly way; what it still has open is closed by its end."""
        if self.child.poll() is None:
            self.child.stdin.close()
            try:
                if (status := self.child.wait(self.within)) != 0:
                    raise Died(f"{self.library} ended with {status}")
            except subprocess.TimeoutExpired as error:
                self.dump()
                self.kill()
                raise Hang(f"{self.library} did not end") from error


def pack(value):
    """A value for the pipe. Objects of the other process go by number."""
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, Remote):
        return {"object": value._number}  # pylint: disable=protected-access
    if isinstance(value, (list, tuple)):
        return [pack(v) for v in value]
    if isinstance(value, dict):
        return {"dict": [[k, pack(v)] for k, v in value.items()]}
    return value
