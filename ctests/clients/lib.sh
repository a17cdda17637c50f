# Sourced by the client scripts in shell: pools and images by Debian's Python modules, and a transcript.
#
# shellcheck shell=bash

set -uo pipefail

SKIP=77

# python 'code': rados and rbd are imported, `handle` is connected.
python() {
    /usr/bin/python3 -c "
import rados, rbd, sys
handle = rados.Rados(conffile='')
handle.connect(timeout=30)
$1
handle.shutdown()" "${@:2}"
}

make_pool() {
    python "
if handle.pool_exists('$1'): handle.delete_pool('$1')
handle.create_pool('$1')
with handle.open_ioctx('$1') as ioctx: ioctx.application_enable('rbd')"
}

drop_pool() {
    python "handle.delete_pool('$1')"
}

make_image() {
    python "
with handle.open_ioctx('$1') as ioctx: rbd.RBD().create(ioctx, '$2', $3)"
}

# What varies in the output of a tool: times, sizes on disk, the place of scratch files.
normalise() {
    sed -E -e "s|$CTESTS_SCRATCH|.|g" -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.]+/<time>/g' \
        -e 's|rbd:([^: "]*):[^ "]*|rbd:\1|g' \
        -e '/^disk size/d' -e '/actual-size/d'
}

# step TITLE COMMAND...: runs it and prints its output and exit status.
step() {
    local title=$1 status output
    shift
    output=$("$@" 2>&1)
    status=$?
    echo "== $title"
    [ -z "$output" ] || normalise <<< "$output"
    echo "exit status $status"
}

skip() {
    echo "$1"
    exit $SKIP
}
