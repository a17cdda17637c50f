#!/bin/bash
# Runs libFuzzer on the entries of src/fuzz, one after the other.
#
#   run.sh [-t SECONDS] [ENTRY...]   each entry for so long (60); all of them by default
#   run.sh -l                        lists them
#   run.sh -k [ENTRY...]             packs what was found to be worth keeping into corpus/
#
# Needs cargo-fuzz (cargo install cargo-fuzz). It works with a stable compiler, which is allowed the
# one option it needs by RUSTC_BOOTSTRAP. The first inputs are those of corpus/ENTRY.txt, a line each
# in hexadecimal, which `cargo test` runs too; what is found is in target/fuzz/. An input that makes an
# entry fail is printed and left there.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$(dirname "$here")")
found=$top/target/fuzz
seconds=60
keep=
export RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$found/build

while getopts t:lk option; do
    case $option in
        t) seconds=$OPTARG ;;
        l) list=1 ;;
        k) keep=1 ;;
        *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))

command -v cargo-fuzz > /dev/null || { echo "run.sh: cargo-fuzz is not installed" >&2; exit 2; }
[ -n "$keep" ] || cargo fuzz build --fuzz-dir "$here" --sanitizer none --release --debug-assertions entry
program=$found/build/$(rustc -vV | sed -n 's/^host: //p')/release/entry
if [ -n "${list:-}" ]; then
    OXIRADOS_FUZZ=list "$program" | sort
    exit
fi
[ $# -gt 0 ] || set -- $(OXIRADOS_FUZZ=list "$program")

unpack() { # ENTRY: its committed corpus, a file each
    mkdir -p "$found/seeds/$1" "$found/corpus/$1"
    [ -e "$here/corpus/$1.txt" ] || return 0
    /usr/bin/python3 - "$here/corpus/$1.txt" "$found/seeds/$1" <<'PY'
import hashlib, pathlib, sys
for line in open(sys.argv[1]):
    if not line.startswith("#"):
        data = bytes.fromhex(line.strip())
        pathlib.Path(sys.argv[2], hashlib.sha1(data).hexdigest()).write_bytes(data)
PY
}

pack() { # ENTRY: the smallest inputs that reach everything which was reached, up to 24 KiB
    rm -rf "$found/small/$1"
    mkdir -p "$found/small/$1"
    OXIRADOS_FUZZ=$1 "$program" -merge=1 "$found/small/$1" "$found/seeds/$1" "$found/corpus/$1" \
        2> "$found/$1.merge"
    /usr/bin/python3 - "$found/small/$1" "$here/corpus/$1.txt" <<'PY'
import pathlib, sys
inputs = sorted((f.read_bytes() for f in pathlib.Path(sys.argv[1]).iterdir()), key=lambda b: (len(b), b))
room = 24 << 10
with open(sys.argv[2], "w") as out:
    for data in inputs:
        room -= len(data)
        if room < 0:
            break
        out.write(data.hex() + "\n")
PY
    wc -l "$here/corpus/$1.txt"
}

failed=0
for entry in "$@"; do
    unpack "$entry"
    if [ -n "$keep" ]; then
        pack "$entry"
        continue
    fi
    log=$found/$entry.log
    status=0
    OXIRADOS_FUZZ=$entry "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -max_len=16384 -artifact_prefix="$found/$entry-" -print_final_stats=1 -verbosity=1 \
        "$found/corpus/$entry" "$found/seeds/$entry" > "$log" 2>&1 || status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    reached=$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' "$log" | tail -1)
    printf '%-24s %10s runs, %6s places reached' "$entry" "${runs:-?}" "${reached:-?}"
    if [ "$status" = 0 ]; then
        echo
    else
        echo ", FAILED: see $log"
        failed=1
    fi
done
exit $failed
