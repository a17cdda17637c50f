#!/usr/bin/python3
"""Runs one job of fio and prints operations per second and CPU per operation, of all threads of the process.

fio's own usr_cpu and sys_cpu are those of its job's thread alone: what a library does in its threads is not in them.
So the process is looked at from outside, from one second after it began to its end.

    sample.py COMMAND...     fio with --output-format=json
"""

import json
import os
import pathlib
import subprocess
import sys
import time

TICK = os.sysconf("SC_CLK_TCK")
SETTLE_S = 1.0


def processes(root):
    """The process and all below it."""
    children = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def cpu(pid):
    """Seconds of CPU of all threads of a process, or None if it is gone."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()
    except OSError:
        return None
    # A dead one that nobody has waited for shows its threads no more.
    return None if fields[0] in "ZX" else (int(fields[11]) + int(fields[12])) / TICK


def sample(child):
    """CPU seconds in a second of fio and the processes that it forks for jobs."""
    begin, known, first, last = time.monotonic(), 0, None, None
    while child.poll() is None:
        time.sleep(0.05)
        used, now = [cpu(pid) for pid in processes(child.pid)], time.monotonic()
        if None in used or len(used) < known:
            # The job has ended.
            continue
        known = len(used)
        last = (sum(used), now)
        if first is None and now - begin >= SETTLE_S:
            first = last
    if first is None or last[1] - first[1] < 0.5:
        sys.exit("sample.py: too short a run")
    return (last[0] - first[0]) / (last[1] - first[1])


def main():
    """Runs it."""
    with subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True) as child:
        rate = sample(child)
        text = child.stdout.read()
    if child.returncode:
        sys.exit(f"sample.py: fio ended with {child.returncode}")
    job = json.loads(text[text.index("{"):])["jobs"][0]
    kind = job["read"] if job["read"]["total_ios"] else job["write"]
    print(json.dumps({"iops": kind["iops"], "cpu_us": rate / kind["iops"] * 1e6}))


if __name__ == "__main__":
    main()
