#!/bin/sh
# Runs the end-to-end tests: extension, daemon and real servers, all private.
#
#   tests/lib/e2e.sh [TEST...]      for instance 001_keys
#   tests/lib/e2e.sh soak           for MINUTES, see tests/soak/soak.pl
#   tests/lib/e2e.sh upgrade        from OLD_MAJORS, for instance "15 17", to the next: see
#                                   tests/upgrade/upgrade.pl
#
# Without TEST all but the soak and the upgrade run. Servers, their data and logs live in a
# temporary directory that goes on every exit; KEEP=DIR copies the logs there
# first. PG_CONFIG chooses the PostgreSQL, JOBS how many tests run at a time,
# SEED what the random ones do.
set -eu

lib=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$lib/../.." && pwd)
pg_config=${PG_CONFIG:-pg_config}
pkglibdir=$("$pg_config" --pkglibdir)
bindir=
installations=
# measures times: it runs when the others have ended
alone=008_doorbell
# shellcheck source=tests/lib/private_run.sh
. "$lib/private_run.sh"

# Tests stop what they started. When they are killed, their Redis and uncached
# go with them; PostgreSQL has to be told.
# shellcheck disable=SC2317 # the trap calls it
stop_servers() {
	stop_tests
	find "$tmp/run" -name postmaster.pid 2>/dev/null | while read -r pidfile; do
		stop_postgres_in "${pidfile%/*}"
	done
}

# Older PostgreSQLs with an extension of their own, for the upgrade; prints their directories.
# Their headers are not those of C23, which is what gcc takes C for from 15 on.
install_old() {
	for major; do
		PG_CONFIG=/usr/lib/postgresql/$major/bin/pg_config
		[ -x "$PG_CONFIG" ] || {
			echo "$0: there is no $PG_CONFIG" >&2
			return 1
		}
		extension=$(COPT=-std=gnu17 PG_CONFIG=$PG_CONFIG "$lib/copy_extension.sh" "$root/build/extension-$major")
		programs=$(PG_CONFIG=$PG_CONFIG EXTENSION=$extension "$lib/private_postgres.sh" "$tmp/postgres-$major")
		echo "${programs%/bin}"
	done
}

# The tests, what they read and the daemon are copied: their user need not be
# able to read here.
build_tree() {
	bindir=$("$lib/private_postgres.sh" "$tmp/postgres")
	mkdir "$tmp/bin" "$tmp/run" "$tmp/run/tmp"
	cp "$root/listener/uncached" "$tmp/bin/"
	cp "$root/listener/build-faults/uncached" "$tmp/bin/uncached-faults"
	cp "$root/listener/build-faults/shim.so" "$tmp/bin/"
	cp -R "$root/tests/e2e" "$tmp/tests"
	cp -R "$root/tests/soak/." "$root/tests/upgrade/." "$tmp/tests"
	# shellcheck disable=SC2086 # they are numbers
	installations=$(install_old ${OLD_MAJORS:-})
	cp -R "$root/docs" "$tmp/docs"
	chmod -R a+rX "$tmp"
	give_to_test_user "$tmp/run"
}

# Prints the paths of the tests asked for, one a line, as prove is to have them.
list_tests() {
	if [ $# -eq 0 ]; then
		find "$tmp/tests" -maxdepth 1 -name '[0-9]*.pl' | sort
		return
	fi
	for test; do
		test=$(basename "$test" .pl)
		[ -f "$tmp/tests/$test.pl" ] || {
			echo "$0: there is no test $test" >&2
			exit 2
		}
		echo "$tmp/tests/$test.pl"
	done
}

# What no rule of prove's names runs last and by itself.
run_tests() {
	for test; do
		[ "${test##*/}" = "$alone.pl" ] || set -- "$@" --rules "par=$test"
	done
	cd "$tmp/run"
	(exec_as_server env -u LANG -u LC_ALL -u PGHOST -u PGPORT -u PGUSER -u PGDATABASE \
		-u REDIS_URL -u REDIS_HOST -u REDIS_PORT -u REDIS_DB -u REDIS_KEY_PREFIX \
		-u REDIS_USERNAME -u REDIS_PASSWORD -u REDIS_PASSWORD_FILE \
		-u REDIS_TLS_CA_FILE -u REDIS_TLS_CERT_FILE -u REDIS_TLS_KEY_FILE \
		-u REDIS_TLS_SERVER_NAME -u REDIS_TLS_VERIFY \
		-u REDIS_SENTINEL_USERNAME -u REDIS_SENTINEL_PASSWORD_FILE \
		HOME="$tmp/run" TMPDIR="$tmp/run/tmp" \
		PATH="$bindir:$tmp/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
		UNCACHED_SHIM_LIBRARY="$tmp/bin/shim.so" \
		PERL5LIB="$tmp/tests/lib:$tmp/postgres$pkglibdir/pgxs/src/test/perl" \
		PG_REGRESS="$tmp/postgres$pkglibdir/pgxs/src/test/regress/pg_regress" \
		INSTALLATIONS="$installations" TESTDIR="$tmp/run" TESTDATADIR="$tmp/run/tmp_check" \
		TESTLOGDIR="$tmp/run/tmp_check/log" PG_TEST_TIMEOUT_DEFAULT=60 \
		prove --jobs "${JOBS:-2}" --timer --state=save \
		--exec 'setpriv --pdeathsig TERM -- perl' "$@") &
	await_tests $!
}

# The end of every log of the tests that failed, servers' and daemons' alike.
print_failures() {
	cd "$tmp/run"
	prove --state=failed --dry 2>/dev/null | while read -r test; do
		name=$(basename "$test" .pl)
		for log in "tmp_check/log/regress_log_$name" "tmp_check/log/${name}_"*; do
			[ -f "$log" ] || continue
			echo "---- ${log##*/}"
			tail -n 60 "$log"
		done
	done
}

for program in uncached build-faults/uncached; do
	[ -x "$root/listener/$program" ] || {
		echo "$0: listener/$program is not built; run make all faults" >&2
		exit 2
	}
done
begin_private_run e2e
logs=$tmp/run/tmp_check/log
build_tree
list_tests "$@" >"$tmp/list"
# shellcheck disable=SC2046 # the paths are our own and have no spaces
run_tests $(cat "$tmp/list") || {
	print_failures
	exit 1
}
