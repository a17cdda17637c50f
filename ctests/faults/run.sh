#!/bin/bash
# Breaks a real cluster under a verified write load: OSDs, monitors, sockets, pools, tickets.
#
#   run.sh original|ours [CASE...]     no CASE means all of them; -l lists them
#
# Starts its own cluster (3 OSDs, 3 monitors, 2 replicas) at CTESTS_PORT. FAULTS_SCALE=2.5 makes every fault
# last 2.5 times as long, which is 20 s for a frozen OSD. FAULTS_CACHE=1 writes with the client's cache: what was
# acknowledged and not flushed may then be lost where an error is expected, and only there. FAULTS_SOCKETS=500 has the
# OSDs' sockets fail now and then through all cases. See faults.py.
exec "$(dirname "$0")/../sides/original.sh" "$(dirname "$0")/faults.py" "$@"
