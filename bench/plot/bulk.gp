load common
set title 'One UPDATE of many rows'
set xlabel 'rows'
set ylabel 'processor time / that without any trigger'
set logscale x 10
set format x '10^{%L}'
set yrange [0:*]
plot data.'/uncache' using 1:2:3:4 with yerrorlines lw 2 pt 7 title 'uncache', \
	data.'/empty_trigger' using 1:2:3:4 with yerrorlines lw 2 pt 5 title 'a trigger that does nothing', \
	data.'/notify_pg' using 1:2:3:4 with yerrorlines lw 2 pt 9 title 'trigger + pg\_notify'
