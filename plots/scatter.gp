# Accuracy against parameters: what accuracy.gp and accuracy-linear.gp share. Not a figure itself.
#
# Takes `networks` (a row for each family and width, read by column name), `out`, `plots` (the folder of the scripts),
# `logarithmic`, and `title` (else the column of that name). A point is the mean of a network's seeds, its bar one
# standard deviation up and down. Seeds without an accuracy stand as crosses at the bottom edge, where their parameters
# are. With `ensembles` (a row for each, read by column name) a star is an ensemble of points.

load plots."/functions.gp"
load plots."/style.gp"

# The networks, row by row; those of a family follow each other. Numbers are taken as text: "" is missing.
set datafile separator tab
rows = -1
stats networks using (rows = rows + 1, 0) nooutput
ensemble_rows = -1
if (exists("ensembles")) stats ensembles using (ensemble_rows = ensemble_rows + 1, 0) nooutput
ensemble_rows = most(ensemble_rows, 0)
set datafile columnheaders
# Marks 1 .. groups are networks, groups + 1 .. marks are ensembles.
room = rows + ensemble_rows + 1
array family_name[rows + 1]
array family_number[rows + 1]            # in the sweep: its colour and mark
array ensemble_name[ensemble_rows + 1]
array group_family[room]
array group_width[rows + 1]
array group_x[room]
array group_done[room]
array group_lost[room]
array group_y_of[room]
array group_low[room]
array group_high[room]
array group_on_front[rows + 1]
array by_size[rows + 1]                 # groups, the one with the fewest parameters first
family_name[1] = ""
family_number[1] = 1
families = 0
groups = 0
found_title = ""
number(text, missing) = text eq "" ? missing : 100. * real(text)
is_new_family(name) = families == 0 || family_name[families] ne name
family_add(name, number) = (families = families + 1, family_name[families] = name, \
	family_number[families] = number, 0)
group_add(name, number, width, x, seeds, done, size_rank) = ( \
	(is_new_family(name) ? family_add(name, number) : 0), \
	groups = groups + 1, group_family[groups] = families, group_width[groups] = width, \
	group_x[groups] = most(x, 1.), group_done[groups] = int(done), group_lost[groups] = int(seeds - done), \
	by_size[int(size_rank)] = groups, 0)
# A single seed has no deviation, and its point no bar.
score_add(mean, deviation, front) = (group_y_of[groups] = number(mean, 0.), \
	group_low[groups] = number(mean, 1e300) - number(deviation, 0.), \
	group_high[groups] = number(mean, -1e300) + number(deviation, 0.), group_on_front[groups] = front eq "true", 0)
if (rows > 0) stats networks using (found_title = strcol("title"), \
	group_add(strcol("family"), int(column("family_number")), column("width"), column("total"), \
	column("seeds"), column("done"), column("size_rank")), \
	score_add(strcol("accuracy"), strcol("accuracy_deviation"), strcol("front"))) nooutput
marks = groups
# One whose members are not all trained has no accuracy.
ensemble_add(name, x, accuracy) = accuracy eq "" ? 0 : (marks = marks + 1, ensemble_name[marks - groups] = name, \
	group_family[marks] = 0, group_x[marks] = most(real(x), 1.), group_done[marks] = 1, group_lost[marks] = 0, \
	group_y_of[marks] = number(accuracy, 0.), group_low[marks] = group_y_of[marks], \
	group_high[marks] = group_y_of[marks], 0)
if (ensemble_rows > 0) stats ensembles using (ensemble_add(strcol("ensemble"), strcol("total"), strcol("accuracy")), \
	0) nooutput
set datafile separator whitespace
set datafile nocolumnheaders
if (!exists("title")) title = found_title
group_y(i) = group_y_of[i]

# What the axes must hold.
x_low = 1e300; x_high = 0; y_low = 1e300; y_high = -1e300; y_best = -1e300; lost = 0; bars = 0; done = 0; \
	n_low = 1e9; n_high = 0
