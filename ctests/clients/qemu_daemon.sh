#!/bin/bash
# Debian's qemu-storage-daemon on images, driven by QMP as libvirt drives a virtual machine's disks: exports,
# resizing, overlays, mirrors, backups, and the changes of what a guest would see meanwhile.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"
# shellcheck source=../qemu-tools.sh
. "$here/../qemu-tools.sh"
use_qemu "${CTESTS_TOP:?}/target/ctests/qemu" || skip "no qemu-img with the rbd driver on this machine"
version() {
    "$1" --version 2> /dev/null | sed -n '1s/.*version //p'
}
[ "$(version qemu-storage-daemon)" = "$(version qemu-img)" ] ||
    skip "no qemu-storage-daemon of the version of qemu-img on this machine"

pool=daemon
make_pool $pool
make_image $pool disk $((32 << 20))
make_image $pool other $((48 << 20))
python "
with handle.open_ioctx('$pool') as ioctx, rbd.Image(ioctx, 'disk') as image: image.write(b'p' * 65536, 1 << 20)"

# The path of a socket has room for 107 characters.
private=$(mktemp -d "${TMPDIR:-/tmp}/qemu.XXXXXX")
qemu-storage-daemon --chardev "socket,id=qmp,path=$private/qmp,server=on,wait=off" --monitor chardev=qmp \
    > daemon.log 2>&1 &
daemon=$!
trap 'kill $daemon 2> /dev/null; wait $daemon; rm -rf "$private"' EXIT
for _ in $(seq 100); do
    [ ! -S "$private/qmp" ] || break
    sleep 0.1
done
[ -S "$private/qmp" ] || { cat daemon.log >&2; skip "qemu-storage-daemon does not start here"; }

# qmp COMMAND [ARGUMENTS]: the answer, but for what varies. `qmp wait JOB [ready]` waits until a job is ready, or has
# ended and is forgotten.
qmp() {
    /usr/bin/python3 - "$private/qmp" "$@" <<'PYTHON'
import json
import socket
import sys
import time

path, command, *rest = sys.argv[1:]
with socket.socket(socket.AF_UNIX) as monitor:
    monitor.settimeout(30)
    monitor.connect(path)
    stream = monitor.makefile("rw")

    def call(command, arguments=None):
        stream.write(json.dumps({"execute": command, "arguments": arguments or {}}) + "\n")
        stream.flush()
        while True:
            answer = json.loads(stream.readline())
            if "return" in answer or "error" in answer:
                return answer

    stream.readline()
    call("qmp_capabilities")
    if command == "wait":
        for _ in range(300):
            job = next((job for job in call("query-jobs")["return"] if job["id"] == rest[0]), {})
            if job.get("status") in (None, "concluded", *rest[1:]):
                break
            time.sleep(0.1)
        print(job.get("type"), job.get("status"), job.get("error", ""))
        if job.get("status") == "concluded":
            call("job-dismiss", {"id": rest[0]})
    else:
        answer = call(command, json.loads(rest[0]) if rest else None)
        print(json.dumps(answer.get("return", answer.get("error")), sort_keys=True))
PYTHON
}

# nodes: name, driver, size and backing file of every node that was given a name.
nodes() {
    qmp query-named-block-nodes '{"flat": true}' | /usr/bin/python3 -c "
import json, sys
for node in sorted(json.load(sys.stdin), key=lambda node: node['node-name']):
    if not node['node-name'].startswith('#'):
        print(node['node-name'], node['drv'], node['ro'], node['image']['virtual-size'], node['backing_file_depth'])"
}

io() {
    local export=$1 arguments=() command
    shift
    for command in "$@"; do
        arguments+=(-c "$command")
    done
    qemu-io -f raw "${arguments[@]}" "nbd+unix:///$export?socket=$private/nbd"
}

section() {
    echo "#### $1"
}

section "an image as a node"
rbd_node() {
    qmp blockdev-add "{\"driver\": \"rbd\", \"node-name\": \"$1\", \"pool\": \"$pool\", \"image\": \"$2\"${3:+, $3}}"
}
step "add" rbd_node disk disk '"discard": "unmap"'
step "add again" rbd_node disk disk
step "a missing image" rbd_node missing missing
step "read-only" rbd_node watched other '"read-only": true'
step "nodes" nodes
step "remove" qmp blockdev-del '{"node-name": "watched"}'

section "resize"
step "grow" qmp block_resize '{"node-name": "disk", "size": 67108864}'
step "shrink" qmp block_resize '{"node-name": "disk", "size": 50331648}'
step "nodes" nodes
step "Python sees it" python "
with handle.open_ioctx('$pool') as ioctx, rbd.Image(ioctx, 'disk', read_only=True) as image: print(image.size())"

