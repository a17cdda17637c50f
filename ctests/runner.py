#!/usr/bin/python3
"""Runs client programs on the original libraries and on ours, and compares what they print.

Programs are scripts in clients/ and C files in rados/, rbd/ and newer/. Each prints a transcript: the same
text on every run, because ids and times in it are replaced by names. The reference transcript is what the
program prints with the distribution's libraries on a real cluster; for newer/, whose functions those do not
have, what it printed with 20.2.4's, which stands beside it and is made anew where CTESTS_NEWER names a folder
with a Debian that has them (matrix.sh install sid).
"""

import argparse
import difflib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent
WORK = pathlib.Path(os.environ.get("CTESTS_WORK", TOP / "target" / "ctests"))
TIMEOUT = int(os.environ.get("CTESTS_TIMEOUT", "120"))
SKIPPED = 77
# What runs on our libraries for each word of the command line.
OURS = {"original": [], "store": ["store"], "cluster": ["cluster"], "both": ["store"],
        "all": ["cluster", "store"]}


class Quirks:
    """The accepted differences of quirks.md: for each way and script, pairs of an original line and ours."""

    def __init__(self, path):
        self.pairs = {}
        script, original = None, None
        for line in path.read_text().splitlines():
            if heading := re.match(r"## ([\w/.]+\.(?:py|sh|c))\b", line):
                script, original = heading[1], None
            elif found := re.match(r"- original: `(.*)`$", line):
                original = found[1]
            elif (found := re.match(r"- (store|cluster): `(.*)`$", line)) and original is not None:
                self.pairs.setdefault((found[1], script), []).append((original, found[2]))

    def apply(self, way, script, original, transcript):
        """Rewrites accepted lines of `original` to what `transcript` may say. Returns it and unused pairs."""
        unused = []
        for want, ours in self.pairs.get((way, script), []):
            used = False
            for n, line in enumerate(original):
                if line is None or not same(want, line):
                    continue
                candidates = [found for found in transcript if same(ours, found)] if ours else [None]
                if candidates:
                    original[n] = candidates[0]
                    used = True
            if not used:
                unused.append(want)
        return [line for line in original if line is not None], unused


def same(pattern, line):
    """Whether a quirk's line, which may end in `*`, is this line of a transcript."""
    if pattern.endswith("*"):
        return line.strip().startswith(pattern[:-1])
    return line.strip() == pattern


def scripts():
    """All programs, in the order in which they run."""
    found = sorted(HERE.glob("rados/*.c")) + sorted(HERE.glob("rbd/*.c"))
    found += sorted(HERE.glob("pools/*.c"))
    helpers = {"monitor.py", "transcript.py"}
    found += sorted(HERE.glob("newer/*.c"))
    found += [p for p in sorted(HERE.glob("clients/*.py")) if p.name not in helpers]
    found += [p for p in sorted(HERE.glob("clients/*.sh")) if p.name != "lib.sh"]
    found.append(HERE / "format.py")
    return [str(p.relative_to(HERE)) for p in found]


def within(name):
    """The programs of a folder, or the one of this name."""
    return [script for script in scripts() if script.startswith(name.rstrip("/") + "/")] or [name]


def command(script):
    """The argument list that runs a script; a C program is built first, once for both ways."""
    path = HERE / script
    if path.suffix == ".py":
        return ["/usr/bin/python3", "-u", "-B", str(path)]
    if path.suffix == ".sh":
        return ["/bin/bash", str(path)]
    program = WORK / "bin" / script.removesuffix(".c").replace("/", "_")
    program.parent.mkdir(parents=True, exist_ok=True)
    # Only ours has what came after the distribution's libraries.
    is_newer = script.startswith("newer/")
    links = [f"-L{os.environ.get('CTESTS_LIB', TOP / 'target/dist/lib')}"] if is_newer else []
    gcc = ["gcc", "-std=gnu11", "-g", "-O1", "-Wall", "-Wextra", "-Werror"]
    # By the headers of the distribution's package and by ours: the program is of both.
    if not is_newer:
        subprocess.run([*gcc, "-fsyntax-only", str(path)], check=True)
    subprocess.run(
        [*gcc, f"-I{TOP / 'include'}", "-o", str(program), str(path), *links, "-lrbd", "-lrados", "-lpthread"],
        check=True)
    return [str(program)]


