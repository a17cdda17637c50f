#!/usr/bin/python3
"""python3-rados: what goes wrong when connecting, and what a person is told of it.

The transcript is the errors. Ours must also write one line at error level for each, which names the cause
and the option to look at; only a line that is wrong or missing is printed, so that transcripts stay equal.
"""

import contextlib
import functools
import io
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import monitor
import rados
from transcript import attempt, cluster, failure, main, say, section

OURS = os.environ.get("CTESTS_WAY") == "cluster"
SKIPPED = 77
# Moves the clocks of a program (package libfaketime).
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
# Somebody else's key: well-formed, and nobody's here.
WRONG_KEY = "AQDFNHRg0jmsNBAAVS6PWbDs6zZ87hVqLG4V7Q=="
# A line of the log: time, thread, level, message. A secret is printed by nobody.
ERROR = re.compile(r"^\S+ \S+ +-1 (.*)$", re.MULTILINE)


def lines_of(path):
    """What was written at error level; Ceph's own libraries have no such promise."""
    try:
        return ERROR.findall(path.read_text(errors="replace"))
    except FileNotFoundError:
        return []


def check_line(title, path, *words):
    """Ours: exactly one line at error level, with these words in it, and no secret in the whole log.

    Without words: what went well has no such line."""
    if not OURS:
        return
    lines = lines_of(path)
    missing = [word for word in words if len(lines) == 1 and word not in lines[0]]
    if len(lines) != (1 if words else 0) or missing:
        print(f"{title}: the log should have one error with {missing or words}: {lines}")
    if path.exists() and WRONG_KEY in path.read_text(errors="replace"):
        print(f"{title}: the log shows a key")


def connect(title, *words, conffile="", name="client.admin", **options):
    """Connects, prints what came of it, and checks the line of the log."""
    log = pathlib.Path(f"{title.replace(' ', '-').replace('/', '-')}.log")
    log.unlink(missing_ok=True)
    conf = {"log_file": str(log.absolute()), "debug_ms": "0", "debug_monc": "0", "debug_rados": "0"}
    conf.update({key: str(value) for key, value in options.items()})
    try:
        handle = rados.Rados(name=name, conffile=conffile, conf=conf)
    except rados.Error as error:
        print(f"{title}: making the handle raised {failure(error)}")
        return
    attempt(title, lambda: silently(handle.connect))
    say(f"{title}: state", handle.state)
    attempt(f"{title}: shutdown", handle.shutdown)
    check_line(title, log, *words)


def side_by_side(*functions):
    """Runs cases that wait in processes of their own, and prints what each printed, in order.

    To be called before there is any handle: threads do not get into the new processes."""
    sys.stdout.flush()
    children = []
    for function in functions:
        output = tempfile.TemporaryFile("w+")
        if (child := os.fork()) == 0:
            os.dup2(output.fileno(), 1)
            status = 1
            try:
                function()
                status = 0
            except BaseException:  # pylint: disable=broad-except
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(status)
        children.append((child, output))
    for child, output in children:
        _, status = os.waitpid(child, 0)
        output.seek(0)
        print(output.read(), end="")
        output.close()
        if status:
            sys.exit(f"a case ended with {status}")


def case(*args, **keywords):
    """A `connect` for later."""
    return functools.partial(connect, *args, **keywords)


def served(greet, *args, **keywords):
    """A `connect` for later, to a server that greets so."""
    def run():
        with listener(greet) as port:
            connect(*args, mon_host=f"v2:127.0.0.1:{port}", **keywords)
    return run


def only_ours(function):
    """A case that the original takes 16 to 25 s for, and then answers -EPERM or -ETIMEDOUT as it happens."""
    def run():
        with contextlib.redirect_stdout(io.StringIO()) as output:
            function()
        lines = output.getvalue().splitlines()
        if "TimedOut errno=110" not in lines[0] or len(lines) > 3:
            print(*lines, sep="\n")
    return run if OURS else lambda: None


def silently(function):
    """Calls; Ceph's resolver prints to standard output what it cannot resolve."""
    sys.stdout.flush()
    saved, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        return function()
    finally:
        os.dup2(saved, 1)
        os.close(saved)
        os.close(nowhere)


def write(name, text):
    """A file in the scratch directory; its path."""
    path = pathlib.Path(name).absolute()
    path.write_text(text, encoding="utf-8")
    return str(path)


