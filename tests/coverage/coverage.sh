#!/bin/sh
# Measures which lines of the daemon and of the extension the tests run.
#
#   tests/coverage/coverage.sh [KIND...]      unit regress isolation e2e clients
#
# Without KIND all of them run. Everything is built anew from a copy of the
# tree, so that builds here are not disturbed. The report goes to standard
# output and, with the lines that no test runs, to build/coverage.txt. Fails
# if a test fails or less than is promised is covered. PG_CONFIG chooses the
# PostgreSQL.
set -eu

# counting programs are slow; so are machines that do other things, too
export CK_TIMEOUT_MULTIPLIER="${CK_TIMEOUT_MULTIPLIER:-10}"

root=$(cd "$(dirname "$0")/../.." && pwd)
pg_config=${PG_CONFIG:-pg_config}
tmp=$(mktemp -d /tmp/uncache-coverage.XXXXXX)

# shellcheck disable=SC2317 # the trap calls it
cleanup() {
	status=$?
	trap - EXIT
	trap '' HUP INT TERM
	rm -rf "$tmp"
	exit "$status"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Counters are written where the objects lie, by whoever runs the program:
# root runs unit tests, another user the servers.
build_tree() {
	umask 000
	chmod 755 "$tmp"
	mkdir "$tmp/tree"
	(cd "$root" && git ls-files -z --cached --others --exclude-standard |
		xargs -0 tar -cf - --ignore-failed-read) | tar -C "$tmp/tree" -xf - --no-same-owner
	make -s -C "$tmp/tree/extension" PG_CONFIG="$pg_config" COPT='-O0 --coverage' SHLIB_LINK=--coverage >/dev/null
	make -s -C "$tmp/tree/listener" PG_CONFIG="$pg_config" CFLAGS='-O0 -g --coverage' LDFLAGS=--coverage >/dev/null
	make -s -C "$tmp/tree/listener" FAULTS=1 PG_CONFIG="$pg_config" CFLAGS='-O0 -g --coverage' LDFLAGS=--coverage >/dev/null
	chmod -R a+rwX "$tmp/tree"
}

run_tests() {
	case $1 in
	unit) make -s -C listener PG_CONFIG="$pg_config" CFLAGS='-O0 -g --coverage' LDFLAGS=--coverage check-unit ;;
	regress | isolation) tests/lib/regress.sh "$1" ;;
	e2e) tests/lib/e2e.sh ;;
	clients) tests/lib/clients.sh ;;
	*)
		echo "usage: $0 [unit] [regress] [isolation] [e2e] [clients]" >&2
		return 2
		;;
	esac
}

[ $# -gt 0 ] || set -- unit regress isolation e2e clients
build_tree
failed=
cd "$tmp/tree"
for kind; do
	echo "== $kind, with counters"
	run_tests "$kind" >"$tmp/$kind.log" 2>&1 || {
		cat "$tmp/$kind.log"
		failed="$failed $kind"
	}
done
mkdir -p "$root/build"
"$root/tests/coverage/report.py" "$tmp/tree" "$root/build/coverage.txt"
if [ -n "$failed" ]; then
	echo "$0: tests fail:$failed" >&2
	exit 1
fi
