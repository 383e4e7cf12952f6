# Figure from compare.tsv: each network beside the base, with the time per image.
#
# Shows: A row for each network, with its accuracy on test images in percent, its parameters, its multiply-adds and its
# times per image, in training and in inference. A bar is the difference from the base in points, or the ratio to it; a
# gray line is the range of the seeds.
#
#	gnuplot -e "data='reports/mnist/points.tsv'; table='reports/mnist/compare.tsv'; out='compare-times.png'" \
#		plots/compare-times.gp
#
# What compare.gp shows, and times, which differ from one measurement to the next.
if (!exists("plots")) plots = "plots"
columns = 5
load plots."/rows.gp"
