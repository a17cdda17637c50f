#!/bin/sh
# Links librados.so.2, librbd.so.1 and the static archives from the Rust static library.
#
#   liboxirados.a --ld -r--> one object, only what the C names reach, only the C names global
#        |                                       |
#        |  rbd_* renamed oxirados_rbd_*         +--> librados.a = librbd.a
#        v
#   librados.so.2   the engine: 246 rados_* names, and oxirados_rbd_* in the node LIBRADOS_PRIVATE
#        ^
#        |  NEEDED, RUNPATH $ORIGIN
#   librbd.so.1     294 rbd_* names, each a jump to its oxirados_rbd_*
#
# So there is one engine and one copy of its state in a process, whichever library a program names.
# Why not a cdylib: rustc gives the linker an anonymous version script of its own, which cannot be
# combined with named version nodes.
#
# usage: link.sh LIBOXIRADOS_A SYMBOLS_TSV BUILD_DIR OUT_DIR
set -eu

archive=$1 symbols=$2 build=$3 out=$4
here=$(dirname "$0")
: "${CC:=cc}" "${LD:=ld}" "${OBJCOPY:=objcopy}" "${AR:=ar}" "${STRIP:=strip}"

mkdir -p "$build" "$out"

# The names, from the list that the test compares the result with.
grep -v '^#' "$symbols" | cut -f1 | sort -u > "$build/names"
grep '^rbd_' "$build/names" > "$build/names.rbd"
# Names that exist a second time, hidden, in the base version: our function for it is
# oxirados_base_NAME, and an object file says "hidden in the base version" as NAME@.
awk -F'\t' '$3 == "hidden" { print $1 }' "$symbols" > "$build/names.base"

sed 's/^/-u /' "$build/names" > "$build/roots"
sed 's/^/-u oxirados_base_/' "$build/names.base" >> "$build/roots"
"$LD" -r --gc-sections "@$build/roots" -o "$build/all.o" "$archive"
# Joined pieces of LLVM bitcode are no bitcode: tools with LLVM's plugin would trip over them.
"$OBJCOPY" -R .llvmbc -R .llvmcmd "$build/all.o"
"$OBJCOPY" --keep-global-symbols="$build/names" --strip-debug "$build/all.o" "$build/static.o"

rm -f "$out/librados.a" "$out/librbd.a"
"$AR" crs "$out/librados.a" "$build/static.o"
ln -s librados.a "$out/librbd.a"

{
    sed 's/.*/& oxirados_&/' "$build/names.rbd"
    sed 's/.*/oxirados_base_& &@/' "$build/names.base"
} > "$build/renames"
"$OBJCOPY" --redefine-syms="$build/renames" "$build/all.o" "$build/shared.o"

# Nodes and parent as Ceph's library has them. Global names in no node are in the base version.
{
    echo 'LIBRADOS_PRIVATE {'
    echo '  global:'
    sed 's/.*/    oxirados_&;/' "$build/names.rbd"
    echo '};'
    echo 'LIBRADOS_14.2.0 {'
    echo '  global:'
    sed 's/.*/    &;/' "$build/names.base"
    echo '} LIBRADOS_PRIVATE;'
} > "$build/librados.map"
{
    grep '^rados_' "$build/names"
    sed 's/^/oxirados_/' "$build/names.rbd"
    sed 's/$/@/' "$build/names.base"
} > "$build/exports"
"$OBJCOPY" --keep-global-symbols="$build/exports" "$build/shared.o"

# nodelete: the library's threads may still run when a program closes it. Bsymbolic-functions: what
# the library calls of its own is its own, also under a shim that was preloaded.
"$CC" -shared -fuse-ld=bfd -o "$build/librados.so.2" "$build/shared.o" \
    -Wl,-soname,librados.so.2 -Wl,--version-script="$build/librados.map" \
    -Wl,-z,now -Wl,-z,relro -Wl,-z,nodelete -Wl,-z,defs -Wl,-Bsymbolic-functions \
    -Wl,--build-id -Wl,--hash-style=gnu \
    -Wl,--gc-sections -Wl,--as-needed -lgcc_s -lpthread -lm -ldl -lc

case $("$CC" -dumpmachine) in
    x86_64-*) machine=x86_64 ;;
    aarch64-*) machine=aarch64 ;;
    *) echo "link.sh: no jump table for $("$CC" -dumpmachine)" >&2; exit 1 ;;
esac
{
    cat "$here/jump_$machine.inc"
    sed 's/^/jump /' "$build/names.rbd"
    echo '.section .note.GNU-stack,"",%progbits'
} > "$build/librbd.s"
"$CC" -shared -nostdlib -o "$build/librbd.so.1" "$build/librbd.s" "$build/librados.so.2" \
    -Wl,-soname,librbd.so.1 -Wl,--enable-new-dtags '-Wl,-rpath,$ORIGIN' \
    -Wl,-z,now -Wl,-z,relro -Wl,-z,defs -Wl,--build-id -Wl,--hash-style=gnu

# The files have the names that Ceph's have; the unstripped ones stay in the build directory.
"$STRIP" --strip-unneeded -o "$out/librados.so.2.0.0" "$build/librados.so.2"
"$STRIP" --strip-unneeded -o "$out/librbd.so.1.16.0" "$build/librbd.so.1"
ln -sf librados.so.2.0.0 "$out/librados.so.2"
ln -sf librados.so.2 "$out/librados.so"
ln -sf librbd.so.1.16.0 "$out/librbd.so.1"
ln -sf librbd.so.1 "$out/librbd.so"
