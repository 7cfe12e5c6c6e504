#!/bin/sh
# Prints the directory of PostgreSQL's source, as Debian distributes it for the
# release of this machine; fetches it into DIR the first time.
#
#   tests/lib/postgres_source.sh DIR
#
# Debian's patches are left out: they are about where things are installed.
#
# The mirrors are those that apt knows. The lists of sources are kept in a
# temporary directory, so that nothing of the machine's configuration changes.
# A mirror may lack the newest version that it lists: then the next older one
# serves, which is why whoever compares the source with an installed server
# needs a baseline. PG_MAJOR chooses the major version.
set -eu

dir=$1
package=postgresql-${PG_MAJOR:-15}
root=$(cd "$(dirname "$0")/../.." && pwd)
work=

# Where apt gets packages from, sources may be as well.
list_sources() {
	apt-get indextargets --no-release-info --format "deb-src \$(REPO_URI) \$(RELEASE) \$(COMPONENT)" \
		'Identifier: Packages' | sort -u
}

apt_source() {
	program=$1
	shift
	"$program" -q -o APT::Sandbox::User=root -o Dir::Etc::SourceList="$work/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" "$@"
}

fetch_source() {
	mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
	list_sources >"$work/sources.list"
	apt_source apt-get update || true # a repository without sources
	versions=$(apt_source apt-cache showsrc "$package" | sed -n 's/^Version: //p' | sort -ruV)
	[ -n "$versions" ] || {
		echo "$0: the sources of this release have no $package" >&2
		return 1
	}
	for version in $versions; do
		(cd "$work" && apt_source apt-get source --download-only "$package=$version") && return
	done
	return 1
}

if [ ! -f "$dir/configure" ]; then
	"$root/tests/lib/packages.sh" dpkg-dev
	mkdir -p "$(dirname "$dir")"
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	fetch_source >"$work/fetch.log" 2>&1 || {
		cat "$work/fetch.log" >&2
		exit 1
	}
	rm -rf "$dir" "$dir.part"
	dpkg-source --no-check --no-copy --skip-patches -x "$work"/*.dsc "$dir.part" >&2
	mv "$dir.part" "$dir"
fi
echo "$dir"
