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
