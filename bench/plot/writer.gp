load common
set title 'Writing with invalidation, as a share of writing without'
set xlabel 'clients'
set ylabel 'tps / tps without any trigger'
set logscale x 2
set yrange [0:1.1]
plot data.'/uncache' using 1:2:3:4 with yerrorlines lw 2 pt 7 title 'uncache', \
	data.'/notify_pg' using 1:2:3:4 with yerrorlines lw 2 pt 5 title 'trigger + pg\_notify, pg', \
	data.'/notify_postgres' using 1:2:3:4 with yerrorlines lw 2 pt 9 title 'the same, postgres.js', \
	data.'/pgoutput' using 1:2:3:4 with yerrorlines lw 2 pt 11 title 'pgoutput'
