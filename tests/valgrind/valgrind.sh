#!/bin/sh
# Runs regression tests that work the extension's memory on a server under
# valgrind; fails if one fails, or if valgrind finds an error whose stack has a
# function of the extension in it.
#
#   tests/valgrind/valgrind.sh [TEST...]
#
# PostgreSQL is built with assertions and with what tells valgrind of its memory
# contexts: a read behind a palloc'ed chunk is found, too. EXTENSION is an extension
# that was built for that. KEEP_LOGS=DIR keeps the logs.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=
tests='dml template_syntax template_types template_text transactions savepoint_depth cacheops tags query patterns
	broken_rules partitions explain'

# Errors of valgrind, each once with how often, that have our files in the stack.
print_errors() {
	sed -E -e 's/^==[0-9]+== ?//' -e 's/0x[0-9A-Fa-f]+: //' "$@" |
		awk -v ours="/extension/src/" '
			BEGIN { RS = ""; FS = "\n" }
			index($0, ours) { count[$0]++ }
			END { for (error in count) { print count[error] " times:\n" error "\n"; found = 1 }; exit !found }'
}

# run_test NAME: leaves its logs in $work/NAME, and says what came of it
run_test() {
	began=$(date +%s)
	result=ok
	KEEP="$work/$1" "$root/tests/lib/regress.sh" regress "$1" >"$work/$1.log" 2>&1 || {
		result=FAILED
		tail -n 60 "$work/$1.log"
	}
	# the postmaster has one in any case
	ls "$work/$1"/*.valgrind >/dev/null
	if print_errors "$work/$1"/*.valgrind; then
		result=FAILED
	fi
	echo "$result  $1 ($(($(date +%s) - began)) s)"
	[ $result = ok ] || status=1
}

work=$(mktemp -d)
trap '[ -z "${KEEP_LOGS:-}" ] || cp -R "$work" "$KEEP_LOGS"; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
chmod 755 "$work"
cp "$here/server.sh" "$here/postgres.supp" "$work/"
# psql's own answers: see assert.sh
PSQL_BINDIR=$("${PG_CONFIG:-pg_config}" --bindir)
PG_CONFIG=$("$root/tests/lib/postgres_build.sh" valgrind)
export PG_CONFIG PSQL_BINDIR
if [ -z "${EXTENSION:-}" ]; then
	EXTENSION=$("$root/tests/lib/copy_extension.sh" "$root/build/postgres-valgrind-${PG_MAJOR:-15}-extension")
	export EXTENSION
fi
SERVER_PROGRAM=$work/server.sh
VALGRIND_SUPPRESSIONS=$work/postgres.supp
PGCTLTIMEOUT=300
export SERVER_PROGRAM VALGRIND_SUPPRESSIONS PGCTLTIMEOUT

# shellcheck disable=SC2086 # names without spaces
[ $# -gt 0 ] || set -- $tests
status=0
for test; do
	run_test "$test"
done
exit $status
