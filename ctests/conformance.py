#!/usr/bin/python3
"""librados function by function: what was checked, from the transcripts of the last runs.

    conformance.py [WORK]           writes the table of ctests/README.md
    conformance.py --check [WORK]   fails where a function has no check of success, or a documented error
                                    neither a check on every way nor a reason in rados/unprovoked.tsv

`ctests/run.sh all` leaves a transcript of every program for every way, in WORK. A line `rados_x(...): result` in
one is a check of rados_x; so is `rados_x, answered: result`, which a program prints (ANSWER) for what has no result
of its own: an asynchronous call, a step of an operation. What a program insists on (MUST) is a check of success.

The documented errors of a function are those that its comment names in Ceph's header or in ours, and where ours says
"like" another or "errors as" it, that one's.
"""

import argparse
import collections
import errno
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
HEADERS = [HERE.parent / "include/rados/librados.h", pathlib.Path("/usr/include/rados/librados.h")]
BEGIN, END = "<!-- conformance -->\n", "<!-- end -->\n"
WAYS = ["original", "cluster", "store"]
# How Ceph's header and ours say: minus 4095, minus the place of the first difference.
MISMATCH = "-4095-n"
SAME = {"-ENOTSUP": "-EOPNOTSUPP", "-MAX_ERRNO": MISMATCH, "-4095": MISMATCH}
# A declaration behind its comment: comment, type of the result, name.
DECLARATION = re.compile(
    r"/\*\*((?:(?!\*/).)*)\*/\s*(?:CEPH_RADOS_API)?\s*([^;{}/#]*?)\b(rados_\w+)\s*\(", re.S)
CHECK = re.compile(r"(?:[^(\"]*: )?(rados_\w+)(?:\(.*\)[^:]*| with [^:]*|, answered)?: (-?\w+)\b")


def names():
    """The functions of librados, in order."""
    lines = (HERE / "abi/symbols.tsv").read_text().splitlines()
    return sorted({line.split("\t")[0] for line in lines if line.startswith("rados_")})


def documented():
    """For each function the errors that a header names, and whether it has a result."""
    errors, inherits, has_result = collections.defaultdict(set), {}, {}
    for header in filter(pathlib.Path.exists, HEADERS):
        for comment, kind, name in DECLARATION.findall(header.read_text()):
            text = re.sub(r"\s*\n\s*\*\s?", " ", comment)
            found = re.findall(r"-(?:E[A-Z0-9]+|MAX_ERRNO|4095)\b", text)
            errors[name] |= {SAME.get(error, error) for error in found}
            has_result.setdefault(name, "int" in kind or "size_t" in kind)
            if other := re.search(r"(?:[Ll]ike|errors as|old name of|checksums as|same as) `(rados_\w+)`", text):
                inherits.setdefault(name, other[1])
    for name in list(inherits):
        at = name
        while at := inherits.get(at):
            errors[name] |= errors[at]
    return errors, has_result


def excused():
    """The documented errors that nothing here provokes, with the reason: `function error reason` by tabs."""
    lines = (HERE / "rados/unprovoked.tsv").read_text().splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {(function, error): reason for function, error, reason in rows}


def programs():
    """The C programs, of which each leaves a transcript."""
    return sorted([*HERE.glob("r*/*.c"), *HERE.glob("pools/*.c"), *HERE.glob("newer/*.c")])


def written(pattern):
    """How often the C programs have the pattern around a function's name."""
    count = collections.Counter()
    for program in [*programs(), HERE / "transcript.h"]:
        count.update(re.findall(pattern, program.read_text()))
    return count


def answered(work, way):
    """For each function the lines of the transcripts that are checks of it: program, line, result."""
    found = collections.defaultdict(list)
    for program in programs():
        name = f"{program.parent.name}_{program.name}"
        path = work / "scratch" / way / name / "transcript"
        if program.parent.name == "newer" and way == "original":
            path = program.with_suffix(".txt")
        if not path.exists():
            continue
        for line in path.read_text(errors="backslashreplace").splitlines():
            if match := CHECK.match(line):
                found[match[1]].append((name, line, match[2]))
    return found


