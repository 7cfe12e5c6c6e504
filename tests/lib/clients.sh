#!/bin/sh
# Runs the tests of client libraries: applications that cache as they do
# anywhere, on a private PostgreSQL, Redis servers and daemons of their own.
#
#   tests/lib/clients.sh [SYSTEM...]      for instance isp_billing
#
# Without SYSTEM all of them run: each tests/clients/*/test_*.py is a program
# of /usr/bin/python3, with Debian's libraries. It finds PostgreSQL by PG*
# variables, makes a database of its own, and starts its Redis and its daemon
# with the help of tests/clients/lib and tests/lab. All that lives in a temporary directory
# that goes on every exit; KEEP=DIR copies the logs there first. PG_CONFIG
# chooses the PostgreSQL, JOBS how many tests run at a time, SEED what the
# random ones do.
set -eu

lib=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$lib/../.." && pwd)
bindir=
# shellcheck source=tests/lib/private_run.sh
. "$lib/private_run.sh"

# Tests stop what they started, also when they are killed; PostgreSQL has to
# be told.
# shellcheck disable=SC2317 # the trap calls it
stop_servers() {
	stop_tests
	stop_postgres_in "$tmp/run/data"
}

# All that tests need is copied: their user need not be able to read here.
build_tree() {
	bindir=$("$lib/private_postgres.sh" "$tmp/postgres")
	mkdir "$tmp/bin" "$tmp/run" "$tmp/run/tmp" "$tmp/run/log" "$tmp/run/socket"
	cp "$root/listener/uncached" "$tmp/bin/"
	cp -R "$root/tests/clients" "$tmp/tests"
	mkdir "$tmp/python"
	cp -R "$root/tests/lab" "$tmp/python/"
	cp -R "$root/sql/examples" "$tmp/examples"
	cp -R "$root/docs" "$tmp/docs"
	[ ! -d "$root/django" ] || cp -R "$root/django" "$tmp/django"
	chmod -R a+rX "$tmp"
	give_to_test_user "$tmp/run"
}

# Prints the tests asked for, as SYSTEM/FILE, one a line.
list_tests() {
	cd "$tmp/tests"
	[ $# -gt 0 ] || set -- *
	for system; do
		system=$(basename "$system")
		[ -d "$system" ] || {
			echo "$0: there is no system $system" >&2
			exit 2
		}
		find "$system" -maxdepth 1 -name 'test_*.py' | sort
	done
}

# Runs one test, in an environment that is the same everywhere; its output is
# shown only if it fails.
write_run_one() {
	cat >"$tmp/bin/run_one" <<-'END'
		#!/bin/sh
		test=$1
		log=$TESTLOGDIR/$(echo "${test%.py}" | tr / _).log
		start=$(date +%s)
		cd "$TESTS" || exit 1
		status=0
		setpriv --pdeathsig TERM -- timeout 300 /usr/bin/python3 -B "$test" >"$log" 2>&1 || status=$?
		seconds=$(($(date +%s) - start))
		if [ "$status" -eq 0 ]; then
			echo "ok      $test ($(sed -n 's/^Ran \([0-9]* tests*\) .*/\1, /p' "$log")$seconds s)"
			exit 0
		fi
		echo "FAILED  $test ($seconds s)"
		for file in "$log" "$TESTLOGDIR"/"${test%%/*}"-*.log; do
			[ ! -f "$file" ] || { echo "---- ${file##*/}"; tail -n 60 "$file"; }
		done
		exit 1
	END
	chmod a+rx "$tmp/bin/run_one"
}

run_tests() {
	cd "$tmp/run"
	(exec_as_server env -i \
		HOME="$tmp/run" TMPDIR="$tmp/run/tmp" LANG=C.UTF-8 SEED="${SEED:-}" \
		PATH="$bindir:$tmp/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
		PYTHONPATH="$tmp/tests/lib:$tmp/python" TESTS="$tmp/tests" TESTLOGDIR="$tmp/run/log" \
		EXAMPLES="$tmp/examples" DOCS="$tmp/docs" DJANGO_APP="$tmp/django" \
		PGHOST="$tmp/run/socket" PGUSER=postgres PGDATABASE=postgres \
		xargs -n 1 -P "${JOBS:-2}" run_one) <"$tmp/list" &
	await_tests $!
}

[ -x "$root/listener/uncached" ] || {
	echo "$0: listener/uncached is not built; run make" >&2
	exit 2
}
begin_private_run clients
logs=$tmp/run/log
build_tree
write_run_one
list_tests "$@" >"$tmp/list"
[ -s "$tmp/list" ] || {
	echo "$0: there are no tests" >&2
	exit 2
}
chmod a+r "$tmp/list"
start_postgres "$tmp/run/data" "$tmp/run/socket" "$tmp/run/log/postgresql.log" --locale=C.UTF-8 <<-END
	max_connections = 100
	fsync = off
	log_min_duration_statement = 5s
	log_lock_waits = on
END
run_tests