section "an export"
step "a server" qmp nbd-server-start "{\"addr\": {\"type\": \"unix\", \"data\": {\"path\": \"$private/nbd\"}}}"
step "export" qmp block-export-add '{"type": "nbd", "id": "disk", "node-name": "disk", "name": "disk", "writable": true}'
step "what Python wrote" io disk "read -q -P 0x70 1M 64k"
step "write, read" io disk "write -q -P 0xab 2M 1M" "write -q -f -P 0xac 2M 4k" "read -q -P 0xac 2M 4k" "read -q -P 0xab 2052k 1020k"
step "several at once" io disk "aio_write -q -P 1 4M 1M" "aio_write -q -P 2 5M 1M" "aio_write -q -P 3 6M 1M" \
    "aio_flush" "read -q -P 1 4M 1M" "read -q -P 2 5M 1M" "read -q -P 3 6M 1M"
step "zeroes and discard" io disk "write -q -z 4M 100k" "discard -q 5M 1M" "read -q -P 0 4M 100k" "read -q -P 1 4196k 900k"
step "the new part" io disk "write -q -P 5 47M 1M" "read -q -P 5 47M 1M" "read -q -P 0 40M 1M"
step "a wrong pattern" io disk "read -q -P 9 1M 4k"
step "a copy through it" qemu-img convert -f raw -O raw "nbd+unix:///disk?socket=$private/nbd" copy.raw
step "flush" io disk flush
step "beside it" qemu-img compare -f raw -F raw -U copy.raw rbd:$pool/disk

section "mirror"
step "a target" rbd_node other other
step "start" qmp blockdev-mirror '{"job-id": "mirror", "auto-dismiss": false, "device": "disk", "target": "other", "sync": "full"}'
step "ready" qmp wait mirror ready
step "write meanwhile" io disk "write -q -P 0x77 10M 2M" "flush"
step "complete" qmp job-complete '{"id": "mirror"}'
step "end" qmp wait mirror
step "the export is of the target now" io disk "read -q -P 0x77 10M 2M" "write -q -P 0x78 12M 1M" "flush"
step "the same but for that" python "
with handle.open_ioctx('$pool') as ioctx, rbd.Image(ioctx, 'disk', read_only=True) as one, rbd.Image(ioctx, 'other', read_only=True) as two:
    print(one.size(), two.size(), one.read(0, 12 << 20) == two.read(0, 12 << 20), set(two.read(12 << 20, 1 << 20)), set(one.read(12 << 20, 1 << 20)))"

section "an overlay, and its commit"
step "a file" qemu-img create -q -f qcow2 -b /dev/null -F raw overlay.qcow2 48M
step "the file's node" qmp blockdev-add '{"driver": "qcow2", "node-name": "overlay", "backing": null, "file": {"driver": "file", "filename": "overlay.qcow2"}}'
step "snapshot" qmp blockdev-snapshot '{"node": "other", "overlay": "overlay"}'
step "nodes" nodes
step "write over it" io disk "write -q -P 0x11 20M 1M" "read -q -P 0x78 12M 1M" "read -q -P 0x11 20M 1M"
step "not in the image" python "
with handle.open_ioctx('$pool') as ioctx, rbd.Image(ioctx, 'other', read_only=True) as image: print(set(image.read(20 << 20, 1 << 20)))"
step "commit" qmp block-commit '{"job-id": "commit", "auto-dismiss": false, "device": "overlay", "base-node": "other"}'
step "ready" qmp wait commit ready
step "complete" qmp job-complete '{"id": "commit"}'
step "end" qmp wait commit
step "nodes" nodes
step "in the image" io disk "read -q -P 0x11 20M 1M" flush

section "backup"
step "a bitmap" qmp block-dirty-bitmap-add '{"node": "other", "name": "since"}'
step "what changes" io disk "write -q -P 0x21 30M 64k" "flush"
step "start" qmp blockdev-backup '{"job-id": "backup", "auto-dismiss": false, "device": "other", "target": "disk", "sync": "incremental", "bitmap": "since"}'
step "end" qmp wait backup
step "no more and no less" python "
with handle.open_ioctx('$pool') as ioctx, rbd.Image(ioctx, 'disk', read_only=True) as image:
    print(set(image.read(30 << 20, 65536)), set(image.read(20 << 20, 1 << 20)))"

section "the end"
step "export" qmp block-export-del '{"id": "disk", "mode": "hard"}'
step "the overlay" qmp blockdev-del '{"node-name": "overlay"}'
step "remove" qmp blockdev-del '{"node-name": "other"}'
step "remove" qmp blockdev-del '{"node-name": "disk"}'
step "quit" qmp quit
wait $daemon
step "it ended" test $? = 0
trap - EXIT
rm -rf "$private"
step "afterwards" python "
with handle.open_ioctx('$pool') as ioctx, rbd.Image(ioctx, 'other') as image: print(image.size(), set(image.read(20 << 20, 1 << 20)), len(list(image.list_lockers() or [])))"
drop_pool $pool