def limit(script):
    """How many seconds it may take: what changes the cluster waits for OSDs again and again."""
    return TIMEOUT * 3 if script.startswith("pools/") else TIMEOUT


def clear(scratch):
    """An empty scratch directory, also where a killed script left something mounted."""
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        if (mount := line.split()[1]).startswith(f"{scratch}/"):
            subprocess.run(["umount", "-l", mount], check=False)
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)


def run(way, script, environment):
    """Runs one script one way. Returns its exit status and transcript; a hang is status -9."""
    scratch = WORK / "scratch" / way / script.replace("/", "_")
    clear(scratch)
    environment = dict(environment, CTESTS_STORE=str(scratch / "store"), CTESTS_SCRATCH=str(scratch),
                       CTESTS_TOP=str(TOP), CTESTS_TIMEOUT=str(limit(script)), PYTHONHASHSEED="0")
    output, errors = scratch / "transcript", scratch / "stderr"
    try:
        argv = command(script)
    except subprocess.CalledProcessError:
        errors.touch()
        return 1, "does not compile\n"
    with output.open("wb") as out, errors.open("wb") as err:
        child = subprocess.Popen([str(HERE / "way.sh"), way, *argv], stdin=subprocess.DEVNULL,
                                 stdout=out, stderr=err, env=environment, cwd=scratch,
                                 start_new_session=True)
        try:
            status = child.wait(limit(script))
        except subprocess.TimeoutExpired:
            status = -9
        # Whatever the script left behind goes with it: the group is ours, the script led it.
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        child.wait()
    return status, output.read_text(errors="backslashreplace")


def describe(script, status, scratch):
    """A line or two on why a run failed."""
    tail = (scratch / "stderr").read_text(errors="backslashreplace").splitlines()[-12:]
    reason = f"no end after {limit(script)} s" if status == -9 else f"exit status {status}"
    return "\n".join(f"    {line}" for line in [reason, *tail])


def compare(way, script, reference, ours, quirks):
    """The unified diff of two transcripts with accepted differences taken out; empty when equal."""
    transcript = ours.splitlines()
    original, unused = quirks.apply(way, script, reference.splitlines(), transcript)
    diff = list(difflib.unified_diff(original, transcript, "original", way, lineterm="", n=2))
    diff += [f"quirk that did not occur: {line}" for line in unused]
    return diff


class Cluster:
    """The real cluster: the one named by CTESTS_CLUSTER, or our own, started when first needed."""

    def __init__(self):
        self.directory = os.environ.get("CTESTS_CLUSTER")
        self.started = False

    def environment(self):
        """The environment of a run on it."""
        if self.directory is None:
            port = os.environ.get("CTESTS_PORT", "20100")
            # Two calls may run at once, at different ports.
            self.directory = str(WORK / f"cluster{port}")
            self.script("remove")
            print("starting a real cluster ...", flush=True)
            # Three OSDs: what is erasure-coded needs as many.
            self.script("start", "3", port)
            self.started = True
        return dict(os.environ, CTESTS_CLUSTER=self.directory)

    def script(self, action, *args):
        """Runs cluster.sh on our directory."""
        subprocess.run([str(HERE / "cluster.sh"), action, self.directory, *args], check=True,
                       stdout=subprocess.DEVNULL)

    def close(self):
        """Stops the cluster if this run started it."""
        if self.started:
            self.script("stop")


