"""Monitors by name, on the original library and on ours: see run.sh, which gives this a network of its own.

A name server at 127.0.0.1:53 answers from ZONE. Listeners at the addresses in it note who comes and which protocol it
speaks, and hang up. Each case is one attempt to connect; its result is the error and the places that were tried.
"""

import fcntl
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading

A, AAAA, SRV = 1, 28, 33

# name: (type, data)...; of SRV: priority, weight, port, target.
ZONE = {
    "a.example.test": [(A, "127.0.0.2")],
    "b.example.test": [(A, "127.0.0.3")],
    "c.example.test": [(A, "127.0.0.4")],
    "two.example.test": [(A, "127.0.0.2"), (A, "127.0.0.3")],
    "six.example.test": [(AAAA, "::1")],
    "_ceph-mon._tcp.example.test": [
        (SRV, 10, 60, 3300, "a.example.test"), (SRV, 10, 60, 3300, "b.example.test"),
        (SRV, 10, 60, 3300, "c.example.test")],
    "_legacy._tcp.example.test": [(SRV, 10, 60, 6789, "a.example.test"), (SRV, 10, 60, 6789, "b.example.test")],
    "_odd._tcp.example.test": [(SRV, 10, 60, 4000, "a.example.test")],
    "_zero._tcp.example.test": [(SRV, 10, 60, 0, "a.example.test")],
    "_first._tcp.example.test": [(SRV, 10, 60, 3300, "a.example.test"), (SRV, 20, 60, 3300, "b.example.test")],
    "_weighed._tcp.example.test": [(SRV, 10, 0, 3300, "a.example.test"), (SRV, 10, 100, 3300, "b.example.test")],
    "_addresses._tcp.example.test": [(SRV, 10, 60, 3300, "two.example.test")],
    "_six._tcp.example.test": [(SRV, 10, 60, 3300, "six.example.test")],
    "_dangling._tcp.example.test": [(SRV, 10, 60, 3300, "nobody.example.test")],
    "_partly._tcp.example.test": [
        (SRV, 10, 60, 3300, "nobody.example.test"), (SRV, 10, 60, 3300, "b.example.test")],
    "_ceph-mon._tcp.other.test": [(SRV, 10, 60, 3300, "c.other.test")],
    "c.other.test": [(A, "127.0.0.4")],
    "_abroad._tcp.example.test": [(SRV, 10, 60, 3300, "c.other.test")],
    # More than a packet of 512 bytes holds.
    "_many._tcp.example.test": [(SRV, 10, 60, 3300 + n, "a.example.test") for n in range(2)]
    + [(SRV, 90, 60, 9000 + n, f"{'x' * 40}{n}.example.test") for n in range(20)],
}
ZONE |= {f"{'x' * 40}{n}.example.test": [(A, "127.0.0.4")] for n in range(20)}

# What is asked with, and what it is called.
CASES = {
    "the default name": {},
    "port 6789": {"mon_dns_srv_name": "legacy"},
    "another port": {"mon_dns_srv_name": "odd"},
    "port 0": {"mon_dns_srv_name": "zero"},
    "two priorities": {"mon_dns_srv_name": "first"},
    "a name of two addresses": {"mon_dns_srv_name": "addresses"},
    "IPv6": {"mon_dns_srv_name": "six", "ms_bind_ipv6": "true"},
    "a target without address": {"mon_dns_srv_name": "dangling"},
    "one of two targets without address": {"mon_dns_srv_name": "partly"},
    "no such service": {"mon_dns_srv_name": "nowhere"},
    "a target in another domain": {"mon_dns_srv_name": "abroad"},
    "a domain in the name": {"mon_dns_srv_name": "ceph-mon_other.test"},
    "an answer over TCP": {"mon_dns_srv_name": "many"},
    "mon_host: a name": {"mon_host": "a.example.test"},
    "mon_host: a short name": {"mon_host": "a"},
    "mon_host: a name of two addresses": {"mon_host": "two.example.test"},
    "mon_host: a name and a port": {"mon_host": "b.example.test:3300"},
    "mon_host: two names": {"mon_host": "a.example.test b.example.test"},
    "mon_host: an unknown name": {"mon_host": "nobody.example.test"},
    "mon_host: v1 at its port": {"mon_host": "v1:127.0.0.2:6789"},
    "mon_host: v2 and v1": {"mon_host": "[v2:127.0.0.2:3300,v1:127.0.0.2:6789]"},
    "mon_host: IPv6": {"mon_host": "six.example.test", "ms_bind_ipv6": "true"},
}

TIMED_OUT, NOT_FOUND = "TimedOut 110", "ObjectNotFound 2"

# What ours is meant to do otherwise, besides not speaking the first protocol.
DIFFERENT = {
    "port 6789": (
        "monitors that speak the first protocol there speak ours at its default port",
        (TIMED_OUT, ["127.0.0.2 port 3300 v2", "127.0.0.3 port 3300 v2"])),
    "mon_host: v1 at its port": ("as above", (TIMED_OUT, ["127.0.0.2 port 3300 v2"])),
    "a target in another domain": (
        "the original takes targets in the domain of the service only",
        (TIMED_OUT, ["127.0.0.4 port 3300 v2"])),
    "an answer over TCP": (
        "the original has room for an answer of 512 bytes",
        (TIMED_OUT, ["127.0.0.2 port 3300 v2", "127.0.0.2 port 3301 v2"])),
}

