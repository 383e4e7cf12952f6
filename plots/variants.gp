# The networks of compare.tsv, which the figures of a comparison share. Not a figure itself.
#
# Takes `table` (compare.tsv, read by column name) and `data` (points.tsv, for the title). Gives `variants` and arrays
# [1..variants]. All numbers are kept as text: "" is missing, and gnuplot would pass over rows in which it meets no
# number.

load plots."/families.gp"
set datafile separator tab
variants = -1
stats table using (variants = variants + 1, 0) nooutput
title_rows = 0
if (!exists("title")) stats data using (title_rows = title_rows + 1, 0) nooutput
set datafile columnheaders
found_title = ""
if (title_rows > 1) stats data using (found_title = strcol("title"), 0) nooutput
if (!exists("title")) title = found_title

array variant_family[variants + 1]
array variant_number[variants + 1]      # of its family in the sweep: its colour
array variant_place[variants + 1]       # among the networks of its family, from 0
array variant_width[variants + 1]
array variant_name[variants + 1]
array variant_is_base[variants + 1]
array variant_status[variants + 1]
array variant_accuracy[variants + 1]
array variant_lowest[variants + 1]
array variant_highest[variants + 1]
array variant_difference[variants + 1]
array variant_total[variants + 1]
array variant_total_ratio[variants + 1]
array variant_macs[variants + 1]
array variant_macs_ratio[variants + 1]
array variant_training[variants + 1]
array variant_training_ratio[variants + 1]
array variant_inference[variants + 1]
array variant_inference_ratio[variants + 1]
variant_family[1] = ""; variant_number[1] = 1; variant_place[1] = 0
i = 0; base = 0; conditions = ""; seeds = 1; n_low = 1e9; n_high = 1
see_who(family, width, is_base, status) = (i = i + 1, variant_family[i] = family, variant_width[i] = width, \
	variant_is_base[i] = is_base eq "true", base = is_base eq "true" ? i : base, variant_status[i] = status, 0)
see_accuracy(mean, lowest, highest, difference) = (variant_accuracy[i] = mean, variant_lowest[i] = lowest, \
	variant_highest[i] = highest, variant_difference[i] = difference, 0)
see_cost(total, total_ratio, macs, macs_ratio) = (variant_total[i] = total, variant_total_ratio[i] = total_ratio, \
	variant_macs[i] = macs, variant_macs_ratio[i] = macs_ratio, 0)
see_times(training, training_ratio, inference, inference_ratio) = (variant_training[i] = training, \
	variant_training_ratio[i] = training_ratio, variant_inference[i] = inference, \
	variant_inference_ratio[i] = inference_ratio, 0)
see_conditions(batch, rounds, processor) = (conditions = strlen(batch) ? \
	"each network alone on one thread, batches of ".batch.", median of ".rounds.(rounds eq "1" ? " round, " : \
	" rounds, ").processor : conditions, 0)
if (variants > 0) stats table using (see_who(strcol("family"), strcol("width"), strcol("base"), strcol("status")), \
	see_accuracy(strcol("accuracy"), strcol("accuracy_lowest"), strcol("accuracy_highest"), \
	strcol("accuracy_difference")), \
	see_cost(strcol("total"), strcol("total_ratio"), strcol("macs"), strcol("macs_ratio")), \
	see_times(strcol("training_microseconds"), strcol("training_ratio"), strcol("inference_microseconds"), \
	strcol("inference_ratio")), \
	see_conditions(strcol("batch"), strcol("rounds"), strcol("processor")), \
	seeds = strcol("seeds") eq "1" ? seeds : 2, n_low = least(n_low, column("seeds")), \
	n_high = most(n_high, column("seeds")), 0) nooutput
set datafile separator whitespace
set datafile nocolumnheaders

n_text = sprintf("n = %s%d", n_low < n_high ? sprintf("%d to ", n_low) : "", n_high)
# A family of one width is called by its name alone.
widths_of(family) = (sum [k = 1:variants] (variant_family[k] eq family))
do for [i = 1:variants] {
	variant_number[i] = number_of(variant_family[i])
	if (variant_number[i] == 0) {
		# No network of the family has been trained: it comes behind all others.
		numbered = numbered + 1
		numbered_name[numbered] = variant_family[i]
		variant_number[i] = numbered
	}
	variant_place[i] = (sum [k = 1:i] (variant_family[k] eq variant_family[i])) - 1
	variant_name[i] = widths_of(variant_family[i]) > 1 ? variant_family[i]." ".variant_width[i] : variant_family[i]
}
# A family's networks share its colour, from pale to dark, and have marks of their own.
variant_rank(i) = widths_of(variant_family[i]) > 1 ? variant_place[i] / (widths_of(variant_family[i]) - 1.) : 0.6
variant_colour(i) = shade_of(variant_number[i], variant_rank(i))
variant_shape(i) = variant_number[i] + variant_place[i]
