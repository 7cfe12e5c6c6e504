# uncache: the extension, the daemon, their tests.
#
#   make                 builds both halves
#   make install         the extension where PG_CONFIG says, uncached under
#                        PREFIX (default /usr/local); DESTDIR is honoured
#   make deb             Debian's packages into build/deb, for each PostgreSQL at hand
#   make dist            a distribution for PGXN of what is committed, into build/dist
#   make demo            shows the whole on private servers; KEEP=1 leaves them
#   make check           all tests; it installs the Debian packages they need
#   make check-unit, check-regress, check-isolation, check-e2e, check-clients,
#        check-docs, check-layers, check-frozen, check-units, check-dist, check-fuzz,
#        check-prometheus
#   make check-sanitized the unit tests under ASan and UBSan
#   make check-assert    regress and isolation on a PostgreSQL with assertions, which it
#                        builds from Debian's source below build/
#   make check-valgrind  regress files that work memory, on backends under valgrind
#   make check-matrix    the tests on PostgreSQLs and Redis servers of several Debian suites,
#                        in chroots; MATRIX="17 18 valkey8" a part: tests/matrix/matrix.py
#   make check-deb       builds Debian's packages, lintian, and what an operator does with them, in
#                        a chroot; needs root, four minutes, and the first time a debootstrap
#   make check-core      PostgreSQL's own suite, without uncache and in a watched schema
#   make fuzz            fuzz targets for SECONDS_EACH=600 each; make check has 20
#   make soak            random faults under load for MINUTES=3; SEED repeats them,
#                        ONLY, a regular expression, allows only some; soak-cluster: with
#                        a Redis Cluster; soak-both: the one, then the other
#   make coverage        which lines the tests run: the daemon's and the extension's
#   make bench           measures against peers, see bench/README.md; parts:
#   make bench-writer, bench-app, bench-bulk, bench-latency, bench-snapshot,
#        bench-drain, bench-unlink, bench-idle, bench-ddl, bench-cost, bench-scrape; bench-smoke (tiny),
#        bench-plot
#   make format, format-check
#
# WERROR=1 makes warnings errors; CC chooses the compiler.

PG_CONFIG ?= pg_config
PREFIX ?= /usr/local
export PG_CONFIG PREFIX

BUILD_PACKAGES = make gcc libc6-dev pkg-config postgresql-server-dev-% libpq-dev libhiredis-dev libssl-dev libmicrohttpd-dev
DEB_PACKAGES = $(BUILD_PACKAGES) build-essential debhelper git postgresql-server-dev-all
DEMO_PACKAGES = $(BUILD_PACKAGES) postgresql-% redis-server perl
CLIENT_PACKAGES = python3 python3-redis python3-psycopg2 python3-django python3-django-redis python3-django-cacheops \
	python3-flask python3-flask-caching nodejs node-redis
FUZZ_PACKAGES = make clang libclang-rt-%-dev libc6-dev pkg-config libpq-dev libhiredis-dev libssl-dev libmicrohttpd-dev
CHECK_PACKAGES = $(DEMO_PACKAGES) $(CLIENT_PACKAGES) $(FUZZ_PACKAGES) check libipc-run-perl openssl pgbouncer prometheus python3-yaml systemd man-db git
BENCH_PACKAGES = $(DEMO_PACKAGES) openssl python3 python3-redis nodejs python3-django-cacheops python3-psycopg2
BENCH_PARTS = writer app bulk latency snapshot drain unlink idle ddl cost scrape

all: extension listener

extension:
	$(MAKE) -C extension

listener:
	$(MAKE) -C listener

# with what tests/faults needs
faults:
	$(MAKE) -C listener FAULTS=1

install: all
	$(MAKE) -C extension install
	$(MAKE) -C listener install

deb:
	@tests/lib/packages.sh $(DEB_PACKAGES)
	packaging/deb.sh

dist:
	packaging/dist.sh

check-dist:
	tests/packaging/check_dist.py

