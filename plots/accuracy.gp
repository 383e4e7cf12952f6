# Figure: accuracy against parameters, on a logarithmic axis of parameters.
#
#	archsweep plot fashion          (it makes the table `networks` from points.tsv)
if (!exists("plots")) plots = "plots"
logarithmic = 1
load plots."/scatter.gp"
