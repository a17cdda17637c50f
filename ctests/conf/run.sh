#!/bin/sh
# Configuration: the original's answers and ours, the same bytes. No cluster is needed.
#
#   run.sh [DIST] [SEED]   DIST is what `make` left, target/dist by default
#
# Prints the lines that differ and ends with 1 if there are any. Half a minute.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dist=$(cd "${1:-$here/../../target/dist}" && pwd)
seed=${2:-1}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python=${PYTHON:-/usr/bin/python3}

ask() { env "$@" "$python" "$here/transcript.py" --seed "$seed" 2> "$tmp/err"; }
ask > "$tmp/original"
ask LD_LIBRARY_PATH="$dist/lib" > "$tmp/ours"
if diff "$tmp/original" "$tmp/ours" > "$tmp/diff"; then
    echo "ok      conf: $(wc -l < "$tmp/original") answers are the same"
else
    echo "FAILED  conf: $(grep -c '^[<>]' "$tmp/diff") lines differ; < is the original"
    head -40 "$tmp/diff"
    exit 1
fi