HOSTS = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "::1"]
PORTS = [3300, 3301, 4000, 6789]

CLIENT = """
import rados, sys
settings = dict(word.split("=", 1) for word in sys.argv[1:])
cluster = rados.Rados(conf=settings)
try:
    cluster.connect()
    print("connected")
except rados.Error as error:
    print(type(error).__name__, error.errno)
"""

tried = set()
lock = threading.Lock()


def encode_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def answer(question, limit):
    """The answer to a packet with one question, cut short if it is longer than the limit."""
    at, labels = 12, []
    while question[at]:
        labels.append(question[at + 1:at + 1 + question[at]].decode())
        at += 1 + question[at]
    kind = struct.unpack(">H", question[at + 1:at + 3])[0]
    records = ZONE.get(".".join(labels).lower())
    body, count = b"", 0
    for record in records or []:
        if record[0] == SRV == kind:
            data = struct.pack(">HHH", *record[1:4]) + encode_name(record[4])
        elif record[0] == kind:
            data = socket.inet_pton(socket.AF_INET if kind == A else socket.AF_INET6, record[1])
        else:
            continue
        body += struct.pack(">HHHIH", 0xC00C, kind, 1, 60, len(data)) + data
        count += 1
    code = 0 if records is not None else 3
    asked = question[12:at + 5]
    if 12 + len(asked) + len(body) > limit:
        return question[:2] + struct.pack(">HHHHH", 0x8780, 1, 0, 0, 0) + asked
    return question[:2] + struct.pack(">HHHHH", 0x8580 | code, 1, count, 0, 0) + asked + body


def serve_udp(server):
    while True:
        question, who = server.recvfrom(4096)
        server.sendto(answer(question, 512), who)


def serve_tcp(server):
    while True:
        stream, _ = server.accept()
        with stream:
            length = struct.unpack(">H", stream.recv(2, socket.MSG_WAITALL))[0]
            packet = answer(stream.recv(length, socket.MSG_WAITALL), 65535)
            stream.sendall(struct.pack(">H", len(packet)) + packet)


def note(server, place):
    """What comes to a place where a monitor may be. Only the first protocol is answered, by its banner."""
    while True:
        stream, _ = server.accept()
        with stream:
            stream.settimeout(1)
            banner = b""
            try:
                if place[1] == 6789:
                    stream.send(b"ceph v027\0")
                banner = stream.recv(8, socket.MSG_WAITALL)
                stream.shutdown(socket.SHUT_WR)
                while stream.recv(4096):
                    pass
            except OSError:
                pass
        with lock:
            tried.add(f"{place[0]} port {place[1]} {banner[5:7].decode()}")


def start_servers():
    loopback = struct.pack("16sH14s", b"lo", 0x1 | 0x40, b"")  # IFF_UP, IFF_RUNNING
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, loopback)  # SIOCSIFFLAGS
    udp = socket.socket(type=socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 53))
    threading.Thread(target=serve_udp, args=(udp,), daemon=True).start()
    tcp = socket.create_server(("127.0.0.1", 53))
    threading.Thread(target=serve_tcp, args=(tcp,), daemon=True).start()
    for host in HOSTS:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        for port in PORTS:
            server = socket.create_server((host, port), family=family)
            threading.Thread(target=note, args=(server, (host, port)), daemon=True).start()


def use_name_server(folder):
    """A mount in this namespace only."""
    path = os.path.join(folder, "resolv.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write("nameserver 127.0.0.1\nsearch example.test\noptions timeout:1 attempts:1\n")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "--bind", path, os.path.realpath("/etc/resolv.conf")], check=True)


def run(case, library):
    settings = {"auth_client_required": "none", "client_mount_timeout": "3", "log_to_stderr": "true",
                # So that all monitors are tried in that time.
                "mon_client_hunt_interval": "0.4", "mon_client_hunt_interval_backoff": "1"} | case
    with lock:
        tried.clear()
    env = dict(os.environ, **({"LD_LIBRARY_PATH": library} if library else {}))
    words = [f"{key}={value}" for key, value in settings.items()]
    done = subprocess.run([sys.executable, "-c", CLIENT, *words], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    with lock:
        return (done.stdout.splitlines()[-1], sorted(tried)), done.stderr


def main():
    library = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        use_name_server(folder)
        start_servers()
        failed = 0
        for name, case in CASES.items():
            (error, places), _ = run(case, None)
            original = error, [place for place in places if not place.endswith("v0")]
            ours, _ = run(case, library)
            reason, expected = DIFFERENT.get(name, ("", original))
            if ours == expected:
                reason = reason and f" ({reason})"
                print(f"ok      {name}: {ours[0]}; {', '.join(ours[1]) or 'nowhere'}{reason}")
            else:
                failed += 1
                print(f"FAILED  {name}\n  original: {original}\n  ours:     {ours}")
        for hosts in ["v1:127.0.0.2:6789", "v1:127.0.0.2:4000", "v2:127.0.0.2:6789"]:
            _, log = run({"mon_host": hosts}, library)
            line = next((line for line in log.splitlines() if "first messenger protocol" in line), None)
            failed += line is None
            print(f"{'FAILED' if line is None else 'ok    '}  one line tells of the first protocol at {hosts}: {line or log}")
    sys.exit(failed > 0)


main()
