#!/bin/sh
# Are systemd's units valid, and is what a daemon could do under them little enough?
#
# Nothing is started: systemd-analyze reads the units as make install writes them.
set -eu

# Of 100, from safe to exposed.
exposure_max=15

root=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

make -s -C "$root/listener" install PREFIX="$tmp/usr" SYSCONFDIR="$tmp/etc" >/dev/null
units=$tmp/usr/lib/systemd/system
# an instance has another name than its template
cp "$units/uncached@.service" "$units/uncached@billing.service"
# with the password, too
mkdir "$units/uncached.service.d"
cp "$tmp/usr/share/doc/uncached/examples/password.conf" "$units/uncached.service.d/"

if grep -n '@[a-z_]*@' "$units"/*.service; then
	echo "$0: a placeholder is left" >&2
	exit 1
fi
for name in uncached.service uncached@billing.service; do
	# it says on standard error what is wrong, and not always by its exit status
	said=$(SYSTEMD_UNIT_PATH="$units:" systemd-analyze verify --man=no "$units/$name" 2>&1) || {
		echo "$said" >&2
		exit 1
	}
	if echo "$said" | grep -F uncached; then
		echo "$0: $name is not valid" >&2
		exit 1
	fi
	systemd-analyze security --offline=true --threshold=$exposure_max --no-pager "$units/$name" >"$tmp/report" || {
		grep '✗' "$tmp/report" >&2
		tail -n 1 "$tmp/report" >&2
		exit 1
	}
	tail -n 1 "$tmp/report"
done
