#!/bin/sh
# Installs the peers that package-lock.json pins; says so and succeeds where
# that cannot be done, since the bench runs without them, too.
set -eu

cd "$(dirname "$0")"
installed=node_modules/.package-lock.json
if [ -f "$installed" ] && [ -z "$(find package-lock.json -newer "$installed")" ]; then
	exit 0
fi
command -v npm >/dev/null || {
	echo "bench: npm is missing, so there will be no peers in Node.js"
	exit 0
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
timeout 120 npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=0 --fetch-timeout=20000 \
	>"$log" 2>&1 || {
	rm -rf node_modules
	echo "bench: npm cannot install the peers, so there will be none in Node.js:"
	tail -n 3 "$log"
}
