#!/usr/bin/env python3
"""What librados answers about configuration, as text to compare. No cluster is needed.

    transcript.py [--lib librados.so.2] [--seed 1] [--files 2000] [--arguments 1500]
    transcript.py --connect /etc/ceph/ceph.conf     what a connected handle still accepts

The library is found as any program finds it (LD_LIBRARY_PATH). The same arguments make the same
questions, so two libraries agree when their transcripts are the same bytes: see run.sh.

Each part runs in a process of its own, forked before any handle exists: the original keeps the
first CEPH_ARGS it saw, and ends the process where it dislikes an argument. What only differs
because of such habits is not asked here; quirks.md beside this has the list.
"""

import argparse
import ctypes
import os
import random
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, "..", "..", "src", "conf", "options.tsv")
ENVIRONMENT = ("CEPH_CONF", "CEPH_ARGS", "CEPH_KEYRING", "CEPH_LIB", "PID", "HOME")

ROWS = {}
with open(TABLE, encoding="ascii") as table:
    for row in table:
        row = (row.rstrip("\n").split("\t") + [""] * 7)[:7]
        ROWS[row[0]] = row

# Setting these has effects outside the configuration: name look-ups, files, memory.
SIDE_EFFECTS = [
    name
    for name, row in ROWS.items()
    if (name.startswith("log_") and row[1] != "bool") or "graylog" in name
] + ["lockdep", "log_to_syslog", "err_to_syslog"]


class Handle:
    """A rados_t that is never connected."""

    def __init__(self, library, cluster="", name="client.admin"):
        self.c = library
        self.handle = ctypes.c_void_p()
        self.made = library.rados_create2(
            ctypes.byref(self.handle), cluster.encode(), name.encode(), ctypes.c_uint64(0)
        )

    def get(self, key):
        size = 4096
        buffer = ctypes.create_string_buffer(size)
        r = self.c.rados_conf_get(self.handle, key.encode(), buffer, ctypes.c_size_t(size))
        return repr(buffer.value.decode("utf-8", "backslashreplace")) if r == 0 else r

    def set(self, key, value):
        return self.c.rados_conf_set(self.handle, key.encode(), value.encode())

    def file(self, path):
        return self.c.rados_conf_read_file(self.handle, path and path.encode())

    def env(self, name):
        return self.c.rados_conf_parse_env(self.handle, name.encode())

    def argv(self, words):
        array = (ctypes.c_char_p * (len(words) + 1))(*[w.encode() for w in words], None)
        return self.c.rados_conf_parse_argv(self.handle, len(words), array)

    def remainder(self, words):
        array = (ctypes.c_char_p * (len(words) + 1))(*[w.encode() for w in words], None)
        rest = (ctypes.c_char_p * (len(words) + 1))()
        r = self.c.rados_conf_parse_argv_remainder(self.handle, len(words), array, rest)
        return r, [w.decode() for w in rest if w is not None] if r == 0 else []

    def end(self):
        self.c.rados_shutdown(self.handle)


