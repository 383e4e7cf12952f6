# Figure: accuracy against parameters, on a logarithmic axis of parameters.
#
# Shows: Accuracy on test images after the final epoch, in percent, against the total number of parameters on
# a logarithmic axis. A point is a network, the mean of its seeds; its error bar is one sample standard deviation up and
# down; lines join the widths of a family; a dashed line is the Pareto front; a star is an ensemble of points, at the
# sum of their parameters.
#
#	archsweep plot fashion          (it makes the table `networks` from points.tsv)
if (!exists("plots")) plots = "plots"
logarithmic = 1
load plots."/scatter.gp"
