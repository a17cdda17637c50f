#!/bin/bash
# Debian's libvirtd with its rbd storage backend, driven by virsh: a pool of type rbd and its volumes.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"
for program in libvirtd virsh; do
    command -v $program > /dev/null || skip "no $program on this machine"
done
[ -e "$(find /usr/lib -path '*/storage-backend/libvirt_storage_backend_rbd.so' -print -quit)" ] ||
    skip "libvirt has no rbd backend on this machine"

# A daemon of one user with everything it keeps in the scratch directory. To root, libvirtd would be the
# machine's own; so it is given a name space in which it is not root.
user=()
if [ "$(id -u)" = 0 ]; then
    user=(unshare --user --map-user=1000 --map-group=1000)
    "${user[@]}" true 2> /dev/null || skip "no user name spaces on this machine"
fi
# The path of a socket has room for 107 characters.
private=$(mktemp -d "${TMPDIR:-/tmp}/libvirt.XXXXXX")
daemon=
end() {
    [ -z "$daemon" ] || kill "$daemon" 2> /dev/null
    [ -z "$daemon" ] || wait "$daemon"
    rm -rf "$private"
}
trap end EXIT
session() {
    env -u DISPLAY LIBVIRT_AUTOSTART=0 HOME="$private" XDG_RUNTIME_DIR="$private" XDG_CONFIG_HOME="$private/config" \
        XDG_CACHE_HOME="$private/cache" XDG_DATA_HOME="$private/data" "$@"
}
# What libvirt prints as the reason of a failed call is the C library's errno, which that call never set.
reasons() {
    sed -E -e 's/^(error: failed to (create|remove|unprotect) .*): [A-Z][A-Za-z ]*$/\1/' -e 's/libvirt-[0-9]+/libvirt-<n>/'
}
session "${user[@]}" libvirtd > libvirtd.log 2>&1 &
daemon=$!
virsh() {
    session "${user[@]}" virsh -q -c storage:///session "$@" 2> >(reasons >&2)
}
secrets() {
    session "${user[@]}" virsh -q -c secret:///session "$@"
}
for _ in $(seq 100); do
    virsh pool-list > /dev/null 2>&1 && break
    kill -0 $daemon 2> /dev/null || { daemon=; cat libvirtd.log >&2; skip "libvirtd does not start here"; }
    sleep 0.1
done

pool=libvirt
make_pool $pool
# A pool's host and key are libvirt's own settings: it reads no ceph.conf.
host=$(sed -n 's/^mon_host = //p' "$CEPH_CONF")
key=$(sed -n '/client.admin/,$s/^[[:space:]]*key = //p' "$(dirname "$CEPH_CONF")/keyring" 2> /dev/null | head -1)
# A store asks for none, but the secret has to have one.
echo -n "${key:-AQAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAA==}" > key
secret=8b7e7ac8-2e0c-4a4e-a0a3-7e3f8a3a4c11
cat > secret.xml <<XML
<secret ephemeral='no' private='yes'>
  <uuid>$secret</uuid>
  <usage type='ceph'><name>client.admin of this test</name></usage>
</secret>
XML
# define NAME POOL [XML]
define() {
    cat > pool.xml <<XML
<pool type='rbd'>
  <name>$1</name>
  ${3:-}
  <source>
    <name>$2</name>
    <host name='$host'/>
    <auth type='ceph' username='admin'><secret uuid='$secret'/></auth>
  </source>
</pool>
XML
    virsh pool-define pool.xml
}

section() {
    echo "#### $1"
}

# Free space and what is used of it vary; that a figure is there does not.
pool_info() {
    virsh pool-info "$1" | sed -E -e 's/^(UUID): .*/\1: <uuid>/' \
        -e 's/^(Capacity|Allocation|Available): +[0-9.]+ .iB$/\1: <size>/'
}
pool_xml() {
    local xml
    xml=$(virsh pool-dumpxml "$1")
    sed -E -e 's|<uuid>.*</uuid>|<uuid/>|' -e 's|(<(capacity\|allocation\|available) .*>).*<|\1<|' \
        <<< "${xml//"$host"/<mon_host>}"
}
volume() {
    virsh "$1" --pool pool "${@:2}"
}
volumes() {
    virsh vol-list pool --details | sed -E 's/ +/ /g'
}
# copy VOLUME NEW: a clone of the volume, as a virtual machine's disk is made from a template.
copy() {
    volume vol-clone "$1" "$2"
}
image() {
    python "
with handle.open_ioctx('$pool') as ioctx, rbd.Image(ioctx, '$1') as image: $2"
}

