#!/bin/bash
# Runs the tests of what threads share under ThreadSanitizer: completions, the finisher, handlers, sessions,
# the objecter, watches of objects and of images, the I/O of images, the store.
#
#   race.sh [FILTER...]          such as runtime:: or local::watch; all of these by default
#
# The compiler may be a stable one: RUSTC_BOOTSTRAP allows it the option. The standard library is compiled
# with the sanitizer too, as otherwise its locks would not be seen; its source is that of the toolchain
# (rustup component add rust-src), or of Debian's package rust-src of the same version, or in $RUST_LIBRARY.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
version=$(rustc --version | cut -d ' ' -f 2)
host=$(rustc -vV | sed -n 's/^host: //p')
for library in "${RUST_LIBRARY:-}" "$(rustc --print sysroot)/lib/rustlib/src/rust/library" \
    "/usr/src/rustc-$version/library"; do
    [ -e "$library/std/Cargo.toml" ] && break
    library=
done
[ -n "$library" ] || { echo "race.sh: skipped: no source of the standard library $version" >&2; exit 77; }

[ $# -gt 0 ] || set -- runtime:: ceph::net:: ceph::objecter:: ceph::mon:: \
    local:: rados:: rbd::watch_tests:: rbd::client_tests:: rbd::gate rbd::io:: capi::
cd "$top"
export RUSTC_BOOTSTRAP=1 __CARGO_TESTS_ONLY_SRC_ROOT=$library
export RUSTFLAGS=-Zsanitizer=thread CARGO_TARGET_DIR=$top/target/race
export TSAN_OPTIONS="halt_on_error=0 suppressions=$top/ctests/race.supp ${TSAN_OPTIONS:-}"
exec cargo test -Zbuild-std --target "$host" --lib -- "$@"
