load common
set title 'Deleting what waits in the journal'
set xlabel 'keys that wait'
set ylabel 'million keys a second'
set logscale x 10
set format x '10^{%L}'
set yrange [0:*]
plot data.'/redis' using 1:($2/1e6):($3/1e6):($4/1e6) with yerrorlines lw 2 pt 5 title 'redis-benchmark UNLINK', \
	data.'/many' using 1:($2/1e6):($3/1e6):($4/1e6) with yerrorlines lw 2 pt 7 title 'uncached, 1000 rows a transaction', \
	data.'/single' using 1:($2/1e6):($3/1e6):($4/1e6) with yerrorlines lw 2 pt 9 title 'uncached, one row a transaction'
