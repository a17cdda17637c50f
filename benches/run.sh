#!/bin/bash
# `make bench`: an image in the embedded store against a raw sparse file and a qcow2 image on the same disk.
# Runs are interleaved and compared within a round, because machines are noisy: only ratios mean something.
# Reads and random writes are also measured with a library that does nothing (floor.c), to see what fio's engine allows.
# Writes results/results.json, results/table.md and results/ratios.svg.
#
#   BENCH_ROUNDS=3    rounds         BENCH_SECONDS=5   seconds for each measurement
#   BENCH_DIR=...     where the store and the files are (default: target/bench)
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
export BENCH_SECONDS=${BENCH_SECONDS:-5}
rounds=${BENCH_ROUNDS:-3}
work=$(realpath -m "${BENCH_DIR:-$top/target/bench}")
# Large reads come first, of what was just written. Random writes come last: they leave the page cache with pieces of
# other sizes on the two sides.
random="randread-4k-1 randread-4k-32 randwrite-4k-1 randwrite-4k-32"
jobs="read-1m write-1m $random randwrite-4k-32-flush"

sh "$top/ctests/install-deps.sh" bench
rm -rf "$work"
mkdir -p "$work/out" "$top/benches/results"
cd "$work"
export CTESTS_STORE=$work/store
# shellcheck source=../ctests/qemu-tools.sh
. "$top/ctests/qemu-tools.sh"
use_qemu "$top/target/ctests/qemu" || { echo "no qemu-img with the rbd driver on this machine" >&2; exit 1; }

way() {
    "$top/ctests/way.sh" store "$@"
}

sample=(/usr/bin/python3 -B "$top/benches/sample.py")
fio=(fio "$top/benches/io.fio" --output-format=json)
rbd=(--ioengine=rbd --clientname=admin --pool=bench --rbdname=image)
gcc -O2 -Wall -Wextra -shared -fPIC -o floor.so "$top/benches/floor.c" -I"$top/target/dist/include"

# fio on the image and on the file, the latter also through its rbd engine; each job alone so that they can take turns.
measure() {
    local target=$1 job=$2 round=$3
    local out=out/$job.$target.$round.json
    case $target in
        rbd) way "${sample[@]}" "${fio[@]}" --section="$job" "${rbd[@]}" > "$out" ;;
        file) "${sample[@]}" "${fio[@]}" --section="$job" --ioengine=io_uring --filename="$work/raw" > "$out" ;;
        floor)
            way "${sample[@]}" env LD_PRELOAD="$work/floor.so" FLOOR_FILE="$work/raw" \
                "${fio[@]}" --section="$job" "${rbd[@]}" > "$out"
            ;;
    esac
}

# Random writes right after a snapshot, through the same program for both; seconds for 5000 writes.
after_snapshot() {
    local target=$1 round=$2 image format
    case $target in
        rbd) image=rbd:bench/snap format=raw ;;
        qcow2) image=$work/snap.qcow2 format=qcow2 ;;
    esac
    # The step is odd in 4 KiB blocks, so that no two writes meet one cluster for a long time.
    way qemu-img snapshot -c "s$round" "$image" 2> /dev/null
    way qemu-img bench -w -f $format -t writeback -c 5000 -d 32 -s 4096 -S $((997 * 4096)) "$image" |
        sed -n 's/^Run completed in \([0-9.]*\) seconds.*/\1/p' > "out/snapshot.$target.$round"
    way qemu-img snapshot -d "s$round" "$image" 2> /dev/null
}

echo "making a store, a file of 4 GiB and a qcow2 image"
way /usr/bin/python3 - <<'PYTHON'
import rados
import rbd
with rados.Rados(conffile="") as cluster:
    cluster.create_pool("bench")
    with cluster.open_ioctx("bench") as ioctx:
        rbd.RBD().create(ioctx, "image", 4 << 30)
        rbd.RBD().create(ioctx, "snap", 1 << 30)
PYTHON
truncate -s 4G raw
fill=(--name=fill --rw=write --bs=1M --iodepth=8 --end_fsync=1 --output=/dev/null)

# What is read is in the page cache when a measurement begins: some machines take away what was not used for seconds.
warm() {
    case $1:$2 in
        rbd:*read-*) cat "$work"/store/data/* ;;
        *:*read-*) cat "$work/raw" ;;
    esac > /dev/null
}

# One side is written from end to end, and the page cache has just that: large transfers cost half as much from
# large pieces of it (folios) as from small ones, which is what a file's history decides.
lay_out() {
    local file files=("$work/raw") to=(--ioengine=io_uring --filename="$work/raw")
    [ "$1" != rbd ] || files=("$work"/store/data/*) to=("${rbd[@]}")
    for file in "${files[@]}"; do
        dd of="$file" oflag=nocache conv=notrunc,fdatasync count=0 status=none
    done
    way fio "${fill[@]}" "${to[@]}" --size=4G
}

way fio "${fill[@]}" --ioengine=rbd --clientname=admin --pool=bench --rbdname=snap --size=1G
qemu-img create -q -f qcow2 snap.qcow2 1G
way qemu-img convert -n -W -f raw -O qcow2 rbd:bench/snap snap.qcow2

for round in $(seq "$rounds"); do
    for job in $jobs; do
        echo "round $round of $rounds: $job"
        # Who goes first alternates.
        if ((round % 2)); then order="file rbd floor"; else order="floor rbd file"; fi
        [[ " $random read-1m " == *" $job "* ]] || order=${order//floor/}
        for target in $order; do
            [ "$job" != read-1m ] || lay_out "$target"
            warm "$target" "$job"
            measure "$target" "$job" "$round"
        done
    done
    echo "round $round of $rounds: random writes after a snapshot"
    after_snapshot qcow2 "$round"
    after_snapshot rbd "$round"
done

gcc -O2 -o open "$top/benches/open.c" -I"$top/target/dist/include" -L"$top/target/dist/lib" -lrbd -lrados
way ./open "$CTESTS_STORE.conf" bench image > out/open.json
/usr/bin/python3 -B "$top/benches/plot.py" out "$top/benches/results"
cat "$top/benches/results/table.md"
rm -rf "$work/raw" "$work/store" "$work/snap.qcow2"
