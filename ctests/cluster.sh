#!/bin/bash
# A throwaway real Ceph cluster on loopback: one monitor, one manager, BlueStore OSDs, cephx on.
# It is the oracle of ctests: every program runs on the original libraries against it first.
#
#   cluster.sh start DIR [OSDS=1] [PORT=20100]   about 10 s; uses PORT to PORT+99 of 127.0.0.1
#   cluster.sh stop DIR                          stops what `start` started there; the data stays
#
# After start: CEPH_CONF=DIR/ceph.conf, user client.admin. Needs Debian's ceph-mon, ceph-mgr, ceph-osd and
# ceph-common (ctests/install-deps.sh), and root or a user who may run them. Ports stay below 32768, where
# the kernel takes outgoing ones from.
set -euo pipefail

write_conf() {
    cat > "$dir/ceph.conf" <<CONF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon_host = [v2:127.0.0.1:$port,v1:127.0.0.1:$((port + 1))]
public_network = 127.0.0.0/8
ms_bind_port_min = $((port + 20))
ms_bind_port_max = $((port + 99))
log_file = $dir/log/\$name.log
admin_socket = $dir/run/\$name.\$pid.asok
pid_file = $dir/run/\$name.pid
run_dir = $dir/run
crash_dir = $dir/log
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
osd_memory_target = 1073741824
bluestore_block_size = 10737418240
mon_allow_pool_delete = true
mon_allow_pool_size_one = true
mon_warn_on_pool_no_redundancy = false
mon_data_avail_warn = 1
# Maps and figures soon, not after seconds.
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
mgr_stats_period = 1
mgr_tick_period = 1
osd_snap_trim_sleep_hdd = 0.01
osd_snap_trim_sleep_ssd = 0.01
auth_allow_insecure_global_id_reclaim = false
[client]
keyring = $dir/keyring
log_file = $dir/log/\$name.\$pid.log
[mon]
keyring = $dir/keyring
mon_data = $dir/mon.\$id
[mgr]
keyring = $dir/mgr.\$id/keyring
mgr_data = $dir/mgr.\$id
mgr_initial_modules =
[osd]
keyring = $dir/osd.\$id/keyring
osd_data = $dir/osd.\$id
CONF
}

start_monitor() {
    local fsid
    fsid=$(awk '/^fsid/ {print $3}' "$CEPH_CONF")
    ceph-authtool --create-keyring "$dir/keyring" --gen-key -n mon. --cap mon 'allow *' >/dev/null
    ceph-authtool "$dir/keyring" --gen-key -n client.admin \
        --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *' --cap mds 'allow *' >/dev/null
    monmaptool --create --fsid "$fsid" \
        --addv a "[v2:127.0.0.1:$port,v1:127.0.0.1:$((port + 1))]" "$dir/monmap" >/dev/null
    ceph-mon --mkfs -i a --monmap "$dir/monmap" --keyring "$dir/keyring"
    ceph-mon -i a
    ceph -s >/dev/null
}

start_manager() {
    mkdir -p "$dir/mgr.x"
    ceph auth get-or-create mgr.x mon 'allow profile mgr' osd 'allow *' mds 'allow *' \
        > "$dir/mgr.x/keyring"
    ceph-mgr -i x
}

start_osd() {
    local id=$1 uuid
    uuid=$(cat /proc/sys/kernel/random/uuid)
    mkdir -p "$dir/osd.$id"
    ceph osd new "$uuid" "$id" >/dev/null 2>&1
    ceph auth get-or-create "osd.$id" \
        mon 'allow profile osd' mgr 'allow profile osd' osd 'allow *' > "$dir/osd.$id/keyring"
    ceph-osd -i "$id" --mkfs --osd-uuid "$uuid" > "$dir/log/mkfs.$id" 2>&1
    ceph-osd -i "$id" > "$dir/log/start.$id" 2>&1
}

start() {
    [ ! -e "$dir/ceph.conf" ] || { echo "$dir already holds a cluster" >&2; exit 1; }
    mkdir -p "$dir"/{log,run}
    write_conf
    export CEPH_CONF="$dir/ceph.conf"
    unset CEPH_ARGS
    start_monitor
    start_manager
    local id
    for id in $(seq 0 $((osds - 1))); do
        start_osd "$id"
    done
    for _ in $(seq 120); do
        ceph osd stat -f json 2>/dev/null | grep -q "\"num_up_osds\":$osds" && break
        sleep 0.25
    done
    # The manager makes this pool by itself, some time after the start: wait for it, so that no script
    # sees it appear.
    for _ in $(seq 120); do
        ceph osd pool ls 2>/dev/null | grep -q device_health_metrics && break
        sleep 0.25
    done
    echo "CEPH_CONF=$CEPH_CONF"
}

stop() {
    local file
    for file in "$dir"/run/*.pid; do
        [ -e "$file" ] && kill "$(cat "$file")" 2>/dev/null || true
    done
}

action=${1:?start or stop} dir=$(realpath -m "${2:?a directory}") osds=${3:-1} port=${4:-20100}
case $action in
    start | stop) "$action" ;;
    *) echo "start or stop, not $action" >&2; exit 2 ;;
esac
