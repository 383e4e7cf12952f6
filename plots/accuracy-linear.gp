# Figure: accuracy against parameters, on a linear axis of parameters.
#
#	archsweep plot fashion          (it makes the table `networks` from points.tsv)
if (!exists("plots")) plots = "plots"
logarithmic = 0
load plots."/scatter.gp"
