# shellcheck shell=sh
# Sourced by the scripts beside it, and by the demo: runs private servers and
# tests in a temporary directory, as a user that PostgreSQL accepts, and leaves
# nothing.
#
# The script says where its logs are ($logs, which KEEP=DIR gets a copy of) and
# how its servers are stopped (stop_servers), and calls begin_private_run NAME.
# After that there are $tmp, the directory; $test_user, empty if it is who runs
# the script; and exec_as_server. $bindir, where PostgreSQL's programs are, is
# the script's as well.

tmp=
logs=
test_user=
tests_pid=

# Who the servers belong to: PostgreSQL refuses to run as root.
choose_test_user() {
	[ "$(id -u)" -eq 0 ] || return 0
	test_user=postgres
	id "$test_user" >/dev/null 2>&1 || test_user=nobody
}

# Becomes a program of that user. Call it in a subshell.
exec_as_user() {
	[ -z "$test_user" ] ||
		set -- setpriv --reuid "$test_user" --regid "$(id -g "$test_user")" --clear-groups -- "$@"
	exec "$@"
}

# The same; it goes when the script does.
exec_as_server() {
	exec_as_user setpriv --pdeathsig TERM -- "$@"
}

# Lets that user write in these directories.
give_to_test_user() {
	[ -z "$test_user" ] || chown -R "$test_user" "$@"
}

# Waits for the tests, a process in the background: a signal is to end them at once,
# not when they have ended.
await_tests() {
	tests_pid=$1
	result=0
	wait "$tests_pid" || result=$?
	tests_pid=
	return $result
}

# Ends them: they stop what they have started.
stop_tests() {
	[ -n "$tests_pid" ] || return 0
	kill "$tests_pid" 2>/dev/null || true
	wait "$tests_pid" || true
}

# start_postgres DATA SOCKETS LOG [OPTION...] <SETTINGS: makes a server with these
# options of initdb and lines of postgresql.conf, and starts it. DATA is a
# directory in which its user may write, or is to be made in one. SERVER_PROGRAM
# is run instead of the server, if that is set.
# shellcheck disable=SC2154 # bindir is the script's
start_postgres() {
	data=$1
	sockets=$2
	log=$3
	shift 3
	(exec_as_server "$bindir/initdb" -D "$data" -U postgres -A trust -E UTF8 --no-sync "$@") >"$tmp/initdb.log" 2>&1 || {
		cat "$tmp/initdb.log" >&2
		return 1
	}
	{
		echo "listen_addresses = ''"
		echo "unix_socket_directories = '$sockets'"
		cat
	} >>"$data/postgresql.conf"
	(exec_as_server "$bindir/pg_ctl" -D "$data" ${SERVER_PROGRAM:+-p "$SERVER_PROGRAM"} -l "$log" -w start) >"$tmp/start.log" || {
		cat "$tmp/start.log" "$log" >&2
		return 1
	}
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
	choose_test_user
}
