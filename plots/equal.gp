# Figure from equal.tsv: families at equal size, the difference of their accuracies.
#
# Shows: A panel for each two families. A point is a place where two of their networks have nearly as many parameters,
# its height the difference of their accuracies in points, its bar the 95 % interval of the difference. It has the
# colour of the family that is ahead, and is hollow and gray where the interval holds zero.
#
#	archsweep equal fashion.yaml && archsweep plot fashion.yaml
#
# Takes `table` (equal.tsv, read by column name), `networks` (for the families' colours), `out`, `plots` (the folder of
# the scripts) and `title`.
if (!exists("plots")) plots = "plots"
load plots."/functions.gp"

# The rows, and the pairs of families in the order in which they come.
set datafile separator tab
rows = -1
stats table using (rows = rows + 1, 0) nooutput
set datafile columnheaders
array row_pair[rows + 1]
array row_x[rows + 1]
array row_y[rows + 1]
array row_low[rows + 1]
array row_high[rows + 1]
array pair_a[rows + 1]
array pair_b[rows + 1]
pair_a[1] = ""; pair_b[1] = ""
count = 0; pairs = 0
x_low = 1e300; x_high = 0; y_low = 0.; y_high = 0.
is_new(a, b) = pairs == 0 || pair_a[pairs] ne a || pair_b[pairs] ne b
pair_add(a, b) = (pairs = pairs + 1, pair_a[pairs] = a, pair_b[pairs] = b, 0)
number(text, missing) = text eq "" ? missing : 100. * real(text)
row_see(a, b, x, y, low, high) = ((is_new(a, b) ? pair_add(a, b) : 0), count = count + 1, row_pair[count] = pairs, \
	row_x[count] = x, row_y[count] = y, row_low[count] = low, row_high[count] = high, \
	x_low = least(x_low, x), x_high = most(x_high, x), y_low = least(y_low, low), y_high = most(y_high, high), 0)
row_add(text, a, b, x, low, high) = text eq "" ? 0 : row_see(a, b, x, number(text, 0.), \
	number(low, number(text, 0.)), number(high, number(text, 0.)))
if (rows > 0) stats table using (row_add(strcol("difference"), strcol("a_family"), strcol("b_family"), \
	sqrt(most(column("a_total"), 1.) * most(column("b_total"), 1.)), strcol("low"), strcol("high"))) nooutput
set datafile separator whitespace
set datafile nocolumnheaders
if (!exists("title")) title = "families at equal size"

# Panels: a picture of more would show nothing.
shown = least(pairs, 12)
columns = shown <= 1 ? 1 : shown <= 4 ? 2 : 3
lines = most(1, (shown + columns - 1) / columns)
canvas_width = 1600
canvas_height = lines == 1 ? 820 : 170 + 480 * lines
load plots."/style.gp"
load plots."/families.gp"

# The same axes in all panels.
y_span = most(y_high - y_low, 0.5)
y_from = y_low - 0.2 * y_span
y_to = y_high + 0.2 * y_span
if (count == 0) { x_low = 1000; x_high = 100000 }
x_room = most(1.3, (x_high / x_low) ** 0.08)
if (x_high / x_low < 2) { x_room = 2. }
x_from = x_low / x_room
x_to = x_high * x_room
set logscale x
set xrange [x_from:x_to]
set yrange [y_from:y_to]
set xtics ()
decades = log10(x_to / x_from)
mantissas = decades < 1.3 ? "1 2 3 5" : decades < 2.5 ? "1 3" : "1"
do for [decade = floor(log10(x_from)):floor(log10(x_to))] {
	do for [m = 1:9] { set xtics add ("" m * 10. ** decade 1) }
	do for [m in mantissas] { set xtics add (count_text(m * 10. ** decade) m * 10. ** decade) }
}
set ytics step_of(y_to - y_from, lines == 1 ? 8 : 6)
set format y "%+g"
set ytics add ("0" 0)
unset key

