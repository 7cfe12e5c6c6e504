#!/bin/sh
# Builds PostgreSQL for tests and prints its pg_config; what is built already
# stays.
#
#   tests/lib/postgres_build.sh assert|valgrind
#
# assert    with assertions
# valgrind  with assertions, and telling valgrind of its memory contexts
#
# All lies below build/: postgresql-MAJOR the source, FLAVOUR the installation.
# The regression and isolation drivers and contrib are installed as well, as
# Debian's packages have them.
set -eu

# PostgreSQL makes its generated headers only where make is not called by make.
unset MAKELEVEL MAKEFLAGS MFLAGS

flavour=$1
major=${PG_MAJOR:-15}
root=$(cd "$(dirname "$0")/../.." && pwd)
prefix=$root/build/postgres-$flavour-$major
objects=$prefix-objects
cppflags=

case $flavour in
assert) ;;
valgrind) cppflags=-DUSE_VALGRIND ;;
*)
	echo "usage: $0 assert|valgrind" >&2
	exit 2
	;;
esac

# Fails if "make install" would write anywhere but below the prefix: Debian's
# patches name directories of the system, where other people's servers run.
check_directories() {
	{
		echo "include $objects/src/Makefile.global"
		echo 'show:'
		for name in bindir pkglibdir libdir datadir includedir includedir_server pkgincludedir sysconfdir docdir mandir localedir pgxsdir; do
			# shellcheck disable=SC2016 # make expands it
			printf '\t@echo %s $(%s)\n' "$name" "$name"
		done
	} >"$objects/directories.mk"
	make -s -f "$objects/directories.mk" -C "$objects" top_builddir="$objects" show >"$objects/directories" || return
	[ -s "$objects/directories" ] || return
	while read -r name directory; do
		case $directory in
		"$prefix"/*) ;;
		*)
			echo "$0: $name would be $directory, outside $prefix" >&2
			return 1
			;;
		esac
	done <"$objects/directories"
}

# libpq is the system's, whoever runs the tests: no path into this tree.
build() {
	cd "$objects"
	"$source/configure" --prefix="$prefix" --enable-cassert --enable-debug --disable-rpath \
		--without-readline --with-icu --with-libxml --with-system-tzdata=/usr/share/zoneinfo \
		CFLAGS='-O1 -g -fno-omit-frame-pointer' CPPFLAGS="$cppflags" &&
		check_directories || return
	for part in . contrib src/test/regress src/test/isolation; do
		make -s -j"$(nproc)" -C "$part" && make -s -C "$part" install || return
	done
}

if [ ! -f "$prefix/complete" ]; then
	"$root/tests/lib/packages.sh" make gcc libc6-dev perl bison flex zlib1g-dev libicu-dev libxml2-dev libpq-dev tzdata
	[ "$flavour" != valgrind ] || "$root/tests/lib/packages.sh" valgrind
	source=$("$root/tests/lib/postgres_source.sh" "$root/build/postgresql-$major")
	echo "building PostgreSQL in build/postgres-$flavour-$major" >&2
	rm -rf "$prefix" "$objects"
	mkdir -p "$objects"
	build >"$objects/build.log" 2>&1 || {
		tail -n 40 "$objects/build.log" >&2
		exit 1
	}
	touch "$prefix/complete"
fi
echo "$prefix/bin/pg_config"
