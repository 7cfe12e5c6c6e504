#!/bin/sh
# Builds a private copy of an installed PostgreSQL in DIR, with the extension
# in it, and prints the directory of its programs. Nothing of the system's
# installation is touched: PostgreSQL finds its files relative to its programs.
#
#   tests/lib/private_postgres.sh DIR
#
# EXTENSION is the directory of the extension, where it is not ../../extension:
# a copy that is built for another PostgreSQL.
set -eu

dir=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
pg_config=${PG_CONFIG:-pg_config}

bindir=$("$pg_config" --bindir)
for path in "$bindir" "$("$pg_config" --pkglibdir)" "$("$pg_config" --sharedir)"; do
	mkdir -p "$dir$path"
	cp -R "$path/." "$dir$path/"
done
make -s -C "${EXTENSION:-$root/extension}" install DESTDIR="$dir" PG_CONFIG="$pg_config" >/dev/null
chmod -R a+rX "$dir"
echo "$dir$bindir"
