#!/bin/bash
# Debian's rbd-fuse: the images of a pool as files.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"
command -v rbd-fuse > /dev/null || skip "no rbd-fuse on this machine"
[ -w /dev/fuse ] || skip "no access to /dev/fuse"
command -v fusermount > /dev/null || command -v fusermount3 > /dev/null || [ "$(id -u)" = 0 ] ||
    skip "no fusermount on this machine"

pool=fuse
mount=$CTESTS_SCRATCH/mount
mkdir -p "$mount"
make_pool $pool
make_image $pool disk $((8 << 20))
python "
with handle.open_ioctx('$pool') as ioctx, rbd.Image(ioctx, 'disk') as image: image.write(b'from python', 4096)"

# In the foreground, so that it can be ended by its number. It links Ceph's own libceph-common, which would
# ask the monitor for settings before it comes to the libraries under test.
rbd-fuse "$mount" -c "$CEPH_CONF" --no-mon-config -p $pool -f 2> fuse.err &
fuse=$!
for _ in $(seq 100); do
    mountpoint -q "$mount" && break
    kill -0 $fuse 2> /dev/null || break
    sleep 0.1
done
mountpoint -q "$mount" || { wait $fuse; cat fuse.err; skip "rbd-fuse cannot mount here"; }
trap 'umount "$mount" 2> /dev/null || fusermount -u "$mount"; wait $fuse' EXIT

content() {
    dd if="$mount/$1" bs=1 skip="$2" count="$3" status=none
}

step "the images" ls "$mount"
step "size" stat -c %s "$mount/disk"
step "what Python wrote" content disk 4096 11
step "write" dd if=/dev/zero of="$mount/disk" bs=64k count=4 seek=16 conv=notrunc,fsync status=none
step "write text" sh -c "printf hello | dd of='$mount/disk' bs=1 seek=1048580 conv=notrunc,fsync status=none"
step "read text" content disk 1048580 5
step "whole" sh -c "sha256sum < '$mount/disk'"
step "a new image" truncate -s 1M "$mount/new"
step "the images" ls "$mount"
step "Python reads it" python "
with handle.open_ioctx('$pool') as ioctx:
    print(sorted(rbd.RBD().list(ioctx)))
    with rbd.Image(ioctx, 'disk', read_only=True) as image: print(image.read(1048580, 5))"
step "remove" rm "$mount/new"
step "the images" ls "$mount"
umount "$mount"
trap - EXIT
wait $fuse
step "it ended" test $? = 0
step "after it" python "
with handle.open_ioctx('$pool') as ioctx, rbd.Image(ioctx, 'disk') as image: print(image.read(4096, 11), image.read(1048580, 5))"
drop_pool $pool
