#!/bin/sh
# What SERVER_PROGRAM of tests/lib/regress.sh is: the server under valgrind. Each
# process writes what it finds into the data directory, PID.valgrind.
#
#   POSTGRES=PROGRAM tests/valgrind/server.sh -D DIRECTORY ...
set -eu

directory=
previous=
for word; do
	[ "$previous" != -D ] || directory=$word
	previous=$word
done
exec valgrind --quiet --leak-check=no --error-limit=no --num-callers=40 --fullpath-after= --trace-children=yes \
	--suppressions="$VALGRIND_SUPPRESSIONS" --log-file="$directory/%p.valgrind" "$POSTGRES" "$@"
