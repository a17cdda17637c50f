#!/bin/bash
# `make demo`: builds the libraries, then Debian's own Python modules, qemu-img, qemu-io and fio work on block
# images that they keep in a directory. No daemon; root only for apt, and only when a package is missing.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
work=$top/target/demo
began=$SECONDS

title() {
    printf '\n\033[1m[%3ds] %s\033[0m\n' $((SECONDS - began)) "$1"
}

# Shows a command as one would type it, runs it, and prints how it ended.
run() {
    printf '  $ %s\n' "${*//$work\//}"
    if "$@" > output 2>&1; then
        # qemu-img snapshot takes no format and warns about guessing it.
        sed -e '/^WARNING: Image format/,/Specify the/d' -e 's/^/    /' output
    else
        sed 's/^/    /' output
        echo "    failed, see above" >&2
        exit 1
    fi
}

title "packages"
sh ctests/install-deps.sh demo
echo "  all there"

title "building the libraries (most of the time goes here)"
make --no-print-directory all
ls -l "$top"/target/dist/lib/lib*.so.?

rm -rf "$work"
mkdir -p "$work"
cd "$work"
# shellcheck source=qemu-tools.sh
. "$top/ctests/qemu-tools.sh"
export CTESTS_STORE=$work/store
way() {
    "$top/ctests/way.sh" store "$@"
}

title "python3-rados and python3-rbd, as Debian ships them"
printf '[global]\nmon_host = local:%s\n' "$CTESTS_STORE" | sed 's/^/    ceph.conf: /'
way /usr/bin/python3 -B "$top/ctests/clients/walkthrough.py" | sed 's/^/    /'

title "qemu-img and qemu-io"
use_qemu "$top/target/ctests/qemu" || { echo "  no qemu-img with an rbd driver can be had here" >&2; exit 1; }
way /usr/bin/python3 - <<'PYTHON'
import rados
import random
with rados.Rados(conffile="") as cluster:
    cluster.create_pool("vms")
chooser = random.Random(1)
with open("disk.raw", "wb") as file:
    file.truncate(1 << 30)
    for n in range(0, 1 << 30, 16 << 20):
        file.seek(n)
        file.write(chooser.randbytes(2 << 20))
PYTHON
run qemu-img convert -f raw -O qcow2 disk.raw disk.qcow2
run way qemu-img convert -f qcow2 -O raw disk.qcow2 rbd:vms/disk
run way qemu-img info rbd:vms/disk
run way qemu-img compare -f qcow2 -F raw disk.qcow2 rbd:vms/disk
run way qemu-img snapshot -c before rbd:vms/disk
run way qemu-io -f raw -c "write -P 0x5a 8M 1M" -c "read -P 0x5a 8M 1M" rbd:vms/disk
run way qemu-img snapshot -a before rbd:vms/disk
run way qemu-img convert -f raw -O qcow2 rbd:vms/disk back.qcow2
run qemu-img compare -f qcow2 -F qcow2 disk.qcow2 back.qcow2

title "fio: 256 MiB written at random places, 32 at once, and verified"
way /usr/bin/python3 - <<'PYTHON'
import rados
import rbd
with rados.Rados(conffile="") as cluster, cluster.open_ioctx("vms") as ioctx:
    rbd.RBD().create(ioctx, "bench", 1 << 28)
PYTHON
run way fio --name=verify --ioengine=rbd --clientname=admin --pool=vms --rbdname=bench --rw=randwrite --bs=64k \
    --iodepth=32 --size=256M --verify=crc32c --verify_fatal=1 --minimal --output=fio.txt
awk -F';' '{printf "    wrote %d MiB at %d MiB/s, read back and verified %d MiB, errors %d\n",
            $47 / 1024, $48 / 1024, $6 / 1024, $5}' fio.txt

title "what is in the directory"
(cd "$CTESTS_STORE" && find . -type f -printf '    %10s bytes, %8k KiB on disk  %p\n' | sort -k6)
echo
echo "Done in $((SECONDS - began)) s. The images are in $CTESTS_STORE; CEPH_CONF=$CTESTS_STORE.conf names them."
