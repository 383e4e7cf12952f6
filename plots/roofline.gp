# Picture of `make bench`: each network's speed under the roof of what the machine can do.
#
#	gnuplot -e "data='reports/bench/networks.tsv'; limits='reports/bench/limits.tsv'; out='roofline.png'" \
#		plots/roofline.gp
#
# Takes `data` (`archsweep bench --tsv`), `limits` (`archsweep limits --tsv`), both read by column name, `out`, and
# `plots` (the folder of the scripts). A slope is what one level of memory could feed, were each planned byte to come
# from there; the roof is the multiply-adds.
if (!exists("plots")) plots = "plots"
load plots."/functions.gp"
load plots."/style.gp"

set datafile separator tab
rows = -1
stats data using (rows = rows + 1, 0) nooutput
set datafile columnheaders

# Limits of all cores together; 0 where there is none.
peak = 0.; cores = 1; machine = ""
array slope[3]
array slope_name[3] = [ "L2", "L3", "memory" ]
slope[1] = 0.; slope[2] = 0.; slope[3] = 0.
limit_is(name, value) = name eq "multiply_add" ? (peak = value) : name eq "read_l2" ? (slope[1] = value) : \
	name eq "read_l3" ? (slope[2] = value) : name eq "read_memory" ? (slope[3] = value) : 0
stats limits using (machine = strcol("processor"), cores = column("threads"), \
	limit_is(strcol("limit"), strcol("all_cores") eq "" ? 0. : real(strcol("all_cores"))), 0) nooutput

# Networks by family, in the table's order.
array family_name[rows + 1]
array point_family[rows + 1]
array point_width[rows + 1]
array point_x[rows + 1]
array point_y[rows + 1]
array family_size[rows + 1]
family_name[1] = ""; families = 0; points = 0; x_low = 1e300; x_high = 0.; y_low = 1e300
family_add(name) = (families = families + 1, family_name[families] = name, family_size[families] = 0)
is_last(name) = families > 0 && family_name[most(families, 1)] eq name
# A network without multiply-adds has no place on this picture.
point_add(name, width, x, y) = x <= 0 || y <= 0 ? 0 : (is_last(name) ? 0 : family_add(name), points = points + 1, \
	point_family[points] = families, family_size[families] = family_size[families] + 1, \
	point_width[points] = width, point_x[points] = x, point_y[points] = y, x_low = least(x_low, x), \
	x_high = most(x_high, x), y_low = least(y_low, y), 0)
if (rows > 0) stats data using (point_add(strcol("family"), column("width"), column("flops_per_byte"), \
	column("gflops")), 0) nooutput
set datafile separator whitespace
set datafile nocolumnheaders

if (points == 0) { x_low = 1.; x_high = 100.; y_low = most(peak, 1.) / 100. }
peak_shown = most(peak, 1.)
slowest = 1e300; fastest = 1.
do for [i = 1:3] { if (slope[i] > 0) { slowest = least(slowest, slope[i]); fastest = most(fastest, slope[i]) } }
x_from = least(x_low / 2., peak_shown / fastest / 2.)
x_to = most(x_high * 2., slowest < 1e300 ? peak_shown / slowest * 2. : 0.)
y_from = least(y_low / 2., peak_shown / 50.)
y_to = peak_shown * 1.8
set logscale xy
set xrange [x_from:x_to]
set yrange [y_from:y_to]
set xlabel "operations for each byte that the plan moves (FLOP/byte)" textcolor rgb ink
set ylabel "GFLOP/s in training" textcolor rgb ink
set xtics ()
set ytics ()
do for [decade = floor(log10(least(x_from, y_from))):ceil(log10(most(x_to, y_to)))] {
	do for [m in "1 2 5"] {
		set xtics add (sprintf("%g", m * 10. ** decade) m * 10. ** decade)
		set ytics add (sprintf("%g", m * 10. ** decade) m * 10. ** decade)
	}
}

