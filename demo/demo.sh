#!/bin/sh
# Shows uncache at work on a private PostgreSQL and a private Redis in a
# temporary directory, and checks every key. `make demo` installs what it needs.
#
#   demo/demo.sh               shows it, then stops and removes everything
#   KEEP=1 demo/demo.sh        leaves the servers running
#   demo/demo.sh stop DIR      stops and removes what KEEP=1 left in DIR
#
# REDIS_SERVER says which server it is, for instance valkey-server; redis-server if not set.
#
# demo.pl calls "start-daemon DIR" after it has killed the daemon.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
database=isp
redis_server=${REDIS_SERVER:-redis-server}
redis_cli=redis-cli
command -v "$redis_cli" >/dev/null || redis_cli=valkey-cli
# shellcheck source=tests/lib/private_run.sh
. "$root/tests/lib/private_run.sh"

die()
{
	echo "demo: $*" >&2
	exit 1
}

check_programs()
{
	for program in make cc pg_config psql "$redis_server" "$redis_cli" setpriv setsid; do
		command -v "$program" >/dev/null || die "$program is missing; \"make demo\" installs it"
	done
	perl -MTime::HiRes -e 1 2>/dev/null || die "perl is missing (Debian: perl)"
}

# Runs a step of the preparations; its output is shown only if it fails.
quietly()
{
	if ! "$@" >"$dir/step.log" 2>&1; then
		tail -n 20 "$dir/step.log" >&2
		die "failed: $*"
	fi
}

build()
{
	quietly make -C "$root/extension"
	quietly make -C "$root/listener"
	cp "$root/listener/uncached" "$dir/uncached"
	quietly "$root/tests/lib/private_postgres.sh" "$dir/postgresql"
}

sql()
{
	psql -X -q -h "$dir" -U postgres -d "$database" -v ON_ERROR_STOP=1 "$@"
}

make_database()
{
	echo 'track_commit_timestamp = on' |
		start_postgres "$dir/data" "$dir" "$dir/postgresql.log" --no-locale || die "PostgreSQL does not start"
	quietly psql -X -q -h "$dir" -U postgres -d postgres -c "CREATE DATABASE $database"
}

start_redis()
{
	exec_as_user setsid "$redis_server" --port 0 --unixsocket "$dir/redis.sock" --save '' --appendonly no \
		--dir "$dir" >"$dir/redis.log" 2>&1 </dev/null &
	echo $! >"$dir/redis.pid"
	wait_for "Redis" "$redis_cli" -s "$dir/redis.sock" ping
}

# Its own role may fetch and acknowledge, and nothing else.
start_daemon()
{
	exec_as_user setsid "$dir/uncached" --dsn "host=$dir dbname=$database user=uncached" \
		--redis "unix://$dir/redis.sock" >>"$dir/uncached.log" 2>&1 </dev/null &
	echo $! >"$dir/uncached.pid"
}

daemon_is_ready()
{
	[ "$(sql -At -c "SELECT state FROM uncache.status WHERE worker_pid IS NOT NULL")" = ready ]
}

# wait_for WHAT COMMAND...: until the command succeeds, ten seconds at most
wait_for()
{
	what=$1
	shift
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 200 ] || die "$what did not get ready: $(cat "$dir"/*.log 2>/dev/null | tail -n 5)"
		sleep 0.05
	done
}

# is_ours PID: by its command line, or by its directory: Redis 6.0 writes a title over the
# command line, which does not tell the directory, and works in it.
is_ours()
{
	grep -q -a -F -e "$dir" "/proc/$1/cmdline" 2>/dev/null ||
		[ "$(readlink "/proc/$1/cwd")" = "$(cd "$dir" && pwd -P)" ]
}

# stop_recorded FILE: only a process that is ours
stop_recorded()
{
	[ -s "$1" ] || return 0
	pid=$(cat "$1")
	is_ours "$pid" || return 0
	kill "$pid" 2>/dev/null || return 0
	tries=0
	while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 100 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
}

stop_all()
{
	stop_recorded "$dir/uncached.pid"
	stop_recorded "$dir/redis.pid"
	stop_postgres_in "$dir/data"
	rm -rf "$dir"
}

use_directory()
{
	dir=$1
	[ -f "$dir/uncache-demo" ] || die "$dir is not a directory of this demo"
	tmp=$dir
	choose_test_user
	bindir=$dir/postgresql$(pg_config --bindir)
}

make_directory()
{
	dir=$(mktemp -d "${TMPDIR:-/tmp}/uncache-demo.XXXXXX")
	: >"$dir/uncache-demo"
	use_directory "$dir"
	give_to_test_user "$dir"
	trap stop_all EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

print_how_to_go_on()
{
	cat <<-TEXT

		Everything still runs. Change something, and see what goes:
		  psql -h $dir -U postgres $database
		  $redis_cli -s $dir/redis.sock --scan | sort | less
		  tail -f $dir/uncached.log
		Stop and remove it:
		  $root/demo/demo.sh stop $dir
	TEXT
}

run()
{
	check_programs
	make_directory
	build
	make_database
	start_redis
	example=$root/sql/examples/isp_billing
	quietly sql -c 'CREATE EXTENSION uncache' -f "$example/schema.sql" -f "$example/data.sql" \
		-f "$example/rules.sql" -f "$root/demo/cache.sql" \
		-c 'CREATE ROLE uncached LOGIN' -c "SELECT uncache.grant_consumer('uncached')"
	start_daemon
	wait_for uncached daemon_is_ready
	status=0
	perl "$root/demo/demo.pl" "$dir" || status=$?
	if [ -n "${KEEP:-}" ]; then
		trap - EXIT
		print_how_to_go_on
	fi
	exit "$status"
}

case ${1-} in
	'')
		run
		;;
	stop)
		use_directory "${2:?the directory is missing}"
		stop_all
		;;
	start-daemon)
		use_directory "${2:?the directory is missing}"
		start_daemon
		;;
	*)
		die "unknown argument: $1"
		;;
esac
