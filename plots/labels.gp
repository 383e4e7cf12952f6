# Puts each point's width, or an ensemble's name, beside it, where it covers neither points nor lines nor other labels.
# Not a figure itself.
#
# scatter.gp gives the groups and pixel_x, pixel_y. A label tries eight places around its point, near and far, and takes
# the one with the least cost. Boxes become unit squares: distances are counted in a label's half width and half height.

labelled = groups > 0 && groups <= 120
label_limit = labelled ? marks : 0

# What labels must not cover: points with their bars, lines between a family's neighbours and the Pareto front's steps,
# in pixels.
array from_x[4 * marks + 1]
array from_y[4 * marks + 1]
array to_x[4 * marks + 1]
array to_y[4 * marks + 1]
array weight[4 * marks + 1]
obstacles = 0
obstacle_add(x, y, end_x, end_y, cost) = (obstacles = obstacles + 1, from_x[obstacles] = pixel_x(x), \
	from_y[obstacles] = pixel_y(y), to_x[obstacles] = pixel_x(end_x), to_y[obstacles] = pixel_y(end_y), \
	weight[obstacles] = cost, 0)
mark_y(i) = group_done[i] ? group_y(i) : y_cross
dummy = 0
do for [i = 1:label_limit] {
	dummy = obstacle_add(group_x[i], group_done[i] ? group_low[i] : y_cross, group_x[i], \
		group_done[i] ? group_high[i] : y_cross, 6)
	before = most(i - 1, 1)
	if (i <= groups && before < i && group_family[i] == group_family[before] && group_done[i] && \
		group_done[before]) {
		dummy = obstacle_add(group_x[before], group_y(before), group_x[i], group_y(i), 2)
	}
}
# The front runs level to the right from each of its points, and then up to the next one.
last = 0
do for [k = 1:labelled ? groups : 0] {
	i = by_size[k]
	if (done > 1 && group_on_front[i]) {
		if (last) {
			dummy = obstacle_add(group_x[last], group_y(last), group_x[i], group_y(last), 5)
			dummy = obstacle_add(group_x[i], group_y(last), group_x[i], group_y(i), 5)
		}
		last = i
	}
}
if (last) dummy = obstacle_add(group_x[last], y_best, x_to, y_best, 5)

# The largest of |dx| and |dy|, in half boxes, from (x, y) to the nearest place of obstacle o; a point's own size makes
# the box wider.
across(o, x) = (from_x[o] - x) / half_width
upward(o, y) = (from_y[o] - y) / half_height
run_x(o) = (to_x[o] - from_x[o]) / half_width
run_y(o) = (to_y[o] - from_y[o]) / half_height
clamp(t) = t < 0 ? 0 : t > 1 ? 1 : t
nearest(dx, dy, rx, ry) = rx == 0 && ry == 0 ? 0 : clamp(-(dx * rx + dy * ry) / (rx * rx + ry * ry))
box_distance(dx, dy, rx, ry, t) = most(abs(dx + t * rx), abs(dy + t * ry))
distance_of(dx, dy, rx, ry) = box_distance(dx, dy, rx, ry, nearest(dx, dy, rx, ry))
obstacle_cost(o, x, y) = weight[o] * most(0, 1.45 - distance_of(across(o, x), upward(o, y), run_x(o), run_y(o)))

array placed_x[label_limit + 1]
array placed_y[label_limit + 1]
array placed_half[label_limit + 1]
placed = 0
label_cost(k, x, y) = abs(placed_x[k] - x) < placed_half[k] + half_width && abs(placed_y[k] - y) < 2 * half_height ? \
	6 : 0
frame_cost(x, y) = x - half_width < left || x + half_width > right || y - half_height < bottom || \
	y + half_height > top ? 20 : 0
cost_at(x, y) = frame_cost(x, y) + (sum [o = 1:obstacles] obstacle_cost(o, x, y)) + \
	(sum [k = 1:placed] label_cost(k, x, y))

# Above, below, right, left, then the corners; the second ring costs a little more.
array place_x = [ 0, 0, 1, -1, 0.8, -0.8, 0.8, -0.8 ]
array place_y = [ 1, -1, 0, 0, 1, 1, -1, -1 ]
marker = 0.62 * em
label_text(i) = i > groups ? shorten(ensemble_name[i - groups], 24) : \
	sprintf("%g", group_width[i]).(group_done[i] == 0 && group_lost[i] > 1 ? sprintf(" (%dx)", group_lost[i]) : "")
label_first = 100
do for [i = 1:label_limit] {
	half_width = strlen(label_text(i)) * 0.27 * em + 0.1 * em
	half_height = 0.42 * em
	best = 1e300
	do for [ring = 1:2] {
		do for [c = 1:8] {
			away = marker * (c > 4 ? 0.4 : 0.9) + (ring - 1) * 0.9 * em
			x = pixel_x(group_x[i]) + place_x[c] * (half_width + away)
			y = pixel_y(mark_y(i)) + place_y[c] * (half_height + away)
			cost = cost_at(x, y) + 0.02 * c + 0.8 * (ring - 1)
			if (cost < best) { best = cost; best_x = x; best_y = y }
		}
	}
	placed = placed + 1
	placed_x[placed] = best_x
	placed_y[placed] = best_y
	placed_half[placed] = half_width
	set label (label_first + i) label_text(i) at screen best_x / canvas_width, screen best_y / canvas_height \
		center front font small_font \
		textcolor rgb i > groups ? star : blend(colour_of(family_number[group_family[i]]), 0x000000, 0.25)
}
