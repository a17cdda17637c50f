"""Writers that know what must be there: they run in a side's process, under whatever a test does to the cluster.

What a write puts into a block follows from who wrote it, where, and its number in the sequence of that writer. The
writer remembers for each block which write was acknowledged last and which were begun since: a block may hold one of
these and nothing else. Checking is done by another process, with `check_image` and `check_log`.
"""

import collections
import random
import struct
import threading
import time

import rados
import rbd

BLOCK = 4096
CELL = struct.Struct("<IIQ")


def content(writer, block, sequence):
    """A block as it was written; a torn or misplaced one differs in some cell. Number 0 is never written."""
    return CELL.pack(writer, block, sequence) * (BLOCK // CELL.size) if sequence else bytes(BLOCK)


class Ledger:
    """What may be at each place: the last acknowledged write, and those begun after it.

    With `path` it is also a file, so that it outlives a killed writer: `b PLACE NUMBER` before a write begins,
    `a PLACE NUMBER` when it is acknowledged, `F` before a flush, `f` when it ended.
    """

    def __init__(self, path=None):
        self.acknowledged = collections.defaultdict(int)
        self.begun = collections.defaultdict(list)
        self.file = open(path, "wb", buffering=0) if path else None  # pylint: disable=consider-using-with

    def note(self, line):
        """Adds a line to the file."""
        if self.file:
            self.file.write(line.encode() + b"\n")

    def begin(self, place, number):
        """A write starts."""
        self.begun[place].append(number)
        self.note(f"b {place} {number}")

    def acknowledge(self, place, number):
        """A write succeeded; what was begun before it on the place is covered by it."""
        self.acknowledged[place] = max(self.acknowledged[place], number)
        self.begun[place] = [n for n in self.begun[place] if n > number]
        self.note(f"a {place} {number}")

    def allowed(self, place):
        """The numbers that the place may hold."""
        return [self.acknowledged[place], *self.begun[place]]

    def places(self):
        """What every written place may hold, as pairs."""
        return [[place, self.allowed(place)] for place in {*self.acknowledged, *self.begun}]


def recall(path, cached):
    """What places may hold, by the file of a killed writer. What a write-back cache held may be lost back to the
    last flush; without one, an acknowledged write is there."""
    durable, current, flushing, begun = {}, {}, {}, collections.defaultdict(list)
    with open(path, encoding="ascii") as file:
        for line in file:
            what, *rest = line.split()
            if what == "b":
                begun[int(rest[0])].append(int(rest[1]))
            elif what == "a":
                current[int(rest[0])] = int(rest[1])
            elif what == "F":
                flushing = dict(current)
            else:
                durable = flushing
    if not cached:
        durable = current
    return [[place, [durable.get(place, 0), *[n for n in numbers if n > durable.get(place, 0)]]]
            for place, numbers in begun.items()]


class Writer:
    """Common to both kinds: a thread that keeps up to `depth` operations in flight until it is stopped, and begins
    no more than `pace` in a second, so that the cluster can recover beside it."""

    def __init__(self, depth, journal=None, pace=None):
        self.ledger = Ledger(journal)
        self.lock = threading.Lock()
        self.room = threading.Semaphore(depth)
        self.depth = depth
        self.pace = pace
        self.stopping = False
        self.done = 0
        self.slowest = 0.0
        self.errors = collections.Counter()
        self.wrong = []
        self.in_flight = {}
        self.thread = threading.Thread(target=self.loop, daemon=True)

    def start(self):
        """Begins."""
        self.thread.start()

    def loop(self):
        """Submits until stopped."""
        while not self.stopping:
            self.room.acquire()
            self.submit()
            if self.pace:
                time.sleep(1 / self.pace)
            if sum(self.errors.values()) > 1000:
                break

    def submit(self):
        """Starts one operation."""
        raise NotImplementedError

    def ended(self, place, begun, error):
        """Called once for each operation."""
        with self.lock:
            self.in_flight.pop(place, None)
            self.slowest = max(self.slowest, time.monotonic() - begun)
            if error:
                self.errors[error] += 1
            else:
                self.done += 1
        self.room.release()

    def stats(self):
        """Where it is: operations that succeeded, errors by errno, the oldest one in flight, what was wrong."""
        with self.lock:
            now = time.monotonic()
            return {"done": self.done, "errors": {str(k): v for k, v in self.errors.items()},
                    "oldest": max([now - begun for begun in self.in_flight.values()], default=0.0),
                    "slowest": self.slowest, "wrong": self.wrong[:5]}

    def stop(self, seconds=60.0):
        """Ends the load, waits for what is in flight, and returns what every place may hold."""
        self.stopping = True
        end = time.monotonic() + seconds
        for _ in range(self.depth):
            if not self.room.acquire(timeout=max(end - time.monotonic(), 0.01)):
                raise TimeoutError(f"{len(self.in_flight)} operations did not end")
        for _ in range(self.depth):
            self.room.release()
        self.thread.join(5)
        self.finish()
        return self.places()

    def finish(self):
        """What comes after the last operation."""

    def places(self):
        """What every place may hold, as pairs."""
        with self.lock:
            return self.ledger.places()


class ImageWriter(Writer):
    """Writes random blocks of an image, those whose number is `share[0]` modulo `share[1]`, and reads some back."""

    def __init__(self, ioctx, name, writer, share=(0, 1), depth=16, journal=None, pace=None, flush_every=200,
                 seed=1):
        super().__init__(depth, journal, pace)
        self.image = rbd.Image(ioctx, name)
        self.writer = writer
        self.free = list(range(share[0], self.image.size() // BLOCK, share[1]))
        self.random = random.Random(seed * 1000 + writer)
        self.flush_every = flush_every
        self.sequence = 0

    def submit(self):
        with self.lock:
            place = self.free.pop(self.random.randrange(len(self.free)))
            begun = self.in_flight[place] = time.monotonic()
        if self.random.random() < 0.2:
            self.read(place, begun)
        else:
            self.write(place, begun)

    def attempt(self, place, begun, function, *args):
        """Calls one of the image's functions; that it raises is the end of the operation too."""
        try:
            function(*args)
        except (rbd.Error, rados.Error) as error:
            self.over(place, begun, error.errno)

    def write(self, place, begun):
        """A write of the next number."""
        with self.lock:
            self.sequence += 1
            number = self.sequence
            self.ledger.begin(place, number)

        def complete(completion):
            result = completion.get_return_value()
            if result >= 0:
                with self.lock:
                    self.ledger.acknowledge(place, number)
            self.over(place, begun, min(result, 0))
        self.attempt(place, begun, self.image.aio_write, content(self.writer, place, number), place * BLOCK, complete)
        if number % self.flush_every == 0:
            self.flush()

    def flush(self):
        """Makes what was acknowledged before durable."""
        with self.lock:
            self.ledger.note("F")
            self.in_flight["flush"] = time.monotonic()
        try:
            self.image.flush()
            with self.lock:
                self.ledger.note("f")
        except rbd.Error as error:
            with self.lock:
                self.errors[error.errno] += 1
        with self.lock:
            self.in_flight.pop("flush")

    def read(self, place, begun):
        """A read of a block that nobody writes meanwhile."""
        with self.lock:
            allowed = self.ledger.allowed(place)

        def complete(completion, data):
            result = completion.get_return_value()
            if result >= 0 and not any(data == content(self.writer, place, n) for n in allowed):
                with self.lock:
                    self.wrong.append([place, allowed, list(CELL.unpack_from(data))])
            self.over(place, begun, min(result, 0))
        self.attempt(place, begun, self.image.aio_read, place * BLOCK, BLOCK, complete)

    def over(self, place, begun, error):
        """The end of an operation: the block is free again."""
        with self.lock:
            self.free.append(place)
        self.ended(place, begun, error)

    def finish(self):
        try:
            self.image.close()
        except rbd.Error as error:
            # What nobody flushed could not be written.
            self.errors[error.errno] += 1


class LogWriter(Writer):
    """Appends numbered records to objects, several to one object at a time: one that is lost, out of order or
    there twice shows. A notify is expected to reach it through all of it."""

    def __init__(self, ioctx, prefix, writer, logs=8, depth=16, journal=None, pace=None):
        super().__init__(depth, journal, pace)
        self.ioctx = ioctx
        self.prefix = prefix
        self.writer = writer
        self.next = collections.Counter()
        self.turn = 0
        self.logs = logs
        self.notified = []
        ioctx.write_full(f"{prefix}watched", b"")
        # None of them is ever thrown away: python3-rados would unwatch one a second time of which unwatching
        # failed, and the original crashes on that.
        self.watches = []
        self.watching = threading.Lock()
        self.rewatch(first=True)

    def rewatch(self, *_, first=False):
        """Watches (again): what a program does when its watch is said to be broken."""
        def again():
            with self.watching:
                try:
                    self.watches.append(self.ioctx.watch(f"{self.prefix}watched", self.heard, self.rewatch))
                except rados.Error as error:
                    with self.lock:
                        self.errors[f"watch {error.errno}"] += 1
        # Not on the library's thread that reports it.
        again() if first else threading.Thread(target=again, daemon=True).start()

    def heard(self, _notify, _notifier, _watch, data):
        """A notify came."""
        with self.lock:
            self.notified.append(data.decode())

    def heard_of(self, text):
        """Whether that notify came."""
        with self.lock:
            return text in self.notified

    def submit(self):
        log = self.turn = (self.turn + 1) % self.logs
        with self.lock:
            self.next[log] += 1
            number = self.next[log]
            begun = self.in_flight[(log, number)] = time.monotonic()
            self.ledger.begin(log, number)

        def complete(completion, *_):
            result = completion.get_return_value()
            if result >= 0:
                with self.lock:
                    self.ledger.note(f"a {log} {number}")
                    self.ledger.begun[log].remove(number)
                    self.ledger.acknowledged[log] += 1
            self.ended((log, number), begun, min(result, 0))
        try:
            self.ioctx.aio_append(f"{self.prefix}{log}", CELL.pack(self.writer, log, number), complete)
        except rados.Error as error:
            self.ended((log, number), begun, error.errno)

    def places(self):
        """Per log: how many records were begun, and those of which it is not known whether they are there."""
        with self.lock:
            return [[log, self.next[log], self.ledger.begun[log]] for log in range(self.logs)]

    def finish(self):
        with self.watching:
            try:
                self.watches[-1].close()
            except rados.Error:
                pass


def check_image(image, writer, places, share=(0, 1)):
    """What is wrong in an image, as text; blocks that were never written must be zeros."""
    allowed = dict(places)
    wrong = []
    data = b"".join(image.read(offset, min(4 << 20, image.size() - offset))
                    for offset in range(0, image.size(), 4 << 20))
    for place in range(share[0], len(data) // BLOCK, share[1]):
        found = data[place * BLOCK:(place + 1) * BLOCK]
        if not any(found == content(writer, place, number) for number in allowed.get(place, [0])):
            cells = sorted(set(CELL.iter_unpack(found)))
            wrong.append(f"block {place} holds {cells[:4]}, may hold {allowed.get(place, [0])}")
    return wrong


def check_logs(ioctx, prefix, writer, places):
    """What is wrong in the logs, as text."""
    wrong = []
    for log, begun, unknown in places:
        if not begun:
            continue
        try:
            size, _ = ioctx.stat(f"{prefix}{log}")
            data = b"".join(ioctx.read(f"{prefix}{log}", 1 << 20, at) for at in range(0, size, 1 << 20))
        except rados.ObjectNotFound:
            data = b""
        found = [cell[2] for cell in CELL.iter_unpack(data) if cell[:2] == (writer, log)]
        if len(found) * CELL.size != len(data) or found != sorted(set(found)):
            odd = [n for a, n in zip(found, found[1:]) if n <= a]
            wrong.append(f"log {log}: records twice or out of order: {odd[:8]}")
        if missing := set(range(1, begun + 1)) - set(unknown) - set(found):
            wrong.append(f"log {log}: {len(missing)} acknowledged records are not there: {sorted(missing)[:8]}")
        if strange := set(found) - set(range(1, begun + 1)):
            wrong.append(f"log {log}: records never written: {sorted(strange)[:8]}")
    return wrong
