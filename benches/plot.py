#!/usr/bin/python3
"""Turns what run.sh measured into a table and a chart of ratios."""

import datetime
import json
import pathlib
import platform
import statistics
import sys

# Job, its title, and the ratio that is asked for.
JOBS = [
    ("randwrite-4k-1", "4 KiB random write, depth 1", 0.8),
    ("randwrite-4k-32", "4 KiB random write, depth 32", 0.8),
    ("randread-4k-1", "4 KiB random read, depth 1", 0.8),
    ("randread-4k-32", "4 KiB random read, depth 32", 0.8),
    ("write-1m", "1 MiB sequential write", 0.95),
    ("read-1m", "1 MiB sequential read", 0.95),
    ("randwrite-4k-32-flush", "4 KiB random write, depth 32, flush after 32", None),
]
SNAPSHOT = ("4 KiB random write after a snapshot, against qcow2", 3.0)


def job_result(out, job, target, round_number):
    """Operations per second, and CPU microseconds per operation, of all threads."""
    result = json.loads((out / f"{job}.{target}.{round_number}.json").read_text())
    return result["iops"], result["cpu_us"]


def collect(out):
    """The medians over the rounds: ratios are taken within a round."""
    rows = []
    for job, title, wanted in JOBS:
        rounds = sorted(int(path.name.split(".")[-2]) for path in out.glob(f"{job}.rbd.*.json"))
        pairs = [(job_result(out, job, "rbd", n), job_result(out, job, "file", n)) for n in rounds]
        floors = [(ours[0], job_result(out, job, "floor", n)[0]) for n, (ours, _) in zip(rounds, pairs)
                  if (out / f"{job}.floor.{n}.json").exists()]
        rows.append({
            "title": title, "wanted": wanted,
            "ours": statistics.median(ours[0] for ours, _ in pairs),
            "other": statistics.median(other[0] for _, other in pairs),
            "ratio": statistics.median(ours[0] / other[0] for ours, other in pairs),
            "cpu_us": statistics.median(ours[1] for ours, _ in pairs),
            "other_cpu_us": statistics.median(other[1] for _, other in pairs),
            "floor": statistics.median(floor for _, floor in floors) if floors else None,
            "floor_ratio": statistics.median(ours / floor for ours, floor in floors) if floors else None,
        })
    times = [(float((out / f"snapshot.rbd.{n}").read_text()), float((out / f"snapshot.qcow2.{n}").read_text()))
             for n in sorted(int(path.name.split(".")[-1]) for path in out.glob("snapshot.rbd.*"))]
    rows.append({
        "title": SNAPSHOT[0], "wanted": SNAPSHOT[1], "cpu_us": None, "other_cpu_us": None, "floor_ratio": None,
        "ours": statistics.median(5000 / ours for ours, _ in times),
        "other": statistics.median(5000 / other for _, other in times),
        "ratio": statistics.median(other / ours for ours, other in times),
    })
    return rows


def processor():
    """The processor's name."""
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def table(rows, idle, when):
    """The table as Markdown."""
    lines = [f"Measured on {when}: {processor()}, {idle['cores']} cores, Linux {platform.release()}. Operations per"
             " second, median of the rounds; a ratio is taken within a round. The other side is a raw sparse file"
             " with io_uring, or qcow2 where it says so, on the same disk through the same page cache. What fio's engine"
             " allows is what it reaches on that file with a library that does nothing else (benches/floor.c).", "",
             "| what | ours | other | ratio | asked for | CPU per operation, ours / other (µs) |"
             " of what fio's engine allows |",
             "|---|---:|---:|---:|---:|---:|---:|"]
    for row in rows:
        wanted = "" if row["wanted"] is None else f"≥ {row['wanted']:g}"
        cpu = "" if row["cpu_us"] is None else f"{row['cpu_us']:.1f} / {row['other_cpu_us']:.1f}"
        floor = "" if row["floor_ratio"] is None else f"{row['floor_ratio']:.2f} of {row['floor']:,.0f}"
        lines.append(f"| {row['title']} | {row['ours']:,.0f} | {row['other']:,.0f} | **{row['ratio']:.2f}** |"
                     f" {wanted} | {cpu} | {floor} |")
    lines += ["", "| what | measured | asked for |", "|---|---:|---:|",
              f"| open + stat + close, CPU | {idle['open_stat_close_cpu_ms']:.2f} ms | < 2 ms |",
              f"| resident memory, one idle image | {idle['resident_kib'] / 1024:.1f} MiB | < 15 MiB |",
              f"| threads with 100 open images | {idle['threads_100_images']} | ≤ {idle['cores'] + 2} |"]
    return "\n".join(lines) + "\n"


def chart(rows, path, title, axis):
    """The ratios as bars, with a mark at what is asked for."""
    import matplotlib  # pylint: disable=import-outside-toplevel
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "oxirados"
    from matplotlib import pyplot  # pylint: disable=import-outside-toplevel
    figure, axes = pyplot.subplots(figsize=(9, 0.5 * len(rows) + 1.2))
    places = list(range(len(rows)))[::-1]
    reached = [row["wanted"] is None or row["ratio"] >= row["wanted"] for row in rows]
    axes.barh(places, [row["ratio"] for row in rows], height=0.6,
              color=["#2e7d6b" if ok else "#c0702f" for ok in reached])
    for place, row in zip(places, rows):
        axes.text(row["ratio"] + 0.03, place, f"{row['ratio']:.2f}", va="center", fontsize=9)
        if row["wanted"] is not None:
            axes.plot([row["wanted"]] * 2, [place - 0.4, place + 0.4], color="#222222", linewidth=2)
    axes.axvline(1, color="#888888", linewidth=0.8, linestyle="--")
    axes.set_yticks(places, [row["title"] for row in rows], fontsize=9)
    axes.set_xlabel(axis, fontsize=8)
    axes.set_title(title, fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main():
    """plot.py OUT RESULTS"""
    out, results = map(pathlib.Path, sys.argv[1:])
    when = datetime.date.today().isoformat()
    rows, idle = collect(out), json.loads((out / "open.json").read_text())
    (results / "results.json").write_text(json.dumps({"date": when, "rows": rows, "idle": idle}, indent=1) + "\n")
    (results / "table.md").write_text(table(rows, idle, when))
    chart(rows, results / "ratios.svg", f"embedded store, {when}",
          "operations per second, as a ratio to the raw file (to qcow2 in the last row); the mark is the aim")


if __name__ == "__main__":
    main()
