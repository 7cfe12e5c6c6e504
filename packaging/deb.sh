#!/bin/sh
# Builds Debian's packages of this tree, for each PostgreSQL that postgresql-server-dev-all has.
#
#   packaging/deb.sh [DIRECTORY]      default build/deb; it is made anew
#
# The version is that of VERSION and CHANGELOG.md: what is not released yet sorts behind the last
# release. DEBFULLNAME and DEBEMAIL say who the maintainer is, else it is the last commit's author.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$root/build/deb}
maintainer="${DEBFULLNAME:-$(git -C "$root" log -1 --format=%an)} <${DEBEMAIL:-$(git -C "$root" log -1 --format=%ae)}>"
date=$(git -C "$root" log -1 --format=%cD)
version=$(cat "$root/VERSION")
if grep -q '^## Unreleased' "$root/CHANGELOG.md"; then
	version=$version+git$(git -C "$root" log -1 --format=%cd --date=format:%Y%m%d.%H%M%S)
fi

rm -rf "$out"
mkdir -p "$out"
out=$(cd "$out" && pwd)
tree=$out/uncache-$version
mkdir "$tree"
# what git knows, and what it is about to; a file that is gone is left out
git -C "$root" ls-files -z --cached --others --exclude-standard |
	tar -C "$root" --null --ignore-failed-read -T - -c 2>/dev/null | tar -x --no-same-owner -C "$tree"
tar -C "$out" --exclude="uncache-$version/debian" --sort=name --mtime="$date" --owner=0 --group=0 \
	-czf "$out/uncache_$version.orig.tar.gz" "uncache-$version"

cd "$tree"
sed -i "s|@MAINTAINER@|$maintainer|" debian/control.in
cat >debian/changelog <<END
uncache ($version-1) unstable; urgency=medium

  * What has changed is in CHANGELOG.md.

 -- $maintainer  $date
END
pg_buildext updatecontrol
dpkg-buildpackage -us -uc >"$out/build.log" 2>&1 || {
	tail -n 40 "$out/build.log" >&2
	exit 1
}
cd "$out"
rm -rf "$tree"
ls -- *.deb
