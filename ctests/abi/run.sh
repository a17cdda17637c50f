#!/bin/sh
# The binary interface: symbols, types, prototypes, linking and loading, against Ceph's packages.
#
#   run.sh [DIST]     DIST is what `make` left, target/dist by default
#
# Needs a C compiler, binutils, librados-dev and librbd-dev; install-deps.sh has them. Each check is
# a function below; the last line says how many passed, and the status is 1 if one did not.
set -u
here=$(cd "$(dirname "$0")" && pwd)
dist=$(cd "${1:-$here/../../target/dist}" && pwd) || exit 2
lib=$dist/lib
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
: "${CC:=cc}"
ceph=$(dirname "$(ldconfig -p | sed -n 's/.* => \(.*\/librados\.so\.2\)$/\1/p' | head -1)")
passed=0 failed=0

# Not `if ( set -e; ... )`: a shell ignores -e in there. For the same reason a line that must not
# succeed is `none command`, not `! command`.
check() {
    ( set -e; "$@" ) > "$tmp/log" 2>&1
    if [ $? = 0 ]; then
        passed=$((passed + 1)); echo "ok      abi: $*"
    else
        failed=$((failed + 1)); echo "FAILED  abi: $*"; sed 's/^/        /' "$tmp/log" | head -40
    fi
}

none() {
    if "$@"; then return 1; fi
}

# Lines of text are the same, or what differs is printed.
same() { diff "$1" "$2"; }