key_length = 12
do for [f = 1:families] { key_length = most(key_length, least(strlen(family_name[f]), 26)) }
left = 0.085 * canvas_width
right = canvas_width - (key_length * 0.56 + 3.6) * em
top = 0.92 * canvas_height
bottom = 0.145 * canvas_height
set lmargin at screen left / canvas_width
set rmargin at screen right / canvas_width
set bmargin at screen bottom / canvas_height
set tmargin at screen top / canvas_height
set key at screen (right + 0.6 * em) / canvas_width, screen top / canvas_height left top Left reverse \
	samplen 1.6 spacing 1.25 * line_height font small_font
set label 1 shorten(sprintf("%s, %d thread%s", machine, cores, cores == 1 ? "" : "s"), 95) \
	at screen left / canvas_width, screen (top + 1.25 * em) / canvas_height left font large_font \
	textcolor rgb ink noenhanced

# A slope's name stands along it, a little above, where it enters the picture from below or from the left.
gray = 0x888888
tilt = atan2((top - bottom) / log10(y_to / y_from), (right - left) / log10(x_to / x_from)) * 180 / pi
enter(bandwidth) = most(x_from, y_from / bandwidth)
under_roof = 0
do for [i = 1:3] {
	if (slope[i] > 0 && peak_shown / slope[i] < enter(slope[i]) * (x_to / x_from) ** 0.15) {
		set label (10 + i) sprintf("%s %.0f GB/s", slope_name[i], slope[i]) \
			at most(x_from, peak_shown / slope[i]) * (x_to / x_from) ** 0.01, \
			peak_shown / (y_to / y_from) ** (0.03 + 0.04 * under_roof) left font small_font \
			textcolor rgb blend(gray, 0x000000, 0.3)
		under_roof = under_roof + 1
	} else { if (slope[i] > 0 && enter(slope[i]) < x_to) {
		name_x = enter(slope[i]) * (x_to / x_from) ** 0.02
		set label (10 + i) sprintf("%s %.0f GB/s", slope_name[i], slope[i]) \
			at name_x, name_x * slope[i] * (y_to / y_from) ** 0.022 left rotate by tilt font small_font \
			textcolor rgb blend(gray, 0x000000, 0.3)
	} }
}
if (peak > 0) set label 20 sprintf("%.0f GFLOP/s", peak) \
	at x_from * (x_to / x_from) ** 0.01, peak * (y_to / y_from) ** 0.022 left font small_font \
	textcolor rgb blend(gray, 0x000000, 0.3)
set label 3 "Above the roof: Winograd's algorithm needs fewer multiply-adds than are counted, " \
	."bfloat16 does two at once." \
	at screen left / canvas_width, screen 0.7 * em / canvas_height left font small_font textcolor rgb ink
if (points == 0) set label 2 "no networks yet" at graph 0.5, graph 0.5 center textcolor rgb ink

# A block's first line lies outside the picture, and an empty line behind it, so that no block is empty and no line
# comes from there.
set print $points
do for [f = 1:most(families, 1)] {
	print sprintf("%.15g %.15g", x_from, y_from / 1e9)
	print ""
	do for [i = 1:points] { if (point_family[i] == f) { print sprintf("%.15g %.15g", point_x[i], point_y[i]) } }
	print ""
	print ""
}
unset print
# Widths stand beside the points of families that have several.
do for [i = 1:points] {
	if (family_size[point_family[i]] > 1) {
		set label (100 + i) sprintf("%g", point_width[i]) at point_x[i], point_y[i] \
			offset 0, (point_family[i] % 2 ? 0.9 : -0.9) center front font small_font \
			textcolor rgb blend(colour_of(point_family[i]), 0x000000, 0.25)
	}
}

roof(x, bandwidth) = bandwidth > 0 && x * bandwidth < peak_shown ? x * bandwidth : NaN
set samples 600
plot for [i = 1:3] roof(x, slope[i]) with lines linewidth 2 linecolor rgb gray notitle, \
	peak > 0 ? peak : NaN with lines linewidth 3 linecolor rgb ink notitle, \
	for [f = 1:families] $points index f - 1 using 1:2 with linespoints pointtype shape_of(f) \
		pointsize shape_size(f) \
		linewidth 2 linecolor rgb colour_of(f) title shorten(family_name[f], 26)
set output
