#!/bin/bash
# A throwaway real Ceph cluster on loopback: monitors, one manager, BlueStore OSDs, cephx on.
# It is the oracle of ctests: every program runs on the original libraries against it first.
#
#   cluster.sh start DIR [OSDS=1] [PORT=20100] [MONS=1] [REPLICAS=1] [[SECTION:]OPTION=VALUE...]
#                                      about 10 s; uses PORT to PORT+99 of 127.0.0.1. The options are added
#                                      to DIR/ceph.conf, in [global] or in SECTION
#   cluster.sh stop DIR                stops what `start` started there; the data stays
#   cluster.sh remove DIR              stops it and deletes the data
#   cluster.sh kill DIR DAEMON         SIGKILL: mon.a, mon.b, ..., mgr.x, osd.0, osd.1, ...
#   cluster.sh restart DIR DAEMON      starts it again, killed before or not
#   cluster.sh freeze DIR DAEMON       SIGSTOP: its sockets stay open and nobody answers
#   cluster.sh thaw DIR DAEMON         SIGCONT
#
# After start: CEPH_CONF=DIR/ceph.conf, user client.admin. Needs Debian's ceph-mon, ceph-mgr, ceph-osd and
# ceph-common (ctests/install-deps.sh), and root or a user who may run them. Ports stay below 32768, where
# the kernel takes outgoing ones from.
#
# With CLUSTER_ROOT=FOLDER the programs are those of another Debian in FOLDER (ctests/matrix.sh), run by
# chroot; the keys that it makes are of CLUSTER_KEY_TYPE, where it knows several: aes unless that is aes256k, the kind
# that 20.2.4 makes by itself. DIR is then FOLDER/DIR, with a link to it outside, so that its files have one name on
# both sides.
set -euo pipefail

# What is not ours: the libraries under test are for clients only.
unset CEPH_ARGS LD_LIBRARY_PATH LD_PRELOAD

# in_root COMMAND...: runs a program of the cluster's Ceph.
in_root() {
    if [ -n "${CLUSTER_ROOT:-}" ]; then
        chroot "$CLUSTER_ROOT" "$@"
    else
        "$@"
    fi
}

# mon_letter N: the name of the Nth monitor.
mon_letter() {
    printf "\\x$(printf %x $((97 + $1)))"
}

mon_address() {
    echo "[v2:127.0.0.1:$((port + 2 * $1)),v1:127.0.0.1:$((port + 2 * $1 + 1))]"
}

