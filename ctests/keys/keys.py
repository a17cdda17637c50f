"""Ours with keys of the kind aes256k: see run.sh.

keys.py CLUSTER modes|others|tickets [SECONDS]
"""

import sys
import time

import rados
import rbd

work, what = sys.argv[1:3]


def handle(name="client.admin", **settings):
    """To be entered, which connects it."""
    return rados.Rados(conffile=f"{work}/ceph.conf", name=name, conf=settings)


def modes():
    """Monitors, manager and OSD, with encryption and without."""
    for monitors in "crc", "secure":
        for osds in "crc", "secure":
            with handle(ms_mon_client_mode=monitors, ms_client_mode=osds) as cluster:
                if "keys" not in cluster.list_pools():
                    cluster.create_pool("keys")
                result, _, message = cluster.mgr_command('{"prefix": "pg stat"}', b"")
                assert result == 0, message
                with cluster.open_ioctx("keys") as pool:
                    data = bytes(range(256)) * 1000
                    pool.write_full("object", data)
                    assert pool.read("object", len(data)) == data
                    name = f"{monitors}-{osds}"
                    rbd.RBD().create(pool, name, 1 << 22)
                    with rbd.Image(pool, name) as image:
                        image.write(data, 12345)
                        assert image.read(12345, len(data)) == data
            print(f"ok      monitors {monitors}, OSDs {osds}")


def others():
    """A key that the monitors made, and keys that are not ours."""
    with handle("client.other", keyring=f"{work}/other.keyring") as cluster, cluster.open_ioctx("keys") as pool:
        pool.write_full("of another client", b"x")
    print("ok      a client of the monitors' making")
    with open(f"{work}/other.keyring", encoding="ascii") as file:
        key = next(line.split(" = ")[1].strip() for line in file if "key = " in line)
    for wrong in key, "AQAHjwFrH4C0MBAAyfdjYuSSPMzEbcxSxp3ECA==":
        try:
            handle(key=wrong).connect()
        except rados.PermissionDeniedError as error:
            print("ok      another's key:", error)
        else:
            sys.exit("FAILED  another's key was taken")


def tickets():
    """Operations while tickets are renewed, whatever is restarted."""
    with handle(ms_client_mode="secure") as cluster, cluster.open_ioctx("keys") as pool:
        end, number, longest = time.monotonic() + float(sys.argv[3]), 0, 0.0
        while time.monotonic() < end:
            start, number = time.monotonic(), number + 1
            pool.write_full(f"object {number % 9}", b"%d" % number)
            assert pool.read(f"object {number % 9}") == b"%d" % number
            longest = max(longest, time.monotonic() - start)
            time.sleep(0.02)
    print(f"ok      {number} operations through expiring tickets, the longest {longest:.1f} s")


{"modes": modes, "others": others, "tickets": tickets}[what]()