# The libraries that a file names.
needed() { readelf -dW "$1" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p'; }

# Every prototype of rados_* and rbd_* in the headers of an include directory, one on a line.
declared() {
    printf '#include <rbd/librbd.h>\n' | "$CC" -E -P -I"$1" -x c - | grep -v '^#' | awk '
        BEGIN { RS = ";" }
        { gsub(/\n/, " ") }
        / \*?(rados|rbd)_[a-z0-9_]+ *\(/ && !/typedef/ { print $0 ";" }'
}

# --- symbols ------------------------------------------------------------------------------------

# "name library version" of every exported C name; objdump puts a hidden version in parentheses.
exported() {
    objdump -T "$1" | awk -v lib="$2" '$0 ~ / g / && !/\*UND\*/ && $NF ~ /^(rados|rbd)_/ {
        version = $(NF - 1)
        if (version == "(Base)") version = "hidden"
        if ($3 != "DF") version = version "!not-a-function"
        print $NF "\t" lib "\t" version
    }'
}

symbols() {
    { exported "$lib/librados.so.2" librados.so.2; exported "$lib/librbd.so.1" librbd.so.1; } |
        sort > "$tmp/ours"
    grep -v '^#' "$here/symbols.tsv" | sort > "$tmp/expected"
    same "$tmp/expected" "$tmp/ours"
}

# Nothing but the C names and the entry points of librbd.so.1 is visible: no symbol of a crate, of
# SQLite or of the Rust runtime can meet another library's.
no_other_symbol() {
    objdump -T "$lib/librados.so.2" "$lib/librbd.so.1" |
        awk '/ g / && !/\*UND\*/ && $NF !~ /^(rados|rbd)_/ { print $(NF - 1), $NF }' > "$tmp/others"
    none grep -vE '^(LIBRADOS_PRIVATE oxirados_rbd_[a-z0-9_]+|(LIBRADOS_[A-Z0-9.]+) \2)$' \
        "$tmp/others"
}

identity() {
    readelf -dW "$lib/librados.so.2" > "$tmp/rados.d"
    readelf -dW "$lib/librbd.so.1" > "$tmp/rbd.d"
    grep -q 'soname: \[librados.so.2\]' "$tmp/rados.d"
    grep -q 'soname: \[librbd.so.1\]' "$tmp/rbd.d"
    grep -q 'NEEDED.*\[librados.so.2\]' "$tmp/rbd.d"
    grep -q 'RUNPATH.*\[$ORIGIN\]' "$tmp/rbd.d"
    grep -q BIND_NOW "$tmp/rados.d"
    grep -q BIND_NOW "$tmp/rbd.d"
    # Nothing beyond the C library and the unwinder.
    needed "$lib/librados.so.2" > "$tmp/n"
    none grep -vE '^(libc\.so\.6|libgcc_s\.so\.1|libm\.so\.6|ld-linux.*)$' "$tmp/n"
    readelf -VW "$lib/librados.so.2" > "$tmp/v"
    grep -A1 'Name: LIBRADOS_14.2.0' "$tmp/v" | grep -q 'Parent 1: LIBRADOS_PRIVATE'
}

# --- headers ------------------------------------------------------------------------------------

types() {
    "$CC" -w "$here/types.c" -o "$tmp/types.ceph"
    "$CC" -w -I"$dist/include" "$here/types.c" -o "$tmp/types.ours"
    "$tmp/types.ceph" > "$tmp/types.ceph.out"
    "$tmp/types.ours" > "$tmp/types.ours.out"
    test "$(wc -l < "$tmp/types.ceph.out")" -gt 400
    same "$tmp/types.ceph.out" "$tmp/types.ours.out"
    "$CC" -w -DNEWER -I"$dist/include" "$here/types.c" -o "$tmp/types.newer"
    "$tmp/types.newer" | same "$here/types.newer" -
}

# One unit with our headers and Ceph's prototypes: the compiler refuses two types for one name.
prototypes() {
    declared /usr/include > "$tmp/ceph.h"
    cat "$here/newer.h" >> "$tmp/ceph.h"
    # Each name must be declared before Ceph's declaration is seen.
    grep '^[rb].*' "$here/symbols.tsv" | cut -f1 | sort -u | grep -v _tmap_ > "$tmp/names"
    test "$(wc -l < "$tmp/names")" = 537
    {
        echo '#include <rbd/librbd.h>'
        sed 's/.*/extern __typeof__(&) &;/' "$tmp/names"
        cat "$tmp/ceph.h"
    } > "$tmp/unit.c"
    for name in $(cat "$tmp/names"); do
        grep -qE "(^|[ *])$name *\(" "$tmp/ceph.h" || { echo "Ceph's $name?"; return 1; }
    done
    "$CC" -std=gnu11 -Wall -Werror -Wno-deprecated-declarations -I"$dist/include" -c "$tmp/unit.c" \
        -o "$tmp/unit.o"
}

# The same functions are marked deprecated.
deprecated() {
    for side in /usr/include "$dist/include"; do
        declared "$side" | grep deprecated | grep -oE '(rados|rbd)_[a-z0-9_]+ *\(' |
            tr -d ' (' | sort -u > "$tmp/deprecated.$(basename "$(dirname "$side")")"
    done
    test "$(wc -l < "$tmp/deprecated.usr")" -gt 40
    same "$tmp/deprecated.usr" "$tmp/deprecated.$(basename "$dist")"
}

# The headers stand alone, in C and C++, in any order, without a warning.
headers_stand_alone() {
    for header in rados/rados_types.h rados/librados.h rbd/features.h rbd/librbd.h; do
        printf '#include <%s>\n#include <%s>\nint unit;\n' "$header" "$header" > "$tmp/one.c"
        "$CC" -std=gnu99 -Wall -Wextra -Wpedantic -Wstrict-prototypes -Werror -I"$dist/include" \
            -c "$tmp/one.c" -o "$tmp/one.o"
        "$CC" -x c++ -Wall -Wextra -Werror -I"$dist/include" -c "$tmp/one.c" -o "$tmp/one.o"
    done
}

# --- linking ------------------------------------------------------------------------------------

# A program linked with ours and with Ceph's: the same NEEDED, and each runs on the other.
dynamic_link() {
    for what in rados rbd both; do
        case $what in
            rados) flags='-DUSE_RADOS' libs='-lrados' ;;
            rbd) flags='-DUSE_RBD' libs='-lrbd' ;;
            both) flags='-DUSE_RADOS -DUSE_RBD' libs='-lrbd -lrados' ;;
        esac
        # shellcheck disable=SC2086
        "$CC" $flags "$here/client.c" -o "$tmp/ceph.$what" $libs
        # shellcheck disable=SC2086
        "$CC" $flags -I"$dist/include" "$here/client.c" -o "$tmp/ours.$what" -L"$lib" $libs
        needed "$tmp/ceph.$what" > "$tmp/n1"
        needed "$tmp/ours.$what" > "$tmp/n2"
        same "$tmp/n1" "$tmp/n2"
        for program in "$tmp/ceph.$what" "$tmp/ours.$what"; do
            LD_LIBRARY_PATH=$lib "$program" "$lib" "$what"
            LD_LIBRARY_PATH=$ceph "$program" "$ceph" "$what"
            "$program" "$ceph" "$what"
        done
    done
    # The versioned reference that libvirt and python3-rados have.
    objdump -T "$tmp/ours.rados" | grep -q 'LIBRADOS_14.2.0) *rados_ioctx_pool_stat'
}

# LD_PRELOAD, of each library that a program names.
preload() {
    LD_PRELOAD=$lib/librados.so.2 "$tmp/ceph.rados" "$lib" rados
    LD_PRELOAD=$lib/librbd.so.1 "$tmp/ceph.rbd" "$lib" rbd
    LD_PRELOAD="$lib/librados.so.2 $lib/librbd.so.1" "$tmp/ceph.both" "$lib" both
    LD_PRELOAD="$lib/librbd.so.1 $lib/librados.so.2" "$tmp/ceph.both" "$lib" both
}

