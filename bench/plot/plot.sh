#!/bin/sh
# Draws bench/results/*.svg from the summaries in bench/results.
set -eu

plot=$(cd "$(dirname "$0")" && pwd)
cd "$plot/../results"
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT

# draw NAME: by the script NAME.gp, from what lies in $data
draw()
{
	gnuplot -e "data='$data'" -e "common='$plot/common.gp'" "$plot/$1.gp" >"$1.svg"
	echo "bench/results/$1.svg"
}

if [ -f writer-summary.csv ]; then
	for variant in uncache notify_pg notify_postgres pgoutput; do
		"$plot/points.py" writer-summary.csv "tps, $variant / no trigger" >"$data/$variant"
	done
	draw writer
	# as bench/parts/writer.py measures them
	clients=16
	for count in 1 4 16; do
		if [ $count -eq 1 ]; then
			rules="uncache" keys="uncache"
		else
			rules="uncache with $count rules" keys="uncache with $count keys in one rule"
		fi
		"$plot/points.py" writer-summary.csv "tps, $rules / no trigger" $count $clients >>"$data/rules"
		"$plot/points.py" writer-summary.csv "tps, $keys / no trigger" $count $clients >>"$data/keys"
	done
	draw rules
fi
if [ -f bulk-summary.csv ]; then
	for variant in uncache empty_trigger notify_pg; do
		what=$variant
		[ $variant != empty_trigger ] || what="a trigger that does nothing"
		"$plot/points.py" bulk-summary.csv "processor time, $what / no trigger" >"$data/$variant"
	done
	draw bulk
	"$plot/points.py" bulk-summary.csv "KiB of our memory contexts after the statement" >"$data/contexts"
	for variant in plain uncache; do
		"$plot/points.py" bulk-summary.csv "KiB of private memory after the commit, $variant" >"$data/private_$variant"
	done
	draw memory
fi
if [ -f drain-summary.csv ]; then
	"$plot/points.py" drain-summary.csv "keys/s, 1000 rows a transaction" >"$data/many"
	"$plot/points.py" drain-summary.csv "keys/s, 1 rows a transaction" >"$data/single"
	"$plot/points.py" drain-summary.csv "keys/s, redis-benchmark" | sort -n >"$data/redis"
	draw drain
fi
if [ -f latency-summary.csv ]; then
	for percent in 50 99; do
		for variant in uncache notify_pg pgoutput; do
			"$plot/points.py" latency-summary.csv "ms, quiet, p$percent, $variant" "$variant"
		done >"$data/p$percent"
	done
	draw latency
fi
