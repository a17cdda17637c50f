#!/bin/bash
# Debian's fio with its engines rbd and rados: random writes verified by checksums, trims, many in flight.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"
command -v fio > /dev/null || skip "no fio on this machine"
for engine in rbd rados; do
    fio --enghelp=$engine > /dev/null 2>&1 || skip "fio was built without the engine $engine"
done

pool=fio
make_pool $pool
make_image $pool image $((32 << 20))
make_image $pool trimmed $((32 << 20))

# What fio says about itself varies; how much it did and whether it was right does not.
summary() {
    fio --output-format=json "$@" > fio.json 2> fio.err
    local status=$?
    grep -E 'verify|bad|error|failed' fio.err
    python3 - <<'PYTHON'
import json
with open("fio.json", encoding="utf-8") as file:
    text = file.read()
result = json.loads(text[text.index("{"):])
for job in result["jobs"]:
    print(job["jobname"], "error", job["error"],
          {kind: (job[kind]["total_ios"], job[kind]["io_bytes"]) for kind in ("read", "write", "trim")})
PYTHON
    return $status
}

image=(--ioengine=rbd --clientname=admin --pool=$pool --rbdname=image --randseed=3)
step "random writes verified, depth 32" summary --name=verify "${image[@]}" --rw=randwrite --bs=4k --iodepth=32 \
    --size=32M --io_size=8M --verify=crc32c --verify_fatal=1
step "sizes of all kinds" summary --name=sizes "${image[@]}" --rw=randwrite --bsrange=512-256k --blockalign=512 \
    --iodepth=32 --size=32M --io_size=24M --verify=crc32c --verify_fatal=1
step "sequential" summary --name=sequential "${image[@]}" --rw=write --bs=1M --iodepth=8 --size=32M --verify=crc32c
step "mixed" summary --name=mixed "${image[@]}" --rw=randrw --rwmixread=50 --bs=8k --iodepth=16 --size=32M --io_size=8M
step "with flushes" summary --name=flushes "${image[@]}" --rw=randwrite --bs=4k --iodepth=16 --size=32M --io_size=2M \
    --fsync=16 --verify=crc32c
step "four jobs on one image" summary --name=jobs "${image[@]}" --numjobs=4 --rw=randread --bs=4k --iodepth=8 \
    --size=32M --io_size=2M --group_reporting
step "trim" summary --name=trim --ioengine=rbd --clientname=admin --pool=$pool --rbdname=trimmed --randseed=3 \
    --rw=randtrim --bs=64k --iodepth=32 --size=32M --io_size=16M
step "trims and writes" summary --name=trimwrite --ioengine=rbd --clientname=admin --pool=$pool --rbdname=trimmed \
    --randseed=3 --rw=trimwrite --bs=256k --iodepth=4 --size=32M

objects=(--ioengine=rados --conf="$CEPH_CONF" --clientname=admin --pool=$pool --randseed=3 --nr_files=4)
step "objects" summary --name=objects "${objects[@]}" --rw=randwrite --bs=4k --iodepth=32 --size=8M --verify=crc32c \
    --verify_fatal=1
step "objects read" summary --name=read "${objects[@]}" --rw=randread --bs=4k --iodepth=32 --size=8M
step "a missing pool" sh -c "fio --name=x --ioengine=rbd --clientname=admin --pool=missing --rbdname=x --rw=read --size=1M \
    > /dev/null 2>&1; test \$? -ne 0"
drop_pool $pool
