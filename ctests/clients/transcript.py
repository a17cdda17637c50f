"""What every Python client script shares: a connection, a pool, and a transcript that never varies.

A script prints what it did and what came back. Values that differ from run to run (ids, times, addresses)
are given a name with `hide` before they are printed.
"""

import contextlib
import faulthandler
import os
import re
import subprocess
import sys
import time
import zlib

import rados

TIMEOUT = int(os.environ.get("CTESTS_TIMEOUT", "120"))
# A hang shows where it hangs, on standard error, before the runner ends it.
faulthandler.dump_traceback_later(max(TIMEOUT - 5, 5), exit=True)

_hidden = []


def hide(value, name):
    """From now on `value` is printed as `<name>`. Returns it."""
    text = value.decode() if isinstance(value, bytes) else str(value)
    if text and text not in [known for known, _ in _hidden]:
        _hidden.append((text, name))
        _hidden.sort(key=lambda pair: -len(pair[0]))
    return value


def clean(text):
    """The text with hidden values replaced, and addresses, which are always random."""
    for value, name in _hidden:
        text = re.sub(rf"(?<![0-9a-zA-Z]){re.escape(value)}(?![0-9a-zA-Z])", f"<{name}>", text)
    text = re.sub(r"client\.\d+", "client.<n>", text)
    text = re.sub(r"(?:v[12]:)?127\.0\.0\.\d+:\d+/\d+", "<address>", text)
    return re.sub(r" at 0x[0-9a-f]+", "", text)


def show(value):
    """A value as text: long bytes as length and checksum, mappings and sets in sorted order."""
    if isinstance(value, (bytes, bytearray)):
        if len(value) > 64:
            return f"{len(value)} bytes crc32={zlib.crc32(value):08x}"
        return repr(bytes(value))
    if isinstance(value, dict):
        return "{" + ", ".join(f"{show(k)}: {show(value[k])}" for k in sorted(value, key=str)) + "}"
    if isinstance(value, (set, frozenset)):
        return "{" + ", ".join(sorted(show(v) for v in value)) + "}"
    if isinstance(value, tuple):
        return "(" + ", ".join(show(v) for v in value) + ")"
    if isinstance(value, list):
        return "[" + ", ".join(show(v) for v in value) + "]"
    return repr(value)


def section(title):
    """A heading."""
    print(f"== {title}")


def say(label, value=None):
    """One line: what, and its value."""
    print(f"{label}: {clean(show(value))}")


def failure(error):
    """An exception as text: its class and errno; the wording belongs to the Python module."""
    number = getattr(error, "errno", None)
    return type(error).__name__ + (f" errno={number}" if number is not None else "")


def attempt(label, function, *args, **keywords):
    """Calls, prints the result or the exception, and returns the result (None after an exception)."""
    try:
        result = function(*args, **keywords)
    except Exception as error:  # pylint: disable=broad-except
        print(f"{label}: raised {failure(error)}")
        return None
    print(f"{label}: {clean(show(result))}")
    return result


def wait_until(label, condition, seconds=15.0):
    """Polls until `condition` holds and prints whether it did."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            print(f"{label}: yes")
            return True
        time.sleep(0.02)
    print(f"{label}: no, not within {seconds:g} s")
    return False


def pattern(length, seed=0):
    """Bytes that are different at every place and for every seed."""
    block = b"".join(((seed * 40503 + n * 2654435761) % 2**32).to_bytes(4, "little") for n in range(1024))
    whole = bytearray()
    for n in range(-(-length // len(block))):
        whole += n.to_bytes(4, "big") + block[4:]
    return bytes(whole[:length])


@contextlib.contextmanager
def cluster(**conf):
    """A connection by the usual configuration file."""
    handle = rados.Rados(conffile="", conf={key: str(value) for key, value in conf.items()})
    handle.connect(timeout=30)
    hide(handle.get_fsid(), "fsid")
    hide(handle.get_instance_id(), "instance")
    try:
        yield handle
    finally:
        handle.shutdown()


@contextlib.contextmanager
def new_pool(handle, name, application=None):
    """An I/O context on a new pool, which goes when the block ends."""
    if handle.pool_exists(name):
        handle.delete_pool(name)
    handle.create_pool(name)
    ioctx = handle.open_ioctx(name)
    if application:
        ioctx.application_enable(application)
    try:
        yield ioctx
    finally:
        ioctx.close()
        handle.delete_pool(name)


class Other:
    """A second process: the same script with a role as its argument, spoken to in lines."""

    def __init__(self, role, *args):
        self.child = subprocess.Popen([sys.executable, "-u", "-B", sys.argv[0], role, *args],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        """Sends a line and returns the line that answers it."""
        self.tell(line)
        return self.hear()

    def tell(self, line):
        """Sends a line."""
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()

    def hear(self):
        """The next line that the other process prints, cleaned."""
        return clean(self.child.stdout.readline().rstrip("\n"))

    def close(self):
        """Ends its input and waits for it."""
        self.child.stdin.close()
        self.child.stdout.read()
        return self.child.wait(30)

    def kill(self):
        """Kills it without warning."""
        self.child.kill()
        return self.child.wait(30)


def main(body, **roles):
    """Runs the script's body, or the role that its first argument names."""
    if len(sys.argv) > 1:
        roles[sys.argv[1]](*sys.argv[2:])
    else:
        body()
    sys.stdout.flush()
