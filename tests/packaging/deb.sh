#!/bin/sh
# Installs Debian's packages in a fresh chroot, works with them, upgrades, removes and purges them.
#
#   tests/packaging/deb.sh [DIRECTORY]      where packaging/deb.sh has put them, default build/deb
#
# Needs root. A base of this system's suite, with PostgreSQL and Redis, is made once by debootstrap,
# from where apt has this system's packages, in DEB_CACHE (default ~/.cache/uncache-deb). Each run
# works in a layer over it, with its own mounts and processes, of which nothing is left.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
debs=$(cd "${1:-$here/../../build/deb}" && pwd)
# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
base=${DEB_CACHE:-$HOME/.cache/uncache-deb}/$suite
[ "$(id -u)" -eq 0 ] || {
	echo "$0: only root can make a chroot" >&2
	exit 2
}

# Runs a script of the shell in a directory as its root; what follows are its arguments. LAYERS are
# mounted there first, if there are any.
# shellcheck disable=SC2016 # the inner shell expands it
run_in() {
	setpriv --pdeathsig KILL -- unshare --mount --pid --fork --kill-child sh -euc '
		if [ -n "$LAYERS" ]; then mount -t overlay overlay -o "$LAYERS" "$0"; fi
		mount -t proc proc "$0/proc"
		mount --rbind /dev "$0/dev"
		script=$1
		shift
		exec chroot "$0" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
			DEBIAN_FRONTEND=noninteractive sh -euc "$script" sh "$@"' "$@" </dev/null
}

# Where apt has this suite and its updates, as lines of sources.list.
# shellcheck disable=SC2016 # apt expands it
list_sources() {
	apt-get indextargets --no-release-info --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Identifier: Packages' |
		awk -v suite="$suite" '$3 == suite || index($3, suite "-") == 1' | sort -u
}

make_base() {
	mkdir -p "${base%/*}"
	rm -rf "$base.new"
	mirror=$(list_sources | awk -v suite="$suite" '$3 == suite && $4 == "main" { print $2; exit }')
	unshare --mount debootstrap --variant=minbase "$suite" "$base.new" "$mirror"
	list_sources >"$base.new/etc/apt/sources.list"
	# nothing starts by itself
	printf '#!/bin/sh\nexit 101\n' >"$base.new/usr/sbin/policy-rc.d"
	chmod 755 "$base.new/usr/sbin/policy-rc.d"
	LAYERS='' run_in "$base.new" 'apt-get update -qq
		apt-get upgrade -y -qq
		apt-get install -y -qq --no-install-recommends postgresql redis-server systemd-standalone-sysusers'
	mv "$base.new" "$base"
}

# The same package as a later version, whose configuration file differs.
make_newer() {
	dpkg-deb -R "$1" "$tmp/raw"
	sed -i 's/^Version: .*/Version: 1:99-1/' "$tmp/raw/DEBIAN/control"
	if [ -e "$tmp/raw/etc/uncached/uncached.ini" ]; then
		echo '# what is new' >>"$tmp/raw/etc/uncached/uncached.ini"
	fi
	dpkg-deb --root-owner-group -b "$tmp/raw" "$2" >/dev/null
	rm -rf "$tmp/raw"
}

[ -d "$base" ] || make_base >&2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$tmp/upper" "$tmp/work" "$tmp/root" "$tmp/upper/test"
major=$(basename "$base"/usr/lib/postgresql/*)
for name in "postgresql-$major-uncache" uncached; do
	set -- "$debs/$name"_*.deb
	if [ $# -ne 1 ] || [ ! -e "$1" ]; then
		echo "$0: there is not one package $name in $debs; run make deb" >&2
		exit 2
	fi
	cp "$1" "$tmp/upper/test/$name.deb"
	make_newer "$1" "$tmp/upper/test/$name-newer.deb"
done
cp "$here/deb_steps.sh" "$here/notified.pl" "$tmp/upper/test/"
chmod -R a+rX "$tmp/upper"
# shellcheck disable=SC2016 # the inner shell expands it
LAYERS="lowerdir=$base,upperdir=$tmp/upper,workdir=$tmp/work" run_in "$tmp/root" 'sh /test/deb_steps.sh "$1"' "$major"