def keys():
    """Keys that are wrong or not there."""
    section("keys")
    keyring = f"[client.admin]\n\tkey = {WRONG_KEY}\n"
    connect("wrong key", "client.admin", "keyring", keyring=write("wrong", keyring))
    connect("wrong key as an option", "client.admin", "key", key=WRONG_KEY)
    connect("unknown user", "client.nobody", "keyring", name="client.nobody",
            keyring=write("nobody", keyring.replace("admin", "nobody")))
    connect("another user's keyring", "client.other", "keyring", name="client.other",
            keyring=write("wrong", keyring))
    connect("no keyring", "/nowhere/keyring", "keyring", keyring="/nowhere/keyring")
    connect("no keyring, cephx only", "/nowhere/keyring", "keyring", keyring="/nowhere/keyring",
            auth_client_required="cephx")
    connect("no auth method", "auth_client_required", auth_client_required="rot13")
    connect("a directory as keyring", "/", "keyring", keyring="/")
    connect("a loop as keyring", "loop", "keyring", keyring=loop())
    connect("below a file", "wrong/keyring", "keyring", keyring=str(pathlib.Path("wrong/keyring").absolute()))
    connect("no key in it", "client.admin", "keyring", keyring=write("nothing", "[client.admin]\n"))
    connect("empty keyring", "client.admin", "keyring", keyring=write("empty", ""))
    connect("garbage keyring", "garbage", "keyring", keyring=write("garbage", "[client.admin\nkey\n"))
    connect("bad key in it", "badkey", "keyring", keyring=write("badkey", "[client.admin]\n\tkey = AAAA\n"))
    connect("bad key", "key", key="AAAA")
    connect("no keyfile", "keyfile", "/nowhere/keyfile", keyfile="/nowhere/keyfile", keyring="/nowhere/keyring")
    connect("auth none", "auth_client_required", auth_client_required="none")


def loop():
    """A path that leads to itself."""
    path = pathlib.Path("loop").absolute()
    if not path.is_symlink():
        path.symlink_to(path)
    return str(path)


def unreadable():
    """A keyring that this user may not read: as somebody who is not root."""
    section("a keyring that may not be read")
    directory = tempfile.mkdtemp(prefix="ctests-connect-")
    try:
        keyring, log = os.path.join(directory, "keyring"), pathlib.Path(directory, "log")
        pathlib.Path(keyring).write_text(f"[client.admin]\n\tkey = {WRONG_KEY}\n", encoding="utf-8")
        os.chmod(keyring, 0)
        os.chmod(directory, 0o777)
        # As another user than root, but only after the libraries were loaded: they may be where nobody else may go.
        code = ("import os, rados, sys\n"
                "if os.geteuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
                "try: rados.Rados(conf={'mon_host': '127.0.0.1:1', 'keyring': sys.argv[1], 'log_file': sys.argv[2],\n"
                "    'client_mount_timeout': '2'}).connect()\n"
                "except rados.Error as error: print(type(error).__name__, error.errno)\n")
        environment = {key: value for key, value in os.environ.items() if key != "CEPH_CONF"}
        ended = subprocess.run(["/usr/bin/python3", "-c", code, keyring, str(log)], capture_output=True,
                               text=True, check=False, cwd="/", env=environment)
        say("unreadable", ended.stdout.strip())
        check_line("unreadable", log, keyring, "keyring")
    finally:
        shutil.rmtree(directory)


