# Sourced by scripts that use QEMU's tools: makes `qemu-img`, `qemu-io` and `qemu-storage-daemon` ones that
# can read rbd.
#
# Debian keeps the rbd driver in qemu-block-extra, which fits the qemu-utils of the same version only. Where
# the installed qemu-utils is a newer one without its pair (backports), the release's own pair is downloaded
# and unpacked below target/, and nothing that is installed is touched. With it comes qemu-system-common, where
# Debian 12 has qemu-storage-daemon.
#
# shellcheck shell=bash

qemu_has_rbd() {
    command -v qemu-img > /dev/null && [[ $(qemu-img --help | sed -n '/^Supported formats/s/$/ /p') == *" rbd "* ]]
}

# The newest version that the release has of both packages; empty without package lists.
qemu_pair_version() {
    apt-cache madison qemu-block-extra | awk -F' *\\| *' '{print $2; exit}'
}

qemu_unpack_pair() {
    local into=$1 version package missing
    version=$(qemu_pair_version)
    if [ -z "$version" ]; then
        [ "$(id -u)" = 0 ] && apt-get -q update > /dev/null
        version=$(qemu_pair_version)
    fi
    [ -n "$version" ] || return 1
    echo "unpacking Debian's qemu-utils and qemu-block-extra $version into $into" >&2
    mkdir -p "$into"
    (cd "$into" && apt-get -q download "qemu-utils=$version" "qemu-block-extra=$version" \
        "qemu-system-common=$version" > /dev/null 2>&1) || return 1
    for package in "$into"/*.deb; do
        dpkg -x "$package" "$into"
    done
    # The libraries of the pair that this machine does not have yet.
    missing=$(dpkg-deb -f "$into"/qemu-utils_*.deb Depends | tr ',' '\n' |
        sed -n 's/^ *\(lib[a-z0-9.+-]*\).*/\1/p' | while read -r package; do
            dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'ok installed' || echo "$package"
        done)
    if [ -n "$missing" ] && [ "$(id -u)" = 0 ]; then
        # shellcheck disable=SC2086
        DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-remove install $missing > /dev/null
    fi
    touch "$into/complete"
}

# use_qemu DIR: DIR is where the pair may be unpacked and is found the next time. Fails if there is no way.
use_qemu() {
    local into=$1
    if qemu_has_rbd; then
        return 0
    fi
    [ -e "$into/complete" ] || { rm -rf "$into"; qemu_unpack_pair "$into"; } || return 1
    export PATH=$into/usr/bin:$PATH
    QEMU_MODULE_DIR=$(dirname "$(find "$into/usr/lib" -name block-rbd.so)")
    export QEMU_MODULE_DIR
    qemu_has_rbd
}
