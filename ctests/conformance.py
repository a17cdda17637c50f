#!/usr/bin/python3
"""Writes the conformance table of ctests/README.md from the transcripts of the last runs.

`ctests/run.sh all` leaves a transcript of every program for every way. Each line `rados_x(...): result` in
one is a check of rados_x; a function without a result (the steps of operations) is counted where the
programs call it, and checked by what the operation then answers.
"""

import collections
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
BEGIN, END = "<!-- conformance -->\n", "<!-- end -->\n"
WAYS = ["original", "cluster", "store"]


def names():
    """The functions of librados, in order."""
    lines = (HERE / "abi/symbols.tsv").read_text().splitlines()
    return sorted({line.split("\t")[0] for line in lines if line.startswith("rados_")})


def written():
    """How often the C programs call each function."""
    count = collections.Counter()
    for program in HERE.glob("r*/*.c"):
        count.update(re.findall(r"\b(rados_\w+)\(", program.read_text()))
    count.update(re.findall(r"\b(rados_\w+)\(", (HERE / "transcript.h").read_text()))
    return count


def answered(work, way):
    """For each function the lines of the transcripts that begin with it: program and line."""
    found = collections.defaultdict(list)
    for program in sorted(HERE.glob("r*/*.c")):
        name = f"{program.parent.name}_{program.name}"
        path = work / "scratch" / way / name / "transcript"
        if not path.exists():
            return None
        for line in path.read_text(errors="backslashreplace").splitlines():
            if match := re.match(r"(rados_\w+)\(.*\): (\S+)$", line):
                found[match[1]].append((name, line, match[2]))
    return found


def results(lines):
    """The different results, numbers from 1 on as one."""
    seen = {"n" if re.fullmatch(r"[1-9]\d*", result) else result for _, _, result in lines}
    return " ".join(sorted(seen, key=lambda text: (text.startswith("-"), text)))


def verdict(original, ours):
    """Whether ours answered the same, line by line."""
    if ours is None:
        return "not run"
    differing = sum((collections.Counter(original) - collections.Counter(ours)).values())
    return "same" if not differing else f"{differing} differ"


def table(work):
    """The table, as lines."""
    lines = {way: answered(work, way) for way in WAYS}
    if lines["original"] is None:
        sys.exit("no transcripts: ctests/run.sh all first")
    calls = written()
    yield "| function | calls | results on the original | ours, cluster | ours, store |"
    yield "|---|---|---|---|---|"
    for name in names():
        original = lines["original"][name]
        row = [f"`{name}`", str(calls[name]), results(original) or "(none of its own)"]
        for way in WAYS[1:]:
            ours = lines[way] and lines[way][name]
            row.append(verdict(original, ours) if original else "-")
        yield "| " + " | ".join(row) + " |"


def main():
    """Replaces the table."""
    work = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else HERE.parent / "target/ctests")
    readme = HERE / "README.md"
    before, rest = readme.read_text().split(BEGIN)
    after = rest.split(END)[1]
    readme.write_text(before + BEGIN + "\n".join(table(work)) + "\n" + END + after)


if __name__ == "__main__":
    main()
