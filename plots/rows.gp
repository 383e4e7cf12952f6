# Each network beside the base, row by row: what compare.gp and compare-times.gp share. Not a figure itself.
#
# Takes what variants.gp does, `out`, `plots` (the folder of the scripts), and `columns`: 3 for accuracy, parameters and
# multiply-adds, 5 for both times per image too.
#
# A row for each network, a column for each quantity: the number, its relation to the base, and a bar: of accuracy, from
# the base's value to the network's; of all else, from 0. A tick in each bar's place is the base's value.
load plots."/functions.gp"
load plots."/variants.gp"

# Rows beyond what a picture can hold are left out, and said to be.
shown = least(variants, 150)
row_height = 70
head_height = 145
foot_height = columns > 3 ? 84 : 48
canvas_width = 1600
canvas_height = head_height + most(1, shown) * row_height + foot_height
load plots."/style.gp"
unset key
unset border
unset tics
unset grid

# Places in pixels from the left and from the top.
x_at(pixel) = pixel / (canvas_width * 1.)
y_at(pixel) = 1 - pixel / (canvas_height * 1.)
margin = 1.2 * em
name_length = 24
longest = 6
do for [i = 1:shown] { longest = most(longest, least(strlen(variant_name[i]), name_length)) }
left = margin + (longest * 0.56 + 2.2) * em
column_width = (canvas_width - left - margin) / columns
column_left(c) = left + (c - 1) * column_width
bar_room = column_width - 1.6 * em
set lmargin at screen 0
set rmargin at screen 1
set bmargin at screen 0
set tmargin at screen 1
set xrange [0:canvas_width]
set yrange [canvas_height:0]

text_of(c, i) = c == 1 ? variant_difference[i] : c == 2 ? variant_total_ratio[i] : c == 3 ? variant_macs_ratio[i] : \
	c == 4 ? variant_training_ratio[i] : variant_inference_ratio[i]
amount_of(c, i) = c == 1 ? variant_accuracy[i] : c == 2 ? variant_total[i] : c == 3 ? variant_macs[i] : \
	c == 4 ? variant_training[i] : variant_inference[i]
is_there(c, i) = strlen(text_of(c, i)) > 0
value_of(c, i) = c == 1 ? 100. * real(text_of(c, i)) : real(text_of(c, i))
base_of(c) = c == 1 ? 0. : 1.

# Three digits and a unit: 1.2M, 571.
three(x) = x <= 0 ? "0" : sprintf("%.3g", x)
short_count(n) = n < 999.5 ? three(n) : n < 999.5e3 ? three(n / 1e3)."k" : n < 999.5e6 ? three(n / 1e6)."M" : \
	three(n / 1e9)."G"
short_time(us) = us < 99.95 ? three(us)." µs" : us < 9999.5 ? sprintf("%.0f µs", us) : us < 9999.5e3 ? \
	sprintf("%.0f ms", us / 1e3) : sprintf("%.0f s", us / 1e6)
ratio_text(x) = x >= 99.5 ? sprintf("×%.0f", x) : x >= 0.0995 ? sprintf("×%.2f", x) : x >= 0.000995 ? \
	sprintf("×%.3f", x) : sprintf("×%.0e", x)
main_text(c, i) = c == 1 ? sprintf("%.2f %%", 100. * real(amount_of(c, i))) : c <= 3 ? \
	short_count(real(amount_of(c, i))) : short_time(real(amount_of(c, i)))
plus_text(x) = x > 0.005 ? sprintf("+%.2f", x) : x < -0.005 ? sprintf("−%.2f", -x) : "±0"
side_text(c, i) = i == base ? "base" : !is_there(c, i) ? "" : c == 1 ? plus_text(value_of(c, i)) : \
	ratio_text(value_of(c, i))
lacking_text(c, i) = c == 1 ? variant_status[i] eq "done" ? "–" : variant_status[i] : c <= 3 ? "–" : "not measured"

# What each column's bars must hold: for ratios 0 to the largest, for differences both sides.
array low[columns]
array high[columns]
do for [c = 1:columns] {
	low[c] = 0.
	high[c] = c == 1 ? 0. : 1.
	do for [i = 1:shown] {
		if (is_there(c, i)) {
			low[c] = least(low[c], value_of(c, i))
			high[c] = most(high[c], value_of(c, i))
		}
	}
}
# Where few bars are so long that no other could be seen, those are cut: of the networks' quarter with the longest bars,
# those that are more than five times as long as the next one.
clipped = 0
do for [c = 1:columns] {
	there = 0
	do for [i = 1:shown] { there = there + is_there(c, i) }
	edge = most(abs(low[c]), high[c])
	do for [cut = 1:there / 4] {
		next = c == 1 ? 0. : 1.
		do for [i = 1:shown] {
			if (is_there(c, i) && abs(value_of(c, i)) < edge) { next = most(next, abs(value_of(c, i))) }
		}
		if (next > 0 && edge > 5 * next) {
			low[c] = most(low[c], -1.3 * next)
			high[c] = least(high[c], 1.3 * next)
			clipped = 1
		}
		edge = next
	}
	if (low[c] == high[c]) { high[c] = low[c] + 1. }
}
inside(c, x) = least(most(x, low[c]), high[c])
is_cut(c, i) = is_there(c, i) && inside(c, value_of(c, i)) != value_of(c, i)
bar_x(c, x) = column_left(c) + (inside(c, x) - low[c]) / (high[c] - low[c]) * bar_room
row_top(i) = head_height + (i - 1) * row_height

