"""Ceph's own command line tools, on the original libraries: what they say about an image."""

import hashlib
import json
import os
import re
import subprocess


def run(*command, status=0, errors_of=None):
    """Runs a tool; its output. `status` is the exit status it must have; `errors_of` gets what it complains of."""
    environment = {key: value for key, value in os.environ.items() if key != "LD_LIBRARY_PATH"}
    done = subprocess.run(command, env=environment, capture_output=True, timeout=120, check=False)
    errors = done.stderr.decode().strip()
    assert done.returncode == status, f"{' '.join(command)}: {done.returncode}: {errors}"
    if errors_of is not None:
        errors_of.append(errors)
    return done.stdout


def rbd(*arguments, status=0):
    """Ceph's `rbd`."""
    return run("rbd", *arguments, status=status)


def rbd_json(*arguments):
    """What `rbd` says, as data."""
    return json.loads(rbd(*arguments, "--format", "json"))


def digest(spec):
    """SHA-256 of what `rbd export` reads."""
    return hashlib.sha256(rbd("export", spec, "-")).hexdigest()


def check_object_map(spec, rolled_back=False):
    """`rbd object-map check` finds nothing, and the map was not flagged as invalid before.

    What 16.2.15 alone leaves is allowed: an object may be marked as changed since the last snapshot (1) that is not
    (3), after a discard that found nothing to discard; and the other way round after a snapshot is removed of an
    image that was rolled back. The check flags the map for it, so it is rebuilt here.
    """
    before = rbd_json("info", spec)["flags"]
    assert not before, f"{spec}: {before}"
    complaints = []
    run("rbd", "object-map", "check", spec, errors_of=complaints)
    errors = re.findall(r"object map error: object (\S+ marked as \d, but should be \d)", complaints[0])
    allowed = ["marked as 1, but should be 3", *(["marked as 3, but should be 1"] if rolled_back else [])]
    wrong = [error for error in errors if not error.endswith(tuple(allowed))]
    after = rbd_json("info", spec)["flags"]
    assert not wrong and (errors or not after), f"{spec}: {wrong} {after}"
    if after:
        rbd("object-map", "rebuild", spec)


def omap(pool, name):
    """The keys and values of an object, as `rados` gives them."""
    found = {}
    for key in run("rados", "-p", pool, "listomapkeys", name).decode(errors="backslashreplace").splitlines():
        value = subprocess.run(["rados", "-p", pool, "getomapval", name, key, "/dev/stdout"],
                               capture_output=True, timeout=60, check=False)
        found[key] = value.stdout
    return found
