#!/usr/bin/python3
"""python3-rados, python3-rbd: the log: where it goes, how much of it, and that no key is in it.

What stands in it is each library's own; what is compared is where it appears and that levels count.
"""

import os
import pathlib
import re
import subprocess
import sys

import rados
import rbd
from transcript import attempt, cluster, main, new_pool, say, section

SKIPPED = 77
POOL = "ctests_log"
QUIET = {f"debug_{name}": "0" for name in ["ms", "rados", "rbd", "objecter", "monc", "auth", "mgrc"]}
OURS = os.environ.get("CTESTS_WAY") == "cluster"


def work(*options):
    """Does a little of everything, with these options; in a process of its own."""
    with cluster(**{**QUIET, **dict(option.split("=", 1) for option in options)}) as handle:
        use(handle)


def use(handle):
    """A little of everything."""
    with handle.open_ioctx(POOL) as io:
        io.write_full("object", b"content")
        io.read("object")
        try:
            io.read("no such object")
        except rados.ObjectNotFound:
            pass
        with rbd.Image(io, "image") as image:
            image.write(b"x" * 4096, 0)
            image.read(0, 4096)


def lines(path):
    """How many lines a log has, which may not be there."""
    return len(path.read_text(errors="replace").splitlines()) if path.exists() else 0


def run(*options, role="work"):
    """The role in a process of its own; what it wrote to standard error."""
    ended = subprocess.run([sys.executable, "-u", "-B", sys.argv[0], role, *options], text=True,
                           capture_output=True, check=False)
    if ended.returncode:
        print(ended.stdout, ended.stderr, sep="")
    return ended.stderr


def secrets():
    """The keys of the keyring."""
    keyring = pathlib.Path(os.environ["CEPH_CONF"]).parent / "keyring"
    return re.findall(r"key = (\S+)", keyring.read_text(encoding="utf-8"))


def levels():
    """More at higher levels, of the right kind."""
    section("levels")
    words = {"ms": "osd_op", "rados": "", "rbd": "image", "objecter": "osd.", "monc": "mon."}
    keys = secrets()
    say("keys to look for", bool(keys))
    for name, word in words.items():
        counts = {}
        for level in [0, 1, 5, 10, 20]:
            path = pathlib.Path(f"{name}.{level}.log").absolute()
            path.unlink(missing_ok=True)
            run(f"log_file={path}", f"debug_{name}={level}")
            text = path.read_text(errors="replace") if path.exists() else ""
            if any(key in text for key in keys):
                print(f"{name} {level}: a key in the log")
            counts[level] = lines(path)
        say(f"{name}: quiet at 0", counts[0])
        say(f"{name}: more at 10 than at 0, at 20 than at 1", (counts[10] > counts[0], counts[20] > counts[1]))
        say(f"{name}: says {word!r}", word in text)
        grows = counts[0] <= counts[1] <= counts[5] <= counts[10] <= counts[20]
        if OURS and not (grows and counts[20] > counts[1]):
            print(f"{name}: {counts}")


def places():
    """Where it goes."""
    section("places")
    path = pathlib.Path("place.log").absolute()
    noisy = "debug_ms=1"
    for options in [[f"log_file={path}"], [f"log_file={path}", "log_to_file=false"], ["log_file="],
                    ["log_to_stderr=true", "log_file="], ["log_to_stderr=true", f"log_file={path}"],
                    ["err_to_stderr=true", "log_file="]]:
        path.unlink(missing_ok=True)
        errors = run(noisy, *options)
        label = " ".join(options).replace(f"{path.parent}/", "")
        say(label, {"file": lines(path) > 0, "stderr": bool(errors)})
    bad = "keyring=/nowhere/keyring"
    for options in [["log_file="], ["err_to_stderr=true", "log_file="], ["err_to_stderr=true", f"log_file={path}"]]:
        path.unlink(missing_ok=True)
        errors = run(bad, *options, role="fails")
        label = " ".join(options).replace(f"{path.parent}/", "")
        say(f"an error: {label}", {"file": lines(path) > 0, "stderr": bool(errors)})


def fails(*options):
    """Does not get in."""
    try:
        work(*options)
    except rados.Error:
        pass


def runtime():
    """Changed while connected."""
    section("changed while connected")
    path, other = pathlib.Path("runtime.log").absolute(), pathlib.Path("other.log").absolute()
    path.unlink(missing_ok=True)
    other.unlink(missing_ok=True)
    with cluster(**QUIET, log_file=path) as handle:
        def grows(label, log):
            before = lines(log)
            use(handle)
            say(f"{label}: lines come", lines(log) > before)
        grows("at 0", path)
        for name in ["ms", "objecter", "rbd", "rados"]:
            attempt(f"debug_{name} to 20", handle.conf_set, f"debug_{name}", "20")
            grows("at 20", path)
            attempt(f"debug_{name} to 0", handle.conf_set, f"debug_{name}", "0")
            grows("at 0 again", path)
        attempt("debug_ms to 1", handle.conf_set, "debug_ms", "1/5")
        attempt("another file", handle.conf_set, "log_file", str(other))
        grows("another file", other)
        grows("the file before", path)
        attempt("not to a file", handle.conf_set, "log_to_file", "false")
        grows("not to a file", other)
        attempt("to a file again", handle.conf_set, "log_to_file", "true")
        grows("to a file again", other)


def body():
    """Everything."""
    if os.environ.get("CTESTS_WAY") == "store":
        print("an embedded store has no sessions to tell of")
        sys.exit(SKIPPED)
    with cluster(**QUIET, log_file="") as handle, new_pool(handle, POOL, "rbd") as io:
        rbd.RBD().create(io, "image", 1 << 20)
        levels()
        places()
        runtime()


main(body, work=work, fails=fails)
