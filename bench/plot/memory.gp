load common
set title 'Memory of a backend, by the rows of its transaction'
set xlabel 'rows'
set ylabel 'MiB'
set logscale x 10
set format x '10^{%L}'
set yrange [0:*]
plot data.'/contexts' using 1:($2/1024):($3/1024):($4/1024) with yerrorlines lw 2 pt 7 title 'our contexts after the statement', \
	data.'/private_uncache' using 1:($2/1024):($3/1024):($4/1024) with yerrorlines lw 2 pt 5 title 'all private memory after the commit, uncache', \
	data.'/private_plain' using 1:($2/1024):($3/1024):($4/1024) with yerrorlines lw 2 pt 9 title 'the same, no trigger'