def kind(result):
    """A result as the table shows it: numbers from 1 on as one, and those of comparisons."""
    if re.fullmatch(r"[1-9]\d*", result):
        return "n"
    if re.fullmatch(r"-\d{4,}", result):
        return MISMATCH
    if re.fullmatch(r"-\d+", result):
        result = "-" + errno.errorcode[-int(result)]
    return SAME.get(result, result)


def kinds(lines):
    """The different results."""
    return {kind(result) for _, _, result in lines}


def verdict(original, ours, ran):
    """Whether ours answered the same, line by line, in the programs that ran: some need a cluster."""
    if not ours:
        return "not run"
    original = [line for line in original if line[0] in ran]
    differing = sum((collections.Counter(original) - collections.Counter(ours)).values())
    return "same" if not differing else f"{differing} differ"


class Conformance:
    """What was documented and what was seen."""

    def __init__(self, work):
        self.lines = {way: answered(work, way) for way in WAYS}
        if not self.lines["original"]:
            sys.exit("no transcripts: ctests/run.sh all first")
        self.ran = {way: {line[0] for lines in self.lines[way].values() for line in lines} for way in WAYS}
        self.errors, self.has_result = documented()
        self.excuses = excused()
        self.calls = written(r"\b(rados_\w+)\(")
        self.musts = written(r"\bMUST\((rados_\w+)\(")

    def checked(self, name, error):
        """Whether the error was seen on every way."""
        return all(error in kinds(self.lines[way][name]) for way in WAYS)

    def succeeded(self, name):
        """Whether the function was seen to succeed: where it says nothing, whether it is called."""
        if self.musts[name] or any(not result.startswith("-") for result in kinds(self.lines["original"][name])):
            return True
        return not self.has_result.get(name, True) and self.calls[name] > 0

    def faults(self):
        """What `make test` must not accept, a line each."""
        for name in names():
            if not self.succeeded(name) and (name, "success") not in self.excuses:
                yield f"{name}: no check of success"
            for error in sorted(self.errors[name]):
                excuse = (name, error) in self.excuses
                if self.checked(name, error) and excuse:
                    yield f"{name}: {error} is provoked: take it out of rados/unprovoked.tsv"
                if not self.checked(name, error) and not excuse:
                    seen = [way for way in WAYS if error in kinds(self.lines[way][name])]
                    yield f"{name}: {error} is documented, seen on: {' '.join(seen) or 'no way'}"
        for name, error in self.excuses:
            if error not in self.errors[name] | {"success"}:
                yield f"{name}: {error} stands in rados/unprovoked.tsv and in no header"

    def row(self, name):
        """A function's row."""
        original = self.lines["original"][name]
        results = sorted(kinds(original), key=lambda text: (text.startswith("-"), text))
        errors = [error if self.checked(name, error) else f"({error})" for error in sorted(self.errors[name])]
        cells = [f"`{name}`", str(self.calls[name]), " ".join(results) or "-", " ".join(errors) or "-"]
        for way in WAYS[1:]:
            cells.append(verdict(original, self.lines[way][name], self.ran[way]) if original else "-")
        return "| " + " | ".join(cells) + " |"

    def table(self):
        """The table, as lines."""
        yield "| function | calls | results on the original | documented errors | ours, cluster | ours, store |"
        yield "|---|---|---|---|---|---|"
        yield from map(self.row, names())
        reasons = collections.defaultdict(list)
        for (name, error), reason in self.excuses.items():
            reasons[reason].append(f"`{name}` {error}")
        yield from ["", "In brackets, documented but not provoked here:", ""]
        yield from (f"* {', '.join(where)}: {reason}" for reason, where in reasons.items())


def main():
    """Replaces the table, or checks."""
    parser = argparse.ArgumentParser(description="What was checked of librados, function by function.")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("work", nargs="?", type=pathlib.Path, default=HERE.parent / "target/ctests")
    options = parser.parse_args()
    this = Conformance(options.work)
    if options.check:
        faults = list(this.faults())
        print("\n".join(faults) or "every function succeeded, every documented error was provoked or has its reason")
        sys.exit(1 if faults else 0)
    readme = HERE / "README.md"
    before, rest = readme.read_text().split(BEGIN)
    after = rest.split(END)[1]
    readme.write_text(before + BEGIN + "\n".join(this.table()) + "\n" + END + after)


if __name__ == "__main__":
    main()
