#!/bin/sh
# Runs our regression and isolation tests on a PostgreSQL with assertions, and
# the short ones once more with caches that forget everything at any moment.
#
#   tests/lib/assert.sh [regress|isolation|caches [TEST...]]
#
# PostgreSQL and a copy of the extension are built below build/; PG_MAJOR
# chooses the major version, KEEP=DIR keeps what the tests said.
set -eu

lib=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$lib/../.." && pwd)
copy=$root/build/postgres-assert-${PG_MAJOR:-15}-extension
keep=${KEEP:-}

# With debug_discard_caches a catalog look-up is some hundred times slower.
# These have few statements each; together they compile every kind of rule, fire
# every kind of trigger, and run every event trigger. Left out are those that
# write many rows or wait for others.
short_tests='dml template_types triggers_by_hand partitions truncate broken_rules rename patterns tags
	cacheops query enabled by_hand'

PG_CONFIG=$("$lib/postgres_build.sh" assert)
EXTENSION=$copy/extension
export PG_CONFIG EXTENSION

# Objects of another PostgreSQL must not get into ../extension.
build_extension() {
	mkdir -p "$copy/extension" "$copy/sql"
	cp -Rp "$root/sql/." "$copy/sql/"
	(cd "$root/extension" && tar -cf - --exclude='*.o' --exclude='*.so' --exclude='uncache--*' .) |
		tar -xpf - -C "$copy/extension"
	make -s -C "$copy/extension" WERROR="${WERROR:-}" >/dev/null
}

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
build_extension
case $part in
all | regress) run_tests regress regress "$@" ;;
esac
case $part in
all | isolation) run_tests isolation isolation "$@" ;;
esac
case $part in
all | caches)
	# shellcheck disable=SC2086 # names without spaces
	[ $# -gt 0 ] || set -- $short_tests
	SERVER_SETTINGS='debug_discard_caches = 1'
	export SERVER_SETTINGS
	run_tests caches regress "$@"
	;;
esac
exit $status
