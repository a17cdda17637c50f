#!/bin/bash
# Other releases of Ceph to be a client of: `make test-matrix`. Debian's trixie has 18.2, sid has 20.2; each is put
# into a folder by debootstrap and its daemons are run from there by cluster.sh. The clients stay this system's.
#
#   matrix.sh install SUITE           makes target/matrix/SUITE, about 1 GB
#   matrix.sh start SUITE DIR [...]   cluster.sh start DIR [...] with that Ceph
#   matrix.sh run [SUITE...]          installs, and runs on clusters of each: our way of every program against the
#                                     original library's, those that want a cluster of their own, interoperation,
#                                     faults, the keys that it makes by itself; the results in a table at the end,
#                                     the output of each part in target/ctests-SUITE. Default: trixie sid. Half
#                                     an hour for each
#
# As root. MATRIX_DIR is where the folders are. To stop a cluster or break its daemons, use cluster.sh with
# CLUSTER_ROOT=MATRIX_DIR/SUITE.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
folders=$(realpath -m "${MATRIX_DIR:-$top/target/matrix}")

install_suite() {
    local root=$folders/$1
    [ ! -e "$root/.ready" ] || return 0
    command -v debootstrap > /dev/null || apt-get -q -y --no-install-recommends install debootstrap
    mkdir -p "$folders"
    rm -rf "$root"
    debootstrap --variant=minbase "$1" "$root" http://deb.debian.org/debian
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    # Nothing is started by packages.
    printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
    chmod +x "$root/usr/sbin/policy-rc.d"
    chroot "$root" env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y --no-install-recommends install ceph-mon ceph-mgr ceph-osd ceph-common ||
        echo "matrix.sh: not every package could be configured; what counts is whether the programs run" >&2
    chroot "$root" ceph-mon --version > "$root/.version"
    chroot "$root" ceph-osd --version && chroot "$root" ceph-mgr --version && chroot "$root" ceph --version
    mv "$root/.version" "$root/.ready"
}

start_suite() {
    CLUSTER_ROOT=$folders/$1 "$top/ctests/cluster.sh" start "${@:2}"
}

run_suite() {
    local root=$folders/$1 work=$top/target/ctests-$1
    install_suite "$1"
    echo "== $(cat "$root/.ready")"
    unset CTESTS_CLUSTER
    export CTESTS_WORK=$work CTESTS_REFERENCE=$work/reference CLUSTER_ROOT=$root
    # What an original of today prints on this release, not what it did last year.
    rm -rf "$work/reference"
    mkdir -p "$work"
    release=$(awk '{print $3}' "$root/.ready")
    step programs "$work" "$top/ctests/run.sh" cluster
    step "programs, own cluster" "$work" run_alone "$work/alone"
    step interoperation "$work" "$top/ctests/interop/run.sh"
    step faults "$work" "$top/ctests/faults/run.sh" ours
    step keys "$work" "$top/ctests/keys/run.sh"
}

# run_alone DIR: programs that move OSDs about, and so want a cluster with replicas that nobody else uses.
run_alone() {
    local status=0
    "$top/ctests/cluster.sh" remove "$1"
    "$top/ctests/cluster.sh" start "$1" 3 "${CTESTS_PORT:-20100}" 1 2 > /dev/null
    CTESTS_CLUSTER=$1 CTESTS_OWN_CLUSTER=1 "$top/ctests/run.sh" cluster clients/python_rados_localize.py || status=1
    "$top/ctests/cluster.sh" stop "$1"
    return $status
}

# step NAME WORK COMMAND...: runs it, and keeps its last line for the table.
step() {
    local log=$2/${1//[, ]/}.log begin=$SECONDS
    "${@:3}" 2>&1 | tee "$log" || result=1
    results+=("| $release | $1 | $(tail -n 1 "$log") | $(((SECONDS - begin + 30) / 60)) min |")
}

action=${1:?install, start or run}
shift
case $action in
    install) install_suite "${1:?a suite}" ;;
    start) start_suite "$@" ;;
    run)
        [ $# -gt 0 ] || set -- trixie sid
        result=0 results=()
        for suite; do
            run_suite "$suite"
        done
        printf '%s\n' '| release | part | result | took |' '|---|---|---|---:|' "${results[@]}"
        exit $result
        ;;
    *) echo "install, start or run, not $action" >&2; exit 2 ;;
esac
