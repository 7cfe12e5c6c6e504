#!/bin/sh
# Starts PostgreSQL; creates the database first, if there is none yet.
#
#   UNCACHE_DATABASE      its name (default: app)
#   UNCACHED_PASSWORD     of the role that uncached connects as; needed once
#   UNCACHE_EXAMPLE       isp_billing: with that example's tables, rows and rules
#
# Arguments go to postgres.
set -eu

here=$(dirname "$0")
data=/var/lib/postgresql/data
UNCACHE_DATABASE=${UNCACHE_DATABASE:-app}

initialise()
{
	new=$data.new
	rm -rf "$new"
	initdb -D "$new" -E UTF8 --locale=C.UTF-8 --auth-local=peer --auth-host=scram-sha-256
	echo 'host all all all scram-sha-256' >>"$new/pg_hba.conf"
	# nobody can connect from outside before everything is there
	pg_ctl -D "$new" -w -o "-c listen_addresses=''" start
	createdb "$UNCACHE_DATABASE"
	run_sql -f "$here/postgres-init.sql"
	if [ -n "${UNCACHE_EXAMPLE:-}" ]; then
		example=$here/$UNCACHE_EXAMPLE
		run_sql -f "$example/schema.sql" -f "$example/data.sql" -f "$example/rules.sql"
	fi
	pg_ctl -D "$new" -w -m fast stop
	mv "$new" "$data"
}

run_sql()
{
	psql -X -q -o /dev/null -d "$UNCACHE_DATABASE" -v ON_ERROR_STOP=1 "$@"
}

if [ ! -d "$data" ]; then
	: "${UNCACHED_PASSWORD:?is needed to make the database}"
	initialise
fi
unset UNCACHED_PASSWORD
exec postgres -D "$data" -c listen_addresses='*' "$@"
