#!/bin/bash
# Runs the C programs on an embedded store under valgrind's memcheck: no invalid access, nothing lost.
#
#   valgrind.sh [PROGRAM...]     such as rados/io.c; all of rados/ and rbd/ by default
#
# Our libraries are those of `make`, or of $CTESTS_LIB; unstripped ones give better traces. What the programs
# print is not compared here. Not part of `make test`: it takes minutes.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
lib=$(realpath "${CTESTS_LIB:-$top/target/dist/lib}")
command -v valgrind > /dev/null || { echo "valgrind.sh: valgrind is not installed" >&2; exit 2; }
work=$(realpath -m "${CTESTS_WORK:-$top/target/ctests}/valgrind")
[ -e "$lib/librados.so.2" ] || { echo "valgrind.sh: no librados.so.2 in $lib: run make first" >&2; exit 2; }
export LD_LIBRARY_PATH=$lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
unset CEPH_ARGS CEPH_KEYRING LD_PRELOAD

check() {
    local program=$1
    local name=${program%.c}
    local dir=$work/${name//\//_}
    rm -rf "$dir"
    mkdir -p "$dir"
    gcc -std=gnu11 -g -O1 -I"$top/include" -I"$here" -o "$dir/program" "$here/$program" -L"$lib" -lrbd -lrados -lpthread
    printf '[global]\nmon_host = local:%s\n' "$dir/store" > "$dir/conf"
    # CTESTS_SLOWLY: the programs' own watchdog is for programs at full speed.
    CEPH_CONF=$dir/conf CTESTS_SLOWLY=1 timeout 600 valgrind --tool=memcheck --quiet --error-exitcode=99 \
        --leak-check=full --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect \
        --fair-sched=try --suppressions="$here/valgrind.supp" --log-file="$dir/valgrind.%p" \
        "$dir/program" > "$dir/output" 2> "$dir/errors"
}

cd "$here"
[ $# -gt 0 ] || set -- rados/*.c rbd/*.c
failed=0
for program in "$@"; do
    status=0
    begin=$SECONDS
    check "$program" || status=$?
    if [ $status = 0 ]; then
        echo "$program: ok ($((SECONDS - begin)) s)"
    else
        echo "$program: FAILED, status $status: see $work/$(tr / _ <<< "${program%.c}")"
        failed=$((failed + 1))
    fi
done
exit $((failed > 0))