section "a pool"
step "a secret" secrets secret-define secret.xml
step "its value" secrets secret-set-value $secret --file key
step "define" define pool $pool
step "start" virsh pool-start pool
step "start again" virsh pool-start pool
step "list" virsh pool-list --all
step "info" pool_info pool
step "as XML" pool_xml pool
step "no volumes" volumes
step "a pool that is not there" define missing missing
step "start it" virsh pool-start missing
step "undefine it" virsh pool-undefine missing

section "volumes"
step "create" volume vol-create-as one 64M
step "create again" volume vol-create-as one 64M
step "a qcow2 is refused or not" volume vol-create-as two 16M --format qcow2
step "list" volumes
step "info" volume vol-info one
step "info of a missing one" volume vol-info missing
step "as XML" volume vol-dumpxml one
step "path" volume vol-path one
step "key" volume vol-key one
step "by path" virsh vol-name $pool/one
step "features" image one "print(image.features(), image.size(), image.stripe_unit(), image.old_format())"

section "allocation"
step "written to by Python" image one "print(image.write(b'x' * 5000000, 1 << 20))"
step "refresh" virsh pool-refresh pool
step "info" volume vol-info one
step "bytes" volume vol-info one --bytes
step "made by Python" python "
with handle.open_ioctx('$pool') as ioctx: rbd.RBD().create(ioctx, 'other', 3 << 20, old_format=False)"
step "not seen yet" volumes
step "refresh" virsh pool-refresh pool
step "seen" volumes

section "resize"
step "grow" volume vol-resize one 80M
step "by" volume vol-resize one 1M --delta
step "smaller than what is there" volume vol-resize one 10M --shrink
step "info" volume vol-info one
step "size" image one "print(image.size())"

section "clone"
step "clone" copy one copy
step "clone again" copy one copy
step "clone of the clone" copy copy third
step "of a missing one" copy missing fourth
step "list" volumes
step "content" image copy "print(image.read(1 << 20, 5), image.size())"
step "parents" python "
import re
with handle.open_ioctx('$pool') as ioctx:
    for name in sorted(rbd.RBD().list(ioctx)):
        with rbd.Image(ioctx, name) as image:
            snaps = [(snap['name'], image.is_protected_snap(snap['name'])) for snap in image.list_snaps()]
            try: parent = image.parent_info()
            except rbd.ImageNotFound: parent = None
            print(name, re.sub('[0-9]{2,}', '<n>', str((snaps, parent))))"

section "what the backend does not do"
printf 'text' > text
step "upload" volume vol-upload one text
step "download" volume vol-download one out

section "wipe and delete"
step "wipe" volume vol-wipe third
step "wiped" image third "print(set(image.read(1 << 20, 5000)))"
step "wipe by trimming" volume vol-wipe copy --algorithm trim
step "wipe by another algorithm" volume vol-wipe copy --algorithm nnsa
step "delete one with a clone" volume vol-delete one
step "delete it with its snapshots" volume vol-delete one --delete-snapshots
step "delete the last of the line" volume vol-delete third
step "the one before" volume vol-delete copy --delete-snapshots
step "the first" volume vol-delete one --delete-snapshots
step "delete" volume vol-delete two
step "delete a missing one" volume vol-delete two
step "list" volumes

section "the end of the pool"
step "stop" virsh pool-destroy pool
step "stopped" volumes
step "start" virsh pool-start pool
step "its volumes" volumes
step "stop" virsh pool-destroy pool
step "undefine" virsh pool-undefine pool
step "list" virsh pool-list --all

section "a pool that counts what is written"
image other "image.write(b'x' * 100000, 0)"
step "define" define pool $pool "<refresh><volume allocation='default'/></refresh>"
step "start" virsh pool-start pool
step "its volume" volumes
step "create" volume vol-create-as sparse 64M
step "grow" volume vol-resize sparse 100M
step "shrink" volume vol-resize sparse 32M --shrink
step "its volumes" volumes
step "wipe" volume vol-wipe other
step "trim" volume vol-wipe other --algorithm trim
step "refresh" virsh pool-refresh pool
step "its volumes" volumes
step "delete" volume vol-delete sparse
step "delete" volume vol-delete other

section "wrong keys"
step "stop" virsh pool-destroy pool
step "without its secret" secrets secret-undefine $secret
step "start" virsh pool-start pool
step "undefine" virsh pool-undefine pool
drop_pool $pool
