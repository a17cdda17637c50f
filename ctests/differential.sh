#!/bin/bash
# The embedded store against a real cluster: random operations of several steps are played on both, and what they answer
# is compared (src/tests/differential).
#
#   differential.sh [SEEDS]    0..1000 by default
#
# Uses the cluster that runs in CTESTS_CLUSTER, or else starts one of one OSD in target/ctests/differential and removes
# it. CTESTS_PORT: see cluster.sh.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/.." && pwd)
if [ -z "${CTESTS_CLUSTER:-}" ]; then
    CTESTS_CLUSTER=$top/target/ctests/differential
    "$here/cluster.sh" start "$CTESTS_CLUSTER" 1 "${CTESTS_PORT:-20100}" > /dev/null
    trap '"$here/cluster.sh" remove "$CTESTS_CLUSTER"' EXIT
fi

cd "$top"
export DIFFERENTIAL_CLUSTER=$(realpath "$CTESTS_CLUSTER")/ceph.conf DIFFERENTIAL_SEEDS=${1:-0..1000}
${CARGO:-cargo} test --lib differential -- --nocapture