# Not in check: four minutes.
check-deb: deb
	@tests/lib/packages.sh lintian debootstrap
	lintian --fail-on error build/deb/*.changes
	tests/packaging/deb.sh

demo:
	@tests/lib/packages.sh $(DEMO_PACKAGES)
	@KEEP=$(KEEP) demo/demo.sh

# The parts run side by side; each one's output is printed when it has ended.
check: check-packages
	$(MAKE) --no-print-directory all
	$(MAKE) --no-print-directory -j2 -k --output-sync=target \
		check-e2e check-clients check-regress check-isolation check-unit check-docs check-layers check-frozen check-units check-dist check-prometheus
	$(MAKE) --no-print-directory -j2 -k --output-sync=target check-fuzz bench-smoke
	@echo "make check: all parts passed"

check-packages:
	@tests/lib/packages.sh $(CHECK_PACKAGES)

check-unit:
	$(MAKE) -C listener check-unit

check-sanitized:
	$(MAKE) -C listener SANITIZE=1 check-unit

check-regress: extension
	tests/lib/regress.sh regress

check-isolation: extension
	tests/lib/regress.sh isolation

check-assert:
	tests/lib/assert.sh $(PART)

check-valgrind:
	tests/valgrind/valgrind.sh

check-core: extension listener
	@tests/lib/packages.sh $(DEMO_PACKAGES) python3 python3-redis
	tests/core/core.py

check-matrix:
	@tests/lib/packages.sh debootstrap git python3
	tests/matrix/matrix.py $(MATRIX)

check-e2e: extension listener faults
	tests/lib/e2e.sh

check-clients: extension listener
	tests/lib/clients.sh

# Two targets at a time, each for SECONDS_EACH.
check-fuzz:
	@$(MAKE) --no-print-directory -s -C tests/fuzz
	tests/fuzz/run.sh

fuzz:
	@tests/lib/packages.sh $(FUZZ_PACKAGES)
	@$(MAKE) --no-print-directory -s -C tests/fuzz
	SECONDS_EACH=$(or $(SECONDS_EACH),600) SEED=$(or $(SEED),0) tests/fuzz/run.sh

# Alert rules, and the dashboard's expressions at a Prometheus that scrapes a daemon.
check-prometheus: extension listener
	tests/prometheus/check_alerts.py
	tests/prometheus/check_dashboard.py

# What documents quote is what is said; the manual pages agree with --help.
check-docs: listener
	tests/docs/check_manual.py
	tests/docs/check_quotes.py docs/failures.md
	tests/docs/check_settings.py docs/operations.md

# Rooms include only themselves and lower ones, in the order that ARCHITECTURE.md claims.
check-layers:
	tests/layers/check_layers.py

# A released version's SQL script stays as it is.
check-frozen:
	tests/release/check_frozen.sh

# The units of systemd are valid, and leave the daemon little that it could harm.
check-units: listener
	tests/packaging/check_units.sh

# Logs of all that ran are in build/soak or build/soak-cluster afterwards.
soak-cluster: export SOAK_REDIS = cluster
soak soak-cluster: check-packages
	$(MAKE) --no-print-directory all faults
	rm -rf build/$@
	MINUTES=$(MINUTES) SEED=$(SEED) ONLY='$(ONLY)' KEEP=$(CURDIR)/build/$@ tests/lib/e2e.sh soak

soak-both:
	$(MAKE) --no-print-directory soak
	$(MAKE) --no-print-directory soak-cluster

coverage: check-packages
	tests/coverage/coverage.sh

bench: all bench-prepare
	bench/bench.py $(BENCH_PARTS)

$(BENCH_PARTS:%=bench-%): bench-%: all bench-prepare
	bench/bench.py $*

bench-prepare:
	@tests/lib/packages.sh $(BENCH_PACKAGES)
	@$(MAKE) --no-print-directory -C bench/probes
	@bench/peers/install.sh

# Everything once, tiny, so that it keeps working; its figures mean nothing.
bench-smoke: all
	@$(MAKE) --no-print-directory -C bench/probes
	@bench/peers/install.sh
	bench/smoke.sh

bench-plot:
	@tests/lib/packages.sh gnuplot-nox
	bench/plot/plot.sh

format:
	tests/lib/format.sh

format-check:
	tests/lib/format.sh --check

clean:
	$(MAKE) -C extension clean
	$(MAKE) -C listener clean
	$(MAKE) -C bench/probes clean
	$(MAKE) -C tests/fuzz clean

.PHONY: all extension listener faults install deb dist check-deb demo check check-packages check-unit \
	check-regress check-isolation check-assert check-valgrind check-core check-matrix check-e2e check-clients check-docs check-layers check-frozen check-units check-dist check-prometheus check-fuzz check-sanitized fuzz soak soak-cluster soak-both coverage \
	bench $(BENCH_PARTS:%=bench-%) bench-prepare \
	bench-smoke bench-plot format format-check clean