# dlopen of both with RTLD_LOCAL in either order, and of librbd.so.1 alone: one engine.
dlopen_local() {
    "$CC" -I"$dist/include" "$here/dlopen.c" -o "$tmp/dlopen" -ldl
    for order in "librados.so.2 librbd.so.1" "librbd.so.1 librados.so.2" "librbd.so.1"; do
        # shellcheck disable=SC2086
        LD_LIBRARY_PATH=$lib CEPH_CONF=/dev/null "$tmp/dlopen" "$tmp/store" $order
        rm -rf "$tmp/store"
    done
}

# The static archives: all of it in the program, nothing of it visible to the program's own code.
static_link() {
    PKG_CONFIG_PATH=$lib/pkgconfig
    export PKG_CONFIG_PATH
    for pc in librbd librados; do
        use=-DUSE_RADOS
        test $pc = librados || use='-DUSE_RBD -DUSE_RADOS'
        # shellcheck disable=SC2046,SC2086
        "$CC" $use "$here/client.c" -o "$tmp/static" -static \
            $(pkg-config --static --cflags --libs $pc)
        "$tmp/static" static
        test -z "$(needed "$tmp/static")"
        # shellcheck disable=SC2046,SC2086
        "$CC" $use "$here/client.c" -o "$tmp/dynamic" $(pkg-config --static --cflags --libs $pc)
        LD_LIBRARY_PATH=$lib "$tmp/dynamic" "$lib"
        "$CC" $use "$here/client.c" -o "$tmp/archive" -I"$dist/include" "$lib/$pc.a" -lgcc_eh -lm
        "$tmp/archive" static
    done
    # A program with a function of its own that our archive has inside as well.
    printf 'int sqlite3_open(void) { return 5; }\nint rust_eh_personality(void) { return 6; }\n' \
        > "$tmp/own.c"
    "$CC" -DUSE_RADOS -DUSE_RBD "$here/client.c" "$tmp/own.c" -I"$dist/include" -o "$tmp/own" \
        "$lib/librbd.a" "$lib/librados.a" -lgcc_eh -lm
    "$tmp/own" static
    nm -g --defined-only "$lib/librados.a" | awk 'NF == 3 { print $3 }' | sort > "$tmp/global"
    cut -f1 "$here/symbols.tsv" | grep -v '^#' | sort -u | same - "$tmp/global"
}

# --- arguments --------------------------------------------------------------------------------

nulls() {
    "$CC" -Wall -Wextra -Werror -I"$dist/include" "$here/nulls.c" -o "$tmp/nulls" -L"$lib" \
        -lrbd -lrados -ldl
    grep -v '^#' "$here/symbols.tsv" | cut -f1 | sort -u > "$tmp/names"
    LD_LIBRARY_PATH=$lib CEPH_CONF=/dev/null "$tmp/nulls" "$tmp/nulls.store" < "$tmp/names"
}

# --- loading ------------------------------------------------------------------------------------

# The file of a Debian package, where the package is installed or can be downloaded.
package_file() {
    package=$1 pattern=$2
    found=$(dpkg -L "$package" 2>/dev/null | grep -E "$pattern" | head -1)
    if [ -z "$found" ]; then
        mkdir -p "$tmp/deb/$package"
        cd "$tmp/deb"
        apt-get -q download "$package" >&2
        dpkg -x "$package"_*.deb "$package"
        found=$(find "$tmp/deb/$package" | grep -E "$pattern" | head -1)
    fi
    echo "$found"
}

# Loading a client binds every name it uses, with no word from the loader about our libraries.
loads() {
    package=$1 pattern=$2
    file=$(package_file "$package" "$pattern")
    test -n "$file"
    LD_BIND_NOW=1 LD_LIBRARY_PATH=$lib ldd -r "$file" > "$tmp/ldd" 2>&1
    grep -E 'librados|librbd' "$tmp/ldd" | grep -q "$lib/"
    # A module has names that its host program defines; those are not ours.
    none grep -E 'symbol:? (rados|rbd)_|lib(rados|rbd).*not found|version.*lib(rados|rbd)' \
        "$tmp/ldd"
}

check symbols
check no_other_symbol
check identity
check types
check prototypes
check deprecated
check headers_stand_alone
check dynamic_link
check preload
check dlopen_local
check static_link
check nulls
check loads qemu-block-extra '/block-rbd\.so$'
check loads libvirt-daemon-driver-storage-rbd '/libvirt_storage_backend_rbd\.so$'
check loads fio '/bin/fio$'
check loads python3-rados '/rados\.cpython.*\.so$'
check loads python3-rbd '/rbd\.cpython.*\.so$'
check loads rbd-fuse '/rbd-fuse$'
check loads tgt-rbd '/bs_rbd\.so$'

echo "abi: $passed passed, $failed failed"
test $failed = 0
