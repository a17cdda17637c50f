#!/bin/bash
# Runs the C programs on our libraries under valgrind: memcheck (no invalid access, nothing lost), or its
# detectors of races.
#
#   valgrind.sh [-t memcheck|helgrind|drd] [store|cluster|all] [PROGRAM...]
#
# PROGRAM is such as rados/io.c; all of rados/ and rbd/ by default. `cluster` is the real cluster in
# $CTESTS_CLUSTER, or one that is started and removed. Our libraries are those of `make`, or of $CTESTS_LIB;
# unstripped ones give better traces. What the programs print is not compared here. Not part of
# `make test`: it takes minutes.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
lib=$(realpath "${CTESTS_LIB:-$top/target/dist/lib}")
command -v valgrind > /dev/null || { echo "valgrind.sh: valgrind is not installed" >&2; exit 2; }
work=$(realpath -m "${CTESTS_WORK:-$top/target/ctests}/valgrind")
[ -e "$lib/librados.so.2" ] || { echo "valgrind.sh: no librados.so.2 in $lib: run make first" >&2; exit 2; }
unset CEPH_ARGS CEPH_KEYRING LD_PRELOAD

tool=memcheck
while getopts t: option; do
    case $option in
        t) tool=$OPTARG ;;
        *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
ways=store
case ${1:-} in
    store | cluster) ways=$1; shift ;;
    all) ways="store cluster"; shift ;;
esac

case $tool in
    memcheck)
        options=(--leak-check=full --show-leak-kinds=definite,indirect
            --errors-for-leak-kinds=definite,indirect) ;;
    helgrind) options=(--history-level=approx) ;;
    drd) options=() ;;
    *) echo "valgrind.sh: memcheck, helgrind or drd, not $tool" >&2; exit 2 ;;
esac

# check WAY PROGRAM
check() {
    local name=${2%.c}
    local dir=$work/$1/${name//\//_}
    rm -rf "$dir"
    mkdir -p "$dir"
    gcc -std=gnu11 -g -O1 -I"$top/include" -I"$here" -o "$dir/program" "$here/$2" -L"$lib" -lrbd -lrados -lpthread
    # CTESTS_SLOWLY: the programs' own watchdog is for programs at full speed.
    CTESTS_STORE=$dir/store CTESTS_LIB=$lib CTESTS_SLOWLY=1 timeout "${CTESTS_TIMEOUT:-900}" \
        "$here/way.sh" "$1" valgrind --tool="$tool" --quiet --error-exitcode=99 "${options[@]}" \
        --fair-sched=try --suppressions="$here/valgrind.supp" --log-file="$dir/valgrind.%p" \
        "$dir/program" > "$dir/output" 2> "$dir/errors"
}

cd "$here"
case $ways in
    *cluster*)
        if [ -z "${CTESTS_CLUSTER:-}" ]; then
            export CTESTS_CLUSTER=$work/real
            trap '"$here/cluster.sh" remove "$CTESTS_CLUSTER" > /dev/null' EXIT
            "$here/cluster.sh" start "$CTESTS_CLUSTER" 1 "${CTESTS_PORT:-20100}" > /dev/null
        fi
        ;;
esac
[ $# -gt 0 ] || set -- rados/*.c rbd/*.c
failed=0
for way in $ways; do
    for program in "$@"; do
        status=0
        begin=$SECONDS
        check "$way" "$program" || status=$?
        # 77: not for this way.
        if [ $status = 0 ] || [ $status = 77 ]; then
            echo "$way $program: ok ($((SECONDS - begin)) s)"
        else
            echo "$way $program: FAILED, status $status: see $work/$way/$(tr / _ <<< "${program%.c}")"
            failed=$((failed + 1))
        fi
    done
done
exit $((failed > 0))