# Pixels of a panel, from the left and from the bottom.
left_room = 4.4 * em
right_room = 1.2 * em
head = 4.2 * em
foot = 2.2 * em
panel_width = (canvas_width - right_room) / (columns * 1.)
panel_height = (canvas_height - head - foot) / (lines * 1.)
x_at(pixel) = pixel / (canvas_width * 1.)
y_at(pixel) = pixel / (canvas_height * 1.)
name_length = columns == 3 ? 22 : 34
gray = 0x888888
pair_number(p, name) = most(1, number_of(name))
row_colour(i) = row_low[i] > 0 ? colour_of(pair_number(row_pair[i], pair_b[row_pair[i]])) : row_high[i] < 0 ? \
	colour_of(pair_number(row_pair[i], pair_a[row_pair[i]])) : gray
row_shape(i) = row_low[i] > 0 ? shape_of(pair_number(row_pair[i], pair_b[row_pair[i]])) : row_high[i] < 0 ? \
	shape_of(pair_number(row_pair[i], pair_a[row_pair[i]])) : 6
darker(name) = blend(colour_of(most(1, number_of(name))), 0x000000, 0.25)

set multiplot
set label 1 shorten(title, 90) at screen x_at(left_room), screen 1 - y_at(1.2 * em) left font large_font \
	textcolor rgb ink
set label 2 "difference in accuracy on the test images, points; bars: 95 % interval, gray where it holds 0" \
	at screen x_at(left_room), screen 1 - y_at(2.6 * em) left font small_font textcolor rgb ink
set label 3 "parameters (total, mean of the two)" at screen 0.5, screen y_at(0.9 * em) center textcolor rgb ink
if (pairs > shown) set label 4 sprintf("%d more pairs of families are not shown", pairs - shown) \
	at screen 1 - x_at(right_room), screen y_at(0.9 * em) right font small_font textcolor rgb ink
if (pairs == 0) set label 5 "nothing is known yet of families at equal size" at graph 0.5, graph 0.5 center \
	textcolor rgb ink
do for [p = 1:most(shown, 1)] {
	panel_left = (p - 1) % columns * panel_width + left_room
	panel_top = canvas_height - head - (p - 1) / columns * panel_height - 0.4 * em
	set lmargin at screen x_at(panel_left)
	set rmargin at screen x_at(panel_left + panel_width - left_room)
	set tmargin at screen y_at(panel_top)
	set bmargin at screen y_at(panel_top - panel_height + 2.6 * em)
	if (pairs) {
		set label 6 "▲ ".shorten(pair_b[p], name_length)." ahead" at graph 0.015, graph 0.95 left front \
			font small_font textcolor rgb darker(pair_b[p])
		set label 7 "▼ ".shorten(pair_a[p], name_length)." ahead" at graph 0.015, graph 0.05 left front \
			font small_font textcolor rgb darker(pair_a[p])
	}
	set print $points
	print sprintf("%.15g %.15g %.15g %.15g 0 6 0", x_to, y_from - 1e6, y_from - 1e6, y_from - 1e6)
	do for [i = 1:count] {
		if (row_pair[i] == p) {
			print sprintf("%.15g %.15g %.15g %.15g %d %d %.3g", row_x[i], row_y[i], row_low[i], \
				row_high[i], row_colour(i), row_shape(i), row_shape(i) == 6 ? 1.7 * dot_size : \
				2.1 * dot_size)
		}
	}
	unset print
	plot 0 with lines linewidth 2.5 linecolor rgb ink notitle, \
		$points using 1:2:3:4:5 with yerrorbars pointtype 0 linewidth 3 linecolor rgb variable notitle, \
		$points using 1:2:7:6:5 with points pointsize variable pointtype variable linewidth 3 \
			linecolor rgb variable notitle
	unset label
}
unset multiplot
set output
