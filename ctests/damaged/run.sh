#!/bin/bash
# rados_inconsistent_pg_list where there is something to list: an object is changed behind an OSD's back, its placement
# group scrubbed, and the program run on the original library and on ours.
#
#   run.sh [DIR]     starts a cluster of one OSD in DIR, target/ctests/damaged by default, and stops it
#
# CTESTS_PORT: see cluster.sh. Needs ceph-objectstore-tool, which ceph-osd brings.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
dir=$(realpath -m "${1:-$top/target/ctests/damaged}")
pool=c-damaged
export CTESTS_CLUSTER=$dir CEPH_CONF=$dir/ceph.conf

"$here/../cluster.sh" start "$dir" 1 "${CTESTS_PORT:-20100}" > /dev/null
trap '"$here/../cluster.sh" remove "$dir"' EXIT

ceph osd pool create $pool 1 > /dev/null 2>&1
rados -p $pool put whole "$here/run.sh"
rados -p $pool put damaged "$here/run.sh"
pg=$(ceph pg ls-by-pool $pool --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)["pg_stats"][0]["pgid"])')

"$here/../cluster.sh" kill "$dir" osd.0
echo "other bytes" > "$dir/bytes"
ceph-objectstore-tool --data-path "$dir/osd.0" --pgid "$pg" damaged set-bytes "$dir/bytes" > /dev/null 2>&1
"$here/../cluster.sh" restart "$dir" osd.0
# A scrub that is asked for before the group is active is not done.
for _ in $(seq 60); do
    ceph pg deep-scrub "$pg" > /dev/null 2>&1 || true
    sleep 1
    ceph pg ls-by-pool $pool | grep -q inconsistent && break
done
ceph pg ls-by-pool $pool | grep -q inconsistent || { echo "run.sh: $pg did not become inconsistent" >&2; exit 1; }

gcc -std=gnu11 -g -O1 -Wall -Wextra -Werror -o "$dir/program" "$here/pg_list.c" -lrados -lpthread
"$here/../way.sh" original "$dir/program" > "$dir/original"
"$here/../way.sh" cluster "$dir/program" > "$dir/ours"
cat "$dir/original"
diff "$dir/original" "$dir/ours" && echo "damaged: ours answers the same"
