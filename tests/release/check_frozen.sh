#!/bin/sh
# Checks that the SQL script of a released version has not changed.
#
# sql/uncache--VERSION.sql is a version's script as it was released, released.sha256 has a line for
# each. While the control file still names that version, sql/uncache/*.sql must make the same script;
# what comes later is another version, with an upgrade script: CONTRIBUTING.md says how.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
version=$(sed -n "s/^default_version = '\(.*\)'/\1/p" "$root/extension/uncache.control")
frozen=$root/sql/uncache--$version.sql

(cd "$root" && sha256sum --quiet -c tests/release/released.sha256) || {
	echo "a script of sql/ is not what was released" >&2
	exit 1
}
if [ ! -e "$frozen" ]; then
	echo "released scripts are as they were; version $version is not released"
	exit 0
fi
cat "$root"/sql/uncache/*.sql | diff -u "$frozen" - || {
	echo "sql/uncache/*.sql no longer make the script of version $version, which is released" >&2
	exit 1
}
echo "sql/uncache/*.sql make the script of version $version, as released"
