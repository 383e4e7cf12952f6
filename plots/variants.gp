# The networks of compare.tsv, which the figures of a comparison share. Not a figure itself.
#
# Takes `table` (compare.tsv, read by column name) and `data` (points.tsv, for the title). Gives `variants` and arrays
# [1..variants]. All numbers are kept as text: "" is missing, and gnuplot would pass over rows in which it meets no
# number.

set datafile separator tab
variants = -1
stats table using (variants = variants + 1, 0) nooutput
title_rows = -1
stats data using (title_rows = title_rows + 1, 0) nooutput
set datafile columnheaders
found_title = ""
if (title_rows > 0) stats data using (found_title = strcol("title"), 0) nooutput
if (!exists("title")) title = found_title

array variant_family[variants + 1]
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
i = 0; base = 0; conditions = ""; seeds = 1
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
	seeds = strcol("seeds") eq "1" ? seeds : 2, 0) nooutput
set datafile separator whitespace
set datafile nocolumnheaders

# A family of one width is called by its name alone.
widths_of(family) = (sum [k = 1:variants] (variant_family[k] eq family))
do for [i = 1:variants] {
	variant_name[i] = widths_of(variant_family[i]) > 1 ? variant_family[i]." ".variant_width[i] : variant_family[i]
}
