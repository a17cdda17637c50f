#!/usr/bin/python3
"""Turns what run.sh measured on a real cluster into a table and a chart of ratios, ours to the original's."""

import datetime
import functools
import json
import os
import pathlib
import platform
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import plot  # noqa: E402  pylint: disable=wrong-import-position

# Jobs that keep all cores busy on the original, each operation of which the OSDs carry out by itself.
BUSY = {"randread-4k-32-off", "randread-4k-32-on", "randwrite-4k-32-off", "objects-4k"}
# Job, its title, the ratio of throughput that is asked for, and whether its CPU is one of the aims.
IMAGE_JOBS = [
    ("randread-4k-1", "4 KiB random read, depth 1", 1.0, True),
    ("randread-4k-32", "4 KiB random read, depth 32", 1.3, True),
    ("randwrite-4k-1", "4 KiB random write, depth 1", 1.0, True),
    ("randwrite-4k-32", "4 KiB random write, depth 32", 1.3, True),
]
JOBS = [(f"{job}-{cache}", f"{title}, cache {cache}", wanted, cpu)
        for job, title, wanted, cpu in IMAGE_JOBS for cache in ("off", "on")]
JOBS += [("read-1m-on", "1 MiB sequential read", 1.0, False), ("write-1m-on", "1 MiB sequential write", 1.0, False)]
OBJECT_JOBS = [(size, kind, f"{title} objects, {kind}, depth {depth}", 1.0)
               for size, title, depth in (("4k", "4 KiB", 32), ("4m", "4 MiB", 8)) for kind in ("write", "read")]
CPU_WANTED = 0.4
# Of `open`: key, title, unit, divisor, ratio that is asked for.
IDLE = [("connect_open_close_ms", "connect + open + close", "ms", 1, 0.5),
        ("resident_kib", "resident memory, one image open and read", "MiB", 1024, 0.3)]
THREADS = [("threads", "threads, one image"), ("threads_40_images", "threads, 40 images on two connections")]


def pairs(out, name, read):
    """What `read` makes of both sides' files of a job, round by round."""
    rounds = sorted(int(path.name.split(".")[-2]) for path in out.glob(f"{name}.cluster.*.json"))
    return [(read(out / f"{name}.cluster.{n}.json"), read(out / f"{name}.original.{n}.json")) for n in rounds]


def result(path, kind=None):
    """Operations per second, and client CPU microseconds per operation."""
    found = json.loads(path.read_text())
    found = found[kind] if kind else found
    return found["iops"], found["cpu_us"]


def limit(measured):
    """The ratio that a client without any CPU time would reach, if what the original takes of the cores went to OSDs."""
    shares = (iops * cpu_us / 1e6 / os.cpu_count() for _, (iops, cpu_us) in measured)
    return statistics.median(1 / (1 - share) for share in shares)


def row(job, title, wanted, measured, cpu_wanted=None):
    """The medians over the rounds: ratios are taken within a round."""
    return {"limit": limit(measured) if job in BUSY else None,
            "title": title, "wanted": wanted, "cpu_wanted": cpu_wanted,
            "ours": statistics.median(ours[0] for ours, _ in measured),
            "other": statistics.median(other[0] for _, other in measured),
            "ratio": statistics.median(ours[0] / other[0] for ours, other in measured),
            "cpu_us": statistics.median(ours[1] for ours, _ in measured),
            "other_cpu_us": statistics.median(other[1] for _, other in measured),
            "cpu_ratio": statistics.median(ours[1] / other[1] for ours, other in measured)}


def collect(out):
    """The rows of what was measured, and the figures of `open`."""
    rows = []
    for job, title, wanted, cpu in JOBS:
        if measured := pairs(out, job, result):
            rows.append(row(job, title, wanted, measured, CPU_WANTED if cpu else None))
    for size, kind, title, wanted in OBJECT_JOBS:
        if measured := pairs(out, f"objects-{size}", functools.partial(result, kind=kind)):
            rows.append(row(f"objects-{size}", title, wanted, measured))
    return rows, pairs(out, "open", lambda path: json.loads(path.read_text()))


def table(rows, idle, when):
    """The table as Markdown."""
    lines = [f"Measured on {when}: {plot.processor()}, Linux {platform.release()}; 3 OSDs of Ceph 16.2.15 on the same"
             " machine. Operations per second, median of the rounds; a ratio is taken within a round. The other side"
             " is the original library of 16.2.15. The limit is what a client that needs no CPU at all would reach, if"
             " the OSDs got what the original takes of the cores.", "",
             "| what | ours | original | ratio | asked for | limit | CPU per operation, ours / original (µs) | ratio |"
             " asked for |",
             "|---|---:|---:|---:|---:|---:|---:|---:|---:|"]
    for found in rows:
        cpu_wanted = "" if found["cpu_wanted"] is None else f"≤ {found['cpu_wanted']:g}"
        bound = "" if found["limit"] is None else f"{found['limit']:.2f}"
        lines.append(f"| {found['title']} | {found['ours']:,.0f} | {found['other']:,.0f} | **{found['ratio']:.2f}** |"
                     f" ≥ {found['wanted']:g} | {bound} | {found['cpu_us']:.1f} / {found['other_cpu_us']:.1f} |"
                     f" **{found['cpu_ratio']:.2f}** | {cpu_wanted} |")
    if idle:
        lines += ["", "| what | ours | original | ratio | asked for |", "|---|---:|---:|---:|---:|"]
        for key, title, unit, divisor, wanted in IDLE:
            ours, other = (statistics.median(side[key] for side in sides) / divisor for sides in zip(*idle))
            lines.append(f"| {title} | {ours:.1f} {unit} | {other:.1f} {unit} | **{ours / other:.2f}** | ≤ {wanted:g} |")
        for key, title in THREADS:
            ours, other = (max(side[key] for side in sides) for sides in zip(*idle))
            lines.append(f"| {title} | **{ours}** | {other} | | ≤ {idle[0][0]['cores'] + 2} |")
    return "\n".join(lines) + "\n"


def main():
    """plot.py OUT RESULTS"""
    out, results = map(pathlib.Path, sys.argv[1:])
    when = datetime.date.today().isoformat()
    rows, idle = collect(out)
    (results / "cluster.json").write_text(json.dumps(
        {"date": when, "rows": rows, "idle": [{"ours": ours, "original": other} for ours, other in idle]},
        indent=1) + "\n")
    (results / "cluster.md").write_text(table(rows, idle, when))
    if rows:
        plot.chart(rows, results / "cluster.svg", f"real cluster, {when}",
                   "operations per second, as a ratio to the original library; the mark is the aim")


if __name__ == "__main__":
    main()
