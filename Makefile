# oxirados: librados.so.2 and librbd.so.1 in Rust.
#
#   make            builds release and leaves a ready prefix in target/dist
#   make demo       installs the clients it needs and runs them on an embedded store
#   make test       installs what it needs and runs every test
#   make test-cluster    interoperation, faults and random operations on real clusters: some minutes
#   make test-matrix     the same and every program on clusters of Ceph 18.2 and 20.2; as root. RELEASES=sid: one
#   make fuzz       SECONDS=60 for every decoder, with libFuzzer (cargo install cargo-fuzz)
#   make dencoder   encodings against Ceph's own program for them
#   make valgrind   the C programs under memcheck, on a store and on a cluster: half an hour
#   make race       what threads share, under ThreadSanitizer
#   make bench      speed and memory against raw files, qcow2 and Ceph's own library
#   make bench-cluster   the same against Ceph's own library on a real cluster: 10 minutes
#   make install    PREFIX=/usr/local DESTDIR=
#   make headers    generates include/ from src/capi
#   make gaps       the functions that are not written yet

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
DESTDIR ?=
CARGO ?= cargo

# Where cargo puts its output.
TARGET := $(or $(CARGO_TARGET_DIR),target)
DIST := $(TARGET)/dist
# The faults that every change has to survive; the others take longer: make test-cluster.
SOME_FAULTS := osd_killed monitor_killed socket_failures groups_doubled cluster_full paused blocklisted
HEADERS := rados/librados.h rados/rados_types.h rbd/librbd.h rbd/features.h

.PHONY: all install headers gaps clean demo bench bench-cluster \
    test test-rust test-programs test-live test-cluster test-matrix fuzz dencoder valgrind race

all:
	$(CARGO) rustc --release --lib --crate-type staticlib
	sh link/link.sh $(TARGET)/release/liboxirados.a ctests/abi/symbols.tsv $(TARGET)/link $(DIST)/lib
	mkdir -p $(DIST)/include/rados $(DIST)/include/rbd $(DIST)/lib/pkgconfig
	for h in $(HEADERS); do cp include/$$h $(DIST)/include/$$h; done
	for p in librados librbd; do \
	    sed -e 's|@PREFIX@|$${pcfiledir}/../..|' -e 's|@LIBDIR@|$${prefix}/lib|' \
	        pkgconfig/$$p.pc.in > $(DIST)/lib/pkgconfig/$$p.pc; \
	done

install:
	@test -e $(DIST)/lib/librados.so.2 || { echo 'run make first' >&2; exit 1; }
	mkdir -p $(DESTDIR)$(PREFIX)/include/rados $(DESTDIR)$(PREFIX)/include/rbd
	mkdir -p $(DESTDIR)$(LIBDIR)/pkgconfig
	cp -P $(DIST)/lib/lib* $(DESTDIR)$(LIBDIR)/
	for h in $(HEADERS); do \
	    install -m 644 $(DIST)/include/$$h $(DESTDIR)$(PREFIX)/include/$$h; \
	done
	for p in librados librbd; do \
	    sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
	        pkgconfig/$$p.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/$$p.pc; \
	done

headers:
	OXIRADOS_HEADERS=$(CURDIR)/include $(CARGO) check --lib

gaps:
	@sed -n 's/^ *\(#\[deprecated\] \)\{0,1\}fn \(r[ab][a-z0-9_]*\)(.*/\2/p' src/capi/missing.rs
	@echo "$$(grep -cE '^ *(#\[deprecated\] )?fn r(ados|bd)_' src/capi/missing.rs)" \
	    of 540 functions are not written yet

LANE := $(MAKE) --no-print-directory
# What breaks and changes clusters has its own ones, at other ports.
APART := env -u CTESTS_CLUSTER CTESTS_PORT=$$(($${CTESTS_PORT:-20100} + 500))

# Two lanes at a time: compilers, clients and clusters wait for themselves half of the time.
test:
	sh ctests/install-deps.sh test
	$(CARGO) fmt --check
	ctests/beside.sh '$(LANE) test-rust' '$(LANE) all'
	ctests/beside.sh '$(LANE) test-programs' '$(APART) $(LANE) test-live'
	/usr/bin/python3 -B ctests/conformance.py --check

test-rust:
	$(CARGO) clippy --all-targets -- -D warnings
	if $(CARGO) nextest --version >/dev/null 2>&1; then \
	    $(CARGO) nextest run; \
	else \
	    $(CARGO) test; \
	fi
	rm -rf $(TARGET)/tour && $(CARGO) run -q --example tour local:$(TARGET)/tour

test-programs:
	sh ctests/abi/run.sh
	sh ctests/conf/run.sh
	sh ctests/full/run.sh
	ctests/run.sh all rados rbd newer clients format.py

test-live:
	ctests/run.sh all pools
	ctests/interop/run.sh ours original
	ctests/faults/run.sh ours $(SOME_FAULTS)
	sh ctests/dns/run.sh

test-cluster: all
	sh ctests/install-deps.sh test
	ctests/interop/run.sh
	ctests/faults/run.sh ours
	ctests/damaged/run.sh
	CARGO='$(CARGO)' ctests/differential.sh

RELEASES ?= trixie sid
test-matrix: all
	ctests/matrix.sh run $(RELEASES)

SECONDS ?= 60
fuzz:
	ctests/fuzz/run.sh -t $(SECONDS)

dencoder:
	CEPH_DENCODER=$$(ctests/dencoder.sh) $(CARGO) test --lib dencoder -- --nocapture

valgrind: all
	ctests/valgrind.sh all

race:
	ctests/race.sh

demo:
	ctests/demo.sh

bench: all
	benches/run.sh

bench-cluster: all
	benches/cluster/run.sh

clean:
	$(CARGO) clean
