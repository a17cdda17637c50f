#!/bin/bash
# Ours on a cluster whose keys are all of the kind aes256k, as 20.2.4 makes them by itself. The original of 16.2.15
# cannot read such keys, so there is nothing to compare with.
#
#   CLUSTER_ROOT=FOLDER run.sh     FOLDER holds a Debian with such a Ceph (matrix.sh)
#
# Starts and removes its own cluster at CTESTS_PORT. One minute, as tickets are to expire.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cluster=$here/../cluster.sh
lib=$(cd "${CTESTS_LIB:-$here/../../target/dist/lib}" && pwd)
work=$(realpath -m "${CTESTS_WORK:-$here/../../target/ctests}")/keys
export CLUSTER_KEY_TYPE=aes256k

if [[ $(chroot "${CLUSTER_ROOT:?a folder}" ceph-authtool --help 2>&1 || true) != *--key-type* ]]; then
    echo "skipped keys: this release has no keys of that kind"
    exit 0
fi
mkdir -p "$(dirname "$work")"
"$cluster" remove "$work"
trap '"$cluster" remove "$work"' EXIT
"$cluster" start "$work" 1 "${CTESTS_PORT:-20500}" 1 1 auth_mon_ticket_ttl=8 auth_service_ticket_ttl=6 > /dev/null
chroot "$CLUSTER_ROOT" env CEPH_CONF="$work/ceph.conf" \
    ceph auth get-or-create client.other mon 'allow r' osd 'allow *' > "$work/other.keyring"

ours() { LD_LIBRARY_PATH=$lib /usr/bin/python3 -B "$here/keys.py" "$work" "$@"; }
ours modes
ours others
ours tickets 30 &
load=$!
sleep 10
"$cluster" restart "$work" osd.0
sleep 6
"$cluster" restart "$work" mon.a
wait "$load"
