#!/bin/bash
# `make bench-cluster`: our libraries against the original ones on the same real cluster, in turns. The cluster is on
# this machine too, so CPU that a client saves is throughput gained, and only ratios mean something.
# Writes ../results/cluster.json, ../results/cluster.md and ../results/cluster.svg. About 10 minutes.
#
#   BENCH_ROUNDS=3    rounds         BENCH_SECONDS=5   seconds for each measurement
#   BENCH_DIR=...     where the cluster is (default: target/bench-cluster); CTESTS_PORT its port
#   BENCH_JOBS="..."  only these of the jobs
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
export BENCH_SECONDS=${BENCH_SECONDS:-5}
rounds=${BENCH_ROUNDS:-3}
work=$(realpath -m "${BENCH_DIR:-$top/target/bench-cluster}")
all_jobs="randread-4k-1 randread-4k-32 randwrite-4k-1 randwrite-4k-32 read-1m write-1m objects-4k objects-4m open"
jobs=${BENCH_JOBS:-$all_jobs}

sh "$top/ctests/install-deps.sh" test
sh "$top/ctests/install-deps.sh" bench
unset LD_LIBRARY_PATH LD_PRELOAD CEPH_ARGS
[ ! -d "$work/cluster" ] || "$top/ctests/cluster.sh" stop "$work/cluster"
rm -rf "$work"
mkdir -p "$work/out" "$top/benches/results"
cd "$work"
export CTESTS_CLUSTER=$work/cluster
"$top/ctests/cluster.sh" start "$CTESTS_CLUSTER" 3 "${CTESTS_PORT:-20100}" 1 1
trap '"$top/ctests/cluster.sh" stop "$CTESTS_CLUSTER"' EXIT

# The same cluster by two configuration files.
for cache in on off; do
    { cat "$CTESTS_CLUSTER/ceph.conf"; printf '[client]\nrbd_cache = %s\n' \
        "$([ $cache = on ] && echo true || echo false)"; } > "$cache.conf"
done

# with WAY CONF COMMAND...: on the libraries of a way.
with() {
    "$top/ctests/way.sh" "$1" env CEPH_CONF="$work/$2.conf" "${@:3}"
}

image_job() {
    local way=$1 job=$2 cache=$3 round=$4
    with "$way" "$cache" python3 "$top/benches/sample.py" fio "$top/benches/cluster/io.fio" --section="$job" \
        --output-format=json > "out/$job-$cache.$way.$round.json"
}

# measure WAY JOB ROUND
measure() {
    local way=$1 job=$2 round=$3
    case $job in
        *-1m) image_job "$way" "$job" on "$round" ;;
        objects-4k) with "$way" on ./objects on.conf bench 4096 32 "$BENCH_SECONDS" > "out/$job.$way.$round.json" ;;
        objects-4m) with "$way" on ./objects on.conf bench 4194304 8 "$BENCH_SECONDS" > "out/$job.$way.$round.json" ;;
        open) with "$way" on ./open on.conf bench image > "out/$job.$way.$round.json" ;;
        *) image_job "$way" "$job" off "$round" && image_job "$way" "$job" on "$round" ;;
    esac
}

echo "laying out 1 GiB"
with original on ceph osd pool create bench 32 > /dev/null 2>&1
with original on rbd pool init bench
with original on rbd create bench/image --size 1G
with original on fio --name=fill --rw=write --bs=4M --iodepth=4 --ioengine=rbd --clientname=admin --pool=bench \
    --rbdname=image --output=/dev/null
for program in objects open; do
    gcc -O2 -Wall -Wextra -o $program "$top/benches/cluster/$program.c" -lrbd -lrados -lpthread
done

for round in $(seq "$rounds"); do
    for job in $jobs; do
        echo "round $round of $rounds: $job"
        # Who goes first alternates.
        if ((round % 2)); then order="original cluster"; else order="cluster original"; fi
        for way in $order; do
            measure "$way" "$job" "$round"
        done
    done
done
/usr/bin/python3 -B "$top/benches/cluster/plot.py" out "$top/benches/results"
cat "$top/benches/results/cluster.md"