array heads = [ "accuracy", "parameters", "multiply-adds", "training", "inference" ]
array subheads = [ "test images", "total", "an image, forward", "time per image", "time per image" ]
set label 1 shorten(title, 100) at screen x_at(margin), screen y_at(1.6 * em) left font large_font textcolor rgb ink
tag = 10
do for [c = 1:columns] {
	set label (tag) heads[c] at screen x_at(column_left(c)), screen y_at(3.7 * em) left textcolor rgb ink
	set label (tag + 1) subheads[c] at screen x_at(column_left(c)), screen y_at(4.85 * em) left font small_font \
		textcolor rgb 0x666666
	tag = tag + 2
}
do for [i = 1:shown] {
	set label (tag) shorten(variant_name[i], name_length) \
		at screen x_at(margin), screen y_at(row_top(i) + 0.5 * row_height) left \
		textcolor rgb blend(variant_colour(i), 0x000000, 0.25)
	tag = tag + 1
	do for [c = 1:columns] {
		there = strlen(amount_of(c, i)) > 0
		set label (tag) (there ? main_text(c, i) : lacking_text(c, i)) \
			at screen x_at(column_left(c)), screen y_at(row_top(i) + 0.34 * row_height) left \
			font small_font textcolor rgb (there ? ink : 0x888888)
		set label (tag + 1) (there ? side_text(c, i) : "") \
			at screen x_at(column_left(c) + bar_room), screen y_at(row_top(i) + 0.34 * row_height) right \
			font small_font textcolor rgb blend(variant_colour(i), 0x000000, 0.25)
		tag = tag + 2
	}
}
if (variants == 0) set label 2 "no networks yet" at screen x_at(margin), screen y_at(head_height + 0.4 * row_height) \
	left textcolor rgb ink
bottom = head_height + most(1, shown) * row_height
foot = "ticks: the base; accuracy: final epoch".(seeds > 1 ? ", mean of the seeds, ".n_text.", gray: their range" : \
	"").", difference in points"
if (clipped) foot = foot."; bar with a gap: cut off"
if (variants > shown) foot = foot.sprintf("; %d more networks are not shown", variants - shown)
set label 3 foot at screen x_at(margin), screen y_at(bottom + 1.1 * em) left font small_font textcolor rgb 0x666666
set label 4 (columns > 3 && strlen(conditions) ? shorten("time: ".conditions, 130) : "") \
	at screen x_at(margin), screen y_at(bottom + 2.4 * em) left font small_font textcolor rgb 0x666666

# Bars: x from, x to, y from, y to, colour. The first of each block lies outside, so that no block is empty.
set print $bars
print "-9 -8 -9 -8 0"
do for [i = 1:shown] {
	do for [c = 1:columns] {
		if (is_there(c, i)) {
			from = bar_x(c, least(0., value_of(c, i)))
			to = bar_x(c, most(0., value_of(c, i)))
			print sprintf("%g %g %g %g %d", from, to, row_top(i) + 0.61 * row_height, \
				row_top(i) + 0.81 * row_height, variant_colour(i))
		}
	}
}
set print $ranges
print "-9 -8 -9"
origin_accuracy = base && strlen(variant_accuracy[base]) ? real(variant_accuracy[base]) : 0.
do for [i = 1:shown] {
	if (seeds > 1 && is_there(1, i)) {
		from = bar_x(1, inside(1, 100. * (real(variant_lowest[i]) - origin_accuracy)))
		to = bar_x(1, inside(1, 100. * (real(variant_highest[i]) - origin_accuracy)))
		print sprintf("%g %g %g", from, to, row_top(i) + 0.9 * row_height)
	}
}
set print $ticks
print "-9 -9 -8 -8"
do for [i = 1:shown] {
	do for [c = 1:columns] {
		if (is_there(c, i)) {
			print sprintf("%g %g 0 %g", bar_x(c, base_of(c)), row_top(i) + 0.55 * row_height, \
				0.32 * row_height)
		}
	}
}
# A slanted white gap near the end of a bar that is cut.
set print $cuts
print "-9 -9 1 1"
do for [i = 1:shown] {
	do for [c = 1:columns] {
		if (is_cut(c, i)) {
			end = bar_x(c, value_of(c, i)) + (value_of(c, i) < 0 ? 0.9 : -0.9) * em
			print sprintf("%g %g %g %g", end - 0.2 * em, row_top(i) + 0.84 * row_height, \
				0.4 * em, -0.26 * row_height)
		}
	}
}
set print $rules
print "-9 -9 -8 -8"
do for [i = 1:shown] { print sprintf("%g %g %g 0", margin, row_top(i), canvas_width - 2 * margin) }
unset print

set style fill solid 1 noborder
plot $rules using 1:2:3:4 with vectors nohead linewidth 1 linecolor rgb pale notitle, \
	$bars using 1:3:1:2:3:4:5 with boxxyerror linecolor rgb variable notitle, \
	$cuts using 1:2:3:4 with vectors nohead linewidth 6 linecolor rgb 0xFFFFFF notitle, \
	for [k = 1:seeds > 1] $ranges using 1:3:($2 - $1):(0) with vectors nohead linewidth 3 \
		linecolor rgb 0x888888 notitle, \
	$ticks using 1:2:3:4 with vectors nohead linewidth 3 linecolor rgb ink notitle
set output
