#!/bin/bash
# Runs a Python program that steers two sides: itself on the original libraries, with the package `sides`.
unset CEPH_ARGS CEPH_KEYRING CEPH_CONF LD_PRELOAD LD_LIBRARY_PATH
PYTHONPATH=$(cd "$(dirname "$0")/.." && pwd)
export PYTHONPATH
exec /usr/bin/python3 -u -B "$@"
