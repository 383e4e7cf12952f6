# Figure: accuracy against parameters, on a logarithmic axis of parameters.
#
#	gnuplot -e "data='reports/fashion/points.tsv'; out='accuracy.png'" plots/accuracy.gp
if (!exists("plots")) plots = "plots"
logarithmic = 1
load plots."/scatter.gp"
