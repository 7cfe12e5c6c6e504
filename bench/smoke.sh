#!/bin/sh
# Runs every part of the bench once, tiny. What is printed only if one fails.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

for part in writer app bulk latency snapshot drain unlink idle ddl cost scrape; do
	if ! SMOKE=1 RESULTS="$results" timeout 300 "$here/bench.py" "$part" >"$results/log" 2>&1; then
		cat "$results/log"
		echo "bench-smoke: $part failed"
		exit 1
	fi
	grep '^bench: without' "$results/log" || true
done
echo "bench-smoke: all parts ran"
