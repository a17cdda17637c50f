#!/bin/sh
# Installs the Debian packages that a target of the Makefile needs, saying which.
#
#   install-deps.sh build|demo|test|bench
set -eu

build='gcc make pkg-config binutils libc6-dev'
clients='python3 python3-rados python3-rbd qemu-utils qemu-block-extra fio'
cluster='ceph-mon ceph-mgr ceph-osd ceph-common'
more='g++ librados-dev librbd-dev libvirt-daemon-driver-storage-rbd libvirt-clients tgt tgt-rbd libiscsi7 rbd-fuse libfaketime'
# Debian 12 has qemu-storage-daemon there, later releases in qemu-utils.
command -v qemu-storage-daemon > /dev/null || more="$more qemu-system-common"
plot='python3-matplotlib'

case ${1:-test} in
    build) wanted=$build ;;
    demo) wanted="$build $clients" ;;
    bench) wanted="$build $clients $plot" ;;
    test) wanted="$build $clients $cluster $more" ;;
    *) echo "install-deps.sh: build, demo, test or bench, not $1" >&2; exit 2 ;;
esac

command -v cargo > /dev/null || {
    echo "install-deps.sh: no cargo: install Rust first, see https://rustup.rs" >&2
    exit 1
}

missing=
for package in $wanted; do
    dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'ok installed' ||
        missing="$missing $package"
done
[ -n "$missing" ] || exit 0

command -v apt-get > /dev/null || {
    echo "install-deps.sh: not a Debian system; these packages are needed:$missing" >&2
    exit 1
}
as_root=
[ "$(id -u)" = 0 ] || as_root=sudo
# Never at the price of a package that is there: --no-remove.
apt="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends --no-remove"

# qemu-block-extra fits the qemu-utils of the same release only. Where another one is installed it
# stays, and the tests that need qemu's rbd driver say so.
# shellcheck disable=SC2086
case $missing in
    *qemu-block-extra*)
        $apt -s install qemu-block-extra > /dev/null 2>&1 ||
            $as_root apt-get -q update > /dev/null || true
        if ! $apt -s install qemu-block-extra > /dev/null 2>&1; then
            echo "qemu-block-extra does not fit the installed qemu-utils: left out"
            missing=$(echo "$missing" | sed 's/qemu-block-extra//')
        fi
        ;;
esac
[ -n "$(echo "$missing" | tr -d ' ')" ] || exit 0

echo "installing with apt:$missing"
# shellcheck disable=SC2086
$apt install $missing > /dev/null || { $as_root apt-get -q update && $apt install $missing; }
