#!/bin/sh
# Builds a copy of the extension for the PostgreSQL that PG_CONFIG names, whose
# objects must not get into ../../extension, and prints the copy's directory.
#
#   tests/lib/copy_extension.sh DIR
set -eu

dir=$1
root=$(cd "$(dirname "$0")/../.." && pwd)

mkdir -p "$dir/extension" "$dir/sql"
cp -Rp "$root/sql/." "$dir/sql/"
(cd "$root/extension" && tar -cf - --exclude='*.o' --exclude='*.so' --exclude='uncache--*' .) |
	tar -xpf - -C "$dir/extension"
# what was removed since
for file in "$dir"/extension/src/*.[ch] "$dir"/extension/src/*/*.[ch] "$dir"/sql/uncache/*.sql; do
	[ -e "$root/${file#"$dir"/}" ] || rm -f "$file" "${file%.c}.o"
done
make -s -C "$dir/extension" WERROR="${WERROR:-}" >/dev/null
echo "$dir/extension"
