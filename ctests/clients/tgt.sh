#!/bin/bash
# Debian's tgt with its rbd backing store: an image as an iSCSI disk on loopback, used by QEMU's iSCSI driver.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"
# shellcheck source=../qemu-tools.sh
. "$here/../qemu-tools.sh"
use_qemu "${CTESTS_TOP:?}/target/ctests/qemu" || skip "no qemu-img with the rbd driver on this machine"
command -v tgtd > /dev/null || skip "no tgtd on this machine"
[ -e /usr/lib/tgt/backing-store/bs_rbd.so ] || skip "tgt has no rbd backing store on this machine"
[ "$(id -u)" = 0 ] || skip "tgtd needs root"
# Not by pipes into `grep -q`: it may end first, and then the other side has failed.
[[ $(qemu-img --help) == *" iscsi "* ]] || skip "qemu-img has no iscsi driver on this machine"
[[ $(ldconfig -p) == *libiscsi.so* ]] || skip "no libiscsi7 on this machine"

pool=tgt
# A control number and a port that nobody else uses, also no cluster that is being tested beside this.
control=$((20000 + $$ % 10000))
port=$(/usr/bin/python3 -c "import socket; print(socket.create_server(('127.0.0.1', 0)).getsockname()[1])")
make_pool $pool
make_image $pool disk $((16 << 20))
make_image $pool other $((16 << 20))
python "
with handle.open_ioctx('$pool') as ioctx, rbd.Image(ioctx, 'disk') as image: image.write(b'from python', 4096)"

tgtd -f -C $control --iscsi portal=127.0.0.1:$port > tgtd.log 2>&1 &
tgtd=$!
trap 'kill -9 $tgtd 2> /dev/null' EXIT
admin() {
    tgtadm -C $control --lld iscsi "$@"
}
for _ in $(seq 100); do
    admin --mode target --op show > /dev/null 2>&1 && break
    kill -0 $tgtd 2> /dev/null || { cat tgtd.log; skip "tgtd does not start here"; }
    sleep 0.1
done

name=iqn.2026-01.test:disk
at=iscsi://127.0.0.1:$port/$name/1
step "target" admin --mode target --op new --tid 1 --targetname $name
step "a unit" admin --mode logicalunit --op new --tid 1 --lun 1 --bstype rbd --backing-store $pool/disk \
    --bsopts "conf=$CEPH_CONF;id=admin"
step "a missing image" admin --mode logicalunit --op new --tid 1 --lun 2 --bstype rbd --backing-store $pool/missing \
    --bsopts "conf=$CEPH_CONF;id=admin"
step "open to all" admin --mode target --op bind --tid 1 --initiator-address ALL
step "size" sh -c "qemu-img info $at | grep virtual"
step "write, read" sh -c "qemu-io -f raw -c 'write -q -P 0x5a 1M 512k' -c 'read -q -P 0x5a 1M 512k' \
    -c 'read -q -P 0 8M 1M' -c flush $at"
step "zeroes and discard" sh -c "qemu-io -f raw -c 'write -q -z 1M 64k' -c 'read -q -P 0 1M 64k' -c 'discard -q 4M 4M' $at"
step "copy to another image" qemu-img convert -n -f raw -O raw $at rbd:$pool/other
step "remove the unit" admin --mode logicalunit --op delete --tid 1 --lun 1
step "remove the target" admin --mode target --op delete --force --tid 1
step "end" admin --mode system --op delete
wait $tgtd
trap - EXIT
step "Python reads it" python "
with handle.open_ioctx('$pool') as ioctx:
    for name in ['disk', 'other']:
        with rbd.Image(ioctx, name) as image:
            print(name, image.read(4096, 11), set(image.read((1 << 20) + 65536, 1000)), set(image.read(1 << 20, 1000)))"
drop_pool $pool
