#!/bin/sh
# A store on a disk that is full: a small file system of its own is filled up to a rest, and a client writes. It must
# get -ENOSPC and live on; when there is space again, everything that was acknowledged is there.
#
#   run.sh [DIST]     DIST is what `make` left, target/dist by default
#
# Needs the right to mount a tmpfs, in a mount namespace of its own; without it nothing is checked, and it says so.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dist=$(cd "${1:-$here/../../target/dist}" && pwd)
if [ "${FULL_INSIDE:-}" = "" ]; then
    inside="unshare --mount"
    [ "$(id -u)" = 0 ] || inside="unshare --user --map-root-user --mount"
    if ! $inside sh -c 'mount -t tmpfs none /mnt' 2> /dev/null; then
        echo "skipped full: no right to mount a tmpfs"
        exit 0
    fi
    FULL_INSIDE=1 exec $inside sh "$0" "$dist"
fi

mount -t tmpfs none /mnt
tmp=/mnt
disk=$tmp/disk
mkdir "$disk"
mount -t tmpfs -o size=24m none "$disk"
"${CC:-cc}" -O1 -o "$tmp/full" "$here/full.c" -I"$dist/include" -L"$dist/lib" -lrbd -lrados
export LD_LIBRARY_PATH="$dist/lib" CEPH_CONF=/dev/null CEPH_ARGS=

# Leaves so many KiB of the disk.
leave() {
    available=$(df --output=avail "$disk" | tail -1)
    [ "$available" -le "$1" ] || head -c $(((available - $1) * 1024)) /dev/zero > "$disk/filler"
}

failed() {
    echo "FAILED  full: $1 with $2 KiB left: $3"
    cat "$tmp/log"
    exit 1
}

count=0
for which in fresh used; do
    for rest in 0 4 16 32 64 128 256 384 512 768 1024 1536 2048 2560 3072 3584 4096 6144; do
        rm -rf "$disk"/*
        if [ $which = used ]; then
            # It has all its files, and a block.
            "$tmp/full" check "$disk/store" 0 > "$tmp/log" 2>&1 || failed $which $rest "making it"
        fi
        leave $rest
        "$tmp/full" fill "$disk/store" > "$tmp/written" 2> "$tmp/log" || failed $which $rest "ended with $?"
        rm -f "$disk/filler"
        "$tmp/full" check "$disk/store" "$(tail -1 "$tmp/written")" > "$tmp/log" 2>&1 ||
            failed $which $rest "not as written"
        count=$((count + 1))
    done
done
echo "ok      full: $count stores on a full disk"
