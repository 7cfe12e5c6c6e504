#!/bin/sh
# Makes the distribution for PGXN of what is committed: a zip, with META.json.
#
#   packaging/dist.sh [DIRECTORY]      default build/dist; prints the zip's path
#
# The versions are those of VERSION and extension/uncache.control. As long as CHANGELOG.md has
# changes that are not released, it is unstable.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$root/build/dist}
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$root"

version=$(git show HEAD:VERSION)
extension_version=$(git show HEAD:extension/uncache.control | sed -n "s/^default_version = '\(.*\)'/\1/p").0
status=stable
if git show HEAD:CHANGELOG.md | grep -q '^## Unreleased'; then status=unstable; fi
name=uncache-$version
meta=$(git show HEAD:packaging/META.json.in |
	sed "s/@VERSION@/$version/; s/@EXTENSION_VERSION@/$extension_version/; s/@STATUS@/$status/")

rm -f "$out/$name.zip"
git archive --format=zip --prefix="$name/" --add-virtual-file="$name/META.json:$meta" -o "$out/$name.zip" HEAD
echo "$out/$name.zip"
