#!/bin/sh
# Runs PostgreSQL's own regression suite without uncache and with it, and tells
# what differs. README.md says how.
#
#   tests/core/core.sh
#
# PG_CONFIG chooses the PostgreSQL, and EXTENSION the directory of the extension
# that was built for it. Servers and results live in a temporary directory that
# goes on every exit; KEEP=DIR copies results, differences and logs there first.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
lib=$root/tests/lib
pg_config=${PG_CONFIG:-pg_config}
bindir=
redis_pid=
daemon_pid=
# shellcheck source=tests/lib/private_run.sh
. "$lib/private_run.sh"

# shellcheck disable=SC2317 # the trap calls it
stop_servers() {
	for pid in $daemon_pid $redis_pid; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	daemon_pid=
	redis_pid=
	stop_postgres_in "$tmp/run/data"
}

# The suite with its library of C functions; two more are contrib's.
build_suite() {
	source=$("$lib/postgres_source.sh" "$root/build/postgresql-${PG_MAJOR:-15}")
	cp -R "$source/src/test/regress" "$tmp/suite"
	cc -O1 -fPIC -fwrapv -fno-strict-aliasing -shared -I"$("$pg_config" --includedir-server)" \
		-o "$tmp/suite/regress.so" "$tmp/suite/regress.c"
	for name in autoinc refint; do
		cp "$("$pg_config" --pkglibdir)/$name.so" "$tmp/suite/"
	done
	chmod -R a+rX "$tmp"
}

sql() {
	"$bindir/psql" -XAtq -v ON_ERROR_STOP=1 -h "$tmp/run" -U postgres -d regression -c "$1"
}

# wait_for WHAT COMMAND...: half a minute at most
wait_for() {
	what=$1
	shift
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 300 ] || {
			echo "$0: waited in vain for $what" >&2
			exit 1
		}
		sleep 0.1
	done
}

# Settings of the server and of the database are those that pg_regress makes.
start_postgres() {
	rm -rf "$tmp/run"
	mkdir "$tmp/run"
	[ -z "$test_user" ] || chown "$test_user" "$tmp/run"
	cd "$tmp/run"
	(exec_as_server "$bindir/initdb" -D data -U postgres -A trust --no-locale -E UTF8 --no-sync) >"$tmp/initdb.log" 2>&1
	cat >>data/postgresql.conf <<-END
		listen_addresses = ''
		unix_socket_directories = '$tmp/run'
		fsync = off
		max_prepared_transactions = 2
		log_line_prefix = '%m %b[%p] %q%a '
		log_lock_waits = on
	END
	(exec_as_server "$bindir/pg_ctl" -D data -l postgresql.log -w start) >/dev/null
	"$bindir/createdb" -h "$tmp/run" -U postgres -T template0 regression
	for setting in "lc_messages = 'C'" "lc_monetary = 'C'" "lc_numeric = 'C'" "lc_time = 'C'" \
		"bytea_output = 'hex'" "timezone_abbreviations = 'Default'"; do
		sql "ALTER DATABASE regression SET $setting"
	done
}

daemon_is_ready() {
	[ "$(sql "SELECT state FROM uncache.status WHERE worker_pid IS NOT NULL")" = ready ]
}

start_uncache() {
	(exec_as_server redis-server --port 0 --unixsocket "$tmp/run/redis.sock" --save '' --appendonly no \
		--dir "$tmp/run") >redis.log 2>&1 &
	redis_pid=$!
	wait_for Redis redis-cli -s "$tmp/run/redis.sock" ping
	sql "CREATE EXTENSION uncache"
	sql "CREATE ROLE uncached LOGIN"
	sql "SELECT uncache.grant_consumer('uncached')" >/dev/null
	(exec_as_server "$tmp/uncached" --dsn "host=$tmp/run dbname=regression user=uncached" \
		--redis "unix://$tmp/run/redis.sock") >uncached.log 2>&1 &
	daemon_pid=$!
	wait_for "the daemon" daemon_is_ready
	sql "SELECT uncache.watch_schema('public')" >/dev/null
}

# The caches of the suite's tables have to be invalidated still: a key of ours
# goes, and the daemon has applied everything.
check_uncache() {
	redis-cli -s "$tmp/run/redis.sock" SADD tag:public.uncache_probe:1 member >/dev/null
	sql "CREATE TABLE public.uncache_probe (id int PRIMARY KEY)"
	sql "INSERT INTO public.uncache_probe VALUES (1)"
	[ "$(sql "SELECT uncache.wait('2 minutes')")" = t ]
	[ "$(redis-cli -s "$tmp/run/redis.sock" EXISTS tag:public.uncache_probe:1)" = 0 ] || {
		echo "$0: after the suite uncache does not invalidate any more" >&2
		exit 1
	}
}

# run_suite plain|watched: leaves $tmp/NAME with results, and says how long it took
run_suite() {
	name=$1
	start_postgres
	[ "$name" = plain ] || start_uncache
	began=$(date +%s%N)
	(exec_as_server "$tmp/postgres$("$pg_config" --pkglibdir)/pgxs/src/test/regress/pg_regress" \
		--bindir="$bindir" --inputdir="$tmp/suite" --outputdir="$tmp/run" --dlpath="$tmp/suite" \
		--host="$tmp/run" --user=postgres --dbname=regression --use-existing \
		--max-concurrent-tests=20 --schedule="$tmp/suite/parallel_schedule") >"$tmp/run/suite.log" 2>&1 || true
	milliseconds=$((($(date +%s%N) - began) / 1000000))
	[ -d "$tmp/run/results" ] || {
		cat "$tmp/run/suite.log" >&2
		exit 1
	}
	[ "$name" = plain ] || check_uncache
	stop_servers
	mkdir -p "$logs/$name"
	mv "$tmp/run/results" "$tmp/run/suite.log" "$tmp/run/"*.log "$logs/$name/" 2>/dev/null || true
	echo "$milliseconds" >"$logs/$name/milliseconds"
}

begin_private_run core
logs=$tmp/logs
mkdir "$logs"
bindir=$("$lib/private_postgres.sh" "$tmp/postgres")
cp "$root/listener/uncached" "$tmp/uncached"
build_suite
run_suite plain
run_suite watched
"$here/compare.py" "$logs" "$here/allowed"
