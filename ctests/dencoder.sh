#!/bin/bash
# Gets a ceph-dencoder that knows Ceph's types, and says how to call it:
#
#   CEPH_DENCODER=$(ctests/dencoder.sh) cargo test dencoder
#
# That of Debian's Ceph 16.2, 18.2 and 20.2 looks for its types in plugins that the packages lack
# (`ceph-dencoder list_types` says so). That of 14.2, in Debian 11, has its 430 types built in: it is
# unpacked into target/dencoder, installed nowhere, and run with its own libraries. 80 MB to download.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
dir=$top/target/dencoder
program=$dir/ceph-dencoder

if [ -n "$(ceph-dencoder list_types 2> /dev/null)" ]; then
    command -v ceph-dencoder
    exit
fi
if [ ! -x "$program" ]; then
    mkdir -p "$dir"/state/lists/partial "$dir"/cache/archives/partial "$dir"/root
    # The mirror that this machine uses.
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 'Origin: Debian' |
        grep -v security | head -1)
    echo "deb [trusted=yes] $mirror bullseye main" > "$dir/sources.list"
    own=(-q -o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=- -o Dir::Cache="$dir/cache"
        -o Dir::State::lists="$dir/state/lists" -o Dir::State::status=/dev/null -o Debug::NoLocking=1)
    apt-get "${own[@]}" update >&2
    apt-get "${own[@]}" install --no-install-recommends -y --download-only ceph-base >&2
    for package in "$dir"/cache/archives/*.deb; do
        dpkg -x "$package" "$dir/root"
    done
    rm -rf "$dir/cache" "$dir/state"
    cat > "$program" <<'WRAPPER'
#!/bin/sh
root=$(dirname "$0")/root
lib=x86_64-linux-gnu
exec "$root/lib/$lib/ld-2.31.so" --library-path "$root/lib/$lib:$root/usr/lib/$lib:$root/usr/lib/$lib/ceph" \
    "$root/usr/bin/ceph-dencoder" "$@"
WRAPPER
    chmod +x "$program"
fi
echo "$program"
