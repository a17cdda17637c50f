#!/bin/bash
# Runs client programs on the original libraries and on ours, and compares what they print.
#
#   run.sh original [SCRIPT...]   original libraries, real cluster; keeps the transcript as the reference
#   run.sh store [SCRIPT...]      our libraries, embedded store; compares with the reference
#   run.sh cluster [SCRIPT...]    our libraries, the same real cluster; compares with the reference
#   run.sh both [SCRIPT...]       original and store, live
#   run.sh all [SCRIPT...]        all three, live
#
# SCRIPT is a path below ctests/, such as clients/python_rbd_snap.py or rados/io.c, or a folder such as rados; none
# means all. -h for more.
exec /usr/bin/python3 -B "$(dirname "$0")/runner.py" "$@"
