# Figure from compare.tsv: learning curves of all networks together, both losses at the left, accuracies at the right.
#
# Shows: Loss (cross-entropy) and accuracy in percent against epochs, a line for each network, the mean of its seeds.
# Solid lines are validation images, dashed ones training images.
#
#	archsweep plot mnist            (it makes the table `means` from curves.tsv)
#
# Takes what variants.gp does, and `means` (learning curves averaged over seeds, read by column name). Validation images
# are solid lines with marks, training images dashed ones, as in curves.gp.
if (!exists("plots")) plots = "plots"
load plots."/functions.gp"
load plots."/variants.gp"

# A picture of more lines would show nothing.
shown = least(variants, 24)
canvas_width = 1600
canvas_height = most(840, 240 + 32 * shown)
load plots."/style.gp"
set dashtype 1 solid
set dashtype 2 (7, 4)
training_dash = 2
validation_dash = 1

# The rows of each network in `means`, from 0; a network's rows follow each other. Numbers are taken as text, as in
# curves.gp.
array first_row[variants + 1]
array last_row[variants + 1]
array lost[variants + 1]                # seeds that diverged, and the last epoch in which one did
array lost_epoch[variants + 1]
array numbers[4 * variants + 4]         # how many there are of losses and accuracies, of training and validation
do for [i = 1:variants] { first_row[i] = -1; last_row[i] = -1; lost[i] = 0; lost_epoch[i] = 0 }
do for [i = 1:4 * variants] { numbers[i] = 0 }
rows = -1
set datafile separator tab
stats means using (rows = rows + 1, 0) nooutput
set datafile columnheaders
row = -1; of = 1; epochs = 1
loss_low = 1e300; loss_high = 0; score_low = 1e300; score_high = -1; early_low = 1e300
number(text) = text eq "nan" || text eq "inf" || text eq "-inf" || text eq "" ? -1. : real(text)
is_variant(k, family, width) = variant_family[k] eq family && variant_width[k] eq width
find_from(k, family, width) = k > variants ? 0 : is_variant(k, family, width) ? k : find_from(k + 1, family, width)
find(family, width) = is_variant(of, family, width) ? of : find_from(1, family, width)
# The first two epochs may start far below all others: they run into the picture from its edge.
count(kind) = numbers[4 * of - 4 + kind] = numbers[4 * of - 4 + kind] + 1
see_loss(kind, y) = y <= 0 || found == 0 ? 0 : (count(kind), loss_low = least(loss_low, y), \
	loss_high = most(loss_high, y))
see_score(kind, epoch, y) = y < 0 || found == 0 ? 0 : (count(kind), score_high = most(score_high, y), \
	epoch > 2 ? (score_low = least(score_low, y)) : (early_low = least(early_low, y)))
see_row(family, width, epoch) = (row = row + 1, found = find(family, width), of = found ? found : of, \
	epochs = most(epochs, epoch), found == 0 ? 0 : \
	(last_row[of] = row, first_row[of] < 0 ? (first_row[of] = row) : 0), 0)
see_lost(epoch, count) = count == 0 || found == 0 ? 0 : (lost[of] = lost[of] + count, lost_epoch[of] = epoch, 0)
if (rows > 0 && variants > 0) stats means using (see_row(strcol("family"), strcol("width"), column("epoch")), \
	see_loss(1, number(strcol("loss_training"))), see_loss(2, number(strcol("loss_validation"))), \
	see_score(3, column("epoch"), 100. * number(strcol("accuracy_training"))), \
	see_score(4, column("epoch"), 100. * number(strcol("accuracy_validation"))), \
	see_lost(column("epoch"), int(column("diverged"))), 0) nooutput

lines = 0
do for [i = 1:shown] { lines = lines + (first_row[i] >= 0) }
if (loss_high == 0) { loss_low = 0.1; loss_high = 1. }
if (score_high < 0) { score_low = 0.; score_high = 100. }
if (score_low > score_high) { score_low = early_low }
score_span = most(1., score_high - score_low)
score_from = most(0., score_low - 0.05 * score_span)
score_to = score_high + 0.05 * score_span > 100 ? most(100., score_high + 0.02 * score_span) : \
	score_high + 0.05 * score_span
loss_room = most(1.1, (loss_high / loss_low) ** 0.04)
loss_from = loss_low / loss_room
loss_to = loss_high * loss_room
# A missing number is a gap; a line of nothing else lies below the picture.
score_of(text, missing) = number(text) >= 0 ? 100. * number(text) : missing
loss_of(text, missing) = number(text) > 0 ? number(text) : missing

# Two panels of equal size; the legend stands at their right and hides nothing.
name_length = 26
longest = 8
do for [i = 1:shown] { longest = most(longest, least(strlen(variant_name[i]) + (i == base ? 7 : 0), name_length + 7)) }
legend_width = (longest * 0.54 + 4) * em
gap = 4.6 * em
panel_width = (canvas_width - legend_width - 2 * gap - 1.2 * em) / 2.
bottom = 6.2 * em
top = canvas_height - 4.2 * em
x_at(pixel) = pixel / (canvas_width * 1.)
y_at(pixel) = pixel / (canvas_height * 1.)
set bmargin at screen y_at(bottom)
set tmargin at screen y_at(top)
set xrange [0:most(epochs * 1.02, 2)]
set xtics most(1, step_of(epochs, 6))
set xlabel "epoch" textcolor rgb ink
mark_step = most(1, int(epochs / 12.))
row_from(i) = most(first_row[i], 0)
row_to(i) = most(last_row[i], 0)
line_of(i) = i == base ? 4 : 2.5
# A line of one epoch is a dot.
dot(i) = last_row[i] == first_row[i] ? 0.4 * shape_size(variant_shape(i)) : 0
legend_name(i) = variants ? shorten(variant_name[i], name_length).(i == base ? " (base)" : "") \
	.(lost[i] ? " ×" : "") : ""

