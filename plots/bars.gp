# Picture of `make bench`: how many times as fast as PyTorch each network trains.
#
#	gnuplot -e "data='reports/bench/pytorch.tsv'; out='bars.png'" plots/bars.gp
#
# Takes `data` (the table of bench/peers/torch_compare.py, read by column name), `out`, and `plots` (the folder of the
# scripts). PyTorch's best way in float32 is 1; bfloat16 is shown beside it, ours too. A short line says where the goal
# is.
if (!exists("plots")) plots = "plots"
load plots."/functions.gp"
load plots."/style.gp"

set datafile separator tab
rows = -1
stats data using (rows = rows + 1, 0) nooutput
set datafile columnheaders
array name[rows + 1]
array ours[rows + 1]
array ratio[rows + 1]
array half[rows + 1]            # PyTorch's bfloat16 against its float32
array our_half[rows + 1]        # ours
array goal[rows + 1]            # 0: none
networks = 0; highest = 1.; batch = 0; cores = 1; version = ""; goals = 0
row_add(unused) = (networks = networks + 1, name[networks] = strcol("family")."/".strcol("width"), \
	ours[networks] = column("ours"), \
	ratio[networks] = column("ratio"), half[networks] = column("bfloat16") / column("float32"), \
	our_half[networks] = column("ours_bfloat16") / column("float32"), \
	goal[networks] = strcol("goal") eq "" ? 0. : real(strcol("goal")), goals = goals + (goal[networks] > 0), \
	batch = column("batch"), cores = column("cores"), version = strcol("torch"), \
	highest = most(most(highest, ratio[networks]), \
	most(most(half[networks], our_half[networks]), goal[networks])), 0)
if (rows > 0) stats data using (row_add(0)) nooutput
set datafile separator whitespace
set datafile nocolumnheaders

left = 0.085 * canvas_width
right = 0.985 * canvas_width
top = 0.85 * canvas_height
bottom = 0.24 * canvas_height
set lmargin at screen left / canvas_width
set rmargin at screen right / canvas_width
set bmargin at screen bottom / canvas_height
set tmargin at screen top / canvas_height
set xrange [0.4:most(networks, 1) + 0.6]
set yrange [0:highest * 1.12]
set ytics step_of(highest * 1.12, 8)
set xtics () rotate by 40 right scale 0
set grid noxtics ytics
do for [i = 1:networks] { set xtics add (shorten(name[i], 20) i) }
set ylabel "training speed, PyTorch in float32 = 1" textcolor rgb ink
set label 1 (networks ? shorten(sprintf("batch %d, %d core%s, PyTorch %s in its fastest way for each network", batch, \
	cores, cores == 1 ? "" : "s", version), 95) : "no networks yet") \
	at screen left / canvas_width, screen (top + 3.6 * em) / canvas_height left font large_font textcolor rgb ink
set key at screen left / canvas_width, screen (top + 2.3 * em) / canvas_height left top horizontal Left reverse \
	samplen 1.6 font small_font width 2

# Bars side by side; what stands above ours is its ratio, and the images a second that it means.
bar = 0.22
ours_at(i) = i - 1.5 * bar
smaller = sprintf(",%g", (is_svg ? em : font_size) * (networks > 12 ? 0.75 : 0.9))
# A ratio stands above its bar, or above the goal where that is just there.
label_y(i) = goal[i] > ratio[i] - 0.01 * highest && goal[i] < ratio[i] + 0.06 * highest ? goal[i] : ratio[i]
speed_text(n) = n < 9.95 ? sprintf("%.1f", n) : n < 1000 ? sprintf("%.0f", n) : n < 99950 ? \
	sprintf("%.1fk", n / 1e3) : sprintf("%.0fk", n / 1e3)
# In the bar, with its unit where there is room.
room(i) = ratio[i] / (highest * 1.12) * (top - bottom)
unit(i) = room(i) > 5.2 * em * (networks > 12 ? 0.75 : 0.9) ? "/s" : ""
set print $bars
print sprintf("%d -1 -1 -1 -1 -1", -9)
do for [i = 1:networks] {
	print sprintf("%d %.15g 1 %.15g %.15g %.15g", i, ratio[i], half[i], goal[i] > 0 ? goal[i] : -1, our_half[i])
	set label (100 + i) sprintf("%.1f", ratio[i]) at ours_at(i), label_y(i) offset 0, 0.6 center front \
		font smaller textcolor rgb ink
	set label (500 + i) speed_text(ours[i]).unit(i) at ours_at(i), 0 offset 0.1, 0.25 left rotate by 90 front \
		font smaller textcolor rgb 0xFFFFFF
	if (goal[i] > 0) {
		set arrow (100 + i) from ours_at(i) - 0.5 * bar - 0.03, goal[i] to ours_at(i) + 0.5 * bar + 0.03, \
			goal[i] nohead front linewidth 4 linecolor rgb ink
	}
}
unset print
set style fill solid 1 noborder
set boxwidth bar
plot $bars using (ours_at($1)):($2) with boxes linecolor rgb colour_of(1) title "archsweep, float32", \
	$bars using ($1 - 0.5 * bar):($6) with boxes linecolor rgb blend(colour_of(1), 0xFFFFFF, 0.55) \
		title "bfloat16", \
	$bars using ($1 + 0.5 * bar):3 with boxes linecolor rgb colour_of(2) title "PyTorch, float32", \
	$bars using ($1 + 1.5 * bar):($4) with boxes linecolor rgb blend(colour_of(2), 0xFFFFFF, 0.55) \
		title "bfloat16", \
	for [i = 1:goals > 0] keyentry with lines linewidth 4 linecolor rgb ink title "goal"
set output
