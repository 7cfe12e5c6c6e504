# shellcheck shell=sh
# Sourced by the scripts beside it: runs private servers and tests in a
# temporary directory, as a user that PostgreSQL accepts, and leaves nothing.
#
# The script says where its logs are ($logs, which KEEP=DIR gets a copy of) and
# how its servers are stopped (stop_servers), and calls begin_private_run NAME.
# After that there are $tmp, the directory; $test_user, empty if it is who runs
# the script; and exec_as_server.

tmp=
logs=
test_user=

# Becomes a program of the servers' user, since PostgreSQL refuses to run as
# root; it goes when the script does. Call it in a subshell.
exec_as_server() {
	if [ -n "$test_user" ]; then
		exec setpriv --pdeathsig TERM --reuid "$test_user" \
			--regid "$(id -g "$test_user")" --clear-groups -- "$@"
	fi
	exec setpriv --pdeathsig TERM -- "$@"
}

# Stops the server in a data directory, if one runs there.
# shellcheck disable=SC2154 # bindir is the script's
stop_postgres_in() {
	[ -f "$1/postmaster.pid" ] || return 0
	(exec_as_server "$bindir/pg_ctl" -D "$1" -m immediate -w stop) >/dev/null 2>&1 || true
}

# shellcheck disable=SC2317 # the trap calls it
end_private_run() {
	status=$?
	trap - EXIT
	trap '' HUP INT PIPE TERM
	stop_servers
	if [ -n "${KEEP:-}" ] && [ -d "$logs" ]; then
		mkdir -p "$KEEP" && cp -R "$logs/." "$KEEP/"
	fi
	rm -rf "$tmp"
	exit "$status"
}

# sockets live below the directory: their paths must be short
begin_private_run() {
	tmp=$(mktemp -d "/tmp/uncache-$1.XXXXXX")
	trap end_private_run EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 141' PIPE
	trap 'exit 143' TERM
	[ "$(id -u)" -eq 0 ] || return 0
	test_user=postgres
	id "$test_user" >/dev/null 2>&1 || test_user=nobody
}
