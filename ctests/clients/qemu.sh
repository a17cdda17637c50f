#!/bin/bash
# Debian's qemu-img and qemu-io on images, through QEMU's rbd driver.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"
# shellcheck source=../qemu-tools.sh
. "$here/../qemu-tools.sh"
use_qemu "${CTESTS_TOP:?}/target/ctests/qemu" || skip "no qemu-img with the rbd driver on this machine"

pool=qemu
at=rbd:$pool
make_pool $pool

io() {
    local image=$1 arguments=() options=() command
    shift
    [ "$1" != -r ] || { options=(-r); shift; }
    for command in "$@"; do
        arguments+=(-c "$command")
    done
    # Speeds vary; the count of operations does not.
    qemu-io -f raw "${options[@]}" "${arguments[@]}" "$image" | sed -E 's/; [0-9:.]+ [0-9.]* ?sec.*$//; s/; [0-9.]+ .*$//; s/^[0-9.]+ [KMG]?i?B?, //; s/ \([^)]*sec\)//'
}

sum() {
    sha256sum "$1" | cut -d' ' -f1
}

section() {
    echo "#### $1"
}

section "create and info"
step "create" qemu-img create -f raw $at/disk 64M
step "again" qemu-img create -f raw $at/disk 64M
step "with objects of 1 MiB" qemu-img create -f raw -o cluster_size=1M $at/small 16M
step "info" qemu-img info $at/disk
step "info of the small one" qemu-img info $at/small
step "info of a missing one" qemu-img info $at/missing
step "info in JSON" qemu-img info --output json $at/disk
step "map of an empty image" qemu-img map -f raw --output json $at/disk

section "qemu-io"
step "write, read, verify" io $at/disk "write -P 0xab 0 1M" "write -P 0xcd 4193792 1k" "read -P 0xab 0 1M" \
    "read -P 0xcd 4193792 1k" "read -P 0 2M 1M"
step "a wrong pattern is seen" io $at/disk "read -P 0x11 0 4k"
step "asynchronous" io $at/disk "aio_write -P 0x21 8M 512k" "aio_flush" "aio_write -P 0x22 9M 512k" "aio_flush" \
    "aio_read -P 0x21 8M 512k" "aio_flush" "aio_read -P 0x22 9M 512k" "aio_flush"
step "vectors" io $at/disk "writev -P 0x31 16M 64k 128k 4k" "readv -P 0x31 16M 4k 128k 64k"
step "flush" io $at/disk "write -P 0x41 20M 64k" "flush" "read -P 0x41 20M 64k"
step "write through" io $at/disk "write -f -P 0x42 20M 64k" "read -P 0x42 20M 64k"
step "discard" io $at/disk "discard 4M 4M" "read -P 0 4M 4M"
step "write zeroes" io $at/disk "write -z 8M 600k" "read -P 0 8M 600k" "read -P 0x22 9M 512k"
step "write zeroes and unmap" io $at/disk "write -z -u 9M 512k" "read -P 0 9M 512k"
step "behind the end" io $at/disk "write -P 1 64M 512" "read 64M 512"
step "map" qemu-img map -f raw --output json $at/disk
step "unaligned" io $at/disk "write -P 0x51 1001 3003" "read -P 0x51 1001 3003" "read -P 0xab 0 1001"

section "resize"
step "grow" qemu-img resize -f raw $at/disk 80M
step "info" qemu-img info $at/disk
step "the new part" io $at/disk "read -P 0 64M 16M" "write -P 0x61 79M 1M" "read -P 0x61 79M 1M"
step "shrink without a promise" qemu-img resize -f raw $at/disk 70M
step "shrink" qemu-img resize -f raw --shrink $at/disk 70M
step "grow again" qemu-img resize -f raw $at/disk 80M
step "what was cut off" io $at/disk "read -P 0 70M 10M"

