# Figure: learning curves, a panel for each family: accuracy by epoch on validation images and on training images.
#
# Shows: Accuracy in percent against epochs, a panel for each family, a line for each width, the mean of its seeds.
# Solid lines are validation images, dashed ones training images.
#
#	archsweep plot fashion          (it makes the table `means` from curves.tsv)
#
# Takes `means` (learning curves averaged over seeds, read by column name), `out`, `plots` (the folder of the scripts),
# and `title` (else the column of that name in `data`). A family's widths go from pale to dark. All panels have the same
# axes.
if (!exists("plots")) plots = "plots"
load plots."/functions.gp"
load plots."/families.gp"

set datafile separator tab
rows = -1
stats means using (rows = rows + 1, 0) nooutput
title_rows = 0
if (!exists("title")) stats data using (title_rows = title_rows + 1, 0) nooutput
set datafile columnheaders
found_title = ""
if (title_rows > 1) stats data using (found_title = strcol("title"), 0) nooutput
if (!exists("title")) title = found_title

# The table, row by row, into lines of one family and width. Rows of a line follow each other, and lines of a family.
array family_name[rows + 1]
array family_first[rows + 1]            # its lines, from .. to
array family_last[rows + 1]
array line_width[rows + 1]              # of the network
array line_first[rows + 1]              # rows in the table, from 0
array line_last[rows + 1]
array line_epochs[rows + 1]
array line_validation[rows + 1]         # whether there is any number
array line_training[rows + 1]
array line_lost[rows + 1]               # seeds that diverged
array lost_line[rows + 1]               # epochs in which seeds diverged: the line, and the epoch
array lost_epoch[rows + 1]
family_name[1] = ""; family_first[1] = 1; family_last[1] = 0
families = 0; lines = 0; row = -1; seeds = 1; epochs = 1; losses = 0; n_low = 1e9
y_low = 1e300; y_high = -1e300; early_low = 1e300

is_family(name) = families > 0 && family_name[most(families, 1)] eq name
is_line(name, width) = is_family(name) && line_width[most(lines, 1)] == width
family_add(name) = (families = families + 1, family_name[families] = name, family_first[families] = lines + 1)
line_add(width) = (lines = lines + 1, family_last[families] = lines, line_width[lines] = width, \
	line_first[lines] = row, line_epochs[lines] = 0, line_validation[lines] = 0, line_training[lines] = 0, \
	line_lost[lines] = 0)
line_start(name, width) = (is_family(name) ? 0 : family_add(name), line_add(width))
# Numbers are taken as text, since gnuplot passes over rows in which it meets "nan". The first two epochs may start far
# below all others: they run into the picture from its lower edge.
score(text) = text eq "nan" || text eq "" ? -1 : 100. * text
score_see(epoch, y) = y < 0 ? 0 : (y_high = most(y_high, y), \
	epoch > 2 ? (y_low = least(y_low, y)) : (early_low = least(early_low, y)), 1)
row_see(count, epoch, validation, training) = (line_last[lines] = row, \
	line_epochs[lines] = most(line_epochs[lines], epoch), epochs = most(epochs, epoch), \
	seeds = most(seeds, count), n_low = least(n_low, count), \
	line_validation[lines] = line_validation[lines] + score_see(epoch, validation), \
	line_training[lines] = line_training[lines] + score_see(epoch, training))
lost_see(epoch, count) = count == 0 ? 0 : (losses = losses + 1, lost_line[losses] = lines, \
	lost_epoch[losses] = epoch, line_lost[lines] = line_lost[lines] + count)
row_add(name, width, count, epoch, validation, training) = (row = row + 1, \
	is_line(name, width) ? 0 : line_start(name, width), row_see(count, epoch, validation, training), 0)
if (rows > 0) stats means using (row_add(strcol("family"), column("width"), column("seeds"), column("epoch"), \
	score(strcol("accuracy_validation")), score(strcol("accuracy_training"))), \
	lost_see(column("epoch"), int(column("diverged")))) nooutput

# Panels in rows: up to three side by side, four where there are very many.
columns = families <= 1 ? 1 : families == 2 || families == 4 ? 2 : families <= 9 ? 3 : 4
panel_rows = most(1, (families + columns - 1) / columns)
panel_height = columns == 1 ? 800 : columns == 2 ? 600 : 540
head_height = 70
foot_height = 75
canvas_width = 1600
canvas_height = panel_rows * panel_height + head_height + foot_height
load plots."/style.gp"

if (y_high < 0) { y_low = 0; y_high = 100 }
if (y_low > y_high) { y_low = early_low }
y_span = most(1., y_high - y_low)
y_from = most(0, y_low - 0.05 * y_span)
y_to = y_high + 0.05 * y_span > 100 ? most(100, y_high + 0.02 * y_span) : y_high + 0.05 * y_span
set xrange [0:most(epochs * 1.02, 2)]
set yrange [y_from:y_to]
set xtics most(1, step_of(epochs, 5))
set ytics step_of(y_to - y_from, columns == 1 ? 9 : 7)

