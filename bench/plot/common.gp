set terminal svg size 640,400 font 'sans-serif,13' background '#ffffff'
set grid ytics lc rgb '#dddddd'
set border 3
set tics nomirror
set key outside bottom center horizontal
