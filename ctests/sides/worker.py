#!/usr/bin/python3
"""The process of a `Side`: runs calls that come as lines of JSON, on whichever libraries way.sh gave it."""

import base64
import faulthandler
import hashlib
import itertools
import json
import os
import signal
import sys

import rados
import rbd
import verified

ROOTS = {"rados": rados, "rbd": rbd, "verified": verified}
SIMPLE = (type(None), bool, int, float, str)

objects = {}
numbers = itertools.count(1)


def connect(conf):
    """A connection by the usual configuration file, with some options changed."""
    handle = rados.Rados(conffile="", conf={key: str(value) for key, value in conf.items()})
    handle.connect(timeout=30)
    return handle


def diff(image, offset, length, since, with_parent, whole_object):
    """What diff_iterate calls back with."""
    found = []
    image.diff_iterate(offset, length, since, lambda *extent: found.append(list(extent)), with_parent, whole_object)
    return found


def digest(image):
    """SHA-256 of the whole content."""
    found = hashlib.sha256()
    for offset in range(0, image.size(), 4 << 20):
        found.update(image.read(offset, min(4 << 20, image.size() - offset)))
    return found.hexdigest()


ROOTS["worker"] = sys.modules[__name__]


def unpack(value):
    """A value as it came over the pipe."""
    if isinstance(value, list):
        return [unpack(v) for v in value]
    if isinstance(value, dict):
        if "bytes" in value:
            return base64.b64decode(value["bytes"])
        if "object" in value:
            return objects[value["object"]]
        return {k: unpack(v) for k, v in value["dict"]}
    return value


def pack(value):
    """A result for the pipe: iterators as lists, anything that is not data stays here and goes by number."""
    if isinstance(value, SIMPLE):
        return value
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {"dict": [[k, pack(v)] for k, v in value.items()]}
    if isinstance(value, (list, tuple, set)) or (hasattr(value, "__next__") and hasattr(value, "__iter__")):
        return [pack(v) for v in value]
    # python3-rbd's own iterators begin again each time.
    if hasattr(value, "__iter__") and not isinstance(value, (rbd.Image, rados.Ioctx)):
        return [pack(v) for v in value]
    number = next(numbers)
    objects[number] = value
    return {"object": number}


def answer(request):
    """Runs one call."""
    if request["on"] is None:
        module, name = request["name"].split(".")
        function = getattr(ROOTS[module], name)
    else:
        function = getattr(objects[request["on"]], request["name"])
    try:
        result = function(*[unpack(v) for v in request["args"]],
                          **{k: unpack(v) for k, v in request["keywords"].items()})
        return {"result": pack(result)}
    except Exception as error:  # pylint: disable=broad-except
        return {"error": [type(error).__name__, getattr(error, "errno", None), str(error)]}


def main():
    """Until the input ends."""
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
    for kind in (rbd.Image, rados.Ioctx, rados.Rados):
        for value in objects.values():
            if isinstance(value, kind):
                value.shutdown() if kind is rados.Rados else value.close()
    # Not by way of the interpreter's end, which throws objects away while threads of the original still run.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