class Run:
    """One call of run.sh."""

    def __init__(self, options):
        self.way = options.way
        self.show = options.print
        self.quirks = Quirks(HERE / "quirks.md")
        self.cluster = Cluster()
        self.references = pathlib.Path(os.environ.get("CTESTS_REFERENCE", WORK / "reference"))
        self.diffs = pathlib.Path(os.environ.get("CTESTS_DIFFS", WORK / "diffs"))
        # Why programs failed, said again at the end: of a long output often only the last lines are kept.
        self.failures = []

    def reference(self, script, fresh):
        """The reference transcript, run now if `fresh` or never recorded. None if that run fails."""
        kept, way = self.references / (script + ".txt"), "original"
        if script.startswith("newer/"):
            kept, way = HERE / (script.removesuffix(".c") + ".txt"), "newer"
            fresh = fresh and "CTESTS_NEWER" in os.environ
        if not fresh and kept.exists():
            return kept.read_text()
        for _ in range(2):
            status, text = run(way, script, self.cluster.environment())
            if status in (0, SKIPPED):
                break
            # On a busy machine the original hangs at times; ours has one attempt only.
            report = text + describe(script, status, WORK / "scratch" / way / script.replace("/", "_"))
            print(report)
        if status == SKIPPED:
            return text
        if status != 0:
            self.failures.append(f"{script} on the original:\n{report}")
            return None
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(text)
        return text

    def one(self, script):
        """Runs one script every way that was asked for; returns `ok`, `skipped`, or why not."""
        fresh = self.way in ("original", "both", "all")
        reference = self.reference(script, fresh)
        if reference is None:
            return "FAILED on the original"
        if self.way == "original" and self.show:
            print(reference)
        ways = [way for way in OURS[self.way] if way != "store" or not script.startswith("pools/")]
        if OURS[self.way] and not ways:
            return "skipped: for clusters only"
        ours = {way: self.ours(way, script) for way in ways}
        result, reports = self.judge(script, reference, ours)
        if reports and fresh:
            # Ours has one attempt. But what the original says once by the way of a busy machine is no reference.
            again = self.reference(script, True)
            if again not in (None, reference):
                print(f"{script}: the original says something else the second time, which counts")
                result, reports = self.judge(script, again, ours)
        for way in ways:
            kept = self.diffs / way / (script + ".txt")
            kept.unlink(missing_ok=True)
            if way in reports:
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_text(reports[way] + "\n")
                self.failures.append(f"{script} on our {way}:\n{reports[way]}")
                print(reports[way])
        return result

    def ours(self, way, script):
        """Runs one script on our libraries: its exit status and transcript."""
        environment = self.cluster.environment() if way == "cluster" else dict(os.environ)
        status, transcript = run(way, script, environment)
        if self.show:
            print(transcript)
        return status, transcript

    def judge(self, script, reference, ours):
        """Compares with the original's transcript: the first result that is not `ok`; why, by way that failed."""
        results, reports = [], {}
        for way, (status, transcript) in ours.items():
            if status == SKIPPED:
                results.append("skipped: " + (transcript.strip().splitlines() or [""])[-1])
                continue
            diff = compare(way, script, reference, transcript, self.quirks)
            if status == 0 and not diff:
                results.append("ok")
                continue
            if status != 0:
                diff.append(describe(script, status, WORK / "scratch" / way / script.replace("/", "_")))
            reports[way] = "\n".join(diff)
            differing = sum(line[:1] in "+-" for line in diff)
            results.append(f"FAILED on our {way} ({differing} lines differ, status {status})")
        return next((result for result in results if result != "ok"), "ok"), reports

    def all(self, names):
        """Runs all scripts; returns how many failed."""
        failed = 0
        for script in names:
            begin = time.monotonic()
            result = self.one(script)
            print(f"{script}: {result} ({time.monotonic() - begin:.1f} s)", flush=True)
            failed += result.startswith("FAILED")
        print(f"{len(names) - failed} of {len(names)} agree with the original"
              if self.way != "original" else f"{len(names) - failed} of {len(names)} ran")
        if len(names) > 1:
            print("".join(f"again, {failure}\n" for failure in self.failures), end="", flush=True)
        return failed


def main():
    """Parses the command line and runs."""
    parser = argparse.ArgumentParser(
        prog="run.sh", description="Runs client programs on the original libraries and on ours.",
        epilog="Environment: CTESTS_CLUSTER (a running cluster to use), CTESTS_PORT (where to start one),"
               " CTESTS_LIB (our libraries), CTESTS_NEWER (a folder with Debian sid's Ceph), CTESTS_REFERENCE and"
               " CTESTS_DIFFS (where transcripts and differences are kept), CTESTS_TIMEOUT (seconds for one script).")
    parser.add_argument("way", nargs="?", default="both", choices=list(OURS))
    parser.add_argument("-p", "--print", action="store_true", help="print the transcript")
    parser.add_argument("scripts", nargs="*", metavar="SCRIPT", help="or a folder of them")
    options = parser.parse_intermixed_args()
    named = [name.removeprefix("./").removeprefix("ctests/") for name in options.scripts]
    names = [name for one in named for name in within(one)] if named else scripts()
    for name in names:
        if not (HERE / name).is_file():
            parser.error(f"no {name} in {HERE}")
    this = Run(options)
    try:
        failed = this.all(names)
    finally:
        this.cluster.close()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