def monitors():
    """Monitors that are not there, not named, or not monitors."""
    section("monitors")
    fast = {"client_mount_timeout": 2}
    nothing = {"mon_dns_srv_name": "nothing", **fast}
    hosts = [" ", ",", "[[[", "no.such.host.invalid", "10.0.0.1 foo", "[v2:127.0.0.1", "v3:127.0.0.1:1", "127.0.0.1:99999",
             "127.0.0.1:port", "::", "/etc/ceph"]
    side_by_side(
        case("refused", "mon_host", "127.0.0.1:1", mon_host="v2:127.0.0.1:1", **fast),
        case("refused by two", "mon_host", mon_host="v2:127.0.0.1:1,v2:127.0.0.1:2", **fast),
        served(lambda peer: None, "black hole", "mon_host", "client_mount_timeout", **fast),
        served(lambda peer: peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 8), "another server", "mon_host", **fast),
        served(lambda peer: peer.sendall(os.urandom(4096)), "garbage", "mon_host", **fast),
        served(lambda peer: peer.close(), "closes at once", "mon_host", **fast),
        # The banner of the first protocol, to a client of the second, and of a version to come.
        served(lambda peer: peer.sendall(b"ceph v027" + bytes(272)), "first protocol", "mon_host", **fast),
        served(lambda peer: peer.sendall(b"ceph v2\n\x10\x00" + b"\x01" + bytes(7) + b"\x00\x01" + bytes(6)),
               "requires what nobody has", "mon_host", **fast),
        only_ours(served(monitor.lacks_features, "features that nobody has", "0x4000000000000000",
                         "require-min-compat-client", auth_client_required="none", **fast)),
        served(monitor.takes_other_methods, "methods that nobody has", "auth_client_required",
               auth_client_required="none", **fast),
        case("no mon_host", "mon_host", conffile=write("none.conf", "[global]\n"), mon_dns_srv_name="nothing"),
        case("empty mon_host", "mon_host", mon_host="", mon_dns_srv_name="nothing"),
        *(case(f"odd mon_host {number}", "mon_host", mon_host=host, **nothing) for number, host in enumerate(hosts)),
        case("another cluster's fsid", fsid="00000000-1111-2222-3333-444444444444", **fast),
        case("no mode", "ms_mon_client_mode", ms_mon_client_mode="rot13", **fast),
        case("no mode for OSDs", ms_client_mode="rot13", **fast),
        case("no monmap", "monmap", "/nowhere/monmap", monmap="/nowhere/monmap", mon_host=""),
        case("bad monmap", "monmap", "garbage", monmap=write("garbage", "garbage"), mon_host=""))


@contextlib.contextmanager
def listener(greet):
    """A server on some port that greets who connects, and then keeps silent."""
    server = socket.create_server(("127.0.0.1", 0))
    peers = []

    def serve():
        while True:
            try:
                peer, _ = server.accept()
                peers.append(peer)
                greet(peer)
            except OSError:
                if server.fileno() < 0:
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)
        for peer in peers:
            peer.close()


def files():
    """Configuration files that are not there or not right."""
    section("files")
    attempt("no file", rados.Rados, conffile="/nowhere/ceph.conf")
    attempt("none of several", rados.Rados, conffile="/nowhere/ceph.conf,/nowhere/else.conf")
    attempt("a directory", rados.Rados, conffile="/etc")
    for number, text in enumerate(["[global]\nmon_host\n", "[global\nmon_host = 1.2.3.4\n", "mon_host = 1.2.3.4\n",
                                   "[global]\nmon_host = 1.2.3.4", "[global]\n= 3\n", "[global]\nx = \"y\n",
                                   "\x00\x01\x02\n"]):
        path = write(f"bad-{number}.conf", text)
        attempt(f"bad file {number}", lambda path=path: rados.Rados(conffile=path).conf_get("mon_host"))
    text = pathlib.Path(os.environ["CEPH_CONF"]).read_text(encoding="utf-8")
    odd = text.replace("[global]\n", "[global]\nrbd_default_order = many\nno_such_option = 1\n", 1)
    path = write("odd.conf", odd)
    handle = rados.Rados(conffile=path)
    attempt("a bad value is passed over", handle.connect)
    handle.shutdown()
    bad_file_is_told()


def bad_file_is_told():
    """Ours: what cannot be read is told in the log that the environment names."""
    section("files, in the log")
    for title, path, words in [("bad line", write("bad.conf", "[global\n"), ["bad.conf", "line 1"]),
                               ("no file", "/nowhere/ceph.conf", ["/nowhere/ceph.conf"])]:
        log = pathlib.Path(f"{title}.log".replace(" ", "-")).absolute()
        log.unlink(missing_ok=True)
        code = "import rados, sys\ntry: rados.Rados(conffile=sys.argv[1])\nexcept rados.Error as e: print(e.errno)\n"
        environment = dict(os.environ, CEPH_ARGS=f"--log-file={log}")
        ended = subprocess.run(["/usr/bin/python3", "-c", code, path], capture_output=True, text=True, check=False,
                               env=environment)
        say(title, ended.stdout.strip())
        check_line(title, log, *words)


