load common
set title 'From the return of COMMIT until the key is gone, one writer'
set ylabel 'ms'
set style data histogram
set style histogram errorbars gap 1
set style fill solid 0.6
set yrange [0:*]
plot data.'/p50' using 2:3:4:xtic(1) title 'median', \
	data.'/p99' using 2:3:4 title '99th percentile'