set multiplot
set label 1 shorten(title, 100) at screen x_at(gap), screen 1 - y_at(1.1 * em) left font large_font textcolor rgb ink
set arrow 1 from screen x_at(gap), screen y_at(1.1 * em) rto screen x_at(2.4 * em), 0 nohead linewidth 2.5 \
	dashtype training_dash linecolor rgb ink
set label 2 "training images, as seen while training" at screen x_at(gap + 2.8 * em), screen y_at(1.1 * em) left \
	font small_font textcolor rgb ink
set arrow 2 from screen x_at(gap + 22 * em), screen y_at(1.1 * em) rto screen x_at(2.4 * em), 0 nohead linewidth 2.5 \
	dashtype validation_dash linecolor rgb ink
set label 3 "validation images" at screen x_at(gap + 24.8 * em), screen y_at(1.1 * em) left font small_font \
	textcolor rgb ink
losses = 0
do for [i = 1:shown] { losses = losses + lost[i] }
foot = (seeds > 1 ? "lines: mean of the seeds, ".n_text."   " : "").(losses ? "× diverged   " : "")
if (variants > shown) set label 7 sprintf("%d more networks are not shown", variants - shown) \
	at screen 1 - x_at(1.1 * em), screen 1 - y_at(1.1 * em) right font small_font textcolor rgb ink
set label 4 foot \
	at screen x_at(gap + 33.5 * em), screen y_at(1.1 * em) left font small_font textcolor rgb ink
if (lines == 0) set label 5 "no epochs yet" at graph 0.5, graph 0.5 center textcolor rgb ink

do for [panel = 1:2] {
	is_loss = panel == 1
	name = is_loss ? "loss" : "accuracy"
	from = is_loss ? loss_from : score_from
	to = is_loss ? loss_to : score_to
	below = is_loss ? loss_from * 1e-6 : score_from - 1e6
	panel_left = gap + (panel - 1) * (panel_width + gap)
	set lmargin at screen x_at(panel_left)
	set rmargin at screen x_at(panel_left + panel_width)
	unset logscale y
	set yrange [from:to]
	set label 6 (is_loss ? "loss (cross-entropy, logarithmic)" : "accuracy (%)") \
		at screen x_at(panel_left), screen y_at(top + 0.9 * em) left textcolor rgb ink
	if (is_loss) {
		set logscale y
		set ytics ()
		decades = log10(to / from)
		mantissas = decades < 0.8 ? "1 1.2 1.5 2 2.5 3 4 5 6 8" : decades < 1.3 ? "1 1.5 2 3 5 7" : \
			decades < 2.5 ? "1 2 5" : "1"
		do for [decade = floor(log10(from)):floor(log10(to))] {
			do for [m in mantissas] { set ytics add (sprintf("%g", m * 10. ** decade) m * 10. ** decade) }
		}
		unset key
	} else {
		set ytics step_of(to - from, 8)
		set key at screen x_at(panel_left + panel_width + 0.8 * em), screen y_at(top) left top Left reverse \
			samplen 2 spacing 1.25 * line_height font small_font
	}
	# Crosses at the bottom edge: the epochs in which networks diverged.
	do for [i = 1:shown] {
		if (lost[i]) {
			set label (100 + i) "" at lost_epoch[i], \
				(is_loss ? from * (to / from) ** 0.02 : from + 0.02 * (to - from)) front \
				point pointtype 2 pointsize 2 * dot_size linewidth 3 linecolor rgb variant_colour(i)
		}
	}
	missing(i, kind) = numbers[4 * i - 4 + kind] ? NaN : below
	y_of(i, kind, text) = first_row[i] < 0 ? below : is_loss ? loss_of(text, missing(i, kind)) : \
		score_of(text, missing(i, kind + 2))
	if (lines) {
		plot for [i = 1:shown] means every ::row_from(i)::row_to(i) \
				using "epoch":(y_of(i, 1, strcol(name."_training"))) with linespoints \
				linewidth line_of(i) dashtype training_dash linecolor rgb variant_colour(i) \
				pointtype shape_of(variant_shape(i)) pointsize dot(i) notitle, \
			for [i = 1:shown] means every ::row_from(i)::row_to(i) \
				using "epoch":(y_of(i, 2, strcol(name."_validation"))) with linespoints \
				linewidth line_of(i) dashtype validation_dash linecolor rgb variant_colour(i) \
				pointtype shape_of(variant_shape(i)) pointsize 0.55 * shape_size(variant_shape(i)) \
				pointinterval mark_step notitle, \
			below notitle, \
			for [i = 1:is_loss ? 0 : shown] keyentry with linespoints linewidth line_of(i) \
				linecolor rgb variant_colour(i) \
				pointtype shape_of(variant_shape(i)) pointsize 0.7 * shape_size(variant_shape(i)) \
				title legend_name(i)
	} else {
		plot below notitle, for [i = 1:is_loss ? 0 : shown] keyentry with linespoints linewidth line_of(i) \
			linecolor rgb variant_colour(i) pointtype shape_of(variant_shape(i)) \
			pointsize 0.7 * shape_size(variant_shape(i)) \
			title legend_name(i)
	}
	unset label
	unset arrow
}
unset multiplot
set output
