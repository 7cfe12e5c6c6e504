#!/bin/sh
# Runs our regression and isolation tests on a PostgreSQL with assertions. One of
# them, caches, has all caches emptied at any moment there (debug_discard_caches):
# whole tests of ours would take minutes so, one with thirty calls of
# uncache.watch() took 163 s.
#
#   tests/lib/assert.sh [regress|isolation [TEST...]]
#
# PostgreSQL and a copy of the extension are built below build/; PG_MAJOR
# chooses the major version, KEEP=DIR keeps what the tests said.
set -eu

lib=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$lib/../.." && pwd)
keep=${KEEP:-}

# What psql says of a failed COPY differs between minor versions: the tests expect
# the installed one's, and the source may be older.
PSQL_BINDIR=$("${PG_CONFIG:-pg_config}" --bindir)
case $("$PSQL_BINDIR/psql" --version) in
*") ${PG_MAJOR:-15}."*) export PSQL_BINDIR ;;
*) unset PSQL_BINDIR ;;
esac

PG_CONFIG=$("$lib/postgres_build.sh" assert)
export PG_CONFIG
EXTENSION=$("$lib/copy_extension.sh" "$root/build/postgres-assert-${PG_MAJOR:-15}-extension")
export EXTENSION

# run_tests NAME KIND [TEST...]
run_tests() {
	name=$1
	shift
	echo "== assertions: $name"
	KEEP=${keep:+$keep/$name} "$lib/regress.sh" "$@" || status=1
}

status=0
part=${1:-all}
[ $# -eq 0 ] || shift
case $part in
all | regress) run_tests regress regress "$@" ;;
esac
case $part in
all | isolation) run_tests isolation isolation "$@" ;;
esac
exit $status
