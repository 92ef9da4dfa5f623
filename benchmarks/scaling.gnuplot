# Draws the output of the program scaling: gnuplot [-e "data='FILE'; picture='FILE.png'"] benchmarks/scaling.gnuplot
if (!exists("data")) data = "scaling.dat"
if (!exists("picture")) picture = "scaling.png"

set terminal pngcairo size 1320,920 font "sans,12" linewidth 1.2
set output picture
set multiplot layout 2,2 margins 0.065,0.985,0.075,0.925 spacing 0.09,0.13 \
  title "A training step of three dense layers, in float: GFLOP/s of its products" font ",15"

set style line 1 linecolor rgb "#0b6e8a" linewidth 2.5 pointtype 7 pointsize 1
set style line 2 linecolor rgb "#8b8f94" linewidth 2 pointtype 5 pointsize 0.9
set style line 3 linecolor rgb "#e08e0b" linewidth 2.5 pointtype 9 pointsize 1.2
set style line 4 linecolor rgb "#c0392b" linewidth 1.5 dashtype 2
set border 3 linecolor rgb "#888888"
set tics nomirror out textcolor rgb "#333333"
set grid ytics linecolor rgb "#cccccc" linewidth 1
set ylabel "GFLOP/s"
set yrange [0:*]
set offsets graph 0.02, graph 0.02, graph 0.04, 0

panels = "batch width input"
titles = "'samples per batch; 100 features, 128 units per layer' 'units per layer; 64 samples of 100 features' \
'features per sample; 64 samples, 128 units per layer'"
set logscale x 2
set key bottom right Left reverse samplen 3
do for [k = 1:3] {
  set xlabel word(titles, k)
  plot data index word(panels, k) using 1:2:xtic(1) with linespoints linestyle 1 title "Gemel, one thread", \
    "" index word(panels, k) using 1:3 with linespoints linestyle 2 title "plain Eigen, -march=native", \
    "" index word(panels, k) using 1:4 with lines linestyle 4 title "FMA peak of a core"
  set key off  # the first panel's key serves all three
}
unset logscale x
set key on top left
set xlabel "threads; 128 units per layer"
set xrange [0.9:*]
plot data index "threads" using 1:4:xtic(1) with lines linestyle 4 title "FMA peak of that many cores", \
  "" index "threads" using 1:3 with linespoints linestyle 3 title "Gemel, 256 samples of 784 features", \
  "" index "threads" using 1:2 with linespoints linestyle 1 title "Gemel, 64 samples of 100 features"
unset multiplot