def sections():
    """Monitors that sections of the file name; this is how files of before 2019 did it."""
    section("sections")
    text = pathlib.Path(os.environ["CEPH_CONF"]).read_text(encoding="utf-8")
    good = re.search(r"\[(v2:[^,\]]+)", text)[1]
    base = (f"[global]\nkeyring = {os.path.dirname(os.environ['CEPH_CONF'])}/keyring\nclient_mount_timeout = 2\n"
            "mon_dns_srv_name = nothing\n")
    files_ = [
            ("mon addr", f"[mon.a]\nmon addr = {good}\n"),
            ("two, one dead", f"[mon.a]\nmon addr = v2:127.0.0.1:1\n[mon.b]\nmon addr = {good}\n"),
            ("a list", f"[mon.a]\nmon addr = [{good},v1:127.0.0.1:1]\n"),
            ("mon host", f"[mon.a]\nmon host = {good}\n"),
            ("bad", "[mon.a]\nmon addr = nonsense\n"),
            ("bad and good", f"[mon.a]\nmon addr = nonsense\n[mon.b]\nmon addr = {good}\n"),
            ("address in [mon]", f"[mon]\nmon addr = {good}\n[mon.a]\nhost = x\n"),
            ("no section", f"[mon]\nmon addr = {good}\n"),
            ("address in [global]", f"[mon.a]\nhost = x\n[global]\nmon addr = {good}\n"),
            ("priority", f"[mon.a]\nmon addr = {good}\nmon priority = 3\nmon weight = 7x\n"),
            ("bad priority", f"[mon.a]\nmon addr = {good}\nmon priority = many\n"),
            ("no name", f"[mon.]\nmon addr = {good}\n"),
            ("default port", "[mon.a]\nmon addr = 127.0.0.1\n"),
            ("mon_host wins", f"[client]\nmon_host = v2:127.0.0.1:1\n[mon.a]\nmon addr = {good}\n"),
            ("empty mon_host", f"[client]\nmon_host =\n[mon.a]\nmon addr = {good}\n")]

    def by(title, text):
        # The original takes a comma in a path for the end of one.
        name = re.sub("[^a-z_]+", "-", f"sections {title}")
        handle = rados.Rados(conffile=write(f"{name}.conf", base + text))
        attempt(title, handle.connect)
        handle.shutdown()
    side_by_side(*(functools.partial(by, title, text) for title, text in files_))


def clocks():
    """A clock that is hours off does no harm: how long a ticket is good is said, not until when."""
    section("clocks")
    if not os.path.exists(FAKETIME):
        print("no libfaketime")
        return
    code = ("import rados, time\nwith rados.Rados(conffile='', conf={'log_file': 'clock.log'}) as cluster:\n"
            "    print(round((time.time() - %f) / 3600), bool(cluster.list_pools()), cluster.mgr_command('{}', b'')[0])\n")

    def off(hours):
        environment = dict(os.environ, LD_PRELOAD=FAKETIME, FAKETIME=f"{hours:+}h")
        ended = subprocess.run(["/usr/bin/python3", "-c", code % time.time()], capture_output=True, text=True,
                               check=False, env=environment)
        say(f"{hours:+} hours", ended.stdout.strip() or ended.stderr.strip().splitlines()[-1:])
    side_by_side(*(functools.partial(off, hours) for hours in (-48, -2, 2, 48)))


def states():
    """Calls in a state that is not theirs."""
    section("states")
    handle = rados.Rados(conffile="")
    attempt("shutdown without connect", handle.shutdown)
    attempt("connect after shutdown", handle.connect)
    handle = rados.Rados(conffile="", conf={"keyring": "/nowhere"})
    attempt("first attempt", handle.connect)
    keyring = pathlib.Path(os.environ["CEPH_CONF"]).parent / "keyring"
    attempt("the right keyring now", handle.conf_set, "keyring", str(keyring))
    attempt("second attempt", handle.connect)
    say("state after the second", handle.state)
    handle.shutdown()
    with cluster() as handle:
        attempt("connect again", handle.connect)
        attempt("read a file", handle.conf_read_file, os.environ["CEPH_CONF"])
        attempt("arguments", handle.conf_parse_argv, ["prog", "--rbd-cache=false"])
        attempt("missing pool", handle.open_ioctx, "no such pool")
        attempt("missing pool by number", handle.open_ioctx2, 123456)
        attempt("missing pool's name", handle.pool_reverse_lookup, 123456)
        attempt("missing pool deleted", handle.delete_pool, "no such pool")


def body():
    """Everything."""
    if os.environ.get("CTESTS_WAY") == "store":
        print("only clusters have monitors and keys")
        sys.exit(SKIPPED)
    # Before there is a handle: see side_by_side.
    monitors()
    sections()
    clocks()
    keys()
    unreadable()
    files()
    states()


main(body)