# Pale for the narrowest, dark for the widest of a family.
rank(f, k) = family_last[f] == family_first[f] ? 0.6 : (k - family_first[f]) * 1. / (family_last[f] - family_first[f])
number(f) = most(1, number_of(family_name[f]))
shade(f, k) = shade_of(number(f), rank(f, k))
# A missing accuracy is a gap; a line of nothing else lies below the picture.
y_of(text, numbers) = score(text) >= 0 ? score(text) : numbers ? NaN : y_from - 1e6
dot(k) = line_epochs[k] == 1 ? 1.3 * dot_size : 0

# The foot says what the two kinds of lines are.
x_at(pixel) = pixel / canvas_width
y_at(pixel) = pixel / canvas_height
set multiplot
margin_left = 5.4 * em
cell = (canvas_width - margin_left) / columns
key_room = 5.6 * em
set label 1 shorten(title, 110) at screen x_at(margin_left), screen 1 - y_at(1.1 * em) left font large_font \
	textcolor rgb ink
set arrow 1 from screen x_at(margin_left), screen y_at(1.1 * em) rto screen x_at(2.4 * em), 0 nohead \
	linewidth 3 linecolor rgb ink
set label 2 "validation images" at screen x_at(margin_left + 2.8 * em), screen y_at(1.1 * em) left font small_font \
	textcolor rgb ink
set arrow 2 from screen x_at(margin_left + 12.6 * em), screen y_at(1.1 * em) rto screen x_at(2.4 * em), 0 nohead \
	linewidth 1.5 dashtype (8, 5) linecolor rgb ink
set label 3 "training images, as seen while training" \
	at screen x_at(margin_left + 15.4 * em), screen y_at(1.1 * em) left font small_font textcolor rgb ink
if (seeds > 1) set label 6 sprintf("lines: mean of the seeds, n = %s%d", \
	n_low < seeds ? sprintf("%d to ", n_low) : "", seeds) at screen x_at(margin_left + 37 * em), \
	screen y_at(1.1 * em) \
	left font small_font textcolor rgb ink
if (losses) set label 7 "× diverged" at screen x_at(margin_left + (seeds > 1 ? 54 : 37) * em), screen y_at(1.1 * em) \
	left font small_font textcolor rgb ink
if (families == 0) set label 5 "no epochs yet" at graph 0.5, graph 0.5 center textcolor rgb ink

do for [f = 1:most(families, 1)] {
	panel_left = margin_left + (f - 1) % columns * cell
	panel_right = panel_left + cell - key_room
	panel_top = canvas_height - head_height - (f - 1) / columns * panel_height - 1.3 * em
	panel_bottom = panel_top - panel_height + 4.5 * em
	set lmargin at screen x_at(panel_left)
	set rmargin at screen x_at(panel_right)
	set tmargin at screen y_at(panel_top)
	set bmargin at screen y_at(panel_bottom)
	set label 4 shorten(family_name[f], int((cell - key_room) / (0.6 * em))) \
		at graph 0, screen y_at(panel_top + 0.8 * em) left \
		textcolor rgb blend(colour_of(number(f)), 0x000000, 0.25)
	if (panel_left > margin_left) { set format y ""; unset ylabel } else {
		set format y "%g"
		set ylabel "accuracy (%)" textcolor rgb ink
	}
	if (f + columns > families) { set xlabel "epoch" textcolor rgb ink } else { unset xlabel }
	key_step = 1 + int((family_last[f] - family_first[f]) / ((panel_top - panel_bottom) / (1.2 * em) - 2))
	set key at screen x_at(panel_right + 0.4 * em), screen y_at(panel_top + 0.2 * em) \
		left top Left reverse samplen 1 spacing 1.15 * line_height font small_font title "width" left
	# A cross at the bottom edge, as in the pictures of accuracies, in each epoch in which a seed diverged.
	do for [i = 1:losses] {
		k = lost_line[i]
		if (k >= family_first[f] && k <= family_last[f]) {
			set label (100 + i) "" at lost_epoch[i], y_from + 0.025 * (y_to - y_from) front \
				point pointtype 2 pointsize 2 * dot_size linewidth 3 linecolor rgb shade(f, k)
		}
	}
	if (families) {
		plot for [k = family_first[f]:family_last[f]] means every ::line_first[k]::line_last[k] \
				using "epoch":(y_of(strcol("accuracy_training"), line_training[k])) with linespoints \
				linewidth 1.5 dashtype (8, 5) linecolor rgb shade(f, k) pointtype 6 \
				pointsize dot(k) notitle, \
			for [k = family_first[f]:family_last[f]] means every ::line_first[k]::line_last[k] \
				using "epoch":(y_of(strcol("accuracy_validation"), line_validation[k])) \
				with linespoints linewidth 3 linecolor rgb shade(f, k) pointtype 7 \
				pointsize dot(k) notitle, \
			y_from - 1e6 notitle, \
			for [k = family_last[f]:family_first[f]:-key_step] keyentry with lines linewidth 4 \
				linecolor rgb shade(f, k) \
				title sprintf("%g", line_width[k]).(line_lost[k] ? " ×" : "")
	} else {
		plot y_from - 1e6 notitle
	}
	unset label 1; unset label 2; unset label 3; unset label 6; unset label 7; unset arrow
	do for [i = 1:losses] { unset label (100 + i) }
}
unset multiplot
set output