section "snapshots"
names() {
    qemu-img snapshot -l "$1" | awk 'NR > 2 {print $2}'
}
step "create" qemu-img snapshot -c one $at/disk
step "overwrite" io $at/disk "write -P 0x71 0 1M"
step "create" qemu-img snapshot -c two $at/disk
step "list" names $at/disk
step "read at one" io "$at/disk@one" -r "read -P 0xab 4k 1020k"
step "go back" qemu-img snapshot -a one $at/disk
step "read" io $at/disk "read -P 0xab 4k 1020k"
step "go back to a missing one" qemu-img snapshot -a three $at/disk
step "delete" qemu-img snapshot -d one $at/disk
step "delete again" qemu-img snapshot -d one $at/disk
step "delete" qemu-img snapshot -d two $at/disk
step "list" names $at/disk

section "convert"
/usr/bin/python3 - <<'PYTHON'
import random
chooser = random.Random(5)
with open("source.raw", "wb") as file:
    file.truncate(32 << 20)
    for _ in range(60):
        file.seek(chooser.randrange(0, 31 << 20))
        file.write(chooser.randbytes(chooser.randrange(1, 200000)))
PYTHON
step "raw to qcow2" qemu-img convert -f raw -O qcow2 source.raw source.qcow2
step "raw to rbd" qemu-img convert -f raw -O raw source.raw $at/raw
step "qcow2 to rbd" qemu-img convert -f qcow2 -O raw source.qcow2 $at/qcow2
step "into an existing image" qemu-img convert -n -f raw -O raw source.raw $at/disk
step "compare raw" qemu-img compare -f raw -F raw source.raw $at/raw
step "compare qcow2" qemu-img compare -f qcow2 -F raw source.qcow2 $at/qcow2
step "compare two images" qemu-img compare -f raw -F raw $at/raw $at/qcow2
step "compare different ones" qemu-img compare -f raw -F raw $at/raw $at/small
step "rbd to raw" qemu-img convert -f raw -O raw $at/raw back.raw
step "rbd to qcow2" qemu-img convert -f raw -O qcow2 $at/raw back.qcow2
step "rbd to rbd" qemu-img convert -f raw -O raw $at/raw $at/copy
step "rbd to rbd, out of order, in parallel" qemu-img convert -W -m 16 -f raw -O raw $at/raw $at/copy2
step "compare the copies" qemu-img compare -f raw -F raw $at/copy2 $at/copy
step "the same bytes" test "$(sum source.raw)" = "$(sum back.raw)"
step "the same content" qemu-img compare -f raw -F qcow2 source.raw back.qcow2
step "size on both sides" qemu-img info --output json $at/qcow2

section "qcow2 over an image"
step "create" qemu-img create -f qcow2 $at/layered 32M
step "write" qemu-io -f qcow2 -c "discard -q 0 64k" $at/layered
step "convert into it" qemu-img convert -n -f raw -O qcow2 source.raw $at/layered
step "check" qemu-img check -q -f qcow2 $at/layered
step "compare" qemu-img compare -f raw -F qcow2 source.raw $at/layered
step "an overlay on an image" qemu-img create -f qcow2 -F raw -b $at/raw overlay.qcow2
step "compare" qemu-img compare -f raw -F qcow2 source.raw overlay.qcow2
step "write to the overlay" qemu-io -f qcow2 -c "write -q -P 9 0 64k" overlay.qcow2
step "rebase onto nothing" qemu-img rebase -f qcow2 -b "" overlay.qcow2
step "no backing file is left" sh -c "qemu-img info overlay.qcow2 | grep -c backing"
step "the write is there" qemu-io -f qcow2 -c "read -q -P 9 0 64k" overlay.qcow2
step "the image is as it was" qemu-img compare -f raw -F raw source.raw $at/raw

section "bench"
bench() {
    qemu-img bench -f raw "$@" | sed -E 's/^Run completed in .*/done/'
}
step "writes" bench -w -c 200 -d 16 -s 4096 $at/disk
step "reads" bench -c 200 -d 16 -s 4096 $at/disk
step "writes with flushes" bench -w -c 50 -d 4 --flush-interval 10 -s 4096 $at/disk

section "options"
step "image-opts" qemu-io --image-opts -c "read -q 0 4k" "driver=rbd,pool=$pool,image=raw"
step "another missing pool" qemu-img info rbd:missing/image
step "no such snapshot" qemu-img info "$at/disk@missing"
drop_pool $pool
