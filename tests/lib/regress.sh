#!/bin/sh
# Runs the extension's regression or isolation tests against a private server.
#
#   tests/lib/regress.sh regress|isolation [TEST...]
#
# Without TEST all of them run. The server, its data and all output live in a
# temporary directory that goes on every exit; KEEP=DIR copies the results
# there first. PG_CONFIG chooses the PostgreSQL.
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
server_user=
tmp=$(mktemp -d "${TMPDIR:-/tmp}/uncache-$kind.XXXXXX")

# Runs a program as the server's user: PostgreSQL refuses to run as root.
as_server() {
	if [ -n "$server_user" ]; then
		setpriv --reuid "$server_user" --regid "$(id -g "$server_user")" --clear-groups "$@"
	else
		"$@"
	fi
}

# shellcheck disable=SC2317 # the trap calls it
cleanup() {
	status=$?
	trap - EXIT
	trap '' HUP INT TERM
	if [ -f "$tmp/data/postmaster.pid" ]; then
		as_server "$bindir/pg_ctl" -D "$tmp/data" -m immediate -w stop >/dev/null || true
	fi
	if [ -n "${KEEP:-}" ] && [ -d "$tmp/output" ]; then
		mkdir -p "$KEEP" && cp -R "$tmp/output/." "$KEEP/"
	fi
	rm -rf "$tmp"
	exit "$status"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

choose_server_user() {
	[ "$(id -u)" -eq 0 ] || return 0
	server_user=postgres
	id "$server_user" >/dev/null 2>&1 || server_user=nobody
}

start_server() {
	chmod 755 "$tmp"
	mkdir "$tmp/socket" "$tmp/data" "$tmp/output"
	if [ -n "$server_user" ]; then
		chown "$server_user" "$tmp/socket" "$tmp/data"
	fi
	cd "$tmp"
	as_server "$bindir/initdb" -D "$tmp/data" -U postgres -A trust -E UTF8 \
		--locale=C --no-sync >"$tmp/initdb.log" 2>&1 || {
		cat "$tmp/initdb.log" >&2
		exit 1
	}
	cat >>"$tmp/data/postgresql.conf" <<-END
		listen_addresses = ''
		unix_socket_directories = '$tmp/socket'
		fsync = off
		autovacuum = off
		max_prepared_transactions = 10
		track_commit_timestamp = off
		wal_level = logical
	END
	as_server "$bindir/pg_ctl" -D "$tmp/data" -l "$tmp/data/server.log" -w start >"$tmp/start.log" || {
		cat "$tmp/start.log" "$tmp/data/server.log" >&2
		exit 1
	}
}

case $kind in
regress) driver=$pkglibdir/pgxs/src/test/regress/pg_regress ;;
isolation) driver=$pkglibdir/pgxs/src/test/isolation/pg_isolation_regress ;;
*) usage ;;
esac

choose_server_user
bindir=$("$lib/private_postgres.sh" "$tmp/postgres")
start_server

if [ $# -eq 0 ]; then
	set -- "--schedule=$inputdir/schedule"
fi
"$tmp/postgres$driver" --bindir="$bindir" --inputdir="$inputdir" --outputdir="$tmp/output" \
	--host="$tmp/socket" --user=postgres --dbname="uncache_$kind" "$@" || {
	cat "$tmp/output/regression.diffs" 2>/dev/null
	exit 1
}