write_conf() {
    local hosts="" n option section
    for n in $(seq 0 $((mons - 1))); do
        hosts+=$(mon_address "$n"),
    done
    cat > "$dir/ceph.conf" <<CONF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon_host = ${hosts%,}
public_network = 127.0.0.0/8
ms_bind_port_min = $((port + 20))
ms_bind_port_max = $((port + 99))
log_file = $dir/log/\$name.log
admin_socket = $dir/run/\$name.\$pid.asok
pid_file = $dir/run/\$name.pid
run_dir = $dir/run
crash_dir = $dir/log
osd_pool_default_size = $replicas
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
    for option in "${options[@]}"; do
        section=global
        [[ ${option%%=*} != *:* ]] || section=${option%%:*} option=${option#*:}
        printf '[%s]\n%s = %s\n' "$section" "${option%%=*}" "${option#*=}" >> "$dir/ceph.conf"
    done
}

start_monitors() {
    local fsid n key=(--gen-key) ciphers=()
    # By itself 20.2.4 makes keys (aes256k) that the original of 16.2.15 cannot read, and takes no others.
    if [[ $(in_root ceph-authtool --help 2>&1 || true) == *--key-type* && ${CLUSTER_KEY_TYPE:=aes} == aes ]]; then
        key+=(--key-type aes)
        ciphers=(--auth-allowed-ciphers aes,aes256k --auth-service-cipher aes --auth-preferred-cipher aes)
    fi
    fsid=$(awk '/^fsid/ {print $3}' "$CEPH_CONF")
    in_root ceph-authtool --create-keyring "$dir/keyring" "${key[@]}" -n mon. --cap mon 'allow *' >/dev/null
    in_root ceph-authtool "$dir/keyring" "${key[@]}" -n client.admin \
        --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *' --cap mds 'allow *' >/dev/null
    in_root monmaptool --create --fsid "$fsid" "${ciphers[@]}" "$dir/monmap" >/dev/null
    for n in $(seq 0 $((mons - 1))); do
        in_root monmaptool --addv "$(mon_letter "$n")" "$(mon_address "$n")" "$dir/monmap" >/dev/null
    done
    for n in $(seq 0 $((mons - 1))); do
        in_root ceph-mon --mkfs -i "$(mon_letter "$n")" --monmap "$dir/monmap" --keyring "$dir/keyring"
        launch "mon.$(mon_letter "$n")"
    done
    in_root ceph -s >/dev/null
}

start_manager() {
    mkdir -p "$dir/mgr.x"
    in_root ceph auth get-or-create mgr.x mon 'allow profile mgr' osd 'allow *' mds 'allow *' \
        > "$dir/mgr.x/keyring"
    launch mgr.x
}

start_osd() {
    local id=$1 uuid
    uuid=$(cat /proc/sys/kernel/random/uuid)
    mkdir -p "$dir/osd.$id"
    in_root ceph osd new "$uuid" "$id" >/dev/null 2>&1
    in_root ceph auth get-or-create "osd.$id" \
        mon 'allow profile osd' mgr 'allow profile osd' osd 'allow *' > "$dir/osd.$id/keyring"
    in_root ceph-osd -i "$id" --mkfs --osd-uuid "$uuid" > "$dir/log/mkfs.$id" 2>&1
    launch "osd.$id"
}

# launch DAEMON: starts it in the background; it writes DIR/run/DAEMON.pid.
launch() {
    in_root "ceph-${1%%.*}" -i "${1#*.}" > "$dir/log/start.$1" 2>&1 ||
        { cat "$dir/log/start.$1" >&2; return 1; }
}

# The manager makes this pool by itself, some time after the start: waits for it, so that no script sees it
# appear. Since 17 it is .mgr, and before that device_health_metrics.
wait_for_own_pool() {
    for _ in $(seq 120); do
        ! in_root ceph osd pool ls 2>/dev/null | grep -qE 'device_health_metrics|^\.mgr' || return 0
        # In Debian's 18.2 no module of the manager can be loaded, and this one makes the pool.
        if in_root ceph health detail 2>/dev/null | grep -q "Module 'devicehealth' has failed"; then
            in_root ceph osd pool create .mgr 1 --yes-i-really-mean-it >/dev/null 2>&1
            # One of several monitors may not know of it yet.
            until in_root ceph osd pool application enable .mgr mgr --yes-i-really-mean-it >/dev/null 2>&1; do
                sleep 0.25
            done
            return 0
        fi
        sleep 0.25
    done
}

start() {
    [ ! -e "$dir/ceph.conf" ] || { echo "$dir already holds a cluster" >&2; exit 1; }
    if [ -n "${CLUSTER_ROOT:-}" ]; then
        mkdir -p "$CLUSTER_ROOT$dir" "$(dirname "$dir")"
        ln -sfnT "$CLUSTER_ROOT$dir" "$dir"
    fi
    mkdir -p "$dir"/{log,run}
    write_conf
    export CEPH_CONF="$dir/ceph.conf"
    start_monitors
    start_manager
    local id
    for id in $(seq 0 $((osds - 1))); do
        start_osd "$id"
    done
    for _ in $(seq 120); do
        in_root ceph osd stat -f json 2>/dev/null | grep -q "\"num_up_osds\":$osds" && break
        sleep 0.25
    done
    wait_for_own_pool
    echo "CEPH_CONF=$CEPH_CONF"
}

# pid_of DAEMON: its process, if it runs. A process that took the number of a dead daemon is none.
pid_of() {
    local pid
    pid=$(cat "$dir/run/$1.pid" 2>/dev/null) || return 1
    [[ $(cat "/proc/$pid/comm" 2>/dev/null) == "ceph-${1%%.*}" ]] && echo "$pid"
}

# gone PID: waits up to 10 s for it to end.
gone() {
    for _ in $(seq 200); do
        [ -e "/proc/$1" ] || return 0
        # Its parent may not look for long; but its other threads must have let go of its files.
        grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null &&
            [ "$(find "/proc/$1/task" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l)" -le 1 ] && return 0
        sleep 0.05
    done
    return 1
}

stop() {
    local file name pid pids=()
    for file in "$dir"/run/*.pid; do
        name=$(basename "$file" .pid)
        pid=$(pid_of "$name") || continue
        # A frozen one hears nothing before it is thawed.
        kill -TERM "$pid" && kill -CONT "$pid" && pids+=("$pid")
    done
    for pid in "${pids[@]}"; do
        gone "$pid" || kill -KILL "$pid" 2>/dev/null || true
    done
}

remove() {
    [ -e "$dir/ceph.conf" ] || return 0
    stop
    rm -rf "$(readlink -f "$dir")"
    rm -f "$dir"
}

kill_daemon() {
    local pid
    pid=$(pid_of "$daemon") || { echo "$daemon does not run" >&2; exit 1; }
    kill -KILL "$pid"
    gone "$pid"
    rm -f "$dir/run/$daemon.pid"
}

restart_daemon() {
    ! pid_of "$daemon" > /dev/null || kill_daemon
    CEPH_CONF="$dir/ceph.conf" launch "$daemon"
}

signal_daemon() {
    kill "$1" "$(pid_of "$daemon")"
}

action=${1:?start, stop, remove, kill, restart, freeze or thaw}
# Not through a link: see CLUSTER_ROOT.
dir=$(realpath -ms "${2:?a directory}")
case $action in
    start)
        osds=${3:-1} port=${4:-20100} mons=${5:-1} replicas=${6:-1} options=("${@:7}")
        start
        ;;
    stop | remove) "$action" ;;
    kill | restart) daemon=${3:?a daemon, such as osd.0} && "${action}_daemon" ;;
    freeze) daemon=${3:?a daemon, such as osd.0} && signal_daemon -STOP ;;
    thaw) daemon=${3:?a daemon, such as osd.0} && signal_daemon -CONT ;;
    *) echo "start, stop, remove, kill, restart, freeze or thaw, not $action" >&2; exit 2 ;;
esac
