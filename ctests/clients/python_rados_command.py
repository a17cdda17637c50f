#!/usr/bin/python3
"""python3-rados: the monitor commands that clients send. Shapes are compared, not figures."""

import json

from transcript import attempt, cluster, main, new_pool, say, section, wait_until

POOL = "python-command"


def body():
    """Everything."""
    with cluster() as handle, new_pool(handle, POOL, "rbd") as ioctx:
        ioctx.write_full("o", b"x" * 4096)

        def command(prefix, buffer=b"", **arguments):
            """A command's code, its JSON or text, and its message."""
            code, out, message = handle.mon_command(json.dumps({"prefix": prefix, **arguments}), buffer)
            return code, out, message

        def keys(label, prefix, *paths, **arguments):
            """The keys of the answer, and of some of its parts."""
            code, out, message = command(prefix, format="json", **arguments)
            say(label, (code, message))
            if code != 0 or not out.strip():
                return None
            answer = json.loads(out)
            if prefix == "status":
                # Only while placement groups of a new pool come up, or somebody reads and writes.
                passing = ("unknown_", "inactive_", "degraded_", "misplaced_", "recovering_", "read_", "write_")
                for key in [key for key in answer["pgmap"] if key.startswith(passing)]:
                    del answer["pgmap"][key]
            say(f"{label}: keys", sorted(answer) if isinstance(answer, dict) else type(answer).__name__)
            for path in paths:
                part = answer
                for step in path.split("."):
                    part = part[int(step) if step.isdigit() else step]
                say(f"{label}: {path}", sorted(part) if isinstance(part, dict) else part)
            return answer

        def keys_of(prefix):
            """The first JSON value of an answer: some have text behind it."""
            return json.JSONDecoder().raw_decode(command(prefix, format="json")[1].decode().lstrip())[0]

        def banned():
            """Whether our address is on the blocklist."""
            return [entry["addr"] for entry in keys_of("osd blocklist ls") if "4242" in entry["addr"]] != []

        section("answers")
        keys("df", "df", "stats", "pools.0.stats")
        wait_until("df has the pool", lambda: POOL in [pool["name"] for pool in keys_of("df")["pools"]], 30)
        keys("status", "status", "health", "osdmap", "pgmap", "monmap")
        keys("fsid", "fsid")
        keys("mon dump", "mon dump", "mons.0")
        answer = keys("osd dump", "osd dump", "pools.0")
        say("osd dump has the pool", POOL in [pool["pool_name"] for pool in answer["pools"]])
        answer = keys("osd pool ls", "osd pool ls")
        say("the pool is listed", POOL in answer)
        keys("osd lspools", "osd lspools", "0")
        keys("osd pool stats", "osd pool stats", "0", pool_name=POOL)
        keys("osd stat", "osd stat")
        keys("version", "version")
        keys("health", "health")

        section("pool settings")
        for name in ["size", "min_size", "pg_num", "crush_rule"]:
            keys(f"get {name}", "osd pool get", pool=POOL, var=name)
        attempt("get nothing", lambda: command("osd pool get", pool=POOL, var="nothing")[0])
        attempt("get of a missing pool", lambda: command("osd pool get", pool="missing", var="size"))
        answer = keys("application get", "osd pool application get", pool=POOL)
        say("applications", answer)
        attempt("application enable", lambda: command("osd pool application enable", pool=POOL, app="rbd")[0])
        attempt("create", lambda: command("osd pool create", pool="python-command-2", pg_num=8)[::2])
        attempt("create again", lambda: command("osd pool create", pool="python-command-2", pg_num=8)[::2])
        attempt("rename", lambda: command("osd pool rename", srcpool="python-command-2", destpool="python-command-3")[0])
        handle.wait_for_latest_osdmap()
        say("exists", (handle.pool_exists("python-command-2"), handle.pool_exists("python-command-3")))
        attempt("delete without a promise", lambda: command("osd pool delete", pool="python-command-3")[0])
        attempt("delete", lambda: command("osd pool delete", pool="python-command-3", pool2="python-command-3",
                                          yes_i_really_really_mean_it=True)[0])
        handle.wait_for_latest_osdmap()
        say("exists", handle.pool_exists("python-command-3"))

        section("blocklist")
        address = "127.0.0.9:0/4242"
        attempt("add", lambda: command("osd blocklist", blocklistop="add", addr=address, expire=60.0)[0])
        say("listed", banned())
        attempt("remove", lambda: command("osd blocklist", blocklistop="rm", addr=address)[0])
        say("listed", banned())

        section("errors")
        attempt("unknown", lambda: command("no such command"))
        attempt("not JSON", handle.mon_command, "df", b"")
        attempt("empty", handle.mon_command, "{}", b"")
        attempt("missing argument", lambda: command("osd pool get", var="size")[0])
        attempt("no such daemon", handle.osd_command, 99, json.dumps({"prefix": "version"}), b"")


main(body)
