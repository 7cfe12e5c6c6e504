#!/bin/sh
# Formats the tree's C files as pgindent does, or tells which are not.
#
#   tests/lib/format.sh          formats in place
#   tests/lib/format.sh --check  prints the differences; fails if there are any
#
# The tree's own types are found by their definitions; types from elsewhere
# stand in typedefs.list.
set -eu

cd "$(dirname "$0")/../.."
check=${1:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

files=$(git ls-files --cached --others --exclude-standard -- '*.c' '*.h')
{
	cat typedefs.list
	# shellcheck disable=SC2086
	cat $files | sed -nE \
		-e 's/^\} ([A-Za-z_]+);$/\1/p' \
		-e 's/^typedef .*\(\*([A-Za-z_]+)\).*/\1/p' \
		-e 's/^typedef (struct|enum|union) [A-Za-z_]+ ([A-Za-z_]+);$/\2/p'
} | LC_ALL=C sort -u >"$work/typedefs"

status=0
for file in $files; do
	pg_bsd_indent -bad -bap -bbb -bc -bl -cli1 -cp33 -cdb -nce -d0 -di12 \
		-nfc1 -i4 -l79 -lp -lpl -nip -npro -sac -tpg -ts4 \
		"-U$work/typedefs" "$file" "$work/indented" >"$work/messages" 2>&1 ||
		{ echo "$file:"; cat "$work/messages"; exit 1; } >&2
	# a function's pointer type stands on its line without padding; "text" is
	# a type here and a variable there, so it is not among the types
	sed -E -e 's/^([A-Za-z_][A-Za-z_0-9 ]*[A-Za-z_0-9])[ 	]+(\*+)$/\1 \2/' \
		-e 's/([(, ])text \* ([a-z])/\1text *\2/' \
		"$work/indented" >"$work/formatted"
	if cmp -s "$file" "$work/formatted"; then
		continue
	elif [ "$check" = --check ]; then
		diff -u "$file" "$work/formatted" || status=1
	else
		cat "$work/formatted" >"$file"
	fi
done
exit $status