do for [i = 1:marks] {
	x_low = least(x_low, group_x[i])
	x_high = most(x_high, group_x[i])
	y_low = least(y_low, group_low[i])
	y_high = most(y_high, group_high[i])
}
do for [i = 1:groups] {
	lost = lost + group_lost[i]
	if (group_done[i]) { y_best = most(y_best, group_y(i)) }
	done = done + (group_done[i] > 0)
	bars = bars || group_done[i] > 1
	if (group_done[i]) { n_low = least(n_low, group_done[i]); n_high = most(n_high, group_done[i]) }
}
# What a bar is, and how many seeds a mean is of; single points have none.
n_text = n_low == n_high ? sprintf("n = %d seeds each", n_high) : sprintf("n = %d to %d seeds", n_low, n_high)
if (groups == 0) { x_low = 1000; x_high = 100000 }
if (done == 0) { y_low = 0; y_high = 100 }

# Room around the points: 6 % of each axis, a strip at the bottom for crosses, and never an axis of no length.
y_span = most(y_high - y_low, 1)
y_middle = (y_low + y_high) / 2.
y_from = least(y_low, y_middle - y_span / 2.) - (lost ? 0.16 : 0.07) * y_span
y_to = most(y_high, y_middle + y_span / 2.) + 0.07 * y_span
if (y_to > 100) y_to = most(100, y_high + 0.03 * y_span)
if (y_from < 0 && !lost) y_from = 0
y_cross = y_from + 0.04 * (y_to - y_from)
if (logarithmic) {
	x_room = most(1.25, (x_high / x_low) ** 0.06)
	if (x_high / x_low < 2) { x_room = 2. }
	x_from = x_low / x_room
	x_to = x_high * x_room
	set logscale x
} else {
	x_from = 0
	x_to = x_high * 1.07
}
axis(x) = logarithmic ? log10(x) : x

# Ticks that can be read: 1k, 3k, 10k.
set xtics ()
if (logarithmic) {
	decades = log10(x_to / x_from)
	mantissas = decades < 1.3 ? "1 1.5 2 3 4 5 7" : decades < 2.5 ? "1 2 5" : decades < 5 ? "1 3" : "1"
	do for [decade = floor(log10(x_from)):floor(log10(x_to))] {
		do for [m = 1:9] { set xtics add ("" m * 10. ** decade 1) }
		do for [m in mantissas] { set xtics add (count_text(m * 10. ** decade) m * 10. ** decade) }
	}
} else {
	x_step = step_of(x_to, 8)
	do for [i = 0:floor(x_to / x_step)] { set xtics add (count_text(i * x_step) i * x_step) }
}
set ytics step_of(y_to - y_from, 8)
set xrange [x_from:x_to]
set yrange [y_from:y_to]
set xlabel "parameters (total)" textcolor rgb ink
set ylabel "accuracy on the test images, final epoch (%)" textcolor rgb ink

# The legend stands to the right of the picture and hides nothing; its longest line decides how wide it is.
name_length = 26
key_length = bars ? 25 : lost || marks > groups ? 18 : 12
do for [i = 1:families] { key_length = most(key_length, least(strlen(family_name[i]), name_length)) }
left = 0.095 * canvas_width
right = canvas_width - (key_length * 0.56 + 3.6) * em
bottom = 0.115 * canvas_height
top = 0.92 * canvas_height
set lmargin at screen left / canvas_width
set rmargin at screen right / canvas_width
set bmargin at screen bottom / canvas_height
set tmargin at screen top / canvas_height
set key at screen (right + 0.6 * em) / canvas_width, screen top / canvas_height left top Left reverse \
	samplen 1.6 spacing 1.25 * line_height font small_font
set label 1 shorten(title, 95) at screen left / canvas_width, screen (top + 1.25 * em) / canvas_height left \
	font large_font textcolor rgb ink noenhanced
if (done == 0) set label 2 (groups ? "no point has an accuracy" : "no points yet") at graph 0.5, graph 0.5 center \
	textcolor rgb ink

