#!/bin/sh
# Runs shell commands at once: one works while another waits for a cluster or for a compiler that has one thread.
#
#   beside.sh COMMAND COMMAND...
#
# The first prints as it goes. Each of the others prints whole, when it and those before it have ended. All are
# waited for; the status is 1 if one failed, and the last lines say which.
set -u
first=$1
shift
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
count=0
for command; do
    count=$((count + 1))
    { sh -c "$command" > "$logs/$count" 2>&1; echo $? > "$logs/$count.status"; } &
    echo "beside this, shown when it ends: $command"
done
sh -c "$first"
status=$?
failed=
[ $status = 0 ] || failed="FAILED with $status: $first"
wait
count=0
for command; do
    count=$((count + 1))
    echo "--- beside it: $command"
    cat "$logs/$count"
    status=$(cat "$logs/$count.status")
    [ "$status" = 0 ] || failed="$failed${failed:+
}FAILED with $status: $command"
done
[ -z "$failed" ] || { echo "$failed" >&2; exit 1; }
