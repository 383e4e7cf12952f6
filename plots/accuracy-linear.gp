# Figure: accuracy against parameters, on a linear axis of parameters.
#
#	gnuplot -e "data='reports/fashion/points.tsv'; out='accuracy-linear.png'" plots/accuracy-linear.gp
if (!exists("plots")) plots = "plots"
logarithmic = 0
load plots."/scatter.gp"