def part(work):
    """Runs work in a child and says if the child did not end as it should."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            work()
            sys.stdout.flush()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    if status != 0:
        print(f"{work.__name__}: ended by {status:#x}")


def options():
    for cluster, name in (("", "client.admin"), ("ceph", "client.foo.bar"), ("zz", "osd.3")):
        h = Handle(LIBRARY, cluster, name)
        print(f"## handle {cluster!r} {name!r}: {h.made}")
        for option in ROWS:
            print(f"{option} = {h.get(option)}")
        h.end()
    for key in (" mon  host ", "mon-host", "Mon Host", "nope", "", " ", "no_rbd_cache"):
        h = Handle(LIBRARY)
        print(f"get {key!r}: {h.get(key)}  set: {h.set(key, 'true')}  get: {h.get(key)}")
        h.end()


def small_buffers():
    h = Handle(LIBRARY)
    h.set("mon_host", "abcdef")
    for size in (0, 1, 3, 6, 7, 8):
        buffer = ctypes.create_string_buffer(b"\xaa" * 9, 9)
        r = LIBRARY.rados_conf_get(h.handle, b"mon_host", buffer, ctypes.c_size_t(size))
        print(f"get into {size}: {r} {buffer.raw.hex()}")
    h.end()


GENERIC = (
    "0 1 -1 5 true FALSE yes abc 1.5 4M 4K 1Ki 1B 18446744073709551615 9223372036854775807 "
    "9223372036854775808 -9223372036854775808 1e400 1e-400 0x10 inf nan -nan 1min $cluster a/b@c "
    "1/2 3/ 99/100 +5 5- 0.1234565 1e-320 -0 .5 5. 1e 1,2 layering read,write 4097 2147483648 "
    "-2147483649 10E 20E 16777216T 8388608T 1KK 1Kx BB B K 1i 0x1p4 NAN(1) infinity 1_000 - "
    "1.2.3.4 1.2.3.4:5 1.2.3.4:70000 v1:1.2.3.4:5/6 [::1]:5 any:1.2.3.4 "
    "[v2:1.2.3.4:5,v1:1.2.3.4:6] [1.2.3.4] [1.2.3.4 ::1 1.2.3.4,5.6.7.8 "
    "11111111-2222-3333-4444-555555555555 1111111111111111111111111111111a "
    "{11111111-2222-3333-4444-555555555555}"
).split(" ") + ["", " ", " 7", "7 ", "2h 30m", "1 d", "1 2"]
GENERIC += ["layering, striping", "layering,layering"]


def values():
    h = Handle(LIBRARY, "ceph")
    for name, (_, kind, _, low, high, _, permitted) in ROWS.items():
        if name in SIDE_EFFECTS:
            continue
        texts = list(GENERIC)
        for bound in filter(None, (low, high)):
            if kind == "float":
                texts += [bound, repr(float(bound) * 1.01 - 1e-9), repr(float(bound) - 1e-6)]
            else:
                texts += [bound, str(int(bound) - 1), str(int(bound) + 1)]
        if permitted:
            texts += permitted.split("|") + [permitted.split("|")[-1].upper()]
        for text in texts:
            print(f"set {name} {text!r}: {h.set(name, text)} {h.get(name)}")
    h.end()


WATCHED = (
    "mon_host log_file debug_ms rbd_cache keyring rados_osd_op_timeout rbd_cache_size "
    "crush_location no_config_file fsid rbd_default_features"
).split()
TOKENS = (
    ["mon_host", "mon host", " log file ", "log_file", "debug_ms", "debug ms", "rbd_cache"]
    + ["=", " = ", "=", "\n", "\n", "\n", " ", "\t", "#", "; c", "# x", "\\", "\\\n", "\\\r\n"]
    + ["\r\n", "\r", "[global]", "[client]", "[client.admin]", "[osd]", "[", "]", '"', "'", '"a b"']
    + ["'x'", "a", "b,c", "1", "2/3", "true", "false", "$cluster", "$name", "$mon_host", "$id"]
    + ["$type", "${log_file}", "$", "${", "$home", "$home/x", "$host", "$$", "${nope}", "$nope_x"]
    + ["4M", "10s"]
    + ["\x0b", "\x0c", "\x7f", "[global]\n", "mon_host = x\n", "log_file = $mon_host\n"]
)
HEADINGS = ["[global]", "[client]", "[client.admin]", "[osd]", "[ client ]", "[glo\\bal]"]
HEADINGS += ["[client.adm\\\nin]", "[global] "]


def some_file(dice):
    kind = dice.random()
    if kind < 0.3:
        return "".join(dice.choice(TOKENS) for _ in range(dice.randint(1, 14)))
    if kind > 0.9:
        return "".join(dice.choice("[]=\n\r \t#;\\\"'ab$") for _ in range(dice.randint(1, 20)))
    text = dice.choice(["", "", "\n", "# c\n", "  \n", " # x\n"])
    for _ in range(dice.randint(1, 3)):
        text += dice.choice(HEADINGS) + dice.choice(["\n", "\n", " \n", " # c\n", "\r\n", "\\\n\n"])
        for _ in range(dice.randint(0, 4)):
            key = dice.choice(WATCHED).replace("_", dice.choice(["_", " ", "  ", "\t", "\\\n"]))
            if dice.random() < 0.7:
                value = "".join(dice.choice(TOKENS[14:]) for _ in range(dice.randint(0, 4)))
            else:
                value = "".join(dice.choice("ab \\\"'#;=[]$") for _ in range(dice.randint(0, 6)))
            text += dice.choice(["", " ", "\t"]) + key
            text += dice.choice(["=", " = ", "\t=\t", " =", "= "]) + value
            text += dice.choice(["\n", "\n", "\n\n", "\r\n", " # c\n", "\n  \n", "\n#c\n"])
    return text


def files():
    dice = random.Random(OPTIONS.seed)
    for _ in range(OPTIONS.files):
        text = some_file(dice)
        path = os.path.join(DIRECTORY, "some.conf")
        with open(path, "w", newline="") as out:
            out.write(text)
        h = Handle(LIBRARY, dice.choice(["", "ceph"]))
        print(f"file {text!r}: {h.file(path)} {' '.join(str(h.get(key)) for key in WATCHED)}")
        h.end()


WORDS = (
    "--log-file --log_file=a --mon-host -m -k -M -r --bind=1.2.3.4 -f -d x -- --rbd-cache "
    "--rbd_cache=false --rbd-cache=maybe --no-rbd-cache --no_rbd_cache true false 0 1 "
    "--default-log-file --default-mon-host=q --debug-ms --debug_ms=1/2 --nope -c /x --conf=/x -i "
    "-n client.x --name=a --id --cluster zz - --- --= --log-file= --log_file=$cluster "
    "--show_config --show_config_value=x --no-mon-config --mon-config --foreground --keyring=/k "
    "--monmap=/m --client-mountpoint /y --rbd-cache-size=4M --osd-pool-default-size 5 "
    "--no-config-file --version -v --client_mountpoint=q --fsid --rados-osd-op-timeout=5s --log--file=x -l-og=x "
    "--default-rbd-cache=false --default-rbd-cache --rbd-default-features=layering -m=h -k=/q "
    "--host=a"
).split() + ["", "--mon_host=a b"]
VALUED = "-m -k -M -r --mon-host --client-mountpoint".split()
SHOWN = WATCHED + (
    "public_addr client_mountpoint monmap fuse_debug daemonize log_to_stderr host "
    "osd_pool_default_size"
).split()


def arguments():
    dice = random.Random(OPTIONS.seed)
    # What the original says of bad arguments goes to stderr, in its own words.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    for at in range(OPTIONS.arguments):
        words = [dice.choice(WORDS) for _ in range(dice.randint(1, 6))]
        if words[-1] in VALUED:
            words.append("z")
        h = Handle(LIBRARY, "ceph")
        result = h.remainder(words) if at % 4 else h.argv(["program"] + words)
        print(f"arguments {words}: {result} {' '.join(str(h.get(key)) for key in SHOWN)}")
        h.end()


SCRIPT_KEYS = "mon_host log_file debug_ms keyring erasure_code_dir rbd_cache plugin_dir".split()


def scripts():
    """Short stories about files, levels and the environment: (environment, calls)."""
    d = DIRECTORY
    new = lambda cluster: [("new", cluster)]
    for cluster in ("", "ceph", "zz"):
        for env in (
            {},
            {"HOME": f"{d}/home"},
            {"CEPH_CONF": f"{d}/b.conf"},
            {"CEPH_CONF": "/nope"},
            {"CEPH_CONF": ""},
            {"CEPH_CONF": "$home/b.conf", "HOME": d},
            {"CEPH_CONF": f"{d}/$cluster.conf"},
        ):
            yield env, new(cluster) + [("file", None)]
        for name in "b.conf bad.conf nosuffix a.b.conf .conf nope home".split() + [""]:
            yield {}, new(cluster) + [("file", f"{d}/{name}")]
            yield {}, new(cluster) + [("file", f"/nope,{d}/{name};{d}/b.conf")]
        yield {}, new(cluster) + [("file", "")]
        yield {}, new(cluster) + [("file", "/dev/null")]
        yield {}, new(cluster) + [("file", f"$data_dir/x,{d}/b.conf")]
        for second in ("c.conf", "nope", "bad.conf"):
            yield {}, new(cluster) + [("file", f"{d}/b.conf"), ("file", f"{d}/{second}")]
        yield {}, new(cluster) + [("set", "mon_host", "s"), ("file", f"{d}/b.conf")]
        for args in (
            "--mon-host=env",
            "--log-file env --debug-ms 3",
            "--log_file=a -- --debug-ms=4",
            "--rbd-cache=maybe --log-file=x",
            "--log-file=x --rbd-cache=maybe",
            "-m h",
            "  --log-file   y  ",
            "--debug-ms\t5",
            "--debug-ms",
            "--nope x --debug-ms=2",
            "",
        ):
            env = {"CEPH_ARGS": args}
            yield env, new(cluster)
            yield env, new(cluster) + [("file", f"{d}/c.conf")]
            yield env, new(cluster) + [("argv", ["p", "--log-file=argv"]), ("file", f"{d}/c.conf")]
            yield env, new(cluster) + [("set", "log_file", "set"), ("file", f"{d}/c.conf")]
            yield {"OTHER": args}, new(cluster) + [("env", "OTHER")]
        yield {"CEPH_KEYRING": "/kr/$name"}, new(cluster)
        yield {"CEPH_LIB": "/lib"}, new(cluster)
        yield {"CEPH_KEYRING": "/kr"}, new(cluster) + [("argv", ["p", "--keyring=/k"])]
        default = ("argv", ["p", "--default-log-file=dd"])
        yield {}, new(cluster) + [default]
        yield {}, new(cluster) + [default, ("file", f"{d}/c.conf")]
        yield {}, new(cluster) + [("file", f"{d}/c.conf"), default]
        yield {"PID": "77"}, new(cluster) + [("set", "log_file", "$pid")]
        yield {"HOME": "/hh"}, new(cluster) + [("set", "log_file", "a$home/b$home")]
        for text in (
            "a$home $mon_host ${mon_host}z $type.$id.$num.$name ${ ${a $$x $Ab $_ ${}x "
            "$log_file $rbd_cache_size $fsid $host $data_dir/x"
        ).split() + ["${a b}c"]:
            sets = [("set", "mon_host", text), ("set", "log_file", "<$mon_host$mon_host>")]
            yield {"HOME": "/hh"}, new(cluster) + sets


def prepare():
    os.makedirs(os.path.join(DIRECTORY, "home", ".ceph"))
    for name, text in (
        ("b.conf", "mon_host=b"),
        ("bad.conf", None),
        ("nosuffix", "mon_host=ns\nlog_file=$cluster"),
        ("home/.ceph/ceph.conf", "mon_host=home"),
        ("home/.ceph/zz.conf", "mon_host=homezz"),
        ("a.b.conf", "mon_host=$cluster"),
        (".conf", "mon_host=$cluster"),
        ("c.conf", "log_file=c"),
        ("zz.conf", "log_file=zz"),
    ):
        with open(os.path.join(DIRECTORY, name), "w") as out:
            out.write("[global\n" if text is None else f"[global]\n{text}\n")


def run_script(env, calls):
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    os.environ.update(env)
    h = None
    for name, *args in calls:
        if name == "new":
            h, result = Handle(LIBRARY, *args), 0
        else:
            result = getattr(h, name)(*args)
        print(f"{env} {name} {args}: {result}".replace(DIRECTORY, "DIR"))
    print(*[f"    {key} = {h.get(key)}".replace(DIRECTORY, "DIR") for key in SCRIPT_KEYS], sep="\n")


def connected():
    """What may still be changed on a connected handle; only the answers, not the values."""
    h = Handle(LIBRARY)
    print(f"file: {h.file(OPTIONS.connect)} connect: {LIBRARY.rados_connect(h.handle)}")
    for name, row in ROWS.items():
        if name in SIDE_EFFECTS or name == "mon_host":
            continue
        for text in "0 1 2 7 true false x 1.2.3.4".split() + row[6].split("|"):
            print(f"connected set {name} {text!r}: {h.set(name, text)}")
    print(f"file {h.file('/dev/null')} none {h.file('/nope')} argv {h.argv(['p', '-m', 'x'])}")
    print(f"env {h.env('CEPH_ARGS')}")


def main():
    for name in ENVIRONMENT:
        os.environ.pop(name, None)
    os.environ["HOME"] = "/nonexistent"
    prepare()
    os.chdir(DIRECTORY)
    if OPTIONS.connect:
        part(connected)
        return
    for work in (options, small_buffers, values, files, arguments):
        part(work)
    for env, calls in scripts():

        def script():
            run_script(env, calls)

        part(script)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="prints what librados answers about configuration")
    parser.add_argument("--lib", default="librados.so.2")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--arguments", type=int, default=1500)
    parser.add_argument("--connect", metavar="CONF", help="only what a handle connected by it does")
    OPTIONS = parser.parse_args()
    LIBRARY = ctypes.CDLL(OPTIONS.lib)
    with tempfile.TemporaryDirectory() as DIRECTORY:
        main()
