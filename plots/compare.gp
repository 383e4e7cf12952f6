# Figure from compare.tsv: each network beside the base, in accuracy, parameters and multiply-adds.
#
# Shows: A row for each network, with its accuracy on test images in percent, its parameters and its multiply-adds. A
# bar is the difference from the base in points, or the ratio to it; a gray line is the range of the seeds.
#
#	gnuplot -e "data='reports/mnist/points.tsv'; table='reports/mnist/compare.tsv'; out='compare.png'" \
#		plots/compare.gp
#
# Results alone, which a sweep trained again gives again; compare-times.gp has the times, which differ.
if (!exists("plots")) plots = "plots"
columns = 3
load plots."/rows.gp"
