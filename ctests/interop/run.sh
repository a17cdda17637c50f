#!/bin/bash
# Images made by one library and used by another, alternately and at once; Ceph's own tools look on.
#
#   run.sh                     ours then original, original then ours
#   run.sh A B [SCENARIO...]   A and B are `original` or `ours`; -l lists the scenarios
#
# Uses the cluster of CTESTS_CLUSTER, or starts one at CTESTS_PORT. See interop.py.
exec "$(dirname "$0")/../sides/original.sh" "$(dirname "$0")/interop.py" "$@"
