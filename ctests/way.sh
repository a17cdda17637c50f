#!/bin/bash
# Runs a program one of three ways, always the same program:
#
#   way.sh original COMMAND...   the system's libraries on the real cluster in $CTESTS_CLUSTER
#   way.sh store    COMMAND...   our libraries on the embedded store $CTESTS_STORE (made on first use)
#   way.sh newer    COMMAND...   the libraries of the Debian in the folder $CTESTS_NEWER, on the same cluster
#   way.sh cluster  COMMAND...   our libraries on the real cluster in $CTESTS_CLUSTER
#
# Our libraries are those of `make`, or of $CTESTS_LIB.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
way=${1:?original, newer, store or cluster}
shift

unset CEPH_ARGS CEPH_KEYRING LD_PRELOAD
export CTESTS_WAY=$way

ours() {
    local lib=${CTESTS_LIB:-$top/target/dist/lib}
    [ -e "$lib/librados.so.2" ] || { echo "way.sh: no librados.so.2 in $lib: run make first" >&2; exit 2; }
    export LD_LIBRARY_PATH=$lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
}

case $way in
    original)
        export CEPH_CONF=${CTESTS_CLUSTER:?the directory of a running cluster}/ceph.conf
        ;;
    newer)
        # The libraries of another Debian's Ceph, with that Debian's loader.
        lib=$(realpath "${CTESTS_NEWER:?a folder with a Debian and its Ceph}")/usr/lib/x86_64-linux-gnu
        export CEPH_CONF=${CTESTS_CLUSTER:?the directory of a running cluster}/ceph.conf
        set -- "$lib/ld-linux-x86-64.so.2" --library-path "$lib:$lib/ceph" "$@"
        ;;
    store)
        ours
        store=$(realpath -m "${CTESTS_STORE:?a directory for the store}")
        mkdir -p "$(dirname "$store")"
        printf '[global]\nmon_host = local:%s\n' "$store" > "$store.conf"
        export CEPH_CONF=$store.conf
        ;;
    cluster)
        ours
        export CEPH_CONF=${CTESTS_CLUSTER:?the directory of a running cluster}/ceph.conf
        ;;
    *)
        echo "way.sh: original, newer, store or cluster, not $way" >&2
        exit 2
        ;;
esac
exec "$@"
