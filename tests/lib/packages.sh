#!/bin/sh
# Installs those of the named Debian packages that are missing; does nothing
# where all are there. Asks for sudo where it is not run as root.
#
#   tests/lib/packages.sh PACKAGE...
#
# % in a name is a version: PostgreSQL's is that of pg_config ($PG_CONFIG), or
# the suite's where there is none; clang's is the suite's, for what its package
# does not bring along itself. redis-server may be another one: $REDIS_SERVER.
set -eu

as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo

# The version that a package without one depends on: if it is installed, or in the suite.
suite_version() {
	# shellcheck disable=SC2016
	{
		dpkg-query -W -f 'Depends: ${Depends}\n' "$1" 2>/dev/null || true
		apt-cache show "$1" 2>/dev/null || true
	} | sed -n "s/^Depends:.*\b$1-\([0-9][0-9]*\).*/\1/p" | head -n 1
}

# That of the suite, also where no list of its packages has been fetched yet.
require_suite_version() {
	[ -n "$(suite_version "$1")" ] || $as_root apt-get update -qq >&2
	version=$(suite_version "$1")
	[ -n "$version" ] || {
		echo "$0: this suite has no package $1 that says its version" >&2
		return 1
	}
	echo "$version"
}

postgresql_version() {
	version=$("${PG_CONFIG:-pg_config}" --version 2>/dev/null | sed -n 's/^PostgreSQL \([0-9][0-9]*\).*/\1/p')
	if [ -n "$version" ]; then echo "$version"; else require_suite_version postgresql; fi
}

# Prints the package's name in this suite, or nothing where none is needed.
resolve() {
	case $1 in
	postgresql*%*)
		version=$(postgresql_version)
		echo "${1%%%*}$version${1#*%}"
		;;
	libclang*%*)
		version=$(require_suite_version clang)
		name=${1%%%*}$version${1#*%}
		[ -z "$(apt-cache show "$name" 2>/dev/null)" ] || echo "$name"
		;;
	redis-server)
		[ -n "${REDIS_SERVER:-}" ] && command -v "$REDIS_SERVER" >/dev/null || echo "$1"
		;;
	*) echo "$1" ;;
	esac
}

missing=
for package; do
	name=$(resolve "$package")
	[ -n "$name" ] || continue
	# shellcheck disable=SC2016
	status=$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null || true)
	[ "$status" = installed ] || missing="$missing $name"
done
[ -n "$missing" ] || exit 0

echo "installing missing packages:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
{
	$as_root apt-get update -qq
	# a freshly installed package must not start a server of its own
	policy=
	if [ ! -e /usr/sbin/policy-rc.d ]; then
		policy=/usr/sbin/policy-rc.d
		printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
		$as_root chmod 755 "$policy"
	fi
	status=0
	$as_root apt-get install -y -qq --no-install-recommends $missing || status=$?
	[ -z "$policy" ] || $as_root rm -f "$policy"
} >&2
exit $status
