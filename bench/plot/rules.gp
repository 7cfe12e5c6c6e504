load common
set title 'Writing with more keys for each row, 16 clients'
set xlabel 'keys'
set ylabel 'tps / tps without any trigger'
set logscale x 2
set xrange [0.9:18]
set yrange [0:1.1]
plot data.'/rules' using 1:2:3:4 with yerrorlines lw 2 pt 7 title 'a rule for each', \
	data.'/keys' using 1:2:3:4 with yerrorlines lw 2 pt 5 title 'all in one rule'
