#!/bin/sh
# Runs shell commands at once: one works while another waits for a cluster or for a compiler that has one thread.
#
#   beside.sh COMMAND COMMAND...
#
# The first prints as it goes. Each of the others prints whole, when it and those before it have ended. All are
# waited for; the status is 1 if one failed. The end of what a failed one printed stands at the very end again, because
# of a long output often only the last lines are kept.
set -u
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# logged N COMMAND: runs it, and leaves its status in $logs/N.status.
logged() {
    sh -c "$2" 2>&1
    echo $? > "$logs/$1.status"
}

first=$1
shift
count=0
for command; do
    count=$((count + 1))
    logged $count "$command" > "$logs/$count" &
    echo "beside this, shown when it ends: $command"
done
logged 0 "$first" | tee "$logs/0"
wait
count=0
for command; do
    count=$((count + 1))
    echo "--- beside it: $command"
    cat "$logs/$count"
done

count=0
ended=0
for command in "$first" "$@"; do
    status=$(cat "$logs/$count.status")
    if [ "$status" != 0 ]; then
        echo "--- FAILED with $status: $command; its last lines again:"
        tail -n 40 "$logs/$count"
        ended=1
    fi
    count=$((count + 1))
done >&2
exit $ended
