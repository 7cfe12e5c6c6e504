#!/bin/sh
# Runs the fuzz targets, two at a time, each from its corpus.
#
#   tests/fuzz/run.sh [NAME...]     without NAME all of them
#
# SECONDS_EACH says how long (20). What a run finds beyond the corpus goes to
# build/found/NAME, where the next run begins; inputs that fail go to
# build/crashes. SEED (1) makes runs alike, as far as time does not count; 0 is
# another one each time.
set -eu

cd "$(dirname "$0")"
seconds=${SECONDS_EACH:-20}
seed=${SEED:-1}

# Prints the names of all targets, or those given; fails if one is none.
list_names() {
	if [ $# -eq 0 ]; then
		set -- fuzz_*.c
	fi
	for name; do
		name=${name#fuzz_}
		name=${name%.c}
		[ -x "build/$name" ] || {
			echo "$0: there is no target $name" >&2
			exit 2
		}
		echo "$name"
	done
}

names=$(list_names "$@")
mkdir -p build/crashes build/output
for name in $names; do
	mkdir -p "build/found/$name"
done

# The child of xargs: one target; its log only where it fails.
# shellcheck disable=SC2016 # expanded by the child
run_one='
	name=$1
	dictionary=
	[ ! -f "$name.dict" ] || dictionary=-dict=$name.dict
	if ASAN_OPTIONS=allocator_may_return_null=1 "build/$name" -max_total_time="$2" -seed="$3" \
		-timeout=10 -rss_limit_mb=2048 -max_len=4096 $dictionary -print_final_stats=1 \
		-artifact_prefix="build/crashes/$name-" "build/found/$name" "corpus/$name" \
		>"build/output/$name" 2>&1; then
		echo "ok $name: $(sed -n "s/^stat::number_of_executed_units: *//p" "build/output/$name") inputs"
	else
		tail -n 60 "build/output/$name"
		echo "not ok $name"
		exit 1
	fi'
# shellcheck disable=SC2086 # names have no spaces
printf '%s\n' $names | xargs -P 2 -I '{}' sh -c "$run_one" sh '{}' "$seconds" "$seed"