# Pixels of the canvas, for the labels' places.
pixel_x(x) = left + (axis(x) - axis(x_from)) / (axis(x_to) - axis(x_from)) * (right - left)
pixel_y(y) = bottom + (y - y_from) / (y_to - y_from) * (top - bottom)

# One block for each thing that is drawn. A block's first line lies outside the picture, so that no block is ever empty.
nowhere = sprintf("%.15g %.15g %.15g %.15g 1", x_to, y_from - 1e6, y_from - 1e6, y_from - 1e6)
set print $means
if (!families) { print nowhere }
do for [f = 1:families] {
	print nowhere
	print ""
	do for [k = 1:groups] {
		i = by_size[k]
		if (group_family[i] == f && group_done[i]) {
			print sprintf("%.15g %.15g %.15g %.15g", group_x[i], group_y(i), group_low[i], group_high[i])
		}
	}
	print ""
	print ""
}
set print $crosses
print nowhere
do for [i = 1:groups] {
	if (group_lost[i]) {
		print sprintf("%.15g %.15g 0 0 %d", group_x[i], y_cross, colour_of(family_number[group_family[i]]))
	}
}
set print $front
do for [k = 1:groups] {
	i = by_size[k]
	if (done > 1 && group_on_front[i]) { print sprintf("%.15g %.15g", group_x[i], group_y(i)) }
}
if (done > 1) { print sprintf("%.15g %.15g", x_to, y_best) } else { print nowhere }
set print $ensembles
print nowhere
do for [i = groups + 1:marks] { print sprintf("%.15g %.15g", group_x[i], group_y(i)) }
unset print

star = 0x000000
load plots."/labels.gp"

line_width = 2.5
gray = 0x888888
plot $front using 1:2 with steps linewidth 2 linecolor rgb gray dashtype (8, 6) notitle, \
	for [f = 1:families] $means index f - 1 using 1:2 with lines linewidth line_width \
		dashtype dash_of(family_number[f]) \
		linecolor rgb blend(colour_of(family_number[f]), 0xFFFFFF, 0.35) notitle, \
	for [f = 1:bars * families] $means index f - 1 using 1:2:3:4 with yerrorbars pointtype 0 linewidth 2 \
		linecolor rgb colour_of(family_number[f]) notitle, \
	for [f = 1:families] $means index f - 1 using 1:2 with points pointtype shape_of(family_number[f]) \
		pointsize shape_size(family_number[f]) \
		linewidth 2 \
		linecolor rgb colour_of(family_number[f]) notitle, \
	$crosses using 1:2:5 with points pointtype 2 pointsize 2 * dot_size linewidth 3 \
		linecolor rgb variable notitle, \
	$ensembles using 1:2 with points pointtype 3 pointsize 2.2 * dot_size linewidth 3 linecolor rgb star notitle, \
	for [f = 1:families] keyentry with linespoints pointtype shape_of(family_number[f]) \
		pointsize shape_size(family_number[f]) \
		linewidth line_width dashtype dash_of(family_number[f]) \
		linecolor rgb colour_of(family_number[f]) title shorten(family_name[f], name_length), \
	for [i = 1:bars] keyentry with yerrorbars pointtype 0 linewidth 2 linecolor rgb gray \
		title "mean, standard deviation", \
	for [i = 1:bars] keyentry with labels title n_text, \
	for [i = 1:bars && n_low == 1] keyentry with labels title "no bar: n = 1", \
	for [i = 1:done > 1] keyentry with lines linewidth 2 linecolor rgb gray dashtype (8, 6) title "Pareto front", \
	for [i = 1:marks > groups] keyentry with points pointtype 3 pointsize 2.2 * dot_size linewidth 3 \
		linecolor rgb star title "ensemble of points", \
	for [i = 1:lost > 0] keyentry with points pointtype 2 pointsize 2 * dot_size linewidth 3 linecolor rgb gray \
		title "diverged or failed", \
	for [i = 1:labelled] keyentry with labels title "numbers: width"
set output
