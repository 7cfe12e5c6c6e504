#!/bin/sh
# Installs those of the named Debian packages that are missing; does nothing
# where all are there. Asks for sudo where it is not run as root.
#
#   tests/lib/packages.sh PACKAGE...
set -eu

missing=
for package; do
	# shellcheck disable=SC2016
	status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo
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
