#!/bin/sh
# Runs the extension's regression or isolation tests against a private server.
#
#   tests/lib/regress.sh regress|isolation [TEST...]
#
# Without TEST all of them run. The server, its data and all output live in a
# temporary directory that goes on every exit; KEEP=DIR copies the results
# there first, the server's log as well. PG_CONFIG chooses the PostgreSQL,
# EXTENSION the directory of the extension that was built for it. SERVER_SETTINGS
# are lines for postgresql.conf, PSQL_BINDIR is where psql is, if not there, and
# SERVER_PROGRAM is run instead of $POSTGRES, of which it has to make the server.
set -eu

usage() {
	echo "usage: $0 regress|isolation [TEST...]" >&2
	exit 2
}

[ $# -ge 1 ] || usage
kind=$1
shift

lib=$(cd "$(dirname "$0")" && pwd)
inputdir=$(cd "$lib/../$kind" 2>/dev/null && pwd) || usage
export PG_ABS_SRCDIR="$inputdir" # pg_regress sets it from PostgreSQL 15 on
pg_config=${PG_CONFIG:-pg_config}
pkglibdir=$("$pg_config" --pkglibdir)
bindir=
# shellcheck source=tests/lib/private_run.sh
. "$lib/private_run.sh"

# shellcheck disable=SC2317 # the trap calls it
stop_servers() {
	stop_postgres_in "$tmp/data"
	cp "$tmp/data/server.log" "$tmp"/data/*.valgrind "$tmp/output/" 2>/dev/null || true
}

# What a crashed backend said of itself: a failed assertion and its stack.
print_crashes() {
	grep -aE -A 60 '^TRAP:|was terminated by signal' "$tmp/data/server.log" |
		grep -aE '^TRAP:|^postgres: .*\+0x|^/.*\+0x|was terminated by signal|Failed process was running' | head -n 120
}

start_server() {
	chmod 755 "$tmp"
	mkdir "$tmp/socket" "$tmp/data" "$tmp/output"
	give_to_test_user "$tmp/socket" "$tmp/data"
	cd "$tmp"
	POSTGRES=$bindir/postgres
	export POSTGRES
	start_postgres "$tmp/data" "$tmp/socket" "$tmp/data/server.log" --locale=C <<-END
		fsync = off
		autovacuum = off
		max_prepared_transactions = 10
		track_commit_timestamp = off
		wal_level = logical
		${SERVER_SETTINGS:-}
	END
}

case $kind in
regress) driver=$pkglibdir/pgxs/src/test/regress/pg_regress ;;
isolation) driver=$pkglibdir/pgxs/src/test/isolation/pg_isolation_regress ;;
*) usage ;;
esac

begin_private_run "$kind"
logs=$tmp/output
bindir=$("$lib/private_postgres.sh" "$tmp/postgres")
start_server

# Prints the tests that the schedule leaves out.
unscheduled_tests() {
	for file in "$inputdir"/sql/*.sql "$inputdir"/specs/*.spec; do
		[ -e "$file" ] || continue
		name=$(basename "$file")
		name=${name%.*}
		grep -E '^test:' "$inputdir/schedule" | grep -qw "$name" || echo "$name"
	done
}

if [ $# -eq 0 ]; then
	left_out=$(unscheduled_tests)
	[ -z "$left_out" ] || { echo "not in $inputdir/schedule: $left_out" >&2; exit 1; }
	set -- "--schedule=$inputdir/schedule"
fi
"$tmp/postgres$driver" --bindir="${PSQL_BINDIR:-$bindir}" --inputdir="$inputdir" --outputdir="$tmp/output" \
	--host="$tmp/socket" --user=postgres --dbname="uncache_$kind" "$@" || {
	cat "$tmp/output/regression.diffs" 2>/dev/null
	print_crashes
	exit 1
}
